"""Tables of what there is, filled in one locked section: a row for each position of which there is anything, and one
for each open order. Their layouts are published: tradecore/vocabulary/lines.py.
"""

from __future__ import annotations

from tradecore.vocabulary.lines import BOOK_LINE_CODEC, ORDER_LINE_CODEC, POSITION_LINE_CODEC
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import OrderRow

from ..orders.open_orders import find_open
from ..orders.order_facts import derive_status, leaves_of, unknown_of
from ..orders.order_table import REJECTED, Order
from ..orders.triggers import stop_of
from ..positions.costs import mark_of, position_of
from ..risk.holds import exposure_of
from ..vocabulary.instrument import BUY, SELL
from .state import ORD_REJ_REASONS, State, book_of


def _words(name: str, value: int) -> dict[str, int]:
    low = value % 2**64
    return {name: low - 2**64 if low >= 2**63 else low, f"{name}_high": value >> 64}


def list_positions(core: State, instrument: int, account: int) -> bytes:
    """The positions, by instrument, then account. Instrument 0 is any; account 0 is suspense, -1 any."""
    lines = []
    for i, a in sorted(core.ledger.positions.keys() | core.risk.exposures.keys()):
        if instrument not in (0, i) or account not in (-1, a):
            continue
        p, e = position_of(core.ledger, i, a), exposure_of(core.risk, i, a)
        works = (e.working_buy, e.working_sell) if a else (0, 0)  # row 0 of exposures is the whole firm's
        if not (p.qty or any(works) or p.cost or p.realised or p.fees):
            continue
        mark = mark_of(core.ledger, i)
        lines.append(POSITION_LINE_CODEC.pack(
            instrument=i, account=a, qty=p.qty, mark=mark, working_buy=works[0], working_sell=works[1],
            **_words("cost", p.cost), **_words("realised", p.realised), **_words("fees", p.fees),
            **_words("unrealised", 0 if mark == NO_PRICE else p.qty * mark - p.cost)))
    return b"".join(lines)


def _open_line(o: Order) -> bytes:
    return ORDER_LINE_CODEC.pack(
        order_id=o.order_id, cl_ord_id=o.cl_ord_id, instrument=o.instrument, account=o.account, venue=o.venue,
        strategy=o.strategy, side=o.side, ord_type=o.ord_type, time_in_force=o.time_in_force, exec_inst=o.exec_inst,
        ord_status=derive_status(o), place=o.place, route=int(o.route), unknown=unknown_of(o), order_qty=o.order_qty,
        price=o.price, stop_px=stop_of(o), cum_qty=o.cum_qty, leaves_qty=leaves_of(o),
        transact_time=o.transact_time, expire_time=o.expire_time, list_id=o.list_id,
        **_words("cum_amount", o.cum_amount))


def list_open(core: State, instrument: int, account: int) -> bytes:
    """What is open, oldest first; instrument or account 0 is any."""
    return b"".join(map(_open_line, find_open(core.open_orders, instrument, account, 0, 0)))


def read_order(o: Order) -> OrderRow:
    """An order's facts as a reader has them."""
    return OrderRow(
        o.order_id, o.cl_ord_id, o.instrument, o.account, o.venue, o.side, o.ord_type, o.time_in_force,
        o.exec_inst, o.order_qty, o.price, o.cum_qty, leaves_of(o), o.cum_amount, derive_status(o), o.reason,
        ORD_REJ_REASONS[o.reason] if o.terminal == REJECTED else -1, o.value, o.bound, o.reject_mask,
        o.transact_time, o.decision, o.route, o.orig_cl_ord_id, stop_of(o), o.peg_offset, o.min_qty, o.display_qty,
        o.expire_time, o.list_id, o.strategy, o.trigger_price_type, o.peg_offset_type, o.contingency_type, o.place,
        unknown_of(o), o.parent, o.venue_order_id, o.note, o.routing,
    )


def money_of(core: State, sums: dict[tuple[int, int], int], account: int, currency: int, least: int) -> int:
    """A sum of an account, from `least` on, in a currency. LookupError where there is none."""
    if not least <= account <= len(core.accounts) or currency not in core.currencies:
        raise LookupError(f"account {account} or currency {currency} is not declared")
    return sums.get((account, currency), 0)


def list_book(core: State, instrument: int, venue: int, levels: int) -> bytes:
    """What an instrument's book at a venue shows: bids, then asks, each in price-time priority, up to so many `levels`
    of a side (0: all). Of an iceberg what it shows."""
    lines, tick = [], core.instruments[instrument].tick
    for side in (BUY, SELL):
        depth = book_of(core, instrument, venue).depth(side)
        for level, (ticks, queue) in enumerate(depth[:levels] if levels else depth):
            lines += [BOOK_LINE_CODEC.pack(side=side, level=level, price=ticks * tick, qty=qty,
                                           order_id=max(0, number))  # a quote's number is negative
                      for number, qty in queue]
    return b"".join(lines)

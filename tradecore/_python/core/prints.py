"""Trades that the market printed. A print moves the last trade, and fills what rests at a simulated venue by that
venue's rule (PrintFills); what waits for a price hears of it as of any other. It asks no risk, and answers with no
report.

A fill is at the resting order's own price, as of any maker, and never more than was printed. What a quote displays is
no order of ours: it stands before our orders at its price, and what printed there since it came has traded first.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import PrintFills, Reason
from tradecore.vocabulary.records import QTY_MAX

from ..execution.book import Book, add_node, crosses, match_order, rank_of, remove_node
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, find_bad_price, is_beyond_amount, most_qty, opposite
from .conditions import is_trading
from .state import ACK_ACCEPTED, State, book_of, refuse_command, sync_tops, tell_price
from .trade_booking import book_fills, report_fills


def find_bad_print(ins: InstrumentRow, c: Any) -> tuple[Reason, int, int] | None:
    """Why a print can't be, with value and bound. It may lie between ticks: that is a rule about orders."""
    if c.side > SELL:
        return Reason.INVALID_FIELD_VALUE, c.side, 1
    if not 1 <= c.print_size <= QTY_MAX:
        return Reason.INVALID_FIELD_VALUE, c.print_size, 64
    bad = find_bad_price(ins, c.print_px)
    if bad:
        return bad
    if is_beyond_amount(ins, c.print_px, c.print_size):
        return Reason.ARITHMETIC_OVERFLOW, c.print_size, most_qty(ins, c.print_px)
    return None


def take_resting(core: State, c: Any, book: Book, side: int, limit: int, qty: int) -> int:
    """The print takes up to `qty` of what rests on `side` down to `limit`; what is left of it."""
    left, fills = match_order(book, side, limit, qty)
    charges = book_fills(core, c.instrument, c.venue, None, opposite(side), fills)
    report_fills(core, c, c.instrument, None, fills, charges)
    return left


def fill_side(core: State, c: Any, ins: InstrumentRow, book: Book, side: int, rule: int) -> None:
    """What rests on `side` of the print's venue."""
    past, between = divmod(c.print_px, ins.tick)
    on_tick = between == 0
    through = past + 1 if side == BUY else past - on_tick  # the nearest tick that is better than the print
    at_price = rule == PrintFills.AFTER_QUEUE and on_tick
    if not crosses(book, side, past if at_price else through):
        return
    quote, queue = book.places.get(-side), 0
    if quote is not None:  # it is out of the way while our orders trade
        ticks, shown = rank_of(side, quote[1]), remove_node(book, -side)
        queue = shown if ticks == past else 0
    left = take_resting(core, c, book, side, through, c.print_size)
    if at_price:
        printed = core.printed.get((c.instrument, c.venue, side), 0) + c.print_size
        if queue:
            core.printed[c.instrument, c.venue, side] = min(printed, QTY_MAX)
        left = min(left, printed - queue)
        if left > 0:
            take_resting(core, c, book, side, past, left)
    if quote is not None:
        add_node(book, side, -side, ticks, shown)


def enter_trade_print(core: State, c: Any) -> Any:
    ins = core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if not 0 <= c.venue <= len(core.router.venues):
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    bad = find_bad_print(ins, c)
    if bad:
        return refuse_command(core, c, *bad)
    rule = core.router.venues[c.venue].print_fills if c.venue else 0
    if rule and is_trading(core, c.instrument):
        for side in (BUY, SELL):
            if c.side != side:  # who took did not take from his own side
                fill_side(core, c, ins, book_of(core, c.instrument, c.venue), side, rule)
        sync_tops(core, c.instrument, c.venue)
    core.ledger.lasts[c.instrument] = c.print_px
    tell_price(core, c.instrument)
    return ACK_ACCEPTED

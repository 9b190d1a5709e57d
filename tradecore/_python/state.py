"""The state of one core: every room's tables, and the reports and acks that tell of them. It knows no commands' rules.

The rooms' public classes are their tables; the conductor uses them through the kernels of their files.
"""

from __future__ import annotations

import time
from typing import Any

from tradecore.fix import ExecType, Reason, ReportType, ord_rej_reason_table
from tradecore.order import NO_PRICE, REPORT_CODEC, STAGES, AckRow, Capacity

from .events import BUCKETS, EventLog, bucket_of
from .execution import Book, Fill, best_level
from .ids import Ids
from .instrument import BUY, SELL, InstrumentRow, opposite
from .orders import Order, Orders, derive_status, leaves_of
from .position import Ledger
from .risk import RiskTable
from .routing import Router, set_top, twice_mid
from .shell import saturate

ORD_REJ_REASONS = ord_rej_reason_table()
EXECUTION, CANCEL_REJECT, ACCEPTED, RISK_OBSERVED, BUSINESS_REJECT = (int(kind) for kind in ReportType)
TRADE, TRADE_REJECTED = int(ExecType.TRADE), int(ExecType.REJECTED)
VALIDATION, RISK, ROUTING, EXECUTING, POSITION, EVENTS, ORDER, CANCEL = range(len(STAGES))

# A report that says nothing yet: its fields, in the record's order.
_BLANK: dict[str, Any] = dict.fromkeys(REPORT_CODEC.fields, 0) | {
    "cl_ord_id": b"", "ord_rej_reason": -1, "cxl_rej_reason": -1, "price": NO_PRICE, "last_px": NO_PRICE,
}  # fmt: skip
ACK_ACCEPTED = AckRow(0, 0, 0, ACCEPTED, 0, 0, -1, -1)


class State:
    """The tables of one core. Instruments, accounts, venues and currencies count from 1."""

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.instruments: dict[int, InstrumentRow] = {}
        self.accounts: dict[int, bytes] = {}
        self.currencies: dict[int, bytes] = {}
        self.ids = Ids(capacity.cl_ord_ids)
        self.orders = Orders(capacity.open_orders, capacity.order_history)
        self.risk = RiskTable(capacity.accounts, capacity.instruments, capacity.order_rate)
        self.router = Router(capacity.instruments, capacity.decisions)
        self.books: dict[tuple[int, int], Book] = {}  # by instrument and venue; a quote's number is minus its side
        self.ledger = Ledger(capacity.instruments, capacity.accounts)
        self.events = EventLog(capacity.events)
        self.histograms = [[0] * BUCKETS for _ in STAGES]
        self.command_seq = self.exec_seq = self.now = 0


def book_of(core: State, instrument: int, venue: int) -> Book:
    book = core.books.get((instrument, venue))
    if book is None:
        book = core.books[instrument, venue] = Book(core.capacity.open_orders)
    return book


def sync_top(core: State, instrument: int, venue: int, side: int) -> None:
    """Tells the router what a taker of `side` finds at this venue."""
    best = best_level(book_of(core, instrument, venue), opposite(side))
    if best is None:
        set_top(core.router, instrument, side, venue, NO_PRICE, 0, core.command_seq)
    else:
        tick = core.instruments[instrument].tick
        set_top(core.router, instrument, side, venue, best[0] * tick, best[1], core.command_seq)


def sync_tops(core: State, instrument: int, venue: int) -> None:
    for side in (BUY, SELL):
        sync_top(core, instrument, venue, side)


def twice_reference(core: State, instrument: int) -> int:
    """Twice the reference price: the mid, else the last trade, else the mark, else NO_PRICE."""
    price = twice_mid(core.router, core.instruments[instrument], instrument, core.now)
    for known in (core.ledger.lasts, core.ledger.marks):
        if price == NO_PRICE and instrument in known:
            price = 2 * known[instrument]
    return price


def start_clock(timed: bool) -> int:
    return time.perf_counter_ns() if timed else 0


def count_stage(core: State, stage: int, since: int, timed: bool) -> int:
    """Counts a stage that began at `since`; when it ended."""
    if not timed:
        return 0
    now = time.perf_counter_ns()
    core.histograms[stage][bucket_of(now - since)] += 1
    return now


# ---- reports and acks


def publish(core: State, c: Any, report_type: int, **fields: Any) -> None:
    """Publishes a report of command `c` with these fields; the others are blank."""
    known = {"command_seq": core.command_seq, "transact_time": core.now, "report_type": report_type,
             "command_kind": c.kind}  # fmt: skip
    core.events.publish_report(tuple((_BLANK | known | fields).values()))


def report_execution(core: State, c: Any, order: Order, exec_type: int, **special: int) -> None:
    """An execution report of the order as it stands, and what is special about it."""
    publish(
        core, c, EXECUTION, order_id=order.order_id, exec_type=exec_type, ord_status=derive_status(order),
        side=order.side, ord_type=order.ord_type, time_in_force=order.time_in_force, exec_inst=order.exec_inst,
        instrument=order.instrument, account=order.account, venue=order.venue, cl_ord_id=order.cl_ord_id,
        order_qty=order.order_qty, price=order.price, cum_qty=order.cum_qty, leaves_qty=leaves_of(order),
        decision=order.decision, **special,
    )  # fmt: skip


def report_end(core: State, c: Any, order: Order, exec_type: int) -> None:
    """An order that ends without a trade: rejected or canceled, with the reason that the order then carries."""
    report_execution(
        core, c, order, exec_type, reason=order.reason, value=order.value, bound=order.bound,
        reject_mask=order.reject_mask,
        ord_rej_reason=ORD_REJ_REASONS[order.reason] if exec_type == TRADE_REJECTED else -1,
    )  # fmt: skip


def report_trade(
    core: State, c: Any, order: Order, fill: Fill, price: int, commission: int, contra_order_id: int, liquidity: int
) -> None:
    report_execution(
        core, c, order, TRADE, last_qty=fill.qty, last_px=price, commission=saturate(commission), exec_id=core.exec_seq,
        contra_order_id=contra_order_id, last_liquidity_ind=liquidity,
    )  # fmt: skip


def refuse_command(core: State, c: Any, reason: Reason, value: int, bound: int) -> Any:
    publish(core, c, BUSINESS_REJECT, reason=reason, value=value, bound=bound, instrument=c.instrument,
            account=c.account, venue=c.venue)  # fmt: skip
    return ACK_ACCEPTED._replace(report_type=BUSINESS_REJECT, reason=int(reason))


def accept_command(
    core: State, c: Any, value: int, bound: int, *, instrument: int = 0, account: int = 0, venue: int = 0
) -> Any:
    publish(core, c, ACCEPTED, instrument=instrument, account=account, venue=venue, value=value, bound=bound,
            cl_ord_id=c.cl_ord_id)  # fmt: skip
    return ACK_ACCEPTED


def acknowledge(order: Order) -> Any:
    return AckRow(
        order.order_id, order.cum_qty, leaves_of(order), EXECUTION, derive_status(order), order.reason,
        ORD_REJ_REASONS[order.reason] if order.rejected else -1, -1,
    )  # fmt: skip

"""The state of one core: every room's tables, and the reports and acks that tell of them. It knows no commands' rules.

The rooms' public classes are their tables; the conductor uses them through the kernels of their files.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import Reason, ReportType
from tradecore.vocabulary.fix import ExecInst, ExecType, OrdStatus, TimeInForce, TradSesStatus
from tradecore.vocabulary.histogram import STAGES
from tradecore.vocabulary.records import NO_PRICE, REPORT_CODEC, TIME_MAX, AckRow
from tradecore.vocabulary.rej_reasons import ord_rej_reason_table
from tradecore.vocabulary.report_codec import FLAG_ENDED

from ..execution.book import Book, best_level, remove_node
from ..execution.routing import Router, set_top, twice_mid
from ..orders.execids import ExecIds
from ..orders.ids import Ids
from ..orders.lists import Groups, forget_member, leave_group, rejoin_group, sync_list
from ..orders.notes import Notes
from ..orders.open_orders import OpenOrders, drop_order, index_order, sync_size
from ..orders.order_facts import (
    awaits_news,
    derive_status,
    end_facts,
    held_of,
    is_live,
    leaves_of,
    next_deadline,
    unknown_of,
)
from ..orders.order_table import AT_VENUE, AWAITS_PRICE, EXPIRED, NOWHERE, REJECTED, RESTING, TRANSITIONS, Order, Orders
from ..orders.timers import ORDER_TIMER, Timers
from ..orders.trades import TradeLog
from ..orders.triggers import Triggers, disarm_trigger, stop_of
from ..orders.unbooked import UnbookedTable
from ..positions.ledger import Ledger
from ..risk.exit_gate import ExitGate
from ..risk.holds import Question, RiskTables, exposure_of, hold_lots
from ..risk.programs import UserRules
from ..risk.self_match import Preventions
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, direction, opposite
from ..vocabulary.texts import Texts
from .answered import note_end
from .events import BUCKETS, EventLog, bucket_of
from .funding import sync_funds
from .open_counting import tell_counts

ORD_REJ_REASONS = ord_rej_reason_table()
(EXECUTION, CANCEL_REJECT, ACCEPTED, RISK_OBSERVED, UNBOOKED, RISK_WARNING, BREAKER_TRIPPED, RISK_OVERRIDDEN,
 BUSINESS_REJECT, GATE_STOPPED, MASS_CANCEL_REPORT) = (int(kind) for kind in ReportType)
TRADE, TRADE_REJECTED = int(ExecType.TRADE), int(ExecType.REJECTED)
REDUCE_ONLY = int(ExecInst.REDUCE_ONLY)
VALIDATION, RISK, ROUTING, EXECUTING, POSITION, EVENTS, ORDER, CANCEL = range(len(STAGES))

ACK_ACCEPTED = AckRow(0, 0, 0, ACCEPTED, 0, 0, -1, -1)


class State:
    """The tables of one core. Instruments, accounts, venues and currencies count from 1."""

    asserts = False  # tests look after every command whether what is held is what works

    def __init__(self, capacity: Capacity) -> None:
        self.capacity = capacity
        self.instruments: dict[int, InstrumentRow] = {}
        self.instrument_names: set[int] = set()
        self.accounts: dict[int, int] = {}  # the number of its name, as of all that is declared
        self.account_names: set[int] = set()
        self.currencies: dict[int, int] = {}
        self.money_precisions: dict[int, int] = {}
        self.texts = Texts(capacity.ids)
        self.ids = Ids(capacity.cl_ord_ids, self.texts)
        self.orders = Orders(capacity.open_orders, capacity.exit_orders, capacity.order_history,
                             capacity.reject_history)
        self.risk = RiskTables(capacity.accounts, capacity.instruments, capacity.order_rate, capacity.limit_rows,
                               capacity.limit_counters, capacity.strategies)
        self.risk.values.instruments = self.risk.funds.instruments = self.instruments
        for priced in (self.risk.pnl, self.risk.strategies, self.risk.funds):
            priced.precisions = self.money_precisions
        self.rules = UserRules()
        self.ahead: list[tuple[int, Question]] = []  # of a basket that is asked about: ids and questions of what passed
        self.gate = ExitGate()
        self.self_match: Preventions = {}
        self.drilled = -1  # in tests: the reason of a check that is taken out
        self.router = Router(capacity.instruments, capacity.decisions)
        self.books: dict[tuple[int, int], Book] = {}  # by instrument and venue; a quote's number is minus its side
        self.printed: dict[tuple[int, int, int], int] = {}  # at a quote's price since it came; and by side
        self.no_book = Book(1)  # where none was used yet; it stays empty
        self.ledger = Ledger(capacity.instruments, capacity.accounts)
        self.risk.funds.opened = self.ledger.cash
        self.events = EventLog(capacity.events)
        self.histograms = [[0] * BUCKETS for _ in STAGES]
        self.trades = TradeLog(capacity.trades)
        self.exec_ids = ExecIds(capacity.exec_ids)
        self.notes, self.unbooked = Notes(capacity.notes), UnbookedTable(capacity.unbooked)
        self.open_orders = OpenOrders(self.orders)
        self.triggers = Triggers(capacity.open_orders + capacity.order_history + capacity.reject_history + 1)
        self.groups = Groups()
        self.timers = Timers()
        self.sessions: dict[int, int] = {}  # TradSesStatus by instrument; OPEN where nothing was said
        self.close_times: dict[int, int] = {}
        self.risk.values.sessions = self.sessions
        self.moved: deque[int] = deque()  # instruments whose price may let something go
        # Instrument and account: a position moved under reduce-only orders.
        self.trimmed: deque[tuple[int, int]] = deque()
        self.parents: deque[int] = deque()  # orders whose children have news, by order_id
        self.command_seq = self.order_seq = self.exec_seq = self.now = 0
        self.answer_seq = 0  # of the report that answers the command
        # Why no new order or replace can have this command's stamp: reason, value and bound. See stamps.
        self.bad_stamp: tuple[Reason, int, int] | None = None
        self.day = 1
        self.disconnected: set[int] = set()  # external venues
        # What was refused or flagged: of venues' reports, and of statuses that no transition leads to.
        self.reports_refused = self.trades_in_suspense = self.unexpected = 0
        self.tables_full = 0  # commands refused for want of room in a table: not part of the state


def book_of(core: State, instrument: int, venue: int) -> Book:
    """The book of an instrument at a venue; where there is none yet, one that stays empty."""
    return core.books.get((instrument, venue), core.no_book)


def use_book(core: State, instrument: int, venue: int) -> Book | None:
    """A book appears when something is first to rest in it. None where no more can be."""
    book = core.books.get((instrument, venue))
    if book is None and len(core.books) < core.capacity.books:
        book = core.books[instrument, venue] = Book(core.capacity.open_orders)
    return book


def sync_top(core: State, instrument: int, venue: int, side: int) -> None:
    """Tells the router what a taker of `side` finds at this venue."""
    tell_price(core, instrument)
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
    """Twice the reference price of collar and market notional: the mid of the best-ranked ask and bid, else the last
    trade, else the mark, else NO_PRICE."""
    price = twice_mid(core.router, core.instruments[instrument], instrument, core.now)
    for known in (core.ledger.lasts, core.ledger.marks):
        if price == NO_PRICE and instrument in known:
            price = 2 * known[instrument]
    return price


def tell_price(core: State, instrument: int) -> None:
    """A price of this instrument may have moved: what waits for one is looked at when the command is done."""
    if core.triggers.counts[instrument] and instrument not in core.moved:
        core.moved.append(instrument)


def session_of(core: State, instrument: int) -> int:
    return core.sessions.get(instrument, int(TradSesStatus.OPEN))


def is_external(core: State, venue: int) -> bool:
    return venue in core.router.venues and core.router.venues[venue].external == 1


# ---- an order's facts have changed


def sync_order(core: State, order: Order) -> None:
    """Holds, lists, timers and the table of open orders follow the facts; called after every change of them."""
    sync_facts(core, order)
    parent = parent_of(core, order)
    if parent is not None:
        sync_parent(core, parent, order)


def parent_of(core: State, order: Order) -> Order | None:
    """The order that a child is a part of, while it is held."""
    return core.orders.by_id.get(order.parent) if order.parent else None


def sync_parent(core: State, parent: Order, child: Order) -> None:
    """What a child's change makes of its parent. Its own holds and place follow when the command is done: if it ended
    now, it could push out the child that the command is about."""
    if child.is_open:
        parent.children[child.order_id] = child
    elif parent.children.pop(child.order_id, None) is not None and child.terminal:
        parent.tried |= 1 << child.venue - 1
        parent.tried_seq = core.command_seq
        if child.terminal == REJECTED or child.time_in_force != TimeInForce.IMMEDIATE_OR_CANCEL:
            parent.refused |= 1 << child.venue - 1
        if child.terminal == EXPIRED and not parent.ending:  # its day is over, there and anywhere
            parent.ending, parent.ending_reason = EXPIRED, child.reason
        if child.reason in (Reason.EXIT_GATE, Reason.SELF_MATCH) and not parent.ending:  # it would be again
            parent.ending, parent.ending_reason = int(OrdStatus.CANCELED), child.reason
            parent.value, parent.bound = child.value, child.bound
    tell_parent(core, parent)


def tell_parent(core: State, parent: Order) -> None:
    """Its children have news: they are looked at when the command is done."""
    if not parent.is_told:
        parent.is_told = True
        core.parents.append(parent.order_id)


def sync_facts(core: State, order: Order) -> None:
    held = max(held_of(order), order.working)  # of a parent at least what its children hold
    if held != order.held:
        parent = parent_of(core, order)
        if parent is not None:
            parent.working += held - order.held
        else:
            hold_lots(core.risk, order.instrument, order.account, direction(order.side), held - order.held)
        order.held = held
    if core.risk.funds.is_kept:
        sync_funds(core, order, parent_of(core, order) is not None)
    live, group = is_live(order), order.group
    opens = live or awaits_news(order) or bool(order.children)
    if group is not None:
        sync_list(core.groups, group, order)
    if opens != order.is_open:
        if opens:
            core.orders.reopen_order(order)
            core.ids.note_return(order.cl_ord_id, order.order_id)
            if index_order(core.open_orders, order):
                tell_counts(core.risk.opens, order, 1)
            if group is not None:
                rejoin_group(group, order)
        else:
            if group is not None:
                leave_group(core.groups, group, order)
            if drop_order(core.open_orders, order):
                tell_counts(core.risk.opens, order, -1)
            note_end(core.router, order)
            evicted = core.orders.end_order(order)
            if evicted is not None:
                core.gate.rows.pop(evicted.order_id, None)
            if evicted is not None and evicted.group is not None:
                forget_member(core.groups, evicted.group)
        if order.reserves:
            core.orders.unsent.away += 1 if opens else -1
        if order.exec_inst & REDUCE_ONLY and order.admitted:
            exposure_of(core.risk, order.instrument, order.account).reduce_only += 1 if opens else -1
    if order.exec_inst & REDUCE_ONLY:
        sync_size(core.open_orders, order)
    if order.expire_time or order.place == AT_VENUE or (ORDER_TIMER, order.order_id) in core.timers.armed:
        arm_order_timer(core, order)
    if core.triggers.held_back and (order.place == AT_VENUE or not order.is_open):
        core.triggers.asks_again = True  # one that is held may wait for this one


def order_deadline(core: State, order: Order) -> int:
    """When an order's timer must go off next, 0 for never: at its venue, or where the core keeps it."""
    venue = core.router.venues.get(order.venue)
    timeout, expires = 0, True
    if venue is not None and order.place == AT_VENUE:
        timeout = venue.request_timeout
        expires = not venue.native_times_in_force >> TimeInForce.GTD & 1
    return next_deadline(order, timeout, expires)


def arm_order_timer(core: State, order: Order) -> None:
    core.timers.arm_timer((ORDER_TIMER, order.order_id), order_deadline(core, order))


def withdraw_order(core: State, order: Order) -> None:
    """Takes an order from where the core keeps it; one at an external venue is the venue's."""
    if order.place == RESTING:
        remove_node(book_of(core, order.instrument, order.venue), order.order_id)
        sync_top(core, order.instrument, order.venue, opposite(direction(order.side)))
    elif order.place == AWAITS_PRICE:
        disarm_trigger(core.triggers, order)
    if order.place != AT_VENUE:
        order.place = NOWHERE


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
             "command_kind": c.kind}
    core.events.publish_report(REPORT_CODEC.pack(known | fields))


def told_time(core: State, c: Any) -> int:
    """When a venue says that something was, where it says so: of the report that tells of it."""
    return c.transact_time if 0 < c.transact_time <= TIME_MAX else core.now


def order_fields(order: Order) -> dict[str, Any]:
    """What every report about an order tells."""
    return {
        "order_id": order.order_id, "ord_status": derive_status(order), "side": order.side, "ord_type": order.ord_type,
        "time_in_force": order.time_in_force, "exec_inst": order.exec_inst, "instrument": order.instrument,
        "account": order.account, "venue": order.venue, "cl_ord_id": order.cl_ord_id, "order_qty": order.order_qty,
        "price": order.price, "stop_px": stop_of(order), "cum_qty": order.cum_qty, "unknown": unknown_of(order),
        "flags": FLAG_ENDED if order.terminal else 0,
    }


def report_execution(core: State, c: Any, order: Order, exec_type: int, **special: Any) -> None:
    """An execution report of the order as it stands, and what is special about it. A status that FIX knows no way to
    from the last one is flagged, where the report has no other reason."""
    fields = order_fields(order)
    status = fields["ord_status"]
    if not TRANSITIONS[order.last_status] >> status & 1:
        core.unexpected += 1
        if not special.get("reason"):
            special |= {"reason": Reason.UNEXPECTED_TRANSITION, "value": order.last_status, "bound": status}
            fields["flags"] |= order.last_status
    order.last_status = status
    fields["flags"] |= special.pop("flags", 0)
    publish(core, c, EXECUTION, exec_type=exec_type, **(fields | special))


def report_end(core: State, c: Any, order: Order, exec_type: int, **special: Any) -> None:
    """An order that ends without a trade: with the reason that the order then carries."""
    report_execution(
        core, c, order, exec_type, reason=order.reason, value=order.value, bound=order.bound,
        reject_mask=order.reject_mask, **{
            "ord_rej_reason": ORD_REJ_REASONS[order.reason] if exec_type == TRADE_REJECTED else -1, **special},
    )


def note_full(core: State, reason: int) -> None:
    core.tables_full += reason in (Reason.TABLE_FULL, Reason.IDS_FULL, Reason.BOOKS_FULL, Reason.REPLACES_FULL)


def refuse_command(core: State, c: Any, reason: Reason, value: int, bound: int) -> Any:
    note_full(core, reason)
    publish(core, c, BUSINESS_REJECT, reason=reason, value=value, bound=bound, instrument=c.instrument,
            account=c.account, venue=c.venue)
    return ACK_ACCEPTED._replace(report_type=BUSINESS_REJECT, reason=int(reason))


def accept_command(
    core: State, c: Any, value: int, bound: int, *, instrument: int = 0, account: int = 0, venue: int = 0,
    value_high: int = 0,
) -> Any:
    publish(core, c, ACCEPTED, instrument=instrument, account=account, venue=venue, value=value, bound=bound,
            cl_ord_id=c.cl_ord_id, value_high=value_high)
    return ACK_ACCEPTED


def end_order(core: State, c: Any, order: Order, terminal: int, reason: int, **special: Any) -> None:
    """An order that the core itself ends: taken from where it is, its hold released, reported. `terminal` is the
    OrdStatus, whose ExecType has the same character."""
    withdraw_order(core, order)
    end_facts(core.orders, order, terminal)
    order.reason = int(reason)
    report_end(core, c, order, terminal, **special)
    sync_order(core, order)


def end_day(core: State, c: Any, order: Order) -> None:
    """An order whose day is over; what is worked in children ends with the last of them."""
    if order.children:
        order.ending, order.ending_reason = EXPIRED, int(Reason.DAY_ENDED)
        tell_parent(core, order)
    else:
        end_order(core, c, order, EXPIRED, Reason.DAY_ENDED)


def acknowledge(order: Order) -> Any:
    return AckRow(
        order.order_id, order.cum_qty, leaves_of(order), EXECUTION, derive_status(order), order.reason,
        ORD_REJ_REASONS[order.reason] if order.terminal == REJECTED else -1, -1,
    )

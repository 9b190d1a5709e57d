"""The fused order path in plain Python: one state, one loop over commands, and the handles that read the state.

The native pipeline's twin, bit for bit. It holds the door and the readers; the rules are in the rooms. The answer of a
command is its first report after those of the timers that its time set off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.histogram import STAGES, percentiles
from tradecore.vocabulary.records import (
    ACK_CODEC,
    ACK_SIZE,
    CODECS,
    COMMAND_SIZE,
    HEADER_CODEC,
    NO_PRICE,
    VERSION,
)
from tradecore.vocabulary.rows import Finding, OrderRow, PositionRow, StaleOrderError, Term, TradeRow

from ..execution.routing import UNSEEN, ranking_of
from ..orders.execids import find_exec_id
from ..orders.order_table import Orders
from ..positions.costs import mark_of, position_of
from ..risk.holds import exposure_of
from ..vocabulary.instrument import BUY, SELL, TIME_MAX
from ..vocabulary.shell import Records, demand_batch, int64, open_command
from ..vocabulary.texts import find_text, text_of_id
from .follow_ups import settle
from .lifetimes import count_lifetimes
from .marketdata import enter_mark, enter_quote
from .orderpath import enter_order
from .questions import answer_question
from .replaces import enter_replace
from .requests import enter_cancel, mass_cancel, request_status
from .sessions import enter_clock, enter_session, enter_venue_session, fire_timers, roll_day, split_instrument
from .settings import (
    change_limit,
    define_account,
    define_currency,
    define_instrument,
    define_ticks,
    define_venue,
    enter_text,
    open_cash,
    open_position,
    switch_kill,
)
from .state import EXECUTION, State, acknowledge, read_order, refuse_command
from .statehash import hash_state
from .venuereports import enter_cancel_reject
from .venuetrades import enter_correction, enter_execution_report

_NEW_ORDER, _CANCEL = int(CommandType.NEW_ORDER), int(CommandType.CANCEL)
_HANDLERS: dict[int, Callable[[State, Any], Any]] = {
    CommandType.QUOTE: enter_quote, CommandType.MARK: enter_mark, CommandType.SET_LIMIT: change_limit,
    CommandType.KILL_SWITCH: switch_kill, CommandType.OPENING_POSITION: open_position,
    CommandType.OPENING_CASH: open_cash, CommandType.DEFINE_CURRENCY: define_currency,
    CommandType.DEFINE_ACCOUNT: define_account, CommandType.DEFINE_VENUE: define_venue,
    CommandType.DEFINE_INSTRUMENT: define_instrument, CommandType.REPLACE: enter_replace,
    CommandType.MASS_CANCEL: mass_cancel, CommandType.STATUS_REQUEST: request_status,
    CommandType.EXECUTION_REPORT: enter_execution_report, CommandType.TRADE_CORRECTION: enter_correction,
    CommandType.CANCEL_REJECT: enter_cancel_reject, CommandType.SESSION: enter_session,
    CommandType.CLOCK: enter_clock, CommandType.ROLL_DAY: roll_day, CommandType.SPLIT: split_instrument,
    CommandType.VENUE_SESSION: enter_venue_session, CommandType.DEFINE_TICKS: define_ticks,
    CommandType.INTERN: enter_text,
}


def apply_command(core: State, c: Any, now: int, timed: bool) -> Any:
    """One command through the core; its ack."""
    time = c.transact_time or now
    core.command_seq += 1
    core.answer_seq = core.events.seq + 1
    if not 0 <= time <= TIME_MAX:
        if c.kind != _NEW_ORDER:  # an order's clock is a field that validation refuses
            return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, time, 24)
    elif time > core.now:  # the core's clock never goes back
        core.now = time
        if core.timers.next_deadline <= time:
            fire_timers(core, c)
            settle(core, c)
            core.answer_seq = core.events.seq + 1
    ack = run_command(core, c, timed)
    if core.trimmed or core.groups.news or core.moved:
        settle(core, c)
        order = core.orders.by_id.get(ack.order_id)
        if order is not None and ack.report_type == EXECUTION:  # what followed may have been about it
            ack = acknowledge(order)
    return ack


def run_command(core: State, c: Any, timed: bool) -> Any:
    if c.version > VERSION:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.version, 40)
    if c.kind == _NEW_ORDER:
        return enter_order(core, c, timed)
    if c.kind == _CANCEL:
        return enter_cancel(core, c, timed)
    handler = _HANDLERS.get(c.kind)
    if handler is None:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.kind, 0)
    return handler(core, c)


class OrderHandle:
    """A live handle to one order. It holds the core's tables, not the core; eviction makes it stale."""

    __slots__ = ("_lock", "_orders", "order_id")

    def __init__(self, orders: Orders, order_id: int, lock: threading.Lock) -> None:
        self._orders, self.order_id, self._lock = orders, order_id, lock

    def row(self) -> OrderRow:
        """The order's facts now. Raises StaleOrderError once the order is evicted. Threads: any."""
        with self._lock:
            return self._read()

    def _read(self) -> OrderRow:
        o = self._orders.by_id.get(self.order_id)
        if o is None:
            raise StaleOrderError(f"order {self.order_id} was evicted: more than "
                                  f"{self._orders.history_size} orders ended since it did")
        return read_order(o)


class Core:
    """The whole order path over one state: commands in, reports out."""

    def __init__(self, capacity: Capacity) -> None:
        self._state = State(capacity)
        self._lock = threading.Lock()

    def run(self, commands: Records, acks: Records, now: int, timed: bool = False) -> None:
        """Run a batch: C-contiguous 128-byte command records in, one ack record each out.

        `now` (ns UTC) stamps records without transact_time; `timed` fills the stage histograms.
        Threads: one lock per core; the compiled core waits for it, and runs, without the GIL.
        """
        int64(now)
        demand_batch(commands, COMMAND_SIZE)
        count = len(commands)
        if acks.itemsize != ACK_SIZE or acks.shape != commands.shape or not acks.flags.c_contiguous:
            raise ValueError(f"expected {count} contiguous ack records of {ACK_SIZE} bytes, "
                             f"got shape {acks.shape} of {acks.itemsize} bytes")
        if count == 0:
            return
        if acks.ctypes.data % 8:
            raise ValueError(f"acks lie at {acks.ctypes.data:#x}, not a multiple of 8 bytes")
        source, target = commands.view(np.uint8).data, acks.view(np.uint8).data
        if target.readonly:
            raise ValueError("buffer source array is read-only")
        with self._lock:
            for i in range(count):
                at = i * COMMAND_SIZE
                c = CODECS.get(source[at], HEADER_CODEC).unpack(source, at)
                ACK_CODEC.struct.pack_into(target, i * ACK_SIZE, *apply_command(self._state, c, now, timed))

    def apply(self, command: bytes, now: int) -> Any:
        """Run one command record; return its ack, and the bytes of the report that answers it (b"": none is held).

        That is the first one after those of the timers that the command's time set off; of a mass cancel, its
        OrderMassCancelReport. Threads: as `run`.
        """
        int64(now)
        kind = open_command(command, HEADER_CODEC).kind
        with self._lock:
            ack = apply_command(self._state, CODECS.get(kind, HEADER_CODEC).unpack(command), now, False)
            reports, lost = self._state.events.read(self._state.answer_seq - 1, 1)
            return ack, b"" if lost else reports.tobytes()  # lost: the command's own later reports overwrote it

    def submit(self, command: bytes, now: int) -> OrderHandle:
        """Run one NEW_ORDER record; return a handle to the order. Threads: as `run`."""
        int64(now)
        kind = open_command(command, HEADER_CODEC).kind
        with self._lock:
            ack = apply_command(self._state, CODECS.get(kind, HEADER_CODEC).unpack(command), now, False)
            return self._hold(ack.order_id)

    def _hold(self, order_id: int) -> OrderHandle:
        if order_id not in self._state.orders.by_id:
            raise StaleOrderError(f"order {order_id} is not held: it never was, or it was evicted")
        return OrderHandle(self._state.orders, order_id, self._lock)

    def order(self, order_id: int) -> OrderHandle:
        """A handle to an order. Raises LookupError where there is none, or it is evicted."""
        with self._lock:
            return self._hold(order_id)

    def open_orders(self, instrument: int, account: int) -> list[OrderHandle]:
        """Handles to what is open, in the order in which it became so; instrument or account 0 is any.

        Open is what can still trade, and what has a request that its venue has not answered.
        """
        with self._lock:
            return [OrderHandle(self._state.orders, order.order_id, self._lock)
                    for order in self._state.orders.open.values()
                    if instrument in (0, order.instrument) and account in (0, order.account)]

    def trades(self, instrument: int, account: int) -> list[TradeRow]:
        """The trades that the log still holds, oldest first, as they are now; instrument or account 0 is any."""
        with self._lock:
            trades = (row.row for row in self._state.trades.rows if row.trade is None)
            return [row for row in trades if instrument in (0, row.instrument) and account in (0, row.account)]

    def find_trade(self, venue: int, venue_exec_id: int) -> TradeRow | None:
        """The trade that an external venue's exec_id is about (its own, a bust's or a correction's), or None."""
        with self._lock:
            known = find_exec_id(self._state.exec_ids, venue, venue_exec_id)
            trade = known.row.trade or known.row if known is not None and known.row.is_held else None
            return trade.row if trade is not None and trade.is_held else None

    def venue_exec_id(self, exec_id: int) -> int:
        """The id that an external venue gave the execution with the core's own number; 0 where the log has none."""
        with self._lock:
            return next((row.venue_exec_id for row in self._state.trades.rows if row.exec_id == exec_id), 0)

    def find_order_id(self, cl_ord_id: int) -> int:
        """The order_id that first used a ClOrdID, or 0."""
        return self._state.ids.order_ids.get(cl_ord_id, 0)

    def find_text(self, text: bytes) -> int:
        """The number of an id's or a name's text; 0 where it has none yet (INTERN gives it one)."""
        return find_text(self._state.texts, text)

    def text_of(self, number: int) -> str:
        """An id or a name as text, an integer's in decimal; empty for none."""
        return text_of_id(self._state.texts, number)

    def _demand_instrument(self, instrument: int) -> None:
        if instrument not in self._state.instruments:
            raise LookupError(f"instrument {instrument} is not 1 to {len(self._state.instruments)}")

    def _demand(self, instrument: int, account: int) -> None:
        core = self._state
        self._demand_instrument(instrument)
        if account not in core.accounts:
            raise LookupError(f"account {account} is not 1 to {len(core.accounts)}")

    def position(self, instrument: int, account: int) -> PositionRow:
        """The ledger row and the holds of one instrument in one account."""
        with self._lock:
            self._demand(instrument, account)
            p = position_of(self._state.ledger, instrument, account)
            e = exposure_of(self._state.risk, instrument, account)
            return PositionRow(p.qty, p.cost, p.realised, p.fees, e.working_buy, e.working_sell)

    def suspense(self, instrument: int) -> PositionRow:
        """The ledger row of the trades that match no order; nothing works there."""
        with self._lock:
            self._demand_instrument(instrument)
            p = position_of(self._state.ledger, instrument, 0)
            return PositionRow(p.qty, p.cost, p.realised, p.fees, 0, 0)

    def firm_exposure(self, instrument: int) -> tuple[int, int, int]:
        """(position, working buys, working sells) in lots of all accounts and suspense together."""
        with self._lock:
            self._demand_instrument(instrument)
            e = exposure_of(self._state.risk, instrument, 0)
            return e.position_qty, e.working_buy, e.working_sell

    def mark_price(self, instrument: int) -> int:
        """What the instrument is valued at, in price units, or NO_PRICE: the mark, else the last trade."""
        self._demand_instrument(instrument)
        return mark_of(self._state.ledger, instrument)

    def opening_cash(self, account: int, currency: int) -> int:
        """The opening cash of an account in a currency, in its money units."""
        if account not in self._state.accounts or currency not in self._state.currencies:
            raise LookupError(f"account {account} or currency {currency} is not declared")
        return self._state.ledger.cash.get((account, currency), 0)

    def top(self, instrument: int, venue: int) -> tuple[int, int, int, int]:
        """(bid_px, bid_size, ask_px, ask_size) displayed at one venue; size 0 where a side is empty."""
        with self._lock:
            router = self._state.router
            if instrument not in self._state.instruments or venue not in router.venues:
                raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
            bid = ranking_of(router, instrument, SELL).tops.get(venue, UNSEEN)
            ask = ranking_of(router, instrument, BUY).tops.get(venue, UNSEEN)
            return (bid.price if bid.size else NO_PRICE, bid.size, ask.price if ask.size else NO_PRICE, ask.size)

    def check(self, command: bytes, now: int) -> tuple[int, list[Finding]]:
        """Ask validation and risk about a NEW_ORDER record: (mask, findings). Changes no state.

        Findings stand in the order of the reasons, then of observed limits; there are none where the mask is not 0. A
        used id is told first, and alone where the rest is not well formed; a list that can't take the order, alone.
        """
        int64(now)
        int64(now)
        with self._lock:
            return answer_question(self._state, open_command(command, CODECS[_NEW_ORDER]), now)

    def decision(self, decision: int) -> list[Term]:
        """The ranking behind a routing decision, best first. Raises LookupError once it is no longer held."""
        with self._lock:
            router = self._state.router
            if not 1 <= decision <= router.decisions or router.decisions - decision >= router.decisions_kept:
                raise LookupError(f"routing decision {decision} is not held: {router.decisions} were made, "
                                  f"the last {router.decisions_kept} are kept")
            return list(router.history[decision - router.decisions - 1])

    @property
    def command_seq(self) -> int:
        """Commands taken, the refused ones too."""
        return self._state.command_seq

    @property
    def event_seq(self) -> int:
        """Sequence number of the last report; the first is 1."""
        return self._state.events.seq

    @property
    def event_hash(self) -> int:
        """64-bit hash over every field of every report so far, in order."""
        return self._state.events.digest

    @property
    def now(self) -> int:
        """The core's clock, ns UTC: the latest transact_time so far."""
        return self._state.now

    def read_events(self, after: int, limit: int) -> tuple[Records, int]:
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        with self._lock:
            return self._state.events.read(int64(after), int64(limit))

    def view_events(self, after: int) -> Records:
        """A read-only NumPy array of the reports after a sequence number, up to the ring's edge.

        In the compiled core it lies over the ring itself, not copied: the records stay as they are until the last
        array over them is gone; meanwhile reports that would overwrite them are dropped and counted (metrics:
        events_dropped), and another view raises BufferError. In the plain-Python twin it is a copy that holds nothing.
        """
        with self._lock:
            events = self._state.events
            first = max(int64(after) + 1, events.first_held)
            reports, _ = events.read(after, events.capacity - first % events.capacity)
        reports.flags.writeable = False
        return reports

    def state_hash(self) -> int:
        """64-bit hash over the logical state: definitions, limits, positions, orders, books, counters.

        Walks every table, so its cost grows with what is held. Threads: as `run`.
        """
        with self._lock:
            return hash_state(self._state)

    def metrics(self) -> dict[str, int]:
        """Counters by name. They are not part of the state."""
        core = self._state
        return {
            "open_orders": core.orders.open_count, "open_orders_high_water": core.orders.open_high,
            "tables_full": core.tables_full, "orders_evicted": core.orders.evicted,
            "cl_ord_ids": len(core.ids.order_ids), "ids": len(core.texts.texts), "trades": core.exec_seq,
            "events": core.events.seq, "events_dropped": 0, "rankings_hit": core.router.hits,
            "rankings_missed": core.router.misses,
            "decisions": core.router.decisions, "reports_refused": core.reports_refused,
            "trades_in_suspense": core.trades_in_suspense, "trades_folded": core.trades.folded,
            "unexpected_transitions": core.unexpected, "waiting_for_price": core.triggers.counts.total(),
        }

    def lifetimes(self) -> dict[str, tuple[int, int]]:
        """{name: (in use, accounted for)} of slots, requests, timers, lists and holds: unequal is a leak. For tests."""
        with self._lock:
            return count_lifetimes(self._state)

    def latency(self) -> dict[str, tuple[float, ...]]:
        """(count, p50, p99, p99.9, max) in ns by stage, of what ran timed; bucket bounds, 1/16 wide."""
        return {name: percentiles(counts, 1.0) for name, counts in zip(STAGES, self._state.histograms, strict=True)}

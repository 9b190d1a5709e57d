"""The fused order path in plain Python: one state, and the commands that change it.

The native pipeline's twin, bit for bit. It holds the door; the rules are in the rooms. The answer of a command is its
first report after those of the timers that its time set off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.later import Later, LaterHandle
from tradecore.vocabulary.lines import BOOK_LINE_DTYPE, ORDER_LINE_DTYPE, POSITION_LINE_DTYPE
from tradecore.vocabulary.records import (
    ACK_CODEC,
    ACK_SIZE,
    CODECS,
    COMMAND_SIZE,
    HEADER_CODEC,
    OUTBOUND_DTYPE,
    VERSION,
)
from tradecore.vocabulary.rows import PlanRow

from ..vocabulary.shell import Records, demand_batch, int64, open_command
from .conditions import copy_watched
from .corrections import enter_correction
from .days import roll_day
from .departures import hand_out
from .dry_runs import plan_order
from .events import FILTERS, Filter
from .exchange_limits import set_price_limits
from .follow_ups import settle
from .gate_commands import change_gate, set_self_match, switch_gate
from .hold_checks import holds_balance
from .keeping import enter_note
from .listings import list_book, list_open, list_positions
from .marketdata import enter_mark, enter_quote, enter_rate
from .orderpath import enter_order
from .overriding import override_order
from .prints import enter_trade_print
from .readers import OrderHandle, Readers
from .replaces import enter_replace
from .request_ids import name_requests
from .requests import enter_cancel, mass_cancel, request_status
from .route_settings import set_health, set_routing, set_statistics
from .rule_commands import add_rule, add_steps, remove_rule, set_scorer
from .sessions import enter_session, enter_venue_session
from .settings import (
    change_limit,
    change_margins,
    define_account,
    define_currency,
    define_group,
    define_instrument,
    define_ticks,
    define_venue,
    enter_text,
    open_cash,
    open_position,
)
from .settling import enter_booking, enter_dismissal
from .splits import split_instrument
from .stamps import advance_clock, enter_clock, move_clock
from .state import EXECUTION, State, acknowledge, refuse_command
from .switching import arm_strategy, set_trading_state, switch_kill
from .turnstile import CHUNK, CHUNK_REPORTS, Turnstile
from .venuereports import enter_cancel_reject
from .venuetrades import enter_execution_report

_NEW_ORDER, _CANCEL = int(CommandType.NEW_ORDER), int(CommandType.CANCEL)
_OPEN, _SEALED = frozenset[int](), frozenset(int(kind) for kind in CommandType if kind.name.startswith("DEFINE_"))
NO_KIND = 0  # a command of no kind is refused for it
_HANDLERS: dict[int, Callable[[State, Any], Any]] = {
    CommandType.QUOTE: enter_quote, CommandType.MARK: enter_mark, CommandType.SET_LIMIT: change_limit,
    CommandType.CURRENCY_RATE: enter_rate, CommandType.MARGIN_RATES: change_margins,
    CommandType.PRICE_LIMITS: set_price_limits,
    CommandType.KILL_SWITCH: switch_kill, CommandType.TRADING_STATE: set_trading_state,
    CommandType.BREAKER: arm_strategy, CommandType.OVERRIDE: override_order,
    CommandType.OPENING_POSITION: open_position, CommandType.OPENING_CASH: open_cash,
    CommandType.DEFINE_CURRENCY: define_currency, CommandType.DEFINE_GROUP: define_group,
    CommandType.DEFINE_ACCOUNT: define_account, CommandType.DEFINE_VENUE: define_venue,
    CommandType.DEFINE_INSTRUMENT: define_instrument, CommandType.REPLACE: enter_replace,
    CommandType.MASS_CANCEL: mass_cancel, CommandType.STATUS_REQUEST: request_status,
    CommandType.EXECUTION_REPORT: enter_execution_report, CommandType.TRADE_CORRECTION: enter_correction,
    CommandType.CANCEL_REJECT: enter_cancel_reject, CommandType.SESSION: enter_session,
    CommandType.CLOCK: enter_clock, CommandType.ROLL_DAY: roll_day, CommandType.SPLIT: split_instrument,
    CommandType.VENUE_SESSION: enter_venue_session, CommandType.DEFINE_TICKS: define_ticks,
    CommandType.INTERN: enter_text, CommandType.ADVANCE_CLOCK: advance_clock,
    CommandType.HAND_OUT: hand_out, CommandType.TRADE_PRINT: enter_trade_print,
    CommandType.NAME_REQUESTS: name_requests,
    CommandType.NOTE: enter_note, CommandType.BOOK_UNBOOKED: enter_booking,
    CommandType.DISMISS_UNBOOKED: enter_dismissal,
    CommandType.SET_ROUTING: set_routing, CommandType.VENUE_STATISTICS: set_statistics,
    CommandType.VENUE_HEALTH: set_health,
    CommandType.SET_GATE: change_gate, CommandType.SWITCH_GATE: switch_gate,
    CommandType.SET_SELF_MATCH: set_self_match,
    CommandType.ADD_RULE: add_rule, CommandType.RULE_STEPS: add_steps, CommandType.REMOVE_RULE: remove_rule,
    CommandType.SET_SCORER: set_scorer,
}


def apply_command(core: State, c: Any, now: int, timed: bool) -> Any:
    """One command through the core; its ack."""
    core.command_seq += 1
    core.answer_seq = core.events.seq + 1
    refused = move_clock(core, c, now)
    if refused is not None:
        return refused
    ack = run_command(core, c, timed)
    if (core.trimmed or core.groups.news or core.moved or core.parents or core.triggers.fired
            or core.triggers.asks_again or core.risk.pnl.touched or core.risk.strategies.touched
            or core.router.has_turned):
        settle(core, c)
        order = core.orders.by_id.get(ack.order_id)
        if order is not None and ack.report_type == EXECUTION:  # what followed may have been about it
            ack = acknowledge(order)
    if core.asserts and not holds_balance(core, ack.order_id):
        raise AssertionError(f"command {core.command_seq}: holds are not the sum over what works")
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


class Core(Readers):
    """The whole order path over one state: commands in, reports out."""

    def __init__(self, capacity: Capacity) -> None:
        self._state = State(capacity)
        self._turnstile = Turnstile(self._state, apply_command)

    def run(
        self, commands: Records, acks: Records, now: int, timed: bool = False, sealed: bool = False,
        watched: bool = False,
    ) -> int:
        """Run a batch: C-contiguous 128-byte command records in, one ack record each out.

        `now` (ns UTC) stamps what has no transact_time of ours; `timed` fills the stage histograms. Each command is
        copied before it is looked at. A chunk of at most 256 is run, its acks are written, then others get in, and a
        signal's handler may raise: what has run by then is the records whose acks were written. Where it is `sealed`,
        a definition in it is refused, for nobody else would know what it has defined. Where it is `watched`, it stops
        where what the filters of `watch_events` take fills half of the ring. How many records have run.
        Threads: one lock per core; the compiled core waits for it, and runs, without the GIL.
        """
        int64(now)
        demand_batch(commands, COMMAND_SIZE)
        count = len(commands)
        if acks.itemsize != ACK_SIZE or acks.shape != commands.shape or not acks.flags.c_contiguous:
            raise ValueError(f"expected {count} contiguous ack records of {ACK_SIZE} bytes, "
                             f"got shape {acks.shape} of {acks.itemsize} bytes")
        if count == 0:
            return 0
        if acks.ctypes.data % 8:
            raise ValueError(f"acks lie at {acks.ctypes.data:#x}, not a multiple of 8 bytes")
        source, target = commands.view(np.uint8).data, acks.view(np.uint8).data
        if target.readonly:
            raise ValueError("buffer source array is read-only")
        done, sealing = 0, _SEALED if sealed else _OPEN
        while done < count:
            records = bytes(source[done * COMMAND_SIZE : (done + CHUNK) * COMMAND_SIZE])
            ran = self._turnstile.command(self._run_chunk, records, target[done * ACK_SIZE :], now, timed, sealing,
                                          watched)
            if ran.__class__ is Later:  # until then nothing is acknowledged
                ran = min(CHUNK, count - done)
                target[done * ACK_SIZE : (done + ran) * ACK_SIZE] = bytes(ran * ACK_SIZE)
            done += ran
            self._turnstile.give_way()
            if watched and self._state.events.must_be_read():
                break
        return min(done, count)

    def _run_chunk(
        self, records: bytes, target: memoryview, now: int, timed: bool, refused: frozenset[int], watched: bool
    ) -> int:
        """How many of these records have run: all, or as many as have made enough reports."""
        acks, enough = bytearray(), self._state.events.seq + CHUNK_REPORTS
        for at in range(0, len(records), COMMAND_SIZE):
            command = records[at : at + COMMAND_SIZE]
            if command[0] in refused or command[0] in self._turnstile.sealed:
                command = bytes([NO_KIND]) + command[1:]
            ack = self._turnstile.take_command(command, now, timed)
            acks += ACK_CODEC.struct.pack(*ack)
            if self._state.events.seq >= enough or (watched and self._state.events.must_be_read()):
                break
        target[: len(acks)] = acks
        return len(acks) // ACK_SIZE

    def seal_batches(self, kinds: Iterable[int]) -> None:
        """From now on a batch's commands of these kinds are refused, in one that runs too; a command alone is not.
        Nothing of it is in the state. Threads: any; once it returns no batch runs one that it has not begun."""
        self._turnstile.sealed = frozenset(kinds)  # without the lock: who comes from inside of a command has it

    def apply(self, command: bytes, now: int) -> Any:
        """Run one command record; return its ack, and the bytes of the report that answers it (b"": none is held).

        That is the first one after those of the timers that the command's time set off; of a mass cancel, its
        OrderMassCancelReport. Threads: as `run`.
        """
        int64(now)
        open_command(command, HEADER_CODEC)
        answer = self._turnstile.command(self._apply, command, now)
        return (None, answer) if answer.__class__ is Later else answer

    def _apply(self, command: bytes, now: int) -> tuple[Any, bytes]:
        ack = self._turnstile.take_command(command, now)
        reports, lost = self._state.events.read(self._state.answer_seq - 1, 1)
        return ack, b"" if lost else reports.tobytes()  # lost: the command's own later reports overwrote it

    def submit(self, command: bytes, now: int) -> OrderHandle | LaterHandle:
        """Run one NEW_ORDER record; return a handle to the order. Threads: as `run`."""
        int64(now)
        open_command(command, HEADER_CODEC)
        handle: OrderHandle | Later | int = self._turnstile.command(self._submit, command, now)
        if isinstance(handle, Later):
            return LaterHandle(handle)
        return self._hold(handle) if isinstance(handle, int) else handle  # an id that is not held: it raises

    def _submit(self, command: bytes, now: int) -> OrderHandle | int:
        order_id: int = self._turnstile.take_command(command, now).order_id
        if order_id in self._state.orders.by_id or order_id < 1:
            return self._hold(order_id) if order_id > 0 else order_id
        return OrderHandle(self._state.orders, order_id, self._turnstile)  # the command itself evicted it: stale

    def hand_out(self, command: bytes, now: int) -> Records:
        """Run one HAND_OUT record, unless nothing waits; the messages that it hands out. Threads: as `run`."""
        int64(now)
        open_command(command, HEADER_CODEC)
        if self._turnstile.is_inside():  # what it handed out after the command would be lost
            raise RuntimeError("messages can't be handed out inside of a command: take them after it")
        given: list[bytes] = self._turnstile.command(self._hand_out, command, now)
        return np.frombuffer(bytearray(b"".join(given)), OUTBOUND_DTYPE)

    def _hand_out(self, command: bytes, now: int) -> list[bytes]:
        unsent, codec = self._state.orders.unsent, CODECS[CommandType.HAND_OUT]
        given: list[bytes] = []
        c = codec.unpack(command)
        if unsent.messages:
            unsent.reader = given
            self._turnstile.take_command(codec.pack(**{**c._asdict(), "most": min(c.most, len(unsent.messages))}), now)
            unsent.reader = None
        return given

    @property
    def outbound_pending(self) -> int:
        """Messages for external venues that are not handed out."""
        return len(self._state.orders.unsent.messages)

    def is_inside(self) -> bool:
        """Whether this thread is inside of a command or a question: this is a signal's handler, or a finalizer."""
        return self._turnstile.is_inside()

    def hear_later(self, tell: Callable[[], Callable[[], object] | None]) -> None:
        """Whom to tell, by a weak reference, when commands that came inside of another one have run."""
        self._turnstile.after_later = tell

    def watch_events(self, filters: Sequence[Filter], after: int) -> None:
        """From now on these are the filters of reports, also for what came after a number: rows of report types and
        ExecTypes (a bit for each, all bits for any), account and instrument (0: any), at most 64. Threads: any."""
        if len(filters) > FILTERS:
            raise ValueError(f"filters {len(filters)} must be 0 to {FILTERS}")
        self._turnstile.ask_anyway(self._state.events.set_filters, filters, int64(after))

    @property
    def has_wanted(self) -> bool:
        """Whether there are reports that a filter takes and `read_wanted` has not come to. Threads: any; no lock."""
        return self._state.events.wanted_from != 0

    def read_wanted(self, after: int, limit: int) -> tuple[Records, int, int]:
        """Copies of up to `limit` of the reports after a number that a filter takes, how many were overwritten since
        the first of them, and the number that was come to."""
        read: tuple[Records, int, int] = self._turnstile.ask(
            self._state.events.read_wanted, int64(after), int64(limit))
        return read

    def position_lines(self, instrument: int, account: int) -> Records:
        """POSITION_LINE_DTYPE rows of what has a quantity, P&L, a fee or orders that work, copied in one moment;
        instrument 0 is any, account 0 is suspense, -1 any. Threads: any."""
        lines: bytes = self._turnstile.ask(list_positions, self._state, int64(instrument), int64(account))
        return np.frombuffer(bytearray(lines), POSITION_LINE_DTYPE)

    def order_lines(self, instrument: int, account: int) -> Records:
        """ORDER_LINE_DTYPE rows of what is open, oldest first, copied in one moment; instrument or account 0 is any.
        Threads: any."""
        lines: bytes = self._turnstile.ask(list_open, self._state, int64(instrument), int64(account))
        return np.frombuffer(bytearray(lines), ORDER_LINE_DTYPE)

    def book_lines(self, instrument: int, venue: int, levels: int) -> Records:
        """BOOK_LINE_DTYPE rows of what an instrument's book at a venue shows: bids, then asks, in price-time priority,
        up to so many `levels` of a side (0: all), copied in one moment. Raises LookupError. Threads: any."""
        lines: bytes = self._turnstile.ask(self._book_lines, int64(instrument), int64(venue), int64(levels))
        return np.frombuffer(bytearray(lines), BOOK_LINE_DTYPE)

    def _book_lines(self, instrument: int, venue: int, levels: int) -> bytes:
        if instrument not in self._state.instruments or venue not in self._state.router.venues:
            raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
        return list_book(self._state, instrument, venue, levels)

    def plan(self, command: bytes, now: int) -> PlanRow:
        """Where a NEW_ORDER record would go, by which ranking. Changes no state, and asks no risk. Threads: any."""
        int64(now)
        planned: PlanRow = self._turnstile.ask(
            plan_order, self._state, open_command(command, CODECS[CommandType.NEW_ORDER]), now)
        return planned

    def start_tap(self, most: int) -> None:
        """From now on keep what is applied, up to `most` commands (0: none), with the times that stamped them."""
        self._turnstile.ask(self._turnstile.start_tap, int64(most))

    def read_tap(self) -> Records:
        """What was applied since the tap was started or last read, as it was applied: TAP_DTYPE rows.

        Where it was full it has what came before, then raises RuntimeError naming how many it has not: start it again.
        """
        rows: Records = self._turnstile.ask(self._turnstile.read_tap)
        return rows

    def watched(self, order_id: int) -> tuple[int, int, bool]:
        """What an order that waits for a price watches now: (TriggerPriceType, that price or NO_PRICE, whether it waits
        for it to rise). (0, NO_PRICE, False) where it waits for none, or is not held."""
        answer: tuple[int, int, bool] = self._turnstile.ask(copy_watched, self._state, int64(order_id))
        return answer

    def _drill(self, reason: int) -> None:
        """Takes the check of a reason out of risk, 0 none: in builds for tests alone."""
        if not self._state.asserts:
            raise RuntimeError("checks can be taken out only of a build for tests: State.asserts")
        self._state.drilled = int(reason) or -1

    def close(self) -> None:
        """Take no command and answer no question any more: each raises RuntimeError. What reports show is kept until
        the last handle and view are gone. Closing twice does no harm. Threads: any; a batch that runs ends here."""
        self._turnstile.close()

"""The core's time. Only the caller's clock moves it: forwards, and by at most the capacity `clock_step` at once.

A command of ours is stamped by its own transact_time, else by the clock. What a venue or a feed tells is stamped by the
clock alone: its own time is data, and goes into its report. A stamp that is further ahead, or in another unit than ns,
lets no new order and no replace in; whatever else bears one, a cancel, a kill, a limit, is done at the core's time.
ADVANCE_CLOCK takes a longer step. A clock that stands still or goes back moves nothing.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.records import TIME_MAX, VERSION
from tradecore.vocabulary.time_units import find_unit

from .follow_ups import settle
from .health import turn_venues
from .sessions import fire_timers
from .state import ACK_ACCEPTED, State, accept_command, refuse_command

_TOLD = {int(kind) for kind in (CommandType.EXECUTION_REPORT, CommandType.TRADE_CORRECTION, CommandType.CANCEL_REJECT,
                                CommandType.QUOTE, CommandType.MARK, CommandType.TRADE_PRINT,
                                CommandType.CURRENCY_RATE)}
_TIMED = {int(kind) for kind in (CommandType.NEW_ORDER, CommandType.REPLACE, CommandType.CLOCK)}
_EXITS = {int(kind) for kind in (CommandType.CANCEL, CommandType.MASS_CANCEL, CommandType.KILL_SWITCH,
                                 CommandType.TRADING_STATE)}


def stamp_of(c: Any, now: int) -> int:
    """When a command comes, by the caller's clock."""
    told: bool = c.kind in _TOLD
    return now if told or not c.transact_time else int(c.transact_time)


def latest_stamp(core: State, now: int) -> int:
    """The latest time that the clock may step to: from its own time, or, where it never had one, from `now`."""
    since = core.now or (now if 0 < now <= TIME_MAX else TIME_MAX)
    return min(since + core.capacity.clock_step, TIME_MAX)


def find_bad_stamp(core: State, time: int, now: int) -> tuple[Reason, int, int] | None:
    """Why no new order can have a stamp: reason, value and bound."""
    if not 0 <= time <= TIME_MAX or (time < core.now and find_unit(time, core.now)):
        return Reason.INVALID_FIELD_VALUE, time, 24
    latest = latest_stamp(core, now)
    return (Reason.CLOCK_STEP, time, latest) if time > latest else None


def move_clock(core: State, c: Any, now: int) -> Any:
    """Moves the core's time to a command's; the ack of one that is refused for its stamp, else None. A new order or a
    replace that can't have its stamp is refused on its own way, by `core.bad_stamp`."""
    time = stamp_of(c, now)
    bad = find_bad_stamp(core, time, now)
    core.bad_stamp = None
    if bad is None:
        if time > core.now:
            set_time(core, c, time)
        return None
    impossible = not 0 <= time <= TIME_MAX
    if c.kind in _TIMED:
        if not impossible or c.kind != CommandType.NEW_ORDER:  # an order's is a field that validation refuses
            core.bad_stamp = bad
    elif impossible and c.kind not in _TOLD | _EXITS and c.version <= VERSION:
        return refuse_command(core, c, *bad)
    return None


def set_time(core: State, c: Any, time: int) -> None:
    """What is due by then happens."""
    core.now = time
    due = core.timers.next_deadline <= time
    if due:
        fire_timers(core, c)
    if core.router.next_turn <= time:
        turn_venues(core, c)
        due = True
    if due:
        settle(core, c)
        core.answer_seq = core.events.seq + 1


def enter_clock(core: State, c: Any) -> Any:
    """A tick has no report of its own: what it sets off has."""
    return ACK_ACCEPTED if core.bad_stamp is None else refuse_command(core, c, *core.bad_stamp)


def advance_clock(core: State, c: Any) -> Any:
    """A step of any length, told with the time before it."""
    before = core.now
    if not 1 <= c.clock_time <= TIME_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.clock_time, 56)
    if c.clock_time < before:
        return refuse_command(core, c, Reason.CLOCK_STEP, c.clock_time, before)
    set_time(core, c, c.clock_time)
    return accept_command(core, c, c.clock_time, before)

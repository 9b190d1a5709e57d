"""Gaps in a recording that are longer than a core's clock may step: over a holiday the clock is moved on purpose."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..vocabulary.codes import CommandType
from ..vocabulary.records import COMMAND_DTYPES, ORDER_DTYPE, VERSION, as_bytes

Array = Any
_ADVANCE_DTYPE = COMMAND_DTYPES[CommandType.ADVANCE_CLOCK]


class Course(NamedTuple):
    """The clock after each command, and where (`rows`) it must first be moved to which time (`times`)."""

    clock: Array
    rows: list[int]
    times: list[int]


def follow_clock(stamps: Array, step: int) -> Course:
    """The course of a clock that follows `stamps` (ns UTC), by at most `step` at once.

    A longer gap is believed where the next stamp lies beyond it too, and goes up to the earlier of the two: a single
    stamp of another year moves nothing.
    """
    clock = np.maximum.accumulate(stamps)
    if len(stamps) < 2 or np.diff(clock).max() <= step:
        return Course(clock, [], [])
    rows, times, now, seen = [], [], int(stamps[0]), stamps.tolist()
    for row, stamp in enumerate(seen):
        if stamp > now + step and row + 1 < len(seen) and seen[row + 1] > now + step:
            now = min(stamp, seen[row + 1])
            rows.append(row)
            times.append(now)
        if now < stamp <= now + step:
            now = stamp
        clock[row] = now
    return Course(clock, rows, times)


def move_over_gaps(commands: Array, step: int) -> Array:
    """The commands with an ADVANCE_CLOCK before each gap of their stamps that is longer than `step`."""
    course = follow_clock(commands["transact_time"], step)
    if not course.rows:
        return commands
    moves = np.zeros(len(course.rows), _ADVANCE_DTYPE)
    moves["kind"], moves["version"], moves["clock_time"] = CommandType.ADVANCE_CLOCK, VERSION, course.times
    return np.insert(as_bytes(commands), course.rows, as_bytes(moves)).view(ORDER_DTYPE)

"""Breakers: a strategy that executes the same again and again, or is rejected again and again, is disarmed until it is
armed again. They count, and say who is disarmed; what follows from that they leave to others.

An execution is an order's first trade: how many pieces it is filled in is the market's doing. The same is the same
instrument, side and order quantity. Source: RTS 6 Art. 15(3), FIA 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from tradecore.vocabulary.codes import Reason, Rule, Scope

from .rule_rows import LimitRow, LimitRows, find_row

Dealt = tuple[int, int, int]  # instrument, side, the order's quantity
NOTHING_DEALT: Dealt = (0, 0, 0)


@dataclass(slots=True)
class Tripped:
    """A breaker that has disarmed a strategy: the row of limits that it stands in, with what it counted and what it
    allows, and how many names it takes to arm the strategy again, of which the first may have been said."""

    reason: Reason
    row: int
    value: int
    limit: int
    since: int
    names: int
    first: int = 0


class Breakers:
    """The strategies that are disarmed, and of them those whose orders are to be looked at yet."""

    def __init__(self) -> None:
        self.tripped: dict[int, Tripped] = {}
        self.due: set[int] = set()


def breaker_row(rows: LimitRows, strategy: int, rule: int) -> LimitRow | None:
    """The row of a breaker of a strategy; None where none is armed."""
    row = find_row(rows, (Scope.STRATEGY, 0, 0, 0, strategy), rule)
    return None if row is None or row.value < 0 else row


def count_outcomes(row: LimitRow, dealt: Dealt, now: int) -> int:
    """How many a breaker counts since it was last begun anew: rejects, or in its window executions like this one."""
    kept = row.sent - row.day_first
    if row.rule != Rule.REPEATED_EXECUTION:
        return kept
    count = 0
    for time, seen in islice(zip(reversed(row.sent_times), reversed(row.dealt), strict=True), kept):
        if time <= now - row.window_ns:
            break
        count += seen == dealt
    return count


def note_outcome(row: LimitRow, dealt: Dealt, now: int) -> bool:
    """One more. False where a window has more executions than are kept, so that they can't all be compared."""
    most = row.sent_times.maxlen
    overflows = (row.rule == Rule.REPEATED_EXECUTION and row.sent - row.day_first >= (most or 0)
                 and row.sent_times[0] > now - row.window_ns)
    row.sent_times.append(now)
    row.dealt.append(dealt)
    row.sent += 1
    return not overflows


def begin_anew(row: LimitRow | None) -> None:
    """What was counted before does not count any more."""
    if row is not None:
        row.day_first = row.sent


def names_needed(rows: LimitRows, strategy: int) -> int:
    """How many names it takes to arm a strategy again: of its own row and the firm's the larger, and always one."""
    keys = (Scope.FIRM, 0, 0, 0, 0), (Scope.STRATEGY, 0, 0, 0, strategy)
    told = (find_row(rows, key, Rule.REARM_NAMES) for key in keys)
    return max([1, *(row.value for row in told if row is not None)])

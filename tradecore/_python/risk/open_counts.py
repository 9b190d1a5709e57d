"""How many orders are open of each thing that a row of limits may be on. While no row asks nothing is counted; a part
of an order that is worked in parts is none of its own. It refuses nothing.
"""

from __future__ import annotations

from collections import Counter

from tradecore.vocabulary.codes import Scope

from .rule_rows import Key, LimitRow


class OpenCounts:
    """Open orders by target."""

    def __init__(self) -> None:
        self.by_target: Counter[Key] = Counter()
        self.is_kept = False


def count_open(counts: OpenCounts, instrument: int, account: int, strategy: int, sign: int) -> None:
    """One more, or with `sign` -1 one fewer."""
    for key in ((Scope.FIRM, 0, 0, 0, 0), (Scope.ACCOUNT, 0, account, 0, 0), (Scope.INSTRUMENT, instrument, 0, 0, 0),
                (Scope.ACCOUNT_INSTRUMENT, instrument, account, 0, 0), (Scope.STRATEGY, 0, 0, 0, strategy)):
        counts.by_target[key] += sign


def open_of(counts: OpenCounts, row: LimitRow) -> int:
    """How many are open of what a row is on."""
    return counts.by_target[row.key]

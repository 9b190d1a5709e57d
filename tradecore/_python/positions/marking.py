"""Bulk mark-to-market over a ledger's columns, in exact, hybrid or fast precision; every position's P&L is written.

Positions of one instrument lie together: a run. A bound on each run says beforehand whether 64 bits hold every number,
and then products modulo 2**64 are exact on any instruction set; other runs take 128 bits. A missing mark is an error or
is left out and counted, never zero.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tradecore.positions.precision import (
    EXACT,
    FAST,
    HYBRID,
    RUN_COARSE,
    RUN_EXCLUDED,
    RUN_NARROW,
    RUN_WIDE,
    SIMD_WORDS,
    MadeBy,
)
from tradecore.vocabulary.records import NO_PRICE

from ..vocabulary.shell import Records, demand
from .costs import value_of

MADE_BY_FLOAT, MADE_BY_EXACT = int(MadeBy.FLOAT), int(MadeBy.EXACT)


def simd(word: str | None = None) -> str:
    """The instruction set that marking runs on: `word`'s, or TRADECORE_SIMD's where it is None.

    Raises ValueError for an unknown word, and for a set that this machine does not have.
    """
    said = "TRADECORE_SIMD" if word is None else "simd"
    word = os.environ.get("TRADECORE_SIMD", "auto") if word is None else word
    if word not in SIMD_WORDS:
        raise ValueError(f"{said} {word!r} is not one of {', '.join(SIMD_WORDS)}")
    return "python"


def to_float(low: int, high: int) -> float:
    """128 bits as float64: rounded once where 64 bits hold them, else each half and their sum."""
    return float(low) if high == low >> 63 else float(high) * 2.0**64 + float(low % 2**64)


def unrealised_at(qty: int, low: int, high: int, inverse_scale: int, bid: int, ask: int) -> int:
    """Unrealised P&L: a long position is worth the bid, a short one the ask."""
    cost = (high << 64) + low % 2**64
    return value_of(inverse_scale, qty, bid if qty > 0 else ask) - cost if qty else -cost


class Marking:
    """Every position's unrealised P&L at given marks, written into columns of its own.

    `columns` are a `Ledger`'s, `accounts` the width of a run, `inverse_scales` and `float_limits` (int64, float64) one
    number an instrument: up to that |qty x mark| hybrid precision uses float64. `simd` forces an instruction set.
    """

    def __init__(self, columns: tuple[Records, ...], accounts: int, inverse_scales: Records, float_limits: Records,
                 simd: str | None = None) -> None:
        self._simd = globals()["simd"](simd)
        self.qty, self.cost, self.high, _, self.limits, _, _, self.forms, _, _ = columns
        self.runs, self.width = len(self.limits), accounts
        demand("columns", len(self.qty), self.runs * accounts, self.runs * accounts)
        for name, column, dtype in (("inverse_scales", inverse_scales, np.int64),
                                    ("float_limits", float_limits, np.float64)):
            if column.dtype != dtype or column.shape != (self.runs,) or not column.flags.c_contiguous:
                raise ValueError(f"{name} must be contiguous {np.dtype(dtype)} of shape ({self.runs},), "
                                 f"got {column.dtype} of shape {column.shape}")
        self.scales, self.float_limits = inverse_scales, float_limits
        self.low_column, self.high_column = np.zeros(len(self.qty), np.int64), np.zeros(len(self.qty), np.int64)
        self.fast_column, self.made_column = np.zeros(len(self.qty)), np.zeros(len(self.qty), np.uint8)
        self.kind_column, self.unit_column = np.zeros(self.runs, np.uint8), np.zeros(self.runs, np.uint8)

    def mark(self, bids: Any, asks: Any, precision: int = 0, runs: Any = None) -> tuple[int, int]:
        """Write every position's unrealised P&L; return (positions without a mark, positions that float64 made).

        `bids` and `asks` are int64 price units, one an instrument (NO_PRICE: none): a long position is worth the bid, a
        short one the ask; give one array twice to mark both alike. `runs` are the instruments to mark (from 0), all
        where it is None. Nothing is allocated. Threads: one caller at a time.
        """
        demand("precision", precision, EXACT, FAST)
        bid, ask = demand_numbers("bids", bids), demand_numbers("asks", asks)
        count = len(bid)
        if count > self.runs or len(ask) != count:
            raise ValueError(f"bids and asks must have one shape of at most ({self.runs},), "
                             f"got ({count},) and ({len(ask)},)")
        some = range(count) if runs is None else demand_numbers("runs", runs)
        for i, run in enumerate(some):
            demand(f"runs[{i}]", run, 0, count - 1)
        excluded = floats = 0
        for run in some:
            without, made = self._mark_one(run, bid[run], ask[run], precision)
            excluded, floats = excluded + without, floats + made
        return excluded, floats

    def _mark_one(self, run: int, bid: int, ask: int, precision: int) -> tuple[int, int]:
        limit, scale = int(self.limits[run]), int(self.scales[run])
        narrow = -limit <= bid <= limit and -limit <= ask <= limit
        cells = range(run * self.width, (run + 1) * self.width)
        self.unit_column[run] = 0
        if NO_PRICE in (bid, ask):
            self.kind_column[run] = RUN_EXCLUDED
            for at in cells:
                self.low_column[at] = NO_PRICE if self.qty[at] else 0
                if precision == FAST:
                    self.fast_column[at] = np.nan if self.qty[at] else 0.0
            return int(np.count_nonzero(self.qty[cells.start : cells.stop])), 0
        if not narrow and precision != FAST and self._is_coarse(run, bid) and self._is_coarse(run, ask):
            self._mark_coarse(run, bid, ask, precision)
            return 0, 0
        self.kind_column[run] = RUN_NARROW if narrow else RUN_WIDE
        floats = 0
        for at in cells:
            qty, low, high = int(self.qty[at]), int(self.cost[at]), int(self.high[at])
            value = unrealised_at(qty, low, high, scale, bid, ask)
            made_by = MADE_BY_EXACT
            if precision == FAST:
                split, exponent = map(int, self.forms[run])
                paid = to_float(low, high)
                if not narrow and exponent and not split:
                    paid = float(((high << 64) + low % 2**64) // 10**exponent) * float(10**exponent)
                by_float = float(qty) * float(bid if qty > 0 else ask) - paid
                self.fast_column[at] = to_float(_signed(value), value >> 64) if scale else by_float
                floats += not scale
            elif precision == HYBRID and narrow:
                product = float(qty) * float(bid if qty > 0 else ask)
                limit_here = float(self.float_limits[run])
                if -limit_here < product < limit_here and -(2.0**52) < float(low) < 2.0**52:
                    value, made_by = int(product - float(low)), MADE_BY_FLOAT
                    floats += 1
            if precision != FAST or scale:
                self.low_column[at] = _signed(value)
                if not narrow:
                    self.high_column[at] = value >> 64
            if (precision == HYBRID and narrow) or (not narrow and (precision != FAST or scale)):
                self.made_column[at] = made_by
        return 0, floats

    def _is_coarse(self, run: int, mark: int) -> bool:
        """Whether a coarse run's numbers fit 64 bits at this mark: it is then a multiple of the unit."""
        split, exponent = map(int, self.forms[run])
        if split or not exponent or mark % 10**exponent:
            return False
        return abs(mark) <= abs(int(self.limits[run])) * int(10**exponent)

    def _mark_coarse(self, run: int, bid: int, ask: int, precision: int) -> None:
        exponent = int(self.forms[run, 1])
        unit = 10**exponent
        self.kind_column[run], self.unit_column[run] = RUN_COARSE, exponent
        for at in range(run * self.width, (run + 1) * self.width):
            qty, cost = int(self.qty[at]), (int(self.high[at]) << 64) + int(self.cost[at]) % 2**64
            self.low_column[at] = qty * ((bid if qty > 0 else ask) // unit) - cost // unit
            if precision == HYBRID:
                self.made_column[at] = MADE_BY_EXACT

    def totals(self, bids: Any, asks: Any, groups: Any, group_count: int) -> tuple[list[list[int]], int]:
        """([group][account] sums of unrealised amounts, positions left out for want of a mark), exact in 128 bits.

        `groups` says in which group each instrument is summed. Threads: one caller at a time.
        """
        bid, ask = demand_numbers("bids", bids), demand_numbers("asks", asks)
        group, count, left_out = demand_numbers("groups", groups), len(bid), 0
        if count > self.runs or len(ask) != count or len(group) != count:
            raise ValueError(f"bids, asks and groups must have one shape of at most ({self.runs},), "
                             f"got ({count},), ({len(ask)},) and ({len(group)},)")
        demand("group_count", group_count, 1, 65_535)
        for i in range(count):
            demand(f"groups[{i}]", group[i], 0, group_count - 1)
        sums = [[0] * self.width for _ in range(group_count)]
        for run in range(count):
            for a in range(self.width):
                at = run * self.width + a
                qty = int(self.qty[at])
                if NO_PRICE in (bid[run], ask[run]):
                    left_out += qty != 0
                else:
                    sums[group[run]][a] += unrealised_at(qty, int(self.cost[at]), int(self.high[at]),
                                                         int(self.scales[run]), bid[run], ask[run])
        return sums, left_out

    @property
    def simd(self) -> str:
        """The instruction set that this marking runs on."""
        return str(self._simd)

    @property
    def views(self) -> tuple[Records, ...]:
        """(low, high, fast, kinds, made_by, exponents): read-only views of what `mark` writes, without copying.

        `low` is int64 amounts, NO_PRICE where a held position has no mark; where `kinds` of its run is 1 the value is
        high x 2**64 + low (unsigned), where it is 3, low x 10**exponent less the ledger's rest of the position. `fast`
        is float64 amounts, NaN without a mark, of what fast precision wrote. `made_by` is 1 for float64, 2 for
        integers, of what hybrid precision wrote.
        """
        columns = (self.low_column, self.high_column, self.fast_column, self.kind_column, self.made_column,
                   self.unit_column)
        views = tuple(column.view() for column in columns)
        for view in views:
            view.flags.writeable = False
        return views


def _signed(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def demand_numbers(name: str, column: Any) -> list[int]:
    """The numbers of a contiguous int64 column. Raises as a typed memoryview does."""
    if column is None:
        raise TypeError(f"Argument '{name}' must not be None")
    view = memoryview(column)
    if view.format not in ("l", "q") or view.ndim != 1:
        raise ValueError(f"{name} must be a contiguous 1-d array of int64, "
                         f"got {view.ndim} dimensions of {view.format!r}")
    if not view.c_contiguous:
        raise ValueError("ndarray is not C-contiguous")
    return [int(number) for number in view]

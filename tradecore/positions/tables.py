"""Tables over structured arrays: what a core copied in one moment, read as a report. It computes no column before that
column is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.records import NO_PRICE
from ..vocabulary.units import CENTS
from .report_columns import (
    Array,
    Column,
    Decimals,
    Encoded,
    Exact,
    Values,
    Words,
    numbers_of,
    numbers_room,
    wide_rows,
)
from .statement import Statement

Names = dict[str, list[str | None]]


class Computed:
    """A column that is made when it is first looked at."""

    def __init__(self, kind: str, length: int, make: Callable[[], Column]) -> None:
        self.kind: str = kind
        self._length, self._make = length, make
        self._made: Column | None = None

    def __len__(self) -> int:
        return self._length

    def _column(self) -> Column:
        if self._made is None:
            self._made = self._make()
        return self._made

    def values(self, most: int | None = None) -> list[Any]:
        return self._column().values(most)

    def encode(self, name: str) -> Encoded:
        return self._column().encode(name)

    def __reduce__(self) -> Any:
        return _again, (self._column(),)


def _again(column: Column) -> Column:
    return column


class Table(Statement):
    """A report over one structured array, whose columns are made as they are asked for.

    `array` has a row for each of it, in the core's own units and small ids, as it was copied in one moment; `names`
    says what the ids stand for: `names["instrument"][array["instrument"]]`, None at 0. Both are the reader's own.
    As every Statement it is `pandas.DataFrame.from_arrow(table)` or `polars.DataFrame(table)` in one call, a list of
    rows, CSV, and shows itself in a notebook.
    """

    array: np.ndarray[Any, np.dtype[np.void]]
    names: Names

    @classmethod
    def over(
        cls, name: str, array: Array, names: Names, columns: dict[str, tuple[str, Callable[[], Column]]]
    ) -> Table:
        """A table of columns that are made, each of its kind, from the array."""
        made = cls.__new__(cls)
        made.array, made.names = array, names
        made._fill(name, {column: Computed(kind, len(array), make) for column, (kind, make) in columns.items()}, None)
        return made

    def __reduce__(self) -> Any:
        return _made_again, (self.name, self.array, self.names, self._columns)


def _made_again(name: str, array: Array, names: Names, columns: dict[str, Column]) -> Table:
    made = Table.__new__(Table)
    made.array, made.names = array, names
    made._fill(name, columns, None)
    return made


def names_of(directory: Directory) -> Names:
    """What small ids stand for; the first is nobody's."""
    return {"instrument": [None, *directory.symbols.names], "account": [None, *directory.accounts.names],
            "venue": [None, *directory.venues.names], "currency": [None, *directory.currencies.names]}


def words(codes: Array, names: Sequence[str | None]) -> Words:
    """A column of the names of small ids."""
    return Words(codes, names)


def of_instruments(instruments: Sequence[Instrument], value: Callable[[Instrument], int]) -> Array:
    """A number of each instrument, by its id."""
    return np.array([0, *map(value, instruments)], np.int64)


def prices(units: Array, scales: Array, least: Array) -> Decimals:
    """A column of prices: NO_PRICE is none."""
    none = units == NO_PRICE
    return Decimals(np.where(none, 0, units), scales, least, none if none.any() else None)


def wide_rows_of(array: Array, name: str) -> Array:
    """Numbers of 128 bits as a report counts with them: rows of their two words, which stand side by side."""
    place = array.dtype.fields[name][1]  # type: ignore[index]  # a structured array has fields
    whole = np.dtype({"names": [name], "formats": ["V16"], "offsets": [place], "itemsize": array.dtype.itemsize})
    return np.ascontiguousarray(array.view(whole)[name]).view(np.int64).reshape(-1, 2)


def averages(instruments: Sequence[Instrument], of: Array, amounts: Array, lots: Array) -> Column:
    """A column of what each lot cost, of amounts together, as `Instrument.rounded_price`; 0 where there is none."""
    if any(ins.inverse for ins in instruments):
        every = zip(of.tolist(), numbers_of(amounts), lots.tolist(), strict=True)
        return Values("decimal", [mean_price(instruments[i - 1], amount, qty) for i, amount, qty in every])
    made, finer = numbers_room().average(amounts, wide_rows(lots))
    scale = of_instruments(instruments, lambda i: i.price_precision or 0)[of] + finer
    least = np.where(finer > 0, scale, of_instruments(instruments, lambda i: i.tick_decimals)[of])
    return Exact(made, scale, least, cut=True)


def mean_price(instrument: Instrument, amount: int, lots: int) -> Decimal:
    return instrument.rounded_price(instrument.price_ratio(amount, lots) if lots else Fraction(0))


def amounts(array: Array, name: str, factors: Array, scales: Array, none: Array | None = None) -> Column:
    """A column of money: a number of 128 bits times a factor, in units of 10**-scale."""
    rows = wide_rows_of(array, name)
    made = numbers_room().multiply(rows, factors)
    if made is None:
        made = [number * factor for number, factor in zip(numbers_of(rows), factors.tolist(), strict=True)]
    return Exact(made, scales, CENTS, none)


def groups_of(codes: Array, count: int) -> tuple[Array, Array]:
    """The codes that there are, of 0 to `count`, in order, and for each row which of them it has."""
    if count > 8 * len(codes):
        groups, at = np.unique(codes, return_inverse=True)
        return groups, at
    present = np.zeros(count, bool)
    present[codes] = True
    return np.flatnonzero(present), (np.cumsum(present) - 1)[codes]


def sums(array: Array, name: str, groups: Array, count: int) -> list[int]:
    """The sum of numbers of 128 bits of each group, `groups` one a row from 0."""
    rows = wide_rows_of(array, name)
    made = numbers_room().sums(rows, groups, count)
    if made is not None:
        return numbers_of(made)
    totals = [0] * count
    for number, group in zip(numbers_of(rows), groups.tolist(), strict=True):
        totals[group] += number
    return totals

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
from ..vocabulary.units import CENTS, to_decimal
from .report_columns import Array, Column, Decimals, Encoded, Values, Words
from .statement import Statement

Names = dict[str, list[str | None]]
_WORD = 2**63


class Computed:
    """A column that is made when it is first looked at."""

    def __init__(self, kind: str, length: int, make: Callable[[], Column]) -> None:
        self.kind, self._length, self._make = kind, length, make
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


def wide_ints(low: Array, high: Array) -> list[int]:
    """Numbers of 128 bits, from their words."""
    return [(above << 64) + (below % 2**64) for below, above in zip(low.tolist(), high.tolist(), strict=True)]


def mean_price(instrument: Instrument, amount: int, lots: int) -> Decimal:
    """As `Instrument.rounded_price` of the ratio, without making it: an amount over what was traded for it."""
    if lots == 0 or instrument.inverse:
        return instrument.rounded_price(instrument.price_ratio(amount, lots) if lots else Fraction(0))
    units, rest = divmod(amount, lots)
    if rest == 0:
        return instrument.price(units)
    return instrument.rounded_price(instrument.price_ratio(amount, lots))


def amounts(array: Array, name: str, factors: Array, scales: Array, none: Array | None = None) -> Column:
    """A column of money: a number of 128 bits times a factor, in units of 10**-scale, both one a row or for all."""
    low, high = array[name], array[f"{name}_high"]
    most = int(np.max(np.abs(np.where(low == -_WORD, _WORD - 1, low)), initial=0))
    if (high == low >> 63).all() and most * int(np.max(factors, initial=1)) < _WORD:
        return Decimals(low * factors, scales, CENTS, none)
    count = len(array)
    many, fine = np.broadcast_to(factors, count).tolist(), np.broadcast_to(scales, count).tolist()
    found: list[Any] = [to_decimal(number * factor, scale, CENTS)
                        for number, factor, scale in zip(wide_ints(low, high), many, fine, strict=True)]
    for at in [] if none is None else np.flatnonzero(none).tolist():
        found[at] = None
    return Values("decimal", found)

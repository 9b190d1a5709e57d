"""A report's columns: each knows its values, as users read them, and its Arrow buffers. No rows are made for either.

A column that came from the ledger's arrays stays an array: a million rows are handed on at the speed of a few copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

import numpy as np

from .._backend import choose_backend, room_module
from ..vocabulary.units import CENTS, EXACT, to_decimal

Array = np.ndarray[Any, np.dtype[Any]]
# text: str or None; int64: int; decimal: Decimal or None; time: int ns UTC, 0 is none; any: Decimal, str or None, which
# is text in Arrow.
KINDS = ("text", "int64", "decimal", "time", "any")
# Name, Arrow format, nulls, buffers (of decimals 128 bits, or int64), and what numbers stand for: offsets and bytes.
Encoded = tuple[str, str, int, list[Any], tuple[Array, Array] | None]
_DIGITS = 38  # of a decimal128
_WORD = 2**63


def numbers_room() -> Any:
    """What counts whole columns: it needs no ledger, so the backend is the one chosen for all."""
    return room_module(choose_backend().name, "report_numbers")


class Column(Protocol):
    """One column of a report."""

    kind: str

    def __len__(self) -> int: ...

    def values(self, most: int | None = None) -> list[Any]: ...

    def encode(self, name: str) -> Encoded: ...


class Values:
    """A column of Python values."""

    def __init__(self, kind: str, values: Sequence[Any]) -> None:
        assert kind in KINDS
        self.kind, self._values = kind, list(values)

    def __len__(self) -> int:
        return len(self._values)

    def values(self, most: int | None = None) -> list[Any]:
        return self._values[:most]

    def encode(self, name: str) -> Encoded:
        if self.kind in ("text", "any"):
            texts = [None if v is None else plain_text(v) for v in self._values] if self.kind == "any" else self._values
            content, offsets, none = numbers_room().texts(texts)
            return name, "u", int(none.sum()), [_validity(none), offsets, content], None
        none = np.array([v is None or (self.kind == "time" and v == 0) for v in self._values], bool)
        if self.kind == "decimal":
            return _exact_decimals(name, self._values, none)
        numbers = np.array([v or 0 for v in self._values], np.int64)
        return name, "tsn:UTC" if self.kind == "time" else "l", int(none.sum()), [_validity(none), numbers], None


class Numbers:
    """A column of int64: numbers, or times in ns UTC of which 0 is none."""

    def __init__(self, kind: str, numbers: Array) -> None:
        assert kind in ("int64", "time")
        self.kind, self._numbers = kind, np.ascontiguousarray(numbers, np.int64)

    def __len__(self) -> int:
        return len(self._numbers)

    def values(self, most: int | None = None) -> list[Any]:
        found: list[Any] = self._numbers[:most].tolist()
        return found

    def encode(self, name: str) -> Encoded:
        if self.kind == "int64":
            return name, "l", 0, [None, self._numbers], None
        none = self._numbers == 0
        return name, "tsn:UTC", int(none.sum()), [_validity(none), self._numbers], None


class Words:
    """A column of texts that repeat: a code a row, and what each stands for (None: nothing). It stays so in Arrow: a
    dictionary, which pandas, polars and DuckDB call categories."""

    kind = "text"

    def __init__(self, codes: Array, words: Sequence[str | None]) -> None:
        self._words = list(words)
        self._codes = np.ascontiguousarray(codes, np.uint8 if len(self._words) <= 256 else np.int32)

    def __len__(self) -> int:
        return len(self._codes)

    def values(self, most: int | None = None) -> list[Any]:
        return list(map(self._words.__getitem__, self._codes[:most].tolist()))

    def encode(self, name: str) -> Encoded:
        nothing = np.array([word is None for word in self._words] or [True])
        validity, nulls = None, 0
        if nothing.any():
            none = self._codes == np.flatnonzero(nothing)[0] if nothing.sum() == 1 else nothing[self._codes]
            validity, nulls = _validity(none), int(np.count_nonzero(none))
        texts = [(word or "").encode("utf-8") for word in self._words]
        offsets = np.cumsum([0, *map(len, texts)]).astype(np.int32)
        words = offsets, np.frombuffer(b"".join(texts), np.uint8)
        return name, "C" if self._codes.dtype == np.uint8 else "i", nulls, [validity, self._codes], words


class Decimals:
    """A column of whole units of 10**-scale, with `least` decimals where they hold it; both one a row, or one for all.
    Where `none` is true there is nothing. In Arrow they have the finest scale, whatever the values are."""

    kind = "decimal"

    def __init__(self, units: Array, scale: Array | int, least: Array | int = CENTS, none: Array | None = None) -> None:
        self._units, self._none = np.ascontiguousarray(units, np.int64), none
        if isinstance(scale, np.ndarray) and len(scale) and (scale == scale[0]).all():
            scale = int(scale[0])
        self._scale, self._least = scale, np.minimum(least, scale)

    def __len__(self) -> int:
        return len(self._units)

    def values(self, most: int | None = None) -> list[Any]:
        count = len(self._units)
        scales, least = (np.broadcast_to(column, count)[:most].tolist() for column in (self._scale, self._least))
        found: list[Any] = list(map(to_decimal, self._units[:most].tolist(), scales, least))
        for at in [] if self._none is None else np.flatnonzero(self._none[:most]).tolist():
            found[at] = None
        return found

    def encode(self, name: str) -> Encoded:
        units = self._units
        validity, nulls = None, 0
        if self._none is not None and self._none.any():
            validity, nulls, units = _validity(self._none), int(self._none.sum()), np.where(self._none, 0, units)
        scales = self._scale
        if isinstance(scales, np.ndarray):
            most = int(np.max(scales, initial=0))
            up = 10 ** (most - scales)
            if len(units) and int(np.abs(units).max()) * int(up.max()) >= _WORD:
                wide = Exact(wide_rows(units), scales, CENTS, self._none)
                return wide.encode(name)
            scales, units = most, units * up
        return name, f"d:{_DIGITS},{scales}", nulls, [validity, units], None


class Exact:
    """A column of numbers that 64 bits may not hold: rows of two int64 (low, high), or Python's where 38 digits don't
    either; in units of 10**-scale, with `least` decimals where they hold it. Where `none` is true there is nothing.

    In Arrow they have the finest scale. Averages, which are rounded anyway, are `cut` to what 38 digits hold."""

    kind = "decimal"

    def __init__(self, numbers: Array | list[int], scale: Array, least: Array | int = CENTS, none: Array | None = None,
                 *, cut: bool = False) -> None:
        self._numbers, self._scale, self._none, self._cut = numbers, scale, none, cut
        self._least = np.minimum(least, scale)

    def __len__(self) -> int:
        return len(self._numbers)

    def values(self, most: int | None = None) -> list[Any]:
        numbers = self._numbers[:most]
        given = numbers if isinstance(numbers, list) else numbers_of(numbers)
        found: list[Any] = list(map(to_decimal, given, self._scale[:most].tolist(), self._least[:most].tolist()))
        for at in [] if self._none is None else np.flatnonzero(self._none[:most]).tolist():
            found[at] = None
        return found

    def encode(self, name: str) -> Encoded:
        none = np.zeros(len(self), bool) if self._none is None else self._none
        most, made = int(np.max(self._scale, initial=0)), None
        while not isinstance(self._numbers, list) and made is None and most >= 0:
            ups = most - self._scale  # numbers of the ledger and of its money have fewer than 38 digits
            made = numbers_room().shift(self._numbers, ups) if ups.any() else self._numbers
            most -= 1
            if not self._cut:
                break
        if made is None:
            return _exact_decimals(name, self.values(), none)
        return name, f"d:{_DIGITS},{most + 1}", int(none.sum()), [_validity(none), made.view(np.uint8).ravel()], None


def numbers_of(rows: Array) -> list[int]:
    """The numbers of rows of two int64."""
    return [(high << 64) + (low & 2**64 - 1) for low, high in rows.tolist()]


def wide_rows(numbers: Array) -> Array:
    """int64 as rows of two."""
    return np.stack([numbers, numbers >> 63], axis=1)


def _validity(none: Array) -> Array | None:
    return np.packbits(~none, bitorder="little") if none.any() else None


def _exact_decimals(name: str, values: list[Any], none: Array) -> Encoded:
    """All values as 128-bit numbers of one scale: the finest among them."""
    given = [Decimal(0) if value is None else value for value in values]
    scale = max((max(0, -int(value.as_tuple().exponent)) for value in given), default=0)
    units = [int(value.scaleb(scale, EXACT)) for value in given]
    if scale > _DIGITS or any(abs(number) >= 10**_DIGITS for number in units):
        raise ValueError(f"column {name}: {max(given, key=abs)} at {scale} decimals has more than {_DIGITS} digits")
    packed = b"".join(number.to_bytes(16, "little", signed=True) for number in units)
    form = f"d:{_DIGITS},{scale}"
    return name, form, int(none.sum()), [_validity(none), np.frombuffer(packed, np.uint8)], None


def plain_text(value: Any) -> str:
    """All digits of a Decimal, 0.000000001 and not 1E-9; nothing for None."""
    return f"{value:f}" if isinstance(value, Decimal) else "" if value is None else str(value)

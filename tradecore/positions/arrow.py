"""A report's columns as Arrow buffers, and the object that hands them to any reader of the Arrow C stream interface."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from .._backend import choose_backend, room_module
from ..vocabulary.units import EXACT

_DIGITS = 38  # of a decimal128


class ArrowStream:
    """Columns that any reader of the Arrow PyCapsule interface takes: pyarrow, polars, duckdb, pandas."""

    def __init__(self, columns: list[tuple[str, str]], values: list[list[Any]]) -> None:
        self._length = len(values[0]) if values else 0
        self._columns = [_encode(name, kind, column) for (name, kind), column in zip(columns, values, strict=True)]

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A PyCapsule of an ArrowArrayStream. A requested schema is not converted to, as the interface allows."""
        module = room_module(choose_backend().name, "arrow")
        capsule: object = module.stream_columns(self._columns, self._length)
        return capsule


def _encode(name: str, kind: str, values: list[Any]) -> tuple[str, str, int, list[Any]]:
    """(name, Arrow format, nulls, buffers)."""
    none = [value is None or (kind == "time" and value == 0) for value in values]
    validity = np.packbits(~np.array(none, bool), bitorder="little") if any(none) else None
    if kind == "text":
        data = [b"" if value is None else str(value).encode("utf-8") for value in values]
        offsets = np.cumsum([0, *(len(text) for text in data)]).astype(np.int32)
        return name, "u", sum(none), [validity, offsets, np.frombuffer(b"".join(data), np.uint8)]
    if kind == "decimal":
        form, units = _decimals(name, values)
        return name, form, sum(none), [validity, units]
    numbers = np.array([value or 0 for value in values], np.int64)
    return name, "tsn:UTC" if kind == "time" else "l", sum(none), [validity, numbers]


def _decimals(name: str, values: list[Any]) -> tuple[str, Any]:
    """All values as 128-bit numbers of one scale: the finest among them."""
    given = [Decimal(0) if value is None else value for value in values]
    scale = max((max(0, -int(value.as_tuple().exponent)) for value in given), default=0)
    units = [int(value.scaleb(scale, EXACT)) for value in given]
    if scale > _DIGITS or any(abs(number) >= 10**_DIGITS for number in units):
        raise ValueError(f"column {name}: {max(given, key=abs)} at {scale} decimals has more than {_DIGITS} digits")
    packed = b"".join(number.to_bytes(16, "little", signed=True) for number in units)
    return f"d:{_DIGITS},{scale}", np.frombuffer(packed, np.uint8)

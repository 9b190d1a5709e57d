"""A record layout, and what is made of it: a NumPy dtype, and a codec for plain-Python readers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Layout = Sequence[tuple[str, str]]
_CODES = {"u1": "B", "u2": "H", "u4": "I", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u8": "Q", "S64": "64s"}


def make_dtype(
    layout: Layout, size: int, shared: Mapping[str, tuple[str, str]] | None = None
) -> np.dtype[np.void]:
    """The NumPy dtype of a layout; fields without a name leave bytes free; `shared` ones lie where another does."""
    named, at = [], 0
    for name, kind in layout:
        if name:
            named.append((name, kind, at))
        at += int(kind[1:])
    assert at <= size, (layout, at)
    places = {name: offset for name, _, offset in named}
    named += [(name, kind, places[other]) for name, (other, kind) in (shared or {}).items()]
    spec: Any = {"names": [n for n, _, _ in named], "formats": [f"<{k}" if k[0] != "S" else k for _, k, _ in named],
                 "offsets": [offset for _, _, offset in named], "itemsize": size}
    dtype: np.dtype[np.void] = np.dtype(spec)
    return dtype


def struct_format(layout: Layout) -> str:
    """The `struct` format of a layout."""
    return "<" + "".join(_CODES.get(kind, kind[1:] + "x") for _, kind in layout)


class Codec:
    """One record layout as a NamedTuple class and a `struct` format, for plain-Python readers."""

    def __init__(self, name: str, layout: Layout, size: int) -> None:
        used = sum(int(kind[1:]) for _, kind in layout)
        self.struct: struct.Struct = struct.Struct(f"{struct_format(layout)}{size - used}x")
        named = [(n, k) for n, k in layout if n]
        self.fields: tuple[str, ...] = tuple(n for n, _ in named)
        self._texts = tuple(i for i, (_, k) in enumerate(named) if k[0] == "S")
        # Numbers of 128 bits: the low word has the name, the high word the name and `_high`.
        self._wide = [name for name, _ in named if f"{name}_high" in self.fields]
        self._blank: dict[str, int | bytes] = {name: b"" if kind[0] == "S" else 0 for name, kind in named}
        self.tuple_type: Any = NamedTuple(name, [(n, Any) for n in self.fields])  # type: ignore[misc]

    def unpack(self, buffer: bytes | memoryview, offset: int = 0) -> Any:
        """The record at `offset` as a named tuple; texts lose their trailing NULs."""
        values = list(self.struct.unpack_from(buffer, offset))
        for i in self._texts:
            values[i] = values[i].rstrip(b"\0")
        return self.tuple_type._make(values)

    def pack(self, **fields: int | bytes) -> bytes:
        """The record's bytes; fields that are not named are 0. A number of 128 bits is given whole."""
        values = self._blank | fields
        for name in self._wide:
            if f"{name}_high" not in fields:
                number = int(fields.get(name, 0))
                values[name], values[f"{name}_high"] = number % 2**64, number // 2**64
        if len(values) > len(self._blank):
            raise TypeError(f"no such field: {', '.join(sorted(fields.keys() - self._blank.keys()))}")
        return self.struct.pack(*values.values())

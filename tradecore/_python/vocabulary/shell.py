"""What every room needs at its door: bounds that name the value, and records out of bytes. It decides no rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tradecore.vocabulary.layouts import Codec
from tradecore.vocabulary.records import COMMAND_SIZE

Records = np.ndarray[Any, np.dtype[Any]]
INT64_MAX, INT64_MIN = 2**63 - 1, -(2**63)


def demand(name: str, value: int, low: int, high: int) -> None:
    """Refuses an id or a size outside its bounds, naming it."""
    if value < low or value > high:
        raise ValueError(f"{name} {value} must be {low} to {high}")


def demand_power_of_two(name: str, value: int, most: int) -> None:
    demand(name, value, 1, most)
    if value & (value - 1):
        raise ValueError(f"{name} {value} must be a power of two")


def int64(value: int) -> int:
    """The value itself, where 64 bits hold it: a record could carry no other."""
    if not INT64_MIN <= value <= INT64_MAX:
        raise OverflowError("Python int too large to convert to C long")
    return value


def saturate(value: int) -> int:
    """The nearest number that 64 bits hold: for reports, never for a decision."""
    return INT64_MAX if value > INT64_MAX else INT64_MIN if value < INT64_MIN else value


def open_command(command: bytes, codec: Codec) -> Any:
    """A command record's bytes as a named tuple."""
    if not isinstance(command, bytes):
        raise TypeError(f"Argument 'command' has incorrect type (expected bytes, got {type(command).__name__})")
    if len(command) != COMMAND_SIZE:
        raise ValueError(f"a command must be {COMMAND_SIZE} bytes, not {len(command)}")
    return codec.unpack(command)


def demand_batch(array: Records, size: int) -> None:
    """Refuses what is no C-contiguous array of `size`-byte records, naming what was expected."""
    if array.itemsize != size or array.ndim != 1 or not array.flags.c_contiguous:
        raise ValueError(f"expected a C-contiguous 1-d array of {size}-byte records, "
                         f"got shape {array.shape} of {array.itemsize} bytes")


def open_batch(array: Records, codec: Codec) -> Iterator[Any]:
    """The records of a C-contiguous array as named tuples. Raises ValueError naming what was expected."""
    size = codec.struct.size
    demand_batch(array, size)
    buffer = array.tobytes()
    return (codec.unpack(buffer, at) for at in range(0, len(buffer), size))

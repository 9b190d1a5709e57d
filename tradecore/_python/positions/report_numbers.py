"""A report's columns of exact numbers, each 128 bits as two int64 (low, high) of a row: what turns amounts into money,
averages and one scale. Where a number has more than 38 digits there is no column: None, and the caller counts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .costs import round_half_even
from .holdings import halves

Array = np.ndarray[Any, np.dtype[Any]]
AVERAGE_DIGITS = 28  # of an average that has no end: a Decimal's by default
MOST = 10**38


def numbers_of(rows: Array) -> list[int]:
    """The numbers of rows of two int64."""
    return [int((high << 64) + low % 2**64) for low, high in rows.tolist()]


def rows_of(numbers: Iterable[int]) -> Array | None:
    """Numbers as rows of two int64; None where one has more than 38 digits."""
    given = list(numbers)
    if any(abs(number) >= MOST for number in given):
        return None
    return np.array([halves(number) for number in given], np.int64).reshape(-1, 2)


def shift_number(a: int, up: int) -> int:
    """A number in units of which 10**up are one of its own; where that is fewer than one, rounded half to even."""
    return a * int(10**up) if up >= 0 else round_half_even(a, 10**-up)


def add_number(a: int, b: int) -> int:
    """The sum of two numbers below 2**126; one of none such has more than 38 digits."""
    return a + b if all(-(2**126) <= number < 2**126 for number in (a, b)) else MOST


def average_number(amount: int, over: int) -> tuple[int, int]:
    """What one of `over` units cost, of `amount` together: exactly, or in AVERAGE_DIGITS digits, half to even; and how
    many decimals finer than a price unit the number is."""
    whole, by, finer = abs(amount), abs(over), 0
    digits = len(str(whole // by)) if whole >= by else 0
    if whole % by:
        while digits < AVERAGE_DIGITS and whole * 10**finer % by:
            finer += 1
            digits = len(str(whole * 10**finer // by)) if whole * 10**finer >= by else 0
    found = round_half_even(whole * 10**finer, by)
    while finer and found % 10 == 0:
        found, finer = found // 10, finer - 1
    return (-found if (amount < 0) != (over < 0) else found), finer


def multiply_number(a: int, factor: int) -> int:
    """A number times a factor."""
    return a * factor


def each(rows: Array, column: Array, step: Callable[[int, int], int]) -> Array | None:
    """Each number and its word through one step, or None where a result has no room."""
    return rows_of(step(a, word) for a, word in zip(numbers_of(rows), column.tolist(), strict=True))


def multiply(rows: Array, factors: Array) -> Array | None:
    """Each number times its factor, or None. Threads: any; without the GIL."""
    return each(rows, factors, multiply_number)


def shift(rows: Array, ups: Array) -> Array | None:
    """Each number in units of which 10**up are one of its own, rounded half to even where up is below 0, or None.
    Threads: any; without the GIL."""
    return each(rows, ups, shift_number)


def add(rows: Array, others: Array) -> Array | None:
    """The sum of each two numbers, or None. Threads: any; without the GIL."""
    return rows_of(add_number(a, b) for a, b in zip(numbers_of(rows), numbers_of(others), strict=True))


def average(amounts: Array, overs: Array) -> tuple[Array, Array]:
    """What one of each `overs` cost, of `amounts` together (0 of none): the numbers, and how many decimals finer than a
    price unit each is; exact, or in 28 digits, half to even. Threads: any; without the GIL."""
    both = [average_number(a, over) if over else (0, 0)
            for a, over in zip(numbers_of(amounts), numbers_of(overs), strict=True)]
    made = rows_of(number for number, _ in both)
    assert made is not None  # it has the amount's digits, or 28
    return made, np.array([finer for _, finer in both], np.int64)


def sums(rows: Array, groups: Array, group_count: int) -> Array | None:
    """The sum of the numbers of each group, `groups` one a row from 0, or None. Threads: any; without the GIL."""
    totals = [0] * group_count
    for number, group in zip(numbers_of(rows), groups.tolist(), strict=True):
        totals[group] = add_number(totals[group], number)
    return rows_of(totals)


def texts(given: list[str | None]) -> tuple[Array, Array, Array]:
    """(bytes, int32 offsets, bools of the None) of texts as UTF-8. Raises OverflowError beyond 2**31 bytes."""
    data = [b"" if text is None else text.encode() for text in given]
    ends = np.cumsum([0, *map(len, data)])
    if ends[-1] >= 2**31:
        raise OverflowError(f"the texts of a column have {ends[-1]} bytes and more, beyond {2**31 - 1}")
    none = np.array([text is None for text in given], bool)
    return np.frombuffer(b"".join(data), np.uint8), ends.astype(np.int32), none

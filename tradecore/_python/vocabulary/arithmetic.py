"""The integer rules of the core, one by one: for tests, and for whoever wants to book as the core books."""

from __future__ import annotations


def _door(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not -(2**63) <= value < 2**63:
        raise OverflowError(f"{name} {value} is beyond 64 bits")
    return value


def _divisor(value: object) -> int:
    b = _door(value, "divisor")
    if b < 1:
        raise ValueError(f"divisor {b} must be positive")
    return b


def take_int64(value: object) -> int:
    """An int of 64 bits as it is. TypeError for floats, bools, texts and None; OverflowError beyond 64 bits."""
    return _door(value, "value")


def floor_div(a: int, b: int) -> int:
    """Quotient towards minus infinity; the divisor must be positive."""
    return _door(a, "a") // _divisor(b)


def floor_mod(a: int, b: int) -> int:
    """Remainder that goes with `floor_div`: never negative."""
    return _door(a, "a") % _divisor(b)


def multiply(a: int, b: int) -> int:
    """Product in 128 bits."""
    return _door(a, "a") * _door(b, "b")


def round_half_even(a: int, b: int) -> int:
    """Nearest whole number of a / b, ties to even; the divisor must be positive."""
    quotient, rest = divmod(_door(a, "a"), _divisor(b))
    twice = 2 * rest
    return quotient + (twice > b or (twice == b and quotient % 2 == 1))

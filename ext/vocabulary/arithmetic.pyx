# cython: language_level=3, cdivision=True
"""The integer rules of the core, one by one: for tests, and for whoever wants to book as the core books."""

from cpython.long cimport PyLong_AsLongLong, PyLong_Check
from cpython.bool cimport PyBool_Check
from records cimport *
from shell cimport wide


cdef int64_t door(object value, object name) except? -1:
    if not PyLong_Check(value) or PyBool_Check(value):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return PyLong_AsLongLong(value)                    # OverflowError beyond 64 bits


cdef int64_t divisor(object value) except? -1:
    cdef int64_t b = door(value, "divisor")
    if b < 1:
        raise ValueError(f"divisor {b} must be positive")
    return b


def take_int64(value):
    """An int of 64 bits as it is. TypeError for floats, bools, texts and None; OverflowError beyond 64 bits."""
    return door(value, "value")


def floor_div(a, b):
    """Quotient towards minus infinity; the divisor must be positive."""
    return tc_floor_div(door(a, "a"), divisor(b))


def floor_mod(a, b):
    """Remainder that goes with `floor_div`: never negative."""
    return tc_floor_mod(door(a, "a"), divisor(b))


def multiply(a, b):
    """Product in 128 bits."""
    return wide(tc_wide(door(a, "a"), door(b, "b")))


def round_half_even(a, b):
    """Nearest whole number of a / b, ties to even; the divisor must be positive."""
    return wide(tc_round_half_even(door(a, "a"), divisor(b)))

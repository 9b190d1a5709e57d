"""Where C and Python differ on the same line: each trap, in both backends."""

from fractions import Fraction

import pytest

from tradecore._native import arithmetic as native
from tradecore._python.vocabulary import arithmetic as python


@pytest.fixture(params=[native, python], ids=["native", "python"])
def arithmetic(request):
    return request.param


@pytest.mark.parametrize("value", [1.5, 1.0, "1", None, True, 2**63, -(2**63) - 1, float("nan"), float("inf")])
def test_a_door_takes_integers_only(arithmetic, value):
    """`cdef int64_t q = 1.5` is 1 without a word: the door refuses what is no int of 64 bits."""
    with pytest.raises((TypeError, OverflowError)):
        arithmetic.take_int64(value)


@pytest.mark.parametrize(("a", "b", "quotient", "remainder"), [
    (7, 2, 3, 1), (-7, 2, -4, 1), (6, 2, 3, 0), (-6, 2, -3, 0), (-1, 10**14, -1, 10**14 - 1), (0, 5, 0, 0),
    (-(2**63), 1, -(2**63), 0), (2**63 - 1, 2, 2**62 - 1, 1),
])
def test_division_goes_towards_minus_infinity(arithmetic, a, b, quotient, remainder):
    """`-7 // 2` under cdivision is -3."""
    assert (arithmetic.floor_div(a, b), arithmetic.floor_mod(a, b)) == (quotient, remainder)


@pytest.mark.parametrize(("a", "b"), [(2**62, 4), (-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1), (10**14, 10**14)])
def test_products_have_128_bits(arithmetic, a, b):
    """`2**62 * 4` in 64 bits is 0."""
    assert arithmetic.multiply(a, b) == a * b


@pytest.mark.parametrize(("a", "b", "rounded"), [
    (5, 10, 0), (15, 10, 2), (25, 10, 2), (-5, 10, 0), (-15, 10, -2), (14, 10, 1), (16, 10, 2), (-16, 10, -2),
    (2**62 + 1, 2, 2**61), (2**62 + 3, 2, 2**61 + 2),
])
def test_money_rounds_half_to_even(arithmetic, a, b, rounded):
    assert arithmetic.round_half_even(a, b) == rounded


@pytest.mark.parametrize("a", [edge + step * near for edge, step in ((-(2**63), 1), (2**63 - 1, -1)) for near in range(4)])
@pytest.mark.parametrize("b", [1, 2, 3, 10**10, 2**62, 2**62 + 1, 2**63 - 2, 2**63 - 1])
def test_the_bounds_round_as_fractions_do(arithmetic, a, b):
    """The quotient's product lies below 64 bits there, and twice the remainder above."""
    assert arithmetic.round_half_even(a, b) == round(Fraction(a, b))
    assert (arithmetic.floor_div(a, b), arithmetic.floor_mod(a, b)) == divmod(a, b)


@pytest.mark.parametrize("divide", ["floor_div", "floor_mod", "round_half_even"])
@pytest.mark.parametrize("divisor", [0, -1, -(2**63)])
def test_a_divisor_that_is_not_positive_is_refused(arithmetic, divide, divisor):
    """`x // 0` inside `noexcept nogil` prints a warning and returns 0."""
    with pytest.raises(ValueError, match="divisor"):
        getattr(arithmetic, divide)(1, divisor)

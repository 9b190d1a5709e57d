"""Exact conversions between a user's numbers and the core's integers, and the checks of plain values.

A number is never rounded on the way in: what is not a whole number of units is refused.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any

from .records import LIMIT_MAX, LIMIT_OFF, LIMIT_PRECISION, TIME_MAX
from .scalars import demand_plain, plain

Number = str | int | Decimal | float  # NumPy's scalars too: see scalars.plain
NUMBERS = (str, int, Decimal, float)
MONEY_PRECISION = 9  # decimals of a currency's money unit where it does not say otherwise; of venues' fees per unit
MONEY_PRECISION_MAX = 12
CENTS = 2  # the decimals of money that people write, where they hold it
CASH_ORDER_PRECISION = 6  # of a cash_order_qty
AMOUNT_PRECISION_MAX = 18
PRICE_DIGITS, PRICE_PRECISION_MOST = 6, 10  # finer than the tick by default, up to so many decimals
INVERSE_SCALE_MAX = 10**23  # with QTY_MAX: an inverse trade's value at the price 1 is at most 10**37
INVERSE_PRECISION = 12  # decimals of an inverse contract's amounts, in its own currency
# 10**16 units times 10**16 quantity units has 32 digits; the default context's 28 would round exact money.
EXACT = Context(prec=60)
_TOLD = Context(prec=1_000)  # a number of more digits is rounded there before it is rounded to its unit
WORD = 2**64
BEYOND = 10**37  # what no exposure, and no ratio, can be: one that can't be told
_PLAIN, _DIGITS = 2**61, 2**57  # what `tell_wide` tells as it is, and the digits that it keeps of more


def whole_units(value: Any, precision: int, name: str, bound: int, *, low: int | None = None) -> int:
    """`value` as a whole number of 10**-precision, exactly.

    A float is the shortest decimal that names it, as Python prints it: the number that was written. A NumPy scalar is a
    number like any other (see `scalars.plain`). Raises TypeError for other types (bools too), ValueError naming field,
    value and bound for NaN, infinities, and what does not fit.
    """
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        value = demand_plain(value, NUMBERS, name, "str, int, Decimal or float")
    units: int = value * 10**precision if isinstance(value, int) else _exact(value, precision, name)
    low = -bound if low is None else low
    if not low <= units <= bound:
        bounds = f"{to_decimal(low, precision):f} to {to_decimal(bound, precision):f}"
        raise ValueError(f"{name} {show(value)} is outside {bounds}")
    return units


def round_told(value: Any, precision: int, name: str, bound: int) -> tuple[int, int, bool] | None:
    """A number as the world said it, in units of 10**-precision: rounded down, and half to even, and whether it is a
    whole number of them; None where it is no number or beyond the bound. Raises TypeError for what is no Number."""
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        value = demand_plain(value, NUMBERS, name, "str, int, Decimal or float")
    try:
        units = whole_units(value, precision, name, bound)
    except ValueError:
        pass
    else:
        return units, units, True
    try:
        number = _decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= 40:
        return None
    if number.adjusted() < -400:  # before scaling: '1e-999999999' must cost nothing
        return -int(number < 0), 0, False
    scaled = number.scaleb(precision, _TOLD)
    down, near = int(scaled.to_integral_value(ROUND_FLOOR)), int(scaled.to_integral_value(ROUND_HALF_EVEN))
    return (down, near, False) if -bound <= down and near <= bound else None


def show(value: object) -> str:
    """A value as an error quotes it: never thousands of digits."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"(an int of {value.bit_length()} bits)"
    text = str(value) if isinstance(value, Decimal) else repr(plain(value))
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


def _decimal(value: Number) -> Decimal:
    """A number as it is written, a float as the shortest decimal that names it."""
    return Decimal(repr(float(value)) if isinstance(value, float) else value)


def _exact(value: str | Decimal | float, precision: int, name: str) -> int:
    try:
        number = _decimal(value)
    except InvalidOperation:
        raise ValueError(f"{name} {show(value)} is not a decimal number") from None
    if not number.is_finite():
        raise ValueError(f"{name} must be finite, not {show(value)}")
    if number and not -400 < number.adjusted() < 40:  # before scaling: '1e999999999' must cost nothing
        raise ValueError(f"{name} {show(value)} is out of range")
    if (digits := len(number.as_tuple().digits)) > 60:
        number = number.normalize(Context(prec=digits))  # but for zeros at its end
    if len(number.as_tuple().digits) > 60:
        raise ValueError(f"{name} {show(value)} has more than 60 digits")
    scaled = number.scaleb(precision, EXACT)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"{name} {show(value)} is not a multiple of {to_decimal(1, precision):f}")
    return units


def read_number(value: Any) -> Decimal | None:
    """A finite number of at most 40 digits exactly as it is written, a float by its shortest decimal; else None."""
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        value = demand_plain(value, NUMBERS, "value", "str, int, Decimal or float")
    try:
        number = _decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > 40 or (number and not -60 < number.adjusted() < 40):
        return None
    return number


def to_decimal(units: int, precision: int, least: int | None = None) -> Decimal:
    """Whole units of 10**-precision as an exact Decimal, of `least` decimals where they hold it. Nothing at all is a
    plain 0 where it would print as 0E-9."""
    if least is not None and precision > least:
        short, rest = divmod(units, 10 ** (precision - least))
        if not rest:
            return Decimal(short).scaleb(-least, EXACT)
    return Decimal(units).scaleb(-precision, EXACT) if units or precision < 7 else Decimal(0)


def exact_sum(*values: Decimal) -> Decimal:
    """A sum of money without rounding."""
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def check_int(value: Any, name: str, low: int, high: int = 2**63 - 1) -> int:
    """An int within its bounds. Raises TypeError or ValueError naming it."""
    if isinstance(value, bool) or not isinstance(value, int):
        value = demand_plain(value, (int,), name, "an int")
    if not low <= value <= high:
        raise ValueError(f"{name} {show(value)} must be {low} to {high}")
    number: int = value
    return number


def check_time(value: int | None, name: str = "transact_time") -> int:
    """A time in ns UTC, or 0 where none is given. Raises TypeError or ValueError naming it."""
    return 0 if value is None else check_int(value, name, 1, TIME_MAX)


def check_bool(value: object, name: str) -> bool:
    """True or False, and nothing that merely counts as such. Raises TypeError naming it."""
    if not isinstance(value, bool):
        kind = type(value)  # NumPy's are called bool too
        raise TypeError(f"{name} must be a bool, not {'numpy.' * (kind.__module__ == 'numpy')}{kind.__name__}")
    return value


def limit_units(value: Number | None, name: str) -> int:
    """A non-negative limit, of a quantity or of money, in 10**-9; None is LIMIT_OFF."""
    return LIMIT_OFF if value is None else whole_units(value, LIMIT_PRECISION, name, LIMIT_MAX, low=0)


def one_number(low: int, high: int) -> int:
    """The number of 128 bits in two words of a record; the low one may have been read as signed."""
    return high * WORD + low % WORD


def tell_wide(value: int, up: bool) -> int:
    """A number of up to 128 bits in the 64 of a report: itself up to 2**61, or negative; more as 17 digits and a power
    of ten, rounded up or down. For reports, never for a decision."""
    if value < _PLAIN:
        return max(value, 1 - 2**63)
    power = 0
    while value >= _DIGITS:
        value, rest = divmod(value, 10)
        value += up and rest > 0
        power += 1
    return 2**62 | power << 57 | value


def read_told(word: int) -> int:
    """What `tell_wide` told."""
    return word % _DIGITS * 10 ** (word >> 57 & 31) if word >> 62 == 1 else word


def decimals_of(value: Number, name: str) -> int:
    """How many decimals a step like '0.25' needs; also refuses what is no number."""
    for digits in range(13):
        try:
            whole_units(value, digits, name, 10**30)
        except ValueError as error:
            if "not a multiple" not in str(error):
                raise
        else:
            return digits
    raise ValueError(f"{name} {show(value)} has more than 12 decimals")


def demand_type(value: object, kind: type | tuple[type, ...], name: str) -> None:
    """Raises TypeError, naming the argument and the types, for what is none of them."""
    if not isinstance(value, kind):
        kinds = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise TypeError(f"{name} must be a {kinds}, not {type(value).__name__}")

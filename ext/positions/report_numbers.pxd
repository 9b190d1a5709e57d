# The exact numbers of a report's columns, a million at a time: amounts as money, averages, and all of one scale.

from records cimport *


cdef enum:
    AVERAGE_DIGITS = 28            # of an average that has no end: a Decimal's by default


# Only in C: 128 bits.
cdef inline bint is_beyond(tc_i128 a) noexcept nogil:
    return a >= tc_power_of_ten(38) or a <= -tc_power_of_ten(38)


# A number times a factor; true where that has more than the 38 digits of a report's number.
cdef inline bint multiply_number(tc_i128 a, int64_t factor, tc_i128* out) noexcept nogil:
    return tc_mul_overflows(a, factor, out) or is_beyond(out[0])


# A number in units of which 10**up are one of its own; where that is fewer than one, rounded half to even.
cdef inline bint shift_number(tc_i128 a, int64_t up, tc_i128* out) noexcept nogil:
    out[0] = a
    if up < -37:                       # the rounding's own numbers have no room: it is 0, or the nearest to it
        out[0] = tc_sign(tc_high(a)) * (up == -38 and tc_abs_wide(a) > 5 * tc_power_of_ten(37))
    elif up < 0:
        out[0] = tc_round_half_even(a, tc_power_of_ten(<int>-up))
    while up > 0 and a != 0:
        if tc_mul_overflows(out[0], tc_ten_to(<int>min(up, 18)), out):
            return True
        up -= 18
    return is_beyond(out[0])


# The sum of two numbers below 2**126.
cdef inline bint add_number(tc_i128 a, tc_i128 b, tc_i128* out) noexcept nogil:
    cdef uint64_t quarter = <uint64_t>1 << 62
    if (<uint64_t>tc_high(a) + quarter | <uint64_t>tc_high(b) + quarter) >> 63:
        return True
    out[0] = a + b
    return is_beyond(out[0])


# Only in C: numbers have any length in Python.
cdef inline int digits_in(tc_i128 a) noexcept nogil:
    cdef int count = 0
    while count < 38 and a >= tc_power_of_ten(count):
        count += 1
    return count


# What one of `over` units cost, of `amount` together: exactly, or in DIGITS digits, half to even. Gives how many
# decimals finer than a price unit the number is.
cdef inline int64_t average_number(tc_i128 amount, tc_i128 over, tc_i128* out) noexcept nogil:
    cdef bint is_negative = (amount < 0) != (over < 0)
    cdef tc_i128 whole = tc_abs_wide(amount), by = tc_abs_wide(over), found, rest, part
    cdef int digits, step
    cdef int64_t finer = 0
    found = tc_floor_div_wide(whole, by)
    rest = whole - found * by
    digits = digits_in(found)
    while rest != 0 and digits < AVERAGE_DIGITS:
        step = 1                       # a divisor beyond 64 bits, or a leading 0: digit by digit
        if digits and by == <int64_t>by:
            step = min(AVERAGE_DIGITS - digits, 18)
        rest = rest * tc_ten_to(step)
        part = tc_floor_div_wide(rest, by)
        rest = rest - part * by
        found = found * tc_ten_to(step) + part
        finer += step
        digits = digits + step if digits else digits_in(part)
    if rest != 0:
        found = found + (1 if 2 * rest > by or (2 * rest == by and found & 1) else 0)
    while finer > 0 and found == tc_floor_div_wide(found, 10) * 10:
        found = tc_floor_div_wide(found, 10)
        finer -= 1
    out[0] = -found if is_negative else found
    return finer

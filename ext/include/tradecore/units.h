/* A user's decimals into units of 10**-precision and back, exactly. What these do not know is read in Python. */
#ifndef TRADECORE_UNITS_H
#define TRADECORE_UNITS_H

#include <stdint.h>
#include <stdbool.h>
#include "tradecore/arith.h"

enum { TC_DIGITS_MAX = 18, TC_LETTERS_MAX = 40 };  /* of a text: what 64 bits hold whatever the digits are */

/* The digits from one place of a text on, behind what was read before: where they end. */
static inline int64_t tc_read_digits(const char *text, int64_t at, int64_t size, uint64_t *number) {
    for (; at < size; at++) {
        unsigned digit = (unsigned char)text[at] - (unsigned)'0';
        if (digit > 9) break;
        *number = *number * 10 + digit;
    }
    return at;
}

/* The number that a text is, within a bound. False for spaces, exponents, more digits, and no whole number of units. */
static inline bool tc_read_decimal(const char *text, int64_t size, int precision, int64_t bound, int64_t *units) {
    bool negative = size > 0 && text[0] == '-';
    int64_t start = negative, point, at, decimals = 0, scaled;
    uint64_t number = 0;
    if (size > TC_LETTERS_MAX) return false;
    point = at = tc_read_digits(text, start, size, &number);
    if (at < size && text[at] == '.') {
        at = tc_read_digits(text, at + 1, size, &number);
        decimals = at - point - 1;
    }
    int64_t digits = point - start + decimals;
    if (at != size || digits == 0 || digits > TC_DIGITS_MAX) return false;
    for (; decimals > precision; decimals--) {
        if (number % 10) return false;
        number /= 10;
    }
    if (__builtin_mul_overflow((int64_t)number, tc_ten_to(precision - (int)decimals), &scaled) || scaled > bound) return false;
    *units = negative ? -scaled : scaled;
    return true;
}

/* A float is a number of units where it is the nearest float to it. Below 2**52 floats are less than a unit apart, so it
   is the nearest to one number alone, and the quotient is rounded right; others are read in Python, by their digits. */
static inline bool tc_read_float(double value, int precision, int64_t bound, int64_t *units) {
    double scale = (double)tc_ten_to(precision), scaled = value * scale;
    if (!(scaled > -4503599627370496.0 && scaled < 4503599627370496.0)) return false;  /* NaN too */
    int64_t number = (int64_t)(scaled + (scaled >= 0 ? 0.5 : -0.5));
    if (number > bound || number < -bound || (double)number / scale != value) return false;
    *units = number;
    return true;
}

#define tc_read_python_float(value, precision, bound, units) \
    tc_read_float(PyFloat_AS_DOUBLE(value), precision, bound, units)

/* A whole number as units, within a bound. */
static inline bool tc_read_whole(int64_t number, int precision, int64_t bound, int64_t *units) {
    int64_t scaled;
    if (__builtin_mul_overflow(number, tc_ten_to(precision), &scaled) || scaled > bound || scaled < -bound) return false;
    *units = scaled;
    return true;
}

/* The letters of units, in `least` decimals where they hold it, into the end of a buffer; how many. */
static inline int tc_write_units(int64_t units, int precision, int least, char letters[TC_LETTERS_MAX]) {
    uint64_t number = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    char *at = letters + TC_LETTERS_MAX;
    if (precision > least && number % (uint64_t)tc_ten_to(precision - least) == 0) {
        number /= (uint64_t)tc_ten_to(precision - least);
        precision = least;
    } else if (number == 0 && precision >= 7) {  /* it would print as 0E-9 */
        precision = 0;
    }
    for (int i = 0; i < precision; i++, number /= 10) *--at = (char)('0' + number % 10);
    if (precision) *--at = '.';
    do *--at = (char)('0' + number % 10); while (number /= 10);
    if (units < 0) *--at = '-';
    return (int)(letters + TC_LETTERS_MAX - at);
}

#endif

# A user's numbers into the core's integers and back, exactly: the fast half of vocabulary/units.py. Called with the GIL.
# It decides only whether a number is one that it can read; what it can't is read, or refused with a reason, in Python.
# Only in C: Python's own objects, and a text's digits.

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_CheckExact
from instrument cimport *

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL
    object PyUnicode_FromStringAndSize(const char* letters, Py_ssize_t size)
    object PyObject_CallOneArg(object called, object argument)
    object PyObject_Str(object value)
    PyObject* Py_TYPE(object value)

cdef enum:
    DIGITS_MAX = 18                # of a text: what 64 bits hold whatever they are
    LETTERS_MAX = 40


# The decimal number that a text is, in units of 10**-precision within a bound. False for what it does not know: spaces,
# exponents, more digits than 64 bits hold, no whole number of units.
cdef inline bint read_decimal(
    const char* text, Py_ssize_t size, int precision, int64_t bound, int64_t* units
) noexcept nogil:
    cdef Py_ssize_t at = 0
    cdef int64_t number = 0, scale
    cdef int digits = 0, decimals = 0
    cdef bint negative = size > 0 and text[0] == 0x2D, point = False
    cdef unsigned char digit
    if negative:
        at = 1
    if size > LETTERS_MAX:
        return False
    while at < size:
        digit = <unsigned char>(text[at] - 0x30)
        at += 1
        if digit <= 9:
            number = number * 10 + digit
            digits += 1
            decimals += point
            if digits > DIGITS_MAX:
                return False
        elif digit == 0xFE and not point:              # 0x2E is a point
            point = True
        else:
            return False
    if digits == 0:
        return False
    while decimals > precision:
        if number % 10:
            return False
        number //= 10
        decimals -= 1
    scale = power_of_ten(precision - decimals)
    if number > bound // scale:
        return False
    units[0] = -number * scale if negative else number * scale
    return True


# A float is a number of units where it is the nearest float to it: below 2**53 the quotient is rounded right.
cdef inline bint read_float(double value, int precision, int64_t bound, int64_t* units) noexcept nogil:
    cdef double scale = <double>power_of_ten(precision), scaled = value * scale
    cdef int64_t number
    if not -9007199254740992.0 < scaled < 9007199254740992.0:      # NaN too
        return False
    number = <int64_t>(scaled + (0.5 if scaled >= 0 else -0.5))
    if number > bound or number < -bound or <double>number / scale != value:
        return False
    units[0] = number
    return True


# The types that are compared by address.
cdef struct tc_number_types:
    PyObject* decimal
    PyObject* int64
    PyObject* float64


# int, str, float, Decimal, and NumPy's int64 and float64, as a whole number of 10**-precision within a bound.
cdef inline bint read_units(
    object value, const tc_number_types types, int precision, int64_t bound, int64_t* units
) except -1:
    cdef Py_ssize_t size = 0
    cdef const char* text
    cdef int overflow = 0
    cdef int64_t number, scale
    cdef PyObject* kind
    if PyUnicode_CheckExact(value):
        text = PyUnicode_AsUTF8AndSize(value, &size)
        return read_decimal(text, size, precision, bound, units)
    if PyFloat_CheckExact(value):
        return read_float(PyFloat_AS_DOUBLE(value), precision, bound, units)
    kind = Py_TYPE(value)
    if kind == types.decimal:
        value = PyObject_Str(value)
        text = PyUnicode_AsUTF8AndSize(value, &size)
        return read_decimal(text, size, precision, bound, units)
    if kind == types.float64:
        return read_float(<double>value, precision, bound, units)
    if not PyLong_CheckExact(value):
        if kind != types.int64:
            return False
        value = int(value)
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    scale = power_of_ten(precision)
    if overflow or number > bound // scale or number < -(bound // scale):
        return False
    units[0] = number * scale
    return True


# Units of 10**-precision as a Decimal, in `least` decimals where they hold it; as to_decimal() in Python.
cdef inline object tell_units(object decimal, int64_t units, int precision, int least):
    cdef char letters[LETTERS_MAX]
    cdef int at = LETTERS_MAX, decimals = 0
    cdef uint64_t number = <uint64_t>0 - <uint64_t>units if units < 0 else <uint64_t>units
    if precision > least and number % <uint64_t>power_of_ten(precision - least) == 0:
        number //= <uint64_t>power_of_ten(precision - least)
        precision = least
    elif number == 0 and precision >= 7:               # it would print as 0E-9
        precision = 0
    while number or decimals <= precision:
        if decimals == precision and decimals:
            at -= 1
            letters[at] = 0x2E
        at -= 1
        letters[at] = 0x30 + <char>(number % 10)
        number //= 10
        decimals += 1
    if units < 0:
        at -= 1
        letters[at] = 0x2D
    return PyObject_CallOneArg(decimal, PyUnicode_FromStringAndSize(letters + at, LETTERS_MAX - at))


# How many decimals a price on this tick has at most.
cdef inline int tick_decimals(const tc_instrument* ins) noexcept nogil:
    cdef int decimals = ins.price_precision
    cdef int64_t tick = ins.tick
    while decimals > 0 and tick % 10 == 0:
        tick //= 10
        decimals -= 1
    return decimals

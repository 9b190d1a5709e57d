# A user's numbers into the core's integers and back, exactly: the fast half of vocabulary/units.py. Called with the GIL.
# It decides only whether a number is one that it can read; what it can't is read, or refused with a reason, in Python.
# Only in C: Python's own objects, and a text's digits.

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from cpython.unicode cimport PyUnicode_CheckExact
from instrument cimport *

cdef extern from *:
    """
    #ifdef Py_GIL_DISABLED
    #define TC_HAS_GIL 0
    #else
    #define TC_HAS_GIL 1
    #endif
    """
    const bint TC_HAS_GIL          # what is remembered between calls is one thread's at a time

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL
    object PyUnicode_New(Py_ssize_t size, uint32_t most)
    void* PyUnicode_DATA(object text)
    object PyObject_CallOneArg(object called, object argument)
    object PyObject_Str(object value)
    PyObject* Py_TYPE(object value)

cdef enum:
    DIGITS_MAX = 18                # of a text: what 64 bits hold whatever they are
    LETTERS_MAX = 40
    TOLD_MAX = 256


# The decimal number that a text is, in units of 10**-precision within a bound. False for what it does not know: spaces,
# exponents, more digits than 64 bits hold, no whole number of units.
cdef inline bint read_decimal(
    const char* text, Py_ssize_t size, int precision, int64_t bound, int64_t* units
) noexcept nogil:
    cdef Py_ssize_t at = 0
    cdef int64_t number = 0
    cdef tc_i128 scaled
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
    scaled = tc_wide(number, tc_ten_to(precision - decimals))
    if scaled > bound:
        return False
    units[0] = -<int64_t>scaled if negative else <int64_t>scaled
    return True


# A float is a number of units where it is the nearest float to it: below 2**53 the quotient is rounded right.
cdef inline bint read_float(double value, int precision, int64_t bound, int64_t* units) noexcept nogil:
    cdef double scale = <double>tc_ten_to(precision), scaled = value * scale
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
    cdef int64_t number
    cdef tc_i128 scaled
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
    scaled = tc_wide(number, tc_ten_to(precision))
    if overflow or scaled > bound or scaled < -bound:
        return False
    units[0] = <int64_t>scaled
    return True


# A Decimal that was told before: most numbers are asked for more than once.
cdef struct tc_told:
    int64_t units
    int64_t form
    PyObject* value                # a reference of its own, NULL where there is none yet


# Units of 10**-precision as a Decimal, in `least` decimals where they hold it; as to_decimal() in Python. `told` has
# TOLD_MAX rows, which two numbers may want in turn.
cdef inline object tell_units(tc_told* told, object decimal, int64_t units, int precision, int least):
    cdef int64_t form = precision << 8 | least
    cdef tc_told* row = &told[(<uint64_t>(units + form) * <uint64_t>0x9E3779B97F4A7C15) >> 56]
    if not TC_HAS_GIL:
        return write_units(decimal, units, precision, least)
    if row.value == NULL or row.units != units or row.form != form:
        made = write_units(decimal, units, precision, least)
        Py_XDECREF(row.value)
        row.units = units
        row.form = form
        row.value = <PyObject*>made
        Py_INCREF(made)
    return <object>row.value


cdef inline object write_units(object decimal, int64_t units, int precision, int least):
    cdef char letters[LETTERS_MAX]
    cdef int at = LETTERS_MAX, point
    cdef uint64_t number = <uint64_t>0 - <uint64_t>units if units < 0 else <uint64_t>units
    if precision > least and number % <uint64_t>tc_ten_to(precision - least) == 0:
        number //= <uint64_t>tc_ten_to(precision - least)
        precision = least
    elif number == 0 and precision >= 7:               # it would print as 0E-9
        precision = 0
    point = LETTERS_MAX - precision
    while at > point:
        at -= 1
        letters[at] = 0x30 + <char>(number % 10)
        number //= 10
    if precision:
        at -= 1
        letters[at] = 0x2E
    while True:
        at -= 1
        letters[at] = 0x30 + <char>(number % 10)
        number //= 10
        if number == 0:
            break
    if units < 0:
        at -= 1
        letters[at] = 0x2D
    text = PyUnicode_New(LETTERS_MAX - at, 127)
    memcpy(PyUnicode_DATA(text), letters + at, LETTERS_MAX - at)
    return PyObject_CallOneArg(decimal, text)

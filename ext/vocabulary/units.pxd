# A user's numbers into the core's integers and back, exactly: the fast half of vocabulary/units.py. Called with the
# GIL. It decides only whether it can read a number; what it can't is read, or refused with a reason, in Python.
# Only in C: Python's own objects, and a text's digits.

from cpython.long cimport PyLong_CheckExact
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
    #define tc_type_of(value) ((PyObject *)Py_TYPE(value))

    /* A text's letters: those of ASCII lie in the object itself. */
    static inline const char *tc_letters_of(PyObject *text, Py_ssize_t *size) {
        if (!PyUnicode_IS_COMPACT_ASCII(text)) return PyUnicode_AsUTF8AndSize(text, size);
        *size = PyUnicode_GET_LENGTH(text);
        return (const char *)PyUnicode_1BYTE_DATA(text);
    }

    /* An int that 64 bits hold; most are one digit of Python's, which needs no call. */
    static inline long long tc_number_of(PyObject *value, int *overflow) {
    #if PY_VERSION_HEX >= 0x030C0000
        if (PyUnstable_Long_IsCompact((PyLongObject *)value))
            return PyUnstable_Long_CompactValue((PyLongObject *)value);
    #else
        if ((size_t)(Py_SIZE(value) + 1) <= 2) return Py_SIZE(value) * (long long)((PyLongObject *)value)->ob_digit[0];
    #endif
        return PyLong_AsLongLongAndOverflow(value, overflow);
    }
    """
    const bint TC_HAS_GIL          # what is remembered between calls is one thread's at a time
    PyObject* tc_type_of(object value)
    const char* tc_letters_of(object text, Py_ssize_t* size) except NULL
    int64_t tc_number_of(object value, int* overflow) except? -1

cdef extern from "tradecore/units.h" nogil:
    int TC_LETTERS_MAX
    bint tc_read_decimal(const char* text, int64_t size, int precision, int64_t bound, int64_t* units)
    bint tc_read_whole(int64_t number, int precision, int64_t bound, int64_t* units)
    int tc_write_units(int64_t units, int precision, int least, char* letters)

cdef extern from "tradecore/units.h":
    bint tc_read_python_float(object value, int precision, int64_t bound, int64_t* units)

cdef extern from "Python.h":
    bint PyFloat_CheckExact(object value)
    object PyUnicode_New(Py_ssize_t size, uint32_t most)
    void* PyUnicode_DATA(object text)
    object PyObject_CallOneArg(object called, object argument)
    object PyObject_Str(object value)

cdef enum:
    TOLD_MAX = 256
    LETTERS = 40                   # TC_LETTERS_MAX


# The types that are compared by address.
cdef struct tc_number_types:
    PyObject* decimal
    PyObject* int64
    PyObject* float64


# A Decimal that was told before: most numbers are asked for more than once.
cdef struct tc_told:
    int64_t units
    int64_t form
    PyObject* value                # a reference of its own, NULL where there is none yet


cdef inline bint read_text(object text, int precision, int64_t bound, int64_t* units) except -1:
    cdef Py_ssize_t size = 0
    cdef const char* letters = tc_letters_of(text, &size)
    return tc_read_decimal(letters, size, precision, bound, units)


# int, str, float, Decimal, and NumPy's int64 and float64, as a whole number of 10**-precision within a bound.
cdef inline bint read_units(
    object value, const tc_number_types* types, int precision, int64_t bound, int64_t* units
) except -1:
    cdef int overflow = 0
    cdef int64_t number
    cdef PyObject* kind
    if PyUnicode_CheckExact(value):
        return read_text(value, precision, bound, units)
    if PyLong_CheckExact(value):
        number = tc_number_of(value, &overflow)
        return not overflow and tc_read_whole(number, precision, bound, units)
    if PyFloat_CheckExact(value):
        return tc_read_python_float(value, precision, bound, units)
    kind = tc_type_of(value)
    if kind == types.decimal:
        return read_text(PyObject_Str(value), precision, bound, units)
    if kind == types.float64:
        return tc_read_python_float(value, precision, bound, units)      # a float of Python's too
    return kind == types.int64 and tc_read_whole(<int64_t>int(value), precision, bound, units)


# Units of 10**-precision as a Decimal, in `least` decimals where they hold it; as to_decimal() in Python. `told` has
# TOLD_MAX rows, which two numbers may want in turn.
cdef inline object tell_units(tc_told* told, object decimal, int64_t units, int precision, int least):
    cdef int64_t form = precision << 8 | least
    cdef tc_told* row = &told[(<uint64_t>units + <uint64_t>form) * <uint64_t>0x9E3779B97F4A7C15 >> 56]
    if TC_HAS_GIL and row.value != NULL and row.units == units and row.form == form:
        return <object>row.value
    made = write_units(decimal, units, precision, least)
    if TC_HAS_GIL:
        Py_INCREF(made)
        Py_XDECREF(row.value)
        row.units = units
        row.form = form
        row.value = <PyObject*>made
    return made


cdef inline object write_units(object decimal, int64_t units, int precision, int least):
    cdef char letters[LETTERS]
    cdef int size = tc_write_units(units, precision, least, letters)
    text = PyUnicode_New(size, 127)
    memcpy(PyUnicode_DATA(text), letters + LETTERS - size, size)
    return PyObject_CallOneArg(decimal, text)

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""A report's columns of exact numbers, each 128 bits as two int64 (low, high) of a row: what turns amounts into money,
averages and one scale. Where a number has more than 38 digits there is no column: None, and the caller counts itself.
"""

from columns cimport numbers
from libc.string cimport memcpy
from report_numbers cimport *

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

import numpy as np


cdef int64_t* wides(object column) except NULL:
    if column.dtype != np.int64 or column.ndim != 2 or column.shape[1] != 2 or not column.flags.c_contiguous:
        raise ValueError(f"expected C-contiguous rows of two int64, got {column.shape} of {column.dtype}")
    return numbers(column)


cdef int64_t* words(object column, Py_ssize_t count) except NULL:
    if column.dtype != np.int64 or column.shape != (count,) or not column.flags.c_contiguous:
        raise ValueError(f"expected {count} C-contiguous int64, got {column.shape} of {column.dtype}")
    return numbers(column)


cdef inline tc_i128 number_at(const int64_t* rows, int64_t i) noexcept nogil:
    return tc_join(<uint64_t>rows[2 * i], rows[2 * i + 1])


cdef inline void put_number(int64_t* rows, int64_t i, tc_i128 value) noexcept nogil:
    rows[2 * i], rows[2 * i + 1] = <int64_t>tc_low(value), tc_high(value)


ctypedef bint (*number_step)(tc_i128 a, int64_t word, tc_i128* out) noexcept nogil


# Each number and its word through one step, or None where a result has no room.
cdef object each(rows, column, number_step step):
    cdef int64_t count = len(rows), i
    cdef const int64_t* given = wides(rows)
    cdef const int64_t* word = words(column, count)
    made = np.empty((count, 2), np.int64)
    cdef int64_t* out = wides(made)
    cdef tc_i128 value = 0
    cdef bint failed = False
    with nogil:
        for i in range(count):
            failed |= step(number_at(given, i), word[i], &value)
            put_number(out, i, value)
    return None if failed else made


def multiply(rows, factors):
    """Each number times its factor, or None. Threads: any; without the GIL."""
    return each(rows, factors, multiply_number)


def shift(rows, ups):
    """Each number in units of which 10**up are one of its own, rounded half to even where up is below 0, or None.
    Threads: any; without the GIL."""
    return each(rows, ups, shift_number)


def add(rows, others):
    """The sum of each two numbers, or None. Threads: any; without the GIL."""
    cdef int64_t count = len(rows), i
    cdef const int64_t* given = wides(rows)
    cdef const int64_t* more = wides(others)
    made = np.empty((count, 2), np.int64)
    cdef int64_t* out = wides(made)
    cdef tc_i128 value = 0
    cdef bint failed = False
    if len(others) != count:
        raise ValueError(f"expected {count} others, got {len(others)}")
    with nogil:
        for i in range(count):
            failed |= add_number(number_at(given, i), number_at(more, i), &value)
            put_number(out, i, value)
    return None if failed else made


def average(amounts, overs):
    """What one of each `overs` cost, of `amounts` together (0 of none): the numbers, and how many decimals finer than a
    price unit each is; exact, or in 28 digits, half to even. Threads: any; without the GIL."""
    cdef int64_t count = len(amounts), i
    cdef const int64_t* given = wides(amounts)
    cdef const int64_t* by = wides(overs)
    made, finer = np.zeros((count, 2), np.int64), np.zeros(count, np.int64)
    cdef int64_t* out = wides(made)
    cdef int64_t* decimals = words(finer, count)
    cdef tc_i128 value = 0
    if len(overs) != count:
        raise ValueError(f"expected {count} overs, got {len(overs)}")
    with nogil:
        for i in range(count):
            if number_at(by, i) != 0:
                decimals[i] = average_number(number_at(given, i), number_at(by, i), &value)
                put_number(out, i, value)
    return made, finer


def sums(rows, groups, int64_t group_count):
    """The sum of the numbers of each group, `groups` one a row from 0, or None. Threads: any; without the GIL."""
    cdef int64_t count = len(rows), i
    cdef const int64_t* given = wides(rows)
    cdef const int64_t* group = words(groups, count)
    made = np.zeros((group_count, 2), np.int64)
    cdef int64_t* out = wides(made)
    cdef tc_i128 value = 0
    cdef bint failed = False
    if count and not 0 <= groups.min() <= groups.max() < group_count:
        raise ValueError(f"groups must be 0 to {group_count - 1}, not {groups.min()} to {groups.max()}")
    with nogil:
        for i in range(count):
            failed |= add_number(number_at(out, group[i]), number_at(given, i), &value)
            put_number(out, group[i], value)
    return None if failed else made


def texts(list given):
    """(bytes, int32 offsets, bools of the None) of texts as UTF-8. Raises OverflowError beyond 2**31 bytes."""
    cdef Py_ssize_t count = len(given), i, size = 0, whole = 0, room = 16 * count + 16
    offsets, none, content = np.zeros(count + 1, np.int32), np.zeros(count, bool), np.empty(room, np.uint8)
    cdef int32_t[::1] ends = offsets
    cdef unsigned char[::1] gone = none.view(np.uint8)
    cdef const char* letters
    cdef char* out = <char*>numbers(content)
    for i in range(count):             # one pass: texts lie anywhere in memory
        if given[i] is None:
            gone[i] = 1
        else:
            letters = PyUnicode_AsUTF8AndSize(given[i], &size)
            if whole + size >= 2**31:
                raise OverflowError(f"the texts of a column have {whole + size} bytes and more, beyond {2**31 - 1}")
            if whole + size > room:
                room = 2 * (whole + size)
                content = np.concatenate([content[:whole], np.empty(room - whole, np.uint8)])
                out = <char*>numbers(content)
            memcpy(out + whole, letters, size)
            whole += size
        ends[i + 1] = <int32_t>whole
    return content[:whole], offsets, none

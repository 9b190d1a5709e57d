# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Programs of users' rules: tables of steps over cells, without jumps. What must hold is asked, nothing is changed.

See `vocabulary/rule_words` for the steps. Numbers are exact; one that leaves 128 bits refuses the order, as does a
quantity that is needed and not known.
"""

from libc.string cimport memcpy
from dense_programs cimport *

import numpy as np


cdef class RuleProgram:
    """One user's rule alone: its steps, and the bits of what it needs to be known.

    ValueError, naming the step, where `steps` are no program.
    """

    cdef tc_step table[STEPS_MAX]
    cdef tc_dense dense
    cdef uint64_t needs

    def __cinit__(self, bytes steps, uint64_t needs=0):
        cdef int size = sizeof(tc_step), bad
        if len(steps) % size or not 0 < len(steps) <= STEPS_MAX * size:
            raise ValueError(f"steps must be 1 to {<int>STEPS_MAX} times {size} bytes, not {len(steps)}")
        memcpy(self.table, <const char*>steps, len(steps))
        self.needs = needs
        bad = find_bad_step(self.table, <int>len(steps) // size, CELLS, 0)
        if bad >= 0:
            raise ValueError(f"step {bad} can't be one: its word, its cells, or what it takes from the stack")
        make_dense(self.table, &self.dense)

    def ask(self, cells, unknown):
        """What it says to each row of cells (int64), `unknown` having the bits of what is not known (int64): int32,
        HOLDS, FAILS, UNKNOWN_QUANTITY or TOO_LARGE, and 4 x the column at which it was decided. Threads: any."""
        if cells.dtype != np.int64 or cells.ndim != 2 or cells.shape[1] != CELLS or unknown.dtype != np.int64:
            raise ValueError(f"cells must be int64 rows of {<int>CELLS}, unknown as many int64")
        if unknown.shape != cells.shape[:1]:
            raise ValueError(f"unknown must have {len(cells)} numbers, not {unknown.shape}")
        said = np.zeros(len(cells), np.int32)
        cdef int64_t count = len(cells), row
        if count == 0:
            return said
        cdef const int64_t[:, ::1] rows = np.ascontiguousarray(cells)
        cdef const int64_t[::1] bits = np.ascontiguousarray(unknown)
        cdef int32_t[::1] out = said
        cdef int column = 0, outcome
        with nogil:
            for row in range(count):
                outcome = ask_rule(self.table, &self.dense, self.needs, &rows[row, 0], <uint64_t>bits[row], &column)
                out[row] = outcome | column << 2
        return said

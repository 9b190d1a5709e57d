# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Bulk mark-to-market over a ledger's columns, in exact, hybrid or fast precision; every position's P&L is written."""

from shell cimport wide
from table cimport table, free_tables, demand
from libc.math cimport NAN
from marking cimport *

import os

import numpy as np

from tradecore.positions.precision import EXACT, FAST, HYBRID, SIMD_WORDS


cdef extern from "tradecore/marking.h" nogil:
    ctypedef struct tc_run_columns:
        const int64_t* qty
        const int64_t* cost
        const int64_t* words
        const int64_t* limits
        const int64_t* nears
        const int32_t* small
        const tc_form* forms
    ctypedef struct tc_simd:
        int64_t (*count_wide)(const int64_t*, const int64_t*, int64_t) noexcept nogil
        int64_t (*count_bad)(const int64_t*, const int64_t*, int64_t, int64_t) noexcept nogil
        void (*mark_table)(const tc_run_columns*, const int64_t*, int64_t*, int64_t, int64_t) noexcept nogil
        int64_t (*mark_mixed)(
            const tc_run_columns*, const int64_t*, int64_t*, uint8_t*, uint8_t*, int64_t, int64_t) noexcept nogil
        void (*mark_run)(const int64_t*, const int64_t*, int64_t, int64_t, int64_t*, int64_t) noexcept nogil
        void (*mark_run_fast)(
            const int64_t*, const int64_t*, const int64_t*, double, double, double, double*, int64_t) noexcept nogil
        int64_t (*mark_run_hybrid)(
            const int64_t*, const int64_t*, int64_t, int64_t, double, int64_t*, uint8_t*, int64_t) noexcept nogil
        const char* name
    const tc_simd* tc_find_simd(const char* name)
    const int MADE_BY_EXACT "TC_MADE_BY_EXACT"
    const int RUN_NARROW "TC_RUN_NARROW"
    const int RUN_WIDE "TC_RUN_WIDE"
    const int RUN_EXCLUDED "TC_RUN_EXCLUDED"
    const int RUN_COARSE "TC_RUN_COARSE"
    bint tc_is_coarse(tc_form form, int64_t limit, int64_t mark)
    double tc_to_double(int64_t low, int64_t high)


cdef const tc_simd* choose(object word) except NULL:
    """The kernels that `word`, or TRADECORE_SIMD where it is None, asks for."""
    said = "TRADECORE_SIMD" if word is None else "simd"
    word = os.environ.get("TRADECORE_SIMD", "auto") if word is None else word
    if word not in SIMD_WORDS:
        raise ValueError(f"{said} {word!r} is not one of {', '.join(SIMD_WORDS)}")
    found = word.encode("ascii")
    cdef const tc_simd* kernels = tc_find_simd(found)
    if kernels == NULL:
        raise ValueError(f"{said}={word}, but this machine does not have it: auto takes {simd('auto')}")
    return kernels


def simd(word=None):
    """The instruction set that marking runs on: `word`'s, or TRADECORE_SIMD's where it is None.

    Raises ValueError for an unknown word, and for a set that this machine does not have.
    """
    return choose(word).name.decode("ascii")


cdef object new_cells(int64_t count, object dtype):
    whole = np.zeros(count + 8, dtype)
    skip = -whole.ctypes.data % 64 // 8 if whole.itemsize == 8 else 0
    return whole[skip : skip + count]


cdef void* address(object column) except NULL:
    return <void*><size_t>column.ctypes.data


cdef object read_only(object column):
    view = column.view()
    view.flags.writeable = False
    return view


cdef class Marking:
    """Every position's unrealised P&L at given marks, written into columns of its own.

    `columns` are a `Ledger`'s, `accounts` the width of a run, `inverse_scales` and `float_limits` (int64, float64) one
    number an instrument: up to that |qty x mark| hybrid precision uses float64. `simd` forces an instruction set.
    """

    cdef const tc_simd* kernels
    cdef tc_run_columns columns
    cdef const int64_t* qty
    cdef const int64_t* cost
    cdef const int64_t* high
    cdef const int64_t* limits
    cdef const int64_t* scales
    cdef const double* float_limits
    cdef int64_t* out
    cdef int64_t* out_high
    cdef double* out_fast
    cdef uint8_t* kinds
    cdef uint8_t* units            # exponents, where a kind is coarse
    cdef uint8_t* made_by
    cdef int64_t runs, width
    cdef bint all_narrow
    cdef object kept, low_column, high_column, fast_column, kind_column, unit_column, made_column

    def __cinit__(self, tuple columns, int accounts, inverse_scales, float_limits, simd=None):
        self.kernels = choose(simd)
        qty, cost, high, _, limits, small, words, forms, _, nears = columns
        self.runs = len(limits)
        self.width = accounts
        demand("columns", len(qty), self.runs * accounts, self.runs * accounts)
        for name, column, dtype in (("inverse_scales", inverse_scales, np.int64),
                                    ("float_limits", float_limits, np.float64)):
            if column.dtype != dtype or column.shape != (self.runs,) or not column.flags.c_contiguous:
                raise ValueError(f"{name} must be contiguous {np.dtype(dtype)} of shape ({self.runs},), "
                                 f"got {column.dtype} of shape {column.shape}")
        self.kept = (columns, inverse_scales, float_limits)
        self.qty = <int64_t*>address(qty)
        self.cost = <int64_t*>address(cost)
        self.high = <int64_t*>address(high)
        self.limits = <int64_t*>address(limits)
        self.columns.qty = self.qty
        self.columns.cost = self.cost
        self.columns.words = <int64_t*>address(words)
        self.columns.limits = self.limits
        self.columns.nears = <int64_t*>address(nears)
        self.columns.small = <int32_t*>address(small)
        self.columns.forms = <tc_form*>address(forms)
        self.scales = <int64_t*>address(inverse_scales)
        self.float_limits = <double*>address(float_limits)
        self.low_column = new_cells(len(qty), np.int64)
        self.high_column = new_cells(len(qty), np.int64)
        self.fast_column = new_cells(len(qty), np.float64)
        self.made_column = new_cells(len(qty), np.uint8)
        self.kind_column = new_cells(self.runs, np.uint8)
        self.unit_column = new_cells(self.runs, np.uint8)
        self.out = <int64_t*>address(self.low_column)
        self.out_high = <int64_t*>address(self.high_column)
        self.out_fast = <double*>address(self.fast_column)
        self.made_by = <uint8_t*>address(self.made_column)
        self.kinds = <uint8_t*>address(self.kind_column)
        self.units = <uint8_t*>address(self.unit_column)
        self.all_narrow = True

    def mark(self, const long long[::1] bids not None, const long long[::1] asks not None, int precision=0, runs=None):
        """Write every position's unrealised P&L; return (positions without a mark, positions that float64 made).

        `bids` and `asks` are int64 price units, one an instrument (NO_PRICE: none): a long position is worth the bid, a
        short one the ask; give one array twice to mark both alike. `runs` are the instruments to mark (from 0), all
        where it is None. Nothing is allocated. Threads: one caller at a time.
        """
        demand("precision", precision, EXACT, FAST)
        cdef int64_t count = bids.shape[0], excluded = 0, floats = 0, i
        if count > self.runs or asks.shape[0] != count:
            raise ValueError(f"bids and asks must have one shape of at most ({self.runs},), "
                             f"got ({count},) and ({asks.shape[0]},)")
        if count == 0:
            return 0, 0
        cdef const int64_t* bid = <const int64_t*>&bids[0]
        cdef const int64_t* ask = <const int64_t*>&asks[0]
        cdef const long long[::1] some
        if runs is not None:
            some = runs
            for i in range(some.shape[0]):
                demand(f"runs[{i}]", some[i], 0, count - 1)
            with nogil:
                for i in range(some.shape[0]):
                    self.mark_one(some[i], bid[some[i]], ask[some[i]], precision, &excluded, &floats)
            return excluded, floats
        with nogil:
            if precision == 0 and bid == ask:
                self.mark_alike(bid, count, &excluded, &floats)
            else:
                for i in range(count):
                    self.mark_one(i, bid[i], ask[i], precision, &excluded, &floats)
        return excluded, floats

    cdef void mark_alike(self, const int64_t* marks, int64_t count, int64_t* excluded, int64_t* floats) noexcept nogil:
        """All runs in exact numbers, bids and asks alike: what a large table is marked by."""
        cdef int64_t i
        if self.kernels.count_wide(marks, self.limits, count) == 0:
            if not self.all_narrow:
                for i in range(self.runs):
                    self.kinds[i] = RUN_NARROW
                    self.units[i] = 0
                self.all_narrow = True
            self.kernels.mark_table(&self.columns, marks, self.out, count, self.width)
            return
        self.all_narrow = False
        if self.kernels.mark_mixed(&self.columns, marks, self.out, self.kinds, self.units, count, self.width):
            for i in range(count):
                if self.kinds[i] == RUN_WIDE:
                    self.mark_one(i, marks[i], marks[i], 0, excluded, floats)

    cdef void mark_one(self, int64_t run, int64_t bid, int64_t ask, int precision, int64_t* excluded,
                       int64_t* floats) noexcept nogil:
        cdef int64_t at = run * self.width, i, limit = self.limits[run], unit
        cdef tc_form form = self.columns.forms[run]
        cdef bint narrow = -limit <= bid <= limit and -limit <= ask <= limit
        cdef const int64_t* cost = &self.cost[at]
        cdef const int64_t* high = NULL          # a narrow or coarse run's costs have none
        self.units[run] = 0
        if bid == no_price() or ask == no_price():
            self.kinds[run] = RUN_EXCLUDED
            excluded[0] += exclude_run(&self.qty[at], &self.out[at], self.width)
            if precision == 2:
                for i in range(at, at + self.width):
                    self.out_fast[i] = 0.0 if self.qty[i] == 0 else NAN
        elif narrow and precision == 0:
            self.kinds[run] = RUN_NARROW
            self.kernels.mark_run(&self.qty[at], &self.cost[at], bid, ask, &self.out[at], self.width)
        elif narrow and precision == 1:
            self.kinds[run] = RUN_NARROW
            floats[0] += self.kernels.mark_run_hybrid(&self.qty[at], &self.cost[at], bid, ask, self.float_limits[run],
                                                      &self.out[at], &self.made_by[at], self.width)
        elif precision == 2 and not self.scales[run]:
            self.kinds[run] = RUN_NARROW if narrow else RUN_WIDE
            unit = 1
            if not narrow and form.split == 0 and form.exponent:
                cost = &self.columns.words[at]
                unit = tc_tens[form.exponent]
            elif not narrow:
                high = self.high + at
            self.kernels.mark_run_fast(&self.qty[at], cost, high, <double>unit, <double>bid, <double>ask,
                                       &self.out_fast[at], self.width)
            floats[0] += self.width
        elif precision < 2 and tc_is_coarse(form, limit, bid) and tc_is_coarse(form, limit, ask):
            self.kinds[run] = RUN_COARSE
            self.units[run] = form.exponent
            unit = tc_tens[form.exponent]
            self.kernels.mark_run(&self.qty[at], &self.columns.words[at], bid // unit, ask // unit, &self.out[at],
                                  self.width)
            for i in range(at, at + self.width if precision == 1 else at):
                self.made_by[i] = MADE_BY_EXACT
        else:
            self.kinds[run] = RUN_WIDE
            mark_wide_run(&self.qty[at], &self.cost[at], &self.high[at], self.scales[run], bid, ask, &self.out[at],
                          &self.out_high[at], self.width)
            for i in range(at, at + self.width):
                self.made_by[i] = MADE_BY_EXACT
                if precision == 2:
                    self.out_fast[i] = tc_to_double(self.out[i], self.out_high[i])
        if self.kinds[run] != RUN_NARROW:
            self.all_narrow = False

    def totals(self, const long long[::1] bids not None, const long long[::1] asks not None,
               const long long[::1] groups not None, int group_count):
        """([group][account] sums of unrealised amounts, positions left out for want of a mark), exact in 128 bits.

        `groups` says in which group each instrument is summed. Threads: one caller at a time.
        """
        cdef int64_t count = bids.shape[0], i, left_out = 0
        cdef list tables = []
        if count > self.runs or asks.shape[0] != count or groups.shape[0] != count:
            raise ValueError(f"bids, asks and groups must have one shape of at most ({self.runs},), "
                             f"got ({count},), ({asks.shape[0]},) and ({groups.shape[0]},)")
        demand("group_count", group_count, 1, 65_535)
        for i in range(count):
            demand(f"groups[{i}]", groups[i], 0, group_count - 1)
        cdef tc_i128* sums = <tc_i128*>table(tables, group_count * self.width, sizeof(tc_i128))
        try:
            with nogil:
                for i in range(count):
                    if bids[i] == no_price() or asks[i] == no_price():
                        left_out += self.count_held(i)
                    else:
                        add_run(&self.qty[i * self.width], &self.cost[i * self.width], &self.high[i * self.width],
                                self.scales[i], bids[i], asks[i], &sums[groups[i] * self.width], self.width)
            return [[wide(sums[g * self.width + a]) for a in range(self.width)] for g in range(group_count)], left_out
        finally:
            free_tables(tables)

    cdef int64_t count_held(self, int64_t run) noexcept nogil:
        cdef int64_t i, held = 0
        for i in range(run * self.width, (run + 1) * self.width):
            held += self.qty[i] != 0
        return held

    @property
    def simd(self):
        """The instruction set that this marking runs on."""
        return self.kernels.name.decode("ascii")

    @property
    def views(self):
        """(low, high, fast, kinds, made_by, exponents): read-only views of what `mark` writes, without copying.

        `low` is int64 amounts, NO_PRICE where a held position has no mark; where `kinds` of its run is 1 the value is
        high x 2**64 + low (unsigned), where it is 3, low x 10**exponent less the ledger's rest of the position. `fast`
        is float64 amounts, NaN without a mark, of what fast precision wrote. `made_by` is 1 for float64, 2 for
        integers, of what hybrid precision wrote.
        """
        return tuple(map(read_only, (self.low_column, self.high_column, self.fast_column, self.kind_column,
                                     self.made_column, self.unit_column)))

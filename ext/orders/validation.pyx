# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Validation alone: is an order well formed for its instrument? Door checks here, rules in validation.pxd."""

from definitions cimport *
from shell cimport open_batch, open_command
from validation cimport validate_order

import numpy as np


cdef class Validator:
    """Compiled reference-data rules of up to 1,024 instruments."""

    cdef tc_instrument* instruments
    cdef tc_band* bands
    cdef int count
    cdef int32_t accounts, venues
    cdef list tables

    def __cinit__(self, int accounts, int venues):
        demand("accounts", accounts, 0, 65_535)
        demand("venues", venues, 0, 64)
        self.tables = []
        self.instruments = <tc_instrument*>table(self.tables, 1025, sizeof(tc_instrument))
        self.bands = <tc_band*>table(self.tables, 1025 * BANDS, sizeof(tc_band))
        self.accounts = accounts
        self.venues = venues

    def __dealloc__(self):
        free_tables(self.tables)

    def define(self, bytes definition):
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        self.count = define_instrument_row(self.instruments, self.count, 1024, definition)
        self.instruments[self.count].bands = &self.bands[self.count * BANDS]
        return self.count

    def define_ticks(self, bytes band):
        """The next band of an instrument's tick table, a DEFINE_TICKS record. ValueError where it can't be."""
        cdef const tc_command* c = open_command(band)
        cdef int offset
        demand("instrument", c.instrument, 1, self.count)
        offset = find_bad_band(&self.instruments[c.instrument], c.band, c.from_px, c.band_tick)
        if offset >= 0:
            raise ValueError(f"the band's field at byte {offset} is out of range")
        add_band(&self.instruments[c.instrument], c.band, c.from_px, c.band_tick)

    def validate(self, orders):
        """Failures of each ORDER_DTYPE record as an int64 mask: bit n set means Reason(101 + n); 0 is good.

        Threads: do not define instruments meanwhile.
        """
        cdef const unsigned char[::1] source = open_batch(orders, sizeof(tc_command))
        cdef int64_t count = len(orders), i
        masks = np.zeros(count, np.int64)
        cdef int64_t[::1] out = masks
        cdef const tc_command* c
        with nogil:
            for i in range(count):
                c = <const tc_command*>&source[i * <int64_t>sizeof(tc_command)]
                out[i] = <int64_t>validate_order(
                    &self.instruments[c.instrument] if 1 <= c.instrument <= self.count else NULL,
                    self.accounts, self.venues, <int64_t>1 << 62, 0, c)
        return masks

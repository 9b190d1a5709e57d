# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Routing alone: tops of book in, ranked venues out. Door checks here, scores and ranking in routing.pxd."""

from definitions cimport *
from shell cimport open_batch, open_command, wide
from routing cimport *

import numpy as np

from tradecore.vocabulary.rows import Term


cdef class Router:
    """All-in cost of up to 64 venues at the top of their books, ranked and cached per instrument and side."""

    cdef tc_router router
    cdef tc_instrument* instruments
    cdef int count, instrument_max
    cdef list tables

    def __cinit__(self, int instruments, int decisions):
        demand("instruments", instruments, 1, 1_000_000)
        demand("decisions", decisions, 1, 1 << 20)
        if decisions & (decisions - 1):
            raise ValueError(f"decisions {decisions} must be a power of two")
        self.tables = []
        t = self.tables
        self.instrument_max = instruments
        self.instruments = <tc_instrument*>table(t, instruments + 1, sizeof(tc_instrument))
        self.router.venues = <tc_venue*>table(t, MAX_VENUES + 1, sizeof(tc_venue))
        self.router.tops = <tc_top*>table(t, <int64_t>(instruments + 1) * 2 * MAX_VENUES, sizeof(tc_top))
        self.router.terms = <tc_term*>table(t, <int64_t>(instruments + 1) * 2 * MAX_VENUES, sizeof(tc_term))
        self.router.rankings = <tc_ranking*>table(t, <int64_t>(instruments + 1) * 2, sizeof(tc_ranking))
        self.router.history.terms = <tc_term*>table(t, <int64_t>decisions * MAX_VENUES, sizeof(tc_term))
        self.router.history.rows = <tc_kept*>table(t, decisions, sizeof(tc_kept))
        self.router.health = <tc_health*>table(t, MAX_VENUES + 1, sizeof(tc_health))
        self.router.statistics = <tc_statistics*>table(t, MAX_VENUES + 1, sizeof(tc_statistics))
        self.router.movements = <tc_movement*>table(t, instruments + 1, sizeof(tc_movement))
        self.router.strategies = <uint8_t*>table(t, 1, sizeof(uint8_t))
        self.router.history.mask = decisions - 1
        self.router.time_to_live = 100_000_000

    def __dealloc__(self):
        free_tables(self.tables)

    def define(self, bytes definition):
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        self.count = define_instrument_row(self.instruments, self.count, self.instrument_max, definition)
        return self.count

    def add_venue(self, bytes definition):
        """Add the venue of a DEFINE_VENUE record with its fees; return its id."""
        cdef const tc_command* c = open_command(definition)
        cdef tc_venue* venue
        if self.router.venue_count >= MAX_VENUES:
            raise ValueError(f"all {MAX_VENUES} venues are defined")
        self.router.venue_count += 1
        open_statistics(&self.router, self.router.venue_count)
        venue = &self.router.venues[self.router.venue_count]
        venue.maker_fee_per_unit = c.maker_fee_per_unit
        venue.taker_fee_per_unit = c.taker_fee_per_unit
        venue.maker_fee_ppm = c.maker_fee_ppm
        venue.taker_fee_ppm = c.taker_fee_ppm
        venue.name = c.cl_ord_id
        return self.router.venue_count

    def set_top(self, int instrument, int side, int venue, int64_t price, int64_t size, int64_t stamp):
        """What an order of `side` finds at a venue: price units, lots (0: nothing), and when it changed."""
        demand("instrument", instrument, 1, self.count)
        demand("side", side, 1, 2)
        demand("venue", venue, 1, self.router.venue_count)
        demand("size", size, 0, qty_max())
        if size:
            demand("price", price, -price_max(), price_max())
        set_top(&self.router, instrument, <uint8_t>side, venue, price, size, stamp)

    def route(self, orders, int64_t now):
        """The best venue for each ORDER_DTYPE record's instrument and side, int32; 0 where none displays anything.

        Threads: one caller at a time.
        """
        cdef const unsigned char[::1] source = open_batch(orders, sizeof(tc_command))
        cdef int64_t count = len(orders), i
        cdef const tc_command* c
        venues = np.zeros(count, np.int32)
        cdef int32_t[::1] out = venues
        for i in range(count):
            c = <const tc_command*>&source[i * <int64_t>sizeof(tc_command)]
            demand("instrument", c.instrument, 1, self.count)
            demand("side", c.side, 1, 2)
        with nogil:
            for i in range(count):
                c = <const tc_command*>&source[i * <int64_t>sizeof(tc_command)]
                out[i] = best_venue(&self.router, rank_venues(
                    &self.router, &self.instruments[c.instrument], c.instrument, c.side, now))
        return venues

    def rank(self, int instrument, int side, int64_t now):
        """The ranking of an instrument and side, as Terms, best first."""
        cdef tc_ranking* ranking
        cdef const tc_term* t
        cdef int i
        demand("instrument", instrument, 1, self.count)
        demand("side", side, 1, 2)
        ranking = rank_venues(&self.router, &self.instruments[instrument], instrument, <uint8_t>side, now)
        terms = []
        for i in range(ranking.count):
            t = &self.router.terms[side_row(instrument, <uint8_t>side) * MAX_VENUES + ranking.order[i] - 1]
            terms.append(Term(t.venue, t.price, t.size, t.stamp, wide(term_fee(t)), wide(t.cost)))
        return terms

# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The event log alone: a ring of reports with sequence numbers and a hash. Door checks here, the ring in events.pxd."""

from libc.string cimport memcpy
from shell cimport open_batch
from table cimport *
from events cimport *

import numpy as np

from tradecore.vocabulary.records import REPORT_DTYPE


cdef class EventLog:
    """The newest reports, numbered from 1 and hashed; older ones are overwritten."""

    cdef tc_events events
    cdef list tables

    def __cinit__(self, int64_t capacity):
        demand("capacity", capacity, 1, 1 << 24)
        if capacity & (capacity - 1):
            raise ValueError(f"capacity {capacity} must be a power of two")
        self.tables = []
        self.events.ring = <tc_report*>table(self.tables, capacity, sizeof(tc_report))
        self.events.mask = <uint64_t>capacity - 1

    def __dealloc__(self):
        free_tables(self.tables)

    def publish(self, reports):
        """Append REPORT_DTYPE records; their seq is assigned here. Threads: one caller at a time."""
        cdef const unsigned char[::1] source = open_batch(reports, sizeof(tc_report))
        cdef int64_t count = len(reports), i, seq
        cdef tc_report* report
        with nogil:
            for i in range(count):
                report = next_report(&self.events)
                seq = report.seq
                memcpy(report, &source[i * <int64_t>sizeof(tc_report)], sizeof(tc_report))
                report.seq = seq
                publish_report(&self.events, report)

    def read(self, int64_t after, int64_t limit):
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        cdef int64_t oldest = max(1, self.events.seq - <int64_t>self.events.mask)
        cdef int64_t first = max(after + 1, oldest), count, i
        cdef unsigned char[::1] memory
        count = max(0, min(limit, self.events.seq - first + 1))
        reports = np.zeros(count, REPORT_DTYPE)
        if count:
            memory = reports.view("u1")
            for i in range(count):
                memcpy(&memory[i * <int64_t>sizeof(tc_report)],
                       &self.events.ring[<uint64_t>(first + i) & self.events.mask], sizeof(tc_report))
        return reports, max(0, first - after - 1)

    @property
    def digest(self):
        """64-bit hash over every field of every report so far, in order."""
        return self.events.digest

# Event kernels: the ring of reports, the event hash, and the histograms that measure the path itself.
#
# The ring overwrites the oldest and counts nothing while nobody reads; while a NumPy view holds records, what would
# overwrite them is dropped and counted. Sequence numbers and the hash go on either way.

from libc.string cimport memset
from hashing cimport chain_digest, digest_words
from kinds cimport REPORT_EXECUTION
from records cimport *


cdef enum:
    REPORT_WORDS = 16
    BUCKETS = 64 * 16
    FILTERS = 64                   # beyond as many a bus hears all, and filters itself


# What a subscription hears: everything, where all bits are set and both ids are 0.
cdef struct tc_filter:
    uint64_t report_types, exec_types                  # a bit for each
    int64_t account, instrument


cdef struct tc_events:
    tc_report* ring
    uint64_t mask
    int64_t seq                    # of the last report; the first is 1
    int64_t held_from              # sequence that a view still shows, 0 where there is none: it may go at any time
    int64_t dropped                # reports that were not written because a view held their place
    int64_t dropped_until          # the newest of them
    uint64_t digest
    tc_report spare                # where a dropped report is built
    int64_t wanted_from            # the first report that a filter takes and its bus has not read, 0: none
    int64_t filter_count
    tc_filter filters[FILTERS]


# The place of the next report, zeroed, with its sequence number.
cdef inline tc_report* next_report(tc_events* events) noexcept nogil:
    cdef tc_report* report
    cdef int64_t held_from = tc_heard(&events.held_from)
    events.seq += 1
    if held_from and events.seq - held_from > <int64_t>events.mask:
        events.dropped += 1
        events.dropped_until = events.seq
        report = &events.spare
    else:
        report = &events.ring[<uint64_t>events.seq & events.mask]
    tc_clear(report, sizeof(tc_report))
    report.seq = events.seq
    return report


cdef inline bint is_wanted(const tc_events* events, const tc_report* report) noexcept nogil:
    cdef const tc_filter* f
    cdef int64_t i
    cdef uint64_t exec_type = <uint64_t>1 << (report.exec_type & 63) if report.report_type == REPORT_EXECUTION else 0
    for i in range(events.filter_count):
        f = &events.filters[i]
        if ((f.report_types >> (report.report_type & 63)) & 1
                and (f.exec_types == ~<uint64_t>0 or f.exec_types & exec_type)
                and (f.account == 0 or f.account == report.account)
                and (f.instrument == 0 or f.instrument == report.instrument)):
            return True
    return False


# Only in C: a field in Python.
# Is there a report that a filter takes and its bus has not read? Asked without the lock.
cdef inline bint is_unread(const tc_events* events) noexcept nogil:
    return tc_heard(&events.wanted_from) != 0


# A report is little-endian words in the documented order, so its words are its logical fields.
cdef inline void publish_report(tc_events* events, const tc_report* report) noexcept nogil:
    events.digest = chain_digest(events.digest, digest_words(<const uint64_t*>report, REPORT_WORDS))
    if tc_seldom(events.filter_count != 0) and not events.wanted_from and is_wanted(events, report):
        tc_say(&events.wanted_from, report.seq)


# Only in C: in Python a codec sees to it.
# An account or a venue as a report tells it: 0 for one that a batch named and no record can tell.
cdef inline void put_place(tc_report* r, int32_t account, int32_t venue) noexcept nogil:
    r.account = <uint16_t>account if <uint32_t>account <= 0xFFFF else 0
    r.venue = <uint8_t>venue if <uint32_t>venue <= 0xFF else 0


# Only in C: in Python a codec sees to it.
# Has an execution report of this type the form of a trade?
cdef inline bint is_trade(uint8_t exec_type) noexcept nogil:
    return EXEC_TRADE <= exec_type and exec_type <= EXEC_TRADE_CANCEL


# HDR-style: 16 buckets to an octave, so a bucket is at most 1/16 of its value wide.
cdef inline int bucket_of(uint64_t ticks) noexcept nogil:
    cdef int octave
    if ticks < 16:
        return <int>ticks
    octave = tc_highest_bit(ticks)
    return (octave - 3) * 16 + <int>((ticks >> (octave - 4)) & 15)

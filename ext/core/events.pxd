# Event kernels: the ring of reports, the event hash, and the histograms that measure the path itself.
#
# The ring overwrites the oldest and counts nothing while nobody reads; while a NumPy view holds records, what would
# overwrite them is dropped and counted. Sequence numbers and the hash go on either way.

from libc.string cimport memset
from hashing cimport chain_digest, digest_words
from records cimport *


cdef enum:
    REPORT_WORDS = 16
    BUCKETS = 64 * 16


cdef struct tc_events:
    tc_report* ring
    uint64_t mask
    int64_t seq                    # of the last report; the first is 1
    int64_t held_from              # sequence that a view still shows, 0 where there is none: it may go at any time
    int64_t dropped                # reports that were not written because a view held their place
    int64_t dropped_until          # the newest of them
    uint64_t digest
    tc_report spare                # where a dropped report is built


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


# A report is little-endian words in the documented order, so its words are its logical fields.
cdef inline void publish_report(tc_events* events, const tc_report* report) noexcept nogil:
    events.digest = chain_digest(events.digest, digest_words(<const uint64_t*>report, REPORT_WORDS))


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

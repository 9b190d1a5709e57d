# Event kernels: the ring of reports, the event hash, and the histograms that measure the path itself.
#
# The ring overwrites the oldest and counts nothing while nobody reads; while a NumPy view holds records, what would
# overwrite them is dropped and counted. Sequence numbers and the hash go on either way.

from libc.string cimport memset
from records cimport *


cdef enum:
    REPORT_WORDS = 32
    BUCKETS = 64 * 16


cdef struct tc_events:
    tc_report* ring
    uint64_t mask
    int64_t seq                    # of the last report; the first is 1
    int64_t held_from              # sequence that a view still shows, 0 where there is none
    int64_t dropped                # reports that were not written because a view held their place
    int64_t dropped_until          # the newest of them
    uint64_t digest
    tc_report spare                # where a dropped report is built


# The record digest is a sum of folds of word pairs, each word xored with its own key: any field counts, and
# the twelve multiplications are independent. The event hash folds the digests one after another.
cdef inline uint64_t word_key(int place) noexcept nogil:
    return <uint64_t>0x9E3779B97F4A7C15 * <uint64_t>(2 * place + 1)


cdef inline uint64_t digest_words(const uint64_t* words, int count) noexcept nogil:
    cdef uint64_t digest = 0
    cdef int i
    for i in range(0, count, 2):
        digest += tc_fold(words[i] ^ word_key(i), words[i + 1] ^ word_key(i + 1))
    return digest


cdef inline uint64_t chain_digest(uint64_t chain, uint64_t digest) noexcept nogil:
    return tc_fold(chain ^ digest, <uint64_t>0x9E3779B97F4A7C15) + digest


# The place of the next report, zeroed, with its sequence number.
cdef inline tc_report* next_report(tc_events* events) noexcept nogil:
    cdef tc_report* report
    events.seq += 1
    if events.held_from and events.seq - events.held_from > <int64_t>events.mask:
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


# HDR-style: 16 buckets to an octave, so a bucket is at most 1/16 of its value wide.
cdef inline int bucket_of(uint64_t ticks) noexcept nogil:
    cdef int octave
    if ticks < 16:
        return <int>ticks
    octave = tc_highest_bit(ticks)
    return (octave - 3) * 16 + <int>((ticks >> (octave - 4)) & 15)

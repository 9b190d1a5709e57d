# What rankings said when they routed orders, in a ring. A decision keeps which venues stood in what order; what it said
# of one is kept from the moment that its ranking says something else of it. Until then a later decision of the ranking
# tells it, or the ranking itself: a decision costs two lines, however many venues display something.
# Only in C: tuples in Python.

from libc.string cimport memcpy
from scoring cimport *


cdef enum:
    MAX_VENUES = 64
    STEPS = 64                     # decisions of one ranking after which one keeps all that it says


# One venue's line of a ranking, one cache line: the terms of its cost. Its fee is what they leave: see term_fee.
cdef struct tc_term:
    tc_i128 cost                   # millionths of a price unit
    int64_t price, size, stamp
    int64_t latency, miss          # charges
    int32_t degraded               # a charge, in millionths of the price
    int16_t venue
    uint8_t side


cdef struct tc_kept:
    int64_t number                 # of the decision
    int64_t row                    # of its ranking
    int64_t next                   # decision of the ranking, 0: none yet
    uint64_t told                  # bit venue - 1: what it said of it lies among the history's terms
    uint8_t count, market, steps   # since a decision that kept all it said
    uint8_t order[MAX_VENUES]


cdef struct tc_history:
    tc_kept* rows                  # [decision & mask]
    tc_term* terms                 # [(decision & mask) * MAX_VENUES + venue - 1]
    uint64_t mask


cdef inline tc_kept* kept_at(const tc_history* h, int64_t decision) noexcept nogil:
    return &h.rows[<uint64_t>decision & h.mask]


cdef inline tc_term* kept_term(const tc_history* h, const tc_kept* kept, int32_t venue) noexcept nogil:
    return &h.terms[(<uint64_t>kept.number & h.mask) * MAX_VENUES + venue - 1]


# What a ranking has said of a venue since this decision, which is the last of the ranking, is about to change.
cdef inline void keep_term(tc_history* h, int64_t decision, int32_t venue, const tc_term* term) noexcept nogil:
    cdef tc_kept* kept = kept_at(h, decision)
    cdef uint64_t bit = <uint64_t>1 << (venue - 1)
    if kept.number == decision and not kept.told & bit:
        kept.told |= bit
        kept_term(h, kept, venue)[0] = term[0]


# A ranking's next decision, behind `last`, which may be held no more.
cdef inline tc_kept* keep_order(
    tc_history* h, int64_t decision, int64_t last, int64_t row, uint8_t market, const uint8_t* order, uint8_t count
) noexcept nogil:
    cdef tc_kept* before = kept_at(h, last)
    cdef tc_kept* kept = kept_at(h, decision)
    cdef uint8_t steps = 0
    cdef int at
    if before.number == last and last:
        before.next = decision
        steps = before.steps + 1 if before.steps < STEPS else 0
    kept.number = decision
    kept.row = row
    kept.next = 0
    kept.told = 0
    kept.count = count
    kept.market = market
    kept.steps = steps
    for at in range(0, count, 8):
        memcpy(&kept.order[at], &order[at], 8)
    return kept


# What a decision that is held said, best first: how many terms. `terms`: what its ranking says now.
cdef inline int copy_kept(
    const tc_history* h, int64_t decision, const tc_term* terms, tc_term* copy
) noexcept nogil:
    cdef const tc_kept* kept = kept_at(h, decision)
    cdef const tc_kept* later
    cdef int at
    tc_assert(kept.number == decision)
    for at in range(kept.count):
        later = kept
        while later.next and not (later.told >> (kept.order[at] - 1)) & 1:
            later = kept_at(h, later.next)
        if (later.told >> (kept.order[at] - 1)) & 1:
            copy[at] = kept_term(h, later, kept.order[at])[0]
        else:
            copy[at] = terms[kept.order[at] - 1]
    return kept.count

# Which orders are our own to each other, and what becomes of them where they would trade: the settings of accounts.
#
# Source: FIX 5.0 SP2, SelfMatchPreventionID(2362) and SelfMatchPreventionInstruction(2964); a trade with oneself is a
# wash trade: MAR Art. 12(1)(a), CEA 4c(a).

from records cimport *


cdef enum:
    SELF_MATCH_OFF = 0
    SELF_MATCH_CANCEL_NEWEST = 1
    SELF_MATCH_CANCEL_OLDEST = 2
    SELF_MATCH_DECREMENT = 3
    SELF_MATCH_BLOCK = 4
    SELF_MATCH_HOLD = 5


# What is done in a book of ours, and before an external venue; the id that makes orders of several accounts one
# owner's, 0: the account's alone.
cdef struct tc_prevention:
    int64_t match_id
    uint8_t is_set, mode, outside


# By account; 0: of every account that has none of its own.
cdef inline const tc_prevention* prevention_of(const tc_prevention* rows, int32_t account) noexcept nogil:
    return &rows[account] if rows[account].is_set else &rows[0]


# Are orders of these accounts our own to each other?
cdef inline bint is_one_owner(const tc_prevention* rows, int32_t account, int32_t other) noexcept nogil:
    cdef int64_t match_id = prevention_of(rows, account).match_id
    return account == other or (match_id != 0 and match_id == prevention_of(rows, other).match_id)

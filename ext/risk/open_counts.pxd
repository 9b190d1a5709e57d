# How many orders are open of each thing that a row of limits may be on. While no row asks nothing is counted; a part
# of an order that is worked in parts is none of its own. It refuses nothing.

from rule_rows cimport *


cdef struct tc_open_counts:
    uint32_t* by_place             # [instrument * stride + account], 0 is any
    uint32_t* by_strategy
    int64_t stride, places
    int32_t strategy_max
    bint is_kept


# Only in C: Counter.clear in Python.
cdef inline void clear_counts(tc_open_counts* counts) noexcept nogil:
    tc_clear(counts.by_place, counts.places * sizeof(uint32_t))
    tc_clear(counts.by_strategy, (counts.strategy_max + 1) * sizeof(uint32_t))


# One more, or with `sign` -1 one fewer.
cdef inline void count_open(
    tc_open_counts* counts, int32_t instrument, int32_t account, int32_t strategy, int sign
) noexcept nogil:
    tc_assert((sign > 0) | (counts.by_place[0] > 0))
    counts.by_place[0] += sign
    counts.by_place[account] += sign
    counts.by_place[instrument * counts.stride] += sign
    counts.by_place[instrument * counts.stride + account] += sign
    if strategy <= counts.strategy_max:
        counts.by_strategy[strategy] += sign


# How many are open of what a row is on.
cdef inline int64_t open_of(const tc_open_counts* counts, const tc_limit_row* row) noexcept nogil:
    if row.scope == SCOPE_STRATEGY:
        return counts.by_strategy[row.strategy]
    return counts.by_place[row.instrument * counts.stride + row.account]

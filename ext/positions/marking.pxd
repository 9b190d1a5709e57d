# Marking kernels for what vector instructions can't do: runs whose numbers need 128 bits, runs without a mark, totals.

from runs cimport *


# Unrealised P&L in 128 bits: a long position is worth the bid, a short one the ask.
cdef inline tc_i128 unrealised_at(
    int64_t qty, int64_t low, int64_t high, int64_t inverse_scale, int64_t bid, int64_t ask
) noexcept nogil:
    cdef tc_i128 cost = tc_join(low, high)
    if qty == 0:
        return -cost
    return value_of(inverse_scale, qty, bid if qty > 0 else ask) - cost


cdef inline void mark_wide_run(
    const int64_t* qty, const int64_t* low, const int64_t* high, int64_t inverse_scale, int64_t bid, int64_t ask,
    int64_t* out_low, int64_t* out_high, int64_t n
) noexcept nogil:
    cdef int64_t i
    cdef tc_i128 value
    for i in range(n):
        value = unrealised_at(qty[i], low[i], high[i], inverse_scale, bid, ask)
        out_low[i] = <int64_t>tc_low(value)
        out_high[i] = tc_high(value)


# Writes "no value" where something is held; returns how many those are.
cdef inline int64_t exclude_run(const int64_t* qty, int64_t* out, int64_t n) noexcept nogil:
    cdef int64_t i, excluded = 0
    for i in range(n):
        out[i] = 0
        if qty[i] != 0:
            out[i] = no_price()
            excluded += 1
    return excluded


# Adds a run to its accounts' totals.
cdef inline void add_run(
    const int64_t* qty, const int64_t* low, const int64_t* high, int64_t inverse_scale, int64_t bid, int64_t ask,
    tc_i128* totals, int64_t n
) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        totals[i] = totals[i] + unrealised_at(qty[i], low[i], high[i], inverse_scale, bid, ask)

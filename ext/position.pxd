# Position kernels: the exact ledger at average cost. Amounts are 128-bit integers of price unit x lot x multiplier.
#
# Why 128 bits can't overflow: a fill is at most 1e14 x 1e14 < 2**94, so it takes 2**33 fills of the largest size at
# the largest price to reach 2**127; risk keeps |position| <= 1e18, so its cost stays below 1e32 < 2**107. A
# commission is below 2**87. Only a report's 64 bits may saturate.
# Identity, after every event: realised + unrealised - fees = cash flow net of fees + market value.

from instrument cimport *


cdef struct tc_position:
    int64_t qty                    # lots, signed
    tc_i128 cost, realised         # cost has the sign of qty (at positive prices)
    tc_i128 fees                   # micros, paid is positive


cdef struct tc_ledger:
    tc_position* positions         # [instrument * account_stride + account]: one instrument's lie together
    int64_t* marks                 # by instrument: the MARK command's price, or -2**63
    int64_t* lasts                 # by instrument: the last trade's price, or -2**63
    int64_t* cash                  # [account * currency_stride + currency]: opening cash, micros
    int64_t account_stride, currency_stride


cdef inline tc_position* position_of(const tc_ledger* ledger, int32_t instrument, int32_t account) noexcept nogil:
    return &ledger.positions[instrument * ledger.account_stride + account]


# The cost that leaves with `closed` of `qty` lots; on magnitudes, the remainder stays in the position.
cdef inline tc_i128 release_cost(tc_i128 cost, int64_t qty, int64_t closed) noexcept nogil:
    cdef tc_i128 q = tc_floor_div_wide(cost, qty)
    cdef tc_i128 r = cost - q * qty
    return q * closed + tc_floor_div_wide(r * closed, qty)


# Books a fill of signed `qty` at `price`: adds, or closes at average cost, or both when it flips through zero.
cdef inline void apply_fill(tc_position* p, int64_t qty, int64_t price) noexcept nogil:
    cdef int64_t sign = 1 if p.qty > 0 else -1, closed
    cdef tc_i128 released
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        closed = tc_abs(qty) if tc_abs(qty) < tc_abs(p.qty) else tc_abs(p.qty)
        released = release_cost(p.cost * sign, tc_abs(p.qty), closed)
        p.realised = p.realised + (tc_wide(closed, price) - released) * sign
        p.cost = p.cost - released * sign
        p.qty -= closed * sign
        qty += closed * sign
    p.qty += qty
    p.cost = p.cost + tc_wide(qty, price)


cdef inline tc_i128 unrealised(const tc_position* p, int64_t mark) noexcept nogil:
    return tc_wide(p.qty, mark) - p.cost


# A fill's commission in micros, rounded half to even, once: either by quantity or by notional; a rebate is negative.
cdef inline tc_i128 commission_of(
    const tc_instrument* ins, int64_t qty, int64_t price, int64_t fee_per_unit, int64_t fee_ppm
) noexcept nogil:
    cdef tc_i128 notional
    if fee_per_unit:
        return tc_round_half_even(tc_wide(qty, fee_per_unit), ins.lots_per_unit)
    if fee_ppm == 0:
        return 0
    notional = tc_abs_wide(tc_wide(qty, price)) * ins.notional_scale   # below 2**102: validated at entry
    return tc_round_half_even(notional * fee_ppm, tc_wide(ins.limit_scale, 1_000_000))


# What an open position is valued at: the MARK command's price, else the last trade's, else none (-2**63).
cdef inline int64_t mark_of(const tc_ledger* ledger, int32_t instrument) noexcept nogil:
    if ledger.marks[instrument] != no_price():
        return ledger.marks[instrument]
    return ledger.lasts[instrument]

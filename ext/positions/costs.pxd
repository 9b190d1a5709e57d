# Position kernels: the exact ledger at average cost. Amounts are 128-bit integers of price unit x lot x multiplier.
#
# Why 128 bits can't overflow, with B = 2**127 = 1.7e38:
#   one fill is worth at most 1e14 lots x 1e14 price units = 1e28 < 2**94; an inverse contract's at most
#   1e14 x 1e18 = 1e32 < 2**107 (its scale is at most 1e18, its price at least 1);
#   an open position has at most 1e18 lots, so its cost, and its value at any mark, is at most 1e32 (1e36 < 2**120
#   inverse), and cost less value stays below 2**121;
#   release_cost multiplies a remainder below 1e18 by at most 1e18 lots: 1e36 < 2**120;
#   one fill changes `realised` by less than 2 x 2**107, and find_bad_sum refuses a fill while |realised| is above
#   2**125, so it never passes 2**126: an error before anything changes, not a wrapped sum;
#   a fee is at most 2**62 micros, so it takes 2**64 of the largest to reach 2**126.
# The fused core never meets that bound: its fills are linear, and 2**31 of the largest size at the largest price
# are needed to reach 2**125. Only a report's 64 bits may saturate.
# Identity, after every event: realised + unrealised - fees = cash flow net of fees + market value.

from instrument cimport *


cdef struct tc_position:
    int64_t qty                    # lots, signed
    int32_t first_lot, last_lot    # its open lots in the order of opening, 0 where lots are not kept (lots.pxd)
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
    tc_assert((closed >= 0) & (closed <= qty))
    tc_assert((r >= 0) & (r < qty))
    return q * closed + tc_floor_div_wide(r * closed, qty)


# Books signed `qty` lots worth `value` (same sign at positive prices): adds, or closes at average cost, or both when
# it flips through zero; the value is then divided between the two by the release rule, exactly where it is qty x price.
cdef inline void apply_value(tc_position* p, int64_t qty, tc_i128 value) noexcept nogil:
    cdef int64_t sign = 1 if p.qty > 0 else -1, size = tc_abs(qty), held = tc_abs(p.qty)
    cdef tc_i128 released, closing = value
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        if size > held:
            closing = -release_cost(-value * sign, size, held) * sign
            released = p.cost
            p.qty = qty + p.qty
            p.cost = value - closing
        else:
            released = release_cost(p.cost * sign, held, size) * sign
            p.qty += qty
            p.cost = p.cost - released
        p.realised = p.realised - closing - released
    else:
        p.qty += qty
        p.cost = p.cost + value
    tc_assert((p.qty != 0) | (p.cost == 0))            # what is not held has no cost


# Books a fill of signed `qty` at `price`.
cdef inline void apply_fill(tc_position* p, int64_t qty, int64_t price) noexcept nogil:
    apply_value(p, qty, tc_wide(qty, price))


# What signed lots are worth at a price. An inverse contract is worth -qty x scale / price in its own currency, rounded
# half to even once; that rounded value is the ledger's fact. `inverse_scale` 0 is an ordinary contract.
cdef inline tc_i128 value_of(int64_t inverse_scale, int64_t qty, int64_t price) noexcept nogil:
    if inverse_scale:
        return -tc_round_half_even(tc_wide(qty, inverse_scale), price)
    return tc_wide(qty, price)


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

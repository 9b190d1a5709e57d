# Position kernels: the exact ledger at average cost. Amounts are 128-bit integers of price unit x quantity unit; the
# multiplier is applied where money is told, and where a notional is compared.
#
# Why 128 bits can't overflow, with 2**127 = 1.7e38. The bounds: prices |p| <= 1e16 units; |q| <= 1e14 quantity units in
# one order, quote or trade; |p x q x multiplier| <= 1e37 of each, refused where it comes in (ARITHMETIC_OVERFLOW,
# BEYOND_AMOUNT); a position, with what works, <= 1e16; price, quantity and multiplier decimals together <= 18.
#   One fill is worth at most 1e14 x 1e16 = 1e30. An inverse contract's value is q x scale / p, with p >= 1: its scale
#   is at most 1e23, so one fill's is at most 1e14 x 1e23 = 1e37, and a position of it is bounded by 1e37 / scale.
#   So an open position's cost, and its value at any mark, is at most 1e16 x 1e16 = 1e32 (1e37 inverse), and cost less
#   value at most 2e32 (2e37). Sums over 131,070 accounts, or 50,000 instruments, stay below 1.4e37.
#   release_cost multiplies a remainder below 1e16 by at most 1e16: 1e32.
#   One fill changes `realised` by at most 2 x 1e37, and is_beyond_sum refuses a fill while |realised| is above 2**125 =
#   4.3e37, so it stays below 6.3e37: an error before anything changes, not a wrapped sum. The fused core's fills are
#   linear, at most 1e30 each: 2e7 of the largest size, each over the whole range of prices, are needed to reach 2**125.
#   A notional in 1e-9 is amount x notional_scale (multiplier x 10**(9 - decimals)): a checked product, and what it is
#   compared with is at most 1e25 x 1e9 = 1e34, twice that of an order at a mid.
#   A fee reported to the ledger is at most 2**62 money units: 2**64 of the largest are needed to reach 2**126. A fee
#   computed is amount x multiplier (1e37) x ppm / 10**n: where that passes 128 bits, tc_share divides first.
#   Cash is at most 1e28 money units. Only a report's 64 bits may saturate.
# Identity, after every event: realised + unrealised - fees = cash flow net of fees + market value.

from instrument cimport *


cdef struct tc_position:
    int64_t qty                    # lots, signed
    int32_t first_lot, last_lot    # its open lots in the order of opening, 0 where lots are not kept (lots.pxd)
    tc_i128 cost, realised         # cost has the sign of qty (at positive prices)
    tc_i128 fees                   # money units, paid is positive


cdef struct tc_ledger:
    tc_position* positions         # [instrument * account_stride + account]: one instrument's lie together
    int64_t* marks                 # by instrument: the MARK command's price, or -2**63
    int64_t* lasts                 # by instrument: the last trade's price, or -2**63
    tc_i128* cash                  # [account * currency_stride + currency]: opening cash, money units
    tc_i128* charges               # likewise: fees in other currencies than their instruments'
    int64_t account_stride, currency_stride
    bint is_charged                # a fee in another currency was ever booked


cdef inline tc_position* position_of(const tc_ledger* ledger, int32_t instrument, int32_t account) noexcept nogil:
    return &ledger.positions[instrument * ledger.account_stride + account]


# Is a running sum so large that no more may be added to it?
cdef inline bint is_beyond_sum(tc_i128 sum) noexcept nogil:
    return <uint64_t>(tc_high(sum) + (<int64_t>1 << 61) - 1) > (<uint64_t>1 << 62) - 2


# The cost that leaves with `closed` of `qty` lots; on magnitudes, the remainder stays in the position.
cdef inline tc_i128 release_cost(tc_i128 cost, int64_t qty, int64_t closed) noexcept nogil:
    cdef tc_i128 q, r
    tc_assert((closed >= 0) & (closed <= qty))
    if closed == qty:                                  # what the rule says of it, without a division
        return cost
    q = tc_floor_div_wide(cost, qty)
    r = cost - q * qty
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


# An inverse contract's word is multiplier x 64 + power of ten: its scale may not fit 64 bits.
cdef inline tc_i128 scale_of(int64_t inverse_scale) noexcept nogil:
    return (inverse_scale >> 6) * tc_power_of_ten(<int>(inverse_scale & 63))


# What signed lots are worth at a price. An inverse contract is worth -qty x scale / price in its own currency, rounded
# half to even once; that rounded value is the ledger's fact. `inverse_scale` 0 is an ordinary contract.
cdef inline tc_i128 value_of(int64_t inverse_scale, int64_t qty, int64_t price) noexcept nogil:
    if inverse_scale:
        return -tc_round_half_even(qty * scale_of(inverse_scale), price)
    return tc_wide(qty, price)


cdef inline tc_i128 unrealised(const tc_position* p, int64_t mark) noexcept nogil:
    return tc_wide(p.qty, mark) - p.cost


# A fill's commission in money units, rounded half to even, once: either by quantity or by notional; a rebate is
# negative. Beyond an amount's bound, which no currency has, it is that bound.
cdef inline tc_i128 commission_of(
    const tc_instrument* ins, int64_t qty, int64_t price, int64_t fee_per_unit, int64_t fee_ppm
) noexcept nogil:
    if fee_per_unit:                                   # at most 1e14 x 1e15 x 1e3
        return tc_round_half_even(tc_wide(qty, fee_per_unit) * ins.unit_fee_scale, unit_fee_divisor(ins))
    if fee_ppm == 0:
        return 0
    return tc_share(tc_wide(qty, tc_abs(price)), ins.fee_scale, fee_ppm, ins.fee_divisor, amount_max())


# What an open position is valued at: the MARK command's price, else the last trade's, else none (-2**63).
cdef inline int64_t mark_of(const tc_ledger* ledger, int32_t instrument) noexcept nogil:
    if ledger.marks[instrument] != no_price():
        return ledger.marks[instrument]
    return ledger.lasts[instrument]

# What an exchange lets be traded of an instrument. Vocabulary: it decides nothing.
#
# Static limits hold every price. Dynamic ones hold what would trade: a BUY no further above the reference than so many
# basis points, a SELL no further below it; each trade moves the reference. Source: FIX PriceLimits, that is
# LowLimitPrice(1148), HighLimitPrice(1149), TradingReferencePrice(1150); Limit Up-Limit Down; RTS 7 Art. 18 and 20.

from records cimport *


cdef enum:
    BPS = 10_000
    DYNAMIC_BPS_MAX = 1_000_000


# The limits of one instrument, in price units; no_price(), and -1 basis points, where there is none.
cdef struct tc_price_limits:
    int64_t low, high
    int64_t reference              # only where there are dynamic ones
    int64_t dynamic_bps


# The worst price at which an order may trade; without limits, as far as prices go.
cdef inline int64_t worst_allowed(const tc_price_limits* limits, uint8_t side, int64_t price_most) noexcept nogil:
    cdef int64_t sign = 1 if side == SIDE_BUY else -1
    cdef int64_t fixed = limits.high if side == SIDE_BUY else limits.low, worst, away
    worst = price_most if fixed == no_price() else sign * fixed
    if limits.dynamic_bps >= 0:
        away = <int64_t>tc_floor_div_wide(tc_wide(tc_abs(limits.reference), limits.dynamic_bps), BPS)
        worst = min(worst, sign * limits.reference + away)
    return sign * max(-price_most, worst)


# The static limit that a price is beyond, or no_price().
cdef inline int64_t broken_static(const tc_price_limits* limits, int64_t price) noexcept nogil:
    if price < limits.low:                             # no_price() is below every price
        return limits.low
    return limits.high if limits.high != no_price() and price > limits.high else no_price()


# The limit that an order's price is beyond, or no_price().
cdef inline int64_t broken_limit(
    const tc_price_limits* limits, uint8_t side, int64_t price, int64_t price_most
) noexcept nogil:
    cdef int64_t worst = worst_allowed(limits, side, price_most)
    if (price > worst) if side == SIDE_BUY else (price < worst):
        return worst
    return broken_static(limits, price)


# A limit after a split, rounded so that it lets no more through.
cdef inline int64_t split_price_limit(int64_t price, int64_t n, int64_t d, bint up) noexcept nogil:
    cdef tc_i128 exact = tc_wide(price, d)
    if price == no_price():
        return price
    exact = -tc_floor_div_wide(-exact, n) if up else tc_floor_div_wide(exact, n)
    return max(-price_max(), min(price_max(), tc_saturate(exact)))


# n new shares for d old ones: prices times d / n.
cdef inline void split_price_limits(tc_price_limits* limits, int64_t n, int64_t d) noexcept nogil:
    limits.low = split_price_limit(limits.low, n, d, True)
    limits.high = split_price_limit(limits.high, n, d, False)
    limits.reference = split_price_limit(limits.reference, n, d, False)

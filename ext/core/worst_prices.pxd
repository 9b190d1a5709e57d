# The worst price that an order may trade at, in ticks: its limit, and what bounds it beside.

from state cimport *


# The worst price that an order without a limit may trade at: any, or the nearer of its protection price and the
# exchange's limit.
cdef inline int64_t market_price(const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef bint buys = q.side == SIDE_BUY
    cdef int64_t price = ins.high_px if buys else ins.low_px, protection
    if q.line.limits[SLOT_COLLAR] >= 0:
        protection = max(-ins.price_most, min(ins.price_most, protection_price(q.line, q)))
        price = min(price, protection) if buys else max(price, protection)
    return price if tc_abs(price) == ins.price_most else safe_price(ins, price, q.side)


# The worst tick that the order may trade at.
cdef inline int64_t limit_ticks(const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef int64_t price = market_price(ins, q) if tc_seldom(q.ord_type == TYPE_MARKET) else q.price
    return tc_floor_div(price, ins.tick) if q.side == SIDE_BUY else -tc_floor_div(-price, ins.tick)


# The worst tick of a limit and a price beside it, which may be no_price().
cdef inline int64_t tighten_ticks(
    const tc_instrument* ins, uint8_t side, int64_t limit, int64_t bound
) noexcept nogil:
    if bound == no_price():
        return limit
    if side == SIDE_BUY:
        return min(limit, tc_floor_div(bound, ins.tick))
    return max(limit, -tc_floor_div(-bound, ins.tick))


# The worst tick, where an order has a bound beside its limit.
cdef inline int64_t bounded_ticks(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit
) noexcept nogil:
    if not order.extended:
        return limit
    return tighten_ticks(ins, direction(order.side), limit, core.orders.terms[slot_of(&core.orders, order)].protect_px)


# Is this worst tick less than everything that an order without a limit and a collar would take?
cdef inline bint is_bound(const tc_instrument* ins, int64_t limit) noexcept nogil:
    return tc_abs(limit) != tc_floor_div(ins.price_most, ins.tick)

# Order protection: on an instrument that has it, an order trades through no better price that another venue displays,
# and does not rest where it would lock or cross one; fees decide between venues of one price alone.
#
# What is taken of all venues at once, each displayed quantity in full, trades through none of them. A venue that is
# down displays nothing. In an auction all trade at one price.
# Source: SEC Regulation NMS, Rules 611(a), 611(b)(1) and (6), 610(e).

from state cimport *


# The best price displayed to an order of `side` at those of these venues (bit venue - 1) that are up, fees aside;
# no_price(): none.
cdef inline int64_t displayed_at(
    const tc_core* core, int32_t instrument, uint8_t side, uint64_t venues
) noexcept nogil:
    cdef const tc_top* tops = &core.router.tops[side_row(instrument, side) * MAX_VENUES]
    cdef int64_t best = no_price()
    cdef int32_t venue
    for venue in range(core.venue_count):
        if tops[venue].size <= 0 or not ((venues & ~core.router.down) >> venue) & 1:
            continue
        if best == no_price() or (tops[venue].price > best if side == SIDE_SELL else tops[venue].price < best):
            best = tops[venue].price
    return best


# The best price at these venues, where an order must not trade through it, or no_price().
cdef inline int64_t protected_price(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, uint64_t venues
) noexcept nogil:
    if not ins.order_protection or is_auction(order.time_in_force):
        return no_price()
    return displayed_at(core, order.instrument, direction(order.side), venues)


# What an order that goes to this venue alone must not trade through. A child's part is taken with all others.
cdef inline int64_t price_elsewhere(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int32_t venue
) noexcept nogil:
    if not ins.order_protection or terms_of(&core.orders, order).parent_id:
        return no_price()
    return protected_price(core, ins, order, ~(<uint64_t>1 << (venue - 1)))


# The worst tick of a limit and a displayed price, which may be no_price().
cdef inline int64_t within_ticks(const tc_instrument* ins, uint8_t side, int64_t limit, int64_t price) noexcept nogil:
    if price == no_price():
        return limit
    return (min(limit, tc_floor_div(price, ins.tick)) if side == SIDE_BUY else
            max(limit, tc_floor_div(price, ins.tick)))


# Would what rests at this tick lock or cross the price that is displayed?
cdef inline bint reaches(const tc_instrument* ins, uint8_t side, int64_t limit, int64_t price) noexcept nogil:
    if price == no_price():
        return False
    return limit * ins.tick >= price if side == SIDE_BUY else limit * ins.tick <= price

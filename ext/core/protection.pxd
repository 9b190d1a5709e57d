# Order protection: on an instrument that has it, an order trades through no better price that another venue displays,
# and does not rest where it would lock or cross one; fees decide between venues of one price alone.
#
# What is taken of all venues at once, each displayed quantity in full, trades through none of them. A venue that is
# down displays nothing. In an auction all trade at one price.
# Source: SEC Regulation NMS, Rules 611(a), 611(b)(1) and (6), 610(e).

from state cimport *


# The best price at these venues, where an order must not trade through it, or no_price().
cdef inline int64_t protected_price(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, uint64_t venues
) noexcept nogil:
    if not ins.order_protection or is_auction(order.time_in_force):
        return no_price()
    return displayed_price(&core.router, order.instrument, direction(order.side), venues, 0)


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


# Has an order a limit beyond the price elsewhere?
cdef inline bint is_cut(
    const tc_instrument* ins, const tc_order* order, int64_t limit, int64_t elsewhere
) noexcept nogil:
    return has_limit(order.ord_type) and within_ticks(ins, direction(order.side), limit, elsewhere) != limit


# Is an order not for an external venue, since it might trade through, lock or cross the price elsewhere there? One that
# was routed to what the venue displays, and rests nowhere, takes that, and is sent as far as it may go.
cdef inline bint is_kept_off(
    const tc_instrument* ins, const tc_order* order, int64_t limit, int64_t elsewhere
) noexcept nogil:
    cdef bint takes = order.route == ROUTE_TAKES and is_immediate(order.time_in_force)
    if order.exec_inst & INST_POST_ONLY and reaches(ins, direction(order.side), limit, elsewhere):
        return True
    return not takes and is_cut(ins, order, limit, elsewhere)

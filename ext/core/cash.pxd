# CashOrderQty(152): money in place of a quantity, in whole lots that never cost more than it says.
#
# It is counted at the worst price that the order may pay, which is the one that risk counts it at; an order to buy that
# has no limit of its own is sent with that price, and trades no worse. Where its fees are to be paid of it too, they
# are counted by the dearest that its venues charge. What is sold for is counted at the best that it may bring.

from placing cimport *


# Twice the price that an order without a limit refers to, and twice what it could take first, or no_price(): once it is
# triggered, where it waits.
cdef inline int64_t market_price2(
    tc_core* core, const tc_instrument* ins, const tc_command* c, int64_t* touch2
) noexcept nogil:
    cdef uint8_t side = direction(c.side)
    cdef int64_t reference2
    cdef const tc_top* top
    touch2[0] = no_price()
    if awaits_price(c.ord_type) and c.ord_type != TYPE_TRAILING_STOP:
        if c.stop_px == no_price() or tc_abs(c.stop_px) > price_max():
            return no_price()
        return 2 * c.stop_px
    reference2 = twice_reference(core, c.instrument)
    if c.ord_type == TYPE_TRAILING_STOP and reference2 != no_price() and side == SIDE_BUY:
        if c.peg_offset < 0 or c.peg_offset > price_max():
            return no_price()
        if c.peg_offset_type == PEG_BASIS_POINTS:
            return <int64_t>(reference2 + tc_floor_div_wide(tc_wide(reference2, min(c.peg_offset, 10_000)), 10_000))
        return reference2 + 2 * c.peg_offset
    touch2[0] = twice_touch(&core.router, ins, c.instrument, side, core.now)
    if c.venue >= 1 and c.venue <= core.venue_count:                   # it goes there, whatever others display
        top = &core.router.tops[side_row(c.instrument, side) * MAX_VENUES + c.venue - 1]
        if top.size > 0:
            touch2[0] = 2 * top.price
    return reference2


# The price that the lots are counted at, or no_price() where there is none.
cdef inline int64_t cash_price(tc_core* core, const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint8_t side = direction(c.side)
    cdef int64_t reference2, touch2, most2, bps = -1
    cdef tc_line room
    if side == SIDE_BUY and has_limit(c.ord_type):
        return c.price
    reference2 = market_price2(core, ins, c, &touch2)
    if (c.account >= 1 and c.account <= core.account_count and c.venue >= 0 and c.venue <= core.venue_count
            and c.strategy >= 0):
        bps = <int64_t>line_of(core.risk.lines, &core.risk.rows, ins, c.instrument, c.account, c.venue, c.strategy,
                               MODE_ENFORCE, &room).limits[SLOT_COLLAR]
    if side == SIDE_BUY and bps >= 0:
        return no_price() if reference2 <= 0 else collar_price(reference2, bps, SIDE_BUY)
    most2 = reference2 if reference2 > touch2 else touch2
    if has_limit(c.ord_type) and c.price != no_price() and tc_abs(c.price) <= price_max() and 2 * c.price > most2:
        most2 = 2 * c.price
    return -tc_floor_div(-most2, 2) if most2 != no_price() else no_price()


# The quantity of an order in lots, rounded down, and the worst price that it may trade at beside its limit, or
# no_price(). What can't be converted is 0 lots, which validation refuses.
cdef inline int64_t convert_cash(
    tc_core* core, const tc_instrument* ins, const tc_command* c, int64_t* bound
) noexcept nogil:
    cdef int64_t price = cash_price(core, ins, c), most = ins.price_most
    cdef tc_i128 lots, cost
    bound[0] = no_price()
    if (c.order_qty < 1 or c.order_qty > cash_order_max() or price == no_price() or price == 0
            or price > price_max() or price < -price_max()):
        return 0
    if direction(c.side) == SIDE_BUY and not has_limit(c.ord_type):
        price = safe_price(ins, most if price > most else -most if price < -most else price, SIDE_BUY)
        price = tc_floor_div(price, ins.tick) * ins.tick       # without bands it is as it was
        if price == 0:
            return 0
        bound[0] = price
    lots = tc_wide(c.order_qty, ins.limit_scale) * CASH_ORDER_SCALE * FEE_SCALE
    cost = tc_abs_wide(price) * FEE_SCALE
    if c.exec_inst & INST_CASH_FEES:
        cost = cost + dearest_fee(core, ins, c.venue, price)
    if tc_mul_overflows(cost, ins.notional_scale, &cost):
        return 0                                       # no cash pays for one
    lots = tc_floor_div_wide(lots, cost)
    if lots > cash_order_max():
        lots = cash_order_max()
    return tc_floor_div(<int64_t>lots, ins.lot) * ins.lot


# Only in C: an assignment in Python.
# An order for cash and its command become an order for lots.
cdef inline void convert_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, tc_command* c
) noexcept nogil:
    cdef int64_t bound
    c.order_qty = convert_cash(core, ins, c, &bound)
    order.order_qty = c.order_qty
    if bound != no_price():
        extend_order(&core.orders, order).protect_px = bound

# What orders that work hold of their accounts' cash: at their worst price, with the dearest fee of the venues that they
# may go to; while a replace is unanswered the larger of old and new. A part of an order is held for by its parent.
# What has no limit of its own is counted at its protection price, else at the reference or what it could take first;
# once that is let go, at what holds then. It refuses nothing.

from answered cimport *


# The most that a venue, or with 0 any, charges for one lot, in millionths of a price unit; rounded up, and no less than
# 0: a rebate that may not come pays for nothing.
cdef inline tc_i128 dearest_fee(
    const tc_core* core, const tc_instrument* ins, int32_t venue, int64_t price
) noexcept nogil:
    cdef int32_t first = venue, last = venue, at
    cdef const tc_venue* fees
    cdef tc_i128 most = 0, charge
    if venue < 1 or venue > core.venue_count:
        first, last = 1, core.venue_count
    for at in range(first, last + 1):
        fees = &core.router.venues[at]
        charge = -fee_charge(ins, price, -fees.maker_fee_per_unit, -fees.maker_fee_ppm)
        most = charge if charge > most else most
        charge = -fee_charge(ins, price, -fees.taker_fee_per_unit, -fees.taker_fee_ppm)
        most = charge if charge > most else most
    return most


# What so much of an order needs at a price, wherever it has gone meanwhile; -1 where it can't be told.
cdef inline tc_i128 need_at(const tc_core* core, const tc_order* order, int64_t qty, int64_t price) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[order.instrument]
    cdef tc_i128 fee = 0
    if price != no_price():
        fee = dearest_fee(core, ins, order.entered_venue, price)
    return need_of(ins, direction(order.side), qty, price, fee)


# Only in C: an expression in Python.
# What so much of what an order has not traded needs, of what it holds; what can't be told more than anyone has.
cdef inline tc_i128 need_held(
    const tc_core* core, const tc_order* order, int64_t order_qty, int64_t price, int64_t* most_qty
) noexcept nogil:
    cdef int64_t qty = max(0, order_qty - order.cum_qty)
    cdef tc_i128 need
    qty = min(qty, order.held)
    most_qty[0] = max(most_qty[0], qty)
    need = need_at(core, order, qty, price)
    return untold() if need < 0 else need


# What an order needs for all that it holds: the most of what it is and of what its venue was asked for.
cdef inline tc_i128 needed_by(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef bint limited = has_limit(order.ord_type)
    cdef int64_t own = order.price if limited else terms_of(&core.orders, order).fund_px
    cdef int64_t worst = own, price, most_qty = 0
    cdef tc_i128 most = need_held(core, order, order.order_qty, own, &most_qty), need
    cdef const tc_request* request
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        request = &core.orders.requests[at]
        if request.is_replace:
            price = request.price if limited else own
            worst = max(worst, price) if direction(order.side) == SIDE_BUY else min(worst, price)
            need = need_held(core, order, request.order_qty, price, &most_qty)
            most = need if need > most else most
        at = request.next
    if order.held > most_qty:                          # what is in doubt, or works in parts
        need = need_held(core, order, order.held + order.cum_qty, worst, &most_qty)
        most = need if need > most else most
    return most


# What is held of an account's cash follows an order's facts.
cdef inline void sync_funds(tc_core* core, tc_order* order, bint is_part) noexcept nogil:
    cdef tc_i128 need = needed_by(core, order) if order.admitted and not is_part else 0
    cdef tc_i128 was = terms_of(&core.orders, order).fund_held
    if need != was:
        hold_cash(&core.risk.funds, order.account, core.instruments[order.instrument].currency, need - was)
        extend_order(&core.orders, order).fund_held = need


# What an order with these terms would need beyond what is held for it, while some row asks for funds; -1 where that
# can't be told.
cdef inline void ask_funds(
    const tc_core* core, const tc_order* order, tc_question* q
) noexcept nogil:
    cdef tc_i128 need
    q.fund_px = no_price()
    q.fund_more = 0
    if not tc_seldom(core.risk.rows.on_funds != 0) or terms_of(&core.orders, order).parent_id:
        return
    q.fund_px = q.price
    if q.ord_type == TYPE_MARKET:                      # what it sells needs nothing
        q.fund_px = 0 if q.side == SIDE_SELL else no_price()
        if q.side == SIDE_BUY and q.reference2 > 0:
            q.fund_px = -tc_floor_div(-notional_price2(q.line, q), 2)
    need = need_at(core, order, max(0, q.leaves_qty), q.fund_px)
    q.fund_more = -1
    if need >= 0:
        need = need - terms_of(&core.orders, order).fund_held
        q.fund_more = need if need > 0 else 0


# What has no limit of its own is counted at this price from now on; what its venue is only asked for (`is_asked`) at no
# lower one.
cdef inline void note_fund_price(tc_core* core, tc_order* order, const tc_question* q, bint is_asked) noexcept nogil:
    cdef tc_terms* terms
    if q.ord_type != TYPE_MARKET or not tc_seldom(q.fund_px != no_price()):
        return
    terms = extend_order(&core.orders, order)
    terms.fund_px = max(terms.fund_px, q.fund_px) if is_asked else q.fund_px

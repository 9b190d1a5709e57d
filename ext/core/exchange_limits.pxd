# What an exchange says of its prices: new limits, and the trades that move the dynamic ones. The gate is told as well,
# and keeps them apart.

from upkeep cimport *
from exit_gate cimport keep_limits


# What dynamic limits begin from: what the exchange said, else the last trade.
cdef inline int64_t reference_of(const tc_core* core, const tc_command* c) noexcept nogil:
    if c.trading_reference_price != no_price():
        return c.trading_reference_price
    return core.ledger.lasts[c.instrument]


# Why an instrument can't have these limits, with value and bound; REASON_NONE where it can.
cdef inline int find_bad_limits(
    const tc_core* core, const tc_instrument* ins, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef int64_t[3] prices = [c.low_limit_price, c.high_limit_price, c.trading_reference_price]
    cdef int i, reason
    bound[0] = 0
    for i in range(3):
        value[0] = prices[i]
        reason = find_bad_price(ins, prices[i], bound) if prices[i] != no_price() else REASON_NONE
        if reason:
            return reason
    if c.high_limit_price != no_price() and c.high_limit_price < c.low_limit_price:
        value[0] = c.high_limit_price
        bound[0] = 64
        return INVALID_FIELD_VALUE
    if c.dynamic_bps < -1 or c.dynamic_bps > DYNAMIC_BPS_MAX:
        value[0] = c.dynamic_bps
        bound[0] = 80
        return INVALID_FIELD_VALUE
    if c.dynamic_bps >= 0 and reference_of(core, c) == no_price():
        value[0] = no_price()
        return REFERENCE_PRICE_UNAVAILABLE
    return REASON_NONE


# The limits of an instrument from now on. What rests in a book of ours beyond the static ones is canceled; what works
# at an external venue is that venue's.
cdef inline void set_price_limits(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef tc_order* order
    cdef int64_t value = 0, bound = 0, count, i
    cdef int reason
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    reason = find_bad_limits(core, ins, c, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    accept_command(core, c, c.instrument, 0, 0, c.low_limit_price, c.high_limit_price)
    ins.limits.low = c.low_limit_price
    ins.limits.high = c.high_limit_price
    ins.limits.dynamic_bps = c.dynamic_bps
    ins.limits.reference = reference_of(core, c) if c.dynamic_bps >= 0 else no_price()
    keep_edges(ins)
    keep_limits(&core.gate, c.instrument, c.low_limit_price, c.high_limit_price, ins.limits.reference, c.dynamic_bps)
    count = find_open(&core.open_orders, &core.orders, c.instrument, 0, 0, 0)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if order.place != PLACE_RESTING or not has_limit(order.ord_type):
            continue
        bound = broken_static(&ins.limits, order.price)
        if bound != no_price():
            order.value = order.price
            order.bound = bound
            end_order(core, c, order, STATUS_CANCELED, PRICE_LIMIT)


# What the exchange's limits say to an order that has waited, or is a part of one; REASON_NONE where nothing.
cdef inline int ask_exchange(const tc_instrument* ins, const tc_order* order, tc_finding* finding) noexcept nogil:
    cdef int64_t beyond
    if not has_limit(order.ord_type) or (ins.low_px <= order.price and order.price <= ins.high_px):
        return REASON_NONE
    beyond = broken_limit(&ins.limits, direction(order.side), order.price, ins.price_most)
    if beyond == no_price():
        return REASON_NONE
    tell_finding(finding, PRICE_LIMIT, True, True, order.price, beyond, 0)
    return PRICE_LIMIT

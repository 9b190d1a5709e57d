# An order that the core wants less of, or nothing: at a simulated venue at once, at an external one by asking.

from requests cimport *


# Ends an order that the core no longer wants; one at an external venue is asked for back, once: the core itself sends
# no second cancel after one that is UNKNOWN.
cdef inline void stop_order(tc_core* core, const tc_command* c, tc_order* order, int reason) noexcept nogil:
    if recall_order(core, order):
        end_order(core, c, order, STATUS_CANCELED, reason)
    elif not has_cancel(&core.orders, order):
        ask_cancel(core, c, order, 0, reason)


# Lowers an order's quantity; it keeps its place in its queue, and ends where nothing is left.
cdef inline void shrink_order(
    tc_core* core, const tc_command* c, tc_order* order, int64_t order_qty, int reason
) noexcept nogil:
    cdef bint away = order.place == PLACE_AT_VENUE or order.place == PLACE_IN_CHILDREN
    cdef tc_asked asked
    cdef const tc_request* last
    cdef tc_terms* terms
    cdef tc_report* r
    tc_assert((is_live(order) != 0) & ((away != 0) | (order_qty < order.order_qty)))
    if order_qty <= order.cum_qty or (away and core.orders.replaces == core.orders.open_max):
        stop_order(core, c, order, reason)             # where no replace can be sent: rather none than too much
    elif away and (cancel_sent(&core.orders, order) or wanted_qty(&core.orders, order) <= order_qty):
        return                                         # it is asked for as little already
    elif away:
        last = last_asked(&core.orders, order, NO_SLOT)
        put_asked(core, order, &asked)
        if last != NULL:
            asked.price = last.price
            asked.stop_px = last.stop_px
            asked.expire_time = last.expire_time
            asked.peg_offset = last.peg_offset
        asked.order_qty = order_qty
        ask_replace(core, c, order, 0, &asked, reason)
    else:
        if order.place == PLACE_RESTING:
            reduce_node(&core.book, slot_of(&core.orders, order), order.order_qty - order_qty)
            sync_tops(core, order.instrument, order.venue)
        terms = extend_order(&core.orders, order)
        order.order_qty = order_qty
        cap_limit(&core.groups, order, terms)
        r = start_execution(core, c, order, EXEC_RESTATED)
        r.reason = <int16_t>reason
        r.exec_restatement_reason = 5                  # PARTIAL_DECLINE
        publish_execution(core, order, r)
        sync_order(core, order)
        tc_assert(rests_whole(core, order))

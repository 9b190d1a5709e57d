# What the core's own orders say of external venues: how soon they are answered, and how much of them is filled.

from state cimport *


# What an order that has ended says of its external venue: how much of it was filled there.
cdef inline void note_end(tc_core* core, const tc_order* order) noexcept nogil:
    if not is_external(core, order.venue):
        return
    end_trial(&core.router, order.venue, order.order_id, False)
    if not order.acked or order.terminal == STATUS_REJECTED:
        return
    note_filled(&core.router.statistics[order.venue], order.cum_qty, order.order_qty,
                order.route == ROUTE_TAKES or order.time_in_force == TIF_IOC or order.time_in_force == TIF_FOK)
    core.router.epoch += core.router.weights.miss > 0


# A word of an external venue about a new order: the first is its round trip, unless it was UNKNOWN until then.
cdef inline void hear_first(tc_core* core, const tc_order* order) noexcept nogil:
    cdef tc_statistics* s = &core.router.statistics[order.venue]
    if order.awaited and not order.kept & HEARD_OF and not order.unknown_new:
        note_answer(s, core.now - terms_of(&core.orders, order).sent_time)
        if tc_seldom(core.router.weights.latency != 0):
            s.root = root_of(s.round_trip)
        core.router.epoch += has_weight(&core.router.weights)


# An external venue takes or rejects a new order.
cdef inline void hear_answer(tc_core* core, const tc_order* order, bint is_reject) noexcept nogil:
    if order.awaited:
        hear_first(core, order)
        note_verdict(&core.router.statistics[order.venue], is_reject)
        core.router.epoch += has_weight(&core.router.weights)
        if not is_reject:
            hear_taken(&core.router, order.venue, order.order_id)

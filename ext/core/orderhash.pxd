# Rows of the state hash, those of orders.
# Only in C: a twin hashes rows in comprehensions.

from saidhash cimport *


cdef inline void hash_order(tc_hasher* h, const tc_core* core, const tc_order* order) noexcept nogil:
    put(h, 9)
    put(h, order.order_id)
    put_id(h, core, order.cl_ord_id)
    put(h, order.instrument)
    put(h, order.account)
    put(h, order.venue)
    put(h, order.side)
    put(h, order.ord_type)
    put(h, order.time_in_force)
    put(h, order.exec_inst)
    put(h, order.order_qty)
    put(h, order.price)
    put(h, order.cum_qty)
    put_wide(h, order.cum_amount)
    put(h, derive_status(order))
    put(h, order.reason)
    put(h, order.value)
    put(h, order.bound)
    put(h, order.reject_mask)
    put(h, order.transact_time)
    put(h, order.decision)
    put(h, order.route)
    end_row(h)


cdef inline void hash_terms(tc_hasher* h, const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    put(h, 12)
    put_id(h, core, terms.orig_cl_ord_id)
    put(h, stop_of(&core.triggers, &core.orders, order))
    put(h, terms.peg_offset)
    put(h, terms.min_qty)
    put(h, terms.display_qty)
    put(h, terms.expire_time)
    put(h, terms.list_id)
    put(h, order.strategy)
    put(h, terms.trigger_price_type)
    put(h, terms.peg_offset_type)
    put(h, terms.contingency_type)
    put(h, order.terminal)
    put(h, order.admitted | order.acked << 1 | order.done_for_day << 2 | order.calculated << 3 | order.stopped << 4
        | order.suspended << 5 | order.triggered << 6 | order.awaited << 7 | order.unknown_new << 8
        | order.expiry_asked << 9 | order.is_open << 10 | (order.kept & KEEPS_PLACES) << 11
        | ((order.kept & RECALLED) >> 1) << 12 | (terms.new_message != NO_MESSAGE) << 13
        | (terms.cancel_message != NO_MESSAGE) << 14 | (terms.change_message != NO_MESSAGE) << 15
        | (terms.status_message != NO_MESSAGE) << 16 | terms.repriced << 17
        | (1 if order.kept & HEARD_OF else 0) << 18 | (1 if order.kept & EMPTIED else 0) << 19)
    put(h, terms.sent_time)
    put(h, order.place)
    put(h, order.held)
    put(h, order.last_status)
    put(h, peak_of(&core.triggers, &core.orders, order))
    put(h, terms.parent_id)
    put(h, terms.working)
    put(h, <int64_t>terms.tried)
    put(h, terms.tried_seq)
    put(h, <int64_t>terms.refused)
    put(h, terms.worst_ticks)
    put(h, terms.ending)
    put(h, terms.ending_reason)
    put(h, terms.stop_asked)
    end_row(h)
    put_row(h, 20, terms.doubt_qty, 0)
    put_row(h, 21, terms.protect_px, no_price())
    put_row(h, 80, terms.fund_px, no_price())
    put_row(h, 50, terms.routing, 0)


cdef inline void hash_requests(tc_hasher* h, const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_request* request
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        request = &core.orders.requests[at]
        put(h, 13)
        put_id(h, core, request.cl_ord_id)
        put(h, request.is_replace)
        put(h, request.sent_time)
        put(h, request.order_qty)
        put(h, request.price)
        put(h, request.stop_px)
        put(h, request.expire_time)
        put(h, request.pending)
        put(h, request.unknown)
        put(h, request.message != NO_MESSAGE)
        end_row(h)
        put_row(h, 22, request.peg_offset, 0)
        at = request.next

# What external venues report of orders and requests; their trades are in venuetrades. A report that contradicts the
# facts is refused, counted, and changes nothing. Source: FIX 4.4 Appendix D.

from doubts cimport *
from health cimport *


# Only in C: membership in Python.
cdef inline bint is_exec_type(uint8_t exec_type) noexcept nogil:
    return exec_type == EXEC_NEW or (exec_type >= EXEC_DONE_FOR_DAY and exec_type <= EXEC_ORDER_STATUS) \
        or exec_type == EXEC_TRIGGERED


# Only in C: membership in Python.
cdef inline bint is_correction(uint8_t exec_type) noexcept nogil:
    return exec_type == EXEC_TRADE_CORRECT or exec_type == EXEC_TRADE_CANCEL


cdef inline bint ends_order(uint8_t exec_type) noexcept nogil:
    return exec_type == EXEC_CANCELED or exec_type == EXEC_EXPIRED or exec_type == EXEC_REJECTED


# Only in C: `find_order` in Python.
# The order that a venue means, or NULL: by any id in its chain that is known, else by the order_id; only one that it
# can have.
cdef inline tc_order* find_venue_order(tc_core* core, const tc_command* c, int64_t* order_id) noexcept nogil:
    cdef tc_order* order = NULL
    order_id[0] = owner_of(core, c.venue, c.cl_ord_id, &order)
    if order_id[0] == 0:
        order_id[0] = c.order_id
        order = find_order(&core.orders, c.order_id)
    if order == NULL or not order.admitted or order.venue != c.venue or order.place > PLACE_AT_VENUE:
        return NULL
    if order.awaited:                                  # else it has been heard of before
        terms_of(&core.orders, order).new_message = NO_MESSAGE         # its venue has it: it can't be taken back
    return order


# The request that a venue answers, or NO_SLOT: by its id; where it names none, the oldest of its kind.
cdef inline uint32_t find_request(
    const tc_core* core, const tc_order* order, int64_t cl_ord_id, bint is_replace
) noexcept nogil:
    cdef const tc_request* request
    cdef uint32_t at = order.first_request, oldest = NO_SLOT
    while at != NO_SLOT:
        request = &core.orders.requests[at]
        if request.is_replace == is_replace:
            if request.cl_ord_id and request.cl_ord_id == cl_ord_id:
                return at
            if oldest == NO_SLOT:
                oldest = at
        at = request.next
    if cl_ord_id and cl_ord_id != order.cl_ord_id:
        return NO_SLOT
    return oldest


# ---- states

# Canceled, expired or rejected: its pending requests are closed with it.
cdef inline void end_at_venue(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef uint32_t request = find_request(core, order, c.cl_ord_id, False)
    cdef bint asked = c.exec_type == EXEC_CANCELED and request != NO_SLOT
    cdef int64_t before = order.cl_ord_id
    cdef tc_report* r
    if request != NO_SLOT:
        hear_request(&core.router, order.venue)
    if asked:
        take_id(core, order, core.orders.requests[request].cl_ord_id)
    tc_assert((order.place == PLACE_AT_VENUE) & (order.terminal == 0))
    end_facts(&core.orders, order, c.exec_type)
    order.place = PLACE_NOWHERE
    order.reason = VENUE_REPORTED
    r = start_execution(core, c, order, c.exec_type)
    r.reason = VENUE_REPORTED
    if c.exec_type == EXEC_REJECTED:
        r.ord_rej_reason = <int8_t>c.reject_reason if -1 <= c.reject_reason and c.reject_reason <= 99 else 99
    if asked:
        r.orig_cl_ord_id = before
    r.venue_exec_id = c.exec_id
    put_told_time(r, c)
    publish_execution(core, order, r)
    if c.exec_type == EXEC_REJECTED:
        note_reject(core, c, order)


# What the core wants of itself of an order: less.
cdef inline bint wants_less(int reason) noexcept nogil:
    return reason == OTHER_FILLED or reason == PARENT_ENDED or reason == REDUCED_POSITION


# A venue keeps what it was asked to cancel: what is held for it now will hear of it, and nothing that comes later.
cdef inline void note_kept(tc_core* core, const tc_order* order) noexcept nogil:
    if core.triggers.held_count:
        core.triggers.kept = order.order_id
        core.triggers.asks_again = True


# The core wanted less of an order, and its venue made it more, or refused: rather none than too much. A cancel that is
# refused is the venue's last word.
cdef inline void insist(tc_core* core, const tc_command* c, tc_order* order, const tc_request* request) noexcept nogil:
    if request.is_replace and is_live(order) and not cancel_sent(&core.orders, order):
        ask_cancel(core, c, order, 0, request.reason)


# What was asked for, or what the venue says it made of it. Every replace that was asked before it is past, answered or
# not: its venue took this one for what followed them. A cancel stays pending.
cdef inline void replace_at_venue(
    tc_core* core, const tc_command* c, tc_order* order, uint32_t request
) noexcept nogil:
    cdef tc_request asked = core.orders.requests[request]
    cdef int64_t before = order.cl_ord_id
    cdef tc_terms* terms = extend_order(&core.orders, order)
    cdef tc_report* r
    cdef uint32_t earlier = order.first_request, next
    tc_assert(asked.is_replace != 0)
    while earlier != request:
        next = core.orders.requests[earlier].next
        if core.orders.requests[earlier].is_replace:
            remove_request(&core.orders, order, earlier)
        earlier = next
    remove_request(&core.orders, order, request)
    take_terms(core, order, c, c.order_qty if c.order_qty else asked.order_qty, asked.price)
    terms.stop_px = asked.stop_px
    terms.expire_time = asked.expire_time
    terms.peg_offset = asked.peg_offset
    if not wants_less(asked.reason):
        terms.oco_limit = asked.oco_limit
    cap_limit(&core.groups, order, terms)
    take_id(core, order, asked.cl_ord_id)
    r = start_execution(core, c, order, EXEC_REPLACED)
    r.orig_cl_ord_id = before
    r.venue_exec_id = c.exec_id
    put_told_time(r, c)
    publish_execution(core, order, r)
    if not wants_less(asked.reason):
        look_again(core, order)
    elif order.order_qty > asked.order_qty:
        insist(core, c, order, &asked)


cdef inline void restate_at_venue(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_report* r
    if c.reject_reason == 0 or c.reject_reason == 1:   # a corporate action or a renewal: it is good again
        order.done_for_day = False
    take_terms(core, order, c, c.order_qty if c.order_qty else order.order_qty, order.price)
    if order.extended:
        cap_limit(&core.groups, order, terms_of(&core.orders, order))
    look_again(core, order)
    r = start_execution(core, c, order, EXEC_RESTATED)
    r.exec_restatement_reason = <int8_t>c.reject_reason if 0 <= c.reject_reason and c.reject_reason <= 99 else 99
    r.venue_exec_id = c.exec_id
    put_told_time(r, c)
    publish_execution(core, order, r)


cdef inline void put_request_ids(
    tc_core* core, tc_report* r, const tc_order* order, uint32_t request
) noexcept nogil:
    r.cl_ord_id = core.orders.requests[request].cl_ord_id
    r.orig_cl_ord_id = order.cl_ord_id


# A temporary state, or New: working, and reinstated if it was not.
cdef inline void set_state(tc_order* order, uint8_t exec_type) noexcept nogil:
    if exec_type == EXEC_DONE_FOR_DAY:
        order.done_for_day = True
    elif exec_type == EXEC_STOPPED:
        order.stopped = True
    elif exec_type == EXEC_SUSPENDED:
        order.suspended = True
    elif exec_type == EXEC_CALCULATED:
        order.calculated = True
    elif exec_type == EXEC_TRIGGERED:
        order.triggered = True
    elif exec_type == EXEC_NEW:
        order.suspended = False
        order.done_for_day = False
        order.stopped = False


# An execution report that is no trade. What contradicts the facts is refused.
cdef inline void take_state(
    tc_core* core, const tc_command* c, tc_ack* ack, tc_order* order
) noexcept nogil:
    cdef uint8_t t = c.exec_type
    cdef uint32_t request = NO_SLOT
    cdef int64_t value = 0, bound = 0
    cdef tc_report* r
    cdef int reason
    cdef bint contradicts
    if is_old_news(c, order):
        tell_order(core, c, ack, order, REASON_NONE, 0, 0)
        return
    if t == EXEC_PENDING_CANCEL or t == EXEC_PENDING_REPLACE or t == EXEC_REPLACED:
        request = find_request(core, order, c.cl_ord_id, t != EXEC_PENDING_CANCEL)
        if request == NO_SLOT and t == EXEC_REPLACED and is_late_answer(core, c, order):
            take_late_answer(core, c, ack, order)
            return
        if request == NO_SLOT:
            refuse_report(core, c, ack, NO_SUCH_REQUEST, order.order_id, count_requests(&core.orders, order))
            return
    else:
        if t == EXEC_CALCULATED:
            contradicts = is_live(order) and not order.done_for_day
        else:
            contradicts = (not is_live(order) or (t == EXEC_PENDING_NEW and order.acked)
                           or (t == EXEC_REJECTED and order.cum_qty != 0))
        if contradicts:
            refuse_report(core, c, ack, VENUE_CONTRADICTS, t, derive_status(order))
            return
    if t == EXEC_REPLACED or t == EXEC_RESTATED:
        reason = find_bad_restatement(core, c, order, &value, &bound)
        if reason:
            refuse_report(core, c, ack, reason, value, bound)
            return
    if t != EXEC_PENDING_NEW and t != EXEC_REJECTED:
        order.acked = True
    note_word(core, order, t)
    hear_health(core, c, order, t == EXEC_REJECTED, request != NO_SLOT)
    if t != EXEC_PENDING_NEW:
        hear_answer(core, order, t == EXEC_REJECTED)
    else:
        hear_first(core, order)
    order.awaited = t == EXEC_PENDING_NEW and order.awaited
    order.unknown_new = False
    if t == EXEC_PENDING_NEW:
        order.kept |= HEARD_OF
        extend_order(&core.orders, order).sent_time = core.now         # its clock starts anew
    if ends_order(t):
        end_at_venue(core, c, order)
    elif t == EXEC_REPLACED:
        replace_at_venue(core, c, order, request)
    elif t == EXEC_RESTATED:
        restate_at_venue(core, c, order)
    else:
        if request != NO_SLOT:
            mark_pending(&core.orders, order, request)
            core.orders.requests[request].sent_time = core.now         # heard of: its clock starts anew
        else:
            set_state(order, t)
        r = start_execution(core, c, order, t)
        if request != NO_SLOT:
            put_request_ids(core, r, order, request)
        r.venue_exec_id = c.exec_id
        put_told_time(r, c)
        publish_execution(core, order, r)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


# The answer to a status request: it resolves what was UNKNOWN, or contradicts what we know and is refused.
cdef inline void take_status(
    tc_core* core, const tc_command* c, tc_ack* ack, tc_order* order
) noexcept nogil:
    cdef bint ended = ends_order(c.ord_status)
    cdef tc_command said
    cdef tc_report* r
    cdef uint32_t at, next
    cdef int64_t value = 0, bound = 0
    cdef int reason
    cdef bint in_doubt = order.extended and terms_of(&core.orders, order).doubt_qty != 0
    if ended and is_live(order):
        said = c[0]
        said.exec_type = c.ord_status
        take_state(core, &said, ack, order)
        return
    if ended != (order.terminal != 0):
        refuse_report(core, c, ack, VENUE_CONTRADICTS, c.ord_status, derive_status(order))
        return
    reason = find_bad_restatement(core, c, order, &value, &bound) if in_doubt else REASON_NONE
    if reason:
        refuse_report(core, c, ack, reason, value, bound)
        return
    if c.ord_status != STATUS_PENDING_NEW and order.terminal == 0:
        if order.awaited:
            note_acceptance(core, order)
        hear_answer(core, order, False)
        order.acked = True
        order.awaited = False
        order.unknown_new = False
    # It works, and no cancel is pending: an UNKNOWN one was lost.
    at = order.first_request if c.ord_status == STATUS_NEW or c.ord_status == STATUS_PARTIALLY_FILLED else NO_SLOT
    while at != NO_SLOT:
        next = core.orders.requests[at].next
        if core.orders.requests[at].unknown and not core.orders.requests[at].is_replace:
            remove_request(&core.orders, order, at)
            note_kept(core, order)
            look_again(core, order)
        at = next
    if in_doubt:
        settle_doubt(core, c, order)
    r = start_execution(core, c, order, EXEC_ORDER_STATUS)
    if c.cum_qty >= 0 and c.cum_qty != order.cum_qty:  # told once for each answer: asking again would be answered so
        r.reason = CUM_QTY_MISMATCH
        r.value = c.cum_qty
        r.bound = order.cum_qty
    put_told_time(r, c)
    publish_execution(core, order, r)
    sync_order(core, order)
    acknowledge(core, order, ack)


# A venue refuses a request: the order is as it was before. Where it does not know the order, or says that it is over,
# and we think that it works, it is asked.
cdef inline void enter_cancel_reject(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t order_id = 0
    cdef tc_order* order
    cdef uint32_t request
    cdef tc_report* r
    cdef tc_request asked
    cdef bint doubts
    if not is_external(core, c.venue):
        refuse_report(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    order = find_venue_order(core, c, &order_id)
    if order == NULL:
        refuse_report(core, c, ack, UNKNOWN_ORDER, order_id, 0)
        return
    request = order.first_request if c.cl_ord_id else NO_SLOT
    while request != NO_SLOT and core.orders.requests[request].cl_ord_id != c.cl_ord_id:
        request = core.orders.requests[request].next
    if request == NO_SLOT and (c.cl_ord_id == 0 or c.cl_ord_id == order.cl_ord_id):
        request = order.first_request                  # named as the order's: the oldest that no user named
        while request != NO_SLOT and is_named(core, core.orders.requests[request].cl_ord_id):
            request = core.orders.requests[request].next
        if request == NO_SLOT:
            request = order.first_request
    if request == NO_SLOT:
        refuse_report(core, c, ack, NO_SUCH_REQUEST, order.order_id, count_requests(&core.orders, order))
        return
    asked = core.orders.requests[request]
    hear_request(&core.router, order.venue)
    if c.note:
        hear_note(core, c)
    if c.note or c.venue_order_id:
        hear_of_order(core, c, order)
    remove_request(&core.orders, order, request)
    if not asked.is_replace:
        note_kept(core, order)
    order.last_status = derive_status(order)
    r = start_message(core, c, order, REPORT_CANCEL_REJECT)
    r.cl_ord_id = asked.cl_ord_id
    r.orig_cl_ord_id = order.cl_ord_id
    r.cxl_rej_reason = <int8_t>c.reject_reason if -1 <= c.reject_reason and c.reject_reason <= 99 else 99
    ack.cxl_rej_reason = r.cxl_rej_reason
    doubts = is_live(order) and (ack.cxl_rej_reason == 0 or ack.cxl_rej_reason == 1)       # too late, unknown order
    r.reason = ORDER_IN_DOUBT if doubts else VENUE_REPORTED
    put_told_time(r, c)
    publish_report(&core.events, r)
    if doubts:
        doubt_order(core, c, order, order.order_qty, ORDER_IN_DOUBT)
    elif c.told & TOLD_STATUS and (ends_order(c.ord_status) or c.ord_status == STATUS_FILLED) == is_live(order):
        # Something was missed.
        r = start_execution(core, c, order, EXEC_ORDER_STATUS)
        r.reason = VENUE_CONTRADICTS
        r.value = c.ord_status
        r.bound = derive_status(order)
        publish_execution(core, order, r)
        send_status_request(core, c, order, VENUE_CONTRADICTS)
    sync_order(core, order)
    if wants_less(asked.reason):
        insist(core, c, order, &asked)
    else:
        look_again(core, order)
    acknowledge(core, order, ack)
    ack.report_type = REPORT_CANCEL_REJECT

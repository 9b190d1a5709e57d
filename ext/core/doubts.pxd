# What a venue's report leaves in doubt: it comes late, contradicts nothing, or does not fit what we know. Nothing is
# rolled back; where more may be at stake than we know of, the venue is asked, and until it tells the larger
# quantity is held.

from requests cimport *


cdef inline void refuse_report(
    tc_core* core, const tc_command* c, tc_ack* ack, int reason, int64_t value, int64_t bound
) noexcept nogil:
    core.reports_refused += 1
    refuse_command(core, c, ack, reason, value, bound)


# A venue that has filled more or less than we know of: a trade was missed; it is asked for the status.
cdef inline void compare_cum_qty(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_report* r
    if c.cum_qty >= 0 and c.cum_qty != order.cum_qty:
        r = start_execution(core, c, order, EXEC_ORDER_STATUS)
        r.reason = CUM_QTY_MISMATCH
        r.value = c.cum_qty
        r.bound = order.cum_qty
        publish_execution(core, order, r)
        send_status_request(core, c, order, CUM_QTY_MISMATCH)


# Why new terms can't be, with value and bound; 0 and -2**63 leave them as they are.
cdef inline int find_bad_restatement(
    const tc_core* core, const tc_command* c, const tc_order* order, int64_t* value, int64_t* bound
) noexcept nogil:
    if c.order_qty < 0 or c.order_qty > qty_max():
        value[0] = c.order_qty
        bound[0] = 56
        return INVALID_FIELD_VALUE
    if c.price == no_price():
        return REASON_NONE
    value[0] = c.price
    return find_bad_price(&core.instruments[order.instrument], c.price, bound)


# New quantity and price, of which nothing is in doubt; an order never asks for less than it has.
cdef inline void take_terms(
    tc_core* core, tc_order* order, const tc_command* c, int64_t order_qty, int64_t price
) noexcept nogil:
    cdef tc_terms* terms = extend_order(&core.orders, order)
    cdef int64_t before = order.price
    terms.doubt_qty = 0
    order.price = c.price if c.price != no_price() and before != no_price() else price
    terms.repriced |= order.price != before
    order.order_qty = order_qty if order_qty > order.cum_qty else order.cum_qty
    tc_assert((order.order_qty > 0) & (order.order_qty >= order.cum_qty))


# Does a report tell what the order has left behind, and contradict nothing: a New that comes twice or late, an end of
# the day that the core knew of before?
cdef inline bint is_old_news(const tc_command* c, const tc_order* order) noexcept nogil:
    if c.exec_type == EXEC_NEW:
        return (order.acked and not (order.awaited or order.suspended or order.done_for_day or order.stopped)
                and order.terminal != STATUS_REJECTED and not order.kept & RECALLED)
    return ended_with_day(order) and (c.exec_type == EXEC_EXPIRED or c.exec_type == EXEC_CANCELED)


# A report that changes nothing is answered with how the order stands.
cdef inline void tell_order(
    tc_core* core, const tc_command* c, tc_ack* ack, tc_order* order, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, EXEC_ORDER_STATUS)
    if reason:
        r.reason = <int16_t>reason
        r.value = value
        r.bound = bound
    put_told_time(r, c)
    publish_execution(core, order, r)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


# A replace that a later one has replaced, or one that is answered twice: nothing is rolled back. Terms that are not
# what we hold are news: the larger quantity is held, and the venue is asked.
cdef inline void take_late_answer(tc_core* core, const tc_command* c, tc_ack* ack, tc_order* order) noexcept nogil:
    cdef int64_t value = 0, bound = 0
    cdef int reason = find_bad_restatement(core, c, order, &value, &bound)
    if reason:
        refuse_report(core, c, ack, reason, value, bound)
        return
    if ((c.price == no_price() or order.price == no_price() or c.price == order.price)
            and (c.order_qty == 0 or c.order_qty == order.order_qty)):
        tell_order(core, c, ack, order, REASON_NONE, 0, 0)
        return
    doubt_order(core, c, order, c.order_qty if c.order_qty > order.order_qty else order.order_qty, LATE_REPLACED)
    tell_order(core, c, ack, order, LATE_REPLACED, c.order_qty, order.order_qty)


# Is it about a request that the order once had?
cdef inline bint is_late_answer(tc_core* core, const tc_command* c, const tc_order* order) noexcept nogil:
    cdef tc_order* named = NULL
    return (owner_of(core, order.venue, c.cl_ord_id, &named) == order.order_id and is_live(order)
            and (c.cl_ord_id != order.cl_ord_id or terms_of(&core.orders, order).orig_cl_ord_id != 0))


# A status that tells the terms decides what they are; one that does not leaves a larger quantity held.
cdef inline void settle_doubt(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, order)
    if c.order_qty:
        take_terms(core, order, c, c.order_qty, order.price)
        cap_limit(&core.groups, order, terms)
        look_again(core, order)
    elif terms.doubt_qty <= order.order_qty or c.ord_status == STATUS_FILLED:
        terms.doubt_qty = 0

# What follows from an order's facts: OrdStatus, LeavesQty, what it holds, its deadlines. Computed here, never assigned.
# Source: FIX 4.4 Appendix D.

from siblings cimport *


cdef inline bint is_filled(const tc_order* order) noexcept nogil:
    return order.order_qty > 0 and order.cum_qty >= order.order_qty


# Can it still trade without news from its venue that contradicts what we know?
cdef inline bint is_live(const tc_order* order) noexcept nogil:
    return order.terminal == 0 and not is_filled(order)


# Is its venue to answer a request, or to tell whether it has more than we know of?
cdef inline bint awaits_news(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef int64_t doubt_qty
    if order.first_request != NO_SLOT:
        return True
    doubt_qty = terms_of(orders, order).doubt_qty
    return doubt_qty > order.order_qty and doubt_qty > order.cum_qty and order.terminal == 0


# Did it expire because its venue knows no other day? `value` is then the day that began.
cdef inline bint ended_with_day(const tc_order* order) noexcept nogil:
    return order.terminal == STATUS_EXPIRED and order.reason == DAY_ENDED and order.value > 0


# Is an external venue to answer a cancel of it? One that is UNKNOWN may be sent again.
cdef inline bint cancel_sent(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        if not orders.requests[at].is_replace and not orders.requests[at].unknown:
            return True
        at = orders.requests[at].next
    return False


# Was its venue asked to cancel it, and has no answer come that ends the matter?
cdef inline bint has_cancel(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t at = order.first_request
    while at != NO_SLOT and orders.requests[at].is_replace:
        at = orders.requests[at].next
    return at != NO_SLOT


# The terms that a venue has been asked for, or was before a request: those of the last replace that it has not
# answered; NULL: the order's.
cdef inline const tc_request* last_asked(
    const tc_orders* orders, const tc_order* order, uint32_t before
) noexcept nogil:
    cdef uint32_t at = order.last_request if before == NO_SLOT else orders.requests[before].prev
    while at != NO_SLOT and not orders.requests[at].is_replace:
        at = orders.requests[at].prev
    return NULL if at == NO_SLOT else &orders.requests[at]


# OrderQty(38) as it will be if its venue does what it was last asked.
cdef inline int64_t wanted_qty(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef const tc_request* last = last_asked(orders, order, NO_SLOT)
    return order.order_qty if last == NULL else last.order_qty


# Only in C: one look in place of six.
# Does its status come from more than its trades and its end?
cdef inline bint has_news(const tc_order* order) noexcept nogil:
    return tc_word(<const char*>&order.pending_replaces) != 0 or order.calculated


# OrdStatus(39) from the facts, by FIX's precedence.
cdef inline uint8_t derive_status(const tc_order* order) noexcept nogil:
    cdef bint news = has_news(order)
    if news:
        if order.pending_cancels:
            return STATUS_PENDING_CANCEL
        if order.pending_replaces:
            return STATUS_PENDING_REPLACE
        if order.done_for_day:
            return STATUS_DONE_FOR_DAY
        if order.calculated and not is_live(order):
            return STATUS_CALCULATED
    if is_filled(order):
        return STATUS_FILLED
    if news and order.stopped:
        return STATUS_STOPPED
    if news and order.suspended:
        return STATUS_SUSPENDED
    if order.terminal and (order.terminal != STATUS_REJECTED or order.cum_qty <= 0):
        return order.terminal
    if order.cum_qty > 0:
        return STATUS_PARTIALLY_FILLED
    return STATUS_NEW if order.acked else STATUS_PENDING_NEW


# LeavesQty(151): what may still be traded; 0 once the order has ended.
cdef inline int64_t leaves_of(const tc_order* order) noexcept nogil:
    if order.terminal or order.cum_qty >= order.order_qty:
        return 0
    return order.order_qty - order.cum_qty


# What risk must count as working: while a replace is unanswered, or its outcome in doubt, the larger of both.
cdef inline int64_t held_of(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef int64_t largest = order.order_qty, doubt_qty = terms_of(orders, order).doubt_qty
    cdef uint32_t at = order.first_request
    if order.terminal:
        return 0
    if doubt_qty > largest:
        largest = doubt_qty
    while at != NO_SLOT:
        if orders.requests[at].is_replace and orders.requests[at].order_qty > largest:
            largest = orders.requests[at].order_qty
        at = orders.requests[at].next
    return largest - order.cum_qty if largest > order.cum_qty else 0


# What its venue is told for a limit, the order's or a replace's: no worse than what bounds the order beside.
# no_price(): none.
cdef inline int64_t sent_px(const tc_orders* orders, const tc_order* order, int64_t price) noexcept nogil:
    cdef int64_t bound = terms_of(orders, order).protect_px
    if price == no_price() or bound == no_price():
        return bound if price == no_price() else price
    return min(price, bound) if direction(order.side) == SIDE_BUY else max(price, bound)


# The worst price that its venue may trade it at, replaces that are not answered included; no_price(): any.
cdef inline int64_t worst_px(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef int64_t worst = order.price if has_limit(order.ord_type) else no_price(), price
    cdef uint32_t at = order.first_request if worst != no_price() else NO_SLOT
    while at != NO_SLOT:
        price = orders.requests[at].price
        if orders.requests[at].is_replace and (
                price > worst if direction(order.side) == SIDE_BUY else price < worst):
            worst = price
        at = orders.requests[at].next
    return sent_px(orders, order, worst)


# Is a trade worse than its order allows?
cdef inline bint is_worse(const tc_orders* orders, const tc_order* order, int64_t price) noexcept nogil:
    cdef int64_t worst = worst_px(orders, order)
    return worst != no_price() and (price > worst if direction(order.side) == SIDE_BUY else price < worst)


# The requests whose outcome is not known, as the bits of a report's `unknown`.
cdef inline uint8_t unknown_of(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint8_t bits = UNKNOWN_NEW if order.unknown_new else 0
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        if orders.requests[at].unknown:
            bits |= UNKNOWN_REPLACE if orders.requests[at].is_replace else UNKNOWN_CANCEL
        at = orders.requests[at].next
    return bits


# Only in C: len() in Python.
cdef inline int64_t count_requests(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef int64_t count = 0
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        count += 1
        at = orders.requests[at].next
    return count


# A terminal report closes all pending requests, and every temporary state.
cdef inline void end_facts(tc_orders* orders, tc_order* order, uint8_t terminal) noexcept nogil:
    order.terminal = terminal
    while order.first_request != NO_SLOT:
        remove_request(orders, order, order.first_request)
    tc_assert((order.last_request == NO_SLOT) & (order.pending_cancels == 0) & (order.pending_replaces == 0))
    order.done_for_day = False
    order.stopped = False
    order.suspended = False
    order.awaited = False
    order.unknown_new = False
    if order.extended:
        orders.terms[slot_of(orders, order)].doubt_qty = 0


# OrigClOrdID(41) of the next request (`before` is NO_SLOT), or of one that was asked: the last id in the chain that was
# not rejected. An UNKNOWN cancel is passed over: its venue may never have heard of it.
cdef inline int64_t last_id(const tc_orders* orders, const tc_order* order, uint32_t before) noexcept nogil:
    cdef uint32_t at = order.last_request if before == NO_SLOT else orders.requests[before].prev
    cdef const tc_request* request
    while at != NO_SLOT:
        request = &orders.requests[at]
        if request.cl_ord_id and (request.is_replace or not request.unknown):
            return request.cl_ord_id
        at = request.prev
    return order.cl_ord_id


cdef inline int64_t earlier(int64_t deadline, int64_t other) noexcept nogil:
    return other if deadline == 0 or other < deadline else deadline


# When this order's timer must go off next, 0 for never: its request time-outs, and its end where the core ends it.
cdef inline int64_t next_deadline(
    const tc_orders* orders, const tc_order* order, int64_t timeout, bint expires
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(orders, order)
    cdef int64_t deadline = 0
    cdef uint32_t at = order.first_request
    if expires and terms.expire_time and not order.expiry_asked and is_live(order):
        deadline = terms.expire_time
    if timeout:
        if order.awaited and not order.unknown_new:
            deadline = earlier(deadline, terms.sent_time + timeout)
        while at != NO_SLOT:
            if not orders.requests[at].unknown:
                deadline = earlier(deadline, orders.requests[at].sent_time + timeout)
            at = orders.requests[at].next
    return deadline

# What external venues are to be sent: made, and taken back while nobody has it. The queue itself is `unsent`; what is
# handed out of it, departures.
#
# An order that was not handed out is nobody's yet: a cancel ends it at once, and so does a kill switch.

from request_ids cimport *


# Only in C: a field in Python.
cdef inline bint is_disconnected(const tc_core* core, int32_t venue) noexcept nogil:
    return (core.disconnected >> (venue - 1)) & 1


# Keeps places for what an order's external venue may have to be sent; False where there are none.
cdef inline bint reserve_places(tc_core* core, tc_order* order) noexcept nogil:
    if not order.kept & KEEPS_PLACES:
        if not has_places(&core.orders.unsent, PLACES):
            return False
        order.kept |= KEEPS_PLACES
        core.orders.unsent.away += 1
    return True


# ---- made

# What an order counts in shares or in prices, as an external venue is to be sent it, and what differs where the core
# has done a part itself: a stop that has triggered is a MARKET or LIMIT order, an order whose price is bound beside its
# limit is a LIMIT that takes at once, and what the venue has no time in force for is good until the core ends it, or at
# once.
cdef inline void put_sent_terms(const tc_core* core, tc_message* m, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef bint native = (core.router.venues[order.venue].native_times_in_force >> order.time_in_force) & 1
    m.order_qty = order.order_qty
    m.cum_qty = order.cum_qty
    m.price = sent_px(&core.orders, order, order.price)
    m.stop_px = terms.stop_px
    m.min_qty = terms.min_qty
    m.display_qty = terms.display_qty
    m.peg_offset = terms.peg_offset
    if awaits_price(order.ord_type) and order.triggered:
        m.ord_type = TYPE_LIMIT if has_limit(order.ord_type) else TYPE_MARKET
        m.stop_px = no_price()
        m.trigger_price_type = 0
        m.peg_offset = 0
        m.peg_offset_type = 0
    if terms.protect_px != no_price():
        m.ord_type = TYPE_LIMIT
        if order.time_in_force != TIF_FOK and not (native and is_auction(order.time_in_force)):
            m.time_in_force = TIF_IOC
            m.expire_time = 0
    elif not native:
        if is_auction(order.time_in_force):
            m.time_in_force = TIF_IOC
        elif order.time_in_force == TIF_GTD:
            m.time_in_force = TIF_GTC
            m.expire_time = 0


# Only in C: a dict in Python.
# A message about an order as it stands, in the terms in which its venue has it: its row, at the end of the queue.
cdef inline uint32_t make_message(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t msg_type, int reason
) noexcept nogil:
    cdef tc_unsent* unsent = &core.orders.unsent
    cdef uint32_t at = append_message(unsent)
    cdef tc_message* m = &unsent.messages[at]
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    tc_assert(order.extended != 0)
    unsent.rows[at].order_id = order.order_id
    unsent.rows[at].slot = slot_of(&core.orders, order)
    unsent.rows[at].request = 0
    tc_clear(m, sizeof(tc_message))
    m.command_seq = core.command_seq
    m.event_seq = core.events.seq
    m.transact_time = core.now
    m.order_id = order.order_id
    m.msg_type = msg_type
    m.side = order.side
    m.ord_type = order.ord_type
    m.time_in_force = order.time_in_force
    m.exec_inst = order.exec_inst
    m.ord_status = derive_status(order)
    m.unknown = unknown_of(&core.orders, order)
    m.version = VERSION
    m.instrument = order.instrument
    m.account = <uint16_t>order.account
    m.venue = <uint8_t>order.venue
    m.reason = <int16_t>reason
    m.command_kind = c.kind
    m.trigger_price_type = terms.trigger_price_type
    m.peg_offset_type = terms.peg_offset_type
    m.contingency_type = terms.contingency_type
    m.cl_ord_id = order.cl_ord_id
    m.expire_time = terms.expire_time
    m.list_id = terms.list_id
    m.strategy = order.strategy
    put_sent_terms(core, m, order)
    return at


cdef inline void send_new(tc_core* core, const tc_command* c, const tc_order* order) noexcept nogil:
    cdef uint32_t at = make_message(core, c, order, MSG_NEW_ORDER_SINGLE, REASON_NONE)
    terms_of(&core.orders, order).new_message = at


# An order that was changed before it was handed out goes out as it is now.
cdef inline void restate_new(tc_core* core, const tc_order* order) noexcept nogil:
    cdef uint32_t at = terms_of(&core.orders, order).new_message
    if order.extended and at != NO_MESSAGE:
        put_sent_terms(core, &core.orders.unsent.messages[at], order)


# A message that is not handed out makes room for the next of its kind. One that its venue has answered all the same
# goes out as it is, while there are places.
cdef inline void give_way(tc_core* core, uint32_t at) noexcept nogil:
    if at != NO_MESSAGE and (core.orders.unsent.rows[at].request or not has_places(&core.orders.unsent, 1)):
        drop_message(&core.orders, at)


# What a request asks for, into its message.
cdef inline void put_request(
    const tc_orders* orders, const tc_order* order, tc_message* m, const tc_request* request
) noexcept nogil:
    m.order_qty = request.order_qty
    m.price = sent_px(orders, order, request.price)
    m.display_qty = min(terms_of(orders, order).display_qty, request.order_qty)
    if m.stop_px != no_price():
        m.stop_px = request.stop_px
    if m.peg_offset:
        m.peg_offset = request.peg_offset


# What the core lowers has all else as its venue was asked for last: that may have been answered since, or taken back.
cdef inline void follow_asked(
    const tc_core* core, const tc_order* order, tc_message* m, tc_request* request
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef const tc_request* last = last_asked(&core.orders, order, <uint32_t>(request - core.orders.requests))
    request.price = order.price if last == NULL else last.price
    request.stop_px = terms.stop_px if last == NULL else last.stop_px
    request.expire_time = terms.expire_time if last == NULL else last.expire_time
    request.peg_offset = terms.peg_offset if last == NULL else last.peg_offset
    put_request(&core.orders, order, m, request)


# A cancel or a replace goes out; of those that the core makes itself, and of cancels, the last one only, unless its
# venue has answered the one before.
cdef inline void send_request(
    tc_core* core, const tc_command* c, const tc_order* order, tc_request* request, int64_t orig_cl_ord_id, int reason
) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, order)
    cdef uint8_t msg_type = MSG_ORDER_CANCEL_REPLACE_REQUEST if request.is_replace else MSG_ORDER_CANCEL_REQUEST
    cdef uint32_t at
    cdef tc_message* m
    if not request.is_replace:
        give_way(core, terms.cancel_message)
    elif reason:
        give_way(core, terms.change_message)
    at = make_message(core, c, order, msg_type, reason)
    m = &core.orders.unsent.messages[at]
    m.cl_ord_id = request.cl_ord_id
    m.orig_cl_ord_id = orig_cl_ord_id
    put_request(&core.orders, order, m, request)
    request.message = at
    core.orders.unsent.rows[at].request = <uint32_t>(request - core.orders.requests) + 1
    if not request.is_replace:
        terms.cancel_message = at
    elif reason:
        terms.change_message = at


# Asks a venue how an order stands; once, while nobody has the question; about one that has ended where there is room.
cdef inline void send_status_request(
    tc_core* core, const tc_command* c, tc_order* order, int reason
) noexcept nogil:
    cdef tc_terms* terms = extend_order(&core.orders, order)
    cdef bint kept = order.is_open and order.kept & KEEPS_PLACES
    if terms.status_message == NO_MESSAGE and (kept or has_places(&core.orders.unsent, 1)):
        terms.status_message = make_message(core, c, order, MSG_ORDER_STATUS_REQUEST, reason)


# A venue has said what does not fit what we know: it is asked, at once or when its session is there again; until it
# tells, the larger quantity is held.
cdef inline void doubt_order(
    tc_core* core, const tc_command* c, tc_order* order, int64_t doubt_qty, int reason
) noexcept nogil:
    cdef tc_terms* terms = extend_order(&core.orders, order)
    if doubt_qty > terms.doubt_qty:
        terms.doubt_qty = doubt_qty
    if not is_disconnected(core, order.venue):
        send_status_request(core, c, order, reason)


# A request goes to a venue: the order as it stands, under the request's id.
cdef inline void report_asked(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_request* request, int64_t orig_cl_ord_id,
    int reason
) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, EXEC_ORDER_STATUS)
    r.cl_ord_id = request.cl_ord_id
    r.orig_cl_ord_id = orig_cl_ord_id
    r.reason = <int16_t>reason
    publish_report(&core.events, r)


# ---- taken back

# Was an order not handed out yet, and has its venue said nothing of it?
cdef inline bint is_unsent(const tc_orders* orders, const tc_order* order) noexcept nogil:
    return order.extended and orders.terms[slot_of(orders, order)].new_message != NO_MESSAGE


# Only in C: a loop over a list in Python.
cdef inline void drop_own(tc_core* core, uint32_t at) noexcept nogil:
    if at != NO_MESSAGE:
        drop_message(&core.orders, at)


# Takes back what was asked of an order and not handed out: nothing must change one that has ended.
cdef inline void drop_requests(tc_core* core, const tc_order* order) noexcept nogil:
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        drop_own(core, core.orders.requests[at].message)
        at = core.orders.requests[at].next


# Takes back an order that was not handed out, and all that was to follow it. Is it the core's to end? One whose
# children are open ends with them.
cdef inline bint recall_order(tc_core* core, tc_order* order) noexcept nogil:
    cdef tc_terms* terms
    if order.place != PLACE_AT_VENUE:
        return terms_of(&core.orders, order).child_head == NO_SLOT
    if not is_unsent(&core.orders, order):
        return False
    terms = terms_of(&core.orders, order)
    drop_own(core, terms.new_message)
    drop_own(core, terms.cancel_message)
    drop_own(core, terms.change_message)
    drop_own(core, terms.status_message)
    drop_requests(core, order)
    order.place = PLACE_NOWHERE
    order.kept |= RECALLED
    return True


# Takes back a request, and its message where that was not handed out.
cdef inline void withdraw_request(tc_core* core, tc_order* order, uint32_t at) noexcept nogil:
    drop_own(core, core.orders.requests[at].message)
    remove_request(&core.orders, order, at)
    order.last_status = derive_status(order)           # told by the report that follows


# Would a replace of what had these terms be a new order to risk? One that only lowers the quantity is not. `before`:
# those of a request, NULL: the order's.
cdef inline bint asks_more(
    const tc_orders* orders, const tc_order* order, const tc_request* before, const tc_request* request
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(orders, order)
    if before != NULL:
        return (request.price != before.price or request.stop_px != before.stop_px
                or request.expire_time != before.expire_time or request.peg_offset != before.peg_offset
                or request.order_qty > before.order_qty)
    return (request.price != order.price or request.stop_px != terms.stop_px
            or request.expire_time != terms.expire_time or request.peg_offset != terms.peg_offset
            or request.order_qty > order.order_qty)


# A replace that asks for more, which nobody has, is refused.
cdef inline void withdraw_replace(
    tc_core* core, const tc_command* c, tc_order* order, uint32_t at, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_request asked = core.orders.requests[at]
    cdef tc_report* r
    withdraw_request(core, order, at)
    r = start_message(core, c, order, REPORT_CANCEL_REJECT)
    r.cl_ord_id = asked.cl_ord_id
    r.orig_cl_ord_id = order.cl_ord_id
    r.reason = <int16_t>reason
    r.value = value
    r.bound = bound
    r.cxl_rej_reason = 2                               # BROKER_OPTION
    publish_report(&core.events, r)
    sync_order(core, order)
    look_again(core, order)

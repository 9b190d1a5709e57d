# Requests about orders: cancel, replace, mass cancel, status. What makes no sense is refused and changes nothing.
# At a simulated venue a request is done at once; an external venue is asked, and its report decides.
# Source: FIX 4.4 Appendix D.

from orderpath cimport *


# What a replace asks for; each as the order has it where it asks for no change.
cdef struct tc_asked:
    int64_t order_qty, price, stop_px, expire_time, peg_offset


# The FIX reason that goes with ours; a refusal by risk, and for want of room, is the broker's option, an invalid term
# is OTHER.
cdef inline int16_t cxl_rej_reason_of(int reason) noexcept nogil:
    if reason == TOO_LATE_TO_CANCEL:
        return 0
    if reason == UNKNOWN_ORDER:
        return 1
    if reason == ALREADY_PENDING:
        return 3
    if reason == DUPLICATE_REQUEST_ID:
        return 6
    if (200 < reason and reason < 300) or reason == OUTBOUND_FULL or reason == REPLACES_FULL:
        return 2
    return 99


# The order that a request is about, or NULL: by any id in its chain, or by its order_id; and why there is none.
cdef inline tc_order* find_target(
    tc_core* core, const tc_command* c, int64_t* order_id, int* reason
) noexcept nogil:
    cdef tc_order* order = NULL
    order_id[0] = c.order_id
    reason[0] = UNKNOWN_ORDER
    if c.orig_cl_ord_id == 0:
        return find_order(&core.orders, order_id[0])
    order_id[0] = owner_of(core, 0, c.orig_cl_ord_id, &order)
    if order_id[0]:
        reason[0] = TOO_LATE_TO_CANCEL                 # unless it is held, it ended so long ago that it is evicted
    return order


# OrderCancelReject: with the status of the order as it stands, which is unchanged.
cdef inline void refuse_request(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t order_id, const tc_order* order, int reason,
    int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_CANCEL_REJECT)
    note_full(core, reason)
    r.ord_status = STATUS_REJECTED
    if order != NULL:
        put_order(r, core, order)
        put_stop(r, core, order)
        ack.cum_qty = order.cum_qty
        ack.leaves_qty = leaves_of(order)
    r.order_id = order_id
    r.reason = <int16_t>reason
    r.cxl_rej_reason = <int8_t>cxl_rej_reason_of(reason)
    r.cl_ord_id = c.cl_ord_id
    r.orig_cl_ord_id = c.orig_cl_ord_id
    r.value = value
    r.bound = bound
    publish_report(&core.events, r)
    ack.order_id = order_id
    ack.report_type = REPORT_CANCEL_REJECT
    ack.ord_status = r.ord_status
    ack.reason = <int16_t>reason
    ack.cxl_rej_reason = r.cxl_rej_reason


# Why a request can't have its id; REASON_NONE where it can, or has none: a full table of ids keeps no cancel in.
cdef inline int find_bad_id(const tc_core* core, const tc_command* c) noexcept nogil:
    if c.cl_ord_id == 0 or c.cl_ord_id == NO_ROOM:
        return REASON_NONE
    if find_id(&core.ids, c.cl_ord_id) != NULL:
        return DUPLICATE_REQUEST_ID
    return REASON_NONE if is_clients_id(&core.texts, c.cl_ord_id) else INVALID_CL_ORD_ID


# A full table keeps no cancel in: its id is then not known again.
cdef inline void claim_request_id(tc_core* core, const tc_command* c, const tc_order* order) noexcept nogil:
    if c.cl_ord_id > 0 and core.ids.count < core.ids.capacity:
        claim_id(&core.ids, &core.texts, c.cl_ord_id, order.order_id, slot_of(&core.orders, order))


# The order goes on under a request's id.
cdef inline void take_id(tc_core* core, tc_order* order, int64_t cl_ord_id) noexcept nogil:
    if cl_ord_id > 0:
        extend_order(&core.orders, order).orig_cl_ord_id = order.cl_ord_id
        order.cl_ord_id = cl_ord_id


# Sends a request to the order's venue, reports that it did, and waits for its answer.
cdef inline void ask_venue(
    tc_core* core, const tc_command* c, tc_order* order, int64_t cl_ord_id, bint is_replace, const tc_asked* asked,
    int reason
) noexcept nogil:
    cdef int64_t orig_cl_ord_id = last_id(&core.orders, order, NO_SLOT), limit
    cdef tc_request* request
    if order.place == PLACE_AT_VENUE and cl_ord_id == 0:
        cl_ord_id = make_id(core, order)
    tc_assert(((order.place == PLACE_AT_VENUE) | (order.place == PLACE_IN_CHILDREN)) & (order.admitted != 0))
    limit = terms_of(&core.orders, order).oco_limit
    if not reason:
        limit = limit_after(&core.groups, terms_of(&core.orders, order), asked.order_qty)
    request = add_request(&core.orders, order, cl_ord_id, is_replace, core.now)
    request.oco_limit = limit
    request.order_qty = asked.order_qty
    request.price = asked.price
    request.stop_px = asked.stop_px
    request.expire_time = asked.expire_time
    request.peg_offset = asked.peg_offset
    request.unknown = order.venue != 0 and is_disconnected(core, order.venue)
    request.reason = <int16_t>reason
    if order.place == PLACE_IN_CHILDREN:               # its children are asked: see children
        if order.first_request != order.last_request:
            report_asked(core, c, order, request, orig_cl_ord_id, reason)
        sync_order(core, order)
        tell_parent(core, order)
        return
    send_request(core, c, order, request, orig_cl_ord_id, reason)
    report_asked(core, c, order, request, orig_cl_ord_id, reason)
    sync_order(core, order)


# What the core asks of itself takes the place of what it asked before, where that was not handed out.
cdef inline void ask_replace(
    tc_core* core, const tc_command* c, tc_order* order, int64_t cl_ord_id, const tc_asked* asked, int reason
) noexcept nogil:
    cdef uint32_t change = terms_of(&core.orders, order).change_message if reason else NO_MESSAGE
    if change != NO_MESSAGE and core.orders.unsent.rows[change].request:
        withdraw_request(core, order, core.orders.unsent.rows[change].request - 1)
    ask_venue(core, c, order, cl_ord_id, True, asked, reason)


# Only in C: an object made in one call in Python.
cdef inline void put_asked(const tc_core* core, const tc_order* order, tc_asked* asked) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    asked.order_qty = order.order_qty
    asked.price = order.price
    asked.stop_px = stop_of(&core.triggers, &core.orders, order)
    asked.expire_time = terms.expire_time
    asked.peg_offset = terms.peg_offset


# Beside one that is UNKNOWN, whose late answer is still understood; it takes the place of any before, and of one that
# was not handed out.
cdef inline void ask_cancel(
    tc_core* core, const tc_command* c, tc_order* order, int64_t cl_ord_id, int reason
) noexcept nogil:
    cdef tc_asked asked
    cdef uint32_t at = order.first_request, earlier = NO_SLOT
    while at != NO_SLOT:
        if not core.orders.requests[at].is_replace:
            if earlier != NO_SLOT:
                withdraw_request(core, order, earlier)
            earlier = at
        at = core.orders.requests[at].next
    if earlier != NO_SLOT and core.orders.requests[earlier].message != NO_MESSAGE:
        withdraw_request(core, order, earlier)
    put_asked(core, order, &asked)
    ask_venue(core, c, order, cl_ord_id, False, &asked, reason)


# ---- cancel

# Only in C: one call with keywords in Python.
# An order that ends on request: it goes on under the request's id, and its report tells of both.
cdef inline void end_on_request(
    tc_core* core, const tc_command* c, tc_order* order, int64_t cl_ord_id, uint8_t terminal, int reason
) noexcept nogil:
    cdef int64_t before = order.cl_ord_id
    cdef tc_report* r
    take_id(core, order, cl_ord_id)
    withdraw_order(core, order)
    end_facts(&core.orders, order, terminal)
    order.reason = <int16_t>reason
    r = start_end(core, c, order, terminal)
    r.orig_cl_ord_id = before
    publish_execution(core, order, r)
    sync_order(core, order)
    tc_assert(order.place == PLACE_NOWHERE)


cdef inline void cancel_order(tc_core* core, const tc_command* c, tc_ack* ack, tc_order* order) noexcept nogil:
    claim_request_id(core, c, order)
    if not is_live(order):
        refuse_request(core, c, ack, order.order_id, order, TOO_LATE_TO_CANCEL, 0, 0)
        return
    if cancel_sent(&core.orders, order):
        refuse_request(core, c, ack, order.order_id, order, ALREADY_PENDING, 0, 0)
        return
    if recall_order(core, order):
        end_on_request(core, c, order, c.cl_ord_id, STATUS_CANCELED, CANCEL_REQUESTED)
    else:
        ask_cancel(core, c, order, c.cl_ord_id if c.cl_ord_id > 0 else 0, REASON_NONE)
    acknowledge(core, order, ack)


cdef inline void enter_cancel(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0
    cdef int64_t order_id = 0
    cdef int reason = 0, bad_id
    cdef tc_order* order = find_target(core, c, &order_id, &reason)
    bad_id = find_bad_id(core, c)
    if order == NULL or bad_id:
        refuse_request(core, c, ack, order_id, order, bad_id if bad_id else reason, 0, 0)
    else:
        if core.risk.rows.counted & SENT_CANCEL and order.admitted:    # what was refused may be on no instrument
            count_cancel(&core.risk, &core.instruments[order.instrument], order.instrument, order.account, order.venue,
                         order.strategy, core.now)
        cancel_order(core, c, ack, order)
    count_stage(core, STAGE_CANCEL, start, timed)


cdef inline bint mass_cancel_takes(const tc_core* core, const tc_command* c, const tc_order* order) noexcept nogil:
    # Children go with their parent, but for those at the one venue that is meant.
    return ((c.side == 0 or c.side == direction(order.side)) and is_live(order)
            and (c.venue != 0 or terms_of(&core.orders, order).parent_id == 0))


# Cancels what is open of one account, instrument, side, strategy, venue, or any of them; then tells how many: `value`
# were canceled or asked for back, `bound` are asked for back already.
cdef inline void mass_cancel(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t done = 0, waiting = 0, count, i
    cdef tc_order* order
    cdef tc_report* r
    if c.instrument < 0 or c.instrument > core.instrument_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.instrument, 8)
        return
    if c.account < 0 or c.account > core.account_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.account, 12)
        return
    if c.venue < 0 or c.venue > core.venue_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.venue, 16)
        return
    if c.side > SIDE_SELL:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.side, 1)
        return
    if c.strategy < 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.strategy, 124)
        return
    count = find_open(&core.open_orders, &core.orders, c.instrument, c.account, c.venue, c.strategy)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if mass_cancel_takes(core, c, order):
            if cancel_sent(&core.orders, order):
                waiting += 1
            else:
                done += 1
                if recall_order(core, order):
                    end_order(core, c, order, STATUS_CANCELED, CANCEL_REQUESTED)
                else:
                    ask_cancel(core, c, order, 0, CANCEL_REQUESTED)
    core.answer_seq = core.events.seq + 1
    r = start_report(core, c, REPORT_MASS_CANCEL)
    r.instrument = c.instrument
    put_place(r, c.account, c.venue)
    r.side = c.side
    r.cl_ord_id = c.cl_ord_id
    r.value = done
    r.bound = waiting
    publish_report(&core.events, r)
    ack.report_type = REPORT_MASS_CANCEL


# ---- status

# Tells the order as it stands, and asks the venue that has it.
cdef inline void request_status(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t order_id = 0
    cdef int reason = 0
    cdef tc_order* order = find_target(core, c, &order_id, &reason)
    cdef tc_report* r
    if order == NULL:
        r = start_report(core, c, REPORT_EXECUTION)
        r.exec_type = EXEC_ORDER_STATUS
        r.ord_status = STATUS_REJECTED
        r.order_id = order_id
        r.cl_ord_id = c.orig_cl_ord_id
        r.reason = UNKNOWN_ORDER
        r.ord_rej_reason = <int8_t>core.ord_rej_reasons[<int>UNKNOWN_ORDER]
        publish_report(&core.events, r)
        ack.order_id = order_id
        ack.report_type = REPORT_EXECUTION
        ack.ord_status = STATUS_REJECTED
        ack.reason = UNKNOWN_ORDER
        ack.ord_rej_reason = r.ord_rej_reason
        return
    publish_report(&core.events, start_execution(core, c, order, EXEC_ORDER_STATUS))
    if order.place == PLACE_AT_VENUE and order.is_open and not is_disconnected(core, order.venue):
        send_status_request(core, c, order, REASON_NONE)
    acknowledge(core, order, ack)

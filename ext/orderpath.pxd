# An order and a cancel through the rooms, top to bottom.

from fills cimport *


cdef inline void load_order(tc_order* order, const tc_command* c, int64_t now) noexcept nogil:
    cdef int64_t order_id = order.order_id
    memset(order, 0, sizeof(tc_order))
    order.order_id = order_id
    memcpy(order.cl_ord_id, c.cl_ord_id, 24)
    order.instrument, order.account, order.venue = c.instrument, c.account, c.venue
    order.side, order.ord_type, order.time_in_force = c.side, c.ord_type, c.time_in_force
    order.exec_inst = <uint8_t>c.exec_inst
    order.order_qty, order.transact_time = c.order_qty, now
    order.price = no_price() if c.ord_type == TYPE_MARKET else c.price


cdef inline void reject_order(
    tc_core* core, const tc_command* c, uint32_t slot, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_order* order = &core.orders.slots[slot]
    order.rejected, order.reason, order.value, order.bound = 1, <int16_t>reason, value, bound
    report_end(core, c, order, STATUS_REJECTED)
    end_order(&core.orders, slot)


cdef inline void cancel_order(tc_core* core, const tc_command* c, uint32_t slot, int reason) noexcept nogil:
    cdef tc_order* order = &core.orders.slots[slot]
    release_hold(&core.risk, order.instrument, order.account, order.side, leaves_of(order))
    order.ended, order.reason = 1, <int16_t>reason
    report_end(core, c, order, STATUS_CANCELED)
    end_order(&core.orders, slot)


# The worst tick that the order may trade at.
cdef inline int64_t limit_ticks(const tc_core* core, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef int64_t price = q.price
    if q.ord_type == TYPE_MARKET:
        if core.risk.accounts[q.account].limits[RULE_COLLAR] >= 0:
            price = protection_price(&core.risk.accounts[q.account], q)
        else:
            price = price_max() if q.side == SIDE_BUY else -price_max()
    return tc_floor_div(price, ins.tick) if q.side == SIDE_BUY else -tc_floor_div(-price, ins.tick)


# The first ranked venue that displays a price within the limit (FILL_OR_KILL: and holds the whole quantity);
# where there is none, the venue where the order rests best. 0: every venue is down.
cdef inline int32_t route_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit
) noexcept nogil:
    cdef tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, order.side, core.now)
    cdef int32_t venue
    cdef uint32_t row
    cdef int at
    if ranking.changed:
        keep_decision(&core.router, side_row(order.instrument, order.side))
    order.decision = ranking.decision
    if not order.exec_inst & INST_POST_ONLY:
        for at in range(ranking.count):
            venue = ranking.order[at]
            row = row_of(core, order.instrument, venue, opposite(order.side))
            if (core.router.down >> (venue - 1)) & 1 or not crosses(&core.book, row, limit):
                continue
            if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, order.order_qty):
                continue
            order.route = ROUTE_TAKES
            return venue
    order.route = ROUTE_RESTS
    return posting_venue(&core.router, ins, limit * ins.tick if order.ord_type == TYPE_LIMIT else 0)


# Takes what it may, rests what may rest. Returns why the order ends here, or REASON_NONE.
cdef inline int execute_order(
    tc_core* core, const tc_instrument* ins, const tc_order* order, uint32_t slot, int64_t limit
) noexcept nogil:
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(order.side))
    cdef int64_t left
    core.book.fill_count = 0
    if order.exec_inst & INST_POST_ONLY and crosses(&core.book, row, limit):
        return POST_ONLY_WOULD_TAKE
    if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, order.order_qty):
        return FOK_NOT_FILLABLE
    left = match_order(&core.book, row, limit, order.order_qty)
    if left == 0:
        return REASON_NONE
    if order.ord_type == TYPE_MARKET:
        return MARKET_LEFTOVER
    if order.time_in_force == TIF_IOC:
        return IOC_LEFTOVER
    add_node(&core.book, row_of(core, order.instrument, order.venue, order.side), slot, limit, left)
    return REASON_NONE


# New, trades, and the end where it ends at once.
cdef inline void report_execution(
    tc_core* core, const tc_command* c, tc_order* order, uint32_t slot, int reason
) noexcept nogil:
    if reason == POST_ONLY_WOULD_TAKE:
        release_hold(&core.risk, order.instrument, order.account, order.side, order.order_qty)
        reject_order(core, c, slot, reason, order.price,
                     touch_price(&core.router, order.instrument, order.side, order.venue))
        return
    publish_report(&core.events, start_execution(core, c, order, STATUS_NEW))
    report_fills(core, c, order.instrument, order)
    if reason:
        cancel_order(core, c, slot, reason)
    elif leaves_of(order) == 0:
        end_order(&core.orders, slot)


# Finds a used id, or claims it. An id that is no id claims nothing: validation refuses it.
cdef inline int claim_order_id(tc_core* core, const tc_order* order, uint32_t slot) noexcept nogil:
    if id_is_empty(order.cl_ord_id) or not id_is_valid(order.cl_ord_id):
        return REASON_NONE
    if find_id(&core.ids, order.cl_ord_id) != NULL:
        return DUPLICATE_CLORDID
    if core.ids.count == core.ids.capacity:
        return TABLE_FULL
    claim_id(&core.ids, order.cl_ord_id, order.order_id, slot)
    return REASON_NONE


cdef inline void ask_risk(const tc_core* core, const tc_command* c, tc_question* q) noexcept nogil:
    q.order_qty, q.price, q.now = c.order_qty, c.price, core.now
    q.reference2, q.touch2 = no_price(), no_price()
    q.instrument, q.account, q.venue, q.side, q.ord_type = c.instrument, c.account, c.venue, c.side, c.ord_type
    q.open_orders, q.max_open_orders = core.orders.open_count, core.orders.open_max


# Reports what the limits that are only observed would have refused. The order has passed, and holds nothing yet.
cdef inline void observe_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, tc_question q
) noexcept nogil:
    cdef tc_account_risk watched = watched_rules(&core.risk.accounts[q.account])
    cdef tc_finding findings[OBSERVABLE]
    cdef tc_report* r
    cdef int i
    if needs_reference(&watched, q.ord_type, q.side):
        q.reference2 = twice_reference(core, q.instrument)
        q.touch2 = twice_touch(&core.router, ins, q.instrument, q.side, core.now)
    observe_risk(&core.risk, &watched, ins, &q, findings, False)
    for i in range(OBSERVABLE):
        if findings[i].refused:
            r = start_report(core, c, REPORT_RISK_OBSERVED)
            r.order_id, r.instrument, r.account, r.side = order.order_id, q.instrument, q.account, q.side
            memcpy(r.cl_ord_id, order.cl_ord_id, 24)
            r.order_qty, r.price = order.order_qty, order.price
            r.reason, r.value = <int16_t>(REFERENCE_PRICE_UNAVAILABLE + i), findings[i].value
            r.bound = findings[i].limit
            publish_report(&core.events, r)


cdef inline void enter_order(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0, since = start, mask
    cdef uint32_t slot = open_order(&core.orders, core.command_seq)
    cdef tc_order* order = &core.orders.slots[slot]
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef tc_question q
    cdef tc_finding finding
    cdef int64_t limit
    cdef int reason, claimed

    load_order(order, c, core.now)
    claimed = claim_order_id(core, order, slot)
    mask = validate_order(ins, core.account_count, core.venue_count, c)
    since = count_stage(core, STAGE_VALIDATION, since, timed)
    if mask:
        explain_mask(mask, ins, core.instrument_count, core.account_count, core.venue_count, c,
                     &finding.value, &finding.limit)
        order.reject_mask = <int64_t>mask
        reject_order(core, c, slot, INVALID_FIELD_VALUE + tc_lowest_bit(mask), finding.value, finding.limit)
    elif claimed == TABLE_FULL:
        reject_order(core, c, slot, TABLE_FULL, core.ids.count, core.ids.capacity)
    else:
        ask_risk(core, c, &q)
        q.duplicate = claimed == DUPLICATE_CLORDID
        q.open_orders -= 1                             # this one
        if needs_reference(&core.risk.accounts[c.account], c.ord_type, c.side):
            q.reference2 = twice_reference(core, c.instrument)
            q.touch2 = twice_touch(&core.router, ins, c.instrument, c.side, core.now)
        reason = check_risk(&core.risk, ins, &q, &finding)
        if not reason:
            if core.risk.accounts[c.account].watching:
                observe_order(core, c, ins, order, q)
            reserve_order(&core.risk, &q)
        since = count_stage(core, STAGE_RISK, since, timed)
        if reason:
            reject_order(core, c, slot, reason, finding.value, finding.limit)
        else:
            limit = limit_ticks(core, ins, &q)
            if order.venue == 0:
                order.venue = route_order(core, ins, order, limit)
            else:
                order.route = ROUTE_DIRECTED
            since = count_stage(core, STAGE_ROUTING, since, timed)
            if order.venue == 0:
                release_hold(&core.risk, c.instrument, c.account, c.side, c.order_qty)
                reject_order(core, c, slot, NO_VENUE, 0, core.venue_count)
            else:
                reason = execute_order(core, ins, order, slot, limit)
                sync_top(core, c.instrument, order.venue, SIDE_BUY)
                sync_top(core, c.instrument, order.venue, SIDE_SELL)
                since = count_stage(core, STAGE_EXECUTION, since, timed)
                book_fills(core, c.instrument, order.venue, order, c.side)
                since = count_stage(core, STAGE_POSITION, since, timed)
                report_execution(core, c, order, slot, reason)
    acknowledge(core, order, ack)
    count_stage(core, STAGE_EVENTS, since, timed)
    count_stage(core, STAGE_ORDER, start, timed)


cdef inline void enter_cancel(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0
    cdef const tc_id_entry* entry
    cdef tc_order* order = NULL
    cdef tc_report* r
    cdef int reason = UNKNOWN_ORDER
    cdef int64_t order_id = c.order_id
    if not id_is_empty(c.orig_cl_ord_id):
        entry = find_id(&core.ids, c.orig_cl_ord_id)
        order_id = entry.order_id if entry != NULL else 0
        if entry != NULL and core.orders.slots[entry.slot].order_id == order_id:
            order = &core.orders.slots[entry.slot]
        elif entry != NULL:
            reason = TOO_LATE_TO_CANCEL                # it ended so long ago that it is evicted
    elif order_id > 0:
        order = find_order(&core.orders, order_id)
    if order != NULL and leaves_of(order) > 0:
        remove_node(&core.book, <uint32_t>(order - core.orders.slots))
        sync_top(core, order.instrument, order.venue, opposite(order.side))
        cancel_order(core, c, <uint32_t>(order - core.orders.slots), CANCEL_REQUESTED)
        acknowledge(core, order, ack)
    else:
        if order != NULL:
            reason = TOO_LATE_TO_CANCEL
        r = start_report(core, c, REPORT_CANCEL_REJECT)
        r.order_id, r.reason = order_id, <int16_t>reason
        r.cxl_rej_reason = 0 if reason == TOO_LATE_TO_CANCEL else 1
        r.ord_status = STATUS_REJECTED if order == NULL else derive_status(order)
        memcpy(r.cl_ord_id, c.orig_cl_ord_id, 24)
        if order != NULL:
            r.instrument, r.account, r.venue = order.instrument, order.account, order.venue
            r.side, r.cum_qty, r.order_qty = order.side, order.cum_qty, order.order_qty
        publish_report(&core.events, r)
        ack.order_id, ack.report_type, ack.ord_status = order_id, REPORT_CANCEL_REJECT, r.ord_status
        ack.reason, ack.cxl_rej_reason = <int16_t>reason, r.cxl_rej_reason
        if order != NULL:
            ack.cum_qty = order.cum_qty
    count_stage(core, STAGE_CANCEL, start, timed)

# The order path: a new order through the rooms, top to bottom, and an order that is let go again.

from fills cimport *
from marks cimport *


cdef inline bint is_same_text(const char* a, const char* b) noexcept nogil:
    return memcmp(a, b, 24) == 0


# An order as a command asks for it. Its route is not chosen yet, so what it enters with is what it is first sent with.
cdef inline void load_order(tc_orders* orders, tc_order* order, const tc_command* c, int64_t now) noexcept nogil:
    cdef int64_t order_id = order.order_id
    cdef uint32_t prev = order.prev, next = order.next
    cdef tc_terms* terms
    tc_assert(order_id > 0)
    tc_clear(order, sizeof(tc_order))
    order.order_id = order_id
    order.prev = prev
    order.next = next
    order.first_request = NO_SLOT
    order.last_request = NO_SLOT
    order.is_open = True
    order.last_status = STATUS_PENDING_NEW
    memcpy(order.cl_ord_id, c.cl_ord_id, 24)
    order.instrument = c.instrument
    order.account = c.account
    order.venue = c.venue
    order.entered_venue = c.venue
    order.side = c.side
    order.ord_type = c.ord_type
    order.time_in_force = c.time_in_force
    order.exec_inst = <uint8_t>c.exec_inst
    order.order_qty = c.order_qty
    order.transact_time = now
    order.price = c.price if has_limit(c.ord_type) else no_price()
    if (awaits_price(c.ord_type) or c.peg_offset or c.min_qty or c.display_qty or c.list_id or c.expire_time
            or c.trigger_price_type or c.peg_offset_type or c.contingency_type or c.strategy
            or c.exec_inst & INST_CASH):
        terms = extend_order(orders, order)
        terms.stop_px = c.stop_px if awaits_price(c.ord_type) else no_price()
        terms.peg_offset = c.peg_offset
        terms.min_qty = c.min_qty
        terms.display_qty = c.display_qty
        terms.expire_time = c.expire_time
        terms.list_id = c.list_id
        order.strategy = c.strategy
        terms.trigger_price_type = c.trigger_price_type
        terms.peg_offset_type = c.peg_offset_type
        terms.contingency_type = <uint8_t>c.contingency_type
        terms.entered_stop_px = terms.stop_px
        terms.entered_expire_time = terms.expire_time
        terms.entered_display_qty = terms.display_qty
        terms.entered_min_qty = terms.min_qty


cdef inline void reject_order(
    tc_core* core, const tc_command* c, tc_order* order, int reason, int64_t value, int64_t bound
) noexcept nogil:
    order.reason = <int16_t>reason
    order.value = value
    order.bound = bound
    order.terminal = STATUS_REJECTED
    publish_execution(core, order, start_end(core, c, order, EXEC_REJECTED))
    sync_order(core, order)


# ---- risk: the question that an order puts

cdef inline bint awaits_parent(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    if terms.group:
        return waits_for_parent(group_of(&core.groups, terms), order.order_id)
    return waits_for_parent(find_named(&core.groups, terms.list_id), order.order_id)


# What waits for a price is asked about as if that price had come.
cdef inline void ask_order(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t order_qty, int64_t price, int64_t stop_px,
    int64_t hold_qty, bint recheck, tc_question* q
) noexcept nogil:
    cdef uint8_t side = direction(order.side), ord_type = TYPE_LIMIT if has_limit(order.ord_type) else TYPE_MARKET
    q.order_qty = order_qty
    q.leaves_qty = order_qty - order.cum_qty
    q.hold_qty = hold_qty
    q.price = price
    q.now = core.now
    q.reference2 = no_price()
    q.touch2 = no_price()
    q.instrument = order.instrument
    q.account = order.account
    q.venue = order.venue
    q.side = side
    q.ord_type = ord_type
    q.duplicate = False
    q.recheck = recheck
    q.released = False
    q.reduce_only = order.exec_inst & INST_REDUCE_ONLY and not awaits_parent(core, order)
    q.closed = not recheck and not session_takes(core, order.instrument, order.time_in_force)
    q.open_orders = core.orders.open.count - order.is_open
    q.max_open_orders = core.orders.open_max
    if awaits_price(order.ord_type) and not order.triggered and order.ord_type != TYPE_TRAILING_STOP:
        q.reference2 = 2 * stop_px
    elif needs_reference(&core.risk.accounts[order.account], ord_type, side):
        q.reference2 = twice_reference(core, order.instrument)
        q.touch2 = twice_touch(&core.router, ins, order.instrument, side, core.now)


# The same question of a record that makes no order: ask_order's, of an order that is only a thought.
cdef inline void ask_record(
    tc_core* core, const tc_instrument* ins, const tc_command* c, tc_question* q
) noexcept nogil:
    cdef tc_order thought
    memset(&thought, 0, sizeof(thought))
    thought.instrument = c.instrument
    thought.account = c.account
    thought.venue = c.venue
    thought.side = c.side
    thought.ord_type = c.ord_type
    thought.time_in_force = c.time_in_force
    thought.exec_inst = <uint8_t>c.exec_inst
    ask_order(core, ins, &thought, c.order_qty, c.price, c.stop_px, c.order_qty, False, q)
    if waits_for_parent(find_named(&core.groups, c.list_id), 0):
        q.reduce_only = False


# The worst tick that the order may trade at.
cdef inline int64_t limit_ticks(const tc_core* core, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef int64_t price = q.price
    if q.ord_type == TYPE_MARKET:
        if core.risk.accounts[q.account].limits[RULE_COLLAR] >= 0:
            price = protection_price(&core.risk.accounts[q.account], q)
        else:
            price = price_max() if q.side == SIDE_BUY else -price_max()
    return tc_floor_div(price, ins.tick) if q.side == SIDE_BUY else -tc_floor_div(-price, ins.tick)


# ---- routing and execution

# The first ranked venue that displays a price within the limit (FILL_OR_KILL: and holds the whole quantity);
# where there is none, the venue where the order rests best. 0: every venue is down.
cdef inline int32_t route_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, side, core.now)
    cdef int32_t venue
    cdef uint32_t row
    cdef int at
    if ranking.changed:
        keep_decision(&core.router, side_row(order.instrument, side))
    order.decision = ranking.decision
    if not order.exec_inst & INST_POST_ONLY:
        for at in range(ranking.count):
            venue = ranking.order[at]
            row = row_of(core, order.instrument, venue, opposite(side))
            if (core.router.down >> (venue - 1)) & 1 or not crosses(&core.book, row, limit):
                continue
            if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, leaves_of(order)):
                continue
            order.route = ROUTE_TAKES
            return venue
    order.route = ROUTE_RESTS
    return posting_venue(&core.router, ins, limit * ins.tick if has_limit(order.ord_type) else 0)


# Takes what it may, rests what may rest. Returns why the order ends here, or REASON_NONE.
cdef inline int execute_order(tc_core* core, tc_order* order, int64_t limit) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(side))
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef int64_t left
    tc_assert((order.place == PLACE_NOWHERE) & (leaves_of(order) > 0))
    core.book.fill_count = 0
    if order.exec_inst & INST_POST_ONLY and crosses(&core.book, row, limit):
        return POST_ONLY_WOULD_TAKE
    if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, leaves_of(order)):
        return FOK_NOT_FILLABLE
    if terms.min_qty and not is_fillable(&core.book, row, limit, terms.min_qty):
        return MIN_QTY_NOT_MET
    left = match_order(&core.book, row, limit, leaves_of(order))
    if left == 0:
        return REASON_NONE
    if is_auction(order.time_in_force):
        return AUCTION_LEFTOVER
    if not has_limit(order.ord_type):
        return MARKET_LEFTOVER
    if order.time_in_force == TIF_IOC:
        return IOC_LEFTOVER
    add_node(&core.book, row_of(core, order.instrument, order.venue, side), slot_of(&core.orders, order), limit, left,
             terms.display_qty)
    order.place = PLACE_RESTING
    return REASON_NONE


# A new order is rejected; one that was New already is canceled.
cdef inline void refuse_placing(
    tc_core* core, const tc_command* c, tc_order* order, int reason, int64_t value, int64_t bound, bint first
) noexcept nogil:
    if first:
        reject_order(core, c, order, reason, value, bound)
    else:
        order.value = value
        order.bound = bound
        end_order(core, c, order, STATUS_CANCELED, reason)


# Reports New where this is the order's first placing, the trades, and the end where it ends at once.
cdef inline void finish_order(
    tc_core* core, const tc_command* c, tc_order* order, int reason, bint first
) noexcept nogil:
    if reason == POST_ONLY_WOULD_TAKE:
        refuse_placing(core, c, order, reason, order.price,
                       touch_price(&core.router, order.instrument, direction(order.side), order.venue), first)
        return
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    report_fills(core, c, order.instrument, order)
    tc_assert(rests_whole(core, order))
    if reason:
        end_order(core, c, order, STATUS_EXPIRED if reason == AUCTION_LEFTOVER else STATUS_CANCELED, reason)


cdef inline bint is_disconnected(const tc_core* core, int32_t venue) noexcept nogil:
    return (core.disconnected >> (venue - 1)) & 1


# What an external venue is to be sent where the core has done a part itself: a stop that has triggered is a MARKET or
# LIMIT order, and what the venue has no time in force for is good until the core ends it, or at once.
cdef inline void put_sent_terms(const tc_core* core, tc_report* r, const tc_order* order) noexcept nogil:
    if awaits_price(order.ord_type) and order.triggered:
        r.ord_type = TYPE_LIMIT if has_limit(order.ord_type) else TYPE_MARKET
        r.stop_px = no_price()
    if not (core.router.venues[order.venue].native_times_in_force >> order.time_in_force) & 1:
        if is_auction(order.time_in_force):
            r.time_in_force = TIF_IOC
        elif order.time_in_force == TIF_GTD:
            r.time_in_force = TIF_GTC


# To an external venue: what happened to it is UNKNOWN until the venue tells.
cdef inline void send_order(tc_core* core, const tc_command* c, tc_order* order, bint first) noexcept nogil:
    cdef tc_report* r
    tc_assert((order.place == PLACE_NOWHERE) & (is_live(order) != 0))
    extend_order(&core.orders, order).sent_time = core.now
    order.place = PLACE_AT_VENUE
    order.awaited = True
    if first:
        report_execution(core, c, order, EXEC_PENDING_NEW)
    r = start_message(core, c, order, REPORT_SEND_ORDER)
    put_sent_terms(core, r, order)
    publish_report(&core.events, r)
    sync_order(core, order)


# Routing, execution, position and reports of an order that passed; when its last stage began.
cdef inline uint64_t place_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit, bint first,
    uint64_t since, bint timed
) noexcept nogil:
    cdef int reason
    tc_assert(order.held >= leaves_of(order))          # nothing trades that is not held
    if order.venue == 0:
        order.venue = route_order(core, ins, order, limit)
    elif order.route == ROUTE_NONE:
        order.route = ROUTE_DIRECTED
    since = count_stage(core, STAGE_ROUTING, since, timed)
    if order.venue == 0 or is_disconnected(core, order.venue):
        refuse_placing(core, c, order, NO_VENUE, 0, core.venue_count, first)
        return since
    if is_external(core, order.venue):
        send_order(core, c, order, first)
        return since
    reason = execute_order(core, order, limit)
    sync_tops(core, order.instrument, order.venue)
    since = count_stage(core, STAGE_EXECUTION, since, timed)
    book_fills(core, order.instrument, order.venue, order, direction(order.side))
    since = count_stage(core, STAGE_POSITION, since, timed)
    finish_order(core, c, order, reason, first)
    return since


# ---- what waits

# What an order must wait for first; PLACE_NOWHERE where it can go to a venue now. What the external venue that it names
# can do by itself is that venue's.
cdef inline uint8_t waiting_place(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_venue* venue = &core.router.venues[order.venue if is_external(core, order.venue) else 0]
    if awaits_parent(core, order):
        return PLACE_AWAITS_PARENT
    if awaits_price(order.ord_type) and not order.triggered and not (venue.native_ord_types >> order.ord_type) & 1:
        return PLACE_AWAITS_PRICE
    if (session_waits(core, order.instrument, order.time_in_force)
            and not (venue.native_times_in_force >> order.time_in_force) & 1):
        return PLACE_AWAITS_SESSION
    return PLACE_NOWHERE


# To where the order belongs now: what holds it, or a venue.
cdef inline uint64_t start_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit, bint first,
    uint64_t since, bint timed
) noexcept nogil:
    cdef uint8_t place = waiting_place(core, order)
    cdef tc_terms* terms
    cdef tc_market market
    tc_assert((order.admitted != 0) & (order.place == PLACE_NOWHERE) & (is_live(order) != 0))
    if place == PLACE_NOWHERE:
        return place_order(core, c, ins, order, limit, first, since, timed)
    if place == PLACE_AWAITS_PRICE:
        if order.ord_type == TYPE_TRAILING_STOP:
            terms = terms_of(&core.orders, order)
            look_at_market(core, order.instrument, &market)
            terms.peak_px = trigger_price(&market, source_of(terms), direction(order.side) == SIDE_SELL)
            if terms.peak_px == no_price():
                refuse_placing(core, c, order, REFERENCE_PRICE_UNAVAILABLE, no_price(), 0, first)
                return since
        arm_trigger(&core.triggers, &core.orders, order)
        tell_price(core, order.instrument)
    order.place = place
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    sync_order(core, order)
    return since


# An order that waited goes on, if risk still lets it; `placed`: to a venue, whatever the session says.
cdef inline void release_order(tc_core* core, const tc_command* c, tc_order* order, bint placed) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[order.instrument]
    cdef tc_question q
    cdef tc_finding finding
    cdef int reason
    tc_assert((order.place != PLACE_RESTING) & (order.place != PLACE_AT_VENUE) & (is_live(order) != 0))
    order.place = PLACE_NOWHERE
    ask_order(core, ins, order, order.order_qty, order.price, terms_of(&core.orders, order).stop_px, 0, True, &q)
    q.released = True
    reason = check_risk(&core.risk, ins, &q, &finding)
    if reason:
        refuse_placing(core, c, order, reason, finding.value, finding.limit, False)
    elif placed:
        place_order(core, c, ins, order, limit_ticks(core, ins, &q), False, 0, False)
    else:
        start_order(core, c, ins, order, limit_ticks(core, ins, &q), False, 0, False)


# ---- a new order

# Is this command the order again, as it was first sent? A request's id is not its own.
cdef inline bint is_same_order(const tc_core* core, const tc_order* order, const tc_command* c) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef int64_t qty = terms.entered_qty if order.extended else order.order_qty
    cdef int64_t price = terms.entered_price if order.extended else order.price
    cdef const char* cl_ord_id = order.cl_ord_id
    if order.extended:
        cl_ord_id = terms.entered_cl_ord_id
    return (
        is_same_text(cl_ord_id, c.cl_ord_id) and order.instrument == c.instrument and order.account == c.account
        and order.entered_venue == c.venue and order.side == c.side
        and order.ord_type == c.ord_type and order.time_in_force == c.time_in_force
        and order.exec_inst == <uint8_t>c.exec_inst and qty == c.order_qty
        and price == (c.price if has_limit(c.ord_type) else no_price())
        and terms.entered_stop_px == (c.stop_px if awaits_price(c.ord_type) else no_price())
        and terms.peg_offset == c.peg_offset and terms.entered_min_qty == c.min_qty
        and terms.entered_display_qty == c.display_qty and terms.entered_expire_time == c.expire_time
        and terms.list_id == c.list_id and order.strategy == c.strategy
        and terms.trigger_price_type == c.trigger_price_type and terms.peg_offset_type == c.peg_offset_type
        and terms.contingency_type == <uint8_t>c.contingency_type
    )


# An id that was used before: the same order again gets the first one's report and makes no second order; a different
# one is rejected, with the first one's status and quantities. Source: FIX 4.4 Appendix D, F.1.a and b.
cdef inline void answer_again(
    tc_core* core, const tc_command* c, tc_ack* ack, const tc_id_entry* entry
) noexcept nogil:
    cdef tc_order* first = &core.orders.slots[entry.slot]
    cdef tc_order* order
    cdef tc_report* r
    cdef int64_t first_id = entry.order_id
    if first.order_id != first_id:
        first = NULL                                   # it is evicted
    if first != NULL and is_same_order(core, first, c):
        publish_report(&core.events, start_execution(core, c, first, EXEC_ORDER_STATUS))
        acknowledge(core, first, ack)
        return
    order = &core.orders.slots[open_order(&core.orders, core.command_seq)]
    load_order(&core.orders, order, c, core.now)
    order.terminal = STATUS_REJECTED
    order.reason = DUPLICATE_CLORDID
    if first != NULL:
        r = start_message(core, c, first, REPORT_EXECUTION)
    else:
        r = start_report(core, c, REPORT_EXECUTION)
        r.order_id = first_id
        r.ord_status = STATUS_REJECTED
        memcpy(r.cl_ord_id, c.cl_ord_id, 24)
    r.exec_type = EXEC_REJECTED
    r.reason = DUPLICATE_CLORDID
    r.contra_order_id = order.order_id
    r.ord_rej_reason = core.ord_rej_reasons[<int>DUPLICATE_CLORDID]
    publish_report(&core.events, r)
    sync_order(core, order)
    acknowledge(core, order, ack)


# CashOrderQty(152) in lots, rounded down: at the limit, else the stop, else the reference price. What can't be
# converted is 0 lots, which validation refuses.
cdef inline int64_t convert_cash(tc_core* core, const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef tc_i128 price2 = tc_wide(2, c.price if has_limit(c.ord_type) else c.stop_px), lots
    if c.ord_type == TYPE_MARKET or c.ord_type == TYPE_TRAILING_STOP:
        price2 = twice_reference(core, c.instrument)
    price2 = tc_abs_wide(price2)
    if price2 == 0 or price2 > 2 * price_max() or c.order_qty < 1 or c.order_qty > money_max():
        return 0
    lots = tc_floor_div_wide(tc_wide(c.order_qty, ins.limit_scale) * 2, price2 * ins.notional_scale)
    if lots > money_max():
        lots = money_max()
    return tc_floor_div(<int64_t>lots, ins.lot) * ins.lot


# Claims an order's id. An id that is no id claims nothing: validation refuses it.
cdef inline int claim_order_id(tc_core* core, const tc_order* order) noexcept nogil:
    if id_is_empty(order.cl_ord_id) or not id_is_valid(order.cl_ord_id):
        return REASON_NONE
    if core.ids.count == core.ids.capacity:
        return TABLE_FULL
    claim_id(&core.ids, order.cl_ord_id, order.order_id, slot_of(&core.orders, order))
    return REASON_NONE


# An order that passed risk counts: in its hold, its list, among those that may only reduce, and for the clock.
cdef inline void admit_order(tc_core* core, tc_order* order) noexcept nogil:
    tc_assert((order.admitted == 0) & (order.held == 0) & (order.cum_qty == 0))
    order.admitted = True
    order.held = order.order_qty
    if order.extended and terms_of(&core.orders, order).list_id:
        join_group(&core.groups, &core.orders, order)
    if order.exec_inst & INST_REDUCE_ONLY:
        exposure_of(&core.risk, order.instrument, order.account).reduce_only += 1
    if order.extended and terms_of(&core.orders, order).expire_time:
        arm_order_timer(core, order)


# What the limits that are only observed say, with a reference price if they need one. Changes nothing.
cdef inline void observe_question(
    tc_core* core, const tc_instrument* ins, tc_question q, tc_finding* findings, bint explain
) noexcept nogil:
    cdef tc_account_risk watched = watched_rules(&core.risk.accounts[q.account])
    if needs_reference(&watched, q.ord_type, q.side):
        q.reference2 = twice_reference(core, q.instrument)
        q.touch2 = twice_touch(&core.router, ins, q.instrument, q.side, core.now)
    observe_risk(&core.risk, &watched, ins, &q, findings, explain)


# Reports what the limits that are only observed would have refused. The order has passed, and holds nothing yet.
cdef inline void observe_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q
) noexcept nogil:
    cdef tc_finding findings[OBSERVABLE]
    cdef tc_report* r
    cdef int i
    observe_question(core, ins, q[0], findings, False)
    for i in range(OBSERVABLE):
        if findings[i].refused:
            r = start_report(core, c, REPORT_RISK_OBSERVED)
            r.order_id = order.order_id
            r.instrument = q.instrument
            r.account = q.account
            r.side = q.side
            memcpy(r.cl_ord_id, order.cl_ord_id, 24)
            r.order_qty = order.order_qty
            r.price = order.price
            r.reason = <int16_t>(REFERENCE_PRICE_UNAVAILABLE + i)
            r.value = findings[i].value
            r.bound = findings[i].limit
            publish_report(&core.events, r)


cdef inline void enter_order(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0, since = start, mask
    cdef const tc_id_entry* used = NULL
    cdef tc_order* order
    cdef tc_instrument* ins
    cdef tc_command converted
    cdef tc_question q
    cdef tc_finding finding
    cdef int reason, claimed, bad_join

    if not id_is_empty(c.cl_ord_id):
        used = find_id(&core.ids, c.cl_ord_id)
    if used != NULL:
        answer_again(core, c, ack, used)
        return
    order = &core.orders.slots[open_order(&core.orders, core.command_seq)]
    ins = find_instrument(core, c.instrument)
    load_order(&core.orders, order, c, core.now)
    if c.exec_inst & INST_CASH and ins != NULL:
        converted = c[0]
        converted.order_qty = convert_cash(core, ins, c)
        order.order_qty = converted.order_qty
        c = &converted
    claimed = claim_order_id(core, order)
    mask = validate_order(ins, core.account_count, core.venue_count, core.now, c)
    since = count_stage(core, STAGE_VALIDATION, since, timed)
    bad_join = REASON_NONE
    if c.list_id:
        bad_join = find_bad_join(&core.groups, &core.orders, c, &finding.value, &finding.limit)
    if mask:
        explain_mask(mask, ins, core.instrument_count, core.account_count, core.venue_count, core.now, c,
                     &finding.value, &finding.limit)
        order.reject_mask = <int64_t>mask
        reject_order(core, c, order, INVALID_FIELD_VALUE + tc_lowest_bit(mask), finding.value, finding.limit)
    elif claimed == TABLE_FULL:
        reject_order(core, c, order, TABLE_FULL, core.ids.count, core.ids.capacity)
    elif bad_join:
        reject_order(core, c, order, bad_join, finding.value, finding.limit)
    else:
        ask_order(core, ins, order, order.order_qty, order.price, terms_of(&core.orders, order).stop_px,
                  order.order_qty, False, &q)
        reason = check_risk(&core.risk, ins, &q, &finding)
        if not reason:
            if core.risk.accounts[c.account].watching:
                observe_order(core, c, ins, order, &q)
            reserve_order(&core.risk, &q)
            admit_order(core, order)
        since = count_stage(core, STAGE_RISK, since, timed)
        if reason:
            reject_order(core, c, order, reason, finding.value, finding.limit)
        else:
            since = start_order(core, c, ins, order, limit_ticks(core, ins, &q), True, since, timed)
    acknowledge(core, order, ack)
    count_stage(core, STAGE_EVENTS, since, timed)
    count_stage(core, STAGE_ORDER, start, timed)

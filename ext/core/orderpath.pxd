# The order path: a new order through the rooms, top to bottom, and an order that is let go again.

from cash cimport *
from overriding cimport *
from open_counting cimport tell_counts


# Only in C: == in Python.
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
    order.cl_ord_id = c.cl_ord_id
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
    if has_terms(c) or c.exec_inst & INST_CASH:
        terms = extend_order(orders, order)
        terms.stop_px = c.stop_px if awaits_price(c.ord_type) else no_price()
        terms.routing = c.routing
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
        terms.entered_peg_offset = terms.peg_offset
        terms.entered_expire_time = terms.expire_time
        terms.entered_display_qty = terms.display_qty
        terms.entered_min_qty = terms.min_qty



# Only in C: load_order in Python.
# A record that makes no order, as an order that is only a thought.
cdef inline void think_order(const tc_command* c, tc_order* thought) noexcept nogil:
    memset(thought, 0, sizeof(tc_order))
    thought.instrument = c.instrument
    thought.account = c.account
    thought.venue = thought.entered_venue = c.venue
    thought.strategy = c.strategy
    thought.side = c.side
    thought.ord_type = c.ord_type
    thought.time_in_force = c.time_in_force
    thought.exec_inst = <uint8_t>c.exec_inst


# Only in C: find_group in Python.
cdef inline tc_listed list_named(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_listed listed
    listed.group = find_named(&core.groups, c.list_id)
    listed.as_oco = c.contingency_type == CONTINGENCY_OCO
    return listed


# Only in C: two lines of enter_order in Python.
cdef inline void ask_entry(
    tc_core* core, const tc_instrument* ins, const tc_order* order, const tc_command* c, tc_question* q
) noexcept nogil:
    ask_order(core, ins, order, order.order_qty, order.price, terms_of(&core.orders, order).stop_px, order.order_qty,
              False, q)
    q.peg_offset, q.peg_offset_type = c.peg_offset, c.peg_offset_type


# The same question of such a record: ask_order's.
cdef inline void ask_record(
    tc_core* core, const tc_instrument* ins, const tc_command* c, tc_question* q
) noexcept nogil:
    cdef tc_order thought
    think_order(c, &thought)
    ask_order(core, ins, &thought, c.order_qty, c.price, c.stop_px, c.order_qty, False, q)
    q.peg_offset, q.peg_offset_type = c.peg_offset, c.peg_offset_type
    if waits_for_parent(find_named(&core.groups, c.list_id), 0):
        q.reduce_only = False


# Does a record that makes no order close its position, or with so much to trade reduce it?
cdef inline bint closes_as_thought(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_order thought
    cdef tc_listed listed = list_named(core, c)
    think_order(c, &thought)
    return closes_position(core, &thought, &listed, c.order_qty)


cdef inline bint reduces_as_thought(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_order thought
    cdef tc_listed listed = list_named(core, c)
    think_order(c, &thought)
    return reduces_listed(core, &thought, &listed, c.order_qty)


# Only in C: reduces_unbooked in Python.
cdef inline bint reduces_unbooked_as_thought(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_order thought
    cdef tc_listed listed = list_named(core, c)
    think_order(c, &thought)
    return reduces_listed_unbooked(core, &thought, &listed, c.order_qty)


# What an order that brings its position to zero may be, whose quantity is what it is.
cdef inline uint64_t closing_bits() noexcept nogil:
    return bit_of(QTY_LOT_MULTIPLE) | bit_of(QTY_BELOW_MIN) | bit_of(NOTIONAL_BELOW_MIN)


# What is wrong with an order, less what one that closes its position may be.
cdef inline uint64_t excuse_closing(tc_core* core, const tc_order* order, uint64_t mask) noexcept nogil:
    cdef tc_listed listed
    if not tc_seldom(mask != 0) or mask & ~closing_bits():
        return mask
    listed = list_of(core, order)
    return 0 if closes_position(core, order, &listed, order.order_qty) else mask


# ---- a new order

# Is this command the order again, as it was first sent? A request's id is not its own.
cdef inline bint is_same_order(const tc_core* core, const tc_order* order, const tc_command* c) noexcept nogil:
    cdef int64_t cl_ord_id = order.cl_ord_id
    if order.extended:
        cl_ord_id = terms_of(&core.orders, order).entered_cl_ord_id
    return cl_ord_id == c.cl_ord_id and has_same_terms(core, order, c)


# A new order in the table, under the next order_id.
cdef inline tc_order* make_order(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_order* order
    core.order_seq += 1
    order = &core.orders.slots[open_order(&core.orders, core.order_seq)]
    load_order(&core.orders, order, c, core.now)
    return order


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
    order = make_order(core, c)
    order.terminal = STATUS_REJECTED
    order.reason = DUPLICATE_CLORDID
    r = start_report(core, c, REPORT_EXECUTION)
    if first != NULL:
        put_order(r, core, first)
    else:
        r.order_id = first_id
        r.ord_status = STATUS_REJECTED
        r.cl_ord_id = c.cl_ord_id
    r.exec_type = EXEC_REJECTED
    r.reason = DUPLICATE_CLORDID
    r.value = order.order_id
    r.reject_mask = 0
    r.ord_rej_reason = <int8_t>core.ord_rej_reasons[<int>DUPLICATE_CLORDID]
    publish_report(&core.events, r)
    note_reject(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


# Claims an order's id. One that no client may give claims nothing: validation refuses it.
cdef inline int claim_order_id(tc_core* core, const tc_order* order) noexcept nogil:
    if not is_clients_id(&core.texts, order.cl_ord_id):
        return REASON_NONE
    if core.ids.count == core.ids.capacity:
        return TABLE_FULL
    claim_id(&core.ids, &core.texts, order.cl_ord_id, order.order_id, slot_of(&core.orders, order))
    return REASON_NONE


# An order that passed risk counts: in its hold, its list, among those that may only reduce, and for the clock.
cdef inline void admit_order(tc_core* core, tc_order* order, const tc_question* q) noexcept nogil:
    tc_assert((order.admitted == 0) & (order.held == 0) & (order.cum_qty == 0))
    order.admitted = True
    order.held = order.order_qty
    note_fund_price(core, order, q, False)
    if tc_seldom(core.risk.funds.is_kept):
        sync_funds(core, order, False)
    if tc_seldom(order.extended) and terms_of(&core.orders, order).list_id:
        join_group(&core.groups, &core.orders, order)
    if order.exec_inst & INST_REDUCE_ONLY:
        exposure_of(&core.risk, order.instrument, order.account).reduce_only += 1
    if tc_seldom(order.extended) and terms_of(&core.orders, order).expire_time:
        arm_order_timer(core, order)


# Why an order can't enter that is well formed: its list, or a rule in Python that has refused it.
cdef inline int find_bar(tc_core* core, const tc_command* c, int64_t* value, int64_t* bound) noexcept nogil:
    cdef int bad_join = REASON_NONE
    if c.list_id:
        bad_join = find_bad_join(&core.groups, &core.orders, c, value, bound)
    if bad_join or not c.refusal:
        return bad_join
    value[0] = told_refusal(core, c.refusal)
    bound[0] = 0
    return USER_RULE


cdef inline void enter_order(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0, since = start, mask
    cdef const tc_id_entry* used = NULL
    cdef tc_order* order
    cdef tc_instrument* ins
    cdef tc_command converted
    cdef tc_question q
    cdef tc_finding finding, blocked[CHECKS]
    cdef const tc_command* said = c
    cdef int reason, claimed, barred = REASON_NONE, passed = 0
    if c.cl_ord_id:
        used = find_id(&core.ids, c.cl_ord_id)
    if tc_seldom(used != NULL):
        answer_again(core, c, ack, used)
        return
    order = make_order(core, c)
    ins = find_instrument(core, c.instrument)
    if tc_seldom(c.exec_inst & INST_CASH and ins != NULL):
        converted = c[0]
        convert_order(core, ins, order, &converted)
        c = &converted
    claimed = claim_order_id(core, order)
    mask = validate_order(ins, core.account_count, core.venue_count, last_id_of(&core.texts), core.now, c)
    mask = excuse_closing(core, order, mask)
    since = count_stage(core, STAGE_VALIDATION, since, timed)
    if tc_seldom((c.list_id | c.refusal) != 0):
        barred = find_bar(core, c, &finding.value, &finding.limit)
    if tc_seldom(c.cl_ord_id == NO_ROOM):
        reject_order(core, c, order, IDS_FULL, core.texts.count, core.texts.capacity)
    elif tc_seldom(core.stamp_reason != REASON_NONE):
        order.reject_mask = <int64_t>bit_of(core.stamp_reason)
        reject_order(core, c, order, core.stamp_reason, core.stamp, core.stamp_bound)
    elif tc_seldom(mask != 0):
        explain_mask(mask, ins, core.instrument_count, core.account_count, core.venue_count, core.now, c,
                     &finding.value, &finding.limit)
        order.reject_mask = <int64_t>mask
        reject_order(core, c, order, INVALID_FIELD_VALUE + tc_lowest_bit(mask), finding.value, finding.limit)
    elif tc_seldom(claimed == TABLE_FULL):
        reject_order(core, c, order, TABLE_FULL, core.ids.count, core.ids.capacity)
    elif tc_seldom(barred != REASON_NONE):
        reject_order(core, c, order, barred, finding.value, finding.limit)
    else:
        ask_entry(core, ins, order, c, &q)
        reason = ask_with_overrides(core, ins, order, said, &q, &finding, blocked, &passed)
        if reason:
            note_breach(&core.risk, &finding, core.now)
            order.reject_mask = finding.row            # the row of limits that spoke
        if not reason and is_external(core, order.venue) and not reserve_places(core, order):
            reason = OUTBOUND_FULL
            finding.value = places_taken(&core.orders.unsent)
            finding.limit = core.orders.unsent.most
        if not reason:
            use_overrides(core, c, said, order, blocked, passed)
            observe_passed(core, c, ins, order, &q)
            reserve_order(&core.risk, ins, &q)
            admit_order(core, order, &q)
        since = count_stage(core, STAGE_RISK, since, timed)
        if reason:
            reject_order(core, c, order, reason, finding.value, finding.limit)
        elif waiting_place(core, order) == PLACE_NOWHERE:  # start_order, for nearly all in one step less
            since = place_order(core, c, ins, order, limit_ticks(ins, &q), True, since, timed, False, False)
        else:
            start_waiting(core, c, order, waiting_place(core, order), True)
        if order.is_open and index_order(&core.open_orders, &core.orders, order):
            tell_counts(&core.risk.opens, &core.orders, order, 1)
    note_entry(core, order)
    acknowledge(core, order, ack)
    count_stage(core, STAGE_EVENTS, since, timed)
    count_stage(core, STAGE_ORDER, start, timed)

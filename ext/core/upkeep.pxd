# An order's facts have changed: holds, lists, timers, the table of open orders and its parent follow them.

from funding cimport *
from open_counting cimport tell_counts


# When an order's timer must go off next, 0 for never: at its venue, or where the core keeps it.
cdef inline int64_t order_deadline(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_venue* venue
    cdef int64_t timeout = 0
    cdef bint expires = True
    if order.place == PLACE_AT_VENUE:
        venue = &core.router.venues[order.venue]
        timeout = venue.request_timeout
        expires = not (venue.native_times_in_force >> TIF_GTD) & 1
    return next_deadline(&core.orders, order, timeout, expires)


cdef inline void arm_order_timer(tc_core* core, const tc_order* order) noexcept nogil:
    arm_timer(&core.timers, slot_of(&core.orders, order), order_deadline(core, order))


# An order leaves the open ones, those of its list too; the oldest that had left is evicted.
cdef inline void close_order(tc_core* core, tc_order* order, tc_group* group) noexcept nogil:
    cdef uint32_t slot = slot_of(&core.orders, order), evicted
    tc_assert((order.held == 0) & (order.first_request == NO_SLOT))
    if group != NULL:
        leave_group(&core.groups, group, &core.orders, slot)
    if drop_order(&core.open_orders, &core.orders, order):
        tell_counts(&core.risk.opens, &core.orders, order, -1)
    note_end(core, order)
    evicted = end_order_slot(&core.orders, slot)
    if evicted != NO_SLOT and core.orders.slots[evicted].extended and core.orders.terms[evicted].group:
        forget_member(&core.groups, group_of(&core.groups, &core.orders.terms[evicted]))


# Its children have news: they are looked at when the command is done.
cdef inline void tell_parent(tc_core* core, const tc_order* parent) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    if not terms.is_told:
        terms.is_told = True
        core.parents[<uint64_t>core.parents_last & core.parents_mask] = slot_of(&core.orders, parent)
        core.parents_last += 1
        tc_assert(core.parents_last - core.parents_first <= <int64_t>core.parents_mask + 1)


cdef inline void sync_facts(tc_core* core, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, order)
    cdef int64_t held = held_of(&core.orders, order)
    cdef bint live = is_live(order), opens = live or awaits_news(&core.orders, order)
    cdef tc_group* group = NULL
    cdef tc_order* parent
    if order.extended:
        group = group_of(&core.groups, terms)
        opens = opens or terms.child_head != NO_SLOT
        if held < terms.working:                       # of a parent at least what its children hold
            held = terms.working
    if held != order.held:
        parent = parent_of(&core.orders, order)
        if parent != NULL:
            terms_of(&core.orders, parent).working += held - order.held
        else:
            hold_lots(&core.risk, order.instrument, order.account, direction(order.side), held - order.held)
        order.held = held
    if tc_seldom(core.risk.funds.is_kept):
        sync_funds(core, order, parent_of(&core.orders, order) != NULL)
        terms = terms_of(&core.orders, order)
    tc_assert((order.cum_qty >= 0) & (order.held >= leaves_of(order)) & ((order.admitted != 0) | (order.held == 0)))
    if group != NULL:
        sync_list(&core.groups, group, order, terms)
    if opens != order.is_open:
        if opens:
            reopen_order(&core.orders, slot_of(&core.orders, order))
            note_return(&core.ids, order.cl_ord_id, order.order_id)
            if index_order(&core.open_orders, &core.orders, order):
                tell_counts(&core.risk.opens, &core.orders, order, 1)
            if group != NULL:
                append_member(group, &core.orders, slot_of(&core.orders, order))
        else:
            close_order(core, order, group)
        if order.kept & KEEPS_PLACES:
            core.orders.unsent.away += 1 if opens else -1
        if order.exec_inst & INST_REDUCE_ONLY and order.admitted:
            exposure_of(&core.risk, order.instrument, order.account).reduce_only += 1 if opens else -1
    if order.exec_inst & INST_REDUCE_ONLY:
        sync_size(&core.open_orders, &core.orders, order)
    if order.extended:
        if (terms.expire_time or (order.place == PLACE_AT_VENUE and core.router.venues[order.venue].request_timeout)
                or core.timers.places[slot_of(&core.orders, order)]):
            arm_order_timer(core, order)
    if core.triggers.held_count and (order.place == PLACE_AT_VENUE or not order.is_open):
        core.triggers.asks_again = True                # one that is held may wait for this one


# What a child's change makes of its parent. Its own holds and place follow when the command is done: if it ended now,
# it could push out the child that the command is about.
cdef inline void sync_parent(tc_core* core, tc_order* parent, const tc_order* child) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef tc_terms* own = terms_of(&core.orders, child)
    cdef uint64_t bit = <uint64_t>1 << (child.venue - 1)
    if child.is_open:
        if not own.is_listed:
            append_child(&core.orders, terms, slot_of(&core.orders, child))
    elif own.is_listed:
        unlink_child(&core.orders, terms, slot_of(&core.orders, child))
        if child.terminal:
            terms.tried |= bit
            terms.tried_seq = core.command_seq
            if child.terminal == STATUS_REJECTED or child.time_in_force != TIF_IOC:
                terms.refused |= bit
            if child.terminal == STATUS_EXPIRED and not terms.ending:  # its day is over, there and anywhere
                terms.ending = STATUS_EXPIRED
                terms.ending_reason = child.reason
            if (child.reason == EXIT_GATE or child.reason == SELF_MATCH) and not terms.ending:  # it would be again
                terms.ending = STATUS_CANCELED
                terms.ending_reason = child.reason
                parent.value = child.value
                parent.bound = child.bound
    tell_parent(core, parent)


# Holds, lists, timers and the table of open orders follow the facts; called after every change of them.
cdef inline void sync_order(tc_core* core, tc_order* order) noexcept nogil:
    cdef tc_order* parent
    sync_facts(core, order)
    if order.extended:
        parent = parent_of(&core.orders, order)
        if parent != NULL:
            sync_parent(core, parent, order)


# Only in C: for tc_assert.
# Has a resting order as much in the book as it may still trade? Not while its trades are reported, one after another.
cdef inline bint rests_whole(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_node* node = &core.book.nodes[slot_of(&core.orders, order)]
    return order.place != PLACE_RESTING or node.qty + node.hidden == leaves_of(order)


# Takes an order from where the core keeps it; one at an external venue is the venue's.
cdef inline void withdraw_order(tc_core* core, tc_order* order) noexcept nogil:
    tc_assert(rests_whole(core, order))
    if order.place == PLACE_RESTING:
        remove_node(&core.book, slot_of(&core.orders, order))
        sync_top(core, order.instrument, order.venue, opposite(direction(order.side)))
    elif order.place == PLACE_AWAITS_PRICE:
        disarm_trigger(&core.triggers, &core.orders, order)
    if order.place != PLACE_AT_VENUE:
        order.place = PLACE_NOWHERE


# An order that the core itself ends: taken from where it is, its hold released, reported. `terminal` is the OrdStatus,
# whose ExecType has the same character.
cdef inline void end_order(
    tc_core* core, const tc_command* c, tc_order* order, uint8_t terminal, int reason
) noexcept nogil:
    withdraw_order(core, order)
    end_facts(&core.orders, order, terminal)
    order.reason = <int16_t>reason
    publish_execution(core, order, start_end(core, c, order, terminal))
    sync_order(core, order)


# An order whose day is over; what is worked in children ends with the last of them.
cdef inline void end_day(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, order)
    if terms.child_head == NO_SLOT:
        end_order(core, c, order, STATUS_EXPIRED, DAY_ENDED)
    else:
        terms.ending = STATUS_EXPIRED
        terms.ending_reason = DAY_ENDED
        tell_parent(core, order)

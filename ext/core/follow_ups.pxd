# What follows from a command once its own trades and reports are out: reduce-only orders are trimmed, lists hear of
# their members, and what a price has reached is let go, one after another until nothing follows. It never calls itself.

from children cimport *
from health cimport *
from losses cimport watch_losses
from switching cimport withdraw_disarmed


# No reduce-only order is larger than the position that is left.
cdef inline void trim_reduce_only(tc_core* core, const tc_command* c, int64_t place) noexcept nogil:
    cdef tc_exposure* e = &core.risk.exposures[place]
    cdef int32_t instrument = <int32_t>tc_floor_div(place, core.risk.account_stride)
    cdef int32_t account = <int32_t>tc_floor_mod(place, core.risk.account_stride)
    cdef tc_order* order
    cdef int64_t most, count, i
    cdef uint8_t side
    tc_assert(e.is_trimmed != 0)
    e.is_trimmed = False
    for side in range(SIDE_BUY, SIDE_SELL + 1):
        most = reducible_qty(e.position_qty, side)
        count = find_larger(&core.open_orders, &core.orders, instrument, account, side, most)
        for i in range(count):
            order = &core.orders.slots[core.open_orders.found[i].slot]
            if order.place != PLACE_AWAITS_PARENT:     # a child is asked about when let go
                shrink_order(core, c, order, order.cum_qty + most, REDUCED_POSITION)


# ---- lists

# One at a time: what it trades at once must reach the others before they are let go.
cdef inline void free_child(tc_core* core, const tc_command* c, tc_group* group) noexcept nogil:
    cdef uint32_t at = group.head
    cdef tc_order* order = NULL
    tc_assert((group.ended != 0) & (group.root != 0))
    group.waits = False
    while at != NO_SLOT:
        if core.orders.slots[at].place == PLACE_AWAITS_PARENT and is_live(&core.orders.slots[at]):
            if order != NULL:
                group.waits = True
                break
            order = &core.orders.slots[at]
        at = core.orders.terms[at].group_next
    if order == NULL:
        return
    if group.waits:
        add_news(&core.groups, group)
    if order.order_qty > group.parent_qty:
        shrink_order(core, c, order, group.parent_qty, PARENT_ENDED)
    if is_live(order):
        release_order(core, c, order, False)


# OCO: each shrinks by what the others have traded, and ends where one is filled whole. OTO: the children of a parent
# that ended are let go, for as much as it filled, or end with it.
cdef inline void settle_group(tc_core* core, const tc_command* c, tc_group* group) noexcept nogil:
    cdef int64_t most, wanted
    cdef uint32_t at = group.head, next
    cdef tc_order* order
    cdef tc_terms* terms
    tc_assert(group.has_news != 0)
    group.held += 1                                    # or its row could become free under our feet
    group.has_news = False
    while at != NO_SLOT:
        order = &core.orders.slots[at]
        terms = &core.orders.terms[at]
        next = terms.group_next
        if is_live(order) and terms.contingency_type == CONTINGENCY_OCO:
            if group.oco_filled:
                stop_order(core, c, order, OTHER_FILLED)
            elif others_of(group, terms):
                most, wanted = oco_most(group, &core.orders, order), wanted_qty(&core.orders, order)
                if order.order_qty > most or wanted > most:
                    shrink_order(core, c, order, most, OTHER_FILLED)
        at = next
    if group.waits and group.ended:
        free_child(core, c, group)
    forget_member(&core.groups, group)


# ---- what waits for a price

# What an order waited for has come: it is reported, asked about again, and goes to a venue.
cdef inline void trigger_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    tc_assert(order.triggered != 0)
    report_execution(core, c, order, EXEC_TRIGGERED)
    release_order(core, c, order, False)


# The next whose price has come, unless another's trade has ended it since.
cdef inline void take_fired(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_triggers* triggers = &core.triggers
    cdef int64_t order_id = triggers.fired[<uint64_t>triggers.fired_first & triggers.fired_mask]
    cdef tc_order* order = find_order(&core.orders, order_id)
    triggers.fired_first += 1
    if order != NULL and is_live(order) and order.place == PLACE_NOWHERE:
        trigger_order(core, c, order)


# Asks those of ours back that a held order could meet at its external venue; what is filled, while a replace may make
# more of it, once that has been answered. Where a venue keeps one, what is held for it ends: that is the venue's last
# word. False where it may go.
cdef inline bint waits_for_own(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef tc_order* own
    cdef bint waits = False
    cdef int64_t count, i
    if not is_external(core, order.venue):
        return False
    count = own_outside(core, order, worst_px(&core.orders, order))
    for i in range(count):
        own = &core.orders.slots[core.open_orders.found[i].slot]
        if not is_live(own):
            waits = True
            continue
        if own.order_id == core.triggers.kept and not has_cancel(&core.orders, own):
            order.value = own.order_id
            order.bound = SELF_MATCH_HOLD
            end_order(core, c, order, STATUS_CANCELED, SELF_MATCH)
            return True
        note_match(own, order, SELF_MATCH_HOLD)
        stop_order(core, c, own, SELF_MATCH)
        waits = waits or is_live(own)
    return waits


# A switch was released, a venue or a session is there again: what was triggered and could not go is asked about again.
cdef inline void ask_again(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_triggers* triggers = &core.triggers
    cdef int64_t count = triggers.held_count, i, value = 0, bound = 0
    cdef tc_order* order
    triggers.asks_again = False
    triggers.held_count = 0                            # who still waits comes in again, before where we read
    for i in range(count):
        order = find_order(&core.orders, triggers.held_back[i])
        if order == NULL or order.place != PLACE_AWAITS_VENUE or not is_live(order):
            continue
        if not is_trading(core, order.instrument) or find_hindrance(core, order, &value, &bound):
            keep_held(core, order.order_id)
            continue
        if waits_for_own(core, c, order):
            if is_live(order):
                keep_held(core, order.order_id)
            continue
        order.suspended = False
        report_execution(core, c, order, EXEC_NEW if order.acked else EXEC_PENDING_NEW)
        release_order(core, c, order, False)
    triggers.kept = 0


cdef inline bint has_work(const tc_core* core) noexcept nogil:
    return (core.parents_first != core.parents_last or core.trimmed_first != core.trimmed_last
            or core.groups.news_first != core.groups.news_last
            or core.moved_first != core.moved_last or core.triggers.fired_first != core.triggers.fired_last
            or core.triggers.asks_again or core.risk.pnl.is_touched
            or core.risk.strategies.is_touched or core.router.has_turned)


# Until nothing follows any more. What was lost comes first: what follows is asked about behind it.
cdef inline void settle(tc_core* core, const tc_command* c) noexcept nogil:
    cdef int32_t instrument
    cdef tc_group* group
    while True:
        if core.risk.pnl.is_touched | core.risk.strategies.is_touched:
            watch_losses(core, c)
        elif tc_seldom(core.risk.breakers.due != 0):
            withdraw_disarmed(core, c)
        elif core.parents_first != core.parents_last:
            core.parents_first += 1
            settle_parent(core, c,
                          &core.orders.slots[core.parents[<uint64_t>(core.parents_first - 1) & core.parents_mask]])
        elif core.trimmed_first != core.trimmed_last:
            core.trimmed_first += 1
            trim_reduce_only(core, c, core.trimmed[<uint64_t>(core.trimmed_first - 1) & core.trimmed_mask])
        elif core.groups.news_first != core.groups.news_last:
            core.groups.news_first += 1
            group = &core.groups.rows[core.groups.news[<uint64_t>(core.groups.news_first - 1) & core.groups.news_mask]]
            settle_group(core, c, group)
        elif core.triggers.fired_first != core.triggers.fired_last:
            take_fired(core, c)
        elif core.router.has_turned:
            look_everywhere(core)
        elif core.triggers.asks_again:
            ask_again(core, c)
        elif core.moved_first != core.moved_last:
            instrument = core.moved[<uint64_t>core.moved_first & core.moved_mask]
            tc_assert(core.is_moved[instrument] != 0)
            core.moved_first += 1
            core.is_moved[instrument] = False
            elect_all(core, instrument)
        else:
            return

# What follows from a command once its own trades and reports are out: reduce-only orders are trimmed, lists hear of
# their members, and what waited for a price is let go, one after another until nothing follows. It never calls itself.

from children cimport *


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
    tc_assert((order.place == PLACE_AWAITS_PRICE) & (order.triggered == 0))
    disarm_trigger(&core.triggers, &core.orders, order)
    order.place = PLACE_NOWHERE
    order.triggered = True
    report_execution(core, c, order, EXEC_TRIGGERED)
    release_order(core, c, order, False)


# Moves the trailing stops, and triggers the first order that a price has reached; False where there is none.
cdef inline bint let_one_go(tc_core* core, const tc_command* c, int32_t instrument) noexcept nogil:
    cdef int64_t price
    cdef uint32_t triggered
    cdef uint8_t source, side
    cdef int place
    cdef tc_market market
    if not core.triggers.counts[instrument] or not is_trading(core, instrument):
        return False
    look_at_market(core, instrument, &market)
    if not reaches_nearest(&core.triggers.nearest[instrument], &market):
        return False
    for place in range(SOURCES):
        source = source_at(place)
        for side in range(SIDE_BUY, SIDE_SELL + 1):
            price = trigger_price(&market, source, side == SIDE_SELL)
            trail_peaks(&core.triggers, &core.orders, instrument, source, side, price)
            triggered = find_triggered(&core.triggers, instrument, source, side, price)
            if triggered != NO_SLOT:
                trigger_order(core, c, &core.orders.slots[triggered])
                return True
    return False


cdef inline bint has_work(const tc_core* core) noexcept nogil:
    return (core.parents_first != core.parents_last or core.trimmed_first != core.trimmed_last
            or core.groups.news_first != core.groups.news_last
            or core.moved_first != core.moved_last)


# Until nothing follows any more.
cdef inline void settle(tc_core* core, const tc_command* c) noexcept nogil:
    cdef int32_t instrument
    cdef tc_group* group
    while True:
        if core.parents_first != core.parents_last:
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
        elif core.moved_first != core.moved_last:
            instrument = core.moved[<uint64_t>core.moved_first & core.moved_mask]
            tc_assert(core.is_moved[instrument] != 0)
            if not let_one_go(core, c, instrument):
                core.moved_first += 1
                core.is_moved[instrument] = False
        else:
            return

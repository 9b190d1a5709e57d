# Exits get out: which orders reduce, and so pass what is_exempt says; which exits rest at their protection price, and
# what waits for a venue or a switch once its price has come.

from outbound cimport *
from user_rules cimport *


# Does another order work on an order's side of its position: sent, or at a venue? What waits for a price counts once
# that has come, what is worked in children itself.
cdef inline bint works_beside(
    const tc_core* core, const tc_order* order, const tc_order* other
) noexcept nogil:
    return (other.instrument == order.instrument and other.account == order.account and other != order
            and terms_of(&core.orders, other).parent_id == 0 and direction(other.side) == direction(order.side)
            and (other.place == PLACE_RESTING or other.place == PLACE_AT_VENUE
                 or other.place == PLACE_AWAITS_SESSION or other.place == PLACE_AWAITS_VENUE
                 or other.place == PLACE_IN_CHILDREN))


# Which orders of a list count beside another.
ctypedef bint (*tc_works)(const tc_core* core, const tc_order* order, const tc_order* other) noexcept nogil


cdef inline bint is_oco(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    return terms.group != 0 and terms.contingency_type == CONTINGENCY_OCO


# What an order has of a list: the one that it is in or would join, NULL: none; and whether as OCO.
cdef struct tc_listed:
    const tc_group* group
    bint as_oco


# Only in C: find_group in Python.
cdef inline tc_listed list_of(tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef tc_listed listed
    listed.group = NULL
    listed.as_oco = False
    if order.extended:
        listed.group = group_of(&core.groups, terms) if terms.group else find_named(&core.groups, terms.list_id)
        listed.as_oco = terms.contingency_type == CONTINGENCY_OCO
    return listed


# Of an OCO list only the largest of those that work counts, the first of equals; of the list that an order is OCO in
# itself none: one of them trades.
cdef inline bint counts_for_list(
    tc_core* core, const tc_order* order, const tc_listed* listed, const tc_order* other, tc_works works
) noexcept nogil:
    cdef const tc_group* group = group_of(&core.groups, terms_of(&core.orders, other))
    cdef const tc_order* member
    cdef uint32_t at
    if not is_oco(core, other):
        return True
    if listed.as_oco and listed.group == group:
        return False
    at = group.head
    while at != NO_SLOT:
        member = &core.orders.slots[at]
        if (works(core, order, member) and is_oco(core, member)
                and (member.held > other.held or (member.held == other.held and other.order_id > member.order_id))):
            return False
        at = core.orders.terms[at].group_next
    return True


# Lots that work on an order's side of its position, itself left out; no further than beyond `most`.
cdef inline int64_t count_works(
    tc_core* core, const tc_order* order, const tc_listed* listed, int64_t most
) noexcept nogil:
    cdef uint32_t at = core.open_orders.rows[row_at(&core.open_orders, order.instrument, order.account)].head
    cdef const tc_order* other
    cdef int64_t works = 0
    cdef int32_t i
    for i in range(core.ahead_count):
        if (core.ahead[i].instrument == order.instrument and core.ahead[i].account == order.account
                and core.ahead[i].side == direction(order.side)):
            works += core.ahead[i].hold_qty
    while at and works <= most:
        other = &core.orders.slots[at - 1]
        if works_beside(core, order, other) and counts_for_list(core, order, listed, other, works_beside):
            works += other.held
        at = other.position_next
    return works


# The position that an order is judged by; of the exit legs of a bracket, with what the entry will bring.
cdef inline int64_t position_for(tc_core* core, const tc_order* order, const tc_listed* listed) noexcept nogil:
    cdef int64_t position_qty = exposure_of(&core.risk, order.instrument, order.account).position_qty
    cdef const tc_order* root
    if listed.group == NULL or not waits_for_parent(listed.group, order.order_id):
        return position_qty
    root = find_order(&core.orders, listed.group.root)
    if root == NULL or root.instrument != order.instrument:
        return position_qty
    return position_qty + (leaves_of(root) if direction(root.side) == SIDE_BUY else -leaves_of(root))


# Only in C: `reduces` in Python, which has an order that is only a thought too.
# Does an order with so much to trade reduce (see risk)?
cdef inline bint reduces_listed(
    tc_core* core, const tc_order* order, const tc_listed* listed, int64_t leaves_qty
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef int64_t position_qty = position_for(core, order, listed), most = reducible_qty(position_qty, side)
    return leaves_qty <= most and is_reducing(position_qty, side, leaves_qty, count_works(core, order, listed, most))


# A child does where all that its parent may trade does.
cdef inline bint reduces(tc_core* core, const tc_order* order, int64_t leaves_qty) noexcept nogil:
    cdef const tc_order* parent = parent_of(&core.orders, order)
    cdef tc_listed listed = list_of(core, parent if parent != NULL else order)
    if parent != NULL:
        return reduces_listed(core, parent, &listed, leaves_of(parent))
    return reduces_listed(core, order, &listed, leaves_qty)


# Only in C: `reduces_unbooked` in Python, which has an order that is only a thought too.
# Does an order reduce whatever part of what lies unbooked has happened?
cdef inline bint reduces_listed_unbooked(
    tc_core* core, const tc_order* order, const tc_listed* listed, int64_t leaves_qty
) noexcept nogil:
    cdef bint buys = direction(order.side) == SIDE_BUY
    cdef tc_i128 low = 0, high = 0, most
    unbooked_moves(core, order.instrument, order.account, &low, &high)
    most = position_for(core, order, listed)
    most = -(most + high) if buys else most + low
    if most < 0:
        most = 0
    if leaves_qty > most or not reduces_listed(core, order, listed, leaves_qty):
        return False
    return leaves_qty + count_works(core, order, listed, <int64_t>most) <= most


cdef inline bint reduces_unbooked(tc_core* core, const tc_order* order, int64_t leaves_qty) noexcept nogil:
    cdef tc_listed listed = list_of(core, order)
    return reduces_listed_unbooked(core, order, &listed, leaves_qty)


# Does an order bring its position to zero, with what works on its side?
cdef inline bint closes_position(
    tc_core* core, const tc_order* order, const tc_listed* listed, int64_t order_qty
) noexcept nogil:
    cdef int64_t most = reducible_qty(position_for(core, order, listed), direction(order.side))
    return 0 < order_qty and order_qty <= most and order_qty + count_works(core, order, listed, most) == most


# Only in C: the rare half of `ask_risk_of`, apart from the path.
cdef inline int excuse_exit(
    tc_core* core, const tc_instrument* ins, const tc_order* order, tc_question* q, tc_finding* finding, int reason
) noexcept nogil:
    if is_exempt(reason) and reduces(core, order, q.leaves_qty):
        q.reduces = True
        reason = find_risk_refusal(core, ins, q, order.strategy, finding)
    if reason == UNBOOKED_TRADE and reduces_unbooked(core, order, q.leaves_qty):
        reason = find_rule_refusal(core, ins, q, order.strategy, finding)
    return reason


# Risk's refusal. Whether an order reduces is found out where only that can let it pass.
cdef inline int ask_risk_of(
    tc_core* core, const tc_instrument* ins, const tc_order* order, tc_question* q, tc_finding* finding
) noexcept nogil:
    cdef int reason = find_risk_refusal(core, ins, q, order.strategy, finding)
    if tc_seldom(reason != REASON_NONE):
        return excuse_exit(core, ins, order, q, finding, reason)
    return REASON_NONE


# Is it a stop or a trailing exit that has triggered, with a protection price to rest at? It must not end while its
# position stands.
cdef inline bint protects_position(tc_core* core, const tc_order* order, int64_t limit) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[order.instrument]
    return (order.triggered and (order.ord_type == TYPE_STOP or order.ord_type == TYPE_TRAILING_STOP)
            and tc_abs(limit) != tc_floor_div(ins.price_most, ins.tick) and reduces(core, order, leaves_of(order)))


# An exit that has found nothing more within its protection price rests there from now on, as a limit order; an alert
# says so.
cdef inline void rest_exit(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit
) noexcept nogil:
    cdef tc_report* r
    order.ord_type = TYPE_STOP_LIMIT
    order.price = limit * ins.tick
    terms_of(&core.orders, order).peg_offset = 0
    terms_of(&core.orders, order).repriced = True
    r = start_execution(core, c, order, EXEC_RESTATED)
    r.reason = EXIT_RESTS
    r.value = order.price
    r.exec_restatement_reason = 3                      # REPRICING
    publish_execution(core, order, r)
    sync_order(core, order)


# What is HALTED may go on once it is released.
cdef inline bint is_switch(int reason) noexcept nogil:
    return reason == KILL_SWITCH or reason == TRADING_STATE


# Why an order that a price has let go can't go anywhere now, with value and bound: a switch, or no venue.
cdef inline int find_hindrance(tc_core* core, const tc_order* order, int64_t* value, int64_t* bound) noexcept nogil:
    cdef tc_met met = meet_switches(
        &core.risk.kills, order.instrument, order.account, order.venue, order.strategy)
    cdef int reason = KILL_SWITCH
    if met.state != STATE_HALTED:
        met = meet_switches(&core.risk.states, order.instrument, order.account, order.venue, order.strategy)
        reason = TRADING_STATE
    value[0] = met.scope
    bound[0] = met.state
    if met.state == STATE_HALTED:
        return reason
    value[0] = order.venue
    bound[0] = 0
    if order.venue and is_disconnected(core, order.venue):
        return VENUE_DISCONNECTED
    bound[0] = core.venue_count
    if order.venue and is_out(&core.router.health[order.venue]):
        return NO_VENUE
    if order.venue == 0 and core.router.down == (~<uint64_t>0 >> (64 - core.venue_count) if core.venue_count else 0):
        return NO_VENUE
    return REASON_NONE


# Only in C: a dict in Python.
# An order stands once among those that wait; those that did are dropped when there is no room.
cdef inline void keep_held(tc_core* core, int64_t order_id) noexcept nogil:
    cdef tc_triggers* triggers = &core.triggers
    cdef const tc_order* order
    cdef int64_t count = 0, i
    if triggers.held_count == triggers.held_most:
        for i in range(triggers.held_count):
            order = find_order(&core.orders, triggers.held_back[i])
            if order != NULL and order.place == PLACE_AWAITS_VENUE and order.order_id != order_id:
                triggers.held_back[count] = triggers.held_back[i]
                count += 1
        triggers.held_count = count
    triggers.held_back[triggers.held_count] = order_id
    triggers.held_count += 1
    tc_assert(triggers.held_count <= triggers.held_most)


# An order whose price has come, and that can't go: it is Suspended, and asked about again once it can.
cdef inline void hold_back(
    tc_core* core, const tc_command* c, tc_order* order, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r
    order.place = PLACE_AWAITS_VENUE
    order.suspended = True
    keep_held(core, order.order_id)
    r = start_execution(core, c, order, EXEC_SUSPENDED)
    r.reason = <int16_t>reason
    r.value = value
    r.bound = bound
    publish_execution(core, order, r)
    sync_order(core, order)


# Is an order held against its own trigger price: before that has come, when it then goes, and in all its parts? One
# that has gone whole, and a limit that its user has changed since, are held against the market.
cdef inline bint is_held_to_trigger(const tc_core* core, const tc_order* order, int64_t price) noexcept nogil:
    if not tc_seldom(awaits_price(order.ord_type)):
        return False
    if not order.triggered:
        return order.ord_type != TYPE_TRAILING_STOP
    return (order.place == PLACE_NOWHERE or order.place == PLACE_IN_CHILDREN) and (
        not has_limit(order.ord_type)
        or (price == order.price and not terms_of(&core.orders, order).repriced))


# What an order is held against that waits for a price, and what it could take once that has come: an entry counts at
# that, where nothing bounds it, and has no price where nobody knows one. An exit gets out, whatever the market says by
# then.
cdef inline void prices_at_trigger(
    tc_core* core, const tc_instrument* ins, const tc_order* order, tc_question* q
) noexcept nogil:
    cdef bint at_market = order.triggered and (q.side == SIDE_SELL or not has_limit(order.ord_type))
    q.reference2 = 2 * q.stop_px
    if at_market and not reduces(core, order, q.leaves_qty):
        q.touch2 = twice_touch(&core.router, ins, order.instrument, q.side, core.now)
        if q.touch2 == no_price():
            q.touch2 = twice_reference(core, order.instrument)
        if q.touch2 == no_price() and q.line.limits[SLOT_COLLAR] < 0:
            q.reference2 = no_price()


# Holds back an order that a price has let go, where a switch or the want of a venue hinders it and risk says nothing
# else (`refused`), or knows no price until that venue is back; under a switch only an exit, the others are refused. Was
# it?
cdef inline bint hold_if_hindered(
    tc_core* core, const tc_command* c, tc_order* order, const tc_question* q, int refused
) noexcept nogil:
    cdef int64_t value = 0, bound = 0
    cdef int hindrance = find_hindrance(core, order, &value, &bound) if order.triggered else REASON_NONE
    if not hindrance or (refused and refused != REFERENCE_PRICE_UNAVAILABLE and not is_switch(refused)):
        return False
    if is_switch(hindrance) and not reduces(core, order, q.leaves_qty):
        return False
    hold_back(core, c, order, hindrance, value, bound)
    return True

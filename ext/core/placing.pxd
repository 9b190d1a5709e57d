# Where an order goes: it is asked for, routed, executed, sent, held until its time comes, let go again.

from exchange_limits cimport ask_exchange
from executing cimport *
from observing cimport *
from choosing cimport *
from worst_prices cimport *


cdef inline void reject_order(
    tc_core* core, const tc_command* c, tc_order* order, int reason, int64_t value, int64_t bound
) noexcept nogil:
    note_full(core, reason)
    core.tables_full += reason == MAX_OPEN_ORDERS and bound >= core.orders.open_max
    order.reason = <int16_t>reason
    order.value = value
    order.bound = bound
    order.terminal = STATUS_REJECTED
    publish_execution(core, order, start_end(core, c, order, EXEC_REJECTED))
    note_reject(core, c, order)
    sync_order(core, order)


# ---- risk: the question that an order puts

cdef inline bint awaits_parent(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms
    if not tc_seldom(order.extended):
        return False
    terms = terms_of(&core.orders, order)
    if terms.group:
        return waits_for_parent(group_of(&core.groups, terms), order.order_id)
    return waits_for_parent(find_named(&core.groups, terms.list_id), order.order_id)


# What waits for a price is asked about as if that price had come, and is held against it from then on: a stop's
# protection is the collar from its own trigger price.
cdef inline void ask_order(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t order_qty, int64_t price, int64_t stop_px,
    int64_t hold_qty, bint recheck, tc_question* q
) noexcept nogil:
    cdef uint8_t side = direction(order.side), ord_type = TYPE_LIMIT if has_limit(order.ord_type) else TYPE_MARKET
    q.order_qty = order_qty
    q.leaves_qty = order_qty - order.cum_qty
    q.hold_qty = hold_qty
    q.price = price
    q.stop_px = stop_px
    q.now = core.now
    q.reference2 = q.touch2 = no_price()
    q.instrument = order.instrument
    q.account = order.account
    q.venue = order.venue
    q.strategy = order.strategy
    q.side = side
    q.ord_type = ord_type
    q.sent = 0 if recheck else SENT_NEW
    q.duplicate = False
    q.recheck = recheck
    q.released = q.moves_on = q.reduces = False
    q.peg_offset, q.peg_offset_type = 0, 0             # of a new order its own: see ask_entry
    q.reduce_only = order.exec_inst & INST_REDUCE_ONLY and not awaits_parent(core, order)
    q.closed = not recheck and not session_takes(core, order.instrument, order.time_in_force)
    q.open_orders = 0 if order.admitted and order.is_open else core.orders.open.count - order.is_open
    q.max_open_orders = core.orders.open_max
    q.max_exits = core.orders.exit_max
    q.line = line_of(core.risk.lines, &core.risk.rows, ins, order.instrument, order.account, order.venue,
                     order.strategy, MODE_ENFORCE, &q.room)
    if is_held_to_trigger(core, order, price):
        prices_at_trigger(core, ins, order, q)
    elif needs_reference(q.line, ord_type, side) or tc_seldom(core.risk.rows.notionals | core.risk.rows.on_funds):
        q.reference2 = twice_reference(core, order.instrument)
        if counts_at_market(ord_type, side):
            q.touch2 = twice_touch(&core.router, ins, order.instrument, side, core.now)
    ask_funds(core, order, q)


# ---- execution

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
    if reason == BOOKS_FULL:
        refuse_placing(core, c, order, reason, core.books.count, core.books.most, first)
        return
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    report_fills(core, c, order.instrument, order)
    tc_assert(rests_whole(core, order))
    if reason:
        end_order(core, c, order, STATUS_EXPIRED if reason == AUCTION_LEFTOVER else STATUS_CANCELED, reason)


# Does a MARKET order go to a venue that would fill it at any price, though its price is bound? In an auction all trade
# at one price: there it stays MARKET.
cdef inline bint needs_protection(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit
) noexcept nogil:
    cdef const tc_venue* venue = &core.router.venues[order.venue]
    if has_limit(order.ord_type) or (awaits_price(order.ord_type) and not order.triggered):
        return False
    if is_auction(order.time_in_force) and (venue.native_times_in_force >> order.time_in_force) & 1:
        return False
    return is_bound(ins, limit) and not (venue.market_protection and not ins.order_protection)


# Why an order can't go to its external venue for want of room, with value and bound. One that was accepted before goes
# all the same where only its id has none, and so does an exit: it is found while it is open.
cdef inline int find_full(
    tc_core* core, tc_order* order, bint first, int64_t* value, int64_t* bound
) noexcept nogil:
    if first and lacks_id(core, order) and not reduces(core, order, leaves_of(order)):
        value[0] = bound[0] = core.ids.capacity
        return TABLE_FULL
    if reserve_places(core, order):
        return REASON_NONE
    value[0] = places_taken(&core.orders.unsent)
    bound[0] = core.orders.unsent.most
    return OUTBOUND_FULL


# To an external venue, with less than its own limit where it is `cut`. What happened to it is UNKNOWN until the venue
# tells.
cdef inline void send_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit, bint cut, bint first
) noexcept nogil:
    tc_assert((order.place == PLACE_NOWHERE) & (is_live(order) != 0))
    if cut or needs_protection(core, ins, order, limit):
        extend_order(&core.orders, order).protect_px = limit * ins.tick
    note_quote_age(&core.router.statistics[order.venue], core.now)
    extend_order(&core.orders, order).sent_time = core.now
    name_order(core, order)
    order.place = PLACE_AT_VENUE
    order.awaited = True
    if first:
        report_execution(core, c, order, EXEC_PENDING_NEW)
    send_new(core, c, order)
    try_venue(&core.router, order.venue, order.order_id)
    sync_order(core, order)


# What no venue displays whole is worked in parts: its children are made when the command is done.
cdef inline void start_children(
    tc_core* core, const tc_command* c, tc_order* order, int64_t limit, bint first
) noexcept nogil:
    order.venue = 0
    order.route = ROUTE_SPLIT
    order.place = PLACE_IN_CHILDREN
    extend_order(&core.orders, order).worst_ticks = limit
    terms_of(&core.orders, order).routing = routing_of(core, order)    # of all its parts, whatever is set later
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    sync_order(core, order)
    tell_parent(core, order)


# An order that could meet one of ours at its external venue is refused, ends unsent, or is held until that is gone.
cdef inline void keep_from_own(
    tc_core* core, const tc_command* c, tc_order* order, int64_t own_id, bint first
) noexcept nogil:
    cdef uint8_t mode = prevention_of(core.self_match, order.account).outside
    if first and mode != SELF_MATCH_BLOCK:
        report_execution(core, c, order, EXEC_PENDING_NEW)
    if mode == SELF_MATCH_BLOCK:
        refuse_placing(core, c, order, SELF_MATCH, own_id, mode, first)
    elif mode == SELF_MATCH_CANCEL_NEWEST:
        order.value = own_id
        order.bound = mode
        order.kept |= RECALLED
        end_order(core, c, order, STATUS_CANCELED, SELF_MATCH)
    else:
        hold_back(core, c, order, SELF_MATCH, own_id, mode)
        core.triggers.asks_again = True


# What the rows of a venue say to an order that was routed there, which asked no venue's before: refused, counted, and
# bounded by its collar, as one that names it.
cdef inline int ask_venue_limits(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, int64_t* limit,
    tc_finding* finding
) noexcept nogil:
    cdef tc_question q
    cdef int64_t ticks
    cdef int refused
    ask_order(core, ins, order, order.order_qty, order.price, terms_of(&core.orders, order).stop_px, 0, False, &q)
    venue_line(&q.room, &core.risk.rows, ins, order.venue, MODE_ENFORCE)
    q.line = &q.room
    refused = check_limits(&core.risk, ins, &q, finding)
    if refused and is_exempt(finding.reason) and reduces(core, order, q.leaves_qty):
        q.reduces = True
        refused = check_limits(&core.risk, ins, &q, finding)
    if refused:
        note_breach(&core.risk, finding, core.now)
        return finding.reason
    observe_venue(core, c, ins, order, &q)
    count_line(&core.risk.rows, q.line, core.now, SENT_NEW)
    ticks = limit_ticks(ins, &q)
    if (ticks < limit[0]) == (q.side == SIDE_BUY):
        limit[0] = ticks
    return REASON_NONE


# Does an order end in a book that holds one of ours, before it trades? Else `most` is what it may take or rest with.
cdef inline bint ends_at_own(
    tc_core* core, const tc_command* c, tc_order* order, int64_t limit, bint* first, int64_t* most
) noexcept nogil:
    cdef int64_t before = 0
    cdef tc_order* own = meets_own(core, order, limit, most[0], &before)
    cdef int reason
    if not tc_seldom(own != NULL):
        return False
    reason = pass_own(core, c, order, limit, own, before, first[0], most)
    core.book.fill_count = 0
    if reason == SELF_MATCH:
        refuse_placing(core, c, order, reason, order.value, order.bound, first[0])
    elif reason:
        finish_order(core, c, order, reason, first[0])
    first[0] = False
    return reason != REASON_NONE


# Routing, execution, position and reports of an order that passed; when its last stage began. `judged`: the exit gate
# has been asked, before the order was replaced; `spared`: as one that goes no further than it did, which others keep
# from nothing.
cdef inline uint64_t place_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit, bint first,
    uint64_t since, bint timed, bint judged, bint spared
) noexcept nogil:
    cdef int64_t elsewhere, within, most = leaves_of(order)
    cdef tc_finding finding
    cdef int reason
    cdef uint8_t routing, side = direction(order.side)
    cdef bint routed = order.venue == 0
    tc_assert(order.held >= leaves_of(order))          # nothing trades that is not held
    limit = bounded_ticks(core, ins, order, limit)
    if routed:
        routing = routing_of(core, order)
        order.venue = route_order(core, ins, order, limit, routing)
        if is_divided(core, ins, order, limit, routing):
            since = count_stage(core, STAGE_ROUTING, since, timed)
            start_children(core, c, order, limit, first)
            return since
        if order.kept & INDEXED:
            link_venue(&core.open_orders, &core.orders, order)
    elif order.route == ROUTE_NONE:
        order.route = ROUTE_DIRECTED
    since = count_stage(core, STAGE_ROUTING, since, timed)
    if order.venue == 0 or ((core.disconnected | core.router.out) >> (order.venue - 1)) & 1:
        refuse_placing(core, c, order, NO_VENUE, order.venue, core.venue_count, first)
        return since
    if tc_seldom(core.risk.rows.venue_heads[order.venue] != 0) and (routed or terms_of(&core.orders, order).parent_id):
        reason = ask_venue_limits(core, c, ins, order, &limit, &finding)
        if reason:
            order.reject_mask = finding.row
            refuse_placing(core, c, order, reason, finding.value, finding.limit, first)
            return since
    elsewhere = no_price() if spared else price_elsewhere(core, ins, order, order.venue)
    within = within_ticks(ins, side, limit, elsewhere)
    if is_external(core, order.venue):
        if is_kept_off(ins, order, limit, elsewhere):
            refuse_placing(core, c, order, ORDER_PROTECTION, limit * ins.tick, elsewhere, first)
        elif own_outside(core, order, worst_px(&core.orders, order)):
            keep_from_own(core, c, order, core.open_orders.found[0].order_id, first)
        else:
            reason = find_full(core, order, first, &finding.value, &finding.limit)
            if reason:
                refuse_placing(core, c, order, reason, finding.value, finding.limit, first)
            else:
                send_order(core, c, ins, order, within, is_cut(ins, order, limit, elsewhere), first)
        return since
    if not judged and stops_order(core, c, order, &finding):
        refuse_placing(core, c, order, EXIT_GATE, finding.value, finding.limit, first)
        return since
    if ends_at_own(core, c, order, within, &first, &most):
        return since
    count_exit(&core.gate, core.now)
    reason = execute_order(core, ins, order, side, row_of(core, order.instrument, order.venue, opposite(side)), limit,
                           elsewhere, most)
    if reason == MARKET_LEFTOVER and is_bound(ins, limit):
        order.value = limit * ins.tick
    elif reason == ORDER_PROTECTION:
        order.value = limit * ins.tick
        order.bound = elsewhere
    sync_placed(core, order, side)
    since = count_stage(core, STAGE_EXECUTION, since, timed)
    book_fills(core, order.instrument, order.venue, order, side)
    since = count_stage(core, STAGE_POSITION, since, timed)
    finish_order(core, c, order, reason, first)
    if order.place == PLACE_RESTING and not has_limit(order.ord_type):
        rest_exit(core, c, ins, order, limit)
    return since


# ---- what waits

# Only in C: the rare half of `waiting_place`, apart from the path.
cdef inline uint8_t find_waiting_place(const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_venue* venue = &core.router.venues[order.venue if is_external(core, order.venue) else 0]
    if awaits_parent(core, order):
        return PLACE_AWAITS_PARENT
    if awaits_price(order.ord_type) and not order.triggered and (
            not (venue.native_ord_types >> order.ord_type) & 1     # and no venue's own stop knows of a bound
            or terms_of(&core.orders, order).protect_px != no_price()):
        return PLACE_AWAITS_PRICE
    if (session_waits(core, order.instrument, order.time_in_force)
            and not (venue.native_times_in_force >> order.time_in_force) & 1):
        return PLACE_AWAITS_SESSION
    return PLACE_NOWHERE


# What an order must wait for first; PLACE_NOWHERE where it can go to a venue now. What the external venue that it names
# can do by itself is that venue's. What waits for a parent or a price has terms.
cdef inline uint8_t waiting_place(const tc_core* core, const tc_order* order) noexcept nogil:
    if tc_seldom(order.extended or session_waits(core, order.instrument, order.time_in_force)):
        return find_waiting_place(core, order)
    return PLACE_NOWHERE


# Only in C: start_order in Python, where most orders go on to a venue.
cdef inline void start_waiting(
    tc_core* core, const tc_command* c, tc_order* order, uint8_t place, bint first
) noexcept nogil:
    cdef tc_terms* terms
    cdef tc_market market
    if place == PLACE_AWAITS_PRICE:
        terms = terms_of(&core.orders, order)
        terms.watch = choose_source(order, terms, core.instruments[order.instrument].trigger_source)
        if order.ord_type == TYPE_TRAILING_STOP:
            look_at_market(core, order.instrument, &market)
            terms.peak_px = trigger_price(&market, terms.watch, direction(order.side) == SIDE_SELL)
            if terms.peak_px == no_price():
                refuse_placing(core, c, order, REFERENCE_PRICE_UNAVAILABLE, no_price(), 0, first)
                return
        arm_trigger(&core.triggers, &core.orders, order)
        watch_print(core, order.instrument)
        tell_price(core, order.instrument)
    order.place = place
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    sync_order(core, order)


# To where the order belongs now: what holds it, or a venue (`judged`, `spared`: see place_order).
cdef inline uint64_t start_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, int64_t limit, bint first,
    uint64_t since, bint timed, bint judged, bint spared
) noexcept nogil:
    cdef uint8_t place = waiting_place(core, order)
    tc_assert((order.admitted != 0) & (order.place == PLACE_NOWHERE) & (is_live(order) != 0))
    if place == PLACE_NOWHERE:
        return place_order(core, c, ins, order, limit, first, since, timed, judged, spared)
    start_waiting(core, c, order, place, first)
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
    reason = ask_risk_of(core, ins, order, &q, &finding) or ask_exchange(ins, order, &finding)
    if hold_if_hindered(core, c, order, &q, reason):
        return
    if reason:
        note_breach(&core.risk, &finding, core.now)
        order.reject_mask = finding.row
        refuse_placing(core, c, order, reason, finding.value, finding.limit, False)
    else:
        observe_passed(core, c, ins, order, &q)
        note_fund_price(core, order, &q, False)
        if order.route == ROUTE_SPLIT:
            start_children(core, c, order, bounded_ticks(core, ins, order, limit_ticks(ins, &q)), False)
        elif placed:
            place_order(core, c, ins, order, limit_ticks(ins, &q), False, 0, False, False, False)
        else:
            start_order(core, c, ins, order, limit_ticks(ins, &q), False, 0, False, False, False)

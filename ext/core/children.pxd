# An order that is worked in parts: its children are orders at venues, with ids of their own, and it is theirs.
#
# The children's cum_qty is its cum_qty; what they may still trade, UNKNOWN included, is never more than its leaves_qty.
# It holds for them; its trades are told once, by itself, with the venue of the child. What a child can't have is placed
# again, by the all-in cost of what is displayed, but never at a venue that has just been tried for the same quote; what
# nobody displays rests where that is cheapest, behind what could be taken elsewhere, or ends, as its time in force
# says.
# A cancel or a replace of it asks the children back first, and is done when none works that it can't have. It goes on
# until nothing follows, one step for each piece of news.

from shrinking cimport *


# ---- asked back

# What children may still trade that were not asked back.
cdef inline int64_t kept_by_children(const tc_core* core, const tc_terms* terms) noexcept nogil:
    cdef uint32_t at = terms.child_head
    cdef int64_t kept = 0
    while at != NO_SLOT:
        if not has_cancel(&core.orders, &core.orders.slots[at]):
            kept += leaves_of(&core.orders.slots[at])
        at = core.orders.terms[at].child_next
    return kept


# Asks children back, the last one first, until those that are left may have no more than `most`. False where too much
# is left that a venue would not give back: that is its last word.
cdef inline bint release_children(
    tc_core* core, const tc_command* c, tc_order* parent, int64_t most, int reason
) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef int64_t kept = kept_by_children(core, terms)
    cdef uint32_t at = terms.child_tail, next
    cdef tc_order* child
    while at != NO_SLOT and kept > most:
        child = &core.orders.slots[at]
        next = core.orders.terms[at].child_prev
        if is_live(child) and not has_cancel(&core.orders, child) and not core.orders.terms[at].stop_asked:
            if child.place == PLACE_RESTING and leaves_of(child) > kept - most:
                shrink_order(core, c, child, child.order_qty - (kept - most), reason)
                kept = most
            else:
                core.orders.terms[at].stop_asked = True
                kept -= leaves_of(child)
                stop_order(core, c, child, reason)
        at = next
    return kept <= most


# What is told next answers the command that asked, though children were told of before.
cdef inline void answer_asked(tc_core* core, const tc_command* c, const tc_request* request) noexcept nogil:
    cdef bint asks = c.kind == (KIND_REPLACE if request.is_replace else KIND_CANCEL)
    if asks and max(<int64_t>0, c.cl_ord_id) == request.cl_ord_id and not request.reason and not request.pending:
        core.answer_seq = core.events.seq + 1


cdef inline void give_back_marks(tc_core* core, const tc_terms* terms) noexcept nogil:
    cdef uint32_t at = terms.child_head
    while at != NO_SLOT:
        core.orders.terms[at].stop_asked = False
        at = core.orders.terms[at].child_next


# The order is as it was before: it ended meanwhile, or a venue kept what it was to give back.
cdef inline void refuse_asked(
    tc_core* core, const tc_command* c, tc_order* parent, uint32_t at, int reason
) noexcept nogil:
    cdef int64_t cl_ord_id = core.orders.requests[at].cl_ord_id
    cdef tc_report* r
    answer_asked(core, c, &core.orders.requests[at])
    remove_request(&core.orders, parent, at)
    give_back_marks(core, terms_of(&core.orders, parent))
    parent.last_status = derive_status(parent)
    r = start_message(core, c, parent, REPORT_CANCEL_REJECT)
    r.cl_ord_id = cl_ord_id
    r.orig_cl_ord_id = parent.cl_ord_id
    r.reason = <int16_t>reason
    r.cxl_rej_reason = 0                               # TOO_LATE_TO_CANCEL
    publish_report(&core.events, r)
    sync_order(core, parent)
    look_again(core, parent)
    tell_parent(core, parent)


cdef inline void grant_replace(tc_core* core, const tc_command* c, tc_order* parent, uint32_t at) noexcept nogil:
    cdef tc_request asked = core.orders.requests[at]
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef int64_t before = parent.cl_ord_id
    cdef tc_report* r
    remove_request(&core.orders, parent, at)
    parent.order_qty = max(asked.order_qty, parent.cum_qty)
    if not asked.reason:                               # the core itself lowers the quantity alone
        terms.repriced |= asked.price != parent.price
        parent.price = asked.price
        terms.stop_px = asked.stop_px
        terms.expire_time = asked.expire_time
        terms.oco_limit = asked.oco_limit
    cap_limit(&core.groups, parent, terms)
    terms.tried = 0                                    # new terms: every venue may be asked again
    terms.tried_seq = 0
    terms.refused = 0
    give_back_marks(core, terms)
    if asked.reason:
        r = start_execution(core, c, parent, EXEC_RESTATED)
        r.reason = asked.reason
        r.exec_restatement_reason = 5                  # PARTIAL_DECLINE
    else:
        take_id(core, parent, asked.cl_ord_id)
        r = start_execution(core, c, parent, EXEC_REPLACED)
        r.orig_cl_ord_id = before
    publish_execution(core, parent, r)
    sync_order(core, parent)
    if not asked.reason:
        look_again(core, parent)
    tell_parent(core, parent)


# A cancel first, then replaces, each when the children have given back what it takes.
cdef inline void settle_request(tc_core* core, const tc_command* c, tc_order* parent) noexcept nogil:
    cdef uint32_t at = parent.first_request
    cdef tc_request* request
    cdef tc_report* r
    cdef int64_t most = 0
    cdef bint given
    while at != NO_SLOT and core.orders.requests[at].is_replace:
        at = core.orders.requests[at].next
    at = parent.first_request if at == NO_SLOT else at
    request = &core.orders.requests[at]
    if not is_live(parent) and not (request.is_replace and request.order_qty > parent.cum_qty and not parent.terminal):
        refuse_asked(core, c, parent, at, TOO_LATE_TO_CANCEL)
        return
    if request.is_replace and (request.reason or (
            request.price == parent.price and request.stop_px == terms_of(&core.orders, parent).stop_px)):
        most = max(<int64_t>0, request.order_qty - parent.cum_qty)
    given = release_children(core, c, parent, most, request.reason if request.reason else
                             PARENT_CHANGED if request.is_replace else CANCEL_REQUESTED)
    if terms_of(&core.orders, parent).working <= most:
        answer_asked(core, c, request)
        if request.is_replace:
            grant_replace(core, c, parent, at)
        else:
            end_on_request(core, c, parent, request.cl_ord_id,
                           STATUS_EXPIRED if request.reason == EXPIRE_TIME_REACHED else STATUS_CANCELED,
                           request.reason if request.reason else CANCEL_REQUESTED)
    elif not given:
        refuse_asked(core, c, parent, at, VENUE_REPORTED)
    elif not request.pending:
        answer_asked(core, c, request)
        mark_pending(&core.orders, parent, at)
        r = start_execution(core, c, parent, EXEC_PENDING_REPLACE if request.is_replace else EXEC_PENDING_CANCEL)
        r.cl_ord_id = request.cl_ord_id
        r.orig_cl_ord_id = parent.cl_ord_id
        publish_execution(core, parent, r)


# ---- placed

# Venues (bit venue - 1) that were tried for what they still display.
cdef inline uint64_t barred_from(const tc_core* core, const tc_order* parent) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, parent)
    cdef const tc_top* tops = &core.router.tops[side_row(parent.instrument, direction(parent.side)) * MAX_VENUES]
    cdef uint64_t tried = terms.tried, barred = 0
    while tried:
        if tops[tc_lowest_bit(tried)].stamp <= terms.tried_seq:
            barred |= tried & (~tried + 1)
        tried &= tried - 1
    return barred


# What can't be placed ends with the last child that works.
cdef inline void end_unplaced(
    tc_core* core, const tc_command* c, tc_order* parent, int reason, int64_t value, int64_t bound
) noexcept nogil:
    if terms_of(&core.orders, parent).working == 0:
        parent.value = value
        parent.bound = bound
        end_order(core, c, parent, STATUS_CANCELED, reason)


# A part of an order, as an order of its own at a venue, by the ranking that was kept as this decision. It holds what
# its parent held.
cdef inline void add_child(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* parent, int64_t decision, int32_t venue,
    int64_t qty, int64_t ticks, uint8_t time_in_force, uint8_t route
) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef tc_terms* own
    cdef tc_command part
    cdef tc_order* child
    cdef tc_finding finding
    memset(&part, 0, sizeof(part))
    part.kind = KIND_NEW_ORDER
    part.side = parent.side
    part.ord_type = TYPE_LIMIT
    part.time_in_force = time_in_force
    part.instrument = parent.instrument
    part.account = parent.account
    part.venue = venue
    part.order_qty = qty
    part.price = ticks * ins.tick
    part.stop_px = no_price()
    part.display_qty = terms.display_qty if route == ROUTE_RESTS else 0
    part.strategy = parent.strategy
    part.routing = terms.routing
    child = make_order(core, &part)
    own = extend_order(&core.orders, child)
    own.parent_id = parent.order_id
    child.kept |= IS_CHILD
    own.parent_slot = slot_of(&core.orders, parent)
    child.strategy = parent.strategy
    child.decision = decision
    child.route = route
    child.admitted = True
    if is_external(core, venue):
        terms.tried |= <uint64_t>1 << (venue - 1)
        terms.tried_seq = core.command_seq
    sync_order(core, child)
    if ask_exchange(ins, child, &finding):
        refuse_placing(core, c, child, PRICE_LIMIT, finding.value, finding.limit, True)
    else:
        place_order(core, c, ins, child, ticks, True, 0, False, False, False)
    if child.is_open:
        index_order(&core.open_orders, &core.orders, child)


# Rests at the lowest maker fee, at its limit, or where a venue that is up displays as much, next to it.
cdef inline void post_rest(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* parent, int64_t decision, int64_t qty
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, parent)
    cdef uint8_t side = direction(parent.side)
    cdef int64_t limit = terms.worst_ticks, price = limit * ins.tick, displayed
    cdef int32_t venue = resting_venue(core, ins, parent, price, terms.refused, routing_of(core, parent))
    if venue == 0:
        end_unplaced(core, c, parent, NO_VENUE, 0, core.venue_count)
        return
    displayed = displayed_price(&core.router, parent.instrument, side, every_venue(), 0)
    if displayed != no_price() and (displayed <= price if side == SIDE_BUY else displayed >= price):
        limit = tc_floor_div(safe_price(ins, displayed - ins.tick if side == SIDE_BUY else displayed + ins.tick, side),
                             ins.tick)
    if limit <= 0 and not ins.any_sign:
        return                                         # there is no price behind it
    add_child(core, c, ins, parent, decision, venue, qty, limit,
              TIF_GTC if parent.time_in_force == TIF_GTD else parent.time_in_force, ROUTE_RESTS)


# Is a part on its way to what is displayed?
cdef inline bint has_taker(const tc_core* core, const tc_terms* terms) noexcept nogil:
    cdef uint32_t at = terms.child_head
    while at != NO_SLOT and not (core.orders.slots[at].time_in_force == TIF_IOC and is_live(&core.orders.slots[at])):
        at = core.orders.terms[at].child_next
    return at != NO_SLOT


# Risk is asked about the whole order again. What it refuses ends; what a switch or the want of a venue hinders waits
# for that, as one that is whole would; but where children are open, when those are done.
cdef inline bint may_place(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* parent
) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef tc_question q
    cdef tc_finding finding
    cdef int reason
    ask_order(core, ins, parent, parent.order_qty, parent.price, terms.stop_px, 0, True, &q)
    q.released, q.fund_more = True, 0                  # its price is bound since it went
    reason = ask_risk_of(core, ins, parent, &q, &finding)
    if has_limit(parent.ord_type):
        terms.worst_ticks = bounded_ticks(core, ins, parent, limit_ticks(ins, &q))     # of its limit as it is now
    if terms.child_head != NO_SLOT:
        return reason == REASON_NONE
    if hold_if_hindered(core, c, parent, &q, reason):
        return False
    if reason:
        note_breach(&core.risk, &finding, core.now)
        end_unplaced(core, c, parent, reason, finding.value, finding.limit)
    return reason == REASON_NONE


# What is displayed nowhere: as the time in force says; an exit must not end while its position stands.
cdef inline void leave_rest(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* parent, int64_t decision, int64_t qty
) noexcept nogil:
    cdef int64_t worst = terms_of(&core.orders, parent).worst_ticks
    cdef bint protects = protects_position(core, parent, worst)
    if not has_limit(parent.ord_type) and not protects:
        end_unplaced(core, c, parent, MARKET_LEFTOVER, worst * ins.tick if is_bound(ins, worst) else 0, 0)
    elif parent.time_in_force == TIF_IOC:
        end_unplaced(core, c, parent, IOC_LEFTOVER, 0, 0)
    else:
        if protects:
            rest_exit(core, c, ins, parent, worst)
        post_rest(core, c, ins, parent, decision, qty)


# How many orders may be open, with one more part of this one: where it reduces, beyond what all may be.
cdef inline int64_t most_open(tc_core* core, tc_order* parent) noexcept nogil:
    cdef const tc_orders* orders = &core.orders
    if orders.open.count < orders.open_max or not reduces(core, parent, leaves_of(parent)):
        return orders.open_max
    return orders.open_max + orders.exit_max


# To venues with what no child has: what is displayed is taken, what is not rests or ends.
cdef inline void place_rest(tc_core* core, const tc_command* c, tc_order* parent, int64_t qty) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[parent.instrument]
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef bint whole = parent.time_in_force == TIF_FOK
    cdef uint64_t barred
    cdef int64_t decision
    cdef tc_part parts[MAX_VENUES]
    cdef int count, i
    if session_waits(core, parent.instrument, parent.time_in_force) or not may_place(core, c, ins, parent):
        return
    decision = decide(core, ins, parent).decision
    barred = barred_at_first(core, parent) | barred_from(core, parent)
    count = divide_qty(core, ins, parent, terms.worst_ticks, qty, barred, routing_of(core, parent), parts)
    if whole and count_parts(parts, count) < qty:      # another has taken it since: nothing was sent
        end_unplaced(core, c, parent, FOK_NOT_FILLABLE, 0, 0)
    elif core.orders.open.count >= most_open(core, parent):
        end_unplaced(core, c, parent, MAX_OPEN_ORDERS, core.orders.open.count, most_open(core, parent))
    elif count:
        for i in range(count):
            if core.orders.open.count < most_open(core, parent):
                add_child(core, c, ins, parent, decision, parts[i].venue, parts[i].qty, parts[i].ticks, TIF_IOC,
                          ROUTE_TAKES)
    elif not has_taker(core, terms):                   # else what is on its way may still take it
        leave_rest(core, c, ins, parent, decision, qty)


# What its children may still trade; in a drill it is not known.
cdef inline int64_t working_of(const tc_core* core, const tc_terms* terms) noexcept nogil:
    return 0 if TC_DRILL and core.drilled == OVERFILL else terms.working


# One step of what follows from the news of an order's children, or of what is asked of it.
cdef inline void settle_parent(tc_core* core, const tc_command* c, tc_order* parent) noexcept nogil:
    cdef tc_terms* terms = terms_of(&core.orders, parent)
    cdef int64_t leaves = leaves_of(parent)
    if parent.order_id == 0 or not terms.is_told:
        return                                         # it left the table, and its slot is another's
    terms.is_told = False
    sync_facts(core, parent)
    if parent.place == PLACE_AWAITS_VENUE and terms.child_head != NO_SLOT:
        # A bust has made one of them work again.
        parent.place = PLACE_IN_CHILDREN
        parent.suspended = False
        report_execution(core, c, parent, EXEC_NEW)
    if parent.first_request != NO_SLOT:
        settle_request(core, c, parent)
    elif not is_live(parent):
        release_children(core, c, parent, 0, PARENT_ENDED)
    elif terms.ending:
        if terms.working == 0:
            end_order(core, c, parent, terms.ending, terms.ending_reason)
    elif working_of(core, terms) > leaves:
        release_children(core, c, parent, leaves, PARENT_CHANGED)
    elif working_of(core, terms) < leaves and parent.place != PLACE_AWAITS_VENUE:    # that is let go by itself
        place_rest(core, c, parent, leaves - working_of(core, terms))

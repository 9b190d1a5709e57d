# Replaces: what may be asked, what risk says to it, and what a simulated venue makes of it.

from requests cimport *


# Why no order can have these terms: the order as it would be, validated as a new one.
cdef inline int find_bad_terms(
    tc_core* core, const tc_instrument* ins, const tc_order* order, const tc_asked* asked, int64_t* value,
    int64_t* bound
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef bint trails = order.ord_type == TYPE_TRAILING_STOP
    cdef tc_command again
    cdef uint64_t mask
    if order.place == PLACE_AT_VENUE and asked.expire_time != terms.expire_time:
        value[0] = asked.expire_time
        bound[0] = 112
        return INVALID_FIELD_VALUE                     # no request carries it to a venue
    if asked.price != no_price() and not has_limit(order.ord_type):
        value[0] = asked.price
        bound[0] = 64
        return INVALID_FIELD_VALUE                     # its type has none
    if order.triggered and asked.peg_offset != terms.peg_offset:
        value[0] = asked.peg_offset
        bound[0] = terms.peg_offset
        return INVALID_PEG_OFFSET                      # it follows no price any more
    if order.triggered and asked.stop_px != stop_of(&core.triggers, &core.orders, order):
        value[0] = asked.stop_px
        bound[0] = stop_of(&core.triggers, &core.orders, order)
        return STOP_TRIGGERED                          # what it waited for has come
    if trails and asked.stop_px != stop_of(&core.triggers, &core.orders, order):
        value[0] = asked.stop_px
        bound[0] = stop_of(&core.triggers, &core.orders, order)
        return STOP_PX_OUT_OF_RANGE                    # it follows the market
    memset(&again, 0, sizeof(again))
    again.kind = KIND_NEW_ORDER
    again.side = order.side
    again.ord_type = order.ord_type
    again.time_in_force = order.time_in_force
    again.exec_inst = order.exec_inst
    again.instrument = order.instrument
    again.account = order.account
    again.venue = order.venue
    again.order_qty = asked.order_qty
    again.price = asked.price
    again.expire_time = asked.expire_time
    again.stop_px = no_price() if trails else asked.stop_px
    again.peg_offset = asked.peg_offset
    again.min_qty = terms.min_qty
    again.list_id = terms.list_id
    again.display_qty = asked.order_qty if asked.order_qty < terms.display_qty else terms.display_qty
    if again.display_qty < 0:
        again.display_qty = 0
    again.trigger_price_type = terms.trigger_price_type
    again.peg_offset_type = terms.peg_offset_type
    again.contingency_type = terms.contingency_type
    again.strategy = order.strategy
    mask = validate_order(ins, core.account_count, core.venue_count, 0, core.now, &again)
    # It is there already, and may become less.
    if asked.price == order.price and asked.order_qty <= order.order_qty:
        mask &= ~bit_of(PRICE_LIMIT)
    if not mask:
        return REASON_NONE
    explain_mask(mask, ins, core.instrument_count, core.account_count, core.venue_count, core.now, &again, value, bound)
    return INVALID_FIELD_VALUE + tc_lowest_bit(mask)


# Does an order that rests keep its place in the queue, since only its quantity falls?
cdef inline bint keeps_place(const tc_order* order, const tc_asked* asked) noexcept nogil:
    return asked.price == order.price and asked.order_qty <= order.order_qty


# Would a replace take an order into a simulated venue's book: again, or with more than it has traded whole?
cdef inline bint enters_book(const tc_core* core, const tc_order* order, const tc_asked* asked) noexcept nogil:
    if asked.order_qty <= order.cum_qty or order.venue == 0 or is_external(core, order.venue):
        return False
    return order.place == PLACE_NOWHERE or (order.place == PLACE_RESTING and not keeps_place(order, asked))


# The smallest quantity that an order has, or that its venue was asked for since; and `price`, the best for us of those.
cdef inline int64_t least_asked(const tc_orders* orders, const tc_order* order, int64_t* price) noexcept nogil:
    cdef bint buys = direction(order.side) == SIDE_BUY
    cdef int64_t qty = order.order_qty
    cdef uint32_t at = order.first_request
    price[0] = order.price
    while at != NO_SLOT:
        if orders.requests[at].is_replace:
            qty = min(qty, orders.requests[at].order_qty)
            price[0] = min(price[0], orders.requests[at].price) if buys else max(price[0], orders.requests[at].price)
        at = orders.requests[at].next
    return qty


# Would a replace ask for more, or for a worse price, than the order has and than its venue was asked for since? Nobody
# knows yet which of them it will replace.
cdef inline bint goes_further(const tc_orders* orders, const tc_order* order, const tc_asked* asked) noexcept nogil:
    cdef int64_t price = 0, qty = least_asked(orders, order, &price)
    return asked.order_qty > qty or (asked.price > price if direction(order.side) == SIDE_BUY else asked.price < price)


# Would a replace trade more, or at a worse price, or at another time than the order does, or than its venue was asked
# for since?
cdef inline bint moves_on(const tc_core* core, const tc_order* order, const tc_asked* asked) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef const tc_request* request
    cdef uint32_t at = order.first_request
    if (goes_further(&core.orders, order, asked) or asked.stop_px != stop_of(&core.triggers, &core.orders, order)
            or asked.expire_time != terms.expire_time or asked.peg_offset != terms.peg_offset):
        return True
    while at != NO_SLOT:
        request = &core.orders.requests[at]
        if request.is_replace and (request.stop_px != asked.stop_px or request.expire_time != asked.expire_time
                                   or request.peg_offset != asked.peg_offset):
            return True
        at = request.next
    return False


# What other venues display that keeps a replaced order from its venue, as it would keep a new one: it might trade
# through, lock or cross it there. One that goes no further than it did may stay.
cdef inline int find_better(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, const tc_asked* asked, int64_t* value,
    int64_t* bound
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef bint waits = awaits_price(order.ord_type) and not order.triggered
    cdef int64_t elsewhere, limit, within
    cdef bint kept_off
    if (order.place != PLACE_AT_VENUE and order.place != PLACE_RESTING) or (waits and not has_limit(order.ord_type)):
        return REASON_NONE
    elsewhere = price_elsewhere(core, ins, order, order.venue)
    if (elsewhere == no_price() or asked.order_qty <= order.cum_qty
            or not goes_further(&core.orders, order, asked)):
        return REASON_NONE
    limit = asked.price
    if not has_limit(order.ord_type):
        limit = ins.price_most if side == SIDE_BUY else -ins.price_most
    limit = bounded_ticks(core, ins, order, tc_floor_div(limit, ins.tick))
    within = within_ticks(ins, side, limit, elsewhere)
    kept_off = within != limit
    if order.place == PLACE_RESTING or order.exec_inst & INST_POST_ONLY:
        kept_off = reaches(ins, side, limit, elsewhere)
    if kept_off and order.place == PLACE_RESTING:      # unless it takes all that it asks for before
        kept_off = not is_fillable(&core.book, row_of(core, order.instrument, order.venue, opposite(side)), within,
                                   asked.order_qty - order.cum_qty)
    if not kept_off:
        return REASON_NONE
    value[0] = limit * ins.tick
    bound[0] = elsewhere
    return ORDER_PROTECTION


# Why risk, the book or what others display would refuse: as a whole order, for what it would hold more. A replace that
# only lowers the quantity always passes; any other is a new order to rates, one that asks for more to sessions too.
cdef inline int find_refusal(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_asked* asked,
    int64_t* value, int64_t* bound
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef int64_t more = asked.order_qty - order.cum_qty - order.held
    cdef tc_question q
    cdef tc_finding finding
    cdef bint enters = enters_book(core, order, asked), moves = moves_on(core, order, asked)
    cdef int64_t kept = 0, elsewhere = 0, least_px = 0
    cdef int reason, better = find_better(core, ins, order, asked, &kept, &elsewhere)
    if asked.price == order.price and not moves:
        value[0] = kept
        bound[0] = elsewhere
        return better                                  # which its venue may have been asked to leave since
    if more < 0:
        more = 0
    ask_order(core, ins, order, asked.order_qty, asked.price, asked.stop_px, more, more == 0, &q)
    q.sent = SENT_REPLACE                              # whatever it asks for
    q.moves_on = moves and asked.order_qty > order.cum_qty
    q.closed = (asked.order_qty > least_asked(&core.orders, order, &least_px)
                and not session_takes(core, order.instrument, order.time_in_force))
    reason = ask_risk_of(core, ins, order, &q, &finding)
    if reason:
        note_breach(&core.risk, &finding, core.now)
        value[0] = finding.value
        bound[0] = finding.limit
        return reason
    if (order.exec_inst & INST_POST_ONLY and order.place == PLACE_RESTING
            and crosses(&core.book, row_of(core, order.instrument, order.venue, opposite(side)),
                        tc_floor_div(asked.price, ins.tick))):
        value[0] = asked.price
        bound[0] = touch_price(&core.router, order.instrument, side, order.venue)
        return POST_ONLY_WOULD_TAKE
    if better:
        value[0] = kept
        bound[0] = elsewhere
        return better
    value[0] = find_own_match(core, order, asked.price, tc_floor_div(asked.price, ins.tick),
                              asked.order_qty - order.cum_qty, bound)
    if value[0]:
        return SELF_MATCH
    value[0] = order.venue
    bound[0] = core.venue_count
    if enters and is_out(&core.router.health[order.venue]):            # it works on as it is
        return NO_VENUE
    if enters and stops_replace(core, c, order, asked.order_qty, asked.price, &finding):
        core.answer_seq = core.events.seq + 1          # the alert is no answer
        value[0] = finding.value
        bound[0] = finding.limit
        return EXIT_GATE
    observe_passed(core, c, ins, order, &q)
    core.answer_seq = core.events.seq + 1              # that is no answer
    count_sent(&core.risk, ins, &q)
    note_fund_price(core, order, &q, order.place == PLACE_AT_VENUE or order.place == PLACE_IN_CHILDREN)
    return REASON_NONE


# Replaces an order that is no external venue's, at once. It keeps its place in the queue where only its quantity falls;
# else it goes to the end, and may trade.
cdef inline void replace_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, tc_order* order, const tc_asked* asked
) noexcept nogil:
    cdef uint8_t was = order.place
    cdef bint spared = not goes_further(&core.orders, order, asked)
    cdef tc_terms* terms = extend_order(&core.orders, order)
    cdef tc_report* r
    cdef tc_question q
    cdef int64_t before = order.cl_ord_id
    tc_assert((was != PLACE_AT_VENUE) & (asked.order_qty >= order.cum_qty) & rests_whole(core, order))
    if was == PLACE_RESTING and keeps_place(order, asked) and asked.order_qty > order.cum_qty:
        reduce_node(&core.book, slot_of(&core.orders, order), order.order_qty - asked.order_qty)
        sync_tops(core, order.instrument, order.venue)
    elif was == PLACE_RESTING or was == PLACE_AWAITS_PRICE:
        withdraw_order(core, order)
    terms.oco_limit = limit_after(&core.groups, terms, asked.order_qty)
    order.order_qty = asked.order_qty
    terms.repriced |= asked.price != order.price
    order.price = asked.price
    terms.stop_px = asked.stop_px
    terms.expire_time = asked.expire_time
    terms.peg_offset = asked.peg_offset
    if was == PLACE_AWAITS_PRICE and order.ord_type == TYPE_TRAILING_STOP:
        terms.stop_px = trail_stop(order, terms, terms.peak_px)
    take_id(core, order, c.cl_ord_id)
    r = start_execution(core, c, order, EXEC_REPLACED)
    r.orig_cl_ord_id = before
    publish_execution(core, order, r)
    sync_order(core, order)
    tc_assert(rests_whole(core, order))
    if not is_live(order):
        return
    if was == PLACE_AWAITS_PRICE:
        order.place = PLACE_AWAITS_PRICE
        arm_trigger(&core.triggers, &core.orders, order)
        tell_price(core, order.instrument)
    elif was == PLACE_NOWHERE or (was == PLACE_RESTING and order.place == PLACE_NOWHERE):
        ask_order(core, ins, order, asked.order_qty, asked.price, asked.stop_px, 0, True, &q)
        start_order(core, c, ins, order, limit_ticks(ins, &q), False, 0, False, True, spared)


cdef inline void enter_replace(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t order_id = 0, value = 0, bound = 0
    cdef int reason = 0, bad_id
    cdef tc_order* order = find_target(core, c, &order_id, &reason)
    cdef const tc_instrument* ins
    cdef tc_asked asked
    cdef bint away
    bad_id = find_bad_id(core, c)
    if order == NULL or bad_id:
        refuse_request(core, c, ack, order_id, order, bad_id if bad_id else reason, 0, 0)
        return
    if c.cl_ord_id == NO_ROOM:
        refuse_request(core, c, ack, order_id, order, IDS_FULL, core.texts.count, core.texts.capacity)
        return
    if c.cl_ord_id and core.ids.count == core.ids.capacity:
        refuse_request(core, c, ack, order_id, order, TABLE_FULL, core.ids.capacity, core.ids.capacity)
        return
    claim_request_id(core, c, order)
    put_asked(core, order, &asked)
    if c.order_qty:
        asked.order_qty = c.order_qty
    if c.price != no_price():
        asked.price = c.price
    if c.stop_px != no_price() and awaits_price(order.ord_type):
        asked.stop_px = c.stop_px
    if c.expire_time:
        asked.expire_time = c.expire_time
    if c.new_peg_offset:
        asked.peg_offset = c.new_peg_offset
    if order.terminal or (not is_live(order) and asked.order_qty <= order.cum_qty):
        refuse_request(core, c, ack, order_id, order, TOO_LATE_TO_CANCEL, 0, 0)
        return
    if has_cancel(&core.orders, order):
        refuse_request(core, c, ack, order_id, order, ALREADY_PENDING, 0, 0)
        return
    if core.stamp_reason:
        refuse_request(core, c, ack, order_id, order, core.stamp_reason, core.stamp, core.stamp_bound)
        return
    if c.refusal:
        refuse_request(core, c, ack, order_id, order, USER_RULE, told_refusal(core, c.refusal), 0)
        return
    if terms_of(&core.orders, order).parent_id:
        refuse_request(core, c, ack, order_id, order, CHILD_ORDER, order_id, terms_of(&core.orders, order).parent_id)
        return
    ins = &core.instruments[order.instrument]
    reason = find_bad_terms(core, ins, order, &asked, &value, &bound)
    if asked.order_qty < order.cum_qty:                # below what is filled already: it becomes that
        asked.order_qty = order.cum_qty
    away = order.place == PLACE_AT_VENUE or order.place == PLACE_IN_CHILDREN
    if not reason and away and core.orders.replaces == core.orders.open_max:
        reason, value, bound = REPLACES_FULL, core.orders.replaces, core.orders.open_max
    if not reason and order.place == PLACE_AT_VENUE and not has_places(&core.orders.unsent, 1):
        reason, value, bound = OUTBOUND_FULL, places_taken(&core.orders.unsent), core.orders.unsent.most
    if not reason:
        value = asked.order_qty
        reason = find_excess(&core.groups, &core.orders, order, value, &bound)
    if not reason:
        reason = find_refusal(core, c, ins, order, &asked, &value, &bound)
    if reason:
        refuse_request(core, c, ack, order_id, order, reason, value, bound)
        return
    if away:
        ask_replace(core, c, order, c.cl_ord_id, &asked, REASON_NONE)
    else:
        replace_order(core, c, ins, order, &asked)
    acknowledge(core, order, ack)

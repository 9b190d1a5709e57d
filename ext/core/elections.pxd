# Whom a price lets go: trailing stops move, and what it reaches is triggered, at once and all of it. What is triggered
# waits in a queue until the command's own trades and reports are out, then goes one after another: what the first of
# them does to the market takes nothing back from the others, whose price had come.

from conditions cimport *
from exit_gate cimport keep_trade


# Its price has come.
cdef inline void fire_order(tc_core* core, tc_order* order) noexcept nogil:
    cdef tc_triggers* triggers = &core.triggers
    tc_assert((order.place == PLACE_AWAITS_PRICE) & (order.triggered == 0))
    disarm_trigger(triggers, &core.orders, order)
    order.place = PLACE_NOWHERE
    order.triggered = True
    triggers.fired[<uint64_t>triggers.fired_last & triggers.fired_mask] = order.order_id
    triggers.fired_last += 1
    tc_assert(triggers.fired_last - triggers.fired_first <= <int64_t>triggers.fired_mask + 1)


# What watches a price of one source, and waits for it to rise (SELL) or to fall (BUY).
cdef inline void elect(tc_core* core, int32_t instrument, uint8_t source, uint8_t side, int64_t price) noexcept nogil:
    cdef uint32_t triggered
    if price == no_price():
        return
    trail_peaks(&core.triggers, &core.orders, instrument, source, side, price)
    triggered = find_triggered(&core.triggers, instrument, source, side, price)
    while triggered != NO_SLOT:
        fire_order(core, &core.orders.slots[triggered])
        triggered = find_triggered(&core.triggers, instrument, source, side, price)


# Whatever the market reaches as it is now.
cdef inline void elect_all(tc_core* core, int32_t instrument) noexcept nogil:
    cdef tc_market market
    cdef uint8_t side
    cdef int place
    if not core.triggers.watched[instrument].count or not is_trading(core, instrument):
        return
    look_at_market(core, instrument, &market)
    if not reaches_nearest(&core.triggers.nearest[instrument], &market):
        return
    for place in range(SOURCES):
        for side in range(SIDE_BUY, SIDE_SELL + 1):
            elect(core, instrument, source_at(place), side, trigger_price(&market, source_at(place), side == SIDE_SELL))


# A trade: the last one from now on. Each counts, of a sweep too, so it is not put off.
cdef inline void move_last(tc_core* core, int32_t instrument, int64_t price) noexcept nogil:
    cdef tc_market market
    cdef uint8_t side
    cdef int place
    core.ledger.lasts[instrument] = price
    if tc_seldom(core.instruments[instrument].limits.dynamic_bps >= 0):
        core.instruments[instrument].limits.reference = price
        keep_edges(&core.instruments[instrument])
        keep_trade(&core.gate, instrument, price)
    core.triggers.watched[instrument].last_told = core.command_seq
    if not core.triggers.watched[instrument].count or not is_trading(core, instrument):
        return
    look_at_market(core, instrument, &market)
    for place in range(SOURCES):
        if chosen_source(&market, source_at(place)) == TRIGGER_LAST_TRADE:
            for side in range(SIDE_BUY, SIDE_SELL + 1):
                elect(core, instrument, source_at(place), side, price)
    tell_price(core, instrument)


# Has a price of this market come as far as the first that waits for it, wherever that is to go?
cdef inline bint reaches_any(const tc_core* core, int32_t instrument, const tc_market* market) noexcept nogil:
    cdef uint8_t side
    cdef int place
    for place in range(SOURCES):
        for side in range(SIDE_BUY, SIDE_SELL + 1):
            if find_triggered(&core.triggers, instrument, source_at(place), side,
                              trigger_price(market, source_at(place), side == SIDE_SELL)) != NO_SLOT:
                return True
    return False


# A venue that is disconnected displays a price: it counts for what is to go there, the oldest first. Of what others
# wait for it says nothing: they can't trade there.
cdef inline void elect_directed(tc_core* core, int32_t instrument, int32_t venue) noexcept nogil:
    cdef const tc_top* top = &core.router.tops[side_row(instrument, SIDE_SELL) * MAX_VENUES + venue - 1]
    cdef tc_market market
    cdef tc_order* order
    cdef int64_t count, i
    if not core.triggers.watched[instrument].count or not is_trading(core, instrument):
        return
    look_at_market(core, instrument, &market)
    market.bid = top.price if top.size else no_price()
    top = &core.router.tops[side_row(instrument, SIDE_BUY) * MAX_VENUES + venue - 1]
    market.offer = top.price if top.size else no_price()
    if not reaches_any(core, instrument, &market):
        return
    count = find_open(&core.open_orders, &core.orders, instrument, 0, venue, 0)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if order.place == PLACE_AWAITS_PRICE and has_reached(
                &core.triggers, &core.orders, order,
                trigger_price(&market, terms_of(&core.orders, order).watch, waiting_side(order) == SIDE_SELL)):
            fire_order(core, order)


# Only in C: a pair in Python.
cdef inline uint32_t print_key(const tc_core* core, int32_t instrument) noexcept nogil:
    return core.order_slots + <uint32_t>core.instrument_max + 1 + <uint32_t>instrument


# Once a print is no longer fresh, what watches it looks at the touch: even if nothing else happens.
cdef inline void watch_print(tc_core* core, int32_t instrument) noexcept nogil:
    cdef int64_t age = core.instruments[instrument].print_max_age
    if age and not core.timers.places[print_key(core, instrument)] and has_fresh_print(core, instrument):
        arm_timer(&core.timers, print_key(core, instrument), core.triggers.watched[instrument].print_time + age + 1)


# Another session, or other shares: what printed before is no longer the last trade.
cdef inline void forget_print(tc_core* core, int32_t instrument) noexcept nogil:
    core.triggers.watched[instrument].print_time = 0
    disarm_timer(&core.timers, print_key(core, instrument))


# The timer of a print: there may have been a newer one since it was armed.
cdef inline void end_print(tc_core* core, int32_t instrument) noexcept nogil:
    if core.triggers.watched[instrument].count:
        watch_print(core, instrument)
        tell_price(core, instrument)

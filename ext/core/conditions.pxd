# Prices and sessions that let orders go: what a trigger watches, and what a session takes. It reads, and never acts.

from state cimport *


cdef inline bint is_trading(const tc_core* core, int32_t instrument) noexcept nogil:
    return core.sessions[instrument] == SES_OPEN or core.sessions[instrument] == SES_PRE_CLOSE


# Does the session take a new order? Before the opening: what can wait for it; after it: all but AT_THE_OPEN.
cdef inline bint session_takes(const tc_core* core, int32_t instrument, uint8_t time_in_force) noexcept nogil:
    if is_trading(core, instrument):
        return time_in_force != TIF_AT_THE_OPEN
    return core.sessions[instrument] == SES_PRE_OPEN and not is_immediate(time_in_force)


# Must an order wait for another session?
cdef inline bint session_waits(const tc_core* core, int32_t instrument, uint8_t time_in_force) noexcept nogil:
    return not is_trading(core, instrument) or time_in_force == TIF_AT_THE_CLOSE


# What triggers watch of one instrument; -2**63 where there is none that counts.
cdef struct tc_market:
    int64_t last, bid, offer
    bint is_printed                # this session has had a trade print that is fresh


# Own fills move the last trade, but make no session one that prints.
cdef inline bint has_fresh_print(const tc_core* core, int32_t instrument) noexcept nogil:
    cdef int64_t printed = core.triggers.watched[instrument].print_time
    cdef int64_t age = core.instruments[instrument].print_max_age
    return printed > 0 and (age == 0 or core.now - printed <= age)


# Only prices that were told since the session opened: what stood before decides nothing.
cdef inline void look_at_market(const tc_core* core, int32_t instrument, tc_market* market) noexcept nogil:
    cdef int64_t since = core.triggers.watched[instrument].opened_at
    market.last = core.ledger.lasts[instrument] if core.triggers.watched[instrument].last_told > since else no_price()
    market.bid = displayed_price(&core.router, instrument, SIDE_SELL, every_venue(), since)
    market.offer = displayed_price(&core.router, instrument, SIDE_BUY, every_venue(), since)
    market.is_printed = has_fresh_print(core, instrument)


# The TriggerPriceType that an order watches as the market is now (see sources).
cdef inline uint8_t chosen_source(const tc_market* market, uint8_t watch) noexcept nogil:
    if watch <= TRIGGER_BEST_BID or watch == TRIGGER_BEST_MID:
        return watch
    if watch >= WATCH_TRAIL_SELL and market.bid != no_price() and market.offer != no_price():
        return TRIGGER_BEST_MID
    if market.is_printed:
        return TRIGGER_LAST_TRADE
    return TRIGGER_BEST_BID if watch == WATCH_TOUCH_SELL or watch == WATCH_TRAIL_SELL else TRIGGER_BEST_OFFER


# The price that a trigger watches, or -2**63. A mid between two units counts as the one not yet reached: the lower
# where a rising price is waited for, the higher for a falling one.
cdef inline int64_t trigger_price(const tc_market* market, uint8_t watch, bint rising) noexcept nogil:
    cdef uint8_t source = chosen_source(market, watch)
    cdef int64_t mid2
    if source == TRIGGER_LAST_TRADE:
        return market.last
    if source == TRIGGER_BEST_BID:
        return market.bid
    if source == TRIGGER_BEST_OFFER:
        return market.offer
    if market.bid == no_price() or market.offer == no_price():
        return no_price()
    mid2 = market.bid + market.offer
    return tc_floor_div(mid2, 2) if rising else -tc_floor_div(-mid2, 2)


# Only in C: the head of a sorted list in Python.
# Does a price of this market trigger or move anything?
cdef inline bint reaches_nearest(const tc_nearest* nearest, const tc_market* market) noexcept nogil:
    cdef int place
    cdef bint reached = False
    cdef int64_t price
    for place in range(SOURCES):
        reached |= trigger_price(market, source_at(place), True) >= nearest.rises[place]
        price = trigger_price(market, source_at(place), False)
        reached |= price != no_price() and price <= nearest.falls[place]
    return reached


# What an order that waits for a price watches now: the TriggerPriceType, or 0 where it waits for none, or is not held.
cdef inline uint8_t copy_watched(tc_core* core, int64_t order_id, int64_t* price, bint* rises) noexcept nogil:
    cdef const tc_order* order = find_order(&core.orders, order_id)
    cdef tc_market market
    cdef uint8_t watch
    price[0] = no_price()
    rises[0] = False
    if order == NULL or order.place != PLACE_AWAITS_PRICE:
        return 0
    look_at_market(core, order.instrument, &market)
    watch = terms_of(&core.orders, order).watch
    rises[0] = waiting_side(order) == SIDE_SELL
    price[0] = trigger_price(&market, watch, rises[0])
    return chosen_source(&market, watch)

# Routing decisions: what a ranking said when it routed an order, kept for explain() in a ring.

from routing cimport *


# How the best prices displayed lie, fees aside.
cdef inline uint8_t market_state(tc_router* router, int32_t instrument) noexcept nogil:
    cdef int64_t bid = best_price(router, instrument, SIDE_SELL)
    cdef int64_t ask = best_price(router, instrument, SIDE_BUY)
    if bid == no_price() or ask == no_price() or bid < ask:
        return MARKET_NORMAL
    return MARKET_LOCKED if bid == ask else MARKET_CROSSED


# Does the last decision that was made of an up-to-date ranking tell all that it says? How long one is kept is no part
# of what a core does.
cdef inline bint tells_all(tc_router* router, const tc_ranking* ranking, int32_t instrument) noexcept nogil:
    if ranking.changed or ranking.decision == 0:
        return not ranking.changed
    return ranking.market == market_state(router, instrument)


# Keeps what an up-to-date ranking says, for explain(). Called when an order is routed, never by a mere question,
# so that asking changes nothing.
cdef inline void keep_decision(tc_router* router, int64_t row) noexcept nogil:
    cdef tc_ranking* ranking = &router.rankings[row]
    cdef const tc_term* terms = &router.terms[row * MAX_VENUES]
    cdef tc_term* kept
    cdef uint8_t market = market_state(router, <int32_t>(row >> 1))
    cdef int64_t slot
    cdef int at
    router.locked += market == MARKET_LOCKED
    router.crossed += market == MARKET_CROSSED
    router.decisions += 1
    ranking.decision = router.decisions
    ranking.changed = False
    ranking.market = market
    slot = <int64_t>(<uint64_t>router.decisions & router.history_mask)
    router.history_counts[slot] = ranking.count
    router.history_markets[slot] = market
    kept = &router.history[slot * MAX_VENUES]
    for at in range(ranking.count):
        kept[at] = terms[ranking.order[at] - 1]

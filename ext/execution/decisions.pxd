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


# Only in C: a tuple in Python. All that a ranking says, so that no search for it goes far.
cdef inline void keep_all(tc_router* router, const tc_ranking* ranking, int64_t row) noexcept nogil:
    cdef int at
    for at in range(ranking.count):
        keep_term(&router.history, ranking.decision, ranking.order[at],
                  &router.terms[row * MAX_VENUES + ranking.order[at] - 1])


# Keeps what an up-to-date ranking says, for explain(). Called when an order is routed, never by a mere question,
# so that asking changes nothing.
cdef inline void keep_decision(tc_router* router, int64_t row) noexcept nogil:
    cdef tc_ranking* ranking = &router.rankings[row]
    cdef const tc_kept* kept
    cdef uint8_t market = market_state(router, <int32_t>(row >> 1))
    router.locked += market == MARKET_LOCKED
    router.crossed += market == MARKET_CROSSED
    router.decisions += 1
    kept = keep_order(&router.history, router.decisions, ranking.decision, row, market, ranking.order, ranking.count)
    ranking.decision = router.decisions
    ranking.changed = False
    ranking.market = market
    if tc_seldom(kept.steps == STEPS):
        keep_all(router, ranking, row)

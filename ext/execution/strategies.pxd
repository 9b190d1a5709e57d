# What routing strategies prefer: see RoutingStrategy.

from decisions cimport *


# How an order is routed: as it says itself, else as its strategy does, else as all.
cdef inline uint8_t strategy_of(const tc_router* router, int32_t strategy, uint8_t routing) noexcept nogil:
    if routing == ROUTING_NONE and strategy <= router.strategy_max:
        routing = router.strategies[strategy]
    if routing == ROUTING_NONE:
        routing = router.strategies[0]
    return routing if routing else ROUTING_ALL_IN_COST


# What comes before the all-in cost: less is better.
cdef inline int64_t preference(
    const tc_router* router, const tc_ranking* ranking, uint8_t routing, uint8_t side, int32_t venue, int64_t price
) noexcept nogil:
    if routing == ROUTING_BEST_PRICE:
        return price if side == SIDE_BUY else -price
    if routing == ROUTING_LOWEST_LATENCY:
        return router.statistics[venue].round_trip
    if routing == ROUTING_ROUND_ROBIN:
        return tc_floor_mod(venue - 1 - router.turns[ranking - router.rankings], MAX_VENUES)
    return 0

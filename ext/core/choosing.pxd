# Which venue an order goes to whole. It places nothing; what is divided over several is in `parts`.

from parts cimport *


# How an order is routed: ROUTING_...
cdef inline uint8_t routing_of(const tc_core* core, const tc_order* order) noexcept nogil:
    return strategy_of(
        &core.router, order.strategy, terms_of(&core.orders, order).routing if order.extended else ROUTING_NONE)


# Of the venues that display a price within the limit, and trade through no other (FILL_OR_KILL: and hold the whole
# quantity), the one that the strategy prefers, then the first in the ranking; where there is none, the venue where the
# order rests best. 0: every venue is down.
cdef inline int32_t choose_venue(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit, const tc_ranking* ranking, uint8_t routing
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef const tc_top* tops = &core.router.tops[side_row(order.instrument, side) * MAX_VENUES]
    cdef tc_i128 preferred, first = 0
    cdef int64_t within
    cdef int32_t venue, best = 0
    cdef uint32_t row
    cdef int at = ranking.count if order.exec_inst & INST_POST_ONLY else 0
    while at < ranking.count:
        venue = ranking.order[at]
        at += 1
        row = row_of(core, order.instrument, venue, opposite(side))
        within = within_ticks(ins, side, limit, price_elsewhere(core, ins, order, venue))
        if (core.router.down >> (venue - 1)) & 1 or not crosses(&core.book, row, within):
            continue
        if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, within, leaves_of(order)):
            continue
        if routing == ROUTING_ALL_IN_COST:
            best = venue
            break
        preferred = preferred_at(core, ins, order, routing, ranking, venue, tops[venue - 1].price)
        if best == 0 or preferred < first:
            best, first = venue, preferred
    if best:
        order.route = ROUTE_TAKES
        return best
    order.route = ROUTE_RESTS
    return resting_venue(core, ins, order, limit * ins.tick if has_limit(order.ord_type) else 0, 0, routing)


# The ranking that an order is routed by, which is kept.
cdef inline const tc_ranking* decide(tc_core* core, const tc_instrument* ins, const tc_order* order) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, side, core.now)
    if not tells_all(&core.router, ranking, order.instrument):
        keep_decision(&core.router, side_row(order.instrument, side))
    return ranking


# Chooses the venue of an order, and keeps the ranking that it was chosen by.
cdef inline int32_t route_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit, uint8_t routing
) noexcept nogil:
    cdef const tc_ranking* ranking = decide(core, ins, order)
    cdef int32_t venue
    order.decision = ranking.decision
    if routing != ROUTING_ALL_IN_COST:
        extend_order(&core.orders, order).routing = routing        # as it was routed, whatever is set later
    venue = choose_venue(core, ins, order, limit, ranking, routing)
    if routing == ROUTING_ROUND_ROBIN and venue:
        core.router.turns[ranking - core.router.rankings] = <uint8_t>venue
    return venue

# Which venue an order goes to whole. It places nothing; what is divided over several is in `parts`.

from parts cimport *


# The first ranked venue that displays a price within the limit, which trades through no other (FILL_OR_KILL: and holds
# the whole quantity); where there is none, the venue where the order rests best. 0: every venue is down.
cdef inline int32_t choose_venue(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit, const tc_ranking* ranking
) noexcept nogil:
    cdef uint8_t side = direction(order.side), taken_side = opposite(side)
    cdef int32_t venue
    cdef int64_t within
    cdef uint32_t row
    cdef int at
    if not order.exec_inst & INST_POST_ONLY:
        for at in range(ranking.count):
            venue = ranking.order[at]
            row = row_of(core, order.instrument, venue, taken_side)
            within = within_ticks(ins, side, limit, price_elsewhere(core, ins, order, venue))
            if (core.router.down >> (venue - 1)) & 1 or not crosses(&core.book, row, within):
                continue
            if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, within, leaves_of(order)):
                continue
            order.route = ROUTE_TAKES
            return venue
    order.route = ROUTE_RESTS
    return posting_venue(&core.router, ins, limit * ins.tick if has_limit(order.ord_type) else 0, 0)


# The ranking that an order is routed by, which is kept.
cdef inline const tc_ranking* decide(tc_core* core, const tc_instrument* ins, const tc_order* order) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, side, core.now)
    if ranking.changed:
        keep_decision(&core.router, side_row(order.instrument, side))
    return ranking


# Chooses the venue of an order, and keeps the ranking that it was chosen by.
cdef inline int32_t route_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit
) noexcept nogil:
    cdef const tc_ranking* ranking = decide(core, ins, order)
    order.decision = ranking.decision
    return choose_venue(core, ins, order, limit, ranking)

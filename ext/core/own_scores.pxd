# One's own scorer: its number for a venue, in the place of what a routing strategy prefers. It fills the cells that the
# scorer's program reads; everything of them is known. Without a scorer all venues are equal to it.

from state cimport *


# Only in C: two words of a number in Python.
cdef inline void fill_words(int64_t* cells, int cell, tc_i128 value) noexcept nogil:
    cells[cell] = <int64_t>tc_low(value)
    cells[cell + 1] = tc_high(value)


# What a scorer reads of one venue, where an order would take or rest for this price.
cdef inline void fill_score_cells(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int32_t venue, int64_t price, bint takes,
    int64_t* cells
) noexcept nogil:
    cdef const tc_router* router = &core.router
    cdef const tc_statistics* s = &router.statistics[venue]
    cdef uint8_t side = direction(order.side)
    memset(cells, 0, SCORE_CELLS * sizeof(int64_t))
    cells[CELL_ONE] = 1
    cells[CELL_PRICE_SCALE] = tc_ten_to(ins.price_precision)
    cells[CELL_QTY_SCALE] = lots_per_unit(ins)
    cells[CELL_ORDER_QTY] = order.order_qty
    cells[CELL_BUYS] = side == SIDE_BUY
    cells[CELL_VENUE] = venue
    cells[CELL_UNIT_PX] = price if side == SIDE_BUY else -price
    cells[CELL_ROUND_TRIP] = s.round_trip
    cells[CELL_REJECT_RATE] = s.reject
    cells[CELL_QUOTE_AGE] = s.quote_age
    cells[CELL_IS_DEGRADED] = (router.degraded >> (venue - 1)) & 1
    if takes:
        cells[CELL_UNIT_SIZE] = router.tops[side_row(order.instrument, side) * MAX_VENUES + venue - 1].size
        cells[CELL_FILL_RATE] = s.take_fill
        fill_words(cells, CELL_UNIT_FEE, taking_fee(router, ins, venue, price))
        fill_words(cells, CELL_UNIT_COST, taking_cost(router, ins, order.instrument, side, venue, price))
    else:
        cells[CELL_FILL_RATE] = s.post_fill
        fill_words(cells, CELL_UNIT_FEE, posting_fee(router, ins, venue, price))
        fill_words(cells, CELL_UNIT_COST,
                 all_in(side, price, posting_cost(router, ins, order.instrument, venue, price)))


# The number of one's own scorer for a venue; less is better.
cdef inline tc_i128 own_score(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int32_t venue, int64_t price, bint takes
) noexcept nogil:
    cdef int64_t cells[SCORE_CELLS]
    if core.rules.scorer.step_count == 0:
        return 0
    fill_score_cells(core, ins, order, venue, price, takes, cells)
    return ask_scorer(core.rules.scorer.steps, cells)


# What comes before the all-in cost of what a venue displays at a price: less is better.
cdef inline tc_i128 preferred_at(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, uint8_t routing, const tc_ranking* ranking,
    int32_t venue, int64_t price
) noexcept nogil:
    if tc_seldom(routing == ROUTING_SCORER):
        return own_score(core, ins, order, venue, price, True)
    return preference(&core.router, ranking, routing, direction(order.side), venue, price)


# The venue where an order rests best: see posting_venue.
cdef inline int32_t resting_venue(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t price, uint64_t barred,
    uint8_t routing
) noexcept nogil:
    cdef tc_i128 scores[MAX_VENUES + 1]
    cdef int32_t venue
    if tc_seldom(routing == ROUTING_SCORER):
        for venue in range(1, core.venue_count + 1):
            scores[venue] = own_score(core, ins, order, venue, price, False)
    return posting_venue(&core.router, ins, order.instrument, direction(order.side), price, barred, routing,
                         scores if routing == ROUTING_SCORER else NULL)

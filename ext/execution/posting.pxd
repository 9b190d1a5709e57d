# Where an order rests best: a ranking of its own, by what a maker pays and what is known of venues where it rests.

from strategies cimport *


cdef inline tc_i128 posting_fee(
    const tc_router* router, const tc_instrument* ins, int32_t venue, int64_t price
) noexcept nogil:
    cdef const tc_venue* fees = &router.venues[venue]
    return fee_charge(ins, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)


# What one lot costs that rests at a venue for this price, beside the price.
cdef inline tc_i128 posting_cost(
    const tc_router* router, const tc_instrument* ins, int32_t instrument, int32_t venue, int64_t price
) noexcept nogil:
    cdef tc_charges charges = charges_of(router, instrument, venue, price, False)
    return posting_fee(router, ins, venue, price) + charges.latency + charges.miss + charges.degraded


# Where an order rests best: by its strategy, or by `scores` (from 1) where one's own has any, then the lowest maker fee
# and charges, then the lower venue id; 0 where every venue is down, or `barred` (bit venue - 1).
cdef inline int32_t posting_venue(
    const tc_router* router, const tc_instrument* ins, int32_t instrument, uint8_t side, int64_t price, uint64_t barred,
    uint8_t routing, const tc_i128* scores
) noexcept nogil:
    cdef const tc_ranking* ranking = &router.rankings[side_row(instrument, side)]
    cdef int32_t venue, best = 0
    cdef tc_i128 cost, lowest = 0, preferred, first = 0
    cdef uint64_t up = 0
    if router.venue_count:
        up = every_venue() >> (MAX_VENUES - router.venue_count) & ~(router.down | barred)
    if up & (up - 1) == 0:                             # there is no choice
        return tc_lowest_bit(up) + 1 if up else 0
    for venue in range(1, router.venue_count + 1):
        if ((router.down | barred) >> (venue - 1)) & 1:
            continue
        preferred = scores[venue] if scores else preference(router, ranking, routing, side, venue, price)
        cost = posting_cost(router, ins, instrument, venue, price)
        if best == 0 or preferred < first or (preferred == first and cost < lowest):
            best, first, lowest = venue, preferred, cost
    return best

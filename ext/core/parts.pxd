# How a quantity is divided over the venues that display it: by what each further lot costs all-in.
#
# A venue's levels are taken from the best one on, so the cheapest next lot of all venues is always the best step: the
# sum is the least that the displayed quantities cost, fees and rebates by quantity or notional counted. Ties: as of
# rankings.

from state cimport *


# What one venue is to have: lots, and the worst tick of those that it displays them at.
cdef struct tc_part:
    int32_t venue
    int64_t qty, ticks


# Only in C: an iterator in Python.
# A venue's next level, and what a lot of it costs.
cdef struct tc_offer:
    tc_term term                   # cost, stamp and venue, to be ranked by
    uint32_t level, row
    int part


# Only in C: an iterator in Python.
# Goes to a level; False where there is none within the limit.
cdef inline bint offer_level(
    const tc_core* core, const tc_instrument* ins, uint8_t side, int64_t limit, uint32_t level, tc_offer* offer
) noexcept nogil:
    if level == NO_LEVEL or is_better(offer.row, limit, core.book.levels[level].price):
        return False
    offer.level = level
    offer.term.cost = taking_cost(&core.router, ins, side, offer.term.venue, core.book.levels[level].price * ins.tick)
    return True


# The parts of up to `qty` that venues display within the limit, in the order of the ranking; not at venues that are
# down or `barred` (bit venue - 1). Returns how many; `parts` has room for MAX_VENUES.
cdef inline int divide_qty(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, int64_t qty, uint64_t barred,
    tc_part* parts
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef const tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, side, core.now)
    cdef const tc_term* terms = &core.router.terms[side_row(order.instrument, side) * MAX_VENUES]
    cdef tc_offer offers[MAX_VENUES]
    cdef tc_offer* best
    cdef int count = 0, used = 0, at, i
    cdef int64_t taken
    for at in range(ranking.count):
        best = &offers[count]
        best.term.venue = ranking.order[at]
        best.term.stamp = terms[best.term.venue - 1].stamp
        best.row = row_of(core, order.instrument, best.term.venue, opposite(side))
        if ((core.router.down | barred) >> (best.term.venue - 1)) & 1:
            continue
        if offer_level(core, ins, side, limit, core.book.rows[best.row].best, best):
            parts[count].venue = best.term.venue
            parts[count].qty = 0
            best.part = count
            count += 1
    used = count
    while qty > 0 and count > 0:
        best = &offers[0]
        for at in range(1, count):
            if ranks_before(&offers[at].term, &best.term):
                best = &offers[at]
        taken = min(qty, core.book.levels[best.level].qty)
        qty -= taken
        parts[best.part].qty += taken
        parts[best.part].ticks = core.book.levels[best.level].price
        if not offer_level(core, ins, side, limit, next_level(&core.book, best.level), best):
            count -= 1
            best[0] = offers[count]
    count = 0
    for i in range(used):
        if parts[i].qty:
            parts[count] = parts[i]
            count += 1
    return count


# Is an order that takes at its venue cheaper over several? FILL_OR_KILL, min_qty and auctions are whole.
cdef inline bint is_divided(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef int64_t row = side_row(order.instrument, side), qty = leaves_of(order)
    cdef const tc_ranking* ranking
    cdef tc_part parts[MAX_VENUES]
    cdef int32_t venue
    cdef int at
    if qty <= core.router.tops[row * MAX_VENUES + order.venue - 1].size:
        return False
    if (order.time_in_force == TIF_FOK or is_auction(order.time_in_force)
            or terms_of(&core.orders, order).min_qty):
        return False
    ranking = &core.router.rankings[row]
    for at in range(ranking.count):
        venue = ranking.order[at]
        if (venue != order.venue and not (core.router.down >> (venue - 1)) & 1
                and crosses(&core.book, row_of(core, order.instrument, venue, opposite(side)), limit)):
            return divide_qty(core, ins, order, limit, qty, 0, parts) > 1
    return False

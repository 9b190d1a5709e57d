# How a quantity is divided over the venues that display it: by what the strategy prefers, then by what each further lot
# costs all-in; PRO_RATA by what each displays.
#
# A venue's levels are taken from the best one on, so the cheapest next lot of all venues is always the best step: the
# sum is the least that the displayed quantities cost, fees and rebates by quantity or notional counted. Ties: as of
# rankings.

from protection cimport *
from own_scores cimport *


# What one venue is to have: lots, and the worst tick of those that it displays them at.
cdef struct tc_part:
    int32_t venue
    int64_t qty, ticks


# Only in C: an iterator in Python.
# A venue's next level, and what a lot of it costs.
cdef struct tc_offer:
    tc_term term                   # cost, stamp and venue, to be ranked by
    tc_i128 preferred              # what comes before them
    uint32_t level, row
    int part


# Only in C: an iterator in Python.
# Goes to a level; False where there is none within the limit.
cdef inline bint offer_level(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, uint8_t routing, int64_t limit,
    uint32_t level, tc_offer* offer
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef int64_t price
    if level == NO_LEVEL or is_better(offer.row, limit, core.book.levels[level].price):
        return False
    offer.level = level
    price = core.book.levels[level].price * ins.tick
    offer.term.cost = taking_cost(&core.router, ins, order.instrument, side, offer.term.venue, price)
    offer.preferred = preferred_at(core, ins, order, routing, &core.router.rankings[side_row(order.instrument, side)],
                                   offer.term.venue, price)
    return True


# Only in C: the order of keys in Python.
# With order protection a better price comes before whatever the strategy prefers and it costs all-in.
cdef inline bint comes_sooner(
    const tc_core* core, const tc_instrument* ins, const tc_offer* a, const tc_offer* b
) noexcept nogil:
    cdef int64_t price = core.book.levels[a.level].price, other = core.book.levels[b.level].price
    if ins.order_protection and price != other:
        return is_better(a.row, price, other)
    return a.preferred < b.preferred or (a.preferred == b.preferred and ranks_before(&a.term, &b.term))


# Is it divided by what is displayed? With order protection the best prices come first.
cdef inline bint shares_out(const tc_instrument* ins, uint8_t routing) noexcept nogil:
    return routing == ROUTING_PRO_RATA and not ins.order_protection


# Only in C: sums over an iterator in Python.
# What a venue displays within the limit; and, where `qty` is not 0, the tick of the level that its last lot is at.
cdef inline int64_t shown_within(
    const tc_core* core, uint32_t row, int64_t limit, int64_t qty, int64_t* ticks
) noexcept nogil:
    cdef uint32_t level = core.book.rows[row].best
    cdef int64_t shown = 0
    while level != NO_LEVEL and not is_better(row, limit, core.book.levels[level].price):
        shown += core.book.levels[level].qty
        ticks[0] = core.book.levels[level].price
        if qty and shown >= qty:
            break
        level = next_level(&core.book, level)
    return shown


# The parts of up to `qty` in proportion to what each venue displays within the limit, in whole lots; what that leaves
# goes to the first in the ranking that displays more.
cdef inline int share_qty(
    const tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, int64_t qty, uint64_t barred,
    tc_part* parts
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef const tc_ranking* ranking = &core.router.rankings[side_row(order.instrument, side)]
    cdef int64_t shown[MAX_VENUES]
    cdef int64_t total = 0, left, more, ticks = 0
    cdef uint32_t row
    cdef int32_t venue
    cdef int at, count = 0, kept = 0
    for at in range(ranking.count):
        venue = ranking.order[at]
        row = row_of(core, order.instrument, venue, opposite(side))
        if not ((core.router.down | barred) >> (venue - 1)) & 1:
            shown[count] = shown_within(core, row, limit, 0, &ticks)
            if shown[count]:
                total += shown[count]
                parts[count].venue = venue
                count += 1
    left = qty = min(qty, total)
    for at in range(count):
        parts[at].qty = shown[at]
        if qty < total:
            parts[at].qty = tc_floor_div(
                <int64_t>tc_floor_div_wide(tc_wide(qty, shown[at]), total), ins.lot) * ins.lot
        left -= parts[at].qty
    for at in range(count):
        more = min(left, shown[at] - parts[at].qty)
        left -= more
        parts[at].qty += more
        if parts[at].qty:
            parts[kept] = parts[at]
            row = row_of(core, order.instrument, parts[kept].venue, opposite(side))
            shown_within(core, row, limit, parts[kept].qty, &parts[kept].ticks)
            kept += 1
    tc_assert(left == 0)
    return kept


# The parts of up to `qty` that venues display within the limit, in the order of the ranking; not at venues that are
# down or `barred` (bit venue - 1), nor through what those display. Returns how many; `parts` has room for MAX_VENUES.
cdef inline int divide_qty(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, int64_t qty, uint64_t barred,
    uint8_t routing, tc_part* parts
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef const tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, side, core.now)
    cdef const tc_term* terms = &core.router.terms[side_row(order.instrument, side) * MAX_VENUES]
    cdef tc_offer offers[MAX_VENUES]
    cdef tc_offer* best
    cdef int count = 0, used = 0, at, i
    cdef int64_t taken
    limit = within_ticks(ins, side, limit, protected_price(core, ins, order, barred))
    if shares_out(ins, routing):
        return share_qty(core, ins, order, limit, qty, barred, parts)
    for at in range(ranking.count):
        best = &offers[count]
        best.term.venue = <int16_t>ranking.order[at]
        best.term.stamp = terms[best.term.venue - 1].stamp
        best.row = row_of(core, order.instrument, best.term.venue, opposite(side))
        if ((core.router.down | barred) >> (best.term.venue - 1)) & 1:
            continue
        if offer_level(core, ins, order, routing, limit, core.book.rows[best.row].best, best):
            parts[count].venue = best.term.venue
            parts[count].qty = 0
            best.part = count
            count += 1
    used = count
    while qty > 0 and count > 0:
        best = &offers[0]
        for at in range(1, count):
            if comes_sooner(core, ins, &offers[at], best):
                best = &offers[at]
        taken = min(qty, core.book.levels[best.level].qty)
        qty -= taken
        parts[best.part].qty += taken
        parts[best.part].ticks = core.book.levels[best.level].price
        if not offer_level(core, ins, order, routing, limit, next_level(&core.book, best.level), best):
            count -= 1
            best[0] = offers[count]
    count = 0
    for i in range(used):
        if parts[i].qty:
            parts[count] = parts[i]
            count += 1
    return count


# Venues (bit venue - 1) that might not fill what they display: external ones, and those with limits of their own, which
# may refuse a part.
cdef inline uint64_t unpromising(const tc_core* core) noexcept nogil:
    cdef uint64_t venues = 0
    cdef int32_t venue
    for venue in range(1, core.venue_count + 1):
        if is_external(core, venue) or core.risk.rows.venue_heads[venue]:
            venues |= <uint64_t>1 << (venue - 1)
    return venues


# Venues (bit venue - 1) that an order's first parts can't go to: those of a FILL_OR_KILL must be sure.
cdef inline uint64_t barred_at_first(const tc_core* core, const tc_order* order) noexcept nogil:
    return unpromising(core) if order.time_in_force == TIF_FOK else 0


# Only in C: a sum in Python.
cdef inline int64_t count_parts(const tc_part* parts, int count) noexcept nogil:
    cdef int64_t qty = 0
    cdef int i
    for i in range(count):
        qty += parts[i].qty
    return qty


# May an order be filled whole over several venues, and do those display so much that are sure to?
cdef inline bint fills_jointly(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, uint8_t routing
) noexcept nogil:
    cdef tc_part parts[MAX_VENUES]
    cdef int count
    if not ins.fok_over_venues:
        return False
    count = divide_qty(core, ins, order, limit, leaves_of(order), barred_at_first(core, order), routing, parts)
    return count_parts(parts, count) == leaves_of(order)


# Only in C: the rare half of `is_divided`, apart from the path. Of one that its venue may not fill.
cdef inline bint takes_elsewhere(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, uint8_t routing, bint unforeseen
) noexcept nogil:
    cdef uint8_t side = direction(order.side)
    cdef const tc_ranking* ranking = &core.router.rankings[side_row(order.instrument, side)]
    cdef tc_part parts[MAX_VENUES]
    cdef int32_t venue
    cdef int at
    if is_auction(order.time_in_force) or terms_of(&core.orders, order).min_qty:
        return False
    for at in range(ranking.count):
        venue = ranking.order[at]
        if (venue != order.venue and not (core.router.down >> (venue - 1)) & 1
                and crosses(&core.book, row_of(core, order.instrument, venue, opposite(side)), limit)):
            return unforeseen or divide_qty(core, ins, order, limit, leaves_of(order), 0, routing, parts) > 1
    return False


# Is an order that takes at its venue cheaper over several? A FILL_OR_KILL goes over several where none fills it alone;
# min_qty and auctions are whole. With order protection an external venue, whose trades can't be foreseen, is not sent a
# limit beyond what another displays.
cdef inline bint is_divided(
    tc_core* core, const tc_instrument* ins, const tc_order* order, int64_t limit, uint8_t routing
) noexcept nogil:
    cdef int64_t row = side_row(order.instrument, direction(order.side))
    cdef bint unforeseen
    if order.time_in_force == TIF_FOK:
        return order.route == ROUTE_RESTS and fills_jointly(core, ins, order, limit, routing)
    if order.route != ROUTE_TAKES:
        return False
    unforeseen = ins.order_protection and is_external(core, order.venue)
    if (leaves_of(order) <= core.router.tops[row * MAX_VENUES + order.venue - 1].size and not unforeseen
            and not shares_out(ins, routing)):
        return False
    return takes_elsewhere(core, ins, order, limit, routing, unforeseen)

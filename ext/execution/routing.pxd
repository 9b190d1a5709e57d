# Routing kernels: each venue's all-in cost at the top of its book, rankings cached per instrument and side.
#
# Cost is in millionths of a price unit: the displayed price, plus (selling: minus) nothing but the taker fee today;
# lower is better for both sides. A ranking is re-sorted only for the venues that changed since it was read,
# and wholly when it is older than the time to live. What a ranking said is kept for explain() in a ring.

from libc.string cimport memset
from breakers cimport *
from histories cimport *


cdef enum:
    MARKET_NORMAL = 0
    MARKET_LOCKED = 1
    MARKET_CROSSED = 2
    DAY_END_VENUE = 0              # the venue reports it
    DAY_END_ASK = 1                # it is asked how each order stands
    DAY_END_EXPIRE = 2             # it has expired them all


cdef struct tc_venue:
    int64_t maker_fee_per_unit, taker_fee_per_unit     # 10**-9 for a whole unit of quantity
    int64_t maker_fee_ppm, taker_fee_ppm               # millionths of the notional
    # Of an external one: how long it has for an answer (ns, 0: for ever), and what it can do by itself.
    int64_t request_timeout
    uint32_t native_ord_types, native_times_in_force, external, print_fills
    uint32_t day_end               # DAY_END_...: what the day's end means for its DAY orders
    uint32_t market_protection     # it bounds the price of a MARKET order itself
    int64_t name                   # its number in the table of ids


cdef struct tc_top:
    int64_t price, size            # price units, lots; size 0: nothing displayed
    int64_t stamp, told            # command that changed it last, and that told it last: a quote may say it again


# Two cache lines: up to the eighth venue of its order, one that nothing has changed is read in the first.
cdef struct tc_ranking:
    uint64_t dirty                 # bit venue - 1
    uint64_t seen                  # bit venue - 1: it has displayed something, or that it displays nothing
    int64_t ranked_at, decision
    int64_t best_px                # displayed at any venue that was up, `best_down` being down; -2**63: none
    uint64_t best_down
    uint32_t epoch                 # of the charges that it was scored with: the count's last 32 bits
    uint8_t is_moved               # another price than `best_px` may be displayed since
    uint8_t changed                # since the last decision that was kept
    uint8_t count                  # venues that display something, best first
    uint8_t market                 # MARKET_...: as it was when that was kept
    uint8_t order[MAX_VENUES]
    uint64_t repriced              # bit venue - 1: of the dirty ones, those that have another price, or were empty


cdef struct tc_router:
    tc_venue* venues               # from 1
    tc_top* tops                   # [((instrument * 2) + side - 1) * MAX_VENUES + venue - 1]
    tc_ranking* rankings           # [(instrument * 2) + side - 1]; the side of the order, not of the book
    uint8_t* turns                 # as rankings: the venue that ROUND_ROBIN chose last
    tc_term* terms                 # as tops
    tc_history history             # what they said when they routed orders
    int64_t decisions, hits, misses, time_to_live
    int64_t ages                   # ns: of the rankings that were read without being made anew, together
    int64_t locked, crossed        # decisions in such markets
    uint64_t down, barred, out     # bit venue - 1: never chosen, for a switch or a session (barred) or health (out)
    uint64_t degraded              # bit venue - 1: it costs more for it
    tc_weights weights
    tc_statistics* statistics      # from 1
    tc_health* health              # from 1
    int64_t next_turn              # when time alone may make a venue another
    uint8_t has_turned             # since it was looked at: other venues are out
    tc_movement* movements         # [instrument]; only while latency has a weight
    uint8_t* strategies            # ROUTING_... by strategy, up to `strategy_max`; 0: of all that have none
    uint32_t epoch                 # counts changes of what charges come from, far fewer than 2**32 in the time to live
    int32_t strategy_max
    int32_t venue_count


# Only in C: a default in Python.
# A venue is declared: nothing is known of it.
cdef inline void open_statistics(tc_router* router, int32_t venue) noexcept nogil:
    router.statistics[venue].take_fill = MILLION
    router.statistics[venue].post_fill = MILLION
    router.health[venue].cooldown = default_cooldown()


cdef inline int64_t side_row(int32_t instrument, uint8_t side) noexcept nogil:
    return <int64_t>instrument * 2 + side - 1


# What an order of `side` would take: for a BUY the ask, for a SELL the bid. Only a change costs anything.
cdef inline void set_top(
    tc_router* router, int32_t instrument, uint8_t side, int32_t venue, int64_t price, int64_t size, int64_t stamp
) noexcept nogil:
    cdef int64_t row = side_row(instrument, side)
    cdef tc_top* top = &router.tops[row * MAX_VENUES + venue - 1]
    cdef tc_ranking* ranking = &router.rankings[row]
    cdef uint64_t bit = <uint64_t>1 << (venue - 1)
    tc_assert((venue >= 1) & (venue <= router.venue_count) & (size >= 0))
    if top.price == price and top.size == size:
        return
    if top.price != price or top.size == 0 or size == 0:
        ranking.repriced |= bit
        ranking.is_moved = True
    top.price = price
    top.size = size
    top.stamp = stamp
    top.told = stamp
    ranking.dirty |= bit
    ranking.seen |= bit
    ranking.changed = True


# A fee in millionths of a price unit, for one lot at `price`; rounded down.
cdef inline tc_i128 fee_charge(
    const tc_instrument* ins, int64_t price, int64_t fee_per_unit, int64_t fee_ppm
) noexcept nogil:
    cdef tc_i128 charge = tc_wide(tc_abs(price), fee_ppm)
    if fee_per_unit:
        charge = charge + tc_floor_div_wide(tc_wide(fee_per_unit, unit_scale(ins)), ins.multiplier * 1_000)
    return charge


# Equal cost: the most recently updated quote wins, then the lower venue id.
cdef inline bint ranks_before(const tc_term* a, const tc_term* b) noexcept nogil:
    if a.cost != b.cost:
        return a.cost < b.cost
    if a.stamp != b.stamp:
        return a.stamp > b.stamp
    return a.venue < b.venue


cdef inline tc_i128 taking_fee(
    const tc_router* router, const tc_instrument* ins, int32_t venue, int64_t price
) noexcept nogil:
    cdef const tc_venue* fees = &router.venues[venue]
    return fee_charge(ins, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)


# What one lot costs all-in; selling, less is more.
cdef inline tc_i128 all_in(uint8_t side, int64_t price, tc_i128 fee) noexcept nogil:
    return fee + tc_wide(price, MILLION) if side == SIDE_BUY else fee - tc_wide(price, MILLION)


# Only in C: a field in Python.
cdef inline tc_i128 term_fee(const tc_term* term) noexcept nogil:
    return all_in(SIDE_BUY + SIDE_SELL - term.side, term.price, term.cost) - term.latency - term.miss \
        - tc_wide(tc_abs(term.price), term.degraded)


# What a venue costs beside price and fee.
cdef inline tc_charges charges_of(
    const tc_router* router, int32_t instrument, int32_t venue, int64_t price, bint takes
) noexcept nogil:
    cdef tc_charges none
    if has_weight(&router.weights):
        return charges_at(&router.weights, &router.statistics[venue], router.movements[instrument].volatility,
                          (router.degraded >> (venue - 1)) & 1, price, takes)
    none.latency = none.miss = 0
    none.degraded = 0
    return none


# What one lot costs all-in that is taken at a venue for this price.
cdef inline tc_i128 taking_cost(
    const tc_router* router, const tc_instrument* ins, int32_t instrument, uint8_t side, int32_t venue, int64_t price
) noexcept nogil:
    cdef tc_charges charges = charges_of(router, instrument, venue, price, True)
    return all_in(side, price, taking_fee(router, ins, venue, price) + charges.latency + charges.miss
                  + charges.degraded)


cdef inline void score_venue(
    tc_router* router, const tc_instrument* ins, int64_t row, uint8_t side, int32_t venue
) noexcept nogil:
    cdef const tc_top* top = &router.tops[row * MAX_VENUES + venue - 1]
    cdef tc_term* term = &router.terms[row * MAX_VENUES + venue - 1]
    cdef tc_charges charges
    term.price = top.price
    term.size = top.size
    term.stamp = top.stamp
    term.venue = <int16_t>venue
    term.side = side
    term.latency = term.miss = term.degraded = 0
    term.cost = all_in(side, top.price, taking_fee(router, ins, venue, top.price))
    if top.size and has_weight(&router.weights):
        charges = charges_of(router, <int32_t>(row >> 1), venue, top.price, True)
        term.latency = charges.latency
        term.miss = charges.miss
        term.degraded = <int32_t>router.weights.degraded if charges.degraded else 0
        term.cost = term.cost + charges.latency + charges.miss + charges.degraded


# The charges of one instrument are others.
cdef inline void reprice_instrument(tc_router* router, int32_t instrument) noexcept nogil:
    cdef tc_ranking* ranking
    cdef uint8_t side
    for side in range(SIDE_BUY, SIDE_SELL + 1):
        ranking = &router.rankings[side_row(instrument, side)]
        ranking.dirty |= ranking.seen
        ranking.repriced |= ranking.seen
        ranking.changed = True


# What an instrument's mid has moved counts no more.
cdef inline void forget_movement(tc_router* router, int32_t instrument) noexcept nogil:
    if router.movements[instrument].is_seen:
        memset(&router.movements[instrument], 0, sizeof(tc_movement))
        reprice_instrument(router, instrument)


# Is it time to look at an instrument's mid?
cdef inline bint wants_sample(const tc_router* router, int32_t instrument, int64_t now) noexcept nogil:
    cdef const tc_movement* moves = &router.movements[instrument]
    return router.weights.latency > 0 and (not moves.is_seen or now - moves.sampled_at >= sample_after())


# A look at twice the mid, where there is one; its first is only where it begins.
cdef inline void sample_mid(tc_router* router, int32_t instrument, int64_t mid2, int64_t now) noexcept nogil:
    cdef tc_movement* moves = &router.movements[instrument]
    if mid2 == no_price():
        return
    if not moves.is_seen:
        moves.mid2 = mid2
        moves.sampled_at = now
        moves.is_seen = True
    else:
        move_mid(moves, mid2, now)
        reprice_instrument(router, instrument)


# Only in C: score_venue in Python. It displays another size at the same price, which costs the same, and as the newest.
cdef inline void resize_venue(const tc_top* top, tc_term* term) noexcept nogil:
    tc_assert((term.price == top.price) & (term.size > 0) & (top.size > 0) & (term.stamp <= top.stamp))
    term.size = top.size
    term.stamp = top.stamp


# Does the venue at a place of the sorted list, which has a new cost, still belong there?
cdef inline bint stays_at(const tc_ranking* ranking, const tc_term* terms, int at) noexcept nogil:
    cdef const tc_term* term = &terms[ranking.order[at] - 1]
    return (
        term.size > 0 and (at == 0 or ranks_before(&terms[ranking.order[at - 1] - 1], term))
        and (at + 1 == ranking.count or ranks_before(term, &terms[ranking.order[at + 1] - 1]))
    )


# Takes the venue out of the sorted list, and puts it back in where its new cost belongs: mostly where it was.
cdef inline void place_venue(tc_ranking* ranking, const tc_term* terms, int32_t venue) noexcept nogil:
    cdef int at = 0
    while at < ranking.count and ranking.order[at] != venue:
        at += 1
    if at < ranking.count:
        if stays_at(ranking, terms, at):
            return
        ranking.count -= 1
        while at < ranking.count:
            ranking.order[at] = ranking.order[at + 1]
            at += 1
    if terms[venue - 1].size <= 0:
        return
    at = ranking.count
    while at > 0 and ranks_before(&terms[venue - 1], &terms[ranking.order[at - 1] - 1]):
        ranking.order[at] = ranking.order[at - 1]
        at -= 1
    ranking.order[at] = <uint8_t>venue
    ranking.count += 1
    tc_assert(ranking.count <= MAX_VENUES)
    tc_assert((at == ranking.count - 1) | (not ranks_before(&terms[ranking.order[at + 1] - 1], &terms[venue - 1])))


# Only in C: a constant in Python.
cdef inline uint64_t every_venue() noexcept nogil:
    return ~<uint64_t>0


# The best price displayed to an order of `side` at those of these venues (bit venue - 1) that are up, fees aside,
# unranked; -2**63: none. Only what was told after the command `since`.
cdef inline int64_t displayed_price(
    const tc_router* router, int32_t instrument, uint8_t side, uint64_t venues, int64_t since
) noexcept nogil:
    cdef const tc_top* tops = &router.tops[side_row(instrument, side) * MAX_VENUES]
    cdef int64_t sign = 1 if side == SIDE_SELL else -1, best = no_price(), price
    cdef uint64_t up = venues & ~router.down
    cdef int32_t venue
    for venue in range(router.venue_count):
        if tops[venue].size <= 0:
            continue
        price = sign * tops[venue].price               # more is better, and no_price() is less than any
        if price > best and tops[venue].told > since and (up >> venue) & 1:
            best = price
    return best if best == no_price() else sign * best


# Only in C: the rare half of `best_price`, apart from the path.
cdef inline void find_best_price(
    tc_router* router, tc_ranking* ranking, int32_t instrument, uint8_t side
) noexcept nogil:
    ranking.best_px = displayed_price(router, instrument, side, every_venue(), 0)
    ranking.best_down = router.down
    ranking.is_moved = False


# Only in C: displayed_price in Python.
# The same of whatever was told, looked for again only where another may be displayed since, or other venues are down.
cdef inline int64_t best_price(tc_router* router, int32_t instrument, uint8_t side) noexcept nogil:
    cdef tc_ranking* ranking = &router.rankings[side_row(instrument, side)]
    if tc_seldom(ranking.is_moved | (ranking.best_down != router.down)):
        find_best_price(router, ranking, instrument, side)
    return ranking.best_px if ranking.seen else no_price()


# Only in C: the rare half of `rank_venues`, apart from the path. Everything is re-scored once the time to live is over,
# and where charges are others.
cdef inline void rank_anew(
    tc_router* router, const tc_instrument* ins, int64_t row, uint8_t side, int64_t now
) noexcept nogil:
    cdef tc_ranking* ranking = &router.rankings[row]
    cdef bint is_old = now - ranking.ranked_at > router.time_to_live or ranking.epoch != router.epoch
    cdef uint64_t dirty = ranking.seen if is_old else ranking.dirty, repriced = dirty if is_old else ranking.repriced
    cdef tc_term* terms = &router.terms[row * MAX_VENUES]
    cdef int32_t venue
    router.misses += 1
    ranking.changed = ranking.changed or ranking.epoch != router.epoch
    ranking.dirty = 0
    ranking.repriced = 0
    ranking.ranked_at = now
    ranking.epoch = router.epoch
    while dirty:
        venue = tc_lowest_bit(dirty) + 1
        dirty &= dirty - 1
        keep_term(&router.history, ranking.decision, venue, &terms[venue - 1])
        if (repriced >> (venue - 1)) & 1:
            score_venue(router, ins, row, side, venue)
        else:
            resize_venue(&router.tops[row * MAX_VENUES + venue - 1], &terms[venue - 1])
            if ranking.order[0] == venue:              # the best at the same cost still is
                continue
        place_venue(ranking, terms, venue)
    tc_assert((ranking.count >= 0) & (ranking.ranked_at <= now))


# Brings one ranking up to date. The time to live is a backstop, not a mechanism.
cdef inline tc_ranking* rank_venues(
    tc_router* router, const tc_instrument* ins, int32_t instrument, uint8_t side, int64_t now
) noexcept nogil:
    cdef int64_t row = side_row(instrument, side)
    cdef tc_ranking* ranking = &router.rankings[row]
    cdef int64_t age = now - ranking.ranked_at
    if tc_seldom(ranking.dirty != 0 or age > router.time_to_live or ranking.epoch != router.epoch):
        rank_anew(router, ins, row, side, now)
    else:
        router.hits += 1
        router.ages += max(0, age)                     # a question may have been of a later time
    return ranking


# The best venue that is up, or 0 where none displays anything.
cdef inline int32_t best_venue(const tc_router* router, const tc_ranking* ranking) noexcept nogil:
    cdef int at
    for at in range(ranking.count):
        if not (router.down >> (ranking.order[at] - 1)) & 1:
            return ranking.order[at]
    return 0


cdef inline int64_t touch_price(
    const tc_router* router, int32_t instrument, uint8_t side, int32_t venue) noexcept nogil:
    return router.tops[side_row(instrument, side) * MAX_VENUES + venue - 1].price


# Twice the mid of the best-ranked ask and bid, or -2**63 where a side displays nothing.
cdef inline int64_t twice_mid(
    tc_router* router, const tc_instrument* ins, int32_t instrument, int64_t now
) noexcept nogil:
    cdef int32_t ask = best_venue(router, rank_venues(router, ins, instrument, SIDE_BUY, now))
    cdef int32_t bid = best_venue(router, rank_venues(router, ins, instrument, SIDE_SELL, now))
    if ask == 0 or bid == 0:
        return no_price()
    return touch_price(router, instrument, SIDE_BUY, ask) + touch_price(router, instrument, SIDE_SELL, bid)


# A venue has said what it displays, whether or not that has changed.
cdef inline void tell_top(
    tc_router* router, int32_t instrument, uint8_t side, int32_t venue, int64_t stamp
) noexcept nogil:
    router.tops[side_row(instrument, side) * MAX_VENUES + venue - 1].told = stamp


# Twice the best price that an order of `side` could take at any venue that is up, fees aside; -2**63: none.
cdef inline int64_t twice_touch(
    tc_router* router, const tc_instrument* ins, int32_t instrument, uint8_t side, int64_t now
) noexcept nogil:
    cdef int64_t best
    rank_venues(router, ins, instrument, side, now)
    best = best_price(router, instrument, side)
    return best if best == no_price() else 2 * best

# Orders that wait for a price, sorted by it: finding that none triggers costs the same whatever waits.
#
# What waits for a rising price stands in a row whose best is the lowest (a SELL row of the book's kernels); for a
# falling one in a row whose best is the highest. The nearest price of each row that does anything stands in one line an
# instrument, so that a price that does nothing is known by sixteen comparisons.
#
# Trailing stops that have seen the same best price (their peak) are one group, which stands in a second book by it: the
# group moves when the market passes its peak, whatever stands in it, and is united with those that the market reaches.
# In a group the smallest offset triggers first, then what was armed first; the first of those with a price offset and
# the first of those with a percentage stand for all of it among the stops, where they wait behind what waited at that
# price before. So a price costs what it moves in groups, and no order is moved more than its group is.
# Source of the words: FIX TriggerPriceType(1107), PegOffsetValue(211).

from libc.stdint cimport INT64_MAX, INT64_MIN
from heaps cimport *
from sources cimport *
from book cimport *


# Of one instrument, by source: the lowest price that does something when it rises so far, INT64_MAX where none does,
# and the highest one for falling, INT64_MIN. Two cache lines.
cdef struct tc_nearest:
    int64_t rises[SOURCES]
    int64_t falls[SOURCES]


# Trailing stops that watch the same price and have seen the same best one.
cdef struct tc_trail:
    int64_t peak
    uint32_t tops[2]               # heaps of its orders, by peg_offset and by arming: of prices, of basis points
    uint32_t into                  # the group that it became part of, 0 while it is one
    uint32_t names                 # orders and groups that name it
    uint32_t row                   # of the book of peaks: what triggers is in the other row of the two
    uint8_t book                   # which of the two books
    uint8_t rank                   # how many groups at most lie on the way to it


# Of one instrument, together, since a trade looks at it: how many orders wait, the command before the one that opened
# its session, the one that told its last trade, and when it last printed one in this session.
cdef struct tc_watched:
    int64_t count, opened_at, last_told, print_time


# Two books each: the offer and the bid in one, the last trade and the mid in the other.
cdef struct tc_triggers:
    tc_book stops[2]               # rows: trigger_row; nodes: order slots
    tc_book peaks[2]               # nodes: groups of trailing stops
    tc_trail* trails               # from 1
    uint32_t* free_trails
    uint32_t free_trail_count, trail_count
    uint32_t* joined               # [slot]: the group that it joined, 0 where it does not trail
    tc_leaf* offsets               # [slot + 1]
    uint32_t slots
    int64_t armed                  # trailing stops ever
    tc_nearest* nearest            # by instrument
    tc_watched* watched            # by instrument
    int64_t waiting                # of all instruments
    int64_t* fired                 # a ring of orders whose price has come, by order_id
    int64_t fired_first, fired_last
    uint64_t fired_mask
    int64_t* held_back             # orders that wait for a venue or a switch, and some that did, by order_id
    int64_t held_count, held_most
    bint asks_again                # what waits for a venue or a switch is to be asked about again
    int64_t kept                   # the order that its venue would not cancel, until what was held is asked about


cdef inline uint32_t trigger_row(int32_t instrument, uint8_t source, uint8_t side) noexcept nogil:
    return <uint32_t>(instrument * TRIGGER_ROWS + (source_place(source) >> 1) * 2 + side - 1)


cdef inline int book_place(uint8_t source) noexcept nogil:
    return source_place(source) & 1


# SELL where it waits for the price to rise, BUY where it waits for it to fall.
cdef inline uint8_t waiting_side(const tc_order* order) noexcept nogil:
    cdef bint touched = order.ord_type == TYPE_MARKET_IF_TOUCHED or order.ord_type == TYPE_LIMIT_IF_TOUCHED
    return SIDE_SELL if (direction(order.side) == SIDE_BUY) != touched else SIDE_BUY


# A trailing stop's trigger price under its peak; a percentage is rounded away from the market.
cdef inline int64_t trail_stop(const tc_order* order, const tc_terms* terms, int64_t peak) noexcept nogil:
    cdef int64_t offset = terms.peg_offset, stop
    if terms.peg_offset_type != PEG_PRICE:
        offset = <int64_t>-tc_floor_div_wide(-tc_wide(tc_abs(peak), terms.peg_offset), 10_000)
    stop = peak - offset if direction(order.side) == SIDE_SELL else peak + offset
    return price_max() if stop > price_max() else -price_max() if stop < -price_max() else stop


cdef inline int trail_kind(const tc_terms* terms) noexcept nogil:
    return terms.peg_offset_type != PEG_PRICE


# The price that does something in this row, one step past the peak of what trails there.
cdef inline int64_t nearest_price(const tc_book* stops, const tc_book* peaks, uint32_t row) noexcept nogil:
    cdef bint rises = is_ask_row(row)
    cdef uint32_t stop = stops.rows[row].best, peak = peaks.rows[row].best
    cdef int64_t price = INT64_MAX if rises else INT64_MIN, moves
    if stop != NO_LEVEL:
        price = stops.levels[stop].price
    if peak != NO_LEVEL:
        moves = peaks.levels[peak].price + (1 if rises else -1)
        if is_better(row, moves, price):
            price = moves
    return price


cdef inline void sync_nearest(tc_triggers* triggers, int32_t instrument, uint8_t source) noexcept nogil:
    cdef const tc_book* stops = &triggers.stops[book_place(source)]
    cdef const tc_book* peaks = &triggers.peaks[book_place(source)]
    cdef tc_nearest* nearest = &triggers.nearest[instrument]
    cdef int place = source_place(source)
    nearest.rises[place] = nearest_price(stops, peaks, trigger_row(instrument, source, SIDE_SELL))
    nearest.falls[place] = nearest_price(stops, peaks, trigger_row(instrument, source, SIDE_BUY))


# Only in C: the head of a sorted list in Python.
# The line of an instrument where nothing waits yet: it is read only while something does, and written first here.
cdef inline void open_nearest(tc_nearest* nearest) noexcept nogil:
    cdef int place
    for place in range(SOURCES):
        nearest.rises[place] = INT64_MAX
        nearest.falls[place] = INT64_MIN


# ---- trailing stops

# The group that an order, or the group that it joined, is part of now.
cdef inline uint32_t group_at(const tc_triggers* triggers, uint32_t slot) noexcept nogil:
    cdef uint32_t at = triggers.joined[slot]
    while triggers.trails[at].into:
        at = triggers.trails[at].into
    tc_assert(at > 0)
    return at


cdef inline bint is_trailing(const tc_order* order) noexcept nogil:
    return order.ord_type == TYPE_TRAILING_STOP and order.place == PLACE_AWAITS_PRICE


# The best price that a trailing stop has seen by now.
cdef inline int64_t peak_of(const tc_triggers* triggers, const tc_orders* orders, const tc_order* order) noexcept nogil:
    if is_trailing(order):
        return triggers.trails[group_at(triggers, slot_of(orders, order))].peak
    return terms_of(orders, order).peak_px


# StopPx(99) as it is by now.
cdef inline int64_t stop_of(const tc_triggers* triggers, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(orders, order)
    return trail_stop(order, terms, peak_of(triggers, orders, order)) if is_trailing(order) else terms.stop_px


# Those of a group that trigger first stand for it in the book of stops.
cdef inline void show_first(tc_triggers* triggers, const tc_orders* orders, uint32_t number, int kind) noexcept nogil:
    cdef const tc_trail* trail = &triggers.trails[number]
    cdef uint32_t top = trail.tops[kind]
    cdef const tc_order* order
    if top:
        order = &orders.slots[top - 1]
        add_node(&triggers.stops[trail.book], trail.row ^ 1, top - 1,
                 trail_stop(order, terms_of(orders, order), trail.peak), 1, 0)


cdef inline void hide_first(tc_triggers* triggers, uint32_t number, int kind) noexcept nogil:
    cdef const tc_trail* trail = &triggers.trails[number]
    if trail.tops[kind]:
        remove_node(&triggers.stops[trail.book], trail.tops[kind] - 1)


# A group that no order and no other group names any more is free, and names its own no more.
cdef inline void leave_group_at(tc_triggers* triggers, uint32_t number) noexcept nogil:
    cdef tc_trail* trail
    while number:
        trail = &triggers.trails[number]
        tc_assert(trail.names > 0)
        trail.names -= 1
        if trail.names:
            return
        tc_assert((trail.into > 0) | ((trail.tops[0] == 0) & (trail.tops[1] == 0)))
        if trail.into == 0:
            remove_node(&triggers.peaks[trail.book], number)
        triggers.free_trails[triggers.free_trail_count] = number
        triggers.free_trail_count += 1
        number = trail.into


# Every order names its group itself, so that those are free which were only on the way: there are twice as many groups
# as orders, so that this is as rare as it is long.
cdef inline void shorten_ways(tc_triggers* triggers) noexcept nogil:
    cdef uint32_t slot, number, was
    for slot in range(triggers.slots):
        was = triggers.joined[slot]
        if was and triggers.trails[was].into:
            number = group_at(triggers, slot)
            triggers.trails[number].names += 1
            triggers.joined[slot] = number
            leave_group_at(triggers, was)


cdef inline uint32_t open_trail(tc_triggers* triggers, int place, uint32_t row, int64_t peak) noexcept nogil:
    cdef uint32_t number
    cdef tc_trail* trail
    if triggers.trail_count < 2 * triggers.slots and not triggers.free_trail_count:
        triggers.trail_count += 1
        number = triggers.trail_count
    else:
        if not triggers.free_trail_count:
            shorten_ways(triggers)
        tc_assert(triggers.free_trail_count > 0)
        triggers.free_trail_count -= 1
        number = triggers.free_trails[triggers.free_trail_count]
    trail = &triggers.trails[number]
    tc_clear(trail, sizeof(tc_trail))
    trail.peak = peak
    trail.row = row
    trail.book = place
    add_node(&triggers.peaks[place], row, number, peak, 1, 0)
    return number


# Where a trailing stop that has seen this price belongs; a group of its own where no other has seen just as much.
cdef inline void join_trail(tc_triggers* triggers, tc_orders* orders, tc_order* order, int64_t peak) noexcept nogil:
    cdef uint8_t source = terms_of(orders, order).watch
    # A trailing sell moves when the price rises above its peak: the opposite of what triggers it.
    cdef uint32_t row = trigger_row(order.instrument, source, direction(order.side)), slot = slot_of(orders, order)
    cdef int place = book_place(source), kind = trail_kind(terms_of(orders, order))
    cdef uint32_t level = find_level(&triggers.peaks[place], row, peak), number, top, was
    number = open_trail(triggers, place, row, peak) if level == NO_LEVEL else triggers.peaks[place].levels[level].head
    tc_assert((triggers.joined[slot] == 0) & (triggers.trails[number].into == 0))
    triggers.joined[slot] = number
    triggers.trails[number].names += 1
    triggers.armed += 1
    top = add_leaf(triggers.offsets, 0, slot + 1, terms_of(orders, order).peg_offset, triggers.armed)
    was = triggers.trails[number].tops[kind]
    if was == 0 or comes_first(triggers.offsets, top, was):
        hide_first(triggers, number, kind)
        triggers.trails[number].tops[kind] = meld_heaps(triggers.offsets, was, top)
        show_first(triggers, orders, number, kind)
    else:
        triggers.trails[number].tops[kind] = meld_heaps(triggers.offsets, was, top)


cdef inline void quit_trail(tc_triggers* triggers, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t slot = slot_of(orders, order), number = group_at(triggers, slot), was = triggers.joined[slot]
    cdef int kind = trail_kind(terms_of(orders, order))
    cdef tc_trail* trail = &triggers.trails[number]
    cdef bint was_first = trail.tops[kind] == slot + 1
    if was_first:
        hide_first(triggers, number, kind)
    trail.tops[kind] = remove_leaf(triggers.offsets, trail.tops[kind], slot + 1)
    if was_first:
        show_first(triggers, orders, number, kind)
    triggers.joined[slot] = 0
    leave_group_at(triggers, was)


# One group of two, neither of which stands in a book.
cdef inline uint32_t unite_trails(tc_triggers* triggers, uint32_t a, uint32_t b) noexcept nogil:
    cdef tc_trail* more = &triggers.trails[a]
    cdef tc_trail* less = &triggers.trails[b]
    cdef int kind
    if more.rank < less.rank:
        more, less = less, more
        a, b = b, a
    for kind in range(2):
        more.tops[kind] = meld_heaps(triggers.offsets, more.tops[kind], less.tops[kind])
        less.tops[kind] = 0
    more.rank += more.rank == less.rank
    more.names += 1
    less.into = a
    return a


cdef inline uint32_t take_trail(tc_triggers* triggers, uint32_t number) noexcept nogil:
    remove_node(&triggers.peaks[triggers.trails[number].book], number)
    hide_first(triggers, number, 0)
    hide_first(triggers, number, 1)
    return number


# Moves the trailing stops of one side (BUY or SELL) whose peak the price has passed, as one group from then on; the
# others cost nothing, and each group of those that move costs the same whatever stands in it.
cdef inline void trail_peaks(
    tc_triggers* triggers, const tc_orders* orders, int32_t instrument, uint8_t source, uint8_t side, int64_t price
) noexcept nogil:
    cdef tc_book* book = &triggers.peaks[book_place(source)]
    cdef uint32_t row = trigger_row(instrument, source, side), best = book.rows[row].best, number
    if price == no_price() or best == NO_LEVEL or not is_better(row, book.levels[best].price, price):
        return
    number = take_trail(triggers, book.levels[best].head)
    best = book.rows[row].best
    while best != NO_LEVEL and not is_better(row, price, book.levels[best].price):
        number = unite_trails(triggers, number, take_trail(triggers, book.levels[best].head))
        best = book.rows[row].best
    triggers.trails[number].peak = price
    add_node(book, row, number, price, 1, 0)
    show_first(triggers, orders, number, 0)
    show_first(triggers, orders, number, 1)
    sync_nearest(triggers, instrument, source)


# ---- what waits

# Adds a waiting order; a trailing stop's peak is set.
cdef inline void arm_trigger(tc_triggers* triggers, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef uint8_t source = terms.watch
    tc_assert((order.triggered == 0) & (is_live(order) != 0))
    if not triggers.watched[order.instrument].count:
        open_nearest(&triggers.nearest[order.instrument])
    if order.ord_type == TYPE_TRAILING_STOP:
        tc_assert(terms.peak_px != no_price())
        terms.stop_px = trail_stop(order, terms, terms.peak_px)
        join_trail(triggers, orders, order, terms.peak_px)
    else:
        add_node(&triggers.stops[book_place(source)], trigger_row(order.instrument, source, waiting_side(order)),
                 slot_of(orders, order), terms.stop_px, 1, 0)
    sync_nearest(triggers, order.instrument, source)
    triggers.watched[order.instrument].count += 1
    triggers.waiting += 1


# A trailing stop keeps the stop price that it had.
cdef inline void disarm_trigger(tc_triggers* triggers, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef uint8_t source = terms.watch
    tc_assert((triggers.watched[order.instrument].count > 0)
              & (triggers.waiting >= triggers.watched[order.instrument].count))
    if order.ord_type == TYPE_TRAILING_STOP:
        terms.peak_px = triggers.trails[group_at(triggers, slot_of(orders, order))].peak
        terms.stop_px = trail_stop(order, terms, terms.peak_px)
        quit_trail(triggers, orders, order)
    else:
        remove_node(&triggers.stops[book_place(source)], slot_of(orders, order))
    sync_nearest(triggers, order.instrument, source)
    triggers.watched[order.instrument].count -= 1
    triggers.waiting -= 1


# The first order on a side that the price has reached (SELL: risen to, BUY: fallen to), or NO_SLOT.
cdef inline uint32_t find_triggered(
    const tc_triggers* triggers, int32_t instrument, uint8_t source, uint8_t side, int64_t price
) noexcept nogil:
    cdef const tc_book* book = &triggers.stops[book_place(source)]
    cdef uint32_t row = trigger_row(instrument, source, side), best = book.rows[row].best
    if price == no_price() or best == NO_LEVEL or is_better(row, price, book.levels[best].price):
        return NO_SLOT
    return book.levels[best].head


# Has the price that a waiting order watches come as far as it waits for?
cdef inline bint has_reached(
    const tc_triggers* triggers, const tc_orders* orders, const tc_order* order, int64_t price
) noexcept nogil:
    cdef int64_t stop = stop_of(triggers, orders, order)
    if price == no_price():
        return False
    return price >= stop if waiting_side(order) == SIDE_SELL else price <= stop

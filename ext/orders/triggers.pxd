# Orders that wait for a price, sorted by it: finding that none triggers costs the same whatever waits.
#
# What waits for a rising price stands in a row whose best is the lowest (a SELL row of the book's kernels); for a
# falling one in a row whose best is the highest. Trailing stops stand in a second book by the best price that they have
# seen (their peak): they move only when the market passes it. The nearest price of each row that does anything stands
# in one line an instrument, so that a price that does nothing is known by eight comparisons.
# Source of the words: FIX TriggerPriceType(1107), PegOffsetValue(211).

from libc.stdint cimport INT64_MAX, INT64_MIN
from order_facts cimport *
from book cimport *


cdef enum:
    SOURCES = 4                    # BEST_OFFER, LAST_TRADE, BEST_BID, BEST_MID, in this order
    TRIGGER_ROWS = SOURCES         # of one instrument in one book


# Of one instrument, by source: the lowest price that does something when it rises so far, INT64_MAX where none does,
# and the highest one for falling, INT64_MIN. One cache line.
cdef struct tc_nearest:
    int64_t rises[SOURCES]
    int64_t falls[SOURCES]


# Two books each: the offer and the bid in one, the last trade and the mid in the other.
cdef struct tc_triggers:
    tc_book stops[2]               # rows: trigger_row; nodes: order slots
    tc_book peaks[2]
    tc_nearest* nearest            # by instrument
    int64_t* counts                # waiting orders by instrument
    int64_t waiting                # of all instruments


cdef inline int source_place(uint8_t source) noexcept nogil:
    return 3 if source == TRIGGER_BEST_MID else source - 1


# Only in C: an index into a tuple in Python.
cdef inline uint8_t source_at(int place) noexcept nogil:
    return TRIGGER_BEST_MID if place == 3 else <uint8_t>(place + 1)


# The price that an order watches; the last trade where it says nothing.
cdef inline uint8_t source_of(const tc_terms* terms) noexcept nogil:
    return terms.trigger_price_type if terms.trigger_price_type else TRIGGER_LAST_TRADE


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


# Adds a waiting order; a trailing stop's peak is set.
cdef inline void arm_trigger(tc_triggers* triggers, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef uint8_t source = source_of(terms)
    cdef uint32_t slot = slot_of(orders, order)
    tc_assert((order.triggered == 0) & (is_live(order) != 0))
    if not triggers.counts[order.instrument]:
        open_nearest(&triggers.nearest[order.instrument])
    if order.ord_type == TYPE_TRAILING_STOP:
        tc_assert(terms.peak_px != no_price())
        terms.stop_px = trail_stop(order, terms, terms.peak_px)
        # A trailing sell moves when the price rises above its peak: the opposite of what triggers it.
        add_node(&triggers.peaks[book_place(source)],
                 trigger_row(order.instrument, source, direction(order.side)), slot, terms.peak_px, 1, 0)
    add_node(&triggers.stops[book_place(source)], trigger_row(order.instrument, source, waiting_side(order)), slot,
             terms.stop_px, 1, 0)
    sync_nearest(triggers, order.instrument, source)
    triggers.counts[order.instrument] += 1
    triggers.waiting += 1


cdef inline void disarm_trigger(tc_triggers* triggers, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t slot = slot_of(orders, order)
    cdef uint8_t source = source_of(terms_of(orders, order))
    cdef int place = book_place(source)
    tc_assert((triggers.counts[order.instrument] > 0) & (triggers.waiting >= triggers.counts[order.instrument]))
    tc_assert(triggers.stops[place].nodes[slot].qty == 1)
    remove_node(&triggers.stops[place], slot)
    if order.ord_type == TYPE_TRAILING_STOP:
        remove_node(&triggers.peaks[place], slot)
    sync_nearest(triggers, order.instrument, source)
    triggers.counts[order.instrument] -= 1
    triggers.waiting -= 1


# Moves the trailing stops of one side (BUY or SELL) whose peak the price has passed; the others cost nothing.
cdef inline void trail_peaks(
    tc_triggers* triggers, tc_orders* orders, int32_t instrument, uint8_t source, uint8_t side, int64_t price
) noexcept nogil:
    cdef const tc_book* book = &triggers.peaks[book_place(source)]
    cdef uint32_t row = trigger_row(instrument, source, side), best = book.rows[row].best
    cdef tc_order* order
    while price != no_price() and best != NO_LEVEL and is_better(row, book.levels[best].price, price):
        order = &orders.slots[book.levels[best].head]
        tc_assert((order.ord_type == TYPE_TRAILING_STOP) & (order.place == PLACE_AWAITS_PRICE))
        disarm_trigger(triggers, orders, order)
        terms_of(orders, order).peak_px = price
        arm_trigger(triggers, orders, order)
        best = book.rows[row].best


# The first order on a side that the price has reached (SELL: risen to, BUY: fallen to), or NO_SLOT.
cdef inline uint32_t find_triggered(
    const tc_triggers* triggers, int32_t instrument, uint8_t source, uint8_t side, int64_t price
) noexcept nogil:
    cdef const tc_book* book = &triggers.stops[book_place(source)]
    cdef uint32_t row = trigger_row(instrument, source, side), best = book.rows[row].best
    if price == no_price() or best == NO_LEVEL or is_better(row, price, book.levels[best].price):
        return NO_SLOT
    return book.levels[best].head

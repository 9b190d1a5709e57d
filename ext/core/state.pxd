# The state of one core: every room's tables side by side, and the reports and acks that tell of them.
# It knows no command's rules.

from libc.string cimport memcpy, memset
from ids cimport *
from order_facts cimport *
from validation cimport *
from risk cimport *
from exit_gate cimport tc_gate
from self_match cimport *
from posting cimport *
from outages cimport *
from book cimport *
from books cimport *
from costs cimport *
from events cimport *
from trades cimport *
from execids cimport *
from unbooked cimport *
from open_orders cimport *
from triggers cimport *
from lists cimport *
from timers cimport *
from kinds cimport *


cdef struct tc_charge:
    tc_i128 maker, taker           # commission of one fill, money units


cdef enum:
    BASKET_MAX = 1_024             # orders that are asked about together


# An order that passed in a basket that is asked about, and what it is asked as.
cdef struct tc_ahead:
    int64_t cl_ord_id, hold_qty
    tc_i128 fund_more
    tc_alike terms
    int32_t instrument, account, venue, strategy
    int64_t reference2, touch2
    uint8_t side, sent, ord_type


cdef struct tc_core:
    tc_instrument* instruments     # from 1, as everything that is declared
    int64_t* accounts              # the number of its name, as of all that is declared
    int64_t* currencies
    tc_names instrument_names, account_names
    uint8_t* money_precisions      # [currency]: decimals of its money unit
    tc_band* bands                 # [instrument * BANDS + band]: tick tables
    tc_charge* charges             # beside book.fills
    uint64_t* histograms           # [stage * BUCKETS + bucket]
    tc_texts texts
    tc_ids ids
    tc_orders orders
    tc_risk risk
    tc_router router
    tc_book book
    tc_books books
    tc_ledger ledger
    tc_events events
    tc_trades trades
    tc_exec_ids exec_ids
    tc_notes notes
    tc_unbooked_table unbooked
    tc_open_orders open_orders
    tc_triggers triggers
    tc_groups groups
    tc_timers timers
    uint8_t* sessions              # by instrument: SESSION_...
    int64_t* close_times           # by instrument: when its session ends, 0 where nothing was said
    # Work that a command leaves, for settle(): rings in the order in which it came.
    int32_t* moved                 # instruments whose price may let something go
    uint8_t* is_moved              # by instrument: it stands in `moved`
    int64_t* trimmed               # places of exposures: a position moved under reduce-only orders
    uint32_t* parents              # slots of orders whose children have news
    int64_t moved_first, moved_last, trimmed_first, trimmed_last, parents_first, parents_last
    uint64_t moved_mask, trimmed_mask, parents_mask, disconnected      # the last: external venues, as router.down
    tc_rules rules                 # of users
    tc_ahead* ahead                # of a basket that is asked about: what passed
    int32_t ahead_count
    tc_gate gate
    tc_prevention* self_match      # [account]
    int drilled                    # in a build for tests: the reason of a check that is taken out
    int32_t instrument_count, account_count, venue_count, currency_count
    int32_t instrument_max, account_max, venue_max, currency_max
    uint32_t order_slots           # nodes from here on are quotes, one for each row
    int64_t command_seq, order_seq, exec_seq, now, day
    int64_t answer_seq             # of the report that answers the command
    int64_t clock_step             # the most that the clock moves `now` at once
    int64_t stamp, stamp_bound     # why no new order or replace can have this command's stamp; see stamps.pxd
    int stamp_reason
    int64_t reports_refused, trades_in_suspense, unexpected
    int64_t tables_full            # commands refused for want of room in a table: not part of the state
    int16_t ord_rej_reasons[REASON_TABLE]


# Only in C: an index into a list in Python.
cdef inline tc_instrument* find_instrument(tc_core* core, int32_t instrument) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count:
        return NULL
    return &core.instruments[instrument]


# Only in C: a dict in Python.
cdef inline uint32_t row_of(const tc_core* core, int32_t instrument, int32_t venue, uint8_t side) noexcept nogil:
    return book_side(&core.books, instrument, venue, side)


# A price of this instrument may have moved: what waits for one is looked at when the command is done.
cdef inline void tell_price(tc_core* core, int32_t instrument) noexcept nogil:
    if core.triggers.watched[instrument].count and not core.is_moved[instrument]:
        core.is_moved[instrument] = True
        core.moved[<uint64_t>core.moved_last & core.moved_mask] = instrument
        core.moved_last += 1
        tc_assert(core.moved_last - core.moved_first <= <int64_t>core.moved_mask + 1)


cdef inline bint is_external(const tc_core* core, int32_t venue) noexcept nogil:
    return venue >= 1 and venue <= core.venue_count and core.router.venues[venue].external


# Tells the router what a taker of `side` finds at this venue, in this row.
cdef inline void sync_row(
    tc_core* core, int32_t instrument, int32_t venue, uint8_t side, uint32_t row
) noexcept nogil:
    cdef uint32_t best = core.book.rows[row].best
    tell_price(core, instrument)
    if best == NO_LEVEL:
        set_top(&core.router, instrument, side, venue, no_price(), 0, core.command_seq)
    else:
        set_top(&core.router, instrument, side, venue, core.book.levels[best].price * core.instruments[instrument].tick,
                core.book.levels[best].qty, core.command_seq)


cdef inline void sync_top(tc_core* core, int32_t instrument, int32_t venue, uint8_t side) noexcept nogil:
    sync_row(core, instrument, venue, side, row_of(core, instrument, venue, opposite(side)))


# Has a book a bid at or above its ask? Only while a match runs.
cdef inline bint is_crossed(const tc_core* core, int32_t instrument, int32_t venue) noexcept nogil:
    cdef uint32_t bid = core.book.rows[row_of(core, instrument, venue, SIDE_BUY)].best
    return bid != NO_LEVEL and crosses(
        &core.book, row_of(core, instrument, venue, SIDE_SELL), core.book.levels[bid].price)


cdef inline void sync_tops(tc_core* core, int32_t instrument, int32_t venue) noexcept nogil:
    cdef uint32_t row = row_of(core, instrument, venue, SIDE_SELL)
    tc_assert(not is_crossed(core, instrument, venue))
    sync_row(core, instrument, venue, SIDE_BUY, row)
    sync_row(core, instrument, venue, SIDE_SELL, row ^ 1)


# Only in C: sync_tops in Python.
# What an order of `side` has done to its book: what it took, and what of it rests. The other side is as it was.
cdef inline void sync_placed(tc_core* core, const tc_order* order, uint8_t side) noexcept nogil:
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(side))
    if is_no_book(row):
        sync_tops(core, order.instrument, order.venue)
        return
    tc_assert(not is_crossed(core, order.instrument, order.venue))
    tell_price(core, order.instrument)
    if core.book.fill_count:
        sync_row(core, order.instrument, order.venue, side, row)
    if order.place == PLACE_RESTING:
        sync_row(core, order.instrument, order.venue, opposite(side), row ^ 1)


# Twice the reference price: the mid, else the last trade, else the mark, else none.
cdef inline int64_t twice_reference(tc_core* core, int32_t instrument) noexcept nogil:
    cdef int64_t price = twice_mid(&core.router, &core.instruments[instrument], instrument, core.now)
    if price == no_price() and core.ledger.lasts[instrument] != no_price():
        price = 2 * core.ledger.lasts[instrument]
    if price == no_price() and core.ledger.marks[instrument] != no_price():
        price = 2 * core.ledger.marks[instrument]
    return price


cdef inline uint64_t count_stage(tc_core* core, int stage, uint64_t since, bint timed) noexcept nogil:
    cdef uint64_t now
    if not tc_seldom(timed):
        return 0
    now = tc_ticks()
    core.histograms[stage * BUCKETS + bucket_of(now - since)] += 1
    return now


# Only in C: a report is one call with keywords in Python.
cdef inline tc_report* start_report(tc_core* core, const tc_command* c, uint8_t report_type) noexcept nogil:
    cdef tc_report* r = next_report(&core.events)
    r.command_seq = core.command_seq
    r.transact_time = core.now
    r.report_type = report_type
    r.command_kind = c.kind
    r.version = VERSION
    r.ord_rej_reason = -1                              # and what shares its place
    r.price = no_price()
    r.stop_px = no_price()
    return r


# Only in C: a report is one call with keywords in Python.
# When a venue says that something was, where it says so: of the report that tells of it.
cdef inline void put_told_time(tc_report* r, const tc_command* c) noexcept nogil:
    if 0 < c.transact_time and c.transact_time <= time_max():
        r.transact_time = c.transact_time


# Only in C: a report is one call with keywords in Python.
# What every report about an order tells; of its stop price see put_stop.
cdef inline void put_order(tc_report* r, const tc_core* core, const tc_order* order) noexcept nogil:
    cdef uint8_t ord_type, time_in_force
    cdef int64_t order_qty, price
    r.order_id = order.order_id
    r.ord_status = derive_status(order)
    # Neighbours are read before any is written: a compiler that must think that the two overlap moves them one by one.
    ord_type, time_in_force = order.ord_type, order.time_in_force
    r.side = order.side
    r.ord_type = ord_type
    r.time_in_force = time_in_force
    r.exec_inst = order.exec_inst
    r.instrument = order.instrument
    put_place(r, order.account, order.venue)
    r.cl_ord_id = order.cl_ord_id
    order_qty, price = order.order_qty, order.price
    r.order_qty = order_qty
    r.price = price
    r.cum_qty = order.cum_qty
    r.flags = FLAG_ENDED if order.terminal else 0
    r.unknown = unknown_of(&core.orders, order)


# Only in C: a report is one call with keywords in Python.
cdef inline void put_stop(tc_report* r, const tc_core* core, const tc_order* order) noexcept nogil:
    if order.extended:                                 # else it has none, as the report says from its start
        r.stop_px = stop_of(&core.triggers, &core.orders, order)


# Only in C: a report is one call with keywords in Python.
# A report of this type about the order as it stands; the caller adds what is special and publishes it.
cdef inline tc_report* start_message(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t report_type
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, report_type)
    put_order(r, core, order)
    put_stop(r, core, order)
    return r


# Only in C: a report is one call with keywords in Python.
cdef inline tc_report* start_execution(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t exec_type
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_EXECUTION)
    put_order(r, core, order)
    r.exec_type = exec_type
    if is_trade(exec_type):                            # the caller says the rest
        r.last_liquidity_ind = 0
    elif exec_type == EXEC_REJECTED:
        r.reject_mask = 0
    else:
        put_stop(r, core, order)
    return r


# Only in C: a report is one call with keywords in Python.
# An execution report goes out. A status that FIX knows no way to from the last one is flagged, where the report has no
# other reason.
cdef inline void publish_execution(tc_core* core, tc_order* order, tc_report* r) noexcept nogil:
    if tc_seldom(not (core.orders.transitions[order.last_status] >> r.ord_status) & 1):
        core.unexpected += 1
        if r.reason == REASON_NONE:
            r.reason = UNEXPECTED_TRANSITION
            r.flags |= order.last_status
            if not is_trade(r.exec_type):
                r.value = order.last_status
                r.bound = r.ord_status
    order.last_status = r.ord_status
    tc_assert((leaves_of(order) == 0) | (r.cum_qty + leaves_of(order) == r.order_qty))
    publish_report(&core.events, r)


cdef inline void report_execution(
    tc_core* core, const tc_command* c, tc_order* order, uint8_t exec_type
) noexcept nogil:
    publish_execution(core, order, start_execution(core, c, order, exec_type))


# Only in C: a report is one call with keywords in Python.
# An order that ends without a trade: with the reason that the order then carries.
cdef inline tc_report* start_end(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t exec_type
) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, exec_type)
    r.reason = order.reason
    r.value = order.value
    r.bound = order.bound
    if exec_type == EXEC_REJECTED:
        r.reject_mask = order.reject_mask
        r.ord_rej_reason = <int8_t>core.ord_rej_reasons[order.reason]
    return r


cdef inline void note_full(tc_core* core, int reason) noexcept nogil:
    core.tables_full += (reason == TABLE_FULL or reason == IDS_FULL or reason == BOOKS_FULL
                         or reason == REPLACES_FULL)


cdef inline void refuse_command(
    tc_core* core, const tc_command* c, tc_ack* ack, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_BUSINESS_REJECT)
    note_full(core, reason)
    r.reason = <int16_t>reason
    r.value = value
    r.bound = bound
    r.instrument = c.instrument
    put_place(r, c.account, c.venue)
    publish_report(&core.events, r)
    ack.report_type = REPORT_BUSINESS_REJECT
    ack.reason = <int16_t>reason


cdef inline void accept_command(
    tc_core* core, const tc_command* c, int32_t instrument, int32_t account, int32_t venue, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_ACCEPTED)
    r.instrument = instrument
    put_place(r, account, venue)
    r.value = value
    r.bound = bound
    r.cl_ord_id = c.cl_ord_id
    publish_report(&core.events, r)


cdef inline void acknowledge(const tc_core* core, const tc_order* order, tc_ack* ack) noexcept nogil:
    ack.order_id = order.order_id
    ack.cum_qty = order.cum_qty
    ack.leaves_qty = leaves_of(order)
    ack.report_type = REPORT_EXECUTION
    ack.ord_status = derive_status(order)
    ack.reason = order.reason
    if order.terminal == STATUS_REJECTED:
        ack.ord_rej_reason = core.ord_rej_reasons[order.reason]

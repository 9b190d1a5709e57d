# The state of one core: every room's tables side by side, and the reports and acks that tell of them.
# It knows no command's rules.

from libc.string cimport memcpy, memset
from ids cimport *
from order cimport *
from validation cimport *
from risk cimport *
from routing cimport *
from execution cimport *
from position cimport *
from events cimport *


cdef enum:
    KIND_DEFINE_CURRENCY = 1
    KIND_DEFINE_INSTRUMENT = 2
    KIND_DEFINE_VENUE = 3
    KIND_DEFINE_ACCOUNT = 4
    KIND_OPENING_POSITION = 5
    KIND_OPENING_CASH = 6
    KIND_NEW_ORDER = 10
    KIND_CANCEL = 11
    KIND_QUOTE = 20
    KIND_MARK = 21
    KIND_SET_LIMIT = 30
    KIND_KILL_SWITCH = 31
    REPORT_EXECUTION = 8
    REPORT_CANCEL_REJECT = 9
    REPORT_ACCEPTED = 10
    REPORT_RISK_OBSERVED = 11
    REPORT_BUSINESS_REJECT = 19
    LIQUIDITY_ADDED = 1
    LIQUIDITY_REMOVED = 2
    REASON_TABLE = 512
    STAGE_VALIDATION = 0
    STAGE_RISK = 1
    STAGE_ROUTING = 2
    STAGE_EXECUTION = 3
    STAGE_POSITION = 4
    STAGE_EVENTS = 5
    STAGE_ORDER = 6
    STAGE_CANCEL = 7
    HISTOGRAMS = 8


cdef struct tc_charge:
    tc_i128 maker, taker           # commission of one fill, micros


cdef struct tc_core:
    tc_instrument* instruments     # from 1, as everything that is declared
    tc_id_entry* accounts
    tc_id_entry* currencies
    tc_charge* charges             # beside book.fills
    uint64_t* histograms           # [stage * BUCKETS + bucket]
    tc_ids ids
    tc_orders orders
    tc_risk risk
    tc_router router
    tc_book book
    tc_ledger ledger
    tc_events events
    int32_t instrument_count, account_count, venue_count, currency_count
    int32_t instrument_max, account_max, venue_max, currency_max
    uint32_t order_slots           # nodes from here on are quotes, one for each row
    int64_t command_seq, exec_seq, now
    int16_t ord_rej_reasons[REASON_TABLE]


cdef inline tc_instrument* find_instrument(tc_core* core, int32_t instrument) noexcept nogil:
    if instrument < 1 or instrument > core.instrument_count:
        return NULL
    return &core.instruments[instrument]


cdef inline uint32_t row_of(const tc_core* core, int32_t instrument, int32_t venue, uint8_t side) noexcept nogil:
    return <uint32_t>((instrument * core.venue_max + venue - 1) * 2 + side - 1)


cdef inline uint8_t opposite(uint8_t side) noexcept nogil:
    return SIDE_SELL if side == SIDE_BUY else SIDE_BUY


# Tells the router what a taker of `side` finds at this venue.
cdef inline void sync_top(tc_core* core, int32_t instrument, int32_t venue, uint8_t side) noexcept nogil:
    cdef uint32_t best = core.book.rows[row_of(core, instrument, venue, opposite(side))].best
    if best == NO_LEVEL:
        set_top(&core.router, instrument, side, venue, no_price(), 0, core.command_seq)
    else:
        set_top(&core.router, instrument, side, venue, core.book.levels[best].price * core.instruments[instrument].tick,
                core.book.levels[best].qty, core.command_seq)


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
    if not timed:
        return 0
    now = tc_ticks()
    core.histograms[stage * BUCKETS + bucket_of(now - since)] += 1
    return now


cdef inline tc_report* start_report(tc_core* core, const tc_command* c, uint8_t report_type) noexcept nogil:
    cdef tc_report* r = next_report(&core.events)
    r.command_seq, r.transact_time = core.command_seq, core.now
    r.report_type, r.command_kind = report_type, c.kind
    r.ord_rej_reason, r.cxl_rej_reason = -1, -1
    r.price, r.last_px = no_price(), no_price()
    return r


# An execution report of the order as it stands; the caller adds what is special and publishes it.
cdef inline tc_report* start_execution(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t exec_type
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_EXECUTION)
    r.order_id, r.exec_type, r.ord_status = order.order_id, exec_type, derive_status(order)
    r.side, r.ord_type, r.time_in_force, r.exec_inst = order.side, order.ord_type, order.time_in_force, order.exec_inst
    r.instrument, r.account, r.venue = order.instrument, order.account, order.venue
    memcpy(r.cl_ord_id, order.cl_ord_id, 24)
    r.order_qty, r.price, r.cum_qty, r.leaves_qty = order.order_qty, order.price, order.cum_qty, leaves_of(order)
    r.decision = order.decision
    return r


# An order that ends without a trade: rejected or canceled, with the reason that the order then carries.
cdef inline void report_end(tc_core* core, const tc_command* c, tc_order* order, uint8_t exec_type) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, exec_type)
    r.reason, r.value, r.bound, r.reject_mask = order.reason, order.value, order.bound, order.reject_mask
    if exec_type == STATUS_REJECTED:
        r.ord_rej_reason = core.ord_rej_reasons[order.reason]
    publish_report(&core.events, r)


cdef inline void report_trade(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_fill* fill, int64_t price, tc_i128 commission,
    int64_t contra_order_id, uint16_t liquidity
) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, EXEC_TRADE)
    r.last_qty, r.last_px, r.commission = fill.qty, price, tc_saturate(commission)
    r.exec_id, r.contra_order_id, r.last_liquidity_ind = core.exec_seq, contra_order_id, liquidity
    publish_report(&core.events, r)


cdef inline void refuse_command(
    tc_core* core, const tc_command* c, tc_ack* ack, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_BUSINESS_REJECT)
    r.reason, r.value, r.bound = <int16_t>reason, value, bound
    r.instrument, r.account, r.venue = c.instrument, c.account, c.venue
    publish_report(&core.events, r)
    ack.report_type, ack.reason = REPORT_BUSINESS_REJECT, <int16_t>reason


cdef inline void accept_command(
    tc_core* core, const tc_command* c, int32_t instrument, int32_t account, int32_t venue, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, REPORT_ACCEPTED)
    r.instrument, r.account, r.venue, r.value, r.bound = instrument, account, venue, value, bound
    memcpy(r.cl_ord_id, c.cl_ord_id, 24)
    publish_report(&core.events, r)


cdef inline void acknowledge(tc_core* core, const tc_order* order, tc_ack* ack) noexcept nogil:
    ack.order_id, ack.cum_qty, ack.leaves_qty = order.order_id, order.cum_qty, leaves_of(order)
    ack.report_type, ack.ord_status = REPORT_EXECUTION, derive_status(order)
    ack.reason = order.reason
    if order.rejected:
        ack.ord_rej_reason = core.ord_rej_reasons[order.reason]

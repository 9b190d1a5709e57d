# The conductor's kernels: one command through the rooms in order, top to bottom. No Python object anywhere.

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
    int64_t maker, taker           # commission of one fill, micros


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


# ---- small helpers

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


# ---- reports

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
    tc_core* core, const tc_command* c, const tc_order* order, const tc_fill* fill, int64_t price, int64_t commission,
    int64_t contra_order_id, uint16_t liquidity
) noexcept nogil:
    cdef tc_report* r = start_execution(core, c, order, EXEC_TRADE)
    r.last_qty, r.last_px, r.commission = fill.qty, price, commission
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


# ---- definitions and settings

cdef inline bint is_taken(const tc_id_entry* entries, int32_t count, const char* name) noexcept nogil:
    cdef int32_t i
    for i in range(1, count + 1):
        if memcmp(entries[i].id, name, 24) == 0:
            return True
    return False


cdef inline bint instrument_is_taken(const tc_core* core, const char* name) noexcept nogil:
    cdef int32_t i
    for i in range(1, core.instrument_count + 1):
        if memcmp(core.instruments[i].name, name, 24) == 0:
            return True
    return False


cdef inline bint venue_is_taken(const tc_core* core, const char* name) noexcept nogil:
    cdef int32_t i
    for i in range(1, core.venue_count + 1):
        if memcmp(core.router.venues[i].name, name, 24) == 0:
            return True
    return False


cdef inline int refuse_name(const tc_command* c, bint taken, int32_t count, int32_t most) noexcept nogil:
    if id_is_empty(c.cl_ord_id) or not id_is_valid(c.cl_ord_id):
        return INVALID_FIELD_VALUE
    if taken:
        return ALREADY_DEFINED
    return TABLE_FULL if count >= most else REASON_NONE


cdef inline void define_currency(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int reason = refuse_name(
        c, is_taken(core.currencies, core.currency_count, c.cl_ord_id), core.currency_count, core.currency_max)
    if reason:
        refuse_command(core, c, ack, reason, 0, 32)
        return
    core.currency_count += 1
    memcpy(core.currencies[core.currency_count].id, c.cl_ord_id, 24)
    accept_command(core, c, 0, 0, 0, core.currency_count, 0)


cdef inline void define_account(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int reason = refuse_name(
        c, is_taken(core.accounts, core.account_count, c.cl_ord_id), core.account_count, core.account_max)
    if reason:
        refuse_command(core, c, ack, reason, 0, 32)
        return
    core.account_count += 1
    memcpy(core.accounts[core.account_count].id, c.cl_ord_id, 24)
    accept_command(core, c, 0, core.account_count, 0, core.account_count, 0)


cdef inline void define_instrument(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int reason = refuse_name(
        c, instrument_is_taken(core, c.cl_ord_id), core.instrument_count, core.instrument_max)
    cdef int offset = 32 if reason else find_bad_definition(c, core.currency_count)
    if reason or offset >= 0:
        refuse_command(core, c, ack, reason or INVALID_FIELD_VALUE, 0, offset)
        return
    core.instrument_count += 1
    load_instrument(&core.instruments[core.instrument_count], c)
    accept_command(core, c, core.instrument_count, 0, 0, core.instrument_count, 0)


# A venue charges by quantity or by notional, not both: so that a commission is rounded once.
cdef inline int find_bad_fee(const tc_command* c) noexcept nogil:
    cdef int64_t most = 1_000_000_000_000
    if tc_abs(c.maker_fee_per_unit) > most or c.maker_fee_per_unit == no_price():
        return 56
    if tc_abs(c.taker_fee_per_unit) > most or c.taker_fee_per_unit == no_price():
        return 64
    if c.maker_fee_ppm > 1_000_000 or c.maker_fee_ppm < -1_000_000 or (c.maker_fee_ppm and c.maker_fee_per_unit):
        return 72
    if c.taker_fee_ppm > 1_000_000 or c.taker_fee_ppm < -1_000_000 or (c.taker_fee_ppm and c.taker_fee_per_unit):
        return 80
    return -1


cdef inline void define_venue(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int reason = refuse_name(c, venue_is_taken(core, c.cl_ord_id), core.venue_count, core.venue_max)
    cdef int offset = 32 if reason else find_bad_fee(c)
    cdef tc_venue* venue
    if reason or offset >= 0:
        refuse_command(core, c, ack, reason or INVALID_FIELD_VALUE, 0, offset)
        return
    core.venue_count += 1
    core.router.venue_count = core.venue_count
    venue = &core.router.venues[core.venue_count]
    venue.maker_fee_per_unit, venue.taker_fee_per_unit = c.maker_fee_per_unit, c.taker_fee_per_unit
    venue.maker_fee_ppm, venue.taker_fee_ppm = c.maker_fee_ppm, c.taker_fee_ppm
    memcpy(venue.name, c.cl_ord_id, 24)
    accept_command(core, c, 0, 0, core.venue_count, core.venue_count, 0)


cdef inline bint is_known_account(const tc_core* core, int32_t account) noexcept nogil:
    return account >= 1 and account <= core.account_count


# Only into an untouched position, so that it can't be mistaken for a trade.
cdef inline void open_position(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_position* p
    if find_instrument(core, c.instrument) == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
    elif not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.position_qty > qty_max() or c.position_qty < -qty_max():
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.position_qty, 56)
    elif c.position_px > price_max() or c.position_px < -price_max():
        refuse_command(core, c, ack, PRICE_OUT_OF_RANGE, c.position_px, price_max())
    else:
        p = position_of(&core.ledger, c.instrument, c.account)
        if p.qty != 0 or p.cost != 0 or p.realised != 0 or p.fees != 0:
            refuse_command(core, c, ack, ALREADY_DEFINED, p.qty, 0)
            return
        apply_fill(p, c.position_qty, c.position_px)
        exposure_of(&core.risk, c.instrument, c.account).position_qty += c.position_qty
        accept_command(core, c, c.instrument, c.account, 0, c.position_qty, c.position_px)


cdef inline void open_cash(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t* cash
    cdef tc_i128 balance
    if not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.currency < 1 or c.currency > core.currency_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.currency, 20)
    else:
        cash = &core.ledger.cash[c.account * core.ledger.currency_stride + c.currency]
        balance = <tc_i128>cash[0] + c.amount
        if tc_abs_wide(balance) > money_max():
            refuse_command(core, c, ack, ARITHMETIC_OVERFLOW, c.amount, money_max())
            return
        cash[0] = <int64_t>balance
        accept_command(core, c, 0, c.account, 0, c.amount, c.currency)


cdef inline void change_limit(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset
    if not is_known_account(core, c.account):
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
        return
    offset = set_limit(&core.risk, c.account, c.rule, c.value, c.window_ns)
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.rule if offset == 56 else
                       c.value if offset == 64 else c.window_ns, offset)
    else:
        accept_command(core, c, 0, c.account, 0, c.value, c.rule)


cdef inline void switch_kill(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef uint8_t on = c.engaged == 1
    cdef uint64_t bit
    if c.engaged != 0 and c.engaged != 1:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.engaged, 72)
        return
    if c.scope == SCOPE_FIRM and c.target == 0:
        core.risk.killed_firm = on
    elif c.scope == SCOPE_ACCOUNT and 1 <= c.target <= core.account_count:
        core.risk.accounts[c.target].killed = on
    elif c.scope == SCOPE_INSTRUMENT and 1 <= c.target <= core.instrument_count:
        core.risk.killed_instruments[c.target] = on
    elif c.scope == SCOPE_VENUE and 1 <= c.target <= core.venue_count:
        core.risk.killed_venues[c.target] = on
        bit = <uint64_t>1 << (c.target - 1)
        core.router.down = core.router.down | bit if on else core.router.down & ~bit
    else:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.target if 0 <= c.scope <= SCOPE_VENUE else c.scope,
                       64 if 0 <= c.scope <= SCOPE_VENUE else 56)
        return
    accept_command(core, c, 0, 0, 0, c.scope, c.target)


# ---- fills

# Positions, commissions and holds of what the last match took; taker is NULL where a quote took it.
cdef inline void book_fills(tc_core* core, int32_t instrument, int32_t venue, const tc_order* taker, uint8_t side) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[instrument]
    cdef const tc_venue* fees = &core.router.venues[venue]
    cdef const tc_fill* fill
    cdef const tc_order* maker
    cdef tc_position* p
    cdef int64_t price = 0, i
    for i in range(core.book.fill_count):
        fill = &core.book.fills[i]
        price = fill.price * ins.tick
        core.charges[i].maker = commission_of(ins, fill.qty, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)
        core.charges[i].taker = commission_of(ins, fill.qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)
        if taker != NULL:
            p = position_of(&core.ledger, instrument, taker.account)
            apply_fill(p, fill.qty if side == SIDE_BUY else -fill.qty, price)
            p.fees += core.charges[i].taker
            commit_fill(&core.risk, instrument, taker.account, side, fill.qty)
        if fill.node < core.order_slots:
            maker = &core.orders.slots[fill.node]
            p = position_of(&core.ledger, instrument, maker.account)
            apply_fill(p, -fill.qty if side == SIDE_BUY else fill.qty, price)
            p.fees += core.charges[i].maker
            commit_fill(&core.risk, instrument, maker.account, opposite(side), fill.qty)
    if core.book.fill_count:
        core.ledger.lasts[instrument] = price


# Trades into the orders' facts, and out as reports: the taker's first, then the maker's, fill by fill.
cdef inline void report_fills(tc_core* core, const tc_command* c, int32_t instrument, tc_order* taker) noexcept nogil:
    cdef const tc_fill* fill
    cdef tc_order* maker
    cdef int64_t price, i
    for i in range(core.book.fill_count):
        fill = &core.book.fills[i]
        price = fill.price * core.instruments[instrument].tick
        maker = &core.orders.slots[fill.node] if fill.node < core.order_slots else NULL
        core.exec_seq += 1
        if taker != NULL:
            taker.cum_qty += fill.qty
            taker.cum_amount = taker.cum_amount + tc_wide(fill.qty, price)
            report_trade(core, c, taker, fill, price, core.charges[i].taker,
                         maker.order_id if maker != NULL else 0, LIQUIDITY_REMOVED)
        if maker != NULL:
            maker.cum_qty += fill.qty
            maker.cum_amount = maker.cum_amount + tc_wide(fill.qty, price)
            report_trade(core, c, maker, fill, price, core.charges[i].maker,
                         taker.order_id if taker != NULL else 0, LIQUIDITY_ADDED)
            if fill.done:
                end_order(&core.orders, fill.node)


# ---- the order path

cdef inline void load_order(tc_order* order, const tc_command* c, int64_t now) noexcept nogil:
    cdef int64_t order_id = order.order_id
    memset(order, 0, sizeof(tc_order))
    order.order_id = order_id
    memcpy(order.cl_ord_id, c.cl_ord_id, 24)
    order.instrument, order.account, order.venue = c.instrument, c.account, c.venue
    order.side, order.ord_type, order.time_in_force = c.side, c.ord_type, c.time_in_force
    order.exec_inst = <uint8_t>c.exec_inst
    order.order_qty, order.transact_time = c.order_qty, now
    order.price = no_price() if c.ord_type == TYPE_MARKET else c.price


cdef inline void reject_order(
    tc_core* core, const tc_command* c, uint32_t slot, int reason, int64_t value, int64_t bound
) noexcept nogil:
    cdef tc_order* order = &core.orders.slots[slot]
    order.rejected, order.reason, order.value, order.bound = 1, <int16_t>reason, value, bound
    report_end(core, c, order, STATUS_REJECTED)
    end_order(&core.orders, slot)


cdef inline void cancel_order(tc_core* core, const tc_command* c, uint32_t slot, int reason) noexcept nogil:
    cdef tc_order* order = &core.orders.slots[slot]
    release_hold(&core.risk, order.instrument, order.account, order.side, leaves_of(order))
    order.ended, order.reason = 1, <int16_t>reason
    report_end(core, c, order, STATUS_CANCELED)
    end_order(&core.orders, slot)


# The worst tick that the order may trade at.
cdef inline int64_t limit_ticks(const tc_core* core, const tc_instrument* ins, const tc_question* q) noexcept nogil:
    cdef int64_t price = q.price
    if q.ord_type == TYPE_MARKET:
        if core.risk.accounts[q.account].limits[RULE_COLLAR] >= 0:
            price = protection_price(&core.risk.accounts[q.account], q)
        else:
            price = price_max() if q.side == SIDE_BUY else -price_max()
    return tc_floor_div(price, ins.tick) if q.side == SIDE_BUY else -tc_floor_div(-price, ins.tick)


# The first ranked venue that displays a price within the limit (FILL_OR_KILL: and holds the whole quantity);
# where there is none, the venue where the order rests best. 0: every venue is down.
cdef inline int32_t route_order(
    tc_core* core, const tc_instrument* ins, tc_order* order, int64_t limit
) noexcept nogil:
    cdef tc_ranking* ranking = rank_venues(&core.router, ins, order.instrument, order.side, core.now)
    cdef int32_t venue
    cdef uint32_t row
    cdef int at
    if ranking.changed:
        keep_decision(&core.router, side_row(order.instrument, order.side))
    order.decision = ranking.decision
    if not order.exec_inst & INST_POST_ONLY:
        for at in range(ranking.count):
            venue = ranking.order[at]
            row = row_of(core, order.instrument, venue, opposite(order.side))
            if (core.router.down >> (venue - 1)) & 1 or not crosses(&core.book, row, limit):
                continue
            if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, order.order_qty):
                continue
            return venue
    return posting_venue(&core.router, ins, limit * ins.tick if order.ord_type == TYPE_LIMIT else 0)


# Takes what it may, rests what may rest. Returns why the order ends here, or REASON_NONE.
cdef inline int execute_order(
    tc_core* core, const tc_instrument* ins, const tc_order* order, uint32_t slot, int64_t limit
) noexcept nogil:
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(order.side))
    cdef int64_t left
    core.book.fill_count = 0
    if order.exec_inst & INST_POST_ONLY and crosses(&core.book, row, limit):
        return POST_ONLY_WOULD_TAKE
    if order.time_in_force == TIF_FOK and not is_fillable(&core.book, row, limit, order.order_qty):
        return FOK_NOT_FILLABLE
    left = match_order(&core.book, row, limit, order.order_qty)
    if left == 0:
        return REASON_NONE
    if order.ord_type == TYPE_MARKET:
        return MARKET_LEFTOVER
    if order.time_in_force == TIF_IOC:
        return IOC_LEFTOVER
    add_node(&core.book, row_of(core, order.instrument, order.venue, order.side), slot, limit, left)
    return REASON_NONE


# New, trades, and the end where it ends at once.
cdef inline void report_execution(
    tc_core* core, const tc_command* c, tc_order* order, uint32_t slot, int reason
) noexcept nogil:
    if reason == POST_ONLY_WOULD_TAKE:
        release_hold(&core.risk, order.instrument, order.account, order.side, order.order_qty)
        reject_order(core, c, slot, reason, order.price,
                     touch_price(&core.router, order.instrument, order.side, order.venue))
        return
    publish_report(&core.events, start_execution(core, c, order, STATUS_NEW))
    report_fills(core, c, order.instrument, order)
    if reason:
        cancel_order(core, c, slot, reason)
    elif leaves_of(order) == 0:
        end_order(&core.orders, slot)


# Finds a used id, or claims it. An id that is no id claims nothing: validation refuses it.
cdef inline int claim_order_id(tc_core* core, const tc_order* order, uint32_t slot) noexcept nogil:
    if id_is_empty(order.cl_ord_id) or not id_is_valid(order.cl_ord_id):
        return REASON_NONE
    if find_id(&core.ids, order.cl_ord_id) != NULL:
        return DUPLICATE_CLORDID
    if core.ids.count == core.ids.capacity:
        return TABLE_FULL
    claim_id(&core.ids, order.cl_ord_id, order.order_id, slot)
    return REASON_NONE


cdef inline void ask_risk(const tc_core* core, const tc_command* c, tc_question* q) noexcept nogil:
    q.order_qty, q.price, q.reference2, q.now = c.order_qty, c.price, no_price(), core.now
    q.instrument, q.account, q.venue, q.side, q.ord_type = c.instrument, c.account, c.venue, c.side, c.ord_type
    q.open_orders, q.max_open_orders = core.orders.open_count, core.orders.open_max


cdef inline void enter_order(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0, since = start, mask
    cdef uint32_t slot = open_order(&core.orders, core.command_seq)
    cdef tc_order* order = &core.orders.slots[slot]
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef tc_question q
    cdef tc_finding finding
    cdef int64_t limit
    cdef int reason, claimed

    load_order(order, c, core.now)
    claimed = claim_order_id(core, order, slot)
    mask = validate_order(ins, core.account_count, core.venue_count, c)
    since = count_stage(core, STAGE_VALIDATION, since, timed)
    if mask:
        explain_mask(mask, ins, core.instrument_count, core.account_count, core.venue_count, c,
                     &finding.value, &finding.limit)
        order.reject_mask = <int64_t>mask
        reject_order(core, c, slot, INVALID_FIELD_VALUE + tc_lowest_bit(mask), finding.value, finding.limit)
    elif claimed == TABLE_FULL:
        reject_order(core, c, slot, TABLE_FULL, core.ids.count, core.ids.capacity)
    else:
        ask_risk(core, c, &q)
        q.duplicate = claimed == DUPLICATE_CLORDID
        q.open_orders -= 1                             # this one
        if needs_reference(&core.risk.accounts[c.account], c.ord_type, c.side):
            q.reference2 = twice_reference(core, c.instrument)
        reason = check_risk(&core.risk, ins, &q, &finding)
        if not reason:
            reserve_order(&core.risk, &q)
        since = count_stage(core, STAGE_RISK, since, timed)
        if reason:
            reject_order(core, c, slot, reason, finding.value, finding.limit)
        else:
            limit = limit_ticks(core, ins, &q)
            if order.venue == 0:
                order.venue = route_order(core, ins, order, limit)
            since = count_stage(core, STAGE_ROUTING, since, timed)
            if order.venue == 0:
                release_hold(&core.risk, c.instrument, c.account, c.side, c.order_qty)
                reject_order(core, c, slot, NO_VENUE, 0, core.venue_count)
            else:
                reason = execute_order(core, ins, order, slot, limit)
                sync_top(core, c.instrument, order.venue, SIDE_BUY)
                sync_top(core, c.instrument, order.venue, SIDE_SELL)
                since = count_stage(core, STAGE_EXECUTION, since, timed)
                book_fills(core, c.instrument, order.venue, order, c.side)
                since = count_stage(core, STAGE_POSITION, since, timed)
                report_execution(core, c, order, slot, reason)
    acknowledge(core, order, ack)
    count_stage(core, STAGE_EVENTS, since, timed)
    count_stage(core, STAGE_ORDER, start, timed)


cdef inline void enter_cancel(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    cdef uint64_t start = tc_ticks() if timed else 0
    cdef const tc_id_entry* entry
    cdef tc_order* order = NULL
    cdef tc_report* r
    cdef int reason = UNKNOWN_ORDER
    cdef int64_t order_id = c.order_id
    if not id_is_empty(c.orig_cl_ord_id):
        entry = find_id(&core.ids, c.orig_cl_ord_id)
        order_id = entry.order_id if entry != NULL else 0
        if entry != NULL and core.orders.slots[entry.slot].order_id == order_id:
            order = &core.orders.slots[entry.slot]
        elif entry != NULL:
            reason = TOO_LATE_TO_CANCEL                # it ended so long ago that it is evicted
    elif order_id > 0:
        order = find_order(&core.orders, order_id)
    if order != NULL and leaves_of(order) > 0:
        remove_node(&core.book, <uint32_t>(order - core.orders.slots))
        sync_top(core, order.instrument, order.venue, opposite(order.side))
        cancel_order(core, c, <uint32_t>(order - core.orders.slots), CANCEL_REQUESTED)
        acknowledge(core, order, ack)
    else:
        if order != NULL:
            reason = TOO_LATE_TO_CANCEL
        r = start_report(core, c, REPORT_CANCEL_REJECT)
        r.order_id, r.reason = order_id, <int16_t>reason
        r.cxl_rej_reason = 0 if reason == TOO_LATE_TO_CANCEL else 1
        r.ord_status = STATUS_REJECTED if order == NULL else derive_status(order)
        memcpy(r.cl_ord_id, c.orig_cl_ord_id, 24)
        if order != NULL:
            r.instrument, r.account, r.venue = order.instrument, order.account, order.venue
            r.side, r.cum_qty, r.order_qty = order.side, order.cum_qty, order.order_qty
        publish_report(&core.events, r)
        ack.order_id, ack.report_type, ack.ord_status = order_id, REPORT_CANCEL_REJECT, r.ord_status
        ack.reason, ack.cxl_rej_reason = <int16_t>reason, r.cxl_rej_reason
        if order != NULL:
            ack.cum_qty = order.cum_qty
    count_stage(core, STAGE_CANCEL, start, timed)


# ---- market data

# 0, or the reason why a displayed side can't be: `offset` then names its field.
cdef inline int find_bad_quote_side(
    const tc_instrument* ins, int64_t price, int64_t size, int first, int* offset
) noexcept nogil:
    offset[0] = first + 8
    if size < 0 or size > qty_max():
        return INVALID_FIELD_VALUE
    if size == 0:
        return REASON_NONE
    offset[0] = first
    if price > price_max() or price < -price_max() or (price <= 0 and not ins.any_sign):
        return PRICE_OUT_OF_RANGE
    if tc_floor_mod(price, ins.tick) != 0:
        return PRICE_TICK_MULTIPLE
    if tc_wide(tc_abs(price), size) * ins.notional_scale > tc_wide(money_max(), ins.limit_scale):
        return NOTIONAL_ABOVE_MAX
    return REASON_NONE


# One side of a quote is one external order: it takes what it crosses, at the resting prices, and rests for the remainder.
cdef inline void quote_side(tc_core* core, const tc_command* c, uint8_t side, int64_t price, int64_t size) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[c.instrument]
    cdef uint32_t row = row_of(core, c.instrument, c.venue, side)
    cdef int64_t ticks, left
    core.book.fill_count = 0
    if size == 0:
        return
    ticks = tc_floor_div(price, ins.tick)
    left = match_order(&core.book, row_of(core, c.instrument, c.venue, opposite(side)), ticks, size)
    if left:
        add_node(&core.book, row, core.order_slots + row, ticks, left)
    book_fills(core, c.instrument, c.venue, NULL, side)
    report_fills(core, c, c.instrument, NULL)


cdef inline void enter_quote(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef uint8_t side
    cdef int reason, offset = 0
    cdef uint32_t node
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if c.venue < 1 or c.venue > core.venue_count:
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    reason = find_bad_quote_side(ins, c.bid_px, c.bid_size, 56, &offset)
    if not reason:
        reason = find_bad_quote_side(ins, c.ask_px, c.ask_size, 72, &offset)
    if not reason and c.bid_size and c.ask_size and c.bid_px >= c.ask_px:
        reason, offset = INVALID_FIELD_VALUE, 72
    if reason:
        refuse_command(core, c, ack, reason, c.bid_px if offset == 56 else c.bid_size if offset == 64
                       else c.ask_px if offset == 72 else c.ask_size, offset)
        return
    for side in range(SIDE_BUY, SIDE_SELL + 1):
        node = core.order_slots + row_of(core, c.instrument, c.venue, side)
        if core.book.nodes[node].qty > 0:
            remove_node(&core.book, node)
    quote_side(core, c, SIDE_BUY, c.bid_px, c.bid_size)
    quote_side(core, c, SIDE_SELL, c.ask_px, c.ask_size)
    sync_top(core, c.instrument, c.venue, SIDE_BUY)
    sync_top(core, c.instrument, c.venue, SIDE_SELL)


cdef inline void enter_mark(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
    elif c.mark_px > price_max() or c.mark_px < -price_max() or (c.mark_px <= 0 and not ins.any_sign):
        refuse_command(core, c, ack, PRICE_OUT_OF_RANGE, c.mark_px, 56)
    else:
        core.ledger.marks[c.instrument] = c.mark_px


# ---- one command

cdef inline void apply_command(tc_core* core, const tc_command* c, tc_ack* ack, int64_t now, bint timed) noexcept nogil:
    cdef int64_t time = c.transact_time if c.transact_time != 0 else now
    memset(ack, 0, sizeof(tc_ack))
    ack.report_type, ack.ord_rej_reason, ack.cxl_rej_reason = REPORT_ACCEPTED, -1, -1
    core.command_seq += 1
    if time < 0 or time > time_max():
        if c.kind != KIND_NEW_ORDER:
            refuse_command(core, c, ack, INVALID_FIELD_VALUE, time, 24)
            return
    elif time > core.now:                              # the core's clock never goes back
        core.now = time
    if c.kind == KIND_NEW_ORDER:
        enter_order(core, c, ack, timed)
    elif c.kind == KIND_CANCEL:
        enter_cancel(core, c, ack, timed)
    elif c.kind == KIND_QUOTE:
        enter_quote(core, c, ack)
    elif c.kind == KIND_MARK:
        enter_mark(core, c, ack)
    elif c.kind == KIND_SET_LIMIT:
        change_limit(core, c, ack)
    elif c.kind == KIND_KILL_SWITCH:
        switch_kill(core, c, ack)
    elif c.kind == KIND_OPENING_POSITION:
        open_position(core, c, ack)
    elif c.kind == KIND_OPENING_CASH:
        open_cash(core, c, ack)
    elif c.kind == KIND_DEFINE_CURRENCY:
        define_currency(core, c, ack)
    elif c.kind == KIND_DEFINE_ACCOUNT:
        define_account(core, c, ack)
    elif c.kind == KIND_DEFINE_VENUE:
        define_venue(core, c, ack)
    elif c.kind == KIND_DEFINE_INSTRUMENT:
        define_instrument(core, c, ack)
    else:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.kind, 0)

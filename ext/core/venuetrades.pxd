# Trades, busts and corrections that external venues report. Money is never refused: a trade is booked whatever the
# status, and flagged where it is unexpected; one that matches no order goes to suspense. A trade counts once by
# (venue, instrument, side, exec_id) over two rolls of the day, whatever is redelivered. Source: FIX 4.4 Appendix D.

from venuereports cimport *


# |position| of the whole firm in quantity units: a venue's trades are not asked for its limits.
cdef inline int64_t firm_max() noexcept nogil:
    return <int64_t>1 << 62


# What a trade says: of its order, and of the id that it names its order with, which may be forgotten by now.
cdef inline uint64_t say_trade(
    const tc_core* core, const tc_command* c, int64_t order_id, uint64_t* named
) noexcept nogil:
    cdef uint64_t subject = <uint64_t>c.order_id
    if c.cl_ord_id and id_is_known(&core.texts, c.cl_ord_id):
        subject = hash_of_id(&core.texts, c.cl_ord_id)
    named[0] = said_of(EXEC_TRADE, subject, c.last_qty, c.last_px)
    return said_of(EXEC_TRADE, <uint64_t>order_id, c.last_qty, c.last_px)


# Why an execution is not taken whose identity entry `known` has, and had within two rolls of the day; with its number.
cdef inline int find_known(
    const tc_core* core, int64_t known, uint64_t said, uint64_t named, int64_t* value
) noexcept nogil:
    cdef const tc_exec_id* entry = exec_id_at(&core.exec_ids, known)
    if known == 0 or known < core.exec_ids.day_firsts[DAYS_KNOWN]:
        return REASON_NONE
    value[0] = entry.execution
    return EXECID_REPEATED if entry.said == said or entry.named == named else EXECID_REUSED


# Why a trade is not booked whose identity is known: delivered again, or used again for something else. One that tells
# no symbol or side, whose order is forgotten by now, is known by its id alone.
cdef inline int find_again(
    const tc_core* core, const tc_command* c, int32_t instrument, uint8_t side, int64_t order_id, int64_t* value
) noexcept nogil:
    cdef const tc_execution* trade
    cdef int64_t number
    cdef uint64_t said, named = 0
    if instrument == 0 or not is_side(side):
        number = find_named_trade(&core.trades, c.venue, instrument, 0, c.exec_id)
        if number == 0:
            return REASON_NONE
        trade = execution_at(&core.trades, number)
        instrument = trade.instrument
        side = trade.side
    number = find_exec_id(&core.exec_ids, c.venue, instrument, direction(side), c.exec_id)
    if number == 0:
        return REASON_NONE
    said = say_trade(core, c, order_id, &named)
    return find_known(core, number, said, named, value)


# Would a sum leave its integers with `signed` more in a position and `more` in its order? Which, with its bound.
cdef inline bint is_beyond(
    const tc_core* core, int32_t instrument, int32_t account, int64_t signed, const tc_order* order, int64_t more,
    int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_position* p = position_of(&core.ledger, instrument, account)
    bound[0] = position_max()
    value[0] = p.qty + signed
    if tc_abs(value[0]) > bound[0]:
        return True
    value[0] = exposure_of(&core.risk, instrument, 0).position_qty + signed
    if tc_abs(value[0]) > firm_max():
        bound[0] = firm_max()
        return True
    value[0] = p.qty
    if is_beyond_sum(p.realised):
        return True
    if order == NULL:
        return False
    value[0] = order.cum_qty + more
    return value[0] > bound[0]


cdef inline void put_trade(tc_report* r, const tc_execution* row) noexcept nogil:
    r.last_qty = row.qty
    r.last_px = row.price
    r.commission = tc_saturate(row.commission)
    r.exec_id = row.exec_id
    r.venue_exec_id = row.venue_exec_id
    r.flags |= FLAG_VENUE


# A trade of an order; of none that is known: into suspense, which counts for the firm.
cdef inline void book_venue_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t order_id, tc_order* order, int32_t instrument,
    uint8_t side
) noexcept nogil:
    cdef const tc_venue* fees = &core.router.venues[c.venue]
    cdef tc_i128 commission = commission_of(&core.instruments[instrument], c.last_qty, c.last_px,
                                            fees.taker_fee_per_unit, fees.taker_fee_ppm)
    cdef tc_execution* row
    cdef tc_order* teller
    cdef tc_report* r
    cdef uint64_t said, named = 0
    cdef bint late
    core.exec_seq += 1
    row = book_trade(core, instrument, order.account if order != NULL else 0, c.venue, direction(side), c.last_qty,
                     c.last_px, commission, core.exec_seq, order_id)
    row.venue_exec_id = c.exec_id
    tc_assert((row.exec_id == core.exec_seq) & (row.trade == 0))
    said = say_trade(core, c, order_id, &named)
    know_exec_id(&core.exec_ids, &core.trades, core.exec_seq, said, named,
                 hash_exec_id(c.venue, instrument, row.side, hash_of_id(&core.texts, c.exec_id)))
    if order != NULL and order.terminal == 0:          # an old trade, or nobody's, is no price of now
        core.ledger.lasts[instrument] = c.last_px
        tell_price(core, instrument)
    if order == NULL:
        core.trades_in_suspense += 1
        r = start_report(core, c, REPORT_EXECUTION)
        put_trade(r, row)
        r.last_liquidity_ind = 0
        r.exec_type = EXEC_TRADE
        r.order_id = order_id
        r.instrument = instrument
        put_place(r, 0, c.venue)
        r.side = side
        r.cl_ord_id = c.cl_ord_id
        r.reason = TRADE_IN_SUSPENSE
        put_told_time(r, c)
        publish_report(&core.events, r)
        ack.order_id = order_id
        ack.report_type = REPORT_EXECUTION
        ack.reason = TRADE_IN_SUSPENSE
        return
    teller = teller_of(core, order)
    late = order.terminal != 0 or teller.terminal != 0
    add_fills(core, order, c.last_qty, c.last_px)
    r = start_execution(core, c, teller, EXEC_TRADE)
    r.venue = <uint8_t>order.venue
    put_trade(r, row)
    if teller.cum_qty > teller.order_qty:
        r.reason = OVERFILL
    elif late:
        r.reason = LATE_TRADE
    elif is_worse(&core.orders, order, c.last_px):
        r.reason = FILL_BEYOND_LIMIT
    put_told_time(r, c)
    publish_execution(core, teller, r)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


# An exec_id that is none, or that found no room in the table of ids, is refused here, and True returned.
cdef inline bint refuse_exec_id(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.exec_id == NO_ROOM:
        refuse_report(core, c, ack, IDS_FULL, core.texts.count, core.texts.capacity)
        return True
    if id_is_known(&core.texts, c.exec_id):
        return False
    refuse_report(core, c, ack, INVALID_FIELD_VALUE, 0, 72)
    return True


cdef inline void enter_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t order_id, tc_order* order
) noexcept nogil:
    cdef int32_t instrument = c.instrument
    cdef uint8_t side = c.side
    cdef int64_t value = 0, bound = 0, signed
    cdef int reason
    if c.exec_id == 0:
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, 0, 72)
        return
    if order != NULL:
        instrument = instrument if instrument else order.instrument
        side = side if side else order.side
    reason = find_again(core, c, instrument, side, order_id, &value)
    if reason:
        refuse_report(core, c, ack, reason, value, order_id)
        return
    if find_instrument(core, instrument) == NULL:
        refuse_report(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if not is_side(side):
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.side, 1)
        return
    if order != NULL and (instrument != order.instrument or direction(side) != direction(order.side)):
        order = NULL                                   # whatever the venue means, it is not that order's trade
    if c.last_qty < 1 or c.last_qty > qty_max():
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.last_qty, 96)
        return
    if find_bad_price(&core.instruments[instrument], c.last_px, &bound):
        refuse_report(core, c, ack, PRICE_OUT_OF_RANGE, c.last_px, bound)
        return
    if is_beyond_amount(&core.instruments[instrument], c.last_px, c.last_qty):
        refuse_report(core, c, ack, ARITHMETIC_OVERFLOW, c.last_qty,
                      most_qty(&core.instruments[instrument], c.last_px))
        return
    signed = c.last_qty if direction(side) == SIDE_BUY else -c.last_qty
    if is_beyond(core, instrument, order.account if order != NULL else 0, signed, order, c.last_qty, &value, &bound):
        refuse_report(core, c, ack, ARITHMETIC_OVERFLOW, value, bound)
        return
    book_venue_trade(core, c, ack, order_id, order, instrument, side)


cdef inline void enter_execution_report(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t order_id = 0
    cdef tc_order* order
    if not is_external(core, c.venue):
        refuse_report(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    if not is_exec_type(c.exec_type) or is_correction(c.exec_type):
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.exec_type, 2)
        return
    if refuse_exec_id(core, c, ack):
        return
    order = find_venue_order(core, c, &order_id)
    if c.exec_type == EXEC_TRADE:
        enter_trade(core, c, ack, order_id, order)
    elif order == NULL:
        refuse_report(core, c, ack, UNKNOWN_ORDER, order_id, 0)
    elif c.exec_type == EXEC_ORDER_STATUS:
        take_status(core, c, ack, order)
    else:
        take_state(core, c, ack, order)


# ---- corrections

# The log's row of a bust or a correction: what becomes of the trade in row `number`, which was this.
cdef inline void log_correction(
    tc_core* core, const tc_command* c, const tc_execution* was, int64_t number, int64_t qty, int64_t price
) noexcept nogil:
    cdef tc_execution* row = append_execution(&core.trades, &core.ledger)
    tc_clear(row, sizeof(tc_execution))
    row.exec_id = core.exec_seq
    row.order_id = was.order_id
    row.instrument = was.instrument
    row.account = was.account
    row.venue = was.venue
    row.exec_type = c.exec_type
    row.side = was.side
    row.qty = qty
    row.price = price
    row.day = core.day
    row.trade = number
    row.ref_exec_id = was.exec_id
    row.venue_exec_id = c.exec_id


# Makes a trade this quantity and price, 0 where it is busted, and derives everything from it again.
cdef inline void correct_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t number, int64_t qty, int64_t price, uint64_t said
) noexcept nogil:
    cdef tc_execution* trade = execution_at(&core.trades, number)
    cdef tc_execution was = trade[0]
    cdef const tc_venue* fees = &core.router.venues[was.venue]
    cdef int64_t more = qty - was.qty
    cdef tc_order* order
    cdef tc_order* teller = NULL
    cdef tc_report* r
    cdef tc_i128 commission = 0
    tc_assert((was.trade == 0) & (was.state == TRADE_LIVE) & (qty >= 0))
    if qty:
        commission = commission_of(&core.instruments[was.instrument], qty, price, fees.taker_fee_per_unit,
                                   fees.taker_fee_ppm)
        trade.qty = qty
        trade.price = price
    else:
        trade.state = TRADE_BUSTED
    trade.commission = commission
    rebuild_position(&core.trades, &core.ledger, was.instrument, was.account)
    core.exec_seq += 1
    log_correction(core, c, &was, number, qty, price)    # it may fold `trade`, as rebuilt, and take its place
    know_exec_id(&core.exec_ids, &core.trades, core.exec_seq, said, said,
                 hash_exec_id(was.venue, was.instrument, was.side, hash_of_id(&core.texts, c.exec_id)))
    move_position(&core.risk, was.instrument, was.account, more if was.side == SIDE_BUY else -more)
    tc_assert((was.account == 0) | (exposure_of(&core.risk, was.instrument, was.account).position_qty
                                    == position_of(&core.ledger, was.instrument, was.account).qty))
    tell_trimmed(core, was.instrument, was.account)
    order = find_order(&core.orders, was.order_id) if was.account else NULL
    if order == NULL:
        r = start_report(core, c, REPORT_EXECUTION)
        r.exec_type = c.exec_type
        r.order_id = was.order_id
        r.instrument = was.instrument
        put_place(r, was.account, was.venue)
        r.last_liquidity_ind = 0
        r.side = was.side
        if was.account == 0:
            r.reason = TRADE_IN_SUSPENSE
    else:
        teller = teller_of(core, order)
        correct_facts(core, order, &was, qty, price)
        if teller != order:
            correct_facts(core, teller, &was, qty, price)
        r = start_execution(core, c, teller, c.exec_type)
        r.venue = <uint8_t>order.venue
        if teller.cum_qty > teller.order_qty and qty > 0:
            r.reason = OVERFILL
    r.last_qty = qty
    r.last_px = price if qty else no_price()
    r.commission = tc_saturate(commission)
    r.exec_id = core.exec_seq
    r.exec_ref_id = was.exec_id
    put_told_time(r, c)
    if order == NULL:
        publish_report(&core.events, r)
        ack.order_id = was.order_id
        ack.report_type = REPORT_EXECUTION
        return
    publish_execution(core, teller, r)
    sync_order(core, order)
    acknowledge(core, order, ack)


# The row of the trade that a venue's exec_id is about (its own, a bust's or a correction's), by its whole identity
# where that is told, else by the id alone if only one trade of the log has it; 0 where none is held.
cdef inline int64_t find_told_trade(
    const tc_core* core, int32_t venue, int32_t instrument, uint8_t side, int64_t exec_id
) noexcept nogil:
    cdef int64_t known, number = 0
    if instrument == 0 or not is_side(side):
        return find_named_trade(&core.trades, venue, instrument, 0, exec_id)
    known = find_exec_id(&core.exec_ids, venue, instrument, direction(side), exec_id)
    if known:
        number = row_of_id(&core.trades, exec_id_at(&core.exec_ids, known))
    if number and execution_at(&core.trades, number).trade:
        number = execution_at(&core.trades, number).trade
    return number if number >= first_execution(&core.trades) else 0


# Would a trade that becomes `qty` at a price take what it is part of out of its integers? Or why it can't be so.
cdef inline int find_bad_correction(
    const tc_core* core, int64_t number, int64_t qty, int64_t price, bint busts, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_execution* trade = execution_at(&core.trades, number)
    cdef const tc_instrument* ins = &core.instruments[trade.instrument]
    cdef const tc_order* order = find_order(&core.orders, trade.order_id) if trade.account else NULL
    cdef int64_t more = qty - trade.qty
    value[0] = qty
    if not busts:
        if qty < 1 or qty > qty_max():
            bound[0] = 96
            return INVALID_FIELD_VALUE
        if find_bad_price(ins, price, bound):
            value[0] = price
            return PRICE_OUT_OF_RANGE
        if is_beyond_amount(ins, price, qty):
            bound[0] = most_qty(ins, price)
            return ARITHMETIC_OVERFLOW
    if is_beyond(core, trade.instrument, trade.account, more if trade.side == SIDE_BUY else -more, order, more,
                 value, bound):
        return ARITHMETIC_OVERFLOW
    bound[0] = firm_max()
    return ARITHMETIC_OVERFLOW if is_beyond_rebuild(&core.trades, &core.ledger, number, qty, bound[0], value) else 0


# TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the ledger
# had been rebuilt from the trades that survive.
cdef inline void enter_correction(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef bint busts = c.exec_type == EXEC_TRADE_CANCEL
    cdef uint64_t said
    cdef int64_t qty = 0 if busts else c.last_qty, price = 0 if busts else c.last_px, value = 0, bound = 0
    cdef int64_t number, mine, known = 0, exec_id = 0, state = TRADE_FOLDED
    cdef const tc_execution* trade
    cdef int reason
    if not is_external(core, c.venue):
        refuse_report(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    if not is_correction(c.exec_type):
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.exec_type, 2)
        return
    if refuse_exec_id(core, c, ack):
        return
    if c.exec_id == 0:
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, 0, 72)
        return
    number = find_told_trade(core, c.venue, c.instrument, c.side, c.exec_ref_id)
    mine = number if number else find_named_trade(&core.trades, c.venue, 0, 0, c.exec_id)
    if number:
        trade = execution_at(&core.trades, number)
        exec_id = trade.exec_id
        state = trade.state
    if mine:
        trade = execution_at(&core.trades, mine)
        known = find_exec_id(&core.exec_ids, c.venue, trade.instrument, trade.side, c.exec_id)
    said = hash_of_id(&core.texts, c.exec_ref_id) if id_is_known(&core.texts, c.exec_ref_id) else 0
    said = said_of(c.exec_type, hash_exec_id(c.venue, 0, 0, said), qty, price)
    reason = find_known(core, known, said, said, &value)
    if reason:
        refuse_report(core, c, ack, reason, value, exec_id)
        return
    if state != TRADE_LIVE:
        refuse_report(core, c, ack, UNKNOWN_TRADE, exec_id, state)
        return
    reason = find_bad_correction(core, number, qty, price, busts, &value, &bound)
    if reason:
        refuse_report(core, c, ack, reason, value, bound)
        return
    correct_trade(core, c, ack, number, qty, price, said)

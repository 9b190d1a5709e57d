# Trades, busts and corrections that external venues report. Money is never refused: a trade is booked whatever the
# status, and flagged where it is unexpected; one that matches no order goes to suspense. A trade counts once by
# (venue, exec_id, day), whatever is redelivered. Source: FIX 4.4 Appendix D.

from venuereports cimport *


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
    uint8_t side, uint64_t said
) noexcept nogil:
    cdef const tc_venue* fees = &core.router.venues[c.venue]
    cdef tc_i128 commission = commission_of(&core.instruments[instrument], c.last_qty, c.last_px,
                                            fees.taker_fee_per_unit, fees.taker_fee_ppm)
    cdef tc_execution* row
    cdef tc_order* teller
    cdef tc_report* r
    cdef bint late
    core.exec_seq += 1
    row = book_trade(core, instrument, order.account if order != NULL else 0, c.venue, direction(side), c.last_qty,
                     c.last_px, commission, core.exec_seq, order_id)
    row.venue_exec_id = c.exec_id
    tc_assert((row.exec_id == core.exec_seq) & (row.trade == 0))
    know_exec_id(&core.exec_ids, &core.trades, core.exec_seq, said,
                 hash_exec_id(c.venue, hash_of_id(&core.texts, c.exec_id)))
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
    put_told_time(r, c)
    publish_execution(core, teller, r)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


# An exec_id of today: delivered again, or used again for something else.
cdef inline void refuse_known(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t known, uint64_t said, int64_t bound
) noexcept nogil:
    cdef const tc_exec_id* entry = exec_id_at(&core.exec_ids, known)
    refuse_report(core, c, ack, EXECID_REPEATED if entry.said == said else EXECID_REUSED, entry.execution >> 8, bound)


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
    cdef int64_t bound = 0, known
    cdef uint64_t said
    if c.exec_id == 0:
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, 0, 72)
        return
    if order != NULL:
        instrument = instrument if instrument else order.instrument
        side = side if side else order.side
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
    known = find_exec_id(&core.exec_ids, c.venue, c.exec_id)
    said = said_of(EXEC_TRADE, <uint64_t>order_id, c.last_qty, c.last_px)
    if known >= core.exec_ids.day_first:
        refuse_known(core, c, ack, known, said, order_id)
        return
    book_venue_trade(core, c, ack, order_id, order, instrument, side, said)


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


# A trade of an order is now this much at this price.
cdef inline void correct_facts(
    tc_core* core, tc_order* order, const tc_execution* was, int64_t qty, int64_t price
) noexcept nogil:
    order.cum_qty += qty - was.qty
    tc_assert(order.cum_qty >= 0)
    if qty > was.qty and order.extended:               # what is taken back is not given to the others again
        tell_fill(&core.groups, order, terms_of(&core.orders, order), qty - was.qty)
    order.cum_amount = order.cum_amount + tc_wide(qty, price) - tc_wide(was.qty, was.price)


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
    know_exec_id(&core.exec_ids, &core.trades, core.exec_seq, said,
                 hash_exec_id(c.venue, hash_of_id(&core.texts, c.exec_id)))
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


# TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the ledger
# had been rebuilt from the trades that survive.
cdef inline void enter_correction(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef bint busts = c.exec_type == EXEC_TRADE_CANCEL
    cdef uint64_t said
    cdef int64_t qty = 0 if busts else c.last_qty, price = 0 if busts else c.last_px, bound = 0
    cdef int64_t number = 0, exec_id = 0, state = TRADE_FOLDED
    cdef int64_t known = find_exec_id(&core.exec_ids, c.venue, c.exec_ref_id)
    cdef const tc_execution* named
    cdef const tc_instrument* ins
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
    number = row_of_id(&core.trades, exec_id_at(&core.exec_ids, known)) if known else 0
    if number:
        named = execution_at(&core.trades, number)
        number = named.trade if named.trade else number
        exec_id = named.ref_exec_id if named.trade else named.exec_id
        if number >= first_execution(&core.trades):
            state = execution_at(&core.trades, number).state
    known = find_exec_id(&core.exec_ids, c.venue, c.exec_id)
    said = hash_of_id(&core.texts, c.exec_ref_id) if id_is_known(&core.texts, c.exec_ref_id) else 0
    said = said_of(c.exec_type, hash_exec_id(c.venue, said), qty, price)
    if known >= core.exec_ids.day_first:
        refuse_known(core, c, ack, known, said, exec_id)
        return
    if state != TRADE_LIVE:
        refuse_report(core, c, ack, UNKNOWN_TRADE, exec_id, state)
        return
    if not busts:
        if qty < 1 or qty > qty_max():
            refuse_report(core, c, ack, INVALID_FIELD_VALUE, qty, 96)
            return
        ins = &core.instruments[execution_at(&core.trades, number).instrument]
        if find_bad_price(ins, price, &bound):
            refuse_report(core, c, ack, PRICE_OUT_OF_RANGE, price, bound)
            return
        if is_beyond_amount(ins, price, qty):
            refuse_report(core, c, ack, ARITHMETIC_OVERFLOW, qty, most_qty(ins, price))
            return
    correct_trade(core, c, ack, number, qty, price, said)

# Busts and corrections that external venues report, and the fees that they tell: what is derived from a trade becomes
# what the ledger would be if it were built anew from the trades that survive. Source: FIX 4.4 Appendix D.

from venuereports cimport *


# A commission, its currency where that is not the instrument's, and whether its venue told it.
cdef struct tc_fee:
    tc_i128 commission
    int32_t currency
    uint8_t told


# Would a sum leave its integers with `signed` more in a position and `more` in its order? Which, with its bound.
cdef inline bint find_beyond(
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
    value[0] = teller_of(core, order).cum_qty + more   # it has what its parts have
    return value[0] > bound[0]


# Why a commission that a venue told can't be booked.
cdef inline int find_bad_fee(
    const tc_core* core, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    if not c.told & TOLD_COMMISSION:
        return REASON_NONE
    value[0] = c.currency
    bound[0] = 20
    if c.currency < 0 or c.currency > core.currency_count:
        return INVALID_FIELD_VALUE
    value[0] = c.commission
    bound[0] = 80
    return INVALID_FIELD_VALUE if c.commission > fee_max() or c.commission < -fee_max() else REASON_NONE


cdef inline tc_fee fee_of(
    const tc_core* core, const tc_command* c, const tc_instrument* ins, int32_t venue, int64_t qty, int64_t price
) noexcept nogil:
    cdef const tc_venue* fees = &core.router.venues[venue]
    cdef tc_fee fee
    fee.currency = 0
    fee.told = c.told & TOLD_COMMISSION
    if fee.told:
        fee.commission = c.commission
        if c.currency != ins.currency:
            fee.currency = c.currency
    else:
        fee.commission = commission_of(ins, qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)
    return fee


cdef inline uint8_t flags_of(const tc_command* c, const tc_execution* trade) noexcept nogil:
    return (FLAG_VENUE | (FLAG_ROUNDED if c.told & TOLD_ROUNDED else 0)
            | (FLAG_FOREIGN if trade.currency else 0))


# From now on the log's last row is known by its identity.
cdef inline void know_execution(
    tc_core* core, int64_t exec_id, uint64_t said, uint64_t named, const tc_execution* row, uint64_t fee=0
) noexcept nogil:
    know_exec_id(&core.exec_ids, &core.trades, row.exec_id, said, named, fee,
                 hash_exec_id(row.venue, row.instrument, row.side, hash_of_id(&core.texts, exec_id)))


# Why an id that must be given is not, with value and bound.
cdef inline int find_bad_exec_id(
    const tc_core* core, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    value[0] = 0
    bound[0] = 72
    return find_unknown_id(core, c.exec_id, 72, value, bound) if c.exec_id else INVALID_FIELD_VALUE


# The row of the trade that a venue's exec_id is about (its own, a bust's or a correction's), by its whole identity
# where that is told, else by the id alone if only one trade of the log has it; 0 where none is held.
cdef inline int64_t find_told_trade(
    const tc_core* core, int32_t venue, int32_t instrument, uint8_t side, int64_t exec_id
) noexcept nogil:
    cdef int64_t known, number = 0
    if instrument == 0 or not is_side(side):
        return find_named_trade(&core.trades, venue, instrument, exec_id)
    known = find_exec_id(&core.exec_ids, venue, instrument, direction(side), exec_id)
    if known:
        number = row_of_id(&core.trades, exec_id_at(&core.exec_ids, known))
    if number and execution_at(&core.trades, number).trade:
        number = execution_at(&core.trades, number).trade
    return number if number >= first_execution(&core.trades) else 0


# ---- corrections

# The log's row of a bust or a correction: what becomes of the trade in row `number`, which was this.
cdef inline const tc_execution* log_correction(
    tc_core* core, const tc_command* c, const tc_execution* was, int64_t number, int64_t qty, int64_t price,
    const tc_fee* fee, uint8_t exec_type
) noexcept nogil:
    cdef tc_execution* row = append_execution(&core.trades, &core.ledger)
    tc_clear(row, sizeof(tc_execution))
    row.exec_id = core.exec_seq
    row.order_id = was.order_id
    row.instrument = was.instrument
    row.account = was.account
    row.venue = was.venue
    row.exec_type = exec_type
    row.side = was.side
    row.qty = qty
    row.price = price
    row.day = core.day
    row.trade = number
    row.ref_exec_id = was.exec_id
    row.venue_exec_id = given_id(core, c.exec_id)
    row.reported_currency = <uint8_t>fee.currency
    return row


# Another commission of a trade, in place of what it had in its account's charges.
cdef inline void change_fee(tc_core* core, tc_execution* trade, const tc_fee* fee) noexcept nogil:
    charge_fee(&core.ledger, trade, -1)
    trade.commission = fee.commission
    trade.currency = fee.currency
    trade.told = fee.told
    charge_fee(&core.ledger, trade, 1)


# Makes a trade this quantity, price and commission, 0 where it is busted, and derives everything from it again. A fee
# alone has no id of its own to be known by.
cdef inline void correct_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t number, int64_t qty, int64_t price, const tc_fee* fee,
    uint8_t exec_type, uint64_t said
) noexcept nogil:
    cdef tc_execution* trade = execution_at(&core.trades, number)
    cdef tc_execution was = trade[0], now
    cdef const tc_execution* row
    cdef int64_t more = qty - was.qty
    cdef tc_order* order
    cdef tc_order* teller = NULL
    cdef tc_report* r
    cdef uint8_t flags
    tc_assert((was.trade == 0) & (was.state == TRADE_LIVE) & (qty >= 0))
    change_fee(core, trade, fee)
    if qty:
        trade.qty = qty
        trade.price = price
    else:
        trade.state = TRADE_BUSTED
    now = trade[0]
    flags = flags_of(c, trade) & ~FLAG_VENUE
    rebuild_position(&core.trades, &core.ledger, was.instrument, was.account)
    core.exec_seq += 1
    row = log_correction(core, c, &was, number, qty, price, fee, exec_type)     # it may fold `trade`, in whose place
    if row.venue_exec_id and exec_type == c.exec_type:
        know_execution(core, row.venue_exec_id, said, said, row)
    move_position(&core.risk, was.instrument, was.account, more if was.side == SIDE_BUY else -more)
    book_pnl(core, &was, -1)                           # at the position as it is now
    if qty:
        book_pnl(core, &now, 1)
    tc_assert((was.account == 0) | (exposure_of(&core.risk, was.instrument, was.account).position_qty
                                    == position_of(&core.ledger, was.instrument, was.account).qty))
    tell_trimmed(core, was.instrument, was.account)
    order = find_order(&core.orders, was.order_id) if was.account else NULL
    if order == NULL:
        r = start_report(core, c, REPORT_EXECUTION)
        r.exec_type = exec_type
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
        r = start_execution(core, c, teller, exec_type)
        r.venue = <uint8_t>order.venue
        if teller.cum_qty > teller.order_qty and qty > 0:
            r.reason = OVERFILL
    r.flags |= flags
    r.last_qty = qty
    r.last_px = price if qty else no_price()
    r.commission = tc_saturate(fee.commission)
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


# Why a trade can't become this quantity and price, with value and bound. An operator insists: it needs no id.
cdef inline int find_bad_correction(
    const tc_core* core, const tc_command* c, int64_t number, int64_t qty, int64_t price, bint insists, int64_t* value,
    int64_t* bound
) noexcept nogil:
    cdef const tc_execution* trade = execution_at(&core.trades, number)
    cdef const tc_instrument* ins = &core.instruments[trade.instrument]
    cdef const tc_order* order = find_order(&core.orders, trade.order_id) if trade.account else NULL
    cdef int64_t more = qty - trade.qty
    cdef int reason = REASON_NONE if insists else find_bad_exec_id(core, c, value, bound)
    if reason:
        return reason
    if c.exec_type == EXEC_TRADE_CORRECT:
        value[0] = untellable() if c.told & TOLD_FINER else qty
        bound[0] = 96
        if qty < 1 or qty > qty_max() or c.told & TOLD_FINER:
            return INVALID_FIELD_VALUE
        if find_bad_price(ins, price, bound):
            value[0] = price
            return PRICE_OUT_OF_RANGE
        if is_beyond_amount(ins, price, qty):
            bound[0] = most_qty(ins, price)
            return ARITHMETIC_OVERFLOW
        reason = find_bad_fee(core, c, value, bound)
        if reason:
            return reason
    if find_beyond(core, trade.instrument, trade.account, more if trade.side == SIDE_BUY else -more, order, more,
                 value, bound):
        return ARITHMETIC_OVERFLOW
    bound[0] = firm_max()
    return ARITHMETIC_OVERFLOW if is_beyond_rebuild(&core.trades, &core.ledger, number, qty, bound[0], value) else 0


cdef inline uint64_t say_correction(
    const tc_core* core, const tc_command* c, int64_t qty, int64_t price
) noexcept nogil:
    cdef uint64_t said = hash_of_id(&core.texts, given_id(core, c.exec_ref_id))
    return said_of(c.exec_type, hash_exec_id(c.venue, 0, 0, said), qty, price)


# A bust or a correction that can be booked. A fee that its venue told stays, where it tells no other.
cdef inline void make_correction(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t number, int64_t qty, int64_t price
) noexcept nogil:
    cdef const tc_execution* trade = execution_at(&core.trades, number)
    cdef tc_fee fee
    fee.commission = 0
    fee.currency = 0
    fee.told = 0
    if qty:
        fee = fee_of(core, c, &core.instruments[trade.instrument], trade.venue, qty, price)
        if trade.told and not fee.told:
            fee.commission = trade.commission
            fee.currency = trade.currency
            fee.told = trade.told
    correct_trade(core, c, ack, number, qty, price, &fee, c.exec_type, say_correction(core, c, qty, price))


# By how much a bust or a correction that can't be booked may move a position.
cdef inline int64_t correction_range(
    const tc_command* c, const tc_execution* trade, int64_t qty, int64_t* high
) noexcept nogil:
    high[0] = any_qty()
    if trade == NULL or c.told & TOLD_FINER or qty < 0 or qty > qty_max():
        return -any_qty()
    high[0] = qty - trade.qty if trade.side == SIDE_BUY else trade.qty - qty
    return high[0]


# Does a bust tell a commission that is not the trade's own, which is taken back with it? No trade is left to book it
# with.
cdef inline bint is_stray_fee(const tc_core* core, const tc_command* c, const tc_execution* trade) noexcept nogil:
    cdef tc_fee fee
    if c.exec_type != EXEC_TRADE_CANCEL or not c.told & TOLD_COMMISSION or c.commission == 0:
        return False
    fee = fee_of(core, c, &core.instruments[trade.instrument], trade.venue, trade.qty, trade.price)
    return fee.currency != trade.currency or (fee.commission != trade.commission
                                              and fee.commission != -trade.commission)


# TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the ledger
# had been rebuilt from the trades that survive.
cdef inline void enter_correction(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef bint busts = c.exec_type == EXEC_TRADE_CANCEL
    cdef int64_t qty = 0 if busts else c.last_qty, price = 0 if busts else c.last_px, value = 0, bound = 0
    cdef int64_t number, mine, known = 0, low, high = 0
    cdef const tc_execution* trade = NULL
    cdef const tc_execution* own
    cdef tc_execution was
    cdef tc_ack beside
    cdef int reason
    if not is_external(core, c.venue):
        refuse_report(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    if not is_correction(c.exec_type):
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.exec_type, 2)
        return
    if c.note:
        hear_note(core, c)
    if not busts and qty < 1 and qty != no_price() and not c.told & TOLD_FINER:
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, qty, 96)
        return
    number = find_told_trade(core, c.venue, c.instrument, c.side, c.exec_ref_id)
    mine = number if number else find_named_trade(&core.trades, c.venue, 0, c.exec_id)
    if number:
        trade = execution_at(&core.trades, number)
    if mine:
        own = execution_at(&core.trades, mine)
        known = find_exec_id(&core.exec_ids, c.venue, own.instrument, own.side, c.exec_id)
    if known and known >= core.exec_ids.day_firsts[DAYS_KNOWN]:
        value = exec_id_at(&core.exec_ids, known).execution
        bound = trade.exec_id if trade != NULL else 0
        reason = EXECID_REUSED
        if exec_id_at(&core.exec_ids, known).said == say_correction(core, c, qty, price):
            refuse_report(core, c, ack, EXECID_REPEATED, value, bound)
            return
    elif trade == NULL or trade.state != TRADE_LIVE:
        refuse_report(core, c, ack, UNKNOWN_TRADE, trade.exec_id if trade != NULL else 0,
                      trade.state if trade != NULL else TRADE_FOLDED)
        return
    else:
        reason = find_bad_correction(core, c, number, qty, price, False, &value, &bound)
    if reason:
        low = correction_range(c, trade, qty, &high)
        keep_report(core, c, ack, reason, value, bound, 0, trade.account if trade != NULL else 0,
                    trade.instrument if trade != NULL else 0, low, high)
        return
    was = trade[0]
    make_correction(core, c, ack, number, qty, price)
    if is_stray_fee(core, c, &was):
        beside = ack[0]                                # the bust is booked, and the answer, whatever becomes of the fee
        keep_report(core, c, &beside, UNKNOWN_TRADE, was.exec_id, TRADE_BUSTED, 0, was.account, was.instrument, 0, 0)

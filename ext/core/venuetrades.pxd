# Trades that external venues report. Money is never refused: a trade is booked whatever the status, and flagged where
# it is unexpected; one that matches no order goes to suspense, one that can't be booked whole is kept. A trade counts
# once by (venue, instrument, side, exec_id) over two rolls of the day, whatever is redelivered; a fee that the venue
# tells replaces ours, and may be told later under the same id. Source: FIX 4.4 Appendix D.

from corrections cimport *


# What a trade says: of its order, and of the id that it names its order with, which may be forgotten by now.
cdef inline uint64_t say_trade(
    const tc_core* core, const tc_command* c, int64_t order_id, uint64_t* named
) noexcept nogil:
    cdef uint64_t subject = <uint64_t>c.order_id
    if c.cl_ord_id and id_is_known(&core.texts, c.cl_ord_id):
        subject = hash_of_id(&core.texts, c.cl_ord_id)
    named[0] = said_of(EXEC_TRADE, subject, c.last_qty, c.last_px)
    return said_of(EXEC_TRADE, <uint64_t>order_id, c.last_qty, c.last_px)


# The entry of the execution whose identity a trade has, within two rolls of the day, or 0. One that tells no symbol or
# side, whose order is forgotten by now, is known by its id alone.
cdef inline int64_t find_again(
    const tc_core* core, const tc_command* c, int32_t instrument, uint8_t side
) noexcept nogil:
    cdef const tc_execution* trade
    cdef int64_t number
    if given_id(core, c.exec_id) == 0:
        return 0
    if instrument == 0 or not is_side(side):
        number = find_named_trade(&core.trades, c.venue, instrument, c.exec_id)
        if number == 0:
            return 0
        trade = execution_at(&core.trades, number)
        instrument = trade.instrument
        side = trade.side
    number = find_exec_id(&core.exec_ids, c.venue, instrument, direction(side), c.exec_id)
    return number if number >= core.exec_ids.day_firsts[DAYS_KNOWN] else 0


# Of a trade that was told before.
cdef inline bint is_fee_alone(const tc_command* c) noexcept nogil:
    return c.last_qty == no_price() and c.last_px == no_price() and c.told & TOLD_COMMISSION


# Does a report under a known identity tell that trade again, or its fee alone? Else it uses the id for another.
cdef inline bint is_told_again(
    const tc_core* core, const tc_command* c, int64_t known, int64_t order_id
) noexcept nogil:
    cdef const tc_exec_id* entry = exec_id_at(&core.exec_ids, known)
    cdef uint64_t named = 0, said = say_trade(core, c, order_id, &named)
    return is_fee_alone(c) or (not c.told & TOLD_FINER and (entry.said == said or entry.named == named))


# Only in C: a trade's row is in its entry in Python.
# The row of the trade that an entry is about, or 0 where it is held no more.
cdef inline int64_t trade_of_id(const tc_trades* log, const tc_exec_id* entry) noexcept nogil:
    cdef int64_t number = row_of_id(log, entry)
    if number and execution_at(log, number).trade:
        number = execution_at(log, number).trade
    return number if number >= first_execution(log) else 0


# Why a trade that is told again changes nothing, with value and bound: its fee is not new, can't be booked, or is of a
# trade that can't be changed any more.
cdef inline int find_bad_amendment(
    const tc_core* core, const tc_command* c, int64_t known, int64_t order_id, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_exec_id* entry = exec_id_at(&core.exec_ids, known)
    cdef const tc_execution* trade
    cdef int64_t number
    cdef tc_fee fee
    if c.told & TOLD_COMMISSION and find_bad_fee(core, c, value, bound):
        return INVALID_FIELD_VALUE
    value[0] = entry.execution
    bound[0] = order_id
    if not c.told & TOLD_COMMISSION:
        return EXECID_REPEATED
    number = trade_of_id(&core.trades, entry)
    fee = fee_of(core, c, &core.instruments[entry.instrument], entry.venue, 1, 0)    # told, whatever was traded
    if number:
        trade = execution_at(&core.trades, number)
        if trade.state == TRADE_LIVE:
            if fee.commission == trade.commission and fee.currency == trade.currency and fee.told == trade.told:
                return EXECID_REPEATED
            return REASON_NONE
    if entry.fee == fee_told(c.commission, fee.currency):    # delivered again, as it was told in its time
        return EXECID_REPEATED
    bound[0] = execution_at(&core.trades, number).state if number else TRADE_FOLDED
    return UNKNOWN_TRADE


# A trade's commission as its venue tells it later, under the trade's own id, which find_bad_amendment let pass.
cdef inline void amend_fee(tc_core* core, const tc_command* c, tc_ack* ack, int64_t known) noexcept nogil:
    cdef int64_t number = trade_of_id(&core.trades, exec_id_at(&core.exec_ids, known))
    cdef const tc_execution* trade = execution_at(&core.trades, number)
    cdef tc_fee fee = fee_of(core, c, &core.instruments[trade.instrument], trade.venue, trade.qty, trade.price)
    tell_fee(&core.exec_ids, known, fee_told(c.commission, fee.currency))
    correct_trade(core, c, ack, number, trade.qty, trade.price, &fee, EXEC_TRADE_CORRECT, 0)


cdef inline bint is_its_own(const tc_order* order, int32_t instrument, uint8_t side) noexcept nogil:
    return instrument == order.instrument and direction(side) == direction(order.side)


# Why a trade can't be booked whole, with value and bound. An operator insists: it needs no id of its own.
cdef inline int find_bad_trade(
    const tc_core* core, const tc_command* c, const tc_order* order, int32_t account, int32_t instrument, uint8_t side,
    bint insists, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_instrument* ins
    cdef int reason = REASON_NONE if insists else find_bad_exec_id(core, c, value, bound)
    if reason:
        return reason
    if instrument < 1 or instrument > core.instrument_count:
        value[0] = c.instrument
        bound[0] = core.instrument_count
        return UNKNOWN_INSTRUMENT
    ins = &core.instruments[instrument]
    if not is_side(side):
        value[0] = c.side
        bound[0] = 1
        return INVALID_FIELD_VALUE
    value[0] = untellable() if c.told & TOLD_FINER else c.last_qty
    bound[0] = 96
    if c.last_qty < 1 or c.last_qty > qty_max() or c.told & TOLD_FINER:
        return INVALID_FIELD_VALUE
    if find_bad_price(ins, c.last_px, bound):
        value[0] = c.last_px
        return PRICE_OUT_OF_RANGE
    if is_beyond_amount(ins, c.last_px, c.last_qty):
        bound[0] = most_qty(ins, c.last_px)
        return ARITHMETIC_OVERFLOW
    reason = find_bad_fee(core, c, value, bound)
    if reason:
        return reason
    if order != NULL and not is_its_own(order, instrument, side):
        order = NULL
        account = 0
    if find_beyond(core, instrument, account, c.last_qty if direction(side) == SIDE_BUY else -c.last_qty, order,
                 c.last_qty, value, bound):
        return ARITHMETIC_OVERFLOW
    return REASON_NONE


cdef inline void put_trade(tc_report* r, const tc_command* c, const tc_execution* row) noexcept nogil:
    r.last_qty = row.qty
    r.last_px = row.price
    r.commission = tc_saturate(row.commission)
    r.exec_id = row.exec_id
    r.venue_exec_id = row.venue_exec_id
    r.last_liquidity_ind = row.last_liquidity_ind
    r.flags |= flags_of(c, row)
    put_told_time(r, c)


# A trade of an order; of none that is known: into suspense, which counts for the firm. From now on it is known by its
# identity, unless another is (`known`). An operator's is not of now.
cdef inline void book_venue_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t order_id, tc_order* order, int32_t account,
    int32_t instrument, uint8_t side, bint known, bint insists=False
) noexcept nogil:
    cdef tc_fee fee = fee_of(core, c, &core.instruments[instrument], c.venue, c.last_qty, c.last_px)
    cdef tc_execution* row
    cdef tc_order* teller
    cdef tc_report* r
    cdef uint64_t said, named = 0
    cdef bint late
    core.exec_seq += 1
    row = log_trade(core, instrument, account, direction(side), c.last_qty, c.last_px)
    row.venue = c.venue
    row.exec_id = core.exec_seq
    row.order_id = order_id
    row.strategy = order.strategy if order != NULL else 0
    row.commission = fee.commission
    row.currency = fee.currency
    row.reported_currency = <uint8_t>fee.currency
    book_trade(core, row)
    row.venue_exec_id = given_id(core, c.exec_id)
    row.told = fee.told
    row.last_mkt = c.last_mkt
    row.last_liquidity_ind = c.last_liquidity_ind if c.last_liquidity_ind <= LIQUIDITY_MAX else 0
    tc_assert((row.exec_id == core.exec_seq) & (row.trade == 0))
    if row.venue_exec_id and not known:
        said = say_trade(core, c, order_id, &named)
        know_execution(core, row.venue_exec_id, said, named, row,
                       fee_told(c.commission, fee.currency) if fee.told else 0)
    if order != NULL and order.terminal == 0 and not insists:    # an old trade, or nobody's, is no price of now
        move_last(core, instrument, c.last_px)
    if order == NULL:
        core.trades_in_suspense += account == 0
        r = start_report(core, c, REPORT_EXECUTION)
        put_trade(r, c, row)
        r.exec_type = EXEC_TRADE
        r.order_id = order_id
        r.instrument = instrument
        put_place(r, account, c.venue)
        r.side = side
        r.cl_ord_id = c.cl_ord_id
        r.reason = REASON_NONE if account else TRADE_IN_SUSPENSE
        publish_report(&core.events, r)
        ack.order_id = order_id
        ack.report_type = REPORT_EXECUTION
        ack.reason = r.reason
        return
    teller = teller_of(core, order)
    late = order.terminal != 0 or teller.terminal != 0
    add_fills(core, order, c.last_qty, c.last_px)
    r = start_execution(core, c, teller, EXEC_TRADE)
    r.venue = <uint8_t>order.venue
    put_trade(r, c, row)
    if teller.cum_qty > teller.order_qty:
        r.reason = OVERFILL
    elif late:
        r.reason = LATE_TRADE
    elif is_worse(&core.orders, order, c.last_px):
        r.reason = FILL_BEYOND_LIMIT
    publish_execution(core, teller, r)
    note_trade(core, c, teller, c.last_qty)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    acknowledge(core, order, ack)


cdef inline void enter_trade(
    tc_core* core, const tc_command* c, tc_ack* ack, int64_t order_id, tc_order* order
) noexcept nogil:
    cdef int32_t instrument = c.instrument, account = 0
    cdef uint8_t side = c.side
    cdef int64_t value = 0, bound = 0, low = 0, high = 0, known
    cdef bint moves = not is_fee_alone(c)
    cdef int reason
    if order != NULL:
        instrument = instrument if instrument else order.instrument
        side = side if side else order.side
        account = order.account
    if c.last_qty < 1 and c.last_qty != no_price() and not c.told & TOLD_FINER:
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.last_qty, 96)
        return
    known = find_again(core, c, instrument, side)
    if known == 0:
        reason = find_bad_trade(core, c, order, account, instrument, side, False, &value, &bound)
    elif is_told_again(core, c, known, order_id):
        moves = False
        reason = find_bad_amendment(core, c, known, order_id, &value, &bound)
        if reason == REASON_NONE:
            amend_fee(core, c, ack, known)
            return
        if reason == EXECID_REPEATED:
            refuse_report(core, c, ack, reason, value, bound)
            return
    else:
        value = exec_id_at(&core.exec_ids, known).execution
        bound = order_id
        reason = EXECID_REUSED
    if reason:
        if moves:
            range_of(c, side, &low, &high)
        keep_report(core, c, ack, reason, value, bound, order_id, account, instrument, low, high)
        return
    if order != NULL and not is_its_own(order, instrument, side):
        order = NULL                                   # whatever the venue means, it is not that order's trade
        account = 0
    book_venue_trade(core, c, ack, order_id, order, account, instrument, side, False)


cdef inline void enter_execution_report(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t order_id = 0
    cdef tc_order* order
    cdef tc_command plain
    if not is_external(core, c.venue):
        refuse_report(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    if not is_exec_type(c.exec_type) or is_correction(c.exec_type):
        refuse_report(core, c, ack, INVALID_FIELD_VALUE, c.exec_type, 2)
        return
    if c.note:
        hear_note(core, c)
    order = find_venue_order(core, c, &order_id)
    if order != NULL and (c.note or c.venue_order_id):
        hear_of_order(core, c, order)
    if c.exec_type == EXEC_TRADE:
        enter_trade(core, c, ack, order_id, order)
    elif order == NULL:
        refuse_report(core, c, ack, UNKNOWN_ORDER, order_id, 0)
        return
    elif c.exec_type == EXEC_ORDER_STATUS:
        take_status(core, c, ack, order)
        return
    elif id_is_known(&core.texts, c.exec_id):
        take_state(core, c, ack, order)
    else:
        plain = c[0]
        plain.exec_id = 0                              # what it says of the order counts, whatever it is called
        take_state(core, &plain, ack, order)
    if (order != NULL and c.cum_qty > order.cum_qty
            and (ack.report_type == REPORT_BUSINESS_REJECT or ack.report_type == REPORT_UNBOOKED)):
        compare_cum_qty(core, c, order)

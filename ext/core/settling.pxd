# What an operator decides of a report that lies unbooked: it is booked, with what was missing, or dismissed. Each says
# who and why, and is told. It decides nothing by itself.

from venuetrades cimport *


# Why nothing can be decided: there is no such report, or nobody says who and why.
cdef inline int find_refusal(const tc_core* core, const tc_command* c, int64_t* value, int64_t* bound) noexcept nogil:
    value[0] = c.unbooked
    bound[0] = 0
    if find_unbooked(&core.unbooked, c.unbooked) == NULL:
        return UNKNOWN_UNBOOKED
    cdef int reason
    value[0] = 0
    bound[0] = 32
    reason = find_unknown_id(core, c.cl_ord_id, 32, value, bound) if c.cl_ord_id else INVALID_FIELD_VALUE
    if reason:
        return reason
    value[0] = c.note
    bound[0] = 88
    if find_note(&core.notes, c.note) == NULL:
        return INVALID_FIELD_VALUE
    value[0] = c.account
    bound[0] = core.account_count
    return UNKNOWN_ACCOUNT if c.account < 0 or c.account > core.account_count else REASON_NONE


# The report leaves, and it is told who decided; the note says why.
cdef inline void settle_unbooked(tc_core* core, const tc_command* c, bint booked) noexcept nogil:
    cdef tc_unbooked* row = find_unbooked(&core.unbooked, c.unbooked)
    hear_note(core, c)
    accept_command(core, c, row.instrument, row.account if row.account > 0 else 0, row.said.venue, row.number,
                   row.order_id)
    drop_unbooked(&core.unbooked, row, booked, core.day)


cdef inline void enter_dismissal(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t value = 0, bound = 0
    cdef int reason = find_refusal(core, c, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    settle_unbooked(core, c, False)


# The report as the operator has it: what is given replaces what was said, also that something was rounded. What its
# venue had filled by then is no news by now.
cdef inline tc_command amend_said(const tc_unbooked* row, const tc_command* c) noexcept nogil:
    cdef tc_command said = row.said
    if said.kind == KIND_EXECUTION_REPORT:
        said.cum_qty = -1
    if c.last_qty != no_price():
        said.last_qty = c.last_qty
        said.told &= ~<uint8_t>TOLD_FINER
    if c.last_px != no_price() or c.told & TOLD_COMMISSION:
        said.told &= ~<uint8_t>TOLD_ROUNDED
    if c.last_px != no_price():
        said.last_px = c.last_px
    if c.told & TOLD_COMMISSION:
        said.commission = c.commission
        said.currency = c.currency
        said.told |= TOLD_COMMISSION
    if c.instrument:
        said.instrument = c.instrument
    if c.side:
        said.side = c.side
    if c.exec_id:
        said.exec_id = c.exec_id
    said.told |= c.told & TOLD_ROUNDED
    return said


cdef inline void enter_kept_correction(
    tc_core* core, const tc_command* c, tc_ack* ack, const tc_command* said
) noexcept nogil:
    cdef int64_t number = find_told_trade(core, said.venue, said.instrument, said.side, said.exec_ref_id)
    cdef bint busts = said.exec_type == EXEC_TRADE_CANCEL
    cdef int64_t qty = 0 if busts else said.last_qty, price = 0 if busts else said.last_px, value = 0, bound = 0
    cdef const tc_execution* trade
    cdef int reason
    if number == 0:
        refuse_command(core, c, ack, UNKNOWN_TRADE, 0, TRADE_FOLDED)
        return
    trade = execution_at(&core.trades, number)
    if trade.state != TRADE_LIVE:
        refuse_command(core, c, ack, UNKNOWN_TRADE, trade.exec_id, trade.state)
        return
    reason = find_bad_correction(core, said, number, qty, price, True, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    settle_unbooked(core, c, True)
    make_correction(core, said, ack, number, qty, price)


# What an operator must give, since it was said without a unit: its symbol was not known, nor a currency told.
cdef inline int find_unitless(
    const tc_unbooked* row, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    if row.said.instrument > 0 or row.instrument:
        return REASON_NONE
    value[0] = no_price()
    bound[0] = 96
    if row.said.last_qty != no_price() and c.last_qty == no_price():
        return INVALID_FIELD_VALUE
    bound[0] = 80
    if row.said.told & TOLD_COMMISSION and row.said.currency == 0 and not c.told & TOLD_COMMISSION:
        return INVALID_FIELD_VALUE
    return REASON_NONE


cdef inline void enter_booking(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t value = 0, bound = 0, order_id = 0, known
    cdef int reason = find_refusal(core, c, &value, &bound)
    cdef const tc_unbooked* row = find_unbooked(&core.unbooked, c.unbooked)
    cdef tc_command said
    cdef tc_order* order
    cdef int32_t instrument, account
    cdef uint8_t side
    cdef bint again
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    if row.number == core.unbooked.overflow:           # it stands for others too, which nobody has: they are told again
        refuse_command(core, c, ack, TABLE_FULL, row.value, row.bound)
        return
    said = amend_said(row, c)
    if said.kind == KIND_TRADE_CORRECTION:
        enter_kept_correction(core, c, ack, &said)
        return
    order = find_venue_order(core, &said, &order_id)
    if order != NULL and c.account and c.account != order.account:
        order = NULL
    instrument, side = said.instrument, said.side
    if order != NULL:
        instrument = instrument if instrument else order.instrument
        side = side if side else order.side
        if not is_its_own(order, instrument, side):
            order = NULL
    account = order.account if order != NULL else c.account
    known = find_again(core, &said, instrument, side)
    again = known != 0 and is_told_again(core, &said, known, order_id)
    reason = find_unitless(row, c, &value, &bound)
    if reason == REASON_NONE and again:                # it counts already: what may be new is its fee
        reason = find_bad_amendment(core, &said, known, order_id, &value, &bound)
    elif reason == REASON_NONE:
        reason = find_bad_trade(core, &said, order, account, instrument, side, True, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    settle_unbooked(core, c, True)
    if again:
        amend_fee(core, &said, ack, known)
    else:
        book_venue_trade(core, &said, ack, order_id, order, account, instrument, side, known != 0, True)

# Trades: booked into positions, commissions and the trade log, then into the orders' facts and the reports.
# Called by the order path, by market data, since a quote may take what rests, and by what external venues report.

from disarming cimport *
from elections cimport *
from keeping cimport *
from upkeep cimport *


# What a trade cost, and its commission, into its strategy's P&L, and into its account's cash and the day's P&L while
# those are kept; or out of them.
cdef inline void book_pnl(tc_core* core, const tc_execution* trade, int sign) noexcept nogil:
    cdef int32_t currency = trade.currency if trade.currency else core.instruments[trade.instrument].currency
    cdef int64_t qty = trade.qty if trade.side == SIDE_BUY else -trade.qty
    if core.risk.funds.is_kept:
        book_flow(&core.risk.funds, trade.instrument, trade.account, sign * tc_wide(qty, trade.price))
        book_charge(&core.risk.funds, currency, trade.account, sign * trade.commission)
    if core.risk.pnl.is_kept:
        book_amount(&core.risk.pnl, trade.instrument, trade.account, sign * tc_wide(qty, trade.price))
        book_fee(&core.risk.pnl, currency, trade.account, sign * trade.commission)
    if trade.strategy >= 1 and trade.strategy <= core.risk.strategies.strategy_max:
        book_of_strategy(&core.risk.strategies, trade.instrument, trade.strategy, sign * qty, trade.price)
        charge_strategy(&core.risk.strategies, currency, trade.strategy, sign * trade.commission)


# What an order that was let in before is counted at, where nobody has asked: its trigger price, or the reference.
cdef inline int64_t price_working(tc_core* core, const tc_order* order) noexcept nogil:
    cdef int64_t stop_px = stop_of(&core.triggers, &core.orders, order), reference2
    if (awaits_price(order.ord_type) and not order.triggered and stop_px != no_price()
            and tc_abs(stop_px) <= price_max()):
        return stop_px
    reference2 = twice_reference(core, order.instrument)
    return no_price() if reference2 == no_price() else -tc_floor_div(-reference2, 2)


# Some row asks for funds from now on, or none any more: what was booked and what works until then is asked of the
# ledger and the orders.
cdef inline void keep_funds(tc_core* core, bint is_kept) noexcept nogil:
    cdef tc_funds* f = &core.risk.funds
    cdef const tc_position* p
    cdef tc_order* order
    cdef int64_t stride = core.ledger.currency_stride
    cdef int32_t instrument, currency, account
    cdef uint32_t at = core.orders.open.head
    forget_funds(f)
    f.is_kept = is_kept
    while at != NO_SLOT:
        if core.orders.slots[at].extended:
            core.orders.terms[at].fund_held = 0
        at = core.orders.slots[at].next
    if not is_kept:
        return
    for account in range(core.account_count + 1):
        for instrument in range(1, core.instrument_count + 1):
            p = position_of(&core.ledger, instrument, account)
            book_flow(f, instrument, account, p.cost - p.realised - opened_amount(&core.risk.pnl, instrument, account))
            book_charge(f, core.instruments[instrument].currency, account, p.fees)
        for currency in range(1, core.currency_count + 1):
            book_charge(f, currency, account, core.ledger.charges[account * stride + currency])
    at = core.orders.open.head
    while at != NO_SLOT:
        order = &core.orders.slots[at]
        if not has_limit(order.ord_type) and terms_of(&core.orders, order).fund_px == no_price():
            extend_order(&core.orders, order).fund_px = price_working(core, order)
        sync_funds(core, order, terms_of(&core.orders, order).parent_id != 0)
        at = order.next


# What was paid until now, while the day's P&L was not kept, as the ledger has it: cost less what was realised, and
# commissions.
cdef inline void load_pnl(tc_core* core) noexcept nogil:
    cdef tc_pnl* pnl = &core.risk.pnl
    cdef const tc_position* p
    cdef int64_t stride = core.ledger.currency_stride
    cdef int32_t instrument, currency, account
    forget_paid(pnl, core.instrument_count)
    for account in range(core.account_count + 1):
        for instrument in range(1, core.instrument_count + 1):
            p = position_of(&core.ledger, instrument, account)
            book_amount(pnl, instrument, account, p.cost - p.realised)
            book_fee(pnl, core.instruments[instrument].currency, account, p.fees)
        for currency in range(1, core.currency_count + 1):
            book_fee(pnl, currency, account, core.ledger.charges[account * stride + currency])


# A position moved: reduce-only orders in it may now be too large.
cdef inline void tell_trimmed(tc_core* core, int32_t instrument, int32_t account) noexcept nogil:
    cdef tc_exposure* e = exposure_of(&core.risk, instrument, account)
    if account and e.reduce_only and not e.is_trimmed:
        e.is_trimmed = True
        core.trimmed[<uint64_t>core.trimmed_last & core.trimmed_mask] = e - core.risk.exposures
        core.trimmed_last += 1
        tc_assert(core.trimmed_last - core.trimmed_first <= <int64_t>core.trimmed_mask + 1)


# What a user asked of an order is answered: its list, or the position that it may only reduce, may want less.
cdef inline void look_again(tc_core* core, const tc_order* order) noexcept nogil:
    cdef tc_group* group = group_of(&core.groups, terms_of(&core.orders, order))
    if group != NULL:
        tell_list(&core.groups, group, order)
    if order.exec_inst & INST_REDUCE_ONLY:
        tell_trimmed(core, order.instrument, order.account)


# Only in C: book_trade in Python, which has all of this as arguments.
# The log's next row, of a trade that is not booked yet: the caller says the rest.
cdef inline tc_execution* log_trade(
    tc_core* core, int32_t instrument, int32_t account, uint8_t side, int64_t qty, int64_t price
) noexcept nogil:
    cdef tc_execution* row = append_execution(&core.trades, &core.ledger)
    tc_assert((qty > 0) & (instrument >= 1) & (instrument <= core.instrument_count))
    tc_clear(row, sizeof(tc_execution))
    row.instrument = instrument
    row.account = account
    row.exec_type = EXEC_TRADE
    row.side = side
    row.qty = qty
    row.price = price
    row.day = core.day
    return row


# One trade, as the log has it, into its position and the firm's exposure. Account 0 is suspense.
cdef inline void book_trade(tc_core* core, tc_execution* row) noexcept nogil:
    cdef int64_t signed = row.qty if row.side == SIDE_BUY else -row.qty
    cdef tc_position* p = position_of(&core.ledger, row.instrument, row.account)
    apply_fill(p, signed, row.price)
    if row.currency == 0:
        p.fees = p.fees + row.commission
    move_position(&core.risk, row.instrument, row.account, signed)
    tc_assert((row.account == 0) | (exposure_of(&core.risk, row.instrument, row.account).position_qty == p.qty))
    charge_fee(&core.ledger, row, 1)
    if tc_seldom((core.risk.pnl.is_kept | core.risk.funds.is_kept | row.strategy) != 0):
        book_pnl(core, row, 1)
    if tc_seldom(core.risk.rows.counted & SENT_TRADE and row.account):
        count_trade(&core.risk, &core.instruments[row.instrument], row.instrument, row.account, row.strategy)
    row.after = p[0]
    tell_trimmed(core, row.instrument, row.account)


# Only in C: arguments of book_trade in Python.
# One side of a fill of ours, with its commission.
cdef inline void book_fill(
    tc_core* core, const tc_order* order, int32_t venue, uint8_t side, int64_t qty, int64_t price, tc_i128 commission,
    int64_t exec_id
) noexcept nogil:
    cdef tc_execution* row = log_trade(core, order.instrument, order.account, side, qty, price)
    row.venue = venue
    row.exec_id = exec_id
    row.order_id = order.order_id
    row.strategy = order.strategy
    row.commission = commission
    book_trade(core, row)


# Positions and commissions of what the last match took; taker is NULL where a quote took it.
cdef inline void book_fills(
    tc_core* core, int32_t instrument, int32_t venue, const tc_order* taker, uint8_t side
) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[instrument]
    cdef const tc_venue* fees = &core.router.venues[venue]
    cdef const tc_fill* fill
    cdef const tc_order* maker
    cdef int64_t price = 0, i
    for i in range(core.book.fill_count):
        fill = &core.book.fills[i]
        price = fill.price * ins.tick
        if taker != NULL:
            core.charges[i].taker = commission_of(ins, fill.qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)
            book_fill(core, taker, venue, side, fill.qty, price, core.charges[i].taker, core.exec_seq + 1 + i)
        if fill.node < core.order_slots:
            core.charges[i].maker = commission_of(ins, fill.qty, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)
            maker = &core.orders.slots[fill.node]
            book_fill(core, maker, venue, opposite(side), fill.qty, price, core.charges[i].maker, core.exec_seq + 1 + i)
        move_last(core, instrument, price)


# A trade into its order's facts; any trade is an answer to a new order.
cdef inline void add_fill(tc_core* core, tc_order* order, int64_t qty, int64_t price) noexcept nogil:
    tc_assert((qty > 0) & (order.cum_qty >= 0) & (order.admitted != 0))
    order.cum_qty += qty
    order.cum_amount = order.cum_amount + tc_wide(qty, price)
    order.acked = True
    order.awaited = False
    order.unknown_new = False
    if order.extended:
        tell_fill(&core.groups, order, terms_of(&core.orders, order), qty)


# Who tells of an order's trades: of a child's its parent, once, with the child's venue.
cdef inline tc_order* teller_of(const tc_core* core, tc_order* order) noexcept nogil:
    cdef tc_order* parent = parent_of(&core.orders, order)
    return order if parent == NULL else parent


# A trade into the facts of an order, and of the one that it is a part of.
cdef inline void add_fills(tc_core* core, tc_order* order, int64_t qty, int64_t price) noexcept nogil:
    cdef tc_order* parent = parent_of(&core.orders, order)
    hear_answer(core, order, False)
    add_fill(core, order, qty, price)
    if parent != NULL:
        add_fill(core, parent, qty, price)


# Only in C: in correct_trade in Python.
# A trade of an order is now this much at this price.
cdef inline void correct_facts(
    tc_core* core, tc_order* order, const tc_execution* was, int64_t qty, int64_t price
) noexcept nogil:
    order.cum_qty += qty - was.qty
    tc_assert(order.cum_qty >= 0)
    if order.cum_qty == 0:
        order.kept |= EMPTIED
    if qty > was.qty and order.extended:               # what is taken back is not given to the others again
        tell_fill(&core.groups, order, terms_of(&core.orders, order), qty - was.qty)
    order.cum_amount = order.cum_amount + tc_wide(qty, price) - tc_wide(was.qty, was.price)


cdef inline void report_fill(
    tc_core* core, const tc_command* c, tc_order* order, int64_t qty, int64_t price, tc_i128 commission,
    int64_t contra_order_id, uint8_t liquidity
) noexcept nogil:
    cdef tc_report* r
    cdef tc_order* teller = teller_of(core, order)
    add_fills(core, order, qty, price)
    r = start_execution(core, c, teller, EXEC_TRADE)
    r.venue = <uint8_t>order.venue
    r.last_qty = qty
    r.last_px = price
    r.commission = tc_saturate(commission)
    r.exec_id = core.exec_seq
    r.contra_order_id = contra_order_id
    r.last_liquidity_ind = liquidity
    publish_execution(core, teller, r)
    note_trade(core, c, teller, qty)


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
            report_fill(core, c, taker, fill.qty, price, core.charges[i].taker,
                        maker.order_id if maker != NULL else 0, LIQUIDITY_REMOVED)
        if maker != NULL:
            if fill.done:
                maker.place = PLACE_NOWHERE
            report_fill(core, c, maker, fill.qty, price, core.charges[i].maker,
                        taker.order_id if taker != NULL else 0, LIQUIDITY_ADDED)
            sync_order(core, maker)
            tc_assert(rests_whole(core, maker))
        if taker != NULL:                              # last, so that what the command is about is the last evicted
            sync_order(core, taker)

# What a match took: into positions, holds and orders' facts, then out as reports.

from state cimport *


# Positions, commissions and holds of what the last match took; taker is NULL where a quote took it.
cdef inline void book_fills(
    tc_core* core, int32_t instrument, int32_t venue, const tc_order* taker, uint8_t side
) noexcept nogil:
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
            p.fees = p.fees + core.charges[i].taker
            commit_fill(&core.risk, instrument, taker.account, side, fill.qty)
        if fill.node < core.order_slots:
            maker = &core.orders.slots[fill.node]
            p = position_of(&core.ledger, instrument, maker.account)
            apply_fill(p, -fill.qty if side == SIDE_BUY else fill.qty, price)
            p.fees = p.fees + core.charges[i].maker
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

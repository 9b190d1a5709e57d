# Splits: n new shares for d old ones. Quantities and positions times n / d, prices times d / n, amounts as they were.

from exit_gate cimport keep_limits
from sessions cimport *


# All that an order counts in shares or in prices.
cdef struct tc_split:
    int64_t order_qty, cum_qty, display_qty, min_qty, doubt_qty
    int64_t price, stop_px, peak_px, protect_px, worst_ticks, peg_offset


# value x numerator / denominator where that is a whole number within its bound; False where it is not.
cdef inline bint scale(
    int64_t value, int64_t numerator, int64_t denominator, int64_t most, int64_t* out
) noexcept nogil:
    cdef tc_i128 product = tc_wide(value, numerator), q = tc_floor_div_wide(product, denominator)
    if q * denominator != product or tc_abs_wide(q) > most:
        return False
    out[0] = <int64_t>q
    return True


cdef inline bint scale_qty(int64_t qty, int64_t n, int64_t d, int64_t* out) noexcept nogil:
    return scale(qty, n, d, qty_max(), out)


cdef inline bint scale_price(
    const tc_instrument* ins, int64_t price, int64_t n, int64_t d, int64_t* out
) noexcept nogil:
    if price == no_price():
        out[0] = price
        return True
    return scale(price, d, n, ins.price_most, out) and tc_floor_mod(out[0], tick_at(ins, out[0])) == 0


# A price that need not be whole or on the tick: a SELL's rounded down, a BUY's up, so that what waits for it triggers
# no sooner. False where it would be out of range.
cdef inline bint split_price(
    const tc_instrument* ins, int64_t price, uint8_t side, int64_t n, int64_t d, int64_t* out
) noexcept nogil:
    cdef tc_i128 exact
    out[0] = price
    if price == no_price():
        return True
    exact = tc_wide(price, d)
    exact = tc_floor_div_wide(exact, n) if direction(side) == SIDE_SELL else -tc_floor_div_wide(-exact, n)
    if tc_abs_wide(exact) > ins.price_most:
        return False
    out[0] = <int64_t>exact
    return True


# The worst price that an order may trade at, rounded so that it is no worse for it. False where nothing costs so
# little.
cdef inline bint split_bound(
    const tc_instrument* ins, int64_t price, uint8_t side, int64_t n, int64_t d, int64_t* out
) noexcept nogil:
    cdef bint buys = direction(side) == SIDE_BUY
    cdef int64_t tick
    if not split_price(ins, price, SIDE_SELL if buys else SIDE_BUY, n, d, out):
        return False
    if out[0] == no_price():
        return True
    tick = tick_at(ins, out[0])
    out[0] = tc_floor_div(out[0], tick) * tick if buys else -(tc_floor_div(-out[0], tick) * tick)
    return out[0] != 0 or not buys or ins.any_sign


# What a MARKET order in parts may pay or take at worst; those with a limit have it from that.
cdef inline bint split_worst(
    const tc_instrument* ins, const tc_order* order, int64_t worst_ticks, int64_t n, int64_t d, int64_t* out
) noexcept nogil:
    out[0] = worst_ticks
    if order.place != PLACE_IN_CHILDREN or has_limit(order.ord_type) or not is_bound(ins, worst_ticks):
        return True
    if not split_bound(ins, worst_ticks * ins.tick, order.side, n, d, out):
        return False
    out[0] = tc_floor_div(out[0], ins.tick)
    return True


# An order's quantities and prices after a split; False where one of them could not be.
cdef inline bint split_terms(
    const tc_core* core, const tc_order* order, int64_t n, int64_t d, tc_split* out
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef const tc_instrument* ins = &core.instruments[order.instrument]
    cdef bint trails = order.ord_type == TYPE_TRAILING_STOP            # it follows the market, whatever the tick
    cdef int64_t stop_px = stop_of(&core.triggers, &core.orders, order)
    out.peg_offset = terms.peg_offset
    if terms.peg_offset_type == PEG_PRICE:
        out.peg_offset = min(price_max(), <int64_t>-tc_floor_div_wide(-tc_wide(terms.peg_offset, d), n))
    return (
        order.first_request == NO_SLOT
        and scale_qty(order.order_qty, n, d, &out.order_qty) and tc_floor_mod(out.order_qty, ins.lot) == 0
        and scale_qty(order.cum_qty, n, d, &out.cum_qty)
        and scale_qty(terms.display_qty, n, d, &out.display_qty)
        and scale_qty(terms.min_qty, n, d, &out.min_qty)
        and scale_qty(terms.doubt_qty, n, d, &out.doubt_qty)
        and scale_price(ins, order.price, n, d, &out.price)
        and (split_price(ins, stop_px, order.side, n, d, &out.stop_px) if trails else
             scale_price(ins, stop_px, n, d, &out.stop_px))
        and split_price(ins, peak_of(&core.triggers, &core.orders, order), order.side, n, d, &out.peak_px)
        and split_bound(ins, terms.protect_px, order.side, n, d, &out.protect_px)
        and split_worst(ins, order, terms.worst_ticks, n, d, &out.worst_ticks)
    )


cdef inline void split_order(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef bint waits = order.place == PLACE_AWAITS_PRICE
    cdef tc_terms* terms
    cdef tc_split split
    cdef tc_report* r
    split_terms(core, order, c.split_numerator, c.split_denominator, &split)
    tc_assert(order.place != PLACE_RESTING)            # only what does not trade is split
    if waits:
        withdraw_order(core, order)
    terms = extend_order(&core.orders, order)
    order.order_qty = split.order_qty
    order.cum_qty = split.cum_qty
    order.price = split.price
    terms.display_qty = split.display_qty
    terms.min_qty = split.min_qty
    terms.doubt_qty = split.doubt_qty
    terms.stop_px = split.stop_px
    terms.peak_px = split.peak_px
    terms.protect_px = split.protect_px
    terms.worst_ticks = split.worst_ticks
    terms.peg_offset = split.peg_offset
    if terms.fund_px != no_price():
        terms.fund_px = <int64_t>-tc_floor_div_wide(-tc_wide(terms.fund_px, c.split_denominator), c.split_numerator)
    split_limit(&core.groups, terms, c.split_numerator, c.split_denominator)
    restate_new(core, order)
    r = start_execution(core, c, order, EXEC_RESTATED)
    r.exec_restatement_reason = 0                      # GT_CORPORATE_ACTION
    publish_execution(core, order, r)
    sync_order(core, order)
    if waits:
        order.place = PLACE_AWAITS_PRICE
        arm_trigger(&core.triggers, &core.orders, order)


# n new shares for d old ones: quantities and positions times n / d, prices times d / n, amounts as they were.
# Only while the instrument does not trade. Refused, and nothing changed, where a quantity or price of an open order or
# a position would not be whole or in its range, or an order has a request that is unanswered. Trades before a split
# are final.
cdef inline void split_instrument(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins
    cdef int64_t n = c.split_numerator, d = c.split_denominator, qty = 0, count, i
    cdef tc_order* order
    cdef int32_t account, venue
    cdef tc_split split
    if find_instrument(core, c.instrument) == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if n < 1 or n > 1_000_000 or d < 1 or d > 1_000_000:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, n if n < 1 or n > 1_000_000 else d,
                       56 if n < 1 or n > 1_000_000 else 64)
        return
    if is_trading(core, c.instrument):
        refuse_command(core, c, ack, SESSION_CLOSED, core.sessions[c.instrument], 0)
        return
    count = find_open(&core.open_orders, &core.orders, c.instrument, 0, 0, 0)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if not split_terms(core, order, n, d, &split):
            refuse_command(core, c, ack, UNEVEN_SPLIT, order.order_id, 0)
            return
    for account in range(core.account_count + 1):
        if not scale(position_of(&core.ledger, c.instrument, account).qty, n, d, position_max(), &qty):
            refuse_command(core, c, ack, UNEVEN_SPLIT, 0, account)
            return
    accept_command(core, c, c.instrument, 0, 0, n, d)
    exposure_of(&core.risk, c.instrument, 0).position_qty = 0
    for account in range(core.account_count + 1):
        scale(position_of(&core.ledger, c.instrument, account).qty, n, d, position_max(), &qty)
        position_of(&core.ledger, c.instrument, account).qty = qty
        if account:
            exposure_of(&core.risk, c.instrument, account).position_qty = qty
        exposure_of(&core.risk, c.instrument, 0).position_qty += qty
        tc_assert(tc_abs(qty) <= position_max())
        fold_position(&core.trades, &core.ledger, c.instrument, account)
    core.ledger.lasts[c.instrument] = no_price()
    ins = find_instrument(core, c.instrument)
    split_price_limits(&ins.limits, n, d)
    keep_edges(ins)
    keep_limits(&core.gate, c.instrument, ins.limits.low, ins.limits.high, ins.limits.reference, ins.limits.dynamic_bps)
    forget_print(core, c.instrument)
    core.ledger.marks[c.instrument] = no_price()
    forget_movement(&core.router, c.instrument)
    split_strategies(&core.risk.strategies, c.instrument, n, d)
    set_mark(&core.risk.pnl, c.instrument, no_price(), core.now)
    mark_strategies(&core.risk.strategies, c.instrument)
    for venue in range(1, core.venue_count + 1):
        clear_quotes(core, c.instrument, venue)
    split_lists(&core.groups, c.instrument, n, d)
    for i in range(count):
        split_order(core, c, &core.orders.slots[core.open_orders.found[i].slot])

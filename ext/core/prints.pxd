# Trades that the market printed. A print moves the last trade, and fills what rests at a simulated venue by that
# venue's rule. What a quote displays is no order of ours: it stands before our orders at its price, and what printed
# there since it came has traded first.

from marketdata cimport *


# Why a print can't be, with value and bound. It may lie between ticks: that is a rule about orders.
cdef inline int find_bad_print(
    const tc_instrument* ins, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef int reason
    value[0] = c.side
    bound[0] = 1
    if c.side > SIDE_SELL:
        return INVALID_FIELD_VALUE
    value[0] = c.print_size
    bound[0] = 64
    if c.print_size < 1 or c.print_size > qty_max():
        return INVALID_FIELD_VALUE
    value[0] = c.print_px
    reason = find_bad_price(ins, c.print_px, bound)
    if reason:
        return reason
    if is_beyond_amount(ins, c.print_px, c.print_size):
        value[0] = c.print_size
        bound[0] = most_qty(ins, c.print_px)
        return ARITHMETIC_OVERFLOW
    return REASON_NONE


# The print takes up to `qty` of what rests in this row down to `limit`; what is left of it.
cdef inline int64_t take_resting(
    tc_core* core, const tc_command* c, uint32_t row, uint8_t side, int64_t limit, int64_t qty
) noexcept nogil:
    cdef int64_t left
    core.book.fill_count = 0
    left = match_order(&core.book, row, limit, qty)
    tc_assert((left >= 0) & (left <= qty))
    book_fills(core, c.instrument, c.venue, NULL, opposite(side))
    report_fills(core, c, c.instrument, NULL)
    return left


# What rests on `side` of the print's venue.
cdef inline void fill_side(
    tc_core* core, const tc_command* c, const tc_instrument* ins, uint8_t side, uint32_t rule
) noexcept nogil:
    cdef uint32_t row = row_of(core, c.instrument, c.venue, side), quote = core.order_slots + row
    cdef int64_t past = tc_floor_div(c.print_px, ins.tick), queue = 0, ticks = 0, shown = 0, left, printed
    cdef bint on_tick = tc_floor_mod(c.print_px, ins.tick) == 0
    cdef int64_t through = past + 1 if side == SIDE_BUY else past - on_tick   # the nearest tick better than the print
    cdef bint at_price = rule == FILLS_AFTER_QUEUE and on_tick
    if not crosses(&core.book, row, past if at_price else through):
        return
    if core.book.nodes[quote].qty > 0:                 # it is out of the way while our orders trade
        ticks, shown = core.book.levels[core.book.nodes[quote].level].price, core.book.nodes[quote].qty
        queue = shown if ticks == past else 0
        remove_node(&core.book, quote)
    left = take_resting(core, c, row, side, through, c.print_size)
    if at_price:
        printed = core.books.printed[row] + c.print_size
        if queue:
            core.books.printed[row] = min(printed, qty_max())
        left = min(left, printed - queue)
        if left > 0:
            take_resting(core, c, row, side, past, left)
    if shown:
        add_node(&core.book, row, quote, ticks, shown, 0)


cdef inline void enter_trade_print(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef const tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int64_t value = 0, bound = 0
    cdef uint32_t rule
    cdef uint8_t side
    cdef int reason
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if c.venue < 0 or c.venue > core.venue_count:
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    reason = find_bad_print(ins, c, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    rule = core.router.venues[c.venue].print_fills if c.venue else 0
    if rule and is_trading(core, c.instrument):
        for side in range(SIDE_BUY, SIDE_SELL + 1):
            if c.side != side:                         # who took did not take from his own side
                fill_side(core, c, ins, side, rule)
        sync_tops(core, c.instrument, c.venue)
    if is_trading(core, c.instrument):
        core.triggers.watched[c.instrument].print_time = max(<int64_t>1, core.now)
        if core.triggers.watched[c.instrument].count:
            watch_print(core, c.instrument)
    move_last(core, c.instrument, c.print_px)

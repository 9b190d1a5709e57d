# Quotes and marks. A quote is one external order on each side of its venue's book.

from trade_booking cimport *


# Why a displayed side can't be, with value and bound; `first` is the byte offset of its price field.
cdef inline int find_bad_quote_side(
    const tc_instrument* ins, int64_t price, int64_t size, int first, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef int reason
    if size < 0 or size > qty_max():
        value[0] = size
        bound[0] = first + 8
        return INVALID_FIELD_VALUE
    if size == 0:
        return REASON_NONE
    value[0] = price
    reason = find_bad_price(ins, price, bound)
    if reason:
        if not ins.any_sign:                           # no price that is displayed is below a tick
            bound[0] = max(bound[0], ins.tick)
        return reason
    if tc_abs(price) > ins.price_most:
        bound[0] = ins.price_most if price > 0 else -ins.price_most
        return PRICE_OUT_OF_RANGE
    if tc_floor_mod(price, ins.tick) != 0:             # it needs a place in the book; which tick holds where is a rule
        bound[0] = ins.tick                            # about orders
        return PRICE_TICK_MULTIPLE
    if is_beyond_amount(ins, price, size):
        value[0] = size
        bound[0] = most_qty(ins, price)
        return ARITHMETIC_OVERFLOW
    return REASON_NONE


# One side of a quote is one external order: it takes what it crosses, at the resting prices, and the rest rests.
cdef inline void quote_side(
    tc_core* core, const tc_command* c, uint8_t side, int64_t price, int64_t size
) noexcept nogil:
    cdef const tc_instrument* ins = &core.instruments[c.instrument]
    cdef uint32_t row = row_of(core, c.instrument, c.venue, side)
    cdef int64_t ticks, left = size
    tc_assert(core.book.nodes[core.order_slots + row].qty == 0)        # its last quote was removed
    core.book.fill_count = 0
    if size == 0:
        return
    ticks = tc_floor_div(price, ins.tick)
    if crosses(&core.book, row ^ 1, ticks):
        left = match_order(&core.book, row ^ 1, ticks, size)
    tc_assert((left >= 0) & (left <= size))
    if left:
        add_node(&core.book, row, core.order_slots + row, ticks, left, 0)
    if core.book.fill_count:
        book_fills(core, c.instrument, c.venue, NULL, side)
        report_fills(core, c, c.instrument, NULL)


cdef inline void remove_quotes(tc_core* core, int32_t instrument, int32_t venue) noexcept nogil:
    cdef uint8_t side
    cdef uint32_t row, node
    for side in range(SIDE_BUY, SIDE_SELL + 1):
        row = row_of(core, instrument, venue, side)
        core.books.printed[row] = 0
        node = core.order_slots + row
        if core.book.nodes[node].qty > 0:
            remove_node(&core.book, node)


# Only in C: a removal and an addition in Python. Is this all that rests in its row?
cdef inline bint is_alone(const tc_book* book, uint32_t row, uint32_t number) noexcept nogil:
    cdef const tc_level* level = &book.levels[book.rows[row].best]
    return level.head == number and level.tail == number and not book.rows[row].is_mapped


# Only in C: a removal and an addition in Python. What is alone in its row has another price and size.
cdef inline void move_alone(tc_book* book, uint32_t number, int64_t price, int64_t qty) noexcept nogil:
    cdef tc_level* level = &book.levels[book.nodes[number].level]
    tc_assert((qty > 0) & (level.qty == book.nodes[number].qty) & (level.hidden_qty == 0))
    level.price = price
    level.qty = qty
    book.nodes[number].qty = qty


# Only in C: a removal and an addition in Python. Quotes that are alone in their book meet nothing there, and take other
# prices and sizes where they are. Are they?
cdef inline bint move_quotes(tc_core* core, const tc_command* c, const tc_instrument* ins) noexcept nogil:
    cdef uint32_t bid = row_of(core, c.instrument, c.venue, SIDE_BUY), ask = bid ^ 1
    if not (c.bid_size and c.ask_size and is_alone(&core.book, bid, core.order_slots + bid)
            and is_alone(&core.book, ask, core.order_slots + ask)):
        return False
    core.books.printed[bid] = 0
    core.books.printed[ask] = 0
    core.book.fill_count = 0
    move_alone(&core.book, core.order_slots + bid, tc_floor_div(c.bid_px, ins.tick), c.bid_size)
    move_alone(&core.book, core.order_slots + ask, tc_floor_div(c.ask_px, ins.tick), c.ask_size)
    return True


# Nothing is displayed from outside any more.
cdef inline void clear_quotes(tc_core* core, int32_t instrument, int32_t venue) noexcept nogil:
    remove_quotes(core, instrument, venue)
    sync_tops(core, instrument, venue)


cdef inline void enter_quote(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int reason
    cdef int64_t value = 0, bound = 0
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
        return
    if c.venue < 1 or c.venue > core.venue_count:
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    reason = find_bad_quote_side(ins, c.bid_px, c.bid_size, 56, &value, &bound)
    if not reason:
        reason = find_bad_quote_side(ins, c.ask_px, c.ask_size, 72, &value, &bound)
    if not reason and c.bid_size and c.ask_size and c.bid_px >= c.ask_px:
        reason, value, bound = INVALID_FIELD_VALUE, c.ask_px, 72
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    if (c.bid_size or c.ask_size) and not use_book(&core.books, c.instrument, c.venue):
        refuse_command(core, c, ack, BOOKS_FULL, core.books.count, core.books.most)
        return
    if not move_quotes(core, c, ins):
        remove_quotes(core, c.instrument, c.venue)
        quote_side(core, c, SIDE_BUY, c.bid_px, c.bid_size)
        quote_side(core, c, SIDE_SELL, c.ask_px, c.ask_size)
    sync_tops(core, c.instrument, c.venue)
    tell_top(&core.router, c.instrument, SIDE_BUY, c.venue, core.command_seq)
    tell_top(&core.router, c.instrument, SIDE_SELL, c.venue, core.command_seq)
    if core.router.venues[c.venue].external:
        hear_quote(&core.router, c.venue, core.now)
    if wants_sample(&core.router, c.instrument, core.now):
        sample_mid(&core.router, c.instrument, twice_mid(&core.router, ins, c.instrument, core.now), core.now)
    if (core.disconnected >> (c.venue - 1)) & 1:
        elect_directed(core, c.instrument, c.venue)


cdef inline void enter_mark(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_instrument* ins = find_instrument(core, c.instrument)
    cdef int64_t bound = 0
    if ins == NULL:
        refuse_command(core, c, ack, UNKNOWN_INSTRUMENT, c.instrument, core.instrument_count)
    elif find_bad_price(ins, c.mark_px, &bound):
        refuse_command(core, c, ack, PRICE_OUT_OF_RANGE, c.mark_px, bound)
    else:
        core.ledger.marks[c.instrument] = c.mark_px
        set_mark(&core.risk.pnl, c.instrument, c.mark_px, core.now)
        mark_strategies(&core.risk.strategies, c.instrument)


# What a currency is worth in the base currency, whose own is 1.
cdef inline void enter_rate(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.currency <= BASE_CURRENCY or c.currency > core.currency_count:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.currency, 20)
    elif c.rate < 1 or c.rate > rate_max():
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.rate, 56)
    else:
        set_currency_rate(&core.risk.pnl, core.instrument_count, c.currency, c.rate)
        rate_strategies(&core.risk.strategies, core.instrument_count, c.currency)
        if core.risk.funds.is_kept:
            revalue_currency(&core.risk.funds, c.currency, core.account_count)


# Only in C: a dict of kinds in Python.
cdef inline void enter_worth(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.kind == KIND_MARK:
        enter_mark(core, c, ack)
    else:
        enter_rate(core, c, ack)

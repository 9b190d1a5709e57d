# The day's P&L by strategy, in base currency: of the trades of its orders, in whichever accounts, since the previous
# close, realised or not, less fees. It counts as an account's does: see day_pnl.pxd.
#
# What a strategy's trades moved and cost is kept always, for no ledger knows of strategies; what that is worth only
# while some row limits it. What was opened, and what an order without a strategy trades, is no strategy's. Only
# strategies that may have limits have a P&L.
#
# Lots and amounts are sums over trades: they stay far within 128 bits, as what accounts paid does.

from day_pnl cimport *


# Of a strategy's P&L: an instrument's, in amounts (quantity x price), or a currency's fees, in money units. Strategy 0,
# which has none, has the ends of the lists of those that ever traded it, and of those that have some of it.
cdef struct tc_strategy_part:
    tc_i128 qty                    # lots that its trades have left; of fees 0
    tc_i128 paid                   # ever, less what was got
    tc_i128 closed                 # P&L at the previous close
    tc_part_value pnl              # since the close
    int32_t earlier                # that ever traded it
    int32_t next, previous         # that have some
    uint8_t is_used


cdef struct tc_strategy_pnl:
    const tc_values* values
    const tc_instrument* instruments
    const uint8_t* precisions      # [currency]: decimals of its money unit
    tc_strategy_part* parts        # [instrument * stride + strategy]
    tc_strategy_part* fees         # [currency * stride + strategy]
    tc_day_total* totals           # by strategy, without equity and peak
    uint64_t* touched              # one bit a strategy, whose P&L has changed since it was looked at
    int64_t stride, touched_words
    int32_t strategy_max, currencies
    bint is_touched, is_kept


# A strategy's loss is to be looked at when the command is done.
cdef inline void touch_strategy(tc_strategy_pnl* s, int32_t strategy) noexcept nogil:
    if s.is_kept:
        s.touched[strategy >> 6] |= <uint64_t>1 << (strategy & 63)
        s.is_touched = True


# Its limit was set: what is beyond it as it is now is told, whatever was told of it as it was before.
cdef inline void forget_strategy_told(tc_strategy_pnl* s, int32_t strategy) noexcept nogil:
    s.totals[strategy].told &= ~(SOFT_TOLD | LIMIT_TOLD)
    touch_strategy(s, strategy)


# What its trades have left is worth, as quantity x mark; False where it has no mark. Of nothing 0.
cdef inline bint amount_of(
    const tc_strategy_pnl* s, int32_t instrument, const tc_strategy_part* part, tc_i128* out
) noexcept nogil:
    cdef const tc_worth* w = &s.values.worths[instrument]
    out[0] = 0
    if part.qty == 0:
        return True
    if w.divisor == 0 or w.mark == no_price():         # it never had one, or has none any more
        return False
    out[0] = part.qty * w.mark
    return True


# What a part is worth from now on, in its strategy's sum.
cdef inline void set_part(
    tc_strategy_pnl* s, int32_t strategy, tc_strategy_part* part, tc_i128 value, uint8_t state
) noexcept nogil:
    if change_value(&part.pnl, &s.totals[strategy].pnl, value, state):
        touch_strategy(s, strategy)


# What it has of an instrument has changed, or what that is worth.
cdef inline void revalue_strategy(tc_strategy_pnl* s, int32_t instrument, int32_t strategy) noexcept nogil:
    cdef tc_strategy_part* part = &s.parts[instrument * s.stride + strategy]
    cdef const tc_instrument* ins = &s.instruments[instrument]
    cdef tc_i128 amount = 0, value = 0
    cdef uint8_t state
    if not s.is_kept:
        return
    if not amount_of(s, instrument, part, &amount):
        set_part(s, strategy, part, 0, NO_MARK)
        return
    state = value_amount(amount - part.paid - part.closed, ins.notional_scale, ins.limit_scale,
                         s.values.rates[ins.currency], part.qty != 0, &value)
    set_part(s, strategy, part, value, state)


# What its trades were charged has changed, or what the currency is worth.
cdef inline void revalue_charged(tc_strategy_pnl* s, int32_t currency, int32_t strategy) noexcept nogil:
    cdef tc_strategy_part* part = &s.fees[currency * s.stride + strategy]
    cdef tc_i128 value = 0
    cdef uint8_t state
    if s.is_kept:
        state = value_amount(-part.paid - part.closed, tc_power_of_ten(9), tc_power_of_ten(s.precisions[currency]),
                             s.values.rates[currency], False, &value)
        set_part(s, strategy, part, value, state)


# Only in C: setdefault() in Python.
# The part of a strategy among those of an instrument, or of a currency's fees, that it ever traded.
cdef inline tc_strategy_part* used_part(tc_strategy_part* row, int32_t strategy) noexcept nogil:
    cdef tc_strategy_part* part = &row[strategy]
    if not part.is_used:
        part.is_used = True
        part.earlier = row.earlier
        row.earlier = strategy
    return part


# Only in C: a dict is walked in Python.
# Lots more of a part: it stands among those that have some, or does not any more.
cdef inline void move_part(tc_strategy_part* row, int32_t strategy, tc_i128 qty) noexcept nogil:
    cdef tc_strategy_part* part = &row[strategy]
    cdef bint had = part.qty != 0
    part.qty = part.qty + qty
    if had == (part.qty != 0):
        return
    if had:
        row[part.previous].next = part.next
        row[part.next].previous = part.previous
        return
    part.next = row.next
    part.previous = 0
    row[row.next].previous = strategy
    row.next = strategy


# A trade of one of its orders, in signed lots, or what takes one back.
cdef inline void book_of_strategy(
    tc_strategy_pnl* s, int32_t instrument, int32_t strategy, int64_t qty, int64_t price
) noexcept nogil:
    cdef tc_strategy_part* row = &s.parts[instrument * s.stride]
    cdef tc_strategy_part* part = used_part(row, strategy)
    move_part(row, strategy, qty)
    part.paid = part.paid + tc_wide(qty, price)
    revalue_strategy(s, instrument, strategy)


# The fee of such a trade, in money units; negative: it is given back.
cdef inline void charge_strategy(tc_strategy_pnl* s, int32_t currency, int32_t strategy, tc_i128 fee) noexcept nogil:
    cdef tc_strategy_part* part
    if fee != 0:
        part = used_part(&s.fees[currency * s.stride], strategy)
        part.paid = part.paid + fee
        revalue_charged(s, currency, strategy)


# An instrument has another mark, or none any more: what strategies have of it is worth that. What is flat needs none.
cdef inline void mark_strategies(tc_strategy_pnl* s, int32_t instrument) noexcept nogil:
    cdef tc_strategy_part* row = &s.parts[instrument * s.stride]
    cdef int32_t strategy = row.next if s.is_kept else 0
    while strategy:
        revalue_strategy(s, instrument, strategy)
        strategy = row[strategy].next


# Only in C: a dict there has only what was ever booked.
cdef inline void revalue_row(tc_strategy_pnl* s, int32_t instrument) noexcept nogil:
    cdef int32_t strategy = s.parts[instrument * s.stride].earlier
    while strategy:
        revalue_strategy(s, instrument, strategy)
        strategy = s.parts[instrument * s.stride + strategy].earlier


# Only in C: as the parts.
cdef inline void revalue_fee_row(tc_strategy_pnl* s, int32_t currency) noexcept nogil:
    cdef int32_t strategy = s.fees[currency * s.stride].earlier
    while strategy:
        revalue_charged(s, currency, strategy)
        strategy = s.fees[currency * s.stride + strategy].earlier


# A currency is worth something else: so is all that was won, lost or charged in it since the close.
cdef inline void rate_strategies(tc_strategy_pnl* s, int32_t instrument_count, int32_t currency) noexcept nogil:
    cdef int32_t i
    if not s.is_kept:
        return
    for i in range(1, instrument_count + 1):
        if s.instruments[i].currency == currency:
            revalue_row(s, i)
    revalue_fee_row(s, currency)


# n new shares for d old ones, rounded down: of an account's whole number two strategies may have halves, and a loss is
# rounded up. Its mark goes too: who says so values it.
cdef inline void split_strategies(tc_strategy_pnl* s, int32_t instrument, int64_t n, int64_t d) noexcept nogil:
    cdef tc_strategy_part* row = &s.parts[instrument * s.stride]
    cdef int32_t strategy = row.next, next
    while strategy:
        next = row[strategy].next
        move_part(row, strategy, tc_floor_div_wide(row[strategy].qty * n, d) - row[strategy].qty)
        revalue_strategy(s, instrument, strategy)      # of one that is flat now nobody else does
        strategy = next


# Only in C: the body of a loop in Python.
cdef inline void close_strategy_row(tc_strategy_pnl* s, int32_t instrument) noexcept nogil:
    cdef tc_strategy_part* row = &s.parts[instrument * s.stride]
    cdef int32_t strategy = row.earlier
    cdef tc_i128 amount = 0
    while strategy:
        if amount_of(s, instrument, &row[strategy], &amount):
            row[strategy].closed = amount - row[strategy].paid
        strategy = row[strategy].earlier
    revalue_row(s, instrument)


# The day's P&L begins anew, from the marks as they are. What is held without one counts from the close before.
cdef inline void close_strategies(tc_strategy_pnl* s, int32_t instrument_count) noexcept nogil:
    cdef int32_t i, strategy
    for i in range(1, instrument_count + 1):
        close_strategy_row(s, i)
    for i in range(1, s.currencies + 1):
        strategy = s.fees[i * s.stride].earlier
        while strategy:
            s.fees[i * s.stride + strategy].closed = -s.fees[i * s.stride + strategy].paid
            strategy = s.fees[i * s.stride + strategy].earlier
        revalue_fee_row(s, i)
    for strategy in range(1, s.strategy_max + 1):
        if s.totals[strategy].told:
            s.totals[strategy].told = 0
        touch_strategy(s, strategy)


# Only in C: a list of parts in Python.
cdef inline void forget_row(tc_strategy_part* row) noexcept nogil:
    cdef int32_t strategy = row.earlier
    while strategy:
        row[strategy].pnl.value = 0
        row[strategy].pnl.state = KNOWN
        strategy = row[strategy].earlier


# Some row limits a strategy's loss from now on, or none any more. What was told stays.
cdef inline void keep_strategies(tc_strategy_pnl* s, int32_t instrument_count, bint is_kept) noexcept nogil:
    cdef bint begins = is_kept and not s.is_kept
    cdef int32_t i
    s.is_kept = is_kept
    if not is_kept and s.is_touched:
        tc_clear(s.touched, s.touched_words * sizeof(uint64_t))
        s.is_touched = False
    if not begins:
        return
    for i in range(s.strategy_max + 1):
        tc_clear(&s.totals[i].pnl, sizeof(tc_part_sum))
    for i in range(1, instrument_count + 1):
        forget_row(&s.parts[i * s.stride])
        revalue_row(s, i)
    for i in range(1, s.currencies + 1):
        forget_row(&s.fees[i * s.stride])
        revalue_fee_row(s, i)

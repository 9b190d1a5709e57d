# The day's P&L by account and for the firm, in base currency: since the previous close, realised or not, less fees; and
# their equity: opening cash, and all that was won or lost since, at marks.
#
# Kept as trades, fees, marks and rates arrive, never walked on an order's path, and equal at any time to what adding
# up all trades gives. Each position counts by itself in its own currency, at the rate of now, rounded down to 10**-9
# of the base currency, so that a loss is rounded up; an opened position counts from its price until the first close.
# While no rule needs it nothing is kept: what was paid until then is asked of the ledger. What is held needs a mark,
# what was won or lost a rate: without one the P&L is not known, and it is counted why, so that what asks can refuse.
#
# Equity is what is held at its marks, less what was paid for it, and cash. Of a future that is its variation margin,
# which is won or lost from its price on. What an opened position cost was not paid from the opening cash: it is added
# back, unless the instrument is valued as a future.
#
# What was paid is a sum of amounts below 2**100, and P&L of parts below 10**30: they stay far within 128 bits.

from exposures cimport *
from rule_rows cimport RULE_DRAWDOWN, RULE_MARGIN_USE


cdef enum:
    SOFT_TOLD = 1                  # two bits of what was told of each limit
    LIMIT_TOLD = 2
    RATIO_ONE = 1_000_000_000
    BPS_ONE = 10_000


# What a part is worth in the base currency.
cdef struct tc_part_value:
    tc_i128 value
    uint8_t state                  # KNOWN, or why not


# What all parts of an account are worth.
cdef struct tc_part_sum:
    tc_i128 value
    int64_t unknown[STATES]        # parts by why they have no value


# Of an account's P&L: an instrument's, in amounts (quantity x price), or a currency's fees, in money units.
cdef struct tc_pnl_part:
    tc_i128 paid                   # ever, less what was got
    tc_i128 closed                 # P&L at the previous close
    tc_i128 opened                 # there without being paid for here: an opened position's cost, or opening cash
    tc_part_value pnl              # since the close
    tc_part_value equity


# The sums of an account; of account 0 the whole firm's, as its positions add up.
cdef struct tc_day_total:
    tc_part_sum pnl, equity
    tc_i128 peak                   # of the P&L, when a command was done; at the close it is 0
    uint8_t told                   # bits of what was told: see losses.pxd


cdef struct tc_pnl:
    tc_values* values
    const tc_instrument* instruments
    const uint8_t* precisions      # [currency]: decimals of its money unit
    tc_pnl_part* parts                 # [instrument * stride + account]
    tc_pnl_part* fees                  # [currency * stride + account]
    tc_day_total* totals           # by account
    uint64_t* touched              # one bit an account, whose P&L has changed since it was looked at
    int64_t stride, touched_words
    int32_t currencies             # that there can be, from 1
    bint is_touched, is_kept
    bint equity_is_kept            # only where the P&L is


# Only in C: constants of C as functions. What no exposure, and no ratio, can be: one that can't be told.
cdef inline tc_i128 beyond_exposure() noexcept nogil:
    return tc_power_of_ten(37)


# An amount over equity, in parts of which `one` are equity itself, rounded up: against a whole limit that decides as
# the exact ratio does. beyond_exposure() where no equity bears it: none above zero, or none that can be told.
cdef inline tc_i128 ratio_of(tc_i128 amount, const tc_day_total* total, int64_t one) noexcept nogil:
    cdef tc_i128 scaled = 0
    if (total.equity.value <= 0 or total.equity.unknown[<int>TOO_LARGE]
            or tc_mul_overflows(amount, one, &scaled)):
        return beyond_exposure()
    return -tc_floor_div_wide(-scaled, total.equity.value)


# An account's losses are to be looked at when the command is done.
cdef inline void touch_account(tc_pnl* p, int32_t account) noexcept nogil:
    if p.is_kept:
        p.touched[account >> 6] |= <uint64_t>1 << (account & 63)
        p.is_touched = True


# Where the bits of a limit stand in what was told.
cdef inline int told_shift(int rule) noexcept nogil:
    return 2 if rule == RULE_DRAWDOWN else 4 if rule == RULE_MARGIN_USE else 0


# A limit was set: what is beyond it as it is now is told, whatever was told of it as it was before.
cdef inline void forget_told(tc_pnl* p, int32_t account, int rule) noexcept nogil:
    p.totals[account].told &= ~((SOFT_TOLD | LIMIT_TOLD) << told_shift(rule))
    touch_account(p, account)


# An amount as P&L in the base currency, each `factor` / `divisor` of its own; KNOWN, or why it is not. What is nothing,
# and not held, needs no rate.
cdef inline uint8_t value_amount(
    tc_i128 amount, tc_i128 factor, tc_i128 divisor, int64_t rate, bint is_held, tc_i128* out
) noexcept nogil:
    cdef tc_i128 value = 0
    out[0] = 0
    if rate == 0:
        return NO_RATE if amount != 0 or is_held else KNOWN
    if rate != rate_one():
        if tc_mul_overflows(factor, rate, &factor):
            return TOO_LARGE
        divisor = divisor * rate_one()
    if tc_product_overflows(factor, tc_abs_wide(amount), &value):
        return TOO_LARGE
    value = tc_floor_div_wide(value if amount >= 0 else -value, divisor)
    if tc_abs_wide(value) > tc_power_of_ten(30):
        return TOO_LARGE
    out[0] = value
    return KNOWN


# Only in C: any() in Python.
cdef inline bint has_unknown(const int64_t* unknown) noexcept nogil:
    return (unknown[<int>NO_MARK] | unknown[<int>NO_RATE] | unknown[<int>TOO_LARGE]) != 0


# A part's new value in place of what it was, in the sum that it stands in; is it another one?
cdef inline bint change_value(
    tc_part_value* part, tc_part_sum* total, tc_i128 value, uint8_t state
) noexcept nogil:
    if part.value == value and part.state == state:
        return False
    total.unknown[part.state] -= part.state > 0
    total.unknown[state] += state > 0
    tc_assert((total.unknown[state] >= 0) & (total.unknown[part.state] >= 0))
    total.value = total.value + value - part.value
    part.value = value
    part.state = state
    return True


# A part's new value in place of what it was, in its account's sum.
cdef inline void set_value(
    tc_pnl* p, int32_t account, tc_part_value* part, tc_part_sum* total, tc_i128 value, uint8_t state
) noexcept nogil:
    if change_value(part, total, value, state):
        touch_account(p, account)


# What a part is worth, at `amount` for what is held of it; equity with what was `opened`.
cdef inline void value_part(
    tc_pnl* p, int32_t account, tc_pnl_part* part, tc_i128 amount, tc_i128 opened, tc_i128 factor, tc_i128 divisor,
    int64_t rate, bint is_held
) noexcept nogil:
    cdef tc_i128 earned = amount - part.paid, value = 0
    cdef uint8_t state = value_amount(earned - part.closed, factor, divisor, rate, is_held, &value)
    set_value(p, account, &part.pnl, &p.totals[account].pnl, value, state)
    if tc_seldom(p.equity_is_kept):
        state = value_amount(earned + opened, factor, divisor, rate, is_held, &value)
        set_value(p, account, &part.equity, &p.totals[account].equity, value, state)


# What is held is worth, as quantity x mark; False where it has no mark. Of nothing 0.
cdef inline bint amount_at_mark(const tc_pnl* p, int32_t instrument, int32_t account, tc_i128* out) noexcept nogil:
    cdef const tc_worth* w = &p.values.worths[instrument]
    cdef int64_t position_qty = p.values.held[instrument * p.stride + account].position_qty
    out[0] = 0
    if position_qty == 0:
        return True
    if w.divisor == 0 or w.mark == no_price():         # it never had one, or has none any more
        return False
    out[0] = tc_wide(position_qty, w.mark)
    return True


# A position has changed, or what it is worth.
cdef inline void revalue_part(tc_pnl* p, int32_t instrument, int32_t account) noexcept nogil:
    cdef tc_pnl_part* part = &p.parts[instrument * p.stride + account]
    cdef const tc_instrument* ins = &p.instruments[instrument]
    cdef tc_i128 amount = 0
    if not p.is_kept:
        return
    if not amount_at_mark(p, instrument, account, &amount):
        set_value(p, account, &part.pnl, &p.totals[account].pnl, 0, NO_MARK)
        if p.equity_is_kept:
            set_value(p, account, &part.equity, &p.totals[account].equity, 0, NO_MARK)
        return
    value_part(p, account, part, amount, part.opened if ins.valuation_method == PREMIUM_STYLE else 0,
               ins.notional_scale, ins.limit_scale, p.values.rates[ins.currency],
               p.values.held[instrument * p.stride + account].position_qty != 0)


# What an account was charged has changed, or its opening cash, or what the currency is worth.
cdef inline void revalue_fees(tc_pnl* p, int32_t currency, int32_t account) noexcept nogil:
    if p.is_kept:
        value_part(p, account, &p.fees[currency * p.stride + account], 0,
                   p.fees[currency * p.stride + account].opened, tc_power_of_ten(9),
                   tc_power_of_ten(p.precisions[currency]), p.values.rates[currency], False)


# What was paid for a position, or got for it: signed quantity x price. The position is the new one by now. The firm's
# are those of all.
cdef inline void book_amount(tc_pnl* p, int32_t instrument, int32_t account, tc_i128 amount) noexcept nogil:
    cdef tc_pnl_part* firm = &p.parts[instrument * p.stride]
    if account:
        firm[account].paid = firm[account].paid + amount
        revalue_part(p, instrument, account)
    firm.paid = firm.paid + amount
    revalue_part(p, instrument, 0)


# A fee that an account was charged, in money units; negative: it is given back. The firm's are those of all.
cdef inline void book_fee(tc_pnl* p, int32_t currency, int32_t account, tc_i128 fee) noexcept nogil:
    cdef tc_pnl_part* firm = &p.fees[currency * p.stride]
    if fee == 0:
        return
    if account:
        firm[account].paid = firm[account].paid + fee
        revalue_fees(p, currency, account)
    firm.paid = firm.paid + fee
    revalue_fees(p, currency, 0)


# What an opened position cost, before anything was paid here: signed quantity x price.
cdef inline void open_amount(tc_pnl* p, int32_t instrument, int32_t account, tc_i128 amount) noexcept nogil:
    cdef tc_pnl_part* firm = &p.parts[instrument * p.stride]
    firm[account].opened = firm[account].opened + amount
    firm.opened = firm.opened + amount


# What an account's position that was opened has cost elsewhere; in suspense (0) none is.
cdef inline tc_i128 opened_amount(const tc_pnl* p, int32_t instrument, int32_t account) noexcept nogil:
    return p.parts[instrument * p.stride + account].opened if account else 0


# Opening cash, in money units. The firm's is that of all.
cdef inline void open_money(tc_pnl* p, int32_t currency, int32_t account, tc_i128 money) noexcept nogil:
    cdef tc_pnl_part* firm = &p.fees[currency * p.stride]
    firm[account].opened = firm[account].opened + money
    revalue_fees(p, currency, account)
    firm.opened = firm.opened + money
    revalue_fees(p, currency, 0)


# Nothing is booked any more.
cdef inline void forget_paid(tc_pnl* p, int32_t instrument_count) noexcept nogil:
    cdef int64_t i
    for i in range((instrument_count + 1) * p.stride):
        p.parts[i].paid = 0
    for i in range((p.currencies + 1) * p.stride):
        p.fees[i].paid = 0


# A mark, which is the youngest now, or no_price(): what each account holds of it, and the firm, is worth that. What is
# flat needs none.
cdef inline void set_mark(tc_pnl* p, int32_t instrument, int64_t mark, int64_t time) noexcept nogil:
    cdef int32_t account
    set_worth(p.values, &p.instruments[instrument], instrument, mark, time)
    if not p.is_kept:
        return
    revalue_part(p, instrument, 0)
    account = p.values.values[instrument * p.stride].next
    while account:
        revalue_part(p, instrument, account)
        account = p.values.values[instrument * p.stride + account].next


# What equity must cover of an instrument's positions: of each account that holds or works it, and of the firm.
cdef inline void set_margin_rates(
    tc_pnl* p, int32_t instrument, int32_t initial, int32_t maintenance
) noexcept nogil:
    cdef int32_t account = p.values.values[instrument * p.stride].next
    set_margins(p.values, instrument, initial, maintenance)
    touch_account(p, 0)
    while p.is_kept and account:
        touch_account(p, account)
        account = p.values.values[instrument * p.stride + account].next


# Only in C: a dict there has only what was ever booked.
# All parts of an instrument, and all of a currency's fees.
cdef inline void revalue_parts(tc_pnl* p, int32_t instrument) noexcept nogil:
    cdef int32_t account
    if p.values.held[instrument * p.stride].is_used:
        for account in range(p.stride):
            revalue_part(p, instrument, account)


# Only in C: as the parts.
cdef inline void revalue_charges(tc_pnl* p, int32_t currency) noexcept nogil:
    cdef int32_t account
    for account in range(p.stride):
        revalue_fees(p, currency, account)


# What a currency is worth: so is all that was won, lost or charged in it since the close, and what is held.
cdef inline void set_currency_rate(
    tc_pnl* p, int32_t instrument_count, int32_t currency, int64_t rate
) noexcept nogil:
    cdef int32_t i
    set_rate(p.values, p.instruments, instrument_count, currency, rate)
    if not p.is_kept:
        return
    for i in range(1, instrument_count + 1):
        if p.instruments[i].currency == currency:
            revalue_parts(p, i)
    revalue_charges(p, currency)


# The day's P&L begins anew, from the marks as they are. What is held without one counts from the close before.
cdef inline void close_pnl(tc_pnl* p, int32_t instrument_count) noexcept nogil:
    cdef tc_i128 amount = 0
    cdef int32_t account, i
    for i in range(1, instrument_count + 1):
        if p.values.held[i * p.stride].is_used:
            for account in range(p.stride):
                if amount_at_mark(p, i, account, &amount):
                    p.parts[i * p.stride + account].closed = amount - p.parts[i * p.stride + account].paid
                    revalue_part(p, i, account)
    for i in range(1, p.currencies + 1):
        for account in range(p.stride):
            p.fees[i * p.stride + account].closed = -p.fees[i * p.stride + account].paid
        revalue_charges(p, i)
    for account in range(p.stride):
        p.totals[account].peak = 0
        p.totals[account].told = 0
        touch_account(p, account)


# Only in C: a part there is made when something is booked.
cdef inline void forget_value(tc_pnl_part* part) noexcept nogil:
    part.pnl.value = part.equity.value = 0
    part.pnl.state = part.equity.state = KNOWN


# Some rule needs the day's P&L, or equity, from now on, or none any more. What was told and the peak stay.
cdef inline void keep_pnl(tc_pnl* p, int32_t instrument_count, bint is_kept, bint equity_is_kept) noexcept nogil:
    cdef bint begins = (is_kept and not p.is_kept) or (equity_is_kept and not p.equity_is_kept)
    cdef int64_t i
    cdef int32_t account
    p.is_kept = is_kept
    p.equity_is_kept = equity_is_kept
    if not is_kept and p.is_touched:
        tc_clear(p.touched, p.touched_words * sizeof(uint64_t))
        p.is_touched = False
    if not begins:
        return
    for account in range(p.stride):
        tc_clear(&p.totals[account].pnl, sizeof(tc_part_sum))
        tc_clear(&p.totals[account].equity, sizeof(tc_part_sum))
    for i in range((instrument_count + 1) * p.stride):
        forget_value(&p.parts[i])
    for i in range((p.currencies + 1) * p.stride):
        forget_value(&p.fees[i])
    for account in range(1, instrument_count + 1):
        revalue_parts(p, account)
    for account in range(1, p.currencies + 1):
        revalue_charges(p, account)

# The cash of cash accounts, by account and currency: what there is of it, and what orders that work hold of it.
#
# Kept as trades, fees and orders come, never walked on an order's path, and equal at any time to what adding up all
# positions, fees and orders gives. What each instrument has cost or brought in counts by itself, in 10**-9 of its
# currency and rounded against the account; fees and opened cash are summed in money units before that. An order holds
# what it needs at its worst; what can't be told holds more than anyone has. Where that is more than there is, the rest
# is owed: in the base currency, rounded up, by account and by the firm. While no row asks for funds nothing is kept.
#
# What is held, brought in or owed is a sum of at most 10**7 parts of 10**30: they stay within 128 bits.

from exposures cimport *
from libc.string cimport memset


cdef enum:
    FEE_SCALE = 1_000_000          # a fee is in millionths of a price unit


# What is owed in a currency, or by an account in all of them; of account 0 by the whole firm.
cdef struct tc_owed:
    tc_i128 money                  # of the base currency
    int64_t unknown                # currencies in which it can't be told: without a rate, or beyond 128 bits


# Sums by account and currency, [account * currency_stride + currency].
cdef struct tc_funds:
    const tc_instrument* instruments
    const uint8_t* precisions      # [currency]: decimals of its money unit
    const tc_i128* opened          # cash, in money units
    tc_i128* paid                  # [instrument * stride + account]: quantity x price of all bought, less what was sold
    tc_i128* brought               # what instruments brought in, less what they cost
    tc_i128* fees                  # in money units
    tc_i128* held
    tc_owed* parts
    tc_owed* owed                  # by account
    const int64_t* rates
    int64_t stride, currency_stride
    int64_t paid_size, sum_size, part_size      # bytes
    bint is_kept


# Only in C: constants of C as functions. What no cash pays for: of what can't be told.
cdef inline tc_i128 untold() noexcept nogil:
    return tc_power_of_ten(30)


# Only in C: a method in Python.
# Nothing is booked or held any more.
cdef inline void forget_funds(tc_funds* f) noexcept nogil:
    memset(f.paid, 0, f.paid_size)
    memset(f.brought, 0, f.sum_size)
    memset(f.fees, 0, f.sum_size)
    memset(f.held, 0, f.sum_size)
    memset(f.parts, 0, f.part_size)
    memset(f.owed, 0, f.stride * sizeof(tc_owed))


# What an amount brings in, in 10**-9 of its currency, rounded down; what can't be told is as if all were spent.
cdef inline tc_i128 money_of_amount(const tc_instrument* ins, tc_i128 amount) noexcept nogil:
    cdef tc_i128 money = 0
    if tc_mul_overflows(tc_abs_wide(amount), ins.notional_scale, &money):
        return -untold()
    money = tc_floor_div_wide(money if amount >= 0 else -money, ins.limit_scale)
    return -untold() if tc_abs_wide(money) > untold() else money


# What an account has in a currency, in 10**-9 of it, rounded down.
cdef inline tc_i128 cash_of(const tc_funds* f, int32_t account, int32_t currency) noexcept nogil:
    cdef int64_t place = account * f.currency_stride + currency
    cdef int decimals = f.precisions[currency]
    cdef tc_i128 units = f.opened[place] - f.fees[place], money = 0
    if decimals <= 9:
        if tc_product_overflows(tc_abs_wide(units), tc_power_of_ten(9 - decimals), &money):
            return -untold()
        return f.brought[place] + (money if units >= 0 else -money)
    return f.brought[place] + tc_floor_div_wide(units, tc_power_of_ten(decimals - 9))


# What an account owes in a currency with so much more held, in the base currency, rounded up; -1 where that can't be
# told.
cdef inline tc_i128 value_debit(const tc_funds* f, int32_t account, int32_t currency, tc_i128 more) noexcept nogil:
    cdef tc_i128 debit = f.held[account * f.currency_stride + currency] + more, value = 0
    debit = debit - cash_of(f, account, currency)
    if debit <= 0:
        return 0
    if f.rates[currency] == 0 or tc_mul_overflows(debit, f.rates[currency], &value):
        return -1
    value = -tc_floor_div_wide(-value, rate_one())
    return -1 if value > untold() else value


# What an account has or holds in a currency has changed, or what that is worth: so has what it owes, and the firm.
cdef inline void revalue_owed(tc_funds* f, int32_t account, int32_t currency) noexcept nogil:
    cdef tc_owed* part = &f.parts[account * f.currency_stride + currency]
    cdef tc_owed* owed = &f.owed[account]
    cdef tc_owed was = part[0]
    part.money = value_debit(f, account, currency, 0)
    part.unknown = part.money < 0
    if part.unknown:
        part.money = 0
    owed.money = owed.money + part.money - was.money
    owed.unknown += part.unknown - was.unknown
    if account:
        f.owed[0].money = f.owed[0].money + part.money - was.money
        f.owed[0].unknown += part.unknown - was.unknown
    tc_assert((owed.money >= 0) & (owed.unknown >= 0) & (f.owed[0].money >= 0))


# What a currency is worth has changed.
cdef inline void revalue_currency(tc_funds* f, int32_t currency, int32_t accounts) noexcept nogil:
    cdef int32_t account
    for account in range(accounts + 1):
        revalue_owed(f, account, currency)


# What an account, or the firm, would owe if the account held so much more of a currency; -1 where that can't be told.
cdef inline tc_i128 owed_with(
    const tc_funds* f, int32_t whose, int32_t account, int32_t currency, tc_i128 more
) noexcept nogil:
    cdef const tc_owed* part = &f.parts[account * f.currency_stride + currency]
    cdef tc_i128 value = value_debit(f, account, currency, more)
    return -1 if value < 0 or f.owed[whose].unknown > part.unknown else f.owed[whose].money - part.money + value


# What was paid for a position, or got for it: signed quantity x price.
cdef inline void book_flow(tc_funds* f, int32_t instrument, int32_t account, tc_i128 amount) noexcept nogil:
    cdef const tc_instrument* ins = &f.instruments[instrument]
    cdef tc_i128* paid = &f.paid[instrument * f.stride + account]
    cdef tc_i128* brought = &f.brought[account * f.currency_stride + ins.currency]
    brought[0] = brought[0] + money_of_amount(ins, -paid[0] - amount) - money_of_amount(ins, -paid[0])
    paid[0] = paid[0] + amount
    revalue_owed(f, account, ins.currency)


# A fee that an account was charged, in money units; negative: it is given back.
cdef inline void book_charge(tc_funds* f, int32_t currency, int32_t account, tc_i128 fee) noexcept nogil:
    cdef tc_i128* fees = &f.fees[account * f.currency_stride + currency]
    fees[0] = fees[0] + fee
    revalue_owed(f, account, currency)


# Holds so much more, or where it is negative less.
cdef inline void hold_cash(tc_funds* f, int32_t account, int32_t currency, tc_i128 more) noexcept nogil:
    cdef tc_i128* held = &f.held[account * f.currency_stride + currency]
    held[0] = held[0] + more
    tc_assert(held[0] >= 0)
    revalue_owed(f, account, currency)


# What an order needs of its currency, in 10**-9 and rounded up: what is bought at a price, or sold at one below zero,
# and where it buys the fee, which is for one quantity unit. A sale pays its fee of what it brings. -1 where it can't be
# told: without a price, or beyond 128 bits.
cdef inline tc_i128 need_of(
    const tc_instrument* ins, uint8_t side, int64_t qty, int64_t price, tc_i128 fee
) noexcept nogil:
    cdef int64_t paid
    cdef tc_i128 cost = 0, charge = 0
    if qty == 0:
        return 0
    if price == no_price():
        return -1
    paid = price if side == SIDE_BUY else -price
    if tc_mul_overflows(tc_wide(qty, paid if paid > 0 else 0), ins.notional_scale, &cost):
        return -1
    if side == SIDE_BUY and fee != 0:
        if tc_mul_overflows(fee, qty, &charge) or tc_mul_overflows(charge, ins.notional_scale, &charge):
            return -1
    cost = -tc_floor_div_wide(-cost, ins.limit_scale)
    charge = -tc_floor_div_wide(-charge, tc_wide(ins.limit_scale, FEE_SCALE))
    return -1 if cost > untold() or charge > untold() - cost else cost + charge

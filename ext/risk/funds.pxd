# The cash of cash accounts, by account and currency: what there is of it, and what orders that work hold of it.
#
# Kept as trades, fees and orders come, never walked on an order's path, and equal at any time to what adding up all
# positions, fees and orders gives. What each instrument has cost or brought in counts by itself, in 10**-9 of its
# currency and rounded against the account; fees and opened cash are summed in money units before that. An order holds
# what it needs at its worst; what can't be told holds more than anyone has. While no row asks for funds nothing is
# kept. What is held, and what was brought in, are sums of at most 10**7 parts of 10**30: they stay within 128 bits.

from instrument cimport *
from libc.string cimport memset


cdef enum:
    FEE_SCALE = 1_000_000          # a fee is in millionths of a price unit


# Sums by account and currency, [account * currency_stride + currency].
cdef struct tc_funds:
    const tc_instrument* instruments
    const uint8_t* precisions      # [currency]: decimals of its money unit
    const tc_i128* opened          # cash, in money units
    tc_i128* paid                  # [instrument * stride + account]: quantity x price of all bought, less what was sold
    tc_i128* brought               # what instruments brought in, less what they cost
    tc_i128* fees                  # in money units
    tc_i128* held
    int64_t stride, currency_stride
    int64_t paid_size, sum_size    # bytes
    bint is_kept


# Only in C: constants of C as functions. What no cash pays for: of what can't be told.
cdef inline tc_i128 untold() noexcept nogil:
    return tc_power_of_ten(30)


# Nothing is booked or held any more.
cdef inline void forget_funds(tc_funds* f) noexcept nogil:
    memset(f.paid, 0, f.paid_size)
    memset(f.brought, 0, f.sum_size)
    memset(f.fees, 0, f.sum_size)
    memset(f.held, 0, f.sum_size)


# What an amount brings in, in 10**-9 of its currency, rounded down; what can't be told is as if all were spent.
cdef inline tc_i128 money_of_amount(const tc_instrument* ins, tc_i128 amount) noexcept nogil:
    cdef tc_i128 money = 0
    if tc_mul_overflows(tc_abs_wide(amount), ins.notional_scale, &money):
        return -untold()
    money = tc_floor_div_wide(money if amount >= 0 else -money, ins.limit_scale)
    return -untold() if tc_abs_wide(money) > untold() else money


# What was paid for a position, or got for it: signed quantity x price.
cdef inline void book_flow(tc_funds* f, int32_t instrument, int32_t account, tc_i128 amount) noexcept nogil:
    cdef const tc_instrument* ins = &f.instruments[instrument]
    cdef tc_i128* paid = &f.paid[instrument * f.stride + account]
    cdef tc_i128* brought = &f.brought[account * f.currency_stride + ins.currency]
    brought[0] = brought[0] + money_of_amount(ins, -paid[0] - amount) - money_of_amount(ins, -paid[0])
    paid[0] = paid[0] + amount


# A fee that an account was charged, in money units; negative: it is given back.
cdef inline void book_charge(tc_funds* f, int32_t currency, int32_t account, tc_i128 fee) noexcept nogil:
    cdef tc_i128* fees = &f.fees[account * f.currency_stride + currency]
    fees[0] = fees[0] + fee


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


# Holds so much more, or where it is negative less.
cdef inline void hold_cash(tc_funds* f, int32_t account, int32_t currency, tc_i128 more) noexcept nogil:
    cdef tc_i128* held = &f.held[account * f.currency_stride + currency]
    held[0] = held[0] + more
    tc_assert(held[0] >= 0)


# What an order needs of its currency, in 10**-9 and rounded up: what is bought at a price, or sold at one below zero,
# and where it buys the fee, which is for one quantity unit. A sale pays its fee of what it brings. -1 where it can't be
# told: without a price, or beyond 128 bits.
cdef inline tc_i128 need_of(
    const tc_instrument* ins, uint8_t side, int64_t qty, int64_t price, tc_i128 fee
) noexcept nogil:
    cdef int64_t paid = price if side == SIDE_BUY else -price
    cdef tc_i128 cost = 0, charge = 0
    if qty == 0:
        return 0
    if price == no_price():
        return -1
    if tc_mul_overflows(tc_wide(qty, paid if paid > 0 else 0), ins.notional_scale, &cost):
        return -1
    if side == SIDE_BUY and fee != 0:
        if tc_mul_overflows(fee, qty, &charge) or tc_mul_overflows(charge, ins.notional_scale, &charge):
            return -1
    cost = -tc_floor_div_wide(-cost, ins.limit_scale)
    charge = -tc_floor_div_wide(-charge, tc_wide(ins.limit_scale, FEE_SCALE))
    return -1 if cost + charge > untold() else cost + charge

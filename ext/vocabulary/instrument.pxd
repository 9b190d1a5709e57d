# Reference data of one instrument, and what follows from it once: scales that compare amounts with limits
# without dividing. Vocabulary: every room may use it.

from libc.string cimport memcpy
from records cimport *


cdef struct tc_instrument:
    int64_t tick, lot, min_qty, max_qty          # price units, lots
    int64_t min_notional, max_notional           # micros, -1: none
    int64_t notional_scale, limit_scale          # amount * notional_scale / limit_scale is micros
    int64_t qty_scale, qty_limit_scale           # lots * qty_scale / qty_limit_scale is millionths of a whole unit
    int64_t unit_scale                           # 10**(price_precision + multiplier_precision)
    int64_t lots_per_unit                        # 10**qty_precision
    int64_t multiplier
    int32_t currency
    uint32_t ord_types, times_in_force
    uint8_t price_precision, qty_precision, multiplier_precision, any_sign
    int64_t name                   # its number in the table of ids


cdef inline uint8_t opposite(uint8_t side) noexcept nogil:
    return SIDE_SELL if side == SIDE_BUY else SIDE_BUY


# Is this a type that waits for a trigger price?
cdef inline bint awaits_price(uint8_t ord_type) noexcept nogil:
    return ord_type != TYPE_MARKET and ord_type != TYPE_LIMIT


# Does this type trade within a limit price once it is active?
cdef inline bint has_limit(uint8_t ord_type) noexcept nogil:
    return ord_type == TYPE_LIMIT or ord_type == TYPE_STOP_LIMIT or ord_type == TYPE_LIMIT_IF_TOUCHED


# BUY or SELL: a short sale is a sell to every book and position.
cdef inline uint8_t direction(uint8_t side) noexcept nogil:
    return SIDE_BUY if side == SIDE_BUY else SIDE_SELL


cdef inline int64_t power_of_ten(int exponent) noexcept nogil:
    cdef int64_t power = 1
    while exponent > 0:
        power *= 10
        exponent -= 1
    return power


# The byte offset of the first field that no instrument can have, or -1.
cdef inline int find_bad_definition(const tc_command* c, int32_t currencies) noexcept nogil:
    if c.currency < 1 or c.currency > currencies:
        return 20
    if c.price_precision > 12:
        return 56
    if c.qty_precision > 12 or c.price_precision + c.qty_precision + c.multiplier_precision > 18:
        return 57
    if c.any_sign > 1:
        return 59
    if c.tick < 1 or c.tick > price_max():
        return 64
    if c.lot < 1 or c.lot > qty_max():
        return 72
    if c.max_qty < 1 or c.max_qty > qty_max():
        return 80
    if c.min_qty < 1 or c.min_qty > c.max_qty:
        return 88
    if c.multiplier < 1 or c.multiplier > multiplier_max():
        return 96
    if c.min_notional < -1 or c.min_notional > money_max():
        return 104
    if c.max_notional < -1 or c.max_notional > money_max():
        return 112
    return -1


# notional_scale is at most 1e9 * 1e6 and fits. An order's amount (2**94) times it may not fit 128 bits: that product is
# checked. A limit (at most 2**62) times limit_scale (at most 1e12) is below 2**102.
cdef inline void load_instrument(tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef int decimals = c.price_precision + c.qty_precision + c.multiplier_precision
    ins.tick = c.tick
    ins.lot = c.lot
    ins.min_qty = c.min_qty
    ins.max_qty = c.max_qty
    ins.min_notional = c.min_notional
    ins.max_notional = c.max_notional
    ins.notional_scale = c.multiplier * power_of_ten(6 - decimals)
    ins.limit_scale = power_of_ten(decimals - 6)
    ins.qty_scale = power_of_ten(6 - c.qty_precision)
    ins.qty_limit_scale = power_of_ten(c.qty_precision - 6)
    ins.unit_scale = power_of_ten(c.price_precision + c.multiplier_precision)
    ins.lots_per_unit = power_of_ten(c.qty_precision)
    ins.multiplier = c.multiplier
    ins.currency = c.currency
    ins.ord_types = c.ord_types
    ins.times_in_force = c.times_in_force
    ins.price_precision = c.price_precision
    ins.qty_precision = c.qty_precision
    ins.multiplier_precision = c.multiplier_precision
    ins.any_sign = c.any_sign
    ins.name = c.cl_ord_id


# An amount in micros for reports, rounded up where it is to exceed a bound and down where it is to fall short of one;
# the checks themselves compare without dividing.
cdef inline int64_t notional_micros(const tc_instrument* ins, tc_i128 amount, bint up) noexcept nogil:
    cdef tc_i128 scaled = 0
    if tc_mul_overflows(tc_abs_wide(amount), ins.notional_scale, &scaled):
        return tc_saturate(<tc_i128>1 << 100)
    if up:
        return tc_saturate(-tc_floor_div_wide(-scaled, ins.limit_scale))
    return tc_saturate(tc_floor_div_wide(scaled, ins.limit_scale))


# Why nothing can have this price, with the bound that it breaks; REASON_NONE where something can.
cdef inline int find_bad_price(const tc_instrument* ins, int64_t price, int64_t* bound) noexcept nogil:
    if price <= 0 and not ins.any_sign:
        bound[0] = ins.tick
    elif price > price_max() or price < -price_max():
        bound[0] = price_max() if price > 0 else -price_max()
    else:
        return REASON_NONE
    return PRICE_OUT_OF_RANGE

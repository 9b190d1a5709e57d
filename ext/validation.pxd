# Validation kernels: is this order well formed for its instrument? Every failure is one bit of a mask
# (bit = reason - 101). They look at the order and at reference data, never at positions, limits or markets.

from instrument cimport *
from ids cimport id_is_valid


cdef enum:
    ALL_EXEC_INST = INST_POST_ONLY


cdef inline uint64_t bit_of(int reason) noexcept nogil:
    return <uint64_t>1 << (reason - INVALID_FIELD_VALUE)


cdef inline bint is_side(uint8_t side) noexcept nogil:
    return side == SIDE_BUY or side == SIDE_SELL


cdef inline bint is_ord_type(uint8_t ord_type) noexcept nogil:
    return ord_type == TYPE_MARKET or ord_type == TYPE_LIMIT


cdef inline bint is_time_in_force(uint8_t tif) noexcept nogil:
    return tif == TIF_DAY or tif == TIF_GTC or tif == TIF_IOC or tif == TIF_FOK


# The byte offset of the first field whose value is no word of the vocabulary, or -1.
cdef inline int find_bad_field(const tc_command* c) noexcept nogil:
    if not is_side(c.side):
        return 1
    if not is_ord_type(c.ord_type):
        return 2
    if not is_time_in_force(c.time_in_force):
        return 3
    if c.exec_inst & ~<uint32_t>ALL_EXEC_INST:
        return 4
    if c.transact_time < 0 or c.transact_time > time_max():
        return 24
    return -1


cdef inline uint64_t check_combination(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    cdef bint market = c.ord_type == TYPE_MARKET
    cdef bint immediate = c.time_in_force == TIF_IOC or c.time_in_force == TIF_FOK
    if not (ins.ord_types >> c.ord_type) & 1:
        mask |= bit_of(UNSUPPORTED_ORDER_TYPE)
    if not (ins.times_in_force >> c.time_in_force) & 1:
        mask |= bit_of(UNSUPPORTED_TIF)
    if market and c.time_in_force == TIF_GTC:          # a market order never rests
        mask |= bit_of(UNSUPPORTED_TIF)
    if c.exec_inst & INST_POST_ONLY:
        if market:
            mask |= bit_of(UNSUPPORTED_ORDER_TYPE)
        if immediate:
            mask |= bit_of(UNSUPPORTED_TIF)
    return mask


cdef inline uint64_t check_price(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    if c.ord_type != TYPE_LIMIT:
        return 0
    if c.price == no_price():
        return bit_of(MISSING_REQUIRED_FIELD)
    if c.price > price_max() or c.price < -price_max() or (c.price <= 0 and not ins.any_sign):
        mask |= bit_of(PRICE_OUT_OF_RANGE)
    if tc_floor_mod(c.price, ins.tick) != 0:
        mask |= bit_of(PRICE_TICK_MULTIPLE)
    return mask


cdef inline uint64_t check_qty(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    if c.order_qty < ins.min_qty:
        mask |= bit_of(QTY_BELOW_MIN)
    if c.order_qty > ins.max_qty:
        mask |= bit_of(QTY_ABOVE_MAX)
    if tc_floor_mod(c.order_qty, ins.lot) != 0:
        mask |= bit_of(QTY_LOT_MULTIPLE)
    return mask


# A MARKET order has no price to take a notional at; risk holds it against its protection price.
cdef inline uint64_t check_notional(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef tc_i128 scaled = 0
    cdef int64_t most = ins.max_notional if ins.max_notional >= 0 else money_max()
    if (tc_mul_overflows(tc_wide(tc_abs(c.price), c.order_qty), ins.notional_scale, &scaled)
            or scaled > tc_wide(most, ins.limit_scale)):
        return bit_of(NOTIONAL_ABOVE_MAX)
    if ins.min_notional > 0 and scaled < tc_wide(ins.min_notional, ins.limit_scale):
        return bit_of(NOTIONAL_BELOW_MIN)
    return 0


# All failures of an order. `ins` is NULL where the instrument is not declared.
cdef inline uint64_t validate_order(
    const tc_instrument* ins, int32_t accounts, int32_t venues, const tc_command* c
) noexcept nogil:
    cdef uint64_t mask = 0, bounds
    cdef bint known = find_bad_field(c) < 0
    if not known:
        mask |= bit_of(INVALID_FIELD_VALUE)
    if c.account < 1 or c.account > accounts:
        mask |= bit_of(UNKNOWN_ACCOUNT)
    if c.venue < 0 or c.venue > venues:
        mask |= bit_of(UNKNOWN_VENUE)
    if not id_is_valid(c.cl_ord_id):
        mask |= bit_of(INVALID_CL_ORD_ID)
    if ins == NULL:
        return mask | bit_of(UNKNOWN_INSTRUMENT)
    bounds = check_price(ins, c) | check_qty(ins, c)
    if known:
        mask |= check_combination(ins, c)
        if c.ord_type == TYPE_LIMIT and not bounds:
            bounds = check_notional(ins, c)
    return mask | bounds


cdef inline int64_t field_value(const tc_command* c, int offset) noexcept nogil:
    if offset == 1:
        return c.side
    if offset == 2:
        return c.ord_type
    if offset == 3:
        return c.time_in_force
    if offset == 4:
        return c.exec_inst
    return c.transact_time


# The number and the bound of the first failure, for its text. Runs only for refused orders.
cdef inline void explain_mask(
    uint64_t mask, const tc_instrument* ins, int32_t instruments, int32_t accounts, int32_t venues,
    const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef int reason = INVALID_FIELD_VALUE + tc_lowest_bit(mask), offset
    value[0] = 0
    bound[0] = 0
    if reason == INVALID_FIELD_VALUE:
        offset = find_bad_field(c)
        bound[0] = offset
        value[0] = field_value(c, offset)
    elif reason == UNKNOWN_INSTRUMENT:
        value[0], bound[0] = c.instrument, instruments
    elif reason == UNKNOWN_ACCOUNT:
        value[0], bound[0] = c.account, accounts
    elif reason == UNKNOWN_VENUE:
        value[0], bound[0] = c.venue, venues
    elif reason == UNSUPPORTED_ORDER_TYPE:
        value[0], bound[0] = c.ord_type, ins.ord_types
    elif reason == UNSUPPORTED_TIF:
        value[0], bound[0] = c.time_in_force, ins.times_in_force
    elif reason == PRICE_TICK_MULTIPLE:
        value[0], bound[0] = c.price, ins.tick
    elif reason == PRICE_OUT_OF_RANGE:
        value[0], bound[0] = c.price, (price_max() if c.price > 0 else -price_max() if ins.any_sign else ins.tick)
    elif reason == QTY_LOT_MULTIPLE:
        value[0], bound[0] = c.order_qty, ins.lot
    elif reason == QTY_BELOW_MIN:
        value[0], bound[0] = c.order_qty, ins.min_qty
    elif reason == QTY_ABOVE_MAX:
        value[0], bound[0] = c.order_qty, ins.max_qty
    elif reason == NOTIONAL_BELOW_MIN:
        value[0], bound[0] = notional_micros(ins, tc_wide(c.price, c.order_qty), False), ins.min_notional
    elif reason == NOTIONAL_ABOVE_MAX:
        value[0] = notional_micros(ins, tc_wide(c.price, c.order_qty), True)
        bound[0] = ins.max_notional if ins.max_notional >= 0 else money_max()

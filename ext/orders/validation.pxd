# Validation kernels: is this order well formed for its instrument? Every failure is one bit of a mask
# (bit = reason - 101). They look at the order and at reference data, never at positions, limits or markets.

from instrument cimport *


cdef enum:
    SLICES_MAX = 1_000             # that an iceberg is shown in: each may cost a taker a step
    ALL_EXEC_INST = INST_POST_ONLY | INST_REDUCE_ONLY | INST_CASH | INST_CASH_FEES


cdef inline uint64_t bit_of(int reason) noexcept nogil:
    return <uint64_t>1 << (reason - INVALID_FIELD_VALUE)


cdef inline bint is_side(uint8_t side) noexcept nogil:
    return side == SIDE_BUY or side == SIDE_SELL or side == SIDE_SELL_SHORT or side == SIDE_SELL_SHORT_EXEMPT


cdef inline bint is_ord_type(uint8_t ord_type) noexcept nogil:
    return (ord_type >= TYPE_MARKET and ord_type <= TYPE_STOP_LIMIT) or (
        ord_type == TYPE_MARKET_IF_TOUCHED or ord_type == TYPE_LIMIT_IF_TOUCHED or ord_type == TYPE_TRAILING_STOP)


cdef inline bint is_time_in_force(uint8_t tif) noexcept nogil:
    return tif <= TIF_FOK or tif == TIF_GTD or tif == TIF_AT_THE_CLOSE


cdef inline bint is_trigger_price_type(uint8_t source) noexcept nogil:
    return source <= TRIGGER_BEST_BID or source == TRIGGER_BEST_MID


cdef inline bint is_immediate(uint8_t tif) noexcept nogil:
    return tif == TIF_IOC or tif == TIF_FOK


cdef inline bint is_auction(uint8_t tif) noexcept nogil:
    return tif == TIF_AT_THE_OPEN or tif == TIF_AT_THE_CLOSE


# An order's last word: the types of triggers and lists, and the strategy. Most orders have none of them.
cdef inline int64_t last_word(const tc_command* c) noexcept nogil:
    return <int64_t>tc_word(<const char*>&c.trigger_price_type)


# Has it any of the terms that few orders have?
cdef inline bint has_terms(const tc_command* c) noexcept nogil:
    return awaits_price(c.ord_type) or (
        c.peg_offset | c.min_qty | c.display_qty | c.list_id | c.expire_time | c.routing | last_word(c)) != 0


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
    if c.exec_inst & INST_CASH_FEES and (not c.exec_inst & INST_CASH or direction(c.side) != SIDE_BUY):
        return 4                                       # of what is bought for cash
    if c.transact_time < 0 or c.transact_time > time_max():
        return 24
    if c.routing > ROUTING_SCORER:
        return 41
    if last_word(c) == 0:
        return -1
    if not is_trigger_price_type(c.trigger_price_type):
        return 120
    if c.peg_offset_type > PEG_BASIS_POINTS:
        return 121
    if c.contingency_type > CONTINGENCY_OTO:
        return 122
    return 124 if c.strategy < 0 else -1


# Types, times in force and instructions that don't go together.
cdef inline uint64_t check_combination(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    cdef uint8_t tif = c.time_in_force
    if not (ins.ord_types >> c.ord_type) & 1:
        mask |= bit_of(UNSUPPORTED_ORDER_TYPE)
    if not (ins.times_in_force >> tif) & 1:
        mask |= bit_of(UNSUPPORTED_TIF)
    if c.ord_type == TYPE_MARKET and (tif == TIF_GTC or tif == TIF_GTD):      # a market order never rests
        mask |= bit_of(UNSUPPORTED_TIF)
    if awaits_price(c.ord_type) and is_auction(tif):
        mask |= bit_of(UNSUPPORTED_TIF)
    if c.exec_inst & INST_POST_ONLY:
        if c.ord_type != TYPE_LIMIT:
            mask |= bit_of(UNSUPPORTED_ORDER_TYPE)
        if is_immediate(tif) or is_auction(tif):
            mask |= bit_of(UNSUPPORTED_TIF)
    if (c.contingency_type == 0) != (c.list_id == 0) or c.list_id < 0:
        mask |= bit_of(INVALID_CONTINGENCY)
    return mask


# The exchange's limit that an order's price is beyond, or no_price(). What waits for a price meets those that there are
# once it has come.
cdef inline int64_t broken_price_limit(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    if awaits_price(c.ord_type):
        return no_price()
    return broken_limit(&ins.limits, direction(c.side), c.price, ins.price_most)


cdef inline uint64_t check_price(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    if not has_limit(c.ord_type):
        return 0
    if c.price == no_price():
        return bit_of(MISSING_REQUIRED_FIELD)
    if c.price == untellable():                        # finer than a price unit: off every tick
        return bit_of(PRICE_TICK_MULTIPLE)
    if c.price > ins.price_most or c.price < -ins.price_most or (c.price <= 0 and not ins.any_sign):
        mask |= bit_of(PRICE_OUT_OF_RANGE)
    elif broken_price_limit(ins, c) != no_price():
        mask |= bit_of(PRICE_LIMIT)
    if tc_floor_mod(c.price, tick_at(ins, c.price)) != 0:
        mask |= bit_of(PRICE_TICK_MULTIPLE)
    return mask


# The stop price of what waits for one, on the tick; a trailing stop has an offset instead; others have neither.
cdef inline uint64_t check_trigger(const tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    if c.ord_type == TYPE_TRAILING_STOP:
        if c.peg_offset < 1 or c.peg_offset > (price_max() if c.peg_offset_type == PEG_PRICE else 9_999):
            mask |= bit_of(INVALID_PEG_OFFSET)
    elif c.peg_offset or c.peg_offset_type:
        mask |= bit_of(INVALID_PEG_OFFSET)
    if not awaits_price(c.ord_type) or c.ord_type == TYPE_TRAILING_STOP:
        if c.stop_px != 0 and c.stop_px != no_price():
            mask |= bit_of(STOP_PX_OUT_OF_RANGE)
    elif c.stop_px == no_price():
        mask |= bit_of(MISSING_STOP_PX)
    elif (c.stop_px > price_max() or c.stop_px < -price_max() or (c.stop_px <= 0 and not ins.any_sign)
          or tc_floor_mod(c.stop_px, tick_at(ins, c.stop_px)) != 0):
        mask |= bit_of(STOP_PX_OUT_OF_RANGE)
    return mask


# Minimum and displayed quantity, and when it expires.
cdef inline uint64_t check_terms(const tc_instrument* ins, int64_t now, const tc_command* c) noexcept nogil:
    cdef uint64_t mask = 0
    # Only an order that never rests: one that rests would have to refuse every smaller taker.
    if c.min_qty and (c.min_qty < 1 or c.min_qty > c.order_qty or c.time_in_force != TIF_IOC):
        mask |= bit_of(INVALID_MIN_QTY)
    if c.display_qty and (c.display_qty < 1 or c.display_qty > c.order_qty
                          or tc_wide(c.display_qty, SLICES_MAX) < c.order_qty
                          or tc_floor_mod(c.display_qty, ins.lot) != 0 or is_immediate(c.time_in_force)
                          or is_auction(c.time_in_force) or not has_limit(c.ord_type)):
        mask |= bit_of(INVALID_DISPLAY_QTY)
    if c.time_in_force == TIF_GTD:
        if c.expire_time <= now or c.expire_time > time_max():
            mask |= bit_of(EXPIRE_TIME_IN_PAST)
    elif c.expire_time:
        mask |= bit_of(EXPIRE_TIME_IN_PAST)
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
    if ins.max_notional < 0 and ins.min_notional <= 0:
        return 0
    if tc_mul_overflows(tc_wide(tc_abs(c.price), c.order_qty), ins.notional_scale, &scaled):
        return bit_of(NOTIONAL_ABOVE_MAX) if ins.max_notional >= 0 else 0
    if ins.max_notional >= 0 and scaled > ins.max_notional * ins.limit_scale:
        return bit_of(NOTIONAL_ABOVE_MAX)
    if ins.min_notional > 0 and scaled < ins.min_notional * ins.limit_scale:
        return bit_of(NOTIONAL_BELOW_MIN)
    return 0


# Only in C: most orders in one look.
# Is it well formed without doubt? An order of few terms may be; any other is looked at bit by bit.
cdef inline bint is_plainly_valid(
    const tc_instrument* ins, int32_t accounts, int32_t venues, int64_t ids, const tc_command* c
) noexcept nogil:
    # Of the first eight bytes, in which no such order has more: side below 8, type below 4, time in force below 8, and
    # of ExecInst at most POST_ONLY and REDUCE_ONLY.
    cdef uint64_t others = (<uint64_t>0xFFFFFFFF ^ (INST_POST_ONLY | INST_REDUCE_ONLY)) << 32 | <uint64_t>0xF8FCF800
    cdef uint64_t sides = 1 << SIDE_BUY | 1 << SIDE_SELL | 1 << SIDE_SELL_SHORT | 1 << SIDE_SELL_SHORT_EXEMPT
    if (ins == NULL or tc_word(<const char*>c) & others
            or not (sides >> c.side) & 1 or not is_plain(ins, c.ord_type, c.time_in_force, c.exec_inst)):
        return False
    if (c.peg_offset | c.min_qty | c.display_qty | c.list_id | c.expire_time | c.routing
            | <int64_t><uint32_t>last_word(c)) != 0 or <uint64_t>c.stop_px << 1 or c.strategy < 0:
        return False
    if (<uint64_t>c.transact_time > <uint64_t>time_max() or <uint32_t>c.account - <uint32_t>1 >= <uint32_t>accounts
            or <uint32_t>c.venue > <uint32_t>venues or <uint64_t>c.cl_ord_id > <uint64_t>ids):
        return False
    if c.order_qty < ins.min_qty or c.order_qty > ins.max_qty or tc_floor_mod(c.order_qty, ins.lot):
        return False
    return c.ord_type == TYPE_MARKET or (
        0 < c.price and ins.low_px <= c.price and c.price <= ins.high_px and tc_floor_mod(c.price, ins.tick) == 0)


# Only in C: the rare half of `validate_order`, apart from the path.
cdef inline uint64_t find_failures(
    const tc_instrument* ins, int32_t accounts, int32_t venues, int64_t ids, int64_t now, const tc_command* c
) noexcept nogil:
    cdef uint64_t mask = 0, bounds
    cdef bint known = find_bad_field(c) < 0
    if not known:
        mask |= bit_of(INVALID_FIELD_VALUE)
    if c.account < 1 or c.account > accounts:
        mask |= bit_of(UNKNOWN_ACCOUNT)
    if c.venue < 0 or c.venue > venues:
        mask |= bit_of(UNKNOWN_VENUE)
    if <uint64_t>c.cl_ord_id > <uint64_t>ids:
        mask |= bit_of(INVALID_CL_ORD_ID)
    if ins == NULL:
        return mask | bit_of(UNKNOWN_INSTRUMENT)
    bounds = check_price(ins, c) | check_qty(ins, c)
    if known:
        mask |= check_combination(ins, c)
        if has_terms(c) or c.time_in_force == TIF_GTD or <uint64_t>c.stop_px << 1:      # not 0, and not NO_PRICE
            mask |= check_trigger(ins, c) | check_terms(ins, now, c)
        if has_limit(c.ord_type) and not bounds:
            bounds = check_notional(ins, c)
    return mask | bounds


# All failures of an order. `ins` is NULL where the instrument is not declared; `ids` is the largest number that is an
# id.
cdef inline uint64_t validate_order(
    const tc_instrument* ins, int32_t accounts, int32_t venues, int64_t ids, int64_t now, const tc_command* c
) noexcept nogil:
    if tc_seldom(not is_plainly_valid(ins, accounts, venues, ids, c)):
        return find_failures(ins, accounts, venues, ids, now, c)
    return 0


cdef inline int64_t field_value(const tc_command* c, int offset) noexcept nogil:
    if offset == 1:
        return c.side
    if offset == 2:
        return c.ord_type
    if offset == 3:
        return c.time_in_force
    if offset == 4:
        return c.exec_inst
    if offset == 24:
        return c.transact_time
    if offset == 41:
        return c.routing
    if offset == 120:
        return c.trigger_price_type
    if offset == 121:
        return c.peg_offset_type
    return c.contingency_type if offset == 122 else c.strategy


# The number and the bound of the first failure, for its text. Runs only for refused orders.
cdef inline void explain_mask(
    uint64_t mask, const tc_instrument* ins, int32_t instruments, int32_t accounts, int32_t venues,
    int64_t now, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef int reason = INVALID_FIELD_VALUE + tc_lowest_bit(mask), offset
    value[0] = 0
    bound[0] = 0
    if reason == INVALID_FIELD_VALUE:
        offset = find_bad_field(c)
        bound[0] = offset
        value[0] = field_value(c, offset)
    elif reason == UNKNOWN_INSTRUMENT:
        value[0] = c.instrument
        bound[0] = instruments
    elif reason == UNKNOWN_ACCOUNT:
        value[0] = c.account
        bound[0] = accounts
    elif reason == UNKNOWN_VENUE:
        value[0] = c.venue
        bound[0] = venues
    elif reason == UNSUPPORTED_ORDER_TYPE:
        value[0] = c.ord_type
        bound[0] = ins.ord_types
    elif reason == UNSUPPORTED_TIF:
        value[0] = c.time_in_force
        bound[0] = ins.times_in_force
    elif reason == PRICE_TICK_MULTIPLE:
        value[0] = c.price
        bound[0] = tick_at(ins, c.price)
    elif reason == PRICE_OUT_OF_RANGE:
        value[0] = c.price
        bound[0] = ins.price_most if c.price > 0 else -ins.price_most if ins.any_sign else ins.tick
    elif reason == PRICE_LIMIT:
        value[0] = c.price
        bound[0] = broken_price_limit(ins, c)
    elif reason == QTY_LOT_MULTIPLE:
        value[0] = c.order_qty
        bound[0] = ins.lot
    elif reason == QTY_BELOW_MIN:
        value[0] = c.order_qty
        bound[0] = ins.min_qty
    elif reason == QTY_ABOVE_MAX:
        value[0] = c.order_qty
        bound[0] = ins.max_qty
    elif reason == NOTIONAL_BELOW_MIN:
        value[0] = tell_notional(ins, tc_wide(c.price, c.order_qty), False)
        bound[0] = tc_tell_wide(ins.min_notional, True)
    elif reason == NOTIONAL_ABOVE_MAX:
        value[0] = tell_notional(ins, tc_wide(c.price, c.order_qty), True)
        bound[0] = tc_tell_wide(ins.max_notional, False)
    elif reason == STOP_PX_OUT_OF_RANGE:
        value[0] = c.stop_px
        bound[0] = tick_at(ins, c.stop_px)
    elif reason == INVALID_MIN_QTY:
        value[0] = c.min_qty
        bound[0] = c.order_qty
    elif reason == INVALID_DISPLAY_QTY:
        value[0] = c.display_qty
        bound[0] = c.order_qty
    elif reason == EXPIRE_TIME_IN_PAST:
        value[0] = c.expire_time
        bound[0] = now
    elif reason == INVALID_PEG_OFFSET:
        value[0] = c.peg_offset
        bound[0] = c.ord_type
    elif reason == INVALID_CONTINGENCY:
        value[0] = c.list_id
        bound[0] = c.contingency_type

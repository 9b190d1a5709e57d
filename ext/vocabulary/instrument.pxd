# Reference data of one instrument, and what follows from it once: scales that compare amounts with limits
# without dividing. Vocabulary: every room may use it.

from libc.string cimport memcpy
from price_limits cimport *


cdef enum:
    BANDS = 16                     # of one instrument's tick table
    MONEY_PRECISION = 9            # of a venue's fees per unit
    LIMIT_PRECISION = 9
    CASH_ORDER_SCALE = 1_000       # a cash_order_qty is in 10**-6


# From this price on, by magnitude, this tick.
cdef struct tc_band:
    int64_t from_px, tick


cdef struct tc_instrument:
    int64_t tick, lot, min_qty, max_qty          # price units, quantity units; tick: the finest, that divides all
    int64_t low_px, high_px                      # what a SELL and a BUY may have at worst now; see limits
    int64_t notional_scale, limit_scale          # amount * notional_scale / limit_scale is a notional, in 10**-9
    tc_i128 min_notional, max_notional           # -1: none
    int64_t qty_scale, qty_limit_scale           # quantity units * qty_scale / qty_limit_scale: as limits count it
    int64_t fee_scale, unit_fee_scale            # amount * fee_scale * ppm / fee_divisor is a fee in money units,
    tc_i128 fee_divisor                          # quantity units * fee per unit * unit_fee_scale / unit_fee_divisor too
    int64_t multiplier
    int64_t price_most                           # of an order or a quote
    int64_t name                                 # its number in the table of ids
    tc_band* bands                               # NULL where the room that has it keeps no tick tables
    int32_t currency
    uint32_t plain                               # see plain_combinations
    uint32_t ord_types
    uint16_t times_in_force
    uint8_t price_precision, qty_precision, multiplier_precision, any_sign, money_precision
    uint8_t tick_precision         # decimals that a price on the tick has at most
    uint8_t trigger_source         # what its stops watch that don't say
    uint8_t order_protection
    uint8_t fok_over_venues        # a FILL_OR_KILL may be filled over several simulated venues
    uint8_t valuation_method
    uint8_t band_count             # 0: one tick is for all
    int64_t print_max_age          # ns
    tc_price_limits limits         # what its exchange lets be traded now


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


# Only in C: a field in Python, whose rows have room.
# Quantity units of one.
cdef inline int64_t lots_per_unit(const tc_instrument* ins) noexcept nogil:
    return tc_ten_to(ins.qty_precision)


# Only in C: as above.
# What a price times the multiplier is counted in.
cdef inline int64_t unit_scale(const tc_instrument* ins) noexcept nogil:
    return tc_ten_to(ins.price_precision + ins.multiplier_precision)


# Only in C: as above.
cdef inline tc_i128 unit_fee_divisor(const tc_instrument* ins) noexcept nogil:
    cdef int finer = MONEY_PRECISION - ins.money_precision
    return tc_power_of_ten(ins.qty_precision + (finer if finer > 0 else 0))


# Only in C: as above.
# The most that |price x quantity| can be, before the multiplier.
cdef inline tc_i128 amount_most(const tc_instrument* ins) noexcept nogil:
    return tc_floor_div_wide(amount_max(), ins.multiplier)


# The byte offset of the first field that no instrument can have, or -1.
cdef inline int find_bad_definition(const tc_command* c, int32_t currencies) noexcept nogil:
    cdef tc_i128 least = tc_join(c.min_notional, c.min_notional_high)
    cdef tc_i128 most = tc_join(c.max_notional, c.max_notional_high)
    if c.money_precision > 12:
        return 1
    if c.currency < 1 or c.currency > currencies:
        return 20
    if c.trigger_source > TRIGGER_BEST_BID and c.trigger_source != TRIGGER_BEST_MID:
        return 41
    if c.order_protection > 1:
        return 42
    if c.fok_over_venues > 1:
        return 43
    if c.valuation_method > FUTURES_STYLE:
        return 44
    if c.print_max_age < 0 or c.print_max_age > time_max():
        return 48
    if c.price_precision > 12:
        return 56
    if c.qty_precision > 12 or c.price_precision + c.qty_precision + c.multiplier_precision > 18:
        return 57
    if c.any_sign > 1:
        return 59
    if c.multiplier < 1 or c.multiplier > multiplier_max():
        return 60
    if c.tick < 1 or c.tick > price_max():
        return 64
    if c.lot < 1 or c.lot > qty_max():
        return 72
    if c.max_qty < 1 or c.max_qty > qty_max():
        return 80
    if c.min_qty < 1 or c.min_qty > c.max_qty:
        return 88
    if least < -1 or least > limit_max():
        return 96
    if most < -1 or most > limit_max():
        return 112
    return -1


# Only in C: see is_plainly_valid.
# Which times in force an order of this instrument may have whatever else it has, one bit each, 8 to a kind of order:
# MARKET, no order, LIMIT, and LIMIT that is POST_ONLY. None where notionals have bounds, or ticks bands (see add_band).
cdef inline uint32_t plain_combinations(const tc_instrument* ins) noexcept nogil:
    cdef uint32_t bits = 0, tif
    if ins.max_notional >= 0 or ins.min_notional > 0:
        return 0
    for tif in range(8):
        if not (ins.times_in_force >> tif) & 1 or (tif > TIF_FOK and tif != TIF_AT_THE_CLOSE):
            continue
        if (ins.ord_types >> TYPE_MARKET) & 1 and tif != TIF_GTC:      # a market order never rests
            bits |= <uint32_t>1 << tif
        if (ins.ord_types >> TYPE_LIMIT) & 1:
            bits |= <uint32_t>1 << (16 + tif)
        if (ins.ord_types >> TYPE_LIMIT) & 1 and tif <= TIF_GTC:
            bits |= <uint32_t>1 << (24 + tif)
    return bits


# Only in C: see is_plainly_valid.
# Does an instrument take this combination? Types from 0 to 3.
cdef inline bint is_plain(const tc_instrument* ins, uint8_t ord_type, uint8_t tif, uint32_t exec_inst) noexcept nogil:
    cdef uint64_t kinds = <uint64_t>ins.plain << (16 * TYPE_MARKET)
    return (kinds >> (16 * ord_type + 8 * (exec_inst & INST_POST_ONLY) + tif)) & 1


# Only in C: what follows from the limits, kept.
cdef inline void keep_edges(tc_instrument* ins) noexcept nogil:
    ins.low_px = worst_allowed(&ins.limits, SIDE_SELL, ins.price_most)
    ins.high_px = worst_allowed(&ins.limits, SIDE_BUY, ins.price_most)


# notional_scale is at most 1e9 * 1e9 and fits. An order's amount (1e30) times it may not fit 128 bits: that product is
# checked. A limit (at most 1e25) times limit_scale (at most 1e9) is at most 1e34. fee_scale is at most 1e9 * 1e6.
cdef inline void load_instrument(tc_instrument* ins, const tc_command* c) noexcept nogil:
    cdef int decimals = c.price_precision + c.qty_precision + c.multiplier_precision
    cdef int finer = decimals + 6 - c.money_precision, money = c.money_precision - MONEY_PRECISION
    ins.tick = c.tick
    ins.lot = c.lot
    ins.min_qty = c.min_qty
    ins.max_qty = c.max_qty
    ins.price_most = price_max() if c.tick >= 100 else book_ticks_max() * c.tick
    ins.min_notional = tc_join(c.min_notional, c.min_notional_high)
    ins.max_notional = tc_join(c.max_notional, c.max_notional_high)
    ins.notional_scale = c.multiplier * power_of_ten(LIMIT_PRECISION - decimals)
    ins.limit_scale = power_of_ten(decimals - LIMIT_PRECISION)
    ins.qty_scale = power_of_ten(LIMIT_PRECISION - c.qty_precision)
    ins.qty_limit_scale = power_of_ten(c.qty_precision - LIMIT_PRECISION)
    ins.fee_scale = c.multiplier * power_of_ten(-finer)
    ins.fee_divisor = tc_power_of_ten(finer if finer > 0 else 0)
    ins.unit_fee_scale = power_of_ten(money)
    ins.multiplier = c.multiplier
    ins.money_precision = c.money_precision
    ins.band_count = 0
    ins.currency = c.currency
    ins.ord_types = c.ord_types
    ins.times_in_force = <uint16_t>c.times_in_force
    ins.price_precision = c.price_precision
    ins.qty_precision = c.qty_precision
    ins.multiplier_precision = c.multiplier_precision
    ins.any_sign = c.any_sign
    ins.tick_precision = c.price_precision
    while ins.tick_precision and tc_floor_mod(c.tick, tc_ten_to(c.price_precision - ins.tick_precision + 1)) == 0:
        ins.tick_precision -= 1
    ins.trigger_source = c.trigger_source
    ins.print_max_age = c.print_max_age
    ins.order_protection = c.order_protection
    ins.fok_over_venues = c.fok_over_venues
    ins.valuation_method = c.valuation_method
    ins.name = c.cl_ord_id
    ins.limits.low = no_price()
    ins.limits.high = no_price()
    ins.limits.reference = no_price()
    ins.limits.dynamic_bps = -1
    keep_edges(ins)
    ins.plain = plain_combinations(ins)


# The byte offset of the first field that the instrument's next band can't have, or -1. A band begins on a whole number
# of its own tick and of the one below: a price rounded to its band's tick stays in the band, or on its edge.
cdef inline int find_bad_band(const tc_instrument* ins, int64_t band, int64_t from_px, int64_t tick) noexcept nogil:
    cdef const tc_band* below = NULL
    if (band != 0 and band != ins.band_count) or band >= BANDS:
        return 56
    if band:
        below = &ins.bands[band - 1]
    if from_px < 0 or from_px > price_max() or (from_px == 0) != (band == 0):
        return 64
    if below != NULL and from_px <= below.from_px:
        return 64
    if tick < 1 or tick > price_max() or tc_floor_mod(tick, ins.tick) != 0 or tc_floor_mod(from_px, tick) != 0:
        return 72
    return 72 if below != NULL and tc_floor_mod(from_px, below.tick) != 0 else -1


# The next band of the tick table; the first begins the table anew.
cdef inline void add_band(tc_instrument* ins, int64_t band, int64_t from_px, int64_t tick) noexcept nogil:
    ins.bands[band].from_px = from_px
    ins.bands[band].tick = tick
    ins.band_count = <uint8_t>(band + 1)
    ins.plain = 0


# The tick of orders at this price.
cdef inline int64_t tick_at(const tc_instrument* ins, int64_t price) noexcept nogil:
    cdef int at = ins.band_count - 1
    if at < 0:
        return ins.tick
    while at > 0 and tc_abs(price) < ins.bands[at].from_px:
        at -= 1
    return ins.bands[at].tick


# The nearest price on its band's tick that is no worse for an order of `side` than this one.
cdef inline int64_t safe_price(const tc_instrument* ins, int64_t price, uint8_t side) noexcept nogil:
    cdef int64_t tick
    if ins.band_count == 0:
        return price
    tick = tick_at(ins, price)
    return tc_floor_div(price, tick) * tick if side == SIDE_BUY else -(tc_floor_div(-price, tick) * tick)


# The largest quantity whose |price x quantity x multiplier| is within its bound.
cdef inline int64_t most_qty(const tc_instrument* ins, int64_t price) noexcept nogil:
    return tc_saturate(tc_floor_div_wide(amount_most(ins), tc_abs(price) if price else 1))


# |price x quantity| is at most 1e16 x 1e14: only a multiplier above 1e7 can bring it beyond.
cdef inline bint is_beyond_amount(const tc_instrument* ins, int64_t price, int64_t qty) noexcept nogil:
    return ins.multiplier > 10_000_000 and tc_wide(tc_abs(price), tc_abs(qty)) > amount_most(ins)


# A notional for reports (tc_tell_wide), rounded up where it is to exceed a bound and down where it is to fall short of
# one; the checks themselves compare without dividing.
cdef inline int64_t tell_notional(const tc_instrument* ins, tc_i128 amount, bint up) noexcept nogil:
    return tc_tell_notional(amount, ins.notional_scale, ins.limit_scale, up)


# Only in C: abs() in Python, where 2**127 has a place; its digits that are told are those of the number before.
cdef inline int64_t tell_size(tc_i128 amount) noexcept nogil:
    cdef tc_i128 size = tc_abs_wide(amount)
    return tc_tell_wide(size if size >= 0 else ~size, True)


# Why nothing can have this price, with the bound that it breaks; REASON_NONE where something can.
cdef inline int find_bad_price(const tc_instrument* ins, int64_t price, int64_t* bound) noexcept nogil:
    if price <= 0 and not ins.any_sign:
        bound[0] = 1
    elif price > price_max() or price < -price_max():
        bound[0] = price_max() if price > 0 else -price_max()
    else:
        return REASON_NONE
    return PRICE_OUT_OF_RANGE

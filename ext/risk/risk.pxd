# Pre-trade risk kernels. Fail closed: a check that is armed and can't be evaluated refuses. Working orders count:
# what rests is reserved, a fill commits it, an end releases it. One check, one function, one reason.
#
# Each check takes a compile-time `explain`: False on the order path, where only the verdict is needed; True
# for check(), which wants every rule's value and limit whatever the verdict.

from holds cimport *


cdef inline bint needs_reference(const tc_account_risk* account, uint8_t ord_type, uint8_t side) noexcept nogil:
    return account.limits[RULE_COLLAR] >= 0 or (
        account.limits[RULE_ORDER_NOTIONAL] >= 0 and (ord_type == TYPE_MARKET or side == SIDE_SELL))


cdef inline bint has_reference(const tc_question* q) noexcept nogil:
    return q.reference2 > 0


# The worst price that the collar lets an order trade at; only called with a reference and an armed collar.
cdef inline int64_t protection_price(const tc_account_risk* account, const tc_question* q) noexcept nogil:
    cdef int64_t bps = <int64_t>account.limits[RULE_COLLAR]
    cdef tc_i128 price
    if q.side == SIDE_BUY:
        price = tc_floor_div_wide(tc_wide(q.reference2, 10_000 + bps), 20_000)
    else:
        price = -tc_floor_div_wide(tc_wide(q.reference2, bps - 10_000), 20_000)
    return price_max() if price > price_max() else -price_max() if price < -price_max() else <int64_t>price


# The position if everything working on the order's side fills, this order too; positive is worse.
cdef inline int64_t worst_position(const tc_exposure* e, const tc_question* q) noexcept nogil:
    if q.side == SIDE_BUY:
        return e.position_qty + e.working_buy + q.hold_qty
    return -(e.position_qty - e.working_sell - q.hold_qty)


cdef inline bint check_kill_switch(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f.armed = True
    f.refused = is_killed(risk, q.instrument, q.account, q.venue)
    f.value = f.refused
    f.limit = 0
    return f.refused


cdef inline bint check_config(const tc_account_risk* a, tc_finding* f, bint explain) noexcept nogil:
    f.armed = True
    f.refused = a.configured != ALL_RULES
    f.value = a.configured
    f.limit = ALL_RULES
    return f.refused


cdef inline bint check_duplicate(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    f.armed = True
    f.refused = q.duplicate
    f.value = q.duplicate
    f.limit = 0
    return f.refused


cdef inline bint check_open_orders(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    f.armed = True
    f.refused = q.open_orders >= q.max_open_orders and not q.recheck
    f.value = q.open_orders + 1
    f.limit = q.max_open_orders
    return f.refused


cdef inline bint check_reference(
    const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef bint market = q.ord_type == TYPE_MARKET
    f.armed = a.limits[RULE_COLLAR] >= 0 or (market and a.limits[RULE_ORDER_NOTIONAL] >= 0)
    f.refused = f.armed and not has_reference(q)
    f.value = q.reference2 if has_reference(q) else no_price()
    f.limit = 0
    return f.refused


cdef inline bint check_order_qty(
    const tc_account_risk* a, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = a.limits[RULE_ORDER_QTY]
    f.armed = limit >= 0
    f.refused = f.armed and tc_wide(q.order_qty, ins.qty_scale) > scaled_limit(limit, ins.qty_limit_scale)
    if explain or f.refused:
        f.value = q.order_qty
        f.limit = tc_tell_wide(limit, False)
    return f.refused


# Twice the price that an order counts at, by magnitude: a buy at its limit, a sell at the highest of its limit, the
# reference and the best bid that it could take, a market order at its protection price, or without a collar at the
# higher of the reference and what it could take first.
cdef inline int64_t notional_price2(const tc_account_risk* a, const tc_question* q) noexcept nogil:
    cdef int64_t price2 = 0
    if q.ord_type == TYPE_MARKET and q.side == SIDE_BUY and a.limits[RULE_COLLAR] >= 0:
        return tc_abs(2 * protection_price(a, q))
    if q.ord_type != TYPE_MARKET:
        price2 = tc_abs(2 * q.price)
        if q.side == SIDE_BUY:
            return price2
    if q.reference2 != no_price() and tc_abs(q.reference2) > price2:
        price2 = tc_abs(q.reference2)
    if q.touch2 != no_price() and tc_abs(q.touch2) > price2:
        price2 = tc_abs(q.touch2)
    return price2


cdef inline bint check_order_notional(
    const tc_account_risk* a, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = a.limits[RULE_ORDER_NOTIONAL]
    cdef tc_i128 amount2, scaled = 0
    f.armed = limit >= 0
    f.refused = False
    f.value = no_price()
    if not f.armed and not explain:
        return False
    if explain:
        f.limit = tc_tell_wide(limit, False)
    if q.ord_type == TYPE_MARKET and not has_reference(q):
        return False                                   # refused by check_reference
    amount2 = tc_wide(notional_price2(a, q), q.order_qty)
    f.refused = f.armed and (tc_mul_overflows(amount2, ins.notional_scale, &scaled)
                             or scaled > 2 * scaled_limit(limit, ins.limit_scale))
    if explain or f.refused:
        f.value = tell_notional(ins, tc_floor_div_wide(amount2 + 1, 2), True)
        f.limit = tc_tell_wide(limit, False)
    return f.refused


# Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3.
cdef inline bint check_collar(
    const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t bps = <int64_t>a.limits[RULE_COLLAR]
    cdef tc_i128 away
    f.armed = bps >= 0
    f.refused = False
    f.value = no_price()
    f.limit = bps
    if not f.armed and not explain:
        return False
    if not has_reference(q):
        return False                                   # refused by check_reference
    if q.ord_type == TYPE_MARKET:                      # bounded by its protection price
        f.value = bps if f.armed else no_price()
        return False
    away = tc_wide(2, q.price) - q.reference2
    if q.side == SIDE_SELL:
        away = -away
    f.refused = f.armed and away * 10_000 > tc_wide(bps, q.reference2)
    if explain or f.refused:
        f.value = tc_saturate(-tc_floor_div_wide(-(away * 10_000), q.reference2))     # rounded up
    return f.refused


# Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b). An order that only reduces always passes: its worst
# position is on the other side of zero.
cdef inline bint check_position_qty(
    const tc_account_risk* a, const tc_instrument* ins, const tc_exposure* e, const tc_question* q, tc_finding* f,
    bint explain
) noexcept nogil:
    cdef tc_i128 limit = a.limits[RULE_POSITION_QTY]
    cdef int64_t worst
    f.armed = limit >= 0
    f.refused = False
    if not f.armed and not explain:
        return False
    worst = worst_position(e, q)
    f.refused = (f.armed and (q.hold_qty > 0 or q.released)
                 and tc_wide(worst, ins.qty_scale) > scaled_limit(limit, ins.qty_limit_scale))
    if explain or f.refused:
        f.value = worst
        f.limit = tc_tell_wide(limit, False)
    return f.refused


# At most `limit` orders in any window: the order `limit` places back must be older than the window.
cdef inline bint check_order_rate(
    const tc_risk* risk, const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t limit = <int64_t>a.limits[RULE_ORDER_RATE], start = q.now - a.window_ns
    cdef int64_t* times = &risk.sent_times[q.account * <int64_t>(risk.rate_mask + 1)]
    f.armed = limit >= 0
    f.refused = f.armed and not q.recheck and (limit == 0 or (
        a.sent >= limit and times[<uint64_t>(a.sent - limit) & risk.rate_mask] > start))
    f.value = limit + 1
    f.limit = limit
    if explain:
        f.value = count_recent(risk, a, times, start) + 1
    return f.refused


# How many of the newest orders came after a time: times only rise, so half of what is left is asked at once.
cdef inline int64_t count_recent(
    const tc_risk* risk, const tc_account_risk* a, const int64_t* times, int64_t start
) noexcept nogil:
    cdef int64_t first = a.sent - <int64_t>risk.rate_mask - 1, last = a.sent, middle
    if first < 0:
        first = 0
    while first < last:
        middle = (first + last) >> 1
        if times[<uint64_t>middle & risk.rate_mask] > start:
            last = middle
        else:
            first = middle + 1
    return a.sent - first


# Always armed: with it, no position, cost or P&L can leave its integers. What takes no price takes what was checked.
cdef inline bint check_overflow(
    const tc_instrument* ins, const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f.armed = True
    if q.ord_type != TYPE_MARKET and is_beyond_amount(ins, q.price, q.order_qty):
        f.value = q.order_qty
        f.limit = most_qty(ins, q.price)
        f.refused = True
        return True
    f.value = worst_position(e, q)
    f.limit = position_max()
    f.refused = f.value > position_max() and q.hold_qty > 0
    return f.refused


# A reduce-only order is no larger than the position that it reduces. What comes later is trimmed as fills come.
cdef inline bint check_reduce_only(
    const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f.armed = q.reduce_only
    f.refused = False
    if not f.armed and not explain:
        return False
    f.value = q.leaves_qty
    f.limit = reducible_qty(e.position_qty, q.side)
    f.refused = f.armed and f.value > f.limit
    return f.refused


cdef inline bint check_session(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    f.armed = True
    f.refused = q.closed
    f.value = q.closed
    f.limit = 0
    return f.refused


# The first refusal in the order of the reasons, or REASON_NONE. Changes nothing.
cdef inline int check_risk(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    cdef const tc_account_risk* a = &risk.accounts[q.account]
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    if check_kill_switch(risk, q, f, False):
        return KILL_SWITCH
    if check_config(a, f, False):
        return RISK_CONFIG_MISSING
    if check_duplicate(q, f, False):
        return DUPLICATE_CLORDID
    if check_open_orders(q, f, False):
        return MAX_OPEN_ORDERS
    if check_reference(a, q, f, False):
        return REFERENCE_PRICE_UNAVAILABLE
    if check_order_qty(a, ins, q, f, False):
        return MAX_ORDER_QTY
    if check_order_notional(a, ins, q, f, False):
        return MAX_ORDER_NOTIONAL
    if check_collar(a, q, f, False):
        return PRICE_COLLAR
    if check_position_qty(a, ins, e, q, f, False):
        return MAX_POSITION_QTY
    if check_order_rate(risk, a, q, f, False):
        return ORDER_RATE
    if check_overflow(ins, e, q, f, False):
        return ARITHMETIC_OVERFLOW
    if check_reduce_only(e, q, f, False):
        return REDUCE_ONLY_VIOLATION
    if check_session(q, f, False):
        return SESSION_CLOSED
    return REASON_NONE


# Every rule's value, limit and verdict, in the order of the reasons. Changes nothing.
cdef inline void evaluate_risk(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    cdef const tc_account_risk* a = &risk.accounts[q.account]
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    check_kill_switch(risk, q, &f[0], True)
    check_config(a, &f[1], True)
    check_duplicate(q, &f[2], True)
    check_open_orders(q, &f[3], True)
    check_reference(a, q, &f[4], True)
    check_order_qty(a, ins, q, &f[5], True)
    check_order_notional(a, ins, q, &f[6], True)
    check_collar(a, q, &f[7], True)
    check_position_qty(a, ins, e, q, &f[8], True)
    check_order_rate(risk, a, q, &f[9], True)
    check_overflow(ins, e, q, &f[10], True)
    check_reduce_only(e, q, &f[11], True)
    check_session(q, &f[12], True)


# The account as if the limits that are only observed were the enforced ones, and nothing else.
cdef inline tc_account_risk watched_rules(const tc_account_risk* account) noexcept nogil:
    cdef tc_account_risk rules = account[0]
    cdef int rule
    for rule in range(RULES):
        rules.limits[rule] = account.watched[rule] if (account.watching >> rule) & 1 else -1
    return rules


# What the observed limits say to an order, from REFERENCE_PRICE_UNAVAILABLE to ORDER_RATE. Changes nothing.
cdef inline void observe_risk(
    const tc_risk* risk, const tc_account_risk* watched, const tc_instrument* ins, const tc_question* q, tc_finding* f,
    bint explain
) noexcept nogil:
    check_reference(watched, q, &f[0], explain)
    check_order_qty(watched, ins, q, &f[1], explain)
    check_order_notional(watched, ins, q, &f[2], explain)
    check_collar(watched, q, &f[3], explain)
    check_position_qty(watched, ins, exposure_of(risk, q.instrument, q.account), q, &f[4], explain)
    check_order_rate(risk, watched, q, &f[5], explain)

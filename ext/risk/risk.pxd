# Pre-trade risk kernels. Fail closed: a check that is armed and can't be evaluated refuses. Working orders count:
# what rests is reserved, a fill commits it, an end releases it. One check, one function, one reason.
#
# Each check takes a compile-time `explain`: False on the order path, where only a refusal is told; True for check(),
# which wants every rule's value and limit whatever the verdict.

from holds cimport *


# Does an order count at what the market says? A buy within its limit counts at that, whatever it takes.
cdef inline bint counts_at_market(uint8_t ord_type, uint8_t side) noexcept nogil:
    return ord_type == TYPE_MARKET or side == SIDE_SELL


cdef inline bint needs_reference(const tc_account_risk* account, uint8_t ord_type, uint8_t side) noexcept nogil:
    return account.limits[RULE_COLLAR] >= 0 or (
        account.limits[RULE_ORDER_NOTIONAL] >= 0 and counts_at_market(ord_type, side))


cdef inline bint has_reference(const tc_question* q) noexcept nogil:
    return q.reference2 > 0


# The worst price so many basis points from a reference.
cdef inline int64_t collar_price(int64_t reference2, int64_t bps, uint8_t side) noexcept nogil:
    cdef bint buys = side == SIDE_BUY
    cdef tc_i128 price = tc_floor_div_wide(tc_wide(reference2, bps + 10_000 if buys else bps - 10_000), 20_000)
    price = price if buys else -price
    return price_max() if price > price_max() else -price_max() if price < -price_max() else <int64_t>price


# The worst price that the collar lets an order trade at; only called with a reference and an armed collar.
cdef inline int64_t protection_price(const tc_account_risk* account, const tc_question* q) noexcept nogil:
    return collar_price(q.reference2, <int64_t>account.limits[RULE_COLLAR], q.side)


# The position if everything working on the order's side fills, this order too; positive is worse.
cdef inline int64_t worst_position(const tc_exposure* e, const tc_question* q) noexcept nogil:
    if q.side == SIDE_BUY:
        return e.position_qty + e.working_buy + q.hold_qty
    return -(e.position_qty - e.working_sell - q.hold_qty)


# Only in C: a call with keywords in Python.
cdef inline void tell_finding(tc_finding* f, bint armed, bint refused, int64_t value, int64_t limit) noexcept nogil:
    f.armed = armed
    f.refused = refused
    f.value = value
    f.limit = limit


cdef inline bint check_kill_switch(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int scope = is_killed(risk, q.instrument, q.account, q.venue)
    if explain or scope:
        tell_finding(f, True, scope != 0, scope, 0)
    return scope != 0


cdef inline bint check_config(const tc_account_risk* a, tc_finding* f, bint explain) noexcept nogil:
    cdef bint refused = a.configured != ALL_RULES
    if explain or refused:
        tell_finding(f, True, refused, a.configured, ALL_RULES)
    return refused


cdef inline bint check_duplicate(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    if explain or q.duplicate:
        tell_finding(f, True, q.duplicate, q.duplicate, 0)
    return q.duplicate


cdef inline bint check_open_orders(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef bint refused = q.open_orders >= q.max_open_orders and not q.recheck
    if explain or refused:
        tell_finding(f, True, refused, q.open_orders + 1, q.max_open_orders)
    return refused


cdef inline bint check_reference(
    const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef bint armed = a.limits[RULE_COLLAR] >= 0 or (
        q.ord_type == TYPE_MARKET and a.limits[RULE_ORDER_NOTIONAL] >= 0)
    cdef bint refused = armed and not has_reference(q)
    if explain or refused:
        tell_finding(f, armed, refused, q.reference2 if has_reference(q) else no_price(), 0)
    return refused


cdef inline bint check_order_qty(
    const tc_account_risk* a, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = a.limits[RULE_ORDER_QTY]
    cdef bint armed = limit >= 0
    cdef bint refused = armed and tc_is_above(q.order_qty, ins.qty_scale, limit, ins.qty_limit_scale)
    if explain or refused:
        tell_finding(f, armed, refused, q.order_qty, tc_tell_wide(limit, False))
    return refused


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
    cdef tc_i128 limit = a.limits[RULE_ORDER_NOTIONAL], amount2
    cdef bint armed = limit >= 0, refused
    if not armed and not explain:
        return False
    if q.ord_type == TYPE_MARKET and not has_reference(q):
        if explain:
            tell_finding(f, armed, False, no_price(), tc_tell_wide(limit, False))
        return False                                   # refused by check_reference
    amount2 = tc_wide(notional_price2(a, q), q.order_qty)
    refused = armed and tc_is_above(amount2, ins.notional_scale, 2 * limit, ins.limit_scale)
    if explain or refused:
        tell_finding(f, armed, refused, tell_notional(ins, tc_floor_div_wide(amount2 + 1, 2), True),
                     tc_tell_wide(limit, False))
    return refused


# Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3.
cdef inline bint check_collar(
    const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t bps = <int64_t>a.limits[RULE_COLLAR]
    cdef tc_i128 away
    cdef bint armed = bps >= 0, refused
    if not armed and not explain:
        return False
    if not has_reference(q) or q.ord_type == TYPE_MARKET:
        if explain:                                    # refused by check_reference, or bounded by its protection price
            tell_finding(f, armed, False, bps if armed and has_reference(q) else no_price(), bps)
        return False
    away = tc_wide(2, q.price) - q.reference2
    if q.side == SIDE_SELL:
        away = -away
    refused = armed and away * 10_000 > tc_wide(bps, q.reference2)
    if explain or refused:                             # rounded up
        tell_finding(f, armed, refused, tc_saturate(-tc_floor_div_wide(-(away * 10_000), q.reference2)), bps)
    return refused


# Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b). An order that only reduces always passes: its worst
# position is on the other side of zero.
cdef inline bint check_position_qty(
    const tc_account_risk* a, const tc_instrument* ins, const tc_exposure* e, const tc_question* q, tc_finding* f,
    bint explain
) noexcept nogil:
    cdef tc_i128 limit = a.limits[RULE_POSITION_QTY]
    cdef bint armed = limit >= 0
    cdef bint refused = (armed and (q.hold_qty > 0 or q.released)
                         and tc_is_above(worst_position(e, q), ins.qty_scale, limit, ins.qty_limit_scale))
    if explain or refused:
        tell_finding(f, armed, refused, worst_position(e, q), tc_tell_wide(limit, False))
    return refused


# At most `limit` orders in any window: the order `limit` places back must be older than the window.
cdef inline bint check_order_rate(
    const tc_risk* risk, const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t limit = <int64_t>a.limits[RULE_ORDER_RATE], used = limit, start = q.now - a.window_ns
    cdef int64_t* times = &risk.sent_times[q.account * <int64_t>(risk.rate_mask + 1)]
    cdef bint armed = limit >= 0
    cdef bint refused = armed and not q.recheck and (limit == 0 or (
        a.sent >= limit and times[<uint64_t>(a.sent - limit) & risk.rate_mask] > start))
    if explain:
        used = count_recent(risk, a, times, start)
    if explain or refused:
        tell_finding(f, armed, refused, used + 1, limit)
    return refused


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
    cdef bint refused = worst_position(e, q) > position_max() and q.hold_qty > 0
    if q.ord_type != TYPE_MARKET and is_beyond_amount(ins, q.price, q.order_qty):
        tell_finding(f, True, True, q.order_qty, most_qty(ins, q.price))
        return True
    if explain or refused:
        tell_finding(f, True, refused, worst_position(e, q), position_max())
    return refused


# A reduce-only order is no larger than the position that it reduces. What comes later is trimmed as fills come.
cdef inline bint check_reduce_only(
    const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef bint refused = q.reduce_only and q.leaves_qty > reducible_qty(e.position_qty, q.side)
    if explain or refused:
        tell_finding(f, q.reduce_only, refused, q.leaves_qty, reducible_qty(e.position_qty, q.side))
    return refused


cdef inline bint check_session(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    if explain or q.closed:
        tell_finding(f, True, q.closed, q.closed, 0)
    return q.closed


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
    f[0].refused = check_reference(watched, q, &f[0], explain)
    f[1].refused = check_order_qty(watched, ins, q, &f[1], explain)
    f[2].refused = check_order_notional(watched, ins, q, &f[2], explain)
    f[3].refused = check_collar(watched, q, &f[3], explain)
    f[4].refused = check_position_qty(watched, ins, exposure_of(risk, q.instrument, q.account), q, &f[4], explain)
    f[5].refused = check_order_rate(risk, watched, q, &f[5], explain)

# Pre-trade risk kernels. Fail closed: a check that is armed and can't be evaluated refuses. Working orders count:
# what rests is reserved, a fill commits it, an end releases it. One check, one function, one reason.
#
# Each check takes a compile-time `explain`: False on the order path, where only the verdict is needed; True
# for check(), which wants every rule's value and limit whatever the verdict.

from instrument cimport *


cdef enum:
    RULES = 5
    RULE_ORDER_QTY = 0
    RULE_ORDER_NOTIONAL = 1
    RULE_COLLAR = 2
    RULE_POSITION_QTY = 3
    RULE_ORDER_RATE = 4
    ALL_RULES = 31
    CHECKS = 13                    # one for each reason from KILL_SWITCH to SESSION_CLOSED
    OBSERVABLE = 6                 # of them, those that limits decide: from REFERENCE_PRICE_UNAVAILABLE to ORDER_RATE
    MODE_ENFORCE = 0
    MODE_OBSERVE = 1
    SCOPE_FIRM = 0
    SCOPE_ACCOUNT = 1
    SCOPE_INSTRUMENT = 2
    SCOPE_VENUE = 3


cdef struct tc_account_risk:
    int64_t limits[RULES]          # millionths of a unit, micros, bps, millionths of a unit, orders; -1: off
    int64_t watched[RULES]         # limits that are only observed: `limits` has them as off
    int64_t window_ns              # of ORDER_RATE
    int64_t sent                   # orders that passed, ever; the last rate_mask + 1 times are kept
    uint32_t configured            # one bit a rule that was set, to a number or to off
    uint32_t watching              # one bit a rule that is only observed
    uint8_t killed


cdef struct tc_exposure:
    int64_t position_qty, working_buy, working_sell
    uint32_t reduce_only           # open orders that may only reduce
    uint32_t is_trimmed            # it stands in the list of positions that moved under such orders


cdef struct tc_risk:
    tc_account_risk* accounts      # from 1
    tc_exposure* exposures         # [instrument * account_stride + account]; account 0 is the whole firm
    uint8_t* killed_instruments
    uint8_t* killed_venues
    int64_t* sent_times            # [account * (rate_mask + 1) + sent & rate_mask]
    int64_t account_stride
    uint64_t rate_mask
    uint8_t killed_firm


cdef struct tc_finding:
    int64_t value, limit           # in the rule's unit
    bint refused, armed


# What risk is asked about. Twice the reference price, so that a mid between units stays an integer.
cdef struct tc_question:
    int64_t order_qty, price, now
    int64_t leaves_qty             # of it, what is not traded yet
    int64_t hold_qty               # lots that would be held beyond what is: of a replace, its increase
    int64_t reference2, touch2     # twice the reference, and twice the best price that it could take; -2**63: none
    int32_t instrument, account, venue
    uint8_t side, ord_type         # BUY or SELL, MARKET or LIMIT: as what it would trade
    bint duplicate, reduce_only
    bint closed                    # no session takes it now
    bint recheck                   # a replace that asks for no more, or an order that is let go: not counted again
    bint released                  # an order that is let go: what it holds is in the exposure
    int64_t open_orders, max_open_orders


cdef inline tc_exposure* exposure_of(const tc_risk* risk, int32_t instrument, int32_t account) noexcept nogil:
    return &risk.exposures[instrument * risk.account_stride + account]


cdef inline bint needs_reference(const tc_account_risk* account, uint8_t ord_type, uint8_t side) noexcept nogil:
    return account.limits[RULE_COLLAR] >= 0 or (
        account.limits[RULE_ORDER_NOTIONAL] >= 0 and (ord_type == TYPE_MARKET or side == SIDE_SELL))


cdef inline bint has_reference(const tc_question* q) noexcept nogil:
    return q.reference2 > 0


# The worst price that the collar lets an order trade at; only called with a reference and an armed collar.
cdef inline int64_t protection_price(const tc_account_risk* account, const tc_question* q) noexcept nogil:
    cdef int64_t bps = account.limits[RULE_COLLAR]
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
    cdef int64_t limit = a.limits[RULE_ORDER_QTY]
    f.armed = limit >= 0
    f.refused = f.armed and tc_wide(q.order_qty, ins.qty_scale) > tc_wide(limit, ins.qty_limit_scale)
    if explain or f.refused:
        f.value = q.order_qty
        f.limit = limit
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
    cdef int64_t limit = a.limits[RULE_ORDER_NOTIONAL]
    cdef tc_i128 amount2, scaled = 0
    f.armed = limit >= 0
    f.refused = False
    f.value = no_price()
    f.limit = limit
    if not f.armed and not explain:
        return False
    if q.ord_type == TYPE_MARKET and not has_reference(q):
        return False                                   # refused by check_reference
    amount2 = tc_wide(notional_price2(a, q), q.order_qty)
    f.refused = f.armed and (tc_mul_overflows(amount2, ins.notional_scale, &scaled)
                             or scaled > 2 * tc_wide(limit, ins.limit_scale))
    if explain or f.refused:
        f.value = notional_micros(ins, tc_floor_div_wide(amount2 + 1, 2), True)
    return f.refused


# Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3.
cdef inline bint check_collar(
    const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t bps = a.limits[RULE_COLLAR]
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
    cdef int64_t limit = a.limits[RULE_POSITION_QTY], worst
    f.armed = limit >= 0
    f.refused = False
    if not f.armed and not explain:
        return False
    worst = worst_position(e, q)
    f.refused = (f.armed and (q.hold_qty > 0 or q.released)
                 and tc_wide(worst, ins.qty_scale) > tc_wide(limit, ins.qty_limit_scale))
    f.value = worst
    f.limit = limit
    return f.refused


# At most `limit` orders in any window: the order `limit` places back must be older than the window.
cdef inline bint check_order_rate(
    const tc_risk* risk, const tc_account_risk* a, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t limit = a.limits[RULE_ORDER_RATE], used = 0, start = q.now - a.window_ns
    cdef int64_t* times = &risk.sent_times[q.account * <int64_t>(risk.rate_mask + 1)]
    f.armed = limit >= 0
    f.refused = f.armed and not q.recheck and (limit == 0 or (
        a.sent >= limit and times[<uint64_t>(a.sent - limit) & risk.rate_mask] > start))
    f.value = limit + 1
    f.limit = limit
    if explain:
        while (used < a.sent and used <= <int64_t>risk.rate_mask
               and times[<uint64_t>(a.sent - 1 - used) & risk.rate_mask] > start):
            used += 1
        f.value = used + 1
    return f.refused


# Always armed: with it, no position, cost or P&L can leave its integers.
cdef inline bint check_overflow(const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    f.armed = True
    f.value = worst_position(e, q)
    f.limit = position_max()
    f.refused = f.value > position_max() and q.hold_qty > 0
    return f.refused


# How many lots an order of `side` can trade and only reduce the position.
cdef inline int64_t reducible_qty(int64_t position_qty, uint8_t side) noexcept nogil:
    cdef int64_t qty = position_qty if side == SIDE_SELL else -position_qty
    return qty if qty > 0 else 0


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
    if check_overflow(e, q, f, False):
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
    check_overflow(e, q, &f[10], True)
    check_reduce_only(e, q, &f[11], True)
    check_session(q, &f[12], True)


# Holds `qty` more lots (negative: fewer), for the account and for the firm.
cdef inline void hold_lots(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    cdef tc_exposure* e = exposure_of(risk, instrument, account)
    cdef tc_exposure* firm = exposure_of(risk, instrument, 0)
    if side == SIDE_BUY:
        e.working_buy += qty
        firm.working_buy += qty
    else:
        e.working_sell += qty
        firm.working_sell += qty
    tc_assert((e.working_buy >= 0) & (e.working_sell >= 0))
    tc_assert((firm.working_buy >= e.working_buy) & (firm.working_sell >= e.working_sell))


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


# It counts for the rate.
cdef inline void count_sent(tc_risk* risk, const tc_question* q) noexcept nogil:
    cdef tc_account_risk* a = &risk.accounts[q.account]
    risk.sent_times[q.account * <int64_t>(risk.rate_mask + 1) + <int64_t>(<uint64_t>a.sent & risk.rate_mask)] = q.now
    a.sent += 1


# An order that passed: it counts for the rate, and its quantity is held.
cdef inline void reserve_order(tc_risk* risk, const tc_question* q) noexcept nogil:
    tc_assert((q.hold_qty > 0) & (q.account > 0))      # account 0 is the firm, which orders nothing
    count_sent(risk, q)
    hold_lots(risk, q.instrument, q.account, q.side, q.hold_qty)


# A trade's signed lots; account 0 is suspense, which only the firm's row has.
cdef inline void move_position(tc_risk* risk, int32_t instrument, int32_t account, int64_t qty) noexcept nogil:
    if account:
        exposure_of(risk, instrument, account).position_qty += qty
    exposure_of(risk, instrument, 0).position_qty += qty


cdef inline void release_hold(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    hold_lots(risk, instrument, account, side, -qty)


# A fill: the hold becomes position.
cdef inline void commit_fill(
    tc_risk* risk, int32_t instrument, int32_t account, uint8_t side, int64_t qty
) noexcept nogil:
    release_hold(risk, instrument, account, side, qty)
    move_position(risk, instrument, account, qty if side == SIDE_BUY else -qty)


cdef inline bint is_killed(const tc_risk* risk, int32_t instrument, int32_t account, int32_t venue) noexcept nogil:
    return (risk.killed_firm | risk.accounts[account].killed | risk.killed_instruments[instrument]
            | risk.killed_venues[venue]) != 0


# Sets one limit. The byte offset of the field that can't be, or -1.
cdef inline int set_limit(
    tc_risk* risk, int32_t account, int64_t rule, int64_t value, int64_t window_ns, int64_t mode
) noexcept nogil:
    cdef int64_t most = money_max()
    cdef tc_account_risk* a = &risk.accounts[account]
    cdef uint32_t bit
    if rule < 0 or rule >= RULES:
        return 56
    if rule == RULE_COLLAR:
        most = 1_000_000
    elif rule == RULE_ORDER_RATE:
        most = <int64_t>risk.rate_mask + 1
    if value < -1 or value > most:
        return 64
    if rule == RULE_ORDER_RATE and value >= 0 and window_ns < 1:
        return 72
    if mode != MODE_ENFORCE and mode != MODE_OBSERVE:
        return 80
    bit = <uint32_t>1 << <int>rule
    a.configured |= bit
    if mode == MODE_OBSERVE and value >= 0:
        a.limits[rule] = -1
        a.watched[rule] = value
        a.watching |= bit
    else:
        a.limits[rule] = value
        a.watched[rule] = 0
        a.watching &= ~bit
    tc_assert((a.configured & a.watching) == a.watching)
    if rule == RULE_ORDER_RATE:
        a.window_ns = window_ns
    return -1

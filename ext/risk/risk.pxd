# Pre-trade risk kernels. Fail closed: a check that is armed and can't be evaluated refuses. Working orders count:
# what rests is reserved, a fill commits it, an end releases it. One check, one function, one reason.
#
# Each check takes a compile-time `explain`: False on the order path, where only a refusal is told; True for check(),
# which wants every rule's value and limit whatever the verdict.

from fund_checks cimport *
from rule_counts cimport *
from dense_programs cimport *


# What bars an order whatever it asks for, as bits of slots.
cdef enum:
    BARRING_SLOTS = (1ULL << SLOT_RESTRICTED | 1ULL << SLOT_PERMITTED_ONLY | 1ULL << SLOT_BLOCKED
                     | 1ULL << SLOT_DISABLED)


# Does an order count at what the market says? A buy within its limit counts at that, whatever it takes.
cdef inline bint counts_at_market(uint8_t ord_type, uint8_t side) noexcept nogil:
    return ord_type == TYPE_MARKET or side == SIDE_SELL


cdef inline bint needs_reference(const tc_line* line, uint8_t ord_type, uint8_t side) noexcept nogil:
    return line.limits[SLOT_COLLAR] >= 0 or (
        line.limits[SLOT_ORDER_NOTIONAL] >= 0 and counts_at_market(ord_type, side))


# HALTED bars everything, REDUCING what goes on.
cdef inline bint is_barred_by(const tc_met* met, const tc_question* q) noexcept nogil:
    return met.state == STATE_HALTED or (met.state == STATE_REDUCING and goes_on(q))


# What an order meets of kill switches, or of trading states. Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 12, FIA 1.5.
cdef inline bint check_switches(
    const tc_switches* switches, const tc_question* q, int reason, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_met met = meet_switches(switches, q.instrument, q.account, q.venue, q.strategy)
    cdef bint refused = is_barred_by(&met, q)
    if explain or refused:
        tell_finding(f, reason, True, refused, met.scope, met.state, 0)
    return refused


cdef inline bint check_config(const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef int64_t stated = risk.rows.stated[q.account] & risk.rows.all_stated
    cdef bint refused = stated != risk.rows.all_stated
    if explain or refused:
        tell_finding(f, RISK_CONFIG_MISSING, True, refused, stated, risk.rows.all_stated, 0)
    return refused


cdef inline bint check_duplicate(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    if explain or q.duplicate:
        tell_finding(f, DUPLICATE_CLORDID, True, q.duplicate, q.duplicate, 0, 0)
    return q.duplicate


# What reduces has places of its own beyond those that all have.
cdef inline bint check_open_orders(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef int64_t most = q.max_open_orders + (q.max_exits if q.reduces else 0)
    cdef bint refused = q.open_orders >= most and not q.recheck
    if explain or refused:
        tell_finding(f, MAX_OPEN_ORDERS, True, refused, q.open_orders + 1, most, 0)
    return refused


cdef inline bint check_reference(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef const tc_line* line = q.line
    cdef uint32_t row = 0
    cdef bint armed = line.limits[SLOT_COLLAR] >= 0 or (
        q.ord_type == TYPE_MARKET and line.limits[SLOT_ORDER_NOTIONAL] >= 0)
    cdef bint refused = armed and not has_reference(q) and not (q.reduces and q.ord_type != TYPE_MARKET)
    if explain or refused:
        if armed:
            row = line.rows[SLOT_COLLAR] if line.rows[SLOT_COLLAR] else line.rows[SLOT_ORDER_NOTIONAL]
        tell_finding(f, REFERENCE_PRICE_UNAVAILABLE, armed, refused, q.reference2 if has_reference(q) else no_price(),
                     0, row)
    return refused


# Of one order. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(c), FIA 1.1.
cdef inline bint check_order_qty(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = q.line.limits[SLOT_ORDER_QTY]
    cdef bint armed = limit >= 0
    cdef bint refused = armed and q.order_qty > limit
    cdef uint32_t row = q.line.rows[SLOT_ORDER_QTY]
    if explain or refused:
        tell_finding(f, MAX_ORDER_QTY, armed, refused, q.order_qty, told_limit(risk, q, row), row)
    return refused


# Of one order. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(b), FIA 1.1.
cdef inline bint check_order_notional(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = q.line.limits[SLOT_ORDER_NOTIONAL], amount2
    cdef uint32_t row = q.line.rows[SLOT_ORDER_NOTIONAL]
    cdef bint armed = limit >= 0, refused
    if not armed and not explain:
        return False
    if q.ord_type == TYPE_MARKET and not has_reference(q):
        if explain:
            tell_finding(f, MAX_ORDER_NOTIONAL, armed, False, no_price(), told_limit(risk, q, row), row)
        return False                                   # refused by check_reference
    amount2 = tc_wide(notional_price2(q.line, q), q.order_qty)
    refused = armed and amount2 > limit
    if explain or refused:
        tell_finding(f, MAX_ORDER_NOTIONAL, armed, refused, tell_notional(ins, tc_floor_div_wide(amount2 + 1, 2), True),
                     told_limit(risk, q, row), row)
    return refused


# Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3.
cdef inline bint check_collar(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef int64_t bps = <int64_t>q.line.limits[SLOT_COLLAR]
    cdef uint32_t row = q.line.rows[SLOT_COLLAR]
    cdef int64_t away
    cdef bint armed = bps >= 0, refused
    if not armed and not explain:
        return False
    if not has_reference(q) or q.ord_type == TYPE_MARKET:
        if explain:                                    # refused by check_reference, or bounded by its protection price
            tell_finding(f, PRICE_COLLAR, armed, False, bps if armed and has_reference(q) else no_price(), bps, row)
        return False
    away = 2 * q.price - q.reference2
    if q.side == SIDE_SELL:
        away = -away
    refused = armed and tc_wide(away, 10_000) > tc_wide(bps, q.reference2)
    if explain or refused:                             # rounded up
        tell_finding(f, PRICE_COLLAR, armed, refused,
                     tc_saturate(-tc_floor_div_wide(-tc_wide(away, 10_000), q.reference2)), bps, row)
    return refused


# Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b). An order that reduces always passes, whatever all
# accounts have together. Of the two limits the first that refuses
# speaks, else the one with less left.
cdef inline bint check_position_qty(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef const tc_line* line = q.line
    cdef tc_i128 limit = line.limits[SLOT_POSITION], firm_limit = line.limits[SLOT_FIRM_POSITION]
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    cdef bint counts = adds_risk(q), armed = limit >= 0, refused
    cdef uint32_t row = line.rows[SLOT_POSITION]
    cdef int64_t worst = worst_position(e, q), firm
    refused = armed and counts and worst > limit
    if firm_limit >= 0 and not refused:
        firm = worst_position(e - q.account, q)
        counts = counts and worst > 0 and firm > firm_limit
        if counts or not armed or firm_limit - firm < limit - worst:
            refused = counts
            armed = True
            worst = firm
            row = line.rows[SLOT_FIRM_POSITION]
    if explain or refused:
        tell_finding(f, MAX_POSITION_QTY, armed, refused, worst, told_limit(risk, q, row), row)
    return refused


# What is not to be traded at all, by anyone, an account or a strategy. Source: SEC 15c3-5 (c)(2)(ii)-(iii),
# RTS 6 Art. 15(1), 15(5).
cdef inline bint check_blocked(
    const tc_question* q, int slot, int reason, tc_finding* f, bint explain
) noexcept nogil:
    cdef bint refused = q.line.limits[slot] >= 0
    if explain or refused:
        tell_finding(f, reason, refused, refused, refused, 0, q.line.rows[slot])
    return refused


# Who may trade only what is permitted. Source: SEC 15c3-5 (c)(2)(ii), RTS 6 Art. 15(5).
cdef inline bint check_permitted(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef bint armed = q.line.limits[SLOT_PERMITTED_ONLY] >= 0
    cdef bint refused = armed and q.line.limits[SLOT_PERMITTED] < 0
    if explain or refused:
        tell_finding(f, NOT_PERMITTED_INSTRUMENT, armed, refused, refused, 0, q.line.rows[SLOT_PERMITTED_ONLY])
    return refused


# Always armed: with it, no position, cost or P&L can leave its integers. What takes no price takes what was checked.
cdef inline bint check_overflow(
    const tc_instrument* ins, const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int64_t worst = worst_position(e, q), most = position_max(), firm = worst_position(e - q.account, q)
    cdef bint refused
    if worst <= most and firm > firm_max():
        worst, most = firm, firm_max()
    refused = worst > most and q.hold_qty > 0
    if q.ord_type != TYPE_MARKET and tc_seldom(is_beyond_amount(ins, q.price, q.order_qty)):
        tell_finding(f, ARITHMETIC_OVERFLOW, True, True, q.order_qty, most_qty(ins, q.price), 0)
        return True
    if explain or refused:
        tell_finding(f, ARITHMETIC_OVERFLOW, True, refused, worst, most, 0)
    return refused


# A reduce-only order is no larger than the position that it reduces. What comes later is trimmed as fills come.
cdef inline bint check_reduce_only(
    const tc_exposure* e, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef bint refused = q.reduce_only and q.leaves_qty > reducible_qty(e.position_qty, q.side)
    if explain or refused:
        tell_finding(f, REDUCE_ONLY_VIOLATION, q.reduce_only, refused, q.leaves_qty,
                     reducible_qty(e.position_qty, q.side), 0)
    return refused


cdef inline bint check_session(const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    if explain or q.closed:
        tell_finding(f, SESSION_CLOSED, True, q.closed, q.closed, 0, 0)
    return q.closed


# Only in C: one check after the other in Python.
cdef inline bint check_bars(const tc_question* q, tc_finding* f) noexcept nogil:
    return (check_blocked(q, SLOT_RESTRICTED, RESTRICTED_INSTRUMENT, f, False)
            or check_permitted(q, f, False)
            or check_blocked(q, SLOT_BLOCKED, ACCOUNT_BLOCKED, f, False)
            or check_blocked(q, SLOT_DISABLED, STRATEGY_DISABLED, f, False))


# The first limit that refuses: is there one? Changes nothing.
cdef inline bint check_limits(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    return ((tc_seldom(q.line.armed & BARRING_SLOTS != 0) and check_bars(q, f))
            or check_reference(q, f, False) or check_order_qty(risk, q, f, False)
            or check_order_notional(risk, ins, q, f, False) or check_collar(q, f, False)
            or check_position_qty(risk, q, f, False)
            or (tc_seldom(q.line.looked_at != 0) and check_by_terms(risk, ins, q, f))
            or check_counts(risk, q, f) or check_on_marks(risk, q, f) or check_funds(risk, ins, q, f))


# The first refusal, or REASON_NONE. Changes nothing.
cdef inline int check_risk(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    if (check_switches(&risk.kills, q, KILL_SWITCH, f, False)
            or check_switches(&risk.states, q, TRADING_STATE, f, False)
            or check_breakers(risk, q, f) or check_config(risk, q, f, False) or check_duplicate(q, f, False)
            or check_open_orders(q, f, False) or check_limits(risk, ins, q, f)
            or check_overflow(ins, e, q, f, False) or check_reduce_only(e, q, f, False) or check_session(q, f, False)):
        return f.reason
    return REASON_NONE


# What the limits of a line say to an order, refused or not: so many findings. Changes nothing.
cdef inline int evaluate_limits(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef int at = 12
    cdef uint64_t rest = risk.rows.counting
    f[0].refused = check_blocked(q, SLOT_RESTRICTED, RESTRICTED_INSTRUMENT, &f[0], explain)
    f[1].refused = check_permitted(q, &f[1], explain)
    f[2].refused = check_blocked(q, SLOT_BLOCKED, ACCOUNT_BLOCKED, &f[2], explain)
    f[3].refused = check_blocked(q, SLOT_DISABLED, STRATEGY_DISABLED, &f[3], explain)
    f[4].refused = check_reference(q, &f[4], explain)
    f[5].refused = check_order_qty(risk, q, &f[5], explain)
    f[6].refused = check_order_notional(risk, ins, q, &f[6], explain)
    f[7].refused = check_collar(q, &f[7], explain)
    f[8].refused = check_position_qty(risk, q, &f[8], explain)
    f[9].refused = check_alike(risk, q, &f[9], explain)
    f[10].refused = check_notional(risk, ins, q, &f[10], explain)
    f[11].refused = check_open(risk, q, &f[11], explain)
    while rest:
        f[at].refused = check_counted(risk, q, tc_lowest_bit(rest), &f[at], explain)
        rest &= rest - 1
        at += 1
    tc_assert(at == ON_MARKS)
    evaluate_on_marks(risk, q, &f[at], explain)
    evaluate_funds(risk, ins, q, &f[OF_FUNDS], explain)
    return OBSERVABLE


# Every rule's value, limit and verdict, in the order in which they are asked: so many findings. Changes nothing.
cdef inline int evaluate_risk(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    cdef int at
    check_switches(&risk.kills, q, KILL_SWITCH, &f[0], True)
    check_switches(&risk.states, q, TRADING_STATE, &f[1], True)
    check_breaker(risk, q, RULE_REPEATED_EXECUTION, &f[2], True)
    check_breaker(risk, q, RULE_CONSECUTIVE_REJECTS, &f[3], True)
    check_config(risk, q, &f[4], True)
    check_duplicate(q, &f[5], True)
    check_open_orders(q, &f[6], True)
    at = FIRST_LIMIT + evaluate_limits(risk, ins, q, &f[FIRST_LIMIT], True)
    check_overflow(ins, e, q, &f[at], True)
    check_reduce_only(e, q, &f[at + 1], True)
    check_session(q, &f[at + 2], True)
    tc_assert(at + 3 == CHECKS)
    return at + 3

# Checks of what an account has: what is sold short is located before, a cash account sells what it holds and buys what
# it can pay. Worst case, as holds are: all that works fills. A sale of what is held is no short sale: one that reduces
# passes, whatever else waits for its price. Fail closed: where nothing was located, nothing is, and what can't be told
# is not paid for.

from exposure_checks cimport *


# What asks for an account's funds or its position, as bits of slots.
cdef enum:
    PAID_SLOTS = 1ULL << SLOT_FUNDED | 1ULL << SLOT_CREDIT | 1ULL << SLOT_FIRM_CREDIT
    FUND_SLOTS = 1ULL << SLOT_SHORT_SALE | 1ULL << SLOT_LONG_ONLY | PAID_SLOTS


# How far below zero the position would be if all that works to sell filled, the order too; 0 of a buy.
cdef inline int64_t short_with(const tc_risk* risk, const tc_question* q) noexcept nogil:
    cdef int64_t short
    if q.side != SIDE_SELL:
        return 0
    short = worst_position(exposure_of(risk, q.instrument, q.account), q)
    return short if short > 0 else 0


# What is sold short with working orders and was sold short before is no more than was located for the account in the
# instrument; a soft share of what was located warns. Source: SEC Regulation SHO 203(b)(1), 15c3-5 (c)(2)(i).
cdef inline bint check_short_sale(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 located = q.line.limits[SLOT_LOCATE]
    cdef int64_t short = short_with(risk, q)
    cdef int slot = SLOT_LOCATE if q.line.is_soft else SLOT_SHORT_SALE     # of which only what was located has a share
    cdef bint armed = q.line.limits[slot] >= 0, refused
    located = located if located > 0 else 0
    refused = armed and short > located and adds_risk(q)
    if explain or refused:
        tell_finding(f, SHORT_SALE, armed, refused, short, tc_saturate(located), q.line.rows[slot])
    return refused


# A cash account sells no more than it holds, less what works to sell. Source: SEC 15c3-5 (c)(1)(i), (c)(2)(i);
# Regulation T 220.8(a).
cdef inline bint check_held_position(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef const tc_exposure* e = exposure_of(risk, q.instrument, q.account)
    cdef int64_t held = e.position_qty if e.position_qty > 0 else 0
    cdef int64_t sold = e.working_sell + q.hold_qty if q.side == SIDE_SELL else 0
    cdef bint armed = q.line.limits[SLOT_LONG_ONLY] >= 0
    cdef bint refused = armed and sold > held and adds_risk(q)
    if explain or refused:
        tell_finding(f, INSUFFICIENT_POSITION, armed, refused, sold, held, q.line.rows[SLOT_LONG_ONLY])
    return refused


# A cash account has what all its orders need at their worst, fees included, in the currency of each. Source: SEC 15c3-5
# (c)(1)(i); Regulation T 220.8(a).
cdef inline bint check_cash(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 cash, needed
    cdef bint unknown = q.fund_more < 0, refused
    if q.line.limits[SLOT_FUNDED] < 0:
        if explain:
            tell_finding(f, INSUFFICIENT_FUNDS, False, False, no_price(), -1, 0)
        return False
    cash = cash_of(&risk.funds, q.account, ins.currency)
    needed = risk.funds.held[q.account * risk.funds.currency_stride + ins.currency] + q.fund_more
    refused = q.fund_more != 0 and not q.reduces and (unknown or needed > cash)
    if explain or refused:
        tell_finding(f, INSUFFICIENT_FUNDS, True, refused, no_price() if unknown else tc_tell_wide(needed, True),
                     tc_tell_wide(cash, False), q.line.rows[SLOT_FUNDED])
    return refused


# What an account, and the firm, may owe: in each currency what orders that work need at their worst, less what cash
# there is, where that is more than nothing; summed in the base currency. So it is what was bought and may be, less
# what was sold, fees and opened cash counted. Of the two limits the first that refuses speaks, else the one with less
# left. Source: SEC 15c3-5 (c)(1)(i), aggregate credit thresholds.
cdef inline bint check_credit(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 owed, limit, left = 0, its
    cdef bint refused, found = False
    cdef int i
    if explain:
        tell_finding(f, CREDIT_LIMIT, False, False, no_price(), -1, 0)
    for i in range(2):
        limit = q.line.limits[SLOT_CREDIT + i]
        if limit < 0:
            continue
        owed = -1
        if q.fund_more >= 0:
            owed = owed_with(&risk.funds, 0 if i else q.account, q.account, ins.currency, q.fund_more)
        refused = q.fund_more != 0 and not q.reduces and (owed < 0 or owed > limit)
        its = limit - (beyond_exposure() if owed < 0 else owed)
        if refused or (explain and (not found or its < left)):
            tell_finding(f, CREDIT_LIMIT, True, refused, no_price() if owed < 0 else tc_tell_wide(owed, True),
                         told_limit(risk, q, q.line.rows[SLOT_CREDIT + i]), q.line.rows[SLOT_CREDIT + i])
            left = its
        found = True
        if refused:
            return True
    return False


# The first refusal of what an account has. Only in C: nothing is asked where no row says so.
cdef inline bint check_funds(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    return tc_seldom(q.line.armed & FUND_SLOTS != 0) and (
        (q.line.armed & 1ULL << SLOT_SHORT_SALE and check_short_sale(risk, q, f, False))
        or (q.line.armed & 1ULL << SLOT_LONG_ONLY and check_held_position(risk, q, f, False))
        or (q.line.armed & PAID_SLOTS and (check_cash(risk, ins, q, f, False)
                                           or check_credit(risk, ins, q, f, False))))


# The same, all of them, refused or not.
cdef inline void evaluate_funds(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f[0].refused = check_short_sale(risk, q, &f[0], explain)
    f[1].refused = check_held_position(risk, q, &f[1], explain)
    f[2].refused = check_cash(risk, ins, q, &f[2], explain)
    f[3].refused = check_credit(risk, ins, q, &f[3], explain)

# Checks of what an account has to sell: what is sold short is located before, and a cash account sells what it holds.
# Worst case, as holds are: all open sells fill. A sale of what is held is no short sale: one that reduces passes,
# whatever else waits for its price. Fail closed: where nothing was located, nothing is.

from exposure_checks cimport *


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


# The first refusal of what an account has to sell. Only in C: nothing is asked where no row says so.
cdef inline bint check_funds(const tc_risk* risk, const tc_question* q, tc_finding* f) noexcept nogil:
    return (tc_seldom(q.line.limits[SLOT_SHORT_SALE] >= 0) and check_short_sale(risk, q, f, False)) or (
        tc_seldom(q.line.limits[SLOT_LONG_ONLY] >= 0) and check_held_position(risk, q, f, False))


# The same, all of them, refused or not.
cdef inline void evaluate_funds(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    f[0].refused = check_short_sale(risk, q, &f[0], explain)
    f[1].refused = check_held_position(risk, q, &f[1], explain)

# What a strategy's own trades have lost, and what every check asks of an order: before those of what accounts and the
# firm hold, with which the twin has them.

from holds cimport *


# A limit as its row says it, -1 where there is none.
cdef inline int64_t told_limit(const tc_risk* risk, const tc_question* q, uint32_t row) noexcept nogil:
    return tc_tell_wide(limit_in(q.line, &risk.rows.rows[row]), False) if row else -1


# Does it go on, where what may only reduce must not?
cdef inline bint goes_on(const tc_question* q) noexcept nogil:
    return (q.hold_qty > 0 or q.released or q.moves_on) and not q.reduces


# Would it hold more, or trade what is held, and not only reduce?
cdef inline bint adds_risk(const tc_question* q) noexcept nogil:
    return (q.hold_qty > 0 or q.released) and not q.reduces


# The P&L of the order's strategy.
cdef inline const tc_part_sum* strategy_sum(const tc_risk* risk, const tc_question* q) noexcept nogil:
    return &risk.strategies.totals[q.strategy].pnl


# What a strategy has lost since the previous close, realised or not, with fees. Source: RTS 6 Art. 15(1)(b), 16(1);
# FIA 1.2.
cdef inline bint check_strategy_loss(
    const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef tc_i128 limit = q.line.limits[SLOT_STRATEGY_LOSS], loss
    cdef uint32_t row = q.line.rows[SLOT_STRATEGY_LOSS]
    cdef bint refused
    if limit < 0:
        if explain:
            tell_finding(f, STRATEGY_LOSS, False, False, no_price(), -1, 0)
        return False
    loss = beyond_exposure() if strategy_sum(risk, q).unknown[<int>TOO_LARGE] else -strategy_sum(risk, q).value
    refused = loss > limit and adds_risk(q)
    if explain or refused:
        tell_finding(f, STRATEGY_LOSS, True, refused, tc_tell_wide(loss, True), told_limit(risk, q, row), row)
    return refused

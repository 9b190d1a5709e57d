# What executions and rejects say of the strategy whose they are: its breakers count, warn, or disarm it. One that is
# disarmed counts nothing more; what it still has that was not sent is taken back when the command is done.

from state cimport *


# What a limit says beside what becomes of an order.
cdef inline void report_limit(
    tc_core* core, const tc_command* c, const tc_order* order, uint8_t kind, uint8_t side, int64_t order_qty,
    int64_t price, const tc_finding* finding
) noexcept nogil:
    cdef tc_report* r = start_report(core, c, kind)
    r.order_id = order.order_id
    r.instrument = order.instrument
    put_place(r, order.account, 0)
    r.side = side
    r.cl_ord_id = order.cl_ord_id
    r.order_qty = order_qty
    r.price = price
    r.reason = <int16_t>finding.reason
    r.value = finding.value
    r.bound = finding.limit
    r.reject_mask = finding.row
    publish_report(&core.events, r)


# Do breakers count what becomes of a strategy's orders?
cdef inline bint is_watched(const tc_core* core, int32_t strategy) noexcept nogil:
    return tc_seldom(core.risk.rows.breakers != 0) and tripped_of(
        &core.risk.breakers, strategy, core.risk.rows.strategy_max) == NULL


# From now on the strategy may only reduce.
cdef inline void disarm(tc_core* core, int32_t strategy, const tc_finding* finding) noexcept nogil:
    cdef tc_tripped* tripped = &core.risk.breakers.by_strategy[strategy]
    tc_assert((tripped.row == 0) & (finding.row != 0))
    tripped.reason = <int16_t>finding.reason
    tripped.row = finding.row
    tripped.value = finding.value
    tripped.limit = finding.limit
    tripped.since = core.now
    tripped.names = names_needed(&core.risk.rows, strategy)
    tripped.first = 0
    tripped.due = True
    core.risk.breakers.count += 1
    core.risk.breakers.due += 1
    core.triggers.asks_again = True                    # so that it is looked at when the command is done


# One more that a breaker counts: more than it allows disarms, or is told of; more than its share warns.
cdef inline void note_outcome_of(
    tc_core* core, const tc_command* c, const tc_order* order, int rule, const tc_dealt* dealt
) noexcept nogil:
    cdef tc_rows* r = &core.risk.rows
    cdef uint32_t number = breaker_row(r, order.strategy, rule)
    cdef const tc_limit_row* row = &r.rows[number]
    cdef tc_finding f
    cdef uint8_t kind = 0
    if number == 0:
        return
    tell_finding(&f, r.rules[rule].reason, True, True, <int64_t>r.rate_mask + 2, <int64_t>r.rate_mask + 1, number)
    if note_outcome(r, number, dealt, core.now):
        f.value = count_outcomes(r, number, dealt, core.now)
        f.limit = <int64_t>row.value
    if f.value > f.limit:
        note_breach(&core.risk, &f, core.now)
        kind = REPORT_BREAKER_TRIPPED if row.mode == MODE_ENFORCE else REPORT_RISK_OBSERVED
    elif row.mode == MODE_ENFORCE and row.soft_share and f.value > tc_floor_div(f.limit * row.soft_share, SOFT_MOST):
        kind = REPORT_RISK_WARNING
    if kind == REPORT_BREAKER_TRIPPED:
        disarm(core, order.strategy, &f)
    if kind:
        report_limit(core, c, order, kind, order.side, order.order_qty, order.price, &f)


# An order was accepted: rejects begin anew.
cdef inline void note_acceptance(tc_core* core, const tc_order* order) noexcept nogil:
    if is_watched(core, order.strategy):
        begin_anew(&core.risk.rows, breaker_row(&core.risk.rows, order.strategy, RULE_CONSECUTIVE_REJECTS))


# A new order has come as far as it can now: if it was accepted at once, rejects begin anew.
cdef inline void note_entry(tc_core* core, const tc_order* order) noexcept nogil:
    if order.acked:
        note_acceptance(core, order)


# A venue says something of an order: the first that it says, but that it is pending or rejected, accepts it.
cdef inline void note_word(tc_core* core, const tc_order* order, uint8_t exec_type) noexcept nogil:
    if order.awaited and exec_type != EXEC_PENDING_NEW and exec_type != EXEC_REJECTED:
        note_acceptance(core, order)


# A trade of an order, which is in its facts: with the first one it is executed, and any is no reject.
cdef inline void note_trade(
    tc_core* core, const tc_command* c, const tc_order* order, int64_t last_qty
) noexcept nogil:
    cdef tc_dealt dealt
    if not is_watched(core, order.strategy):
        return
    note_acceptance(core, order)
    if order.cum_qty == last_qty and not order.kept & EMPTIED:
        dealt.instrument, dealt.side, dealt.order_qty = order.instrument, direction(order.side), order.order_qty
        note_outcome_of(core, c, order, RULE_REPEATED_EXECUTION, &dealt)


# An order was rejected, by us or by its venue.
cdef inline void note_reject(tc_core* core, const tc_command* c, const tc_order* order) noexcept nogil:
    cdef tc_dealt nothing
    if is_watched(core, order.strategy):
        tc_clear(&nothing, sizeof(nothing))
        note_outcome_of(core, c, order, RULE_CONSECUTIVE_REJECTS, &nothing)

# What limits that are only observed would have refused, and what passes the share at which one warns: told of what
# passed. It refuses nothing.

from exits cimport *


# The line of what is only observed of an order, or warns; `of_venue`: of its venue's rows alone.
cdef inline const tc_line* watched_line(
    tc_core* core, const tc_instrument* ins, tc_question* q, int mode, bint of_venue
) noexcept nogil:
    if of_venue:
        venue_line(&q.room, &core.risk.rows, ins, q.venue, mode)
        return &q.room
    return line_of(core.risk.watched if mode == MODE_OBSERVE else core.risk.softs, &core.risk.rows, ins, q.instrument,
                   q.account, q.venue, q.strategy, mode, &q.room)


# What the limits that are only observed say, or those that warn, with a reference price if they need one. Changes
# nothing.
cdef inline void observe_question(
    tc_core* core, const tc_instrument* ins, tc_question q, int mode, bint of_venue, tc_finding* findings, bint explain
) noexcept nogil:
    q.line = watched_line(core, ins, &q, mode, of_venue)
    if needs_reference(q.line, q.ord_type, q.side):
        q.reference2 = twice_reference(core, q.instrument)
        q.touch2 = twice_touch(&core.router, ins, q.instrument, q.side, core.now)
    evaluate_limits(&core.risk, ins, &q, findings, explain)


# What refused is told of an order that has passed.
cdef inline void report_observed(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_question* q, uint8_t kind,
    const tc_finding* finding
) noexcept nogil:
    report_limit(core, c, order, kind, q.side, q.order_qty, q.price, finding)


# Reports what the rules of users that are only observed would have refused.
cdef inline void observe_user_rules(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q
) noexcept nogil:
    cdef tc_finding finding
    cdef int64_t cells[CELLS]
    cdef uint64_t unknown = fill_cells(core, ins, q, order.strategy, cells)
    cdef int32_t at = 0
    while ask_user_rules(&core.rules, cells, unknown, MODE_OBSERVE, &at, &finding):
        report_observed(core, c, order, q, REPORT_RISK_OBSERVED, &finding)


# Reports what the limits that are only observed would have refused, or what passes the share at which one warns. The
# order has passed, and holds nothing yet.
cdef inline void observe_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q,
    int mode, bint of_venue
) noexcept nogil:
    cdef tc_question asked = q[0]
    cdef tc_finding findings[OBSERVABLE]
    cdef int i
    observe_question(core, ins, asked, mode, of_venue, findings, False)
    if not asked.reduces and is_exempt_refusal(findings, OBSERVABLE) and reduces(core, order, q.leaves_qty):
        asked.reduces = True                           # what would let it pass, were it enforced
        observe_question(core, ins, asked, mode, of_venue, findings, False)
    for i in range(OBSERVABLE):
        if findings[i].refused:
            if mode == MODE_OBSERVE:
                note_breach(&core.risk, &findings[i], core.now)
            report_observed(core, c, order, q, REPORT_RISK_OBSERVED if mode == MODE_OBSERVE else REPORT_RISK_WARNING,
                            &findings[i])


# What is to be told of an order or a replace that passed, or of an order that is let go.
cdef inline void observe_passed(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q
) noexcept nogil:
    if tc_seldom(core.rules.observed != 0):
        observe_user_rules(core, c, ins, order, q)
    if tc_seldom(core.risk.rows.observed != 0):
        observe_order(core, c, ins, order, q, MODE_OBSERVE, False)
    if tc_seldom(core.risk.rows.softened != 0):
        observe_order(core, c, ins, order, q, MODE_SOFT, False)


# What is to be told of an order that was routed, by the rows of its venue alone, which nothing has asked before; for
# those that count it is one more.
cdef inline void observe_venue(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q
) noexcept nogil:
    cdef tc_line line
    if core.risk.rows.observed:
        observe_order(core, c, ins, order, q, MODE_OBSERVE, True)
        venue_line(&line, &core.risk.rows, ins, q.venue, MODE_OBSERVE)
        count_line(&core.risk.rows, &line, q.now, SENT_NEW)
    if core.risk.rows.softened:
        observe_order(core, c, ins, order, q, MODE_SOFT, True)

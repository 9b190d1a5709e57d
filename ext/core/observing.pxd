# What limits that are only observed would have refused, and what passes the share at which one warns: told of what
# passed. It refuses nothing.

from exits cimport *


# What the limits that are only observed say, or those that warn, with a reference price if they need one. Changes
# nothing.
cdef inline void observe_question(
    tc_core* core, const tc_instrument* ins, tc_question q, int mode, tc_finding* findings, bint explain
) noexcept nogil:
    q.line = line_of(core.risk.watched if mode == MODE_OBSERVE else core.risk.softs, &core.risk.rows, ins, q.instrument,
                     q.account, q.venue, q.strategy, mode, &q.room)
    if needs_reference(q.line, q.ord_type, q.side):
        q.reference2 = twice_reference(core, q.instrument)
        q.touch2 = twice_touch(&core.router, ins, q.instrument, q.side, core.now)
    evaluate_limits(&core.risk, ins, &q, findings, explain)


# Reports what the limits that are only observed would have refused, or what passes the share at which one warns. The
# order has passed, and holds nothing yet.
cdef inline void observe_order(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q,
    int mode
) noexcept nogil:
    cdef tc_question asked = q[0]
    cdef tc_finding findings[OBSERVABLE]
    cdef tc_report* r
    cdef int i
    if mode == MODE_OBSERVE and core.rules.observed:
        observe_user_rules(core, c, ins, order, q)
    if mode == MODE_OBSERVE and not core.risk.rows.observed:
        return
    observe_question(core, ins, asked, mode, findings, False)
    if not asked.reduces and is_exempt_refusal(findings, OBSERVABLE) and reduces(core, order, q.leaves_qty):
        asked.reduces = True                           # what would let it pass, were it enforced
        observe_question(core, ins, asked, mode, findings, False)
    for i in range(OBSERVABLE):
        if findings[i].refused:
            if mode == MODE_OBSERVE:
                note_breach(&core.risk, &findings[i], core.now)
            r = start_report(core, c, REPORT_RISK_OBSERVED if mode == MODE_OBSERVE else REPORT_RISK_WARNING)
            r.order_id = order.order_id
            r.instrument = q.instrument
            put_place(r, q.account, 0)
            r.side = q.side
            r.cl_ord_id = order.cl_ord_id
            r.order_qty = q.order_qty
            r.price = q.price
            r.reason = <int16_t>findings[i].reason
            r.value = findings[i].value
            r.bound = findings[i].limit
            r.reject_mask = findings[i].row
            publish_report(&core.events, r)


# What is to be told of an order or a replace that passed, or of an order that is let go.
cdef inline void observe_passed(
    tc_core* core, const tc_command* c, const tc_instrument* ins, const tc_order* order, const tc_question* q
) noexcept nogil:
    if core.risk.rows.observed or core.rules.observed:
        observe_order(core, c, ins, order, q, MODE_OBSERVE)
    if core.risk.rows.softened:
        observe_order(core, c, ins, order, q, MODE_SOFT)

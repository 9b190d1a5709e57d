# Overrides: the command that lets a blocked order pass a rule once, and what an order that is refused may pass by them.
# It passes no check that is not a rule: no switch, no state, no breaker; and the exit gate never asks for them.

from exits cimport *
from known_ids cimport refuse_note
from settings cimport accept_change


# Was the order entered with the terms that a record has, whatever their ids are?
cdef inline bint has_same_terms(const tc_core* core, const tc_order* order, const tc_command* c) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    cdef int64_t qty = terms.entered_qty if order.extended else order.order_qty
    cdef int64_t price = terms.entered_price if order.extended else order.price
    cdef int ord_type = terms.entered_ord_type if order.extended else order.ord_type
    return (
        order.instrument == c.instrument and order.account == c.account
        and order.entered_venue == c.venue and order.side == c.side
        and ord_type == c.ord_type and order.time_in_force == c.time_in_force
        and order.exec_inst == <uint8_t>c.exec_inst and qty == c.order_qty
        and price == (c.price if has_limit(c.ord_type) else no_price())
        and terms.entered_stop_px == (c.stop_px if awaits_price(c.ord_type) else no_price())
        and terms.entered_peg_offset == c.peg_offset and terms.entered_min_qty == c.min_qty
        and terms.entered_display_qty == c.display_qty and terms.entered_expire_time == c.expire_time
        and terms.list_id == c.list_id and order.strategy == c.strategy
        and terms.trigger_price_type == c.trigger_price_type and terms.peg_offset_type == c.peg_offset_type
        and terms.contingency_type == <uint8_t>c.contingency_type
    )


# Why an override can't be, with value and bound; REASON_NONE where it can.
cdef inline int find_bad_override(
    const tc_core* core, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_order* blocked = find_order(&core.orders, c.target)
    value[0], bound[0] = c.rule, 56
    if not can_be_overridden(&core.risk.rows, c.rule):
        return INVALID_FIELD_VALUE
    value[0], bound[0] = c.target, 0
    if blocked == NULL:
        return UNKNOWN_ORDER
    bound[0] = 64
    # What was let in, and refused when it was to be placed, is asked there again, and of no override.
    if (blocked.terminal != STATUS_REJECTED or blocked.reason != core.risk.rows.rules[c.rule].reason
            or blocked.admitted):
        return INVALID_FIELD_VALUE
    value[0], bound[0] = c.expire_time, 112
    if c.expire_time <= core.now or c.expire_time > core.now + override_time_max():
        return INVALID_FIELD_VALUE
    value[0], bound[0] = 0, 104 if c.who else 96
    return REASON_NONE if c.who and c.why else NOT_AUTHORIZED


# Only in C: a constant in Python.
# A day.
cdef inline int64_t override_time_max() noexcept nogil:
    return <int64_t>86_400_000_000_000


# From now on an order like the blocked one passes the rule, once.
cdef inline void override_order(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_overrides* overrides = &core.risk.overrides
    cdef tc_override* override
    cdef int64_t value = 0, bound = 0
    cdef int reason
    cdef int32_t i
    if refuse_note(core, c, ack):
        return
    reason = find_bad_override(core, c, &value, &bound)
    if reason:
        refuse_command(core, c, ack, reason, value, bound)
        return
    drop_past(overrides, core.now)
    for i in range(overrides.count):
        if overrides.rows[i].order_id == c.target:
            refuse_command(core, c, ack, ALREADY_DEFINED, 0, 0)
            return
    if overrides.count == OVERRIDES_MAX:
        refuse_command(core, c, ack, TABLE_FULL, OVERRIDES_MAX, OVERRIDES_MAX)
        return
    override = &overrides.rows[overrides.count]
    override.order_id, override.rule = c.target, <int32_t>c.rule
    override.who, override.why = c.who, c.why
    override.since, override.until, override.used = core.now, c.expire_time, 0
    overrides.count += 1
    accept_change(core, c, c.target, c.rule, 0)


# The override that lets an order pass what refuses it for this reason, NULL where none does: that of a blocked order
# with its terms, its routing too, which neither was given yet. One whose blocked order is no longer held lets nothing
# pass.
cdef inline tc_override* find_override(tc_core* core, const tc_command* c, int reason) noexcept nogil:
    cdef tc_overrides* overrides = &core.risk.overrides
    cdef const tc_order* blocked
    cdef int32_t i
    for i in range(overrides.count):
        blocked = find_order(&core.orders, overrides.rows[i].order_id)
        if (lets_pass(&core.risk.rows, &overrides.rows[i], reason, core.now) and blocked != NULL
                and has_same_terms(core, blocked, c) and terms_of(&core.orders, blocked).routing == c.routing):
            return &overrides.rows[i]
    return NULL


# What refuses an order beyond what overrides let pass (REASON_NONE: nothing), as a finding, and what those let pass in
# `blocked`, so many; none are used where something refuses. `said`: the order as its client asked for it.
cdef inline int find_refusal_beyond(
    tc_core* core, const tc_instrument* ins, const tc_order* order, const tc_command* said, tc_question* q,
    tc_finding* finding, tc_finding* blocked, int* passed
) noexcept nogil:
    cdef tc_finding found[CHECKS]
    cdef int i
    passed[0] = 0
    q.reduces = reduces(core, order, q.leaves_qty)
    evaluate_risk(&core.risk, ins, q, found)
    for i in range(CHECKS):
        if not found[i].refused:
            continue
        if find_override(core, said, found[i].reason) == NULL:
            finding[0] = found[i]
            return finding.reason
        blocked[passed[0]] = found[i]
        passed[0] += 1
    if find_block(core, q, finding) and not reduces_unbooked(core, order, q.leaves_qty):
        return UNBOOKED_TRADE
    return find_rule_refusal(core, ins, q, order.strategy, finding)


# Risk's refusal of a new order, REASON_NONE where it passes; what it passes by overrides is in `blocked`, so many.
cdef inline int ask_with_overrides(
    tc_core* core, const tc_instrument* ins, const tc_order* order, const tc_command* said, tc_question* q,
    tc_finding* finding, tc_finding* blocked, int* passed
) noexcept nogil:
    cdef int reason = ask_risk_of(core, ins, order, q, finding)
    if tc_seldom(reason != REASON_NONE) and core.risk.overrides.count:
        return find_refusal_beyond(core, ins, order, said, q, finding, blocked, passed)
    return reason


# The order passes by them: each is told, and lets nothing pass any more.
cdef inline void use_overrides(
    tc_core* core, const tc_command* c, const tc_command* said, const tc_order* order, const tc_finding* blocked,
    int passed
) noexcept nogil:
    cdef int i
    for i in range(passed):
        find_override(core, said, blocked[i].reason).used = order.order_id
        report_limit(core, c, order, REPORT_RISK_OVERRIDDEN, order.side, order.order_qty, order.price, &blocked[i])

# Users' rules, and their scorer of venues, loaded by commands into the core's state: a name, then its steps, four in a
# record. A refusal changes nothing that is in force.

from settings cimport *
from user_rules cimport *


# Every rule is looked at: what any of them reads is filled for all.
cdef inline void count_rules(tc_rules* rules) noexcept nogil:
    cdef int32_t at
    rules.observed = 0
    rules.groups = 0
    for at in range(rules.count):
        rules.observed += rules.rows[at].mode == MODE_OBSERVE
        rules.groups |= rules.rows[at].groups


# Where a rule of this name stands, -1 where none does.
cdef inline int32_t find_rule(const tc_rules* rules, int64_t name) noexcept nogil:
    cdef int32_t at
    for at in range(rules.count):
        if rules.rows[at].name == name:
            return at
    return -1


# As a command that stops trading is taken: who or why for whose text there is no room is not said, and refuses no stop.
cdef inline void spare_note(tc_command* told) noexcept nogil:
    if told.who == NO_ROOM:
        told.who = 0
    if told.why == NO_ROOM:
        told.why = 0


# A rule begins; what was begun before and is not whole is forgotten.
cdef inline void add_rule(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rules* rules = &core.rules
    cdef tc_rule* rule = &rules.rows[rules.count]
    if refuse_name(core, c, ack, find_rule(rules, c.cl_ord_id) >= 0, rules.count, USER_RULES_MAX):
        return
    if c.step_count < 1 or c.step_count > STEPS_MAX:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.step_count, 56)
    elif c.mode != MODE_ENFORCE and c.mode != MODE_OBSERVE:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.mode, 80)
    elif not refuse_note(core, c, ack):
        tc_clear(rule, sizeof(tc_rule))
        rule.name = c.cl_ord_id
        rule.who = c.who
        rule.why = c.why
        rule.needs = c.needs
        rule.step_count = <uint16_t>c.step_count
        rule.mode = <uint8_t>c.mode
        rules.is_loading = True
        accept_command(core, c, 0, 0, 0, c.step_count, c.mode)


# One's own scorer begins, and what was begun before and is not whole is forgotten; or there is none any more.
cdef inline void set_scorer(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rule* rule = &core.rules.rows[core.rules.count]
    if c.step_count < 0 or c.step_count > STEPS_MAX:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.step_count, 56)
    elif not refuse_note(core, c, ack):
        if c.step_count:
            tc_clear(rule, sizeof(tc_rule))
            rule.who = c.who
            rule.why = c.why
            rule.step_count = <uint16_t>c.step_count
            rule.is_scorer = True
            core.rules.is_loading = True
        else:
            core.rules.scorer.step_count = 0
        accept_command(core, c, 0, 0, 0, c.step_count, 0)


# The next steps of the rule or scorer that was begun; with the last of them it is in force, or, where they are no
# program, gone.
cdef inline void add_steps(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rules* rules = &core.rules
    cdef tc_rule* rule = &rules.rows[rules.count]
    cdef int most = STEPS_PER_RECORD, bad
    if not rules.is_loading or rule.name != c.cl_ord_id:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.cl_ord_id, 32)
        return
    if c.step_at != rule.loaded:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.step_at, 120)
        return
    if rule.step_count - rule.loaded < most:
        most = rule.step_count - rule.loaded
    memcpy(&rule.steps[rule.loaded], c.text, most * sizeof(tc_step))
    rule.loaded += <uint16_t>most
    if rule.loaded == rule.step_count:
        rules.is_loading = False
        bad = find_bad_step(rule.steps, rule.step_count, SCORE_CELLS if rule.is_scorer else CELLS, rule.is_scorer)
        if bad >= 0:
            refuse_command(core, c, ack, INVALID_FIELD_VALUE, bad, 56)
            return
        if rule.is_scorer:
            rules.scorer = rule[0]
        else:
            make_dense(rule.steps, &rule.dense)
            rule.groups = groups_of(rule.steps, rule.step_count, rule.needs)
            rules.count += 1
            count_rules(rules)
    accept_command(core, c, 0, 0, 0, rule.loaded, rule.step_count)


cdef inline void remove_rule(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rules* rules = &core.rules
    cdef int32_t at = find_rule(rules, c.cl_ord_id)
    if at < 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.cl_ord_id, 32)
        return
    if refuse_note(core, c, ack):
        return
    for at in range(at, rules.count):                  # one that is being loaded stands behind the last
        rules.rows[at] = rules.rows[at + 1]
    rules.count -= 1
    count_rules(rules)
    accept_command(core, c, 0, 0, 0, rules.count, USER_RULES_MAX)

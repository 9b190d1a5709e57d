# The hash of the exit gate and of users' rules, behind that of all other state.
# Only in C: a twin hashes rows in comprehensions.

from exit_gate cimport GATE_TIMES, tc_gate, tc_gate_row, was_told
from statehash cimport *


# The exit gate: its limits and flags, what it can still count, and what was handed out of each order that is held.
cdef inline void hash_gate(tc_hasher* h, tc_core* core, const int64_t* ids, int64_t count) noexcept nogil:
    cdef const tc_gate* gate = &core.gate
    cdef const tc_gate_row* row
    cdef int64_t i
    put(h, 42)
    put(h, gate.collar_bps - 1)
    put(h, gate.throttle - 1)
    put(h, gate.window_ns)
    put(h, gate.shut_firm)
    put(h, gate.sent)
    put(h, gate.stopped)
    put_id(h, core, gate.who)
    put_id(h, core, gate.why)
    end_row(h)
    for i in range(1, core.venue_count + 1):
        if gate.shut_venues[i]:
            put(h, 43)
            put(h, i)
            put(h, gate.shut_venues[i])
            end_row(h)
    for i in range(1, core.instrument_count + 1):
        if was_told(&gate.markets[i]):
            put(h, 68)
            put(h, i)
            put(h, gate.markets[i].halted)
            put(h, gate.markets[i].low)
            put(h, gate.markets[i].high)
            put(h, gate.markets[i].reference)
            put(h, gate.markets[i].dynamic_bps)
            end_row(h)
    for i in range(gate.sent - GATE_TIMES if gate.sent > GATE_TIMES else 0, gate.sent):
        put(h, 44)
        put(h, gate.times[<uint64_t>i & (GATE_TIMES - 1)])
        end_row(h)
    for i in range(count):
        row = &gate.rows[slot_of(&core.orders, find_order(&core.orders, ids[i]))]
        if row.order_id == ids[i]:
            put(h, 45)
            put(h, row.order_id)
            put(h, row.sent_new)
            put(h, row.sent_replace)
            end_row(h)


# What accounts prevent.
cdef inline void hash_self_match(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_prevention* row
    cdef int64_t i
    for i in range(core.account_count + 1):
        row = &core.self_match[i]
        if row.is_set:
            put(h, 46)
            put(h, i)
            put(h, row.mode)
            put(h, row.outside)
            put_id(h, core, row.match_id)
            end_row(h)


cdef inline void hash_steps(tc_hasher* h, const tc_rule* rule, int row) noexcept nogil:
    cdef const tc_step* step
    cdef int32_t at
    for at in range(rule.loaded):
        step = &rule.steps[at]
        put(h, row)
        put(h, step.op)
        put(h, step.a)
        put(h, step.b)
        put(h, step.column)
        put(h, step.factor)
        end_row(h)


# Users' rules, and one that is being loaded, which has no name where it is a scorer; and the scorer.
cdef inline void hash_rules(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_rule* rule
    cdef int32_t i
    for i in range(core.rules.count + core.rules.is_loading):
        rule = &core.rules.rows[i]
        put(h, 40)
        put_id(h, core, rule.name)
        put_id(h, core, rule.who)
        put_id(h, core, rule.why)
        put(h, <int64_t>rule.needs)
        put(h, rule.mode)
        put(h, rule.step_count)
        put(h, rule.loaded)
        end_row(h)
        hash_steps(h, rule, 41)
    if core.rules.scorer.step_count:
        put(h, 60)
        put_id(h, core, core.rules.scorer.who)
        put_id(h, core, core.rules.scorer.why)
        end_row(h)
        hash_steps(h, &core.rules.scorer, 61)


cdef inline void hash_safeguards(tc_hasher* h, tc_core* core, const int64_t* ids, int64_t count) noexcept nogil:
    hash_gate(h, core, ids, count)
    hash_self_match(h, core)
    hash_rules(h, core)

# The hash of users' rules, behind that of all other state.
# Only in C: a twin hashes rows in comprehensions.

from statehash cimport *


# Users' rules, and one that is being loaded.
cdef inline void hash_rules(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_rule* rule
    cdef const tc_step* step
    cdef int32_t i, at
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
        for at in range(rule.loaded):
            step = &rule.steps[at]
            put(h, 41)
            put(h, step.op)
            put(h, step.a)
            put(h, step.b)
            put(h, step.column)
            put(h, step.factor)
            end_row(h)

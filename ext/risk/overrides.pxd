# Overrides: a named person lets an order with the terms of one that a rule has blocked pass that rule, once, until a
# time. Those that were used stay until then: the same order is not let pass twice. Source: RTS 6 Art. 15(6).

from rule_rows cimport *


cdef enum:
    OVERRIDES_MAX = 64             # that stand, or were used and have not expired


# One: of the order that was blocked, by which rule, who lets it pass and why, since when, until when, and the order
# that has used it.
cdef struct tc_override:
    int64_t order_id, who, why, since, until, used
    int32_t rule


cdef struct tc_overrides:
    tc_override rows[OVERRIDES_MAX]
    int32_t count


# Is it a rule that asks something of an order, and may refuse it? Switches, states, breakers and what has no limit
# stay.
cdef inline bint can_be_overridden(const tc_rows* r, int64_t rule) noexcept nogil:
    return (0 <= rule and rule < RULES and r.rules[rule].reason != 0 and r.rules[rule].asks != 0
            and r.rules[rule].permits == 0)


# Those whose time is over are forgotten.
cdef inline void drop_past(tc_overrides* o, int64_t now) noexcept nogil:
    cdef int32_t i, count = 0
    for i in range(o.count):
        if o.rows[i].until >= now:
            o.rows[count] = o.rows[i]
            count += 1
    o.count = count


# Does it let a refusal for this reason pass now?
cdef inline bint lets_pass(
    const tc_rows* r, const tc_override* override, int reason, int64_t now
) noexcept nogil:
    return not override.used and override.until >= now and r.rules[override.rule].reason == reason

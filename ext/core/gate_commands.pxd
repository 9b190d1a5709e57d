# The exit gate's own limits and flags, and what accounts prevent, changed by commands with who and why: what lets more
# out than before takes both.

from exit_gate cimport GATE_EXITS_ONLY, GATE_OPEN, find_bad_gate, loosens, opens, set_gate, shut_gate
from rule_commands cimport *


# Is a change that lets more out than before refused here for want of who or why? Of one that does not, only what is no
# id is refused.
cdef inline bint refuse_loose(tc_core* core, const tc_command* c, tc_ack* ack, bint loose) noexcept nogil:
    if refuse_note(core, c, ack):
        return True
    if not loose or (c.who and c.why):
        return False
    refuse_command(core, c, ack, NOT_AUTHORIZED, 0, 104 if c.who else 96)
    return True


cdef inline void change_gate(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset = find_bad_gate(c.collar_bps, c.throttle, c.window_ns)
    cdef bint loose = loosens(&core.gate, c.collar_bps, c.throttle, c.window_ns)
    cdef tc_command told = c[0]
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.collar_bps if offset == 56 else c.throttle if offset == 64
                       else c.window_ns, offset)
        return
    if not loose:
        spare_note(&told)
    if refuse_loose(core, &told, ack, loose):
        return
    set_gate(&core.gate, c.collar_bps, c.throttle, c.window_ns)
    core.gate.who = told.who
    core.gate.why = told.why
    accept_change(core, &told, c.collar_bps, c.throttle, 0)


# Shuts the gate for the firm or for one venue, opens it, or leaves it open for exits alone.
cdef inline void switch_gate(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef bint known = c.scope == SCOPE_FIRM or c.scope == SCOPE_VENUE
    cdef tc_command told = c[0]
    cdef bint loose
    if c.engaged < GATE_OPEN or c.engaged > GATE_EXITS_ONLY:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.engaged, 72)
        return
    if not known or c.target < 0 or c.target > core.venue_count or (c.scope == SCOPE_FIRM) != (c.target == 0):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.target if known else c.scope, 64 if known else 56)
        return
    loose = opens(core.gate.shut_venues[c.target] if c.target else core.gate.shut_firm, c.engaged)
    if not loose:
        spare_note(&told)
    if refuse_loose(core, &told, ack, loose):
        return
    shut_gate(&core.gate, <int32_t>c.target, <uint8_t>c.engaged)
    core.gate.who = told.who
    core.gate.why = told.why
    accept_change(core, &told, c.scope, c.engaged, 0)


# What an account prevents from now on, or each that has nothing of its own.
cdef inline void set_self_match(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_prevention* row
    cdef int64_t value = 0, bound = 0
    cdef int reason = find_unknown_id(core, c.match_id, 72, &value, &bound)
    if c.account < 0 or c.account > core.account_count:
        refuse_command(core, c, ack, UNKNOWN_ACCOUNT, c.account, core.account_count)
    elif c.match_mode < SELF_MATCH_OFF or c.match_mode > SELF_MATCH_BLOCK:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.match_mode, 56)
    elif (c.match_outside != SELF_MATCH_OFF and c.match_outside != SELF_MATCH_CANCEL_NEWEST
            and c.match_outside != SELF_MATCH_BLOCK and c.match_outside != SELF_MATCH_HOLD):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.match_outside, 64)
    elif reason:
        refuse_command(core, c, ack, reason, value, bound)
    elif not refuse_note(core, c, ack):
        row = &core.self_match[c.account]
        row.is_set = True
        row.mode = <uint8_t>c.match_mode
        row.outside = <uint8_t>c.match_outside
        row.match_id = c.match_id
        accept_command(core, c, 0, c.account, 0, c.match_mode, c.match_outside)

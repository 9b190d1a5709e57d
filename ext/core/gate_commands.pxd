# The exit gate's own limits and flags, changed by commands with who and why.

from exit_gate cimport GATE_EXITS_ONLY, GATE_OPEN, set_gate
from rule_commands cimport *


cdef inline void change_gate(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int offset
    if refuse_note(core, c, ack):
        return
    offset = set_gate(&core.gate, c.collar_bps, c.throttle, c.window_ns)
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.collar_bps if offset == 56 else c.throttle if offset == 64
                       else c.window_ns, offset)
    else:
        core.gate.who = c.who
        core.gate.why = c.why
        accept_command(core, c, 0, 0, 0, c.collar_bps, c.throttle)


# Shuts the gate for the firm or for one venue, opens it, or leaves it open for exits alone.
cdef inline void switch_gate(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef bint known = c.scope == SCOPE_FIRM or c.scope == SCOPE_VENUE
    if c.engaged < GATE_OPEN or c.engaged > GATE_EXITS_ONLY:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.engaged, 72)
        return
    if not known or c.target < 0 or c.target > core.venue_count or (c.scope == SCOPE_FIRM) != (c.target == 0):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.target if known else c.scope, 64 if known else 56)
        return
    if refuse_note(core, c, ack):
        return
    if c.scope == SCOPE_FIRM:
        core.gate.shut_firm = <uint8_t>c.engaged
    else:
        core.gate.shut_venues[c.target] = <uint8_t>c.engaged
    core.gate.who = c.who
    core.gate.why = c.why
    accept_command(core, c, 0, 0, <int32_t>c.target, c.scope, c.engaged)

# The conductor: one command to where it belongs. No Python object anywhere.

from marketdata cimport *
from orderpath cimport *
from settings cimport *


cdef inline void apply_command(tc_core* core, const tc_command* c, tc_ack* ack, int64_t now, bint timed) noexcept nogil:
    cdef int64_t time = c.transact_time if c.transact_time != 0 else now
    memset(ack, 0, sizeof(tc_ack))
    ack.report_type, ack.ord_rej_reason, ack.cxl_rej_reason = REPORT_ACCEPTED, -1, -1
    core.command_seq += 1
    if time < 0 or time > time_max():
        if c.kind != KIND_NEW_ORDER:
            refuse_command(core, c, ack, INVALID_FIELD_VALUE, time, 24)
            return
    elif time > core.now:                              # the core's clock never goes back
        core.now = time
    if c.kind == KIND_NEW_ORDER:
        enter_order(core, c, ack, timed)
    elif c.kind == KIND_CANCEL:
        enter_cancel(core, c, ack, timed)
    elif c.kind == KIND_QUOTE:
        enter_quote(core, c, ack)
    elif c.kind == KIND_MARK:
        enter_mark(core, c, ack)
    elif c.kind == KIND_SET_LIMIT:
        change_limit(core, c, ack)
    elif c.kind == KIND_KILL_SWITCH:
        switch_kill(core, c, ack)
    elif c.kind == KIND_OPENING_POSITION:
        open_position(core, c, ack)
    elif c.kind == KIND_OPENING_CASH:
        open_cash(core, c, ack)
    elif c.kind == KIND_DEFINE_CURRENCY:
        define_currency(core, c, ack)
    elif c.kind == KIND_DEFINE_ACCOUNT:
        define_account(core, c, ack)
    elif c.kind == KIND_DEFINE_VENUE:
        define_venue(core, c, ack)
    elif c.kind == KIND_DEFINE_INSTRUMENT:
        define_instrument(core, c, ack)
    else:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.kind, 0)

# The conductor: one command to where it belongs. No Python object anywhere.

from marketdata cimport *
from prints cimport *
from replaces cimport *
from days cimport roll_day
from exchange_limits cimport set_price_limits
from sessions cimport *
from splits cimport *
from gate_commands cimport *
from switching cimport *
from route_settings cimport *
from stamps cimport *
from follow_ups cimport *
from hold_checks cimport *
from settling cimport *


# Only in C: a dict of kinds in Python.
# What is said in words, and what an operator decides of it; what is none of these is no command.
cdef inline void run_said(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.kind == KIND_NOTE:
        enter_note(core, c, ack)
    elif c.kind == KIND_NAME_REQUESTS:
        name_requests(core, c, ack)
    elif c.kind == KIND_BOOK_UNBOOKED:
        enter_booking(core, c, ack)
    elif c.kind == KIND_DISMISS_UNBOOKED:
        enter_dismissal(core, c, ack)
    else:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.kind, 0)


# Only in C: a dict of kinds in Python.
# Kill switches, trading states, users' rules and the exit gate; False of what is none of them.
cdef inline bint run_switch_or_rule(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.kind == KIND_KILL_SWITCH:
        switch_kill(core, c, ack)
    elif c.kind == KIND_TRADING_STATE:
        set_trading_state(core, c, ack)
    elif c.kind == KIND_BREAKER:
        arm_strategy(core, c, ack)
    elif c.kind == KIND_OVERRIDE:
        override_order(core, c, ack)
    elif c.kind == KIND_ADD_RULE:
        add_rule(core, c, ack)
    elif c.kind == KIND_RULE_STEPS:
        add_steps(core, c, ack)
    elif c.kind == KIND_SET_SCORER:
        set_scorer(core, c, ack)
    elif c.kind == KIND_REMOVE_RULE:
        remove_rule(core, c, ack)
    elif c.kind == KIND_SET_GATE:
        change_gate(core, c, ack)
    elif c.kind == KIND_SWITCH_GATE:
        switch_gate(core, c, ack)
    elif c.kind == KIND_SET_SELF_MATCH:
        set_self_match(core, c, ack)
    else:
        return False
    return True


# Only in C: a dict of kinds in Python.
# What is no order, cancel, quote or venue's report, apart from the path.
cdef inline void run_other(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.kind == KIND_INTERN:
        enter_text(core, c, ack)
    elif c.kind == KIND_REPLACE:
        enter_replace(core, c, ack)
    elif c.kind == KIND_MASS_CANCEL:
        mass_cancel(core, c, ack)
    elif c.kind == KIND_STATUS_REQUEST:
        request_status(core, c, ack)
    elif c.kind == KIND_TRADE_CORRECTION:
        enter_correction(core, c, ack)
    elif c.kind == KIND_HAND_OUT:
        hand_out(core, c, ack)
    elif c.kind == KIND_CANCEL_REJECT:
        enter_cancel_reject(core, c, ack)
    elif c.kind == KIND_MARK or c.kind == KIND_CURRENCY_RATE:
        enter_worth(core, c, ack)
    elif c.kind == KIND_TRADE_PRINT:
        enter_trade_print(core, c, ack)
    elif c.kind == KIND_PRICE_LIMITS:
        set_price_limits(core, c, ack)
    elif c.kind == KIND_SESSION:
        enter_session(core, c, ack)
    elif c.kind == KIND_CLOCK:
        enter_clock(core, c, ack)
    elif c.kind == KIND_ADVANCE_CLOCK:
        advance_clock(core, c, ack)
    elif c.kind == KIND_ROLL_DAY:
        roll_day(core, c)
    elif c.kind == KIND_SPLIT:
        split_instrument(core, c, ack)
    elif c.kind == KIND_VENUE_SESSION:
        enter_venue_session(core, c, ack)
    elif c.kind == KIND_SET_LIMIT:
        change_limit(core, c, ack)
    elif c.kind == KIND_SET_ROUTING:
        set_routing(core, c, ack)
    elif c.kind == KIND_VENUE_STATISTICS:
        set_statistics(core, c, ack)
    elif c.kind == KIND_VENUE_HEALTH:
        set_health(core, c, ack)
    elif c.kind == KIND_OPENING_POSITION:
        open_position(core, c, ack)
    elif c.kind == KIND_OPENING_CASH:
        open_cash(core, c, ack)
    elif c.kind == KIND_DEFINE_CURRENCY:
        define_currency(core, c, ack)
    elif c.kind == KIND_DEFINE_ACCOUNT:
        define_account(core, c, ack)
    elif c.kind == KIND_DEFINE_GROUP:
        define_group(core, c, ack)
    elif c.kind == KIND_DEFINE_VENUE:
        define_venue(core, c, ack)
    elif c.kind == KIND_DEFINE_INSTRUMENT:
        define_instrument(core, c, ack)
    elif c.kind == KIND_DEFINE_TICKS:
        define_ticks(core, c, ack)
    elif not run_switch_or_rule(core, c, ack):
        run_said(core, c, ack)


cdef inline void run_command(tc_core* core, const tc_command* c, tc_ack* ack, bint timed) noexcept nogil:
    if tc_seldom(c.version > VERSION):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.version, 40)
    elif c.kind == KIND_NEW_ORDER:
        enter_order(core, c, ack, timed)
    elif c.kind == KIND_CANCEL:
        enter_cancel(core, c, ack, timed)
    elif c.kind == KIND_QUOTE:
        enter_quote(core, c, ack)
    elif c.kind == KIND_EXECUTION_REPORT:
        enter_execution_report(core, c, ack)
    else:
        run_other(core, c, ack)


cdef inline void apply_command(tc_core* core, const tc_command* c, tc_ack* ack, int64_t now, bint timed) noexcept nogil:
    cdef const tc_order* order
    memset(ack, 0, sizeof(tc_ack))
    ack.report_type = REPORT_ACCEPTED
    ack.ord_rej_reason = -1
    ack.cxl_rej_reason = -1
    core.command_seq += 1
    core.answer_seq = core.events.seq + 1
    if not move_clock(core, c, ack, now):
        return
    run_command(core, c, ack, timed)
    if tc_seldom(has_work(core)):
        settle(core, c)
        tc_assert(not has_work(core))
        order = find_order(&core.orders, ack.order_id)
        if order != NULL and ack.report_type == REPORT_EXECUTION:      # what followed may have been about it
            memset(ack, 0, sizeof(tc_ack))
            ack.ord_rej_reason = -1
            ack.cxl_rej_reason = -1
            acknowledge(core, order, ack)
    tc_assert(holds_balance(core, ack.order_id))

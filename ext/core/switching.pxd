# Commands that stop trading and let it go on: kill switches and trading states, by scope, and strategies that breakers
# have disarmed. Who stops may be anyone; to let more be traded again takes who and why. A refusal changes nothing.

from departures cimport wants_more
from exits cimport *
from health cimport *
from replaces cimport moves_on
from requests cimport tc_asked
from rule_commands cimport *


# The byte offset of what no switch can be of, and its value; -1 where it can be.
cdef inline int find_bad_scope(const tc_core* core, const tc_command* c, int64_t* value) noexcept nogil:
    cdef int64_t most
    value[0] = c.scope
    if c.scope < 0 or c.scope >= SWITCHED:
        return 56
    value[0] = c.target
    most = core.account_count if c.scope == SCOPE_ACCOUNT else core.instrument_count if c.scope == SCOPE_INSTRUMENT \
        else core.venue_count if c.scope == SCOPE_VENUE else core.risk.rows.strategy_max
    return 64 if c.target < (c.scope != SCOPE_FIRM) or c.target > (most if c.scope != SCOPE_FIRM else 0) else -1


# Is a replace that was not handed out to be taken back? One that was answered is not; where the scope may reduce,
# neither is one that reduces, or gives way.
cdef inline bint is_barred(
    tc_core* core, const tc_order* order, const tc_request* asked, int state
) noexcept nogil:
    cdef tc_asked terms
    if not wants_more(&core.orders, order, asked):
        return False
    terms.order_qty, terms.price, terms.stop_px = asked.order_qty, asked.price, asked.stop_px
    terms.expire_time, terms.peg_offset = asked.expire_time, asked.peg_offset
    return state == STATE_HALTED or (
        asked.order_qty > order.cum_qty and moves_on(core, order, &terms)
        and not reduces(core, order, asked.order_qty - order.cum_qty))


# A scope may trade less: new orders that were not handed out are Canceled and never sent; replaces that ask for more
# are refused. Where it may reduce, what reduces stays.
cdef inline void withdraw_barred(
    tc_core* core, const tc_command* c, int64_t scope, int64_t target, int state, int reason, int64_t value,
    int64_t bound
) noexcept nogil:
    cdef int64_t count = find_open(
        &core.open_orders, &core.orders, <int32_t>(target if scope == SCOPE_INSTRUMENT else 0),
        <int32_t>(target if scope == SCOPE_ACCOUNT else 0), <int32_t>(target if scope == SCOPE_VENUE else 0),
        <int32_t>(target if scope == SCOPE_STRATEGY else 0))
    cdef int64_t i
    cdef uint32_t at, next
    cdef tc_order* order
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if is_unsent(&core.orders, order):
            if state == STATE_HALTED or not reduces(core, order, leaves_of(order)):
                recall_order(core, order)
                order.value = value
                order.bound = bound
                end_order(core, c, order, STATUS_CANCELED, reason)
            continue
        at = order.first_request
        while at != NO_SLOT:
            next = core.orders.requests[at].next
            if core.orders.requests[at].message != NO_MESSAGE and is_barred(
                    core, order, &core.orders.requests[at], state):
                withdraw_replace(core, c, order, at, reason, value, bound)
            at = next


cdef inline void change_switch(
    tc_core* core, const tc_command* c, tc_ack* ack, tc_switches* switches, int state, int reason
) noexcept nogil:
    cdef int64_t value = 0
    cdef int offset = find_bad_scope(core, c, &value)
    cdef tc_command told = c[0]
    cdef bint loosens
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, value, offset)
        return
    loosens = state < state_at(switches, c.scope, c.target)
    if not loosens:
        spare_note(&told)
    if refuse_note(core, &told, ack):
        return
    if loosens and not (c.who and c.why):
        refuse_command(core, c, ack, NOT_AUTHORIZED, 0, 104 if c.who else 96)
        return
    set_switch(switches, c.scope, c.target, state, told.who, told.why, core.now)
    if c.scope == SCOPE_VENUE:
        set_barred(core)
    if loosens:
        core.triggers.asks_again = True
    accept_change(core, &told, c.scope, c.target, state)
    if state != STATE_ACTIVE:
        withdraw_barred(core, c, c.scope, c.target, state, reason, 1 + c.scope, state)


# Engages or releases a kill switch.
cdef inline void switch_kill(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.engaged != 0 and c.engaged != 1:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.engaged, 72)
    elif c.allow_reduce < 0 or c.allow_reduce > c.engaged:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.allow_reduce, 80)
    else:
        change_switch(core, c, ack, &core.risk.kills,
                      STATE_REDUCING if c.allow_reduce else STATE_HALTED if c.engaged else STATE_ACTIVE, KILL_SWITCH)


# Sets what a scope may trade.
cdef inline void set_trading_state(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.state < STATE_ACTIVE or c.state > STATE_HALTED:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.state, 72)
    else:
        change_switch(core, c, ack, &core.risk.states, <int>c.state, TRADING_STATE)


# Breakers have disarmed strategies: what the one with the lowest number still asks for is taken back, but for what
# reduces.
cdef inline void withdraw_disarmed(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_breakers* breakers = &core.risk.breakers
    cdef tc_tripped* tripped
    cdef int32_t strategy = 1
    while not breakers.by_strategy[strategy].due:
        strategy += 1
        tc_assert(strategy <= core.risk.rows.strategy_max)
    tripped = &breakers.by_strategy[strategy]
    tripped.due = False
    breakers.due -= 1
    withdraw_barred(core, c, SCOPE_STRATEGY, strategy, STATE_REDUCING, tripped.reason, tripped.value, tripped.limit)


# Arms a strategy again that a breaker has disarmed; where it takes two names, with the second. The ack's report tells
# how many are missing.
cdef inline void arm_strategy(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_rows* r = &core.risk.rows
    cdef tc_tripped* tripped
    if refuse_note(core, c, ack):
        return
    if tripped_of(&core.risk.breakers, c.strategy, r.strategy_max) == NULL:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.strategy, 124)
        return
    tripped = &core.risk.breakers.by_strategy[c.strategy]
    if not (c.who and c.why):
        refuse_command(core, c, ack, NOT_AUTHORIZED, 0, 104 if c.who else 96)
    elif c.who == tripped.first:
        refuse_command(core, c, ack, NOT_AUTHORIZED, tripped.names, 96)
    elif tripped.names > 1 and not tripped.first:
        tripped.first = c.who
        accept_change(core, c, c.strategy, 1, 0)
    else:
        begin_anew(r, breaker_row(r, c.strategy, RULE_REPEATED_EXECUTION))
        begin_anew(r, breaker_row(r, c.strategy, RULE_CONSECUTIVE_REJECTS))
        tripped.row = 0
        core.risk.breakers.count -= 1
        accept_change(core, c, c.strategy, 0, 0)

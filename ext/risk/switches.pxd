# Kill switches and trading states, by scope: what may still be traded there. They refuse nothing by themselves.

from limit_lines cimport *


cdef enum:
    STATE_ACTIVE = 0
    STATE_REDUCING = 1
    STATE_HALTED = 2
    SWITCHED = 5                   # scopes that have switches, from 0


# What leaves less than ACTIVE: who set it, why and when, the trading state that it leaves, and the reason of the limit
# that set it, 0 where someone did.
cdef struct tc_switch:
    int64_t who, why, since
    int32_t reason
    uint8_t state


cdef struct tc_switches:
    tc_switch* by_scope[SWITCHED]  # of each scope by the id in it; of the firm the first alone
    int32_t strategy_max
    int32_t engaged                # how many leave less than ACTIVE


# What an order meets: 1 + the Scope of the strictest switch, and the state that it leaves; 0 and ACTIVE of none.
cdef struct tc_met:
    int32_t scope, state


# Only in C: an argument's condition in Python.
# A strategy that can have no switch is 0, which none has.
cdef inline tc_met strictest_of(
    const tc_switches* s, int32_t instrument, int32_t account, int32_t venue, int32_t strategy
) noexcept nogil:
    cdef int32_t targets[SWITCHED]
    cdef tc_met met
    cdef int scope, state
    targets[SCOPE_FIRM], targets[SCOPE_ACCOUNT], targets[SCOPE_INSTRUMENT] = 0, account, instrument
    targets[SCOPE_VENUE], targets[SCOPE_STRATEGY] = venue, strategy if strategy <= s.strategy_max else 0
    met.scope, met.state = 0, STATE_ACTIVE
    for scope in range(SWITCHED):
        state = s.by_scope[scope][targets[scope]].state
        if state > met.state:
            met.scope, met.state = 1 + scope, state
    return met


# The strictest that an order meets; of equals the widest.
cdef inline tc_met meet_switches(
    const tc_switches* s, int32_t instrument, int32_t account, int32_t venue, int32_t strategy
) noexcept nogil:
    cdef tc_met met
    if s.engaged:
        return strictest_of(s, instrument, account, venue, strategy)
    met.scope, met.state = 0, STATE_ACTIVE
    return met


# The state that a switch leaves.
cdef inline int state_at(const tc_switches* s, int64_t scope, int64_t target) noexcept nogil:
    return s.by_scope[scope][target].state


# Sets one; the caller has checked scope and target.
cdef inline void set_switch(
    tc_switches* s, int64_t scope, int64_t target, int state, int64_t who, int64_t why, int64_t now
) noexcept nogil:
    cdef tc_switch* switch = &s.by_scope[scope][target]
    s.engaged += (state != STATE_ACTIVE) - (switch.state != STATE_ACTIVE)
    switch.who = who if state else 0
    switch.why = why if state else 0
    switch.since = now if state else 0
    switch.reason = 0
    switch.state = <uint8_t>state


# It was a limit that has set one which is not ACTIVE.
cdef inline void tell_cause(tc_switches* s, int64_t scope, int64_t target, int reason) noexcept nogil:
    s.by_scope[scope][target].reason = reason

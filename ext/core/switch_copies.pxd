# What stops trading, copied for a reader in one locked section: kill switches, trading states, strategies that breakers
# have disarmed; and the overrides.
# Only in C: in Python, what is read is an object already.

from copies cimport *


cdef struct tc_switch_copy:
    int32_t scope, target, kind, reason
    tc_switch switch


# Copies as many switches that leave less than ACTIVE as there is room for, from `count` on; how many there are then.
cdef inline int64_t copy_kind(
    const tc_core* core, const tc_switches* switches, int kind, tc_switch_copy* rows, int64_t count, int64_t room
) noexcept nogil:
    cdef int32_t i
    cdef int scope
    for scope in range(SWITCHED):
        for i in range(scope != SCOPE_FIRM, (targets_of(core, scope) if scope != SCOPE_FIRM else 0) + 1):
            if switches.by_scope[scope][i].state == STATE_ACTIVE:
                continue
            if count < room:
                rows[count].scope = scope
                rows[count].target = i
                rows[count].kind = kind
                rows[count].reason = switches.by_scope[scope][i].reason
                rows[count].switch = switches.by_scope[scope][i]
            count += 1
    return count


# The same of the strategies that breakers have disarmed; who is the first of two names that arm one again.
cdef inline int64_t copy_tripped(
    const tc_core* core, tc_switch_copy* rows, int64_t count, int64_t room
) noexcept nogil:
    cdef const tc_tripped* tripped
    cdef int32_t strategy
    for strategy in range(1, core.risk.rows.strategy_max + 1 if core.risk.breakers.count else 1):
        tripped = &core.risk.breakers.by_strategy[strategy]
        if tripped.row == 0:
            continue
        if count < room:
            memset(&rows[count], 0, sizeof(tc_switch_copy))
            rows[count].scope = SCOPE_STRATEGY
            rows[count].target = strategy
            rows[count].kind = KIND_BREAKER
            rows[count].reason = tripped.reason
            rows[count].switch.who = tripped.first
            rows[count].switch.since = tripped.since
            rows[count].switch.state = STATE_REDUCING
        count += 1
    return count


cdef inline int64_t copy_switches(tc_core* core, int64_t one, int64_t other, void* memory, int64_t room) noexcept nogil:
    cdef tc_switch_copy* rows = <tc_switch_copy*>memory
    cdef int64_t count = copy_kind(core, &core.risk.kills, KIND_KILL_SWITCH, rows, 0, room)
    count = copy_kind(core, &core.risk.states, KIND_TRADING_STATE, rows, count, room)
    return copy_tripped(core, rows, count, room)


# Copies as many overrides as there is room for, as they came; how many there are.
cdef inline int64_t copy_overrides(
    tc_core* core, int64_t one, int64_t other, void* memory, int64_t room
) noexcept nogil:
    cdef tc_override* rows = <tc_override*>memory
    cdef int64_t i
    for i in range(min(room, core.risk.overrides.count)):
        rows[i] = core.risk.overrides.rows[i]
    return core.risk.overrides.count

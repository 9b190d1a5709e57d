# Commands that say how orders are routed: strategies, how much charges count, what is known of a venue.

from rule_commands cimport *


cdef enum:
    AS_IT_IS = -1
    FAILURES_MAX = 1_000_000


cdef inline int64_t day_ns() noexcept nogil:
    return 86_400_000_000_000


# Only in C: a chained comparison in Python.
# What is not as it is, and not from 0 to `most`.
cdef inline bint is_beyond(int64_t value, int64_t most) noexcept nogil:
    return value < AS_IT_IS or value > most


cdef inline void set_routing(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_router* router = &core.router
    cdef int64_t most = AS_IT_IS if c.strategy else MILLION
    if c.strategy < 0 or c.strategy > router.strategy_max:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.strategy, 124)
    elif is_beyond(c.routing_strategy, ROUTING_SCORER):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.routing_strategy, 56)
    elif refuse_note(core, c, ack):
        return
    elif is_beyond(c.latency_weight, most if c.strategy else <int64_t>1_000 * MILLION):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.latency_weight, 64)
    elif is_beyond(c.miss_cost, most):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.miss_cost, 72)
    elif is_beyond(c.degraded_cost, most):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.degraded_cost, 80)
    else:
        apply_routing(core, c)
        accept_change(core, c, c.routing_strategy, c.strategy, 0)


# Only in C: in set_routing in Python.
cdef inline void apply_routing(tc_core* core, const tc_command* c) noexcept nogil:
    cdef tc_router* router = &core.router
    cdef int32_t venue
    if c.routing_strategy != AS_IT_IS:
        router.strategies[c.strategy] = <uint8_t>c.routing_strategy
    if c.latency_weight != AS_IT_IS:
        router.weights.latency = c.latency_weight
    if c.miss_cost != AS_IT_IS:
        router.weights.miss = c.miss_cost
    if c.degraded_cost != AS_IT_IS:
        router.weights.degraded = c.degraded_cost
    if router.weights.latency == 0:
        memset(router.movements, 0, <size_t>(core.instrument_count + 1) * sizeof(tc_movement))
    for venue in range(1, core.venue_count + 1):
        router.statistics[venue].root = root_of(router.statistics[venue].round_trip)
    router.epoch += 1


# What is known of a venue better than by the core's own orders; they move it on from there.
cdef inline void set_statistics(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    if c.venue < 1 or c.venue > core.venue_count:
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
    elif refuse_note(core, c, ack):
        return
    elif is_beyond(c.round_trip, day_ns()):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.round_trip, 56)
    elif is_beyond(c.take_fill, MILLION):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.take_fill, 64)
    elif is_beyond(c.post_fill, MILLION):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.post_fill, 72)
    elif is_beyond(c.reject_rate, MILLION):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.reject_rate, 80)
    elif is_beyond(c.quote_age, day_ns()):
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, c.quote_age, 88)
    else:
        apply_facts(&core.router, c)
        core.router.epoch += 1
        accept_change(core, c, c.round_trip, 0, 0)


cdef inline void apply_facts(tc_router* router, const tc_command* c) noexcept nogil:
    cdef tc_statistics* s = &router.statistics[c.venue]
    if c.round_trip != AS_IT_IS:
        s.round_trip = c.round_trip
        s.root = root_of(c.round_trip)
        s.answers += 1                                 # the next answer moves it
    if c.take_fill != AS_IT_IS:
        s.take_fill = c.take_fill
    if c.post_fill != AS_IT_IS:
        s.post_fill = c.post_fill
    if c.reject_rate != AS_IT_IS:
        s.reject = c.reject_rate
    if c.quote_age != AS_IT_IS:
        s.quote_age = c.quote_age


# The byte offset of what a venue's health can't be set to, or -1. DISCONNECTED is for its session to say.
cdef inline int find_bad_health(const tc_command* c, bint has_times, int64_t* value) noexcept nogil:
    value[0] = c.venue_health
    if is_beyond(c.venue_health, HEALTH_HALTED) or c.venue_health == HEALTH_DISCONNECTED:
        return 56
    value[0] = c.reject_max
    if is_beyond(c.reject_max, FAILURES_MAX):
        return 64
    value[0] = c.timeout_max
    if is_beyond(c.timeout_max, FAILURES_MAX):
        return 72
    value[0] = c.cooldown
    if is_beyond(c.cooldown, day_ns()) or c.cooldown == 0:
        return 80
    value[0] = c.on_disconnect
    if is_beyond(c.on_disconnect, LOST_CANCEL):
        return 88
    value[0] = c.stale_after                           # of a simulated venue nobody knows when it displayed what
    return 112 if is_beyond(c.stale_after, day_ns() if has_times else 0) else -1


# Only in C: a loop in Python.
cdef inline void apply_health(
    tc_health* health, const tc_command* c, int64_t quoted_at, int64_t now
) noexcept nogil:
    if c.venue_health != AS_IT_IS:
        health.state = <uint8_t>c.venue_health
        reset_breaker(health)
    if c.reject_max != AS_IT_IS:
        health.reject_max = c.reject_max
    if c.timeout_max != AS_IT_IS:
        health.timeout_max = c.timeout_max
    if c.cooldown != AS_IT_IS:
        health.cooldown = c.cooldown
    if c.on_disconnect != AS_IT_IS:
        health.on_disconnect = <uint8_t>c.on_disconnect
    if c.stale_after != AS_IT_IS:
        health.stale_after = c.stale_after
        health.is_stale = False
        health.is_stale = grows_stale(health, quoted_at, now)


# How a venue is, and its circuit breaker. A health that is set closes a breaker, and forgets what was met.
cdef inline void set_health(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef int64_t value = 0
    cdef int offset
    if c.venue < 1 or c.venue > core.venue_count:
        refuse_command(core, c, ack, UNKNOWN_VENUE, c.venue, core.venue_count)
        return
    offset = find_bad_health(c, is_external(core, c.venue), &value)
    if offset >= 0:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, value, offset)
    elif not refuse_note(core, c, ack):
        apply_health(&core.router.health[c.venue], c, core.router.statistics[c.venue].quoted_at, core.now)
        set_down(&core.router)
        accept_change(core, c, core.router.health[c.venue].state, 0, 0)

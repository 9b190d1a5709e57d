# Which venues are down or degraded, and what their answers and silence change of it. See breakers for the rule.

from routing cimport *


# Only in C: a constant in Python.
cdef inline int64_t never() noexcept nogil:
    return <int64_t>1 << 62


# When time alone may make a venue another: its cooldown is over, or it grows stale unless it displays more.
cdef inline int64_t turn_of(const tc_router* router, int32_t venue) noexcept nogil:
    cdef const tc_health* health = &router.health[venue]
    cdef int64_t turn = health.closes_at if health.closes_at else never()
    if health.stale_after and not health.is_stale:
        turn = min(turn, stale_from(health, router.statistics[venue].quoted_at))
    return turn


# Venues that are barred or out are never chosen; others may cost more.
cdef inline void set_down(tc_router* router) noexcept nogil:
    cdef const tc_health* health
    cdef uint64_t bit, out = 0, degraded = 0
    cdef int64_t next_turn = never()
    cdef int32_t venue
    for venue in range(1, router.venue_count + 1):
        health = &router.health[venue]
        bit = <uint64_t>1 << (venue - 1)
        if is_out(health):
            out |= bit
        if costs_more(health):
            degraded |= bit
        next_turn = min(next_turn, turn_of(router, venue))
    router.has_turned = router.has_turned or router.out != out
    router.epoch += degraded != router.degraded
    router.out = out
    router.down = router.barred | out
    router.degraded = degraded
    router.next_turn = next_turn


# A new order goes to a venue: while that is on trial no other does until this one is answered.
cdef inline void try_venue(tc_router* router, int32_t venue, int64_t order_id) noexcept nogil:
    cdef tc_health* health = &router.health[venue]
    if tc_seldom(health.trials > 0):
        health.trying = order_id
        set_down(router)


# The order that was tried is taken, or has ended without an answer: the next may be tried.
cdef inline void end_trial(tc_router* router, int32_t venue, int64_t order_id, bint is_taken) noexcept nogil:
    cdef tc_health* health = &router.health[venue]
    if tc_seldom(health.trying == order_id):
        health.trying = 0
        health.trials -= is_taken
        set_down(router)


# A venue has answered a request: the row of those without an answer ends.
cdef inline void hear_request(tc_router* router, int32_t venue) noexcept nogil:
    router.health[venue].timeouts = 0


# A venue has taken a new order: both rows end.
cdef inline void hear_taken(tc_router* router, int32_t venue, int64_t order_id) noexcept nogil:
    router.health[venue].rejects = 0
    router.health[venue].timeouts = 0
    end_trial(router, venue, order_id, True)


# A venue has rejected a new order, or not answered in time; see count_failure.
cdef inline bint fail_venue(
    tc_router* router, int32_t venue, bint is_timeout, int64_t now, int64_t* met, int64_t* most
) noexcept nogil:
    cdef tc_health* health = &router.health[venue]
    if not is_timeout:
        health.timeouts = 0                            # a reject is an answer
    if not count_failure(health, is_timeout, met, most):
        return False
    open_breaker(health, now)
    set_down(router)
    return True


# An external venue displays something.
cdef inline void hear_quote(tc_router* router, int32_t venue, int64_t now) noexcept nogil:
    router.statistics[venue].quoted_at = now
    if tc_seldom(router.health[venue].is_stale):
        router.health[venue].is_stale = False
        set_down(router)


# Which venues (bit venue - 1) will be down when breakers whose cooldown is over by then are half open and the
# silent stale.
cdef inline uint64_t down_at(const tc_router* router, int64_t now) noexcept nogil:
    cdef uint64_t down = router.down, bit
    cdef const tc_health* health
    cdef int32_t venue
    for venue in range(1, router.venue_count + 1):
        health = &router.health[venue]
        bit = <uint64_t>1 << (venue - 1)
        if not health.is_stale and will_be_tried(health, now):
            down &= ~bit
        if grows_stale(health, router.statistics[venue].quoted_at, now):
            down |= bit
    return down | router.barred


# Breakers whose cooldown is over, and venues that have been silent for too long: these as bits, to be told.
cdef inline uint64_t turn_due(tc_router* router, int64_t now) noexcept nogil:
    cdef tc_health* health
    cdef uint64_t stale = 0
    cdef int32_t venue
    for venue in range(1, router.venue_count + 1):
        health = &router.health[venue]
        if grows_stale(health, router.statistics[venue].quoted_at, now):
            health.is_stale = True
            stale |= <uint64_t>1 << (venue - 1)
        if 0 < health.closes_at and health.closes_at <= now:
            half_open(health)
    set_down(router)
    return stale

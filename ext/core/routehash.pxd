# The hash of what orders are routed by, beside prices and fees, behind that of all other state: nothing of what is as
# it was at first.
# Only in C: a twin hashes rows in comprehensions.

from rulehash cimport *


cdef inline void hash_venue(tc_hasher* h, const tc_statistics* s, int32_t venue) noexcept nogil:
    if s.take_fill == MILLION and s.post_fill == MILLION and (
            s.round_trip | s.reject | s.quote_age | s.answers | s.quoted_at) == 0:
        return
    put(h, 53)
    put(h, venue)
    put(h, s.round_trip)
    put(h, s.take_fill)
    put(h, s.post_fill)
    put(h, s.reject)
    put(h, s.quote_age)
    put(h, s.answers)
    put(h, s.quoted_at)
    end_row(h)


cdef inline void hash_health(tc_hasher* h, const tc_health* s, int32_t venue) noexcept nogil:
    if s.cooldown == default_cooldown() and (s.state | s.reject_max | s.timeout_max | s.on_disconnect | s.rejects
                                             | s.timeouts | s.closes_at | s.trials | s.trying | s.stale_after) == 0:
        return
    put(h, 56)
    put(h, venue)
    put(h, s.state)
    put(h, s.reject_max)
    put(h, s.timeout_max)
    put(h, s.cooldown)
    put(h, s.on_disconnect)
    put(h, s.stale_after)
    put(h, s.rejects)
    put(h, s.timeouts)
    put(h, s.closes_at)
    put(h, s.trials)
    put(h, s.trying)
    put(h, s.is_stale)
    end_row(h)


cdef inline void hash_routing(tc_hasher* h, const tc_core* core) noexcept nogil:
    cdef const tc_router* router = &core.router
    cdef int32_t i
    cdef uint8_t side
    for i in range(router.strategy_max + 1):
        if router.strategies[i]:
            put(h, 51)
            put(h, i)
            put(h, router.strategies[i])
            end_row(h)
    if has_weight(&router.weights):
        put(h, 52)
        put(h, router.weights.latency)
        put(h, router.weights.miss)
        put(h, router.weights.degraded)
        end_row(h)
    for i in range(1, core.venue_count + 1):
        hash_venue(h, &router.statistics[i], i)
    for i in range(1, core.venue_count + 1):
        hash_health(h, &router.health[i], i)
    for i in range(1, core.instrument_count + 1):
        if router.movements[i].is_seen:
            put(h, 54)
            put(h, i)
            put(h, router.movements[i].mid2)
            put(h, router.movements[i].sampled_at)
            put(h, router.movements[i].volatility)
            end_row(h)
    for i in range(1, core.instrument_count + 1):
        for side in range(SIDE_BUY, SIDE_SELL + 1):
            if router.turns[side_row(i, side)]:
                put(h, 55)
                put(h, i)
                put(h, side)
                put(h, router.turns[side_row(i, side)])
                end_row(h)

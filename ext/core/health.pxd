# Venues' health: moved by what external venues answer and don't. An operator sets it in route_settings.

from state cimport *


# Where no order goes that names no venue, whatever the venue's health: a switch bars it, or its session is lost.
cdef inline void set_barred(tc_core* core) noexcept nogil:
    cdef int32_t venue
    core.router.barred = core.disconnected
    for venue in range(1, core.venue_count + 1):
        if state_at(&core.risk.kills, SCOPE_VENUE, venue) or state_at(&core.risk.states, SCOPE_VENUE, venue):
            core.router.barred |= <uint64_t>1 << (venue - 1)
    set_down(&core.router)


# An external venue has rejected a new order, or not answered in time: where that opens its breaker, an alert says so.
cdef inline void fail_health(tc_core* core, const tc_command* c, int32_t venue, bint is_timeout) noexcept nogil:
    cdef int64_t met = 0, most = 0
    cdef tc_report* r
    if tc_seldom(fail_venue(&core.router, venue, is_timeout, core.now, &met, &most)):
        r = start_report(core, c, REPORT_RISK_WARNING)
        put_place(r, 0, venue)
        r.reason = VENUE_DOWN
        r.value = met
        r.bound = most
        r.reject_mask = 0
        publish_report(&core.events, r)


# What time alone makes of venues; an alert for each that has been silent for too long, in ms.
cdef inline void turn_venues(tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint64_t stale = turn_due(&core.router, core.now)
    cdef int32_t venue
    cdef tc_report* r
    while stale:
        venue = tc_lowest_bit(stale) + 1
        stale &= stale - 1
        r = start_report(core, c, REPORT_RISK_WARNING)
        put_place(r, 0, venue)
        r.reason = STALE_QUOTE
        r.value = tc_floor_div(core.now - core.router.statistics[venue].quoted_at, MS)
        r.bound = tc_floor_div(core.router.health[venue].stale_after, MS)
        r.reject_mask = 0
        publish_report(&core.events, r)


# What a venue says of an order, in the eyes of its breaker: does it reject a new one, does it answer a request?
cdef inline void hear_health(
    tc_core* core, const tc_command* c, const tc_order* order, bint is_reject, bint is_answer
) noexcept nogil:
    if is_reject and order.awaited:
        fail_health(core, c, order.venue, False)
    if is_answer:
        hear_request(&core.router, order.venue)


# What some venue displays counts again, or no more; what waits for a venue is asked about again.
cdef inline void look_everywhere(tc_core* core) noexcept nogil:
    cdef int32_t instrument
    core.router.has_turned = False
    core.triggers.asks_again = True
    for instrument in range(1, core.instrument_count + 1):
        tell_price(core, instrument)

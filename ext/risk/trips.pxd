# Breakers: a strategy that executes the same again and again, or is rejected again and again, is disarmed until it is
# armed again. They count, and say who is disarmed; what follows from that they leave to others.
#
# An execution is an order's first trade: how many pieces it is filled in is the market's doing. The same is the same
# instrument, side and order quantity. Source: RTS 6 Art. 15(3), FIA 1.5.

from switches cimport *


# A breaker that has disarmed a strategy: the row of limits that it stands in, 0 where none has, with what it counted
# and what it allows, and how many names it takes to arm the strategy again, of which the first may have been said.
cdef struct tc_tripped:
    int64_t value, limit, since, names, first
    uint32_t row
    int16_t reason
    bint due                       # its orders are to be looked at yet


cdef struct tc_breakers:
    tc_tripped* by_strategy
    int32_t count                  # how many are disarmed
    int32_t due                    # of them those whose orders are to be looked at yet


# Only in C: a key in Python.
# The row of a breaker of a strategy; 0 where none is armed.
cdef inline uint32_t breaker_row(const tc_rows* r, int32_t strategy, int rule) noexcept nogil:
    cdef uint32_t row
    if strategy < 1 or strategy > r.strategy_max:
        return 0
    row = find_row(r, r.strategy_heads[strategy], rule)
    return row if row and r.rows[row].value >= 0 else 0


# Only in C: == in Python.
cdef inline bint is_same_deal(const tc_dealt* one, const tc_dealt* other) noexcept nogil:
    return one.order_qty == other.order_qty and one.instrument == other.instrument and one.side == other.side


# Only in C: an argument in Python.
cdef inline tc_dealt* deals_of(const tc_rows* r, uint32_t counter) noexcept nogil:
    return &r.dealt[counter * <int64_t>(r.rate_mask + 1)]


# How many a breaker counts since it was last begun anew: rejects, or in its window executions like this one.
cdef inline int64_t count_outcomes(
    const tc_rows* r, uint32_t number, const tc_dealt* dealt, int64_t now
) noexcept nogil:
    cdef const tc_limit_row* row = &r.rows[number]
    cdef const tc_counter* counter = &r.counters[row.counter]
    cdef const int64_t* times = times_of(r, row.counter)
    cdef const tc_dealt* deals = deals_of(r, row.counter)
    cdef int64_t first = counter.sent - <int64_t>r.rate_mask - 1, at = counter.sent, count = 0
    if row.rule != RULE_REPEATED_EXECUTION:
        return counter.sent - counter.day_first
    if first < counter.day_first:
        first = counter.day_first
    while at > first and times[<uint64_t>(at - 1) & r.rate_mask] > now - row.window_ns:
        at -= 1
        count += is_same_deal(&deals[<uint64_t>at & r.rate_mask], dealt)
    return count


# One more. False where a window has more executions than are kept, so that they can't all be compared.
cdef inline bint note_outcome(tc_rows* r, uint32_t number, const tc_dealt* dealt, int64_t now) noexcept nogil:
    cdef const tc_limit_row* row = &r.rows[number]
    cdef tc_counter* counter = &r.counters[row.counter]
    cdef int64_t* time = &times_of(r, row.counter)[<uint64_t>counter.sent & r.rate_mask]
    cdef bint overflows = (row.rule == RULE_REPEATED_EXECUTION
                           and counter.sent - counter.day_first > <int64_t>r.rate_mask
                           and time[0] > now - row.window_ns)
    time[0] = now
    deals_of(r, row.counter)[<uint64_t>counter.sent & r.rate_mask] = dealt[0]
    counter.sent += 1
    return not overflows


# What was counted before does not count any more.
cdef inline void begin_anew(tc_rows* r, uint32_t number) noexcept nogil:
    if number:
        r.counters[r.rows[number].counter].day_first = r.counters[r.rows[number].counter].sent


# How many names it takes to arm a strategy again: of its own row and the firm's the larger, and always one.
cdef inline int64_t names_needed(const tc_rows* r, int32_t strategy) noexcept nogil:
    cdef uint32_t told = find_row(r, r.firm_head, RULE_REARM_NAMES)
    cdef uint32_t own = find_row(r, r.strategy_heads[strategy], RULE_REARM_NAMES)
    cdef int64_t names = 1
    if told and r.rows[told].value > names:
        names = <int64_t>r.rows[told].value
    if own and r.rows[own].value > names:
        names = <int64_t>r.rows[own].value
    return names


# Only in C: dict.get in Python.
# The breaker that has disarmed a strategy, NULL where none has.
cdef inline const tc_tripped* tripped_of(const tc_breakers* b, int32_t strategy, int32_t most) noexcept nogil:
    if b.count == 0 or strategy < 1 or strategy > most or b.by_strategy[strategy].row == 0:
        return NULL
    return &b.by_strategy[strategy]

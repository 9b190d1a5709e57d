# What a row of limits that counts has counted, and from when on it has room again. It refuses nothing.
# Only in C: each row has its deque in Python, and is_rate_full looks there.

from groups cimport *


# The last times of one row that counts lie in tc_rows.times.
cdef struct tc_counter:
    int64_t sent                   # ever; the last rate_mask + 1 times are kept
    int64_t day_first              # what was sent before this day
    int64_t trades                 # of this day
    int64_t ahead                  # of a basket that is asked about: what counts before
    int64_t recent                 # of a row about notionals: what came before this one is older than its window
    # Of a row of messages, so that the path looks at nothing else: when it has room again, and what says so.
    int64_t free_at                # see keep_free
    int64_t* times                 # as times_of
    int64_t back, window_ns
    uint16_t counts                # as its row
    uint8_t asks, windowed
    tc_i128 amount_ahead           # and what that is worth


# What a row that counts executions saw: the same again?
cdef struct tc_dealt:
    int64_t order_qty
    int32_t instrument
    int32_t side


# Only in C: constants of C as functions. Later than any time.
cdef inline int64_t never() noexcept nogil:
    return 0x7FFFFFFFFFFFFFFF


# From when on one more message passes a row, whatever it is; later than any time where only is_rate_full can say.
cdef inline void keep_free(tc_counter* counter, uint64_t rate_mask) noexcept nogil:
    cdef int64_t back = counter.back
    if back <= 0:
        counter.free_at = never()
    elif not counter.windowed:
        counter.free_at = 0 if counter.sent - counter.day_first < back else never()
    elif counter.sent < back:
        counter.free_at = 0
    elif tc_sum_is_wide(
        counter.times[<uint64_t>(counter.sent - back) & rate_mask], counter.window_ns, &counter.free_at
    ):
        counter.free_at = never()


# One more.
cdef inline void count_message(tc_counter* counter, uint64_t rate_mask, int64_t now) noexcept nogil:
    counter.times[<uint64_t>counter.sent & rate_mask] = now
    counter.sent += 1
    keep_free(counter, rate_mask)

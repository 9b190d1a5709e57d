# How a venue is: as an operator says, as its session is, and as its circuit breaker makes it.
#
# A breaker opens on so many rejects of new orders, or requests without an answer in time, in a row: the venue is down.
# It is down too while it has displayed nothing for longer than `stale_after`, until it does again. When a breaker's
# cooldown is over it closes step by step: one new order is tried after another, TRIALS of them, and the venue is
# degraded meanwhile. While one is tried no other goes there; the first reject or timeout opens it again.

from scoring cimport *


cdef enum:
    TRIALS = 3
    HEALTH_CONNECTED = 0
    HEALTH_DEGRADED = 1
    HEALTH_DISCONNECTED = 2        # its session says so
    HEALTH_HALTED = 3
    LOST_KEEP = 0                  # what works there works on
    LOST_DOUBT = 1
    LOST_CANCEL = 2


# What is set, and what was met since.
cdef struct tc_health:
    int64_t reject_max, timeout_max                    # 0: the breaker does not look at them
    int64_t cooldown               # ns
    int64_t stale_after            # ns since it last displayed anything; 0: it may be silent
    int64_t rejects, timeouts      # in a row
    int64_t closes_at              # of an open breaker: when its cooldown is over
    int64_t trying                 # the order that is tried
    uint8_t state                  # HEALTH_...: as an operator says
    uint8_t on_disconnect          # LOST_...
    uint8_t trials                 # new orders that it still has to take
    bint is_stale


# Only in C: a default in Python.
cdef inline int64_t default_cooldown() noexcept nogil:
    return 1_000_000_000


# May no new order go there?
cdef inline bint is_out(const tc_health* health) noexcept nogil:
    return health.state == HEALTH_HALTED or health.closes_at > 0 or health.trying > 0 or health.is_stale


# Is it degraded? As one that is on trial already while its breaker is open, so that it costs then what it costs when it
# is tried.
cdef inline bint costs_more(const tc_health* health) noexcept nogil:
    return health.state == HEALTH_DEGRADED or health.closes_at > 0 or health.trials > 0


# A reject, or a request without an answer: does that open it? How many in a row, and how many open it.
cdef inline bint count_failure(tc_health* health, bint is_timeout, int64_t* met, int64_t* most) noexcept nogil:
    if health.closes_at:
        return False
    if is_timeout:
        health.timeouts += 1
        met[0] = health.timeouts
        most[0] = health.timeout_max
    else:
        health.rejects += 1
        met[0] = health.rejects
        most[0] = health.reject_max
    if health.trials:
        most[0] = 1
    return 0 < most[0] and most[0] <= met[0]


# Closed, and nothing was met.
cdef inline void reset_breaker(tc_health* health) noexcept nogil:
    health.rejects = 0
    health.timeouts = 0
    health.closes_at = 0
    health.trials = 0
    health.trying = 0


cdef inline void open_breaker(tc_health* health, int64_t now) noexcept nogil:
    reset_breaker(health)
    health.closes_at = now + health.cooldown


# Is the cooldown of its open breaker over by then, and nothing else in the way?
cdef inline bint will_be_tried(const tc_health* health, int64_t now) noexcept nogil:
    return 0 < health.closes_at and health.closes_at <= now and health.state != HEALTH_HALTED


# From when on a venue that displays nothing new is stale.
cdef inline int64_t stale_from(const tc_health* health, int64_t quoted_at) noexcept nogil:
    return quoted_at + health.stale_after + 1


# Has it been silent for too long, and was not yet?
cdef inline bint grows_stale(const tc_health* health, int64_t quoted_at, int64_t now) noexcept nogil:
    return health.stale_after > 0 and not health.is_stale and stale_from(health, quoted_at) <= now


# Its cooldown is over: it is tried.
cdef inline void half_open(tc_health* health) noexcept nogil:
    reset_breaker(health)
    health.trials = TRIALS

# What a venue costs beside its price and fee: charges for its latency, for the chance of not filling there, and where
# it is degraded; and the statistics behind them. Charges are millionths of a price unit, rates millionths.
#
# Latency: the volatility of the mid (a moving average of |change|, per square root of a second) times the square root
# of the venue's round trip. Not filling: what a miss costs, as a part of the price, times its chance. A weight of 0
# leaves a charge out; all are 0 at first.

from instrument cimport *


cdef enum:
    MILLION = 1_000_000
    TIME_SHIFT = 3
    RATE_SHIFT = 4


cdef struct tc_weights:
    int64_t latency                # millionths
    int64_t miss, degraded         # millionths of the price


# What the core has seen of a venue, or was told: ns, and millionths. One cache line.
cdef struct tc_statistics:
    int64_t round_trip
    int64_t root                   # of it, while latency has a weight: it is asked for more often than it changes
    int64_t take_fill, post_fill, reject
    int64_t quote_age              # how old its last quote was when an order was sent there
    int64_t answers                # to new orders: the first sets the round trip, others move it
    int64_t quoted_at              # of an external one: when it last displayed anything


# How an instrument's mid moves.
cdef struct tc_movement:
    int64_t mid2, sampled_at
    int64_t volatility             # millionths of a price unit per square root of a second
    uint8_t is_seen                # else the rest is empty


# What is added to a price and its fee.
cdef struct tc_charges:
    int64_t latency, miss
    tc_i128 degraded


# Only in C: a constant in Python.
# ns between two looks at a mid.
cdef inline int64_t sample_after() noexcept nogil:
    return 1_000_000_000


# Only in C: a method in Python.
cdef inline bint has_weight(const tc_weights* weights) noexcept nogil:
    return (weights.latency | weights.miss | weights.degraded) != 0


# A moving average that goes 1 / 2**shift of the way.
cdef inline int64_t average(int64_t was, int64_t sample, int shift) noexcept nogil:
    return was + ((sample - was) >> shift)


# Only in C: math.isqrt in Python.
# The largest number whose square is not above `n`, bit by bit; n < 2**62.
cdef inline int64_t square_root(int64_t n) noexcept nogil:
    cdef int64_t root = 0, bit = <int64_t>1 << 60
    while bit > n:
        bit >>= 2
    while bit:
        if n >= root + bit:
            n -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


# The square root of a duration (ns, at most a day), in millionths of that of a second.
cdef inline int64_t root_of(int64_t duration) noexcept nogil:
    cdef int64_t day = 86_400_000_000_000
    return square_root(min(max(0, duration), day) * 1_000)         # picoseconds


# A look at twice the mid, `now` at least sample_after() since the last.
cdef inline void move_mid(tc_movement* movement, int64_t mid2, int64_t now) noexcept nogil:
    cdef int64_t root = root_of(now - movement.sampled_at)
    cdef int64_t change = tc_saturate(tc_floor_div_wide(
        tc_wide(tc_abs(mid2 - movement.mid2), <int64_t>MILLION * (MILLION >> 1)), root))
    movement.volatility = average(movement.volatility, change, TIME_SHIFT)
    movement.mid2 = mid2
    movement.sampled_at = now


# The charges of one lot at a price, to take or to rest there.
cdef inline tc_charges charges_at(
    const tc_weights* weights, const tc_statistics* s, int64_t volatility, bint is_degraded, int64_t price, bint takes
) noexcept nogil:
    cdef tc_charges charges
    cdef int64_t fills = tc_floor_div((s.take_fill if takes else s.post_fill) * (MILLION - s.reject), MILLION)
    charges.latency = tc_saturate(tc_floor_div_wide(
        tc_wide(volatility, s.root) * weights.latency, <int64_t>MILLION * MILLION))
    charges.miss = tc_saturate(tc_floor_div_wide(
        tc_wide(tc_abs(price), weights.miss) * (MILLION - fills), MILLION))
    charges.degraded = 0
    if is_degraded and price != no_price():
        charges.degraded = tc_wide(tc_abs(price), weights.degraded)
    return charges


# ---- what is seen

# A venue has answered a new order after so long.
cdef inline void note_answer(tc_statistics* s, int64_t round_trip) noexcept nogil:
    s.round_trip = average(s.round_trip, round_trip, TIME_SHIFT) if s.answers else round_trip
    s.answers += 1


# A venue has taken or rejected a new order.
cdef inline void note_verdict(tc_statistics* s, bint is_reject) noexcept nogil:
    s.reject = average(s.reject, MILLION if is_reject else 0, RATE_SHIFT)


# An order at a venue has ended, with so much of it filled.
cdef inline void note_filled(tc_statistics* s, int64_t filled, int64_t order_qty, bint took) noexcept nogil:
    cdef int64_t sample = <int64_t>tc_floor_div_wide(tc_wide(min(filled, order_qty), MILLION), order_qty)
    if took:
        s.take_fill = average(s.take_fill, sample, RATE_SHIFT)
    else:
        s.post_fill = average(s.post_fill, sample, RATE_SHIFT)


# An order is sent to a venue by what it displayed last.
cdef inline void note_quote_age(tc_statistics* s, int64_t now) noexcept nogil:
    if s.quoted_at:
        s.quote_age = average(s.quote_age, max(0, now - s.quoted_at), TIME_SHIFT)

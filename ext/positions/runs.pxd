# How a run, the positions of one instrument, lies in fewer bytes for marking, so that a large table is read faster.
#
# A position is read as one word, cost x 2**split + qty, while both numbers fit 64 bits, the split between them moving
# as they grow. Where the cost is too long, what is kept of it is cost - qty x near, from a price amid those that were
# paid: it is as short as these are near each other, and holds whatever is booked. Where they are not, the cost is
# counted in the coarsest 10**exponent that all costs of the run share; the first that is no multiple makes the exponent
# fall to what still divides. An average cost's remainder mostly leaves none: then a position is read as a 32-bit
# quantity and a cost.
# Where a word has no room and costs come near 64 bits, they are kept in units of 10**exponent, rounded down, and what
# was rounded off beside them: an amount then is a multiple of the unit less that rest, at any mark that is a multiple.
# So the unit is the hundredth of a tick as long as that is enough, and no larger than it must be beyond.

from costs cimport *


cdef extern from "tradecore/runs.h" nogil:
    ctypedef struct tc_form:
        uint8_t split, exponent
    const uint32_t tc_tens[10]
    int64_t tc_coarse(int64_t cost, int e)
    bint tc_is_multiple(int64_t cost, int e)
    bint tc_is_longer(int64_t low, int64_t high, int bits)


cdef enum:
    FIRST_SPLIT = 24               # up to 8 million lots, 549 billion of cost
    EXPONENT_MOST = 9              # so that a unit has 32 bits: marking multiplies by it
    COARSE_FROM = 57               # from more bits on a cost is kept coarse too: a mark that is not may be near


cdef inline int32_t bits_of(int64_t value) noexcept nogil:
    return tc_highest_bit(<uint64_t>tc_abs(value)) + 1 if value else 0


# Only in C: Python's integers have any length.
cdef inline int32_t bits_of_wide(tc_i128 value) noexcept nogil:
    cdef tc_i128 size = tc_abs_wide(value)
    if tc_high(size):
        return 64 + bits_of(tc_high(size))
    return tc_highest_bit(tc_low(size)) + 1 if tc_low(size) else 0


# The bits that a division by 10**exponent takes off at least: floor(log2(10**exponent)).
cdef inline int32_t bits_off(int32_t exponent) noexcept nogil:
    return <int32_t>tc_floor_div(exponent * 93, 28)


# The split of a run's words: the one it has while both numbers fit, signed; else the one that leaves both the same room
# to grow, so that a run is seldom written again; 0 where no word holds them. Marking multiplies quantities of up to 32
# bits.
cdef inline uint8_t split_of(int32_t qty_bits, int32_t cost_bits, uint8_t split) noexcept nogil:
    if qty_bits < split and cost_bits < 64 - split:
        return split
    if qty_bits > 31 or qty_bits + cost_bits > 62:
        return 0
    return <uint8_t>min(32, qty_bits + 1 + ((62 - qty_bits - cost_bits) >> 1))


# The largest exponent of which every cost is a multiple.
cdef inline int common_exponent(const int64_t* costs, int64_t n) noexcept nogil:
    cdef int exponent = EXPONENT_MOST
    cdef int64_t i
    for i in range(n):
        while not tc_is_multiple(costs[i], exponent):
            exponent -= 1
        if exponent == 0:
            break
    return exponent


# The exponent of a hundredth of a tick, in which marks between ticks are whole too; 0 where that is finer than the
# price unit.
cdef inline uint8_t home_exponent(int64_t tick) noexcept nogil:
    cdef uint8_t exponent = 0
    while exponent < EXPONENT_MOST and tc_floor_mod(tick, <int64_t>1_000 * tc_tens[exponent]) == 0:
        exponent += 1
    return exponent


# The exponent that leaves a cost of so many bits at most 62, 0 where none does: `home`, or the least that leaves it 61,
# since the mark may be above what was paid.
cdef inline uint8_t coarse_exponent(int32_t cost_bits, uint8_t home) noexcept nogil:
    cdef uint8_t exponent = 1
    if cost_bits - 62 <= bits_off(home):
        return home
    if cost_bits - 61 > bits_off(EXPONENT_MOST):
        return 0
    while tc_tens[exponent] < <uint32_t>1 << (cost_bits - 61):
        exponent += 1
    return exponent


# Between the lowest and the highest price that a position has cost, rounded down. Costs have 62 bits.
cdef inline int64_t middle_price(const int64_t* qtys, const int64_t* costs, int64_t n) noexcept nogil:
    cdef int64_t lowest = 0, highest = 0, price, i
    cdef bint is_first = True
    for i in range(n):
        if qtys[i]:
            price = tc_floor_div(costs[i], qtys[i]) if qtys[i] > 0 else tc_floor_div(-costs[i], -qtys[i])
            lowest = price if is_first else min(lowest, price)
            highest = price if is_first else max(highest, price)
            is_first = False
    return (lowest + highest) >> 1


# The bits of the largest distance of a cost from what `near` would have cost.
cdef inline int32_t largest_gap(const int64_t* qtys, const int64_t* costs, int64_t near, int64_t n) noexcept nogil:
    cdef int32_t bits = 0
    cdef int64_t i
    for i in range(n):
        bits = max(bits, bits_of_wide(costs[i] - tc_wide(qtys[i], near)))
    return bits


# The form of a run from the bits of its largest quantity and cost, and where those are too many for a word, from its
# positions. Where neither a word nor a coarse cost is to be had, it is all 0, until the run is summed anew. `near` and
# `gap_bits`, of the largest |cost - qty x near| since that was chosen, are what they are now and are changed.
cdef inline tc_form form_of(
    tc_form now, int64_t* near, uint8_t* gap_bits, int32_t qty_bits, int32_t cost_bits, uint8_t home, bint is_inverse,
    const int64_t* qtys, const int64_t* costs, int64_t n
) noexcept nogil:
    cdef tc_form form
    cdef int exponent
    form.split = 0 if near[0] else split_of(qty_bits, cost_bits, now.split)
    form.exponent = 0
    if form.split or is_inverse:
        return form
    if now.split and cost_bits <= 62:
        if now.exponent == 0:
            if near[0] == 0:
                near[0] = middle_price(qtys, costs, n)
            gap_bits[0] = <uint8_t>max(gap_bits[0], largest_gap(qtys, costs, near[0], n))
            form.split = split_of(qty_bits, gap_bits[0], now.split)
            if form.split:
                return form
        exponent = common_exponent(costs, n)
        form.split = split_of(qty_bits, cost_bits - bits_off(exponent), now.split)
        form.exponent = <uint8_t>exponent if form.split else 0
    near[0] = 0
    gap_bits[0] = 0
    if not form.split and cost_bits > COARSE_FROM:
        form.exponent = coarse_exponent(cost_bits, home)
    return form

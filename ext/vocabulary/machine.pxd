# The arithmetic of include/tradecore/arith.h, the check of assert.h, the drill of drill.h and the clock of clock.h, as
# Cython sees them.
# tc_i128 is 128 bits in C; Cython only knows that it is an integer, so it is never turned into a Python object.
# Only in C: Python has its own.

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "tradecore/arith.h" nogil:
    ctypedef long long tc_i128
    int64_t tc_floor_div(int64_t a, int64_t b)
    int64_t tc_floor_mod(int64_t a, int64_t b)
    tc_i128 tc_floor_div_wide(tc_i128 a, tc_i128 b)
    tc_i128 tc_round_half_even(tc_i128 a, tc_i128 b)
    tc_i128 tc_wide(int64_t a, int64_t b)
    bint tc_mul_overflows(tc_i128 a, int64_t b, tc_i128* out)
    bint tc_sum_overflows(tc_i128 a, tc_i128 b, tc_i128* out)
    bint tc_difference_overflows(tc_i128 a, tc_i128 b, tc_i128* out)
    bint tc_product_overflows(tc_i128 a, tc_i128 b, tc_i128* out)
    bint tc_sum_is_wide(int64_t a, int64_t b, int64_t* out)
    bint tc_difference_is_wide(int64_t a, int64_t b, int64_t* out)
    bint tc_product_is_wide(int64_t a, int64_t b, int64_t* out)
    int64_t tc_saturate(tc_i128 a)
    int64_t tc_tell_wide(tc_i128 a, bint up)
    int64_t tc_tell_notional(tc_i128 a, int64_t scale, int64_t limit_scale, bint up)
    tc_i128 tc_power_of_ten(int exponent)
    int64_t tc_ten_to(int exponent)
    tc_i128 tc_share(tc_i128 a, int64_t scale, int64_t ppm, tc_i128 divisor, tc_i128 most)
    int64_t tc_sign(int64_t a)
    int64_t tc_abs(int64_t a)
    tc_i128 tc_abs_wide(tc_i128 a)
    uint64_t tc_low(tc_i128 a)
    int64_t tc_high(tc_i128 a)
    tc_i128 tc_join(uint64_t low, int64_t high)
    void tc_prefetch(const void* address)
    void tc_clear(void* row, size_t size)
    bint tc_seldom(bint condition)
    int tc_lowest_bit(uint64_t a)
    int tc_highest_bit(uint64_t a)
    uint64_t tc_fold(uint64_t a, uint64_t b)
    int64_t tc_heard(const int64_t* word)
    void tc_say(int64_t* word, int64_t value)
    uint64_t tc_word(const char* bytes)


cdef extern from "tradecore/assert.h" nogil:
    void tc_assert(bint condition)


cdef extern from "tradecore/drill.h" nogil:
    const bint TC_DRILL


cdef extern from "tradecore/clock.h" nogil:
    uint64_t tc_nanoseconds()
    uint64_t tc_ticks()

/* Integer arithmetic that Cython can't say: 128 bits, checked products, division by a stated rule, hashing. */
#ifndef TRADECORE_ARITH_H
#define TRADECORE_ARITH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tradecore/assert.h"

typedef __int128 tc_i128;

/* Division towards minus infinity, as Python's; the divisor is positive. */
static inline int64_t tc_floor_div(int64_t a, int64_t b) {
    tc_assert(b > 0);
    int64_t q = a / b;
    return (a % b < 0) ? q - 1 : q;
}

static inline int64_t tc_floor_mod(int64_t a, int64_t b) {
    tc_assert(b > 0);
    int64_t r = a % b;
    return r < 0 ? r + b : r;
}

/* 128-bit division is slow, and rare: out of the way, so that what might need it stays small enough to be inlined. */
__attribute__((noinline, cold, unused)) static tc_i128 tc_floor_div_far(tc_i128 a, tc_i128 b) {
    tc_i128 q = a / b;
    return (a - q * b < 0) ? q - 1 : q;
}

static inline tc_i128 tc_floor_div_wide(tc_i128 a, tc_i128 b) {
    tc_assert(b > 0);
    if (a == (int64_t)a && b == (int64_t)b) return tc_floor_div((int64_t)a, (int64_t)b);
    return tc_floor_div_far(a, b);
}

/* Is a / b nearer to q + 1, or as near and q odd? q is rounded down. q x b may lie below what is signed, the rest never. */
static inline int tc_rounds_up(int64_t a, int64_t b, int64_t q) {
    uint64_t twice = 2 * ((uint64_t)a - (uint64_t)q * (uint64_t)b);
    return twice > (uint64_t)b || (twice == (uint64_t)b && (q & 1));
}

static inline int tc_rounds_up_wide(tc_i128 a, tc_i128 b, tc_i128 q) {
    unsigned __int128 twice = 2 * ((unsigned __int128)a - (unsigned __int128)q * (unsigned __int128)b);
    return twice > (unsigned __int128)b || (twice == (unsigned __int128)b && (q & 1));
}

__attribute__((noinline, cold, unused)) static tc_i128 tc_round_half_even_far(tc_i128 a, tc_i128 b) {
    tc_i128 q = tc_floor_div_wide(a, b);
    return q + tc_rounds_up_wide(a, b, q);
}

/* Nearest whole number, ties to even; the divisor is positive. */
static inline tc_i128 tc_round_half_even(tc_i128 a, tc_i128 b) {
    if (a != (int64_t)a || b != (int64_t)b) return tc_round_half_even_far(a, b);
    int64_t q = tc_floor_div((int64_t)a, (int64_t)b);
    return (tc_i128)q + tc_rounds_up((int64_t)a, (int64_t)b, q);
}

static inline tc_i128 tc_wide(int64_t a, int64_t b) { return (tc_i128)a * b; }

/* Of the least number, which has none, itself, as tc_abs: what is booked stays far below it. */
static inline tc_i128 tc_abs_wide(tc_i128 a) { return (tc_i128)(a < 0 ? -(unsigned __int128)a : (unsigned __int128)a); }

/* 1 where the product does not fit 128 bits. */
static inline int tc_mul_overflows(tc_i128 a, int64_t b, tc_i128 *out) { return __builtin_mul_overflow(a, (tc_i128)b, out); }

/* 1 where a sum, a difference or a product does not fit 128 bits; that of two numbers of 64 bits needs no check. */
static inline int tc_sum_overflows(tc_i128 a, tc_i128 b, tc_i128 *out) { return __builtin_add_overflow(a, b, out); }
static inline int tc_difference_overflows(tc_i128 a, tc_i128 b, tc_i128 *out) { return __builtin_sub_overflow(a, b, out); }
static inline int tc_product_overflows(tc_i128 a, tc_i128 b, tc_i128 *out) {
    if (a != (int64_t)a || b != (int64_t)b) return __builtin_mul_overflow(a, b, out);
    *out = tc_wide((int64_t)a, (int64_t)b);
    return 0;
}

/* 1 where a sum, a difference or a product does not fit 64 bits. */
static inline int tc_sum_is_wide(int64_t a, int64_t b, int64_t *out) { return __builtin_add_overflow(a, b, out); }
static inline int tc_difference_is_wide(int64_t a, int64_t b, int64_t *out) { return __builtin_sub_overflow(a, b, out); }
static inline int tc_product_is_wide(int64_t a, int64_t b, int64_t *out) { return __builtin_mul_overflow(a, b, out); }

/* 10 to the power of 0 to 18. */
static inline int64_t tc_ten_to(int exponent) {
    tc_assert(0 <= exponent && exponent <= 18);
    static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
        10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
        100000000000000000, 1000000000000000000};
    return powers[exponent];
}

/* 10 to the power of 0 to 38. */
static inline tc_i128 tc_power_of_ten(int exponent) {
    int rest = exponent - 18;
    tc_i128 power = tc_ten_to(18);
    if (rest <= 0) return tc_ten_to(exponent);
    return rest > 18 ? power * tc_ten_to(18) * tc_ten_to(rest - 18) : power * tc_ten_to(rest);
}

static inline tc_i128 tc_within(tc_i128 a, tc_i128 most) { return a > most ? most : a < -most ? -most : a; }

/* What tc_share does where a product does not fit 128 bits: never of money that exists. */
__attribute__((noinline, cold, unused)) static tc_i128 tc_share_far(tc_i128 a, int64_t scale, int64_t ppm,
                                                                    tc_i128 divisor, tc_i128 most) {
    tc_i128 scaled, whole, q, part;
    int over = __builtin_mul_overflow(a, (tc_i128)scale, &scaled);
    if (!over) {
        whole = scaled / divisor;
        over = __builtin_mul_overflow(whole, (tc_i128)ppm, &q);
        part = (scaled - whole * divisor) * ppm;
        if (!over && q < most && q > -most) {
            tc_i128 low = tc_floor_div_wide(part, divisor), twice = 2 * (part - low * divisor);
            q += low;
            if (twice > divisor || (twice == divisor && (q & 1))) q += 1;
            return tc_within(q, most);
        }
    }
    return ppm < 0 ? -most : most;
}

/* a x scale x ppm / divisor to the nearest whole number, ties to even, within `most`; a is not negative. */
static inline tc_i128 tc_share(tc_i128 a, int64_t scale, int64_t ppm, tc_i128 divisor, tc_i128 most) {
    tc_i128 scaled;
    if (__builtin_mul_overflow(a, (tc_i128)scale, &scaled) || __builtin_mul_overflow(scaled, (tc_i128)ppm, &scaled))
        return tc_share_far(a, scale, ppm, divisor, most);
    return tc_within(tc_round_half_even(scaled, divisor), most);
}

static inline int64_t tc_saturate(tc_i128 a) {
    return a > INT64_MAX ? INT64_MAX : a < INT64_MIN ? INT64_MIN : (int64_t)a;
}

/* A number in the 64 bits of a report: itself up to 2**61, or negative; more as 17 digits and a power of ten, rounded up or
   down. For reports, never for a decision. Only in C: called for refusals alone, so out of the way. */
__attribute__((noinline, cold, unused)) static int64_t tc_tell_wide(tc_i128 a, int up) {
    int64_t power = 0;
    if (a < (tc_i128)1 << 61) return a < -INT64_MAX ? -INT64_MAX : (int64_t)a;
    while (a >= (tc_i128)1 << 57) {
        tc_i128 q = a / 10;
        a = q + (up && a != q * 10);
        power += 1;
    }
    return (int64_t)1 << 62 | power << 57 | (int64_t)a;
}

/* A notional for a report: a x scale / limit_scale, rounded up where it is to exceed a bound, and what does not fit 128 bits
   is the most that does. */
__attribute__((noinline, cold, unused)) static int64_t tc_tell_notional(tc_i128 a, int64_t scale, int64_t limit_scale,
                                                                       int up) {
    tc_i128 scaled;
    if (tc_mul_overflows(tc_abs_wide(a), scale, &scaled)) scaled = (tc_i128)(~(unsigned __int128)0 >> 1);
    if (up && scaled > 0) return tc_tell_wide(tc_floor_div_wide(scaled - 1, limit_scale) + 1, up);
    return tc_tell_wide(tc_floor_div_wide(scaled, limit_scale), up);
}

/* 1, or -1 below 0. It and tc_abs are written without a choice: compilers turn one into a branch where it suits them,
 * and which way a trade goes is what no branch predictor knows. */
static inline int64_t tc_sign(int64_t a) { return a >> 63 | 1; }

/* Defined for "no price" too: a venue that displays nothing is scored before it is left out. */
static inline int64_t tc_abs(int64_t a) {
    uint64_t below = (uint64_t)(a >> 63);
    return (int64_t)(((uint64_t)a ^ below) - below);
}
static inline uint64_t tc_low(tc_i128 a) { return (uint64_t)a; }
static inline int64_t tc_high(tc_i128 a) { return (int64_t)(a >> 64); }
static inline tc_i128 tc_join(uint64_t low, int64_t high) {
    return (tc_i128)((unsigned __int128)(uint64_t)high << 64 | low);
}

/* The empty statement keeps it: GCC takes a function that only prefetches for one without effect, and drops its calls. */
static inline void tc_prefetch(const void *address) {
    __builtin_prefetch(address, 1);
    __asm__ volatile("" : : "r"(address));
}

/* What is seldom so: the compiler keeps what follows from it off the path, in functions of its own. */
static inline int tc_seldom(int condition) {
#if (defined(__clang__) && __clang_major__ >= 11) || (!defined(__clang__) && __GNUC__ >= 9)
    return (int)__builtin_expect_with_probability(condition, 0, 1.0);
#else
    return (int)__builtin_expect(condition, 0);
#endif
}

static inline int tc_lowest_bit(uint64_t a) {
    tc_assert(a != 0);
    return __builtin_ctzll(a);
}

static inline int tc_highest_bit(uint64_t a) {
    tc_assert(a != 0);
    return 63 - __builtin_clzll(a);
}

/* Zeroes a row line by line. A memset of its size becomes a string instruction, which takes longer to start than to run. */
static inline void tc_clear(void *row, size_t size) {
    char *at = row;
    for (; size >= 64; size -= 64, at += 64) memset(at, 0, 64);
    memset(at, 0, size);
}

/* The 128-bit product's halves, xored: one multiplication mixes 128 bits of input into 64. */
static inline uint64_t tc_fold(uint64_t a, uint64_t b) {
    unsigned __int128 p = (unsigned __int128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* What one thread says to another that holds no lock. */
static inline int64_t tc_heard(const int64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline void tc_say(int64_t *word, int64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

static inline uint64_t tc_word(const char *bytes) {
    uint64_t w;
    memcpy(&w, bytes, 8);
    return w;
}

#endif

/* Bulk marking: unrealised = qty x mark - cost over columns, compiled once for each instruction set, chosen at run time.

   Why 64 bits are exact: a narrow run's |qty| x |mark| is below 2**62 and its |cost| too, so the true result fits 63
   bits; multiplication and subtraction modulo 2**64 then give it whatever happens in between. That is what vector
   instructions have (in AVX-512 as one instruction, elsewhere from 32 x 32 to 64 bit partial products). Runs that may
   not fit take the 128-bit kernel. Memory bounds a large table, so a run whose quantities and costs fit 64 bits together
   is read from there as words: (cost - qty x near) / 10**exponent x 2**split + qty, both signed, and marked at mark - near
   (ext/positions/runs.pxd). A run whose
   costs are beyond 62 bits is marked in units of 10**exponent, where they have fewer, at any mark that is a multiple.
   Integers give the same bits on every set; the float kernels do too, because each conversion, product and difference is
   rounded once, to nearest (-ffp-contract=off forbids fused ones). */
#ifndef TRADECORE_MARKING_H
#define TRADECORE_MARKING_H

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#include "tradecore/runs.h"

/* A ledger's columns, as runs.pxd explains them. */
typedef struct {
    const int64_t *qty, *cost, *words, *limits, *nears;
    const int32_t *small;
    const tc_form *forms;
} tc_run_columns;

typedef struct {
    /* how many marks are beyond their run's limit; NO_PRICE always is */
    int64_t (*count_wide)(const int64_t *marks, const int64_t *limits, int64_t runs);
    /* how many marks are outside lows to high; NO_PRICE never is */
    int64_t (*count_bad)(const int64_t *marks, const int64_t *lows, int64_t high, int64_t n);
    void (*mark_table)(const tc_run_columns *columns, const int64_t *marks, int64_t *out, int64_t runs, int64_t width);
    int64_t (*mark_mixed)(const tc_run_columns *columns, const int64_t *marks, int64_t *out, uint8_t *kinds,
                          uint8_t *units, int64_t runs, int64_t width);
    void (*mark_run)(const int64_t *qty, const int64_t *cost, int64_t bid, int64_t ask, int64_t *out, int64_t n);
    void (*mark_run_fast)(const int64_t *qty, const int64_t *low, const int64_t *high, double unit, double bid, double ask,
                          double *out, int64_t n);
    int64_t (*mark_run_hybrid)(const int64_t *qty, const int64_t *cost, int64_t bid, int64_t ask, double limit,
                               int64_t *out, uint8_t *made_by, int64_t n);
    const char *name;
} tc_simd;

#define TC_MADE_BY_FLOAT 1
#define TC_MADE_BY_EXACT 2

/* What a run's numbers are. */
#define TC_RUN_NARROW 0   /* amounts in 64 bits */
#define TC_RUN_WIDE 1     /* low and high 64 bits of amounts */
#define TC_RUN_EXCLUDED 2 /* it has no mark: no value where it is held, 0 where it is flat */
#define TC_RUN_COARSE 3   /* an amount is the number x 10**exponent less the position's rest */

/* Whether a coarse run's numbers fit 64 bits at this mark: it is then a multiple of the unit. NO_PRICE never is. */
static inline int tc_is_coarse(tc_form form, int64_t limit, int64_t mark) {
    int64_t unit = tc_tens[form.exponent], most = tc_abs(limit);
    return form.split == 0 && form.exponent != 0 && mark % unit == 0 && mark / unit <= most && mark / unit >= -most;
}

/* 128 bits as float64: rounded once where 64 bits hold them, else each half and their sum. */
static inline double tc_to_double(int64_t low, int64_t high) {
    return high == low >> 63 ? (double)low : (double)high * 0x1p64 + (double)(uint64_t)low;
}

#define TC_LINE 8 /* numbers of one cache line */
#define TC_SMALL_LIMIT (1ll << 31) /* a limit is 2**(62 - bits of the largest |qty|): up from here that has at most 31 */
#define TC_AHEAD 1024 /* numbers from a word that is read to one that is asked for: prefetchers stop at the end of a page */
#define TC_LARGE (1 << 19) /* numbers: 4 MiB, more than a second cache level holds beside the columns read */

/* TC_STEP: numbers of one vector. TC_WIDEN: so many 32-bit numbers as 64-bit ones. TC_TIMES: products of the numbers'
   lower 32 bits. TC_STREAM: a store past the cache, to an address that is a multiple of the vector. */
#define TC_SET baseline
#define TC_TARGET
#define TC_STEP 2
#if defined(__x86_64__)
static inline __m128i tc_widen_two(const int32_t *from) {
    __m128i two = _mm_loadl_epi64((const __m128i *)from);
    return _mm_unpacklo_epi32(two, _mm_srai_epi32(two, 31));
}
#define TC_WIDEN(from) tc_widen_two(from)
#define TC_TIMES(a, b) _mm_mul_epu32((__m128i)(a), (__m128i)(b))
#define TC_STREAM(to, numbers) _mm_stream_si128((__m128i *)(to), (__m128i)(numbers))
#define TC_STREAM_END() _mm_sfence()
#else
typedef int64_t tc_two __attribute__((vector_size(16)));
#define TC_WIDEN(from) (tc_two){(from)[0], (from)[1]}
#if defined(__aarch64__)
#define TC_TIMES(a, b) vmull_u32(vmovn_u64((uint64x2_t)(a)), vmovn_u64((uint64x2_t)(b)))
#else
#define TC_TIMES(a, b) (((a) & UINT32_MAX) * ((b) & UINT32_MAX))
#endif
#define TC_STREAM(to, numbers) (*(numbers_baseline *)(to) = (numbers))
#define TC_STREAM_END() ((void)0)
#endif
#include "tradecore/marking_set.h"
#undef TC_SET
#undef TC_TARGET
#undef TC_STEP
#undef TC_WIDEN
#undef TC_TIMES
#undef TC_STREAM

#if defined(__x86_64__)
#define TC_SET avx2
#define TC_TARGET __attribute__((target("avx2,fma")))
#define TC_STEP 4
#define TC_WIDEN(from) _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(from)))
#define TC_TIMES(a, b) _mm256_mul_epu32((__m256i)(a), (__m256i)(b))
#define TC_STREAM(to, numbers) _mm256_stream_si256((__m256i *)(to), (__m256i)(numbers))
#include "tradecore/marking_set.h"
#undef TC_SET
#undef TC_TARGET
#undef TC_STEP
#undef TC_WIDEN
#undef TC_TIMES
#undef TC_STREAM

#define TC_SET avx512
#define TC_TARGET __attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl,avx512bw")))
#define TC_STEP 8
#define TC_WIDEN(from) _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)(from)))
#define TC_TIMES(a, b) _mm512_mul_epu32((__m512i)(a), (__m512i)(b))
#define TC_STREAM(to, numbers) _mm512_stream_si512((void *)(to), (__m512i)(numbers))
#include "tradecore/marking_set.h"
#undef TC_SET
#undef TC_TARGET
#undef TC_STEP
#undef TC_WIDEN
#undef TC_TIMES
#undef TC_STREAM
#endif

static const tc_simd tc_simd_baseline = {count_wide_baseline, count_bad_baseline, mark_table_baseline, mark_mixed_baseline, mark_run_baseline,
                                         mark_run_fast_baseline, mark_run_hybrid_baseline, "baseline"};
#if defined(__x86_64__)
static const tc_simd tc_simd_avx2 = {count_wide_avx2, count_bad_avx2, mark_table_avx2, mark_mixed_avx2, mark_run_avx2, mark_run_fast_avx2,
                                     mark_run_hybrid_avx2, "avx2"};
static const tc_simd tc_simd_avx512 = {count_wide_avx512, count_bad_avx512, mark_table_avx512, mark_mixed_avx512, mark_run_avx512, mark_run_fast_avx512,
                                       mark_run_hybrid_avx512, "avx512"};
#elif defined(__aarch64__)
static const tc_simd tc_simd_neon = {count_wide_baseline, count_bad_baseline, mark_table_baseline, mark_mixed_baseline, mark_run_baseline,
                                     mark_run_fast_baseline, mark_run_hybrid_baseline, "neon"};
#endif

/* The set of this name if this machine has it, else NULL; "auto" is the widest it has. On arm64 the baseline is NEON. */
static const tc_simd *tc_find_simd(const char *name) {
    int any = strcmp(name, "auto") == 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if ((any || strcmp(name, "avx512") == 0) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return &tc_simd_avx512;
    if ((any || strcmp(name, "avx2") == 0) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &tc_simd_avx2;
#elif defined(__aarch64__)
    if (any || strcmp(name, "neon") == 0) return &tc_simd_neon;
#endif
    return any || strcmp(name, "baseline") == 0 ? &tc_simd_baseline : NULL;
}

#endif

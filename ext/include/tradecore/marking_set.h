/* The marking kernels of one instruction set: included by marking.h once for each, with TC_SET its name and TC_TARGET
   its compiler attribute. Plain loops: the compiler vectorises them for the set. */
#define TC_JOIN_(name, set) name##_##set
#define TC_JOIN(name, set) TC_JOIN_(name, set)
#define TC_NAME(name) TC_JOIN(name, TC_SET)

TC_TARGET static int64_t TC_NAME(count_wide)(const int64_t *restrict marks, const int64_t *restrict limits,
                                             int64_t runs) {
    int64_t wide = 0;
    for (int64_t i = 0; i < runs; i++) wide += (marks[i] > limits[i]) | (marks[i] < -limits[i]);
    return wide;
}

TC_TARGET static int64_t TC_NAME(count_bad)(const int64_t *restrict marks, const int64_t *restrict lows, int64_t high,
                                            int64_t n) {
    int64_t bad = 0;
    for (int64_t i = 0; i < n; i++) bad += ((marks[i] < lows[i]) | (marks[i] > high)) & (marks[i] != INT64_MIN);
    return bad;
}

TC_TARGET static inline void TC_NAME(mark_row)(const int64_t *restrict qty, const int64_t *restrict cost, int64_t mark,
                                               int64_t *restrict out, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (int64_t)((uint64_t)qty[i] * (uint64_t)mark - (uint64_t)cost[i]);
}

/* One run of a large table, which memory bounds: fewer bytes are faster. A store that goes past the cache saves reading
   what it overwrites; a line leaves as soon as it is made, because loads and stores side by side are faster than a
   buffer of each in turn. Quantities come from `small` where it is there: half the bytes. Vectors in so many words:
   compilers make poor ones of a loop around such a store. */
typedef uint64_t TC_NAME(numbers) __attribute__((vector_size(8 * TC_STEP), aligned(8), may_alias));

TC_TARGET static inline __attribute__((always_inline)) void TC_NAME(mark_past)(
    const int64_t *restrict qty, const int32_t *restrict small, const int64_t *restrict cost, int64_t mark,
    int64_t *restrict out, int64_t n) {
    int64_t head = -((intptr_t)out / 8) & (TC_LINE - 1), i = head < n ? head : n;
    TC_NAME(mark_row)(qty, cost, mark, out, i);
    for (; i + TC_LINE <= n; i += TC_LINE)
        for (int64_t j = i; j < i + TC_LINE; j += TC_STEP) {
            TC_NAME(numbers) held = *(const TC_NAME(numbers) *)(qty + j);
            if (small != NULL) held = (TC_NAME(numbers))TC_WIDEN(small + j);
            TC_STREAM(out + j, held * (uint64_t)mark - *(const TC_NAME(numbers) *)(cost + j));
        }
    TC_NAME(mark_row)(qty + i, cost + i, mark, out + i, n - i);
}

/* The same from words: cost and quantity are taken apart again, and the cost brought to amounts by its unit. */
TC_TARGET static inline void TC_NAME(mark_word_row)(const int64_t *restrict words, int split, uint64_t unit, uint64_t mark,
                                                    int64_t *restrict out, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int64_t qty = (int64_t)((uint64_t)words[i] << (64 - split)) >> (64 - split);
        int64_t paid = (int64_t)((uint64_t)words[i] - (uint64_t)qty) >> split;
        out[i] = (int64_t)((uint64_t)qty * mark - (uint64_t)paid * unit);
    }
}

/* In vectors half of each part's range is added first, so that a mask and a shift without a sign take them apart, which
   every set has; `rest` takes the halves off again, modulo 2**64. A quantity and a unit have at most 32 bits, so that two
   products of 32 x 32 bits make the one with a mark, or with a cost. `has_unit` is a constant: a loop of
   its own for the finest unit, 1. */
TC_TARGET static inline __attribute__((always_inline)) void TC_NAME(mark_words_past)(
    const int64_t *restrict words, int split, int has_unit, uint64_t unit, uint64_t mark, int64_t *restrict out, int64_t n) {
    uint64_t half = 1ull << (split - 1), halves = half + (1ull << 63), mask = (1ull << split) - 1;
    uint64_t rest = (1ull << (63 - split)) * unit - half * mark;
    TC_NAME(numbers) low = (TC_NAME(numbers)){0} + (mark & UINT32_MAX), high = (TC_NAME(numbers)){0} + (mark >> 32);
    TC_NAME(numbers) units = (TC_NAME(numbers)){0} + unit;
    int64_t head = -((intptr_t)out / 8) & (TC_LINE - 1), i = head < n ? head : n;
    TC_NAME(mark_word_row)(words, split, unit, mark, out, i);
    for (; i + TC_LINE <= n; i += TC_LINE) {
        __builtin_prefetch(words + i + TC_AHEAD);
        for (int64_t j = i; j < i + TC_LINE; j += TC_STEP) {
            TC_NAME(numbers) both = *(const TC_NAME(numbers) *)(words + j) + halves, qty = both & mask;
            TC_NAME(numbers) upper = (TC_NAME(numbers))TC_TIMES(qty, high), paid = both >> split;
            if (has_unit) {
                upper -= (TC_NAME(numbers))TC_TIMES(paid >> 32, units);
                paid = (TC_NAME(numbers))TC_TIMES(paid, units);
            }
            TC_STREAM(out + j, (TC_NAME(numbers))TC_TIMES(qty, low) + (upper << 32) - paid + rest);
        }
    }
    TC_NAME(mark_word_row)(words + i, split, unit, mark, out + i, n - i);
}

/* A narrow run of a large table. */
TC_TARGET static inline void TC_NAME(mark_run_past)(const tc_run_columns *columns, int64_t run, int64_t mark,
                                                    int64_t *restrict out, int64_t width) {
    tc_form form = columns->forms[run];
    int64_t at = run * width;
    uint64_t further = (uint64_t)mark - (uint64_t)columns->nears[run];
    if (form.split != 0 && form.exponent != 0)
        TC_NAME(mark_words_past)(columns->words + at, form.split, 1, tc_tens[form.exponent], further, out + at, width);
    else if (form.split != 0)
        TC_NAME(mark_words_past)(columns->words + at, form.split, 0, 1, further, out + at, width);
    else if (columns->limits[run] >= TC_SMALL_LIMIT)
        TC_NAME(mark_past)(columns->qty + at, columns->small + at, columns->cost + at, mark, out + at, width);
    else
        TC_NAME(mark_past)(columns->qty + at, NULL, columns->cost + at, mark, out + at, width);
}

/* Every run narrow: one scalar mark a run of `width` positions; with one position a run, a mark a position. */
TC_TARGET static void TC_NAME(mark_table)(const tc_run_columns *columns, const int64_t *restrict marks,
                                          int64_t *restrict out, int64_t runs, int64_t width) {
    const int64_t *restrict qty = columns->qty, *restrict cost = columns->cost;
    if (width == 1) {
        for (int64_t i = 0; i < runs; i++)
            out[i] = (int64_t)((uint64_t)qty[i] * (uint64_t)marks[i] - (uint64_t)cost[i]);
        return;
    }
    if (runs * width < TC_LARGE) {
        for (int64_t r = 0, at = 0; r < runs; r++, at += width)
            TC_NAME(mark_row)(qty + at, cost + at, marks[r], out + at, width);
        return;
    }
    for (int64_t r = 0; r < runs; r++) TC_NAME(mark_run_past)(columns, r, marks[r], out, width);
    TC_STREAM_END();
}

/* Narrow and coarse runs side by side. Runs that are neither at their mark are left to the caller: they are called wide,
   and counted. */
TC_TARGET static int64_t TC_NAME(mark_mixed)(const tc_run_columns *columns, const int64_t *restrict marks,
                                             int64_t *restrict out, uint8_t *restrict kinds, uint8_t *restrict units,
                                             int64_t runs, int64_t width) {
    int64_t left = 0, is_large = runs * width >= TC_LARGE;
    for (int64_t r = 0, at = 0; r < runs; r++, at += width) {
        int64_t limit = columns->limits[r], mark = marks[r];
        tc_form form = columns->forms[r];
        const int32_t *small = tc_abs(limit) >= TC_SMALL_LIMIT ? columns->small + at : NULL;
        units[r] = 0;
        kinds[r] = TC_RUN_NARROW;
        if (mark <= limit && mark >= -limit) {
            if (is_large)
                TC_NAME(mark_run_past)(columns, r, mark, out, width);
            else
                TC_NAME(mark_row)(columns->qty + at, columns->cost + at, mark, out + at, width);
        } else if (tc_is_coarse(form, limit, mark)) {
            kinds[r] = TC_RUN_COARSE;
            units[r] = form.exponent;
            mark /= tc_tens[form.exponent];
            if (!is_large)
                TC_NAME(mark_row)(columns->qty + at, columns->words + at, mark, out + at, width);
            else if (small != NULL)
                TC_NAME(mark_past)(columns->qty + at, small, columns->words + at, mark, out + at, width);
            else
                TC_NAME(mark_past)(columns->qty + at, NULL, columns->words + at, mark, out + at, width);
        } else {
            kinds[r] = TC_RUN_WIDE;
            left++;
        }
    }
    TC_STREAM_END();
    return left;
}

/* A long position is worth the bid, a short one the ask. */
TC_TARGET static void TC_NAME(mark_run)(const int64_t *restrict qty, const int64_t *restrict cost, int64_t bid, int64_t ask,
                                        int64_t *restrict out, int64_t n) {
    if (bid == ask) {
        TC_NAME(mark_row)(qty, cost, bid, out, n);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        uint64_t mark = (uint64_t)(qty[i] > 0 ? bid : ask);
        out[i] = (int64_t)((uint64_t)qty[i] * mark - (uint64_t)cost[i]);
    }
}

/* float64: rounded in each conversion, in the products and in the difference. Costs that have no `high` are counted in
   `unit`, which is 1 for a narrow run's. */
TC_TARGET static void TC_NAME(mark_run_fast)(const int64_t *restrict qty, const int64_t *restrict low,
                                             const int64_t *restrict high, double unit, double bid, double ask,
                                             double *restrict out, int64_t n) {
    if (high == NULL) {
        for (int64_t i = 0; i < n; i++) out[i] = (double)qty[i] * (qty[i] > 0 ? bid : ask) - (double)low[i] * unit;
        return;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = (double)qty[i] * (qty[i] > 0 ? bid : ask) - tc_to_double(low[i], high[i]);
}

/* float64 where the notional is below `limit` (at most 2**52) and cost below 2**52: then every number in it is a whole
   number below 2**53, so it is exact; if the rounded product is below 2**52, so is the true one. Integers elsewhere.
   Returns how many took float64. */
TC_TARGET static int64_t TC_NAME(mark_run_hybrid)(const int64_t *restrict qty, const int64_t *restrict cost, int64_t bid,
                                               int64_t ask, double limit, int64_t *restrict out, uint8_t *restrict made_by,
                                               int64_t n) {
    int64_t floats = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t mark = qty[i] > 0 ? bid : ask;
        double value = (double)qty[i] * (double)mark, paid = (double)cost[i];
        int64_t exact = (int64_t)((uint64_t)qty[i] * (uint64_t)mark - (uint64_t)cost[i]);
        int is_float = (value < limit) & (value > -limit) & (paid < 0x1p52) & (paid > -0x1p52);
        double rough = is_float ? value - paid : 0.0; /* so that no conversion leaves 64 bits */
        out[i] = is_float ? (int64_t)rough : exact;
        made_by[i] = (uint8_t)(is_float ? TC_MADE_BY_FLOAT : TC_MADE_BY_EXACT);
        floats += is_float;
    }
    return floats;
}

#undef TC_JOIN_
#undef TC_JOIN
#undef TC_NAME

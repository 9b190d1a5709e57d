# Rules that count: rates in a window, and counts of a day. Each row of limits has a counter; what is full refuses.

from exposure_checks cimport *


# How many a row counted: in the window that ends now, or since the day began. Times only rise, so half of what is left
# is asked at once.
cdef inline int64_t count_recent(const tc_rows* r, uint32_t number, int64_t now) noexcept nogil:
    cdef const tc_limit_row* row = &r.rows[number]
    cdef const tc_counter* counter = &r.counters[row.counter]
    cdef const int64_t* times = times_of(r, row.counter)
    cdef int64_t first = counter.sent - <int64_t>r.rate_mask - 1, last = counter.sent, middle
    if not row.windowed:
        return counter.sent + counter.ahead - counter.day_first
    first = max(first, counter.recent)
    if first < last and times[<uint64_t>first & r.rate_mask] > now - row.window_ns:
        return counter.sent + counter.ahead - first
    while first < last:
        middle = (first + last) >> 1
        if times[<uint64_t>middle & r.rate_mask] > now - row.window_ns:
            last = middle
        else:
            first = middle + 1
    return counter.sent + counter.ahead - first


# How often its limit a row allows: for each trade of the day, where it counts them.
cdef inline int64_t trades_of(const tc_rows* r, const tc_limit_row* row) noexcept nogil:
    cdef int64_t trades = r.counters[row.counter].trades
    return trades if trades > 1 else 1


# How many a row allows: of orders that reduce an order rate twice as many, and so many for each trade.
cdef inline int64_t rate_limit(const tc_rows* r, const tc_question* q, const tc_limit_row* row) noexcept nogil:
    cdef int64_t limit = <int64_t>limit_in(q.line, row) * trades_of(r, row)
    return 2 * limit if q.reduces and row.rule == RULE_ORDER_RATE else limit


# Would it be more than a row allows? What the row counts is one more: then the one `limit` places back must be older
# than the window; of what it does not count there may be `limit` already.
cdef inline bint is_rate_full(const tc_rows* r, const tc_question* q, uint32_t number) noexcept nogil:
    cdef const tc_limit_row* row = &r.rows[number]
    cdef const tc_counter* counter = &r.counters[row.counter]
    cdef int64_t back = rate_limit(r, q, row) + (not row.counts & q.sent) - counter.ahead
    if not row.windowed:
        return counter.sent - counter.day_first >= back
    if back > <int64_t>r.rate_mask + 1:                # as many as are kept
        back = <int64_t>r.rate_mask + 1
    return back <= 0 or (
        counter.sent >= back
        and times_of(r, row.counter)[<uint64_t>(counter.sent - back) & r.rate_mask] > q.now - row.window_ns)


# Of the rows of one rule that counts, on each scope that has one: the first that is full speaks, else the one with the
# least left. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(d), FIA 1.5.
cdef inline bint check_counted(
    const tc_risk* risk, const tc_question* q, int rule, tc_finding* f, bint explain
) noexcept nogil:
    cdef const tc_rows* r = &risk.rows
    cdef bint asked = (r.rules[rule].asks & q.sent) != 0
    cdef int64_t one = (r.rules[rule].counts & q.sent) != 0, limit, used, least = 0
    cdef uint32_t number, nearest = 0
    cdef int32_t i
    for i in range(q.line.counted_count):
        number = q.line.counted[i]
        if r.rows[number].rule != rule or not asked:
            continue
        limit = rate_limit(r, q, &r.rows[number])
        used = count_recent(r, number, q.now) + one
        if is_rate_full(r, q, number):
            tell_finding(f, r.rules[rule].reason, True, True, used, limit, number)
            return True
        if nearest == 0 or limit - used < least:
            nearest = number
            least = limit - used
    if explain:
        limit = rate_limit(r, q, &r.rows[nearest]) if nearest else -1
        tell_finding(f, r.rules[rule].reason, nearest != 0, False, limit - least if nearest else no_price(), limit,
                     nearest)
    return False


# The first row that counts and is full, of any rule: they stand in the order of the rules. Only in C: it asks no rule
# twice over its rows, and counts nothing where nothing refuses.
cdef inline bint check_counts(const tc_risk* risk, const tc_question* q, tc_finding* f) noexcept nogil:
    cdef const tc_rows* r = &risk.rows
    cdef const tc_counter* counter
    cdef int32_t i
    tc_assert(not q.line.is_soft)                      # free_at is that of the limit itself
    for i in range(q.line.counted_count):
        counter = &r.counters[q.line.counters[i]]
        if (counter.asks & q.sent and tc_seldom(counter.free_at > q.now)
                and is_rate_full(r, q, q.line.counted[i])):
            return check_counted(risk, q, r.rows[q.line.counted[i]].rule, f, False)
    return False


# How often the same order may come in a window. More recent orders than are kept hide some: then it is refused, and
# told so. The first row that refuses speaks, else the one with less left. Source: SEC 15c3-5 (c)(1)(ii).
cdef inline bint check_alike(const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef const tc_rows* r = &risk.rows
    cdef tc_alike terms = alike_of(q)
    cdef int64_t earlier, limit, most = <int64_t>r.rate_mask + 1
    cdef uint32_t number
    cdef bint asked = (r.rules[RULE_DUPLICATE_ORDER].asks & q.sent) != 0
    cdef int32_t i
    if explain:
        tell_finding(f, DUPLICATE_ORDER, False, False, no_price(), -1, 0)
    for i in range(q.line.by_terms_count if asked else 0):
        number = q.line.by_terms[i]
        if r.rows[number].rule != RULE_DUPLICATE_ORDER:
            continue
        earlier = count_alike(&risk.recent, &terms, q.now - r.rows[number].window_ns)
        limit = <int64_t>limit_in(q.line, &r.rows[number])
        if earlier < 0:
            tell_finding(f, DUPLICATE_ORDER, True, True, most + 1, most, number)
            return True
        if earlier >= limit:
            tell_finding(f, DUPLICATE_ORDER, True, True, earlier + 1, limit, number)
            return True
        if explain and (not f.armed or limit - earlier - 1 < f.limit - f.value):
            tell_finding(f, DUPLICATE_ORDER, True, False, earlier + 1, limit, number)
    return False


# What orders in the window that ends now were worth; -1 where as many as are kept came in it: there may be more.
cdef inline tc_i128 sum_recent(const tc_rows* r, uint32_t number, int64_t now) noexcept nogil:
    cdef const tc_counter* counter = &r.counters[r.rows[number].counter]
    cdef const tc_i128* sums = sums_of(r, r.rows[number].counter)
    cdef int64_t recent = count_recent(r, number, now), first = counter.sent - recent
    if recent > <int64_t>r.rate_mask:
        return -1
    if recent == 0:
        return counter.amount_ahead
    return (counter.amount_ahead + sums[<uint64_t>(counter.sent - 1) & r.rate_mask]
            - (sums[<uint64_t>(first - 1) & r.rate_mask] if first else 0))


# What orders and replaces may be worth in a window, each at its worst as for MAX_ORDER_NOTIONAL. What is not known
# refuses. The first row that refuses speaks, else the one with less left. Source: SEC 15c3-5 (c)(1)(i)-(ii), RTS 6
# Art. 15(1)(b).
cdef inline bint check_notional(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f, bint explain
) noexcept nogil:
    cdef const tc_rows* r = &risk.rows
    cdef tc_i128 money, recent, limit, left, least = 0
    cdef uint32_t number
    cdef bint asked = (r.rules[RULE_NOTIONAL_PER_WINDOW].asks & q.sent) != 0, refused
    cdef int32_t i
    if explain:
        tell_finding(f, NOTIONAL_PER_WINDOW, False, False, no_price(), -1, 0)
    for i in range(q.line.by_terms_count if asked else 0):
        number = q.line.by_terms[i]
        if r.rows[number].rule != RULE_NOTIONAL_PER_WINDOW:
            continue
        money = money_of(risk, ins, q, &r.rows[number])
        recent = sum_recent(r, number, q.now)
        limit = limit_in(q.line, &r.rows[number])
        if money < 0 or recent < 0:
            tell_finding(f, NOTIONAL_PER_WINDOW, True, True, no_price(), tc_tell_wide(limit, False), number)
            return True
        left = limit - recent - money
        refused = left < 0
        if refused or (explain and (not f.armed or left < least)):
            tell_finding(f, NOTIONAL_PER_WINDOW, True, refused, tc_tell_wide(recent + money, True),
                         tc_tell_wide(limit, False), number)
            least = left
        if refused:
            return True
    return False


# How many orders may be open at once; what reduces passes. The first row that refuses speaks, else the one with less
# left. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(d).
cdef inline bint check_open(const tc_risk* risk, const tc_question* q, tc_finding* f, bint explain) noexcept nogil:
    cdef const tc_limit_row* row
    cdef int64_t count, limit
    cdef bint asked = (risk.rows.rules[RULE_MAX_OPEN_ORDERS].asks & q.sent) != 0, refused
    cdef int32_t i
    if explain:
        tell_finding(f, OPEN_ORDERS_LIMIT, False, False, no_price(), -1, 0)
    for i in range(q.line.by_terms_count if asked else 0):
        row = &risk.rows.rows[q.line.by_terms[i]]
        if row.rule != RULE_MAX_OPEN_ORDERS:
            continue
        count = open_of(&risk.opens, row) + 1
        limit = <int64_t>limit_in(q.line, row)
        refused = count > limit and not q.reduces
        if refused or (explain and (not f.armed or limit - count < f.limit - f.value)):
            tell_finding(f, OPEN_ORDERS_LIMIT, True, refused, count, limit, q.line.by_terms[i])
        if refused:
            return True
    return False


# Only in C: one check after the other in Python.
cdef inline bint check_by_terms(
    const tc_risk* risk, const tc_instrument* ins, const tc_question* q, tc_finding* f
) noexcept nogil:
    cdef uint32_t looked_at = q.line.looked_at
    return ((looked_at & SENT_ALIKE and check_alike(risk, q, f, False))
            or (looked_at & SENT_NOTIONAL and check_notional(risk, ins, q, f, False))
            or (looked_at & SENT_OPEN and check_open(risk, q, f, False)))


# Has a breaker disarmed the order's strategy? Else what it counts of it by now. Source: RTS 6 Art. 15(3), FIA 1.5.
cdef inline bint check_breaker(
    const tc_risk* risk, const tc_question* q, int rule, tc_finding* f, bint explain
) noexcept nogil:
    cdef const tc_tripped* tripped = tripped_of(&risk.breakers, q.strategy, risk.rows.strategy_max)
    cdef int reason = risk.rows.rules[rule].reason
    cdef uint32_t row
    cdef bint refused
    cdef tc_dealt dealt
    if tripped != NULL and tripped.reason == reason:
        refused = goes_on(q)
        if explain or refused:
            tell_finding(f, reason, True, refused, tripped.value, tripped.limit, tripped.row)
        return refused
    if explain:
        row = breaker_row(&risk.rows, q.strategy, rule)
        if row == 0 or risk.rows.rows[row].mode != MODE_ENFORCE:
            tell_finding(f, reason, False, False, no_price(), -1, 0)
            return False
        dealt.instrument, dealt.side, dealt.order_qty = q.instrument, q.side, q.order_qty
        tell_finding(f, reason, True, False, count_outcomes(&risk.rows, row, &dealt, q.now),
                     <int64_t>risk.rows.rows[row].value, row)
    return False


# Only in C: one check after the other in Python.
cdef inline bint check_breakers(const tc_risk* risk, const tc_question* q, tc_finding* f) noexcept nogil:
    return tc_seldom(risk.breakers.count != 0) and (
        check_breaker(risk, q, RULE_REPEATED_EXECUTION, f, False)
        or check_breaker(risk, q, RULE_CONSECUTIVE_REJECTS, f, False))

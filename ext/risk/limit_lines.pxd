# Effective lines: of all rows that bind an account's orders in an instrument, the tightest of each rule, in that
# instrument's own units, and which row it is. A line is made anew when it is next used after a change of any row; what
# a strategy's and a venue's rows say is folded in an order at a time.

from rule_rows cimport *


cdef enum:
    SLOT_ORDER_QTY = 0
    SLOT_ORDER_NOTIONAL = 1
    SLOT_COLLAR = 2
    SLOT_POSITION = 3
    SLOT_FIRM_POSITION = 4         # of all accounts together
    SLOT_RESTRICTED = 5
    SLOT_BLOCKED = 6
    SLOT_DISABLED = 7
    SLOT_GROSS = 8                 # of an account, and next to it of the whole firm
    SLOT_FIRM_GROSS = 9
    SLOT_NET = 10
    SLOT_FIRM_NET = 11
    SLOT_LOSS = 12
    SLOT_FIRM_LOSS = 13
    SLOT_DRAWDOWN = 14
    SLOT_FIRM_DRAWDOWN = 15
    SLOT_STALE = 16                # ms
    SLOT_PERMITTED_ONLY = 17
    SLOT_PERMITTED = 18
    SLOT_POSITION_WORTH = 19
    SLOT_FIRM_POSITION_WORTH = 20
    SLOT_PENDING = 21
    SLOT_FIRM_PENDING = 22
    SLOT_SHORT_SALE = 23
    SLOT_LOCATE = 24               # what was located to be sold short
    SLOT_LONG_ONLY = 25
    SLOT_FUNDED = 26
    SLOT_GROUP_GROSS = 27          # of an account group
    SLOT_GROUP_NET = 28
    SLOT_GROUP_EXPOSURE = 29       # of an instrument group
    SLOT_LEVERAGE = 30
    SLOT_FIRM_LEVERAGE = 31
    SLOT_CONCENTRATION = 32
    SLOT_FIRM_CONCENTRATION = 33
    SLOT_MARGIN = 34
    SLOT_FIRM_MARGIN = 35
    SLOT_CREDIT = 36               # of an account, and next to it of the whole firm
    SLOT_FIRM_CREDIT = 37
    SLOT_STRATEGY_LOSS = 38
    COUNTING = 6                   # rules that count
    COUNTED = COUNTING * 8         # rows that count an order: one of each such rule a scope
    BY_TERMS = 16                  # rows that look at what an order asks for: one a scope of each such rule
    MERGED = 256                   # lines of orders whose strategy or venue has rows, as many as were asked for last


cdef struct tc_line:
    int64_t generation
    uint64_t armed                 # one bit a slot that has a limit
    int32_t counted_count, by_terms_count
    uint32_t looked_at             # SENT_... of the rows by_terms
    int32_t is_soft                # its limits are the shares at which rows warn
    tc_i128 limits[SLOTS]          # quantity units, twice an amount, bps; -1: off
    uint32_t rows[SLOTS]           # which row says so
    uint32_t by_terms[BY_TERMS]    # rows that look at what an order asks for
    uint32_t counted[COUNTED]      # rows that count, in the order of the rules
    uint32_t counters[COUNTED]     # and the counter of each


# An account's and instrument's line with what a strategy's and a venue's rows add.
cdef struct tc_merged_line:
    tc_line line
    int32_t instrument, account, venue, strategy, mode


# A limit in the instrument's own units, rounded down, which refuses the same: what is compared are whole ones.
cdef inline tc_i128 in_units(const tc_instrument* ins, int unit, tc_i128 value) noexcept nogil:
    if unit == UNIT_QUANTITY:
        return tc_floor_div_wide(value * ins.qty_limit_scale, ins.qty_scale)
    if unit == UNIT_MONEY:
        return tc_floor_div_wide(2 * value * ins.limit_scale, ins.notional_scale)
    return value


# A row's limit in a line of this kind.
cdef inline tc_i128 limit_in(const tc_line* line, const tc_limit_row* row) noexcept nogil:
    return tc_floor_div_wide(row.value * row.soft_share, SOFT_MOST) if line.is_soft else row.value


# Its place in a line: by what it bounds together.
cdef inline int line_slot(const tc_limit_rule* rule, int scope) noexcept nogil:
    if scope == SCOPE_ACCOUNT_GROUP:
        return rule.group_slot
    return rule.firm_slot if scope == SCOPE_FIRM or scope == SCOPE_INSTRUMENT else rule.slot


# One row into a line: of those in its slot the tightest stays, of equal ones the first; what counts is kept in order.
cdef inline void fold_row(
    tc_line* line, const tc_rows* r, const tc_instrument* ins, uint32_t number
) noexcept nogil:
    cdef const tc_limit_row* row = &r.rows[number]
    cdef const tc_limit_rule* rule = &r.rules[row.rule]
    cdef int slot = line_slot(rule, row.scope), at
    cdef tc_i128 limit
    if slot < 0:
        if not rule.asks:                              # it binds no order: see trips.pxd
            return
        if rule.counts & SENT_BY_TERMS:
            tc_assert(line.by_terms_count < BY_TERMS)
            line.by_terms[line.by_terms_count] = number
            line.by_terms_count += 1
            line.looked_at |= rule.counts
            return
        tc_assert(line.counted_count < COUNTED)
        at = line.counted_count
        while at > 0 and r.rows[line.counted[at - 1]].rule > row.rule:
            line.counted[at] = line.counted[at - 1]
            line.counters[at] = line.counters[at - 1]
            at -= 1
        line.counted[at] = number
        line.counters[at] = row.counter
        line.counted_count += 1
        return
    limit = in_units(ins, rule.unit, limit_in(line, row))
    if line.limits[slot] < 0 or limit < line.limits[slot]:
        line.armed |= 1ULL << slot
        line.limits[slot] = limit
        line.rows[slot] = number


# A target's rows of one mode that are armed; what permits stands in the lines of each.
cdef inline void fold_rows(
    tc_line* line, const tc_rows* r, const tc_instrument* ins, uint32_t head, int mode
) noexcept nogil:
    cdef uint32_t at = head
    while at:
        if binds(&r.rows[at], mode) or permits(r, &r.rows[at], mode):
            fold_row(line, r, ins, at)
        at = r.rows[at].next


# Only in C: Line() in Python.
cdef inline void clear_line(tc_line* line) noexcept nogil:
    cdef int slot
    for slot in range(SLOTS):
        line.limits[slot] = -1
        line.rows[slot] = 0
    line.armed = 0
    line.looked_at = 0
    line.counted_count = line.by_terms_count = 0
    line.is_soft = False


# What the rows of a venue alone say, of one mode.
cdef inline void venue_line(
    tc_line* line, const tc_rows* r, const tc_instrument* ins, int32_t venue, int mode
) noexcept nogil:
    clear_line(line)
    line.is_soft = mode == MODE_SOFT
    fold_rows(line, r, ins, r.venue_heads[venue], mode)


cdef inline void build_line(
    tc_line* line, const tc_rows* r, const tc_instrument* ins, int32_t instrument, int32_t account, int mode
) noexcept nogil:
    clear_line(line)
    line.is_soft = mode == MODE_SOFT
    fold_rows(line, r, ins, r.firm_head, mode)
    fold_rows(line, r, ins, r.account_heads[account], mode)
    fold_rows(line, r, ins, r.instrument_heads[instrument], mode)
    fold_rows(line, r, ins, r.pair_heads[instrument * r.stride + account], mode)
    fold_rows(line, r, ins, r.account_group_heads[r.groups.of_account[account]], mode)
    fold_rows(line, r, ins, r.instrument_group_heads[r.groups.of_instrument[instrument]], mode)
    line.generation = r.generation


# Only in C: the rare half of `line_of`, apart from the path. A copy of what was merged before: while an order is asked
# about, another may be asked about as well, and take its place.
cdef inline const tc_line* extend_line(
    const tc_line* line, const tc_rows* r, const tc_instrument* ins, int32_t instrument, int32_t account, int32_t venue,
    int32_t strategy, int mode, tc_line* room
) noexcept nogil:
    cdef uint64_t place = tc_fold(<uint64_t>instrument << 32 | <uint64_t>account, 0x9E3779B97F4A7C15)
    cdef tc_merged_line* merged
    cdef int32_t i
    place = tc_fold(place ^ <uint64_t>strategy << 8 ^ <uint64_t>venue << 2 ^ <uint64_t>mode, 0xBF58476D1CE4E5B9)
    merged = &(<tc_merged_line*>r.merged)[place & (MERGED - 1)]
    if tc_seldom(merged.line.generation != r.generation or merged.instrument != instrument or merged.account != account
                 or merged.venue != venue or merged.strategy != strategy or merged.mode != mode):
        merged.line = line[0]
        if strategy <= r.strategy_max:
            fold_rows(&merged.line, r, ins, r.strategy_heads[strategy], mode)
        fold_rows(&merged.line, r, ins, r.venue_heads[venue], mode)
        merged.instrument, merged.account, merged.venue = instrument, account, venue
        merged.strategy, merged.mode = strategy, mode
    memcpy(room, &merged.line, <size_t>(<const char*>&room.counted - <const char*>room))
    for i in range(merged.line.counted_count):
        room.counted[i] = merged.line.counted[i]
        room.counters[i] = merged.line.counters[i]
    return room


# The line of an order: its account's and instrument's, with what its strategy and the venue that it names add, in
# `room`.
cdef inline const tc_line* line_of(
    tc_line* lines, const tc_rows* r, const tc_instrument* ins, int32_t instrument, int32_t account, int32_t venue,
    int32_t strategy, int mode, tc_line* room
) noexcept nogil:
    cdef tc_line* line = &lines[instrument * r.stride + account]
    cdef uint32_t by_strategy = r.strategy_heads[strategy] if strategy <= r.strategy_max else 0
    cdef uint32_t by_venue = r.venue_heads[venue]
    if tc_seldom(line.generation != r.generation):
        build_line(line, r, ins, instrument, account, mode)
    if tc_seldom((by_strategy | by_venue) != 0):
        return extend_line(line, r, ins, instrument, account, venue, strategy, mode, room)
    return line


# One more for every row that counts what was sent.
cdef inline void count_line(tc_rows* r, const tc_line* line, int64_t now, uint8_t sent) noexcept nogil:
    cdef tc_counter* counter
    cdef int32_t i
    for i in range(line.counted_count):
        counter = &r.counters[line.counters[i]]
        if counter.counts & sent:
            count_message(counter, r.rate_mask, now)

# The ledger's entries: fills, openings, splits, dividends and transfers, in one bounded log, in order.
#
# Every state is the base (what was there when trades were last forgotten) plus the live entries in order. A bust or a
# correction marks its entry in place and replays the instrument's chain; so it equals a ledger rebuilt from the
# surviving entries because it is one, also where the trade's lot was closed long ago.
# Columns, tallies and exposure sums follow each entry, so that a mark and a risk check need no pass over the table.

from lots cimport *
from runs cimport *


cdef enum tc_entry_kind:
    ENTRY_FILL = 0
    ENTRY_OPENING = 1              # held already: its cost is no cash
    ENTRY_SPLIT = 2                # qty for price, of every account
    ENTRY_DIVIDEND = 3             # price is money units for a whole unit, to every account
    ENTRY_TRANSFER = 4             # qty lots, from account to contra
    ENTRY_CARRY = 5                # qty lots that cost price + lot x 2**64 elsewhere; no cash
    ENTRY_SHED = 6                 # qty of price parts of every lot's cost leave; where those are all, the lots too


cdef enum tc_entry_status:
    ENTRY_LIVE = 0
    ENTRY_BUSTED = 1
    ENTRY_CORRECTED = 2


# Why an entry can't be booked; the texts are in tradecore/positions/entries.py.
cdef enum tc_entry_reason:
    ENTRY_GOOD = 0
    BEYOND_POSITION = 1
    BEYOND_SUM = 2
    LOTS_FULL = 3
    LOT_NOT_NAMED = 4
    LOT_UNKNOWN = 5
    BEYOND_LOT = 6
    BEYOND_LEG = 7
    SPLIT_FRACTION = 8
    BEYOND_HELD = 9
    PRICE_NOT_POSITIVE = 10
    BEYOND_AMOUNT = 11
    CARRY_OPPOSED = 12
    BEYOND_COST = 13


cdef packed struct tc_entry:
    int64_t transact_time, qty, price, fee, lot
    int32_t instrument, account, contra, strategy, next
    uint8_t kind, status, currency, spare


cdef enum:
    AMOUNT_DOUBT = 1               # by amount_most: the multiplier is so large that a fill may pass it
    INVERSE_DOUBT = 2              # the price must be above 0, and a position is bounded by its value


# What follows from an instrument's definition, and sums over its accounts.
cdef struct tc_tally:
    tc_i128 net, gross, cost       # lots, lots, amount
    int64_t inverse_scale
    int32_t last_entry
    uint8_t currency, doubts       # AMOUNT_DOUBT, INVERSE_DOUBT: of each fill, whether it can be booked
    uint8_t qty_bits, cost_bits    # of the largest |qty| and |cost| since it was last summed anew
    int64_t lots_per_unit          # a fill meets what stands above, one cache line
    int32_t first_entry, bucket
    tc_i128 amount_most            # |price x quantity| of one fill: 10**37 / multiplier
    uint8_t plain_split            # of words that are cost x 2**split + qty and nothing else, 0 where they are not
    uint8_t home                   # the exponent of costs that are kept coarse, where it is enough
    uint8_t gap_bits               # of the largest |cost - qty x near|, where that is kept
    uint8_t spare[29]


cdef struct tc_exposure_sum:
    tc_i128 gross, net             # amounts of one scale: a bucket is (currency, group, scale)


cdef struct tc_books:
    tc_ledger ledger
    tc_lots lots
    tc_entry* entries
    tc_tally* tallies
    tc_exposure_sum* exposures     # [account * bucket_stride + bucket]
    tc_i128* charges               # [position * currency_stride + currency]: fees in other currencies, money units
    tc_i128* incomes               # [position * currency_stride + currency]: dividends, money units
    tc_i128* carried               # [position]: cost that came in, or left, without cash
    tc_position* base_positions
    tc_lot* base_lots
    tc_i128* base_charges
    tc_i128* base_incomes
    tc_i128* base_carried
    int64_t* qtys                  # columns for marking: [(instrument - 1) * accounts + account - 1]
    int64_t* costs_low
    int64_t* costs_high
    int64_t* words                 # a position in half the bytes, or its coarse cost, as the run's form says
    uint32_t* rests                # cost less its coarse cost
    int32_t* small_qtys            # where a word has none: qty modulo 2**32, itself where |limit| is 2**31 or more
    tc_form* forms                 # [instrument - 1]
    int64_t* nears                 # [instrument - 1]: the price that the costs in words are counted from, or 0
    int64_t* mark_limits           # [instrument - 1]: up to this |mark|, in units of the form where it is below 0,
                                   # every position of the run fits 64 bits
    int64_t entry_count, entry_most, forgotten, bucket_stride
    int32_t method, legs, accounts
    bint doubts                    # of every fill: a leg has one side, a closing fill names its lot, or `carries`
    bint in_turn                   # by FIFO or LIFO: lots close as they were opened
    bint exposures_are_stale
    bint carries                   # an opening or a transfer was booked: `carried` is looked at


cdef struct tc_finding:
    int64_t value, bound


cdef inline int64_t column_of(const tc_books* b, int32_t instrument, int32_t account) noexcept nogil:
    return <int64_t>(instrument - 1) * b.accounts + account - 1


# Only in C: a dict in Python.
cdef inline int64_t row_of(const tc_books* b, int32_t instrument, int32_t account) noexcept nogil:
    return instrument * b.ledger.account_stride + account


# A position in fewer bytes. What is written is given, costs in their halves: columns read right after they are written,
# or 128 bits of a position at once, make a fill wait.
cdef inline void write_narrow(
    tc_books* b, int64_t at, tc_form form, int64_t near, int64_t qty, int64_t low, int64_t high
) noexcept nogil:
    cdef tc_i128 cost, coarse
    cdef uint64_t kept
    if form.split:
        kept = <uint64_t>tc_coarse(<int64_t>(<uint64_t>low - <uint64_t>qty * <uint64_t>near), form.exponent)
        b.words[at] = <int64_t>((kept << form.split) + <uint64_t>qty)
        return
    b.small_qtys[at] = <int32_t>qty
    if form.exponent:
        cost = tc_join(low, high)
        coarse = tc_floor_div_wide(cost, tc_tens[form.exponent])
        b.words[at] = <int64_t>coarse
        b.rests[at] = <uint32_t>tc_low(cost - coarse * tc_tens[form.exponent])


cdef inline void write_run(tc_books* b, int32_t instrument, tc_form form) noexcept nogil:
    cdef int64_t at = column_of(b, instrument, 1), near = b.nears[instrument - 1]
    b.forms[instrument - 1] = form
    for at in range(at, at + b.accounts):
        write_narrow(b, at, form, near, b.qtys[at], b.costs_low[at], b.costs_high[at])


# The bound below which every position of the run, marked, fits 64 bits: |qty| x |mark| < 2**62 and |cost| < 2**62, both
# in units of the form where the cost has more bits; and the form.
cdef inline void widen_run(tc_books* b, int32_t instrument, const tc_position* p) noexcept nogil:
    cdef tc_tally* t = &b.tallies[instrument]
    cdef tc_form now = b.forms[instrument - 1], form
    cdef int64_t limit, near = b.nears[instrument - 1], at = column_of(b, instrument, 1)
    t.qty_bits = <uint8_t>max(t.qty_bits, bits_of(p.qty))
    t.cost_bits = <uint8_t>max(t.cost_bits, bits_of_wide(p.cost))
    form = form_of(now, &b.nears[instrument - 1], &t.gap_bits, t.qty_bits, t.cost_bits, t.home, t.inverse_scale != 0,
                   &b.qtys[at], &b.costs_low[at], b.accounts)
    limit = <int64_t>1 << (62 - t.qty_bits)
    if t.cost_bits > 62:
        limit = -limit if form.exponent else -1
    b.mark_limits[instrument - 1] = -1 if t.inverse_scale else limit
    t.plain_split = 0 if form.exponent or b.nears[instrument - 1] else form.split
    if form.split != now.split or form.exponent != now.exponent or b.nears[instrument - 1] != near:
        write_run(b, instrument, form)


# Whether a run's bound has to grow, or its unit to fall.
cdef inline bint is_wider(const tc_tally* t, tc_form form, int64_t near, const tc_position* p) noexcept nogil:
    cdef int64_t low = <int64_t>tc_low(p.cost)
    cdef tc_i128 gap
    if (<uint64_t>tc_abs(p.qty) >> t.qty_bits != 0) | tc_is_longer(low, tc_high(p.cost), t.cost_bits):
        return True
    if near:
        gap = low - tc_wide(p.qty, near)
        return tc_is_longer(<int64_t>tc_low(gap), tc_high(gap), t.gap_bits)
    return form.split and form.exponent and not tc_is_multiple(low, form.exponent)


cdef inline void write_costs(tc_books* b, int64_t at, const tc_position* p) noexcept nogil:
    b.qtys[at] = p.qty
    b.costs_low[at] = <int64_t>tc_low(p.cost)
    b.costs_high[at] = tc_high(p.cost)


# Whether a position may be longer than the run's largest. In vain where costs are beyond 64 bits, which are seldom.
# Without a choice by a sign: no branch predictor knows that of a position.
cdef inline bint may_be_longer(const tc_tally* t, const tc_position* p) noexcept nogil:
    cdef int64_t low = <int64_t>tc_low(p.cost)
    cdef uint64_t far = <uint64_t>(tc_high(p.cost) ^ (low >> 63))
    return (<uint64_t>tc_abs(p.qty) >> t.qty_bits | <uint64_t>tc_abs(low) >> (t.cost_bits & 63) | far) != 0


# Only in C: what is seldom or needs more than a shift, out of the way of most fills.
cdef inline void write_formed(tc_books* b, int32_t instrument, int64_t at, const tc_position* p) noexcept nogil:
    if is_wider(&b.tallies[instrument], b.forms[instrument - 1], b.nears[instrument - 1], p):
        widen_run(b, instrument, p)
    write_narrow(b, at, b.forms[instrument - 1], b.nears[instrument - 1], p.qty, <int64_t>tc_low(p.cost),
                 tc_high(p.cost))


cdef inline void write_columns(tc_books* b, int32_t instrument, int32_t account, const tc_position* p) noexcept nogil:
    cdef int64_t at = column_of(b, instrument, account)
    cdef const tc_tally* t = &b.tallies[instrument]
    tc_assert((instrument >= 1) & (account >= 1) & (account <= b.accounts))
    tc_assert((t.plain_split == 0) | (t.plain_split == b.forms[instrument - 1].split))
    write_costs(b, at, p)
    if tc_seldom(may_be_longer(t, p) or t.plain_split == 0):
        write_formed(b, instrument, at, p)
    else:
        b.words[at] = <int64_t>((tc_low(p.cost) << t.plain_split) + <uint64_t>p.qty)


cdef inline void add_exposure(
    tc_books* b, int32_t instrument, int32_t account, int64_t qty_before, int64_t qty_after, int64_t mark_before,
    int64_t mark_after
) noexcept nogil:
    cdef tc_tally* t = &b.tallies[instrument]
    cdef tc_exposure_sum* sum = &b.exposures[account * b.bucket_stride + t.bucket]
    cdef tc_i128 before = 0, after = 0
    if mark_before != no_price():
        before = value_of(t.inverse_scale, qty_before, mark_before)
    if mark_after != no_price():
        after = value_of(t.inverse_scale, qty_after, mark_after)
    sum.net = sum.net + after - before
    sum.gross = sum.gross + tc_abs_wide(after) - tc_abs_wide(before)
    tc_assert(sum.gross >= tc_abs_wide(sum.net))


# Columns, tally and exposure after one position has changed.
cdef inline void follow(
    tc_books* b, int32_t instrument, int32_t account, const tc_position* p, int64_t qty_before, tc_i128 cost_before
) noexcept nogil:
    cdef tc_tally* t = &b.tallies[instrument]
    cdef int64_t mark = b.ledger.marks[instrument]
    t.net = t.net + (p.qty - qty_before)
    t.gross = t.gross + (tc_abs(p.qty) - tc_abs(qty_before))
    t.cost = t.cost + p.cost - cost_before
    tc_assert(t.gross >= tc_abs_wide(t.net))
    write_columns(b, instrument, account, p)
    if not b.exposures_are_stale and mark != no_price():
        add_exposure(b, instrument, account, qty_before, p.qty, mark, mark)


# Sums and columns of one instrument, from its positions.
cdef inline void retally(tc_books* b, int32_t instrument) noexcept nogil:
    cdef tc_tally* t = &b.tallies[instrument]
    cdef tc_position largest       # of no position: the largest quantity and cost of any
    cdef const tc_position* p
    cdef int32_t account
    t.net = 0
    t.gross = 0
    t.cost = 0
    t.qty_bits = 0
    t.cost_bits = 0
    largest.qty = 0
    largest.cost = 0
    for account in range(1, b.accounts + 1):
        p = position_of(&b.ledger, instrument, account)
        t.net = t.net + p.qty
        t.gross = t.gross + tc_abs(p.qty)
        t.cost = t.cost + p.cost
        largest.qty = max(largest.qty, tc_abs(p.qty))
        largest.cost = largest.cost if tc_abs_wide(p.cost) < largest.cost else tc_abs_wide(p.cost)
        write_costs(b, column_of(b, instrument, account), p)
    b.forms[instrument - 1].split = FIRST_SPLIT
    b.forms[instrument - 1].exponent = 0
    b.nears[instrument - 1] = 0
    t.gap_bits = 0
    widen_run(b, instrument, &largest)
    for account in range(1, b.accounts + 1):
        write_formed(b, instrument, column_of(b, instrument, account), position_of(&b.ledger, instrument, account))
    b.exposures_are_stale = True


# The lot that a closing fill names, where lots are named: it must be there and be large enough, unless all closes.
cdef inline int find_bad_lot(
    const tc_books* b, const tc_position* p, const tc_entry* e, tc_finding* found
) noexcept nogil:
    cdef int32_t row
    if not e.lot:
        found.value = e.lot
        found.bound = 1
        return LOT_NOT_NAMED
    row = find_lot(&b.lots, p, e.lot)
    found.value = e.lot
    found.bound = b.forgotten + b.entry_count
    if not row:
        return LOT_UNKNOWN
    if tc_abs(e.qty) > b.lots.rows[row].qty and tc_abs(e.qty) < tc_abs(p.qty):
        found.value = tc_abs(e.qty)
        found.bound = b.lots.rows[row].qty
        return BEYOND_LOT
    return ENTRY_GOOD


# How much of an instrument one account may hold: an inverse contract's value at the price 1 must stay within an amount.
cdef inline int64_t position_most(const tc_tally* t) noexcept nogil:
    cdef tc_i128 most = position_max()
    if t.inverse_scale:
        most = min(most, tc_floor_div_wide(amount_max(), scale_of(t.inverse_scale)))
    return <int64_t>most


# Why this fill or opening can't be booked now. `strict` is the door's rule; a replay books what survived.
cdef inline int find_bad_fill(
    const tc_books* b, const tc_position* p, const tc_entry* e, bint strict, tc_finding* found
) noexcept nogil:
    cdef const tc_tally* t = &b.tallies[e.instrument]
    cdef int64_t after = p.qty + e.qty
    if tc_abs(after) > position_max() or (t.inverse_scale and tc_abs(after) > position_most(t)):
        found.value = after
        found.bound = position_most(t)
        return BEYOND_POSITION
    if t.doubts & AMOUNT_DOUBT and tc_wide(tc_abs(e.qty), tc_abs(e.price)) > t.amount_most:
        found.value = tc_abs(e.qty)
        found.bound = <int64_t>tc_floor_div_wide(t.amount_most, tc_abs(e.price))
        return BEYOND_AMOUNT
    if t.inverse_scale and e.price <= 0:
        found.value = e.price
        found.bound = 1
        return PRICE_NOT_POSITIVE
    if is_beyond_sum(p.realised) or (b.carries and is_beyond_sum(b.carried[row_of(b, e.instrument, e.account)])):
        found.value, found.bound = 0, 0
        return BEYOND_SUM
    if b.lots.open_count >= b.lots.most and b.method != METHOD_AVERAGE and not closing_qty(p, e.qty):
        found.value = b.lots.open_count + 1
        found.bound = b.lots.most
        return LOTS_FULL
    if not strict:
        return ENTRY_GOOD
    if b.legs == 2 and (after < 0 if e.account & 1 else after > 0):
        found.value = tc_abs(e.qty)
        found.bound = tc_abs(p.qty)
        return BEYOND_LEG
    if b.method == METHOD_SPECIFIC and closing_qty(p, e.qty):
        return find_bad_lot(b, p, e, found)
    return ENTRY_GOOD


cdef inline int find_bad_split(const tc_books* b, const tc_entry* e, tc_finding* found) noexcept nogil:
    cdef int32_t account
    cdef tc_i128 product, size
    for account in range(1, b.accounts + 1):
        product = tc_wide(position_of(&b.ledger, e.instrument, account).qty, e.qty)
        size = tc_floor_div_wide(product, e.price)
        if size * e.price != product:
            found.value = position_of(&b.ledger, e.instrument, account).qty
            found.bound = e.price
            return SPLIT_FRACTION
        if tc_abs_wide(size) > position_most(&b.tallies[e.instrument]):
            found.value = tc_saturate(size)
            found.bound = position_most(&b.tallies[e.instrument])
            return BEYOND_POSITION
    return ENTRY_GOOD


cdef inline int find_bad_transfer(const tc_books* b, const tc_entry* e, tc_finding* found) noexcept nogil:
    cdef const tc_position* source = position_of(&b.ledger, e.instrument, e.account)
    cdef const tc_position* target = position_of(&b.ledger, e.instrument, e.contra)
    cdef int64_t after = target.qty + e.qty if source.qty > 0 else target.qty - e.qty
    if e.qty > tc_abs(source.qty):
        found.value = e.qty
        found.bound = tc_abs(source.qty)
        return BEYOND_HELD
    if tc_abs(after) > position_most(&b.tallies[e.instrument]):
        found.value = after
        found.bound = position_most(&b.tallies[e.instrument])
        return BEYOND_POSITION
    if (is_beyond_sum(target.realised) or is_beyond_sum(b.carried[row_of(b, e.instrument, e.account)])
            or is_beyond_sum(b.carried[row_of(b, e.instrument, e.contra)])):
        found.value, found.bound = 0, 0
        return BEYOND_SUM
    if b.method != METHOD_AVERAGE and b.lots.open_count >= b.lots.most:
        found.value = b.lots.open_count + 1
        found.bound = b.lots.most
        return LOTS_FULL
    return ENTRY_GOOD


cdef inline int find_bad_dividend(const tc_books* b, const tc_entry* e, tc_finding* found) noexcept nogil:
    cdef int32_t account
    for account in range(1, b.accounts + 1):
        if is_beyond_sum(b.incomes[row_of(b, e.instrument, account) * b.ledger.currency_stride + e.currency]):
            found.value, found.bound = 0, 0
            return BEYOND_SUM
    return ENTRY_GOOD


cdef inline int find_bad_entry(const tc_books* b, const tc_entry* e, bint strict, tc_finding* found) noexcept nogil:
    if e.kind <= ENTRY_OPENING:
        return find_bad_fill(b, position_of(&b.ledger, e.instrument, e.account), e, strict, found)
    if e.kind == ENTRY_SPLIT:
        return find_bad_split(b, e, found)
    if e.kind == ENTRY_TRANSFER:
        return find_bad_transfer(b, e, found)
    return find_bad_dividend(b, e, found)    # one adds at most 1e16 x 1e16 < 2**107

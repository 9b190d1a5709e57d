# What is held and works, at its marks, in the base currency: gross and net by account and for the firm.
#
# Kept as holds, positions, marks and rates change, never walked on an order's path, and equal at any time to what
# adding up every position gives: each is valued by itself, away from zero, to 10**-9 of the base currency, and the sums
# are of those. Worst case, as holds are: all open buys fill, or all open sells. While no rule needs it nothing is kept.
# What has no mark, or whose currency has no rate, has no value: it is counted, so that what asks can refuse.
#
# A sum is of at most 10**6 positions of 10**30: it stays far within 128 bits.

from groups cimport *
from texts cimport hash_number


cdef enum:
    KNOWN = 0
    NO_MARK = 1
    NO_RATE = 2
    TOO_LARGE = 3
    STATES = 4
    BASE_CURRENCY = 1              # the first that was declared
    MARGIN_ONE = 1_000_000         # of a margin rate: the whole value
    LANES = 6                      # of the list of aged marks, whose every fourth is in one more: 4**LANES are no walk


cdef struct tc_exposure:
    int64_t position_qty, working_buy, working_sell
    uint32_t reduce_only           # open orders that may only reduce
    uint16_t is_trimmed            # it stands in the list of positions that moved under such orders
    uint16_t is_used               # of the firm's row: something of the instrument was ever held or booked


# What quantity units of an instrument are worth: each `unit` / `divisor`.
cdef struct tc_worth:
    tc_i128 unit, divisor
    int64_t narrow_unit, narrow_divisor                # the same where both fit 64 bits, else no divisor
    int64_t mark, time             # of the mark
    int32_t initial, maintenance   # of its value, in 10**-6, what equity must cover; 0, of both: the whole
    uint8_t state                  # KNOWN, or why not; while there is no divisor, it never had a mark
    uint8_t is_aged                # its age counts: some account holds or works something
    int32_t elder[LANES]           # by lane, in the list of those whose age counts, by time; of row 0 the youngest
    int32_t younger[LANES]         # of row 0 the oldest


# A position if all its open buys fill, and if all its open sells do; signed.
cdef struct tc_value:
    tc_i128 long_value, short_value
    tc_i128 gross                  # the worse of the two, by magnitude
    tc_i128 pending                # all that works, on both sides
    tc_i128 initial                # of its worse side, what equity must cover for an order
    tc_i128 maintenance            # and always
    int32_t next, previous         # accounts that hold or work something of the instrument; of row 0 the ends
    uint8_t state
    uint8_t holds                  # something is held or works


# The sums of an account; of account 0 the whole firm's, as its positions add up. Those of an account group, as its
# accounts' add up, stand behind all accounts; those of an instrument group are as the firm's in its instruments.
cdef struct tc_total:
    tc_i128 gross, net_long, net_short, pending, initial, maintenance
    int64_t unknown[STATES]        # positions by why they have no value


cdef struct tc_values:
    tc_exposure* held              # [instrument * stride + account], as `values`
    tc_value* values
    tc_worth* worths               # by instrument
    tc_total* totals               # by account, from `stride` on by account group
    tc_total* group_totals         # by instrument group
    const tc_member_groups* groups
    int64_t* rates                 # by currency, in 10**-12 of the base currency; 0: none was told
    const uint8_t* sessions        # by instrument; NULL where none are known: then all are open
    int64_t stride
    int32_t newest                 # mark
    bint is_kept
    bint margin_is_kept            # only where the rest is
    bint firm_is_kept              # of account 0, and of instrument groups: only where some row is on them


# Only in C: constants of C as functions.
cdef inline int64_t rate_one() noexcept nogil:
    return <int64_t>1_000_000_000_000


# Only in C: constants of C as functions.
cdef inline int64_t rate_max() noexcept nogil:
    return <int64_t>1_000_000_000_000_000_000


# Only in C: a table there has all its rows from the start.
cdef inline uint8_t state_of_worth(const tc_worth* w) noexcept nogil:
    return w.state if w.divisor else <uint8_t>NO_MARK


# What an instrument is worth at its mark.
cdef inline void find_worth(tc_values* x, const tc_instrument* ins, tc_worth* w) noexcept nogil:
    cdef int64_t rate = x.rates[ins.currency]
    w.unit = 0
    w.divisor = 1
    w.narrow_unit = w.narrow_divisor = 0
    w.state = NO_MARK if w.mark == no_price() else NO_RATE if rate == 0 else KNOWN
    if w.state:
        return
    w.unit = tc_wide(tc_abs(w.mark), ins.notional_scale)
    w.divisor = ins.limit_scale
    if rate != rate_one():
        w.divisor = tc_wide(ins.limit_scale, rate_one())
        if tc_mul_overflows(w.unit, rate, &w.unit):
            w.unit = 0
            w.divisor = 1
            w.state = TOO_LARGE
            return
    if w.unit == <int64_t>w.unit and w.divisor == <int64_t>w.divisor:
        w.narrow_unit, w.narrow_divisor = <int64_t>w.unit, <int64_t>w.divisor


# A signed quantity's value, away from zero; False where it can't be told.
cdef inline bint value_qty(const tc_worth* w, int64_t qty, tc_i128* out) noexcept nogil:
    cdef tc_i128 amount = 0
    cdef int64_t product = 0
    if w.narrow_divisor and not tc_product_is_wide(w.narrow_unit, qty, &product):
        if w.narrow_divisor != 1:
            product = (-tc_floor_div(-product, w.narrow_divisor) if product > 0
                       else tc_floor_div(product, w.narrow_divisor))
        out[0] = product
        return True
    if tc_mul_overflows(w.unit, tc_abs(qty), &amount):
        return False
    if w.divisor != 1:
        amount = -tc_floor_div_wide(-amount, w.divisor)
    out[0] = amount if qty >= 0 else -amount
    return amount <= tc_power_of_ten(30)


# A position's value with `more` bought, or where it is negative sold.
cdef inline void value_position(
    const tc_worth* w, const tc_exposure* e, int64_t more, tc_value* out
) noexcept nogil:
    cdef int64_t longest = e.position_qty + e.working_buy, shortest = e.position_qty - e.working_sell
    if more > 0:
        longest += more
    else:
        shortest += more
    cdef tc_i128 longest_value, shortest_value
    out.long_value = 0
    out.short_value = 0
    out.gross = 0
    out.pending = 0
    out.initial = out.maintenance = 0
    out.state = KNOWN
    out.holds = longest != 0 or shortest != 0
    if not out.holds:
        return
    out.state = state_of_worth(w)
    if out.state == KNOWN and not (
            value_qty(w, longest, &out.long_value) and value_qty(w, shortest, &out.short_value)
            and value_qty(w, e.working_buy + e.working_sell + tc_abs(more), &out.pending)):
        out.long_value = 0
        out.short_value = 0
        out.pending = 0
        out.state = TOO_LARGE
    longest_value, shortest_value = tc_abs_wide(out.long_value), tc_abs_wide(out.short_value)
    out.gross = longest_value if longest_value > shortest_value else shortest_value


# Only in C: a part of a comprehension in Python.
cdef inline tc_i128 share_of(tc_i128 value, int32_t rate) noexcept nogil:
    return -tc_floor_div_wide(-value * rate, MARGIN_ONE) if rate else value


# A position's value with what equity must cover of it, each rounded up.
cdef inline void margin_of(const tc_worth* w, tc_value* value) noexcept nogil:
    value.initial = share_of(value.gross, w.initial)
    value.maintenance = share_of(value.gross, w.maintenance)


# A position's value into its account's sums, in place of what it was.
cdef inline void count_value(tc_total* t, const tc_value* was, const tc_value* v) noexcept nogil:
    t.gross = t.gross + v.gross - was.gross
    t.net_long = t.net_long + v.long_value - was.long_value
    t.net_short = t.net_short + v.short_value - was.short_value
    t.pending = t.pending + v.pending - was.pending
    if tc_seldom((was.initial | v.initial | was.maintenance | v.maintenance) != 0):
        t.initial = t.initial + v.initial - was.initial
        t.maintenance = t.maintenance + v.maintenance - was.maintenance
    if tc_seldom((v.state | was.state) != 0):
        t.unknown[was.state] -= was.state != 0
        t.unknown[v.state] += v.state != 0
    tc_assert((t.gross >= 0) & (t.unknown[v.state] >= 0))


# Only in C: a sorted list in Python, searched by halves.
# How many lanes a mark stands in: all, a fourth, a sixteenth of them and so on, by the hash of its instrument.
cdef inline int32_t lanes_of(int32_t instrument) noexcept nogil:
    return 1 + (tc_lowest_bit(hash_number(instrument) | (<uint64_t>1 << (2 * (LANES - 1)))) >> 1)


# A mark's age does not count any more.
cdef inline void forget_age(tc_values* x, int32_t instrument) noexcept nogil:
    cdef tc_worth* w = &x.worths[instrument]
    cdef int32_t lane
    if w.is_aged:
        for lane in range(lanes_of(instrument)):
            x.worths[w.elder[lane]].younger[lane] = w.younger[lane]
            x.worths[w.younger[lane]].elder[lane] = w.elder[lane]
        w.is_aged = False


# A mark's age counts where some account holds or works something of the instrument: it stands by its time, whose place
# is found from the lane with the fewest marks down to the one with all.
cdef inline void count_age(tc_values* x, int32_t instrument) noexcept nogil:
    cdef tc_worth* w = &x.worths[instrument]
    cdef int32_t at = 0, lane = LANES, lanes = lanes_of(instrument)
    if (not x.is_kept or w.is_aged or x.values[instrument * x.stride].next == 0 or w.divisor == 0
            or w.mark == no_price()):
        return
    while lane:
        lane -= 1
        while x.worths[at].elder[lane] and x.worths[x.worths[at].elder[lane]].time > w.time:
            at = x.worths[at].elder[lane]
        if lane < lanes:
            w.younger[lane] = at
            w.elder[lane] = x.worths[at].elder[lane]
            x.worths[w.elder[lane]].younger[lane] = instrument
            x.worths[at].elder[lane] = instrument
    w.is_aged = True


# An account holds or works something of an instrument from now on, or nothing any more.
cdef inline void change_holders(tc_values* x, int32_t instrument, int32_t account) noexcept nogil:
    cdef tc_value* rows = &x.values[instrument * x.stride]
    cdef tc_value* row = &rows[account]
    if row.holds:
        row.next = rows.next
        row.previous = 0
        rows[row.next].previous = account
        rows.next = account
        count_age(x, instrument)
        return
    rows[row.previous].next = row.next
    rows[row.next].previous = row.previous
    if rows.next == 0:
        forget_age(x, instrument)


# Only in C: a list in Python.
# The sums of a group that a position counts in, beside its account's or the firm's; NULL where there is none.
cdef inline tc_total* group_of_value(const tc_values* x, int32_t instrument, int32_t account) noexcept nogil:
    cdef int32_t group = x.groups.of_account[account] if account else x.groups.of_instrument[instrument]
    if group == 0:
        return NULL
    return &x.totals[x.stride + group] if account else &x.group_totals[group]


# Only in C: the rare half of `revalue`, apart from the path.
cdef inline void revalue_kept(tc_values* x, int32_t instrument, int32_t account) noexcept nogil:
    cdef tc_value* row = &x.values[instrument * x.stride + account]
    cdef tc_total* group = group_of_value(x, instrument, account)
    cdef tc_value was = row[0]
    value_position(&x.worths[instrument], &x.held[instrument * x.stride + account], 0, row)
    if x.margin_is_kept:
        margin_of(&x.worths[instrument], row)
    count_value(&x.totals[account], &was, row)
    if group != NULL:
        count_value(group, &was, row)
    if account and tc_seldom(row.holds != was.holds):
        change_holders(x, instrument, account)


# A position, or what works in it, has changed, or what it is worth.
cdef inline void revalue(tc_values* x, int32_t instrument, int32_t account) noexcept nogil:
    if tc_seldom(x.is_kept) and (account or x.firm_is_kept):
        revalue_kept(x, instrument, account)


# Only in C: revalue, twice, in Python.
# Of an account, and so of the firm; account 0 is the firm's alone.
cdef inline void revalue_both(tc_values* x, int32_t instrument, int32_t account) noexcept nogil:
    if not tc_seldom(x.is_kept):
        return
    if account:
        revalue_kept(x, instrument, account)
    if x.firm_is_kept:
        revalue_kept(x, instrument, 0)


# What an instrument is worth has changed: so has what each account holds or works of it, and the firm.
cdef inline void revalue_instrument(tc_values* x, int32_t instrument) noexcept nogil:
    cdef int32_t account
    if not x.is_kept:
        return
    revalue(x, instrument, 0)
    account = x.values[instrument * x.stride].next
    while account:
        revalue(x, instrument, account)
        account = x.values[instrument * x.stride + account].next


# When the youngest mark was told, 0 where none was.
cdef inline int64_t last_mark_time(const tc_values* x) noexcept nogil:
    return x.worths[x.newest].time if x.newest else 0


# A mark, which is the youngest now, or no_price(): it has none any more.
cdef inline void set_worth(
    tc_values* x, const tc_instrument* ins, int32_t instrument, int64_t mark, int64_t time
) noexcept nogil:
    cdef tc_worth* w = &x.worths[instrument]
    forget_age(x, instrument)
    x.newest = instrument
    w.mark = mark
    w.time = time
    find_worth(x, ins, w)
    count_age(x, instrument)
    revalue_instrument(x, instrument)


# What equity must cover of an instrument's positions from now on.
cdef inline void set_margins(tc_values* x, int32_t instrument, int32_t initial, int32_t maintenance) noexcept nogil:
    x.worths[instrument].initial = initial
    x.worths[instrument].maintenance = maintenance
    revalue_instrument(x, instrument)


# What a currency is worth, in 10**-12 of the base currency.
cdef inline void set_rate(
    tc_values* x, const tc_instrument* instruments, int32_t instrument_count, int32_t currency, int64_t rate
) noexcept nogil:
    cdef int32_t i
    x.rates[currency] = rate
    for i in range(1, instrument_count + 1):
        if instruments[i].currency == currency and x.worths[i].divisor:
            find_worth(x, &instruments[i], &x.worths[i])
            revalue_instrument(x, i)


# Only in C: a table there has only the rows that were ever held.
cdef inline void revalue_all(tc_values* x, int32_t instrument) noexcept nogil:
    cdef int32_t account
    tc_clear(&x.values[instrument * x.stride], x.stride * sizeof(tc_value))
    x.worths[instrument].is_aged = False
    if x.held[instrument * x.stride].is_used:
        for account in range(x.stride):
            revalue(x, instrument, account)


# Some rule needs the sums, those of margin, or those of the firm from now on, or none any more.
cdef inline void keep_exposures(
    tc_values* x, int32_t instrument_count, bint is_kept, bint margin_is_kept, bint firm_is_kept
) noexcept nogil:
    cdef int32_t i
    cdef bint begins = ((is_kept and not x.is_kept) or (margin_is_kept and not x.margin_is_kept)
                        or (firm_is_kept and not x.firm_is_kept))
    x.is_kept = is_kept
    x.margin_is_kept = margin_is_kept
    x.firm_is_kept = firm_is_kept
    if not begins:
        return
    tc_clear(x.totals, 2 * x.stride * sizeof(tc_total))
    tc_clear(x.group_totals, (x.groups.instrument_count + 1) * sizeof(tc_total))
    tc_clear(&x.worths[0], sizeof(tc_worth))           # no mark is aged
    for i in range(1, instrument_count + 1):
        revalue_all(x, i)


# The time of the oldest mark that is older than `before` of the instrument asked for, or of one that the account holds
# or works and whose session is open; no_price() where there is none. Oldest first, of what some account holds or works:
# where none of those is old, one is looked at.
cdef inline int64_t find_stale(
    const tc_values* x, int32_t instrument, int32_t account, int64_t before
) noexcept nogil:
    cdef const tc_worth* own = &x.worths[instrument]
    cdef bint is_old = own.divisor != 0 and own.mark != no_price() and own.time < before
    cdef int64_t until = own.time if is_old else before
    cdef int32_t at = x.worths[0].younger[0]
    while at and x.worths[at].time < until:
        if x.values[at * x.stride + account].holds and (x.sessions == NULL or x.sessions[at] == SES_OPEN):
            return x.worths[at].time
        at = x.worths[at].younger[0]
    return own.time if is_old else no_price()

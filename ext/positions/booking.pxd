# Booking an entry on the ledger's state, and rebuilding an instrument from its base and its live entries.

from carries cimport *


cdef inline void add_fee(tc_books* b, tc_position* p, const tc_entry* e) noexcept nogil:
    cdef tc_i128* sum = &p.fees
    if e.currency and e.currency != b.tallies[e.instrument].currency:
        sum = &b.charges[row_of(b, e.instrument, e.account) * b.ledger.currency_stride + e.currency]
    sum[0] = sum[0] + e.fee


cdef inline void book_fill(
    tc_books* b, tc_position* p, const tc_entry* e, int64_t trade_id, tc_closings* sink
) noexcept nogil:
    cdef int64_t inverse_scale = b.tallies[e.instrument].inverse_scale
    cdef tc_i128 value = value_of(inverse_scale, e.qty, e.price)
    cdef int64_t price = no_price() if inverse_scale else e.price
    cdef tc_i128* carried
    if sink != NULL:
        sink.account = e.account
    if b.method == METHOD_AVERAGE:
        book_average(p, e.qty, value, price, sink)
    else:
        book_trade(&b.lots, p, b.method, e.qty, value, price, trade_id, e.transact_time, e.lot, sink)
    tc_assert((b.method == METHOD_AVERAGE) | ((p.qty == 0) == (p.first_lot == 0)))
    tc_assert(tc_abs(p.qty) <= position_max())
    if e.kind == ENTRY_OPENING:
        carried = &b.carried[row_of(b, e.instrument, e.account)]
        carried[0] = carried[0] + value
        b.carries = b.doubts = True
    add_fee(b, p, e)


# Only in C: `book_fill` in Python.
# The same for most fills where lots close as they were opened, once, in the loop that books a batch.
cdef inline void book_in_turn(tc_books* b, tc_position* p, const tc_entry* e, int64_t trade_id) noexcept nogil:
    cdef int64_t inverse_scale = b.tallies[e.instrument].inverse_scale
    cdef int64_t price = no_price() if inverse_scale else e.price
    take_turns(&b.lots, p, b.method == METHOD_LIFO, e.qty, value_of(inverse_scale, e.qty, e.price), price, trade_id,
               e.transact_time)
    tc_assert(((p.qty == 0) == (p.first_lot == 0)) & (tc_abs(p.qty) <= position_max()))
    add_fee(b, p, e)


cdef inline void book_split(tc_books* b, const tc_entry* e) noexcept nogil:
    cdef int32_t account
    for account in range(1, b.accounts + 1):
        split_lots(&b.lots, position_of(&b.ledger, e.instrument, account), e.qty, e.price)


# Money units for a whole unit, on what each account holds; rounded half to even, once each. A short position pays.
cdef inline void book_dividend(tc_books* b, const tc_entry* e) noexcept nogil:
    cdef int32_t account
    cdef tc_i128* sum
    cdef tc_i128 due
    for account in range(1, b.accounts + 1):
        due = tc_wide(position_of(&b.ledger, e.instrument, account).qty, e.price)
        sum = &b.incomes[row_of(b, e.instrument, account) * b.ledger.currency_stride + e.currency]
        sum[0] = sum[0] + tc_round_half_even(due, b.tallies[e.instrument].lots_per_unit)


cdef inline void book_transfer(tc_books* b, const tc_entry* e, tc_closings* sink) noexcept nogil:
    cdef tc_i128 moved
    cdef tc_i128* source = &b.carried[row_of(b, e.instrument, e.account)]
    cdef tc_i128* target = &b.carried[row_of(b, e.instrument, e.contra)]
    tc_assert((e.account != e.contra) & (e.qty <= tc_abs(position_of(&b.ledger, e.instrument, e.account).qty)))
    if sink != NULL:
        sink.account = e.contra
    moved = move_lots(&b.lots, position_of(&b.ledger, e.instrument, e.account),
                      position_of(&b.ledger, e.instrument, e.contra), b.method, e.qty, e.lot, sink)
    b.carries = b.doubts = True
    source[0] = source[0] - moved
    target[0] = target[0] + moved


# The state after an entry that find_bad found good; columns and sums are left to the caller.
cdef inline void book_entry(tc_books* b, const tc_entry* e, int64_t trade_id, tc_closings* sink) noexcept nogil:
    if sink != NULL:
        sink.instrument = e.instrument
        sink.trade_id = trade_id
        sink.time = e.transact_time
    if e.kind <= ENTRY_OPENING:
        book_fill(b, position_of(&b.ledger, e.instrument, e.account), e, trade_id, sink)
    elif e.kind == ENTRY_SPLIT:
        book_split(b, e)
    elif e.kind == ENTRY_DIVIDEND:
        book_dividend(b, e)
    elif e.kind == ENTRY_TRANSFER:
        book_transfer(b, e, sink)
    elif e.kind == ENTRY_CARRY:
        book_carry(b, e, trade_id)
    else:
        book_shed(b, e)


# Makes the log's next entry, which stands there already, its last, and that of its instrument's chain.
cdef inline void append_entry(tc_books* b, const tc_entry* e) noexcept nogil:
    cdef tc_tally* t = &b.tallies[e.instrument]
    b.entry_count += 1
    if t.last_entry:
        b.entries[t.last_entry - 1].next = <int32_t>b.entry_count
    else:
        t.first_entry = <int32_t>b.entry_count
    t.last_entry = <int32_t>b.entry_count
    tc_assert((b.entry_count <= b.entry_most) & (t.first_entry <= t.last_entry))
    tc_assert(b.entries[t.last_entry - 1].next == 0)


# Only in C: the twin asks find_bad_fill alone.
# Has find_bad_fill anything to say to this fill, or to look at twice? Seldom: one answer for all of its reasons.
cdef inline bint may_be_bad(const tc_books* b, const tc_position* p, const tc_entry* e) noexcept nogil:
    cdef const tc_tally* t = &b.tallies[e.instrument]
    return (
        (tc_abs(p.qty + e.qty) > position_max()) | (t.doubts != 0)
        | is_beyond_sum(p.realised) | b.doubts | (b.lots.open_count >= b.lots.most))


# Checks, books and logs the entry that stands behind the log's last. A reason leaves everything as it was.
cdef inline int add_entry(tc_books* b, tc_finding* found) noexcept nogil:
    cdef const tc_entry* e = &b.entries[b.entry_count]
    cdef tc_position* p = NULL
    cdef int64_t qty = 0
    cdef tc_i128 cost = 0
    cdef int reason = ENTRY_GOOD
    if e.kind <= ENTRY_OPENING:
        p = position_of(&b.ledger, e.instrument, e.account)
        qty, cost = p.qty, p.cost
        if tc_seldom(may_be_bad(b, p, e)):
            reason = find_bad_fill(b, p, e, True, found)
    else:
        reason = find_bad(b, e, True, found)
    if reason:
        return reason
    if p != NULL:
        if b.in_turn and not e.lot and e.kind == ENTRY_FILL:
            book_in_turn(b, p, e, b.forgotten + b.entry_count + 1)
        else:
            book_fill(b, p, e, b.forgotten + b.entry_count + 1, NULL)
        follow(b, e.instrument, e.account, p, qty, cost)
    else:
        book_entry(b, e, b.forgotten + b.entry_count + 1, NULL)
        retally(b, e.instrument)
    append_entry(b, e)
    return ENTRY_GOOD


cdef inline void reset_sums(tc_books* b, int64_t row) noexcept nogil:
    cdef int64_t currency, at
    b.carried[row] = b.base_carried[row]
    for currency in range(b.ledger.currency_stride):
        at = row * b.ledger.currency_stride + currency
        b.charges[at] = b.base_charges[at]
        b.incomes[at] = b.base_incomes[at]


# One instrument as it was when trades were last forgotten.
cdef inline void reset_to_base(tc_books* b, int32_t instrument) noexcept nogil:
    cdef int32_t account, row
    cdef tc_position* p
    cdef const tc_position* base
    cdef const tc_lot* lot
    for account in range(1, b.accounts + 1):
        p = position_of(&b.ledger, instrument, account)
        base = &b.base_positions[row_of(b, instrument, account)]
        drop_lots(&b.lots, p)
        p.qty = base.qty
        p.cost = base.cost
        p.realised = base.realised
        p.fees = base.fees
        reset_sums(b, row_of(b, instrument, account))
        row = base.first_lot
        while row:
            lot = &b.base_lots[row]
            open_lot(&b.lots, p, lot.qty, lot.cost, lot.price, lot.trade_id, lot.opened)
            row = newer_lot(b.base_lots, base, row)


cdef inline void free_lots(tc_books* b, int32_t instrument) noexcept nogil:
    cdef int32_t account
    for account in range(1, b.accounts + 1):
        drop_lots(&b.lots, position_of(&b.ledger, instrument, account))


cdef inline int replay_chain(tc_books* b, int32_t instrument, int64_t* failed, tc_finding* found) noexcept nogil:
    cdef int32_t row = b.tallies[instrument].first_entry
    cdef int reason
    while row:
        failed[0] = b.forgotten + row
        if b.entries[row - 1].status != ENTRY_BUSTED:
            reason = find_bad(b, &b.entries[row - 1], False, found)
            if reason:
                return reason
            book_entry(b, &b.entries[row - 1], b.forgotten + row, NULL)
        row = b.entries[row - 1].next
    return ENTRY_GOOD


# Base, then the live entries in order. A reason says why entry `failed` can't follow those before it; the state is
# then of no use until it is rebuilt from entries that can. On the way an instrument may hold as many lots as the
# ledger, whatever the others hold by now: the table has twice the rows, so that what once fitted can be replayed.
cdef inline int rebuild(tc_books* b, int32_t instrument, int64_t* failed, tc_finding* found) noexcept nogil:
    cdef int32_t most = b.lots.most
    cdef int reason
    free_lots(b, instrument)
    tc_assert((b.lots.open_count >= 0) & (b.lots.open_count <= most))
    b.lots.most = b.lots.open_count + most
    reset_to_base(b, instrument)
    reason = replay_chain(b, instrument, failed, found)
    b.lots.most = most
    if not reason and b.lots.open_count > most:
        found.value = b.lots.open_count
        found.bound = most
        return LOTS_FULL
    retally(b, instrument)
    return reason


# Cuts an instrument's chain after entry `count` and frees its lots.
cdef inline void cut_chain(tc_books* b, int32_t instrument, int64_t count) noexcept nogil:
    cdef tc_tally* t = &b.tallies[instrument]
    cdef int32_t row = t.first_entry if t.first_entry <= count else 0
    t.first_entry = row
    t.last_entry = row
    while row and b.entries[row - 1].next and b.entries[row - 1].next <= count:
        row = b.entries[row - 1].next
        t.last_entry = row
    if row:
        b.entries[row - 1].next = 0
    tc_assert((t.first_entry <= t.last_entry) & (t.last_entry <= count))
    free_lots(b, instrument)


# Takes back the entries from `count` on, the last batch, as if they had never come. All lots of the batch's instruments
# are freed before the first is rebuilt: what one gave up, another may hold.
cdef inline void take_back(tc_books* b, int64_t count) noexcept nogil:
    cdef int64_t at, failed = 0
    cdef tc_finding found
    for at in range(count, b.entry_count):
        b.entries[at].spare = b.tallies[b.entries[at].instrument].last_entry > count
        if b.entries[at].spare:
            cut_chain(b, b.entries[at].instrument, count)
    for at in range(count, b.entry_count):
        if b.entries[at].spare:
            rebuild(b, b.entries[at].instrument, &failed, &found)
    b.entry_count = count


# Exposure sums of every account, from the positions and marks.
cdef inline void recompute_exposures(tc_books* b, int32_t instruments) noexcept nogil:
    cdef int64_t at
    cdef int32_t instrument, account
    cdef int64_t mark, qty
    for at in range((b.accounts + 1) * b.bucket_stride):
        b.exposures[at].gross = 0
        b.exposures[at].net = 0
    for instrument in range(1, instruments + 1):
        mark = b.ledger.marks[instrument]
        if mark == no_price() or b.tallies[instrument].gross == 0:
            continue
        for account in range(1, b.accounts + 1):
            qty = b.qtys[column_of(b, instrument, account)]
            if qty:
                add_exposure(b, instrument, account, 0, qty, mark, mark)
    b.exposures_are_stale = False


# A mark, and what it changes in the exposure of each account.
cdef inline void set_mark(tc_books* b, int32_t instrument, int64_t mark) noexcept nogil:
    cdef int64_t before = b.ledger.marks[instrument], qty
    cdef int32_t account
    if not b.exposures_are_stale and b.tallies[instrument].gross != 0:
        for account in range(1, b.accounts + 1):
            qty = b.qtys[column_of(b, instrument, account)]
            if qty:
                add_exposure(b, instrument, account, qty, qty, before, mark)
    b.ledger.marks[instrument] = mark

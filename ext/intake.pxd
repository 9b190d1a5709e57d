# What goes into the ledger and what is summed out of it, row by row: the rows of a batch as entries, the lines that
# they will touch fetched ahead, and the sums of one account.

from libc.string cimport memset
from booking cimport *


cdef enum:
    AHEAD = 32                     # entries between the door and the books, a power of two
    AHEAD_STEP = 8                 # entries between one step of fetching and the next


# An entry on its way from the door to the books, and how far the fetching of its lots has come.
cdef struct tc_coming:
    tc_entry entry
    const tc_position* position    # NULL where the entry is no fill
    int64_t lot, left              # the lot fetched last, and what is left to close when that one is reached
    int64_t spare[5]               # two cache lines


cdef packed struct tc_booking:
    int32_t instrument, account
    int64_t qty, price, fee


cdef struct tc_account_sums:
    tc_i128 realised, cost, carried, unrealised, fees


cdef inline void load_entry(tc_entry* e, const unsigned char* row, bint whole) noexcept nogil:
    cdef const tc_booking* f = <const tc_booking*>row
    if whole:
        e[0] = (<const tc_entry*>row)[0]
        e.status = e.spare = 0
        return
    memset(e, 0, sizeof(tc_entry))
    e.instrument, e.account, e.qty, e.price, e.fee = f.instrument, f.account, f.qty, f.price, f.fee


# The lines that a fill will touch; ids were checked.
cdef inline void fetch_rows(const tc_books* b, tc_coming* next) noexcept nogil:
    cdef const tc_entry* e = &next.entry
    cdef int64_t at
    next.position = NULL
    if e.kind > ENTRY_OPENING:
        return
    at = column_of(b, e.instrument, e.account)
    next.position = position_of(&b.ledger, e.instrument, e.account)
    tc_prefetch(next.position)
    tc_prefetch(&b.tallies[e.instrument])
    tc_prefetch(&b.carried[row_of(b, e.instrument, e.account)])
    tc_prefetch(&b.qtys[at])
    tc_prefetch(&b.words[at] if b.splits[e.instrument - 1] else <int64_t*>&b.small_qtys[at])
    tc_prefetch(&b.costs_low[at])
    tc_prefetch(&b.costs_high[at])


# The lot that a fill will touch first: what it takes from, or what it comes after. By masks, since no branch predictor
# knows which of the two it is.
cdef inline void fetch_lot(const tc_books* b, tc_coming* next) noexcept nogil:
    cdef const tc_position* p = next.position
    cdef int64_t closes = (p.qty ^ next.entry.qty) >> 63
    next.left = tc_abs(next.entry.qty) & closes
    next.lot = p.last_lot
    if b.method != METHOD_LIFO:
        next.lot ^= (p.first_lot ^ p.last_lot) & closes
    tc_prefetch(&b.lots.rows[next.lot])


# The lot after it, where it does not hold enough.
cdef inline void fetch_next_lot(const tc_books* b, tc_coming* next) noexcept nogil:
    cdef const tc_lot* lot = &b.lots.rows[next.lot]
    cdef int32_t after = lot.prev if b.method == METHOD_LIFO else lot.next
    cdef int64_t goes_on = (lot.qty - next.left) >> 63
    next.left -= lot.qty & goes_on
    next.lot ^= (next.lot ^ after) & goes_on
    tc_prefetch(&b.lots.rows[next.lot])


# What is fetched while entry `at - AHEAD` is booked: step by step, since each step's address stands in what the step
# before has fetched. It decides nothing, and may fetch in vain.
cdef inline void fetch_ahead(const tc_books* b, tc_coming* ring, int64_t at, int64_t count) noexcept nogil:
    cdef tc_coming* next = &ring[at & (AHEAD - 1)]
    cdef int step
    if at < count:
        fetch_rows(b, next)
    if b.method == METHOD_AVERAGE:
        return
    for step in range(3):
        at -= AHEAD_STEP
        next = &ring[at & (AHEAD - 1)]
        if 0 <= at < count and next.position != NULL:
            if step == 0:
                fetch_lot(b, next)
            else:
                fetch_next_lot(b, next)


# Adds one position to its account's sums; 1 where it is held and has no mark, and so is left out of unrealised.
cdef inline int sum_position(
    const tc_books* b, int32_t instrument, int32_t account, int64_t bid, int64_t ask, tc_account_sums* sums,
    tc_i128* charges, tc_i128* incomes
) noexcept nogil:
    cdef const tc_position* p = position_of(&b.ledger, instrument, account)
    cdef int64_t at = row_of(b, instrument, account), c
    cdef tc_i128 value
    sums.realised, sums.cost = sums.realised + p.realised, sums.cost + p.cost
    sums.carried, sums.fees = sums.carried + b.carried[at], sums.fees + p.fees
    at *= b.ledger.currency_stride
    for c in range(1, b.ledger.currency_stride):
        charges[c] = charges[c] + b.charges[at + c]
        incomes[c] = incomes[c] + b.incomes[at + c]
    if p.qty == 0:
        return 0
    if bid == no_price() or ask == no_price():
        return 1
    value = value_of(b.tallies[instrument].inverse_scale, p.qty, bid if p.qty > 0 else ask)
    sums.unrealised = sums.unrealised + value - p.cost
    return 0

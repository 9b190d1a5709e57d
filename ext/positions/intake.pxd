# What goes into the ledger and what is summed out of it, row by row: the rows of a batch as entries of the log, the
# lines that they will touch fetched ahead, and the sums of one account.
# Only in C: fetching memory ahead; a twin books row by row.

from libc.string cimport memset
from booking cimport *


cdef enum:
    AHEAD = 32                     # entries between the door and the books, a power of two
    AHEAD_STEP = 8                 # entries between one step of fetching and the next


# How far the fetching for an entry has come that waits between the door and the books.
cdef struct tc_coming:
    const tc_position* position    # one that is never held, where the entry is no fill
    const tc_lot* lot              # the lot fetched last
    int64_t qty, closes            # of the fill; -1 where it closes, 0 where it opens


cdef packed struct tc_booking:
    int32_t instrument, account
    int64_t qty, price, fee, transact_time, exec_id


cdef struct tc_account_sums:
    tc_i128 realised, cost, carried, unrealised, fees


# What the log will hold of a row; status and chain are the ledger's own. One without a time came `now`.
cdef inline void load_entry(tc_entry* e, const unsigned char* row, bint whole, int64_t now) noexcept nogil:
    cdef const tc_booking* f = <const tc_booking*>row
    if whole:
        e[0] = (<const tc_entry*>row)[0]
        e.status = 0
        e.spare = 0
        e.next = 0
        e.transact_time += now & -<int64_t>(e.transact_time == 0)
        return
    memset(e, 0, sizeof(tc_entry))
    e.instrument = f.instrument
    e.account = f.account
    e.qty = f.qty
    e.price = f.price
    e.fee = f.fee
    e.transact_time = f.transact_time + (now & -<int64_t>(f.transact_time == 0))


cdef inline bint is_within(int64_t value, int64_t most) noexcept nogil:
    return <uint64_t>value + <uint64_t>most <= 2 * <uint64_t>most


# Whether an entry is a fill or an opening within the door's bounds; what a row of FILL_DTYPE does not have is 0. One
# answer for all of them: a row that is none is rare, and looked at again for the reason.
cdef inline bint is_plain_fill(const tc_books* b, int32_t instruments, const tc_entry* e, bint whole) noexcept nogil:
    if whole and not (
        (e.kind <= ENTRY_OPENING) & (e.currency < b.ledger.currency_stride) & (e.strategy >= 0)
        & (<uint64_t>e.lot <= <uint64_t>fee_max())
    ):
        return False
    return (
        (<uint32_t>e.instrument - 1 < <uint32_t>instruments) & (<uint32_t>e.account - 1 < <uint32_t>b.accounts)
        & (e.qty != 0) & is_within(e.qty, qty_max()) & is_within(e.price, price_max())
        & is_within(e.fee, fee_max()) & (<uint64_t>e.transact_time <= <uint64_t>time_max()))


# The lines that a fill will touch; ids were checked.
cdef inline void fetch_rows(const tc_books* b, const tc_entry* e, tc_coming* next) noexcept nogil:
    cdef int64_t at
    next.position = b.ledger.positions
    next.qty = e.qty
    if e.kind > ENTRY_OPENING:
        return
    tc_assert((e.instrument >= 1) & (e.account >= 1) & (e.account <= b.accounts))
    at = column_of(b, e.instrument, e.account)
    next.position = position_of(&b.ledger, e.instrument, e.account)
    tc_prefetch(next.position)
    tc_prefetch(&b.tallies[e.instrument])
    tc_prefetch(&b.qtys[at])
    tc_prefetch(&b.words[at] if b.forms[e.instrument - 1].split else <int64_t*>&b.small_qtys[at])
    tc_prefetch(&b.costs_low[at])
    tc_prefetch(&b.costs_high[at])


# The lot that a fill will touch first: what it takes from, or what it comes after. By masks, since no branch predictor
# knows which of the two it is.
cdef inline void fetch_lot(const tc_lot* rows, bint is_lifo, tc_coming* next) noexcept nogil:
    cdef const tc_position* p = next.position
    cdef int32_t taken = p.last_lot if is_lifo else p.first_lot
    next.closes = (p.qty ^ next.qty) >> 63
    next.lot = &rows[p.last_lot ^ ((p.last_lot ^ taken) & next.closes)]
    tc_prefetch(next.lot)


# The lot after it. Whether the one before holds enough costs more to ask than it saves.
cdef inline void fetch_next_lot(const tc_lot* rows, bint is_lifo, tc_coming* next) noexcept nogil:
    next.lot = &rows[(next.lot.prev if is_lifo else next.lot.next) & next.closes]
    tc_prefetch(next.lot)


cdef inline void start_fetching(const tc_books* b, tc_coming* ring) noexcept nogil:
    cdef int at
    for at in range(AHEAD):
        ring[at].position = b.ledger.positions
        ring[at].lot = b.lots.rows
        ring[at].qty = 0
        ring[at].closes = 0


# What is fetched of the lots while entry `at - AHEAD` is booked: step by step, since each step's address stands in what
# the step before has fetched. It decides nothing, and may fetch in vain, also for places that no entry has taken yet.
cdef inline void fetch_ahead(const tc_books* b, tc_coming* ring, int64_t at) noexcept nogil:
    cdef const tc_lot* rows = b.lots.rows
    cdef bint is_lifo = b.method == METHOD_LIFO
    if b.method != METHOD_AVERAGE:
        fetch_lot(rows, is_lifo, &ring[(at - AHEAD_STEP) & (AHEAD - 1)])
        fetch_next_lot(rows, is_lifo, &ring[(at - 2 * AHEAD_STEP) & (AHEAD - 1)])
        fetch_next_lot(rows, is_lifo, &ring[(at - 3 * AHEAD_STEP) & (AHEAD - 1)])


# Adds one position to its account's sums; 1 where it is held and has no mark, and so is left out of unrealised.
cdef inline int sum_position(
    const tc_books* b, int32_t instrument, int32_t account, int64_t bid, int64_t ask, tc_account_sums* sums,
    tc_i128* charges, tc_i128* incomes
) noexcept nogil:
    cdef const tc_position* p = position_of(&b.ledger, instrument, account)
    cdef int64_t at = row_of(b, instrument, account), c
    cdef tc_i128 value
    tc_assert((p.qty != 0) | (p.cost == 0))
    sums.realised = sums.realised + p.realised
    sums.cost = sums.cost + p.cost
    sums.carried = sums.carried + b.carried[at]
    sums.fees = sums.fees + p.fees
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

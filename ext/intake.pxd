# What goes into the ledger and what is summed out of it, row by row: the rows of a batch as entries, the lines that
# they will touch fetched ahead, and the sums of one account.

from libc.string cimport memset
from booking cimport *


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
cdef inline void fetch_rows(const tc_books* b, const tc_entry* e) noexcept nogil:
    if e.kind <= ENTRY_OPENING:
        tc_prefetch(position_of(&b.ledger, e.instrument, e.account))
        tc_prefetch(&b.qtys[column_of(b, e.instrument, e.account)])
        tc_prefetch(&b.small_qtys[column_of(b, e.instrument, e.account)])
        tc_prefetch(&b.costs_low[column_of(b, e.instrument, e.account)])
        tc_prefetch(&b.costs_high[column_of(b, e.instrument, e.account)])


# The oldest and the newest lot, once the position itself has come.
cdef inline void fetch_lots(const tc_books* b, const tc_entry* e) noexcept nogil:
    cdef const tc_position* p
    if e.kind <= ENTRY_OPENING and b.method != METHOD_AVERAGE:
        p = position_of(&b.ledger, e.instrument, e.account)
        tc_prefetch(&b.lots.rows[p.first_lot])
        tc_prefetch(&b.lots.rows[p.last_lot])


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

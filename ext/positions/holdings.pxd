# All that is held or was, position by position, for reports: one pass over the table.

from booking cimport *


# A position as a report reads it, wide numbers in their halves.
cdef packed struct tc_holding:
    int32_t instrument, account
    int64_t qty, cost_low, cost_high, realised_low, realised_high, fees_low, fees_high


# Writes the positions that are held or were, at most `most` of them; gives how many there are.
cdef inline int64_t note_holdings(
    const tc_books* b, int32_t instruments, tc_holding* rows, int64_t most
) noexcept nogil:
    cdef const tc_position* p
    cdef tc_holding* row
    cdef int64_t count = 0
    cdef int32_t instrument, account
    for instrument in range(1, instruments + 1):
        for account in range(1, b.accounts + 1):
            p = position_of(&b.ledger, instrument, account)
            if p.qty == 0 and p.cost == 0 and p.realised == 0 and p.fees == 0:
                continue
            if count < most:
                row = &rows[count]
                row.instrument = instrument
                row.account = account
                row.qty = p.qty
                row.cost_low = <int64_t>tc_low(p.cost)
                row.cost_high = tc_high(p.cost)
                row.realised_low = <int64_t>tc_low(p.realised)
                row.realised_high = tc_high(p.realised)
                row.fees_low = <int64_t>tc_low(p.fees)
                row.fees_high = tc_high(p.fees)
            count += 1
    return count

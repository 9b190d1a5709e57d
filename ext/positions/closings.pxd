# Every closed piece of a lot, for reports: the log is booked again on the side, where each piece is noted.

from booking cimport *


# When a position was last opened from flat, or through zero.
cdef inline void mark_since(tc_closings* sink, const tc_position* p, int64_t before) noexcept nogil:
    cdef bint opens = p.qty != 0 and (before == 0 or (before > 0) != (p.qty > 0))
    if opens:
        sink.since[p - sink.positions] = sink.time


# Books an entry, and notes what it closes. Only a commission in the instrument's currency is shared out.
cdef inline void note_entry(tc_books* side, const tc_entry* e, int64_t trade_id, tc_closings* sink) noexcept nogil:
    cdef tc_position* p = position_of(&side.ledger, e.instrument, e.account)
    cdef tc_position* target = position_of(&side.ledger, e.instrument, e.contra)
    cdef int64_t before = p.qty, target_before = target.qty
    sink.fee, sink.qty = 0, tc_abs(e.qty)
    if e.kind <= ENTRY_OPENING and (e.currency == 0 or e.currency == side.tallies[e.instrument].currency):
        sink.fee = e.fee
    book_entry(side, e, trade_id, sink)
    if e.kind == ENTRY_SHED and p.qty == 0:
        sink.pools[p - sink.positions] = 0
    if e.kind <= ENTRY_OPENING or e.kind >= ENTRY_TRANSFER:
        mark_since(sink, p, before)
        mark_since(sink, target, target_before)


# Instrument by instrument, each alone: so it never holds more lots than its ledger may.
cdef inline void note_closings(
    const tc_books* b, tc_books* side, int32_t instruments, tc_closings* sink
) noexcept nogil:
    cdef int32_t instrument, account, row
    for instrument in range(1, instruments + 1):
        row = b.tallies[instrument].first_entry
        for account in range(1, b.accounts + 1):
            sink.pools[row_of(b, instrument, account)] = 0
            sink.since[row_of(b, instrument, account)] = 0
        reset_to_base(side, instrument)
        while row:
            if b.entries[row - 1].status != ENTRY_BUSTED:
                note_entry(side, &b.entries[row - 1], b.forgotten + row, sink)
            row = b.entries[row - 1].next
        free_lots(side, instrument)

# What venues said and can't be booked whole: kept with all it said until an operator books or dismisses it. It books
# nothing, and blocks nothing by itself.

from libc.string cimport memcmp, memmove
from notes cimport *


cdef struct tc_unbooked:
    tc_command said
    int64_t number, time, order_id, value, bound
    int64_t low, high              # by how many quantity units it may move a position; with no instrument, in 10**-9
    int32_t instrument, account    # whose orders it blocks, 0: all of the account's; account 0: nobody's
    int64_t reason
    int64_t size
    char text[NOTE_SIZE]


cdef struct tc_unbooked_table:
    tc_unbooked* rows              # oldest first
    int64_t used, most
    int64_t count                  # ever
    uint64_t digest                # over all that ever came and went, for the state hash


# Adds a row, which the caller has filled but for its number, and for whose place it has checked the room.
cdef inline void keep_unbooked(tc_unbooked_table* table, tc_unbooked* row, uint64_t exec_id_hash) noexcept nogil:
    cdef uint64_t words[12]
    table.count += 1
    table.used += 1
    row.number = table.count
    words[0] = <uint64_t>row.number
    words[1] = <uint64_t>row.time
    words[2] = <uint64_t>row.order_id
    words[3] = <uint64_t>row.reason
    words[4] = <uint64_t>row.value
    words[5] = <uint64_t>row.bound
    words[6] = <uint64_t><int64_t>row.instrument
    words[7] = <uint64_t><int64_t>row.account
    words[8] = <uint64_t>row.low
    words[9] = <uint64_t>row.high
    words[10] = <uint64_t>row.said.last_px
    words[11] = exec_id_hash
    table.digest = chain_digest(table.digest, digest_words(words, 12))


# Only in C: a dict in Python.
cdef inline tc_unbooked* find_unbooked(const tc_unbooked_table* table, int64_t number) noexcept nogil:
    cdef int64_t i
    for i in range(table.used):
        if table.rows[i].number == number:
            return &table.rows[i]
    return NULL


# An operator has decided about a row.
cdef inline void drop_unbooked(tc_unbooked_table* table, tc_unbooked* row, bint booked) noexcept nogil:
    cdef uint64_t words[2]
    cdef int64_t behind = table.used - 1 - (row - table.rows)
    words[0] = <uint64_t>row.number
    words[1] = booked
    table.digest = chain_digest(table.digest, digest_words(words, 2))
    memmove(row, row + 1, <size_t>behind * sizeof(tc_unbooked))
    table.used -= 1


# Is this report delivered again? One without an id is never known.
cdef inline bint is_same_report(
    const tc_unbooked* row, const tc_command* c, const char* text, int64_t size
) noexcept nogil:
    cdef const tc_command* said = &row.said
    return (c.exec_id > 0 and said.kind == c.kind and said.exec_type == c.exec_type and said.venue == c.venue
            and said.instrument == c.instrument and said.side == c.side and said.exec_id == c.exec_id
            and said.last_qty == c.last_qty and said.last_px == c.last_px and row.size == size
            and said.cl_ord_id == c.cl_ord_id and said.told == c.told     # which lies where exec_ref_id does
            and said.commission == c.commission and said.currency == c.currency
            and memcmp(row.text, text, <size_t>size) == 0)

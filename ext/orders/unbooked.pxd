# What venues said and can't be booked whole: kept with all it said until an operator books or dismisses it, and known
# for two rolls of the day after that. Where more comes than there is room for, one more row has the first of it, and
# counts. It books nothing, and blocks nothing by itself.

from libc.string cimport memcmp, memmove
from notes cimport *
from trades cimport *


cdef enum:
    EVERYBODY = -1


cdef struct tc_unbooked:
    tc_command said
    int64_t number, time, order_id, value, bound
    int64_t low, high              # by how many quantity units it may move a position; with no instrument, in 10**-9
    int32_t instrument, account    # whose orders it blocks, 0: all of the account's; account 0: nobody's; EVERYBODY
    int64_t reason
    int64_t day                    # on which an operator has decided about it
    int64_t size
    char text[NOTE_SIZE]


cdef struct tc_unbooked_table:
    tc_unbooked* rows              # oldest first; at most `most`, and one more for all that found no room
    int64_t used, most
    int64_t overflow               # that one's number, 0 where there is none
    int64_t* blocking              # by account: how many rows block it
    tc_unbooked* settled           # ring of `most`: the newest that an operator has decided about
    int64_t decided                # ever
    int64_t count                  # ever
    uint64_t digest                # over all that ever came and went, for the state hash


cdef inline bint has_room(const tc_unbooked_table* table) noexcept nogil:
    return table.used - (table.overflow != 0) < table.most


# The id that it names its order with, or its trade.
cdef inline int64_t about_of(const tc_command* said) noexcept nogil:
    return said.cl_ord_id                              # exec_ref_id lies where it does


# Adds the row behind the last, which the caller has filled but for its number, and for which it has checked the room.
cdef inline void keep_unbooked(tc_unbooked_table* table, tc_unbooked* row, const tc_texts* texts) noexcept nogil:
    cdef const tc_command* said = &row.said
    cdef uint64_t words[28]
    table.count += 1
    table.used += 1
    row.number = table.count
    if row.account > 0:
        table.blocking[row.account] += 1
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
    words[10] = said.kind
    words[11] = said.exec_type
    words[12] = <uint64_t><int64_t>said.venue
    words[13] = <uint64_t><int64_t>said.instrument
    words[14] = said.side
    words[15] = said.told
    words[16] = <uint64_t>said.last_qty
    words[17] = <uint64_t>said.last_px
    words[18] = <uint64_t>said.commission
    words[19] = <uint64_t><int64_t>said.currency
    words[20] = said.last_mkt
    words[21] = said.last_liquidity_ind
    words[22] = <uint64_t>said.transact_time
    words[23] = <uint64_t>said.note
    words[24] = <uint64_t>row.size
    words[25] = hash_of_id(texts, about_of(said))
    words[26] = hash_of_id(texts, said.exec_id)
    words[27] = hash_of_id(texts, said.venue_order_id)
    table.digest = chain_digest(table.digest, digest_words(words, 28))


# One more report found no room; `row` is the one for all of them.
cdef inline void count_lost(tc_unbooked_table* table, tc_unbooked* row) noexcept nogil:
    cdef uint64_t words[2]
    table.overflow = row.number
    row.value += 1
    words[0] = <uint64_t>row.number
    words[1] = <uint64_t>row.value
    table.digest = chain_digest(table.digest, digest_words(words, 2))


# Only in C: a dict in Python.
cdef inline tc_unbooked* find_unbooked(const tc_unbooked_table* table, int64_t number) noexcept nogil:
    cdef int64_t i
    for i in range(table.used):
        if table.rows[i].number == number:
            return &table.rows[i]
    return NULL


# An operator has decided about a row. What found no room is forgotten, for it may be told again.
cdef inline void drop_unbooked(tc_unbooked_table* table, tc_unbooked* row, bint booked, int64_t day) noexcept nogil:
    cdef uint64_t words[4]
    cdef int64_t behind = table.used - 1 - (row - table.rows)
    words[0] = <uint64_t>row.number
    words[1] = booked
    words[2] = <uint64_t>day
    words[3] = <uint64_t>(table.used - 1)
    table.digest = chain_digest(table.digest, digest_words(words, 4))
    row.day = day
    if row.account > 0:
        table.blocking[row.account] -= 1
    if row.number == table.overflow:
        table.overflow = 0
    else:
        table.settled[tc_floor_mod(table.decided, table.most)] = row[0]
        table.decided += 1
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
            and about_of(said) == about_of(c) and said.told == c.told
            and said.commission == c.commission and said.currency == c.currency
            and (size == 0 or memcmp(row.text, text, <size_t>size) == 0))


# Only in C: a condition in Python.
cdef inline bint is_decided(
    const tc_unbooked* row, const tc_command* c, const char* text, int64_t size, int64_t day
) noexcept nogil:
    return day - row.day <= DAYS_KNOWN and is_same_report(row, c, text, size)


# The number of the report that this one repeats, of what lies here, or was decided about; 0 of a new one.
cdef inline int64_t find_repeated(
    const tc_unbooked_table* table, const tc_command* c, const char* text, int64_t size, int64_t day
) noexcept nogil:
    cdef int64_t i, known = table.decided if table.decided < table.most else table.most
    for i in range(table.used):
        if table.rows[i].number != table.overflow and is_same_report(&table.rows[i], c, text, size):
            return table.rows[i].number
    for i in range(table.decided - known, table.decided):        # the oldest first
        if is_decided(&table.settled[tc_floor_mod(i, table.most)], c, text, size, day):
            return table.settled[tc_floor_mod(i, table.most)].number
    return 0

# The trade log: the newest executions, each trade once by (venue, exec_id, day), and what was booked before them.
# It decides nothing: a position after a bust or a correction is its base, then its surviving trades in order.
#
# When the log is full its oldest trade is folded into the base of its position: it stays booked, and can no longer be
# busted, corrected or known again.

from libc.string cimport memcmp, memcpy
from position cimport *


cdef struct tc_execution:
    tc_i128 commission
    int64_t exec_id
    char venue_exec_id[24]         # empty for the core's own trades
    int64_t order_id, qty, price, day
    int64_t trade                  # of a bust or a correction: the number of its trade's row, 0 for a trade
    int64_t ref_exec_id            # and that trade's exec_id
    int64_t said_qty, said_price   # as the venue first said it, to know a repetition from a reuse
    int32_t instrument, account, venue
    uint8_t exec_type, side, state # BUY or SELL; TRADE_...


cdef struct tc_known:
    uint32_t row                   # its place in the ring + 1, 0: empty
    uint32_t hash


cdef struct tc_trades:
    tc_execution* rows             # ring of row numbers from 1
    uint64_t mask
    int64_t count                  # rows ever
    tc_known* by_id                # the newest row of each venue and id
    uint64_t by_id_mask
    tc_position* bases             # as the ledger's positions
    int64_t folded


cdef inline tc_execution* execution_at(const tc_trades* log, int64_t number) noexcept nogil:
    return &log.rows[<uint64_t>number & log.mask]


# The number of the oldest row that is held.
cdef inline int64_t first_execution(const tc_trades* log) noexcept nogil:
    cdef int64_t first = log.count - <int64_t>log.mask
    return first if first > 1 else 1


cdef inline tc_position* base_of(
    const tc_trades* log, const tc_ledger* ledger, int32_t instrument, int32_t account
) noexcept nogil:
    return &log.bases[instrument * ledger.account_stride + account]


cdef inline void apply_trade(tc_position* p, const tc_execution* trade) noexcept nogil:
    if trade.state == TRADE_LIVE:
        apply_fill(p, trade.qty if trade.side == SIDE_BUY else -trade.qty, trade.price)
        p.fees = p.fees + trade.commission


cdef inline uint32_t hash_execution(int32_t venue, const char* id) noexcept nogil:
    return <uint32_t>tc_fold(tc_word(id) ^ <uint64_t>0x9E3779B97F4A7C15,
                             tc_fold(tc_word(id + 8) ^ <uint64_t>0xC2B2AE3D27D4EB4F,
                                     tc_word(id + 16) ^ <uint64_t>venue ^ <uint64_t>0x165667B19E3779F9))


# The place of an id in the table: that of its newest row, or the empty one where it belongs. The hash stands beside the
# row's place, so that a probe reads a row only where it is the one.
cdef inline tc_known* find_execution_place(
    const tc_trades* log, int32_t venue, const char* id, uint32_t hash
) noexcept nogil:
    cdef uint64_t at = hash & log.by_id_mask
    cdef const tc_execution* row
    while log.by_id[at].row != 0:
        if log.by_id[at].hash == hash:
            row = &log.rows[log.by_id[at].row - 1]
            if row.venue == venue and memcmp(row.venue_exec_id, id, 24) == 0:
                break
        at = (at + 1) & log.by_id_mask
    return &log.by_id[at]


# The newest execution with this id at this venue, or NULL.
cdef inline tc_execution* find_execution(const tc_trades* log, int32_t venue, const char* id) noexcept nogil:
    cdef uint32_t number
    if id[0] == 0:
        return NULL
    number = find_execution_place(log, venue, id, hash_execution(venue, id)).row
    return NULL if number == 0 else &log.rows[number - 1]


# The number of a row that is held.
cdef inline int64_t number_of(const tc_trades* log, const tc_execution* row) noexcept nogil:
    cdef int64_t place = row - log.rows
    return log.count - <int64_t>(<uint64_t>(log.count - place) & log.mask)


cdef inline void forget_execution(tc_trades* log, tc_known* place) noexcept nogil:
    cdef uint64_t hole = place - log.by_id, at = hole
    while True:
        at = (at + 1) & log.by_id_mask
        if log.by_id[at].row == 0:
            break
        if ((at - log.by_id[at].hash) & log.by_id_mask) >= ((at - hole) & log.by_id_mask):
            log.by_id[hole] = log.by_id[at]
            hole = at
    log.by_id[hole].row = 0


cdef inline void fold_trade(tc_trades* log, tc_execution* trade) noexcept nogil:
    trade.state = TRADE_FOLDED
    log.folded += 1


# The row of the next execution; the oldest leaves when there is no room, its trade folded into its position's base.
# The caller fills all of it, then calls know_execution.
cdef inline tc_execution* append_execution(tc_trades* log, const tc_ledger* ledger) noexcept nogil:
    cdef tc_execution* row
    cdef tc_known* place
    log.count += 1
    row = execution_at(log, log.count)
    if log.count > <int64_t>log.mask + 1:
        if row.trade == 0 and row.state != TRADE_FOLDED:
            apply_trade(base_of(log, ledger, row.instrument, row.account), row)
            fold_trade(log, row)
        if row.venue_exec_id[0]:
            place = find_execution_place(log, row.venue, row.venue_exec_id,
                                         hash_execution(row.venue, row.venue_exec_id))
            if place.row and &log.rows[place.row - 1] == row:
                forget_execution(log, place)
    return row


# From now on its id is known as that of this row.
cdef inline void know_execution(tc_trades* log, tc_execution* row) noexcept nogil:
    cdef tc_known* place
    if row.venue_exec_id[0]:
        place = find_execution_place(log, row.venue, row.venue_exec_id, hash_execution(row.venue, row.venue_exec_id))
        place.row, place.hash = <uint32_t>(row - log.rows) + 1, hash_execution(row.venue, row.venue_exec_id)


cdef inline bint is_of_position(const tc_execution* row, int32_t instrument, int32_t account) noexcept nogil:
    return (row.trade == 0 and row.instrument == instrument and row.account == account
            and row.state != TRADE_FOLDED)


# The position as its base and its surviving trades in order make it; walks the log, for busts are rare.
cdef inline void rebuild_position(
    tc_trades* log, tc_ledger* ledger, int32_t instrument, int32_t account
) noexcept nogil:
    cdef tc_position* p = position_of(ledger, instrument, account)
    cdef int64_t number
    p[0] = base_of(log, ledger, instrument, account)[0]
    for number in range(first_execution(log), log.count + 1):
        if is_of_position(execution_at(log, number), instrument, account):
            apply_trade(p, execution_at(log, number))


# Makes a position final as it is: what changes it from outside (a split, an opening) has no place among trades.
cdef inline void fold_position(tc_trades* log, tc_ledger* ledger, int32_t instrument, int32_t account) noexcept nogil:
    cdef int64_t number
    for number in range(first_execution(log), log.count + 1):
        if is_of_position(execution_at(log, number), instrument, account):
            fold_trade(log, execution_at(log, number))
    base_of(log, ledger, instrument, account)[0] = position_of(ledger, instrument, account)[0]

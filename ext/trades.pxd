# The trade log: the newest executions, each trade once by (venue, exec_id, day), and what was booked before them.
# It decides nothing: a position after a bust or a correction is its base, then its surviving trades in order.
#
# When the log is full its oldest trade is folded into the base of its position: it stays booked, and can no longer be
# busted, corrected or known again. Each trade's row keeps its position as it was after it, so folding books nothing
# again: the base becomes what the row says.

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
    tc_position after              # of a trade that is not folded: its position once it was booked


# Rows whose ids fall into one bucket form a chain, the newest first. As the oldest row always leaves first, the end of
# a chain is where the rows that are held end, and nothing is ever taken out of one.
cdef struct tc_known:
    uint32_t hash
    uint32_t back                  # how many rows before it the next one of its chain is, 0: there is none


cdef struct tc_trades:
    tc_execution* rows             # ring of row numbers from 1
    uint64_t mask
    int64_t count, held            # rows ever, and rows in the ring
    tc_known* known                # beside `rows`
    uint32_t* newest               # by hash: the low 32 bits of the number of its chain's newest row
    uint64_t newest_mask
    tc_position* bases             # as the ledger's positions
    int64_t folded


cdef inline tc_execution* execution_at(const tc_trades* log, int64_t number) noexcept nogil:
    return &log.rows[<uint64_t>number & log.mask]


# The number of the oldest row that is held.
cdef inline int64_t first_execution(const tc_trades* log) noexcept nogil:
    return log.count - log.held + 1


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


# How many rows before the last one the newest of a hash is; held or more where there is none. A number that is 2**32
# rows old may be taken for one that is held: its row is then compared, and the chain goes on to older ones.
cdef inline uint32_t age_of_newest(const tc_trades* log, uint32_t hash) noexcept nogil:
    return <uint32_t>log.count - log.newest[hash & log.newest_mask]


# The newest execution with this id at this venue, or NULL. The hash stands beside the row, which is only read where it
# is the one.
cdef inline tc_execution* find_execution(
    const tc_trades* log, int32_t venue, const char* id, uint32_t hash
) noexcept nogil:
    cdef int64_t age = age_of_newest(log, hash)
    cdef uint64_t place
    cdef tc_execution* row
    if id[0] == 0:
        return NULL
    while age < log.held:
        place = <uint64_t>(log.count - age) & log.mask
        if log.known[place].hash == hash:
            row = &log.rows[place]
            if row.venue == venue and memcmp(row.venue_exec_id, id, 24) == 0:
                return row
        if log.known[place].back == 0:
            break
        age += log.known[place].back
    return NULL


# The number of a row that is held.
cdef inline int64_t number_of(const tc_trades* log, const tc_execution* row) noexcept nogil:
    cdef int64_t place = row - log.rows
    return log.count - <int64_t>(<uint64_t>(log.count - place) & log.mask)


cdef inline void fold_trade(tc_trades* log, tc_execution* trade) noexcept nogil:
    trade.state = TRADE_FOLDED
    log.folded += 1


# The row of the next execution; the oldest leaves when there is no room, its trade folded into its position's base.
# The caller fills all of it, then calls know_execution where it has an id.
cdef inline tc_execution* append_execution(tc_trades* log, const tc_ledger* ledger) noexcept nogil:
    cdef tc_execution* row
    log.count += 1
    row = execution_at(log, log.count)
    if log.held <= <int64_t>log.mask:
        log.held += 1
    elif row.trade == 0 and row.state != TRADE_FOLDED:
        base_of(log, ledger, row.instrument, row.account)[0] = row.after
        fold_trade(log, row)
    return row


# From now on the last row is known by its id.
cdef inline void know_execution(tc_trades* log, uint32_t hash) noexcept nogil:
    cdef tc_known* known = &log.known[<uint64_t>log.count & log.mask]
    cdef int64_t age = age_of_newest(log, hash)
    known.hash, known.back = hash, <uint32_t>age if age < log.held else 0
    log.newest[hash & log.newest_mask] = <uint32_t>log.count


cdef inline bint is_of_position(const tc_execution* row, int32_t instrument, int32_t account) noexcept nogil:
    return (row.trade == 0 and row.instrument == instrument and row.account == account
            and row.state != TRADE_FOLDED)


# The position as its base and its surviving trades in order make it; walks the log, for busts are rare.
cdef inline void rebuild_position(
    tc_trades* log, tc_ledger* ledger, int32_t instrument, int32_t account
) noexcept nogil:
    cdef tc_position* p = position_of(ledger, instrument, account)
    cdef tc_execution* row
    cdef int64_t number
    p[0] = base_of(log, ledger, instrument, account)[0]
    for number in range(first_execution(log), log.count + 1):
        row = execution_at(log, number)
        if is_of_position(row, instrument, account):
            apply_trade(p, row)
            row.after = p[0]


# Makes a position final as it is: what changes it from outside (a split, an opening) has no place among trades.
cdef inline void fold_position(tc_trades* log, tc_ledger* ledger, int32_t instrument, int32_t account) noexcept nogil:
    cdef int64_t number
    for number in range(first_execution(log), log.count + 1):
        if is_of_position(execution_at(log, number), instrument, account):
            fold_trade(log, execution_at(log, number))
    base_of(log, ledger, instrument, account)[0] = position_of(ledger, instrument, account)[0]

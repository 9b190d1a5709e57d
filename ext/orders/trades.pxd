# The trade log: the newest executions, and what was booked before them. It decides nothing: a position after a bust or
# a correction is its base, then its surviving trades in order.
#
# When the log is full its oldest trade is folded into the base of its position: it stays booked, and can no longer be
# busted or corrected. Each trade's row keeps its position as it was after it, so folding books nothing
# again: the base becomes what the row says.

from libc.string cimport memcmp, memcpy
from costs cimport *


cdef enum:
    DAYS_KNOWN = 2                 # rolls of the day over which an id is known


cdef struct tc_execution:
    tc_i128 commission
    int64_t exec_id
    int64_t venue_exec_id          # 0 for the core's own trades
    int64_t order_id, qty, price, day
    int64_t trade                  # of a bust or a correction: the number of its trade's row, 0 for a trade
    int64_t ref_exec_id            # and that trade's exec_id
    int32_t instrument, account, venue
    uint8_t exec_type, side, state # BUY or SELL; TRADE_...
    uint8_t told                   # TOLD_COMMISSION where the commission is the venue's own
    uint8_t last_liquidity_ind
    uint8_t reported_currency      # as `currency`, of the commission in the row's own report: a correction changes none
    int32_t currency               # of its commission, 0 where that is the instrument's
    uint32_t last_mkt
    int32_t strategy               # its order's, however long that is remembered
    tc_position after              # of a trade that is not folded: its position once it was booked


cdef struct tc_trades:
    tc_execution* rows             # ring of row numbers from 1
    uint64_t mask
    int64_t count, held            # rows ever, and rows in the ring
    tc_position* bases             # as the ledger's positions
    int64_t folded


# Only in C: a deque in Python.
cdef inline tc_execution* execution_at(const tc_trades* log, int64_t number) noexcept nogil:
    return &log.rows[<uint64_t>number & log.mask]


# Only in C: a deque in Python.
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
        if trade.currency == 0:
            p.fees = p.fees + trade.commission


# Books a commission in another currency than the instrument's, or (-1) takes it back.
cdef inline void charge_fee(tc_ledger* ledger, const tc_execution* trade, int sign) noexcept nogil:
    cdef tc_i128* sum
    if trade.currency and trade.commission != 0:
        sum = &ledger.charges[trade.account * ledger.currency_stride + trade.currency]
        sum[0] = sum[0] + sign * trade.commission
        ledger.is_charged = True


cdef inline void fold_trade(tc_trades* log, tc_execution* trade) noexcept nogil:
    tc_assert((trade.trade == 0) & (trade.state != TRADE_FOLDED))      # a trade becomes final once
    trade.state = TRADE_FOLDED
    log.folded += 1


# The row of the next execution; the oldest leaves when there is no room, its trade folded into its position's base.
# The caller fills all of it.
cdef inline tc_execution* append_execution(tc_trades* log, const tc_ledger* ledger) noexcept nogil:
    cdef tc_execution* row
    log.count += 1
    row = execution_at(log, log.count)
    if log.held <= <int64_t>log.mask:
        log.held += 1
    elif row.trade == 0 and row.state != TRADE_FOLDED:
        base_of(log, ledger, row.instrument, row.account)[0] = row.after
        fold_trade(log, row)
    tc_assert((log.held <= log.count) & (log.held <= <int64_t>log.mask + 1))
    return row


cdef inline bint is_of_position(const tc_execution* row, int32_t instrument, int32_t account) noexcept nogil:
    return (row.trade == 0 and row.instrument == instrument and row.account == account
            and row.state != TRADE_FOLDED)


# The number of the newest row with the core's own number, which never falls from one row to the next; 0 where the log
# has none.
cdef inline int64_t find_execution(const tc_trades* log, int64_t exec_id) noexcept nogil:
    cdef int64_t low = first_execution(log) - 1, high = log.count, middle    # row `low` has less, or is it
    while low < high:
        middle = high - ((high - low) >> 1)
        if execution_at(log, middle).exec_id <= exec_id:
            low = middle
        else:
            high = middle - 1
    return low if low >= first_execution(log) and execution_at(log, low).exec_id == exec_id else 0


# The number of the one trade that a venue's exec_id is about; 0 where none is held, or several are. Instrument 0 is
# any. It walks the log: only what does not tell a trade's whole identity needs it.
cdef inline int64_t find_named_trade(
    const tc_trades* log, int32_t venue, int32_t instrument, int64_t exec_id
) noexcept nogil:
    cdef const tc_execution* row
    cdef int64_t number, found = 0, about, newest = 0
    for number in range(log.count, first_execution(log) - 1 if exec_id else log.count, -1):
        row = execution_at(log, number)
        if row.venue_exec_id == exec_id and row.venue == venue and (instrument == 0 or row.instrument == instrument):
            about = row.trade if row.trade else number
            newest = newest if found else row.day
            if newest - row.day > DAYS_KNOWN:          # its id was free again when the newest came
                break
            if found and about != found:
                return 0
            found = about
    return found if found >= first_execution(log) else 0


# Does the position leave its integers on the way of a rebuild where the trade in row `number` becomes `qty`?
cdef inline bint is_beyond_rebuild(
    const tc_trades* log, const tc_ledger* ledger, int64_t number, int64_t qty, int64_t most, int64_t* value
) noexcept nogil:
    cdef const tc_execution* trade = execution_at(log, number)
    cdef const tc_execution* row
    cdef int64_t i, lots
    value[0] = base_of(log, ledger, trade.instrument, trade.account).qty
    for i in range(first_execution(log), log.count + 1):
        row = execution_at(log, i)
        if is_of_position(row, trade.instrument, trade.account):
            lots = qty if i == number else row.qty if row.state == TRADE_LIVE else 0
            value[0] += lots if row.side == SIDE_BUY else -lots
            if value[0] > most or value[0] < -most:
                return True
    return False


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

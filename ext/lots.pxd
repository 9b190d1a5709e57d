# Lot kernels: what is open, lot by lot, in preallocated memory. Which lot a closing trade takes from is the method.
#
# A lot holds its quantity and its cost as magnitudes (the position has the sign). Part of a lot leaves with its cost by
# the rule of release_cost: exact where the lot was opened by a trade, because then cost = qty x price.
# A list runs from the oldest lot to the newest; free lots are chained through `next`. The position says where it begins
# and ends, so the oldest lot's `prev` and the newest's `next` mean nothing: a lot that leaves at either end, as by FIFO
# and LIFO all do, touches no other, which is one line of memory less.

from position cimport *


cdef enum tc_method:
    METHOD_AVERAGE = 0
    METHOD_FIFO = 1
    METHOD_LIFO = 2
    METHOD_SPECIFIC = 3


cdef struct tc_lot:
    tc_i128 cost                   # times the position's sign
    int64_t qty                    # lots, positive
    int64_t trade_id, opened       # the trade that opened it, and its time
    int32_t next, prev
    int64_t spare[2]               # one lot, one cache line


cdef struct tc_lots:
    tc_lot* rows                   # from 1; 0 is none
    int32_t free, used, most       # first free row, rows ever taken, all rows
    int32_t open_count


# One closed piece of a lot, for the report: what it cost and what it fetched, as signed values; qty is what was held.
cdef packed struct tc_closing:
    int64_t opening_trade, closing_trade, opened, closed, qty
    int64_t cost_low, cost_high, value_low, value_high
    int32_t instrument, account


cdef struct tc_closings:
    tc_closing* rows
    int64_t count, most
    int32_t instrument, account
    int64_t trade_id, time


cdef inline void note_closing(
    tc_closings* sink, const tc_lot* lot, int64_t qty, tc_i128 cost, tc_i128 value
) noexcept nogil:
    cdef tc_closing* row
    if sink.count < sink.most:
        row = &sink.rows[sink.count]
        row.opening_trade, row.opened = lot.trade_id, lot.opened
        row.closing_trade, row.closed, row.qty = sink.trade_id, sink.time, qty
        row.cost_low, row.cost_high = <int64_t>tc_low(cost), tc_high(cost)
        row.value_low, row.value_high = <int64_t>tc_low(value), tc_high(value)
        row.instrument, row.account = sink.instrument, sink.account
    sink.count += 1


cdef inline int32_t take_row(tc_lots* lots) noexcept nogil:
    cdef int32_t row = lots.free
    if row:
        lots.free = lots.rows[row].next
    else:
        lots.used += 1
        row = lots.used
    lots.open_count += 1
    return row


# Appends a lot as the newest. The caller saw that there is room.
cdef inline void open_lot(
    tc_lots* lots, tc_position* p, int64_t qty, tc_i128 cost, int64_t trade_id, int64_t opened
) noexcept nogil:
    cdef int32_t row = take_row(lots)
    cdef tc_lot* lot = &lots.rows[row]
    lot.qty, lot.cost, lot.trade_id, lot.opened = qty, cost, trade_id, opened
    lot.prev = p.last_lot
    if p.last_lot:
        lots.rows[p.last_lot].next = row
    else:
        p.first_lot = row
    p.last_lot = row


cdef inline void drop_lot(tc_lots* lots, tc_position* p, int32_t row) noexcept nogil:
    cdef tc_lot* lot = &lots.rows[row]
    if p.first_lot == p.last_lot:
        p.first_lot, p.last_lot = 0, 0
    elif row == p.first_lot:
        p.first_lot = lot.next
    elif row == p.last_lot:
        p.last_lot = lot.prev
    else:
        lots.rows[lot.prev].next, lots.rows[lot.next].prev = lot.next, lot.prev
    lot.next, lots.free = lots.free, row
    lots.open_count -= 1


cdef inline void drop_lots(tc_lots* lots, tc_position* p) noexcept nogil:
    while p.first_lot:
        drop_lot(lots, p, p.first_lot)


# The lot after this one, 0 after the newest.
cdef inline int32_t newer_lot(const tc_lot* rows, const tc_position* p, int32_t row) noexcept nogil:
    return 0 if row == p.last_lot else rows[row].next


# The open lot of a trade, or 0. A trade opens at most one lot in a position.
cdef inline int32_t find_lot(const tc_lots* lots, const tc_position* p, int64_t trade_id) noexcept nogil:
    cdef int32_t row = p.first_lot
    while row and lots.rows[row].trade_id != trade_id:
        row = newer_lot(lots.rows, p, row)
    return row


# The lot that a closing trade takes from next: the named one while it is there, else the method's.
cdef inline int32_t next_lot(const tc_lots* lots, const tc_position* p, int method, int64_t named) noexcept nogil:
    cdef int32_t row = 0
    if named:
        row = find_lot(lots, p, named)
    if row:
        return row
    return p.last_lot if method == METHOD_LIFO else p.first_lot


# Takes `qty` lots (no more than are held) out of the queue; gives the cost that leaves, on magnitudes. `value` is what
# they fetched as a signed value; it is divided between the pieces only for the report.
cdef inline tc_i128 close_lots(
    tc_lots* lots, tc_position* p, int method, int64_t qty, tc_i128 value, int64_t named, tc_closings* sink
) noexcept nogil:
    cdef int64_t left = qty, piece, sign = 1 if p.qty > 0 else -1
    cdef tc_i128 released = 0, cost, fetched
    cdef int32_t row
    cdef tc_lot* lot
    while left > 0:
        row = next_lot(lots, p, method, named)
        lot = &lots.rows[row]
        piece = left if left < lot.qty else lot.qty
        cost = lot.cost
        if piece < lot.qty:
            cost = release_cost(lot.cost, lot.qty, piece)
        if sink != NULL:
            fetched = value if piece == left else -release_cost(-value * sign, left, piece) * sign
            value = value - fetched
            note_closing(sink, lot, piece * sign, cost * sign, fetched)
        released = released + cost
        lot.qty -= piece
        lot.cost = lot.cost - cost
        left -= piece
        if lot.qty == 0:
            drop_lot(lots, p, row)
    return released


# Books a trade of signed `qty` lots worth `value` by `method`. With average cost it keeps no lots.
cdef inline void book_trade(
    tc_lots* lots, tc_position* p, int method, int64_t qty, tc_i128 value, int64_t trade_id, int64_t time,
    int64_t named, tc_closings* sink
) noexcept nogil:
    cdef int64_t sign = 1 if p.qty > 0 else -1, size = tc_abs(qty), held = tc_abs(p.qty), closed = 0
    cdef tc_i128 closing = value, released
    cdef tc_lot whole
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        closed = size if size < held else held
        if closed < size:
            closing = -release_cost(-value * sign, size, closed) * sign
    if method == METHOD_AVERAGE:
        if closed and sink != NULL:
            whole.trade_id, whole.opened = 0, 0
            note_closing(sink, &whole, closed * sign, release_cost(p.cost * sign, held, closed) * sign, closing)
        apply_value(p, qty, value)
        return
    if closed:
        released = close_lots(lots, p, method, closed, closing, named, sink) * sign
        p.realised = p.realised - closing - released
        p.cost = p.cost - released
        p.qty -= closed * sign
        value = value - closing
        size -= closed
        qty = size if qty > 0 else -size
    if size:
        p.qty += qty
        p.cost = p.cost + value
        open_lot(lots, p, size, value if qty > 0 else -value, trade_id, time)


# Moves `qty` lots from one position to another as they are: cost, opening trade and time go with them. Cost that
# moves is no cash. Into a position of the other sign the lots close against it, at their cost.
cdef inline tc_i128 move_lots(
    tc_lots* lots, tc_position* source, tc_position* target, int method, int64_t qty, int64_t trade_id, int64_t named,
    tc_closings* sink
) noexcept nogil:
    cdef int64_t sign = 1 if source.qty > 0 else -1, left = qty, piece, opened, opening
    cdef tc_i128 moved = 0, cost
    cdef int32_t row
    cdef tc_lot* lot
    if method == METHOD_AVERAGE:
        moved = release_cost(source.cost * sign, tc_abs(source.qty), qty) * sign
        source.cost = source.cost - moved
        source.qty -= qty * sign
        book_trade(lots, target, method, qty * sign, moved, trade_id, 0, 0, sink)
        return moved
    while left > 0:
        row = next_lot(lots, source, method, named)
        lot = &lots.rows[row]
        piece = left if left < lot.qty else lot.qty
        cost = lot.cost if piece == lot.qty else release_cost(lot.cost, lot.qty, piece)
        opened, opening = lot.opened, lot.trade_id
        lot.qty -= piece
        lot.cost = lot.cost - cost
        if lot.qty == 0:
            drop_lot(lots, source, row)
        source.qty -= piece * sign
        source.cost = source.cost - cost * sign
        moved = moved + cost * sign
        book_trade(lots, target, method, piece * sign, cost * sign, opening, opened, 0, sink)
        left -= piece
    return moved


# Multiplies what is held by numerator / denominator; cost stays. The caller saw that the whole is a whole number of
# lots; a lot that is none takes the fraction of those before it, so that the lots add up.
cdef inline void split_lots(tc_lots* lots, tc_position* p, int64_t numerator, int64_t denominator) noexcept nogil:
    cdef int64_t before = 0, after = 0, upto
    cdef tc_i128 carried = 0
    cdef int32_t row = p.first_lot, following
    cdef tc_lot* lot
    p.qty = <int64_t>tc_floor_div_wide(tc_wide(p.qty, numerator), denominator)
    while row:
        lot = &lots.rows[row]
        following = newer_lot(lots.rows, p, row)
        before += lot.qty
        upto = <int64_t>tc_floor_div_wide(tc_wide(before, numerator), denominator)
        lot.qty = upto - after
        lot.cost = lot.cost + carried
        carried = 0
        after = upto
        if lot.qty == 0:
            carried = lot.cost
            drop_lot(lots, p, row)
        row = following

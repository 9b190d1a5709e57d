# Lot kernels: what is open, lot by lot, in preallocated memory. Which lot a closing trade takes from is the method.
#
# A lot holds its quantity and its cost as magnitudes (the position has the sign). Part of a lot leaves with its cost by
# the rule of release_cost. Where a trade opened the lot, cost = qty x price: the rule then gives piece x price and
# leaves (qty - piece) x price, so such a lot keeps its price in place of its cost, and is never divided. What breaks
# qty x price, as an inverse contract's rounding, a split or a transfer, leaves the lot its cost, without a price.
# A list runs from the oldest lot to the newest; free lots are chained through `next`. The position says where it begins
# and ends, so the oldest lot's `prev` and the newest's `next` mean nothing: a lot that leaves at either end, as by FIFO
# and LIFO all do, touches no other, which is one line of memory less.

from lot_order cimport *


# One closed piece of a lot, for the report: what it cost and what it fetched, as signed values, and its parts of both
# trades' commissions; qty is what was held.
cdef packed struct tc_closing:
    int64_t opening_trade, closing_trade, opened, closed, qty
    int64_t cost_low, cost_high, value_low, value_high
    int64_t opening_fee_low, opening_fee_high, closing_fee_low, closing_fee_high
    int32_t instrument, account


# Where they are noted, and what the pieces of one entry have in common.
cdef struct tc_closings:
    tc_closing* rows
    int64_t count, most
    int32_t instrument, account
    int64_t trade_id, time
    tc_i128 fee                    # of the entry's commission, what no piece has taken yet
    int64_t qty                    # and of its quantity
    tc_i128* pools                 # by position: at average cost, the commissions of all that is open
    int64_t* since                 # by position: when it was last opened from flat
    const tc_position* positions   # the first of them


# The part of a commission that goes with `part` of `whole`, by the rule of release_cost: so the parts add up.
cdef inline tc_i128 share_fee(tc_i128* fee, int64_t whole, int64_t part) noexcept nogil:
    cdef tc_i128 gone = release_cost(fee[0], whole, part)
    fee[0] = fee[0] - gone
    return gone


# Only in C: a field in Python.
cdef inline tc_i128 share_of_lot(tc_lot* lot, int64_t part) noexcept nogil:
    cdef tc_i128 fee = lot.fee, gone = share_fee(&fee, lot.qty, part)
    lot.fee = <int64_t>fee
    return gone


cdef inline void note_closing(
    tc_closings* sink, const tc_position* p, int64_t opening, int64_t opened, int64_t qty, tc_i128 cost, tc_i128 value,
    tc_i128 opening_fee
) noexcept nogil:
    cdef tc_i128 closing_fee = share_fee(&sink.fee, sink.qty, tc_abs(qty))
    cdef tc_closing* row
    sink.qty -= tc_abs(qty)
    if sink.count < sink.most:
        row = &sink.rows[sink.count]
        row.opening_trade = opening
        row.opened = opened if opened else sink.since[p - sink.positions]
        row.closing_trade = sink.trade_id
        row.closed = sink.time
        row.qty = qty
        row.cost_low, row.cost_high = <int64_t>tc_low(cost), tc_high(cost)
        row.value_low, row.value_high = <int64_t>tc_low(value), tc_high(value)
        row.opening_fee_low, row.opening_fee_high = <int64_t>tc_low(opening_fee), tc_high(opening_fee)
        row.closing_fee_low, row.closing_fee_high = <int64_t>tc_low(closing_fee), tc_high(closing_fee)
        row.instrument = sink.instrument
        row.account = sink.account
    sink.count += 1


# The first free row, or one that was never taken: those are zero, and so end the chain of free ones.
cdef inline int32_t take_row(tc_lots* lots) noexcept nogil:
    cdef int32_t is_new = lots.free == 0, row = lots.free + (lots.used + 1) * is_new
    lots.used += is_new
    lots.free = lots.rows[row].next
    lots.open_count += 1
    tc_assert((row >= 1) & (row <= lots.used) & (lots.open_count <= lots.used))
    return row


# Appends a lot as the newest. The caller saw that there is room, and that cost = qty x price where there is a price.
cdef inline void open_lot(
    tc_lots* lots, tc_position* p, int64_t qty, tc_i128 cost, int64_t price, int64_t trade_id, int64_t opened
) noexcept nogil:
    cdef int32_t row = take_row(lots)
    cdef tc_lot* lot = &lots.rows[row]
    tc_assert((qty > 0) & ((p.first_lot == 0) == (p.last_lot == 0)))
    lot.qty = qty
    lot.fee = 0                        # the row may have been another lot's
    lot.cost = cost
    lot.price = price
    lot.trade_id = trade_id
    lot.opened = opened
    lot.prev = p.last_lot
    if p.last_lot:
        lots.rows[p.last_lot].next = row
    else:
        p.first_lot = row
    p.last_lot = row
    if lots.order:
        lots.opened += 1
        lots.branches[row].age = lots.opened
        put_in_order(lots, p, row)


# Takes `qty` lots out of a lot that has as many; gives the cost that leaves with them.
cdef inline tc_i128 take_from(tc_lot* lot, int64_t qty) noexcept nogil:
    cdef tc_i128 cost
    tc_assert((qty > 0) & (qty <= lot.qty))
    if lot.price != no_price():
        lot.qty -= qty
        return tc_wide(qty, lot.price)
    cost = lot.cost if qty == lot.qty else release_cost(lot.cost, lot.qty, qty)
    lot.cost = lot.cost - cost
    lot.qty -= qty
    tc_assert((lot.qty != 0) | (lot.cost == 0))
    return cost


cdef inline void drop_lot(tc_lots* lots, tc_position* p, int32_t row) noexcept nogil:
    cdef tc_lot* lot = &lots.rows[row]
    cdef int32_t others = -<int32_t>(p.first_lot != p.last_lot)
    tc_assert((lots.open_count > 0) & (p.first_lot != 0) & (p.last_lot != 0))
    if row == p.first_lot:
        p.first_lot = lot.next & others
        p.last_lot = p.last_lot & others
    elif row == p.last_lot:
        p.last_lot = lot.prev
    else:
        tc_assert((lots.rows[lot.prev].next == row) & (lots.rows[lot.next].prev == row))
        lots.rows[lot.prev].next = lot.next
        lots.rows[lot.next].prev = lot.prev
    lot.next = lots.free
    lots.free = row
    lots.open_count -= 1


# Takes `qty` lots out of a lot of a position, and the lot out of its lists where those are all. A lot without a price
# has another cost a unit afterwards: it takes its place anew.
cdef inline tc_i128 take_lots(tc_lots* lots, tc_position* p, int32_t row, int64_t qty) noexcept nogil:
    cdef tc_lot* lot = &lots.rows[row]
    cdef bint moves = lots.order and (qty == lot.qty or lot.price == no_price())
    cdef tc_i128 cost
    if moves:
        take_out_of_order(lots, p, row)
    cost = take_from(lot, qty)
    if lot.qty == 0:
        drop_lot(lots, p, row)
    elif moves:
        put_in_order(lots, p, row)
    return cost


cdef inline void drop_lots(tc_lots* lots, tc_position* p) noexcept nogil:
    if lots.order:
        root_of(lots, p)[0] = 0
    while p.first_lot:
        lots.rows[p.first_lot].fee = 0
        drop_lot(lots, p, p.first_lot)


# The lot that a closing trade takes from next: the named one while it is there, else the method's.
cdef inline int32_t next_lot(const tc_lots* lots, const tc_position* p, int method, int64_t named) noexcept nogil:
    cdef int32_t row = 0
    if named:
        row = find_lot(lots, p, named)
    if row:
        return row
    if method >= METHOD_HIFO:
        return first_in_order(lots, p)
    return p.last_lot if method == METHOD_LIFO else p.first_lot


# Takes `qty` lots (no more than are held) out of the queue; gives the cost that leaves, on magnitudes. `value` is what
# they fetched as a signed value; it is divided between the pieces only for the report.
cdef inline tc_i128 close_lots(
    tc_lots* lots, tc_position* p, int method, int64_t qty, tc_i128 value, int64_t named, tc_closings* sink
) noexcept nogil:
    cdef int64_t left = qty, piece, sign = tc_sign(p.qty)
    cdef tc_i128 released = 0, cost, fetched, fee = 0
    cdef int32_t row
    cdef tc_lot* lot
    tc_assert(qty <= tc_abs(p.qty))
    while left > 0:
        row = next_lot(lots, p, method, named)
        tc_assert(row != 0)                            # what is held stands in lots
        lot = &lots.rows[row]
        piece = left if left < lot.qty else lot.qty
        if sink != NULL:
            fee = share_of_lot(lot, piece)
        cost = take_lots(lots, p, row, piece)
        if sink != NULL:
            fetched = value if piece == left else -release_cost(-value * sign, left, piece) * sign
            value = value - fetched
            note_closing(sink, p, lot.trade_id, lot.opened, piece * sign, cost * sign, fetched, fee)
        released = released + cost
        left -= piece
    return released


# Only in C: min() in Python.
# How many of a trade's signed `qty` lots close what is held.
cdef inline int64_t closing_qty(const tc_position* p, int64_t qty) noexcept nogil:
    cdef int64_t size = tc_abs(qty), held = tc_abs(p.qty)
    return (held + ((size - held) & ((size - held) >> 63))) & ((p.qty ^ qty) >> 63)


# What `closed` of a trade's lots fetched, as a signed value: all, or a part by the release rule, which gives
# closed x price where value = qty x price.
cdef inline tc_i128 closing_value(int64_t qty, tc_i128 value, int64_t price, int64_t closed) noexcept nogil:
    if price != no_price():
        return tc_wide(closed * tc_sign(qty), price)
    return release_cost(value * tc_sign(qty), tc_abs(qty), closed) * tc_sign(qty)


# Only in C: `book_trade` in Python.
# What a trade closes at average cost, for the report; what it opens leaves its commission there. `price` is NO_PRICE
# where value is not qty x price, here and below.
cdef inline void note_average(
    const tc_position* p, int64_t qty, tc_i128 value, int64_t price, tc_closings* sink
) noexcept nogil:
    cdef int64_t sign = tc_sign(p.qty), closed = closing_qty(p, qty)
    cdef tc_i128* pool = &sink.pools[p - sink.positions]
    if closed:
        note_closing(sink, p, 0, 0, closed * sign, release_cost(p.cost * sign, tc_abs(p.qty), closed) * sign,
                     closing_value(qty, value, price, closed), share_fee(pool, tc_abs(p.qty), closed))
    pool[0] = pool[0] + sink.fee


# Only in C: `book_trade` in Python.
# Books a trade of signed `qty` lots worth `value` at average cost, which keeps no lots.
cdef inline void book_average(
    tc_position* p, int64_t qty, tc_i128 value, int64_t price, tc_closings* sink
) noexcept nogil:
    if sink != NULL:
        note_average(p, qty, value, price, sink)
    apply_value(p, qty, value)


# Books a trade lot by lot.
cdef inline void book_trade(
    tc_lots* lots, tc_position* p, int method, int64_t qty, tc_i128 value, int64_t price, int64_t trade_id,
    int64_t time, int64_t named, tc_closings* sink
) noexcept nogil:
    cdef int64_t sign = -tc_sign(qty), closed = closing_qty(p, qty)
    cdef tc_i128 closing, released
    if closed:
        closing = closing_value(qty, value, price, closed)
        released = close_lots(lots, p, method, closed, closing, named, sink) * sign
        p.realised = p.realised - closing - released
        p.cost = p.cost - released
        p.qty -= closed * sign
        value = value - closing
        qty += closed * sign
        tc_assert((p.qty != 0) | ((p.cost == 0) & (p.first_lot == 0)))
    if qty:
        p.qty += qty
        p.cost = p.cost + value
        tc_assert((price == no_price()) | (value == tc_wide(qty, price)))
        open_lot(lots, p, tc_abs(qty), value * -sign, price, trade_id, time)
        if sink != NULL:
            lots.rows[p.last_lot].fee = <int64_t>sink.fee


# Only in C: `book_trade` in Python.
# The same where lots close as they were opened, the last or the first first, none is named and nothing is noted.
cdef inline void take_turns(
    tc_lots* lots, tc_position* p, bint is_lifo, int64_t qty, tc_i128 value, int64_t price, int64_t trade_id,
    int64_t time
) noexcept nogil:
    cdef int64_t sign = -tc_sign(qty), closed = closing_qty(p, qty), left = closed, piece
    cdef tc_i128 closing, released = 0
    cdef int32_t row
    if closed:
        closing = closing_value(qty, value, price, closed)
        while left > 0:
            row = p.last_lot if is_lifo else p.first_lot
            piece = left if left < lots.rows[row].qty else lots.rows[row].qty
            released = released + take_from(&lots.rows[row], piece)
            left -= piece
            if lots.rows[row].qty == 0:
                drop_lot(lots, p, row)
        p.realised = p.realised - closing - released * sign
        p.cost = p.cost - released * sign
        p.qty -= closed * sign
        value = value - closing
        qty += closed * sign
        tc_assert((p.qty != 0) | ((p.cost == 0) & (p.first_lot == 0)))
    if qty:
        p.qty += qty
        p.cost = p.cost + value
        open_lot(lots, p, tc_abs(qty), value * -sign, price, trade_id, time)


# Moves `qty` lots from one position to another as they are: cost, opening trade and time go with them. Cost that
# moves is no cash. Into a position of the other sign the lots close against it, at their cost; what is left of the
# commission that opened them moves along.
cdef inline tc_i128 move_lots(
    tc_lots* lots, tc_position* source, tc_position* target, int method, int64_t qty, int64_t named,
    tc_closings* sink
) noexcept nogil:
    cdef int64_t sign = 1 if source.qty > 0 else -1, left = qty, piece, opened, opening
    cdef tc_i128 moved = 0, cost
    cdef int32_t row
    cdef tc_lot* lot
    if method == METHOD_AVERAGE:
        moved = release_cost(source.cost * sign, tc_abs(source.qty), qty) * sign
        if sink != NULL:
            sink.fee, sink.qty = share_fee(&sink.pools[source - sink.positions], tc_abs(source.qty), qty), qty
        source.cost = source.cost - moved
        source.qty -= qty * sign
        book_average(target, qty * sign, moved, no_price(), sink)
        return moved
    while left > 0:
        row = next_lot(lots, source, method, named)
        lot = &lots.rows[row]
        piece = left if left < lot.qty else lot.qty
        opened, opening = lot.opened, lot.trade_id
        if sink != NULL:
            sink.fee, sink.qty = share_of_lot(lot, piece), piece
        cost = take_lots(lots, source, row, piece)
        source.qty -= piece * sign
        source.cost = source.cost - cost * sign
        moved = moved + cost * sign
        tc_assert((source.qty != 0) | ((source.cost == 0) & (source.first_lot == 0)))
        book_trade(lots, target, method, piece * sign, cost * sign, no_price(), opening, opened, 0, sink)
        left -= piece
    return moved


# Multiplies what is held by numerator / denominator; cost stays. The caller saw that the whole is a whole number of
# lots; a lot that is none takes the fraction of those before it, with its cost and commission, so that the lots add
# up.
cdef inline void split_lots(tc_lots* lots, tc_position* p, int64_t numerator, int64_t denominator) noexcept nogil:
    cdef int64_t before = 0, after = 0, upto
    cdef tc_i128 carried = 0, fee = 0
    cdef int32_t row = p.first_lot, following
    cdef tc_lot* lot
    p.qty = <int64_t>tc_floor_div_wide(tc_wide(p.qty, numerator), denominator)
    while row:
        lot = &lots.rows[row]
        following = newer_lot(lots.rows, p, row)
        before += lot.qty
        upto = <int64_t>tc_floor_div_wide(tc_wide(before, numerator), denominator)
        lot.cost = cost_of(lot) + carried
        lot.price = no_price()
        lot.qty = upto - after
        lot.fee = <int64_t>(fee + lot.fee)
        carried = 0
        fee = 0
        after = upto
        if lot.qty == 0:
            carried = lot.cost
            fee = lot.fee
            drop_lot(lots, p, row)
        row = following
    put_all_in_order(lots, p)
    tc_assert((before == 0) | (after == tc_abs(p.qty)))

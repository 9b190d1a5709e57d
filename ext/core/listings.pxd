# Tables of what there is, filled in one locked section: a row for each position of which there is anything, and one
# for each open order. Their layouts are published: tradecore/vocabulary/lines.py.

from pipeline cimport *


cdef struct tc_position_line:
    int32_t instrument, account
    int64_t qty
    int64_t cost, cost_high, realised, realised_high, unrealised, unrealised_high, fees, fees_high
    int64_t mark, working_buy, working_sell


cdef struct tc_order_line:
    int64_t order_id, cl_ord_id
    int32_t instrument, account, venue, strategy
    uint8_t side, ord_type, time_in_force, exec_inst, ord_status, place, route, unknown
    int64_t order_qty, price, stop_px, cum_qty, leaves_qty, cum_amount, cum_amount_high
    int64_t transact_time, expire_time, list_id


cdef struct tc_book_line:
    uint8_t side
    int32_t level
    int64_t price, qty, order_id


# Only in C: in Python a codec sees to it.
cdef inline void put_words(int64_t* low, int64_t* high, tc_i128 value) noexcept nogil:
    low[0] = <int64_t>value
    high[0] = <int64_t>(value >> 64)


# Nothing of it was ever booked, and nothing works.
cdef inline bint is_blank(const tc_position* p, int64_t working_buy, int64_t working_sell) noexcept nogil:
    return (p.qty | working_buy | working_sell) == 0 and (p.cost | p.realised | p.fees) == 0


cdef inline void put_position(
    tc_position_line* line, const tc_position* p, int32_t instrument, int32_t account, int64_t mark
) noexcept nogil:
    line.instrument = instrument
    line.account = account
    line.qty = p.qty
    put_words(&line.cost, &line.cost_high, p.cost)
    put_words(&line.realised, &line.realised_high, p.realised)
    put_words(&line.unrealised, &line.unrealised_high, 0 if mark == no_price() else tc_wide(p.qty, mark) - p.cost)
    put_words(&line.fees, &line.fees_high, p.fees)
    line.mark = mark


# Copies as many positions as there is room for, by instrument, then account; how many there are. Instrument 0 is any;
# account 0 is suspense, -1 any.
cdef inline int64_t list_positions(
    tc_core* core, int64_t instrument, int64_t account, void* memory, int64_t room
) noexcept nogil:
    cdef tc_position_line* lines = <tc_position_line*>memory
    cdef int32_t i, a, first = <int32_t>(account if account >= 0 else 0)
    cdef int32_t last = <int32_t>(account if account >= 0 else core.account_count)
    cdef int64_t count = 0, mark, working_buy, working_sell
    cdef const tc_position* p
    cdef const tc_exposure* e
    if account < -1 or account > core.account_count or instrument < 0 or instrument > core.instrument_count:
        return 0
    for i in range(<int32_t>(instrument if instrument else 1),
                   <int32_t>(instrument if instrument else core.instrument_count) + 1):
        if not exposure_of(&core.risk, i, 0).is_used:
            continue
        mark = mark_of(&core.ledger, i)
        for a in range(first, last + 1):
            p = position_of(&core.ledger, i, a)
            e = exposure_of(&core.risk, i, a)
            working_buy, working_sell = 0, 0
            if a:                                      # row 0 of exposures is the whole firm's
                working_buy, working_sell = e.working_buy, e.working_sell
            if is_blank(p, working_buy, working_sell):
                continue
            if count < room:
                put_position(&lines[count], p, i, a, mark)
                lines[count].working_buy = working_buy
                lines[count].working_sell = working_sell
            count += 1
    return count


cdef inline void put_open(tc_order_line* line, const tc_core* core, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(&core.orders, order)
    line.order_id, line.cl_ord_id = order.order_id, order.cl_ord_id
    line.instrument, line.account, line.venue, line.strategy = (
        order.instrument, order.account, order.venue, order.strategy)
    line.side, line.ord_type, line.time_in_force, line.exec_inst = (
        order.side, order.ord_type, order.time_in_force, order.exec_inst)
    line.ord_status = derive_status(order)
    line.place, line.route = order.place, order.route
    line.unknown = unknown_of(&core.orders, order)
    line.order_qty, line.price = order.order_qty, order.price
    line.stop_px = stop_of(&core.triggers, &core.orders, order)
    line.cum_qty = order.cum_qty
    line.leaves_qty = leaves_of(order)
    put_words(&line.cum_amount, &line.cum_amount_high, order.cum_amount)
    line.transact_time = order.transact_time
    line.expire_time, line.list_id = terms.expire_time, terms.list_id


# The same of what is open, oldest first; instrument or account 0 is any.
cdef inline int64_t list_open(
    tc_core* core, int64_t instrument, int64_t account, void* memory, int64_t room
) noexcept nogil:
    cdef tc_order_line* lines = <tc_order_line*>memory
    cdef int64_t count, i
    if account < 0 or account > core.account_count or instrument < 0 or instrument > core.instrument_count:
        return 0
    count = find_open(&core.open_orders, &core.orders, <int32_t>instrument, <int32_t>account, 0, 0)
    for i in range(min(count, room)):
        put_open(&lines[i], core, &core.orders.slots[core.open_orders.found[i].slot])
    return count


# The same of what an instrument's book at a venue shows: bids, then asks, in price-time priority, up to so many
# `levels` of a side (0: all). Of an iceberg what it shows. -1 where there is no such instrument or venue.
cdef inline int64_t list_book(
    const tc_core* core, int64_t instrument, int64_t venue, int64_t levels, tc_book_line* lines, int64_t room
) noexcept nogil:
    cdef int64_t count = 0
    cdef int32_t level
    cdef uint32_t at, node
    cdef uint8_t side
    if instrument < 1 or instrument > core.instrument_count or venue < 1 or venue > core.venue_count:
        return -1
    for side in range(SIDE_BUY, SIDE_SELL + 1):
        at = core.book.rows[row_of(core, <int32_t>instrument, <int32_t>venue, side)].best
        level = 0
        while at != NO_LEVEL and (levels == 0 or level < levels):
            node = core.book.levels[at].head
            while node != NO_NODE:
                if count < room:
                    lines[count].side = side
                    lines[count].level = level
                    lines[count].price = core.book.levels[at].price * core.instruments[instrument].tick
                    lines[count].qty = core.book.nodes[node].qty
                    lines[count].order_id = core.orders.slots[node].order_id if node < core.order_slots else 0
                count += 1
                node = core.book.nodes[node].next
            at = next_level(&core.book, at)
            level += 1
    return count

# Which orders are open of one account, instrument, position, venue or strategy, and which of a position's orders that
# may only reduce are larger than it: what is about some orders looks at no others.
#
# An order is indexed from when its first placing leaves it open, so that one that trades at once costs nothing here.
# The open orders of one position are a list; a position that has some has a row, and the rows of one instrument, and of
# one account, are lists too. What a scope takes is handed on oldest first, by order_id.

from heaps cimport *
from order_facts cimport *
from book cimport find_slot, remove_slot, tc_hash, tc_slot


# The open orders of one position. Links to rows count from 1, to orders from slot + 1; 0 is none.
cdef struct tc_open_row:
    uint32_t head                  # the order that was indexed last
    uint32_t largest[2]            # by side, heaps of those that may only reduce: the most leaves_qty first
    uint32_t instrument_prev, instrument_next
    uint32_t account_prev, account_next
    int32_t instrument, account


cdef struct tc_found:
    int64_t order_id
    uint32_t slot


cdef struct tc_open_orders:
    tc_open_row* rows              # from 1
    uint32_t* free_rows
    uint32_t free_count, row_count # rows are taken one after another first
    uint32_t* places               # [instrument * account_stride + account]: the position's row
    int64_t account_stride
    uint32_t* by_instrument        # the first row
    uint32_t* by_account
    uint32_t* by_venue             # the order that was indexed last
    tc_hash by_strategy
    tc_leaf* sizes                 # [slot + 1]
    tc_found* found                # what a scope took last
    int64_t count                  # orders that are indexed


# ---- lists

cdef inline void link_position(tc_orders* orders, tc_open_row* row, uint32_t slot) noexcept nogil:
    orders.slots[slot].position_prev = 0
    orders.slots[slot].position_next = row.head
    if row.head:
        orders.slots[row.head - 1].position_prev = slot + 1
    row.head = slot + 1


cdef inline void unlink_position(tc_orders* orders, tc_open_row* row, const tc_order* order) noexcept nogil:
    if order.position_prev:
        orders.slots[order.position_prev - 1].position_next = order.position_next
    else:
        row.head = order.position_next
    if order.position_next:
        orders.slots[order.position_next - 1].position_prev = order.position_prev


# Also when the venue of an order that is indexed becomes known.
cdef inline void link_venue(tc_open_orders* index, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef uint32_t number = slot_of(orders, order) + 1, next
    if order.venue == 0:
        return
    next = index.by_venue[order.venue]
    order.venue_prev = 0
    order.venue_next = next
    if next:
        orders.slots[next - 1].venue_prev = number
    index.by_venue[order.venue] = number


cdef inline void unlink_venue(tc_open_orders* index, tc_orders* orders, const tc_order* order) noexcept nogil:
    if order.venue == 0:
        return
    if order.venue_prev:
        orders.slots[order.venue_prev - 1].venue_next = order.venue_next
    else:
        index.by_venue[order.venue] = order.venue_next
    if order.venue_next:
        orders.slots[order.venue_next - 1].venue_prev = order.venue_prev


cdef inline void link_strategy(tc_open_orders* index, tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t number = slot_of(orders, order) + 1
    cdef tc_slot* slot
    cdef tc_terms* terms
    if order.strategy == 0:
        return
    slot = find_slot(&index.by_strategy, <uint64_t>order.strategy, 0)
    terms = &orders.terms[number - 1]
    tc_assert(order.extended != 0)
    terms.strategy_prev = 0
    terms.strategy_next = <uint32_t>slot.value
    if slot.value:
        orders.terms[slot.value - 1].strategy_prev = number
    slot.key = <uint64_t>order.strategy
    slot.tag = 0
    slot.value = number


cdef inline void unlink_strategy(tc_open_orders* index, tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms
    cdef tc_slot* slot
    if order.strategy == 0:
        return
    terms = terms_of(orders, order)
    if terms.strategy_next:
        orders.terms[terms.strategy_next - 1].strategy_prev = terms.strategy_prev
    if terms.strategy_prev:
        orders.terms[terms.strategy_prev - 1].strategy_next = terms.strategy_next
        return
    slot = find_slot(&index.by_strategy, <uint64_t>order.strategy, 0)
    if terms.strategy_next:
        slot.value = terms.strategy_next
    else:
        remove_slot(&index.by_strategy, slot)


# ---- rows

cdef inline uint32_t open_row(tc_open_orders* index, int32_t instrument, int32_t account) noexcept nogil:
    cdef uint32_t number, next
    cdef tc_open_row* row
    if index.free_count:
        index.free_count -= 1
        number = index.free_rows[index.free_count]
    else:
        index.row_count += 1
        number = index.row_count
    row = &index.rows[number]
    tc_assert((row.head == 0) & (row.largest[0] == 0) & (row.largest[1] == 0))
    row.instrument = instrument
    row.account = account
    next = index.by_instrument[instrument]
    row.instrument_prev = 0
    row.instrument_next = next
    index.rows[next].instrument_prev = number          # row 0 is nobody's
    index.by_instrument[instrument] = number
    next = index.by_account[account]
    row.account_prev = 0
    row.account_next = next
    index.rows[next].account_prev = number
    index.by_account[account] = number
    index.places[instrument * index.account_stride + account] = number
    return number


cdef inline void close_row(tc_open_orders* index, uint32_t number) noexcept nogil:
    cdef const tc_open_row* row = &index.rows[number]
    tc_assert((row.largest[0] == 0) & (row.largest[1] == 0))
    if row.instrument_prev:
        index.rows[row.instrument_prev].instrument_next = row.instrument_next
    else:
        index.by_instrument[row.instrument] = row.instrument_next
    index.rows[row.instrument_next].instrument_prev = row.instrument_prev
    if row.account_prev:
        index.rows[row.account_prev].account_next = row.account_next
    else:
        index.by_account[row.account] = row.account_next
    index.rows[row.account_next].account_prev = row.account_prev
    index.places[row.instrument * index.account_stride + row.account] = 0
    index.free_rows[index.free_count] = number
    index.free_count += 1


# Only in C: a dict in Python.
# The row of an order's position, 0 where it has none.
cdef inline uint32_t row_at(const tc_open_orders* index, int32_t instrument, int32_t account) noexcept nogil:
    return index.places[instrument * index.account_stride + account]


# ---- an order

# Its quantity in the heap of those that may only reduce; called after every change of it.
cdef inline void sync_size(tc_open_orders* index, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef uint32_t number = slot_of(orders, order) + 1
    cdef int64_t key = -leaves_of(order)
    cdef tc_open_row* row
    cdef int side
    if index.sizes[number].rank == 0 or index.sizes[number].key == key:
        return
    row = &index.rows[row_at(index, order.instrument, order.account)]
    side = direction(order.side) - 1
    row.largest[side] = remove_leaf(index.sizes, row.largest[side], number)
    row.largest[side] = add_leaf(index.sizes, row.largest[side], number, key, order.order_id)


# An order that is open, and stays so; False of one that is indexed already.
cdef inline bint index_order(tc_open_orders* index, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef uint32_t slot = slot_of(orders, order), number
    cdef tc_open_row* row
    cdef int side = direction(order.side) - 1
    if order.kept & INDEXED:
        return False
    order.kept |= INDEXED
    index.count += 1
    number = row_at(index, order.instrument, order.account)
    if number == 0:
        number = open_row(index, order.instrument, order.account)
    row = &index.rows[number]
    link_position(orders, row, slot)
    link_venue(index, orders, order)
    link_strategy(index, orders, order)
    if order.exec_inst & INST_REDUCE_ONLY and order.admitted:
        row.largest[side] = add_leaf(index.sizes, row.largest[side], slot + 1, -leaves_of(order), order.order_id)
    return True


# It is open no more; False of one that was never indexed.
cdef inline bint drop_order(tc_open_orders* index, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef uint32_t slot = slot_of(orders, order), number
    cdef tc_open_row* row
    cdef int side = direction(order.side) - 1
    if not order.kept & INDEXED:
        return False
    order.kept &= ~INDEXED
    index.count -= 1
    number = row_at(index, order.instrument, order.account)
    tc_assert(number > 0)
    row = &index.rows[number]
    unlink_position(orders, row, order)
    unlink_venue(index, orders, order)
    unlink_strategy(index, orders, order)
    if index.sizes[slot + 1].rank:
        row.largest[side] = remove_leaf(index.sizes, row.largest[side], slot + 1)
    if row.head == 0:
        close_row(index, number)
    return True


# ---- what a scope takes

cdef inline void sink_found(tc_found* found, int64_t at, int64_t count) noexcept nogil:
    cdef tc_found moved = found[at]
    cdef int64_t child = 2 * at + 1
    while child < count:
        if child + 1 < count and found[child + 1].order_id > found[child].order_id:
            child += 1
        if found[child].order_id <= moved.order_id:
            break
        found[at] = found[child]
        at = child
        child = 2 * at + 1
    found[at] = moved


# Oldest first. Lists have their latest first, so that one alone is only turned round.
cdef inline void sort_found(tc_found* found, int64_t count) noexcept nogil:
    cdef int64_t i
    cdef tc_found last
    cdef bint falls = True, rises = True
    for i in range(1, count):
        falls &= found[i].order_id < found[i - 1].order_id
        rises &= found[i].order_id > found[i - 1].order_id
    if rises:
        return
    if falls:
        for i in range(count >> 1):
            last = found[i]
            found[i] = found[count - 1 - i]
            found[count - 1 - i] = last
        return
    for i in range((count >> 1) - 1, -1, -1):
        sink_found(found, i, count)
    for i in range(count - 1, 0, -1):
        last = found[i]
        found[i] = found[0]
        found[0] = last
        sink_found(found, 0, i)


cdef inline int64_t note_found(
    tc_open_orders* index, const tc_order* order, uint32_t slot, int64_t count
) noexcept nogil:
    index.found[count].order_id = order.order_id
    index.found[count].slot = slot
    return count + 1


cdef inline int64_t list_row(
    tc_open_orders* index, const tc_orders* orders, uint32_t row, int64_t count
) noexcept nogil:
    cdef uint32_t at = index.rows[row].head
    while at:
        count = note_found(index, &orders.slots[at - 1], at - 1, count)
        at = orders.slots[at - 1].position_next
    return count


# The orders of the narrowest list that has all that this scope takes, unsorted; how many.
cdef inline int64_t list_scope(
    tc_open_orders* index, const tc_orders* orders, int32_t instrument, int32_t account, int32_t venue, int32_t strategy
) noexcept nogil:
    cdef int64_t count = 0
    cdef uint32_t at
    if instrument and account:
        at = row_at(index, instrument, account)
        return list_row(index, orders, at, 0) if at else 0
    if strategy:
        at = <uint32_t>find_slot(&index.by_strategy, <uint64_t>strategy, 0).value
        while at:
            count = note_found(index, &orders.slots[at - 1], at - 1, count)
            at = orders.terms[at - 1].strategy_next
    elif instrument:
        at = index.by_instrument[instrument]
        while at:
            count = list_row(index, orders, at, count)
            at = index.rows[at].instrument_next
    elif account:
        at = index.by_account[account]
        while at:
            count = list_row(index, orders, at, count)
            at = index.rows[at].account_next
    elif venue:
        at = index.by_venue[venue]
        while at:
            count = note_found(index, &orders.slots[at - 1], at - 1, count)
            at = orders.slots[at - 1].venue_next
    else:
        at = orders.open.head
        while at != NO_SLOT:
            count = note_found(index, &orders.slots[at], at, count)
            at = orders.slots[at].next
    return count


# What is open of an instrument, account, venue and strategy, 0 being any, in index.found, oldest first; how many.
cdef inline int64_t find_open(
    tc_open_orders* index, const tc_orders* orders, int32_t instrument, int32_t account, int32_t venue, int32_t strategy
) noexcept nogil:
    cdef int64_t listed = list_scope(index, orders, instrument, account, venue, strategy), count = 0, i
    cdef const tc_order* order
    for i in range(listed):
        order = &orders.slots[index.found[i].slot]
        if ((instrument == 0 or instrument == order.instrument) and (account == 0 or account == order.account)
                and (venue == 0 or venue == order.venue) and (strategy == 0 or strategy == order.strategy)):
            index.found[count] = index.found[i]
            count += 1
    sort_found(index.found, count)
    return count


# The orders of a position that may only reduce, would trade to `side` and could trade more than this, in index.found,
# oldest first; how many. It looks at them and at those below them in their heap.
cdef inline int64_t find_larger(
    tc_open_orders* index, const tc_orders* orders, int32_t instrument, int32_t account, uint8_t side, int64_t most
) noexcept nogil:
    cdef const tc_leaf* leaves = index.sizes
    cdef uint32_t row = row_at(index, instrument, account), at
    cdef int64_t count = 0, i = 0
    if row == 0:
        return 0
    at = index.rows[row].largest[side - 1]
    if at and leaves[at].key < -most:
        count = note_found(index, &orders.slots[at - 1], at - 1, count)
    while i < count:
        at = leaves[index.found[i].slot + 1].left
        if at and leaves[at].key < -most:
            count = note_found(index, &orders.slots[at - 1], at - 1, count)
        at = leaves[index.found[i].slot + 1].right
        if at and leaves[at].key < -most:
            count = note_found(index, &orders.slots[at - 1], at - 1, count)
        i += 1
    sort_found(index.found, count)
    return count

# The order table: fixed slots, a map from order_id, and the first-in first-out history of terminal orders.
# order_id is never used twice, so it is also the slot's generation: a handle that finds another id is stale.

from records cimport *


cdef enum:
    ROUTE_NONE = 0
    ROUTE_DIRECTED = 1             # the order named its venue
    ROUTE_TAKES = 2                # the first ranked venue where it could trade
    ROUTE_RESTS = 3                # nothing to take: the lowest maker fee


cdef struct tc_order:
    int64_t order_id               # 0: free
    char cl_ord_id[24]
    int32_t instrument, account, venue
    uint8_t side, ord_type, time_in_force, exec_inst
    int64_t order_qty, price, cum_qty
    int64_t transact_time, decision
    tc_i128 cum_amount             # sum of last_qty * last_px
    int64_t value, bound, reject_mask
    int16_t reason
    uint8_t ended, rejected        # facts; OrdStatus is derived from them
    uint8_t route                  # how its venue was chosen: ROUTE_...


cdef struct tc_orders:
    tc_order* slots
    uint32_t* free_slots
    uint32_t free_count
    uint32_t* by_id                # slot + 1, found by hashing: dense ids unhashed would be one endless cluster
    uint64_t by_id_mask
    uint32_t* history              # ring of terminal slots
    int64_t history_size, history_count, history_start
    int64_t open_count, open_max
    int64_t evicted


# Sixteen neighbouring ids share a cache line; the lines are scattered.
cdef inline uint64_t home_of(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t line = tc_fold(<uint64_t>order_id >> 4, <uint64_t>0x9E3779B97F4A7C15)
    return (line << 4 | (<uint64_t>order_id & 15)) & orders.by_id_mask


cdef inline uint32_t* find_place(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t at = home_of(orders, order_id)
    while orders.by_id[at] != 0 and orders.slots[orders.by_id[at] - 1].order_id != order_id:
        at = (at + 1) & orders.by_id_mask
    return &orders.by_id[at]


# The order with this id, or NULL where it never was or is evicted.
cdef inline tc_order* find_order(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint32_t number = find_place(orders, order_id)[0]
    return NULL if number == 0 else &orders.slots[number - 1]


cdef inline void forget_order(tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t hole = find_place(orders, order_id) - orders.by_id, at = hole, home
    while True:
        at = (at + 1) & orders.by_id_mask
        if orders.by_id[at] == 0:
            break
        home = home_of(orders, orders.slots[orders.by_id[at] - 1].order_id)
        if ((at - home) & orders.by_id_mask) >= ((at - hole) & orders.by_id_mask):
            orders.by_id[hole] = orders.by_id[at]
            hole = at
    orders.by_id[hole] = 0


# A free slot always exists: there are open_max + history_size + 1, and end_order evicts before it keeps.
cdef inline uint32_t open_order(tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint32_t slot
    orders.free_count -= 1
    slot = orders.free_slots[orders.free_count]
    orders.slots[slot].order_id = order_id
    find_place(orders, order_id)[0] = slot + 1
    orders.open_count += 1
    return slot


cdef inline int64_t wrap_place(int64_t place, int64_t size) noexcept nogil:
    return place - size if place >= size else place


# Moves a terminal order to the history; the oldest leaves when there is no room.
cdef inline void end_order(tc_orders* orders, uint32_t slot) noexcept nogil:
    cdef uint32_t oldest
    orders.open_count -= 1
    if orders.history_count == orders.history_size:
        oldest = orders.history[orders.history_start]
        orders.history_start = wrap_place(orders.history_start + 1, orders.history_size)
        orders.history_count -= 1
        forget_order(orders, orders.slots[oldest].order_id)
        orders.slots[oldest].order_id = 0
        orders.free_slots[orders.free_count] = oldest
        orders.free_count += 1
        orders.evicted += 1
    orders.history[wrap_place(orders.history_start + orders.history_count, orders.history_size)] = slot
    orders.history_count += 1


# OrdStatus(39) from the facts, by FIX's precedence.
cdef inline uint8_t derive_status(const tc_order* order) noexcept nogil:
    if order.rejected:
        return STATUS_REJECTED
    if order.cum_qty >= order.order_qty:
        return STATUS_FILLED
    if order.ended:
        return STATUS_CANCELED
    if order.cum_qty > 0:
        return STATUS_PARTIALLY_FILLED
    return STATUS_NEW


cdef inline int64_t leaves_of(const tc_order* order) noexcept nogil:
    if order.ended or order.rejected or order.cum_qty >= order.order_qty:
        return 0
    return order.order_qty - order.cum_qty

# The order table: facts, and what follows from them. OrdStatus is computed here, never assigned.
# Source: FIX 4.4 Appendix D.
#
# Fixed slots, a map from order_id, and two lists through the slots: open orders in the order in which they became so,
# and the others, evicted first in, first out; those that reached no venue have a history of their own, so that they
# push out none that may still trade. An order is open while it is live or a request about it is unanswered.
# order_id is never used twice, so it is also the slot's generation: a handle that finds another id is stale.
# What few orders have lies in a table of its own (tc_terms); all others share its last row, which is blank.

from libc.string cimport memcmp, memcpy, memset
from instrument cimport *
from unsent cimport *


cdef enum:
    ROUTE_NONE = 0
    ROUTE_DIRECTED = 1             # the order named its venue
    ROUTE_TAKES = 2                # the first ranked venue where it could trade
    ROUTE_RESTS = 3                # nothing to take: the lowest maker fee
    ROUTE_SPLIT = 4                # in parts, over several venues
    NO_SLOT = 0xFFFFFFFF
    TOLD_LIVE = 1
    TOLD_FILLED = 2                # whole: its list counts it
    KEEPS_PLACES = 1               # while it is open, for what its external venue may have to be sent
    RECALLED = 2                   # taken back before it was handed out
    INDEXED = 4                    # it stands in the lists of open orders
    IS_CHILD = 8                   # a part of another order
    HEARD_OF = 16                  # its venue has said that it came in
    EMPTIED = 32                   # all that it had traded was taken back: it was executed before


cdef struct tc_order:
    int64_t order_id               # 0: free
    int64_t cl_ord_id
    int32_t instrument, account, venue
    uint8_t side, ord_type, time_in_force, exec_inst
    int64_t order_qty, price, cum_qty
    int64_t transact_time, decision
    tc_i128 cum_amount             # sum of last_qty * last_px
    int64_t value, bound, reject_mask
    int64_t held                   # lots that risk counts as working
    uint32_t prev, next            # in its list
    uint32_t first_request, last_request        # cancels and replaces without an outcome, oldest first
    int16_t reason
    uint8_t route                  # how its venue was chosen: ROUTE_...
    uint8_t place                  # PLACE_...
    uint8_t terminal               # STATUS_CANCELED, EXPIRED or REJECTED once it has ended without being filled
    uint8_t last_status            # as last reported
    uint8_t is_open, admitted
    uint32_t pending_replaces      # with the four that follow one word, which is 0 of most orders (has_news)
    uint8_t pending_cancels, done_for_day, stopped, suspended
    uint8_t acked, calculated, triggered
    uint8_t kept                   # KEEPS_PLACES, RECALLED, INDEXED, IS_CHILD, HEARD_OF, EMPTIED
    uint8_t awaited                # sent to a venue that has not answered yet
    uint8_t unknown_new
    uint8_t expiry_asked           # its venue was asked to cancel it when its time had come
    uint8_t extended               # it has a row of terms
    int32_t entered_venue          # as first sent, 0 where it named none
    int32_t strategy
    uint32_t position_prev, position_next       # the other open orders of its position, and of its venue
    uint32_t venue_prev, venue_next


cdef struct tc_terms:
    # What every change of an order looks at: the first of three lines.
    int64_t stop_px, expire_time, list_id
    int64_t sent_time
    int64_t oco_own                # what its list has heard that it traded
    int64_t oco_limit              # what its user wants of it, and what the others of its list had traded by then
    uint32_t group                 # row + 1 of the list that it joined: the same list_id may name a later one
    uint32_t group_prev, group_next             # the other open members
    uint8_t contingency_type
    uint8_t trigger_price_type, peg_offset_type
    uint8_t told                   # what its list has heard of it last: TOLD_...
    int64_t peg_offset, min_qty, display_qty
    int64_t peak_px                # the best price that a trailing stop has seen
    # As first sent, to know the same order again.
    int64_t entered_qty, entered_price, entered_stop_px, entered_expire_time, entered_display_qty, entered_min_qty
    int64_t entered_cl_ord_id, entered_peg_offset
    int64_t orig_cl_ord_id
    int64_t venue_order_id, note   # its id at its venue, and the last text about it
    int64_t protect_px             # the worst price that it may trade at, where that is no limit of its own
    int64_t fund_px                # that it is counted at, where it has no limit of its own
    tc_i128 fund_held              # of its account's cash, in 10**-9 of the instrument's currency
    int64_t doubt_qty              # its venue is to tell how it stands: until then at least so much of it is held
    # Of each kind the message that is not handed out; its replaces that a user asked for are the requests'.
    uint32_t new_message, cancel_message, status_message
    uint32_t change_message        # a replace that the core itself asks for
    uint32_t strategy_prev, strategy_next       # the other open orders of its strategy
    # Of a child: the order that it is a part of, and whether it was asked back for that. Of that order: its open
    # children, what they may still trade, and the venues (bit venue - 1) that it has tried.
    int64_t parent_id, working
    uint64_t tried
    int64_t tried_seq              # command that tried the last of them: what is displayed since is new
    uint64_t refused               # venues that would not have what was to rest there
    int64_t worst_ticks            # that it may trade at
    uint32_t parent_slot, child_head, child_tail, child_next, child_prev
    int16_t ending_reason
    uint8_t ending                 # the OrdStatus that it is to have once none of its children works
    uint8_t stop_asked, is_told    # is_told: it stands in core.parents
    uint8_t is_listed              # among its parent's children
    uint8_t watch                  # the price that it watches: see sources
    uint8_t routing                # ROUTING_...: as it says, or was routed by where that is not ALL_IN_COST
    uint8_t repriced               # its limit is no longer the one that it came with, but for splits
    uint8_t entered_ord_type       # as first sent: an exit that found no more within its protection rests as a limit


cdef struct tc_request:
    int64_t cl_ord_id              # 0: it has none
    int64_t sent_time
    int64_t order_qty, price, stop_px, expire_time, peg_offset
    int64_t oco_limit              # the order's, once it is done
    uint32_t prev, next
    uint32_t message               # while it is not handed out
    uint8_t is_replace
    uint8_t pending                # the venue has acknowledged it: it counts in OrdStatus
    uint8_t unknown                # it timed out, or its session was lost
    int16_t reason                 # why the core asks of itself, 0 where a user asked


cdef struct tc_list:
    uint32_t head, tail
    int64_t count


cdef struct tc_orders:
    tc_order* slots
    tc_terms* terms                # [slot]; the last row is blank
    tc_request* requests
    uint32_t* free_slots
    uint32_t* free_requests
    uint32_t free_count, free_request_count
    uint32_t blank, request_rows   # all rows of requests
    uint32_t* by_id                # slot + 1, found by hashing: dense ids unhashed would be one endless cluster
    uint64_t by_id_mask
    tc_list open, history, rejects
    int64_t open_max, history_size, reject_size
    int64_t exit_max               # what reduces may be open beyond open_max
    int64_t open_high              # the most that were open at once: not part of the state
    int64_t evicted
    int64_t replaces               # that venues have not answered
    uint16_t transitions[16]       # by status: a bit for each that may follow
    tc_unsent unsent


# Only in C: a dict in Python.
# Sixteen neighbouring ids share a cache line; the lines are scattered.
cdef inline uint64_t home_of(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t line = tc_fold(<uint64_t>order_id >> 4, <uint64_t>0x9E3779B97F4A7C15)
    return (line << 4 | (<uint64_t>order_id & 15)) & orders.by_id_mask


# Only in C: a dict in Python.
cdef inline uint32_t* find_place(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t at = home_of(orders, order_id)
    while orders.by_id[at] != 0 and orders.slots[orders.by_id[at] - 1].order_id != order_id:
        at = (at + 1) & orders.by_id_mask
    return &orders.by_id[at]


# Only in C: an object in Python.
# What stands in a slot, whichever order's it is.
cdef inline void take_order(const tc_orders* orders, uint32_t slot, tc_order* copy) noexcept nogil:
    copy[0] = orders.slots[slot]


# The order with this id, or NULL where it never was or is evicted.
cdef inline tc_order* find_order(const tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint32_t number
    if order_id < 1:
        return NULL
    number = find_place(orders, order_id)[0]
    return NULL if number == 0 else &orders.slots[number - 1]


# Only in C: a dict in Python.
cdef inline uint32_t slot_of(const tc_orders* orders, const tc_order* order) noexcept nogil:
    return <uint32_t>(order - orders.slots)


cdef inline void forget_order(tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint64_t hole = find_place(orders, order_id) - orders.by_id, at = hole, home
    tc_assert(orders.by_id[hole] != 0)
    while True:
        at = (at + 1) & orders.by_id_mask
        if orders.by_id[at] == 0:
            break
        home = home_of(orders, orders.slots[orders.by_id[at] - 1].order_id)
        if ((at - home) & orders.by_id_mask) >= ((at - hole) & orders.by_id_mask):
            orders.by_id[hole] = orders.by_id[at]
            hole = at
    orders.by_id[hole] = 0


# ---- terms

# Only in C: fields of the order in Python.
cdef inline tc_terms* terms_of(const tc_orders* orders, const tc_order* order) noexcept nogil:
    return &orders.terms[slot_of(orders, order) if order.extended else orders.blank]


# Only in C: fields of the order in Python.
# Gives an order terms of its own, before one of them changes.
cdef inline tc_terms* extend_order(tc_orders* orders, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = &orders.terms[slot_of(orders, order)]
    if order.extended:
        return terms
    terms[0] = orders.terms[orders.blank]
    terms.entered_qty = order.order_qty
    terms.entered_price = order.price
    terms.entered_cl_ord_id, terms.entered_ord_type = order.cl_ord_id, order.ord_type
    order.extended = True
    return terms


# ---- the lists

cdef inline void append_order(tc_orders* orders, tc_list* to, uint32_t slot) noexcept nogil:
    cdef tc_order* order = &orders.slots[slot]
    tc_assert((to.head == NO_SLOT) == (to.tail == NO_SLOT))
    order.prev = to.tail
    order.next = NO_SLOT
    if to.tail == NO_SLOT:
        to.head = slot
    else:
        orders.slots[to.tail].next = slot
    to.tail = slot
    to.count += 1


# Do the neighbours of an order, or its list's ends, point at it?
cdef inline bint is_linked_order(const tc_orders* orders, const tc_list* where, uint32_t slot) noexcept nogil:
    cdef const tc_order* order = &orders.slots[slot]
    cdef uint32_t before = where.head if order.prev == NO_SLOT else orders.slots[order.prev].next
    cdef uint32_t behind = where.tail if order.next == NO_SLOT else orders.slots[order.next].prev
    return before == slot and behind == slot


cdef inline void unlink_order(tc_orders* orders, tc_list* where, uint32_t slot) noexcept nogil:
    cdef tc_order* order = &orders.slots[slot]
    tc_assert(is_linked_order(orders, where, slot))
    if order.prev == NO_SLOT:
        where.head = order.next
    else:
        orders.slots[order.prev].next = order.next
    if order.next == NO_SLOT:
        where.tail = order.prev
    else:
        orders.slots[order.next].prev = order.prev
    where.count -= 1
    tc_assert((where.count == 0) == (where.head == NO_SLOT))


cdef inline void note_open(tc_orders* orders) noexcept nogil:
    if orders.open.count > orders.open_high:
        orders.open_high = orders.open.count


# A free slot always exists. An order is refused at open_max + exit_max, so what else is open came back from the
# history, which holds no more than history_size: slots: open_max + exit_max + 2 * history_size + reject_size + 2.
cdef inline uint32_t open_order(tc_orders* orders, int64_t order_id) noexcept nogil:
    cdef uint32_t slot
    tc_assert(orders.free_count > 0)
    orders.free_count -= 1
    slot = orders.free_slots[orders.free_count]
    tc_assert((orders.slots[slot].order_id == 0) & (find_place(orders, order_id)[0] == 0))
    orders.slots[slot].order_id = order_id
    find_place(orders, order_id)[0] = slot + 1
    append_order(orders, &orders.open, slot)
    note_open(orders)
    return slot


# A bust or a replace can bring an ended order back to life.
cdef inline void reopen_order(tc_orders* orders, uint32_t slot) noexcept nogil:
    tc_assert(orders.slots[slot].is_open == 0)
    unlink_order(orders, &orders.history, slot)
    append_order(orders, &orders.open, slot)
    note_open(orders)
    orders.slots[slot].is_open = True


# Was it refused here, or taken back before it was handed out? Nothing can trade it any more.
cdef inline bint reached_no_venue(const tc_order* order) noexcept nogil:
    return order.kept & RECALLED or (order.terminal == STATUS_REJECTED and order.reason != VENUE_REPORTED)


# Only in C: a deque in Python.
# Moves an order to its history; the oldest leaves when there is no room, and its slot is returned, else NO_SLOT.
cdef inline uint32_t end_order_slot(tc_orders* orders, uint32_t slot) noexcept nogil:
    cdef uint32_t evicted = NO_SLOT
    cdef bint away = reached_no_venue(&orders.slots[slot])
    cdef tc_list* history = &orders.rejects if away else &orders.history
    unlink_order(orders, &orders.open, slot)
    orders.slots[slot].is_open = False
    if history.count == (orders.reject_size if away else orders.history_size):
        evicted = history.head
        unlink_order(orders, history, evicted)
        forget_order(orders, orders.slots[evicted].order_id)
        orders.slots[evicted].order_id = 0
        orders.free_slots[orders.free_count] = evicted
        orders.free_count += 1
        orders.evicted += 1
    append_order(orders, history, slot)
    tc_assert((evicted != slot) & (orders.history.count <= orders.history_size)
              & (orders.rejects.count <= orders.reject_size))
    return evicted


# ---- requests

cdef inline tc_request* add_request(
    tc_orders* orders, tc_order* order, int64_t cl_ord_id, bint is_replace, int64_t now
) noexcept nogil:
    cdef uint32_t at
    cdef tc_request* request
    tc_assert((orders.free_request_count > 0) & ((order.first_request == NO_SLOT) == (order.last_request == NO_SLOT)))
    orders.free_request_count -= 1
    at = orders.free_requests[orders.free_request_count]
    request = &orders.requests[at]
    memset(request, 0, sizeof(tc_request))
    request.cl_ord_id = cl_ord_id
    request.is_replace = is_replace
    request.sent_time = now
    request.prev = order.last_request
    request.next = NO_SLOT
    if order.last_request == NO_SLOT:
        order.first_request = at
    else:
        orders.requests[order.last_request].next = at
    order.last_request = at
    if is_replace:
        orders.replaces += 1
    tc_assert(orders.replaces <= orders.open_max)
    return request


# Do the neighbours of a request, or its order, point at it?
cdef inline bint is_linked_request(const tc_orders* orders, const tc_order* order, uint32_t at) noexcept nogil:
    cdef const tc_request* request = &orders.requests[at]
    cdef uint32_t before = order.first_request if request.prev == NO_SLOT else orders.requests[request.prev].next
    cdef uint32_t behind = order.last_request if request.next == NO_SLOT else orders.requests[request.next].prev
    return before == at and behind == at


cdef inline void remove_request(tc_orders* orders, tc_order* order, uint32_t at) noexcept nogil:
    cdef tc_request* request = &orders.requests[at]
    tc_assert(is_linked_request(orders, order, at))
    if request.message != NO_MESSAGE:                  # what is not handed out yet still goes out
        orders.unsent.rows[request.message].request = 0
        request.message = NO_MESSAGE
    if request.prev == NO_SLOT:
        order.first_request = request.next
    else:
        orders.requests[request.prev].next = request.next
    if request.next == NO_SLOT:
        order.last_request = request.prev
    else:
        orders.requests[request.next].prev = request.prev
    if request.is_replace:
        tc_assert((orders.replaces > 0) & (order.pending_replaces >= request.pending))
        orders.replaces -= 1
        order.pending_replaces -= request.pending
    else:
        tc_assert(order.pending_cancels >= request.pending)
        order.pending_cancels -= request.pending
    orders.free_requests[orders.free_request_count] = at
    orders.free_request_count += 1


# Only in C: a field in Python.
cdef inline void mark_pending(tc_orders* orders, tc_order* order, uint32_t at) noexcept nogil:
    cdef tc_request* request = &orders.requests[at]
    if not request.pending:
        request.pending = True
        if request.is_replace:
            order.pending_replaces += 1
        else:
            order.pending_cancels += 1
    request.unknown = False


# ---- what is not handed out

# Takes a message out of the queue; nothing knows of it any more.
cdef inline void drop_message(tc_orders* orders, uint32_t at) noexcept nogil:
    cdef const tc_message_row* row = &orders.unsent.rows[at]
    cdef tc_terms* terms = &orders.terms[row.slot]
    if orders.slots[row.slot].order_id == row.order_id:
        if terms.new_message == at:
            terms.new_message = NO_MESSAGE
        elif terms.cancel_message == at:
            terms.cancel_message = NO_MESSAGE
        elif terms.change_message == at:
            terms.change_message = NO_MESSAGE
        elif terms.status_message == at:
            terms.status_message = NO_MESSAGE
    if row.request:
        orders.requests[row.request - 1].message = NO_MESSAGE
    free_message(&orders.unsent, at)

# What is in use of a core's tables, beside what the orders that are there account for: after every command the two are
# equal, or something has leaked. For tests; it changes nothing, and walks every order that is held.
# Only in C: a twin's tables say how long they are.

from pipeline cimport *


cdef struct tc_lifetimes:
    int64_t slots, requests
    int64_t places                 # orders that keep places for what is to be sent
    int64_t replaces               # of the requests
    int64_t timers
    int64_t lists, members         # of contingent orders
    int64_t waiting                # for a price
    int64_t indexed, reducing      # open orders by position; of them, the leaves of those that may only reduce
    int64_t holds, firm_holds      # lots, buys and sells


# What the tables themselves say.
cdef inline void count_used(const tc_core* core, tc_lifetimes* used) noexcept nogil:
    cdef const tc_exposure* e
    cdef int32_t instrument, account
    memset(used, 0, sizeof(tc_lifetimes))
    used.slots = core.order_slots - core.orders.free_count
    used.requests = core.orders.request_rows - core.orders.free_request_count
    used.replaces = core.orders.replaces
    used.places = core.orders.unsent.away
    used.timers = core.timers.used
    used.lists = core.groups.row_count - core.groups.free_count
    used.waiting = core.triggers.waiting
    used.indexed = core.open_orders.count
    for instrument in range(1, core.instrument_count + 1):
        e = exposure_of(&core.risk, instrument, 0)
        used.firm_holds += e.working_buy + e.working_sell
        for account in range(1, core.account_count + 1):
            e = exposure_of(&core.risk, instrument, account)
            used.holds += e.working_buy + e.working_sell


# The lists that still hold an order, and how many each says that it holds.
cdef inline void count_lists(const tc_core* core, tc_lifetimes* used, tc_lifetimes* due) noexcept nogil:
    cdef uint32_t row
    if used.lists == 0:
        return
    for row in range(core.groups.row_count):
        used.members += core.groups.rows[row].held
        due.lists += core.groups.rows[row].held > 0


# What the rows of positions lead to.
cdef inline void count_indexed(const tc_core* core, tc_lifetimes* used) noexcept nogil:
    cdef const tc_open_orders* index = &core.open_orders
    cdef int32_t instrument
    cdef uint32_t row, at
    cdef int64_t found = 0
    for instrument in range(1, core.instrument_count + 1):
        row = index.by_instrument[instrument]
        while row:
            at = index.rows[row].head
            while at:
                found += core.orders.slots[at - 1].instrument == instrument
                used.reducing += -index.sizes[at].key if index.sizes[at].rank else 0
                at = core.orders.slots[at - 1].position_next
            row = index.rows[row].instrument_next
    if found != used.indexed:
        used.indexed = -1


cdef inline void account_order(const tc_core* core, const tc_order* order, tc_lifetimes* due) noexcept nogil:
    due.slots += 1
    due.members += terms_of(&core.orders, order).group != 0


# Only an open order has requests, a deadline, a price that it waits for, or lots that are held for it.
cdef inline void account_open(const tc_core* core, const tc_order* order, tc_lifetimes* due) noexcept nogil:
    cdef uint32_t at = order.first_request
    account_order(core, order, due)
    due.places += order.kept & KEEPS_PLACES
    while at != NO_SLOT:
        due.requests += 1
        due.replaces += core.orders.requests[at].is_replace
        at = core.orders.requests[at].next
    due.timers += order_deadline(core, order) != 0
    due.waiting += order.place == PLACE_AWAITS_PRICE
    due.indexed += order.admitted
    if order.admitted and order.exec_inst & INST_REDUCE_ONLY:
        due.reducing += leaves_of(order)
    if order.admitted and parent_of(&core.orders, order) == NULL:
        due.holds += max(held_of(&core.orders, order), terms_of(&core.orders, order).working)


# Is what watches a fresh print to be told once it is none any more? So it is until then, though the last that watched
# it has gone meanwhile.
cdef inline bint awaits_print_end(const tc_core* core, int32_t instrument) noexcept nogil:
    if not core.instruments[instrument].print_max_age or not has_fresh_print(core, instrument):
        return False
    return core.triggers.watched[instrument].count > 0 or core.timers.places[print_key(core, instrument)] != 0


# What the orders in the table, open and ended, account for; and the sessions that have an end.
cdef inline void count_due(const tc_core* core, tc_lifetimes* due) noexcept nogil:
    cdef uint32_t at = core.orders.open.head
    cdef int32_t instrument
    memset(due, 0, sizeof(tc_lifetimes))
    while at != NO_SLOT:
        account_open(core, &core.orders.slots[at], due)
        at = core.orders.slots[at].next
    at = core.orders.history.head
    while at != NO_SLOT:
        account_order(core, &core.orders.slots[at], due)
        at = core.orders.slots[at].next
    at = core.orders.rejects.head
    while at != NO_SLOT:
        account_order(core, &core.orders.slots[at], due)
        at = core.orders.slots[at].next
    for instrument in range(1, core.instrument_count + 1):
        due.timers += core.close_times[instrument] != 0
        due.timers += awaits_print_end(core, instrument)
    due.firm_holds = due.holds


cdef inline void count_lifetimes(const tc_core* core, tc_lifetimes* used, tc_lifetimes* due) noexcept nogil:
    count_used(core, used)
    count_indexed(core, used)
    count_due(core, due)
    count_lists(core, used, due)


# {name: (in use, accounted for)}
cdef inline dict lifetime_rows(tc_lifetimes used, tc_lifetimes due):
    cdef dict in_use = used, accounted = due
    return {name: (count, accounted[name]) for name, count in in_use.items()}

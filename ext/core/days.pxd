# The trading day: what its end does to orders and ids. What is for the day expires, what is good longer is renewed; at
# an external venue the end means what was declared with the venue.

from sessions cimport is_good_till
from requests cimport *


# Are an order's ids still taken: is it open, or may its venue still report what it did on the day that ended?
cdef inline bint keeps_ids(const tc_core* core, const tc_order* order) noexcept nogil:
    return order.is_open or (ended_with_day(order) and order.value == core.day)


# Only those ids are still taken.
cdef inline void keep_ids(tc_core* core) noexcept nogil:
    cdef uint32_t count = core.ids.count, i
    cdef tc_id_entry entry
    memset(core.ids.index, 0, (core.ids.index_mask + 1) * sizeof(uint32_t))
    core.ids.count = 0
    core.ids.digest = 0
    for i in range(count):
        entry = core.ids.entries[i]
        if core.orders.slots[entry.slot].order_id == entry.order_id and keeps_ids(core, &core.orders.slots[entry.slot]):
            claim_id(&core.ids, &core.texts, entry.id, entry.order_id, entry.slot)
    tc_assert(core.ids.count <= count)


# A day order that its venue has: the venue says when it ends, is asked, or has said that it knows no other day.
cdef inline void end_day_at_venue(tc_core* core, const tc_command* c, tc_order* order) noexcept nogil:
    cdef uint32_t day_end = core.router.venues[order.venue].day_end
    if day_end == DAY_END_ASK:
        doubt_order(core, c, order, order.order_qty, DAY_ENDED)
    elif day_end == DAY_END_EXPIRE:
        order.place = PLACE_NOWHERE
        order.value = core.day
        end_order(core, c, order, STATUS_EXPIRED, DAY_ENDED)


# The next trading day: what was for the day expires, what is good longer is renewed, and ids of orders and lists that
# have ended may be used again. What that means at an external venue is declared with it; what was not handed out to it
# is not there yet.
cdef inline void roll_day(tc_core* core, const tc_command* c) noexcept nogil:
    cdef uint32_t at = core.orders.open.head, next
    cdef tc_order* order
    cdef tc_report* r
    core.day += 1
    start_day(&core.risk.rows)
    if not core.risk.pnl.is_kept:
        load_pnl(core)
    close_pnl(&core.risk.pnl, core.instrument_count)
    close_strategies(&core.risk.strategies, core.instrument_count)
    accept_command(core, c, 0, 0, 0, core.day, 0)
    while at != NO_SLOT:
        order = &core.orders.slots[at]
        next = order.next
        if is_live(order):
            if is_good_till(order.time_in_force):
                order.done_for_day = False
                r = start_execution(core, c, order, EXEC_RESTATED)
                r.exec_restatement_reason = 1          # GT_RENEWAL
                publish_execution(core, order, r)
                sync_order(core, order)
            elif order.place == PLACE_IN_CHILDREN:
                end_day(core, c, order)
            elif recall_order(core, order):
                end_order(core, c, order, STATUS_EXPIRED, DAY_ENDED)
            else:
                end_day_at_venue(core, c, order)
        at = next
    keep_ids(core)
    forget_names(&core.groups)
    roll_exec_ids(&core.exec_ids)

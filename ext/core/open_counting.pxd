# What risk counts of open orders, while some limit is on how many there are: when one opens, and when it ends.

from state cimport *


# An order opens, or with `sign` -1 ends. A part of one is none of its own.
cdef inline void tell_counts(
    tc_open_counts* counts, const tc_orders* orders, const tc_order* order, int sign
) noexcept nogil:
    if tc_seldom(counts.is_kept) and not (order.extended and terms_of(orders, order).parent_id):
        count_open(counts, order.instrument, order.account, order.strategy, sign)


# Some limit is on how many orders are open from now on, or none any more.
cdef inline void keep_opens(tc_open_counts* counts, const tc_orders* orders, bint is_kept) noexcept nogil:
    cdef bint begins = is_kept and not counts.is_kept
    cdef uint32_t at = orders.open.head
    counts.is_kept = is_kept
    if not begins:
        return
    clear_counts(counts)
    while at != NO_SLOT:
        if orders.slots[at].kept & INDEXED:
            tell_counts(counts, orders, &orders.slots[at], 1)
        at = orders.slots[at].next

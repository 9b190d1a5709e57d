# The children of one order: a list through the terms of those that are open, in the order in which they became so.
# Only in C: a dict in Python.

from order_table cimport *


# Only in C: a dict in Python.
# The order that a child is a part of, or NULL where it is none, or its parent is evicted.
cdef inline tc_order* parent_of(const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms
    if not order.kept & IS_CHILD:
        return NULL
    terms = &orders.terms[slot_of(orders, order)]
    return &orders.slots[terms.parent_slot] if orders.slots[terms.parent_slot].order_id == terms.parent_id else NULL


# Only in C: a dict in Python.
cdef inline void append_child(tc_orders* orders, tc_terms* parent, uint32_t slot) noexcept nogil:
    cdef tc_terms* child = &orders.terms[slot]
    child.child_prev = parent.child_tail
    child.child_next = NO_SLOT
    if parent.child_tail == NO_SLOT:
        parent.child_head = slot
    else:
        orders.terms[parent.child_tail].child_next = slot
    parent.child_tail = slot
    child.is_listed = True


# Only in C: a dict in Python.
cdef inline void unlink_child(tc_orders* orders, tc_terms* parent, uint32_t slot) noexcept nogil:
    cdef tc_terms* child = &orders.terms[slot]
    tc_assert(child.is_listed != 0)
    if child.child_prev == NO_SLOT:
        parent.child_head = child.child_next
    else:
        orders.terms[child.child_prev].child_next = child.child_next
    if child.child_next == NO_SLOT:
        parent.child_tail = child.child_prev
    else:
        orders.terms[child.child_next].child_prev = child.child_prev
    child.is_listed = False

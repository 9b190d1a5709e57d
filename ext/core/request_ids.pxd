# ClOrdIDs of what the core itself sends to external venues: FIX wants one on every order and on every request. Each is
# claimed as a client's is, so that orders are found by it and venues answer by it. What they look like: see made_ids.

from trade_booking cimport *


# What ids that the core makes begin with: 1 to PREFIX_SIZE characters without spaces. Said before the first is made,
# whose text would change.
cdef inline void name_requests(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_made_ids* made = &core.texts.made
    cdef int size = text_size(c.text), i
    cdef bint bad = size == 0 or size > PREFIX_SIZE
    for i in range(size):
        bad |= c.text[i] == 0x20
    if bad:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, 0, 56)
    elif made.count:
        refuse_command(core, c, ack, ALREADY_DEFINED, made.count, 0)
    else:
        memcpy(made.prefix, c.text, TEXT_SIZE)
        made.prefix_size = size
        accept_command(core, c, 0, 0, 0, 0, 0)


# A ClOrdID that nobody has used, claimed for an order where there is room (else see find_unclaimed); 0 where there are
# no more.
cdef inline int64_t make_id(tc_core* core, const tc_order* order) noexcept nogil:
    cdef char text[TEXT_SIZE]
    cdef int64_t number = next_made(&core.texts.made, core.now)
    while number:
        put_made_text(&core.texts.made, number, text)
        if find_text(&core.texts, text) == number:
            break                                      # else a client's own text looks like it
        number = next_made(&core.texts.made, core.now)
    if number and core.ids.count < core.ids.capacity:
        claim_id(&core.ids, &core.texts, number, order.order_id, slot_of(&core.orders, order))
    elif number:
        core.ids.unclaimed += 1
    return number


# An order that goes to an external venue has a ClOrdID, whoever made it.
cdef inline void name_order(tc_core* core, tc_order* order) noexcept nogil:
    if order.cl_ord_id == 0:
        order.cl_ord_id = make_id(core, order)


# Did a user name a request? What the core asks for of itself has an id of the core's, or none.
cdef inline bint is_named(const tc_core* core, int64_t cl_ord_id) noexcept nogil:
    return cl_ord_id != 0 and not id_is_made(&core.texts.made, cl_ord_id)


# Does an order need an id that has no room?
cdef inline bint lacks_id(const tc_core* core, const tc_order* order) noexcept nogil:
    return order.cl_ord_id == 0 and core.ids.count == core.ids.capacity


# Only in C: membership in Python.
cdef inline bint goes_by(const tc_core* core, const tc_order* order, int64_t number) noexcept nogil:
    cdef uint32_t at = order.first_request
    if order.cl_ord_id == number or terms_of(&core.orders, order).orig_cl_ord_id == number:
        return True
    while at != NO_SLOT:
        if core.orders.requests[at].cl_ord_id == number:
            return True
        at = core.orders.requests[at].next
    return False


# The open order at a venue, 0 being any, whose made id, or a request's of it, had no room; NULL where there is none. A
# full table keeps no request in, nor what was accepted before: they are known while they are open. Where none ever was
# without, no order is looked at.
cdef inline tc_order* find_unclaimed(tc_core* core, int32_t venue, int64_t number) noexcept nogil:
    cdef tc_order* order
    cdef int64_t count, i
    if core.ids.unclaimed == 0 or not id_is_made(&core.texts.made, number):
        return NULL
    count = find_open(&core.open_orders, &core.orders, 0, 0, venue, 0)
    for i in range(count):
        order = &core.orders.slots[core.open_orders.found[i].slot]
        if goes_by(core, order, number):
            return order
    return NULL


# The order_id that is meant by an id of what is at a venue, 0 being any, and the order, NULL where it is evicted; 0
# where nothing is known by it.
cdef inline int64_t owner_of(tc_core* core, int32_t venue, int64_t cl_ord_id, tc_order** order) noexcept nogil:
    cdef const tc_id_entry* entry = find_id(&core.ids, cl_ord_id) if cl_ord_id else NULL
    if entry == NULL:
        order[0] = find_unclaimed(core, venue, cl_ord_id)
        return order[0].order_id if order[0] != NULL else 0
    order[0] = &core.orders.slots[entry.slot]
    if order[0].order_id != entry.order_id:
        order[0] = NULL
    return entry.order_id

# Lists of contingent orders (OCO, OTO): who is in which, and which have news. What follows is the conductor's.
#
# An order is in its list from when it passed risk until it is evicted: a bust can bring it back, and a late trade of
# one that was canceled still concerns the others. The parent is the first order, if it is OTO.
#
# A list_id names its list while one of its orders is open; where it has a parent, or its orders have traded, while one
# of them is held, until the day rolls: who comes late must learn what happened. A named row is found by hashing.

from order_facts cimport *
from book cimport find_slot, remove_slot, tc_hash, tc_slot


cdef struct tc_group:
    int64_t list_id
    int64_t root                   # the parent's order_id, 0 where there is none
    int64_t parent_qty             # what the parent had filled when it ended
    int64_t oco_total              # what OCO members have ever traded: a bust gives nothing back
    int64_t oco_filled             # OCO members that are filled whole
    int64_t held                   # members, open and ended; 0: the row is free
    uint32_t head, tail            # open members in the order in which they became so
    int32_t account, root_instrument
    uint8_t waits                  # children wait: the parent has not ended, or it has just done so
    uint8_t ended                  # the parent has ended
    uint8_t has_news


cdef struct tc_groups:
    tc_group* rows
    uint32_t* free_rows
    uint32_t* news                 # ring of rows
    tc_hash by_id                  # list_id -> row + 1, of the lists that orders can join
    uint32_t free_count, row_count
    uint32_t row_high              # rows from here on were never used
    uint64_t news_mask
    int64_t news_first, news_last


# Only in C: a dict in Python.
# The list that orders with this list_id join, or NULL.
cdef inline tc_group* find_named(const tc_groups* groups, int64_t list_id) noexcept nogil:
    cdef const tc_slot* slot
    if list_id == 0:
        return NULL
    slot = find_slot(&groups.by_id, <uint64_t>list_id, 0)
    return NULL if slot.value == 0 else &groups.rows[slot.value - 1]


# Only in C: a reference in Python.
# The list that an order with these terms is in, or NULL.
cdef inline tc_group* group_of(const tc_groups* groups, const tc_terms* terms) noexcept nogil:
    return NULL if terms.group == 0 else &groups.rows[terms.group - 1]


# What the other OCO members have ever traded.
cdef inline int64_t others_of(const tc_group* group, const tc_terms* terms) noexcept nogil:
    return group.oco_total - terms.oco_own


# OrderQty(38) that an OCO order may have: what its user wanted, less what the others have traded since; whether or not
# its venue has done what it was asked.
cdef inline int64_t oco_most(const tc_group* group, const tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef const tc_terms* terms = terms_of(orders, order)
    cdef int64_t limit = terms.oco_limit
    cdef uint32_t at = order.first_request
    while at != NO_SLOT:
        if orders.requests[at].is_replace and orders.requests[at].oco_limit < limit:
            limit = orders.requests[at].oco_limit
        at = orders.requests[at].next
    return limit - others_of(group, terms)


# The most that an OCO list whose orders have traded still has open.
cdef inline int64_t oco_room(const tc_group* group, const tc_orders* orders) noexcept nogil:
    cdef int64_t room = 0, most
    cdef const tc_order* order
    cdef uint32_t at = group.head
    if group.oco_filled:
        return 0
    while at != NO_SLOT:
        order = &orders.slots[at]
        if orders.terms[at].contingency_type == CONTINGENCY_OCO and is_live(order):
            most = oco_most(group, orders, order)
            if order.order_qty < most:
                most = order.order_qty
            if most - order.cum_qty > room:
                room = most - order.cum_qty
        at = orders.terms[at].group_next
    return room


# Why an order can't join its list, with value and bound; REASON_NONE where it can. All are of one account; a child
# takes no more than a parent that ended has filled, an OCO order no more than what the others' trades have left open.
cdef inline int find_bad_join(
    const tc_groups* groups, const tc_orders* orders, const tc_command* c, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_group* group = find_named(groups, c.list_id)
    if group == NULL:
        return REASON_NONE
    if group.account != c.account:
        value[0] = c.account
        bound[0] = group.account
        return INVALID_CONTINGENCY
    value[0] = c.order_qty
    if group.ended and group.parent_qty < c.order_qty:
        bound[0] = group.parent_qty
        return PARENT_ENDED
    if c.contingency_type == CONTINGENCY_OCO and group.oco_total:
        bound[0] = oco_room(group, orders)
        return OTHER_FILLED if bound[0] < c.order_qty else REASON_NONE
    return REASON_NONE


# Why an OCO order can't be replaced by this quantity, with its bound: as one that comes late, it takes no more than
# what is left; whether or not its venue has made it less already.
cdef inline int find_excess(
    const tc_groups* groups, const tc_orders* orders, const tc_order* order, int64_t order_qty, int64_t* bound
) noexcept nogil:
    cdef const tc_terms* terms = terms_of(orders, order)
    cdef const tc_group* group = group_of(groups, terms)
    if group == NULL or terms.contingency_type != CONTINGENCY_OCO or order_qty <= order.cum_qty:
        return REASON_NONE
    bound[0] = 0
    if group.oco_filled > (terms.told & TOLD_FILLED != 0):
        return OTHER_FILLED
    if others_of(group, terms) == 0:
        return REASON_NONE
    bound[0] = oco_most(group, orders, order)
    if bound[0] < 0:
        bound[0] = 0
    return OTHER_FILLED if order_qty > bound[0] else REASON_NONE


# The oco_limit of an order once a user has asked for this quantity.
cdef inline int64_t limit_after(const tc_groups* groups, const tc_terms* terms, int64_t order_qty) noexcept nogil:
    cdef const tc_group* group = group_of(groups, terms)
    cdef int64_t others = 0 if group == NULL else others_of(group, terms)
    if others == 0:
        return order_qty
    return order_qty + others if order_qty + others < terms.oco_limit else terms.oco_limit


# What its venue made of an OCO order is the most that it is wanted for.
cdef inline void cap_limit(const tc_groups* groups, const tc_order* order, tc_terms* terms) noexcept nogil:
    cdef const tc_group* group = group_of(groups, terms)
    if group != NULL and order.order_qty + others_of(group, terms) < terms.oco_limit:
        terms.oco_limit = order.order_qty + others_of(group, terms)


# Only in C: a dict in Python.
cdef inline void append_member(tc_group* group, tc_orders* orders, uint32_t at) noexcept nogil:
    cdef tc_terms* terms = &orders.terms[at]
    tc_assert((group.head == NO_SLOT) == (group.tail == NO_SLOT))
    terms.group_prev = group.tail
    terms.group_next = NO_SLOT
    if group.tail == NO_SLOT:
        group.head = at
    else:
        orders.terms[group.tail].group_next = at
    group.tail = at


# The first order of a list opens it; if it is OTO it is the parent.
cdef inline void join_group(tc_groups* groups, tc_orders* orders, const tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef tc_slot* slot = find_slot(&groups.by_id, <uint64_t>terms.list_id, 0)
    cdef tc_group* group
    tc_assert((terms.list_id != 0) & (terms.group == 0))
    if slot.value == 0:
        tc_assert(groups.free_count > 0)
        groups.free_count -= 1
        slot.key = <uint64_t>terms.list_id
        slot.value = <uint64_t>groups.free_rows[groups.free_count] + 1
        if slot.value > groups.row_high:
            groups.row_high = <uint32_t>slot.value
        group = &groups.rows[slot.value - 1]
        memset(group, 0, sizeof(tc_group))
        group.list_id = terms.list_id
        group.account = order.account
        group.head = NO_SLOT
        group.tail = NO_SLOT
        if terms.contingency_type == CONTINGENCY_OTO:
            group.root = order.order_id
            group.root_instrument = order.instrument
            group.waits = True
    terms.group = <uint32_t>slot.value
    group = group_of(groups, terms)
    append_member(group, orders, slot_of(orders, order))
    group.held += 1
    tc_assert(group.account == order.account)
    terms.oco_limit = order.order_qty + group.oco_total
    terms.told = TOLD_LIVE


# No order can join a list any more, unless one of it is open.
cdef inline void forget_name(tc_groups* groups, const tc_group* group) noexcept nogil:
    if group.head == NO_SLOT and find_named(groups, group.list_id) == group:
        remove_slot(&groups.by_id, find_slot(&groups.by_id, <uint64_t>group.list_id, 0))


# A new day: the list_ids of what is not open may be used again.
cdef inline void forget_names(tc_groups* groups) noexcept nogil:
    cdef uint32_t row
    for row in range(groups.row_high):
        if groups.rows[row].held:
            forget_name(groups, &groups.rows[row])


# Do the neighbours of an open member, or its list's ends, point at it?
cdef inline bint is_linked_member(const tc_group* group, const tc_orders* orders, uint32_t at) noexcept nogil:
    cdef const tc_terms* terms = &orders.terms[at]
    cdef uint32_t before = group.head if terms.group_prev == NO_SLOT else orders.terms[terms.group_prev].group_next
    cdef uint32_t behind = group.tail if terms.group_next == NO_SLOT else orders.terms[terms.group_next].group_prev
    return before == at and behind == at


# An order that ended.
cdef inline void leave_group(tc_groups* groups, tc_group* group, tc_orders* orders, uint32_t at) noexcept nogil:
    cdef const tc_terms* terms = &orders.terms[at]
    tc_assert(is_linked_member(group, orders, at))
    if terms.group_prev == NO_SLOT:
        group.head = terms.group_next
    else:
        orders.terms[terms.group_prev].group_next = terms.group_next
    if terms.group_next == NO_SLOT:
        group.tail = terms.group_prev
    else:
        orders.terms[terms.group_next].group_prev = terms.group_prev
    if group.root == 0 and group.oco_total == 0:
        forget_name(groups, group)


# An order that is evicted. The row is free with its last one, and once its news are settled.
cdef inline void forget_member(tc_groups* groups, tc_group* group) noexcept nogil:
    tc_assert(group.held > 0)
    group.held -= 1
    if group.held:
        return
    tc_assert(group.head == NO_SLOT)                   # who is open is held
    forget_name(groups, group)
    if not group.has_news:
        groups.free_rows[groups.free_count] = <uint32_t>(group - groups.rows)
        groups.free_count += 1
        tc_assert(groups.free_count <= groups.row_count)


# Only in C: a deque in Python.
cdef inline void add_news(tc_groups* groups, tc_group* group) noexcept nogil:
    if not group.has_news:
        group.has_news = True
        groups.news[<uint64_t>groups.news_last & groups.news_mask] = <uint32_t>(group - groups.rows)
        groups.news_last += 1
        tc_assert(groups.news_last - groups.news_first <= <int64_t>groups.news_mask + 1)


# A member has traded, ended, come back or changed: its list has news.
cdef inline void tell_list(tc_groups* groups, tc_group* group, const tc_order* order) noexcept nogil:
    if group.root == order.order_id and not is_live(order) and not group.ended:
        group.ended = True
        group.parent_qty = order.cum_qty
    add_news(groups, group)


# Keeps the number of OCO members that are filled whole, and tells the list of ends and returns.
cdef inline void sync_list(tc_groups* groups, tc_group* group, const tc_order* order, tc_terms* terms) noexcept nogil:
    cdef uint8_t told = TOLD_LIVE if is_live(order) else 0, before = terms.told
    if terms.contingency_type == CONTINGENCY_OCO and is_filled(order):
        told |= TOLD_FILLED
        group.oco_filled += not before & TOLD_FILLED
    elif before & TOLD_FILLED:
        group.oco_filled -= 1
    tc_assert((group.oco_filled >= 0) & (group.held > 0))
    terms.told = told
    if (told ^ before) & TOLD_LIVE:
        tell_list(groups, group, order)


# A member has traded: the other OCO members will be reduced by as much.
cdef inline void tell_fill(tc_groups* groups, const tc_order* order, tc_terms* terms, int64_t qty) noexcept nogil:
    cdef tc_group* group = group_of(groups, terms)
    if group != NULL and terms.contingency_type == CONTINGENCY_OCO:
        group.oco_total += qty
        terms.oco_own += qty
        tc_assert((qty > 0) & (others_of(group, terms) >= 0))
        tell_list(groups, group, order)


cdef inline int64_t scale_down(int64_t qty, int64_t n, int64_t d) noexcept nogil:
    return tc_saturate(tc_floor_div_wide(tc_wide(qty, n), d))


# A split: what a parent has filled is now n / d as much; of children a fraction less.
cdef inline void split_lists(tc_groups* groups, int32_t instrument, int64_t n, int64_t d) noexcept nogil:
    cdef uint32_t row
    for row in range(groups.row_high):
        if groups.rows[row].root_instrument == instrument:
            groups.rows[row].parent_qty = scale_down(groups.rows[row].parent_qty, n, d)


# What an OCO order may still have, times n / d.
cdef inline void split_limit(const tc_groups* groups, tc_terms* terms, int64_t n, int64_t d) noexcept nogil:
    cdef const tc_group* group = group_of(groups, terms)
    cdef int64_t others
    if group != NULL:
        others = others_of(group, terms)
        terms.oco_limit = scale_down(terms.oco_limit - others, n, d) + others


# Does an order of this list, which may be NULL, wait for another one?
cdef inline bint waits_for_parent(const tc_group* group, int64_t order_id) noexcept nogil:
    return group != NULL and group.waits and not group.ended and group.root != order_id

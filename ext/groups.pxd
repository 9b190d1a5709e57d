# Lists of contingent orders (OCO, OTO): who is in which, and which have news. What follows is the conductor's.
#
# A list is named by its list_id while one of its orders is open, and while its parent is held: who comes late must
# learn how the parent ended. The parent is the first order, if it is OTO. A row is found by hashing the list_id.

from order cimport *
from execution cimport find_slot, remove_slot, tc_hash, tc_slot


cdef struct tc_group:
    int64_t list_id, serial        # no two lists have the same serial
    int64_t root                   # the parent's order_id, 0 where there is none
    int64_t parent_qty             # what the parent had filled when it ended
    int64_t oco_qty                # what OCO members filled since the others last heard of it
    uint32_t head, tail            # open members in the order in which they came
    int32_t account
    uint8_t waits                  # children wait: the parent has not ended, or it has just done so
    uint8_t ended                  # the parent has ended
    uint8_t has_news
    uint8_t oco_done               # an OCO member has filled whole


cdef struct tc_groups:
    tc_group* rows
    uint32_t* free_rows
    uint32_t* news                 # ring of rows
    tc_hash by_id                  # list_id -> row + 1
    uint32_t free_count
    uint64_t news_mask
    int64_t news_first, news_last
    int64_t opened


# The list of a list_id, or NULL.
cdef inline tc_group* find_group(const tc_groups* groups, int64_t list_id) noexcept nogil:
    cdef const tc_slot* slot
    if list_id == 0:
        return NULL
    slot = find_slot(&groups.by_id, <uint64_t>list_id)
    return NULL if slot.value == 0 else &groups.rows[slot.value - 1]


# Why an order can't join its list, with value and bound; False where it can. All are of one account, and a child takes
# no more than a parent that ended has filled.
cdef inline bint find_bad_join(
    const tc_groups* groups, const tc_order* order, int64_t list_id, int64_t* value, int64_t* bound
) noexcept nogil:
    cdef const tc_group* group = find_group(groups, list_id)
    if group == NULL:
        return False
    if group.account != order.account:
        value[0], bound[0] = order.account, group.account
        return True
    value[0], bound[0] = order.order_qty, group.parent_qty
    return group.ended and group.parent_qty < order.order_qty


# The first order of a list opens it; if it is OTO it is the parent.
cdef inline void join_group(tc_groups* groups, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef tc_slot* slot = find_slot(&groups.by_id, <uint64_t>terms.list_id)
    cdef uint32_t at = slot_of(orders, order)
    cdef tc_group* group
    if slot.value == 0:
        groups.free_count -= 1
        slot.key, slot.value = <uint64_t>terms.list_id, <uint64_t>groups.free_rows[groups.free_count] + 1
        group = &groups.rows[slot.value - 1]
        memset(group, 0, sizeof(tc_group))
        groups.opened += 1
        group.list_id, group.serial, group.account = terms.list_id, groups.opened, order.account
        group.head = group.tail = NO_SLOT
        if terms.contingency_type == CONTINGENCY_OTO:
            group.root, group.waits = order.order_id, True
    group = &groups.rows[slot.value - 1]
    terms.group_prev, terms.group_next = group.tail, NO_SLOT
    if group.tail == NO_SLOT:
        group.head = at
    else:
        orders.terms[group.tail].group_next = at
    group.tail = at
    terms.in_group, terms.group_serial = True, group.serial


cdef inline void close_group(tc_groups* groups, tc_group* group) noexcept nogil:
    if group.head != NO_SLOT or group.root or group.has_news:
        return
    remove_slot(&groups.by_id, find_slot(&groups.by_id, <uint64_t>group.list_id))
    groups.free_rows[groups.free_count] = <uint32_t>(group - groups.rows)
    groups.free_count += 1


# An order that ended; its list is closed with its last one, unless a parent is to be remembered.
cdef inline void leave_group(tc_groups* groups, tc_orders* orders, tc_order* order) noexcept nogil:
    cdef tc_terms* terms = terms_of(orders, order)
    cdef tc_group* group
    if not terms.in_group:
        return
    group = find_group(groups, terms.list_id)
    terms.in_group = False
    if terms.group_prev == NO_SLOT:
        group.head = terms.group_next
    else:
        orders.terms[terms.group_prev].group_next = terms.group_next
    if terms.group_next == NO_SLOT:
        group.tail = terms.group_prev
    else:
        orders.terms[terms.group_next].group_prev = terms.group_prev
    close_group(groups, group)


# An order that is evicted: nobody can come late to its list any more.
cdef inline void forget_parent(tc_groups* groups, int64_t list_id, int64_t order_id) noexcept nogil:
    cdef tc_group* group = find_group(groups, list_id)
    if group != NULL and group.root == order_id:
        group.root = 0
        close_group(groups, group)


cdef inline void add_news(tc_groups* groups, tc_group* group) noexcept nogil:
    if not group.has_news:
        group.has_news = True
        groups.news[<uint64_t>groups.news_last & groups.news_mask] = <uint32_t>(group - groups.rows)
        groups.news_last += 1


# A member has filled or ended: its list has news.
cdef inline void tell_group(tc_groups* groups, const tc_order* order, const tc_terms* terms) noexcept nogil:
    cdef tc_group* group = find_group(groups, terms.list_id)
    if group == NULL or group.serial != terms.group_serial:
        return
    if group.root == order.order_id and not is_live(order) and not group.ended:
        group.ended, group.parent_qty = True, order.cum_qty
    if terms.contingency_type == CONTINGENCY_OCO and is_filled(order):
        group.oco_done = True
    add_news(groups, group)


# A member has traded: the other OCO members will be reduced by as much.
cdef inline void tell_fill(tc_groups* groups, const tc_order* order, tc_terms* terms, int64_t qty) noexcept nogil:
    cdef tc_group* group = find_group(groups, terms.list_id)
    if group != NULL and group.serial == terms.group_serial and terms.contingency_type == CONTINGENCY_OCO:
        group.oco_qty += qty
        terms.oco_qty += qty
        tell_group(groups, order, terms)


cdef inline bint waits_for_parent(const tc_groups* groups, const tc_order* order, int64_t list_id) noexcept nogil:
    cdef const tc_group* group = find_group(groups, list_id)
    return group != NULL and group.waits and not group.ended and group.root != order.order_id

# Orders of our own never trade with each other: what an order would meet on its way to a venue, and what is done then.
#
# In a simulated venue's book, by the mode of the newcomer's account: it is refused whole (BLOCK), it takes what stands
# before its own and the rest is canceled (CANCEL_NEWEST), its own are canceled on the way (CANCEL_OLDEST), or both lose
# what the smaller has (DECREMENT). An order that must have a quantity at once (FILL_OR_KILL, min_qty) counts what
# others hold alone, and changes nothing where that is too little. At an external venue nobody sees the queue: an order
# that could meet our own there is refused (BLOCK), canceled before it is sent (CANCEL_NEWEST), or held until they are
# gone (HOLD). What waits at a venue for a price does not count.

from departures cimport *


# Does anything of ours work on the other side?
cdef inline bint may_meet_own(const tc_core* core, const tc_order* order, int64_t match_id) noexcept nogil:
    cdef const tc_exposure* e = exposure_of(&core.risk, order.instrument, 0 if match_id else order.account)
    return (e.working_sell if direction(order.side) == SIDE_BUY else e.working_buy) > 0


# ---- in a book

# Only in C: None in Python.
# What rests at a node: an order of ours, or NULL of a quote and of others' orders.
cdef inline tc_order* own_at(tc_core* core, const tc_order* order, uint32_t node) noexcept nogil:
    if node >= core.order_slots or not is_one_owner(
            core.self_match, order.account, core.orders.slots[node].account):
        return NULL
    return &core.orders.slots[node]


# The first of ours that a taker of so much would meet, and what stands before it; NULL where there is none.
cdef inline tc_order* first_own(
    tc_core* core, const tc_order* order, int64_t limit, int64_t qty, int64_t* before
) noexcept nogil:
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(direction(order.side)))
    cdef uint32_t at = core.book.rows[row].best, node
    cdef tc_order* own
    before[0] = 0
    while at != NO_LEVEL and not is_better(row, limit, core.book.levels[at].price):
        node = core.book.levels[at].head
        while node != NO_NODE:
            if before[0] >= qty:
                return NULL
            own = own_at(core, order, node)
            if own != NULL:
                return own
            before[0] += core.book.nodes[node].qty
            node = core.book.nodes[node].next
        before[0] += core.book.levels[at].hidden_qty
        at = next_level(&core.book, at)
    return NULL


# What others hold within the limit, up to `most`.
cdef inline int64_t held_by_others(tc_core* core, const tc_order* order, int64_t limit, int64_t most) noexcept nogil:
    cdef uint32_t row = row_of(core, order.instrument, order.venue, opposite(direction(order.side)))
    cdef uint32_t at = core.book.rows[row].best, node
    cdef int64_t qty = 0
    while at != NO_LEVEL and qty < most and not is_better(row, limit, core.book.levels[at].price):
        node = core.book.levels[at].head
        while node != NO_NODE:
            if own_at(core, order, node) == NULL:
                qty += core.book.nodes[node].qty + core.book.nodes[node].hidden
            node = core.book.nodes[node].next
        at = next_level(&core.book, at)
    return min(qty, most)


# As first_own; NULL at once where the account prevents nothing, or nothing of ours works on the other side.
cdef inline tc_order* meets_own(
    tc_core* core, const tc_order* order, int64_t limit, int64_t qty, int64_t* before
) noexcept nogil:
    cdef const tc_prevention* row = prevention_of(core.self_match, order.account)
    if row.mode == SELF_MATCH_OFF or order.exec_inst & INST_POST_ONLY or not may_meet_own(core, order, row.match_id):
        return NULL
    return first_own(core, order, limit, qty, before)


# What an order that ends with SELF_MATCH is to say.
cdef inline void note_match(tc_order* order, const tc_order* other, uint8_t mode) noexcept nogil:
    order.value = other.order_id
    order.bound = mode


cdef inline void end_own(tc_core* core, const tc_command* c, tc_order* own, const tc_order* order) noexcept nogil:
    note_match(own, order, prevention_of(core.self_match, order.account).mode)
    end_order(core, c, own, STATUS_CANCELED, SELF_MATCH)


cdef inline void lose_qty(
    tc_core* core, const tc_command* c, tc_order* order, int64_t qty, const tc_order* other
) noexcept nogil:
    cdef tc_report* r
    order.order_qty -= qty
    if order.extended:
        cap_limit(&core.groups, order, terms_of(&core.orders, order))
    r = start_execution(core, c, order, EXEC_RESTATED)
    r.reason = SELF_MATCH
    r.value = other.order_id
    r.bound = SELF_MATCH_DECREMENT
    r.exec_restatement_reason = 5                      # PARTIAL_DECLINE
    publish_execution(core, order, r)
    sync_order(core, order)


# Both lose what the smaller has, without a trade. Is anything left of the newcomer?
cdef inline bint decrement_both(
    tc_core* core, const tc_command* c, tc_order* order, tc_order* own, int64_t before
) noexcept nogil:
    cdef int64_t qty = min(leaves_of(own), leaves_of(order) - before)
    if qty == leaves_of(own):
        end_own(core, c, own, order)
    else:
        reduce_node(&core.book, slot_of(&core.orders, own), qty)
        sync_top(core, own.instrument, own.venue, direction(order.side))
        lose_qty(core, c, own, qty, order)
    if qty == leaves_of(order):
        return False
    lose_qty(core, c, order, qty, own)
    return True


# What becomes of an order in a book that has met one of ours there: what it may still take or rest with, and why it
# ends if it does. Unless it is refused whole it is New before the others hear of it.
cdef inline int pass_own(
    tc_core* core, const tc_command* c, tc_order* order, int64_t limit, tc_order* own, int64_t before, bint first,
    int64_t* most
) noexcept nogil:
    cdef uint8_t mode = prevention_of(core.self_match, order.account).mode
    cdef bint whole = order.time_in_force == TIF_FOK
    cdef int64_t wanted = leaves_of(order) if whole else terms_of(&core.orders, order).min_qty
    most[0] = 0
    if mode == SELF_MATCH_BLOCK:
        note_match(order, own, mode)
        return SELF_MATCH
    if wanted and wanted > (
            held_by_others(core, order, limit, wanted) if mode == SELF_MATCH_CANCEL_OLDEST else before):
        return FOK_NOT_FILLABLE if whole else MIN_QTY_NOT_MET
    if first:
        order.acked = True
        report_execution(core, c, order, EXEC_NEW)
    if mode == SELF_MATCH_CANCEL_NEWEST:
        note_match(order, own, mode)
        most[0] = before
        return REASON_NONE
    while own != NULL:
        if mode == SELF_MATCH_CANCEL_OLDEST:
            end_own(core, c, own, order)
        elif not decrement_both(core, c, order, own, before):
            note_match(order, own, mode)
            return REASON_NONE
        own = first_own(core, order, limit, leaves_of(order), &before)
    most[0] = leaves_of(order)
    return REASON_NONE


# ---- outside

# Are these on two sides, with prices that meet? What waits for a price of its own trades with nobody yet.
cdef inline bint could_trade(
    const tc_orders* orders, const tc_order* order, int64_t price, const tc_order* other
) noexcept nogil:
    cdef int64_t theirs = worst_px(orders, other)
    if direction(other.side) == direction(order.side) or (awaits_price(other.ord_type) and not other.triggered):
        return False
    if price == no_price() or theirs == no_price():
        return True
    return price >= theirs if direction(order.side) == SIDE_BUY else price <= theirs


# Orders of ours that one at this price (no_price(): at any) could trade with at its external venue, oldest first, in
# the index's `found`; how many. None where nothing is prevented there. What is filled counts while a replace may make
# more of it.
cdef inline int64_t own_outside(tc_core* core, const tc_order* order, int64_t price) noexcept nogil:
    cdef const tc_prevention* row = prevention_of(core.self_match, order.account)
    cdef const tc_order* other
    cdef int64_t listed, count = 0, i
    if row.outside == SELF_MATCH_OFF or not may_meet_own(core, order, row.match_id):
        return 0
    listed = find_open(&core.open_orders, &core.orders, order.instrument, 0 if row.match_id else order.account,
                       order.venue, 0)
    for i in range(listed):
        other = &core.orders.slots[core.open_orders.found[i].slot]
        if (other.place == PLACE_AT_VENUE and held_of(&core.orders, other) > 0
                and is_one_owner(core.self_match, order.account, other.account)
                and could_trade(&core.orders, order, price, other)):
            core.open_orders.found[count] = core.open_orders.found[i]
            count += 1
    return count


# Would a replaced order meet one of ours: at an external venue whatever is prevented there, in a book where such an
# order is blocked? Its order_id, 0: no; and the mode.
cdef inline int64_t find_own_match(
    tc_core* core, const tc_order* order, int64_t price, int64_t ticks, int64_t leaves_qty, int64_t* mode
) noexcept nogil:
    cdef const tc_prevention* row = prevention_of(core.self_match, order.account)
    cdef const tc_order* own = NULL
    cdef int64_t before = 0
    if order.place == PLACE_AT_VENUE:
        mode[0] = row.outside
        return core.open_orders.found[0].order_id if own_outside(core, order, price) else 0
    mode[0] = row.mode
    if row.mode == SELF_MATCH_BLOCK and order.place == PLACE_RESTING:
        own = meets_own(core, order, ticks, leaves_qty, &before)
    return own.order_id if own != NULL else 0

# What leaves for a venue, through the exit gate: what that is asked, the alert of what it stops, what is handed out.
#
# A message is handed out once; what becomes of it then is the caller's. A part of an order that the gate stops ends the
# order's way to further venues: it ends with the last of its parts that works.

from exits cimport *
from exit_gate cimport ask_gate, asks_quantities_alone, count_exit, let_out, lets_exits_out, passes_at_once, tc_exit


# ---- what the gate is asked

# Is another order on an order's side of its position with a venue? What still waits here can be stopped here.
cdef inline bint has_left(const tc_core* core, const tc_order* order, const tc_order* other) noexcept nogil:
    return (other != order and other.instrument == order.instrument and other.account == order.account
            and direction(other.side) == direction(order.side)
            and (other.place == PLACE_RESTING
                 or (other.place == PLACE_AT_VENUE and not is_unsent(&core.orders, other))))


# Does an order with so much to trade only reduce the position that is booked, with all that has left before it?
cdef inline bint leaves_to_reduce(tc_core* core, const tc_order* order, int64_t leaves_qty) noexcept nogil:
    cdef int64_t position = position_of(&core.ledger, order.instrument, order.account).qty
    cdef uint32_t at = core.open_orders.rows[row_at(&core.open_orders, order.instrument, order.account)].head
    cdef const tc_order* other
    cdef tc_listed listed = list_of(core, order)
    cdef int64_t most = position if direction(order.side) == SIDE_SELL else -position
    while at and leaves_qty <= most:
        other = &core.orders.slots[at - 1]
        if has_left(core, order, other) and counts_for_list(core, order, &listed, other, has_left):
            leaves_qty += held_of(&core.orders, other)
        at = other.position_next
    return leaves_qty <= most


# Only in C: a sum in Python.
# What the children of an order hold.
cdef inline int64_t held_by_children(const tc_core* core, const tc_terms* terms) noexcept nogil:
    cdef uint32_t at = terms.child_head
    cdef int64_t held = 0
    while at != NO_SLOT:
        held += held_of(&core.orders, &core.orders.slots[at])
        at = core.orders.terms[at].child_next
    return held


# An order on its way to a venue, as its facts are now; a part of an order with all that the order may trade. What waits
# for a price, and what goes as it was entered once that has come, is held against it; all else against twice the
# reference price, which is looked up where it is not `known` (NULL).
cdef inline void load_exit(
    tc_core* core, const tc_order* order, bint reprices, const int64_t* known, tc_exit* e
) noexcept nogil:
    cdef const tc_order* parent = parent_of(&core.orders, order) if order.extended else NULL
    cdef const tc_order* whole = parent if parent != NULL else order
    cdef int64_t stop_px = no_price()
    e.side = direction(order.side)
    e.order_id = order.order_id
    e.order_qty = order.order_qty
    e.most_qty = order.order_qty
    e.cum_qty = order.cum_qty
    e.leaves_qty = leaves_of(order)
    e.price = order.price if has_limit(order.ord_type) else no_price()
    e.reference2 = no_price()
    if awaits_price(whole.ord_type) and not (
            whole.triggered and (terms_of(&core.orders, whole).repriced or reprices)):
        stop_px = stop_of(&core.triggers, &core.orders, whole)
    if stop_px != no_price():
        e.reference2 = 2 * stop_px
    elif core.gate.collar_bps:
        e.reference2 = twice_reference(core, order.instrument) if known == NULL else known[0]
    e.now = core.now
    e.made = 0
    e.venue = order.venue
    e.instrument = order.instrument
    e.no_more = False
    e.waits = awaits_price(whole.ord_type) and not whole.triggered
    e.is_replace = False
    e.asks_less = False
    e.reduces = False
    e.family_qty = 0
    e.parent_qty = 0
    if parent != NULL:
        e.parent_qty = parent.order_qty
        e.family_qty = parent.cum_qty + held_by_children(core, terms_of(&core.orders, parent))


# Asks the gate; whether an order reduces is found out where only that can let it pass. What it stops is an alert: of
# the order, with the check that should have stopped it, and its bound.
cdef inline bint is_stopped(
    tc_core* core, const tc_command* c, const tc_order* order, tc_exit* e, tc_finding* finding
) noexcept nogil:
    cdef int64_t bound = 0
    cdef uint32_t slot = slot_of(&core.orders, order)
    cdef int check = ask_gate(&core.gate, slot, e, &bound)
    cdef tc_report* r
    if check and lets_exits_out(&core.gate, e, check) and leaves_to_reduce(core, order, e.leaves_qty):
        e.reduces = True
        check = ask_gate(&core.gate, slot, e, &bound)
    if not check:
        return False
    core.gate.stopped += 1
    finding.value = check
    finding.limit = bound
    r = start_message(core, c, order, REPORT_GATE_STOPPED)
    r.reason = EXIT_GATE
    r.value = check
    r.bound = bound
    publish_report(&core.events, r)
    return True


# An order that goes into a simulated venue's book; it counts once it does.
cdef inline bint stops_order(
    tc_core* core, const tc_command* c, const tc_order* order, tc_finding* finding
) noexcept nogil:
    cdef tc_exit e
    cdef int64_t reference2 = no_price()
    cdef const int64_t* known = NULL
    if not order.kept & IS_CHILD and order.cum_qty + leaves_of(order) <= order.order_qty:
        if asks_quantities_alone(&core.gate, order.venue):
            return False
        if order.ord_type == TYPE_LIMIT:
            if core.gate.collar_bps:
                reference2 = twice_reference(core, order.instrument)
            if passes_at_once(&core.gate, order.venue, order.instrument, direction(order.side), order.price, reference2,
                              core.now):
                return False
            known = &reference2
    load_exit(core, order, False, known, &e)
    return is_stopped(core, c, order, &e, finding)


# An order that a replace would take into a simulated venue's book again, with these terms.
cdef inline bint stops_replace(
    tc_core* core, const tc_command* c, const tc_order* order, int64_t order_qty, int64_t price, tc_finding* finding
) noexcept nogil:
    cdef tc_exit e
    load_exit(core, order, price != order.price, NULL, &e)
    e.order_qty = order_qty
    e.most_qty = order_qty
    e.leaves_qty = order_qty - order.cum_qty
    e.price = price
    return is_stopped(core, c, order, &e, finding)


# Does a replace only lower the quantity, whichever it will replace: nobody knows yet whether that is the order or one
# that was asked before? What the core lowers has all else as it was asked last.
cdef inline bint asks_less(const tc_orders* orders, const tc_order* order, const tc_request* request) noexcept nogil:
    cdef uint32_t at = <uint32_t>(request - orders.requests)
    if request.reason:
        return (not asks_more(orders, order, last_asked(orders, order, at), request)
                and request.order_qty <= order.order_qty)
    if asks_more(orders, order, NULL, request):
        return False
    at = request.prev
    while at != NO_SLOT:
        if orders.requests[at].is_replace and asks_more(orders, order, &orders.requests[at], request):
            return False
        at = orders.requests[at].prev
    return True


# Is a request a user's replace that asks for more, whichever it will replace, and that no venue has answered?
cdef inline bint wants_more(const tc_orders* orders, const tc_order* order, const tc_request* asked) noexcept nogil:
    return asked.is_replace and not asked.reason and not asked.pending and not asks_less(orders, order, asked)


# The largest quantity that an order has, or was asked for before a request: nobody knows yet which it will be.
cdef inline int64_t most_asked(
    const tc_orders* orders, const tc_order* order, const tc_request* request
) noexcept nogil:
    cdef int64_t most = order.order_qty
    cdef uint32_t at = request.prev if request != NULL else NO_SLOT
    while at != NO_SLOT:
        if orders.requests[at].is_replace:
            most = max(most, orders.requests[at].order_qty)
        at = orders.requests[at].prev
    return most


# A new order or a replace that is about to be handed out. A replace that its venue has answered already (`request` is
# NULL) asks for what its message says, and never for less. A new limit is held against the market where the price that
# the order waited for has come.
cdef inline bint stops_message(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_message* m, const tc_request* request,
    tc_finding* finding
) noexcept nogil:
    cdef tc_exit e
    load_exit(core, order, request != NULL and request.price != order.price, NULL, &e)
    e.made = m.command_seq
    e.order_qty = m.order_qty
    e.leaves_qty = m.order_qty - order.cum_qty if m.order_qty > order.cum_qty else 0
    e.cum_qty = m.order_qty - e.leaves_qty
    if m.msg_type == MSG_ORDER_CANCEL_REPLACE_REQUEST:
        e.is_replace = True
        e.most_qty = e.order_qty
        e.no_more = e.order_qty <= most_asked(&core.orders, order, request)
        if request != NULL:
            e.most_qty = request.order_qty
            e.asks_less = asks_less(&core.orders, order, request)
    elif not is_unsent(&core.orders, order):           # its venue has spoken of it since: it may have fewer by now
        e.most_qty = max(e.most_qty, e.order_qty)
    if has_limit(m.ord_type):                          # of a MARKET order too, whose venue is sent a limit
        e.price = m.price
    if m.stop_px != no_price() and not order.triggered:
        e.reference2 = 2 * m.stop_px
    if is_stopped(core, c, order, &e, finding):
        return True
    let_out(&core.gate, slot_of(&core.orders, order), &e)
    return False


# ---- handed out

# Does the exit gate stop a message? What it stops is taken back: a new order is Canceled, a replace refused; of what
# the venue has spoken of already, the message alone. What is about an order that has ended and left the table can't be
# judged, and stays. Cancels, questions, and what the core asked of itself and its venue has answered pass.
cdef inline bint is_kept_back(tc_core* core, const tc_command* c, uint32_t at) noexcept nogil:
    cdef tc_message* m = &core.orders.unsent.messages[at]
    cdef uint32_t asked = core.orders.unsent.rows[at].request
    cdef tc_order* order = &core.orders.slots[core.orders.unsent.rows[at].slot]
    cdef tc_request* request = NULL
    cdef bint is_new = m.msg_type == MSG_NEW_ORDER_SINGLE
    cdef tc_finding finding
    cdef tc_report* r
    if asked:
        request = &core.orders.requests[asked - 1]
    if not is_new and (m.msg_type != MSG_ORDER_CANCEL_REPLACE_REQUEST or (request == NULL and m.reason)):
        return False
    if order.order_id != m.order_id:                   # its slot is another's
        core.gate.stopped += 1
        r = start_report(core, c, REPORT_GATE_STOPPED)
        r.order_id = m.order_id
        r.reason = EXIT_GATE
        r.value = UNKNOWN_ORDER
        publish_report(&core.events, r)
        drop_message(&core.orders, at)
        return True
    if request != NULL and request.reason and not request.pending:
        follow_asked(core, order, m, request)
    if not stops_message(core, c, order, m, request, &finding):
        return False
    if finding.value == DUPLICATE_CLORDID:
        drop_message(&core.orders, at)
    elif request != NULL and not request.pending:
        withdraw_replace(core, c, order, asked - 1, EXIT_GATE, finding.value, finding.limit)
    elif not is_new or not is_unsent(&core.orders, order):
        drop_message(&core.orders, at)
    else:
        recall_order(core, order)
        order.value = finding.value
        order.bound = finding.limit
        end_order(core, c, order, STATUS_CANCELED, EXIT_GATE)
    return True


# The next messages, at most so many; the ack's order_id is the number of the last one that ever was. No report: it is
# no news, unless the exit gate stops one.
cdef inline void hand_out(tc_core* core, const tc_command* c, tc_ack* ack) noexcept nogil:
    cdef tc_unsent* unsent = &core.orders.unsent
    cdef uint32_t at
    cdef int64_t left = c.most
    cdef tc_message* m
    cdef const tc_message_row* row
    if left < 1:
        refuse_command(core, c, ack, INVALID_FIELD_VALUE, left, 56)
        return
    while unsent.first != NO_MESSAGE and left > 0:
        at = unsent.first
        if is_kept_back(core, c, at):                  # it is none of those that were asked for
            continue
        left -= 1
        m = &unsent.messages[at]
        row = &unsent.rows[at]
        if row.request:                                # what was asked before it may have been answered, or taken back
            m.orig_cl_ord_id = last_id(&core.orders, &core.orders.slots[row.slot], row.request - 1)
        unsent.handed += 1
        m.seq = unsent.handed
        if unsent.reader != NULL:
            unsent.reader[0] = m[0]
            unsent.reader += 1
        drop_message(&core.orders, at)
    ack.order_id = unsent.handed

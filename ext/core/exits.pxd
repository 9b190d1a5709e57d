# What leaves for a venue, before the exit gate: what it is asked, and the alert of what it stops.

from trade_booking cimport *
from exit_gate cimport (
    ask_gate, let_out, tc_exit)


# An order on its way to a venue, as its facts are now.
cdef inline void load_exit(tc_core* core, const tc_order* order, tc_exit* e) noexcept nogil:
    cdef int64_t position = position_of(&core.ledger, order.instrument, order.account).qty
    e.side = direction(order.side)
    e.order_id = order.order_id
    e.order_qty = order.order_qty
    e.most_qty = order.order_qty
    e.cum_qty = order.cum_qty
    e.leaves_qty = leaves_of(order)
    e.price = order.price if has_limit(order.ord_type) else no_price()
    e.reference2 = twice_reference(core, order.instrument) if core.gate.collar_bps else no_price()
    e.now = core.now
    e.made = 0
    e.slot = slot_of(&core.orders, order)
    e.venue = order.venue
    e.is_replace = False
    e.asks_less = False
    e.reduces = e.leaves_qty <= (position if e.side == SIDE_SELL else -position)


# Asks the gate. What it stops is an alert: of the order, with the check that should have stopped it, and its bound.
cdef inline bint is_stopped(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_exit* e, tc_finding* finding
) noexcept nogil:
    cdef int64_t bound = 0
    cdef int check = ask_gate(&core.gate, e, &bound)
    cdef tc_report* r
    if not check:
        let_out(&core.gate, e)
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


# An order that goes into a simulated venue's book.
cdef inline bint stops_order(
    tc_core* core, const tc_command* c, const tc_order* order, tc_finding* finding
) noexcept nogil:
    cdef tc_exit e
    load_exit(core, order, &e)
    return is_stopped(core, c, order, &e, finding)


# A new order or a replace that is about to be handed out; `request` is NULL of a new order.
cdef inline bint stops_message(
    tc_core* core, const tc_command* c, const tc_order* order, const tc_message* m, const tc_request* request,
    bint asks_more, tc_finding* finding
) noexcept nogil:
    cdef tc_exit e
    load_exit(core, order, &e)
    e.made = m.command_seq
    e.order_qty = m.order_qty
    e.leaves_qty = m.order_qty - order.cum_qty if m.order_qty > order.cum_qty else 0
    e.cum_qty = m.order_qty - e.leaves_qty
    if request != NULL:
        e.is_replace = True
        e.asks_less = not asks_more
        e.most_qty = request.order_qty
        e.price = request.price if has_limit(order.ord_type) else no_price()
    return is_stopped(core, c, order, &e, finding)

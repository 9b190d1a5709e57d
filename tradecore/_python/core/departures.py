"""What leaves for a venue, through the exit gate: what that is asked, the alert of what it stops, what is handed out.

A message is handed out once; what becomes of it then is the caller's. A part of an order that the gate stops ends the
order's way to further venues: it ends with the last of its parts that works.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import MsgType, Reason
from tradecore.vocabulary.records import NO_PRICE, OUTBOUND_CODEC

from ..execution.unsent import Message, drop_message
from ..orders.order_facts import held_of, last_asked, last_id, leaves_of
from ..orders.order_table import AT_VENUE, CANCELED, RESTING, Order, Request
from ..orders.triggers import stop_of
from ..risk.exit_gate import Exit, ask_gate, let_out, lets_exits_out
from ..vocabulary.instrument import SELL, awaits_price, direction, has_limit
from .exits import counts_for_list
from .outbound import asks_more, follow_asked, is_unsent, recall_order, withdraw_replace
from .state import (
    ACK_ACCEPTED,
    GATE_STOPPED,
    State,
    end_order,
    order_fields,
    parent_of,
    publish,
    refuse_command,
    twice_reference,
)

# ---- what the gate is asked


def has_left(order: Order, other: Order) -> bool:
    """Is another order on an order's side of its position with a venue? What still waits here can be stopped here."""
    return (other.instrument == order.instrument and other.account == order.account and other is not order
            and direction(other.side) == direction(order.side)
            and (other.place == RESTING or (other.place == AT_VENUE and not is_unsent(other))))


def leaves_to_reduce(core: State, order: Order, leaves_qty: int) -> bool:
    """Does an order with so much to trade only reduce the position that is booked, with all that has left before it?"""
    booked = core.ledger.positions.get((order.instrument, order.account))
    position = booked.qty if booked is not None else 0
    outside = core.open_orders.by_position.get((order.instrument, order.account), {}).values()
    return leaves_qty + sum(
        held_of(other) for other in outside if has_left(order, other) and counts_for_list(core, order, other, has_left)
    ) <= (position if direction(order.side) == SELL else -position)


def load_exit(core: State, order: Order, reprices: bool = False) -> Exit:
    """An order on its way to a venue, as its facts are now; a part of an order with all that the order may trade. What
    waits for a price, and what goes as it was entered once that has come, is held against it."""
    stop_px = reference2 = NO_PRICE
    parent = parent_of(core, order)
    whole = parent or order
    if awaits_price(whole.ord_type) and not (whole.triggered and (whole.repriced or reprices)):
        stop_px = stop_of(whole)
    if stop_px != NO_PRICE:
        reference2 = 2 * stop_px
    elif core.gate.collar_bps >= 0:
        reference2 = twice_reference(core, order.instrument)
    e = Exit(
        order.order_id, order.order_qty, order.cum_qty, leaves_of(order), order.order_qty,
        order.price if has_limit(order.ord_type) else NO_PRICE, reference2, core.now, order.venue,
        direction(order.side), instrument=order.instrument,
        waits=awaits_price(whole.ord_type) and not whole.triggered,
    )
    if parent is not None:
        e.parent_qty = parent.order_qty
        e.family_qty = parent.cum_qty + sum(held_of(child) for child in parent.children.values())
    return e


def is_stopped(core: State, c: Any, order: Order, e: Exit) -> tuple[Reason, int] | None:
    """Asks the gate; whether an order reduces is found out where only that can let it pass. What it stops is an alert:
    of the order, with the check that should have stopped it."""
    found = ask_gate(core.gate, e)
    if found is not None and lets_exits_out(core.gate, e, found[0]) and leaves_to_reduce(core, order, e.leaves_qty):
        e.reduces = True
        found = ask_gate(core.gate, e)
    if found is None:
        return None
    core.gate.stopped += 1
    publish(core, c, GATE_STOPPED, **order_fields(order) | {
        "reason": Reason.EXIT_GATE, "value": int(found[0]), "bound": found[1]})
    return found


def stops_order(core: State, c: Any, order: Order) -> tuple[Reason, int] | None:
    """An order that goes into a simulated venue's book; it counts once it does."""
    return is_stopped(core, c, order, load_exit(core, order))


def stops_replace(core: State, c: Any, order: Order, order_qty: int, price: int) -> tuple[Reason, int] | None:
    """An order that a replace would take into a simulated venue's book again, with these terms."""
    e = load_exit(core, order, price != order.price)
    e.order_qty = e.most_qty = order_qty
    e.leaves_qty, e.price = order_qty - order.cum_qty, price
    return is_stopped(core, c, order, e)


def asks_less(order: Order, request: Request) -> bool:
    """Does a replace only lower the quantity, whichever it will replace: nobody knows yet whether that is the order or
    one that was asked before? What the core lowers has all else as it was asked last."""
    if request.reason:
        return not asks_more(last_asked(order, request), request) and request.order_qty <= order.order_qty
    before = order.requests[: order.requests.index(request)]
    return not asks_more(order, request) and not any(r.is_replace and asks_more(r, request) for r in before)


def wants_more(order: Order, request: Request) -> bool:
    """Is a request a user's replace that asks for more, whichever it will replace, and that no venue has answered?"""
    return request.is_replace and not request.reason and not request.pending and not asks_less(order, request)


def most_asked(order: Order, request: Request | None) -> int:
    """The largest quantity that an order has, or was asked for before a request: nobody knows yet which it will be."""
    before = [] if request is None else order.requests[: order.requests.index(request)]
    return max(order.order_qty, *(r.order_qty for r in before if r.is_replace), 0)


def stops_message(core: State, c: Any, message: Message) -> tuple[Reason, int] | None:
    """A new order or a replace that is about to be handed out. A replace that its venue has answered already asks for
    what its message says, and never for less. A new limit is held against the market where the price that the order
    waited for has come."""
    order, fields, request = message.order, message.fields, message.request
    e = load_exit(core, order, request is not None and request.price != order.price)
    e.made, e.order_qty = fields["command_seq"], fields["order_qty"]
    e.leaves_qty = max(0, e.order_qty - order.cum_qty)
    e.cum_qty = e.order_qty - e.leaves_qty
    if fields["msg_type"] == MsgType.ORDER_CANCEL_REPLACE_REQUEST:
        e.is_replace, e.most_qty = True, e.order_qty
        e.adds = e.order_qty > most_asked(order, request)
        if request is not None:
            e.most_qty = request.order_qty
            e.asks_less = asks_less(order, request)
    elif not is_unsent(order):  # its venue has spoken of it since: it may have fewer by now
        e.most_qty = max(e.most_qty, e.order_qty)
    if has_limit(fields["ord_type"]):  # of a MARKET order too, whose venue is sent a limit
        e.price = fields["price"]
    if fields["stop_px"] != NO_PRICE and not order.triggered:
        e.reference2 = 2 * fields["stop_px"]
    found = is_stopped(core, c, order, e)
    if found is None:
        let_out(core.gate, e)
    return found


# ---- handed out


def is_kept_back(core: State, c: Any, message: Message) -> bool:
    """Does the exit gate stop a message? What it stops is taken back: a new order is Canceled, a replace refused; of
    what the venue has spoken of already, the message alone. What is about an order that has ended and left the table
    can't be judged, and stays. Cancels and questions pass, and what the core asked of itself once it is answered."""
    order, request = message.order, message.request
    is_new = message.fields["msg_type"] == MsgType.NEW_ORDER_SINGLE
    if not is_new and (message.fields["msg_type"] != MsgType.ORDER_CANCEL_REPLACE_REQUEST
                       or (request is None and message.fields["reason"])):
        return False
    if order.order_id not in core.orders.by_id:
        core.gate.stopped += 1
        publish(core, c, GATE_STOPPED, order_id=order.order_id, reason=Reason.EXIT_GATE, value=Reason.UNKNOWN_ORDER)
        drop_message(core.orders.unsent, message)
        return True
    if request is not None and request.reason and not request.pending:
        follow_asked(order, message, request)
    found = stops_message(core, c, message)
    if found is None:
        return False
    if found[0] == Reason.DUPLICATE_CLORDID:
        drop_message(core.orders.unsent, message)
    elif request is not None and not request.pending:
        withdraw_replace(core, c, order, request, Reason.EXIT_GATE, *found)
    elif not is_new or not is_unsent(order):
        drop_message(core.orders.unsent, message)
    else:
        recall_order(core, order)
        order.value, order.bound = found
        end_order(core, c, order, CANCELED, Reason.EXIT_GATE)
    return True


def hand_out(core: State, c: Any) -> Any:
    """The next messages, at most so many; the ack's order_id is the number of the last one that ever was. No report: it
    is no news, unless the exit gate stops one."""
    unsent = core.orders.unsent
    if c.most < 1:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.most, 56)
    left = c.most
    while unsent.messages and left > 0:
        message = next(iter(unsent.messages))
        if is_kept_back(core, c, message):  # it is none of those that were asked for
            continue
        left -= 1
        request = message.request
        if request is not None:  # what was asked before it may have been answered since, or taken back
            message.fields["orig_cl_ord_id"] = last_id(message.order, request)
        drop_message(unsent, message)
        unsent.handed += 1
        if unsent.reader is not None:
            unsent.reader.append(OUTBOUND_CODEC.pack(**message.fields, seq=unsent.handed))
    return ACK_ACCEPTED._replace(order_id=unsent.handed)

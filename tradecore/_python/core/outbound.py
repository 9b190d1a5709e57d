"""What external venues are to be sent: made, and taken back while nobody has it. The queue itself is `unsent`; what is
handed out of it, departures.

An order that was not handed out is nobody's yet: a cancel ends it at once, and so does a kill switch.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import MsgType, Reason
from tradecore.vocabulary.fix import CxlRejReason, ExecType, TimeInForce
from tradecore.vocabulary.records import NO_PRICE, VERSION

from ..execution.unsent import PLACES, Message, append_message, drop_message, has_places
from ..orders.order_facts import derive_status, last_asked, sent_px, unknown_of
from ..orders.order_table import AT_VENUE, NOWHERE, Order, Request, remove_request
from ..orders.validation import AUCTIONS
from ..vocabulary.instrument import FOK, GTC, IOC, LIMIT, MARKET, awaits_price, has_limit
from .state import (
    CANCEL_REJECT,
    EXECUTION,
    State,
    order_fields,
    publish,
    sync_order,
)
from .trade_booking import look_again

SEND_NEW, SEND_CANCEL, SEND_REPLACE, SEND_STATUS = (int(kind) for kind in MsgType)


def reserve_places(core: State, order: Order) -> bool:
    """Keeps places for what an order's external venue may have to be sent; False where there are none."""
    if not order.reserves:
        if not has_places(core.orders.unsent, PLACES):
            return False
        order.reserves = True
        core.orders.unsent.away += 1
    return True


# ---- made


def message_fields(core: State, c: Any, order: Order, msg_type: int) -> dict[str, int]:
    """A message about an order as it stands, in the terms in which its venue has it."""
    return {
        "command_seq": core.command_seq, "event_seq": core.events.seq, "transact_time": core.now,
        "order_id": order.order_id, "msg_type": msg_type, "side": order.side, "ord_type": order.ord_type,
        "time_in_force": order.time_in_force, "exec_inst": order.exec_inst, "ord_status": derive_status(order),
        "unknown": unknown_of(order), "version": VERSION, "instrument": order.instrument, "account": order.account,
        "venue": order.venue, "reason": 0, "command_kind": c.kind, "trigger_price_type": order.trigger_price_type,
        "peg_offset_type": order.peg_offset_type, "contingency_type": order.contingency_type,
        "cl_ord_id": order.cl_ord_id, "orig_cl_ord_id": 0, "expire_time": order.expire_time, "list_id": order.list_id,
        "strategy": order.strategy,
    } | sent_terms(core, order)


def sent_terms(core: State, order: Order) -> dict[str, Any]:
    """What an order counts in shares or in prices, as an external venue is to be sent it, and what differs where the
    core has done a part itself: a stop that has triggered is a MARKET or LIMIT order, an order whose price is bound
    beside its limit is a LIMIT that takes at once, and what the venue has no time in force for is good until the core
    ends it, or at once."""
    told: dict[str, Any] = {
        "order_qty": order.order_qty, "cum_qty": order.cum_qty, "price": sent_px(order, order.price),
        "stop_px": order.stop_px, "min_qty": order.min_qty, "display_qty": order.display_qty,
        "peg_offset": order.peg_offset,
    }
    if awaits_price(order.ord_type) and order.triggered:
        told |= {"ord_type": LIMIT if has_limit(order.ord_type) else MARKET, "stop_px": NO_PRICE,
                "trigger_price_type": 0, "peg_offset": 0, "peg_offset_type": 0}
    native = core.router.venues[order.venue].native_times_in_force >> order.time_in_force & 1
    if order.protect_px != NO_PRICE:
        told |= {"ord_type": LIMIT}
        if order.time_in_force != FOK and not (native and order.time_in_force in AUCTIONS):
            told |= {"time_in_force": IOC, "expire_time": 0}
    elif not native:
        if order.time_in_force in AUCTIONS:
            told |= {"time_in_force": IOC}
        elif order.time_in_force == TimeInForce.GTD:
            told |= {"time_in_force": GTC, "expire_time": 0}
    return told


def send_new(core: State, c: Any, order: Order) -> None:
    order.new_message = Message(message_fields(core, c, order, SEND_NEW), order)
    append_message(core.orders.unsent, order.new_message)


def restate_new(core: State, order: Order) -> None:
    """An order that was changed before it was handed out goes out as it is now."""
    if order.new_message is not None:
        order.new_message.fields |= sent_terms(core, order)


def put_request(fields: dict[str, Any], order: Order, request: Request) -> None:
    """What a request asks for, into its message."""
    fields |= {"order_qty": request.order_qty, "price": sent_px(order, request.price),
               "display_qty": min(order.display_qty, request.order_qty)}
    if fields["stop_px"] != NO_PRICE:
        fields["stop_px"] = request.stop_px
    if fields["peg_offset"]:
        fields["peg_offset"] = request.peg_offset


def follow_asked(order: Order, message: Message, request: Request) -> None:
    """What the core lowers has all else as its venue was asked for last: that may have been answered since, or taken
    back."""
    last = last_asked(order, request)
    request.price, request.stop_px, request.expire_time, request.peg_offset = (
        last.price, last.stop_px, last.expire_time, last.peg_offset)
    put_request(message.fields, order, request)


def send_request(core: State, c: Any, order: Order, request: Request, orig_cl_ord_id: int, reason: int) -> None:
    """A cancel or a replace goes out; of those that the core makes itself, and of cancels, the last one only, unless
    its venue has answered the one before."""
    fields = message_fields(core, c, order, SEND_REPLACE if request.is_replace else SEND_CANCEL)
    fields |= {"cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": orig_cl_ord_id, "reason": int(reason)}
    put_request(fields, order, request)
    message = request.message = Message(fields, order, request)
    if not request.is_replace:
        give_way(core, order.cancel_message)
        order.cancel_message = message
    elif reason:
        give_way(core, order.change_message)
        order.change_message = message
    append_message(core.orders.unsent, message)


def give_way(core: State, message: Message | None) -> None:
    """A message that is not handed out makes room for the next of its kind. One that its venue has answered all the
    same goes out as it is, while there are places."""
    if message is not None and (message.request is not None or not has_places(core.orders.unsent, 1)):
        drop_message(core.orders.unsent, message)


def send_status_request(core: State, c: Any, order: Order, reason: int) -> None:
    """Asks a venue how an order stands; once, while nobody has the question; about one that has
    ended where there is room."""
    kept = order.reserves and order.is_open
    if order.status_message is None and (kept or has_places(core.orders.unsent, 1)):
        order.status_message = Message(message_fields(core, c, order, SEND_STATUS) | {"reason": int(reason)}, order)
        append_message(core.orders.unsent, order.status_message)


def doubt_order(core: State, c: Any, order: Order, doubt_qty: int, reason: Reason) -> None:
    """A venue has said what does not fit what we know: it is asked, at once or when its session is there again; until
    it tells, the larger quantity is held."""
    order.doubt_qty = max(order.doubt_qty, doubt_qty)
    if order.venue not in core.disconnected:
        send_status_request(core, c, order, reason)


# ---- taken back


def is_unsent(order: Order) -> bool:
    """Was an order not handed out yet, and has its venue said nothing of it?"""
    return order.new_message is not None


def drop_requests(core: State, order: Order) -> None:
    """Takes back what was asked of an order and not handed out: nothing must change one that has ended."""
    for request in order.requests:
        if request.message is not None:
            drop_message(core.orders.unsent, request.message)


def recall_order(core: State, order: Order) -> bool:
    """Takes back an order that was not handed out, and all that was to follow it. Is it the core's to end? One whose
    children are open ends with them."""
    if order.place != AT_VENUE:
        return not order.children
    if not is_unsent(order):
        return False
    for message in (order.new_message, order.cancel_message, order.change_message, order.status_message):
        if message is not None and message in core.orders.unsent.messages:
            drop_message(core.orders.unsent, message)
    drop_requests(core, order)
    order.place, order.recalled = NOWHERE, True
    return True


def withdraw_request(core: State, order: Order, request: Request) -> None:
    """Takes back a request, and its message where that was not handed out."""
    if request.message is not None:
        drop_message(core.orders.unsent, request.message)
    remove_request(core.orders, order, request)
    order.last_status = derive_status(order)  # told by the report that follows


def asks_more(before: Order | Request, request: Request) -> bool:
    """Would a replace of what had these terms be a new order to risk? One that only lowers the quantity is not."""
    same = (request.price, request.stop_px, request.expire_time, request.peg_offset) == (
        before.price, before.stop_px, before.expire_time, before.peg_offset)
    return not same or request.order_qty > before.order_qty


def withdraw_replace(
    core: State, c: Any, order: Order, request: Request, reason: Reason, value: int, bound: int
) -> None:
    """A replace that asks for more, which nobody has, is refused."""
    withdraw_request(core, order, request)
    publish(core, c, CANCEL_REJECT, **order_fields(order) | {
        "cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": order.cl_ord_id, "reason": reason, "value": value,
        "bound": bound, "cxl_rej_reason": CxlRejReason.BROKER_OPTION})
    sync_order(core, order)
    look_again(core, order)


def report_asked(core: State, c: Any, order: Order, request: Request, orig_cl_ord_id: int, reason: int) -> None:
    """A request goes to a venue: the order as it stands, under the request's id."""
    publish(core, c, EXECUTION, exec_type=ExecType.ORDER_STATUS, **order_fields(order) | {
        "cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": orig_cl_ord_id, "reason": int(reason)})

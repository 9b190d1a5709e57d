"""Requests about orders: cancel, replace, mass cancel, status. What makes no sense is refused and changes nothing.

At a simulated venue a request is done at once; an external venue is asked, and its report decides. UNKNOWN ends with an
answer, the order's end, an operator's report, or, for a cancel, a status that the order works. Source: FIX 4.4
Appendix D.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import CxlRejReason, ExecType, OrdRejReason
from tradecore.vocabulary.records import NO_ROOM

from ..orders.lists import limit_after
from ..orders.open_orders import find_open
from ..orders.order_facts import cancel_sent, is_live, last_id, leaves_of
from ..orders.order_table import AT_VENUE, CANCELED, IN_CHILDREN, REJECTED, Order, Request, add_request
from ..risk.holds import count_cancel
from ..vocabulary.instrument import SELL, direction
from ..vocabulary.texts import is_clients_id
from .outbound import recall_order, report_asked, send_request, send_status_request, withdraw_request
from .request_ids import make_id, owner_of
from .state import (
    ACK_ACCEPTED,
    CANCEL,
    CANCEL_REJECT,
    EXECUTION,
    MASS_CANCEL_REPORT,
    State,
    acknowledge,
    count_stage,
    end_order,
    note_full,
    order_fields,
    publish,
    refuse_command,
    start_clock,
    sync_order,
    tell_parent,
)

# The FIX reason that goes with ours; a refusal by risk, and for want of room, is the broker's option, an invalid term
# is OTHER.
_CXL_REJ_REASONS = {
    Reason.TOO_LATE_TO_CANCEL: CxlRejReason.TOO_LATE_TO_CANCEL, Reason.UNKNOWN_ORDER: CxlRejReason.UNKNOWN_ORDER,
    Reason.ALREADY_PENDING: CxlRejReason.ALREADY_PENDING,
    Reason.DUPLICATE_REQUEST_ID: CxlRejReason.DUPLICATE_CL_ORD_ID,
}


def cxl_rej_reason_of(reason: int) -> int:
    known = _CXL_REJ_REASONS.get(Reason(reason))
    if known is not None:
        return int(known)
    broker = 200 < reason < 300 or reason in (Reason.OUTBOUND_FULL, Reason.REPLACES_FULL)
    return int(CxlRejReason.BROKER_OPTION if broker else CxlRejReason.OTHER)


def find_target(core: State, c: Any) -> tuple[int, Order | None, Reason]:
    """The order that a request is about: by any id in its chain, or by its order_id; and why there is none."""
    order_id, reason = c.order_id, Reason.UNKNOWN_ORDER
    if c.orig_cl_ord_id:
        order_id = owner_of(core, 0, c.orig_cl_ord_id)
        if order_id:
            reason = Reason.TOO_LATE_TO_CANCEL  # unless it is held, it ended so long ago that it is evicted
    return order_id, core.orders.by_id.get(order_id), reason


def refuse_request(
    core: State, c: Any, order_id: int, order: Order | None, reason: int, value: int = 0, bound: int = 0
) -> Any:
    """OrderCancelReject: with the status of the order as it stands, which is unchanged."""
    note_full(core, reason)
    fix_reason = cxl_rej_reason_of(reason)
    facts = {"ord_status": REJECTED} if order is None else order_fields(order)
    publish(core, c, CANCEL_REJECT, **facts | {
        "order_id": order_id, "reason": reason, "cxl_rej_reason": fix_reason, "cl_ord_id": c.cl_ord_id,
        "orig_cl_ord_id": c.orig_cl_ord_id, "value": value, "bound": bound,
    })
    return ACK_ACCEPTED._replace(
        order_id=order_id, cum_qty=order.cum_qty if order else 0, leaves_qty=leaves_of(order) if order else 0,
        report_type=CANCEL_REJECT, ord_status=facts["ord_status"], reason=int(reason), cxl_rej_reason=fix_reason,
    )


def find_bad_id(core: State, c: Any) -> Reason | None:
    """Why a request can't have its id; None where it can, or has none: a full table of ids keeps no cancel in."""
    if c.cl_ord_id in (0, NO_ROOM):
        return None
    if c.cl_ord_id in core.ids.order_ids:
        return Reason.DUPLICATE_REQUEST_ID
    return None if is_clients_id(core.texts, c.cl_ord_id) else Reason.INVALID_CL_ORD_ID


def claim_request_id(core: State, c: Any, order: Order) -> None:
    """A full table keeps no cancel in: its id is then not known again."""
    if c.cl_ord_id > 0 and len(core.ids.order_ids) < core.ids.capacity:
        core.ids.claim_id(c.cl_ord_id, order.order_id)


def take_id(order: Order, cl_ord_id: int) -> dict[str, Any]:
    """The order goes on under a request's id; what its report tells of both."""
    before = order.cl_ord_id
    if cl_ord_id > 0:
        order.orig_cl_ord_id, order.cl_ord_id = before, cl_ord_id
    return {"orig_cl_ord_id": before}


def ask_venue(core: State, c: Any, order: Order, request: Request, reason: int) -> None:
    """Sends a request to the order's venue, reports that it did, and waits for its answer."""
    orig_cl_ord_id = last_id(order)
    if order.place == AT_VENUE and not request.cl_ord_id:
        request.cl_ord_id = make_id(core, order)
    request.oco_limit = order.oco_limit if reason else limit_after(order, request.order_qty)
    add_request(core.orders, order, request)
    request.unknown, request.reason = order.venue in core.disconnected, int(reason)
    if order.place == IN_CHILDREN:  # its children are asked: see children
        if len(order.requests) > 1:
            report_asked(core, c, order, request, orig_cl_ord_id, int(reason))
        sync_order(core, order)
        tell_parent(core, order)
        return
    send_request(core, c, order, request, orig_cl_ord_id, int(reason))
    report_asked(core, c, order, request, orig_cl_ord_id, int(reason))
    sync_order(core, order)


def ask_cancel(core: State, c: Any, order: Order, cl_ord_id: int, reason: int) -> None:
    """Beside one that is UNKNOWN, whose late answer is still understood; it takes the place of any before, and of one
    that was not handed out."""
    cancels = [request for request in order.requests if not request.is_replace]
    for earlier in cancels:
        if earlier is not cancels[-1] or earlier.message is not None:
            withdraw_request(core, order, earlier)
    request = Request(cl_ord_id, False, core.now, order.order_qty, order.price, order.stop_px, order.expire_time,
                      order.peg_offset)
    ask_venue(core, c, order, request, reason)


def ask_replace(
    core: State, c: Any, order: Order, cl_ord_id: int, order_qty: int, price: int, stop_px: int, expire_time: int,
    peg_offset: int, reason: int,
) -> None:
    """What the core asks of itself takes the place of what it asked before, where that was not handed out."""
    change = order.change_message
    if reason and change is not None and change.request is not None:
        withdraw_request(core, order, change.request)
    request = Request(cl_ord_id, True, core.now, order_qty, price, stop_px, expire_time, peg_offset)
    ask_venue(core, c, order, request, reason)


# ---- cancel


def enter_cancel(core: State, c: Any, timed: bool) -> Any:
    start = start_clock(timed)
    order_id, order, reason = find_target(core, c)
    bad_id = find_bad_id(core, c)
    if order is None:
        ack = refuse_request(core, c, order_id, None, bad_id or reason)
    elif bad_id:
        ack = refuse_request(core, c, order_id, order, bad_id)
    else:
        if order.admitted:  # what was refused may be on no instrument
            count_cancel(core.risk, core.instruments[order.instrument], order.instrument, order.account, order.venue,
                         order.strategy, core.now)
        ack = cancel_order(core, c, order)
    count_stage(core, CANCEL, start, timed)
    return ack


def cancel_order(core: State, c: Any, order: Order) -> Any:
    claim_request_id(core, c, order)
    if not is_live(order):
        return refuse_request(core, c, order.order_id, order, Reason.TOO_LATE_TO_CANCEL)
    if cancel_sent(order):
        return refuse_request(core, c, order.order_id, order, Reason.ALREADY_PENDING)
    if recall_order(core, order):
        end_order(core, c, order, CANCELED, Reason.CANCEL_REQUESTED, **take_id(order, c.cl_ord_id))
    else:
        ask_cancel(core, c, order, max(0, c.cl_ord_id), 0)
    return acknowledge(order)


def mass_cancel(core: State, c: Any) -> Any:
    """Cancels what is open of one account, instrument, side, strategy, venue, or any of them; then tells how many:
    `value` were canceled or asked for back, `bound` are asked for back already."""
    for offset, value, most in ((8, c.instrument, len(core.instruments)), (12, c.account, len(core.accounts)),
                                (16, c.venue, len(core.router.venues)), (1, c.side, SELL),
                                (124, c.strategy, 2**31 - 1)):
        if not 0 <= value <= most:
            return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    done = waiting = 0
    for order in find_open(core.open_orders, c.instrument, c.account, c.venue, c.strategy):
        if (c.side and direction(order.side) != c.side) or not is_live(order) or (order.parent and not c.venue):
            continue  # children go with their parent, but for those at the one venue that is meant
        if cancel_sent(order):
            waiting += 1
            continue
        done += 1
        if recall_order(core, order):
            end_order(core, c, order, CANCELED, Reason.CANCEL_REQUESTED)
        else:
            ask_cancel(core, c, order, 0, Reason.CANCEL_REQUESTED)
    core.answer_seq = core.events.seq + 1
    publish(core, c, MASS_CANCEL_REPORT, instrument=c.instrument, account=c.account, venue=c.venue, side=c.side,
            cl_ord_id=c.cl_ord_id, value=done, bound=waiting)
    return ACK_ACCEPTED._replace(report_type=MASS_CANCEL_REPORT)


# ---- status


def request_status(core: State, c: Any) -> Any:
    """Tells the order as it stands, and asks the venue that has it."""
    order_id, order, _ = find_target(core, c)
    if order is None:
        publish(core, c, EXECUTION, exec_type=ExecType.ORDER_STATUS, ord_status=REJECTED, order_id=order_id,
                cl_ord_id=c.orig_cl_ord_id, reason=Reason.UNKNOWN_ORDER,
                ord_rej_reason=OrdRejReason.UNKNOWN_ORDER)
        return ACK_ACCEPTED._replace(order_id=order_id, report_type=EXECUTION, ord_status=REJECTED,
                                     reason=int(Reason.UNKNOWN_ORDER),
                                     ord_rej_reason=int(OrdRejReason.UNKNOWN_ORDER))
    publish(core, c, EXECUTION, exec_type=ExecType.ORDER_STATUS, **order_fields(order))
    if order.place == AT_VENUE and order.is_open and order.venue not in core.disconnected:
        send_status_request(core, c, order, 0)
    return acknowledge(order)

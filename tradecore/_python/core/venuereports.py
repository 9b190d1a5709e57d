"""What external venues report of orders and requests; their trades are in venuetrades. A report that contradicts the
facts is refused, counted, and changes nothing. Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import CxlRejReason, ExecRestatementReason, ExecType, OrdRejReason, OrdStatus
from tradecore.vocabulary.records import TOLD_STATUS

from ..execution.outages import hear_request
from ..orders.lists import cap_limit
from ..orders.order_facts import cancel_sent, derive_status, end_facts, is_live
from ..orders.order_table import (
    AT_VENUE,
    NEW,
    NOWHERE,
    PARTIALLY_FILLED,
    PENDING_NEW,
    Order,
    Request,
    remove_request,
)
from .answered import hear_answer, hear_first
from .disarming import note_acceptance, note_reject, note_word
from .doubts import (
    compare_cum_qty,
    find_bad_restatement,
    is_late_answer,
    is_old_news,
    refuse_report,
    settle_doubt,
    take_late_answer,
    take_terms,
    tell_order,
)
from .health import hear_health
from .keeping import hear_note, hear_of_order
from .outbound import doubt_order, send_status_request
from .request_ids import is_named, owner_of
from .requests import ask_cancel, take_id
from .state import (
    CANCEL_REJECT,
    State,
    acknowledge,
    is_external,
    order_fields,
    publish,
    report_execution,
    sync_order,
    told_time,
)
from .trade_booking import look_again

_LESS = {int(Reason.OTHER_FILLED), int(Reason.PARENT_ENDED), int(Reason.REDUCED_POSITION)}  # the core's own wishes
_TERMINAL = {int(ExecType.CANCELED), int(ExecType.EXPIRED), int(ExecType.REJECTED)}
_OVER = {*_TERMINAL, int(OrdStatus.FILLED)}
_NOT_THERE = {int(CxlRejReason.TOO_LATE_TO_CANCEL), int(CxlRejReason.UNKNOWN_ORDER)}
_GOOD_AGAIN = {ExecRestatementReason.GT_CORPORATE_ACTION, ExecRestatementReason.GT_RENEWAL}  # for another day
_STATES = {  # temporary states, and the fact that each sets
    int(ExecType.DONE_FOR_DAY): "done_for_day", int(ExecType.STOPPED): "stopped", int(ExecType.SUSPENDED): "suspended",
    int(ExecType.CALCULATED): "calculated",
}


def find_order(core: State, c: Any) -> tuple[int, Order | None]:
    """The order that a venue means: by any id in its chain that is known, else by the order_id; only one that it can
    have."""
    order_id = owner_of(core, c.venue, c.cl_ord_id) or c.order_id
    order = core.orders.by_id.get(order_id)
    if order is None or not order.admitted or order.venue != c.venue or order.place > AT_VENUE:
        return order_id, None
    order.new_message = None  # its venue has it: it can't be taken back
    return order_id, order


def find_request(order: Order, cl_ord_id: int, is_replace: bool) -> Request | None:
    """The request that a venue answers: by its id; where it names none, the oldest of its kind."""
    of_kind = [request for request in order.requests if request.is_replace == is_replace]
    for request in of_kind:
        if request.cl_ord_id and request.cl_ord_id == cl_ord_id:
            return request
    named = cl_ord_id and cl_ord_id != order.cl_ord_id
    return None if named or not of_kind else of_kind[0]


# ---- states


def take_state(core: State, c: Any, order: Order) -> Any:
    """An execution report that is no trade. What contradicts the facts is refused."""
    request = None
    if is_old_news(c, order):
        return tell_order(core, c, order)
    if c.exec_type in (ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE, ExecType.REPLACED):
        request = find_request(order, c.cl_ord_id, c.exec_type != ExecType.PENDING_CANCEL)
        if request is None and c.exec_type == ExecType.REPLACED and is_late_answer(core, c, order):
            return take_late_answer(core, c, order)
        if request is None:
            return refuse_report(core, c, Reason.NO_SUCH_REQUEST, order.order_id, len(order.requests))
    elif c.exec_type == ExecType.CALCULATED:
        if is_live(order) and not order.done_for_day:
            return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.exec_type, derive_status(order))
    elif not is_live(order) or (c.exec_type == ExecType.PENDING_NEW and order.acked) or (
        c.exec_type == ExecType.REJECTED and order.cum_qty
    ):
        return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.exec_type, derive_status(order))
    if c.exec_type in (ExecType.REPLACED, ExecType.RESTATED):
        bad = find_bad_restatement(core, c, order)
        if bad:
            return refuse_report(core, c, *bad)
    if c.exec_type not in (ExecType.PENDING_NEW, ExecType.REJECTED):
        order.acked = True
    note_word(core, order, c.exec_type)
    hear_health(core, c, order, c.exec_type == ExecType.REJECTED, request is not None)
    if c.exec_type != ExecType.PENDING_NEW:
        hear_answer(core.router, order, core.now, c.exec_type == ExecType.REJECTED)
    else:
        hear_first(core.router, order, core.now)
    order.awaited, order.unknown_new = c.exec_type == ExecType.PENDING_NEW and order.awaited, False
    if c.exec_type == ExecType.PENDING_NEW:
        order.heard_of, order.sent_time = True, core.now  # its clock starts anew
    if c.exec_type in _TERMINAL:
        end_at_venue(core, c, order)
    elif c.exec_type == ExecType.REPLACED:
        assert request is not None
        replace_at_venue(core, c, order, request)
    elif c.exec_type == ExecType.RESTATED:
        if restatement_of(c) in _GOOD_AGAIN:
            order.done_for_day = False
        take_terms(order, c, c.order_qty or order.order_qty, order.price)
        cap_limit(order)
        look_again(core, order)
        report_execution(core, c, order, ExecType.RESTATED, exec_restatement_reason=restatement_of(c),
                         venue_exec_id=c.exec_id, transact_time=told_time(core, c))
    elif request is not None:
        request.pending, request.unknown, request.sent_time = True, False, core.now  # heard of: its clock starts anew
        report_execution(core, c, order, c.exec_type, cl_ord_id=request.cl_ord_id,
                         orig_cl_ord_id=order.cl_ord_id, venue_exec_id=c.exec_id, transact_time=told_time(core, c))
    else:
        if c.exec_type in _STATES:
            setattr(order, _STATES[c.exec_type], True)
        elif c.exec_type == ExecType.NEW:  # working: reinstated, if it was not
            order.suspended = order.done_for_day = order.stopped = False
        elif c.exec_type == ExecType.TRIGGERED:
            order.triggered = True
        report_execution(core, c, order, c.exec_type, venue_exec_id=c.exec_id, transact_time=told_time(core, c))
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def restatement_of(c: Any) -> int:
    return c.reject_reason if 0 <= c.reject_reason <= 99 else 99


def end_at_venue(core: State, c: Any, order: Order) -> None:
    """Canceled, expired or rejected: its pending requests are closed with it."""
    request = find_request(order, c.cl_ord_id, False)
    if request is not None:
        hear_request(core.router, order.venue)
    told = take_id(order, request.cl_ord_id) if c.exec_type == ExecType.CANCELED and request is not None else {}
    end_facts(core.orders, order, c.exec_type)
    order.place, order.reason = NOWHERE, int(Reason.VENUE_REPORTED)
    rejected = c.exec_type == ExecType.REJECTED
    given = c.reject_reason if -1 <= c.reject_reason <= 99 else int(OrdRejReason.OTHER)
    report_execution(core, c, order, c.exec_type, reason=Reason.VENUE_REPORTED,
                     ord_rej_reason=given if rejected else -1, venue_exec_id=c.exec_id,
                     transact_time=told_time(core, c), **told)
    if rejected:
        note_reject(core, c, order)


def replace_at_venue(core: State, c: Any, order: Order, request: Request) -> None:
    """What was asked for, or what the venue says it made of it. Every replace that was asked before it is past,
    answered or not: its venue took this one for what followed them. A cancel stays pending."""
    for earlier in order.requests[: order.requests.index(request)]:
        if earlier.is_replace:
            remove_request(core.orders, order, earlier)
    remove_request(core.orders, order, request)
    take_terms(order, c, c.order_qty or request.order_qty, request.price)
    order.stop_px, order.expire_time, order.peg_offset = request.stop_px, request.expire_time, request.peg_offset
    if request.reason not in _LESS:
        order.oco_limit = request.oco_limit
    cap_limit(order)
    told = take_id(order, request.cl_ord_id)
    report_execution(core, c, order, ExecType.REPLACED, venue_exec_id=c.exec_id, transact_time=told_time(core, c),
                     **told)
    if request.reason not in _LESS:
        look_again(core, order)
    elif order.order_qty > request.order_qty:
        insist(core, c, order, request)


def take_status(core: State, c: Any, order: Order) -> Any:
    """The answer to a status request: it resolves what was UNKNOWN, or contradicts what we know and is refused."""
    if c.ord_status in _TERMINAL and is_live(order):
        return take_state(core, c._replace(exec_type=c.ord_status), order)
    if (c.ord_status in _TERMINAL) != (order.terminal != 0):
        return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.ord_status, derive_status(order))
    bad = find_bad_restatement(core, c, order) if order.doubt_qty else None
    if bad:
        return refuse_report(core, c, *bad)
    if c.ord_status != PENDING_NEW and not order.terminal:
        if order.awaited:
            note_acceptance(core, order)
        hear_answer(core.router, order, core.now, False)
        order.acked, order.awaited, order.unknown_new = True, False, False
    if c.ord_status in (NEW, PARTIALLY_FILLED):  # it works, and no cancel is pending: an UNKNOWN one was lost
        for request in [r for r in order.requests if r.unknown and not r.is_replace]:
            remove_request(core.orders, order, request)
            note_kept(core, order)
            look_again(core, order)
    if order.doubt_qty:
        settle_doubt(core, c, order)
    # Asking again would be answered the same again: a difference is told, once for each answer.
    missed = {"reason": Reason.CUM_QTY_MISMATCH, "value": c.cum_qty, "bound": order.cum_qty}
    report_execution(core, c, order, ExecType.ORDER_STATUS, transact_time=told_time(core, c),
                     **missed if 0 <= c.cum_qty != order.cum_qty else {})
    sync_order(core, order)
    return acknowledge(order)


def note_kept(core: State, order: Order) -> None:
    """A venue keeps what it was asked to cancel: what is held for it now will hear of it, nothing that comes later."""
    if core.triggers.held_back:
        core.triggers.kept, core.triggers.asks_again = order.order_id, True


def insist(core: State, c: Any, order: Order, request: Request) -> None:
    """The core wanted less of an order, and its venue made it more, or refused: rather none than too much. A cancel
    that is refused is the venue's last word."""
    if request.is_replace and is_live(order) and not cancel_sent(order):
        ask_cancel(core, c, order, 0, Reason(request.reason))


def enter_cancel_reject(core: State, c: Any) -> Any:
    """A venue refuses a request: the order is as it was before. Where it does not know the order, or says that it is
    over, and we think that it works, it is asked."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    order_id, order = find_order(core, c)
    if order is None:
        return refuse_report(core, c, Reason.UNKNOWN_ORDER, order_id, 0)
    request = next((r for r in order.requests if r.cl_ord_id == c.cl_ord_id and c.cl_ord_id), None)
    if request is None and (not c.cl_ord_id or c.cl_ord_id == order.cl_ord_id) and order.requests:
        request = next((r for r in order.requests if not is_named(core, r.cl_ord_id)), order.requests[0])
    if request is None:
        return refuse_report(core, c, Reason.NO_SUCH_REQUEST, order.order_id, len(order.requests))
    hear_request(core.router, order.venue)
    if c.note:
        hear_note(core, c)
    if c.note or c.venue_order_id:
        hear_of_order(core, c, order)
    remove_request(core.orders, order, request)
    if not request.is_replace:
        note_kept(core, order)
    status = derive_status(order)
    order.last_status = status
    given = c.reject_reason if -1 <= c.reject_reason <= 99 else int(CxlRejReason.OTHER)
    doubts = given in _NOT_THERE and is_live(order)
    publish(core, c, CANCEL_REJECT, **order_fields(order) | {
        "cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": order.cl_ord_id, "cxl_rej_reason": given,
        "reason": Reason.ORDER_IN_DOUBT if doubts else Reason.VENUE_REPORTED, "transact_time": told_time(core, c)})
    if doubts:
        doubt_order(core, c, order, order.order_qty, Reason.ORDER_IN_DOUBT)
    elif c.told & TOLD_STATUS and (c.ord_status in _OVER) == is_live(order):  # something was missed
        report_execution(core, c, order, ExecType.ORDER_STATUS, reason=Reason.VENUE_CONTRADICTS, value=c.ord_status,
                         bound=derive_status(order))
        send_status_request(core, c, order, Reason.VENUE_CONTRADICTS)
    sync_order(core, order)
    if request.reason in _LESS:
        insist(core, c, order, request)
    else:
        look_again(core, order)
    return acknowledge(order)._replace(report_type=CANCEL_REJECT, cxl_rej_reason=given)

"""What follows from an order's facts: OrdStatus, LeavesQty, its hold, its deadlines. Computed here, never assigned.

Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_PRICE, UNKNOWN_CANCEL, UNKNOWN_NEW, UNKNOWN_REPLACE

from ..vocabulary.instrument import BUY, direction, has_limit
from .order_table import (
    CALCULATED,
    CANCELED,
    DONE_FOR_DAY,
    EXPIRED,
    FILLED,
    NEW,
    PARTIALLY_FILLED,
    PENDING_CANCEL,
    PENDING_NEW,
    PENDING_REPLACE,
    REJECTED,
    STOPPED,
    SUSPENDED,
    Order,
    Orders,
    Request,
    remove_request,
)


def is_filled(order: Order) -> bool:
    return 0 < order.order_qty <= order.cum_qty


def is_live(order: Order) -> bool:
    """Can it still trade without news from its venue that contradicts what we know?"""
    return order.terminal == 0 and not is_filled(order)


def awaits_news(order: Order) -> bool:
    """Is its venue to answer a request, or to tell whether it has more than we know of?"""
    if order.requests:
        return True
    return order.doubt_qty > max(order.order_qty, order.cum_qty) and order.terminal == 0


def ended_with_day(order: Order) -> bool:
    """Did it expire because its venue knows no other day? `value` is then the day that began."""
    return order.terminal == EXPIRED and order.reason == Reason.DAY_ENDED and order.value > 0


def cancel_sent(order: Order) -> bool:
    """Is an external venue to answer a cancel of it? One that is UNKNOWN may be sent again."""
    return any(not request.is_replace and not request.unknown for request in order.requests)


def has_cancel(order: Order) -> bool:
    """Was its venue asked to cancel it, and has no answer come that ends the matter?"""
    return any(not request.is_replace for request in order.requests)


def wanted_qty(order: Order) -> int:
    """OrderQty(38) as it will be if its venue does what it was last asked."""
    return last_asked(order).order_qty


def last_asked(order: Order, before: Request | None = None) -> Order | Request:
    """The terms that a venue has been asked for, or was before a request: those of the last replace that it has not
    answered, else the order's."""
    earlier = order.requests if before is None else order.requests[: order.requests.index(before)]
    return next((request for request in reversed(earlier) if request.is_replace), order)


def derive_status(order: Order) -> int:
    """OrdStatus(39) from the facts, by FIX's precedence."""
    if order.requests:
        pending = [request.is_replace for request in order.requests if request.pending]
        if pending:
            return PENDING_REPLACE if all(pending) else PENDING_CANCEL
    if order.done_for_day:
        return DONE_FOR_DAY
    if order.calculated and not is_live(order):
        return CALCULATED
    if is_filled(order):
        return FILLED
    if order.stopped:
        return STOPPED
    if order.suspended:
        return SUSPENDED
    if order.terminal in (CANCELED, EXPIRED):
        return order.terminal
    if order.cum_qty > 0:
        return PARTIALLY_FILLED
    if order.terminal == REJECTED:
        return REJECTED
    return NEW if order.acked else PENDING_NEW


def leaves_of(order: Order) -> int:
    """LeavesQty(151): what may still be traded; 0 once the order has ended."""
    return 0 if order.terminal else max(0, order.order_qty - order.cum_qty)


def held_of(order: Order) -> int:
    """What risk must count as working: while a replace is unanswered, or its outcome in doubt, the larger of both."""
    if order.terminal:
        return 0
    asked = (request.order_qty for request in order.requests if request.is_replace)
    largest = max([order.order_qty, order.doubt_qty, *asked])
    return max(0, largest - order.cum_qty)


def sent_px(order: Order, price: int) -> int:
    """What its venue is told for a limit, the order's or a replace's: no worse than what bounds the order beside.
    NO_PRICE: none."""
    if NO_PRICE in (price, order.protect_px):
        return order.protect_px if price == NO_PRICE else price
    return (min if direction(order.side) == BUY else max)(price, order.protect_px)


def worst_px(order: Order) -> int:
    """The worst price that its venue may trade it at, replaces that are not answered included; NO_PRICE: any."""
    if not has_limit(order.ord_type):
        return order.protect_px
    asked = (request.price for request in order.requests if request.is_replace)
    return sent_px(order, (max if direction(order.side) == BUY else min)((order.price, *asked)))


def is_worse(order: Order, price: int) -> bool:
    """Is a trade worse than its order allows?"""
    worst = worst_px(order)
    return worst != NO_PRICE and (price > worst if direction(order.side) == BUY else price < worst)


def unknown_of(order: Order) -> int:
    """The requests whose outcome is not known, as the bits of a report's `unknown`."""
    bits = UNKNOWN_NEW if order.unknown_new else 0
    for request in order.requests:
        if request.unknown:
            bits |= UNKNOWN_REPLACE if request.is_replace else UNKNOWN_CANCEL
    return bits


def end_facts(orders: Orders, order: Order, terminal: int) -> None:
    """A terminal report closes all pending requests, and every temporary state."""
    order.terminal = terminal
    while order.requests:
        remove_request(orders, order, order.requests[0])
    order.done_for_day = order.stopped = order.suspended = order.awaited = order.unknown_new = False
    order.doubt_qty = 0


def last_id(order: Order, before: Request | None = None) -> int:
    """OrigClOrdID(41) of the next request, or of one that was asked: the last id in the chain that was not rejected. An
    UNKNOWN cancel is passed over: its venue may never have heard of it."""
    earlier = order.requests if before is None else order.requests[: order.requests.index(before)]
    ids = (request.cl_ord_id for request in reversed(earlier) if request.is_replace or not request.unknown)
    return next(filter(None, ids), order.cl_ord_id)


def next_deadline(order: Order, timeout: int, expires: bool) -> int:
    """When this order's timer must go off next, 0 for never: its request time-outs, and its end where the core ends
    it (`expires`)."""
    deadlines = []
    if expires and order.expire_time and not order.expiry_asked and is_live(order):
        deadlines.append(order.expire_time)
    if timeout:
        if order.awaited and not order.unknown_new:
            deadlines.append(order.sent_time + timeout)
        deadlines += [request.sent_time + timeout for request in order.requests if not request.unknown]
    return min(deadlines, default=0)

"""What a venue's report leaves in doubt: it comes late, contradicts nothing, or does not fit what we know. Nothing is
rolled back; where more may be at stake than we know of, the venue is asked, and until it tells the larger
quantity is held.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType, OrdStatus
from tradecore.vocabulary.records import NO_PRICE, QTY_MAX

from ..orders.lists import cap_limit
from ..orders.order_facts import ended_with_day, is_live
from ..orders.order_table import REJECTED, Order
from ..vocabulary.instrument import find_bad_price
from .outbound import doubt_order, send_status_request
from .request_ids import owner_of
from .state import State, acknowledge, refuse_command, report_execution, sync_order, told_time
from .trade_booking import look_again


def refuse_report(core: State, c: Any, reason: Reason, value: int, bound: int) -> Any:
    core.reports_refused += 1
    return refuse_command(core, c, reason, value, bound)


def find_bad_restatement(core: State, c: Any, order: Order) -> tuple[Reason, int, int] | None:
    """Why new terms can't be, with value and bound; 0 and NO_PRICE leave them as they are."""
    if not 0 <= c.order_qty <= QTY_MAX:
        return Reason.INVALID_FIELD_VALUE, c.order_qty, 56
    return None if c.price == NO_PRICE else find_bad_price(core.instruments[order.instrument], c.price)


def take_terms(order: Order, c: Any, order_qty: int, price: int) -> None:
    """New quantity and price, of which nothing is in doubt; an order never asks for less than it has."""
    order.doubt_qty = 0
    order.order_qty = max(order_qty, order.cum_qty)
    before = order.price
    order.price = c.price if c.price != NO_PRICE and before != NO_PRICE else price
    order.repriced |= order.price != before


def is_old_news(c: Any, order: Order) -> bool:
    """Does a report tell what the order has left behind, and contradict nothing: a New that comes twice or late, an end
    of the day that the core knew of before?"""
    if c.exec_type == ExecType.NEW:
        news = order.awaited or order.suspended or order.done_for_day or order.stopped
        return order.acked and not news and order.terminal != REJECTED and not order.recalled
    return ended_with_day(order) and c.exec_type in (ExecType.EXPIRED, ExecType.CANCELED)


def tell_order(core: State, c: Any, order: Order, **special: Any) -> Any:
    """A report that changes nothing is answered with how the order stands."""
    report_execution(core, c, order, ExecType.ORDER_STATUS, transact_time=told_time(core, c), **special)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def take_late_answer(core: State, c: Any, order: Order) -> Any:
    """A replace that a later one has replaced, or one that is answered twice: nothing is rolled back. Terms that are
    not what we hold are news: the larger quantity is held, and the venue is asked."""
    bad = find_bad_restatement(core, c, order)
    if bad:
        return refuse_report(core, c, *bad)
    other_px = c.price != NO_PRICE and order.price not in (NO_PRICE, c.price)
    if not other_px and c.order_qty in (0, order.order_qty):
        return tell_order(core, c, order)
    doubt_order(core, c, order, max(c.order_qty, order.order_qty), Reason.LATE_REPLACED)
    return tell_order(core, c, order, reason=Reason.LATE_REPLACED, value=c.order_qty, bound=order.order_qty)


def is_late_answer(core: State, c: Any, order: Order) -> bool:
    """Is it about a request that the order once had?"""
    named = owner_of(core, order.venue, c.cl_ord_id) == order.order_id
    return named and is_live(order) and (c.cl_ord_id != order.cl_ord_id or order.orig_cl_ord_id != 0)


def settle_doubt(core: State, c: Any, order: Order) -> None:
    """A status that tells the terms decides what they are; one that does not leaves a larger quantity held."""
    if c.order_qty:
        take_terms(order, c, c.order_qty, order.price)
        cap_limit(order)
        look_again(core, order)
    elif order.doubt_qty <= order.order_qty or c.ord_status == OrdStatus.FILLED:
        order.doubt_qty = 0


def compare_cum_qty(core: State, c: Any, order: Order) -> None:
    """A venue that has filled more or less than we know of: a trade was missed; it is asked for the status."""
    if c.cum_qty >= 0 and c.cum_qty != order.cum_qty:
        report_execution(core, c, order, ExecType.ORDER_STATUS, reason=Reason.CUM_QTY_MISMATCH, value=c.cum_qty,
                         bound=order.cum_qty)
        send_status_request(core, c, order, Reason.CUM_QTY_MISMATCH)

"""An order that the core wants less of, or nothing: at a simulated venue at once, at an external one by asking."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType

from ..execution.book import reduce_node
from ..orders.lists import cap_limit
from ..orders.order_facts import cancel_sent, has_cancel, last_asked, wanted_qty
from ..orders.order_table import AT_VENUE, CANCELED, IN_CHILDREN, RESTING, Order
from ..vocabulary.instrument import BUY, SELL
from .outbound import recall_order
from .requests import ask_cancel, ask_replace
from .state import State, book_of, end_order, report_execution, sync_order, sync_top

PARTIAL_DECLINE = int(ExecRestatementReason.PARTIAL_DECLINE)


def stop_order(core: State, c: Any, order: Order, reason: Reason) -> None:
    """Ends an order that the core no longer wants; one at an external venue is asked for back, once: the core itself
    sends no second cancel after one that is UNKNOWN."""
    if recall_order(core, order):
        end_order(core, c, order, CANCELED, reason)
    elif not has_cancel(order):
        ask_cancel(core, c, order, 0, reason)


def shrink_order(core: State, c: Any, order: Order, order_qty: int, reason: Reason) -> None:
    """Lowers an order's quantity; it keeps its place in its queue, and ends where nothing is left."""
    away = order.place in (AT_VENUE, IN_CHILDREN)
    full = away and core.orders.replaces == core.orders.open_max  # then rather none than too much
    if order_qty <= order.cum_qty or full:
        stop_order(core, c, order, reason)
    elif away and (cancel_sent(order) or wanted_qty(order) <= order_qty):
        return  # it is asked for as little already
    elif away:
        last = last_asked(order)
        ask_replace(core, c, order, 0, order_qty, last.price, last.stop_px, last.expire_time, last.peg_offset, reason)
    else:
        if order.place == RESTING:
            reduce_node(book_of(core, order.instrument, order.venue), order.order_id, order.order_qty - order_qty)
            for side in (BUY, SELL):
                sync_top(core, order.instrument, order.venue, side)
        order.order_qty = order_qty
        cap_limit(order)
        report_execution(core, c, order, ExecType.RESTATED, reason=reason, exec_restatement_reason=PARTIAL_DECLINE)
        sync_order(core, order)

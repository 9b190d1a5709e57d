"""The trading day: what its end does to orders and ids. What is for the day expires, what is good longer is renewed; at
an external venue the end means what was declared with the venue.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import DayEnd, Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType

from ..orders.lists import forget_names
from ..orders.order_facts import ended_with_day, is_live
from ..orders.order_table import EXPIRED, IN_CHILDREN, NOWHERE, Order
from ..risk.day_pnl import close_pnl
from ..risk.rule_rows import start_day
from ..risk.strategy_pnl import close_strategies
from .outbound import doubt_order, recall_order
from .sessions import is_good_till
from .state import State, accept_command, end_day, end_order, report_execution, sync_order
from .trade_booking import load_pnl


def roll_day(core: State, c: Any) -> Any:
    """The next trading day: what was for the day expires, what is good longer is renewed, and ids of orders and lists
    that have ended may be used again. What that means at an external venue is declared with it; what was not handed
    out to it is not there yet."""
    core.day += 1
    start_day(core.risk.rows)
    if not core.risk.pnl.is_kept:
        load_pnl(core)
    close_pnl(core.risk.pnl)
    close_strategies(core.risk.strategies)
    ack = accept_command(core, c, core.day, 0)
    for order in list(core.orders.open.values()):
        if not is_live(order):
            continue
        if is_good_till(order.time_in_force):
            order.done_for_day = False
            report_execution(core, c, order, ExecType.RESTATED,
                             exec_restatement_reason=ExecRestatementReason.GT_RENEWAL)
            sync_order(core, order)
        elif order.place == IN_CHILDREN:
            end_day(core, c, order)
        elif recall_order(core, order):
            end_order(core, c, order, EXPIRED, Reason.DAY_ENDED)
        else:
            end_day_at_venue(core, c, order)
    core.ids.keep_ids({order_id for order_id, order in core.orders.by_id.items() if keeps_ids(core, order)})
    forget_names(core.groups)
    return ack


def end_day_at_venue(core: State, c: Any, order: Order) -> None:
    """A day order that its venue has: the venue says when it ends, is asked, or has said that it knows no other day."""
    day_end = core.router.venues[order.venue].day_end
    if day_end == DayEnd.ASK:
        doubt_order(core, c, order, order.order_qty, Reason.DAY_ENDED)
    elif day_end == DayEnd.EXPIRE:
        order.place, order.value = NOWHERE, core.day
        end_order(core, c, order, EXPIRED, Reason.DAY_ENDED)


def keeps_ids(core: State, order: Order) -> bool:
    """Are an order's ids still taken: is it open, or may its venue still report what it did on the day that ended?"""
    return order.is_open or (ended_with_day(order) and order.value == core.day)

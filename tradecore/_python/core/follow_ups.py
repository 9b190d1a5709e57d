"""What follows from a command once its own trades and reports are out: reduce-only orders are trimmed, lists hear of
their members, and what waited for a price is let go, one after another until nothing follows. It never calls itself.

An OCO order may have what its user wanted, less what the others have traded since; a bust gives nothing back. That is
looked at after every trade, end, return and answer. A venue that refuses to make an order less, or makes more of it, is
asked for all of it back; a cancel that it refuses is its last word. The first price reached goes first.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType

from ..orders.lists import OCO, oco_most, others_of
from ..orders.open_orders import find_larger
from ..orders.order_facts import is_live, wanted_qty
from ..orders.order_table import AWAITS_PARENT, AWAITS_PRICE, NOWHERE, Group, Order
from ..orders.triggers import SOURCES, disarm_trigger, find_triggered, has_waiting, trail_peaks
from ..risk.holds import exposure_of, reducible_qty
from ..vocabulary.instrument import BUY, SELL
from .children import settle_parent
from .conditions import is_trading, look_at_market, trigger_price
from .placing import release_order
from .shrinking import shrink_order, stop_order
from .state import State, report_execution


def settle(core: State, c: Any) -> None:
    """Until nothing follows any more."""
    while True:
        if core.parents:
            order = core.orders.by_id.get(core.parents.popleft())
            if order is not None:
                settle_parent(core, c, order)
        elif core.trimmed:
            trim_reduce_only(core, c, *core.trimmed.popleft())
        elif core.groups.news:
            settle_group(core, c, core.groups.news.popleft())
        elif core.moved:
            if not let_one_go(core, c, core.moved[0]):
                core.moved.popleft()
        else:
            return


def trim_reduce_only(core: State, c: Any, instrument: int, account: int) -> None:
    """No reduce-only order is larger than the position that is left."""
    position_qty = exposure_of(core.risk, instrument, account).position_qty
    for side in (BUY, SELL):
        most = reducible_qty(position_qty, side)
        for order in find_larger(core.open_orders, instrument, account, side, most):
            if order.place != AWAITS_PARENT:  # a child is asked about when it is let go
                shrink_order(core, c, order, order.cum_qty + most, Reason.REDUCED_POSITION)


# ---- lists


def settle_group(core: State, c: Any, group: Group) -> None:
    """OCO: each shrinks by what the others have traded, and ends where one is filled whole. OTO: the children of a
    parent that ended are let go, for as much as it filled, or end with it."""
    group.has_news = False
    for order in list(group.members.values()):
        if not is_live(order) or order.contingency_type != OCO:
            continue
        if group.oco_filled:
            stop_order(core, c, order, Reason.OTHER_FILLED)
        elif others_of(group, order) and max(order.order_qty, wanted_qty(order)) > oco_most(group, order):
            shrink_order(core, c, order, oco_most(group, order), Reason.OTHER_FILLED)
    if group.waits and group.ended:
        free_child(core, c, group)


def free_child(core: State, c: Any, group: Group) -> None:
    """One at a time: what it trades at once must reach the others before they are let go."""
    children = [order for order in group.members.values() if order.place == AWAITS_PARENT and is_live(order)]
    group.waits = len(children) > 1
    if not children:
        return
    order = children[0]
    if group.waits and not group.has_news:
        group.has_news = True
        core.groups.news.append(group)
    if order.order_qty > group.parent_qty:
        shrink_order(core, c, order, group.parent_qty, Reason.PARENT_ENDED)
    if is_live(order):
        release_order(core, c, order)


# ---- what waits for a price


def let_one_go(core: State, c: Any, instrument: int) -> bool:
    """Moves the trailing stops, and triggers the first order that a price has reached; False where there is none."""
    if not core.triggers.counts[instrument] or not is_trading(core, instrument):
        return False
    market = look_at_market(core, instrument)
    for source in SOURCES:
        for side in (BUY, SELL):
            if not has_waiting(core.triggers, instrument, source, side):
                continue
            price = trigger_price(market, source, side == SELL)
            trail_peaks(core.triggers, instrument, source, side, price)
            triggered = find_triggered(core.triggers, instrument, source, side, price)
            if triggered:
                trigger_order(core, c, core.orders.by_id[triggered])
                return True
    return False


def trigger_order(core: State, c: Any, order: Order) -> None:
    """What an order waited for has come: it is reported, asked about again, and goes to a venue."""
    assert order.place == AWAITS_PRICE
    disarm_trigger(core.triggers, order)
    order.place, order.triggered = NOWHERE, True
    report_execution(core, c, order, ExecType.TRIGGERED)
    release_order(core, c, order)

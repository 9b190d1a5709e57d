"""What follows from a command once its own trades and reports are out: reduce-only orders are trimmed, lists hear of
their members, and what waited for a price is let go, one after another until nothing follows. It never calls itself.

An OCO order may have what its user wanted, less what the others have traded since; a bust gives nothing back. That is
looked at after every trade, end, return and answer. A venue that refuses to make an order less, or makes more of it, is
asked for all of it back; a cancel that it refuses is its last word. The first price reached goes first.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType

from ..execution.book import reduce_node
from ..orders.lists import OCO, cap_limit, oco_most, others_of
from ..orders.open_orders import find_larger
from ..orders.order_facts import cancel_sent, has_cancel, is_live, wanted_qty
from ..orders.order_table import AT_VENUE, AWAITS_PARENT, AWAITS_PRICE, CANCELED, NOWHERE, RESTING, Group, Order
from ..orders.triggers import SOURCES, disarm_trigger, find_triggered, has_waiting, trail_peaks
from ..risk.holds import exposure_of, reducible_qty
from ..vocabulary.instrument import BUY, SELL
from .conditions import is_trading, look_at_market, trigger_price
from .outbound import recall_order
from .placing import release_order
from .requests import ask_cancel, ask_replace
from .state import State, book_of, end_order, report_execution, sync_order, sync_top

PARTIAL_DECLINE = int(ExecRestatementReason.PARTIAL_DECLINE)


def settle(core: State, c: Any) -> None:
    """Until nothing follows any more."""
    while True:
        if core.trimmed:
            trim_reduce_only(core, c, *core.trimmed.popleft())
        elif core.groups.news:
            settle_group(core, c, core.groups.news.popleft())
        elif core.moved:
            if not let_one_go(core, c, core.moved[0]):
                core.moved.popleft()
        else:
            return


def stop_order(core: State, c: Any, order: Order, reason: Reason) -> None:
    """Ends an order that the core no longer wants; one at an external venue is asked for back, once: the core itself
    sends no second cancel after one that is UNKNOWN."""
    if recall_order(core, order):
        end_order(core, c, order, CANCELED, reason)
    elif not has_cancel(order):
        ask_cancel(core, c, order, 0, reason)


def shrink_order(core: State, c: Any, order: Order, order_qty: int, reason: Reason) -> None:
    """Lowers an order's quantity; it keeps its place in its queue, and ends where nothing is left."""
    full = order.place == AT_VENUE and core.orders.replaces == core.orders.open_max  # then rather none than too much
    if order_qty <= order.cum_qty or full:
        stop_order(core, c, order, reason)
    elif order.place == AT_VENUE and (cancel_sent(order) or wanted_qty(order) <= order_qty):
        return  # it is asked for as little already
    elif order.place == AT_VENUE:
        ask_replace(core, c, order, 0, order_qty, order.price, order.stop_px, order.expire_time, order.peg_offset,
                    reason)
    else:
        if order.place == RESTING:
            reduce_node(book_of(core, order.instrument, order.venue), order.order_id, order.order_qty - order_qty)
            for side in (BUY, SELL):
                sync_top(core, order.instrument, order.venue, side)
        order.order_qty = order_qty
        cap_limit(order)
        report_execution(core, c, order, ExecType.RESTATED, reason=reason, exec_restatement_reason=PARTIAL_DECLINE)
        sync_order(core, order)


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

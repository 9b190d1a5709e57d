"""What follows from a command once its own trades and reports are out: reduce-only orders are trimmed, lists hear of
their members, and what a price has reached is let go, one after another until nothing follows. It never calls itself.

An OCO order may have what its user wanted, less what the others have traded since; a bust gives nothing back. That is
looked at after every trade, end, return and answer. A venue that refuses to make an order less, or makes more of it, is
asked for all of it back; a cancel that it refuses is its last word. The first price reached goes first.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, SelfMatch
from tradecore.vocabulary.fix import ExecType

from ..orders.lists import OCO, oco_most, others_of
from ..orders.open_orders import find_larger
from ..orders.order_facts import has_cancel, is_live, wanted_qty, worst_px
from ..orders.order_table import AWAITS_PARENT, AWAITS_VENUE, CANCELED, NOWHERE, Group, Order
from ..risk.holds import exposure_of, reducible_qty
from ..vocabulary.instrument import BUY, SELL
from .children import settle_parent
from .conditions import is_trading
from .elections import elect_all
from .exits import find_hindrance
from .health import look_everywhere
from .losses import watch_losses
from .placing import release_order
from .self_matching import note_match, own_outside
from .shrinking import shrink_order, stop_order
from .state import State, end_order, is_external, report_execution
from .switching import withdraw_disarmed


def settle(core: State, c: Any) -> None:
    """Until nothing follows any more. What was lost comes first: what follows is asked about behind it."""
    while True:
        if core.risk.pnl.touched or core.risk.strategies.touched:
            watch_losses(core, c)
        elif core.risk.breakers.due:
            withdraw_disarmed(core, c)
        elif core.parents:
            order = core.orders.by_id.get(core.parents.popleft())
            if order is not None:
                settle_parent(core, c, order)
        elif core.trimmed:
            trim_reduce_only(core, c, *core.trimmed.popleft())
        elif core.groups.news:
            settle_group(core, c, core.groups.news.popleft())
        elif core.triggers.fired:
            order = core.orders.by_id.get(core.triggers.fired.popleft())
            if order is not None and is_live(order) and order.place == NOWHERE:  # else another's trade has ended it
                trigger_order(core, c, order)
        elif core.router.has_turned:
            look_everywhere(core)
        elif core.triggers.asks_again:
            ask_again(core, c)
        elif core.moved:
            elect_all(core, core.moved.popleft())
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


def trigger_order(core: State, c: Any, order: Order) -> None:
    """What an order waited for has come: it is reported, asked about again, and goes to a venue."""
    report_execution(core, c, order, ExecType.TRIGGERED)
    release_order(core, c, order)


def ask_again(core: State, c: Any) -> None:
    """A switch was released, a venue or a session is there again: what was triggered and could not go is asked about
    again."""
    core.triggers.asks_again = False
    waiting = list(core.triggers.held_back)
    core.triggers.held_back.clear()
    for order_id in waiting:
        order = core.orders.by_id.get(order_id)
        if order is None or order.place != AWAITS_VENUE or not is_live(order):
            continue
        if not is_trading(core, order.instrument) or find_hindrance(core, order) is not None:
            core.triggers.held_back[order_id] = None
            continue
        if waits_for_own(core, c, order):
            if is_live(order):
                core.triggers.held_back[order_id] = None
            continue
        order.suspended = False
        report_execution(core, c, order, ExecType.NEW if order.acked else ExecType.PENDING_NEW)
        release_order(core, c, order)
    core.triggers.kept = 0


def waits_for_own(core: State, c: Any, order: Order) -> bool:
    """Asks those of ours back that a held order could meet at its external venue; what is filled, while a replace may
    make more of it, once that has been answered. Where a venue keeps one, what is held for it ends: that is the
    venue's last word. False where it may go."""
    if not is_external(core, order.venue):
        return False
    waits = False
    for own in own_outside(core, order, worst_px(order)):
        if not is_live(own):
            waits = True
            continue
        if own.order_id == core.triggers.kept and not has_cancel(own):
            order.value, order.bound = own.order_id, SelfMatch.HOLD
            end_order(core, c, order, CANCELED, Reason.SELF_MATCH)
            return True
        note_match(own, order, SelfMatch.HOLD)
        stop_order(core, c, own, Reason.SELF_MATCH)
        waits = waits or is_live(own)
    return waits

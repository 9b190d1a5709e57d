"""Exits get out: which orders reduce, and so pass what EXEMPTIONS says; which exits rest at their protection price, and
what waits for a venue or a switch once its price has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tradecore.vocabulary.codes import Reason, TradingState
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType, OrdType
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding

from ..execution.breakers import is_out
from ..execution.routing import twice_touch
from ..orders.lists import OCO, find_group, waits_for_parent
from ..orders.order_facts import leaves_of
from ..orders.order_table import AT_VENUE, AWAITS_SESSION, AWAITS_VENUE, IN_CHILDREN, NOWHERE, RESTING, Order
from ..risk.holds import EXEMPTIONS, Question, exposure_of, is_reducing, reducible_qty
from ..risk.limit_lines import COLLAR, Line
from ..risk.switches import meet_switches
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, awaits_price, direction, has_limit
from .keeping import unbooked_moves
from .state import State, parent_of, report_execution, sync_order, twice_reference
from .user_rules import find_risk_refusal, find_rule_refusal

SWITCHES = (Reason.KILL_SWITCH, Reason.TRADING_STATE)  # what is HALTED may go on once it is released


def works_beside(order: Order, other: Order) -> bool:
    """Does another order work on an order's side of its position: sent, or at a venue? What waits for a price counts
    once that has come, what is worked in children itself."""
    return (other.instrument == order.instrument and other.account == order.account and other is not order
            and not other.parent and direction(other.side) == direction(order.side)
            and other.place in (RESTING, AT_VENUE, AWAITS_SESSION, AWAITS_VENUE, IN_CHILDREN))


def counts_for_list(
    core: State, order: Order, other: Order, works: Callable[[Order, Order], bool] = works_beside
) -> bool:
    """Of an OCO list only the largest of those that work counts, the first of equals; of the list that an order is OCO
    in itself none: one of them trades."""
    if other.group is None or other.contingency_type != OCO:
        return True
    if other.group is find_group(core.groups, order) and order.contingency_type == OCO:
        return False
    return not any(works(order, member) and member.contingency_type == OCO
                   and (member.held, other.order_id) > (other.held, member.order_id)
                   for member in other.group.members.values())


def count_works(core: State, order: Order, most: int) -> int:
    """Lots that work on an order's side of its position, itself left out; no further than beyond `most`."""
    works = sum(q.hold_qty for _, q in core.ahead if (q.instrument, q.account, q.side) == (
        order.instrument, order.account, direction(order.side)))
    for other in core.open_orders.by_position.get((order.instrument, order.account), {}).values():
        if works_beside(order, other) and counts_for_list(core, order, other):
            works += other.held
            if works > most:
                break
    return works


def position_for(core: State, order: Order) -> int:
    """The position that an order is judged by; of the exit legs of a bracket, with what the entry will bring."""
    position_qty = exposure_of(core.risk, order.instrument, order.account).position_qty
    group = find_group(core.groups, order)
    if group is None or not waits_for_parent(core.groups, order):
        return position_qty
    root = core.orders.by_id.get(group.root)
    if root is None or root.instrument != order.instrument:
        return position_qty
    return position_qty + (leaves_of(root) if direction(root.side) == BUY else -leaves_of(root))


def reduces(core: State, order: Order, leaves_qty: int) -> bool:
    """Does an order with so much to trade reduce (see risk)? A child does where all that its parent may trade does."""
    parent = parent_of(core, order)
    if parent is not None:
        return reduces(core, parent, leaves_of(parent))
    side, position_qty = direction(order.side), position_for(core, order)
    most = reducible_qty(position_qty, side)
    return leaves_qty <= most and is_reducing(position_qty, side, leaves_qty, count_works(core, order, most))


def reduces_unbooked(core: State, order: Order, leaves_qty: int) -> bool:
    """Does an order reduce whatever part of what lies unbooked has happened?"""
    low, high, _ = unbooked_moves(core, order.instrument, order.account)
    side = direction(order.side)
    most = reducible_qty(position_for(core, order) + (high if side == BUY else low), side)
    return reduces(core, order, leaves_qty) and leaves_qty + count_works(core, order, most) <= most


def closes_position(core: State, order: Order) -> bool:
    """Does an order bring its position to zero, with what works on its side?"""
    position_qty = position_for(core, order)
    most = reducible_qty(position_qty, direction(order.side))
    return 0 < order.order_qty <= most and order.order_qty + count_works(core, order, most) == most


def ask_risk_of(core: State, ins: InstrumentRow, order: Order, q: Question) -> Finding | None:
    """Risk's refusal, or None. Whether an order reduces is found out where only that can let it pass."""
    refused = find_risk_refusal(core, ins, q, order.strategy)
    if refused is not None and refused.reason in EXEMPTIONS and reduces(core, order, q.leaves_qty):
        q.reduces = True
        refused = find_risk_refusal(core, ins, q, order.strategy)
    if refused is not None and refused.reason == Reason.UNBOOKED_TRADE and reduces_unbooked(core, order, q.leaves_qty):
        refused = find_rule_refusal(core, ins, q, order.strategy)
    return refused


def protects_position(core: State, order: Order, limit: int) -> bool:
    """Is it a stop or a trailing exit that has triggered, with a protection price to rest at? It must not end while its
    position stands."""
    return (order.triggered and order.ord_type in (OrdType.STOP, OrdType.TRAILING_STOP)
            and abs(limit) != core.instruments[order.instrument].price_most // core.instruments[order.instrument].tick
            and reduces(core, order, leaves_of(order)))


def rest_exit(core: State, c: Any, ins: InstrumentRow, order: Order, limit: int) -> None:
    """An exit that has found nothing more within its protection price rests there from now on, as a limit order; an
    alert says so."""
    order.ord_type, order.price, order.peg_offset = int(OrdType.STOP_LIMIT), limit * ins.tick, 0
    order.repriced = True
    report_execution(core, c, order, ExecType.RESTATED, reason=Reason.EXIT_RESTS, value=order.price,
                     exec_restatement_reason=ExecRestatementReason.REPRICING)
    sync_order(core, order)


def find_hindrance(core: State, order: Order) -> tuple[Reason, int, int] | None:
    """Why an order that a price has let go can't go anywhere now, with value and bound: a switch, or no venue."""
    for reason, switches in ((Reason.KILL_SWITCH, core.risk.kills), (Reason.TRADING_STATE, core.risk.states)):
        met = meet_switches(switches, order.instrument, order.account, order.venue, order.strategy)
        if met.state == TradingState.HALTED:
            return reason, met.scope, met.state
    if order.venue in core.disconnected:
        return Reason.VENUE_DISCONNECTED, order.venue, 0
    if order.venue and is_out(core.router.health[order.venue]):
        return Reason.NO_VENUE, order.venue, len(core.router.venues)
    if order.venue == 0 and len(core.router.down) == len(core.router.venues):
        return Reason.NO_VENUE, 0, len(core.router.venues)
    return None


def hold_back(core: State, c: Any, order: Order, reason: Reason, value: int, bound: int) -> None:
    """An order whose price has come, and that can't go: it is Suspended, and asked about again once it can."""
    order.place, order.suspended = AWAITS_VENUE, True
    core.triggers.held_back.pop(order.order_id, None)
    core.triggers.held_back[order.order_id] = None
    report_execution(core, c, order, ExecType.SUSPENDED, reason=reason, value=value, bound=bound)
    sync_order(core, order)


def is_held_to_trigger(order: Order, price: int) -> bool:
    """Is an order held against its own trigger price: before that has come, when it then goes, and in all its parts?
    One that has gone whole, and a limit that its user has changed since, are held against the market."""
    if not awaits_price(order.ord_type):
        return False
    if not order.triggered:
        return order.ord_type != OrdType.TRAILING_STOP
    return order.place in (NOWHERE, IN_CHILDREN) and (
        not has_limit(order.ord_type) or (price == order.price and not order.repriced))


def prices_at_trigger(
    core: State, ins: InstrumentRow, order: Order, stop_px: int, leaves_qty: int, line: Line
) -> tuple[int, int]:
    """Twice the price that an order is held against that waits for one, and twice what it could take once that has
    come: an entry counts at that, where nothing bounds it, and has no price where nobody knows one. An exit gets out,
    whatever the market says by then."""
    side, touch2 = direction(order.side), NO_PRICE
    at_market = order.triggered and (side == SELL or not has_limit(order.ord_type))
    if at_market and not reduces(core, order, leaves_qty):
        touch2 = twice_touch(core.router, ins, order.instrument, side, core.now)
        if touch2 == NO_PRICE:
            touch2 = twice_reference(core, order.instrument)
        if touch2 == NO_PRICE and line.limits[COLLAR] < 0:
            return NO_PRICE, NO_PRICE
    return 2 * stop_px, touch2


def hold_if_hindered(core: State, c: Any, order: Order, q: Question, refused: Finding | None) -> bool:
    """Holds back an order that a price has let go, where a switch or the want of a venue hinders it and risk says
    nothing else, or knows no price until that venue is back; under a switch only an exit, the others are refused. Was
    it?"""
    hindrance = find_hindrance(core, order) if order.triggered else None
    waits = (*SWITCHES, Reason.REFERENCE_PRICE_UNAVAILABLE)
    if hindrance is None or not (refused is None or refused.reason in waits):
        return False
    if hindrance[0] in SWITCHES and not reduces(core, order, q.leaves_qty):
        return False
    hold_back(core, c, order, *hindrance)
    return True

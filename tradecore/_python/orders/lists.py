"""Lists of contingent orders (OCO, OTO): who is in which, and which have news. What follows is the conductor's.

An order is in its list from when it passed risk until it is evicted: a bust can bring it back, and a late trade of one
that was canceled still concerns the others. The parent is the first order, if it is OTO.

A list_id names its list while one of its orders is open; where it has a parent, or its orders have traded, while one of
them is held, until the day rolls: who comes late must learn what happened.
"""

from __future__ import annotations

from collections import deque

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ContingencyType

from ..vocabulary.shell import saturate
from .order_facts import is_filled, is_live
from .order_table import Group, Order

OCO, OTO = int(ContingencyType.OCO), int(ContingencyType.OTO)


class Groups:
    """The lists that orders can join, by list_id; the others are known to their orders alone."""

    def __init__(self) -> None:
        self.by_id: dict[int, Group] = {}
        self.news: deque[Group] = deque()


def find_group(groups: Groups, order: Order) -> Group | None:
    """The list that an order is in, or would join."""
    return order.group or groups.by_id.get(order.list_id)


def find_bad_join(groups: Groups, order: Order) -> tuple[Reason, int, int] | None:
    """Why an order can't join its list, with value and bound; None where it can. All are of one account; a child takes
    no more than a parent that ended has filled, an OCO order no more than what the others' trades have left open."""
    group = groups.by_id.get(order.list_id)
    if group is None:
        return None
    if group.account != order.account:
        return Reason.INVALID_CONTINGENCY, order.account, group.account
    if group.ended and group.parent_qty < order.order_qty:
        return Reason.PARENT_ENDED, order.order_qty, group.parent_qty
    if order.contingency_type == OCO and group.oco_total and oco_room(group) < order.order_qty:
        return Reason.OTHER_FILLED, order.order_qty, oco_room(group)
    return None


def others_of(group: Group, order: Order) -> int:
    """What the other OCO members have ever traded."""
    return group.oco_total - order.oco_own


def oco_most(group: Group, order: Order) -> int:
    """OrderQty(38) that an OCO order may have: what its user wanted, less what the others have traded since; whether or
    not its venue has done what it was asked."""
    limits = [order.oco_limit, *(request.oco_limit for request in order.requests if request.is_replace)]
    return min(limits) - others_of(group, order)


def oco_room(group: Group) -> int:
    """The most that an OCO list whose orders have traded still has open."""
    if group.oco_filled:
        return 0
    rooms = (min(order.order_qty, oco_most(group, order)) - order.cum_qty for order in group.members.values()
             if order.contingency_type == OCO and is_live(order))
    return max(0, max(rooms, default=0))


def find_excess(order: Order, order_qty: int) -> tuple[Reason, int, int] | None:
    """Why an OCO order can't be replaced by this quantity, with value and bound: as one that comes late, it takes no
    more than what is left; whether or not its venue has made it less already."""
    group = order.group
    if group is None or order.contingency_type != OCO or order_qty <= order.cum_qty:
        return None
    if group.oco_filled > order.oco_filled:
        return Reason.OTHER_FILLED, order_qty, 0
    if others_of(group, order) and order_qty > oco_most(group, order):
        return Reason.OTHER_FILLED, order_qty, max(0, oco_most(group, order))
    return None


def limit_after(order: Order, order_qty: int) -> int:
    """The oco_limit of an order once a user has asked for this quantity."""
    others = 0 if order.group is None else others_of(order.group, order)
    return min(order.oco_limit, order_qty + others) if others else order_qty


def cap_limit(order: Order) -> None:
    """What its venue made of an OCO order is the most that it is wanted for."""
    if order.group is not None:
        order.oco_limit = min(order.oco_limit, order.order_qty + others_of(order.group, order))


def join_group(groups: Groups, order: Order) -> None:
    """The first order of a list opens it; if it is OTO it is the parent."""
    group = groups.by_id.get(order.list_id)
    if group is None:
        group = groups.by_id[order.list_id] = Group(order.list_id, order.account)
        if order.contingency_type == OTO:
            group.root, group.root_instrument, group.waits = order.order_id, order.instrument, True
    group.members[order.order_id] = order
    group.held += 1
    order.group, order.oco_limit, order.told_live = group, order.order_qty + group.oco_total, True


def leave_group(groups: Groups, group: Group, order: Order) -> None:
    """An order that ended."""
    del group.members[order.order_id]
    if not group.root and not group.oco_total:
        forget_name(groups, group)


def rejoin_group(group: Group, order: Order) -> None:
    """An order that a bust or a replace has brought back."""
    group.members[order.order_id] = order


def forget_member(groups: Groups, group: Group) -> None:
    """An order that is evicted."""
    group.held -= 1
    if not group.held:
        forget_name(groups, group)


def forget_name(groups: Groups, group: Group) -> None:
    """No order can join a list any more, unless one of it is open."""
    if not group.members and groups.by_id.get(group.list_id) is group:
        del groups.by_id[group.list_id]


def forget_names(groups: Groups) -> None:
    """A new day: the list_ids of what is not open may be used again."""
    for group in list(groups.by_id.values()):
        forget_name(groups, group)


def tell_list(groups: Groups, group: Group, order: Order) -> None:
    """A member has traded, ended, come back or changed: its list has news."""
    if group.root == order.order_id and not is_live(order) and not group.ended:
        group.ended, group.parent_qty = True, order.cum_qty
    if not group.has_news:
        group.has_news = True
        groups.news.append(group)


def sync_list(groups: Groups, group: Group, order: Order) -> None:
    """Keeps the number of OCO members that are filled whole, and tells the list of ends and returns."""
    filled, live = order.contingency_type == OCO and is_filled(order), is_live(order)
    group.oco_filled += filled - order.oco_filled
    order.oco_filled = filled
    if live != order.told_live:
        order.told_live = live
        tell_list(groups, group, order)


def tell_fill(groups: Groups, group: Group, order: Order, qty: int) -> None:
    """A member has traded: the other OCO members will be reduced by as much."""
    if order.contingency_type == OCO:
        group.oco_total += qty
        order.oco_own += qty
        tell_list(groups, group, order)


def split_lists(groups: Groups, instrument: int, n: int, d: int) -> None:
    """A split: what a parent has filled is now n / d as much; of children a fraction less."""
    for group in groups.by_id.values():
        if group.root_instrument == instrument:
            group.parent_qty = saturate(group.parent_qty * n // d)


def split_limit(order: Order, n: int, d: int) -> None:
    """What an OCO order may still have, times n / d."""
    if order.group is not None:
        others = others_of(order.group, order)
        order.oco_limit = saturate((order.oco_limit - others) * n // d) + others


def waits_for_parent(groups: Groups, order: Order) -> bool:
    group = find_group(groups, order)
    return group is not None and group.waits and not group.ended and group.root != order.order_id

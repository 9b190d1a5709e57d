"""Lists of contingent orders (OCO, OTO): who is in which, and which have news. What follows is the conductor's.

An order is in its list from when it passed risk until it is evicted: a bust can bring it back, and a late trade of one
that was canceled still concerns the others. The parent is the first order, if it is OTO.

A list_id names its list while one of its orders is open; where it has a parent, or its orders have traded, while one of
them is held, until the day rolls: who comes late must learn what happened.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tradecore.fix import ContingencyType, Reason

from .orders import Order, is_filled, is_live, leaves_of

OCO, OTO = int(ContingencyType.OCO), int(ContingencyType.OTO)


@dataclass(slots=True, eq=False)
class Group:
    """One list: its account, and its open members in the order in which they became so."""

    list_id: int
    account: int
    root: int = 0  # the parent's order_id, 0 where there is none
    waits: bool = False  # children wait: the parent has not ended, or it has just done so
    ended: bool = False  # the parent has ended
    parent_qty: int = 0  # what the parent had filled when it ended
    members: dict[int, Order] = field(default_factory=dict)
    held: int = 0  # members, open and ended
    has_news: bool = False
    has_traded: bool = False  # an OCO member has
    oco_qty: int = 0  # what OCO members filled since the others last heard of it; an order's own part is in its facts
    oco_filled: int = 0  # OCO members that are filled whole


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
    if order.contingency_type == OCO and group.has_traded and oco_room(group) < order.order_qty:
        return Reason.OTHER_FILLED, order.order_qty, oco_room(group)
    return None


def oco_room(group: Group) -> int:
    """The most that an OCO list whose orders have traded still has open."""
    if group.oco_filled:
        return 0
    return max((leaves_of(order) for order in group.members.values() if order.contingency_type == OCO), default=0)


def join_group(groups: Groups, order: Order) -> None:
    """The first order of a list opens it; if it is OTO it is the parent."""
    group = groups.by_id.get(order.list_id)
    if group is None:
        group = groups.by_id[order.list_id] = Group(order.list_id, order.account)
        if order.contingency_type == OTO:
            group.root, group.waits = order.order_id, True
    group.members[order.order_id] = order
    group.held += 1
    order.group = group


def leave_group(groups: Groups, group: Group, order: Order) -> None:
    """An order that ended."""
    del group.members[order.order_id]
    if not group.root and not group.has_traded:
        forget_name(groups, group)


def rejoin_group(group: Group, order: Order) -> None:
    """An order that a bust or a replace has brought back; the others have heard of what it filled before."""
    group.members[order.order_id] = order
    order.oco_qty = 0


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


def tell_group(groups: Groups, group: Group, order: Order) -> None:
    """A member has filled, ended or come back: its list has news."""
    if group.root == order.order_id and not is_live(order) and not group.ended:
        group.ended, group.parent_qty = True, order.cum_qty
    if not group.has_news:
        group.has_news = True
        groups.news.append(group)


def count_filled(group: Group, order: Order) -> None:
    """Keeps the number of OCO members that are filled whole."""
    filled = order.contingency_type == OCO and is_filled(order)
    group.oco_filled += filled - order.oco_filled
    order.oco_filled = filled


def tell_fill(groups: Groups, group: Group, order: Order, qty: int) -> None:
    """A member has traded: the other OCO members will be reduced by as much."""
    if order.contingency_type == OCO:
        group.has_traded = True
        group.oco_qty += qty
        order.oco_qty += qty
        tell_group(groups, group, order)


def waits_for_parent(groups: Groups, order: Order) -> bool:
    group = find_group(groups, order)
    return group is not None and group.waits and not group.ended and group.root != order.order_id

"""Lists of contingent orders (OCO, OTO): who is in which, and which have news. What follows is the conductor's.

A list is named by its list_id while one of its orders is open, and while its parent is held: who comes late must learn
how the parent ended. The parent is the first order, if it is OTO.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tradecore.fix import ContingencyType

from .orders import Order, is_filled, is_live

OCO, OTO = int(ContingencyType.OCO), int(ContingencyType.OTO)


@dataclass(slots=True)
class Group:
    """One list: its account, and its open members in the order in which they came."""

    list_id: int
    account: int
    serial: int  # no two lists have the same
    root: int = 0  # the parent's order_id, 0 where there is none
    waits: bool = False  # children wait: the parent has not ended, or it has just done so
    ended: bool = False  # the parent has ended
    parent_qty: int = 0  # what the parent had filled when it ended
    members: dict[int, Order] = field(default_factory=dict)
    has_news: bool = False
    oco_qty: int = 0  # what OCO members filled since the others last heard of it; an order's own part is in its facts
    oco_done: bool = False  # one of them has filled whole


class Groups:
    """The lists that have open orders, or a parent that is held."""

    def __init__(self) -> None:
        self.by_id: dict[int, Group] = {}
        self.opened = 0
        self.news: deque[Group] = deque()


def find_bad_join(groups: Groups, order: Order) -> tuple[int, int] | None:
    """Why an order can't join its list, with value and bound; None where it can. All are of one account, and a child
    takes no more than a parent that ended has filled."""
    group = groups.by_id.get(order.list_id)
    if group is None:
        return None
    if group.account != order.account:
        return order.account, group.account
    if group.ended and group.parent_qty < order.order_qty:
        return order.order_qty, group.parent_qty
    return None


def join_group(groups: Groups, order: Order) -> None:
    """The first order of a list opens it; if it is OTO it is the parent."""
    group = groups.by_id.get(order.list_id)
    if group is None:
        groups.opened += 1
        group = groups.by_id[order.list_id] = Group(order.list_id, order.account, groups.opened)
        if order.contingency_type == OTO:
            group.root, group.waits = order.order_id, True
    group.members[order.order_id] = order
    order.group_serial = group.serial


def leave_group(groups: Groups, order: Order) -> None:
    """An order that ended; its list is closed with its last one, unless a parent is to be remembered."""
    group = groups.by_id.get(order.list_id)
    if group is None or group.members.pop(order.order_id, None) is None:
        return
    close_group(groups, group)


def close_group(groups: Groups, group: Group) -> None:
    if not group.members and not group.root and not group.has_news:
        del groups.by_id[group.list_id]


def forget_parent(groups: Groups, order: Order) -> None:
    """An order that is evicted: nobody can come late to its list any more."""
    group = groups.by_id.get(order.list_id)
    if group is not None and group.root == order.order_id:
        group.root = 0
        close_group(groups, group)


def tell_group(groups: Groups, order: Order) -> None:
    """A member has filled or ended: its list has news."""
    group = groups.by_id.get(order.list_id)
    if group is None or group.serial != order.group_serial:
        return
    if group.root == order.order_id and not is_live(order) and not group.ended:
        group.ended, group.parent_qty = True, order.cum_qty
    if order.contingency_type == OCO and is_filled(order):
        group.oco_done = True
    if not group.has_news:
        group.has_news = True
        groups.news.append(group)


def tell_fill(groups: Groups, order: Order, qty: int) -> None:
    """A member has traded: the other OCO members will be reduced by as much."""
    group = groups.by_id.get(order.list_id)
    if group is not None and group.serial == order.group_serial and order.contingency_type == OCO:
        group.oco_qty += qty
        order.oco_qty += qty
        tell_group(groups, order)


def waits_for_parent(groups: Groups, order: Order) -> bool:
    group = groups.by_id.get(order.list_id)
    return group is not None and group.waits and not group.ended and group.root != order.order_id

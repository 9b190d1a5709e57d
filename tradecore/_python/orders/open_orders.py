"""Which orders are open of one account, instrument, position, venue or strategy, and which of a position's orders that
may only reduce are larger than it: what is about some orders looks at no others.

An order is indexed from when its first placing leaves it open. What a scope takes is handed on oldest first, by
order_id.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection

from tradecore.vocabulary.fix import ExecInst

from ..vocabulary.instrument import direction
from .order_facts import leaves_of
from .order_table import Order, Orders

REDUCE_ONLY = int(ExecInst.REDUCE_ONLY)
Sizes = dict[tuple[int, int, int], list[tuple[int, int]]]
Lists = dict[int, dict[int, Order]]


class OpenOrders:
    """Open orders by each thing that a command may be about: {its id: {order_id: order}}."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.indexed: dict[int, Order] = {}
        self.by_instrument: Lists = {}
        self.by_account: Lists = {}
        self.by_venue: Lists = {}
        self.by_strategy: Lists = {}
        self.by_position: dict[tuple[int, int], dict[int, Order]] = {}
        # Those that may only reduce, by position and side: (minus leaves_qty, order_id), in order.
        self.sizes: Sizes = {}

    def lists_of(self, order: Order) -> list[tuple[dict[int, dict[int, Order]], int]]:
        return [(self.by_instrument, order.instrument), (self.by_account, order.account),
                (self.by_venue, order.venue), (self.by_strategy, order.strategy)]


def index_order(index: OpenOrders, order: Order) -> bool:
    """An order that is open, and stays so; False of one that is indexed already."""
    if order.order_id in index.indexed:
        return False
    index.indexed[order.order_id] = order
    for orders, key in index.lists_of(order):
        if key:
            orders.setdefault(key, {})[order.order_id] = order
    index.by_position.setdefault((order.instrument, order.account), {})[order.order_id] = order
    if order.exec_inst & REDUCE_ONLY and order.admitted:
        order.size = leaves_of(order)
        insort(index.sizes.setdefault(_sizes_at(order), []), (-order.size, order.order_id))
    return True


def drop_order(index: OpenOrders, order: Order) -> bool:
    """It is open no more; False of one that was never indexed."""
    if index.indexed.pop(order.order_id, None) is None:
        return False
    for orders, key in index.lists_of(order):
        if key:
            del orders[key][order.order_id]
            if not orders[key]:
                del orders[key]
    position = order.instrument, order.account
    del index.by_position[position][order.order_id]
    if not index.by_position[position]:
        del index.by_position[position]
    if order.size is not None:
        _drop_size(index, order, order.size)
        order.size = None
    return True


def link_venue(index: OpenOrders, order: Order) -> None:
    """The venue of an order that is indexed becomes known."""
    if order.venue and order.order_id in index.indexed:
        index.by_venue.setdefault(order.venue, {})[order.order_id] = order


def sync_size(index: OpenOrders, order: Order) -> None:
    """Its quantity among those that may only reduce; called after every change of it."""
    leaves = leaves_of(order)
    if order.size is not None and order.size != leaves:
        _drop_size(index, order, order.size)
        order.size = leaves
        insort(index.sizes.setdefault(_sizes_at(order), []), (-leaves, order.order_id))


def _sizes_at(order: Order) -> tuple[int, int, int]:
    return order.instrument, order.account, direction(order.side)


def _drop_size(index: OpenOrders, order: Order, size: int) -> None:
    sizes = index.sizes[_sizes_at(order)]
    del sizes[bisect_left(sizes, (-size, order.order_id))]
    if not sizes:
        del index.sizes[_sizes_at(order)]


def find_open(index: OpenOrders, instrument: int, account: int, venue: int, strategy: int) -> list[Order]:
    """What is open of an instrument, account, venue and strategy, 0 being any, oldest first."""
    listed: Collection[Order] = index.orders.open.values()
    if instrument and account:
        listed = index.by_position.get((instrument, account), {}).values()
    elif strategy:
        listed = index.by_strategy.get(strategy, {}).values()
    elif instrument:
        listed = index.by_instrument.get(instrument, {}).values()
    elif account:
        listed = index.by_account.get(account, {}).values()
    elif venue:
        listed = index.by_venue.get(venue, {}).values()
    found = [order for order in listed
             if instrument in (0, order.instrument) and account in (0, order.account)
             and venue in (0, order.venue) and strategy in (0, order.strategy)]
    return sorted(found, key=lambda order: order.order_id)


def find_larger(index: OpenOrders, instrument: int, account: int, side: int, most: int) -> list[Order]:
    """The orders of a position that may only reduce, would trade to `side` and could trade more than this, oldest
    first."""
    sizes = index.sizes.get((instrument, account, side), [])
    found = [order_id for _, order_id in sizes[:bisect_left(sizes, (-most, 0))]]
    return [index.orders.by_id[order_id] for order_id in sorted(found)]

"""What risk counts of open orders, while some limit is on how many there are: when one opens, and when it ends."""

from __future__ import annotations

from ..orders.open_orders import OpenOrders
from ..orders.order_table import Order
from ..risk.open_counts import OpenCounts, count_open


def tell_counts(counts: OpenCounts, order: Order, sign: int) -> None:
    """An order opens, or with `sign` -1 ends. A part of one is none of its own."""
    if counts.is_kept and not order.parent:
        count_open(counts, order.instrument, order.account, order.strategy, sign)


def keep_opens(counts: OpenCounts, index: OpenOrders, is_kept: bool) -> None:
    """Some limit is on how many orders are open from now on, or none any more."""
    begins = is_kept and not counts.is_kept
    counts.is_kept = is_kept
    if begins:
        counts.by_target.clear()
        for order in index.indexed.values():
            tell_counts(counts, order, 1)

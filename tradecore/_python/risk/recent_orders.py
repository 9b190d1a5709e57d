"""Orders with the same terms: same account, instrument, side, quantity, price and trigger, sent again within a window.
A table of the last orders that some row is about, as many as the capacity `order_rate`: what no row compares with
others takes no place in it. It says how many there were, and refuses nothing.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple


class Alike(NamedTuple):
    """What makes two orders the same; without a limit its price is NO_PRICE."""

    account: int
    instrument: int
    side: int
    order_qty: int
    price: int
    stop_px: int
    peg_offset: int
    peg_offset_type: int


class RecentOrders:
    """The last orders with their times, and by their terms the times alone."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.orders: deque[tuple[int, Alike]] = deque()
        self.times: dict[Alike, deque[int]] = {}
        self.ahead = 0  # of a basket that is asked about: orders like this one that stand before it


def note_order(recent: RecentOrders, alike: Alike, now: int) -> None:
    """One more order; of as many as are kept the oldest is forgotten."""
    if len(recent.orders) == recent.most:
        _, oldest = recent.orders.popleft()
        recent.times[oldest].popleft()
        if not recent.times[oldest]:
            del recent.times[oldest]
    recent.orders.append((now, alike))
    recent.times.setdefault(alike, deque()).append(now)


def count_alike(recent: RecentOrders, alike: Alike, since: int) -> int:
    """How many orders with these terms came after a time; -1 where more came since than are kept: then nobody knows."""
    if len(recent.orders) == recent.most and recent.orders[0][0] > since:
        return -1
    return recent.ahead + sum(time > since for time in recent.times.get(alike, ()))

"""The order table: orders by id, and the first-in first-out history of terminal ones. It enforces no rule on orders.

The live handles that a user holds never influence it: what is evicted is gone for all.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from tradecore.fix import OrdStatus
from tradecore.order import NO_PRICE

from .instrument import MARKET

NEW, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED = (int(status) for status in OrdStatus)


@dataclass(slots=True)
class Order:
    """An order's facts; OrdStatus and LeavesQty follow from them."""

    order_id: int
    cl_ord_id: bytes
    instrument: int
    account: int
    venue: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    order_qty: int
    price: int
    transact_time: int
    cum_qty: int = 0
    cum_amount: int = 0  # sum of last_qty * last_px
    decision: int = 0
    route: int = 0  # how its venue was chosen: fix.Route
    value: int = 0
    bound: int = 0
    reject_mask: int = 0
    reason: int = 0
    ended: bool = False
    rejected: bool = False


class Orders:
    """Open orders, and the `history_size` terminal ones that ended last."""

    def __init__(self, open_max: int, history_size: int) -> None:
        self.open_max, self.history_size = open_max, history_size
        self.by_id: dict[int, Order] = {}
        self.history: deque[int] = deque()  # ids of terminal orders, oldest first
        self.open_count = self.evicted = 0

    def open_order(self, order: Order) -> None:
        self.by_id[order.order_id] = order
        self.open_count += 1

    def end_order(self, order: Order) -> None:
        """Moves a terminal order to the history; the oldest leaves when there is no room."""
        self.open_count -= 1
        if len(self.history) == self.history_size:
            del self.by_id[self.history.popleft()]
            self.evicted += 1
        self.history.append(order.order_id)


def load_order(c: Any, order_id: int, now: int) -> Order:
    return Order(
        order_id, c.cl_ord_id, c.instrument, c.account, c.venue, c.side, c.ord_type, c.time_in_force,
        c.exec_inst & 0xFF, c.order_qty, NO_PRICE if c.ord_type == MARKET else c.price, now,
    )  # fmt: skip


def derive_status(order: Order) -> int:
    """OrdStatus(39) from the facts, by FIX's precedence."""
    if order.rejected:
        return REJECTED
    if order.cum_qty >= order.order_qty:
        return FILLED
    if order.ended:
        return CANCELED
    return PARTIALLY_FILLED if order.cum_qty > 0 else NEW


def leaves_of(order: Order) -> int:
    if order.ended or order.rejected or order.cum_qty >= order.order_qty:
        return 0
    return order.order_qty - order.cum_qty

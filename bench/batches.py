"""What the scenarios of `make instructions` are made of: how many operations, and the records of a batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

import tradecore as tc

Count = Callable[[int], AbstractContextManager[None]]
OPERATIONS = 10_000
CALLS = 1_000  # of a scenario that calls from Python once an operation
ARMED = tc.RiskLimits(max_order_qty=10_000, max_order_notional="5_000_000", max_position_qty=10_000_000,
                      price_collar_bps=500, order_rate=16_000)
CENT = tc.Instrument("AAPL").tick  # price units
STAMPS = 1_000_000_000 + np.arange(OPERATIONS) * 1_000  # 1 us apart


def records(dtype: Any, kind: tc.CommandType, count: int, **columns: Any) -> Any:
    """Command records of one kind: ids are 1 where no column says otherwise."""
    rows = np.zeros(count, dtype)
    for name, column in ({"kind": kind, "instrument": 1, "venue": 1} | columns).items():
        if name in dtype.names:
            rows[name] = column
    return rows


def new_orders(count: int, **columns: Any) -> Any:
    """Limit orders of 300 at 190.00, buys and sells in turn, each with a ClOrdID."""
    orders = tc.new_orders(count)
    columns = {"instrument": 1, "account": 1, "order_qty": 300, "price": 19_000 * CENT,
               "side": 1 + np.arange(count) % 2, "cl_ord_id": order_ids(np.arange(count))} | columns
    for name, column in columns.items():
        orders[name] = column
    return orders


def order_ids(numbers: Any) -> Any:
    """A client's own integers."""
    return 1 + numbers

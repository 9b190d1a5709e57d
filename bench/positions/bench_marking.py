"""Bulk marking: 1,000 instruments of 20 accounts each, every position's P&L written, in each precision."""

import numpy as np
import pytest

from tradecore.positions.precision import Precision

RUNS, WIDTH = 1_000, 20


@pytest.mark.parametrize("precision", list(Precision), ids=lambda precision: precision.name.lower())
def test_marking(room, measure, precision):
    rng = np.random.default_rng(5)
    qtys = rng.integers(-10_000, 10_000, RUNS * WIDTH)
    costs = qtys * rng.integers(1_000_000, 3_000_000, RUNS * WIDTH)
    columns = qtys, costs, costs >> 63, np.zeros(RUNS, np.int64), np.full(RUNS, 2**40)
    columns += qtys.astype(np.int32), costs * 2**24 + qtys, np.full((RUNS, 2), (24, 0), np.uint8)
    columns += np.zeros_like(qtys, np.uint32), np.zeros(RUNS, np.int64)
    prices = rng.integers(1_000_000, 3_000_000, RUNS)
    limits = np.full(RUNS, 1e10)
    marking = room("marking").Marking(columns, WIDTH, np.zeros(RUNS, np.int64), limits)
    measure(lambda: marking.mark(prices, prices, int(precision)), lambda: (), operations=RUNS * WIDTH)

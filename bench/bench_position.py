"""The ledger alone: fills of 16 accounts that add, reduce, close and flip."""

import numpy as np

from tradecore.order import FILL_DTYPE

from .conftest import OPERATIONS


def test_positions(room, measure, definition):
    rng = np.random.default_rng(11)
    fills = np.zeros(OPERATIONS, FILL_DTYPE)
    fills["instrument"], fills["account"] = 1, rng.integers(1, 17, OPERATIONS)
    fills["qty"] = rng.integers(1, 500, OPERATIONS) * rng.choice([-1, 1], OPERATIONS)
    fills["price"] = 1_900_000 + rng.integers(-5_000, 5_001, OPERATIONS)

    def prepare():
        ledger = room("position").Ledger(1, 16)
        ledger.define(definition)
        return ledger, fills

    measure(lambda ledger, array: ledger.apply_fills(array), prepare)

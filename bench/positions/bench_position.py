"""The ledger alone: fills of 16 accounts that add, reduce, close and flip, by each method."""

import numpy as np
import pytest

from bench.conftest import OPERATIONS
from tradecore.positions.entries import Method
from tradecore.vocabulary.instrument import Instrument
from tradecore.vocabulary.records import FILL_DTYPE

TICK = Instrument("AAPL").tick


@pytest.mark.parametrize("method", [Method.AVERAGE, Method.FIFO, Method.LIFO], ids=lambda method: method.name.lower())
def test_positions(room, measure, definition, method):
    rng = np.random.default_rng(11)
    fills = np.zeros(OPERATIONS, FILL_DTYPE)
    fills["instrument"], fills["account"] = 1, rng.integers(1, 17, OPERATIONS)
    fills["qty"] = rng.integers(1, 500, OPERATIONS) * rng.choice([-1, 1], OPERATIONS)
    fills["price"] = (1_900_000 + rng.integers(-5_000, 5_001, OPERATIONS)) * (TICK // 100)  # to a hundredth of the tick

    def prepare():
        ledger = room("ledger").Ledger(1, 16, int(method))
        ledger.define(definition)
        return ledger, fills

    measure(lambda ledger, array: ledger.apply_fills(array), prepare)

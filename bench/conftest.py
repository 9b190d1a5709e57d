"""Every benchmark runs the same work in both backends; `operations` turns a round's time into time per operation."""

from __future__ import annotations

import numpy as np
import pytest

from tradecore._backend import room_module
from tradecore.vocabulary.codes import CommandType
from tradecore.vocabulary.instrument import Instrument
from tradecore.vocabulary.records import CODECS, ORDER_DTYPE

OPERATIONS = 20_000


@pytest.fixture(params=["native", "python"])
def backend(request):
    return request.param


@pytest.fixture
def room(backend):
    """The private module of a room in this backend, by name: a missing compiled core is an error."""
    return lambda name: room_module(backend, name)


@pytest.fixture
def measure(benchmark, backend):
    """Times `work(*prepare())`: preparation is not timed, and each round starts from a fresh state."""

    def run(work, prepare, operations=OPERATIONS):
        benchmark.extra_info.update(operations=operations, backend=backend)
        rounds = 15 if backend == "native" else 3
        return benchmark.pedantic(work, setup=lambda: (prepare(), {}), rounds=rounds, warmup_rounds=1)

    return run


@pytest.fixture
def definition():
    """A DEFINE_INSTRUMENT record: a share with a tick of a cent."""
    fields = Instrument("AAPL", tick_size="0.01").definition(1)
    return CODECS[CommandType.DEFINE_INSTRUMENT].pack(kind=CommandType.DEFINE_INSTRUMENT, **fields)


@pytest.fixture
def orders():
    """Valid LIMIT orders of one instrument and 16 accounts, around a price of 190.00."""
    rng = np.random.default_rng(7)
    array = np.zeros(OPERATIONS, ORDER_DTYPE)
    array["kind"], array["ord_type"] = CommandType.NEW_ORDER, 2
    array["instrument"], array["account"] = 1, rng.integers(1, 17, OPERATIONS)
    array["side"] = rng.integers(1, 3, OPERATIONS)
    array["order_qty"] = rng.integers(1, 500, OPERATIONS)
    array["price"] = (19_000 + rng.integers(-50, 51, OPERATIONS)) * Instrument("AAPL").tick
    array["transact_time"] = 1 + np.arange(OPERATIONS) * 1_000_000
    return array

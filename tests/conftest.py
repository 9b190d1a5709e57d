"""What every behaviour test starts from: one core in each backend, on a clock that only the test moves.

The private modules are imported by name, so that a missing compiled core is an error and not a skip, and so that
no test runs one twin twice.
"""

from __future__ import annotations

import pytest

import tradecore as tc
from tradecore._backend import room_module

T0 = 1_700_000_000_000_000_000
BACKENDS = ("native", "python")
CENT = tc.Instrument("AAPL").tick  # price units of the default tick
SMALL = {
    "instruments": 16, "accounts": 8, "venues": 8, "currencies": 4, "open_orders": 2048, "order_history": 4096,
    "cl_ord_ids": 8192, "events": 4096, "order_rate": 1024, "decisions": 256, "exec_ids": 65_536,
}


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


def limits(**armed):
    """RiskLimits with every rule off but these."""
    return tc.RiskLimits(**{"max_order_qty": tc.OFF, "price_collar_bps": tc.OFF, **armed})


def small_capacity(**sizes):
    """A capacity that is quick to build in both backends."""
    return tc.Capacity(**{**SMALL, **sizes})


def build_core(backend, **given):
    """AAPL on XNAS and ARCX for account alpha with all limits off, on a clock of its own; overridable."""
    settings = {
        "instruments": [tc.Instrument("AAPL", tick_size="0.01")],
        "venues": [tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX")],
        "accounts": ["alpha"],
        "limits": limits(),
        "capacity": small_capacity(),
        "clock": Clock(),
    } | given
    core = tc.TradingCore(backend=backend, **settings)
    assert core.backend == backend
    return core


def method_of(core, name):
    """A public method by its name alone: the core's own, or that of the engine that it belongs to."""
    engines = (core, core.risk, core.execution, core.positions, core.orders)
    return next(getattr(engine, name) for engine in engines if hasattr(engine, name))


@pytest.fixture(params=BACKENDS)
def backend(request):
    room_module(request.param, "pipeline")  # a missing compiled core is an error, not a skip
    return request.param


@pytest.fixture
def room(backend):
    """The backend's private module of one room."""
    return lambda name: room_module(backend, name)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_core(backend, clock):
    return lambda **given: build_core(backend, **{"clock": clock, **given})


@pytest.fixture
def core(make_core):
    return make_core()

"""What every behaviour test starts from: one core in each backend, on a clock that only the test moves.

The private modules are imported by name, so that a missing compiled core is an error and not a skip, and so that
no test runs one twin twice.
"""

from __future__ import annotations

from collections import deque
from importlib import import_module

import pytest

import tradecore as tc
from tradecore.face import Face

T0 = 1_700_000_000_000_000_000
WATCHED = 4  # cores of one test
PACKAGES = {"native": "tradecore._native", "python": "tradecore._python"}
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


def check_lifetimes(core):
    """Every slot, request, timer, list and held lot in use of a backend's core is one that its orders account for."""
    leaked = {name: counts for name, counts in core.lifetimes().items() if counts[0] != counts[1]}
    assert not leaked, f"leaked (in use, accounted for): {leaked}"


@pytest.fixture(autouse=True)
def lifetimes(monkeypatch):
    """Whatever core a test builds, and however it ends: nothing may have leaked once it is over. A test that builds many
    has those looked at on the way that are WATCHED behind the newest, so that they don't pile up. Gives those that are
    still to be looked at."""
    built, face_init = deque(), Face.__init__

    def init(face, *args, **kwargs):
        face_init(face, *args, **kwargs)
        built.append(face._core)
        if len(built) > WATCHED:
            check_lifetimes(built.popleft())

    monkeypatch.setattr(Face, "__init__", init)
    yield built
    for core in built:
        check_lifetimes(core)


@pytest.fixture(params=list(PACKAGES))
def backend(request):
    import_module(f"{PACKAGES[request.param]}.pipeline")
    return request.param


@pytest.fixture
def room(backend):
    """The backend's private module of one room."""
    return lambda name: import_module(f"{PACKAGES[backend]}.{name}")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_core(backend, clock):
    return lambda **given: build_core(backend, **{"clock": clock, **given})


@pytest.fixture
def core(make_core):
    return make_core()

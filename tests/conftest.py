"""What every behaviour test starts from: one core in each backend, on a clock that only the test moves.

The private modules are imported by name, so that a missing compiled core is an error and not a skip, and so that
no test runs one twin twice.

What is random has fixed seeds and one fresh one: drawn for each run, told in its header and at each failure of a test
that used it, and taken from `--fresh-seed` where that is given. Tests marked `long` are for `make test-long`.
"""

from __future__ import annotations

import secrets
import uuid
from collections import deque
from collections.abc import Iterable
from pathlib import Path

import pytest

import tradecore as tc
from tradecore._backend import room_module
from tradecore._python.core.state import State
from tradecore.core.core_gate import CoreGate
from tradecore.replay.recording import find_newcomers_recording, read_recording
from tradecore.runtime.ring_memory import path_of

State.asserts = True  # of every twin that a test makes
T0 = 1_700_000_000_000_000_000
WATCHED = 4  # cores of one test
BACKENDS = ("native", "python")
CENT = tc.Instrument("AAPL").tick  # price units of the default tick
SMALL = {
    "instruments": 16, "accounts": 8, "venues": 8, "currencies": 4, "open_orders": 2048, "order_history": 4096,
    "cl_ord_ids": 8192, "events": 4096, "order_rate": 1024, "decisions": 256, "exec_ids": 65_536,
}


TEN_MINUTES = Path(__file__).parents[2] / "shared" / "data" / "bitstamp_l3_first10min"
FRESH = "fresh"
_USED = pytest.StashKey[int]()


def pytest_addoption(parser):
    parser.addoption("--fresh-seed", type=int, metavar="N", help="the fresh seed of an earlier run, to have that run again")
    parser.addoption("--native", action="store_true", help="leave out what asks the plain-Python twin alone, and what drives it for long")


def pytest_configure(config):
    if config.option.fresh_seed is None:
        config.option.fresh_seed = secrets.randbelow(2**32)  # as an option: so that every process of a run has the same


def pytest_collection_modifyitems(config, items):
    """Under emulation the twin, the same Python on every machine, takes most of the time; beside the native one it runs."""
    if config.option.native:
        left_out = {item for item in items if item.get_closest_marker("twin")
                    or (hasattr(item, "callspec") and "python" in map(str, item.callspec.params.values()))}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def pytest_report_header(config):
    return f"fresh seed: {config.option.fresh_seed} (again: --fresh-seed {config.option.fresh_seed})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed and _USED in item.stash:
        report.sections.append(("fresh seed", f"again: pytest --fresh-seed {item.stash[_USED]} '{item.nodeid}'"))
    return report


def seeds(fixed: Iterable[int], long: Iterable[int] = ()) -> list:
    """Values of a `seed` parameter, which is to be indirect: fixed ones, the fresh one, and those of the long tests."""
    return [*fixed, FRESH, *(pytest.param(seed, marks=pytest.mark.long) for seed in long)]


@pytest.fixture
def fresh_seed(request):
    """This run's own seed."""
    request.node.stash[_USED] = request.config.option.fresh_seed
    return request.config.option.fresh_seed


@pytest.fixture
def seed(request):
    """The seed of an indirect parameter: a number, or FRESH."""
    return request.getfixturevalue("fresh_seed") if request.param == FRESH else request.param


@pytest.fixture(scope="session")
def ten_minutes():
    """The first ten minutes of a recorded market, read once for all."""
    if not TEN_MINUTES.is_dir():
        pytest.skip("the ten-minute recording is not here: it is not part of the project")
    return read_recording(TEN_MINUTES)


@pytest.fixture(scope="session")
def half_hour():
    """The newcomer's recording, read once for all."""
    try:
        return read_recording(find_newcomers_recording())
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture
def name():
    """A name of a shared ring that nobody else has, and nothing left of it."""
    name = f"test-{uuid.uuid4().hex}"
    yield name
    assert not list(path_of(name).parent.glob(f"*{name}*"))


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
    built, gate_init = deque(), CoreGate.__init__

    def init(gate, *args, **kwargs):
        gate_init(gate, *args, **kwargs)
        built.append(gate.core)
        if len(built) > WATCHED:
            check_lifetimes(built.popleft())

    monkeypatch.setattr(CoreGate, "__init__", init)
    yield built
    for core in built:
        check_lifetimes(core)


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

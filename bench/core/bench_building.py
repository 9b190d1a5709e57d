"""Building: a core and a keeper of few and of many instruments, per instrument."""

import pytest

import tradecore as tc

COUNTS = (1_000, 16_000)


@pytest.fixture(params=COUNTS, ids=[f"{count:,} instruments" for count in COUNTS])
def instruments(request):
    return [tc.Instrument(f"S{n}") for n in range(request.param)]


def test_core_of(backend, measure, instruments):
    given = {"instruments": instruments, "capacity": tc.Capacity(instruments=len(instruments))}
    measure(lambda: tc.TradingCore(**given, backend=backend), tuple, len(instruments))


def test_keeper_of(backend, measure, instruments):
    groups = {f"G{n}": [ins.symbol for ins in instruments[n::50]] for n in range(50)}
    measure(lambda: tc.PositionKeeper(instruments, ["a", "b"], groups=groups, backend=backend), tuple, len(instruments))

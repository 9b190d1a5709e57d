"""Changes of the exit gate: what lets more out than before takes who and why, and each is told with them, in both backends."""

from __future__ import annotations

import pytest
from conftest import BACKENDS, small_capacity
from gatedesk import gated

import tradecore as tc

ANN = {"who": "ann", "why": "drill is over"}
LIMITS = {"price_collar_bps": 100, "order_rate": 10, "order_rate_window_ms": 1000}
LOOSER = ({"price_collar_bps": 101}, {"price_collar_bps": tc.OFF}, {"order_rate": 11}, {"order_rate": tc.OFF},
          {"order_rate_window_ms": 999}, {"order_rate": 9, "order_rate_window_ms": 999}, {"price_collar_bps": tc.OFF, "order_rate": 0})
TIGHTER = ({}, {"price_collar_bps": 99}, {"price_collar_bps": 0}, {"order_rate": 9}, {"order_rate_window_ms": 1001},
           {"order_rate": 0, "order_rate_window_ms": 1})


@pytest.fixture(params=BACKENDS)
def core(request):
    return gated(request.param, bid="189.99", ask="190.01")


def last_told(core):
    report = list(core.reports(0))[-1].row
    return core.id_text(report.cl_ord_id), core.id_text(report.orig_cl_ord_id)


def demand_refusal(core, change):
    """Refused without who, without why, and without both, each time again: it changes nothing; taken with them, and told so."""
    for note, missing in (({}, "who"), ({"who": "ann"}, "why"), ({"why": "drill is over"}, "who")):
        with pytest.raises(tc.RefusedError, match=f"NOT_AUTHORIZED.* {missing} is missing"):
            change(**note)
    change(**ANN)
    assert last_told(core) == ("ann", "drill is over")


@pytest.mark.parametrize("looser", LOOSER)
def test_a_bound_that_is_raised_or_taken_away_takes_who_and_why(core, looser):
    core.risk.gate.set(**LIMITS)
    demand_refusal(core, lambda **note: core.risk.gate.set(**LIMITS | looser, **note))


@pytest.mark.parametrize("tighter", TIGHTER)
def test_a_bound_that_is_lowered_takes_neither(core, tighter):
    core.risk.gate.set(price_collar_bps=tc.OFF, order_rate=tc.OFF)
    core.risk.gate.set(**LIMITS)
    core.risk.gate.set(**LIMITS | tighter)
    assert last_told(core) == ("", "")
    core.risk.gate.set(**LIMITS | tighter, **ANN)
    assert last_told(core) == ("ann", "drill is over")


@pytest.mark.parametrize("looser", [{"order_rate": 1}, {"order_rate": tc.OFF}])
def test_a_throttle_that_lets_nothing_out_is_loosened_by_any_other(core, looser):
    closed = LIMITS | {"order_rate": 0}
    core.risk.gate.set(**closed)
    core.risk.gate.set(**closed | {"order_rate_window_ms": 1})
    demand_refusal(core, lambda **note: core.risk.gate.set(**closed | looser, **note))


@pytest.mark.parametrize("venue", [None, "EXT"])
def test_a_gate_is_opened_with_who_and_why_alone(core, venue):
    gate = core.risk.gate
    gate.open(venue=venue)  # it is open
    for exits in (True, False):
        gate.shut(venue=venue, exits=exits)
        gate.shut(venue=venue, exits=exits)
        demand_refusal(core, lambda **note: gate.open(venue=venue, **note))
    gate.shut(venue=venue)
    demand_refusal(core, lambda **note: gate.shut(venue=venue, exits=True, **note))
    gate.shut(venue=venue)
    assert core.submit("AAPL", "BUY", 1, "190.01", venue="XNAS").ord_status is (
        tc.OrdStatus.FILLED if venue else tc.OrdStatus.REJECTED)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_full_table_of_ids_loosens_no_bound_and_keeps_none_from_being_lowered(backend):
    core = gated(backend, bid="189.99", ask="190.01", capacity=small_capacity(ids=64))
    core.risk.gate.set(**LIMITS)
    at = 0
    while core.submit("AAPL", "BUY", 1, "180.00", venue="XNAS", cl_ord_id=f"o{at}").reason is not tc.Reason.IDS_FULL:
        at += 1
        core._gate.clock.now += 10**9
    core.risk.gate.set(**LIMITS | {"price_collar_bps": 50}, who="r.lee", why="it runs away")
    assert last_told(core) == ("", "")
    with pytest.raises(tc.RefusedError, match="IDS_FULL: the table of ids is full: 64 of 64, the capacity ids"):
        core.risk.gate.set(**LIMITS, who="r.lee", why="o1")


@pytest.mark.parametrize("word", ["no", 0, None])
def test_whether_exits_pass_is_true_or_false(core, word):
    core.risk.gate.shut(who="ann", why="drill")
    with pytest.raises(TypeError, match=f"exits must be a bool, not {type(word).__name__}"):
        core.risk.gate.shut(exits=word, **ANN)
    assert core.submit("AAPL", "BUY", 1, 190).reason is tc.Reason.EXIT_GATE

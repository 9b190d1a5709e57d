"""The shadow sees what the core sees, finds the first difference with both sides, and never harms the core."""

import numpy as np
import pytest
from conftest import CENT, T0, Clock, check_lifetimes, limits, small_capacity

import tradecore as tc
from tradecore._python.risk import risk as twin_risk
from tradecore.vocabulary.records import CODECS, COMMAND_DTYPES

SETTINGS = {
    "instruments": [tc.Instrument("AAPL", tick_size="0.01")], "accounts": ["alpha"],
    "venues": [tc.SimulatedVenue("XNAS", taker_fee_per_share="0.003"), tc.SimulatedVenue("ARCX")],
    "limits": limits(max_order_qty=1_000), "capacity": small_capacity(),
}
TIGHTER = {"limits": limits(max_order_qty=100)}


@pytest.fixture
def make():
    """A ShadowCore whose differences land in `found`."""

    def build(shadow, **given):
        found = []
        core = tc.ShadowCore(shadow=shadow, on_difference=found.append, **{"clock": Clock(), **SETTINGS, **given})
        core.found = found
        return core

    return build


def trade(core):
    """A bit of everything that a core takes; returns its hashes."""
    core.quote("XNAS", "AAPL", bid="99.90", bid_size=500, ask="100.10", ask_size=500)
    core.mark("AAPL", 100)
    resting = core.submit("AAPL", "BUY", 50, "99.95", venue="ARCX")
    core.submit("AAPL", "SELL", 20, "99.95")
    core.cancel(resting)
    orders = tc.new_orders(3_000)
    orders["instrument"], orders["account"], orders["order_qty"] = 1, 1, np.arange(3_000) % 120 + 1
    orders["side"], orders["price"] = 1 + np.arange(3_000) % 2, 10_000 * CENT
    core.submit_batch(orders)
    core.risk.engage_kill_switch(account="alpha")
    core.submit("AAPL", "BUY", 1, 100)
    return core.event_hash, core.state_hash()


@pytest.mark.parametrize(("first", "second"), [("native", "python"), ("python", "native")])
def test_the_backends_do_not_differ(make, first, second):
    core = make({"backend": second}, backend=first)
    assert (core.backend, core.shadow.backend) == (first, second)
    assert trade(core) == (core.shadow.event_hash, core.shadow.state_hash())
    assert core.difference is None
    assert core.found == []
    cost = core.shadow_cost()
    assert (cost.commands, cost.uncompared) == (3_007, 0)
    assert min(cost.first_ns, cost.second_ns, cost.compare_ns) > 0
    assert cost.ratio == pytest.approx((cost.first_ns + cost.second_ns + cost.compare_ns) / cost.first_ns)


def test_another_configuration_differs_first_where_it_must_and_the_core_goes_on_unharmed(make):
    core = make(TIGHTER)
    hashes = trade(core)
    assert hashes == trade(tc.TradingCore(clock=Clock(), **SETTINGS))
    difference = core.difference
    assert core.found == [difference]
    first_over = core.orders.order(order_id=int(difference.first["order_id"]))
    assert first_over.order_qty == 101
    assert (difference.what, difference.command.order_qty) == ("report", 101)
    assert difference.fields["reason"] == (tc.Reason.NONE, tc.Reason.MAX_ORDER_QTY)
    assert difference.first["event_seq" if "event_seq" in difference.first else "seq"] == difference.event_seq
    text = str(difference)
    assert f"first difference at command {difference.command_seq} (NEW_ORDER), event {difference.event_seq}" in text
    assert "reason               first                     NONE   second            MAX_ORDER_QTY" in text


def test_after_a_difference_the_shadow_is_left_alone(make):
    core = make(TIGHTER)
    core.submit("AAPL", "BUY", 101, 100)
    taken = core.shadow.event_hash
    core.submit("AAPL", "BUY", 102, 100)
    assert core.shadow.event_hash == taken
    assert len(core.found) == 1
    assert core.shadow_cost().commands == 1


def test_a_fault_planted_in_one_backend_is_found(make, monkeypatch, lifetimes):
    sound = twin_risk.reserve_order

    def forgets(risk, q):
        sound(risk, q)
        if q.order_qty == 77:
            q.exposure.working_buy -= 1

    monkeypatch.setattr("tradecore._python.core.orderpath.reserve_order", forgets)
    monkeypatch.setattr("tradecore._python.core.state.State.asserts", False)  # it would be found at once
    core = make({"backend": "python"}, backend="native", limits=limits(max_position_qty=100))
    core.submit("AAPL", "BUY", 77, 100)
    assert core.difference is None  # not yet: the hold shows in no report
    core.submit("AAPL", "BUY", 24, 100)
    assert core.difference.fields["reason"] == (tc.Reason.MAX_POSITION_QTY, tc.Reason.NONE)
    with pytest.raises(AssertionError, match="'holds': "):
        check_lifetimes(core.shadow._gate.core)
    lifetimes.clear()  # the fault is a leak: it is told, once


def test_a_report_that_only_one_core_makes_is_a_difference(make):
    core = make({"venues": [tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX")]})
    core.quote("ARCX", "AAPL", bid=99, bid_size=10, ask="100.00", ask_size=10)
    core.quote("XNAS", "AAPL", bid=99, bid_size=10, ask="100.00", ask_size=5)
    core.submit("AAPL", "BUY", 5, 100, time_in_force="IOC")
    assert core.difference.what == "report"
    assert core.difference.fields["venue"] == (2, 1)


def test_a_shadow_that_raises_does_not_reach_the_caller(make, monkeypatch):
    def breaks(*asked):
        raise ZeroDivisionError("planted")

    core = make({"backend": "python"}, backend="native")
    monkeypatch.setattr("tradecore._python.core.overriding.ask_risk_of", breaks)
    assert core.submit("AAPL", "BUY", 1, 100).ord_status is tc.OrdStatus.NEW
    assert core.difference.what == "error"
    assert "ZeroDivisionError('planted')" in str(core.difference)


def test_a_wrong_call_raises_and_reaches_neither(make):
    core = make({"backend": "python"}, backend="native")
    with pytest.raises(ValueError, match="transact_time"):
        core.submit_batch(np.zeros(1, COMMAND_DTYPES[tc.CommandType.MARK]), transact_time=-1)
    assert core._gate.core.first.command_seq == core._gate.core.second.command_seq
    assert core.difference is None


def test_a_difference_that_nobody_asked_for_is_warned_about_once():
    core = tc.ShadowCore(shadow=TIGHTER, clock=Clock(), **SETTINGS)
    with pytest.warns(RuntimeWarning, match=r"the shadow has parted from the core: first difference at command \d+"):
        core.submit("AAPL", "BUY", 101, 100)
    core.submit("AAPL", "BUY", 101, 100)  # a second warning would be an error here


def test_while_a_view_is_held_what_is_dropped_is_counted_and_no_difference(make):
    core = make({"backend": "python"}, backend="native", capacity=small_capacity(events=64))
    core.submit("AAPL", "BUY", 1, 100)
    view = core.event_view()
    orders = tc.new_orders(200)
    orders["instrument"], orders["account"], orders["order_qty"], orders["side"], orders["price"] = 1, 1, 1, 1, 10_000 * CENT
    core.submit_batch(orders)
    assert core.metrics()["events_dropped"] > 0
    assert core.shadow_cost().uncompared > 0
    del view
    for _ in range(200):
        core.submit("AAPL", "BUY", 1, 100)
    assert core.difference is None
    order = {"kind": tc.CommandType.NEW_ORDER, "side": 1, "ord_type": 2, "instrument": 1, "account": 1, "order_qty": 1}
    core.shadow._gate.core.apply(CODECS[tc.CommandType.NEW_ORDER].pack(**order, price=10_000 * CENT), T0)  # behind the mirror's back
    core.submit("AAPL", "BUY", 1, 100)
    assert core.difference is not None


def test_set_ups_that_number_orders_differently_are_refused():
    with pytest.raises(ValueError, match=r"after the set-up command_seq is \d+ in the first core and \d+ in the second"):
        tc.ShadowCore(shadow={"venues": []}, **SETTINGS)
    with pytest.raises(TypeError, match="shadow must be a mapping"):
        tc.ShadowCore(shadow="python", **SETTINGS)


def test_settings_that_can_be_read_only_once_reach_both_cores(make):
    core = make({"backend": "python"}, instruments=iter(SETTINGS["instruments"]), accounts=iter(["alpha"]))
    assert core.accounts == core.shadow.accounts == ("alpha",)

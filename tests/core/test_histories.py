"""What is kept of orders that have ended: rejects push out none that may still trade, and a submit that has traded gives
its order back, whatever the same command or a subscriber did."""

from __future__ import annotations

import threading
import warnings

import pytest
from conftest import Clock, limits, small_capacity

import tradecore as tc

R, S, E = tc.Reason, tc.OrdStatus, tc.ExecType
EXT = tc.ExternalVenue("EXT")


@pytest.fixture
def desk(make_core):
    def build(**sizes):
        return make_core(venues=[EXT, tc.SimulatedVenue("SIM")], capacity=small_capacity(**sizes))

    return build


def ended_at_its_venue(core):
    """An order that its venue has ended, and that may still be told a late trade."""
    order = core.submit("AAPL", "BUY", 10, 100, venue="EXT", cl_ord_id="mine")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="mine")
    return order


def late_fill(core):
    return core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="mine", exec_id=1, last_qty=10, last_px=100, symbol="AAPL", side="BUY")


def refused_by_validation(core):
    return core.submit("AAPL", "BUY", 0, 100)


def refused_by_risk(core):
    core.risk.engage_kill_switch()
    order = core.submit("AAPL", "BUY", 1, 100)
    core.risk.release_kill_switch(who="r.lee", why="it is explained")
    return order


def refused_as_duplicate(core):
    return core.submit("AAPL", "BUY", 99, 100, cl_ord_id="mine")


def refused_for_its_venue(core):
    core.execution.set_venue_session("EXT", False)
    order = core.submit("AAPL", "BUY", 1, 100, venue="EXT")
    core.execution.set_venue_session("EXT", True)
    return order


def refused_at_placing(core):
    core.quote("SIM", "AAPL", ask=100, ask_size=5)
    return core.submit("AAPL", "BUY", 1, 100, venue="SIM", post_only=True)


def taken_back(core):
    order = core.submit("AAPL", "BUY", 1, 100, venue="EXT")
    core.cancel(order)
    return order


@pytest.mark.parametrize("refuse", [refused_by_validation, refused_by_risk, refused_as_duplicate, refused_for_its_venue,
                                    refused_at_placing, taken_back])
def test_what_reached_no_venue_pushes_out_none_that_may_still_trade(desk, refuse):
    core = desk(order_history=4, reject_history=3, cl_ord_ids=4_096)
    order = ended_at_its_venue(core)
    refused = [refuse(core) for _ in range(40)]
    assert {one.ord_status for one in refused[-3:]} <= {S.REJECTED, S.CANCELED}
    assert order.ord_status is S.CANCELED
    trade = late_fill(core)
    assert (trade.reason, trade.order_id, order.ord_status, order.cum_qty) == (R.LATE_TRADE, order.order_id, S.FILLED, 10)
    assert (core.position("AAPL").qty, core.positions.suspense("AAPL").qty) == (10, 0)
    for old in refused[:-3]:
        with pytest.raises(tc.StaleOrderError):
            _ = old.ord_status
    assert core.metrics()["orders_evicted"] == 37


def test_sixty_five_thousand_rejects_push_out_nothing(make_core):
    core = make_core(venues=[EXT], capacity=tc.Capacity(instruments=2))
    order = ended_at_its_venue(core)
    rejects = tc.new_orders(65_600)
    rejects["instrument"], rejects["account"], rejects["side"] = 1, 1, 1
    assert (core.submit_batch(rejects)["ord_status"] == S.REJECTED).all()
    assert late_fill(core).reason is R.LATE_TRADE
    assert (order.cum_qty, core.metrics()["orders_evicted"], core.metrics()["trades_in_suspense"]) == (10, 64, 0)


def test_what_its_venue_rejected_is_kept_with_those_that_may_trade(desk):
    core = desk(order_history=2, reject_history=1)
    order = core.submit("AAPL", "BUY", 10, 100, venue="EXT", cl_ord_id="mine")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "REJECTED", cl_ord_id="mine")
    for _ in range(5):
        refused_by_validation(core)
    assert order.ord_status is S.REJECTED
    assert late_fill(core).reason is R.LATE_TRADE
    assert core.position("AAPL").qty == 10


def test_orders_that_end_push_out_no_reject(desk):
    core = desk(order_history=2, reject_history=2)
    refused = refused_by_validation(core)
    for _ in range(10):
        core.submit("AAPL", "BUY", 1, 1, venue="SIM", time_in_force="IOC")
    assert refused.reason is R.QTY_BELOW_MIN


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (2**24 + 1, ValueError), (1.5, TypeError), ("9", TypeError)])
def test_the_history_of_rejects_has_bounds(value, error):
    with pytest.raises(error, match="capacity reject_history"):
        tc.Capacity(reject_history=value)


# ---- a submit that has traded gives its order back


def evicting_submit(core):
    """It is filled whole, which ends the other of its list: the history has room for one."""
    core.submit("AAPL", "BUY", 10, 90, venue="SIM", list_id=1, contingency_type="OCO")
    core.quote("SIM", "AAPL", ask=100, ask_size=10)
    return core.submit("AAPL", "BUY", 10, 100, venue="SIM", list_id=1, contingency_type="OCO")


def test_a_submit_whose_order_its_own_command_evicts_gives_a_stale_one(desk):
    core = desk(order_history=1)
    order = evicting_submit(core)
    assert (order.order_id, core.position("AAPL").qty) == (2, 10)
    with pytest.raises(tc.StaleOrderError, match="order 2 was evicted"):
        _ = order.cum_qty
    assert [r.exec_type for r in core.orders.order_history(order)] == [E.NEW, E.TRADE]
    with pytest.raises(tc.StaleOrderError):
        core.orders.order(order_id=2)
    for _ in range(8):  # others take its slot: it stays stale
        core.submit("AAPL", "BUY", 1, 1, venue="SIM")
    with pytest.raises(tc.StaleOrderError):
        _ = order.row


def test_a_warning_that_is_an_error_hides_no_trade(desk, monkeypatch):
    core, complaints = desk(), []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    core.subscribe(lambda report: report.no_such_thing)
    core.subscribe(lambda report: None, capacity=1)
    core.quote("SIM", "AAPL", ask=100, ask_size=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        order = core.submit("AAPL", "BUY", 10, 100, venue="SIM")
    assert (order.ord_status, order.cum_qty) == (S.FILLED, 10)
    assert len(complaints) == 3
    assert {complaint.exc_type for complaint in complaints} == {RuntimeWarning}


def broken(difference):
    raise OSError("planted")


@pytest.mark.parametrize("on_difference", [broken, None])
def test_a_shadow_that_parts_hides_no_trade(backend, monkeypatch, on_difference):
    complaints = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    core = tc.ShadowCore(
        instruments=[tc.Instrument("AAPL")], venues=[tc.SimulatedVenue("SIM")], accounts=["a"], limits=limits(), clock=Clock(),
        capacity=small_capacity(), backend=backend, shadow={"limits": limits(max_order_qty=5)}, on_difference=on_difference)
    core.quote("SIM", "AAPL", ask=100, ask_size=10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        order = core.submit("AAPL", "BUY", 10, 100)
    assert (order.ord_status, core.difference is not None, len(complaints)) == (S.FILLED, True, 1)
    assert ("on_difference" in str(complaints[0].exc_value)) == (on_difference is broken)

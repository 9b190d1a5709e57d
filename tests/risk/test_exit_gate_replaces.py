"""The exit gate and what was asked before: a limit that was changed once its trigger price had come, and what the core
itself lowers, which goes on from what its venue was asked for last. In both backends.
"""

from __future__ import annotations

import pytest
from conftest import BACKENDS, build_core
from gatedesk import alerts, gated, stopped

import tradecore as tc

OCO = "ONE_CANCELS_THE_OTHER"


@pytest.fixture(params=BACKENDS)
def core(request):
    return gated(request.param, bid="119.99", ask="120.00")


def handed(core):
    return [(str(m.price), int(m.order_qty)) for m in core.outbound()]


def tell(core, exec_type, cl_ord_id, **told):
    return core.execution.on_execution_report("EXT", exec_type, cl_ord_id=cl_ord_id, **told)


# ---- the collar, once the trigger price has come


def triggered_at_its_venue(core):
    """10 to buy once 120 has traded, at 120 at most; it has, and they work at EXT, while the market has gone to 100."""
    core.risk.gate.set(price_collar_bps=100, order_rate=tc.OFF)
    order = core.submit("AAPL", "BUY", 10, "120.00", stop_px="120.00", venue="EXT", cl_ord_id="c1")
    core.trade_print("AAPL", "120.00", 1)
    assert handed(core) == [("120.00", 10)]
    tell(core, "NEW", "c1")
    core.quote("XNAS", "AAPL", bid="99.99", bid_size=10_000, ask="100.00", ask_size=10_000)
    return order


@pytest.mark.parametrize(("price", "leaves"), [("121.00", False), ("119.00", False), ("101.00", False), ("100.99", True)])
def test_a_limit_that_is_changed_after_its_trigger_price_is_held_against_the_market(core, price, leaves):
    order = triggered_at_its_venue(core)
    core.replace(order, price=price, new_cl_ord_id="c2")
    assert handed(core) == ([(price, 10)] if leaves else [])
    assert alerts(core) == ([] if leaves else [stopped("PRICE_COLLAR", 100)])


def test_a_limit_that_stays_is_held_against_the_trigger_price_that_it_was_entered_with(core):
    order = triggered_at_its_venue(core)
    core.replace(order, qty=20)
    assert handed(core) == [("120.00", 20)]


@pytest.mark.parametrize("how", ["REPLACED", "RESTATED", "ORDER_STATUS"])
def test_a_limit_that_its_venue_has_changed_is_held_against_the_market_from_then_on(core, how):
    order = triggered_at_its_venue(core)
    if how == "REPLACED":
        core.replace(order, qty=12, new_cl_ord_id="c2")
        assert handed(core) == [("120.00", 12)]
        tell(core, how, "c2", price="119.50")
    elif how == "RESTATED":
        tell(core, how, "c1", price="119.50")
    else:  # of what is in doubt
        core.replace(order, qty=12, new_cl_ord_id="c2")
        core.replace(order, qty=13, new_cl_ord_id="c3")
        assert handed(core) == [("120.00", 12), ("120.00", 13)]
        tell(core, "REPLACED", "c3")
        tell(core, "REPLACED", "c2", order_qty=14)
        tell(core, how, "c3", ord_status="NEW", order_qty=13, price="119.50", cum_qty=0)
    assert str(order.price) == "119.50"
    assert [m.msg_type for m in core.outbound()] == [tc.MsgType.ORDER_STATUS_REQUEST] * (how == "ORDER_STATUS")
    core.replace(order, qty=20)
    assert handed(core) == []
    assert alerts(core) == [stopped("PRICE_COLLAR", 100)]


def test_a_replace_that_waits_while_its_venue_tells_of_the_trigger_is_held_against_the_market(core):
    at_venue = build_core(core.backend, venues=[tc.ExternalVenue("EXT", ord_types=("LIMIT", "STOP_LIMIT"))])
    at_venue.quote("EXT", "AAPL", bid="99.99", bid_size=10, ask="100.00", ask_size=10)
    at_venue.risk.gate.set(price_collar_bps=100, order_rate=tc.OFF)
    order = at_venue.submit("AAPL", "BUY", 10, "120.00", ord_type="STOP_LIMIT", stop_px="120.00", venue="EXT", cl_ord_id="c1")
    assert handed(at_venue) == [("120.00", 10)]
    tell(at_venue, "NEW", "c1")
    at_venue.replace(order, price="121.00")
    tell(at_venue, "TRIGGERED", "c1")
    assert handed(at_venue) == []
    assert alerts(at_venue) == [stopped("PRICE_COLLAR", 100)]


# ---- what the core itself lowers


def two_legs(core):
    """An OCO list of two, 10 to buy at 110 each, a and b, New at EXT."""
    legs = [core.submit("AAPL", "BUY", 10, "110.00", venue="EXT", cl_ord_id=name, list_id=7, contingency_type=OCO)
            for name in ("a", "b")]
    assert handed(core) == [("110.00", 10)] * 2
    for leg in legs:
        tell(core, "NEW", leg.cl_ord_id)
    return legs


def trade_four(core):
    """A leg trades 4 of 10: the core asks for the other to be 6."""
    tell(core, "TRADE", "a", exec_id="x", last_qty=4, last_px="110.00")


def test_it_keeps_what_its_venue_was_asked_for_last(core):
    _, other = two_legs(core)
    core.replace(other, price="105.00", new_cl_ord_id="b2")
    assert handed(core) == [("105.00", 10)]
    core.risk.gate.shut()
    trade_four(core)
    (lowered,) = core.outbound()
    assert (str(lowered.price), int(lowered.order_qty), lowered.orig_cl_ord_id) == ("105.00", 6, "b2")
    tell(core, "REPLACED", "b2")
    tell(core, "REPLACED", lowered.cl_ord_id)
    assert (str(other.price), other.order_qty, alerts(core)) == ("105.00", 6, [])


@pytest.mark.parametrize("how", ["stopped", "switched", "refused", "answered"])
def test_it_follows_what_became_of_what_was_asked_before_it(core, how):
    """What was asked before it is taken back, refused or answered with another price, before it is handed out."""
    _, other = two_legs(core)
    core.replace(other, price="105.00", new_cl_ord_id="b2")
    if how in ("refused", "answered"):
        assert handed(core) == [("105.00", 10)]
    trade_four(core)
    if how == "switched":
        core.risk.engage_kill_switch()
    elif how == "refused":
        core.execution.on_cancel_reject("EXT", cl_ord_id="b2")
    elif how == "answered":
        tell(core, "REPLACED", "b2", price="104.00")
    core.risk.gate.shut()
    assert handed(core) == [("104.00" if how == "answered" else "110.00", 6)]
    assert alerts(core) == ([stopped("KILL_SWITCH")] if how == "stopped" else [])


def test_it_asks_for_less_than_the_order_has_whatever_was_asked_last(core):
    _, other = two_legs(core)
    core.replace(other, qty=50, price="105.00", new_cl_ord_id="b2")
    assert handed(core) == [("105.00", 50)]
    core.risk.gate.shut()
    trade_four(core)
    assert handed(core) == [("105.00", 6)]
    assert alerts(core) == []


def test_it_stays_inside_where_the_order_has_come_to_less(core):
    """10 of a position of 10 are to be sold, then at 126; 4 go elsewhere, and the venue restates the order to 4."""
    core.positions.open_position("AAPL", 10, "120.00")
    order = core.submit("AAPL", "SELL", 10, "125.00", venue="EXT", cl_ord_id="c1", reduce_only=True)
    assert handed(core) == [("125.00", 10)]
    tell(core, "NEW", "c1")
    core.replace(order, price="126.00", new_cl_ord_id="c2")
    assert handed(core) == [("126.00", 10)]
    core.submit("AAPL", "SELL", 4, "119.99", venue="XNAS")
    tell(core, "RESTATED", "c1", order_qty=4)
    core.risk.gate.shut()
    assert handed(core) == []
    assert (order.order_qty, alerts(core)) == (4, [stopped("KILL_SWITCH")])
    assert handed(core) == []

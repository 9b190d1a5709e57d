"""The public face of the order life cycle: terms of orders, requests about them, external venues, sessions, queries.

What each command does is in the scenarios; here is what a user writes, what comes back, and what is told of bad input.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from conftest import CENT, T0, limits, method_of, small_capacity

import tradecore as tc

D = Decimal
R, S, E = tc.Reason, tc.OrdStatus, tc.ExecType
SECOND = 10**9
SIM, EXT = tc.SimulatedVenue("XNAS"), tc.ExternalVenue("EXT", taker_fee_per_share="0.01", request_timeout=SECOND)


@pytest.fixture
def core(make_core):
    return make_core(venues=[SIM, EXT], accounts=["alpha", "beta"])


@pytest.fixture
def sent(core):
    """An order of 10,000 at the external venue, acknowledged."""
    order = core.submit("AAPL", "BUY", 10_000, 100, account="alpha", venue="EXT", cl_ord_id="X")
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="X")
    return order


def fill(core, exec_id, qty, px, cl_ord_id="X", **more):
    return core.execution.on_execution_report("EXT", "TRADE", cl_ord_id=cl_ord_id, exec_id=exec_id, last_qty=qty, last_px=px, **more)


def facts(order):
    return order.ord_status.name, int(order.order_qty), int(order.cum_qty), int(order.leaves_qty)


def types(messages):
    return [message.msg_type.name for message in messages]


# ---- the terms of an order

INFERRED = [
    ({}, "MARKET"), ({"price": 100}, "LIMIT"), ({"stop_px": 90}, "STOP"), ({"stop_px": 90, "price": 89}, "STOP_LIMIT"),
    ({"peg_offset": 1}, "TRAILING_STOP"), ({"peg_offset": 50, "peg_offset_type": "BASIS_POINTS"}, "TRAILING_STOP"),
    ({"stop_px": 110, "ord_type": "MARKET_IF_TOUCHED"}, "MARKET_IF_TOUCHED"),
    ({"stop_px": 110, "price": 111, "ord_type": "limit_if_touched"}, "LIMIT_IF_TOUCHED"), ({"ord_type": tc.OrdType.LIMIT}, "LIMIT"),
]


@pytest.mark.parametrize(("terms", "ord_type"), INFERRED)
def test_the_order_type_follows_from_the_terms(core, terms, ord_type):
    core.quote("XNAS", "AAPL", bid=100, bid_size=1, ask=101, ask_size=1)
    order = core.submit("AAPL", "SELL", 5, account="alpha", trigger_price_type="BEST_BID", **terms)
    assert order.ord_type is tc.OrdType[ord_type]
    assert ord_type in repr(order) or order.price is not None


def test_an_order_says_all_its_terms(core):
    core.quote("XNAS", "AAPL", bid=100, bid_size=1, ask=101, ask_size=1)
    stop = core.submit("AAPL", "SELL", 5, "94.5", account="alpha", stop_px="95.5", trigger_price_type="BEST_BID", time_in_force="GTD",
                       expire_time=T0 + SECOND, list_id=7, contingency_type="OCO", strategy=3, display_qty=2, venue="XNAS", cl_ord_id="s")
    assert (stop.stop_px, stop.price, stop.trigger_price_type, stop.expire_time) == (D("95.5"), D("94.5"), tc.TriggerPriceType.BEST_BID, T0 + SECOND)
    assert (stop.list_id, stop.contingency_type, stop.strategy, stop.display_qty) == (7, tc.ContingencyType.OCO, 3, 2)
    assert (stop.place, stop.unknown, stop.peg_offset, stop.min_qty, stop.orig_cl_ord_id) == (tc.Place.AWAITS_PRICE, tc.Unknown.NONE, None, 0, "")
    assert "94.50 stop 95.50" in repr(stop)
    (new,) = core.orders.order_history(stop)
    assert (new.stop_px, new.trigger_price_type, new.contingency_type, new.unknown) == (D("95.5"), tc.TriggerPriceType.BEST_BID, tc.ContingencyType.OCO, tc.Unknown.NONE)
    trail = core.submit("AAPL", "SELL", 5, account="alpha", peg_offset="1.5", trigger_price_type="BEST_BID")
    assert (trail.peg_offset, trail.peg_offset_type, trail.stop_px) == (D("1.5"), tc.PegOffsetType.PRICE, D("98.5"))
    bps = core.submit("AAPL", "SELL", 5, account="alpha", peg_offset=100, peg_offset_type="BASIS_POINTS", trigger_price_type="BEST_BID")
    assert (bps.peg_offset, bps.peg_offset_type, bps.stop_px) == (100, tc.PegOffsetType.BASIS_POINTS, D(99))
    ioc = core.submit("AAPL", "BUY", 5, 100, account="alpha", time_in_force="IOC", min_qty=3)
    assert (ioc.min_qty, ioc.reason) == (3, R.MIN_QTY_NOT_MET)
    reduce = core.submit("AAPL", "BUY", 5, 100, account="alpha", reduce_only=True)
    assert (reduce.exec_inst, reduce.reason) == (tc.ExecInst.REDUCE_ONLY, R.REDUCE_ONLY_VIOLATION)


@pytest.mark.parametrize(("side", "source"), [("BUY", "BEST_OFFER"), ("SELL", "BEST_BID"), ("SELL_SHORT", "BEST_BID"), ("SELL_SHORT_EXEMPT", "BEST_BID")])
def test_bid_ask_is_the_side_that_the_order_would_take(core, side, source):
    order = core.submit("AAPL", side, 5, account="alpha", stop_px=100, trigger_price_type="bid_ask")
    assert order.trigger_price_type is tc.TriggerPriceType[source]


# What can be said but is no good order is news: a rejected order with its reason.
REFUSED_TERMS = [
    ({"ord_type": "STOP"}, R.MISSING_STOP_PX), ({"ord_type": "STOP_LIMIT", "stop_px": 90}, R.MISSING_REQUIRED_FIELD),
    ({"price": 100, "stop_px": 90, "ord_type": "LIMIT"}, R.STOP_PX_OUT_OF_RANGE), ({"stop_px": "90.005"}, R.STOP_PX_OUT_OF_RANGE),
    ({"stop_px": -1}, R.STOP_PX_OUT_OF_RANGE), ({"peg_offset": 0}, R.INVALID_PEG_OFFSET), ({"peg_offset": -1}, R.INVALID_PEG_OFFSET),
    ({"peg_offset": 10_000, "peg_offset_type": "BASIS_POINTS"}, R.INVALID_PEG_OFFSET), ({"ord_type": "TRAILING_STOP"}, R.INVALID_PEG_OFFSET),
    ({"peg_offset": 1}, R.REFERENCE_PRICE_UNAVAILABLE), ({"price": 100, "min_qty": 1}, R.INVALID_MIN_QTY),
    ({"price": 100, "min_qty": 6, "time_in_force": "IOC"}, R.INVALID_MIN_QTY), ({"price": 100, "min_qty": -1, "time_in_force": "IOC"}, R.INVALID_MIN_QTY),
    ({"price": 100, "display_qty": 6}, R.INVALID_DISPLAY_QTY), ({"display_qty": 1}, R.INVALID_DISPLAY_QTY),
    ({"price": 100, "expire_time": T0 + 1}, R.EXPIRE_TIME_IN_PAST), ({"price": 100, "time_in_force": "GTD"}, R.EXPIRE_TIME_IN_PAST),
    ({"price": 100, "time_in_force": "GTD", "expire_time": T0}, R.EXPIRE_TIME_IN_PAST), ({"price": 100, "list_id": 1}, R.INVALID_CONTINGENCY),
    ({"price": 100, "contingency_type": "OCO"}, R.INVALID_CONTINGENCY), ({"price": 100, "reduce_only": True}, R.REDUCE_ONLY_VIOLATION),
    ({"stop_px": 90, "time_in_force": "AT_THE_CLOSE"}, R.UNSUPPORTED_TIF), ({"price": 100, "time_in_force": "AT_THE_OPEN"}, R.SESSION_CLOSED),
]


@pytest.mark.parametrize(("terms", "reason"), REFUSED_TERMS)
def test_terms_that_make_no_good_order_are_news(core, terms, reason):
    order = core.submit("AAPL", "SELL", 5, account="alpha", **terms)
    assert (order.ord_status, order.reason, order.text.partition(":")[0]) == (S.REJECTED, reason, reason.name)
    verdict = core.check("AAPL", "SELL", 5, account="alpha", **terms)
    if reason is not R.REFERENCE_PRICE_UNAVAILABLE:  # only arming the stop asks for it
        assert verdict[reason].verdict == "REFUSE"


WRONG_TERMS = [
    ({"qty": 5, "price": 100, "ord_type": "STOP", "stop_px": 90}, ValueError, "price 100: a STOP order has none"),
    ({"qty": 5, "price": 100, "peg_offset": 1}, ValueError, "price 100: a TRAILING_STOP order has none"),
    ({"qty": 5, "price": "1", "ord_type": "MARKET_IF_TOUCHED", "stop_px": 90}, ValueError, "price '1': a MARKET_IF_TOUCHED order has none"),
    ({"qty": 5, "cash_order_qty": 100}, TypeError, "qty 5 and cash_order_qty 100 exclude each other"), ({}, TypeError, "order_qty .*NoneType"),
    ({"qty": 5, "price": 1, "iceberg": 1}, TypeError, "iceberg"),
]


@pytest.mark.parametrize(("terms", "error", "says"), WRONG_TERMS)
def test_terms_that_contradict_each_other_are_a_wrong_call(core, terms, error, says):
    before = core.state_hash(), core.event_hash
    for call in (core.submit, core.check):
        with pytest.raises(error, match=says):
            call("AAPL", "BUY", account="alpha", **terms)
    assert (core.state_hash(), core.event_hash) == before


@pytest.mark.parametrize(("cash", "terms", "qty"), [
    ("1000", {"price": 10}, 100), ("1009.99", {"price": 10}, 100), ("9.99", {"price": 10}, 0), (0, {"price": 10}, 0),
    (1000, {"stop_px": 20}, 50), (1000, {}, 9), (1000, {"price": 10, "side": "SELL"}, 9),  # it may bring the mid, 101
])
def test_a_cash_order_quantity_becomes_whole_lots(core, cash, terms, qty):
    core.quote("XNAS", "AAPL", bid=100, bid_size=500, ask=102, ask_size=500)
    order = core.submit("AAPL", account="alpha", cash_order_qty=cash, **{"side": "BUY", **terms})
    assert order.order_qty == qty
    assert order.exec_inst == tc.ExecInst.CASH_ORDER_QTY
    assert (order.reason is R.QTY_BELOW_MIN) == (qty == 0)


# ---- requests

def test_a_replace_goes_up_down_and_below_what_is_filled(core):
    order = core.submit("AAPL", "BUY", 10, 100, account="alpha", cl_ord_id="a")
    up = core.replace(order, qty=20, new_cl_ord_id="b")
    assert (up.exec_type, up.cl_ord_id, up.orig_cl_ord_id, up.order_qty) == (E.REPLACED, "b", "a", 20)
    core.quote("XNAS", "AAPL", ask=100, ask_size=8)
    moved = core.replace(cl_ord_id="a", price="99.5", new_cl_ord_id="c")  # by an id earlier in its chain
    assert (moved.price, moved.orig_cl_ord_id, facts(order)) == (D("99.5"), "b", ("PARTIALLY_FILLED", 20, 8, 12))
    down = core.replace(order_id=order.order_id, qty=3)
    assert (down.exec_type, facts(order), order.cl_ord_id) == (E.REPLACED, ("FILLED", 8, 8, 0), "c")
    assert [core.orders.order(cl_ord_id=name) for name in "abc"] == [order] * 3
    again = core.replace(order, qty=9)
    assert (again.exec_type, facts(order), core.orders.open_orders()) == (E.REPLACED, ("PARTIALLY_FILLED", 9, 8, 1), [order])


def test_a_replace_moves_a_stop_and_an_expire_time(core, clock):
    order = core.submit("AAPL", "BUY", 5, 120, account="alpha", stop_px=110, time_in_force="GTD", expire_time=T0 + SECOND)
    report = core.replace(order, stop_px=105, expire_time=T0 + 5 * SECOND)
    assert (report.stop_px, order.stop_px, order.expire_time, order.place) == (105, 105, T0 + 5 * SECOND, tc.Place.AWAITS_PRICE)
    core.clock_tick(T0 + 4 * SECOND)
    assert order.ord_status is S.NEW
    clock.now = T0 + 5 * SECOND
    core.clock_tick()
    assert (order.ord_status, order.reason) == (S.EXPIRED, R.EXPIRE_TIME_REACHED)


REFUSED_REPLACES = [
    ({"cl_ord_id": "never", "qty": 1}, R.UNKNOWN_ORDER, "UNKNOWN_ORDER"), ({"order_id": 999, "price": "1.5", "stop_px": 2}, R.UNKNOWN_ORDER, "UNKNOWN_ORDER"),
    ({"cl_ord_id": "gone", "qty": 50}, R.TOO_LATE_TO_CANCEL, "TOO_LATE_TO_CANCEL"), ({"cl_ord_id": "a", "price": "100.005"}, R.PRICE_TICK_MULTIPLE, "OTHER"),
    ({"cl_ord_id": "a", "price": -1}, R.PRICE_OUT_OF_RANGE, "OTHER"), ({"cl_ord_id": "a", "qty": 2_000}, R.MAX_ORDER_QTY, "BROKER_OPTION"),
    ({"cl_ord_id": "a", "expire_time": T0 + 1}, R.EXPIRE_TIME_IN_PAST, "OTHER"),
    ({"cl_ord_id": "a", "qty": 5, "new_cl_ord_id": "gone"}, R.DUPLICATE_REQUEST_ID, "DUPLICATE_CL_ORD_ID"),
]


@pytest.mark.parametrize(("call", "reason", "fix_reason"), REFUSED_REPLACES)
def test_a_replace_that_makes_no_sense_is_refused_and_changes_nothing(make_core, call, reason, fix_reason):
    core = make_core(limits=limits(max_order_qty=1_000))
    order = core.submit("AAPL", "BUY", 10, 100, cl_ord_id="a")
    core.submit("AAPL", "BUY", 0, 100, cl_ord_id="gone")
    before = order.row
    report = core.replace(**{"new_cl_ord_id": "new", **call})
    assert (report.report_type, report.reason, report.cxl_rej_reason) == (tc.ReportType.ORDER_CANCEL_REJECT, reason, tc.CxlRejReason[fix_reason])
    assert (report.cl_ord_id, report.orig_cl_ord_id) == (call.get("new_cl_ord_id", "new"), call.get("cl_ord_id", ""))
    assert order.row == before
    assert report.text.startswith(reason.name)


@pytest.mark.parametrize(("method", "given"), [
    ("replace", {"qty": 5}), ("replace", {"qty": 5, "order_id": 1, "cl_ord_id": "a"}), ("order_status", {}), ("cancel", {}),
])
def test_a_request_names_one_order(core, method, given):
    with pytest.raises(TypeError, match=f"{method} takes one of order, cl_ord_id and order_id"):
        method_of(core, method)(**given)


def test_a_replace_says_what_is_to_change(core, sent):
    with pytest.raises(TypeError, match="at least one of qty, price, stop_px, peg_offset and expire_time"):
        core.replace(sent)
    for bad in (0, -1, "0.5", 10**20):
        with pytest.raises(ValueError, match="AAPL order_qty"):
            core.replace(sent, qty=bad)
    assert core.replace(sent, price="1.000000001").reason is R.PRICE_TICK_MULTIPLE  # off the tick: news, however fine
    with pytest.raises(ValueError, match="stop_px 90: a LIMIT order has none"):
        core.replace(sent, stop_px=90)
    stop = core.submit("AAPL", "SELL", 5, account="alpha", stop_px=90)
    with pytest.raises(ValueError, match="price '89': a STOP order has none"):
        core.replace(stop, price="89")


def test_a_cancel_carries_its_own_id(core):
    core.submit("AAPL", "BUY", 10, 100, account="alpha", cl_ord_id="a")
    report = core.cancel(cl_ord_id="a", new_cl_ord_id="b")
    assert (report.exec_type, report.cl_ord_id, report.orig_cl_ord_id) == (E.CANCELED, "b", "a")
    late = core.cancel(cl_ord_id="b", new_cl_ord_id="c")
    assert (late.cxl_rej_reason, late.cl_ord_id, late.orig_cl_ord_id, late.ord_status) == (tc.CxlRejReason.TOO_LATE_TO_CANCEL, "c", "b", S.CANCELED)
    taken = core.cancel(cl_ord_id="b", new_cl_ord_id="c")
    assert (taken.cxl_rej_reason, taken.reason) == (tc.CxlRejReason.DUPLICATE_CL_ORD_ID, R.DUPLICATE_REQUEST_ID)


MASS = [
    ({}, 6), ({"account": "alpha"}, 4), ({"account": "beta"}, 2), ({"symbol": "AAPL"}, 5), ({"symbol": "MSFT"}, 1), ({"side": "BUY"}, 4), ({"side": "SELL"}, 2),
    ({"strategy": 2}, 1), ({"strategy": 9}, 0), ({"venue": "XNAS"}, 5), ({"venue": "EXT"}, 1), ({"account": "alpha", "side": "SELL"}, 1),
    ({"account": "beta", "symbol": "MSFT"}, 0),
]


@pytest.mark.parametrize(("scope", "count"), MASS)
def test_a_mass_cancel_ends_what_it_names_and_counts_it(make_core, scope, count):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], venues=[SIM, EXT], accounts=["alpha", "beta"])
    for symbol, side, account, venue, strategy in (
        ("AAPL", "BUY", "alpha", "XNAS", 0), ("AAPL", "BUY", "alpha", "EXT", 1), ("AAPL", "SELL_SHORT", "alpha", "XNAS", 2),
        ("AAPL", "SELL", "beta", "XNAS", 0), ("AAPL", "BUY", "beta", "XNAS", 0), ("MSFT", "BUY", "alpha", "XNAS", 0),
    ):
        core.submit(symbol, side, 5, 100 if side == "BUY" else 200, account=account, venue=venue, strategy=strategy)
    report = core.mass_cancel(**scope, cl_ord_id="all")
    assert (report.report_type, report.total_affected_orders, report.cl_ord_id) == (tc.ReportType.ORDER_MASS_CANCEL_REPORT, count, "all")
    at_venue = [message for message in core.outbound() if message.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST]
    assert len(core.orders.open_orders()) == 6 - count + len(at_venue)
    assert core.mass_cancel(**scope).total_affected_orders == 0


def test_an_order_status_is_the_order_as_it_stands(core, sent):
    fill(core, 1, 4_000, 100)
    for named in ({"order": sent}, {"cl_ord_id": "X"}, {"order_id": sent.order_id}):
        report = core.orders.order_status(**named)
        assert (report.exec_type, report.ord_status, report.cum_qty, report.leaves_qty) == (E.ORDER_STATUS, S.PARTIALLY_FILLED, 4_000, 6_000)
    unknown = core.orders.order_status(cl_ord_id="never")
    assert (unknown.exec_type, unknown.ord_status, unknown.ord_rej_reason, unknown.reason) == (E.ORDER_STATUS, S.REJECTED, tc.OrdRejReason.UNKNOWN_ORDER, R.UNKNOWN_ORDER)


def test_the_answer_is_the_commands_and_not_a_timers(core):
    """The time of a command may set off timers, whose reports come first."""
    first = core.submit("AAPL", "BUY", 5, 100, account="alpha", time_in_force="GTD", expire_time=T0 + SECOND)
    second = core.submit("AAPL", "BUY", 5, 100, account="alpha")
    report = core.cancel(second, transact_time=T0 + 2 * SECOND)
    assert (first.ord_status, report.exec_type, report.order_id) == (S.EXPIRED, E.CANCELED, second.order_id)
    core.submit("AAPL", "BUY", 5, 100, account="alpha", time_in_force="GTD", expire_time=T0 + 3 * SECOND)
    with pytest.raises(tc.RefusedError, match="ask_px"):
        core.quote("XNAS", "AAPL", bid=5, bid_size=1, ask=4, ask_size=1, transact_time=T0 + 4 * SECOND)


def test_an_answer_that_its_own_command_overwrote_is_said_so(make_core):
    core = make_core(capacity=small_capacity(events=8))
    for _ in range(20):
        core.submit("AAPL", "SELL", 1, 100, venue="XNAS")
    order = core.submit("AAPL", "BUY", 20, 90, venue="XNAS")
    with pytest.raises(LookupError, match=r"REPLACE is done, but its answer was overwritten .* raise the capacity `events`"):
        core.replace(order, price=100)
    assert order.ord_status is S.FILLED
    assert core.mass_cancel().total_affected_orders == 0


# ---- what the core holds

TRIGGERS = [  # side, terms, quotes (bid) that must not trigger it, and the one that must
    ("SELL", {"stop_px": 95}, [99, 96], 95), ("BUY", {"stop_px": 105}, [103, 104], 105), ("SELL", {"stop_px": 95, "price": 94}, [96], 94),
    ("BUY", {"stop_px": 95, "ord_type": "MARKET_IF_TOUCHED"}, [99, 96], 95), ("SELL", {"stop_px": 105, "price": 105, "ord_type": "LIMIT_IF_TOUCHED"}, [104], 105),
    ("SELL", {"peg_offset": 3}, [98, 104, 102], 101), ("SELL", {"peg_offset": 500, "peg_offset_type": "BASIS_POINTS"}, [96, 200, 191], 190),
    ("BUY", {"peg_offset": 3}, [102, 90, 92], 93),
]


@pytest.mark.parametrize(("side", "terms", "quiet", "trigger"), TRIGGERS)
def test_what_waits_for_a_price_goes_when_it_comes(core, side, terms, quiet, trigger):
    def quote(bid):
        core.quote("XNAS", "AAPL", bid=bid, bid_size=50, ask=bid + 1, ask_size=50)

    quote(100)
    order = core.submit("AAPL", side, 5, account="alpha", trigger_price_type="BEST_BID", venue="XNAS", **terms)
    for bid in quiet:
        quote(bid)
        assert (order.ord_status, order.place) == (S.NEW, tc.Place.AWAITS_PRICE), bid
    quote(trigger)
    assert (order.ord_status, order.place, order.cum_qty) == (S.FILLED, tc.Place.NOWHERE, 5)
    assert [r.exec_type.name for r in core.orders.order_history(order)] == ["NEW", "TRIGGERED", "TRADE"]


def test_oco_members_reduce_each_other_and_oto_children_wait(core):
    core.quote("XNAS", "AAPL", bid=100, bid_size=50, ask=102, ask_size=50)
    parent = core.submit("AAPL", "BUY", 10, 101, account="alpha", list_id=1, contingency_type="OTO")
    child = core.submit("AAPL", "SELL", 10, 110, account="alpha", list_id=1, contingency_type="OTO")
    assert (child.place, child.ord_status) == (tc.Place.AWAITS_PARENT, S.NEW)
    core.quote("XNAS", "AAPL", ask=101, ask_size=10)
    assert (parent.ord_status, child.place) == (S.FILLED, tc.Place.RESTING)
    take = core.submit("AAPL", "SELL", 10, 120, account="alpha", list_id=2, contingency_type="OCO")
    stop = core.submit("AAPL", "SELL", 10, account="alpha", stop_px=90, list_id=2, contingency_type="OCO")
    core.quote("XNAS", "AAPL", bid=120, bid_size=14)  # 10 for the child at 110, 4 for the taker of profit
    assert (take.cum_qty, stop.order_qty, stop.reason) == (4, 6, R.NONE)
    core.quote("XNAS", "AAPL", bid=120, bid_size=6)
    assert (take.ord_status, stop.ord_status, stop.reason) == (S.FILLED, S.CANCELED, R.OTHER_FILLED)


def test_an_iceberg_shows_its_display_quantity(core):
    core.submit("AAPL", "SELL", 100, 101, account="alpha", display_qty=10, venue="XNAS")
    assert core._gate.core.top(1, 1)[3] == 10
    order = core.submit("AAPL", "BUY", 95, 101, account="beta", venue="XNAS")
    assert (order.cum_qty, core._gate.core.top(1, 1)[3]) == (95, 5)


def test_reduce_only_never_opens_or_turns_a_position(core):
    core.positions.open_position("AAPL", 10, 100, account="alpha")
    refused = core.submit("AAPL", "SELL", 11, 100, account="alpha", reduce_only=True)
    assert (refused.reason, refused.text) == (R.REDUCE_ONLY_VIOLATION, "REDUCE_ONLY_VIOLATION: order_qty 11 exceeds the position 10 that it may only reduce")
    order = core.submit("AAPL", "SELL", 10, 100, account="alpha", reduce_only=True, venue="XNAS")
    core.submit("AAPL", "SELL", 6, 99, account="alpha", venue="XNAS")
    core.quote("XNAS", "AAPL", bid=99, bid_size=6)
    assert (order.order_qty, core.position("AAPL", "alpha").qty) == (4, 4)


# ---- external venues

def test_an_order_for_an_external_venue_goes_out_and_its_reports_decide(core):
    order = core.submit("AAPL", "BUY", 100, 50, account="alpha", venue="EXT", cl_ord_id="one")
    (message,) = core.outbound()
    assert (message.msg_type, message.venue, message.cl_ord_id, message.order_qty, message.price) == (tc.MsgType.NEW_ORDER_SINGLE, "EXT", "one", 100, 50)
    assert "NEW_ORDER_SINGLE to EXT: order 1 " in repr(message)
    assert (order.ord_status, order.place, core.position("AAPL", "alpha").working_buy_qty) == (S.PENDING_NEW, tc.Place.AT_VENUE, 100)
    assert core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id, exec_id="n1").venue_exec_id == "n1"
    trade = fill(core, "t1", 30, "49.995", "one", cum_qty=30)
    assert (trade.exec_type, trade.last_px, trade.venue_exec_id, trade.exec_id, trade.commission) == (E.TRADE, D("49.995"), "t1", 1, D("0.3"))
    assert facts(order) == ("PARTIALLY_FILLED", 100, 30, 70)
    assert list(core.outbound()) == []
    assert core.execution.on_execution_report("EXT", "EXPIRED", cl_ord_id="one").exec_type is E.EXPIRED
    assert (facts(order), order.place, core.position("AAPL", "alpha").working_buy_qty) == (("EXPIRED", 100, 30, 0), tc.Place.NOWHERE, 0)


def test_a_replace_at_a_venue_is_pending_until_it_answers(core, sent):
    list(core.outbound())
    fill(core, 1, 1_000, 100)
    asked = core.replace(sent, qty=8_000, new_cl_ord_id="Y")
    assert (asked.exec_type, asked.cl_ord_id, asked.orig_cl_ord_id, asked.order_qty) == (E.ORDER_STATUS, "Y", "X", 10_000)
    (message,) = core.outbound()
    assert (message.msg_type, message.cl_ord_id, message.orig_cl_ord_id, message.order_qty) == (tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST, "Y", "X", 8_000)
    assert list(core.outbound()) == []
    assert core.execution.on_execution_report("EXT", "PENDING_REPLACE", cl_ord_id="Y").ord_status is S.PENDING_REPLACE
    assert fill(core, 2, 600, 100).ord_status is S.PENDING_REPLACE
    assert facts(sent) == ("PENDING_REPLACE", 10_000, 1_600, 8_400)
    replaced = core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="Y")
    assert (replaced.orig_cl_ord_id, facts(sent)) == ("X", ("PARTIALLY_FILLED", 8_000, 1_600, 6_400))
    assert (sent.cl_ord_id, sent.orig_cl_ord_id, core.orders.order(cl_ord_id="X")) == ("Y", "X", sent)


def test_a_refused_request_leaves_the_order_as_it_was(core, sent):
    core.cancel(sent, new_cl_ord_id="C")
    assert core.execution.on_execution_report("EXT", "PENDING_CANCEL", cl_ord_id="C").ord_status is S.PENDING_CANCEL
    assert core.cancel(sent).cxl_rej_reason is tc.CxlRejReason.ALREADY_PENDING
    report = core.execution.on_cancel_reject("EXT", cl_ord_id="C", cxl_rej_reason="TOO_LATE_TO_CANCEL")
    assert (report.report_type, report.cxl_rej_reason, report.cl_ord_id, report.orig_cl_ord_id) == (
        tc.ReportType.ORDER_CANCEL_REJECT, tc.CxlRejReason.TOO_LATE_TO_CANCEL, "C", "X")
    assert facts(sent) == ("NEW", 10_000, 0, 10_000)
    again = core.execution.on_cancel_reject("EXT", order_id=sent.order_id)
    assert (again.report_type, again.reason) == (tc.ReportType.BUSINESS_REJECT, R.NO_SUCH_REQUEST)


def test_a_bust_and_a_correction_rebuild_order_and_position(core, sent):
    fill(core, "e1", 1_000, 100)
    fill(core, "e2", 9_000, 110)
    assert (sent.ord_status, sent.avg_px) == (S.FILLED, 109)
    bust = core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "e1", "e3")
    assert (bust.exec_type, bust.exec_ref_id, bust.venue_exec_id, facts(sent), sent.avg_px) == (E.TRADE_CANCEL, 1, "e3", ("PARTIALLY_FILLED", 10_000, 9_000, 1_000), 110)
    correct = core.execution.on_trade_correction("EXT", tc.ExecType.TRADE_CORRECT, "e2", "e4", last_qty=9_000, last_px=100)
    assert (correct.exec_ref_id, correct.last_px, sent.avg_px) == (2, 100, 100)
    fill(core, "e5", 1_000, 120)
    assert (facts(sent), sent.avg_px) == (("FILLED", 10_000, 10_000, 0), 102)
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "e4", "e6", last_qty=9_500, last_px="120")  # by its correction's id
    assert (facts(sent), sent.avg_px) == (("FILLED", 10_000, 10_500, 0), 120)
    position = core.position("AAPL", "alpha")
    assert (position.qty, position.avg_px, position.fees) == (10_500, 120, 105)
    trades = core.positions.trades(account="alpha")
    assert [(t.venue_exec_id, t.state.name, t.last_qty, t.last_px) for t in trades] == [
        ("e1", "BUSTED", 1_000, 100), ("e2", "LIVE", 9_500, 120), ("e5", "LIVE", 1_000, 120)]
    assert {(t.symbol, t.account, t.venue, t.side, t.day, t.order_id) for t in trades} == {("AAPL", "alpha", "EXT", tc.Side.BUY, 1, sent.order_id)}
    assert (core.positions.trades(account="beta"), core.positions.trades(symbol="AAPL")) == ([], trades)


def test_money_is_never_refused(core, sent):
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="X")
    late = fill(core, "a", 4_000, 100)
    assert (late.reason, facts(sent)) == (R.LATE_TRADE, ("CANCELED", 10_000, 4_000, 0))
    over = fill(core, "b", 7_000, 100)
    assert (over.reason, over.text, facts(sent)) == (R.OVERFILL, "OVERFILL: booked, though cum_qty 11000 exceeds order_qty 10000", ("FILLED", 10_000, 11_000, 0))
    lost = core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="who", exec_id="c", last_qty=5, last_px=99, symbol="AAPL", side="SELL")
    assert (lost.reason, lost.account, lost.order_id) == (R.TRADE_IN_SUSPENSE, None, 0)
    suspense, exposure = core.positions.suspense("AAPL"), core.positions.firm_exposure("AAPL")
    assert (suspense.qty, suspense.avg_px, suspense.working_buy_qty, suspense.account) == (-5, 99, 0, "(suspense)")
    assert exposure == ("AAPL", 10_995, 0, 0)
    assert (core.positions.trades()[-1].account, core.positions.trades(symbol="AAPL")[-1].side) == (None, tc.Side.SELL)
    assert core.metrics()["trades_in_suspense"] == 1


def test_a_trade_of_another_symbol_or_side_is_not_that_orders(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("BTC", tick_size="0.1", lot_size="0.001")], venues=[EXT])
    order = core.submit("AAPL", "BUY", 100, 50, cl_ord_id="X")
    assert fill(core, 1, "0.005", "60000.1", symbol="BTC").reason is R.TRADE_IN_SUSPENSE  # in the units of what it names
    assert fill(core, 2, 5, 50, side="SELL").reason is R.TRADE_IN_SUSPENSE
    assert fill(core, 3, 5, 50, side="BUY", symbol="AAPL").reason is R.NONE
    assert (order.cum_qty, core.positions.suspense("BTC").qty, core.positions.suspense("BTC").avg_px, core.positions.suspense("AAPL").qty) == (5, D("0.005"), D("60000.1"), -5)


# What a venue says can be wrong, and is then news, or lies unbooked: exec_type, facts, reason, and what its text names.
BAD_REPORTS = [
    ("TRADE", {"last_qty": 0}, R.INVALID_FIELD_VALUE, "last_qty 0"), ("TRADE", {"last_qty": -5}, R.INVALID_FIELD_VALUE, "last_qty -5"),
    ("TRADE", {"last_qty": None}, R.INVALID_FIELD_VALUE, "last_qty is absent"), ("TRADE", {"last_qty": "0.5"}, R.INVALID_FIELD_VALUE, "no whole number of lots"),
    ("TRADE", {"last_qty": "many"}, R.INVALID_FIELD_VALUE, "no number"), ("TRADE", {"last_qty": float("nan")}, R.INVALID_FIELD_VALUE, "last_qty is no number"),
    ("TRADE", {"last_qty": 10**15}, R.INVALID_FIELD_VALUE, "last_qty 10000"), ("TRADE", {"last_qty": 10**30}, R.INVALID_FIELD_VALUE, "last_qty"),
    ("TRADE", {"last_px": -1}, R.PRICE_OUT_OF_RANGE, "-1"), ("TRADE", {"last_px": None}, R.PRICE_OUT_OF_RANGE, "price"),
    ("TRADE", {"last_px": float("inf")}, R.PRICE_OUT_OF_RANGE, "no number"),
    ("TRADE", {"exec_id": None}, R.INVALID_FIELD_VALUE, "exec_id"), ("TRADE", {"exec_id": ""}, R.INVALID_FIELD_VALUE, "exec_id"),
    ("TRADE", {"exec_id": "a "}, R.INVALID_FIELD_VALUE, "exec_id"), ("TRADE", {"exec_id": "x" * 65}, R.INVALID_FIELD_VALUE, "exec_id"),
    ("TRADE", {"exec_id": 10**64}, R.INVALID_FIELD_VALUE, "exec_id"), ("TRADE", {"exec_id": b"\xff"}, R.INVALID_FIELD_VALUE, "exec_id"),
    ("TRADE", {"exec_id": "a\tb"}, R.INVALID_FIELD_VALUE, "exec_id"), ("TRADE", {"exec_id": "é"}, R.INVALID_FIELD_VALUE, "exec_id"),
    ("TRADE", {"exec_id": "e0"}, R.EXECID_REUSED, "execution 1"), ("TRADE", {"exec_id": "e0", "last_qty": 7, "last_px": 70}, R.EXECID_REPEATED, "execution 1"),
    ("TRADE", {"cl_ord_id": "who"}, R.UNKNOWN_INSTRUMENT, "symbol is absent"), ("TRADE", {"cl_ord_id": None}, R.UNKNOWN_INSTRUMENT, "symbol is absent"),
    ("TRADE", {"cl_ord_id": "who", "symbol": "AAPL"}, R.INVALID_FIELD_VALUE, "side is absent"), ("NEW", {"cl_ord_id": "who"}, R.UNKNOWN_ORDER, "no such order"),
    ("TRADE", {"venue": "XNAS"}, R.UNKNOWN_VENUE, "venue 1"), ("TRADE", {"venue": "OTHER"}, R.INVALID_FIELD_VALUE, "side is absent"),
    ("PENDING_NEW", {}, R.VENUE_CONTRADICTS, "10"), ("PENDING_CANCEL", {}, R.NO_SUCH_REQUEST, "0 requests"), ("REPLACED", {}, R.NO_SUCH_REQUEST, "0 requests"),
    ("RESTATED", {"order_qty": "0.5"}, R.INVALID_FIELD_VALUE, "order_qty is no number"), ("RESTATED", {"price": "1.000000001"}, R.PRICE_OUT_OF_RANGE, "no whole number"),
    ("RESTATED", {"order_qty": -1}, R.INVALID_FIELD_VALUE, "order_qty -1"), ("ORDER_STATUS", {"ord_status": "NEW", "cl_ord_id": "done"}, R.VENUE_CONTRADICTS, "status"),
    ("TRADE_CANCEL", {}, R.INVALID_FIELD_VALUE, "exec_type 17"), ("CALCULATED", {}, R.VENUE_CONTRADICTS, "11"),
]


@pytest.mark.parametrize(("exec_type", "changes", "reason", "says"), BAD_REPORTS)
def test_a_bad_report_is_news_and_leaves_the_ledger_alone(make_core, exec_type, changes, reason, says):
    core = make_core(venues=[SIM, EXT, tc.ExternalVenue("OTHER")])
    order = core.submit("AAPL", "BUY", 100, 50, venue="EXT", cl_ord_id="X")
    core.submit("AAPL", "BUY", 100, 50, venue="EXT", cl_ord_id="done")
    core.execution.on_execution_report("EXT", "REJECTED", cl_ord_id="done")
    fill(core, "e0", 7, 70)
    before = order.row, core.position("AAPL").row, core.positions.trades(), core.positions.suspense("AAPL").row
    told = {"venue": "EXT", "cl_ord_id": "X", "exec_id": "e1", "last_qty": 5, "last_px": 60, **changes}
    report = core.execution.on_execution_report(told.pop("venue"), exec_type, **told)
    impossible = changes.get("last_qty") in (0, -5) or changes.get("venue") == "XNAS" or reason is R.EXECID_REPEATED
    kept = exec_type == "TRADE" and not impossible  # money is never refused
    assert (report.report_type, report.reason) == (tc.ReportType.UNBOOKED if kept else tc.ReportType.BUSINESS_REJECT, reason)
    assert says in report.text
    assert (order.row, core.position("AAPL").row, core.positions.trades(), core.positions.suspense("AAPL").row) == before
    assert (core.metrics()["reports_refused"], len(core.unbooked())) == ((0, 1) if kept else (1, 0))


BAD_CORRECTIONS = [
    ("TRADE_CANCEL", "never", "n", {}, R.UNKNOWN_TRADE), ("TRADE_CORRECT", "never", "n", {"last_qty": "0.5", "last_px": "x"}, R.UNKNOWN_TRADE),
    ("TRADE_CANCEL", "gone", "n", {}, R.UNKNOWN_TRADE), ("TRADE_CORRECT", "e0", "n", {}, R.INVALID_FIELD_VALUE), ("TRADE_CORRECT", "e0", "n", {"last_qty": 5}, R.PRICE_OUT_OF_RANGE),
    ("TRADE_CORRECT", "e0", "n", {"last_qty": -5, "last_px": 5}, R.INVALID_FIELD_VALUE), ("TRADE_CORRECT", "e0", "n", {"last_qty": "0.5", "last_px": 5}, R.INVALID_FIELD_VALUE),
    ("TRADE_CORRECT", "e0", "n", {"last_qty": 5, "last_px": "x"}, R.PRICE_OUT_OF_RANGE), ("TRADE", "e0", "n", {"last_qty": 5, "last_px": 5}, R.INVALID_FIELD_VALUE),
    ("TRADE_CANCEL", "e0", "e0", {}, R.EXECID_REUSED), ("TRADE_CANCEL", "gone", "b1", {}, R.EXECID_REPEATED), ("TRADE_CANCEL", "e0", "", {}, R.INVALID_FIELD_VALUE),
]


@pytest.mark.parametrize(("exec_type", "exec_ref_id", "exec_id", "more", "reason"), BAD_CORRECTIONS)
def test_a_bad_correction_is_news_and_leaves_the_ledger_alone(core, sent, exec_type, exec_ref_id, exec_id, more, reason):
    fill(core, "e0", 7, 70)
    fill(core, "gone", 9, 90)
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "gone", "b1")
    before = sent.row, core.position("AAPL", "alpha").row, core.positions.trades()
    report = core.execution.on_trade_correction("EXT", exec_type, exec_ref_id, exec_id, **more)
    impossible = reason in (R.UNKNOWN_TRADE, R.EXECID_REPEATED) or exec_type == "TRADE" or more.get("last_qty") == -5
    assert (report.report_type, report.reason) == (tc.ReportType.BUSINESS_REJECT if impossible else tc.ReportType.UNBOOKED, reason), report
    assert (sent.row, core.position("AAPL", "alpha").row, core.positions.trades()) == before


@pytest.mark.parametrize("cum_qty", [150, 0, "99.5", -3, "x", 10**25])
def test_a_cum_qty_that_is_not_ours_is_a_missed_trade(core, sent, cum_qty):
    list(core.outbound())
    trade = fill(core, 1, 100, 100, cum_qty=cum_qty)
    assert (trade.exec_type, sent.cum_qty) == (E.TRADE, 100)
    (ask,) = core.outbound()
    assert (ask.msg_type, ask.reason, ask.order_id) == (tc.MsgType.ORDER_STATUS_REQUEST, R.CUM_QTY_MISMATCH, sent.order_id)
    fill(core, 2, 100, 100, cum_qty=200)
    assert list(core.outbound()) == []


def test_a_status_report_says_its_status(core, sent):
    with pytest.raises(TypeError, match="ord_status must be given with exec_type ORDER_STATUS"):
        core.execution.on_execution_report("EXT", "ORDER_STATUS", cl_ord_id="X")
    assert core.execution.on_execution_report("EXT", "ORDER_STATUS", cl_ord_id="X", ord_status="CANCELED").exec_type is E.CANCELED
    with pytest.raises(TypeError, match="one of cl_ord_id and order_id, got both"):
        core.execution.on_execution_report("EXT", "NEW", cl_ord_id="X", order_id=1)


@pytest.mark.parametrize(("given", "known"), [
    ("BROKER_OPTION", tc.OrdRejReason.BROKER_OPTION), (tc.OrdRejReason.STALE_ORDER, tc.OrdRejReason.STALE_ORDER), (None, tc.OrdRejReason.OTHER),
    (6, tc.OrdRejReason.DUPLICATE_ORDER), (77, tc.OrdRejReason.OTHER), (-5, tc.OrdRejReason.OTHER), (10**9, tc.OrdRejReason.OTHER),
])
def test_a_venues_reason_is_told_as_fix_knows_it(core, given, known):
    order = core.submit("AAPL", "BUY", 1, 1, account="alpha", venue="EXT", cl_ord_id="X")
    report = core.execution.on_execution_report("EXT", "REJECTED", cl_ord_id="X", reject_reason=given)
    assert (report.ord_rej_reason, order.ord_status, order.reason) == (known, S.REJECTED, R.VENUE_REPORTED)


def test_a_restatement_says_why(core, sent):
    report = core.execution.on_execution_report("EXT", "RESTATED", cl_ord_id="X", order_qty=5_000, price="99.5", exec_restatement_reason="BROKER_OPTION")
    assert (report.exec_restatement_reason, report.order_qty, sent.price) == (tc.ExecRestatementReason.BROKER_OPTION, 5_000, D("99.5"))
    assert core.execution.on_execution_report("EXT", "RESTATED", cl_ord_id="X", exec_restatement_reason=7).exec_restatement_reason is tc.ExecRestatementReason.OTHER
    assert sent.cum_qty == 0
    assert core.orders.order_status(sent).exec_restatement_reason is tc.ExecRestatementReason.NONE


def test_a_venue_that_never_answers_leaves_the_order_unknown_and_held(core):
    order = core.submit("AAPL", "BUY", 100, 50, account="alpha", venue="EXT", cl_ord_id="X")
    core.clock_tick(T0 + SECOND - 1)
    assert order.unknown is tc.Unknown.NONE
    core.clock_tick(T0 + SECOND)
    assert (order.ord_status, order.unknown, core.position("AAPL", "alpha").working_buy_qty) == (S.PENDING_NEW, tc.Unknown.NEW, 100)
    assert types(core.outbound()) == ["NEW_ORDER_SINGLE", "ORDER_STATUS_REQUEST"]
    assert core.submit("AAPL", "BUY", 100, 50, account="alpha", venue="EXT", cl_ord_id="X") == order
    assert types(core.outbound()) == []
    assert len(core.orders.open_orders()) == 1
    late = fill(core, 1, 100, 50)
    assert (late.unknown, facts(order)) == (tc.Unknown.NONE, ("FILLED", 100, 100, 0))


def test_a_lost_session_makes_what_was_sent_unknown(core, sent):
    core.replace(sent, qty=12_000, new_cl_ord_id="Y")
    core.execution.set_venue_session("EXT", False)
    assert (sent.unknown, core.position("AAPL", "alpha").working_buy_qty) == (tc.Unknown.REPLACE, 12_000)
    core.cancel(sent, new_cl_ord_id="C")
    refused = core.submit("AAPL", "BUY", 1, 50, account="alpha", venue="EXT")
    assert (refused.reason, core.check("AAPL", "BUY", 1, 50, account="alpha").passed) == (R.NO_VENUE, True)
    core.execution.set_venue_session("EXT", True)
    assert core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="C").ord_status is S.CANCELED
    assert sent.unknown is tc.Unknown.NONE
    with pytest.raises(tc.RefusedError, match="VENUE_SESSION refused: UNKNOWN_VENUE"):
        core.execution.set_venue_session("XNAS", False)


def test_the_core_holds_what_a_venue_can_not_do(make_core):
    able = tc.ExternalVenue("ABLE", ord_types=tuple(tc.OrdType), times_in_force=tuple(tc.TimeInForce))
    core = make_core(venues=[EXT, able])
    held, native = (core.submit("AAPL", "SELL", 5, stop_px=95, venue=name) for name in ("EXT", "ABLE"))
    assert (held.place, native.place) == (tc.Place.AWAITS_PRICE, tc.Place.AT_VENUE)
    (message,) = core.outbound()
    assert (message.order_id, message.stop_px, message.ord_type) == (native.order_id, 95, tc.OrdType.STOP)
    core.submit("AAPL", "BUY", 1, 95, venue="ABLE", cl_ord_id="b")
    core.execution.on_execution_report("ABLE", "TRADE", cl_ord_id="b", exec_id=1, last_qty=1, last_px=95)
    assert (held.place, types(core.outbound())) == (tc.Place.AT_VENUE, ["NEW_ORDER_SINGLE", "NEW_ORDER_SINGLE"])


def test_outbound_gives_each_message_once_and_loses_none(make_core):
    core = make_core(venues=[EXT], capacity=small_capacity(events=16))
    sent = [core.submit("AAPL", "BUY", 1, 1).order_id for _ in range(3)]
    one = core.outbound()
    assert [next(one).order_id, *(m.order_id for m in core.outbound())] == sent
    assert list(one) == []
    for _ in range(20):
        core.submit("AAPL", "BUY", 1, 1)
    assert [m.order_id for m in core.outbound()] == list(range(4, 24))
    assert [order.place for order in core.orders.open_orders()] == [tc.Place.AT_VENUE] * 23


# ---- sessions, days, splits

def test_a_session_halts_opens_and_closes(core):
    rests = core.submit("AAPL", "BUY", 5, 100, account="alpha", venue="XNAS")
    core.execution.set_session("AAPL", "HALTED")
    assert (rests.ord_status, core.submit("AAPL", "BUY", 1, 1, account="alpha").reason) == (S.SUSPENDED, R.SESSION_CLOSED)
    assert core.check("AAPL", "BUY", 1, 1, account="alpha")["SESSION_CLOSED"].verdict == "REFUSE"
    core.execution.set_session(None, tc.TradSesStatus.PRE_OPEN)
    waits = core.submit("AAPL", "SELL", 5, 100, account="alpha", time_in_force="AT_THE_OPEN")
    assert waits.place is tc.Place.AWAITS_SESSION
    core.execution.set_session("AAPL", "open", T0 + SECOND)
    assert (rests.ord_status, waits.ord_status) == (S.FILLED, S.FILLED)
    day, gtc = (core.submit("AAPL", "BUY", 5, 100, account="alpha", time_in_force=tif, venue="XNAS") for tif in ("DAY", "GTC"))
    core.clock_tick(T0 + SECOND)
    assert (day.ord_status, day.reason, gtc.ord_status) == (S.EXPIRED, R.DAY_ENDED, S.NEW)
    with pytest.raises(tc.RefusedError, match=f"close_time {T0 + 1} must be after {T0 + SECOND}"):
        core.execution.set_session("AAPL", "OPEN", T0 + 1)


def test_a_new_day_expires_day_orders_renews_the_others_and_frees_ids(core):
    day = core.submit("AAPL", "BUY", 5, 100, account="alpha", cl_ord_id="d")
    gtc = core.submit("AAPL", "BUY", 5, 100, account="alpha", time_in_force="GTC", cl_ord_id="g")
    core.roll_day()
    assert (day.ord_status, gtc.ord_status) == (S.EXPIRED, S.NEW)
    (restated,) = [r for r in core.orders.order_history(gtc) if r.exec_type is E.RESTATED]
    assert restated.exec_restatement_reason is tc.ExecRestatementReason.GT_RENEWAL
    assert core.submit("AAPL", "BUY", 1, 100, account="alpha", cl_ord_id="d").ord_status is S.NEW
    assert core.submit("AAPL", "BUY", 1, 100, account="alpha", cl_ord_id="g").reason is R.DUPLICATE_CLORDID


def test_a_split_keeps_amounts(core):
    order = core.submit("AAPL", "BUY", 10, 100, account="alpha", time_in_force="GTC")
    core.positions.open_position("AAPL", 30, 50, account="beta")
    with pytest.raises(tc.RefusedError, match="SPLIT refused: SESSION_CLOSED: a split is possible only while"):
        core.positions.split("AAPL", 2, 1)
    core.execution.set_session("AAPL", "CLOSED")
    with pytest.raises(tc.RefusedError, match="UNEVEN_SPLIT"):
        core.positions.split("AAPL", 1, 7)
    core.positions.split("AAPL", 2, 1)
    assert (order.order_qty, order.price) == (20, 50)
    assert (core.position("AAPL", "beta").qty, core.position("AAPL", "beta").cost) == (60, 1500)


# ---- queries

def test_open_orders_by_account_and_symbol(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])
    first, second, third = (core.submit(symbol, "BUY", 5, 10, account=account)
                            for symbol, account in (("AAPL", "alpha"), ("MSFT", "alpha"), ("AAPL", "beta")))
    assert core.orders.open_orders() == [first, second, third]
    assert core.orders.open_orders("alpha") == [first, second]
    assert core.orders.open_orders(symbol="AAPL") == [first, third]
    assert core.orders.open_orders("beta", "MSFT") == []
    core.cancel(first)
    assert core.orders.open_orders() == [second, third]


def test_an_orders_history_is_its_reports_that_are_still_held(core, sent):
    core.submit("AAPL", "BUY", 1, 1, account="beta")
    fill(core, 1, 10, 100)
    core.cancel(sent, new_cl_ord_id="C")
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="C")
    core.cancel(sent)
    history = core.orders.order_history(sent)
    assert [r.exec_type.name if r.exec_type is not None else r.report_type.name for r in history] == [
        "PENDING_NEW", "NEW", "TRADE", "ORDER_STATUS", "CANCELED", "ORDER_CANCEL_REJECT"]
    assert {r.order_id for r in history} == {sent.order_id}


def test_history_can_be_read_after_eviction(make_core):
    core = make_core(capacity=small_capacity(order_history=1))
    order = core.submit("AAPL", "BUY", 5, 10)
    core.cancel(order)
    core.submit("AAPL", "BUY", 1, 10, time_in_force="IOC")
    with pytest.raises(tc.StaleOrderError):
        _ = order.row
    assert [r.exec_type.name for r in core.orders.order_history(order)] == ["NEW", "CANCELED"]


def test_trades_of_the_cores_own_venues_have_both_sides(core):
    core.submit("AAPL", "SELL", 5, 100, account="alpha", venue="XNAS")
    core.submit("AAPL", "BUY", 5, 100, account="beta", venue="XNAS")
    buy, sell = core.positions.trades()
    assert (buy.account, buy.side, sell.account, sell.side, buy.exec_id, sell.exec_id) == ("beta", tc.Side.BUY, "alpha", tc.Side.SELL, 1, 1)
    assert (buy.last_qty, buy.last_px, buy.venue, buy.venue_exec_id, buy.state) == (5, 100, "XNAS", "", tc.TradeState.LIVE)
    assert core.positions.firm_exposure("AAPL") == ("AAPL", 0, 0, 0)


def test_a_batch_may_carry_requests_and_reports(core, sent):
    reports = np.zeros(2, tc.EXECUTION_REPORT_DTYPE)
    reports["kind"], reports["venue"], reports["cl_ord_id"], reports["exec_type"] = tc.CommandType.EXECUTION_REPORT, 2, core.intern(["X"])[0], E.TRADE
    reports["exec_id"], reports["last_qty"], reports["last_px"], reports["cum_qty"], reports["price"] = [1, 2], [10, 20], 10_000 * CENT, -1, tc.NO_PRICE
    assert list(core.submit_batch(reports)["cum_qty"]) == [10, 30]
    replaces = np.zeros(1, tc.REPLACE_DTYPE)
    replaces["kind"], replaces["orig_cl_ord_id"], replaces["order_qty"] = tc.CommandType.REPLACE, core.intern(np.array(["X"]))[0], 50
    replaces["price"], replaces["stop_px"] = tc.NO_PRICE, tc.NO_PRICE
    core.submit_batch(replaces)
    assert core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="X").order_qty == 50

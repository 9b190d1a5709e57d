"""OrderManager alone: validation, life cycle and ids for those who have their own risk, routing and venues."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import T0, small_capacity

import tradecore as tc

R, S, E = tc.Reason, tc.OrdStatus, tc.ExecType
SECOND = 10**9


@pytest.fixture
def make_manager(backend, clock):
    def make(**given):
        settings = {"instruments": [tc.Instrument("AAPL")], "accounts": ["alpha", "beta"], "capacity": small_capacity(),
                    "clock": clock, "backend": backend} | given
        manager = tc.OrderManager(**settings)
        assert manager.backend == backend
        return manager

    return make


@pytest.fixture
def manager(make_manager):
    return make_manager()


@pytest.fixture
def order(manager):
    return manager.new_order("AAPL", "BUY", 10_000, 100, account="alpha", cl_ord_id="X")


def facts(order):
    return order.ord_status.name, int(order.order_qty), int(order.cum_qty), int(order.leaves_qty)


def kinds(manager):
    return [(message.msg_type.name, message.cl_ord_id, message.orig_cl_ord_id) for message in manager.outbound()]


def fill(manager, exec_id, qty, px, cl_ord_id="X", **more):
    return manager.on_execution_report("TRADE", cl_ord_id=cl_ord_id, exec_id=exec_id, last_qty=qty, last_px=px, **more)


def test_replace_down_above_cum_qty(manager, order):
    """FIX 4.4 Appendix D, C.3.a, with its numbers."""
    manager.on_execution_report("NEW", cl_ord_id="X")
    fill(manager, 1, 1_000, 100)
    assert facts(order) == ("PARTIALLY_FILLED", 10_000, 1_000, 9_000)
    manager.replace(order, qty=8_000, new_cl_ord_id="Y")
    fill(manager, 2, 500, 100)
    assert facts(order) == ("PARTIALLY_FILLED", 10_000, 1_500, 8_500)
    manager.on_execution_report("PENDING_REPLACE", cl_ord_id="Y")
    fill(manager, 3, 100, 100)
    assert facts(order) == ("PENDING_REPLACE", 10_000, 1_600, 8_400)
    manager.on_execution_report("REPLACED", cl_ord_id="Y")
    assert facts(order) == ("PARTIALLY_FILLED", 8_000, 1_600, 6_400)
    fill(manager, 4, 6_400, 100, "Y")
    assert facts(order) == ("FILLED", 8_000, 8_000, 0)
    assert kinds(manager) == [("NEW_ORDER_SINGLE", "X", ""), ("ORDER_CANCEL_REPLACE_REQUEST", "Y", "X")]


def test_correct_and_bust(manager, order):
    """J.1.a, with its numbers."""
    manager.on_execution_report("NEW", cl_ord_id="X")
    fill(manager, "a", 1_000, 100)
    fill(manager, "b", 9_000, 110)
    steps = [(order.ord_status.name, order.avg_px)]
    manager.on_trade_correction("TRADE_CANCEL", "a", "c")
    steps.append((order.ord_status.name, order.avg_px))
    manager.on_trade_correction("TRADE_CORRECT", "b", "d", last_qty=9_000, last_px=100)
    steps.append((order.ord_status.name, order.avg_px))
    fill(manager, "e", 1_000, 120)
    steps.append((order.ord_status.name, order.avg_px))
    manager.on_trade_correction("TRADE_CORRECT", "b", "f", last_qty=9_000, last_px=120)
    steps.append((order.ord_status.name, order.avg_px))
    assert steps == [("FILLED", 109), ("PARTIALLY_FILLED", 110), ("PARTIALLY_FILLED", 100), ("FILLED", 102), ("FILLED", 120)]
    manager.replace(order, qty=12_000, new_cl_ord_id="Y")
    manager.on_execution_report("PENDING_REPLACE", cl_ord_id="Y")
    assert order.ord_status is S.PENDING_REPLACE
    manager.on_execution_report("REPLACED", cl_ord_id="Y")
    assert facts(order) == ("PARTIALLY_FILLED", 12_000, 10_000, 2_000)
    manager.on_trade_correction("TRADE_CORRECT", "b", "g", last_qty=9_500, last_px=120)
    assert facts(order) == ("PARTIALLY_FILLED", 12_000, 10_500, 1_500)
    position = manager.position("AAPL", "alpha")
    assert (position.qty, position.avg_px, position.working_buy_qty) == (10_500, 120, 1_500)
    assert [t.last_qty for t in manager.trades("alpha") if t.state is tc.TradeState.LIVE] == [9_500, 1_000]


def test_a_cancel_is_asked_refused_asked_again_and_done(manager, order):
    manager.on_execution_report("NEW", cl_ord_id="X")
    manager.cancel(order, new_cl_ord_id="C1")
    rejected = manager.on_cancel_reject(cl_ord_id="C1", cxl_rej_reason=0)
    assert (rejected.cxl_rej_reason, order.ord_status) == (tc.CxlRejReason.TOO_LATE_TO_CANCEL, S.NEW)
    manager.cancel(cl_ord_id="X", new_cl_ord_id="C2")
    done = manager.on_execution_report("CANCELED", cl_ord_id="C2")
    assert (done.cl_ord_id, done.orig_cl_ord_id, facts(order)) == ("C2", "X", ("CANCELED", 10_000, 0, 0))
    assert kinds(manager) == [("NEW_ORDER_SINGLE", "X", ""), ("ORDER_CANCEL_REQUEST", "C1", "X"), ("ORDER_STATUS_REQUEST", "X", ""), ("ORDER_CANCEL_REQUEST", "C2", "X")]
    assert manager.open_orders() == []
    assert manager.order(cl_ord_id="C2") == order
    assert manager.cancel(order).cxl_rej_reason is tc.CxlRejReason.TOO_LATE_TO_CANCEL


def test_no_limit_and_no_market_stands_in_the_way(manager):
    """Checking risk is the caller's: only the form of an order is asked."""
    for terms in ({"qty": 10**8, "price": 10_000}, {"qty": 5}, {"qty": 5, "stop_px": 90}, {"qty": 5, "peg_offset": 1},
                  {"qty": 5, "price": 1, "time_in_force": "FOK"}, {"qty": 5, "price": 1, "time_in_force": "GTD", "expire_time": T0 + 1}):
        order = manager.new_order("AAPL", "SELL", account="beta", **terms)
        assert (order.ord_status, order.place, order.venue) == (S.PENDING_NEW, tc.Place.AT_VENUE, "COUNTERPARTY"), terms
    assert len(manager.open_orders("beta", "AAPL")) == len(list(manager.outbound())) == 6


@pytest.mark.parametrize(("terms", "reason"), [
    ({"qty": 0, "price": 1}, R.QTY_BELOW_MIN), ({"qty": 1, "price": "1.005"}, R.PRICE_TICK_MULTIPLE), ({"qty": 1, "ord_type": "LIMIT"}, R.MISSING_REQUIRED_FIELD),
    ({"qty": 1, "ord_type": "STOP"}, R.MISSING_STOP_PX),
])
def test_what_is_not_well_formed_is_rejected_and_goes_nowhere(manager, terms, reason):
    order = manager.new_order("AAPL", "BUY", account="alpha", **terms)
    assert (order.ord_status, order.reason) == (S.REJECTED, reason)
    assert list(manager.outbound()) == []


def test_an_id_is_used_once_and_the_same_order_again_is_the_first(manager, order):
    again = manager.new_order("AAPL", "BUY", 10_000, 100, account="alpha", cl_ord_id="X")
    other = manager.new_order("AAPL", "BUY", 10_000, 101, account="alpha", cl_ord_id="X")
    assert (again, other.reason, other.ord_status) == (order, R.DUPLICATE_CLORDID, S.REJECTED)
    assert len(list(manager.outbound())) == 1


def test_a_request_that_is_not_answered_is_unknown_and_asked_for_but_never_resent(make_manager):
    manager = make_manager(request_timeout=SECOND)
    order = manager.new_order("AAPL", "BUY", 5, 10, account="alpha", cl_ord_id="X")
    heard = []
    manager.subscribe(heard.append, exec_types="ORDER_STATUS")
    manager.clock_tick(T0 + 2 * SECOND)
    assert (order.unknown, [report.reason for report in heard]) == (tc.Unknown.NEW, [R.REQUEST_TIMEOUT])
    assert [kind for kind, _, _ in kinds(manager)] == ["NEW_ORDER_SINGLE", "ORDER_STATUS_REQUEST"]
    answer = manager.on_execution_report("ORDER_STATUS", cl_ord_id="X", ord_status="NEW")
    assert (answer.unknown, order.ord_status) == (tc.Unknown.NONE, S.NEW)


def test_a_lost_session_is_told_to_the_orders(manager, order):
    manager.set_session(False)
    assert (order.unknown, manager.new_order("AAPL", "BUY", 1, 1, account="alpha").reason) == (tc.Unknown.NEW, R.NO_VENUE)
    manager.set_session(True)
    assert manager.new_order("AAPL", "BUY", 1, 1, account="alpha").ord_status is S.PENDING_NEW
    with pytest.raises(TypeError, match="connected must be a bool, not int"):
        manager.set_session(1)


def test_mass_cancel_status_history_and_suspense(manager, order):
    manager.new_order("AAPL", "SELL", 5, 100, account="beta")
    assert manager.mass_cancel(account="beta").total_affected_orders == 1
    assert manager.order_status(order).ord_status is S.PENDING_NEW
    stray = manager.on_execution_report("TRADE", cl_ord_id="who", exec_id=9, last_qty=3, last_px=7, symbol="AAPL", side="SELL")
    assert (stray.reason, manager.suspense("AAPL").qty, manager.firm_exposure("AAPL").qty) == (R.TRADE_IN_SUSPENSE, -3, -3)
    assert [r.exec_type.name for r in manager.order_history(order)] == ["PENDING_NEW", "ORDER_STATUS"]


def test_a_new_day_frees_ids(manager, order):
    manager.on_execution_report("EXPIRED", cl_ord_id="X")
    manager.roll_day()
    assert manager.new_order("AAPL", "SELL", 1, 1, account="alpha", cl_ord_id="X").ord_status is S.PENDING_NEW


def test_the_counterpartys_fees_are_none(manager, order):
    assert fill(manager, 1, 10, "99.9999").commission == 0
    assert order.avg_px == Decimal("99.9999")


BAD_CALLS = [
    (lambda m: m.new_order("AAPL", "BUY", 1, 1, account="alpha", venue="XNAS"), TypeError, "venue 'XNAS': an OrderManager has one counterparty"),
    (lambda m: m.new_order("MSFT", "BUY", 1, 1, account="alpha"), LookupError, "MSFT"), (lambda m: m.new_order("AAPL", "BUY", 1, 1), LookupError, "account must be named"),
    (lambda m: m.new_order("AAPL", "BUY", True, 1, account="alpha"), TypeError, "order_qty.*bool"), (lambda m: m.new_order("AAPL", "BUY", 1, "x", account="alpha"), ValueError, "price 'x'"),
    (lambda m: m.on_execution_report("FILL", cl_ord_id="X"), ValueError, "exec_type 'FILL'"), (lambda m: m.on_execution_report("TRADE", last_qty=True), TypeError, "last_qty"),
    (lambda m: m.on_execution_report("TRADE", exec_id=1.5), TypeError, "exec_id .* float"), (lambda m: m.on_execution_report("TRADE", volume=1), TypeError, "volume"),
    (lambda m: m.on_trade_correction("TRADE_CANCEL", 1.5, "a"), TypeError, "exec_ref_id"), (lambda m: m.on_cancel_reject(cxl_rej_reason="LATE"), ValueError, "cxl_rej_reason 'LATE'"),
    (lambda m: m.cancel(), TypeError, "cancel takes one of"), (lambda m: m.replace(order_id=1), TypeError, "at least one of"), (lambda m: m.define_account("a "), ValueError, "account 'a '"),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD_CALLS)
def test_a_wrong_call_is_named_and_changes_nothing(manager, order, call, error, says):
    before = manager.state_hash(), manager.event_hash
    with pytest.raises(error, match=says):
        call(manager)
    assert (manager.state_hash(), manager.event_hash) == before


@pytest.mark.parametrize(("given", "error", "says"), [
    ({"accounts": "alpha"}, TypeError, "accounts"), ({"capacity": 5}, TypeError, "capacity"), ({"clock": 5}, TypeError, "clock"),
    ({"request_timeout": -1}, ValueError, "request_timeout -1"), ({"request_timeout": "1s"}, TypeError, "request_timeout"), ({"instruments": ["AAPL"]}, TypeError, "instrument"),
    ({"backend": "fast"}, ValueError, "fast"),
])
def test_a_manager_refuses_what_it_can_not_be_built_from(make_manager, given, error, says):
    with pytest.raises(error, match=says):
        make_manager(**given)


def test_it_has_no_risk_no_routing_and_no_venues():
    public = {name for name in dir(tc.OrderManager) if not name.startswith("_")}
    assert not public & {"submit", "submit_batch", "quote", "set_limits", "define_venue", "explain", "check", "engage_kill_switch"}

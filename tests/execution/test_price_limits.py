"""What an exchange lets be traded: static and dynamic price limits, halts, and what the exit gate keeps of them.

The values are FIX's: an order is within LowLimitPrice(1148) and HighLimitPrice(1149), both included; a dynamic limit is
so many basis points from the last trade, held against what would trade: a BUY above it, a SELL below it.
"""

from __future__ import annotations

import pytest
from conftest import limits, small_capacity
from gatedesk import alerts, stopped

import tradecore as tc

R, S, V, X = tc.Reason, tc.OrdStatus, tc.SimulatedVenue, tc.ExternalVenue
STATIC = {"low_limit_price": "90", "high_limit_price": "110"}
DYNAMIC = {"dynamic_bps": 500, "trading_reference_price": 100}


@pytest.fixture
def desk(make_core):
    """A simulated and an external venue; a symbol of each sign."""

    def build(**given):
        terms = {"instruments": [tc.Instrument("AAPL"), tc.Instrument("CL", any_sign=True)], "venues": [V("SIM"), X("EXT")],
                 "accounts": ["alpha", "maker"], "limits": limits()}
        return make_core(**terms | given)

    return build


def enter(core, side, price, **terms):
    order = core.submit("AAPL", side, 10, price, **{"venue": "SIM", "account": "alpha"} | terms)
    return order.reason


def offer(core, *prices, side="SELL"):
    for price in prices:
        assert core.submit("AAPL", side, 10, price, venue="SIM", account="maker").ord_status is S.NEW


@pytest.mark.parametrize(("side", "price", "bound"), [
    ("BUY", "110", None), ("BUY", "110.01", 110), ("BUY", "90", None), ("BUY", "89.99", 90),
    ("SELL", "110", None), ("SELL", "110.01", 110), ("SELL", "90", None), ("SELL", "89.99", 90),
])
@pytest.mark.parametrize("venue", ["SIM", "EXT", None])
def test_static_limits_hold_every_price_at_their_bounds(desk, side, price, bound, venue):
    core = desk()
    core.execution.set_price_limits("AAPL", **STATIC)
    order = core.submit("AAPL", side, 10, price, venue=venue, account="alpha")
    if bound is None:
        assert order.ord_status in (S.NEW, S.PENDING_NEW)
    else:
        assert (order.ord_status, order.reason, order.ord_rej_reason) == (
            S.REJECTED, R.PRICE_LIMIT, tc.OrdRejReason.PRICE_EXCEEDS_CURRENT_PRICE_BAND)
        assert order.text == f"PRICE_LIMIT: price {price} is beyond the exchange's limit {bound}"


@pytest.mark.parametrize(("side", "price", "refused"), [
    ("BUY", "105", False), ("BUY", "105.01", True), ("BUY", "1", False),
    ("SELL", "95", False), ("SELL", "94.99", True), ("SELL", "900", False),
])
def test_dynamic_limits_hold_what_would_trade(desk, side, price, refused):
    core = desk()
    core.execution.set_price_limits("AAPL", **DYNAMIC)
    assert (enter(core, side, price) is R.PRICE_LIMIT) == refused


def test_the_nearer_of_both_counts_on_each_side(desk):
    core = desk()
    core.execution.set_price_limits("AAPL", low_limit_price=98, high_limit_price=110, **DYNAMIC)
    told = core.execution.price_limits("AAPL")
    assert (told.lowest_sell, told.highest_buy, told.trading_reference_price, told.dynamic_bps) == (98, 105, 100, 500)
    assert enter(core, "SELL", "97.99") is enter(core, "BUY", "97.99") is R.PRICE_LIMIT
    assert enter(core, "SELL", "110") is R.NONE is enter(core, "BUY", "98")


@pytest.mark.parametrize("moved_by", ["a fill", "a print", "a venue's trade"])
def test_each_trade_moves_what_dynamic_limits_are_taken_from(desk, moved_by):
    core = desk()
    core.execution.set_price_limits("AAPL", **DYNAMIC)
    if moved_by == "a fill":
        offer(core, "104")
        assert core.submit("AAPL", "BUY", 10, "104", venue="SIM", account="alpha").ord_status is S.FILLED
    elif moved_by == "a print":
        core.trade_print("AAPL", "104", 10)
    else:
        core.submit("AAPL", "BUY", 10, "104", venue="EXT", account="alpha", cl_ord_id="a")
        list(core.outbound())
        core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="a", exec_id="1", last_qty=10, last_px="104")
    told = core.execution.price_limits("AAPL")
    assert (told.trading_reference_price, str(told.lowest_sell), str(told.highest_buy)) == (104, "98.80", "109.20")
    assert enter(core, "BUY", "109.20") is R.NONE
    assert enter(core, "BUY", "109.21") is R.PRICE_LIMIT


def test_the_last_trade_is_the_reference_where_none_is_said(desk):
    core = desk()
    core.trade_print("AAPL", "50", 10)
    core.execution.set_price_limits("AAPL", dynamic_bps=100)
    assert (enter(core, "BUY", "50.50"), enter(core, "BUY", "50.51")) == (R.NONE, R.PRICE_LIMIT)


def test_without_a_limit_price_an_order_trades_up_to_the_exchanges(desk):
    core = desk()
    core.execution.set_price_limits("AAPL", **STATIC)
    offer(core, "100", "110")
    core.execution.set_price_limits("AAPL", low_limit_price=90, high_limit_price="109.99")
    order = core.submit("AAPL", "BUY", 30, ord_type="MARKET", venue="SIM", account="alpha")
    assert (order.cum_qty, order.ord_status, order.reason) == (10, S.CANCELED, R.MARKET_LEFTOVER)
    assert "109.99" in order.text


def test_an_external_venue_is_sent_the_limit_with_a_market_order(desk):
    core = desk()
    core.execution.set_price_limits("AAPL", **STATIC)
    core.submit("AAPL", "SELL", 30, ord_type="MARKET", venue="EXT", account="alpha")
    (message,) = core.outbound()
    assert (message.ord_type, message.price) == (tc.OrdType.LIMIT, 90)


def test_static_limits_take_out_what_rests_beyond_them_and_dynamic_ones_do_not(desk):
    core = desk()
    orders = [core.submit("AAPL", side, 10, price, venue=venue, account="alpha")
              for side, price, venue in (("BUY", "80", "SIM"), ("SELL", "120", "SIM"), ("SELL", "110", "SIM"), ("SELL", "120", "EXT"))]
    core.execution.set_price_limits("AAPL", **DYNAMIC)
    assert all(order.leaves_qty == 10 for order in orders)
    core.execution.set_price_limits("AAPL", **STATIC)
    assert [order.ord_status for order in orders] == [S.CANCELED, S.CANCELED, S.NEW, S.PENDING_NEW]
    assert orders[1].text == "PRICE_LIMIT: price 120 is beyond the exchange's limit 110"
    assert core.positions.firm_exposure("AAPL").working_sell_qty == 20


def test_a_replace_is_held_to_them_and_may_always_become_less(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 20, "100", venue="EXT", account="alpha", cl_ord_id="a")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="a")
    core.execution.set_price_limits("AAPL", high_limit_price=99)
    assert core.replace(order, price="98.99").reason is R.NONE
    core.execution.on_cancel_reject("EXT", cl_ord_id=next(iter(core.outbound())).cl_ord_id)
    for asked in ({"price": "99.01"}, {"qty": 21}, {"price": "100", "qty": 21}):
        assert core.replace(order, **asked).reason is R.PRICE_LIMIT, asked
    assert core.replace(order, qty=10).reason is R.NONE
    assert [m.order_qty for m in core.outbound()] == [10]
    assert alerts(core) == []


def test_what_waited_meets_the_limits_that_there_are_when_it_is_let_go(desk):
    core = desk()
    stop = core.submit("AAPL", "BUY", 10, "104", ord_type="STOP_LIMIT", stop_px="103", trigger_price_type="LAST_TRADE", venue="SIM", account="alpha")
    market = core.submit("AAPL", "BUY", 20, ord_type="STOP", stop_px="103", trigger_price_type="LAST_TRADE", venue="SIM", account="alpha")
    core.execution.set_price_limits("AAPL", high_limit_price="103.50")
    assert stop.leaves_qty == 10
    core.execution.set_price_limits("AAPL")
    offer(core, "103.20", "103.90")
    core.execution.set_price_limits("AAPL", high_limit_price="103.50")
    offer(core, "103.10")
    core.trade_print("AAPL", "103", 1)
    assert (stop.ord_status, stop.reason, stop.cum_qty) == (S.CANCELED, R.PRICE_LIMIT, 0)
    assert (market.cum_qty, str(market.avg_px)) == (20, "103.15")


def test_what_waits_for_the_opening_meets_them_then(desk):
    core = desk()
    core.execution.set_session("AAPL", "PRE_OPEN")
    early = core.submit("AAPL", "BUY", 10, "105", venue="SIM", account="alpha")
    core.execution.set_price_limits("AAPL", high_limit_price=104)
    assert early.leaves_qty == 10
    core.execution.set_session("AAPL", "OPEN")
    assert (early.ord_status, early.reason) == (S.CANCELED, R.PRICE_LIMIT)


def test_the_gate_keeps_them_by_itself(desk):
    core = desk()
    for cl_ord_id, side, price in (("a", "BUY", "105"), ("b", "SELL", "105"), ("c", "BUY", "104")):
        core.submit("AAPL", side, 10, price, venue="EXT", account="alpha", cl_ord_id=cl_ord_id)
    core.execution.set_price_limits("AAPL", high_limit_price="110", dynamic_bps=400, trading_reference_price=100)
    assert [m.cl_ord_id for m in core.outbound()] == ["b", "c"]
    assert alerts(core) == [stopped("PRICE_LIMIT", 104)]
    core.submit("AAPL", "BUY", 10, "104", venue="EXT", account="alpha", cl_ord_id="d")
    core.trade_print("AAPL", "99", 10)
    assert list(core.outbound()) == []
    assert alerts(core)[1:] == [stopped("PRICE_LIMIT", "102.96")]


def test_in_a_halt_the_gate_lets_cancels_and_less_out_and_no_more(desk):
    core = desk()
    works = core.submit("AAPL", "BUY", 20, "105", venue="EXT", account="alpha", cl_ord_id="a")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="a")
    late = core.submit("AAPL", "BUY", 10, "105", venue="EXT", account="alpha", cl_ord_id="b")
    core.execution.set_session("AAPL", "HALTED")
    assert core.replace(works, qty=10).reason is R.NONE
    assert [m.msg_type for m in core.outbound()] == [tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST]
    core.execution.on_execution_report("EXT", "REPLACED", order_id=works.order_id, order_qty=10)
    core.execution.set_session("AAPL", "OPEN")
    more = core.replace(works, qty=11)
    core.execution.set_session("AAPL", "HALTED")
    assert core.replace(works, price="104").reason is R.NONE  # no more of it
    assert [(m.price, m.order_qty) for m in core.outbound()] == [(104, 10)], more
    assert (late.ord_status, late.reason) == (S.CANCELED, R.EXIT_GATE)
    assert alerts(core) == [stopped("SESSION_CLOSED", 1)] * 2
    core.cancel(works)
    assert [m.msg_type for m in core.outbound()] == [tc.MsgType.ORDER_CANCEL_REQUEST]
    core.execution.set_session("AAPL", "OPEN")
    core.submit("AAPL", "BUY", 10, "105", venue="EXT", account="alpha")
    assert len(list(core.outbound())) == 1


def test_a_part_of_an_order_is_held_to_them_too(desk):
    core = desk(venues=[V("A"), V("B")], capacity=small_capacity(open_orders=16))
    for venue, price in (("A", "100"), ("B", "101")):
        core.quote(venue, "AAPL", ask=price, ask_size=10)
    parent = core.submit("AAPL", "BUY", 50, "105", account="alpha")
    assert (parent.cum_qty, len(core.orders.children(parent))) == (20, 3)
    core.execution.set_price_limits("AAPL", high_limit_price=104)
    assert [child.reason for child in core.orders.children(parent) if child.cum_qty == 0] == [R.PRICE_LIMIT] or not parent.leaves_qty
    for venue in ("A", "B"):
        core.quote(venue, "AAPL", ask="104.50", ask_size=10)
    assert parent.cum_qty == 20
    core.mass_cancel()
    assert core.positions.firm_exposure("AAPL").working_buy_qty == 0


@pytest.mark.parametrize(("given", "error", "said"), [
    ({"low_limit_price": 0}, tc.RefusedError, "PRICE_OUT_OF_RANGE"), ({"high_limit_price": -1}, tc.RefusedError, "PRICE_OUT_OF_RANGE"),
    ({"low_limit_price": 101, "high_limit_price": 100}, tc.RefusedError, "INVALID_FIELD_VALUE: high_limit_price"),
    ({"dynamic_bps": 500}, tc.RefusedError, "dynamic limits need trading_reference_price until there was a trade"),
    ({"dynamic_bps": -1, "trading_reference_price": 5}, ValueError, "dynamic_bps"),
    ({"dynamic_bps": 1_000_001, "trading_reference_price": 5}, ValueError, "dynamic_bps"), ({"dynamic_bps": 1.5}, TypeError, "dynamic_bps"),
    ({"dynamic_bps": True}, TypeError, "dynamic_bps"), ({"low_limit_price": "x"}, ValueError, "low_limit_price"),
    ({"low_limit_price": float("nan")}, ValueError, "low_limit_price"), ({"high_limit_price": 2**70}, ValueError, "high_limit_price"),
    ({"high_limit_price": True}, TypeError, "high_limit_price"), ({"trading_reference_price": []}, TypeError, "trading_reference_price"),
])
def test_what_no_exchange_says_is_refused_and_changes_nothing(desk, given, error, said):
    core = desk()
    core.execution.set_price_limits("AAPL", **STATIC)
    before = core.execution.price_limits("AAPL")
    with pytest.raises(error, match=said):
        core.execution.set_price_limits("AAPL", **given)
    assert core.execution.price_limits("AAPL") == before
    with pytest.raises(tc.UndeclaredError):
        core.execution.set_price_limits("NONE", low_limit_price=1)


def test_they_are_state_and_gone_once_they_are_taken_back(desk):
    core = desk()
    core.execution.set_price_limits("AAPL")
    blank = core.execution.price_limits("AAPL")
    assert set(blank) == {None}
    seen = set()
    for given in (STATIC, {"low_limit_price": 90}, {"high_limit_price": 110}, DYNAMIC, DYNAMIC | {"dynamic_bps": 501}):
        core.execution.set_price_limits("AAPL", **given)
        seen.add(core.state_hash())
    assert len(seen) == 5
    core.execution.set_price_limits("AAPL")
    assert core.execution.price_limits("AAPL") == blank


def test_a_split_scales_them_and_lets_no_more_through(desk):
    core = desk()
    core.execution.set_price_limits("AAPL", low_limit_price="90.01", high_limit_price="110.01", **DYNAMIC)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 3, 1)
    told = core.execution.price_limits("AAPL")
    unit = tc.Instrument("AAPL")
    assert unit.price_units(told.low_limit_price) == -(-unit.price_units("90.01") // 3)
    assert unit.price_units(told.high_limit_price) == unit.price_units("110.01") // 3
    assert unit.price_units(told.trading_reference_price) == unit.price_units("100") // 3


def test_questions_say_it_before_the_order(desk):
    core = desk()
    core.execution.set_price_limits("AAPL", **STATIC)
    before = core.state_hash()
    assert "PRICE_LIMIT" in str(core.check("AAPL", "BUY", 10, "110.01", account="alpha"))
    assert "PRICE_LIMIT" in str(core.execution.route("AAPL", "BUY", 10, "110.01", account="alpha"))
    assert core.state_hash() == before


def test_prices_below_zero_have_limits_too(desk):
    core = desk(instruments=[tc.Instrument("AAPL", any_sign=True)])
    core.execution.set_price_limits("AAPL", low_limit_price=-20, dynamic_bps=1_000, trading_reference_price=-10)
    told = core.execution.price_limits("AAPL")
    assert (told.lowest_sell, told.highest_buy) == (-11, -9)
    assert (enter(core, "BUY", -9), enter(core, "BUY", "-8.99"), enter(core, "SELL", "-11.01")) == (R.NONE, R.PRICE_LIMIT, R.PRICE_LIMIT)

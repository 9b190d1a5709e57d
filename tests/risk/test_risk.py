"""Risk: every rule at its limit, one below and one above, armed and off; and what holds, exempts and fails closed."""

from __future__ import annotations

import random
import re
from decimal import Decimal

import numpy as np
import pytest
from conftest import T0, limits

import tradecore as tc
from tradecore.vocabulary.records import (
    CODECS,
    COMMAND_DTYPES,
    LIMIT_OFF,
    LIMIT_PRECISION,
    NO_PRICE,
    POSITION_MAX,
    PRICE_MAX,
    QTY_MAX,
    TIME_MAX,
)
from tradecore.vocabulary.rules import RULES

STATED_RULES = [row.rule for row in RULES if row.stated]
R = tc.Reason
SECOND = 1_000_000_000
# The mid is 100; every order is directed to a venue that displays nothing, so that nothing fills.
QUOTE = {"bid": "99.99", "bid_size": 1000, "ask": "100.01", "ask_size": 1000}
BUY, SELL = "BUY", "SELL"

# rule, the armed limit, (side, qty, price, passes?) around it, and (value, bound) in the refusal's text.
BOUNDARIES = [
    (R.MAX_ORDER_QTY, {"max_order_qty": 100}, [(BUY, 99, 9, 1), (BUY, 100, 9, 1), (BUY, 101, 9, 0)], ("101", "100")),
    (R.MAX_ORDER_QTY, {"max_order_qty": 0}, [(SELL, 1, 9, 0)], ("1", "0")),
    (R.MAX_ORDER_QTY, {"max_order_qty": "99.5"}, [(BUY, 99, 9, 1), (BUY, 100, 9, 0)], ("100", "99.5")),
    (R.MAX_ORDER_NOTIONAL, {"max_order_notional": 10_000},
     [(BUY, 100, "99.99", 1), (BUY, 100, 100, 1), (BUY, 100, "100.01", 0)], ("10001", "10000")),
    (R.MAX_ORDER_NOTIONAL, {"max_order_notional": "10000.50"},
     [(BUY, 1, "10000.50", 1), (BUY, 1, "10000.51", 0)], ("10000.51", "10000.5")),
    (R.PRICE_COLLAR, {"price_collar_bps": 500},
     [(BUY, 1, "104.99", 1), (BUY, 1, 105, 1), (BUY, 1, "105.01", 0)], ("501", "500")),
    (R.PRICE_COLLAR, {"price_collar_bps": 500},
     [(SELL, 1, "95.01", 1), (SELL, 1, 95, 1), (SELL, 1, "94.99", 0)], ("501", "500")),
    (R.PRICE_COLLAR, {"price_collar_bps": 0}, [(BUY, 1, 100, 1), (BUY, 1, "100.01", 0)], ("1", "0")),
    (R.PRICE_COLLAR, {"price_collar_bps": 1}, [(BUY, 1, "0.01", 1), (SELL, 1, 100_000, 1)], None),  # passive: no matter
    (R.MAX_POSITION_QTY, {"max_position_qty": 100}, [(BUY, 99, 9, 1), (BUY, 100, 9, 1), (BUY, 101, 9, 0)], ("101", "100")),
    (R.MAX_POSITION_QTY, {"max_position_qty": 100}, [(SELL, 99, 9, 1), (SELL, 100, 9, 1), (SELL, 101, 9, 0)], ("101", "100")),
    (R.MAX_POSITION_QTY, {"max_position_qty": 0}, [(BUY, 1, 9, 0), (SELL, 1, 9, 0)], ("1", "0")),
    (R.ORDER_RATE, {"order_rate": 0}, [(BUY, 1, 9, 0)], ("1", "0")),
]


@pytest.mark.parametrize(("rule", "armed", "orders", "says"), BOUNDARIES)
def test_each_rule_passes_up_to_its_limit_and_refuses_beyond(make_core, rule, armed, orders, says):
    for side, qty, price, passes in orders:
        core = make_core(limits=limits(**armed))
        core.quote("XNAS", "AAPL", **QUOTE)
        asked = core.check("AAPL", side, qty, price, venue="ARCX")[rule]
        order = core.submit("AAPL", side, qty, price, venue="ARCX")
        assert (order.reason, asked.verdict) == ((R.NONE, "PASS") if passes else (rule, "REFUSE")), (side, qty, price)
        assert asked.headroom == asked.limit - asked.value
        assert (asked.headroom >= 0) == bool(passes)
        if not passes:
            assert order.ord_status is tc.OrdStatus.REJECTED
            assert order.text.startswith(rule.name + ": ")
            found = [Decimal(number) for number in re.findall(r"\d+\.?\d*", order.text)]
            assert found == [Decimal(number) for number in says], order.text


@pytest.mark.parametrize(("rule", "armed", "orders", "says"), BOUNDARIES)
def test_a_rule_that_is_off_refuses_nothing(make_core, rule, armed, orders, says):
    core = make_core()
    core.quote("XNAS", "AAPL", **QUOTE)
    for side, qty, price, _ in orders:
        row = core.check("AAPL", side, qty, price, venue="ARCX")[rule]
        assert (row.verdict, row.limit, row.headroom) == ("OFF", None, None)
        assert core.submit("AAPL", side, qty, price, venue="ARCX").reason is R.NONE
        core.cancel(order_id=core._gate.core.command_seq)


# ---- the room alone: the same boundaries without a core

ROOM_ROWS = [
    (tc.Rule.MAX_ORDER_QTY, 100 * 10**LIMIT_PRECISION, [(1, 99, 10_000), (1, 100, 10_000)], (1, 101, 10_000), R.MAX_ORDER_QTY),
    (tc.Rule.MAX_ORDER_NOTIONAL, 10_000 * 10**LIMIT_PRECISION, [(1, 100, 999_900), (1, 100, 1_000_000)], (1, 100, 1_000_001),
     R.MAX_ORDER_NOTIONAL),
    (tc.Rule.PRICE_COLLAR, 500, [(1, 1, 1_049_999), (1, 1, 1_050_000)], (1, 1, 1_050_001), R.PRICE_COLLAR),
    (tc.Rule.PRICE_COLLAR, 500, [(2, 1, 950_001), (2, 1, 950_000)], (2, 1, 949_999), R.PRICE_COLLAR),
    (tc.Rule.MAX_POSITION_QTY, 100 * 10**LIMIT_PRECISION, [(1, 99, 10_000), (1, 1, 10_000)], (1, 1, 10_000), R.MAX_POSITION_QTY),
    (tc.Rule.MAX_POSITION_QTY, 100 * 10**LIMIT_PRECISION, [(2, 99, 10_000), (2, 1, 10_000)], (2, 1, 10_000), R.MAX_POSITION_QTY),
    (tc.Rule.ORDER_RATE, 2, [(1, 1, 10_000), (2, 1, 10_000)], (1, 1, 10_000), R.ORDER_RATE),
]


def asked(*rows, account=1, time=T0):
    orders = tc.new_orders(len(rows))
    orders["instrument"], orders["account"], orders["transact_time"] = 1, account, time
    orders["side"], orders["order_qty"], orders["price"] = zip(*rows, strict=True)
    return orders


@pytest.fixture
def table(room):
    alone = room("risk").RiskTable(accounts=2, instruments=1, order_rate=4)
    alone.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A", price_precision=4).definition(1)))
    for rule in STATED_RULES:
        alone.set_limit(1, rule, LIMIT_OFF)
    return alone


@pytest.mark.parametrize("time", [T0 - 1, 0, -1, TIME_MAX + 1])
def test_a_mark_of_an_earlier_time_than_the_last_is_refused(table, time):
    table.set_limit(1, tc.Rule.STALE_QUOTE, 1_000)
    table.mark(1, 100, T0)
    with pytest.raises(ValueError, match=f"time .*{T0}"):
        table.mark(1, 100, time)
    table.mark(1, 100, T0)  # as late is not earlier
    late = asked((1, 1, 100), time=T0 + 1_000_000_001)
    assert list(table.admit(late, 2_000_000)) == [R.STALE_QUOTE]


@pytest.mark.parametrize(("rule", "limit", "good", "bad", "reason"), ROOM_ROWS)
def test_the_room_alone_has_the_same_limits(table, rule, limit, good, bad, reason):
    window = SECOND if rule is tc.Rule.ORDER_RATE else 0
    table.set_limit(1, rule, limit, window)
    assert list(table.admit(asked(*good, bad), 2_000_000)) == [0] * len(good) + [reason]
    bought = sum(qty for side, qty, _ in good if side == 1)
    sold = sum(qty for side, qty, _ in good if side == 2)
    assert table.exposure(1, 1) == (0, bought, sold)
    findings = table.check(asked(bad).tobytes(), 2_000_000)
    assert [f.reason for f in findings if f.refused] == [reason]
    assert [f.reason for f in findings] == [
        R.KILL_SWITCH, R.TRADING_STATE, R.REPEATED_EXECUTION, R.CONSECUTIVE_REJECTS, *range(202, 205), R.RESTRICTED_INSTRUMENT, R.NOT_PERMITTED_INSTRUMENT, R.ACCOUNT_BLOCKED, R.STRATEGY_DISABLED, *range(205, 210), R.DUPLICATE_ORDER, R.NOTIONAL_PER_WINDOW, R.OPEN_ORDERS_LIMIT, R.ORDER_RATE,
        R.REPLACE_RATE, R.CANCEL_RATE, R.MESSAGE_RATE, R.DAILY_ORDER_COUNT, R.ORDER_TO_TRADE_RATIO, R.MARK_UNAVAILABLE, R.RATE_UNAVAILABLE, R.STALE_QUOTE,
        R.MAX_GROSS_EXPOSURE, R.MAX_NET_EXPOSURE, R.MAX_POSITION_NOTIONAL,
        R.MAX_PENDING_NOTIONAL, R.GROUP_EXPOSURE, R.MAX_LEVERAGE, R.CONCENTRATION, R.INSUFFICIENT_MARGIN, R.DAILY_LOSS, R.DRAWDOWN, R.STRATEGY_LOSS, R.SHORT_SALE, R.INSUFFICIENT_POSITION, R.INSUFFICIENT_FUNDS, R.CREDIT_LIMIT, *range(211, 214)]
    table.set_limit(1, rule, LIMIT_OFF)
    assert list(table.admit(asked(bad), 2_000_000)) == [0]


def test_a_position_can_not_leave_its_integers(table):
    # The largest orders reach the bound exactly; one lot more is refused.
    most = np.repeat(asked((1, QTY_MAX, 1)), POSITION_MAX // QTY_MAX)
    assert not table.admit(most, NO_PRICE).any()
    assert list(table.admit(asked((1, 1, 1), (2, 1, 1)), NO_PRICE)) == [R.ARITHMETIC_OVERFLOW, 0]
    (found,) = [f for f in table.check(asked((1, 1, 1)).tobytes(), NO_PRICE) if f.reason == R.ARITHMETIC_OVERFLOW]
    assert (found.value, found.limit, found.refused) == (POSITION_MAX + 1, POSITION_MAX, True)


def test_the_room_alone_turns_holds_into_positions(table):
    table.admit(asked((1, 100, 1), (2, 30, 1)), NO_PRICE)
    table.fill(1, 1, 1, 60)
    table.release(1, 1, 1, 40)
    table.fill(1, 1, 2, 10)
    assert table.exposure(1, 1) == (50, 0, 20)
    for side, qty in ((1, 1), (2, 21), (2, -1), (3, 1)):
        with pytest.raises(ValueError, match="must be"):
            table.release(1, 1, side, qty)
        with pytest.raises(ValueError, match="must be"):
            table.fill(1, 1, side, qty)
    assert table.exposure(1, 1) == (50, 0, 20)


@pytest.mark.parametrize("bad", [("set_limit", 3, 0, 1), ("set_limit", 1, 5, 1), ("set_limit", 1, 0, -2),
                                 ("set_limit", 1, 2, 1_000_001), ("set_limit", 1, 4, 5, 1), ("set_limit", 1, 4, 1, 0),
                                 ("kill", 4, 1, True), ("kill", 0, 1, True), ("kill", 1, 3, True)])
def test_the_room_alone_refuses_what_can_not_be_set(table, bad):
    name, *arguments = bad
    with pytest.raises(ValueError, match=r"must be|can't be"):
        getattr(table, name)(*arguments)


@pytest.mark.parametrize(("scope", "target"), [(0, 0), (1, 1), (2, 1), (3, 2)])
def test_the_room_alone_has_a_kill_switch_for_each_scope(table, scope, target):
    order = asked((1, 1, 1))
    order["venue"] = 2
    table.kill(scope, target, True)
    assert list(table.admit(order, NO_PRICE)) == [R.KILL_SWITCH]
    table.kill(scope, target, False)
    assert list(table.admit(order, NO_PRICE)) == [0]


# ---- switches

SCOPES = [({}, ()), ({"account": "alpha"}, ("account",)), ({"symbol": "AAPL"}, ("symbol",)), ({"venue": "XNAS"}, ("venue",))]


@pytest.mark.parametrize(("scope", "differs"), SCOPES)
def test_a_kill_switch_blocks_its_scope_only_and_never_a_cancel(make_core, scope, differs):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])
    mine = {"symbol": "AAPL", "account": "alpha", "venue": "XNAS"}
    other = {"symbol": "MSFT", "account": "beta", "venue": "ARCX"}
    resting = core.submit(side="BUY", qty=5, price=10, **mine)
    core.risk.engage_kill_switch(**scope)
    order = core.submit(side="BUY", qty=1, price=10, **mine)
    assert (order.reason, order.ord_rej_reason) == (R.KILL_SWITCH, tc.OrdRejReason.BROKER_OPTION)
    assert core.check(side="BUY", qty=1, price=10, **mine)[R.KILL_SWITCH].verdict == "REFUSE"
    for name in differs:  # the same order with another account, symbol or venue is not in the scope
        assert core.submit(side="BUY", qty=1, price=10, **{**mine, name: other[name]}).reason is R.NONE
    if not differs:
        assert core.submit(side="BUY", qty=1, price=10, **other).reason is R.KILL_SWITCH
    assert core.cancel(resting).exec_type is tc.ExecType.CANCELED
    for wrong, _ in SCOPES:
        if wrong != scope:
            core.risk.release_kill_switch(**wrong)
    assert core.submit(side="BUY", qty=1, price=10, **mine).reason is R.KILL_SWITCH
    core.risk.release_kill_switch(**scope, who="r.lee", why="it is explained")
    assert core.submit(side="BUY", qty=1, price=10, **mine).reason is R.NONE


def test_a_killed_venue_is_routed_around_and_no_venue_is_a_refusal(core):
    core.quote("XNAS", "AAPL", ask=100, ask_size=10)
    core.quote("ARCX", "AAPL", ask=101, ask_size=10)
    core.risk.engage_kill_switch(venue="XNAS")
    assert core.submit("AAPL", "BUY", 1, 101).venue == "ARCX"
    core.risk.engage_kill_switch(venue="ARCX")
    order = core.submit("AAPL", "BUY", 1, 101)
    assert (order.reason, order.ord_rej_reason) == (R.NO_VENUE, tc.OrdRejReason.EXCHANGE_CLOSED)
    assert core.position("AAPL").working_buy_qty == 0


def test_an_account_without_complete_limits_can_not_trade(make_core):
    core = make_core(limits=None)
    rules = np.zeros(5, COMMAND_DTYPES[tc.CommandType.SET_LIMIT])
    rules["limit_scope"], rules["kind"], rules["account"], rules["value"], rules["rule"] = 1, tc.CommandType.SET_LIMIT, 1, 2**64 + LIMIT_OFF, range(5)
    rules["value_high"] = -1
    for at in range(5):
        order = core.submit("AAPL", "BUY", 1, 10)
        assert order.reason is R.RISK_CONFIG_MISSING
        assert f"{(1 << at) - 1:#07b} of 0b11111" in order.text
        core.submit_batch(rules[at : at + 1])
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.NONE


def test_a_cl_ord_id_is_used_once_a_day(make_core):
    core = make_core(accounts=["alpha", "beta"], capacity=tc.Capacity(instruments=2, order_history=1))
    first = core.submit("AAPL", "BUY", 1, 10, account="alpha", cl_ord_id=7)
    assert first.cl_ord_id == "7"
    for again in ("7", 7, b"7"):  # the same order again: the first one's report, and no second order (FIX F.1.b)
        assert core.submit("AAPL", "BUY", 1, 10, account="alpha", cl_ord_id=again) == first
    assert core.metrics()["open_orders"] == 1
    others = [("BUY", 1, 10, "beta"), ("SELL", 1, 10, "alpha"), ("BUY", 2, 10, "alpha"), ("BUY", 1, 11, "alpha")]
    for side, qty, price, account in others:  # a different one is rejected (FIX F.1.a)
        assert not core.check("AAPL", side, qty, price, account=account, cl_ord_id=7)
        order = core.submit("AAPL", side, qty, price, account=account, cl_ord_id=7)
        assert (order.reason, order.ord_rej_reason) == (R.DUPLICATE_CLORDID, tc.OrdRejReason.DUPLICATE_ORDER)
        (report,) = core.reports(core._gate.core.event_seq - 1)  # with the first order's status and quantities
        assert (report.exec_type, report.order_id, report.row.value) == (tc.ExecType.REJECTED, first.order_id, order.order_id)
        assert (report.ord_status, report.order_qty, report.leaves_qty) == (tc.OrdStatus.NEW, 1, 1)
    for near in ("70", "07", "seven"):
        assert core.submit("AAPL", "BUY", 1, 10, account="alpha", cl_ord_id=near).reason is R.NONE
    core.cancel(first)
    core.cancel(cl_ord_id="70")  # the history holds one order: the first is evicted now
    with pytest.raises(tc.StaleOrderError):
        _ = first.ord_status
    assert core.submit("AAPL", "BUY", 1, 10, account="alpha", cl_ord_id=7).reason is R.DUPLICATE_CLORDID
    refused = core.submit("AAPL", "BUY", 0, 10, account="alpha", cl_ord_id="used")
    assert refused.reason is R.QTY_BELOW_MIN
    assert core.submit("AAPL", "BUY", 1, 10, account="alpha", cl_ord_id="used").reason is R.DUPLICATE_CLORDID
    assert all(core.submit("AAPL", "BUY", 1, 10, account="alpha").reason is R.NONE for _ in range(2))  # automatic ids


def test_a_full_table_of_cl_ord_ids_refuses_new_ids_only(make_core):
    core = make_core(capacity=tc.Capacity(instruments=2, cl_ord_ids=2))
    for cl_ord_id in "ab":
        assert core.submit("AAPL", "BUY", 1, 10, cl_ord_id=cl_ord_id).reason is R.NONE
    order = core.submit("AAPL", "BUY", 1, 10, cl_ord_id="c")
    assert (order.reason, order.text) == (R.TABLE_FULL, "TABLE_FULL: its table is full: 2 of 2, the capacity cl_ord_ids")
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.NONE


def test_open_orders_have_a_maximum(make_core):
    core = make_core(capacity=tc.Capacity(instruments=2, open_orders=3))
    orders = [core.submit("AAPL", "BUY", 1, 10) for _ in range(4)]
    assert [order.reason for order in orders] == [R.NONE] * 3 + [R.MAX_OPEN_ORDERS]
    row = core.check("AAPL", "BUY", 1, 10)[R.MAX_OPEN_ORDERS]
    assert (row.value, row.limit, row.headroom, row.verdict) == (4, 3, -1, "REFUSE")
    core.cancel(orders[0])
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.NONE


# ---- the reference price

REFERENCE = [
    ({"price_collar_bps": 500}, "BUY", 100, False),
    ({"price_collar_bps": 500}, "SELL", 100, False),
    ({"price_collar_bps": 500}, "BUY", None, False),
    ({"max_order_notional": 10**6}, "SELL", None, False),
    ({"max_order_notional": 10**6}, "BUY", None, False),
    ({"max_order_notional": 10**6}, "BUY", 100, True),
    ({"max_order_notional": 10**6}, "SELL", 100, True),
    ({"max_order_qty": 10, "max_position_qty": 10, "order_rate": 10}, "BUY", None, True),
]


@pytest.mark.parametrize(("armed", "side", "price", "passes"), REFERENCE)
def test_an_armed_rule_without_a_reference_price_fails_closed(make_core, armed, side, price, passes):
    core = make_core(limits=limits(**armed))
    core.quote("XNAS", "AAPL", bid=99, bid_size=10)  # one side only: no mid
    check = core.check("AAPL", side, 1, price, venue="ARCX")
    order = core.submit("AAPL", side, 1, price, venue="ARCX")
    assert bool(check) is passes
    assert (order.reason is R.REFERENCE_PRICE_UNAVAILABLE) is not passes
    core.mark("AAPL", 100)
    assert core.submit("AAPL", side, 1, price, venue="ARCX").reason in (R.NONE, R.MARKET_LEFTOVER)


def test_the_reference_is_the_mid_else_the_last_trade_else_the_mark(make_core):
    core = make_core(limits=limits(price_collar_bps=0))
    core.mark("AAPL", 50)
    assert core.check("AAPL", "BUY", 1, 50).passed
    assert not core.check("AAPL", "BUY", 1, "50.01").passed
    core.quote("XNAS", "AAPL", bid="59.99", bid_size=1, ask="60.02", ask_size=1)  # mid 60.005: between ticks
    assert core.check("AAPL", "BUY", 1, 60).passed
    assert not core.check("AAPL", "BUY", 1, "60.01").passed
    assert core.check("AAPL", "SELL", 1, "60.01").passed
    assert not core.check("AAPL", "SELL", 1, 60).passed
    core.risk.set_limits(limits(), account="alpha")
    core.submit("AAPL", "BUY", 1, "60.02")
    core.risk.set_limits(limits(price_collar_bps=0), account="alpha")
    assert core.check("AAPL", "BUY", 1, "60.02").passed  # one side is empty: the last trade counts before the mark
    assert not core.check("AAPL", "BUY", 1, "60.03").passed


def test_a_market_order_pays_no_more_than_its_protection_price(make_core):
    book = [("SELL", "100.01"), ("SELL", 104), ("SELL", 106), ("BUY", "99.99"), ("BUY", 96), ("BUY", 94)]
    for side, prices in (("BUY", ["100.01", "104"]), ("SELL", ["99.99", "96"])):
        core = make_core(accounts=["alpha", "maker"])
        for resting_side, price in book:
            core.submit("AAPL", resting_side, 10, price, account="maker", venue="XNAS")
        core.risk.set_limits(limits(price_collar_bps=500), account="alpha")
        after = core._gate.core.event_seq
        order = core.submit("AAPL", side, 100, account="alpha")
        assert (order.reason, order.cum_qty, order.ord_status) == (R.MARKET_LEFTOVER, 20, tc.OrdStatus.CANCELED)
        traded = [r.last_px for r in core.reports(after) if r.order_id == order.order_id and r.last_px is not None]
        assert traded == [Decimal(price) for price in prices]


@pytest.mark.parametrize(("side", "within", "beyond"), [("BUY", "105.01", "105.02"), ("SELL", "95.01", "95.00")])
def test_a_protection_price_between_ticks_is_rounded_to_the_safe_side(make_core, side, within, beyond):
    core = make_core(accounts=["alpha", "maker"], venues=[tc.SimulatedVenue("XNAS")])
    for price in (within, beyond):
        core.submit("AAPL", "SELL" if side == "BUY" else "BUY", 1, price, account="maker")
    core.mark("AAPL", "100.01")  # 5 % of it: 105.0105 and 95.0095
    core.risk.set_limits(limits(price_collar_bps=500), account="alpha")
    order = core.submit("AAPL", side, 2, account="alpha")
    assert (order.cum_qty, order.avg_px, order.reason) == (1, Decimal(within), R.MARKET_LEFTOVER)


@pytest.mark.parametrize(("side", "qty", "price", "notional", "passes"), [
    ("SELL", 100, 90, 10_000, True), ("SELL", 101, 90, 10_100, False), ("SELL", 99, 102, 10_098, False),
    ("BUY", 111, 90, 9_990, True), ("BUY", 99, 102, 10_098, False), ("SELL", 101, None, 10_100, False),
    ("SELL", 100, None, 10_000, True), ("BUY", 99, None, Decimal("9900.99"), True), ("BUY", 100, None, 10_001, False),
])
def test_a_sell_counts_at_the_higher_of_limit_and_reference(make_core, side, qty, price, notional, passes):
    core = make_core(limits=limits(max_order_notional=10_000))
    core.quote("XNAS", "AAPL", **QUOTE)
    row = core.check("AAPL", side, qty, price, venue="ARCX")[R.MAX_ORDER_NOTIONAL]
    assert (row.value, row.verdict) == (notional, "PASS" if passes else "REFUSE")
    assert (core.submit("AAPL", side, qty, price, venue="ARCX").reason is R.MAX_ORDER_NOTIONAL) is not passes


def test_a_sell_counts_at_the_bid_that_it_would_hit_where_there_is_no_reference(make_core):
    """A one-sided book has no mid: a sell far below its bid would trade at the bid."""
    core = make_core(limits=limits(max_order_notional=100))
    core.quote("XNAS", "AAPL", bid=500, bid_size=1_000)
    assert core.submit("AAPL", "SELL", 1_000, "0.01").reason is R.MAX_ORDER_NOTIONAL
    assert core.check("AAPL", "SELL", 1, "0.01")[R.MAX_ORDER_NOTIONAL].value == 500


def test_a_negative_price_counts_by_its_magnitude(make_core):
    core = make_core(instruments=[tc.Instrument("CL", any_sign=True)], limits=limits(max_order_notional=1_000))
    core.quote("XNAS", "CL", bid=4, bid_size=10, ask=6, ask_size=10)
    assert core.check("CL", "SELL", 100, -100)[R.MAX_ORDER_NOTIONAL].value == 10_000
    assert core.submit("CL", "SELL", 100, -100).reason is R.MAX_ORDER_NOTIONAL


def test_a_notional_just_over_the_limit_is_shown_over_the_limit(make_core):
    core = make_core(instruments=[tc.Instrument("X", tick_size="0.0001", lot_size="0.0001")],
                     limits=limits(max_order_notional=1))
    row = core.check("X", "BUY", "10000.0001", "0.0001")[R.MAX_ORDER_NOTIONAL]
    assert (row.value, row.headroom, row.verdict) == (Decimal("1.00000001"), Decimal("-0.00000001"), "REFUSE")


def test_a_market_buy_counts_at_its_protection_price(make_core):
    core = make_core(limits=limits(max_order_notional=10_500, price_collar_bps=500))
    core.quote("XNAS", "AAPL", **QUOTE)
    assert core.check("AAPL", "BUY", 100)[R.MAX_ORDER_NOTIONAL].value == 10_500
    assert core.submit("AAPL", "BUY", 101).reason is R.MAX_ORDER_NOTIONAL
    assert core.submit("AAPL", "BUY", 100).reason is R.NONE


# ---- rates

def test_the_order_rate_is_a_strict_sliding_window(make_core, clock):
    core = make_core(limits=limits(order_rate=3, order_rate_window_ms=1000))

    def sent(at):
        clock.now = T0 + at
        check = core.check("AAPL", "BUY", 1, 10)
        passed = core.submit("AAPL", "BUY", 1, 10).reason is R.NONE
        assert check.passed == passed
        return check[R.ORDER_RATE].value, passed

    assert [sent(0), sent(1), sent(1)] == [(1, True), (2, True), (3, True)]
    assert sent(SECOND - 1) == (4, False)
    assert sent(SECOND) == (3, True)  # the first is exactly one window old: it counts no more
    assert sent(SECOND) == (4, False)
    assert sent(SECOND + 1) == (2, True)
    assert sent(SECOND + 1) == (3, True)
    assert sent(2 * SECOND - 1) == (4, False)
    assert sent(2 * SECOND) == (3, True)


def test_only_orders_that_pass_count_for_the_rate_and_cancels_are_free(make_core):
    core = make_core(limits=limits(order_rate=2, max_order_qty=10))
    assert {core.submit("AAPL", "BUY", 11, 10).reason for _ in range(5)} == {R.MAX_ORDER_QTY}
    assert {core.submit("AAPL", "BUY", 0, 10).reason for _ in range(5)} == {R.QTY_BELOW_MIN}
    orders = [core.submit("AAPL", "BUY", 1, 10) for _ in range(3)]
    assert [order.reason for order in orders] == [R.NONE, R.NONE, R.ORDER_RATE]
    assert core.cancel(orders[0]).exec_type is tc.ExecType.CANCELED
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.ORDER_RATE


def test_the_rate_is_each_accounts_own_and_the_clock_never_goes_back(make_core, clock):
    core = make_core(accounts=["alpha", "beta"], limits=limits(order_rate=1))
    assert core.submit("AAPL", "BUY", 1, 10, account="alpha").reason is R.NONE
    assert core.submit("AAPL", "BUY", 1, 10, account="beta").reason is R.NONE
    clock.now = T0 - 5 * SECOND
    assert core.submit("AAPL", "BUY", 1, 10, account="alpha").reason is R.ORDER_RATE
    assert core.submit("AAPL", "BUY", 1, 10, account="alpha", transact_time=T0 + SECOND).reason is R.NONE


# ---- positions, working orders and holds

def test_the_position_limit_counts_what_works_on_the_orders_side(make_core):
    core = make_core(limits=limits(max_position_qty=100))
    core.submit("AAPL", "BUY", 60, 10)
    assert core.submit("AAPL", "BUY", 41, 10).reason is R.MAX_POSITION_QTY
    assert core.submit("AAPL", "SELL", 101, 20).reason is R.MAX_POSITION_QTY
    assert core.submit("AAPL", "SELL", 100, 20).reason is R.NONE  # working buys don't make room, nor take it
    assert core.submit("AAPL", "BUY", 40, 10).reason is R.NONE
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.MAX_POSITION_QTY


@pytest.mark.parametrize(("position", "orders"), [
    (100, [("BUY", 1, False), ("SELL", 100, True), ("SELL", 50, True), ("SELL", 1, False)]),
    (-100, [("SELL", 1, False), ("BUY", 100, True), ("BUY", 50, True), ("BUY", 1, False)]),
    (100, [("SELL", 151, False), ("SELL", 150, True)]),
    (50, [("BUY", 1, False), ("SELL", 100, True), ("SELL", 1, False)]),
])
def test_an_order_that_only_reduces_is_exempt_from_the_position_limit(make_core, position, orders):
    core = make_core(limits=limits(max_position_qty=50))
    core.positions.open_position("AAPL", position, 10)
    for side, qty, passes in orders:
        order = core.submit("AAPL", side, qty, 10 if side == "BUY" else 20)
        assert (order.reason is R.NONE) is passes, (side, qty)


HOLDS = [  # what an order is given, what it then holds, what it has filled
    ({"price": 99}, 100, 0),
    ({"price": 101}, 70, 30),
    ({"price": 101, "time_in_force": "IOC"}, 0, 30),
    ({"price": 101, "time_in_force": "FOK"}, 0, 0),
    ({"price": 101, "post_only": True}, 0, 0),
    ({"price": 100, "post_only": True}, 100, 0),
    ({}, 0, 30),
    ({"price": "101.001"}, 0, 0),
]


@pytest.mark.parametrize(("given", "held", "filled"), HOLDS)
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_hold_is_what_still_works_and_a_cancel_releases_it(make_core, side, given, held, filled):
    core = make_core(venues=[tc.SimulatedVenue("XNAS")])
    core.quote("XNAS", "AAPL", **{"ask" if side == "BUY" else "bid": 101, "ask_size" if side == "BUY" else "bid_size": 30})
    if side == "SELL" and "price" in given:
        given = {**given, "price": Decimal(202) - Decimal(given["price"])}
    order = core.submit("AAPL", side, 100, **given)
    position = core.position("AAPL")
    signed = filled if side == "BUY" else -filled
    assert (position.qty, position.working_buy_qty, position.working_sell_qty) == (
        signed, held if side == "BUY" else 0, held if side == "SELL" else 0)
    assert (order.cum_qty, order.leaves_qty) == (filled, held)
    if held:
        core.cancel(order)
    position = core.position("AAPL")
    assert (position.qty, position.working_buy_qty, position.working_sell_qty) == (signed, 0, 0)


# ---- check()

def test_check_tells_every_rule_with_value_limit_and_headroom(make_core):
    core = make_core(limits=limits(max_order_qty=10, max_order_notional=2_000, price_collar_bps=100, max_position_qty=15,
                                   order_rate=5))
    core.quote("XNAS", "AAPL", **QUOTE)
    result = core.check("AAPL", "BUY", 20, 102, venue="ARCX")
    assert sorted(row.rule for row in result) == [
        *(reason for reason in R if 201 <= reason <= R.TRADING_STATE), R.REPEATED_EXECUTION, R.CONSECUTIVE_REJECTS,
        R.MAX_LEVERAGE, R.CONCENTRATION, R.INSUFFICIENT_MARGIN, R.SHORT_SALE, R.INSUFFICIENT_POSITION, R.INSUFFICIENT_FUNDS, R.CREDIT_LIMIT, R.OPEN_ORDERS_LIMIT, R.GROUP_EXPOSURE, R.STRATEGY_LOSS]
    D = Decimal  # noqa: N806
    told = (R.MAX_OPEN_ORDERS, R.MAX_ORDER_QTY, R.MAX_ORDER_NOTIONAL, R.PRICE_COLLAR, R.MAX_POSITION_QTY, R.ORDER_RATE)
    assert [tuple(result[reason])[1:] for reason in told] == [
        (1, 2048, 2047, "PASS"), (D(20), D(10), D(-10), "REFUSE"), (D(2040), D(2000), D(-40), "REFUSE"),
        (200, 100, -100, "REFUSE"), (D(20), D(15), D(-5), "REFUSE"), (1, 5, 4, "PASS"),
    ]
    assert not result
    assert "MAX_ORDER_QTY" in str(result)


def test_check_changes_nothing_and_agrees_with_submit(make_core, clock):
    seeded = random.Random(11)
    armed = limits(max_order_qty=50, max_order_notional=4_500, price_collar_bps=300, max_position_qty=70, order_rate=4)
    core = make_core(limits=armed, capacity=tc.Capacity(instruments=2, open_orders=6))
    seen, same, first = set(), None, None
    for step in range(400):
        clock.now += seeded.choice([0, 1, 200_000_000])
        if step % 10 == 5:
            mid = seeded.randint(90, 110)
            core.quote("XNAS", "AAPL", bid=mid - 1, bid_size=40, ask=mid + 1, ask_size=40)
        order = {
            "side": seeded.choice(["BUY", "SELL"]), "qty": seeded.choice([1, 10, 49, 50, 51]),
            "price": seeded.choice([None, *range(90, 112)]), "cl_ord_id": seeded.choice([None, None, str(step), "same"]),
            "time_in_force": seeded.choice(["DAY", "IOC"]),
        }
        hashes = core.state_hash(), core.event_hash
        refused = [row.rule for row in core.check("AAPL", **order) if row.verdict == "REFUSE"]
        assert (core.state_hash(), core.event_hash) == hashes
        answered = core.submit("AAPL", **order)
        reason = answered.reason
        if order == same:  # the same order again is told how the first one stands
            assert refused[0] is R.DUPLICATE_CLORDID
            assert answered == first
            continue
        if order["cl_ord_id"] == "same" and same is None:
            same, first = order, answered
        assert (reason if 200 < reason < 300 else None) == (refused[0] if refused else None)
        seen.add(reason)
        if seeded.random() < 0.2:
            core.cancel(order_id=seeded.randint(1, 2 * step + 2))
    assert seen >= {R.NONE, R.DUPLICATE_CLORDID, R.MAX_OPEN_ORDERS, R.REFERENCE_PRICE_UNAVAILABLE, R.MAX_ORDER_QTY,
                    R.MAX_ORDER_NOTIONAL, R.PRICE_COLLAR, R.MAX_POSITION_QTY, R.ORDER_RATE}


def test_check_with_a_full_table_of_ids_is_told_what_submit_is_told(make_core):
    core = make_core(capacity=tc.Capacity(instruments=2, cl_ord_ids=1))
    core.submit("AAPL", "BUY", 1, 10, cl_ord_id="a")
    asked_first = core.check("AAPL", "BUY", 1, 10, cl_ord_id="b").passed
    assert asked_first == (core.submit("AAPL", "BUY", 1, 10, cl_ord_id="b").reason is R.NONE)


def test_a_limit_that_the_capacity_can_not_hold_is_refused_whole(make_core):
    core = make_core(capacity=tc.Capacity(instruments=2, order_rate=4))
    hashes = core.state_hash(), core.event_hash
    with pytest.raises(ValueError, match="order_rate 5 exceeds the capacity order_rate 4"):
        core.risk.set_limits(limits(order_rate=5), account="alpha")
    assert (core.state_hash(), core.event_hash) == hashes


def test_the_table_alone_takes_times_that_rise_and_references_that_can_be(table):
    """What counts in a window knows no earlier time, and a collar no price beyond what prices can be."""
    orders = asked((1, 1, 100), (1, 1, 100), time=0)
    for times, reference2, says in (
        ((5, 4), NO_PRICE, "transact_time 4 must be 5 to"), ((5, TIME_MAX + 1), NO_PRICE, f"must be 5 to {TIME_MAX}"),
        ((-1, 0), NO_PRICE, "transact_time -1 must be 0 to"), ((5, 5), 2 * PRICE_MAX + 1, f"reference2 {2 * PRICE_MAX + 1} must be"),
    ):
        orders["transact_time"] = times
        with pytest.raises(ValueError, match=says):
            table.admit(orders, reference2)
        assert table.exposure(1, 1) == (0, 0, 0)
    orders["transact_time"] = 5, TIME_MAX
    assert not table.admit(orders, 2 * PRICE_MAX).any()
    orders["transact_time"] = TIME_MAX - 1
    with pytest.raises(ValueError, match="transact_time"):
        table.check(orders[:1].tobytes(), NO_PRICE)
    orders["transact_time"] = TIME_MAX
    with pytest.raises(ValueError, match="reference2"):
        table.check(orders[:1].tobytes(), -2 * PRICE_MAX - 1)
    assert not any(found.refused for found in table.check(orders[:1].tobytes(), NO_PRICE))

"""Risk by its stated rules, where both twins could be wrong alike: which way a number is rounded, what is asked again of
an order that was asked about before, and the window of a rate that is only observed."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from conftest import T0, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS, COMMAND_DTYPES, LIMIT_OFF, POSITION_MAX, QTY_MAX
from tradecore.vocabulary.rules import RULES, LimitUnit, Sent
from tradecore.vocabulary.units import read_told

D = Decimal
R = tc.Reason
SECOND = 1_000_000_000

# ---- the protection price: a MARKET order never trades beyond its collar, so it is rounded towards the reference

COARSE = {"tick_size": "0.01", "price_precision": 2}  # a price unit is a tick: what is between two is rounded once
FINE = {"tick_size": "0.01"}  # a hundred units to the tick
BELOW_ZERO = {**COARSE, "any_sign": True}
# instrument, mark, collar in bps, side, the worst tick that is within, the next one, and what the collar says exactly
PROTECTED = [
    (COARSE, "99.99", 500, "SELL", "95.00", "94.99", "94.9905"),
    (COARSE, "99.99", 500, "BUY", "104.98", "104.99", "104.9895"),
    (COARSE, "100.01", 500, "SELL", "95.01", "95.00", "95.0095"),
    (COARSE, "100.01", 500, "BUY", "105.01", "105.02", "105.0105"),
    (COARSE, "100.00", 500, "SELL", "95.00", "94.99", "95"),
    (COARSE, "100.00", 500, "BUY", "105.00", "105.01", "105"),
    (COARSE, "0.03", 3_333, "SELL", "0.03", "0.02", "0.020001"),
    (COARSE, "0.03", 3_333, "BUY", "0.03", "0.04", "0.039999"),
    (COARSE, "5.00", 1, "SELL", "5.00", "4.99", "4.9995"),
    (COARSE, "5.00", 1, "BUY", "5.00", "5.01", "5.0005"),
    (COARSE, "5.00", 0, "SELL", "5.00", "4.99", "5"),
    (COARSE, "5.00", 0, "BUY", "5.00", "5.01", "5"),
    (FINE, "99.99", 500, "SELL", "95.00", "94.99", "94.9905"),
    (FINE, "99.99", 500, "BUY", "104.98", "104.99", "104.9895"),
    (FINE, "33.33", 1, "SELL", "33.33", "33.32", "33.326667"),
    (FINE, "33.33", 1, "BUY", "33.33", "33.34", "33.333333"),
    (BELOW_ZERO, "0.50", 10_500, "SELL", "-0.02", "-0.03", "-0.025"),
    (BELOW_ZERO, "0.50", 10_500, "BUY", "1.02", "1.03", "1.025"),
    (BELOW_ZERO, "0.01", 10_001, "SELL", "0.00", "-0.01", "-0.000001"),
]


@pytest.mark.parametrize(("instrument", "mark", "bps", "side", "within", "beyond", "exact"), PROTECTED)
def test_a_protection_price_is_rounded_towards_the_reference(make_core, instrument, mark, bps, side, within, beyond, exact):
    safe, step = (-1, "0.01") if side == "BUY" else (1, "-0.01")
    assert (D(within) - D(exact)) * safe >= 0 > (D(beyond) - D(exact)) * safe
    assert D(beyond) - D(within) == D(step)
    core = make_core(instruments=[tc.Instrument("X", **instrument)], accounts=["alpha", "maker"],
                     venues=[tc.SimulatedVenue("XNAS")])
    for price in (within, beyond):
        core.submit("X", "SELL" if side == "BUY" else "BUY", 1, price, account="maker")
    core.mark("X", mark)
    core.risk.set_limits(limits(price_collar_bps=bps), account="alpha")
    order = core.submit("X", side, 2, account="alpha")
    assert (order.cum_qty, order.avg_px, order.reason) == (1, D(within), R.MARKET_LEFTOVER)


@pytest.mark.parametrize(("side", "within", "beyond"), [("SELL", "95.00", "94.99"), ("BUY", "104.99", "105.00")])
def test_a_mid_between_two_units_is_protected_from_exactly_there(make_core, side, within, beyond):
    """The mid of 99.99 and 100.00 is 99.995: 5 % of it leave 94.99525 and 104.99475."""
    core = make_core(instruments=[tc.Instrument("X", **COARSE)], accounts=["alpha", "maker"])
    core.quote("XNAS", "X", bid="99.99", bid_size=1, ask="100.00", ask_size=1)
    for price in (within, beyond):
        core.submit("X", "SELL" if side == "BUY" else "BUY", 1, price, account="maker", venue="ARCX")
    core.risk.set_limits(limits(price_collar_bps=500), account="alpha")
    order = core.submit("X", side, 2, account="alpha", venue="ARCX")
    assert (order.cum_qty, order.avg_px, order.reason) == (1, D(within), R.MARKET_LEFTOVER)


def test_a_protection_price_is_one_of_the_prices_that_there_are(make_core):
    """The collar of the highest price that can be asked is above it: a MARKET buy counts at that price, not beyond."""
    core = make_core(instruments=[tc.Instrument("X", **COARSE)], limits=limits(price_collar_bps=500, max_order_notional=10**14))
    core.mark("X", "1e14")
    row = core.check("X", "BUY", 1)[R.MAX_ORDER_NOTIONAL]
    assert (row.value, row.verdict) == (10**14, "PASS")


# Of losses, equity and funds, what fills cost is not told to the room alone, nor of open orders, when they end. Every other rule that an account has.
NOT_ALONE = [row for row in RULES if tc.Scope.ACCOUNT in row.scopes and (row.on_loss or row.on_equity or row.on_funds or row.counts & Sent.OPEN)]
OF_AN_ACCOUNT = [row for row in RULES if tc.Scope.ACCOUNT in row.scopes and row not in NOT_ALONE]


@pytest.mark.parametrize("row", OF_AN_ACCOUNT, ids=lambda row: row.rule.name)
def test_each_limit_may_be_as_large_as_its_bound(room, row):
    table, most = room("risk").RiskTable(accounts=1, instruments=1, order_rate=4), row.most if row.most >= 0 else 4
    table.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A").definition(1)))
    order = tc.new_orders(1)
    order["instrument"], order["account"], order["side"], order["order_qty"], order["price"] = 1, 1, 1, 1, 1
    for limit in (most, 0, LIMIT_OFF):
        table.set_limit(1, row.rule, limit, SECOND)
        (found,) = [f for f in table.check(order.tobytes(), 2) if f.reason == row.reason]
        is_asked = Sent.NEW in row.asks and limit >= 0
        told = 0 if row.unit is LimitUnit.FLAG else limit if is_asked else LIMIT_OFF
        assert (read_told(found.limit), found.armed) == (told, is_asked)
    for wrong in (most + 1, LIMIT_OFF - 1):
        with pytest.raises(ValueError, match="can't be"):
            table.set_limit(1, row.rule, wrong, SECOND)


@pytest.mark.parametrize("row", NOT_ALONE, ids=lambda row: row.rule.name)
def test_the_room_alone_has_no_losses_and_no_open_orders(room, row):
    table = room("risk").RiskTable(accounts=1, instruments=1, order_rate=4)
    table.set_limit(1, row.rule, LIMIT_OFF)
    with pytest.raises(ValueError, match="can't be 5"):
        table.set_limit(1, row.rule, 5)


# ---- the reference of a collar is exact, and positive

HALF = [  # the mid of 3.12 and 3.13 is 3.125: one of the two is exactly 16 bps away from it
    (16, "BUY", "3.13", True), (15, "BUY", "3.13", False), (16, "SELL", "3.12", True), (15, "SELL", "3.12", False),
    (16, "BUY", "3.14", False), (16, "SELL", "3.11", False), (0, "BUY", "3.12", True), (0, "SELL", "3.13", True),
]


@pytest.mark.parametrize(("bps", "side", "price", "passes"), HALF)
def test_a_collar_around_a_mid_between_two_units_starts_exactly_there(make_core, bps, side, price, passes):
    core = make_core(instruments=[tc.Instrument("X", **COARSE)], limits=limits(price_collar_bps=bps))
    core.quote("XNAS", "X", bid="3.12", bid_size=1, ask="3.13", ask_size=1)
    assert core.submit("X", side, 1, price, venue="ARCX").reason is (R.NONE if passes else R.PRICE_COLLAR)


NOT_POSITIVE = [{"mark": 0}, {"mark": "-0.01"}, {"bid": "-0.01", "ask": "0.01"}, {"bid": "-0.02", "ask": "0.01"}]


@pytest.mark.parametrize("market", NOT_POSITIVE)
@pytest.mark.parametrize(("armed", "side", "price", "passes"), [
    ({"price_collar_bps": 500}, "BUY", 5, False), ({"price_collar_bps": 500}, "SELL", -5, False),
    ({"price_collar_bps": 500}, "BUY", None, False), ({"max_order_notional": 10}, "SELL", None, False),
    ({"max_order_notional": 10}, "BUY", 5, True),
])
def test_a_reference_that_is_not_positive_is_none(make_core, market, armed, side, price, passes):
    """Basis points of it bound nothing: what is armed and can't be evaluated refuses."""
    core = make_core(instruments=[tc.Instrument("X", **BELOW_ZERO)], limits=limits(**armed))
    if "mark" in market:
        core.mark("X", market["mark"])
    else:
        core.quote("XNAS", "X", **market, bid_size=1, ask_size=1)
    order = core.submit("X", side, 1, price, venue="ARCX")
    assert order.reason is (R.NONE if passes else R.REFERENCE_PRICE_UNAVAILABLE)


@pytest.mark.parametrize(("side", "price", "counts_at"), [
    ("BUY", 90, 90), ("BUY", 110, 110), ("SELL", 90, 100), ("SELL", 110, 110), ("BUY", None, 150), ("SELL", None, 100),
])
def test_a_buy_counts_at_its_limit_also_where_a_collar_asks_for_the_reference(make_core, side, price, counts_at):
    """The reference is 100, the collar 50 %: only a MARKET buy counts at what it may pay."""
    core = make_core(limits=limits(price_collar_bps=5_000, max_order_notional=10 * counts_at))
    core.mark("AAPL", 100)
    row = core.check("AAPL", side, 10, price)[R.MAX_ORDER_NOTIONAL]
    assert (row.value, row.headroom, row.verdict) == (10 * counts_at, 0, "PASS")
    assert core.submit("AAPL", side, 11, price).reason is R.MAX_ORDER_NOTIONAL


# ---- the window of a rate that is only observed: the same one, but every order passes, so every order counts

OBSERVED_RATE = [  # ns since the first order; how many are then in the window, this one too; whether 2 are exceeded
    (0, 1, False), (0, 2, False), (0, 3, True), (249_999_999, 4, True),
    (250_000_000, 2, False),  # the first three are one window old: they count no more
    (250_000_000, 3, True),
    (499_999_998, 4, True), (499_999_999, 4, True),  # that of 249_999_999 has left
    (500_000_000, 3, True),  # 499_999_998, 499_999_999 and this one
    (749_999_998, 3, True), (749_999_999, 3, True), (1_000_000_000, 1, False),
]


def test_an_observed_rate_has_the_window_that_it_would_have_if_it_were_enforced(make_core, clock):
    core = make_core(limits=limits(order_rate=2, order_rate_window_ms=250), features=tc.Features(order_rate="observe"))
    for at, count, exceeds in OBSERVED_RATE:
        clock.now = T0 + at
        row = core.check("AAPL", "BUY", 1, 10)[R.ORDER_RATE]
        assert (row.value, row.limit, row.headroom, row.verdict) == (count, 2, 2 - count, "OBSERVE" if exceeds else "PASS"), at
        reader = core.reports()
        assert core.submit("AAPL", "BUY", 1, 10).ord_status is tc.OrdStatus.NEW
        observed = [r.text for r in reader if r.report_type is tc.ReportType.RISK_OBSERVED]
        assert observed == ([f"ORDER_RATE: orders in the window {count} would exceed 2 (account alpha)"] if exceeds else []), at


def test_a_rate_enforced_again_counts_what_was_sent_while_it_was_observed(make_core, clock):
    core = make_core(limits=limits(order_rate=2), features=tc.Features(order_rate="observe"))
    for _ in range(3):
        assert core.submit("AAPL", "BUY", 1, 10).reason is R.NONE
    rate = np.zeros(1, COMMAND_DTYPES[tc.CommandType.SET_LIMIT])
    rate["limit_scope"] = tc.Scope.ACCOUNT
    rate["kind"], rate["account"], rate["rule"], rate["value"], rate["window_ns"] = tc.CommandType.SET_LIMIT, 1, tc.Rule.ORDER_RATE, 2, SECOND
    core.submit_batch(rate)
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.ORDER_RATE
    clock.now += SECOND
    assert core.submit("AAPL", "BUY", 1, 10).reason is R.NONE


@pytest.mark.parametrize(("mode", "value", "refused", "verdict"), [
    (tc.LimitMode.ENFORCE, 100, R.MAX_ORDER_QTY, "REFUSE"), (tc.LimitMode.ENFORCE, 101, R.NONE, "PASS"),
    (tc.LimitMode.ENFORCE, None, R.NONE, "OFF"), (tc.LimitMode.OBSERVE, None, R.NONE, "OFF"),
])
def test_a_limit_that_was_observed_is_observed_no_more_once_it_is_set_anew(make_core, mode, value, refused, verdict):
    core = make_core(limits=limits(max_order_qty=10), features=tc.Features(max_order_qty="observe"))
    rule = np.zeros(1, COMMAND_DTYPES[tc.CommandType.SET_LIMIT])
    rule["limit_scope"] = tc.Scope.ACCOUNT
    rule["kind"], rule["account"], rule["rule"], rule["mode"] = tc.CommandType.SET_LIMIT, 1, tc.Rule.MAX_ORDER_QTY, mode
    rule["value"] = 2**64 - 1 if value is None else value * 10**9  # -1 is in two words
    rule["value_high"] = -1 if value is None else 0
    core.submit_batch(rule)
    assert core.check("AAPL", "BUY", 101, 10)[R.MAX_ORDER_QTY].verdict == verdict
    reader = core.reports()
    assert core.submit("AAPL", "BUY", 101, 10).reason is refused
    assert [r.report_type for r in reader] == [tc.ReportType.EXECUTION_REPORT]


# ---- an order that was asked about before is not counted again

EXT = tc.ExternalVenue("EXT")


@pytest.fixture
def crowded(make_core):
    """A stop at 105 and a resting order, where two orders may be open: a bust has brought a third one back."""
    core = make_core(venues=[EXT, tc.SimulatedVenue("SIM")], capacity=small_capacity(open_orders=2, order_history=4))
    core.quote("SIM", "AAPL", bid=99, bid_size=50, ask=100, ask_size=50)
    busted = core.submit("AAPL", "BUY", 1, 90, venue="EXT")
    core.execution.on_execution_report("EXT", "TRADE", order_id=busted.order_id, exec_id="t", last_qty=1, last_px=90)
    stop = core.submit("AAPL", "BUY", 10, stop_px=105, trigger_price_type="BEST_OFFER", venue="SIM")
    rests = core.submit("AAPL", "BUY", 10, 95, venue="SIM")
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t", "b")
    assert core.metrics()["open_orders"] == 3
    assert core.submit("AAPL", "BUY", 1, 90, venue="SIM").reason is R.MAX_OPEN_ORDERS
    return core, stop, rests


def test_a_triggered_order_does_not_count_against_the_open_orders_again(crowded):
    core, stop, _ = crowded
    core.quote("SIM", "AAPL", bid=104, bid_size=50, ask=105, ask_size=50)
    assert (stop.ord_status, stop.cum_qty, stop.avg_px) == (tc.OrdStatus.FILLED, 10, 105)


@pytest.mark.parametrize("asked", [{"price": 96}, {"price": 94, "qty": 9}, {"qty": 9}])
def test_a_replace_that_asks_for_no_more_does_not_count_against_the_open_orders_again(crowded, asked):
    core, _, rests = crowded
    assert core.replace(rests, **asked).exec_type is tc.ExecType.REPLACED
    assert (rests.price, rests.order_qty) == (asked.get("price", 95), asked.get("qty", 10))


def test_a_triggered_order_does_not_count_for_the_rate_again(make_core, clock):
    core = make_core(limits=limits(order_rate=2))
    core.quote("XNAS", "AAPL", bid=99, bid_size=50, ask=100, ask_size=50)
    stop = core.submit("AAPL", "BUY", 10, stop_px=105, trigger_price_type="BEST_OFFER")
    clock.now += 1
    assert core.submit("AAPL", "BUY", 1, 90).reason is R.NONE
    core.quote("XNAS", "AAPL", bid=104, bid_size=50, ask=105, ask_size=50)  # two are in the window: it was one of them
    assert stop.ord_status is tc.OrdStatus.FILLED
    clock.now += SECOND - 1  # the stop has left the window, at the time when it was sent
    assert core.submit("AAPL", "BUY", 1, 90).reason is R.NONE
    assert core.submit("AAPL", "BUY", 1, 90).reason is R.ORDER_RATE


@pytest.mark.parametrize(("asked", "passes"), [
    ({"price": 11}, True), ({"qty": 79}, True), ({"qty": 79, "price": 11}, True), ({"qty": 80, "price": 9}, True),
    ({"qty": 81}, False), ({"qty": 81, "price": 9}, False),
])
def test_a_replace_is_held_against_the_position_limit_for_its_increase_only(make_core, asked, passes):
    """80 work where by now 50 may: they may be moved and made less."""
    core = make_core(limits=limits(max_position_qty=100))
    order = core.submit("AAPL", "BUY", 80, 10)
    core.risk.set_limits(limits(max_position_qty=50), account="alpha")
    assert core.replace(order, **asked).reason is (R.NONE if passes else R.MAX_POSITION_QTY)
    assert core.position("AAPL").working_buy_qty == order.leaves_qty == (asked.get("qty", 80) if passes else 80)


# ---- what may only reduce is held against the position that it reduces, for what it has left

REDUCING = [(10, "SELL", 10, None), (10, "SELL", 11, 10), (10, "BUY", 1, 0), (-10, "BUY", 10, None), (-10, "BUY", 11, 10),
            (-10, "SELL", 1, 0), (0, "BUY", 1, 0), (0, "SELL", 1, 0)]


@pytest.mark.parametrize(("position", "side", "qty", "bound"), REDUCING)
def test_a_reduce_only_order_is_on_the_other_side_of_its_position_and_no_larger(make_core, position, side, qty, bound):
    core = make_core()
    if position:
        core.positions.open_position("AAPL", position, 10)
    order = core.submit("AAPL", side, qty, 10, reduce_only=True)
    assert order.reason is (R.NONE if bound is None else R.REDUCE_ONLY_VIOLATION)
    if bound is not None:
        assert order.text == f"REDUCE_ONLY_VIOLATION: order_qty {qty} exceeds the position {bound} that it may only reduce"


def test_a_reduce_only_order_that_has_traded_is_held_against_the_position_for_its_rest(make_core):
    core = make_core(venues=[tc.SimulatedVenue("XNAS")])
    core.positions.open_position("AAPL", 100, 10)
    order = core.submit("AAPL", "SELL", 100, 20, reduce_only=True)
    core.quote("XNAS", "AAPL", bid=20, bid_size=40)
    assert (order.cum_qty, core.position("AAPL").qty) == (40, 60)
    assert core.replace(order, price=21).exec_type is tc.ExecType.REPLACED  # 60 are left, of 60 held
    assert core.replace(order, qty=101, price=22).reason is R.REDUCE_ONLY_VIOLATION
    assert (order.order_qty, order.price, order.leaves_qty) == (100, 21, 60)


# ---- overflow: what would be held beyond the bound is refused; what is held is no news, and trades are never refused


@pytest.fixture
def brimful(make_core):
    """A position of POSITION_MAX - 30, a stop and an order that rest for 10 each; then 15 more than were ordered trade.

    So the position and all that works would be 5 beyond the bound, and the room for more was 10.
    """
    core = make_core(venues=[EXT, tc.SimulatedVenue("SIM")])
    core.positions.open_position("AAPL", QTY_MAX, 1)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 99, 1)
    core.execution.set_session("AAPL", "OPEN")
    core.quote("SIM", "AAPL", bid=2, bid_size=50, ask=3, ask_size=50)
    last = core.submit("AAPL", "BUY", QTY_MAX - 30, "0.01", venue="EXT")
    core.execution.on_execution_report("EXT", "TRADE", order_id=last.order_id, exec_id="t", last_qty=QTY_MAX - 30, last_px="0.01")
    assert core.position("AAPL").qty == POSITION_MAX - 30
    stop = core.submit("AAPL", "BUY", 10, stop_px=5, trigger_price_type="BEST_OFFER", venue="SIM")
    rests = core.submit("AAPL", "BUY", 10, 1, venue="SIM")
    refused = core.submit("AAPL", "BUY", 11, 1, venue="SIM")
    assert (refused.reason, refused.text) == (
        R.ARITHMETIC_OVERFLOW, f"ARITHMETIC_OVERFLOW: {POSITION_MAX + 1} is beyond the largest amount {POSITION_MAX}")
    assert core.check("AAPL", "BUY", 10, 1).passed
    core.execution.on_execution_report("EXT", "TRADE", order_id=last.order_id, exec_id="u", last_qty=15, last_px=1)
    return core, stop, rests


def test_a_triggered_order_is_let_go_though_trades_have_left_no_room_for_more(brimful):
    core, stop, _ = brimful
    core.quote("SIM", "AAPL", bid=4, bid_size=50, ask=5, ask_size=50)
    assert (stop.ord_status, stop.cum_qty, core.position("AAPL").qty) == (tc.OrdStatus.FILLED, 10, POSITION_MAX - 5)


BEYOND = [  # what is asked of the order that rests, or as a new one, and whether it would hold more
    ("replace", {"price": "1.01"}, True), ("replace", {"qty": 9}, True), ("replace", {"qty": 9, "price": "0.99"}, True),
    ("replace", {"qty": 11}, False), ("submit", {"side": "BUY", "qty": 1, "price": 1}, False),
    ("submit", {"side": "SELL", "qty": QTY_MAX // 100, "price": 4}, True),
]


@pytest.mark.parametrize(("method", "asked", "passes"), BEYOND)
def test_only_what_would_hold_more_is_refused_beyond_the_bound(brimful, method, asked, passes):
    core, _, rests = brimful
    if method == "submit":
        found = core.submit("AAPL", asked["side"], asked["qty"], asked["price"], venue="SIM").reason
    else:
        found = core.replace(rests, **asked).reason
    assert found is (R.NONE if passes else R.ARITHMETIC_OVERFLOW)


# ---- texts: a number that exceeds a bound is shown above it, one that falls short below it, however near they are

HAIR = {"tick_size": "0.00001", "lot_size": "0.00001"}  # notionals of 1e-10, told with 9 decimals
# instrument, limits, order, reason, (value, bound) in the text: the value exactly, then as it is told
NEAR = [
    ({"min_notional": 1}, {}, ("BUY", "99999.99999", "0.00001"), R.NOTIONAL_BELOW_MIN, ("0.9999999999", "0.999999999", "1")),
    ({"min_notional": 1}, {}, ("SELL", "0.9999", "1"), R.NOTIONAL_BELOW_MIN, ("0.9999", "0.9999", "1")),
    ({"max_notional": 1}, {}, ("BUY", "100000.00001", "0.00001"), R.NOTIONAL_ABOVE_MAX, ("1.0000000001", "1.000000001", "1")),
    ({"max_notional": 1}, {}, ("SELL", "1.0001", "1"), R.NOTIONAL_ABOVE_MAX, ("1.0001", "1.0001", "1")),
    ({}, {"max_order_notional": 1}, ("BUY", "100000.00001", "0.00001"), R.MAX_ORDER_NOTIONAL, ("1.0000000001", "1.000000001", "1")),
    ({}, {"max_order_notional": 1}, ("SELL", "0.0101", "1"), R.MAX_ORDER_NOTIONAL, ("1.01", "1.01", "1")),
    ({}, {"price_collar_bps": 500}, ("BUY", "1", "105.0001"), R.PRICE_COLLAR, ("500.01", "501", "500")),
    ({}, {"price_collar_bps": 500}, ("SELL", "1", "94.9999"), R.PRICE_COLLAR, ("500.01", "501", "500")),
    ({}, {"price_collar_bps": 500}, ("BUY", "1", "105.0100"), R.PRICE_COLLAR, ("501", "501", "500")),
]


@pytest.mark.parametrize(("instrument", "armed", "order", "reason", "says"), NEAR)
def test_a_text_shows_a_refused_number_on_the_refused_side(make_core, instrument, armed, order, reason, says):
    exact, told, bound = (D(number) for number in says)
    wrong = -1 if reason is R.NOTIONAL_BELOW_MIN else 1
    assert (told - exact) * wrong >= 0 < (exact - bound) * wrong
    core = make_core(instruments=[tc.Instrument("X", **HAIR, **instrument)], limits=limits(**armed))
    core.mark("X", 100)
    refused = core.submit("X", *order)
    (report,) = core.orders.order_history(refused)
    for text in (refused.text, report.text):
        assert text.startswith(f"{reason.name}: ")
        assert [D(number) for number in re.findall(r"\d+\.?\d*", text)] == [told, bound]


def test_a_notional_half_a_unit_over_its_limit_is_shown_over_it(make_core):
    """A sell counts at the mid of 0.00001 and 0.00002, between two units: 66666.66667 x 0.000015 is 1.00000000005."""
    core = make_core(instruments=[tc.Instrument("X", tick_size="0.00001", price_precision=5, lot_size="0.00001")],
                     limits=limits(max_order_notional=1))
    core.quote("XNAS", "X", bid="0.00001", bid_size=1, ask="0.00002", ask_size=1)
    for qty, told, verdict in (("66666.66666", 1, "PASS"), ("66666.66667", D("1.000000001"), "REFUSE")):
        row = core.check("X", "SELL", qty, "0.00001", venue="ARCX")[R.MAX_ORDER_NOTIONAL]
        assert (row.value, row.verdict) == (told, verdict), qty

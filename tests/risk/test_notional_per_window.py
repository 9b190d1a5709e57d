"""What orders and replaces may be worth in a window, by scope: on an instrument in its currency, elsewhere in the base
currency; what is not known is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import small_capacity
from test_limit_rows import MINE, OTHERS, QUOTE, TARGETS, WORDS, join_groups

import tradecore as tc
from tradecore.vocabulary.records import LIMIT_MAX
from tradecore.vocabulary.rules import find_rule

R = tc.Reason
RULE = "notional_per_window"
SCOPES = find_rule(RULE).scopes
OTHER_LIMITS = {"max_order_qty": 10**6, "max_order_notional": 10**9, "order_rate": 1000, "duplicate_order": 1000}
SECOND = 10**9


def declare(make_core, **other):
    given = {"instruments": [tc.Instrument("AAPL"), tc.Instrument("MSFT"), tc.Instrument("SAP", currency="EUR")],
             "accounts": ["alpha", "beta"]} | other
    core = make_core(**given)
    for symbol in ("AAPL", "MSFT", "SAP"):
        core.quote("XNAS", symbol, **QUOTE)
    return join_groups(core)


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def send(core, qty, price=10, **other):
    return core.submit(**{"symbol": "AAPL", "side": "BUY", **MINE, **other}, qty=qty, price=price)


def arm(core, value=1000, **target):
    core.risk.set_limit(RULE, value, window_ms=1000, **target)


@pytest.mark.parametrize("others", [{}, OTHER_LIMITS], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_so_much_in_a_window(desk, clock, scope, others):
    for rule, value in others.items():
        desk.risk.set_limit(rule, value, **({"window_ms": 1000} if rule in ("order_rate", "duplicate_order") else {}))
    arm(desk, **TARGETS[scope])
    assert send(desk, 60).reason is R.NONE
    for qty, verdict in ((39, "PASS"), (40, "PASS"), (41, "REFUSE")):  # 990, 1000, 1010
        answer = desk.check(symbol="AAPL", side="BUY", qty=qty, price=10, **MINE)["NOTIONAL_PER_WINDOW"]
        assert (answer.verdict, answer.value, answer.limit) == (verdict, 600 + 10 * qty, 1000)
    refused = send(desk, 1, "400.01")
    assert (refused.reason, refused.ord_rej_reason) == (R.NOTIONAL_PER_WINDOW, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert refused.text == ("NOTIONAL_PER_WINDOW: notional of orders and replaces in the window 1000.01 would exceed 1000 "
                            f"({WORDS[scope]})")
    (line,) = desk.risk.limits(RULE)
    assert (line.used, line.headroom, line.breaches) == (600, 400, 1)
    assert send(desk, 40).reason is R.NONE
    assert send(desk, 1).reason is R.NOTIONAL_PER_WINDOW
    if scope in OTHERS:
        assert send(desk, 1, **OTHERS[scope]).reason is R.NONE
    clock.now += SECOND - 1
    assert send(desk, 1).reason is R.NOTIONAL_PER_WINDOW
    clock.now += 1
    assert [send(desk, qty).reason for qty in (100, 1)] == [R.NONE, R.NOTIONAL_PER_WINDOW]
    assert desk.risk.limits(RULE)[0].used == 1000
    desk.risk.set_limit(RULE, tc.OFF, **TARGETS[scope])
    assert send(desk, 1).reason is R.NONE


def test_a_replace_counts_as_a_whole_order_an_exit_is_bound_and_a_cancel_is_not(desk):
    desk.positions.open_position("AAPL", 100, 10, account="alpha")
    arm(desk, 10_000)
    order = send(desk, 2, 1000, side="SELL")
    assert order.reason is R.NONE
    assert desk.replace(order, price=2000).reason is R.NONE  # 2000 and 4000
    assert desk.replace(order, price="2000.01").reason is R.NOTIONAL_PER_WINDOW
    assert desk.replace(order, qty=1).reason is R.NONE  # it only asks for less
    assert send(desk, 5, 1000, side="SELL").reason is R.NOTIONAL_PER_WINDOW
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED


def test_a_sell_counts_at_what_it_could_take_and_a_market_order_at_its_protection(desk):
    arm(desk, 10_000)
    value = {"NOTIONAL_PER_WINDOW": lambda **order: desk.check(symbol="AAPL", **MINE, **order)["NOTIONAL_PER_WINDOW"].value}
    told = value["NOTIONAL_PER_WINDOW"]
    assert told(side="SELL", qty=10, price=1) == 1000  # the mid
    desk.risk.set_limit("price_collar", 1000)
    assert told(side="BUY", qty=10) == 1100
    assert told(side="SELL", qty=10) == 1000


def test_what_has_no_reference_is_refused(make_core):
    desk = make_core(instruments=[tc.Instrument("AAPL")], accounts=["alpha"])
    arm(desk)
    refused = send(desk, 1, None)
    assert refused.reason is R.NOTIONAL_PER_WINDOW
    assert refused.text == ("NOTIONAL_PER_WINDOW: it is not known: a reference price, a rate, or what came before is missing "
                            "(firm)")
    assert send(desk, 1).reason is R.NONE


def test_rows_that_span_instruments_count_the_base_currency_and_a_missing_rate_refuses(desk):
    arm(desk, 1000)
    arm(desk, 950, symbol="SAP")
    assert send(desk, 1, symbol="SAP").reason is R.NOTIONAL_PER_WINDOW
    desk.risk.set_rate("EUR", "1.08")
    assert desk.check(symbol="SAP", side="BUY", qty=95, price=10, **MINE)["NOTIONAL_PER_WINDOW"].value == Decimal("1026")
    assert send(desk, 95, symbol="SAP").text.endswith("1026 would exceed 1000 (firm)")
    assert send(desk, 92, symbol="SAP").reason is R.NONE  # 993.6
    assert [line.used for line in desk.risk.limits(RULE)] == [Decimal("993.6"), 920]
    desk.risk.set_limit(RULE, tc.OFF)
    assert send(desk, 4, symbol="SAP").text.endswith("960 would exceed 950 (symbol SAP)")
    assert send(desk, 3, symbol="SAP").reason is R.NONE


def test_more_orders_in_a_window_than_are_kept_are_refused(make_core, clock):
    desk = declare(make_core, capacity=small_capacity(order_rate=4))
    arm(desk, 10**6)
    assert [send(desk, 1).reason for _ in range(6)] == [R.NONE] * 4 + [R.NOTIONAL_PER_WINDOW] * 2
    assert desk.risk.limits(RULE)[0].used is None
    clock.now += SECOND
    assert [send(desk, 1).reason for _ in range(6)] == [R.NONE] * 4 + [R.NOTIONAL_PER_WINDOW] * 2


def test_what_is_only_observed_or_warns_is_told(desk):
    desk.risk.set_limit(RULE, 100, window_ms=1000, observe=True)
    desk.risk.set_limit(RULE, 400, window_ms=1000, account="alpha", soft="0.5")
    reports = desk.reports()
    told = []
    for _ in range(3):
        send(desk, 10)
        told.append([r.report_type for r in reports.read() if r.reason is R.NOTIONAL_PER_WINDOW])
    observed, warned = tc.ReportType.RISK_OBSERVED, tc.ReportType.RISK_WARNING
    assert told == [[], [observed], [observed, warned]]


def test_a_basket_counts_what_stands_before(desk):
    arm(desk, 1000)
    send(desk, 40)
    orders = tc.new_orders(3)
    orders["instrument"], orders["account"], orders["side"], orders["price"] = 1, 1, 1, 10 * 10**8
    orders["order_qty"] = 50, 11, 10
    before = desk.state_hash()
    assert [row["reason"] for row in desk.check_batch(orders, together=True)] == [0, R.NOTIONAL_PER_WINDOW, 0]
    assert [row["reason"] for row in desk.check_batch(orders)] == [0] * 3
    assert desk.state_hash() == before
    assert send(desk, 60).reason is R.NONE


@pytest.mark.parametrize("bad", [{"venue": "ARCX"}, {"value": LIMIT_MAX}, {"window_ms": 0}, {"value": -1}])
def test_what_no_such_limit_can_be_is_refused(desk, bad):
    before = desk.state_hash()
    given = {"value": 5, "window_ms": 1000} | bad
    with pytest.raises(ValueError, match=r"NOTIONAL_PER_WINDOW|value|window|limit"):
        desk.risk.set_limit(RULE, given.pop("value"), **given)
    assert desk.state_hash() == before

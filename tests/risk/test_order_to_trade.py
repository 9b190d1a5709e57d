"""Orders, replaces and cancels for each trade of a day, by scope: what asks too often for what it trades asks no more,
and may always cancel."""

from __future__ import annotations

import pytest
from test_limit_rates import new
from test_limit_rows import MINE, OTHERS, TARGETS, WORDS, declare, send

import tradecore as tc
from tradecore.vocabulary.records import CODECS, LIMIT_OFF
from tradecore.vocabulary.rules import RULES

R = tc.Reason
BUY = "BUY"
OTHER_LIMITS = {"max_order_qty": 10**6, "order_rate": 1000, "message_rate": 1000}
SCOPES = [scope for scope in TARGETS if scope is not tc.Scope.VENUE]


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def trade(core):
    """One message and, at what is displayed, one trade."""
    core.quote("XNAS", "AAPL", bid=9, bid_size=1, ask=10, ask_size=1)
    order = send(core, BUY, 1, 10, venue="XNAS")
    assert order.cum_qty == 1


@pytest.mark.parametrize("others", [{}, OTHER_LIMITS], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_so_many_messages_for_each_trade_of_the_day(desk, scope, others):
    for rule, value in others.items():
        desk.risk.set_limit(rule, value, **({} if rule == "max_order_qty" else {"window_ms": 1000}))
    desk.risk.set_limit("order_to_trade_ratio", 3, **TARGETS[scope])
    order = new(desk)
    assert desk.replace(order, price=8).reason is R.NONE
    assert new(desk).reason is R.NONE  # at its limit
    refused = new(desk)
    assert (refused.reason, refused.ord_rej_reason) == (R.ORDER_TO_TRADE_RATIO, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert refused.text == ("ORDER_TO_TRADE_RATIO: orders, replaces and cancels of the day 4 exceed 3 for its trades "
                            f"({WORDS[scope]})")
    assert desk.replace(order, price=7).reason is R.ORDER_TO_TRADE_RATIO
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED  # and counts
    if scope in OTHERS:
        assert new(desk, **OTHERS[scope]).reason is R.NONE
    desk.roll_day()
    trade(desk)
    trade(desk)
    assert [new(desk).reason for _ in range(5)] == [R.NONE] * 4 + [R.ORDER_TO_TRADE_RATIO]  # 2 trades: 6 messages
    (line,) = desk.risk.limits("order_to_trade_ratio")
    assert (line.used, line.headroom) == (3, 0)
    desk.roll_day()
    assert desk.risk.limits("order_to_trade_ratio")[0].used == 0
    assert [new(desk).reason for _ in range(4)] == [R.NONE] * 3 + [R.ORDER_TO_TRADE_RATIO]


def test_who_rests_and_is_taken_trades_too(desk):
    desk.risk.set_limit("order_to_trade_ratio", 1, account="alpha")
    desk.quote("XNAS", "AAPL", bid=8, bid_size=1, ask=12, ask_size=1)
    resting = send(desk, BUY, 2, 9, venue="XNAS")
    assert new(desk).reason is R.ORDER_TO_TRADE_RATIO
    for _ in range(2):
        assert send(desk, "SELL", 1, 9, venue="XNAS", account="beta").cum_qty == 1
    assert resting.cum_qty == 2
    assert [new(desk).reason for _ in range(2)] == [R.NONE, R.ORDER_TO_TRADE_RATIO]


def test_an_exit_is_bound_and_a_replace_that_asks_for_less_is_not(desk):
    desk.positions.open_position("AAPL", 10, 9, account="alpha")
    order = new(desk)
    desk.risk.set_limit("order_to_trade_ratio", 0)
    assert send(desk, "SELL", 5, 20).reason is R.ORDER_TO_TRADE_RATIO
    assert desk.check("AAPL", BUY, 1, 9, **MINE)["ORDER_TO_TRADE_RATIO"].verdict == "REFUSE"
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED


def test_a_ratio_that_is_only_observed_counts_its_trades(desk):
    desk.risk.set_limit("order_to_trade_ratio", 2, observe=True)
    reports = desk.reports()
    for step, told in ((trade, 0), (new, 0), (new, 1), (trade, 1), (trade, 1), (new, 0), (new, 1)):
        step(desk)
        seen = [r.reason for r in reports.read() if r.report_type is tc.ReportType.RISK_OBSERVED]
        assert seen == [R.ORDER_TO_TRADE_RATIO] * told, step


def test_a_basket_counts_what_is_ahead_in_it(desk):
    desk.risk.set_limit("order_to_trade_ratio", 2)
    orders = tc.new_orders(3)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"], orders["price"] = 1, 1, 1, 1, 9 * 10**8
    assert [row["reason"] for row in desk.check_batch(orders, together=True)] == [0, 0, R.ORDER_TO_TRADE_RATIO]


def test_a_fill_of_the_room_alone_is_a_trade(room):
    table = room("risk").RiskTable(accounts=1, instruments=1, order_rate=64)
    table.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A").definition(1)))
    for row in RULES:
        if row.stated:
            table.set_limit(1, int(row.rule), LIMIT_OFF)
    table.set_limit(1, int(tc.Rule.ORDER_TO_TRADE_RATIO), 1)
    order = tc.new_orders(1)
    order["instrument"], order["account"], order["side"], order["order_qty"], order["price"] = 1, 1, 1, 2, 10**8
    assert list(table.admit(order, tc.NO_PRICE)) == [0]
    assert list(table.admit(order, tc.NO_PRICE)) == [R.ORDER_TO_TRADE_RATIO]
    table.fill(1, 1, 1, 1)
    assert list(table.admit(order, tc.NO_PRICE)) == [R.ORDER_TO_TRADE_RATIO]
    table.fill(1, 1, 1, 1)  # a second trade
    assert list(table.admit(order, tc.NO_PRICE)) == [0]


@pytest.mark.parametrize("bad", [{"venue": "XNAS"}, {"value": 10**6 + 1}, {"value": -1}])
def test_what_no_ratio_can_be_is_refused(desk, bad):
    before = desk.state_hash()
    given = {"value": 5} | bad
    with pytest.raises(ValueError, match=r"ORDER_TO_TRADE_RATIO|value"):
        desk.risk.set_limit("order_to_trade_ratio", given.pop("value"), **given)
    assert desk.state_hash() == before

"""What is only observed, or warns: told of what passed, an order, a replace, an order that is let go; and of what an
order that reduces is exempt from, not."""

import numpy as np
import pytest
from conftest import T0, limits

import tradecore as tc
from tradecore._backend import room_module
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rules import MESSAGES, RULES, LimitUnit, Sent

R = tc.Reason


@pytest.fixture
def desk(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL")], limits=limits(), venues=[tc.SimulatedVenue("P")])
    core.quote("P", "AAPL", bid=99, bid_size=100, ask=101, ask_size=100)
    return core


def told(core, kind):
    return [(r.reason, r.order_qty, r.price) for r in core.reports(0) if r.report_type is kind]


def test_a_replace_is_observed_as_it_would_be_refused(desk):
    order = desk.submit("AAPL", "BUY", 5, 90)
    desk.risk.set_limit("max_order_qty", 10, symbol="AAPL", observe=True)
    desk.risk.add_rule("near", "order.price >= 80", mode="OBSERVE")
    assert desk.replace(order, qty=11).exec_type is tc.ExecType.REPLACED  # the report that answers, not what is told beside it
    assert desk.replace(order, price=70).exec_type is tc.ExecType.REPLACED
    assert told(desk, tc.ReportType.RISK_OBSERVED) == [
        (R.MAX_ORDER_QTY, 11, 90), (R.USER_RULE, 11, 70), (R.MAX_ORDER_QTY, 11, 70)]


@pytest.mark.parametrize("row", [row for row in RULES if row.counts & MESSAGES], ids=lambda row: row.rule.name)
def test_what_counts_is_observed_of_each_message_that_it_asks(desk, row):
    order = desk.submit("AAPL", "BUY", 5, 90)
    window = {"window_ms": 1_000} if row.windowed else {}
    gone = desk.submit("AAPL", "BUY", 5, 90)
    desk.risk.set_limit(row.rule, 0, account="alpha", observe=True, **window)
    desk.cancel(gone)  # a rate of cancels is asked of what comes after them
    desk.submit("AAPL", "BUY", 5, 90)
    assert [reason.name for reason, *_ in told(desk, tc.ReportType.RISK_OBSERVED)] == [row.rule.name] * bool(row.asks & 1)
    assert desk.replace(order, price=91).reason is R.NONE
    told_of = bool(row.asks & 1) + bool(row.asks & 2)
    assert [reason.name for reason, *_ in told(desk, tc.ReportType.RISK_OBSERVED)] == [row.rule.name] * told_of


def test_a_rate_of_replaces_warns(desk):
    order = desk.submit("AAPL", "BUY", 5, 90)
    desk.risk.set_limit("replace_rate", 2, account="alpha", window_ms=1_000, soft="0.5")
    for price in (91, 92):
        desk.replace(order, price=price)
    assert told(desk, tc.ReportType.RISK_WARNING) == [(R.REPLACE_RATE, 5, 92)]


def test_an_order_that_is_let_go_is_observed(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL")], limits=limits(), venues=[tc.SimulatedVenue("P")])
    stop = core.submit("AAPL", "BUY", 5, stop_px=110, venue="P", trigger_price_type="BEST_OFFER")
    core.risk.add_rule("small", "order.qty < 5", mode="OBSERVE")
    core.quote("P", "AAPL", bid=110, bid_size=10, ask=111, ask_size=10)
    assert stop.ord_status is tc.OrdStatus.FILLED
    assert [reason for reason, *_ in told(core, tc.ReportType.RISK_OBSERVED)] == [R.USER_RULE]


@pytest.mark.parametrize("how", [{"observe": True}, {"soft": "1"}], ids=["observed", "soft"])
def test_what_enforcement_would_let_pass_is_not_told(desk, how):
    """Exits pass an order rate up to twice its limit, and a position limit altogether."""
    desk.positions.open_position("AAPL", 100, 100)
    desk.risk.set_limit("max_position_qty", 50, symbol="AAPL", **how)
    for _ in range(3):
        assert desk.submit("AAPL", "SELL", 10, 105).reason is R.NONE
    kind = tc.ReportType.RISK_OBSERVED if "observe" in how else tc.ReportType.RISK_WARNING
    assert told(desk, kind) == []
    assert "MAX_POSITION_QTY" in {r.reason.name for r in (desk.submit("AAPL", "BUY", 1, 90), *desk.reports(0))}


def test_check_says_of_what_is_observed_what_an_exit_would_meet(desk):
    desk.positions.open_position("AAPL", 100, 100)
    desk.risk.set_limit("order_rate", 2, account="alpha", window_ms=1_000)
    desk.risk.set_limit("order_rate", 2, window_ms=1_000, observe=True)
    for _ in range(2):
        assert desk.submit("AAPL", "SELL", 10, 105).reason is R.NONE
    rates = [(row.limit, row.verdict) for row in desk.check("AAPL", "SELL", 10, 105) if row.rule is R.ORDER_RATE]
    assert rates == [(4, "PASS")]  # observed at 2, it would have been told; at twice that it passes


# ---- kinds of the same


@pytest.mark.parametrize("backend", ["native", "python"])
def test_a_table_alone_has_room_for_all_that_an_account_may_count(backend):
    table = room_module(backend, "risk").RiskTable(accounts=3, instruments=1, order_rate=4_096)
    table.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A", price_precision=4).definition(1)))
    alone = [row for row in RULES if tc.Scope.ACCOUNT in row.scopes and not row.counts & Sent.OPEN]
    counting = [row.rule for row in alone if row.slot < 0]
    assert len(counting) == 8
    for account in (1, 2, 3):
        for row in alone:
            table.set_limit(account, int(row.rule), -1 if row.slot >= 0 else 10**12 if row.unit is LimitUnit.MONEY else 10, 1_000_000_000)
    orders = tc.new_orders(33)
    orders["instrument"], orders["account"], orders["transact_time"] = 1, np.repeat([1, 2, 3], 11), T0
    orders["side"], orders["order_qty"], orders["price"] = 1, np.arange(33) + 1, 10_000  # no two are the same
    assert list(table.admit(orders, 20_000)) == ([0] * 10 + [R.ORDER_RATE]) * 3


def test_a_flag_has_no_share_at_which_it_warns(desk):
    with pytest.raises(tc.RefusedError, match="soft"):
        desk.risk.set_limit("account_blocked", 0, account="alpha", soft="0.5")

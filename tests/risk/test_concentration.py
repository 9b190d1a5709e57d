"""CONCENTRATION: what one position may be worth over equity, working orders counted, on each scope at its limit, just below and
just above; what can't be valued refuses, exits pass."""

from __future__ import annotations

import pytest
from conftest import limits
from markdesk import BUY, QUIET, SELL, WIDE, open_desk, send_sap

import tradecore as tc

R = tc.Reason
SCOPES = {"firm": {}, "account alpha": {"account": "alpha"}, "symbol SAP": {"symbol": "SAP"},
          "account alpha, symbol SAP": {"account": "alpha", "symbol": "SAP"}}


@pytest.fixture
def desk(make_core):
    """1,000 USD."""
    return open_desk(make_core, 1000)


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("scope", SCOPES)
def test_a_share_passes_up_to_its_limit_and_refuses_beyond(desk, scope, side, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("concentration", 500, **SCOPES[scope])
    for qty in (9, 10):  # each is 5 USD, and 50 bps of equity
        assert desk.check("SAP", side, qty, 4, **QUIET)["CONCENTRATION"].verdict == "PASS"
        order = send_sap(desk, side, qty)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("SAP", side, 11, 4, **QUIET)["CONCENTRATION"]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (550, 500, -50, "REFUSE")
    order = send_sap(desk, side, 11)
    assert (order.reason, order.ord_rej_reason) == (R.CONCENTRATION, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == f"CONCENTRATION: position with working orders would be 550 bps of equity at its mark, more than 500 ({scope})"
    desk.risk.set_limit("concentration", 549, **SCOPES[scope])
    assert send_sap(desk, side, 11).reason is R.CONCENTRATION
    desk.risk.set_limit("concentration", 550, **SCOPES[scope])
    assert send_sap(desk, side, 11).reason is R.NONE
    desk.risk.set_limit("concentration", tc.OFF, **SCOPES[scope])
    assert send_sap(desk, side, 11).reason is R.NONE


def test_the_least_that_equity_lacks_refuses(desk):
    desk.risk.set_limit("concentration", 500, account="alpha")
    desk.positions.open_cash("USD", "-0.000000001", account="alpha")
    assert send_sap(desk, BUY, 10).reason is R.CONCENTRATION
    assert send_sap(desk, BUY, 9).reason is R.NONE


def test_each_position_is_its_own_and_the_first_one_is_not_all_of_an_account(desk):
    desk.risk.set_limit("concentration", 500, account="alpha")
    assert send_sap(desk, BUY, 10).reason is R.NONE
    assert send_sap(desk, BUY, 1).reason is R.CONCENTRATION
    assert send_sap(desk, BUY, 12, "AAPL").reason is R.NONE
    assert send_sap(desk, SELL, 10).reason is R.NONE
    assert send_sap(desk, BUY, 11, account="beta").reason is R.NONE
    desk.risk.set_limit("concentration", 500, symbol="SAP")
    assert send_sap(desk, BUY, 1, account="beta").reason is R.CONCENTRATION
    assert send_sap(desk, BUY, 100, "AAPL", account="beta").reason is R.NONE


@pytest.mark.parametrize("scope", SCOPES)
def test_without_equity_a_mark_or_a_rate_what_adds_risk_is_refused_and_exits_pass(make_core, scope):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"],
                     currencies=["USD", "EUR"])
    core.risk.set_limit("concentration", 10**6, **SCOPES[scope])
    core.positions.open_cash("USD", 100, account="alpha")
    assert send_sap(core, BUY, 1).reason is R.MARK_UNAVAILABLE
    core.mark("SAP", 4)
    assert send_sap(core, BUY, 1).reason is R.RATE_UNAVAILABLE
    core.risk.set_rate("EUR", "1.25")
    assert send_sap(core, BUY, 1).reason is R.NONE
    core.positions.open_position("AAPL", 2, 4, account="alpha")
    assert send_sap(core, BUY, 1).reason is R.MARK_UNAVAILABLE
    core.mark("AAPL", 4)
    core.positions.open_position("SAP", 2, 4, account="alpha")
    core.positions.open_cash("USD", -118, account="alpha")
    assert core.check("SAP", BUY, 1, 4, **QUIET)["CONCENTRATION"].value is None
    assert send_sap(core, BUY, 1).reason is R.CONCENTRATION
    assert send_sap(core, SELL, 2).reason is R.NONE


def test_exits_pass_and_a_stale_mark_refuses(desk, clock):
    desk.positions.open_position("SAP", 20, 4, account="alpha")
    desk.risk.set_limit("concentration", 0, account="alpha")
    assert send_sap(desk, SELL, 20).reason is R.NONE
    assert send_sap(desk, BUY, 1).reason is R.CONCENTRATION
    desk.risk.set_limit("concentration", 10**6, account="alpha")
    desk.risk.set_limit("stale_quote", 1000)
    clock.now += 1_001 * 10**6
    desk.mark("AAPL", 4)
    assert send_sap(desk, BUY, 1, "AAPL").reason is R.STALE_QUOTE


def test_what_is_used_can_be_read_of_the_symbol_with_most_and_comes_back_from_toml(desk, make_core):
    desk.risk.set_limit("concentration", 1000, account="alpha", soft="0.5")
    send_sap(desk, BUY, 4, "AAPL")
    send_sap(desk, BUY, 8)
    assert [(line.used, line.headroom, line.used_symbol) for line in desk.risk.utilisation()] == [(400, 600, "SAP")]
    assert send_sap(desk, BUY, 3).reason is R.NONE
    assert [r.report_type for r in desk.reports(0) if r.reason is R.CONCENTRATION] == [tc.ReportType.RISK_WARNING]
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    desk.positions.open_cash("EUR", 1, account="alpha")
    desk.risk.set_rate("EUR", "0.8")
    assert [line.used for line in desk.risk.utilisation()] == [352]  # 11 at 3.2, of 1000.8, rounded up


def test_an_observed_share_passes_and_is_told(desk):
    desk.risk.set_limit("concentration", 500, account="alpha", observe=True)
    assert send_sap(desk, BUY, 11).reason is R.NONE
    assert [r.report_type for r in desk.reports(0) if r.reason is R.CONCENTRATION] == [tc.ReportType.RISK_OBSERVED]


def test_a_limit_is_whole_basis_points_up_to_a_hundred_times_equity(desk):
    for bad in (-1, 10**6 + 1, "0.5", 1.5):
        with pytest.raises((TypeError, ValueError), match="concentration value"):
            desk.risk.set_limit("concentration", bad, account="alpha")
    assert len(desk.risk.limits("concentration")) == 0

"""Who may trade only what is permitted: anything else is refused, in each mode, exits too, until it is permitted."""

from __future__ import annotations

import pytest

import tradecore as tc

R = tc.Reason
BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
WHO = {"account alpha": {"account": "alpha"}, "firm": {}}
TO_WHOM = {"to alpha": {"account": "alpha", "symbol": "AAPL"}, "to all": {"symbol": "AAPL"}}
OTHERS = {"max_order_qty": 10**6, "max_order_notional": 10**9, "max_position_qty": 10**6, "order_rate": 1000}


@pytest.fixture
def desk(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])
    core.positions.open_position("MSFT", 100, 10, account="alpha")
    return core


def send(core, symbol="AAPL", side=BUY, qty=1, **other):
    return core.submit(symbol, side, qty, 10, **{**QUIET, **other})


@pytest.mark.parametrize("others", [{}, OTHERS], ids=["others off", "others armed"])
@pytest.mark.parametrize("permission", TO_WHOM)
@pytest.mark.parametrize("scope", WHO)
def test_what_is_not_permitted_is_refused(desk, scope, permission, others):
    desk.mark("AAPL", 10)
    desk.mark("MSFT", 10)
    for account in ("alpha", "beta"):
        desk.risk.set_limits(tc.RiskLimits(**{name: others.get(name, tc.OFF) for name in OTHERS} | {"price_collar_bps": tc.OFF}),
                             account=account)
    desk.risk.set_limit("permitted_only", 0, **WHO[scope])
    order = send(desk)
    assert (order.reason, order.ord_rej_reason) == (R.NOT_PERMITTED_INSTRUMENT, tc.OrdRejReason.BROKER_OPTION)
    assert order.text == f"NOT_PERMITTED_INSTRUMENT: only what is permitted may be traded, and the instrument is not ({scope})"
    assert send(desk, account="beta").reason is (R.NOT_PERMITTED_INSTRUMENT if scope == "firm" else R.NONE)
    desk.risk.set_limit("permitted_instrument", 0, **TO_WHOM[permission])
    assert send(desk).reason is R.NONE
    assert desk.check("AAPL", BUY, 1, 10, **QUIET)["NOT_PERMITTED_INSTRUMENT"].verdict == "PASS"
    assert send(desk, "MSFT").reason is R.NOT_PERMITTED_INSTRUMENT
    is_bound = scope == "firm" and permission == "to alpha"
    assert send(desk, account="beta").reason is (R.NOT_PERMITTED_INSTRUMENT if is_bound else R.NONE)
    desk.risk.set_limit("permitted_instrument", tc.OFF, **TO_WHOM[permission])
    assert send(desk).reason is R.NOT_PERMITTED_INSTRUMENT
    desk.risk.set_limit("permitted_only", tc.OFF, **WHO[scope])
    assert send(desk).reason is R.NONE


def test_a_permission_alone_refuses_nothing_else(desk):
    desk.risk.set_limit("permitted_instrument", 0, symbol="AAPL", account="alpha")
    assert send(desk, "MSFT").reason is R.NONE
    desk.risk.set_limit("restricted_instrument", 0, symbol="AAPL")  # and lifts no restriction
    assert send(desk).reason is R.RESTRICTED_INSTRUMENT


def test_an_exit_of_what_is_not_permitted_is_refused_and_its_cancel_is_not(desk):
    working = send(desk, "MSFT", SELL, 5)
    desk.risk.set_limit("permitted_only", 0, account="alpha")
    assert send(desk, "MSFT", SELL, 5).reason is R.NOT_PERMITTED_INSTRUMENT
    assert desk.replace(working, qty=6).reason is R.NOT_PERMITTED_INSTRUMENT
    assert desk.replace(working, qty=4).reason is R.NONE  # it only asks for less
    assert desk.cancel(working).exec_type is tc.ExecType.CANCELED


def test_where_it_is_only_observed_what_is_permitted_is_not_told_of(desk):
    desk.risk.set_limit("permitted_only", 0, observe=True)
    desk.risk.set_limit("permitted_instrument", 0, symbol="AAPL")
    reports = desk.reports()
    assert [send(desk, symbol).reason for symbol in ("AAPL", "MSFT")] == [R.NONE, R.NONE]
    told = [(r.symbol, r.reason) for r in reports.read() if r.report_type is tc.ReportType.RISK_OBSERVED]
    assert told == [("MSFT", R.NOT_PERMITTED_INSTRUMENT)]
    with pytest.raises(ValueError, match="observe: PERMITTED_INSTRUMENT can't be only observed: it refuses nothing"):
        desk.risk.set_limit("permitted_instrument", 0, symbol="AAPL", observe=True)


def test_permissions_are_read_like_limits(desk):
    desk.risk.set_limit("permitted_only", 0, account="alpha", who="ann", why="trader of AAPL")
    desk.risk.set_limit("permitted_instrument", 0, account="alpha", symbol="AAPL")
    assert [(line.rule.name, line.scope, line.value) for line in desk.risk.limits() if "PERMITTED" in line.rule.name] == [
        ("PERMITTED_ONLY", "account alpha", 0), ("PERMITTED_INSTRUMENT", "account alpha, symbol AAPL", 0)]
    with pytest.raises(ValueError, match="only on INSTRUMENT, ACCOUNT_INSTRUMENT"):
        desk.risk.set_limit("permitted_instrument", 0, account="alpha")
    with pytest.raises(ValueError, match="only on FIRM, ACCOUNT"):
        desk.risk.set_limit("permitted_only", 0, symbol="AAPL")
    with pytest.raises(ValueError, match="value"):
        desk.risk.set_limit("permitted_only", 1)

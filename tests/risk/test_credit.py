"""What an account, and the firm, may owe: CREDIT_LIMIT at its limit, one below and one above, with what works; what has no rate or
no reference refuses; exits pass; what is kept is what a plain loop finds."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from conftest import limits

import tradecore as tc

R = tc.Reason
BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
SCOPES = {"firm": {}, "account alpha": {"account": "alpha"}}
WIDE = {"max_order_qty": 10**7, "max_order_notional": 10**9, "max_position_qty": 10**7, "order_rate": 1000}
SYMBOLS = [tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("SAP", tick_size="0.01", currency="EUR")]


@pytest.fixture
def desk(make_core):
    """1,000 USD and nothing in EUR, at 1.25 USD."""
    core = make_core(instruments=SYMBOLS, accounts=["alpha", "beta"], currencies=["USD", "EUR"],
                     venues=[tc.SimulatedVenue("XNAS", taker_fee_bps=10), tc.SimulatedVenue("ARCX")])
    core.positions.open_cash("USD", 1_000, account="alpha")
    core.risk.set_rate("EUR", "1.25")
    return core


def send(core, qty, price=10, side=BUY, symbol="SAP", **other):
    return core.submit(symbol, side, qty, price, **{**QUIET, **other})


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_owed_passes_up_to_its_limit_and_refuses_beyond(desk, scope, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("credit_limit", 500, **SCOPES[scope])
    for price in ("9.99", 10):  # 40 at 10 EUR are 500 USD; USD pays for none of it
        order = send(desk, 40, price)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("SAP", BUY, 40, "10.01", **QUIET)["CREDIT_LIMIT"]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (Decimal("500.5"), 500, Decimal("-0.5"), "REFUSE")
    order = send(desk, 40, "10.01")
    assert (order.reason, order.ord_rej_reason) == (R.CREDIT_LIMIT, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == f"CREDIT_LIMIT: 500.5 would be owed with working orders and fees: that exceeds 500 ({scope})"
    assert send(desk, 10_000, 10, SELL).reason is R.NONE
    desk.risk.set_limit("credit_limit", tc.OFF, **SCOPES[scope])
    assert send(desk, 40, "10.01").reason is R.NONE


def test_one_s_own_cash_is_no_credit_and_each_currency_counts_by_itself(desk):
    desk.risk.set_limit("credit_limit", 100, account="alpha")
    assert send(desk, 110, symbol="AAPL").reason is R.NONE  # 1,100 of 1,000
    assert send(desk, 1, 1, symbol="AAPL").reason is R.CREDIT_LIMIT
    desk.positions.open_cash("EUR", 500, account="alpha")
    assert send(desk, 1, 1, symbol="AAPL").reason is R.CREDIT_LIMIT  # EUR pays no USD
    assert send(desk, 50).reason is R.NONE
    desk.positions.open_cash("USD", 50, account="alpha")
    assert send(desk, 5, symbol="AAPL").reason is R.NONE


def test_the_firm_owes_what_its_accounts_do(desk):
    desk.risk.set_limit("credit_limit", 500)
    assert send(desk, 20).reason is R.NONE
    assert send(desk, 20, account="beta").reason is R.NONE
    for account in ("alpha", "beta"):
        assert send(desk, 1, account=account).reason is R.CREDIT_LIMIT
    desk.risk.set_limit("credit_limit", 200, account="beta")
    assert send(desk, 1, account="beta").text.endswith("(account beta)")


def test_what_has_no_rate_or_no_reference_is_refused(make_core):
    core = make_core(instruments=SYMBOLS, accounts=["alpha"], currencies=["USD", "EUR"])
    core.risk.set_limit("credit_limit", 10**9, account="alpha")
    order = send(core, 1)
    assert (order.reason, order.text) == (R.CREDIT_LIMIT, "CREDIT_LIMIT: what would be owed is not known: a reference price or a rate is missing "
                                                          "(account alpha)")
    assert send(core, 1, symbol="AAPL").reason is R.NONE
    assert send(core, 1, None, symbol="AAPL").reason is R.CREDIT_LIMIT
    core.risk.set_rate("EUR", 1)
    assert send(core, 1).reason is R.NONE


def test_a_new_rate_changes_what_is_owed(desk):
    desk.risk.set_limit("credit_limit", 500, account="alpha")
    send(desk, 20)
    (line,) = desk.risk.utilisation()
    assert (line.used, line.headroom) == (250, 250)
    desk.risk.set_rate("EUR", 2)
    (line,) = desk.risk.utilisation()
    assert (line.used, line.headroom) == (400, 100)
    assert send(desk, 6).reason is R.CREDIT_LIMIT
    assert send(desk, 5).reason is R.NONE


def test_a_replace_is_asked_and_an_exit_passes(desk):
    desk.risk.set_limit("credit_limit", 500, account="alpha")
    order = send(desk, 40)
    assert desk.replace(order, price="10.01").reason is R.CREDIT_LIMIT
    assert desk.replace(order, qty=20, price=20).reason is R.NONE
    desk.cancel(order)
    desk.positions.open_position("SAP", -100, 5, account="alpha")
    assert send(desk, 100, 20).reason is R.NONE
    assert send(desk, 1, 2_000, symbol="AAPL").reason is R.CREDIT_LIMIT


def test_a_share_of_it_warns_and_where_it_is_only_observed_it_tells(desk):
    desk.risk.set_limit("credit_limit", 500, account="alpha", soft="0.5")
    desk.risk.set_limit("credit_limit", 300, observe=True)
    reports = desk.reports()
    assert send(desk, 20).reason is R.NONE
    assert send(desk, 5).reason is R.NONE
    told = [(r.report_type, r.reason) for r in reports.read() if r.report_type in (tc.ReportType.RISK_WARNING, tc.ReportType.RISK_OBSERVED)]
    assert told == [(kind, R.CREDIT_LIMIT) for kind in (tc.ReportType.RISK_OBSERVED, tc.ReportType.RISK_WARNING)]


def test_what_is_kept_is_what_a_plain_loop_finds(desk):
    """300 random orders, cancels, quotes and rates: what is held and there is, added up anew."""
    pick = random.Random(11)
    desk.risk.set_limit("credit_limit", 30_000, account="alpha")
    orders, rate = [], Decimal("1.25")
    for _ in range(300):
        chance = pick.random()
        if orders and chance < 0.3:
            desk.cancel(pick.choice(orders))
        elif chance < 0.4:
            rate = Decimal(pick.randrange(50, 200)) / 100
            desk.risk.set_rate("EUR", rate)
        elif chance < 0.6:
            mid = pick.randrange(97, 104)
            desk.quote("XNAS", pick.choice(("AAPL", "SAP")), bid=mid - 1, bid_size=pick.randrange(1, 90), ask=mid + 1, ask_size=pick.randrange(1, 90))
        else:
            orders.append(send(desk, pick.randrange(1, 90), pick.randrange(95, 106), pick.choice((BUY, SELL)),
                               pick.choice(("AAPL", "SAP")), venue=pick.choice(("XNAS", "ARCX"))))
        owed = sum(max(0, -desk.positions.buying_power(currency, "alpha")) * at for currency, at in (("USD", 1), ("EUR", rate)))
        (line,) = desk.risk.limits("credit_limit")
        assert (line.used or 0) == owed
    assert any(order.reason is R.CREDIT_LIMIT for order in orders)

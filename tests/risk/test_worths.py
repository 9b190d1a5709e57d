"""What a position, and what works, is worth at marks in the base currency: MAX_POSITION_NOTIONAL and MAX_PENDING_NOTIONAL,
each on each scope at its limit, one below and one above; what can't be valued refuses, exits pass."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from conftest import limits
from markdesk import BUY, QUIET, SELL, WIDE, open_desk, send_sap

import tradecore as tc

R = tc.Reason
POSITION = {"firm": {}, "account alpha": {"account": "alpha"}, "symbol SAP": {"symbol": "SAP"},
            "account alpha, symbol SAP": {"account": "alpha", "symbol": "SAP"}}
SCOPES = [("max_position_notional", scope) for scope in POSITION] + [("max_pending_notional", scope) for scope in ("firm", "account alpha")]


@pytest.fixture
def desk(make_core):
    return open_desk(make_core)


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("rule", "scope"), SCOPES)
def test_a_worth_passes_up_to_its_limit_and_refuses_beyond(desk, rule, scope, side, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit(rule, 50, **POSITION[scope])
    for qty in (9, 10):  # at 4 EUR and 1.25, each is 5 USD
        assert desk.check("SAP", side, qty, 4, **QUIET)[rule.upper()].verdict == "PASS"
        order = send_sap(desk, side, qty)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("SAP", side, 11, 4, **QUIET)[rule.upper()]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (55, 50, -5, "REFUSE")
    order = send_sap(desk, side, 11)
    assert (order.reason, order.ord_rej_reason) == (R[rule.upper()], tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text.endswith(f"would exceed 50 ({scope})")
    desk.risk.set_limit(rule, tc.OFF, **POSITION[scope])
    assert send_sap(desk, side, 11).reason is R.NONE


def test_a_position_is_its_own_and_what_works_is_all_of_an_account(desk):
    desk.risk.set_limit("max_position_notional", 50, account="alpha")
    desk.risk.set_limit("max_pending_notional", 90, account="alpha")
    assert send_sap(desk, BUY, 10).reason is R.NONE                            # 50
    assert send_sap(desk, SELL, 8).reason is R.NONE                            # 40 short of nothing, 90 work
    assert send_sap(desk, SELL, 1).reason is R.MAX_PENDING_NOTIONAL
    assert desk.check("AAPL", BUY, 12, 4, **QUIET)["MAX_POSITION_NOTIONAL"].value == 48  # of AAPL alone
    assert send_sap(desk, BUY, 1, "AAPL").reason is R.MAX_PENDING_NOTIONAL
    desk.mass_cancel()
    assert send_sap(desk, BUY, 10).reason is R.NONE


def test_all_accounts_together_are_held_to_what_is_on_the_firm_or_the_symbol(desk):
    desk.risk.set_limit("max_position_notional", 50, symbol="SAP")
    assert send_sap(desk, BUY, 6).reason is R.NONE
    assert send_sap(desk, BUY, 5, account="beta").reason is R.MAX_POSITION_NOTIONAL
    assert send_sap(desk, BUY, 4, account="beta").reason is R.NONE
    assert send_sap(desk, BUY, 100, "AAPL").reason is R.NONE


@pytest.mark.parametrize("rule", ["max_position_notional", "max_pending_notional"])
def test_what_has_no_mark_or_no_rate_refuses_where_it_is_needed(make_core, rule):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"], currencies=["USD", "EUR"])
    core.risk.set_limit(rule, 1000, account="alpha")
    assert send_sap(core, BUY, 1, "AAPL").reason is R.MARK_UNAVAILABLE
    core.mark("AAPL", 1)
    core.mark("SAP", 1)
    assert send_sap(core, BUY, 1).reason is R.RATE_UNAVAILABLE
    assert send_sap(core, BUY, 1, "AAPL").reason is R.NONE
    assert send_sap(core, BUY, 1, account="beta").reason is R.NONE


def test_a_position_elsewhere_without_a_mark_is_no_bar_to_the_position_here(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP")])
    core.positions.open_position("SAP", 5, 1)
    core.mark("AAPL", 1)
    core.risk.set_limit("max_position_notional", 1000, account="alpha")
    assert send_sap(core, BUY, 1, "AAPL").reason is R.NONE
    core.risk.set_limit("max_pending_notional", 1000, account="alpha")
    assert send_sap(core, BUY, 1, "AAPL").reason is R.MARK_UNAVAILABLE


def test_exits_pass(desk):
    desk.positions.open_position("SAP", 20, 4, account="alpha")
    desk.risk.set_limit("max_position_notional", 10, account="alpha")
    desk.risk.set_limit("max_pending_notional", 10, account="alpha")
    assert send_sap(desk, SELL, 20).reason is R.NONE
    assert send_sap(desk, BUY, 1).reason in (R.MAX_POSITION_NOTIONAL, R.MAX_PENDING_NOTIONAL)


def test_what_is_used_can_be_read_of_the_symbol_with_most(desk):
    desk.risk.set_limit("max_position_notional", 100, account="alpha")
    desk.risk.set_limit("max_pending_notional", 100, account="alpha")
    send_sap(desk, BUY, 4, "AAPL")
    send_sap(desk, BUY, 8)
    send_sap(desk, SELL, 2)
    used = {line.rule.name: (line.used, line.used_symbol) for line in desk.risk.utilisation()}
    assert used == {"MAX_POSITION_NOTIONAL": (40, "SAP"), "MAX_PENDING_NOTIONAL": (16 + 50, None)}


def test_what_is_kept_is_what_a_plain_loop_finds(desk):
    """200 random orders, cancels and marks: what works, added up anew, against what the check says."""
    pick = random.Random(7)
    desk.risk.set_limit("max_pending_notional", 10**9, account="alpha")
    orders, marks = [], {"AAPL": 4, "SAP": 4}
    for _ in range(200):
        if orders and pick.random() < 0.3:
            desk.cancel(orders.pop(pick.randrange(len(orders))))
        elif pick.random() < 0.2:
            symbol = pick.choice(("AAPL", "SAP"))
            marks[symbol] = pick.randrange(4, 6)
            desk.mark(symbol, marks[symbol])
        else:
            orders.append(send_sap(desk, pick.choice((BUY, SELL)), pick.randrange(1, 9), pick.choice(("AAPL", "SAP"))))
        works = sum(order.leaves_qty * marks[order.symbol] * (Decimal("1.25") if order.symbol == "SAP" else 1) for order in orders)
        more = desk.check("AAPL", BUY, 1, 4, **QUIET)["MAX_PENDING_NOTIONAL"].value - marks["AAPL"]
        assert more == works

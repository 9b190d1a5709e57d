"""INSUFFICIENT_MARGIN: equity covers, of each position with what works, the share that its instrument's margin rates say. Initial
margin at its limit, just below and just above, on the firm and an account; maintenance margin on marks: an alert and REDUCING
at once; what can't be valued refuses, exits pass; and what is kept equals what a plain loop over all positions finds."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import limits
from markdesk import BUY, QUIET, SELL, WIDE, open_desk, send

import tradecore as tc

R = tc.Reason
SCOPES = {"account alpha": {"account": "alpha"}, "firm": {}}


@pytest.fixture
def make_desk(make_core):
    """100 USD; AAPL at half its value and a quarter to hold, SAP whole."""
    return lambda **fields: open_desk(make_core, 100, {"initial_margin": "0.5", "maintenance_margin": "0.25"}, **fields)


@pytest.fixture
def desk(make_desk):
    return make_desk()


def used(core, **target):
    (line,) = [line for line in core.risk.limits("margin_use") if line.account == target.get("account")]
    return line.used


def warned(core):
    return [(r.report_type.name, r.text) for r in core.reports(0) if r.reason is R.INSUFFICIENT_MARGIN
            and r.report_type in (tc.ReportType.RISK_WARNING, tc.ReportType.RISK_OBSERVED)]


def states(core):
    return [(line.scope, line.state.name, line.reason) for line in core.risk.switches()]


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("scope", SCOPES)
def test_initial_margin_passes_up_to_equity_and_refuses_beyond(desk, scope, side, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("margin_use", 1, **SCOPES[scope])
    for qty in (49, 50):  # each is 2 of need, of 100 of equity
        assert desk.check("AAPL", side, qty, 4, **QUIET)["INSUFFICIENT_MARGIN"].verdict == "PASS"
        order = send(desk, side, qty)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("AAPL", side, 51, 4, **QUIET)["INSUFFICIENT_MARGIN"]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (Decimal("1.02"), 1, Decimal("-0.02"), "REFUSE")
    order = send(desk, side, 51)
    assert (order.reason, order.ord_rej_reason) == (R.INSUFFICIENT_MARGIN, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == f"INSUFFICIENT_MARGIN: margin needed with working orders is 1.02 x equity, more than 1 ({scope})"
    desk.risk.set_limit("margin_use", "1.019999999", **SCOPES[scope])
    assert send(desk, side, 51).reason is R.INSUFFICIENT_MARGIN
    desk.risk.set_limit("margin_use", "1.02", **SCOPES[scope])
    assert send(desk, side, 51).reason is R.NONE
    desk.risk.set_limit("margin_use", tc.OFF, **SCOPES[scope])
    assert send(desk, side, 51).reason is R.NONE


def test_every_position_counts_by_its_own_rate_and_its_worse_side(desk):
    desk.risk.set_limit("margin_use", 1, account="alpha")
    assert send(desk, BUY, 25).reason is R.NONE                            # 50
    assert send(desk, SELL, 25).reason is R.NONE                           # the worse side is still 25
    assert send(desk, SELL, 10, "SAP").reason is R.NONE                    # 40 EUR are 50 USD
    assert used(desk, account="alpha") == 1
    assert send(desk, BUY, 1, "AAPL").reason is R.INSUFFICIENT_MARGIN
    desk.risk.set_margin("SAP", "0.1", who="ann", why="listed again")
    assert used(desk, account="alpha") == Decimal("0.55")
    assert send(desk, BUY, 1, "AAPL").reason is R.NONE
    desk.risk.set_margin("SAP", 2)
    assert used(desk, account="alpha") == Decimal("1.52")
    assert send(desk, SELL, 1, account="beta").reason is R.NONE


def test_without_equity_what_adds_risk_is_refused_and_exits_pass(desk):
    desk.positions.open_position("AAPL", 10, 4, account="alpha")
    desk.positions.open_cash("USD", -140, account="alpha")
    desk.risk.set_limit("margin_use", 1000, account="alpha", observe=True)
    desk.risk.set_limit("margin_use", 1000)
    order = send(desk, BUY, 1)
    assert order.reason is R.TRADING_STATE  # the firm breached its maintenance at once
    desk.risk.set_trading_state("ACTIVE", who="ann", why="watched")
    order = send(desk, BUY, 1)
    assert order.reason is R.INSUFFICIENT_MARGIN
    assert "there is no equity above zero" in order.text
    assert send(desk, SELL, 10).reason is R.NONE


@pytest.mark.parametrize("scope", SCOPES)
def test_a_mark_beyond_maintenance_margin_is_told_and_leaves_reducing_at_once(desk, scope):
    desk.positions.open_position("AAPL", 40, 4, account="alpha")
    desk.positions.open_cash("USD", -220, account="alpha")                 # equity is 40, and so is what 160 need
    desk.risk.set_limit("margin_use", 1, **SCOPES[scope])
    assert (warned(desk), states(desk)) == ([], [])
    assert send(desk, BUY, 1).reason is R.INSUFFICIENT_MARGIN              # initial margin would be 82 of 40
    desk.mark("AAPL", "3.99999999")
    assert warned(desk) == [("RISK_WARNING", warned(desk)[0][1])]
    assert [(where, state) for where, state, _ in states(desk)] == [(scope, "REDUCING")]
    assert "INSUFFICIENT_MARGIN" in states(desk)[0][2]
    assert send(desk, BUY, 1).reason is R.TRADING_STATE
    assert send(desk, SELL, 1).reason is R.NONE
    desk.mark("AAPL", "3.5")
    assert len(warned(desk)) == 1
    desk.mark("AAPL", 5)
    desk.mark("AAPL", 3)
    assert len(warned(desk)) == 2


@pytest.mark.parametrize("by", ["cash", "rates", "limit", "rate of a currency"])
def test_what_takes_equity_or_asks_for_more_of_it_acts_at_once_too(desk, by):
    desk.positions.open_position("SAP", 10, 4, account="alpha")            # 50 USD, to be covered whole
    desk.positions.open_cash("USD", -100, account="alpha")
    desk.risk.set_limit("margin_use", 1, account="alpha")
    assert states(desk) == []
    if by == "cash":
        desk.positions.open_cash("USD", "-0.000000001", account="alpha")
    elif by == "rates":
        desk.risk.set_margin("SAP", "1.000001")
    elif by == "limit":
        desk.risk.set_limit("margin_use", "0.999999999", account="alpha")
    else:
        desk.positions.open_cash("EUR", -1, account="alpha")
    assert [state for _, state, _ in states(desk)] == ["REDUCING"]


def test_what_works_is_canceled_where_the_limit_says_so(desk):
    desk.positions.open_position("AAPL", 40, 4, account="alpha")
    desk.risk.set_limit("margin_use", 1, account="alpha", cancel=True)
    order = send(desk, BUY, 1)
    assert order.reason is R.NONE
    desk.positions.open_cash("USD", -300, account="alpha")
    assert order.ord_status is tc.OrdStatus.CANCELED


def test_soft_and_observed_margin_are_told_and_change_no_state(desk):
    desk.positions.open_position("AAPL", 40, 4, account="alpha")           # 260 of equity, 40 to hold
    desk.risk.set_limit("margin_use", "0.4", account="alpha", soft="0.5")
    assert send(desk, BUY, 1).reason is R.NONE                             # 82 of 260
    assert [kind for kind, _ in warned(desk)] == ["RISK_WARNING"]
    desk.risk.set_limit("margin_use", "0.1", account="alpha", observe=True)
    assert [kind for kind, _ in warned(desk)][1:] == ["RISK_OBSERVED"]
    assert (send(desk, BUY, 1).reason, states(desk)) == (R.NONE, [])


def test_what_is_held_without_a_mark_or_a_rate_refuses_and_is_no_breach(make_core, clock):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"],
                     currencies=["USD", "EUR"])
    core.risk.set_limit("margin_use", 1, account="alpha")
    core.positions.open_cash("USD", 100, account="alpha")
    assert send(core, BUY, 1).reason is R.MARK_UNAVAILABLE
    core.mark("AAPL", 4)
    core.positions.open_position("SAP", 1000, 4, account="alpha")
    assert (send(core, BUY, 1).reason, used(core, account="alpha"), states(core)) == (R.MARK_UNAVAILABLE, None, [])
    core.mark("SAP", 4)
    assert (send(core, BUY, 1).reason, used(core, account="alpha"), states(core)) == (R.RATE_UNAVAILABLE, None, [])
    assert send(core, SELL, 1000, "SAP").reason is R.NONE
    core.risk.set_rate("EUR", 1)
    assert send(core, BUY, 1).reason is R.NONE
    core.risk.set_limit("stale_quote", 1000)
    clock.now += 1_001 * 10**6
    core.mark("AAPL", 4)
    assert send(core, BUY, 1).reason is R.STALE_QUOTE


BAD = [({"initial_margin": 0}, "initial_margin 0"), ({"initial_margin": "10.000001"}, "initial_margin '10.000001' is outside 0.000001 to 10"),
       ({"initial_margin": "0.0000001"}, "initial_margin"), ({"initial_margin": "0.5", "maintenance_margin": "0.500001"}, "maintenance_margin '0.500001' is outside 0.000001 to 0.5"),
       ({"maintenance_margin": 0}, "maintenance_margin 0"), ({"initial_margin": None}, "initial_margin"), ({"initial_margin": "nan"}, "initial_margin")]


@pytest.mark.parametrize(("fields", "said"), BAD)
def test_a_margin_rate_that_can_not_be_is_refused_by_name_and_bound(desk, fields, said):
    with pytest.raises((TypeError, ValueError), match=said):
        tc.Instrument("AAPL", **fields)
    before = desk.state_hash()
    with pytest.raises((TypeError, ValueError), match=said):
        desk.risk.set_margin("AAPL", fields.get("initial_margin", 1), fields.get("maintenance_margin"))
    assert desk.state_hash() == before
    with pytest.raises(tc.UndeclaredError):
        desk.risk.set_margin("NONE", 1)


def test_margin_limits_come_back_from_toml_and_a_room_alone_takes_none(desk, make_core, room):
    desk.risk.set_limit("margin_use", "0.9", account="alpha", soft="0.8", cancel=True, who="ann", why="new desk")
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    with pytest.raises(ValueError, match="can't be 5"):
        room("risk").RiskTable(accounts=1, instruments=1, order_rate=4).set_limit(1, tc.Rule.MARGIN_USE, 5)


@pytest.mark.parametrize("seed", [5, 6])
def test_kept_need_equals_that_of_a_plain_loop_over_all_positions(make_desk, seed):
    desk, pick = make_desk(), random.Random(seed)
    marks, rates, qtys = {"AAPL": Fraction(4), "SAP": Fraction(4)}, {"AAPL": Fraction(1, 2), "SAP": Fraction(1)}, {}
    desk.positions.open_cash("USD", -99, account="alpha")                  # equity is 1: what is used is the need itself
    desk.risk.set_limit("margin_use", 10**6, account="alpha")
    orders = []
    for step in range(150):
        symbol, chance = pick.choice(list(marks)), pick.random()
        if orders and chance < 0.3:
            desk.cancel(orders.pop(pick.randrange(len(orders))))
        elif chance < 0.45:
            marks[symbol] = Fraction(pick.choice(("4", "4.5", "3.333333")))
            desk.mark(symbol, f"{float(marks[symbol]):.6f}")
        elif chance < 0.55:
            rates[symbol] = Fraction(pick.choice(("0.333333", "1", "0.07", "1.5")))
            desk.risk.set_margin(symbol, f"{float(rates[symbol]):.6f}", "0.05")
        elif chance < 0.6:
            desk.risk.set_limit("margin_use", tc.OFF, account="alpha")
            desk.risk.set_limit("margin_use", 10**6, account="alpha")
        else:
            orders.append(send(desk, pick.choice((BUY, SELL)), pick.randrange(1, 9), symbol))
        need = 0
        for its in marks:
            qtys = [sum(order.leaves_qty for order in orders if order.symbol == its and order.side.name == side) for side in (BUY, SELL)]
            value = -(-int(max(qtys)) * marks[its] * (Fraction(5, 4) if its == "SAP" else 1) * 10**9 // 1)
            need += -(-value * rates[its] // 1)
        assert used(desk, account="alpha") == Decimal(int(need)) / 10**9, step

"""MAX_LEVERAGE: gross exposure with working orders over equity, for an account and for the firm, at its limit, just below and
just above; equity that can't be told, or is none, refuses, exits pass; what is kept of equity equals what a plain loop over
cash, trades and marks finds."""

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
    """100 USD."""
    return lambda **fields: open_desk(make_core, 100, **fields)


@pytest.fixture
def desk(make_desk):
    return make_desk()


def leverage(core, **target):
    """What is used of the row on a target."""
    (line,) = [line for line in core.risk.limits("max_leverage") if line.account == target.get("account")]
    return line.used


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("scope", SCOPES)
def test_leverage_passes_up_to_its_limit_and_refuses_beyond(desk, scope, side, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("max_leverage", "4", **SCOPES[scope])
    for qty in (99, 100):  # 396 and 400 of gross exposure on 100 of equity
        assert desk.check("AAPL", side, qty, 4, **QUIET)["MAX_LEVERAGE"].verdict == "PASS"
        order = send(desk, side, qty)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("AAPL", side, 101, 4, **QUIET)["MAX_LEVERAGE"]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (Decimal("4.04"), 4, Decimal("-0.04"), "REFUSE")
    order = send(desk, side, 101)
    assert (order.reason, order.ord_rej_reason) == (R.MAX_LEVERAGE, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == f"MAX_LEVERAGE: gross exposure with working orders would be 4.04 x equity, more than 4 ({scope})"
    desk.risk.set_limit("max_leverage", tc.OFF, **SCOPES[scope])
    assert send(desk, side, 101).reason is R.NONE


def test_the_least_step_beyond_a_limit_refuses(desk):
    """A ratio that no decimals hold: 400 over 300.000000001 is above 1.333333333, as what is rounded up says."""
    desk.positions.open_cash("USD", "200.000000001", account="alpha")
    for limit, reason in (("1.333333333", R.MAX_LEVERAGE), ("1.333333334", R.NONE)):
        desk.risk.set_limit("max_leverage", limit, account="alpha")
        assert send(desk, BUY, 100).reason is reason
    desk.mass_cancel()
    desk.positions.open_cash("USD", "99.999999999", account="alpha")
    desk.risk.set_limit("max_leverage", 1, account="alpha")
    assert send(desk, BUY, 100).reason is R.NONE  # 400 over 400
    desk.mass_cancel()
    desk.positions.open_cash("USD", "-0.000000001", account="alpha")
    assert send(desk, BUY, 100).reason is R.MAX_LEVERAGE


def test_what_works_counts_and_what_reduces_passes(desk):
    desk.risk.set_limit("max_leverage", 2, account="alpha")
    desk.positions.open_position("AAPL", 25, 3, account="alpha")           # 200 of equity
    assert send(desk, BUY, 75).reason is R.NONE
    assert send(desk, BUY, 1).reason is R.MAX_LEVERAGE
    assert send(desk, BUY, 1, "SAP").reason is R.MAX_LEVERAGE
    desk.risk.set_limit("max_leverage", 0, account="alpha")
    assert send(desk, SELL, 26).reason is R.MAX_LEVERAGE
    assert send(desk, SELL, 25).reason is R.NONE


@pytest.mark.parametrize("cash", [-100, -101], ids=["none", "less"])
@pytest.mark.parametrize("scope", SCOPES)
def test_without_equity_all_that_adds_risk_is_refused_and_exits_pass(desk, scope, cash):
    desk.positions.open_position("AAPL", 10, 3, account="alpha")
    desk.positions.open_cash("USD", cash - 40, account="alpha")
    desk.risk.set_limit("max_leverage", 10**6, **SCOPES[scope])
    order = send(desk, BUY, 1)
    assert order.reason is R.MAX_LEVERAGE
    assert order.text == f"MAX_LEVERAGE: there is no equity above zero, or more than can be told ({scope})"
    answer = desk.check("AAPL", BUY, 1, 4, **QUIET)["MAX_LEVERAGE"]
    assert (answer.value, answer.headroom, answer.verdict) == (None, None, "REFUSE")
    assert send(desk, SELL, 10).reason is R.NONE
    desk.positions.open_cash("USD", 10**4, account="alpha")
    assert send(desk, BUY, 1).reason is R.NONE


def test_a_limit_counts_to_a_million_and_no_further(desk):
    desk.risk.set_limit("max_leverage", 10**6, account="alpha")
    before = desk.risk.export_toml()
    with pytest.raises(tc.RefusedError, match="value"):
        desk.risk.set_limit("max_leverage", 10**6 + 1, account="alpha")
    for bad in (-1, "nan", "0.0000000001"):
        with pytest.raises(ValueError, match="max_leverage value"):
            desk.risk.set_limit("max_leverage", bad, account="alpha")
    with pytest.raises(ValueError, match="only on FIRM, ACCOUNT"):
        desk.risk.set_limit("max_leverage", 1, symbol="AAPL")
    assert desk.risk.export_toml() == before


def test_equity_is_cash_and_what_is_held_at_its_mark(desk):
    desk.risk.set_limit("max_leverage", 1000, account="alpha")
    desk.positions.open_cash("EUR", 40, account="alpha")                   # 50 USD
    desk.positions.open_position("SAP", 10, 1, account="alpha")            # at 4 EUR: 50 USD
    assert leverage(desk, account="alpha") == Decimal(50) / 200
    desk.mark("SAP", 2)
    assert leverage(desk, account="alpha") == Decimal("0.142857143")       # 25 of 175, rounded up
    desk.risk.set_rate("EUR", 2)
    assert leverage(desk, account="alpha") == Decimal("0.181818182")       # 40 of 220
    assert desk.risk.utilisation()[0].headroom == 1000 - Decimal("0.181818182")


@pytest.mark.parametrize(("method", "equity"), [("PREMIUM_STYLE", 140), ("FUTURES_STYLE", 110), (tc.ValuationMethod.FUTURES_STYLE, 110)])
def test_of_an_opened_future_only_its_variation_margin_is_equity(make_desk, method, equity):
    desk = make_desk(valuation_method=method)
    desk.positions.open_position("AAPL", 10, 3, account="alpha")
    for target in SCOPES.values():
        desk.risk.set_limit("max_leverage", 1000, **target)
        assert leverage(desk, **target) == -(-40 * 10**9 // equity) * Decimal("1e-9")


@pytest.mark.parametrize("method", ["PREMIUM_STYLE", "FUTURES_STYLE"])
def test_what_is_traded_is_equity_by_what_it_won_however_it_is_valued(make_core, method):
    core = make_core(instruments=[tc.Instrument("AAPL", valuation_method=method)], venues=[tc.SimulatedVenue("XNAS", taker_fee_bps=100)])
    core.positions.open_cash("USD", 100, account="alpha")
    core.mark("AAPL", 4)
    core.risk.set_limit("max_leverage", 1000, account="alpha")
    core.quote("XNAS", "AAPL", bid=4, bid_size=10, ask=5, ask_size=10)
    core.submit("AAPL", BUY, 10, 5, account="alpha")                       # 50 and a fee of 0.5, for what is worth 40
    assert core.positions.position("AAPL", account="alpha").qty == 10
    assert leverage(core, account="alpha") == -(-40 * 10**9 * 10 // 895) * Decimal("1e-9")
    core.submit("AAPL", SELL, 10, 4, account="alpha")                      # 40, and a fee of 0.4
    core.quote("XNAS", "AAPL", bid=4, bid_size=10, ask=5, ask_size=10)
    assert leverage(core, account="alpha") == 0
    assert core.check("AAPL", BUY, 5, 4, account="alpha")["MAX_LEVERAGE"].value == -(-20 * 10**9 * 10 // 891) * Decimal("1e-9")


def test_an_instrument_is_valued_in_a_way_that_there_is():
    with pytest.raises(ValueError, match="instrument AAPL: valuation_method"):
        tc.Instrument("AAPL", valuation_method="MARKED")


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_held_without_a_mark_or_a_rate_and_cash_without_a_rate_refuse(make_core, scope):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"],
                     currencies=["USD", "EUR"])
    core.positions.open_cash("USD", 100, account="alpha")
    core.risk.set_limit("max_leverage", 1000, **SCOPES[scope])
    assert send(core, BUY, 1).reason is R.MARK_UNAVAILABLE
    assert leverage(core, **SCOPES[scope]) == 0
    core.mark("AAPL", 4)
    assert send(core, BUY, 1).reason is R.NONE
    core.positions.open_cash("EUR", 1, account="alpha")
    order = send(core, BUY, 1)
    assert (order.reason, leverage(core, **SCOPES[scope])) == (R.RATE_UNAVAILABLE, None)
    core.risk.set_rate("EUR", 2)
    assert send(core, BUY, 1).reason is R.NONE
    core.positions.open_position("SAP", 1, 4, account="alpha")
    order = send(core, BUY, 1)
    assert (order.reason, leverage(core, **SCOPES[scope])) == (R.MARK_UNAVAILABLE, None)
    assert send(core, SELL, 1, "SAP").reason is R.NONE
    core.mark("SAP", 4)
    assert send(core, BUY, 1).reason is R.NONE


def test_a_stale_mark_refuses_where_its_age_is_declared(desk, clock):
    desk.positions.open_position("SAP", 1, 4, account="alpha")
    desk.risk.set_limit("max_leverage", 1000, account="alpha")
    desk.risk.set_limit("stale_quote", 1000)
    assert send(desk, BUY, 1).reason is R.NONE
    clock.now += 1_001 * 10**6
    desk.mark("AAPL", 4)
    assert send(desk, BUY, 1).reason is R.STALE_QUOTE
    desk.mark("SAP", 4)
    assert send(desk, BUY, 1).reason is R.NONE


def test_soft_and_observed_leverage_pass_and_are_told(desk):
    desk.risk.set_limit("max_leverage", 4, account="alpha", soft="0.5")
    assert send(desk, BUY, 50).reason is R.NONE
    assert not [r for r in desk.reports(0) if r.reason is R.MAX_LEVERAGE]
    assert send(desk, BUY, 1).reason is R.NONE
    assert [r.report_type for r in desk.reports(0) if r.reason is R.MAX_LEVERAGE] == [tc.ReportType.RISK_WARNING]
    desk.risk.set_limit("max_leverage", 1, account="alpha", observe=True)
    assert send(desk, BUY, 1).reason is R.NONE
    assert [r.report_type for r in desk.reports(0) if r.reason is R.MAX_LEVERAGE][-1] is tc.ReportType.RISK_OBSERVED


def test_a_basket_is_judged_by_the_leverage_of_all_of_it(desk):
    desk.risk.set_limit("max_leverage", 4, account="alpha")
    orders = tc.new_orders(3)
    orders["instrument"], orders["account"], orders["venue"], orders["ord_type"] = desk.ids("AAPL"), 1, 2, 2
    orders["side"], orders["order_qty"], orders["price"] = 1, (60, 41, 40), 3 * 10**8
    alone, basket = desk.check_batch(orders), desk.check_batch(orders, together=True)
    assert list(alone["reason"]) == [0, 0, 0]
    assert list(basket["reason"]) == [0, R.MAX_LEVERAGE, 0]
    assert list(basket["refused"]) == [0, 1 << tc.RISK_CHECKS.index(R.MAX_LEVERAGE), 0]


def test_leverage_comes_back_from_toml(desk, make_core):
    desk.risk.set_limit("max_leverage", "2.5", account="alpha", soft="0.8", who="ann", why="new desk")
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    assert [line.value for line in fresh.risk.limits("max_leverage")] == [Decimal("2.5")]


def test_a_room_alone_knows_no_cash_and_takes_no_limit_of_equity(room):
    alone = room("risk").RiskTable(accounts=1, instruments=1, order_rate=4)
    with pytest.raises(ValueError, match="can't be 5"):
        alone.set_limit(1, tc.Rule.MAX_LEVERAGE, 5)
    alone.set_limit(1, tc.Rule.MAX_LEVERAGE, -1)


class Plain:
    """Equity by the words, added up anew: opening cash; what was opened, at its mark, or of a future what its mark is beyond
    its price; cash got less cash paid, what is left at its mark, less fees."""

    def __init__(self, core, futures):
        self.core, self.futures, self.cash, self.opened = core, futures, {}, {}

    def parts(self, account, marks):
        """Amounts, each of them rounded by itself: an instrument's, and a currency's cash less fees."""
        money = {"USD": Fraction(0), "EUR": Fraction(0)}
        for (whose, currency), amount in self.cash.items():
            money[currency] += amount if account in (None, whose) else 0
        for symbol, currency in (("AAPL", "USD"), ("SAP", "EUR")):
            got = held = Fraction(0)
            for (its, whose), (qty, price) in self.opened.items():
                if its == symbol and account in (None, whose):
                    held, got = held + qty, got - (qty * price if symbol in self.futures else 0)
            for trade in self.core.positions.trades(symbol=symbol):
                if account in (None, trade.account):
                    signed = Fraction(trade.last_qty) if trade.side.name == BUY else -Fraction(trade.last_qty)
                    got, held = got - signed * Fraction(trade.last_px), held + signed
                    money[currency] -= Fraction(trade.commission)
            yield currency, got + held * marks[symbol]
        yield from money.items()

    def equity(self, account, marks, rate):
        """In 10**-9 USD."""
        return sum((amount * (rate if currency == "EUR" else 1) * 10**9).__floor__() for currency, amount in self.parts(account, marks))


@pytest.mark.parametrize("seed", [5, 6])
def test_kept_equity_equals_that_of_a_plain_loop_over_cash_trades_and_marks(make_core, seed):
    futures = {"SAP"} if seed % 2 else {"AAPL"}
    core = make_core(
        instruments=[tc.Instrument(its, currency=money, valuation_method="FUTURES_STYLE" if its in futures else "PREMIUM_STYLE")
                     for its, money in (("AAPL", "USD"), ("SAP", "EUR"))],
        accounts=["alpha", "beta"], currencies=["USD", "EUR"], venues=[tc.SimulatedVenue("XNAS", taker_fee_bps=3)])
    pick, marks, rate, plain = random.Random(seed), {"AAPL": Fraction(10), "SAP": Fraction(10)}, Fraction(5, 4), Plain(core, futures)
    core.risk.set_rate("EUR", "1.25")
    for symbol in marks:
        core.mark(symbol, 10)

    def deposit(currency, amount, whose):
        core.positions.open_cash(currency, amount, account=whose)
        plain.cash[whose, currency] = plain.cash.get((whose, currency), 0) + Fraction(amount)

    for whose, symbol, qty, price in (("alpha", "SAP", 30, "9.5"), ("beta", "AAPL", -20, "10.5")):
        deposit("USD", 20_000, whose)
        core.positions.open_position(symbol, qty, price, account=whose)
        plain.opened[symbol, whose] = qty, Fraction(price)
    targets = [{"account": "alpha"}, {"account": "beta"}, {}]
    for target in targets:
        for rule in ("max_leverage", "max_gross_exposure"):
            core.risk.set_limit(rule, 10**6, **target)
    for step in range(120):
        symbol, chance = pick.choice(list(marks)), pick.random()
        if chance < 0.65:
            core.submit(symbol, pick.choice((BUY, SELL)), pick.randrange(1, 50), pick.choice(("9.99", 10, "10.01")),
                        account=pick.choice(("alpha", "beta")))
        elif chance < 0.8:
            marks[symbol] = Fraction(pick.choice(("9.37", "10", "11.003", "10.111111")))
            core.mark(symbol, f"{float(marks[symbol]):.6f}")
        elif chance < 0.86:
            rate = Fraction(pick.choice(("1.25", "0.3", "7")))
            core.risk.set_rate("EUR", f"{float(rate):.2f}")
        elif chance < 0.92:
            deposit(pick.choice(("USD", "EUR")), pick.choice((500, "1234.567890123", -300)), pick.choice(("alpha", "beta")))
        elif chance < 0.96:
            core.roll_day()
        else:  # off, and armed again: nothing is lost of what was
            core.risk.set_limit("max_leverage", tc.OFF, account="beta")
            core.risk.set_limit("max_leverage", 10**6, account="beta")
        for target in targets:
            (gross,) = [line.used for line in core.risk.limits("max_gross_exposure") if line.account == target.get("account")]
            equity = plain.equity(target.get("account"), marks, rate)
            assert equity > 0
            assert leverage(core, **target) == Decimal(-(-int(gross * 10**18) // equity)) / 10**9, (step, target)
    assert len(core.positions.trades()) > 20

"""What accounts are worth, at marks and rates of their time, and which way an exposure points."""

from __future__ import annotations

import random
import time
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

import tradecore as tc

D = Decimal
AAPL, SAP = tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")
XBT = tc.Instrument("XBTUSD", tick_size="0.5", currency="XBT", inverse=True)
QUANTO = tc.Instrument("ETHXBT", tick_size="0.00001", currency="XBT", lot_size=1)


@pytest.fixture
def make(backend):
    return lambda *instruments, **given: tc.PositionKeeper(instruments or [AAPL], backend=backend, **{"clock": lambda: 7, **given})


def test_equity_is_cash_and_what_positions_would_fetch(make):
    keeper = make(AAPL, SAP, XBT, accounts=["a", "b"], method="fifo")
    keeper.open_cash("USD", 10_000, account="a")
    keeper.open_position("AAPL", 5, 90, account="a")
    keeper.apply_fill("AAPL", "BUY", 10, 100, account="a", commission="1.5")
    keeper.apply_fill("AAPL", "SELL", 3, 120, account="a")
    keeper.apply_fill("SAP", "SELL", 4, 50, account="a", commission=2, commission_currency="USD")
    keeper.open_cash("XBT", 2, account="b")
    keeper.apply_fill("XBTUSD", "BUY", 10_000, 10_000, account="b")
    keeper.mark({"AAPL": 110, "SAP": 40, "XBTUSD": 12_500})
    keeper.dividend("AAPL", "0.5")
    rows = {(r.account, r.currency): r for r in keeper.equity()}
    cash = D(10_000) - 1000 - D("1.5") + 360 - 2 + 6
    assert rows["a", "USD"][2:] == (cash, 12 * 110, cash + 12 * 110, 0)
    assert rows["a", "EUR"][2:] == (200, -160, 40, 0)
    assert rows["b", "XBT"][2:] == (2, D("0.2"), D("2.2"), 0)  # 10,000 / 10,000 less 10,000 / 12,500
    assert all(rows[a, c].cash == keeper.cash(c, a) for a, c in rows)
    keeper.set_rate("EUR", "USD", "1.1")
    keeper.set_rate("XBT", "USD", 12_500)
    base = keeper.base_equity("USD")
    assert base.equity == cash + 1320 + 40 * D("1.1") + D("2.2") * 12_500
    assert (base.cash, base.rates["EUR"]) == (cash + 220 + 25_000, Fraction(11, 10))
    assert keeper.base_equity("USD", "b").equity == 27_500


def test_equity_is_what_was_brought_in_and_made_after_any_life(make):
    seeded = random.Random(4)
    keeper = make(AAPL, SAP, accounts=["a", "b"], method="hifo")
    opened = {(a, c): D(0) for a in "ab" for c in ("USD", "EUR")}
    for step in range(300):
        account, symbol = seeded.choice("ab"), seeded.choice(("AAPL", "SAP"))
        currency = "USD" if symbol == "AAPL" else "EUR"
        kind = seeded.random()
        if kind < 0.05:
            opened[account, currency] += (amount := seeded.randint(-50, 90))
            keeper.open_cash(currency, amount, account=account)
        elif kind < 0.1:
            keeper.dividend(symbol, "0.25")
        elif kind < 0.15:
            keeper.split(symbol, 2, 1)
        else:
            keeper.apply_fill(symbol, None, seeded.choice((-7, -2, 1, 5)), seeded.randint(1, 50), account=account, commission="0.01")
        keeper.mark(symbol, seeded.randint(1, 50))
        pnl = {(r.account, r.currency): r.net for r in keeper.pnl(missing="exclude")}
        for r in keeper.equity(missing="exclude"):
            assert r.equity == opened[r.account, r.currency] + pnl[r.account, r.currency], step


def test_a_position_without_a_mark_is_never_worth_nothing(make):
    keeper = make()
    keeper.apply_fill("AAPL", "BUY", 10, 100)
    with pytest.raises(ValueError, match="AAPL has no mark and account main holds it"):
        keeper.equity()
    (row,) = keeper.equity(missing="exclude")
    assert (row.cash, row.market_value, row.equity, row.unmarked) == (-1000, 1000, 0, 1)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_an_exposure_has_the_sign_of_its_position_also_of_an_inverse_contract(make, side):
    keeper = make(XBT, QUANTO, AAPL, groups={"COIN": ["XBTUSD", "ETHXBT"]})
    sign = 1 if side == "BUY" else -1
    keeper.apply_fill("XBTUSD", side, 10_000, 10_000)
    keeper.mark({"XBTUSD": 10_000, "ETHXBT": "0.05", "AAPL": 1})
    (row,) = (r for r in keeper.exposure(group="COIN") if r.currency == "XBT")
    assert (row.gross, row.net) == (1, sign)
    keeper.apply_fill("ETHXBT", None, -20 * sign, "0.05")  # worth 1 XBT the other way: the group is flat
    (row,) = (r for r in keeper.exposure(group="COIN") if r.currency == "XBT")
    assert (row.gross, row.net) == (2, 0)


# ---- marks and rates by time

def test_a_rate_counts_from_its_time_and_a_figure_takes_those_of_its_own(make):
    clock = [100]
    keeper = make(AAPL, SAP, clock=lambda: clock[0])
    keeper.apply_fill("SAP", "BUY", 10, 50)
    keeper.mark("SAP", 60)
    keeper.set_rate("EUR", "USD", "1.20", time=300)  # given before the earlier one
    keeper.set_rate("EUR", "USD", "1.10", time=100)
    assert [keeper.base_pnl("USD", now=now).net for now in (100, 299, 300)] == [110, 110, 120]
    with pytest.raises(tc.MissingRateError, match=r"no rate for EUR/USD or USD/EUR by 99"):
        keeper.base_equity("USD", now=99, missing="exclude")
    keeper.set_rate("EUR", "USD", "1.30", time=300)  # given again
    assert keeper.base_pnl("USD", now=400).net == 130
    keeper.set_rate("USD", "EUR", "0.5", time=350)   # the last that was given, in either direction
    assert keeper.base_pnl("USD", now=400).net == 200


def test_a_mark_of_a_later_time_is_none(make):
    keeper = make()
    keeper.apply_fill("AAPL", "BUY", 10, 100)
    keeper.mark("AAPL", 110, time=500)
    with pytest.raises(ValueError, match="AAPL has a stale mark"):
        keeper.pnl(now=499)
    assert keeper.pnl(now=500)[0].unrealized_pnl == 100


def test_a_days_pnl_in_base_takes_the_morning_at_the_mornings_rate(make):
    """100 EUR made yesterday at 1.10 are 110 USD; today nothing is made in EUR, and the euro gains 10 cents: 10 USD."""
    keeper = make(AAPL, SAP, clock=lambda: 50)
    keeper.apply_fill("SAP", "BUY", 10, 50)
    keeper.mark("SAP", 60)
    keeper.set_rate("EUR", "USD", "1.10", time=50)
    keeper.roll_day(date(2024, 1, 2), now=60)
    keeper.set_rate("EUR", "USD", "1.20", time=70)
    base = keeper.base_pnl("USD", now=80)
    assert (base.net, base.day_pnl) == (120, 10)
    assert keeper.daily_pnl().column("day") == ["2024-01-02", "2024-01-02"]
    with pytest.raises(ValueError, match="day '2024-01-02' is already closed"):
        keeper.roll_day("2024-01-02")
    with pytest.raises(TypeError, match="day must be a str"):
        keeper.roll_day(20240102)


def test_closing_a_day_costs_the_same_after_many(make):
    keeper = make()
    keeper.mark("AAPL", 1)

    def days(first, count):
        begun = time.process_time()
        for day in range(first, first + count):
            keeper.roll_day(f"d{day}")
        return time.process_time() - begun

    early = min(days(at, 500) for at in (0, 500, 1000))
    days(1_500, 20_000)
    assert min(days(at, 500) for at in (30_000, 30_500, 31_000)) < 3 * early

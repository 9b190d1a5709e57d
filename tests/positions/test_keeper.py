"""PositionKeeper alone: exact figures, marks, currencies, days, and every bad input refused with nothing lost."""

from __future__ import annotations

import doctest
import random
import re
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import tradecore as tc
from tradecore.positions.entries import ENTRY_DTYPE
from tradecore.vocabulary.records import FILL_DTYPE, NO_PRICE

D = Decimal
CENT = tc.Instrument("AAPL").tick  # price units
AAPL, MSFT = tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("MSFT", tick_size="0.01")
SAP = tc.Instrument("SAP", tick_size="0.01", currency="EUR")
FUT = tc.Instrument("FUT", tick_size="0.5", lot_size="0.1", multiplier="2.5", any_sign=True)
XBT = tc.Instrument("XBTUSD", tick_size="0.5", currency="XBT", inverse=True)


class Clock:
    def __init__(self):
        self.now = 1_700_000_000_000_000_000

    def __call__(self):
        return self.now


@pytest.fixture
def make(backend):
    def build(*instruments, **given):
        given.setdefault("clock", Clock())
        return tc.PositionKeeper(instruments or [AAPL], backend=backend, **given)

    return build


def fill(keeper, side, qty, price, symbol="AAPL", **given):
    return keeper.apply_fill(symbol, side, qty, price, **given)


# ---- it must show

@pytest.mark.parametrize(("price", "gain"), [("0.80400", "0.40"), ("0.80490", "0.49"), ("0.80600", "0.60")])
def test_a_hundred_closed_one_at_a_time_gain_exactly(make, price, gain):
    keeper = make(tc.Instrument("EURUSD", tick_size="0.00001"))
    fill(keeper, "BUY", 100, "0.80000", "EURUSD")
    for _ in range(100):
        fill(keeper, "SELL", 1, price, "EURUSD")
    assert keeper.position("EURUSD").realized_pnl == D(gain)
    assert keeper.position("EURUSD").cost == 0


# A Series 7 course's table of cost valuation methods (app.certfuel.com/series7, "Cost Valuation Methods: FIFO, LIFO,
# Identified Shares"): 100 at 30, 100 at 40 and 100 at 50, of which 100 are sold at 55.
SERIES_7 = [(100, 30), (100, 40), (100, 50)]
# Firstrade, Tax Center, on tax lots: 100 at 5 and 100 at 7, of which 150 are sold at 10; FIFO's basis is 850.
FIRSTRADE = [(100, 5), (100, 7)]
# Capital One Investing, "Lot Closing Methods": 55 shares for 665; of average cost, so a share costs 665/55 (12.09).
CAPITAL_ONE = [(10, 12), (15, 13), (10, 15), (20, 10)]
TABLE = [
    (SERIES_7, "fifo", 100, 55, 2500, None), (SERIES_7, "lifo", 100, 55, 500, None), (SERIES_7, "specific", 100, 55, 1500, 2),
    (FIRSTRADE, "fifo", 150, 10, 650, None), (CAPITAL_ONE, "average", 55, 20, 55 * 20 - 665, None),
]


@pytest.mark.parametrize(("bought", "method", "sold", "price", "gain", "lot"), TABLE)
def test_published_tables_of_fifo_lifo_specific_and_average_cost(make, bought, method, sold, price, gain, lot):
    keeper = make(method=method)
    for qty, cost in bought:
        fill(keeper, "BUY", qty, cost)
    average = keeper.position("AAPL").avg_px_ratio
    assert average == Fraction(sum(q * c for q, c in bought), sum(q for q, _ in bought))
    if bought is CAPITAL_ONE:
        assert round(average, 2) == Fraction("12.09")
    fill(keeper, "SELL", sold, price, lot=lot)
    assert keeper.position("AAPL").realized_pnl == gain


# ---- fills

def test_a_position_tells_its_figures_and_its_lots(make):
    keeper = make(method="fifo", strategies=["trend"])
    first = fill(keeper, "BUY", 10, "100.005", commission="0.50", exec_id="e1", strategy="trend")
    fill(keeper, tc.Side.BUY, 10, 110, commission=-1, commission_currency="USD")
    fill(keeper, "SELL", 15, 120)
    keeper.mark("AAPL", "121.5")
    p = keeper.position("AAPL")
    assert (p.qty, p.cost, p.avg_px, p.realized_pnl, p.fees) == (5, 550, 110, D("249.95"), D("-0.5"))
    assert (p.mark, p.market_value, p.unrealized_pnl) == (D("121.5"), D("607.5"), D("57.5"))
    assert [(lot.trade_id, lot.qty, lot.cost) for lot in p.lots] == [(first + 1, 5, 550)]
    assert (p.account, p.carried, p.dividends, p.fees_by_currency) == ("main", 0, {}, {"USD": D("-0.5")})
    (row,) = keeper.pnl()
    assert (row.realized_pnl, row.unrealized_pnl, row.fees, row.net) == (D("249.95"), D("57.5"), D("-0.5"), D("307.95"))
    assert keeper.cash("USD") == -D("1000.05") - 1100 + 1800 + D("0.5")


def test_identity_by_account_and_currency_with_everything_that_can_be_booked(make):
    """realised + unrealised - fees + dividends = cash flow + market value - carried, the cash counted on the side."""
    seeded = random.Random(4)
    keeper = make(AAPL, SAP, FUT, accounts=["a", "b"], method="fifo", lots=4000)
    cash = {(account, currency): D(0) for account in "ab" for currency in ("USD", "EUR")}
    instruments, booked = {"AAPL": AAPL, "SAP": SAP, "FUT": FUT}, []
    for step in range(500):
        symbol, account, kind = seeded.choice(list(instruments)), seeded.choice("ab"), seeded.random()
        ins = instruments[symbol]
        factor, currency = D(str(ins.multiplier)), ins.currency
        qty, price = seeded.randint(1, 30) * D(str(ins.lot_size)), seeded.randint(1, 90) * D(str(ins.tick_size))
        held = keeper.position(symbol, account).qty
        if kind < 0.75:
            side, fee, fee_currency = seeded.choice(("BUY", "SELL")), D(seeded.randint(-5, 9)) / 100, seeded.choice(("USD", "EUR"))
            trade = fill(keeper, side, qty, price, symbol, account=account, commission=fee, commission_currency=fee_currency)
            moved = (qty if side == "SELL" else -qty) * price * factor
            cash[account, currency] += moved
            cash[account, fee_currency] -= fee
            booked.append((trade, account, currency, moved, fee_currency, fee))
        elif kind < 0.80:
            keeper.dividend(symbol, "0.25", currency="EUR")
            for name in "ab":
                cash[name, "EUR"] += keeper.position(symbol, name).qty * D("0.25")
        elif kind < 0.85 and held:
            keeper.transfer(symbol, min(abs(held), qty), account, "b" if account == "a" else "a")
        elif kind < 0.9:
            keeper.open_position(symbol, -qty, price, account=account)
        elif booked and step < 200 and not any(t.kind == "TRANSFER" for t in keeper.trades()) and not any(
                t.kind == "DIVIDEND" for t in keeper.trades()):
            trade, name, its, moved, fee_currency, fee = booked.pop(seeded.randrange(len(booked)))
            keeper.bust(trade)
            cash[name, its] -= moved
            cash[name, fee_currency] += fee
        for mark, units in (("AAPL", 55), ("SAP", 7), ("FUT", D("-3.5"))):
            keeper.mark(mark, units)
        for account in "ab":
            for row in keeper.pnl(account):
                held_here = [keeper.position(s, account) for s, i in instruments.items() if i.currency == row.currency]
                value = sum(p.market_value for p in held_here)
                carried = sum(p.carried for p in held_here)
                assert keeper.cash(row.currency, account) == cash[account, row.currency], step
                assert row.net == cash[account, row.currency] + value - carried, step
                assert row.unrealized_pnl == keeper.totals()[account].get(row.currency, 0)
    assert len(booked) > 200


def test_a_batch_is_what_its_fills_are_one_by_one(make):
    one, many = make(AAPL, MSFT, accounts=["a", "b"], method="lifo"), make(AAPL, MSFT, accounts=["a", "b"], method="lifo")
    seeded, rows = random.Random(1), np.zeros(300, FILL_DTYPE)
    for row in rows:
        symbol, account, qty, price = seeded.choice(("AAPL", "MSFT")), seeded.choice("ab"), seeded.choice((-9, 4, 5)), seeded.randint(1, 99)
        fill(one, "BUY" if qty > 0 else "SELL", abs(qty), price, symbol, account=account, commission="0.01")
        row["instrument"], row["account"] = many.ids(symbol), many.ids(account=account)
        row["qty"], row["price"], row["fee"] = qty, price * 100 * CENT, 10_000_000
    assert many.apply_fills(rows) == 1
    for symbol in ("AAPL", "MSFT"):
        for account in "ab":
            ours, theirs = one.position(symbol, account), many.position(symbol, account)
            assert (ours.row, [lot[2:] for lot in ours.lots]) == (theirs.row, [lot[2:] for lot in theirs.lots])


def test_bust_and_correct_by_id_or_exec_id(make):
    keeper = make(method="fifo")
    fill(keeper, "BUY", 10, 100, exec_id="a")
    fill(keeper, "BUY", 10, 110, exec_id="b")
    fill(keeper, "SELL", 10, 130, exec_id="c", commission=1)
    assert keeper.position("AAPL").realized_pnl == 300
    keeper.bust("a")  # the lot that c closed
    assert (keeper.position("AAPL").qty, keeper.position("AAPL").realized_pnl) == (0, 200)
    keeper.correct(3, qty=4, price=120, commission="0.4")
    assert (keeper.position("AAPL").qty, keeper.position("AAPL").realized_pnl, keeper.position("AAPL").fees) == (6, 40, D("0.4"))
    assert [row.status for row in keeper.trades()] == ["BUSTED", "LIVE", "CORRECTED"]
    with pytest.raises(ValueError, match="trade 1 is already busted"):
        keeper.bust(1)
    with pytest.raises(LookupError, match="exec_id 'z' is not booked here"):
        keeper.bust("z")


def test_a_correction_keeps_its_commissions_currency_or_changes_it(make):
    keeper = make(AAPL, currencies=["JPY", "BTC"])
    fill(keeper, "BUY", 10, 100, commission=3, commission_currency="JPY")
    fill(keeper, "SELL", 4, 110, commission=1)

    def cash():
        return [keeper.cash(name) for name in ("USD", "JPY", "BTC")]

    assert cash() == [-561, -3, 0]
    for given, expected in (
        ({"commission": 5}, [-561, -5, 0]),
        ({"price": 101}, [-571, -5, 0]),
        ({"commission": 7, "commission_currency": "JPY"}, [-571, -7, 0]),
        ({"commission_currency": "USD"}, [-578, 0, 0]),  # 7, as it was told, in dollars
        ({"commission": "0.00000123", "commission_currency": "BTC"}, [-571, 0, D("-0.00000123")]),
        ({"qty": 9}, [-470, 0, D("-0.00000123")]),
        ({"commission": 0}, [-470, 0, 0]),
        ({"commission": -2, "commission_currency": "USD"}, [-468, 0, 0]),
    ):
        keeper.correct(1, **given)
        assert cash() == expected, given
    assert [(row.commission, row.commission_currency) for row in keeper.trades()] == [(-2, "USD"), (1, "USD")]
    for given, error, match in (({"commission_currency": "JPX"}, LookupError, "did you mean"),
                                ({"commission_currency": 5}, TypeError, "must be a str"),
                                ({"commission": 10**10, "commission_currency": "JPY"}, ValueError, "commission")):
        with pytest.raises(error, match=match):
            keeper.correct(1, **given)
    assert cash() == [-468, 0, 0]
    keeper.bust(1)
    assert cash() == [439, 0, 0]


def test_hedged_legs_stand_side_by_side(make):
    keeper = make(hedging=True, accounts=["a", "b"])
    fill(keeper, "BUY", 10, 100, account="a", position_effect="OPEN")
    fill(keeper, "SELL", 4, 110, account="a", position_effect="OPEN")
    fill(keeper, "SELL", 3, 120, account="a", position_effect="CLOSE")
    fill(keeper, "BUY", 1, 105, account="a", position_effect="CLOSE")
    keeper.open_position("AAPL", -2, 90, account="b")
    assert [keeper.position("AAPL", "a", leg=leg).qty for leg in ("LONG", "SHORT")] == [7, -3]
    assert keeper.position("AAPL", "b", leg="SHORT").qty == -2
    keeper.mark("AAPL", 100)
    assert [(row.account, row.realized_pnl, row.unrealized_pnl) for row in keeper.pnl()] == [("a", 65, 30), ("b", 0, -20)]
    assert (keeper.exposure("a")[0].gross, keeper.exposure("a")[0].net) == (1000, 400)
    for given, match in (({}, "position_effect None must be OPEN or CLOSE"), ({"position_effect": "ROLL"}, "'ROLL' must be OPEN")):
        with pytest.raises(ValueError, match=match):
            fill(keeper, "BUY", 1, 1, account="a", **given)
    with pytest.raises(tc.EntryError, match="AAPL: qty 8 lots exceeds the 7 lots of this leg"):
        fill(keeper, "SELL", 8, 1, account="a", position_effect="CLOSE")
    with pytest.raises(ValueError, match="leg None must be LONG or SHORT"):
        keeper.position("AAPL", "a")


def test_an_inverse_contract_gains_in_its_coin(make):
    keeper = make(XBT)
    fill(keeper, "BUY", 30_000, 30_000, "XBTUSD", commission="0.00075", commission_currency="XBT")
    keeper.mark("XBTUSD", 40_000)
    p = keeper.position("XBTUSD")
    assert (p.cost, p.market_value, p.unrealized_pnl, p.avg_px) == (-1, D("-0.75"), D("0.25"), 30_000)
    fill(keeper, "SELL", 30_000, 40_000, "XBTUSD")
    assert keeper.position("XBTUSD").realized_pnl == D("0.25")
    assert keeper.cash("XBT") == D("0.25") - D("0.00075")
    with pytest.raises(ValueError, match="XBTUSD price 0 must be at least"):
        fill(keeper, "BUY", 1, 0, "XBTUSD")
    with pytest.raises(ValueError, match="an inverse contract has positive prices only"):
        tc.Instrument("X", inverse=True, any_sign=True)
    with pytest.raises(TypeError, match="inverse must be a bool"):
        tc.Instrument("X", inverse=1)


def test_a_core_refuses_an_inverse_contract(make_core):
    with pytest.raises((tc.RefusedError, ValueError)):
        make_core(instruments=[XBT])


def test_split_dividend_and_transfer(make):
    keeper = make(accounts=["a", "b"], method="fifo", currencies=["EUR"])
    fill(keeper, "BUY", 10, 100, account="a", transact_time=5)
    fill(keeper, "SELL", 4, 90, account="b")
    keeper.mark("AAPL", 120)
    keeper.split("AAPL", 2, 1)
    assert [keeper.position("AAPL", name).qty for name in "ab"] == [20, -8]
    assert keeper.position("AAPL", "a").mark is None
    keeper.dividend("AAPL", "0.24")
    keeper.dividend("AAPL", "0.10", currency="EUR")
    assert keeper.position("AAPL", "a").dividends == {"USD": D("4.8"), "EUR": 2}
    assert keeper.position("AAPL", "b").dividends == {"USD": D("-1.92"), "EUR": D("-0.8")}
    assert keeper.cash("EUR", "a") == 2
    keeper.transfer("AAPL", 5, "a", "b")
    assert [keeper.position("AAPL", name).qty for name in "ab"] == [15, -3]
    assert keeper.position("AAPL", "b").realized_pnl == 5 * 45 - 250  # its lots closed against the short, at their cost
    assert keeper.position("AAPL", "b").carried == 250
    with pytest.raises(tc.EntryError, match="AAPL: 15 lots would be no whole number of lots"):
        keeper.split("AAPL", 1, 2)


# ---- marks

def test_all_marks_some_marks_and_marks_by_side(make):
    keeper = make(AAPL, MSFT, accounts=["a", "b"])
    fill(keeper, "BUY", 10, 100, account="a")
    fill(keeper, "SELL", 10, 100, account="b")
    assert keeper.mark(np.array([10_100 * CENT, NO_PRICE])) == 0
    view = keeper.view()
    assert view.unrealized.tolist() == [[1_000 * CENT, -1_000 * CENT], [0, 0]]
    assert view.qty.tolist() == [[10, -10], [0, 0]]
    assert view.unrealized.base is not None
    assert keeper.mark("AAPL", 102) == 0
    assert keeper.mark(["MSFT"], ["5.5"]) == 0
    assert keeper.mark({"AAPL": 103, "MSFT": 6}) == 0
    assert view.unrealized.tolist() == [[3_000 * CENT, -3_000 * CENT], [0, 0]]  # the same memory
    keeper.mark("AAPL", 101, asks=104)
    assert [keeper.position("AAPL", name).unrealized_pnl for name in "ab"] == [10, -40]
    assert keeper.totals() == {"a": {"USD": 10}, "b": {"USD": -40}}
    keeper.mark("AAPL", "101.00000001", asks="101.00000002", basis="mid")
    assert [keeper.position("AAPL", name).mark for name in "ab"] == [D("101.00000002")] * 2  # half a unit: to even
    fill(keeper, "BUY", 5, 100, account="a")
    assert keeper.refresh() == 0
    assert view.unrealized[0, 0] == 15 * (10_100 * CENT + 2) - 150_000 * CENT


def test_a_missing_or_stale_mark_is_an_error_or_left_out_and_counted(make):
    clock = Clock()
    keeper = make(AAPL, MSFT, clock=clock)
    fill(keeper, "BUY", 10, 100)
    fill(keeper, "BUY", 10, 100, "MSFT")
    keeper.mark("AAPL", 110)
    for ask in (keeper.pnl, keeper.totals, keeper.exposure, lambda: keeper.roll_day("d1"), lambda: keeper.base_pnl("USD")):
        with pytest.raises(ValueError, match="MSFT has no mark and account main holds it"):
            ask()
    (row,) = keeper.pnl(missing="exclude")
    assert (row.unrealized_pnl, row.unmarked) == (100, 1)
    assert keeper.exposure(missing="exclude")[0].unmarked == 1
    assert keeper.mark(np.array([1_100_000, NO_PRICE])) == 1
    assert keeper.view().unrealized[1, 0] == NO_PRICE
    assert keeper.mark_last() == 1
    assert keeper.position("MSFT").mark == 100
    clock.now += 10
    keeper.mark("MSFT", 90)
    clock.now += 5
    with pytest.raises(ValueError, match="AAPL has a stale mark"):
        keeper.pnl(max_age_ns=14)
    assert keeper.pnl(max_age_ns=15)[0].unmarked == 0
    assert keeper.pnl(max_age_ns=4, missing="exclude")[0].unmarked == 2


@pytest.mark.parametrize("precision", ["exact", "hybrid", "fast"])
def test_precisions_are_of_the_view_and_never_of_the_ledger(make, precision):
    keeper = make(precision=precision, accounts=["a", "b"])
    fill(keeper, "BUY", 3, 100, account="a")
    fill(keeper, "BUY", 90_000, 100, account="b")
    keeper.mark("AAPL", "100.5")
    view = keeper.view()
    if precision == "fast":
        assert view.unrealized_fast.tolist() == [[150.0 * CENT, 4_500_000.0 * CENT]]
    else:
        assert view.unrealized.tolist() == [[150 * CENT, 4_500_000 * CENT]]
    if precision == "hybrid":
        assert view.made_by.tolist() == [[1, 2]]  # 9 million is above the threshold
    assert keeper.totals() == {"a": {"USD": D("1.5")}, "b": {"USD": 45_000}}
    assert keeper.position("AAPL", "a").unrealized_pnl == D("1.5")


# ---- currencies, days, exposure

def test_base_currency_figures_are_derived_by_explicit_rates(make):
    clock = Clock()
    keeper = make(AAPL, SAP, clock=clock)
    fill(keeper, "BUY", 10, 100)
    fill(keeper, "BUY", 10, 100, "SAP")
    keeper.mark({"AAPL": 101, "SAP": 103})
    with pytest.raises(tc.MissingRateError, match="no rate for EUR/USD or USD/EUR"):
        keeper.base_pnl("USD")
    keeper.set_rate("EUR", "USD", "1.08")
    assert keeper.base_pnl("USD").net == 10 + 30 * D("1.08")
    assert keeper.base_pnl("EUR").ratio == Fraction(10) / Fraction("1.08") + 30
    assert str(keeper.base_pnl("EUR").net) == "39.25925925925925925925925926"
    clock.now += 100
    keeper.mark({"AAPL": 101, "SAP": 103})
    with pytest.raises(tc.MissingRateError, match="the rate EUR/USD is 100 ns old, above 99"):
        keeper.base_pnl("USD", max_age_ns=99)
    keeper.set_rate("EUR", "USD", "1.10")
    assert keeper.base_pnl("USD", max_age_ns=99).net == 43  # nothing of the old rate is kept
    assert keeper.base_pnl("USD").rates == {"USD": 1, "EUR": Fraction("1.10")}


def test_a_day_rolls_and_positions_carry_over(make):
    keeper = make(AAPL, SAP)
    fill(keeper, "BUY", 10, 100, commission=1)
    keeper.mark({"AAPL": 105})
    assert [(r.currency, r.day_pnl) for r in keeper.roll_day("2024-01-02")] == [("USD", 49), ("EUR", 0)]
    keeper.mark("AAPL", 103)
    usd = keeper.pnl()[0]
    assert (usd.net, usd.day_pnl, keeper.position("AAPL").qty) == (29, -20, 10)
    keeper.roll_day("2024-01-03")
    assert [(row.day, row.currency, row.day_pnl) for row in keeper.daily_pnl()] == [
        ("2024-01-02", "USD", 49), ("2024-01-02", "EUR", 0), ("2024-01-03", "USD", -20), ("2024-01-03", "EUR", 0)]
    with pytest.raises(ValueError, match="day '2024-01-03' is already closed"):
        keeper.roll_day("2024-01-03")


def test_exposure_by_account_group_and_currency_equals_a_recomputation(make):
    seeded = random.Random(8)
    keeper = make(AAPL, MSFT, SAP, FUT, accounts=["a", "b"], groups={"TECH": ["AAPL", "SAP"], "REST": "FUT"})
    instruments, marks = [AAPL, MSFT, SAP, FUT], {}
    keeper.mark({i.symbol: 10 for i in instruments})
    marks = {i.symbol: D(10) for i in instruments}
    groups = {"TECH": {"AAPL", "SAP"}, "REST": {"FUT"}}
    for step in range(300):
        ins = seeded.choice(instruments)
        if seeded.random() < 0.3:
            marks[ins.symbol] = D(seeded.randint(-9 if ins.any_sign else 1, 20))
            keeper.mark(ins.symbol, marks[ins.symbol])
        elif seeded.random() < 0.05:
            keeper.mark(np.array([int(marks[i.symbol] * 10**i.price_precision) for i in instruments]))
        else:
            fill(keeper, seeded.choice(("BUY", "SELL")), seeded.randint(1, 30), 10, ins.symbol, account=seeded.choice("ab"))
        account, group = seeded.choice((None, "a", "b")), seeded.choice((None, "TECH", "REST"))
        for row in keeper.exposure(account, group=group):
            values = [keeper.position(i.symbol, name).market_value for i in instruments for name in ([account] if account else "ab")
                      if i.currency == row.currency and (group is None or i.symbol in groups[group])]
            assert (row.gross, row.net) == (sum(map(abs, values)), sum(values)), step


# ---- bad input

def bad_calls():
    ok = {"symbol": "AAPL", "side": "BUY", "qty": 1, "price": 1}
    return [
        ({**ok, "symbol": "APPL"}, LookupError, "did you mean 'AAPL'"), ({**ok, "symbol": 5}, TypeError, "symbol must be a str"),
        ({**ok, "side": "BYE"}, ValueError, "BYE"), ({**ok, "qty": 0}, ValueError, "qty 0 is outside 1 to"),
        ({**ok, "qty": "1.5"}, ValueError, "qty '1.5' is not a multiple of 1"), ({**ok, "qty": True}, TypeError, "qty must be"),
        ({**ok, "qty": -1}, ValueError, "qty -1 is outside 1 to"), ({**ok, "qty": float("nan")}, ValueError, "qty must be finite"),
        ({**ok, "price": 0}, ValueError, "price 0 must be at least 0.00000001"), ({**ok, "price": "x"}, ValueError, "price 'x' is not"),
        ({**ok, "price": "1e15"}, ValueError, "price '1e15' is outside"), ({**ok, "price": "1.000000001"}, ValueError, "not a multiple"),
        ({**ok, "account": "nobody"}, LookupError, "account 'nobody' is not declared"), ({**ok, "account": None}, ValueError, "account must be named"),
        ({**ok, "commission": "0.0000000001"}, ValueError, "commission '0.0000000001' is not a multiple"),
        ({**ok, "commission": None}, TypeError, "commission must be"), ({**ok, "commission_currency": "GBP"}, LookupError, "GBP"),
        ({**ok, "strategy": "x"}, LookupError, "strategy 'x'"), ({**ok, "transact_time": -1}, ValueError, "transact_time -1 must be 0"),
        ({**ok, "transact_time": 1.5}, TypeError, "transact_time must be an int"), ({**ok, "exec_id": ""}, ValueError, "exec_id '' must be"),
        ({**ok, "exec_id": "e1"}, ValueError, "exec_id 'e1' is already booked as trade 1"), ({**ok, "lot": 1}, ValueError, "only by method='specific'"),
        ({**ok, "position_effect": "OPEN"}, ValueError, "only hedging=True has legs"),
    ]


@pytest.mark.parametrize(("given", "error", "match"), bad_calls())
def test_a_bad_fill_is_refused_and_changes_nothing(make, given, error, match):
    keeper = make(AAPL, accounts=["a", "b"])
    fill(keeper, "BUY", 5, 7, account="a", exec_id="e1")
    before = keeper.position("AAPL", "a"), len(keeper.trades())
    with pytest.raises(error, match=match):
        keeper.apply_fill(**{"account": "a", **given})
    assert (keeper.position("AAPL", "a"), len(keeper.trades())) == before


@pytest.mark.parametrize(("given", "error", "match"), [
    ({"instruments": []}, ValueError, "instruments must have at least one"), ({"instruments": ["AAPL"]}, TypeError, "must be Instrument, not str"),
    ({"instruments": [AAPL, AAPL]}, ValueError, "'AAPL' is declared twice"), ({"accounts": []}, ValueError, "accounts must have at least one"),
    ({"accounts": "main"}, TypeError, "account names must be an iterable"), ({"accounts": ["a", "a"]}, ValueError, "'a' is declared twice"),
    ({"method": "best"}, ValueError, "'best' must be average, fifo, lifo, hifo, lofo or specific"), ({"precision": "double"}, ValueError, "must be exact, hybrid or fast"),
    ({"trades": 0}, ValueError, "trades 0 must be"), ({"lots": 2**31}, ValueError, "lots 2147483648 must be"),
    ({"groups": {"G": ["NONE"]}}, LookupError, "NONE"), ({"groups": {"G": ["AAPL"], "H": ["AAPL"]}}, ValueError, "is in group 'G' and in group 'H'"),
    ({"clock": 5}, TypeError, "clock must be callable"), ({"notional_threshold": -1}, ValueError, "notional_threshold -1 is outside"),
    ({"hedging": "no"}, TypeError, "hedging must be a bool, not str"), ({"hedging": 0}, TypeError, "hedging must be a bool, not int"),
    ({"currencies": [tc.Currency("EUR", 2), "EUR"]}, ValueError, "EUR, EUR: one is declared twice"),
    ({"currencies": ["no good "]}, ValueError, "currency 'no good '"), ({"backend": "fast"}, ValueError, "'fast' is not one of"),
])
def test_a_keeper_that_can_not_be_is_refused(backend, given, error, match):
    with pytest.raises(error, match=match):
        tc.PositionKeeper(**{"instruments": [AAPL], "backend": backend, **given})


def test_bad_marks_are_refused_and_the_old_ones_stand(make):
    keeper = make(AAPL, MSFT)
    fill(keeper, "BUY", 1, 100)
    keeper.mark(np.array([10_100 * CENT, 5]))
    cases = [
        ((np.array([1.0, 2.0]),), {}, ValueError, r"contiguous int64 array of price units of shape \(2,\), got float64"),
        ((np.array([1]),), {}, ValueError, r"got int64 of shape \(1,\)"), ((np.zeros((2, 1), int),), {}, ValueError, r"shape \(2, 1\)"),
        ((np.zeros(4, int)[::2],), {}, ValueError, "contiguous"), ((np.array([10**17, 5]),), {}, ValueError, r"marks\[0\] 100000000000000000 must be"),
        (("AAPL", 0), {}, ValueError, "AAPL mark 0 must be at least"), (("AAPL", None), {}, TypeError, "mark must be str"),
        ((["AAPL", "MSFT"], [1]), {}, ValueError, "prices must be one a symbol: 2 symbols, 1 prices"), ((["AAPL"], None), {}, TypeError, "prices must be"),
        (("AAPL", 5), {"asks": 4}, ValueError, "AAPL bid 5 is above ask 4"), (("AAPL", 5), {"asks": 6, "basis": "best"}, ValueError, "basis 'best'"),
        ((["MSFT", "GOOG"], [7, 7]), {}, LookupError, "GOOG"), ((np.array([1, 2]), 5), {}, TypeError, "stands alone"),
        ((["AAPL", "MSFT"], "12"), {}, TypeError, "prices must be a sequence, one a symbol, not str"),
        ((["AAPL", "MSFT"], b"12"), {}, TypeError, "prices must be a sequence, one a symbol, not bytes"),
        ((["AAPL", "MSFT"], [1, 2]), {"asks": "34"}, TypeError, "asks must be a sequence, one a symbol, not str"),
        (({"AAPL", "MSFT"}, [1, 2]), {}, TypeError, "symbols must be a sequence, one a symbol, not set"),
        ((["AAPL", "AAPL"], ["1", "2"]), {}, ValueError, "AAPL is named twice"), ((["MSFT", "AAPL", "MSFT"], [1, 1, 1]), {}, ValueError, "MSFT is named twice"),
        (("AAPL", 5), {"time": "now"}, TypeError, "transact_time must be an int"),
    ]
    for args, given, error, match in cases:
        with pytest.raises(error, match=match):
            keeper.mark(*args, **given)
        assert (keeper.position("AAPL").mark, keeper.position("MSFT").mark) == (101, D("0.00000005"))
        assert keeper.view().unrealized[0, 0] == 100 * CENT
    for ask, match in ((lambda: keeper.pnl(missing="zero"), "missing 'zero'"), (lambda: keeper.exposure(group="X"), "group 'X' is not declared")):
        with pytest.raises(ValueError, match=match):
            ask()
    with pytest.raises(ValueError, match="rate USD/USD"):
        keeper.set_rate("USD", "USD", 1)
    with pytest.raises(LookupError, match="GBP"):
        keeper.set_rate("USD", "GBP", 1)
    with pytest.raises(ValueError, match="rate USD/EUR 0 is outside"):
        make(AAPL, SAP).set_rate("USD", "EUR", 0)


def test_a_bad_batch_is_refused_whole(make):
    keeper = make(AAPL)
    rows = np.zeros(3, ENTRY_DTYPE)
    rows["instrument"] = rows["account"] = rows["qty"] = rows["price"] = 1
    for field, value, match in (("qty", 0, "qty 0"), ("instrument", 2, "instrument 2 must be 1 to 1"), ("account", 3, "account 3 must be 1 to 1")):
        bad = rows.copy()
        bad[field][2] = value
        with pytest.raises(ValueError, match=match):
            keeper.apply_fills(bad)
    for wrong, error in (([1], TypeError), (np.zeros(2), ValueError), (np.zeros(4, ENTRY_DTYPE)[::2], ValueError)):
        with pytest.raises(error):
            keeper.apply_fills(wrong)
    assert len(keeper.trades()) == 0
    for bad_trade in (0, 1, True, 2.5):
        with pytest.raises((ValueError, TypeError)):
            keeper.bust(bad_trade)


def test_forgotten_trades_make_room(make):
    keeper = make(trades=3, method="fifo")
    for price in (100, 110, 120):
        fill(keeper, "BUY", 1, price, exec_id=f"e{price}")
    with pytest.raises(ValueError, match="4 entries exceed the stated capacity of 3 trades: forget_trades"):
        fill(keeper, "BUY", 1, 130)
    assert keeper.forget_trades() == 3
    fill(keeper, "SELL", 2, 130)
    assert keeper.position("AAPL").realized_pnl == 50
    with pytest.raises(LookupError):
        keeper.bust("e100")


def test_threads_wait_for_each_other_and_nothing_is_lost(make):
    """Batches run without the GIL: unlocked, two of them would tear the sums, and a reader would see half a batch."""
    keeper = make(method="fifo", trades=400_000, lots=400_000)
    size = 20_000 if keeper._kept.backend == "native" else 200
    rows = np.zeros(size, FILL_DTYPE)
    rows["instrument"] = rows["account"] = 1
    rows["qty"], rows["price"] = np.tile([1, -1], size // 2), np.tile([100, 101], size // 2)
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            position = keeper.position("AAPL")
            seen.add((position.qty, position.row.realised * 2 % size))

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=lambda: [keeper.apply_fills(rows) for _ in range(6)]) for _ in range(3)]
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert seen == {(0, 0)}
    assert (keeper.position("AAPL").qty, keeper.position("AAPL").row.realised) == (0, 18 * size // 2)
    assert len(keeper.trades()) == 18 * size


def test_the_readme_session_says_what_it_prints():
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    session = re.findall(r"```pycon\n(.*?)```", text, re.S)[0]
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    assert doctest.DocTestRunner().run(test) == (0, 10)

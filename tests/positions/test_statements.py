"""Reports of a position keeper: trades, closed lots, P&L by key, reconciliation, Arrow."""

from __future__ import annotations

import io
import pickle
import random
import sys
import time
from decimal import Decimal
from importlib.util import find_spec

import numpy as np
import pytest

import tradecore as tc
from tradecore.positions.entries import Method

D = Decimal
DAY = 86_400 * 10**9
AAPL, SAP = tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("SAP", tick_size="0.01", currency="EUR")
FUT = tc.Instrument("FUT", tick_size="0.5", lot_size="0.1", multiplier="2.5")


@pytest.fixture
def make(backend):
    return lambda *instruments, **given: tc.PositionKeeper(instruments or [AAPL], backend=backend, clock=lambda: DAY, **given)


def fill(keeper, side, qty, price, symbol="AAPL", **given):
    return keeper.apply_fill(symbol, side, qty, price, **given)


def test_closed_lots_have_basis_proceeds_and_holding_period(make):
    keeper = make(method="fifo")
    fill(keeper, "BUY", 10, 100, transact_time=DAY, commission=1)
    fill(keeper, "BUY", 10, 110, transact_time=2 * DAY, commission=3)
    fill(keeper, "SELL", 15, 120, transact_time=5 * DAY, commission="1.5")
    fill(keeper, "SELL", 9, 130, transact_time=6 * DAY, commission="0.9")  # flips: 5 close, 4 open short
    fill(keeper, "BUY", 4, 125, transact_time=8 * DAY)
    lots = list(keeper.closed_lots())
    assert [(r.opening_trade, r.closing_trade, r.qty, r.cost_basis, r.proceeds, r.pnl) for r in lots] == [
        (1, 3, 10, 1000, 1200, 200), (2, 3, 5, 550, 600, 50), (2, 4, 5, 550, 650, 100), (4, 5, -4, 500, 520, 20)]
    assert [r.holding_ns // DAY for r in lots] == [4, 3, 4, 2]
    assert [r.commissions for r in lots] == [2, 2, 2, D("0.4")]
    assert sum(r.pnl for r in lots) == keeper.position("AAPL").realized_pnl
    # Attributed: a long lot's basis grows by what opening cost, its proceeds fall by what closing cost; a short's turn round.
    lots = list(keeper.closed_lots(attribute_commissions=True))
    assert [(r.cost_basis, r.proceeds) for r in lots] == [
        (1001, 1199), (D("551.5"), D("599.5")), (D("551.5"), D("649.5")), (500, D("519.6"))]
    assert sum(r.pnl for r in lots) == keeper.position("AAPL").realized_pnl - keeper.position("AAPL").fees


def test_at_average_cost_the_lot_is_the_position(make):
    keeper = make()
    fill(keeper, "BUY", 10, 100, transact_time=DAY, commission=2)
    fill(keeper, "BUY", 10, 110, transact_time=2 * DAY, commission=2)
    fill(keeper, "SELL", 5, 120, transact_time=3 * DAY)
    fill(keeper, "SELL", 20, 120, transact_time=4 * DAY, commission=4)
    fill(keeper, "BUY", 5, 100, transact_time=9 * DAY)
    assert [(r.opening_trade, r.qty, r.cost_basis, r.proceeds, r.holding_ns // DAY, r.commissions) for r in keeper.closed_lots()] == [
        (0, 5, 525, 600, 2, 1), (0, 15, 1575, 1800, 3, 3 + 3), (0, -5, 500, 600, 5, 1)]


@pytest.mark.parametrize("method", list(Method), ids=lambda method: method.name)
def test_closed_lots_and_figures_by_key_add_up_to_the_positions(make, method):
    seeded = random.Random(int(method))
    keeper = make(AAPL, SAP, FUT, accounts=["a", "b"], method=method.name, strategies=["s1", "s2"])
    for step in range(600):
        ins, account, strategy = seeded.choice((AAPL, SAP, FUT)), seeded.choice("ab"), seeded.choice((None, "s1", "s2"))
        qty, price = seeded.randint(1, 20) * D(str(ins.lot_size)), seeded.randint(1, 50)
        given = {"account": account, "strategy": strategy, "transact_time": step * DAY // 7 + 1,
                 "commission": D(seeded.randint(-3, 9)) / 100, "commission_currency": seeded.choice(("USD", "EUR"))}
        side, held = seeded.choice(("BUY", "SELL")), keeper.position(ins.symbol, account)
        if method is Method.SPECIFIC and held.lots and (held.qty > 0) == (side == "SELL"):
            lot = seeded.choice(held.lots)
            given["lot"], qty = lot.trade_id, abs(lot.qty) if seeded.random() < 0.7 else ins.quantity(1)
        trade = fill(keeper, side, qty, price, ins.symbol, **given)
        if step in (39, 111) and method is not Method.SPECIFIC:
            keeper.bust(trade - 20)
        if step % 150 == 149:
            keeper.dividend("SAP", "0.5", transact_time=step * DAY // 7 + 1)
    lots = list(keeper.closed_lots())
    for symbol in ("AAPL", "SAP", "FUT"):
        for account in "ab":
            pnl = sum(r.pnl for r in lots if (r.symbol, r.account) == (symbol, account))
            assert pnl == keeper.position(symbol, account).realized_pnl
    attributed = sum(r.pnl for r in keeper.closed_lots(attribute_commissions=True))
    assert attributed == sum(r.pnl for r in lots) - sum(r.commissions for r in lots)
    totals = {c: sum(keeper.position(i.symbol, a).realized_pnl for i in (AAPL, SAP, FUT) for a in "ab" if i.currency == c)
              for c in ("USD", "EUR")}
    fees = {c: sum(keeper.position(i.symbol, a).fees_by_currency.get(c, 0) for i in (AAPL, SAP, FUT) for a in "ab") for c in ("USD", "EUR")}
    paid = sum(keeper.position("SAP", a).dividends.get("EUR", 0) for a in "ab")
    for keys in (("day",), ("symbol",), ("account",), ("day", "symbol", "account"), ("account", "day")):
        rows = list(keeper.pnl_by(*keys))
        for currency in ("USD", "EUR"):
            mine = [row for row in rows if row.currency == currency]
            assert sum(row.realized_pnl for row in mine) == totals[currency], keys
            assert sum(row.fees for row in mine) == fees[currency], keys
            assert sum(row.dividends for row in mine) == (paid if currency == "EUR" else 0)
    by_strategy = list(keeper.pnl_by("strategy", "account"))
    assert {row.strategy for row in by_strategy} == {"", "s1", "s2"}
    # What strategies realised on their own, plus what each still holds, is worth what the account's is: flows add up.
    flow = sum(-t.qty * t.price for t in keeper.trades() if t.strategy == "s1" and t.symbol == "AAPL" and t.account == "a" and t.status != "BUSTED")
    alone = make(method=("FIFO" if method is Method.SPECIFIC else method.name))
    for t in keeper.trades():
        if t.kind == "FILL" and t.strategy == "s1" and t.symbol == "AAPL" and t.account == "a" and t.status != "BUSTED":
            fill(alone, "BUY" if t.qty > 0 else "SELL", abs(t.qty), t.price)
    assert alone.position("AAPL").realized_pnl - alone.position("AAPL").cost == flow
    symbols = {row[:3]: row for row in keeper.pnl_by("strategy", "account", "symbol")}
    assert symbols["s1", "a", "AAPL"].realized_pnl == alone.position("AAPL").realized_pnl


def test_a_report_can_be_read_as_csv_and_tells_trades_whole(make):
    keeper = make(AAPL, accounts=["a", "b"], strategies=["s"], currencies=["EUR"])
    fill(keeper, "SELL", 3, "10.5", account="a", exec_id="x1", commission="0.1", commission_currency="EUR", strategy="s")
    keeper.transfer("AAPL", 1, "a", "b")
    keeper.split("AAPL", 2, 1)
    keeper.dividend("AAPL", "0.25")
    text = io.StringIO()
    keeper.trades().to_csv(text)
    lines = text.getvalue().split("\r\n")
    assert lines[0].startswith("trade_id,exec_id,kind,status,transact_time,symbol,account")
    assert lines[1] == "1,x1,FILL,LIVE,1970-01-02T00:00:00Z,AAPL,a,,-3,10.50,0.10,EUR,s,0,"
    assert lines[2] == "2,,TRANSFER,LIVE,1970-01-02T00:00:00Z,AAPL,a,,1,,0.00,USD,,0,b"
    assert lines[3] == "3,,SPLIT,LIVE,1970-01-02T00:00:00Z,AAPL,,,2,1,0.00,USD,,0,"
    assert lines[4] == "4,,DIVIDEND,LIVE,1970-01-02T00:00:00Z,AAPL,,,0,0.25,0.00,USD,,0,"
    fill(keeper, "BUY", 2, "0.00000001", account="b", commission="0.000000001")
    keeper.trades().to_csv(text := io.StringIO())
    assert ",2,0.00000001,0.000000001,USD," in text.getvalue()
    keeper.bust(5)
    assert [(r.symbol, r.account, r.qty, r.cost, r.unrealized_pnl) for r in keeper.positions()] == [
        ("AAPL", "a", -4, -21, None), ("AAPL", "b", -2, D("-10.5"), None)]
    for keys in ((), ("venue",), ("day", "day")):
        with pytest.raises(ValueError, match="must be some of day, symbol, account, strategy"):
            keeper.pnl_by(*keys)


# ---- Arrow

def test_arrow_needs_no_pyarrow(make):
    keeper = make()
    fill(keeper, "BUY", 1, 2)
    before = set(sys.modules)
    if keeper._kept.backend == "native":
        for _ in range(3):  # made, and freed without a reader
            assert "arrow_array_stream" in repr(keeper.trades().to_arrow().__arrow_c_stream__())
        assert not {name for name in set(sys.modules) - before if name.startswith("pyarrow")}


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed: the reader's side can't be seen")
def test_arrow_gives_what_the_report_has(make):
    import pyarrow

    keeper = make(AAPL, FUT, method="fifo")
    for qty, price in ((10, "100.0001"), (5, 90)):
        fill(keeper, "BUY", qty, price, commission="0.01", transact_time=7)
    fill(keeper, "SELL", 12, "110.5", exec_id="out", transact_time=0)
    for statement in (keeper.trades(), keeper.closed_lots(), keeper.positions(), keeper.pnl_by("day"), keeper.daily_pnl()):
        table = pyarrow.table(statement.to_arrow())
        table.validate(full=True)
        assert table.num_rows == len(statement)
        for name, kind in statement.columns:
            values = table.column(name)
            plain = values.cast("int64").to_pylist() if kind == "time" else values.to_pylist()
            assert plain == [v or None if kind == "time" else v for v in statement.column(name)], name
    huge = tc.Statement("huge", [("a", "decimal")], [(D(10) ** 38,), (D("0.1"),)])
    with pytest.raises(ValueError, match=r"column a: .* has more than 38 digits"):
        huge.to_arrow()


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed: the reader's side can't be seen")
def test_a_report_is_an_arrow_table_by_itself_of_one_schema_whatever_it_holds(make):
    import pyarrow

    keeper = make(AAPL, FUT, accounts=["a", "b"], method="fifo", strategies=["s"])
    empty = pyarrow.table(keeper.trades())
    fill(keeper, "BUY", 10, "100", account="a", exec_id="x", strategy="s", transact_time=7)
    keeper.transfer("AAPL", 4, "a", "b")
    keeper.dividend("AAPL", "0.25")
    table = pyarrow.table(keeper.trades())
    table.validate(full=True)
    assert table.column("symbol").to_pylist() == ["AAPL"] * 3
    assert table.column("strategy").to_pylist() == ["s", None, None]
    assert table.column("price").to_pylist() == [100, None, D("0.25")]
    assert table.column("contra_account").to_pylist() == [None, "b", None]
    assert pyarrow.types.is_dictionary(table.schema.field("kind").type)
    assert [f.name for f in empty.schema] == [f.name for f in table.schema]
    again = pyarrow.table(pickle.loads(pickle.dumps(keeper.trades())))
    assert again.equals(table)
    (difference,) = keeper.reconcile(positions=io.StringIO("symbol,account,qty\nAAPL,a,6\nAAPL,b,5.5\n"))
    assert pyarrow.table(keeper.reconcile(positions=io.StringIO("symbol,account,qty\nAAPL,a,6\nAAPL,b,5.5\n"))).column("theirs").to_pylist() == ["5.5"]
    assert difference.proved


def test_a_report_is_pickled_compared_and_indexed(make):
    keeper = make(method="fifo")
    assert keeper.trades() == []
    fill(keeper, "BUY", 10, "100.5", exec_id="x")
    fill(keeper, "SELL", 3, "101")
    for statement in (keeper.trades(), keeper.closed_lots(), keeper.positions(), keeper.pnl_by("symbol"), keeper.equity(missing="exclude")):
        again = pickle.loads(pickle.dumps(statement))
        assert again == statement
        assert again.rows[0]._fields == statement.rows[0]._fields
        assert pickle.loads(pickle.dumps(statement[0])) == statement[0]
        assert (len(statement), statement[-1]) == (len(statement.rows), statement.rows[-1])
    assert keeper.trades() != keeper.closed_lots()
    with pytest.raises(LookupError, match="column 'venue' is none of trade_id"):
        keeper.trades().column("venue")
    with pytest.raises(ValueError, match="row 0 has 1 values, there are 2 columns"):
        tc.Statement("x", [("a", "text"), ("b", "text")], [("1",)])
    with pytest.raises(ValueError, match="kind 'float' must be one of"):
        tc.Statement("x", [("a", "float")], [])


def test_times_in_a_csv_are_iso_with_all_their_digits(make):
    keeper = make()
    for sent in (1_700_000_000 * 10**9, 1_700_000_000_123_000_000, 1_700_000_000_000_000_001):
        fill(keeper, "BUY", 1, 1, transact_time=sent)
    keeper.trades().to_csv(text := io.StringIO())
    times = [line.split(",")[4] for line in text.getvalue().splitlines()[1:]]
    assert times == ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.000000001Z"]


def test_a_notebook_shows_a_few_rows_and_counts_the_rest(make):
    keeper = make()
    for _ in range(25):
        fill(keeper, "BUY", 1, 1)
    html = keeper.trades()._repr_html_()
    assert html.count("<tr>") == 21
    assert "trades: 25 rows, 5 more not shown" in html


@pytest.mark.long
@pytest.mark.parametrize(("report", "row"), [("trades", 3 * 8 + 3 * 16 + 9), ("positions", 2 * 4 + 1 + 7 * 16 + 1), ("closed_lots", 6 * 8 + 7 * 16 + 6)])
def test_a_million_rows_are_handed_on_in_ten_copies_of_their_bytes(report, row):
    count = 1_000_000
    width = 1_000 if report == "positions" else 10
    keeper = tc.PositionKeeper([tc.Instrument(f"S{i}") for i in range(1_000)], [f"a{i}" for i in range(width)], "fifo", trades=count,
                               lots=count, backend="native")
    rows, seeded = np.zeros(count, tc.FILL_DTYPE), np.random.default_rng(1)
    place = np.arange(count)
    rows["instrument"], rows["account"] = place % 1_000 + 1, place // 1_000 % width + 1
    rows["qty"], rows["price"] = seeded.choice([-7, 5, 3, -1], count), 10**6 * seeded.integers(1, 50_000, count)
    keeper.apply_fills(rows)
    made = getattr(keeper, report)()

    def best(work):
        return min((lambda begun: (work(), time.perf_counter() - begun)[1])(time.perf_counter()) for _ in range(9))

    source = np.zeros(len(made) * row // 8)
    target = source.copy()
    assert len(made) > count // 2
    assert best(made.__arrow_c_stream__) <= 10 * best(lambda: np.copyto(target, source))

"""Reconciliation with a broker's files: every difference told, each cause possible or proved, in a pass over the rows."""

from __future__ import annotations

import io
import time
from decimal import Decimal

import numpy as np
import pytest

import tradecore as tc
from tradecore.positions.csv_form import CsvForm

D = Decimal
DAY = 86_400 * 10**9
AAPL, SAP = tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("SAP", tick_size="0.01", currency="EUR")
FUT = tc.Instrument("FUT", tick_size="0.5", lot_size="0.1", multiplier="2.5")


@pytest.fixture
def make(backend):
    return lambda *instruments, **given: tc.PositionKeeper(instruments or [AAPL], backend=backend, clock=lambda: DAY, **given)


def fill(keeper, side, qty, price, symbol="AAPL", **given):
    return keeper.apply_fill(symbol, side, qty, price, **given)


def positions(keeper, *lines):
    return keeper.reconcile(positions=io.StringIO("symbol,account,qty,cost\n" + "\n".join(lines)))


@pytest.fixture
def booked(make):
    keeper = make(AAPL, SAP, FUT, accounts=["a", "b"], method="fifo")
    for qty, price, account in ((10, 100, "a"), (7, 110, "a"), (30, 50, "b")):
        fill(keeper, "BUY", qty, price, account=account, commission=1, exec_id=f"e{qty}")
    fill(keeper, "SELL", 4, 120, account="a", commission=1, exec_id="e4")
    keeper.bust(fill(keeper, "BUY", 3, 100, account="a", exec_id="e3"))
    return keeper


@pytest.mark.parametrize(("a", "b", "causes"), [
    ("13", "30", []), ("-13", "30", ["long and short are swapped"]), ("6", "30", ["trade 2 is missing at the broker"]),
    ("17", "30", ["trade 4 is missing at the broker"]), ("16", "30", ["trade 5 is busted here and stands at the broker"]),
    ("20", "30", ["trade 2 is booked twice at the broker"]), ("21", "30", ["trade 4 has the other side at the broker"]),
    ("26", "30", ["a split, 2 for 1, is missing here"]), ("13", "60", ["trade 3 is booked twice"]),
    ("8", "35", ["in account b: a transfer or allocation", "in account a: a transfer or allocation"]),
    ("0", "30", ["the position is missing at the broker"]), ("12", "30", ["no single trade, split or transfer explains it"]),
])
def test_a_difference_of_positions_comes_with_its_probable_cause(booked, a, b, causes):
    found = positions(booked, f"AAPL,a,{a},", f"AAPL,b,{b},")
    assert [d.kind for d in found] == ["POSITION"] * len(causes)
    for difference, cause in zip(found, causes, strict=True):
        assert cause in difference.cause
        assert difference.line == (2 if difference.account == "a" else 3)


def test_positions_that_one_side_lacks(booked):
    found = positions(booked, "AAPL,b,30,", "SAP,a,5,")
    assert [(d.symbol, d.ours, d.theirs, d.line) for d in found] == [("SAP", 0, 5, 3), ("AAPL", 13, 0, 0)]
    assert found[0].cause == "possible: the position, or its opening, is missing here"


@pytest.mark.parametrize(("cost", "cause"), [
    ("1370", None), ("1373.000000", "includes commissions"), ("-1370", "the other sign"), ("1330", "it is the cost by LIFO"),
    ("1353.529412", "possible: it is the cost by AVERAGE; this ledger keeps FIFO"), ("1", "no single trade"),
])
def test_a_difference_of_cost_names_the_method_or_the_commissions(booked, cost, cause):
    found = positions(booked, f"AAPL,a,13,{cost}", "AAPL,b,30,1500")
    assert [d.kind for d in found] == (["COST"] if cause else [])
    assert not cause or cause in found[0].cause


def test_fills_are_matched_by_exec_id(booked):
    text = ("exec_id,symbol,side,qty,price,account,commission\n"
            "e10,AAPL,BUY,10,100.00,a,1\n"       # the same
            "e7,AAPL,BUY,7,110.25,a,-1\n"        # price, commission
            "e7,AAPL,BUY,7,110,a,1\n"            # twice
            "e3,AAPL,BUY,3,100,a,0\n"            # busted here
            "e4,AAPL,BUY,5,120,b,1\n"            # account, side, qty
            "e99,SAP,SELL,1,5,a,0\n")            # missing here; e30 is missing there
    found = booked.reconcile(fills=io.StringIO(text))
    assert [(d.line, d.field, d.cause.split(": ")[-1]) for d in found] == [
        (3, "price", "a correction is booked on one side only"),
        (3, "commission", "one side books what is paid as negative"),
        (4, "exec_id", "line 3 too"), (5, "exec_id", "trade 5 is busted here and stands at the broker"),
        (6, "account", "an allocation is booked on one side only"), (6, "side", "one side has the wrong side"),
        (6, "qty", "a correction is booked on one side only"), (7, "exec_id", "it is missing here"),
        (0, "exec_id", "trade 3 is missing at the broker"),
    ]
    assert (found[0].ours, found[0].theirs) == (110, D("110.25"))


@pytest.mark.parametrize(("text", "match"), [
    ("", "line 1: column 'symbol' is missing; found: nothing"), ("symbol,lots\nA,1\n", "line 1: column 'qty' is missing"),
    ("symbol,qty,side\n", "line 1: column 'side' is not known"), ("symbol,qty,qty\n", "line 1: column 'qty' stands there twice"),
])
def test_a_file_without_its_columns_is_refused_whole(booked, text, match):
    with pytest.raises(ValueError, match=match):
        booked.reconcile(positions=io.StringIO(text))


def test_what_can_not_be_read_hides_nothing_else(booked):
    lines = ["AAPL,a,x,", "AAPL,b,31,", "APPL,a,1,", "AAPL,c,2,", "SAP,a,1,2,3", "SAP,b,0.5,", "SAP,b,1,", ",,,", "FUT,,1,", "SAP,a,0,y"]
    found = positions(booked, *lines)
    assert [(d.line, d.kind, d.field, d.theirs, d.proved) for d in found] == [
        (2, "UNREADABLE", "qty", "x", True), (3, "POSITION", "qty", 31, False), (4, "POSITION", "symbol", "APPL", True),
        (5, "POSITION", "account", "c", True), (6, "UNREADABLE", "", "", True), (7, "POSITION", "qty", D("0.5"), True),
        (8, "POSITION", "line", "1", True), (10, "UNREADABLE", "account", "", True), (11, "UNREADABLE", "cost", "y", True)]
    causes = {d.line: d.cause for d in found}
    assert causes[4] == "the symbol is not declared here"
    assert causes[7] == "the broker has a fraction of the quantity unit here, 1"
    assert causes[8] == "the broker lists it twice: line 7 too"


def test_fills_of_both_sides_prove_a_cause_and_rule_out_a_wrong_one(booked):
    fills = ("exec_id,symbol,side,qty,price,account\ne10,AAPL,BUY,10,100,a\ne7,AAPL,BUY,7,110,a\ne4,AAPL,SELL,4,120,a\n"
             "e99,AAPL,BUY,4,1,a\ne30,AAPL,BUY,30,50,b\n")
    text = "symbol,account,qty\nAAPL,a,17\nAAPL,b,60\n"
    alone = booked.reconcile(positions=io.StringIO(text))
    assert [(d.cause, d.proved) for d in alone] == [
        ("possible: trade 4 is missing at the broker, or busted there", False),
        ("possible: trade 3 is booked twice at the broker, or a fill like it is missing here", False)]
    both = booked.reconcile(positions=io.StringIO(text), fills=io.StringIO(fills))
    assert [(d.kind, d.account, d.cause, d.proved) for d in both] == [
        ("POSITION", "a", "the fills prove it: e99 is missing here", True),
        ("POSITION", "b", "possible: a split, 2 for 1, is missing here", False),  # the broker has e30 once: no double
        ("FILL", "a", "it is missing here", True)]


def test_fills_that_explain_a_part_of_a_difference_prove_nothing(make):
    keeper = make()
    fill(keeper, "BUY", 10, 100, exec_id="a")
    found = keeper.reconcile(positions=io.StringIO("symbol,qty\nAAPL,19\n"),
                             fills=io.StringIO("exec_id,symbol,side,qty,price\na,AAPL,BUY,10,100\nb,AAPL,BUY,4,1\n"))
    assert [(d.kind, d.proved) for d in found] == [("POSITION", False), ("FILL", True)]
    assert found[0].cause == "possible: no single trade, split or transfer explains it"


def test_a_short_sale_is_a_sell_and_finer_figures_are_differences(make):
    keeper = make(AAPL)
    fill(keeper, "SELL_SHORT", 5, "10.5", exec_id="s1")
    fill(keeper, "SELL", 5, "10.5", exec_id="s2")
    text = ("exec_id,symbol,side,qty,price\ns1,AAPL,SELL,5,10.50\ns2,AAPL,SELL_SHORT,5.25,10.123456789\n"
            "s3,AAPL,SIDEWAYS,1,1\ns4,AAPL,BUY,x,1\n")
    found = keeper.reconcile(fills=io.StringIO(text))
    assert [(d.line, d.field, d.ours, d.theirs) for d in found] == [
        (3, "qty", 5, D("5.25")), (3, "price", D("10.5"), D("10.123456789")), (4, "side", None, "SIDEWAYS"), (5, "qty", None, "x")]
    assert all(d.cause == "possible: trade 2: the broker's is finer than the unit here" for d in found[:2])


def test_a_fill_that_closed_several_lots_is_one_fill(make):
    keeper = make(method="specific")
    for name in "ab":
        fill(keeper, "BUY", 10, 100, exec_id=name)
    fill(keeper, "SELL", 12, 110, exec_id="c", lot={"a": 3, "b": 9}, commission="0.07")
    text = "exec_id,symbol,side,qty,price,commission\na,AAPL,BUY,10,100,0\nb,AAPL,BUY,10,100,0\nc,AAPL,SELL,12,110,0.07\n"
    assert keeper.reconcile(fills=io.StringIO(text)) == []


def test_a_brokers_own_form_is_read(make):
    keeper = make()
    fill(keeper, "SELL", 1000, "10.5", exec_id="s1", commission=1)
    form = CsvForm(columns={"symbol": "Ticker", "qty": "Menge"}, decimal=",", thousands=".")
    assert keeper.reconcile(positions=io.StringIO("Ticker;Menge;Kurs\nAAPL;(1.000);5\n"), positions_form=form) == []
    form = CsvForm(columns={"symbol": "S", "qty": "Q", "price": "P", "exec_id": "I", "commission": "C"}, commission_paid_negative=True)
    assert keeper.reconcile(fills=io.StringIO("I,S,Q,P,C\ns1,AAPL,-1000,10.5,-1\n"), fills_form=form) == []


def large(backend, rows):
    """A keeper of `rows` positions, 20,000 accounts at most, and the broker's lines, alike."""
    width = min(rows, 20_000)
    symbols = [f"S{n}" for n in range(rows // width)]
    keeper = tc.PositionKeeper([tc.Instrument(s) for s in symbols], [f"a{n}" for n in range(width)], backend=backend,
                               trades=2 * rows + 10, clock=lambda: DAY)
    fills = np.zeros(rows, tc.FILL_DTYPE)
    fills["instrument"], fills["account"] = np.repeat(np.arange(1, len(symbols) + 1), width), np.tile(np.arange(1, width + 1), len(symbols))
    seeded = np.random.default_rng(rows)
    fills["qty"], fills["price"] = seeded.integers(1, 10**6, rows), 10**8 * seeded.integers(1, 500, rows)
    keeper.apply_fills(fills)
    lines = [f"{symbols[i - 1]},a{a - 1},{q},{q * (p // 10**8)}.00" for i, a, q, p, _ in fills[["instrument", "account", "qty", "price", "fee"]].tolist()]
    return keeper, lines


def planted(keeper, lines):
    """Twelve differences of different kinds, by what each is told as."""
    change = dict(enumerate(lines))
    symbol, account = change[10].split(",")[:2]
    trade = keeper.apply_fill(symbol, "BUY", 7, 9, account=account)
    wanted = {10: ("qty", f"trade {trade} is missing at the broker")}                             # 1 a fill is missing there
    change[11] = ",".join([*change[11].split(",")[:2], "-" + change[11].split(",")[2], ""])
    wanted[11] = ("qty", "long and short are swapped")                                            # 2 the sign
    s, a, q, _ = change[12].split(",")
    change[12], wanted[12] = f"{s},{a},{int(q) * 3},", ("qty", "a split, 3 for 1, is missing here")   # 3 a split
    s, a, q, _ = change[13].split(",")
    change[13], wanted[13] = f"{s},{a},{q}.5,", ("qty", "a fraction of the quantity unit")        # 4 a fraction
    s, a, q, c = change[14].split(",")
    change[14], wanted[14] = f"{s},{a},{q},{c[:-1]}5", ("cost", "no single trade")                # 5 a cost
    change[15], wanted[15] = "ZZZ" + change[15][change[15].index(","):], ("symbol", "not declared here")  # 6 and 7: the row, and what it hides
    wanted["gone 15"] = ("qty", "is missing at the broker")
    s, a, q, c = change[16].split(",")
    change[16], wanted[16] = f"{s},{a},{int(q) + 5},", ("qty", "the opposite difference is in account a17")  # 8 and 9: a transfer
    s, a, q, c = change[17].split(",")
    change[17], wanted[17] = f"{s},{a},{int(q) - 5},", ("qty", "the opposite difference is in account a16")
    s, a, q, c = change[18].split(",")
    change[18], wanted[18] = f"{s},{a},1..5,{c}", ("qty", "is no number")                         # 10 unreadable
    s, a, q, c = change[19].split(",")
    change[19], wanted[19] = f"{s},{a},{q},-{c}", ("cost", "the other sign")                      # 11 a cost's sign
    lines = [*change.values(), change[20]]                                                        # 12 a row twice
    wanted[len(lines) - 1] = ("line", "lists it twice")
    return lines, wanted


def reconciled(backend, rows):
    keeper, lines = large(backend, rows)
    lines, wanted = planted(keeper, lines)
    source = io.StringIO("symbol,account,qty,cost\n" + "\n".join(lines))
    begun = time.process_time()
    found = keeper.reconcile(positions=source)
    took = time.process_time() - begun
    told = {d.line - 2 if d.line else "gone 15": (d.field, d.cause) for d in found}
    assert len(found) == len(told) == len(wanted) == 12
    for place, (field, cause) in wanted.items():
        assert told[place][0] == field, place
        assert cause in told[place][1], place
    assert all(d.proved or d.cause.startswith("possible: ") for d in found)
    return took


def test_twelve_planted_differences_are_all_that_is_found(backend):
    reconciled(backend, 10_000 if backend == "native" else 1_000)


@pytest.mark.long
def test_a_million_rows_take_at_most_twelve_times_as_long_as_a_tenth():
    small = min(reconciled("native", 100_000) for _ in range(3))
    assert reconciled("native", 1_000_000) <= 12 * small


def test_a_file_is_read_by_its_path(booked, tmp_path):
    path = tmp_path / "positions.csv"
    path.write_text("\ufeffsymbol,account,qty\nAAPL,a,13\nAAPL,b,30\n", encoding="utf-8")
    assert booked.reconcile(positions=path) == []
    with pytest.raises(FileNotFoundError):
        booked.reconcile(positions=tmp_path / "none.csv")


@pytest.mark.parametrize(("columns", "told", "differences"), [
    ("", "0.5", [("commission_currency", "BTC", "USD")]), (",commission_currency", "0.5,USD", [("commission_currency", "BTC", "USD")]),
    (",commission_currency", "0.5,", [("commission_currency", "BTC", "USD")]), (",commission_currency", "0.5,BTC", []),
    (",commission_currency", "0.4,BTC", [("commission", D("0.5"), D("0.4"))]), (",commission_currency", ",USD", []),
    (",commission_currency", "0.4,XYZ", [("commission_currency", "BTC", "XYZ"), ("commission", D("0.5"), D("0.4"))])])
def test_a_commission_is_compared_in_its_currency(make, columns, told, differences):
    keeper = make(AAPL, currencies=[tc.Currency("BTC", 12)])
    fill(keeper, "BUY", 10, 100, exec_id="a", commission="0.5", commission_currency="BTC")
    fill(keeper, "BUY", 10, 100, exec_id="b")
    text = f"exec_id,symbol,side,qty,price,commission{columns}\na,AAPL,BUY,10,100,{told}\nb,AAPL,BUY,10,100,0{columns and ',BTC'}\n"
    found = keeper.reconcile(fills=io.StringIO(text))
    assert [(d.field, d.ours, d.theirs) for d in found] == differences
    assert all(d.cause.startswith("possible: trade 1: ") for d in found)

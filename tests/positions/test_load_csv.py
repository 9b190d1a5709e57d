"""A broker's file into the books: every text as the value that stands there, every line with its fate."""

from __future__ import annotations

import io
import pickle
from decimal import Decimal

import pytest

import tradecore as tc
from tradecore.positions.broker_forms import EXAMPLES
from tradecore.positions.csv_form import CsvForm

D = Decimal
INSTRUMENTS = [tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR"),
               tc.Instrument("BTCUSDT", lot_size="0.00001", currency="USDT")]


@pytest.fixture
def make(backend):
    return lambda **given: tc.PositionKeeper(INSTRUMENTS, backend=backend, clock=lambda: 7, currencies=["USD", "BTC"],
                                             **{"method": "fifo", **given})


@pytest.mark.parametrize(("text", "value", "form"), [
    ("1,234.50", "1234.50", {"thousands": ","}), ("1.234,50", "1234.50", {"decimal": ",", "thousands": "."}),
    ("1 234,5", "1234.5", {"decimal": ",", "thousands": " "}), ("1\u202f234\u00a0567,5", "1234567.5", {"decimal": ",", "thousands": " "}),
    ("1'234.5", "1234.5", {"thousands": "'"}), ("(12.5)", "-12.5", {}), ("($1,000)", "-1000", {"thousands": ","}), ("-$5", "-5", {}),
    ("$-5", None, {}), ("5-", "-5", {}), ("\u22125", "-5", {}), ("+5", "5", {}), (".5", "0.5", {}), ("5.", "5", {}), ("1e-8", "1E-8", {}),
    ("0,5", "0.5", {"decimal": ","}), ("1234", "1234", {"thousands": ","}), (" 7 ", "7", {}),
    # What could mean two things, or nothing.
    ("1,234.50", None, {}), ("1,23", None, {"thousands": ","}), ("12,34,567", None, {"thousands": ","}), ("1.234", None, {"decimal": ","}),
    ("(-5)", None, {}), ("--5", None, {}), ("-5-", None, {}), ("", None, {}), ("()", None, {}), ("NaN", None, {}), ("Infinity", None, {}),
    ("1_000", None, {}), ("0x10", None, {}), ("1 000", None, {}), ("\u0661", None, {}), ("5 USD", None, {}),
])
def test_a_number_is_what_stands_there_or_refused(text, value, form):
    if value is None:
        with pytest.raises(ValueError, match=r"is no number|has two signs"):
            CsvForm(**form).number(text)
    else:
        assert CsvForm(**form).number(text) == D(value)


@pytest.mark.parametrize(("text", "time", "form"), [
    ("2024-01-02T09:30:00Z", 1704187800 * 10**9, {}), ("2024-01-02 09:30:00", 1704187800 * 10**9, {}), ("20240102;093000", 1704187800 * 10**9, {}),
    ("2024-01-02, 09:30:00", 1704187800 * 10**9, {}), ("2024-01-02T09:30:00.123456789Z", 1704187800123456789, {}),
    ("2024-01-02T09:30:00,5Z", 1704187800500000000, {}), ("2024-01-02T04:30:00-05:00", 1704187800 * 10**9, {}),
    ("2024-01-02T15:00:00+0530", 1704187800 * 10**9, {}), ("2024-01-02 04:30:00", 1704187800 * 10**9, {"time_zone": "America/New_York"}),
    ("2024-07-02 04:30:00", 1719909000 * 10**9, {"time_zone": "America/New_York"}), ("2024-01-02T09:30Z", 1704187800 * 10**9, {"time_zone": "Asia/Tokyo"}),
    ("2024-01-02", 1704153600 * 10**9, {}), ("01/02/2024", 1704153600 * 10**9, {"time_format": "%m/%d/%Y"}),
    ("02.01.2024 10:30", 1704187800 * 10**9, {"time_format": "%d.%m.%Y %H:%M", "time_zone": "Europe/Berlin"}),
    ("1704187800", 1704187800 * 10**9, {"time_format": "s"}), ("1704187800123", 1704187800123 * 10**6, {"time_format": "ms"}),
    ("2024-11-03 01:30:00", 1730611800 * 10**9, {"time_zone": "America/New_York"}),  # twice: the first
    ("2024-03-10 02:30:00", None, {"time_zone": "America/New_York"}), ("01/02/2024", None, {}), ("2024-13-01", None, {}), ("2024-02-30", None, {}),
    ("", None, {}), ("2024-01-02T25:00:00", None, {}), ("1969-12-31", None, {}), ("2300-01-01", None, {}), ("1.5", None, {"time_format": "s"}),
])
def test_a_time_is_in_its_zone_to_the_nanosecond_or_refused(text, time, form):
    if time is None:
        with pytest.raises(ValueError, match=r"is no|hour must|month must|day is out|before 1970"):
            CsvForm(**form).time(text)
    else:
        assert CsvForm(**form).time(text) == time


@pytest.mark.parametrize(("form", "match"), [
    ({"columns": {"quantity": "Q"}}, "field 'quantity' is none of symbol"), ({"decimal": ";"}, "decimal ';' must be"),
    ({"thousands": "."}, "thousands '.' must be None"), ({"thousands": "_"}, "thousands '_' must be"),
    ({"sides": {"Long": "UP"}}, "sides\\['Long'\\]"), ({"time_zone": "Mars/Base"}, "time_zone 'Mars/Base' is no zone"),
])
def test_a_form_that_can_not_be_is_refused(form, match):
    with pytest.raises(ValueError, match=match):
        CsvForm(**form)


CLEAN = """exec_id,symbol,side,qty,price,commission,transact_time
x1,AAPL,BUY,1200,1189.95,1.25,2024-01-02T14:30:00Z
x2,AAPL,SELL,200,1190.10,-0.5,2024-01-02T15:00:00Z
x3,SAP,SELL_SHORT,1500,153.1,0,2024-01-02T15:00:01Z
"""
# Decimal commas, points between thousands, parentheses, local times, German headers, other columns, semicolons, CRLF.
MESSY = ("Depot 123;;;;;;;\r\n\r\nNr;Papier;Art;Stück;Kurs;Gebühr;Zeit;Notiz\r\n"
         "x1;AAPL;Kauf;1.200;1.189,95;1,25;02.01.2024 15:30;\r\n"
         "x9;AAPL;Kauf;1,5;1.189,95;0;02.01.2024 15:30;half a share\r\n"
         "x2;AAPL;Verkauf;200;1.190,10;(0,50);02.01.2024 16:00;\"two\r\nlines\"\r\n"
         ";;;;;;;\r\n"
         "x8;AAPL;Kauf;1.2;12,5,5;x;31.02.2024 15:30;four faults\r\n"
         "x1;AAPL;Kauf;1;1;0;02.01.2024 15:30;the same id\r\n"
         "x7;APPL;Kauf;1;1;0;02.01.2024 15:30;\r\n"
         "x6;AAPL;Split;;;;02.01.2024 15:30;left out\r\n"
         "x5;AAPL;Kauf;1;1\r\n"
         "x4;AAPL;Kauf;1;0;0;02.01.2024 15:30;\r\n"
         "x3;SAP;Leerverkauf;1.500;153,1;;02.01.2024 16:00:01;\r\n")
FORM = {"columns": {"exec_id": "Nr", "symbol": "Papier", "side": "Art", "qty": "Stück", "price": "Kurs", "commission": "Gebühr",
                    "transact_time": "Zeit"},
        "decimal": ",", "thousands": ".", "sides": {"Kauf": "BUY", "Verkauf": "SELL", "Leerverkauf": "SELL_SHORT"},
        "where": {"Art": ("Kauf", "*erkauf")}, "time_zone": "Europe/Berlin", "time_format": "%d.%m.%Y %H:%M"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_messy_file_tells_every_lines_fate_and_its_totals_are_the_clean_files(make, tmp_path, encoding):
    messy = MESSY.replace("16:00:01", "16:00")
    path = tmp_path / "messy.csv"
    path.write_bytes(messy.encode(encoding))
    given = {**FORM, **({"encoding": encoding} if encoding in ("cp1252",) else {})}
    keeper, clean = make(), make()
    if encoding == "cp1252":
        with pytest.raises(ValueError, match="line 3: byte 0xfc is no utf-8: name its encoding"):
            make().load_csv(path, FORM["columns"])
    with pytest.raises(tc.LoadError, match=r"6 of 13 lines can't be booked, so none is") as caught:
        keeper.load_csv(path, **given)
    assert keeper.trades() == []
    assert len(pickle.loads(pickle.dumps(caught.value)).fates) == len(caught.value.fates)
    fates = keeper.load_csv(path, **given, skip_bad=True)
    assert [(f.line, f.fate, f.column, f.value) for f in fates] == [
        (1, "LEFT_OUT", None, None), (2, "LEFT_OUT", None, None), (4, "BOOKED", None, None),
        (5, "REFUSED", "Stück", "1,5"), (6, "BOOKED", None, None), (8, "EMPTY", None, None),
        (9, "REFUSED", "Stück", "1.2"), (9, "REFUSED", "Kurs", "12,5,5"), (9, "REFUSED", "Gebühr", "x"), (9, "REFUSED", "Zeit", "31.02.2024 15:30"),
        (10, "REFUSED", "Nr", "x1"), (11, "REFUSED", "Papier", "APPL"), (12, "LEFT_OUT", None, None), (13, "REFUSED", None, None),
        (14, "REFUSED", "Kurs", "0"), (15, "BOOKED", None, None)]
    clean.load_csv(io.StringIO(CLEAN.replace("15:00:01", "15:00:00")))
    assert [row[1:] for row in keeper.trades()] == [row[1:] for row in clean.trades()]
    assert keeper.positions() == clean.positions()
    assert (keeper.position("AAPL").qty, keeper.position("AAPL").fees, keeper.position("SAP").qty) == (1000, D("0.75"), -1500)
    assert [f.trade_id for f in fates if f.fate == "BOOKED"] == [1, 2, 3]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_the_forms_of_five_brokers_read_their_examples(make, name):
    keeper = make(accounts=["U1"])
    fates = keeper.load_csv(io.StringIO(EXAMPLES[name]), form=tc.BROKER_FORMS[name], skip_bad=True)
    assert {f.fate for f in fates} <= {"BOOKED", "LEFT_OUT", "EMPTY"}
    rows = [(t.symbol, t.qty, t.price, t.commission, t.commission_currency, t.transact_time // 10**9) for t in keeper.trades()]
    assert rows == {
        "ibkr_flex": [("AAPL", 100, D("189.955"), D("0.5"), "USD", 1704205800), ("AAPL", -40, D("190.1"), D("0.52"), "USD", 1704208500)],
        "ibkr_activity": [("AAPL", 1000, D("189.955"), 5, "USD", 1704205800), ("AAPL", -40, D("190.1"), D("0.52"), "USD", 1704208500)],
        "schwab": [("SAP", -20, D("153.1"), D("0.03"), "EUR", 1704258000), ("AAPL", 1100, D("189.95"), 0, "USD", 1704171600)],
        "fidelity": [("AAPL", -40, D("190.1"), D("0.07"), "USD", 1704258000), ("AAPL", 100, D("189.95"), D("4.95"), "USD", 1704171600)],
        "binance": [("BTCUSDT", D("0.25"), D("42000.5"), D("0.00025"), "BTC", 1704187800), ("BTCUSDT", D("-0.1"), 42100, D("4.21"), "USDT", 1704190500)],
    }[name]


@pytest.mark.parametrize(("text", "given", "match"), [
    ("symbol,qty,price,qty\nAAPL,1,2,3\n", {}, "line 1: column 'qty' stands there twice: fields 2 and 4"),
    ("symbol,qty\nAAPL,1\n", {}, "line 1: column 'price' is missing; found: symbol, qty"), ("", {}, "found: nothing"),
    ("symbol,qty,price,note\n", {}, "line 1: column 'note' is not known"), ("a,b,c\n", {"columns": {"symbol": "a", "qty": "b"}}, "which column is the price"),
    ("a,b,c\n", {"columns": {"symbol": "a", "qty": "b", "price": "d"}}, "column 'd' is missing"),
])
def test_a_file_without_its_columns_is_refused_whole(make, text, given, match):
    with pytest.raises(ValueError, match=match):
        make().load_csv(io.StringIO(text), **given, skip_bad=True)


def test_what_the_state_refuses_is_a_fate_too_and_the_lines_behind_it_are_judged_without_it(make):
    keeper = make(method="specific")
    text = "exec_id,symbol,qty,price,lot\na,AAPL,10,5,\nb,AAPL,-4,6,77\nc,AAPL,-4,6,1\nd,AAPL,-4,6,\ne,AAPL,1,6,\n\"f,AAPL\n"
    with pytest.raises(tc.LoadError) as caught:
        keeper.load_csv(io.StringIO(text))
    assert keeper.trades() == []
    assert {f.fate for f in caught.value.fates} == {"REFUSED", "NOT_BOOKED"}
    fates = keeper.load_csv(io.StringIO(text), skip_bad=True)
    assert [(f.line, f.fate) for f in fates] == [(2, "BOOKED"), (3, "REFUSED"), (4, "BOOKED"), (5, "REFUSED"), (6, "BOOKED"), (7, "REFUSED")]
    assert "lot 77 is not open" in fates[1].problem
    assert "must name the lot" in fates[3].problem
    assert keeper.position("AAPL").qty == 7
    with pytest.raises(tc.LoadError, match="exec_id 'a' is already booked as trade 1"):
        keeper.load_csv(io.StringIO("exec_id,symbol,qty,price\na,AAPL,10,5\n"))

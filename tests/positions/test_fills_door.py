"""The one door for fills: what a single fill is refused for, a batch is, by row, field, value and bound; and what it has, a
row has: an exec_id, a time."""

from __future__ import annotations

import io
from decimal import Decimal

import numpy as np
import pytest

import tradecore as tc
from tradecore.vocabulary.records import FEE_MAX, PRICE_MAX, QTY_MAX, TIME_MAX

D = Decimal
AAPL, SPREAD = tc.Instrument("AAPL"), tc.Instrument("SPREAD", any_sign=True)


@pytest.fixture
def make(backend):
    return lambda **given: tc.PositionKeeper([AAPL, SPREAD], backend=backend, clock=lambda: 77, **{"method": "fifo", **given})


def rows(count, **fields):
    found = np.zeros(count, tc.FILL_DTYPE)
    for name, value in {"instrument": 1, "account": 1, "qty": 5, "price": 10**9, **fields}.items():
        found[name] = value
    return found


def entries(count, **fields):
    found = np.zeros(count, tc.ENTRY_DTYPE)
    for name, value in {"instrument": 1, "account": 1, "qty": 5, "price": 10**9, **fields}.items():
        found[name] = value
    return found


@pytest.mark.parametrize("new", [rows, entries])
@pytest.mark.parametrize(("field", "value", "match"), [
    ("price", 0, rf"row 2: price 0 of AAPL must be 1 to {PRICE_MAX} price units: it has no prices of 0 or below"),
    ("price", -5, "row 2: price -5 of AAPL must be 1 to"), ("price", PRICE_MAX + 1, f"row 2: price {PRICE_MAX + 1} must be -{PRICE_MAX} to {PRICE_MAX}"),
    ("qty", 0, "row 2: qty 0 is no fill"), ("qty", QTY_MAX + 1, f"row 2: qty {QTY_MAX + 1} must be -{QTY_MAX} to {QTY_MAX}"),
    ("instrument", 3, "row 2: instrument 3 must be 1 to 2"), ("account", 0, "row 2: account 0 must be 1 to 1"),
    ("fee", FEE_MAX + 1, f"row 2: fee {FEE_MAX + 1} must be"), ("transact_time", -1, f"row 2: transact_time -1 must be 0 to {TIME_MAX}"),
])
def test_a_batch_is_refused_what_a_fill_is_and_says_where(make, new, field, value, match):
    keeper = make()
    batch = new(4)
    batch[field][2] = value
    with pytest.raises(ValueError, match=match):
        keeper.apply_fills(batch)
    assert keeper.trades() == []
    assert keeper.position("AAPL").qty == 0


def test_a_bad_price_is_seen_wherever_it_stands(make):
    for at in (0, 2_047, 2_048, 4_999):
        batch = rows(5_000)
        batch["price"][at] = 0
        with pytest.raises(ValueError, match=f"row {at}: price 0 of AAPL"):
            make().apply_fills(batch)


def test_an_instrument_of_any_sign_has_them_all(make):
    keeper = make()
    batch = rows(3, instrument=2)
    batch["price"] = -1, 0, 1
    keeper.apply_fills(batch)
    assert keeper.position("SPREAD").qty == 15
    split = entries(1, kind=int(tc.EntryKind.SPLIT), qty=2, price=1, account=0)
    keeper.apply_fills(split)
    dividend = entries(1, kind=int(tc.EntryKind.DIVIDEND), price=-5, account=0, currency=1)
    keeper.apply_fills(dividend)  # no price of a trade


@pytest.mark.parametrize("new", [rows, entries])
def test_a_row_without_a_time_gets_the_clocks(make, new):
    keeper = make()
    batch = new(3)
    batch["transact_time"] = 0, 5, 0
    keeper.apply_fills(batch)
    assert keeper.trades().column("transact_time") == [77, 5, 77]
    assert [lot.opened for lot in keeper.position("AAPL").lots] == [77, 5, 77]


def test_a_row_has_an_exec_id(make):
    keeper = make()
    batch = rows(4)
    batch["exec_id"] = 12, keeper.ids(exec_id="ABC-1"), 0, keeper.ids(exec_id="0x")
    assert keeper.apply_fills(batch) == 1
    assert keeper.trades().column("exec_id") == ["12", "ABC-1", None, "0x"]
    assert keeper.ids(exec_id="12") == 12
    assert keeper.ids(exec_id="ABC-1") == batch["exec_id"][1] > 2**62
    assert keeper.ids(exec_id="007") > 2**62  # not the text of 7
    keeper.bust("ABC-1")
    assert keeper.position("AAPL").qty == 15
    with pytest.raises(ValueError, match="exec_id '12' is already booked as trade 1"):
        keeper.apply_fill("AAPL", "BUY", 1, 1, exec_id="12")


@pytest.mark.parametrize(("ids", "match"), [
    ((1, 2, 1), "row 2: exec_id '1' stands in row 0 too"), ((5, 9, 0), "row 1: exec_id '9' is already booked as trade 1"),
    ((0, -1, 0), f"row 1: exec_id -1 must be 0 to {2**62}"), ((0, 0, 2**62 + 1), f"row 2: exec_id {2**62 + 1} must be 0 to {2**62}, or what ids"),
])
def test_an_exec_id_is_booked_once(make, ids, match):
    keeper = make()
    keeper.apply_fill("AAPL", "BUY", 1, 1, exec_id="9")
    batch = rows(3)
    batch["exec_id"] = ids
    with pytest.raises(ValueError, match=match):
        keeper.apply_fills(batch)
    assert len(keeper.trades()) == 1
    batch["qty"][1], batch["exec_id"] = 0, (1, 2, 3)
    with pytest.raises(ValueError, match="qty 0"):
        keeper.apply_fills(batch)
    batch["qty"] = 5
    assert keeper.apply_fills(batch) == 2  # a batch that was refused has taken no id


def test_a_signed_quantity_is_its_side(make):
    one, two = make(), make()
    for signed in (5, -3, -9, 2):
        one.apply_fill("AAPL", None, signed, 10)
        two.apply_fill("AAPL", "BUY" if signed > 0 else "SELL", abs(signed), 10)
    assert one.positions() == two.positions()
    for qty, match in ((0, "qty 0 is no fill: without a side it is signed"), ("-0.5", "not a multiple of 1")):
        with pytest.raises(ValueError, match=match):
            one.apply_fill("AAPL", None, qty, 10)


def test_what_a_row_is_made_of_is_public():
    assert tc.EntryKind.SPLIT == 2
    assert {"exec_id", "transact_time"} <= set(tc.FILL_DTYPE.names)
    assert (tc.FILL_DTYPE.itemsize, tc.ENTRY_DTYPE.itemsize, tc.CLOSING_DTYPE.itemsize) == (48, 64, 112)


# ---- the unit of times

UNITS = [(1_700_000_000, "seconds"), (1_700_000_000_000, "milliseconds"), (1_700_000_000_000_000, "microseconds")]


@pytest.mark.parametrize(("time", "unit"), UNITS)
def test_a_time_in_another_unit_is_refused_wherever_one_is_taken(backend, time, unit):
    slow = tc.PositionKeeper([AAPL], clock=lambda: time, backend=backend)
    with pytest.raises(ValueError, match=rf"clock\(\) {time} looks like {unit} since 1970"):
        slow.apply_fill("AAPL", "BUY", 1, 1)
    keeper = tc.PositionKeeper([AAPL], currencies=["EUR"], backend=backend)
    for named, call in (
        ("transact_time", lambda: keeper.apply_fill("AAPL", "BUY", 1, 1, transact_time=time)), ("transact_time", lambda: keeper.split("AAPL", 2, 1, transact_time=time)),
        ("transact_time", lambda: keeper.mark("AAPL", 1, time=time)), ("time", lambda: keeper.set_rate("EUR", "USD", 1, time=time)),
        ("now", lambda: keeper.roll_day("monday", now=time))):
        with pytest.raises(ValueError, match=f"{named} {time} looks like {unit}"):
            call()
    batch = rows(3, qty=1, transact_time=[0, 1_700_000_000_000_000_000, time])
    with pytest.raises(ValueError, match=f"row 2: transact_time {time} looks like {unit}"):
        keeper.apply_fills(batch)
    assert (keeper.position("AAPL").qty, len(keeper.trades().rows)) == (0, 0)
    keeper.apply_fills(batch[:2])
    assert keeper.position("AAPL").qty == 2


def test_a_simulation_that_counts_from_0_is_left_alone(backend):
    now = [5]
    keeper = tc.PositionKeeper([AAPL], clock=lambda: now[0], backend=backend)
    keeper.apply_fill("AAPL", "BUY", 1, 1)
    for now[0], _ in UNITS:
        keeper.apply_fill("AAPL", "BUY", 1, 1)
    assert keeper.position("AAPL").qty == 4


# ---- flags

@pytest.mark.parametrize("flag", ["no", 0, 1, None, np.True_])
def test_a_flag_is_true_or_false_and_nothing_that_counts_as_such(make, flag):
    keeper = make()
    text = "symbol,side,qty,price\nAAPL,BUY,1,1\n"
    for name, call in (
        ("attribute_commissions", keeper.closed_lots), ("per_fill", keeper.closed_lots), ("wash_sales", keeper.closed_lots),
        ("skip_bad", lambda **given: keeper.load_csv(io.StringIO(text), **given)), ("signed", tc.CsvForm), ("commission_paid_negative", tc.CsvForm)):
        with pytest.raises(TypeError, match=f"{name} must be a bool, not {'numpy.bool' if flag is np.True_ else type(flag).__name__}"):
            call(**{name: flag})
    assert not keeper.trades().rows


def test_a_busted_exec_id_is_not_booked_again_and_the_refusal_says_so(make):
    keeper = make()
    keeper.apply_fill("AAPL", "BUY", 5, 1, exec_id="7")
    keeper.bust("7")
    match = "exec_id '7' was booked as trade 1, which is busted: book it anew under another exec_id"
    with pytest.raises(ValueError, match=match):
        keeper.apply_fill("AAPL", "BUY", 5, 1, exec_id="7")
    with pytest.raises(ValueError, match=f"row 0: {match}"):
        keeper.apply_fills(rows(1, exec_id=7))
    with pytest.raises(tc.LoadError, match=match):
        keeper.load_csv(io.StringIO("exec_id,symbol,side,qty,price\n7,AAPL,BUY,5,1\n"))
    keeper.apply_fill("AAPL", "BUY", 5, 1, exec_id="7-again")
    assert keeper.position("AAPL").qty == 5

"""What was written is what is taken: floats by their shortest decimal, at every door and on both backends alike; and what
a refusal says of a full table of ids, of cash and of prices."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import numpy as np
import pytest
from conftest import seeds

import tradecore as tc
from tradecore.vocabulary.units import read_number, round_told, whole_units

D, R = Decimal, tc.Reason
EXT = tc.ExternalVenue("EXT")
DEAR = tc.Instrument("DEAR", tick_size="0.01")  # its price unit is 10**-8
FINE = tc.Instrument("FINE", tick_size="0.00000001", price_precision=8)


@pytest.fixture
def core(make_core):
    core = make_core(instruments=[DEAR, FINE], venues=[EXT], accounts=["alpha"])
    core.define_currency("ETH", decimals=12)
    return core


@pytest.mark.parametrize("seed", seeds([1, 2]), indirect=True)
def test_a_float_is_the_number_that_was_written(seed):
    seeded = Random(seed)
    for _ in range(20_000):
        precision = seeded.randint(0, 12)
        digits = seeded.randint(1, 15)  # a float holds any 15 digits
        units, decimals = seeded.randint(-10**digits, 10**digits), seeded.randint(0, precision)
        text = f"{D(units).scaleb(-decimals)}"
        if D(text).copy_abs() * 10**precision >= 2**62:
            continue
        expected = int(D(text).scaleb(precision))
        for kind in (float, np.float64):
            assert whole_units(kind(text), precision, "n", 2**62) == expected, (text, precision)
            assert round_told(kind(text), precision, "n", 2**62) == (expected, expected, True)
            assert read_number(kind(text)) == D(text)


@pytest.mark.parametrize("value", [0.1 + 0.2, 110.00000000000001, 1 / 3, 5e-324, 90000000.010000001, float("nan"), 1e300])
def test_a_float_that_is_finer_is_refused(value):
    if value == 90000000.01:  # the same float: nobody can tell it from the one that was written
        assert whole_units(value, 8, "n", 2**62) == 9_000_000_001 * 10**6
        return
    with pytest.raises(ValueError, match="n "):
        whole_units(value, 8, "n", 2**62)


@pytest.mark.parametrize("kind", [float, np.float64])
@pytest.mark.parametrize("text", ["84199332.49", "90000000.01", "99999999.99", "45000000.07", "12345678.9", "0.29"])
def test_prices_are_what_was_written_at_every_door(core, kind, text):
    price = kind(text)
    order = core.submit("DEAR", "BUY", 2, price, venue="EXT")
    assert (order.price, order.text) == (D(text), "")
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=1, last_px=price)
    assert (told.last_px, told.reason, told.is_rounded) == (D(text), R.NONE, False)
    core.mark("DEAR", price)
    assert core.position("DEAR").unrealized_pnl == 0
    keeper = tc.PositionKeeper([DEAR], backend=core.backend)
    keeper.apply_fill("DEAR", "BUY", 1, price)
    assert keeper.position("DEAR").avg_px == D(text)


@pytest.mark.parametrize("text", ["78244678.14178137", "45035996.27370497", "45035996.27370495", "90071992.54740993"])
def test_the_finest_prices_are_what_was_written(core, text):
    price = float(text)
    expected = D(repr(price))  # of more than 15 digits a float need not be the one that was written
    assert core.submit("FINE", "BUY", 1, price, venue="EXT").price == expected


def test_money_is_what_was_written(core):
    core.positions.open_cash("USD", 123456789.01)
    assert core.positions.cash("USD") == D("123456789.01")
    core.risk.set_limit("max_order_notional", 98765432.1, who="x", why="y")
    assert D("98765432.1") in [row.value for row in core.risk.limits()]
    order = core.submit("DEAR", "BUY", 2, 50, venue="EXT")
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=1, last_px=50,
                                              commission=98765.43, commission_currency="ETH")
    assert (told.commission, told.is_rounded) == (D("98765.43"), False)
    keeper = tc.PositionKeeper([DEAR], backend=core.backend)
    keeper.open_cash("USD", 123456789.01)
    assert keeper.cash("USD") == D("123456789.01")


def test_a_finer_float_of_any_kind_is_rounded_and_told(core):
    order = core.submit("DEAR", "BUY", 9, 50, venue="EXT")
    for exec_id, price in (("a", 100 / 3), ("b", np.float64(100 / 3))):
        told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=exec_id, last_qty=1, last_px=price)
        assert (told.last_px, told.is_rounded) == (D("33.33333333"), True)


@pytest.mark.parametrize("zeros", [0, 70, 5_000])
def test_zeros_at_the_end_of_a_number_say_nothing(core, zeros):
    text = "50." + "0" * zeros
    assert whole_units(text, 8, "n", 2**62) == 50 * 10**8
    assert round_told(text, 8, "n", 2**62) == (50 * 10**8, 50 * 10**8, True)
    with pytest.raises(ValueError, match=r"n '50\.0"):
        whole_units(text + "00000000001", 8, "n", 2**62)
    assert round_told(text + "00000000001", 8, "n", 2**62) == (50 * 10**8, 50 * 10**8, False)
    order = core.submit("DEAR", "BUY", 2, text, venue="EXT")
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=f"1.{'0' * zeros}",
                                              last_px=text)
    assert (told.last_px, told.last_qty, told.is_rounded) == (50, 1, False)


# ---- refusals

def commands(core):
    """What names a who and a why, an id or a name, none of them known yet."""
    note = {"who": "nobody yet", "why": "not said yet"}
    risk, router = core.risk, core.execution.router
    lying = core.unbooked()[0]
    yield lambda: risk.set_limit("max_order_qty", 5, **note)
    yield lambda: risk.set_trading_state("ACTIVE", account="alpha", **note)
    yield lambda: risk.release_kill_switch(**note)
    yield lambda: risk.gate.open(**note)
    yield lambda: risk.set_margin("DEAR", "0.5", **note)
    yield lambda: risk.prevent_self_match("CANCEL_OLDEST", **note)
    yield lambda: router.set_health("EXT", "HALTED", **note)
    yield lambda: router.set_strategy("BEST_PRICE", **note)
    yield lambda: risk.add_rule("news", "order.qty <= 500", **note)
    yield lambda: risk.override(1, "max_order_qty", expire_time=2 * 10**18, **note)
    yield lambda: lying.book(**note, last_qty=3)
    yield lambda: lying.dismiss(**note)
    yield lambda: core.define_currency("XTS")
    yield lambda: core.define_instrument(tc.Instrument("NEXT"))


def test_a_full_table_of_ids_is_named_by_every_command(make_core):
    core = make_core(instruments=[DEAR], venues=[EXT], accounts=["alpha"], capacity=tc.Capacity(ids=16))
    core.submit("DEAR", "BUY", 9, 50, venue="EXT", cl_ord_id=1)
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id=1, exec_id="q", last_qty="3.5", last_px=50)
    core.risk.engage_kill_switch()
    core.risk.gate.shut()
    core.risk.set_trading_state("HALTED", account="alpha")
    with pytest.raises(tc.RefusedError, match="IDS_FULL"):
        core.intern([f"filler-{at}" for at in range(17)])
    for call in commands(core):
        full = core.metrics()["tables_full"]
        with pytest.raises((tc.RefusedError, ValueError), match=r"IDS_FULL: the table of ids is full: 16 of 16, the capacity ids"):
            call()
        assert core.metrics()["tables_full"] > full


def test_cash_beyond_its_bound_is_told_as_money(core):
    core.positions.open_cash("ETH", 10**16)
    for amount, balance in ((2, "10000000000000002"), ("0.000000000001", r"10000000000000000\.1")):  # 17 digits, rounded up
        with pytest.raises(tc.RefusedError, match=rf"ARITHMETIC_OVERFLOW: a balance of {balance} ETH is beyond 10000000000000000$"):
            core.positions.open_cash("ETH", amount)
    core.positions.open_cash("ETH", -(10**16))
    core.positions.open_cash("ETH", -(10**16))
    with pytest.raises(tc.RefusedError, match=r"a balance of -10000000000000002 ETH is beyond -10000000000000000$"):
        core.positions.open_cash("ETH", -2)
    assert core.positions.cash("ETH") == -(10**16)


def test_the_least_price_of_a_trade_is_a_unit_and_of_an_order_a_tick(core):
    order = core.submit("DEAR", "BUY", 9, 50, venue="EXT")
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=1, last_px="-0.005")
    assert "price -0.005 is out of range: the bound is 0.00000001" in told.text
    assert core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="b", last_qty=1,
                                              last_px="0.00000001").last_px == D("0.00000001")
    assert core.submit("DEAR", "BUY", 9, 0, venue="EXT").text.endswith("price 0 is out of range: the bound is 0.01")


def test_a_refusal_has_its_fields_in_their_instruments_decimals(make_core):
    coin = tc.Instrument("COIN", tick_size="0.01", qty_precision=8, lot_size="0.00000001")
    core = make_core(instruments=[coin], venues=[EXT, tc.SimulatedVenue("SIM")], accounts=["alpha"])
    order = core.submit("COIN", "BUY", 2, 50, venue="EXT")
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty="-0.25", last_px=50)
    assert "last_qty -0.25 is out of bounds" in told.text
    with pytest.raises((tc.RefusedError, ValueError), match=r"bid_size .*1000000\.00000001"):
        core.quote("SIM", "COIN", bid=50, bid_size="1000000.00000001")

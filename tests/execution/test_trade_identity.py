"""Which trade a venue means: known by (venue, instrument, side, exec_id) over two rolls of the day, counted once."""

from __future__ import annotations

from decimal import Decimal

import pytest

import tradecore as tc

R = tc.Reason
EXT, OTHER = tc.ExternalVenue("EXT", taker_fee_per_share="0.01"), tc.ExternalVenue("OTHER")
TINY = tc.Instrument("TINY", tick_size="1", lot_size="1", max_qty=10**14)


@pytest.fixture
def core(make_core):
    return make_core(venues=[EXT, OTHER], accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL", tick_size="0.01"),
                     tc.Instrument("MSFT", tick_size="0.01"), TINY])


def trade(core, exec_id="1", qty=5, px=100, venue="EXT", **more):
    return core.execution.on_execution_report(venue, "TRADE", exec_id=exec_id, last_qty=qty, last_px=px, **more)


@pytest.mark.parametrize("by", ["cl_ord_id", "order_id", "symbol"])
@pytest.mark.parametrize("rolls", [0, 1, 2])
def test_a_trade_redelivered_after_rolls_of_the_day_counts_once(core, rolls, by):
    order = core.submit("AAPL", "BUY", 5, 100, venue="EXT", account="alpha", cl_ord_id="X")
    told = {"cl_ord_id": {"cl_ord_id": "X"}, "order_id": {"order_id": order.order_id}, "symbol": {"symbol": "AAPL", "side": "BUY"}}[by]
    trade(core, **told)
    for _ in range(rolls):
        core.roll_day()
    assert trade(core, **told).reason is R.EXECID_REPEATED
    assert core.positions.firm_exposure("AAPL").qty == 5


def test_after_three_rolls_of_the_day_a_number_may_come_again(core):
    core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", cl_ord_id="X", time_in_force="GTC")
    trade(core, cl_ord_id="X")
    for _ in range(3):
        core.roll_day()
    assert trade(core, cl_ord_id="X", symbol="AAPL", side="BUY").reason is R.NONE
    assert (core.position("AAPL", "alpha").qty, core.positions.firm_exposure("AAPL").qty) == (10, 10)


def test_trades_of_two_symbols_two_sides_and_two_venues_under_one_number_all_count(core):
    for n, (symbol, side, venue) in enumerate([("AAPL", "BUY", "EXT"), ("MSFT", "BUY", "EXT"), ("AAPL", "SELL", "EXT"), ("AAPL", "BUY", "OTHER")]):
        core.submit(symbol, side, 5, 100, venue=venue, account=["alpha", "alpha", "beta", "alpha"][n], cl_ord_id=f"o{n}")
        assert trade(core, cl_ord_id=f"o{n}", venue=venue).reason is R.NONE
    assert [core.position(*of).qty for of in (("AAPL", "alpha"), ("MSFT", "alpha"), ("AAPL", "beta"))] == [10, 5, -5]
    assert [t.last_qty for t in core.positions.trades()] == [5, 5, 5, 5]


def test_a_bust_names_one_of_several_trades_under_a_number_by_symbol_and_side(core):
    for n, (symbol, side) in enumerate([("AAPL", "BUY"), ("MSFT", "BUY"), ("AAPL", "SELL")]):
        core.submit(symbol, side, 5, 100, venue="EXT", account=["alpha", "alpha", "beta"][n], cl_ord_id=f"o{n}")
        trade(core, cl_ord_id=f"o{n}")
    busts = core.execution.on_trade_correction
    assert busts("EXT", "TRADE_CANCEL", "1", "b").reason is R.UNKNOWN_TRADE, "three have it"
    assert busts("EXT", "TRADE_CANCEL", "1", "b", symbol="AAPL").reason is R.UNKNOWN_TRADE, "two have it"
    assert busts("EXT", "TRADE_CANCEL", "1", "b", symbol="AAPL", side="SELL").reason is R.NONE
    assert busts("EXT", "TRADE_CANCEL", "1", "b", symbol="MSFT").reason is R.NONE, "a bust's own number is by symbol too"
    assert busts("EXT", "TRADE_CANCEL", "1", "b", symbol="MSFT", side="BUY").reason is R.EXECID_REPEATED
    assert [core.position(*of).qty for of in (("AAPL", "alpha"), ("MSFT", "alpha"), ("AAPL", "beta"))] == [5, 0, 0]


# ---- bounds: 92,234 trades of the largest quantity are more than 64 bits hold


def test_no_number_of_legal_trades_wraps_a_position(core):
    core.submit("TINY", "BUY", 10**14, 1, venue="EXT", account="alpha", cl_ord_id="X")
    for n in range(100):
        assert trade(core, f"t{n}", 10**14, 1, cl_ord_id="X").reason in (R.NONE, R.OVERFILL)
    report = trade(core, "beyond", 10**14, 1, cl_ord_id="X")
    assert (report.reason, report.row.value, report.row.bound) == (R.ARITHMETIC_OVERFLOW, 101 * 10**14, 10**16)
    assert core.position("TINY", "alpha").qty == 10**16
    assert core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t0", "c", last_qty=10**14, last_px=2).reason in (R.NONE, R.OVERFILL)


def test_no_number_of_legal_trades_wraps_an_orders_cum_qty(core):
    for side in ("BUY", "SELL"):
        core.submit("TINY", side, 10**14, 1, venue="EXT", account="alpha", cl_ord_id=side)
    for n in range(100):
        for side in ("BUY", "SELL"):
            trade(core, f"t{n}", 10**14, 1, cl_ord_id=side)
    assert trade(core, "beyond", 10**14, 1, cl_ord_id="BUY").reason is R.ARITHMETIC_OVERFLOW
    assert core.orders.order(cl_ord_id="BUY").cum_qty == 10**16
    assert core.position("TINY", "alpha").qty == 0


def test_a_bust_that_would_take_a_position_out_of_its_integers_changes_nothing(core):
    for name, side in (("BUY", "BUY"), ("TOO", "BUY"), ("SELL", "SELL")):
        core.submit("TINY", side, 10**14, 1, venue="EXT", account="alpha", cl_ord_id=name)
    trade(core, "s", 10**14, 1, cl_ord_id="SELL")
    for n in range(101):
        trade(core, f"t{n}", 10**14, 1, cl_ord_id="BUY" if n else "TOO")
    before = core.position("TINY", "alpha"), core.orders.order(cl_ord_id="SELL").row
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "s", "b").reason is R.ARITHMETIC_OVERFLOW
    assert (core.position("TINY", "alpha"), core.orders.order(cl_ord_id="SELL").row) == before
    assert before[0].cost == Decimal(10**16)

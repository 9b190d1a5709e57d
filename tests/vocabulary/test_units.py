"""Price, quantity and money units: what the world sends is taken and booked exactly, and what is beyond is refused."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from conftest import CENT, T0, limits

import tradecore as tc
from tradecore.vocabulary.records import AMOUNT_MAX, BANDS_MAX, CODECS, PRICE_MAX
from tradecore.vocabulary.units import read_told, tell_wide

D = Decimal
R = tc.Reason
TABLE = [(0, "0.01"), (10, "0.05"), (100, "0.5")]


def plain(number):
    """A number as a text has it: no zeros at its end."""
    text = f"{D(number):.8f}"
    return text.rstrip("0").rstrip(".")


def trade(core, side, qty, price, exec_id, symbol="AAPL"):
    """One order, and its trade as an external venue reports it."""
    order = core.submit(symbol, side, qty, price, venue="EXT")
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=exec_id, last_qty=qty, last_px=price)
    return order


@pytest.fixture
def desk(make_core):
    return make_core(venues=[tc.ExternalVenue("EXT", taker_fee_bps=10)])


# ---- the default precision, and the bounds

@pytest.mark.parametrize(("given", "precision"), [
    ({"tick_size": "0.01"}, 8), ({"tick_size": 1}, 6), ({"tick_size": "0.00001"}, 10), ({"tick_size": "1e-11"}, 11),
    ({"tick_size": "0.01", "lot_size": "1e-8"}, 8), ({"tick_size": "0.0001", "lot_size": "1e-8"}, 10),
    ({"tick_size": "0.0001", "lot_size": "1e-9"}, 9), ({"tick_size": "0.01", "lot_size": "1e-8", "multiplier": "0.0001"}, 6),
    ({"tick_size": "0.5", "inverse": True}, 7), ({"tick_size": TABLE}, 8), ({"tick_size": 1, "qty_precision": 12}, 6),
    ({"tick_size": "0.01", "lot_size": "1e-12"}, 6),
])
def test_a_price_is_six_digits_finer_than_the_tick_up_to_ten_while_all_decimals_are_at_most_18(given, precision):
    assert tc.Instrument("X", **given).price_precision == precision


@pytest.mark.parametrize(("given", "says"), [
    ({"tick_size": "1e-10", "lot_size": "1e-9"}, r"price_precision 10 \+ quantity decimals 9 \+ multiplier decimals 0 = 19, at most 18"),
    ({"qty_precision": 12, "multiplier": "0.00001"}, r"price_precision 2 \+ quantity decimals 12 \+ multiplier decimals 5 = 19"),
    ({"price_precision": 8, "lot_size": "1e-11"}, r"8 \+ quantity decimals 11 \+ multiplier decimals 0 = 19"),
    ({"lot_size": "0.1", "qty_precision": 0}, r"qty_precision 0 must be 1 \(the lot's\) to 12"), ({"qty_precision": 13}, "qty_precision 13 must be"),
    ({"tick_size": 10**9, "price_precision": 8}, "tick_size 1000000000 is outside 0.00000001 to 100000000.00000000"),
    ({"inverse": True, "price_precision": 10, "multiplier": 100}, r"10\*\*\(12 \+ price_precision 10 - .* 0\) x multiplier 100 = 1000000000000000000000000 must be"),
    ({"tick_size": []}, "a tick table has 1 to 16 bands, not 0"), ({"tick_size": [(1, 1)] * 17}, "not 17"),
    ({"tick_size": [(1, 1), (5, 5)]}, "the first band must begin at 0, not at 1"), ({"tick_size": [(0, 1), (5, 2)]}, "band from 5 is no multiple of the tick 2"),
    ({"tick_size": [(0, 1), (5, 5), (5, 1)]}, "band from 5 must begin above 5"), ({"tick_size": [(0, 2), (5, 5)]}, "band from 5 is no multiple of the tick 2"),
    ({"tick_size": [(0, 0)]}, "tick_size 0 is outside"),
])
def test_a_definition_beyond_the_bounds_is_refused_with_what_breaks(given, says):
    with pytest.raises(ValueError, match=says):
        tc.Instrument("X", **given)


@pytest.mark.parametrize("bad", [[1], [(1, 2, 3)], [(0, None)], [("a", 1)], (("0", "0.01"), 5)])
def test_a_tick_table_that_is_none_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match="instrument X: tick_size"):
        tc.Instrument("X", tick_size=bad)


def test_what_the_world_quotes_is_inside_the_bounds(make_core):
    core = make_core(instruments=[
        tc.Instrument("BRK.A"), tc.Instrument("BTC/KRW", tick_size=1, lot_size="0.00000001", currency="KRW"),
        tc.Instrument("BTC/USD", lot_size="0.00000001"), tc.Instrument("SHIB", tick_size="0.00000001")],
        limits=limits(max_order_notional=10**16))
    for symbol, qty, price in (("BRK.A", 10**9, "700000.00"), ("BTC/KRW", 31, 150_000_000), ("BTC/USD", "0.00000001", "99999.99"),
                               ("BTC/USD", "999999.99999999", "99999.99"), ("SHIB", 10**14, "0.00001234")):
        before = core.position(symbol).cost
        for side in ("SELL", "BUY"):
            assert core.submit(symbol, side, qty, price).reason is R.NONE
        assert core.position(symbol).cost == before
    assert core.submit("BRK.A", "BUY", 10**11, "700000.00").text == \
        "MAX_ORDER_NOTIONAL: notional 70000000000000000 exceeds 10000000000000000 (account alpha)"


def test_an_inverse_contract_as_it_is_declared_by_default(backend):
    keeper = tc.PositionKeeper([tc.Instrument("XBTUSD", tick_size="0.5", currency="XBT", inverse=True),
                                tc.Instrument("COIN-M", tick_size="0.1", currency="XBT", inverse=True, multiplier=100)], backend=backend)
    for symbol, contracts, size in (("XBTUSD", 10_000_000, 1), ("COIN-M", 1_000, 100)):
        keeper.apply_fill(symbol, "BUY", contracts, "50000.5")
        keeper.apply_fill(symbol, "SELL", contracts, "60000.5")
        gain = contracts * size * (1 / Fraction("50000.5") - 1 / Fraction("60000.5"))
        assert abs(Fraction(keeper.position(symbol).realized_pnl) - gain) <= Fraction(1, 10**12)


@pytest.mark.parametrize(("price", "multiplier"), [(PRICE_MAX, 10**9), (-PRICE_MAX, 10**9), (10**15, 10**9)])
def test_an_amount_beyond_its_bound_is_refused_where_it_comes_in(make_core, price, multiplier):
    """|price x quantity x multiplier| is at most 10**37: of an order, a quote, a trade, a correction, an opening."""
    ins = tc.Instrument("BIG", tick_size=100, price_precision=0, multiplier=multiplier, any_sign=True)
    core = make_core(instruments=[ins], venues=[tc.ExternalVenue("EXT"), tc.SimulatedVenue("SIM")])
    most = AMOUNT_MAX // (abs(price) * multiplier)
    refused = core.submit("BIG", "BUY", most + 1, price, venue="EXT")
    assert refused.reason is R.ARITHMETIC_OVERFLOW
    assert str(most) in refused.text
    order = core.submit("BIG", "BUY", most, price, venue="EXT")
    assert order.reason is R.NONE
    report = {"order_id": order.order_id, "last_px": price}
    for qty, reason in ((most + 1, R.ARITHMETIC_OVERFLOW), (most, R.NONE)):
        answer = core.execution.on_execution_report("EXT", "TRADE", exec_id=f"e{qty}", last_qty=qty, **report)
        assert answer.reason is reason
    assert core.position("BIG").cost == D(price) * most * multiplier
    corrected = core.execution.on_trade_correction("EXT", "TRADE_CORRECT", f"e{most}", "c", last_qty=most + 1, last_px=price)
    assert corrected.reason is R.ARITHMETIC_OVERFLOW
    for sent in (lambda: core.quote("SIM", "BIG", bid=price, bid_size=most + 1), lambda: core.positions.open_position("BIG", most + 1, price)):
        with pytest.raises(tc.RefusedError, match="ARITHMETIC_OVERFLOW"):
            sent()
    core.quote("SIM", "BIG", bid=price, bid_size=most)


def test_an_order_lies_within_the_ticks_that_a_book_counts(make_core):
    core = make_core(instruments=[tc.Instrument("X", tick_size="1e-10")])
    assert core.submit("X", "BUY", 1, 10_000).reason is R.NONE
    assert core.submit("X", "BUY", 1, "10000.0000000001").text == "PRICE_OUT_OF_RANGE: price 10000.0000000001 is out of range: the bound is 10000"
    with pytest.raises(tc.RefusedError, match="PRICE_OUT_OF_RANGE"):
        core.quote("XNAS", "X", ask="10000.0000000001", ask_size=1)
    core.mark("X", "999999.9999999999")  # a mark, or a trade, is in no book


# ---- tick tables

def test_the_tick_is_that_of_the_orders_price(make_core):
    core = make_core(instruments=[tc.Instrument("X", tick_size=TABLE, any_sign=True)])
    for price, tick in (("9.99", None), ("10.00", None), ("10.05", None), ("10.01", "0.05"), ("99.95", None), ("99.99", "0.05"),
                        ("100", None), ("100.5", None), ("100.05", "0.5"), ("-9.99", None), ("-10.01", "0.05"), ("0.005", "0.01")):
        for order in (core.submit("X", "BUY", 1, price), core.submit("X", "BUY", 1, price, stop_px=price, ord_type="STOP_LIMIT")):
            assert order.reason is (R.NONE if tick is None else R.PRICE_TICK_MULTIPLE), (price, order)
            assert tick is None or order.text == f"PRICE_TICK_MULTIPLE: price {plain(price)} is not a multiple of the tick {plain(tick)}"
        stop = core.submit("X", "BUY", 1, stop_px=price)
        assert stop.reason is (R.NONE if tick is None else R.STOP_PX_OUT_OF_RANGE)
        replaced = core.replace(core.submit("X", "BUY", 1, 10), price=price)
        assert replaced.reason is (R.NONE if tick is None else R.PRICE_TICK_MULTIPLE)


@pytest.mark.parametrize("table", [TABLE, dict(TABLE), tuple(map(tuple, TABLE))])
def test_a_table_may_be_pairs_or_a_mapping(table):
    ins = tc.Instrument("X", tick_size=table)
    assert [(ins.price(band.from_px), ins.price(band.tick)) for band in ins.bands] == [(D(a), D(b)) for a, b in TABLE]
    assert ins.price(ins.tick) == D("0.01")
    assert hash(ins) == hash(tc.Instrument("X", tick_size=TABLE))


def test_books_count_in_the_finest_tick_that_divides_all(make_core):
    core = make_core(instruments=[tc.Instrument("X", tick_size=[(0, "0.04"), (12, "0.06")])], accounts=["a", "b"])
    assert core._gate.names.instruments[0].tick == 2 * CENT
    core.submit("X", "SELL", 5, "12.06", account="a")
    core.submit("X", "SELL", 5, "11.96", account="a")
    bought = core.submit("X", "BUY", 10, "12.12", account="b")
    assert (bought.cum_qty, bought.avg_px) == (10, D("12.01"))


@pytest.mark.parametrize(("side", "reference", "bps", "worst"), [
    ("BUY", "99.98", 10, "100.00"), ("BUY", "99.90", 13, "100.00"), ("BUY", "100", 49, "100.00"), ("BUY", "100", 50, "100.50"),
    ("SELL", "100.5", 49, "100.50"), ("SELL", "100.5", 51, "100.00"), ("SELL", "100", 4, "100.00"), ("SELL", "100", 6, "99.95"),
])
def test_a_protection_price_is_rounded_to_its_bands_tick_on_the_safe_side(make_core, side, reference, bps, worst):
    """A market order takes what lies there, and nothing that a venue displays a cent beyond it."""
    beyond = D(worst) + (D("0.01") if side == "BUY" else -D("0.01"))
    for price, taken in ((beyond, 0), (worst, 3)):
        core = make_core(instruments=[tc.Instrument("X", tick_size=TABLE)], limits=limits(price_collar_bps=bps))
        core.mark("X", reference)
        core.quote("XNAS", "X", **({"ask": price, "ask_size": 3} if side == "BUY" else {"bid": price, "bid_size": 3}))
        assert core.submit("X", side, 3).cum_qty == taken


@pytest.mark.parametrize(("band", "from_px", "tick", "field"), [
    (1, 5 * CENT, CENT, "band 1"), (17, 0, CENT, "band 17"), (-1, 0, CENT, "band -1"), (0, CENT, CENT, f"from_px {CENT}"),
    (2, 10 * CENT, CENT, f"from_px {10 * CENT}"), (2, PRICE_MAX + 1, CENT, "from_px"), (2, -CENT, CENT, "from_px"), (2, 0, CENT, "from_px 0"),
    (2, 20 * CENT, 0, "band_tick 0"), (2, 20 * CENT, CENT // 2, "band_tick"), (2, 20 * CENT, CENT + 1, "band_tick"), (2, 20 * CENT, 3 * CENT, "band_tick"), (2, 21 * CENT, CENT, "band_tick"),
])
def test_a_band_that_no_table_can_have_is_refused_and_changes_nothing(core, band, from_px, tick, field):
    kind = tc.CommandType.DEFINE_TICKS
    for good in ({"band": 0, "from_px": 0, "band_tick": CENT}, {"band": 1, "from_px": 10 * CENT, "band_tick": 2 * CENT}):
        assert core._gate.core.apply(CODECS[kind].pack(kind=kind, instrument=1, **good), T0)[0].reason == 0
    if band == 1:
        kind_of = CODECS[kind].pack(kind=kind, instrument=2, band=0, band_tick=CENT)
        assert core._gate.core.apply(kind_of, T0)[0].reason == R.UNKNOWN_INSTRUMENT
        band, field = 3, "band 3"
    before, reader = core.state_hash(), core.reports()
    ack, _ = core._gate.core.apply(CODECS[kind].pack(kind=kind, instrument=1, band=band, from_px=from_px, band_tick=tick), T0)
    assert ack.reason == R.INVALID_FIELD_VALUE
    assert f"INVALID_FIELD_VALUE: {field}" in next(iter(reader)).text
    core._gate.core.apply(CODECS[kind].pack(kind=kind, instrument=1, band=0, band_tick=CENT), T0)
    assert before != core.state_hash()


def test_a_table_has_sixteen_bands_at_most(make_core):
    pairs = [(n, "0.01") for n in range(BANDS_MAX)]
    core = make_core(instruments=[tc.Instrument("X", tick_size=pairs)])
    assert core.submit("X", "BUY", 1, "15.01").reason is R.NONE


# ---- a quantity unit apart from the lot

def test_the_lot_is_a_rule_about_orders_and_a_trade_may_be_finer(make_core):
    core = make_core(instruments=[tc.Instrument("X", lot_size=10, qty_precision=3)], venues=[tc.ExternalVenue("EXT")])
    assert core.submit("X", "BUY", 15, 100).text == "QTY_LOT_MULTIPLE: order_qty 15 is not a multiple of the lot 10"
    order = core.submit("X", "BUY", 10, 100)
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="1", last_qty="0.125", last_px=100)
    assert (core.position("X").qty, order.leaves_qty) == (D("0.125"), D("9.875"))
    unbooked = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="2", last_qty="0.0001", last_px=100)
    assert unbooked.reason is R.INVALID_FIELD_VALUE
    keeper = tc.PositionKeeper([tc.Instrument("X", lot_size=1, qty_precision=4)], backend=core.backend)
    keeper.apply_fill("X", "BUY", "0.0001", 5)
    assert keeper.position("X").qty == D("0.0001")


def test_an_int_is_whole_and_a_column_counts_units(make_core):
    ins = tc.Instrument("X", lot_size="0.001")
    core = make_core(instruments=[ins], accounts=["a", "b"])
    core.submit("X", "SELL", 2, 3, account="a")
    orders = tc.new_orders(1)
    orders["instrument"], orders["account"], orders["side"] = 1, 2, tc.Side.BUY
    orders["order_qty"], orders["price"] = ins.qty_lots(2), ins.price_units(3)
    assert (orders["order_qty"][0], orders["price"][0]) == (2_000, 300_000_000)
    assert core.submit_batch(orders)["cum_qty"][0] == 2_000
    assert (core.position("X", "b").qty, core.position("X", "b").cost) == (2, 6)


# ---- prices that lie between ticks

@pytest.mark.parametrize("price", ["50.123456", "33.33333333", "0.00000001"])
def test_a_trade_between_ticks_is_booked_as_it_comes(desk, price, backend):
    order = desk.submit("AAPL", "BUY", 300, "60.00")
    answer = desk.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="1", last_qty=300, last_px=price)
    assert (answer.last_px, order.avg_px, desk.position("AAPL").avg_px) == (D(price), D(price), D(price))
    assert desk.position("AAPL").cost == 300 * D(price)
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], backend=backend)
    keeper.apply_fill("AAPL", "SELL", 300, price)
    assert keeper.position("AAPL").avg_px == D(price)


def test_negative_and_zero_prices_where_they_are_allowed(make_core, backend):
    core = make_core(instruments=[tc.Instrument("CL", any_sign=True, multiplier=1_000), tc.Instrument("AAPL")], accounts=["a", "b"])
    for price in ("-37.63", "0", "-0.01"):
        core.submit("CL", "SELL", 1, price, account="a")
        assert core.submit("CL", "BUY", 1, price, account="b").avg_px == D(price)
        assert core.submit("AAPL", "BUY", 1, price, account="b").reason is R.PRICE_OUT_OF_RANGE
    assert core.position("CL", "b").cost == -37_640
    keeper = tc.PositionKeeper([tc.Instrument("CL", any_sign=True, multiplier=1_000)], backend=backend)
    keeper.apply_fill("CL", "BUY", 1, "-37.63333333")
    keeper.apply_fill("CL", "SELL", 1, 0)
    assert keeper.position("CL").realized_pnl == D("37633.33333")


# ---- average cost

def test_an_average_price_stays_what_it_was_after_a_sale(make_core, backend):
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], backend=backend)
    core = make_core(accounts=["a", "b"])
    for side, qty, price in (("BUY", 7, 100), ("BUY", 11, 97)):
        keeper.apply_fill("AAPL", side, qty, price)
        core.submit("AAPL", "SELL", qty, price, account="b")
        core.submit("AAPL", side, qty, price, account="a")
    before = [keeper.position("AAPL"), core.position("AAPL", "a")]
    assert [p.avg_px_ratio for p in before] == [Fraction(1767, 18)] * 2
    keeper.apply_fill("AAPL", "SELL", 5, 103)
    core.submit("AAPL", "BUY", 5, 103, account="b")
    core.submit("AAPL", "SELL", 5, 103, account="a")
    for then, now in zip(before, [keeper.position("AAPL"), core.position("AAPL", "a")], strict=True):
        assert now.qty == 13
        assert 0 < abs(now.avg_px - then.avg_px) < D("1e-9")
        assert abs(Fraction(now.avg_px) - now.avg_px_ratio) < Fraction(1, 10**20)


def test_a_hundred_thousand_fills_are_never_off_by_what_a_person_sees(backend):
    """Against fractions, where nothing is ever rounded: position, cost and realised P&L within a cent."""
    seeded, count = random.Random(7), 100_000
    rows = np.zeros(count, tc.FILL_DTYPE)
    rows["instrument"] = rows["account"] = 1
    qtys = np.array([seeded.choice((-1, 1)) * seeded.randint(1, 999) for _ in range(count)])
    prices = np.array([seeded.randint(9_000, 11_000) * CENT + seeded.choice((0, 0, 1, 333_333, 123_456)) for _ in range(count)])
    rows["qty"], rows["price"] = qtys, prices
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], backend=backend)
    held, cost, realised = 0, Fraction(0), Fraction(0)
    for at, (qty, price) in enumerate(zip(qtys.tolist(), prices.tolist(), strict=True)):
        if held * qty < 0:
            closed = min(abs(qty), abs(held)) * (1 if qty > 0 else -1)
            realised -= closed * price - cost * Fraction(closed, held)
            cost += cost * Fraction(closed, held)
            held, qty = held + closed, qty - closed
            cost = Fraction(round(cost * 2**200), 2**200)  # or the fractions grow without end; far below a unit
        held, cost = held + qty, cost + qty * price
        if at % 500 == 499:
            keeper.apply_fills(rows[at - 499 : at + 1])
            p = keeper.position("AAPL")
            assert p.qty == held
            assert abs(Fraction(p.cost) - cost / 10**8) < Fraction(1, 100)
            assert abs(Fraction(p.realized_pnl) - realised / 10**8) < Fraction(1, 100)


# ---- numbers wider than a report's word

@pytest.mark.parametrize("up", [False, True])
def test_a_wide_number_is_told_with_seventeen_digits_rounded_towards_the_truth(up):
    seeded = random.Random(1)
    for _ in range(2_000):
        number = seeded.randrange(2 ** seeded.randint(1, 127))
        told = read_told(tell_wide(number, up))
        assert told == number if number < 2**61 else abs(told - number) * 10**16 < number
        assert (told >= number) if up else (told <= number)
    for exact in (0, 2**61 - 1, 10**16 * 10**9, 123_456_789 * 10**12, -1, -(2**63) + 1):
        assert read_told(tell_wide(exact, up)) == exact

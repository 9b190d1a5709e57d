"""What orders may say together, what a refusal says, and prices and quantities rounded for those who compute.

A price off the tick is news, however fine it is; what is no price at all is a wrong call.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import limits, small_capacity

import tradecore as tc

R, S = tc.Reason, tc.OrdStatus


@pytest.fixture
def core(make_core):
    core = make_core(venues=[tc.SimulatedVenue("XNAS"), tc.ExternalVenue("EXT")], accounts=["alpha"], limits=limits(),
                     capacity=small_capacity(),
                     instruments=[tc.Instrument("AAPL"), tc.Instrument("UNIT", price_precision=2)])
    core.quote("XNAS", "AAPL", bid=100, bid_size=10, ask=102, ask_size=10)
    return core


# ---- a stop with IOC


@pytest.mark.parametrize(("tif", "size", "cum_qty", "reason"), [
    ("IOC", 10, 10, R.IOC_LEFTOVER), ("FOK", 10, 0, R.FOK_NOT_FILLABLE), ("FOK", 25, 20, R.NONE), ("IOC", 25, 20, R.NONE)])
def test_a_stop_takes_at_once_what_is_there_when_it_is_triggered(core, tif, size, cum_qty, reason):
    order = core.submit("AAPL", "BUY", 20, 105, stop_px=104, trigger_price_type="BEST_OFFER", time_in_force=tif)
    assert (order.ord_status, order.row.place) == (S.NEW, tc.Place.AWAITS_PRICE)
    core.quote("XNAS", "AAPL", bid=103, bid_size=10, ask=104, ask_size=size)
    assert (order.cum_qty, order.reason, order.leaves_qty) == (cum_qty, reason, 0)


# ---- an off-tick price is news at every precision


@pytest.mark.parametrize("symbol", ["AAPL", "UNIT"])
@pytest.mark.parametrize("price", ["189.005", "189.000005", "189.0000000000005", 189.000005, Decimal("0.000000000001")])
def test_a_price_off_the_tick_is_refused_as_news_however_fine_it_is(core, symbol, price):
    order = core.submit(symbol, "BUY", 1, price)
    assert (order.ord_status, order.reason) == (S.REJECTED, R.PRICE_TICK_MULTIPLE)
    assert order.text.startswith("PRICE_TICK_MULTIPLE: price ")
    assert order.text.endswith("the tick 0.01")
    assert not core.check(symbol, "BUY", 1, price)
    works = core.submit(symbol, "BUY", 1, 50, venue="XNAS")
    refused = core.replace(works, price=price)
    assert (refused.report_type, refused.reason, works.price) == (tc.ReportType.ORDER_CANCEL_REJECT, R.PRICE_TICK_MULTIPLE, 50)
    stop = core.submit(symbol, "BUY", 1, stop_px=price)
    assert (stop.ord_status, stop.reason) == (S.REJECTED, R.STOP_PX_OUT_OF_RANGE)


def test_a_price_that_no_record_holds_is_shown_as_none(core):
    order = core.submit("UNIT", "BUY", 1, "189.005")
    report = next(r for r in core.reports(0) if r.order_id == order.order_id)
    assert (order.price, report.price, core.submit("AAPL", "BUY", 1, "189.005").price) == (None, None, Decimal("189.005"))


@pytest.mark.parametrize(("price", "error"), [("abc", ValueError), (float("nan"), ValueError), ("1e30", ValueError), (True, TypeError)])
def test_what_is_no_price_is_a_wrong_call(core, price, error):
    before = core.state_hash()
    with pytest.raises(error, match="AAPL price"):
        core.submit("AAPL", "BUY", 1, price)
    assert core.state_hash() == before


# ---- rounding for those who compute

BANDS = [("0", "0.0001"), ("1", "0.01")]


@pytest.mark.parametrize(("px", "side", "rounded"), [
    ("189.006", "BUY", "189"), ("189.006", "SELL", "189.01"), (189.0000001, "SELL_SHORT", "189.01"), ("189", "SELL", "189"),
    ("0.99995", "SELL", "1"), ("0.99995", "BUY", "0.9999"), (Decimal("1.0099999"), "BUY", "1"), (189, tc.Side.BUY, "189"),
])
def test_a_price_is_rounded_to_the_tick_of_its_band_and_is_no_worse(px, side, rounded):
    instrument = tc.Instrument("X", tick_size=BANDS)
    assert instrument.round_price(px, side) == Decimal(rounded)
    instrument.price_units(instrument.round_price(px, side))


@pytest.mark.parametrize(("px", "side", "error", "says"), [
    ("0.00001", "BUY", ValueError, "X px '0.00001' is below the tick 0.0001"), ("abc", "BUY", ValueError, "X px 'abc'"),
    (1, "UP", ValueError, "side 'UP'"), (None, "BUY", TypeError, "NoneType"), ("1e30", "SELL", ValueError, "X px '1e30' is outside"),
])
def test_a_price_that_can_t_be_rounded_is_a_wrong_call(px, side, error, says):
    with pytest.raises(error, match=says):
        tc.Instrument("X", tick_size=BANDS).round_price(px, side)


def test_a_quantity_is_rounded_down_to_whole_lots():
    instrument = tc.Instrument("X", lot_size=100)
    assert [instrument.round_qty(qty) for qty in (99, "100", 250.9, Decimal(1_000))] == [0, 100, 200, 1_000]
    assert tc.Instrument("Y", lot_size="0.001").round_qty("1.23456") == Decimal("1.234")
    with pytest.raises(ValueError, match="X qty -1 is outside"):
        instrument.round_qty(-1)


# ---- texts


def test_a_post_only_market_order_is_told_what_it_lacks(core):
    order = core.submit("AAPL", "BUY", 1, post_only=True)
    assert order.text == "UNSUPPORTED_ORDER_TYPE: ord_type MARKET: a POST_ONLY order is a LIMIT order"


def test_a_protection_price_is_named_where_there_is_one(core):
    assert core.submit("AAPL", "BUY", 20).text == "MARKET_LEFTOVER: the rest of a MARKET order: nothing more is displayed"
    core.quote("XNAS", "AAPL", bid=100, bid_size=10, ask=102, ask_size=10)
    core.risk.set_limits(limits(price_collar_bps=200), account="alpha")  # the mid is 101: at most 103.02
    assert core.submit("AAPL", "BUY", 20).text.endswith("nothing more is displayed within its protection price 103.02")


@pytest.mark.parametrize(("switch", "scope"), [
    ({}, "firm"), ({"account": "alpha"}, "account"), ({"symbol": "AAPL"}, "instrument"), ({"venue": "EXT"}, "venue")])
def test_the_scope_that_killed_an_order_is_named(core, switch, scope):
    waits = core.submit("AAPL", "BUY", 1, 10, venue="EXT")
    core.risk.engage_kill_switch(**switch)
    says = f"KILL_SWITCH: the kill switch of the {scope} is engaged"
    assert (waits.ord_status, waits.text, core.submit("AAPL", "BUY", 1, 10, venue="EXT").text) == (S.CANCELED, says, says)


def test_a_used_id_was_used_on_this_trading_day(core):
    core.submit("AAPL", "BUY", 1, 10, cl_ord_id="A")
    assert core.submit("AAPL", "BUY", 2, 10, cl_ord_id="A").text == (
        "DUPLICATE_CLORDID: cl_ord_id was used before on this trading day")


# ---- what FIX writes


def test_what_a_fix_field_holds_is_taken_wherever_a_word_is(core):
    order = core.submit("AAPL", "1", 10, 10, venue="EXT", ord_type="2", time_in_force="1")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "0", order_id=order.order_id)
    core.execution.on_execution_report("EXT", "F", order_id=order.order_id, exec_id="a", last_qty=1, last_px=10)
    assert core.execution.on_trade_correction("EXT", "G", "a", "b", last_qty=2, last_px=10).exec_type is tc.ExecType.TRADE_CORRECT
    assert (tc.ExecType("F"), tc.ExecType("TRADE"), tc.Side("1"), tc.OrdRejReason("11")) == (15, 15, 1, 11)
    for word in ("Q", "", "0x1", "99"):
        with pytest.raises(ValueError, match="ExecType"):
            tc.ExecType(word)


# ---- a trailing offset


@pytest.mark.parametrize(("kind", "offset", "new", "stop", "moved"), [
    ("PRICE", 5, 2, "98", "99.5"), ("PRICE", 2, 5, "95", "96.5"), ("BASIS_POINTS", 500, 100, "99", "100.485")])
def test_a_trailing_offset_is_replaced_and_counts_from_the_best_price_seen(core, kind, offset, new, stop, moved):
    order = core.submit("AAPL", "SELL", 1, peg_offset=offset, peg_offset_type=kind, trigger_price_type="BEST_BID")  # at 100
    told = core.replace(order, peg_offset=new, new_cl_ord_id="B")
    assert (told.exec_type, order.stop_px, told.stop_px) == (tc.ExecType.REPLACED, Decimal(stop), Decimal(stop))
    core.quote("XNAS", "AAPL", bid="101.5", bid_size=10, ask=102, ask_size=10)  # the best is now 101.5
    assert order.stop_px == Decimal(moved)
    again = core.submit("AAPL", "SELL", 1, peg_offset=offset, peg_offset_type=kind, trigger_price_type="BEST_BID", cl_ord_id="A")
    core.replace(again, peg_offset=new)
    assert core.submit("AAPL", "SELL", 1, peg_offset=offset, peg_offset_type=kind, trigger_price_type="BEST_BID",
                       cl_ord_id="A") == again  # the same order again, as it was first sent


def test_a_smaller_offset_may_trigger_at_once_and_none_counts_after_it(core):
    order = core.submit("AAPL", "SELL", 1, peg_offset=5, trigger_price_type="BEST_BID", time_in_force="GTC")
    core.quote("XNAS", "AAPL", bid=97, bid_size=10, ask=102, ask_size=10)
    assert (order.stop_px, order.cum_qty) == (95, 0)
    core.replace(order, peg_offset=2)  # from 100: the stop is 98, and 97 is below it
    assert (order.cum_qty, order.avg_px) == (1, 97)
    assert core.replace(order, peg_offset=1).cxl_rej_reason is tc.CxlRejReason.TOO_LATE_TO_CANCEL


def test_a_venue_that_trails_by_itself_is_asked_for_the_new_offset(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT", ord_types=("LIMIT", "TRAILING_STOP"))], accounts=["alpha"],
                     capacity=small_capacity())
    order = core.submit("AAPL", "SELL", 1, peg_offset=5, venue="EXT")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id)
    assert core.replace(order, peg_offset=2, new_cl_ord_id="B").text == ""
    assert [(m.msg_type.name, m.peg_offset) for m in core.outbound()] == [("ORDER_CANCEL_REPLACE_REQUEST", 2)]
    core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="B")
    core.orders.order_status(order)
    assert [m.peg_offset for m in core.outbound()] == [2]
    core.execution.on_execution_report("EXT", "TRIGGERED", order_id=order.order_id)
    refused = core.replace(order, peg_offset=1)
    assert (refused.reason, "peg_offset" in refused.text, "waits" in refused.text) == (R.INVALID_PEG_OFFSET, True, True)


@pytest.mark.parametrize(("offset", "error", "says"), [(0, ValueError, "peg_offset 0 must be above 0"), ("0.001x", ValueError, "peg_offset"), (None, TypeError, "at least one of")])
def test_a_bad_offset_is_a_wrong_call(core, offset, error, says):
    order = core.submit("AAPL", "SELL", 1, peg_offset=5, trigger_price_type="BEST_BID")
    with pytest.raises(error, match=says):
        core.replace(order, peg_offset=offset)
    limit = core.submit("AAPL", "BUY", 1, 10)
    with pytest.raises(ValueError, match="peg_offset 1: a LIMIT order has none"):
        core.replace(limit, peg_offset=1)

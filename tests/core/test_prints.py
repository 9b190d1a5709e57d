"""Trades that the market printed: the last trade, what they trigger, what they fill by which rule, and what is refused.

The right values are arithmetic on price-time priority: a print of S at a price where Q stood first leaves S - Q for those
behind; whoever rests at a better price than the print's was passed.
"""

import numpy as np
import pytest
from conftest import limits

import tradecore as tc
from tradecore.core.config import ConfigError, load_session
from tradecore.replay.market import replay_recording
from tradecore.replay.recording import Action, read_recording


@pytest.fixture
def desk(make_core):
    """AAPL at a venue P, whose rule is given, and at an external one."""

    def build(rule="NONE", **given):
        venues = [tc.SimulatedVenue("P", print_fills=rule), tc.ExternalVenue("EXT")]
        return make_core(**{"venues": venues, **given})

    return build


@pytest.mark.parametrize(("rule", "price", "size", "filled"), [
    ("NONE", "99.99", 500, 0),
    ("THROUGH", "100.01", 500, 0),
    ("THROUGH", "100", 500, 0),  # at the price: who stood first is not known
    ("THROUGH", "99.995", 500, 100),  # between ticks, and below
    ("THROUGH", "99.99", 70, 70),  # no more than printed
    ("AFTER_QUEUE", "100.01", 500, 0),
    ("AFTER_QUEUE", "100.005", 500, 0),
    ("AFTER_QUEUE", "100", 300, 0),  # 300 stood first
    ("AFTER_QUEUE", "100", 301, 1),
    ("AFTER_QUEUE", "100", 1_000, 100),
    ("AFTER_QUEUE", "99.99", 70, 70),
])
def test_a_print_fills_a_resting_buy_by_the_rule_of_its_venue(desk, rule, price, size, filled):
    core = desk(rule)
    core.quote("P", "AAPL", bid=100, bid_size=300, ask=101, ask_size=300)
    order = core.submit("AAPL", "BUY", 100, 100, venue="P")
    core.trade_print("AAPL", price, size, "P")
    assert order.cum_qty == filled
    assert not filled or order.avg_px == 100  # a maker's price is its own
    assert core.position("AAPL").qty == filled


@pytest.mark.parametrize(("price", "size", "filled"), [("100.005", 500, 0), ("101.01", 70, 70), ("101.005", 500, 100),
                                                       ("101", 300, 0), ("101", 350, 50)])
def test_a_print_fills_a_resting_sell_as_a_buy_turned_over(desk, price, size, filled):
    core = desk("AFTER_QUEUE")
    core.quote("P", "AAPL", bid=100, bid_size=300, ask=101, ask_size=300)
    order = core.submit("AAPL", "SELL", 100, 101, venue="P")
    core.trade_print("AAPL", price, size, "P")
    assert order.cum_qty == filled


def test_a_print_fills_the_best_price_first_then_by_time_each_at_its_own(desk):
    core = desk("AFTER_QUEUE")
    orders = [core.submit("AAPL", "BUY", 10, price, venue="P") for price in (99, 100, 100, 101)]
    core.trade_print("AAPL", 100, 25, "P", "SELL")
    assert [order.cum_qty for order in orders] == [0, 10, 5, 10]
    assert [order.avg_px for order in orders[1:]] == [100, 100, 101]


def test_who_took_did_not_take_from_his_own_side(desk):
    core = desk("THROUGH")
    buy, sell = core.submit("AAPL", "BUY", 10, 99, venue="P"), core.submit("AAPL", "SELL", 10, 101, venue="P")
    core.trade_print("AAPL", 98, 10, "P", "BUY")  # it took an offer at 98: no bid was hit
    assert (buy.cum_qty, sell.cum_qty) == (0, 0)
    core.trade_print("AAPL", 98, 10, "P")  # nobody says who: the bid above it was passed
    assert (buy.cum_qty, sell.cum_qty) == (10, 0)


def test_what_printed_before_counts_against_the_queue_until_the_next_quote(desk):
    core = desk("AFTER_QUEUE")
    core.quote("P", "AAPL", bid=100, bid_size=300)
    order = core.submit("AAPL", "BUY", 100, 100, venue="P")
    core.trade_print("AAPL", 100, 250, "P", "SELL")
    core.trade_print("AAPL", 100, 60, "P", "SELL")  # of 310, 300 stood first
    assert order.cum_qty == 10
    core.quote("P", "AAPL", bid=100, bid_size=300)
    core.trade_print("AAPL", 100, 300, "P", "SELL")
    assert order.cum_qty == 10


@pytest.mark.parametrize("venue", [None, "EXT"])
def test_a_print_of_no_simulated_venue_fills_nothing(desk, venue):
    core = desk("AFTER_QUEUE")
    order = core.submit("AAPL", "BUY", 10, 100, venue="P")
    core.trade_print("AAPL", 90, 100, venue)
    assert order.cum_qty == 0


def test_a_print_is_the_last_trade_and_so_the_reference_of_risk(desk):
    core = desk(limits=limits(price_collar_bps=100))
    assert core.submit("AAPL", "BUY", 1, 101, venue="P").reason is tc.Reason.REFERENCE_PRICE_UNAVAILABLE
    core.trade_print("AAPL", 100, 5)
    assert core.submit("AAPL", "BUY", 1, "101.01", venue="P").reason is tc.Reason.PRICE_COLLAR
    assert core.submit("AAPL", "BUY", 1, 101, venue="P").ord_status is tc.OrdStatus.NEW


def test_a_print_triggers_what_watches_the_last_trade(desk):
    core = desk()
    core.quote("P", "AAPL", bid=90, bid_size=50, ask=101, ask_size=50)
    stop = core.submit("AAPL", "SELL", 10, ord_type="STOP", stop_px=95, trigger_price_type="LAST_TRADE", venue="P")
    core.trade_print("AAPL", "95.01", 1)
    assert stop.ord_status is tc.OrdStatus.NEW
    core.trade_print("AAPL", 95, 1)
    assert (stop.ord_status, stop.avg_px) == (tc.OrdStatus.FILLED, 90)


@pytest.mark.parametrize(("call", "error", "says"), [
    (("NONE", 1, 1), tc.UndeclaredError, "NONE"),
    (("AAPL", "100.000000001", 1), ValueError, "price"),
    (("AAPL", 100, 0), ValueError, "size"),
    (("AAPL", 100, -1), ValueError, "size"),
    (("AAPL", 100, 1, "NONE"), tc.UndeclaredError, "NONE"),
    (("AAPL", 100, 1, "P", "TAKES"), ValueError, "aggressor"),
    (("AAPL", 100, 1, "P", "SELL_SHORT"), ValueError, "aggressor"),
    (("AAPL", 0, 1), tc.RefusedError, "price"),
    (("AAPL", -5, 1), tc.RefusedError, "price"),
])
def test_a_print_that_can_not_be_changes_nothing(desk, call, error, says):
    core = desk("THROUGH")
    order = core.submit("AAPL", "BUY", 10, 100, venue="P")
    before = core.state_hash() if error is not tc.RefusedError else order.cum_qty
    with pytest.raises(error, match=says):
        core.trade_print(*call)
    assert before == (core.state_hash() if error is not tc.RefusedError else order.cum_qty)


@pytest.mark.parametrize(("fields", "reason", "value"), [
    ({"instrument": 9}, "UNKNOWN_INSTRUMENT", 9), ({"venue": 9}, "UNKNOWN_VENUE", 9), ({"side": 3}, "INVALID_FIELD_VALUE", 3),
    ({"print_size": 0}, "INVALID_FIELD_VALUE", 0), ({"print_size": 10**14 + 1}, "INVALID_FIELD_VALUE", 10**14 + 1),
    ({"print_px": 10**16 + 1}, "PRICE_OUT_OF_RANGE", 10**16 + 1),
    ({"print_px": 0}, "PRICE_OUT_OF_RANGE", 0),
])
def test_prints_come_in_batches_and_a_bad_row_is_refused_alone(desk, fields, reason, value):
    core = desk("AFTER_QUEUE")
    order = core.submit("AAPL", "BUY", 10, 100, venue="P")
    rows = np.zeros(3, tc.TRADE_PRINT_DTYPE)
    rows["kind"], rows["instrument"], rows["venue"], rows["print_size"] = tc.CommandType.TRADE_PRINT, 1, 1, 4
    rows["print_px"] = 100 * 10**8
    for name, given in fields.items():
        rows[name][1] = given
    after = core.metrics()["events"]
    acks = core.submit_batch(rows)
    assert order.cum_qty == 8
    assert [tc.Reason(int(ack)).name for ack in acks["reason"]] == ["NONE", reason, "NONE"]
    (refused,) = [r for r in core.reports(after) if r.report_type is tc.ReportType.BUSINESS_REJECT]
    assert refused.row.value == value


def test_a_feeds_time_moves_no_clock(desk, clock):
    core = desk()
    core.trade_print("AAPL", 100, 1, transact_time=clock.now + 10**12)
    order = core.submit("AAPL", "BUY", 1, 100, venue="P")
    assert order.transact_time == clock.now


def test_a_rule_is_one_of_three_and_of_a_simulated_venue():
    with pytest.raises(ValueError, match="print_fills"):
        tc.SimulatedVenue("P", print_fills="ALWAYS")
    assert tc.SimulatedVenue("P", print_fills="THROUGH").print_fills is tc.PrintFills.THROUGH


# ---- files

SESSION = """
[[instruments]]
symbol = "BTC"
tick_size = "1"
lot_size = "0.00000001"
[[venues]]
name = "V"
print_fills = "{rule}"
[accounts.recorded]
max_order_qty = "off"
price_collar_bps = "off"
"""
EVENTS = """seq,ts_ms,action,order_id,side,type,tif,price,qty
1,1000,seed,11,buy,limit,gtc,100,1.5
2,1001,print,,sell,,,99,0.5
3,1002,print,,buy,,,98,0.25
4,1003,print,,sell,,,100,0.125
"""


def write(path, name, text):
    (path / name).write_text(text)
    return path / name


@pytest.mark.parametrize(("rule", "fills"), [("NONE", 0), ("THROUGH", 1), ("AFTER_QUEUE", 2)])
def test_a_recording_has_prints_and_a_session_file_the_rule(tmp_path, backend, rule, fills):
    recording = read_recording(write(tmp_path, "events.csv", EVENTS))
    assert recording.events["action"].tolist() == [Action.SEED, *[Action.PRINT] * 3]
    session = load_session(write(tmp_path, "session.toml", SESSION.format(rule=rule)))
    found = replay_recording(recording, session=session, backend=backend)
    assert found.fills == fills
    assert found.events == 4


def test_a_session_file_with_a_rule_that_is_none_refuses_to_load(tmp_path):
    with pytest.raises(ConfigError, match=r"venues\[0\].*print_fills"):
        load_session(write(tmp_path, "session.toml", SESSION.format(rule="SOMETIMES")))

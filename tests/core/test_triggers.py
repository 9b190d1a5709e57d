"""What a stop watches, when a price counts, and what becomes of what a price has reached.

What a stop that says nothing watches: its instrument's price, else the last trade of a session that has had a fresh
print, else the touch that it would trade at, and of a trailing stop the mid.
"""

import pytest
from conftest import T0

import tradecore as tc
from tradecore._python.core import elections
from tradecore._python.orders import open_orders

NEW, FILLED, SUSPENDED = tc.OrdStatus.NEW, tc.OrdStatus.FILLED, tc.OrdStatus.SUSPENDED
SECOND = 10**9


@pytest.fixture
def desk(make_core):
    """AAPL at a simulated venue P and an external one, long 10 in alpha; the instrument can be given."""

    def build(**terms):
        core = make_core(instruments=[tc.Instrument("AAPL", **terms)], venues=[tc.SimulatedVenue("P"), tc.ExternalVenue("EXT")])
        core.positions.open_position("AAPL", 10, 100)
        return core

    return build


def stop(core, **terms):
    return core.submit("AAPL", "SELL", 10, **{"stop_px": 95, "venue": "P", **terms})


def test_a_stop_that_says_nothing_fires_on_the_bid(desk):
    core = desk()
    order = stop(core)
    for bid in (100, 96, 1):
        assert order.ord_status is NEW
        core.quote("P", "AAPL", bid=bid, bid_size=10)
    assert (order.ord_status, order.avg_px) == (FILLED, 1)


@pytest.mark.parametrize(("source", "quotes", "fires"), [
    ("LAST_TRADE", {"bid": 1, "ask": 2}, False), ("BEST_BID", {"bid": 95, "ask": 101}, True),
    ("BEST_OFFER", {"bid": 94, "ask": 96}, False), ("BEST_OFFER", {"bid": 90, "ask": 95}, True),
    ("BEST_MID", {"bid": 90, "ask": 101}, False), ("BEST_MID", {"bid": 90, "ask": 100}, True),
    ("NONE", {"bid": 95, "ask": 101}, True),
])
def test_the_instruments_price_is_watched_where_the_order_says_none(desk, source, quotes, fires):
    core = desk(trigger_price_type=source)
    order = stop(core)
    core.quote("P", "AAPL", bid_size=10, ask_size=10, **quotes)
    assert (order.ord_status is FILLED) == fires
    own = stop(core, trigger_price_type="BEST_BID")
    core.quote("P", "AAPL", bid=95, bid_size=10)
    assert own.ord_status is FILLED  # what an order says comes first


@pytest.mark.parametrize(("terms", "says"), [
    ({"trigger_price_type": "LOWEST"}, "trigger_price_type"), ({"print_max_age": -1}, "print_max_age"),
    ({"print_max_age": 2**62 + 1}, "print_max_age"),
])
def test_an_instrument_that_can_not_be_is_named(terms, says):
    with pytest.raises(ValueError, match=says):
        tc.Instrument("AAPL", **terms)


def test_a_print_is_fresh_for_as_long_as_the_instrument_says(desk, clock):
    core = desk(print_max_age=5 * SECOND)
    order = stop(core)
    core.trade_print("AAPL", 100, 1)
    core.quote("P", "AAPL", bid=90, bid_size=10)
    clock.now = T0 + 3 * SECOND
    core.trade_print("AAPL", 99, 1)  # a newer one: the first one's time is no longer looked at
    clock.now = T0 + 8 * SECOND
    core.clock_tick()
    assert order.ord_status is NEW
    clock.now += 1
    core.clock_tick()  # nothing else happens: the bid of 90 decides
    assert order.ord_status is FILLED


def test_an_order_that_comes_after_the_print_looks_at_the_touch_in_time_too(desk, clock):
    core = desk(print_max_age=5 * SECOND)
    core.trade_print("AAPL", 100, 1)
    core.quote("P", "AAPL", bid=90, bid_size=10)
    order = stop(core)
    clock.now = T0 + 5 * SECOND + 1
    core.clock_tick()
    assert order.ord_status is FILLED


def test_a_print_of_another_session_is_not_this_ones(desk):
    core = desk(print_max_age=0)
    order = stop(core, time_in_force="GTC")
    core.trade_print("AAPL", 100, 1)
    for status in ("CLOSED", "OPEN"):
        core.execution.set_session("AAPL", status)
    core.quote("P", "AAPL", bid=95, bid_size=10)  # nothing has printed today: the touch
    assert order.ord_status is FILLED


def test_explain_says_what_a_stop_waits_for_and_what_that_is_now(desk):
    core = desk()
    order = stop(core)
    assert str(core.explain(order)).endswith("waits for BEST_BID, of which there is none yet, to fall to 95.00")
    core.quote("P", "AAPL", bid=97, bid_size=1, ask=101, ask_size=1)
    waits = core.explain(order).waits
    assert (waits.trigger_price_type, waits.price, waits.stop_px, waits.rises) == (tc.TriggerPriceType.BEST_BID, 97, 95, False)
    core.trade_print("AAPL", 98, 1)
    assert str(core.explain(order)).endswith("waits for LAST_TRADE, now 98.00, to fall to 95.00")
    trail = core.submit("AAPL", "SELL", 10, peg_offset=2, venue="P")
    assert core.explain(trail).waits[1:] == (tc.TriggerPriceType.BEST_MID, 99, 97, False)
    buy = core.submit("AAPL", "BUY", 1, stop_px=105, trigger_price_type="BEST_OFFER", venue="P")
    assert core.explain(buy).waits[1:] == (tc.TriggerPriceType.BEST_OFFER, 101, 105, True)
    limit = core.submit("AAPL", "SELL", 1, 200, venue="P")
    assert core.explain(limit).waits is None


def test_explain_says_that_an_order_waits_for_its_venue(desk):
    core = desk()
    order = stop(core, price=90, venue="EXT")
    core.execution.set_venue_session("EXT", False)
    core.trade_print("AAPL", 95, 1)
    assert order.ord_status is SUSPENDED
    assert order.place is tc.Place.AWAITS_VENUE
    assert "its venue" in str(core.explain(order))
    assert core.cancel(order).ord_status is tc.OrdStatus.CANCELED


def test_a_price_that_came_in_while_a_venue_was_down_says_nothing_of_what_goes_elsewhere(desk):
    core = desk()
    core.quote("P", "AAPL", bid=99, bid_size=10)
    there, here = stop(core, price=90, venue="EXT"), stop(core)
    core.execution.set_venue_session("EXT", False)
    core.quote("EXT", "AAPL", bid=94, bid_size=10)
    assert (there.ord_status, here.ord_status) == (SUSPENDED, NEW)


@pytest.mark.parametrize(("side", "shown", "looked"), [
    ("SELL", {"bid": 96, "ask": 200}, 0), ("SELL", {"bid": 95, "ask": 200}, 1), ("BUY", {"bid": 1, "ask": 94}, 0), ("BUY", {"bid": 1, "ask": 95}, 1)])
def test_what_a_venue_that_is_down_displays_looks_at_orders_once_it_reaches_one_that_waits(desk, monkeypatch, side, shown, looked):
    found = []

    def find_open(*scope):
        found.append(scope)
        return open_orders.find_open(*scope)

    monkeypatch.setattr(elections, "find_open", find_open)
    core = desk()
    there = core.submit("AAPL", side, 10, 95, stop_px=95, venue="EXT")
    core.execution.set_venue_session("EXT", False)
    core.quote("EXT", "AAPL", bid_size=10, ask_size=10, **shown)
    assert there.ord_status is (SUSPENDED if looked else NEW)
    assert len(found) == (looked if core.backend == "python" else 0)


def test_each_trailing_stop_that_is_to_go_to_a_venue_that_is_down_hears_what_it_displays(desk):
    """Three of the same offset are one group, whose first is to go elsewhere."""
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=10)
    trails = [core.submit("AAPL", "SELL", 1, peg_offset=5, venue=venue, trigger_price_type="BEST_BID")
              for venue in ("P", "EXT", "EXT")]
    core.execution.set_venue_session("EXT", False)
    core.quote("EXT", "AAPL", bid=96, bid_size=10)
    assert [order.ord_status for order in trails] == [NEW, NEW, NEW]
    core.quote("EXT", "AAPL", bid=94, bid_size=10)
    assert [order.ord_status for order in trails] == [NEW, SUSPENDED, SUSPENDED]


@pytest.mark.parametrize(("peg", "stop_px"), [(2, 102), (5, 105)])
def test_a_trailing_stop_without_a_mid_hears_each_trade_of_a_sweep(desk, peg, stop_px):
    """Nobody bids, so there is no mid, and it watches the last trade: 103, then in one sweep 100, which it trails, and
    104, which is 2 above that and not 5."""
    core = desk()
    core.trade_print("AAPL", 103, 1)
    trail = core.submit("AAPL", "BUY", 1, peg_offset=peg, venue="EXT")
    assert core.explain(trail).waits.trigger_price_type is tc.TriggerPriceType.LAST_TRADE
    for price in (100, 104):
        core.submit("AAPL", "SELL", 1, price, venue="P")
    core.submit("AAPL", "BUY", 2, 104, venue="P")
    assert (trail.stop_px, trail.place is tc.Place.AWAITS_PRICE) == (stop_px, peg == 5)


def test_what_a_venue_displays_is_looked_at_when_it_is_back(desk):
    core = desk()
    core.quote("EXT", "AAPL", ask=100, ask_size=10)
    core.quote("P", "AAPL", ask=102, ask_size=10)
    core.execution.set_venue_session("EXT", False)
    order = core.submit("AAPL", "BUY", 1, stop_px=101, ord_type="MARKET_IF_TOUCHED", venue="P", trigger_price_type="BEST_OFFER")
    assert order.ord_status is NEW  # 102 is offered where one can trade
    core.execution.set_venue_session("EXT", True)
    assert order.ord_status is FILLED


def test_a_venue_whose_switch_is_released_is_looked_at_with_the_next_price(desk):
    core = desk()
    core.quote("P", "AAPL", bid=99, bid_size=10)
    core.quote("EXT", "AAPL", ask=100, ask_size=10)
    core.risk.engage_kill_switch(venue="EXT")
    order = core.submit("AAPL", "BUY", 1, 101, stop_px=101, ord_type="LIMIT_IF_TOUCHED", venue="P", trigger_price_type="BEST_OFFER")
    core.risk.release_kill_switch(venue="EXT", who="r.lee", why="it is explained")
    assert order.place is tc.Place.AWAITS_PRICE
    core.quote("P", "AAPL", bid=98, bid_size=10)  # the first price that follows
    assert order.place is not tc.Place.AWAITS_PRICE


def test_one_exit_is_enough_for_a_position(desk):
    core = desk()
    first, second = stop(core), stop(core, stop_px=94)
    core.risk.engage_kill_switch(account="alpha")
    core.quote("P", "AAPL", bid=94, bid_size=10)
    assert (first.ord_status, second.ord_status) == (SUSPENDED, tc.OrdStatus.CANCELED)
    assert second.reason is tc.Reason.KILL_SWITCH
    core.risk.release_kill_switch(account="alpha", who="r.lee", why="it is explained")
    assert first.ord_status is FILLED


@pytest.mark.parametrize(("n", "d", "offset", "expected"), [
    (2, 1, 5, "47.5"),  # (100 - 5) / 2
    (1, 2, 5, "190"),
    (3, 1, 5, "31.66666666"),  # the peak of 33.33333333 less 1.66666667: rounded away from the market
])
def test_a_split_takes_a_trailing_stop_along(desk, n, d, offset, expected):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=10)
    trail = core.submit("AAPL", "SELL", 10, peg_offset=offset, venue="P", time_in_force="GTC", trigger_price_type="BEST_BID")
    part = core.submit("AAPL", "SELL", 10, peg_offset=500, peg_offset_type="BASIS_POINTS", venue="P", time_in_force="GTC",
                       trigger_price_type="BEST_BID")
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", n, d)
    assert f"{trail.stop_px.normalize():f}" == expected
    assert trail.order_qty == 10 * n / d
    assert abs(part.stop_px - trail.stop_px) < 1  # five percent of 100 is 5
    core.execution.set_session("AAPL", "OPEN")
    core.quote("P", "AAPL", bid=float(expected) // 1, bid_size=100)
    assert (trail.ord_status, part.ord_status) == (FILLED, FILLED)


def test_a_split_takes_along_what_a_trailing_stop_has_seen(desk):
    """A bid of 110 has moved the stop of 95 to 105: after two for one it is 52.5, in the report too."""
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=10)
    trail = core.submit("AAPL", "SELL", 10, peg_offset=5, venue="P", time_in_force="GTC", trigger_price_type="BEST_BID")
    core.quote("P", "AAPL", bid=110, bid_size=10)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 2, 1)
    (told,) = [report for report in core.orders.order_history(trail) if report.exec_type is tc.ExecType.RESTATED]
    assert (trail.stop_px, told.stop_px) == (52.5, 52.5)


# ---- terms


def test_a_trailing_offset_can_be_replaced(desk):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=50)
    trail = core.submit("AAPL", "SELL", 10, peg_offset=5, venue="P", trigger_price_type="BEST_BID")
    core.quote("P", "AAPL", bid=98, bid_size=50)
    assert core.replace(trail, peg_offset=3).exec_type is tc.ExecType.REPLACED
    assert (trail.peg_offset, trail.stop_px) == (3, 97)  # from the best price that it has seen
    assert core.replace(trail, qty=5).exec_type is tc.ExecType.REPLACED
    assert trail.stop_px == 97
    core.replace(trail, peg_offset=2)  # a stop at 98, where the bid is
    assert trail.ord_status is FILLED


@pytest.mark.parametrize(("offset", "error"), [(0, ValueError), (-1, ValueError), ("1.000000001", ValueError), (True, TypeError)])
def test_an_offset_that_can_not_be_changes_nothing(desk, offset, error):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=50)
    trail, limit = core.submit("AAPL", "SELL", 10, peg_offset=5, venue="P"), core.submit("AAPL", "SELL", 10, 105, venue="P")
    before = core.state_hash()
    with pytest.raises(error, match="peg_offset"):
        core.replace(trail, peg_offset=offset)
    with pytest.raises(ValueError, match="a LIMIT order has none"):
        core.replace(limit, peg_offset=5)
    assert core.state_hash() == before


def test_an_offset_in_basis_points_is_replaced_by_another(desk):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=50)
    trail = core.submit("AAPL", "SELL", 10, peg_offset=500, peg_offset_type="BASIS_POINTS", venue="P", trigger_price_type="BEST_BID")
    core.replace(trail, peg_offset=200)
    assert trail.stop_px == 98
    with pytest.raises(ValueError, match="basis points"):
        core.replace(trail, peg_offset=10_000)


@pytest.mark.parametrize(("tif", "filled"), [("IOC", 4), ("FOK", 0)])
def test_a_stop_may_be_immediate_once_it_triggers(desk, tif, filled):
    core = desk()
    order = stop(core, price=94, time_in_force=tif)
    assert order.ord_status is NEW
    core.quote("P", "AAPL", bid=95, bid_size=4)
    assert (order.ord_status, order.cum_qty) == (tc.OrdStatus.CANCELED, filled)

"""What lets orders go and what makes them less, by the stated rules, where both twins could be wrong alike: what risk is
asked of a replace and of a stop, which prices a trigger sees, and which orders of a list or of a position are trimmed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import limits, method_of

import tradecore as tc

D = Decimal
P, R, S = tc.Place, tc.Reason, tc.OrdStatus

# ---- a replace is asked about as the whole order that it would be

ASKED = [  # of a buy of 10 at 100, the reference: the limits, what is asked, and what refuses it
    ({"price_collar_bps": 500}, {"price": 105}, None), ({"price_collar_bps": 500}, {"price": "105.01"}, R.PRICE_COLLAR),
    ({"price_collar_bps": 500}, {"price": 1}, None), ({"price_collar_bps": 500}, {"qty": 11, "price": 106}, R.PRICE_COLLAR),
    ({"max_order_notional": 1_050}, {"price": 105}, None), ({"max_order_notional": 1_050}, {"price": "105.01"}, R.MAX_ORDER_NOTIONAL),
    ({"max_order_notional": 1_050}, {"qty": 11}, R.MAX_ORDER_NOTIONAL), ({"max_order_notional": 1_050}, {"qty": 11, "price": 95}, None),
    ({"max_order_notional": 999}, {"qty": 9}, None), ({"max_order_notional": 999}, {"price": "99.99"}, R.MAX_ORDER_NOTIONAL),
    ({"max_order_qty": 12}, {"qty": 12}, None), ({"max_order_qty": 12}, {"qty": 13}, R.MAX_ORDER_QTY),
    ({"max_order_qty": 9}, {"price": 99}, R.MAX_ORDER_QTY), ({"max_order_qty": 9}, {"qty": 9, "price": 99}, None),
    ({"max_order_qty": 1}, {"qty": 9}, None),  # what only becomes less always passes
]


@pytest.mark.parametrize(("armed", "asked", "refusal"), ASKED)
def test_a_replace_is_held_against_the_limits_as_the_whole_order_that_it_would_be(make_core, armed, asked, refusal):
    core = make_core()
    core.mark("AAPL", 100)
    order = core.submit("AAPL", "BUY", 10, 100, venue="XNAS")
    core.risk.set_limits(limits(**armed), account="alpha")
    report = core.replace(order, **asked)
    assert report.reason is (refusal or R.NONE)
    wanted = {} if refusal else asked
    assert (order.order_qty, order.price) == (wanted.get("qty", 10), D(wanted.get("price", 100)))


# ---- what waits for a price is asked about as if that price had come: it needs no other reference

STOPS = [  # the market is at 100: the limits, a stop of 10, and what refuses it
    ({"price_collar_bps": 500}, {"side": "BUY", "stop_px": 200, "price": 210}, None),
    ({"price_collar_bps": 500}, {"side": "BUY", "stop_px": 200, "price": "210.01"}, R.PRICE_COLLAR),
    ({"price_collar_bps": 500}, {"side": "SELL", "stop_px": 50, "price": "47.50"}, None),
    ({"price_collar_bps": 500}, {"side": "SELL", "stop_px": 50, "price": "47.49"}, R.PRICE_COLLAR),
    ({"max_order_notional": 2_000}, {"side": "BUY", "stop_px": 200}, None),
    ({"max_order_notional": 1_999}, {"side": "BUY", "stop_px": 200}, R.MAX_ORDER_NOTIONAL),
    ({"max_order_notional": 500}, {"side": "SELL", "stop_px": 50}, None),
    ({"max_order_notional": 499}, {"side": "SELL", "stop_px": 50}, R.MAX_ORDER_NOTIONAL),
    ({"max_order_notional": 500}, {"side": "SELL", "stop_px": 50, "price": 40}, None),
    ({"max_order_notional": 2_100, "price_collar_bps": 500}, {"side": "BUY", "stop_px": 200}, None),  # at its protection price
    ({"max_order_notional": 2_099, "price_collar_bps": 500}, {"side": "BUY", "stop_px": 200}, R.MAX_ORDER_NOTIONAL),
]


@pytest.mark.parametrize("market", [True, False])
@pytest.mark.parametrize(("armed", "terms", "refusal"), STOPS)
def test_a_stop_is_held_against_the_limits_at_its_own_trigger_price(make_core, armed, terms, refusal, market):
    core = make_core(limits=limits(**armed))
    if market:
        core.quote("XNAS", "AAPL", bid="99.99", bid_size=50, ask="100.01", ask_size=50)
    order = core.submit("AAPL", qty=10, **terms)
    assert (order.reason, order.place) == ((refusal, P.NOWHERE) if refusal else (R.NONE, P.AWAITS_PRICE))


# ---- triggers see what venues display that are up


DOWN = {"killed": ("engage_kill_switch", {"venue": "EXT"}), "lost": ("set_venue_session", {"venue": "EXT", "connected": False})}
UP = {"killed": ("release_kill_switch", {"venue": "EXT", "who": "r.lee", "why": "it is explained"}), "lost": ("set_venue_session", {"venue": "EXT", "connected": True})}
# Bids and offers are 99 and 101 at XNAS until the last column is displayed there; EXT displays what stands first and is
# down. What waits for a trigger, and the prices at XNAS that let it go.
TRIGGERS = [
    ({"bid": 94}, {"side": "SELL", "stop_px": 95, "trigger_price_type": "BEST_BID"}, {"bid": 95, "ask": 101}),
    ({"bid": 98}, {"side": "SELL", "stop_px": 95, "trigger_price_type": "BEST_BID"}, {"bid": 95, "ask": 101}),
    ({"ask": 106}, {"side": "BUY", "stop_px": 105, "trigger_price_type": "BEST_OFFER"}, {"bid": 99, "ask": 105}),
    ({"ask": 102}, {"side": "BUY", "stop_px": 105, "trigger_price_type": "BEST_OFFER"}, {"bid": 99, "ask": 105}),
    ({"bid": 106}, {"side": "BUY", "stop_px": 105, "trigger_price_type": "BEST_BID"}, {"bid": 105, "ask": 107}),
    ({"ask": 94}, {"side": "SELL", "stop_px": 95, "trigger_price_type": "BEST_OFFER"}, {"bid": 90, "ask": 95}),
    ({"bid": 104}, {"side": "SELL", "stop_px": 103, "trigger_price_type": "BEST_BID", "ord_type": "MARKET_IF_TOUCHED"},
     {"bid": 103, "ask": 105}),
    ({"ask": 96}, {"side": "BUY", "stop_px": 97, "trigger_price_type": "BEST_OFFER", "ord_type": "MARKET_IF_TOUCHED"},
     {"bid": 95, "ask": 97}),
    # The mid at XNAS is 100; with what EXT displays it would be 103 and 97.
    ({"bid": 105}, {"side": "BUY", "stop_px": 102, "trigger_price_type": "BEST_MID"}, {"bid": 101, "ask": 103}),
    ({"ask": 95}, {"side": "SELL", "stop_px": 98, "trigger_price_type": "BEST_MID"}, {"bid": 97, "ask": 99}),
]


@pytest.fixture
def two_venues(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT"), tc.SimulatedVenue("XNAS")])
    quote(core, "XNAS", bid=99, ask=101)
    return core


def quote(core, venue, bid=None, ask=None):
    sizes = {f"{name}_size": 50 for name, price in (("bid", bid), ("ask", ask)) if price is not None}
    core.quote(venue, "AAPL", bid=bid, ask=ask, **sizes)


@pytest.mark.parametrize("how", list(DOWN))
@pytest.mark.parametrize(("ext", "terms", "reached"), TRIGGERS)
def test_a_trigger_does_not_see_what_a_venue_displays_that_is_down(two_venues, how, ext, terms, reached):
    core = two_venues
    call, given = DOWN[how]
    method_of(core, call)(**given)
    quote(core, "EXT", **ext)
    order = core.submit("AAPL", qty=10, venue="XNAS", **terms)
    assert order.place is P.AWAITS_PRICE
    quote(core, "EXT", **{name: price + 1 for name, price in ext.items()})
    quote(core, "EXT", **ext)
    assert order.place is P.AWAITS_PRICE
    quote(core, "XNAS", **reached)
    assert (order.place, order.ord_status, order.cum_qty) == (P.NOWHERE, S.FILLED, 10)


@pytest.mark.parametrize(("terms", "reached"), [
    ({"side": "SELL", "stop_px": 95, "trigger_price_type": "BEST_BID"}, {"bid": 95, "ask": 101}),
    ({"side": "BUY", "stop_px": 105, "trigger_price_type": "BEST_OFFER"}, {"bid": 99, "ask": 105}),
    ({"side": "BUY", "stop_px": 102, "trigger_price_type": "BEST_MID"}, {"bid": 101, "ask": 103}),
])
def test_a_venue_that_displays_nothing_more_hides_no_other(two_venues, terms, reached):
    core = two_venues
    quote(core, "EXT", bid=98, ask=102)
    order = core.submit("AAPL", qty=10, venue="XNAS", **terms)
    quote(core, "EXT")
    assert order.place is P.AWAITS_PRICE
    quote(core, "XNAS", **reached)
    assert (order.ord_status, order.cum_qty) == (S.FILLED, 10)


@pytest.mark.parametrize("how", list(DOWN))
def test_a_price_of_a_venue_that_is_up_again_triggers_at_the_next_look(two_venues, how):
    core = two_venues
    method_of(core, DOWN[how][0])(**DOWN[how][1])
    quote(core, "EXT", ask=94)
    order = core.submit("AAPL", "BUY", 10, stop_px=95, trigger_price_type="BEST_OFFER", ord_type="MARKET_IF_TOUCHED", venue="XNAS")
    quote(core, "XNAS", bid=99, ask=100)
    assert order.place is P.AWAITS_PRICE
    method_of(core, UP[how][0])(**UP[how][1])
    if how == "killed":  # with the first price that follows; what is displayed at a venue that is back counts at once
        assert order.place is P.AWAITS_PRICE
    quote(core, "XNAS", bid=99, ask=101)
    assert (order.place, order.avg_px) == (P.NOWHERE, 101 if how == "killed" else 100)


@pytest.mark.parametrize("how", list(DOWN))
@pytest.mark.parametrize(("side", "ext", "armed", "moved", "stops"), [
    ("SELL", {"bid": 110}, {"bid": 99, "ask": 111}, {"bid": 102, "ask": 111}, (97, 100)),  # 2 below the best bid that is up
    ("BUY", {"ask": 90}, {"bid": 89, "ask": 101}, {"bid": 89, "ask": 98}, (103, 100)),
])
def test_a_trailing_stop_follows_the_best_price_of_a_venue_that_is_up(two_venues, how, side, ext, armed, moved, stops):
    core = two_venues
    method_of(core, DOWN[how][0])(**DOWN[how][1])
    quote(core, "EXT", **ext)
    quote(core, "XNAS", **armed)
    order = core.submit("AAPL", side, 10, peg_offset=2, trigger_price_type="BID_ASK", venue="XNAS")
    assert order.stop_px == stops[0]
    quote(core, "XNAS", **moved)
    assert (order.stop_px, order.place) == (stops[1], P.AWAITS_PRICE)


# ---- what is trimmed: reduce-only orders to the position that is left, but not children that wait for their parent


@pytest.fixture
def desk(make_core):
    """100 AAPL held, bids of 1,000 at 99 and offers of 1,000 at 111."""
    core = make_core(venues=[tc.SimulatedVenue("XNAS")])
    core.positions.open_position("AAPL", 100, 90)
    core.quote("XNAS", "AAPL", bid=99, bid_size=1_000, ask=111, ask_size=1_000)
    return core


def sell(core, qty):
    """Of the position, at once."""
    assert core.submit("AAPL", "SELL", qty, 99, time_in_force="IOC").cum_qty == qty


LEAVES = [  # what a reduce-only sell of 100 is told, where it then is, and what is left of it when 40 of 100 are sold
    ({"price": 110}, P.RESTING, 60),
    ({"stop_px": 95, "trigger_price_type": "BEST_BID"}, P.AWAITS_PRICE, 60),
    ({"price": 110, "time_in_force": "AT_THE_CLOSE"}, P.AWAITS_SESSION, 60),
    ({"price": 110, "list_id": 7, "contingency_type": "OTO"}, P.AWAITS_PARENT, 100),
    ({"price": 110, "list_id": 7, "contingency_type": "OCO"}, P.AWAITS_PARENT, 100),
    ({"stop_px": 95, "trigger_price_type": "BEST_BID", "list_id": 7, "contingency_type": "OCO"}, P.AWAITS_PARENT, 100),
]


@pytest.mark.parametrize(("terms", "place", "left"), LEAVES)
def test_a_reduce_only_order_is_trimmed_to_the_position_unless_it_waits_for_its_parent(desk, terms, place, left):
    parent = desk.submit("AAPL", "BUY", 100, 98, list_id=7, contingency_type="OTO")
    leave = desk.submit("AAPL", "SELL", 100, reduce_only=True, **terms)
    assert (leave.place, leave.order_qty) == (place, 100)
    sell(desk, 40)
    assert (leave.place, leave.order_qty, leave.leaves_qty) == (place, left, left)
    assert desk.position("AAPL").working_sell_qty == left
    desk.quote("XNAS", "AAPL", bid=97, bid_size=1_000, ask=98, ask_size=1_000)  # the parent fills: 160 are held
    assert parent.ord_status is S.FILLED
    assert leave.place is not P.AWAITS_PARENT
    assert (leave.order_qty, leave.ord_status) == (left, S.NEW)
    sell_all = desk.submit("AAPL", "SELL", 150, 97, time_in_force="IOC")  # 10 are left: now it is trimmed, wherever it is
    assert (sell_all.cum_qty, leave.order_qty, desk.position("AAPL").working_sell_qty) == (150, 10, 10)


def test_a_waiting_reduce_only_child_outlives_a_position_that_is_gone(desk):
    parent = desk.submit("AAPL", "BUY", 30, 98, list_id=7, contingency_type="OTO")
    child = desk.submit("AAPL", "SELL", 30, 110, list_id=7, contingency_type="OTO", reduce_only=True)
    rests = desk.submit("AAPL", "SELL", 30, 110, reduce_only=True)
    sell(desk, 100)
    assert (rests.ord_status, rests.reason) == (S.CANCELED, tc.Reason.REDUCED_POSITION)
    assert (child.ord_status, child.order_qty, child.place) == (S.NEW, 30, P.AWAITS_PARENT)
    desk.quote("XNAS", "AAPL", bid=97, bid_size=1_000, ask=98, ask_size=1_000)
    assert (parent.ord_status, child.place, child.leaves_qty) == (S.FILLED, P.RESTING, 30)


def test_a_parents_fills_leave_its_waiting_exits_alone_until_it_ends(desk):
    parent = desk.submit("AAPL", "BUY", 100, 98, list_id=7, contingency_type="OTO")
    exits = [desk.submit("AAPL", "SELL", 80, price, list_id=7, contingency_type="OCO") for price in (110, 109)]
    for ask_size, filled in ((30, 30), (20, 50)):
        desk.quote("XNAS", "AAPL", ask=98, ask_size=ask_size)
        assert (parent.cum_qty, [(order.place, order.order_qty) for order in exits]) == (filled, [(P.AWAITS_PARENT, 80)] * 2)
    desk.cancel(parent)
    assert [(order.place, order.order_qty) for order in exits] == [(P.RESTING, 50)] * 2  # for as much as it filled


def test_a_trade_of_one_exit_trims_the_other_and_no_order_that_is_not_one_of_the_two(desk):
    parent = desk.submit("AAPL", "BUY", 50, 98, list_id=7, contingency_type="OTO")
    exits = [desk.submit("AAPL", "SELL", 50, price, list_id=7, contingency_type="OCO") for price in (110, 109)]
    child = desk.submit("AAPL", "SELL", 50, 112, list_id=7, contingency_type="OTO")
    beside = desk.submit("AAPL", "SELL", 50, 112, list_id=8, contingency_type="OCO")
    desk.quote("XNAS", "AAPL", ask=98, ask_size=50)
    assert parent.ord_status is S.FILLED
    desk.quote("XNAS", "AAPL", bid=109, bid_size=20)
    assert (exits[1].cum_qty, exits[0].order_qty) == (20, 30)
    assert [order.order_qty for order in (exits[1], child, beside)] == [50, 50, 50]

"""An exit that is worked over several venues is protected as one that goes to one: long 1,000 at 100, a stop at 99 with a
1% collar, whose protection is 98.01; each venue bids for 300."""

import pytest
from conftest import limits, small_capacity

import tradecore as tc

R, V, X = tc.Reason, tc.SimulatedVenue, tc.ExternalVenue
NEW, FILLED, SUSPENDED, PARTLY = (tc.OrdStatus[name] for name in ("NEW", "FILLED", "SUSPENDED", "PARTIALLY_FILLED"))


@pytest.fixture
def desk(make_core):
    def build(*venues, qty=1000, capacity=None, **armed):
        core = make_core(venues=list(venues), limits=limits(**armed), capacity=capacity or small_capacity())
        core.positions.open_position("AAPL", qty, 100)
        for venue in venues:
            core.quote(venue.name, "AAPL", bid=99, bid_size=300)
        return core

    return build


def working(core, order):
    return [(child.venue, child.leaves_qty, child.price) for child in core.orders.children(order) if child.leaves_qty]


@pytest.mark.parametrize("terms", [{"stop_px": 99}, {"peg_offset": 1}])
@pytest.mark.parametrize("names", ["A", "AB"])
def test_what_nobody_displays_of_a_stop_exit_rests_at_its_protection(desk, names, terms):
    core = desk(*map(V, names), price_collar_bps=100)
    core.quote("A", "AAPL", bid=100, bid_size=300, ask="100.02", ask_size=1)
    exit_ = core.submit("AAPL", "SELL", 1000, trigger_price_type="BEST_BID", **terms)
    told = len(list(core.reports(0)))
    core.quote("A", "AAPL", bid=99, bid_size=300)
    assert (exit_.ord_status, exit_.cum_qty, exit_.ord_type.name, exit_.price) == (
        PARTLY, 300 * len(names), "STOP_LIMIT", tc.Instrument("AAPL").price(9_801_000_000))
    assert [r.reason for r in list(core.reports(0))[told:] if r.reason] == [R.EXIT_RESTS]
    core.quote("A", "AAPL", bid="98.01", bid_size=2000)
    assert (exit_.ord_status, core.position("AAPL").qty) == (FILLED, 0)


def test_the_leftover_of_an_entry_in_parts_ends_and_tells_its_bound(desk):
    core = desk(V("A"), V("B"), price_collar_bps=100, qty=-10)
    order = core.submit("AAPL", "SELL", 1000, stop_px=99, trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", 99, 1)
    assert (order.reason, order.cum_qty, order.row.value) == (R.MARKET_LEFTOVER, 600, 9_801_000_000)


def test_a_stop_limit_in_parts_is_held_to_its_trigger(desk):
    """The market is 10% away, where nothing within 1% of it is at 99: its price has come by the last trade all the
    same."""
    core = desk(V("A"), V("B"), price_collar_bps=100)
    core.quote("A", "AAPL", bid=110, bid_size=300, ask="110.02", ask_size=300)
    order = core.submit("AAPL", "SELL", 1000, 99, stop_px=99, trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", 99, 1)
    assert (order.cum_qty, order.reason) == (600, R.NONE)


def reject_all(core):
    for message in list(core.outbound()):
        if message.msg_type.name == "NEW_ORDER_SINGLE":
            core.execution.on_execution_report(message.venue, "REJECTED", order_id=message.order_id)


def sent(core):
    return [(m.venue, int(m.order_qty)) for m in core.outbound() if m.msg_type.name == "NEW_ORDER_SINGLE"]


def triggered(core, side="SELL", stop_px=99):
    order = core.submit("AAPL", side, 600, 99, stop_px=stop_px, trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", stop_px, 1)
    messages = list(core.outbound())
    assert [(m.venue, m.order_qty) for m in messages] == [("F", 300), ("E", 300)]
    return order, [m.order_id for m in messages]


def test_an_exit_in_parts_waits_for_a_kill_switch_as_one_that_is_whole(desk):
    core = desk(X("E"), X("F"))
    order, (f, e) = triggered(core)
    core.risk.engage_kill_switch()
    core.execution.on_execution_report("F", "REJECTED", order_id=f)
    assert order.ord_status is NEW  # one of its children is still there
    core.execution.on_execution_report("E", "TRADE", order_id=e, exec_id="x", last_qty=100, last_px=99)
    core.execution.on_execution_report("E", "CANCELED", order_id=e)
    assert (order.ord_status, order.place, order.leaves_qty) == (SUSPENDED, tc.Place.AWAITS_VENUE, 500)
    core.quote("E", "AAPL", bid=99, bid_size=200)
    core.risk.release_kill_switch(who="r.lee", why="it is explained")
    assert (order.ord_status, order.place, sent(core)) == (PARTLY, tc.Place.IN_CHILDREN, [("E", 200)])


def test_an_exit_in_parts_waits_for_a_venue(desk):
    core = desk(X("E"), X("F"))
    order, (f, e) = triggered(core)
    for venue, child in (("F", f), ("E", e)):
        core.execution.set_venue_session(venue, False)
        core.execution.on_execution_report(venue, "CANCELED", order_id=child)
    assert (order.ord_status, order.place) == (SUSPENDED, tc.Place.AWAITS_VENUE)
    core.execution.set_venue_session("F", True)
    core.quote("F", "AAPL", bid=99, bid_size=700)
    assert (order.place, sent(core)) == (tc.Place.IN_CHILDREN, [("F", 600)])


def test_a_child_that_a_bust_revives_takes_its_parent_back_to_its_children(desk):
    core = desk(X("E"), X("F"))
    order, (f, e) = triggered(core)
    core.execution.on_execution_report("F", "TRADE", order_id=f, exec_id="x", last_qty=300, last_px=99)
    core.risk.engage_kill_switch()
    core.execution.on_execution_report("E", "CANCELED", order_id=e)
    assert order.place is tc.Place.AWAITS_VENUE
    core.execution.on_trade_correction("F", "TRADE_CANCEL", "x", "y")
    assert (order.place, order.ord_status, order.leaves_qty, working(core, order)) == (
        tc.Place.IN_CHILDREN, NEW, 600, [("F", 300, 99)])
    assert core.cancel(order).ord_status is tc.OrdStatus.PENDING_CANCEL
    core.execution.on_execution_report("F", "CANCELED", order_id=f)
    assert (order.ord_status, core.position("AAPL", "alpha").row.working_sell) == (tc.OrdStatus.CANCELED, 0)


def test_what_is_held_back_of_an_exit_in_parts_can_be_canceled(desk):
    core = desk(X("E"), X("F"))
    order, (f, e) = triggered(core)
    core.risk.engage_kill_switch()
    core.execution.on_execution_report("F", "REJECTED", order_id=f)
    core.execution.on_execution_report("E", "REJECTED", order_id=e)
    assert order.ord_status is SUSPENDED
    assert core.cancel(order).ord_status is tc.OrdStatus.CANCELED
    core.risk.release_kill_switch(who="r.lee", why="it is explained")
    assert sent(core) == []


def test_an_entry_in_parts_is_refused_under_a_kill_switch(desk):
    core = desk(X("E"), X("F"), qty=599)
    order, (f, e) = triggered(core)
    core.risk.engage_kill_switch()
    core.execution.on_execution_report("F", "REJECTED", order_id=f)
    core.execution.on_execution_report("E", "REJECTED", order_id=e)
    assert (order.ord_status, order.reason) == (tc.OrdStatus.CANCELED, R.KILL_SWITCH)


def test_a_rule_of_a_user_is_asked_about_each_part(desk):
    core = desk(X("E"), X("F"))
    order, (f, e) = triggered(core)
    core.risk.add_rule("small", "order.qty <= 500")
    core.execution.on_execution_report("F", "REJECTED", order_id=f)
    core.execution.on_execution_report("E", "REJECTED", order_id=e)
    assert (order.ord_status, order.reason) == (tc.OrdStatus.CANCELED, R.USER_RULE)


def test_the_parts_of_another_exit_count_once(desk):
    """700 of the 1,000 work in parts of 300 and 300: a stop of 300 is an exit, one of 301 is none."""
    core = desk(X("E"), X("F"), V("P"), price_collar_bps=100)
    core.quote("P", "AAPL", bid=90, bid_size=1)
    core.submit("AAPL", "SELL", 700, 99)
    exits = [core.submit("AAPL", "SELL", qty, stop_px=99, venue="P", trigger_price_type="LAST_TRADE") for qty in (301, 300)]
    core.trade_print("AAPL", 99, 1)
    assert [order.reason for order in exits] == [R.MARKET_LEFTOVER, R.NONE]


@pytest.mark.parametrize(("exits", "qty", "sold", "reason"), [
    (3, 600, 600, R.NONE), (1, 600, 0, R.MAX_OPEN_ORDERS), (2, 600, 600, R.NONE), (3, 1001, 0, R.MAX_OPEN_ORDERS)])
def test_the_parts_of_an_exit_have_its_places_too(desk, exits, qty, sold, reason):
    """Two entries fill the table. The exit takes one place of its kind, and each part that works another; a part that
    has traded gives its own back."""
    core = desk(V("A"), V("B"), capacity=small_capacity(open_orders=2, exit_orders=exits))
    for _ in range(2):
        core.submit("AAPL", "BUY", 1, 50, venue="A")
    exit_ = core.submit("AAPL", "SELL", qty, 99)
    assert (exit_.reason, exit_.cum_qty) == (reason, sold)
    if exits == 1:
        assert exit_.text == "MAX_OPEN_ORDERS: open orders 3 would exceed 3"

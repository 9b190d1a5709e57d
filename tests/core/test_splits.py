"""A split scales whatever an order counts in shares or in prices: n new shares for d old ones, in both backends."""

import pytest
from conftest import limits

import tradecore as tc

NEW, FILLED = tc.OrdStatus.NEW, tc.OrdStatus.FILLED
V, X = tc.SimulatedVenue, tc.ExternalVenue


def split(core, n, d):
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", n, d)
    core.execution.set_session("AAPL", "OPEN")


def children(core, order):
    return [(child.venue, child.leaves_qty, child.price) for child in core.orders.children(order) if child.leaves_qty]


def test_what_is_left_of_an_order_in_parts_rests_within_its_limit_after_a_split(make_core):
    """1,000 at 100 are 2,000 at 50 after two for one: with offers of 60 its next child rests at 50."""
    core = make_core(venues=[V("A"), V("B")])
    for venue in "AB":
        core.quote(venue, "AAPL", ask=100, ask_size=300)
    order = core.submit("AAPL", "BUY", 1000, 100, time_in_force="GTC")
    ((venue, left, _),) = children(core, order)
    assert left == 400
    split(core, 2, 1)
    assert (order.order_qty, order.cum_qty, order.price) == (2000, 1200, 50)
    assert children(core, order) == [(venue, 800, 50)]
    core.quote("A", "AAPL", ask=60, ask_size=100)
    core.mass_cancel(venue=venue)
    ((venue, left, price),) = children(core, order)
    assert (left, price) == (800, 50)
    core.quote(venue, "AAPL", ask=50, ask_size=800)
    assert (order.ord_status, order.cum_qty) == (FILLED, 2000)


def test_what_is_left_of_a_stop_in_parts_keeps_its_bound_after_a_split(make_core):
    """A collar of 1% at 100 bounds it by 101, which two for one makes 50.50: 50.51 is more than it may pay."""
    core = make_core(venues=[X("E"), X("F")], limits=limits(price_collar_bps=100))
    core.quote("E", "AAPL", bid="99.98", bid_size=1, ask="100.02", ask_size=300)
    core.quote("F", "AAPL", bid="99.98", bid_size=1, ask="100.02", ask_size=300)
    core.submit("AAPL", "BUY", 600, stop_px=100, time_in_force="GTC", trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", 100, 1)
    sent = {message.venue: message.order_id for message in core.outbound()}
    core.execution.on_execution_report("E", "NEW", order_id=sent["E"])
    core.execution.on_execution_report("F", "NEW", order_id=sent["F"])
    split(core, 2, 1)
    core.execution.on_execution_report("E", "CANCELED", order_id=sent["E"])
    core.quote("E", "AAPL", bid=50, bid_size=1, ask="50.51", ask_size=100)
    core.quote("F", "AAPL", bid=50, bid_size=1, ask="50.50", ask_size=200)
    core.execution.on_execution_report("F", "TRADE", order_id=sent["F"], exec_id="f", last_qty=1, last_px="50.01")
    assert [(message.venue, message.order_qty) for message in core.outbound()] == [("F", 200)]


@pytest.mark.parametrize(("n", "d", "stop_px", "qty"), [(1, 2, 210, 50), (2, 1, "52.50", 200), (1, 1, 105, 100)])
def test_the_bound_of_an_order_for_an_amount_follows_its_stop(make_core, n, d, stop_px, qty):
    """10,500 at a stop of 105 are 100 shares, which may cost no more than 105 each: after one for two 50 at 210."""
    core = make_core(venues=[V("A")])
    order = core.submit("AAPL", "BUY", cash_order_qty=10_500, stop_px=105, venue="A", time_in_force="GTC",
                        trigger_price_type="LAST_TRADE")
    assert order.order_qty == 100
    split(core, n, d)
    core.quote("A", "AAPL", ask=stop_px, ask_size=qty)
    core.trade_print("AAPL", stop_px, 1)
    assert (order.ord_status, order.cum_qty, order.reason) == (FILLED, qty, tc.Reason.NONE)


def test_a_bound_that_a_split_leaves_nothing_of_refuses_it(make_core):
    """At most 0.02, 0.01 above the mid of 0.015, is less than a tick after four for one."""
    core = make_core(venues=[V("A")])
    core.quote("A", "AAPL", bid="0.01", bid_size=1, ask="0.02", ask_size=1)
    order = core.submit("AAPL", "BUY", cash_order_qty=20, peg_offset="0.01", venue="A", time_in_force="GTC",
                        trigger_price_type="BEST_OFFER")
    core.execution.set_session("AAPL", "CLOSED")
    with pytest.raises(tc.RefusedError, match="UNEVEN_SPLIT"):
        core.positions.split("AAPL", 4, 1)
    core.positions.split("AAPL", 2, 1)
    assert (order.order_qty, order.cum_qty) == (2000, 0)


def test_a_stop_limit_is_held_to_its_trigger_after_a_split_too(make_core):
    """A limit of 105 at a stop of 105 is within 1% of it; the market, 10% away, has no say before and after a split."""
    core = make_core(venues=[V("A")], limits=limits(price_collar_bps=100))
    order = core.submit("AAPL", "BUY", 10, 105, stop_px=105, venue="A", time_in_force="GTC",
                        trigger_price_type="LAST_TRADE", cl_ord_id="once")
    split(core, 2, 1)
    assert core.submit("AAPL", "BUY", 10, 105, stop_px=105, venue="A", time_in_force="GTC",
                       trigger_price_type="LAST_TRADE", cl_ord_id="once").order_id == order.order_id  # as first sent
    core.quote("A", "AAPL", bid=47, bid_size=10, ask="47.02", ask_size=10)
    core.trade_print("AAPL", "52.50", 1)
    assert (order.cum_qty, order.price, order.reason) == (10, 52.5, tc.Reason.NONE)


def test_a_limit_that_its_user_has_changed_is_held_against_the_market(make_core):
    core = make_core(venues=[V("A")], limits=limits(price_collar_bps=100))
    order = core.submit("AAPL", "BUY", 10, 105, stop_px=105, venue="A", time_in_force="GTC",
                        trigger_price_type="LAST_TRADE")
    core.replace(order, price="105.50")
    split(core, 2, 1)
    core.quote("A", "AAPL", bid=47, bid_size=10, ask="47.02", ask_size=10)
    core.trade_print("AAPL", "52.50", 1)
    assert order.reason is tc.Reason.PRICE_COLLAR


def test_what_is_in_doubt_is_held_in_new_shares(make_core):
    """A venue tells 300 of a replace that is past: until it is asked, 300 are held, and 600 after two for one."""
    core = make_core(venues=[X("E")])
    order = core.submit("AAPL", "BUY", 100, 100, venue="E", time_in_force="GTC", cl_ord_id="A")
    list(core.outbound())
    core.execution.on_execution_report("E", "NEW", cl_ord_id="A")
    core.replace(order, qty=300, new_cl_ord_id="B")
    core.replace(order, qty=200, new_cl_ord_id="C")
    list(core.outbound())
    core.execution.on_execution_report("E", "REPLACED", cl_ord_id="C")
    core.execution.on_execution_report("E", "REPLACED", cl_ord_id="B", order_qty=300)
    assert core.position("AAPL", "alpha").row.working_buy == 300
    split(core, 2, 1)
    assert core.position("AAPL", "alpha").row.working_buy == 600
    core.execution.on_execution_report("E", "ORDER_STATUS", order_id=order.order_id, ord_status="NEW", order_qty=400)
    assert core.position("AAPL", "alpha").row.working_buy == 400


@pytest.mark.parametrize(("side", "quote"), [
    ("SELL", {"bid": 95_000, "bid_size": 10}), ("BUY", {"ask": 95_000, "ask_size": 10}),
])
def test_a_trailing_stop_that_a_split_takes_out_of_range_refuses_it(make_core, side, quote):
    """95,000 x 1,000,000 is beyond any price, and nothing has changed."""
    core = make_core(venues=[V("A")])
    core.quote("A", "AAPL", **quote)
    source = "BEST_BID" if side == "SELL" else "BEST_OFFER"
    order = core.submit("AAPL", side, 2_000_000, peg_offset=5, venue="A", time_in_force="GTC", trigger_price_type=source)
    core.execution.set_session("AAPL", "CLOSED")
    before = order.stop_px, order.order_qty
    with pytest.raises(tc.RefusedError, match="UNEVEN_SPLIT"):
        core.positions.split("AAPL", 1, 1_000_000)
    assert (order.stop_px, order.order_qty, order.ord_status) == (*before, NEW)
    core.positions.split("AAPL", 1, 1000)  # 95,000,000 is a price
    assert abs(order.stop_px) == 95_000_000 + (-5000 if side == "SELL" else 5000)

"""An order that no venue displays whole is worked in parts: parent and children, in both backends."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import T0, small_capacity

import tradecore as tc
from tradecore.vocabulary.codes import Place, Reason, Route

S, E = tc.OrdStatus, tc.ExecType
SECOND = 1_000_000_000


V, X = tc.SimulatedVenue, tc.ExternalVenue


def show(core, price="100.00", **sizes):
    for venue, size in sizes.items():
        core.quote(venue, "AAPL", ask=price, ask_size=size)


def parts(core, order):
    """Each part's venue, quantity, filled and status."""
    return [(child.venue, int(child.order_qty), int(child.cum_qty), child.ord_status) for child in core.orders.children(order)]


def told(core, after=0):
    return [(r.exec_type.name, r.order_id, r.venue) for r in core.reports(after) if r.exec_type is not None and r.order_id]


def check_parent(core, order):
    children = core.orders.children(order)
    assert sum(child.cum_qty for child in children) == order.cum_qty
    assert order.cum_qty + sum(child.leaves_qty for child in children) <= max(order.order_qty, order.cum_qty)


def test_an_order_takes_what_two_venues_display_at_one_price(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 700, "100.00")
    assert (order.ord_status, order.cum_qty, order.venue, order.place) == (S.FILLED, 700, None, Place.IN_CHILDREN)
    assert parts(core, order) == [("B", 300, 300, S.FILLED), ("A", 400, 400, S.FILLED)]
    assert {child.parent for child in core.orders.children(order)} == {order.order_id}
    trades = [r for r in core.reports(0) if r.exec_type is E.TRADE]
    assert [(r.order_id, r.venue, r.last_qty, r.cum_qty) for r in trades] == [(1, "B", 300, 300), (1, "A", 400, 700)]
    assert core.position("AAPL", "alpha").qty == 700
    why = core.explain(order)
    assert (why.chosen, [score.chosen for score in why.venues]) == (None, [True, True])
    assert "300 at B, 400 at A" in why.how
    assert core.explain(core.orders.children(order)[0]).how.startswith("a part of order 1")


@pytest.mark.parametrize(("side", "name"), [("BUY", "ask"), ("SELL", "bid")])
def test_fees_decide_where_the_next_lot_is_taken(make_core, side, name):
    """100.00 with 30 mils is dearer than 100.00 free, and cheaper than the next tick."""
    core = make_core(venues=[V("FREE"), V("FEE", taker_fee_per_share="0.0030")])
    worse = "100.01" if side == "BUY" else "99.99"
    for venue in ("FREE", "FEE"):
        core.submit("AAPL", "SELL" if side == "BUY" else "BUY", 10, "100.00", venue=venue)
        core.submit("AAPL", "SELL" if side == "BUY" else "BUY", 10, worse, venue=venue)
    order = core.submit("AAPL", side, 25, worse, time_in_force="IOC")
    assert [part[:2] for part in parts(core, order)] == [("FREE", 15), ("FEE", 10)]
    assert order.avg_px_ratio == (Decimal(20) * 100 + 5 * Decimal(worse)) / 25


LEFT = [  # terms of the order of 1,000 where 800 are displayed: its end, its children's terms
    ({"price": "100.00", "time_in_force": "IOC"}, (S.CANCELED, Reason.IOC_LEFTOVER), []),
    ({"price": None}, (S.CANCELED, Reason.MARKET_LEFTOVER), []),
    ({"price": "100.00"}, (S.PARTIALLY_FILLED, Reason.NONE), ["DAY"]),
    ({"price": "100.00", "time_in_force": "GTC"}, (S.PARTIALLY_FILLED, Reason.NONE), ["GOOD_TILL_CANCEL"]),
    ({"price": "100.00", "time_in_force": "GTD", "expire_time": T0 + SECOND}, (S.PARTIALLY_FILLED, Reason.NONE),
     ["GOOD_TILL_CANCEL"]),
]


@pytest.mark.parametrize(("terms", "end", "resting"), LEFT)
def test_what_is_displayed_nowhere_rests_or_ends_as_the_time_in_force_says(make_core, terms, end, resting):
    core = make_core(venues=[V("A"), V("B", maker_fee_per_share="-0.0020")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, terms["price"], **{k: v for k, v in terms.items() if k != "price"})
    assert (order.ord_status, order.reason, order.cum_qty) == (*end, 800)
    rests = [child for child in core.orders.children(order) if child.place is Place.RESTING]
    assert [(child.venue, child.time_in_force.name, child.leaves_qty) for child in rests] == [("B", tif, 200) for tif in resting]
    check_parent(core, order)


def test_a_fill_or_kill_and_a_min_qty_are_whole_at_one_venue(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 700, "100.00", time_in_force="FOK")
    assert (order.ord_status, core.orders.children(order)) == (S.CANCELED, [])
    order = core.submit("AAPL", "BUY", 700, "100.00", min_qty=400, time_in_force="IOC")
    assert (order.cum_qty, core.orders.children(order)) == (0, [])  # B, the later quote, has not so many


def test_a_deeper_book_keeps_an_order_whole(make_core):
    core = make_core(venues=[V("A"), V("B")])
    for price in ("100.00", "100.01", "100.02"):
        core.submit("AAPL", "SELL", 100, price, venue="A")
    core.submit("AAPL", "SELL", 100, "100.05", venue="B")
    order = core.submit("AAPL", "BUY", 300, "101.00")
    assert (order.venue, order.cum_qty, core.orders.children(order)) == ("A", 300, [])


def test_a_parent_is_replaced_down_up_and_in_price_while_a_child_rests(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00", cl_ord_id="a")
    for qty, leaves in ((900, 100), (1200, 400), (1000, 200)):
        report = core.replace(order, qty=qty)
        assert (report.exec_type, report.order_id, order.leaves_qty) == (E.REPLACED, order.order_id, leaves)
        assert core.position("AAPL", "alpha").row.working_buy == leaves
        check_parent(core, order)
    show(core, "100.50", A=50)
    assert core.replace(order, price="100.50", new_cl_ord_id="b").orig_cl_ord_id == "a"
    assert (order.cum_qty, order.cl_ord_id, order.leaves_qty) == (850, "b", 150)
    assert core.replace(order, qty=10).exec_type is E.REPLACED  # less than it has: it becomes that
    assert (order.ord_status, order.order_qty) == (S.FILLED, 850)
    check_parent(core, order)


def test_a_cancel_ends_the_parent_with_its_children(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00", cl_ord_id="a")
    report = core.cancel(order, new_cl_ord_id="b")
    assert (report.exec_type, report.order_id, report.orig_cl_ord_id) == (E.CANCELED, order.order_id, "a")
    assert (order.ord_status, order.cum_qty, order.leaves_qty) == (S.CANCELED, 800, 0)
    assert core.orders.open_orders() == []
    assert core.position("AAPL", "alpha").row.working_buy == 0


def split_outside(make_core, **terms):
    """1,000 to buy: 300 sent to E, 500 taken at A, 200 over; and the child at E."""
    core = make_core(venues=[V("A"), X("E", **terms), V("C")])
    show(core, A=500, E=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00", cl_ord_id="a")
    sent = list(core.outbound())
    assert [(m.venue, m.order_qty, m.time_in_force.name) for m in sent] == [("E", 300, "IMMEDIATE_OR_CANCEL")]
    assert (order.cum_qty, len(core.orders.children(order))) == (500, 2)  # the 200 wait for what is on its way
    return core, order, sent[0].order_id


def test_unknown_holds_its_quantity_and_a_reject_is_placed_elsewhere(make_core, clock):
    core, order, child = split_outside(make_core, request_timeout=SECOND)
    clock.now += SECOND
    core.mark("AAPL", 100)
    assert core.orders.order(order_id=child).unknown
    assert (len(core.orders.children(order)), order.leaves_qty) == (2, 500)  # nothing was sent a second time
    assert core.position("AAPL", "alpha").row.working_buy == 500
    core.execution.on_execution_report("E", "REJECTED", order_id=child)
    rest = core.orders.children(order)[-1]
    assert (rest.venue, rest.leaves_qty, rest.place) == ("A", 500, Place.RESTING)
    check_parent(core, order)


def test_a_rest_never_locks_a_venue_that_still_displays_what_it_could_take(make_core):
    core, order, child = split_outside(make_core)
    core.execution.on_execution_report("E", "TRADE", order_id=child, exec_id="x", last_qty=100, last_px="100.00")
    core.execution.on_execution_report("E", "CANCELED", order_id=child)
    rest = core.orders.children(order)[-1]
    assert (rest.venue, rest.price, rest.leaves_qty) == ("A", Decimal("99.99"), 400)  # E still displays 300 at 100.00
    assert (order.cum_qty, order.price) == (600, 100)


def test_a_venue_is_tried_again_once_it_displays_anew(make_core):
    core, order, child = split_outside(make_core)
    show(core, E=50)
    core.execution.on_execution_report("E", "REJECTED", order_id=child)
    core.execution.on_execution_report("E", "CANCELED", order_id=child)  # nothing changes: it contradicts
    assert [m.order_qty for m in core.outbound()] == []                  # it displayed 50 before it rejected
    show(core, E=60)
    core.replace(order, qty=1100)
    assert [m.order_qty for m in core.outbound() if m.msg_type.name == "NEW_ORDER_SINGLE"] == [60]
    check_parent(core, order)


def test_a_cancel_waits_for_its_children_and_fails_with_them(make_core):
    core, order, child = split_outside(make_core)
    core.execution.on_execution_report("E", "NEW", order_id=child)
    report = core.cancel(order, new_cl_ord_id="b")
    assert (report.exec_type, report.order_id, order.ord_status) == (E.PENDING_CANCEL, order.order_id, S.PENDING_CANCEL)
    assert [m.msg_type.name for m in core.outbound()] == ["ORDER_CANCEL_REQUEST"]
    core.execution.on_cancel_reject("E", order_id=child)
    assert (order.ord_status, order.leaves_qty, order.cl_ord_id) == (S.PARTIALLY_FILLED, 500, "a")
    rejected = [r for r in core.reports(0) if r.report_type.name == "ORDER_CANCEL_REJECT" and r.order_id == order.order_id]
    assert [(r.cl_ord_id, r.reason) for r in rejected] == [("b", Reason.VENUE_REPORTED)]
    core.cancel(order)
    core.execution.on_execution_report("E", "CANCELED", order_id=child)
    assert (order.ord_status, order.cum_qty) == (S.CANCELED, 500)
    core.execution.on_execution_report("E", "TRADE", order_id=child, exec_id="late", last_qty=300, last_px="100.00")
    assert (order.cum_qty, order.ord_status) == (800, S.CANCELED)
    last = list(core.reports(0))[-1]
    assert (last.order_id, last.reason, last.venue) == (order.order_id, Reason.LATE_TRADE, "E")


def test_a_replace_waits_for_what_its_children_give_back(make_core):
    core, order, child = split_outside(make_core)
    report = core.replace(order, qty=700)
    assert (report.exec_type, report.order_id, order.order_qty) == (E.PENDING_REPLACE, order.order_id, 1000)
    assert core.position("AAPL", "alpha").row.working_buy == 500
    check_parent(core, order)
    core.execution.on_execution_report("E", "CANCELED", order_id=child)
    assert (order.order_qty, order.leaves_qty) == (700, 200)
    check_parent(core, order)


def test_a_bust_gives_the_parent_back_what_a_child_had(make_core):
    core, order, child = split_outside(make_core)
    core.execution.on_execution_report("E", "TRADE", order_id=child, exec_id="x", last_qty=300, last_px="100.00")
    assert (order.cum_qty, order.leaves_qty) == (800, 200)
    core.replace(order, qty=800)
    assert order.ord_status is S.FILLED
    core.execution.on_trade_correction("E", "TRADE_CANCEL", "x", "y")
    assert (order.cum_qty, order.ord_status, order.leaves_qty) == (500, S.PARTIALLY_FILLED, 300)
    assert core.orders.order(order_id=child).leaves_qty == 300  # it works there again
    assert core.position("AAPL", "alpha").row.working_buy == 300
    check_parent(core, order)


def test_a_child_can_be_canceled_but_not_replaced_by_itself(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00")
    rest = core.orders.children(order)[-1]
    assert core.replace(rest, qty=10).reason is Reason.CHILD_ORDER
    assert core.cancel(rest).exec_type is E.CANCELED
    again = core.orders.children(order)[-1]
    assert (rest.venue, again.venue, again.leaves_qty) == ("A", "B", 200)
    check_parent(core, order)


def test_a_mass_cancel_takes_parents_and_the_children_of_one_venue_alone(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00")
    core.mass_cancel(venue="A")
    assert (order.leaves_qty, core.orders.children(order)[-1].venue) == (200, "B")
    core.mass_cancel(account="alpha")
    assert (order.ord_status, core.orders.open_orders()) == (S.CANCELED, [])


def test_no_order_is_placed_again_at_a_venue_that_is_down_or_under_a_kill(make_core):
    core = make_core(venues=[X("E"), X("F"), V("C")])
    show(core, E=500, F=300)
    order = core.submit("AAPL", "BUY", 800, "100.00")
    core.risk.engage_kill_switch(venue="E")  # what was not handed out is taken back
    assert [m.venue for m in core.outbound()] == ["F"]
    assert order.leaves_qty == 800
    core.risk.engage_kill_switch()
    core.execution.on_execution_report("F", "REJECTED", order_id=core.orders.children(order)[0].order_id)
    core.execution.on_execution_report("F", "REJECTED", order_id=core.orders.children(order)[1].order_id)
    assert (order.ord_status, order.reason) == (S.CANCELED, Reason.KILL_SWITCH)


def test_sessions_end_and_suspend_what_rests_of_a_parent(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00")
    core.execution.set_session("AAPL", "HALTED")
    rest = core.orders.children(order)[-1]
    assert (rest.ord_status, order.ord_status) == (S.SUSPENDED, S.PARTIALLY_FILLED)
    core.execution.set_session("AAPL", "OPEN")
    assert rest.place is Place.RESTING
    core.execution.set_session("AAPL", "CLOSED")
    assert (order.ord_status, order.reason, rest.ord_status) == (S.EXPIRED, Reason.DAY_ENDED, S.EXPIRED)


def test_a_time_that_has_come_ends_the_children_first(make_core, clock):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00", time_in_force="GTD", expire_time=T0 + SECOND)
    clock.now += SECOND
    core.mark("AAPL", 100)
    assert (order.ord_status, order.reason, order.cum_qty) == (S.EXPIRED, Reason.EXPIRE_TIME_REACHED, 800)
    assert core.orders.open_orders() == []


def test_an_iceberg_rests_as_an_iceberg_and_takes_what_others_hide(make_core):
    core = make_core(venues=[V("A"), V("B")])
    core.submit("AAPL", "SELL", 500, "100.00", venue="A", display_qty=100)
    core.submit("AAPL", "SELL", 100, "100.00", venue="B")
    order = core.submit("AAPL", "BUY", 700, "100.00", display_qty=30)
    rest = core.orders.children(order)[-1]
    assert (order.cum_qty, rest.display_qty, rest.leaves_qty) == (600, 30, 100)
    check_parent(core, order)


def test_a_full_table_of_orders_ends_what_it_can_not_place(make_core):
    core = make_core(venues=[V("A"), V("B")], capacity=small_capacity(open_orders=2))
    core.submit("AAPL", "BUY", 1, "1.00")
    show(core, A=500, B=300)
    order = core.submit("AAPL", "BUY", 700, "100.00")
    assert (order.ord_status, order.reason) == (S.CANCELED, Reason.MAX_OPEN_ORDERS)
    assert Route(order.row.route) is Route.SPLIT


def test_a_late_fill_that_ends_the_parent_is_answered_though_the_child_is_pushed_out(make_core):
    """The parent takes the one place of the history: the ack still names the order that the report was about."""
    core = make_core(venues=[X("E"), X("F")], capacity=small_capacity(order_history=1))
    show(core, E=500, F=300)
    core.submit("AAPL", "BUY", 800, "100.00")
    kids = {m.venue: m.order_id for m in core.outbound()}
    core.execution.on_execution_report("F", "TRADE", order_id=kids["F"], exec_id="f", last_qty=300, last_px="100.00")
    core.execution.on_execution_report("E", "CANCELED", order_id=kids["E"])
    report = core.execution.on_execution_report("E", "TRADE", order_id=kids["E"], exec_id="e", last_qty=500, last_px="100.00")
    assert (report.order_id, report.cum_qty, report.reason) == (1, 800, Reason.LATE_TRADE)
    assert core.position("AAPL", "alpha").qty == 800


@pytest.mark.parametrize(("keeps", "price", "qty"), [("", "99.00", 700), ("E", "100.00", 700), ("EF", "100.00", 1_000)])
def test_what_a_list_lowers_leaves_the_price_that_a_replace_asks_for(make_core, keeps, price, qty):
    """A divided leg is asked to go to 99.00; while its parts are asked back, the other leg trades 300 of 1,000."""
    core = make_core(venues=[X("E"), X("F"), X("L")])
    show(core, E=600, F=400)
    legs = [core.submit("AAPL", "BUY", 1_000, px, venue=venue, list_id=7, contingency_type="ONE_CANCELS_THE_OTHER")
            for px, venue in (("90.00", "L"), ("100.00", None))]
    messages = {m.venue: m for m in core.outbound()}
    for message in messages.values():
        core.execution.on_execution_report(message.venue, "NEW", cl_ord_id=message.cl_ord_id)
    core.replace(legs[1], price="99.00")
    core.execution.on_execution_report("L", "TRADE", cl_ord_id=messages["L"].cl_ord_id, exec_id="x", last_qty=300, last_px="90.00")
    assert legs[1].order_qty == 1_000
    for venue in "EF":
        if venue in keeps:
            core.execution.on_cancel_reject(venue, cl_ord_id=messages[venue].cl_ord_id)
        else:
            core.execution.on_execution_report(venue, "CANCELED", cl_ord_id=messages[venue].cl_ord_id)
    assert (str(legs[1].price), legs[1].order_qty) == (price, qty)

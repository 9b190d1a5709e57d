"""Requests and answers that cross: chains of replaces, ends of the day at external venues, answers that come late.

The right values are FIX 4.4 Appendix D's, or arithmetic: what is told in a comment beside them.
"""

from __future__ import annotations

import pytest
from conftest import small_capacity

import tradecore as tc

R, S, M, E = tc.Reason, tc.OrdStatus, tc.MsgType, tc.ExecType
SECOND = 10**9


@pytest.fixture
def desk(make_core):
    def build(**venue):
        venues = [tc.ExternalVenue("EXT", request_timeout=SECOND, **venue), tc.SimulatedVenue("SIM")]
        return make_core(venues=venues, accounts=["alpha"], capacity=small_capacity(order_rate=1_024))

    return build


def send(core, qty=100, price=10, **terms):
    return core.submit("AAPL", "BUY", qty, price, **{"venue": "EXT", "account": "alpha", **terms})


def hear(core, order, exec_type="NEW", **facts):
    return core.execution.on_execution_report("EXT", exec_type, **({} if "cl_ord_id" in facts else {"order_id": order.order_id}), **facts)


def read(core):
    return [(m.msg_type.name, m.order_id, m.reason.name) for m in core.outbound()]


def working(core):
    return core.position("AAPL", "alpha").working_buy_qty


# ---- chains


def test_an_accepted_replace_puts_every_replace_before_it_in_the_past(desk):
    core = desk()
    order = send(core, cl_ord_id="A")
    read(core)
    hear(core, order)
    for qty, name in ((300, "B"), (500, "C"), (200, "D"), (700, "E")):
        core.replace(order, qty=qty, new_cl_ord_id=name)
    read(core)
    assert working(core) == 700  # the largest that may still come
    hear(core, order, "REPLACED", cl_ord_id="D")  # so B and C were accepted before it; E is still to come
    assert (order.order_qty, order.cl_ord_id, working(core)) == (200, "D", 700)
    for name in "BC":
        told = hear(core, order, "REPLACED", cl_ord_id=name)
        assert (told.exec_type, told.order_qty, told.reason) == (E.ORDER_STATUS, 200, R.NONE)
    core.execution.on_cancel_reject("EXT", cl_ord_id="E", cxl_rej_reason="BROKER_OPTION")
    assert (order.order_qty, order.cl_ord_id, working(core), order.unknown) == (200, "D", 200, tc.Unknown.NONE)
    assert not read(core)


def test_a_late_answer_in_other_terms_holds_the_larger_until_the_venue_tells(desk):
    core = desk()
    order = send(core, cl_ord_id="A")
    read(core)
    hear(core, order)
    core.replace(order, qty=300, new_cl_ord_id="B")
    core.replace(order, qty=200, new_cl_ord_id="C")
    read(core)
    hear(core, order, "REPLACED", cl_ord_id="C")
    told = hear(core, order, "REPLACED", cl_ord_id="B", order_qty=300)
    assert (told.exec_type, told.reason, order.order_qty, working(core)) == (E.ORDER_STATUS, R.LATE_REPLACED, 200, 300)
    assert told.text == "LATE_REPLACED: the venue tells order_qty 300 of a replace that is past: we have 200; it is asked"
    assert read(core) == [("ORDER_STATUS_REQUEST", 1, "LATE_REPLACED")]
    # Filled by what we know, and 100 more may work there: it stays open until the venue tells, and is then as it says.
    hear(core, order, "TRADE", cl_ord_id="C", exec_id="t1", last_qty=200, last_px=10)
    assert (order.ord_status, working(core)) == (S.FILLED, 100)
    assert [o.order_id for o in core.orders.open_orders()] == [1]
    hear(core, order, "ORDER_STATUS", cl_ord_id="C", ord_status="PARTIALLY_FILLED", order_qty=300)
    assert (order.ord_status, order.leaves_qty, working(core)) == (S.PARTIALLY_FILLED, 100, 100)


def test_a_stop_price_is_not_replaced_once_it_was_triggered(desk):
    core = desk(ord_types=("MARKET", "LIMIT", "STOP_LIMIT"))
    order = send(core, 100, 11, stop_px=10)
    read(core)
    hear(core, order)
    core.replace(order, stop_px="9.5")  # not triggered: its venue is asked
    hear(core, order, "REPLACED")
    assert [name for name, *_ in read(core)] == ["ORDER_CANCEL_REPLACE_REQUEST"]
    hear(core, order, "TRIGGERED")
    refused = core.replace(order, stop_px=9)
    assert (refused.reason, refused.cxl_rej_reason, str(order.stop_px)) == (R.STOP_TRIGGERED, tc.CxlRejReason.OTHER, "9.50")
    assert refused.text == "STOP_TRIGGERED: stop_px 9: the order was triggered at 9.5, and waits for no price any more"
    assert not read(core)


# ---- status


def test_order_status_asks_the_venue_that_has_the_order(desk):
    core = desk()
    order = send(core)
    read(core)
    hear(core, order)
    assert core.orders.order_status(order).exec_type is E.ORDER_STATUS
    assert core.orders.order_status(order).exec_type is E.ORDER_STATUS
    assert read(core) == [("ORDER_STATUS_REQUEST", 1, "NONE")]  # once, while nobody has the question
    resting = core.submit("AAPL", "BUY", 10, 9, venue="SIM", account="alpha")
    core.orders.order_status(resting)  # the core knows
    hear(core, order, "CANCELED")
    core.orders.order_status(order)  # it has ended
    assert not read(core)


@pytest.mark.parametrize("reason", ["UNKNOWN_ORDER", "TOO_LATE_TO_CANCEL"])
def test_a_refusal_that_does_not_fit_a_working_order_is_asked_about(desk, reason):
    core = desk()
    order = send(core)
    read(core)
    hear(core, order)
    core.cancel(order, new_cl_ord_id="C")
    read(core)
    core.execution.on_cancel_reject("EXT", cl_ord_id="C", cxl_rej_reason=reason)
    assert (order.ord_status, working(core), read(core)) == (S.NEW, 100, [("ORDER_STATUS_REQUEST", 1, "ORDER_IN_DOUBT")])
    core.cancel(order, new_cl_ord_id="D")
    read(core)
    core.execution.on_cancel_reject("EXT", cl_ord_id="D", cxl_rej_reason="BROKER_OPTION")  # it knows the order
    assert not read(core)


def test_what_is_in_doubt_is_asked_about_again_after_a_lost_session(desk):
    core = desk()
    order = send(core)
    read(core)
    hear(core, order)
    core.cancel(order, new_cl_ord_id="C")
    core.execution.set_venue_session("EXT", False)
    read(core)
    core.execution.on_cancel_reject("EXT", cl_ord_id="C", cxl_rej_reason="UNKNOWN_ORDER")  # by another way
    assert not read(core)
    core.execution.set_venue_session("EXT", True)
    assert read(core) == [("ORDER_STATUS_REQUEST", 1, "VENUE_DISCONNECTED")]
    hear(core, order, "ORDER_STATUS", ord_status="NEW")
    core.execution.set_venue_session("EXT", False)
    core.execution.set_venue_session("EXT", True)
    assert not read(core)


# ---- the end of the day


def test_a_day_order_at_a_venue_that_reports_its_end_waits_for_it(desk):
    core = desk(day_end="venue")
    order = send(core)
    read(core)
    hear(core, order)
    core.roll_day()
    assert (order.ord_status, working(core), read(core)) == (S.NEW, 100, [])


def test_a_venue_is_asked_at_the_end_of_the_day_unless_it_is_declared(desk):
    core = desk()
    day, longer = send(core, cl_ord_id="D"), send(core, time_in_force="GTC")
    read(core)
    hear(core, day)
    hear(core, longer)
    core.roll_day()
    assert (day.ord_status, working(core), read(core)) == (S.NEW, 200, [("ORDER_STATUS_REQUEST", 1, "DAY_ENDED")])
    hear(core, day, "ORDER_STATUS", cl_ord_id="D", ord_status="EXPIRED")
    assert (day.ord_status, longer.ord_status, working(core)) == (S.EXPIRED, S.NEW, 100)


def test_a_venue_that_is_known_to_expire_its_day_orders_need_not_say_so(desk):
    core = desk(day_end="expire")
    day, longer = send(core, cl_ord_id="D"), send(core, time_in_force="GTC")
    read(core)
    hear(core, day)
    core.replace(day, qty=300, new_cl_ord_id="E")
    core.roll_day()
    assert (day.ord_status, day.reason, longer.ord_status, working(core)) == (S.EXPIRED, R.DAY_ENDED, S.PENDING_NEW, 100)
    # What it did on the day that has ended is heard until the next one ends: a fill is booked, an end is known.
    late = hear(core, day, "TRADE", cl_ord_id="D", exec_id="t", last_qty=40, last_px=10)
    assert (late.reason, day.cum_qty, core.position("AAPL", "alpha").qty) == (R.LATE_TRADE, 40, 40)
    told = hear(core, day, "EXPIRED", cl_ord_id="D")
    assert (told.exec_type, told.reason, core.metrics()["reports_refused"]) == (E.ORDER_STATUS, R.NONE, 0)
    core.roll_day()
    assert send(core, cl_ord_id="D").ord_status is S.PENDING_NEW  # the id may be used again


@pytest.mark.parametrize("day_end", ["venue", "ask", "expire"])
def test_a_day_order_that_was_not_handed_out_ends_with_its_day(desk, day_end):
    core = desk(day_end=day_end)
    order = send(core)
    core.roll_day()
    assert (order.ord_status, order.reason, working(core), read(core)) == (S.EXPIRED, R.DAY_ENDED, 0, [])


def test_what_the_day_ends_with_is_one_of_three_words():
    with pytest.raises(ValueError, match=r"venue EXT: day_end 'never' is not a DayEnd: one of VENUE, ASK, EXPIRE"):
        tc.ExternalVenue("EXT", day_end="never")
    assert tc.ExternalVenue("EXT").day_end is tc.DayEnd.ASK

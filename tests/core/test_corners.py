"""Corners of the order life cycle where money was lost once: each test is one way in."""

import pytest
from conftest import limits, small_capacity

import tradecore as tc
from tradecore._python.orders.execids import hash_exec_id


@pytest.fixture
def desk(make_core):
    """AAPL at one external and one simulated venue; `capacity` and more can be overridden."""

    def build(**given):
        settings = {"venues": [tc.ExternalVenue("EXT", request_timeout=10**9), tc.SimulatedVenue("SIM")],
                    "accounts": ["alpha", "beta"]}
        return make_core(**{**settings, **given})

    return build


def fill(core, order, qty, price, exec_id):
    return core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=exec_id, last_qty=qty, last_px=price)


def sent_types(core):
    """What the venue is sent now."""
    return [message.msg_type.name for message in core.outbound()]


def test_orders_that_come_back_never_use_up_the_table(desk):
    core = desk(capacity=small_capacity(open_orders=4, order_history=4))
    for n in range(4):
        order = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha")
        fill(core, order, 10, 100, f"t{n}")
    for _ in range(4):
        core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha")
    for n in range(4):  # busts can't be refused: eight are open where four may be
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", f"t{n}", f"b{n}")
    assert core.metrics()["open_orders"] == 8
    for _ in range(20):
        assert core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha").reason is tc.Reason.MAX_OPEN_ORDERS
    assert len(core.orders.open_orders()) == 8


def test_a_replace_brings_no_filled_order_back_beyond_the_limit_of_open_orders(desk):
    core = desk(capacity=small_capacity(open_orders=1, order_history=4))
    filled = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha")
    fill(core, filled, 10, 100, "t")
    core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha")
    assert core.replace(filled, qty=20).reason is tc.Reason.MAX_OPEN_ORDERS


@pytest.mark.parametrize("status", ["HALTED", "CLOSED"])
def test_a_filled_order_is_not_replaced_up_while_nothing_trades(desk, status):
    core = desk()
    core.quote("SIM", "AAPL", ask=100, ask_size=1_000)
    order = core.submit("AAPL", "BUY", 10, 100, venue="SIM", account="alpha")
    core.execution.set_session("AAPL", status)
    assert core.replace(order, qty=20).reason is tc.Reason.SESSION_CLOSED
    assert order.cum_qty == 10


def test_a_replace_that_asks_for_more_counts_for_the_order_rate(desk):
    core = desk(limits=limits(order_rate=2))
    order = core.submit("AAPL", "BUY", 10, 100, venue="SIM", account="alpha")
    assert core.replace(order, qty=20).exec_type is tc.ExecType.REPLACED
    assert core.replace(order, qty=30).reason is tc.Reason.ORDER_RATE
    assert core.replace(order, qty=15).exec_type is tc.ExecType.REPLACED  # less always passes


def test_the_position_limit_is_asked_again_at_the_trigger(desk):
    core = desk(limits=limits(max_position_qty=100))
    core.quote("SIM", "AAPL", bid=99, bid_size=1_000, ask=100, ask_size=1_000)
    stop = core.submit("AAPL", "BUY", 100, stop_px=105, trigger_price_type="BID_ASK", account="alpha")
    core.risk.set_limits(limits(max_position_qty=10), account="alpha")
    core.quote("SIM", "AAPL", bid=105, bid_size=1_000, ask=106, ask_size=1_000)
    assert (stop.ord_status, stop.reason, stop.cum_qty) == (tc.OrdStatus.CANCELED, tc.Reason.MAX_POSITION_QTY, 0)


def test_a_list_id_that_is_used_again_is_another_list(desk):
    core = desk()
    old = [core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", list_id=7, contingency_type="OCO")
           for _ in range(2)]
    for order in old:
        core.execution.on_execution_report("EXT", "CANCELED", order_id=order.order_id)
    new = [core.submit("AAPL", "BUY", 10, 100, venue="SIM", account="beta", list_id=7, contingency_type="OCO")
           for _ in range(2)]
    fill(core, old[0], 4, 100, "late")
    assert [order.order_qty for order in new] == [10, 10]


def test_shrinks_that_a_venue_has_not_answered_add_up(desk):
    core = desk()
    one, other = (core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", list_id=1, contingency_type="OCO")
                  for _ in range(2))
    list(core.outbound())
    asked = []
    for exec_id in ("t1", "t2"):
        fill(core, one, 10, 100, exec_id)
        asked += [m.order_qty for m in core.outbound() if m.msg_type is tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST]
    assert asked == [90, 80]
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t2", "c2", last_qty=90, last_px=100)  # filled whole, after all
    asked = [m for m in core.outbound() if m.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST]
    assert [m.order_id for m in asked] == [other.order_id]


def test_only_one_of_two_exits_trades_when_both_are_let_go_at_once(desk):
    core = desk()
    core.quote("SIM", "AAPL", bid=105, bid_size=1_000, ask=106, ask_size=50)
    parent = core.submit("AAPL", "BUY", 100, 106, venue="SIM", account="alpha", list_id=3, contingency_type="OTO")
    exits = [core.submit("AAPL", "SELL", 100, price, venue="SIM", account="alpha", list_id=3, contingency_type="OCO")
             for price in (104, 103)]
    assert {order.place for order in exits} == {tc.Place.AWAITS_PARENT}
    core.quote("SIM", "AAPL", bid=105, bid_size=1_000, ask=106, ask_size=50)
    assert parent.ord_status is tc.OrdStatus.FILLED
    assert [order.cum_qty for order in exits] == [100, 0]
    assert core.position("AAPL", account="alpha").qty == 0


def test_a_reduce_only_exit_waits_for_the_position_that_its_parent_makes(desk):
    core = desk()
    core.quote("SIM", "AAPL", bid=99, bid_size=1_000)
    core.submit("AAPL", "BUY", 100, 100, venue="SIM", account="alpha", list_id=3, contingency_type="OTO")
    leave = core.submit("AAPL", "SELL", 100, 110, venue="SIM", account="alpha", list_id=3, contingency_type="OCO",
                        reduce_only=True)
    assert leave.place is tc.Place.AWAITS_PARENT
    core.quote("SIM", "AAPL", ask=100, ask_size=500)
    assert (leave.place, leave.leaves_qty) == (tc.Place.RESTING, 100)


def test_a_filled_parent_frees_its_children_though_a_cancel_is_unanswered(desk):
    core = desk()
    core.quote("SIM", "AAPL", bid=99, bid_size=10)
    parent = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", list_id=3, contingency_type="OTO")
    leave = core.submit("AAPL", "SELL", 100, 110, venue="SIM", account="alpha", list_id=3, contingency_type="OCO")
    list(core.outbound())
    core.cancel(parent)
    fill(core, parent, 100, 100, "t")
    assert leave.place is tc.Place.RESTING


def test_a_triggered_order_goes_out_as_what_the_venue_knows(desk):
    core = desk()
    core.quote("EXT", "AAPL", bid=99, bid_size=10, ask=100, ask_size=10)
    core.submit("AAPL", "BUY", 100, 106, stop_px=105, trigger_price_type="BID_ASK", account="alpha", venue="EXT")
    core.quote("EXT", "AAPL", bid=105, bid_size=10, ask=105.5, ask_size=10)
    (sent,) = [m for m in core.outbound() if m.msg_type is tc.MsgType.NEW_ORDER_SINGLE]
    assert (sent.row.ord_type, sent.stop_px, sent.price) == (tc.OrdType.LIMIT, None, 106)


def test_a_replace_to_a_venue_takes_no_expire_time_that_no_request_carries(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", time_in_force="GTD",
                        expire_time=core._gate.clock.now + 10**9)
    refused = core.replace(order, expire_time=core._gate.clock.now + 2 * 10**9)
    assert (refused.report_type, refused.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, tc.Reason.INVALID_FIELD_VALUE)


def test_an_unknown_cancel_may_be_sent_again(desk, clock):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    list(core.outbound())
    core.cancel(order)
    assert core.cancel(order).reason is tc.Reason.ALREADY_PENDING
    list(core.outbound())
    clock.now += 2 * 10**9
    core.clock_tick()
    assert order.unknown & tc.Unknown.CANCEL
    assert core.replace(order, qty=200).reason is tc.Reason.ALREADY_PENDING
    list(core.outbound())
    core.cancel(order, new_cl_ord_id="again")
    assert sent_types(core) == ["ORDER_CANCEL_REQUEST"]
    assert order.unknown & tc.Unknown.CANCEL, "the first may still be done"
    core.execution.on_cancel_reject("EXT", cl_ord_id="again", cxl_rej_reason="UNKNOWN_ORDER")
    assert order.unknown & tc.Unknown.CANCEL, "what was said of the second says nothing of the first"
    clock.now += 2 * 10**9
    for _ in range(20):  # as often as one likes, to a venue that never answers
        core.cancel(order)
        assert "ORDER_CANCEL_REQUEST" in sent_types(core)
        clock.now += 2 * 10**9
        core.clock_tick()


def test_what_is_sent_to_a_lost_session_is_unknown_at_once(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id)
    list(core.outbound())
    core.execution.set_venue_session("EXT", False)
    assert not list(core.outbound()), "nothing was unanswered"
    core.cancel(order)
    (sent,) = core.outbound()
    assert (sent.unknown, order.unknown) == (tc.Unknown.CANCEL, tc.Unknown.CANCEL)
    core.execution.set_venue_session("EXT", True)
    (asked,) = core.outbound()
    assert (asked.msg_type, asked.reason) == (tc.MsgType.ORDER_STATUS_REQUEST, tc.Reason.VENUE_DISCONNECTED)


def test_a_status_answer_is_not_asked_for_again(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    told = core.execution.on_execution_report("EXT", "ORDER_STATUS", order_id=order.order_id, ord_status="PARTIALLY_FILLED",
                                    cum_qty=40)
    assert told.reason is tc.Reason.CUM_QTY_MISMATCH
    assert not [m for m in core.outbound() if m.msg_type is tc.MsgType.ORDER_STATUS_REQUEST]


def test_a_trade_of_nobody_is_no_price(desk):
    core = desk()
    core.quote("SIM", "AAPL", bid=99, bid_size=100, ask=100, ask_size=100)
    stop = core.submit("AAPL", "SELL", 10, stop_px=95, account="alpha")
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="whose", exec_id="x", last_qty=5, last_px=90, symbol="AAPL", side="BUY")
    assert stop.ord_status is tc.OrdStatus.NEW
    assert core.positions.suspense("AAPL").qty == 5


def test_a_part_filled_order_is_not_rejected_by_its_venue(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    fill(core, order, 10, 100, "t")
    assert core.execution.on_execution_report("EXT", "REJECTED", order_id=order.order_id).reason is tc.Reason.VENUE_CONTRADICTS
    assert order.leaves_qty == 90


def test_the_core_itself_sends_no_second_cancel_after_an_unknown_one(desk):
    core = desk()
    one, other = (core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", list_id=1, contingency_type="OCO")
                  for _ in range(2))
    list(core.outbound())
    core.replace(one, qty=20)
    fill(core, one, 10, 100, "t")
    core.execution.set_venue_session("EXT", False)
    core.execution.set_venue_session("EXT", True)
    core.execution.on_execution_report("EXT", "PENDING_REPLACE", order_id=one.order_id)
    asked = [m for m in core.outbound() if m.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST]
    assert [m.order_id for m in asked] == [other.order_id]


# ---- lists whose orders come back, or come late


@pytest.fixture
def pair(desk):
    """Two orders of one OCO list at the external venue, and what the core asks the venue for."""
    core = desk()

    def submit(**given):
        order = core.submit("AAPL", **{"side": "BUY", "qty": 100, "price": 100, "venue": "EXT", "account": "alpha", "list_id": 1,
                                             "contingency_type": "OCO", **given})
        list(core.outbound())
        return order

    def asked():
        return [(m.msg_type.name.removeprefix("ORDER_CANCEL_"), m.order_id, m.order_qty) for m in core.outbound()
                if "CANCEL" in m.msg_type.name]

    return core, submit, asked


def test_an_order_that_a_bust_brings_back_is_in_its_list_again(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 100, 100, "t1")
    assert asked() == [("REQUEST", other.order_id, 100)]
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    assert (one.ord_status, one.leaves_qty) == (tc.OrdStatus.NEW, 100)
    fill(core, other, 30, 100, "t2")
    assert asked() == [("REPLACE_REQUEST", one.order_id, 70)]
    fill(core, other, 70, 100, "t3")
    assert asked() == [("REQUEST", one.order_id, 100)]


def test_an_order_that_comes_back_after_the_other_has_filled_is_asked_for_back(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 100, 100, "t1")
    fill(core, other, 100, 100, "t2")  # the cancel came too late
    asked()
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    assert asked() == [("REQUEST", one.order_id, 100)]


def test_a_late_trade_of_a_canceled_order_reduces_the_others(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    core.execution.on_execution_report("EXT", "CANCELED", order_id=one.order_id)
    fill(core, one, 40, 100, "late")
    assert asked() == [("REPLACE_REQUEST", other.order_id, 60)]
    fill(core, one, 60, 100, "later")
    assert asked() == [("REQUEST", other.order_id, 100)]


def test_an_order_that_comes_late_takes_no_more_than_its_list_has_left(pair):
    core, submit, _ = pair
    fill(core, submit(), 40, 100, "t1")
    late = submit()
    assert (late.reason, late.text) == (tc.Reason.OTHER_FILLED, "OTHER_FILLED: others of its list have traded: order_qty 100 exceeds the 60 that it left")
    assert submit(qty=60).ord_status is tc.OrdStatus.PENDING_NEW


def test_an_order_that_comes_after_a_whole_fill_is_refused_until_the_day_rolls(pair):
    core, submit, _ = pair
    fill(core, submit(), 100, 100, "t1")
    assert submit(qty=1).reason is tc.Reason.OTHER_FILLED
    core.roll_day()
    assert submit(qty=1).ord_status is tc.OrdStatus.PENDING_NEW


def test_a_list_outlives_the_eviction_of_some_of_its_orders(desk):
    core = desk(capacity=small_capacity(open_orders=4, order_history=2))
    first = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", list_id=1, contingency_type="OCO")
    second = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", list_id=1, contingency_type="OCO")
    list(core.outbound())
    fill(core, first, 10, 100, "t1")
    core.execution.on_execution_report("EXT", "CANCELED", order_id=second.order_id)
    for n in range(6):  # evicts both: nobody remembers the list
        late = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha", list_id=1, contingency_type="OCO")
        assert late.reason is (tc.Reason.OTHER_FILLED if n < 2 else tc.Reason.NONE), n
        other = core.submit("AAPL", "BUY", 10, 100, venue="EXT", account="alpha")
        for ended in (late, other):
            core.execution.on_execution_report("EXT", "CANCELED", order_id=ended.order_id)


def test_what_an_order_filled_while_it_was_over_is_not_taken_off_what_the_others_fill(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 100, 100, "t1")
    fill(core, one, 10, 100, "too much")
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    asked()
    fill(core, other, 30, 100, "t2")
    assert asked() == [("REPLACE_REQUEST", one.order_id, 70)]


def test_nobody_joins_a_list_whose_last_orders_are_asked_for_back(pair):
    core, submit, _ = pair
    one, other = submit(), submit()
    fill(core, one, 100, 100, "t1")
    assert other.leaves_qty == 100
    assert submit(qty=1).reason is tc.Reason.OTHER_FILLED


def test_a_leg_that_its_venue_refuses_to_reduce_is_asked_for_back(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 10, 100, "t1")
    core.execution.on_cancel_reject("EXT", order_id=other.order_id)
    assert asked() == [("REPLACE_REQUEST", other.order_id, 90), ("REQUEST", other.order_id, 100)]
    core.execution.on_cancel_reject("EXT", order_id=other.order_id)
    assert asked() == [], "its refusal is the venue's last word"


def test_a_replace_that_a_user_asked_for_may_be_refused(pair):
    core, submit, asked = pair
    order = submit()
    core.replace(order, qty=50)
    core.execution.on_cancel_reject("EXT", order_id=order.order_id)
    assert asked() == [("REPLACE_REQUEST", order.order_id, 50)]


def test_a_question_hears_of_used_ids_and_of_lists(pair):
    core, submit, _ = pair
    order = submit(cl_ord_id="x")
    for wrong in ({}, {"qty": 0}, {"price": -1}):
        terms = {"qty": 1, "price": 100, "account": "alpha", **wrong}
        (refused,) = [row.rule for row in core.check("AAPL", "BUY", cl_ord_id="x", **terms) if row.verdict == "REFUSE"]
        assert refused is core.submit("AAPL", "BUY", cl_ord_id="x", **terms).reason is tc.Reason.DUPLICATE_CLORDID
    fill(core, order, 40, 100, "t1")
    listed = {"account": "alpha", "list_id": 1, "contingency_type": "OCO"}
    (row,) = core.check("AAPL", "BUY", 61, 100, **listed)
    assert (row.rule, row.value, row.limit, row.verdict) == (tc.Reason.OTHER_FILLED, 61, 60, "REFUSE")
    assert core.check("AAPL", "BUY", 60, 100, **listed)
    submit(list_id=2, contingency_type="OTO")
    exit_of_nothing = {"account": "alpha", "list_id": 2, "contingency_type": "OTO", "reduce_only": True}
    assert core.check("AAPL", "SELL", 100, 110, **exit_of_nothing), "it is asked when its parent has ended"
    assert submit(side="SELL", list_id=2, contingency_type="OTO", reduce_only=True).reason is tc.Reason.NONE


def test_a_trade_is_counted_once_in_three_days_though_the_log_has_let_it_go(desk):
    core = desk(capacity=small_capacity(trades=2, exec_ids=8))
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    for n in range(6):
        fill(core, order, 1, 100, f"t{n}")
    assert core.metrics()["trades_folded"] == 4
    assert fill(core, order, 1, 100, "t0").reason is tc.Reason.EXECID_REPEATED
    assert fill(core, order, 2, 100, "t0").reason is tc.Reason.EXECID_REUSED
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t0", "b0").reason is tc.Reason.UNKNOWN_TRADE
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t5", "b5")
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t5", "b5").reason is tc.Reason.EXECID_REPEATED
    for _ in range(3):
        assert fill(core, order, 1, 100, "t0").reason is tc.Reason.EXECID_REPEATED, "over two rolls of the day"
        core.roll_day()
    assert fill(core, order, 1, 100, "t0").reason is tc.Reason.NONE, "another day's"
    assert order.cum_qty == 6


def test_the_newest_execution_ids_are_known_and_no_more(desk):
    core = desk(capacity=small_capacity(trades=2, exec_ids=8))
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    for n in range(9):
        fill(core, order, 1, 100, f"t{n}")
    assert fill(core, order, 1, 100, "t1").reason is tc.Reason.EXECID_REPEATED
    assert fill(core, order, 1, 100, "t0").reason is tc.Reason.NONE, "what a full table has forgotten is booked again"


def test_execution_ids_that_share_one_bucket_are_all_known(desk):
    core = desk(capacity=small_capacity(trades=256, exec_ids=256))
    buckets = 256 // 4
    mine = [n for n in range(1, 3_000) if hash_exec_id(1, 1, 1, n) % buckets == 7][:30]  # by its number an id finds its bucket
    others = [f"o{n}" for n in range(227)]
    order = core.submit("AAPL", "BUY", 1_000, 100, venue="EXT", account="alpha")
    for name in mine:
        assert fill(core, order, 1, 100, name).reason is tc.Reason.NONE
    for name in mine:
        assert fill(core, order, 1, 100, name).reason is tc.Reason.EXECID_REPEATED, name
        assert fill(core, order, 2, 100, name).reason is tc.Reason.EXECID_REUSED, name
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", mine[3], "b3").reason is tc.Reason.NONE
    for name in others:  # 30 and a bust and these are two more than are held
        assert fill(core, order, 1, 100, name).reason is tc.Reason.NONE
    for name in mine[2:]:
        assert fill(core, order, 1, 100, name).reason is tc.Reason.EXECID_REPEATED, name
    for name in mine[:2]:
        assert fill(core, order, 1, 100, name).reason is tc.Reason.NONE, f"{name} has left"
    assert order.cum_qty == 30 - 1 + 227 + 2


def test_the_capacity_of_execution_ids_is_at_least_that_of_trades():
    with pytest.raises(ValueError, match="capacity exec_ids 8 must be at least trades 16: what can be busted must be known"):
        tc.Capacity(trades=16, exec_ids=8)


# ---- what a list still wants, whatever its venues have answered


def reject(core, order, **named):
    core.execution.on_cancel_reject("EXT", **(named or {"order_id": order.order_id}))


def test_an_order_that_comes_back_with_a_request_unanswered_is_asked_for_back(pair):
    core, submit, asked = pair
    one, other, third = submit(), submit(), submit()
    fill(core, third, 10, 100, "t1")  # a shrink of `one` is asked, and unanswered
    fill(core, one, 100, 100, "t2")
    fill(core, other, 100, 100, "t3")
    asked()
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t2", "b2")
    assert asked() == [("REQUEST", one.order_id, 100)]


def test_an_order_that_comes_back_is_reduced_by_what_the_others_traded_meanwhile(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, other, 100, 100, "t1")
    fill(core, one, 40, 100, "t2")  # crossed
    core.execution.on_execution_report("EXT", "CANCELED", order_id=one.order_id)
    asked()
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    assert asked() == [("REPLACE_REQUEST", other.order_id, 60)]
    assert submit().reason is tc.Reason.OTHER_FILLED


@pytest.mark.parametrize(("qty", "kind"), [(40, "REPLACE_REQUEST"), (100, "REQUEST")])
def test_a_leg_whose_cancel_is_refused_hears_of_the_trades_in_between(pair, qty, kind):
    core, submit, asked = pair
    one, other = submit(), submit()
    core.cancel(other, new_cl_ord_id="u")
    fill(core, one, qty, 100, "t1")
    asked()
    reject(core, other, cl_ord_id="u")
    assert [row[:2] for row in asked()] == [(kind, other.order_id)]


def test_a_reduce_only_order_whose_smaller_replace_is_refused_is_trimmed_after_all(desk):
    core = desk()
    core.positions.open_position("AAPL", 100, 100, account="alpha")
    leave = core.submit("AAPL", "SELL", 100, 110, venue="EXT", account="alpha", reduce_only=True)
    core.replace(leave, qty=50, new_cl_ord_id="r")
    fill(core, core.submit("AAPL", "SELL", 40, 100, venue="EXT", account="alpha"), 40, 100, "t1")
    list(core.outbound())
    reject(core, leave, cl_ord_id="r")
    (sent,) = core.outbound()
    assert (sent.msg_type, sent.order_qty) == (tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST, 60)


def test_who_comes_late_is_not_given_what_is_asked_back(pair):
    core, submit, _ = pair
    one, other = submit(), submit()
    fill(core, one, 40, 100, "t1")
    assert other.leaves_qty == 100, "its shrink is unanswered"
    assert submit(qty=61).reason is tc.Reason.OTHER_FILLED
    assert submit(qty=60).reason is tc.Reason.NONE


def test_a_shrink_is_no_raise_though_a_raise_is_unanswered(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    core.replace(one, qty=200, new_cl_ord_id="u")
    fill(core, other, 50, 100, "t1")
    assert asked() == [("REPLACE_REQUEST", one.order_id, 200), ("REPLACE_REQUEST", one.order_id, 50)]
    reject(core, one, cl_ord_id="u")
    core.execution.on_execution_report("EXT", "REPLACED", order_id=one.order_id)
    assert one.leaves_qty == 50


def test_a_venue_that_makes_more_of_a_shrink_is_asked_for_all_of_it_back(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 40, 100, "t1")
    core.execution.on_execution_report("EXT", "REPLACED", order_id=other.order_id, order_qty=95)
    assert asked() == [("REPLACE_REQUEST", other.order_id, 60), ("REQUEST", other.order_id, 95)]


def test_no_leg_is_replaced_up_beyond_what_the_others_have_left(pair):
    core, submit, asked = pair
    one, other = submit(), submit()
    fill(core, one, 40, 100, "t1")
    core.execution.on_execution_report("EXT", "REPLACED", order_id=other.order_id)
    for wanted in ({"qty": 100}, {"qty": 61}):
        assert core.replace(other, **wanted).reason is tc.Reason.OTHER_FILLED
    fill(core, one, 5, 100, "t0")
    refused = core.replace(other, price=101)  # it is asked for 55, and would be 60 again
    assert refused.reason is tc.Reason.OTHER_FILLED
    core.execution.on_cancel_reject("EXT", order_id=other.order_id)
    core.execution.on_cancel_reject("EXT", order_id=other.order_id)
    assert (refused.reason, other.leaves_qty) == (tc.Reason.OTHER_FILLED, 60)
    asked()
    core.replace(other, qty=50)
    assert asked() == [("REPLACE_REQUEST", other.order_id, 50)]
    core.execution.on_execution_report("EXT", "REPLACED", order_id=other.order_id)
    asked()
    fill(core, one, 10, 100, "t2")
    assert asked() == [("REPLACE_REQUEST", other.order_id, 40)], "of what its user wanted last"


def test_a_split_changes_what_a_list_has_left(desk):
    core = desk()

    def submit(qty, list_id, kind, side="BUY"):
        return core.submit("AAPL", side, qty, 100, venue="EXT", account="alpha", list_id=list_id, contingency_type=kind)

    fill(core, submit(10, 1, "OTO"), 10, 100, "t1")
    one, other = submit(100, 2, "OCO"), submit(100, 2, "OCO")
    fill(core, one, 40, 100, "t2")
    core.execution.on_execution_report("EXT", "REPLACED", order_id=other.order_id)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 1, 2)
    core.execution.set_session("AAPL", "OPEN")
    assert submit(6, 1, "OTO", "SELL").reason is tc.Reason.PARENT_ENDED
    assert submit(5, 1, "OTO", "SELL").reason is tc.Reason.NONE
    list(core.outbound())
    fill(core, one, 10, 50, "t3")
    assert [m.order_qty for m in core.outbound()] == [20]


def test_an_answer_without_an_id_is_about_a_request_without_one(pair, clock):
    core, submit, asked = pair
    one, other = submit(), submit()
    core.cancel(other, new_cl_ord_id="u")
    clock.now += 2 * 10**9
    core.clock_tick()
    fill(core, one, 40, 100, "t1")
    asked()
    reject(core, other)
    assert other.unknown & tc.Unknown.CANCEL, "nothing was said of the first"
    assert asked() == [("REQUEST", other.order_id, 100)], "the shrink was refused"


def test_a_status_that_an_order_works_resolves_a_lost_cancel(desk, clock):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    list(core.outbound())
    core.cancel(order)
    clock.now += 2 * 10**9
    core.clock_tick()
    assert core.replace(order, qty=50).reason is tc.Reason.ALREADY_PENDING
    core.execution.on_execution_report("EXT", "ORDER_STATUS", order_id=order.order_id, ord_status="NEW")
    assert order.unknown == tc.Unknown.NONE
    list(core.outbound())
    core.replace(order, qty=50)
    assert sent_types(core) == ["ORDER_CANCEL_REPLACE_REQUEST"]


def test_a_lost_session_is_sent_no_status_request(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha")
    core.execution.set_venue_session("EXT", False)
    list(core.outbound())
    core.orders.order_status(order)
    assert not list(core.outbound())

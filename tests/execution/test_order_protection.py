"""Order protection, and a FILL_OR_KILL over several venues, in both backends.

With order protection no order trades through a better price that another venue displays, nor locks or crosses one: fees
decide between venues of one price alone. A displays 100 at 100.00 and more behind it, B in between.
"""

from __future__ import annotations

from random import Random

import pytest
from conftest import build_core, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.codes import Route

R, S, V, X = tc.Reason, tc.OrdStatus, tc.SimulatedVenue, tc.ExternalVenue
PROTECTED = tc.Instrument("AAPL", order_protection=True)
OFFERS = {"A": [("100.00", 100), ("100.02", 500)], "B": [("100.01", 200)]}


@pytest.fixture
def desk(make_core):
    """Two simulated venues, A dear and B free, with these offers; others can be given."""

    def build(*more, offers=OFFERS, **terms):
        core = make_core(instruments=[tc.Instrument("AAPL", **{"order_protection": True, **terms})], limits=limits(),
                         venues=[V("A", taker_fee_per_share="0.0300"), V("B"), *more], accounts=["alpha", "maker"])
        for venue, levels in offers.items():
            for price, size in levels:
                core.submit("AAPL", "SELL", size, price, venue=venue, account="maker")
        return core

    return build


def trades(core, order):
    return [(r.venue, int(r.last_qty), f"{r.last_px:.2f}") for r in core.reports(0)
            if r.exec_type is tc.ExecType.TRADE and r.order_id == order.order_id]


def buy(core, qty, price, **terms):
    return core.submit("AAPL", "BUY", qty, price, account="alpha", **terms)


@pytest.mark.parametrize(("protects", "venues"), [(False, ["B"]), (True, ["A"])])
def test_a_better_price_comes_before_a_lower_fee(desk, protects, venues):
    core = desk(order_protection=protects)
    assert [venue for venue, _, _ in trades(core, buy(core, 50, "100.05", time_in_force="IOC"))] == venues


def test_fees_decide_between_venues_of_one_price(desk):
    core = desk(offers={"A": [("100.00", 100)], "B": [("100.00", 100)]})
    assert trades(core, buy(core, 50, "100.05")) == [("B", 50, "100.00")]


def test_an_order_takes_every_better_price_before_a_worse_one(desk):
    core = desk()
    order = buy(core, 400, "100.05")
    assert sorted(trades(core, order)) == [("A", 100, "100.00"), ("A", 100, "100.02"), ("B", 200, "100.01")]
    assert order.ord_status is S.FILLED


@pytest.mark.parametrize(("terms", "end"), [
    ({}, (S.CANCELED, R.ORDER_PROTECTION)), ({"time_in_force": "IOC"}, (S.CANCELED, R.IOC_LEFTOVER)),
    ({"time_in_force": "FOK"}, (S.CANCELED, R.ORDER_PROTECTION)), ({"price": None}, (S.CANCELED, R.MARKET_LEFTOVER)),
])
def test_an_order_that_names_its_venue_goes_no_further_than_what_others_display(desk, terms, end):
    core = desk()
    order = buy(core, 150, **{"price": "100.02", "venue": "A", **terms})
    took = [] if terms.get("time_in_force") == "FOK" else [("A", 100, "100.00")]
    assert (trades(core, order), (order.ord_status, order.reason)) == (took, end)
    if end[1] is R.ORDER_PROTECTION:
        assert "limit 100.02 would trade through, lock or cross 100.01, which another venue displays" in str(order)


def test_what_would_lock_another_venue_does_not_rest(desk):
    core = desk()
    assert [buy(core, 5, price, venue="A", post_only=True).reason for price in ("99.99", "100.00")] == [
        R.NONE, R.POST_ONLY_WOULD_TAKE]
    core.mass_cancel(venue="A")
    assert [(buy(core, 5, price, venue="A").reason) for price in ("100.00", "100.01", "100.02")] == [
        R.NONE, R.ORDER_PROTECTION, R.ORDER_PROTECTION]
    assert buy(core, 5, "100.01", venue="A", post_only=True).reason is R.ORDER_PROTECTION


def test_a_routed_fill_or_kill_that_would_trade_through_is_canceled(desk):
    core = desk()
    order = buy(core, 150, "100.02", time_in_force="FOK")
    assert (order.ord_status, order.cum_qty) == (S.CANCELED, 0)
    assert buy(core, 100, "100.02", time_in_force="FOK").ord_status is S.FILLED


def test_a_venue_that_is_down_protects_nothing(desk):
    core = desk()
    core.risk.engage_kill_switch(venue="B")
    assert trades(core, buy(core, 150, "100.02")) == [("A", 100, "100.00"), ("A", 50, "100.02")]


def test_an_external_venue_is_sent_no_limit_beyond_what_others_display(desk):
    core = desk(X("E"), offers={"B": [("100.01", 200)]})
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    order = buy(core, 100, "100.05")
    assert order.place is tc.Place.IN_CHILDREN
    assert [(m.venue, m.order_qty, f"{m.price:.2f}") for m in core.outbound()] == [("E", 100, "100.00")]
    assert buy(core, 10, "100.05", venue="E").reason is R.ORDER_PROTECTION
    buy(core, 10, "100.01", venue="E")
    buy(core, 10, None, venue="E")
    assert [(m.ord_type.name, f"{m.price:.2f}") for m in core.outbound()] == [("LIMIT", "100.01"), ("LIMIT", "100.01")]


@pytest.mark.parametrize(("terms", "sent"), [
    ({"time_in_force": "FOK"}, "FILL_OR_KILL"), ({"time_in_force": "IOC", "min_qty": 50}, "IMMEDIATE_OR_CANCEL")])
def test_what_is_sent_whole_to_an_external_venue_takes_no_more_than_what_others_display(desk, terms, sent):
    core = desk(X("E"), offers={"B": [("100.01", 200)]})
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    plan = core.execution.route("AAPL", "BUY", 100, "100.05", account="alpha", **terms)
    order = buy(core, 100, "100.05", **terms)
    assert (order.place, order.reason) == (tc.Place.AT_VENUE, R.NONE)
    (message,) = core.outbound()
    told = message.venue, message.ord_type.name, message.time_in_force.name, message.order_qty, f"{message.price:.2f}"
    assert told == ("E", "LIMIT", sent, 100, "100.01")
    assert (plan.chosen, f"{plan.limit:.2f}") == (("E",), "100.01")
    hear = core.execution.on_execution_report
    hear("E", "TRADE", order_id=order.order_id, exec_id="1", last_qty=60, last_px="100.01")
    hear("E", "TRADE", order_id=order.order_id, exec_id="2", last_qty=40, last_px="100.02")
    assert [r.reason for r in core.reports(0) if r.exec_type is tc.ExecType.TRADE and r.order_id == order.order_id] == [
        R.NONE, R.FILL_BEYOND_LIMIT]


WHOLE = [{"time_in_force": "FOK"}, {"time_in_force": "IOC", "min_qty": 50}]


def cut_order(desk, side, terms):
    """100 to E that may pay 100.05 (receive 99.95): B displays 100.01 (99.99), as far as it is sent."""
    core = desk(X("E"), offers={})
    mine, other = ("100.05", "100.01") if side == "BUY" else ("99.95", "99.99")
    shown = "ask" if side == "BUY" else "bid"
    core.quote("B", "AAPL", **{shown: other, f"{shown}_size": 200})
    core.quote("E", "AAPL", **{shown: "100.00", f"{shown}_size": 300})
    order = core.submit("AAPL", side, 100, mine, account="alpha", **terms)
    assert told(core) == [("NEW_ORDER_SINGLE", "LIMIT", 100, other)]
    core.execution.on_execution_report("E", "NEW", order_id=order.order_id)
    return core, order


def told(core):
    return [(m.msg_type.name, m.ord_type.name, m.order_qty, f"{m.price:.2f}") for m in core.outbound()]


@pytest.mark.parametrize("terms", WHOLE)
@pytest.mark.parametrize(("side", "asked", "sent", "beyond"), [
    ("BUY", "99.50", "99.50", "99.51"), ("BUY", "100.03", "100.01", "100.02"), ("BUY", None, "100.01", "100.02"),
    ("SELL", "100.50", "100.50", "100.49"), ("SELL", "99.97", "99.99", "99.98"), ("SELL", None, "99.99", "99.98"),
])
def test_a_replace_of_what_was_cut_goes_out_at_the_tighter_of_what_is_asked_and_the_cut(
    desk, terms, side, asked, sent, beyond
):
    core, order = cut_order(desk, side, terms)
    hear = core.execution.on_execution_report
    assert core.replace(order, price=asked, qty=120).reason is R.NONE
    assert told(core) == [("ORDER_CANCEL_REPLACE_REQUEST", "LIMIT", 120, sent)]
    hear("E", "REPLACED", order_id=order.order_id)
    assert f"{order.price:.2f}" == (asked or {"BUY": "100.05", "SELL": "99.95"}[side])
    core.orders.order_status(order)
    core.cancel(order)
    assert told(core) == [("ORDER_STATUS_REQUEST", "LIMIT", 120, sent), ("ORDER_CANCEL_REQUEST", "LIMIT", 120, sent)]
    flags = [hear("E", "TRADE", order_id=order.order_id, exec_id=px, last_qty=1, last_px=px).reason
             for px in (sent, beyond)]
    assert flags == [R.NONE, R.FILL_BEYOND_LIMIT]


@pytest.mark.parametrize("asked", ["99.50", "100.03"])
def test_a_fill_beyond_the_cut_is_told_while_a_replace_is_asked(desk, asked):
    core, order = cut_order(desk, "BUY", WHOLE[0])
    core.replace(order, price=asked)  # until it is answered, the venue has 100.01; of 100.03 it is told no more
    hear = core.execution.on_execution_report
    flags = [hear("E", "TRADE", order_id=order.order_id, exec_id=px, last_qty=1, last_px=px).reason
             for px in ("100.01", "100.02")]
    assert flags == [R.NONE, R.FILL_BEYOND_LIMIT]


@pytest.mark.parametrize(("terms", "sent"), [
    ({"time_in_force": "DAY"}, None), ({"time_in_force": "GTC"}, None),
    ({"time_in_force": "FOK"}, "FILL_OR_KILL"), ({"time_in_force": "IOC", "min_qty": 50}, "IMMEDIATE_OR_CANCEL"),
])
def test_what_was_held_back_and_may_rest_is_not_sent_as_what_takes_at_once(desk, terms, sent):
    core = desk(X("E"), offers={})
    core.risk.prevent_self_match("OFF", account="alpha", outside="HOLD")
    own = core.submit("AAPL", "SELL", 10, "100.00", venue="E", account="alpha")
    core.execution.on_execution_report("E", "NEW", order_id=own.order_id)
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    order = buy(core, 100, "100.05", **terms)
    assert order.place is tc.Place.AWAITS_VENUE
    list(core.outbound())
    core.quote("B", "AAPL", ask="100.02", ask_size=300)  # better than its limit, since it was routed
    core.execution.on_execution_report("E", "CANCELED", order_id=own.order_id)
    went = [(m.time_in_force.name, f"{m.price:.2f}") for m in core.outbound() if m.order_id == order.order_id]
    assert went == ([(sent, "100.02")] if sent else [])
    assert (order.ord_status, order.reason) == ((S.PENDING_NEW, R.NONE) if sent else (S.CANCELED, R.ORDER_PROTECTION))


@pytest.mark.parametrize(("price", "terms", "goes", "limit"), [
    ("100.05", {"venue": "E"}, False, "100.05"), ("100.01", {"venue": "E"}, True, "100.01"),
    ("100.01", {"venue": "E", "post_only": True}, False, "100.01"), (None, {"venue": "E"}, True, "100.01"),
    ("100.05", {"venue": "A"}, True, "100.00"), ("99.99", {"venue": "E", "post_only": True}, True, "99.99"),
    ("100.05", {}, True, "100.05"),
])
def test_a_plan_says_how_far_protection_lets_an_order_go(desk, price, terms, goes, limit):
    core = desk(X("E"), offers={"B": [("100.01", 200)]})
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    plan = core.execution.route("AAPL", "BUY", 10, price, account="alpha", **terms)
    order = buy(core, 10, price, **terms)
    assert (bool(plan.chosen), plan.refused, f"{plan.limit:.2f}") == (goes, () if goes else ("ORDER_PROTECTION",), limit)
    assert (order.ord_status is not S.REJECTED) is goes
    if not goes:
        assert (order.reason, plan.rest, plan.route) == (R.ORDER_PROTECTION, 10, Route.NONE)
        assert plan.how == "it would be refused: ORDER_PROTECTION"
        assert {its.venue: its.why for its in plan.venues} == {
            "A": "displays nothing", "B": "not chosen", "E": "order protection: another displays a better price"}


def test_what_a_tried_venue_still_displays_is_not_traded_through(desk):
    core = desk(X("E"), offers={"B": [("100.01", 200)]})
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    order = buy(core, 400, "100.05")
    (child,) = [m.order_id for m in core.outbound()]
    assert trades(core, order) == [("B", 100, "100.01")]  # beside the 300 that E displays: at once
    core.execution.on_execution_report("E", "CANCELED", order_id=child)
    assert [(c.venue, f"{c.price:.2f}") for c in core.orders.children(order) if c.leaves_qty] == [("A", "99.99")]
    core.quote("E", "AAPL", ask="100.00", ask_size=10)
    core.replace(order, qty=500)
    assert [(m.venue, m.order_qty) for m in core.outbound()] == [("E", 10)]
    assert trades(core, order) == [("B", 100, "100.01"), ("B", 90, "100.01")]


# ---- replaces


def beside(desk, side, venue, **terms):
    """100 of an order far from what B displays alone: 100.02 for a buy, 99.98 for a sell."""
    core = desk(X("E"), offers={})
    mine, shown, price = ("99.00", "ask", "100.02") if side == "BUY" else ("101.00", "bid", "99.98")
    order = core.submit("AAPL", side, 100, mine, venue=venue, account="alpha", **terms)
    core.quote("B", "AAPL", **{shown: price, f"{shown}_size": 300})
    if venue == "E":
        core.execution.on_execution_report("E", "NEW", order_id=order.order_id)
    list(core.outbound())
    return core, order


def standing(order):
    return order.ord_status, str(order.price), order.order_qty, order.cum_qty


@pytest.mark.parametrize(("side", "post_only", "venue", "price", "goes"), [
    ("BUY", False, "E", "100.05", False), ("BUY", False, "E", "100.03", False), ("BUY", False, "E", "100.02", True),
    ("BUY", True, "E", "100.02", False), ("BUY", True, "E", "100.01", True),
    ("BUY", False, "A", "100.05", False), ("BUY", False, "A", "100.02", False), ("BUY", False, "A", "100.01", True),
    ("BUY", True, "A", "100.02", False), ("BUY", True, "A", "100.01", True),
    ("SELL", False, "E", "99.97", False), ("SELL", False, "E", "99.98", True), ("SELL", True, "E", "99.98", False),
    ("SELL", False, "A", "99.98", False), ("SELL", False, "A", "99.99", True),
])
def test_a_replace_is_refused_where_a_new_order_would_trade_through_or_lock(desk, side, post_only, venue, price, goes):
    core, order = beside(desk, side, venue, post_only=post_only)
    was = standing(order)
    answer = core.replace(order, price=price)
    assert answer.reason is (R.NONE if goes else R.ORDER_PROTECTION)
    assert [str(m.price) for m in core.outbound()] == ([price] if goes and venue == "E" else [])
    if not goes:
        assert standing(order) == was
        shown = "100.02" if side == "BUY" else "99.98"
        assert f"limit {price} would trade through, lock or cross {shown}, which another venue displays" in str(answer)
    new = core.submit("AAPL", side, 100, price, venue=venue, account="maker", post_only=post_only)
    assert (new.reason is R.NONE) is goes


@pytest.mark.parametrize("offered", [100, 99])
def test_a_replace_that_takes_all_it_asks_for_before_the_price_elsewhere_does_not_lock_it(desk, offered):
    core, order = beside(desk, "BUY", "A")
    core.submit("AAPL", "SELL", offered, "100.01", venue="A", account="maker")
    core.replace(order, price="100.05")
    assert trades(core, order) == ([("A", 100, "100.01")] if offered == 100 else [])
    assert order.ord_status is (S.FILLED if offered == 100 else S.NEW)


@pytest.mark.parametrize("venue", ["A", "E"])
def test_what_others_have_come_to_meet_may_ask_for_less_or_go_away_from_them_but_no_further(desk, venue):
    core, order = beside(desk, "BUY", venue)
    core.quote("B", "AAPL", ask="98.50", ask_size=300)

    def ask(**terms):
        reason = core.replace(order, **terms).reason
        sent = [m.order_id for m in core.outbound()]
        assert len(sent) == (venue == "E" and reason is R.NONE)
        if sent:
            core.execution.on_execution_report("E", "REPLACED", order_id=order.order_id)
        return reason

    assert [ask(qty=80), ask(price="98.90"), ask(qty=70, price="98.80")] == [R.NONE] * 3
    assert standing(order) == (S.NEW, "98.80", 70, 0)
    further = [{"qty": 71}, {"price": "98.81"}, {"qty": 71, "price": "98.70"}, {"qty": 69, "price": "98.81"}]
    assert [ask(**terms) for terms in further] == [R.ORDER_PROTECTION] * 4
    assert standing(order) == (S.NEW, "98.80", 70, 0)
    assert ask(price="98.49") is R.NONE  # away from them


@pytest.mark.parametrize("terms", [{"price": "98.60"}, {"price": "99.00"}, {"qty": 80}])
def test_a_replace_goes_no_further_than_its_venue_was_asked_for_last(desk, terms):
    core, order = beside(desk, "BUY", "E")
    core.replace(order, price="98.00")
    core.quote("B", "AAPL", ask="98.50", ask_size=300)
    assert core.replace(order, **terms).reason is R.ORDER_PROTECTION  # once 98.00 is answered, it would be nearer
    core.execution.on_cancel_reject("E", order_id=order.order_id)
    assert core.replace(order, price="98.60").reason is R.NONE


def test_without_protection_or_in_an_auction_a_replace_is_not_kept_off(desk):
    core = desk(X("E"), offers={}, order_protection=False)
    order = buy(core, 100, "99.00", venue="E")
    core.quote("B", "AAPL", ask="100.02", ask_size=300)
    assert core.replace(order, price="100.05").reason is R.NONE
    core, order = beside(desk, "BUY", "E", time_in_force="AT_THE_CLOSE")
    assert core.replace(order, price="100.05").reason is R.NONE


# ---- FILL_OR_KILL over several venues


@pytest.mark.parametrize("protects", [False, True])
@pytest.mark.parametrize(("over", "qty", "filled"), [
    (True, 300, 300), (True, 800, 800), (True, 801, 0), (False, 700, 0), (False, 100, 100)])
def test_a_fill_or_kill_is_filled_whole_over_simulated_venues_or_not_at_all(desk, protects, over, qty, filled):
    core = desk(fok_over_venues=over, order_protection=protects)
    order = buy(core, qty, "100.02", time_in_force="FOK")
    assert (order.cum_qty, order.ord_status) == (filled, S.FILLED if filled else S.CANCELED)
    if not filled:
        assert order.reason is R.FOK_NOT_FILLABLE
        assert core.orders.children(order) == []
    assert core.position("AAPL", "alpha").qty == filled


def test_external_venues_and_those_that_may_refuse_promise_nothing_jointly(desk):
    core = desk(X("E"), fok_over_venues=True, order_protection=False)
    core.quote("E", "AAPL", ask="99.00", ask_size=1000)
    assert buy(core, 1001, "100.02", time_in_force="FOK").ord_status is S.CANCELED
    assert list(core.outbound()) == []
    core.risk.engage_kill_switch(venue="E")
    core.risk.set_limit("max_order_qty", 150, venue="B")
    assert buy(core, 800, "100.02", time_in_force="FOK").ord_status is S.CANCELED
    assert core.position("AAPL", "alpha").qty == 0


def test_what_explain_says_of_a_fill_or_kill_over_venues(desk):
    core = desk(fok_over_venues=True)
    order = buy(core, 300, "100.02", time_in_force="FOK")
    assert core.explain(order).how == ("filled whole over several venues, none of which could alone: 200 at B, 100 at A")


# ---- random


@pytest.mark.parametrize("backend", ["native", "python"])
def test_no_random_order_trades_through(backend):
    """An oracle looks at what was displayed before: every trade of an order is at a price no worse than that of any
    displayed quantity elsewhere which it left."""
    random, orders = Random(7), 0
    core = build_core(backend, instruments=[tc.Instrument("AAPL", order_protection=True, fok_over_venues=True)],
                      accounts=["alpha", "maker"], capacity=small_capacity(), limits=limits(),
                      venues=[V("A", taker_fee_bps=3), V("B"), V("C", taker_fee_per_share="-0.0030")])
    for _ in range(150):
        core.mass_cancel()
        shown = {venue: {} for venue in "ABC"}
        for _ in range(random.randrange(2, 9)):
            venue, price, size = random.choice("ABC"), random.randrange(10_000, 10_005), random.randrange(1, 40)
            core.submit("AAPL", "SELL", size, f"{price / 100:.2f}", venue=venue, account="maker")
            shown[venue][price] = shown[venue].get(price, 0) + size
        limit, qty = random.randrange(9_999, 10_006), random.randrange(1, 120)
        tif, named = random.choice(["DAY", "IOC", "FOK"]), random.choice([None, None, None, "A"])
        order = core.submit("AAPL", "BUY", qty, f"{limit / 100:.2f}", venue=named, time_in_force=tif, account="alpha")
        worst = 0
        for venue, size, price in trades(core, order):
            shown[venue][round(float(price) * 100)] -= size
            worst = max(worst, round(float(price) * 100))
        left = [price for venue, levels in shown.items() for price, size in levels.items() if size]
        assert not worst or min([p for p in left if named is None or p < worst], default=worst) >= worst or named
        if named is not None:
            others = [p for venue in "BC" for p, size in shown[venue].items() if size]
            assert not worst or worst <= min(others, default=worst)
        if tif == "FOK":
            assert order.cum_qty in (0, qty)
            total = sum(size for levels in shown.values() for p, size in levels.items() if p <= limit)
            assert order.cum_qty or named or total < qty
        if order.leaves_qty and order.place is not tc.Place.IN_CHILDREN:
            assert limit < min(left, default=limit + 1)
        orders += order.cum_qty > 0
    assert orders > 60

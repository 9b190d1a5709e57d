"""How a venue is chosen: strategies, charges in integers, and what is known of venues, seen or set."""

from __future__ import annotations

from decimal import Decimal
from math import isqrt

import numpy as np
import pytest
from conftest import T0, build_core, limits

import tradecore as tc
from tradecore.vocabulary.records import COMMAND_DTYPES

D = Decimal
S, V, X = tc.RoutingStrategy, tc.SimulatedVenue, tc.ExternalVenue
NAMES = "ABCD"
# What each displays to a buyer, and its taker fee: A is cheapest by price, B all-in, C is near, D has most.
BOOK = {"A": ("100.00", 100, "0.03"), "B": ("100.01", 200, "0"), "C": ("100.02", 100, "0.001"), "D": ("100.04", 600, "0")}
TRIPS = {"A": 900, "B": 700, "C": 50, "D": 300}  # µs


@pytest.fixture
def desk(make_core):
    core = make_core(venues=[V(name, taker_fee_per_share=BOOK[name][2]) for name in NAMES], accounts=["alpha"])
    display(core)
    for name, trip in TRIPS.items():
        core.execution.router.set_statistics(name, round_trip=trip * 1_000)
    return core


def display(core):
    for name, (ask, size, _) in BOOK.items():
        core.quote(name, "AAPL", ask=ask, ask_size=size, bid="99.00", bid_size=1)


FIRST = {S.ALL_IN_COST: "B", S.BEST_PRICE: "A", S.LOWEST_LATENCY: "C", S.ROUND_ROBIN: "A", S.PRO_RATA: "B"}


@pytest.mark.parametrize("routing", list(FIRST))
@pytest.mark.parametrize("scope", ["core", "strategy", "order"])
def test_a_strategy_is_chosen_for_the_core_a_strategy_or_an_order(desk, routing, scope):
    terms, other = {"strategy": 7}, {"strategy": 8}
    if scope == "order":
        terms["routing"] = routing
    else:
        desk.execution.router.set_strategy(routing, 7 if scope == "strategy" else 0, who="ann")
    if routing is S.PRO_RATA:  # of one lot the rounding leaves it to the first of the ranking
        assert desk.execution.route("AAPL", "BUY", 1, **terms).chosen == ("B",)
    order = desk.submit("AAPL", "BUY", 1, **terms)
    plan_of_other = desk.execution.route("AAPL", "BUY", 1, **other)
    assert order.venue == FIRST[routing]
    assert plan_of_other.strategy is (routing if scope == "core" else S.ALL_IN_COST)


@pytest.mark.parametrize(("qty", "limit", "parts"), [  # what a venue shows within the limit, in proportion
    (100, "100.04", {"A": 10, "B": 20, "C": 10, "D": 60}),
    (999, "100.04", {"A": 100, "B": 200, "C": 100, "D": 599}),  # 99.9, 199.8, 99.9, 599.4: the ranking is B, C, A, D
    (1_000, "100.04", {"A": 100, "B": 200, "C": 100, "D": 600}),
    (40, "100.02", {"A": 10, "B": 20, "C": 10}),
    (7, "100.01", {"A": 2, "B": 5}),  # 2.33 and 4.67
    (500, "100.01", {"A": 100, "B": 200}),
])
def test_pro_rata_gives_each_its_share_of_what_is_displayed(desk, qty, limit, parts):
    plan = desk.execution.route("AAPL", "BUY", qty, limit, routing="PRO_RATA")
    got = {venue.venue: venue.qty for venue in plan.venues if venue.qty}
    assert got == parts
    order = desk.submit("AAPL", "BUY", qty, limit, routing="PRO_RATA", time_in_force="IOC")
    assert {child.venue: child.cum_qty for child in desk.orders.children(order)} == got
    assert order.cum_qty == min(qty, sum(got.values()))


@pytest.mark.parametrize(("routing", "order"), [
    ("BEST_PRICE", "ABCD"), ("LOWEST_LATENCY", "CDBA"), ("ALL_IN_COST", "BCAD"),
])
def test_a_large_order_goes_on_as_its_strategy_prefers(desk, routing, order):
    """Each venue is taken whole before the next: the last one has what is left."""
    left = sum(BOOK[name][1] for name in order) - 1
    plan = desk.execution.route("AAPL", "BUY", left, "100.04", routing=routing)
    had = {venue.venue: int(venue.qty) for venue in plan.venues}
    assert had == {name: BOOK[name][1] - (name == order[-1]) for name in order}


def test_round_robin_takes_turns_which_are_part_of_the_state(desk):
    before = desk.state_hash()
    plan = desk.execution.route("AAPL", "BUY", 1, "100.02", routing="ROUND_ROBIN")
    assert (plan.chosen, desk.state_hash()) == (("A",), before)
    turns = [desk.submit("AAPL", "BUY", 1, "100.02", routing="ROUND_ROBIN").venue for _ in range(5)]
    assert turns == ["A", "B", "C", "A", "B"]  # D is beyond the limit
    assert desk.submit("AAPL", "SELL", 1, "99.00", routing="ROUND_ROBIN").venue == "A"  # each side has its own
    desk.risk.engage_kill_switch(venue="C")
    assert desk.submit("AAPL", "BUY", 1, "100.02", routing="ROUND_ROBIN").venue == "A"
    resting = [desk.submit("AAPL", "BUY", 1, "98.00", routing="ROUND_ROBIN").venue for _ in range(4)]
    assert resting == ["B", "D", "A", "B"]


DIVIDED = {
    S.ALL_IN_COST: ("divided by what each further lot costs all-in", "its lots are among the cheapest"),
    S.BEST_PRICE: ("divided by the best displayed price", "its price is among the best"),
    S.LOWEST_LATENCY: ("divided by the lowest latency", "its latency is among the lowest"),
    S.ROUND_ROBIN: ("divided in turn", "its turn has come"),
    S.PRO_RATA: ("divided in proportion to what is displayed", "its share of what is displayed"),
}


@pytest.mark.parametrize("routing", list(DIVIDED))
def test_what_a_strategy_divided_is_told_in_the_same_words_before_and_after(desk, routing):
    plan = desk.execution.route("AAPL", "BUY", 700, "100.04", routing=routing)
    order = desk.submit("AAPL", "BUY", 700, "100.04", routing=routing)
    told, (how, part) = desk.explain(order), DIVIDED[routing]
    parts = desk.orders.children(order)
    assert (plan.how, told.how.partition(":")[0]) == (how, how)
    assert {score.why for score in told.venues if score.qty} == {part}
    assert {desk.explain(child).how for child in parts} == {f"a part of order {order.order_id}: {how}"}


@pytest.mark.parametrize(("routing", "where"), [
    ("BEST_PRICE", "the lowest maker fee"), ("LOWEST_LATENCY", "the lowest latency"), ("ROUND_ROBIN", "the next in turn")])
def test_what_rests_tells_what_its_strategy_rests_it_by(desk, routing, where):
    plan = desk.execution.route("AAPL", "BUY", 1, "99.50", routing=routing)
    order = desk.submit("AAPL", "BUY", 1, "99.50", routing=routing)
    assert plan.how == f"it would rest at {where}"
    assert desk.explain(order).how == f"nothing displayed was within the limit: where it rests at {where}"


def test_a_divided_order_goes_on_as_it_was_routed_whatever_is_set_later(make_core):
    core = make_core(venues=[V("A", taker_fee_per_share="0.03"), V("B"), X("E")], limits=limits())
    core.quote("E", "AAPL", ask="100.00", ask_size=300)
    core.quote("B", "AAPL", ask="100.01", ask_size=100)
    order = core.submit("AAPL", "BUY", 400, "100.05")
    (sent,) = core.outbound()
    core.quote("A", "AAPL", ask="100.02", ask_size=300)
    core.quote("B", "AAPL", ask="100.03", ask_size=300)  # dearer than A, cheaper with the fee
    core.execution.router.set_strategy("BEST_PRICE")
    core.execution.on_execution_report("E", "CANCELED", order_id=sent.order_id)
    assert [(child.venue, int(child.cum_qty)) for child in core.orders.children(order)] == [("E", 0), ("B", 100), ("B", 300)]
    core.quote("E", "AAPL", ask="100.00", ask_size=0)
    assert core.submit("AAPL", "BUY", 1, "100.05").venue == "A"


def test_what_no_strategy_can_be_is_refused_and_changes_nothing(desk):
    router = desk.execution.router
    before = router.statistics("A"), router.route("AAPL", "BUY", 900, "100.04")
    with pytest.raises(ValueError, match="routing 'CHEAP' is not a RoutingStrategy: one of NONE, ALL_IN_COST"):
        router.set_strategy("CHEAP")
    with pytest.raises(tc.RefusedError, match="strategy 100000 "):
        router.set_strategy("BEST_PRICE", 100_000)
    with pytest.raises(ValueError, match="latency '1001'"):
        router.set_weights(latency="1001")
    with pytest.raises(ValueError, match=r"fill_rate '1\.1'"):
        router.set_statistics("A", fill_rate="1.1")
    with pytest.raises(tc.UndeclaredError, match="venue 'Z' is not declared"):
        router.set_statistics("Z", fill_rate=1)
    assert (router.statistics("A"), router.route("AAPL", "BUY", 900, "100.04")) == before


# ---- charges

def test_a_charge_for_the_chance_of_not_filling_is_exact_and_told_term_by_term(desk):
    router = desk.execution.router
    router.set_statistics("B", fill_rate="0.9", reject_rate="0.05")  # 0.855 of what it takes
    router.set_weights(miss_bps=10)  # of 100.01: 0.10001, of which 0.145
    plan = desk.execution.route("AAPL", "BUY", 1)
    (b,) = [venue for venue in plan.venues if venue.venue == "B"]
    assert (b.miss, b.latency, b.degraded, b.all_in) == (D("0.01450145"), 0, 0, D("100.02450145"))
    assert plan.chosen == ("C",)  # 100.021
    order = desk.submit("AAPL", "BUY", 1)
    assert order.venue == "C"
    assert "miss 0.01450145" in str(desk.explain(order))
    assert [score.miss for score in desk.explain(order).venues if score.venue == "B"] == [D("0.01450145")]


@pytest.mark.parametrize("kind", [tc.CommandType.VENUE_STATISTICS, tc.CommandType.VENUE_HEALTH])
def test_what_is_set_of_a_venue_is_told_of_nothing_else(desk, kind):
    """Whatever else its record names."""
    record = np.full(1, -1, COMMAND_DTYPES[kind])  # all stays as it is
    for field, value in {"kind": kind, "transact_time": 0, "version": 0, "who": 0, "why": 0, "instrument": 1, "account": 1, "venue": 2}.items():
        record[field] = value
    assert desk.submit_batch(record)["report_type"] == tc.ReportType.COMMAND_ACCEPTED
    told = list(desk.reports(0))[-1].row
    assert (told.command_kind, told.venue, told.instrument, told.account) == (kind, 2, 0, 0)


def test_posting_has_statistics_and_charges_of_its_own(desk):
    router = desk.execution.router
    router.set_weights(miss_bps=10)
    assert desk.submit("AAPL", "BUY", 1, "98.00").venue == "A"
    router.set_statistics("A", fill_rate=0)
    assert desk.submit("AAPL", "BUY", 1, "98.00").venue == "A"  # that is of those that take
    router.set_statistics("A", post_fill_rate="0.5")
    router.set_statistics("B", post_fill_rate="0.5")
    assert desk.submit("AAPL", "BUY", 1, "98.00").venue == "C"
    router.set_weights(miss_bps=0)
    assert desk.submit("AAPL", "BUY", 1, "98.00").venue == "A"


def test_latency_costs_volatility_times_the_root_of_the_round_trip(make_core, clock):
    core = make_core(venues=[V("A"), V("B")])
    router = core.execution.router
    router.set_weights(latency=2)
    router.set_statistics("A", round_trip=4_000_000)  # 2 / sqrt(1000) of sqrt(s): 0.063245
    volatility, mid = 0, None
    for cents, wait in ((0, 0), (10, 1_000_000_000), (10, 500_000_000), (30, 3_500_000_000), (30, 86_400_000_000_000)):
        clock.now += wait
        core.quote("A", "AAPL", bid=D(9_999 + cents) / 100, bid_size=5, ask=D(10_001 + cents) / 100, ask_size=5)
        if wait >= 1_000_000_000:  # between, nothing is looked at; price units are 1e-8, charges a millionth of one
            change = abs(cents - mid) * 10**6 * 10**6 * 10**6 // isqrt((4_000_000_000 if wait == 3_500_000_000 else wait) * 1_000)
            volatility += (change - volatility) >> 3
        if wait != 500_000_000:
            mid = cents
    core.quote("B", "AAPL", bid="100.28", bid_size=5, ask="100.31", ask_size=5)
    charge = volatility * isqrt(4_000_000 * 1_000) * 2_000_000 // 10**12
    assert charge > 0
    a, b = sorted(core.execution.route("AAPL", "BUY", 1).venues)
    assert (a.latency, b.latency) == (D(charge).scaleb(-14), 0)
    assert a.all_in == D("100.31") + a.latency
    assert core.submit("AAPL", "BUY", 1).venue == "B"


def test_a_degraded_venue_costs_more_until_it_is_said_to_be_well(desk):
    router = desk.execution.router
    router.set_weights(degraded_bps=2)  # of 100.01: 0.020002
    assert desk.submit("AAPL", "BUY", 1).venue == "B"
    router.set_health("B", "DEGRADED")
    assert router.health("B").health is tc.VenueHealth.DEGRADED
    order = desk.submit("AAPL", "BUY", 1)
    (b,) = [score for score in desk.explain(order).venues if score.venue == "B"]
    assert (order.venue, b.degraded, b.all_in) == ("C", D("0.020002"), D("100.030002"))
    router.set_health("B", cooldown=5)  # what is not said stays as it is
    assert router.health("B").health is tc.VenueHealth.DEGRADED
    router.set_health("B", tc.VenueHealth.CONNECTED)
    assert desk.submit("AAPL", "BUY", 1).venue == "B"


def moved_core(make_core, clock, **more):
    """The mid of AAPL has moved at A, whose latency costs; B is dearer at first sight."""
    core = make_core(venues=[V("A"), V("B")], **more)
    core.execution.router.set_weights(latency=1)
    core.execution.router.set_statistics("A", round_trip=100_000_000)
    for cents in (0, 50, 0):
        core.quote("A", "AAPL", bid=D(9_999 + cents) / 100, bid_size=5, ask=D(10_001 + cents) / 100, ask_size=5)
        clock.now += 2_000_000_000
    return core


def test_a_split_is_no_movement_and_takes_the_movement_of_the_old_prices_with_it(make_core, clock):
    core = moved_core(make_core, clock)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 2, 1)
    core.execution.set_session("AAPL", "OPEN")
    core.quote("A", "AAPL", bid="49.99", bid_size=5, ask="50.01", ask_size=5)
    core.quote("B", "AAPL", bid="49.99", bid_size=5, ask="50.02", ask_size=5)
    plan = core.execution.route("AAPL", "BUY", 1)
    assert (plan.chosen, {venue.latency for venue in plan.venues}) == (("A",), {0})


def test_a_mid_is_seen_for_the_first_time_at_the_time_0_too(clock):
    told = []
    for backend in ("native", "python"):
        clock.now = 0
        core = build_core(backend, clock=clock, venues=[V("A")])
        core.execution.router.set_weights(latency=1_000)
        core.execution.router.set_statistics("A", round_trip=100_000_000)
        for clock.now, price in ((0, 100), (1_000_000_000, 200)):
            core.quote("A", "AAPL", bid=price, bid_size=5, ask=price + 1, ask_size=5)
        told.append((core.state_hash(), core.execution.router.route("AAPL", "BUY", 1)))
    assert told[0] == told[1]
    assert told[0][1].venues[0].latency > 0


def test_a_moving_mid_re_ranks_its_own_instrument_only(make_core, clock):
    core = moved_core(make_core, clock, instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    core.quote("A", "MSFT", ask=100, ask_size=1)

    def missed(symbol):
        before = core.metrics()["rankings_missed"]
        core.submit(symbol, "BUY", 1, 50, time_in_force="IOC")
        return core.metrics()["rankings_missed"] - before

    missed("MSFT")
    core.quote("A", "AAPL", bid="101.99", bid_size=5, ask="102.01", ask_size=5)
    assert missed("MSFT") == 0
    assert missed("AAPL") == 1


def test_a_warm_ranking_is_made_anew_when_a_charge_changes(desk):
    def missed():
        before = desk.metrics()["rankings_missed"]
        desk.submit("AAPL", "BUY", 1, 50, time_in_force="IOC")
        return desk.metrics()["rankings_missed"] - before
    missed()
    assert missed() == 0
    desk.execution.router.set_weights(miss_bps=1)
    assert (missed(), missed()) == (1, 0)
    desk.execution.router.set_statistics("A", fill_rate="0.5")
    assert (missed(), missed()) == (1, 0)


# ---- seen in the core's own orders

def test_a_venue_is_known_by_what_it_made_of_the_cores_own_orders(make_core, clock):
    core = make_core(venues=[X("EXT"), V("XNAS")], limits=limits())
    said = core.execution.router.statistics
    assert said("EXT") == ("EXT", 0, 1, 1, 0, 0, 0)
    core.quote("EXT", "AAPL", bid=99, bid_size=100, ask=100, ask_size=100)
    clock.now += 8_000
    order = core.submit("AAPL", "BUY", 100, 100, time_in_force="IOC", cl_ord_id="a")
    clock.now += 5_000_000
    core.on_execution_report = core.execution.on_execution_report
    core.on_execution_report("EXT", "TRADE", cl_ord_id="a", exec_id="1", last_qty=40, last_px=100)
    # an eighth of 8,000 ns; the first round trip counts whole
    assert said("EXT") == ("EXT", 5_000_000, 1, 1, 0, 1_000, 1)
    core.on_execution_report("EXT", "CANCELED", cl_ord_id="a")
    assert order.cum_qty == 40
    assert said("EXT").fill_rate == D("0.9625")  # a sixteenth of the way from 1 to 0.4
    core.submit("AAPL", "BUY", 100, 99, venue="EXT", cl_ord_id="b")
    clock.now += 1_000_000
    core.on_execution_report("EXT", "REJECTED", cl_ord_id="b")
    assert said("EXT")[1:] == (4_500_000, D("0.9625"), 1, D("0.0625"), 1_000 + (5_008_000 - 1_000 >> 3), 2)
    core.submit("AAPL", "BUY", 100, 99, venue="EXT", cl_ord_id="c")
    core.on_execution_report("EXT", "NEW", cl_ord_id="c")
    core.on_execution_report("EXT", "CANCELED", cl_ord_id="c")
    assert said("EXT").post_fill_rate == D("0.9375")
    assert said("EXT").reject_rate == D("0.058593")
    # a simulated venue answers at once, and fills what it displays
    assert said("XNAS") == ("XNAS", 0, 1, 1, 0, 0, 0)


def test_a_round_trip_ends_with_the_first_word_and_is_unknown_where_that_may_have_been_lost(make_core, clock):
    core = make_core(venues=[X("EXT")], limits=limits())
    said, hear = core.execution.router.statistics, core.execution.on_execution_report
    core.submit("AAPL", "BUY", 100, 99, venue="EXT", cl_ord_id="a")
    clock.now += 5_000_000
    hear("EXT", "PENDING_NEW", cl_ord_id="a")
    assert said("EXT")[1:] == (5_000_000, 1, 1, 0, 0, 1)
    clock.now += 1_000
    hear("EXT", "PENDING_NEW", cl_ord_id="a")
    clock.now += 1_000
    hear("EXT", "REJECTED", cl_ord_id="a")
    assert said("EXT")[1:] == (5_000_000, 1, 1, D("0.0625"), 0, 1)  # only the verdict waits
    for word in ("PENDING_NEW", "NEW"):
        core.submit("AAPL", "BUY", 100, 99, venue="EXT", cl_ord_id=word)
        list(core.outbound())
        core.execution.set_venue_session("EXT", connected=False)
        clock.now += 600_000_000_000
        core.execution.set_venue_session("EXT", connected=True)
        hear("EXT", word, cl_ord_id=word)
        clock.now += 1_000
        hear("EXT", "NEW", cl_ord_id=word)
    assert said("EXT")[1:] == (5_000_000, 1, 1, D("0.054930"), 0, 1)  # 15/16 of 15/16 of 0.0625, down


KNOWN = [("fill_rate", "0.5", "0.6"), ("post_fill_rate", "0.5", "0.6"), ("reject_rate", "0.1", "0.2"),
         ("round_trip", 5, 6), ("quote_age", 5, 6)]


@pytest.mark.parametrize(("name", "one", "other"), KNOWN)
def test_what_is_known_is_part_of_the_state(name, one, other):
    hashes = []
    for backend, value in (("native", one), ("python", one), ("native", other), ("python", other)):
        core = build_core(backend)
        core.execution.router.set_statistics("XNAS", **{name: value})
        hashes.append(core.state_hash())
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


def test_the_same_commands_are_routed_the_same_way():
    told = []
    for backend in ("native", "python"):
        core = build_core(backend, venues=[V(name, taker_fee_per_share=BOOK[name][2]) for name in NAMES], clock=lambda: T0)
        display(core)
        core.execution.router.set_weights(miss_bps="0.5", degraded_bps=3, latency=1)
        core.execution.router.set_statistics("B", fill_rate="0.123456", round_trip=123_456_789)
        for number, routing in enumerate(S):
            core.execution.router.set_strategy(routing, number)
            core.submit("AAPL", "BUY", 130, "100.03", strategy=number, time_in_force="IOC")
        told.append((core.state_hash(), core.event_hash))
    assert told[0] == told[1]

"""SmartOrderRouter, alone and of a core: what is displayed, and a dry run that says what an order would then do."""

from __future__ import annotations

import gc
import runpy
import weakref
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pytest
from conftest import BACKENDS, T0, build_core, limits, seeds, small_capacity

import tradecore as tc

D = Decimal
R, M = tc.Reason, tc.MarketState
V = tc.SimulatedVenue
VENUES = {"XNAS": V("XNAS", taker_fee_per_share="0.0030"), "ARCX": V("ARCX"), "BATS": V("BATS", taker_fee_per_share="-0.0010")}


@pytest.fixture(params=BACKENDS)
def router(request):
    """Three venues with fees, alone."""
    return tc.SmartOrderRouter(instruments=[tc.Instrument("AAPL")], venues=VENUES.values(), backend=request.param,
                               capacity=small_capacity(), clock=lambda: T0)


# ---- the book

def test_a_book_shows_levels_sizes_and_orders_in_priority_and_of_an_iceberg_what_it_displays(core):
    core.quote("XNAS", "AAPL", bid="99.98", bid_size=30, ask="100.02", ask_size=40)
    first = core.submit("AAPL", "BUY", 10, "99.99", venue="XNAS")
    berg = core.submit("AAPL", "BUY", 500, "99.98", venue="XNAS", display_qty=20)
    core.submit("AAPL", "SELL", 7, "100.05", venue="ARCX")
    book = core.execution.book("AAPL", "XNAS")
    assert book.bids == [
        (D("99.99"), 10, ((first.order_id, 10),)),
        (D("99.98"), 50, ((0, 30), (berg.order_id, 20))),
    ]
    assert book.asks == [(D("100.02"), 40, ((0, 40),))]
    assert book.array.tolist() == [
        (1, 0, 99_990_000_00, 10, first.order_id), (1, 1, 99_980_000_00, 30, 0), (1, 1, 99_980_000_00, 20, berg.order_id),
        (2, 0, 100_020_000_00, 40, 0)]
    assert book.array.dtype == tc.BOOK_LINE_DTYPE
    assert repr(book) == """DisplayedBook: AAPL at XNAS, 4 orders
orders  bid size    bid     ask  ask size  orders
     1        10  99.99  100.02        40       1
     2        50  99.98"""
    assert book._repr_html_().startswith("<table><caption>AAPL at XNAS: 2 rows</caption>")
    assert len(core.execution.book("AAPL", "XNAS", levels=1).array) == 2
    assert core.execution.book("AAPL", "ARCX").bids == []
    with pytest.raises(ValueError, match="read-only"):
        book.array["qty"] = 1


@pytest.mark.parametrize(("call", "error", "text"), [
    (("MSFT", "XNAS"), tc.UndeclaredError, "symbol 'MSFT' is not declared"),
    (("AAPL", "XLON"), tc.UndeclaredError, "venue 'XLON' is not declared"),
    (("AAPL", "XNAS", 0), ValueError, "levels 0 must be 1 to 2147483647"),
    (("AAPL", "XNAS", 1.5), TypeError, "levels"),
])
def test_a_book_that_is_asked_for_wrongly_names_what_is_wrong(core, call, error, text):
    with pytest.raises(error, match=text):
        core.execution.book(*call)


@pytest.mark.parametrize("levels", [2_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_book_of_very_many_levels_is_copied_routed_and_told_short(levels):
    core = build_core("native", capacity=tc.Capacity(open_orders=1 << 21), limits=limits())
    orders = tc.new_orders(levels)
    orders["instrument"] = orders["account"] = orders["venue"] = 1
    orders["side"], orders["order_qty"] = 2, 1
    orders["price"] = (20_000 + np.arange(levels)) * tc.Instrument("AAPL").tick
    core.submit_batch(orders)
    book = core.execution.book("AAPL", "XNAS")
    assert len(book.array) == levels
    assert (book.array["level"] == np.arange(levels)).all()
    assert len(core.execution.book("AAPL", "XNAS", levels=5).asks) == 5
    told = repr(core.execution.book("AAPL", "XNAS", levels=1_000))
    assert told.splitlines()[-1] == "990 more levels not shown"
    plan = core.execution.route("AAPL", "BUY", levels)
    assert (plan.chosen, plan.rest) == (("XNAS",), 0)


# ---- a dry run

def quote_all(router):
    router.quote("XNAS", "AAPL", bid="99.99", bid_size=100, ask="100.00", ask_size=500)
    router.quote("ARCX", "AAPL", bid="99.98", bid_size=100, ask="100.00", ask_size=300)


def test_a_plan_names_each_venue_with_its_terms_what_it_has_and_why(router):
    quote_all(router)
    plan = router.route("AAPL", "BUY", 700, "100.00")
    assert (plan.symbol, plan.side, plan.qty, plan.limit) == ("AAPL", tc.Side.BUY, 700, D("100"))
    assert (plan.rest, plan.chosen, plan.market) == (0, ("ARCX", "XNAS"), M.NORMAL)
    assert tuple(venue[:7] for venue in plan.venues) == (
        ("ARCX", D("100.00"), 300, 0, D("100.00"), 300, "takes"),
        ("XNAS", D("100.00"), 500, D("0.003"), D("100.003"), 400, "takes"),
        ("BATS", None, 0, None, None, 0, "displays nothing"))
    assert plan.how == "divided by what each further lot costs all-in"
    assert repr(plan).splitlines()[0] == f"RoutePlan: BUY 700 AAPL -> ARCX, XNAS: {plan.how}"
    assert "<td" in plan._repr_html_()


PLANS = [  # terms, what is chosen, what is left to no venue, and why the others are not
    ({"qty": 10}, ("ARCX",), 0, {"XNAS": "dearer", "BATS": "displays nothing"}),
    ({"qty": 10, "price": "99.50"}, ("XNAS",), 0, {"ARCX": "beyond the limit", "BATS": "displays nothing"}),  # no maker fee differs
    ({"qty": 10, "price": "100.00", "post_only": True}, ("XNAS",), 0, {"ARCX": "the order is post-only"}),
    ({"qty": 400, "price": "100.00", "time_in_force": "FOK"}, ("XNAS",), 0, {"ARCX": "holds less than a FILL_OR_KILL needs"}),
    ({"qty": 10, "venue": "XNAS"}, ("XNAS",), 0, {"ARCX": "not named"}),
    ({"qty": 900, "time_in_force": "IOC"}, ("ARCX", "XNAS"), 100, {}),
]


@pytest.mark.parametrize(("terms", "chosen", "rest", "others"), PLANS)
def test_a_plan_says_why_and_why_not(router, terms, chosen, rest, others):
    quote_all(router)
    plan = router.route("AAPL", "BUY", **terms)
    why = {venue.venue: venue.why for venue in plan.venues}
    assert (plan.chosen, plan.rest) == (chosen, rest)
    assert others.items() <= why.items()


def test_a_venue_that_is_down_is_not_planned_and_says_so(core):
    for venue in ("XNAS", "ARCX"):
        core.quote(venue, "AAPL", ask=100, ask_size=10)
    core.risk.engage_kill_switch(venue="ARCX")
    plan = core.execution.route("AAPL", "BUY", 10)
    assert (plan.chosen, [venue.why for venue in plan.venues if venue.venue == "ARCX"]) == (("XNAS",), ["down"])
    core.risk.engage_kill_switch(venue="XNAS")
    plan = core.execution.route("AAPL", "BUY", 10)
    assert (plan.chosen, plan.rest, {venue.why for venue in plan.venues}) == ((), 10, {"down"})


def test_an_order_that_is_not_well_formed_is_told_in_the_plan(router):
    plan = router.route("AAPL", "BUY", -1, "100.001")
    assert plan.refused == ("PRICE_TICK_MULTIPLE", "QTY_BELOW_MIN")
    assert (plan.chosen, plan.venues, plan.route.name) == ((), (), "NONE")
    assert "it would be refused: PRICE_TICK_MULTIPLE, QTY_BELOW_MIN" in repr(plan)
    with pytest.raises(TypeError, match="unexpected keyword 'tif'; did you mean time_in_force"):
        router.route("AAPL", "BUY", 1, tif="IOC")
    with pytest.raises(tc.UndeclaredError, match="symbol 'AAPLE' is not declared; did you mean 'AAPL'"):
        router.route("AAPLE", "BUY", 1)


def make_venues(rand):
    fees = [{}, {"taker_fee_per_share": "0.003", "maker_fee_per_share": "-0.002"}, {"taker_fee_bps": "0.5"}, {"taker_fee_per_share": "-0.001"}]
    return [V(name, **rand.choice(fees)) for name in "ABCDE"]


@pytest.mark.parametrize("seed", seeds(range(2), range(2, 20)), indirect=True)
def test_a_dry_run_says_what_the_order_then_does_and_changes_nothing(make_core, seed):
    rand = Random(seed)
    core = make_core(venues=make_venues(rand), accounts=["alpha", "maker"], capacity=small_capacity(decisions=1024))
    split = 0
    for _ in range(60):
        for _ in range(4):
            mid = 10_000 + rand.randrange(-3, 4)
            core.quote(rand.choice("ABCDE"), "AAPL", bid=D(mid - rand.randrange(1, 3)) / 100, bid_size=rand.randrange(1, 90),
                       ask=D(mid + rand.randrange(3)) / 100, ask_size=rand.randrange(1, 90))
        side = rand.choice(["BUY", "SELL"])
        terms = {"qty": rand.randrange(1, 250), "price": rand.choice([None, D(10_000 + rand.randrange(-6, 7)) / 100]),
                 "time_in_force": rand.choice(["DAY", "IOC", "FOK"]), "account": "alpha", "post_only": rand.random() < 0.1}
        before, decisions = core.state_hash(), core.metrics()["decisions"]
        plan = core.execution.route("AAPL", side, **terms)
        assert (core.state_hash(), core.metrics()["decisions"]) == (before, decisions)
        order = core.submit("AAPL", side, **terms)
        told = core.explain(order)
        assert plan.market is told.market
        if plan.route.name == "SPLIT":
            split += 1
            # What rests of it is a child too; the dry run tells only who is to take.
            taken = {child.venue: child.order_qty for child in core.orders.children(order) if child.time_in_force is tc.TimeInForce.IOC}
            assert taken == {venue.venue: venue.qty for venue in plan.venues if venue.qty}
        else:
            assert order.venue == (plan.chosen[0] if plan.chosen else None)
            assert order.row.route == plan.route
        core.mass_cancel()
    assert split > 10


# ---- what is no error, and what is

def test_a_locked_and_a_crossed_market_are_routed_marked_and_counted(core):
    core.quote("XNAS", "AAPL", bid="99.99", bid_size=100, ask="100.00", ask_size=100)
    core.quote("ARCX", "AAPL", bid="99.98", bid_size=100, ask="100.01", ask_size=100)
    assert core.execution.route("AAPL", "BUY", 1).market is M.NORMAL
    order = core.submit("AAPL", "BUY", 1)
    assert (core.explain(order).market, "market was" in str(core.explain(order))) == (M.NORMAL, False)
    core.quote("ARCX", "AAPL", bid="100.00", bid_size=100, ask="100.01", ask_size=100)
    plan = core.execution.route("AAPL", "BUY", 1)
    assert (plan.market, plan.chosen, plan.how) == (M.LOCKED, ("XNAS",), "the best all-in price within the limit; the market is LOCKED")
    locked = core.submit("AAPL", "BUY", 1)
    core.quote("ARCX", "AAPL", bid="100.05", bid_size=100, ask="100.07", ask_size=100)
    crossed = core.submit("AAPL", "BUY", 1)
    assert (locked.avg_px, crossed.avg_px) == (100, 100)
    assert core.submit("AAPL", "SELL", 1).avg_px == D("100.05")
    assert [core.explain(order).market for order in (locked, crossed)] == [M.LOCKED, M.CROSSED]
    assert "the market was CROSSED" in str(core.explain(crossed))
    metrics = core.metrics()
    assert (metrics["decisions_locked"], metrics["decisions_crossed"], metrics["decisions"]) == (1, 2, 4)


@pytest.mark.parametrize(("quote", "text"), [
    ({"ask": 100, "ask_size": -1}, "ask_size -1"),
    ({"bid": 100, "bid_size": 10, "ask": 100, "ask_size": 10}, "ask"),
    ({"ask": "100.001", "ask_size": 10}, "PRICE_TICK_MULTIPLE"),
    ({"ask": -5, "ask_size": 10}, "PRICE_OUT_OF_RANGE"),
    ({"ask": 100}, "go together"),
])
def test_a_quote_that_can_not_be_is_refused_and_changes_nothing(router, quote, text):
    quote_all(router)
    before = router.book("AAPL", "XNAS").array.tolist()
    with pytest.raises(ValueError, match=text):
        router.quote("XNAS", "AAPL", **quote)
    assert router.book("AAPL", "XNAS").array.tolist() == before


def test_a_size_of_zero_displays_nothing(router):
    quote_all(router)
    router.quote("ARCX", "AAPL", ask=100, ask_size=0, bid=99, bid_size=5)
    assert router.book("AAPL", "ARCX").asks == []
    assert router.route("AAPL", "BUY", 1).chosen == ("XNAS",)


@pytest.mark.parametrize(("venue", "symbol", "text"), [("XLON", "AAPL", "venue 'XLON' is not declared"), ("XNAS", "MSFT", "symbol 'MSFT'")])
def test_a_quote_for_what_was_never_declared_is_refused(router, venue, symbol, text):
    with pytest.raises(tc.UndeclaredError, match=text):
        router.quote(venue, symbol, ask=100, ask_size=1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_65th_venue_is_refused_and_64_are_routed(backend):
    router = tc.SmartOrderRouter(instruments=[tc.Instrument("AAPL")], venues=[V(f"V{n}") for n in range(64)],
                                 backend=backend, clock=lambda: T0)
    with pytest.raises(tc.RefusedError, match="DEFINE_VENUE V64 refused"):
        router.define_venue(V("V64"))
    for n in range(64):
        router.quote(f"V{n}", "AAPL", ask=D(20_000 - n) / 100, ask_size=1)
    assert router.route("AAPL", "BUY", 64).rest == 0
    assert router.route("AAPL", "BUY", 1).chosen == ("V63",)
    with pytest.raises(ValueError, match="capacity venues 65 must be 1 to 64"):
        tc.Capacity(venues=65)


def test_a_clock_that_goes_back_stales_nothing_and_moves_nothing(make_core, clock):
    core = make_core()
    core.quote("XNAS", "AAPL", ask=100, ask_size=10)
    order = core.submit("AAPL", "BUY", 1, 100)
    clock.now -= 10**9
    core.quote("ARCX", "AAPL", ask="99.99", ask_size=10, transact_time=T0 - 10**9)
    assert core.execution.route("AAPL", "BUY", 1).chosen == ("ARCX",)
    assert core.submit("AAPL", "BUY", 1, 100).transact_time == order.transact_time


def test_the_age_of_rankings_is_a_metric(make_core, clock):
    core = make_core()
    core.quote("XNAS", "AAPL", ask=100, ask_size=10)
    ages = []
    for wait in (0, 0, 30_000_000, 60_000_000, 100_000_000):
        clock.now += wait
        core.submit("AAPL", "BUY", 1, 50, time_in_force="IOC")
        ages.append(core.metrics()["rankings_age"])
    assert ages == [0, 0, 15_000_000, 40_000_000, 40_000_000]  # of ages 0, 30 and 90 ms; the last was too old


def test_a_core_goes_without_a_garbage_collector_though_it_has_a_router():
    """A cycle would keep each core's tables until the collector happens to run, which knows nothing of their size."""
    gc.disable()
    try:
        core = weakref.ref(build_core("native"))
        assert core() is None
    finally:
        gc.enable()


def test_the_router_of_a_core_is_the_same_class(core):
    assert type(core.execution.router) is tc.SmartOrderRouter
    assert repr(core.execution.router) == f"<SmartOrderRouter {core.backend}: 1 instruments, 2 venues>"
    core.execution.router.quote("XNAS", "AAPL", ask=100, ask_size=10)
    assert core.submit("AAPL", "BUY", 1).avg_px == 100


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_example_shows_that_the_cheapest_price_is_not_the_cheapest_all_in(backend, capsys):
    """A published fee table; the same fees and quotes in a core, whose explain() says so."""
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "smart_order_router.py"))
    plan = example["build"](backend).route("ACME", "BUY", 150)
    by_price = min(plan.venues, key=lambda venue: venue.price)
    by_cost = min(plan.venues, key=lambda venue: venue.all_in)
    assert (by_price.venue, by_price.qty, by_price.why, by_price.all_in) == ("BIGFEE", 0, "dearer", D("20.0120"))
    assert (by_cost.venue, by_cost.qty, by_cost.all_in) == ("INVERTED", 150, D("20.0084"))
    core = build_core(backend, instruments=[tc.Instrument("ACME", tick_size="0.01")],
                      venues=[V(name, **fees) for name, fees in example["FEES"].items()])
    for venue, (ask, size) in example["ASKS"].items():
        core.quote(venue, "ACME", ask=ask, ask_size=size)
    told = core.explain(core.submit("ACME", "BUY", 150))
    assert told.chosen == "INVERTED"
    assert [(score.venue, score.all_in) for score in told.venues][::5] == [("INVERTED", D("20.0084")), ("FREE", D("20.0200"))]
    assert min(told.venues, key=lambda score: score.price).venue == "BIGFEE"
    example["main"]()
    assert "BUY 150 ACME -> INVERTED: the best all-in price within the limit" in capsys.readouterr().out

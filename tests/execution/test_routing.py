"""Routing: the best all-in price wins, by a stated rule where two are equal, and explain() shows why."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import CENT, T0, limits, method_of, seeds, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS

D = Decimal
R = tc.Reason
V = tc.SimulatedVenue
VENUES = {
    "free": {},
    "taker 30": {"taker_fee_per_share": "0.0030"},
    "rebate 20": {"taker_fee_per_share": "-0.0020"},
    "1 bp": {"taker_fee_bps": 1},
    "-1 bp": {"taker_fee_bps": -1},
}
# side, (fees, price) of A, (fees, price) of B, the winner. The prices are what an order of that side would take.
ALL_IN = [
    ("BUY", ("free", "100.01"), ("free", "100.00"), "B"),
    ("SELL", ("free", "100.01"), ("free", "100.00"), "A"),
    ("BUY", ("taker 30", "100.00"), ("free", "100.01"), "A"),   # 100.0030 against 100.01
    ("BUY", ("taker 30", "100.00"), ("free", "100.00"), "B"),
    ("SELL", ("taker 30", "100.00"), ("free", "100.00"), "B"),
    ("BUY", ("free", "100.00"), ("rebate 20", "100.00"), "B"),
    ("SELL", ("free", "100.00"), ("rebate 20", "100.00"), "B"),
    ("BUY", ("1 bp", "100.00"), ("taker 30", "100.00"), "B"),   # 0.01 against 0.003 a share
    ("BUY", ("1 bp", "20.00"), ("taker 30", "20.00"), "A"),     # 0.002 against 0.003
    ("BUY", ("1 bp", "100.00"), ("free", "100.01"), "B"),       # 100.01 each: the later quote
    ("SELL", ("1 bp", "100.01"), ("free", "100.00"), "B"),      # 99.999999 against 100
    ("SELL", ("-1 bp", "100.00"), ("free", "100.01"), "B"),     # 100.01 each: the later quote
    ("BUY", ("-1 bp", "100.01"), ("free", "100.00"), "A"),      # 99.999999 against 100
    ("BUY", ("free", "100.00"), ("free", "100.00"), "B"),       # a tie: the later quote wins
]


def display(core, venue, side, price, size=100, symbol="AAPL"):
    """What an order of `side` would take."""
    name = "ask" if side == "BUY" else "bid"
    core.quote(venue, symbol, **{name: price, f"{name}_size": size})


@pytest.mark.parametrize(("side", "a", "b", "winner"), ALL_IN)
def test_the_best_all_in_price_wins(make_core, side, a, b, winner):
    core = make_core(venues=[V("A", **VENUES[a[0]]), V("B", **VENUES[b[0]])])
    display(core, "A", side, a[1])
    display(core, "B", side, b[1])
    order = core.submit("AAPL", side, 10)
    assert (order.venue, order.ord_status) == (winner, tc.OrdStatus.FILLED)
    told = core.explain(order)
    assert (told.chosen, told.side, told.symbol) == (winner, tc.Side[side], "AAPL")
    assert [(score.venue, score.chosen) for score in told.venues] == [(winner, True), ("AB".replace(winner, ""), False)]
    for score in told.venues:
        fees = VENUES[(a if score.venue == "A" else b)[0]]
        price = Decimal((a if score.venue == "A" else b)[1])
        fee = Decimal(fees.get("taker_fee_per_share", 0)) + price * Decimal(fees.get("taker_fee_bps", 0)) / 10_000
        assert (score.price, score.size, score.fee) == (price, 100, fee)
        assert score.all_in == (price + fee if side == "BUY" else price - fee)
    report = next(r for r in core.reports(0) if r.exec_type is tc.ExecType.TRADE)
    winning = next(score for score in told.venues if score.chosen)
    assert (report.commission, report.venue) == (10 * winning.fee, winner)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(("fees", "winner"), [(("1 bp", "free"), "B"), (("-1 bp", "free"), "A"), (("taker 30", "1 bp"), "A")])
def test_a_fee_by_notional_is_paid_on_a_negative_price_too(make_core, side, fees, winner):
    """By its magnitude: 0.01 a unit at -100, whichever way the money goes."""
    core = make_core(instruments=[tc.Instrument("CL", any_sign=True)],
                     venues=[V(name, **VENUES[fee]) for name, fee in zip("AB", fees, strict=True)])
    for venue in "AB":
        display(core, venue, side, -100, symbol="CL")
    order = core.submit("CL", side, 10)
    assert order.venue == winner
    for score in core.explain(order).venues:
        paid = {"1 bp": D("0.01"), "-1 bp": D("-0.01"), "taker 30": D("0.003"), "free": D(0)}[fees["AB".index(score.venue)]]
        assert (score.fee, score.all_in) == (paid, -100 + paid if side == "BUY" else -100 - paid)


def test_a_tie_goes_to_the_latest_change_then_to_the_lower_venue_id(core, room):
    display(core, "XNAS", "BUY", 100)
    display(core, "ARCX", "BUY", 100)
    assert core.submit("AAPL", "BUY", 1, 100).venue == "ARCX"  # and its size changed: the latest again
    display(core, "XNAS", "BUY", 100, 100)  # the same quote again is no change
    assert core.submit("AAPL", "BUY", 1, 100).venue == "ARCX"
    display(core, "XNAS", "BUY", 100, 101)
    assert core.submit("AAPL", "BUY", 1, 100).venue == "XNAS"
    router = alone(room, [V("A"), V("B"), V("C")])
    for venue in (3, 1, 2):
        router.set_top(1, 1, venue, 100, 5, 77)  # one stamp: only the id is left to decide
    assert [term.venue for term in router.rank(1, 1, T0)] == [1, 2, 3]


def test_a_decision_tells_later_what_it_told_at_once(make_core, fresh_seed):
    """Whatever has been displayed since, and however many decisions were taken, as long as it is held."""
    rng = random.Random(fresh_seed)
    names = [f"V{n}" for n in range(10)]
    core = make_core(venues=[V(name, taker_fee_per_share=f"0.00{n}0") for n, name in enumerate(names)],
                     capacity=small_capacity(decisions=128, venues=10))
    told = []
    for _ in range(400):
        for name in rng.sample(names[:9], rng.randrange(3)):  # the last one's quote stays as it is
            display(core, name, rng.choice(["BUY", "SELL"]), rng.choice([99, 100, 101]) + D(rng.randrange(3)) / 100, rng.randrange(4))
        if not told:
            display(core, names[9], "BUY", 102)
        order = core.submit("AAPL", "BUY" if rng.random() < 0.9 else "SELL", 1, 100, time_in_force="IOC")
        told.append((order, core.explain(order)))
        order, before = rng.choice(told[-60:])
        assert core.explain(order) == before
    made = core.metrics()["decisions"]
    assert made > 3 * 64
    assert all(core.explain(order) == before for order, before in told[-60:])
    with pytest.raises(LookupError, match=f"is not held: {made} were made, the last 128 are kept"):
        core.explain(told[0][0])


def test_the_next_venue_is_taken_where_the_best_is_killed_or_beyond_the_limit(make_core):
    core = make_core(venues=[V("A"), V("B"), V("C", taker_fee_per_share="-0.05")])
    for venue, price in (("A", "100.00"), ("B", "100.01"), ("C", "100.03")):
        display(core, venue, "BUY", price)
    assert core.submit("AAPL", "BUY", 1).venue == "C"  # 99.98 all in
    assert core.submit("AAPL", "BUY", 1, "100.02").venue == "A"  # C's rebate does not help what may not pay 100.03
    core.risk.engage_kill_switch(venue="A")
    assert core.submit("AAPL", "BUY", 1, "100.02").venue == "B"
    core.risk.release_kill_switch(venue="A", who="r.lee", why="it is explained")
    assert core.submit("AAPL", "BUY", 1, "100.02").venue == "A"


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_fill_or_kill_goes_whole_to_one_venue_that_holds_it(core, side):
    better, worse = ("100", "101") if side == "BUY" else ("101", "100")
    display(core, "XNAS", side, better, 50)
    display(core, "ARCX", side, worse, 100)
    order = core.submit("AAPL", side, 80, worse, time_in_force="FOK")
    assert (order.venue, order.cum_qty, order.avg_px) == ("ARCX", 80, Decimal(worse))
    order = core.submit("AAPL", side, 50, worse, time_in_force="FOK")
    assert (order.venue, order.cum_qty) == ("XNAS", 50)
    killed = core.submit("AAPL", side, 21, worse, time_in_force="FOK")
    assert (killed.reason, killed.cum_qty, killed.ord_status) == (R.FOK_NOT_FILLABLE, 0, tc.OrdStatus.CANCELED)


POSTING = [  # maker fees by venue, the price, where an order that does not cross rests
    ([{}, {}], 100, "A"),
    ([{"maker_fee_per_share": "0.001"}, {}], 100, "B"),
    ([{}, {"maker_fee_per_share": "-0.001"}], 100, "B"),
    ([{"maker_fee_per_share": "0.001"}, {"maker_fee_bps": "0.1"}], 100, "A"),  # 0.001 each: the lower id
    ([{"maker_fee_per_share": "0.001"}, {"maker_fee_bps": "0.1"}], 99, "B"),
    ([{"maker_fee_per_share": "0.001"}, {"maker_fee_bps": "0.1"}], 101, "A"),
    ([{"maker_fee_bps": -1}, {"maker_fee_per_share": "-0.01"}], 99, "B"),
]


@pytest.mark.parametrize(("fees", "price", "where"), POSTING)
@pytest.mark.parametrize("post_only", [True, False])
def test_what_rests_goes_to_the_lowest_maker_fee(make_core, fees, price, where, post_only):
    core = make_core(venues=[V(name, **fee) for name, fee in zip("AB", fees, strict=True)])
    display(core, "A", "BUY", 200)
    display(core, "B", "BUY", 200)
    order = core.submit("AAPL", "BUY", 10, price, post_only=post_only)
    assert (order.venue, order.leaves_qty) == (where, 10)


def test_a_post_only_order_rests_where_posting_is_cheapest_though_it_could_take_elsewhere(make_core):
    core = make_core(venues=[V("A", maker_fee_per_share="0.001"), V("B")])
    display(core, "A", "BUY", 100)
    display(core, "B", "BUY", 102)
    order = core.submit("AAPL", "BUY", 10, 101, post_only=True)
    assert (order.venue, order.leaves_qty, order.reason) == ("B", 10, R.NONE)


def test_a_post_only_order_that_would_take_where_it_rests_is_rejected(make_core):
    core = make_core(venues=[V("A", maker_fee_per_share="0.001"), V("B")])
    display(core, "B", "BUY", 100)
    order = core.submit("AAPL", "BUY", 10, 100, post_only=True)
    assert (order.venue, order.reason, order.ord_status) == ("B", R.POST_ONLY_WOULD_TAKE, tc.OrdStatus.REJECTED)
    assert order.text == "POST_ONLY_WOULD_TAKE: price 100 would take at 100"


# ---- explain()

def test_explain_remains_what_it_was_after_quotes_change(core):
    display(core, "XNAS", "BUY", 100, 70)
    display(core, "ARCX", "BUY", 101, 80)
    order = core.submit("AAPL", "BUY", 10)
    told = core.explain(order)
    assert [(s.venue, s.price, s.size) for s in told.venues] == [("XNAS", 100, 70), ("ARCX", 101, 80)]
    display(core, "XNAS", "BUY", 105, 5)
    core.submit("AAPL", "BUY", 1)
    core.cancel(core.submit("AAPL", "SELL", 1, 200))
    assert core.explain(order) == told
    assert "> XNAS" in str(told)


@pytest.mark.parametrize(("order", "how"), [
    ({"qty": 1, "price": 100, "venue": "ARCX"}, "named by the order"),
    ({"qty": 0, "price": 100}, "not routed"),
    ({"qty": 1, "price": 101}, "best all-in price"),
    ({"qty": 1, "price": 99}, "lowest maker fee"),
])
def test_explain_says_how_the_venue_was_chosen(core, order, how):
    for venue in ("XNAS", "ARCX"):
        display(core, venue, "BUY", 100)
    told = core.explain(core.submit("AAPL", "BUY", **order))
    assert how in told.how
    assert (told.chosen is None) == (how == "not routed")


def test_explain_knows_that_an_order_was_routed_when_no_venue_displayed_anything(core):
    told = core.explain(core.submit("AAPL", "BUY", 1, 100))
    assert (told.chosen, told.venues) == ("XNAS", ())
    assert "lowest maker fee" in told.how


def test_a_decision_beyond_the_capacity_is_a_lookup_error(make_core):
    core = make_core(capacity=small_capacity(decisions=2))
    orders = []
    for size in (10, 20, 30):
        display(core, "XNAS", "BUY", 100, size)
        orders.append(core.submit("AAPL", "BUY", 1, 99, time_in_force="IOC"))
    with pytest.raises(LookupError, match="decision 1 is not held: 3 were made, the last 2 are kept"):
        core.explain(orders[0])
    assert [core.explain(order).venues[0].size for order in orders[1:]] == [20, 30]
    core.submit("AAPL", "BUY", 1, 99, time_in_force="IOC")  # nothing changed: it shares the last decision
    assert core.metrics()["decisions"] == 3
    assert [core.explain(order).venues[0].size for order in orders[1:]] == [20, 30]


# ---- the cache

def test_a_change_re_ranks_its_own_instrument_and_side_only(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    asks = {("AAPL", "BUY"): {"bid": 90, "bid_size": 1, "ask": 100, "ask_size": 1}}

    def missed(symbol, side):
        """Whether routing an order that trades nothing had to rank anew."""
        before = core.metrics()
        core.submit(symbol, side, 1, 50 if side == "BUY" else 200, time_in_force="IOC")
        after = core.metrics()
        assert after["rankings_hit"] - before["rankings_hit"] + after["rankings_missed"] - before["rankings_missed"] == 1
        return after["rankings_missed"] - before["rankings_missed"] == 1

    every = [(symbol, side) for symbol in ("AAPL", "MSFT") for side in ("BUY", "SELL")]
    full = asks["AAPL", "BUY"]
    for symbol in ("AAPL", "MSFT"):
        for venue in ("XNAS", "ARCX"):
            core.quote(venue, symbol, **full)
    assert all(missed(*key) for key in every)
    assert not any(missed(*key) for key in every)
    core.quote("XNAS", "AAPL", **full)  # nothing changed
    assert not any(missed(*key) for key in every)
    for change, dirty in (({"ask": 101}, ("AAPL", "BUY")), ({"ask_size": 9}, ("AAPL", "BUY")),
                          ({"bid": 91}, ("AAPL", "SELL")), ({"bid_size": 9}, ("AAPL", "SELL"))):
        full = {**full, **change}
        core.quote("XNAS", "AAPL", **full)
        assert [key for key in every if missed(*key)] == [dirty]


def test_a_ranking_older_than_its_time_to_live_is_made_anew(core, clock):
    display(core, "XNAS", "BUY", 100)
    missed = []
    for wait in (0, 0, 100_000_000, 1, 99_999_999, 100_000_001):
        clock.now += wait
        before = core.metrics()["rankings_missed"]
        core.submit("AAPL", "BUY", 1, 50, time_in_force="IOC")
        missed.append(core.metrics()["rankings_missed"] - before)
    assert missed == [1, 0, 0, 1, 0, 1]


# ---- a venue that is down: killed, or its session lost

DOWN = {"killed": ("engage_kill_switch", {"venue": "EXT"}), "lost": ("set_venue_session", {"venue": "EXT", "connected": False})}
UP = {"killed": ("release_kill_switch", {"venue": "EXT", "who": "r.lee", "why": "it is explained"}), "lost": ("set_venue_session", {"venue": "EXT", "connected": True})}
# What an order counts at where it could take 10 at EXT and at XNAS, without a reference but the mark of 50: side, limit
# price, what EXT and XNAS display to it, and the notional of one lot while EXT is up and while it is down.
COUNTS_AT = [
    ("SELL", "1", "70", "60", 70, 60),     # the best bid that it could take
    ("SELL", "1", "60", "70", 70, 70),
    ("SELL", "65", "70", "60", 70, 65),    # the higher of limit, reference and bid
    ("SELL", "1", "70", "40", 70, 50),
    ("SELL", None, "70", "60", 70, 60),
    ("BUY", None, "55", "60", 55, 60),     # the higher of the reference and what it takes first
    ("BUY", None, "60", "55", 55, 55),
    ("BUY", None, "45", "60", 50, 60),
]


@pytest.mark.parametrize("how", list(DOWN))
@pytest.mark.parametrize(("side", "price", "ext", "xnas", "up", "down"), COUNTS_AT)
def test_what_a_venue_displays_that_is_down_is_no_price_that_an_order_could_take(make_core, how, side, price, ext, xnas, up, down):
    core = make_core(venues=[tc.ExternalVenue("EXT"), V("XNAS")], limits=limits(max_order_notional=1_000))
    core.mark("AAPL", 50)
    display(core, "EXT", side, ext, 10)
    display(core, "XNAS", side, xnas, 10)

    def counted():
        (row,) = [row for row in core.check("AAPL", side, 1, price) if row.rule is R.MAX_ORDER_NOTIONAL]
        return row.value

    assert counted() == up
    for (call, given), notional in ((DOWN[how], down), (UP[how], up)):
        method_of(core, call)(**given)
        assert counted() == notional


@pytest.mark.parametrize("how", list(DOWN))
def test_the_reference_leaves_out_what_a_venue_displays_that_is_down(make_core, how):
    """Mids of 100 (99 at EXT, 101 at XNAS), of 98 without EXT (95 and 101 at XNAS)."""
    core = make_core(venues=[tc.ExternalVenue("EXT"), V("XNAS")], limits=limits(price_collar_bps=0))
    core.quote("EXT", "AAPL", bid=99, bid_size=10, ask=103, ask_size=10)
    core.quote("XNAS", "AAPL", bid=95, bid_size=10, ask=101, ask_size=10)
    for (call, given), mid in ((None, None), 100), (DOWN[how], 98), (UP[how], 100):
        if call:
            method_of(core, call)(**given)
        assert core.check("AAPL", "BUY", 1, mid, venue="XNAS").passed
        assert not core.check("AAPL", "BUY", 1, mid + D("0.01"), venue="XNAS").passed


# ---- the room alone, against a sort

def alone(room, venues):
    router = room("routing").Router(2, 16)
    instruments = (tc.Instrument("A"), tc.Instrument("B", tick_size="0.5", multiplier="0.3", lot_size="0.1"))
    for instrument in instruments:
        router.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **instrument.definition(1)))
    for venue in venues:
        router.add_venue(CODECS[tc.CommandType.DEFINE_VENUE].pack(kind=3, **venue.definition()))
    return router


@pytest.mark.parametrize("seed", seeds([3]), indirect=True)
def test_the_ranking_is_the_sort_of_the_costs(room, seed):
    seeded = random.Random(seed)
    venues = [V(f"V{n}", **seeded.choice(list(VENUES.values()))) for n in range(64)]
    router = alone(room, venues)
    tops, now, ticks = {}, T0, {1: CENT, 2: 10**4}
    for stamp in range(1, 1500):
        number, side, venue = seeded.randint(1, 2), seeded.randint(1, 2), seeded.randint(1, 64)
        price, size = seeded.randint(9_990, 10_010) * ticks[number], seeded.choice([0, 1, 5])
        router.set_top(number, side, venue, price, size, stamp)
        if tops.get((number, side, venue), (None, None))[:2] != (price, size):
            tops[number, side, venue] = price, size, stamp
        if stamp % 50:
            continue
        now += seeded.choice([0, 200_000_000])
        number, side = seeded.randint(1, 2), seeded.randint(1, 2)
        scale, multiplier = (10**8, 1000) if number == 1 else (10**7, 1000 * Fraction(3, 10))

        def cost(venue, number=number, side=side, scale=scale, multiplier=multiplier):
            price, _, stamp = tops[number, side, venue]
            fee = venues[venue - 1].definition()
            charge = Fraction(price * fee["taker_fee_ppm"]) + fee["taker_fee_per_unit"] * scale // multiplier
            return charge + (price if side == 1 else -price) * 10**6, -stamp, venue

        shown = [v for n, s, v in tops if (n, s) == (number, side) and tops[n, s, v][1]]
        expected = sorted(shown, key=cost)
        terms = router.rank(number, side, now)
        assert [term.venue for term in terms] == expected
        assert [term.cost for term in terms] == [cost(venue)[0] for venue in expected]
        order = tc.new_orders(1)
        order["instrument"], order["side"] = number, side
        assert list(router.route(order, now)) == expected[:1]


def test_the_room_alone_refuses_what_is_not_declared(room):
    router = alone(room, [V("A")])
    for bad in ((3, 1, 1, 1, 1, 1), (1, 3, 1, 1, 1, 1), (1, 1, 2, 1, 1, 1), (1, 1, 1, 1, -1, 1), (1, 1, 1, 2**60, 1, 1)):
        with pytest.raises(ValueError, match="must be"):
            router.set_top(*bad)
    assert router.rank(1, 1, T0) == []
    assert list(router.route(tc.new_orders(0), T0)) == []

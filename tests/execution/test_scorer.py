"""One's own scorer: an expression gives each venue a number, the lowest is the best, and numbers are exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from conftest import BACKENDS, build_core, limits, seeds, small_capacity

import tradecore as tc
from tradecore.risk.expressions import RuleError
from tradecore.risk.rule_programs import compile_scorer
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rule_words import CELL, CELLS, SCORE_CELLS, SCORE_QUANTITIES, STEP_CODEC, Step

D, V, X = Decimal, tc.SimulatedVenue, tc.ExternalVenue


@pytest.fixture
def desk(make_core):
    """A is cheapest with its fee, B displays the best price, C the most; each is known for something else."""
    core = make_core(limits=limits(), venues=[
        V("A"), V("B", taker_fee_per_share="0.02", maker_fee_per_share="-0.01"), V("C", taker_fee_per_share="0.03")])
    for name, ask, size in (("A", "100.01", 100), ("B", "100.00", 200), ("C", "100.02", 900)):
        core.quote(name, "AAPL", bid="99.00", bid_size=size, ask=ask, ask_size=size)
    router = core.execution.router
    router.set_statistics("A", round_trip=9_000_000, fill_rate="0.5", reject_rate="0.1", quote_age=7, post_fill_rate="0.9")
    router.set_statistics("B", round_trip=5_000_000, fill_rate="0.75", reject_rate="0.2", quote_age=6, post_fill_rate="0.1")
    router.set_statistics("C", round_trip=1_000_000, fill_rate="0.7", reject_rate="0", quote_age=8, post_fill_rate="0.2")
    router.set_strategy("SCORER")
    return core


CHOICES = [
    ("venue.price", "B"), ("-venue.price", "C"), ("venue.price + venue.fee", "A"), ("venue.cost", "A"), ("-venue.size", "C"),
    ("venue.latency", "C"), ("-venue.fill_rate", "B"), ("-venue.reject_rate", "B"), ("venue.reject_rate", "C"),
    ("venue.quote_age", "B"), ("-venue.quote_age", "C"), ("venue.fee", "A"), ("-venue.fee", "C"),
    ("0 if venue.name == \"C\" else 1", "C"), ("1 if venue.is_degraded else 0", "A"),
    ("venue.price + venue.latency / 100_000_000", "C"),  # 100.10, 100.05, 100.03
    ("venue.price + venue.latency / 1_000_000_000", "B"),  # 100.019, 100.005, 100.021
    ("venue.price if order.qty < 5 else -venue.price", "C"), ("venue.price if order.qty <= 5 else -venue.price", "B"),
    ("venue.price * (2 - venue.fill_rate)", "B"), ("min(venue.size, 150)", "A"), ("max(venue.price, 100.02)", "A"),
]


@pytest.mark.parametrize(("text", "venue"), CHOICES)
def test_the_venue_of_the_lowest_number_is_chosen_and_equal_ones_go_by_cost(desk, text, venue):
    desk.execution.router.set_scorer(text)
    assert desk.execution.route("AAPL", "BUY", 5).venues  # a dry run asks it too
    order = desk.submit("AAPL", "BUY", 5)
    assert (order.venue, order.ord_status) == (venue, tc.OrdStatus.FILLED)
    assert "one's own scorer" in desk.explain(order).how


@pytest.mark.parametrize(("side", "venue"), [("BUY", "B"), ("SELL", "C")])
def test_a_price_is_what_it_costs_on_either_side(desk, side, venue):
    desk.quote("C", "AAPL", bid="99.50", bid_size=50, ask="100.02", ask_size=900)
    desk.execution.router.set_scorer("venue.price")
    assert desk.submit("AAPL", side, 5).venue == venue
    desk.execution.router.set_scorer("venue.price if order.is_buy else -venue.price")
    assert desk.submit("AAPL", side, 5).venue == ("B" if side == "BUY" else "A")


def test_without_a_scorer_it_goes_by_cost_and_a_scorer_is_taken_away_again(desk):
    router = desk.execution.router
    assert desk.submit("AAPL", "BUY", 5).venue == "A"
    first = desk.state_hash()
    router.set_scorer("venue.latency", who="ann", why="speed")
    assert (desk.submit("AAPL", "BUY", 5).venue, desk.state_hash() == first) == ("C", False)
    assert desk.submit("AAPL", "BUY", 5, routing="BEST_PRICE").venue == "B"  # an order's own goes first
    router.set_scorer(None)
    assert desk.submit("AAPL", "BUY", 5).venue == "A"


def test_a_degraded_venue_is_known_to_be_so(desk):
    desk.execution.router.set_scorer("1 if venue.is_degraded else 0")
    desk.execution.router.set_health("A", "DEGRADED")
    assert desk.submit("AAPL", "BUY", 5).venue == "B"


def test_a_scorer_is_part_of_the_state():
    hashes = []
    for backend, text in (("native", "venue.size"), ("python", "venue.size"), ("native", "venue.cost"), ("python", "venue.cost")):
        core = build_core(backend)
        core.execution.router.set_scorer(text)
        hashes.append(core.state_hash())
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


def test_a_venue_that_is_down_or_beyond_the_limit_is_not_chosen_whatever_its_number(desk):
    desk.execution.router.set_scorer("venue.latency")
    assert desk.submit("AAPL", "BUY", 5, "100.01").venue == "B"
    desk.execution.router.set_health("C", "HALTED")
    assert desk.submit("AAPL", "BUY", 5).venue == "B"


def test_a_quantity_is_divided_by_the_number_of_each_level(desk):
    desk.execution.router.set_scorer("venue.price")
    order = desk.submit("AAPL", "BUY", 350, "100.02", time_in_force="IOC")
    assert [(part.venue, part.order_qty) for part in desk.orders.children(order)] == [("A", 100), ("B", 200), ("C", 50)]
    assert order.ord_status is tc.OrdStatus.FILLED


@pytest.mark.parametrize(("text", "venue"), [
    ("venue.fee", "B"), ("-venue.fill_rate", "A"), ("venue.fill_rate", "B"), ("venue.latency + venue.size", "C"),
    ("venue.price", "B")])
def test_where_it_rests_is_scored_as_a_maker(desk, text, venue):
    desk.execution.router.set_scorer(text)
    order = desk.submit("AAPL", "BUY", 5, "99.50")
    assert (order.venue, order.leaves_qty) == (venue, 5)


def test_what_leaves_128_bits_comes_last(desk):
    huge = " * ".join(["venue.size"] * 14)  # 100 to the 14th is within, 900 to the 14th beyond
    desk.execution.router.set_scorer(f"-({huge})")
    assert desk.submit("AAPL", "BUY", 5).venue == "B"
    desk.execution.router.set_scorer(f"-({huge}) * 1_000_000_000_000_000_000_000_000_000")
    assert desk.submit("AAPL", "BUY", 5).venue == "A"  # all alike


BAD = [
    ("venue.prize", "column 1: 'venue.prize' is no quantity: did you mean 'venue.price'?"),
    ("venue.price + position.qty", "column 15: 'position.qty' is no quantity"),
    ("2 * venue.fil_rate", "column 5: 'venue.fil_rate' is no quantity: did you mean 'venue.fill_rate'?"),
    ("venue.price / venue.size", "column 13: what this divides by is not the same at every venue"),
    ("venue.price / order.is_buy", "a number is needed here"), ("1 / (order.qty - 1)", "can be zero"),
    ("venue.price / max(venue.size, 1)", "column 13: what this divides by is not the same at every venue"),
    ("venue.price < 3", "a number is needed here, not a truth"), ("venue.name", "a number is needed here, not a venue"),
    ("1 if venue.name == \"Z\" else 0", "column 20: venue 'Z' is not declared"), ("", "is missing before 'the end'"),
    ("venue.price +", "is missing before 'the end'"), ("known(venue.price)", "always known"), ("rule.mine", "is no rule"),
    ("log(venue.size)", "'log' is no function"), ("venue.size" + " + venue.size * venue.size" * 40, "letters are more than"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_is_no_scorer_is_refused_by_its_column_and_the_one_in_force_stays(desk, text, words):
    router = desk.execution.router
    router.set_scorer("venue.latency")
    before = desk.state_hash()
    with pytest.raises(RuleError) as told:
        router.set_scorer(text)
    assert words in str(told.value)
    with pytest.raises(TypeError, match="expression"):
        router.set_scorer(5)
    assert (desk.state_hash(), desk.submit("AAPL", "BUY", 5).venue) == (before, "C")


def test_every_quantity_says_what_it_is_and_rules_know_none_of_a_venue(desk):
    said = desk.execution.router.scorer_quantities()
    assert list(said) == list(SCORE_QUANTITIES)
    assert all(said.values())
    with pytest.raises(RuleError, match=r"'venue\.price' is no quantity"):
        desk.risk.add_rule("mine", "venue.price < 3")


def pack(*steps):
    return b"".join(STEP_CODEC.pack(op=int(op), a=0, b=b, column=1, factor=1) for op, b in steps)


@pytest.mark.parametrize("steps", [
    [(Step.PUSH, len(SCORE_CELLS)), (Step.DONE, 0)], [(Step.DONE, 0)], [(Step.PUSH, 0), (Step.PUSH, 0), (Step.DONE, 0)],
    [(Step.PUSH, 0), (Step.REQUIRE, 0), (Step.DONE, 0)]])
def test_a_scorer_that_leaves_no_number_or_reads_beyond_its_cells_is_none(core, steps):
    gate = core._gate
    gate.command(tc.CommandType.SET_SCORER, step_count=len(steps))
    with pytest.raises(tc.RefusedError):
        gate.command(tc.CommandType.RULE_STEPS, text=pack(*steps))
    with pytest.raises(tc.RefusedError, match="step_count 65"):
        gate.command(tc.CommandType.SET_SCORER, step_count=65)


def test_a_rule_can_not_read_a_scorers_cells(core):
    core._gate.command(tc.CommandType.ADD_RULE, "mine", step_count=3, who=1, why=1)
    with pytest.raises(tc.RefusedError):
        core._gate.command(tc.CommandType.RULE_STEPS, "mine",
                           text=pack((Step.PUSH, CELL["unit_px"]), (Step.REQUIRE, 0), (Step.DONE, 0)))
    assert CELL["unit_px"] == len(CELLS)


def random_score(rand):
    """Text, and what it says of a venue's facts as exact fractions."""
    names = ("price", "size", "fee", "latency", "fill_rate", "reject_rate", "quote_age", "cost")
    name, other = rand.choice(names), rand.choice(names)
    k, m = rand.randint(-9, 9), rand.randint(1, 9)
    forms = [
        (f"{k} * venue.{name} + venue.{other} / {m}", lambda f: k * f[name] + f[other] / m),
        (f"venue.{name} * venue.{other} - {k}", lambda f: f[name] * f[other] - k),
        (f"max(venue.{name}, {m}) if venue.{other} > {k} else -venue.{name}",
         lambda f: max(f[name], m) if f[other] > k else -f[name]),
        (f"min(venue.{name}, venue.{other}) / {m} - abs(venue.{other})", lambda f: min(f[name], f[other]) / m - abs(f[other])),
    ]
    return rand.choice(forms)


@pytest.mark.parametrize("seed", seeds([31]), indirect=True)
def test_both_backends_choose_what_exact_fractions_choose(seed):
    rand = Random(seed)
    names = [f"V{n}" for n in range(6)]
    cores = [build_core(backend, venues=[V(name, taker_fee_per_share=D(n) / 100 - D("0.02")) for n, name in enumerate(names)],
                        limits=limits(), capacity=small_capacity()) for backend in BACKENDS]
    for _ in range(60):
        text, value = random_score(rand)
        facts = {}
        for n, name in enumerate(names):
            ask, size = D(rand.randint(9_998, 10_002)) / 100, rand.randint(1, 4) * 100
            trip, age, fills, rejects = rand.randrange(9), rand.randrange(9), rand.randint(0, 8), rand.randint(0, 8)
            fee = Fraction(n, 100) - Fraction(2, 100)
            facts[name] = {
                "price": Fraction(ask), "size": Fraction(size), "fee": fee, "cost": Fraction(ask) + fee, "latency": Fraction(trip),
                "fill_rate": Fraction(fills, 8), "reject_rate": Fraction(rejects, 8), "quote_age": Fraction(age)}
            for core in cores:
                core.quote(name, "AAPL", ask=ask, ask_size=size)
                core.execution.router.set_statistics(name, round_trip=trip, quote_age=age, fill_rate=D(fills) / 8,
                                                     reject_rate=D(rejects) / 8)
        best = min(value(f) for f in facts.values())
        for core in cores:
            core.execution.router.set_scorer(text)
            order = core.submit("AAPL", "BUY", 1, 101, time_in_force="IOC", routing="SCORER")
            assert value(facts[order.venue]) == best, text
    assert cores[0].state_hash() == cores[1].state_hash()
    assert cores[0].event_hash == cores[1].event_hash


def test_the_number_is_a_program_of_few_steps():
    assert compile_scorer("venue.price").cost == 2
    assert compile_scorer("venue.price + 2 * venue.fee").cost <= 6
    assert CODECS[tc.CommandType.SET_SCORER].fields[:1] == CODECS[tc.CommandType.ADD_RULE].fields[:1]

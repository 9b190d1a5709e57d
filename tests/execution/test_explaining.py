"""explain(order) of an order, of one in parts and of each part: per venue and term, what it was given and why, or why
not, as it was decided then; in both backends."""

from decimal import Decimal

import pytest

import tradecore as tc

V, X = tc.SimulatedVenue, tc.ExternalVenue


def show(core, ask="100.00", **sizes):
    for venue, size in sizes.items():
        core.quote(venue, "AAPL", ask=ask, ask_size=size)


def told(core, order):
    """Of each venue, in the order of the ranking: what it was given, and why."""
    return {its.venue: (int(its.qty), its.why) for its in core.explain(order).venues}


def test_each_venue_that_an_order_did_not_go_to_has_its_reason(make_core):
    core = make_core(venues=[V("A"), V("B"), V("C"), V("D", taker_fee_per_share="0.0030"), V("E")])
    show(core, A=100, B=100, C=100, D=100)
    show(core, "100.05", E=100)
    core.risk.engage_kill_switch(venue="C")
    order = core.submit("AAPL", "BUY", 50, "100.04")
    assert told(core, order) == {
        "C": (0, "down"), "B": (50, "the first that could"), "A": (0, "as cheap, and quoted earlier"),
        "D": (0, "dearer all-in by 0.0030"), "E": (0, "beyond the limit")}
    assert "dearer all-in by 0.0030" in str(core.explain(order))
    assert "dearer all-in by 0.0030" in core.explain(order)._repr_html_()


@pytest.mark.parametrize(("terms", "why"), [
    ({"post_only": True}, "the order is post-only"), ({"time_in_force": "FOK"}, "held less than a FILL_OR_KILL needs"),
])
def test_why_an_order_took_nothing_that_was_within_its_limit(make_core, terms, why):
    core = make_core(venues=[V("A"), V("B", maker_fee_per_share="-0.0020")])
    show(core, A=5)
    order = core.submit("AAPL", "BUY", 50, "100.00", **terms)
    assert told(core, order) == {"A": (0, why)}
    assert core.explain(order).chosen == "B"


def test_a_parent_tells_what_each_venue_was_given_and_a_child_of_its_siblings(make_core):
    core = make_core(venues=[V("A"), V("B"), V("C", taker_fee_per_share="0.0030")])
    show(core, A=500, B=300, C=900)
    order = core.submit("AAPL", "BUY", 700, "100.00")
    among = "its lots are among the cheapest"
    assert told(core, order) == {"B": (300, among), "A": (400, among), "C": (0, "dearer all-in by 0.0030")}
    at_b, at_a = core.orders.children(order)
    assert told(core, at_b) == {"B": (300, among), "A": (0, f"has another part, order {at_a.order_id}"),
                                "C": (0, "dearer all-in by 0.0030")}


def test_a_part_that_was_placed_again_tells_the_ranking_that_it_was_placed_by(make_core):
    core = make_core(venues=[X("E"), X("F"), V("C")])
    show(core, E=500, F=300)
    order = core.submit("AAPL", "BUY", 800, "100.10")
    sent = {m.venue: m.order_id for m in core.outbound()}
    show(core, "100.02", C=200)
    core.execution.on_execution_report("F", "REJECTED", order_id=sent["F"])
    again = core.orders.children(order)[-1]
    assert (again.venue, again.cum_qty) == ("C", 200)
    prices = {its.venue: its.price for its in core.explain(again).venues}
    assert prices == {"E": 100, "F": 100, "C": Decimal("100.02")}
    assert told(core, again)["F"] == (0, "down, or tried before for what it still displayed")
    assert "C" not in {its.venue for its in core.explain(order).venues}  # the parent's own decision is the first


def test_what_rests_tells_why_nothing_was_taken(make_core):
    core = make_core(venues=[V("A"), V("B", maker_fee_per_share="-0.0020"), X("E")])
    show(core, A=500, E=300)
    order = core.submit("AAPL", "BUY", 1000, "100.00")
    (sent,) = core.outbound()
    core.execution.on_execution_report("E", "CANCELED", order_id=sent.order_id)
    rest = core.orders.children(order)[-1]
    assert told(core, rest)["E"] == (0, "beyond the limit")  # it rests at 99.99, behind the 300 that E still displays
    assert core.explain(rest).how == f"what order {order.order_id} could not take anywhere: the lowest maker fee"


def test_an_order_is_explained_by_the_charges_that_it_was_routed_with(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=100)
    show(core, "100.01", B=100)
    core.submit("AAPL", "BUY", 1, "99.00")  # it takes nothing: what is displayed stays as it is
    core.execution.router.set_weights(miss_bps=100)
    core.execution.router.set_statistics("A", fill_rate="0.5")
    order = core.submit("AAPL", "BUY", 1, "100.01")
    plan = core.execution.route("AAPL", "BUY", 1, "100.01")
    assert order.venue == "B"
    assert [(its.venue, its.all_in) for its in core.explain(order).venues] == [
        (its.venue, its.all_in) for its in plan.venues]
    assert told(core, order) == {"B": (1, "takes"), "A": (0, "dearer all-in by 0.4900")}


def test_an_order_is_explained_by_the_market_that_it_was_routed_in(make_core):
    core = make_core(venues=[V("A"), V("B")])
    show(core, A=100)
    orders = [core.submit("AAPL", "BUY", 1, "99.00")]
    core.quote("B", "AAPL", bid="100.50", bid_size=100)
    orders.append(core.submit("AAPL", "BUY", 1, "98.00"))
    core.risk.engage_kill_switch(venue="B")
    orders.append(core.submit("AAPL", "BUY", 1, "98.00"))
    orders.append(core.submit("AAPL", "BUY", 1, "98.00"))
    assert [core.explain(order).market.name for order in orders] == ["NORMAL", "CROSSED", "NORMAL", "NORMAL"]
    assert core.metrics()["decisions_crossed"] == 1


def test_a_plan_says_what_order_protection_passed_over(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL", order_protection=True)],
                     venues=[V("A", taker_fee_per_share="0.0300"), V("B")])
    show(core, A=100)
    show(core, "100.01", B=100)
    plan = core.execution.route("AAPL", "BUY", 50, "100.05")
    order = core.submit("AAPL", "BUY", 50, "100.05")
    protected = "cheaper all-in, but another displayed a better price: order protection"
    assert {its.venue: its.why for its in plan.venues}["B"] == protected
    assert told(core, order)["B"] == (0, protected)


def test_order_protection_is_a_reason(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL", order_protection=True)],
                     venues=[V("A", taker_fee_per_share="0.0300"), V("B")])
    show(core, A=100)
    show(core, "100.01", B=100)
    order = core.submit("AAPL", "BUY", 50, "100.05")
    assert told(core, order) == {
        "B": (0, "cheaper all-in, but another displayed a better price: order protection"),
        "A": (50, "the first that could")}

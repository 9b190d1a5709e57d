"""A venue's health: set by an operator, and moved by its circuit breaker; what a lost session makes of what works."""

from __future__ import annotations

import pytest
from conftest import build_core

import tradecore as tc

H, L, SECOND = tc.VenueHealth, tc.OnDisconnect, 1_000_000_000
V, X = tc.SimulatedVenue, tc.ExternalVenue


@pytest.fixture
def desk(make_core):
    """A is cheapest, B next; C is for what names it. All are external, and have a second for an answer."""
    core = make_core(venues=[X(name, request_timeout=SECOND) for name in "ABC"])
    for name, ask in (("A", "100.00"), ("B", "100.01"), ("C", "100.02")):
        core.quote(name, "AAPL", ask=ask, ask_size=100, bid="99.00", bid_size=100)
    return core


@pytest.fixture
def send(desk):
    """Sends one order, to A unless it is told otherwise; its venue says `word`, where there is one."""
    def send_one(word=None, venue="A", **terms):
        order = desk.submit("AAPL", "BUY", 10, "100.00", venue=venue, **terms)
        list(desk.outbound())
        if word:
            desk.execution.on_execution_report(venue, word, order_id=order.order_id)
        return order
    return send_one


def how(desk, venue="A"):
    return desk.execution.router.health(venue)


def goes_to(desk):
    return desk.submit("AAPL", "BUY", 1, "100.05").venue


def test_a_venue_that_an_operator_halts_is_never_chosen_until_it_is_connected_again(desk):
    router = desk.execution.router
    assert how(desk)[:3] == ("A", H.CONNECTED, False)
    router.set_health("A", "HALTED", who="ann", why="strange-prices")
    assert how(desk)[:3] == ("A", H.HALTED, True)
    assert goes_to(desk) == "B"
    named = desk.submit("AAPL", "BUY", 1, "100.05", venue="A")
    assert (named.ord_status, named.reason) == (tc.OrdStatus.REJECTED, tc.Reason.NO_VENUE)
    assert {venue.venue: venue.why for venue in desk.execution.route("AAPL", "BUY", 1).venues}["A"] == "down"
    router.set_health("A", H.CONNECTED)
    assert (how(desk).is_down, goes_to(desk)) == (False, "A")


@pytest.mark.parametrize("routing", ["ALL_IN_COST", "BEST_PRICE", "LOWEST_LATENCY", "ROUND_ROBIN", "SCORER"])
def test_no_strategy_chooses_a_venue_that_is_down_and_explain_names_that_as_why(desk, routing):
    desk.execution.router.set_health("A", "HALTED")
    order = desk.submit("AAPL", "BUY", 10, "100.05", routing=routing)
    (first, *_) = desk.explain(order).venues
    assert (order.venue, first.venue, first.why.partition(",")[0]) == ("B", "A", "down")


def test_what_works_at_a_halted_venue_works_on(desk, send):
    order = send("NEW")
    desk.execution.router.set_health("A", "HALTED")
    desk.execution.on_execution_report("A", "TRADE", order_id=order.order_id, exec_id=1, last_qty=4, last_px="100.00")
    assert (order.ord_status, order.cum_qty) == (tc.OrdStatus.PARTIALLY_FILLED, 4)
    desk.cancel(order)
    desk.execution.on_execution_report("A", "CANCELED", order_id=order.order_id)
    assert order.ord_status is tc.OrdStatus.CANCELED


def test_a_simulated_venue_can_be_halted_too(core):
    core.quote("XNAS", "AAPL", ask="10.00", ask_size=5)
    core.quote("ARCX", "AAPL", ask="10.01", ask_size=5)
    core.execution.router.set_health("XNAS", "HALTED")
    assert core.submit("AAPL", "BUY", 1, "10.05").venue == "ARCX"
    core.execution.router.set_health("ARCX", "HALTED")
    order = core.submit("AAPL", "BUY", 1, "10.05")
    assert order.reason is tc.Reason.NO_VENUE


def test_a_replace_that_would_enter_a_halted_venues_book_is_refused_and_the_order_works_on(core):
    core.quote("XNAS", "AAPL", ask="10.00", ask_size=5)
    order = core.submit("AAPL", "BUY", 10, "9.50", venue="XNAS")
    filled = core.submit("AAPL", "BUY", 5, "10.00", venue="XNAS")
    core.execution.router.set_health("XNAS", "HALTED")
    for asked, terms in ((order, {"price": "9.40"}), (order, {"qty": 11}), (filled, {"qty": 6})):
        core.replace(asked, **terms)
        told = list(core.reports(0))[-1]
        assert (told.report_type, told.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, tc.Reason.NO_VENUE)
        assert "venue XNAS is down" in told.text
    assert (order.ord_status, order.place, str(order.price), order.leaves_qty) == (
        tc.OrdStatus.NEW, tc.Place.RESTING, "9.50", 10)
    assert filled.ord_status is tc.OrdStatus.FILLED
    core.replace(order, qty=8)  # which keeps its place
    assert (order.ord_status, order.leaves_qty) == (tc.OrdStatus.NEW, 8)
    core.execution.router.set_health("XNAS", "CONNECTED")
    core.replace(order, price="9.40")
    assert (order.ord_status, str(order.price)) == (tc.OrdStatus.NEW, "9.40")


def test_rejects_in_a_row_open_the_breaker_and_an_order_that_is_taken_ends_the_row(desk, send, clock):
    desk.execution.router.set_health("A", reject_max=3)
    for word in ("REJECTED", "REJECTED", "NEW", "REJECTED", "REJECTED"):
        send(word)
    assert (how(desk).rejects, how(desk).is_down) == (2, False)
    send("REJECTED")
    now = how(desk)
    assert (now.health, now.is_down, now.closes_at) == (H.HALTED, True, clock.now + now.cooldown)
    assert goes_to(desk) == "B"


def test_the_opening_is_told_with_how_many_failed_and_how_many_open_it(desk, send):
    desk.execution.router.set_health("A", reject_max=2)
    send("REJECTED")
    send("REJECTED")
    (alert,) = [r for r in desk.reports(0) if r.report_type is tc.ReportType.RISK_WARNING]
    assert (alert.reason, alert.venue) == (tc.Reason.VENUE_DOWN, "A")
    assert "2 failures in a row" in alert.text


def test_requests_without_an_answer_in_time_open_it_and_any_answer_ends_their_row(desk, send, clock):
    desk.execution.router.set_health("A", timeout_max=2)
    working = send("NEW")

    def pass_time():
        clock.now += SECOND
        desk.advance_clock(clock.now)

    send()
    pass_time()
    assert (how(desk).timeouts, how(desk).is_down) == (1, False)
    desk.cancel(working, new_cl_ord_id="stop")
    desk.execution.on_cancel_reject("A", cl_ord_id="stop")
    assert how(desk).timeouts == 0
    send()
    pass_time()
    desk.cancel(working)  # a cancel is a request as well
    pass_time()
    assert how(desk).health is H.HALTED


@pytest.mark.parametrize("answer", ["REJECTED", "PENDING_CANCEL", "REPLACED", "CANCELED"])
def test_whatever_a_venue_answers_ends_the_row_of_timeouts(desk, send, clock, answer):
    desk.execution.router.set_health("A", timeout_max=2)
    working = send("NEW")
    send()
    clock.now += SECOND
    desk.advance_clock(clock.now)
    assert how(desk).timeouts == 1
    if answer == "REPLACED":
        desk.replace(working, new_cl_ord_id="more", qty=12)
    elif answer != "REJECTED":
        desk.cancel(working, new_cl_ord_id="stop")
    list(desk.outbound())
    if answer == "REJECTED":
        send("REJECTED")
    else:
        desk.execution.on_execution_report("A", answer, cl_ord_id="more" if answer == "REPLACED" else "stop")
    assert (how(desk).timeouts, how(desk).is_down) == (0, False)


def test_it_closes_step_by_step_one_order_at_a_time(desk, send, clock):
    desk.execution.router.set_health("A", reject_max=1, cooldown=SECOND)
    send("REJECTED")
    assert how(desk).closes_at == clock.now + SECOND
    clock.now += SECOND - 1
    assert goes_to(desk) == "B"
    clock.now += 1
    desk.advance_clock(clock.now)
    for left in (3, 2, 1):
        assert (how(desk).health, how(desk).trials, how(desk).is_down) == (H.DEGRADED, left, False)
        tried = send()
        assert (tried.ord_status, how(desk).is_down, goes_to(desk)) == (tc.OrdStatus.PENDING_NEW, True, "B")
        desk.execution.on_execution_report("A", "NEW", order_id=tried.order_id)
    assert (how(desk).health, how(desk).trials, goes_to(desk)) == (H.CONNECTED, 0, "A")


@pytest.mark.parametrize("failure", ["REJECTED", "no answer"])
def test_a_failure_while_it_is_tried_opens_it_again(desk, send, clock, failure):
    desk.execution.router.set_health("A", reject_max=5, cooldown=SECOND)
    for _ in range(5):
        send("REJECTED")
    clock.now += SECOND
    send("NEW")
    send("REJECTED" if failure == "REJECTED" else None)
    if failure == "no answer":
        clock.now += SECOND
        desk.advance_clock(clock.now)
    assert (how(desk).health, how(desk).closes_at) == (H.HALTED, clock.now + SECOND)


def test_an_order_that_was_tried_and_ended_unsent_lets_the_next_be_tried(desk, send, clock):
    desk.execution.router.set_health("A", reject_max=1, cooldown=SECOND)
    send("REJECTED")
    clock.now += SECOND
    tried = desk.submit("AAPL", "BUY", 10, "100.00", venue="A")
    assert how(desk).is_down
    desk.cancel(tried)  # not handed out yet: taken back
    assert tried.ord_status is tc.OrdStatus.CANCELED
    assert (how(desk).is_down, goes_to(desk)) == (False, "A")


def test_a_degraded_venue_on_trial_costs_more(desk, send, clock):
    router = desk.execution.router
    router.set_weights(degraded_bps=2)  # of 100.00: 0.02, so B is cheaper
    router.set_health("A", reject_max=1, cooldown=1)
    assert goes_to(desk) == "A"
    send("REJECTED")
    clock.now += 1
    desk.advance_clock(clock.now)
    assert (how(desk).is_down, goes_to(desk)) == (False, "B")


@pytest.mark.parametrize(("late", "degraded_bps", "halted", "goes"), [
    (-1, 0, False, "B"), (0, 0, False, "A"), (0, 2, False, "B"), (0, 0, True, "B")])
def test_a_dry_run_knows_which_breakers_are_half_open_by_then(desk, send, clock, late, degraded_bps, halted, goes):
    """No command has come since: the next order is what moves them."""
    router = desk.execution.router
    router.set_weights(degraded_bps=degraded_bps)
    router.set_health("A", "HALTED" if halted else None, reject_max=1, cooldown=SECOND)
    if not halted:
        send("REJECTED")
    clock.now += SECOND + late
    before = desk.state_hash(), how(desk)
    plan = desk.execution.route("AAPL", "BUY", 1, "100.05")
    assert plan.chosen == (goes,)
    assert ({venue.venue: venue.why for venue in plan.venues}["A"] == "down") == (late < 0 or halted)
    assert (desk.state_hash(), how(desk)) == before
    assert goes_to(desk) == goes


def test_a_health_that_is_set_closes_the_breaker_and_other_settings_do_not(desk, send):
    router = desk.execution.router
    router.set_health("A", reject_max=1)
    send("REJECTED")
    router.set_health("A", reject_max=2, cooldown=9)
    assert how(desk).is_down
    router.set_health("A", "CONNECTED")
    assert (how(desk).is_down, how(desk).rejects, how(desk).closes_at, how(desk).reject_max) == (False, 0, 0, 2)


def test_a_breaker_that_nobody_armed_stays_closed(desk, send):
    for _ in range(50):
        send("REJECTED")
    assert (how(desk).is_down, how(desk).rejects) == (False, 50)


def test_a_stop_whose_venue_is_down_waits_for_it(desk):
    """An exit that a price has let go is held back, and goes when the venue is up again."""
    desk.positions.open_position("AAPL", 10, 100, account="alpha")
    stop = desk.submit("AAPL", "SELL", 10, ord_type="STOP", stop_px="98.50", trigger_price_type="BEST_BID", venue="C")
    desk.execution.router.set_health("C", "HALTED")
    for name in "ABC":
        desk.quote(name, "AAPL", ask="98.30", ask_size=100, bid="98.20", bid_size=100)
    assert stop.ord_status is tc.OrdStatus.SUSPENDED
    desk.execution.router.set_health("C", "CONNECTED")
    assert stop.place is tc.Place.AT_VENUE


def test_what_a_venue_displays_counts_once_it_is_up_again(desk):
    desk.positions.open_position("AAPL", 10, 100, account="alpha")
    stop = desk.submit("AAPL", "SELL", 10, ord_type="STOP", stop_px="98.50", trigger_price_type="BEST_BID")
    desk.execution.router.set_health("C", "HALTED")
    for name, bid in (("A", "98.00"), ("B", "98.00"), ("C", "98.40")):
        desk.execution.router.set_health(name, "HALTED")
        desk.quote(name, "AAPL", ask="99.30", ask_size=100, bid=bid, bid_size=100)
    assert stop.ord_status is not tc.OrdStatus.FILLED
    assert stop.place is tc.Place.AWAITS_PRICE
    desk.execution.router.set_health("C", "CONNECTED")
    assert (stop.place, stop.venue) == (tc.Place.AT_VENUE, "C")


@pytest.mark.parametrize(("mode", "status", "leaves", "held"), [
    (L.KEEP, tc.OrdStatus.NEW, 10, 10), (L.DOUBT, tc.OrdStatus.NEW, 10, 10), (L.CANCEL, tc.OrdStatus.CANCELED, 0, 0)])
def test_a_lost_session_makes_of_what_works_what_was_set(desk, send, mode, status, leaves, held):
    desk.execution.router.set_health("A", on_disconnect=mode)
    order, other = send("NEW"), send("NEW", venue="B")
    desk.execution.set_venue_session("A", connected=False)
    assert how(desk)[:3] == ("A", H.DISCONNECTED, True)
    assert (order.ord_status, order.leaves_qty, other.ord_status) == (status, leaves, tc.OrdStatus.NEW)
    assert desk.positions.firm_exposure("AAPL").working_buy_qty == held + 10
    list(desk.outbound())
    desk.execution.set_venue_session("A", connected=True)
    asked = [message for message in desk.outbound() if message.msg_type is tc.MsgType.ORDER_STATUS_REQUEST]
    assert len(asked) == (mode is L.DOUBT)
    if mode is L.DOUBT:
        desk.execution.on_execution_report("A", "ORDER_STATUS", order_id=order.order_id, ord_status="CANCELED")
        assert (order.ord_status, order.leaves_qty) == (tc.OrdStatus.CANCELED, 0)


@pytest.mark.parametrize("ask", [{"qty": 20}, {"qty": 5}, None])
def test_what_was_asked_of_an_order_that_a_lost_session_canceled_is_not_sent(desk, send, ask):
    """Its venue would take a replace that nothing holds for."""
    desk.execution.router.set_health("A", on_disconnect="CANCEL")
    order = send("NEW")
    (desk.replace(order, **ask) if ask else desk.cancel(order))
    desk.execution.set_venue_session("A", connected=False)
    desk.execution.set_venue_session("A", connected=True)
    assert list(desk.outbound()) == []
    assert (order.ord_status, desk.positions.firm_exposure("AAPL").working_buy_qty) == (tc.OrdStatus.CANCELED, 0)


@pytest.mark.parametrize("mode", list(L))
def test_an_order_that_was_not_answered_is_unknown_and_held_whatever_is_set(desk, send, mode):
    desk.execution.router.set_health("A", on_disconnect=mode)
    order = send()
    desk.execution.set_venue_session("A", connected=False)
    assert (order.ord_status, order.leaves_qty) == (tc.OrdStatus.PENDING_NEW, 10)
    assert order.unknown & tc.Unknown.NEW


def test_a_trade_told_after_a_lost_session_canceled_its_order_is_booked(desk, send):
    desk.execution.router.set_health("A", on_disconnect="CANCEL")
    order = send("NEW")
    desk.execution.set_venue_session("A", connected=False)
    desk.execution.on_execution_report("A", "TRADE", order_id=order.order_id, exec_id=1, last_qty=4, last_px="100.00")
    assert desk.position("AAPL", "alpha").qty == 4


@pytest.mark.parametrize(("fields", "error", "words"), [
    ({"health": "DISCONNECTED"}, ValueError, "set_venue_session"), ({"health": "ILL"}, ValueError, "health"),
    ({"health": 1.5}, (TypeError, ValueError), "health"), ({"reject_max": -1}, ValueError, "reject_max"),
    ({"timeout_max": 1_000_001}, ValueError, "timeout_max"), ({"cooldown": 0}, ValueError, "cooldown"),
    ({"cooldown": 10**18}, ValueError, "cooldown"), ({"on_disconnect": "NEVER"}, ValueError, "on_disconnect"),
])
def test_what_can_not_be_set_is_refused_and_changes_nothing(desk, fields, error, words):
    before = desk.state_hash()
    with pytest.raises(error, match=words):
        desk.execution.router.set_health("A", **fields)
    assert desk.state_hash() == before


@pytest.mark.parametrize(("field", "value"), [
    ("venue_health", 2), ("venue_health", 4), ("reject_max", -2), ("timeout_max", 1_000_001), ("cooldown", 0),
    ("cooldown", 86_400_000_000_001), ("on_disconnect", 3), ("venue", 4), ("who", 2**62 + 10**7), ("why", -1)])
def test_the_core_itself_refuses_what_no_record_of_health_can_say(desk, field, value):
    before, as_it_is = how(desk), dict.fromkeys(("venue_health", "reject_max", "timeout_max", "cooldown", "on_disconnect"), -1)
    with pytest.raises(tc.RefusedError, match=str(value)):
        desk._gate.command(tc.CommandType.VENUE_HEALTH, **{"venue": 1, **as_it_is, field: value})
    assert how(desk) == before


def test_an_undeclared_venue_has_no_health(desk):
    with pytest.raises(tc.UndeclaredError):
        desk.execution.router.set_health("Z", "HALTED")
    with pytest.raises(tc.UndeclaredError):
        desk.execution.router.health("Z")


@pytest.mark.parametrize(("name", "one", "other"), [
    ("health", "DEGRADED", "HALTED"), ("reject_max", 1, 2), ("timeout_max", 1, 2), ("cooldown", 1, 2),
    ("on_disconnect", "DOUBT", "CANCEL")])
def test_health_is_part_of_the_state(name, one, other):
    hashes = []
    for backend, value in (("native", one), ("python", one), ("native", other), ("python", other)):
        core = build_core(backend)
        core.execution.router.set_health("XNAS", **{name: value})
        hashes.append(core.state_hash())
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


# ---- what a venue displays


def silence(desk, clock, ns):
    clock.now += ns
    desk.clock_tick()


def test_a_venue_that_displays_nothing_for_too_long_is_down_until_it_does(desk, clock):
    router = desk.execution.router
    router.set_health("A", stale_after=5 * SECOND)
    silence(desk, clock, 5 * SECOND)
    assert (how(desk).is_down, how(desk).is_stale, goes_to(desk)) == (False, False, "A")
    silence(desk, clock, 1)
    assert (how(desk).health, how(desk).is_down, how(desk).is_stale, goes_to(desk)) == (H.HALTED, True, True, "B")
    named = desk.submit("AAPL", "BUY", 1, "100.05", venue="A")
    assert (named.ord_status, named.reason) == (tc.OrdStatus.REJECTED, tc.Reason.NO_VENUE)
    (told,) = [r for r in desk.reports(0) if r.reason is tc.Reason.STALE_QUOTE]
    assert (told.report_type, told.venue) == (tc.ReportType.RISK_WARNING, "A")
    assert told.text == "STALE_QUOTE: a mark, or what a venue displays, is 5000 ms old: it counts as stale after 5000 ms"
    desk.quote("A", "AAPL", ask="100.00", ask_size=100)
    assert (how(desk).health, how(desk).is_down, goes_to(desk)) == (H.CONNECTED, False, "A")


def test_a_venue_that_has_displayed_nothing_yet_is_stale_at_once(make_core):
    core = make_core(venues=[X("A"), X("B")])
    core.execution.router.set_health("A", stale_after=10 * SECOND)
    assert how(core).is_stale
    core.execution.router.set_health("A", stale_after=0)
    assert not how(core).is_down


def test_a_quote_of_any_symbol_is_one_and_each_puts_it_off(make_core, clock):
    core = make_core(venues=[X("A")], instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    core.quote("A", "AAPL", ask=100, ask_size=1)
    core.execution.router.set_health("A", stale_after=2 * SECOND)
    for _ in range(5):
        silence(core, clock, 2 * SECOND)
        core.quote("A", "MSFT", ask=100, ask_size=1)
    assert not how(core).is_down
    silence(core, clock, 2 * SECOND + 1)
    assert how(core).is_down


def test_a_plan_asks_by_the_time_that_it_is(desk, clock):
    desk.execution.router.set_health("A", stale_after=5 * SECOND)
    clock.now += 6 * SECOND
    assert {venue.venue: venue.why for venue in desk.execution.route("AAPL", "BUY", 1).venues}["A"] == "down"
    assert not how(desk).is_stale  # asking changes nothing


def test_what_waits_for_a_silent_venue_goes_once_it_speaks(desk, clock):
    desk.execution.router.set_health("A", stale_after=5 * SECOND)
    stop = desk.submit("AAPL", "BUY", 10, "101.00", ord_type="STOP_LIMIT", stop_px="100.50", venue="A", trigger_price_type="LAST_TRADE")
    silence(desk, clock, 6 * SECOND)
    assert (stop.ord_status, how(desk).is_down) == (tc.OrdStatus.NEW, True)
    desk.quote("A", "AAPL", ask="100.00", ask_size=100)
    desk.trade_print("AAPL", "100.50", 1)
    assert stop.place is tc.Place.AT_VENUE


@pytest.mark.parametrize(("given", "error"), [(-1, ValueError), (86_400 * SECOND + 1, ValueError), (1.5, TypeError), (True, TypeError)])
def test_no_silence_is_negative_or_longer_than_a_day(desk, given, error):
    with pytest.raises(error, match="stale_after"):
        desk.execution.router.set_health("A", stale_after=given)


def test_nobody_knows_when_a_simulated_venue_displayed_what(make_core):
    core = make_core(venues=[V("S")])
    with pytest.raises(tc.RefusedError, match="stale_after"):
        core.execution.router.set_health("S", stale_after=1)
    core.execution.router.set_health("S", stale_after=0)

"""What may only reduce goes no further: an entry that works in parts sends no other part, and no replace has it trade
more, at a worse price or at another time; exits do. And an entry that a price lets go counts at what it then takes."""

import pytest
from conftest import limits

import tradecore as tc

R, E = tc.Reason, tc.ExecType
NEW, PARTLY, FILLED, CANCELED = (tc.OrdStatus[name] for name in ("NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED"))


def reduce_by(**target):
    return lambda core: core.risk.set_trading_state("REDUCING", **target)


def lose(core):
    core.risk.set_limit("daily_loss", 50, account="alpha")
    core.mark("AAPL", 9)


def say_nonsense(core):
    """A trade without its price: it lies unbooked."""
    part = next(order for order in core.orders.open_orders() if order.place is tc.Place.AT_VENUE)
    core.execution.on_execution_report(part.venue, "TRADE", order_id=part.order_id, exec_id="u", last_qty=1)


# What bars entries and lets exits out, and what an entry is then told.
STATES = {
    "the firm is REDUCING": (reduce_by(), R.TRADING_STATE),
    "the account is REDUCING": (reduce_by(account="alpha"), R.TRADING_STATE),
    "the symbol is REDUCING": (reduce_by(symbol="AAPL"), R.TRADING_STATE),
    "the strategy is REDUCING": (reduce_by(strategy=7), R.TRADING_STATE),
    "a kill switch with allow_reduce": (lambda core: core.risk.engage_kill_switch(account="alpha", allow_reduce=True), R.KILL_SWITCH),
    "a loss of 60": (lose, R.TRADING_STATE),
}
BARS = STATES | {
    "a trade lies unbooked": (say_nonsense, R.UNBOOKED_TRADE),
    "a position limit": (lambda core: core.risk.set_limit("max_position_qty", 10, account="alpha"), R.MAX_POSITION_QTY),
}


@pytest.fixture
def desk(make_core):
    """Two external venues that show 100 each, one of ours that shows nothing; a mark of 10."""

    def build(qty=0, **armed):
        core = make_core(venues=[tc.ExternalVenue("E"), tc.ExternalVenue("F"), tc.SimulatedVenue("S")], limits=limits(**armed),
                         capacity=tc.Capacity.small())
        if qty:
            core.positions.open_position("AAPL", qty, 10)
        core.mark("AAPL", 10)
        show(core, "9.90", "10.00")
        return core

    return build


def show(core, bid, ask, size=100):
    for venue in "EF":
        core.quote(venue, "AAPL", bid=bid, bid_size=size, ask=ask, ask_size=size)


def outbound(core):
    return [(message.venue, message.msg_type.name, message.side.name, message.order_qty) for message in core.outbound()]


def work_in_parts(core, side, price):
    """200 over two venues: 60 are bought at one, then both parts are gone."""
    order = core.submit("AAPL", side, 200, price, strategy=7)
    parts = list(core.outbound())
    assert [part.order_qty for part in parts] == [100, 100]
    core.execution.on_execution_report(parts[0].venue, "TRADE", cl_ord_id=parts[0].cl_ord_id, exec_id="1", last_qty=60, last_px=price)
    return order, parts


def lose_parts(core, parts):
    for part in parts:
        core.execution.on_execution_report(part.venue, "CANCELED", cl_ord_id=part.cl_ord_id)
    show(core, "9.90", "10.00", 500)


@pytest.mark.parametrize("bar", BARS)
def test_an_entry_in_parts_sends_no_other_part(desk, bar):
    core = desk()
    order, parts = work_in_parts(core, "BUY", 10)
    bars, reason = BARS[bar]
    bars(core)
    lose_parts(core, parts)
    assert outbound(core) == []
    assert (order.ord_status, order.cum_qty, order.reason) == (CANCELED, 60, reason)


def test_without_a_bar_it_does(desk):
    core = desk()
    order, parts = work_in_parts(core, "BUY", 10)
    lose_parts(core, parts)
    assert [(kind, side, qty) for _, kind, side, qty in outbound(core)] == [("NEW_ORDER_SINGLE", "BUY", 140)]
    assert order.ord_status is PARTLY


@pytest.mark.parametrize("bar", STATES)
def test_an_exit_in_parts_goes_on(desk, bar):
    core = desk(qty=200)
    order, parts = work_in_parts(core, "SELL", "9.90")
    STATES[bar][0](core)
    lose_parts(core, parts)
    assert [(kind, side, qty) for _, kind, side, qty in outbound(core)] == [("NEW_ORDER_SINGLE", "SELL", 140)]
    assert order.ord_status is PARTLY


# How a replace of 100 bought at 9.00 goes on: it trades more, or at a worse price, or both, though it asks for less.
FURTHER = [{"price": "9.01"}, {"price": 10, "qty": 50}, {"qty": 101}, {"qty": 101, "price": "8.99"}]
GIVES_WAY = [{"price": "8.99"}, {"qty": 99}, {"qty": 99, "price": "8.99"}]


@pytest.mark.parametrize("venue", "SE")
@pytest.mark.parametrize("bar", STATES)
def test_no_replace_has_an_entry_go_on_and_it_may_give_way(desk, bar, venue):
    bars, reason = STATES[bar]
    for asked in (*FURTHER, *GIVES_WAY):
        core = desk(qty=60)
        order = core.submit("AAPL", "BUY", 100, 9, venue=venue, strategy=7)
        outbound(core)
        bars(core)
        answer = core.replace(order, **asked)
        assert (answer.report_type is tc.ReportType.ORDER_CANCEL_REJECT, answer.reason) == (
            (True, reason) if asked in FURTHER else (False, R.NONE)), asked
        assert len(outbound(core)) == (venue == "E" and asked in GIVES_WAY)


@pytest.mark.parametrize(("terms", "asked"), [
    ({"stop_px": 11}, {"stop_px": "10.50"}), ({"stop_px": 11}, {"stop_px": 12}), ({"peg_offset": 2}, {"peg_offset": 1}),
    ({"price": 9, "time_in_force": "GTD", "expire_time": 2**61}, {"expire_time": 2**61 + 1}),
])
def test_nor_does_it_wait_for_another_price_or_time(desk, terms, asked):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, venue="S", trigger_price_type="BEST_OFFER", **terms)
    assert order.ord_status is NEW
    core.risk.set_trading_state("REDUCING")
    assert core.replace(order, **asked).reason is R.TRADING_STATE
    core.risk.set_trading_state("ACTIVE", who="ann", why="looked at it")
    assert core.replace(order, **asked).reason is R.NONE


@pytest.mark.parametrize("venue", "SE")
@pytest.mark.parametrize("bar", STATES)
def test_a_replace_of_an_exit_goes_on(desk, bar, venue):
    core = desk(qty=100)
    order = core.submit("AAPL", "SELL", 100, 11, venue=venue, strategy=7)
    STATES[bar][0](core)
    assert core.replace(order, price="10.50").reason is R.NONE
    assert core.replace(order, price="10.25", qty=90).reason is R.NONE


def test_what_a_smaller_one_asked_of_its_venue_is_what_goes_further(desk):
    """100 are held while nobody knows whether they became 10; 100 again is more than what was asked for."""
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 9, venue="E")
    core.replace(order, qty=10)
    assert len(outbound(core)) == 2
    core.risk.set_trading_state("REDUCING")
    assert core.replace(order, qty=100).reason is R.TRADING_STATE
    assert core.replace(order, qty=9).reason is R.NONE
    assert len(outbound(core)) == 1


@pytest.mark.parametrize(("asked", "goes"), [({"price": "9.01"}, False), ({"price": 10, "qty": 50}, False), ({"price": "8.99"}, True)])
def test_a_replace_that_was_not_handed_out_is_taken_back_where_it_goes_on(desk, asked, goes):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 9, venue="E")
    outbound(core)
    core.execution.on_execution_report("E", "NEW", order_id=order.order_id)
    core.replace(order, **asked)
    core.risk.set_trading_state("REDUCING")
    assert len(outbound(core)) == goes
    assert [report.reason for report in core.reports(0) if report.report_type is tc.ReportType.ORDER_CANCEL_REJECT] == (
        [] if goes else [R.TRADING_STATE])


def test_a_breaker_bars_it_too(desk):
    core = desk()
    core.risk.set_limit("consecutive_rejects", 1, strategy=7)
    order = core.submit("AAPL", "BUY", 100, 9, venue="E", strategy=7)
    others = [core.submit("AAPL", "BUY", 1, 9, venue="F", strategy=7) for _ in range(2)]
    outbound(core)
    for other in others:
        core.execution.on_execution_report("F", "REJECTED", order_id=other.order_id)
    assert core.replace(order, price="9.01").reason is R.CONSECUTIVE_REJECTS
    assert core.replace(order, price="8.99").reason is R.NONE


# ---- an entry that a price lets go


def gap(core):
    """The market leaves 10 for 20.10, through every stop between."""
    for venue in "SEF":  # until the last shows it too, 10 is the best offer
        core.quote(venue, "AAPL", bid="19.90", bid_size=1000, ask="20.10", ask_size=5000)


BOUNDS = {  # of 90 bought at 20.10, 1,809 in all, where 90 at the stop of 11 are 990
    "notional": (lambda core: core.risk.set_limit("max_order_notional", 1000, account="alpha"), R.MAX_ORDER_NOTIONAL),
    "cash": (lambda core: core.risk.set_account_kind("CASH", account="alpha"), R.INSUFFICIENT_FUNDS),
    "a rule": (lambda core: core.risk.add_rule("small", "order.notional <= 1000"), R.USER_RULE),
}


@pytest.mark.parametrize("terms", [{"stop_px": 11}, {"peg_offset": "0.90"}])
@pytest.mark.parametrize("bound", BOUNDS)
def test_an_entry_counts_at_what_it_takes_once_its_price_has_come(desk, bound, terms):
    core = desk()
    core.positions.open_cash("USD", 1000, account="alpha")
    bounds, reason = BOUNDS[bound]
    bounds(core)
    order = core.submit("AAPL", "BUY", 90, venue="S", trigger_price_type="BEST_OFFER", **terms)
    assert order.ord_status is NEW, order.text
    gap(core)
    assert (order.ord_status, order.cum_qty, order.reason) == (CANCELED, 0, reason)


def test_within_its_bound_it_goes(desk):
    core = desk(max_order_notional=1809)
    order = core.submit("AAPL", "BUY", 90, venue="S", stop_px=11, trigger_price_type="BEST_OFFER")
    gap(core)
    assert (order.ord_status, order.avg_px) == (FILLED, tc.Instrument("AAPL").price(2_010_000_000))


def test_one_that_a_collar_bounds_counts_at_that(desk):
    """10% from its own trigger of 11 is 12.10: 1,089 at most; nothing is there for that, and it is canceled unfilled."""
    core = desk(max_order_notional=1089, price_collar_bps=1000)
    order = core.submit("AAPL", "BUY", 90, venue="S", stop_px=11, trigger_price_type="BEST_OFFER")
    gap(core)
    assert (order.cum_qty, order.reason) == (0, R.MARKET_LEFTOVER)


def test_an_exit_gets_out_whatever_the_market_says_by_then(desk):
    core = desk(qty=-90, max_order_notional=1000)
    order = core.submit("AAPL", "BUY", 90, venue="S", stop_px=11, trigger_price_type="BEST_OFFER")
    gap(core)
    assert (order.ord_status, core.position("AAPL").qty) == (FILLED, 0)


def test_where_nothing_is_shown_it_counts_at_the_last_trade(desk):
    """At an external venue without stops of its own, which may fill it at anything."""
    core = desk(max_order_notional=1000)
    order = core.submit("AAPL", "BUY", 90, venue="E", stop_px=11, trigger_price_type="LAST_TRADE")
    for venue in "EF":
        core.quote(venue, "AAPL", bid=0, bid_size=0, ask=0, ask_size=0)
    core.trade_print("AAPL", "20.10", 1)
    assert (order.ord_status, order.reason, outbound(core)) == (CANCELED, R.MAX_ORDER_NOTIONAL, [])


# ---- what a venue was asked for since: nobody knows yet which of them a replace will replace

STOPS = ("MARKET", "LIMIT", "STOP", "STOP_LIMIT", "TRAILING_STOP")
ASIDE = {  # an order, a replace that its venue has not answered, and one that takes it back
    "quantity": ({"price": 9}, {"qty": 50}, {"qty": 100}),
    "price": ({"price": 9}, {"price": 8}, {"price": 9}),
    "stop": ({"stop_px": 12}, {"stop_px": 13}, {"stop_px": 12}),
    "offset": ({"peg_offset": 2}, {"peg_offset": 3}, {"peg_offset": 2}),
}
SWITCHES = STATES | {
    "a kill switch": (lambda core: core.risk.engage_kill_switch(), R.KILL_SWITCH),
    "the account is HALTED": (lambda core: core.risk.set_trading_state("HALTED", account="alpha"), R.TRADING_STATE),
}


@pytest.fixture
def stops(make_core):
    """One external venue with stops of its own, which has 100 of ours to buy and was sent a replace."""

    def build(terms, aside):
        core = make_core(venues=[tc.ExternalVenue("E", ord_types=STOPS)], limits=limits(), capacity=tc.Capacity.small())
        core.positions.open_position("AAPL", 60, 10)
        core.mark("AAPL", 10)
        order = core.submit("AAPL", "BUY", 100, venue="E", strategy=7, **terms)
        outbound(core)
        core.execution.on_execution_report("E", "NEW", order_id=order.order_id)
        core.replace(order, **aside)
        assert len(outbound(core)) == 1
        return core, order

    return build


@pytest.mark.parametrize("what", ASIDE)
@pytest.mark.parametrize("bar", SWITCHES)
def test_what_was_asked_for_since_is_not_taken_back(stops, bar, what):
    bars, reason = SWITCHES[bar]
    terms, aside, back = ASIDE[what]
    core, order = stops(terms, aside)
    bars(core)
    assert core.replace(order, **back).reason is reason
    assert outbound(core) == []


@pytest.mark.parametrize("what", ASIDE)
@pytest.mark.parametrize("bar", [bar for bar in SWITCHES if bar != "a loss of 60"])
def test_nor_does_it_go_out_where_it_was_asked_for_before(stops, bar, what):
    bars, reason = SWITCHES[bar]
    terms, aside, back = ASIDE[what]
    core, order = stops(terms, aside)
    assert core.replace(order, **back).reason is R.NONE
    bars(core)
    assert outbound(core) == []
    assert [report.reason for report in core.reports(0) if report.report_type is tc.ReportType.ORDER_CANCEL_REJECT] == [reason]


def test_what_lies_unbooked_stops_a_replace_to_a_worse_price(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 100, 9, venue="S", strategy=7)
    core.submit("AAPL", "BUY", 5, 9, venue="E")
    say_nonsense(core)
    assert core.replace(order, price=10).reason is R.UNBOOKED_TRADE
    assert core.replace(order, price="8.99").reason is R.NONE


def test_a_closed_session_takes_no_more_than_was_asked_for_since(stops):
    core, order = stops(*ASIDE["quantity"][:2])
    core.execution.set_session("AAPL", "CLOSED")
    assert core.replace(order, qty=100).reason is R.SESSION_CLOSED
    assert core.replace(order, qty=40).reason is R.NONE


@pytest.mark.parametrize(("qty", "collar", "goes"), [(0, tc.OFF, False), (-90, tc.OFF, True), (0, 1000, True)])
def test_an_entry_that_nobody_knows_a_price_for_does_not_go(make_core, qty, collar, goes):
    """Triggered while its venue was away; then the venue is back, and shows nothing. An exit goes, and what a collar bounds."""
    core = make_core(venues=[tc.ExternalVenue("E")], limits=limits(max_order_notional=1100, price_collar_bps=collar), capacity=tc.Capacity.small())
    if qty:
        core.positions.open_position("AAPL", qty, 10)
    core.quote("E", "AAPL", bid="9.90", bid_size=100, ask="10.00", ask_size=100)
    order = core.submit("AAPL", "BUY", 90, venue="E", stop_px=11, trigger_price_type="BEST_OFFER")
    core.execution.set_venue_session("E", connected=False)
    core.quote("E", "AAPL", bid="10.90", bid_size=100, ask="11.00", ask_size=100)
    assert order.ord_status is tc.OrdStatus.SUSPENDED
    core.quote("E", "AAPL", bid=0, bid_size=0, ask=0, ask_size=0)
    core.execution.set_venue_session("E", connected=True)
    assert (len(outbound(core)), order.reason) == ((1, R.NONE) if goes else (0, R.REFERENCE_PRICE_UNAVAILABLE))

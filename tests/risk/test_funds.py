"""Cash accounts: what a buy needs at its worst, fees included, is held of the cash in its currency; at the cash, one below and one
above; what can't be told is not paid for; holds end with their orders, and are what a plain loop finds."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from conftest import limits

import tradecore as tc

R = tc.Reason
BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
SCOPES = {"firm": {}, "account alpha": {"account": "alpha"}}
WIDE = {"max_order_qty": 10**7, "max_order_notional": 10**9, "max_position_qty": 10**7, "order_rate": 1000}
SYMBOLS = [tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("MSFT", tick_size="0.01"), tc.Instrument("SAP", currency="EUR")]


@pytest.fixture
def desk(make_core):
    """2,000,000 USD and 500 EUR; XNAS charges 0.1 %, ARCX nothing, BATS 0.02 a share."""
    core = make_core(instruments=SYMBOLS, accounts=["alpha", "beta"], currencies=["USD", "EUR"], venues=[
        tc.SimulatedVenue("XNAS", taker_fee_bps=10, maker_fee_bps=5), tc.SimulatedVenue("ARCX"), tc.SimulatedVenue("BATS", taker_fee_per_share="0.02")])
    core.positions.open_cash("USD", 2_000_000, account="alpha")
    core.positions.open_cash("EUR", 500, account="alpha")
    return core


def send(core, qty, price=100, side=BUY, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, price, **{**QUIET, **other})


def power(core, currency="USD", account="alpha"):
    return core.positions.buying_power(currency, account)


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_bought_is_paid_of_the_cash_that_is_there(desk, scope, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("insufficient_funds", 0, **SCOPES[scope])
    answer = desk.check("AAPL", BUY, 21_000, 100, **QUIET)["INSUFFICIENT_FUNDS"]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (2_100_000, 2_000_000, -100_000, "REFUSE")
    for price in ("99.99", 100):
        assert desk.check("AAPL", BUY, 20_000, price, **QUIET)["INSUFFICIENT_FUNDS"].verdict == "PASS"
        order = send(desk, 20_000, price)
        assert order.reason is R.NONE
        assert power(desk) == 2_000_000 - 20_000 * Decimal(price)
        desk.cancel(order)
        assert power(desk) == 2_000_000
    order = send(desk, 20_000, "100.01")
    assert (order.reason, order.ord_rej_reason) == (R.INSUFFICIENT_FUNDS, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == f"INSUFFICIENT_FUNDS: 2000200 would be needed with working orders and fees, and 2000000 is there ({scope})"
    assert send(desk, 1, account="beta").reason is (R.INSUFFICIENT_FUNDS if scope == "firm" else R.NONE)
    assert send(desk, 30_000, 100, SELL).reason is R.NONE
    desk.risk.set_limit("insufficient_funds", tc.OFF, **SCOPES[scope])
    assert send(desk, 20_000, "100.01").reason is R.NONE


def test_an_account_is_told_which_kind_it_is(desk):
    assert send(desk, 30_000).reason is R.NONE  # as every account is before
    desk.mass_cancel()
    desk.risk.set_account_kind("CASH", account="alpha", who="ann", why="no margin agreement")
    assert send(desk, 30_000).reason is R.INSUFFICIENT_FUNDS
    assert send(desk, 1, side=SELL).reason is R.INSUFFICIENT_POSITION
    assert [(line.rule.name, line.value, line.set_by, line.reason) for line in desk.risk.limits(account="alpha")
            if "INSUFFICIENT" in line.rule.name] == [
        (name, 0, "ann", "no margin agreement") for name in ("INSUFFICIENT_POSITION", "INSUFFICIENT_FUNDS")]
    desk.risk.set_account_kind(tc.AccountKind.MARGIN, account="alpha")
    assert send(desk, 30_000).reason is R.NONE
    assert send(desk, 1, side=SELL).reason is R.NONE
    before = desk.state_hash()
    for bad, error in (("CREDIT", ValueError), (7, ValueError), (None, TypeError)):
        with pytest.raises(error, match="kind"):
            desk.risk.set_account_kind(bad, account="alpha")
    with pytest.raises(tc.UndeclaredError):
        desk.risk.set_account_kind("CASH", account="nobody")
    assert desk.state_hash() == before


@pytest.mark.parametrize(("venue", "fee"), [("XNAS", "0.1"), ("ARCX", 0), ("BATS", "0.02"), (None, "0.1")])
def test_fees_are_held_at_the_dearest_of_the_venues_that_it_may_go_to(desk, venue, fee):
    desk.risk.set_account_kind("CASH", account="alpha")
    desk.execution.set_session("AAPL", "PRE_OPEN")  # it is taken, and waits: it goes nowhere yet
    order = send(desk, 100, time_in_force="AT_THE_OPEN", venue=venue)
    assert order.reason is R.NONE
    assert power(desk) == 2_000_000 - 10_000 - 100 * Decimal(fee)


def test_each_currency_pays_for_its_own(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    assert send(desk, 6, 100, symbol="SAP").reason is R.INSUFFICIENT_FUNDS
    assert send(desk, 5, 100, symbol="SAP").reason is R.NONE
    assert (power(desk), power(desk, "EUR")) == (2_000_000, 0)
    assert send(desk, 1, 1, symbol="SAP").reason is R.INSUFFICIENT_FUNDS
    assert send(desk, 20_000).reason is R.NONE


def test_a_fill_pays_and_a_sale_brings_in(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    desk.quote("XNAS", "AAPL", bid=99, bid_size=50, ask=100, ask_size=30)
    order = send(desk, 100, 101, venue="XNAS")
    assert order.cum_qty == 30
    paid = 30 * 100 + 3  # at 100, with 0.1 %
    assert desk.positions.cash("USD", "alpha") == 2_000_000 - paid
    assert power(desk) == 2_000_000 - paid - 70 * (101 + Decimal("0.101"))
    desk.cancel(order)
    assert power(desk) == 2_000_000 - paid
    desk.quote("XNAS", "AAPL", bid=99, bid_size=50, ask=100, ask_size=30)
    assert send(desk, 30, 99, SELL, venue="XNAS").ord_status is tc.OrdStatus.FILLED
    assert power(desk) == desk.positions.cash("USD", "alpha") == 2_000_000 - paid + 30 * 99 - 30 * Decimal("0.099")


def test_a_replace_is_asked_for_what_it_needs_more(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    order = send(desk, 10_000)
    assert desk.replace(order, price="200.01").reason is R.INSUFFICIENT_FUNDS
    assert power(desk) == 1_000_000
    assert desk.replace(order, price=200).reason is R.NONE
    assert power(desk) == 0
    assert desk.replace(order, qty=10_001).reason is R.INSUFFICIENT_FUNDS
    assert desk.replace(order, qty=5_000).reason is R.NONE
    assert power(desk) == 1_000_000
    assert desk.replace(order, qty=20_000, price=100).reason is R.NONE
    assert power(desk) == 0


def test_a_market_order_is_counted_at_its_protection_price_or_what_it_could_take_and_refused_without(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    order = send(desk, 1, None)
    assert order.reason is R.INSUFFICIENT_FUNDS
    assert order.text == ("INSUFFICIENT_FUNDS: what it needs is not known: a reference price is missing, or it is beyond all cash "
                          "(account alpha)")
    desk.quote("ARCX", "AAPL", bid=90, bid_size=1, ask=110, ask_size=1)  # mid 100
    assert desk.check("AAPL", BUY, 1_000, None, **QUIET)["INSUFFICIENT_FUNDS"].value == 110_000
    desk.risk.set_limit("price_collar", 2_000, account="alpha")
    assert desk.check("AAPL", BUY, 1_000, None, **QUIET)["INSUFFICIENT_FUNDS"].value == 120_000
    assert send(desk, 1_000, None, SELL).reason is not R.INSUFFICIENT_FUNDS


def test_a_stop_holds_what_it_needs_at_its_trigger_and_is_asked_again_there(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    stop = send(desk, 10_000, None, ord_type="STOP", stop_px=150)
    assert power(desk) == 500_000
    assert desk.replace(stop, stop_px=160).reason is R.NONE
    assert power(desk) == 400_000
    assert desk.replace(stop, stop_px=120).reason is R.NONE
    assert power(desk) == 800_000
    assert desk.replace(stop, stop_px=201).reason is R.INSUFFICIENT_FUNDS
    desk.cancel(stop)
    assert power(desk) == 2_000_000


def test_exits_pass_and_hold_what_they_need(desk):
    desk.positions.open_position("AAPL", -50_000, 100, account="alpha")
    assert desk.positions.cash("USD", "alpha") == 2_000_000
    desk.risk.set_account_kind("CASH", account="alpha")
    order = send(desk, 50_000, 200)  # it costs more than there is
    assert order.reason is R.NONE
    assert power(desk) == -8_000_000
    assert send(desk, 1, symbol="MSFT").reason is R.INSUFFICIENT_FUNDS


@pytest.mark.parametrize("kept", ["before", "after"])
def test_a_position_carried_in_was_paid_before_and_takes_no_cash(make_core, kept):
    """Whichever way it is read: cash, buying power, what a purchase may cost, credit, equity and a drop copy's keeper."""
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("FUT", valuation_method="FUTURES_STYLE")], venues=[tc.ExternalVenue("EXT")])
    books = tc.DropCopy(core)
    core.positions.open_cash("USD", 200)
    if kept == "before":
        core.risk.set_account_kind("CASH", account="alpha")
    for symbol, qty, price in (("AAPL", 10, 3), ("FUT", -5, 7)):
        core.positions.open_position(symbol, qty, price)
        core.mark(symbol, price)
    core.risk.set_account_kind("CASH", account="alpha")
    core.risk.set_limit("credit_limit", 0)
    core.risk.set_limit("max_leverage", 100)
    assert core.positions.cash("USD") == power(core) == books.keeper.cash("USD", "alpha") == 200
    assert core.check("AAPL", BUY, 50, 4, venue="EXT")["INSUFFICIENT_FUNDS"].limit == 200
    assert [core.check("AAPL", BUY, 1, price, venue="EXT").passed for price in (200, "200.01")] == [True, False]
    (line,) = core.risk.limits("max_leverage")
    assert line.used * (200 + 30) == pytest.approx(30 + 35)  # equity: cash and what AAPL is worth; of FUT its variation alone
    core.execution.on_execution_report("EXT", "TRADE", order_id=core.submit("AAPL", SELL, 4, 5, venue="EXT").order_id, exec_id="1", last_qty=4, last_px=5)
    assert core.positions.cash("USD") == power(core) == books.keeper.cash("USD", "alpha") == 220
    core.positions.open_cash("USD", 1)
    assert core.positions.cash("USD") == power(core) == books.keeper.cash("USD", "alpha") == 221
    core.mark("FUT", 8)
    assert core.risk.limits("max_leverage")[0].used * (221 + 18 - 5) == pytest.approx(18 + 40)


def test_what_works_when_it_is_armed_is_held(desk):
    order = send(desk, 15_000)
    stop = send(desk, 1_000, None, ord_type="STOP", stop_px=150)
    assert power(desk) == 2_000_000
    desk.risk.set_account_kind("CASH", account="alpha")
    assert power(desk) == 350_000
    assert send(desk, 3_501).reason is R.INSUFFICIENT_FUNDS
    desk.risk.set_account_kind("MARGIN", account="alpha")
    desk.cancel(order)
    desk.risk.set_account_kind("CASH", account="alpha")
    assert power(desk) == 1_850_000
    desk.cancel(stop)
    assert power(desk) == 2_000_000


def test_a_dearer_venue_that_is_declared_later_is_held_for(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    desk.execution.set_session("AAPL", "PRE_OPEN")
    send(desk, 100, time_in_force="AT_THE_OPEN", venue=None)
    desk.execution.define_venue(tc.SimulatedVenue("DEAR", taker_fee_bps=100))
    assert power(desk) == 2_000_000 - 10_000 - 100


def test_in_a_basket_what_comes_before_counts(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    orders = tc.new_orders(2)
    orders["instrument"], orders["account"], orders["venue"], orders["side"], orders["ord_type"] = desk.ids("AAPL"), 1, 2, 1, 2
    orders["order_qty"], orders["price"] = SYMBOLS[0].qty_lots(12_000, "qty"), SYMBOLS[0].price_units(100)
    assert list(desk.check_batch(orders)["reason"]) == [R.NONE, R.NONE]
    assert list(desk.check_batch(orders, together=True)["reason"]) == [R.NONE, R.INSUFFICIENT_FUNDS]
    assert power(desk) == 2_000_000


def test_where_it_is_only_observed_it_tells_and_refuses_nothing(desk):
    desk.risk.set_limit("insufficient_funds", 0, account="alpha", observe=True)
    reports = desk.reports()
    assert send(desk, 20_001).reason is R.NONE
    (told,) = [r for r in reports.read() if r.report_type is tc.ReportType.RISK_OBSERVED]
    assert told.reason is R.INSUFFICIENT_FUNDS


def test_a_split_changes_no_need(desk):
    desk.risk.set_account_kind("CASH", account="alpha")
    send(desk, 1_000)
    send(desk, 1_000, None, ord_type="STOP", stop_px=150)
    before = power(desk)
    desk.execution.set_session("AAPL", "HALTED")
    desk.positions.split("AAPL", 2, 1)
    assert power(desk) == before == 1_750_000


def test_kinds_are_kept_as_toml(desk, make_core):
    desk.risk.set_account_kind("CASH", account="alpha", who="ann", why="cash")
    other = make_core(accounts=["alpha", "beta"])
    other.risk.load_toml(desk.risk.export_toml())
    assert other.submit("AAPL", BUY, 1, 1, **QUIET).reason is R.INSUFFICIENT_FUNDS


def test_what_is_kept_is_what_a_plain_loop_finds(desk):
    """300 random orders, replaces, cancels and quotes: what works at its limit, and what was traded, added up anew."""
    pick = random.Random(5)
    desk.risk.set_account_kind("CASH", account="alpha")
    orders = []
    for _ in range(300):
        chance = pick.random()
        if orders and chance < 0.2:
            desk.cancel(pick.choice(orders))
        elif orders and chance < 0.4:
            desk.replace(pick.choice(orders), qty=pick.randrange(1, 4_000), price=pick.randrange(95, 106))
        elif chance < 0.6:
            mid = pick.randrange(97, 104)
            desk.quote("XNAS", pick.choice(("AAPL", "MSFT")), bid=mid - 1, bid_size=pick.randrange(1, 900), ask=mid + 1, ask_size=pick.randrange(1, 900))
        else:
            orders.append(send(desk, pick.randrange(1, 4_000), pick.randrange(95, 106), pick.choice((BUY, BUY, SELL)),
                               pick.choice(("AAPL", "MSFT")), venue=pick.choice(("XNAS", "ARCX"))))
        works = sum(order.leaves_qty * order.price * (1 + (Decimal("0.001") if order.venue == "XNAS" else 0))
                    for order in orders if order.side is tc.Side.BUY)
        assert power(desk) == desk.positions.cash("USD", "alpha") - works >= 0
    assert any(order.reason is R.INSUFFICIENT_FUNDS for order in orders)


@pytest.fixture
def outside(make_core, clock):
    """An external venue, whose answer is awaited for a second; 2,000 USD."""
    core = make_core(venues=[tc.ExternalVenue("EXT", request_timeout=10**9)], accounts=["alpha"])
    core.positions.open_cash("USD", 2_000, account="alpha")
    core.risk.set_account_kind("CASH", account="alpha")
    return core


def test_the_larger_is_held_while_a_replace_is_unanswered(outside):
    order = outside.submit("AAPL", BUY, 10, 100, venue="EXT", cl_ord_id="a")
    outside.execution.on_execution_report("EXT", "NEW", cl_ord_id="a")
    assert power(outside) == 1_000
    outside.replace(order, qty=5, price=150, new_cl_ord_id="b")  # 750 in place of 1,000
    assert power(outside) == 1_000
    outside.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="b")
    assert power(outside) == 1_250
    outside.replace(order, qty=10, price=190, new_cl_ord_id="c")
    assert power(outside) == 100
    assert outside.submit("AAPL", BUY, 2, 100, venue="EXT").reason is R.INSUFFICIENT_FUNDS
    outside.execution.on_execution_report("EXT", "TRADE", cl_ord_id="b", exec_id="1", last_qty=3, last_px=140)
    assert power(outside) == 2_000 - 420 - 7 * 190
    outside.execution.on_cancel_reject("EXT", cl_ord_id="c")
    assert power(outside) == 2_000 - 420 - 2 * 150


def test_unknown_keeps_what_it_holds(outside, clock):
    order = outside.submit("AAPL", BUY, 10, 100, venue="EXT", cl_ord_id="a")
    clock.now += 2 * 10**9
    outside.clock_tick()
    assert order.unknown
    assert power(outside) == 1_000
    outside.execution.on_execution_report("EXT", "REJECTED", cl_ord_id="a")
    assert power(outside) == 2_000


def test_a_bust_and_a_reported_commission_change_what_there_is(outside):
    order = outside.submit("AAPL", BUY, 10, 100, venue="EXT", cl_ord_id="a")
    outside.execution.on_execution_report("EXT", "TRADE", cl_ord_id="a", exec_id="1", last_qty=10, last_px=90, commission=7)
    assert order.ord_status is tc.OrdStatus.FILLED
    assert power(outside) == outside.positions.cash("USD", "alpha") == 2_000 - 907
    outside.execution.on_trade_correction("EXT", "TRADE_CANCEL", exec_ref_id="1", exec_id="2")
    assert outside.positions.cash("USD", "alpha") == 2_000
    assert power(outside) == 1_000  # it works again

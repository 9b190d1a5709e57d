"""What an account has to sell: SHORT_SALE up to what was located, INSUFFICIENT_POSITION up to what it holds; at the limit, one
below and one above, with all that works to sell; where nothing was located everything short is refused; exits pass."""

from __future__ import annotations

import pytest
from conftest import limits

import tradecore as tc

R = tc.Reason
BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
SHORT = {"firm": {}, "account alpha": {"account": "alpha"}, "symbol AAPL": {"symbol": "AAPL"},
         "account alpha, symbol AAPL": {"account": "alpha", "symbol": "AAPL"}}
RULES = [("short_sale", scope) for scope in SHORT] + [("insufficient_position", scope) for scope in ("firm", "account alpha")]
WIDE = {"max_order_qty": 10**6, "max_order_notional": 10**9, "max_position_qty": 10**6, "order_rate": 1000}
PLACE = {"account": "alpha", "symbol": "AAPL"}


@pytest.fixture
def desk(make_core):
    """20 AAPL are held, and half shares may be traded."""
    core = make_core(instruments=[tc.Instrument("AAPL", lot_size="0.5"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])
    core.positions.open_position("AAPL", 20, 10, account="alpha")
    core.mark("AAPL", 10)
    return core


def send(core, qty, side=SELL, **other):
    return core.submit(other.pop("symbol", "AAPL"), side, qty, 10, **{**QUIET, **other})


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("works", [0, 15, 20], ids="{} work".format)
@pytest.mark.parametrize(("rule", "scope"), RULES)
def test_no_more_is_sold_than_there_is(desk, rule, scope, works, others):
    located = 10 if rule == "short_sale" else 0
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit(rule, 0, **SHORT[scope])
    desk.risk.set_limit("locate", located, **PLACE)
    if works:
        send(desk, works)
    name = rule.upper()
    for qty in (19.5 - works + located, 20 - works + located):
        if qty > 0:
            assert desk.check("AAPL", SELL, qty, 10, **QUIET)[name].verdict == "PASS"
            order = send(desk, qty)
            assert order.reason is R.NONE
            desk.cancel(order)
    answer = desk.check("AAPL", SELL, 20.5 - works + located, 10, **QUIET)[name]
    told = (10.5, 10, -0.5, "REFUSE") if located else (20.5, 20, -0.5, "REFUSE")
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == told
    order = send(desk, 20.5 - works + located)
    assert (order.reason, order.ord_rej_reason) == (R[name], tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert order.text == (f"SHORT_SALE: short by 10.5 with working orders, and 10 are located ({scope})" if located else
                          f"INSUFFICIENT_POSITION: 20.5 would be sold with working orders, and 20 are held ({scope})")
    assert send(desk, 1000, BUY).reason is R.NONE
    desk.risk.set_limit(rule, tc.OFF, **SHORT[scope])
    assert send(desk, 20.5 - works + located).reason is R.NONE


@pytest.mark.parametrize("taken", [tc.OFF, 0])
def test_where_nothing_is_located_nothing_is_sold_short(desk, taken):
    desk.risk.set_limit("short_sale", 0)
    desk.risk.set_limit("locate", 5, **PLACE)
    order = send(desk, 25)
    assert order.reason is R.NONE
    desk.cancel(order)
    desk.risk.set_limit("locate", taken, **PLACE)
    assert send(desk, 20.5).reason is R.SHORT_SALE
    assert send(desk, 1, symbol="MSFT").reason is R.SHORT_SALE
    assert send(desk, 1, account="beta").reason is R.SHORT_SALE


def test_what_was_located_is_of_one_account_in_one_instrument(desk):
    desk.risk.set_limit("short_sale", 0)
    desk.risk.set_limit("locate", 5, account="beta", symbol="AAPL")
    assert send(desk, 20.5).reason is R.SHORT_SALE
    assert send(desk, 5, account="beta").reason is R.NONE
    assert send(desk, 5, account="beta", symbol="MSFT").reason is R.SHORT_SALE
    for place in ({}, {"account": "alpha"}, {"symbol": "AAPL"}):
        with pytest.raises(ValueError, match="only on ACCOUNT_INSTRUMENT"):
            desk.risk.set_limit("locate", 5, **place)


def test_what_was_sold_short_uses_up_what_was_located_until_it_is_bought_back(make_core):
    core = make_core(accounts=["alpha"])
    core.risk.set_limit("short_sale", 0)
    core.risk.set_limit("locate", 10, **PLACE)
    core.quote("XNAS", "AAPL", bid=10, bid_size=100, ask="10.01", ask_size=100)
    assert core.submit("AAPL", SELL, 6, 10, venue="XNAS").ord_status is tc.OrdStatus.FILLED
    assert send(core, 4).reason is R.NONE
    assert send(core, 1).reason is R.SHORT_SALE
    assert core.submit("AAPL", BUY, 1, "10.01", venue="XNAS").ord_status is tc.OrdStatus.FILLED
    assert send(core, 1).reason is R.NONE
    assert send(core, 1).reason is R.SHORT_SALE


@pytest.mark.parametrize(("rule", "located"), [("short_sale", 10), ("insufficient_position", 0)])
def test_a_replace_is_asked_for_what_it_adds(desk, rule, located):
    desk.risk.set_limit("locate", located, **PLACE)
    desk.risk.set_limit(rule, 0, account="alpha")
    order = send(desk, 20 + located)
    assert desk.replace(order, qty=20.5 + located).reason is R[rule.upper()]
    assert (order.order_qty, order.leaves_qty) == (20 + located, 20 + located)
    assert desk.replace(order, price=11).reason is R.NONE
    assert desk.replace(order, qty=10).reason is R.NONE
    assert send(desk, 10.5 + located).reason is R[rule.upper()]
    assert send(desk, 10 + located).reason is R.NONE


@pytest.mark.parametrize("rule", ["short_sale", "insufficient_position"])
def test_exits_pass_with_both_orders_of_a_list_and_behind_an_entry(desk, rule):
    desk.risk.set_limit(rule, 0)
    profit = send(desk, 20, list_id=1, contingency_type="ONE_CANCELS_THE_OTHER")
    stop = desk.submit("AAPL", SELL, 20, ord_type="STOP", stop_px=9, list_id=1, contingency_type="ONE_CANCELS_THE_OTHER", **QUIET)
    assert (profit.reason, stop.reason) == (R.NONE, R.NONE)  # one of them trades
    assert send(desk, 0.5).reason is R[rule.upper()]
    desk.mass_cancel()
    assert send(desk, 20).reason is R.NONE


@pytest.mark.parametrize("rule", ["short_sale", "insufficient_position"])
def test_in_a_basket_what_comes_before_counts(desk, rule):
    desk.risk.set_limit(rule, 0, account="alpha")
    orders = tc.new_orders(2)
    orders["instrument"], orders["account"], orders["venue"] = desk.ids("AAPL"), 1, 2
    aapl = tc.Instrument("AAPL", lot_size="0.5")
    orders["side"], orders["ord_type"], orders["order_qty"], orders["price"] = 2, 2, aapl.qty_lots(12, "qty"), aapl.price_units(10)
    assert list(desk.check_batch(orders)["reason"]) == [R.NONE, R.NONE]
    assert list(desk.check_batch(orders, together=True)["reason"]) == [R.NONE, R[rule.upper()]]
    assert list(desk.check_batch(orders)["reason"]) == [R.NONE, R.NONE]


def test_where_they_are_only_observed_they_tell_and_refuse_nothing(desk):
    desk.risk.set_limit("short_sale", 0, observe=True)
    desk.risk.set_limit("insufficient_position", 0, observe=True)
    desk.risk.set_limit("locate", 5, **PLACE)
    reports = desk.reports()
    assert send(desk, 22).reason is R.NONE
    assert send(desk, 4).reason is R.NONE
    told = [r.reason for r in reports.read() if r.report_type is tc.ReportType.RISK_OBSERVED]
    assert told == [R.INSUFFICIENT_POSITION, R.SHORT_SALE, R.INSUFFICIENT_POSITION]


def test_a_share_of_what_was_located_warns(desk):
    desk.risk.set_limit("short_sale", 0)
    desk.risk.set_limit("locate", 10, **PLACE, soft="0.8")
    reports = desk.reports()
    order = send(desk, 28)
    desk.cancel(order)
    assert not [r for r in reports.read() if r.report_type is tc.ReportType.RISK_WARNING]
    assert send(desk, 28.5).reason is R.NONE
    (warning,) = [r for r in reports.read() if r.report_type is tc.ReportType.RISK_WARNING]
    assert warning.text == "SHORT_SALE: short by 8.5 with working orders, and 8 are located (account alpha, symbol AAPL)"


def test_what_was_located_is_read_with_what_is_used_of_it_and_kept_as_toml(desk, make_core):
    desk.risk.set_limit("short_sale", 0, account="alpha", who="ann", why="Reg SHO")
    desk.risk.set_limit("locate", "12.5", **PLACE, who="ann", why="lender 7")
    send(desk, 22)
    (line,) = desk.risk.utilisation()
    assert (line.rule, line.scope, line.value, line.used, line.used_symbol, line.headroom) == (
        tc.Rule.LOCATE, "account alpha, symbol AAPL", 12.5, 2, "AAPL", 10.5)
    assert (line.set_by, line.reason) == ("ann", "lender 7")
    other = make_core(instruments=[tc.Instrument("AAPL", lot_size="0.5"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])
    other.risk.load_toml(desk.risk.export_toml())
    assert other.risk.export_toml() == desk.risk.export_toml()
    assert 'rule = "locate"\naccount = "alpha"\nsymbol = "AAPL"\nvalue = "12.500000000"' in other.risk.export_toml()


def test_a_number_that_can_t_be_is_refused_and_changes_nothing(desk):
    desk.risk.set_limit("locate", 5, **PLACE)
    before = desk.risk.export_toml()
    for bad in (-1, float("nan"), None, "many"):
        with pytest.raises((ValueError, TypeError), match="locate value"):
            desk.risk.set_limit("locate", bad, **PLACE)
    with pytest.raises(ValueError, match="short_sale value"):
        desk.risk.set_limit("short_sale", 1)
    assert desk.risk.export_toml() == before

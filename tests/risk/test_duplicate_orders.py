"""The same order again within a window: same account, instrument, side, quantity, price and trigger; so often and no more."""

from __future__ import annotations

import pytest
from conftest import small_capacity
from test_limit_rows import MINE, OTHERS, TARGETS, WORDS, declare

import tradecore as tc
from tradecore.vocabulary.records import CODECS, LIMIT_OFF
from tradecore.vocabulary.rules import RULES, find_rule

R = tc.Reason
RULE = "duplicate_order"
SCOPES = find_rule(RULE).scopes
OTHER_LIMITS = {"max_order_qty": 10**6, "max_position_qty": 10**6, "order_rate": 1000, "message_rate": 1000}
SECOND = 10**9


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def send(core, **other):
    return core.submit(**{"symbol": "AAPL", "side": "BUY", "qty": 5, "price": 9, **MINE, **other})


def arm(core, value=2, **target):
    core.risk.set_limit(RULE, value, window_ms=1000, **target)


@pytest.mark.parametrize("others", [{}, OTHER_LIMITS], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_so_many_orders_with_the_same_terms_in_a_window(desk, clock, scope, others):
    for rule, value in others.items():
        desk.risk.set_limit(rule, value, **({"window_ms": 1000} if rule.endswith("rate") else {}))
    arm(desk, **TARGETS[scope])
    assert [send(desk).reason for _ in range(2)] == [R.NONE] * 2  # one below, and at its limit
    answer = desk.check(**{"symbol": "AAPL", "side": "BUY", "qty": 5, "price": 9, **MINE})["DUPLICATE_ORDER"]
    assert (answer.verdict, answer.value, answer.limit) == ("REFUSE", 3, 2)
    refused = send(desk)
    assert (refused.reason, refused.ord_rej_reason) == (R.DUPLICATE_ORDER, tc.OrdRejReason.DUPLICATE_ORDER)
    assert refused.text == f"DUPLICATE_ORDER: orders with these terms in the window 3 would exceed 2 ({WORDS[scope]})"
    if scope in OTHERS:
        assert [send(desk, **OTHERS[scope]).reason for _ in range(3)] == [R.NONE] * 3
    (line,) = desk.risk.limits(RULE)
    assert (line.breaches, line.used) == (1, None)
    clock.now += SECOND - 1
    assert send(desk).reason is R.DUPLICATE_ORDER
    clock.now += 1
    assert [send(desk).reason for _ in range(3)] == [R.NONE, R.NONE, R.DUPLICATE_ORDER]  # what was refused is none
    desk.risk.set_limit(RULE, tc.OFF, **TARGETS[scope])
    assert send(desk).reason is R.NONE


@pytest.mark.parametrize("term", [{"qty": 6}, {"price": 8}, {"side": "SELL", "price": 9}, {"symbol": "MSFT"}, {"account": "beta"},
                                  {"ord_type": "STOP_LIMIT", "stop_px": 150}])
def test_an_order_that_differs_in_one_term_is_another(desk, term):
    arm(desk, 1)
    assert send(desk).reason is R.NONE
    assert send(desk, **term).reason is R.NONE
    assert [send(desk, **term).reason, send(desk).reason] == [R.DUPLICATE_ORDER] * 2


@pytest.mark.parametrize("same", [{"strategy": 8}, {"venue": "XNAS"}, {"time_in_force": "GOOD_TILL_CANCEL"}])
def test_who_asks_for_it_and_where_makes_no_other_order(desk, same):
    arm(desk, 1)
    assert send(desk).reason is R.NONE
    assert send(desk, **same).reason is R.DUPLICATE_ORDER


def test_trailing_stops_differ_by_their_offset_and_its_kind_and_from_a_market_order(desk):
    """It is their trigger: 2.00 behind the market is another than 1.50, or than 2% of it, and than none at all."""
    arm(desk, 1)
    for venue in ("XNAS", "ARCX"):
        desk.quote(venue, "AAPL", bid=9, bid_size=100, ask=10, ask_size=100)
    trails = [{"peg_offset": 2}, {"peg_offset": "1.50"}, {"peg_offset": 200, "peg_offset_type": "BASIS_POINTS"}]
    for trail in trails:
        sent = {"symbol": "AAPL", "side": "SELL", "qty": 5, **MINE, **trail}
        assert desk.check(**sent)["DUPLICATE_ORDER"].verdict == "PASS"
        assert desk.submit(**sent).reason is R.NONE
        assert desk.check(**sent)["DUPLICATE_ORDER"].verdict == "REFUSE"
        assert desk.submit(**sent).reason is R.DUPLICATE_ORDER
    assert send(desk, side="SELL", ord_type="MARKET", price=None).reason is R.NONE


def test_stops_differ_by_their_trigger(desk):
    arm(desk, 1)
    stop = {"ord_type": "STOP", "price": None}
    assert [send(desk, **stop, stop_px=px).reason for px in (150, 151, 150)] == [R.NONE, R.NONE, R.DUPLICATE_ORDER]


def test_an_exit_is_bound_and_replaces_and_cancels_are_not(desk):
    desk.positions.open_position("AAPL", 100, 9, account="alpha")
    arm(desk, 1)
    exits = {"side": "SELL", "price": 200}
    order = send(desk, **exits)
    assert (order.reason, send(desk, **exits).reason) == (R.NONE, R.DUPLICATE_ORDER)
    assert [desk.replace(order, price=price).reason for price in (201, 202, 201, 200)] == [R.NONE] * 4
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED
    assert send(desk, **exits).reason is R.DUPLICATE_ORDER  # what was canceled was sent all the same


def test_each_row_has_its_own_window_and_the_first_that_is_full_speaks(desk, clock):
    desk.risk.set_limit(RULE, 2, window_ms=1000)
    desk.risk.set_limit(RULE, 1, window_ms=100, account="alpha")
    assert send(desk).reason is R.NONE
    assert send(desk).text.endswith("exceed 1 (account alpha)")
    clock.now += SECOND // 10
    assert send(desk).reason is R.NONE
    clock.now += SECOND // 10
    assert send(desk).text.endswith("exceed 2 (firm)")


def test_more_orders_in_a_window_than_are_kept_are_refused(make_core, clock):
    desk = declare(make_core, capacity=small_capacity(order_rate=4))
    arm(desk, 1)
    assert [send(desk, qty=qty).reason for qty in range(1, 5)] == [R.NONE] * 4
    refused = send(desk, qty=9)
    assert refused.text == "DUPLICATE_ORDER: orders with these terms in the window 5 would exceed 4 (firm)"
    clock.now += SECOND
    assert [send(desk, qty=qty).reason for qty in (1, 2, 1)] == [R.NONE, R.NONE, R.DUPLICATE_ORDER]


def test_orders_that_no_row_is_about_take_no_place_among_those_that_are_kept(make_core, clock):
    """Whoever sends ever so many elsewhere keeps nobody from trading here."""
    desk = declare(make_core, capacity=small_capacity(order_rate=4))
    desk.positions.open_position("AAPL", 100, 9, account="beta")
    desk.risk.set_limit(RULE, 1, window_ms=1000, account="beta")
    assert send(desk, account="beta").reason is R.NONE
    assert [send(desk, qty=qty).reason for qty in range(1, 9)] == [R.NONE] * 8
    assert send(desk, account="beta").reason is R.DUPLICATE_ORDER
    assert send(desk, account="beta", side="SELL", price=200).reason is R.NONE  # an exit
    desk.risk.set_limit(RULE, 1, window_ms=1000, account="alpha", observe=True)
    assert [send(desk, qty=qty).reason for qty in range(1, 5)] == [R.NONE] * 4  # kept, since a row looks at them
    assert send(desk, account="beta", qty=9).text.endswith("would exceed 4 (account beta)")


def test_flatten_sends_no_two_pieces_of_the_same_size(desk):
    desk.positions.open_position("AAPL", 100, 9, account="alpha")
    desk.risk.set_limit("max_order_qty", 30, account="alpha")
    desk.quote("XNAS", "AAPL", bid=9, bid_size=1000)
    arm(desk, 1)
    pieces = desk.flatten(account="alpha", symbol="AAPL")
    assert [piece.order_qty for piece in pieces] == [30, 29, 28, 13]
    assert desk.position("AAPL", "alpha").qty == 0
    desk.positions.open_position("AAPL", 30, 9, account="beta")
    desk.risk.set_limit(RULE, tc.OFF)
    desk.risk.set_limit("max_order_qty", 10, account="beta")
    assert [piece.order_qty for piece in desk.flatten(account="beta", symbol="AAPL")] == [10, 10, 10]


def test_a_flatten_that_is_sent_again_is_an_order_sent_again(desk):
    desk.positions.open_position("AAPL", 5, 9, account="alpha")
    arm(desk, 1)
    desk.quote("XNAS", "AAPL")  # nothing is displayed: neither trades
    first, again = (desk.flatten(account="alpha", symbol="AAPL") for _ in range(2))
    assert ([piece.order_qty for piece in first], [piece.reason for piece in again]) == ([5], [R.DUPLICATE_ORDER])
    assert first[0].reason is not R.DUPLICATE_ORDER


def test_what_is_only_observed_or_warns_is_told(desk):
    desk.risk.set_limit(RULE, 1, window_ms=1000, observe=True)
    desk.risk.set_limit(RULE, 4, window_ms=1000, account="alpha", soft="0.5")
    reports = desk.reports()
    told = []
    for _ in range(3):
        send(desk)
        told.append([r.report_type for r in reports.read() if r.reason is R.DUPLICATE_ORDER])
    observed, warned = tc.ReportType.RISK_OBSERVED, tc.ReportType.RISK_WARNING
    assert told == [[], [observed], [observed, warned]]


def test_a_basket_counts_the_same_that_stand_before(desk):
    arm(desk, 2)
    send(desk)
    orders = tc.new_orders(4)
    orders["instrument"], orders["account"], orders["side"], orders["price"] = 1, 1, 1, 9 * 10**8
    orders["order_qty"] = 5, 6, 5, 6
    before = desk.state_hash()
    assert [row["reason"] for row in desk.check_batch(orders, together=True)] == [0, 0, R.DUPLICATE_ORDER, 0]
    assert [row["reason"] for row in desk.check_batch(orders)] == [0] * 4
    assert desk.state_hash() == before
    assert send(desk).reason is R.NONE


def test_an_override_lets_the_same_order_pass_once(desk, clock):
    arm(desk, 1)
    send(desk)
    blocked = send(desk)
    desk.risk.override(blocked.order_id, RULE, expire_time=clock.now + SECOND // 2, who="ann", why="a hedge, twice")
    assert [send(desk).reason for _ in range(2)] == [R.NONE, R.DUPLICATE_ORDER]


def test_the_room_alone_knows_what_came_before(room):
    table = room("risk").RiskTable(accounts=1, instruments=1, order_rate=64)
    table.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A").definition(1)))
    for row in RULES:
        if row.stated:
            table.set_limit(1, int(row.rule), LIMIT_OFF)
    table.set_limit(1, int(tc.Rule.DUPLICATE_ORDER), 1, SECOND)
    orders = tc.new_orders(3)
    orders["instrument"], orders["account"], orders["side"], orders["price"], orders["order_qty"] = 1, 1, 1, 10**8, (2, 3, 2)
    assert list(table.admit(orders, tc.NO_PRICE)) == [0, 0, R.DUPLICATE_ORDER]


@pytest.mark.parametrize("bad", [{"venue": "XNAS"}, {"strategy": 7}, {"value": 10**9}, {"window_ms": 0}, {"value": -1}])
def test_what_no_such_limit_can_be_is_refused(desk, bad):
    before = desk.state_hash()
    given = {"value": 5, "window_ms": 1000} | bad
    with pytest.raises(ValueError, match=r"DUPLICATE_ORDER|value|window"):
        desk.risk.set_limit(RULE, given.pop("value"), **given)
    assert desk.state_hash() == before


def test_an_order_at_zero_is_not_one_without_a_limit(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL", any_sign=True)], limits=tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF))
    core.risk.set_limit(RULE, 1, window_ms=1000)
    assert core.submit("AAPL", "BUY", 5, 0, venue="XNAS").reason is R.NONE
    assert core.submit("AAPL", "BUY", 5, ord_type="MARKET", venue="XNAS").reason is not R.DUPLICATE_ORDER
    assert core.submit("AAPL", "BUY", 5, 0, venue="XNAS").reason is R.DUPLICATE_ORDER

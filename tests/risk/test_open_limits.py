"""How many orders may be open at once, by scope: of the firm, an account, an instrument, a strategy, an account in an
instrument. What has ended counts no more, whenever the limit was set; what reduces passes."""

from __future__ import annotations

import random

import pytest
from conftest import small_capacity
from test_limit_rows import MINE, OTHERS, QUOTE, TARGETS, WORDS, declare

import tradecore as tc
from tradecore.vocabulary.rules import find_rule

R, RULE = tc.Reason, "max_open_orders"
SCOPES = find_rule(RULE).scopes
OTHER_LIMITS = {"max_order_qty": 10**6, "notional_per_window": 10**9, "order_rate": 1000, "duplicate_order": 1000}


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def send(core, price=9, **other):
    return core.submit(**{"symbol": "AAPL", "side": "BUY", "qty": 1, **MINE, **other}, price=price)


def used(core, **target):
    (line,) = core.risk.limits(RULE, **target)
    return line.used


@pytest.mark.parametrize("others", [{}, OTHER_LIMITS], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
def test_so_many_are_open_at_once(desk, scope, others):
    for rule, value in others.items():
        desk.risk.set_limit(rule, value, **({"window_ms": 1000} if value == 1000 or rule == "notional_per_window" else {}))
    desk.risk.set_limit(RULE, 3, **TARGETS[scope])
    orders = [send(desk) for _ in range(2)]
    answer = desk.check(symbol="AAPL", side="BUY", qty=1, price=9, **MINE)["OPEN_ORDERS_LIMIT"]
    assert (answer.verdict, answer.value, answer.limit) == ("PASS", 3, 3)
    orders.append(send(desk))
    answer = desk.check(symbol="AAPL", side="BUY", qty=1, price=9, **MINE)["OPEN_ORDERS_LIMIT"]
    assert (answer.verdict, answer.value, answer.limit, answer.headroom) == ("REFUSE", 4, 3, -1)
    refused = send(desk)
    assert [order.reason for order in orders] == [R.NONE] * 3
    assert (refused.reason, refused.ord_rej_reason) == (R.OPEN_ORDERS_LIMIT, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert refused.text == f"OPEN_ORDERS_LIMIT: open orders 4 would exceed the limit 3 ({WORDS[scope]})"
    (line,) = desk.risk.limits(RULE)
    assert (line.used, line.headroom, line.breaches) == (3, 0, 1)
    if scope in OTHERS:
        assert send(desk, **OTHERS[scope]).reason is R.NONE
    desk.replace(orders[0], price=8)  # no more are open by that
    assert orders[0].price == 8
    desk.cancel(orders[1])
    assert [send(desk).reason for _ in range(2)] == [R.NONE, R.OPEN_ORDERS_LIMIT]


def test_none_may_be_open_where_the_limit_is_nothing(desk):
    desk.risk.set_limit(RULE, 0, strategy=7)
    assert send(desk).reason is R.OPEN_ORDERS_LIMIT
    assert send(desk, strategy=8).reason is R.NONE
    assert send(desk, strategy=0).reason is R.NONE


def test_the_tightest_of_all_scopes_speaks(desk):
    for scope in SCOPES:
        desk.risk.set_limit(RULE, 100, **TARGETS[scope])
    send(desk)
    for scope in SCOPES:
        desk.risk.set_limit(RULE, 1, **TARGETS[scope])
        assert send(desk).text.endswith(f"would exceed the limit 1 ({WORDS[scope]})")
        desk.risk.set_limit(RULE, 100, **TARGETS[scope])


def test_orders_that_were_open_before_it_was_set_count(desk):
    orders = [send(desk) for _ in range(3)]
    desk.risk.set_limit(RULE, 3)
    assert (used(desk), send(desk).reason) == (3, R.OPEN_ORDERS_LIMIT)
    desk.risk.set_limit(RULE, tc.OFF)
    desk.cancel(orders[0])
    orders.append(send(desk, account="beta"))
    desk.risk.set_limit(RULE, 3)
    assert (used(desk), send(desk).reason) == (3, R.OPEN_ORDERS_LIMIT)


def test_one_that_trades_at_once_is_not_open(desk):
    desk.risk.set_limit(RULE, 1)
    assert [send(desk, 101, venue="XNAS").cum_qty for _ in range(3)] == [1, 1, 1]
    assert used(desk) == 0


def test_an_exit_passes_and_counts(desk):
    desk.positions.open_position("AAPL", 2, 10, account="alpha")
    desk.risk.set_limit(RULE, 1, account="alpha")
    assert send(desk).reason is R.NONE
    assert send(desk, 200, side="SELL", qty=2).reason is R.NONE
    assert used(desk, account="alpha") == 2
    assert send(desk, 200, side="SELL").reason is R.OPEN_ORDERS_LIMIT  # it would be short one


def test_the_capacity_still_speaks_for_itself(make_core):
    core = declare(make_core, capacity=small_capacity(open_orders=2))
    core.risk.set_limit(RULE, 2)
    assert [send(core).reason for _ in range(3)] == [R.NONE, R.NONE, R.MAX_OPEN_ORDERS]
    blocked = send(core)
    with pytest.raises(tc.RefusedError, match="INVALID_FIELD_VALUE"):  # no rule of a risk officer's has blocked it
        core.risk.override(blocked.order_id, RULE, expire_time=blocked.transact_time + 10**9, who="jane", why="a try")


def test_parts_of_an_order_are_none_of_their_own(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT"), tc.ExternalVenue("EXU")])
    for venue in ("EXT", "EXU"):
        core.quote(venue, "AAPL", bid=99, bid_size=10, ask=100, ask_size=10)
    core.risk.set_limit(RULE, 5)
    order = core.submit("AAPL", "BUY", 20, 100, account="alpha")
    assert (order.place, len(core.orders.open_orders()), used(core)) == (tc.Place.IN_CHILDREN, 3, 1)
    core.cancel(order)
    for message in core.outbound():
        if message.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST:
            core.execution_report(order_id=message.order_id, exec_type=tc.ExecType.CANCELED)
    assert (core.orders.open_orders(), used(core)) == ([], 0)


def test_what_is_only_observed_is_told_and_what_warns_too(desk):
    desk.risk.set_limit(RULE, 1, observe=True)
    desk.risk.set_limit(RULE, 4, soft="0.5", account="alpha")
    seen = desk._gate.core.event_seq
    for _ in range(3):
        assert send(desk).reason is R.NONE
    told = [(report.report_type.name, report.row.value, report.row.bound) for report in desk.reports(seen)
            if report.reason is R.OPEN_ORDERS_LIMIT]
    assert told == [("RISK_OBSERVED", 2, 1), ("RISK_OBSERVED", 3, 1), ("RISK_WARNING", 3, 2)]


def test_orders_of_a_basket_count_for_those_behind_them(desk):
    desk.risk.set_limit(RULE, 3, account="alpha")
    send(desk)
    asked = tc.new_orders(4)
    asked["instrument"], asked["account"], asked["side"], asked["order_qty"], asked["price"] = 1, 1, 1, 1, 9 * 10**8
    for _ in range(2):
        assert list(desk.check_batch(asked, together=True)["reason"]) == [0, 0, R.OPEN_ORDERS_LIMIT, R.OPEN_ORDERS_LIMIT]
        assert used(desk) == 1


def test_it_comes_back_from_toml(desk, make_core):
    for at, scope in enumerate(SCOPES):
        desk.risk.set_limit(RULE, 10 + at, **TARGETS[scope], soft="0.5", who="jane", why="start")
    other = declare(make_core)
    other.risk.load_toml(desk.risk.export_toml())
    assert other.risk.export_toml() == desk.risk.export_toml()
    assert [line.value for line in other.risk.limits(RULE)] == [10, 11, 12, 13, 14]


def test_someone_with_a_name_lets_one_more_pass(desk):
    desk.risk.set_limit(RULE, 0)
    blocked = send(desk)
    desk.risk.override(blocked.order_id, RULE, expire_time=blocked.transact_time + 10**9, who="jane", why="a client")
    assert [send(desk).reason for _ in range(2)] == [R.NONE, R.OPEN_ORDERS_LIMIT]


@pytest.mark.parametrize("seed", range(3))
def test_it_counts_what_a_plain_loop_over_the_open_orders_does(desk, seed):
    pick = random.Random(seed)
    targets = [{}, *({"account": a} for a in ("alpha", "beta")), *({"symbol": s} for s in ("AAPL", "MSFT")), {"strategy": 7},
               {"strategy": 8}, {"account": "beta", "symbol": "MSFT"}]
    for _ in range(150):
        chance, opened = pick.random(), desk.orders.open_orders()
        if chance < 0.6:
            send(desk, pick.choice((9, 9, 101)), symbol=pick.choice(("AAPL", "MSFT")), account=pick.choice(("alpha", "beta")),
                 strategy=pick.choice((0, 7, 8)), venue=pick.choice(("ARCX", "XNAS")))
        elif chance < 0.8 and opened:
            desk.cancel(pick.choice(opened))
        elif chance < 0.85:
            desk.mass_cancel(account=pick.choice(("alpha", "beta")))
        elif chance < 0.95:
            desk.risk.set_limit(RULE, pick.choice((tc.OFF, 2, 9, 50)), **pick.choice(targets))
        else:
            desk.quote("XNAS", "AAPL", **QUOTE)
        for line in desk.risk.limits(RULE):
            if line.value is not tc.OFF:
                wanted = sum(line.account in (None, o.account) and line.symbol in (None, o.symbol)
                             and line.strategy in (None, o.strategy) for o in desk.orders.open_orders())
                assert line.used == wanted, line.scope

"""Limits as rows: each rule on each scope at its limit, one below and one above; the tightest speaks and says which it
is; a change of one row changes nothing else, a set of changes is whole or not at all; and what a risk officer reads."""

from __future__ import annotations

import itertools
import random
from decimal import Decimal

import pytest
from conftest import T0, limits, small_capacity

import tradecore as tc
from tradecore.core.declaring import join_group
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rules import RULES

R, S = tc.Reason, tc.Scope
BUY, SELL = "BUY", "SELL"
QUOTE = {"bid": "99.99", "bid_size": 1000, "ask": "100.01", "ask_size": 1000}
MINE = {"account": "alpha", "venue": "ARCX", "strategy": 7}  # ARCX displays nothing: nothing fills
TARGETS = {
    S.FIRM: {}, S.ACCOUNT: {"account": "alpha"}, S.INSTRUMENT: {"symbol": "AAPL"}, S.VENUE: {"venue": "ARCX"},
    S.STRATEGY: {"strategy": 7}, S.ACCOUNT_INSTRUMENT: {"account": "alpha", "symbol": "AAPL"},
    S.ACCOUNT_GROUP: {"account_group": "desk1"}, S.INSTRUMENT_GROUP: {"instrument_group": "TECH"},
}
SWITCHED = (S.FIRM, S.ACCOUNT, S.INSTRUMENT, S.VENUE, S.STRATEGY)
WORDS = {S.FIRM: "firm", S.ACCOUNT: "account alpha", S.INSTRUMENT: "symbol AAPL", S.VENUE: "venue ARCX",
         S.STRATEGY: "strategy 7", S.ACCOUNT_INSTRUMENT: "account alpha, symbol AAPL",
         S.ACCOUNT_GROUP: "account group desk1", S.INSTRUMENT_GROUP: "instrument group TECH"}
# An order that is in no such scope.
OTHERS = {S.ACCOUNT: {"account": "beta"}, S.INSTRUMENT: {"symbol": "MSFT"}, S.VENUE: {"venue": "XNAS"}, S.STRATEGY: {"strategy": 8},
          S.ACCOUNT_INSTRUMENT: {"account": "beta"}, S.ACCOUNT_GROUP: {"account": "beta"}, S.INSTRUMENT_GROUP: {"symbol": "MSFT"}}
# rule, its limit, and (side, qty, price) of the orders one below, at and above it; a rate counts orders, one after another.
AROUND = {
    tc.Rule.MAX_ORDER_QTY: (100, [(BUY, 99, 9), (BUY, 100, 9), (BUY, 101, 9)]),
    tc.Rule.MAX_ORDER_NOTIONAL: (10_000, [(BUY, 100, "99.99"), (BUY, 100, 100), (BUY, 100, "100.01")]),
    tc.Rule.PRICE_COLLAR: (500, [(BUY, 1, "104.99"), (BUY, 1, 105), (BUY, 1, "105.01")]),
    tc.Rule.MAX_POSITION_QTY: (100, [(SELL, 99, 200), (SELL, 1, 200), (SELL, 1, 200)]),
    tc.Rule.ORDER_RATE: (2, [(BUY, 1, 9), (BUY, 1, 9), (BUY, 1, 9)]),
}
CASES = [(row.rule, scope) for row in RULES for scope in row.scopes if row.rule in AROUND]


def join_groups(core):
    """Each first one is in a group."""
    join_group(core._gate, core._gate.names.account_groups, "desk1", account=1)
    join_group(core._gate, core._gate.names.instrument_groups, "TECH", instrument=1)
    return core


def declare(make_core, **other):
    """Two instruments that XNAS quotes, and two accounts."""
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"], **other)
    for symbol in ("AAPL", "MSFT"):
        core.quote("XNAS", symbol, **QUOTE)
    return join_groups(core)


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def send(core, side, qty, price, **other):
    return core.submit(**{"symbol": "AAPL", **MINE, **other}, side=side, qty=qty, price=price)


@pytest.mark.parametrize(("rule", "scope"), CASES)
def test_each_rule_on_each_scope_passes_up_to_its_limit_and_refuses_beyond(desk, rule, scope):
    value, (below, at, above) = AROUND[rule]
    desk.risk.set_limit(rule, value, **TARGETS[scope])
    for side, qty, price in (below, at):
        assert desk.check("AAPL", side, qty, price, **MINE)[rule.name].verdict == "PASS"
        order = send(desk, side, qty, price)
        assert order.reason is R.NONE
        if rule is not tc.Rule.MAX_POSITION_QTY:  # what rests through the market would move its mid
            desk.cancel(order)
    side, qty, price = above
    answer = desk.check("AAPL", side, qty, price, **MINE)[rule.name]
    assert (answer.verdict, answer.limit) == ("REFUSE", value)
    order = send(desk, side, qty, price)
    assert order.reason.name == rule.name
    assert order.text.endswith(f" ({WORDS[scope]})")
    report = desk.reports(desk._gate.core.event_seq - 1).read()[0]
    assert report.text == order.text
    if scope in OTHERS:
        assert send(desk, side, qty, price, **OTHERS[scope]).reason is R.NONE
    desk.risk.set_limit(rule, tc.OFF, **TARGETS[scope])
    assert send(desk, side, qty, price).reason is R.NONE


@pytest.mark.parametrize("rule", [row.rule for row in RULES if row.rule in AROUND and len(row.scopes) == len(S)])
def test_the_tightest_of_all_scopes_speaks(desk, rule):
    value, (*_, above) = AROUND[rule]
    scopes = list(TARGETS)
    for at, scope in enumerate(scopes):
        desk.risk.set_limit(rule, value * 100 + len(scopes) - at, **TARGETS[scope])
    for scope in scopes:  # one after another becomes the tightest
        desk.risk.set_limit(rule, 0, **TARGETS[scope])
        order = send(desk, *above)
        assert (order.reason.name, order.text.rpartition(" (")[2]) == (rule.name, WORDS[scope] + ")")
        desk.risk.set_limit(rule, value * 100, **TARGETS[scope])
    assert send(desk, *above).reason is R.NONE


def test_a_limit_on_the_firm_bounds_what_all_accounts_have_together(desk):
    desk.risk.set_limit("max_position_qty", 100, symbol="AAPL")
    assert send(desk, BUY, 60, 9).reason is R.NONE
    assert send(desk, BUY, 40, 9, account="beta").reason is R.NONE
    order = send(desk, BUY, 1, 9, account="beta")
    assert (order.reason, order.text) == (
        R.MAX_POSITION_QTY, "MAX_POSITION_QTY: position with working orders 101 would exceed 100 (symbol AAPL)")
    assert send(desk, BUY, 1, 9, symbol="MSFT").reason is R.NONE


def test_an_exit_passes_whatever_the_firm_has(desk):
    """Alpha is long 100, beta short 150: a sale of alpha's takes the firm further from zero, and its own position to it."""
    desk.positions.open_position("AAPL", 100, 10, account="alpha")
    desk.positions.open_position("AAPL", -150, 10, account="beta")
    desk.risk.set_limit("max_position_qty", 60)
    assert send(desk, SELL, 100, 200).reason is R.NONE
    assert send(desk, SELL, 1, 200).reason is R.MAX_POSITION_QTY
    assert send(desk, BUY, 150, 9, account="beta").reason is R.NONE


def test_a_rate_on_the_firm_counts_every_account(desk, clock):
    desk.risk.set_limit("order_rate", 2, window_ms=500)
    assert send(desk, BUY, 1, 9).reason is send(desk, BUY, 1, 9, account="beta").reason is R.NONE
    assert send(desk, BUY, 1, 9).reason is R.ORDER_RATE
    clock.now += 500_000_000
    assert send(desk, BUY, 1, 9).reason is R.NONE


def test_a_routed_order_asks_the_limits_of_where_it_goes(desk):
    desk.risk.set_limit("max_order_qty", 10, venue="XNAS")
    routed = {"venue": None}
    assert send(desk, BUY, 10, 101, **routed).venue == "XNAS"
    order = send(desk, BUY, 11, 101, **routed)
    assert (order.reason, order.ord_status) == (R.MAX_ORDER_QTY, tc.OrdStatus.REJECTED)
    assert order.text.endswith("(venue XNAS)")
    assert desk.position("AAPL", account="alpha").working_buy_qty == 0
    desk.risk.set_limit("max_order_qty", tc.OFF, venue="XNAS")
    desk.risk.set_limit("order_rate", 1, venue="XNAS")
    assert [send(desk, BUY, 1, 101, **routed).reason for _ in range(2)] == [R.NONE, R.ORDER_RATE]


def test_a_venues_collar_bounds_a_market_order_that_is_routed_there(desk):
    for price in ("100.02", "101.00"):
        desk.submit("AAPL", SELL, 1, price, account="beta", venue="XNAS")
    desk.quote("XNAS", "AAPL", bid="99.99", bid_size=1, ask="100.01", ask_size=1)
    desk.risk.set_limit("price_collar", 5, venue="XNAS")  # up to 100.05
    order = desk.submit("AAPL", BUY, 3, account="alpha")
    assert (order.venue, order.cum_qty, order.reason) == ("XNAS", 2, R.MARKET_LEFTOVER)


# ---- changing

def test_a_change_of_one_row_changes_nothing_else(desk):
    desk.risk.set_limits(limits(max_order_qty=5, order_rate=7), account="alpha")
    before = {line.row: line for line in desk.risk.limits()}
    desk.risk.set_limit("max_order_qty", 6, account="alpha", who="jane", why="a larger client")
    after = {line.row: line for line in desk.risk.limits()}
    changed = [row for row in after if after[row] != before[row]]
    assert [(after[row].rule, after[row].scope, after[row].value) for row in changed] == [
        (tc.Rule.MAX_ORDER_QTY, "account alpha", 6)]
    assert (after[changed[0]].set_by, after[changed[0]].reason) == ("jane", "a larger client")
    assert send(desk, BUY, 6, 9).reason is R.NONE
    assert send(desk, BUY, 7, 9).reason is R.MAX_ORDER_QTY


def test_each_change_is_an_event_with_who_and_why(desk):
    seen = desk._gate.core.event_seq
    desk.risk.set_limit("MAX_ORDER_QTY", 6, symbol="AAPL", who="jane", why="month end")
    desk.risk.engage_kill_switch(strategy=7, who="joe", why="it loops")
    limit, kill = desk.reports(seen)
    assert (limit.command_type, limit.symbol, limit.cl_ord_id, limit.orig_cl_ord_id) == (
        tc.CommandType.SET_LIMIT, "AAPL", "jane", "month end")
    assert (kill.command_type, kill.cl_ord_id, kill.orig_cl_ord_id) == (tc.CommandType.KILL_SWITCH, "joe", "it loops")


BAD = [
    ({"rule": "max_order_quantity"}, ValueError, "nearest known one is MAX_ORDER_QTY"),
    ({"rule": 1}, TypeError, "must be a Rule"), ({"value": None}, TypeError, "must be a number or OFF"),
    ({"value": "nan"}, ValueError, "max_order_qty"), ({"value": float("nan")}, ValueError, "max_order_qty"),
    ({"value": -1}, ValueError, "max_order_qty"), ({"value": 10**17}, ValueError, "max_order_qty"),
    ({"value": True}, TypeError, "max_order_qty"), ({"rule": "price_collar", "value": 1_000_001}, ValueError, "1000000"),
    ({"rule": "price_collar", "value": "1.5"}, TypeError, "price_collar"), ({"rule": "order_rate", "value": 2**20 + 1}, ValueError, "order_rate"),
    ({"rule": "order_rate", "value": 1025}, ValueError, "1024"), ({"rule": "order_rate", "window_ms": 0}, ValueError, "window_ms"),
    ({"window_ms": 5}, ValueError, "has no window"), ({"soft": "1.01"}, ValueError, "soft"), ({"soft": 0}, ValueError, "soft"),
    ({"rule": "max_position_qty", "venue": "XNAS"}, ValueError, "MAX_POSITION_QTY takes no limit on VENUE"),
    ({"account": "alpha", "venue": "XNAS"}, ValueError, "account and venue together are no scope"),
    ({"account": "alhpa"}, tc.UndeclaredError, "did you mean 'alpha'"), ({"symbol": "APPL"}, tc.UndeclaredError, "AAPL"),
    ({"strategy": 0}, ValueError, "strategy"), ({"strategy": 1_025}, ValueError, "1024"), ({"strategy": "7"}, TypeError, "strategy"),
    ({"who": "jane\n"}, ValueError, "who"), ({"why": "x" * 65}, ValueError, "64"), ({"who": 7}, TypeError, "who"),
]


@pytest.mark.parametrize(("change", "error", "says"), BAD)
def test_what_no_limit_can_be_is_refused_and_changes_nothing(desk, change, error, says):
    before = desk.state_hash(), desk.risk.limits()._lines
    with pytest.raises(error, match=says):
        desk.risk.set_limit(**{"rule": "max_order_qty", "value": 5, **change})
    if not change.keys() & {"who", "why"}:
        with pytest.raises(error, match=f"change 1: .*{says}"):
            desk.risk.change_limits([{"rule": "max_order_qty", "value": 5}, {"rule": "max_order_qty", "value": 5, **change}])
    assert (desk.state_hash(), desk.risk.limits()._lines) == before


def test_a_set_of_changes_is_made_whole_or_not_at_all(make_core):
    # Ten rows are the two accounts' own; two more have room.
    core = make_core(accounts=["alpha", "beta"], capacity=small_capacity(limit_rows=12))
    seen, had = core._gate.core.event_seq, core.risk.limits()._lines
    three = [{"rule": rule, "value": 5} for rule in ("max_order_qty", "max_order_notional", "price_collar")]
    with pytest.raises(tc.RefusedError, match=r"TABLE_FULL: .*10 of 12"):
        core.risk.change_limits(three, who="jane")
    assert core.risk.limits()._lines == had
    assert [report.report_type for report in core.reports(seen)] == [tc.ReportType.BUSINESS_REJECT]
    seen += 1
    core.risk.change_limits(three[:2], who="jane", why="start")
    told = list(core.reports(seen))
    assert [(report.row.bound, report.cl_ord_id) for report in told] == [(0, "jane"), (1, "jane")]
    assert len({report.row.command_seq for report in told}) == 1  # both by the command that made the set whole
    core.risk.change_limits([three[0] | {"value": 6}, three[1] | {"value": 7}])  # rows that are there need no room
    assert [line.value for line in core.risk.limits() if line.scope == "firm"] == [6, 7]


def pack(**fields):
    return CODECS[tc.CommandType.SET_LIMIT].pack(kind=tc.CommandType.SET_LIMIT, **fields)


def test_a_set_that_is_not_whole_changes_nothing_and_a_wrong_place_forgets_it(desk):
    had = desk.risk.limits()._lines

    def change(value, **fields):
        return desk._gate.core.apply(pack(value=value, **fields), T0)[0].reason

    assert change(1, set_size=2) == 0
    assert desk.risk.limits()._lines == had
    assert send(desk, BUY, 50, 9).reason is R.NONE
    assert change(3) == 0  # one alone comes between, and is made
    assert change(2, rule=1, set_size=2, set_at=1) == 0
    assert [line.value * 10**9 for line in desk.risk.limits() if line.scope == "firm"] == [1, 2]
    for wrong in ({"set_size": 3, "set_at": 1}, {"set_size": 2, "set_at": 2}, {"set_size": 2**31}):
        assert change(9, set_size=2) == 0
        assert change(9, **wrong) == R.INVALID_FIELD_VALUE
        assert change(9, set_size=2, set_at=1) == R.INVALID_FIELD_VALUE  # the set is forgotten


def test_rows_that_count_find_their_table_full(make_core):
    core = make_core(capacity=small_capacity(accounts=1, limit_counters=1))
    core.risk.set_limit("order_rate", 5)
    core.risk.set_limit("order_rate", 5, symbol="AAPL")
    with pytest.raises(tc.RefusedError, match="TABLE_FULL"):
        core.risk.set_limit("order_rate", 5, strategy=1)
    core.risk.set_limit("order_rate", 6)  # a row that has its counter needs no other


def test_the_order_in_which_rows_were_set_is_no_state(make_core):
    changes = [{"rule": row.rule, "value": min(5, row.most) if row.most >= 0 else 5, **TARGETS[scope]} for row in RULES for scope in row.scopes
               if scope is not S.VENUE]
    hashes = set()
    for seed in range(3):
        core = join_groups(make_core())
        random.Random(seed).shuffle(changes)
        for change in changes:
            core.risk.set_limit(**change)
        hashes.add(core.state_hash())
    assert len(hashes) == 1


# ---- lines are what the rows say

def tightest(core, rule, account, symbol):
    """The plain loop over the rows: the lowest limit that binds an order."""
    scopes = {"firm", f"account {account}", f"symbol {symbol}", f"account {account}, symbol {symbol}", "strategy 7", "venue ARCX"}
    values = [line.value for line in core.risk.limits(rule) if line.scope in scopes and line.value is not tc.OFF]
    return min(values, default=None)


@pytest.mark.parametrize("seed", range(6))
def test_after_any_changes_a_line_is_what_a_plain_loop_over_the_rows_says(desk, seed):
    pick = random.Random(seed)
    names = [{}, {"account": "alpha"}, {"account": "beta"}, {"symbol": "AAPL"}, {"symbol": "MSFT"}, {"venue": "ARCX"}, {"strategy": 7},
             {"account": "alpha", "symbol": "AAPL"}, {"account": "beta", "symbol": "MSFT"}]
    rules = [tc.Rule.MAX_ORDER_QTY, tc.Rule.MAX_ORDER_NOTIONAL, tc.Rule.PRICE_COLLAR]
    for _ in range(60):
        desk.risk.set_limit(pick.choice(rules), pick.choice([tc.OFF, *range(1, 9)]), **pick.choice(names))
        for account, symbol in itertools.product(("alpha", "beta"), ("AAPL", "MSFT")):
            answers = desk.check(symbol, BUY, 1, 9, account=account, venue="ARCX", strategy=7)
            for rule in rules:
                assert answers[rule.name].limit == tightest(desk, rule, account, symbol), (rule, account, symbol)


# ---- reading

def test_utilisation_has_the_nearest_to_their_limits_first(desk):
    desk.risk.set_limit("max_position_qty", 200, account="alpha", soft="0.8", who="jane", why="start")
    desk.risk.set_limit("max_position_qty", 100, symbol="MSFT")
    desk.risk.set_limit("order_rate", 10)
    send(desk, BUY, 50, 9)
    send(desk, SELL, 90, 200, symbol="MSFT")
    told = [(line.rule.name, line.scope, line.used, line.headroom, line.used_symbol) for line in desk.risk.utilisation()]
    assert told == [("MAX_POSITION_QTY", "symbol MSFT", 90, 10, "MSFT"), ("MAX_POSITION_QTY", "account alpha", 90, 110, "MSFT"),
                    ("ORDER_RATE", "firm", 2, 8, None)]
    (nearest,) = desk.risk.utilisation(1)
    assert (nearest.share, nearest.soft) == (Decimal("0.9"), None)
    text = str(desk.risk.utilisation())
    assert "90.0%" in text
    assert "soft 80%" in text
    assert "jane" in text


def test_a_row_says_when_it_was_last_breached_and_how_often(desk, clock):
    desk.risk.set_limit("max_order_qty", 5)
    desk.risk.set_limit("max_order_notional", 10, observe=True)
    send(desk, BUY, 6, 9)
    assert not desk.check("AAPL", BUY, 6, 9, **MINE)  # a question is no breach
    clock.now += 1_000
    send(desk, BUY, 6, 9)
    send(desk, BUY, 5, 9)
    hard, observed = (line for line in desk.risk.limits() if line.scope == "firm")
    assert (hard.breaches, hard.breached) == (2, clock.now)
    assert (observed.breaches, observed.is_observed) == (1, True)


def test_what_is_killed_says_by_whom_why_and_since_when(desk, clock):
    for name in SWITCHED:
        desk.risk.engage_kill_switch(**TARGETS[name], who="joe", why="drill")
    assert [(line.scope, line.set_by, line.reason, line.since) for line in desk.risk.switches()] == [
        (WORDS[scope], "joe", "drill", clock.now) for scope in SWITCHED]
    desk.risk.release_kill_switch(who="r.lee", why="it is explained")
    desk.risk.release_kill_switch(account="alpha", who="r.lee", why="it is explained")
    desk.risk.release_kill_switch(symbol="AAPL", who="r.lee", why="it is explained")
    desk.risk.release_kill_switch(venue="ARCX", who="r.lee", why="it is explained")
    assert send(desk, BUY, 1, 9).reason is R.KILL_SWITCH
    assert send(desk, BUY, 1, 9, strategy=8).reason is R.NONE
    desk.risk.release_kill_switch(strategy=7, who="r.lee", why="it is explained")
    assert desk.risk.switches() == []
    assert send(desk, BUY, 1, 9).reason is R.NONE
    with pytest.raises(ValueError, match="one scope"):
        desk.risk.engage_kill_switch(account="alpha", symbol="AAPL")


def test_whether_a_row_that_counts_was_ever_armed_is_in_the_hash(make_core):
    """It has one of the counters that there are then, though what is told of it is the same: desks of as many commands."""
    hashes = []
    for value in (5, tc.OFF, 5):
        core = make_core(instruments=[tc.Instrument("AAPL")], accounts=["alpha"])
        core.risk.set_limit("daily_order_count", value, account="alpha")
        core.risk.set_limit("daily_order_count", tc.OFF, account="alpha")
        hashes.append(core.state_hash())
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_stop_that_is_refused_at_its_trigger_names_the_row(desk):
    stop = desk.submit("AAPL", BUY, 50, stop_px="100.50", trigger_price_type="LAST_TRADE", account="alpha", venue="ARCX")
    desk.risk.set_limit("max_order_qty", 40, account="alpha", symbol="AAPL")
    desk.trade_print("AAPL", "100.50", 1)
    assert stop.text == "MAX_ORDER_QTY: order_qty 50 exceeds 40 (account alpha, symbol AAPL)"
    assert stop.reject_mask == desk.risk.limits("max_order_qty", account="alpha", symbol="AAPL")[0].row


def test_what_strategies_and_venues_add_is_theirs_however_many_are_asked_for_in_turn(make_core):
    """More lines than are kept merged, and a row that changes between two orders of one strategy."""
    names = [f"a{at}" for at in range(20)]
    core = make_core(instruments=[tc.Instrument("AAPL")], accounts=names, capacity=small_capacity(accounts=20, strategies=20))
    for strategy in range(1, 21):
        core.risk.set_limit("max_order_qty", 100 + strategy, strategy=strategy)
    core.risk.set_limit("max_order_qty", 110, venue="ARCX")
    for _ in range(2):
        for strategy, name in itertools.product(range(1, 21), names):
            for venue, most in (("XNAS", 100 + strategy), ("ARCX", min(110, 100 + strategy)), (None, 100 + strategy)):
                check = core.check("AAPL", BUY, 100, 9, account=name, venue=venue, strategy=strategy)
                assert check[R.MAX_ORDER_QTY].limit == most
    core.risk.set_limit("max_order_qty", 50, strategy=3)
    assert core.check("AAPL", BUY, 51, 9, account="a0", strategy=3)[R.MAX_ORDER_QTY].limit == 50
    assert core.check("AAPL", BUY, 51, 9, account="a0", strategy=4)[R.MAX_ORDER_QTY].limit == 104


@pytest.mark.parametrize("word", ["false", "no", 0, 1, 1.0, None])
@pytest.mark.parametrize("name", ["observe", "cancel"])
def test_a_flag_is_true_or_false_and_no_other_word(desk, name, word):
    """`observe="false"` would take a limit away: a text that isn't empty is true."""
    said = f"{name} must be a bool, not {type(word).__name__}"
    before = desk.state_hash()
    with pytest.raises(TypeError, match=said):
        desk.risk.set_limit("daily_loss", 10, account="alpha", **{name: word})
    with pytest.raises(TypeError, match=f"change 0: {said}"):
        desk.risk.change_limits([{"rule": "daily_loss", "value": 10, name: word}])
    with pytest.raises(ValueError, match=r"limits\[0\]: " + f"{name} must be a bool, not str"):
        desk.risk.load_toml(f'[[limits]]\nrule = "daily_loss"\nvalue = 10\n{name} = "false"\n')
    assert desk.state_hash() == before


def test_a_set_says_no_row_twice(desk):
    """Which of them would count?"""
    before = desk.state_hash()
    rows = [("alpha", 12), ("beta", 12), ("alpha", 13)]
    with pytest.raises(ValueError, match="change 2 sets the same row as change 0: MAX_ORDER_QTY"):
        desk.risk.change_limits([{"rule": "max_order_qty", "value": value, "account": name} for name, value in rows])
    with pytest.raises(ValueError, match=r"limits\[2\] sets the same row as limits\[0\]: MAX_ORDER_QTY"):
        desk.risk.load_toml("".join(f'[[limits]]\nrule = "max_order_qty"\naccount = "{name}"\nvalue = {value}\n' for name, value in rows))
    assert desk.state_hash() == before


@pytest.mark.parametrize(("change", "says"), [
    (5, "change 0: it must be a mapping of set_limit's arguments, not int"),
    ({"rule": "max_order_qty", "value": 1, "acount": "alpha"}, "not acount; the nearest known name is 'account'"),
])
def test_what_is_no_change_is_named(desk, change, says):
    with pytest.raises(TypeError, match=says):
        desk.risk.change_limits([change])
    with pytest.raises(TypeError, match="text must be a str, not int"):
        desk.risk.load_toml(5)

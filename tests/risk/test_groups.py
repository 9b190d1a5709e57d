"""Limits on groups of accounts and of instruments: what binds each of a group, what counts for all of it, and what all of
it may have together."""

from __future__ import annotations

import random

import pytest
from conftest import T0, limits

import tradecore as tc
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rules import RULES, find_rule

R, S = tc.Reason, tc.Scope
BUY, SELL = "BUY", "SELL"
DESK, TECH = {"account_group": "desk1"}, {"instrument_group": "TECH"}
GROUPS = {S.ACCOUNT_GROUP: (DESK, "account group desk1"), S.INSTRUMENT_GROUP: (TECH, "instrument group TECH")}
ACCOUNTS = {"alpha": "desk1", "beta": "desk1", "gamma": "desk2", "delta": ""}
SYMBOLS = {"AAPL": "TECH", "MSFT": "TECH", "XOM": "OIL", "GLD": ""}


def declare(make_core, symbols=SYMBOLS, **other):
    given = {"instruments": [tc.Instrument(symbol, group=group) for symbol, group in symbols.items()], "accounts": [],
             "venues": [tc.SimulatedVenue("XNAS")]} | other
    core = make_core(**given)
    for account, group in ACCOUNTS.items():
        core.define_account(account, limits(), group=group)
    for symbol in symbols:
        core.mark(symbol, 10)
    return core


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def send(core, qty=1, price=10, symbol="AAPL", account="alpha", side=BUY, **other):
    return core.submit(symbol=symbol, side=side, qty=qty, price=price, account=account, venue="XNAS", **other)


def test_who_is_in_which_group_is_told_once(desk):
    def join(**fields):
        command = CODECS[tc.CommandType.DEFINE_GROUP].pack(kind=tc.CommandType.DEFINE_GROUP, **fields)
        return desk._gate.core.apply(command, T0)[0].reason

    name = int(desk.intern(["oil"])[0])
    before = desk.state_hash()
    for fields in ({}, {"account": 4, "instrument": 4}, {"account": 4, "cl_ord_id": 0}):
        assert join(**({"cl_ord_id": name} | fields)) == R.INVALID_FIELD_VALUE
    assert join(account=9, cl_ord_id=name) == R.UNKNOWN_ACCOUNT
    assert join(instrument=9, cl_ord_id=name) == R.UNKNOWN_INSTRUMENT
    assert join(account=1, cl_ord_id=name) == join(instrument=1, cl_ord_id=name) == R.ALREADY_DEFINED
    assert desk.risk.limits() != []
    assert desk.state_hash() != before  # refusals are commands too
    assert join(account=4, cl_ord_id=name) == R.NONE
    for bad, error in ((7, TypeError), ("a\n", ValueError)):
        with pytest.raises(error, match="group"):
            desk.define_account("epsilon", group=bad)
        with pytest.raises(error, match="group"):
            tc.Instrument("NEW", group=bad)
    assert "epsilon" not in desk.accounts


@pytest.mark.parametrize("scope", GROUPS)
@pytest.mark.parametrize(("rule", "value", "below", "above"), [
    ("max_order_qty", 100, {"qty": 99}, {"qty": 101}), ("max_order_notional", 1000, {"price": "9.99"}, {"price": "10.01"})])
def test_a_limit_of_one_order_binds_each_of_a_group(desk, scope, rule, value, below, above):
    target, words = GROUPS[scope]
    desk.risk.set_limit(rule, value, **target)
    for account, symbol in (("alpha", "AAPL"), ("beta", "MSFT")):
        for more, reason in ((below, R.NONE), ({}, R.NONE), (above, find_rule(rule).reason)):
            order = send(desk, **({"qty": 100, "price": 10, "account": account, "symbol": symbol} | more))
            assert order.reason is reason
        assert order.text.endswith(f" ({words})")
    for account, symbol in (("gamma", "XOM"), ("delta", "GLD")):
        assert send(desk, **({"qty": 100, "price": 10, "account": account, "symbol": symbol} | above)).reason is R.NONE
    desk.risk.set_limit(rule, tc.OFF, **target)
    assert send(desk, **({"qty": 100} | above)).reason is R.NONE


@pytest.mark.parametrize("scope", GROUPS)
def test_what_counts_counts_for_a_whole_group(desk, scope):
    target, words = GROUPS[scope]
    desk.risk.set_limit("order_rate", 2, window_ms=1000, **target)
    assert send(desk).reason is send(desk, account="beta", symbol="MSFT").reason is R.NONE
    order = send(desk, account="beta")
    assert (order.reason, order.text) == (R.ORDER_RATE, f"ORDER_RATE: orders in the window 3 would exceed 2 ({words})")
    assert send(desk, account="gamma", symbol="XOM").reason is R.NONE
    (line,) = desk.risk.limits("order_rate", **target)
    assert (line.used, line.scope, line.strategy) == (2, words, None)


def test_the_tightest_of_all_scopes_speaks(desk):
    targets = [{}, {"account": "alpha"}, {"symbol": "AAPL"}, {"account": "alpha", "symbol": "AAPL"}, DESK, TECH]
    for target in targets:
        desk.risk.set_limit("max_order_qty", 100, **target)
    for target in targets:
        desk.risk.set_limit("max_order_qty", 10, **target)
        refused = send(desk, 11)
        assert refused.reason is R.MAX_ORDER_QTY
        assert next(iter(target.values()), "firm") in refused.text.rpartition(" (")[2]
        desk.risk.set_limit("max_order_qty", 100, **target)


@pytest.mark.parametrize("rule", ["max_gross_exposure", "max_net_exposure"])
def test_a_group_of_accounts_may_have_so_much_together(desk, rule):
    reason = find_rule(rule).reason
    desk.risk.set_limit(rule, 1000, **DESK)
    assert send(desk, 60).reason is R.NONE
    for qty, verdict in ((39, "PASS"), (40, "PASS"), (41, "REFUSE")):
        answer = desk.check(symbol="MSFT", side=BUY, qty=qty, price=10, account="beta")[reason.name]
        assert (answer.verdict, answer.value, answer.limit) == (verdict, 600 + 10 * qty, 1000)
    refused = send(desk, 41, symbol="MSFT", account="beta")
    assert (refused.reason, refused.text.rpartition(" (")[2]) == (reason, "account group desk1)")
    assert send(desk, 400, account="gamma").reason is R.NONE
    assert send(desk, 40, symbol="MSFT", account="beta").reason is R.NONE
    (line,) = desk.risk.limits(rule)
    assert (line.used, line.headroom, line.account_group, line.breaches) == (1000, 0, "desk1", 1)
    assert send(desk).reason is reason
    desk.cancel(desk.orders.open_orders("alpha")[0])
    assert send(desk, 60).reason is R.NONE


def test_two_accounts_of_a_group_do_not_net_in_what_they_have_gross(desk):
    desk.risk.set_limit("max_gross_exposure", 1000, **DESK)
    desk.risk.set_limit("max_net_exposure", 500, **DESK)
    desk.positions.open_position("AAPL", 50, 10, account="alpha")
    desk.positions.open_position("AAPL", -50, 10, account="beta")
    gross, net = desk.risk.limits()[-2:]
    assert (gross.used, net.used) == (1000, 0)
    assert send(desk, symbol="XOM").reason is R.MAX_GROSS_EXPOSURE


def test_the_instruments_of_a_group_may_be_worth_so_much_together(desk):
    desk.risk.set_limit("group_exposure", 1000, **TECH)
    assert send(desk, 60).reason is R.NONE
    for qty, verdict in ((39, "PASS"), (40, "PASS"), (41, "REFUSE")):
        answer = desk.check(symbol="MSFT", side=SELL, qty=qty, price=10, account="gamma")["GROUP_EXPOSURE"]
        assert (answer.verdict, answer.value, answer.limit) == (verdict, 600 + 10 * qty, 1000)
    refused = send(desk, 41, symbol="MSFT", account="gamma", side=SELL, price=20)
    assert (refused.reason, refused.ord_rej_reason, refused.text) == (
        R.GROUP_EXPOSURE, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT,
        "GROUP_EXPOSURE: exposure of the group's instruments with working orders 1010 would exceed 1000 (instrument group TECH)")
    assert send(desk, 500, symbol="XOM").reason is R.NONE
    assert desk.check(symbol="XOM", side=BUY, qty=1, price=10, account="alpha")["GROUP_EXPOSURE"].verdict == "OFF"
    (line,) = desk.risk.limits("group_exposure")
    assert (line.used, line.headroom, line.instrument_group) == (600, 400, "TECH")
    desk.mark("AAPL", 17)
    assert desk.risk.limits("group_exposure")[0].used == 1020
    assert send(desk, 1, symbol="MSFT").reason is R.GROUP_EXPOSURE


def test_an_exit_passes_whatever_a_group_has(desk):
    desk.positions.open_position("AAPL", 50, 10, account="alpha")
    for rule, target in (("max_gross_exposure", DESK), ("max_net_exposure", DESK), ("group_exposure", TECH)):
        desk.risk.set_limit(rule, 100, **target)
    assert send(desk, 50, 20, side=SELL).reason is R.NONE
    assert send(desk, 1, 20, side=SELL).reason in (R.MAX_GROSS_EXPOSURE, R.GROUP_EXPOSURE)


@pytest.mark.parametrize(("rule", "target"), [("max_gross_exposure", DESK), ("max_net_exposure", DESK), ("group_exposure", TECH)])
def test_what_a_group_has_without_a_mark_or_a_rate_refuses(make_core, rule, target):
    core = declare(make_core, {"AAPL": "TECH", "MSFT": "TECH", "XOM": "OIL"})
    core.define_instrument(tc.Instrument("SAP", currency="EUR", group="TECH"))
    core.define_instrument(tc.Instrument("ORCL", group="TECH"))
    core.risk.set_limit(rule, 10**6, **target)
    core.positions.open_position("ORCL", 1, 10, account="beta")
    refused = send(core)
    words = "account group desk1" if target is DESK else "instrument group TECH"
    assert (refused.reason, refused.text.rpartition(" (")[2]) == (R.MARK_UNAVAILABLE, f"{words})")
    assert send(core, symbol="XOM", account="gamma").reason is R.NONE
    core.mark("ORCL", 10)
    assert send(core).reason is R.NONE
    core.mark("SAP", 10)
    core.positions.open_position("SAP", 1, 10, account="beta")
    assert send(core).reason is R.RATE_UNAVAILABLE
    core.risk.set_rate("EUR", "1.1")
    assert send(core).reason is R.NONE


def test_who_joins_later_brings_what_he_has(desk):
    desk.risk.set_limit("max_gross_exposure", 1000, **DESK)
    desk.risk.set_limit("group_exposure", 1000, **TECH)
    desk.positions.open_position("GLD", 70, 10, account="delta")
    core, names = desk._gate, desk._gate.names
    core.command(tc.CommandType.DEFINE_GROUP, "desk1", account=names.accounts.id("delta"))
    core.command(tc.CommandType.DEFINE_GROUP, "TECH", instrument=names.symbols.id("GLD"))
    assert [line.used for line in desk.risk.limits() if line.account_group or line.instrument_group] == [700, 700]
    assert send(desk, 31).reason is R.MAX_GROSS_EXPOSURE


def test_what_is_only_observed_is_told_and_what_warns_too(desk):
    desk.risk.set_limit("group_exposure", 100, observe=True, **TECH)
    desk.risk.set_limit("max_gross_exposure", 400, soft="0.5", **DESK)
    seen = desk._gate.core.event_seq
    assert send(desk, 21).reason is R.NONE
    told = [(report.report_type.name, report.reason) for report in desk.reports(seen) if report.report_type.name.startswith("RISK")]
    assert told == [("RISK_OBSERVED", R.GROUP_EXPOSURE), ("RISK_WARNING", R.MAX_GROSS_EXPOSURE)]


def test_limits_on_groups_come_back_from_toml(desk, make_core):
    desk.risk.set_limit("max_order_qty", 5, soft="0.5", who="jane", why="start", **DESK)
    desk.risk.set_limit("group_exposure", 6, **TECH)
    text = desk.risk.export_toml()
    assert 'account_group = "desk1"' in text
    other = declare(make_core)
    other.risk.load_toml(text)
    assert other.risk.export_toml() == text
    with pytest.raises(ValueError, match="did you mean 'desk1'"):
        desk.risk.load_toml('[[limits]]\nrule = "max_order_qty"\nvalue = 1\naccount_group = "desk11"\n')


@pytest.mark.parametrize("row", [row for row in RULES if S.ACCOUNT_GROUP not in row.scopes])
def test_what_bounds_no_group_says_on_what_it_can_be(desk, row):
    with pytest.raises(ValueError, match=f"{row.rule.name} takes no limit on ACCOUNT_GROUP: only on "):
        desk.risk.set_limit(row.rule, 0, **DESK)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_changes_a_group_is_what_a_plain_loop_says(desk, seed):
    """Lines as the rows, and what a group has as its positions add up."""
    pick = random.Random(seed)
    names = [{}, {"account": "alpha"}, {"symbol": "MSFT"}, DESK, {"account_group": "desk2"}, TECH, {"instrument_group": "OIL"}]
    desk.risk.set_limit("max_gross_exposure", 10**9, **DESK)
    desk.risk.set_limit("group_exposure", 10**9, **TECH)
    marks = dict.fromkeys(SYMBOLS, 10)

    def worst(of):
        held = [desk.position(symbol, account=account) for account, symbol in of]
        qty = sum(p.qty for p in held)
        return max(abs(qty + sum(p.working_buy_qty for p in held)), abs(qty - sum(p.working_sell_qty for p in held)))

    for _ in range(60):
        desk.risk.set_limit("max_order_qty", pick.choice([tc.OFF, *range(40, 49)]), **pick.choice(names))
        send(desk, pick.randrange(1, 30), pick.choice((10, 11)), pick.choice(list(SYMBOLS)), pick.choice(list(ACCOUNTS)), pick.choice((BUY, SELL)))
        marks[pick.choice(list(SYMBOLS))] = pick.randrange(5, 15)
        for each, mark in marks.items():
            desk.mark(each, mark)
        account, symbol = pick.choice(list(ACCOUNTS)), pick.choice(list(SYMBOLS))
        bound = [line.value for line in desk.risk.limits("max_order_qty") if line.value is not tc.OFF
                 and line.account in (None, account) and line.symbol in (None, symbol)
                 and line.account_group in (None, ACCOUNTS[account]) and line.instrument_group in (None, SYMBOLS[symbol])]
        answer = desk.check(symbol=symbol, side=BUY, qty=1, price=10, account=account)["MAX_ORDER_QTY"]
        assert answer.limit == min(bound, default=None)
        used = {line.scope: line.used for line in desk.risk.limits() if line.value == 10**9}
        assert used["account group desk1"] == sum(
            worst([(account, symbol)]) * marks[symbol] for account in ("alpha", "beta") for symbol in SYMBOLS)
        assert used["instrument group TECH"] == sum(
            worst([(account, symbol) for account in ACCOUNTS]) * marks[symbol] for symbol in ("AAPL", "MSFT"))

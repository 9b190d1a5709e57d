"""Every rule of the table can be only observed: what it would refuse passes, and is told with the same reason, value, bound
and row; and what can never be only observed says why. A rule that is new in the table is asked here without another word."""

from __future__ import annotations

import re

import pytest
from ruledesk import OBSERVABLE, TARGETS, Desk, arm

import tradecore as tc
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rules import NEVER_OBSERVED, RISK_CHECKS, RULES, Sent

R, T, S = tc.Reason, tc.ReportType, tc.Scope
# What refuses without what it needs is observed with the rule that needs it.
MISSING = {R.REFERENCE_PRICE_UNAVAILABLE, R.MARK_UNAVAILABLE, R.RATE_UNAVAILABLE}


def compare(make_core, clock, row, scope, how, features=None):
    enforced, observing = Desk(make_core, clock), Desk(make_core, clock, features)
    before = clock.now
    arm(enforced, row, scope)
    arm(observing, row, scope, **how)
    enforced.try_all()
    clock.now = before
    observing.try_all()
    refused = enforced.refused(row.reason)
    assert refused, f"nothing that {row.rule.name} refuses is tried here: add an order"
    assert not observing.refused(row.reason)
    told = observing.told(T.RISK_OBSERVED)
    reason, value, bound, number = refused[0]
    assert (reason, value, bound, number) in (told if number else [(*its[:3], 0) for its in told])  # a refused replace names no row
    assert {reason for reason, *_ in told} <= {row.reason, *MISSING}
    if row.asks & Sent.NEW:  # a breaker is told of when it counts
        assert row.reason in observing.asked
    (line,) = (line for line in observing.core.risk.limits(row.rule) if line.is_observed and line.value == 0)
    assert line.breaches == sum(number == line.row for *_, number in told)


@pytest.mark.parametrize("row", OBSERVABLE, ids=lambda row: row.rule.name)
def test_what_a_rule_would_refuse_passes_and_is_told_the_same(make_core, clock, row):
    compare(make_core, clock, row, row.scopes[0], {"observe": True})


@pytest.mark.parametrize("row", OBSERVABLE, ids=lambda row: row.rule.name)
def test_as_a_feature_too(make_core, clock, row):
    compare(make_core, clock, row, row.scopes[-1], {}, tc.Features(**{row.rule.name.lower(): "observe"}))


@pytest.mark.long
@pytest.mark.parametrize(("row", "scope"), [(row, scope) for row in OBSERVABLE for scope in row.scopes[1:-1]])
def test_on_every_scope(make_core, clock, row, scope):
    compare(make_core, clock, row, scope, {"observe": True})


@pytest.mark.parametrize("row", [row for row in OBSERVABLE if S.VENUE in row.scopes], ids=lambda row: row.rule.name)
def test_an_order_that_is_routed_is_observed_where_it_goes(make_core, clock, row):
    enforced, observing = Desk(make_core, clock), Desk(make_core, clock)
    arm(enforced, row, S.VENUE)
    arm(observing, row, S.VENUE, observe=True)
    tried = [(side, qty, price) for side, qty, price in (("BUY", 1, 102), ("BUY", 2, 102), ("BUY", 3, 101))]
    for desk in (enforced, observing):
        desk.core.cancel(desk.works[1])
        for side, qty, price in tried:
            desk.send(side, qty, price, venue=None)
    assert observing.told(T.RISK_OBSERVED)[: bool(enforced.refused(row.reason))] == enforced.refused(row.reason)[:1]
    assert bool(enforced.refused(row.reason)) is bool(row.asks & 1)


def test_a_routed_order_warns_and_counts_where_it_goes(make_core, clock):
    desk = Desk(make_core, clock)
    desk.core.risk.set_limit("order_rate", 2, venue="P", soft="0.5", window_ms=1_000)
    for _ in range(2):
        assert desk.send("BUY", 1, 102, venue=None).reason is R.NONE
    assert [reason for reason, *_ in desk.told(T.RISK_WARNING)] == [R.ORDER_RATE]
    observing = Desk(make_core, clock)
    observing.core.risk.set_limit("order_rate", 2, venue="P", observe=True, window_ms=1_000)
    for _ in range(3):
        assert observing.send("BUY", 1, 102, venue=None).reason is R.NONE
    assert [(reason, value) for reason, value, *_ in observing.told(T.RISK_OBSERVED)] == [(R.ORDER_RATE, 3)]
    assert observing.core.risk.limits("order_rate", venue="P")[0].used == 3


# ---- what never is


def test_every_check_is_a_rule_that_can_be_observed_or_says_why_not():
    by_reason = {row.reason for row in OBSERVABLE}
    others = {reason for reason in RISK_CHECKS if reason not in by_reason | MISSING | {R.USER_RULE}}  # a user's rule has a mode
    assert {reason.name for reason in others} <= NEVER_OBSERVED.keys()
    assert {row.rule.name for row in RULES if not row.is_observable} <= NEVER_OBSERVED.keys()
    assert all(len(why) > 20 for why in NEVER_OBSERVED.values())


@pytest.mark.parametrize("name", [name for name in NEVER_OBSERVED if name not in {row.rule.name for row in OBSERVABLE}])
def test_asking_for_what_never_is_says_why_and_changes_nothing(make_core, name):
    core, why = make_core(), re.escape(NEVER_OBSERVED[name])
    before, rules = core.state_hash(), {row.rule.name: row for row in RULES}
    scope = TARGETS[rules[name].scopes[0]] if name in rules else {}
    with pytest.raises(ValueError, match=why):
        core.risk.set_limit(name, 0, observe=True, **scope)
    with pytest.raises(ValueError, match=why):
        core.risk.load_toml("\n".join(["[[limits]]", f'rule = "{name.lower()}"', "value = 0", "observe = true",
                                       *(f'{field} = "{word}"' for field, word in scope.items())]))
    with pytest.raises(ValueError, match=why):
        tc.Features(**{name.lower(): "observe"})
    assert core.state_hash() == before


@pytest.mark.parametrize("row", [row for row in RULES if not row.is_observable], ids=lambda row: row.rule.name)
def test_a_command_that_asks_for_it_is_refused(make_core, row):
    core = make_core()
    before = core.risk.limits(row.rule)
    target = {{"symbol": "instrument"}.get(field, field): 1 for field in TARGETS[row.scopes[0]]}
    fields = {"kind": tc.CommandType.SET_LIMIT, "rule": int(row.rule), "value": 0, "mode": 1, "limit_scope": int(row.scopes[0]), **target}
    core._gate.core.apply(CODECS[tc.CommandType.SET_LIMIT].pack(**fields), core._gate.time())
    assert [r.text for r in core.reports(0)][-1] == "INVALID_FIELD_VALUE: mode 1 is out of bounds"
    assert str(core.risk.limits(row.rule)) == str(before)

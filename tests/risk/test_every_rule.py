"""Every rule of the table: one below its limit, at it and one above, on every scope that it takes, the others armed and off;
and what the exit gate says where its check is taken out. A rule that is new in the table is met without another word."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ruledesk import OBSERVABLE, TARGETS, Desk, arm

import tradecore as tc
from tradecore.vocabulary.rules import RULES, LimitUnit, Sent

R, T, S = tc.Reason, tc.ReportType, tc.Scope
EXACT = (LimitUnit.QUANTITY, LimitUnit.MONEY, LimitUnit.BASE_MONEY)
ORDER = ("BUY", 2, "100.90")  # 90 bps above the mid, and nothing to trade with
# What asks no new order, or limits no number, is tested beside its own rule.
NUMERIC = [row for row in OBSERVABLE if row.asks & Sent.NEW and row.unit is not LimitUnit.FLAG]
CASES = [pytest.param(row, scope, id=f"{row.rule.name}-{scope.name}", marks=[pytest.mark.long] if at else [])
         for row in NUMERIC for at, scope in enumerate(scope for scope in row.scopes if scope in TARGETS)]


def wide(row):
    """A limit that nothing comes near."""
    if row.unit in EXACT:
        return 10**7
    return 1_000 if row.most < 0 else min(row.most, 10**6)


def set_limit(desk, row, scope, value):
    window = {"window_ms": 1_000} if row.windowed else {}
    desk.core.risk.set_limit(row.rule, value, **TARGETS[scope], **window)
    desk.release()  # a limit that is set beneath a loss acts at once


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others armed"])
@pytest.mark.parametrize(("row", "scope"), CASES)
def test_it_passes_up_to_its_limit_and_refuses_beyond(make_core, clock, row, scope, others):
    desk = Desk(make_core, clock)
    for other in NUMERIC if others else ():
        if other is not row:
            set_limit(desk, other, scope if scope in other.scopes else other.scopes[0], wide(other))
    desk.lose()
    asked = {"strategy": 7, "venue": "P"}
    set_limit(desk, row, scope, wide(row))
    desk.core.cancel(desk.works[1])  # it counts for what counts cancels
    assert desk.core.check("AAPL", *ORDER, **asked).passed
    set_limit(desk, row, scope, 0)
    value = desk.core.check("AAPL", *ORDER, **asked)[row.reason].value
    assert value > 0
    step = Decimal("1e-9") if row.unit in EXACT else 1
    for limit, verdict in ((value - step, "REFUSE"), (value, "PASS"), (value + step, "PASS")):
        set_limit(desk, row, scope, limit)
        answer = desk.core.check("AAPL", *ORDER, **asked)
        assert (answer[row.reason].verdict, answer.passed) == (verdict, verdict == "PASS"), answer
        assert answer[row.reason].value in (value, None if verdict == "PASS" else value)  # an age is told of what is stale alone
    for limit, reason in ((value - step, row.reason), (value, R.NONE)):
        set_limit(desk, row, scope, limit)
        assert desk.send(*ORDER).reason is reason


# ---- the gate behind it


@pytest.mark.parametrize("row", [row for row in OBSERVABLE if row.asks], ids=lambda row: row.rule.name)
def test_with_its_check_taken_out_it_passes_and_the_gate_claims_nothing(make_core, clock, row):
    told = []
    for drilled in (0, row.reason):
        desk = Desk(make_core, clock)
        arm(desk, row, row.scopes[0])
        desk.core._gate.core._drill(int(drilled))
        desk.try_all()
        told.append((len(desk.refused(row.reason)), len(desk.told(T.GATE_STOPPED))))
        desk.core._gate.core._drill(0)
    assert told[0][0] > 0, f"nothing that {row.rule.name} refuses is tried: add an order to the desk"
    assert told[1] == (0, 0)


def test_each_rule_asks_orders_or_is_a_breaker_or_says_how_others_act():
    assert {row.rule.name for row in RULES if row not in NUMERIC and row.asks & Sent.NEW and row.unit is not LimitUnit.FLAG and not row.permits} == set()
    assert {row.rule.name for row in RULES if not row.asks} == {"REPEATED_EXECUTION", "CONSECUTIVE_REJECTS", "REARM_NAMES"}

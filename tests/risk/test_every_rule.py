"""Every rule of the table: one below its limit, at it and one above, on every scope that it takes, the others armed and off;
and what the exit gate says where its check is taken out. A rule that is new in the table is met without another word."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from ruledesk import OBSERVABLE, TARGETS, Desk, arm
from test_exit_gate import TABLE

import tradecore as tc
from tradecore._python.risk.holds import EXEMPTIONS
from tradecore.vocabulary.rules import RISK_CHECKS, RULES, LimitUnit, Sent

R, T, S = tc.Reason, tc.ReportType, tc.Scope
EXACT = (LimitUnit.QUANTITY, LimitUnit.MONEY, LimitUnit.BASE_MONEY, LimitUnit.RATIO)
ORDER = ("BUY", 2, "100.90")  # 90 bps above the mid, and nothing to trade with
# What asks no new order, or limits no number, is tested beside its own rule.
NUMERIC = [row for row in OBSERVABLE if row.asks & Sent.NEW and row.unit is not LimitUnit.FLAG]
CASES = [pytest.param(row, scope, id=f"{row.rule.name}-{scope.name}", marks=[pytest.mark.long] if at else [])
         for row in NUMERIC for at, scope in enumerate(scope for scope in row.scopes if scope in TARGETS)]


def wide(row):
    """A limit that nothing comes near."""
    if row.unit in EXACT:
        return min(10**7, row.most // 10**9)
    return 1_000 if row.most < 0 else min(row.most, 10**6)


def set_limit(desk, row, scope, value):
    window = {"window_ms": 1_000} if row.windowed else {}
    desk.core.risk.set_limit(row.rule, value, **TARGETS[scope], **window)
    desk.release()  # a limit that is set beneath a loss acts at once


@pytest.mark.parametrize("others", [False, True], ids=["alone", "others armed"])
@pytest.mark.parametrize(("row", "scope"), CASES)
def test_it_passes_up_to_its_limit_and_refuses_beyond(make_core, clock, row, scope, others):
    desk = Desk(make_core, clock)
    if row.rule is tc.Rule.CREDIT_LIMIT:
        desk.spend()  # it owes nothing while it pays of its own
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


# Checks that no row of a rule arms: how each comes to refuse. Those that are no order's, or no check's to leave out, say why.
def halt(core):
    core.risk.set_trading_state("HALTED", who="ann", why="a test")


def trip(rule):
    def do(core):
        core.risk.set_limit(rule, 0, strategy=7, **({"window_ms": 1_000} if rule == "repeated_execution" else {}))
        core.submit("AAPL", "BUY", 1 if rule == "repeated_execution" else 5_000, 102, strategy=7, venue="P")
    return do


def need(symbol):
    def do(core):
        core.positions.open_position(symbol, 1, 10)
        if symbol == "SAP":
            core.mark("SAP", 10)
        core.risk.set_limit("max_gross_exposure", 10**6)
    return do


PROVOKED = {R.TRADING_STATE: halt, R.REPEATED_EXECUTION: trip("repeated_execution"), R.CONSECUTIVE_REJECTS: trip("consecutive_rejects"),
            R.MARK_UNAVAILABLE: need("MSFT"), R.RATE_UNAVAILABLE: need("SAP")}
NOT_TAKEN_OUT = {
    R.DUPLICATE_CLORDID: "an id that was used is answered before risk is asked", R.USER_RULE: "a rule of one's own is no check of risk",
    R.ARITHMETIC_OVERFLOW: "behind it no number is right", R.UNBOOKED_TRADE: "it is asked beside the checks",
}


@pytest.mark.parametrize("check", PROVOKED, ids=lambda check: check.name)
def test_a_check_that_no_row_arms_is_taken_out_and_the_gate_claims_nothing(make_core, clock, check):
    said = []
    for drilled in (0, check):
        core = make_core(instruments=[tc.Instrument("AAPL", max_qty=1_000), tc.Instrument("MSFT"), tc.Instrument("SAP", currency="EUR")],
                         venues=[tc.SimulatedVenue("P")])
        core.quote("P", "AAPL", bid=99, bid_size=500, ask=101, ask_size=500)
        core.mark("AAPL", 100)
        PROVOKED[check](core)
        core._gate.core._drill(int(drilled))
        said.append(core.submit("AAPL", "BUY", 1, 90, strategy=7, venue="P").reason)
        core._gate.core._drill(0)
    assert said == [check, R.NONE]


def test_of_every_check_it_is_said_what_the_gate_says():
    """With those that the gate claims, and others beside: see test_exit_gate."""
    told = {row.reason for row in OBSERVABLE if row.asks} | set(PROVOKED) | set(NOT_TAKEN_OUT) | {check for check, _ in TABLE}
    assert {check.name for check in RISK_CHECKS if check not in told} == set()


# ---- exits, and what a rule needs

# What an order that reduces is exempt from; and what a sale of what is held never is.
EXEMPT = ["MAX_POSITION_QTY", "MAX_POSITION_NOTIONAL", "MAX_GROSS_EXPOSURE", "MAX_NET_EXPOSURE", "MAX_PENDING_NOTIONAL", "MAX_LEVERAGE", "CONCENTRATION", "GROUP_EXPOSURE", "INSUFFICIENT_MARGIN", "CREDIT_LIMIT", "DAILY_LOSS", "DRAWDOWN", "STRATEGY_LOSS", "MAX_OPEN_ORDERS", "STALE_QUOTE"]
NEVER_MET = ("SHORT_SALE", "INSUFFICIENT_POSITION", "INSUFFICIENT_FUNDS")


@pytest.mark.parametrize("row", [row for row in OBSERVABLE if row.asks & Sent.NEW], ids=lambda row: row.rule.name)
def test_an_exit_passes_exactly_what_it_is_exempt_from(make_core, clock, row):
    desk = Desk(make_core, clock)
    if row.rule is tc.Rule.CREDIT_LIMIT:
        desk.spend()
    desk.lose()
    set_limit(desk, row, row.scopes[0], 0)
    desk.core.cancel(desk.works[1])
    passes = bool({row.rule.name, row.reason.name} & {*EXEMPT, *NEVER_MET})
    exit_order = ("SELL", 10, "99.10")  # all that is held, 90 bps below the mid
    assert desk.core.check("AAPL", *exit_order, strategy=7, venue="P").passed is passes
    assert desk.send(*exit_order).reason is (R.NONE if passes else row.reason)
    if row.rule.name in EXEMPT:
        assert desk.send("BUY", 2, "100.90").reason is row.reason


def test_the_readme_names_all_that_an_exit_is_exempt_from():
    """Switches, states and breakers in words; nothing else that EXEMPTIONS lacks stands there."""
    in_words = {"KILL_SWITCH", "TRADING_STATE", "REPEATED_EXECUTION", "CONSECUTIVE_REJECTS"}
    beside = {"REDUCING", "UNBOOKED_TRADE"}
    lines = (Path(__file__).parents[2] / "README.md").read_text().splitlines()
    (told,) = (line for line in lines if line.startswith("| is exempt from |"))
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", told)) & (set(tc.Reason.__members__) | beside)
    assert named - beside == {reason.name for reason in EXEMPTIONS} - in_words


@pytest.mark.parametrize("row", [row for row in NUMERIC if row.on_marks or row.on_loss], ids=lambda row: row.rule.name)
def test_what_is_counted_at_marks_and_rates_refuses_without_them(make_core, row):
    core = make_core(instruments=[tc.Instrument("AAPL", group="TECH"), tc.Instrument("SAP", currency="EUR", group="TECH")],
                     venues=[tc.SimulatedVenue("P")])
    core.positions.open_cash("USD", 50_000)
    for symbol in ("AAPL", "SAP"):
        core.quote("P", symbol, bid=99, bid_size=500, ask=101, ask_size=500)
    core.risk.set_limit(row.rule, wide(row), **TARGETS[row.scopes[0]])
    asked = {"side": "BUY", "qty": 1, "price": 90, "venue": "P", "strategy": 7}
    assert core.submit("AAPL", **asked).reason is R.MARK_UNAVAILABLE
    core.mark("AAPL", 100)
    assert core.check("AAPL", **asked)["MARK_UNAVAILABLE"].verdict == "PASS"
    core.mark("SAP", 100)
    assert core.submit("SAP", **asked).reason is (R.NONE if row.unit is LimitUnit.COUNT else R.RATE_UNAVAILABLE)  # an age has no rate
    core.risk.set_rate("EUR", "1.1")
    assert core.check("SAP", **asked)["RATE_UNAVAILABLE"].verdict in ("PASS", "OFF")


def test_each_rule_asks_orders_or_is_a_breaker_or_says_how_others_act():
    assert {row.rule.name for row in RULES if row not in NUMERIC and row.asks & Sent.NEW and row.unit is not LimitUnit.FLAG and not row.permits} == set()
    assert {row.rule.name for row in RULES if not row.asks} == {"REPEATED_EXECUTION", "CONSECUTIVE_REJECTS", "REARM_NAMES"}

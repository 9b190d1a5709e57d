"""Rules of users in a core: added by commands, asked behind all other checks, in its state, the same in both backends."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from conftest import BACKENDS, CENT, build_core, limits

import tradecore as tc
from tradecore.vocabulary.records import CODECS, COMMAND_SIZE, NAMELESS, OWN_ID_MAX
from tradecore.vocabulary.rule_words import QUANTITIES, SCORE_CELLS, STEP_CODEC, USER_RULES_MAX, Step

EXT = Path(__file__).parents[2] / "ext"


@pytest.fixture(params=BACKENDS)
def core(request):
    made = build_core(request.param, accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL", tick_size="0.01"), tc.Instrument("MSFT")])
    made.quote("XNAS", "AAPL", bid="189.99", bid_size=1_000, ask="190.01", ask_size=1_000)
    return made


def buy(core, qty=100, price="189.00", **terms):
    return core.submit(terms.pop("symbol", "AAPL"), terms.pop("side", "BUY"), qty, price, **{"account": "alpha"} | terms)


def test_an_order_that_does_not_keep_a_rule_is_rejected_with_its_name_and_column(core):
    line = core.risk.add_rule("small", "order.is_buy and order.qty <= 100", who="ann", why="first week")
    assert line == ("small", "order.is_buy and order.qty <= 100", tc.LimitMode.ENFORCE, "ann", "first week", 4)
    assert core.risk.rules() == [line]
    assert buy(core, 100).ord_status is tc.OrdStatus.NEW
    order = buy(core, 101)
    assert (order.ord_status, order.reason, order.ord_rej_reason) == (tc.OrdStatus.REJECTED, tc.Reason.USER_RULE, tc.OrdRejReason.BROKER_OPTION)
    assert order.text == "USER_RULE: rule 'small' does not hold at column 18"
    assert buy(core, 5, side="SELL").text == "USER_RULE: rule 'small' does not hold at column 1"


def test_other_checks_speak_first(core):
    core.risk.add_rule("none", "order.qty < 1")
    core.risk.set_limits(limits(max_order_qty=10), account="alpha")
    assert buy(core, 11).reason is tc.Reason.MAX_ORDER_QTY
    assert buy(core, 10).reason is tc.Reason.USER_RULE


def test_check_asks_the_rules_too(core):
    assert "USER_RULE" not in [row.rule.name for row in core.check("AAPL", "BUY", 11, "189.00", account="alpha")]
    core.risk.add_rule("seen", "order.qty <= 1", mode="OBSERVE")
    assert "USER_RULE" not in [row.rule.name for row in core.check("AAPL", "BUY", 11, "189.00", account="alpha")]
    core.risk.add_rule("small", "order.qty <= 10 and order.strategy == 4")
    before = core.state_hash()
    for qty, verdict in ((10, "PASS"), (11, "REFUSE")):
        said = core.check("AAPL", "BUY", qty, "189.00", account="alpha", strategy=4)
        assert (said["USER_RULE"].verdict, said.passed) == (verdict, verdict == "PASS")
    assert core.state_hash() == before


def test_a_rule_that_is_removed_binds_no_more(core):
    core.risk.add_rule("one", "order.qty <= 1")
    core.risk.add_rule("two", "order.qty <= 2")
    core.risk.remove_rule("one", who="ann", why="done")
    assert [line.name for line in core.risk.rules()] == ["two"]
    assert buy(core, 2).ord_status is tc.OrdStatus.NEW
    assert "'two'" in buy(core, 3).text
    core.risk.add_rule("one", "order.qty <= 1")
    assert "'one'" in buy(core, 2).text


def test_a_rule_that_is_only_observed_reports(core):
    core.risk.add_rule("seen", "order.qty <= 10", mode="OBSERVE")
    core.risk.add_rule("also", "order.qty <= 11", mode="OBSERVE")
    reports = []
    core.subscribe(reports.append, report_types="RISK_OBSERVED")
    assert buy(core, 12).ord_status is tc.OrdStatus.NEW
    buy(core, 10)
    assert [report.text for report in reports] == ["USER_RULE: rule 'seen' does not hold at column 1", "USER_RULE: rule 'also' does not hold at column 1"]
    assert reports[0].reason is tc.Reason.USER_RULE


def test_a_replace_that_asks_for_more_is_asked_and_one_that_asks_for_less_is_not(core):
    order = buy(core, 100)
    core.risk.add_rule("small", "order.qty <= 50")
    assert core.replace(order, qty=80).order_qty == 80
    core.replace(order, qty=90)
    assert order.order_qty == 80
    report = [r for r in core.reports(0) if r.report_type is tc.ReportType.ORDER_CANCEL_REJECT][-1]
    assert report.reason is tc.Reason.USER_RULE


def test_an_order_that_was_held_is_asked_when_it_is_let_go(core):
    order = core.submit("AAPL", "BUY", 10, stop_px="191.00", account="alpha", trigger_price_type=tc.TriggerPriceType.BEST_OFFER)
    core.risk.add_rule("calm", "market.ask <= 190.50")
    core.quote("XNAS", "AAPL", bid="190.99", bid_size=1_000, ask="191.01", ask_size=1_000)
    assert (order.ord_status, order.reason) == (tc.OrdStatus.CANCELED, tc.Reason.USER_RULE)


@pytest.mark.parametrize(("collar", "order", "price"), [
    (tc.OFF, {"side": "BUY", "price": "189"}, "189"), (tc.OFF, {"side": "SELL", "price": "189"}, "193"), (tc.OFF, {"side": "SELL"}, "193"),
    (tc.OFF, {"side": "SELL", "price": "195"}, "195"), (tc.OFF, {"side": "BUY"}, "192.005"), (1_000, {"side": "BUY"}, "211.2055"),
    (1_000, {"side": "SELL", "stop_px": "150"}, "150")])
def test_a_rule_counts_an_order_at_what_max_order_notional_does(core, collar, order, price):
    """A bid of 193 at ARCX alone is what a sell could take; the mid of 193 and 191.01 is 192.005, 10% above it 211.2055."""
    core.quote("XNAS", "AAPL", bid="189.99", bid_size=1_000, ask="191.01", ask_size=1_000)
    core.quote("ARCX", "AAPL", bid="193", bid_size=5)
    core.risk.set_limit("price_collar", collar, account="alpha")
    amount = 7 * Decimal(price)
    asked = {"symbol": "AAPL", "qty": 7, "account": "alpha"} | order
    core.risk.add_rule("less", f"order.notional < {amount}")
    assert core.check(**asked)["USER_RULE"].verdict == "REFUSE"
    core.risk.remove_rule("less")
    core.risk.add_rule("exact", f"order.notional <= {amount}")
    core.risk.set_limit("max_order_notional", amount, account="alpha")
    answers = core.check(**asked)
    assert (answers["USER_RULE"].verdict, answers["MAX_ORDER_NOTIONAL"].verdict) == ("PASS", "PASS")


HALF_PAST_NINE_FRIDAY = 1_700_213_400_000_000_000  # 2023-11-17 09:30 UTC


@pytest.mark.parametrize(("name", "value"), [
    ("order.qty", "100"), ("order.leaves_qty", "100"), ("order.price", "189"), ("order.notional", "18_900"),
    ("order.strategy", "7"), ("instrument.tick", "0.01"), ("instrument.lot", "1"), ("instrument.multiplier", "1"),
    ("position.qty", "30"), ("position.working_buy", "40"), ("position.working_sell", "60"),
    ("exposure.qty", "25"), ("exposure.working_buy", "40"), ("exposure.working_sell", "65"), ("exposure.open_orders", "3"),
    ("pnl.realised", "20"), ("pnl.unrealised", "-30"), ("pnl.fees", "0"),
    ("market.bid", "189.99"), ("market.ask", "190.01"), ("market.last", "190.01"), ("market.mark", "189"),
    ("market.reference", "190"), ("clock.time", str(HALF_PAST_NINE_FRIDAY)), ("clock.second_of_day", "9*3600 + 1800"),
    ("clock.weekday", "4"),
])
def test_each_quantity_is_what_its_name_says(core, name, value):
    for account, qty in (("alpha", 50), ("beta", -5)):
        core.positions.open_position("AAPL", qty, "190.00", account=account)
    core.mark("AAPL", "189.00")
    core.risk.set_limits(limits(), account="beta")
    core.submit("AAPL", "SELL", 60, "195.00", account="alpha")
    core.submit("AAPL", "SELL", 5, "196.00", account="beta")
    core.submit("AAPL", "BUY", 40, "180.00", account="alpha")
    core.quote("ARCX", "AAPL", bid="191.00", bid_size=20)
    core.submit("AAPL", "SELL", 20, "191.00", account="alpha", venue="ARCX", time_in_force="IMMEDIATE_OR_CANCEL")
    core.quote("ARCX", "AAPL")
    core._gate.clock.now = HALF_PAST_NINE_FRIDAY
    last = {"market.last": "191"}.get(name, value)
    core.risk.add_rule("is_it", f"{name} != {last}")
    assert buy(core, 100, strategy=7).reason is tc.Reason.USER_RULE
    core.risk.remove_rule("is_it")
    core.risk.add_rule("is_it", f"{name} == {last}")
    order = buy(core, 100, strategy=7)
    assert order.ord_status is tc.OrdStatus.NEW, order.text


def test_every_quantity_is_tested():
    table = next(mark for mark in test_each_quantity_is_what_its_name_says.pytestmark if mark.name == "parametrize")
    assert {row[0] for row in table.args[1]} == {q.name for q in QUANTITIES.values() if q.kind == "number"}


@pytest.mark.parametrize(("expression", "passes", "fails"), [
    ("order.is_buy", {}, {"side": "SELL"}), ("not order.is_market", {}, {"price": None}),
    ("not order.reduce_only", {}, {"side": "SELL", "reduce_only": True}),
    ('order.symbol == "AAPL"', {}, {"symbol": "MSFT"}), ('order.account == "alpha"', {}, {"account": "beta"}),
    ('order.venue != "ARCX"', {"venue": "XNAS"}, {"venue": "ARCX"}), ("known(order.price)", {}, {"price": None}),
    ("order.notional <= 18_900", {}, {"side": "SELL"}), ("known(market.mark)", {}, {"symbol": "MSFT"}),
    ("known(pnl.unrealised)", {}, {"symbol": "MSFT"}), ("known(order.notional)", {}, {"symbol": "MSFT", "price": None}),
    ("default(market.bid, 0) > 1", {}, {"symbol": "MSFT"}), ("market.bid > 1", {}, {"symbol": "MSFT"}),
    ("market.bid * 0 == 0", {}, {"symbol": "MSFT"}), ("known(market.last) or known(market.bid)", {}, {"symbol": "MSFT"}),
])
def test_truths_names_and_what_is_not_known(core, expression, passes, fails):
    for symbol in ("AAPL", "MSFT"):
        core.positions.open_position(symbol, 200, "190.00", account="alpha")
        core.positions.open_position(symbol, 200, "190.00", account="beta")
    core.mark("AAPL", "190")
    core.risk.add_rule("it", expression)
    assert buy(core, **passes).ord_status is not tc.OrdStatus.REJECTED, buy(core, **passes).text
    assert buy(core, **fails).reason is tc.Reason.USER_RULE


def test_what_is_wrong_is_refused_and_changes_nothing(core):
    core.risk.add_rule("first", "order.qty < 10")
    core.risk.add_rule("second", "rule.first or order.is_buy")
    before = core.state_hash()
    for error, words, call in (
        (tc.RuleError, "column 1: 'order.quantity' is no quantity: did you mean 'order.qty'", lambda: core.risk.add_rule("x", "order.quantity > 1")),
        (tc.RuleError, "column 1: rule 'x' refers to itself", lambda: core.risk.add_rule("x", "rule.x")),
        (tc.RuleError, "column 17: symbol 'APPL' is not declared", lambda: core.risk.add_rule("x", 'order.symbol == "APPL"')),
        (ValueError, "rule 'first' is there already", lambda: core.risk.add_rule("first", "order.qty > 1")),
        (ValueError, "name '1x' must be a letter", lambda: core.risk.add_rule("1x", "order.qty > 1")),
        (ValueError, "mode", lambda: core.risk.add_rule("x", "order.qty > 1", mode="LOOK")),
        (ValueError, "mode must be ENFORCE or OBSERVE, not CANCEL", lambda: core.risk.add_rule("x", "order.qty > 1", mode="CANCEL")),
        (ValueError, "who '\\x07' must be 1 to 64 printable", lambda: core.risk.add_rule("x", "order.qty > 1", who="\x07")),
        (TypeError, "why must be a str", lambda: core.risk.add_rule("x", "order.qty > 1", why=3)),
        (TypeError, "name must be a str", lambda: core.risk.add_rule(3, "order.qty > 1")),
        (TypeError, "expression must be a str", lambda: core.risk.add_rule("x", None)),
        (LookupError, "'frist' is no rule: did you mean 'first'", lambda: core.risk.remove_rule("frist")),
        (ValueError, "rule 'first' is named by second", lambda: core.risk.remove_rule("first")),
    ):
        with pytest.raises(error, match=re.escape(words)):
            call()
    assert core.state_hash() == before


def test_a_core_has_room_for_so_many_rules(core):
    for number in range(USER_RULES_MAX):
        core.risk.add_rule(f"r{number}", f"order.qty < {1_000 - number}")
    with pytest.raises(tc.RefusedError, match=rf"TABLE_FULL.*{USER_RULES_MAX} of {USER_RULES_MAX}"):
        core.risk.add_rule("more", "order.qty < 1")
    assert f"'r{USER_RULES_MAX - 1}'" in buy(core, 1_000 - USER_RULES_MAX + 1).text
    core.risk.remove_rule("r3")
    core.risk.add_rule("more", "order.qty < 1")
    assert buy(core, 1).text.startswith("USER_RULE: rule 'more'")


def command(core, kind, **fields):
    core._gate.core.apply(CODECS[kind].pack(kind=kind, version=1, **fields), 1)
    return list(core.reports(0))[-1]


def steps(*words):
    return b"".join(STEP_CODEC.pack(op=int(word), a=0, b=0, column=1, factor=1) for word in words)


def test_commands_that_are_no_rule_are_refused_with_their_field(core):
    kind, done = tc.CommandType, steps(Step.DONE)
    good = {"cl_ord_id": 5, "step_count": 1}
    for fields, field in (({"cl_ord_id": 0}, "cl_ord_id"), ({"cl_ord_id": NAMELESS}, "cl_ord_id"), ({"cl_ord_id": 2 * OWN_ID_MAX - 1}, "cl_ord_id"),
                          ({"step_count": 0}, "step_count"), ({"step_count": 65}, "step_count"), ({"mode": 2}, "mode"),
                          ({"who": 2 * OWN_ID_MAX - 1}, "who"), ({"why": NAMELESS}, "why")):
        report = command(core, kind.ADD_RULE, **good | fields)
        assert f"INVALID_FIELD_VALUE: {field} " in report.text, fields
    assert "cl_ord_id" in command(core, kind.RULE_STEPS, cl_ord_id=5, text=done).text
    assert command(core, kind.ADD_RULE, **good).report_type is tc.ReportType.COMMAND_ACCEPTED
    assert "cl_ord_id 6" in command(core, kind.RULE_STEPS, cl_ord_id=6, text=done).text
    assert "step_at 1" in command(core, kind.RULE_STEPS, cl_ord_id=5, text=done, step_at=1).text
    assert "text 0 is" in command(core, kind.RULE_STEPS, cl_ord_id=5, text=steps(Step.PUSH)).text  # no program: it is gone
    assert "cl_ord_id" in command(core, kind.RULE_STEPS, cl_ord_id=5, text=done).text
    assert "cl_ord_id" in command(core, kind.REMOVE_RULE, cl_ord_id=5).text
    assert buy(core).ord_status is tc.OrdStatus.NEW


def test_a_rule_that_is_half_loaded_binds_nobody_and_is_state(core):
    before = core.state_hash()
    command(core, tc.CommandType.ADD_RULE, cl_ord_id=5, step_count=6)
    half = core.state_hash()
    command(core, tc.CommandType.RULE_STEPS, cl_ord_id=5, text=steps(Step.PUSH, Step.NOT, Step.NOT, Step.NOT))
    assert len({before, half, core.state_hash()}) == 3
    assert buy(core).ord_status is tc.OrdStatus.NEW
    command(core, tc.CommandType.RULE_STEPS, cl_ord_id=5, text=steps(Step.REQUIRE, Step.DONE), step_at=4)
    assert buy(core).text == "USER_RULE: rule '5' does not hold at column 1"


def test_both_backends_replay_the_same_rules():
    taps, hashes = [], []
    for backend in BACKENDS:
        core = build_core(backend)
        core._gate.core.start_tap(1_000)
        core.quote("XNAS", "AAPL", bid="189.99", bid_size=1_000, ask="190.01", ask_size=1_000)
        core.risk.add_rule("near", "abs(order.price / max(market.reference, 0.01) - 1) <= 0.05 and order.notional <= 50_000", who="ann")
        core.risk.add_rule("seen", "position.qty + order.qty <= 100", mode="OBSERVE")
        core.risk.remove_rule("seen")
        core.risk.add_rule("other", "rule.near and pnl.realised > -10 or clock.weekday == 2")
        for qty in range(1, 400, 40):
            core.submit("AAPL", "BUY", qty, f"{180 + qty % 17}.00")
        rows = core._gate.core.read_tap()
        taps.append(rows.tobytes())
        hashes.append((core.state_hash(), core.event_hash))
    assert taps[0] == taps[1]
    assert hashes[0] == hashes[1]
    for backend in BACKENDS:
        again = build_core(backend)
        for row in rows:
            again._gate.core.apply(bytes(row["command"])[:COMMAND_SIZE], int(row["now"]))
        assert (again.state_hash(), again.event_hash) == hashes[0]


def test_cells_are_numbered_alike():
    text = (EXT / "risk" / "programs.pxd").read_text()
    native = dict(re.findall(r"^    CELL_(\w+) = (\d+)$", text, re.M))
    assert native == {name.upper(): str(at) for at, name in enumerate(SCORE_CELLS)}
    words = dict(re.findall(r"^    STEP_(\w+) = (\d+)$", text, re.M))
    assert words == {step.name: str(int(step)) for step in Step}
    assert np.dtype("i8").itemsize * 2 == STEP_CODEC.struct.size
    assert CENT > 0


@pytest.mark.parametrize("number", [-2**63, -2**63 + 1, -2**62, 2**62, 2**63 - 1])
@pytest.mark.parametrize("compared", ["<", "<=", ">", ">=", "=="])
def test_a_rule_against_the_ends_of_the_integers(core, number, compared):
    """`x < -2**63` once held for every x: its bound, moved by one, wrapped around."""
    core.risk.add_rule("end", f"order.strategy {compared} {number}")
    holds = eval(f"0 {compared} {number}")
    assert buy(core, 1).reason is (tc.Reason.NONE if holds else tc.Reason.USER_RULE)

"""What counts, by scope: orders, replaces, cancels, messages, the orders of a day; what blocks altogether; limits in a file;
many threads against one limit."""

from __future__ import annotations

import re
import runpy
import threading
from pathlib import Path

import pytest
from test_limit_rows import MINE, OTHERS, TARGETS, WORDS, declare, send

import tradecore as tc
from tradecore.vocabulary.records import TIME_MAX
from tradecore.vocabulary.rules import RULES

R, S = tc.Reason, tc.Scope
BUY = "BUY"
MILLISECOND = 1_000_000


@pytest.fixture
def desk(make_core):
    return declare(make_core)


def new(core, **other):
    return send(core, BUY, 1, 9, **other)


@pytest.mark.parametrize("scope", TARGETS)
def test_replaces_in_a_window(desk, clock, scope):
    desk.risk.set_limit("replace_rate", 2, window_ms=10, **TARGETS[scope])
    order = new(desk)
    assert [desk.replace(order, price=price).reason for price in (8, 7, 6)] == [R.NONE, R.NONE, R.REPLACE_RATE]
    assert order.price == 7
    assert new(desk).reason is R.NONE  # an order is no replace
    clock.now += 10 * MILLISECOND
    assert desk.replace(order, price=6).reason is R.NONE


@pytest.mark.parametrize("scope", TARGETS)
def test_replaces_count_as_orders_do(desk, scope):
    """500 replaces at one time once passed a rate of 2."""
    order = new(desk)
    desk.risk.set_limit("order_rate", 2, **TARGETS[scope])
    reasons = [desk.replace(order, price=max(6, 8 - at)).reason for at in range(500)]
    assert reasons == [R.NONE] * 2 + [R.ORDER_RATE] * 498
    assert new(desk).reason is R.ORDER_RATE
    bigger = new(desk, **OTHERS[scope]) if scope in OTHERS else order
    assert bigger.reason is R.NONE


def test_a_replace_that_only_asks_for_less_always_passes(desk):
    order = send(desk, BUY, 5, 9)
    for rule in ("order_rate", "replace_rate", "message_rate"):
        desk.risk.set_limit(rule, 0)
    assert [desk.replace(order, qty=qty).reason for qty in (4, 3)] == [R.NONE, R.NONE]


@pytest.mark.parametrize("scope", TARGETS)
def test_cancels_in_a_window_block_orders_and_replaces_and_never_a_cancel(desk, clock, scope):
    desk.risk.set_limit("cancel_rate", 2, window_ms=10, **TARGETS[scope])
    orders = [new(desk) for _ in range(5)]
    for order in orders[:2]:
        assert desk.cancel(order).exec_type is tc.ExecType.CANCELED
    assert new(desk).reason is R.NONE  # at its limit
    assert desk.cancel(orders[2]).exec_type is tc.ExecType.CANCELED  # one beyond it
    order = new(desk)
    assert (order.reason, order.text) == (
        R.CANCEL_RATE, f"CANCEL_RATE: cancels in the window 3 exceed 2 ({WORDS[scope]})")
    assert desk.replace(orders[4], price=8).reason is R.CANCEL_RATE
    assert desk.cancel(orders[3]).exec_type is tc.ExecType.CANCELED
    if scope in OTHERS:
        assert new(desk, **OTHERS[scope]).reason is R.NONE
    clock.now += 10 * MILLISECOND
    assert new(desk).reason is R.NONE


def test_a_cancel_of_what_was_refused_for_its_instrument_counts_nowhere(desk):
    desk.risk.set_limit("cancel_rate", 0)
    record = tc.new_orders(1)
    record["instrument"], record["account"], record["side"], record["order_qty"], record["price"] = 2**20, 1, 1, 1, 10_000
    (ack,) = desk.submit_batch(record)
    assert ack["reason"] == R.UNKNOWN_INSTRUMENT
    assert desk.cancel(order_id=int(ack["order_id"])).reason is R.TOO_LATE_TO_CANCEL
    assert new(desk).reason is R.NONE


@pytest.mark.parametrize("scope", TARGETS)
def test_messages_are_orders_replaces_and_cancels(desk, scope):
    desk.risk.set_limit("message_rate", 4, **TARGETS[scope])
    order = new(desk)
    assert desk.replace(order, price=8).reason is R.NONE
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED
    last = new(desk)
    assert last.reason is R.NONE
    assert desk.check("AAPL", BUY, 1, 9, **MINE)["MESSAGE_RATE"][1:] == (5, 4, -1, "REFUSE")
    assert new(desk).reason is R.MESSAGE_RATE
    assert desk.replace(last, price=8).reason is R.MESSAGE_RATE
    assert desk.cancel(last).exec_type is tc.ExecType.CANCELED


@pytest.mark.parametrize("scope", TARGETS)
def test_orders_of_a_day(desk, scope):
    desk.risk.set_limit("daily_order_count", 3, **TARGETS[scope])
    desk.risk.set_limit("max_order_qty", 9)
    first = new(desk)
    assert send(desk, BUY, 10, 9).reason is R.MAX_ORDER_QTY  # what is refused does not count
    assert desk.replace(first, price=8).reason is R.NONE  # nor does a replace
    assert [new(desk).reason for _ in range(3)] == [R.NONE, R.NONE, R.DAILY_ORDER_COUNT]
    assert desk.replace(first, price=7).reason is R.NONE
    assert [line.used for line in desk.risk.limits("daily_order_count")] == [3]
    desk.roll_day()
    assert [new(desk).reason for _ in range(4)] == [R.NONE] * 3 + [R.DAILY_ORDER_COUNT]


BLOCKING = (tc.Rule.RESTRICTED_INSTRUMENT, tc.Rule.ACCOUNT_BLOCKED, tc.Rule.STRATEGY_DISABLED)
FLAGS = [(row.rule, scope) for row in RULES if row.rule in BLOCKING for scope in row.scopes]


@pytest.mark.parametrize(("rule", "scope"), FLAGS)
def test_what_is_blocked_is_blocked_altogether(desk, rule, scope):
    desk.positions.open_position("AAPL", -5, 10, account="alpha")
    resting = new(desk)
    desk.risk.set_limit(rule, 0, **TARGETS[scope], who="jane", why="on the list")
    order = new(desk)  # it would only reduce: that is no excuse
    assert (order.reason.name, order.ord_rej_reason) == (rule.name, tc.OrdRejReason.BROKER_OPTION)
    assert order.text.endswith(f"({WORDS[scope]})")
    assert desk.check("AAPL", BUY, 1, 9, **MINE)[rule.name].verdict == "REFUSE"
    assert desk.replace(resting, price=8).reason.name == rule.name
    assert new(desk, **OTHERS[scope]).reason is R.NONE
    assert desk.cancel(resting).exec_type is tc.ExecType.CANCELED
    with pytest.raises(ValueError, match=rule.name.lower()):
        desk.risk.set_limit(rule, 1, **TARGETS[scope])
    desk.risk.set_limit(rule, tc.OFF, **TARGETS[scope])
    assert new(desk).reason is R.NONE
    desk.risk.set_limit(rule, 0, **TARGETS[scope], observe=True)
    assert new(desk).reason is R.NONE
    observed = [r for r in desk.reports(0) if r.report_type is tc.ReportType.RISK_OBSERVED]
    assert [r.reason.name for r in observed] == [rule.name]


def test_a_kill_switch_can_cancel_what_works_in_its_scope(desk):
    mine, other = new(desk), new(desk, account="beta")
    desk.risk.engage_kill_switch(account="alpha", cancel=True, who="joe", why="drill")
    assert (mine.ord_status, other.ord_status) == (tc.OrdStatus.CANCELED, tc.OrdStatus.NEW)
    assert new(desk).reason is R.KILL_SWITCH
    desk.risk.engage_kill_switch(cancel=True)
    assert other.ord_status is tc.OrdStatus.CANCELED
    with pytest.raises(TypeError, match="cancel"):
        desk.risk.engage_kill_switch(cancel="yes")


# ---- limits in a file

TEXT = """
[[limits]]
rule = "max_order_qty"
account = "alpha"
value = "100.5"
soft = "0.8"
who = "jane"
why = 'a "quoted" why'

[[limits]]
rule = "order_rate"
symbol = "MSFT"
value = 7
window_ms = 250
observe = true

[[limits]]
rule = "max_position_qty"
value = "off"

[[limits]]
rule = "strategy_disabled"
strategy = 7
value = 0
"""


def test_limits_in_a_file_load_to_the_same_state(make_core):
    def fresh():
        return make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])

    core, again = fresh(), fresh()
    assert core.risk.load_toml(TEXT) == 4
    text = core.risk.export_toml()
    other = fresh()
    assert other.risk.load_toml(text) == 13  # the accounts' own nine too
    assert other.risk.export_toml() == text
    assert again.risk.load_toml(text) == 13
    assert again.state_hash() == other.state_hash()
    assert [line[:4] for line in core.risk.limits()] == [line[:4] for line in other.risk.limits()]
    assert 'why = "a \\"quoted\\" why"' in text
    assert {line.set_by for line in other.risk.limits()} == {"", "jane"}


@pytest.mark.parametrize(("text", "says"), [
    ("[[limits]]\nrule = 1\nvalue = 2", r"limits\[0\]: rule must be"), ("[[limits]]\nvalue = 2", r"limits\[0\]: rule is missing"),
    ("[[limits]]\nrule = 'order_rate'\nvalu = 2", "nearest known key is 'value'"), ("[limit]\n", "nearest known key is 'limits'"),
    ("limits = 3", "array of tables"), ("[[limits]", "not TOML"),
    ("[[limits]]\nrule = 'order_rate'\nvalue = 2\n[[limits]]\nrule = 'order_rat'\nvalue = 2", r"limits\[1\]: .*ORDER_RATE"),
    ("[[limits]]\nrule = 'order_rate'\naccount = 'alpa'\nvalue = 2", r"limits\[0\]: .*alpha"),
])
def test_what_no_file_of_limits_can_say_changes_nothing(desk, text, says):
    before = desk.state_hash()
    with pytest.raises(ValueError, match=says):
        desk.risk.load_toml(text)
    assert desk.state_hash() == before


# ---- many threads, one limit

def test_threads_never_exceed_one_limit_together(make_core, backend):
    """Eight threads buy and cancel against a limit of the whole firm; the holds end at zero."""
    threads, each = 8, 6_250 if backend == "native" else 250
    most = 40
    core = make_core(accounts=[f"a{at}" for at in range(threads)])
    core.risk.set_limit("max_position_qty", most)
    seen, errors, begun = [], [], threading.Barrier(threads, timeout=120)

    def trade(account):
        try:
            working = []
            for at in range(each):
                if at == 4:  # by then they want more than the limit, however the machine lets them run
                    begun.wait()
                order = core.submit("AAPL", BUY, 1 + at % 7, 9, account=account, venue="ARCX")
                if order.reason is R.NONE:
                    working.append(order)
                if at % 16 == 0:
                    seen.append(core.positions.firm_exposure("AAPL").working_buy_qty)
                if len(working) > 4:
                    core.cancel(working.pop(0))
            for order in working:
                core.cancel(order)
        except Exception as error:  # told by the main thread
            errors.append(error)

    running = [threading.Thread(target=trade, args=(f"a{at}",)) for at in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not errors
    assert max(seen) <= most
    assert core.positions.firm_exposure("AAPL").working_buy_qty == 0
    refused = core.risk.limits("max_position_qty")[0].breaches
    assert refused > 0


# ---- what warns

@pytest.mark.parametrize("scope", [S.FIRM, S.ACCOUNT, S.STRATEGY])
def test_an_order_above_a_soft_share_passes_and_is_told_of(desk, scope):
    desk.risk.set_limit("max_order_qty", 100, soft="0.8", **TARGETS[scope])
    desk.risk.set_limit("order_rate", 5, soft="0.5", **TARGETS[scope])
    seen = desk._gate.core.event_seq
    assert [send(desk, BUY, qty, 9).reason for qty in (80, 81, 100, 101)] == [R.NONE, R.NONE, R.NONE, R.MAX_ORDER_QTY]
    warned = [r for r in desk.reports(seen) if r.report_type is tc.ReportType.RISK_WARNING]
    assert [r.text for r in warned] == [
        f"MAX_ORDER_QTY: order_qty 81 exceeds 80 ({WORDS[scope]})", f"MAX_ORDER_QTY: order_qty 100 exceeds 80 ({WORDS[scope]})",
        f"ORDER_RATE: orders in the window 3 would exceed 2 ({WORDS[scope]})"]
    assert [line.breaches for line in desk.risk.limits() if line.scope == WORDS[scope] and line.soft] == [1, 0]
    desk.risk.set_limit("max_order_qty", 100, **TARGETS[scope])  # without a share it warns no more
    desk.risk.set_limit("order_rate", 5, **TARGETS[scope])
    seen = desk._gate.core.event_seq
    assert send(desk, BUY, 99, 9).reason is R.NONE
    assert all(r.report_type is not tc.ReportType.RISK_WARNING for r in desk.reports(seen))


def test_the_example_of_a_risk_officers_day(backend, capsys):
    path = Path(__file__).parents[2] / "examples" / "risk_officer.py"
    runpy.run_path(str(path))["main"](backend)
    told = capsys.readouterr().out
    assert "4 limits are loaded" in told
    assert "RESTRICTED_INSTRUMENT: the instrument is restricted (symbol INSD)" in told
    assert "soft 90%" in told
    assert re.search(r"account desk5  KILL_SWITCH  HALTED  20\S+Z  r\.lee  unknown fills\n", told)
    assert "KILL_SWITCH: " in told
    assert "killed now: nothing" in told


@pytest.mark.parametrize("before", [0, 1])
def test_a_window_that_ends_after_all_time(make_core, clock, before):
    """2**62 ns after 2**62 is no time: a row once had room for ever where its window ended there."""
    clock.now = TIME_MAX - before
    core = declare(make_core)
    core._gate.command(tc.CommandType.SET_LIMIT, limit_scope=tc.Scope.ACCOUNT, account=1, rule=tc.Rule.ORDER_RATE, value=1,
                       window_ns=TIME_MAX)
    assert [new(core).reason for _ in range(3)] == [R.NONE, R.ORDER_RATE, R.ORDER_RATE]

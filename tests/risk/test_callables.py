"""Rules of users as Python callables: asked before the core's own pass, outside its lock; what they refuse is an event."""

from __future__ import annotations

import dataclasses
import signal
import threading
from decimal import Decimal

import numpy as np
import pytest
from conftest import BACKENDS, T0, build_core

import tradecore as tc
from tradecore.vocabulary.rule_words import USER_RULES_MAX

R, S = tc.Reason, tc.OrdStatus


@pytest.fixture(params=BACKENDS)
def core(request):
    made = build_core(request.param, accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")],
                      venues=[tc.SimulatedVenue("XNAS"), tc.ExternalVenue("EXT")])
    made.quote("XNAS", "AAPL", bid="189.99", bid_size=1_000, ask="190.01", ask_size=1_000)
    return made


def buy(core, qty=100, price="189.00", **terms):
    return core.submit(terms.pop("symbol", "AAPL"), terms.pop("side", "BUY"), qty, price, **{"account": "alpha"} | terms)


def test_it_sees_the_order_and_can_not_change_it(core):
    seen = []
    core.risk.add_rule("seen", seen.append)
    order = buy(core, 7, "188.50", venue="XNAS", strategy=3, cl_ord_id="a", time_in_force="GOOD_TILL_CANCEL", post_only=True)
    buy(core, None, None, cash_order_qty=1_000, side="SELL", reduce_only=True)
    assert order.ord_status is S.NEW
    assert seen[0] == tc.AskedOrder(
        symbol="AAPL", side=tc.Side.BUY, ord_type=tc.OrdType.LIMIT, time_in_force=tc.TimeInForce.GOOD_TILL_CANCEL, qty=Decimal(7),
        price=Decimal("188.50"), stop_px=None, account="alpha", venue="XNAS", strategy=3, post_only=True, reduce_only=False,
        cl_ord_id="", order_id=0)  # its id is known to the core once it is there
    assert (seen[1].qty, seen[1].price, seen[1].venue, seen[1].side, seen[1].reduce_only) == (0, None, None, tc.Side.SELL, True)
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen[0].qty = Decimal(1)


def test_none_and_true_let_it_pass_false_and_a_text_refuse(core):
    answers = {100: None, 101: True, 102: False, 103: "too much\tfor caf\u00e9", 104: "x" * 99, 105: ""}
    core.risk.add_rule("mine", lambda order: answers[int(order.qty)])
    told = {qty: buy(core, qty) for qty in answers}
    assert {qty: order.ord_status for qty, order in told.items()} == {
        qty: S.NEW if qty < 102 else S.REJECTED for qty in answers}
    assert {order.reason for qty, order in told.items() if qty >= 102} == {R.USER_RULE}
    assert told[102].ord_rej_reason is tc.OrdRejReason.BROKER_OPTION
    assert told[102].text == told[105].text == "USER_RULE: rule 'mine': says no"
    assert told[103].text == "USER_RULE: rule 'mine': too much for caf?"
    assert told[104].text == "USER_RULE: rule 'mine': " + "x" * (64 - len("rule 'mine': "))
    assert [report.text for report in core.reports(0) if report.exec_type is tc.ExecType.REJECTED][1] == told[103].text


@pytest.mark.parametrize("answer", [1, 0, "coroutine", [], Decimal(0)])
def test_another_answer_refuses(core, answer):
    async def late():
        return True

    core.risk.add_rule("odd", lambda order: late() if answer == "coroutine" else answer)
    with pytest.warns(RuntimeWarning, match="rule 'odd': a .* is no answer: AAPL is refused"):
        assert buy(core).reason is R.USER_RULE


def test_what_it_raises_refuses_and_is_told(core):
    core.risk.add_rule("broken", lambda order: order.qty / 0)
    core.risk.add_rule("never", lambda order: pytest.fail("asked behind one that refuses"))
    with pytest.warns(RuntimeWarning, match=r"rule 'broken' raised DivisionByZero: .* AAPL is refused"):
        order = buy(core)
    assert order.text.startswith("USER_RULE: rule 'broken': DivisionByZero")
    assert buy(core).ord_status is S.REJECTED  # though the warning is an error here
    core.risk.remove_rule("broken")
    core.risk.remove_rule("never")
    assert buy(core).ord_status is S.NEW


def test_what_ends_the_program_ends_it_and_sends_nothing(core):
    def stop(order):
        raise KeyboardInterrupt

    core.risk.add_rule("stop", stop)
    before = core.state_hash()
    with pytest.raises(KeyboardInterrupt):
        buy(core, cl_ord_id="new")
    assert core.state_hash() == before


def test_a_wrong_call_is_not_asked_about_and_a_bad_order_has_its_own_reason(core):
    seen = []
    core.risk.add_rule("seen", lambda order: seen.append(order) or False)
    with pytest.raises(tc.UndeclaredError):
        buy(core, symbol="NONE")
    assert seen == []
    assert buy(core, price="189.005").reason is R.PRICE_TICK_MULTIPLE
    assert (seen[-1].price, seen[-1].qty) == (Decimal("189.005"), 100)
    assert buy(core).reason is R.USER_RULE


def test_replaces_are_asked_about_as_the_order_would_be(core):
    order = buy(core, 10, cl_ord_id="a")
    core.risk.add_rule("small", lambda asked: "more than 10" if asked.qty > 10 or asked.price != 189 else None)
    report = core.replace(order, qty=11)
    assert (report.report_type, report.reason, report.text) == (
        tc.ReportType.ORDER_CANCEL_REJECT, R.USER_RULE, "USER_RULE: rule 'small': more than 10")
    assert core.replace(cl_ord_id="a", price="188.00").reason is R.USER_RULE
    assert (order.order_qty, order.price) == (10, 189)
    seen = []
    core.risk.add_rule("seen", seen.append)
    assert core.replace(order, qty=10, price=189).exec_type is tc.ExecType.REPLACED
    assert (seen[0].order_id, seen[0].cl_ord_id, seen[0].qty) == (order.order_id, "a", 10)


def test_cancels_and_replaces_that_ask_for_less_are_not_asked_about(core):
    orders = [buy(core, 10, venue=venue) for venue in ("XNAS", "EXT", "XNAS")]
    core.risk.add_rule("none", lambda order: False)
    assert core.replace(orders[0], qty=9).exec_type is tc.ExecType.REPLACED
    assert core.cancel(orders[0]).exec_type is tc.ExecType.CANCELED
    assert core.cancel(orders[1]).exec_type is tc.ExecType.CANCELED
    assert core.mass_cancel(account="alpha").total_affected_orders == 1
    assert core.replace(order_id=99, qty=5).reason is R.UNKNOWN_ORDER


def test_check_asks_them_and_changes_nothing(core):
    asked = ("AAPL", "BUY", 11, "189.00")
    core.risk.add_rule("small", lambda order: order.qty <= 10)
    before = core.state_hash()
    said = core.check(*asked, account="alpha")
    assert (said.passed, said["USER_RULE"].verdict) == (False, "REFUSE")
    assert core.check("AAPL", "BUY", 10, "189.00", account="alpha").passed
    assert [row.rule for row in core.check("AAPL", "BUY", 11, "189.005", account="alpha")] == [R.PRICE_TICK_MULTIPLE]
    assert core.state_hash() == before


def test_batches_do_not_run_without_asking_them(core):
    orders = tc.new_orders(1)
    core.risk.add_rule("one", lambda order: None)
    before = core.state_hash()
    for call in (core.submit_batch, core.check_batch, core.check_findings):
        with pytest.raises(RuntimeError, match="asks no rules in Python, and one of them is in force"):
            call(orders)
    assert core.state_hash() == before
    core.submit_batch(np.zeros(1, tc.CANCEL_DTYPE))  # refused, and not asked about
    core.risk.remove_rule("one")
    core.submit_batch(orders)


def test_it_is_not_asked_under_the_lock(core):
    def other_thread(order):
        done = []
        thread = threading.Thread(target=lambda: done.append(core.cancel(order_id=1)))
        thread.start()
        thread.join(5)
        return bool(done)

    buy(core)
    core.risk.add_rule("other", other_thread)
    assert buy(core).ord_status is S.NEW


def test_it_may_ask_the_core(core):
    core.risk.add_rule("flat", lambda order: core.position(order.symbol, order.account).qty == 0)
    assert buy(core, 5, "190.01").ord_status is S.FILLED
    assert buy(core, 5).reason is R.USER_RULE


def test_both_kinds_share_their_names_and_their_list(core):
    def mine(order):
        return None

    core.risk.add_rule("a", "order.qty <= 1_000")
    line = core.risk.add_rule("b", mine)
    assert line == ("b", mine.__qualname__, tc.LimitMode.ENFORCE, "", "", 0)
    assert [line.name for line in core.risk.rules()] == ["a", "b"]
    for name in ("a", "b"):
        with pytest.raises(ValueError, match=f"rule '{name}' is there already"):
            core.risk.add_rule(name, mine)
        core.risk.remove_rule(name)
        with pytest.raises(LookupError):
            core.risk.remove_rule(name)
    assert core.risk.rules() == []


async def late(order):
    return None


@pytest.mark.parametrize(("ask", "more", "error"), [
    (7, {}, "expression must be a str or a callable, not int"), (None, {}, "not NoneType"), (late, {}, "a coroutine function can't"),
    (print, {"mode": "OBSERVE"}, "a callable is always ENFORCE"), (print, {"who": "ann"}, "a callable has none"),
    (print, {"name": "1st"}, "name '1st' must be"),
])
def test_what_can_not_be_one_is_refused_and_changes_nothing(core, ask, more, error):
    with pytest.raises((TypeError, ValueError), match=error):
        core.risk.add_rule(**{"name": "mine", "expression": ask, **more})
    assert core.risk.rules() == []
    assert buy(core).ord_status is S.NEW


def test_so_many_may_be_in_force(core):
    for at in range(USER_RULES_MAX):
        core.risk.add_rule(f"r{at}", lambda order: None)
    with pytest.raises(tc.RefusedError, match="rule 'more' refused: 32 callables are in force"):
        core.risk.add_rule("more", lambda order: None)


def test_a_refusal_is_in_the_record_so_that_another_core_says_the_same():
    core = tc.ShadowCore(shadow={"backend": "python"}, instruments=[tc.Instrument("AAPL")], venues=[tc.SimulatedVenue("P")],
                         accounts=["alpha"], limits=tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF), clock=lambda: T0)
    core.quote("P", "AAPL", bid=189, bid_size=10, ask=190, ask_size=10)
    order = buy(core)
    core.risk.add_rule("none", lambda order: "not today")
    assert buy(core).text == "USER_RULE: rule 'none': not today"
    assert core.replace(order, qty=101).reason is R.USER_RULE
    assert core.difference is None
    assert core.shadow.state_hash() == core.state_hash()


def test_a_full_table_of_ids_refuses_without_the_text(make_core):
    core = make_core(capacity=tc.Capacity(instruments=4, ids=64))
    core.risk.add_rule("none", lambda order: f"number {order.qty}")
    texts = {core.submit("AAPL", "BUY", qty, 1).text for qty in range(1, 80)}
    assert "USER_RULE: a rule in Python refuses it" in texts
    assert core.position("AAPL").qty == 0


# ---- a batch's commands may become others while it is read, and rules may come while it runs

def build_on_a_clock(make_core):
    """A core, and a list: what is put there, its clock does when it is asked the time."""
    to_do = []

    def clock():
        while to_do:
            to_do.pop()()
        return T0

    return make_core(clock=clock), to_do


def batch(count):
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["venue"], orders["order_qty"] = 1, 1, 1, 1
    orders["side"], orders["price"] = tc.Side.BUY, 10**9
    return orders


def test_what_becomes_an_order_while_the_batch_is_read_is_refused_unasked(make_core):
    def write():
        commands["kind"] = tc.CommandType.NEW_ORDER, tc.CommandType.REPLACE, tc.CommandType.CANCEL

    (core, to_do), commands, seen = build_on_a_clock(make_core), batch(3), []
    commands["kind"] = tc.CommandType.CANCEL
    core.risk.add_rule("seen", seen.append)
    to_do.append(write)
    acks = core.submit_batch(commands)
    assert acks["reason"].tolist() == [R.INVALID_FIELD_VALUE, R.INVALID_FIELD_VALUE, R.UNKNOWN_ORDER]
    assert (seen, len(core.orders.open_orders())) == ([], 0)
    core.risk.remove_rule("seen")
    assert core.submit_batch(commands)["reason"].tolist() == [R.NONE, R.UNKNOWN_ORDER, R.UNKNOWN_ORDER]


def test_a_rule_that_comes_while_a_batch_is_read_lets_no_order_of_it_pass(make_core):
    core, to_do = build_on_a_clock(make_core)
    orders = batch(300)
    to_do.append(lambda: core.risk.add_rule("none", lambda order: False))
    assert set(core.submit_batch(orders)["reason"].tolist()) == {R.INVALID_FIELD_VALUE}
    assert len(core.orders.open_orders()) == 0
    core.risk.add_rule("more", lambda order: None)
    core.risk.remove_rule("none")
    with pytest.raises(RuntimeError, match="more of them is in force"):
        core.submit_batch(orders)
    core.risk.remove_rule("more")
    assert set(core.submit_batch(orders)["reason"].tolist()) == {R.NONE}


def test_a_rule_that_comes_while_a_batch_runs_is_passed_by_no_order_behind_it(make_core):
    """It comes from a signal's handler, between two chunks of a compiled core's batch."""
    core = make_core()
    orders = batch(200_000 if core.backend == "native" else 3_000)
    orders["order_qty"] = 0  # refused at once, each for its quantity, so that none costs memory
    before = signal.signal(signal.SIGALRM, lambda *_: core.risk.add_rule("none", lambda order: False))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        reasons = core.submit_batch(orders)["reason"]
    finally:
        signal.signal(signal.SIGALRM, before)
    refused = reasons == R.INVALID_FIELD_VALUE
    assert [rule.name for rule in core.risk.rules()] == ["none"]
    assert set(reasons[~refused].tolist()) == {R.QTY_BELOW_MIN}
    assert 0 < refused.sum() < len(orders)
    assert refused[-refused.sum():].all()


def test_questions_are_read_once(make_core):
    (core, to_do), orders = build_on_a_clock(make_core), batch(3)
    for call in (core.check_batch, core.check_findings):
        orders["kind"] = tc.CommandType.NEW_ORDER
        to_do.append(lambda: orders.__setitem__("kind", tc.CommandType.CANCEL))
        with pytest.raises(ValueError, match="row 0: kind 11 is no NEW_ORDER"):
            call(orders)
    orders["kind"] = tc.CommandType.NEW_ORDER
    to_do.append(lambda: core.risk.add_rule("none", lambda order: False))
    with pytest.raises(RuntimeError, match="none of them is in force"):
        core.check_batch(orders)


def test_both_cores_of_a_shadow_seal_their_batches():
    settings = {"instruments": [tc.Instrument("AAPL")], "venues": [tc.SimulatedVenue("P")], "accounts": ["alpha"],
                "limits": tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF)}
    core, to_do = build_on_a_clock(lambda clock: tc.ShadowCore(shadow={"backend": "python"}, clock=clock, **settings))
    to_do.append(lambda: core.risk.add_rule("none", lambda order: False))
    assert set(core.submit_batch(batch(20))["reason"].tolist()) == {R.INVALID_FIELD_VALUE}
    core.risk.remove_rule("none")
    assert set(core.submit_batch(batch(20))["reason"].tolist()) == {R.NONE}
    assert core.difference is None

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


class MuteError(Exception):
    def __str__(self):
        raise ValueError("it can't be told either")


class Odd(str):
    """A text that is no plain one."""

    def __bool__(self):
        return False

    def __str__(self):
        return "something else"

    split = strip = __iter__ = __format__ = None


def test_what_can_not_say_what_it_is_refuses_too(core):
    def mute(order):
        raise MuteError

    core.risk.add_rule("mute", mute)
    with pytest.warns(RuntimeWarning, match="rule 'mute' raised MuteError: : AAPL is refused"):
        order = buy(core)
    assert (order.ord_status, order.text) == (S.REJECTED, "USER_RULE: rule 'mute': MuteError:")
    core.risk.remove_rule("mute")
    core.risk.add_rule("odd", lambda order: Odd("the text"))
    assert buy(core).text == "USER_RULE: rule 'odd': the text"


@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_a_text_of_blanks_says_no(core, blank):
    core.risk.add_rule("mine", lambda order: blank)
    assert buy(core).text == "USER_RULE: rule 'mine': says no"


ASKING = {
    "submits": lambda core: core.submit("AAPL", "BUY", 1, "189.00", account="alpha"),
    "prepared": lambda core: core.prepare("AAPL", "BUY", account="alpha")(1, "189.00"),
    "checks": lambda core: core.check("AAPL", "BUY", 1, "189.00", account="alpha"),
    "replaces": lambda core: core.replace(order_id=1, qty=101),
    "batches": lambda core: core.submit_batch(tc.new_orders(1)),
}


@pytest.mark.parametrize("call", ASKING)
def test_a_rule_can_not_ask_for_what_it_is_asked_about(core, call):
    """It would be asked again, and again."""
    resting, asked = buy(core), []
    core.risk.add_rule("asking", lambda order: asked.append(order) or bool(ASKING[call](core)))
    with pytest.warns(RuntimeWarning, match="rule 'asking' raised RuntimeError"):
        order = buy(core)
    assert (order.ord_status, order.order_id, len(asked)) == (S.REJECTED, resting.order_id + 1, 1)
    assert order.text.startswith("USER_RULE: rule 'asking': RuntimeError: ")
    with pytest.warns(RuntimeWarning):
        assert core.replace(resting, qty=101).reason is R.USER_RULE
    assert (len(asked), resting.order_qty) == (2, 100)
    core.risk.remove_rule("asking")
    assert buy(core).ord_status is S.NEW


def test_another_thread_may_ask_meanwhile(core):
    """What can't be is a matter of one thread, not of the core."""
    told = []

    def ask(order):
        if order.qty == 1:
            thread = threading.Thread(target=lambda: told.append(buy(core, 2).ord_status))
            thread.start()
            thread.join(5)

    core.risk.add_rule("ask", ask)
    assert buy(core, 1).ord_status is S.NEW
    assert told == [S.NEW]


def test_a_wrong_call_is_not_asked_about_and_a_bad_order_has_its_own_reason(core):
    seen = []
    core.risk.add_rule("seen", lambda order: seen.append(order) or False)
    with pytest.raises(tc.UndeclaredError):
        buy(core, symbol="NONE")
    for wrong in ({"new_cl_ord_id": ""}, {"transact_time": -1}, {"expire_time": -1}):
        with pytest.raises((TypeError, ValueError)):
            core.replace(order_id=1, qty=101, **wrong)
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


TRAILING = {"price": None, "ord_type": "TRAILING_STOP", "peg_offset": 5, "time_in_force": "GOOD_TILL_DATE", "expire_time": T0 + 10**12}


@pytest.mark.parametrize(("terms", "asked", "seen"), [
    ({}, {"qty": 9, "price": "188.00"}, {"qty": 9, "price": Decimal("188.00")}),
    ({"price": None, "ord_type": "STOP", "stop_px": 195}, {"stop_px": 196}, {"qty": 10, "stop_px": Decimal(196), "price": None}),
    ({"price": None, "ord_type": "STOP", "stop_px": 195}, {"qty": 9, "stop_px": 196}, {"qty": 9, "stop_px": Decimal(196)}),
    (TRAILING, {"qty": 9, "peg_offset": 1}, {"qty": 9, "peg_offset": Decimal(1), "peg_offset_type": tc.PegOffsetType.PRICE}),
    (TRAILING | {"peg_offset": 50, "peg_offset_type": "BASIS_POINTS"}, {"qty": 9, "peg_offset": 40},
     {"peg_offset": Decimal(40), "peg_offset_type": tc.PegOffsetType.BASIS_POINTS}),
    (TRAILING, {"qty": 9, "expire_time": T0 + 10**13}, {"qty": 9, "expire_time": T0 + 10**13, "peg_offset": Decimal(5)}),
])
def test_a_replace_that_asks_for_anything_but_less_is_asked_about(core, terms, asked, seen):
    order = buy(core, 10, **terms)
    assert order.ord_status is S.NEW
    told = []
    core.risk.add_rule("none", lambda view: told.append(view) or False)
    assert core.replace(order, **asked).reason is R.USER_RULE
    assert {name: getattr(told[0], name) for name in seen} == seen
    assert order.order_qty == 10


def test_a_replace_of_what_was_refused_is_not_asked_about(core):
    """Whatever it was: the records of a batch may be of no instrument, and no side."""
    batch = tc.new_orders(1)
    batch["instrument"] = 99
    refused = core.submit_batch(batch)["order_id"][0]
    core.risk.add_rule("none", lambda order: False)
    assert core.replace(order_id=int(refused), qty=5).reason is R.TOO_LATE_TO_CANCEL


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
    replaces = np.zeros(1, tc.REPLACE_DTYPE)
    replaces["kind"] = tc.CommandType.REPLACE
    with pytest.raises(RuntimeError, match="asks no rules in Python"):
        core.submit_batch(replaces)
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
    for at in range(80):
        core.submit("AAPL", "BUY", 1, 1, cl_ord_id=f"o{at}")
    core.risk.add_rule("none", lambda order: f"number {order.qty}")
    texts = {core.submit("AAPL", "BUY", qty, 1).text for qty in range(1, 80)}
    assert texts == {"USER_RULE: a rule in Python refuses it"}
    assert core.position("AAPL").qty == 0


def test_refusals_leave_the_table_of_ids_to_orders(make_core):
    """They have a sixteenth of it; then a rule refuses by its name alone. What was said before is said again."""
    core = make_core(capacity=tc.Capacity(instruments=4, ids=64))
    resting = core.submit("AAPL", "BUY", 1, 1)
    core.risk.add_rule("mine", lambda order: f"number {order.qty}" if order.qty < 200 else None)
    texts = [core.submit("AAPL", "BUY", qty, 1).text for qty in (*range(1, 100), 1)]
    said = [f"USER_RULE: rule 'mine': number {qty}" for qty in (1, 2, 3)]
    assert texts == [*said, *["USER_RULE: rule 'mine': says no"] * 96, said[0]]
    assert core.replace(resting, qty=150).text == "USER_RULE: rule 'mine': says no"
    assert core.submit("AAPL", "BUY", 200, 1, cl_ord_id="an-id").ord_status is S.NEW
    core.risk.engage_kill_switch(who="r.lee", why="it loops")
    (line,) = core.risk.switches()
    assert (line.set_by, line.reason) == ("r.lee", "it loops")
    assert core.cancel(resting, new_cl_ord_id="a-request").exec_type is tc.ExecType.CANCELED


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
    core, to_do = build_on_a_clock(make_core)
    core.risk.add_rule("none", lambda order: False)  # its name has its number: inside of a command none is given
    core.risk.remove_rule("none")
    orders = batch(200_000 if core.backend == "native" else 3_000)
    orders["order_qty"] = 0  # refused at once, each for its quantity, so that none costs memory
    before = signal.signal(signal.SIGALRM, lambda *_: core.risk.add_rule("none", lambda order: False))
    try:
        to_do.append(lambda: signal.setitimer(signal.ITIMER_REAL, 0.01))
        reasons = core.submit_batch(orders)["reason"]
    finally:
        signal.signal(signal.SIGALRM, before)
    refused = reasons == R.INVALID_FIELD_VALUE
    assert [rule.name for rule in core.risk.rules()] == ["none"]
    assert set(reasons[~refused].tolist()) <= {R.QTY_BELOW_MIN}  # none, where the signal was quicker than the batch
    assert refused.any()
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

"""Overrides (RTS 6 Art. 15(6)): a named person lets an order like one that a rule has blocked pass that rule once, for a
stated time, with why. Never past a switch, a state, a breaker or the exit gate."""

import pytest
from conftest import T0, limits

import tradecore as tc
from tradecore.vocabulary.codes import CommandType

R, S, PASSED = tc.Reason, tc.OrdStatus, tc.ReportType.RISK_OVERRIDDEN
OFFICER = {"who": "r.lee", "why": "the client has called"}
MINUTE = 60 * 10**9
TERMS = {"symbol": "AAPL", "side": "BUY", "qty": 20, "price": 101, "venue": "P"}


@pytest.fixture
def desk(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], limits=limits(max_order_qty=10, price_collar_bps=tc.OFF),
                     venues=[tc.SimulatedVenue("P"), tc.ExternalVenue("EXT")], accounts=["alpha", "beta"])
    core.risk.set_limits(limits(max_order_qty=10, price_collar_bps=tc.OFF), account="beta")
    core.quote("P", "AAPL", bid=99, bid_size=10_000, ask=101, ask_size=10_000)
    return core


def send(core, **more):
    return core.submit(**{"account": "alpha"} | TERMS | more)


def blocked(core, reason=R.MAX_ORDER_QTY, **more):
    order = send(core, **more)
    assert (order.ord_status, order.reason) == (S.REJECTED, reason)
    return order


def override(core, order, rule="max_order_qty", **more):
    core.risk.override(order.order_id, rule, **{"expire_time": T0 + MINUTE, **OFFICER, **more})


def told(core):
    return [(r.row.order_id, r.reason, r.row.value, r.row.bound) for r in core.reports(0) if r.report_type is PASSED]


def test_an_order_with_the_blocked_ones_terms_passes_once(desk):
    first = blocked(desk, cl_ord_id="a")
    override(desk, first)
    passed = send(desk, cl_ord_id="b")
    assert (passed.ord_status, passed.cum_qty) == (S.FILLED, 20)
    assert told(desk) == [(passed.order_id, R.MAX_ORDER_QTY, 20, 10 * 10**9)]
    blocked(desk, cl_ord_id="c")
    (line,) = desk.risk.overrides()
    assert line == (first.order_id, tc.Rule.MAX_ORDER_QTY, *OFFICER.values(), T0, T0 + MINUTE, passed.order_id)


def test_the_command_is_an_event_with_who_and_why(desk):
    order = blocked(desk)
    override(desk, order)
    event = list(desk.reports(0))[-1]
    assert (event.report_type, event.row.command_kind) == (tc.ReportType.COMMAND_ACCEPTED, CommandType.OVERRIDE)
    assert (event.row.value, event.row.bound) == (order.order_id, tc.Rule.MAX_ORDER_QTY)
    assert [desk.id_text(number) for number in (event.row.cl_ord_id, event.row.orig_cl_ord_id)] == list(OFFICER.values())


@pytest.mark.parametrize("other", [
    {"qty": 21}, {"price": 100}, {"side": "SELL"}, {"symbol": "MSFT"}, {"account": "beta"}, {"venue": "EXT"}, {"strategy": 1},
    {"time_in_force": "IMMEDIATE_OR_CANCEL"}, {"min_qty": 3, "time_in_force": "IMMEDIATE_OR_CANCEL"}, {"display_qty": 5},
    {"post_only": True}, {"ord_type": "STOP_LIMIT", "stop_px": 101}, {"price": None}, {"routing": "BEST_PRICE"},
])
def test_an_order_with_other_terms_does_not_pass_and_uses_nothing(desk, other):
    override(desk, blocked(desk))
    assert send(desk, **other).reason is R.MAX_ORDER_QTY
    assert told(desk) == []
    assert send(desk).ord_status is S.FILLED


@pytest.mark.parametrize(("at", "passes"), [(MINUTE, True), (MINUTE + 1, False)])
def test_it_stands_until_its_time(desk, clock, at, passes):
    override(desk, blocked(desk))
    clock.now = T0 + at
    assert (send(desk).ord_status is S.FILLED) is passes


RULES = {  # what blocks an order, and its row
    "max_order_notional": (2_000, {}), "max_position_qty": (15, {}), "order_rate": (0, {"window_ms": 1_000}),
    "message_rate": (0, {"window_ms": 1_000}), "daily_order_count": (0, {}), "restricted_instrument": (0, {"symbol": "AAPL"}),
    "account_blocked": (0, {}), "strategy_disabled": (0, {"strategy": 7}), "price_collar": (10, {}), "permitted_only": (0, {}),
    "order_to_trade_ratio": (0, {}), "duplicate_order": (0, {"window_ms": 1_000}), "max_gross_exposure": (100, {}),
    "max_net_exposure": (100, {}),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_orders_can_be_overridden(desk, rule):
    desk.risk.set_limit("max_order_qty", tc.OFF, account="alpha")
    value, where = RULES[rule]
    where = where if {"symbol", "strategy"} & where.keys() else {"account": "alpha", **where}
    desk.mark("AAPL", 100)
    desk.risk.set_limit(rule, value, **where)
    more = {"strategy": 7} if rule == "strategy_disabled" else {}
    reason = R.NOT_PERMITTED_INSTRUMENT if rule == "permitted_only" else R[rule.upper()]
    override(desk, blocked(desk, reason, **more), rule)
    assert send(desk, **more).ord_status is S.FILLED
    assert [said for _, said, _, _ in told(desk)] == [reason]


def test_what_permits_refuses_nothing_and_is_not_overridden(desk):
    desk.risk.set_limit("permitted_only", 0, account="alpha")
    order = blocked(desk, R.NOT_PERMITTED_INSTRUMENT)
    with pytest.raises(tc.RefusedError, match="INVALID_FIELD_VALUE: rule 13"):
        override(desk, order, "permitted_instrument")


def test_a_venues_limit_is_overridden_where_the_order_names_the_venue(desk):
    """One that was routed is refused when it is placed, where no override is asked: none is given."""
    desk.risk.set_limit("max_order_qty", tc.OFF, account="alpha")
    desk.risk.set_limit("max_order_qty", 10, venue="P")
    routed = blocked(desk, venue=None)
    with pytest.raises(tc.RefusedError, match=f"INVALID_FIELD_VALUE: target {routed.order_id} is"):
        override(desk, routed)
    assert desk.risk.overrides() == []
    override(desk, blocked(desk))
    blocked(desk, venue=None)
    assert send(desk).ord_status is S.FILLED


def test_what_was_refused_when_it_triggered_is_not_overridden(desk):
    """It is asked there again, without."""
    terms = {"ord_type": "STOP", "stop_px": 105, "price": None}
    desk.risk.set_limit("max_order_qty", tc.OFF, account="alpha")
    stop = send(desk, **terms)
    desk.risk.set_limit("max_order_qty", 10, account="alpha")
    desk.quote("P", "AAPL", bid=104, bid_size=10_000, ask=105, ask_size=10_000)
    assert stop.reason is R.MAX_ORDER_QTY
    with pytest.raises(tc.RefusedError, match=f"INVALID_FIELD_VALUE: target {stop.order_id} is"):
        override(desk, stop)


def test_every_other_check_is_still_asked(desk):
    override(desk, blocked(desk))
    desk.risk.set_limit("max_position_qty", 15, account="alpha")
    second = blocked(desk, R.MAX_POSITION_QTY)
    assert told(desk) == []  # what did not pass used nothing
    override(desk, second, "max_position_qty", who="m.day")
    desk.risk.add_rule("small", "order.qty <= 19")
    blocked(desk, R.USER_RULE)
    desk.risk.remove_rule("small")
    assert send(desk).ord_status is S.FILLED  # by both
    assert [reason for _, reason, _, _ in told(desk)] == [R.MAX_ORDER_QTY, R.MAX_POSITION_QTY]


STOPS = {
    "kill": (lambda core: core.risk.engage_kill_switch(), R.KILL_SWITCH),
    "halted": (lambda core: core.risk.set_trading_state("HALTED", symbol="AAPL"), R.TRADING_STATE),
    "reducing": (lambda core: core.risk.set_trading_state("REDUCING", account="alpha"), R.TRADING_STATE),
    "gate": (lambda core: core.risk.gate.shut(), R.EXIT_GATE),
}


@pytest.mark.parametrize("stop", STOPS)
def test_it_passes_no_switch_no_state_and_no_gate(desk, stop):
    override(desk, blocked(desk))
    engage, reason = STOPS[stop]
    engage(desk)
    order = blocked(desk, reason)
    with pytest.raises(ValueError, match=f"rule '{reason.name}' is no limit, but always enforced"):
        override(desk, order, reason.name)


def test_it_passes_no_breaker(desk):
    desk.risk.set_limit("consecutive_rejects", 1, strategy=7)
    first = blocked(desk, strategy=7)
    override(desk, first)
    blocked(desk, strategy=7, qty=30)
    order = blocked(desk, R.CONSECUTIVE_REJECTS, strategy=7)
    with pytest.raises(tc.RefusedError, match="INVALID_FIELD_VALUE: rule 31"):
        override(desk, order, "consecutive_rejects")


def test_at_an_external_venue_the_gate_still_judges_what_it_let_pass(desk):
    desk.risk.gate.set(order_rate=1, price_collar_bps=tc.OFF)
    override(desk, blocked(desk, venue="EXT"))
    orders = [send(desk, venue="EXT", qty=1), send(desk, venue="EXT")]
    assert [message.order_id for message in desk.outbound()] == [orders[0].order_id]
    assert orders[1].reason is R.EXIT_GATE


def test_questions_are_answered_without_it(desk):
    override(desk, blocked(desk))
    assert not desk.check(*list(TERMS.values())[:4], venue="P", account="alpha").passed
    assert send(desk).ord_status is S.FILLED


def test_a_replace_passes_by_none(desk):
    order = send(desk, qty=5, price=90)
    override(desk, blocked(desk, price=90))
    assert desk.replace(order, qty=20).reason is R.MAX_ORDER_QTY


def test_it_counts_in_what_is_held(desk):
    desk.risk.set_limit("max_position_qty", 25, account="alpha")
    override(desk, blocked(desk, price=90))
    assert send(desk, price=90).ord_status is S.NEW
    assert send(desk, qty=6, price=90).reason is R.MAX_POSITION_QTY


@pytest.mark.parametrize(("given", "error"), [
    ({"rule": "max_order_quantity"}, "the nearest known one is MAX_ORDER_QTY"), ({"rule": 3}, "rule must be"),
    ({"rule": "price_collar"}, "INVALID_FIELD_VALUE: target 1 is"), ({"rule": "rearm_names"}, "INVALID_FIELD_VALUE: rule 32"),
    ({"order_id": 2}, "UNKNOWN_ORDER"), ({"order_id": 0}, "order_id 0 must be"), ({"order_id": 1.0}, "order_id"),
    ({"expire_time": T0}, "INVALID_FIELD_VALUE: expire_time"), ({"expire_time": T0 + 1_440 * MINUTE + 1}, "INVALID_FIELD_VALUE: expire_time"),
    ({"expire_time": -1}, "expire_time -1 must be"), ({"who": ""}, "NOT_AUTHORIZED.*who is missing"),
    ({"why": ""}, "NOT_AUTHORIZED.*why is missing"), ({"why": "x" * 65}, "why"),
])
def test_what_can_not_be_is_refused_and_changes_nothing(desk, given, error):
    order = blocked(desk)
    with pytest.raises((ValueError, TypeError, tc.RefusedError), match=error):
        desk.risk.override(**{"order_id": order.order_id, "rule": "max_order_qty", "expire_time": T0 + MINUTE, **OFFICER, **given})
    assert list(desk.risk.overrides()) == []
    blocked(desk)


def test_an_order_that_was_not_blocked_is_no_blocked_order(desk):
    order = send(desk, qty=5)
    with pytest.raises(tc.RefusedError, match="INVALID_FIELD_VALUE: target 1"):
        override(desk, order)


def test_one_that_stands_or_was_used_is_not_given_again_before_its_time(desk, clock):
    order = blocked(desk)
    override(desk, order)
    for _ in range(2):
        with pytest.raises(tc.RefusedError, match="ALREADY_DEFINED"):
            override(desk, order, who="m.day")
        send(desk)
    clock.now = T0 + MINUTE + 1
    override(desk, order, expire_time=clock.now + 1)  # again, by a command of its own
    assert send(desk).ord_status is S.FILLED
    assert len(desk.risk.overrides()) == 1


def test_sixty_four_stand_at_once(desk, clock):
    orders = [blocked(desk, qty=11 + at) for at in range(65)]
    for order in orders[:64]:
        override(desk, order)
    with pytest.raises(tc.RefusedError, match="TABLE_FULL: its table is full: 64 of 64"):
        override(desk, orders[64])
    clock.now = T0 + MINUTE + 1
    override(desk, orders[64], expire_time=clock.now + 1)
    assert [line.order_id for line in desk.risk.overrides()] == [orders[64].order_id]


def test_one_whose_blocked_order_is_no_longer_held_lets_nothing_pass(make_core):
    core = make_core(limits=limits(max_order_qty=10), venues=[tc.SimulatedVenue("P")],
                     capacity=tc.Capacity(instruments=4, reject_history=4, open_orders=64))
    order = blocked(core)
    override(core, order)
    for _ in range(4):
        blocked(core, qty=30)
    blocked(core)
    assert told(core) == []


def test_an_order_for_an_amount_passes_by_the_same_amount(desk):
    terms = {"qty": None, "price": None, "cash_order_qty": 2_020}
    override(desk, blocked(desk, **terms))
    assert send(desk, **terms | {"cash_order_qty": 2_121}).reason is R.MAX_ORDER_QTY
    assert send(desk, **terms).ord_status is S.FILLED

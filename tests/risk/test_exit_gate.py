"""The exit gate: what stands behind risk, alone and before every venue of a core, in both backends."""

from __future__ import annotations

import runpy
import threading
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from conftest import BACKENDS, build_core, limits, seeds, small_capacity
from gatedesk import alerts, gated, stopped

import tradecore as tc
from tradecore._backend import room_module
from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import EXIT_DTYPE, NO_PRICE, QTY_MAX, TIME_MAX

BUY, SELL = int(tc.Side.BUY), int(tc.Side.SELL)
ANN = {"who": "ann", "why": "drill"}


# ---- alone


def exits(**columns):
    rows = np.zeros(len(next(iter(columns.values()))) if columns else 1, EXIT_DTYPE)
    given = {"order_id": 1, "order_qty": 100, "leaves_qty": 100, "most_qty": 100, "price": 10_000, "reference2": 20_000, "now": 10**9,
             "venue": 1, "side": BUY}
    for name, column in (given | columns).items():
        rows[name] = column
    return rows


def gate(backend, collar=-1, throttle=-1, window=10**9):
    made = room_module(backend, "exit_gate").GateTable(100)
    made.set(collar, throttle, window)
    return made


def said(made, /, **columns):
    return [Reason(int(reason)).name for reason in made.pass_out(exits(**{name: np.atleast_1d(value) for name, value in columns.items()}))]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("collar", "columns", "answer"), [
    (100, {"price": 10_100}, "NONE"), (100, {"price": 10_101}, "PRICE_COLLAR"), (100, {"price": 9_900, "side": SELL}, "NONE"),
    (100, {"price": 9_899, "side": SELL}, "PRICE_COLLAR"), (0, {"price": 10_000}, "NONE"), (0, {"price": 10_001}, "PRICE_COLLAR"),
    (100, {"price": 1}, "NONE"), (100, {"price": NO_PRICE}, "NONE"), (100, {"reference2": NO_PRICE}, "REFERENCE_PRICE_UNAVAILABLE"),
    (100, {"reference2": 0}, "REFERENCE_PRICE_UNAVAILABLE"), (100, {"reference2": NO_PRICE, "reduces": 1}, "NONE"),
    (100, {"reference2": NO_PRICE, "reduces": 1, "price": NO_PRICE}, "REFERENCE_PRICE_UNAVAILABLE"),
    (-1, {"reference2": NO_PRICE, "price": 10**16}, "NONE"), (-1, {"order_qty": 101}, "OVERFILL"), (-1, {"leaves_qty": 101}, "OVERFILL"),
    (-1, {"family_qty": 101, "parent_qty": 100}, "OVERFILL"), (-1, {"family_qty": 100, "parent_qty": 100}, "NONE"),
    (-1, {"cum_qty": 1}, "OVERFILL"), (-1, {"cum_qty": 1, "leaves_qty": 99}, "NONE"), (-1, {"order_qty": 99, "leaves_qty": 99}, "NONE"),
    (1_000_000, {"price": 10**16, "reference2": 2 * 10**16}, "NONE"), (1_000_000, {"price": 10**16, "reference2": 2}, "PRICE_COLLAR"),
])
def test_quantity_and_collar_at_their_bounds(backend, collar, columns, answer):
    assert said(gate(backend, collar), **columns) == [answer]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_throttle_counts_what_left_and_lets_exits_out_up_to_twice_as_many(backend):
    made = gate(backend, throttle=2, window=1_000)
    now = np.array([5_000, 5_000, 5_001, 5_999, 6_000])
    assert said(made, now=now) == ["NONE", "NONE", "ORDER_RATE", "ORDER_RATE", "NONE"]
    assert said(made, now=np.full(4, 6_000), reduces=np.ones(4)) == ["NONE", "NONE", "NONE", "ORDER_RATE"]
    assert said(gate(backend, throttle=0)) == ["ORDER_RATE"]
    assert said(gate(backend, throttle=0), reduces=[1]) == ["ORDER_RATE"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_message_is_handed_out_once(backend):
    made = gate(backend)
    assert said(made, made=[5, 5, 6]) == ["NONE", "DUPLICATE_CLORDID", "DUPLICATE_CLORDID"]
    assert said(made, made=[7, 7, 8, 7], is_replace=[1, 1, 1, 1]) == ["NONE", "DUPLICATE_CLORDID", "NONE", "NONE"]
    assert said(made, made=[0, 0]) == ["NONE", "NONE"]  # into a book: as often as it is let go
    assert said(made, made=[5], order_id=[2]) == ["NONE"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gate_that_is_shut_lets_nothing_out_but_what_asks_less(backend):
    made = gate(backend, throttle=0)
    made.switch(1, 1)
    assert said(made, venue=[1, 2], reduces=[1, 0]) == ["KILL_SWITCH", "ORDER_RATE"]
    assert said(made, asks_less=[1], is_replace=[1], made=[3]) == ["NONE"]
    made.set(-1, -1, 0)
    made.switch(1, 2)
    assert said(made, venue=[1, 1, 2], reduces=[1, 0, 0]) == ["NONE", "KILL_SWITCH", "NONE"]
    made.switch(0, 1)
    assert said(made, venue=[1, 2], reduces=[1, 1]) == ["KILL_SWITCH", "KILL_SWITCH"]
    made.switch(0, 0)
    made.switch(1, 0)
    assert said(made, venue=[1, 2]) == ["NONE", "NONE"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_can_not_be_is_refused(backend):
    made = gate(backend)
    for bad in ((-2, -1, 0), (1_000_001, -1, 0), (-1, 2_049, 1), (-1, -2, 1), (-1, 1, 0)):
        with pytest.raises(ValueError, match="can't be"):
            made.set(*bad)
    for name, call in (("venue 65", lambda: made.switch(65, 1)), ("shut 3", lambda: made.switch(1, 3)),
                       ("order_id 101", lambda: made.pass_out(exits(order_id=[101]))), ("venue 0", lambda: made.pass_out(exits(venue=[0])))):
        with pytest.raises(ValueError, match=name):
            call()
    for name, bad in (("side", 0), ("side", 3), ("now", -1), ("now", TIME_MAX + 1),
                      *((name, bad) for name in ("order_qty", "cum_qty", "leaves_qty", "most_qty", "family_qty", "parent_qty")
                        for bad in (-1, QTY_MAX + 1, 2**62))):
        with pytest.raises(ValueError, match=f"^{name} {bad} must be"):
            made.pass_out(exits(**{"order_id": [1, 1], name: [1, bad]}))
    made.set(-1, 1, TIME_MAX)
    with pytest.raises(ValueError, match="can't be"):
        made.set(-1, 1, TIME_MAX + 1)
    assert said(made, now=[0]) == ["NONE"]  # none of them was counted


@pytest.mark.parametrize("seed", seeds([1, 2]), indirect=True)
def test_random_exits_are_judged_as_the_rules_say(seed):
    """Both backends, and a model of four lines, over exits that break everything in turn."""
    rng = np.random.default_rng(seed)
    gates = [room_module(backend, "exit_gate").GateTable(100) for backend in BACKENDS]
    times, sent, new, replaced = deque(maxlen=4_096), 0, set(), {}
    met = set()
    now = 0
    for _ in range(60):
        collar, throttle, window = int(rng.choice([-1, 0, 50, 500])), int(rng.choice([-1, 0, 3, 40])), int(rng.integers(1, 2_000))
        venue, shut = int(rng.integers(0, 4)), int(rng.choice([0, 0, 0, 1, 2]))
        for made in gates:
            made.set(collar, throttle, window)
            for each in range(4):
                made.switch(each, 0)
            made.switch(venue, shut)
        n = 50
        stamps = now + np.cumsum(rng.integers(0, 200, n))
        now = int(stamps[-1])
        rows = exits(order_id=rng.integers(1, 30, n), order_qty=rng.choice([100, 100, 100, 101], n), cum_qty=rng.choice([0, 0, 0, 30], n),
                     leaves_qty=rng.choice([100, 70, 70], n), price=rng.choice([NO_PRICE, 10_000, 10_050, 10_051, 9_950, 9_949], n),
                     reference2=rng.choice([20_000, 20_000, 20_001, NO_PRICE, -5], n), now=stamps, made=rng.integers(0, 9, n),
                     venue=rng.integers(1, 4, n), side=rng.choice([BUY, SELL], n), is_replace=rng.integers(0, 2, n),
                     asks_less=rng.choice([0, 0, 1], n), reduces=rng.integers(0, 2, n))
        answers = [made.pass_out(rows).tolist() for made in gates]
        assert answers[0] == answers[1]
        for row, answer in zip(rows, answers[0], strict=True):
            e = {name: int(row[name]) for name in EXIT_DTYPE.names}
            if not e["made"]:
                again = False
            elif e["is_replace"]:
                again = replaced.get(e["order_id"]) == e["made"]
            else:
                again = e["order_id"] in new
            away = (2 * e["price"] - e["reference2"]) * (1 if e["side"] == BUY else -1)
            most = throttle * (2 if e["reduces"] else 1)
            closed = shut if venue in (0, e["venue"]) else 0
            if again:
                wanted = Reason.DUPLICATE_CLORDID
            elif e["asks_less"]:
                wanted = Reason.NONE
            elif closed == 1 or (closed == 2 and not e["reduces"]):
                wanted = Reason.KILL_SWITCH
            elif e["order_qty"] > e["most_qty"] or e["cum_qty"] + e["leaves_qty"] > e["order_qty"]:
                wanted = Reason.OVERFILL
            elif collar >= 0 and e["reference2"] <= 0 and (not e["reduces"] or e["price"] == NO_PRICE):
                wanted = Reason.REFERENCE_PRICE_UNAVAILABLE
            elif collar >= 0 and e["reference2"] > 0 and e["price"] != NO_PRICE and away * 10_000 > collar * e["reference2"]:
                wanted = Reason.PRICE_COLLAR
            elif throttle >= 0 and (most == 0 or sum(time > e["now"] - window for time in list(times)[-most:]) == most):
                wanted = Reason.ORDER_RATE
            else:
                wanted = Reason.NONE
            assert answer == wanted, (e, collar, throttle, window, closed)
            met.add(wanted)
            if wanted == Reason.NONE:
                if not e["asks_less"]:
                    times.append(e["now"])
                    sent += 1
                if e["made"] and e["is_replace"]:
                    replaced[e["order_id"]] = e["made"]
                elif e["made"]:
                    new.add(e["order_id"])
    assert len(met) == 7
    assert sent > 100


# ---- in a core


@pytest.fixture(params=BACKENDS)
def core(request):
    return gated(request.param, bid="189.99", ask="190.01")


def test_a_simulated_venue_gets_nothing_through_a_gate_that_is_shut(core):
    core.risk.gate.shut(**ANN)
    order = core.submit("AAPL", "BUY", 10, "191.00", venue="XNAS")
    assert (order.ord_status, order.reason, order.cum_qty) == (tc.OrdStatus.REJECTED, tc.Reason.EXIT_GATE, 0)
    assert order.text == stopped("KILL_SWITCH")
    assert alerts(core) == [stopped("KILL_SWITCH")]
    core.risk.gate.open(**ANN)
    assert core.submit("AAPL", "BUY", 10, "191.00", venue="XNAS").ord_status is tc.OrdStatus.FILLED


def test_an_external_venue_is_handed_nothing_through_a_gate_that_is_shut(core):
    waiting, gone = (core.submit("AAPL", "BUY", 10, "190.00", venue="EXT") for _ in range(2))
    core.cancel(gone)
    core.risk.gate.shut(venue="EXT")
    assert [m.msg_type for m in core.outbound()] == []
    assert (waiting.ord_status, waiting.reason) == (tc.OrdStatus.CANCELED, tc.Reason.EXIT_GATE)
    assert alerts(core) == [stopped("KILL_SWITCH")]
    assert core.positions.firm_exposure("AAPL").working_buy_qty == 0
    core.risk.gate.open(venue="EXT", **ANN)
    core.submit("AAPL", "BUY", 10, "190.00", venue="EXT")
    assert [m.msg_type for m in core.outbound()] == [tc.MsgType.NEW_ORDER_SINGLE]


def test_cancels_and_replaces_that_ask_for_less_leave_whatever_is_shut(core):
    order, other = (core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", cl_ord_id=name) for name in ("c1", "c2"))
    assert len(list(core.outbound())) == 2
    for each in (order, other):
        core.execution.on_execution_report("EXT", "NEW", cl_ord_id=each.cl_ord_id)
    core.risk.gate.shut()
    core.replace(order, qty=5)
    core.cancel(other)
    assert [m.msg_type for m in core.outbound()] == [tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST, tc.MsgType.ORDER_CANCEL_REQUEST]
    core.risk.gate.open(**ANN)


def test_a_replace_that_asks_for_more_stays_inside_a_gate_that_is_shut(core):
    order = core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", cl_ord_id="c1")
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="c1")
    core.replace(order, qty=50)
    core.risk.gate.shut()
    assert list(core.outbound()) == []
    assert (order.ord_status, order.order_qty) == (tc.OrdStatus.NEW, 10)
    assert core.positions.firm_exposure("AAPL").working_buy_qty == 10
    reject = [r for r in core.reports(0) if r.report_type is tc.ReportType.ORDER_CANCEL_REJECT][-1]
    assert reject.reason is tc.Reason.EXIT_GATE


def test_of_an_order_that_its_venue_has_already_the_message_alone_is_dropped(core):
    order = core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", cl_ord_id="c1")
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="c1")  # before anyone has sent it
    core.risk.gate.shut()
    assert list(core.outbound()) == []
    assert alerts(core) == [stopped("KILL_SWITCH")]
    assert (order.ord_status, core.outbound_pending) == (tc.OrdStatus.NEW, 0)


def test_exits_leave_a_gate_that_is_shut_but_for_them(core):
    core.positions.open_position("AAPL", 10, "190.00")
    core.risk.gate.shut(exits=True)
    assert core.submit("AAPL", "SELL", 11, "189.00", venue="XNAS").reason is tc.Reason.EXIT_GATE
    assert core.submit("AAPL", "BUY", 1, "191.00", venue="XNAS").reason is tc.Reason.EXIT_GATE
    assert core.submit("AAPL", "SELL", 10, "189.00", venue="XNAS").ord_status is tc.OrdStatus.FILLED


def test_collar_and_throttle_of_its_own(core):
    core.risk.gate.set(price_collar_bps=100, order_rate=2)
    assert core.submit("AAPL", "BUY", 1, "191.91", venue="XNAS").text == stopped("PRICE_COLLAR", 100)
    assert core.submit("AAPL", "BUY", 1, "191.90", venue="XNAS").ord_status is tc.OrdStatus.FILLED
    assert core.submit("AAPL", "BUY", 1, "180.00", venue="XNAS").ord_status is tc.OrdStatus.NEW
    assert core.submit("AAPL", "BUY", 1, "180.00", venue="XNAS").text == stopped("ORDER_RATE", 2)
    core._gate.clock.now += 10**9
    assert core.submit("AAPL", "BUY", 1, "180.00", venue="XNAS").ord_status is tc.OrdStatus.NEW


def test_bad_settings_are_refused_and_change_nothing(core):
    core.risk.gate.set(price_collar_bps=100, order_rate=2)
    before = core.state_hash()
    for error, words, call in (
        (ValueError, "price_collar_bps", lambda: core.risk.gate.set(price_collar_bps=1_000_001, order_rate=2)),
        (ValueError, "order_rate", lambda: core.risk.gate.set(price_collar_bps=1, order_rate=2_049)),
        (ValueError, "order_rate_window_ms", lambda: core.risk.gate.set(price_collar_bps=1, order_rate=2, order_rate_window_ms=0)),
        (TypeError, "order_rate", lambda: core.risk.gate.set(price_collar_bps=1, order_rate="many")),
        (LookupError, "EXTT", lambda: core.risk.gate.shut(venue="EXTT")),
        (TypeError, "who", lambda: core.risk.gate.shut(who=3)),
    ):
        with pytest.raises(error, match=words):
            call()
    assert core.state_hash() == before


# ---- parts of an order


def split(backend, *, price="100.00", **armed):
    """1,000 to buy: 300 go to E, 400 to F, 300 are over and wait for what is on its way."""
    core = build_core(backend, venues=[tc.ExternalVenue("E"), tc.ExternalVenue("F"), tc.SimulatedVenue("V")],
                      capacity=small_capacity(open_orders=16))
    for venue, size in (("E", 300), ("F", 400)):
        core.quote(venue, "AAPL", bid="99.98", bid_size=100, ask=price, ask_size=size)
    if armed:
        core.risk.gate.set(**armed)
    return core, core.submit("AAPL", "BUY", 1_000, price, cl_ord_id="a")


@pytest.mark.parametrize("backend", BACKENDS)
def test_children_that_run_away_never_leave_with_more_than_their_parent_has(backend):
    core, order = split(backend)
    core._gate.core._drill(int(Reason.OVERFILL))  # what its children may still trade is not counted any more
    at_e, at_f = sorted(core.outbound(), key=lambda m: m.venue)
    core.execution.on_execution_report("F", "REJECTED", order_id=at_f.order_id)
    core.quote("E", "AAPL", bid="99.98", bid_size=100, ask="100.00", ask_size=900)
    core.execution.on_execution_report("E", "TRADE", order_id=at_e.order_id, exec_id="x", last_qty=100, last_px="100.00")
    more = core.orders.children(order)[-1]
    assert (more.venue, int(more.leaves_qty), order.cum_qty) == ("E", 900, 100)  # beside 200 that are at E already
    assert list(core.outbound()) == []
    assert alerts(core) == [stopped("OVERFILL", 1_000)]
    assert (more.ord_status, more.reason) == (tc.OrdStatus.CANCELED, tc.Reason.EXIT_GATE)
    core.execution.on_execution_report("E", "CANCELED", order_id=at_e.order_id)
    assert (order.ord_status, order.reason, order.cum_qty) == (tc.OrdStatus.CANCELED, tc.Reason.EXIT_GATE, 100)
    core._gate.core._drill(0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("engaged", [True, False])
def test_a_part_that_the_gate_stops_ends_the_order_with_its_last_part(backend, engaged):
    core, order = split(backend)
    first, second = core.outbound()
    core.execution.on_execution_report(first.venue, "NEW", order_id=first.order_id)
    if engaged:
        core.risk.gate.shut()
    core.execution.on_execution_report(second.venue, "REJECTED", order_id=second.order_id)
    core.execution.on_execution_report(first.venue, "TRADE", order_id=first.order_id, exec_id="x", last_qty=50, last_px="100.00")
    core.execution.on_execution_report(first.venue, "CANCELED", order_id=first.order_id)
    handed = [int(m.order_qty) for m in core.outbound()]
    if engaged:  # its rest would go to a venue again and again: it is stopped once
        assert handed == []
        assert alerts(core) == [stopped("KILL_SWITCH")]
        assert (order.ord_status, order.reason, order.cum_qty) == (tc.OrdStatus.CANCELED, tc.Reason.EXIT_GATE, 50)
        assert order.text == stopped("KILL_SWITCH")
    else:
        assert handed == [950]
        assert (order.ord_status, order.leaves_qty) == (tc.OrdStatus.PARTIALLY_FILLED, 950)
    assert core.positions.firm_exposure("AAPL").working_buy_qty == order.leaves_qty


def test_exits_count_what_has_left_before_them(core):
    core.positions.open_position("AAPL", 10, "190.00")
    core.risk.gate.shut(exits=True)
    assert core.submit("AAPL", "SELL", 6, "191.00", venue="XNAS").ord_status is tc.OrdStatus.NEW
    assert core.submit("AAPL", "SELL", 5, "191.00", venue="XNAS").reason is tc.Reason.EXIT_GATE
    waits = core.submit("AAPL", "SELL", 4, "191.00", venue="EXT")
    more = core.submit("AAPL", "SELL", 4, "191.00", venue="EXT")
    assert [m.order_id for m in core.outbound()] == [waits.order_id]  # what waited here counted for nothing
    assert more.reason is tc.Reason.EXIT_GATE


def test_an_oco_list_counts_once_and_its_own_legs_not_at_all(core):
    core.positions.open_position("AAPL", 10, "190.00")
    core.risk.gate.shut(exits=True)
    legs = [core.submit("AAPL", "SELL", qty, price, venue="XNAS", list_id=7, contingency_type="ONE_CANCELS_THE_OTHER")
            for qty, price in ((6, "191.00"), (4, "192.00"), (6, "193.00"))]
    assert [leg.ord_status for leg in legs] == [tc.OrdStatus.NEW] * 3
    assert core.submit("AAPL", "SELL", 5, "191.00", venue="XNAS").reason is tc.Reason.EXIT_GATE
    assert core.submit("AAPL", "SELL", 4, "191.00", venue="XNAS").ord_status is tc.OrdStatus.NEW


def test_a_stop_at_its_venue_is_held_against_its_own_trigger_price(core):
    native = build_core(core.backend, venues=[tc.ExternalVenue("EXT", ord_types=("LIMIT", "STOP_LIMIT"))])
    native.quote("EXT", "AAPL", bid="189.99", bid_size=10, ask="190.01", ask_size=10)
    native.risk.gate.set(price_collar_bps=100, order_rate=tc.OFF)
    for stop_px, price in (("200.00", "202.00"), ("200.00", "202.01")):
        native.submit("AAPL", "BUY", 1, price, ord_type="STOP_LIMIT", stop_px=stop_px, venue="EXT")
    assert [str(m.price) for m in native.outbound()] == ["202.00"]
    assert alerts(native) == [stopped("PRICE_COLLAR", 100)]


# ---- what a message or a replace asks for


def at_its_venue(core, *, price="190.00"):
    """10 to buy, sent as c1 and New at EXT."""
    order = core.submit("AAPL", "BUY", 10, price, venue="EXT", cl_ord_id="c1")
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="c1")
    return order


@pytest.mark.parametrize("answer", ["PENDING_REPLACE", "REPLACED", "REJECTED"])
def test_a_replace_that_its_venue_has_answered_stays_inside_and_the_order_as_its_venue_has_it(core, answer):
    order = at_its_venue(core)
    core.replace(order, qty=50, new_cl_ord_id="c2")
    if answer == "REJECTED":
        core.execution.on_cancel_reject("EXT", cl_ord_id="c2")
    else:
        core.execution.on_execution_report("EXT", answer, cl_ord_id="c2", order_qty=50)
    told = order.ord_status, order.order_qty
    core.risk.gate.shut()
    assert list(core.outbound()) == []
    assert alerts(core) == [stopped("KILL_SWITCH")]
    assert (order.ord_status, order.order_qty, core.outbound_pending) == (*told, 0)
    assert told[1] == (50 if answer == "REPLACED" else 10)
    if answer == "PENDING_REPLACE":  # its venue has it: it may still be done
        core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="c2", order_qty=50)
        assert order.order_qty == 50


def test_a_replace_that_its_venue_has_answered_leaves_a_gate_that_is_open(core):
    order = at_its_venue(core)
    core.replace(order, qty=50, new_cl_ord_id="c2")
    core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="c2", order_qty=50)
    core.risk.gate.set(price_collar_bps=100, order_rate=10)
    assert [(m.cl_ord_id, int(m.order_qty)) for m in core.outbound()] == [("c2", 50)]


@pytest.mark.parametrize(("first", "second", "handed"), [
    ({"qty": 2}, {"qty": 9}, []), ({"price": "180.00"}, {"price": "190.00"}, []), ({"qty": 5}, {"qty": 2}, ["c3"]),
    ({"qty": 50}, {"qty": 20}, []), ({"qty": 50}, {"qty": 9}, ["c3"]), ({"qty": 2}, {"qty": 2}, ["c3"]), ({"qty": 2}, {"qty": 3}, []),
])
def test_less_is_less_than_the_order_and_than_what_its_venue_was_asked_for_last(core, first, second, handed):
    order = at_its_venue(core)
    core.replace(order, new_cl_ord_id="c2", **first)
    assert [m.cl_ord_id for m in core.outbound()] == ["c2"]
    core.replace(order, new_cl_ord_id="c3", **second)
    core.risk.gate.shut()
    assert [m.cl_ord_id for m in core.outbound()] == handed
    assert alerts(core) == ([] if handed else [stopped("KILL_SWITCH")])


def test_less_is_less_than_any_that_its_venue_was_asked_for_and_has_not_answered(core):
    order = at_its_venue(core)
    for number, qty in enumerate((2, 9), 2):
        core.replace(order, new_cl_ord_id=f"c{number}", qty=qty)
    assert [m.cl_ord_id for m in core.outbound()] == ["c2", "c3"]
    core.replace(order, new_cl_ord_id="c4", qty=5)  # where the 9 is refused, it would raise the 2
    core.replace(order, new_cl_ord_id="c5", qty=1)
    core.risk.gate.shut()
    assert [m.cl_ord_id for m in core.outbound()] == ["c5"]
    assert alerts(core) == [stopped("KILL_SWITCH")]


def test_what_the_core_itself_lowers_leaves_a_gate_that_is_shut(core):
    """A leg of an OCO list trades 4 of 10: the core asks for the other to be 6."""
    legs = [core.submit("AAPL", "BUY", 10, "180.00", venue="EXT", cl_ord_id=name, list_id=7,
                        contingency_type="ONE_CANCELS_THE_OTHER") for name in ("a", "b")]
    assert len(list(core.outbound())) == 2
    for leg in legs:
        core.execution.on_execution_report("EXT", "NEW", cl_ord_id=leg.cl_ord_id)
    core.risk.gate.shut()
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="a", exec_id="x", last_qty=4, last_px="180.00")
    assert [(m.msg_type, int(m.order_qty)) for m in core.outbound()] == [(tc.MsgType.ORDER_CANCEL_REPLACE_REQUEST, 6)]
    assert alerts(core) == []


def refusals(core):
    return [r.reason for r in core.reports(0) if r.report_type is tc.ReportType.ORDER_CANCEL_REJECT]


@pytest.mark.parametrize(("asked", "armed", "check", "bound"), [
    ({"qty": 20}, None, "KILL_SWITCH", 0), ({"price": "180.01"}, None, "KILL_SWITCH", 0),
    ({"price": "180.01"}, {"price_collar_bps": tc.OFF, "order_rate": 1}, "ORDER_RATE", 1),
    ({"price": "192.00"}, {"price_collar_bps": 100, "order_rate": tc.OFF}, "PRICE_COLLAR", 100),
])
def test_a_replace_in_a_book_that_the_gate_stops_is_refused_and_the_order_rests_as_it_was(core, asked, armed, check, bound):
    core.risk.gate.set(price_collar_bps=tc.OFF, order_rate=100)
    ahead = core.submit("AAPL", "BUY", 10, "180.00", venue="XNAS")
    if armed is None:
        core.risk.gate.shut()
    else:
        core.risk.gate.set(**armed, **ANN)
    rested, before = core.execution.book("AAPL", "XNAS").array.tobytes(), core.positions.firm_exposure("AAPL")
    core.replace(ahead, **asked)
    assert (ahead.ord_status, ahead.order_qty, ahead.price) == (tc.OrdStatus.NEW, 10, 180)
    assert refusals(core) == [tc.Reason.EXIT_GATE]
    assert alerts(core) == [stopped(check, bound)]
    assert core.execution.book("AAPL", "XNAS").array.tobytes() == rested
    assert core.positions.firm_exposure("AAPL") == before
    core.risk.gate.set(price_collar_bps=tc.OFF, order_rate=tc.OFF, **ANN)
    core.risk.gate.open(**ANN)
    core.replace(ahead, **asked)
    assert ahead.order_qty == asked.get("qty", 10)


def test_a_replace_in_a_book_passes_where_it_keeps_its_place_or_only_reduces(core):
    core.positions.open_position("AAPL", 10, "190.00")
    order = core.submit("AAPL", "SELL", 10, "191.00", venue="XNAS")
    core.risk.gate.shut(exits=True)
    core.replace(order, price="191.50")
    assert (order.ord_status, str(order.price)) == (tc.OrdStatus.NEW, "191.50")
    core.replace(order, qty=11)
    assert order.order_qty == 10
    core.risk.gate.shut()
    core.replace(order, qty=5)
    assert (order.ord_status, order.order_qty) == (tc.OrdStatus.NEW, 5)
    assert alerts(core) == [stopped("KILL_SWITCH")]


def test_a_replace_that_would_bring_a_filled_order_back_is_refused_and_it_stays_filled(core):
    order = core.submit("AAPL", "BUY", 10, "190.01", venue="XNAS")
    assert order.ord_status is tc.OrdStatus.FILLED
    core.risk.gate.shut()
    core.replace(order, qty=20)
    assert (order.ord_status, order.order_qty) == (tc.OrdStatus.FILLED, 10)
    assert refusals(core) == [tc.Reason.EXIT_GATE]


def test_a_replace_in_a_book_counts_once(core):
    core.risk.gate.set(price_collar_bps=tc.OFF, order_rate=3)
    order = core.submit("AAPL", "BUY", 10, "180.00", venue="XNAS")
    core.replace(order, price="180.01")
    core.replace(order, price="180.02")
    core.replace(order, price="180.03")
    assert str(order.price) == "180.02"
    assert alerts(core) == [stopped("ORDER_RATE", 3)]


def test_what_ends_at_our_own_order_is_none_that_left(core):
    core.risk.prevent_self_match("BLOCK", account="alpha", who="ann", why="desk rule")
    core.risk.gate.set(price_collar_bps=tc.OFF, order_rate=2)
    core.submit("AAPL", "SELL", 4, "190.00", venue="XNAS")
    assert core.submit("AAPL", "BUY", 4, "190.00", venue="XNAS").reason is tc.Reason.SELF_MATCH
    assert core.submit("AAPL", "BUY", 4, "180.00", venue="XNAS").ord_status is tc.OrdStatus.NEW
    assert core.submit("AAPL", "BUY", 4, "180.00", venue="XNAS").text == stopped("ORDER_RATE", 2)


@pytest.mark.parametrize(("n", "d", "qty", "price"), [(1, 2, 5, "380.00"), (2, 1, 20, "95.00")])
def test_an_order_that_waits_through_a_split_is_handed_out_in_the_new_shares(core, n, d, qty, price):
    order = core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", display_qty=4)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", n, d)
    (sent,) = core.outbound()
    assert (int(sent.order_qty), str(sent.price), int(sent.display_qty)) == (qty, price, 4 * n // d)
    assert (order.ord_status, order.order_qty) == (tc.OrdStatus.PENDING_NEW, qty)
    assert alerts(core) == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_about_an_order_that_left_the_table_stays_here(backend):
    """Its venue has answered it, it has ended, and others have pushed it out: nothing can be said of it any more."""
    core = build_core(backend, venues=[tc.SimulatedVenue("XNAS"), tc.ExternalVenue("EXT")],
                      capacity=small_capacity(order_history=2))
    core.quote("XNAS", "AAPL", bid="189.99", bid_size=10_000, ask="190.01", ask_size=10_000)
    replaced, _ = at_its_venue(core), core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", cl_ord_id="x")
    core.replace(replaced, qty=20, new_cl_ord_id="c2")
    core.execution.on_execution_report("EXT", "REPLACED", cl_ord_id="c2", order_qty=20)
    for cl_ord_id, qty in (("c2", 20), ("x", 10)):
        core.execution.on_execution_report("EXT", "TRADE", cl_ord_id=cl_ord_id, exec_id=cl_ord_id, last_qty=qty, last_px="190.00")
    for _ in range(4):
        core.submit("AAPL", "BUY", 1, "191.00", venue="XNAS")
    assert core.outbound_pending == 2
    assert list(core.outbound()) == []
    assert alerts(core) == [stopped("UNKNOWN_ORDER")] * 2


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("other", [6, 100])
def test_an_oco_list_over_two_instruments_counts_in_each(backend, other):
    core = build_core(backend, instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    for symbol in ("AAPL", "MSFT"):
        core.quote("XNAS", symbol, bid="189.99", bid_size=10_000, ask="190.01", ask_size=10_000)
    core.positions.open_position("AAPL", 10, "190.00")
    core.positions.open_position("MSFT", 100, "190.00")
    core.risk.gate.shut(exits=True)
    for symbol, qty in (("AAPL", 6), ("MSFT", other)):
        assert core.submit(symbol, "SELL", qty, "191.00", venue="XNAS", list_id=7,
                           contingency_type="ONE_CANCELS_THE_OTHER").ord_status is tc.OrdStatus.NEW
    assert core.submit("AAPL", "SELL", 10, "191.00", venue="XNAS").reason is tc.Reason.EXIT_GATE
    assert core.submit("AAPL", "SELL", 4, "191.00", venue="XNAS").ord_status is tc.OrdStatus.NEW


def test_a_list_counts_for_one_of_its_own_that_is_no_oco_order(core):
    core.positions.open_position("AAPL", 10, "190.00")
    core.risk.gate.shut(exits=True)
    leg = core.submit("AAPL", "SELL", 10, "191.00", venue="XNAS", list_id=7, contingency_type="ONE_CANCELS_THE_OTHER")
    more = core.submit("AAPL", "SELL", 10, "192.00", venue="XNAS", list_id=7, contingency_type="ONE_TRIGGERS_THE_OTHER")
    assert (leg.ord_status, more.reason) == (tc.OrdStatus.NEW, tc.Reason.EXIT_GATE)


def test_the_twin_remembers_what_the_core_holds():
    core = build_core("python", venues=[tc.ExternalVenue("EXT")], capacity=small_capacity(order_history=4, open_orders=4))
    for i in range(12):
        core.submit("AAPL", "BUY", 10, "190.00", venue="EXT", cl_ord_id=f"k{i}")
        assert len(list(core.outbound())) == 1
        core.execution.on_execution_report("EXT", "REJECTED", cl_ord_id=f"k{i}")
    state = core._gate.core._state
    assert len(state.gate.rows) == len(state.orders.by_id) < 12


# What each check of risk would have stopped, and what the gate says where that check is taken out. `None`: the gate does
# not claim it.
TABLE = [
    (Reason.KILL_SWITCH, "KILL_SWITCH"), (Reason.PRICE_COLLAR, "PRICE_COLLAR"), (Reason.ORDER_RATE, "ORDER_RATE"),
    (Reason.REFERENCE_PRICE_UNAVAILABLE, "REFERENCE_PRICE_UNAVAILABLE"), (Reason.MAX_ORDER_QTY, None),
    (Reason.MAX_ORDER_NOTIONAL, None), (Reason.MAX_POSITION_QTY, None), (Reason.RISK_CONFIG_MISSING, None),
    (Reason.REDUCE_ONLY_VIOLATION, None), (Reason.SESSION_CLOSED, None), (Reason.MAX_OPEN_ORDERS, None),
]


def provoke(core, check):
    """An order that this check alone refuses; the gate has the same limits."""
    armed = {Reason.PRICE_COLLAR: {"price_collar_bps": 100}, Reason.ORDER_RATE: {"order_rate": 1}, Reason.MAX_ORDER_QTY: {"max_order_qty": 5},
             Reason.REFERENCE_PRICE_UNAVAILABLE: {"price_collar_bps": 100}, Reason.MAX_ORDER_NOTIONAL: {"max_order_notional": 100},
             Reason.MAX_POSITION_QTY: {"max_position_qty": 5}}.get(check, {})
    account = "beta" if check is Reason.RISK_CONFIG_MISSING else "alpha"
    core.risk.set_limits(limits(**armed), account="alpha")
    collar = 100 if "price_collar_bps" in armed else tc.OFF
    core.risk.gate.set(price_collar_bps=collar, order_rate=1 if check is Reason.ORDER_RATE else tc.OFF)
    if check is Reason.KILL_SWITCH:
        core.risk.engage_kill_switch()
        core.risk.gate.shut()
    elif check is Reason.ORDER_RATE:
        core.submit("AAPL", "BUY", 1, "180.00", account="alpha", venue="XNAS")
    elif check is Reason.SESSION_CLOSED:
        core.execution.set_session("AAPL", "CLOSED")
    elif check is Reason.MAX_OPEN_ORDERS:
        for _ in range(4):
            core.submit("AAPL", "BUY", 1, "180.00", account="alpha", venue="XNAS")
    symbol = "MSFT" if check is Reason.REFERENCE_PRICE_UNAVAILABLE else "AAPL"
    price = "195.00" if check is Reason.PRICE_COLLAR else "180.00"
    return core.submit(symbol, "BUY", 10, price, account=account, venue="XNAS", reduce_only=check is Reason.REDUCE_ONLY_VIOLATION)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("check", "answer"), TABLE, ids=lambda value: getattr(value, "name", value))
def test_with_each_check_taken_out_the_gate_stops_what_it_claims(backend, check, answer):
    said = []
    for drilled in (0, check):
        core = build_core(backend, accounts=["alpha", "beta"], limits={"alpha": limits()}, instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")],
                          capacity=small_capacity(open_orders=4 if check is Reason.MAX_OPEN_ORDERS else 8))
        core.quote("XNAS", "AAPL", bid="189.99", bid_size=10_000, ask="190.01", ask_size=10_000)
        core._gate.core._drill(int(drilled))
        order = provoke(core, check)
        said.append(order.text)
        core._gate.core._drill(0)
    assert said[0].startswith(check.name)
    assert said[1].startswith(f"EXIT_GATE: stopped at the exit, what {answer} should" if answer else ""), said[1]
    assert bool(answer) == said[1].startswith("EXIT_GATE")


@pytest.mark.parametrize("external", [True, False])
def test_nothing_leaves_once_the_gate_was_shut_while_eight_threads_submit(external):
    core = build_core("native", venues=[tc.ExternalVenue("V") if external else tc.SimulatedVenue("V")])
    if not external:
        core.quote("V", "AAPL", bid="189.99", bid_size=10**9, ask="190.01", ask_size=10**9)
    begun, ends = threading.Barrier(9), threading.Event()

    def submit():
        begun.wait()
        while not ends.is_set():
            core.submit("AAPL", "BUY", 1, "190.01", venue="V")

    threads = [threading.Thread(target=submit) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    left = 0
    for _ in range(100_000):
        left = len(core.outbound_batch()) + left if external else core.metrics()["trades"]
        if left >= 50:
            break
    core.risk.gate.shut()
    before = core.metrics()["trades"]
    handed = sum(len(core.outbound_batch()) for _ in range(200))
    ends.set()
    for thread in threads:
        thread.join()
    handed += len(core.outbound_batch())
    assert left >= 50
    assert handed == 0
    assert core.metrics()["trades"] == before


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_example_of_safeguards(backend, capsys):
    runpy.run_path(str(Path(__file__).parents[2] / "examples" / "safeguards.py"))["main"](backend)
    told = capsys.readouterr().out
    assert "REJECTED, USER_RULE: rule 'small' does not hold" in told
    assert "sell 12,000 again, within ten minutes: NEW" in told
    assert "m.day let order 4 pass MAX_ORDER_QTY: the client confirmed it" in told
    assert "our bid, while our offer stands there: SUSPENDED" in told
    assert "EDGE was sent: NEW_ORDER_SINGLE, ORDER_CANCEL_REQUEST, NEW_ORDER_SINGLE" in told
    assert stopped("PRICE_COLLAR", 300) in told
    assert "alerts of the gate: 2" in told

"""The exit gate alone knows what an exchange says: price limits, halts, and the trades that move the dynamic ones; it says to
each exit what a core's gate says, in both backends."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from conftest import BACKENDS, build_core, limits, seeds, small_capacity

import tradecore as tc
from tradecore._backend import room_module
from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import EXIT_DTYPE, NO_PRICE, PRICE_MAX, TIME_MAX

BUY, SELL = int(tc.Side.BUY), int(tc.Side.SELL)
HALTED, OPEN = int(tc.TradSesStatus.HALTED), int(tc.TradSesStatus.OPEN)
UNIT = 10**8  # price units of a dollar


def new_gate(backend, instruments=2):
    made = room_module(backend, "exit_gate").GateTable(100, instruments)
    made.set(-1, -1, 0)
    return made


def said(gate, price=100, side=BUY, instrument=1, /, **columns):
    row = np.zeros(1, EXIT_DTYPE)
    told = {"order_id": 1, "order_qty": 10, "leaves_qty": 10, "most_qty": 10, "now": 1, "venue": 1, "price": price, "side": side,
            "instrument": instrument} | columns
    for name, value in told.items():
        row[name] = value
    return Reason(int(gate.pass_out(row)[0])).name


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("given", "passes", "stopped"), [
    ({"low_limit_price": 90}, (90, NO_PRICE, 10**9), (89, -5)), ({"high_limit_price": 110}, (110, NO_PRICE, -5), (111,)),
    ({"low_limit_price": -20, "high_limit_price": -10}, (-20, -10), (-21, -9)),
])
def test_static_limits_at_their_bounds_on_both_sides(backend, given, passes, stopped):
    made = new_gate(backend)
    made.set_price_limits(1, **given)
    for side in (BUY, SELL):
        assert {said(made, price, side) for price in passes} == {"NONE"}
        assert {said(made, price, side) for price in stopped} == {"PRICE_LIMIT"}
        assert {said(made, price, side, instrument) for price in stopped for instrument in (0, 2)} == {"NONE"}
    made.set_price_limits(1)
    assert {said(made, price) for price in stopped} == {"NONE"}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("side", "price", "answer"), [(BUY, 105, "NONE"), (BUY, 106, "PRICE_LIMIT"), (BUY, 1, "NONE"), (SELL, 95, "NONE"),
                                                       (SELL, 94, "PRICE_LIMIT"), (SELL, 10**6, "NONE"), (BUY, NO_PRICE, "NONE")])
def test_dynamic_limits_bound_the_side_that_trades(backend, side, price, answer):
    made = new_gate(backend)
    made.set_price_limits(1, dynamic_bps=500, trading_reference_price=100)
    assert said(made, price, side) == answer
    assert said(made, price, side, waits=1) == "NONE"  # they are for when its price has come


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_trade_moves_them_and_the_last_one_is_where_they_begin(backend):
    made = new_gate(backend)
    with pytest.raises(ValueError, match="dynamic limits need trading_reference_price until there was a trade"):
        made.set_price_limits(1, dynamic_bps=500)
    made.trade_print(1, 200)
    made.set_price_limits(1, dynamic_bps=500)
    assert [said(made, price) for price in (210, 211)] == ["NONE", "PRICE_LIMIT"]
    made.trade_print(1, 100)
    made.trade_print(2, 10**6)
    assert [said(made, price) for price in (105, 106)] == ["NONE", "PRICE_LIMIT"]
    made.set_price_limits(1, high_limit_price=104, dynamic_bps=500, trading_reference_price=300)
    assert [said(made, price) for price in (104, 105)] == ["NONE", "PRICE_LIMIT"]
    made.set_price_limits(1, dynamic_bps=0)
    assert [said(made, price) for price in (100, 101)] == ["NONE", "PRICE_LIMIT"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_in_a_halt_nothing_new_and_no_more_leaves(backend):
    made = new_gate(backend)
    made.set_session(1, HALTED)
    assert said(made) == said(made, no_more=1) == said(made, is_replace=1, made=5) == "SESSION_CLOSED"
    assert said(made, is_replace=1, no_more=1, made=6) == said(made, is_replace=1, asks_less=1, made=7) == said(made, 100, BUY, 2) == "NONE"
    made.set_session(1, OPEN)
    assert said(made) == "NONE"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("call", "given", "error", "text"), [
    ("set_price_limits", {"instrument": 0}, ValueError, "instrument 0 must be 1 to 2"),
    ("set_price_limits", {"instrument": 3}, ValueError, "instrument 3 must be 1 to 2"),
    ("set_price_limits", {"low_limit_price": PRICE_MAX + 1}, ValueError, f"low_limit_price {PRICE_MAX + 1} must be"),
    ("set_price_limits", {"low_limit_price": 2**70}, ValueError, f"low_limit_price {2**70} must be"),
    ("set_price_limits", {"low_limit_price": 101, "high_limit_price": 100}, ValueError, "high_limit_price 100 must be 101 to"),
    ("set_price_limits", {"high_limit_price": 1.5}, TypeError, "high_limit_price must be an int, not float"),
    ("set_price_limits", {"high_limit_price": True}, TypeError, "high_limit_price must be an int, not bool"),
    ("set_price_limits", {"dynamic_bps": -1, "trading_reference_price": 1}, ValueError, "dynamic_bps -1 must be 0 to 1000000"),
    ("set_price_limits", {"dynamic_bps": 1_000_001, "trading_reference_price": 1}, ValueError, "dynamic_bps 1000001 must be"),
    ("trade_print", {"price": PRICE_MAX + 1}, ValueError, "price"), ("trade_print", {"price": 1.0}, TypeError, "price must be an int, not float"), ("trade_print", {"instrument": 3, "price": 1}, ValueError, "instrument 3"),
    ("set_session", {"status": 0}, ValueError, "status 0 must be 1 to 5"), ("set_session", {"status": 6}, ValueError, "status 6"),
])
def test_what_no_exchange_says_is_refused_and_changes_nothing(backend, call, given, error, text):
    made = new_gate(backend)
    made.set_price_limits(1, low_limit_price=90, high_limit_price=110)
    with pytest.raises(error, match=text):
        getattr(made, call)(**{"instrument": 1, **given})
    assert [said(made, price) for price in (89, 90, 110, 111)] == ["PRICE_LIMIT", "NONE", "NONE", "PRICE_LIMIT"]
    with pytest.raises(ValueError, match="instrument 3 must be 0 to 2"):
        said(made, 100, BUY, 3)
    with pytest.raises(ValueError, match="instruments 1000001 must be 0 to"):
        new_gate(backend, 1_000_001)


@pytest.mark.parametrize("backend", BACKENDS)
def test_numpys_integers_are_numbers_like_any_other(backend):
    """Of a price near the bound: in 64 bits its basis points would be another number."""
    made, large = new_gate(backend), PRICE_MAX // 2
    made.set_price_limits(np.int64(1), dynamic_bps=np.int64(5_000), trading_reference_price=np.int64(large))
    made.set_session(np.int64(1), np.int64(OPEN))
    assert [said(made, large + large // 2 + over) for over in (0, 1)] == ["NONE", "PRICE_LIMIT"]
    made.trade_print(np.int64(1), np.int64(large // 2))
    assert [said(made, large // 2 + large // 4 + over) for over in (0, 1)] == ["NONE", "PRICE_LIMIT"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", seeds([1]), indirect=True)
def test_it_says_what_a_cores_gate_says(backend, seed):
    """New orders that validation and risk have let pass, for an external venue; then the exchange speaks, and the gate of the
    core, at the hand-out, and the one alone are asked."""
    random, seen = Random(seed), set()
    core = build_core(backend, instruments=[tc.Instrument("A", any_sign=True), tc.Instrument("B", any_sign=True)], limits=limits(),
                      venues=[tc.ExternalVenue("EXT")], capacity=small_capacity())
    made = new_gate(backend)
    for _ in range(60):
        core.execution.set_session(None, "OPEN")
        for number in (1, 2):
            made.set_session(number, OPEN)
            core.execution.set_price_limits("AB"[number - 1])
        orders = [core.submit(random.choice("AB"), random.choice(("BUY", "SELL")), 10, random.choice((90, 95, 100, 105, 110)), venue="EXT")
                  for _ in range(4)]
        for number in (1, 2):
            symbol, price = "AB"[number - 1], random.choice((95, 100, 105))
            core.trade_print(symbol, price, 1)
            made.trade_print(number, price * UNIT)
            given = {"low_limit_price": random.choice((None, 94, 96)), "high_limit_price": random.choice((None, 104, 106)),
                     "trading_reference_price": random.choice((None, 99))}
            bps = random.choice((None, 0, 500))
            core.execution.set_price_limits(symbol, dynamic_bps=bps, **given)
            made.set_price_limits(number, dynamic_bps=bps, **{name: value and value * UNIT for name, value in given.items()})
            if random.random() < 0.2:
                core.execution.set_session(symbol, "HALTED")
                made.set_session(number, HALTED)
        alone = [said(made, int(order.price * UNIT), int(order.side), "AB".index(order.symbol) + 1) for order in orders]
        reader = core.reports()
        left = {message.order_id for message in core.outbound()}
        told = {r.order_id: r.text.partition("what ")[2].partition(" should")[0] for r in reader if r.report_type is tc.ReportType.GATE_STOPPED}
        assert ["NONE" if order.order_id in left else told[order.order_id] for order in orders] == alone
        seen |= set(alone)
    assert seen == {"NONE", "PRICE_LIMIT", "SESSION_CLOSED"}


EDGES = [NO_PRICE, NO_PRICE + 1, -(2**62), -(2**61) - 1, -(10**16), -1, 0, 1, 9_000, 9_999, 10_000, 10_001, 11_000, 10**16, 2**61, 2**62, 2**63 - 1]


@pytest.mark.parametrize("seed", seeds([3]), indirect=True)
def test_whatever_numbers_come_the_twins_judge_alike(seed):
    """Prices, references and times at the ends of their integers, beside limits that trades and halts move."""
    rng = np.random.default_rng(seed)
    gates = [room_module(backend, "exit_gate").GateTable(50, 3) for backend in BACKENDS]
    met = Counter()
    for _ in range(300):
        instrument = int(rng.integers(1, 4))
        given = {"low_limit_price": int(rng.choice([-(10**16), 9_000])), "dynamic_bps": int(rng.choice([0, 100, 1_000_000])),
                 "trading_reference_price": int(rng.choice([-(10**16), 10_000, 10**16]))}
        given = {name: value for name, value in given.items() if name != "low_limit_price" or rng.random() < 0.5}
        if rng.random() < 0.3:
            given |= {"high_limit_price": int(rng.choice([11_000, 10**16]))}
        throttle, window = int(rng.choice([-1, -1, 0, 5])), int(rng.choice([1, 1_000, TIME_MAX]))
        collar, venue, shut = int(rng.choice([-1, 0, 100, 1_000_000])), int(rng.integers(0, 3)), int(rng.choice([0, 0, 0, 1, 2]))
        trade, status = int(rng.choice([-(10**16), 9_999, 10_000, 10**16])), int(rng.choice([OPEN, OPEN, HALTED]))
        n = 20
        rows = np.zeros(n, EXIT_DTYPE)
        for name, column in {
            "order_id": rng.integers(1, 51, n), "order_qty": 10, "most_qty": 10, "leaves_qty": 10, "cum_qty": rng.choice([0, 0, 0, 1], n),
            "instrument": rng.integers(0, 4, n), "price": rng.choice(EDGES, n), "reference2": rng.choice([*EDGES, 20_000], n),
            "side": rng.choice([BUY, SELL], n), "venue": rng.integers(1, 3, n), "now": rng.choice([0, 1, 10**9, TIME_MAX - 1, TIME_MAX], n),
            "made": rng.integers(0, 9, n), "is_replace": rng.integers(0, 2, n), "no_more": rng.integers(0, 2, n),
            "reduces": rng.integers(0, 2, n), "waits": rng.integers(0, 2, n),
        }.items():
            rows[name] = column
        answers, trades = [], rng.random() < 0.7
        for made in gates:
            made.set(collar, throttle, window)
            made.switch(0, 0)
            made.switch(venue, shut)
            made.set_price_limits(instrument, **given)
            if trades:
                made.trade_print(instrument, trade)
            made.set_session(instrument, status)
            answers.append(made.pass_out(rows).tolist())
            made.switch(venue, 0)
        assert answers[0] == answers[1], rows
        met.update(answers[0])
    assert len(met) == 9, met

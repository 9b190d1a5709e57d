"""Nothing that must not matter does: batch size, ring and ring size, who listens, reads or asks, the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import CENT, T0, build_core, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import COMMAND_DTYPES

ROOT = Path(__file__).parents[2]
COUNT = 1500


def a_session(count=COUNT, seed=12):
    """Orders, cancels, quotes, marks, switches and garbage, as one array of command records."""
    random = np.random.default_rng(seed)
    kinds = [tc.CommandType[name] for name in ("NEW_ORDER", "CANCEL", "QUOTE", "MARK", "KILL_SWITCH", "SET_LIMIT")]
    session = np.zeros(count, tc.ORDER_DTYPE)
    session["kind"] = random.choice(kinds, count, p=[0.7, 0.12, 0.12, 0.03, 0.02, 0.01])
    session["transact_time"] = T0 + np.cumsum(random.integers(0, 3_000_000, count))
    session["instrument"], session["account"] = random.integers(1, 3, count), random.integers(1, 3, count)
    for place in range(count):
        row = session[place : place + 1].view(COMMAND_DTYPES[tc.CommandType(int(session["kind"][place]))])
        price = int(random.integers(95, 105)) * CENT
        if row["kind"] == tc.CommandType.NEW_ORDER:
            row["side"], row["ord_type"] = random.integers(1, 3), random.choice([2, 2, 2, 1])
            row["time_in_force"], row["exec_inst"] = random.choice([0, 0, 1, 3, 4]), random.choice([0, 0, 0, 1])
            row["venue"], row["order_qty"] = random.choice([0, 0, 1, 2]), random.integers(0, 30)
            row["price"] = tc.NO_PRICE if row["ord_type"] == 1 else price
            row["cl_ord_id"] = random.choice([0, random.integers(1, 900)])
        elif row["kind"] == tc.CommandType.CANCEL:
            row["order_id"] = random.integers(1, int(0.7 * place) + 30)
        elif row["kind"] == tc.CommandType.QUOTE:
            row["venue"], row["bid_px"], row["ask_px"] = random.integers(1, 3), price, price + 3 * CENT
            row["bid_size"], row["ask_size"] = random.integers(0, 50, 2)
        elif row["kind"] == tc.CommandType.MARK:
            row["mark_px"] = price
        elif row["kind"] == tc.CommandType.KILL_SWITCH:
            row["scope"], row["target"] = (int(random.integers(1, 4)), int(random.integers(1, 3)))
            row["engaged"] = random.choice([0, 0, 1])
            row["who"] = row["why"] = 1
        else:
            row["limit_scope"], row["instrument"] = tc.Scope.ACCOUNT, 0
            is_off = random.choice([True, False])
            row["value"], row["value_high"] = (2**64 - 1, -1) if is_off else (10**12, 0)
    return session


def build(backend, **given):
    return build_core(
        backend, **{
            "instruments": [tc.Instrument("AAPL"), tc.Instrument("MSFT")], "accounts": ["a", "b"],
            "limits": limits(max_order_qty=28, max_position_qty=500, price_collar_bps=900, order_rate=300),
            "venues": [tc.SimulatedVenue("X", taker_fee_bps="0.3"), tc.SimulatedVenue("Y", maker_fee_per_share="-0.002")],
            "capacity": small_capacity(open_orders=64, order_history=128, events=16_384), **given})


def outcome(core):
    held = [tuple(core.position(symbol, account).row) for symbol in ("AAPL", "MSFT") for account in "ab"]
    return core.state_hash(), core.event_hash, core._gate.core.event_seq, core.metrics()["trades"], held


def fills(core):
    return [(r.order_id, r.venue, r.last_qty, r.last_px, r.commission, r.cum_qty) for r in core.reports(0)
            if r.exec_type is tc.ExecType.TRADE]


@pytest.fixture(scope="module")
def session():
    return a_session()


@pytest.fixture
def whole(backend, session):
    """The session in one batch: what every other way of running it must come to."""
    core = build(backend)
    acks = core.submit_batch(session)
    assert core.metrics()["trades"] > 200
    assert len({int(reason) for reason in acks["reason"]}) > 8
    return core, acks


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_batch_size_does_not_matter(backend, session, whole, size):
    core = build(backend)
    acks = np.concatenate([core.submit_batch(session[at : at + size]) for at in range(0, COUNT, size)])
    assert (acks == whole[1]).all()
    assert outcome(core) == outcome(whole[0])


@pytest.mark.parametrize("size", [{"events": 1}, {"events": 64}, {"cl_ord_ids": 4096}, {"instruments": 2}, {"accounts": 60}])
def test_capacities_that_are_not_reached_do_not_matter(backend, session, whole, size):
    core = build(backend, capacity=small_capacity(**{"open_orders": 64, "order_history": 128, "events": 16_384, **size}))
    assert (core.submit_batch(session) == whole[1]).all()
    assert outcome(core) == outcome(whole[0])


@pytest.mark.parametrize("decisions", [1, 2, 1024])
def test_how_many_decisions_are_kept_does_not_matter(backend, session, whole, decisions):
    core = build(backend, capacity=small_capacity(open_orders=64, order_history=128, events=16_384, decisions=decisions))
    core.submit_batch(session)
    assert fills(core) == fills(whole[0])
    assert outcome(core) == outcome(whole[0])


def test_submit_and_submit_batch_are_one_path(backend, session, whole):
    core = build(backend)
    names = {"instrument": ("AAPL", "MSFT"), "account": "ab", "venue": "XY"}
    for row in session:
        body = row[None].view(COMMAND_DTYPES[tc.CommandType(int(row["kind"]))])[0]
        symbol, account = names["instrument"][row["instrument"] - 1], names["account"][row["account"] - 1]
        if row["kind"] not in (tc.CommandType.QUOTE, tc.CommandType.MARK):  # a feed's own time moves no clock
            core._gate.clock.now = int(row["transact_time"])
        if row["kind"] == tc.CommandType.NEW_ORDER:
            units = int(body["price"])
            core.submit(
                symbol, int(body["side"]), int(body["order_qty"]),
                None if units == tc.NO_PRICE else f"{units}e-8", account=account, time_in_force=int(body["time_in_force"]),
                post_only=bool(body["exec_inst"]), venue=names["venue"][body["venue"] - 1] if body["venue"] else None,
                cl_ord_id=int(body["cl_ord_id"]) or None)
        elif row["kind"] == tc.CommandType.CANCEL:
            core.cancel(order_id=int(body["order_id"]))
        elif row["kind"] == tc.CommandType.QUOTE:
            core.quote(names["venue"][body["venue"] - 1], symbol, bid=f"{body['bid_px']}e-8", bid_size=int(body["bid_size"]),
                       ask=f"{body['ask_px']}e-8", ask_size=int(body["ask_size"]))
        elif row["kind"] == tc.CommandType.MARK:
            core.mark(symbol, f"{body['mark_px']}e-8")
        elif row["kind"] == tc.CommandType.KILL_SWITCH:
            scope = ("account", "symbol", "venue")[body["scope"] - 1]
            name = {"account": "ab", "symbol": names["instrument"], "venue": "XY"}[scope][body["target"] - 1]
            (core.risk.engage_kill_switch if body["engaged"] else core.risk.release_kill_switch)(**{scope: name}, who="1", why="1")
        else:
            core.submit_batch(row[None])  # one rule alone can't be set through the API
    assert outcome(core) == outcome(whole[0])


def test_who_listens_reads_views_and_asks_does_not_matter(backend, session, whole):
    core, heard = build(backend), []
    core.subscribe(heard.append)
    reader = core.reports(0)
    for at in range(0, COUNT, 100):
        core.submit_batch(session[at : at + 100])
        list(reader)
        assert core.check("AAPL", "BUY", 1, "0.96", account="a") is not None
        assert len(core.event_view()) > 0
        for number in range(at + 1, at + 100, 9):
            try:
                core.explain(core.orders.order(order_id=number))
            except LookupError:
                continue
        core.position("AAPL", "a")
        core.state_hash()
        core.metrics()
    assert outcome(core) == outcome(whole[0])
    assert [report.seq for report in heard] == list(range(heard[0].seq, core._gate.core.event_seq + 1))


def test_stamping_by_the_clock_is_stamping_in_the_record(backend):
    stamped, clocked = build(backend), build(backend)
    session = a_session(200)
    time = T0 + 5_000_000
    session["transact_time"] = time
    stamped.submit_batch(session)
    session["transact_time"] = 0
    clocked.submit_batch(session, transact_time=time)
    assert outcome(stamped) == outcome(clocked)


CODE = """
import sys; sys.path[:0] = ["tests", "tests/core"]
from test_invariance import a_session, build, outcome
core = build(sys.argv[1])
core.submit_batch(a_session(400))
print(outcome(core))
"""


def test_the_hash_seed_does_not_matter_nor_does_the_backend():
    found = set()
    for backend in ("native", "python"):
        for seed in ("0", "1", "4242"):
            environment = {**os.environ, "PYTHONHASHSEED": seed}
            done = subprocess.run([sys.executable, "-c", CODE, backend], env=environment, capture_output=True, text=True, cwd=ROOT)
            assert done.returncode == 0, done.stderr
            found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop()) > 100


def test_one_changed_command_changes_the_hashes(backend, session, whole):
    changed = session.copy()
    accepted = (changed["kind"] == tc.CommandType.NEW_ORDER) & (whole[1]["cum_qty"] > 0)
    changed["order_qty"][np.argmax(accepted)] += 1
    core = build(backend)
    core.submit_batch(changed)
    assert core.event_hash != whole[0].event_hash
    assert core.state_hash() != whole[0].state_hash()


def test_an_order_costs_the_same_when_the_history_evicts(backend):
    """Dense order ids in an unhashed table once made each eviction walk all of them: a thousand times the cost."""
    history = 4_096
    core = build(backend, capacity=tc.Capacity(order_history=history, reject_history=history))
    orders = tc.new_orders(history // 2)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"] = 1, 1, tc.Side.BUY, 1
    orders["price"], orders["time_in_force"] = 100, tc.TimeInForce.IOC
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        core.submit_batch(orders)
        seconds.append(time.perf_counter() - start)
    assert core.metrics()["orders_evicted"] >= 2 * history
    assert min(seconds[4:]) < 10 * min(seconds[:2])

"""The way into a core: signals, finalizers, forks and other threads find no lock of their own, and get in between chunks.

What may hang runs in a process of its own, under a time limit.
"""

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import CENT, T0, build_core, check_lifetimes, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import ACK_DTYPE, CODECS

TESTS = Path(__file__).parents[1]
HEAD = f"""
import faulthandler, gc, os, random, signal, sys, threading, time
sys.path.insert(0, {str(TESTS)!r})
sys.path.insert(0, {str(TESTS / "core")!r})
import numpy as np
import tradecore as tc
from conftest import build_core, limits, small_capacity
from tradecore.vocabulary.records import VERSION
from test_turnstile import batch, count_kinds, replayed
backend = sys.argv[1]
"""


def run_apart(code, backend, seconds=240):
    """What a program printed that starts with HEAD; it must end by itself, in time, without a fault."""
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-W", "ignore", "-c", HEAD + code, backend],
                          capture_output=True, text=True, timeout=seconds, cwd=TESTS.parent)
    assert done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr[-3000:]}"
    return done.stdout


def batch(count, price=50, qty=1):
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["order_qty"], orders["price"] = 1, 1, qty, price * 100 * CENT
    orders["side"], orders["time_in_force"] = tc.Side.BUY, tc.TimeInForce.IOC
    return orders


def kinds_of(rows):
    """The first byte of each command of a tap."""
    return np.frombuffer(rows.tobytes(), np.uint8).reshape(len(rows), -1)[:, 0]


def count_kinds(rows, kind):
    return int(np.count_nonzero(kinds_of(rows) == int(kind)))


def replayed(core, rows):
    """Is another core, of the other backend, after the same commands, the same? Both are built by build_core."""
    other = build_core("python" if core.backend == "native" else "native", accounts=core.accounts,
                       capacity=core.capacity)._gate.core
    for row in rows:
        other.apply(row["command"].tobytes(), int(row["now"]))
    ours = core._gate.core
    check_lifetimes(other)
    return (other.event_hash, other.state_hash()) == (ours.event_hash, ours.state_hash())


@pytest.fixture
def core(backend):
    return build_core(backend)


# ---- signals and finalizers

SIGNALS = """
core = build_core(backend)
core._gate.core.start_tap(1_000_000)
heard, calls = [], 0
core.subscribe(heard.append, capacity=2**20)

def handler(number, frame):
    global calls
    calls += 1
    core.risk.engage_kill_switch(account="alpha")
    core.risk.release_kill_switch(account="alpha", who="r.lee", why="it is explained")
    core.mass_cancel()
    core.position("AAPL")

signal.signal(signal.SIGTERM, handler)
done = threading.Event()

def send():
    for turn in range(1_000):
        before = calls
        os.kill(os.getpid(), signal.SIGTERM)
        while calls == before:
            time.sleep(0)
    done.set()

sender = threading.Thread(target=send)
sender.start()
turn = 0
while not done.is_set():
    turn += 1
    order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    core.quote("ARCX", "AAPL", bid=40, bid_size=turn)
    order.row, core.orders.open_orders(), core.positions.trades(), core.metrics()
    core.cancel(order)
    core.submit_batch(batch(20))
    if turn % 16 == 0:
        core.state_hash()
sender.join()
assert calls == 1_000, calls
rows = core._gate.core.read_tap()
assert count_kinds(rows, tc.CommandType.KILL_SWITCH) == 2_000, count_kinds(rows, tc.CommandType.KILL_SWITCH)
assert count_kinds(rows, tc.CommandType.MASS_CANCEL) == 1_000
core.quote("ARCX", "AAPL")
seqs = [report.seq for report in heard]
assert seqs == list(range(seqs[0], core._gate.core.event_seq + 1)), "a report was lost, or told out of order"
rows = np.concatenate([rows, core._gate.core.read_tap()])
assert replayed(core, rows)
print("no hang")
"""


def test_a_signals_handler_commands_1000_times_while_another_call_is_inside(backend):
    assert "no hang" in run_apart(SIGNALS, backend, 480)


FINALIZERS = """
core = build_core(backend)
core._gate.core.start_tap(1_000_000)
calls = 0

class Leftover:
    def __init__(self):
        self.itself = self
    def __del__(self):
        global calls
        calls += 1
        core.mass_cancel()
        core.submit("AAPL", "SELL", 1, 90)
        core.orders.open_orders()

turns = 300 if backend == "native" else 60
core.subscribe(lambda report: Leftover() if calls < turns * 10 else None)
gc.set_threshold(7, 1, 1)
for turn in range(turns):
    Leftover()
    order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    order.row, core.positions.trades(), core.orders.open_orders()
    core.submit_batch(batch(10))
    core.state_hash()
gc.set_threshold(0)
assert calls > 60, calls
rows = core._gate.core.read_tap()
assert replayed(core, rows)
print("no hang")
"""


def test_a_finalizer_commands_and_asks_from_inside_any_call(backend):
    assert "no hang" in run_apart(FINALIZERS, backend)


def test_any_number_of_commands_may_come_inside_of_one_in_plain_python():
    """As finalizers bring them: they run in a loop, not one inside of the end of another."""
    core, heard, answers = build_core("python"), [], []
    core.subscribe(heard.append)
    state = core._gate.core._state
    publish = state.events.publish_report

    def interrupted(report):
        publish(report)
        if not answers:
            answers.extend(core.mass_cancel() for _ in range(3_000))

    state.events.publish_report = interrupted
    core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    assert [answers[0].total_affected_orders, answers[-1].total_affected_orders] == [1, 0]
    assert len(heard) == 2 + 3_000  # the order, its cancel, and each answer
    assert heard[-1].seq == answers[-1].seq == core._gate.core.event_seq


def test_what_comes_inside_of_a_command_in_plain_python_runs_right_after_it():
    core = build_core("python")
    core._gate.core.start_tap(1_000)
    state, said = core._gate.core._state, []
    publish = state.events.publish_report

    def interrupted(report):
        publish(report)
        if not said:
            said.append(core.mass_cancel())
            said.append(core.submit("AAPL", "BUY", 2, 51, venue="XNAS"))
            core.quote("XNAS", "AAPL", bid=40, bid_size=1)
            assert said[0].is_later
            for answer in (lambda: said[0].report_type, lambda: said[1].order_qty, lambda: said[1].order_id):
                with pytest.raises(RuntimeError, match="not answered yet"):
                    answer()
            with pytest.raises(RuntimeError, match="mine-7 is new"):
                core.submit("AAPL", "BUY", 2, 51, cl_ord_id="mine-7")
            assert core.position("AAPL").qty == 0

    state.events.publish_report = interrupted
    order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    state.events.publish_report = publish
    assert (said[0].total_affected_orders, said[0].is_later) == (1, False)
    assert (order.ord_status, said[1].ord_status, said[1].order_id) == (tc.OrdStatus.CANCELED, tc.OrdStatus.NEW, 2)
    kind = tc.CommandType
    assert list(kinds_of(core._gate.core.read_tap())) == [
        kind.NEW_ORDER, kind.MASS_CANCEL, kind.NEW_ORDER, kind.QUOTE, kind.INTERN]
    assert core.submit("AAPL", "BUY", 2, 51, cl_ord_id="mine-7").cl_ord_id == "mine-7"


def test_an_exception_from_outside_that_ends_a_twins_command_half_done_is_told_from_then_on(lifetimes):
    core = build_core("python")
    state = core._gate.core._state

    def interrupted(report):
        raise KeyboardInterrupt

    publish, state.events.publish_report = state.events.publish_report, interrupted
    with pytest.raises(KeyboardInterrupt):
        core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    state.events.publish_report = publish
    for call in (lambda: core.submit("AAPL", "BUY", 1, 50), core.state_hash, lambda: core.submit_batch(batch(1))):
        with pytest.raises(RuntimeError, match="half done"):
            call()
    lifetimes.clear()  # what is half done need not balance


INTERRUPTED = """
core = build_core("native", capacity=small_capacity(cl_ord_ids=2**20))
orders = batch(600_000)
out = np.zeros(len(orders), "V32").view(tc.ACK_DTYPE)

def handler(number, frame):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, handler)
before = core._gate.core.command_seq
started = time.monotonic()
ran, delay = 0, 0.05
while not 0 < ran < len(orders):  # it may also come before a batch has begun, or when it has just ended
    started, delay = time.monotonic(), delay * 1.5
    signal.setitimer(signal.ITIMER_REAL, delay)
    try:
        while True:
            before = core._gate.core.command_seq
            core.submit_batch(orders, out=out)
    except KeyboardInterrupt as error:
        took = time.monotonic() - started
        notes = getattr(error, "__notes__", [])
        ran = int(np.count_nonzero(out["report_type"])) if notes else 0
assert f"{ran} of 600000 records have run" in notes[0], notes
assert took < delay + 1, took
assert 0 < ran < len(orders) and ran % 256 == 0, ran
assert (out["report_type"][:ran] != 0).all() and not (out["report_type"][ran:] != 0).any()
assert core._gate.core.command_seq == before + ran
assert core.submit("AAPL", "BUY", 1, 50, venue="XNAS").ord_status == tc.OrdStatus.NEW
print("told")
"""


def test_an_interrupted_batch_tells_what_has_run():
    assert "told" in run_apart(INTERRUPTED, "native")


# ---- other threads


@pytest.mark.parametrize(("backend", "count"), [("native", 400_000), ("python", 6_000)])
def test_a_kill_switch_takes_effect_within_a_chunk_and_the_acks_of_the_rest_say_so(backend, count):
    core = build_core(backend, capacity=small_capacity(cl_ord_ids=2**19))
    orders, waits = batch(count), []
    for _ in range(12):
        core.risk.release_kill_switch(who="r.lee", why="it is explained")
        before, result = core._gate.core.command_seq, []
        thread = threading.Thread(target=lambda result=result: result.append(core.submit_batch(orders)))
        thread.start()
        seq = before
        while seq < before + 257 and thread.is_alive():
            seq = core._gate.core.command_seq
        core.risk.engage_kill_switch()
        thread.join()
        refused = result[0]["reason"] == tc.Reason.KILL_SWITCH
        if refused.any():
            first = int(np.argmax(refused))
            assert refused[first:].all()
            assert first % 256 == 0
            waits.append(before + first - seq)
    assert waits
    assert min(waits) <= 1_024, waits


def test_who_waits_gets_in_between_two_chunks_and_nowhere_else(core, backend):
    """What the tap shows: a mark of another thread stands where a chunk ends."""
    core._gate.core.start_tap(10**6)
    orders, done = batch(60_000 if backend == "native" else 4_000), threading.Event()

    def mark():
        while not done.is_set():
            core.mark("AAPL", 100)

    threads = [threading.Thread(target=mark) for _ in range(2)]
    for thread in threads:
        thread.start()
    core.submit_batch(orders)
    done.set()
    for thread in threads:
        thread.join()
    is_order = kinds_of(core._gate.core.read_tap()) == tc.CommandType.NEW_ORDER
    before = np.cumsum(is_order)[~is_order]
    inside = before[(before > 0) & (before < len(orders))]
    assert len(inside) > 3
    assert not (inside % 256).any()


def test_a_scribbler_tears_nothing_that_was_taken(core, backend):
    """Another thread writes the array that is submitted, as C would: the acks are those of the commands in the tap."""
    count = 3_000 if backend == "native" else 300
    orders, out = batch(count), np.zeros(count, ACK_DTYPE)
    noise = np.random.default_rng(7).integers(8, 256, 1 << 16, np.uint8)
    fair, done = batch(1).view(np.uint8), threading.Event()
    definition = np.full(1, int(tc.CommandType.DEFINE_ACCOUNT), np.uint8)
    memory = orders.view(np.uint8)
    core._gate.core.start_tap(10**6)

    def write(at, data):
        if backend == "native":
            ctypes.memmove(memory.ctypes.data + at, data.ctypes.data, len(data))  # without the GIL
        else:
            memory[at : at + len(data)] = data

    def scribble():
        turn = 0
        while not done.is_set():
            turn += 1
            row, size = turn * 8_009 % count, 8 << turn % 3
            write(row * 128 + turn % 12 * 8, noise[turn * 31 % 65_000 :][:size])
            write((row * 7 + 1) % count * 128, fair)
            if turn % 16 == 0:  # what the door has looked for already, or not yet
                write(row * 128, definition)
                write(row * 128, fair)

    thread, acks = threading.Thread(target=scribble), []
    thread.start()
    try:
        for turn in range(2_000):
            if turn >= 20 and acks:
                break
            try:
                core.submit_batch(orders, out=out)
            except ValueError:  # a definition was seen at the door
                continue
            acks.append(out.copy())
    finally:
        done.set()
        thread.join()
    assert acks
    rows = core._gate.core.read_tap()
    assert len(rows) == sum(map(len, acks))
    assert len(core.accounts) == 1  # no definition got in behind the door's back
    assert count_kinds(rows, tc.CommandType.DEFINE_ACCOUNT) == 0
    other, again = build_core(backend)._gate.core, np.zeros(len(rows), ACK_DTYPE)
    other.run(rows["command"].copy(), again, T0)
    assert again.tobytes() == b"".join(one.tobytes() for one in acks)
    assert other.state_hash() == core.state_hash()


def test_a_second_thread_commands_from_inside_a_callback(core):
    errors = []

    def second():
        try:
            core.submit("AAPL", "SELL", 1, 60, venue="XNAS")
            core.state_hash()
        except BaseException as error:
            errors.append(error)

    heard = []

    def callback(report):
        heard.append(report.seq)
        if len(heard) == 1:
            thread = threading.Thread(target=second)
            thread.start()
            thread.join(30)
            assert not thread.is_alive()

    first = core._gate.core.event_seq + 1
    core.subscribe(callback)
    core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    assert errors == []
    assert heard == list(range(first, core._gate.core.event_seq + 1))


# ---- the end


def test_a_core_that_is_closed_says_so_whatever_is_called(core):
    order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    report = core.cancel(order)
    seqs = list(core.event_view(0)["seq"])
    view = core.event_view(0)
    with core:
        pass
    core.close()
    calls = [
        lambda: core.submit("AAPL", "BUY", 1, 50), lambda: core.check("AAPL", "BUY", 1, 50), lambda: core.cancel(order),
        lambda: core.submit_batch(batch(1)), lambda: core.quote("XNAS", "AAPL"), lambda: core.mark("AAPL", 1),
        lambda: core.define_account("beta"), core.mass_cancel, core.state_hash, core.metrics, core.clock_tick,
        core.roll_day, core.latency, lambda: core.event_hash, lambda: core.position("AAPL"), core.pnl,
        core.orders.open_orders, core.positions.trades, lambda: core.orders.order(order_id=1), lambda: order.row,
        lambda: order.ord_status, lambda: list(core.reports(0)), lambda: list(core.outbound()), lambda: core.event_view(0),
        core.risk.engage_kill_switch, lambda: core.intern(["new"]), lambda: core.explain(order),
        lambda: core.subscribe(print), lambda: core._gate.core.start_tap(1), core._gate.core.read_tap,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="the core is closed"):
            call()
    assert (report.order_id, order.order_id) == (1, 1)
    assert list(view["seq"]) == seqs


def test_a_batch_ends_where_another_thread_closes_the_core(backend):
    core = build_core(backend, capacity=small_capacity(cl_ord_ids=2**19))
    count = 400_000 if backend == "native" else 6_000
    out, before = np.zeros(count, ACK_DTYPE), core._gate.core.command_seq
    raised = []

    def run():
        try:
            core.submit_batch(batch(count), out=out)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while core._gate.core.command_seq == before:
        pass
    core.close()
    thread.join()
    ran = np.count_nonzero(out["report_type"])
    assert 0 < ran < count
    assert "the core is closed" in str(raised[0])
    assert f"{ran} of {count} records have run" in raised[0].__notes__[0]


FORKED = """
core, idle = build_core(backend, capacity=small_capacity(cl_ord_ids=2**20)), build_core(backend)
kept = idle.submit("AAPL", "BUY", 1, 50, venue="XNAS")
expected, done, errors = idle.state_hash(), threading.Event(), []

def work():
    try:
        orders = batch(50_000 if backend == "native" else 500)
        while not done.is_set():
            core.submit_batch(orders)
    except BaseException as error:
        errors.append(error)

thread = threading.Thread(target=work)
thread.start()
while core._gate.core.command_seq < 1_000:
    pass
lost = 0
for turn in range(30):
    child = os.fork()
    if child == 0:
        status = 9
        try:
            assert idle.state_hash() == expected
            assert idle.cancel(kept).exec_type == tc.ExecType.CANCELED
            assert idle.submit("AAPL", "BUY", 1, 50, venue="XNAS").ord_status == tc.OrdStatus.NEW
            status = 0
            started = time.monotonic()
            for call in (lambda: core.submit("AAPL", "BUY", 1, 50), core.state_hash, lambda: core.submit_batch(batch(1))):
                try:
                    call()
                except RuntimeError as error:
                    assert "when the process was forked" in str(error)
                    status = 1
            assert time.monotonic() - started < 5
        except BaseException:
            import traceback
            traceback.print_exc()
            status = 9
        finally:
            sys.stdout.flush()
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 1), status
    lost += status
done.set()
thread.join()
assert not errors, errors
assert lost > 0
assert core.submit("AAPL", "BUY", 1, 50, venue="XNAS").ord_status == tc.OrdStatus.NEW
assert core.state_hash() and idle.state_hash() == expected
print("lost in", lost)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_the_child_of_a_fork_hears_at_once_of_a_core_that_another_thread_was_in(backend):
    assert "lost in" in run_apart(FORKED, backend)


ENDING = """
import atexit, fractions
core = build_core(backend, capacity=small_capacity(cl_ord_ids=2**20))

class Last:
    def __init__(self):
        self.core, self.write = core, os.write
    def __del__(self):
        try:
            self.core.submit("AAPL", "BUY", 1, 50)
            self.core.state_hash()
        except Exception:  # modules are going: whatever it is, it must not wait for ever
            pass
        self.write(1, b"last\\n")

fractions.last = Last()  # gone when that module is, in the middle of the end: a daemon's frame keeps our own globals
atexit.register(lambda: core.submit("AAPL", "BUY", 1, 50))

def work(number):
    orders = batch(20_000 if backend == "native" else 300)
    while True:
        order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
        order.row, core.metrics(), core.orders.open_orders()
        core.cancel(order)
        if number % 2:
            core.submit_batch(orders)

for number in range(4):
    threading.Thread(target=work, args=(number,), daemon=True).start()
time.sleep(float(sys.argv[1] == "python") * 0.1 + 0.1)
"""


def test_an_interpreter_ends_while_other_threads_work(backend):
    for _ in range(5):
        assert "last" in run_apart(ENDING, backend)


# ---- the tap


def test_the_tap_has_what_was_applied_and_says_where_it_was_full(core):
    gate, kind = core._gate.core, tc.CommandType.MARK
    assert len(gate.read_tap()) == 0
    gate.start_tap(3)  # in whole blocks
    mark = CODECS[kind].pack(kind=kind, instrument=1, mark_px=CENT)
    refused = CODECS[kind].pack(kind=kind, instrument=9, mark_px=CENT)
    gate.apply(mark, T0)
    gate.apply(refused, T0 + 5)
    core.check("AAPL", "BUY", 1, 50)
    rows = gate.read_tap()
    assert [(row["command"].tobytes(), int(row["now"])) for row in rows] == [(mark, T0), (refused, T0 + 5)]
    for _ in range(1_030):
        gate.apply(mark, T0)
    rows = gate.read_tap()
    assert 1_000 < len(rows) <= 1_024
    with pytest.raises(RuntimeError, match=f"the tap was full: {1_030 - len(rows)} commands were not kept"):
        gate.read_tap()
    gate.start_tap(1)
    gate.apply(mark, T0)
    assert len(gate.read_tap()) == 1
    gate.start_tap(0)
    gate.apply(mark, T0)
    assert len(gate.read_tap()) == 0


def test_acks_go_where_the_caller_wants_them(core):
    out = np.zeros(2, ACK_DTYPE)
    out["order_id"] = 99
    assert core.submit_batch(batch(2), out=out) is out
    assert list(out["order_id"]) == [1, 2]
    for bad, error in (([1], TypeError), (np.zeros(3, ACK_DTYPE), ValueError), (np.zeros(2), ValueError),
                       (np.zeros(4, ACK_DTYPE)[::2], ValueError)):
        before = core._gate.core.command_seq
        with pytest.raises(error, match="out must be"):
            core.submit_batch(batch(2), out=bad)
        assert core._gate.core.command_seq == before


# What is fetched ahead of a chunk's end belongs to the commands that it names, wherever the chunk ends: an order's slot
# taken for the number of an id would be read far behind the table of ids, which is a small one here.
ENDS = """
resting, canceled = 400_000, 5_000
core = build_core(backend, accounts=["stays", "goes"], capacity=tc.Capacity(
    open_orders=2**20, cl_ord_ids=64, order_history=64, reject_history=64, events=2**14))

def rest(count, account):
    orders = batch(count)
    orders["account"], orders["venue"], orders["time_in_force"] = account, 1, tc.TimeInForce.DAY
    return core.submit_batch(orders)["order_id"]

last = rest(resting, 1)[-1]
for end in range(1, 33):
    rest(canceled, 2)
    cancels = np.zeros(end + 41, tc.CANCEL_DTYPE)
    cancels["kind"], cancels["version"] = tc.CommandType.CANCEL, VERSION
    cancels["order_id"][:end] = np.arange(last - end, last)
    cancels["kind"][end], cancels["account"][end] = tc.CommandType.MASS_CANCEL, 2
    cancels["orig_cl_ord_id"][end + 1:] = 12_345
    acks = core.submit_batch(cancels)
    assert (acks["ord_status"][:end] == tc.OrdStatus.CANCELED).all(), (end, acks[:end])
    assert (acks["reason"][end + 1:] == tc.Reason.UNKNOWN_ORDER).all(), (end, acks[end + 1:])
    last -= end
assert core.metrics()["open_orders"] == resting - sum(range(1, 33)), core.metrics()
"""


def test_a_chunk_may_end_anywhere():
    run_apart(ENDS, "native")

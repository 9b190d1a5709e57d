"""Any thread may call: answers belong to their commands, rows are whole, and nothing is lost between threads."""

import subprocess
import sys
import sysconfig
import threading

import numpy as np
import pytest
from conftest import CENT, T0, build_core, limits

import tradecore as tc

THREADS, ROUNDS = 4, 400


def run_threads(*works):
    """Runs each work in a thread of its own; the errors that they raised."""
    errors, gate = [], threading.Barrier(len(works))

    def guarded(work):
        gate.wait()
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def core(backend):
    return build_core(backend, accounts=[f"a{n}" for n in range(THREADS)], limits=limits())


def test_each_command_gets_its_own_answer(core):
    def work(number):
        account, price = f"a{number}", 50 + number
        for turn in range(ROUNDS):
            order = core.submit("AAPL", "BUY", 1, price, account=account, cl_ord_id=f"{number}-{turn}")
            assert order.account == account
            report = core.cancel(order)
            assert (report.order_id, report.exec_type) == (order.order_id, tc.ExecType.CANCELED)
            with pytest.raises(tc.RefusedError, match=f"ask_px {price}"):
                core.quote("XNAS", "AAPL", bid=price + 1, bid_size=1, ask=price, ask_size=1)

    assert run_threads(*[lambda n=n: work(n) for n in range(THREADS)]) == []
    assert core.metrics()["open_orders"] == 0


def test_rows_are_read_whole_while_a_batch_runs(core, backend):
    """At one price, cost is quantity times price: a torn row would not be."""
    count = 40_000 if backend == "native" else 2_000
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["order_qty"], orders["price"] = 1, 1, 7, 10_000 * CENT
    orders["side"], orders["time_in_force"] = tc.Side.BUY, tc.TimeInForce.IOC
    core.quote("XNAS", "AAPL", ask=100, ask_size=10**9)
    done, reads = threading.Event(), []

    def trade():
        try:
            for _ in range(5):
                core.submit_batch(orders)
        finally:
            done.set()

    def read():
        while not done.is_set():
            row = core.position("AAPL", "a0").row
            assert row.cost == row.qty * 10_000 * CENT
            reads.append(row.qty)

    assert run_threads(trade, read, read) == []
    assert reads


def test_a_question_leaves_the_clock_where_a_batch_has_moved_it(core, backend):
    count = 40_000 if backend == "native" else 1_000
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["order_qty"], orders["price"] = 1, 1, 7, 10_000 * CENT
    orders["side"], orders["time_in_force"] = tc.Side.BUY, tc.TimeInForce.IOC
    orders["transact_time"] = T0 + np.arange(1, count + 1)
    done = threading.Event()

    def trade():
        try:
            for _ in range(5):
                core.submit_batch(orders)
                assert core._gate.core.now == orders["transact_time"][-1]
                orders["transact_time"] += count
        finally:
            done.set()

    def ask():
        while not done.is_set():
            core.check("AAPL", "BUY", 1, 100, account="a0")

    assert run_threads(trade, ask) == []


def test_a_core_leaves_a_free_threaded_python_free():
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("this Python has a GIL")
    code = "import sys, tradecore; tradecore.TradingCore(backend='native'); sys.exit(sys._is_gil_enabled())"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0


def test_no_report_is_lost_or_seen_twice_by_a_subscriber(core):
    heard = []
    core.subscribe(lambda report: heard.append(report.seq))

    def work(number):
        for _ in range(ROUNDS):
            core.cancel(core.submit("AAPL", "BUY", 1, 50, account=f"a{number}"))

    first = core._gate.core.event_seq + 1
    assert run_threads(*[lambda n=n: work(n) for n in range(THREADS)]) == []
    assert heard == list(range(first, core._gate.core.event_seq + 1))


def test_open_orders_and_trades_are_read_whole_while_others_command(core):
    """A handle may be to an order that has just ended; what is listed is never half an order."""
    done, seen = threading.Event(), []

    def work(number):
        account = f"a{number}"
        for turn in range(ROUNDS):
            order = core.submit("AAPL", "BUY" if turn % 2 else "SELL", 1 + number, 50, account=account, venue="XNAS")
            if turn % 3 == 0:
                core.cancel(order)
        if number == 0:
            done.set()

    def read():
        while not done.is_set():
            for order in core.orders.open_orders():
                row = order.row
                assert row.leaves_qty == (0 if row.ord_status == tc.OrdStatus.CANCELED else row.order_qty - row.cum_qty)
            trades = core.positions.trades("a0")
            assert all(trade.last_px == 50 and trade.account == "a0" for trade in trades)
            seen.append(len(trades))

    assert run_threads(read, *[lambda n=n: work(n) for n in range(THREADS)]) == []
    assert seen == sorted(seen)

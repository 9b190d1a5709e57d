"""What native commands cost beside few and many of what they are not about, in instructions: callgrind counts them. The
twin's steps, in every run of the tests: tests/orders/test_open_orders.py, tests/risk/test_exposures.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

FEW, MANY = 50, 500
WORK = """
import os, sys
import tradecore as tc

OFF = tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF)
TIMES = 50
SMALL = tc.Capacity(instruments=1024, books=1024, open_orders=2048, order_history=2048, reject_history=2048, cl_ord_ids=4096,
                    ids=8192, trades=4096, exec_ids=4096, limit_rows=4096, events=8192)

class Clock:
    now = 1_790_000_000 * 10**9
    def __call__(self):
        return self.now

def answers(count):
    '''Answers by an id that the core made on a day that is over, beside so many open orders.'''
    core = tc.TradingCore(instruments=[tc.Instrument("AAPL")], venues=[tc.ExternalVenue("EXT")], accounts=["a"], limits=OFF,
                          capacity=SMALL, backend="native", clock=Clock())
    for _ in range(count):
        core.submit("AAPL", "BUY", 1, 1, venue="EXT")
    def work():
        for _ in range(TIMES):
            report = core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="TC-20200101-1")
        assert report.reason is tc.Reason.UNKNOWN_ORDER
    return work

def marks(count):
    '''Orders into a flat position and their cancels, where so many younger marks are of what is held.'''
    names, clock = [f"S{n}" for n in range(count + 1)], Clock()
    core = tc.TradingCore(instruments=[tc.Instrument(name) for name in names], venues=[tc.SimulatedVenue("SIM")],
                          accounts=["a"], limits=OFF, backend="native", clock=clock, capacity=SMALL)
    core.mark("S0", 1)
    for name in names[1:]:
        clock.now += 1000
        core.mark(name, 1)
        core.positions.open_position(name, 1, 1)
    core.risk.set_limit("stale_quote", 10**9, account="a")
    def work():
        for _ in range(TIMES):
            order = core.submit("S0", "BUY", 1, 1)
            assert order.reason is tc.Reason.NONE
            core.cancel(order)
    return work

for prepare in (answers, marks):
    for count in map(int, sys.argv[1:]):
        work = prepare(count)
        work()  # once before: the interpreter specialises code that it knows
        os.getppid()  # each is told apart by the calls of this
        work()
        os.getppid()
"""


@pytest.mark.long
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind counts instructions")
def test_a_native_command_executes_no_more_beside_more(tmp_path):
    subprocess.run(["valgrind", "--quiet", "--tool=callgrind", "--dump-before=getppid", f"--callgrind-out-file={tmp_path}/dump",
                    sys.executable, "-c", WORK, str(FEW), str(MANY)], check=True, capture_output=True, text=True)
    totals = [int(re.findall(r"^totals: (\d+)", path.read_text(), re.M)[0])
              for path in sorted(tmp_path.glob("dump.*"), key=lambda path: int(path.suffix[1:]))]
    counted = totals[1::2][:4]  # every second one is of what prepares
    assert len(counted) == 4, totals
    for few, many in zip(counted[::2], counted[1::2], strict=True):
        assert few > 10**5
        assert many <= 1.05 * few, counted

"""Threads that share nothing but a ring, in native loops: millions of records through every kind, policy and wait."""

import threading
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

from tradecore import RingBuffer

if find_spec("tradecore._native.drill") is None:
    pytest.skip("the drills are in no wheel: TRADECORE_DRILL=ON builds them", allow_module_level=True)
drill = import_module("tradecore._native.drill")

LINE = np.dtype("V64")
KINDS = [("one", "fail", 1), ("one", "spin", 1), ("one", "block", 1), ("one", "overwrite", 1),
         ("many", "fail", 2), ("many", "spin", 2), ("many", "block", 2), ("many", "overwrite", 2), ("many", "block", 1)]


def run(ring, producers, each, batch, take):
    """(drained, lost, faults) of so many producing threads and a consuming one."""
    found = []
    threads = [threading.Thread(target=drill.produce, args=(ring._memory, number, each, batch)) for number in range(producers)]
    threads.append(threading.Thread(target=lambda: found.append(drill.consume(ring._memory, producers * each, take))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found[0]


@pytest.mark.parametrize(("kind", "on_full", "producers"), KINDS)
@pytest.mark.parametrize(("wait", "batch", "take"), [("yield", 1, 64), ("backoff", 7, 1), ("futex", 61, 256)])
def test_two_million_records_come_once_whole_and_in_order(kind, on_full, producers, wait, batch, take):
    each = 2_000_000 // 3 // producers
    with RingBuffer(LINE, 256, producers=kind, on_full=on_full, wait=wait, backend="native") as ring:
        drained, lost, faults = run(ring, producers, each, batch, take)
        assert faults == 0
        assert drained + lost == each * producers
        if on_full == "overwrite":
            assert drained > 0
        else:
            assert lost == 0


def test_the_drill_itself_finds_a_record_that_is_torn():
    with RingBuffer(LINE, 256, on_full="block", wait="yield", backend="native") as ring:
        ring.publish(np.frombuffer(b"\1" * 64, LINE))
        assert drill.consume(ring._memory, 1, 1) == (1, 0, 1)

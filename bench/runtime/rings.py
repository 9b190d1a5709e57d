"""What a ring's record costs, beside a C++ queue of one element at a time, a bare cache line, and queue.SimpleQueue.

Two native threads, each pinned to a processor; rounds of all contenders take turns; medians, and the best round, which
a busy machine disturbs least. Needs two processors, a C++ compiler, and the drills (TRADECORE_DRILL).
"""

from __future__ import annotations

import ctypes
import os
import platform
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np

import tradecore as tc

HERE = Path(__file__).parent
LINE = np.dtype("V64")
CAPACITY, RECORDS, BATCH, TRIPS, ROUNDS = 1_024, 2_000_000, 128, 100_000, 15
PYTHON_BATCHES = (256, 1_024, 4_096)
CPUS = sorted(os.sched_getaffinity(0))[:2] if hasattr(os, "sched_getaffinity") else []
drill = import_module("tradecore._native.drill")


def build_queue(folder: str) -> ctypes.CDLL:
    """The C++ queue of queue.cpp, compiled."""
    library = Path(folder) / "queue.so"
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O3", "-shared", "-fPIC", "-o", library,
                    HERE / "queue.cpp"], check=True)
    found = ctypes.CDLL(str(library))
    found.queue_new.restype, found.queue_receive.restype = ctypes.c_void_p, ctypes.c_uint64
    found.queue_new.argtypes, found.queue_delete.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    found.queue_send.argtypes = found.queue_receive.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
    return found


def both(other: Callable[[], object], measured: Callable[[], int]) -> float:
    """ns that `measured` says, while `other` runs on the second processor."""
    found: list[float] = []

    def run(cpu: int, work: Callable[[], object], *, keep: bool) -> None:
        if len(CPUS) > 1:
            os.sched_setaffinity(0, {CPUS[cpu]})
        result = work()
        if keep:
            found.append(float(result))  # type: ignore[arg-type]  # `measured` gives a number

    threads = [threading.Thread(target=run, args=(0, measured), kwargs={"keep": True}),
               threading.Thread(target=run, args=(1, other), kwargs={"keep": False})]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found[0]


def ring(producers: str, batch: int) -> float:
    with tc.RingBuffer(LINE, CAPACITY, producers=producers, on_full="spin", wait="busy", backend="native") as made:
        memory = made._memory
        return both(lambda: drill.send(memory, RECORDS, batch), lambda: drill.receive(memory, RECORDS, batch)) / RECORDS


def cpp(library: ctypes.CDLL) -> float:
    made = library.queue_new(CAPACITY)
    taken = both(lambda: library.queue_send(made, RECORDS), lambda: library.queue_receive(made, RECORDS))
    library.queue_delete(made)
    return taken / RECORDS


def round_trip() -> float:
    there, back = (tc.RingBuffer(LINE, 64, on_full="spin", wait="busy", backend="native") for _ in "ab")
    return both(lambda: drill.round_trips(there._memory, back._memory, TRIPS, True),
                lambda: drill.round_trips(there._memory, back._memory, TRIPS, False)) / TRIPS


def bare(pauses: bool) -> float:
    line = np.zeros(32, "u8")[8:]
    return both(lambda: drill.exchanges(line, TRIPS, True, pauses),
                lambda: drill.exchanges(line, TRIPS, False, pauses)) / TRIPS


def from_python(batch: int) -> float:
    """publish and drain, in one thread: ns an item, once each page of the ring has been touched."""
    made = tc.RingBuffer(LINE, 4 * batch, backend="native")
    records = np.zeros(batch, LINE)
    for turn in range(204):
        if turn == 4:
            start = time.perf_counter_ns()
        made.publish(records)
        made.drain()
    return (time.perf_counter_ns() - start) / 200 / batch


def simple_queue() -> float:
    made: queue.SimpleQueue[object] = queue.SimpleQueue()
    item = object()
    start = time.perf_counter_ns()
    for _ in range(max(PYTHON_BATCHES)):
        made.put(item)
    for _ in range(max(PYTHON_BATCHES)):
        made.get()
    return (time.perf_counter_ns() - start) / max(PYTHON_BATCHES)


# What is divided by what, and what it must be: at least, or at most.
RATIOS = [
    ("64-byte records in batches, than the C++ queue", "C++ queue", "ring, batches", ">=", 5.0),
    ("one at a time, than the C++ queue", "C++ queue", "ring, one at a time", ">=", 2.0),
    ("a round trip, of the bare cache line's", "round trip", "bare exchange", "<=", 1.2),
    ("many producers with one, batches, of one producer", "ring of many, batches", "ring, batches", "<=", 2.0),
    ("many producers with one, one at a time, of one producer", "ring of many, one at a time", "ring, one at a time",
     "<=", 2.0),
    *((f"publish and drain of {batch} in Python, than SimpleQueue", "SimpleQueue", f"from Python, batches of {batch}",
       ">=", 20.0) for batch in PYTHON_BATCHES),
]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        library = build_queue(folder)
        works: dict[str, Callable[[], float]] = {
            "ring, batches": partial(ring, "one", BATCH), "ring, one at a time": partial(ring, "one", 1),
            "ring of many, batches": partial(ring, "many", BATCH),
            "ring of many, one at a time": partial(ring, "many", 1),
            "C++ queue": partial(cpp, library), "round trip": round_trip, "bare exchange": partial(bare, False),
            "bare exchange, with a pause": partial(bare, True),
            **{f"from Python, batches of {batch}": partial(from_python, batch) for batch in PYTHON_BATCHES},
            "from Python, one": partial(from_python, 1),
            "SimpleQueue": simple_queue,
        }
        taken: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                taken[name].append(work())
    print(f"\nrings: 64-byte records, capacity {CAPACITY}, batches of {BATCH}, {len(CPUS)} processors, "
          f"{platform.machine()}; ns a record (or a trip), {ROUNDS} rounds in turn")
    for name, rounds in taken.items():
        print(f"{name:<30} {np.median(rounds):>10.1f} median {min(rounds):>10.1f} best")
    for what, above, below, sign, target in RATIOS:
        middle = float(np.median(taken[above]) / np.median(taken[below]))
        best = min(taken[above]) / min(taken[below])
        met = [ratio >= target if sign == ">=" else ratio <= target for ratio in (middle, best)]
        half = f"met by the {'median' if met[0] else 'best'} alone"
        words = "met" if all(met) else half if any(met) else "MISSED"
        print(f"{what:<60} {middle:>6.2f} x median {best:>6.2f} x best, target {sign} {target}: {words}")


if __name__ == "__main__":
    main()

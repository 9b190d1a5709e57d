"""`tradecore bench --memory`: what the order path allocates, in processes of its own, so that nothing else is counted.

Calls of malloc are counted by a library that stands before the C library's (LD_PRELOAD), built here by `cc`; Python's
objects likewise, with Python told to take each from malloc. Without glibc or a compiler these rows say n/a, and so does
the plain-Python twin.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

# glibc's own names stand behind ours, so that nothing has to be looked up.
_INTERPOSER = r"""
#include <errno.h>
#include <stddef.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
static long counted;
static int counting;
static void count(void) {
    if (__atomic_load_n(&counting, __ATOMIC_RELAXED)) __atomic_fetch_add(&counted, 1, __ATOMIC_RELAXED);
}
void tc_count(int on) { __atomic_store_n(&counting, on, __ATOMIC_RELAXED); }
long tc_counted(void) { return __atomic_load_n(&counted, __ATOMIC_RELAXED); }
void *malloc(size_t n) { count(); return __libc_malloc(n); }
void *calloc(size_t n, size_t s) { count(); return __libc_calloc(n, s); }
void *realloc(void *p, size_t n) { count(); return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { count(); *p = __libc_memalign(a, n); return *p ? 0 : ENOMEM; }
"""

# Pairs of orders, one that rests and one that takes it, of two accounts, through a small core.
_CORE = """
import ctypes, gc, json, sys, time
import numpy as np
import tradecore as tc
core = tc.TradingCore(
    instruments=[tc.Instrument("AAPL")], venues=[tc.SimulatedVenue("XNAS")], accounts=["alpha", "beta"],
    limits=tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF), capacity=tc.Capacity.small(), backend="native")
BATCH = 10_000
orders = tc.new_orders(BATCH)
orders["instrument"], orders["side"][::2], orders["side"][1::2] = core.ids("AAPL"), tc.Side.BUY, tc.Side.SELL
orders["account"][::2], orders["account"][1::2] = core.ids(account="alpha"), core.ids(account="beta")
orders["order_qty"], orders["price"] = 100, tc.Instrument("AAPL").price_units("190.00")
def size_of(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))
"""

_MALLOCS = _CORE + """
c = ctypes.CDLL(None)
acks, now = np.zeros(BATCH, tc.ACK_DTYPE), time.time_ns()
run = core._gate.core.run
def count(batches):
    before = c.tc_counted()
    for _ in range(batches):
        c.tc_count(1)
        if batches > 1:
            run(orders, acks, now)
        c.tc_count(0)
    return c.tc_counted() - before
count(20)
idle = count(1)
assert (acks["cum_qty"] > 0).any()
print(json.dumps({"mallocs": count(100) - 100 * idle}))
"""

_OBJECTS = _CORE + """
c = ctypes.CDLL(None)
calls = 2_000
def call(times):
    before = c.tc_counted()
    c.tc_count(1)
    for _ in range(times):
        core.submit("AAPL", "BUY", 100, 190, account="alpha")
        core.submit("AAPL", "SELL", 100, 190, account="beta")
    c.tc_count(0)
    return (c.tc_counted() - before) / (2 * times)
def batch():
    before = c.tc_counted()
    c.tc_count(1)
    core.submit_batch(orders)
    c.tc_count(0)
    return (c.tc_counted() - before) / BATCH
call(200), batch()
print(json.dumps({"made": call(calls), "batch": batch()}))
"""

_HELD = _CORE + """
gc.disable()
kept = [None] * 4_000
for again in range(2):
    kept[:] = [None] * len(kept)
    blocks = sys.getallocatedblocks()
    for at in range(0, len(kept), 2):
        kept[at] = core.submit("AAPL", "BUY", 100, 190, account="alpha")
        kept[at + 1] = core.submit("AAPL", "SELL", 100, 190, account="beta")
    held = (sys.getallocatedblocks() - blocks) / len(kept)
print(json.dumps({"held": held}))
"""

_COLLECTIONS = _CORE + """
gc.collect()
gc.freeze()
gc.set_threshold(100_000)
taken, count, start = 0, 0, 0
def told(phase, info):
    global taken, count, start
    if phase == "start":
        start = time.perf_counter_ns()
    else:
        taken, count = taken + time.perf_counter_ns() - start, count + 1
gc.callbacks.append(told)
began = time.perf_counter_ns()
kept = []
while (run := time.perf_counter_ns() - began) < 3_000_000_000:
    for _ in range(500):
        kept.append(core.submit("AAPL", "BUY", 100, 190, account="alpha"))
        kept.append(core.submit("AAPL", "SELL", 100, 190, account="beta"))
    if len(kept) > 20_000:
        kept.clear()
print(json.dumps({"share": taken / run, "per_second": count / (run / 1e9)}))
"""

_PEAK = _CORE + """
for _ in range(100):
    acks = core.submit_batch(orders)
    assert (acks["ord_status"] != 8).all()
m = core.metrics()
print(json.dumps({"peak": size_of("VmHWM"), "hits": 1 - m["tables_full"] / m["commands"]}))
"""

_DEFAULT = """
import json
import tradecore as tc
def sizes():
    with open("/proc/self/status") as status:
        found = dict(line.split(":") for line in status)
    return [int(found[name].split()[0]) * 1024 for name in ("VmSize", "VmRSS")]
before = sizes()
core = tc.TradingCore(instruments=[tc.Instrument("AAPL")], venues=[tc.SimulatedVenue("XNAS")], accounts=["alpha"],
                      backend="native")
after = sizes()
print(json.dumps({"reserved": after[0] - before[0], "touched": after[1] - before[1]}))
"""

Row = dict[str, Any]


def measure(backend: str) -> list[Row]:
    """Every row: name, value, unit, target, ok; value and ok are None, and `why` says why, where it is not measured."""
    with tempfile.TemporaryDirectory() as folder:
        library = _build(folder)
        found: dict[str, dict[str, Any] | str] = {}
        programs = {"mallocs": _MALLOCS, "objects": _OBJECTS, "held": _HELD, "gc": _COLLECTIONS,
                    "as it is": _COLLECTIONS.replace("gc.freeze()\ngc.set_threshold(100_000)\n", ""), "peak": _PEAK,
                    "default": _DEFAULT}
        for name, program in programs.items():
            counts = name in ("mallocs", "objects")
            found[name] = _run(program, library if counts else None, name == "objects") if backend == "native" else (
                "the plain-Python twin allocates as Python does")
            if counts and library is None and backend == "native":
                found[name] = "it needs glibc and a C compiler (cc) for this processor"
    return [
        _row(found["mallocs"], "malloc calls in the native pass, 1,000,000 orders after warm-up", "mallocs", "calls", 0,
             "<="),
        _row(found["objects"], "Python objects made an order, in a batch", "batch", "objects", 5, "<"),
        _row(found["held"], "Python objects that a submit() leaves, its Order held", "held", "objects", 5, "<"),
        _row(found["objects"], "Python objects made a submit(), those gone at its end included", "made", "objects", 5,
             "<"),
        _row(found["gc"], "garbage collection, of 3 s of submit(), frozen, threshold 100,000", "share", "%", 1, "<",
             100),
        _row(found["gc"], "collections a second of that run", "per_second", "1/s", 2, "<"),
        _row(found["as it is"], "the same without either", "per_second", "1/s", None, ""),
        _row(found["peak"], "peak memory after 1,000,000 orders, Capacity.small()", "peak", "MB", 100, "<", 1e-6),
        _row(found["peak"], "its commands that found room in every table", "hits", "%", 95, ">", 100),
        _row(found["default"], "address space of a default core", "reserved", "MB", None, "", 1e-6),
        _row(found["default"], "of it touched, so in memory", "touched", "MB", None, "", 1e-6),
    ]


def _row(found: dict[str, Any] | str, name: str, key: str, unit: str, target: float | None, sign: str,
         scale: float = 1) -> Row:
    said = None if target is None else f"{sign} {target}"
    if isinstance(found, str):
        return {"name": name, "value": None, "unit": unit, "target": said, "ok": None, "why": found}
    value = round(found[key] * scale, 3)
    ok = None if target is None else {"<": value < target, "<=": value <= target, ">": value > target}[sign]
    return {"name": name, "value": value, "unit": unit, "target": said, "ok": ok}


def _build(folder: str) -> Path | None:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    source, library = Path(folder) / "count.c", Path(folder) / "count.so"
    source.write_text(_INTERPOSER)
    command = [compiler, "-O2", "-shared", "-fPIC", "-fno-builtin", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603  # the text above
    return library if done.returncode == 0 and _is_ours(library) else None


def _is_ours(library: Path) -> bool:
    """Is it for this processor? A compiler may be for another: what can't be loaded counts nothing."""
    try:
        ctypes.CDLL(str(library))
    except OSError:
        return False
    return True


def _run(program: str, library: Path | None, from_malloc: bool) -> dict[str, Any] | str:
    variables = {**os.environ, "TRADECORE_BACKEND": "native"}
    if library is not None:
        variables["LD_PRELOAD"] = str(library)
    if from_malloc:
        variables["PYTHONMALLOC"] = "malloc"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=variables, capture_output=True, text=True)  # noqa: S603  # one of those above
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def render(rows: list[Row]) -> str:
    """The rows as a table."""
    lines = []
    for row in rows:
        value = "n/a" if row["value"] is None else f"{row['value']:,.3f}".rstrip("0").rstrip(".")
        judged = {True: "met", False: "MISSED", None: ""}[row["ok"]]
        said = f"{row['name']:<66} {value:>10} {row['unit']:<8} {row['target'] or '':<7} {judged} {row.get('why', '')}"
        lines.append(said.rstrip())
    return "\n".join(lines)

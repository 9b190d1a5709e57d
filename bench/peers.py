"""Calls from Python beside an empty compiled one, and beside OpenPit's: ratios of one run, in one process, in turns.

    make bench-peers [ARGS=--json]

An empty call is a method of a compiled class with seven arguments that does nothing. Each row is the median of its
rounds over the median of what it is compared with. OpenPit (`pip install --group calls`) is said to be skipped where it
is not installed: its four policies are order size, order validation, rate limit and P&L bounds.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import tradecore as tc

CALLS, ROUNDS = 3_000, 15
EMPTY = """# cython: language_level=3
cdef class Empty:
    cdef public long number
    def call(self, symbol, side, qty, price, account, venue, cl_ord_id): return None
"""
Call = Callable[[], object]


def empty_class() -> Any:
    """A compiled class with an attribute and a method that does nothing, built here."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "tradecore_empty.pyx"
        source.write_text(EMPTY)
        build = [sys.executable, "-m", "Cython.Build.Cythonize", "-q", "-i", str(source)]
        subprocess.run(build, check=True, cwd=folder)
        built = next(Path(folder).glob("tradecore_empty*.so"))
        spec = importlib.util.spec_from_file_location("tradecore_empty", built)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.Empty()


def build_core() -> tc.TradingCore:
    """Eight venues that display the same, one account with every limit armed."""
    limits = tc.RiskLimits(max_order_qty=10**6, price_collar_bps=500, max_order_notional=10**9, max_position_qty=10**12,
                           order_rate=10**6)
    core = tc.TradingCore(
        instruments=[tc.Instrument("AAPL")], venues=[tc.SimulatedVenue(f"V{n}") for n in range(8)], accounts=["alpha"],
        limits=limits, capacity=tc.Capacity(order_rate=2**20, open_orders=2**19), backend="native")
    for n in range(8):
        core.quote(f"V{n}", "AAPL", bid="99.98", bid_size=10**9, ask="100.01", ask_size=10**9)
    return core


def tradecore_calls() -> dict[str, Call]:
    """The measured calls by name; an order to cancel is submitted outside the measured time."""
    core, resting = build_core(), list[tc.Order]()
    submit, cancel, quote, check = core.submit, core.cancel, core.quote, core.check
    buy = core.prepare("AAPL", "BUY", account="alpha")
    order = submit("AAPL", "BUY", 100, "98.02", venue="V2")  # it rests: it is never evicted
    resting += [submit("AAPL", "BUY", 1, "98.01", venue="V1") for _ in range(CALLS * (ROUNDS + 1))]
    return {
        "submit(), fill": lambda: submit("AAPL", "BUY", 100, "100.01", account="alpha"),
        "prepared, fill": lambda: buy(100, "100.01"),
        "submit(), resting": lambda: submit("AAPL", "BUY", 1, "99.01", account="alpha", venue="V1"),
        "cancel()": lambda: cancel(resting.pop()),
        "quote()": lambda: quote("V3", "AAPL", bid="99.98", bid_size=10**9, ask="100.01", ask_size=10**9),
        "check()": lambda: check("AAPL", "BUY", 100, "100.01", account="alpha"),
        "order.ord_status": lambda: order.ord_status,
        "order.transact_time": lambda: order.transact_time,
        "order.price": lambda: order.price,
        "order.cum_qty": lambda: order.cum_qty,
    }


def openpit_calls() -> dict[str, Call]:
    """OpenPit's check of four policies: with the order made before, and with making it. Empty where it is not there."""
    try:
        import openpit
        from openpit.param import AccountId, Pnl, Price, Quantity, Side, TradeAmount, Volume
        from openpit.pretrade import policies as p
    except ImportError as error:
        print(f"openpit: skipped ({error})", file=sys.stderr)
        return {}
    builder = openpit.Engine.builder().no_sync()
    builder = builder.builtin(p.build_order_size_limit().broker_barrier(p.OrderSizeBrokerBarrier(
        limit=p.OrderSizeLimit(max_quantity=Quantity("1000000"), max_notional=Volume("1000000000")))))
    builder = builder.builtin(p.build_order_validation())
    builder = builder.builtin(p.build_rate_limit().broker_barrier(p.RateLimitBrokerBarrier(
        limit=p.RateLimit(max_orders=10**9, window=timedelta(seconds=1)))))
    builder = builder.builtin(p.build_pnl_bounds_killswitch().broker_barriers(p.PnlBoundsBrokerBarrier(
        settlement_asset="USD", lower_bound=Pnl("-1000000"))))
    engine = builder.build()

    def build() -> Any:
        return openpit.Order(operation=openpit.OrderOperation(
            instrument=openpit.Instrument("AAPL", "USD"), account_id=AccountId.from_int(99224416), side=Side.BUY,
            trade_amount=TradeAmount.quantity("100"), price=Price("100.01")))

    order = build()
    return {"OpenPit check": lambda: engine.execute_pre_trade(order=order).ok,
            "OpenPit build + check": lambda: engine.execute_pre_trade(order=build()).ok}


def measure(calls: dict[str, Call]) -> dict[str, float]:
    """Median ns of each call, the loop's own taken off; rounds in turns, so that a slow phase meets all."""
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 1):
        for name, call in calls.items():
            start = time.perf_counter_ns()
            for _ in range(CALLS):
                call()
            if turn:  # the first warms up
                rounds[name].append((time.perf_counter_ns() - start) / CALLS)
    medians = {name: statistics.median(times) for name, times in rounds.items()}
    return {name: ns - medians["nothing"] for name, ns in medians.items()}


TARGETS = [
    ("submit(), fill", "empty call", 12.0), ("submit(), resting", "empty call", 8.0), ("cancel()", "empty call", 8.0),
    ("quote()", "empty call", 8.0), ("order.ord_status", "attribute", 4.0), ("order.transact_time", "attribute", 4.0),
    ("order.price", "Decimal(text)", 1.3), ("order.cum_qty", "Decimal(text)", 1.3), ("check()", "OpenPit check", 1.0),
    ("submit(), fill", "OpenPit build + check", 0.2),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    args = parser.parse_args()
    empty = empty_class()
    call = empty.call
    calls: dict[str, Call] = {
        "nothing": lambda: None, "empty call": lambda: call("AAPL", "BUY", 100, "100.01", "alpha", None, None),
        "attribute": lambda: empty.number, "Decimal(text)": lambda: Decimal("100.01"),
        **tradecore_calls(), **openpit_calls(),
    }
    ns = measure(calls)
    rows = [{"name": name, "beside": beside, "value": round(ns[name] / ns[beside], 3), "target": most,
             "ok": ns[name] <= most * ns[beside]} for name, beside, most in TARGETS if beside in ns]
    if args.json:
        print(json.dumps({"ns": {name: round(value, 1) for name, value in ns.items()}, "rows": rows}))
    else:
        for name, value in ns.items():
            print(f"{name:<24}{value:>10.1f} ns")
        for row in rows:
            print(f"{row['name']:<24}{row['value']:>8} x {row['beside']:<24} at most {row['target']:<6}"
                  f"{'met' if row['ok'] else 'MISSED'}")
    return 0 if all(row["ok"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`make bench`, second table: bulk marking and booking of a PositionKeeper beside NumPy, numexpr and numba.

One process, rounds interleaved, medians with the quartiles' distance over the median; so the ratios are of one run.
Peers are optional (`pip install --group peers`): one that is not installed is said to be skipped.
`--positions N` for another size than 10 million.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np

import tradecore as tc

ROUNDS = 15
WIDTH = 1_000  # accounts
Work = Callable[[], Any]


def interleave(works: dict[str, Work], rounds: int = ROUNDS, inner: int = 1) -> dict[str, tuple[float, float]]:
    """{name: (median seconds of one call, spread)}."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            for _ in range(inner):
                work()
            if turn:  # the first warms up
                times[name].append((time.perf_counter() - start) / inner)
    found = {}
    for name, taken in times.items():
        low, middle, high = np.quantile(taken, (0.25, 0.5, 0.75))
        found[name] = float(middle), float((high - low) / middle)
    return found


def build(positions: int, precision: str) -> tuple[tc.PositionKeeper, np.ndarray, np.ndarray]:
    """A keeper that holds `positions`, its fills, and a price for each instrument."""
    runs = max(1, positions // WIDTH)
    width = min(WIDTH, positions)
    keeper = tc.PositionKeeper([tc.Instrument(f"I{i}") for i in range(runs)], [f"A{a}" for a in range(width)],
                               precision=precision, trades=runs * width, backend="native")
    rng = np.random.default_rng(3)
    fills = np.zeros(runs * width, tc.FILL_DTYPE)
    fills["instrument"] = np.repeat(np.arange(1, runs + 1), width)
    fills["account"] = np.tile(np.arange(1, width + 1), runs)
    fills["qty"] = rng.integers(1, 10_000, len(fills)) * rng.choice((-1, 1), len(fills))
    fills["price"] = rng.integers(500_000, 3_000_000, len(fills))
    return keeper, fills, rng.integers(500_000, 3_000_000, runs)


def peers(qty: Any, marks: Any, cost: Any, out: Any) -> dict[str, Work]:
    """The same figures by others, on separate arrays with a mark a position."""
    found: dict[str, Work] = {"NumPy: qty * mark - cost": lambda: qty * marks - cost}

    def in_place() -> None:
        np.multiply(qty, marks, out=out)
        np.subtract(out, cost, out=out)

    found["NumPy, out="] = in_place
    try:
        import numexpr

        numexpr.set_num_threads(1)
        arrays = {"qty": qty, "marks": marks, "cost": cost}
        found["numexpr, one thread"] = lambda: numexpr.evaluate("qty * marks - cost", arrays, out=out)
    except ImportError:
        print("numexpr is not installed: skipped")
    try:
        import numba

        @numba.njit
        def mark(qty: Any, marks: Any, cost: Any, out: Any) -> None:
            for i in range(len(qty)):
                out[i] = qty[i] * marks[i] - cost[i]

        found["numba, separate arrays"] = lambda: mark(qty, marks, cost, out)
    except ImportError:
        print("numba is not installed: skipped")
    found["reading two columns, writing one (np.add)"] = lambda: np.add(qty, cost, out=out)
    found["the same bytes as ours (np.copyto)"] = lambda: np.copyto(out, cost)
    return found


def largest_error(keeper: tc.PositionKeeper, truth: Any, precision: str) -> Decimal:
    """In units of the smallest step of the currency that the ledger books, 1e-4 here."""
    view = keeper.view()
    if precision == "fast":
        return Decimal(float(np.max(np.abs(view.unrealized_fast - truth))))
    return Decimal(int(np.max(np.abs(view.unrealized - truth))))


def show(title: str, found: dict[str, tuple[float, float]], count: int, base: str) -> None:
    print(f"\n{title}\n{'':<44} {'ns each':>9} {'spread':>7} {'a call':>12} {'beside ' + base.split(':')[0]:>20}")
    for name, (seconds, spread) in found.items():
        ratio = found[base][0] / seconds
        print(f"{name:<44} {seconds / count * 1e9:>9.3f} {spread:>7.0%} {seconds * 1e6:>10.1f}us {ratio:>19.2f}x")


def bulk(positions: int) -> None:
    works: dict[str, Work] = {}
    errors: dict[str, str] = {}
    keepers = []
    for precision in ("exact", "hybrid", "fast"):
        keeper, fills, prices = build(positions, precision)
        start = time.perf_counter()
        keeper.apply_fills(fills)
        taken = time.perf_counter() - start
        print(f"apply_fills, {len(fills):,} positions opened in new memory: {len(fills) / taken / 1e6:.1f} million/s")
        keeper.mark(prices)
        view = keeper.view()
        truth = np.array(view.qty) * prices[:, None] - np.array(view.cost)
        made = np.bincount(np.array(view.made_by).ravel(), minlength=3)
        by = f"; {made[1]:,} made by float64, {made[2]:,} by integers" if precision == "hybrid" else ""
        errors[precision] = f"{largest_error(keeper, truth, precision)} of the smallest step{by}"
        works[f"tradecore, {precision}, {keeper.simd}"] = partial(keeper.mark, prices)
        keepers.append(keeper)
    qty, cost = np.array(keepers[0].view().qty).ravel(), np.array(keepers[0].view().cost).ravel()
    works |= peers(qty, np.repeat(prices, len(qty) // len(prices)), cost, np.zeros_like(qty))
    found = interleave(works)
    title = f"marking {len(qty):,} positions, every unrealised P&L written"
    show(title, found, len(qty), "NumPy: qty * mark - cost")
    for precision, error in errors.items():
        print(f"largest error, {precision}: {error}")


def extremes() -> None:
    """Where float64 can't follow: a notional of 1e17 price units, next to ordinary ones."""
    print("\nlargest error where positions are large (qty and price units to 1e9 each)")
    rng = np.random.default_rng(9)
    for precision in ("exact", "hybrid", "fast"):
        keeper, fills, _ = build(100_000, precision)
        fills["qty"], fills["price"] = rng.integers(1, 10**9, len(fills)), rng.integers(1, 10**9, len(fills))
        keeper.apply_fills(fills)
        prices = rng.integers(1, 10**9, len(fills) // WIDTH)
        keeper.mark(prices)
        view = keeper.view()
        truth = np.array(view.qty) * prices[:, None] - np.array(view.cost)
        made = np.bincount(view.made_by.ravel(), minlength=3)
        by = f"; {made[1]:,} made by float64, {made[2]:,} by integers" if precision == "hybrid" else ""
        print(f"{precision:<7} {largest_error(keeper, truth, precision)} of the smallest step{by}")


def small() -> None:
    works: dict[str, Work] = {}
    for runs, width in ((1_000, 1), (100, 10)):
        instruments = [tc.Instrument(f"I{i}") for i in range(runs)]
        keeper = tc.PositionKeeper(instruments, [f"A{a}" for a in range(width)], backend="native")
        prices = np.arange(1, runs + 1) * 10_000
        works[f"tradecore, {runs} x {width}"] = partial(keeper.mark, prices)
    qty, marks, cost, out = (np.arange(1_000) for _ in range(4))
    works |= peers(qty, marks, cost, out)
    show("marking 1,000 positions, one call", interleave(works, inner=2_000), 1_000, "NumPy: qty * mark - cost")


def booking() -> None:
    count, rounds = 1_000_000, 5
    found: dict[str, list[float]] = {}
    rng = np.random.default_rng(1)
    for method in ("average", "fifo", "lifo"):
        for instruments in (16, 1_000):
            fills = np.zeros(count, tc.FILL_DTYPE)
            fills["instrument"], fills["account"] = rng.integers(1, instruments + 1, count), rng.integers(1, 17, count)
            fills["qty"] = rng.integers(1, 500, count) * rng.choice((-1, 1), count)
            fills["price"] = 1_900_000 + rng.integers(-5_000, 5_001, count)
            for _ in range(rounds):
                keeper = tc.PositionKeeper([tc.Instrument(f"I{i}") for i in range(instruments)],
                                           [f"A{a}" for a in range(16)], method, trades=count, lots=2 * count,
                                           backend="native")
                keeper.apply_fills(fills)  # touches the log's pages, which a new process has not
                keeper.forget_trades()
                start = time.perf_counter()
                keeper.apply_fills(fills)
                found.setdefault(f"apply_fills, {method}, {instruments} x 16", []).append(time.perf_counter() - start)
    print(f"\nbooking {count:,} fills a call: position, lots, trade log, columns and sums; medians of {rounds}")
    for name, taken in found.items():
        seconds = float(np.median(taken))
        print(f"{name:<44} {seconds / count * 1e9:>9.1f} ns {count / seconds / 1e6:>10.1f} million/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=10_000_000)
    given = parser.parse_args()
    print(f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}")
    booking()
    small()
    extremes()
    bulk(given.positions)


if __name__ == "__main__":
    main()

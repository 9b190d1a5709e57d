"""`make bench`, second table: bulk marking and booking of a PositionKeeper beside NumPy, numexpr and numba.

One process, rounds interleaved, medians with the quartiles' distance over the median; so the ratios are of one run.
Peers are optional (`pip install --group peers`): one that is not installed is said to be skipped.
The price unit has 6 digits more than the tick; prices have 4 decimals, in which the peers' 64 bits hold every amount.
`--positions N` for another size than 10 million.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import tradecore as tc

ROUNDS = 15
WIDTH = 1_000  # accounts
FINER, TRADED = 8, 4  # decimals of the price unit, and of every price
SCALE = 10 ** (FINER - TRADED)
Work = Callable[[], Any]


class Market(NamedTuple):
    """What is held: lots and prices drawn from these, prices in 1e-4."""

    lot: str
    qty: int
    low: int
    high: int


SHARES = Market("1", 10_000, 500_000, 3_000_000)
COINS = Market("0.00000001", 10**9, 10_000_000, 1_500_000_000)  # up to 10 coins, 1,000 to 150,000 each


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


def build(market: Market, positions: int, precision: str) -> tuple[tc.PositionKeeper, np.ndarray, np.ndarray]:
    """A keeper that holds `positions`, its fills, and a price for each instrument, both in price units."""
    runs = max(1, positions // WIDTH)
    width = min(WIDTH, positions)
    instruments = [tc.Instrument(f"I{i}", lot_size=market.lot, price_precision=FINER) for i in range(runs)]
    keeper = tc.PositionKeeper(instruments, [f"A{a}" for a in range(width)], precision=precision, trades=runs * width,
                               backend="native")
    rng = np.random.default_rng(3)
    fills = np.zeros(runs * width, tc.FILL_DTYPE)
    fills["instrument"] = np.repeat(np.arange(1, runs + 1), width)
    fills["account"] = np.tile(np.arange(1, width + 1), runs)
    fills["qty"] = rng.integers(1, market.qty, len(fills)) * rng.choice((-1, 1), len(fills))
    fills["price"] = rng.integers(market.low, market.high, len(fills)) * SCALE
    return keeper, fills, rng.integers(market.low, market.high, runs) * SCALE


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
    """In the steps of the prices, 1e-4 a lot, which is what `truth` counts."""
    view = keeper.view()
    if precision == "fast":
        return Decimal(float(np.max(np.abs(view.unrealized_fast / SCALE - truth))))
    assert not (view.kinds == 1).any()
    assert not view.rests[view.kinds == 3].any()
    finer = FINER - TRADED - np.where(view.kinds == 3, view.exponents, 0).astype(np.int64)[:, None]
    steps = view.unrealized // 10 ** np.maximum(finer, 0) * 10 ** np.maximum(-finer, 0)
    return Decimal(int(np.max(np.abs(steps - truth))))


def show(title: str, found: dict[str, tuple[float, float]], count: int, base: str) -> None:
    print(f"\n{title}\n{'':<44} {'ns each':>9} {'spread':>7} {'a call':>12} {'beside ' + base.split(':')[0]:>20}")
    for name, (seconds, spread) in found.items():
        ratio = found[base][0] / seconds
        print(f"{name:<44} {seconds / count * 1e9:>9.3f} {spread:>7.0%} {seconds * 1e6:>10.1f}us {ratio:>19.2f}x")


def bulk(name: str, market: Market, positions: int) -> None:
    works: dict[str, Work] = {}
    errors: dict[str, str] = {}
    keepers = []
    for precision in ("exact", "hybrid", "fast"):
        keeper, fills, prices = build(market, positions, precision)
        start = time.perf_counter()
        keeper.apply_fills(fills)
        taken = time.perf_counter() - start
        print(f"apply_fills, {len(fills):,} positions opened in new memory: {len(fills) / taken / 1e6:.1f} million/s")
        keeper.mark(prices)
        view = keeper.view()
        cost = fills["qty"] * (fills["price"] // SCALE)
        truth = np.array(view.qty) * (prices // SCALE)[:, None] - cost.reshape(view.qty.shape)
        made = np.bincount(np.array(view.made_by).ravel(), minlength=3)
        by = f"; {made[1]:,} made by float64, {made[2]:,} by integers" if precision == "hybrid" else ""
        errors[precision] = f"{largest_error(keeper, truth, precision)} of 1e-4 a lot{by}"
        works[f"tradecore, {precision}, {keeper.simd}"] = partial(keeper.mark, prices)
        keepers.append(keeper)
    qty, marks = np.array(keepers[0].view().qty).ravel(), prices // SCALE
    works |= peers(qty, np.repeat(marks, len(qty) // len(marks)), cost, np.zeros_like(qty))
    found = interleave(works)
    title = f"marking {len(qty):,} positions of {name}, every unrealised P&L written"
    show(title, found, len(qty), "NumPy: qty * mark - cost")
    for precision, error in errors.items():
        print(f"largest error, {precision}: {error}")


def remainders(positions: int) -> None:
    """At average cost, after a third of every position was closed: costs are then no multiples of anything."""
    works: dict[str, Work] = {}
    for name, market in (("shares", SHARES), ("coins", COINS)):
        keeper, fills, prices = build(market, positions, "exact")
        keeper.apply_fills(fills)
        keeper.forget_trades()
        fills["qty"] = -(np.abs(fills["qty"]) // 3 + 1) * np.sign(fills["qty"])
        keeper.apply_fills(fills)
        works[f"tradecore, exact, {name}"] = partial(keeper.mark, prices)
    qty = np.array(keeper.view().qty).ravel()
    works |= peers(qty, np.repeat(prices // SCALE, len(qty) // len(prices)), qty + 1, np.zeros_like(qty))
    title = f"marking {len(qty):,} positions after partial closes at average cost"
    show(title, interleave(works), len(qty), "NumPy: qty * mark - cost")


def extremes() -> None:
    """Where float64 can't follow: a notional of 1e17 of 1e-4, next to ordinary ones."""
    print("\nlargest error where positions are large (lots to 1e9, prices to 100,000)")
    rng = np.random.default_rng(9)
    for precision in ("exact", "hybrid", "fast"):
        keeper, fills, _ = build(SHARES, 100_000, precision)
        fills["qty"], paid = rng.integers(1, 10**9, len(fills)), rng.integers(1, 10**9, len(fills))
        fills["price"] = paid * SCALE
        keeper.apply_fills(fills)
        prices = rng.integers(1, 10**9, len(fills) // WIDTH)
        keeper.mark(prices * SCALE)
        view = keeper.view()
        truth = np.array(view.qty) * prices[:, None] - (fills["qty"] * paid).reshape(view.qty.shape)
        made = np.bincount(view.made_by.ravel(), minlength=3)
        by = f"; {made[1]:,} made by float64, {made[2]:,} by integers" if precision == "hybrid" else ""
        print(f"{precision:<7} {largest_error(keeper, truth, precision)} of 1e-4 a lot{by}")


def small() -> None:
    works: dict[str, Work] = {}
    for runs, width in ((1_000, 1), (100, 10)):
        instruments = [tc.Instrument(f"I{i}", price_precision=FINER) for i in range(runs)]
        keeper = tc.PositionKeeper(instruments, [f"A{a}" for a in range(width)], backend="native")
        prices = np.arange(1, runs + 1) * 10_000 * SCALE
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
            fills["price"] = (1_900_000 + rng.integers(-5_000, 5_001, count)) * SCALE
            for _ in range(rounds):
                keeper = tc.PositionKeeper([tc.Instrument(f"I{i}", price_precision=FINER) for i in range(instruments)],
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


def reports() -> None:
    """Reports of a million rows, made and handed on as Arrow, beside np.copyto of their bytes. One by one and best of
    five, since a copy that meets another's load says nothing."""
    count, rng = 1_000_000, np.random.default_rng(1)
    fills = np.zeros(count, tc.FILL_DTYPE)
    fills["qty"], fills["price"] = rng.choice((-7, 5, 3, -1), count), rng.integers(1, 50_000, count) * SCALE
    fills["transact_time"] = 10**18 + np.arange(count) * 10**9
    print(f"\nreports after {count:,} fills: handed on, and made, beside np.copyto of their bytes")
    for name, width in (("trades", 10), ("closed_lots", 10), ("positions", WIDTH)):
        at = np.arange(count) if name == "positions" else rng.integers(0, 100 * width, count)
        fills["instrument"], fills["account"] = at // width + 1, at % width + 1
        instruments = [tc.Instrument(f"I{i}", price_precision=FINER) for i in range(int(at.max()) // width + 1)]
        keeper = tc.PositionKeeper(instruments, [f"A{a}" for a in range(width)], "fifo", trades=count, lots=count,
                                   backend="native")
        keeper.apply_fills(fills)
        report = getattr(keeper, name)()
        encoded = [column.encode(name) for name, column in report._columns.items()]
        source = np.ones(sum(buffer.nbytes for its in encoded for buffer in its[3] if buffer is not None) // 8)
        target = source.copy()
        copy, handed, made = (best(work) for work in (partial(np.copyto, target, source), report.__arrow_c_stream__,
                                                      getattr(keeper, name)))
        print(f"{name:<12} {len(report):>10,} rows {source.nbytes / 1e6:>6.0f} MB {copy * 1e3:>8.1f} ms to copy "
              f"{handed / copy:>6.1f}x handed on {made / copy:>6.1f}x made")


def best(work: Work) -> float:
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=10_000_000)
    given = parser.parse_args()
    print(f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}")
    booking()
    reports()
    small()
    extremes()
    bulk("shares", SHARES, given.positions)
    bulk("coins", COINS, given.positions)
    remainders(given.positions)


if __name__ == "__main__":
    main()

"""Bulk marking: exact against Python's integers, the same bits from every instruction set, three precisions."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from marking_cases import SHAPES, adversarial, digest, exact, narrow, outcome

import tradecore as tc
from tradecore._backend import room_module
from tradecore._native import marking as native
from tradecore.vocabulary.records import NO_PRICE

CASES = Path(__file__).parent.parent / "support" / "marking_cases.py"
SETS = ["baseline", "avx2", "avx512", "neon"]


def has(word):
    try:
        return native.simd(word) == word
    except ValueError:
        return False


@pytest.fixture(params=["native", "python"])
def package(request):
    return request.param


def make(package, columns, width, scales=None, floats=None, **given):
    runs = len(columns[4])
    scales = np.zeros(runs, np.int64) if scales is None else scales
    floats = np.full(runs, 2.0**52) if floats is None else floats
    return room_module(package, "marking").Marking(columns, width, scales, floats, **given)


def plain(qtys, costs, limit=2**40):
    """One run of narrow positions."""
    qty, cost = np.array(qtys, np.int64), np.array(costs, np.int64)
    return qty, cost, cost >> 63, np.zeros(1, np.int64), np.full(1, limit, np.int64), *narrow(qty[None], cost[None], [0])


def truth(qty, cost, scale, bid, ask):
    mark = bid if qty > 0 else ask
    if qty == 0:
        return -cost
    number = (scale >> 6) * 10 ** (scale & 63)  # an inverse contract's word
    return (-round(Fraction(qty * number, mark)) if scale else qty * mark) - cost


@pytest.mark.parametrize(("runs", "width"), SHAPES)
@pytest.mark.parametrize("seed", range(6))
def test_exact_and_hybrid_are_the_integers(package, seed, runs, width):
    columns, scales, floats, bids, asks = adversarial(seed, runs, width)
    for precision in (0, 1):
        marking = make(package, columns, width, scales, floats)
        excluded, by_float = marking.mark(bids, asks, precision)
        low, _, _, kinds, made_by, _ = (view.tolist() for view in marking.views)
        qtys, costs = columns[0].tolist(), [(h << 64) + w % 2**64 for w, h in zip(*(c.tolist() for c in columns[1:3]), strict=True)]
        left_out = floats_made = 0
        for run in range(runs):
            for at in range(run * width, (run + 1) * width):
                bid, ask = int(bids[run]), int(asks[run])
                if NO_PRICE in (bid, ask):
                    assert kinds[run] == 2
                    assert low[at] == (NO_PRICE if qtys[at] else 0)
                    left_out += qtys[at] != 0
                    continue
                assert exact(marking.views, columns[8], run, at) == truth(qtys[at], costs[at], int(scales[run]), bid, ask), (run, at, precision)
                floats_made += precision == 1 and made_by[at] == 1
                if precision == 1 and made_by[at] == 1:
                    assert abs(qtys[at] * (bid if qtys[at] > 0 else ask)) < floats[run]
        assert (excluded, by_float) == (left_out, floats_made)


def test_the_cases_hold_every_kind_of_run_and_every_maker():
    kinds, made = set(), set()
    for seed, (runs, width) in enumerate(SHAPES):
        views = outcome("native", seed, runs, width, 1, False)[2]
        kinds, made = kinds | set(views[3]), made | set(views[4])
    assert kinds == {0, 1, 2, 3}
    assert made == {0, 1, 2}


@pytest.mark.parametrize(("runs", "width"), SHAPES)
@pytest.mark.parametrize("precision", [0, 1, 2])
def test_both_backends_mark_alike(runs, width, precision):
    for seed in range(4):
        for alike in (True, False):
            first = outcome("native", seed, runs, width, precision, alike)
            assert first == outcome("python", seed, runs, width, precision, alike)


def run_forced(word):
    environment = {**os.environ, "TRADECORE_SIMD": word}
    return subprocess.run([sys.executable, "-W", "error", str(CASES), "native"], env=environment,
                          capture_output=True, text=True, cwd=CASES.parent)


def test_every_instruction_set_gives_the_same_bits():
    """Forced by the environment variable, in a process each; the plain-Python twin's bits too."""
    expected = digest("python")
    ran = [word for word in SETS if has(word)]
    assert "baseline" in ran
    for word in ran:
        done = run_forced(word)
        assert done.stdout.split() == [word, expected], done.stderr


@pytest.mark.parametrize("width", [997, 1_024, 3])
@pytest.mark.parametrize("word", [word for word in SETS if has(word)])
def test_a_large_table_goes_past_the_cache_with_the_same_numbers(word, width):
    """Above 2**19 positions results leave in whole cache lines, whatever the width of a run; the rest in plain stores."""
    runs = 2**19 // width + 5
    rng = np.random.default_rng(width)
    qty, cost = rng.integers(-(2**30), 2**30, runs * width), rng.integers(-(2**61), 2**61, runs * width)
    prices = rng.integers(-(2**31), 2**31, runs)
    rows = qty.reshape(runs, width), cost.reshape(runs, width)
    columns = qty, cost, cost >> 63, np.zeros(runs, np.int64), np.full(runs, 2**31), *narrow(*rows, [0] * runs)
    marking = make("native", columns, width, simd=word)
    assert marking.mark(prices, prices) == (0, 0)
    assert np.array_equal(marking.views[0], qty * np.repeat(prices, width) - cost)


@pytest.mark.parametrize("word", [word for word in SETS if has(word)])
def test_a_large_table_reads_32_bits_where_the_quantities_fit_and_64_elsewhere(word):
    """Up to 2**31 - 1 lots a run's limit is at least 2**31; from 2**31 on the narrow column has other numbers."""
    runs, width = 66, 8_000
    qty = np.random.default_rng(8).integers(-1_000, 1_000, (runs, width))
    qty[0::3, 5::7], qty[0::3, 6::7] = 2**31 - 1, -(2**31) + 1
    qty[1::3, 5::7], qty[1::3, 6::7], qty[1::3, 4::7] = 2**31, -(2**31), 2**32 - 1
    limits = np.full(runs, 2**31)
    limits[1::3] = 2**30
    cost, prices = np.arange(qty.size).reshape(qty.shape) * 10**9, np.arange(runs) * 7_000_000 - 2**28
    columns = qty.ravel(), cost.ravel(), cost.ravel() >> 63, np.zeros(runs, np.int64), limits, *narrow(qty, cost, [0] * runs)
    marking = make("native", columns, width, simd=word)
    assert marking.mark(prices, prices) == (0, 0)
    assert np.array_equal(marking.views[0], (qty * prices[:, None] - cost).ravel())


@pytest.mark.parametrize("width", [997, 1_024, 3])
@pytest.mark.parametrize("word", [word for word in SETS if has(word)])
def test_a_large_table_reads_words_at_the_edges_of_every_split(word, width):
    """The smallest and largest that fit, either sign, at any mark, modulo 2**64. What a run has no use for is spoilt."""
    runs = 2**19 // width + 40
    rng, splits, marks = np.random.default_rng(width), np.arange(runs) % 33, (2**53, -(2**53), 2**32 - 1, -(2**32), 1, 0)
    exponents = np.where(splits > 0, np.arange(runs) % 10, 0)
    nears = np.where(exponents > 0, 0, np.arange(runs) % 7 * 10**9 - 10**9) * (splits > 0)
    qty, cost = np.zeros((runs, width), np.int64), np.zeros((runs, width), np.int64)
    for run, split in enumerate(splits.tolist()):
        most, paid = 2 ** ((split or 32) - 1), 2 ** (63 - (split or 1))
        qty[run] = rng.choice((-most, -1, 0, most - 1, int(rng.integers(-most, most))), width)
        unit = 10 ** int(exponents[run])
        paid = min(paid, 2**63 // unit)  # what 64 bits hold in amounts; the result wraps where it does not fit
        cost[run] = rng.choice((-paid, -1, 0, paid - 1, int(rng.integers(-paid, paid))), width) * unit + qty[run] * nears[run]
    prices = rng.choice((*marks, *rng.integers(-(2**53), 2**53, 20).tolist()), runs)
    expected = (qty * prices[:, None] - cost).ravel()
    small, words, forms, rests, nears = narrow(qty, cost, splits, exponents, nears)
    qty[splits > 0], small.reshape(runs, width)[splits > 0], words.reshape(runs, width)[splits == 0] = 7, 7, 7
    cost[splits > 0] = 7
    columns = (qty.ravel(), cost.ravel(), cost.ravel() >> 63, np.zeros(runs, np.int64), np.full(runs, 2**53), small, words,
               forms, rests, nears)
    marking = make("native", columns, width, simd=word)
    assert marking.mark(prices, prices) == (0, 0)
    assert np.array_equal(marking.views[0], expected)


@pytest.mark.parametrize("method", ["average", "fifo"])
def test_a_large_table_follows_fills_busts_corrections_splits_and_transfers(method):
    """What a large table reads, after everything that changes a position: words, or 32-bit quantities beyond them."""
    names = [f"A{i}" for i in range(1_100)]
    keeper = tc.PositionKeeper([tc.Instrument(f"I{i}") for i in range(500)], names, method, backend="native")
    prices = np.arange(1, 501) * 1_000

    def check(held):
        keeper.mark(prices)
        view = keeper.view()
        assert view.kinds.max() == 0
        assert np.array_equal(view.unrealized, view.qty * prices[:, None] - view.cost)
        assert {int(qty) for qty in view.qty[3, 600:603]} == held
        assert bool(keeper._kept.ledger.columns[7][3, 0]) == (max(held) < 2**31)
        keeper.mark(["I3"], ["0.10"], asks=["0.11"])
        bid, ask = keeper._valuation.bids[3], keeper._valuation.asks[3]
        assert np.array_equal(view.unrealized[3], view.qty[3] * np.where(view.qty[3] > 0, bid, ask) - view.cost[3])

    first = keeper.apply_fill("I3", "BUY", 2**31 - 1, "0.10", account="A600")
    check({2**31 - 1, 0})
    second = keeper.apply_fill("I3", "BUY", 2**31, "0.10", account="A601")
    check({2**31 - 1, 2**31, 0})
    keeper.bust(second)
    check({2**31 - 1, 0})
    keeper.correct(first, qty=900, price="0.20")
    check({900, 0})
    keeper.split("I3", 2, 1)
    check({1_800, 0})
    keeper.transfer("I3", 300, "A600", "A602")
    check({1_500, 300, 0})
    batch = np.zeros(40, tc.FILL_DTYPE)
    batch["instrument"], batch["account"], batch["qty"], batch["price"] = 4, 601, 5, 1_000
    batch["qty"][-1] = 0
    with pytest.raises(ValueError, match="qty 0 is no fill"):
        keeper.apply_fills(batch)
    check({1_500, 300, 0})


def test_a_set_that_is_none_or_not_here_is_a_loud_error(monkeypatch):
    done = run_forced("sse9")
    assert done.returncode
    assert "TRADECORE_SIMD 'sse9' is not one of auto, baseline, avx2, avx512, neon" in done.stderr
    for word in set(SETS) - {word for word in SETS if has(word)}:
        with pytest.raises(ValueError, match=f"simd={word}, but this machine does not have it"):
            native.simd(word)
        assert f"TRADECORE_SIMD={word}, but this machine does not have it" in run_forced(word).stderr
    for package in ("native", "python"):
        simd = room_module(package, "marking").simd
        with pytest.raises(ValueError, match="simd 'AVX2' is not one of"):
            simd("AVX2")
        monkeypatch.setenv("TRADECORE_SIMD", "")
        with pytest.raises(ValueError, match="TRADECORE_SIMD '' is not one of"):
            simd()
        monkeypatch.delenv("TRADECORE_SIMD")
        assert simd() in (*SETS, "python")


def test_fast_is_near_and_hybrid_says_who_made_a_number(package):
    qtys, costs = [1, 2**53 + 1, -(10**17), 3], [7, 0, -5, 2**61 + 1]
    marking = make(package, plain(qtys, costs, 4), 4, floats=np.full(1, 100.0))
    bids = np.array([3])
    assert marking.mark(bids, bids, 1) == (0, 1)
    assert marking.views[0].tolist() == [q * 3 - c for q, c in zip(qtys, costs, strict=True)]
    assert marking.views[4].tolist() == [1, 2, 2, 2]
    assert marking.mark(bids, bids, 2) == (0, 4)
    fast = marking.views[2].tolist()
    assert fast[:3] == [-4.0, float(2**53) * 3, -3e17 + 5]
    assert fast[3] == float(9 - 2**61)


def test_some_runs_are_marked_and_the_others_keep_their_values(package):
    qty, none = np.arange(1, 7), np.zeros(6, np.int64)
    columns = (qty, none, none, np.zeros(3, np.int64), np.full(3, 2**40),
               *narrow(qty.reshape(3, 2), none.reshape(3, 2), [24] * 3))
    marking = make(package, columns, 2)
    first, second = np.array([10, 20, 30]), np.array([11, 21, 31])
    marking.mark(first, first)
    marking.mark(second, second, 0, np.array([1]))
    assert marking.views[0].tolist() == [10, 20, 63, 84, 150, 180]
    marking.mark(np.array([10, NO_PRICE, 30]), first)
    assert marking.views[3].tolist() == [0, 2, 0]
    marking.mark(first, first)
    assert marking.views[3].tolist() == [0, 0, 0]


def test_bad_arrays_are_refused_and_nothing_is_written(package):
    marking = make(package, plain([1, 2], [0, 0]), 2)
    good = np.array([5], np.int64)
    marking.mark(good, good)
    cases = [
        (np.array([5.0]), (ValueError, TypeError)), (np.array([5], np.int32), ValueError), (np.zeros((1, 1), np.int64), ValueError),
        (np.zeros(2, np.int64), ValueError), (None, TypeError), ([5], TypeError),
    ]
    for bad, error in cases:
        for bids, asks in ((bad, good), (good, bad)):
            with pytest.raises(error):
                marking.mark(bids, asks)
    with pytest.raises(ValueError, match="precision 3 must be 0 to 2"):
        marking.mark(good, good, 3)
    with pytest.raises(ValueError, match=r"runs\[0\] 1 must be 0 to 0"):
        marking.mark(good, good, 0, np.array([1]))
    with pytest.raises(ValueError, match=r"groups\[0\] 2 must be 0 to 1"):
        marking.totals(good, good, np.array([2]), 2)
    with pytest.raises(ValueError, match=r"float_limits must be contiguous float64 of shape \(1,\), got int64"):
        make(package, plain([1], [0]), 1, floats=np.zeros(1, np.int64))
    with pytest.raises(ValueError, match="columns 3 must be 2"):
        make(package, plain([1, 2, 3], [0, 0, 0]), 2)
    frozen = good.copy()
    frozen.flags.writeable = False
    assert marking.mark(frozen, frozen) == (0, 0)
    assert marking.views[0].tolist() == [5, 10]
    with pytest.raises(ValueError, match="read-only"):
        marking.views[0][0] = 1


def test_marking_and_booking_allocate_nothing():
    """Whatever the size: NumPy's and Python's allocations are counted, kernels have none."""
    runs, width = 1_000, 50
    keeper = tc.PositionKeeper([tc.Instrument(f"I{i}") for i in range(runs)], [f"A{i}" for i in range(width)], "fifo",
                               trades=400_000, backend="native")
    fills = np.zeros(runs * width, tc.FILL_DTYPE)
    fills["instrument"], fills["account"] = np.repeat(np.arange(1, runs + 1), width), np.tile(np.arange(1, width + 1), runs)
    fills["qty"], fills["price"] = 3, np.arange(1, runs * width + 1)
    prices = np.arange(1, runs + 1)
    keeper.apply_fills(fills)
    keeper.mark(prices)
    tracemalloc.start()
    try:
        for _ in range(3):
            keeper.mark(prices)
            keeper.apply_fills(fills)
        assert tracemalloc.get_traced_memory()[1] < 4_096
    finally:
        tracemalloc.stop()


def test_without_a_mark_there_is_no_value(package):
    marking = make(package, plain([1, 0, -2], [3, 0, 4]), 3)
    none = np.array([NO_PRICE])
    for precision in (0, 1, 2):
        assert marking.mark(none, none, precision) == (2, 0)
        assert marking.views[0].tolist() == [NO_PRICE, 0, NO_PRICE]
    fast = marking.views[2].tolist()
    assert [math.isnan(value) for value in fast] == [True, False, True]
    assert marking.totals(none, none, np.zeros(1, np.int64), 1) == ([[0, 0, 0]], 2)

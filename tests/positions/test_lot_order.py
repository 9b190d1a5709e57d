"""Lots that close by an order other than that of opening: the right one, by a look at all, and without a look at all."""

from __future__ import annotations

import random
import time
from fractions import Fraction

import numpy as np
import pytest
from conftest import seeds
from test_ledger import definition, put

from tradecore._backend import room_module
from tradecore._python.positions import lot_order
from tradecore.positions.entries import ENTRY_DTYPE, EntryKind, Method

K = EntryKind
BY_COST = [Method.HIFO, Method.LOFO]
ORDERED = [*BY_COST, Method.SPECIFIC]


def new_ledger(room, method, lots=1_000, trades=10_000):
    ledger = room("ledger").Ledger(1, 2, method=int(method), trades=trades, lots=lots)
    ledger.define(definition())
    return ledger


def expected(lots, method, qty):
    """[(opening trade, qty)] that close, by the definition: the dearest or cheapest a unit, the oldest of equals."""
    left, found = [(place, trade, abs(held), Fraction(cost, held)) for place, (trade, _, held, cost) in enumerate(lots)], []
    while qty and left:
        best = min(left, key=lambda lot: (-lot[3] if method is Method.HIFO else lot[3], lot[0]))
        left.remove(best)
        found.append((best[1], min(qty, best[2])))
        qty -= found[-1][1]
    return found


@pytest.mark.parametrize("seed", seeds([3]), indirect=True)
@pytest.mark.parametrize("method", BY_COST, ids=lambda method: method.name)
def test_every_close_takes_what_a_look_at_all_lots_would(room, method, seed):
    """Splits, spin-offs and transfers leave lots costs without prices, of which a part that leaves changes the order."""
    seeded, ledger, closed = random.Random(seed), new_ledger(room, method), 0
    for step in range(600):
        kind, account = seeded.random(), seeded.randint(1, 2)
        lots = ledger.lots(1, account)
        held = sum(lot[2] for lot in lots)
        if kind < 0.03:
            put(ledger, kind=K.SPLIT, account=0, qty=3, price=1) if abs(held) < 10**6 else None
        elif kind < 0.06 and lots:
            put(ledger, kind=K.SHED, account=account, qty=1, price=seeded.choice((3, 7, 1_000_000)))
        elif kind < 0.12 and lots and len(ledger.lots(1, 3 - account)) < 40:
            put(ledger, kind=K.TRANSFER, account=account, contra=3 - account, qty=seeded.randint(1, abs(held)))
        elif kind < 0.14:
            ledger.forget_trades()
        else:
            qty = seeded.choice((-1, 1)) * seeded.choice((1, 2, 3, 7, 30))
            before = len(ledger.closings()) if held * qty < 0 else 0
            put(ledger, account=account, qty=qty, price=seeded.choice((-5, 0, 7, 100, 100, 101)), transact_time=step)
            if held * qty < 0:
                rows = ledger.closings()[before:]
                taken = list(zip(rows["opening_trade"].tolist(), np.abs(rows["qty"]).tolist(), strict=True))
                assert taken == expected(lots, method, abs(qty)), (step, lots)
                closed += 1
    assert closed > 100


@pytest.mark.parametrize("sign", [1, -1])
def test_a_lot_that_is_named_is_found_among_others_wherever_it_stands(room, sign):
    """By a transfer a position may have two lots of one trade, and newer lots of older trades: the older is meant."""
    ledger = new_ledger(room, Method.SPECIFIC)
    trades = [put(ledger, qty=10 * sign, price=price) for price in (100, 110, 120)]
    put(ledger, account=2, qty=5 * sign, price=90)
    put(ledger, kind=K.TRANSFER, qty=4, contra=2, lot=trades[2])
    put(ledger, kind=K.TRANSFER, qty=6, contra=2, lot=trades[0])
    put(ledger, kind=K.TRANSFER, qty=3, contra=2, lot=trades[2])
    assert [(lot[0], abs(lot[2])) for lot in ledger.lots(1, 2)] == [(4, 5), (3, 4), (1, 6), (3, 3)]
    put(ledger, account=2, qty=-4 * sign, price=130, lot=trades[2])
    assert [(lot[0], abs(lot[2])) for lot in ledger.lots(1, 2)] == [(4, 5), (1, 6), (3, 3)]
    put(ledger, account=2, qty=-2 * sign, price=130, lot=trades[2])
    put(ledger, account=2, qty=-6 * sign, price=130, lot=trades[0])
    assert [(lot[0], abs(lot[2])) for lot in ledger.lots(1, 2)] == [(4, 5), (3, 1)]


def fills(count, method, qty):
    rows = np.zeros(count, ENTRY_DTYPE)
    rows["instrument"] = rows["account"] = 1
    rows["qty"], rows["price"] = qty, np.arange(1, count + 1)  # the pattern that makes a list of a tree without balance
    if qty < 0 and method is Method.SPECIFIC:
        rows["lot"] = 1 + np.random.default_rng(9).permutation(count)
    return rows


@pytest.mark.parametrize("method", ORDERED, ids=lambda method: method.name)
def test_a_fill_against_a_hundred_thousand_open_lots_costs_little_more_than_against_a_thousand(method):
    """Per fill; a look at every lot would be a hundred times as much."""
    def per_fill(count):
        best = 1e9
        for _ in range(3):
            ledger = new_ledger(lambda name: room_module("native", name), method, 2 * count, 4 * count)
            ledger.apply_fills(fills(count, method, 10))
            rows = fills(count, method, -10)[:1_000]
            begun = time.process_time_ns()
            ledger.apply_fills(rows)
            best = min(best, time.process_time_ns() - begun)
            assert ledger.open_lots == count - 1_000
        return best / 1_000

    per_fill(2_000)
    assert per_fill(100_000) < 20 * per_fill(2_000)


@pytest.mark.parametrize("method", ORDERED, ids=lambda method: method.name)
def test_the_twin_looks_at_few_lots(method, monkeypatch):
    looks = 0
    key = lot_order._KEYS[int(method)]

    def counted(lot):
        nonlocal looks
        looks += 1
        return key(lot)

    monkeypatch.setitem(lot_order._KEYS, int(method), counted)
    ledger = new_ledger(lambda name: room_module("python", name), method, 4_000, 8_000)
    ledger.apply_fills(fills(2_000, method, 10))
    looks = 0
    ledger.apply_fills(fills(2_000, method, -7)[:500])
    assert 0 < looks < 500 * 60


def test_a_tree_of_any_pattern_of_prices_is_whole(room):
    """Rising, falling, equal, saw-toothed: all of a book closes in order, and nothing stays behind."""
    patterns = [list(range(300)), list(range(300, 0, -1)), [7] * 300, [n % 17 for n in range(300)],
                [n * 89 % 233 for n in range(300)]]
    for method in BY_COST:
        ledger = new_ledger(room, method)
        for prices in patterns:
            opened = [put(ledger, qty=2, price=price) for price in prices]
            seen = len(ledger.closings())
            put(ledger, qty=-2 * len(prices), price=5)
            sign = -1 if method is Method.HIFO else 1
            order = [trade for _, trade in sorted(zip([sign * price for price in prices], opened, strict=True))]
            assert ledger.closings()["opening_trade"][seen:].tolist() == order
            assert ledger.open_lots == 0

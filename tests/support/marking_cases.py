"""Adversarial columns for marking, and a digest of what marking makes of them: run as a program under TRADECORE_SIMD."""

from __future__ import annotations

import hashlib
import random
import sys

import numpy as np

from tradecore._backend import room_module
from tradecore.vocabulary.records import NO_PRICE, POSITION_MAX, PRICE_MAX

EDGES = (0, 1, 2, 3, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**51, 2**52 - 1, 2**52, 2**53 - 1, 2**53,
         2**53 + 1, 10**14, 2**61, 2**62 - 1)


def low_of(value):
    return (value + 2**63) % 2**64 - 2**63


def narrow(qty, cost, splits, exponents=0, nears=0):
    """(32-bit quantities, words, forms, rests, nears) of runs as rows, as a ledger has them; costs may be Python's."""
    split = np.array(splits, np.uint8)
    exponent, near = np.zeros_like(split) + np.array(exponents, np.uint8), np.zeros(len(split), np.int64) + nears
    unit, shift = 10 ** exponent.astype(np.int64)[:, None], split.astype(np.uint64)[:, None]
    kept = (cost - qty * near[:, None]) // unit
    coarse = np.array([low_of(int(c)) for c in kept.flat], np.int64).reshape(cost.shape).view(np.uint64)
    words = np.where(shift > 0, (coarse << shift) + qty.view(np.uint64), coarse)
    return (qty.astype(np.int32).ravel(), words.view(np.int64).ravel(), np.stack((split, exponent), 1),
            (cost % unit).astype(np.uint32).ravel(), near)


def exact(views, rests, run, at):
    """A position's amount, as `Marking.views` say it."""
    low, high, _, kinds, _, exponents = views
    if kinds[run] == 1:
        return (int(high[at]) << 64) + int(low[at]) % 2**64
    return int(low[at]) * 10 ** int(exponents[run]) - int(rests[at]) if kinds[run] == 3 else int(low[at])


def adversarial(seed, runs, width):
    """(columns, inverse scales, float limits, bids, asks): runs that are narrow, coarse, wide, inverse, without a mark."""
    seeded = random.Random(seed)
    qtys, costs, scales, bids, asks, limits, exponents = [], [], [], [], [], [], []
    for _ in range(runs):
        kind = seeded.choice(("small", "edge", "edge", "coarse", "coarse", "wide", "inverse", "unmarked"))
        most = {"small": 1_000, "edge": min(seeded.choice(EDGES[5:]), POSITION_MAX), "coarse": seeded.choice(EDGES[3:13])}.get(
            kind, POSITION_MAX)
        exponent = seeded.randint(1, 9) if kind == "coarse" else 0
        row = [seeded.choice((0, most, -most, seeded.randint(-most, most), *(e for e in EDGES if e <= most))) for _ in range(width)]
        row = [qty if seeded.random() < 0.5 else -qty for qty in row]
        reach = 2**100 if kind in ("wide", "inverse") else (2**59 if exponent else 2**62) * 10**exponent - 1
        paid = [seeded.choice((seeded.randint(-reach, reach), -reach, *(e for e in EDGES if e <= reach))) if qty else 0 for qty in row]
        bits = max(abs(qty).bit_length() for qty in row)
        limit = -1 if kind in ("wide", "inverse") else 1 << (62 - bits)
        if exponent and max(abs(cost).bit_length() for cost in paid) > 62:
            limit = -limit
        bid = min(seeded.choice((limit, seeded.randint(1, 10**9))), PRICE_MAX) if limit > 0 else seeded.choice((1, PRICE_MAX, 4_711))
        if exponent:
            bid = seeded.choice((abs(limit), abs(limit) + 1, seeded.randint(0, abs(limit)))) * 10**exponent
            bid = min(bid, 10**18) // 10**exponent * 10**exponent + (seeded.random() < 0.2)
        if seeded.random() < 0.4 and kind != "inverse":
            bid = -bid
        ask = bid if seeded.random() < 0.5 else bid + seeded.randint(0, 5) * seeded.choice((1, 10**exponent))
        if kind == "unmarked":
            bid, ask = seeded.choice(((NO_PRICE, NO_PRICE), (bid, NO_PRICE), (NO_PRICE, ask)))
        qtys += row
        costs += paid
        scales.append(64 + 12 if kind == "inverse" else 0)  # 1 x 10**12
        bids.append(bid)
        asks.append(ask)
        limits.append(limit)
        exponents.append(exponent)
    columns = (np.array(qtys, np.int64), np.array([low_of(c) for c in costs], np.int64),
               np.array([c >> 64 for c in costs], np.int64), np.array(bids, np.int64), np.array(limits, np.int64))
    columns += narrow(columns[0].reshape(runs, width), np.array(costs, object).reshape(runs, width), [0] * runs, exponents)
    floats = np.array([seeded.choice((0.0, 1e6, 2.0**52)) for _ in range(runs)])
    return columns, np.array(scales, np.int64), floats, np.array(bids, np.int64), np.array(asks, np.int64)


def outcome(package, seed, runs, width, precision, alike, simd=None):
    """Everything that one mark writes and tells."""
    columns, scales, floats, bids, asks = adversarial(seed, runs, width)
    marking = room_module(package, "marking").Marking(columns, width, scales, floats, simd=simd)
    told = marking.mark(bids, bids if alike else asks, precision)
    totals = marking.totals(bids, bids if alike else asks, np.arange(runs) % 3, 3)
    return told, totals, [view.tobytes() for view in marking.views]


SHAPES = [(40, 1), (40, 2), (30, 7), (25, 33), (12, 130)]


def digest(package):
    found = hashlib.sha256()
    for seed, (runs, width) in enumerate(SHAPES * 3):
        for precision in (0, 1, 2):
            for alike in (True, False):
                found.update(repr(outcome(package, seed, runs, width, precision, alike)).encode())
    return found.hexdigest()


if __name__ == "__main__":
    print(room_module(sys.argv[1], "marking").simd(), digest(sys.argv[1]))

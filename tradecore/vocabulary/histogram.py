"""Percentiles of the stage histograms: HDR-style buckets, 16 to an octave. It measures nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

STAGES = ("validation", "risk", "routing", "execution", "position", "events", "order", "cancel")


def percentiles(counts: Sequence[int], scale: float) -> tuple[float, ...]:
    """(count, p50, p99, p99.9, max) of a histogram, each the lower bound of its bucket times `scale`."""
    total = sum(counts)
    found: list[float] = []
    for permille in (500, 990, 999, 1000):
        rank, seen = -(-total * permille // 1000), 0
        for bucket, count in enumerate(counts):
            seen += count
            if seen >= rank and count:
                octave = bucket // 16 + 3
                found.append((bucket if bucket < 16 else (16 + bucket % 16) << (octave - 4)) * scale)
                break
        else:
            found.append(0.0)
    return (total, *found)

"""All that is held or was, position by position, for reports: one pass over the table."""

from __future__ import annotations

from .entries import Books


def halves(value: int) -> tuple[int, int]:
    """A number of 128 bits as two signed words, the low one first."""
    return (value + 2**63) % 2**64 - 2**63, value >> 64


def note_holdings(b: Books, instruments: int) -> list[tuple[int, ...]]:
    """The positions that are held or were, wide numbers in their halves."""
    return [
        (*key, p.qty, *halves(p.cost), *halves(p.realised), *halves(p.fees))
        for key, p in sorted(b.positions.items())
        if key[0] <= instruments and (p.qty or p.cost or p.realised or p.fees)
    ]

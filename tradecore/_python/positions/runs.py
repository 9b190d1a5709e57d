"""How a run, the positions of one instrument, lies in fewer bytes for marking, so that a large table is read faster.

A position is read as one word, cost x 2**split + qty, while both numbers fit 64 bits, the split between them moving as
they grow: in the finest unit while they fit there, which holds whatever is booked; else in the coarsest 10**exponent
that all costs of the run share. The first cost that is no multiple makes the exponent fall to what still divides. An
average cost's remainder mostly leaves none: then a position is read as a 32-bit quantity and a cost.
Where a word has no room and costs come near 64 bits, they are kept in units of 10**exponent, rounded down, and what was
rounded off beside them: an amount then is a multiple of the unit less that rest, at any mark that is a multiple. So the
unit is the hundredth of a tick as long as that is enough, and no larger than it must be beyond.
"""

from __future__ import annotations

from collections.abc import Iterable

FIRST_SPLIT = 24  # up to 8 million lots, 549 billion of cost
EXPONENT_MOST = 9  # so that a unit has 32 bits: marking multiplies by it
COARSE_FROM = 57  # from more bits on a cost is kept coarse too: a mark that is not may be near


def bits_of(value: int) -> int:
    return abs(value).bit_length()


def is_multiple(cost: int, exponent: int) -> bool:
    return cost % 10**exponent == 0


def bits_off(exponent: int) -> int:
    """The bits that a division by 10**exponent takes off at least: floor(log2(10**exponent))."""
    return exponent * 93 // 28


def split_of(qty_bits: int, cost_bits: int, split: int) -> int:
    """The split of a run's words: the one it has while both numbers fit, else one with the same room for both, or 0."""
    if qty_bits < split and cost_bits < 64 - split:
        return split
    if qty_bits > 31 or qty_bits + cost_bits > 62:
        return 0
    return min(32, qty_bits + 1 + ((62 - qty_bits - cost_bits) >> 1))


def common_exponent(costs: Iterable[int]) -> int:
    """The largest exponent of which every cost is a multiple."""
    exponent = EXPONENT_MOST
    for cost in costs:
        while not is_multiple(cost, exponent):
            exponent -= 1
        if exponent == 0:
            break
    return exponent


def home_exponent(tick: int) -> int:
    """The exponent of a hundredth of a tick, in which marks between ticks are whole too; 0 where that is finer than the
    price unit."""
    exponent = 0
    while exponent < EXPONENT_MOST and tick % 10 ** (exponent + 3) == 0:
        exponent += 1
    return exponent


def coarse_exponent(cost_bits: int, home: int) -> int:
    """The exponent that leaves a cost of so many bits at most 62, 0 where none does: `home`, or the least that leaves it
    61, since the mark may be above what was paid."""
    if cost_bits - 62 <= bits_off(home):
        return home
    fits = (e for e in range(1, EXPONENT_MOST + 1) if 10**e >= 1 << (cost_bits - 61))
    return next(fits, 0)


def form_of(
    now: tuple[int, int], qty_bits: int, cost_bits: int, home: int, is_inverse: bool, costs: Iterable[int]
) -> tuple[int, int]:
    """(split, exponent) of a run from the bits of its largest quantity and cost, and where it needs a common unit, from
    its costs. Where neither a word nor a coarse cost is to be had, both are 0, until the run is summed anew."""
    split = split_of(qty_bits, cost_bits, now[0])
    if split or is_inverse:
        return split, 0
    if now[0] and cost_bits <= 62:
        exponent = common_exponent(costs)
        split = split_of(qty_bits, cost_bits - bits_off(exponent), now[0])
        if split:
            return split, exponent
    return 0, coarse_exponent(cost_bits, home) if cost_bits > COARSE_FROM else 0

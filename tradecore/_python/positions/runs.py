"""How a run, the positions of one instrument, lies in fewer bytes for marking, so that a large table is read faster.

A position is read as one word, cost x 2**split + qty, while both numbers fit 64 bits, the split between them moving as
they grow. Where the cost is too long, what is kept of it is cost - qty x near, from a price amid those that were paid:
it is as short as these are near each other, and holds whatever is booked. Where they are not, the cost is counted in
the coarsest 10**exponent that all costs of the run share; the first that is no multiple makes the exponent fall to what
still divides. An average cost's remainder mostly leaves none: then a position is read as a 32-bit quantity and a cost.
Where a word has no room and costs come near 64 bits, they are kept in units of 10**exponent, rounded down, and what was
rounded off beside them: an amount then is a multiple of the unit less that rest, at any mark that is a multiple. So the
unit is the hundredth of a tick as long as that is enough, and no larger than it must be beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

FIRST_SPLIT = 24  # up to 8 million lots, 549 billion of cost
EXPONENT_MOST = 9  # so that a unit has 32 bits: marking multiplies by it
COARSE_FROM = 57  # from more bits on a cost is kept coarse too: a mark that is not may be near


class Form(NamedTuple):
    """How a run lies."""

    split: int
    exponent: int
    near: int = 0
    gap_bits: int = 0  # of the largest |cost - qty x near| since `near` was chosen


def bits_of(value: int) -> int:
    return abs(value).bit_length()


def is_multiple(cost: int, exponent: int) -> bool:
    return not cost % int(10**exponent)


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


def common_exponent(costs: Sequence[int]) -> int:
    """The largest exponent of which every cost is a multiple."""
    exponent = EXPONENT_MOST
    for cost in costs:
        while not is_multiple(cost, exponent):
            exponent -= 1
        if exponent == 0:
            break
    return exponent


def middle_price(qtys: Sequence[int], costs: Sequence[int]) -> int:
    """Between the lowest and the highest price that a position has cost, rounded down."""
    prices = [-cost // -qty if qty < 0 else cost // qty for qty, cost in zip(qtys, costs, strict=True) if qty]
    return (min(prices) + max(prices)) >> 1 if prices else 0


def largest_gap(qtys: Sequence[int], costs: Sequence[int], near: int) -> int:
    """The bits of the largest distance of a cost from what `near` would have cost."""
    return max(bits_of(cost - qty * near) for qty, cost in zip(qtys, costs, strict=True))


def home_exponent(tick: int) -> int:
    """The exponent of a hundredth of a tick, in which marks between ticks are whole too; 0 where that is finer than the
    price unit."""
    exponent = 0
    while exponent < EXPONENT_MOST and tick % 10 ** (exponent + 3) == 0:
        exponent += 1
    return exponent


def coarse_exponent(cost_bits: int, home: int) -> int:
    """The exponent that leaves a cost of so many bits at most 62, 0 where none does: `home`, or the least that leaves
    it 61, since the mark may be above what was paid."""
    if cost_bits - 62 <= bits_off(home):
        return home
    fits = (e for e in range(1, EXPONENT_MOST + 1) if 10**e >= 1 << (cost_bits - 61))
    return next(fits, 0)


def form_of(
    now: Form, qty_bits: int, cost_bits: int, home: int, is_inverse: bool, qtys: Sequence[int], costs: Sequence[int]
) -> Form:
    """The form of a run from the bits of its largest quantity and cost, and where those are too many for a word, from
    its positions. Where neither a word nor a coarse cost is to be had, it is all 0, until the run is summed anew."""
    split = 0 if now.near else split_of(qty_bits, cost_bits, now.split)
    if split or is_inverse:
        return Form(split, 0)
    if now.split and cost_bits <= 62:
        if now.exponent == 0:
            near = now.near or middle_price(qtys, costs)
            gap_bits = max(now.gap_bits, largest_gap(qtys, costs, near))
            split = split_of(qty_bits, gap_bits, now.split)
            if split:
                return Form(split, 0, near, gap_bits)
        exponent = common_exponent(costs)
        split = split_of(qty_bits, cost_bits - bits_off(exponent), now.split)
        if split:
            return Form(split, exponent)
    return Form(0, coarse_exponent(cost_bits, home) if cost_bits > COARSE_FROM else 0)

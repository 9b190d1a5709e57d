"""Tick tables as exchanges publish them: from which price on which tick holds. A tick is a rule about orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd
from typing import Any, NamedTuple

from .records import BANDS_MAX, PRICE_MAX
from .units import Number, decimals_of, whole_units

TickTable = Number | Sequence[tuple[Number, Number]] | Mapping[Number, Number]


class TickBand(NamedTuple):
    """From this price on (by magnitude) this tick, both in price units."""

    from_px: int
    tick: int


def table_of(tick_size: TickTable, where: str) -> list[tuple[Number, Number]]:
    """A tick or a table of them as pairs of (from price, tick)."""
    pairs: list[Any]
    if isinstance(tick_size, Mapping):
        pairs = list(tick_size.items())
    elif isinstance(tick_size, (list, tuple)):
        pairs = list(tick_size)
    else:
        return [(0, tick_size)]  # type: ignore[list-item]  # a single number, which its conversion checks
    if not 1 <= len(pairs) <= BANDS_MAX:
        raise ValueError(f"{where} a tick table has 1 to {BANDS_MAX} bands, not {len(pairs)}")
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            kind = type(tick_size).__name__
            raise TypeError(f"{where} must be a number or pairs of (from price, tick), not a {kind} of {pair!r}")
    return [(from_px, tick) for from_px, tick in pairs]


def table_decimals(pairs: list[tuple[Number, Number]], where: str) -> int:
    """How many decimals the prices and ticks of a table need."""
    return max(decimals_of(value, where) for pair in pairs for value in pair)


def read_bands(pairs: list[tuple[Number, Number]], precision: int, where: str) -> tuple[TickBand, ...]:
    """A table in price units. Each band must begin on a whole number of its own tick and of the one below: so that a
    price rounded to its band's tick never leaves the band off the other's.
    """
    bands = tuple(TickBand(whole_units(from_px, precision, f"{where} from price", PRICE_MAX, low=0),
                           whole_units(tick, precision, f"{where}", PRICE_MAX, low=1)) for from_px, tick in pairs)
    if bands[0].from_px:
        raise ValueError(f"{where} the first band must begin at 0, not at {pairs[0][0]}")
    for at in range(1, len(bands)):
        if bands[at].from_px <= bands[at - 1].from_px:
            raise ValueError(f"{where} band from {pairs[at][0]} must begin above {pairs[at - 1][0]}")
        for tick, said in ((bands[at - 1].tick, pairs[at - 1][1]), (bands[at].tick, pairs[at][1])):
            if bands[at].from_px % tick:
                raise ValueError(f"{where} band from {pairs[at][0]} is no multiple of the tick {said} that it meets")
    return bands


def finest_tick(bands: tuple[TickBand, ...]) -> int:
    """The largest step that every tick is a multiple of: what books count in."""
    return gcd(*(band.tick for band in bands))

"""The order in which lots close where it is not that of opening: by what a unit of them cost (HIFO, LOFO), or by the
trade that opened them (specific lot, where fills name it).

A position's lots are kept sorted; a place is found by halving. A lot leaves its place before what it is ordered by
changes, and comes back after. (The kernels keep a tree, in which a place is taken without moving the others.)
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tradecore.positions.entries import Method

from .costs import Lot, Position

_KEYS: dict[int, Callable[[Lot], tuple[Any, int]]] = {
    int(Method.SPECIFIC): lambda lot: (lot.trade_id, lot.age),
    int(Method.HIFO): lambda lot: (-Fraction(lot.cost, lot.qty), lot.age),
    int(Method.LOFO): lambda lot: (Fraction(lot.cost, lot.qty), lot.age),
}


@dataclass(slots=True)
class Lots:
    """How many lots may be open in all positions, how many are, and by what method they close."""

    most: int
    method: int = 0
    open_count: int = 0
    opened: int = 0  # lots that ever were: a lot's age


def put_in_order(lots: Lots, p: Position, lot: Lot) -> None:
    """A lot that is in no place yet comes where it belongs."""
    key = _KEYS.get(lots.method)
    if key is not None:
        insort(p.order, lot, key=key)


def take_out_of_order(lots: Lots, p: Position, lot: Lot) -> None:
    """A lot leaves its place."""
    key = _KEYS.get(lots.method)
    if key is not None:
        del p.order[bisect_left(p.order, key(lot), key=key)]


def put_all_in_order(lots: Lots, p: Position) -> None:
    """All lots of a position, after what they are ordered by has changed."""
    key = _KEYS.get(lots.method)
    if key is not None:
        p.order[:] = sorted(p.lots.values(), key=key)


def first_in_order(p: Position) -> Lot:
    """The lot that closes before all others."""
    return p.order[0]


def find_lot(lots: Lots, p: Position, trade_id: int) -> Lot | None:
    """The open lot of a trade; the oldest, where parts of it came at different times by transfer."""
    if lots.method == Method.SPECIFIC:
        at = bisect_left(p.order, (trade_id, 0), key=_KEYS[lots.method])
        return p.order[at] if at < len(p.order) and p.order[at].trade_id == trade_id else None
    return next((lot for lot in p.lots.values() if lot.trade_id == trade_id), None)

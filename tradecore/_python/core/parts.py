"""How a quantity is divided over the venues that display it: by what each further lot costs all-in.

A venue's levels are taken from the best one on, so the cheapest next lot of all venues is always the best step: the sum
is the least that the displayed quantities cost, fees and rebates by quantity or notional counted. Ties: as of rankings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..execution.book import Book, crosses, rank_of
from ..execution.routing import rank_venues, ranking_of, taking_cost
from ..orders.order_facts import leaves_of
from ..orders.order_table import Order
from ..orders.validation import AUCTIONS
from ..vocabulary.instrument import FOK, InstrumentRow, direction, opposite
from .state import State, book_of


class Part(NamedTuple):
    """What one venue is to have: lots, and the worst tick of those that it displays them at."""

    venue: int
    qty: int
    ticks: int


def levels_within(book: Book, side: int, limit: int) -> Iterator[tuple[int, int]]:
    """(ticks, displayed quantity) of each level at the limit or better, best first."""
    resting, worst = book.sides[side], rank_of(side, limit)
    for rank in reversed(resting.ranks):
        if rank < worst:
            return
        yield rank_of(side, rank), resting.levels[rank].qty


def divide_qty(core: State, ins: InstrumentRow, order: Order, limit: int, qty: int, barred: int) -> list[Part]:
    """The parts of up to `qty` that venues display within the limit, in the order of the ranking; not at venues that
    are down or `barred` (bit venue - 1)."""
    side = direction(order.side)
    heads, parts = [], {}
    for term in rank_venues(core.router, ins, order.instrument, side, core.now).terms:
        if term.venue not in core.router.down and not barred >> term.venue - 1 & 1:
            levels = levels_within(book_of(core, order.instrument, term.venue), opposite(side), limit)
            level = next(levels, None)
            if level is not None:
                parts[term.venue] = Part(term.venue, 0, 0)
                heads.append((term, levels, level))
    while qty > 0 and heads:
        keys = [(taking_cost(core.router, ins, side, term.venue, level[0] * ins.tick), -term.stamp, term.venue)
                for term, _, level in heads]
        at = keys.index(min(keys))
        term, levels, (ticks, displayed) = heads[at]
        taken = min(qty, displayed)
        qty -= taken
        parts[term.venue] = Part(term.venue, parts[term.venue].qty + taken, ticks)
        level = next(levels, None)
        if level is None:
            del heads[at]
        else:
            heads[at] = term, levels, level
    return [part for part in parts.values() if part.qty]


def is_divided(core: State, ins: InstrumentRow, order: Order, limit: int) -> bool:
    """Is an order that takes at its venue cheaper over several? FILL_OR_KILL, min_qty and auctions are whole."""
    if order.time_in_force == FOK or order.min_qty or order.time_in_force in AUCTIONS:
        return False
    side, qty = direction(order.side), leaves_of(order)
    ranking = ranking_of(core.router, order.instrument, side)
    if qty <= ranking.tops[order.venue].size:
        return False
    others = (term.venue for term in ranking.terms if term.venue != order.venue and term.venue not in core.router.down)
    if not any(crosses(book_of(core, order.instrument, venue), opposite(side), limit) for venue in others):
        return False
    return len(divide_qty(core, ins, order, limit, qty, 0)) > 1

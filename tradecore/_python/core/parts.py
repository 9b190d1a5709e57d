"""How a quantity is divided over the venues that display it: by what the strategy prefers, then by what each further
lot costs all-in; PRO_RATA by what each displays.

A venue's levels are taken from the best one on, so the cheapest next lot of all venues is always the best step: the sum
is the least that the displayed quantities cost, fees and rebates by quantity or notional counted. Ties: as of rankings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..execution.book import Book, crosses, rank_of
from ..execution.routing import preference, rank_venues, ranking_of, taking_cost
from ..orders.order_facts import leaves_of
from ..orders.order_table import Order
from ..orders.validation import AUCTIONS
from ..vocabulary.instrument import FOK, PRO_RATA, InstrumentRow, direction, opposite
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


def divide_qty(
    core: State, ins: InstrumentRow, order: Order, limit: int, qty: int, barred: int, routing: int
) -> list[Part]:
    """The parts of up to `qty` that venues display within the limit, in the order of the ranking; not at venues that
    are down or `barred` (bit venue - 1)."""
    side = direction(order.side)
    ranking = rank_venues(core.router, ins, order.instrument, side, core.now)
    if routing == PRO_RATA:
        return share_qty(core, ins, order, limit, qty, barred)
    heads, parts = [], {}
    for term in ranking.terms:
        if term.venue not in core.router.down and not barred >> term.venue - 1 & 1:
            levels = levels_within(book_of(core, order.instrument, term.venue), opposite(side), limit)
            level = next(levels, None)
            if level is not None:
                parts[term.venue] = Part(term.venue, 0, 0)
                heads.append((term, levels, level))
    while qty > 0 and heads:
        keys = [(preference(core.router, ranking, routing, side, term.venue, level[0] * ins.tick),
                 taking_cost(core.router, ins, order.instrument, side, term.venue, level[0] * ins.tick),
                 -term.stamp, term.venue)
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


def share_qty(core: State, ins: InstrumentRow, order: Order, limit: int, qty: int, barred: int) -> list[Part]:
    """The parts of up to `qty` in proportion to what each venue displays within the limit, in whole lots; what that
    leaves goes to the first in the ranking that displays more."""
    side = direction(order.side)
    shown = []
    for term in ranking_of(core.router, order.instrument, side).terms:
        if term.venue not in core.router.down and not barred >> term.venue - 1 & 1:
            levels = list(levels_within(book_of(core, order.instrument, term.venue), opposite(side), limit))
            if levels:
                shown.append((term.venue, levels, sum(lots for _, lots in levels)))
    total = sum(lots for _, _, lots in shown)
    qty = min(qty, total)
    given = [qty * lots // total // ins.lot * ins.lot if qty < total else lots for _, _, lots in shown]
    left, parts = qty - sum(given), []
    for (venue, levels, lots), share in zip(shown, given, strict=True):
        more = min(left, lots - share)
        left -= more
        if share + more:
            parts.append(Part(venue, share + more, _worst_ticks(levels, share + more)))
    return parts


def _worst_ticks(levels: list[tuple[int, int]], qty: int) -> int:
    """The tick of the level that the last lot of a quantity is displayed at."""
    for ticks, lots in levels:
        qty -= lots
        if qty <= 0:
            return ticks
    raise AssertionError("more than is displayed")


def is_divided(core: State, ins: InstrumentRow, order: Order, limit: int, routing: int) -> bool:
    """Is an order that takes at its venue cheaper over several? FILL_OR_KILL, min_qty and auctions are whole."""
    if order.time_in_force == FOK or order.min_qty or order.time_in_force in AUCTIONS:
        return False
    side, qty = direction(order.side), leaves_of(order)
    ranking = ranking_of(core.router, order.instrument, side)
    if qty <= ranking.tops[order.venue].size and routing != PRO_RATA:
        return False
    others = (term.venue for term in ranking.terms if term.venue != order.venue and term.venue not in core.router.down)
    if not any(crosses(book_of(core, order.instrument, venue), opposite(side), limit) for venue in others):
        return False
    return len(divide_qty(core, ins, order, limit, qty, 0, routing)) > 1

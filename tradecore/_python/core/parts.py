"""How a quantity is divided over the venues that display it: by what the strategy prefers, then by what each further
lot costs all-in; PRO_RATA by what each displays.

A venue's levels are taken from the best one on, so the cheapest next lot of all venues is always the best step: the sum
is the least that the displayed quantities cost, fees and rebates by quantity or notional counted. Ties: as of rankings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tradecore.vocabulary.codes import Route, Scope

from ..execution.book import Book, crosses, rank_of
from ..execution.routing import rank_venues, ranking_of, taking_cost
from ..orders.order_facts import leaves_of
from ..orders.order_table import Order
from ..orders.validation import AUCTIONS
from ..vocabulary.instrument import FOK, PRO_RATA, InstrumentRow, direction, opposite
from .own_scores import preferred_at
from .protection import protected_price, within_ticks
from .state import State, book_of, is_external


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
    are down or `barred` (bit venue - 1), nor through what those display. With order protection a better price comes
    before whatever it costs all-in."""
    side = direction(order.side)
    limit = within_ticks(ins, side, limit, protected_price(core, ins, order, barred))
    ranking = rank_venues(core.router, ins, order.instrument, side, core.now)
    if shares_out(ins, routing):
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
        keys = [(-rank_of(opposite(side), level[0]) if ins.order_protection else 0,
                 preferred_at(core, ins, order, routing, ranking, term.venue, level[0] * ins.tick),
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


def shares_out(ins: InstrumentRow, routing: int) -> bool:
    """Is it divided by what is displayed? With order protection the best prices come first."""
    return routing == PRO_RATA and not ins.order_protection


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
    """Is an order that takes at its venue cheaper over several? A FILL_OR_KILL goes over several where none fills it
    alone; min_qty and auctions are whole. With order protection an external venue, whose trades can't be foreseen, is
    not sent a limit beyond what another displays."""
    if order.time_in_force == FOK:
        return order.route == Route.RESTS and fills_jointly(core, ins, order, limit, routing)
    if order.route != Route.TAKES or order.min_qty or order.time_in_force in AUCTIONS:
        return False
    side, qty = direction(order.side), leaves_of(order)
    ranking = ranking_of(core.router, order.instrument, side)
    unforeseen = ins.order_protection and is_external(core, order.venue)
    if qty <= ranking.tops[order.venue].size and not unforeseen and not shares_out(ins, routing):
        return False
    others = (term.venue for term in ranking.terms if term.venue != order.venue and term.venue not in core.router.down)
    if not any(crosses(book_of(core, order.instrument, venue), opposite(side), limit) for venue in others):
        return False
    return unforeseen or len(divide_qty(core, ins, order, limit, qty, 0, routing)) > 1


def unpromising(core: State) -> int:
    """Venues (bit venue - 1) that might not fill what they display: external ones, and those with limits of their own,
    which may refuse a part."""
    return sum(1 << venue - 1 for venue in core.router.venues
               if is_external(core, venue) or (Scope.VENUE, 0, 0, venue, 0) in core.risk.rows.by_target)


def barred_at_first(core: State, order: Order) -> int:
    """Venues (bit venue - 1) that an order's first parts can't go to: those of a FILL_OR_KILL must be sure."""
    return unpromising(core) if order.time_in_force == FOK else 0


def fills_jointly(core: State, ins: InstrumentRow, order: Order, limit: int, routing: int) -> bool:
    """May an order be filled whole over several venues, and do those display so much that are sure to?"""
    if not ins.fok_over_venues:
        return False
    parts = divide_qty(core, ins, order, limit, leaves_of(order), barred_at_first(core, order), routing)
    return sum(part.qty for part in parts) == leaves_of(order)

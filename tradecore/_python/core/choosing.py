"""Which venue an order goes to whole. It places nothing; what is divided over several is in `parts`."""

from __future__ import annotations

from tradecore.vocabulary.codes import Route

from ..execution.book import crosses, is_fillable
from ..execution.decisions import keep_decision, tells_all
from ..execution.routing import Ranking, rank_venues
from ..execution.strategies import strategy_of
from ..orders.order_facts import leaves_of
from ..orders.order_table import Order
from ..orders.validation import POST_ONLY
from ..vocabulary.instrument import ALL_IN_COST, FOK, ROUND_ROBIN, InstrumentRow, direction, has_limit, opposite
from .own_scores import preferred_at, resting_venue
from .protection import price_elsewhere, within_ticks
from .state import State, book_of


def routing_of(core: State, order: Order) -> int:
    """How an order is routed: a RoutingStrategy."""
    return strategy_of(core.router, order.strategy, order.routing)


def route_order(core: State, ins: InstrumentRow, order: Order, limit: int, routing: int) -> int:
    """Chooses the venue of an order, and keeps the ranking that it was chosen by."""
    ranking = decide(core, ins, order)
    order.decision = ranking.decision
    if routing != ALL_IN_COST:
        order.routing = routing  # as it was routed, whatever its strategy is given later
    venue = choose_venue(core, ins, order, limit, ranking, routing)
    if routing == ROUND_ROBIN and venue:
        ranking.turn = venue
    return venue


def decide(core: State, ins: InstrumentRow, order: Order) -> Ranking:
    """The ranking that an order is routed by, which is kept."""
    ranking = rank_venues(core.router, ins, order.instrument, direction(order.side), core.now)
    if not tells_all(core.router, ranking, order.instrument):
        keep_decision(core.router, ranking, order.instrument)
    return ranking


def choose_venue(
    core: State, ins: InstrumentRow, order: Order, limit: int, ranking: Ranking, routing: int
) -> int:
    """Of the venues that display a price within the limit, and trade through no other (FILL_OR_KILL: and hold the whole
    quantity), the one that the strategy prefers, then the first in the ranking; where there is none, the venue where
    the order rests best. 0: every venue is down."""
    side = direction(order.side)
    best = None
    for term in ranking.terms if not order.exec_inst & POST_ONLY else ():
        book = book_of(core, order.instrument, term.venue)
        within = within_ticks(ins, side, limit, price_elsewhere(core, ins, order, term.venue))
        if term.venue in core.router.down or not crosses(book, opposite(side), within):
            continue
        if order.time_in_force == FOK and not is_fillable(book, opposite(side), within, leaves_of(order)):
            continue
        preferred = preferred_at(core, ins, order, routing, ranking, term.venue, term.price)
        if best is None or preferred < best[0]:
            best = preferred, term.venue
        if routing == ALL_IN_COST:
            break
    if best is not None:
        order.route = Route.TAKES
        return best[1]
    order.route = Route.RESTS
    price = limit * ins.tick if has_limit(order.ord_type) else 0
    return resting_venue(core, ins, order, price, 0, routing)

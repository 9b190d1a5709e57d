"""Which venue an order goes to whole. It places nothing; what is divided over several is in `parts`."""

from __future__ import annotations

from tradecore.vocabulary.codes import Route

from ..execution.book import crosses, is_fillable
from ..execution.routing import Ranking, keep_decision, posting_venue, rank_venues
from ..orders.order_facts import leaves_of
from ..orders.order_table import Order
from ..orders.validation import POST_ONLY
from ..vocabulary.instrument import FOK, InstrumentRow, direction, has_limit, opposite
from .protection import price_elsewhere, within_ticks
from .state import State, book_of


def route_order(core: State, ins: InstrumentRow, order: Order, limit: int) -> int:
    """Chooses the venue of an order, and keeps the ranking that it was chosen by."""
    ranking = decide(core, ins, order)
    order.decision = ranking.decision
    return choose_venue(core, ins, order, limit, ranking)


def decide(core: State, ins: InstrumentRow, order: Order) -> Ranking:
    """The ranking that an order is routed by, which is kept."""
    ranking = rank_venues(core.router, ins, order.instrument, direction(order.side), core.now)
    if ranking.changed:
        keep_decision(core.router, ranking, order.instrument)
    return ranking


def choose_venue(core: State, ins: InstrumentRow, order: Order, limit: int, ranking: Ranking) -> int:
    """The first ranked venue that displays a price within the limit, which trades through no other (FILL_OR_KILL: and
    holds the whole quantity); where there is none, the venue where the order rests best. 0: every venue is down."""
    if not order.exec_inst & POST_ONLY:
        side, taken_side = direction(order.side), opposite(direction(order.side))
        for term in ranking.terms:
            book = book_of(core, order.instrument, term.venue)
            within = within_ticks(ins, side, limit, price_elsewhere(core, ins, order, term.venue))
            if term.venue in core.router.down or not crosses(book, taken_side, within):
                continue
            if order.time_in_force == FOK and not is_fillable(book, taken_side, within, leaves_of(order)):
                continue
            order.route = Route.TAKES
            return term.venue
    order.route = Route.RESTS
    return posting_venue(core.router, ins, limit * ins.tick if has_limit(order.ord_type) else 0, 0)

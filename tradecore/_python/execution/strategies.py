"""What routing strategies prefer: see RoutingStrategy."""

from __future__ import annotations

from ..vocabulary.instrument import ALL_IN_COST, BEST_PRICE, BUY, LOWEST_LATENCY, ROUND_ROBIN
from .routing import MAX_VENUES, Ranking, Router


def strategy_of(router: Router, strategy: int, routing: int) -> int:
    """How an order is routed: as it says itself, else as its strategy does, else as all."""
    return routing or router.strategies.get(strategy, 0) or router.strategies.get(0, 0) or ALL_IN_COST


def preference(router: Router, ranking: Ranking, routing: int, side: int, venue: int, price: int) -> int:
    """What comes before the all-in cost: less is better."""
    if routing == BEST_PRICE:
        return price if side == BUY else -price
    if routing == LOWEST_LATENCY:
        return router.statistics[venue].round_trip
    return (venue - 1 - ranking.turn) % MAX_VENUES if routing == ROUND_ROBIN else 0

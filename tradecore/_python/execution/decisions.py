"""Routing decisions: what a ranking said when it routed an order, kept for explain()."""

from __future__ import annotations

from tradecore.vocabulary.codes import MarketState
from tradecore.vocabulary.records import NO_PRICE

from ..vocabulary.instrument import BUY, SELL
from .routing import Ranking, Router, displayed_price


def market_state(router: Router, instrument: int) -> MarketState:
    """How the best prices displayed lie, fees aside."""
    bid, ask = displayed_price(router, instrument, SELL), displayed_price(router, instrument, BUY)
    if NO_PRICE in (bid, ask) or bid < ask:
        return MarketState.NORMAL
    return MarketState.LOCKED if bid == ask else MarketState.CROSSED


def tells_all(router: Router, ranking: Ranking, instrument: int) -> bool:
    """Does the last decision that was made of an up-to-date ranking tell all that it says? How long one is kept is no
    part of what a core does."""
    if ranking.changed or ranking.decision == 0:
        return not ranking.changed
    return ranking.market is market_state(router, instrument)


def keep_decision(router: Router, ranking: Ranking, instrument: int) -> None:
    """Keeps what an up-to-date ranking says, for explain(). Only routing an order does: asking changes nothing."""
    market = market_state(router, instrument)
    router.decisions += 1
    router.locked += market is MarketState.LOCKED
    router.crossed += market is MarketState.CROSSED
    ranking.decision, ranking.changed, ranking.market = router.decisions, False, market
    router.history.append((market, ranking.terms))

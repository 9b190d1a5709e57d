"""Where an order rests best: a ranking of its own, by what a maker pays and what is known of venues where it rests."""

from __future__ import annotations

from ..vocabulary.instrument import InstrumentRow
from .routing import Router, charges_of, fee_charge, ranking_of
from .strategies import preference


def posting_fee(router: Router, ins: InstrumentRow, venue: int, price: int) -> int:
    fees = router.venues[venue]
    return fee_charge(ins, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)


def posting_cost(router: Router, ins: InstrumentRow, instrument: int, venue: int, price: int) -> int:
    """What one lot costs that rests at a venue for this price, beside the price."""
    return posting_fee(router, ins, venue, price) + sum(charges_of(router, instrument, venue, price, False))


def posting_venue(
    router: Router, ins: InstrumentRow, instrument: int, side: int, price: int, barred: int, routing: int,
    scores: dict[int, int],
) -> int:
    """Where an order rests best: by its strategy, or by `scores` where one's own has any, then the lowest maker fee and
    charges, then the lower venue id; 0 where every venue is down, or `barred` (bit venue - 1)."""
    ranking = ranking_of(router, instrument, side)
    costs = [(scores.get(venue, preference(router, ranking, routing, side, venue, price)),
              posting_cost(router, ins, instrument, venue, price), venue)
             for venue in router.venues if venue not in router.down and not barred >> venue - 1 & 1]
    return min(costs)[2] if costs else 0

"""One's own scorer: its number for a venue, in the place of what a routing strategy prefers. It fills the cells that
the scorer's program reads; everything of them is known. Without a scorer all venues are equal to it.
"""

from __future__ import annotations

from tradecore.vocabulary.rule_words import CELL, SCORE_CELLS

from ..execution.posting import posting_cost, posting_fee, posting_venue
from ..execution.routing import UNSEEN, Ranking, all_in, ranking_of, taking_cost, taking_fee
from ..execution.strategies import preference
from ..orders.order_table import Order
from ..risk.programs import ask_scorer
from ..vocabulary.instrument import BUY, SCORER, InstrumentRow, direction
from .state import State

_LOW = 2**64


def fill_cells(core: State, ins: InstrumentRow, order: Order, venue: int, price: int, takes: bool) -> list[int]:
    """What a scorer reads of one venue, where an order would take or rest for this price."""
    router, side, cells = core.router, direction(order.side), [0] * len(SCORE_CELLS)
    s = router.statistics[venue]
    if takes:
        size = ranking_of(router, order.instrument, side).tops.get(venue, UNSEEN).size
        fee = taking_fee(router, ins, venue, price)
        cost = taking_cost(router, ins, order.instrument, side, venue, price)
    else:
        size, fee = 0, posting_fee(router, ins, venue, price)
        cost = all_in(side, price, posting_cost(router, ins, order.instrument, venue, price))
    numbers = {
        "one": 1, "price_scale": 10**ins.price_precision, "qty_scale": ins.lots_per_unit, "order_qty": order.order_qty,
        "buys": int(side == BUY), "venue": venue, "unit_px": price if side == BUY else -price, "unit_size": size,
        "unit_fee": signed_word(fee), "unit_fee_high": fee >> 64, "unit_cost": signed_word(cost),
        "unit_cost_high": cost >> 64, "round_trip": s.round_trip, "fill_rate": s.take_fill if takes else s.post_fill,
        "reject_rate": s.reject, "quote_age": s.quote_age, "is_degraded": int(venue in router.degraded),
    }
    for name, number in numbers.items():
        cells[CELL[name]] = number
    return cells


def signed_word(number: int) -> int:
    """The low word of a number of 128 bits, as a cell has it."""
    low = number % _LOW
    return low - _LOW if low >= _LOW // 2 else low


def own_score(core: State, ins: InstrumentRow, order: Order, venue: int, price: int, takes: bool) -> int:
    """The number of one's own scorer for a venue; less is better."""
    scorer = core.rules.scorer
    return ask_scorer(scorer.steps, fill_cells(core, ins, order, venue, price, takes)) if scorer else 0


def preferred_at(
    core: State, ins: InstrumentRow, order: Order, routing: int, ranking: Ranking, venue: int, price: int
) -> int:
    """What comes before the all-in cost of what a venue displays at a price: less is better."""
    if routing == SCORER:
        return own_score(core, ins, order, venue, price, True)
    return preference(core.router, ranking, routing, direction(order.side), venue, price)


def resting_venue(core: State, ins: InstrumentRow, order: Order, price: int, barred: int, routing: int) -> int:
    """The venue where an order rests best: see `posting_venue`."""
    scores = {venue: own_score(core, ins, order, venue, price, False)
              for venue in core.router.venues} if routing == SCORER else {}
    return posting_venue(core.router, ins, order.instrument, direction(order.side), price, barred, routing, scores)

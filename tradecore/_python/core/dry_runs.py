"""Where a new order would go, without sending it: by the kernels that would route it. Nothing is changed, and no risk
is asked. What would wait for a price or a session is asked about as if that had come.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import MarketState, Route
from tradecore.vocabulary.records import NO_PRICE, OWN_ID_MAX, TIME_MAX
from tradecore.vocabulary.rows import PlanRow

from ..execution.decisions import market_state
from ..execution.outages import down_at
from ..execution.routing import rank_venues
from ..execution.strategies import strategy_of
from ..orders.order_table import Order, load_order
from ..orders.validation import CASH, validate_order
from ..vocabulary.instrument import InstrumentRow, direction
from .cash import convert_cash
from .choosing import choose_venue
from .exits import closes_position
from .orderpath import CLOSING_BITS
from .parts import Part, barred_at_first, divide_qty, is_divided
from .placing import ask_order
from .protection import is_kept_off, price_elsewhere, within_ticks
from .stamps import find_bad_stamp, stamp_of
from .state import State, is_external
from .worst_prices import limit_ticks, tighten_ticks


def plan_order(core: State, c: Any, now: int) -> PlanRow:
    """What routing would do with a new order (see `Core.plan`). Changes nothing."""
    ins = core.instruments.get(c.instrument)
    clock, down, time, bound = core.now, core.router.down, stamp_of(c, now), NO_PRICE
    if 0 <= time <= TIME_MAX and not find_bad_stamp(core, time, now):
        core.now = max(clock, time)
        core.router.down = down_at(core.router, core.now)
    try:
        if c.exec_inst & CASH and ins is not None:
            bound, lots = convert_cash(core, ins, c)
            c = c._replace(order_qty=lots)
        c = c._replace(cl_ord_id=0)
        mask = validate_order(ins, len(core.accounts), len(core.router.venues), OWN_ID_MAX, core.now, c)
        thought = load_order(c, 0, 0)
        if mask and not mask & ~CLOSING_BITS and closes_position(core, thought):
            mask = 0
        if mask or ins is None:
            return PlanRow(mask, Route.NONE, [], [], 0, NO_PRICE, c.order_qty, MarketState.NORMAL, c.routing)
        q = ask_order(core, ins, thought, c.order_qty, c.price, c.stop_px, c.order_qty, False)
        return plan_venues(core, ins, thought, tighten_ticks(ins, q.side, limit_ticks(ins, q), bound))
    finally:
        core.now, core.router.down = clock, down


def plan_venues(core: State, ins: InstrumentRow, thought: Order, limit: int) -> PlanRow:
    """The venues that an order with this worst tick would have, and the ranking behind it."""
    ranking = rank_venues(core.router, ins, thought.instrument, direction(thought.side), core.now)
    routing = strategy_of(core.router, thought.strategy, thought.routing)
    route = Route.DIRECTED
    if thought.venue == 0:
        thought.venue = choose_venue(core, ins, thought, limit, ranking, routing)
        route = Route(thought.route)
    elsewhere = price_elsewhere(core, ins, thought, thought.venue) if thought.venue else NO_PRICE
    within = within_ticks(ins, direction(thought.side), limit, elsewhere)
    parts = [Part(thought.venue, thought.order_qty, within)] if thought.venue else []
    if route != Route.DIRECTED and is_divided(core, ins, thought, limit, routing):
        route = Route.SPLIT
        parts = divide_qty(core, ins, thought, limit, thought.order_qty, barred_at_first(core, thought), routing)
    elif is_external(core, thought.venue) and is_kept_off(ins, thought, limit, elsewhere):
        route, parts = Route.NONE, [Part(thought.venue, 0, within)]
    return PlanRow(
        0, route, [(part.venue, part.qty, part.ticks * ins.tick) for part in parts], list(ranking.terms),
        sum(1 << venue - 1 for venue in core.router.down), limit * ins.tick, thought.order_qty,
        market_state(core.router, thought.instrument), routing)

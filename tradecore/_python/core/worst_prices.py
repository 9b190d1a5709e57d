"""The worst price that an order may trade at, in ticks: its limit, and what bounds it beside."""

from __future__ import annotations

from tradecore.vocabulary.records import NO_PRICE

from ..orders.order_table import Order
from ..risk.holds import Question, protection_price
from ..risk.limit_lines import COLLAR
from ..vocabulary.instrument import BUY, MARKET, InstrumentRow, direction, safe_price
from ..vocabulary.price_limits import worst_allowed


def market_price(ins: InstrumentRow, q: Question) -> int:
    """The worst price that an order without a limit may trade at: any, or the nearer of its protection price and the
    exchange's limit."""
    price = worst_allowed(ins.limits, q.side, ins.price_most)
    if q.line.limits[COLLAR] >= 0:
        protection = max(-ins.price_most, min(ins.price_most, protection_price(q)))
        price = min(price, protection) if q.side == BUY else max(price, protection)
    return price if abs(price) == ins.price_most else safe_price(ins, price, q.side)


def limit_ticks(ins: InstrumentRow, q: Question) -> int:
    """The worst tick that the order may trade at."""
    price = market_price(ins, q) if q.ord_type == MARKET else q.price
    return price // ins.tick if q.side == BUY else -(-price // ins.tick)


def bounded_ticks(ins: InstrumentRow, order: Order, limit: int) -> int:
    """The worst tick, where an order has a bound beside its limit."""
    return tighten_ticks(ins, direction(order.side), limit, order.protect_px)


def tighten_ticks(ins: InstrumentRow, side: int, limit: int, bound: int) -> int:
    """The worst tick of a limit and a price beside it, which may be NO_PRICE."""
    if bound == NO_PRICE:
        return limit
    return min(limit, bound // ins.tick) if side == BUY else max(limit, -(-bound // ins.tick))


def is_bound(ins: InstrumentRow, limit: int) -> bool:
    """Is this worst tick less than everything that an order without a limit and a collar would take?"""
    return abs(limit) != ins.price_most // ins.tick

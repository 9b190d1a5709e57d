"""What orders watch: a TriggerPriceType(1107), or where neither they nor their instrument says one, the last trade
where this session has had a fresh print, else the touch, the bid for a sell and the offer for a buy; a trailing stop
first the mid where there is one.
"""

from __future__ import annotations

from tradecore.vocabulary.fix import OrdType, TriggerPriceType

from ..vocabulary.instrument import SELL, direction
from .order_table import Order

OFFER, LAST, BID, MID = (int(TriggerPriceType[name]) for name in ("BEST_OFFER", "LAST_TRADE", "BEST_BID", "BEST_MID"))
TOUCH_SELL, TOUCH_BUY, TRAIL_SELL, TRAIL_BUY = 4, 5, 7, 8
SOURCES = (OFFER, LAST, BID, MID, TOUCH_SELL, TOUCH_BUY, TRAIL_SELL, TRAIL_BUY)


def choose_source(order: Order, instruments: int) -> int:
    """The price that an order watches; `instruments`: what its instrument says, or 0."""
    said, sells = order.trigger_price_type or instruments, direction(order.side) == SELL
    if said:
        return said
    if order.ord_type == OrdType.TRAILING_STOP:
        return TRAIL_SELL if sells else TRAIL_BUY
    return TOUCH_SELL if sells else TOUCH_BUY

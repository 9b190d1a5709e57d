"""Order protection: on an instrument that has it, an order trades through no better price that another venue displays,
and does not rest where it would lock or cross one; fees decide between venues of one price alone.

What is taken of all venues at once, each displayed quantity in full, trades through none of them. A venue that is down
displays nothing. In an auction all trade at one price.
Source: SEC Regulation NMS, Rules 611(a), 611(b)(1) and (6), 610(e).
"""

from __future__ import annotations

from tradecore.vocabulary.codes import Route
from tradecore.vocabulary.records import NO_PRICE

from ..execution.book import rank_of
from ..execution.routing import EVERY_VENUE, displayed_price
from ..orders.order_table import Order
from ..orders.validation import AUCTIONS, POST_ONLY
from ..vocabulary.instrument import BUY, FOK, IOC, InstrumentRow, direction, has_limit
from .state import State


def protected_price(core: State, ins: InstrumentRow, order: Order, venues: int) -> int:
    """The best price at these venues, where an order must not trade through it, or NO_PRICE."""
    if not ins.order_protection or order.time_in_force in AUCTIONS:
        return NO_PRICE
    return displayed_price(core.router, order.instrument, direction(order.side), venues)


def price_elsewhere(core: State, ins: InstrumentRow, order: Order, venue: int) -> int:
    """What an order that goes to this venue alone must not trade through. A child's part is taken with all others."""
    return NO_PRICE if order.parent else protected_price(core, ins, order, EVERY_VENUE ^ 1 << venue - 1)


def within_ticks(ins: InstrumentRow, side: int, limit: int, price: int) -> int:
    """The worst tick of a limit and a displayed price, which may be NO_PRICE."""
    if price == NO_PRICE:
        return limit
    return min(limit, price // ins.tick) if side == BUY else max(limit, price // ins.tick)


def reaches(ins: InstrumentRow, side: int, limit: int, price: int) -> bool:
    """Would what rests at this tick lock or cross the price that is displayed?"""
    return price != NO_PRICE and rank_of(side, limit * ins.tick) >= rank_of(side, price)


def is_kept_off(ins: InstrumentRow, order: Order, limit: int, elsewhere: int) -> bool:
    """Is an order not for an external venue, since it might trade through, lock or cross the price elsewhere there? One
    that was routed to what the venue displays, and rests nowhere, takes that, and is sent as far as it may go."""
    if order.exec_inst & POST_ONLY and reaches(ins, direction(order.side), limit, elsewhere):
        return True
    takes = order.route == Route.TAKES and order.time_in_force in (FOK, IOC)
    return not takes and is_cut(ins, order, limit, elsewhere)


def is_cut(ins: InstrumentRow, order: Order, limit: int, elsewhere: int) -> bool:
    """Has an order a limit beyond the price elsewhere?"""
    return has_limit(order.ord_type) and within_ticks(ins, direction(order.side), limit, elsewhere) != limit

"""Prices and sessions that let orders go: what a trigger watches, what a session takes. It reads, and never acts."""

from __future__ import annotations

from typing import NamedTuple

from tradecore.vocabulary.fix import TimeInForce, TradSesStatus
from tradecore.vocabulary.records import NO_PRICE

from ..execution.routing import displayed_price
from ..orders.order_table import AWAITS_PRICE
from ..orders.sources import BID, LAST, MID, OFFER, TOUCH_SELL, TRAIL_BUY, TRAIL_SELL
from ..orders.triggers import waiting_side
from ..vocabulary.instrument import BUY, FOK, IOC, SELL
from .state import State, session_of

HALTED, OPEN, CLOSED, PRE_OPEN, PRE_CLOSE = (int(status) for status in TradSesStatus)
AT_THE_OPEN, AT_THE_CLOSE = int(TimeInForce.AT_THE_OPEN), int(TimeInForce.AT_THE_CLOSE)


def is_trading(core: State, instrument: int) -> bool:
    return session_of(core, instrument) in (OPEN, PRE_CLOSE)


def session_takes(core: State, instrument: int, time_in_force: int) -> bool:
    """Does the session take a new order? Before the opening: what can wait for it; after it: all but AT_THE_OPEN."""
    if is_trading(core, instrument):
        return time_in_force != AT_THE_OPEN
    return session_of(core, instrument) == PRE_OPEN and time_in_force not in (IOC, FOK)


def session_waits(core: State, instrument: int, time_in_force: int) -> bool:
    """Must an order wait for another session?"""
    return not is_trading(core, instrument) or time_in_force == AT_THE_CLOSE


class Market(NamedTuple):
    """What triggers watch of one instrument; NO_PRICE where there is none that counts."""

    last: int
    bid: int
    offer: int
    is_printed: bool  # this session has had a trade print that is fresh


def has_fresh_print(core: State, instrument: int) -> bool:
    """Own fills move the last trade, but make no session one that prints."""
    printed, age = core.triggers.print_times.get(instrument, 0), core.instruments[instrument].print_max_age
    return printed > 0 and (age == 0 or core.now - printed <= age)


def look_at_market(core: State, instrument: int) -> Market:
    """Only prices that were told since the session opened: what stood before decides nothing."""
    since = core.triggers.opened_at.get(instrument, 0)
    counts = core.triggers.lasts_told.get(instrument, 0) > since
    last = core.ledger.lasts.get(instrument, NO_PRICE) if counts else NO_PRICE
    return Market(last, displayed_price(core.router, instrument, SELL, since=since),
                  displayed_price(core.router, instrument, BUY, since=since), has_fresh_print(core, instrument))


def chosen_source(market: Market, watch: int) -> int:
    """The TriggerPriceType that an order watches as the market is now (see sources)."""
    if watch in (OFFER, LAST, BID, MID):
        return watch
    if watch in (TRAIL_SELL, TRAIL_BUY) and NO_PRICE not in (market.bid, market.offer):
        return MID
    if market.is_printed:
        return LAST
    return BID if watch in (TOUCH_SELL, TRAIL_SELL) else OFFER


def trigger_price(market: Market, watch: int, rising: bool) -> int:
    """The price that a trigger watches, or NO_PRICE. A mid between two units counts as the one not yet reached: the
    lower where a rising price is waited for, the higher for a falling one."""
    source = chosen_source(market, watch)
    if source == MID:
        if NO_PRICE in (market.bid, market.offer):
            return NO_PRICE
        mid2 = market.bid + market.offer
        return mid2 // 2 if rising else -(-mid2 // 2)
    if source == LAST:
        return market.last
    return market.bid if source == BID else market.offer


def copy_watched(core: State, order_id: int) -> tuple[int, int, bool]:
    """What an order that waits for a price watches now: the TriggerPriceType, that price, and whether it waits for it
    to rise; (0, NO_PRICE, False) where it waits for none, or is not held."""
    order = core.orders.by_id.get(order_id)
    if order is None or order.place != AWAITS_PRICE:
        return 0, NO_PRICE, False
    market, rises = look_at_market(core, order.instrument), waiting_side(order) == SELL
    return chosen_source(market, order.watch), trigger_price(market, order.watch, rises), rises

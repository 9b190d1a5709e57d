"""Prices and sessions that let orders go: what a trigger watches, what a session takes. It reads, and never acts."""

from __future__ import annotations

from typing import NamedTuple

from tradecore.vocabulary.fix import TimeInForce, TradSesStatus
from tradecore.vocabulary.records import NO_PRICE

from ..execution.routing import displayed_price
from ..orders.triggers import BID, LAST, OFFER
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
    """What triggers watch of one instrument; NO_PRICE where there is none."""

    last: int
    bid: int
    offer: int


def look_at_market(core: State, instrument: int) -> Market:
    return Market(core.ledger.lasts.get(instrument, NO_PRICE), displayed_price(core.router, instrument, SELL),
                  displayed_price(core.router, instrument, BUY))


def trigger_price(market: Market, source: int, rising: bool) -> int:
    """The price that a trigger watches, or NO_PRICE. A mid between two units counts as the one not yet reached: the
    lower where a rising price is waited for, the higher for a falling one."""
    if source == LAST:
        return market.last
    if source == BID:
        return market.bid
    if source == OFFER:
        return market.offer
    if NO_PRICE in (market.bid, market.offer):
        return NO_PRICE
    mid2 = market.bid + market.offer
    return mid2 // 2 if rising else -(-mid2 // 2)

"""Whom a price lets go: trailing stops move, and what it reaches is triggered, at once and all of it.

What is triggered waits in a queue until the command's own trades and reports are out, then goes one after another: what
the first of them does to the market takes nothing back from the others, whose price had come.
"""

from __future__ import annotations

from tradecore.vocabulary.records import NO_PRICE

from ..orders.open_orders import find_open
from ..orders.order_table import AWAITS_PRICE, NOWHERE, Order
from ..orders.sources import LAST, SOURCES
from ..orders.timers import PRINT_TIMER
from ..orders.triggers import disarm_trigger, find_triggered, has_reached, has_waiting, trail_peaks, waiting_side
from ..risk.exit_gate import keep_trade
from ..vocabulary.instrument import BUY, SELL
from .conditions import Market, chosen_source, has_fresh_print, is_trading, look_at_market, trigger_price
from .state import State, tell_price


def fire_order(core: State, order: Order) -> None:
    """Its price has come."""
    disarm_trigger(core.triggers, order)
    order.place, order.triggered = NOWHERE, True
    core.triggers.fired.append(order.order_id)


def elect(core: State, instrument: int, source: int, side: int, price: int) -> None:
    """What watches a price of one source, and waits for it to rise (SELL) or to fall (BUY)."""
    if price == NO_PRICE or not has_waiting(core.triggers, instrument, source, side):
        return
    trail_peaks(core.triggers, instrument, source, side, price)
    while triggered := find_triggered(core.triggers, instrument, source, side, price):
        fire_order(core, core.orders.by_id[triggered])


def elect_all(core: State, instrument: int) -> None:
    """Whatever the market reaches as it is now."""
    if not core.triggers.counts[instrument] or not is_trading(core, instrument):
        return
    market = look_at_market(core, instrument)
    for source in SOURCES:
        for side in (BUY, SELL):
            elect(core, instrument, source, side, trigger_price(market, source, side == SELL))


def move_last(core: State, instrument: int, price: int) -> None:
    """A trade: the last one from now on. Each counts, of a sweep too, so it is not put off."""
    core.ledger.lasts[instrument] = price
    limits = core.instruments[instrument].limits
    if limits.dynamic_bps >= 0:
        limits.reference = price
        keep_trade(core.gate, instrument, price)
    core.triggers.lasts_told[instrument] = core.command_seq
    if core.triggers.counts[instrument] and is_trading(core, instrument):
        market = look_at_market(core, instrument)
        for source in SOURCES:
            if chosen_source(market, source) == LAST:
                for side in (BUY, SELL):
                    elect(core, instrument, source, side, price)
        tell_price(core, instrument)


def reaches_any(core: State, instrument: int, market: Market) -> bool:
    """Has a price of this market come as far as the first that waits for it, wherever that is to go?"""
    return any(has_waiting(core.triggers, instrument, source, side)
               and find_triggered(core.triggers, instrument, source, side, trigger_price(market, source, side == SELL))
               for source in SOURCES for side in (BUY, SELL))


def elect_directed(core: State, instrument: int, venue: int) -> None:
    """A venue that is disconnected displays a price: it counts for what is to go there, the oldest first. Of what
    others wait for it says nothing: they can't trade there."""
    if not core.triggers.counts[instrument] or not is_trading(core, instrument):
        return
    tops = (core.router.rankings[instrument, side].tops[venue] for side in (SELL, BUY))
    bid, offer = (top.price if top.size else NO_PRICE for top in tops)
    market = look_at_market(core, instrument)._replace(bid=bid, offer=offer)
    if not reaches_any(core, instrument, market):
        return
    for order in find_open(core.open_orders, instrument, 0, venue, 0):
        if order.place == AWAITS_PRICE and has_reached(
            order, trigger_price(market, order.watch, waiting_side(order) == SELL)
        ):
            fire_order(core, order)


def watch_print(core: State, instrument: int) -> None:
    """Once a print is no longer fresh, what watches it looks at the touch: even if nothing else happens."""
    age, key = core.instruments[instrument].print_max_age, (PRINT_TIMER, instrument)
    if age and key not in core.timers.armed and has_fresh_print(core, instrument):
        core.timers.arm_timer(key, core.triggers.print_times[instrument] + age + 1)


def forget_print(core: State, instrument: int) -> None:
    """Another session, or other shares: what printed before is no longer the last trade."""
    core.triggers.print_times.pop(instrument, None)
    core.timers.arm_timer((PRINT_TIMER, instrument), 0)


def end_print(core: State, instrument: int) -> None:
    """The timer of a print: there may have been a newer one since it was armed."""
    if core.triggers.counts[instrument]:
        watch_print(core, instrument)
        tell_price(core, instrument)

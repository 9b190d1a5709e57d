"""Venues' health: moved by what external venues answer and don't. An operator sets it in route_settings."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason

from ..execution.outages import fail_venue, hear_request, set_down, turn_due
from ..orders.order_table import Order
from ..risk.exposure_checks import MS
from .state import RISK_WARNING, State, publish, tell_price


def set_barred(core: State) -> None:
    """Where no order goes that names no venue, whatever the venue's health: a switch bars it, or its session is
    lost."""
    core.router.barred = core.risk.barred_venues | core.disconnected
    set_down(core.router)


def fail_health(core: State, c: Any, venue: int, is_timeout: bool) -> None:
    """An external venue has rejected a new order, or not answered in time: where that opens its breaker, an alert says
    so."""
    met = fail_venue(core.router, venue, is_timeout, core.now)
    if met is not None:
        publish(core, c, RISK_WARNING, venue=venue, reason=Reason.VENUE_DOWN, value=met[0], bound=met[1])


def turn_venues(core: State, c: Any) -> None:
    """What time alone makes of venues; an alert for each that has been silent for too long, in ms."""
    for venue in turn_due(core.router, core.now):
        silent = core.now - core.router.statistics[venue].quoted_at
        publish(core, c, RISK_WARNING, venue=venue, reason=Reason.STALE_QUOTE, value=silent // MS,
                bound=core.router.health[venue].stale_after // MS)


def hear_health(core: State, c: Any, order: Order, is_reject: bool, is_answer: bool) -> None:
    """What a venue says of an order, in the eyes of its breaker: does it reject a new one, does it answer a request?"""
    if is_reject and order.awaited:
        fail_health(core, c, order.venue, False)
    if is_answer:
        hear_request(core.router, order.venue)


def look_everywhere(core: State) -> None:
    """What some venue displays counts again, or no more; what waits for a venue is asked about again."""
    core.router.has_turned = False
    core.triggers.asks_again = True
    for instrument in core.instruments:
        tell_price(core, instrument)

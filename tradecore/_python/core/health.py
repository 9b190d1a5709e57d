"""Venues' health: set by an operator, moved by what external venues answer and don't."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import OnDisconnect, Reason, VenueHealth

from ..execution.breakers import reset_breaker
from ..execution.outages import fail_venue, set_down
from ..execution.scoring import DAY
from .route_settings import AS_IT_IS, find_bad_note
from .settings import accept_change
from .state import RISK_WARNING, State, publish, refuse_command, tell_price

FAILURES_MAX = 1_000_000
_FIELDS = (("venue_health", 56, "state", 0, VenueHealth.HALTED), ("reject_max", 64, "reject_max", 0, FAILURES_MAX),
           ("timeout_max", 72, "timeout_max", 0, FAILURES_MAX), ("cooldown", 80, "cooldown", 1, DAY),
           ("on_disconnect", 88, "on_disconnect", 0, OnDisconnect.CANCEL))


def set_barred(core: State) -> None:
    """Where no order goes that names no venue, whatever the venue's health: a switch bars it, or its session is lost."""
    core.router.barred = core.risk.barred_venues | core.disconnected
    set_down(core.router)


def fail_health(core: State, c: Any, venue: int, is_timeout: bool) -> None:
    """An external venue has rejected a new order, or not answered in time: where that opens its breaker, an alert says
    so."""
    met = fail_venue(core.router, venue, is_timeout, core.now)
    if met is not None:
        publish(core, c, RISK_WARNING, venue=venue, reason=Reason.VENUE_DOWN, value=met[0], bound=met[1])


def look_everywhere(core: State) -> None:
    """What some venue displays counts again, or no more; what waits for a venue is asked about again."""
    core.router.has_turned = False
    core.triggers.asks_again = True
    for instrument in core.instruments:
        tell_price(core, instrument)


def find_bad_health(core: State, c: Any) -> tuple[int, int] | None:
    """What a venue's health can't be set to: value and offset. DISCONNECTED is for its session to say."""
    for name, offset, _, low, most in _FIELDS:
        value = getattr(c, name)
        told_by_session = name == "venue_health" and value == VenueHealth.DISCONNECTED
        if value != AS_IT_IS and (told_by_session or not low <= value <= most):
            return value, offset
    return find_bad_note(core, c)


def set_health(core: State, c: Any) -> Any:
    """How a venue is, and its circuit breaker. A health that is set closes a breaker, and forgets what was met."""
    health = core.router.health.get(c.venue)
    if health is None:
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    bad = find_bad_health(core, c)
    if bad is not None:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, *bad)
    for name, _, field, _, _ in _FIELDS:
        if getattr(c, name) != AS_IT_IS:
            setattr(health, field, getattr(c, name))
    if c.venue_health != AS_IT_IS:
        reset_breaker(health)
    set_down(core.router)
    return accept_change(core, c, health.state, 0, venue=c.venue)

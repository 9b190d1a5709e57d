"""Commands that say how orders are routed: strategies, how much charges count, what is known of a venue."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, RoutingStrategy
from tradecore.vocabulary.records import LATENCY_WEIGHT_MAX, MILLION
from tradecore.vocabulary.venue_words import OnDisconnect, VenueHealth

from ..execution.breakers import grows_stale, reset_breaker
from ..execution.outages import set_down
from ..execution.scoring import DAY, Statistics
from .known_ids import find_bad_note
from .settings import accept_change
from .state import State, refuse_command

AS_IT_IS = -1
_WEIGHTS = ("latency_weight", 64, "latency", LATENCY_WEIGHT_MAX), ("miss_cost", 72, "miss", MILLION), (
    "degraded_cost", 80, "degraded", MILLION)
_FACTS = (("round_trip", 56, "round_trip", DAY), ("take_fill", 64, "take_fill", MILLION),
          ("post_fill", 72, "post_fill", MILLION), ("reject_rate", 80, "reject", MILLION),
          ("quote_age", 88, "quote_age", DAY))
FAILURES_MAX = 1_000_000
_HEALTH = (("venue_health", 56, "state", 0, VenueHealth.HALTED), ("reject_max", 64, "reject_max", 0, FAILURES_MAX),
           ("timeout_max", 72, "timeout_max", 0, FAILURES_MAX), ("cooldown", 80, "cooldown", 1, DAY),
           ("on_disconnect", 88, "on_disconnect", 0, OnDisconnect.CANCEL), ("stale_after", 112, "stale_after", 0, DAY))


def set_routing(core: State, c: Any) -> Any:
    router = core.router
    bad = find_bad_note(core, c)
    if not 0 <= c.strategy <= core.risk.rows.strategy_max:
        bad = Reason.INVALID_FIELD_VALUE, c.strategy, 124
    elif c.routing_strategy != AS_IT_IS and c.routing_strategy not in RoutingStrategy._value2member_map_:
        bad = Reason.INVALID_FIELD_VALUE, c.routing_strategy, 56
    for name, offset, _, most in _WEIGHTS:
        value = getattr(c, name)
        if bad is None and not AS_IT_IS <= value <= (AS_IT_IS if c.strategy else most):
            bad = Reason.INVALID_FIELD_VALUE, value, offset
    if bad is not None:
        return refuse_command(core, c, *bad)
    if c.routing_strategy != AS_IT_IS:
        router.strategies[c.strategy] = c.routing_strategy
    for name, _, field, _ in _WEIGHTS:
        if getattr(c, name) != AS_IT_IS:
            setattr(router.weights, field, getattr(c, name))
    if router.weights.latency == 0:
        router.movements.clear()
    router.epoch += 1
    return accept_change(core, c, c.routing_strategy, c.strategy)


def set_statistics(core: State, c: Any) -> Any:
    """What is known of a venue better than by the core's own orders; they move it on from there."""
    s = core.router.statistics.get(c.venue)
    if s is None:
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    bad = find_bad_note(core, c)
    for name, offset, _, most in _FACTS:
        value = getattr(c, name)
        if bad is None and not AS_IT_IS <= value <= most:
            bad = Reason.INVALID_FIELD_VALUE, value, offset
    if bad is not None:
        return refuse_command(core, c, *bad)
    apply_facts(s, c)
    core.router.epoch += 1
    return accept_change(core, c, c.round_trip, 0, venue=c.venue)


def apply_facts(s: Statistics, c: Any) -> None:
    for name, _, field, _ in _FACTS:
        if getattr(c, name) != AS_IT_IS:
            setattr(s, field, getattr(c, name))
    s.answers += c.round_trip != AS_IT_IS  # the next answer moves it


def find_bad_health(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why a venue's health can't be set so, with value and bound. DISCONNECTED is for its session to say."""
    for name, offset, _, low, most in _HEALTH:
        value = getattr(c, name)
        told_by_session = name == "venue_health" and value == VenueHealth.DISCONNECTED
        if value != AS_IT_IS and (told_by_session or not low <= value <= most):
            return Reason.INVALID_FIELD_VALUE, value, offset
    if c.stale_after > 0 and not core.router.venues[c.venue].external:  # nobody knows when it displayed what
        return Reason.INVALID_FIELD_VALUE, c.stale_after, 112
    return find_bad_note(core, c)


def set_health(core: State, c: Any) -> Any:
    """How a venue is, and its circuit breaker. A health that is set closes a breaker, and forgets what was met."""
    health = core.router.health.get(c.venue)
    if health is None:
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    bad = find_bad_health(core, c)
    if bad is not None:
        return refuse_command(core, c, *bad)
    for name, _, field, _, _ in _HEALTH:
        if getattr(c, name) != AS_IT_IS:
            setattr(health, field, getattr(c, name))
    if c.venue_health != AS_IT_IS:
        reset_breaker(health)
    if c.stale_after != AS_IT_IS:
        health.is_stale = False
        health.is_stale = grows_stale(health, core.router.statistics[c.venue].quoted_at, core.now)
    set_down(core.router)
    return accept_change(core, c, health.state, 0, venue=c.venue)

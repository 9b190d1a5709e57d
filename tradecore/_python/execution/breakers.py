"""How a venue is: as an operator says, as its session is, and as its circuit breaker makes it.

A breaker opens on so many rejects of new orders, or requests without an answer in time, in a row: the venue is down. It
is down too while it has displayed nothing for longer than `stale_after`, until it does again. When a breaker's cooldown
is over it closes step by step: one new order is tried after another, TRIALS of them, and the venue is degraded
meanwhile. While one is tried no other goes there; the first reject or timeout opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradecore.vocabulary.venue_words import OnDisconnect, VenueHealth

TRIALS = 3
COOLDOWN = 1_000_000_000  # ns, where none is set


@dataclass(slots=True)
class Health:
    """What is set, and what was met since."""

    state: int = int(VenueHealth.CONNECTED)  # as an operator says
    reject_max: int = 0  # 0: the breaker does not look at them
    timeout_max: int = 0
    cooldown: int = COOLDOWN
    on_disconnect: int = int(OnDisconnect.KEEP)
    stale_after: int = 0  # ns since it last displayed anything; 0: it may be silent
    rejects: int = 0  # in a row
    timeouts: int = 0
    closes_at: int = 0  # of an open breaker: when its cooldown is over
    trials: int = 0  # new orders that it still has to take
    trying: int = 0  # the order that is tried
    is_stale: bool = False


def is_out(health: Health) -> bool:
    """May no new order go there?"""
    return health.state == VenueHealth.HALTED or health.closes_at > 0 or health.trying > 0 or health.is_stale


def costs_more(health: Health) -> bool:
    """Is it degraded? As one that is on trial already while its breaker is open, so that it costs then what it costs
    when it is tried."""
    return health.state == VenueHealth.DEGRADED or health.closes_at > 0 or health.trials > 0


def count_failure(health: Health, is_timeout: bool) -> tuple[int, int] | None:
    """A reject, or a request without an answer: how many in a row and how many open it, where that opens it."""
    if health.closes_at:
        return None
    if is_timeout:
        health.timeouts += 1
        met, most = health.timeouts, health.timeout_max
    else:
        health.rejects += 1
        met, most = health.rejects, health.reject_max
    if health.trials:
        return met, 1
    return (met, most) if 0 < most <= met else None


def reset_breaker(health: Health) -> None:
    """Closed, and nothing was met."""
    health.rejects = health.timeouts = health.closes_at = health.trials = health.trying = 0


def open_breaker(health: Health, now: int) -> None:
    reset_breaker(health)
    health.closes_at = now + health.cooldown


def will_be_tried(health: Health, now: int) -> bool:
    """Is the cooldown of its open breaker over by then, and nothing else in the way?"""
    return 0 < health.closes_at <= now and health.state != VenueHealth.HALTED


def stale_from(health: Health, quoted_at: int) -> int:
    """From when on a venue that displays nothing new is stale."""
    return quoted_at + health.stale_after + 1


def grows_stale(health: Health, quoted_at: int, now: int) -> bool:
    """Has it been silent for too long, and was not yet?"""
    return health.stale_after > 0 and not health.is_stale and stale_from(health, quoted_at) <= now


def half_open(health: Health) -> None:
    """Its cooldown is over: it is tried."""
    reset_breaker(health)
    health.trials = TRIALS

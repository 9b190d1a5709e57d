"""Which venues are down or degraded, and what their answers and silence change of it. See breakers for the rule."""

from __future__ import annotations

from .breakers import (
    costs_more,
    count_failure,
    half_open,
    is_out,
    open_breaker,
    will_be_tried,
)
from .routing import NEVER, Router


def set_down(router: Router) -> None:
    """Venues that are barred or out are never chosen; others may cost more."""
    out = {venue for venue, health in router.health.items() if is_out(health)}
    degraded = {venue for venue, health in router.health.items() if costs_more(health)}
    router.has_turned |= out != router.out
    router.epoch += degraded != router.degraded
    router.out, router.down, router.degraded = out, router.barred | out, degraded
    router.next_close = min((health.closes_at for health in router.health.values() if health.closes_at), default=NEVER)


def try_venue(router: Router, venue: int, order_id: int) -> None:
    """A new order goes to a venue: while that is on trial no other does until this one is answered."""
    health = router.health[venue]
    if health.trials:
        health.trying = order_id
        set_down(router)


def end_trial(router: Router, venue: int, order_id: int, is_taken: bool) -> None:
    """The order that was tried is taken, or has ended without an answer: the next may be tried."""
    health = router.health[venue]
    if health.trying == order_id:
        health.trying = 0
        health.trials -= is_taken
        set_down(router)


def hear_request(router: Router, venue: int) -> None:
    """A venue has answered a request: the row of those without an answer ends."""
    router.health[venue].timeouts = 0


def hear_taken(router: Router, venue: int, order_id: int) -> None:
    """A venue has taken a new order: both rows end."""
    router.health[venue].rejects = router.health[venue].timeouts = 0
    end_trial(router, venue, order_id, True)


def fail_venue(router: Router, venue: int, is_timeout: bool, now: int) -> tuple[int, int] | None:
    """A venue has rejected a new order, or not answered in time; see count_failure."""
    health = router.health[venue]
    if not is_timeout:
        health.timeouts = 0  # a reject is an answer
    met = count_failure(health, is_timeout)
    if met is not None:
        open_breaker(health, now)
        set_down(router)
    return met


def down_at(router: Router, now: int) -> set[int]:
    """Which venues will be down when breakers whose cooldown is over by then are half open."""
    return {venue for venue in router.down
            if venue in router.barred or not will_be_tried(router.health[venue], now)}


def half_open_due(router: Router, now: int) -> None:
    """Breakers whose cooldown is over."""
    for health in router.health.values():
        if 0 < health.closes_at <= now:
            half_open(health)
    set_down(router)

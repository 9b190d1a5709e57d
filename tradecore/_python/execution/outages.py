"""Which venues are down or degraded, and what their answers and silence change of it. See breakers for the rule."""

from __future__ import annotations

from .breakers import (
    Health,
    costs_more,
    count_failure,
    grows_stale,
    half_open,
    is_out,
    open_breaker,
    stale_from,
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
    router.next_turn = min((next_turn(router, venue, health) for venue, health in router.health.items()), default=NEVER)


def next_turn(router: Router, venue: int, health: Health) -> int:
    """When time alone may make a venue another: its cooldown is over, or it grows stale unless it displays more."""
    turns = [health.closes_at] if health.closes_at else []
    if health.stale_after and not health.is_stale:
        turns.append(stale_from(health, router.statistics[venue].quoted_at))
    return min(turns, default=NEVER)


def hear_quote(router: Router, venue: int, now: int) -> None:
    """An external venue displays something."""
    router.statistics[venue].quoted_at = now
    if router.health[venue].is_stale:
        router.health[venue].is_stale = False
        set_down(router)


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
    """Which venues will be down when breakers whose cooldown is over by then are half open and the silent stale."""
    return {venue for venue, health in router.health.items()
            if venue in router.barred or grows_stale(health, router.statistics[venue].quoted_at, now)
            or (venue in router.down and (health.is_stale or not will_be_tried(health, now)))}


def turn_due(router: Router, now: int) -> list[int]:
    """Breakers whose cooldown is over, and venues that have been silent for too long, which are told."""
    stale = [venue for venue, health in router.health.items()
             if grows_stale(health, router.statistics[venue].quoted_at, now)]
    for venue in stale:
        router.health[venue].is_stale = True
    for health in router.health.values():
        if 0 < health.closes_at <= now:
            half_open(health)
    set_down(router)
    return stale

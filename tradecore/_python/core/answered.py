"""What the core's own orders say of external venues: how soon they are answered, and how much of them is filled."""

from __future__ import annotations

from tradecore.vocabulary.codes import Route

from ..execution.outages import end_trial, hear_taken
from ..execution.routing import Router
from ..execution.scoring import note_answer, note_filled, note_verdict
from ..orders.order_table import REJECTED, Order
from ..vocabulary.instrument import FOK, IOC


def note_end(router: Router, order: Order) -> None:
    """What an order that has ended says of its external venue: how much of it was filled there."""
    venue = router.venues.get(order.venue)
    if venue is None or not venue.external:
        return
    end_trial(router, order.venue, order.order_id, False)
    if not order.acked or order.terminal == REJECTED:
        return
    took = order.route == Route.TAKES or order.time_in_force in (IOC, FOK)
    note_filled(router.statistics[order.venue], order.cum_qty, order.order_qty, took)
    router.epoch += router.weights.miss > 0


def hear_first(router: Router, order: Order, now: int) -> None:
    """A word of an external venue about a new order: the first is its round trip, unless it was UNKNOWN until then."""
    if order.awaited and not order.heard_of and not order.unknown_new:
        note_answer(router.statistics[order.venue], now - order.sent_time)
        router.epoch += router.weights.charge()


def hear_answer(router: Router, order: Order, now: int, is_reject: bool) -> None:
    """An external venue takes or rejects a new order."""
    if order.awaited:
        hear_first(router, order, now)
        note_verdict(router.statistics[order.venue], is_reject)
        router.epoch += router.weights.charge()
        if not is_reject:
            hear_taken(router, order.venue, order.order_id)

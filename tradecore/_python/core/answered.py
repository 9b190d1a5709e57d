"""What the core's own orders say of external venues: how soon they are answered, and how much of them is filled."""

from __future__ import annotations

from tradecore.vocabulary.codes import Route

from ..execution.routing import Router
from ..execution.scoring import note_answer, note_filled
from ..orders.order_table import REJECTED, Order
from ..vocabulary.instrument import FOK, IOC


def note_end(router: Router, order: Order) -> None:
    """What an order that has ended says of its external venue: how much of it was filled there."""
    venue = router.venues.get(order.venue)
    if venue is None or not venue.external or not order.acked or order.terminal == REJECTED:
        return
    took = order.route == Route.TAKES or order.time_in_force in (IOC, FOK)
    note_filled(router.statistics[order.venue], order.cum_qty, order.order_qty, took)
    router.epoch += router.weights.miss > 0


def hear_answer(router: Router, order: Order, now: int, is_reject: bool) -> None:
    """The first word of an external venue about a new order, but that it has come in."""
    if order.awaited:
        note_answer(router.statistics[order.venue], now - order.sent_time, is_reject)
        router.epoch += router.weights.charge()

"""What leaves for a venue, before the exit gate: what it is asked, and the alert of what it stops."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_PRICE

from ..orders.order_facts import leaves_of
from ..orders.order_table import Order, Request
from ..risk.exit_gate import Exit, ask_gate, let_out
from ..vocabulary.instrument import SELL, direction, has_limit
from .state import GATE_STOPPED, State, order_fields, publish, twice_reference


def load_exit(core: State, order: Order) -> Exit:
    """An order on its way to a venue, as its facts are now."""
    side, leaves = direction(order.side), leaves_of(order)
    held = core.ledger.positions.get((order.instrument, order.account))
    position = held.qty if held is not None else 0
    return Exit(
        order.order_id, order.order_qty, order.cum_qty, leaves, order.order_qty,
        order.price if has_limit(order.ord_type) else NO_PRICE,
        twice_reference(core, order.instrument) if core.gate.collar_bps >= 0 else NO_PRICE, core.now, order.venue, side,
        leaves <= (position if side == SELL else -position),
    )


def is_stopped(core: State, c: Any, order: Order, e: Exit) -> tuple[Reason, int] | None:
    """Asks the gate. What it stops is an alert: of the order, with the check that should have stopped it."""
    found = ask_gate(core.gate, e)
    if found is None:
        let_out(core.gate, e)
        return None
    core.gate.stopped += 1
    publish(core, c, GATE_STOPPED, **order_fields(order) | {
        "reason": Reason.EXIT_GATE, "value": int(found[0]), "bound": found[1]})
    return found


def stops_order(core: State, c: Any, order: Order) -> tuple[Reason, int] | None:
    """An order that goes into a simulated venue's book."""
    return is_stopped(core, c, order, load_exit(core, order))


def stops_message(
    core: State, c: Any, order: Order, fields: dict[str, int], request: Request | None, asks_more: bool,
) -> tuple[Reason, int] | None:
    """A new order or a replace that is about to be handed out; `request` is None of a new order."""
    e = load_exit(core, order)
    e.made, e.order_qty = fields["command_seq"], fields["order_qty"]
    e.leaves_qty = max(0, e.order_qty - order.cum_qty)
    e.cum_qty = e.order_qty - e.leaves_qty
    if request is not None:
        e.is_replace, e.asks_less, e.most_qty = True, not asks_more, request.order_qty
        e.price = request.price if has_limit(order.ord_type) else NO_PRICE
    return is_stopped(core, c, order, e)

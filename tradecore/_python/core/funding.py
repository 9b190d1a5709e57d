"""What orders that work hold of their accounts' cash: at their worst price, with the dearest fee of the venues that
they may go to; while a replace is unanswered the larger of old and new. A part of an order is held for by its parent.

What has no limit of its own is counted at its protection price, else at the reference or what it could take first;
once that is let go, at what holds then. It refuses nothing.
"""

from __future__ import annotations

from typing import Protocol

from tradecore.vocabulary.records import NO_PRICE

from ..execution.routing import Router, fee_charge
from ..orders.order_table import Order
from ..risk.exposures import VALUE_MAX
from ..risk.funds import hold_cash, need_of
from ..risk.holds import Question, RiskTables, notional_price2
from ..vocabulary.instrument import BUY, MARKET, InstrumentRow, direction, has_limit

VENUE = 3  # of what an order was entered with


class HasFunds(Protocol):
    """What of a core's state is needed here."""

    risk: RiskTables
    router: Router
    instruments: dict[int, InstrumentRow]


def dearest_fee(router: Router, ins: InstrumentRow, venue: int, price: int) -> int:
    """The most that a venue, or with 0 any, charges for one lot, in millionths of a price unit; rounded up, and no
    less than 0: a rebate that may not come pays for nothing."""
    chosen = [router.venues[venue]] if venue in router.venues else router.venues.values()
    rates = [rate for fees in chosen for rate in (
        (fees.maker_fee_per_unit, fees.maker_fee_ppm), (fees.taker_fee_per_unit, fees.taker_fee_ppm))]
    return max([0, *(-fee_charge(ins, price, -per_unit, -ppm) for per_unit, ppm in rates)])


def need_at(core: HasFunds, order: Order, qty: int, price: int) -> int | None:
    """What so much of an order needs at a price, wherever it has gone meanwhile; None where it can't be told."""
    ins = core.instruments[order.instrument]
    fee = 0 if price == NO_PRICE else dearest_fee(core.router, ins, order.entered[VENUE], price)
    return need_of(ins, direction(order.side), qty, price, fee)


def needed_by(core: HasFunds, order: Order) -> int:
    """What an order needs for all that it holds: the most of what it is and of what its venue was asked for."""
    own = order.price if has_limit(order.ord_type) else order.fund_px
    terms = [(order.order_qty, own)] + [(request.order_qty, request.price if has_limit(order.ord_type) else own)
                                        for request in order.requests if request.is_replace]
    asked = [(min(max(0, qty - order.cum_qty), order.held), price) for qty, price in terms]
    if order.held > max(qty for qty, _ in asked):  # what is in doubt, or works in parts
        asked.append((order.held, (max if direction(order.side) == BUY else min)(price for _, price in asked)))
    needs = [need_at(core, order, qty, price) for qty, price in asked]
    return max(VALUE_MAX if need is None else need for need in needs)


def sync_funds(core: HasFunds, order: Order, is_part: bool) -> None:
    """What is held of an account's cash follows an order's facts."""
    need = needed_by(core, order) if order.admitted and not is_part else 0
    if need != order.fund_held:
        hold_cash(core.risk.funds, order.account, core.instruments[order.instrument].currency, need - order.fund_held)
        order.fund_held = need


def ask_funds(core: HasFunds, order: Order, q: Question) -> None:
    """What an order with these terms would need beyond what is held for it, while some row asks for funds; -1 where
    that can't be told."""
    if not core.risk.rows.on_funds or order.parent:
        return
    q.fund_px = q.price
    if q.ord_type == MARKET:  # what it sells needs nothing
        q.fund_px = 0 if q.side != BUY else -(-notional_price2(q) // 2) if q.reference2 > 0 else NO_PRICE
    need = need_at(core, order, max(0, q.leaves_qty), q.fund_px)
    q.fund_more = -1 if need is None else max(0, need - order.fund_held)


def note_fund_price(order: Order, q: Question, is_asked: bool = False) -> None:
    """What has no limit of its own is counted at this price from now on; what its venue is only asked for (`is_asked`)
    at no lower one."""
    if q.ord_type == MARKET and q.fund_px != NO_PRICE:
        order.fund_px = max(order.fund_px, q.fund_px) if is_asked else q.fund_px

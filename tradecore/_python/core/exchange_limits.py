"""What an exchange says of its prices: new limits, and the trades that move the dynamic ones. The gate is told as well,
and keeps them apart.
"""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding, PriceLimitFacts

from ..orders.open_orders import find_open
from ..orders.order_table import CANCELED, RESTING, Order
from ..risk.exit_gate import keep_limits
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, direction, find_bad_price, has_limit
from ..vocabulary.price_limits import DYNAMIC_BPS_MAX, broken_limit, broken_static, worst_allowed
from .state import State, accept_command, end_order, refuse_command

_PRICES = ("low_limit_price", "high_limit_price", "trading_reference_price")


def find_bad_limits(core: State, ins: InstrumentRow, c: Any) -> tuple[Reason, int, int] | None:
    """Why an instrument can't have these limits, with value and bound."""
    for name in _PRICES:
        price = getattr(c, name)
        bad = find_bad_price(ins, price) if price != NO_PRICE else None
        if bad is not None:
            return bad
    if NO_PRICE != c.high_limit_price < c.low_limit_price:
        return Reason.INVALID_FIELD_VALUE, c.high_limit_price, 64
    if not -1 <= c.dynamic_bps <= DYNAMIC_BPS_MAX:
        return Reason.INVALID_FIELD_VALUE, c.dynamic_bps, 80
    if c.dynamic_bps >= 0 and reference_of(core, c) == NO_PRICE:
        return Reason.REFERENCE_PRICE_UNAVAILABLE, NO_PRICE, 0
    return None


def reference_of(core: State, c: Any) -> int:
    """What dynamic limits begin from: what the exchange said, else the last trade."""
    said: int = c.trading_reference_price
    if said != NO_PRICE:
        return said
    return core.ledger.lasts.get(c.instrument, NO_PRICE)


def set_price_limits(core: State, c: Any) -> Any:
    """The limits of an instrument from now on. What rests in a book of ours beyond the static ones is canceled; what
    works at an external venue is that venue's."""
    ins = core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    bad = find_bad_limits(core, ins, c)
    if bad is not None:
        return refuse_command(core, c, *bad)
    ack = accept_command(core, c, c.low_limit_price, c.high_limit_price, instrument=c.instrument)
    reference = reference_of(core, c) if c.dynamic_bps >= 0 else NO_PRICE
    limits = ins.limits
    limits.low, limits.high, limits.reference = c.low_limit_price, c.high_limit_price, reference
    limits.dynamic_bps = c.dynamic_bps
    keep_limits(core.gate, c.instrument, c.low_limit_price, c.high_limit_price, reference, c.dynamic_bps)
    for order in find_open(core.open_orders, c.instrument, 0, 0, 0):
        beyond = broken_static(limits, order.price)
        if order.place == RESTING and has_limit(order.ord_type) and beyond != NO_PRICE:
            order.value, order.bound = order.price, beyond
            end_order(core, c, order, CANCELED, Reason.PRICE_LIMIT)
    return ack


def told_limits(ins: InstrumentRow) -> PriceLimitFacts:
    """What is set, and what a SELL and a BUY may have at worst now; NO_PRICE: as far as prices go."""
    lowest, highest = (worst_allowed(ins.limits, side, ins.price_most) for side in (SELL, BUY))
    return PriceLimitFacts._make((*astuple(ins.limits), NO_PRICE if lowest == -ins.price_most else lowest,
                                  NO_PRICE if highest == ins.price_most else highest))


def ask_exchange(ins: InstrumentRow, order: Order) -> Finding | None:
    """What the exchange's limits say to an order that has waited, or is a part of one."""
    if not has_limit(order.ord_type):
        return None
    beyond = broken_limit(ins.limits, direction(order.side), order.price, ins.price_most)
    return None if beyond == NO_PRICE else Finding(Reason.PRICE_LIMIT, order.price, beyond, True, True)

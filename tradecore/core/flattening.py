"""Closing a position with orders that may only reduce, in pieces that the limits allow. It cancels and submits; what
may be, risk decides."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..orders.order import Order
from ..vocabulary.codes import Reason
from ..vocabulary.fix import OrdStatus, Side
from ..vocabulary.instrument import Instrument

_TO_SELL = (Side.SELL, Side.SELL_SHORT, Side.SELL_SHORT_EXEMPT)


def flatten_position(core: Any, account: str | None, symbol: str) -> list[Order]:
    """See TradingCore.flatten."""
    names = core._gate.names
    account = names.accounts.names[names.find_account(account) - 1]
    qty = core.position(symbol, account).qty
    if not qty:
        return []
    side = Side.SELL if qty > 0 else Side.BUY
    core.mass_cancel(account=account, symbol=symbol, side=side)
    sides = _TO_SELL if side is Side.SELL else (Side.BUY,)
    working = sum((order.leaves_qty or Decimal(0) for order in core.orders.open_orders(symbol=symbol, account=account)
                   if order.side in sides), Decimal(0))
    instrument = names.find_instrument(symbol)[1]
    sent: list[Order] = []
    left = abs(core.position(symbol, account).qty) - working
    while left > 0:
        piece = largest_piece(core, account, instrument, side, left)
        order = core.submit(symbol, side, piece, account=account, ord_type="MARKET", reduce_only=True)
        sent.append(order)
        left -= order.cum_qty or Decimal(0)
        if order.ord_status is not OrdStatus.FILLED:
            break
    return sent


def largest_piece(
    core: Any, account: str | None, instrument: Instrument, side: Side, left: Decimal
) -> Decimal:
    """As much of what is left as one order may have: of limits that count it, the share that they allow, in lots."""
    piece = min(left, instrument.quantity(instrument.max_lots))
    found = core.check(instrument.symbol, side, piece, account=account, ord_type="MARKET", reduce_only=True)
    share = Fraction(1)
    for check in found:
        if check.rule in (Reason.MAX_ORDER_QTY, Reason.MAX_ORDER_NOTIONAL) and check.verdict == "REFUSE":
            share = min(share, Fraction(check.limit or 0) / Fraction(check.value or 1))
    if share == 1:
        return piece
    lots = int(Fraction(piece) * share / instrument.lot * 10**instrument.qty_precision)
    return instrument.quantity(lots * instrument.lot) if lots else piece  # not even one lot: let risk say why

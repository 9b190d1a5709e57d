"""What a match took: booked into positions, commissions and holds, then into the orders' facts and the reports.

Called by the order path and by market data, since a quote may take what rests. It matches nothing itself.
"""

from __future__ import annotations

from typing import Any

from tradecore.fix import LastLiquidityInd

from .execution import Fill
from .instrument import BUY, opposite
from .orders import Order
from .position import apply_fill, commission_of, position_of
from .risk import commit_fill
from .state import State, report_trade

ADDED, REMOVED = int(LastLiquidityInd.ADDED), int(LastLiquidityInd.REMOVED)
Charge = tuple[int, int]  # the maker's and the taker's commission of one fill, micros


def book_fills(
    core: State, instrument: int, venue: int, taker: Order | None, side: int, fills: list[Fill]
) -> list[Charge]:
    """Positions, commissions and holds of what a match took; taker is None where a quote took it."""
    ins, fees = core.instruments[instrument], core.router.venues[venue]
    charges = []
    for fill in fills:
        price = fill.price * ins.tick
        maker_fee = commission_of(ins, fill.qty, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)
        taker_fee = commission_of(ins, fill.qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)
        charges.append((maker_fee, taker_fee))
        if taker is not None:
            _book_fill(core, taker, side, fill.qty, price, taker_fee)
        if fill.number > 0:  # else a quote, which has no account
            _book_fill(core, core.orders.by_id[fill.number], opposite(side), fill.qty, price, maker_fee)
        core.ledger.lasts[instrument] = price
    return charges


def _book_fill(core: State, order: Order, side: int, qty: int, price: int, commission: int) -> None:
    p = position_of(core.ledger, order.instrument, order.account)
    apply_fill(p, qty if side == BUY else -qty, price)
    p.fees += commission
    commit_fill(core.risk, order.instrument, order.account, side, qty)


def report_fills(
    core: State, c: Any, instrument: int, taker: Order | None, fills: list[Fill], charges: list[Charge]
) -> None:
    """Trades into the orders' facts, and out as reports: the taker's first, then the maker's, fill by fill."""
    tick = core.instruments[instrument].tick
    for fill, (maker_fee, taker_fee) in zip(fills, charges, strict=True):
        price = fill.price * tick
        maker = core.orders.by_id[fill.number] if fill.number > 0 else None
        core.exec_seq += 1
        if taker is not None:
            taker.cum_qty += fill.qty
            taker.cum_amount += fill.qty * price
            report_trade(core, c, taker, fill, price, taker_fee, maker.order_id if maker else 0, REMOVED)
        if maker is not None:
            maker.cum_qty += fill.qty
            maker.cum_amount += fill.qty * price
            report_trade(core, c, maker, fill, price, maker_fee, taker.order_id if taker else 0, ADDED)
            if fill.done:
                core.orders.end_order(maker)

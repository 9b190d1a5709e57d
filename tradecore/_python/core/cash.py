"""CashOrderQty(152): money in place of a quantity, in whole lots that never cost more than it says.

It is counted at the worst price that the order may pay, which is the one that risk counts it at; an order to buy that
has no limit of its own is sent with that price, and trades no worse. Where its fees are to be paid of it too, they are
counted by the dearest that its venues charge. What is sold for is counted at the best that it may bring.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import LimitMode
from tradecore.vocabulary.fix import OrdType, PegOffsetType
from tradecore.vocabulary.records import CASH_ORDER_MAX, LIMIT_PRECISION, NO_PRICE, PRICE_MAX
from tradecore.vocabulary.units import CASH_ORDER_PRECISION

from ..execution.routing import UNSEEN, ranking_of, twice_touch
from ..orders.validation import CASH_FEES
from ..risk.funds import FEE_SCALE
from ..risk.holds import collar_price
from ..risk.limit_lines import COLLAR, line_of
from ..vocabulary.instrument import BUY, InstrumentRow, awaits_price, direction, has_limit, safe_price
from .funding import dearest_fee
from .state import State, twice_reference

TRAILING_STOP = int(OrdType.TRAILING_STOP)


def market_price2(core: State, ins: InstrumentRow, c: Any) -> tuple[int, int]:
    """Twice the price that an order without a limit refers to, and twice what it could take first, or NO_PRICE: once it
    is triggered, where it waits."""
    side = direction(c.side)
    if awaits_price(c.ord_type) and c.ord_type != TRAILING_STOP:
        return (2 * c.stop_px if abs(c.stop_px) <= PRICE_MAX else NO_PRICE), NO_PRICE
    reference2 = twice_reference(core, c.instrument)
    touch2 = twice_touch(core.router, ins, c.instrument, side, core.now)
    if c.venue in core.router.venues:  # it goes there, whatever others display
        top = ranking_of(core.router, c.instrument, side).tops.get(c.venue, UNSEEN)
        touch2 = 2 * top.price if top.size > 0 else touch2
    if c.ord_type == TRAILING_STOP and reference2 != NO_PRICE and side == BUY:
        if not 0 <= c.peg_offset <= PRICE_MAX:
            return NO_PRICE, NO_PRICE
        bps = c.peg_offset_type == PegOffsetType.BASIS_POINTS
        more = reference2 * min(c.peg_offset, 10_000) // 10_000 if bps else 2 * c.peg_offset
        return reference2 + more, NO_PRICE
    return reference2, touch2


def cash_price(core: State, ins: InstrumentRow, c: Any) -> int:
    """The price that the lots are counted at, or NO_PRICE where there is none."""
    side = direction(c.side)
    if side == BUY and has_limit(c.ord_type):
        return int(c.price)
    reference2, touch2 = market_price2(core, ins, c)
    bps = -1
    if 1 <= c.account <= len(core.accounts) and 0 <= c.venue <= len(core.router.venues) and c.strategy >= 0:
        bps = line_of(core.risk.lines, core.risk.rows, ins, c.instrument, c.account, c.venue, c.strategy,
                      LimitMode.ENFORCE).limits[COLLAR]
    if side == BUY and bps >= 0:
        return NO_PRICE if reference2 <= 0 else collar_price(reference2, bps, BUY)
    prices2 = [price2 for price2 in (reference2, touch2) if price2 != NO_PRICE]
    if has_limit(c.ord_type) and abs(c.price) <= PRICE_MAX:
        prices2.append(2 * c.price)
    return -(-max(prices2) // 2) if prices2 else NO_PRICE


def convert_cash(core: State, ins: InstrumentRow, c: Any) -> tuple[int, int]:
    """The worst price that an order may trade at beside its limit, or NO_PRICE, and its quantity in lots, rounded down.
    What can't be converted is 0 lots, which validation refuses."""
    price = cash_price(core, ins, c)
    if not 0 < c.order_qty <= CASH_ORDER_MAX or price == NO_PRICE or not 0 < abs(price) <= PRICE_MAX:
        return NO_PRICE, 0
    bound = NO_PRICE
    if direction(c.side) == BUY and not has_limit(c.ord_type):
        price = bound = safe_price(ins, max(-ins.price_most, min(ins.price_most, price)), BUY)
        if price == 0:
            return NO_PRICE, 0
    cash = c.order_qty * 10 ** (LIMIT_PRECISION - CASH_ORDER_PRECISION)
    fee = dearest_fee(core.router, ins, c.venue, price) if c.exec_inst & CASH_FEES else 0
    lots = cash * ins.limit_scale * FEE_SCALE // ((abs(price) * FEE_SCALE + fee) * ins.notional_scale)
    return bound, min(lots, CASH_ORDER_MAX) // ins.lot * ins.lot

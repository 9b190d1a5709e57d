"""Splits: n new shares for d old ones. Quantities and positions times n / d, prices times d / n, amounts as they
were."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType, OrdType, PegOffsetType
from tradecore.vocabulary.records import NO_PRICE, POSITION_MAX, PRICE_MAX, QTY_MAX

from ..orders.lists import split_limit, split_lists
from ..orders.open_orders import find_open
from ..orders.order_table import AWAITS_PRICE, Order
from ..orders.trades import fold_position
from ..orders.triggers import arm_trigger
from ..positions.costs import position_of
from ..risk.exposures import set_worth
from ..risk.holds import exposure_of, move_position
from ..vocabulary.instrument import SELL, direction, tick_at
from .conditions import is_trading
from .marketdata import clear_quotes
from .state import State, accept_command, refuse_command, report_execution, session_of, sync_order, withdraw_order


def scale(value: int, numerator: int, denominator: int) -> int | None:
    """value x numerator / denominator where that is a whole number, else None."""
    q, r = divmod(value * numerator, denominator)
    return None if r else q


def split_price(price: int, side: int, n: int, d: int) -> int:
    """A price that need not be whole or on the tick, rounded so that what waits for it triggers no sooner."""
    if price == NO_PRICE:
        return price
    return price * d // n if direction(side) == SELL else -(-price * d // n)


def split_terms(order: Order, n: int, d: int) -> tuple[int, int, int, int, int, int] | None:
    """An order's quantities and prices after a split, or None where one of them would not be whole."""
    quantities = (scale(qty, n, d) for qty in (order.order_qty, order.cum_qty, order.display_qty, order.min_qty))
    prices = [NO_PRICE if px == NO_PRICE else scale(px, d, n) for px in (order.price, order.stop_px)]
    if order.ord_type == OrdType.TRAILING_STOP:  # it follows the market, whatever the tick
        prices[1] = split_price(order.stop_px, order.side, n, d)
    terms = (*quantities, *prices)
    return None if None in terms else terms  # type: ignore[return-value]  # no term is None


def split_instrument(core: State, c: Any) -> Any:
    """n new shares for d old ones: quantities and positions times n / d, prices times d / n, amounts as they were.

    Only while the instrument does not trade. Refused, and nothing changed, where a quantity or price of an open order
    or a position would not be whole, or an order has a request that is unanswered. Trades before a split are final:
    they can no longer be busted or corrected. Quotes, marks and last trades are forgotten.
    """
    n, d, ins = c.split_numerator, c.split_denominator, core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    for offset, value in ((56, n), (64, d)):
        if not 1 <= value <= 1_000_000:
            return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    if is_trading(core, c.instrument):
        return refuse_command(core, c, Reason.SESSION_CLOSED, session_of(core, c.instrument), 0)
    mine = find_open(core.open_orders, c.instrument, 0, 0, 0)
    for order in mine:
        terms = split_terms(order, n, d)
        if terms is None or order.requests or max(terms[:4]) > QTY_MAX or terms[0] % ins.lot:
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, order.order_id, 0)
        on_tick = terms[4:5] if order.ord_type == OrdType.TRAILING_STOP else terms[4:]
        if any(px != NO_PRICE and (px % tick_at(ins, px) or abs(px) > ins.price_most) for px in on_tick):
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, order.order_id, 0)
    for account in range(len(core.accounts) + 1):
        qty = scale(position_of(core.ledger, c.instrument, account).qty, n, d)
        if qty is None or abs(qty) > POSITION_MAX:
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, 0, account)
    ack = accept_command(core, c, n, d, instrument=c.instrument)
    exposure_of(core.risk, c.instrument, 0).position_qty = 0
    for account in range(len(core.accounts) + 1):
        p = position_of(core.ledger, c.instrument, account)
        p.qty = p.qty * n // d
        if account:
            exposure_of(core.risk, c.instrument, account).position_qty = 0
        move_position(core.risk, c.instrument, account, p.qty)
        fold_position(core.trades, core.ledger, c.instrument, account)
    core.ledger.lasts.pop(c.instrument, None)
    core.triggers.print_times.pop(c.instrument, None)
    core.ledger.marks.pop(c.instrument, None)
    set_worth(core.risk.values, c.instrument, NO_PRICE, core.now)
    for venue in core.router.venues:
        clear_quotes(core, c.instrument, venue)
    split_lists(core.groups, c.instrument, n, d)
    for order in mine:
        split_order(core, c, order, n, d)
    return ack


def split_order(core: State, c: Any, order: Order, n: int, d: int) -> None:
    waits = order.place == AWAITS_PRICE
    if waits:
        withdraw_order(core, order)  # a trailing stop's price is its own again, as it is by now
    terms = split_terms(order, n, d)
    assert terms is not None
    order.order_qty, order.cum_qty, order.display_qty, order.min_qty, order.price, order.stop_px = terms
    order.peak_px = split_price(order.peak_px, order.side, n, d)
    if order.peg_offset_type == PegOffsetType.PRICE:
        order.peg_offset = min(PRICE_MAX, -(-order.peg_offset * d // n))
    split_limit(order, n, d)
    report_execution(core, c, order, ExecType.RESTATED,
                     exec_restatement_reason=ExecRestatementReason.GT_CORPORATE_ACTION)
    sync_order(core, order)
    if waits:
        order.place = AWAITS_PRICE
        arm_trigger(core.triggers, order)


"""Splits: n new shares for d old ones. Quantities and positions times n / d, prices times d / n, amounts as they
were."""

from __future__ import annotations

from typing import Any, NamedTuple

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType, OrdType, PegOffsetType
from tradecore.vocabulary.records import NO_PRICE, POSITION_MAX, PRICE_MAX, QTY_MAX

from ..execution.routing import forget_movement
from ..orders.lists import split_limit, split_lists
from ..orders.open_orders import find_open
from ..orders.order_table import AWAITS_PRICE, IN_CHILDREN, Order
from ..orders.trades import fold_position
from ..orders.triggers import arm_trigger, peak_of, stop_of
from ..positions.costs import position_of
from ..risk.day_pnl import set_mark
from ..risk.exit_gate import keep_limits
from ..risk.holds import exposure_of, move_position
from ..risk.strategy_pnl import mark_strategies, split_strategies
from ..vocabulary.instrument import (
    BUY,
    SELL,
    InstrumentRow,
    direction,
    has_limit,
    opposite,
    safe_price,
    tick_at,
)
from ..vocabulary.price_limits import split_price_limits
from .conditions import is_trading
from .elections import forget_print
from .marketdata import clear_quotes
from .outbound import restate_new
from .state import State, accept_command, refuse_command, report_execution, session_of, sync_order, withdraw_order
from .worst_prices import is_bound


class UnevenError(Exception):
    """An order's quantity or price could not be split."""


def scale(value: int, numerator: int, denominator: int) -> int | None:
    """value x numerator / denominator where that is a whole number, else None."""
    q, r = divmod(value * numerator, denominator)
    return None if r else q


def scale_qty(qty: int, n: int, d: int) -> int:
    """Raises UnevenError where it would not be a quantity."""
    scaled = scale(qty, n, d)
    if scaled is None or scaled > QTY_MAX:
        raise UnevenError
    return scaled


def scale_price(ins: InstrumentRow, price: int, n: int, d: int) -> int:
    """Raises UnevenError where it would not be an order's price."""
    scaled = price if price == NO_PRICE else scale(price, d, n)
    if scaled is None or (scaled != NO_PRICE and (abs(scaled) > ins.price_most or scaled % tick_at(ins, scaled))):
        raise UnevenError
    return scaled


def split_price(ins: InstrumentRow, price: int, side: int, n: int, d: int) -> int:
    """A price that need not be whole or on the tick: a SELL's rounded down, a BUY's up, so that what waits for it
    triggers no sooner. Raises UnevenError where it would be out of range."""
    if price == NO_PRICE:
        return price
    scaled = price * d // n if direction(side) == SELL else -(-price * d // n)
    if abs(scaled) > ins.price_most:
        raise UnevenError
    return scaled


def split_bound(ins: InstrumentRow, price: int, side: int, n: int, d: int) -> int:
    """The worst price that an order may trade at, rounded so that it is no worse for it. Raises UnevenError where
    nothing costs so little."""
    side = direction(side)
    scaled = split_price(ins, price, opposite(side), n, d)
    if scaled == NO_PRICE:
        return scaled
    scaled = safe_price(ins, scaled, side)
    if scaled == 0 and side == BUY and not ins.any_sign:
        raise UnevenError
    return scaled


def split_worst(ins: InstrumentRow, order: Order, n: int, d: int) -> int:
    """What a MARKET order in parts may pay or take at worst; those with a limit have it from that."""
    if order.place != IN_CHILDREN or has_limit(order.ord_type) or not is_bound(ins, order.worst_ticks):
        return order.worst_ticks
    return split_bound(ins, order.worst_ticks * ins.tick, order.side, n, d) // ins.tick


class SplitTerms(NamedTuple):
    """All that an order counts in shares or in prices."""

    order_qty: int
    cum_qty: int
    display_qty: int
    min_qty: int
    doubt_qty: int
    price: int
    stop_px: int
    peak_px: int
    protect_px: int
    worst_ticks: int
    peg_offset: int


def split_terms(ins: InstrumentRow, order: Order, n: int, d: int) -> SplitTerms:
    """An order's quantities and prices after a split. Raises UnevenError where one of them could not be."""
    order_qty, side = scale_qty(order.order_qty, n, d), order.side
    if order.requests or order_qty % ins.lot:
        raise UnevenError
    peg_offset = order.peg_offset
    if order.peg_offset_type == PegOffsetType.PRICE:
        peg_offset = min(PRICE_MAX, -(-peg_offset * d // n))
    trails = order.ord_type == OrdType.TRAILING_STOP  # it follows the market, whatever the tick
    return SplitTerms(
        order_qty, scale_qty(order.cum_qty, n, d), scale_qty(order.display_qty, n, d),
        scale_qty(order.min_qty, n, d), scale_qty(order.doubt_qty, n, d), scale_price(ins, order.price, n, d),
        split_price(ins, stop_of(order), side, n, d) if trails else scale_price(ins, order.stop_px, n, d),
        split_price(ins, peak_of(order), side, n, d), split_bound(ins, order.protect_px, side, n, d),
        split_worst(ins, order, n, d), peg_offset,
    )


def could_split(ins: InstrumentRow, order: Order, n: int, d: int) -> bool:
    try:
        split_terms(ins, order, n, d)
    except UnevenError:
        return False
    return True


def split_instrument(core: State, c: Any) -> Any:
    """n new shares for d old ones: quantities and positions times n / d, prices times d / n, amounts as they were.

    Only while the instrument does not trade. Refused, and nothing changed, where a quantity or price of an open order
    or a position would not be whole or in its range, or an order has a request that is unanswered. Trades before a
    split are final: they can no longer be busted or corrected. Quotes, marks, last trades and how the mid moved are
    forgotten.
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
        if not could_split(ins, order, n, d):
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
    split_price_limits(ins.limits, n, d)
    keep_limits(core.gate, c.instrument, ins.limits.low, ins.limits.high, ins.limits.reference, ins.limits.dynamic_bps)
    forget_print(core, c.instrument)
    core.ledger.marks.pop(c.instrument, None)
    forget_movement(core.router, c.instrument)
    split_strategies(core.risk.strategies, c.instrument, n, d)
    set_mark(core.risk.pnl, c.instrument, NO_PRICE, core.now)
    mark_strategies(core.risk.strategies, c.instrument)
    for venue in core.router.venues:
        clear_quotes(core, c.instrument, venue)
    split_lists(core.groups, c.instrument, n, d)
    for order in mine:
        split_order(core, c, order, n, d)
    return ack


def split_order(core: State, c: Any, order: Order, n: int, d: int) -> None:
    waits = order.place == AWAITS_PRICE
    terms = split_terms(core.instruments[order.instrument], order, n, d)
    if waits:
        withdraw_order(core, order)
    for name, value in terms._asdict().items():
        setattr(order, name, value)
    if order.fund_px != NO_PRICE:
        order.fund_px = -(-order.fund_px * d // n)
    split_limit(order, n, d)
    restate_new(core, order)
    report_execution(core, c, order, ExecType.RESTATED,
                     exec_restatement_reason=ExecRestatementReason.GT_CORPORATE_ACTION)
    sync_order(core, order)
    if waits:
        order.place = AWAITS_PRICE
        arm_trigger(core.triggers, order)

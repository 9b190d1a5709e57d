"""Trades: booked into positions, commissions and the trade log, then into the orders' facts and the reports.

Called by the order path, by market data, since a quote may take what rests, and by what external venues report. It
matches nothing itself. Commissions are rounded once a fill, half to even, and booked when they occur.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.fix import ExecType, LastLiquidityInd
from tradecore.vocabulary.records import NO_PRICE, PRICE_MAX
from tradecore.vocabulary.rules import Sent

from ..execution.book import Fill
from ..orders.lists import tell_fill, tell_list
from ..orders.order_table import NOWHERE, Order
from ..orders.trades import Execution, append_execution, charge_fee
from ..orders.triggers import stop_of
from ..positions.costs import apply_fill, commission_of, position_of
from ..risk.day_pnl import book_amount, book_fee, forget_paid, opened_amount
from ..risk.funds import book_charge, book_flow, revalue_owed
from ..risk.holds import count_trade, exposure_of, move_position
from ..risk.strategy_pnl import book_of_strategy, charge_strategy
from ..vocabulary.instrument import BUY, awaits_price, has_limit, opposite
from ..vocabulary.shell import saturate
from .answered import hear_answer
from .disarming import note_trade
from .elections import move_last
from .funding import sync_funds
from .state import REDUCE_ONLY, TRADE, State, parent_of, report_execution, sync_order, twice_reference

ADDED, REMOVED = int(LastLiquidityInd.ADDED), int(LastLiquidityInd.REMOVED)
Charge = tuple[int, int]  # the maker's and the taker's commission of one fill, money units


def book_trade(core: State, trade: Execution) -> None:
    """One trade into its position, the firm's exposure and the log. Account 0 is suspense."""
    qty = trade.qty if trade.side == BUY else -trade.qty
    p = position_of(core.ledger, trade.instrument, trade.account)
    apply_fill(p, qty, trade.price)
    if trade.currency:
        charge_fee(core.ledger, trade, 1)
    else:
        p.fees += trade.commission
    move_position(core.risk, trade.instrument, trade.account, qty)
    book_pnl(core, trade, 1)
    if core.risk.rows.counted & Sent.TRADE and trade.account:
        count_trade(core.risk, core.instruments[trade.instrument], trade.instrument, trade.account, trade.strategy)
    append_execution(core.trades, trade)
    tell_trimmed(core, trade.instrument, trade.account)


def book_pnl(core: State, trade: Execution, sign: int) -> None:
    """What a trade cost, and its commission, into its strategy's P&L, and into its account's cash and the day's P&L
    while those are kept; or out of them."""
    qty = trade.qty if trade.side == BUY else -trade.qty
    currency = trade.currency or core.instruments[trade.instrument].currency
    if core.risk.funds.is_kept:
        book_flow(core.risk.funds, trade.instrument, trade.account, sign * qty * trade.price)
        book_charge(core.risk.funds, currency, trade.account, sign * trade.commission)
    if core.risk.pnl.is_kept:
        book_amount(core.risk.pnl, trade.instrument, trade.account, sign * qty * trade.price)
        book_fee(core.risk.pnl, currency, trade.account, sign * trade.commission)
    if 1 <= trade.strategy <= core.risk.strategies.strategy_max:
        book_of_strategy(core.risk.strategies, trade.instrument, trade.strategy, sign * qty, trade.price)
        charge_strategy(core.risk.strategies, currency, trade.strategy, sign * trade.commission)


def price_working(core: State, order: Order) -> int:
    """What an order that was let in before is counted at, where nobody has asked: its trigger price, or the
    reference."""
    if awaits_price(order.ord_type) and not order.triggered and abs(stop_of(order)) <= PRICE_MAX:
        return stop_of(order)
    reference2 = twice_reference(core, order.instrument)
    return NO_PRICE if reference2 == NO_PRICE else -(-reference2 // 2)


def keep_funds(core: State, is_kept: bool) -> None:
    """Some row asks for funds from now on, or none any more: what was booked and what works until then is asked of the
    ledger and the orders."""
    funds, ledger = core.risk.funds, core.ledger
    funds.forget()
    funds.is_kept = is_kept
    for order in core.orders.open.values():
        order.fund_held = 0
    if not is_kept:
        return
    for (instrument, account), p in ledger.positions.items():
        if instrument in core.instruments:
            opened = opened_amount(core.risk.pnl, instrument, account)
            book_flow(funds, instrument, account, p.cost - p.realised - opened)
            book_charge(funds, core.instruments[instrument].currency, account, p.fees)
    for (account, currency), charge in ledger.charges.items():
        book_charge(funds, currency, account, charge)
    for account, currency in ledger.cash:
        revalue_owed(funds, account, currency)
    for order in core.orders.open.values():
        if not has_limit(order.ord_type) and order.fund_px == NO_PRICE:
            order.fund_px = price_working(core, order)
        sync_funds(core, order, bool(order.parent))


def load_pnl(core: State) -> None:
    """What was paid until now, while the day's P&L was not kept, as the ledger has it: cost less what was realised, and
    commissions."""
    pnl, ledger = core.risk.pnl, core.ledger
    forget_paid(pnl)
    for (instrument, account), p in ledger.positions.items():
        if (instrument, account) in core.risk.exposures:  # something was ever booked
            book_amount(pnl, instrument, account, p.cost - p.realised)
            book_fee(pnl, core.instruments[instrument].currency, account, p.fees)
    for (account, currency), charge in ledger.charges.items():
        book_fee(pnl, currency, account, charge)


def tell_trimmed(core: State, instrument: int, account: int) -> None:
    """A position moved: reduce-only orders in it may now be too large."""
    cell = instrument, account
    if account and exposure_of(core.risk, instrument, account).reduce_only and cell not in core.trimmed:
        core.trimmed.append(cell)


def look_again(core: State, order: Order) -> None:
    """What a user asked of an order is answered: its list, or the position that it may only reduce, may want less."""
    if order.group is not None:
        tell_list(core.groups, order.group, order)
    if order.exec_inst & REDUCE_ONLY:
        tell_trimmed(core, order.instrument, order.account)


def book_fills(
    core: State, instrument: int, venue: int, taker: Order | None, side: int, fills: list[Fill]
) -> list[Charge]:
    """Positions and commissions of what a match took; taker is None where a quote took it."""
    ins, fees = core.instruments[instrument], core.router.venues[venue]
    charges = []
    for number, fill in enumerate(fills, core.exec_seq + 1):
        price = fill.price * ins.tick
        maker_fee = commission_of(ins, fill.qty, price, fees.maker_fee_per_unit, fees.maker_fee_ppm)
        taker_fee = commission_of(ins, fill.qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)
        charges.append((maker_fee, taker_fee))
        sides = []
        if taker is not None:
            sides.append((taker, side, taker_fee))
        if fill.number > 0:  # else a quote, which has no account
            sides.append((core.orders.by_id[fill.number], opposite(side), maker_fee))
        for order, its_side, fee in sides:
            book_trade(core, Execution(number, 0, TRADE, order.order_id, instrument, order.account, venue, its_side,
                                       fill.qty, price, fee, core.day, strategy=order.strategy))
        move_last(core, instrument, price)
    return charges


def add_fill(core: State, order: Order, qty: int, price: int) -> None:
    """A trade into its order's facts; any trade is an answer to a new order."""
    order.cum_qty += qty
    order.cum_amount += qty * price
    order.acked, order.awaited, order.unknown_new = True, False, False
    if order.group is not None:
        tell_fill(core.groups, order.group, order, qty)


def add_fills(core: State, order: Order, qty: int, price: int) -> None:
    """A trade into the facts of an order, and of the one that it is a part of."""
    parent = parent_of(core, order)
    hear_answer(core.router, order, core.now, False)
    add_fill(core, order, qty, price)
    if parent is not None:
        add_fill(core, parent, qty, price)


def teller_of(core: State, order: Order) -> Order:
    """Who tells of an order's trades: of a child's its parent, once, with the child's venue."""
    return parent_of(core, order) or order


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
            report_fill(core, c, taker, fill.qty, price, taker_fee, maker.order_id if maker else 0, REMOVED)
        if maker is not None:
            if fill.done:
                maker.place = NOWHERE
            report_fill(core, c, maker, fill.qty, price, maker_fee, taker.order_id if taker else 0, ADDED)
            sync_order(core, maker)
        if taker is not None:  # last, so that what the command is about is the last to be evicted
            sync_order(core, taker)


def report_fill(
    core: State, c: Any, order: Order, qty: int, price: int, commission: int, contra_order_id: int, liquidity: int
) -> None:
    add_fills(core, order, qty, price)
    teller = teller_of(core, order)
    report_execution(core, c, teller, ExecType.TRADE, venue=order.venue, last_qty=qty, last_px=price,
                     commission=saturate(commission), exec_id=core.exec_seq, contra_order_id=contra_order_id,
                     last_liquidity_ind=liquidity)
    note_trade(core, c, teller, qty)

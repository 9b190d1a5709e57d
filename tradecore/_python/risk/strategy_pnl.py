"""The day's P&L by strategy, in base currency: of the trades of its orders, in whichever accounts, since the previous
close, realised or not, less fees. It counts as an account's does: see day_pnl.

What a strategy's trades moved and cost is kept always, for no ledger knows of strategies; what that is worth only while
some row limits it. What was opened, and what an order without a strategy trades, is no strategy's. Only strategies that
may have limits have a P&L.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tradecore.vocabulary.records import LIMIT_PRECISION, NO_PRICE

from .day_pnl import LIMIT_TOLD, SOFT_TOLD, DayTotal, PartValue, change_value, value_amount
from .exposures import Exposures, Known, worth_of


@dataclass(slots=True)
class StrategyPart:
    """Of a strategy's P&L: an instrument's, in amounts (quantity x price), or a currency's fees, in money units."""

    qty: int = 0  # lots that its trades have left; of fees 0
    paid: int = 0  # ever, less what was got
    closed: int = 0  # P&L at the previous close
    pnl: PartValue = field(default_factory=PartValue)  # since the close


class StrategyPnl:
    """Parts by instrument or currency, and strategy."""

    def __init__(self, values: Exposures, strategies: int) -> None:
        self.values, self.strategy_max = values, strategies
        self.parts: dict[tuple[int, int], StrategyPart] = {}  # by instrument and strategy
        self.fees: dict[tuple[int, int], StrategyPart] = {}  # by currency and strategy
        self.precisions: Mapping[int, int] = {}  # decimals of a currency's money unit
        self.totals: dict[int, DayTotal] = {}  # by strategy, without equity and peak
        self.touched: set[int] = set()  # strategies whose P&L has changed since they were looked at
        self.is_kept = False


def strategy_total_of(s: StrategyPnl, strategy: int) -> DayTotal:
    total = s.totals.get(strategy)
    if total is None:
        total = s.totals[strategy] = DayTotal()
    return total


def touch_strategy(s: StrategyPnl, strategy: int) -> None:
    """A strategy's loss is to be looked at when the command is done."""
    if s.is_kept:
        s.touched.add(strategy)


def forget_strategy_told(s: StrategyPnl, strategy: int) -> None:
    """Its limit was set: what is beyond it as it is now is told, whatever was told of it as it was before."""
    strategy_total_of(s, strategy).told &= ~(SOFT_TOLD | LIMIT_TOLD)
    touch_strategy(s, strategy)


def amount_of(s: StrategyPnl, instrument: int, part: StrategyPart) -> int | None:
    """What its trades have left is worth, as quantity x mark; None where it has no mark. Of nothing 0."""
    mark = worth_of(s.values, instrument).mark
    return 0 if part.qty == 0 else None if mark == NO_PRICE else part.qty * mark


def set_part(s: StrategyPnl, strategy: int, part: StrategyPart, value: int, state: Known) -> None:
    """What a part is worth from now on, in its strategy's sum."""
    if change_value(part.pnl, strategy_total_of(s, strategy).pnl, value, state):
        touch_strategy(s, strategy)


def revalue_strategy(s: StrategyPnl, instrument: int, strategy: int) -> None:
    """What it has of an instrument has changed, or what that is worth."""
    if not s.is_kept:
        return
    part, ins = s.parts[instrument, strategy], s.values.instruments[instrument]
    amount = amount_of(s, instrument, part)
    if amount is None:
        set_part(s, strategy, part, 0, Known.NO_MARK)
        return
    set_part(s, strategy, part, *value_amount(amount - part.paid - part.closed, ins.notional_scale, ins.limit_scale,
                                              s.values.rates.get(ins.currency, 0), part.qty != 0))


def revalue_charged(s: StrategyPnl, currency: int, strategy: int) -> None:
    """What its trades were charged has changed, or what the currency is worth."""
    if s.is_kept:
        part = s.fees[currency, strategy]
        set_part(s, strategy, part, *value_amount(-part.paid - part.closed, 10**LIMIT_PRECISION,
                                                  10 ** s.precisions[currency], s.values.rates.get(currency, 0), False))


def book_of_strategy(s: StrategyPnl, instrument: int, strategy: int, qty: int, price: int) -> None:
    """A trade of one of its orders, in signed lots, or what takes one back."""
    part = s.parts.setdefault((instrument, strategy), StrategyPart())
    part.qty += qty
    part.paid += qty * price
    revalue_strategy(s, instrument, strategy)


def charge_strategy(s: StrategyPnl, currency: int, strategy: int, fee: int) -> None:
    """The fee of such a trade, in money units; negative: it is given back."""
    if fee:
        s.fees.setdefault((currency, strategy), StrategyPart()).paid += fee
        revalue_charged(s, currency, strategy)


def mark_strategies(s: StrategyPnl, instrument: int) -> None:
    """An instrument has another mark, or none any more: what strategies have of it is worth that. What is flat needs
    none."""
    for (its, strategy), part in s.parts.items():
        if its == instrument and part.qty:
            revalue_strategy(s, its, strategy)


def rate_strategies(s: StrategyPnl, currency: int) -> None:
    """A currency is worth something else: so is all that was won, lost or charged in it since the close."""
    for instrument, strategy in s.parts:
        if s.values.instruments[instrument].currency == currency:
            revalue_strategy(s, instrument, strategy)
    for its, strategy in s.fees:
        if its == currency:
            revalue_charged(s, currency, strategy)


def split_strategies(s: StrategyPnl, instrument: int, n: int, d: int) -> None:
    """n new shares for d old ones, rounded down: of an account's whole number two strategies may have halves, and a
    loss is rounded up. Its mark goes too: who says so values it."""
    for (its, strategy), part in s.parts.items():
        if its == instrument and part.qty:
            part.qty = part.qty * n // d
            revalue_strategy(s, its, strategy)  # of one that is flat now nobody else does


def close_strategies(s: StrategyPnl) -> None:
    """The day's P&L begins anew, from the marks as they are. What is held without one counts from the close before."""
    for (instrument, strategy), part in s.parts.items():
        amount = amount_of(s, instrument, part)
        if amount is not None:
            part.closed = amount - part.paid
            revalue_strategy(s, instrument, strategy)
    for (currency, strategy), part in s.fees.items():
        part.closed = -part.paid
        revalue_charged(s, currency, strategy)
    for strategy, total in s.totals.items():
        total.told = 0
        touch_strategy(s, strategy)


def keep_strategies(s: StrategyPnl, is_kept: bool) -> None:
    """Some row limits a strategy's loss from now on, or none any more. What was told stays."""
    begins, s.is_kept = is_kept and not s.is_kept, is_kept
    if not is_kept:
        s.touched.clear()
    if not begins:
        return
    for strategy, total in s.totals.items():
        s.totals[strategy] = DayTotal(told=total.told)
    for part in (*s.parts.values(), *s.fees.values()):
        part.pnl = PartValue()
    for instrument, strategy in s.parts:
        revalue_strategy(s, instrument, strategy)
    for currency, strategy in s.fees:
        revalue_charged(s, currency, strategy)

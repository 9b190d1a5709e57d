"""How much of a limit is used now: what a risk officer reads beside it. It refuses nothing and changes nothing."""

from __future__ import annotations

from tradecore.vocabulary.codes import Rule, Scope
from tradecore.vocabulary.rules import OUTCOMES, Sent

from ..vocabulary.instrument import InstrumentRow
from .day_pnl import BPS_ONE, RATIO_ONE, DayTotal, day_total_of, ratio_of
from .exposures import Exposures, Total, Value, group_total_of, total_of
from .funds import owed_of
from .holds import Exposure, RiskTables, exposure_of
from .limit_lines import trades_of
from .open_counts import open_of
from .rule_counts import count_recent, sum_recent
from .rule_rows import RULES, LimitRow
from .strategy_pnl import strategy_total_of
from .trips import NOTHING_DEALT, count_outcomes

OF_POSITIONS = (Rule.MAX_POSITION_QTY, Rule.MAX_POSITION_NOTIONAL, Rule.CONCENTRATION)


def worst_qty(e: Exposure, ins: InstrumentRow) -> int:
    """A position with what works on its worse side, by magnitude, as limits count quantities."""
    worst = max(abs(e.position_qty + e.working_buy), abs(e.position_qty - e.working_sell))
    return worst * ins.qty_scale // ins.qty_limit_scale


def short_qty(e: Exposure, ins: InstrumentRow) -> int:
    """How far all that works to sell would bring a position below zero, as limits count quantities."""
    return max(0, e.working_sell - e.position_qty) * ins.qty_scale // ins.qty_limit_scale


def worst_worth(value: Value) -> int:
    """A position with what works on its worse side at its mark, -1 where it has no value."""
    return -1 if value.state else value.gross


def total_bound(x: Exposures, row: LimitRow) -> Total:
    """The sums that a row bounds."""
    if row.scope == Scope.INSTRUMENT_GROUP:
        return group_total_of(x, row.strategy)
    return total_of(x, -row.strategy if row.scope == Scope.ACCOUNT_GROUP else row.account)


def measure_total(total: Total, rule: int) -> int:
    """An exposure, -1 while something has no value."""
    amounts: dict[int, int] = {
        Rule.MAX_GROSS_EXPOSURE: total.gross, Rule.GROUP_EXPOSURE: total.gross,
        Rule.MAX_PENDING_NOTIONAL: total.pending,
        Rule.MAX_NET_EXPOSURE: max(abs(total.net_long), abs(total.net_short)),
    }
    return -1 if any(total.unknown) else amounts.get(rule, -1)


def measure_over_equity(amount: int, total: Total, day: DayTotal) -> int:
    """Exposure, or what must be covered of it, over equity; 0 where there is none, -1 while something has no value."""
    if any(total.unknown) or any(day.equity.unknown):
        return -1
    return ratio_of(amount, day, RATIO_ONE) if amount else 0


def measure_concentration(worth: int, day: DayTotal) -> int:
    """A position's value over equity; 0 where there is none, -1 while something has no value."""
    if worth < 0 or any(day.equity.unknown):
        return -1
    return ratio_of(worth, day, BPS_ONE) if worth else 0


def measure_loss(total: DayTotal, rule: int) -> int:
    """A loss, 0 of a profit, -1 while something has no value."""
    if any(total.pnl.unknown):
        return -1
    return max(0, (total.peak if rule == Rule.DRAWDOWN else 0) - total.pnl.value)


def day_total_bound(risk: RiskTables, row: LimitRow) -> DayTotal:
    """The day's sums that a row bounds."""
    if row.scope == Scope.STRATEGY:
        return strategy_total_of(risk.strategies, row.strategy)
    return day_total_of(risk.pnl, row.account)


def measure_on_marks(risk: RiskTables, row: LimitRow) -> int:
    """What acts on marks: a loss, or how much of its equity an account needs to hold what it has; -1: not known."""
    total, day = total_of(risk.values, row.account), day_total_bound(risk, row)
    if row.rule == Rule.MARGIN_USE:
        return measure_over_equity(total.maintenance, total, day)
    return measure_loss(day, row.rule)


def measure_row(
    risk: RiskTables, instruments: dict[int, InstrumentRow], row: LimitRow, now: int
) -> tuple[int, int]:
    """What is used of a row, in its unit: of what counts, in the window that ends now, or today; of a position, that of
    its instrument, which is returned too, or where it names none of the one with most; of a breaker what came last. -1
    of what only bounds one order."""
    if RULES[row.rule].counts & OUTCOMES:
        return count_outcomes(row, row.dealt[-1] if row.dealt else NOTHING_DEALT, now), row.instrument
    if RULES[row.rule].counts & Sent.ALIKE:
        return -1, row.instrument
    if RULES[row.rule].counts & Sent.OPEN:
        return open_of(risk.opens, row), row.instrument
    if RULES[row.rule].counts & Sent.NOTIONAL:
        money = sum_recent(row, now)
        return -1 if money is None else money, row.instrument
    if RULES[row.rule].counts:
        return -(-count_recent(row, now) // trades_of(row)), row.instrument
    if row.rule in (Rule.MAX_LEVERAGE, Rule.MARGIN_USE):
        total = total_of(risk.values, row.account)
        amount = total.gross if row.rule == Rule.MAX_LEVERAGE else total.initial
        return measure_over_equity(amount, total, day_total_of(risk.pnl, row.account)), 0
    if RULES[row.rule].on_loss:
        return measure_loss(day_total_bound(risk, row), row.rule), 0
    if RULES[row.rule].on_marks and row.rule not in OF_POSITIONS:
        return measure_total(total_bound(risk.values, row), row.rule), 0
    if row.rule == Rule.CREDIT_LIMIT:
        owed = owed_of(risk.funds, row.account)
        return -1 if owed.unknown else owed.money, 0
    if row.rule == Rule.LOCATE:
        return short_qty(exposure_of(risk, row.instrument, row.account), instruments[row.instrument]), row.instrument
    if row.rule not in OF_POSITIONS:
        return -1, row.instrument
    named = [row.instrument] if row.instrument else list(instruments)
    if row.rule == Rule.MAX_POSITION_QTY:
        used = [worst_qty(exposure_of(risk, i, row.account), instruments[i]) for i in named]
    else:
        used = [worst_worth(risk.values.values.get((i, row.account), Value())) for i in named]
    most = max(used, default=-1)
    at = named[used.index(most)] if most >= 0 else row.instrument
    if row.rule == Rule.CONCENTRATION:
        most = measure_concentration(most, day_total_of(risk.pnl, row.account))
    return most, at

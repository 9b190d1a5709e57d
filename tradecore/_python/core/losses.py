"""Loss limits act on marks, not only when an order comes, and so does maintenance margin: what passes one is told, and
its account or strategy, or the firm, may only reduce from then on. Where its limit says so, what works is canceled. To
let it trade again is a command of its own.

They look at what a command has changed, and nothing else: each passing of a limit, or of the share at which it
warns, is told once, until the loss is within it again, the limit is set again, or a day ends.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import CommandType, LimitMode, Rule, Scope, TradingState
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.units import tell_wide

from ..risk.day_pnl import LIMIT_TOLD, LOSSES, SOFT_TOLD, DayTotal, day_total_of, told_shift
from ..risk.holds import note_breach
from ..risk.rule_rows import RULES, SOFT_MOST, LimitRow, find_row
from ..risk.strategy_pnl import strategy_total_of
from ..risk.switches import state_at, tell_cause
from ..risk.usage import measure_on_marks
from .requests import mass_cancel
from .state import RISK_OBSERVED, RISK_WARNING, State, publish
from .switching import set_trading_state


def watch_losses(core: State, c: Any) -> None:
    """Of each account whose P&L has changed, the firm first; then of each strategy."""
    pnl, strategies = core.risk.pnl, core.risk.strategies
    touched, moved = sorted(pnl.touched), sorted(strategies.touched)
    pnl.touched.clear()
    strategies.touched.clear()
    for account in touched:
        total, scope = day_total_of(pnl, account), Scope.ACCOUNT if account else Scope.FIRM
        if any(total.pnl.unknown):  # it refuses what adds risk
            continue
        total.peak = max(total.peak, total.pnl.value)
        for rule in LOSSES:
            row = find_row(core.risk.rows, (int(scope), 0, account, 0, 0), rule)
            watch_loss(core, c, total, row, told_shift(rule))
    for strategy in moved:
        total = strategy_total_of(strategies, strategy)
        if not any(total.pnl.unknown):
            row = find_row(core.risk.rows, (int(Scope.STRATEGY), 0, 0, 0, strategy), Rule.STRATEGY_LOSS)
            watch_loss(core, c, total, row, 0)


def watch_loss(core: State, c: Any, total: DayTotal, row: LimitRow | None, shift: int) -> None:
    """One limit of an account, of the firm or of a strategy; where it is off nothing was told."""
    told, was, loss, bound = 0, total.told >> shift & (SOFT_TOLD | LIMIT_TOLD), 0, 0
    if row is not None and row.value >= 0:
        loss, bound = measure_on_marks(core.risk, row), soft_limit(row)
        if loss < 0:
            return
        told = SOFT_TOLD * (loss > bound) | LIMIT_TOLD * (loss > row.value)
    total.told ^= (was ^ told) << shift
    news = told & ~was
    if row is None or not news:
        return
    publish(core, c, RISK_OBSERVED if row.mode == LimitMode.OBSERVE else RISK_WARNING, account=row.account,
            reason=RULES[row.rule].reason, value=tell_wide(loss, True), reject_mask=row.number,
            bound=tell_wide(row.value if news & LIMIT_TOLD else bound, False))
    if news & LIMIT_TOLD:
        note_breach(core.risk, Finding(RULES[row.rule].reason, 0, 0, True, True, row.number), core.now)
        if row.mode != LimitMode.OBSERVE:
            stop_losing(core, row)


def soft_limit(row: LimitRow) -> int:
    """Above which loss a limit warns: its soft share, or where it has none itself."""
    warns = row.soft_share and row.mode != LimitMode.OBSERVE
    return row.value * row.soft_share // SOFT_MOST if warns else row.value


def stop_losing(core: State, row: LimitRow) -> None:
    """From now on only what reduces; what is stricter already stays. What works, exits too, is canceled, or asked back,
    where the limit says so."""
    target = row.account or row.strategy
    if state_at(core.risk.states, row.scope, target) == TradingState.ACTIVE:
        set_trading_state(core, blank(CommandType.TRADING_STATE)._replace(
            scope=row.scope, target=target, state=int(TradingState.REDUCING)))
        tell_cause(core.risk.states, row.scope, target, int(RULES[row.rule].reason))
    if row.mode == LimitMode.CANCEL:
        answer_seq = core.answer_seq
        mass_cancel(core, blank(CommandType.MASS_CANCEL)._replace(account=row.account, strategy=row.strategy))
        core.answer_seq = answer_seq  # it answers nobody


def blank(kind: CommandType) -> Any:
    """A command of our own."""
    return CODECS[kind].unpack(bytes(CODECS[kind].struct.size))._replace(kind=int(kind))

"""Checks of what an account and the firm hold and work at marks: gross, net, what was lost, how old marks may be.

Fail closed: what an account holds, works or asks for must have a mark, and its currency a rate. What reduces passes.
"""

from __future__ import annotations

from collections.abc import Callable

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.units import BEYOND, tell_wide

from ..vocabulary.instrument import BUY
from .day_pnl import BPS_ONE, RATIO_ONE, PartSum, day_total_of, ratio_of
from .exposures import (
    Known,
    Total,
    Value,
    find_stale,
    group_total_of,
    margin_of,
    total_of,
    value_position,
    worth_of,
)
from .holds import Question
from .limit_lines import (
    CONCENTRATION,
    DRAWDOWN,
    FIRM_CONCENTRATION,
    FIRM_DRAWDOWN,
    FIRM_GROSS,
    FIRM_LEVERAGE,
    FIRM_LOSS,
    FIRM_MARGIN,
    FIRM_NET,
    FIRM_PENDING,
    FIRM_POSITION_WORTH,
    GROSS,
    GROUP_EXPOSURE,
    GROUP_GROSS,
    GROUP_NET,
    LEVERAGE,
    LOSS,
    MARGIN,
    NET,
    PENDING,
    POSITION_WORTH,
    STALE,
    STRATEGY_LOSS,
    limit_in,
)
from .strategy_pnl import strategy_total_of

LOSS_SLOTS, FIRM_LOSS_SLOTS = (LOSS, DRAWDOWN), (FIRM_LOSS, FIRM_DRAWDOWN)
EQUITY_SLOTS = (LEVERAGE, CONCENTRATION, MARGIN)
FIRM_EQUITY_SLOTS = (FIRM_LEVERAGE, FIRM_CONCENTRATION, FIRM_MARGIN)
AMOUNT_SLOTS = (GROSS, FIRM_GROSS, NET, FIRM_NET, LOSS, FIRM_LOSS, DRAWDOWN, FIRM_DRAWDOWN, PENDING, FIRM_PENDING,
                GROUP_GROSS, GROUP_NET, *EQUITY_SLOTS, *FIRM_EQUITY_SLOTS)
GROUP_SLOTS = (GROUP_GROSS, GROUP_NET)
FIRM_SLOTS = (FIRM_GROSS, FIRM_NET, *FIRM_LOSS_SLOTS, FIRM_PENDING, *FIRM_EQUITY_SLOTS)
OWN_SLOTS = (POSITION_WORTH, FIRM_POSITION_WORTH, GROUP_EXPOSURE, STRATEGY_LOSS)  # of its own instrument, not of all
MS = 1_000_000  # ns


def told_limit(q: Question, row: int) -> int:
    """A limit as its row says it, -1 where there is none."""
    return tell_wide(limit_in(q.line, q.rows.rows[row - 1]), False) if row else -1


def adds_risk(q: Question) -> bool:
    """Would it hold more, or trade what is held, and not only reduce?"""
    return (q.hold_qty > 0 or q.released) and not q.reduces


def goes_on(q: Question) -> bool:
    """Does it go on, where what may only reduce must not?"""
    return (q.hold_qty > 0 or q.released or q.moves_on) and not q.reduces


def first_row(q: Question, slots: tuple[int, ...]) -> int:
    """The row that arms the first of these slots, 0 where none is."""
    return next((q.line.rows[slot] for slot in slots if q.line.limits[slot] >= 0), 0)


def account_group(q: Question) -> int:
    return q.values.groups.of_account.get(q.account, 0)


def instrument_total(q: Question) -> Total:
    """The sums of the group that the order's instrument is in."""
    return group_total_of(q.values, q.values.groups.of_instrument.get(q.instrument, 0))


def strategy_sum(q: Question) -> PartSum:
    """The P&L of the order's strategy."""
    return strategy_total_of(q.strategies, q.strategy).pnl


def count_unvalued(q: Question, why: Known) -> int:
    """How many instruments that are held, work or are asked for have no value for this reason: the account's, or where
    that has none and its group or the firm has a limit, theirs; where a loss is limited, or equity is asked about, also
    of what was traded or charged, and of cash."""
    counts = [total_of(q.values, q.account).unknown[why]]
    if first_row(q, GROUP_SLOTS):
        counts.append(total_of(q.values, -account_group(q)).unknown[why])
    if first_row(q, FIRM_SLOTS):
        counts.append(total_of(q.values, 0).unknown[why])
    if first_row(q, LOSS_SLOTS):
        counts.append(day_total_of(q.pnl, q.account).pnl.unknown[why])
    if first_row(q, FIRM_LOSS_SLOTS):
        counts.append(day_total_of(q.pnl, 0).pnl.unknown[why])
    if first_row(q, EQUITY_SLOTS):
        counts.append(day_total_of(q.pnl, q.account).equity.unknown[why])
    if first_row(q, FIRM_EQUITY_SLOTS):
        counts.append(day_total_of(q.pnl, 0).equity.unknown[why])
    return next(filter(None, counts), int(worth_of(q.values, q.instrument).state == why))


def check_unknown(why: Known, reason: Reason, slots: tuple[int, ...]) -> Callable[[Question], Finding]:
    """What is held, works or is asked for must have a mark, and its currency a rate. Source: SEC 15c3-5 (c)(1)(i)."""

    def check(q: Question) -> Finding:
        row = first_row(q, slots)
        unknown = count_unvalued(q, why) if row else int(worth_of(q.values, q.instrument).state == why)
        row = row or first_row(q, OWN_SLOTS)
        for slot, total in ((GROUP_EXPOSURE, instrument_total), (STRATEGY_LOSS, strategy_sum)):
            if not unknown and q.line.limits[slot] >= 0 and total(q).unknown[why]:
                unknown, row = total(q).unknown[why], q.line.rows[slot]
        return Finding(reason, unknown, 0, row > 0 and unknown > 0 and adds_risk(q), row > 0, row)

    return check


def check_stale(q: Question) -> Finding:
    """A mark of what is held, works or is asked for is older than so many ms. Source: SEC 15c3-5 (c)(1)(i)."""
    limit, row = q.line.limits[STALE], q.line.rows[STALE]
    if limit < 0:
        return Finding(Reason.STALE_QUOTE, NO_PRICE, -1, False, False)
    time = find_stale(q.values, q.instrument, q.account, q.now - limit * MS)
    age = NO_PRICE if time is None else (q.now - time) // MS
    return Finding(Reason.STALE_QUOTE, age, told_limit(q, row), time is not None and adds_risk(q), True, row)


def value_with(q: Question, account: int) -> tuple[Value, Value]:
    """What an account, or the firm, has in the order's instrument, and what it would have with the order; of a group
    what the account has that the order is of."""
    was = q.values.values.get((q.instrument, q.account if account < 0 else account), Value())
    more = q.hold_qty if q.side == BUY else -q.hold_qty
    return was, value_position(worth_of(q.values, q.instrument), q.firm if account == 0 else q.exposure, more)


def is_too_large(total: Total, value: Value) -> bool:
    """Is there what can't be told? What has no mark or no rate is refused before."""
    return value.state == Known.TOO_LARGE or total.unknown[Known.TOO_LARGE] > 0


def gross_with(q: Question, account: int) -> int:
    """Gross exposure with the order, as if all that works on the worse side of each position filled."""
    was, value = value_with(q, account)
    total = total_of(q.values, account)
    return BEYOND if is_too_large(total, value) else total.gross - was.gross + value.gross


def group_with(q: Question, _account: int) -> int:
    """Exposure in the group of the order's instrument with the order, as the firm's gross exposure counts it."""
    was, value = value_with(q, 0)
    total = instrument_total(q)
    return BEYOND if is_too_large(total, value) else total.gross - was.gross + value.gross


def net_with(q: Question, account: int) -> int:
    """Net exposure with the order on its side, as if all that works on that side filled; positive is worse."""
    was, value = value_with(q, account)
    total = total_of(q.values, account)
    if is_too_large(total, value):
        return BEYOND
    if q.side == BUY:
        return total.net_long - was.long_value + value.long_value
    return was.short_value - total.net_short - value.short_value


def position_with(q: Question, account: int) -> int:
    """What the position in the order's instrument would be worth with the order, as if all on its worse side filled."""
    _, value = value_with(q, account)
    return BEYOND if value.state == Known.TOO_LARGE else value.gross


def pending_with(q: Question, account: int) -> int:
    """What works would be worth with the order, on both sides."""
    was, value = value_with(q, account)
    total = total_of(q.values, account)
    return BEYOND if is_too_large(total, value) else total.pending - was.pending + value.pending


def leverage_with(q: Question, account: int) -> int:
    """Gross exposure with the order over equity."""
    return ratio_of(gross_with(q, account), day_total_of(q.pnl, account), RATIO_ONE)


def concentration_with(q: Question, account: int) -> int:
    """What the position in the order's instrument would be worth with the order, over equity. Not over gross exposure,
    of which the first position of an account is always all."""
    return ratio_of(position_with(q, account), day_total_of(q.pnl, account), BPS_ONE)


def margin_with(q: Question, account: int) -> int:
    """What equity must cover with the order, as if all that works on the worse side of each position filled, over
    equity. Source: Regulation T 220.12; FINRA 4210(c)."""
    was, value = value_with(q, account)
    total = total_of(q.values, account)
    if is_too_large(total, value):
        return BEYOND
    need = total.initial - was.initial + margin_of(worth_of(q.values, q.instrument), value).initial
    return ratio_of(need, day_total_of(q.pnl, account), RATIO_ONE)


def loss_of(q: Question, account: int) -> int:
    """The loss since the previous close, realised or not, with fees; a profit is negative."""
    total = day_total_of(q.pnl, account)
    return BEYOND if total.pnl.unknown[Known.TOO_LARGE] else -total.pnl.value


def drawdown_of(q: Question, account: int) -> int:
    """How far the day's P&L is below its highest since the previous close, where it was 0."""
    total = day_total_of(q.pnl, account)
    return BEYOND if total.pnl.unknown[Known.TOO_LARGE] else max(0, total.peak - total.pnl.value)


def check_amount(
    slot: int, firm_slot: int, reason: Reason, amount_with: Callable[[Question, int], int], group_slot: int = -1
) -> Callable[[Question], Finding]:
    """Exposure or loss of an account, of its group, and of the firm. Of the limits the first that refuses speaks, else
    the one with least left. Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b), 16(1); FIA 1.2."""

    def check(q: Question) -> Finding:
        found = None
        for its, account in ((slot, q.account), (group_slot, -account_group(q)), (firm_slot, 0)):
            limit, row = (q.line.limits[its], q.line.rows[its]) if its >= 0 else (-1, 0)
            if limit < 0:
                continue
            amount = amount_with(q, account)
            refused = amount > limit and adds_risk(q)
            left = limit - amount
            if found is None or refused or left < found[0]:
                told = Finding(reason, tell_wide(amount, True), told_limit(q, row), refused, True, row)
                found = left, told
            if refused:
                break
        return Finding(reason, NO_PRICE, -1, False, False) if found is None else found[1]

    return check


def check_strategy_loss(q: Question) -> Finding:
    """What a strategy has lost since the previous close, realised or not, with fees. Source: RTS 6 Art. 15(1)(b),
    16(1); FIA 1.2."""
    limit, row = q.line.limits[STRATEGY_LOSS], q.line.rows[STRATEGY_LOSS]
    if limit < 0:
        return Finding(Reason.STRATEGY_LOSS, NO_PRICE, -1, False, False)
    total = strategy_sum(q)
    loss = BEYOND if total.unknown[Known.TOO_LARGE] else -total.value
    return Finding(Reason.STRATEGY_LOSS, tell_wide(loss, True), told_limit(q, row), loss > limit and adds_risk(q), True,
                   row)


# In the order in which they are asked.
CHECKS_ON_MARKS: tuple[Callable[[Question], Finding], ...] = (
    check_unknown(Known.NO_MARK, Reason.MARK_UNAVAILABLE, tuple(sorted((*AMOUNT_SLOTS, STALE)))),
    check_unknown(Known.NO_RATE, Reason.RATE_UNAVAILABLE, AMOUNT_SLOTS), check_stale,
    check_amount(GROSS, FIRM_GROSS, Reason.MAX_GROSS_EXPOSURE, gross_with, GROUP_GROSS),
    check_amount(NET, FIRM_NET, Reason.MAX_NET_EXPOSURE, net_with, GROUP_NET),
    check_amount(POSITION_WORTH, FIRM_POSITION_WORTH, Reason.MAX_POSITION_NOTIONAL, position_with),
    check_amount(PENDING, FIRM_PENDING, Reason.MAX_PENDING_NOTIONAL, pending_with),
    check_amount(-1, GROUP_EXPOSURE, Reason.GROUP_EXPOSURE, group_with),
    check_amount(LEVERAGE, FIRM_LEVERAGE, Reason.MAX_LEVERAGE, leverage_with),
    check_amount(CONCENTRATION, FIRM_CONCENTRATION, Reason.CONCENTRATION, concentration_with),
    check_amount(MARGIN, FIRM_MARGIN, Reason.INSUFFICIENT_MARGIN, margin_with),
    check_amount(LOSS, FIRM_LOSS, Reason.DAILY_LOSS, loss_of),
    check_amount(DRAWDOWN, FIRM_DRAWDOWN, Reason.DRAWDOWN, drawdown_of),
    check_strategy_loss,
)

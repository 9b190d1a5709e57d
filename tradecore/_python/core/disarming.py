"""What executions and rejects say of the strategy whose they are: its breakers count, warn, or disarm it. One that is
disarmed counts nothing more; what it still has that was not sent is taken back when the command is done.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import LimitMode, Rule
from tradecore.vocabulary.fix import ExecType

from ..orders.order_table import Order
from ..risk.rule_rows import RULES, SOFT_MOST, LimitRow
from ..risk.trips import (
    NOTHING_DEALT,
    Dealt,
    Tripped,
    begin_anew,
    breaker_row,
    count_outcomes,
    names_needed,
    note_outcome,
)
from ..vocabulary.instrument import direction
from .state import BREAKER_TRIPPED, RISK_OBSERVED, RISK_WARNING, State, publish


def report_limit(
    core: State, c: Any, order: Order, kind: int, side: int, order_qty: int, price: int, reason: int, value: int,
    bound: int, row: int,
) -> None:
    """What a limit says beside what becomes of an order."""
    publish(core, c, kind, order_id=order.order_id, instrument=order.instrument, account=order.account, side=side,
            cl_ord_id=order.cl_ord_id, order_qty=order_qty, price=price, reason=reason, value=value, bound=bound,
            reject_mask=row)


def is_watched(core: State, strategy: int) -> bool:
    """Do breakers count what becomes of a strategy's orders?"""
    return bool(core.risk.rows.breakers) and strategy not in core.risk.breakers.tripped


def disarm(core: State, strategy: int, row: LimitRow, value: int, limit: int) -> None:
    """From now on the strategy may only reduce."""
    breakers = core.risk.breakers
    breakers.tripped[strategy] = Tripped(RULES[row.rule].reason, row.number, value, limit, core.now,
                                         names_needed(core.risk.rows, strategy))
    breakers.due.add(strategy)
    core.triggers.asks_again = True  # so that it is looked at when the command is done


def note_outcome_of(core: State, c: Any, order: Order, rule: int, dealt: Dealt) -> None:
    """One more that a breaker counts: more than it allows disarms, or is told of; more than its share warns."""
    row = breaker_row(core.risk.rows, order.strategy, rule)
    if row is None:
        return
    value, limit = core.risk.rows.order_rate + 1, core.risk.rows.order_rate
    if note_outcome(row, dealt, core.now):
        value, limit = count_outcomes(row, dealt, core.now), row.value
    kind = 0
    if value > limit:
        row.breached, row.breaches = core.now, row.breaches + 1
        kind = BREAKER_TRIPPED if row.mode == LimitMode.ENFORCE else RISK_OBSERVED
    elif row.mode == LimitMode.ENFORCE and row.soft_share and value > limit * row.soft_share // SOFT_MOST:
        kind = RISK_WARNING
    if kind == BREAKER_TRIPPED:
        disarm(core, order.strategy, row, value, limit)
    if kind:
        report_limit(core, c, order, kind, order.side, order.order_qty, order.price, RULES[rule].reason, value, limit,
                     row.number)


def note_trade(core: State, c: Any, order: Order, last_qty: int) -> None:
    """A trade of an order, which is in its facts: with the first one it is executed, and any is no reject."""
    if not is_watched(core, order.strategy):
        return
    note_acceptance(core, order)
    if order.cum_qty == last_qty and not order.emptied:
        note_outcome_of(core, c, order, Rule.REPEATED_EXECUTION,
                        (order.instrument, direction(order.side), order.order_qty))


def note_acceptance(core: State, order: Order) -> None:
    """An order was accepted: rejects begin anew."""
    if is_watched(core, order.strategy):
        begin_anew(breaker_row(core.risk.rows, order.strategy, Rule.CONSECUTIVE_REJECTS))


def note_entry(core: State, order: Order) -> None:
    """A new order has come as far as it can now: if it was accepted at once, rejects begin anew."""
    if order.acked:
        note_acceptance(core, order)


def note_word(core: State, order: Order, exec_type: int) -> None:
    """A venue says something of an order: the first that it says, but that it is pending or rejected, accepts it."""
    if order.awaited and exec_type not in (ExecType.PENDING_NEW, ExecType.REJECTED):
        note_acceptance(core, order)


def note_reject(core: State, c: Any, order: Order) -> None:
    """An order was rejected, by us or by its venue."""
    if is_watched(core, order.strategy):
        note_outcome_of(core, c, order, Rule.CONSECUTIVE_REJECTS, NOTHING_DEALT)

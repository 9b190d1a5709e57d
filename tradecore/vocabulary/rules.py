"""The table of risk's rules: what each limits, in which unit, on which scopes. A rule is a row here, a kernel, its
twin, and what its kernel's text says. Nothing relies on neighbouring numbers.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import NamedTuple

from .codes import Reason, Rule, Scope
from .nearest import find_nearest
from .records import LIMIT_MAX


class LimitUnit(IntEnum):
    """What a limit's value counts: 10**-9 of a whole quantity, 10**-9 of a currency, basis points, or times; of a FLAG
    0 is the only one, and means none; BASE_MONEY is 10**-9 of the base currency, the first that was declared; a RATIO
    is 10**-9 of one."""

    QUANTITY = 0
    MONEY = 1
    BASIS_POINTS = 2
    COUNT = 3
    FLAG = 4
    BASE_MONEY = 5
    RATIO = 6


class Sent(IntFlag):
    """What a rule counts, or is asked about: messages of ours, and what came of an order; ALIKE are orders with
    the same terms, which a table of all recent orders tells: a row needs no counter of its own; NOTIONAL is
    what they are worth; OPEN are orders until they end, whose number is kept by what rows are on."""

    NONE = 0
    NEW = 1
    REPLACE = 2
    CANCEL = 4
    TRADE = 8
    REJECT = 16
    EXECUTION = 32
    ALIKE = 64
    NOTIONAL = 128
    OPEN = 256


MESSAGES = Sent.NEW | Sent.REPLACE | Sent.CANCEL
OUTCOMES = Sent.EXECUTION | Sent.REJECT
BY_TERMS = Sent.ALIKE | Sent.NOTIONAL | Sent.OPEN


class RuleRow(NamedTuple):
    """One rule. `slot` is its place in an effective line, `firm_slot` that of rows on a whole firm or instrument, which
    bound what all accounts have together, and `group_slot` that of rows on an account group, which bound what its
    accounts have together (-1 where they bind each, in `slot`); `slot` is -1 where it counts: then each row has a
    counter of its own, of what it `counts`, and is asked of what it `asks`; not `windowed`, it counts from one roll of
    the day to the next; of what counts trades too the limit is so many for each of them, and before the first as if
    there had been one. `most` -1 is the capacity `order_rate`. `stated`: an account must have been told it, a number or
    OFF. `on_marks`: it needs what is held and works at its mark, in the base currency; while none such is armed, that
    is not kept. `on_loss`: it acts on the day's P&L, or on equity, whenever that changes; on a strategy on its own
    P&L, which needs nothing else. `on_equity`: it needs equity, which else is not kept. `on_funds`: it asks what an
    account has of cash and its orders hold of that; while none such is armed, it is not kept. `permits`: it refuses
    nothing, and lets pass what another rule would refuse, whatever its own mode is.
    """

    rule: Rule
    reason: Reason
    unit: LimitUnit
    most: int
    scopes: tuple[Scope, ...]
    slot: int
    firm_slot: int
    stated: bool
    windowed: bool
    counts: Sent = Sent.NONE
    asks: Sent = Sent.NEW | Sent.REPLACE
    on_marks: bool = False
    on_loss: bool = False
    on_equity: bool = False
    permits: bool = False
    on_funds: bool = False
    group_slot: int = -1

    @property
    def is_observable(self) -> bool:
        """Can it be only observed? What permits refuses nothing, nor does what neither counts nor asks."""
        return not self.permits and bool(self.counts | self.asks)


_ALL = tuple(Scope)
_WHOLE = (Scope.FIRM, Scope.ACCOUNT)
RULES: tuple[RuleRow, ...] = (
    RuleRow(Rule.MAX_ORDER_QTY, Reason.MAX_ORDER_QTY, LimitUnit.QUANTITY, LIMIT_MAX, _ALL, 0, 0, True, False),
    RuleRow(Rule.MAX_ORDER_NOTIONAL, Reason.MAX_ORDER_NOTIONAL, LimitUnit.MONEY, LIMIT_MAX, _ALL, 1, 1, True, False),
    RuleRow(Rule.PRICE_COLLAR, Reason.PRICE_COLLAR, LimitUnit.BASIS_POINTS, 1_000_000, _ALL, 2, 2, True, False),
    RuleRow(Rule.MAX_POSITION_QTY, Reason.MAX_POSITION_QTY, LimitUnit.QUANTITY, LIMIT_MAX,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 3, 4, True, False),
    RuleRow(Rule.ORDER_RATE, Reason.ORDER_RATE, LimitUnit.COUNT, -1, _ALL, -1, -1, True, True,
            Sent.NEW | Sent.REPLACE),
    RuleRow(Rule.REPLACE_RATE, Reason.REPLACE_RATE, LimitUnit.COUNT, -1, _ALL, -1, -1, False, True, Sent.REPLACE,
            Sent.REPLACE),
    RuleRow(Rule.CANCEL_RATE, Reason.CANCEL_RATE, LimitUnit.COUNT, -1, _ALL, -1, -1, False, True, Sent.CANCEL),
    RuleRow(Rule.MESSAGE_RATE, Reason.MESSAGE_RATE, LimitUnit.COUNT, -1, _ALL, -1, -1, False, True,
            Sent.NEW | Sent.REPLACE | Sent.CANCEL),
    RuleRow(Rule.DAILY_ORDER_COUNT, Reason.DAILY_ORDER_COUNT, LimitUnit.COUNT, 10**12, _ALL, -1, -1, False, False,
            Sent.NEW, Sent.NEW),
    RuleRow(Rule.ORDER_TO_TRADE_RATIO, Reason.ORDER_TO_TRADE_RATIO, LimitUnit.COUNT, 10**6,
            tuple(scope for scope in _ALL if scope is not Scope.VENUE), -1, -1, False, False,
            Sent.NEW | Sent.REPLACE | Sent.CANCEL | Sent.TRADE),
    RuleRow(Rule.DUPLICATE_ORDER, Reason.DUPLICATE_ORDER, LimitUnit.COUNT, -1,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), -1, -1, False, True, Sent.ALIKE,
            Sent.NEW),
    RuleRow(Rule.NOTIONAL_PER_WINDOW, Reason.NOTIONAL_PER_WINDOW, LimitUnit.MONEY, LIMIT_MAX,
            tuple(scope for scope in _ALL if scope is not Scope.VENUE), -1, -1, False, True, Sent.NOTIONAL),
    # Of a core's own tables the capacity `open_orders` speaks, as MAX_OPEN_ORDERS.
    RuleRow(Rule.MAX_OPEN_ORDERS, Reason.OPEN_ORDERS_LIMIT, LimitUnit.COUNT, 10**12,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.STRATEGY, Scope.ACCOUNT_INSTRUMENT), -1, -1, False,
            False, Sent.OPEN, Sent.NEW),
    RuleRow(Rule.RESTRICTED_INSTRUMENT, Reason.RESTRICTED_INSTRUMENT, LimitUnit.FLAG, 0,
            (Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 5, 5, False, False),
    RuleRow(Rule.ACCOUNT_BLOCKED, Reason.ACCOUNT_BLOCKED, LimitUnit.FLAG, 0, (Scope.ACCOUNT,), 6, 6, False, False),
    RuleRow(Rule.STRATEGY_DISABLED, Reason.STRATEGY_DISABLED, LimitUnit.FLAG, 0, (Scope.STRATEGY,), 7, 7, False, False),
    RuleRow(Rule.PERMITTED_ONLY, Reason.NOT_PERMITTED_INSTRUMENT, LimitUnit.FLAG, 0, _WHOLE, 17, 17, False, False),
    RuleRow(Rule.PERMITTED_INSTRUMENT, Reason.NOT_PERMITTED_INSTRUMENT, LimitUnit.FLAG, 0,
            (Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 18, 18, False, False, permits=True),
    RuleRow(Rule.MAX_GROSS_EXPOSURE, Reason.MAX_GROSS_EXPOSURE, LimitUnit.BASE_MONEY, LIMIT_MAX,
            (*_WHOLE, Scope.ACCOUNT_GROUP), 8, 9, False, False, on_marks=True, group_slot=27),
    RuleRow(Rule.MAX_NET_EXPOSURE, Reason.MAX_NET_EXPOSURE, LimitUnit.BASE_MONEY, LIMIT_MAX,
            (*_WHOLE, Scope.ACCOUNT_GROUP), 10, 11, False, False, on_marks=True, group_slot=28),
    RuleRow(Rule.GROUP_EXPOSURE, Reason.GROUP_EXPOSURE, LimitUnit.BASE_MONEY, LIMIT_MAX, (Scope.INSTRUMENT_GROUP,), 29,
            29, False, False, on_marks=True),
    RuleRow(Rule.MAX_POSITION_NOTIONAL, Reason.MAX_POSITION_NOTIONAL, LimitUnit.BASE_MONEY, LIMIT_MAX,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 19, 20, False, False,
            on_marks=True),
    RuleRow(Rule.MAX_PENDING_NOTIONAL, Reason.MAX_PENDING_NOTIONAL, LimitUnit.BASE_MONEY, LIMIT_MAX, _WHOLE, 21, 22,
            False, False, on_marks=True),
    RuleRow(Rule.MAX_LEVERAGE, Reason.MAX_LEVERAGE, LimitUnit.RATIO, 10**15, _WHOLE, 30, 31, False, False,
            on_marks=True, on_equity=True),
    RuleRow(Rule.CONCENTRATION, Reason.CONCENTRATION, LimitUnit.BASIS_POINTS, 1_000_000,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 32, 33, False, False,
            on_marks=True, on_equity=True),
    RuleRow(Rule.STALE_QUOTE, Reason.STALE_QUOTE, LimitUnit.COUNT, 10**12, _WHOLE, 16, 16, False, False, on_marks=True),
    RuleRow(Rule.DAILY_LOSS, Reason.DAILY_LOSS, LimitUnit.BASE_MONEY, LIMIT_MAX, _WHOLE, 12, 13, False, False,
            on_marks=True, on_loss=True),
    RuleRow(Rule.DRAWDOWN, Reason.DRAWDOWN, LimitUnit.BASE_MONEY, LIMIT_MAX, _WHOLE, 14, 15, False, False,
            on_marks=True, on_loss=True),
    RuleRow(Rule.STRATEGY_LOSS, Reason.STRATEGY_LOSS, LimitUnit.BASE_MONEY, LIMIT_MAX, (Scope.STRATEGY,), 38, 38, False,
            False, on_loss=True),
    RuleRow(Rule.MARGIN_USE, Reason.INSUFFICIENT_MARGIN, LimitUnit.RATIO, 10**15, _WHOLE, 34, 35, False, False,
            on_marks=True, on_loss=True, on_equity=True),
    RuleRow(Rule.SHORT_SALE, Reason.SHORT_SALE, LimitUnit.FLAG, 0,
            (Scope.FIRM, Scope.ACCOUNT, Scope.INSTRUMENT, Scope.ACCOUNT_INSTRUMENT), 23, 23, False, False),
    RuleRow(Rule.LOCATE, Reason.SHORT_SALE, LimitUnit.QUANTITY, LIMIT_MAX, (Scope.ACCOUNT_INSTRUMENT,), 24, 24, False,
            False, permits=True),
    RuleRow(Rule.INSUFFICIENT_POSITION, Reason.INSUFFICIENT_POSITION, LimitUnit.FLAG, 0, _WHOLE, 25, 25, False, False),
    RuleRow(Rule.INSUFFICIENT_FUNDS, Reason.INSUFFICIENT_FUNDS, LimitUnit.FLAG, 0, _WHOLE, 26, 26, False, False,
            on_funds=True),
    RuleRow(Rule.CREDIT_LIMIT, Reason.CREDIT_LIMIT, LimitUnit.BASE_MONEY, LIMIT_MAX, _WHOLE, 36, 37, False, False,
            on_funds=True),
    # Breakers, which ask nothing of an order: what they count disarms the strategy; see risk's trips.
    RuleRow(Rule.REPEATED_EXECUTION, Reason.REPEATED_EXECUTION, LimitUnit.COUNT, -1, (Scope.STRATEGY,), -1, -1, False,
            True, Sent.EXECUTION, Sent.NONE),
    RuleRow(Rule.CONSECUTIVE_REJECTS, Reason.CONSECUTIVE_REJECTS, LimitUnit.COUNT, 10**6, (Scope.STRATEGY,), -1, -1,
            False, False, Sent.REJECT, Sent.NONE),
    RuleRow(Rule.REARM_NAMES, Reason.NOT_AUTHORIZED, LimitUnit.COUNT, 2, (Scope.FIRM, Scope.STRATEGY), -1, -1, False,
            False, Sent.NONE, Sent.NONE),
)
BY_RULE: dict[int, RuleRow] = {int(row.rule): row for row in RULES}
SLOTS = 1 + max(max(row.slot, row.firm_slot, row.group_slot) for row in RULES)
STATED = sum(1 << row.rule for row in RULES if row.stated)


# What risk asks of an order, in this order: the first that refuses is the one reported. The places are the bits of what
# `check_batch` says.
RISK_CHECKS: tuple[Reason, ...] = (
    Reason.KILL_SWITCH, Reason.TRADING_STATE, Reason.REPEATED_EXECUTION, Reason.CONSECUTIVE_REJECTS,
    Reason.RISK_CONFIG_MISSING, Reason.DUPLICATE_CLORDID, Reason.MAX_OPEN_ORDERS, Reason.RESTRICTED_INSTRUMENT,
    Reason.NOT_PERMITTED_INSTRUMENT, Reason.ACCOUNT_BLOCKED,
    Reason.STRATEGY_DISABLED, Reason.REFERENCE_PRICE_UNAVAILABLE, Reason.MAX_ORDER_QTY, Reason.MAX_ORDER_NOTIONAL,
    Reason.PRICE_COLLAR, Reason.MAX_POSITION_QTY, Reason.DUPLICATE_ORDER, Reason.NOTIONAL_PER_WINDOW,
    Reason.OPEN_ORDERS_LIMIT, *(row.reason for row in RULES if row.counts & MESSAGES), Reason.MARK_UNAVAILABLE,
    Reason.RATE_UNAVAILABLE, Reason.STALE_QUOTE, Reason.MAX_GROSS_EXPOSURE, Reason.MAX_NET_EXPOSURE,
    Reason.MAX_POSITION_NOTIONAL, Reason.MAX_PENDING_NOTIONAL, Reason.GROUP_EXPOSURE, Reason.MAX_LEVERAGE,
    Reason.CONCENTRATION, Reason.INSUFFICIENT_MARGIN, Reason.DAILY_LOSS,
    Reason.DRAWDOWN, Reason.STRATEGY_LOSS, Reason.SHORT_SALE, Reason.INSUFFICIENT_POSITION, Reason.INSUFFICIENT_FUNDS,
    Reason.CREDIT_LIMIT,
    Reason.ARITHMETIC_OVERFLOW, Reason.REDUCE_ONLY_VIOLATION, Reason.SESSION_CLOSED,
    Reason.UNBOOKED_TRADE, Reason.USER_RULE,
)


# What is never only observed, and why: the checks that no row arms, and the rules that refuse nothing by themselves.
NEVER_OBSERVED: dict[str, str] = {
    "KILL_SWITCH": "a stop that only reports stops nothing",
    "TRADING_STATE": "as a kill switch; what sets it by itself, a loss limit, can be observed",
    "RISK_CONFIG_MISSING": "an account that was told no limits has none that could be observed",
    "UNKNOWN_ACCOUNT": "what is not declared has no limits and no position",
    "DUPLICATE_CLORDID": "two orders would answer to one id",
    "MAX_OPEN_ORDERS": "the table has no room for one more",
    "ARITHMETIC_OVERFLOW": "beyond it no number is right",
    "REDUCE_ONLY_VIOLATION": "the order itself asks for it",
    "SESSION_CLOSED": "what is halted or closed does not trade",
    "UNBOOKED_TRADE": "a position that is not known can't be judged",
    "SELF_MATCH": "a trade with oneself is prevented or is not: its modes say how",
    "EXIT_GATE": "the last check before a venue is for what others have let pass",
    "REARM_NAMES": "it refuses no order; it says how many people arm a strategy again",
    **{row.rule.name: f"it refuses nothing: it lets pass what {row.reason.name} would refuse, which can be"
       for row in RULES if row.permits},
}


def rule_numbers() -> list[tuple[int, ...]]:
    """The table as the cores load it: reason, unit, most, scopes' bits, slot, firm_slot, stated, windowed, counts,
    asks, on_marks, on_loss, on_equity, permits, on_funds, group_slot, rule."""
    return [(int(row.reason), int(row.unit), row.most, sum(1 << scope for scope in row.scopes), row.slot, row.firm_slot,
             int(row.stated), int(row.windowed), int(row.counts), int(row.asks), int(row.on_marks),
             int(row.on_loss), int(row.on_equity), int(row.permits), int(row.on_funds),
             row.slot if row.group_slot < 0 else row.group_slot, int(row.rule))
            for row in sorted(RULES)]


def find_rule(rule: Rule | str) -> RuleRow:
    """The row of a rule or its name, in either case. Raises ValueError naming the nearest, or TypeError."""
    if not isinstance(rule, (Rule, str)):
        raise TypeError(f"rule must be a Rule or its name, not {type(rule).__name__}")
    name = rule.name if isinstance(rule, Rule) else str(rule).upper()
    for row in RULES:
        if row.rule.name == name:
            return row
    if name in NEVER_OBSERVED:
        raise ValueError(f"rule {str(rule)!r} is no limit, but always enforced: {NEVER_OBSERVED[name]}")
    near = find_nearest(name, (row.rule.name for row in RULES))
    raise ValueError(f"rule {str(rule)!r} is not known; the nearest known one is {near}")

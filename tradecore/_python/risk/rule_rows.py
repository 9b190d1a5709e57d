"""The rows of limits: (scope, target, rule) with value, window, soft share and mode. A row that was set once stays,
with the value LIMIT_OFF where it is off. They refuse nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tradecore.vocabulary.codes import LimitMode, Rule, Scope
from tradecore.vocabulary.records import LIMIT_OFF, TIME_MAX
from tradecore.vocabulary.rules import BY_RULE, OUTCOMES, STATED, Sent
from tradecore.vocabulary.units import one_number

from .groups import MemberGroups

RULES = BY_RULE
SOFT_MOST = 10_000  # of a soft share: the limit itself
SOFT = 3  # a mode of lines, never of a row: what warns
# Scope, instrument, account, venue, strategy or group: what a scope does not name is 0.
Key = tuple[int, int, int, int, int]


@dataclass(slots=True)
class LimitRow:
    """One row. Its target: what its scope does not name is 0."""

    number: int
    rule: int
    scope: int
    account: int
    instrument: int
    venue: int
    strategy: int
    value: int = LIMIT_OFF
    window_ns: int = 0
    mode: int = 0
    soft_share: int = 0
    who: int = 0  # ids' numbers; 0: not said
    why: int = 0
    set_time: int = 0
    breached: int = 0  # when it last refused, or would have
    breaches: int = 0
    counts: bool = False  # it counts, and was armed once
    sent: int = 0  # ever
    day_first: int = 0  # what was sent before this day
    trades: int = 0  # of this day
    sent_times: deque[int] = field(default_factory=deque)
    dealt: deque[tuple[int, int, int]] = field(default_factory=deque)  # beside them: see trips
    sums: deque[int] = field(default_factory=deque)  # beside them: what all orders up to then were worth
    amount_ahead: int = 0
    ahead: int = 0  # of a basket that is asked about: what counts before

    @property
    def key(self) -> Key:
        return self.scope, self.instrument, self.account, self.venue, self.strategy


class LimitRows:
    """All rows, by number and by target."""

    def __init__(self, rows: int, counters: int, strategies: int, order_rate: int) -> None:
        self.groups = MemberGroups()
        self.row_max, self.counter_max, self.strategy_max, self.order_rate = rows, counters, strategies, order_rate
        self.rows: list[LimitRow] = []
        self.by_target: dict[Key, dict[int, LimitRow]] = {}
        self.counters = 0
        self.stated: dict[int, int] = {}  # by account: one bit a rule that was told it
        self.all_stated = STATED
        self.staged: list[Any] = []  # changes of a set that is not whole yet
        self.staged_size = 0
        self.generation = 1  # of the effective lines
        self.observed = 0  # rows that are only observed
        self.softened = 0  # rows that warn
        self.counted = Sent.NONE  # what some row has counted
        self.on_marks = 0  # rows that need what is held at its marks
        self.breakers = 0  # rows that disarm
        self.alike = 0  # rows about orders with the same terms
        self.notionals = 0  # rows about what orders are worth
        self.on_loss = 0  # rows that act on the day's P&L of an account or the firm
        self.on_strategies = 0  # and on that of a strategy
        self.on_equity = 0  # rows that need equity
        self.on_margin = 0  # rows that need what positions must be covered with
        self.on_funds = 0  # rows that ask for funds
        self.opens = 0  # rows about how many orders are open


def key_of(c: Any) -> Key:
    return c.limit_scope, c.instrument, c.account, c.venue, c.strategy


def rows_of(rows: LimitRows, key: Key) -> list[LimitRow]:
    """A target's rows in the order of the rules."""
    found = rows.by_target.get(key)
    return [found[rule] for rule in sorted(found)] if found else []


def find_row(rows: LimitRows, key: Key, rule: int) -> LimitRow | None:
    return rows.by_target.get(key, {}).get(rule)


def find_bad_limit(rows: LimitRows, c: Any) -> int:
    """The byte offset of the field of a SET_LIMIT that can't be, or -1; the caller has checked that its target is
    declared. A soft share of the hard limit's own or below it; none for what has no share."""
    rule = RULES.get(c.rule)
    if rule is None:
        return 56
    if c.limit_scope not in rule.scopes:
        return 112
    if not LIMIT_OFF <= one_number(c.value, c.value_high) <= (rule.most if rule.most >= 0 else rows.order_rate):
        return 64
    if rule.windowed and c.value_high >= 0 and not 1 <= c.window_ns <= TIME_MAX:
        return 72
    if c.mode not in LimitMode._value2member_map_ or (c.mode == LimitMode.CANCEL and not rule.on_loss):
        return 80
    if c.mode == LimitMode.OBSERVE and not rule.is_observable:
        return 80
    return 114 if c.soft_share > (SOFT_MOST if rule.most else 0) else -1


def find_bad_target(rows: LimitRows, c: Any, accounts: int, instruments: int, venues: int) -> int:
    """The header's field that a scope names must be declared, and no other be said: its byte offset, or -1."""
    if c.limit_scope > max(Scope):
        return 112
    pair = c.limit_scope == Scope.ACCOUNT_INSTRUMENT
    numbered = {Scope.STRATEGY: rows.strategy_max, Scope.ACCOUNT_GROUP: len(rows.groups.account_names),
                Scope.INSTRUMENT_GROUP: len(rows.groups.instrument_names)}
    named = (
        (12, c.account, pair or c.limit_scope == Scope.ACCOUNT, accounts),
        (8, c.instrument, pair or c.limit_scope == Scope.INSTRUMENT, instruments),
        (16, c.venue, c.limit_scope == Scope.VENUE, venues),
        (124, c.strategy, c.limit_scope in numbered, numbered.get(c.limit_scope, 0)),
    )
    return next((offset for offset, target, wanted, most in named
                 if not int(wanted) <= target <= (most if wanted else 0)), -1)


def binds(row: LimitRow, mode: int) -> bool:
    """Does a row stand in the lines of a mode? What is enforced warns too where it has a soft share."""
    if row.value < 0 or (row.mode == LimitMode.OBSERVE) != (mode == LimitMode.OBSERVE):
        return False
    return mode != SOFT or row.soft_share > 0


def permits(row: LimitRow, mode: int) -> bool:
    """Does a row let pass what another would refuse? In the lines of every mode but of what warns."""
    return RULES[row.rule].permits and row.value >= 0 and mode != SOFT


def needs_marks(row: LimitRow) -> bool:
    """Does a row need what is held at its marks?"""
    return RULES[row.rule].on_marks and row.value >= 0


def is_breaker(row: LimitRow) -> bool:
    """Does a row disarm, or tell of what would?"""
    return bool(RULES[row.rule].counts & OUTCOMES) and row.value >= 0


def is_about(row: LimitRow, what: Sent) -> bool:
    """Does a row look at what orders ask for: whether they are alike, what they are worth, how many are open?"""
    return bool(RULES[row.rule].counts & what) and row.value >= 0


def takes_counter(rule: int) -> bool:
    """Has each armed row of a rule a counter of its own?"""
    return bool(RULES[rule].counts & ~(Sent.ALIKE | Sent.OPEN))


def acts_on_loss(row: LimitRow) -> bool:
    """Does a row act whenever the day's P&L of an account or the firm changes?"""
    return RULES[row.rule].on_loss and row.scope != Scope.STRATEGY and row.value >= 0


def acts_on_strategy(row: LimitRow) -> bool:
    """Does a row act whenever the day's P&L of a strategy changes?"""
    return RULES[row.rule].on_loss and row.scope == Scope.STRATEGY and row.value >= 0


def needs_equity(row: LimitRow) -> bool:
    """Is a row about equity?"""
    return RULES[row.rule].on_equity and row.value >= 0


def needs_margin(row: LimitRow) -> bool:
    """Is a row about margin?"""
    return row.rule == Rule.MARGIN_USE and row.value >= 0


def asks_funds(row: LimitRow) -> bool:
    """Does a row ask for funds?"""
    return RULES[row.rule].on_funds and row.value >= 0


def count_needs(rows: LimitRows, c: Any) -> tuple[int, int]:
    """How many rows and counters a change would take that are not there yet."""
    row = find_row(rows, key_of(c), c.rule)
    counts = takes_counter(c.rule) and c.value_high >= 0 and not (row is not None and row.counts)
    return int(row is None), int(counts)


def set_row(rows: LimitRows, c: Any, now: int) -> LimitRow:
    """Sets one row, which find_bad_limit and find_bad_target let pass and there is room for."""
    row = find_row(rows, key_of(c), c.rule)
    if row is None:
        row = LimitRow(len(rows.rows) + 1, c.rule, c.limit_scope, c.account, c.instrument, c.venue, c.strategy)
        rows.rows.append(row)
        rows.by_target.setdefault(row.key, {})[c.rule] = row
    rows.observed -= binds(row, LimitMode.OBSERVE)
    rows.softened -= binds(row, SOFT)
    rows.on_marks -= needs_marks(row)
    rows.breakers -= is_breaker(row)
    rows.alike -= is_about(row, Sent.ALIKE)
    rows.notionals -= is_about(row, Sent.NOTIONAL)
    rows.opens -= is_about(row, Sent.OPEN)
    rows.on_loss -= acts_on_loss(row)
    rows.on_strategies -= acts_on_strategy(row)
    rows.on_equity -= needs_equity(row)
    rows.on_margin -= needs_margin(row)
    rows.on_funds -= asks_funds(row)
    was_off, row.value = row.value < 0, one_number(c.value, c.value_high)
    row.mode, row.soft_share, row.who, row.why, row.set_time = c.mode, c.soft_share, c.who, c.why, now
    if RULES[c.rule].windowed:
        row.window_ns = c.window_ns
    rows.observed += binds(row, LimitMode.OBSERVE)
    rows.softened += binds(row, SOFT)
    rows.on_marks += needs_marks(row)
    rows.on_loss += acts_on_loss(row)
    rows.on_strategies += acts_on_strategy(row)
    rows.on_equity += needs_equity(row)
    rows.on_margin += needs_margin(row)
    rows.on_funds += asks_funds(row)
    rows.breakers += is_breaker(row)
    rows.alike += is_about(row, Sent.ALIKE)
    rows.notionals += is_about(row, Sent.NOTIONAL)
    rows.opens += is_about(row, Sent.OPEN)
    if was_off and is_breaker(row):  # what it counted before it was off, nobody has looked at since
        row.day_first = row.sent
    if takes_counter(c.rule) and row.value >= 0 and not row.counts:
        row.counts = True
        row.sent_times, row.dealt = deque(maxlen=rows.order_rate), deque(maxlen=rows.order_rate)
        row.sums = deque(maxlen=rows.order_rate)
        rows.counters += 1
        rows.counted |= RULES[c.rule].counts
    if row.scope == Scope.ACCOUNT:
        rows.stated[row.account] = rows.stated.get(row.account, 0) | 1 << row.rule
    rows.generation += 1
    return row


def start_day(rows: LimitRows) -> None:
    """A new day: what counts by day begins anew."""
    for row in rows.rows:
        row.day_first, row.trades = row.sent, 0

"""Limits as a risk officer sets and reads them: which row a change means, and the table of rows with what is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ..vocabulary.codes import CommandType, LimitMode, Rule, Scope, TradingState
from ..vocabulary.names import Directory
from ..vocabulary.reasons import row_scope
from ..vocabulary.records import LIMIT_PRECISION
from ..vocabulary.rows import LimitFacts, SwitchFacts
from ..vocabulary.rules import BY_RULE, NEVER_OBSERVED, LimitUnit, RuleRow
from ..vocabulary.showing import html_table, iso_time, text_table
from ..vocabulary.units import Number, check_bool, check_int, limit_units, to_decimal, whole_units
from .limits import OFF, Limit, number_cell

_EXACT = (LimitUnit.QUANTITY, LimitUnit.MONEY, LimitUnit.BASE_MONEY, LimitUnit.RATIO)
_HEAD = ("rule", "scope", "value", "used", "headroom", "share", "mode", "breached", "who", "why")
_NUMBERS = [name in ("value", "used", "headroom", "share") for name in _HEAD]
_SWITCH_HEAD = ("scope", "switch", "state", "since", "who", "why")
_ROW = ("rule", "limit_scope", "account", "instrument", "venue", "strategy")  # what tells one row from another
_SHARE = 4  # decimals of a share
_MS = 1_000_000


class LimitLine(NamedTuple):
    """One row of limits: on what, how much, what is used of it now, and who said so.

    `scope` names the target: "firm", "account alpha", "account alpha, symbol AAPL". Quantities are whole units,
    notionals money, collars bps, rates and counts what was sent; what blocks altogether is 0. `value` is OFF where the
    rule is off there; `used`, `headroom` and `share` are None where there is nothing to measure: what bounds one order
    alone. `used_symbol` is the one whose position is nearest. `breached` is when it last refused, or, only observed,
    would have (ns UTC, 0: never). `cancels`: what works is canceled as soon as it is passed.
    """

    rule: Rule
    scope: str
    value: Limit
    used: int | Decimal | None
    headroom: int | Decimal | None
    share: Decimal | None
    used_symbol: str | None
    window_ms: int | Decimal | None
    soft: Decimal | None
    is_observed: bool
    breached: int
    breaches: int
    set_by: str
    reason: str
    set_time: int
    row: int
    account: str | None
    symbol: str | None
    venue: str | None
    strategy: int | None
    cancels: bool
    account_group: str | None = None
    instrument_group: str | None = None


class LimitLines(Sequence[LimitLine]):
    """Rows of limits that print as a table."""

    __slots__ = ("_lines",)

    def __init__(self, lines: list[LimitLine]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, place: Any) -> Any:
        return self._lines[place]

    def _cells(self) -> list[tuple[str, ...]]:
        return [(line.rule.name, line.scope, number_cell(line.value), number_cell(line.used),
                 number_cell(line.headroom),
                 "-" if line.share is None else f"{line.share:.1%}", "soft " + f"{line.soft:.0%}" if line.soft else
                 "observed" if line.is_observed else "hard", iso_time(line.breached) if line.breached else "-",
                 line.set_by or "-", line.reason or "-")
                for line in self._lines]

    def __str__(self) -> str:
        return text_table(_HEAD, self._cells(), _NUMBERS)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table("limits", _HEAD, self._cells(), len(self._lines), _NUMBERS)


class SwitchLine(NamedTuple):
    """A kill switch that is engaged, a trading state, or a breaker that has disarmed a strategy: on what, who set it
    (of a breaker: who has said to arm it again, where it takes two names), why (of a breaker, and of a loss limit that
    has left REDUCING, its name), since when (ns UTC), which of them, and what it leaves: REDUCING or HALTED."""

    scope: str
    set_by: str
    reason: str
    since: int
    kind: CommandType
    state: TradingState


class OverrideLine(NamedTuple):
    """An override: of which blocked order, past which rule, who let it pass and why, since when and until when (ns
    UTC), and the order_id that has passed by it, None while none has."""

    order_id: int
    rule: Rule
    set_by: str
    reason: str
    since: int
    until: int
    used_by: int | None


class SwitchLines(list[SwitchLine]):
    """What is killed, reducing or halted, as a list that prints as a table."""

    def _cells(self) -> list[tuple[str, ...]]:
        return [(line.scope, line.kind.name, line.state.name, iso_time(line.since), line.set_by or "-",
                 line.reason or "-") for line in self]

    def __str__(self) -> str:
        return text_table(_SWITCH_HEAD, self._cells(), [False] * len(_SWITCH_HEAD))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table("switches", _SWITCH_HEAD, self._cells(), len(self), [False] * len(_SWITCH_HEAD))


def target_fields(
    names: Directory, account: str | None, symbol: str | None, venue: str | None, strategy: int | None,
    account_group: str | None = None, instrument_group: str | None = None,
) -> dict[str, int]:
    """The fields of the scope that these name. Raises ValueError where no scope has them all, UndeclaredError, or
    TypeError."""
    given = {"account": account, "symbol": symbol, "venue": venue, "strategy": strategy,
             "account_group": account_group, "instrument_group": instrument_group}
    named = tuple(name for name, value in given.items() if value is not None)
    scopes = {(): Scope.FIRM, ("account",): Scope.ACCOUNT, ("symbol",): Scope.INSTRUMENT, ("venue",): Scope.VENUE,
              ("strategy",): Scope.STRATEGY, ("account", "symbol"): Scope.ACCOUNT_INSTRUMENT,
              ("account_group",): Scope.ACCOUNT_GROUP, ("instrument_group",): Scope.INSTRUMENT_GROUP}
    if named not in scopes:
        raise ValueError(f"{' and '.join(named)} together are no scope: it is an account, a symbol, an account and a "
                         "symbol, a venue, a strategy, a group of accounts or instruments, or none for the firm")
    fields = {"limit_scope": int(scopes[named])}
    if account is not None:
        fields["account"] = names.accounts.id(account)
    if symbol is not None:
        fields["instrument"] = names.symbols.id(symbol)
    if venue is not None:
        fields["venue"] = names.venues.id(venue)
    if strategy is not None:
        fields["strategy"] = check_int(strategy, "strategy", 1, 2**31 - 1)
    if account_group is not None:
        fields["strategy"] = names.account_groups.id(account_group)
    if instrument_group is not None:
        fields["strategy"] = names.instrument_groups.id(instrument_group)
    return fields


def limit_fields(row: RuleRow, value: Limit, window_ms: int | None, soft: Number | None) -> dict[str, int]:
    """The fields of a limit's value. Raises TypeError or ValueError naming the field, what was given and the bound."""
    name = f"{row.rule.name.lower()} value"
    if value is None:
        raise TypeError(f"{name} must be a number or OFF, not None")
    if window_ms is not None and not row.windowed:
        raise ValueError(f"window_ms: {row.rule.name.lower()} has no window")
    fields = {"rule": int(row.rule), "value": -1}
    if value is not OFF:
        most = row.most if row.most >= 0 else 2**20
        exact = row.unit in _EXACT
        fields["value"] = limit_units(value, name) if exact else check_int(value, name, 0, most)
    if row.windowed:
        fields["window_ns"] = check_int(1000 if window_ms is None else window_ms, "window_ms", 1, 10**12) * _MS
    if soft is not None:
        fields["soft_share"] = whole_units(soft, _SHARE, "soft", 10**_SHARE, low=1)
    return fields


def demand_apart(rows: list[dict[str, Any]], place: Callable[[int], str]) -> None:
    """Of one set no two changes are of the same row: which of them would count? Raises ValueError naming both."""
    first: dict[tuple[Any, ...], int] = {}
    for at, fields in enumerate(rows):
        row = tuple(fields.get(name, 0) for name in _ROW)
        if first.setdefault(row, at) != at:
            raise ValueError(f"{place(at)} sets the same row as {place(first[row])}: {Rule(fields['rule']).name}")


def limit_mode(row: RuleRow, is_observed: bool, change: dict[str, Any]) -> LimitMode:
    """What is made of a limit. Raises ValueError where it can't be only observed, or nothing can be canceled for it,
    TypeError for what is no bool."""
    observe, cancel = (check_bool(change.get(name, False), name) for name in ("observe", "cancel"))
    if observe and not row.is_observable:
        raise ValueError(f"observe: {row.rule.name} can't be only observed: {NEVER_OBSERVED[row.rule.name]}")
    if not cancel:
        return LimitMode.OBSERVE if is_observed or observe else LimitMode.ENFORCE
    if not row.on_loss:
        losses = ", ".join(rule.rule.name for rule in BY_RULE.values() if rule.on_loss)
        raise ValueError(f"cancel: {row.rule.name} acts on orders alone: only of {losses}")
    if observe:
        raise ValueError("cancel: a limit that is only observed cancels nothing")
    return LimitMode.OBSERVE if is_observed else LimitMode.CANCEL


def scope_text(facts: LimitFacts | SwitchFacts, names: Directory) -> str:
    """What a row is about, in words."""
    if isinstance(facts, SwitchFacts):
        places = {Scope.ACCOUNT: names.accounts, Scope.INSTRUMENT: names.symbols, Scope.VENUE: names.venues}
        words = {Scope.ACCOUNT: "account", Scope.INSTRUMENT: "symbol", Scope.VENUE: "venue", Scope.STRATEGY: "strategy"}
        scope = Scope(facts.scope)
        if scope not in words:
            return "firm"
        return f"{words[scope]} {places[scope].name(facts.target) if scope in places else facts.target}"
    return row_scope(facts.scope, facts.account, facts.instrument, facts.venue, facts.strategy, names)


def limit_line(facts: LimitFacts, names: Directory) -> LimitLine:
    """A row in the user's units."""
    row = BY_RULE[facts.rule]
    exact = row.unit in _EXACT

    def told(value: int) -> int | Decimal:
        return to_decimal(value, LIMIT_PRECISION, 0) if exact else value

    off, measured = facts.value < 0, facts.used >= 0 and facts.value >= 0
    share = Decimal(facts.used) / facts.value if measured and facts.value else Decimal(1) if measured else None
    return LimitLine(
        row.rule, scope_text(facts, names), OFF if off else told(facts.value), told(facts.used) if measured else None,
        told(facts.value - facts.used) if measured else None, share,
        names.symbols.name(facts.used_instrument) if measured else None,
        to_decimal(facts.window_ns, 6, 0) if row.windowed and not off else None,
        Decimal(facts.soft_share) / 10**_SHARE if facts.soft_share else None, facts.mode == LimitMode.OBSERVE,
        facts.breached, facts.breaches, names.text_of(facts.who), names.text_of(facts.why), facts.set_time,
        facts.number, names.accounts.name(facts.account), names.symbols.name(facts.instrument),
        names.venues.name(facts.venue), (facts.strategy or None) if facts.scope == Scope.STRATEGY else None,
        facts.mode == LimitMode.CANCEL,
        names.account_groups.name(facts.strategy) if facts.scope == Scope.ACCOUNT_GROUP else None,
        names.instrument_groups.name(facts.strategy) if facts.scope == Scope.INSTRUMENT_GROUP else None)

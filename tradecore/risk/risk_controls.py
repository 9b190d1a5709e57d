"""The risk of a core: limits, kill switches, trading states; changed with who and why, and read back. What
RiskEngine (`core.risk`, or alone) has beside what it is told and asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..vocabulary.codes import CommandType, LimitMode, Reason, Rule, Scope, SelfMatch, TradingState
from ..vocabulary.features import Feature, Features
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import note
from ..vocabulary.instrument import margin_units
from ..vocabulary.nearest import find_nearest
from ..vocabulary.records import LIMIT_OFF, RATE_MAX, RATE_PRECISION, TIME_MAX
from ..vocabulary.rules import find_rule
from ..vocabulary.units import Number, check_bool, check_int, whole_units
from .callables import Asked
from .exit_gate import ExitGate
from .limit_table import (
    LimitLines,
    OverrideLine,
    SwitchLine,
    SwitchLines,
    demand_apart,
    limit_fields,
    limit_line,
    limit_mode,
    scope_text,
    target_fields,
)
from .limits import OFF, AccountKind, Limit, RiskLimits, demand_room
from .limits_toml import from_toml, to_toml

_BOOK_ONLY = (SelfMatch.CANCEL_OLDEST, SelfMatch.DECREMENT)
_NAMED = ("account", "symbol", "venue", "strategy", "account_group", "instrument_group")
_CHANGE = ("rule", "value", "window_ms", "soft", "observe", "cancel", *_NAMED)

if TYPE_CHECKING:
    from .rule_book import RuleBook, RuleLine


class RiskControls:
    """What is set and read of an engine's limits and switches, alone or of a core. Threads: any."""

    def __init__(self, gate: Gate, features: Features) -> None:
        self._gate, self._features = gate, features
        self.gate: ExitGate = ExitGate(gate)
        self._rules: RuleBook | None = None  # made, and its compiler imported, for the first rule
        self._changing = threading.RLock()  # a set of changes is one row of commands

    # ---- changing

    def set_limits(self, limits: RiskLimits, *, account: str, who: str = "", why: str = "") -> None:
        """Set every rule of an account, all or none. Each rule is one command and one event."""
        demand_room(limits, self._gate.capacity)
        fields = {"limit_scope": int(Scope.ACCOUNT), "account": self._gate.names.accounts.id(account)}
        self._change([fields | row for row in self._features.apply(limits.rows())], who, why)

    def set_limit(
        self, rule: Rule | str, value: Limit, *, account: str | None = None, symbol: str | None = None,
        venue: str | None = None, strategy: int | None = None, window_ms: int | None = None,
        soft: Number | None = None, observe: bool = False, cancel: bool = False, who: str = "", why: str = "",
        account_group: str | None = None, instrument_group: str | None = None,
    ) -> None:
        """Change one row, and nothing else: a rule on an account, a symbol, an account in a symbol, a venue, a strategy
        (an int from 1 to the capacity `strategies`), a group of accounts or of instruments, or where none is named on
        the firm. Of all rows that bind an order
        the tightest counts.

        `value`: a number in whole units, money, bps or orders, or OFF; of a rule that blocks altogether 0 or OFF.
        `window_ms`: of a rate. `soft`: above which share of the value, above 0 to 1, an order that passes is told of by
        a RISK_WARNING report. `observe`: report what exceeds it, refuse nothing. `cancel`: of a loss or of margin
        (DAILY_LOSS, DRAWDOWN, STRATEGY_LOSS, MARGIN_USE), cancel what works as soon as it is passed. `who` and `why`
        (up to 64 printable ASCII characters) stand in the event and in `limits()`. Raises ValueError for a rule that is
        not known (naming the nearest), for a scope that the rule does not take and for a value out of bounds,
        TypeError, UndeclaredError, or RefusedError where no room for another row is left; nothing is changed then.
        """
        change = {"rule": rule, "value": value, "account": account, "symbol": symbol, "venue": venue,
                  "strategy": strategy, "window_ms": window_ms, "soft": soft, "observe": observe, "cancel": cancel,
                  "account_group": account_group, "instrument_group": instrument_group}
        self._change([self._fields(change)], who, why)

    def change_limits(self, changes: Iterable[Mapping[str, Any]], *, who: str = "", why: str = "") -> None:
        """Change many rows at once: all of them, or, where one can't be, none. Each change is a mapping of
        `set_limit`'s arguments. Raises what `set_limit` raises, naming which change it is."""
        rows = []
        for at, change in enumerate(changes):
            try:
                if not isinstance(change, Mapping):
                    raise TypeError(f"it must be a mapping of set_limit's arguments, not {type(change).__name__}")
                rows.append(self._fields(dict(change)))
            except (TypeError, ValueError, LookupError) as error:
                raise type(error)(f"change {at}: {error}") from None
        demand_apart(rows, "change {}".format)
        self._change(rows, who, why)

    def set_account_kind(self, kind: AccountKind | str, *, account: str, who: str = "", why: str = "") -> None:
        """Say which kind an account is: CASH sells no more than it holds and buys no more than its cash pays, what its
        orders that work need held (INSUFFICIENT_POSITION, INSUFFICIENT_FUNDS); MARGIN, as every account is before, has
        neither. Both rows are set, or none. Raises ValueError for any other word, UndeclaredError, TypeError. Threads:
        any."""
        self._gate.names.accounts.id(account)
        value: Limit = 0 if AccountKind.parse(kind, "kind") is AccountKind.CASH else OFF
        self.change_limits([{"rule": rule, "value": value, "account": account}
                            for rule in (Rule.INSUFFICIENT_POSITION, Rule.INSUFFICIENT_FUNDS)], who=who, why=why)

    def _fields(self, change: dict[str, Any]) -> dict[str, int]:
        """The fields of the command that a change is."""
        unknown = [name for name in change if name not in _CHANGE]
        if unknown:
            near = find_nearest(str(unknown[0]), _CHANGE)
            raise TypeError("a change has a rule, a value, and what set_limit takes; not "
                            f"{', '.join(map(str, unknown))}; the nearest known name is {near!r}")
        if not {"rule", "value"} <= change.keys():
            raise TypeError("a change must have a rule and a value")
        row = find_rule(change["rule"])
        fields = target_fields(self._gate.names, *(change.get(name) for name in _NAMED))
        if change.get("strategy") is not None and fields["strategy"] > self._gate.capacity.strategies:
            raise ValueError(f"strategy {fields['strategy']} exceeds the capacity strategies "
                             f"{self._gate.capacity.strategies}")
        scope = Scope(fields["limit_scope"])
        if scope not in row.scopes:
            raise ValueError(f"{row.rule.name} takes no limit on {scope.name}: only on "
                             f"{', '.join(scope.name for scope in row.scopes)}")
        fields |= limit_fields(row, change["value"], change.get("window_ms"), change.get("soft"))
        if row.most < 0:
            check_int(max(0, fields["value"]), row.rule.name.lower(), 0, self._gate.capacity.order_rate)
        word = self._features[row.rule.name.lower()]
        if word is Feature.OFF:
            fields["value"] = LIMIT_OFF
        return fields | {"mode": int(limit_mode(row, word is Feature.OBSERVE, change))}

    def _change(self, rows: list[dict[str, int]], who: str, why: str) -> None:
        notes = {"who": note(who, "who"), "why": note(why, "why")}
        self._run([row | notes for row in rows])

    def _run(self, rows: list[dict[str, Any]]) -> None:
        """Runs the commands of one change, or of a set that is made whole or not at all."""
        if len(rows) > self._gate.capacity.limit_rows:
            raise ValueError(f"{len(rows)} changes are more than the capacity limit_rows "
                             f"{self._gate.capacity.limit_rows}")
        many = {"set_size": len(rows)} if len(rows) > 1 else {}
        with self._changing:
            for at, fields in enumerate(rows):
                self._gate.command(CommandType.SET_LIMIT, **fields, **many, **({"set_at": at} if many else {}))

    def set_rate(self, currency: str, rate: Number) -> None:
        """Tell what one unit of a currency is worth in the base currency, the first that was declared, from now on: a
        number above 0, up to a million, with at most 12 decimals. Exposure limits count in the base currency; what has
        a currency without a rate refuses (RATE_UNAVAILABLE). Raises UndeclaredError, TypeError, ValueError, or
        RefusedError for the base currency itself, whose rate is 1. Threads: any."""
        self._gate.command(CommandType.CURRENCY_RATE, currency=self._gate.names.currencies.id(currency),
                           rate=whole_units(rate, RATE_PRECISION, "rate", RATE_MAX, low=1))

    def set_margin(
        self, symbol: str, initial: Number, maintenance: Number | None = None, *, who: str = "", why: str = ""
    ) -> None:
        """Change which share of a position's value equity must cover where `margin_use` is limited, from now on:
        `initial` for an order that adds to it, `maintenance` to hold it, at most as much, by default the same. Above 0,
        up to 10, with at most 6 decimals. Raises UndeclaredError, TypeError, ValueError or RefusedError. Threads: any.
        """
        initial_margin, maintenance_margin = margin_units(initial, maintenance, symbol)
        self._gate.command(
            CommandType.MARGIN_RATES, instrument=self._gate.names.symbols.id(symbol), initial_margin=initial_margin,
            maintenance_margin=maintenance_margin, who=note(who, "who"), why=note(why, "why"))

    def export_toml(self) -> str:
        """Every row as TOML, a table `[[limits]]` each, in the order of scope and rule; `load_toml` sets the same."""
        return to_toml(self.limits())

    def load_toml(self, text: str) -> int:
        """Set the rows of a TOML text, each with the who and why that it has there, all or none; how many. What it does
        not name stays as it is. Raises ValueError naming the row and the field, for a key that is not known the nearest
        one, and what `set_limit` raises."""
        rows = []
        for at, (change, who, why) in enumerate(from_toml(text)):
            try:
                rows.append(self._fields(change) | {"who": note(who, "who"), "why": note(why, "why")})
            except (TypeError, ValueError, LookupError) as error:
                raise ValueError(f"limits[{at}]: {error}") from None
        demand_apart(rows, "limits[{}]".format)
        self._run(rows)
        return len(rows)

    # ---- reading

    def limits(
        self, rule: Rule | str | None = None, *, account: str | None = None, symbol: str | None = None,
        venue: str | None = None, strategy: int | None = None, account_group: str | None = None,
        instrument_group: str | None = None,
    ) -> LimitLines:
        """The rows that were set, those that are off too, in the order of scope and rule: of one rule, or of what is
        named, or all. Prints as a table. Raises as `set_limit` does for what is not known."""
        wanted = None if rule is None else find_rule(rule).rule
        given = (account, symbol, venue, strategy, account_group, instrument_group)
        fields = {"account": 0, "instrument": 0, "venue": 0, "strategy": 0}
        if any(value is not None for value in given):
            fields |= target_fields(self._gate.names, *given)
        scope = fields.pop("limit_scope", None)
        groups = [scope] if scope in (Scope.ACCOUNT_GROUP, Scope.INSTRUMENT_GROUP) else []
        found = [row for row in self._gate.core.limit_rows(1, 2**31)
                 if wanted in (None, row.rule)
                 and all(not number or getattr(row, name) == number for name, number in fields.items())
                 and (not fields["strategy"] or row.scope in (groups or [Scope.STRATEGY]))]
        found.sort(key=lambda row: (row.scope, row.account, row.instrument, row.venue, row.strategy, row.rule))
        return LimitLines([limit_line(row, self._gate.names) for row in found])

    def utilisation(self, nearest: int = 1000) -> LimitLines:
        """The rows of which something is used now, the nearest to their limits first, `nearest` of them at most: what
        is used, what is left, and the share. What bounds one order alone has nothing to measure."""
        check_int(nearest, "nearest", 1, 2**31 - 1)
        rows = [row for row in self._gate.core.limit_rows(1, 2**31) if row.used >= 0 and row.value >= 0]
        rows.sort(key=lambda row: (-Fraction(row.used, row.value) if row.value else -1, row.number))
        return LimitLines([limit_line(row, self._gate.names) for row in rows[:nearest]])

    def switches(self) -> SwitchLines:
        """What is killed, reducing or halted: by whom, why and since when; kill switches first, strategies that a
        breaker has disarmed last, with the name that has said to arm them where it takes two. A list that prints as a
        table."""
        names = self._gate.names
        return SwitchLines(SwitchLine(scope_text(row, names), names.text_of(row.who),
                                      Reason(row.reason).name if row.reason else names.text_of(row.why), row.since,
                                      CommandType(row.kind), TradingState(row.state))
                           for row in self._gate.core.switches())

    # ---- rules of users

    def add_rule(
        self, name: str, expression: str | Asked, *, mode: LimitMode | str = LimitMode.ENFORCE, who: str = "",
        why: str = "",
    ) -> RuleLine:
        """Add a rule of your own: an expression that an order must keep, as `order.qty <= 500 or position.qty == 0`.

        `name` is a word that other rules may say as rule.NAME. Names, types and functions: see `quantities()` and
        `RuleError`, which tells the column of what is wrong. Numbers are exact. The rule is compiled once; `cost` of
        what comes back counts its steps, at most 64. It is asked behind all other checks, of each new order, of a
        replace that asks for more, and of an order that was held and is let go: one that does not keep it is REJECTED,
        with USER_RULE. A quantity that is not known refuses too, unless in `known(...)` or `default(..., number)`.
        `mode` OBSERVE: it only reports (RISK_OBSERVED). `who` and `why`: up to 64 printable ASCII characters each.
        Raises RuleError (a ValueError), TypeError, or RefusedError where 32 are in force; nothing is changed then.

        The slow way: `expression` may be a Python callable, which is asked of each `submit`, `replace` and `check`
        before the core's own pass, on the caller's thread and outside the core's lock, with an `AskedOrder` that it
        can read only. None or True lets the order pass; False or a text refuses it, and so does whatever it raises
        (with a RuntimeWarning): the order is REJECTED, a replace refused, with USER_RULE and the first 64 characters of
        the text; once such texts have a sixteenth of the capacity `ids`, new ones are left out. It may read the core; a
        `submit`, `replace` or `check` of it there is a RuntimeError. Cancels are not asked about, nor a replace that
        only lowers the quantity, nor what the core lets go by itself. While one is in force, each call goes through
        Python, and `submit_batch`, `check_batch` and `check_findings` raise RuntimeError. It is always ENFORCE; it is
        no command of this core, and has no `who`.
        """
        return self._book().add(name, expression, mode, who, why)

    def remove_rule(self, name: str, *, who: str = "", why: str = "") -> None:
        """Take a rule out of force. Raises LookupError where there is none, ValueError where another names it."""
        self._book().remove(name, who, why)

    def rules(self) -> list[RuleLine]:
        """The rules that were added here, in that order; a callable has its own name for an expression, and cost 0."""
        return [] if self._rules is None else self._rules.lines()

    def quantities(self) -> dict[str, str]:
        """What an expression may name, and what each is."""
        from ..vocabulary.rule_words import QUANTITIES

        return {quantity.name: quantity.meaning for quantity in QUANTITIES.values()}

    def _book(self) -> RuleBook:
        from .rule_book import RuleBook

        self._rules = self._rules or RuleBook(self._gate)
        return self._rules

    # ---- switches and trading states

    def engage_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None,
        strategy: int | None = None, cancel: bool = False, allow_reduce: bool = False, who: str = "", why: str = "",
    ) -> None:
        """Block new orders at once: of the firm, or of one account, symbol, venue or strategy. With `allow_reduce` what
        reduces a position still passes. Cancels always get out; new orders for external venues that nobody has read
        from `outbound()` are Canceled and never sent, and replaces that ask for more refused. With `cancel` all that
        works there, exits too, is then canceled, or asked back from its venue, by a command of its own. A venue that is
        killed takes nothing that does not name it. Re-arming is `release_kill_switch`, never by itself. What of `who`
        and `why` has no room in the table of ids is left out: a stop is never refused for that."""
        fields = {"engaged": 1, "allow_reduce": int(check_bool(allow_reduce, "allow_reduce"))}
        self._switch(CommandType.KILL_SWITCH, fields, (account, symbol, venue, strategy), who, why, cancel)

    def release_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None,
        strategy: int | None = None, who: str = "", why: str = "",
    ) -> None:
        """Let orders through again; each scope is released by itself. Raises RefusedError (NOT_AUTHORIZED) where one is
        engaged and `who` or `why` is not said."""
        self._switch(CommandType.KILL_SWITCH, {"engaged": 0}, (account, symbol, venue, strategy), who, why, False)

    def prevent_self_match(
        self, mode: SelfMatch | str, *, account: str | None = None, outside: SelfMatch | str = SelfMatch.OFF,
        self_match_id: str = "", who: str = "", why: str = "",
    ) -> None:
        """Say what is done where an order of an account would trade with one of our own: in a simulated venue's book
        (`mode`: OFF, CANCEL_NEWEST, CANCEL_OLDEST, DECREMENT, BLOCK), and before an external venue where our own order
        works (`outside`: OFF, CANCEL_NEWEST, BLOCK, or HOLD, which asks that one back and holds the newcomer until its
        venue has answered). Our own are those of the account, and of all accounts with the same `self_match_id` (up to
        64 printable ASCII characters). Without an account: of every one that has nothing of its own. It counts for
        orders that come, or are replaced, from now on. Raises TypeError, ValueError or UndeclaredError."""
        words = {"mode": SelfMatch.parse(mode, "mode"), "outside": SelfMatch.parse(outside, "outside")}
        for (name, word), wrong in zip(words.items(), ((SelfMatch.HOLD,), _BOOK_ONLY), strict=True):
            if word in wrong:
                raise ValueError(f"{name} {word.name} can't be: HOLD is for external venues alone, "
                                 f"{' and '.join(each.name for each in _BOOK_ONLY)} for books of ours")
        self._gate.command(CommandType.SET_SELF_MATCH, **{f"match_{name}": int(word) for name, word in words.items()},
                           account=0 if account is None else self._gate.names.accounts.id(account),
                           match_id=note(self_match_id, "self_match_id"), who=note(who, "who"), why=note(why, "why"))

    def set_trading_state(
        self, state: TradingState | str, *, account: str | None = None, symbol: str | None = None,
        venue: str | None = None, strategy: int | None = None, cancel: bool = False, who: str = "", why: str = "",
    ) -> None:
        """Say what may be traded, by the firm, or one account, symbol, venue or strategy: everything (ACTIVE), only
        what reduces a position (REDUCING), or nothing (HALTED). What is stricter of all that an order meets counts,
        kill switches too. Acts on what works as `engage_kill_switch`. Raises RefusedError (NOT_AUTHORIZED) where it
        lets more be traded than before and `who` or `why` is not said, ValueError or TypeError for what is no state."""
        fields = {"state": int(TradingState.parse(state, "state"))}
        self._switch(CommandType.TRADING_STATE, fields, (account, symbol, venue, strategy), who, why, cancel)

    def override(
        self, order_id: int, rule: Rule | str, *, expire_time: int, who: str, why: str
    ) -> None:
        """Let an order that `rule` has blocked pass it once, until `expire_time` (ns UTC, at most a day from now): the
        next one with the same terms, whatever its ClOrdID, which every other check still asks. `order_id` is the
        REJECTED one's. A RISK_OVERRIDDEN report tells of the order that has passed. It never passes a kill
        switch, a trading state, a breaker, the exit gate, a rule of one's own, or what is no limit; it lets no replace
        pass; an order that waits is asked again when it is let go, without it, and so are a venue's limits of what is
        routed there: name the venue. `check` and `check_batch` answer without it.

        Raises ValueError for a rule that is not known (naming the nearest), RefusedError (INVALID_FIELD_VALUE) for an
        order that was not blocked by it, or only after it was routed, a time that is past or too far, and for what is
        no rule of orders or refuses nothing,
        (UNKNOWN_ORDER) for one that is not held, (NOT_AUTHORIZED) without who and why, (ALREADY_DEFINED) where one of
        the same order stands or was used and its time is not over, (TABLE_FULL) where 64 do; TypeError. Threads: any.
        Source: RTS 6 Art. 15(6)."""
        self._gate.command(
            CommandType.OVERRIDE, rule=int(find_rule(rule).rule), target=check_int(order_id, "order_id", 1, 2**63 - 1),
            expire_time=check_int(expire_time, "expire_time", 1, TIME_MAX), who=note(who, "who"), why=note(why, "why"))

    def overrides(self) -> list[OverrideLine]:
        """The overrides that were given and are not forgotten: used and past ones are when the next one is given after
        their time."""
        names = self._gate.names
        return [OverrideLine(row.order_id, Rule(row.rule), names.text_of(row.who), names.text_of(row.why), row.since,
                             row.until, row.used or None) for row in self._gate.core.overrides()]

    def arm_strategy(self, strategy: int, *, who: str, why: str) -> bool:
        """Arm a strategy again that a breaker has disarmed: its REPEATED_EXECUTION or CONSECUTIVE_REJECTS counted more
        than its row allows, which a BREAKER_TRIPPED report told. What it counted is forgotten. True where it is armed;
        False where REARM_NAMES said 2 when it was disarmed, and this name is the first: another one arms it; and
        in the plain-Python core from inside of another command, after which it is armed.

        Raises RefusedError where no breaker has disarmed it (INVALID_FIELD_VALUE), where `who` or `why` is empty, and
        for the same name twice (NOT_AUTHORIZED); ValueError or TypeError for what is no strategy. Threads: any.
        Source: RTS 6 Art. 15(3)."""
        number = check_int(strategy, "strategy", 1, self._gate.capacity.strategies)
        armed = self._gate.command(CommandType.BREAKER, strategy=number, who=note(who, "who"), why=note(why, "why"))
        return armed is not None and armed.row.bound == 0  # whatever callbacks have done since

    def _switch(
        self, kind: CommandType, change: dict[str, int], named: tuple[str | None, str | None, str | None, int | None],
        who: str, why: str, cancel: bool,
    ) -> None:
        cancels = check_bool(cancel, "cancel")
        if sum(value is not None for value in named) > 1:
            raise ValueError("a kill switch or a trading state acts on one scope: an account, a symbol, a venue, a "
                             "strategy, or none for the firm")
        fields = target_fields(self._gate.names, *named)
        scope = fields.pop("limit_scope")
        target = next(iter(fields.values()), 0)
        self._gate.command(kind, scope=scope, target=target, **change, who=note(who, "who"), why=note(why, "why"))
        if cancels:
            self._gate.command(CommandType.MASS_CANCEL, **fields)

"""The risk of a core: limits by account, and the kill switch. `core.risk`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..vocabulary.codes import CommandType, LimitMode, Scope
from ..vocabulary.features import Features
from ..vocabulary.gate import Gate
from .limits import RiskLimits, demand_room

if TYPE_CHECKING:
    from .rule_book import RuleBook, RuleLine


class RiskEngine:
    """Limits and switches of one core; `core.check(...)` asks what its rules say to an order. Threads: any."""

    def __init__(self, gate: Gate, features: Features) -> None:
        self._gate, self._features = gate, features
        self._rules: RuleBook | None = None  # made, and its compiler imported, for the first rule

    def set_limits(self, limits: RiskLimits, *, account: str) -> None:
        """Set every rule of an account. Each rule is one command and one event."""
        demand_room(limits, self._gate.capacity)
        number = self._gate.names.accounts.id(account)
        for fields in self._features.apply(limits.rows()):
            self._gate.command(CommandType.SET_LIMIT, account=number, **fields)

    def add_rule(
        self, name: str, expression: str, *, mode: LimitMode | str = LimitMode.ENFORCE, who: str = "", why: str = ""
    ) -> RuleLine:
        """Add a rule of your own: an expression that an order must keep, as `order.qty <= 500 or position.qty == 0`.

        `name` is a word that other rules may say as rule.NAME. Names, types and functions: see `quantities()` and
        `RuleError`, which tells the column of what is wrong. Numbers are exact. The rule is compiled once; `cost` of
        what comes back counts its steps, at most 64. It is asked behind all other checks, of each new order, of a
        replace that asks for more, and of an order that was held and is let go: one that does not keep it is REJECTED,
        with USER_RULE. A quantity that is not known refuses too, unless in `known(...)` or `default(..., number)`.
        `mode` OBSERVE: it only reports (RISK_OBSERVED). `who` and `why`: up to 64 printable ASCII characters each.
        Raises RuleError (a ValueError), TypeError, or RefusedError where 32 are in force; nothing is changed then.
        """
        return self._book().add(name, expression, mode, who, why)

    def remove_rule(self, name: str, *, who: str = "", why: str = "") -> None:
        """Take a rule out of force. Raises LookupError where there is none, ValueError where another names it."""
        self._book().remove(name, who, why)

    def rules(self) -> list[RuleLine]:
        """The rules that were added here, in that order."""
        return [] if self._rules is None else self._rules.lines()

    def quantities(self) -> dict[str, str]:
        """What an expression may name, and what each is."""
        from ..vocabulary.rule_words import QUANTITIES

        return {quantity.name: quantity.meaning for quantity in QUANTITIES.values()}

    def _book(self) -> RuleBook:
        from .rule_book import RuleBook

        self._rules = self._rules or RuleBook(self._gate)
        return self._rules

    def engage_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None
    ) -> None:
        """Block new orders at once: of the firm, or of one account, symbol or venue. Cancels still get out; new orders
        for external venues that nobody has read from `outbound()` are Canceled and never sent, and so are replaces that
        ask for more refused."""
        self._switch(1, account, symbol, venue)

    def release_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None
    ) -> None:
        """Let orders through again; each scope is released by itself."""
        self._switch(0, account, symbol, venue)

    def _switch(self, engaged: int, account: str | None, symbol: str | None, venue: str | None) -> None:
        named = [
            (scope, names.id(name))
            for scope, names, name in (
                (Scope.ACCOUNT, self._gate.names.accounts, account),
                (Scope.INSTRUMENT, self._gate.names.symbols, symbol),
                (Scope.VENUE, self._gate.names.venues, venue),
            )
            if name is not None
        ]
        if len(named) > 1:
            raise ValueError("a kill switch acts on one scope: an account, a symbol, a venue, or none for the firm")
        scope, target = named[0] if named else (Scope.FIRM, 0)
        self._gate.command(CommandType.KILL_SWITCH, scope=int(scope), target=target, engaged=engaged)

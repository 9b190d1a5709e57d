"""The risk of a core: limits by account, and the kill switch. `core.risk`."""

from __future__ import annotations

from ..vocabulary.codes import CommandType, Scope
from ..vocabulary.features import Features
from ..vocabulary.gate import Gate
from .limits import RiskLimits, demand_room


class RiskEngine:
    """Limits and switches of one core; `core.check(...)` asks what its rules say to an order. Threads: any."""

    def __init__(self, gate: Gate, features: Features) -> None:
        self._gate, self._features = gate, features

    def set_limits(self, limits: RiskLimits, *, account: str) -> None:
        """Set every rule of an account. Each rule is one command and one event."""
        demand_room(limits, self._gate.capacity)
        number = self._gate.names.accounts.id(account)
        for fields in self._features.apply(limits.rows()):
            self._gate.command(CommandType.SET_LIMIT, account=number, **fields)

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

"""The exit gate as users set it: `core.risk.gate`. It stands behind all of risk, before every venue."""

from __future__ import annotations

from ..vocabulary.codes import CommandType, Scope
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import note
from ..vocabulary.records import LIMIT_OFF
from ..vocabulary.units import check_bool, check_int
from .limits import OFF, Limit

OPEN, SHUT, EXITS_ONLY = 0, 1, 2
RATE_MAX, COLLAR_MAX, WINDOW_MAX = 2_048, 1_000_000, 10**12


class ExitGate:
    """The last judgement before a venue, with limits and flags of its own: of a simulated venue where an order goes
    into its book, of an external one where a message is handed out.

    What it stops, a check of risk should have stopped: a GATE_STOPPED report names it. The order is REJECTED, or
    Canceled where it was Pending New; a replace is refused, and the order stays as it was: one in parts takes it, and
    its new parts are stopped. Where the venue has spoken
    of an order or a replace before it was handed out, the message alone stays here; so does, whatever is set, what is
    about an order that has ended and left the table since (UNKNOWN_ORDER). Cancels and questions pass. Whatever is set,
    an order that would trade more than its quantity stays here, and a message that was handed out before. Threads: any.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def set(
        self, *, price_collar_bps: Limit, order_rate: Limit, order_rate_window_ms: int = 1000, who: str = "",
        why: str = "",
    ) -> None:
        """Set the gate's own collar, in basis points of the reference price, and its own throttle, in orders and
        replaces of the whole firm in any window; OFF is off. A MARKET order needs a reference price and has no collar
        here. What alone only reduces a position passes up to twice the throttle. A collar or a rate that is raised or
        taken away, and a window that is shortened, take `who` and `why`. Raises TypeError or ValueError, and
        RefusedError (NOT_AUTHORIZED) where one of them is not said and more would be let out than before."""
        collar = _limit(price_collar_bps, "price_collar_bps", COLLAR_MAX)
        rate = _limit(order_rate, "order_rate", RATE_MAX)
        window = check_int(order_rate_window_ms, "order_rate_window_ms", 1, WINDOW_MAX)
        self._gate.command(CommandType.SET_GATE, collar_bps=collar, throttle=rate, window_ns=window * 1_000_000,
                           who=note(who, "who"), why=note(why, "why"))

    def shut(self, *, venue: str | None = None, exits: bool = False, who: str = "", why: str = "") -> None:
        """Let nothing out any more, to any venue or to one; with `exits`, what alone only reduces a position still
        goes. Once this has returned, no order and no replace that asks for more leaves, whatever other threads do.
        What of `who` and `why` has no room in the table of ids is left out. Raises RefusedError (NOT_AUTHORIZED) where
        one of them is not said and the gate is open for exits from now on, after it was shut for them too."""
        self._switch(EXITS_ONLY if check_bool(exits, "exits") else SHUT, venue, who, why)

    def open(self, *, venue: str | None = None, who: str = "", why: str = "") -> None:
        """Let orders out again; the firm and each venue are opened by themselves. Raises RefusedError (NOT_AUTHORIZED)
        where it was shut and `who` or `why` is not said."""
        self._switch(OPEN, venue, who, why)

    def _switch(self, engaged: int, venue: str | None, who: str, why: str) -> None:
        scope, target = (Scope.FIRM, 0) if venue is None else (Scope.VENUE, self._gate.names.venues.id(venue))
        self._gate.command(CommandType.SWITCH_GATE, scope=int(scope), target=target, engaged=engaged,
                           who=note(who, "who"), why=note(why, "why"))


def _limit(value: Limit, name: str, most: int) -> int:
    return LIMIT_OFF if value is OFF else check_int(value, name, 0, most)

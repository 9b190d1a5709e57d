"""Kill switches and trading states, by scope: what may still be traded there. They refuse nothing by themselves; what
is not engaged is not in the tables.
"""

from __future__ import annotations

from typing import NamedTuple

from tradecore.vocabulary.codes import Scope, TradingState

Target = tuple[int, int]  # its Scope, and the id in it; 0 of the firm


class Switch(NamedTuple):
    """What leaves less than ACTIVE: who set it, why and when, the TradingState that it leaves, and the Reason of the
    limit that set it, 0 where someone did."""

    who: int
    why: int
    since: int
    state: int
    reason: int = 0


class Met(NamedTuple):
    """What an order meets: 1 + the Scope of the strictest switch and the state that it leaves, or 0 and ACTIVE."""

    scope: int = 0
    state: int = TradingState.ACTIVE


Switches = dict[Target, Switch]


def meet_switches(switches: Switches, instrument: int, account: int, venue: int, strategy: int) -> Met:
    """The strictest that an order meets; of equals the widest."""
    met = Met()
    if not switches:
        return met
    for scope, target in ((Scope.FIRM, 0), (Scope.ACCOUNT, account), (Scope.INSTRUMENT, instrument),
                          (Scope.VENUE, venue), (Scope.STRATEGY, strategy)):
        switch = switches.get((scope, target))
        if switch is not None and switch.state > met.state:
            met = Met(1 + scope, switch.state)
    return met


def state_at(switches: Switches, scope: int, target: int) -> int:
    """The state that a switch leaves."""
    switch = switches.get((scope, target))
    return TradingState.ACTIVE if switch is None else switch.state


def set_switch(
    switches: Switches, scope: int, target: int, state: int, who: int = 0, why: int = 0, now: int = 0
) -> None:
    """Sets one; the caller has checked scope and target."""
    if state == TradingState.ACTIVE:
        switches.pop((scope, target), None)
    else:
        switches[scope, target] = Switch(who, why, now, state)


def tell_cause(switches: Switches, scope: int, target: int, reason: int) -> None:
    """It was a limit that has set one which is not ACTIVE."""
    switches[scope, target] = switches[scope, target]._replace(reason=reason)

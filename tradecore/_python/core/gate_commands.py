"""The exit gate's own limits and flags, changed by commands with who and why."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, Scope

from ..risk.exit_gate import EXITS_ONLY, OPEN, set_gate
from .rule_commands import refuse_note
from .state import State, accept_command, refuse_command


def change_gate(core: State, c: Any) -> Any:
    refused = refuse_note(core, c)
    if refused:
        return refused
    offset = set_gate(core.gate, c.collar_bps, c.throttle, c.window_ns)
    if offset >= 0:
        value = {56: c.collar_bps, 64: c.throttle}.get(offset, c.window_ns)
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    core.gate.who, core.gate.why = c.who, c.why
    return accept_command(core, c, c.collar_bps, c.throttle)


def switch_gate(core: State, c: Any) -> Any:
    """Shuts the gate for the firm or for one venue, opens it, or leaves it open for exits alone."""
    known = c.scope in (Scope.FIRM, Scope.VENUE)
    if not OPEN <= c.engaged <= EXITS_ONLY:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.engaged, 72)
    if not known or c.target not in {Scope.FIRM: {0}, Scope.VENUE: core.router.venues}[c.scope]:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.target if known else c.scope, 64 if known else 56)
    refused = refuse_note(core, c)
    if refused:
        return refused
    if c.scope == Scope.FIRM:
        core.gate.shut_firm = c.engaged
    else:
        core.gate.shut_venues[c.target] = c.engaged
    core.gate.who, core.gate.why = c.who, c.why
    return accept_command(core, c, c.scope, c.engaged, venue=c.target)

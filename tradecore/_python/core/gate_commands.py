"""The exit gate's own limits and flags, and what accounts prevent, changed by commands with who and why."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, Scope, SelfMatch

from ..risk.exit_gate import EXITS_ONLY, OPEN, set_gate, stops
from ..risk.self_match import Prevention
from ..vocabulary.texts import id_is_known
from .rule_commands import refuse_note, spare_note
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
    before = core.gate.shut_firm if c.scope == Scope.FIRM else core.gate.shut_venues.get(c.target, OPEN)
    c = spare_note(c) if stops(before, c.engaged) else c
    refused = refuse_note(core, c)
    if refused:
        return refused
    if c.scope == Scope.FIRM:
        core.gate.shut_firm = c.engaged
    else:
        core.gate.shut_venues[c.target] = c.engaged
    core.gate.who, core.gate.why = c.who, c.why
    return accept_command(core, c, c.scope, c.engaged, venue=c.target)


OUTSIDE = (SelfMatch.OFF, SelfMatch.CANCEL_NEWEST, SelfMatch.BLOCK, SelfMatch.HOLD)


def set_self_match(core: State, c: Any) -> Any:
    """What an account prevents from now on, or each that has nothing of its own."""
    if c.account and c.account not in core.accounts:
        return refuse_command(core, c, Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts))
    if not SelfMatch.OFF <= c.match_mode <= SelfMatch.BLOCK:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.match_mode, 56)
    if c.match_outside not in OUTSIDE:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.match_outside, 64)
    if not id_is_known(core.texts, c.match_id):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.match_id, 72)
    refused = refuse_note(core, c)
    if refused:
        return refused
    core.self_match[c.account] = Prevention(c.match_mode, c.match_outside, c.match_id)
    return accept_command(core, c, c.match_mode, c.match_outside, account=c.account)

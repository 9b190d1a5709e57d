"""The exit gate's own limits and flags, and what accounts prevent, changed by commands with who and why: what lets
more out than before takes both."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason, Scope, SelfMatch

from ..risk.exit_gate import EXITS_ONLY, OPEN, find_bad_gate, loosens, opens, set_gate
from ..risk.self_match import Prevention
from .known_ids import find_unknown_id, refuse_note
from .rule_commands import spare_note
from .settings import accept_change
from .state import State, accept_command, refuse_command


def refuse_loose(core: State, c: Any, loose: bool) -> Any:
    """The ack of a change that lets more out than before, and is refused for want of who or why; None where it has
    both. Of one that does not, only what is no id is refused."""
    refused = refuse_note(core, c)
    if refused or not loose or (c.who and c.why):
        return refused
    return refuse_command(core, c, Reason.NOT_AUTHORIZED, 0, 104 if c.who else 96)


def change_gate(core: State, c: Any) -> Any:
    offset = find_bad_gate(c.collar_bps, c.throttle, c.window_ns)
    if offset >= 0:
        value = {56: c.collar_bps, 64: c.throttle}.get(offset, c.window_ns)
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    loose = loosens(core.gate, c.collar_bps, c.throttle, c.window_ns)
    c = c if loose else spare_note(c)
    refused = refuse_loose(core, c, loose)
    if refused:
        return refused
    set_gate(core.gate, c.collar_bps, c.throttle, c.window_ns)
    core.gate.who, core.gate.why = c.who, c.why
    return accept_change(core, c, c.collar_bps, c.throttle)


def switch_gate(core: State, c: Any) -> Any:
    """Shuts the gate for the firm or for one venue, opens it, or leaves it open for exits alone."""
    known = c.scope in (Scope.FIRM, Scope.VENUE)
    if not OPEN <= c.engaged <= EXITS_ONLY:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.engaged, 72)
    if not known or c.target not in {Scope.FIRM: {0}, Scope.VENUE: core.router.venues}[c.scope]:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.target if known else c.scope, 64 if known else 56)
    before = core.gate.shut_firm if c.scope == Scope.FIRM else core.gate.shut_venues.get(c.target, OPEN)
    loose = opens(before, c.engaged)
    c = c if loose else spare_note(c)
    refused = refuse_loose(core, c, loose)
    if refused:
        return refused
    if c.scope == Scope.FIRM:
        core.gate.shut_firm = c.engaged
    else:
        core.gate.shut_venues[c.target] = c.engaged
    core.gate.who, core.gate.why = c.who, c.why
    return accept_change(core, c, c.scope, c.engaged, venue=c.target)


OUTSIDE = (SelfMatch.OFF, SelfMatch.CANCEL_NEWEST, SelfMatch.BLOCK, SelfMatch.HOLD)


def set_self_match(core: State, c: Any) -> Any:
    """What an account prevents from now on, or each that has nothing of its own."""
    if c.account and c.account not in core.accounts:
        return refuse_command(core, c, Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts))
    if not SelfMatch.OFF <= c.match_mode <= SelfMatch.BLOCK:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.match_mode, 56)
    if c.match_outside not in OUTSIDE:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.match_outside, 64)
    bad = find_unknown_id(core, c.match_id, 72)
    if bad:
        return refuse_command(core, c, *bad)
    refused = refuse_note(core, c)
    if refused:
        return refused
    core.self_match[c.account] = Prevention(c.match_mode, c.match_outside, c.match_id)
    return accept_command(core, c, c.match_mode, c.match_outside, account=c.account)

"""Overrides: the command that lets a blocked order pass a rule once, and what an order that is refused may pass by
them. It passes no check that is not a rule: no switch, no state, no breaker; and the exit gate never asks for them.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.records import OVERRIDE_TIME_MAX, OVERRIDES_MAX
from tradecore.vocabulary.rows import Finding

from ..orders.order_table import REJECTED, Order
from ..risk.holds import Question
from ..risk.overrides import Override, can_be_overridden, drop_past, lets_pass
from ..risk.risk import evaluate_risk
from ..risk.rule_rows import RULES
from ..vocabulary.instrument import InstrumentRow
from .disarming import report_limit
from .exits import ask_risk_of, reduces, reduces_unbooked
from .keeping import find_block
from .known_ids import refuse_note
from .settings import accept_change
from .state import RISK_OVERRIDDEN, State, refuse_command
from .user_rules import find_rule_refusal

Granted = list[tuple[Override, Finding]]


def has_same_terms(order: Order, other: Order) -> bool:
    """Were both entered with the same terms, whatever their ids are?"""
    return order.entered[1:] == other.entered[1:]


def find_bad_override(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why an override can't be, with value and bound."""
    blocked = core.orders.by_id.get(c.target)
    if not can_be_overridden(c.rule):
        return Reason.INVALID_FIELD_VALUE, c.rule, 56
    if blocked is None:
        return Reason.UNKNOWN_ORDER, c.target, 0
    # What was let in, and refused when it was to be placed, is asked there again, and of no override.
    if blocked.terminal != REJECTED or blocked.reason != RULES[c.rule].reason or blocked.admitted:
        return Reason.INVALID_FIELD_VALUE, c.target, 64
    if not core.now < c.expire_time <= core.now + OVERRIDE_TIME_MAX:
        return Reason.INVALID_FIELD_VALUE, c.expire_time, 112
    if not (c.who and c.why):
        return Reason.NOT_AUTHORIZED, 0, 104 if c.who else 96
    return None


def override_order(core: State, c: Any) -> Any:
    """From now on an order like the blocked one passes the rule, once."""
    refused = refuse_note(core, c)
    if refused is not None:
        return refused
    bad = find_bad_override(core, c)
    if bad is not None:
        return refuse_command(core, c, *bad)
    overrides = core.risk.overrides
    drop_past(overrides, core.now)
    if any(override.order_id == c.target for override in overrides):
        return refuse_command(core, c, Reason.ALREADY_DEFINED, 0, 0)
    if len(overrides) == OVERRIDES_MAX:
        return refuse_command(core, c, Reason.TABLE_FULL, OVERRIDES_MAX, OVERRIDES_MAX)
    overrides.append(Override(c.target, c.rule, c.who, c.why, core.now, c.expire_time))
    return accept_change(core, c, c.target, c.rule)


def find_override(core: State, order: Order, reason: int) -> Override | None:
    """The override that lets an order pass what refuses it for this reason: that of a blocked order with its terms, its
    routing too, which neither was given yet. One whose blocked order is no longer held lets nothing pass."""
    for override in core.risk.overrides:
        blocked = core.orders.by_id.get(override.order_id)
        if (lets_pass(override, reason, core.now) and blocked is not None and has_same_terms(blocked, order)
                and blocked.routing == order.routing):
            return override
    return None


def find_refusal_beyond(
    core: State, ins: InstrumentRow, order: Order, q: Question
) -> tuple[Finding | None, Granted]:
    """What refuses an order beyond what overrides let pass, and those; none are used where something does."""
    granted: Granted = []
    q.reduces = reduces(core, order, q.leaves_qty)
    for finding in evaluate_risk(q):
        if finding.refused:
            override = find_override(core, order, finding.reason)
            if override is None:
                return finding, []
            granted.append((override, finding))
    refused = find_block(core, q)
    if refused is not None and reduces_unbooked(core, order, q.leaves_qty):
        refused = None
    refused = refused or find_rule_refusal(core, ins, q, order.strategy)
    return refused, [] if refused else granted


def ask_with_overrides(
    core: State, ins: InstrumentRow, order: Order, q: Question
) -> tuple[Finding | None, Granted]:
    """Risk's refusal of a new order, None where it passes, with what it passes by overrides."""
    refused = ask_risk_of(core, ins, order, q)
    if refused is None or not core.risk.overrides:
        return refused, []
    return find_refusal_beyond(core, ins, order, q)


def use_overrides(core: State, c: Any, order: Order, granted: Granted) -> None:
    """The order passes by them: each is told, and lets nothing pass any more."""
    for override, finding in granted:
        override.used = order.order_id
        report_limit(core, c, order, RISK_OVERRIDDEN, order.side, order.order_qty, order.price, finding.reason,
                     finding.value, finding.limit, finding.row)

"""What limits that are only observed would have refused, and what passes the share at which one warns: told of what
passed. It refuses nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tradecore.vocabulary.codes import LimitMode
from tradecore.vocabulary.rows import Finding

from ..execution.routing import twice_touch
from ..orders.order_table import Order
from ..risk.holds import Question, is_exempt_refusal, note_breach
from ..risk.limit_lines import line_of
from ..risk.risk import evaluate_limits, needs_reference
from ..risk.rule_rows import SOFT
from ..vocabulary.instrument import InstrumentRow
from .disarming import report_limit
from .exits import reduces
from .state import RISK_OBSERVED, RISK_WARNING, State, twice_reference
from .user_rules import ask_user_rules


def observe_question(core: State, ins: InstrumentRow, q: Question, mode: int = LimitMode.OBSERVE) -> list[Finding]:
    """What the limits that are only observed say, or those that warn, with a reference price if they need one. Changes
    nothing."""
    lines = core.risk.watched if mode == LimitMode.OBSERVE else core.risk.softs
    q = replace(q, line=line_of(lines, core.risk.rows, ins, q.instrument, q.account, q.venue, q.strategy, mode))
    if needs_reference(q.line, q.ord_type, q.side):
        q = replace(q, reference2=twice_reference(core, q.instrument),
                    touch2=twice_touch(core.router, ins, q.instrument, q.side, core.now))
    return evaluate_limits(q)


def report_observed(core: State, c: Any, order: Order, q: Question, kind: int, finding: Finding) -> None:
    """What refused is told of an order that has passed."""
    report_limit(core, c, order, kind, q.side, q.order_qty, q.price, finding.reason, finding.value, finding.limit,
                 finding.row)


def observe_user_rules(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question) -> None:
    """Reports what the rules of users that are only observed would have refused."""
    for finding in ask_user_rules(core, ins, q, order.strategy, LimitMode.OBSERVE):
        report_observed(core, c, order, q, RISK_OBSERVED, finding)


def observe_order(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question, mode: int) -> None:
    """Reports what the limits that are only observed would have refused, or what passes the share at which one warns,
    of an order that passed and holds nothing."""
    is_observed = mode == LimitMode.OBSERVE
    if is_observed and core.rules.observed:
        observe_user_rules(core, c, ins, order, q)
    if is_observed and not core.risk.rows.observed:
        return
    found = observe_question(core, ins, q, mode)
    if not q.reduces and is_exempt_refusal(found) and reduces(core, order, q.leaves_qty):
        found = observe_question(core, ins, replace(q, reduces=True), mode)  # what would let it pass, were it enforced
    for finding in found:
        if finding.refused:
            if is_observed:
                note_breach(core.risk, finding, core.now)
            report_observed(core, c, order, q, RISK_OBSERVED if is_observed else RISK_WARNING, finding)


def observe_passed(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question) -> None:
    """What is to be told of an order or a replace that passed, or of an order that is let go."""
    if core.risk.rows.observed or core.rules.observed:
        observe_order(core, c, ins, order, q, LimitMode.OBSERVE)
    if core.risk.rows.softened:
        observe_order(core, c, ins, order, q, SOFT)

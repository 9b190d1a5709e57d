"""What limits that are only observed would have refused, and what passes the share at which one warns: told of what
passed. It refuses nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tradecore.vocabulary.codes import LimitMode
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import Sent

from ..execution.routing import twice_touch
from ..orders.order_table import Order
from ..risk.holds import Question, count_line, is_exempt_refusal, note_breach
from ..risk.limit_lines import Line, line_of, venue_line
from ..risk.risk import evaluate_limits, needs_reference
from ..risk.rule_rows import SOFT
from ..vocabulary.instrument import InstrumentRow
from .disarming import report_limit
from .exits import reduces
from .state import RISK_OBSERVED, RISK_WARNING, State, twice_reference
from .user_rules import ask_user_rules


def watched_line(core: State, ins: InstrumentRow, q: Question, mode: int, of_venue: bool) -> Line:
    """The line of what is only observed of an order, or warns; `of_venue`: of its venue's rows alone."""
    if of_venue:
        return venue_line(core.risk.rows, ins, q.venue, mode)
    lines = core.risk.watched if mode == LimitMode.OBSERVE else core.risk.softs
    return line_of(lines, core.risk.rows, ins, q.instrument, q.account, q.venue, q.strategy, mode)


def observe_question(
    core: State, ins: InstrumentRow, q: Question, mode: int = LimitMode.OBSERVE, of_venue: bool = False
) -> list[Finding]:
    """What the limits that are only observed say, or those that warn, with a reference price if they need one. Changes
    nothing."""
    q = replace(q, line=watched_line(core, ins, q, mode, of_venue))
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


def observe_order(
    core: State, c: Any, ins: InstrumentRow, order: Order, q: Question, mode: int, of_venue: bool = False
) -> None:
    """Reports what the limits that are only observed would have refused, or what passes the share at which one warns,
    of an order that passed and holds nothing."""
    is_observed = mode == LimitMode.OBSERVE
    found = observe_question(core, ins, q, mode, of_venue)
    if not q.reduces and is_exempt_refusal(found) and reduces(core, order, q.leaves_qty):
        found = observe_question(core, ins, replace(q, reduces=True), mode, of_venue)  # what would let it pass
    for finding in found:
        if finding.refused:
            if is_observed:
                note_breach(core.risk, finding, core.now)
            report_observed(core, c, order, q, RISK_OBSERVED if is_observed else RISK_WARNING, finding)


def observe_passed(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question) -> None:
    """What is to be told of an order or a replace that passed, or of an order that is let go."""
    if core.rules.observed:
        observe_user_rules(core, c, ins, order, q)
    if core.risk.rows.observed:
        observe_order(core, c, ins, order, q, LimitMode.OBSERVE)
    if core.risk.rows.softened:
        observe_order(core, c, ins, order, q, SOFT)


def observe_venue(core: State, c: Any, ins: InstrumentRow, order: Order, q: Question) -> None:
    """What is to be told of an order that was routed, by the rows of its venue alone, which nothing has asked before;
    for those that count it is one more."""
    if core.risk.rows.observed:
        observe_order(core, c, ins, order, q, LimitMode.OBSERVE, of_venue=True)
        count_line(venue_line(core.risk.rows, ins, q.venue, LimitMode.OBSERVE), q.now, Sent.NEW)
    if core.risk.rows.softened:
        observe_order(core, c, ins, order, q, SOFT, of_venue=True)

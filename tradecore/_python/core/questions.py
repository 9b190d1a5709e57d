"""What is asked of new orders without sending them: one with every check's answer, many with what refuses them, alone
or together. Nothing is changed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from tradecore.vocabulary.codes import LimitMode, Reason
from tradecore.vocabulary.records import NEW_ID, OWN_ID_MAX, TIME_MAX
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import RISK_CHECKS

from ..orders.order_table import Order, load_order
from ..orders.validation import CASH, bit_of, first_reason, validate_order
from ..risk.funds import hold_cash
from ..risk.holds import Question, alike_of, count_ahead, hold_lots, is_exempt_refusal
from ..risk.risk import evaluate_risk
from .cash import convert_cash
from .exits import closes_position, reduces, reduces_unbooked
from .keeping import weigh_unbooked
from .observing import observe_question
from .orderpath import CLOSING_BITS, find_bar
from .placing import ask_order
from .stamps import find_bad_stamp, stamp_of
from .state import State
from .user_rules import ask_user_rules, evaluate_user_rules

Answers = tuple[list[Finding], list[Finding], list[Finding]]  # of checks, of what is observed, of all else
NO_ANSWERS: Answers = ([], [], [])
PLACES = {int(reason): place for place, reason in enumerate(RISK_CHECKS)}


class Thought(NamedTuple):
    """An order that is only a thought: what validation says, what stands alone, and what risk is asked, or None."""

    mask: int
    alone: Finding | None = None
    asked: tuple[Order, Question] | None = None


class Answer(NamedTuple):
    """The first refusal of an order, 0 of none; validation's mask; and what of risk refuses it, or only observed would:
    a bit for each place in RISK_CHECKS."""

    reason: int
    reject_mask: int
    refused: int
    observed: int


def think_order(core: State, c: Any, now: int, is_new: bool) -> Thought:
    """A new order as it would be asked about at the core's time; `is_new`: its id is a text that has no number yet."""
    ins, time = core.instruments.get(c.instrument), stamp_of(c, now)
    bad_stamp = find_bad_stamp(core, time, now) if 0 <= time <= TIME_MAX else None  # else validation's
    core.now = core.now if bad_stamp else max(core.now, time)
    if c.exec_inst & CASH and ins is not None:
        c = c._replace(order_qty=convert_cash(core, ins, c)[1])
    ahead = [number for number, _ in core.ahead if number]
    named = c.cl_ord_id != 0
    duplicate = named and (c.cl_ord_id in core.ids.order_ids or c.cl_ord_id in ahead)
    known_ids = OWN_ID_MAX + len(core.texts.texts)
    mask = validate_order(ins, len(core.accounts), len(core.router.venues), known_ids, core.now, c)
    if bad_stamp is not None:
        mask = bit_of(bad_stamp[0])
    thought = load_order(c, 0, 0)
    if mask and not mask & ~CLOSING_BITS and closes_position(core, thought):
        mask = 0
    if mask or ins is None:
        return Thought(0, Finding(Reason.DUPLICATE_CLORDID, 1, 0, True, True)) if duplicate else Thought(mask)
    if is_new and len(core.texts.texts) == core.texts.capacity:
        return Thought(bit_of(Reason.IDS_FULL))
    if (named or is_new) and not duplicate and len(core.ids.order_ids) + len(ahead) >= core.ids.capacity:
        return Thought(bit_of(Reason.TABLE_FULL))
    barred = None if duplicate else find_bar(core, c, thought)
    if barred:
        return Thought(0, Finding(*barred, True, True))
    q = ask_order(core, ins, thought, c.order_qty, c.price, c.stop_px, c.order_qty, False)
    q.peg_offset, q.peg_offset_type = c.peg_offset, c.peg_offset_type
    q.duplicate, q.open_orders = duplicate, core.orders.open_count + len(core.ahead)
    if core.risk.rows.alike:
        core.risk.recent.ahead = sum(alike_of(before) == alike_of(q) for _, before in core.ahead)
    return Thought(0, None, (thought, q))


def find_answers(core: State, order: Order, q: Question) -> Answers:
    """What every check, every observed limit, and what lies unbooked and the rules of users say to an order; one that
    reduces as such."""
    found, observed = evaluate_risk(q), observe_question(core, q.ins, q)
    if not q.reduces and is_exempt_refusal(found + observed) and reduces(core, order, q.leaves_qty):
        q.reduces = True
        return find_answers(core, order, q)
    kept = weigh_unbooked(core, q)
    if kept is not None and kept.refused and reduces_unbooked(core, order, q.leaves_qty):
        kept = kept._replace(refused=False)
    return found, observed, ([] if kept is None else [kept]) + evaluate_user_rules(core, q.ins, q, q.strategy)


def tell_findings(thought: Thought, answers: Answers) -> tuple[int, list[Finding]]:
    """Validation's mask, else what risk says (see `Core.check`)."""
    if thought.alone is not None:
        return 0, [thought.alone]
    found, observed, rules = answers
    return thought.mask, found + [f for f in observed if f.armed] + rules


def answer_question(core: State, c: Any, now: int) -> tuple[int, list[Finding]]:
    """What validation and risk would say to a new order (see `Core.check`)."""
    clock, is_new = core.now, c.cl_ord_id == NEW_ID
    try:
        thought = think_order(core, c._replace(cl_ord_id=0) if is_new else c, now, is_new)
        return tell_findings(thought, find_answers(core, *thought.asked) if thought.asked else NO_ANSWERS)
    finally:
        core.now = clock


def answer_order(core: State, thought: Thought, answers: Answers) -> Answer:
    """What refuses one order."""
    if thought.alone is not None:
        return Answer(int(thought.alone.reason), 0, 0, 0)
    if thought.asked is None:
        return Answer(int(first_reason(thought.mask)), thought.mask, 0, 0)
    q = thought.asked[1]
    found, observed, rules = answers
    first = next((f.reason for f in found + rules if f.refused), Reason.NONE)
    observed = observed + ask_user_rules(core, q.ins, q, q.strategy, LimitMode.OBSERVE)
    return Answer(int(first), 0, mask_of(found + rules), mask_of(observed))


def mask_of(found: list[Finding]) -> int:
    """A bit for each that refuses."""
    mask = 0
    for finding in found:
        mask |= bool(finding.refused) << PLACES[finding.reason]
    return mask


def answer_batch(
    core: State, commands: list[Any], now: int, together: bool, told: list[tuple[int, list[Finding]]] | None
) -> list[Answer]:
    """What refuses each of many orders: each as if it were the only one, or, together, as if those before it that pass
    were working already. `told` gets all that is said of each."""
    clock, answers = core.now, []
    try:
        for c in commands:
            thought = think_order(core, c, now, False)
            found = find_answers(core, *thought.asked) if thought.asked else NO_ANSWERS
            answers.append(answer_order(core, thought, found))
            if told is not None:
                told.append(tell_findings(thought, found))
            if together and answers[-1].reason == Reason.NONE and thought.asked is not None:
                put_ahead(core, c.cl_ord_id, thought.asked[1], 1)
            core.now = clock
    finally:
        core.now = clock
        core.risk.recent.ahead = 0
        for cl_ord_id, q in core.ahead[:]:
            put_ahead(core, cl_ord_id, q, -1)
    return answers


def put_ahead(core: State, cl_ord_id: int, q: Question, sign: int) -> None:
    """An order that passed counts for those behind it in its basket, or, with `sign` -1, no longer."""
    hold_lots(core.risk, q.instrument, q.account, q.side, sign * q.hold_qty)
    if q.fund_more > 0:
        hold_cash(core.risk.funds, q.account, q.ins.currency, sign * q.fund_more)
    count_ahead(core.risk, q, sign)
    if sign > 0:
        core.ahead.append((cl_ord_id, q))
    else:
        core.ahead.remove((cl_ord_id, q))

"""Users' rules, and their scorer of venues, loaded by commands into the core's state: a name, then its steps, four in a
record. A refusal changes nothing that is in force."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import LimitMode, Reason
from tradecore.vocabulary.records import NO_ROOM, TEXT_SIZE
from tradecore.vocabulary.rule_words import (
    CELLS,
    SCORE_CELLS,
    STEP_CODEC,
    STEPS_MAX,
    STEPS_PER_RECORD,
    USER_RULES_MAX,
)

from ..risk.programs import UserRule, UserRules, find_bad_step, groups_of, read_steps
from .known_ids import refuse_note
from .settings import refuse_name
from .state import State, accept_command, refuse_command


def count_rules(rules: UserRules) -> None:
    """Every rule is looked at: what any of them reads is filled for all."""
    rules.observed = sum(rule.mode == LimitMode.OBSERVE for rule in rules.rows)
    rules.groups = 0
    for rule in rules.rows:
        rules.groups |= rule.groups


def find_rule(rules: UserRules, name: int) -> int:
    """Where a rule of this name stands, -1 where none does."""
    return next((at for at, rule in enumerate(rules.rows) if rule.name == name), -1)


def spare_note(c: Any) -> Any:
    """As a command that stops trading is taken: who or why for whose text there is no room is not said, and refuses no
    stop."""
    return c._replace(**{name: 0 for name in ("who", "why") if getattr(c, name) == NO_ROOM})


def add_rule(core: State, c: Any) -> Any:
    """A rule begins; what was begun before and is not whole is forgotten."""
    rules = core.rules
    refused = refuse_name(core, c, {rule.name for rule in rules.rows}, len(rules.rows), USER_RULES_MAX)
    if refused:
        return refused
    if not 1 <= c.step_count <= STEPS_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.step_count, 56)
    if c.mode not in (LimitMode.ENFORCE, LimitMode.OBSERVE):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.mode, 80)
    refused = refuse_note(core, c)
    if refused:
        return refused
    rules.loading = UserRule(c.cl_ord_id, c.who, c.why, c.needs, c.mode, c.step_count)
    return accept_command(core, c, c.step_count, c.mode)


def set_scorer(core: State, c: Any) -> Any:
    """One's own scorer begins, and what was begun before and is not whole is forgotten; or there is none any more."""
    if not 0 <= c.step_count <= STEPS_MAX:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.step_count, 56)
    refused = refuse_note(core, c)
    if refused:
        return refused
    if c.step_count:
        core.rules.loading = UserRule(0, c.who, c.why, 0, 0, c.step_count, is_scorer=True)
    else:
        core.rules.scorer = None
    return accept_command(core, c, c.step_count, 0)


def add_steps(core: State, c: Any) -> Any:
    """The next steps of the rule or scorer that was begun; with the last of them it is in force, or, where they are no
    program, gone."""
    rules, rule = core.rules, core.rules.loading
    if rule is None or rule.name != c.cl_ord_id:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.cl_ord_id, 32)
    if c.step_at != len(rule.steps):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.step_at, 120)
    most = min(STEPS_PER_RECORD, rule.step_count - len(rule.steps))
    rule.steps += read_steps(c.text.ljust(TEXT_SIZE, b"\0")[: most * STEP_CODEC.struct.size])
    if len(rule.steps) == rule.step_count:
        rules.loading = None
        bad = find_bad_step(rule.steps, len(SCORE_CELLS if rule.is_scorer else CELLS), int(rule.is_scorer))
        if bad >= 0:
            return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, bad, 56)
        if rule.is_scorer:
            rules.scorer = rule
        else:
            rule.groups = groups_of(rule.steps, rule.needs)
            rules.rows.append(rule)
            count_rules(rules)
    return accept_command(core, c, len(rule.steps), rule.step_count)


def remove_rule(core: State, c: Any) -> Any:
    rules = core.rules
    at = find_rule(rules, c.cl_ord_id)
    if at < 0:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.cl_ord_id, 32)
    refused = refuse_note(core, c)
    if refused:
        return refused
    del rules.rows[at]
    count_rules(rules)
    return accept_command(core, c, len(rules.rows), USER_RULES_MAX)

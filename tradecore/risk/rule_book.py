"""The rules that users have added to one core: their texts here, their programs in the core's state."""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import NamedTuple

from ..vocabulary.codes import CommandType, LimitMode
from ..vocabulary.gate import Gate, RefusedError
from ..vocabulary.identifiers import note
from ..vocabulary.names import Directory
from ..vocabulary.rule_words import STEP_CODEC, STEPS_PER_RECORD, USER_RULES_MAX
from ..vocabulary.units import demand_type
from .callables import ASKED_KINDS, Asked, CallableRule, demand_callable, plain_refusal
from .expressions import Node, RuleError, read_expression
from .rule_programs import Program, compile_rule, nearest

_NAME = re.compile(r"[A-Za-z_]\w{0,62}", re.ASCII)
RECORD = STEPS_PER_RECORD * STEP_CODEC.struct.size


class RuleLine(NamedTuple):
    """A user's rule: its name, text and mode, who added it and why, and its cost in steps."""

    name: str
    expression: str
    mode: LimitMode
    who: str
    why: str
    cost: int


def names_of(node: Node) -> set[str]:
    """The rules that an expression names."""
    found = {name for part in node.parts for name in names_of(part)}
    return found | ({node.name.removeprefix("rule.")} if node.name.startswith("rule.") else set())


def declared_id(names: Directory, kind: str, name: str) -> int:
    """The id of a symbol, account or venue. UndeclaredError where there is none."""
    return {"symbol": names.symbols, "account": names.accounts, "venue": names.venues}[kind].id(name)


def load_steps(gate: Gate, name: str, program: Program) -> None:
    """The steps of a rule that was begun, or, without a name, of a scorer."""
    for at in range(0, len(program.steps), RECORD):
        gate.command(CommandType.RULE_STEPS, name, text=program.steps[at : at + RECORD],
                     step_at=at // STEP_CODEC.struct.size)


def rule_mode(mode: LimitMode | str) -> LimitMode:
    """What is made of a rule that users add. Raises ValueError where it is none of its modes."""
    word = LimitMode.parse(mode, "mode")
    if word is LimitMode.CANCEL:
        raise ValueError("mode must be ENFORCE or OBSERVE, not CANCEL: an expression is asked of orders alone")
    return word


class RuleBook:
    """Texts and trees of the rules that were added. Threads: any; a rule is added by one at a time."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._lock = gate, threading.RLock()
        self._lines: dict[str, RuleLine] = {}
        self._trees: dict[str, Node] = {}

    def lines(self) -> list[RuleLine]:
        return list(self._lines.values())

    def add(self, name: str, expression: str | Asked, mode: LimitMode | str, who: str, why: str) -> RuleLine:
        demand_type(name, str, "name")
        if not _NAME.fullmatch(name):
            raise ValueError(f"name {name[:80]!r} must be a letter, then letters, digits and _, 63 at most")
        word, notes = rule_mode(mode), {"who": note(who, "who"), "why": note(why, "why")}
        with self._lock:
            if not isinstance(expression, str):
                return self._add_callable(name, demand_callable(expression), word, who, why)
            tree = read_expression(expression)
            self._demand_new(name)
            made = compile_rule(tree, name=name, rules=self._trees, named=partial(declared_id, self._gate.names))
            self._gate.command(CommandType.ADD_RULE, name, step_count=made.cost, needs=made.needs, mode=int(word),
                               **notes)
            load_steps(self._gate, name, made)
            self._trees[name] = tree
            self._lines[name] = RuleLine(name, expression, word, who, why, made.cost)
            return self._lines[name]

    def _demand_new(self, name: str) -> None:
        if name in self._lines:
            raise ValueError(f"rule {name!r} is there already: remove it first")

    def _add_callable(self, name: str, ask: Asked, mode: LimitMode, who: str, why: str) -> RuleLine:
        if mode is not LimitMode.ENFORCE:
            raise ValueError(f"mode {mode.name} is of an expression: a callable is always ENFORCE")
        if who or why:
            raise ValueError("who and why are of an expression, whose command keeps them: a callable has none")
        self._demand_new(name)
        if len(self._gate.asked) == USER_RULES_MAX:
            raise RefusedError(f"rule {name!r} refused: {USER_RULES_MAX} callables are in force, as many as may be")
        told = getattr(ask, "__qualname__", None) or type(ask).__qualname__
        self._gate.refusal_id(plain_refusal(name))  # kept, whatever else fills the table of ids
        self._lines[name] = RuleLine(name, told, mode, "", "", 0)
        self._gate.core.seal_batches(ASKED_KINDS)  # before anybody is told that it is in force
        self._gate.asked.append(CallableRule(name, ask))
        return self._lines[name]

    def remove(self, name: str, who: str, why: str) -> None:
        notes = {"who": note(who, "who"), "why": note(why, "why")}
        with self._lock:
            if name not in self._lines:
                raise LookupError(f"name {name!r} is no rule{nearest(str(name), list(self._lines))}")
            if name not in self._trees:
                self._gate.asked[:] = [rule for rule in self._gate.asked if rule.name != name]
                del self._lines[name]
                if not self._gate.asked:
                    self._gate.core.seal_batches([])
                return
            users = [other for other, tree in self._trees.items() if name in names_of(tree)]
            if users:
                raise RuleError(f"rule {name!r} is named by {', '.join(users)}")
            self._gate.command(CommandType.REMOVE_RULE, name, **notes)
            del self._lines[name], self._trees[name]

"""A user's rule as a program: names looked up, types checked, numbers made exact, steps written.

What a rule says must hold; what can't be told refuses. Every quantity that it names is read, whichever way `and`, `or`
and `if` go, so one that is not known refuses unless it stands in `known(...)` or `default(..., number)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..vocabulary.nearest import find_nearest
from ..vocabulary.rule_words import CELLS, QUANTITIES, SCORE_QUANTITIES, STACK_MAX, STEPS_MAX, Quantity
from .expressions import Node, RuleError, read_expression
from .rule_numbers import (
    Ratio,
    Whole,
    add,
    can_be_zero,
    cell,
    chosen,
    compare,
    const,
    divide,
    magnitude,
    multiply,
    negate,
    over_one,
    product,
    ratio,
    scale,
    truth,
)
from .rule_steps import StepWriter

FUNCTIONS = ("min", "max", "abs", "known", "default")
Named = Callable[[str, str], int]  # (symbol, account or venue; its name) -> its id; KeyError where there is none


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled rule: its steps' bytes, and the bits of what it needs to be known.

    `cost` counts its steps, each about a dozen instructions; `depth` the numbers that it holds at once.
    """

    steps: bytes
    needs: int
    cost: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Typed:
    kind: str  # number, truth, or text and what names are compared with it
    number: Ratio = field(default_factory=lambda: Ratio(const(0)))
    fact: Whole = field(default_factory=lambda: const(0))
    name: str = ""


def nearest(name: str, names: Mapping[str, object] | list[str]) -> str:
    """What was probably meant."""
    close = find_nearest(name, names)
    return f": did you mean {close!r}?" if close else ""


class _Compiler:
    quantities: Mapping[str, Quantity] = QUANTITIES

    def __init__(self, name: str, rules: Mapping[str, Node], named: Named) -> None:
        self.name: str = name
        self.rules: Mapping[str, Node] = rules
        self.named: Named = named
        self.needs: int = 0
        self.depth: int = 0

    def take(self, node: Node) -> _Typed:
        self.depth += 1
        if self.depth > STEPS_MAX:
            raise RuleError(f"more than {STEPS_MAX} parts in a row", node.column)
        made = self.part(node)
        self.depth -= 1
        return made

    def part(self, node: Node) -> _Typed:
        if node.op == "number":
            return _Typed("number", Ratio(const(node.value.numerator), node.value.denominator))
        if node.op == "text":
            return _Typed("text", name=node.name)
        if node.op == "name":
            return self.name_of(node)
        if node.op == "call":
            return self.call(node)
        if node.op in ("and", "or", "not"):
            return _Typed("truth", fact=truth(node.op, *(self.fact(part) for part in node.parts)))
        if node.op == "if":
            return self.choice(node)
        if node.op == "negate":
            return _Typed("number", negate(self.number(node.parts[0])))
        if node.op in ("+", "-", "*", "/"):
            return _Typed("number", self.arithmetic(node))
        return _Typed("truth", fact=self.relation(node))

    def expect(self, node: Node, kind: str) -> _Typed:
        made = self.take(node)
        if made.kind != kind:
            raise RuleError(f"a {kind} is needed here, not a {made.kind}", node.column)
        return made

    def number(self, node: Node) -> Ratio:
        return self.expect(node, "number").number

    def fact(self, node: Node) -> Whole:
        return self.expect(node, "truth").fact

    def name_of(self, node: Node) -> _Typed:
        if node.name in ("True", "False"):
            return _Typed("truth", fact=const(int(node.name == "True")))
        if node.name.startswith("rule."):
            return self.other_rule(node)
        quantity = self.quantity(node)
        if quantity.bit >= 0:
            self.needs |= 1 << quantity.bit
        return read(quantity)

    def quantity(self, node: Node) -> Quantity:
        if node.op != "name" or node.name not in self.quantities:
            said = repr(node.name) if node.name else "this"
            raise RuleError(f"{said} is no quantity{nearest(node.name, self.quantities)}", node.column)
        return self.quantities[node.name]

    def other_rule(self, node: Node) -> _Typed:
        other = node.name.removeprefix("rule.")
        if other == self.name:
            raise RuleError(f"rule {other!r} refers to itself", node.column)
        if other not in self.rules:
            raise RuleError(f"{other!r} is no rule{nearest(other, self.rules)}", node.column)
        return _Typed("truth", fact=self.fact(self.rules[other]))

    def call(self, node: Node) -> _Typed:
        if node.name not in FUNCTIONS:
            raise RuleError(f"{node.name!r} is no function{nearest(node.name, list(FUNCTIONS))}", node.column)
        counts = {"abs": (1, 1), "known": (1, 1), "default": (2, 2)}
        least, most = counts.get(node.name, (2, STEPS_MAX))
        if not least <= len(node.parts) <= most:
            raise RuleError(f"{node.name}() takes {least if least == most else f'{least} or more'}, "
                            f"not {len(node.parts)}", node.column)
        if node.name in ("known", "default"):
            return self.unknown(node)
        numbers = [self.number(part) for part in node.parts]
        if node.name == "abs":
            return _Typed("number", Ratio(magnitude(numbers[0].num), numbers[0].den, numbers[0].over))
        made = numbers[0]
        for other in numbers[1:]:
            a, b, den, over = over_one(made, other)
            made = ratio(chosen(node.name, a, b), den, over)
        return _Typed("number", made)

    def unknown(self, node: Node) -> _Typed:
        """`known(quantity)`, and `default(quantity, number)`, which is the number where the quantity is not known."""
        quantity = self.quantity(node.parts[0])
        if quantity.bit < 0:
            raise RuleError(f"{quantity.name} is always known", node.parts[0].column)
        known = Whole("known", 0, 1, value=quantity.bit)
        if node.name == "known":
            return _Typed("truth", fact=known)
        a, b, den, over = over_one(read(quantity, unknown=True).number, self.number(node.parts[1]))
        return _Typed("number", ratio(chosen("choose", known, a, b), den, over))

    def choice(self, node: Node) -> _Typed:
        condition, one, other = self.fact(node.parts[0]), self.take(node.parts[1]), self.take(node.parts[2])
        if one.kind != other.kind or one.kind not in ("number", "truth"):
            raise RuleError(f"`if` chooses between two numbers or two truths, not a {one.kind} and a {other.kind}",
                            node.column)
        if one.kind == "truth":
            return _Typed("truth", fact=chosen("choose", condition, one.fact, other.fact))
        a, b, den, over = over_one(one.number, other.number)
        return _Typed("number", ratio(chosen("choose", condition, a, b), den, over))

    def arithmetic(self, node: Node) -> Ratio:
        a, b = (self.number(part) for part in node.parts)
        if node.op == "/":
            if can_be_zero(b):
                raise RuleError("what this divides by can be zero: say max(..., a number above it)", node.column)
            return divide(a, b)
        return multiply(a, b) if node.op == "*" else add(a, b if node.op == "+" else negate(b))

    def relation(self, node: Node) -> Whole:
        a, b = (self.take(part) for part in node.parts)
        if a.kind == "number" and b.kind == "number":
            x, y = (b, a) if node.op[0] == ">" else (a, b)
            return compare(node.op.replace(">", "<"), x.number, y.number)
        if node.op in ("==", "!="):
            if a.kind == b.kind == "truth":
                return truth(node.op, a.fact, b.fact)
            names, texts = (a, b) if b.kind == "text" else (b, a)
            if texts.kind == "text" and names.kind in ("symbol", "account", "venue"):
                return truth(node.op, names.fact, const(self.id_of(node, names.kind, texts.name)))
        raise RuleError(f"a {a.kind} can't be {node.op} a {b.kind}", node.column)

    def id_of(self, node: Node, kind: str, name: str) -> int:
        try:
            return self.named(kind, name)
        except (LookupError, ValueError) as error:
            column = next(part.column for part in node.parts if part.op == "text")
            raise RuleError(f"{kind} {name!r} is not declared", column) from error


class _ScoreCompiler(_Compiler):
    """Of one's own scorer: its numbers are compared by what is above the line, so all venues have the same below it."""

    quantities = SCORE_QUANTITIES

    def arithmetic(self, node: Node) -> Ratio:
        if node.op == "/" and differs_by_venue(self.number(node.parts[1]).num):
            raise RuleError("what this divides by is not the same at every venue: multiply by its other side instead",
                            node.column)
        return super().arithmetic(node)


def differs_by_venue(number: Whole) -> bool:
    """Does a number read what each venue has of its own?"""
    if number.op == "cell":
        return number.value >= len(CELLS) or CELLS[number.value] == "venue"
    return any(map(differs_by_venue, number.parts))


def read(quantity: Quantity, *, unknown: bool = False) -> _Typed:
    """A quantity of an expression; the cell of one that is not known is 0."""
    least, most = quantity.least, quantity.most
    if unknown:
        least, most = min(least, 0), max(most, 0)
    at = cell(quantity.cell, least, most)
    if quantity.kind == "number":
        factor = const(1) if quantity.times == "one" else scale(quantity.times)
        over = [scale(name) for name in quantity.over]
        return _Typed("number", Ratio(product(at, factor), quantity.divisor, tuple(over)))
    return _Typed(quantity.kind, fact=at)


def compile_rule(expression: str | Node, *, name: str = "", rules: Mapping[str, Node] | None = None,
                 named: Named | None = None) -> Program:
    """The program of an expression that must hold. `rules` are those that it may refer to as rule.NAME, `named` finds
    ids. RuleError with the column, for whatever is wrong with it."""
    tree = read_expression(expression) if isinstance(expression, str) else expression
    compiler = _Compiler(name, rules or {}, named or _nobody)
    writer = StepWriter()
    for column, fact in conjuncts(tree, compiler):
        writer.require(fact, column)
    return _program(writer, compiler)


def compile_scorer(expression: str, *, named: Named | None = None) -> Program:
    """The program of one's own scorer, a number of each venue, less being better: it leaves what all venues have over
    one divisor. `named` finds ids. RuleError with the column, for whatever is wrong with it."""
    tree = read_expression(expression)
    compiler = _ScoreCompiler("", {}, named or _nobody)
    writer = StepWriter()
    writer.column = start_of(tree)
    writer.push(compiler.number(tree).num)
    return _program(writer, compiler)


def _nobody(kind: str, name: str) -> int:
    raise LookupError(f"{kind} {name!r}")


def _program(writer: StepWriter, compiler: _Compiler) -> Program:
    """What was written, where it is within bounds."""
    writer.done()
    if len(writer.steps) > STEPS_MAX:
        raise RuleError(f"its {len(writer.steps)} steps are more than {STEPS_MAX}", 1)
    if writer.deepest > STACK_MAX:
        raise RuleError(f"it holds {writer.deepest} numbers at once, more than {STACK_MAX}", 1)
    return Program(writer.packed(), compiler.needs, len(writer.steps), writer.deepest)


def conjuncts(node: Node, compiler: _Compiler) -> list[tuple[int, Whole]]:
    """What must hold, one by one, with the column at which it stands."""
    if node.op == "and":
        return [found for part in node.parts for found in conjuncts(part, compiler)]
    return [(start_of(node), compiler.fact(node))]


def start_of(node: Node) -> int:
    """The first column of a part and of all that is in it."""
    return min(node.column, *(start_of(part) for part in node.parts)) if node.parts else node.column

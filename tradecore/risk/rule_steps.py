"""The steps of a program, written from what must hold: see `vocabulary/rule_words` for what each step does."""

from __future__ import annotations

from ..vocabulary.rule_words import STEP_CODEC, TAKES_AND_PUTS, WIDE, Step
from .expressions import RuleError
from .rule_numbers import Whole, const, factors, product

_WORD = 2**63
_DIGIT = 2**62
_CHECKS = {"<=": Step.CHECK_LE, "<": Step.CHECK_LT, "==": Step.CHECK_EQ, "!=": Step.CHECK_NE,
           ">=": Step.CHECK_GE, ">": Step.CHECK_GT}
_VALUES = {"<=": Step.LE_VALUE, "<": Step.LT_VALUE, "==": Step.EQ_VALUE, "!=": Step.NE_VALUE,
           ">=": Step.GE_VALUE, ">": Step.GT_VALUE}
_STACKED = {"<=": Step.LE, "<": Step.LT, "==": Step.EQ, "!=": Step.NE, "and": Step.AND, "or": Step.OR,
            "min": Step.LEAST, "max": Step.MOST, "choose": Step.CHOOSE, "not": Step.NOT, "abs": Step.MAGNITUDE}
_MIRRORED = {"<=": ">=", "<": ">", "==": "==", "!=": "!="}
_OPPOSITE = {"==": "!=", "!=": "==", "<=": "<", "<": "<="}  # of the two that follow, the sides change too


def operand(x: Whole) -> tuple[int, int] | None:
    """(factor, cell) of what one step can take: a constant, a cell, or a constant times a cell."""
    k, parts = factors(x)
    if not -_WORD <= k < _WORD or len(parts) > 1:
        return None
    if not parts:
        return k, 0
    return (k, parts[0].value) if parts[0].op == "cell" and not parts[0].wide else None


class StepWriter:
    """Writes steps, and counts what they hold."""

    def __init__(self) -> None:
        self.steps: list[bytes] = []
        self.held: int = 0
        self.deepest: int = 0
        self.column: int = 0

    def packed(self) -> bytes:
        return b"".join(self.steps)

    def write(self, step: Step, value: tuple[int, int] = (0, 0), a: int = 0) -> None:
        takes, puts = TAKES_AND_PUTS[step]
        self.held += puts - takes
        self.deepest = max(self.deepest, self.held)
        self.steps.append(STEP_CODEC.pack(op=int(step), a=a, b=value[1], column=self.column, factor=value[0]))

    def done(self) -> None:
        self.write(Step.DONE)

    def require(self, fact: Whole, column: int) -> None:
        """Refuses an order for which it does not hold."""
        self.column = column
        if fact.op == "and":
            for part in fact.parts:
                self.require(part, column)
            return
        if fact.op in _CHECKS:
            one, other = fact.parts
            for op, a, b in ((fact.op, one, other), (_MIRRORED[fact.op], other, one)):
                value = operand(b)
                if a.op == "cell" and not a.wide and value is not None:
                    self.write(_CHECKS[op], value, a.value)
                    return
        self.push(fact)
        self.write(Step.REQUIRE)

    def push(self, x: Whole) -> None:
        """Puts a number on the stack."""
        value = operand(x)
        if value is not None:
            self.write(Step.PUSH, value)
        elif x.op == "const":
            self.constant(x.value)
        elif x.op == "cell":
            self.write(Step.PUSH_WIDE, (0, x.value))
        elif x.op == "known":
            self.write(Step.KNOWN, a=x.value)
        elif x.op == "product":
            self.product(x)
        elif x.op == "sum":
            self.sum(*x.parts)
        elif x.op in _MIRRORED:
            self.relation(x.op, *x.parts)
        elif x.op == "not" and x.parts[0].op in _OPPOSITE:
            op, sides = _OPPOSITE[x.parts[0].op], x.parts[0].parts
            self.relation(op, *(sides if op in ("==", "!=") else reversed(sides)))
        else:
            for part in x.parts:
                self.push(part)
            self.write(_STACKED[x.op])

    def constant(self, value: int) -> None:
        """One beyond 64 bits, by digits of 62."""
        if not -WIDE < value < WIDE:
            raise RuleError("a number here is beyond 128 bits", self.column)
        digits = []
        while not -_WORD <= value < _WORD:
            value, digit = divmod(value, _DIGIT)
            digits.append(digit)
        self.write(Step.PUSH, (value, 0))
        for digit in reversed(digits):
            self.write(Step.SHIFT_IN, (digit, 0))

    def product(self, x: Whole) -> None:
        """What is no operand first, then the operands one after another; the factor goes with the first of them."""
        k, parts = factors(x)
        simple = [part for part in parts if operand(part) is not None]
        others = [part for part in parts if operand(part) is None]
        for at, part in enumerate(others):
            self.push(part)
            if at:
                self.write(Step.MULTIPLY)
        if not simple and k == -1:
            self.write(Step.NEGATE)
            return
        if not simple or not -_WORD <= k < _WORD:
            simple = [*simple, const(k)] if k != 1 else simple
            k = 1
        begun = bool(others)
        for part in simple:
            value = operand(product(const(k), part))
            if value is None:
                self.push(part)
                self.write(Step.MULTIPLY)
            else:
                self.write(Step.MULTIPLY_VALUE if begun else Step.PUSH, value)
            k, begun = 1, True

    def sum(self, a: Whole, b: Whole) -> None:
        value, other = operand(b), operand(a)
        if value is None and other is not None:
            a, value = b, other
        self.push(a)
        if value is not None:
            self.write(Step.ADD_VALUE, value)
        elif factors(b)[0] < 0:
            self.push(product(const(-1), b))
            self.write(Step.SUBTRACT)
        else:
            self.push(b)
            self.write(Step.ADD)

    def relation(self, op: str, a: Whole, b: Whole) -> None:
        value, other = operand(b), operand(a)
        if value is None and other is not None:
            op, a, value = _MIRRORED[op], b, other
        self.push(a)
        if value is not None:
            self.write(_VALUES[op], value)
        else:
            self.push(b)
            self.write(_STACKED[op])

"""Random rules, and what Python itself says of them: the same text, its numbers as Fractions, by Python's evaluation."""

from __future__ import annotations

import ast
from fractions import Fraction

import numpy as np

from tradecore.vocabulary.rule_words import CELL, CELLS, QUANTITIES, SCALE_MOST

NUMBERS = [q for q in QUANTITIES.values() if q.kind == "number"]
TRUTHS = [q for q in QUANTITIES.values() if q.kind == "truth"]
UNKNOWN = [q for q in NUMBERS if q.bit >= 0]
POSITIVE = [q for q in NUMBERS if q.least >= 1]
RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


class RandomRule:
    """The text of a rule that is well formed, and the quantities that it needs to be known."""

    def __init__(self, rng) -> None:
        self.rng, self.needs = rng, 0
        self.text = self.truth(int(rng.integers(1, 4)))

    def pick(self, some):
        return some[int(self.rng.integers(0, len(some)))]

    def quantity(self, some) -> str:
        q = self.pick(some)
        self.needs |= 1 << q.bit if q.bit >= 0 else 0
        return q.name

    def literal(self, least: int = 0) -> str:
        whole = int(self.rng.integers(least, 10 ** int(self.rng.integers(1, 6))))
        return self.pick([str(whole), f"{whole}.{int(self.rng.integers(0, 1000)):03}", f"{whole}_000"])

    def number(self, depth: int) -> str:
        if depth == 0:
            return self.pick([self.literal, lambda: self.quantity(NUMBERS), lambda: self.quantity(NUMBERS)])()
        a = self.number(depth - 1)
        kind = int(self.rng.integers(0, 9))
        if kind < 3:
            return f"({a} {self.pick('+-*')} {self.number(depth - 1)})"
        if kind == 3:
            return f"{a} / {self.divisor(depth - 1)}"
        if kind == 4:
            return f"-{a}" if a[0] != "-" else a
        if kind == 5:
            return f"{self.pick(['min', 'max'])}({a}, {self.number(depth - 1)})"
        if kind == 6:
            return f"abs({a})"
        if kind == 7:
            return f"default({self.pick(UNKNOWN).name}, {a})"
        return f"({a} if {self.truth(depth - 1)} else {self.number(depth - 1)})"

    def divisor(self, depth: int) -> str:
        return self.pick([lambda: self.literal(1), lambda: self.quantity(POSITIVE), lambda: f"-{self.literal(1)}",
                          lambda: f"max({self.number(depth)}, {self.literal(1)})",
                          lambda: f"(abs({self.number(depth)}) + {self.literal(1)})",
                          lambda: f"min({self.number(depth)}, -{self.literal(1)})"])()

    def truth(self, depth: int) -> str:
        kind = int(self.rng.integers(0, 8)) if depth else 0
        if kind < 3:
            return f"{self.number(depth)} {self.pick(RELATIONS)} {self.number(max(0, depth - 1))}"
        if kind == 3:
            return self.pick([self.quantity(TRUTHS), f"known({self.pick(UNKNOWN).name})", self.pick(["True", "False"])])
        if kind == 4:
            return f"not ({self.truth(depth - 1)})"
        if kind == 5:
            return f"({self.truth(depth - 1)}) {self.pick(['==', '!='])} ({self.truth(depth - 1)})"
        return f"({self.truth(depth - 1)}) {self.pick(['and', 'or'])} ({self.truth(depth - 1)})"


def random_cells(rng, count: int):
    """Rows of cells within their bounds, and the bits of what is not known, whose cells are 0."""
    rows, unknown = np.zeros((count, len(CELLS)), np.int64), np.zeros(count, np.int64)
    for row in range(count):
        rows[row, 0] = 1
        for name, most in SCALE_MOST.items():
            rows[row, CELL[name]] = 10 ** int(rng.integers(0, len(str(most)) - 9))
        for bit in {q.bit for q in UNKNOWN}:
            unknown[row] |= int(rng.random() < 0.15) << bit
        for q in QUANTITIES.values():
            least, most = max(q.least, -10**6), min(q.most, 10**6)
            value = int(rng.integers(least, most + 1)) if rng.random() < 0.7 else int(rng.integers(max(least, -3), min(most, 5) + 1))
            value = 0 if q.bit >= 0 and unknown[row] >> q.bit & 1 else value
            rows[row, CELL[q.cell]] = value
            if q.is_wide:
                rows[row, CELL[q.cell] + 1] = -1 if value < 0 else 0
    return rows, unknown


def values_of(cells, unknown: int) -> dict[str, Fraction | bool | None]:
    """What each quantity is, None where it is not known."""
    told: dict[str, Fraction | bool | None] = {}
    for q in QUANTITIES.values():
        over = q.divisor
        for name in q.over:
            over *= int(cells[CELL[name]])
        number = Fraction(int(cells[CELL[q.cell]]) * int(cells[CELL[q.times]]), over)
        told[q.name] = None if q.bit >= 0 and unknown >> q.bit & 1 else bool(number) if q.kind == "truth" else number
    return told


class _Exact(ast.NodeTransformer):
    """Numbers become Fractions, quantities are looked up."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit_Constant(self, node):  # ast names it
        if isinstance(node.value, bool):
            return node
        digits = self.text[node.col_offset:node.end_col_offset].replace("_", "")
        return ast.Call(ast.Name("exact", ast.Load()), [ast.Constant(digits)], [])

    def visit_Attribute(self, node):
        return ast.Call(ast.Name("look_up", ast.Load()), [ast.Constant(ast.unparse(node))], [])


def python_rule(text: str):
    """The same text as Python's own: a function from the quantities to what it says."""
    code = compile(ast.fix_missing_locations(_Exact(text).visit(ast.parse(text, mode="eval"))), text, "eval")

    def say(told):
        names = {"exact": Fraction, "look_up": told.__getitem__, "min": min, "max": max, "abs": abs,
                 "known": lambda q: q is not None, "default": lambda q, other: other if q is None else q}
        return bool(eval(code, {"__builtins__": {}}, names))  # its oracle is Python's evaluation

    return say

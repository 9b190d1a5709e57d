"""Exact numbers of a user's rule, before there is a program: whole numbers of cells, and ratios of them.

Nothing is divided when a rule runs: a ratio keeps its divisor, a product of positive whole numbers, and two ratios are
compared, added and chosen between over what divides both. Each number knows between what it lies, which is how a
divisor that can be zero is found, and on which side of zero it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import gcd, lcm

from ..vocabulary.rule_words import CELL, SCALE_MOST


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, or a truth as 0 and 1: `op` of its parts; `least` and `most` bound it."""

    op: str  # const, cell, product, sum, abs, min, max, choose, <=, <, ==, !=, and, or, not, known
    least: int
    most: int
    parts: tuple[Whole, ...] = ()
    value: int = 0  # of a constant; a product's factor; a cell's number; the bit of what is known or not
    wide: bool = False


def const(value: int) -> Whole:
    return Whole("const", value, value, value=value)


def cell(name: str, least: int, most: int) -> Whole:
    return Whole("cell", least, most, value=CELL[name], wide=f"{name}_high" in CELL)


def scale(name: str) -> Whole:
    return cell(name, 1, SCALE_MOST[name])


def factors(x: Whole) -> tuple[int, tuple[Whole, ...]]:
    """A number as a constant times what is none."""
    if x.op == "const":
        return x.value, ()
    return (x.value, x.parts) if x.op == "product" else (1, (x,))


def product(*numbers: Whole) -> Whole:
    value = 1
    parts: list[Whole] = []
    for x in numbers:
        k, others = factors(x)
        value *= k
        parts += others
    if value == 0 or not parts:
        return const(value)
    if value == 1 and len(parts) == 1:
        return parts[0]
    least = most = value
    for x in parts:
        corners = [a * b for a in (least, most) for b in (x.least, x.most)]
        least, most = min(corners), max(corners)
    return Whole("product", least, most, tuple(parts), value)


def sum_of(a: Whole, b: Whole) -> Whole:
    if a.op == b.op == "const":
        return const(a.value + b.value)
    if const(0) in (a, b):
        return b if a == const(0) else a
    return Whole("sum", a.least + b.least, a.most + b.most, (a, b))


def chosen(op: str, *parts: Whole) -> Whole:
    """`min` and `max` of two, or `choose`: the second where the first is true, else the third."""
    a, b = parts[-2:]
    if op == "choose":
        return Whole(op, min(a.least, b.least), max(a.most, b.most), parts)
    pick = min if op == "min" else max
    return Whole(op, pick(a.least, b.least), pick(a.most, b.most), parts)


def magnitude(x: Whole) -> Whole:
    if x.least >= 0:
        return x
    if x.most <= 0:
        return product(const(-1), x)
    return Whole("abs", 0, max(-x.least, x.most), (x,))


def truth(op: str, *parts: Whole) -> Whole:
    return Whole(op, 0, 1, parts)


@dataclass(frozen=True, slots=True)
class Ratio:
    """`num` over `den` times the product of `over`; what divides is positive."""

    num: Whole
    den: int = 1
    over: tuple[Whole, ...] = ()


def ratio(num: Whole, den: int, over: Counter[Whole]) -> Ratio:
    """In its shortest form: what divides and multiplies it, as far as that is seen, is left out."""
    k, parts = factors(num)
    rest = Counter(parts)
    shared, over = rest & over, over - rest
    common = gcd(k, den)
    if k == 0:
        return Ratio(const(0))
    num = product(const(k // common), *(rest - shared).elements())
    return Ratio(num, den // common, tuple(over.elements()))


def over_one(a: Ratio, b: Ratio) -> tuple[Whole, Whole, int, Counter[Whole]]:
    """The two numbers over one divisor, and that divisor."""
    den, over = lcm(a.den, b.den), Counter(a.over) | Counter(b.over)
    one, other = (product(const(den // x.den), x.num, *(over - Counter(x.over)).elements()) for x in (a, b))
    return one, other, den, over


def add(a: Ratio, b: Ratio) -> Ratio:
    one, other, den, over = over_one(a, b)
    return ratio(sum_of(one, other), den, over)


def negate(a: Ratio) -> Ratio:
    return Ratio(product(const(-1), a.num), a.den, a.over)


def multiply(a: Ratio, b: Ratio) -> Ratio:
    return ratio(product(a.num, b.num), a.den * b.den, Counter(a.over) + Counter(b.over))


def can_be_zero(a: Ratio) -> bool:
    return a.num.least <= 0 <= a.num.most


def divide(a: Ratio, b: Ratio) -> Ratio:
    """Only by what can't be zero."""
    k, parts = factors(product(const(-1), b.num) if b.num.most < 0 else b.num)
    if any(x.least < 1 for x in parts):  # signs that only the whole has
        k, parts = 1, (product(const(k), *parts),)
    num = product(const(-1 if b.num.most < 0 else 1), a.num, const(b.den), *b.over)
    return ratio(num, a.den * k, Counter(a.over) + Counter(parts))


def compare(op: str, a: Ratio, b: Ratio) -> Whole:
    """One of < <= == != of two ratios, as that of two whole numbers."""
    one, other, _, _ = over_one(a, b)
    (k, some), (m, more) = factors(one), factors(other)
    shared, common = Counter(some) & Counter(more), gcd(k, m) or 1
    both = Counter({x: count for x, count in shared.items() if x.least > 0})
    one = product(const(k // common), *(Counter(some) - both).elements())
    other = product(const(m // common), *(Counter(more) - both).elements())
    return truth(op, one, other)

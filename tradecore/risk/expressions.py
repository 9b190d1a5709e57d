"""The text of a user's rule, read into a tree: what an order must keep, as `order.qty <= 500 or order.symbol == "SPY"`.

    either = both ("or" both)*      both = negated ("and" negated)*      negated = "not" negated | relation
    relation = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?       sum = product (("+" | "-") product)*
    product = signed (("*" | "/") signed)*     signed = "-" signed | atom
    atom = number | text | quantity | rule.NAME | function "(" either ("," either)* ")" | "(" choice ")"
    choice = either ("if" either "else" choice)?

Only the form is decided here; types, names and bounds are `rule_programs`'. Nothing of it is Python's `eval`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from ..vocabulary.rule_words import LETTERS_MAX, NESTING_MAX
from ..vocabulary.units import demand_type

_TOKEN = re.compile(r"""\s*(?:(?P<number>\d[\d_]*(?:\.\d[\d_]*)?)(?![\w.])|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|
                        (?P<text>"[^"]*")|(?P<sign><=|>=|==|!=|[-+*/()<>,]))""", re.X | re.ASCII)
_RELATIONS = ("<", "<=", ">", ">=", "==", "!=")
_WORDS = ("and", "or", "not", "if", "else")
DIGITS_MAX = 40


class RuleError(ValueError):
    """A rule that can't be one. `column` counts from 1, in its expression; 0 where it is none of the expression's."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(f"expression, column {column}: {message}" if column else message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression: `op` is a sign, a word, a function's name, or what a leaf is."""

    op: str
    column: int
    parts: tuple[Node, ...] = ()
    name: str = ""
    value: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise RuleError(f"{text[at]!r} can't stand here", at + 1)
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return [*found, _Token("end", "the end", end + 1)]


class _Reader:
    """Reads tokens from left to right; `nesting` bounds how deep it calls itself."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at, self.nesting = tokens, 0, 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def takes(self, *texts: str) -> _Token | None:
        token = self.next
        if token.kind == "text" or token.kind == "end" or token.text not in texts:
            return None
        self.at += 1
        return token

    def demand(self, text: str) -> _Token:
        token = self.takes(text)
        if token is None:
            raise RuleError(f"{text!r} is missing before {self.next.text!r}", self.next.column)
        return token

    def deeper(self) -> None:
        self.nesting += 1
        if self.nesting > NESTING_MAX:
            raise RuleError(f"nested deeper than {NESTING_MAX}", self.next.column)

    def choice(self) -> Node:
        self.deeper()
        node = self.either()
        token = self.takes("if")
        if token is not None:
            condition = self.either()
            self.demand("else")
            node = Node("if", token.column, (condition, node, self.choice()))
        self.nesting -= 1
        return node

    def either(self) -> Node:
        node = self.both()
        while (token := self.takes("or")) is not None:
            node = Node("or", token.column, (node, self.both()))
        return node

    def both(self) -> Node:
        node = self.negated()
        while (token := self.takes("and")) is not None:
            node = Node("and", token.column, (node, self.negated()))
        return node

    def negated(self) -> Node:
        token = self.takes("not")
        if token is None:
            return self.relation()
        self.deeper()
        node = Node("not", token.column, (self.negated(),))
        self.nesting -= 1
        return node

    def relation(self) -> Node:
        node = self.sum()
        token = self.takes(*_RELATIONS)
        if token is not None:
            node = Node(token.text, token.column, (node, self.sum()))
            if (second := self.takes(*_RELATIONS)) is not None:
                raise RuleError(f"a second {second.text!r}: say `a < b and b < c`", second.column)
        return node

    def sum(self) -> Node:
        node = self.product()
        while (token := self.takes("+", "-")) is not None:
            node = Node(token.text, token.column, (node, self.product()))
        return node

    def product(self) -> Node:
        node = self.signed()
        while (token := self.takes("*", "/")) is not None:
            node = Node(token.text, token.column, (node, self.signed()))
        return node

    def signed(self) -> Node:
        token = self.takes("-")
        if token is None:
            return self.atom()
        self.deeper()
        node = Node("negate", token.column, (self.signed(),))
        self.nesting -= 1
        return node

    def atom(self) -> Node:
        token = self.next
        self.at += 1
        if token.kind == "number":
            digits = token.text.replace("_", "")
            if len(digits) > DIGITS_MAX:
                raise RuleError(f"a number of more than {DIGITS_MAX} digits", token.column)
            return Node("number", token.column, value=Fraction(digits))
        if token.kind == "text":
            return Node("text", token.column, name=token.text[1:-1])
        if token.text == "(":
            node = self.choice()
            self.demand(")")
            return node
        if token.kind != "name" or token.text in _WORDS:
            raise RuleError(f"a number, a quantity or '(' is missing before {token.text!r}", token.column)
        if self.takes("(") is None:
            return Node("name", token.column, name=token.text)
        parts = [self.choice()]
        while self.takes(","):
            parts.append(self.choice())
        self.demand(")")
        return Node("call", token.column, tuple(parts), token.text)


def read_expression(text: str) -> Node:
    """The tree of an expression. RuleError with the column where it is none; never anything else for a str."""
    demand_type(text, str, "expression")
    if len(text) > LETTERS_MAX:
        raise RuleError(f"{len(text)} letters are more than {LETTERS_MAX}", LETTERS_MAX + 1)
    reader = _Reader(_tokens(text))
    node = reader.choice()
    if reader.next.kind != "end":
        raise RuleError(f"{reader.next.text!r} can't stand here", reader.next.column)
    return node

"""Programs of users' rules: tables of steps over cells, without jumps. What must hold is asked, nothing is changed.

See `vocabulary/rule_words` for the steps. Numbers are exact; one that leaves 128 bits refuses the order, as does a
quantity that is needed and not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tradecore.vocabulary.rule_words import (
    CELLS,
    FAILS,
    HOLDS,
    MARKET,
    MONEY,
    NOTIONAL,
    ORDER,
    STACK_MAX,
    STEP_CODEC,
    STEPS_MAX,
    TAKES_AND_PUTS,
    TOO_LARGE,
    UNKNOWN_QUANTITY,
    WIDE,
    Step,
    group_of_cell,
)

from ..vocabulary.shell import Records

BITS = 64
DIGIT = 62


def find_bad_step(steps: Sequence[Any], cells: int = len(CELLS), left: int = 0) -> int:
    """The first step that no program over so many cells can have, or -1: its word, its cells, and what it takes from
    the stack. A rule leaves nothing there, a scorer its number."""
    held = 0
    for at, step in enumerate(steps):
        if step.op > Step.KNOWN or (step.op == Step.DONE) != (at == len(steps) - 1):
            return at
        takes, puts = TAKES_AND_PUTS[step.op]
        if held < takes or held - takes + puts > STACK_MAX or step.a >= (BITS if step.op == Step.KNOWN else cells):
            return at
        if step.b + (step.op == Step.PUSH_WIDE) >= cells:
            return at
        held += puts - takes
    return -1 if 0 < len(steps) <= STEPS_MAX and held == left else max(0, len(steps) - 1)


def is_true(op: int, x: int, value: int) -> bool:
    """A comparison, in the order of the steps that check, and of those that compare with a value."""
    return (x <= value, x >= value, x < value, x > value, x == value, x != value)[op]


def take_step(step: Any, stack: list[int], cells: Sequence[int], value: int, unknown: int) -> bool:
    """One step that works on the stack; False where a number leaves 128 bits."""
    op = step.op
    if op == Step.PUSH:
        made = value
    elif op == Step.PUSH_WIDE:
        made = (cells[step.b] % 2**64) | (cells[step.b + 1] << 64)
    elif op == Step.KNOWN:
        made = 1 - (unknown >> step.a & 1)
    else:
        x = stack.pop()
        if op == Step.ADD_VALUE:
            made = x + value
        elif op == Step.MULTIPLY_VALUE:
            made = x * value
        elif op == Step.SHIFT_IN:
            made = x << DIGIT
            made += value if -WIDE <= made < WIDE else 0  # what has left 128 bits does not come back
        elif op == Step.NOT:
            made = int(x == 0)
        elif op == Step.NEGATE:
            made = -x
        elif op == Step.MAGNITUDE:
            made = abs(x)
        elif op < Step.REQUIRE:
            made = int(is_true(op - Step.LE_VALUE, x, value))
        else:
            made = take_two(op, stack.pop(), x, stack)
    stack.append(made)
    return -WIDE <= made < WIDE


def take_two(op: int, y: int, x: int, stack: list[int]) -> int:
    """A step that works on the two numbers on top; CHOOSE on three."""
    if op == Step.ADD:
        return y + x
    if op == Step.SUBTRACT:
        return y - x
    if op == Step.MULTIPLY:
        return y * x
    if op == Step.LEAST:
        return min(y, x)
    if op == Step.MOST:
        return max(y, x)
    if op == Step.CHOOSE:
        return y if stack.pop() else x
    if op == Step.AND:
        return int(y != 0 and x != 0)
    if op == Step.OR:
        return int(y != 0 or x != 0)
    return int((y <= x, y < x, y == x, y != x)[op - Step.LE])


def run_steps(steps: Sequence[Any], cells: Sequence[int], unknown: int, stack: list[int]) -> tuple[int, int]:
    """HOLDS, FAILS or TOO_LARGE, with the column at which it was decided; `stack` is empty, and has then what is
    left."""
    for step in steps:
        value = step.factor * cells[step.b]
        if step.op == Step.DONE:
            break
        if step.op < Step.PUSH:
            if not is_true(step.op - Step.CHECK_LE, cells[step.a], value):
                return FAILS, step.column
        elif step.op == Step.REQUIRE:
            if not stack.pop():
                return FAILS, step.column
        elif not take_step(step, stack, cells, value, unknown):
            return TOO_LARGE, step.column
    return HOLDS, 0


def ask_rule(steps: Sequence[Any], needs: int, cells: Sequence[int], unknown: int) -> tuple[int, int]:
    """What a rule says: as `run_steps`, and UNKNOWN_QUANTITY where it needs what is not known."""
    if needs & unknown:
        return UNKNOWN_QUANTITY, 0
    return run_steps(steps, cells, unknown, [])


def ask_scorer(steps: Sequence[Any], cells: Sequence[int]) -> int:
    """The number of one's own scorer; of what leaves 128 bits the largest."""
    stack: list[int] = []
    return WIDE - 1 if run_steps(steps, cells, 0, stack)[0] else stack[0]


def group_of_bit(bit: int) -> int:
    """The bit of the group with which it comes to be known whether a quantity is."""
    return ORDER if bit == 0 else NOTIONAL if bit == 1 else MONEY if bit < 5 else MARKET


def groups_of(steps: Sequence[Any], needs: int) -> int:
    """The groups that a rule reads: of its cells, and of what it needs to be known."""
    groups = 0
    for step in steps:
        groups |= group_of_cell(step.b)
        groups |= group_of_bit(step.a) if step.op == Step.KNOWN else group_of_cell(step.a)
    for bit in range(BITS):
        groups |= group_of_bit(bit) if needs >> bit & 1 else 0
    return groups


@dataclass(slots=True)
class UserRule:
    """One rule in a core's state: whose steps may be coming still."""

    name: int  # numbers of texts
    who: int
    why: int
    needs: int  # bits of the quantities that must be known
    mode: int  # enforced, or only observed
    step_count: int
    is_scorer: bool = False  # one's own of venues: then it has no name, and is asked for its number
    steps: list[Any] = field(default_factory=list)
    groups: int = 0  # of the cells that it reads


class UserRules:
    """The rules of a core, in the order in which they were added."""

    def __init__(self) -> None:
        self.rows: list[UserRule] = []  # those in force
        self.loading: UserRule | None = None
        self.scorer: UserRule | None = None
        self.observed = self.groups = 0  # how many are only observed; the cells' groups that any of them reads


def read_steps(steps: bytes) -> list[Any]:
    return [STEP_CODEC.unpack(steps, at) for at in range(0, len(steps), STEP_CODEC.struct.size)]


class RuleProgram:
    """One user's rule alone: its steps, and the bits of what it needs to be known.

    ValueError, naming the step, where `steps` are no program.
    """

    def __init__(self, steps: bytes, needs: int = 0) -> None:
        size = STEP_CODEC.struct.size
        if len(steps) % size or not 0 < len(steps) <= STEPS_MAX * size:
            raise ValueError(f"steps must be 1 to {STEPS_MAX} times {size} bytes, not {len(steps)}")
        self.steps, self.needs = read_steps(steps), needs
        bad = find_bad_step(self.steps)
        if bad >= 0:
            raise ValueError(f"step {bad} can't be one: its word, its cells, or what it takes from the stack")

    def ask(self, cells: Records, unknown: Records) -> Records:
        """What it says to each row of cells (int64), `unknown` having the bits of what is not known (int64): int32,
        HOLDS, FAILS, UNKNOWN_QUANTITY or TOO_LARGE, and 4 x the column at which it was decided. Threads: any."""
        if cells.dtype != np.int64 or cells.ndim != 2 or cells.shape[1] != len(CELLS) or unknown.dtype != np.int64:
            raise ValueError(f"cells must be int64 rows of {len(CELLS)}, unknown as many int64")
        if unknown.shape != cells.shape[:1]:
            raise ValueError(f"unknown must have {len(cells)} numbers, not {unknown.shape}")
        said = np.zeros(len(cells), np.int32)
        for row, (some, bits) in enumerate(zip(cells.tolist(), unknown.tolist(), strict=True)):
            outcome, column = ask_rule(self.steps, self.needs, some, bits)
            said[row] = outcome | column << 2
        return said

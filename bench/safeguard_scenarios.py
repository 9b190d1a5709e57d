"""Scenarios of bench/scenarios.py for what stands beside risk, alone: users' rules, and the exit gate."""

from __future__ import annotations

from typing import Any

import numpy as np
from batches import OPERATIONS, Count

from tradecore._backend import room_module
from tradecore.risk.rule_programs import compile_rule
from tradecore.vocabulary.records import EXIT_DTYPE
from tradecore.vocabulary.rule_words import CELL, CELLS

FIVE_TERMS = ("order.qty <= 500 and position.qty >= -900 and position.working_buy <= 700 and "
              "exposure.open_orders < 1_000 and exposure.qty <= 100_000")
FIVE_NAMES = ("order.qty + position.qty + position.working_buy <= 1_000 and "
              "abs(position.qty) <= max(order.qty, 100) and exposure.open_orders < 1_000")


def ask_rule(count: Count, expression: str) -> None:
    rule = compile_rule(expression)
    cells = np.zeros((OPERATIONS, len(CELLS)), np.int64)
    cells[:, [CELL["one"], CELL["qty_scale"], CELL["order_qty"]]] = 1, 100, 50_000
    program, unknown = room_module("native", "programs").RuleProgram(rule.steps), np.zeros(OPERATIONS, np.int64)
    with count(OPERATIONS):
        said = program.ask(cells, unknown)
    assert not said.any()


def ask_gate(count: Count, armed: bool) -> None:
    """New orders for external venues, of 16 instruments; armed with a collar, a throttle and an exchange's limits."""
    gate = room_module("native", "exit_gate").GateTable(OPERATIONS, 16)
    at = np.arange(OPERATIONS)
    exits: Any = np.zeros(OPERATIONS, EXIT_DTYPE)
    for name, column in {"order_id": 1 + at, "order_qty": 100, "leaves_qty": 100, "most_qty": 100,
                         "price": 10_000 + at % 50, "reference2": 20_000, "now": 10**9 + at * 10**6, "made": 1 + at,
                         "venue": 1 + at % 8, "instrument": 1 + at % 16, "side": 1 + at % 2}.items():
        exits[name] = column
    if armed:
        gate.set(500, 2_000, 10**9)
        for instrument in range(1, 17):
            gate.set_price_limits(instrument, 5_000, 15_000, 1_000, 10_000)
    with count(OPERATIONS):
        reasons = gate.pass_out(exits)
    assert not reasons.any()

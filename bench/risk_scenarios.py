"""Risk by itself for `make instructions`: few rules, many, and each on every scope; what scenarios.py says of its own
holds here."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from batches import ARMED, CENT, OPERATIONS, STAMPS, Count, new_orders

import tradecore as tc
from tradecore._backend import room_module
from tradecore.core.declaring import join_group
from tradecore.vocabulary.records import CODECS
from tradecore.vocabulary.rules import RULES, LimitUnit, find_rule

MILLIONS = 10**15  # in 10**-9
SECOND = 1_000_000_000  # ns
# Beside those that every account is told: rules that count, that look at what an order asks for, and that need marks.
MORE = [(tc.Rule.REPLACE_RATE, 16_000, SECOND), (tc.Rule.CANCEL_RATE, 16_000, SECOND),
        (tc.Rule.MESSAGE_RATE, 16_000, SECOND), (tc.Rule.DAILY_ORDER_COUNT, 10**6, 0),
        (tc.Rule.ORDER_TO_TRADE_RATIO, 10**5, 0), (tc.Rule.DUPLICATE_ORDER, 100, 1_000_000),
        (tc.Rule.NOTIONAL_PER_WINDOW, 10**6 * MILLIONS, 1_000_000),
        *((rule, 10**6 * MILLIONS, 0) for rule in (tc.Rule.MAX_GROSS_EXPOSURE, tc.Rule.MAX_NET_EXPOSURE,
                                                   tc.Rule.MAX_POSITION_NOTIONAL, tc.Rule.MAX_PENDING_NOTIONAL)),
        (tc.Rule.STALE_QUOTE, 10**9, 0)]
OF_HOLDINGS = [(tc.Rule.SHORT_SALE, 0, 0), (tc.Rule.INSUFFICIENT_POSITION, 0, 0)]
SCOPES: dict[tc.Scope, dict[str, Any]] = {
    tc.Scope.FIRM: {}, tc.Scope.ACCOUNT: {"account": "a"}, tc.Scope.INSTRUMENT: {"symbol": "I1"},
    tc.Scope.VENUE: {"venue": "V"}, tc.Scope.STRATEGY: {"strategy": 1},
    tc.Scope.ACCOUNT_INSTRUMENT: {"account": "a", "symbol": "I1"}, tc.Scope.ACCOUNT_GROUP: {"account_group": "g"},
    tc.Scope.INSTRUMENT_GROUP: {"instrument_group": "G"}}
EXACT = (LimitUnit.QUANTITY, LimitUnit.MONEY, LimitUnit.BASE_MONEY, LimitUnit.RATIO)  # in 10**-9


def risk_table(limits: list[tuple[tc.Rule, Any, int]], orders: int) -> Any:
    """The room alone, with so many recent orders kept, and limits of 16 accounts."""
    table = room_module("native", "risk").RiskTable(16, 1, orders)
    fields = tc.Instrument("I1").definition(1)
    table.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=tc.CommandType.DEFINE_INSTRUMENT, **fields))
    for account in range(1, 17):
        for rule, value, window in limits:
            table.set_limit(account, int(rule), value, window)
    return table


def risk(count: Count, limits: list[tuple[tc.Rule, Any, int]]) -> None:
    """The checks that are always armed, these limits, and the hold. Each account holds what it sells."""
    table = risk_table(limits, 16_384)
    table.mark(1, 19_000 * CENT, 1)
    accounts = 1 + np.arange(480) % 16
    assert not table.admit(new_orders(480, account=accounts, order_qty=10_000, side=1), 2 * 19_000 * CENT).any()
    for account in accounts:
        table.fill(1, int(account), 1, 10_000)
    orders = new_orders(OPERATIONS, account=np.random.default_rng(7).integers(1, 17, OPERATIONS),
                        price=(18_900 + np.arange(OPERATIONS) % 200) * CENT, transact_time=STAMPS)
    with count(OPERATIONS):
        reasons = table.admit(orders, 2 * 19_000 * CENT)
    assert not reasons.any()


def limited_core(every_scope: bool) -> tc.TradingCore:
    """Limits that nothing comes near: 20 of an account, or each rule that has a number on every scope that it takes."""
    core = tc.TradingCore(instruments=[tc.Instrument("I1", group="G")], venues=[tc.SimulatedVenue("V")],
                          accounts=["a"], limits=ARMED, backend="native", clock=lambda: 1)
    core.quote("V", "I1", bid=189, bid_size=10**6, ask=191, ask_size=10**6)
    core.positions.open_position("I1", 10**6, 190, account="a")
    core.positions.open_cash("USD", 10**9, account="a")
    core.mark("I1", 190)
    if every_scope:
        join_group(core._gate, core._gate.names.account_groups, "g", account=1)
        rows = [(row, SCOPES[scope]) for row in RULES for scope in row.scopes if row.unit is not LimitUnit.FLAG]
        core.roll_day()
    else:
        rules = [rule for rule, _, _ in MORE] + [tc.Rule.MAX_OPEN_ORDERS, tc.Rule.DAILY_LOSS, tc.Rule.DRAWDOWN]
        rows = [(find_rule(rule), SCOPES[tc.Scope.ACCOUNT]) for rule in rules]
    for row, target in rows:
        value = 16_000 if row.most < 0 else min(row.most // (10**9 if row.unit in EXACT else 1), 10**12)
        core.risk.set_limit(row.rule, value, **target, **{"window_ms": 1_000} if row.windowed else {})
    return core


def check_batch(count: Count, every_scope: bool) -> None:
    """Validation and risk's checks of orders that name a strategy and a venue; nothing is held."""
    core = limited_core(every_scope)
    orders = new_orders(OPERATIONS, price=(18_900 + np.arange(OPERATIONS) % 200) * CENT, venue=1, strategy=1,
                        transact_time=STAMPS)
    with count(OPERATIONS):
        answers = core.check_batch(orders)
    assert not answers["reason"].any()


SCENARIOS = {
    "risk alone": partial(risk, limits=ARMED.rows()),
    "risk alone, 19 rules": partial(risk, limits=[*ARMED.rows(), *MORE, *OF_HOLDINGS]),
    "check_batch, 20 rules": partial(check_batch, every_scope=False),
    "check_batch, every rule and scope": partial(check_batch, every_scope=True),
}

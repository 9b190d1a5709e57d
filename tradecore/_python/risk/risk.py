"""Pre-trade risk. Fail closed: a check that is armed and can't be evaluated refuses. It never sees a book.

Working orders count: what rests is reserved, a fill commits it, an end releases it. One check, one function, one
reason; each answers with a Finding, whose value and limit are in the rule's own unit.

The collar binds the aggressive side only; a MARKET order never trades beyond it, and is refused where there is no
positive reference. An order's notional is taken at its worst: a buy at its limit; a sell at the highest of limit,
reference and the best bid that it could take; a MARKET order at its protection price, or without a collar at the higher
of the reference and what it takes first.

An observed limit lies in a table of its own (`watched`) and is off in the enforced one, so that no check and no path
knows of observing: an account that watches something is asked once more after it passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tradecore.vocabulary.codes import CommandType, LimitMode, Reason, Scope
from tradecore.vocabulary.records import CODECS, LIMIT_OFF, NO_PRICE, POSITION_MAX, PRICE_MAX, QTY_MAX, TIME_MAX
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.units import tell_wide

from ..vocabulary.instrument import (
    BUY,
    MARKET,
    SELL,
    InstrumentRow,
    define_instrument_row,
    is_beyond_amount,
    most_qty,
    tell_notional,
)
from ..vocabulary.shell import Records, demand, open_batch, open_command, saturate
from .holds import (
    ALL_RULES,
    COLLAR,
    ORDER_NOTIONAL,
    ORDER_QTY,
    ORDER_RATE,
    POSITION_QTY,
    AccountRisk,
    Question,
    RiskTables,
    commit_fill,
    exposure_of,
    is_killed,
    reducible_qty,
    release_hold,
    reserve_order,
    set_limit,
    switch,
)


class RiskTable(RiskTables):
    """Pre-trade limits that count working orders, fail-closed, for a system that has its own order handling.

    Orders must be valid (see Validator): ids declared, quantities and prices within bounds.
    """

    def define(self, definition: bytes) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        return define_instrument_row(self.instruments, self.instrument_max, definition)

    def set_limit(self, account: int, rule: int, value: int, window_ns: int = 0) -> None:
        """Set one limit (Rule, its unit; -1 is off). ValueError where account, rule or value can't be."""
        demand("account", account, 1, self.account_max)
        if set_limit(self, account, rule, value, window_ns, LimitMode.ENFORCE) >= 0:
            raise ValueError(f"rule {rule} can't be {value} in a window of {window_ns} ns")

    def kill(self, scope: int, target: int, engaged: bool) -> None:
        """Engage or release the kill switch of a Scope."""
        demand("scope", scope, Scope.FIRM.value, Scope.VENUE.value)
        most = {Scope.FIRM: 0, Scope.ACCOUNT: self.account_max, Scope.INSTRUMENT: self.instrument_max, Scope.VENUE: 64}
        demand("target", target, 0 if scope == Scope.FIRM else 1, most[Scope(scope)])
        switch(self, scope, target, bool(engaged))

    def check(self, order: bytes, reference2: int) -> list[Finding]:
        """Every rule's Finding for one ORDER record, in the order of the reasons. Changes nothing.

        `reference2` is twice the reference price in price units (a mid may lie between units), or NO_PRICE.
        """
        return evaluate_risk(self._ask(open_command(order, CODECS[CommandType.NEW_ORDER]), reference2))

    def admit(self, orders: Records, reference2: int) -> Records:
        """Check each ORDER_DTYPE record and hold its quantity if it passes; int16 reasons, 0 where it passed.

        Threads: one caller at a time.
        """
        commands = list(open_batch(orders, CODECS[CommandType.NEW_ORDER]))
        questions = [self._ask(c, reference2) for c in commands]
        reasons = np.zeros(len(questions), np.int16)
        for i, q in enumerate(questions):
            refused = check_risk(q)
            if refused is None:
                reserve_order(self, q)
            else:
                reasons[i] = refused.reason
        return reasons

    def fill(self, instrument: int, account: int, side: int, qty: int) -> None:
        """Turn held quantity into position."""
        self._demand_hold(instrument, account, side, qty)
        commit_fill(self, instrument, account, side, qty)

    def release(self, instrument: int, account: int, side: int, qty: int) -> None:
        """Give held quantity back."""
        self._demand_hold(instrument, account, side, qty)
        release_hold(self, instrument, account, side, qty)

    def exposure(self, instrument: int, account: int) -> tuple[int, int, int]:
        """(position_qty, working_buy, working_sell) in lots."""
        demand("instrument", instrument, 1, len(self.instruments))
        demand("account", account, 1, self.account_max)
        e = exposure_of(self, instrument, account)
        return e.position_qty, e.working_buy, e.working_sell

    def _ask(self, c: Any, reference2: int) -> Question:
        demand("instrument", c.instrument, 1, len(self.instruments))
        demand("account", c.account, 1, self.account_max)
        demand("venue", c.venue, 0, 64)
        demand("side", c.side, BUY, SELL)
        demand("order_qty", c.order_qty, 1, QTY_MAX)
        if c.ord_type != MARKET:
            demand("price", c.price, -PRICE_MAX, PRICE_MAX)
        return ask_risk(self, self.instruments[c.instrument], c, reference2, NO_PRICE, c.transact_time, False, 0,
                        TIME_MAX)

    def _demand_hold(self, instrument: int, account: int, side: int, qty: int) -> None:
        demand("instrument", instrument, 1, len(self.instruments))
        demand("account", account, 1, self.account_max)
        demand("side", side, BUY, SELL)
        e = exposure_of(self, instrument, account)
        demand("qty", qty, 0, e.working_buy if side == BUY else e.working_sell)


def ask_risk(
    risk: RiskTables, ins: InstrumentRow, c: Any, reference2: int, touch2: int, now: int, duplicate: bool,
    open_orders: int, max_open_orders: int,
) -> Question:
    """The question that a valid MARKET or LIMIT order puts, with the rows that it is about."""
    rules = risk.accounts[c.account]
    return Question(
        c.order_qty, c.order_qty, c.order_qty, c.price, reference2, touch2, now, c.instrument, c.account, c.venue,
        BUY if c.side == BUY else SELL, c.ord_type, duplicate, False, False, False, False, open_orders,
        max_open_orders, ins, rules, exposure_of(risk, c.instrument, c.account),
        is_killed(risk, c.instrument, c.account, c.venue),
    )


def counts_at_market(ord_type: int, side: int) -> bool:
    """Does an order count at what the market says? A buy within its limit counts at that, whatever it takes."""
    return ord_type == MARKET or side == SELL


def needs_reference(rules: AccountRisk, ord_type: int, side: int) -> bool:
    return rules.limits[COLLAR] >= 0 or (rules.limits[ORDER_NOTIONAL] >= 0 and counts_at_market(ord_type, side))


def protection_price(q: Question) -> int:
    """The worst price that the collar lets an order trade at; only with a reference and an armed collar."""
    return collar_price(q.reference2, q.rules.limits[COLLAR], q.side)


def collar_price(reference2: int, bps: int, side: int) -> int:
    """The worst price so many basis points from a reference."""
    price = reference2 * (10_000 + bps) // 20_000 if side == BUY else -(reference2 * (bps - 10_000) // 20_000)
    return max(-PRICE_MAX, min(PRICE_MAX, price))


def worst_position(q: Question) -> int:
    """The position if everything working on the order's side fills, this order too; positive is worse."""
    if q.side == BUY:
        return q.exposure.position_qty + q.exposure.working_buy + q.hold_qty
    return q.exposure.working_sell + q.hold_qty - q.exposure.position_qty


def check_kill_switch(q: Question) -> Finding:
    return Finding(Reason.KILL_SWITCH, q.killed, 0, q.killed > 0, True)


def check_config(q: Question) -> Finding:
    configured = q.rules.configured
    return Finding(Reason.RISK_CONFIG_MISSING, configured, ALL_RULES, configured != ALL_RULES, True)


def check_duplicate(q: Question) -> Finding:
    return Finding(Reason.DUPLICATE_CLORDID, int(q.duplicate), 0, q.duplicate, True)


def check_open_orders(q: Question) -> Finding:
    refused = q.open_orders >= q.max_open_orders and not q.recheck
    return Finding(Reason.MAX_OPEN_ORDERS, q.open_orders + 1, q.max_open_orders, refused, True)


def check_reference(q: Question) -> Finding:
    limits = q.rules.limits
    armed = limits[COLLAR] >= 0 or (q.ord_type == MARKET and limits[ORDER_NOTIONAL] >= 0)
    value = q.reference2 if q.reference2 > 0 else NO_PRICE
    return Finding(Reason.REFERENCE_PRICE_UNAVAILABLE, value, 0, armed and q.reference2 <= 0, armed)


def check_order_qty(q: Question) -> Finding:
    limit = q.rules.limits[ORDER_QTY]
    refused = limit >= 0 and q.order_qty * q.ins.qty_scale > limit * q.ins.qty_limit_scale
    return Finding(Reason.MAX_ORDER_QTY, q.order_qty, tell_wide(limit, False), refused, limit >= 0)


def notional_price2(q: Question) -> int:
    """Twice the price that an order counts at, by magnitude: a buy at its limit, a sell at the highest of its limit,
    the reference and the best bid that it could take, a market order at its protection price, or without a collar at
    the higher of the reference and what it could take first."""
    if q.ord_type == MARKET and q.side == BUY and q.rules.limits[COLLAR] >= 0:
        return abs(2 * protection_price(q))
    if q.ord_type != MARKET and q.side == BUY:
        return abs(2 * q.price)
    known = [abs(price2) for price2 in (q.reference2, q.touch2) if price2 != NO_PRICE]
    return max(known + ([] if q.ord_type == MARKET else [abs(2 * q.price)]), default=0)


def check_order_notional(q: Question) -> Finding:
    limit = q.rules.limits[ORDER_NOTIONAL]
    armed = limit >= 0
    if q.ord_type == MARKET and q.reference2 <= 0:  # refused by check_reference
        return Finding(Reason.MAX_ORDER_NOTIONAL, NO_PRICE, tell_wide(limit, False), False, armed)
    amount2 = notional_price2(q) * q.order_qty
    refused = armed and amount2 * q.ins.notional_scale > 2 * limit * q.ins.limit_scale
    return Finding(Reason.MAX_ORDER_NOTIONAL, tell_notional(q.ins, (amount2 + 1) // 2, True), tell_wide(limit, False),
                   refused, armed)


def check_collar(q: Question) -> Finding:
    """Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3."""
    bps = q.rules.limits[COLLAR]
    armed = bps >= 0
    if q.reference2 <= 0:  # refused by check_reference
        return Finding(Reason.PRICE_COLLAR, NO_PRICE, bps, False, armed)
    if q.ord_type == MARKET:  # bounded by its protection price
        return Finding(Reason.PRICE_COLLAR, bps if armed else NO_PRICE, bps, False, armed)
    away = 2 * q.price - q.reference2
    if q.side == SELL:
        away = -away
    refused = armed and away * 10_000 > bps * q.reference2
    value = saturate(-(-away * 10_000 // q.reference2))  # rounded up
    return Finding(Reason.PRICE_COLLAR, value, bps, refused, armed)


def check_position_qty(q: Question) -> Finding:
    """Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b). An order that only reduces always passes: its worst
    position is on the other side of zero."""
    limit = q.rules.limits[POSITION_QTY]
    worst = worst_position(q)
    refused = limit >= 0 and (q.hold_qty > 0 or q.released) and worst * q.ins.qty_scale > limit * q.ins.qty_limit_scale
    return Finding(Reason.MAX_POSITION_QTY, worst, tell_wide(limit, False), refused, limit >= 0)


def check_order_rate(q: Question) -> Finding:
    """At most `limit` orders in any window: the order `limit` places back must be older than the window."""
    limit = q.rules.limits[ORDER_RATE]
    start = q.now - q.rules.window_ns
    late = limit > 0 and q.rules.sent >= limit and q.rules.sent_times[-limit] > start
    refused = not q.recheck and (limit == 0 or late)
    return Finding(Reason.ORDER_RATE, limit + 1, limit, refused, limit >= 0)


def count_recent(q: Question) -> int:
    """How many of the newest orders are in the window, one after another back from the last."""
    count = 0
    for time in reversed(q.rules.sent_times):
        if time <= q.now - q.rules.window_ns:
            break
        count += 1
    return count


def check_overflow(q: Question) -> Finding:
    """Always armed: with it, no position, cost or P&L can leave its integers."""
    worst = worst_position(q)
    if q.ord_type != MARKET and is_beyond_amount(q.ins, q.price, q.order_qty):
        return Finding(Reason.ARITHMETIC_OVERFLOW, q.order_qty, most_qty(q.ins, q.price), True, True)
    return Finding(Reason.ARITHMETIC_OVERFLOW, worst, POSITION_MAX, worst > POSITION_MAX and q.hold_qty > 0, True)


def check_reduce_only(q: Question) -> Finding:
    """A reduce-only order is no larger than the position that it reduces. What comes later is trimmed as fills come."""
    most = reducible_qty(q.exposure.position_qty, q.side)
    refused = q.reduce_only and q.leaves_qty > most
    return Finding(Reason.REDUCE_ONLY_VIOLATION, q.leaves_qty, most, refused, q.reduce_only)


def check_session(q: Question) -> Finding:
    return Finding(Reason.SESSION_CLOSED, int(q.closed), 0, q.closed, True)


# In the order of the reasons: the first refusal is the one that is reported.
CHECKS: tuple[Callable[[Question], Finding], ...] = (
    check_kill_switch, check_config, check_duplicate, check_open_orders, check_reference, check_order_qty,
    check_order_notional, check_collar, check_position_qty, check_order_rate, check_overflow, check_reduce_only,
    check_session,
)


def check_risk(q: Question) -> Finding | None:
    """The first refusal, or None. Changes nothing."""
    for check in CHECKS:
        finding = check(q)
        if finding.refused:
            return finding
    return None


def evaluate_risk(q: Question) -> list[Finding]:
    """Every rule's value, limit and verdict. Changes nothing."""
    findings = [check(q) for check in CHECKS]
    rate = CHECKS.index(check_order_rate)
    findings[rate] = findings[rate]._replace(value=count_recent(q) + 1)
    return [f._replace(reason=int(f.reason)) for f in findings]


# Of them, those that limits decide: from REFERENCE_PRICE_UNAVAILABLE to ORDER_RATE.
OBSERVABLE = (
    check_reference, check_order_qty, check_order_notional, check_collar, check_position_qty, check_order_rate,
)


def watched_rules(rules: AccountRisk) -> AccountRisk:
    """The account as if the limits that are only observed were the enforced ones, and nothing else."""
    limits = [limit if rules.watching >> rule & 1 else LIMIT_OFF for rule, limit in enumerate(rules.watched)]
    return replace(rules, limits=limits)


def observe_risk(q: Question, explain: bool) -> list[Finding]:
    """What the observed limits say to an order. Changes nothing."""
    q = replace(q, rules=watched_rules(q.rules))
    findings = [check(q) for check in OBSERVABLE]
    if explain:
        findings[-1] = findings[-1]._replace(value=count_recent(q) + 1)
    return [f._replace(reason=int(f.reason)) for f in findings]

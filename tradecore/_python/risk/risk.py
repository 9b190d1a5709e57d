"""Pre-trade risk. Fail closed: a check that is armed and can't be evaluated refuses. It never sees a book.

Working orders count: what rests is reserved, a fill commits it, an end releases it. One check, one function, one
reason; each answers with a Finding, whose value and limit are in the rule's own unit.

The collar binds the aggressive side only; a MARKET order never trades beyond it, and is refused where there is no
positive reference. An order's notional is taken at its worst: a buy at its limit; a sell at the highest of limit,
reference and the best bid that it could take; a MARKET order at its protection price, or without a collar at the higher
of the reference and what it takes first. What is only observed lies in lines of its own (`watched`), and is asked about
once more of what has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np

from tradecore.vocabulary.codes import CommandType, LimitMode, Reason, Rule, Scope, TradingState
from tradecore.vocabulary.records import CODECS, NO_PRICE, POSITION_MAX, PRICE_MAX, QTY_MAX, TIME_MAX
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import MESSAGES, Sent
from tradecore.vocabulary.units import WORD

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
from .day_pnl import set_mark
from .exposure_checks import CHECKS_ON_MARKS, adds_risk, goes_on, told_limit
from .exposures import keep_exposures, last_mark_time
from .fund_checks import CHECKS_OF_FUNDS
from .holds import (
    FIRM_MAX,
    Question,
    RiskTables,
    commit_fill,
    count_trade,
    exposure_of,
    note_breach,
    notional_price2,
    reducible_qty,
    release_hold,
    reserve_order,
    worst_position,
)
from .limit_lines import (
    BLOCKED,
    COLLAR,
    DISABLED,
    FIRM_POSITION,
    ORDER_NOTIONAL,
    ORDER_QTY,
    PERMITTED,
    PERMITTED_ONLY,
    POSITION,
    RESTRICTED,
    Line,
    line_of,
)
from .rule_counts import check_alike, check_breaker, check_counted, check_notional, check_open
from .rule_rows import RULES, find_bad_limit, set_row
from .switches import Met, meet_switches, set_switch

_SET_LIMIT = CODECS[CommandType.SET_LIMIT]


class RiskTable(RiskTables):
    """Pre-trade limits that count working orders, fail-closed, for a system that has its own order handling.

    Orders must be valid (see Validator): ids declared, quantities and prices within bounds.
    """

    last_time = 0  # of what was asked to be admitted

    def define(self, definition: bytes) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        return define_instrument_row(self.instruments, self.instrument_max, definition)

    def set_limit(self, account: int, rule: int, value: int, window_ns: int = 0) -> None:
        """Set one limit (Rule, its unit; -1 is off). ValueError where account, rule or value can't be, for a loss,
        equity or funds: what its fills cost is not told here, and for how many are open: nor is when they end."""
        demand("account", account, 1, self.account_max)
        high, low = divmod(value, WORD)
        blank = _SET_LIMIT.unpack(bytes(_SET_LIMIT.struct.size))
        c = blank._replace(limit_scope=int(Scope.ACCOUNT), account=account, rule=rule, value=low, value_high=high,
                           window_ns=window_ns)
        if find_bad_limit(self.rows, c) >= 0 or (
                value >= 0 and (RULES[rule].on_loss or RULES[rule].on_equity or RULES[rule].on_funds
                                or RULES[rule].counts & Sent.OPEN)):
            raise ValueError(f"rule {rule} can't be {value} in a window of {window_ns} ns")
        set_row(self.rows, c, 0)
        keep_exposures(self.values, self.rows.on_marks > 0, False)

    def mark(self, instrument: int, mark_px: int, time: int) -> None:
        """Set what an instrument is worth from now on, in price units, at a time (ns) not before the last one.

        ValueError where one of them can't be: a mark of an earlier time would seem younger than it is.
        """
        demand("instrument", instrument, 1, len(self.instruments))
        demand("mark_px", mark_px, -PRICE_MAX, PRICE_MAX)
        demand("time", time, last_mark_time(self.values), TIME_MAX)
        set_mark(self.pnl, instrument, mark_px, time)

    def kill(self, scope: int, target: int, engaged: bool) -> None:
        """Engage or release the kill switch of a Scope."""
        demand("scope", scope, Scope.FIRM.value, Scope.VENUE.value)
        most = {Scope.FIRM: 0, Scope.ACCOUNT: self.account_max, Scope.INSTRUMENT: self.instrument_max, Scope.VENUE: 64}
        demand("target", target, 0 if scope == Scope.FIRM else 1, most[Scope(scope)])
        set_switch(self.kills, scope, target, TradingState.HALTED if engaged else TradingState.ACTIVE)

    def check(self, order: bytes, reference2: int) -> list[Finding]:
        """Every rule's Finding for one ORDER record, in the order of the reasons. Changes nothing.

        `reference2` is twice the reference price in price units (a mid may lie between units), or NO_PRICE. ValueError
        where a field can't be: a time before that of an order that was asked to be admitted, or a price beyond bounds.
        """
        c = open_command(order, CODECS[CommandType.NEW_ORDER])
        self._demand_order(c, self.last_time)
        demand_reference(reference2)
        return evaluate_risk(self._ask(c, reference2))

    def admit(self, orders: Records, reference2: int) -> Records:
        """Check each ORDER_DTYPE record and hold its quantity if it passes; int16 reasons, 0 where it passed.

        Their times only rise: what counts in a window knows nothing else. ValueError where a field can't be, as in
        check(); then none is held. Threads: one caller at a time.
        """
        commands = list(open_batch(orders, CODECS[CommandType.NEW_ORDER]))
        demand_reference(reference2)
        last = self.last_time
        for c in commands:
            self._demand_order(c, last)
            last = c.transact_time
        self.last_time = last
        questions = [self._ask(c, reference2) for c in commands]
        reasons = np.zeros(len(questions), np.int16)
        for i, q in enumerate(questions):
            refused = check_risk(q)
            if refused is None:
                reserve_order(self, q)
            else:
                note_breach(self, refused, q.now)
                reasons[i] = refused.reason
        return reasons

    def fill(self, instrument: int, account: int, side: int, qty: int) -> None:
        """Turn held quantity into position: one trade."""
        self._demand_hold(instrument, account, side, qty)
        commit_fill(self, instrument, account, side, qty)
        count_trade(self, self.instruments[instrument], instrument, account, 0)

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
        return ask_risk(self, self.instruments[c.instrument], c, reference2, NO_PRICE, c.transact_time, False, 0,
                        TIME_MAX)

    def _demand_order(self, c: Any, earliest: int) -> None:
        demand("instrument", c.instrument, 1, len(self.instruments))
        demand("account", c.account, 1, self.account_max)
        demand("venue", c.venue, 0, 64)
        demand("side", c.side, BUY, SELL)
        demand("order_qty", c.order_qty, 1, QTY_MAX)
        if c.ord_type != MARKET:
            demand("price", c.price, -PRICE_MAX, PRICE_MAX)
        demand("transact_time", c.transact_time, earliest, TIME_MAX)

    def _demand_hold(self, instrument: int, account: int, side: int, qty: int) -> None:
        demand("instrument", instrument, 1, len(self.instruments))
        demand("account", account, 1, self.account_max)
        demand("side", side, BUY, SELL)
        e = exposure_of(self, instrument, account)
        demand("qty", qty, 0, e.working_buy if side == BUY else e.working_sell)


def demand_reference(reference2: int) -> None:
    if reference2 != NO_PRICE:
        demand("reference2", reference2, -2 * PRICE_MAX, 2 * PRICE_MAX)


def ask_risk(
    risk: RiskTables, ins: InstrumentRow, c: Any, reference2: int, touch2: int, now: int, duplicate: bool,
    open_orders: int, max_open_orders: int,
) -> Question:
    """The question that a valid MARKET or LIMIT order puts, with the rows that it is about."""
    line = line_of(risk.lines, risk.rows, ins, c.instrument, c.account, c.venue, 0, LimitMode.ENFORCE)
    return Question(
        c.order_qty, c.order_qty, c.order_qty, c.price, reference2, touch2, now, c.instrument, c.account, c.venue,
        BUY if c.side == BUY else SELL, c.ord_type, duplicate, False, False, False, False, False, open_orders,
        max_open_orders, 0, risk.rows, ins, line, exposure_of(risk, c.instrument, c.account),
        exposure_of(risk, c.instrument, 0), meet_switches(risk.kills, c.instrument, c.account, c.venue, 0),
        meet_switches(risk.states, c.instrument, c.account, c.venue, 0), risk.rows.stated.get(c.account, 0),
        risk.values, risk.pnl, risk.recent, risk.funds, risk.opens, risk.strategies,
    )


def counts_at_market(ord_type: int, side: int) -> bool:
    """Does an order count at what the market says? A buy within its limit counts at that, whatever it takes."""
    return ord_type == MARKET or side == SELL


def needs_reference(line: Line, ord_type: int, side: int) -> bool:
    return line.limits[COLLAR] >= 0 or (line.limits[ORDER_NOTIONAL] >= 0 and counts_at_market(ord_type, side))


def is_barred_by(met: Met, q: Question) -> bool:
    """HALTED bars everything, REDUCING what goes on."""
    return met.state == TradingState.HALTED or (met.state == TradingState.REDUCING and goes_on(q))


def check_switches(met: Callable[[Question], Met], reason: Reason) -> Callable[[Question], Finding]:
    """What an order meets of kill switches, or of trading states. Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 12,
    FIA 1.5."""

    def check(q: Question) -> Finding:
        its = met(q)
        return Finding(reason, its.scope, its.state, is_barred_by(its, q), True)

    return check


def check_config(q: Question) -> Finding:
    stated = q.stated & q.rows.all_stated
    return Finding(Reason.RISK_CONFIG_MISSING, stated, q.rows.all_stated, stated != q.rows.all_stated, True)


def check_duplicate(q: Question) -> Finding:
    return Finding(Reason.DUPLICATE_CLORDID, int(q.duplicate), 0, q.duplicate, True)


def check_open_orders(q: Question) -> Finding:
    """What reduces has places of its own beyond those that all have."""
    most = q.max_open_orders + (q.max_exits if q.reduces else 0)
    return Finding(Reason.MAX_OPEN_ORDERS, q.open_orders + 1, most, q.open_orders >= most and not q.recheck, True)


def check_reference(q: Question) -> Finding:
    limits, rows = q.line.limits, q.line.rows
    armed = limits[COLLAR] >= 0 or (q.ord_type == MARKET and limits[ORDER_NOTIONAL] >= 0)
    value = q.reference2 if q.reference2 > 0 else NO_PRICE
    exempt = q.reduces and q.ord_type != MARKET
    row = (rows[COLLAR] or rows[ORDER_NOTIONAL]) if armed else 0
    return Finding(Reason.REFERENCE_PRICE_UNAVAILABLE, value, 0, armed and q.reference2 <= 0 and not exempt, armed, row)


def check_order_qty(q: Question) -> Finding:
    """Of one order. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(c), FIA 1.1."""
    limit, row = q.line.limits[ORDER_QTY], q.line.rows[ORDER_QTY]
    refused = 0 <= limit < q.order_qty
    return Finding(Reason.MAX_ORDER_QTY, q.order_qty, told_limit(q, row), refused, limit >= 0, row)


def check_order_notional(q: Question) -> Finding:
    """Of one order. Source: SEC 15c3-5 (c)(1)(ii), RTS 6 Art. 15(1)(b), FIA 1.1."""
    limit, row = q.line.limits[ORDER_NOTIONAL], q.line.rows[ORDER_NOTIONAL]
    armed = limit >= 0
    if q.ord_type == MARKET and q.reference2 <= 0:  # refused by check_reference
        return Finding(Reason.MAX_ORDER_NOTIONAL, NO_PRICE, told_limit(q, row), False, armed, row)
    amount2 = notional_price2(q) * q.order_qty
    return Finding(Reason.MAX_ORDER_NOTIONAL, tell_notional(q.ins, (amount2 + 1) // 2, True), told_limit(q, row),
                   armed and amount2 > limit, armed, row)


def check_collar(q: Question) -> Finding:
    """Only the aggressive side: a buy above, a sell below. Source: SEC 15c3-5 (c)(1)(ii), FIA 1.3."""
    bps, row = q.line.limits[COLLAR], q.line.rows[COLLAR]
    armed = bps >= 0
    if q.reference2 <= 0:  # refused by check_reference
        return Finding(Reason.PRICE_COLLAR, NO_PRICE, bps, False, armed, row)
    if q.ord_type == MARKET:  # bounded by its protection price
        return Finding(Reason.PRICE_COLLAR, bps if armed else NO_PRICE, bps, False, armed, row)
    away = 2 * q.price - q.reference2
    if q.side == SELL:
        away = -away
    refused = armed and away * 10_000 > bps * q.reference2
    value = saturate(-(-away * 10_000 // q.reference2))  # rounded up
    return Finding(Reason.PRICE_COLLAR, value, bps, refused, armed, row)


def check_position_qty(q: Question) -> Finding:
    """Source: SEC 15c3-5 (c)(1)(i), RTS 6 Art. 15(1)(b). An order that reduces always passes, whatever all accounts
    have together. Of the two limits the first that refuses speaks, else the one with less left."""
    limit, firm_limit, row = q.line.limits[POSITION], q.line.limits[FIRM_POSITION], q.line.rows[POSITION]
    worst, firm = worst_position(q.exposure, q), worst_position(q.firm, q)
    counts = adds_risk(q)
    armed, refused = limit >= 0, counts and 0 <= limit < worst
    if firm_limit >= 0 and not refused:
        beyond = counts and worst > 0 and firm > firm_limit
        if beyond or not armed or firm_limit - firm < limit - worst:
            worst, row, armed, refused = firm, q.line.rows[FIRM_POSITION], True, beyond
    return Finding(Reason.MAX_POSITION_QTY, worst, told_limit(q, row), refused, armed, row)


def check_blocked(slot: int, reason: Reason) -> Callable[[Question], Finding]:
    """What is not to be traded at all, by anyone, an account or a strategy. Source: SEC 15c3-5 (c)(2)(ii)-(iii),
    RTS 6 Art. 15(1), 15(5)."""

    def check(q: Question) -> Finding:
        refused = q.line.limits[slot] >= 0
        return Finding(reason, int(refused), 0, refused, refused, q.line.rows[slot])

    return check


def check_permitted(q: Question) -> Finding:
    """Who may trade only what is permitted. Source: SEC 15c3-5 (c)(2)(ii), RTS 6 Art. 15(5)."""
    armed = q.line.limits[PERMITTED_ONLY] >= 0
    refused = armed and q.line.limits[PERMITTED] < 0
    return Finding(Reason.NOT_PERMITTED_INSTRUMENT, int(refused), 0, refused, armed, q.line.rows[PERMITTED_ONLY])


def check_overflow(q: Question) -> Finding:
    """Always armed: with it, no position, cost or P&L can leave its integers."""
    worst, most = worst_position(q.exposure, q), POSITION_MAX
    if worst <= most and worst_position(q.firm, q) > FIRM_MAX:
        worst, most = worst_position(q.firm, q), FIRM_MAX
    if q.ord_type != MARKET and is_beyond_amount(q.ins, q.price, q.order_qty):
        return Finding(Reason.ARITHMETIC_OVERFLOW, q.order_qty, most_qty(q.ins, q.price), True, True)
    return Finding(Reason.ARITHMETIC_OVERFLOW, worst, most, worst > most and q.hold_qty > 0, True)


def check_reduce_only(q: Question) -> Finding:
    """A reduce-only order is no larger than the position that it reduces. What comes later is trimmed as fills come."""
    most = reducible_qty(q.exposure.position_qty, q.side)
    refused = q.reduce_only and q.leaves_qty > most
    return Finding(Reason.REDUCE_ONLY_VIOLATION, q.leaves_qty, most, refused, q.reduce_only)


def check_session(q: Question) -> Finding:
    return Finding(Reason.SESSION_CLOSED, int(q.closed), 0, q.closed, True)


# Those that limits decide, and all, in the order in which they are asked: the first refusal is the one reported.
OBSERVABLE: tuple[Callable[[Question], Finding], ...] = (
    check_blocked(RESTRICTED, Reason.RESTRICTED_INSTRUMENT), check_permitted,
    check_blocked(BLOCKED, Reason.ACCOUNT_BLOCKED), check_blocked(DISABLED, Reason.STRATEGY_DISABLED),
    check_reference, check_order_qty, check_order_notional, check_collar, check_position_qty, check_alike,
    check_notional, check_open,
    *(check_counted(rule) for rule in sorted(RULES) if RULES[rule].counts & MESSAGES), *CHECKS_ON_MARKS,
    *CHECKS_OF_FUNDS,
)
CHECKS: tuple[Callable[[Question], Finding], ...] = (
    check_switches(attrgetter("killed"), Reason.KILL_SWITCH), check_switches(attrgetter("state"), Reason.TRADING_STATE),
    check_breaker(Rule.REPEATED_EXECUTION), check_breaker(Rule.CONSECUTIVE_REJECTS), check_config, check_duplicate,
    check_open_orders, *OBSERVABLE, check_overflow, check_reduce_only, check_session,
)


def first_refusal(checks: tuple[Callable[[Question], Finding], ...], q: Question) -> Finding | None:
    return next((finding for finding in (check(q) for check in checks) if finding.refused), None)


def check_limits(q: Question) -> Finding | None:
    """The first limit that refuses, or None. Changes nothing."""
    return first_refusal(OBSERVABLE, q)


def check_risk(q: Question) -> Finding | None:
    """The first refusal, or None. Changes nothing."""
    return first_refusal(CHECKS, q)


def evaluate_risk(q: Question) -> list[Finding]:
    """Every rule's value, limit and verdict, in the order in which they are asked. Changes nothing."""
    findings = [check(q) for check in CHECKS]
    return [f._replace(reason=int(f.reason)) for f in findings]


def evaluate_limits(q: Question) -> list[Finding]:
    """What the limits of a line say to an order, refused or not. Changes nothing."""
    return [f._replace(reason=int(f.reason)) for f in (check(q) for check in OBSERVABLE)]

"""The tables of risk: limits in effect, switches, exposures. What rests is reserved, a fill commits it, an end releases
it. They are what the checks ask; they refuse nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradecore.vocabulary.codes import LimitMode, Reason, Scope
from tradecore.vocabulary.records import NO_PRICE, PRICE_MAX
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import Sent

from ..vocabulary.instrument import BUY, MARKET, SELL, InstrumentRow
from ..vocabulary.shell import demand, demand_power_of_two
from .day_pnl import DayPnl
from .exposures import RATE_ONE, VALUE_MAX, WIDE_MAX, Exposures, revalue
from .funds import Funds
from .limit_lines import COLLAR, Line, Lines, line_of
from .open_counts import OpenCounts, count_open
from .overrides import Override
from .recent_orders import Alike, RecentOrders, note_order
from .rule_rows import RULES, LimitRow, LimitRows
from .strategy_pnl import StrategyPnl
from .switches import Met, Switches
from .trips import Breakers, Tripped


@dataclass(slots=True)
class Exposure:
    """Position and holds of one instrument in one account, in lots; account 0 is the whole firm."""

    position_qty: int = 0
    working_buy: int = 0
    working_sell: int = 0
    reduce_only: int = 0  # open orders that may only reduce


@dataclass(slots=True)
class Question:
    """What risk is asked about. Twice the reference price, so that a mid between units stays an integer."""

    order_qty: int
    leaves_qty: int  # of it, what is not traded yet
    hold_qty: int  # lots that would be held beyond what is: the whole of a new order, the increase of a replace
    price: int
    reference2: int
    touch2: int  # twice the best price that it could take, or NO_PRICE
    now: int
    instrument: int
    account: int
    venue: int
    side: int  # BUY or SELL
    ord_type: int  # MARKET or LIMIT: as what it would trade
    duplicate: bool
    reduce_only: bool
    closed: bool  # no session takes it now
    recheck: bool  # it was sent before: a replace that asks for no more, or an order that is let go; not counted again
    released: bool  # an order that is let go: what it holds is in the exposure
    reduces: bool  # it only brings the position nearer to zero: see EXEMPTIONS
    open_orders: int
    max_open_orders: int
    max_exits: int  # more that may be open where it reduces
    # The rows that it is about.
    rows: LimitRows
    ins: InstrumentRow
    line: Line  # what binds it
    exposure: Exposure
    firm: Exposure  # of all accounts together
    killed: Met  # the kill switch that it meets
    state: Met  # and the trading state
    stated: int  # one bit a rule that its account was told
    values: Exposures
    pnl: DayPnl
    recent: RecentOrders
    funds: Funds
    opens: OpenCounts
    strategies: StrategyPnl
    strategy: int = 0
    sent: Sent = Sent.NEW  # or REPLACE; NONE of what was counted before
    tripped: Tripped | None = None  # the breaker that has disarmed its strategy
    stop_px: int = NO_PRICE
    peg_offset: int = 0
    peg_offset_type: int = 0
    moves_on: bool = False  # a replace that may trade more, at a worse price, or at another time
    fund_px: int = NO_PRICE  # that it is counted at where it needs cash
    fund_more: int = 0  # what it needs beyond what is held for it, -1: that can't be told


class RiskTables:
    """Limits, switches and exposures: what the checks ask."""

    def __init__(
        self, accounts: int, instruments: int, order_rate: int, rows: int = 0, counters: int = 0, strategies: int = 0
    ) -> None:
        demand("accounts", accounts, 1, 65_535)
        demand("instruments", instruments, 1, 1_000_000)
        demand_power_of_two("order_rate", order_rate, 1 << 20)
        self.account_max, self.instrument_max, self.order_rate = accounts, instruments, order_rate
        self.instruments: dict[int, InstrumentRow] = {}
        self.rows = LimitRows(rows or accounts * len(RULES), accounts + counters, strategies, order_rate)
        self.lines: Lines = {}
        self.watched: Lines = {}  # the same of the rows that are only observed
        self.softs: Lines = {}  # the same of what warns
        self.exposures: dict[tuple[int, int], Exposure] = {}
        self.values = Exposures(self.exposures, self.rows.groups)
        self.values.instruments = self.instruments
        self.pnl = DayPnl(self.values)
        self.strategies = StrategyPnl(self.values, strategies)
        self.recent = RecentOrders(order_rate)
        self.funds = Funds()
        self.funds.instruments = self.instruments
        self.funds.rates = self.values.rates
        self.opens = OpenCounts()
        self.kills: Switches = {}
        self.states: Switches = {}
        self.breakers = Breakers()
        self.overrides: list[Override] = []

    @property
    def barred_venues(self) -> set[int]:
        """Where no order goes that names no venue."""
        return {target for scope, target in self.kills.keys() | self.states.keys() if scope == Scope.VENUE}


def exposure_of(risk: RiskTables, instrument: int, account: int) -> Exposure:
    exposure = risk.exposures.get((instrument, account))
    if exposure is None:
        exposure = risk.exposures[instrument, account] = Exposure()
    return exposure


def reducible_qty(position_qty: int, side: int) -> int:
    """How many lots an order of `side` can trade and only reduce the position."""
    return max(0, position_qty if side == SELL else -position_qty)


def is_reducing(position_qty: int, side: int, leaves_qty: int, works: int) -> bool:
    """Does an order reduce: with the `works` lots that work on its side, does it only bring the position nearer to
    zero? Works: what is sent, at a venue, or about to be; what waits for a price counts once that has come; an OCO list
    counts once, with its largest order."""
    return works + leaves_qty <= reducible_qty(position_qty, side)


def worst_position(e: Exposure, q: Question) -> int:
    """The position if everything working on the order's side fills, this order too; positive is worse."""
    if q.side == BUY:
        return e.position_qty + e.working_buy + q.hold_qty
    return e.working_sell + q.hold_qty - e.position_qty


FIRM_MAX = 2**62  # |position| of a whole firm, in quantity units: of it no sum leaves its integers
# What refuses no order that reduces: of switches and states those that leave REDUCING; a runaway exit is a runaway too,
# so rates hold at twice their limit; open orders as far as the places of exits go; without a reference only what has a
# limit price passes. What is not here binds exits as well.
EXEMPTIONS = frozenset((
    Reason.KILL_SWITCH, Reason.TRADING_STATE, Reason.REPEATED_EXECUTION, Reason.CONSECUTIVE_REJECTS,
    Reason.MAX_OPEN_ORDERS, Reason.OPEN_ORDERS_LIMIT, Reason.MAX_POSITION_QTY, Reason.ORDER_RATE,
    Reason.REFERENCE_PRICE_UNAVAILABLE, Reason.MAX_GROSS_EXPOSURE, Reason.MAX_NET_EXPOSURE,
    Reason.MAX_POSITION_NOTIONAL, Reason.MAX_PENDING_NOTIONAL, Reason.GROUP_EXPOSURE, Reason.STALE_QUOTE,
    Reason.MAX_LEVERAGE, Reason.CONCENTRATION, Reason.INSUFFICIENT_MARGIN,
    Reason.MARK_UNAVAILABLE, Reason.RATE_UNAVAILABLE, Reason.DAILY_LOSS, Reason.DRAWDOWN,
    Reason.STRATEGY_LOSS, Reason.INSUFFICIENT_FUNDS, Reason.CREDIT_LIMIT,
    Reason.SHORT_SALE, Reason.INSUFFICIENT_POSITION))  # by what these two mean: an exit sells what is held
# Nor one that brings its position to zero, whose quantity is what it is.
CLOSING_EXEMPTIONS = frozenset((Reason.QTY_LOT_MULTIPLE, Reason.QTY_BELOW_MIN, Reason.NOTIONAL_BELOW_MIN))


def is_exempt_refusal(found: list[Finding]) -> bool:
    """Does something refuse that an order which reduces is exempt from?"""
    return any(finding.refused and finding.reason in EXEMPTIONS for finding in found)


def reserve_order(risk: RiskTables, q: Question) -> None:
    """An order that passed: it counts for the rate, and its quantity is held."""
    count_sent(risk, q)
    hold_lots(risk, q.instrument, q.account, q.side, q.hold_qty)


def lines_counting(risk: RiskTables, q: Question) -> list[Line]:
    """What binds an order, and what is only observed of it."""
    observed = [line_of(risk.watched, risk.rows, q.ins, q.instrument, q.account, q.venue, q.strategy,
                        LimitMode.OBSERVE)] if risk.rows.observed else []
    return [q.line, *observed]


def compares(line: Line) -> bool:
    """Does a row there ask which orders had the same terms?"""
    return any(RULES[row.rule].counts & Sent.ALIKE for row in line.by_terms)


def count_sent(risk: RiskTables, q: Question) -> None:
    """It counts for the rates that bind it, and for those that are only observed; a new one that some row compares with
    others is one of the recent."""
    lines = lines_counting(risk, q)
    for line in lines:
        count_line(line, q.now, q.sent)
        count_notional(line, q)
    if q.sent & Sent.NEW and any(compares(line) for line in lines):
        note_order(risk.recent, alike_of(q), q.now)


def protection_price(q: Question) -> int:
    """The worst price that the collar lets an order trade at; only with a reference and an armed collar."""
    return collar_price(q.reference2, q.line.limits[COLLAR], q.side)


def collar_price(reference2: int, bps: int, side: int) -> int:
    """The worst price so many basis points from a reference."""
    price = reference2 * (10_000 + bps) // 20_000 if side == BUY else -(reference2 * (bps - 10_000) // 20_000)
    return max(-PRICE_MAX, min(PRICE_MAX, price))


def notional_price2(q: Question) -> int:
    """Twice the price that an order counts at, by magnitude: a buy at its limit, a sell at the highest of its limit,
    the reference and the best bid that it could take, a market order at its protection price, or without a collar at
    the higher of the reference and what it could take first."""
    if q.ord_type == MARKET and q.side == BUY and q.line.limits[COLLAR] >= 0:
        return abs(2 * protection_price(q))
    if q.ord_type != MARKET and q.side == BUY:
        return abs(2 * q.price)
    known = [abs(price2) for price2 in (q.reference2, q.touch2) if price2 != NO_PRICE]
    return max(known + ([] if q.ord_type == MARKET else [abs(2 * q.price)]), default=0)


def money_of(q: Question, row: LimitRow) -> int | None:
    """What an order counts for in a row, in 10**-9 of the row's currency, rounded up: its instrument's where the row
    names one, else the base currency. None where that is not known or can't be told: without a reference or a rate."""
    rate = RATE_ONE if row.instrument else q.values.rates.get(q.ins.currency, 0)
    if rate == 0 or (q.ord_type == MARKET and q.reference2 <= 0):
        return None
    amount, divisor = notional_price2(q) * q.order_qty * q.ins.notional_scale, 2 * q.ins.limit_scale
    if rate != RATE_ONE:
        amount, divisor = amount * rate, divisor * RATE_ONE
    money = -(-amount // divisor)
    return None if amount > WIDE_MAX or money > VALUE_MAX else money


def count_notional(line: Line, q: Question) -> None:
    """What an order, or what a replace asks for, is worth; what is not known, which only passes where a row is not
    enforced, is nothing."""
    for row in line.by_terms:
        if RULES[row.rule].counts & Sent.NOTIONAL:
            row.sent_times.append(q.now)
            row.sums.append((row.sums[-1] if row.sums else 0) + (money_of(q, row) or 0))
            row.sent += 1


def alike_of(q: Question) -> Alike:
    """What makes another order the same as this one."""
    return Alike(q.account, q.instrument, q.side, q.order_qty, NO_PRICE if q.ord_type == MARKET else q.price,
                 0 if q.stop_px == NO_PRICE else q.stop_px, q.peg_offset, q.peg_offset_type)


def count_ahead(risk: RiskTables, q: Question, sign: int) -> None:
    """It counts for what is asked about behind it in a basket, or, with `sign` -1, no longer."""
    if risk.opens.is_kept:
        count_open(risk.opens, q.instrument, q.account, q.strategy, sign)
    for line in lines_counting(risk, q):
        for row in line.counted:
            row.ahead += sign * bool(RULES[row.rule].counts & q.sent)
        for row in line.by_terms:
            if RULES[row.rule].counts & Sent.NOTIONAL:
                row.amount_ahead += sign * (money_of(q, row) or 0)


def count_cancel(
    risk: RiskTables, ins: InstrumentRow, instrument: int, account: int, venue: int, strategy: int, now: int
) -> None:
    """A cancel counts too, and is never refused for it."""
    for lines, mode in ((risk.lines, LimitMode.ENFORCE), (risk.watched, LimitMode.OBSERVE)):
        count_line(line_of(lines, risk.rows, ins, instrument, account, venue, strategy, mode), now, Sent.CANCEL)


def count_line(line: Line, now: int, sent: Sent) -> None:
    """One more for every row that counts what was sent."""
    for row in line.counted:
        if RULES[row.rule].counts & sent:
            row.sent_times.append(now)
            row.sent += 1


def count_trade(risk: RiskTables, ins: InstrumentRow, instrument: int, account: int, strategy: int) -> None:
    """A trade counts for what is limited by trades, whichever venue it was at."""
    for lines, mode in ((risk.lines, LimitMode.ENFORCE), (risk.watched, LimitMode.OBSERVE)):
        for row in line_of(lines, risk.rows, ins, instrument, account, 0, strategy, mode).counted:
            row.trades += bool(RULES[row.rule].counts & Sent.TRADE)


def note_breach(risk: RiskTables, finding: Finding, now: int) -> None:
    """A refusal, or what would have been one: its row says when it last spoke."""
    if finding.row:
        row = risk.rows.rows[finding.row - 1]
        row.breached = now
        row.breaches += 1


def hold_lots(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    """Holds `qty` more lots (negative: fewer), for the account and for the firm."""
    for whose in (account, 0):
        e = exposure_of(risk, instrument, whose)
        if side == BUY:
            e.working_buy += qty
        else:
            e.working_sell += qty
        revalue(risk.values, instrument, whose)


def move_position(risk: RiskTables, instrument: int, account: int, qty: int) -> None:
    """A trade's signed lots; account 0 is suspense, which only the firm's row has."""
    for whose in {account, 0}:
        exposure_of(risk, instrument, whose).position_qty += qty
        revalue(risk.values, instrument, whose)


def release_hold(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    hold_lots(risk, instrument, account, side, -qty)


def commit_fill(risk: RiskTables, instrument: int, account: int, side: int, qty: int) -> None:
    """A fill: the hold becomes position."""
    release_hold(risk, instrument, account, side, qty)
    move_position(risk, instrument, account, qty if side == BUY else -qty)

"""Effective lines: of all rows that bind an account's orders in an instrument, the tightest of each rule, in that
instrument's own units, and which row it is. A line is made anew when it is next used after a change of any row; what a
strategy's and a venue's rows say is folded in an order at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tradecore.vocabulary.codes import Rule, Scope
from tradecore.vocabulary.rules import BY_TERMS, SLOTS, LimitUnit

from ..vocabulary.instrument import InstrumentRow
from .rule_rows import RULES, SOFT, SOFT_MOST, Key, LimitRow, LimitRows, binds, permits, rows_of

(ORDER_QTY, ORDER_NOTIONAL, COLLAR, POSITION, FIRM_POSITION, RESTRICTED, BLOCKED, DISABLED, GROSS, FIRM_GROSS, NET,
 FIRM_NET, LOSS, FIRM_LOSS, DRAWDOWN, FIRM_DRAWDOWN, STALE, PERMITTED_ONLY, PERMITTED, POSITION_WORTH,
 FIRM_POSITION_WORTH, PENDING, FIRM_PENDING, SHORT_SALE, LOCATE, LONG_ONLY, FUNDED, GROUP_GROSS,
 GROUP_NET, GROUP_EXPOSURE, LEVERAGE, FIRM_LEVERAGE, CONCENTRATION, FIRM_CONCENTRATION, MARGIN,
 FIRM_MARGIN, CREDIT, FIRM_CREDIT, STRATEGY_LOSS) = range(SLOTS)


@dataclass(slots=True)
class Line:
    """What binds an order."""

    limits: list[int] = field(default_factory=lambda: [-1] * SLOTS)  # quantity units, twice an amount, bps; -1: off
    rows: list[int] = field(default_factory=lambda: [0] * SLOTS)  # which row says so
    counted: list[LimitRow] = field(default_factory=list)  # rows that count, in the order of the rules
    by_terms: list[LimitRow] = field(default_factory=list)  # rows that look at what orders ask for
    generation: int = 0
    is_soft: bool = False  # its limits are the shares at which rows warn


Lines = dict[tuple[int, int], Line]  # by instrument and account


def in_units(ins: InstrumentRow, unit: int, value: int) -> int:
    """A limit in the instrument's own units, rounded down, which refuses the same: what is compared are whole ones."""
    if unit == LimitUnit.QUANTITY:
        return value * ins.qty_limit_scale // ins.qty_scale
    if unit == LimitUnit.MONEY:
        return 2 * value * ins.limit_scale // ins.notional_scale
    return value


def limit_in(line: Line, row: LimitRow) -> int:
    """A row's limit in a line of this kind."""
    return row.value * row.soft_share // SOFT_MOST if line.is_soft else row.value


def trades_of(row: LimitRow) -> int:
    """How often its limit a row allows: for each trade of the day, where it counts them."""
    return max(1, row.trades)


def rate_limit(line: Line, row: LimitRow, reduces: bool) -> int:
    """How many a row allows: of orders that reduce an order rate twice as many, and so many for each trade."""
    limit = limit_in(line, row) * trades_of(row)
    return 2 * limit if reduces and row.rule == Rule.ORDER_RATE else limit


def line_slot(row: LimitRow) -> int:
    """Its place in a line: by what it bounds together."""
    rule = RULES[row.rule]
    if row.scope == Scope.ACCOUNT_GROUP and rule.group_slot >= 0:
        return rule.group_slot
    return rule.firm_slot if row.scope in (Scope.FIRM, Scope.INSTRUMENT) else rule.slot


def fold_row(line: Line, ins: InstrumentRow, row: LimitRow) -> None:
    """One row into a line: of those in its slot the tightest stays, of equal ones the first; what counts is kept in
    order."""
    rule, slot = RULES[row.rule], line_slot(row)
    if slot < 0:
        if not rule.asks:  # it binds no order: see trips
            return
        if rule.counts & BY_TERMS:
            line.by_terms.append(row)
            return
        line.counted.append(row)
        line.counted.sort(key=lambda counted: counted.rule)
        return
    limit = in_units(ins, rule.unit, limit_in(line, row))
    if line.limits[slot] < 0 or limit < line.limits[slot]:
        line.limits[slot], line.rows[slot] = limit, row.number


def fold_rows(line: Line, rows: LimitRows, ins: InstrumentRow, key: Key, mode: int) -> None:
    """A target's rows of one mode that are armed; what permits stands in the lines of each."""
    for row in rows_of(rows, key):
        if binds(row, mode) or permits(row, mode):
            fold_row(line, ins, row)


def build_line(rows: LimitRows, ins: InstrumentRow, instrument: int, account: int, mode: int) -> Line:
    line = Line(generation=rows.generation, is_soft=mode == SOFT)
    groups = rows.groups
    for key in ((Scope.FIRM, 0, 0, 0, 0), (Scope.ACCOUNT, 0, account, 0, 0), (Scope.INSTRUMENT, instrument, 0, 0, 0),
                (Scope.ACCOUNT_INSTRUMENT, instrument, account, 0, 0),
                (Scope.ACCOUNT_GROUP, 0, 0, 0, groups.of_account.get(account, 0)),
                (Scope.INSTRUMENT_GROUP, 0, 0, 0, groups.of_instrument.get(instrument, 0))):
        fold_rows(line, rows, ins, key, mode)
    return line


def venue_line(rows: LimitRows, ins: InstrumentRow, venue: int, mode: int) -> Line:
    """What the rows of a venue alone say, of one mode."""
    line = Line(is_soft=mode == SOFT)
    fold_rows(line, rows, ins, (Scope.VENUE, 0, 0, venue, 0), mode)
    return line


def line_of(
    lines: Lines, rows: LimitRows, ins: InstrumentRow, instrument: int, account: int, venue: int, strategy: int,
    mode: int,
) -> Line:
    """The line of an order: its account's and instrument's, with what its strategy and the venue that it names add."""
    line = lines.get((instrument, account))
    if line is None or line.generation != rows.generation:
        line = lines[instrument, account] = build_line(rows, ins, instrument, account, mode)
    added = ((Scope.STRATEGY, 0, 0, 0, strategy), (Scope.VENUE, 0, 0, venue, 0))
    if any(key in rows.by_target for key in added):
        line = replace(line, limits=list(line.limits), rows=list(line.rows), counted=list(line.counted),
                       by_terms=list(line.by_terms))
        for key in added:
            fold_rows(line, rows, ins, key, mode)
    return line

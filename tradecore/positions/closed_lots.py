"""Every closed piece of a lot: what it cost and fetched, since when and how long by the calendar, and per fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from ..vocabulary.instrument import Instrument
from ..vocabulary.units import EXACT, exact_sum, one_number
from .commissions import Commissions
from .entries import EntryKind, Method
from .holding import Bought, Sold, date_of, term, washed
from .kept_ledger import KeptLedger
from .ledger_reports import leg_of, walk
from .statement import Statement

_LOTS = [
    ("symbol", "text"), ("account", "text"), ("leg", "text"), ("opening_trade", "int64"), ("closing_trade", "int64"),
    ("opening_exec_id", "text"), ("closing_exec_id", "text"), ("opened", "time"), ("closed", "time"),
    ("holding_ns", "int64"), ("holding_days", "int64"), ("term", "text"), ("qty", "decimal"),
    ("opening_price", "decimal"), ("closing_price", "decimal"), ("cost_basis", "decimal"), ("proceeds", "decimal"),
    ("pnl", "decimal"), ("commissions", "decimal"), ("currency", "text"),
]
_WASH = [("wash_qty", "decimal"), ("wash_disallowed", "decimal")]
_FILLS = [
    ("symbol", "text"), ("account", "text"), ("leg", "text"), ("closing_trade", "int64"), ("closing_exec_id", "text"),
    ("closed", "time"), ("lots", "int64"), ("qty", "decimal"), ("cost_basis", "decimal"), ("proceeds", "decimal"),
    ("pnl", "decimal"), ("commissions", "decimal"), ("currency", "text"),
]


class Piece(NamedTuple):
    """A row of the report, and what the marks of wash sales need of it."""

    row: tuple[Any, ...]
    ins: Instrument
    instrument: int
    account: int
    opening: int
    closing: int
    qty: int
    pnl: Decimal


class _Lots:
    """One report on its way through the log."""

    def __init__(self, kept: KeptLedger, exec_ids: Mapping[int, str], attribute: bool, zone: Any) -> None:
        self._kept, self._exec_ids, self._attribute, self._zone = kept, exec_ids, attribute, zone
        self._commissions = Commissions(kept)
        self.pieces: list[Piece] = []
        self.bought: list[Bought] = []

    def run(self) -> None:
        by_trade: dict[int, list[Any]] = {}
        for row in self._kept.ledger.closings().tolist():
            by_trade.setdefault(row[1], []).append(row)
        trades_of: dict[int, int] = {}
        for trade_id, e, held in walk(self._kept):
            ins = self._kept.names.instruments[e.instrument - 1]
            trades_of[trade_id] = e.instrument
            if e.kind == EntryKind.SPLIT:
                self._commissions.split(e, trades_of)
            if e.kind not in (EntryKind.FILL, EntryKind.OPENING, EntryKind.TRANSFER):
                continue
            self._commissions.booked(trade_id, e, ins)
            closed = 0
            for row in by_trade.get(trade_id, ()):
                closed += abs(row[4])
                since = row[2] or held[e.instrument, row[10]].opened
                self._add(trade_id, e, ins, row, since)
            if e.kind == EntryKind.TRANSFER:
                self._commissions.moved(e)
                continue
            self._commissions.opened(trade_id, e, abs(e.qty) - closed)
            if e.qty > closed:
                on = date_of(e.transact_time, self._zone)
                self.bought.append(Bought(trade_id, e.instrument, e.account, e.qty - closed, on))

    def _add(self, trade_id: int, e: Any, ins: Instrument, row: Any, since: int) -> None:
        opening, _, _, _, qty, low, high, value_low, value_high, instrument, account = row
        cost, value = one_number(low, high), one_number(value_low, value_high)
        money = self._kept.names.money
        opening_fee = money(ins.currency, self._commissions.share(opening or (e.instrument, account), abs(qty)))
        closing_fee = money(ins.currency, self._commissions.share(trade_id, abs(qty)))
        basis, proceeds = ins.money(cost if qty > 0 else value), ins.money(-value if qty > 0 else -cost)
        if self._attribute:
            basis = exact_sum(basis, opening_fee if qty > 0 else closing_fee)
            proceeds = exact_sum(proceeds, (closing_fee if qty > 0 else opening_fee).copy_negate())
        pnl = exact_sum(proceeds, basis.copy_negate())
        days, word = 0, None
        if since:
            on, until = date_of(since, self._zone), date_of(e.transact_time, self._zone)
            days, word = (until - on).days, term(on, until, qty < 0)
        prices = (ins.rounded_price(ins.price_ratio(amount, lots)) if amount else Decimal(0)
                  for amount, lots in ((cost, qty), (value, -qty)))
        self.pieces.append(Piece((
            ins.symbol, self._kept.account_name(account), leg_of(self._kept, account), opening, trade_id,
            self._exec_ids.get(opening), self._exec_ids.get(trade_id), since, e.transact_time,
            e.transact_time - since if since else 0, days, word, ins.quantity(qty), *prices, basis, proceeds, pnl,
            exact_sum(opening_fee, closing_fee), ins.currency,
        ), ins, instrument, account, opening, trade_id, qty, pnl))

    def washes(self) -> list[tuple[Decimal, Decimal]]:
        """Of each piece the quantity that was bought again, and the loss that goes with it."""
        closed = [its.row[8] for its in self.pieces]
        marks = washed(self.bought, [
            Sold(at, its.opening, its.closing, its.instrument, its.account, its.qty,
                 date_of(closed[at], self._zone), its.pnl < 0)
            for at, its in enumerate(self.pieces) if its.qty > 0])
        found = []
        for at, its in enumerate(self.pieces):
            loss = Fraction(its.pnl) * Fraction(-marks.get(at, 0), its.qty)
            step = Decimal(1).scaleb(-self._kept.names.decimals_of(its.ins.currency))
            exact = EXACT.divide(Decimal(loss.numerator), Decimal(loss.denominator))
            rounded = exact.quantize(step, ROUND_HALF_EVEN, EXACT)
            found.append((its.ins.quantity(marks.get(at, 0)), exact if exact == rounded else rounded))
        return found


def closed_lots(kept: KeptLedger, exec_ids: Mapping[int, str], attribute: bool, zone: Any, per_fill: bool,
                wash_sales: bool) -> Statement:
    """Every closed piece of a lot, with or without both legs' commissions, or the sums of each closing fill."""
    if wash_sales and kept.method is Method.AVERAGE:
        raise ValueError("wash_sales: average cost keeps no lots; take another method")
    if wash_sales and per_fill:
        raise ValueError("wash_sales: marks are of lots, not of fills; leave per_fill away")
    lots = _Lots(kept, exec_ids, attribute, zone)
    lots.run()
    if per_fill:
        return Statement("closed_fills", _FILLS, _by_fill(lots.pieces))
    if wash_sales:
        marked = [(*its.row, *mark) for its, mark in zip(lots.pieces, lots.washes(), strict=True)]
        return Statement("closed_lots", [*_LOTS, *_WASH], marked)
    return Statement("closed_lots", _LOTS, [its.row for its in lots.pieces])


def _by_fill(pieces: list[Piece]) -> list[tuple[Any, ...]]:
    """The sums of each fill; one that named several lots is one."""
    groups: dict[Any, list[Piece]] = {}
    for its in pieces:
        exec_id = its.row[6]
        groups.setdefault((its.instrument, its.account, exec_id or its.closing), []).append(its)
    return [(*its[0].row[:3], its[0].closing, its[0].row[6], its[0].row[8], len(its),
             *(exact_sum(*(piece.row[at] for piece in its)) for at in (12, 15, 16, 17, 18)), its[0].row[19])
            for its in groups.values()]

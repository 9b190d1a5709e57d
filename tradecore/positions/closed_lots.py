"""Every closed piece of a lot: what it cost and fetched, since when and how long by the calendar, and per fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..vocabulary.units import EXACT, check_bool
from .entries import EntryKind, EntryStatus, Method
from .holding import Bought, Sold, days_of, long_terms, washed
from .kept_ledger import KeptLedger
from .report_columns import Array, Column, Numbers, Values, Words, numbers_of
from .report_money import ReportMoney, halves_of
from .statement import Statement


class _Lots:
    """The closed pieces of a ledger, column by column."""

    def __init__(self, kept: KeptLedger, exec_ids: Mapping[int, str], attribute: bool, zone: Any) -> None:
        self._kept, self._exec_ids = kept, exec_ids
        self.rows: Array = kept.ledger.closings()
        self.money = ReportMoney(kept, self.rows["instrument"])
        self.qty: Array = np.ascontiguousarray(self.rows["qty"])
        self._days = [days_of(self.rows[name], zone) for name in ("opened", "closed")]
        self.amounts = halves_of(self.rows, "cost"), halves_of(self.rows, "value")
        money, is_long = self.money, (self.qty > 0)[:, None]
        opening, closing = (money.fees(halves_of(self.rows, f"{leg}_fee")) for leg in ("opening", "closing"))
        cost, value = map(money.amounts, self.amounts)
        minus = money.minus(cost), money.minus(value)
        self.basis, self.proceeds = _choose(is_long, cost, value), _choose(is_long, minus[1], minus[0])
        if attribute:
            self.basis = money.sum(self.basis, _choose(is_long, opening, closing))
            self.proceeds = money.sum(self.proceeds, _choose(is_long, closing, opening), -1)
        self.pnl = money.sum(self.proceeds, self.basis, -1)
        self.commissions = money.sum(opening, closing)

    def whose(self) -> dict[str, Column]:
        money, accounts = self.money, self.rows["account"]
        return {"symbol": money.symbol(), "account": money.account(accounts), "leg": money.leg(accounts)}

    def columns(self) -> dict[str, Column]:
        rows, money, days = self.rows, self.money, self._days
        known = rows["opened"] > 0
        terms = np.where(long_terms(*days) & (self.qty > 0), 2, 1)
        prices = [money.average(amount, sign * self.qty) for amount, sign in zip(self.amounts, (1, -1), strict=True)]
        return self.whose() | {
            "opening_trade": Numbers("int64", rows["opening_trade"]),
            "closing_trade": Numbers("int64", rows["closing_trade"]),
            "opening_exec_id": self.exec_id(rows["opening_trade"]),
            "closing_exec_id": self.exec_id(rows["closing_trade"]),
            "opened": Numbers("time", rows["opened"]), "closed": Numbers("time", rows["closed"]),
            "holding_ns": Numbers("int64", np.where(known, rows["closed"] - rows["opened"], 0)),
            "holding_days": Numbers("int64", np.where(known, days[1] - days[0], 0)),
            "term": Words(np.where(known, terms, 0), [None, "SHORT", "LONG"]),
            "qty": money.quantity(self.qty), "opening_price": prices[0], "closing_price": prices[1],
            "cost_basis": money.money(self.basis), "proceeds": money.money(self.proceeds),
            "pnl": money.money(self.pnl), "commissions": money.money(self.commissions), "currency": money.currency(),
        }

    def exec_id(self, trades: Array) -> Column:
        if not self._exec_ids:
            return Words(np.zeros(len(trades), np.int64), [None])
        return Values("text", list(map(self._exec_ids.get, trades.tolist())))

    def by_fill(self) -> dict[str, Column]:
        """The sums of each fill; one that named several lots is one."""
        trades, first, places = np.unique(self.rows["closing_trade"], return_index=True, return_inverse=True)
        groups: dict[Any, int] = {}
        names = [self._exec_ids.get(trade, trade) for trade in trades.tolist()]
        group = np.array([groups.setdefault(name, len(groups)) for name in names], np.int64)
        first = first[np.unique(group, return_index=True)[1]]
        group, count, rows = group[places], len(groups), self.rows[first]
        whole = np.zeros(count, np.int64)
        np.add.at(whole, group, self.qty)
        money = ReportMoney(self._kept, rows["instrument"])
        return {
            "symbol": money.symbol(), "account": money.account(rows["account"]), "leg": money.leg(rows["account"]),
            "closing_trade": Numbers("int64", rows["closing_trade"]),
            "closing_exec_id": self.exec_id(rows["closing_trade"]), "closed": Numbers("time", rows["closed"]),
            "lots": Numbers("int64", np.bincount(group, minlength=count)), "qty": money.quantity(whole),
            **{name: money.money(self.money.sums(column, group, count)) for name, column in (
                ("cost_basis", self.basis), ("proceeds", self.proceeds), ("pnl", self.pnl),
                ("commissions", self.commissions))},
            "currency": money.currency(),
        }

    def _bought(self, zone: Any) -> list[Bought]:
        """What trades opened long lots with: their quantity, less what they closed."""
        log, first = self._kept.ledger.entries(), self._kept.ledger.forgotten + 1
        closed = np.zeros(len(log), np.int64)
        np.add.at(closed, self.rows["closing_trade"] - first, np.abs(self.qty))
        opened = log["qty"] - closed
        at = np.flatnonzero((log["status"] != EntryStatus.BUSTED) & (log["kind"] <= EntryKind.OPENING) & (opened > 0))
        columns = (log["instrument"][at], log["account"][at], opened[at], days_of(log["transact_time"][at], zone))
        return list(map(Bought, (at + first).tolist(), *(column.tolist() for column in columns)))

    def washes(self, zone: Any) -> dict[str, Column]:
        """Of each piece the quantity that was bought again, and the loss that goes with it."""
        rows, count = self.rows, len(self.rows)
        pnl = self.pnl if isinstance(self.pnl, list) else numbers_of(self.pnl)
        names = ("opening_trade", "closing_trade", "instrument", "account", "qty")
        sold = list(map(Sold, range(count), *(rows[name].tolist() for name in names), self._days[1].tolist(),
                        (number < 0 for number in pnl)))
        marks = washed(self._bought(zone), [piece for piece in sold if piece.qty > 0])
        qty, losses = np.zeros(count, np.int64), [Decimal(0)] * count
        for at, units in marks.items():
            qty[at] = units
            ins = self._kept.names.instruments[sold[at].instrument - 1]
            loss = Fraction(-pnl[at] * units, sold[at].qty * 10 ** int(self.money.scale[at]))
            step = Decimal(1).scaleb(-self._kept.names.decimals_of(ins.currency))
            exact = EXACT.divide(Decimal(loss.numerator), Decimal(loss.denominator))
            rounded = exact.quantize(step, ROUND_HALF_EVEN, EXACT)
            losses[at] = exact if exact == rounded else rounded
        return {"wash_qty": self.money.quantity(qty), "wash_disallowed": Values("decimal", losses)}


def _choose(where: Array, numbers: Array | list[int], others: Array | list[int]) -> Array | list[int]:
    if not isinstance(numbers, list) and not isinstance(others, list):
        return np.where(where, numbers, others)
    both = (column if isinstance(column, list) else numbers_of(column) for column in (numbers, others))
    return [a if first else b for first, a, b in zip(where[:, 0].tolist(), *both, strict=True)]


def closed_lots(kept: KeptLedger, exec_ids: Mapping[int, str], attribute: bool, zone: Any, per_fill: bool,
                wash_sales: bool) -> Statement:
    """Every closed piece of a lot, with or without both legs' commissions, or the sums of each closing fill."""
    for name, flag in (("attribute_commissions", attribute), ("per_fill", per_fill), ("wash_sales", wash_sales)):
        check_bool(flag, name)
    if wash_sales and kept.method is Method.AVERAGE:
        raise ValueError("wash_sales: average cost keeps no lots; take another method")
    if wash_sales and per_fill:
        raise ValueError("wash_sales: marks are of lots, not of fills; leave per_fill away")
    lots = _Lots(kept, exec_ids, attribute, zone)
    if per_fill:
        return Statement.of("closed_fills", lots.by_fill())
    return Statement.of("closed_lots", lots.columns() | (lots.washes(zone) if wash_sales else {}))

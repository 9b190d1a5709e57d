"""DropCopy: a PositionKeeper fed by a core's reports, as a drop copy session feeds a back office.

The core keeps positions at average cost, inside its path; what a back office wants beyond that (FIFO, lots, strategies,
statements, reconciliation) is made from the trades that it reports, busts and corrections included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, NoReturn

from ..positions.keeper import PositionKeeper
from ..vocabulary.codes import CommandType, ReportType
from ..vocabulary.currency import Currency
from ..vocabulary.fix import ExecType, Side
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE
from ..vocabulary.reports import Report
from ..vocabulary.rows import StaleOrderError
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import one_number
from .trading_core import TradingCore


class Discrepancy(NamedTuple):
    """A position that the core and its drop copy do not agree on."""

    symbol: str
    account: str
    core_qty: Decimal
    kept_qty: Decimal


class CashDiscrepancy(NamedTuple):
    """The cash of an account in a currency, where the core and its drop copy do not agree on it."""

    currency: str
    account: str
    core_cash: Decimal
    kept_cash: Decimal


class DropCopy:
    """`keeper` holds what `core` has traded, by `method` (any but specific), and follows it from then on.

    It begins with the first report, or with opening positions and trades `after` that sequence number (0: all); raises
    LookupError where they are no longer held (capacity `events`): make it before the core trades. Instruments, accounts
    and currencies are those that the core has declared by now. `strategies` names the numbers that orders carry; trades
    in suspense are in an account of that name, which is meant only where it is named: a core's only account stays the
    only one. `groups`, `precision`, `trades` and `lots` are the keeper's: call its `forget_trades` before its log is
    full (each night, say). A bust of a trade that it has forgotten can't be followed.

    Opening cash and splits are followed too; marks and days are yours (`mark`, `keeper.roll_day`). Once a report was
    missed or could not be booked, the keeper raises RuntimeError, whoever holds it. Threads: as the core's callbacks,
    on the thread whose command made the news; the keeper may be read from any.
    """

    def __init__(
        self, core: TradingCore, method: str = "average", *, after: int = 0,
        strategies: Mapping[int, str] | None = None, suspense: str = "suspense",
        groups: Mapping[str, Iterable[str]] | None = None, precision: str = "exact", trades: int = 1_048_576,
        lots: int = 262_144,
    ) -> None:
        if not isinstance(core, TradingCore):
            raise TypeError(f"core must be a TradingCore, not {type(core).__name__}")
        if isinstance(method, str) and method.lower() == "specific":
            raise ValueError("method 'specific': no report names the lot that a trade closes; take another")
        if suspense in core._gate.names.accounts:
            raise ValueError(f"suspense {suspense!r} is an account of this core: give another name")
        self._core, self._suspense, self._strategies = core, suspense, dict(strategies or {})
        self._names = core._gate.names
        self._instruments, self._accounts = list(self._names.instruments), [*self._names.accounts.names, suspense]
        self._keeper = PositionKeeper(
            self._instruments, self._accounts, method, precision=precision,
            strategies=dict.fromkeys(self._strategies.values()),
            currencies=map(Currency, self._names.currencies.names, self._names.decimals),
            groups=groups, trades=trades, lots=lots, backend=core.backend,
        )
        self._keeper._kept.times_are_told = True
        self._keeper._kept.aside = frozenset([suspense])  # one account of the core is still the only one
        self._trade_ids: dict[tuple[int, int], int] = {}  # by the core's exec_id and order_id: a match has two sides
        self._subscription = core.subscribe(
            self._take, report_types=[ReportType.EXECUTION_REPORT, ReportType.COMMAND_ACCEPTED], policy="disconnect",
            after=after,
        )
        core._gate.bus.deliver()  # what is held already
        self._keeper._guard = self._demand_truth

    @property
    def keeper(self) -> PositionKeeper:
        """The books. Raises RuntimeError where a report was missed or could not be booked: they are no longer true."""
        self._demand_truth()
        return self._keeper

    def __repr__(self) -> str:
        s = self._subscription
        true = s.active and not (s.failures or s.dropped or s.lost)
        state = f"true up to report {s.last_seq}" if true else f"no longer true after report {s.last_seq}"
        return f"<DropCopy {state}: {self._keeper!r}, suspense in account {self._suspense!r}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it follows one core; make another of that core")

    def _demand_truth(self) -> None:
        s = self._subscription
        if s.failures or s.dropped or s.lost or not s.active:
            raise RuntimeError(f"this drop copy is no longer true after report {s.last_seq}: {s.failures} could not be "
                               f"booked, {s.dropped} dropped, {s.lost} overwritten; make a new one")

    def close(self) -> None:
        """Follow no longer; `keeper` then raises. Closing twice does no harm."""
        self._subscription()

    def mark(self) -> int:
        """Value the keeper at the marks that the core has; how many instruments have one."""
        prices = {ins.symbol: ins.price(units) for number, ins in enumerate(self._instruments, 1)
                  if (units := self._core._gate.core.mark_price(number)) != NO_PRICE}
        if prices:
            self.keeper.mark(prices)
        return len(prices)

    def compare(self) -> list[Discrepancy | CashDiscrepancy]:
        """The positions, and the cash by account and currency, that differ from the core's own; none, unless something
        was booked on one side alone."""
        found: list[Discrepancy | CashDiscrepancy] = []
        for ins in self._instruments:
            for account in self._accounts:
                core = (self._core.positions.suspense(ins.symbol) if account == self._suspense
                        else self._core.position(ins.symbol, account))
                kept = self.keeper.position(ins.symbol, account)
                if core.qty != kept.qty:
                    found.append(Discrepancy(ins.symbol, account, core.qty, kept.qty))
        for number, account in enumerate(self._accounts, 1):
            for currency in self._keeper._kept.names.currencies.names:
                cash = self._core.positions._cash_of(0 if account == self._suspense else number, currency)
                if cash != (kept_cash := self.keeper.cash(currency, account)):
                    found.append(CashDiscrepancy(currency, account, cash, kept_cash))
        return found

    # ---- reports, one by one

    def _take(self, report: Report) -> None:
        row, ins = report.row, self._names.instrument(report.row.instrument)
        if row.report_type == ReportType.EXECUTION_REPORT:
            if row.exec_type == ExecType.TRADE and ins is not None:
                self._book_trade(report, ins)
            elif row.exec_type == ExecType.TRADE_CANCEL:
                self._keeper.bust(self._trade_id(row))
            elif row.exec_type == ExecType.TRADE_CORRECT:
                self._keeper.correct(self._trade_id(row), qty=report.last_qty, price=report.last_px,
                                     commission=report.commission, commission_currency=report.commission_currency)
        elif row.command_kind == CommandType.OPENING_POSITION and ins is not None:
            self._keeper.open_position(ins.symbol, ins.quantity(row.value), ins.price(row.bound),
                                       account=report.account, transact_time=row.transact_time)
        elif row.command_kind == CommandType.OPENING_CASH:
            self._keeper.open_cash(self._names.currencies.names[row.bound - 1],
                                   self._names.money(row.bound, one_number(row.value, row.value_high)),
                                   account=report.account)
        elif row.command_kind == CommandType.SPLIT and ins is not None:
            self._keeper.split(ins.symbol, row.value, row.bound, transact_time=row.transact_time)

    def _book_trade(self, report: Report, ins: Instrument) -> None:
        row = report.row
        taken = self._keeper._fills.exec_ids  # a venue may use an id again on another day, and another venue the same
        names = report.venue_exec_id, f"{row.exec_id}-{row.order_id}", f"@{row.seq}", f"@@{row.seq}"
        name = next(name for name in names if name and name not in taken)
        trade_id = self._keeper.apply_fill(
            ins.symbol, Side(row.side), ins.quantity(row.last_qty), ins.price(row.last_px),
            commission=report.commission, commission_currency=report.commission_currency,
            account=report.account if row.account else self._suspense, strategy=self._strategy(row.order_id),
            transact_time=row.transact_time, exec_id=name,
        )
        self._trade_ids[row.exec_id, row.order_id] = trade_id
        if len(self._trade_ids) > self._core.capacity.trades:  # what the core can no longer bust
            del self._trade_ids[next(iter(self._trade_ids))]

    def _trade_id(self, row: Any) -> int:
        """The keeper's id of the trade that a bust or a correction is about."""
        trade_id = self._trade_ids.get((row.exec_ref_id, row.order_id))
        if trade_id is None:
            raise LookupError(f"report {row.seq} is about trade {row.exec_ref_id} of order {row.order_id}, which came "
                              "before this drop copy began")
        return trade_id

    def _strategy(self, order_id: int) -> str | None:
        """The name of its order's strategy; None where it has none that was named, or is no longer held."""
        if not self._strategies or not order_id:
            return None
        try:
            return self._strategies.get(self._core.orders.order(order_id=order_id).strategy)
        except (StaleOrderError, LookupError):
            return None

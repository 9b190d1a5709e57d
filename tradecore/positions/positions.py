"""The positions of a core: what the ledger holds now, P&L and cash, and what opens or splits a position."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..vocabulary.codes import CommandType
from ..vocabulary.gate import Gate
from ..vocabulary.records import CASH_MAX, LIMIT_PRECISION, QTY_MAX
from ..vocabulary.rows import PositionRow
from ..vocabulary.units import Number, check_int, exact_sum, to_decimal
from .entries import SPLIT_MAX
from .position import FirmExposure, Position, ProfitAndLoss, Trade, read_trade

if TYPE_CHECKING:
    from .statement import Statement
    from .tables import Table


class Positions:
    """What the ledger holds, in the user's units: `core.positions`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def position(self, symbol: str, account: str | None = None) -> Position:
        """One instrument in one account, as it is now."""
        number, instrument = self._gate.names.find_instrument(symbol)
        account_id = self._gate.names.find_account(account)
        row = self._gate.core.position(number, account_id)
        return Position(instrument, self._gate.names.accounts.names[account_id - 1], PositionRow(*row),
                        self._gate.core.mark_price(number), self._gate.names.decimals_of(instrument.currency))

    def suspense(self, symbol: str) -> Position:
        """The position of the trades that match no order: no account has it, and the firm's exposure counts it."""
        number, instrument = self._gate.names.find_instrument(symbol)
        row = self._gate.core.suspense(number)
        return Position(instrument, "(suspense)", PositionRow(*row), self._gate.core.mark_price(number),
                        self._gate.names.decimals_of(instrument.currency))

    def firm_exposure(self, symbol: str) -> FirmExposure:
        """One instrument over all accounts and suspense: the position, and what open orders would add or take."""
        number, instrument = self._gate.names.find_instrument(symbol)
        return FirmExposure(symbol, *(instrument.quantity(lots) for lots in self._gate.core.firm_exposure(number)))

    def trades(self, account: str | None = None, symbol: str | None = None) -> list[Trade]:
        """The trades that the log still holds (capacity `trades`), oldest first, each as it is after its corrections:
        of one account or symbol, or all, those in suspense too. Threads: any."""
        instrument = 0 if symbol is None else self._gate.names.symbols.id(symbol)
        number = 0 if account is None else self._gate.names.accounts.id(account)
        return [read_trade(row, self._gate.names) for row in self._gate.core.trades(instrument, number)]

    def pnl(self, account: str | None = None) -> list[ProfitAndLoss]:
        """An account's P&L by currency. Raises ValueError where an open position has no mark."""
        number = self._gate.names.find_account(account)
        name = self._gate.names.accounts.names[number - 1]
        sums = {currency: [to_decimal(0, 0)] * 3 for currency in self._gate.names.currencies.names}
        for instrument in self._gate.names.instruments:
            position = self.position(instrument.symbol, name)
            figures = position.realized_pnl, position.unrealized_pnl, position.fees
            total = sums[instrument.currency]
            sums[instrument.currency] = [exact_sum(*pair) for pair in zip(total, figures, strict=True)]
        for currency, total in sums.items():  # and what venues charged in other currencies than their instruments'
            total[2] = exact_sum(total[2], self._charges(number, currency))
        return [ProfitAndLoss(name, currency, *total) for currency, total in sums.items()]

    def cash(self, currency: str, account: str | None = None) -> Decimal:
        """An account's cash in a currency: what was opened, plus what trades brought in, less what they cost and fees.

        An opening position was paid for before: it moves no cash.
        """
        return self._cash_of(self._gate.names.find_account(account), currency)

    def _cash_of(self, account_id: int, currency: str) -> Decimal:
        """The cash of an account, or, of 0, what the trades in suspense moved."""
        core, currency_id = self._gate.core, self._gate.names.currencies.id(currency)
        total = self._gate.names.money(currency_id, core.opening_cash(account_id, currency_id) if account_id else 0)
        for number, instrument in enumerate(self._gate.names.instruments, 1):
            if instrument.currency == currency:
                row = core.position(number, account_id) if account_id else PositionRow(*core.suspense(number))
                fees = self._gate.names.money(currency_id, -row.fees)
                total = exact_sum(total, instrument.money(row.realised - row.cost + row.opened), fees)
        return exact_sum(total, -self._charges(account_id, currency))

    def buying_power(self, currency: str, account: str | None = None) -> Decimal:
        """What an account's new orders may need: its cash in a currency, less what its orders that work hold of it at
        their worst, fees included. While no row of INSUFFICIENT_FUNDS is armed nothing is held. Threads: any."""
        account_id, currency_id = self._gate.names.find_account(account), self._gate.names.currencies.id(currency)
        held = to_decimal(self._gate.core.held_cash(account_id, currency_id), LIMIT_PRECISION)
        return exact_sum(self.cash(currency, account), -held)

    def _charges(self, account_id: int, currency: str) -> Decimal:
        currency_id = self._gate.names.currencies.id(currency)
        return self._gate.names.money(currency_id, self._gate.core.charges(account_id, currency_id))

    def table(self, account: str | None = None, symbol: str | None = None) -> Table:
        """Every position that has a quantity, a P&L, a fee or orders that work, of one account or symbol or of all (and
        then those in suspense too): one copy in one moment, as a structured array (`.array`, `.names`), and as a report
        whose columns are made as they are asked for. Threads: any."""
        # What an order's path does not need is imported when it is asked for.
        from .position_tables import position_table

        return position_table(self._lines(account, symbol), self._gate.names)

    def pnl_table(self, account: str | None = None) -> Statement:
        """P&L by account and currency, of one account or of all and suspense, from one copy of all positions in one
        moment; fees that venues told in other currencies than their instruments' are read right after it. Where a
        position has no mark, `unrealized_pnl` and `net` are None, and `unmarked` counts it. Threads: any."""
        from .position_tables import pnl_table

        names, lines = self._gate.names, self._lines(account, None)
        of = range(len(names.accounts.names) + 1) if account is None else [names.find_account(account)]
        told = {(number, currency): self._gate.core.charges(number, currency)
                for number in of for currency in range(1, len(names.currencies.names) + 1)}
        return pnl_table(lines, {place: fees for place, fees in told.items() if fees}, names)

    def _lines(self, account: str | None, symbol: str | None) -> Any:
        names = self._gate.names
        return self._gate.core.position_lines(0 if symbol is None else names.symbols.id(symbol),
                                              -1 if account is None else names.accounts.id(account))

    # ---- commands

    def open_position(self, symbol: str, qty: Number, price: Number, *, account: str | None = None) -> None:
        """An opening position (signed, whole units) at a price: only where nothing is booked yet. It was paid for
        before: no cash moves, what `open_cash` says is there beside it."""
        number, instrument = self._gate.names.find_instrument(symbol)
        self._gate.command(
            CommandType.OPENING_POSITION, instrument=number, account=self._gate.names.find_account(account),
            position_qty=instrument.qty_lots(qty, "qty", low=-QTY_MAX), position_px=instrument.price_units(price),
        )

    def open_cash(self, currency: str, amount: Number, *, account: str | None = None) -> None:
        """Opening cash, added to what was opened before."""
        number = self._gate.names.currencies.id(currency)
        self._gate.command(
            CommandType.OPENING_CASH, account=self._gate.names.find_account(account), currency=number,
            amount=self._gate.names.money_units(number, amount, "amount", CASH_MAX),
        )

    def split(self, symbol: str, numerator: int, denominator: int, *, transact_time: int | None = None) -> None:
        """A stock split: `numerator` new shares for `denominator` old ones (each 1 to 1,000,000). Quantities and
        positions are multiplied, prices divided, amounts stay. RefusedError while the symbol trades, where a quantity
        or price would not be whole, or an open order has a request that is not answered; then nothing is changed."""
        self._gate.command(
            CommandType.SPLIT, instrument=self._gate.names.symbols.id(symbol),
            split_numerator=check_int(numerator, "numerator", 1, SPLIT_MAX),
            split_denominator=check_int(denominator, "denominator", 1, SPLIT_MAX),
            transact_time=self._gate.names.stamp(transact_time),
        )

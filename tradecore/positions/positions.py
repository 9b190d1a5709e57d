"""Positions, suspense, the firm's exposure and the trades behind them, as they are now. It only reads."""

from __future__ import annotations

from ..core.gate import Face
from ..vocabulary.rows import PositionRow
from .position import FirmExposure, Position, Trade, read_trade


class LedgerFace(Face):
    """What the ledger holds, in the user's units."""

    def position(self, symbol: str, account: str | None = None) -> Position:
        """One instrument in one account, as it is now."""
        number, instrument = self._directory.find_instrument(symbol)
        account_id = self._directory.find_account(account)
        row = self._core.position(number, account_id)
        return Position(instrument, self._directory.accounts.names[account_id - 1], PositionRow(*row),
                        self._core.mark_price(number))

    def suspense(self, symbol: str) -> Position:
        """The position of the trades that match no order: no account has it, and the firm's exposure counts it."""
        number, instrument = self._directory.find_instrument(symbol)
        row = self._core.suspense(number)
        return Position(instrument, "(suspense)", PositionRow(*row), self._core.mark_price(number))

    def firm_exposure(self, symbol: str) -> FirmExposure:
        """One instrument over all accounts and suspense: the position, and what open orders would add or take."""
        number, instrument = self._directory.find_instrument(symbol)
        return FirmExposure(symbol, *(instrument.quantity(lots) for lots in self._core.firm_exposure(number)))

    def trades(self, account: str | None = None, symbol: str | None = None) -> list[Trade]:
        """The trades that the log still holds (capacity `trades`), oldest first, each as it is after its corrections:
        of one account or symbol, or all, those in suspense too. Threads: any."""
        instrument = 0 if symbol is None else self._directory.symbols.id(symbol)
        number = 0 if account is None else self._directory.accounts.id(account)
        return [read_trade(row, self._directory) for row in self._core.trades(instrument, number)]

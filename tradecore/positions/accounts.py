"""What a position keeper says about a position and an account, as users read it: exact Decimals."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ..vocabulary.units import exact_sum
from .position import Position


class OpenLot(NamedTuple):
    """An open lot: the trade that opened it, when (ns UTC, 0 unknown), signed quantity, and its signed cost."""

    trade_id: int
    opened: int
    qty: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True, repr=False)
class KeptPosition(Position):
    """A position with what came and went besides its trades.

    Exactly and always: realized_pnl + unrealized_pnl - fees + dividends = cash flow + market value - carried, where
    carried is cost that came in without cash: opening positions and transfers.
    """

    fees_by_currency: dict[str, Decimal] = field(default_factory=dict)
    dividends: dict[str, Decimal] = field(default_factory=dict)
    carried: Decimal = Decimal(0)
    lots: tuple[OpenLot, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPnl:
    """An account's P&L in one currency. `unmarked` positions are left out of unrealized_pnl, never counted as zero."""

    account: str
    currency: str
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    fees: Decimal
    dividends: Decimal
    day_start: Decimal
    unmarked: int

    @property
    def net(self) -> Decimal:
        """Realised plus unrealised, less fees, plus dividends."""
        return exact_sum(self.realized_pnl, self.unrealized_pnl, self.fees.copy_negate(), self.dividends)

    @property
    def day_pnl(self) -> Decimal:
        """`net` since the last daily roll; a bust or correction counts on the day on which it is booked."""
        return exact_sum(self.net, self.day_start.copy_negate())


@dataclass(frozen=True, slots=True)
class BasePnl:
    """P&L in a base currency, derived from the currencies' own by explicit rates; nothing of it is stored."""

    currency: str
    ratio: Fraction
    net: Decimal
    day_pnl: Decimal
    rates: dict[str, Fraction]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Gross (long + |short|) and net market value in one currency; `unmarked` held instruments are left out."""

    currency: str
    gross: Decimal
    net: Decimal
    unmarked: int

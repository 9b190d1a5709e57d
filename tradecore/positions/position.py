"""Positions and P&L as users read them: exact Decimals from the ledger's integers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ..vocabulary.codes import TradeState
from ..vocabulary.fix import LastLiquidityInd, Side
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.records import NO_PRICE
from ..vocabulary.rows import PositionRow, TradeRow
from ..vocabulary.showing import html_table
from ..vocabulary.units import CENTS, MONEY_PRECISION, exact_sum, to_decimal


@dataclass(frozen=True, slots=True, repr=False)
class Position:
    """One instrument in one account, at average cost, as it was when it was read.

    Commissions are booked when they occur. Exactly and always:
    realized_pnl + unrealized_pnl - fees = cash flow net of fees + market value.
    """

    instrument: Instrument
    account: str
    row: PositionRow
    mark_units: int
    money_precision: int = MONEY_PRECISION  # the decimals of its currency's money unit

    @property
    def qty(self) -> Decimal:
        """Signed quantity in whole units: negative is short."""
        return self.instrument.quantity(self.row.qty)

    @property
    def avg_px_ratio(self) -> Fraction:
        """Average price of what is open, exactly; 0 when flat."""
        return self.instrument.price_ratio(self.row.cost, self.row.qty) if self.row.qty else Fraction(0)

    @property
    def avg_px(self) -> Decimal:
        """Average price of what is open, rounded half to even at 28 digits; `avg_px_ratio` is exact."""
        return self.instrument.rounded_price(self.avg_px_ratio)

    @property
    def cost(self) -> Decimal:
        """Signed cost of what is open, in the instrument's currency."""
        return self.instrument.money(self.row.cost)

    @property
    def realized_pnl(self) -> Decimal:
        """P&L of what was closed, before fees."""
        return self.instrument.money(self.row.realised)

    @property
    def fees(self) -> Decimal:
        """Commissions paid; negative where rebates were larger."""
        return to_decimal(self.row.fees, self.money_precision, CENTS)

    @property
    def mark(self) -> Decimal | None:
        """What it is valued at: the marked price, else the last trade's, else None."""
        return None if self.mark_units == NO_PRICE else self.instrument.price(self.mark_units)

    def _marked(self) -> int:
        if self.row.qty and self.mark_units == NO_PRICE:
            raise ValueError(f"{self.instrument.symbol} has no mark, and no trade was a price of it: mark() it first")
        return self.instrument.value(self.row.qty, self.mark_units) if self.row.qty else 0

    @property
    def market_value(self) -> Decimal:
        """Signed value at the mark. Raises ValueError where there is none: a missing mark is never zero."""
        return self.instrument.money(self._marked())

    @property
    def unrealized_pnl(self) -> Decimal:
        """Market value less cost. Raises ValueError where there is no mark."""
        return self.instrument.money(self._marked() - self.row.cost)

    def __repr__(self) -> str:
        return f"<Position {' '.join(f'{name} {value}' for name, value in shown(self))}>"

    def _repr_html_(self) -> str:
        names, values = zip(*shown(self), strict=True)
        return html_table("position", names, [values], 1, [name not in ("symbol", "account") for name in names])

    @property
    def working_buy_qty(self) -> Decimal:
        """What open buy orders would add."""
        return self.instrument.quantity(self.row.working_buy)

    @property
    def working_sell_qty(self) -> Decimal:
        """What open sell orders would take away."""
        return self.instrument.quantity(self.row.working_sell)


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """An account's P&L in one currency: before fees, fees, and the sum."""

    account: str
    currency: str
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    fees: Decimal

    @property
    def net(self) -> Decimal:
        """Realised plus unrealised, less fees."""
        return exact_sum(self.realized_pnl, self.unrealized_pnl, self.fees.copy_negate())


def shown(position: Position) -> list[tuple[str, str]]:
    """What a position shows of itself: what it is, quantity, average price, realised and unrealised P&L."""
    unknown = position.row.qty and position.mark_units == NO_PRICE
    average = position.avg_px
    if -int(average.as_tuple().exponent) > (position.instrument.price_precision or 0):
        average = round(average, position.instrument.price_precision or 0)
    return [("symbol", position.instrument.symbol), ("account", position.account), ("qty", f"{position.qty:f}"),
            ("avg_px", f"{average:f}"), ("realized_pnl", f"{position.realized_pnl:f}"),
            ("unrealized_pnl", "unknown (no mark)" if unknown else f"{position.unrealized_pnl:f}"),
            ("fees", f"{position.fees:f}")]


class FirmExposure(NamedTuple):
    """One instrument over all accounts and suspense, in whole units: the position is signed, what works is not."""

    symbol: str
    qty: Decimal
    working_buy_qty: Decimal
    working_sell_qty: Decimal


class Trade(NamedTuple):
    """One side of a booked trade, as it was when it was read: the quantity and price of its last correction.

    `exec_id` is the core's number, `venue_exec_id` the external venue's, empty where the core itself matched it.
    `account` is None in suspense. `side` is BUY or SELL. `commission` is in `commission_currency`; `day` counts
    trading days from 1. `last_mkt` and `last_liquidity_ind` are as the venue told them. A FOLDED trade stays booked and
    can no longer be busted or corrected.
    """

    exec_id: int
    venue_exec_id: str
    order_id: int
    symbol: str
    account: str | None
    venue: str
    side: Side
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal
    day: int
    state: TradeState
    commission_currency: str
    last_mkt: str
    last_liquidity_ind: LastLiquidityInd


def read_trade(row: TradeRow, directory: Directory) -> Trade:
    """A core's trade in the user's units."""
    instrument = directory.instruments[row.instrument - 1]
    currency = directory.currencies.name(row.currency) or instrument.currency
    return Trade(
        row.exec_id, directory.text_of(row.venue_exec_id), row.order_id, instrument.symbol,
        directory.accounts.name(row.account), directory.venues.names[row.venue - 1], Side(row.side),
        instrument.quantity(row.qty), instrument.price(row.price),
        directory.money(currency, row.commission), row.day, TradeState(row.state), currency,
        row.last_mkt.to_bytes(4, "little").rstrip(b"\0").decode(), LastLiquidityInd(row.last_liquidity_ind),
    )

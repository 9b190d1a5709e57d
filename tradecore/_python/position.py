"""The exact ledger at average cost. Amounts are integers of price unit x lot x multiplier; it knows no orders.

Identity, after every event: realised + unrealised - fees = cash flow net of fees + market value.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradecore.order import FILL_DTYPE, MONEY_MAX, NO_PRICE, PRICE_MAX, QTY_MAX, Codec

from .instrument import InstrumentRow, define_instrument_row
from .shell import Records, demand, open_batch

BOOKING_CODEC = Codec(
    "Booking",
    [("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("price", "i8"), ("fee", "i8")],
    FILL_DTYPE.itemsize,
)


@dataclass(slots=True)
class Position:
    """One instrument in one account: signed lots, micros, amounts."""

    qty: int = 0
    fees: int = 0  # paid is positive
    cost: int = 0  # has the sign of qty (at positive prices)
    realised: int = 0


class Ledger:
    """Exact average-cost positions by instrument and account."""

    def __init__(self, instruments: int, accounts: int) -> None:
        demand("instruments", instruments, 1, 32_766)
        demand("accounts", accounts, 1, 65_535)
        self.instrument_max, self.account_max = instruments, accounts
        self.instruments: dict[int, InstrumentRow] = {}
        self.positions: dict[tuple[int, int], Position] = {}
        self.marks: dict[int, int] = {}  # the MARK command's price
        self.lasts: dict[int, int] = {}  # the last trade's price
        self.cash: dict[tuple[int, int], int] = {}  # by account and currency: opening cash, micros

    def define(self, definition: bytes) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        return define_instrument_row(self.instruments, self.instrument_max, definition)

    def apply_fills(self, fills: Records) -> None:
        """Book FILL_DTYPE rows in order: signed lots at a price in price units, fee in micros.

        All rows are checked before the first is booked. Threads: one caller at a time.
        """
        rows = list(open_batch(fills, BOOKING_CODEC))
        if fills.dtype != FILL_DTYPE:
            raise ValueError(f"expected FILL_DTYPE, got {fills.dtype}")
        for f in rows:
            demand("instrument", f.instrument, 1, len(self.instruments))
            demand("account", f.account, 1, self.account_max)
            demand("qty", f.qty, -QTY_MAX, QTY_MAX)
            demand("price", f.price, -PRICE_MAX, PRICE_MAX)
            demand("fee", f.fee, -MONEY_MAX, MONEY_MAX)
            if f.qty == 0:
                raise ValueError("qty 0 is no fill")
        for f in rows:
            p = position_of(self, f.instrument, f.account)
            apply_fill(p, f.qty, f.price)
            p.fees += f.fee

    def position(self, instrument: int, account: int) -> tuple[int, int, int, int]:
        """(qty, cost, realised, fees): lots, amounts (price unit x lot x multiplier), micros."""
        demand("instrument", instrument, 1, len(self.instruments))
        demand("account", account, 1, self.account_max)
        p = position_of(self, instrument, account)
        return p.qty, p.cost, p.realised, p.fees


def position_of(ledger: Ledger, instrument: int, account: int) -> Position:
    position = ledger.positions.get((instrument, account))
    if position is None:
        position = ledger.positions[instrument, account] = Position()
    return position


def release_cost(cost: int, qty: int, closed: int) -> int:
    """The cost that leaves with `closed` of `qty` lots; on magnitudes, the remainder stays in the position."""
    q, r = divmod(cost, qty)
    return q * closed + r * closed // qty


def apply_fill(p: Position, qty: int, price: int) -> None:
    """Books a fill of signed `qty` at `price`: adds, or closes at average cost, or both when it flips through zero."""
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        sign = 1 if p.qty > 0 else -1
        closed = min(abs(qty), abs(p.qty))
        released = release_cost(p.cost * sign, abs(p.qty), closed)
        p.realised += (closed * price - released) * sign
        p.cost -= released * sign
        p.qty -= closed * sign
        qty += closed * sign
    p.qty += qty
    p.cost += qty * price


def unrealised(p: Position, mark: int) -> int:
    return p.qty * mark - p.cost


def round_half_even(a: int, b: int) -> int:
    """a / b to the nearest whole number, ties to even; b is positive."""
    q, r = divmod(a, b)
    return q + (2 * r > b or (2 * r == b and q % 2 == 1))


def commission_of(ins: InstrumentRow, qty: int, price: int, fee_per_unit: int, fee_ppm: int) -> int:
    """A fill's commission in micros, rounded once: either by quantity or by notional; a rebate is negative."""
    if fee_per_unit:
        return round_half_even(qty * fee_per_unit, ins.lots_per_unit)
    notional = abs(qty * price) * ins.notional_scale
    return round_half_even(notional * fee_ppm, ins.limit_scale * 1_000_000)


def mark_of(ledger: Ledger, instrument: int) -> int:
    """What an open position is valued at: the MARK command's price, else the last trade's, else NO_PRICE."""
    return ledger.marks.get(instrument, ledger.lasts.get(instrument, NO_PRICE))

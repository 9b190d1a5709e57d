"""The live order that a submit gives back: reading it reads the core's table, so it is never out of date."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

from .fix import CommandType, ExecInst, OrdRejReason, OrdStatus, OrdType, Reason, Side, TimeInForce
from .instrument import EXACT, Instrument
from .names import Directory
from .order import NO_PRICE, OrderRow
from .reasons import reason_text

_AVG_PX = Context(prec=28, rounding=ROUND_HALF_EVEN)


class Order:
    """A live order. Every property reads the order as it is now.

    Raises StaleOrderError once the order is evicted: terminal, and older than the `order_history` most recent
    terminal orders. It keeps the core's tables alive, not the core. Threads: read it where the core is commanded.
    """

    __slots__ = ("_directory", "_handle")

    def __init__(self, handle: Any, directory: Directory) -> None:
        self._handle = handle
        self._directory = directory

    @property
    def row(self) -> OrderRow:
        """All facts at once, as integers."""
        row: OrderRow = self._handle.row()
        return row

    @property
    def order_id(self) -> int:
        """OrderID(37): the sequence number of the command that made it. Readable after eviction too."""
        return int(self._handle.order_id)

    @property
    def cl_ord_id(self) -> str:
        """ClOrdID(11), empty where the id was automatic."""
        return self.row.cl_ord_id.decode("ascii", "backslashreplace")

    def _instrument(self, row: OrderRow) -> Instrument:
        instrument = self._directory.instrument(row.instrument)
        assert instrument is not None, "orders made through the API name a declared instrument"
        return instrument

    @property
    def symbol(self) -> str:
        """Symbol(55)."""
        return self._instrument(self.row).symbol

    @property
    def account(self) -> str | None:
        """Account(1)."""
        return self._directory.accounts.name(self.row.account)

    @property
    def venue(self) -> str | None:
        """ExDestination(100): where it was routed; None where it never was."""
        return self._directory.venues.name(self.row.venue)

    @property
    def side(self) -> Side:
        """Side(54)."""
        return Side(self.row.side)

    @property
    def ord_type(self) -> OrdType:
        """OrdType(40)."""
        return OrdType(self.row.ord_type)

    @property
    def time_in_force(self) -> TimeInForce:
        """TimeInForce(59)."""
        return TimeInForce(self.row.time_in_force)

    @property
    def exec_inst(self) -> ExecInst:
        """ExecInst(18)."""
        return ExecInst(self.row.exec_inst)

    @property
    def order_qty(self) -> Decimal:
        """OrderQty(38)."""
        row = self.row
        return self._instrument(row).quantity(row.order_qty)

    @property
    def cum_qty(self) -> Decimal:
        """CumQty(14)."""
        row = self.row
        return self._instrument(row).quantity(row.cum_qty)

    @property
    def leaves_qty(self) -> Decimal:
        """LeavesQty(151): 0 once the order has ended."""
        row = self.row
        return self._instrument(row).quantity(row.leaves_qty)

    @property
    def price(self) -> Decimal | None:
        """Price(44); None for a MARKET order."""
        row = self.row
        return None if row.price == NO_PRICE else self._instrument(row).price(row.price)

    @property
    def avg_px_ratio(self) -> Fraction:
        """AvgPx(6) exactly: the sum of last_qty x last_px over the sum of last_qty; 0 without a fill."""
        row = self.row
        scale = 10 ** (self._instrument(row).price_precision or 0)
        return Fraction(row.cum_amount, row.cum_qty * scale) if row.cum_qty else Fraction(0)

    @property
    def avg_px(self) -> Decimal:
        """AvgPx(6), rounded half to even at 28 digits; `avg_px_ratio` is exact."""
        ratio = self.avg_px_ratio
        quotient = _AVG_PX.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))
        precision = self._instrument(self.row).price_precision or 0
        plain = quotient.quantize(Decimal(1).scaleb(-precision), context=EXACT)
        return plain if plain == quotient else quotient

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus(39)."""
        return OrdStatus(self.row.ord_status)

    @property
    def reason(self) -> Reason:
        """Why it was rejected or canceled; NONE where it was neither."""
        return Reason(self.row.reason)

    @property
    def ord_rej_reason(self) -> OrdRejReason:
        """OrdRejReason(103), NONE (-1) where it was not rejected."""
        return OrdRejReason(self.row.ord_rej_reason)

    @property
    def reject_mask(self) -> int:
        """Every validation failure at once: bit n means Reason(101 + n)."""
        return self.row.reject_mask

    @property
    def text(self) -> str:
        """Text(58): why it was rejected or canceled, naming field, value and bound."""
        row = self.row
        return reason_text(CommandType.NEW_ORDER, row.reason, row.value, row.bound, row.instrument, self._directory)

    @property
    def transact_time(self) -> int:
        """TransactTime(60) of its entry, ns UTC."""
        return self.row.transact_time

    def __repr__(self) -> str:
        row = self.row
        price = "MARKET" if row.price == NO_PRICE else self.price
        why = f" {self.text}" if row.reason else ""
        return (f"<Order {row.order_id} {self.side.name} {self.order_qty} {self.symbol} @ {price} "
                f"{self.ord_status.name} cum_qty={self.cum_qty} leaves_qty={self.leaves_qty}{why}>")

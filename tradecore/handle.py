"""The live order that a submit gives back: reading it reads the core's table, so it is never out of date."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from .fix import CommandType, ExecInst, OrdRejReason, OrdStatus, OrdType, Reason, Side, TimeInForce
from .names import Directory
from .order import NO_PRICE, OrderRow
from .reasons import reason_text


class Order:
    """A live order. Every property reads the order as it is now.

    Raises StaleOrderError once the order is evicted: terminal, and older than the `order_history` most recent
    terminal orders. It keeps the core's tables alive, not the core. Threads: any.
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

    def is_of(self, directory: Directory) -> bool:
        """Whether this order belongs to the core that has this directory."""
        return self._directory is directory

    def _quantity(self, row: OrderRow, lots: int) -> Decimal | None:
        instrument = self._directory.instrument(row.instrument)
        return None if instrument is None else instrument.quantity(lots)

    @property
    def symbol(self) -> str | None:
        """Symbol(55); None where a batch named an instrument that is not declared. So for what depends on it."""
        return self._directory.symbols.name(self.row.instrument)

    @property
    def account(self) -> str | None:
        """Account(1)."""
        return self._directory.accounts.name(self.row.account)

    @property
    def venue(self) -> str | None:
        """ExDestination(100): where it was routed; None where it never was."""
        return self._directory.venues.name(self.row.venue)

    @property
    def side(self) -> Side | None:
        """Side(54); None where a batch gave none that is."""
        return Side(self.row.side) if self.row.side in Side._value2member_map_ else None

    @property
    def ord_type(self) -> OrdType | None:
        """OrdType(40); None where a batch gave none that is."""
        return OrdType(self.row.ord_type) if self.row.ord_type in OrdType._value2member_map_ else None

    @property
    def time_in_force(self) -> TimeInForce | None:
        """TimeInForce(59); None where a batch gave none that is."""
        value = self.row.time_in_force
        return TimeInForce(value) if value in TimeInForce._value2member_map_ else None

    @property
    def exec_inst(self) -> ExecInst:
        """ExecInst(18)."""
        return ExecInst(self.row.exec_inst)

    @property
    def order_qty(self) -> Decimal | None:
        """OrderQty(38)."""
        row = self.row
        return self._quantity(row, row.order_qty)

    @property
    def cum_qty(self) -> Decimal | None:
        """CumQty(14)."""
        row = self.row
        return self._quantity(row, row.cum_qty)

    @property
    def leaves_qty(self) -> Decimal | None:
        """LeavesQty(151): 0 once the order has ended."""
        row = self.row
        return self._quantity(row, row.leaves_qty)

    @property
    def price(self) -> Decimal | None:
        """Price(44); None for a MARKET order."""
        row = self.row
        instrument = self._directory.instrument(row.instrument)
        return None if row.price == NO_PRICE or instrument is None else instrument.price(row.price)

    @property
    def avg_px_ratio(self) -> Fraction:
        """AvgPx(6) exactly: the sum of last_qty x last_px over the sum of last_qty; 0 without a fill."""
        row = self.row
        instrument = self._directory.instrument(row.instrument)
        if row.cum_qty == 0 or instrument is None:
            return Fraction(0)
        return instrument.price_ratio(row.cum_amount, row.cum_qty)

    @property
    def avg_px(self) -> Decimal:
        """AvgPx(6), rounded half to even at 28 digits; `avg_px_ratio` is exact."""
        instrument = self._directory.instrument(self.row.instrument)
        return Decimal(0) if instrument is None else instrument.rounded_price(self.avg_px_ratio)

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and other.is_of(self._directory) and other.order_id == self.order_id

    def __hash__(self) -> int:
        return hash((id(self._directory), self.order_id))

    def __repr__(self) -> str:
        row = self.row
        price = "MARKET" if row.price == NO_PRICE else self.price
        why = f" {self.text}" if row.reason else ""
        side = self.side.name if self.side else f"side {row.side}"
        return (f"<Order {row.order_id} {side} {self.order_qty} {self.symbol} @ {price} "
                f"{self.ord_status.name} cum_qty={self.cum_qty} leaves_qty={self.leaves_qty}{why}>")

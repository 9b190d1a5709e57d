"""The live order that a submit gives back: reading it reads the core's table, so it is never out of date."""

from __future__ import annotations

from abc import ABCMeta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from ..vocabulary.codes import CommandType, Place
from ..vocabulary.fields import OrderFields
from ..vocabulary.fix import PegOffsetType
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.note_text import read_note
from ..vocabulary.reasons import limit_scope_text, reason_text
from ..vocabulary.records import NO_PRICE
from ..vocabulary.rows import OrderRow, StaleOrderError
from ..vocabulary.showing import html_table, refuse_copy


class Order(OrderFields, metaclass=ABCMeta):
    """A live order. Every property reads the order as it is now.

    Raises StaleOrderError once the order is evicted: terminal, and older than the `order_history` most recent
    terminal orders. It keeps the core's tables alive, not the core. Threads: any.
    """

    __slots__ = ("_handle",)

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
        """OrderID(37): the core's own number, from 1 in the order of orders. Readable after eviction too."""
        return int(self._handle.order_id)

    def is_of(self, directory: Directory) -> bool:
        """Whether this order belongs to the core that has this directory."""
        return self._directory is directory

    @property
    def place(self) -> Place:
        """Where it is: RESTING or AT_VENUE, held by the core (AWAITS_...), IN_CHILDREN, or NOWHERE any more."""
        return Place(self.row.place)

    @property
    def peg_offset(self) -> Decimal | int | None:
        """PegOffsetValue(211) of a trailing stop: a price, or an int of basis points; None for other orders."""
        row = self.row
        if row.peg_offset == 0:
            return None
        return row.peg_offset if row.peg_offset_type == PegOffsetType.BASIS_POINTS else self._price(row.peg_offset)

    @property
    def peg_offset_type(self) -> PegOffsetType | None:
        """PegOffsetType(836); None where a batch gave none that is."""
        return PegOffsetType.find(self.row.peg_offset_type)

    @property
    def min_qty(self) -> Decimal | None:
        """MinQty(110): less is not traded at all; 0 where there is none."""
        return self._quantity(self.row.min_qty)

    @property
    def display_qty(self) -> Decimal | None:
        """DisplayQty(1138): what an iceberg shows at a time; 0 where all is shown."""
        return self._quantity(self.row.display_qty)

    @property
    def expire_time(self) -> int:
        """ExpireTime(126), ns UTC; 0 where there is none."""
        return self.row.expire_time

    @property
    def list_id(self) -> int:
        """ListID(66) of the contingent orders that it belongs to; 0 where it is alone."""
        return self.row.list_id

    @property
    def strategy(self) -> int:
        """The strategy that sent it; 0 where none was given."""
        return self.row.strategy

    @property
    def parent(self) -> int:
        """The order_id of the order that this is a part of, which is worked over several venues; 0 of all others."""
        return self.row.parent

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
        row = self.row
        return average_price(self._directory.instrument(row.instrument), row.cum_amount, row.cum_qty)

    @property
    def venue_order_id(self) -> str:
        """The external venue's OrderID(37), as it told it last; empty where it told none."""
        return self._directory.text_of(self.row.venue_order_id)

    @property
    def reject_mask(self) -> int:
        """Every validation failure at once: bit n means Reason(101 + n). Of what a limit refused, the number of its row
        (`core.risk.limits()`)."""
        return self.row.reject_mask

    @property
    def text(self) -> str:
        """Text(58): what its venue said of it last; else why it was rejected or canceled, naming field, value and
        bound."""
        return order_text(self, self._directory)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Order) and other.is_of(self._directory) and other.order_id == self.order_id

    def __hash__(self) -> int:
        return hash((id(self._directory), self.order_id))

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it reads its core; keep its `row`")

    def _repr_html_(self) -> str:
        return order_table(self)

    def __repr__(self) -> str:
        return show_order(self, self._directory)


# What the compiled order says in the same words.


def average_price(instrument: Instrument | None, amount: int, cum_qty: int) -> Decimal:
    """The average price of an order's amount (price unit x quantity unit): see `Order.avg_px`."""
    if instrument is None:
        return Decimal(0)
    return instrument.rounded_price(instrument.price_ratio(amount, cum_qty) if cum_qty else Fraction(0))


def order_text(order: Order, directory: Directory) -> str:
    """Text(58) of an order: what its venue said of it last, while that is held, else why it ended."""
    row = order.row
    if row.note and (said := read_note(directory.core.note(row.note))[1]):
        return said
    text = reason_text(CommandType.NEW_ORDER, row.reason, row.value, row.bound, row.instrument, directory)
    return text + limit_scope_text(row.reason, row.reject_mask, directory)


def show_order(order: Order, directory: Directory) -> str:
    """An order in a line. It never raises: a stale one says so."""
    try:
        row = order.row
    except StaleOrderError:
        return f"<Order {order.order_id}, no longer held>"
    kind = order.ord_type.name if order.ord_type else f"ord_type {row.ord_type}"
    price = kind if row.price == NO_PRICE else order.price
    if row.stop_px != NO_PRICE:
        price = f"{price} stop {order.stop_px}"
    why = f" {order_text(order, directory)}" if row.reason else ""
    side = order.side.name if order.side else f"side {row.side}"
    return (f"<Order {row.order_id} {side} {order.order_qty} {order.symbol} @ {price} "
            f"{order.ord_status.name} cum_qty={order.cum_qty} leaves_qty={order.leaves_qty}{why}>")


def order_table(order: Order) -> str:
    """An order as a notebook shows it."""
    try:
        words = [("order_id", order.order_id), ("symbol", order.symbol), ("side", order.side), ("qty", order.order_qty),
                 ("price", order.price), ("ord_status", order.ord_status.name), ("cum_qty", order.cum_qty),
                 ("leaves_qty", order.leaves_qty), ("avg_px", order.avg_px), ("text", order.text)]
    except StaleOrderError:
        words = [("order_id", order.order_id), ("ord_status", "no longer held")]
    shown = ["" if value is None else getattr(value, "name", value) for _, value in words]
    return html_table("order", [name for name, _ in words], [shown], 1, [False] * len(words))

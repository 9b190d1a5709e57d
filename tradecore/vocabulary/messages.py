"""What an external venue is to be sent, as users read it: an object per record, its texts and
Decimals built when asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NoReturn

from .codes import CommandType, MsgType
from .fields import OrderFields
from .fix import OrdRejReason, PegOffsetType
from .names import Directory
from .reasons import reason_text
from .records import OUTBOUND_CODEC
from .showing import refuse_copy


class OutboundMessage(OrderFields):
    """One message for an external venue, immutable, with every field that its FIX message needs. `msg_type` says which;
    a cancel and a replace have the terms that they ask for. Its integers are in `row`."""

    __slots__ = ("_row",)

    def __init__(self, record: bytes, directory: Directory) -> None:
        self._row: Any = OUTBOUND_CODEC.unpack(record)
        self._directory = directory

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it reads names in its core; keep its `row`")

    @property
    def row(self) -> Any:
        """The record's fields as a named tuple of integers."""
        return self._row

    @property
    def seq(self) -> int:
        """Its number among what was handed out, from 1, without gaps."""
        return int(self._row.seq)

    @property
    def msg_type(self) -> MsgType:
        """MsgType(35)."""
        return MsgType(self._row.msg_type)

    @property
    def event_seq(self) -> int:
        """The `seq` of the last report before it was made."""
        return int(self._row.event_seq)

    @property
    def command_type(self) -> CommandType | None:
        """The command that caused it; None where its kind was no kind."""
        return CommandType.find(self._row.command_kind)

    @property
    def cl_ord_id(self) -> str:
        """ClOrdID(11): of a new order and a status request the order's, else the request's own. Where nobody gave one,
        and of what the core asks of itself, the core made one (`request_prefix`)."""
        return self._directory.text_of(self._row.cl_ord_id)

    @property
    def orig_cl_ord_id(self) -> str:
        """OrigClOrdID(41): the last id in the order's chain that was not rejected when it was handed out; empty where a
        request has none, and of what is no request."""
        return self._directory.text_of(self._row.orig_cl_ord_id)

    @property
    def leaves_qty(self) -> Decimal | None:
        """LeavesQty(151) of the terms that it tells: OrderQty less CumQty, whether or not the order has ended."""
        return self._quantity(max(0, self._row.order_qty - self._row.cum_qty))

    @property
    def min_qty(self) -> Decimal | None:
        """MinQty(110); 0 where there is none."""
        return self._quantity(self._row.min_qty)

    @property
    def display_qty(self) -> Decimal | None:
        """DisplayQty(1138); 0 where all is shown."""
        return self._quantity(self._row.display_qty)

    @property
    def expire_time(self) -> int:
        """ExpireTime(126), ns UTC; 0 where there is none, or the core asks for the order back when it has come."""
        return int(self._row.expire_time)

    @property
    def peg_offset(self) -> Decimal | int | None:
        """PegOffsetValue(211) of a trailing stop: a price, or an int of basis points; None for other orders."""
        row = self._row
        if row.peg_offset == 0:
            return None
        return int(row.peg_offset) if row.peg_offset_type == PegOffsetType.BASIS_POINTS else self._price(row.peg_offset)

    @property
    def peg_offset_type(self) -> PegOffsetType | None:
        """PegOffsetType(836)."""
        return PegOffsetType.find(self._row.peg_offset_type)

    @property
    def list_id(self) -> int:
        """ListID(66); 0 where the order is alone."""
        return int(self._row.list_id)

    @property
    def strategy(self) -> int:
        """The strategy that sent the order; 0 where none was given."""
        return int(self._row.strategy)

    @property
    def currency(self) -> str | None:
        """Currency(15) of its instrument."""
        instrument = self._directory.instrument(self._row.instrument)
        return None if instrument is None else instrument.currency

    @property
    def ord_rej_reason(self) -> OrdRejReason:
        """NONE: nothing that is to be sent was rejected."""
        return OrdRejReason.NONE

    @property
    def text(self) -> str:
        """Text(58): why the core asks of itself; empty where a user did."""
        row = self._row
        return reason_text(row.command_kind, row.reason, 0, 0, row.instrument, self._directory)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutboundMessage) and (self._row, self._directory) == (other._row, other._directory)

    def __hash__(self) -> int:
        return hash(self._row)

    def __repr__(self) -> str:
        side = self.side.name if self.side else f"side {self._row.side}"
        return (f"<OutboundMessage {self.seq} {self.msg_type.name} to {self.venue}: order {self.order_id} "
                f"{side} {self.order_qty} {self.symbol} @ {self.price} cl_ord_id={self.cl_ord_id!r}>")

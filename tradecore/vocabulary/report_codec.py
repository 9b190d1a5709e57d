"""A report record for plain-Python readers and writers: what shares a place is read by the report's kind, and what
follows from the rest is derived. It knows the layout's names, not their places.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from .codes import Reason, ReportType
from .fix import ExecType
from .layouts import Layout, struct_format

FLAG_ENDED, FLAG_VENUE = 0x80, 0x40  # the order has ended: leaves_qty is 0; an external venue said so
FLAG_ROUNDED = 0x20  # a venue's price or commission that was finer than its unit
FLAG_FOREIGN = 0x10  # its commission is in another currency than the instrument's
FLAG_STATUS = 0x0F  # the status before, of a report that is an UNEXPECTED_TRANSITION
NO_PRICE = -(2**63)

_EXECUTION, _CANCEL_REJECT = int(ReportType.EXECUTION_REPORT), int(ReportType.ORDER_CANCEL_REJECT)
_ACCEPTED = int(ReportType.COMMAND_ACCEPTED)
_OF_A_LIMIT = {int(kind) for kind in (ReportType.RISK_OBSERVED, ReportType.RISK_WARNING, ReportType.BREAKER_TRIPPED,
                                      ReportType.RISK_OVERRIDDEN)}
_OF_AN_ORDER = {_EXECUTION, _CANCEL_REJECT}
_TRADE, _REJECTED, _RESTATED = int(ExecType.TRADE), int(ExecType.REJECTED), int(ExecType.RESTATED)
_TRADES = {_TRADE, int(ExecType.TRADE_CORRECT), int(ExecType.TRADE_CANCEL)}
_STATED = {_REJECTED, int(ExecType.ORDER_STATUS), _RESTATED}  # that give a reason of FIX


class ReportRow(NamedTuple):
    """A report's fields as integers, those too that are derived; what its kind has not is 0, NO_PRICE, or -1 for a
    reason of FIX. Ids are numbers (`TradingCore.id_text`)."""

    seq: int
    command_seq: int
    transact_time: int
    order_id: int
    report_type: int
    exec_type: int
    ord_status: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    unknown: int
    instrument: int
    account: int
    user: int
    venue: int
    producer: int
    reason: int
    command_kind: int
    version: int
    flags: int
    cl_ord_id: int
    order_qty: int
    cum_qty: int
    price: int
    # By kind.
    last_liquidity_ind: int = 0
    exec_id: int = 0
    last_qty: int = 0
    last_px: int = NO_PRICE
    commission: int = 0
    contra_order_id: int = 0
    exec_ref_id: int = 0
    venue_exec_id: int = 0
    ord_rej_reason: int = -1
    cxl_rej_reason: int = -1
    exec_restatement_reason: int = -1
    orig_cl_ord_id: int = 0
    value: int = 0
    bound: int = 0
    stop_px: int = NO_PRICE
    reject_mask: int = 0
    leaves_qty: int = 0
    value_high: int = 0  # of accepted cash: the high word of its amount; of a switch the TradingState that it leaves


class ReportCodec:
    """The report's layout as ReportRow and `struct`. What shares a place is named by its first name there."""

    def __init__(self, layout: Layout) -> None:
        self.struct: struct.Struct = struct.Struct(struct_format(layout))
        self.fields: tuple[str, ...] = tuple(name for name, _ in layout)
        self.tuple_type = ReportRow
        assert self.fields[:22] == (*ReportRow._fields[:21], "last_liquidity_ind"), "unpack reads them by place"

    def unpack(self, buffer: bytes | memoryview, offset: int = 0) -> ReportRow:
        """The record at `offset` as a named tuple."""
        values = self.struct.unpack_from(buffer, offset)
        *_, why, cl_ord_id, first, order_qty, cum_qty, price, a, b, c, last = values
        kind, exec_type, reason, flags = values[4], values[5], values[17], values[20]
        leaves = max(0, order_qty - cum_qty) if kind in _OF_AN_ORDER and not flags & FLAG_ENDED else 0
        common = (*values[:21], cl_ord_id, order_qty, cum_qty, price)
        if kind == _EXECUTION and exec_type in _TRADES:
            ids = _trade_ids(exec_type, flags, last)
            value, bound = _alarm_of(reason, cum_qty, order_qty, flags, values[6])
            return ReportRow._make((*common, why, first, a, b, c, *ids, -1, -1, -1, 0, value, bound, NO_PRICE, 0,
                                    leaves, 0))
        refused = kind in _OF_A_LIMIT or (kind == _EXECUTION and exec_type == _REJECTED)
        reasons = _reasons(kind, exec_type, why)
        stop_px, mask = (NO_PRICE, c) if refused else (c, 0)
        venue_id, high = (0, last) if kind == _ACCEPTED else (last, 0)
        return ReportRow._make((*common, 0, 0, 0, NO_PRICE, 0, 0, 0, venue_id, *reasons, first, a, b, stop_px, mask,
                                leaves, high))

    def pack(self, fields: dict[str, Any]) -> bytes:
        """The record's bytes; fields that are not named are blank. An account or a venue that no record can tell,
        which a batch may have named, is 0."""
        kind, exec_type = fields["report_type"], fields.get("exec_type", 0)
        get: Callable[..., Any] = fields.get
        account, venue = get("account", 0), get("venue", 0)
        if kind == _EXECUTION and exec_type in _TRADES:
            last = "contra_order_id" if exec_type == _TRADE else "exec_ref_id"
            if get("flags", 0) & FLAG_VENUE and exec_type == _TRADE:
                last = "venue_exec_id"
            by_kind = (get("last_liquidity_ind", 0), get("exec_id", 0), get("last_qty", 0), get("last_px", NO_PRICE),
                       get("commission", 0), get(last, 0))
        else:
            masked = kind in _OF_A_LIMIT or (kind == _EXECUTION and exec_type == _REJECTED)
            third = get("reject_mask", 0) if masked else get("stop_px", NO_PRICE)
            by_kind = (_why(kind, exec_type, fields) & 0xFF, get("orig_cl_ord_id", 0), get("value", 0), get("bound", 0),
                       third, get("value_high" if kind == _ACCEPTED else "venue_exec_id", 0))
        liquidity, second, *rest = by_kind
        return self.struct.pack(
            get("seq", 0), get("command_seq", 0), get("transact_time", 0), get("order_id", 0), kind, exec_type,
            get("ord_status", 0), get("side", 0), get("ord_type", 0), get("time_in_force", 0), get("exec_inst", 0),
            get("unknown", 0), get("instrument", 0), account if 0 <= account <= 0xFFFF else 0, 0,
            venue if 0 <= venue <= 0xFF else 0, 0, get("reason", 0), get("command_kind", 0), 1, get("flags", 0),
            liquidity, get("cl_ord_id", 0), second, get("order_qty", 0), get("cum_qty", 0), get("price", NO_PRICE),
            *rest,
        )


def _why(kind: int, exec_type: int, fields: dict[str, Any]) -> int:
    """The reason of FIX that a report of this kind has."""
    name = "cxl_rej_reason" if kind == _CANCEL_REJECT else "ord_rej_reason"
    if kind == _EXECUTION and exec_type == _RESTATED:
        name = "exec_restatement_reason"
    return int(fields.get(name, -1))


def _trade_ids(exec_type: int, flags: int, last: int) -> tuple[int, int, int]:
    """contra_order_id, exec_ref_id and venue_exec_id, which share one place."""
    if exec_type != _TRADE:
        return 0, last, 0
    return (0, 0, last) if flags & FLAG_VENUE else (last, 0, 0)


def _alarm_of(reason: int, cum_qty: int, order_qty: int, flags: int, ord_status: int) -> tuple[int, int]:
    """Value and bound of a trade's reason, for which it has no room: they follow from the rest."""
    if reason == Reason.OVERFILL:
        return cum_qty, order_qty
    return (flags & FLAG_STATUS, ord_status) if reason == Reason.UNEXPECTED_TRANSITION else (0, 0)


def _reasons(kind: int, exec_type: int, why: int) -> tuple[int, int, int]:
    """ord_rej_reason, cxl_rej_reason and exec_restatement_reason, which share one place."""
    signed = why - 256 if why > 127 else why
    if kind == _CANCEL_REJECT:
        return -1, signed, -1
    if kind != _EXECUTION or exec_type not in _STATED:
        return -1, -1, -1
    return (-1, -1, signed) if exec_type == _RESTATED else (signed, -1, -1)

"""Fixed-size records: what enters the core (commands), what leaves it (reports), and a batch's answers (acks).

The layouts are written once, here; NumPy dtypes, the twin's codecs and the test that checks the C structs
(ext/include/tradecore/records.h) all come from them. Little-endian, no pointers, no texts, no padding.

Units: prices are int64 price units (10**-price_precision), quantities int64 lots (10**-qty_precision),
money int64 micros (1e-6 of the currency), times int64 nanoseconds UTC. Ids are small integers from 1;
0 means none. A record of any kind may stand in one batch: view the array with the dtype of its kind.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .fix import CommandType

NO_PRICE = -(2**63)  # "no price": a MARKET order's, a missing mark's; 0 is a price where the instrument allows it
LIMIT_OFF = -1
PRICE_MAX = 10**14  # |price| in price units; with QTY_MAX it bounds an order's amount by 2**94
QTY_MAX = 10**14  # lots in one order, quote or opening position
POSITION_MAX = 10**18  # |position + working orders| in lots; beyond it ARITHMETIC_OVERFLOW
MULTIPLIER_MAX = 10**9
MONEY_MAX = 2**62  # micros: one order's notional, a limit, an opening balance
TIME_MAX = 2**62  # ns UTC
COMMAND_SIZE, REPORT_SIZE, ACK_SIZE = 128, 192, 32

Layout = Sequence[tuple[str, str]]

_HEADER: Layout = [
    ("kind", "u1"), ("side", "u1"), ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u4"),
    ("instrument", "i4"), ("account", "i4"), ("venue", "i4"), ("currency", "i4"), ("transact_time", "i8"),
    ("cl_ord_id", "S24"),
]  # fmt: skip

# Body fields by command, from byte 56. Definitions carry their name in cl_ord_id.
_BODIES: dict[CommandType, Layout] = {
    CommandType.NEW_ORDER: [("order_qty", "i8"), ("price", "i8")],
    CommandType.CANCEL: [("orig_cl_ord_id", "S24"), ("order_id", "i8")],
    CommandType.QUOTE: [("bid_px", "i8"), ("bid_size", "i8"), ("ask_px", "i8"), ("ask_size", "i8")],
    CommandType.MARK: [("mark_px", "i8")],
    CommandType.SET_LIMIT: [("rule", "i8"), ("value", "i8"), ("window_ns", "i8"), ("mode", "i8")],
    CommandType.KILL_SWITCH: [("scope", "i8"), ("target", "i8"), ("engaged", "i8")],
    CommandType.OPENING_POSITION: [("position_qty", "i8"), ("position_px", "i8")],
    CommandType.OPENING_CASH: [("amount", "i8")],
    CommandType.DEFINE_CURRENCY: [],
    CommandType.DEFINE_ACCOUNT: [],
    CommandType.DEFINE_VENUE: [
        ("maker_fee_per_unit", "i8"), ("taker_fee_per_unit", "i8"),  # micros for a whole unit of quantity
        ("maker_fee_ppm", "i8"), ("taker_fee_ppm", "i8"),  # millionths of the notional
    ],
    CommandType.DEFINE_INSTRUMENT: [
        ("price_precision", "u1"), ("qty_precision", "u1"), ("multiplier_precision", "u1"), ("any_sign", "u1"),
        ("ord_types", "u2"), ("times_in_force", "u2"),  # bit n set: value n is supported
        ("tick", "i8"), ("lot", "i8"), ("min_qty", "i8"), ("max_qty", "i8"), ("multiplier", "i8"),
        ("min_notional", "i8"), ("max_notional", "i8"),  # micros; LIMIT_OFF where there is none
    ],
}  # fmt: skip

_REPORT: Layout = [
    ("seq", "i8"), ("command_seq", "i8"), ("transact_time", "i8"), ("order_id", "i8"),
    ("report_type", "u1"), ("exec_type", "u1"), ("ord_status", "u1"), ("side", "u1"),
    ("ord_type", "u1"), ("time_in_force", "u1"), ("exec_inst", "u2"),
    ("reason", "i2"), ("ord_rej_reason", "i2"), ("cxl_rej_reason", "i2"), ("last_liquidity_ind", "u2"),
    ("instrument", "i4"), ("account", "i4"), ("venue", "i4"), ("command_kind", "i4"),
    ("cl_ord_id", "S24"),
    ("order_qty", "i8"), ("price", "i8"), ("cum_qty", "i8"), ("leaves_qty", "i8"),
    ("last_qty", "i8"), ("last_px", "i8"), ("commission", "i8"), ("exec_id", "i8"), ("contra_order_id", "i8"),
    ("value", "i8"), ("bound", "i8"), ("reject_mask", "i8"), ("decision", "i8"),
]  # fmt: skip

_ACK: Layout = [
    ("order_id", "i8"), ("cum_qty", "i8"), ("leaves_qty", "i8"),
    ("report_type", "u1"), ("ord_status", "u1"), ("reason", "i2"), ("ord_rej_reason", "i2"), ("cxl_rej_reason", "i2"),
]  # fmt: skip

_CODES = {"u1": "B", "u2": "H", "u4": "I", "i2": "h", "i4": "i", "i8": "q", "S24": "24s"}


def _dtype(layout: Layout, size: int) -> np.dtype[np.void]:
    offsets, at = [], 0
    for _, kind in layout:
        offsets.append(at)
        at += int(kind[1:])
    assert at <= size, (layout, at)
    spec: Any = {"names": [n for n, _ in layout], "formats": [f"<{k}" if k[0] != "S" else k for _, k in layout],
                 "offsets": offsets, "itemsize": size}  # fmt: skip
    dtype: np.dtype[np.void] = np.dtype(spec)
    return dtype


class Codec:
    """One record layout as a NamedTuple class and a `struct` format, for plain-Python readers."""

    def __init__(self, name: str, layout: Layout, size: int) -> None:
        used = sum(int(kind[1:]) for _, kind in layout)
        self.struct: struct.Struct = struct.Struct("<" + "".join(_CODES[k] for _, k in layout) + f"{size - used}x")
        self.fields: tuple[str, ...] = tuple(n for n, _ in layout)
        self._texts = tuple(i for i, (_, k) in enumerate(layout) if k[0] == "S")
        self.tuple_type: Any = NamedTuple(name, [(n, Any) for n in self.fields])  # type: ignore[misc]

    def unpack(self, buffer: bytes | memoryview, offset: int = 0) -> Any:
        """The record at `offset` as a named tuple; texts lose their trailing NULs."""
        values = list(self.struct.unpack_from(buffer, offset))
        for i in self._texts:
            values[i] = values[i].rstrip(b"\0")
        return self.tuple_type._make(values)

    def pack(self, **fields: int | bytes) -> bytes:
        """The record's bytes; fields that are not named are 0."""
        unknown = fields.keys() - set(self.fields)
        if unknown:
            raise TypeError(f"no such field: {', '.join(sorted(unknown))}")
        return self.struct.pack(*(fields.get(n, b"" if i in self._texts else 0) for i, n in enumerate(self.fields)))


CODECS: dict[int, Codec] = {
    int(kind): Codec(kind.name.title().replace("_", ""), [*_HEADER, *body], COMMAND_SIZE)
    for kind, body in _BODIES.items()
}
HEADER_CODEC = Codec("Header", _HEADER, COMMAND_SIZE)
REPORT_CODEC = Codec("ReportRow", _REPORT, REPORT_SIZE)
ACK_CODEC = Codec("AckRow", _ACK, ACK_SIZE)
ReportRow = REPORT_CODEC.tuple_type
AckRow = ACK_CODEC.tuple_type

COMMAND_DTYPES: dict[CommandType, np.dtype[np.void]] = {
    kind: _dtype([*_HEADER, *body], COMMAND_SIZE) for kind, body in _BODIES.items()
}
ORDER_DTYPE = COMMAND_DTYPES[CommandType.NEW_ORDER]
CANCEL_DTYPE = COMMAND_DTYPES[CommandType.CANCEL]
QUOTE_DTYPE = COMMAND_DTYPES[CommandType.QUOTE]
MARK_DTYPE = COMMAND_DTYPES[CommandType.MARK]
REPORT_DTYPE = _dtype(_REPORT, REPORT_SIZE)
ACK_DTYPE = _dtype(_ACK, ACK_SIZE)
# One book's and one ledger's operations, for those rooms used alone.
BOOK_DTYPE = _dtype([("price", "i8"), ("qty", "i8"), ("number", "u4"), ("op", "u1"), ("side", "u1")], 24)
FILL_DTYPE = _dtype([("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("price", "i8"), ("fee", "i8")], 32)


def as_bytes(records: Any) -> Any:
    """Records as opaque blocks of bytes, not copied: NumPy copies of a structured array only the bytes that its dtype
    names, and a record of another kind has more."""
    return records.view(f"V{records.dtype.itemsize}")


def new_orders(count: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """An array of `count` NEW_ORDER records (LIMIT, DAY, no price yet) for `TradingCore.submit_batch`."""
    orders = np.zeros(count, ORDER_DTYPE)
    orders["kind"], orders["ord_type"], orders["price"] = CommandType.NEW_ORDER, 2, NO_PRICE
    return orders


class StaleOrderError(LookupError):
    """The order was evicted: terminal, and older than the `order_history` most recent terminal orders."""


def encode_cl_ord_id(value: str | int | bytes | None) -> bytes:
    """The record's form of a ClOrdID(11): 1 to 24 printable ASCII bytes; None is b"" (automatic).

    An int is its decimal text. Raises TypeError or ValueError naming the value and the bound.
    """
    if value is None:
        return b""
    if isinstance(value, bool) or not isinstance(value, (str, int, bytes)):
        raise TypeError(f"cl_ord_id must be str, int, bytes or None, not {type(value).__name__}")
    if isinstance(value, int) and value.bit_length() > 80:
        raise ValueError(f"cl_ord_id of {value.bit_length()} bits has more than 24 digits")
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    if not 1 <= len(text) <= 24 or not all("!" <= c <= "~" for c in text):
        raise ValueError(f"cl_ord_id {text!r} must be 1 to 24 printable ASCII characters without spaces")
    return text.encode("ascii")


@dataclass(frozen=True, slots=True)
class Capacity:
    """The size of every table, fixed at construction: after the start the hot path allocates nothing."""

    instruments: int = 1024
    accounts: int = 64
    venues: int = 8
    currencies: int = 16
    open_orders: int = 65_536
    order_history: int = 65_536
    cl_ord_ids: int = 1_048_576
    events: int = 16_384
    order_rate: int = 16_384
    decisions: int = 4_096

    def __post_init__(self) -> None:
        bounds = {
            "instruments": 32_766, "accounts": 65_535, "venues": 64, "currencies": 255, "open_orders": 2**24,
            "order_history": 2**24, "cl_ord_ids": 2**27, "events": 2**24, "order_rate": 2**20, "decisions": 2**20,
        }  # fmt: skip
        for name, most in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"capacity {name} must be an int, not {type(value).__name__}")
            if not 1 <= value <= most:
                raise ValueError(f"capacity {name} {value} must be 1 to {most}")
        for name in ("events", "order_rate", "decisions"):
            value = getattr(self, name)
            if value & (value - 1):
                above = 1 << value.bit_length()
                raise ValueError(f"capacity {name} {value} must be a power of two: the next is {above}")
        if (self.instruments + 1) * self.venues > 32_768:
            raise ValueError(f"capacity: (instruments + 1) x venues is {(self.instruments + 1) * self.venues}, "
                             "at most 32768 books are possible")


class OrderRow(NamedTuple):
    """An order's facts as integers: prices in price units, quantities in lots, ids of the core."""

    order_id: int
    cl_ord_id: bytes
    instrument: int
    account: int
    venue: int
    side: int
    ord_type: int
    time_in_force: int
    exec_inst: int
    order_qty: int
    price: int
    cum_qty: int
    leaves_qty: int
    cum_amount: int
    ord_status: int
    reason: int
    ord_rej_reason: int
    value: int
    bound: int
    reject_mask: int
    transact_time: int
    decision: int
    route: int


class PositionRow(NamedTuple):
    """A ledger row and its holds: lots, amounts (price unit x lot x multiplier), micros."""

    qty: int
    cost: int
    realised: int
    fees: int
    working_buy: int
    working_sell: int


class Term(NamedTuple):
    """One venue's line of a ranking; fee and cost are in millionths of a price unit."""

    venue: int
    price: int
    size: int
    stamp: int
    fee: int
    cost: int


class Finding(NamedTuple):
    """One risk rule's answer, in the rule's own unit."""

    reason: int
    value: int
    limit: int
    refused: bool
    armed: bool


STAGES = ("validation", "risk", "routing", "execution", "position", "events", "order", "cancel")

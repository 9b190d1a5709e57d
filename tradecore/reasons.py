"""The text of a refusal, built when it is read: from code, value and bound, naming field, value and bound."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .fix import CommandType, OrdType, Reason, TimeInForce
from .instrument import MONEY_PRECISION, Instrument, to_decimal
from .names import Directory
from .order import COMMAND_DTYPES, NO_PRICE

_IN_PRICE = {Reason.PRICE_TICK_MULTIPLE, Reason.PRICE_OUT_OF_RANGE, Reason.POST_ONLY_WOULD_TAKE}
_IN_LOTS = {Reason.QTY_LOT_MULTIPLE, Reason.QTY_BELOW_MIN, Reason.QTY_ABOVE_MAX, Reason.ARITHMETIC_OVERFLOW}
_IN_MONEY = {Reason.NOTIONAL_BELOW_MIN, Reason.NOTIONAL_ABOVE_MAX, Reason.MAX_ORDER_NOTIONAL}
_LOTS_AGAINST_MILLIONTHS = {Reason.MAX_ORDER_QTY, Reason.MAX_POSITION_QTY}

_TEXTS = {
    Reason.UNKNOWN_INSTRUMENT: "instrument {value} is not declared: {bound} are",
    Reason.UNKNOWN_ACCOUNT: "account {value} is not declared: {bound} are",
    Reason.UNKNOWN_VENUE: "venue {value} is not declared: {bound} are",
    Reason.MISSING_REQUIRED_FIELD: "price is missing: a LIMIT order needs one",
    Reason.PRICE_TICK_MULTIPLE: "price {value} is not a multiple of the tick {bound}",
    Reason.PRICE_OUT_OF_RANGE: "price {value} is out of range: the bound is {bound}",
    Reason.QTY_LOT_MULTIPLE: "order_qty {value} is not a multiple of the lot {bound}",
    Reason.QTY_BELOW_MIN: "order_qty {value} is below the minimum {bound}",
    Reason.QTY_ABOVE_MAX: "order_qty {value} is above the maximum {bound}",
    Reason.NOTIONAL_BELOW_MIN: "notional {value} is below the minimum {bound}",
    Reason.NOTIONAL_ABOVE_MAX: "notional {value} is above the maximum {bound}",
    Reason.INVALID_CL_ORD_ID: "cl_ord_id must be 1 to 24 printable ASCII bytes, NUL-padded",
    Reason.ALREADY_DEFINED: "it is defined already",
    Reason.TABLE_FULL: "its table is full: {value} of {bound}",
    Reason.KILL_SWITCH: "a kill switch is engaged for the firm, the account, the instrument or the venue",
    Reason.RISK_CONFIG_MISSING: "the account has no complete risk limits: rules set {value:#07b} of {bound:#07b}",
    Reason.DUPLICATE_CLORDID: "cl_ord_id was used before today",
    Reason.MAX_OPEN_ORDERS: "open orders {value} would exceed {bound}",
    Reason.REFERENCE_PRICE_UNAVAILABLE: "no positive mid, last trade or mark to hold the order against",
    Reason.MAX_ORDER_QTY: "order_qty {value} exceeds {bound}",
    Reason.MAX_ORDER_NOTIONAL: "notional {value} exceeds {bound}",
    Reason.PRICE_COLLAR: "price is {value} bps from the reference on the aggressive side, the collar is {bound} bps",
    Reason.MAX_POSITION_QTY: "position with working orders {value} would exceed {bound}",
    Reason.ORDER_RATE: "orders in the window {value} would exceed {bound}",
    Reason.ARITHMETIC_OVERFLOW: "{value} is beyond the largest amount {bound}",
    Reason.NO_VENUE: "no venue is up: {bound} are declared",
    Reason.POST_ONLY_WOULD_TAKE: "price {value} would take at {bound}",
    Reason.IOC_LEFTOVER: "the rest of an IMMEDIATE_OR_CANCEL order",
    Reason.FOK_NOT_FILLABLE: "no venue holds the whole quantity within the limit",
    Reason.MARKET_LEFTOVER: "the rest of a MARKET order: nothing more is displayed within its protection price",
    Reason.CANCEL_REQUESTED: "canceled on request",
    Reason.UNKNOWN_ORDER: "no such order",
    Reason.TOO_LATE_TO_CANCEL: "the order has ended",
}


def field_at(kind: int, offset: int) -> str:
    """The name of a command's field by its byte offset in the record."""
    dtype = COMMAND_DTYPES.get(CommandType(kind)) if kind in CommandType._value2member_map_ else None
    fields: Any = (dtype.fields if dtype is not None else None) or {"kind": (None, 0)}
    return next((name for name, spec in fields.items() if spec[1] == offset), "kind")


def _bits(mask: int, words: type[OrdType] | type[TimeInForce]) -> str:
    return ", ".join(word.name for word in words if mask >> word & 1)


def reason_value(reason: Reason, value: int, instrument: Instrument | None) -> int | Decimal | None:
    """A reason's value in the user's unit; None where there is none."""
    if value == NO_PRICE:
        return None
    if reason in _IN_MONEY:
        return to_decimal(value, MONEY_PRECISION)
    if instrument is not None and reason in _IN_PRICE:
        return instrument.price(value)
    if instrument is not None and reason in _IN_LOTS | _LOTS_AGAINST_MILLIONTHS:
        return instrument.quantity(value)
    return value


def reason_bound(reason: Reason, bound: int, instrument: Instrument | None) -> int | Decimal | None:
    """A reason's bound in the user's unit."""
    if reason in _LOTS_AGAINST_MILLIONTHS:
        return to_decimal(bound, MONEY_PRECISION)
    return reason_value(reason, bound, instrument)


def reason_text(kind: int, reason: int, value: int, bound: int, instrument: int, directory: Directory) -> str:
    """One sentence: the reason's name, then field, value and bound. Empty where nothing was refused."""
    if reason == Reason.NONE:
        return ""
    word = Reason(reason)
    ins = directory.instrument(instrument)
    if word is Reason.INVALID_FIELD_VALUE:
        field = field_at(kind, bound)
        if ins is not None and field == "ask_px":
            return f"{word.name}: ask_px {ins.price(value)} is not above bid_px"
        return f"{word.name}: {field} {value} is out of bounds"
    if word is Reason.UNSUPPORTED_ORDER_TYPE:
        return f"{word.name}: ord_type {OrdType(value).name} (as asked) is not one of {_bits(bound, OrdType)}"
    if word is Reason.UNSUPPORTED_TIF:
        return (f"{word.name}: time_in_force {TimeInForce(value).name} is not possible with this ord_type and "
                f"exec_inst; the instrument takes {_bits(bound, TimeInForce)}")
    text = _TEXTS[word].format(value=reason_value(word, value, ins), bound=reason_bound(word, bound, ins))
    return f"{word.name}: {text}"

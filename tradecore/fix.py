"""FIX vocabulary: enumerations and reason codes, shared by every room and by both backends.

Single-character FIX fields are IntEnums whose value is the character read in base 36 ('A' is 10);
integer fields keep FIX's integers. Every enumeration also accepts its member's name, so "BUY" works
wherever `Side.BUY` does. This file holds words only: no state, no rules.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Self


class FixEnum(IntEnum):
    """An IntEnum that can also be read from its member's name, whatever the letter case."""

    @classmethod
    def parse(cls, value: object, field: str) -> Self:
        """Return the member for a member, its name or its integer value.

        Raises TypeError for other types, and ValueError, naming field, value and the members, for an unknown one.
        """
        if type(value) is cls:
            return value
        if isinstance(value, str):
            member = cls.__members__.get(value.strip().upper())
            if member is not None:
                return member
        elif isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{field} must be a {cls.__name__}, its name or its value, not {type(value).__name__}")
        elif value in cls._value2member_map_:
            return cls(value)
        raise ValueError(f"{field} {value!r} is not a {cls.__name__}: one of {', '.join(cls.__members__)}")


class Side(FixEnum):
    """Side(54)."""

    BUY = 1
    SELL = 2


class OrdType(FixEnum):
    """OrdType(40)."""

    MARKET = 1
    LIMIT = 2


class TimeInForce(FixEnum):
    """TimeInForce(59)."""

    DAY = 0
    GOOD_TILL_CANCEL = 1
    IMMEDIATE_OR_CANCEL = 3
    FILL_OR_KILL = 4
    GTC = 1
    IOC = 3
    FOK = 4


class ExecInst(IntFlag):
    """ExecInst(18) as a set of flags."""

    NONE = 0
    PARTICIPATE_DONT_INITIATE = 1
    POST_ONLY = 1


class OrdStatus(FixEnum):
    """OrdStatus(39)."""

    NEW = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    CANCELED = 4
    REJECTED = 8


class ExecType(FixEnum):
    """ExecType(150)."""

    NEW = 0
    CANCELED = 4
    REJECTED = 8
    TRADE = 15


class LastLiquidityInd(FixEnum):
    """LastLiquidityInd(851): 0 where the report is not a trade."""

    NONE = 0
    ADDED = 1
    REMOVED = 2


class OrdRejReason(FixEnum):
    """OrdRejReason(103). 0 is a real reason in FIX, so "not rejected" is -1."""

    NONE = -1
    BROKER_OPTION = 0
    UNKNOWN_SYMBOL = 1
    EXCHANGE_CLOSED = 2
    ORDER_EXCEEDS_LIMIT = 3
    DUPLICATE_ORDER = 6
    UNSUPPORTED_ORDER_CHARACTERISTIC = 11
    INCORRECT_QUANTITY = 13
    UNKNOWN_ACCOUNT = 15
    OTHER = 99


class CxlRejReason(FixEnum):
    """CxlRejReason(102). 0 is a real reason in FIX, so "not rejected" is -1."""

    NONE = -1
    TOO_LATE_TO_CANCEL = 0
    UNKNOWN_ORDER = 1


class CommandType(FixEnum):
    """What a command record asks for. 0 is no command, so that a zeroed record is refused."""

    DEFINE_CURRENCY = 1
    DEFINE_INSTRUMENT = 2
    DEFINE_VENUE = 3
    DEFINE_ACCOUNT = 4
    OPENING_POSITION = 5
    OPENING_CASH = 6
    NEW_ORDER = 10
    CANCEL = 11
    QUOTE = 20
    MARK = 21
    SET_LIMIT = 30
    KILL_SWITCH = 31


class ReportType(FixEnum):
    """What a report record tells. The first two are FIX MsgType 8 and 9; 19 is MsgType j."""

    EXECUTION_REPORT = 8
    ORDER_CANCEL_REJECT = 9
    COMMAND_ACCEPTED = 10
    RISK_OBSERVED = 11
    BUSINESS_REJECT = 19


class Scope(FixEnum):
    """What a kill switch acts on."""

    FIRM = 0
    ACCOUNT = 1
    INSTRUMENT = 2
    VENUE = 3


class Rule(FixEnum):
    """The limits that SET_LIMIT changes, in the order of the table's columns."""

    MAX_ORDER_QTY = 0
    MAX_ORDER_NOTIONAL = 1
    PRICE_COLLAR = 2
    MAX_POSITION_QTY = 3
    ORDER_RATE = 4


class LimitMode(FixEnum):
    """What SET_LIMIT makes of a limit: what exceeds it is refused, or only reported (RISK_OBSERVED)."""

    ENFORCE = 0
    OBSERVE = 1


class Route(FixEnum):
    """How an order's venue was chosen."""

    NONE = 0
    DIRECTED = 1
    TAKES = 2
    RESTS = 3


class Reason(FixEnum):
    """Why something was refused or ended; banded by room.

    100s validation (bit `reason - 101` of a report's `reject_mask`), 200s risk, in the order in which
    the path asks, 300s routing, 400s execution, 500s order management.
    """

    NONE = 0
    INVALID_FIELD_VALUE = 101
    UNKNOWN_INSTRUMENT = 102
    UNKNOWN_ACCOUNT = 103
    UNKNOWN_VENUE = 104
    MISSING_REQUIRED_FIELD = 105
    UNSUPPORTED_ORDER_TYPE = 106
    UNSUPPORTED_TIF = 107
    PRICE_TICK_MULTIPLE = 108
    PRICE_OUT_OF_RANGE = 109
    QTY_LOT_MULTIPLE = 110
    QTY_BELOW_MIN = 111
    QTY_ABOVE_MAX = 112
    NOTIONAL_BELOW_MIN = 113
    NOTIONAL_ABOVE_MAX = 114
    INVALID_CL_ORD_ID = 115
    ALREADY_DEFINED = 116
    TABLE_FULL = 117
    KILL_SWITCH = 201
    RISK_CONFIG_MISSING = 202
    DUPLICATE_CLORDID = 203
    MAX_OPEN_ORDERS = 204
    REFERENCE_PRICE_UNAVAILABLE = 205
    MAX_ORDER_QTY = 206
    MAX_ORDER_NOTIONAL = 207
    PRICE_COLLAR = 208
    MAX_POSITION_QTY = 209
    ORDER_RATE = 210
    ARITHMETIC_OVERFLOW = 211
    NO_VENUE = 301
    POST_ONLY_WOULD_TAKE = 401
    IOC_LEFTOVER = 402
    FOK_NOT_FILLABLE = 403
    MARKET_LEFTOVER = 404
    CANCEL_REQUESTED = 501
    UNKNOWN_ORDER = 502
    TOO_LATE_TO_CANCEL = 503


# The FIX reason that goes with each of ours; whatever is not here is OTHER (99).
ORD_REJ_REASON: dict[Reason, OrdRejReason] = {
    Reason.UNKNOWN_INSTRUMENT: OrdRejReason.UNKNOWN_SYMBOL,
    Reason.UNKNOWN_ACCOUNT: OrdRejReason.UNKNOWN_ACCOUNT,
    Reason.UNSUPPORTED_ORDER_TYPE: OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
    Reason.UNSUPPORTED_TIF: OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC,
    Reason.QTY_LOT_MULTIPLE: OrdRejReason.INCORRECT_QUANTITY,
    Reason.QTY_BELOW_MIN: OrdRejReason.INCORRECT_QUANTITY,
    Reason.QTY_ABOVE_MAX: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.NOTIONAL_ABOVE_MAX: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.KILL_SWITCH: OrdRejReason.BROKER_OPTION,
    Reason.DUPLICATE_CLORDID: OrdRejReason.DUPLICATE_ORDER,
    Reason.MAX_OPEN_ORDERS: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_ORDER_QTY: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_ORDER_NOTIONAL: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.PRICE_COLLAR: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.MAX_POSITION_QTY: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.ORDER_RATE: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    Reason.NO_VENUE: OrdRejReason.EXCHANGE_CLOSED,
}
REASON_TABLE_SIZE = 512


def ord_rej_reason_table() -> list[int]:
    """OrdRejReason by reason code, as the dense table that the cores index."""
    table = [int(OrdRejReason.OTHER)] * REASON_TABLE_SIZE
    table[0] = int(OrdRejReason.NONE)
    for reason, fix_reason in ORD_REJ_REASON.items():
        table[reason] = int(fix_reason)
    return table

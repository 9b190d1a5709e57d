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
    def find(cls, value: int) -> Self | None:
        """The member of an integer, or None: a batch or a venue may say anything."""
        return cls(value) if value in cls._value2member_map_ else None

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
    SELL_SHORT = 5
    SELL_SHORT_EXEMPT = 6


class OrdType(FixEnum):
    """OrdType(40). FIX has no character for the last two; they take U and V, which it leaves free."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    MARKET_IF_TOUCHED = 19
    LIMIT_IF_TOUCHED = 30
    TRAILING_STOP = 31


class TimeInForce(FixEnum):
    """TimeInForce(59)."""

    DAY = 0
    GOOD_TILL_CANCEL = 1
    AT_THE_OPEN = 2
    IMMEDIATE_OR_CANCEL = 3
    FILL_OR_KILL = 4
    GOOD_TILL_DATE = 6
    AT_THE_CLOSE = 7
    GTC = 1
    OPG = 2
    IOC = 3
    FOK = 4
    GTD = 6


class ExecInst(IntFlag):
    """ExecInst(18) as a set of flags; CASH_ORDER_QTY says that order_qty holds CashOrderQty(152), in micros."""

    NONE = 0
    PARTICIPATE_DONT_INITIATE = 1
    POST_ONLY = 1
    REDUCE_ONLY = 2
    CASH_ORDER_QTY = 4


class TriggerPriceType(FixEnum):
    """TriggerPriceType(1107): the price that a stop watches. NONE is the last trade."""

    NONE = 0
    BEST_OFFER = 1
    LAST_TRADE = 2
    BEST_BID = 3
    BEST_MID = 6


class PegOffsetType(FixEnum):
    """PegOffsetType(836): what a trailing stop's peg_offset counts: price units, or hundredths of a percent."""

    PRICE = 0
    BASIS_POINTS = 1


class ContingencyType(FixEnum):
    """ContingencyType(1385) of an order in a list. The list's first order, if OTO, is the parent: the others wait
    until it has filled. OCO members reduce each other by what they fill; who comes late takes what they have left."""

    NONE = 0
    ONE_CANCELS_THE_OTHER = 1
    ONE_TRIGGERS_THE_OTHER = 2
    OCO = 1
    OTO = 2


class TradSesStatus(FixEnum):
    """TradSesStatus(340) of one instrument."""

    HALTED = 1
    OPEN = 2
    CLOSED = 3
    PRE_OPEN = 4
    PRE_CLOSE = 5


class OrdStatus(FixEnum):
    """OrdStatus(39)."""

    NEW = 0
    PARTIALLY_FILLED = 1
    FILLED = 2
    DONE_FOR_DAY = 3
    CANCELED = 4
    PENDING_CANCEL = 6
    STOPPED = 7
    REJECTED = 8
    SUSPENDED = 9
    PENDING_NEW = 10
    CALCULATED = 11
    EXPIRED = 12
    PENDING_REPLACE = 14


_O = OrdStatus
# Source: FIX 4.4 Appendix D. OrdStatus is derived from facts; this table is the derivation's check: a pair outside it
# is a bug of ours or news about a venue, and is reported. A status may always follow itself.
TRANSITIONS: dict[OrdStatus, tuple[OrdStatus, ...]] = {
    _O.PENDING_NEW: (_O.NEW, _O.REJECTED, _O.PARTIALLY_FILLED, _O.FILLED, _O.CANCELED, _O.EXPIRED, _O.SUSPENDED,
                     _O.PENDING_CANCEL, _O.PENDING_REPLACE),
    _O.NEW: (_O.PARTIALLY_FILLED, _O.FILLED, _O.DONE_FOR_DAY, _O.PENDING_CANCEL, _O.PENDING_REPLACE, _O.REJECTED,
             _O.STOPPED, _O.CANCELED, _O.EXPIRED, _O.SUSPENDED),
    _O.PARTIALLY_FILLED: (_O.NEW, _O.FILLED, _O.DONE_FOR_DAY, _O.PENDING_CANCEL, _O.PENDING_REPLACE, _O.CANCELED,
                          _O.EXPIRED, _O.STOPPED, _O.SUSPENDED),
    _O.FILLED: (_O.PARTIALLY_FILLED, _O.NEW, _O.PENDING_REPLACE, _O.CALCULATED),
    _O.DONE_FOR_DAY: (_O.NEW, _O.PARTIALLY_FILLED, _O.PENDING_CANCEL, _O.CANCELED, _O.EXPIRED, _O.CALCULATED),
    _O.PENDING_CANCEL: (_O.PENDING_REPLACE, _O.NEW, _O.PARTIALLY_FILLED, _O.FILLED, _O.CANCELED, _O.EXPIRED),
    _O.PENDING_REPLACE: (_O.PENDING_CANCEL, _O.NEW, _O.PARTIALLY_FILLED, _O.FILLED, _O.CANCELED, _O.EXPIRED),
    _O.STOPPED: (_O.PARTIALLY_FILLED, _O.FILLED, _O.PENDING_CANCEL, _O.CANCELED, _O.EXPIRED),
    _O.SUSPENDED: (_O.NEW, _O.PARTIALLY_FILLED, _O.PENDING_CANCEL, _O.PENDING_REPLACE, _O.CANCELED, _O.EXPIRED),
    _O.CANCELED: (_O.FILLED,),
    _O.EXPIRED: (_O.FILLED,),
    _O.REJECTED: (),
    _O.CALCULATED: (),
}
STATUS_TABLE_SIZE = 16


def transition_table() -> list[int]:
    """By status, a bit for each status that may follow: the dense table that the cores index."""
    table = [0] * STATUS_TABLE_SIZE
    for status, followers in TRANSITIONS.items():
        table[status] = sum(1 << follower for follower in (status, *followers))
    return table


class ExecType(FixEnum):
    """ExecType(150)."""

    NEW = 0
    DONE_FOR_DAY = 3
    CANCELED = 4
    REPLACED = 5
    PENDING_CANCEL = 6
    STOPPED = 7
    REJECTED = 8
    SUSPENDED = 9
    PENDING_NEW = 10
    CALCULATED = 11
    EXPIRED = 12
    RESTATED = 13
    PENDING_REPLACE = 14
    TRADE = 15
    TRADE_CORRECT = 16
    TRADE_CANCEL = 17
    ORDER_STATUS = 18
    TRIGGERED = 21


class ExecRestatementReason(FixEnum):
    """ExecRestatementReason(378). 0 is a real reason in FIX, so "not restated" is -1."""

    NONE = -1
    GT_CORPORATE_ACTION = 0
    GT_RENEWAL = 1
    VERBAL_CHANGE = 2
    REPRICING = 3
    BROKER_OPTION = 4
    PARTIAL_DECLINE = 5
    CANCEL_ON_TRADING_HALT = 6
    MARKET_OPTION = 8
    OTHER = 99


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
    TOO_LATE_TO_ENTER = 4
    UNKNOWN_ORDER = 5
    DUPLICATE_ORDER = 6
    DUPLICATE_OF_VERBAL_ORDER = 7
    STALE_ORDER = 8
    UNSUPPORTED_ORDER_CHARACTERISTIC = 11
    INCORRECT_QUANTITY = 13
    UNKNOWN_ACCOUNT = 15
    OTHER = 99


class CxlRejReason(FixEnum):
    """CxlRejReason(102). 0 is a real reason in FIX, so "not rejected" is -1."""

    NONE = -1
    TOO_LATE_TO_CANCEL = 0
    UNKNOWN_ORDER = 1
    BROKER_OPTION = 2
    ALREADY_PENDING = 3
    DUPLICATE_CL_ORD_ID = 6
    OTHER = 99


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
    REPLACE = 12
    MASS_CANCEL = 13
    STATUS_REQUEST = 14
    EXECUTION_REPORT = 15
    TRADE_CORRECTION = 16
    CANCEL_REJECT = 17
    QUOTE = 20
    MARK = 21
    SESSION = 22
    CLOCK = 23
    ROLL_DAY = 24
    SPLIT = 25
    VENUE_SESSION = 26
    SET_LIMIT = 30
    KILL_SWITCH = 31


class ReportType(FixEnum):
    """What a report record tells: FIX MsgType read in base 36, so 8, 9, D, F, G, H, j and r; 10 is ours.

    NEW_ORDER_SINGLE, ORDER_CANCEL_REQUEST, ORDER_CANCEL_REPLACE_REQUEST and ORDER_STATUS_REQUEST are what an external
    venue is to be sent.
    """

    EXECUTION_REPORT = 8
    ORDER_CANCEL_REJECT = 9
    COMMAND_ACCEPTED = 10
    RISK_OBSERVED = 11
    NEW_ORDER_SINGLE = 13
    ORDER_CANCEL_REQUEST = 15
    ORDER_CANCEL_REPLACE_REQUEST = 16
    ORDER_STATUS_REQUEST = 17
    BUSINESS_REJECT = 19
    ORDER_MASS_CANCEL_REPORT = 27


# What an external venue is to be sent.
OUTBOUND = (ReportType.NEW_ORDER_SINGLE, ReportType.ORDER_CANCEL_REQUEST, ReportType.ORDER_CANCEL_REPLACE_REQUEST,
            ReportType.ORDER_STATUS_REQUEST)


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


class Place(FixEnum):
    """Where an open order is: at no venue yet or any more, resting in a simulated venue's book, sent to an external
    venue, or held by the core until a price, a session, or its list's parent lets it go."""

    NOWHERE = 0
    RESTING = 1
    AT_VENUE = 2
    AWAITS_PRICE = 3
    AWAITS_SESSION = 4
    AWAITS_PARENT = 5


class TradeState(FixEnum):
    """What became of a booked trade: LIVE, BUSTED by its venue, or FOLDED into its position for good."""

    LIVE = 0
    BUSTED = 1
    FOLDED = 2


class Unknown(IntFlag):
    """What of an order was sent to its venue and has an outcome that is not known: a timeout, or a lost session.
    Neither a reject nor a reason to resend; its quantity stays held."""

    NONE = 0
    NEW = 1
    CANCEL = 2
    REPLACE = 4


class Reason(FixEnum):
    """Why something was refused or ended; banded by room.

    100s validation (bit `reason - 101` of a report's `reject_mask`), 200s risk, in the order in which
    the path asks, 300s routing, 400s execution, 500s order management (from LATE_TRADE on: alerts).
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
    MISSING_STOP_PX = 118
    STOP_PX_OUT_OF_RANGE = 119
    INVALID_MIN_QTY = 120
    INVALID_DISPLAY_QTY = 121
    EXPIRE_TIME_IN_PAST = 122
    INVALID_PEG_OFFSET = 123
    INVALID_CONTINGENCY = 124
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
    REDUCE_ONLY_VIOLATION = 212
    SESSION_CLOSED = 213
    NO_VENUE = 301
    POST_ONLY_WOULD_TAKE = 401
    IOC_LEFTOVER = 402
    FOK_NOT_FILLABLE = 403
    MARKET_LEFTOVER = 404
    MIN_QTY_NOT_MET = 405
    AUCTION_LEFTOVER = 406
    CANCEL_REQUESTED = 501
    UNKNOWN_ORDER = 502
    TOO_LATE_TO_CANCEL = 503
    ALREADY_PENDING = 504
    DUPLICATE_REQUEST_ID = 505
    NO_SUCH_REQUEST = 506
    VENUE_REPORTED = 507
    DAY_ENDED = 508
    EXPIRE_TIME_REACHED = 509
    OTHER_FILLED = 510
    PARENT_ENDED = 511
    REDUCED_POSITION = 512
    REQUEST_TIMEOUT = 513
    VENUE_DISCONNECTED = 514
    LATE_TRADE = 515
    OVERFILL = 516
    TRADE_IN_SUSPENSE = 517
    CUM_QTY_MISMATCH = 518
    UNKNOWN_TRADE = 519
    EXECID_REUSED = 520
    EXECID_REPEATED = 521
    VENUE_CONTRADICTS = 522
    UNEXPECTED_TRANSITION = 523
    UNEVEN_SPLIT = 524


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
    Reason.REDUCE_ONLY_VIOLATION: OrdRejReason.BROKER_OPTION,
    Reason.SESSION_CLOSED: OrdRejReason.EXCHANGE_CLOSED,
    Reason.NO_VENUE: OrdRejReason.EXCHANGE_CLOSED,
    Reason.UNKNOWN_ORDER: OrdRejReason.UNKNOWN_ORDER,
}
REASON_TABLE_SIZE = 1024


def ord_rej_reason_table() -> list[int]:
    """OrdRejReason by reason code, as the dense table that the cores index."""
    table = [int(OrdRejReason.OTHER)] * REASON_TABLE_SIZE
    table[0] = int(OrdRejReason.NONE)
    for reason, fix_reason in ORD_REJ_REASON.items():
        table[reason] = int(fix_reason)
    return table

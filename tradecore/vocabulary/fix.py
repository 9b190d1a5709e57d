"""FIX vocabulary: enumerations, shared by every room and by both backends. Our own words are in codes.

Single-character FIX fields are IntEnums whose value is the character read in base 36 ('A' is 10);
integer fields keep FIX's integers. Every enumeration also accepts its member's name, and what FIX writes: "BUY" and "1"
work wherever `Side.BUY` does. All print as their names. This file holds words only: no state, no rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, IntFlag
from functools import cache
from typing import Any, Self

from .scalars import demand_plain, plain


class FixEnum(IntEnum):
    """An IntEnum that prints as its member's name, and can be read from it, whatever the letter case, and from FIX's
    text: here that of an integer field, its decimal digits."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format_word(self, self.name, spec)

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """`ExecType("F")` is `ExecType("TRADE")`: a FIX field's text, or a name, wherever a value is taken."""
        if not isinstance(value, str):
            return None
        word = value.strip().upper()
        member = cls.__members__.get(word)
        number = None if member is not None else cls.read_text(word)
        return member if number is None else cls.find(number)

    @classmethod
    def read_text(cls, text: str) -> int | None:
        """The integer that a FIX field's text stands for, or None where it is no such text."""
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 4 else None

    @classmethod
    def find(cls, value: int) -> Self | None:
        """The member of an integer, or None: a batch or a venue may say anything."""
        return cls(value) if value in cls._value2member_map_ else None

    @classmethod
    @cache
    def by_byte(cls) -> tuple[Self | None, ...]:
        """The member of each value of a byte, None where it is none; one tuple for all who look members up."""
        return tuple(cls.find(value) for value in range(256))

    @classmethod
    def parse(cls, value: object, field: str) -> Self:
        """Return the member for a member, its name, its integer value or FIX's text.

        Raises TypeError for other types, and ValueError, naming field, value and the members, for an unknown one.
        """
        if type(value) is cls:
            return value
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            value = demand_plain(value, (str, int), field, f"a {cls.__name__}, its name or its value")
        number: Any = value
        if isinstance(value, str):
            word = value.strip().upper()
            member = cls.__members__.get(word)
            if member is not None:
                return member
            number = cls.read_text(word)
        if number in cls._value2member_map_:
            return cls(number)
        raise ValueError(f"{field} {plain(value)!r} is not a {cls.__name__}: one of {', '.join(cls.__members__)}")

    @classmethod
    def parse_all(cls, values: object, field: str) -> tuple[Self, ...]:
        """The members of several words. Raises TypeError for what is no sequence, and for one text, whose letters would
        be words."""
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise TypeError(f"{field} must be a sequence of {cls.__name__}s, not {type(values).__name__}")
        return tuple(cls.parse(value, field) for value in values)


class FixChar(FixEnum):
    """A FixEnum of a single-character field. Names are longer than one character, so that one is always FIX's."""

    @classmethod
    def read_text(cls, text: str) -> int | None:
        return int(text, 36) if len(text) == 1 and text.isascii() and text.isalnum() else None


class FixFlags(IntFlag):
    """A set of flags that prints as their names."""

    def __str__(self) -> str:
        return self.name or "NONE"

    def __format__(self, spec: str) -> str:
        return format_word(self, str(self), spec)


def format_word(value: int, name: str, spec: str) -> str:
    """A name, or its integer where the format asks for one, as in f"{side:d}"."""
    return int.__format__(value, spec) if spec and spec[-1] in "bcdoxXneEfFgG%" else format(name, spec)


class Side(FixChar):
    """Side(54)."""

    BUY = 1
    SELL = 2
    SELL_SHORT = 5
    SELL_SHORT_EXEMPT = 6


class OrdType(FixChar):
    """OrdType(40). FIX has no character for the last two; they take U and V, which it leaves free."""

    MARKET = 1
    LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    MARKET_IF_TOUCHED = 19
    LIMIT_IF_TOUCHED = 30
    TRAILING_STOP = 31


class TimeInForce(FixChar):
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


class ExecInst(FixFlags):
    """ExecInst(18) as a set of flags; CASH_ORDER_QTY says that order_qty holds CashOrderQty(152), in micros, and
    CASH_INCLUDES_FEES that a purchase's fees are to be paid of it too."""

    NONE = 0
    PARTICIPATE_DONT_INITIATE = 1
    POST_ONLY = 1
    REDUCE_ONLY = 2
    CASH_ORDER_QTY = 4
    CASH_INCLUDES_FEES = 8


class TriggerPriceType(FixChar):
    """TriggerPriceType(1107): the price that a stop watches. NONE is the last trade."""

    NONE = 0
    BEST_OFFER = 1
    LAST_TRADE = 2
    BEST_BID = 3
    BEST_MID = 6


class ValuationMethod(FixEnum):
    """ValuationMethod(1197): whether what trades is paid for (EQTY), or only the change of its price is, by variation
    margin (FUT)."""

    PREMIUM_STYLE = 0
    FUTURES_STYLE = 1


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


class OrdStatus(FixChar):
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


class ExecType(FixChar):
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
    """LastLiquidityInd(851), of FIX Latest: 0 where the report is not a trade, or added and removed none."""

    NONE = 0
    ADDED = 1
    REMOVED = 2
    ROUTED_OUT = 3
    AUCTION = 4
    TRIGGERED_STOP_ORDER = 5
    TRIGGERED_CONTINGENCY_ORDER = 6
    TRIGGERED_MARKET_ORDER = 7
    REMOVED_AFTER_FIRM_ORDER_COMMITMENT = 8
    AUCTION_AFTER_FIRM_ORDER_COMMITMENT = 9
    UNKNOWN = 10
    OTHER = 11


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
    PRICE_EXCEEDS_CURRENT_PRICE_BAND = 16
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

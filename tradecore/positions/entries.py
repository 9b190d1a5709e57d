"""The ledger's entries as records, and the words for why one can't be booked. Vocabulary: it decides nothing.

An entry is 64 bytes: a fill, an opening position, a split, a dividend or a transfer. Units are the core's: quantity
units, price units, money units, nanoseconds UTC; ids from 1, 0 means none.
"""

from __future__ import annotations

from enum import IntEnum

from ..vocabulary.fix import FixEnum
from ..vocabulary.layouts import Codec, Layout, make_dtype


class Method(IntEnum):
    """Which open lots a closing trade takes from."""

    AVERAGE = 0
    FIFO = 1
    LIFO = 2
    SPECIFIC = 3
    HIFO = 4  # the dearest a unit first, long or short; of equals the oldest
    LOFO = 5  # the cheapest


class EntryKind(FixEnum):
    """What an entry books."""

    FILL = 0
    OPENING = 1  # held already: its cost is no cash
    SPLIT = 2  # qty for price, of every account
    DIVIDEND = 3  # price is money units for a whole unit, to every account
    TRANSFER = 4  # qty lots, from account to contra
    CARRY = 5  # qty lots that cost price + lot x 2**64 elsewhere; no cash
    SHED = 6  # qty of price parts of every lot's cost leave; where those are all, the lots too


class EntryStatus(IntEnum):
    """What became of an entry: a bust or a correction marks it in place."""

    LIVE = 0
    BUSTED = 1
    CORRECTED = 2


class EntryReason(IntEnum):
    """Why an entry can't be booked."""

    GOOD = 0
    BEYOND_POSITION = 1
    BEYOND_SUM = 2
    LOTS_FULL = 3
    LOT_NOT_NAMED = 4
    LOT_UNKNOWN = 5
    BEYOND_LOT = 6
    BEYOND_LEG = 7
    SPLIT_FRACTION = 8
    BEYOND_HELD = 9
    PRICE_NOT_POSITIVE = 10
    BEYOND_AMOUNT = 11
    CARRY_OPPOSED = 12
    BEYOND_COST = 13


_TEXTS = {
    EntryReason.BEYOND_POSITION: "the position would be {value} lots, beyond {bound}",
    EntryReason.BEYOND_SUM: "a sum of this position is beyond 2**125 amounts: close the books and start a new ledger",
    EntryReason.LOTS_FULL: "open lot {value} exceeds the stated capacity of {bound} lots",
    EntryReason.LOT_NOT_NAMED: "a fill that closes by specific lot must name the lot: the trade id that opened it",
    EntryReason.LOT_UNKNOWN: "lot {value} is not open in this position (trade ids run to {bound})",
    EntryReason.BEYOND_LOT: "qty {value} lots exceeds the {bound} lots left in the named lot",
    EntryReason.BEYOND_LEG: "qty {value} lots exceeds the {bound} lots of this leg: a hedged leg never flips",
    EntryReason.SPLIT_FRACTION: "{value} lots would be no whole number of lots after the split (divisor {bound})",
    EntryReason.BEYOND_HELD: "qty {value} lots exceeds the {bound} lots held",
    EntryReason.PRICE_NOT_POSITIVE: "price {value} must be at least {bound}: an inverse contract is worth 1 / price",
    EntryReason.CARRY_OPPOSED: "{value} lots can't join the {bound} held the other way: close those first",
    EntryReason.BEYOND_COST: "the cost that {value} lots bring is beyond {bound} price units each, or 10**37",
    EntryReason.BEYOND_AMOUNT: "qty {value} exceeds the {bound} with which price x qty x multiplier is within 10**37",
}


class EntryError(ValueError):
    """An entry that can't be booked. Nothing has changed.

    `reason` is an EntryReason, `row` the entry's place in the batch (from 0), `trade_id` the entry that could not
    follow after a bust or correction, `value` and `bound` in lots or price units.
    """

    reason: EntryReason
    value: int
    bound: int
    row: int
    trade_id: int
    text: str

    def __init__(self, reason: int, value: int, bound: int, row: int, trade_id: int) -> None:
        self.reason, self.value, self.bound = EntryReason(reason), value, bound
        self.row, self.trade_id = row, trade_id
        where = f"entry {row}" if row >= 0 else f"trade {trade_id}, which stands after this one"
        self.text = _TEXTS[self.reason].format(value=value, bound=bound)
        super().__init__(f"{where}: {self.text}")


_ENTRY: Layout = [
    ("transact_time", "i8"), ("qty", "i8"), ("price", "i8"), ("fee", "i8"), ("lot", "i8"),
    ("instrument", "i4"), ("account", "i4"), ("contra", "i4"), ("strategy", "i4"), ("next", "i4"),
    ("kind", "u1"), ("status", "u1"), ("currency", "u1"), ("spare", "u1"),
]
_CLOSING: Layout = [
    ("opening_trade", "i8"), ("closing_trade", "i8"), ("opened", "i8"), ("closed", "i8"), ("qty", "i8"),
    ("cost_low", "i8"), ("cost_high", "i8"), ("value_low", "i8"), ("value_high", "i8"),
    ("opening_fee_low", "i8"), ("opening_fee_high", "i8"), ("closing_fee_low", "i8"), ("closing_fee_high", "i8"),
    ("instrument", "i4"), ("account", "i4"),
]
_HOLDING: Layout = [
    ("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("cost_low", "i8"), ("cost_high", "i8"),
    ("realised_low", "i8"), ("realised_high", "i8"), ("fees_low", "i8"), ("fees_high", "i8"),
]
ENTRY_CODEC = Codec("Entry", _ENTRY, 64)
ENTRY_DTYPE = make_dtype(_ENTRY, 64)
CLOSING_DTYPE = make_dtype(_CLOSING, 112)
HOLDING_DTYPE = make_dtype(_HOLDING, 64)
SPLIT_MAX = 1_000_000  # of a split's numerator and denominator

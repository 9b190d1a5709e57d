"""What a venue says, into numbers of a record: rounded and flagged where it is finer than the unit, in words beside the
record where no number holds it. Nothing is refused for its form; a wrong type is a wrong call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..vocabulary.fix import FixEnum, LastLiquidityInd, Side
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier, encode_told_id
from ..vocabulary.instrument import Instrument
from ..vocabulary.note_text import write_note
from ..vocabulary.records import (
    LIMIT_PRECISION,
    NAMELESS,
    NO_PRICE,
    TOLD_COMMISSION,
    TOLD_FINER,
    TOLD_ROUNDED,
    UNTELLABLE,
)
from ..vocabulary.scalars import plain
from ..vocabulary.units import MONEY_PRECISION, Number, check_int, demand_type, round_told, show

NOTHING: Mapping[str, bytes] = MappingProxyType({})
_SIDELESS, _OTHER = 255, 99
_DIGITS_MAX = 18  # of a number that is read: a longer one is no reason's


def words_of(value: object) -> str:
    """A number as it was said."""
    return show(plain(value)).strip("'")


class Facts:
    """One report's facts: its numbers, the bits of `told`, and the words of what no number holds."""

    def __init__(self, gate: Gate, text: str | None = None) -> None:
        if text is not None:
            demand_type(text, str, "text")
        self._names = gate.names
        self._gate = gate
        self._text = text
        self.told: int = 0
        self.said: dict[str, str] = {}

    def id(self, value: Identifier | None, name: str) -> bytes | None:
        """An id's text; None of what is no id, which is then kept in words."""
        encoded = encode_told_id(value, name)
        if encoded is None:
            self.said[name] = show(plain(value))
        return encoded

    def venue_order_id(self, value: Identifier | None) -> bytes:
        """A venue's id of an order; of what is no id the words alone."""
        return self.id(value, "venue_order_id") or b""

    def symbol(self, symbol: str | None) -> int:
        """A symbol's number, 0 of none, NAMELESS of one that is not declared."""
        if symbol is None:
            return 0
        demand_type(symbol, str, "symbol")
        number = self._names.symbols.ids.get(symbol)
        if number:
            return number
        self.said["symbol"] = symbol
        return NAMELESS

    def side(self, side: Side | str | None) -> int:
        """A side's number, 0 of none, and one that is no side of a word that FIX does not know."""
        if side is None:
            return 0
        try:
            return int(Side.parse(side, "side"))
        except ValueError:
            self.said["side"] = str(side)
            return _SIDELESS

    def liquidity(self, indicator: LastLiquidityInd | str | int) -> int:
        """Whether a trade added or removed liquidity, as FIX's number; of what is no such word of ours the words alone.
        """
        try:
            return int(LastLiquidityInd.parse(indicator, "last_liquidity_ind"))
        except ValueError:
            self.said["last_liquidity_ind"] = words_of(indicator)
            return LastLiquidityInd.NONE

    def time(self, time: int | None) -> int:
        """A venue's own time, ns UTC; 0 of none, and of what is none (0 or negative, seconds): of that the words alone,
        and the report that follows has the core's time."""
        try:
            return self._names.stamp(time)
        except ValueError:
            self.said["transact_time"] = words_of(time)
            return 0

    def reason(self, kind: type[FixEnum], value: object, name: str) -> int:
        """A reason as FIX's integer: OTHER where none is given, a venue's own number, or its digits, as it is where a
        record holds it; of other numbers OTHER, and the words. Raises ValueError for a word that is none."""
        if value is None:
            return _OTHER
        told = plain(value)
        if isinstance(told, str) and told.strip().isascii() and told.strip().isdigit():
            told = int(told) if len(told.strip()) <= _DIGITS_MAX else _OTHER + 1
        if not isinstance(told, int) or isinstance(told, (bool, FixEnum)):
            return int(kind.parse(told, name))
        if 0 <= told <= _OTHER:
            return told
        self.said[name] = words_of(value)
        return _OTHER

    def traded(self, instrument: Instrument | None, qty: Number | None) -> int:
        """A traded quantity: that of a symbol that is not known in 10**-9 of a unit, a finer one rounded down."""
        if qty is None:
            return NO_PRICE
        precision = instrument.qty_precision if instrument is not None else LIMIT_PRECISION
        told = round_told(qty, precision, "last_qty", UNTELLABLE - 1)
        if told is None or not told[2] or instrument is None:
            self.said["last_qty"] = words_of(qty)
        if told is None:
            return UNTELLABLE
        if not told[2] and told[0] >= 0:
            self.told |= TOLD_FINER
        return told[0]

    def price(self, instrument: Instrument | None, price: Number | None) -> int:
        """A price, rounded half to even where it is finer than its unit."""
        if price is None:
            return NO_PRICE
        if instrument is None:  # it has no unit yet
            round_told(price, 0, "last_px", UNTELLABLE - 1)  # a wrong type is a wrong call
            self.said["last_px"] = words_of(price)
            return NO_PRICE
        return self._rounded(price, instrument.price_precision or 0, "last_px")

    def _rounded(self, value: Number, precision: int, name: str) -> int:
        told = round_told(value, precision, name, UNTELLABLE - 1)
        if told is None:
            self.said[name] = words_of(value)
            return UNTELLABLE
        if not told[2]:
            self.told |= TOLD_ROUNDED
            self.said[name] = words_of(value)
        return told[1]

    def commission(
        self, instrument: Instrument | None, commission: Number | None, currency: str | None
    ) -> dict[str, int]:
        """A commission and its currency, the instrument's where none is told."""
        if commission is None:
            raise TypeError("commission_currency must be given with a commission")
        self.told |= TOLD_COMMISSION
        name = currency if currency is not None else instrument.currency if instrument is not None else None
        number, precision = 0, MONEY_PRECISION
        if name is not None:
            demand_type(name, str, "commission_currency")
            number = self._names.currencies.ids.get(name, NAMELESS)
        if number > 0 and name is not None:
            precision = self._names.decimals_of(name)
        else:
            self.said |= {"commission": words_of(commission), "commission_currency": name or ""}
        return {"commission": self._rounded(commission, precision, "commission"), "currency": number}

    def market(self, market: str) -> int:
        """A market's identifier of up to four characters as a number; of a longer one the words alone."""
        demand_type(market, str, "last_mkt")
        if len(market) <= 4 and market.isascii() and market.isprintable():
            return int.from_bytes(market.encode(), "little")
        self.said["last_mkt"] = market
        return 0

    def order(self, call: str, cl_ord_id: Identifier | None, order_id: int | None) -> dict[str, Any]:
        """The fields that name an order."""
        if cl_ord_id is not None and order_id is not None:
            raise TypeError(f"{call} takes one of cl_ord_id and order_id, got both")
        number = 0 if order_id is None else check_int(order_id, "order_id", 1)
        return {"cl_ord_id": self.id(cl_ord_id, "cl_ord_id"), "order_id": number}

    def note(self, no_room: Mapping[str, bytes] = NOTHING) -> int:
        """The number of what was said in words, also of ids for which the core has no room; 0 where there is nothing.
        """
        said = {name: text.decode() for name, text in no_room.items()} | self.said
        return self._gate.note(write_note(said, self._text)) if self._text or said else 0

"""What a broker's CSV looks like, and its texts as exact values: numbers, sides, times. A text that could mean two
things is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from ..vocabulary.fix import Side
from ..vocabulary.records import TIME_MAX
from ..vocabulary.units import check_bool, show
from .holding import read_zone

FIELDS = ("symbol", "side", "qty", "price", "account", "commission", "commission_currency", "transact_time", "exec_id",
          "position_effect", "strategy", "lot", "cost")
EPOCHS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}  # of a count since 1970, the ns of one
_SPACES = "\u0020\u00a0\u202f\u2009"
_THOUSANDS = (None, ",", ".", "'", " ")
_SIDES = {
    "B": "BUY", "BOT": "BUY", "BOUGHT": "BUY", "BUY TO OPEN": "BUY", "BUY TO CLOSE": "BUY", "BUY TO COVER": "BUY",
    "S": "SELL", "SLD": "SELL", "SOLD": "SELL", "SELL TO OPEN": "SELL", "SELL TO CLOSE": "SELL",
    "SELL SHORT": "SELL_SHORT", "SHORT": "SELL_SHORT", "SS": "SELL_SHORT",
}
_EFFECTS = {"O": "OPEN", "OPEN": "OPEN", "C": "CLOSE", "CLOSE": "CLOSE"}
_TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ;,]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.ASCII)


@dataclass(frozen=True)
class CsvForm:
    """How to read a broker's CSV.

    `columns` maps our fields (symbol, side, qty, price, account, commission, commission_currency, transact_time,
    exec_id, position_effect, strategy, lot; cost in a file of positions) to the file's headers; several headers of a
    commission are summed. Without it the headers are ours. Other columns of the file are not looked at. `where` keeps
    the lines whose columns match a pattern, or one of several (`*` is anything); the rest is told as left out.

    `decimal` is `.` or `,`; `thousands` one of `,` `.` `'` or a space (also the narrow and the unbreakable), None where
    there are none. Parentheses, a minus in front or behind make a number negative; a currency's sign is dropped.
    `sides` adds the broker's words for BUY, SELL and SELL_SHORT; with `signed`, or without a column for the side, a
    quantity's sign is its side. `commission_paid_negative`: what was paid has a minus. `symbols` renames symbols.

    Times are ISO 8601 (also without separators) or of `time_format`: one of strptime, or s, ms, us, ns for a count
    since 1970. One without an offset is of `time_zone`; a local time that a change of clocks skips is refused, one that
    it repeats is the first. `encoding` is told by a BOM, else UTF-8. `delimiter` is found in the header line.
    """

    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    where: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    decimal: str = "."
    thousands: str | None = None
    sides: Mapping[str, str] = field(default_factory=dict)
    signed: bool = False
    commission_paid_negative: bool = False
    symbols: Mapping[str, str] = field(default_factory=dict)
    time_format: str | None = None
    time_zone: str = "UTC"
    encoding: str | None = None
    delimiter: str | None = None

    def __post_init__(self) -> None:
        for name in self.columns:
            if name not in FIELDS:
                raise ValueError(f"columns: field {name!r} is none of {', '.join(FIELDS)}")
        check_bool(self.signed, "signed")
        check_bool(self.commission_paid_negative, "commission_paid_negative")
        if self.decimal not in (".", ","):
            raise ValueError(f"decimal {self.decimal!r} must be '.' or ','")
        if self.thousands not in _THOUSANDS or self.thousands == self.decimal:
            raise ValueError(f"thousands {self.thousands!r} must be None, ',', '.', \"'\" or ' ', and not the decimal "
                             f"{self.decimal!r}")
        for word, side in self.sides.items():
            Side.parse(side, f"sides[{word!r}]")
        read_zone(self.time_zone)

    @cached_property
    def zone(self) -> Any:
        """The zone of times without an offset."""
        return read_zone(self.time_zone)

    @cached_property
    def _number(self) -> re.Pattern[str]:
        group = f"[{_SPACES}]" if self.thousands == " " else re.escape(self.thousands or "")
        grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+" if self.thousands else r"\d+"
        point = re.escape(self.decimal)
        return re.compile(rf"((?:{grouped}|\d+)(?:{point}\d*)?|{point}\d+)([eE][+-]?\d+)?", re.ASCII)

    @cached_property
    def _sides(self) -> dict[str, Side]:
        words = {word: Side.parse(side, "side") for word, side in _SIDES.items()}
        words |= {side.name: side for side in Side}
        return words | {word.upper(): Side.parse(side, "side") for word, side in self.sides.items()}

    def number(self, text: str) -> Decimal:
        """A number as it stands there, exactly. ValueError for anything else."""
        body, negative = text.strip(), False
        if body.startswith("(") and body.endswith(")"):
            body, negative = body[1:-1].strip(), True
        for sign in ("-", "\u2212", "+"):
            if body.startswith(sign) or (body.endswith(sign) and sign != "+"):
                if negative:
                    raise ValueError(f"{show(text)} has two signs")
                body = body.removeprefix(sign) if body.startswith(sign) else body.removesuffix(sign)
                body, negative = body.strip(), sign != "+"
                break
        body = body.strip("$€£¥").strip()
        found = self._number.fullmatch(body)
        if found is None:
            kept = "no thousands separator" if self.thousands is None else f"thousands {self.thousands!r}"
            raise ValueError(f"{show(text)} is no number with decimal {self.decimal!r} and {kept}")
        digits = "".join(c for c in found[1] if c.isdigit() or c == self.decimal).replace(",", ".")
        value = Decimal(digits + (found[2] or ""))
        return value.copy_negate() if negative else value

    def side(self, text: str) -> Side:
        """A side by FIX's names and characters, usual words, or the broker's own."""
        found = self._sides.get(text.strip().upper())
        return Side.parse(text.strip(), "side") if found is None else found

    def effect(self, text: str) -> str:
        """OPEN or CLOSE."""
        found = _EFFECTS.get(text.strip().upper())
        if found is None:
            raise ValueError(f"position_effect {show(text)} must be OPEN or CLOSE")
        return found

    def time(self, text: str) -> int:
        """A time in ns UTC. ValueError for what is none, or was skipped by a change of clocks."""
        body = text.strip()
        if self.time_format in EPOCHS:
            if not body.isdecimal():
                raise ValueError(f"{show(text)} is no count of {self.time_format} since 1970")
            return _bounded(int(body) * EPOCHS[self.time_format], text)
        if self.time_format is not None:
            try:
                local = datetime.strptime(body, self.time_format)
            except ValueError:
                raise ValueError(f"{show(text)} is no time of the form {self.time_format!r}") from None
            rest = local.microsecond * 1000
        else:
            local, rest = _iso(body)
        if local.tzinfo is None:
            local = local.replace(tzinfo=self.zone)
            back = local.astimezone(UTC).astimezone(self.zone)
            if back.replace(tzinfo=None) != local.replace(tzinfo=None):
                raise ValueError(f"{show(text)} is no time in {self.time_zone}: its clocks skip it")
        since = local.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)
        return _bounded(since // timedelta(seconds=1) * 10**9 + rest, text)


def _iso(text: str) -> tuple[datetime, int]:
    """ISO 8601 as a datetime, without a zone where there is none, and the ns of its second."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{show(text)} is no ISO 8601 time: name its time_format")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        local = datetime(year, month, day, hour, minute, second)
    except ValueError as error:
        raise ValueError(f"{show(text)}: {error}") from None
    offset = found[8]
    if offset:
        zone = "+00:00" if offset in ("Z", "UTC") else offset
        local = datetime.strptime(f"{local:%Y-%m-%d %H:%M:%S} {zone}", "%Y-%m-%d %H:%M:%S %z")
    return local, int((found[7] or "").ljust(9, "0"))


def _bounded(time: int, text: str) -> int:
    if not 0 < time <= TIME_MAX:
        raise ValueError(f"{show(text)} is before 1970 or beyond 2262")
    return time


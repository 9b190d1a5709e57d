"""How long a lot was held, by the calendar, and which of its loss a purchase near the sale defers.

US rules, for who wants them. A holding period begins on the day after the purchase (Rev. Rul. 66-7); it is LONG where
the sale is more than a year later, by dates, not by a count of days; a short position's is SHORT. A wash sale (26 USC
1091) is a loss on a long lot whose shares were bought again within 30 days before or after: what is bought first
replaces first, each share once; shares of the very lot, and those sold by then, replace nothing. Of one account; rights
on shares, other accounts and a split within the 61 days are not looked at. Nothing is booked: it marks a report.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
WASH_DAYS = 30
_DAY = 86_400


def read_zone(name: str) -> Any:
    """A zone by its name. ValueError for one that this machine does not know."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time_zone {name!r} is no zone of this machine's tz database") from None


def days_of(times: Array, zone: Any) -> Array:
    """The dates of times in ns UTC on the calendar of a zone, as days since 1970."""
    seconds = times // 10**9
    if zone is UTC:
        return seconds // _DAY
    days, places = np.unique(seconds // _DAY, return_inverse=True)
    ends = [[_offset(int(day) * _DAY + second, zone) for second in (0, _DAY - 1)] for day in days]
    offsets = np.array(ends, np.int64).reshape(-1, 2)[places]
    found = offsets[:, 0]
    for at in np.flatnonzero(found != offsets[:, 1]).tolist():  # on this UTC day the zone changed its clocks
        found[at] = _offset(int(seconds[at]), zone)
    return (seconds + found) // _DAY


def _offset(second: int, zone: Any) -> int:
    return round(datetime.fromtimestamp(second, zone).utcoffset().total_seconds())  # type: ignore[union-attr]  # aware


def long_terms(opened: Array, closed: Array) -> Array:
    """Where a position that was opened and closed on these days, long, was held for more than a year: the period begins
    on the day after, and one that begins on 29 February ends with February."""
    begins = opened + 1
    months = begins.astype("M8[D]").astype("M8[M]")
    in_month = begins - months.astype("M8[D]").astype(np.int64)
    a_year_on = (months + 12).astype("M8[D]").astype(np.int64) + in_month
    found: Array = closed >= a_year_on
    return found


class Bought(NamedTuple):
    """Shares that a trade opened a long lot with: its id, instrument and account, quantity units and day."""

    trade_id: int
    instrument: int
    account: int
    qty: int
    on: int


class Sold(NamedTuple):
    """A closed piece of a long lot: where it stands in the report, and whether it was a loss."""

    place: int
    opening: int
    closing: int
    instrument: int
    account: int
    qty: int
    on: int
    is_loss: bool


def washed(bought: Iterable[Bought], sold: Iterable[Sold]) -> dict[int, int]:
    """{place: quantity units that were bought again}, of the losses in the order of their sales."""
    buys: dict[tuple[int, int], _Bought] = {}
    opened: dict[int, _Bought] = {}
    for its in sorted(bought, key=lambda b: (b.on, b.trade_id)):
        opened[its.trade_id] = buys.setdefault((its.instrument, its.account), _Bought())
        opened[its.trade_id].add(its)
    found: dict[int, int] = {}
    for _, fill in groupby(sorted(sold, key=lambda s: s.closing), key=lambda s: s.closing):
        pieces = list(fill)
        for piece in pieces:
            if piece.opening in opened:
                opened[piece.opening].sell(piece.opening, piece.qty)
        for piece in pieces:
            its_buys = buys.get((piece.instrument, piece.account)) if piece.is_loss else None
            taken = 0 if its_buys is None else its_buys.replace(piece)
            if taken:
                found[piece.place] = taken
    return found


class _Bought:
    """The purchases of one position, by day, and what of each can still replace. What is used up is passed over, all at
    once: what can replace only ever becomes less."""

    def __init__(self) -> None:
        self._buys: list[Bought] = []
        self._left: list[int] = []
        self._days: list[int] = []
        self._next: list[int] = [0]  # of each the first from there on that may have something left
        self._of: dict[int, int] = {}

    def add(self, its: Bought) -> None:
        self._of[its.trade_id] = len(self._buys)
        self._buys.append(its)
        self._left.append(its.qty)
        self._days.append(its.on)
        self._next.append(len(self._buys))

    def sell(self, trade_id: int, qty: int) -> None:
        """Shares that are sold replace nothing."""
        self._left[self._of[trade_id]] -= qty

    def _from(self, at: int) -> int:
        path = []
        while at < len(self._buys) and (self._next[at] != at or self._left[at] <= 0):
            path.append(at)
            at = self._next[at] if self._next[at] != at else at + 1
        for passed in path:
            self._next[passed] = at
        return at

    def replace(self, piece: Sold) -> int:
        """How much of a loss's quantity was bought again within the days."""
        left, at = piece.qty, self._from(bisect_left(self._days, piece.on - WASH_DAYS))
        while left and at < len(self._buys) and self._days[at] <= piece.on + WASH_DAYS:
            if self._buys[at].trade_id != piece.opening:
                taken = min(left, self._left[at])
                self._left[at] -= taken
                left -= taken
            at = self._from(at + 1)
        return piece.qty - left

"""How long a lot was held, by the calendar, and which of its loss a purchase near the sale defers.

US rules, for who wants them. A holding period begins on the day after the purchase (Rev. Rul. 66-7); it is LONG where
the sale is more than a year later, by dates, not by a count of days; a short position's is SHORT. A wash sale (26 USC
1091) is a loss on a long lot whose shares were bought again within 30 days before or after: what is bought first
replaces first, each share once; shares of the very lot, and those sold by then, replace nothing. Of one account; rights
on shares, other accounts and a split within the 61 days are not looked at. Nothing is booked: it marks a report.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WASH_DAYS = 30


def read_zone(name: str) -> Any:
    """A zone by its name. ValueError for one that this machine does not know."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time_zone {name!r} is no zone of this machine's tz database") from None


def date_of(time: int, zone: Any) -> date:
    """The date of a time in ns UTC, on the calendar of a zone."""
    return datetime.fromtimestamp(time // 10**9, zone).date()


def term(opened: date, closed: date, is_short: bool) -> str:
    """LONG where a long position was held for more than a year, else SHORT."""
    begins = opened + timedelta(days=1)
    try:
        a_year_on = begins.replace(year=begins.year + 1)
    except ValueError:  # of 29 February
        a_year_on = date(begins.year + 1, 3, 1)
    return "LONG" if closed >= a_year_on and not is_short else "SHORT"


class Bought(NamedTuple):
    """Shares that a trade opened a long lot with: its id, instrument and account, quantity units and date."""

    trade_id: int
    instrument: int
    account: int
    qty: int
    on: date


class Sold(NamedTuple):
    """A closed piece of a long lot: where it stands in the report, and whether it was a loss."""

    place: int
    opening: int
    closing: int
    instrument: int
    account: int
    qty: int
    on: date
    is_loss: bool


def washed(bought: Iterable[Bought], sold: Iterable[Sold]) -> dict[int, int]:
    """{place: quantity units that were bought again}, of the losses in the order of their sales."""
    buys: dict[tuple[int, int], list[Bought]] = {}
    for its in sorted(bought, key=lambda b: (b.on, b.trade_id)):
        buys.setdefault((its.instrument, its.account), []).append(its)
    pieces = sorted(sold, key=lambda s: s.closing)
    gone: dict[int, list[tuple[int, int]]] = {}  # of each lot: (closing trade, quantity units)
    for piece in pieces:
        gone.setdefault(piece.opening, []).append((piece.closing, piece.qty))
    used: dict[int, int] = {}
    found: dict[int, int] = {}
    for piece in pieces:
        left = piece.qty if piece.is_loss else 0
        for its in buys.get((piece.instrument, piece.account), ()):
            if not left or its.on > piece.on + timedelta(days=WASH_DAYS):
                break
            if its.trade_id == piece.opening or its.on < piece.on - timedelta(days=WASH_DAYS):
                continue
            sold_by_then = sum(qty for closing, qty in gone.get(its.trade_id, ()) if closing <= piece.closing)
            taken = max(0, min(left, its.qty - sold_by_then - used.get(its.trade_id, 0)))
            used[its.trade_id] = used.get(its.trade_id, 0) + taken
            left -= taken
        if piece.is_loss and left < piece.qty:
            found[piece.place] = piece.qty - left
    return found

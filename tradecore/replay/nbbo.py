"""A reader of national best bids and offers: who set each side, and what is then known of every venue's own quote.

Rows of a zipped csv without a header: ms since midnight in New York, bid x 10,000, its size, ask x 10,000, its size,
the venue that is credited with the side, condition, suspicious; a row has one side, the other's fields are 0. A best
quote is not each venue's own: where one venue sets a side, what is remembered of others that would be better has gone,
and so has its own other side where it would cross. It reads, and judges nothing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

OPEN_MS, CLOSE_MS = 34_200_000, 57_600_000  # regular hours


class SideQuote(NamedTuple):
    """One side of one venue's quote as it is now: price in 10**-4 dollars, size in shares (0: gone), time in ms."""

    time_ms: int
    venue: str
    is_bid: bool
    price: int
    size: int


def read_nbbo(path: str | Path) -> Iterator[list[SideQuote]]:
    """The changes that each row of regular hours makes to what venues show, in the order of the file.

    Raises FileNotFoundError where there is no such file, and ValueError naming the row where one has no single side.
    Threads: any, each its own iterator.
    """
    shown: tuple[dict[str, SideQuote], dict[str, SideQuote]] = ({}, {})  # asks, bids
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as lines:
        for number, line in enumerate(io.TextIOWrapper(lines, "ascii"), 1):
            time_ms, bid, bid_size, ask, ask_size, venue = line.split(",")[:6]
            if (bid == "0") == (ask == "0"):
                raise ValueError(f"row {number} must have one side, not bid {bid} and ask {ask}")
            if OPEN_MS <= int(time_ms) < CLOSE_MS:
                is_bid = bid != "0"
                price, size = (int(bid), int(bid_size)) if is_bid else (int(ask), int(ask_size))
                yield _set_side(shown, SideQuote(int(time_ms), venue, is_bid, price, size))


def _set_side(shown: tuple[dict[str, SideQuote], dict[str, SideQuote]], quote: SideQuote) -> list[SideQuote]:
    """What is remembered follows a new best quote; what changed, what has gone first."""
    mine, other = shown[quote.is_bid], shown[not quote.is_bid]
    better = [q for q in mine.values()
              if q.venue != quote.venue and (q.price > quote.price if quote.is_bid else q.price < quote.price)]
    facing = other.get(quote.venue)
    if facing is not None and (facing.price <= quote.price if quote.is_bid else facing.price >= quote.price):
        better.append(facing)
    gone = [q._replace(time_ms=quote.time_ms, size=0) for q in better]
    for q in gone:
        del shown[q.is_bid][q.venue]
    mine[quote.venue] = quote
    return [*gone, quote]

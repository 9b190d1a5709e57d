"""What venues said and can't be booked whole: kept with all it said until an operator books or dismisses it, and known
for two rolls of the day after that. Where more comes than there is room for, one more row has the first of it, and
counts. It books nothing, and blocks nothing by itself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tradecore.vocabulary.codes import CommandType

from ..vocabulary.hashing import WORD, chain_digest, digest_words
from ..vocabulary.texts import Texts, hash_of_id
from .trades import DAYS_KNOWN

EXECUTION_REPORT = int(CommandType.EXECUTION_REPORT)
EVERYBODY = -1


@dataclass(slots=True)
class Unbooked:
    """One report. It may move a position by `low` to `high` quantity units, or, where its instrument is not known, by
    as much in 10**-LIMIT_PRECISION of a unit."""

    number: int
    said: Any  # the command
    time: int
    order_id: int
    reason: int
    value: int
    bound: int
    instrument: int  # whose orders it blocks, 0: all of the account's
    account: int  # 0: nobody's; EVERYBODY
    low: int
    high: int
    note: bytes
    day: int = 0  # on which an operator has decided about it


class UnbookedTable:
    """At most `capacity` reports by number, oldest first, and one more row for all that found no room."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows: dict[int, Unbooked] = {}
        self.settled: deque[Unbooked] = deque(maxlen=capacity)  # the newest that an operator has decided about
        self.blocking: Counter[int] = Counter()  # how many rows block an account
        self.overflow: Unbooked | None = None  # the row for what found no room
        self.count = 0  # ever
        self.digest = 0  # over all that ever came and went, for the state hash


def has_room(table: UnbookedTable) -> bool:
    return len(table.rows) - (table.overflow is not None) < table.capacity


def keep_unbooked(table: UnbookedTable, row: Unbooked, texts: Texts) -> None:
    """Adds a row; the caller has checked the room."""
    table.count += 1
    row.number = table.count
    table.rows[row.number] = row
    table.blocking[row.account] += 1
    said = row.said
    note_words(table, (
        row.number, row.time, row.order_id, row.reason, row.value, row.bound, row.instrument, row.account, row.low,
        row.high, said.kind, said.exec_type, said.venue, said.instrument, said.side, said.told, said.last_qty,
        said.last_px, said.commission, said.currency, said.last_mkt, said.last_liquidity_ind, said.transact_time,
        said.note, len(row.note), hash_of_id(texts, about_of(said)), hash_of_id(texts, said.exec_id),
        hash_of_id(texts, said.venue_order_id)))


def count_lost(table: UnbookedTable, row: Unbooked) -> None:
    """One more report found no room; `row` is the one for all of them."""
    table.overflow = row
    row.value += 1
    note_words(table, (row.number, row.value))


def drop_unbooked(table: UnbookedTable, row: Unbooked, booked: bool, day: int) -> None:
    """An operator has decided about a row. What found no room is forgotten, for it may be told again."""
    del table.rows[row.number]
    table.blocking[row.account] -= 1
    row.day = day
    if row is table.overflow:
        table.overflow = None
    else:
        table.settled.append(row)
    note_words(table, (row.number, int(booked), day, len(table.rows)))


def note_words(table: UnbookedTable, words: Sequence[int]) -> None:
    table.digest = chain_digest(table.digest, digest_words([word & WORD for word in words]))


def find_repeated(table: UnbookedTable, c: Any, note: bytes, day: int) -> int:
    """The number of the report that this one repeats, of what lies here, or was decided about; 0 of a new one."""
    for row in table.rows.values():
        if row is not table.overflow and is_same_report(row, c, note):
            return row.number
    decided = (row for row in table.settled if day - row.day <= DAYS_KNOWN and is_same_report(row, c, note))
    return next((row.number for row in decided), 0)


def is_same_report(row: Unbooked, c: Any, note: bytes) -> bool:
    """Is this report delivered again? One without an id is never known."""
    return bool(c.exec_id > 0 and row.note == note and content_of(row.said) == content_of(c))


def content_of(c: Any) -> tuple[int, ...]:
    """What makes a report the same again: whose it is, and the money in it."""
    return (c.kind, c.exec_type, c.venue, c.instrument, c.side, about_of(c), c.exec_id, c.last_qty, c.last_px, c.told,
            c.commission, c.currency)


def about_of(c: Any) -> int:
    """The id that it names its order with, or its trade."""
    return int(c.cl_ord_id if c.kind == EXECUTION_REPORT else c.exec_ref_id)

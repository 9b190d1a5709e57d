"""What venues said and can't be booked whole: kept with all it said until an operator books or dismisses it. It books
nothing, and blocks nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tradecore.vocabulary.codes import CommandType

from ..vocabulary.hashing import WORD, chain_digest, digest_words

EXECUTION_REPORT = int(CommandType.EXECUTION_REPORT)


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
    account: int  # 0: nobody's
    low: int
    high: int
    note: bytes


class UnbookedTable:
    """At most `capacity` reports by number, oldest first."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.rows: dict[int, Unbooked] = {}
        self.count = 0  # ever
        self.digest = 0  # over all that ever came and went, for the state hash


def keep_unbooked(table: UnbookedTable, row: Unbooked, exec_id_hash: int) -> None:
    """Adds a row; the caller has checked the room."""
    table.rows[row.number] = row
    said = row.said
    note_words(table, (row.number, row.time, row.order_id, row.reason, row.value, row.bound, row.instrument,
                       row.account, row.low, row.high, said.last_px, exec_id_hash))


def drop_unbooked(table: UnbookedTable, number: int, booked: bool) -> None:
    """An operator has decided about a row."""
    del table.rows[number]
    note_words(table, (number, int(booked)))


def note_words(table: UnbookedTable, words: Sequence[int]) -> None:
    table.digest = chain_digest(table.digest, digest_words([word & WORD for word in words]))


def is_same_report(row: Unbooked, c: Any, note: bytes) -> bool:
    """Is this report delivered again? One without an id is never known."""
    return bool(c.exec_id > 0 and row.note == note and content_of(row.said) == content_of(c))


def content_of(c: Any) -> tuple[int, ...]:
    """What makes a report the same again: whose it is, and the money in it."""
    about = c.cl_ord_id if c.kind == EXECUTION_REPORT else c.exec_ref_id
    return (c.kind, c.exec_type, c.venue, c.instrument, c.side, about, c.exec_id, c.last_qty, c.last_px, c.told,
            c.commission, c.currency)

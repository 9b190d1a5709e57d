"""Execution ids that venues gave: the newest `capacity` of them, so that a trade counts once by (venue, exec_id, day),
whatever is redelivered, also when the trade log has let it go. It decides nothing.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ..vocabulary.hashing import GOLDEN, WORD, fold
from .trades import Execution


class ExecId(NamedTuple):
    """One id, and whose it is."""

    venue: int
    id: int
    day: int
    said: int  # what the report said, as a number: to know a repetition from a reuse
    row: Execution  # in the trade log, which may have let it go


class ExecIds:
    """The newest `capacity` ids, oldest first, and the newest of each venue and id."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: deque[ExecId] = deque()
        self.by_id: dict[tuple[int, int], ExecId] = {}
        self.digest = 0  # over all that was ever known, for the state hash


def hash_exec_id(venue: int, id_hash: int) -> int:
    """Of a venue's id, by the id's hash (texts.hash_of_id)."""
    return fold(id_hash ^ GOLDEN, venue ^ 0x165667B19E3779F9)


def said_of(exec_type: int, subject: int, qty: int, price: int) -> int:
    """What a report said: of a trade its order, of a bust or a correction the hash of the id that it names."""
    tail = fold((qty & WORD) ^ 0xC2B2AE3D27D4EB4F, (price & WORD) ^ 0x165667B19E3779F9)
    return fold(subject ^ GOLDEN, tail ^ exec_type)


def find_exec_id(ids: ExecIds, venue: int, number: int) -> ExecId | None:
    """The newest entry with this id at this venue."""
    return ids.by_id.get((venue, number))


def know_exec_id(ids: ExecIds, entry: ExecId, logical: int) -> None:
    """From now on this execution is known by its id, whose hash is `logical`; the oldest entry leaves where there is no
    room."""
    if len(ids.entries) == ids.capacity:
        oldest = ids.entries.popleft()
        if ids.by_id[oldest.venue, oldest.id] is oldest:
            del ids.by_id[oldest.venue, oldest.id]
    ids.entries.append(entry)
    ids.by_id[entry.venue, entry.id] = entry
    ids.digest = fold(ids.digest ^ logical ^ entry.said, GOLDEN)

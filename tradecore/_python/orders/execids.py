"""Execution ids that venues gave: the newest `capacity` of them, so that a trade counts once by (venue, instrument,
side, exec_id), whatever is redelivered over two rolls of the day, also when the trade log has let it go: some venues
number trades by symbol, and both sides of one trade may share a number. It decides nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..vocabulary.hashing import GOLDEN, WORD, fold
from .trades import Execution

Identity = tuple[int, int, int, int]  # venue, instrument, BUY or SELL, the id


@dataclass(slots=True)
class ExecId:
    """One id, and whose it is."""

    identity: Identity
    day: int
    said: int  # what the report said, as a number: to know a repetition from a reuse
    named: int  # the same by what it named its order: an order may be forgotten before its trade is
    row: Execution  # in the trade log, which may have let it go
    fee: int = 0  # the commission that was told with it last, as a number; 0 where none was


class ExecIds:
    """The newest `capacity` ids, oldest first, and the newest of each identity."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: deque[ExecId] = deque()
        self.by_id: dict[Identity, ExecId] = {}
        self.digest = 0  # over all that was ever known, for the state hash


def hash_exec_id(venue: int, instrument: int, side: int, id_hash: int) -> int:
    """Of a trade's identity, by the id's hash (texts.hash_of_id)."""
    return fold(id_hash ^ GOLDEN, (venue | side << 8 | instrument << 16) ^ 0x165667B19E3779F9)


def said_of(exec_type: int, subject: int, qty: int, price: int) -> int:
    """What a report said: of a trade its order, of a bust or a correction the hash of the id that it names."""
    tail = fold((qty & WORD) ^ 0xC2B2AE3D27D4EB4F, (price & WORD) ^ 0x165667B19E3779F9)
    return fold(subject ^ GOLDEN, tail ^ exec_type)


def fee_told(commission: int, currency: int) -> int:
    """A commission that was told, as a number; currency 0 is the instrument's."""
    return fold((commission & WORD) ^ GOLDEN, currency ^ 0xC2B2AE3D27D4EB4F)


def find_exec_id(ids: ExecIds, venue: int, instrument: int, side: int, number: int) -> ExecId | None:
    """The newest entry with this identity."""
    return ids.by_id.get((venue, instrument, side, number))


def know_exec_id(ids: ExecIds, entry: ExecId, logical: int) -> None:
    """From now on this execution is known by its id, whose hash is `logical`; the oldest entry leaves where there is no
    room."""
    if len(ids.entries) == ids.capacity:
        oldest = ids.entries.popleft()
        if ids.by_id[oldest.identity] is oldest:
            del ids.by_id[oldest.identity]
    ids.entries.append(entry)
    ids.by_id[entry.identity] = entry
    ids.digest = fold(ids.digest ^ logical ^ entry.said, entry.named ^ entry.fee ^ GOLDEN)


def tell_fee(ids: ExecIds, entry: ExecId, fee: int) -> None:
    """From now on this is the commission that was told under an id."""
    entry.fee = fee
    ids.digest = fold(ids.digest ^ fee, GOLDEN)

"""Free texts that venues and operators said: the newest `capacity` of them. It decides nothing, and reads none."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from tradecore.vocabulary.records import NOTE_SIZE

from ..vocabulary.hashing import GOLDEN, WORD, chain_digest, fold
from ..vocabulary.texts import hash_text

NO_TEXT = b"\x1e"  # the end of a note that has words of fields alone, and no text


@dataclass(slots=True)
class Note:
    """One text, and the report that tells of it."""

    number: int
    text: bytes = b""
    seq: int = 0  # of the report that answers what it came with


class Notes:
    """The newest `capacity` notes, oldest first, numbered from 1."""

    def __init__(self, capacity: int) -> None:
        self.rows: deque[Note] = deque(maxlen=capacity)
        self.count = 0
        self.digest = 0  # over all that was ever said, for the state hash


def find_note(notes: Notes, number: int) -> Note | None:
    """A note that is held."""
    at = number - notes.count + len(notes.rows) - 1
    return notes.rows[at] if 0 <= at < len(notes.rows) else None


def add_note(notes: Notes, number: int, piece: bytes) -> int:
    """Begins a note (number 0), or goes on with one as far as there is room; its number, 0 where it is not held."""
    if not number:
        notes.count += 1
        notes.rows.append(Note(notes.count))
    note = find_note(notes, number or notes.count)
    if note is None:
        return 0
    note.text = (note.text + piece)[:NOTE_SIZE]
    notes.digest = chain_digest(notes.digest, fold((note.number & WORD) ^ GOLDEN, hash_text(piece)))
    return note.number

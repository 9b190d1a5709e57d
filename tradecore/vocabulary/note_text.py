"""Free text as a core keeps it: what a venue said in words, and what of its report no record can hold. It is bounded.

A note is UTF-8: words that were said of fields ("last_qty=0.5", each ended by a unit separator), a record separator,
and the text; where no field needs words, the text alone.
"""

from __future__ import annotations

from .records import NOTE_SIZE, TEXT_SIZE

_UNIT, _RECORD = "\x1f", "\x1e"
TEXT_MOST = NOTE_SIZE // 2  # bytes
WORD_SIZE = TEXT_SIZE  # characters of one field's words: an id fits


def write_note(said: dict[str, str], text: str | None) -> bytes:
    """A note's bytes, b"" of nothing: what can't be printed becomes a space, what is too long is cut."""
    words = "".join(f"{name}={clean(value)[:WORD_SIZE]}{_UNIT}" for name, value in said.items())
    told = cut(clean(text or "").encode("utf-8", "replace"), TEXT_MOST)
    if not words:
        return told
    head = cut(words.encode("utf-8", "replace"), NOTE_SIZE - TEXT_MOST - 1)
    return head + _RECORD.encode() + told


def clean(text: str) -> str:
    """A text on one line, without what can't be printed."""
    return text.strip() if text.isprintable() else "".join(c if c.isprintable() else " " for c in text).strip()


def cut(data: bytes, size: int) -> bytes:
    """At most so many bytes, and no part of a character."""
    return data if len(data) <= size else data[:size].decode("utf-8", "ignore").encode()


def read_note(note: bytes) -> tuple[dict[str, str], str]:
    """What was said of fields in words, and the text."""
    words, mark, text = note.decode("utf-8", "replace").partition(_RECORD)
    if not mark:
        return {}, words
    pairs = (word.partition("=") for word in words.split(_UNIT) if word)
    return {name: value for name, _, value in pairs}, text

"""The table of ids: texts of ids and names, each kept once, numbered in the order of interning. It knows no order.

A client's own integer, from 1 to OWN_ID_MAX, is its own number, and its decimal text is the same id. Nothing is ever
removed.
"""

from __future__ import annotations

import re

from tradecore.vocabulary.records import OWN_ID_MAX, TEXT_SIZE

from .hashing import GOLDEN, WORD, chain_digest, digest_words, fold
from .made_ids import MadeIds, find_made, id_is_made, made_text

_VALID = re.compile(rb"[!-~](?:[ -~]{0,62}[!-~])?")
_OWN = re.compile(rb"[1-9][0-9]{0,18}")


class Texts:
    """Texts by number from OWN_ID_MAX + 1, and numbers by text."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.texts: list[bytes] = []
        self.numbers: dict[bytes, int] = {}
        self.made = MadeIds()
        self.digest = 0  # over all texts in order of interning, for the state hash


def text_is_valid(text: bytes) -> bool:
    """1 to 64 printable ASCII bytes, spaces only between others."""
    return _VALID.fullmatch(text) is not None


def own_number(text: bytes) -> int:
    """The integer that a text is the decimal form of, 0 where it is none."""
    number = int(text) if _OWN.fullmatch(text) else 0
    return number if number <= OWN_ID_MAX else 0


def hash_text(text: bytes) -> int:
    padded = text.ljust(TEXT_SIZE, b"\0")
    return digest_words([int.from_bytes(padded[at : at + 8], "little") for at in range(0, TEXT_SIZE, 8)])


def hash_of_id(texts: Texts, number: int) -> int:
    """An id's hash: of its text, or of the integer that it is; 0 of none. What is hashed of an id is this."""
    if OWN_ID_MAX < number <= OWN_ID_MAX + len(texts.texts):
        return hash_text(texts.texts[number - OWN_ID_MAX - 1])
    if id_is_made(texts.made, number):
        return hash_text(made_text(texts.made, number))
    return fold((number & WORD) ^ GOLDEN, 0xC2B2AE3D27D4EB4F) if number else 0


def is_clients_id(texts: Texts, number: int) -> bool:
    """May a client give it: an integer, or a text that was interned? What is above is none, or the core's to give."""
    return 0 < number <= OWN_ID_MAX + len(texts.texts)


def id_is_known(texts: Texts, number: int) -> bool:
    """Is it none, a client's, or made by the core?"""
    return number == 0 or is_clients_id(texts, number) or id_is_made(texts.made, number)


def find_text(texts: Texts, text: bytes) -> int:
    """The number of a text, 0 where it has none."""
    return own_number(text) or texts.numbers.get(text) or find_made(texts.made, text)


def intern_text(texts: Texts, text: bytes) -> int:
    """Gives a new text the next number; the caller has checked text and capacity."""
    texts.texts.append(text)
    number = texts.numbers[text] = OWN_ID_MAX + len(texts.texts)
    texts.digest = chain_digest(texts.digest, hash_text(text))
    return number


def text_of_id(texts: Texts, number: int) -> str:
    """An id as text; an integer's, and that of a number that was never given, in decimal; of none, and less, empty."""
    if OWN_ID_MAX < number <= OWN_ID_MAX + len(texts.texts):
        return texts.texts[number - OWN_ID_MAX - 1].decode("ascii")
    if id_is_made(texts.made, number):
        return made_text(texts.made, number).decode("ascii")
    return str(number) if number > 0 else ""



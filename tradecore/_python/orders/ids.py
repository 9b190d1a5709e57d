"""ClOrdID(11) and names: 1 to 24 printable ASCII bytes; b"" is "none". Nothing is ever removed in a day, and an
order may have several: its own, and those of the requests about it."""

from __future__ import annotations

import re
from collections.abc import Container

from ..vocabulary.hashing import GOLDEN, fold, text_words

_VALID = re.compile(rb"[!-~]{0,24}")


def id_is_valid(name: bytes) -> bool:
    return _VALID.fullmatch(name) is not None


def hash_id(name: bytes) -> int:
    first, second, third = text_words(name)
    tail = fold(second ^ 0xC2B2AE3D27D4EB4F, third ^ 0x165667B19E3779F9)
    return fold(first ^ GOLDEN, tail ^ 0xD6E8FEB86659FD93)


class Ids:
    """The ids of the day, each with the order that first used it."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.order_ids: dict[bytes, int] = {}
        self.digest = 0  # over all ids in order of arrival, for the state hash

    def claim_id(self, name: bytes, order_id: int) -> None:
        """Adds an id that is not there yet; the caller has checked the capacity."""
        self.order_ids[name] = order_id
        self.digest = fold(self.digest ^ hash_id(name), GOLDEN)

    def keep_ids(self, order_ids: Container[int]) -> None:
        """A new day: only the ids of these orders are still taken."""
        kept = [(name, order_id) for name, order_id in self.order_ids.items() if order_id in order_ids]
        self.order_ids, self.digest = {}, 0
        for name, order_id in kept:
            self.claim_id(name, order_id)

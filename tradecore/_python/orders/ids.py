"""The ClOrdIDs of the day, by number (vocabulary.texts), each with the order that first used it. Nothing is ever
removed in a day, and an order may have several: its own, and those of the requests about it."""

from __future__ import annotations

from collections.abc import Container

from ..vocabulary.hashing import GOLDEN, fold
from ..vocabulary.texts import Texts, hash_of_id


class Ids:
    """The ids of the day, each with the order that first used it."""

    def __init__(self, capacity: int, texts: Texts) -> None:
        self.capacity, self.texts = capacity, texts
        self.order_ids: dict[int, int] = {}
        self.digest = 0  # over all ids in order of arrival, for the state hash
        self.unclaimed = 0  # ids of open orders that were found without a claim, ever: 0, nobody need be asked

    def note_return(self, number: int, order_id: int) -> None:
        """An order is back: a new day since it ended has let its ids go."""
        if number and self.order_ids.get(number) != order_id:
            self.unclaimed += 1

    def claim_id(self, number: int, order_id: int) -> None:
        """Adds an id that is not there yet; the caller has checked the capacity."""
        self.order_ids[number] = order_id
        self.digest = fold(self.digest ^ hash_of_id(self.texts, number), GOLDEN)

    def keep_ids(self, order_ids: Container[int]) -> None:
        """A new day: only the ids of these orders are still taken."""
        kept = [(number, order_id) for number, order_id in self.order_ids.items() if order_id in order_ids]
        self.order_ids, self.digest = {}, 0
        for number, order_id in kept:
            self.claim_id(number, order_id)

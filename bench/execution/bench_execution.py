"""One book alone: enter, take, rest, cancel; and the cost as more orders rest, over dense and over sparse prices."""

import numpy as np
import pytest

from bench.conftest import OPERATIONS
from tradecore.vocabulary.records import BOOK_DTYPE


def stream(resting, spread, seed=5):
    """`resting` orders away from the touch, then a stream of enters and cancels around it."""
    rng = np.random.default_rng(seed)
    deep = np.zeros(resting, BOOK_DTYPE)
    deep["op"], deep["number"], deep["qty"] = 1, np.arange(resting), 10
    deep["side"] = 1 + np.arange(resting) % 2
    away = (1_000 + rng.integers(0, 5_000, resting)) * spread
    deep["price"] = 10_000_000 * spread + np.where(deep["side"] == 1, -away, away)
    live = np.zeros(OPERATIONS, BOOK_DTYPE)
    live["op"], live["side"], live["qty"] = 1, rng.integers(1, 3, OPERATIONS), rng.integers(1, 20, OPERATIONS)
    live["number"] = resting + np.arange(OPERATIONS)
    live["price"] = (10_000_000 + rng.integers(-20, 21, OPERATIONS)) * spread
    cancels = np.arange(1, OPERATIONS, 2)
    live["op"][cancels] = 2
    live["number"][cancels] = resting + np.maximum(0, cancels - rng.integers(1, 40, len(cancels)))
    return deep, live


@pytest.mark.parametrize(("resting", "spread"), [(10, 1), (1_000, 1), (100_000, 1), (1_000, 48_400)],
                         ids=["10 rest", "1,000 rest", "100,000 rest", "1,000 rest, sparse"])
def test_book(room, measure, resting, spread):
    deep, live = stream(resting, spread)

    def prepare():
        book = room("book").Book(resting + OPERATIONS)
        book.play(deep)
        return book, live

    assert measure(lambda book, operations: book.play(operations), prepare) > 0

"""Routing alone, over eight venues: a read of a cached ranking, and a read after one quote changed."""

import numpy as np

from tradecore.vocabulary.codes import CommandType
from tradecore.vocabulary.records import CODECS

VENUES = 8


def router_of(room, definition):
    router = room("routing").Router(1, 64)
    router.define(definition)
    for venue in range(1, VENUES + 1):
        router.add_venue(CODECS[CommandType.DEFINE_VENUE].pack(
            kind=CommandType.DEFINE_VENUE, taker_fee_ppm=10 * venue))
        for side in (1, 2):
            router.set_top(1, side, venue, 1_900_000 + 100 * venue * (3 - 2 * side), 100, venue)
    return router


def test_routing_cached(room, measure, definition, orders):
    venues = measure(lambda router, array: router.route(array, 1), lambda: (router_of(room, definition), orders))
    assert (venues > 0).all()


def test_routing_after_a_quote(room, measure, definition, orders):
    """One order after each quote: the changed venue is scored and put in its place. Includes the call of set_top."""
    count = 2_000
    rng = np.random.default_rng(3)
    moves = list(zip(rng.integers(1, VENUES + 1, count).tolist(), rng.integers(1, 50, count).tolist(), strict=True))
    single = orders[:1].copy()
    single["side"] = 1

    def work(router):
        for stamp, (venue, ticks) in enumerate(moves):
            router.set_top(1, 1, venue, 1_900_000 + 100 * ticks, 100, stamp)
            router.route(single, 1)

    measure(work, lambda: (router_of(room, definition),), operations=count)

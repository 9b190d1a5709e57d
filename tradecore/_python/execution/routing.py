"""Routing: each venue's all-in cost at the top of its book, ranked per instrument and side. It never sends an order.

Cost is in millionths of a price unit: the displayed price (selling: negated) plus the taker fee; lower is better for
both sides. A ranking is re-scored only for the venues that changed since it was read, and wholly when it is older
than the time to live. Ties: the most recently updated quote, then the lower venue id. What a ranking said when it
last routed an order is kept for explain().
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tradecore.vocabulary.codes import CommandType, MarketState
from tradecore.vocabulary.records import CODECS, MILLION, NO_PRICE, PRICE_MAX, QTY_MAX
from tradecore.vocabulary.rows import Term

from ..vocabulary.instrument import BUY, SELL, InstrumentRow, define_instrument_row
from ..vocabulary.shell import Records, demand, demand_power_of_two, open_batch, open_command
from .breakers import Health
from .scoring import NO_CHARGES, SAMPLE_AFTER, Charges, Movement, Statistics, Weights, charges_at, move_mid

MAX_VENUES = 64
TIME_TO_LIVE = 100_000_000  # ns
NEVER = 2**62
EVERY_VENUE = -1  # bit venue - 1


class Venue(NamedTuple):
    """A venue's fees: 10**-9 for a whole unit of quantity, or millionths of the notional; a rebate is negative. Of an
    external one also how long it has for an answer (ns, 0: for ever), and what it can do by itself."""

    name: int
    maker_fee_per_unit: int
    taker_fee_per_unit: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    request_timeout: int
    native_ord_types: int
    native_times_in_force: int
    external: int
    print_fills: int
    day_end: int
    market_protection: int


class Top(NamedTuple):
    """What a taker finds at a venue: price units, lots (0: nothing), the command that changed it last, and the one that
    told it last: a quote may say again what it said."""

    price: int
    size: int
    stamp: int
    told: int


UNSEEN = Top(0, 0, 0, 0)


@dataclass(slots=True)
class Ranking:
    """The venues that display something to takers of one side of one instrument, best first."""

    tops: dict[int, Top] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)  # venues whose top changed since they were scored
    scores: dict[int, Term] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()  # the scores, best first
    ranked_at: int = 0
    decision: int = 0
    epoch: int = 0  # of the charges that it was scored with
    turn: int = 0  # the venue that ROUND_ROBIN chose last
    changed: bool = False  # since the last decision that was kept
    market: MarketState = MarketState.NORMAL  # as it was when that was kept


class Router:
    """All-in cost of up to 64 venues at the top of their books, ranked and cached per instrument and side."""

    def __init__(self, instruments: int, decisions: int) -> None:
        demand("instruments", instruments, 1, 1_000_000)
        demand_power_of_two("decisions", decisions, 1 << 20)
        self.instrument_max, self.decisions_kept = instruments, decisions
        self.instruments: dict[int, InstrumentRow] = {}
        self.venues: dict[int, Venue] = {}
        self.rankings: dict[tuple[int, int], Ranking] = {}  # by instrument and the order's side
        self.down: set[int] = set()  # venues that are never chosen; those that are barred or out
        self.degraded: set[int] = set()  # venues that cost more for it
        self.barred: set[int] = set()  # by a switch, or for want of a session
        self.out: set[int] = set()  # for their health
        self.health: dict[int, Health] = {}  # by venue
        self.next_turn = NEVER  # when time alone may make a venue another
        self.has_turned = False  # since it was looked at: other venues are out
        self.weights = Weights()
        self.statistics: dict[int, Statistics] = {}  # by venue
        self.movements: dict[int, Movement] = {}  # by instrument; only while latency has a weight
        self.epoch = 0  # counts changes of what charges come from
        self.strategies: dict[int, int] = {}  # RoutingStrategy by strategy; 0: of all that have none
        self.history: deque[tuple[MarketState, tuple[Term, ...]]] = deque(maxlen=decisions)
        self.decisions = self.hits = self.misses = 0
        self.ages = 0  # ns: of the rankings that were read without being made anew, together
        self.locked = self.crossed = 0  # decisions in such markets

    def define(self, definition: bytes) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be."""
        return define_instrument_row(self.instruments, self.instrument_max, definition)

    def add_venue(self, definition: bytes) -> int:
        """Add the venue of a DEFINE_VENUE record with its fees; return its id."""
        c = open_command(definition, CODECS[CommandType.DEFINE_VENUE])
        if len(self.venues) >= MAX_VENUES:
            raise ValueError(f"all {MAX_VENUES} venues are defined")
        return load_venue(self, c)

    def set_top(self, instrument: int, side: int, venue: int, price: int, size: int, stamp: int) -> None:
        """What an order of `side` finds at a venue: price units, lots (0: nothing), and when it changed."""
        demand("instrument", instrument, 1, len(self.instruments))
        demand("side", side, 1, 2)
        demand("venue", venue, 1, len(self.venues))
        demand("size", size, 0, QTY_MAX)
        if size:
            demand("price", price, -PRICE_MAX, PRICE_MAX)
        set_top(self, instrument, side, venue, price, size, stamp)

    def route(self, orders: Records, now: int) -> Records:
        """The best venue for each ORDER_DTYPE record's instrument and side, int32; 0 where none displays anything.

        Threads: one caller at a time.
        """
        commands = list(open_batch(orders, CODECS[CommandType.NEW_ORDER]))
        for c in commands:
            demand("instrument", c.instrument, 1, len(self.instruments))
            demand("side", c.side, 1, 2)
        rankings = (rank_venues(self, self.instruments[c.instrument], c.instrument, c.side, now) for c in commands)
        return np.array([best_venue(self, ranking) for ranking in rankings], np.int32)

    def rank(self, instrument: int, side: int, now: int) -> list[Term]:
        """The ranking of an instrument and side, as Terms, best first."""
        demand("instrument", instrument, 1, len(self.instruments))
        demand("side", side, 1, 2)
        return list(rank_venues(self, self.instruments[instrument], instrument, side, now).terms)


def load_venue(router: Router, c: Any) -> int:
    """Adds the venue of a DEFINE_VENUE record; its id."""
    number = len(router.venues) + 1
    router.statistics[number], router.health[number] = Statistics(), Health()
    router.venues[number] = Venue(
        c.cl_ord_id, c.maker_fee_per_unit, c.taker_fee_per_unit, c.maker_fee_ppm, c.taker_fee_ppm, c.request_timeout,
        c.native_ord_types, c.native_times_in_force, c.external, c.print_fills,
        c.day_end, c.market_protection,
    )
    return number


def ranking_of(router: Router, instrument: int, side: int) -> Ranking:
    ranking = router.rankings.get((instrument, side))
    if ranking is None:
        ranking = router.rankings[instrument, side] = Ranking()
    return ranking


def set_top(router: Router, instrument: int, side: int, venue: int, price: int, size: int, stamp: int) -> None:
    """What an order of `side` would take: for a BUY the ask, for a SELL the bid. Only a change costs anything."""
    ranking = ranking_of(router, instrument, side)
    top = ranking.tops.get(venue, UNSEEN)
    if top.price != price or top.size != size:
        ranking.tops[venue] = Top(price, size, stamp, stamp)
        ranking.dirty.add(venue)
        ranking.changed = True


def tell_top(router: Router, instrument: int, side: int, venue: int, stamp: int) -> None:
    """A venue has said what it displays, whether or not that has changed."""
    tops = ranking_of(router, instrument, side).tops
    if venue in tops:
        tops[venue] = tops[venue]._replace(told=stamp)


def fee_charge(ins: InstrumentRow, price: int, fee_per_unit: int, fee_ppm: int) -> int:
    """A fee in millionths of a price unit, for one lot at `price`; rounded down."""
    return abs(price) * fee_ppm + fee_per_unit * ins.unit_scale // (ins.multiplier * 1000)


def rank_key(term: Term) -> tuple[int, int, int]:
    """Equal cost: the most recently updated quote wins, then the lower venue id."""
    return term.cost, -term.stamp, term.venue


def taking_fee(router: Router, ins: InstrumentRow, venue: int, price: int) -> int:
    fees = router.venues[venue]
    return fee_charge(ins, price, fees.taker_fee_per_unit, fees.taker_fee_ppm)


def all_in(side: int, price: int, fee: int) -> int:
    """What one lot costs all-in; selling, less is more."""
    return fee + price * MILLION if side == BUY else fee - price * MILLION


def charges_of(router: Router, instrument: int, venue: int, price: int, takes: bool) -> Charges:
    """What a venue costs beside price and fee."""
    if not router.weights.charge():
        return NO_CHARGES
    moves = router.movements.get(instrument)
    return charges_at(router.weights, router.statistics[venue], moves.volatility if moves else 0,
                      venue in router.degraded, price, takes)


def score_venue(router: Router, ins: InstrumentRow, instrument: int, side: int, venue: int, top: Top) -> Term:
    fee = taking_fee(router, ins, venue, top.price)
    charges = charges_of(router, instrument, venue, top.price, True) if top.size else NO_CHARGES
    return Term(venue, top.price, top.size, top.stamp, fee, all_in(side, top.price, fee + sum(charges)), *charges)


def taking_cost(router: Router, ins: InstrumentRow, instrument: int, side: int, venue: int, price: int) -> int:
    """What one lot costs all-in that is taken at a venue for this price."""
    charges = charges_of(router, instrument, venue, price, True)
    return all_in(side, price, taking_fee(router, ins, venue, price) + sum(charges))


def reprice_instrument(router: Router, instrument: int) -> None:
    """The charges of one instrument are others."""
    for side in (BUY, SELL):
        ranking = ranking_of(router, instrument, side)
        ranking.dirty.update(ranking.tops)
        ranking.changed = True


def forget_movement(router: Router, instrument: int) -> None:
    """What an instrument's mid has moved counts no more."""
    if router.movements.pop(instrument, None) is not None:
        reprice_instrument(router, instrument)


def wants_sample(router: Router, instrument: int, now: int) -> bool:
    """Is it time to look at an instrument's mid?"""
    moves = router.movements.get(instrument)
    return router.weights.latency > 0 and (moves is None or now - moves.sampled_at >= SAMPLE_AFTER)


def sample_mid(router: Router, instrument: int, mid2: int, now: int) -> None:
    """A look at twice the mid, where there is one; its first is only where it begins."""
    moves = router.movements.get(instrument)
    if mid2 == NO_PRICE:
        return
    if moves is None:
        router.movements[instrument] = Movement(mid2, now)
    else:
        move_mid(moves, mid2, now)
        reprice_instrument(router, instrument)


def rank_venues(router: Router, ins: InstrumentRow, instrument: int, side: int, now: int) -> Ranking:
    """Brings one ranking up to date. The time to live is a backstop, not a mechanism."""
    ranking = ranking_of(router, instrument, side)
    age = now - ranking.ranked_at
    expired = age > TIME_TO_LIVE or ranking.epoch != router.epoch
    if not expired and not ranking.dirty:
        router.hits += 1
        router.ages += max(0, age)  # a question may have been of a later time
        return ranking
    router.misses += 1
    ranking.changed |= ranking.epoch != router.epoch
    for venue in ranking.tops if expired else ranking.dirty:
        ranking.scores[venue] = score_venue(router, ins, instrument, side, venue, ranking.tops[venue])
    ranking.terms = tuple(sorted((term for term in ranking.scores.values() if term.size > 0), key=rank_key))
    ranking.dirty.clear()
    ranking.ranked_at, ranking.epoch = now, router.epoch
    return ranking


def best_venue(router: Router, ranking: Ranking) -> int:
    """The best venue that is up, or 0 where none displays anything."""
    return next((term.venue for term in ranking.terms if term.venue not in router.down), 0)


def touch_price(router: Router, instrument: int, side: int, venue: int) -> int:
    return ranking_of(router, instrument, side).tops.get(venue, UNSEEN).price


def twice_mid(router: Router, ins: InstrumentRow, instrument: int, now: int) -> int:
    """Twice the mid of the best-ranked ask and bid, or NO_PRICE where a side displays nothing."""
    ask = best_venue(router, rank_venues(router, ins, instrument, BUY, now))
    bid = best_venue(router, rank_venues(router, ins, instrument, SELL, now))
    if not ask or not bid:
        return NO_PRICE
    return touch_price(router, instrument, BUY, ask) + touch_price(router, instrument, SELL, bid)


def displayed_price(
    router: Router, instrument: int, side: int, venues: int = EVERY_VENUE, since: int = 0
) -> int:
    """The best price displayed to an order of `side` at those of these venues (bit venue - 1) that are up, fees aside,
    unranked, or NO_PRICE. Only what was told after the command `since`."""
    tops = ranking_of(router, instrument, side).tops.items()
    prices = [top.price for venue, top in tops
              if top.size > 0 and venues >> venue - 1 & 1 and venue not in router.down and top.told > since]
    return (max(prices) if side == SELL else min(prices)) if prices else NO_PRICE


def twice_touch(router: Router, ins: InstrumentRow, instrument: int, side: int, now: int) -> int:
    """Twice the best price that an order of `side` could take at any venue that is up, fees aside, or NO_PRICE."""
    terms = rank_venues(router, ins, instrument, side, now).terms
    prices = [2 * term.price for term in terms if term.venue not in router.down]
    return (max(prices) if side == SELL else min(prices)) if prices else NO_PRICE

"""What a venue costs beside its price and fee: charges for its latency, for the chance of not filling there, and where
it is degraded; and the statistics behind them. Charges are millionths of a price unit, rates millionths.

Latency: the volatility of the mid (a moving average of |change|, per square root of a second) times the square root of
the venue's round trip. Not filling: what a miss costs, as a part of the price, times its chance: what the venue has not
filled or has rejected of the core's own orders, those that took and those that rested apart. A weight of 0 leaves a
charge out; all are 0 at first. Averages move by shifts, an eighth or a sixteenth of the way to each sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import NamedTuple

from tradecore.vocabulary.records import MILLION, NO_PRICE

from ..vocabulary.shell import saturate

SAMPLE_AFTER = 1_000_000_000  # ns between two looks at a mid
DAY = 86_400_000_000_000
TIME_SHIFT, RATE_SHIFT = 3, 4
PICO = 1_000  # picoseconds in a nanosecond: their square roots are millionths of that of a second


@dataclass(slots=True)
class Weights:
    """How much each charge counts: latency in millionths, what a miss and what a degraded venue costs in millionths of
    the price."""

    latency: int = 0
    miss: int = 0
    degraded: int = 0

    def charge(self) -> bool:
        """Is there any?"""
        return bool(self.latency or self.miss or self.degraded)


@dataclass(slots=True)
class Statistics:
    """What the core has seen of a venue, or was told: ns, and millionths."""

    round_trip: int = 0
    take_fill: int = MILLION
    post_fill: int = MILLION
    reject: int = 0
    quote_age: int = 0  # how old its last quote was when an order was sent there
    answers: int = 0  # to new orders: the first sets the round trip, others move it
    quoted_at: int = 0  # of an external one: when it last displayed anything


@dataclass(slots=True)
class Movement:
    """How an instrument's mid moves."""

    mid2: int
    sampled_at: int
    volatility: int = 0  # millionths of a price unit per square root of a second


class Charges(NamedTuple):
    """What is added to a price and its fee."""

    latency: int = 0
    miss: int = 0
    degraded: int = 0


NO_CHARGES = Charges()


def average(was: int, sample: int, shift: int) -> int:
    """A moving average that goes 1 / 2**shift of the way."""
    return was + (sample - was >> shift)


def root_of(duration: int) -> int:
    """The square root of a duration (ns, at most a day), in millionths of that of a second."""
    return isqrt(min(max(0, duration), DAY) * PICO)


def move_mid(movement: Movement, mid2: int, now: int) -> None:
    """A look at twice the mid, `now` at least SAMPLE_AFTER since the last."""
    change = saturate(abs(mid2 - movement.mid2) * (MILLION // 2) * MILLION // root_of(now - movement.sampled_at))
    movement.volatility = average(movement.volatility, change, TIME_SHIFT)
    movement.mid2, movement.sampled_at = mid2, now


def charges_at(weights: Weights, s: Statistics, volatility: int, is_degraded: bool, price: int, takes: bool) -> Charges:
    """The charges of one lot at a price, to take or to rest there."""
    latency = saturate(volatility * root_of(s.round_trip) * weights.latency // MILLION**2)
    fills = (s.take_fill if takes else s.post_fill) * (MILLION - s.reject) // MILLION
    miss = saturate(abs(price) * weights.miss * (MILLION - fills) // MILLION)
    return Charges(latency, miss, abs(price) * weights.degraded if is_degraded and price != NO_PRICE else 0)


# ---- what is seen


def note_answer(s: Statistics, round_trip: int) -> None:
    """A venue has answered a new order after so long."""
    s.round_trip = average(s.round_trip, round_trip, TIME_SHIFT) if s.answers else round_trip
    s.answers += 1


def note_verdict(s: Statistics, is_reject: bool) -> None:
    """A venue has taken or rejected a new order."""
    s.reject = average(s.reject, MILLION if is_reject else 0, RATE_SHIFT)


def note_filled(s: Statistics, filled: int, order_qty: int, took: bool) -> None:
    """An order at a venue has ended, with so much of it filled."""
    sample = min(filled, order_qty) * MILLION // order_qty
    if took:
        s.take_fill = average(s.take_fill, sample, RATE_SHIFT)
    else:
        s.post_fill = average(s.post_fill, sample, RATE_SHIFT)


def note_quote_age(s: Statistics, now: int) -> None:
    """An order is sent to a venue by what it displayed last."""
    if s.quoted_at:
        s.quote_age = average(s.quote_age, max(0, now - s.quoted_at), TIME_SHIFT)

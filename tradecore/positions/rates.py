"""Currency rates as they were given, each since its time. Nothing is triangulated or kept in a base currency."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction

from ..vocabulary.names import Names
from ..vocabulary.units import EXACT, Number, whole_units

RATE_PRECISION = 12  # decimals of a rate
RATES_KEPT = 65_536  # of a pair
_RATE_MAX = 10**30


class MissingRateError(LookupError):
    """A currency that can't be converted: no rate was given for the pair, or it is too old."""


class Rates:
    """What one unit of a currency was worth in another, since when: each rate counts until the next."""

    def __init__(self, currencies: Names) -> None:
        self._currencies = currencies
        self._rates: dict[tuple[str, str], list[tuple[int, Decimal]]] = {}  # oldest first

    def set(self, base: str, quote: str, rate: Number, time: int) -> None:
        """One `base` is worth `rate` `quote` since `time` (ns UTC). The rate is positive, with at most 12 decimals."""
        self._currencies.id(base)
        self._currencies.id(quote)
        if base == quote:
            raise ValueError(f"rate {base}/{quote}: a currency is always worth itself")
        units = whole_units(rate, RATE_PRECISION, f"rate {base}/{quote}", _RATE_MAX, low=1)
        rates = self._rates.setdefault((base, quote), [])
        place = bisect_right(rates, time, key=lambda its: its[0])
        rates.insert(place, (time, Decimal(units).scaleb(-RATE_PRECISION, EXACT)))
        if place and rates[place - 1][0] == time:  # given again
            del rates[place - 1]
        del rates[:-RATES_KEPT]

    def ratio(self, base: str, quote: str, now: int, max_age_ns: int | None) -> Fraction:
        """The rate at `now` as a fraction: as given, or the given one of the other direction turned over; of the two
        the one that was given last.

        Raises MissingRateError where neither was given by then, or where it is older than `max_age_ns`.
        """
        if base == quote:
            return Fraction(1)
        found = [(its, pair) for pair in ((base, quote), (quote, base)) if (its := self._at(pair, now)) is not None]
        if not found:
            raise MissingRateError(f"no rate for {base}/{quote} or {quote}/{base} by {now}: set_rate() it first")
        (time, rate), pair = max(found, key=lambda its: its[0][0])
        if max_age_ns is not None and now - time > max_age_ns:
            raise MissingRateError(f"the rate {pair[0]}/{pair[1]} is {now - time} ns old, above {max_age_ns}")
        return Fraction(rate) if pair[0] == base else 1 / Fraction(rate)

    def _at(self, pair: tuple[str, str], now: int) -> tuple[int, Decimal] | None:
        rates = self._rates.get(pair, [])
        place = bisect_right(rates, now, key=lambda its: its[0])
        return rates[place - 1] if place else None

"""Currency rates as they were given, each with its time. Nothing is triangulated or kept in a base currency."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ..vocabulary.names import Names
from ..vocabulary.units import EXACT, Number, whole_units

RATE_PRECISION = 12  # decimals of a rate
_RATE_MAX = 10**30


class MissingRateError(LookupError):
    """A currency that can't be converted: no rate was given for the pair, or it is too old."""


class Rates:
    """What one unit of a currency is worth in another, and since when."""

    def __init__(self, currencies: Names) -> None:
        self._currencies = currencies
        self._rates: dict[tuple[str, str], tuple[Decimal, int]] = {}

    def set(self, base: str, quote: str, rate: Number, time: int) -> None:
        """One `base` is worth `rate` `quote` since `time` (ns UTC). The rate is positive, with at most 12 decimals."""
        self._currencies.id(base)
        self._currencies.id(quote)
        if base == quote:
            raise ValueError(f"rate {base}/{quote}: a currency is always worth itself")
        units = whole_units(rate, RATE_PRECISION, f"rate {base}/{quote}", _RATE_MAX, low=1)
        self._rates[base, quote] = Decimal(units).scaleb(-RATE_PRECISION, EXACT), time

    def ratio(self, base: str, quote: str, now: int, max_age_ns: int | None) -> Fraction:
        """The rate as a fraction: as given, or the given one of the other direction turned over.

        Raises MissingRateError where neither was given, or where it is older than `max_age_ns` at `now`.
        """
        if base == quote:
            return Fraction(1)
        for pair in ((base, quote), (quote, base)):
            if pair in self._rates:
                rate, time = self._rates[pair]
                if max_age_ns is not None and now - time > max_age_ns:
                    raise MissingRateError(f"the rate {pair[0]}/{pair[1]} is {now - time} ns old, above {max_age_ns}")
                return Fraction(rate) if pair[0] == base else 1 / Fraction(rate)
        raise MissingRateError(f"no rate for {base}/{quote} or {quote}/{base}: set_rate() it first")

    def given(self) -> dict[tuple[str, str], tuple[Decimal, int]]:
        """{(base, quote): (rate, time)} as given."""
        return dict(self._rates)

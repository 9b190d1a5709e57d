"""A currency, and the decimals in which its money is counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .identifiers import check_name
from .units import MONEY_PRECISION, MONEY_PRECISION_MAX, check_int


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency whose cash and fees are counted in 10**-decimals: 9 unless it says otherwise (0 to 12), which is what
    brokers print. A name alone stands for one with 9.
    """

    name: str
    decimals: int = MONEY_PRECISION

    def __post_init__(self) -> None:
        check_name(self.name, "currency")
        check_int(self.decimals, f"currency {self.name}: decimals", 0, MONEY_PRECISION_MAX)


def read_currencies(given: Iterable[str | Currency], name: str = "currencies") -> list[Currency]:
    """Names and currencies as currencies. Raises TypeError or ValueError naming what is neither."""
    if isinstance(given, (str, Currency)):
        raise TypeError(f"{name} must be an iterable of names or Currency, not the one {given!r}")
    return [one if isinstance(one, Currency) else Currency(check_name(one, "currency")) for one in given]

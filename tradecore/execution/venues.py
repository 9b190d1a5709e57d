"""Venues as users declare them: those inside the core, and those outside that report what they did."""

from __future__ import annotations

from dataclasses import dataclass

from ..vocabulary.codes import DayEnd, PrintFills
from ..vocabulary.fix import FixEnum, OrdType, TimeInForce
from ..vocabulary.identifiers import check_name
from ..vocabulary.units import MONEY_PRECISION, Number, check_bool, check_int, whole_units

_FEE_MAX = 10**15  # 10**-9 for a whole unit
TIMEOUT_MAX = 86_400_000_000_000  # ns: a day


@dataclass(frozen=True, slots=True)
class SimulatedVenue:
    """A venue inside the core: a price-time-priority book that fills at once.

    Fees are by quantity (`..._per_share`: currency for a whole unit) or by notional (`..._bps`), not both on one
    side of the trade, so that a commission is rounded once; a rebate is negative. A quote of this venue is an
    external order on each side: it holds what was displayed, no more, and where it crosses resting orders it takes
    them at their prices.

    `print_fills` says what a trade print of its market does to what rests in it: NONE, nothing; THROUGH, it fills the
    orders whose price is better than the print's, at their own; AFTER_QUEUE, also those at its price, by what printed
    there beyond what is displayed. Never more than was printed, best price first, then by time.
    """

    name: str
    maker_fee_per_share: Number = 0
    taker_fee_per_share: Number = 0
    maker_fee_bps: Number = 0
    taker_fee_bps: Number = 0
    print_fills: str | PrintFills = "NONE"

    def __post_init__(self) -> None:
        _check_fees(self)
        rule = PrintFills.parse(self.print_fills, f"venue {self.name}: print_fills")
        object.__setattr__(self, "print_fills", rule)

    def definition(self) -> dict[str, int | bytes]:
        """The fields of this venue's DEFINE_VENUE record."""
        return _fees(self) | {"print_fills": int(PrintFills.parse(self.print_fills, "print_fills"))}


@dataclass(frozen=True, slots=True)
class ExternalVenue:
    """A venue outside the core: what it is to be sent is read from `outbound()`, and what it answers comes in through
    `on_execution_report` and its kin. Until then an order's outcome is not known, and its quantity is held.

    Fees as of a SimulatedVenue; a trade is charged as a taker's. `request_timeout` (ns, 0: for ever): what is not
    answered by then is flagged UNKNOWN and the venue is asked for the status; it is never resent. `ord_types` and
    `times_in_force` are what the venue does by itself: the core holds a stop, a touched order, and what waits for a
    session, until it may go as what the venue knows; and asks for an expired order back. `day_end`: what `roll_day()`
    does to a DAY order that the venue still has. "ask": the venue is asked how it stands (the default); "expire": it is
    Expired, as the venue is known to do without a word, and what it traded is booked all the same when it comes;
    "venue": nothing, its report decides. `market_protection`: the venue bounds the price of a MARKET order by itself;
    where it does not, one whose account has a price collar goes out as a LIMIT, IMMEDIATE_OR_CANCEL (FILL_OR_KILL where
    it is one), at its protection price; in an auction it stays MARKET.
    """

    name: str
    maker_fee_per_share: Number = 0
    taker_fee_per_share: Number = 0
    maker_fee_bps: Number = 0
    taker_fee_bps: Number = 0
    request_timeout: int = 0
    ord_types: tuple[str | OrdType, ...] = ("MARKET", "LIMIT")
    times_in_force: tuple[str | TimeInForce, ...] = ("DAY", "GTC", "IOC", "FOK")
    day_end: str | DayEnd = DayEnd.ASK
    market_protection: bool = False

    def __post_init__(self) -> None:
        _check_fees(self)
        where = f"venue {self.name}:"
        check_int(self.request_timeout, f"{where} request_timeout", 0, TIMEOUT_MAX)
        object.__setattr__(self, "ord_types", _words(OrdType, self.ord_types, f"{where} ord_types"))
        object.__setattr__(self, "times_in_force", _words(TimeInForce, self.times_in_force, f"{where} times_in_force"))
        check_bool(self.market_protection, f"{where} market_protection")
        object.__setattr__(self, "day_end", DayEnd.parse(self.day_end, f"{where} day_end"))

    def definition(self) -> dict[str, int | bytes]:
        """The fields of this venue's DEFINE_VENUE record."""
        return _fees(self) | {
            "external": 1, "request_timeout": self.request_timeout,
            "native_ord_types": sum(1 << OrdType.parse(word, "ord_types") for word in set(self.ord_types)),
            "native_times_in_force": sum(
                1 << TimeInForce.parse(word, "times_in_force") for word in set(self.times_in_force)),
            "day_end": int(DayEnd.parse(self.day_end, "day_end")), "market_protection": int(self.market_protection),
        }


Venue = SimulatedVenue | ExternalVenue


def _words(kind: type[FixEnum], given: object, name: str) -> tuple[FixEnum, ...]:
    if not isinstance(given, tuple):
        raise TypeError(f"{name} must be a tuple of {kind.__name__}s, not {type(given).__name__}")
    return tuple(kind.parse(word, name) for word in given)


def _check_fees(venue: Venue) -> None:
    check_name(venue.name, "venue name")
    fees = _fees(venue)
    for who in ("maker", "taker"):
        if fees[f"{who}_fee_per_unit"] and fees[f"{who}_fee_ppm"]:
            raise ValueError(f"venue {venue.name}: {who}_fee_per_share and {who}_fee_bps can't both be set")


def _fees(venue: Venue) -> dict[str, int | bytes]:
    where = f"venue {venue.name}:"
    fields: dict[str, int | bytes] = {}
    for who in ("maker", "taker"):
        per_share, bps = f"{who}_fee_per_share", f"{who}_fee_bps"
        fields[f"{who}_fee_per_unit"] = whole_units(
            getattr(venue, per_share), MONEY_PRECISION, f"{where} {per_share}", _FEE_MAX)
        fields[f"{who}_fee_ppm"] = whole_units(getattr(venue, bps), 2, f"{where} {bps}", 1_000_000)
    return fields

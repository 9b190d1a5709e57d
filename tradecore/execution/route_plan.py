"""Where a new order would go, venue by venue and term by term: a dry run of routing, as users read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol

from ..vocabulary.codes import MarketState, Reason, Route, RoutingStrategy
from ..vocabulary.fix import Side, TimeInForce
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.records import BOOK_TICKS_MAX, NO_PRICE, PRICE_MAX
from ..vocabulary.rows import PlanRow, Term
from ..vocabulary.showing import html_table
from ..vocabulary.units import Number
from ..vocabulary.venue_words import OnDisconnect, VenueHealth
from .displayed_book import DisplayedBook
from .routing import (
    PROTECTED,
    all_in_price,
    cost_price,
    fee_price,
    how_it_is_divided,
    how_it_rests,
    how_it_takes,
    is_protected_from,
)

_COLUMNS = ("venue", "price", "size", "fee", "all-in", "takes", "why")
_WHY_CHOSEN = {
    Route.NONE: "order protection: another displays a better price",
    Route.DIRECTED: "named by the order",
    Route.TAKES: "takes",
    Route.RESTS: "rests here",
    Route.SPLIT: "takes",
}


class VenueRoute(NamedTuple):
    """One venue's line: what it displays to the order (`price` None: nothing), the taker fee and the all-in price, per
    whole unit; `qty`: what it would have of the order; and why so much or nothing."""

    venue: str
    price: Decimal | None
    size: Decimal
    fee: Decimal | None
    all_in: Decimal | None
    qty: Decimal
    why: str
    latency: Decimal = Decimal(0)  # charges, of the all-in price: see VenueScore
    miss: Decimal = Decimal(0)
    degraded: Decimal = Decimal(0)


class RoutePlan(NamedTuple):
    """Where an order would go now: how (`route`), the worst price that it may trade at (`limit`, None: any), how the
    market lies (`market`), the venues, best first, and what no venue would have of it (`rest`). `refused`: the names of
    what is wrong with an order that is not well formed, or of what keeps it from its venue; it would go nowhere."""

    symbol: str
    side: Side
    qty: Decimal
    route: Route
    limit: Decimal | None
    market: MarketState
    venues: tuple[VenueRoute, ...]
    rest: Decimal
    refused: tuple[str, ...] = ()
    strategy: RoutingStrategy = RoutingStrategy.ALL_IN_COST

    @property
    def how(self) -> str:
        """How its venues were chosen, in words."""
        if self.refused:
            how = f"it would be refused: {', '.join(self.refused)}"
        elif self.route is Route.DIRECTED:
            how = "named by the order"
        elif self.route is Route.TAKES:
            how = how_it_takes(self.strategy)
        elif self.route is Route.SPLIT:
            how = how_it_is_divided(self.strategy)
        else:
            how = f"it would rest at {how_it_rests(self.strategy)}"
        return how if self.market is MarketState.NORMAL else f"{how}; the market is {self.market.name}"

    @property
    def chosen(self) -> tuple[str, ...]:
        """The venues that would have it, or a part of it."""
        return tuple(venue.venue for venue in self.venues if venue.qty)

    def _rows(self) -> list[list[str]]:
        def told(value: Decimal | None) -> str:
            return "" if value is None else f"{value:f}"

        return [[its.venue, told(its.price), told(its.size), told(its.fee), told(its.all_in), told(its.qty), its.why]
                for its in self.venues]

    @property
    def _name(self) -> str:
        return f"{self.side.name} {self.qty:f} {self.symbol} -> {', '.join(self.chosen) or 'no venue'}: {self.how}"

    def __repr__(self) -> str:
        table = [list(_COLUMNS), *self._rows()]
        widths = [max(len(row[at]) for row in table) for at in range(len(_COLUMNS) - 1)]
        lines = [f"RoutePlan: {self._name}"]
        for venue, *numbers, why in table:
            cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
            lines.append("  ".join(["", venue.ljust(widths[0]), *cells, why]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = self._rows()
        return html_table(self._name, _COLUMNS, rows, len(rows), [False, *[True] * 5, False])


class VenueStatistics(NamedTuple):
    """What the core has seen of a venue in its own orders there, or was told: `round_trip` (ns) from a new order to its
    answer, `fill_rate` of orders that took and `post_fill_rate` of those that rested, `reject_rate`, `quote_age` (ns)
    of its last quote when an order was sent there; moving averages. `answers`: how many round trips there were."""

    venue: str
    round_trip: int
    fill_rate: Decimal
    post_fill_rate: Decimal
    reject_rate: Decimal
    quote_age: int
    answers: int


class VenueState(NamedTuple):
    """How a venue is: its `health`, as it was set, as its session is, or as its circuit breaker makes it; whether it is
    down, and so never chosen (a switch of the risk room makes it so too); rejects and timeouts in a row; when an open
    breaker's cooldown is over (ns UTC, 0: it is not open), and how many new orders the venue has to take, one at a
    time, until the breaker is closed; whether it has been silent for too long. `reject_max`, `timeout_max`, `cooldown`,
    `on_disconnect` and `stale_after`: see `set_health`."""

    venue: str
    health: VenueHealth
    is_down: bool
    rejects: int
    timeouts: int
    closes_at: int
    trials: int
    reject_max: int
    timeout_max: int
    cooldown: int
    on_disconnect: OnDisconnect
    is_stale: bool
    stale_after: int


class Router(Protocol):
    """What `core.execution.router` can do: see SmartOrderRouter, which it is."""

    def book(self, symbol: str, venue: str, levels: int | None = None) -> DisplayedBook:
        """What a venue displays of a symbol now."""

    @property
    def route(self) -> Callable[..., RoutePlan]:
        """Where an order would go now."""

    def set_strategy(self, routing: RoutingStrategy | str, strategy: int = 0, *, who: str = "",
                     why: str = "") -> None:
        """How orders are routed from now on."""

    def set_weights(self, *, latency: Number | None = None, miss_bps: Number | None = None,
                    degraded_bps: Number | None = None, who: str = "",
                    why: str = "") -> None:
        """How much charges count from now on."""

    def set_statistics(
        self, venue: str, *, round_trip: int | None = None, fill_rate: Number | None = None,
        post_fill_rate: Number | None = None, reject_rate: Number | None = None, quote_age: int | None = None,
        who: str = "", why: str = "",
    ) -> None:
        """What is known of a venue from now on."""

    def set_scorer(
        self, expression: str | None, *, who: str = "", why: str = "",
    ) -> None:
        """What SCORER goes by from now on."""

    def set_health(
        self, venue: str, health: VenueHealth | str | None = None, *, reject_max: int | None = None,
        timeout_max: int | None = None, cooldown: int | None = None, on_disconnect: OnDisconnect | str | None = None,
        stale_after: int | None = None, who: str = "", why: str = "",
    ) -> None:
        """How a venue is, and its circuit breaker, from now on."""

    def health(self, venue: str) -> VenueState:
        """How a venue is."""

    def statistics(self, venue: str) -> VenueStatistics:
        """What is known of a venue."""


class PlanReader:
    """A core's plan in the user's units."""

    def __init__(self, row: PlanRow, side: Side, time_in_force: int, instrument: Instrument,
                 directory: Directory) -> None:
        self._row, self._side, self._instrument, self._directory = row, side, instrument, directory
        self._is_fok = time_in_force == TimeInForce.FILL_OR_KILL
        self._lots = {venue: lots for venue, lots, _ in row.parts}
        self._buys = side is Side.BUY

    def read(self, refused: tuple[str, ...]) -> RoutePlan:
        """The plan; `refused`: what is wrong with the order."""
        row, quantity = self._row, self._instrument.quantity
        venues = [] if refused else [*map(self._displayed, row.terms), *self._silent()]
        most = min(PRICE_MAX, BOOK_TICKS_MAX * self._instrument.tick)
        goes_whole = row.parts and row.route not in (Route.NONE, Route.SPLIT)
        limit = row.parts[0][2] if goes_whole else row.limit
        is_bound = limit != NO_PRICE and abs(limit) <= most - self._instrument.tick
        if row.route == Route.NONE and not refused:
            refused = (Reason.ORDER_PROTECTION.name,)
        return RoutePlan(
            self._instrument.symbol, self._side, quantity(row.order_qty), Route(row.route),
            self._instrument.price(limit) if is_bound else None, MarketState(row.market), tuple(venues),
            quantity(row.order_qty - sum(self._lots.values())), refused,
            RoutingStrategy(row.routing) if not refused else RoutingStrategy.NONE)

    def _displayed(self, term: Term) -> VenueRoute:
        """A venue of the ranking."""
        lots = self._lots.get(term.venue, 0)
        return VenueRoute(
            self._directory.venues.name(term.venue) or str(term.venue), self._instrument.price(term.price),
            self._instrument.quantity(term.size), fee_price(term, self._instrument),
            all_in_price(term, self._buys, self._instrument), self._instrument.quantity(lots),
            self._why_chosen() if term.venue in self._lots else self._why_not(term),
            *(cost_price(charge, self._instrument) for charge in (term.latency, term.miss, term.degraded)))

    def _silent(self) -> Iterator[VenueRoute]:
        """The venues that display nothing to the order."""
        ranked, zero = {term.venue for term in self._row.terms}, self._instrument.quantity(0)
        for number, name in enumerate(self._directory.venues.names, 1):
            if number not in ranked:
                lots = self._lots.get(number, 0)
                why = (self._why_chosen() if number in self._lots else
                       "down" if self._is_down(number) else "displays nothing")
                yield VenueRoute(name, None, zero, None, None, self._instrument.quantity(lots), why)

    def _is_down(self, venue: int) -> bool:
        return bool(self._row.down >> venue - 1 & 1)

    def _why_chosen(self) -> str:
        return _WHY_CHOSEN[Route(self._row.route)]

    def _why_not(self, term: Term) -> str:
        if self._row.route == Route.DIRECTED:
            return "not named"
        if self._is_down(term.venue):
            return "down"
        if self._row.route == Route.NONE:
            return "not chosen"
        if term.price > self._row.limit if self._buys else term.price < self._row.limit:
            return "beyond the limit"
        if self._row.route == Route.RESTS:
            return "holds less than a FILL_OR_KILL needs" if self._is_fok else "the order is post-only"
        if self._row.routing != RoutingStrategy.ALL_IN_COST:
            return f"{RoutingStrategy(self._row.routing).name} prefers another"
        terms = self._row.terms
        first = next(its for its in terms if its.venue in self._lots)
        if terms.index(term) > terms.index(first):
            return "dearer"
        if is_protected_from(term, first, self._buys, self._instrument):
            return PROTECTED
        return "holds less than a FILL_OR_KILL needs"

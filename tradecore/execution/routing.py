"""Why an order went where it went: a routing decision, term by term, for each venue."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ..vocabulary.codes import MarketState, Place, Route, RoutingStrategy
from ..vocabulary.fix import ExecInst, Side, TimeInForce, TriggerPriceType
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.records import NO_PRICE
from ..vocabulary.rows import OrderRow, Term
from ..vocabulary.showing import html_table
from ..vocabulary.units import to_decimal

_COST_DECIMALS = 6  # of a price unit: costs are millionths
FEE_DECIMALS = 4  # of a fee per unit and an all-in price, where they hold it


class VenueScore(NamedTuple):
    """One venue's line: what it displayed, the taker fee, and the all-in price that ranked it (lower is better to
    buy, higher to sell). Prices, fees and all-in prices are per whole unit, in the instrument's currency. `qty`: what
    it was given of the order; `why`: why so much, or nothing."""

    venue: str
    price: Decimal
    size: Decimal
    fee: Decimal
    all_in: Decimal
    chosen: bool
    qty: Decimal = Decimal(0)
    why: str = ""
    latency: Decimal = Decimal(0)  # charges, of the all-in price: for the round trip, for the chance of not filling,
    miss: Decimal = Decimal(0)
    degraded: Decimal = Decimal(0)  # and for a venue that is degraded

    @property
    def charges(self) -> str:
        """What is charged beside price and fee, in words; empty where nothing is."""
        told = (("latency", self.latency), ("miss", self.miss), ("degraded", self.degraded))
        return ", ".join(f"{name} {value:f}" for name, value in told if value)


class Waiting(NamedTuple):
    """What an order waits for: at which `place`; for a price (AWAITS_PRICE) also which one it watches now, what that is
    (None where there is none that counts yet), and up (`rises`) or down to what."""

    place: Place
    trigger_price_type: TriggerPriceType = TriggerPriceType.NONE
    price: Decimal | None = None
    stop_px: Decimal | None = None
    rises: bool = False

    def __str__(self) -> str:
        if self.place is not Place.AWAITS_PRICE:
            return f"waits for {_WAITS[self.place]}"
        now = "of which there is none yet" if self.price is None else f"now {self.price:f}"
        way = "rise" if self.rises else "fall"
        return f"waits for {self.trigger_price_type.name}, {now}, to {way} to {self.stop_px:f}"


_WAITS = {Place.AWAITS_SESSION: "its session", Place.AWAITS_PARENT: "its list's parent",
          Place.AWAITS_VENUE: "its venue, or for a kill switch to be released: its price has come"}


class Explanation(NamedTuple):
    """A routing decision as it was taken: the venues, best first, and the one that was chosen; and what an order that
    is not at a venue waits for (`waits`), as it is now."""

    symbol: str | None
    side: Side | None
    chosen: str | None
    how: str
    venues: tuple[VenueScore, ...]
    waits: Waiting | None = None
    market: MarketState = MarketState.NORMAL  # how it lay when the decision was taken

    def __repr__(self) -> str:
        return f"Explanation: {self}"

    def _repr_html_(self) -> str:
        rows = [(its.venue, f"{its.price:f}", f"{its.size:f}", f"{its.fee:f}", f"{its.all_in:f}",
                 "chosen" if its.chosen else "", f"{its.qty:f}", its.why) for its in self.venues]
        name, columns = str(self).partition("\n")[0], ["venue", "price", "size", "fee", "all-in", "", "qty", "why"]
        return html_table(name, columns, rows, len(rows), [False, True, True, True, True, False, True, False])

    def __str__(self) -> str:
        side = self.side.name if self.side else "no side"
        lines = [f"{side} {self.symbol}: {self.chosen or 'no venue'}, {self.how}"]
        if self.market is not MarketState.NORMAL:
            lines.append(f"  the market was {self.market.name}")
        if self.waits is not None:
            lines.append(f"  {self.waits}")
        if self.venues:
            lines.append(f"  {'venue':<12} {'price':>16} {'size':>14} {'fee':>14} {'all-in':>18} {'qty':>14}  why")
        for score in self.venues:
            lines.append(f"{'> ' if score.chosen else '  '}{score.venue:<12} {score.price:>16f} {score.size:>14f} "
                         f"{score.fee:>14f} {score.all_in:>18f} {score.qty:>14f}  {score.why}"
                         f"{score.charges and '; ' + score.charges}")
        return "\n".join(lines)


def explain_waiting(row: OrderRow, watched: tuple[int, int, bool], instrument: Instrument) -> Waiting | None:
    """What an order waits for; `watched`: the price that it watches, as the core has it now."""
    place, (source, price, rises) = Place(row.place), watched
    if place is not Place.AWAITS_PRICE:
        return Waiting(place) if place in _WAITS else None
    now = None if price == NO_PRICE else instrument.price(price)
    return Waiting(place, TriggerPriceType(source), now, instrument.price(row.stop_px), rises)


def explain_order(
    row: OrderRow, terms: list[Term], children: list[OrderRow], directory: Directory,
    watched: tuple[int, int, bool] = (0, NO_PRICE, False), why: str = "",
) -> Explanation:
    """The decision behind an order, from the ranking that it was taken with, and the parts that are held of it; of a
    child, all that its parent was divided into; `why` it went nowhere, where it did not."""
    instrument = directory.instrument(row.instrument)
    chosen = directory.venues.name(row.venue)
    chosen_first = bool(terms) and terms[0].venue == row.venue
    how_by_route = {
        Route.NONE: f"it was not routed: {why}" if why else "it was not routed",
        Route.DIRECTED: "named by the order",
        Route.TAKES: f"a part of order {row.parent}: {how_it_is_divided(row.routing)}" if row.parent else
                     how_it_takes(row.routing) if chosen_first or row.routing > RoutingStrategy.ALL_IN_COST else
                     "the best all-in price within the limit at a venue that was up and held what a FILL_OR_KILL needs",
        Route.RESTS: _why_it_rests(row),
        Route.SPLIT: _how_it_was_divided(row, children, directory),
    }
    how = how_by_route[Route(row.route)]
    side = Side(row.side) if row.side in Side._value2member_map_ else None
    if instrument is None:  # a batch named one that is not declared: it was refused, so never routed
        return Explanation(None, side, chosen, how, ())
    reader = ScoreReader(row, terms, children, instrument, directory)
    scores = tuple(map(reader.read, terms))
    return Explanation(instrument.symbol, side, chosen, how, scores, explain_waiting(row, watched, instrument))


class _Words(NamedTuple):
    """What a strategy chooses by, in words: a venue to take at, the venues to divide over, one of those, and a venue to
    rest at."""

    takes: str
    divides: str
    part: str
    rests: str = "the lowest maker fee"


_BY_COST = _Words("the best all-in price", "by what each further lot costs all-in", "its lots are among the cheapest")
_WORDS = {
    RoutingStrategy.NONE: _BY_COST,
    RoutingStrategy.ALL_IN_COST: _BY_COST,
    RoutingStrategy.BEST_PRICE: _Words("the best displayed price", "by the best displayed price",
                                       "its price is among the best"),
    RoutingStrategy.LOWEST_LATENCY: _Words("the lowest latency", "by the lowest latency",
                                           "its latency is among the lowest", "the lowest latency"),
    RoutingStrategy.ROUND_ROBIN: _Words("the next in turn", "in turn", "its turn has come", "the next in turn"),
    RoutingStrategy.PRO_RATA: _Words("in proportion to what is displayed", "in proportion to what is displayed",
                                     "its share of what is displayed"),
    RoutingStrategy.SCORER: _Words("the lowest number of one's own scorer", "by one's own scorer",
                                   "its number is among the lowest", "the lowest number of one's own scorer"),
}


def how_it_takes(routing: int) -> str:
    """Why a strategy takes what is displayed where it does."""
    return f"{_WORDS[RoutingStrategy(routing)].takes} within the limit"


def how_it_is_divided(routing: int) -> str:
    """What a strategy divides an order by."""
    return f"divided {_WORDS[RoutingStrategy(routing)].divides}"


def how_it_rests(routing: int) -> str:
    """Why a strategy lets an order rest where it does."""
    return _WORDS[RoutingStrategy(routing)].rests


def _why_it_rests(row: OrderRow) -> str:
    where = how_it_rests(row.routing)
    if row.parent:
        return f"what order {row.parent} could not take anywhere: {where}"
    if row.exec_inst & ExecInst.POST_ONLY:
        return f"post-only: {where}"
    if row.price == NO_PRICE or row.time_in_force in (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL):
        return f"nothing that it could take was displayed anywhere: {where}"
    return f"nothing displayed was within the limit: where it rests at {where}"


def _how_it_was_divided(row: OrderRow, children: list[OrderRow], directory: Directory) -> str:
    """By the route of each part: what it was to take, and what it left to rest."""
    instrument = directory.instrument(row.instrument)
    if instrument is None or not children:
        return "divided over venues; its parts are no longer held"
    parts = [f"{'' if child.route == Route.TAKES else 'resting '}{instrument.quantity(child.order_qty)} at "
             f"{directory.venues.name(child.venue)}" for child in children]
    if row.time_in_force == TimeInForce.FILL_OR_KILL:
        return f"filled whole over several venues, none of which could alone: {', '.join(parts)}"
    return f"{how_it_is_divided(row.routing)}: {', '.join(parts)}"


class ScoreReader:
    """The lines of one decision in the user's units: what each venue was given, and why."""

    def __init__(
        self, row: OrderRow, terms: list[Term], children: list[OrderRow], instrument: Instrument, directory: Directory
    ) -> None:
        self._row, self._terms, self._instrument, self._directory = row, terms, instrument, directory
        self._buys = row.side == Side.BUY
        parts = children if row.route == Route.SPLIT else [row]
        self._lots = {venue: sum(part.order_qty for part in parts if part.venue == venue and part.route != Route.RESTS)
                      for venue in {part.venue for part in parts}}
        self._beside = {part.venue: part for part in children
                        if part.route == Route.TAKES and part.decision == row.decision}
        ranks = {term.venue: rank for rank, term in enumerate(terms)}
        self._first = min((ranks[venue] for venue, lots in self._lots.items() if lots and venue in ranks), default=0)

    def read(self, term: Term) -> VenueScore:
        """One venue's line."""
        rests = term.venue == self._row.venue and self._row.route == Route.RESTS
        lots = self._row.order_qty if rests else self._lots.get(term.venue, 0)
        return VenueScore(
            self._directory.venues.name(term.venue) or str(term.venue), self._instrument.price(term.price),
            self._instrument.quantity(term.size), fee_price(term, self._instrument),
            all_in_price(term, self._buys, self._instrument), bool(lots), self._instrument.quantity(lots),
            self._why_chosen(rests) if lots else self._why_not(term),
            *(cost_price(charge, self._instrument) for charge in (term.latency, term.miss, term.degraded)))

    def _why_chosen(self, rests: bool) -> str:
        if rests:
            return f"rests here: {how_it_rests(self._row.routing)}"
        if self._row.parent or self._row.route == Route.SPLIT:
            return _WORDS[RoutingStrategy(self._row.routing)].part
        return "takes" if self._first == 0 else "the first that could"

    def _why_not(self, term: Term) -> str:
        row, beside = self._row, self._beside.get(term.venue)
        if row.parent and beside is not None and beside.order_id != row.order_id:
            return f"has another part, order {beside.order_id}"
        if row.price != NO_PRICE and (term.price > row.price if self._buys else term.price < row.price):
            return "beyond the limit"
        if row.route == Route.RESTS:
            return ("tried before, for what it still displayed" if row.parent else
                    "the order is post-only" if row.exec_inst & ExecInst.POST_ONLY else
                    "held less than a FILL_OR_KILL needs" if row.time_in_force == TimeInForce.FILL_OR_KILL else "down")
        if row.routing > RoutingStrategy.ALL_IN_COST:
            return f"down, or {RoutingStrategy(row.routing).name} preferred another"  # no ranking keeps which were down
        first, rank = self._terms[self._first], self._terms.index(term)
        if rank < self._first:
            return self._why_passed_over(term, first)
        if term.cost == first.cost:
            return "as cheap, and quoted earlier" if term.stamp != first.stamp else "as cheap, and declared later"
        more = all_in_price(term, self._buys, self._instrument) - all_in_price(first, self._buys, self._instrument)
        return f"dearer all-in by {abs(more):f}"

    def _why_passed_over(self, term: Term, first: Term) -> str:
        """Of a venue that was ranked before the first which was chosen."""
        if is_protected_from(term, first, self._buys, self._instrument):
            return PROTECTED
        if self._row.time_in_force == TimeInForce.FILL_OR_KILL:
            return "down, or held less than a FILL_OR_KILL needs"
        return "down, or tried before for what it still displayed" if self._row.parent else "down"


PROTECTED = "cheaper all-in, but another displayed a better price: order protection"


def is_protected_from(term: Term, first: Term, buys: bool, instrument: Instrument) -> bool:
    """Would a venue that is cheaper all-in have been taken through the better price of the first that was chosen?"""
    return instrument.order_protection and (term.price > first.price if buys else term.price < first.price)


def fee_price(term: Term, instrument: Instrument) -> Decimal:
    """The fee of a ranking's line for a whole unit."""
    return cost_price(term.fee, instrument)


def cost_price(cost: int, instrument: Instrument) -> Decimal:
    """Millionths of a price unit as a price."""
    return to_decimal(cost, (instrument.price_precision or 0) + _COST_DECIMALS, FEE_DECIMALS)


def all_in_price(term: Term, buys: bool, instrument: Instrument) -> Decimal:
    """What a whole unit costs all-in by a ranking's line; selling, what it brings."""
    return cost_price(term.cost if buys else -term.cost, instrument)

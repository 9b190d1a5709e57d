"""SmartOrderRouter: venues, what they display, and where an order would go. It sends nothing and asks no risk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NoReturn, Self, Unpack

from ..execution.displayed_book import DisplayedBook, read_book
from ..execution.route_plan import PlanReader, RoutePlan, VenueState, VenueStatistics
from ..execution.venues import TIMEOUT_MAX, ExternalVenue, SimulatedVenue, Venue
from ..orders.ticket import STRATEGY_MAX, OrderTerms, pack_order
from ..orders.validation import failures
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, RoutingStrategy
from ..vocabulary.fix import Side, TimeInForce
from ..vocabulary.identifiers import note
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import CODECS, LATENCY_WEIGHT_MAX, MILLION
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import Number, check_int, demand_type, to_decimal, whole_units
from ..vocabulary.venue_words import OnDisconnect, VenueHealth
from .declaring import declare_instrument
from .door import demand_terms
from .order_system import OrderSystem

_ACCOUNT = "ROUTER"
_NEW_ORDER = CODECS[CommandType.NEW_ORDER]


class SmartOrderRouter:
    """Where an order costs least, all-in, and why: alone, or of a core (`core.execution.router`).

    Alone it is for those who have their own orders and risk: declare instruments and up to 64 venues with their fees,
    tell it what they display (`quote`), and ask (`route`). Of a core it answers from the core's own books what `submit`
    would do. `clock` gives ns UTC; rankings are kept for 100 ms of it at most. `backend` is native, python or auto.
    Threads: any may call; one lock.
    """

    def __init__(
        self,
        *,
        instruments: Iterable[Instrument] = (),
        venues: Iterable[Venue] = (),
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
    ) -> None:
        system = OrderSystem(capacity or Capacity(venues=64), clock, backend)
        system._declare_account(_ACCOUNT)
        self._begin(system)
        for venue in venues:
            self.define_venue(venue)
        for instrument in instruments:
            self.define_instrument(instrument)

    @classmethod
    def of(cls, system: OrderSystem) -> Self:
        """The router of a core, which has what is declared and displayed there."""
        router = cls.__new__(cls)
        router._begin(system)
        return router

    def _begin(self, system: OrderSystem) -> None:
        self._gate, self._door = system._gate, system._door  # never the core itself, which holds its router

    def __repr__(self) -> str:
        names = self._gate.names
        return (f"<SmartOrderRouter {self._gate.backend}: {len(names.instruments)} instruments, "
                f"{len(names.venues.names)} venues>")

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its state is one; build another from the same arguments, and tell it the same quotes")

    def define_instrument(self, instrument: Instrument) -> None:
        """Declare an instrument. RefusedError where the symbol is taken or the table is full."""
        declare_instrument(self._gate, instrument)

    def define_venue(self, venue: Venue) -> None:
        """Declare a venue with its fees. RefusedError where the name is taken or the table is full."""
        demand_type(venue, (SimulatedVenue, ExternalVenue), "venue")
        self._gate.command(CommandType.DEFINE_VENUE, venue.name, **venue.definition())
        self._gate.names.venues.add(venue.name)

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """Replace what a venue displays; a side without a price is empty. RefusedError where it can't, and nothing
        changes: a negative size, a price off the tick, a bid at or above the ask of the same venue. Of two venues that
        lock or cross each other both stand: see RoutePlan.market."""
        self._door.quote(venue, symbol, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size,
                         transact_time=transact_time)

    def book(self, symbol: str, venue: str, levels: int | None = None) -> DisplayedBook:
        """What a venue displays of a symbol now: levels, sizes, and the orders behind them; `levels` of each side, or
        (None) all. Copied in one moment; a person reads its repr, a program its `array`. Raises TypeError, ValueError
        or UndeclaredError naming field, value and bound. Threads: any."""
        return read_book(self._gate, symbol, venue, levels)

    def route(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> RoutePlan:
        """Where an order would go now, and why: a dry run. The arguments are those of `TradingCore.submit`.

        Changes no state, and asks no risk: that is `check`. What would wait for a price or a session is routed as if
        that had come. Raises TypeError, ValueError or UndeclaredError for a wrong call; an order that is not well
        formed is told in the plan (`refused`). Threads: any.
        """
        demand_terms("route", terms)
        command = pack_order(self._gate.names, self._gate.known_id, symbol, side, qty, price, **terms)
        row = self._gate.core.plan(command, self._gate.time())
        order = _NEW_ORDER.unpack(command)
        reader = PlanReader(row, Side.BUY if order.side == Side.BUY else Side.SELL, TimeInForce(order.time_in_force),
                            self._gate.names.find_instrument(symbol)[1], self._gate.names)
        return reader.read(tuple(reason.name for reason in failures(row.mask)))

    # ---- how

    def set_strategy(self, routing: RoutingStrategy | str, strategy: int = 0, *, who: str = "",
                     why: str = "") -> None:
        """Route the orders of a `strategy` so from now on, or (0) all whose strategy has none; NONE takes it back. An
        order's own `routing` goes before both, its `venue` before all. RefusedError beyond the capacity `strategies`;
        raises TypeError or ValueError for what is no strategy. Threads: any."""
        self._set(who, why, strategy=check_int(strategy, "strategy", 0, STRATEGY_MAX),
                  routing_strategy=int(RoutingStrategy.parse(routing, "routing")))

    def set_scorer(self, expression: str | None, *, who: str = "",
                   why: str = "") -> None:
        """Give a number to each venue that an order could go to, the lowest being the best, for what SCORER routes:
        `venue.price + 2 * venue.fee + venue.latency / 1_000_000`; None: there is no scorer, as at first.

        The language is that of `risk.add_rule`, over `scorer_quantities()`; numbers are exact, and what leaves 128 bits
        comes last. Nothing is divided by what differs from venue to venue. Raises RuleError, which tells the column of
        what is wrong; ValueError where `who` or `why` is no id. Threads: any, one scorer at a time."""
        from ..risk.rule_book import declared_id, load_steps
        from ..risk.rule_programs import compile_scorer

        made = None if expression is None else compile_scorer(expression, named=partial(declared_id, self._gate.names))
        notes = {"who": note(who, "who"), "why": note(why, "why")}
        self._gate.command(CommandType.SET_SCORER, step_count=made.cost if made else 0, **notes)
        if made:
            load_steps(self._gate, "", made)

    @staticmethod
    def scorer_quantities() -> dict[str, str]:
        """What a scorer's expression may name, and what each is."""
        from ..vocabulary.rule_words import SCORE_QUANTITIES

        return {quantity.name: quantity.meaning for quantity in SCORE_QUANTITIES.values()}

    def set_weights(self, *, latency: Number | None = None, miss_bps: Number | None = None,
                    degraded_bps: Number | None = None, who: str = "",
                    why: str = "") -> None:
        """How much charges count in all-in costs from now on; all are 0 at first, and None leaves one as it is.

        `latency`: of the volatility of the mid (per square root of a second, seen once a second in the quotes) times
        the square root of the venue's round trip; 1 counts it whole. `miss_bps`: what not being filled costs, in basis
        points of the price, times its chance there. `degraded_bps`: what a degraded venue costs. Raises TypeError or
        ValueError naming field, value and bound. Threads: any."""
        self._set(who, why, latency_weight=_known(latency, 6, "latency", LATENCY_WEIGHT_MAX),
                  miss_cost=_known(miss_bps, 2, "miss_bps", MILLION),
                  degraded_cost=_known(degraded_bps, 2, "degraded_bps", MILLION))

    def _set(self, who: str, why: str, **fields: int) -> None:
        told = {"routing_strategy": -1, "latency_weight": -1, "miss_cost": -1, "degraded_cost": -1, **fields}
        self._gate.command(CommandType.SET_ROUTING, who=note(who, "who"), why=note(why, "why"), **told)

    def set_statistics(
        self, venue: str, *, round_trip: int | None = None, fill_rate: Number | None = None,
        post_fill_rate: Number | None = None, reject_rate: Number | None = None, quote_age: int | None = None,
        who: str = "", why: str = "",
    ) -> None:
        """Say what is known of a venue (see VenueStatistics); None leaves one as it is, and the core's own orders move
        them on from there. Times are ns, rates 0 to 1. Raises TypeError, ValueError or UndeclaredError naming field,
        value and bound. Threads: any."""
        self._gate.command(
            CommandType.VENUE_STATISTICS, venue=self._gate.names.venues.id(venue), who=note(who, "who"),
            why=note(why, "why"), round_trip=_known(round_trip, 0, "round_trip", TIMEOUT_MAX),
            take_fill=_known(fill_rate, 6, "fill_rate", MILLION),
            post_fill=_known(post_fill_rate, 6, "post_fill_rate", MILLION),
            reject_rate=_known(reject_rate, 6, "reject_rate", MILLION),
            quote_age=_known(quote_age, 0, "quote_age", TIMEOUT_MAX))

    def statistics(self, venue: str) -> VenueStatistics:
        """What is known of a venue: seen in the core's own orders there, or set. Threads: any."""
        facts = self._gate.core.venue_facts(self._gate.names.venues.id(venue))
        took, rested, rejected = (to_decimal(rate, 6) for rate in (facts.take_fill, facts.post_fill, facts.reject))
        return VenueStatistics(str(venue), facts.round_trip, took, rested, rejected, facts.quote_age, facts.answers)

    def set_health(
        self, venue: str, health: VenueHealth | str | None = None, *, reject_max: int | None = None,
        timeout_max: int | None = None, cooldown: int | None = None, on_disconnect: OnDisconnect | str | None = None,
        stale_after: int | None = None, who: str = "", why: str = "",
    ) -> None:
        """Say how a venue is, what opens its circuit breaker, and what a lost session makes of what works there; None
        leaves one as it is. No new order goes to a venue that is HALTED; what works there works on, and can be canceled
        and replaced. DEGRADED costs the weight of it. DISCONNECTED is for `set_venue_session` to say.

        The breaker is for external venues. It opens at `reject_max` rejects of new orders, or `timeout_max` requests
        without an answer in time, in a row (0, as at first: it does not look at them): the venue is down, and a
        RISK_WARNING report (VENUE_DOWN) says so. After `cooldown` (ns, 1 s at first) new orders are tried, one at a
        time, and the venue is DEGRADED; the third that it takes closes the breaker, the first reject or timeout opens
        it again. A `health` that is set closes it at once. A venue is down as well while nothing that it displays has
        come for longer than `stale_after` (ns, 0, as at first: it may be silent), which a RISK_WARNING report
        (STALE_QUOTE) tells; its next quote ends that. `on_disconnect`: see OnDisconnect. Raises TypeError,
        ValueError or UndeclaredError naming field, value and bound. Threads: any."""
        state = None if health is None else VenueHealth.parse(health, "health")
        if state is VenueHealth.DISCONNECTED:
            raise ValueError("health is CONNECTED, DEGRADED or HALTED, not DISCONNECTED: set_venue_session says that")
        lost = None if on_disconnect is None else OnDisconnect.parse(on_disconnect, "on_disconnect")
        self._gate.command(
            CommandType.VENUE_HEALTH, venue=self._gate.names.venues.id(venue), who=note(who, "who"),
            why=note(why, "why"), venue_health=-1 if state is None else int(state),
            reject_max=_known(reject_max, 0, "reject_max", MILLION),
            timeout_max=_known(timeout_max, 0, "timeout_max", MILLION),
            cooldown=-1 if cooldown is None else check_int(cooldown, "cooldown", 1, TIMEOUT_MAX),
            on_disconnect=-1 if lost is None else int(lost),
            stale_after=-1 if stale_after is None else check_int(stale_after, "stale_after", 0, TIMEOUT_MAX))

    def health(self, venue: str) -> VenueState:
        """How a venue is. Threads: any."""
        facts = self._gate.core.health_facts(self._gate.names.venues.id(venue))
        state = VenueHealth(facts.state)
        if facts.closes_at or facts.is_stale:
            state = VenueHealth.HALTED
        elif facts.is_disconnected and state is not VenueHealth.HALTED:
            state = VenueHealth.DISCONNECTED
        elif facts.trials and state is VenueHealth.CONNECTED:
            state = VenueHealth.DEGRADED
        return VenueState(
            str(venue), state, facts.is_down, facts.rejects, facts.timeouts, facts.closes_at, facts.trials,
            facts.reject_max, facts.timeout_max, facts.cooldown, OnDisconnect(facts.on_disconnect), facts.is_stale,
            facts.stale_after)


def _known(value: Number | None, decimals: int, name: str, most: int) -> int:
    """A number in its unit; -1 where none is given."""
    return -1 if value is None else whole_units(value, decimals, name, most, low=0)

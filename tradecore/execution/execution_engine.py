"""The execution of a core: its venues, what external ones report, and when instruments trade. `core.execution`."""

from __future__ import annotations

from typing import Any, Unpack

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import ExecType, Side, TradSesStatus
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier
from ..vocabulary.reports import Report
from ..vocabulary.rows import UnbookedRow
from ..vocabulary.units import Number, check_time, demand_type
from .displayed_book import DisplayedBook
from .kept_reports import Unbooked
from .market_limits import PriceLimits, price_fields, read_price_limits
from .route_plan import RoutePlan, Router
from .venue_reports import CorrectionFacts, ExecutionFacts, RejectFacts, VenueReports
from .venues import ExternalVenue, SimulatedVenue, Venue


class ExecutionEngine:
    """Venues by their names. Threads: any may call."""

    def __init__(self, gate: Gate, router: Router) -> None:
        self._gate, self._reports = gate, VenueReports(gate)
        self.router: Router = router

    def define_venue(self, venue: Venue) -> None:
        """Declare a venue. RefusedError where the name is taken or the table is full."""
        demand_type(venue, (SimulatedVenue, ExternalVenue), "venue")
        self._gate.command(CommandType.DEFINE_VENUE, venue.name, **venue.definition())
        self._gate.names.venues.add(venue.name)

    def book(self, symbol: str, venue: str, levels: int | None = None) -> DisplayedBook:
        """What a venue displays of a symbol now: levels, sizes, and the orders behind them, of an iceberg what it
        shows; `levels` of each side, or (None) all. See SmartOrderRouter.book."""
        return self.router.book(symbol, venue, levels)

    def route(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None, **terms: Any
    ) -> RoutePlan:
        """Where an order would go now, venue by venue, and why: a dry run of `submit`, whose arguments it takes.
        Changes no state, and asks no risk. See SmartOrderRouter.route."""
        return self.router.route(symbol, side, qty, price, **terms)

    def set_session(
        self, symbol: str | None, status: TradSesStatus | str, close_time: int | None = None, *,
        transact_time: int | None = None,
    ) -> None:
        """Set the TradSesStatus(340) of a symbol, or of every one (None): HALTED suspends what rests, OPEN lets it and
        what waited for the opening go, PRE_OPEN takes what can wait, CLOSED executes AT_THE_CLOSE orders and expires
        what is for the day. `close_time` (ns UTC): when it closes by itself. RefusedError where it can't be."""
        self._gate.command(
            CommandType.SESSION, instrument=0 if symbol is None else self._gate.names.symbols.id(symbol),
            trad_ses_status=TradSesStatus.parse(status, "status"), close_time=check_time(close_time, "close_time"),
            transact_time=self._gate.names.stamp(transact_time),
        )

    def set_price_limits(
        self, symbol: str, *, low_limit_price: Number | None = None, high_limit_price: Number | None = None,
        dynamic_bps: int | None = None, trading_reference_price: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """Say between which prices the exchange takes orders in a symbol (FIX LowLimitPrice, HighLimitPrice), and how
        far from the last trade it lets one trade: a BUY at most `dynamic_bps` basis points above it, a SELL below it.
        `trading_reference_price` stands for a trade until there is one. What is left out has no limit from now on.

        An order beyond them is refused (PRICE_LIMIT), one without a limit price trades up to them, and what rests in a
        simulated venue beyond the static ones is canceled. The exit gate keeps them too. Raises RefusedError,
        TypeError, ValueError or UndeclaredError. Threads: any."""
        number = self._gate.names.symbols.id(symbol)
        fields = price_fields(self._gate.names.instruments[number - 1].price_units, low_limit_price, high_limit_price,
                              dynamic_bps, trading_reference_price)
        self._gate.command(CommandType.PRICE_LIMITS, instrument=number, **fields,
                           transact_time=self._gate.names.stamp(transact_time))

    def price_limits(self, symbol: str) -> PriceLimits:
        """What `set_price_limits` said of a symbol, and what that comes to now. Threads: any."""
        return read_price_limits(self._gate, symbol)

    def on_execution_report(
        self, venue: str, exec_type: ExecType | str, **facts: Unpack[ExecutionFacts]
    ) -> Report:
        """Take an external venue's execution report: an acknowledgement, a trade, a cancel, a status (`facts`:
        see ExecutionFacts). Returns the report that it makes of it.

        A trade is booked whatever the order's status, and flagged (`reason`) where it is late, too much, or matches no
        order; one that can't be booked whole lies in `unbooked()`. What contradicts the facts is refused as a
        BusinessMessageReject with its reason, counted (metrics: reports_refused), and changes nothing. Raises
        TypeError, ValueError or UndeclaredError for a wrong call only: a wrong type, an undeclared venue, a word that
        is none.
        """
        return self._reports.execution_report(self._gate.names.venues.id(venue), exec_type, **facts)

    def on_trade_correction(
        self, venue: str, exec_type: ExecType | str, exec_ref_id: Identifier, exec_id: Identifier | None,
        **facts: Unpack[CorrectionFacts],
    ) -> Report:
        """Take a bust (TRADE_CANCEL) or a correction (TRADE_CORRECT, with the new `last_qty` and `last_px`) of the
        trade with the venue's `exec_ref_id` (`facts`: see CorrectionFacts). The order, the position and P&L become what
        the surviving trades make of them.

        Refused, as news: a trade that is not known, is one of several, or was busted before. What can't be done whole
        lies in `unbooked()`.
        """
        number = self._gate.names.venues.id(venue)
        return self._reports.trade_correction(number, exec_type, exec_ref_id, exec_id, **facts)

    def on_cancel_reject(self, venue: str, **facts: Unpack[RejectFacts]) -> Report:
        """Take a venue's refusal of a cancel or a replace (`facts`: see RejectFacts). The order is as it was before."""
        return self._reports.cancel_reject(self._gate.names.venues.id(venue), **facts)

    def unbooked(self) -> list[Unbooked]:
        """What venues said and can't be booked whole, oldest first, each with all that it said: to `book` or to
        `dismiss`. Until then its account takes no more risk in its instrument, or in none where the symbol is not
        known: only what reduces the position both with and without it. Threads: any."""
        return [Unbooked(UnbookedRow(*row), self._gate) for row in self._gate.core.unbooked()]

    def set_venue_session(self, venue: str, connected: bool, *, transact_time: int | None = None) -> None:
        """Say that the session with an external venue is lost, or is there again. While it is lost no new order goes
        there, and what was sent and not answered is flagged UNKNOWN; its quantity stays held. Once it is there
        again, an OrderStatusRequest asks about each such order."""
        self._reports.set_session(self._gate.names.venues.id(venue), connected, transact_time)

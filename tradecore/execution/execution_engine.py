"""The execution of a core: its venues, what external ones report, and when instruments trade. `core.execution`."""

from __future__ import annotations

from typing import Unpack

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import CxlRejReason, ExecType, Side, TradSesStatus
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier
from ..vocabulary.reports import Report
from ..vocabulary.units import Number, check_time, demand_type
from .venue_reports import ExecutionFacts, VenueReports
from .venues import ExternalVenue, SimulatedVenue, Venue


class ExecutionEngine:
    """Venues by their names. Threads: any may call."""

    def __init__(self, gate: Gate) -> None:
        self._gate, self._reports = gate, VenueReports(gate)

    def define_venue(self, venue: Venue) -> None:
        """Declare a venue. RefusedError where the name is taken or the table is full."""
        demand_type(venue, (SimulatedVenue, ExternalVenue), "venue")
        self._gate.command(CommandType.DEFINE_VENUE, venue.name, **venue.definition())
        self._gate.names.venues.add(venue.name)

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

    def on_execution_report(
        self, venue: str, exec_type: ExecType | str, **facts: Unpack[ExecutionFacts]
    ) -> Report:
        """Take an external venue's execution report: an acknowledgement, a trade, a cancel, a status (`facts`:
        see ExecutionFacts). Returns the report that it makes of it.

        A trade is booked whatever the order's status, and flagged (`reason`) where it is late, too much, or matches no
        order. What contradicts the facts is refused as a BusinessMessageReject with its reason, counted (metrics:
        reports_refused), and changes nothing. Raises TypeError, ValueError or UndeclaredError for a wrong call only: a
        wrong type, an undeclared name, a word that is none.
        """
        return self._reports.execution_report(self._gate.names.venues.id(venue), exec_type, **facts)

    def on_trade_correction(
        self, venue: str, exec_type: ExecType | str, exec_ref_id: Identifier, exec_id: Identifier, *,
        last_qty: Number | None = None, last_px: Number | None = None, symbol: str | None = None,
        side: Side | str | None = None, transact_time: int | None = None,
    ) -> Report:
        """Take a bust (TRADE_CANCEL) or a correction (TRADE_CORRECT, with the new `last_qty` and `last_px`) of the
        trade with the venue's `exec_ref_id`; its `symbol` and `side` say which where a venue has several under one id.
        The order, the position and P&L become what the surviving trades make of them.

        Refused, as news: a trade that is not known, is one of several, or was busted before; an `exec_id` that was used
        for another.
        """
        return self._reports.trade_correction(
            self._gate.names.venues.id(venue), exec_type, exec_ref_id, exec_id, last_qty=last_qty, last_px=last_px,
            symbol=symbol, side=side, transact_time=transact_time)

    def on_cancel_reject(
        self, venue: str, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        cxl_rej_reason: CxlRejReason | str | int | None = None, transact_time: int | None = None,
    ) -> Report:
        """Take a venue's refusal of a cancel or a replace: the request's `cl_ord_id`, or the order's, whose oldest
        request it then is. The order is as it was before."""
        return self._reports.cancel_reject(self._gate.names.venues.id(venue), cl_ord_id=cl_ord_id, order_id=order_id,
                                           cxl_rej_reason=cxl_rej_reason, transact_time=transact_time)

    def set_venue_session(self, venue: str, connected: bool, *, transact_time: int | None = None) -> None:
        """Say that the session with an external venue is lost, or is there again. While it is lost no new order goes
        there, and what was sent and not answered is flagged UNKNOWN; its quantity stays held. Once it is there
        again, an OrderStatusRequest asks about each such order."""
        self._reports.set_session(self._gate.names.venues.id(venue), connected, transact_time)

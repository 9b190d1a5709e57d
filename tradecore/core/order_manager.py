"""OrderManager: validation, life cycle, ids and exact fills alone, for those who have their own risk, routing and
venues. It checks no limit, chooses no venue and matches nothing: every order is for one counterparty, outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Unpack

from ..execution.venue_reports import CorrectionFacts, ExecutionFacts, RejectFacts, VenueReports
from ..execution.venues import ExternalVenue
from ..orders.order import Order
from ..orders.ticket import OrderTerms
from ..positions.position import FirmExposure, Position, Trade
from ..risk.limits import OFF, RiskLimits
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, Scope
from ..vocabulary.fix import ExecType, OrdType, Side, TimeInForce
from ..vocabulary.identifiers import Identifier, check_names
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import REQUEST_PREFIX
from ..vocabulary.reports import Report
from ..vocabulary.units import Number
from .order_system import OrderSystem

COUNTERPARTY = "COUNTERPARTY"
_NO_LIMITS = RiskLimits(max_order_qty=OFF, price_collar_bps=OFF)


class OrderManager(OrderSystem):
    """Orders and their life cycle by FIX Appendix D, between you and one counterparty.

    You give it orders (`new_order`, `cancel`, `replace`) and send what `outbound()` gives you; you give it what the
    counterparty reports (`on_execution_report` and its kin). It keeps every order's facts, derives OrdStatus, knows
    every id of a chain, counts each trade once, and keeps positions exactly.

    `request_timeout` (ns, 0: for ever): what is not answered by then is flagged UNKNOWN and asked for, never resent;
    time goes on with every command and with `clock_tick`. `clock` gives ns UTC. `backend` is native, python or auto.
    `request_prefix` begins the ClOrdIDs of what goes out under no other: see TradingCore.
    Threads: any may call; one lock. Callbacks run on the thread whose command made the news.
    """

    def __init__(
        self,
        *,
        instruments: Iterable[Instrument] = (),
        accounts: Iterable[str] = (),
        request_timeout: int = 0,
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
        request_prefix: str = REQUEST_PREFIX,
    ) -> None:
        check_names(accounts, "accounts")
        venue = ExternalVenue(COUNTERPARTY, request_timeout=request_timeout, ord_types=tuple(OrdType),
                              times_in_force=tuple(TimeInForce))
        super().__init__(capacity, clock, backend, request_prefix, COUNTERPARTY)
        self._reports = VenueReports(self._gate)
        self._gate.command(CommandType.DEFINE_VENUE, venue.name, **venue.definition())
        self._venue = self._gate.names.venues.add(venue.name)
        for instrument in instruments:
            self.define_instrument(instrument)
        for account in accounts:
            self.define_account(account)
        self._open_door("new_order", "cancel", "replace")

    def define_account(self, account: str) -> None:
        """Declare an account. It has no limits: checking risk is yours here."""
        number = self._declare_account(account)
        for rule, value, window in _NO_LIMITS.rows():
            self._gate.command(CommandType.SET_LIMIT, limit_scope=int(Scope.ACCOUNT), account=number, rule=int(rule),
                               value=value, window_ns=window)

    # ---- from you

    def new_order(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """A new order for the counterparty; the order that comes back is live. `terms`: see OrderTerms.

        Well formed, it is PENDING_NEW, and a NewOrderSingle is `outbound()`. What is not is REJECTED with `reason` and
        `text`, and goes nowhere. The same order again under the same `cl_ord_id` makes no second one: the first comes
        back. Raises TypeError, ValueError or UndeclaredError for a wrong call, before anything changes.
        """
        return self._door.new_order(symbol, side, qty, price, **terms)

    # ---- from the counterparty

    def on_execution_report(self, exec_type: ExecType | str, **facts: Unpack[ExecutionFacts]) -> Report:
        """Take the counterparty's execution report: an acknowledgement, a trade, a cancel, a status (`facts`: see
        ExecutionFacts). Returns the report that it makes of it.

        A trade is booked whatever the order's status, and flagged (`reason`) where it is late, too much, or matches no
        order. What contradicts the facts is refused as a BusinessMessageReject with its reason, counted (metrics:
        reports_refused), and changes nothing. Raises TypeError, ValueError or UndeclaredError for a wrong call only.
        """
        return self._reports.execution_report(self._venue, exec_type, **facts)

    def on_trade_correction(
        self, exec_type: ExecType | str, exec_ref_id: Identifier, exec_id: Identifier | None,
        **facts: Unpack[CorrectionFacts],
    ) -> Report:
        """Take a bust (TRADE_CANCEL) or a correction (TRADE_CORRECT, with the new `last_qty` and `last_px`) of the
        trade with the counterparty's `exec_ref_id` (`facts`: see CorrectionFacts). The order and the position become
        what the surviving trades make of them."""
        return self._reports.trade_correction(self._venue, exec_type, exec_ref_id, exec_id, **facts)

    def on_cancel_reject(self, **facts: Unpack[RejectFacts]) -> Report:
        """Take a refusal of a cancel or a replace (`facts`: see RejectFacts). The order is as it was before."""
        return self._reports.cancel_reject(self._venue, **facts)

    def set_session(self, connected: bool, *, transact_time: int | None = None) -> None:
        """Say that the session with the counterparty is lost, or is there again. While it is lost a new order is
        rejected (NO_VENUE), and what was sent and not answered is flagged UNKNOWN."""
        self._reports.set_session(self._venue, connected, transact_time)

    # ---- what there is now

    def order_status(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        transact_time: int | None = None,
    ) -> Report:
        """An execution report (OrderStatus) of an order as it stands. See `Orders.order_status`."""
        return self._orders.order_status(order, cl_ord_id=cl_ord_id, order_id=order_id, transact_time=transact_time)

    def order(self, *, order_id: int | None = None, cl_ord_id: Identifier | None = None) -> Order:
        """A live handle to an order, by its `order_id` or by any id in its chain. See `Orders.order`."""
        return self._orders.order(order_id=order_id, cl_ord_id=cl_ord_id)

    def open_orders(self, account: str | None = None, symbol: str | None = None) -> list[Order]:
        """Live handles to what is open, of one account or symbol or of all. See `Orders.open_orders`."""
        return self._orders.open_orders(account, symbol)

    def order_history(self, order: Order) -> list[Report]:
        """The reports about an order that the ring still holds, oldest first. See `Orders.order_history`."""
        return self._orders.order_history(order)

    def suspense(self, symbol: str) -> Position:
        """The position of the trades that match no order."""
        return self._positions.suspense(symbol)

    def firm_exposure(self, symbol: str) -> FirmExposure:
        """One instrument over all accounts and suspense. See `Positions.firm_exposure`."""
        return self._positions.firm_exposure(symbol)

    def trades(self, account: str | None = None, symbol: str | None = None) -> list[Trade]:
        """The trades that the log still holds, oldest first. See `Positions.trades`."""
        return self._positions.trades(account, symbol)

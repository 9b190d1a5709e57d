"""What an order and a report have in common: FIX fields read from a row of integers, in the user's units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .codes import Reason, Unknown
from .fix import ContingencyType, ExecInst, OrdRejReason, OrdStatus, OrdType, Side, TimeInForce, TriggerPriceType
from .names import Directory
from .records import NO_PRICE, UNTELLABLE


class OrderFields:
    """FIX fields over `row`. What depends on something undeclared is None: a batch may name anything."""

    __slots__ = ("_directory",)

    _directory: Directory

    @property
    def row(self) -> Any:
        """All facts at once, as integers: prices in price units, quantities in lots, ids of the core."""
        raise NotImplementedError

    @property
    def _order_row(self) -> Any:
        """The facts of the order that this is about; None where it is no longer held."""
        return self.row

    def _price(self, units: int) -> Decimal | None:
        instrument = self._directory.instrument(self.row.instrument)
        return None if units in (NO_PRICE, UNTELLABLE) or instrument is None else instrument.price(units)

    def _quantity(self, lots: int) -> Decimal | None:
        instrument = self._directory.instrument(self.row.instrument)
        return None if instrument is None else instrument.quantity(lots)

    @property
    def order_id(self) -> int:
        """OrderID(37): the core's own number, from 1 in the order of orders; 0 where none is meant."""
        return int(self.row.order_id)

    @property
    def cl_ord_id(self) -> str:
        """ClOrdID(11): of the order, or the last of its requests that was done; empty where it was automatic."""
        return self._directory.text_of(self.row.cl_ord_id)

    @property
    def orig_cl_ord_id(self) -> str:
        """OrigClOrdID(41): the id before this one in the order's chain; empty where there is none."""
        return self._directory.text_of(self.row.orig_cl_ord_id)

    @property
    def symbol(self) -> str | None:
        """Symbol(55)."""
        return self._directory.symbols.name(self.row.instrument)

    @property
    def account(self) -> str | None:
        """Account(1)."""
        return self._directory.accounts.name(self.row.account)

    @property
    def venue(self) -> str | None:
        """Where it went: ExDestination(100), LastMkt(30); None where it was never routed."""
        return self._directory.venues.name(self.row.venue)

    @property
    def side(self) -> Side | None:
        """Side(54); None where none was given, or none that is."""
        return Side.find(self.row.side)

    @property
    def ord_type(self) -> OrdType | None:
        """OrdType(40); None where a batch gave none that is."""
        return OrdType.find(self.row.ord_type)

    @property
    def time_in_force(self) -> TimeInForce | None:
        """TimeInForce(59); None where a batch gave none that is."""
        return TimeInForce.find(self.row.time_in_force)

    @property
    def exec_inst(self) -> ExecInst:
        """ExecInst(18)."""
        return ExecInst(self.row.exec_inst)

    @property
    def ord_status(self) -> OrdStatus:
        """OrdStatus(39)."""
        return OrdStatus(self.row.ord_status)

    @property
    def order_qty(self) -> Decimal | None:
        """OrderQty(38)."""
        return self._quantity(self.row.order_qty)

    @property
    def price(self) -> Decimal | None:
        """Price(44); None where the order has no limit."""
        return self._price(self.row.price)

    @property
    def stop_px(self) -> Decimal | None:
        """StopPx(99): what it waits for, a trailing stop's as it stands now; None where it waits for no price."""
        return self._price(self.row.stop_px)

    @property
    def trigger_price_type(self) -> TriggerPriceType | None:
        """TriggerPriceType(1107): the price that it watches, NONE for the last trade; None where there is none such."""
        row = self._order_row
        return None if row is None else TriggerPriceType.find(row.trigger_price_type)

    @property
    def contingency_type(self) -> ContingencyType | None:
        """ContingencyType(1385), NONE for an order alone; None where a batch gave none that is."""
        row = self._order_row
        return None if row is None else ContingencyType.find(row.contingency_type)

    @property
    def unknown(self) -> Unknown:
        """What was sent to the venue and has an outcome that is not known: NEW, CANCEL, REPLACE; false for nothing."""
        return Unknown(self.row.unknown)

    @property
    def cum_qty(self) -> Decimal | None:
        """CumQty(14)."""
        return self._quantity(self.row.cum_qty)

    @property
    def leaves_qty(self) -> Decimal | None:
        """LeavesQty(151): 0 once the order has ended."""
        return self._quantity(self.row.leaves_qty)

    @property
    def reason(self) -> Reason:
        """Our reason code, NONE where nothing was refused or ended."""
        return Reason(self.row.reason)

    @property
    def ord_rej_reason(self) -> OrdRejReason:
        """OrdRejReason(103), NONE (-1) where the order was not rejected, OTHER for a venue's that FIX does not know."""
        known = OrdRejReason.find(self.row.ord_rej_reason)
        return OrdRejReason.OTHER if known is None else known

    @property
    def transact_time(self) -> int:
        """TransactTime(60), ns UTC: the core's time; where a report tells what a venue reported, the venue's own, if it
        told one."""
        return int(self.row.transact_time)

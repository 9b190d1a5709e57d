"""What an order and a report have in common: FIX fields read from a row of integers, in the user's units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .fix import OrdRejReason, OrdStatus, Reason, Side
from .names import Directory
from .order import NO_PRICE


class OrderFields:
    """FIX fields over `row`. What depends on something undeclared is None: a batch may name anything."""

    __slots__ = ("_directory",)

    _directory: Directory

    @property
    def row(self) -> Any:
        """All facts at once, as integers: prices in price units, quantities in lots, ids of the core."""
        raise NotImplementedError

    def _price(self, units: int) -> Decimal | None:
        instrument = self._directory.instrument(self.row.instrument)
        return None if units == NO_PRICE or instrument is None else instrument.price(units)

    def _quantity(self, lots: int) -> Decimal | None:
        instrument = self._directory.instrument(self.row.instrument)
        return None if instrument is None else instrument.quantity(lots)

    @property
    def order_id(self) -> int:
        """OrderID(37): the sequence number of the command that made the order; 0 where none is meant."""
        return int(self.row.order_id)

    @property
    def cl_ord_id(self) -> str:
        """ClOrdID(11), empty where the id was automatic."""
        return str(self.row.cl_ord_id.decode("ascii", "backslashreplace"))

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
        return Side(self.row.side) if self.row.side in Side._value2member_map_ else None

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
        """Price(44); None for a MARKET order."""
        return self._price(self.row.price)

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
        """OrdRejReason(103), NONE (-1) where the order was not rejected."""
        return OrdRejReason(self.row.ord_rej_reason)

    @property
    def transact_time(self) -> int:
        """TransactTime(60), ns UTC."""
        return int(self.row.transact_time)

"""Requests about orders, and what can be asked about them: `core.orders`.

Every request is one command, and its answer is the report that it returns: a refused request is news. Source: FIX 4.4
Appendix D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..vocabulary.codes import CommandType
from ..vocabulary.fix import OrdStatus, OrdType, PegOffsetType, Side
from ..vocabulary.gate import Gate
from ..vocabulary.identifiers import Identifier, encode_cl_ord_id
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import NO_PRICE
from ..vocabulary.reports import Report, read_reports
from ..vocabulary.rows import OrderRow
from ..vocabulary.units import AMOUNT_PRECISION_MAX, Number, check_int, check_time, demand_type, show, whole_units
from .order import Order
from .ticket import PRICED, STRATEGY_MAX

if TYPE_CHECKING:
    from ..positions.tables import Table

_ORDER_ID_MAX = 2**63 - 1
_AS_IT_IS = {"order_qty": 0, "price": NO_PRICE, "stop_px": NO_PRICE, "new_peg_offset": 0, "expire_time": 0}


class Orders:
    """Cancel, replace, mass cancel and status requests; open orders, one order by any of its ids, its history."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def cancel(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        new_cl_ord_id: Identifier | None = None, transact_time: int | None = None,
    ) -> Report:
        """Ask to cancel an order, given as a handle or by one of its ids (`cl_ord_id`: any in its chain); returns the
        report that answers.

        An execution report (Canceled) where the core holds the order, or its venue was not sent it yet; one of how it
        stands (OrderStatus) where it is at an external venue: then an OrderCancelRequest goes out (`outbound()`), and
        the venue's report decides; an order cancel reject with `cxl_rej_reason` where it makes no sense.
        `new_cl_ord_id` is the request's own id. Raises TypeError or ValueError for a wrong call.
        """
        return self._gate.ask(
            CommandType.CANCEL, **self._target("cancel", order, cl_ord_id, order_id),
            cl_ord_id=encode_cl_ord_id(new_cl_ord_id, "new_cl_ord_id"),
            transact_time=self._gate.names.stamp(transact_time),
        )

    def replace(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        qty: Number | None = None, price: Number | None = None, stop_px: Number | None = None,
        expire_time: int | None = None, new_cl_ord_id: Identifier | None = None, transact_time: int | None = None,
        peg_offset: Number | None = None,
    ) -> Report:
        """Ask to replace an order's quantity, price, stop price, trailing offset (in its own peg_offset_type) or expire
        time; what is left out stays as it is. What a stop waited for can't be replaced once it was triggered.

        `qty` is the whole order's (OrderQty, what is filled included), up or down; below what is filled it becomes
        that. The order keeps its place in the queue where only its quantity falls. Returns the report that answers: an
        execution report (Replaced) where the core holds the order; one of how it stands (OrderStatus) where it is at an
        external venue: then an OrderCancelReplaceRequest goes out (`outbound()`), and the venue's report decides (until
        then the larger quantity is held); an order cancel reject where it makes no sense, risk refuses, or what venues
        are to be sent has no room (OUTBOUND_FULL). Raises TypeError or ValueError for a wrong call.
        """
        if all(term is None for term in (qty, price, stop_px, expire_time, peg_offset)):
            raise TypeError("replace takes at least one of qty, price, stop_px, peg_offset and expire_time")
        target = self._target("replace", order, cl_ord_id, order_id)
        row = self._row_of(target)
        instrument = None if row is None else self._gate.names.instrument(row.instrument)
        kind = None if row is None else OrdType.find(row.ord_type)
        if kind is not None and price is not None and kind not in PRICED:
            raise ValueError(f"price {show(price)}: a {kind.name} order has none")
        if kind is not None and stop_px is not None and kind in (OrdType.MARKET, OrdType.LIMIT):
            raise ValueError(f"stop_px {show(stop_px)}: a {kind.name} order has none")
        if kind is not None and peg_offset is not None and kind is not OrdType.TRAILING_STOP:
            raise ValueError(f"peg_offset {show(peg_offset)}: a {kind.name} order has none")
        new_id, stamp = encode_cl_ord_id(new_cl_ord_id, "new_cl_ord_id"), self._gate.names.stamp(transact_time)
        terms = {"order_qty": 0 if qty is None else _qty(instrument, qty),
                 "price": NO_PRICE if price is None else _price(instrument, price, "price"),
                 "stop_px": NO_PRICE if stop_px is None else _price(instrument, stop_px, "stop_px"),
                 "new_peg_offset": _offset(instrument, row, peg_offset),
                 "expire_time": check_time(expire_time, "expire_time")}
        said = "" if row is None or not self._gate.asked else self._ask_rules(row, terms)
        return self._gate.ask(CommandType.REPLACE, **target, **terms, cl_ord_id=new_id, transact_time=stamp,
                              refusal=self._gate.refusal_id(said))

    def _ask_rules(self, row: OrderRow, terms: dict[str, int]) -> str:
        """Why a rule in Python refuses a replace with these terms; empty where none does. What asks for nothing but
        less is not asked about, nor what is about an order that was refused, which stays so."""
        asked = row._replace(**{name.removeprefix("new_"): value for name, value in terms.items()
                                if value != _AS_IT_IS[name]})
        if row.ord_status == OrdStatus.REJECTED or (
                asked.order_qty < row.order_qty and asked == row._replace(order_qty=asked.order_qty)):
            return ""
        return self._gate.judge(asked, row.order_id)

    def mass_cancel(
        self, *, account: str | None = None, symbol: str | None = None, side: Side | str | None = None,
        strategy: int | None = None, venue: str | None = None, cl_ord_id: Identifier | None = None,
        transact_time: int | None = None,
    ) -> Report:
        """Cancel every open order of an account, symbol, side, strategy or venue; of those that are given together, or
        of the firm where none is. SELL is every sell, short ones too.

        Returns the OrderMassCancelReport, whose `total_affected_orders` counts what was canceled or asked back; each
        order has its own report besides. Raises TypeError, ValueError or UndeclaredError.
        """
        names = self._gate.names
        wanted = None if side is None else Side.parse(side, "side")
        if wanted not in (None, Side.BUY, Side.SELL):
            raise ValueError(f"side {side!r}: a mass cancel takes BUY or SELL, which is every sell")
        return self._gate.ask(
            CommandType.MASS_CANCEL, account=0 if account is None else names.accounts.id(account),
            instrument=0 if symbol is None else names.symbols.id(symbol), side=wanted or 0,
            strategy=0 if strategy is None else check_int(strategy, "strategy", 1, STRATEGY_MAX),
            venue=0 if venue is None else names.venues.id(venue), cl_ord_id=encode_cl_ord_id(cl_ord_id),
            transact_time=self._gate.names.stamp(transact_time),
        )

    def order_status(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        transact_time: int | None = None,
    ) -> Report:
        """An execution report (OrderStatus) of an order as it stands; the external venue that has it is asked too
        (an OrderStatusRequest goes out), while it is open. An order that is not known is told as Rejected,
        UNKNOWN_ORDER (FIX G.1.b)."""
        return self._gate.ask(CommandType.STATUS_REQUEST, **self._target("order_status", order, cl_ord_id, order_id),
                              transact_time=self._gate.names.stamp(transact_time))

    def order(self, *, order_id: int | None = None, cl_ord_id: Identifier | None = None) -> Order:
        """A live handle to an order, by its `order_id` or by any id in its chain: its own, or of a request about it.
        Raises LookupError where there is none or it was evicted."""
        if (order_id is None) == (cl_ord_id is None):
            raise TypeError("order() takes one of order_id and cl_ord_id")
        if order_id is None:
            core = self._gate.core
            order_id = core.find_order_id(core.find_text(encode_cl_ord_id(cl_ord_id)))
            if not order_id:
                raise LookupError(f"no order has cl_ord_id {cl_ord_id!r}")
        found: Order = self._gate.order(self._gate.core.order(check_int(order_id, "order_id", 1)))
        return found

    def open_orders(self, account: str | None = None, symbol: str | None = None) -> list[Order]:
        """Live handles to what is open, of one account or symbol or of all, oldest first (by order_id): what can still
        trade, and what has a request that its venue has not answered. Threads: any."""
        instrument = 0 if symbol is None else self._gate.names.symbols.id(symbol)
        number = 0 if account is None else self._gate.names.accounts.id(account)
        return [self._gate.order(handle) for handle in self._gate.core.open_orders(instrument, number)]

    def children(self, order: Order) -> list[Order]:
        """The parts of an order that is worked over several venues (`place` IN_CHILDREN), oldest first: those that are
        held. Each is an order at one venue, with an id of its own; their cum_qty is the order's. Threads: any."""
        return [self._gate.order(handle) for handle in self._gate.core.children(demand_own(order, self._gate).order_id)]

    def table(self, account: str | None = None, symbol: str | None = None) -> Table:
        """What `open_orders` gives as one table, copied in one moment: a structured array (`.array`, `.names`), and a
        report that becomes a frame in one call (`polars.DataFrame(core.orders.table())`). Threads: any."""
        from .order_tables import order_table  # what an order's path does not need is imported when it is asked for

        names = self._gate.names
        lines = self._gate.core.order_lines(0 if symbol is None else names.symbols.id(symbol),
                                            0 if account is None else names.accounts.id(account))
        return order_table(lines, names)

    def order_history(self, order: Order) -> list[Report]:
        """The reports about an order that the ring still holds, oldest first: execution reports and cancel rejects; a
        request that went to its venue is told as the order stood (OrderStatus) under the request's id. Readable after
        eviction too; walks the ring (capacity `events`)."""
        order_id = demand_own(order, self._gate).order_id
        reports, _ = self._gate.core.read_events(0, self._gate.capacity.events)
        return read_reports(reports[reports["order_id"] == order_id], self._gate.names)

    # ---- which order

    def _target(
        self, call: str, order: Order | None, cl_ord_id: Identifier | None, order_id: int | None
    ) -> dict[str, Any]:
        """The fields that name an order in a request."""
        given = [name for name, value in (("order", order), ("cl_ord_id", cl_ord_id), ("order_id", order_id))
                 if value is not None]
        if len(given) != 1:
            raise TypeError(f"{call} takes one of order, cl_ord_id and order_id, got {', '.join(given) or 'none'}")
        if order is not None:
            order_id = demand_own(order, self._gate).order_id
        if order_id is not None:
            order_id = check_int(order_id, "order_id", 1, _ORDER_ID_MAX)
        return {"order_id": order_id or 0, "orig_cl_ord_id": encode_cl_ord_id(cl_ord_id)}

    def _row_of(self, target: dict[str, Any]) -> OrderRow | None:
        """The facts of an order that is held, for its units; None where there is no such order."""
        core = self._gate.core
        order_id = target["order_id"] or core.find_order_id(core.find_text(target["orig_cl_ord_id"]))
        try:
            row: OrderRow = self._gate.core.order(order_id).row()
        except LookupError:
            return None
        return row


def demand_own(order: Order, gate: Gate) -> Order:
    """An order of this core: another core's has the same numbers, and would name a stranger here."""
    demand_type(order, Order, "order")
    if not order.is_of(gate.names):
        raise ValueError(f"order {order.order_id} belongs to another core")
    return order


# An order that is not held has no units: a request about it is refused whatever it asks, so it asks for no change.


def _qty(instrument: Instrument | None, value: Number) -> int:
    if instrument is None:
        whole_units(value, AMOUNT_PRECISION_MAX, "order_qty", 10**40, low=1)
        return 0
    return instrument.qty_lots(value, low=1)


def _offset(instrument: Instrument | None, row: OrderRow | None, value: Number | None) -> int:
    """A new trailing offset in the order's own type; 0 leaves it as it is, and is none that could be asked for."""
    if value is None or instrument is None or row is None:
        return 0
    if row.peg_offset_type == PegOffsetType.BASIS_POINTS:
        return check_int(value, "peg_offset in basis points", 1, 9_999)
    units = instrument.price_units(value, "peg_offset")
    if units < 1:
        raise ValueError(f"{instrument.symbol} peg_offset {show(value)} must be above 0")
    return units


def _price(instrument: Instrument | None, value: Number, name: str) -> int:
    if instrument is None:
        whole_units(value, AMOUNT_PRECISION_MAX, name, 10**40)
        return NO_PRICE
    return instrument.order_units(value, name)

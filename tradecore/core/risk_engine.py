"""RiskEngine: limits, switches and holds, alone or of a core. Alone it judges orders and sends none: they, and what
became of them, are told to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, Self, Unpack

import numpy as np

from ..execution.kept_reports import Unbooked
from ..execution.venue_reports import ExecutionFacts, VenueReports
from ..execution.venues import ExternalVenue
from ..orders.order import Order
from ..orders.orders import Orders, demand_own
from ..orders.ticket import OrderTerms
from ..orders.validation import failures
from ..positions.position import Position
from ..positions.positions import Positions
from ..risk.callables import demand_none
from ..risk.limits import CheckResult, RiskLimits, check_rows, demand_room, refused_rows
from ..risk.risk_controls import RiskControls
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, DayEnd
from ..vocabulary.currency import Currency, read_currencies
from ..vocabulary.features import Features
from ..vocabulary.fix import ExecType, OrdType, Side, TimeInForce
from ..vocabulary.identifiers import Identifier, check_names
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import BASKET_MAX, COMMAND_SIZE, ORDER_DTYPE
from ..vocabulary.reports import Report, ReportReader
from ..vocabulary.rows import UnbookedRow
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import Number, check_bool, check_int
from .core_gate import CoreGate
from .declaring import declare_account, declare_instrument
from .door import demand_terms
from .order_system import OrderSystem
from .outbound import hand_out

VENUE = "VENUE"  # where all goes of an engine that was told of no venues
_MESSAGES = 65_536  # that are taken at once
_RECORD = np.dtype(f"V{COMMAND_SIZE}")
_ENDS = (ExecType.CANCELED, ExecType.REJECTED, ExecType.EXPIRED)


class RiskEngine(RiskControls):
    """Pre-trade risk: limits as rows, switches, trading states, holds; alone, or of a core (`core.risk`).

    Alone it is for those who have their own orders, routing and venues. Tell it what is known of the market (`quote`,
    `trade_print`, `mark`, `set_rate`); ask it (`check`, `check_batch`); tell it of each order before it is sent
    (`new_order`: judged, and what it may become is held), of what it traded (`fill`: held quantity becomes position),
    of requests (`replace`, `cancel`) and of their answers (`replaced`, `ended`: what is left is given back). It has
    every rule, row and breaker that a core has, and says to the same orders the same. `venues` are names, for limits,
    quotes and orders that name one; with one alone, it need not be named. Of a core it answers and is set, and orders
    are the core's own: those verbs are refused.

    `limits`, `clock`, `features` and `backend` are a TradingCore's. Threads: any may call; one lock.
    """

    _gate: CoreGate

    def __init__(
        self,
        *,
        instruments: Iterable[Instrument] = (),
        accounts: Iterable[str] = (),
        limits: RiskLimits | Mapping[str, RiskLimits] | None = None,
        venues: Iterable[str] = (VENUE,),
        currencies: Iterable[str | Currency] = (),
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
        features: Features | None = None,
    ) -> None:
        demand_limits(limits)
        check_names(accounts, "accounts")
        check_names(venues, "venues")
        system, declared = OrderSystem(capacity, clock, backend), read_currencies(currencies)
        self._begin(system, Features.of(features))
        self._told: VenueReports | None = VenueReports(self._gate)  # None: of a core, which is told by itself
        for currency in declared:
            system.define_currency(currency)
        for name in venues:
            venue = ExternalVenue(name, ord_types=tuple(OrdType), times_in_force=tuple(TimeInForce),
                                  day_end=DayEnd.EXPIRE, market_protection=True)
            self._gate.command(CommandType.DEFINE_VENUE, venue.name, **venue.definition())
            self._gate.names.venues.add(venue.name)
        for instrument in instruments:
            self.define_instrument(instrument)
        for account in accounts:
            self.define_account(account)
        self._set_every(limits)

    @classmethod
    def of(cls, system: OrderSystem, features: Features) -> Self:
        """The risk of a core, which has what is declared, told and sent there."""
        engine = cls.__new__(cls)
        engine._begin(system, features)
        engine._told = None
        return engine

    def _begin(self, system: OrderSystem, features: Features) -> None:
        super().__init__(system._gate, features)
        self._door = system._door  # never the core itself, which holds its risk
        self._orders, self._positions = Orders(self._gate), Positions(self._gate)

    def __repr__(self) -> str:
        names = self._gate.names
        return (f"<RiskEngine {self._gate.backend}: {len(names.instruments)} instruments, "
                f"{len(names.accounts.names)} accounts, {len(self.limits())} limits>")

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its state is one; build another from the same arguments, and tell it the same")

    # ---- definitions

    def define_instrument(self, instrument: Instrument) -> None:
        """Declare an instrument, and its currency where it is new."""
        declare_instrument(self._gate, instrument)

    def define_account(self, account: str, limits: RiskLimits | None = None, *, group: str = "") -> None:
        """Declare an account. Without limits, now or later, its orders are refused: RISK_CONFIG_MISSING. `group`:
        limits may be on the group of accounts that it is in from now on."""
        if limits is not None:
            demand_room(limits, self._gate.capacity)
        declare_account(self._gate, account, group)
        if limits is not None:
            self.set_limits(limits, account=account)

    def _set_every(self, limits: RiskLimits | Mapping[str, RiskLimits] | None) -> None:
        """The limits that an engine, or a core, is made with."""
        its = dict.fromkeys(self._gate.names.accounts.names, limits) if isinstance(limits, RiskLimits) else limits or {}
        for account, its_limits in its.items():
            self.set_limits(its_limits, account=account)

    # ---- what is known of the market

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """Replace what a venue displays; collars and MARKET orders count from it. See TradingCore.quote."""
        self._door.quote(venue, symbol, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size,
                         transact_time=transact_time)

    def trade_print(self, symbol: str, price: Number, size: Number, *, transact_time: int | None = None) -> None:
        """A trade that the market printed: the reference where no venue displays both sides. RefusedError where it
        can't be; TypeError, ValueError or UndeclaredError."""
        self._door.trade_print(symbol, price, size, transact_time=transact_time)

    def mark(self, symbol: str, price: Number) -> None:
        """What positions in a symbol are worth from now on. Losses that pass a limit act at once."""
        self._door.mark(symbol, price)

    # ---- asking

    def check(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> CheckResult:
        """What every rule says to an order: its value, limit, headroom and verdict. Changes no state. See
        TradingCore.check."""
        demand_terms("check", terms)
        return self._door.check(symbol, side, qty, price, **self._placed(terms))

    def check_batch(self, orders: Any, *, together: bool = False) -> Any:
        """Ask validation and risk about an ORDER_DTYPE array of NEW_ORDER records: an ANSWER_DTYPE row each.

        `reason` is the first refusal, 0 where it would pass; `reject_mask` says what is not well formed; `refused` and
        `observed` what of risk refuses it, or would if it were not only observed: a bit for each place in
        `RISK_CHECKS`. Each order is judged as if it were the only one; `together`, at most 1,024, as one basket: as if
        those before it that pass were working already. Changes no state. What only routing or a venue can say is not
        asked, and no override: what one lets pass is told as refused. Raises TypeError or ValueError. Threads: any;
        between 256 orders of a batch, and of no basket, other threads' calls get in.
        """
        own, now = self._read_orders(orders, together, bounded=together)
        return self._gate.core.check_batch(own, now, together, None)

    def check_findings(self, orders: Any, *, together: bool = False) -> list[CheckResult]:
        """What `check` says of each order of `check_batch`, one after another or together. At most 1,024. Changes no
        state. Raises TypeError or ValueError. Threads: any."""
        told: list[Any] = []
        own, now = self._read_orders(orders, together, bounded=True)
        self._gate.core.check_batch(own, now, together, told)
        instruments = self._gate.names.instruments
        named = (instruments[number - 1] if 1 <= number <= len(instruments) else None
                 for number in own["instrument"].tolist())
        return [CheckResult(refused_rows(failures(mask)) if mask else check_rows(found, instrument))
                for (mask, found), instrument in zip(told, named, strict=True)]

    def _read_orders(self, orders: Any, together: bool, *, bounded: bool) -> tuple[Any, int]:
        """A copy of orders to be asked about, which nobody else can write, and the time."""
        if not isinstance(orders, np.ndarray):
            raise TypeError(f"orders must be a NumPy array of ORDER_DTYPE, not {type(orders).__name__}")
        if orders.dtype != ORDER_DTYPE or orders.ndim != 1:
            raise ValueError(f"orders must be a one-dimensional array of ORDER_DTYPE; got shape {orders.shape} of "
                             f"{orders.dtype}")
        if check_bool(together, "together") or bounded:
            check_int(len(orders), "orders", 0, BASKET_MAX)
        now, orders = self._gate.time(), orders.view(_RECORD).copy().view(ORDER_DTYPE)
        demand_none(self._gate.asked, "a batch of checks")
        wrong = orders["kind"] != CommandType.NEW_ORDER
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"row {row}: kind {int(orders['kind'][row])} is no NEW_ORDER")
        if self._told is not None and len(self._gate.names.venues.names) == 1:
            orders["venue"][orders["venue"] == 0] = 1  # as of an order that names none
        return orders, now

    def ids(self, symbol: str | None = None, *, account: str | None = None, venue: str | None = None) -> int:
        """The small id of one declared name, for the columns of a batch."""
        return self._gate.names.ids(symbol, account, venue)

    # ---- told of orders, by who sends them himself

    def new_order(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """Say that an order is to be sent: it is judged and counted, and what it may become is held. REJECTED with
        `reason` and `text` it must not be sent; PENDING_NEW it may. What comes back is live. The same order again under
        the same `cl_ord_id` is the first one. `terms`: see OrderTerms. Raises TypeError, ValueError or UndeclaredError
        for a wrong call, before anything changes."""
        demand_terms("new_order", terms)
        self._demand_alone("new_order")
        order = self._door.submit(symbol, side, qty, price, **self._placed(terms))
        self._hand_out()
        return order

    def replace(
        self, order: Order, *, qty: Number | None = None, price: Number | None = None, stop_px: Number | None = None,
    ) -> Report:
        """Say that an order is to be replaced: judged as a whole order, for its increase where holds count. Until
        `replaced` says what came of it the larger quantity is held. An order cancel reject where it must not be sent.
        Raises what `Orders.replace` does."""
        self._demand_alone("replace")
        answer = self._orders.replace(order, qty=qty, price=price, stop_px=stop_px)
        self._hand_out()
        return answer

    def cancel(self, order: Order) -> Report:
        """Say that an order is asked back: it counts, and is never refused for a rate. What is left of it stays held
        until `ended`, for it may trade till then. An order cancel reject where it makes no sense."""
        self._demand_alone("cancel")
        answer = self._orders.cancel(order)
        self._hand_out()
        return answer

    # ---- and of what became of them

    def fill(self, order: Order, qty: Number, price: Number, exec_id: Identifier) -> Report:
        """Say that an order has traded: what was held becomes position. `exec_id` names the trade, which counts once.
        Booked whatever the order's status, and flagged (`reason`) where it is late or too much. RefusedError is never
        raised: what can't be is told in the report; TypeError or ValueError for a wrong call."""
        return self._answer("fill", order, ExecType.TRADE, exec_id=exec_id, last_qty=qty, last_px=price)

    def replaced(self, order: Order, accepted: bool = True) -> Report:
        """Say what came of the oldest replace that was not answered: taken as it was asked for, or not, and then the
        order is as it was before. A BusinessMessageReject where none was asked for."""
        if check_bool(accepted, "accepted"):
            return self._answer("replaced", order, ExecType.REPLACED)
        return self._demand_alone("replaced").cancel_reject(self._venue_of(order), order_id=order.order_id)

    def ended(self, order: Order, exec_type: ExecType | str = ExecType.CANCELED) -> Report:
        """Say that an order works no more: CANCELED, REJECTED or EXPIRED. What was left of it is held no longer."""
        kind = ExecType.parse(exec_type, "exec_type")
        if kind not in _ENDS:
            raise ValueError(f"exec_type {kind.name} ends no order: {', '.join(end.name for end in _ENDS)} do")
        return self._answer("ended", order, kind)

    def open_position(self, symbol: str, qty: Number, price: Number, *, account: str | None = None) -> None:
        """A position (signed) that there was before; see `Positions.open_position`."""
        self._positions.open_position(symbol, qty, price, account=account)

    def open_cash(self, currency: str, amount: Number, *, account: str | None = None) -> None:
        """Cash that there was before; see `Positions.open_cash`."""
        self._positions.open_cash(currency, amount, account=account)

    def position(self, symbol: str, account: str | None = None) -> Position:
        """One instrument in one account: what was traded, and what is held for orders that work."""
        return self._positions.position(symbol, account)

    def unbooked(self) -> list[Unbooked]:
        """What was told of trades and can't be booked whole; see `ExecutionEngine.unbooked`."""
        return [Unbooked(UnbookedRow(*row), self._gate) for row in self._gate.core.unbooked()]

    # ---- time, and what is to be known

    def clock_tick(self, transact_time: int | None = None) -> None:
        """Move the time on where nothing else does; see `OrderSystem.clock_tick`."""
        self._gate.command(CommandType.CLOCK, transact_time=self._gate.names.stamp(transact_time))

    def roll_day(self, *, transact_time: int | None = None) -> None:
        """Begin the next trading day: what counts by the day counts anew, P&L counts from now, DAY orders expire."""
        self._demand_alone("roll_day")
        self._gate.command(CommandType.ROLL_DAY, transact_time=self._gate.names.stamp(transact_time))

    def reports(self, after: int | None = None) -> ReportReader:
        """An iterator over what happened: warnings, what is only observed, breakers, changes of limits, orders. Those
        after a sequence number, or (None) those from now on."""
        start = self._gate.core.event_seq if after is None else check_int(after, "after", 0, 2**62)
        return ReportReader(self._gate.core, self._gate.names, start)

    def state_hash(self) -> int:
        """64-bit hash over the logical state."""
        return int(self._gate.core.state_hash())

    # ---- how

    def _demand_alone(self, verb: str) -> VenueReports:
        if self._told is None:
            raise TypeError(f"{verb} is for a RiskEngine alone: a core knows its own orders, and is told of them by "
                            "submit, cancel, replace and execution.on_execution_report")
        return self._told

    def _placed(self, terms: OrderTerms) -> OrderTerms:
        """The terms of an order with the venue that it must go to."""
        venues = self._gate.names.venues.names
        if self._told is None or terms.get("venue") is not None:
            return terms
        if len(venues) != 1:
            raise TypeError(f"venue must be named where {len(venues)} are declared: an engine alone routes nothing")
        return {**terms, "venue": venues[0]}

    def _hand_out(self) -> None:
        """Who sends orders himself reads no messages: what is to leave has left, past the exit gate."""
        while len(hand_out(self._gate, _MESSAGES)) == _MESSAGES:
            pass

    def _venue_of(self, order: Order) -> int:
        row = demand_own(order, self._gate).row
        return int(row.venue)

    def _answer(self, verb: str, order: Order, exec_type: ExecType, **facts: Unpack[ExecutionFacts]) -> Report:
        told = self._demand_alone(verb)
        venue = self._venue_of(order)
        facts["order_id"] = order.order_id
        answer = told.execution_report(venue, exec_type, **facts)
        self._hand_out()  # an order of a list may be let go by what became of another
        return answer


def demand_limits(limits: object) -> None:
    """Refuses what are no limits of accounts."""
    if not isinstance(limits, (RiskLimits, Mapping, type(None))):
        raise TypeError(f"limits must be RiskLimits or a mapping of them by account, not {type(limits).__name__}")

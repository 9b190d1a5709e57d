"""What every system of orders has in common: definitions, requests, time, and reports, around one gate.

TradingCore and OrderManager are such systems. It knows no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import BuiltinMethodType
from typing import Any, NoReturn, Self

from ..execution.kept_reports import Unbooked
from ..orders.order import Order
from ..orders.orders import Orders
from ..positions.position import Position
from ..positions.positions import Positions
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, ReportType
from ..vocabulary.currency import Currency
from ..vocabulary.fix import ExecType, Side
from ..vocabulary.identifiers import Identifier, demand_prefix
from ..vocabulary.instrument import Instrument
from ..vocabulary.messages import OutboundMessage
from ..vocabulary.records import REQUEST_PREFIX, TIME_MAX
from ..vocabulary.reports import Report, ReportReader
from ..vocabulary.rows import UnbookedRow
from ..vocabulary.showing import refuse_copy
from ..vocabulary.time_units import demand_nanoseconds
from ..vocabulary.units import Number, check_int
from .bus import QUEUE_CAPACITY, Subscription
from .core_gate import CoreGate
from .declaring import declare_account, declare_currency, declare_instrument
from .door import Door, compiled_door, is_ours
from .interning import intern_column
from .outbound import hand_out, messages

Words = Iterable[str] | str


class OrderSystem:
    """One core behind its names. Threads: any may call; one lock per core."""

    backend: str
    capacity: Capacity

    def __init__(
        self, capacity: Capacity | None, clock: Callable[[], int], backend: str | None,
        request_prefix: str = REQUEST_PREFIX, counterparty: str | None = None
    ) -> None:
        self._gate = CoreGate(capacity, clock, backend)
        self.backend, self.capacity = self._gate.backend, self._gate.capacity
        self._orders, self._positions = Orders(self._gate), Positions(self._gate)
        self._door = Door(self._gate, counterparty)
        if demand_prefix(request_prefix) != REQUEST_PREFIX:
            self._gate.command(CommandType.NAME_REQUESTS, text=request_prefix.encode("ascii"))
        self._compiled: Any = None

    # ---- the door

    def _open_door(self, *names: str) -> None:
        """Put a compiled core's own calls before those of this class, where no class of the user's overrides them."""
        if self.backend == "native":
            slow = {name: getattr(self._door, name, None) or getattr(self._orders, name) for name in names}
            self._compiled = compiled_door(self._gate, self._door, slow, type(self))
            vars(self).update((name, call) for name, call in self._compiled.calls().items()
                              if is_ours(getattr(type(self), name)))

    def _close_door(self) -> None:
        """Every call through Python again."""
        self._compiled = None
        for name, call in list(vars(self).items()):
            if isinstance(call, BuiltinMethodType):
                del vars(self)[name]

    def close(self) -> None:
        """End it: every later call, on any thread, raises RuntimeError, and a batch that runs ends at its next chunk.
        Its memory goes with the last order, report view and core that is still held. Closing twice does no harm."""
        self._gate.core.close()

    def __enter__(self) -> Self:
        """The core itself, closed at the end of the `with`."""
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        names = self._gate.names
        try:
            counts = self.metrics()
        except RuntimeError:  # nobody can ask any more: it was closed, or lost in a fork
            return f"<{type(self).__name__} {self.backend}: closed>"
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("events", "open_orders") if name in counts)
        return (f"<{type(self).__name__} {self.backend}: {len(names.instruments)} instruments, "
                f"{len(names.venues.names)} venues, {len(names.accounts.names)} accounts, {told}>")

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its state is one; build another from the same arguments, and replay the commands")

    # ---- definitions

    def define_instrument(self, instrument: Instrument) -> None:
        """Declare an instrument, and its currency where it is new."""
        declare_instrument(self._gate, instrument)

    def define_currency(self, currency: str | Currency, decimals: int | None = None) -> None:
        """Declare a currency; its cash and fees are counted in 10**-decimals (0 to 12), 9 where nothing is said. To be
        said before an instrument in it is declared."""
        declare_currency(self._gate, currency, decimals)

    def _declare_account(self, account: str) -> int:
        return declare_account(self._gate, account)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The declared accounts, in the order of declaration."""
        return tuple(self._gate.names.accounts.names)

    def intern(self, texts: Any) -> Any:
        """The numbers of a whole column of ids, for a batch's `cl_ord_id` and its kin: an int64 array.

        A sequence of str, bytes or int, or a NumPy column of them: each is 1 to 64 printable ASCII characters without
        spaces. A text is given its number once, and keeps it; an integer from 1 to 2**62 is its own, and so is its
        decimal text. Raises TypeError or ValueError naming the row; RefusedError where the capacity `ids` is too small,
        by then what came before has its numbers.
        """
        return intern_column(self._gate, texts)

    def id_text(self, number: int) -> str:
        """The text of an id's number, as a report's `row` or an array of reports has it; empty for 0."""
        return self._gate.names.text_of(check_int(number, "number", -(2**63), 2**63 - 1))

    # ---- requests, and what there is now

    def cancel(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        new_cl_ord_id: Identifier | None = None, transact_time: int | None = None,
    ) -> Report:
        """Ask to cancel an order: the report that answers. See `Orders.cancel`."""
        return self._orders.cancel(
            order, cl_ord_id=cl_ord_id, order_id=order_id, new_cl_ord_id=new_cl_ord_id, transact_time=transact_time,
        )

    def replace(
        self, order: Order | None = None, *, cl_ord_id: Identifier | None = None, order_id: int | None = None,
        qty: Number | None = None, price: Number | None = None, stop_px: Number | None = None,
        expire_time: int | None = None, new_cl_ord_id: Identifier | None = None, transact_time: int | None = None,
        peg_offset: Number | None = None,
    ) -> Report:
        """Ask to replace an order's quantity, price, stop price, trailing offset or expire time: the report that
        answers. See `Orders.replace`."""
        return self._orders.replace(
            order, cl_ord_id=cl_ord_id, order_id=order_id, qty=qty, price=price, stop_px=stop_px,
            expire_time=expire_time, new_cl_ord_id=new_cl_ord_id, transact_time=transact_time, peg_offset=peg_offset,
        )

    def mass_cancel(
        self, *, account: str | None = None, symbol: str | None = None, side: Side | str | None = None,
        strategy: int | None = None, venue: str | None = None, cl_ord_id: Identifier | None = None,
        transact_time: int | None = None,
    ) -> Report:
        """Cancel every open order of an account, symbol, side, strategy or venue, or all: the OrderMassCancelReport.
        See `Orders.mass_cancel`."""
        return self._orders.mass_cancel(
            account=account, symbol=symbol, side=side, strategy=strategy, venue=venue, cl_ord_id=cl_ord_id,
            transact_time=transact_time,
        )

    def unbooked(self) -> list[Unbooked]:
        """What venues said and can't be booked whole, oldest first, each to `book` or to `dismiss`.
        See `ExecutionEngine.unbooked`."""
        return [Unbooked(UnbookedRow(*row), self._gate) for row in self._gate.core.unbooked()]

    def position(self, symbol: str, account: str | None = None) -> Position:
        """One instrument in one account, as it is now."""
        return self._positions.position(symbol, account)

    def outbound(self) -> Iterator[OutboundMessage]:
        """The messages for external venues, oldest first, each given once, until none waits: NewOrderSingle,
        OrderCancelRequest, OrderCancelReplaceRequest and OrderStatusRequest, by their `msg_type` and `venue`.

        None is ever lost: they wait in a queue of their own, whose size follows from the capacity `open_orders`. Where
        nobody reads it, new orders are rejected in the end (OUTBOUND_FULL); cancels still fit. What is not read yet is
        taken back where it has become pointless: an order that is canceled before it was read, or that a kill switch
        stops, ends at once and is never sent. Each message that is read is a command of its own (HAND_OUT), so that a
        replay takes back the same. Threads: any; no message is given twice.
        """
        return messages(self._gate)

    def outbound_batch(self, most: int = 65_536) -> Any:
        """As `outbound()`, many at once: up to `most` messages as an OUTBOUND_DTYPE array, whose ids are numbers
        (`id_text`); an empty one where none waits. Raises TypeError or ValueError for `most`. Threads: any."""
        return hand_out(self._gate, check_int(most, "most", 1, 2**31 - 1))

    @property
    def outbound_pending(self) -> int:
        """How many messages for external venues wait to be read."""
        return int(self._gate.core.outbound_pending)

    # ---- time

    def clock_tick(self, transact_time: int | None = None) -> None:
        """Move the core's time to that of the `clock`, or to one that stands for it (ns UTC). What is due by then
        happens: requests time out, orders expire, sessions close. The tick itself makes no report.

        Every command does the same. The core's time stays where the clock stands still or goes back, and goes forward
        by at most Capacity(clock_step) at once. RefusedError beyond that: see `advance_clock`.
        """
        self._gate.command(CommandType.CLOCK, transact_time=self._gate.names.stamp(transact_time))

    def advance_clock(self, time: int) -> None:
        """Move the core's time forward to `time` (ns UTC), by however much: over a long holiday, in a replay. What is
        due by then happens. RefusedError where it would go back.

        Until this is said, a stamp that is ahead by more than Capacity(clock_step) is taken to be wrong. It moves
        nothing; new orders and replaces are refused (CLOCK_STEP), everything else is done at the core's time.
        """
        reached = demand_nanoseconds(check_int(time, "time", 1, TIME_MAX), "time", self._gate.core)
        self._gate.command(CommandType.ADVANCE_CLOCK, clock_time=reached)

    def roll_day(self, *, transact_time: int | None = None) -> None:
        """Begin the next trading day: what the core holds for the day expires, GOOD_TILL_CANCEL and GOOD_TILL_DATE
        orders are restated, and the ids of orders that are not open may be used again."""
        self._gate.command(CommandType.ROLL_DAY, transact_time=self._gate.names.stamp(transact_time))

    # ---- events

    def reports(self, after: int | None = None) -> ReportReader:
        """An iterator over reports: those after a sequence number, or (None) those from now on."""
        start = self._gate.core.event_seq if after is None else check_int(after, "after", 0, 2**62)
        return ReportReader(self._gate.core, self._gate.names, start)

    def event_view(self, after: int = 0) -> Any:
        """A read-only REPORT_DTYPE array over the ring itself (native: not copied), after a sequence number.

        It ends at the ring's edge: read on after its last `seq`. Delete it soon: while it lives, what would overwrite
        it is dropped and counted (metrics: events_dropped).
        """
        return self._gate.core.view_events(check_int(after, "after", 0, 2**62))

    def subscribe(
        self, callback: Callable[[Report], object], *, exec_types: Words | ExecType | Iterable[ExecType] | None = None,
        report_types: Words | ReportType | Iterable[ReportType] | None = None, account: str | None = None,
        symbol: str | None = None, capacity: int = QUEUE_CAPACITY, policy: str = "drop", after: int | None = None,
    ) -> Subscription:
        """Call back with reports, after the command (or the batch) that made them; calling what it returns undoes it.

        Every report from now on, or those that pass every filter that is given: `exec_types` (execution reports of
        these ExecTypes; a name, or a list of them), `report_types`, one `account`, one `symbol`. With `after`, first
        those after that sequence number, if they are still held: a LookupError names the oldest that is.

        Up to `capacity` reports wait for the callback. What does not fit is dropped, the oldest first, and counted
        (`policy` "drop"), or the subscription ends ("disconnect"; go on with `after=subscription.last_seq`); both with
        a warning. "block" is refused: the callback runs on the thread of the command, which would wait for itself.
        Reports that one command makes beyond the capacity `events` are overwritten before the bus can read them, with
        a warning.

        What no filter takes is never decoded: the core itself knows the filters (of the first 64 subscriptions; beyond
        as many the bus looks at every report). A coroutine function is refused: hand reports to its loop by
        `loop.call_soon_threadsafe(queue.put_nowait, report)`.

        A callback that raises is warned about, and removed after three failures; it stops nobody else. What it commands
        runs at once, and is told of after what is waiting already. Raises TypeError, ValueError or UndeclaredError.
        Threads: any; callbacks run on the thread whose command made the news, or on one that is delivering already.
        """
        subscription = self._gate.bus.subscribe(
            callback, exec_types=exec_types, report_types=report_types, account=account, symbol=symbol,
            capacity=capacity, policy=policy, after=after,
        )
        self._gate.bus.deliver()
        return subscription

    @property
    def event_hash(self) -> int:
        """64-bit hash over every report so far."""
        return int(self._gate.core.event_hash)

    def state_hash(self) -> int:
        """64-bit hash over the logical state; walks it, so its cost grows with what is held."""
        return int(self._gate.core.state_hash())

    def metrics(self) -> dict[str, int]:
        """Counters by name. Of tables: what is in use (`open_orders`, `cl_ord_ids`, `ids`), of `..._size`; `commands`
        that came, and `tables_full`, those refused for want of room: the misses.
        """
        sizes = {f"{name}_size": getattr(self.capacity, name) for name in ("open_orders", "cl_ord_ids", "ids")}
        return {**self._gate.core.metrics(), **sizes, "commands": int(self._gate.core.command_seq)}

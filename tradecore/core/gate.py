"""What every engine's public face has in common: its core, its clock, its names, one command at a time, and its events.

Names, units and texts are dealt with at the face; every change of state is one command record for the backend, and
everything that comes back is a report record. It knows no order, no venue and no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._backend import choose_backend
from ..orders.order import Order
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, ReportType
from ..vocabulary.fix import ExecType
from ..vocabulary.identifiers import check_name
from ..vocabulary.instrument import Instrument
from ..vocabulary.names import Directory
from ..vocabulary.reasons import reason_text
from ..vocabulary.records import CODECS, REPORT_CODEC, TIME_MAX
from ..vocabulary.reports import Report, ReportReader
from ..vocabulary.units import check_int
from .bus import QUEUE_CAPACITY, EventBus, Subscription

Words = Iterable[str] | str


class RefusedError(ValueError):
    """A setting or a quote that the core refused; nothing was changed. An order is never refused this way."""


class Face:
    """One core behind its names. Threads: any may call; one lock per core."""

    backend: str
    capacity: Capacity

    def __init__(self, capacity: Capacity | None, clock: Callable[[], int], backend: str | None) -> None:
        if not isinstance(capacity, (Capacity, type(None))):
            raise TypeError(f"capacity must be a Capacity, not {type(capacity).__name__}")
        if not callable(clock):
            raise TypeError(f"clock must be callable, not {type(clock).__name__}")
        chosen = choose_backend(backend)
        self.backend: str = chosen.name
        self.capacity: Capacity = capacity or Capacity()
        self._core: Any = chosen.pipeline.Core(self.capacity)
        self._clock = clock
        self._directory = Directory()
        self._bus = EventBus(self._core, self._directory)

    # ---- definitions

    def define_instrument(self, instrument: Instrument) -> None:
        """Declare an instrument, and its currency where it is new."""
        self._demand(instrument, Instrument, "instrument")
        currencies, symbols = self._directory.currencies, self._directory.symbols.names
        refused = instrument.symbol in symbols or len(symbols) >= self.capacity.instruments
        if instrument.currency not in currencies.names and not refused:  # a refusal must not leave a new currency
            self.define_currency(instrument.currency)
        currency = 1 if refused else currencies.id(instrument.currency)
        self._command(CommandType.DEFINE_INSTRUMENT, **instrument.definition(currency))
        self._directory.symbols.add(instrument.symbol)
        self._directory.instruments.append(instrument)

    def define_currency(self, currency: str) -> None:
        """Declare a currency."""
        name = check_name(currency, "currency").encode("ascii")
        self._command(CommandType.DEFINE_CURRENCY, cl_ord_id=name)
        self._directory.currencies.add(currency)

    def _declare_account(self, account: str) -> int:
        name = check_name(account, "account").encode("ascii")
        self._command(CommandType.DEFINE_ACCOUNT, cl_ord_id=name)
        return self._directory.accounts.add(account)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The declared accounts, in the order of declaration."""
        return tuple(self._directory.accounts.names)

    # ---- events

    def reports(self, after: int | None = None) -> ReportReader:
        """An iterator over reports: those after a sequence number, or (None) those from now on."""
        start = self._core.event_seq if after is None else check_int(after, "after", 0, 2**62)
        return ReportReader(self._core, self._directory, start)

    def event_view(self, after: int = 0) -> Any:
        """A read-only REPORT_DTYPE array over the ring itself (native: not copied), after a sequence number.

        It ends at the ring's edge: read on after its last `seq`. Delete it soon: while it lives, what would overwrite
        it is dropped and counted (metrics: events_dropped).
        """
        return self._core.view_events(check_int(after, "after", 0, 2**62))

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

        A callback that raises is warned about, and removed after three failures; it stops nobody else. What it commands
        runs at once, and is told of after what is waiting already. Raises TypeError, ValueError or UndeclaredError.
        Threads: any; callbacks run on the thread whose command made the news, or on one that is delivering already.
        """
        subscription = self._bus.subscribe(
            callback, exec_types=exec_types, report_types=report_types, account=account, symbol=symbol,
            capacity=capacity, policy=policy, after=after,
        )
        self._bus.deliver()
        return subscription

    @property
    def event_hash(self) -> int:
        """64-bit hash over every report so far."""
        return int(self._core.event_hash)

    def state_hash(self) -> int:
        """64-bit hash over the logical state; walks it, so its cost grows with what is held."""
        return int(self._core.state_hash())

    def metrics(self) -> dict[str, int]:
        """Counters by name."""
        return dict(self._core.metrics())

    # ---- one command

    def _command(self, kind: CommandType, **fields: int | bytes) -> None:
        """Run a command that has no order; RefusedError, naming field, value and bound, where it is refused."""
        report = self._run(kind, **fields)
        self._bus.deliver()
        if report is not None and report.report_type is ReportType.BUSINESS_REJECT:
            name = str(fields.get("cl_ord_id", b""), "ascii")  # type: ignore[arg-type]  # a definition's name is bytes
            row = report.row
            instrument = row.instrument if kind != CommandType.DEFINE_INSTRUMENT else 0
            text = reason_text(kind, row.reason, row.value, row.bound, instrument, self._directory)
            raise RefusedError(f"{kind.name}{name and ' '}{name} refused: {text}")

    def _ask(self, kind: CommandType, **fields: int | bytes) -> Report:
        """Run a command about an order; the report that answers it."""
        report = self._run(kind, **fields)
        self._bus.deliver()
        if report is None:
            raise LookupError(f"{kind.name} is done, but its answer was overwritten by what followed from it: raise "
                              "the capacity `events`")
        return report

    def _run(self, kind: CommandType, **fields: int | bytes) -> Report | None:
        """Run a command; the report that answers it; None where none is held."""
        answer = self._core.apply(CODECS[kind].pack(kind=kind, **fields), self._time())[1]
        return Report(REPORT_CODEC.unpack(answer), self._directory) if answer else None

    def _own(self, order: Order) -> Order:
        """An order of this core: another core's has the same numbers, and would name a stranger here."""
        self._demand(order, Order, "order")
        if not order.is_of(self._directory):
            raise ValueError(f"order {order.order_id} belongs to another core")
        return order

    def _time(self) -> int:
        now = self._clock()
        if isinstance(now, bool) or not isinstance(now, int):
            raise TypeError(f"clock must give int nanoseconds, not {type(now).__name__}")
        if not 0 <= now <= TIME_MAX:
            raise ValueError(f"clock gave {now} ns, outside 0 to {TIME_MAX}")
        return now

    @staticmethod
    def _demand(value: object, kind: type | tuple[type, ...], name: str) -> None:
        if not isinstance(value, kind):
            kinds = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
            raise TypeError(f"{name} must be a {kinds}, not {type(value).__name__}")


def check_names(names: object, what: str) -> None:
    """Refuses one name where an iterable of them is meant: its letters would be declared."""
    if isinstance(names, str):
        raise TypeError(f"{what} must be an iterable of names, not the str {names!r}")

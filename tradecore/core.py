"""TradingCore: the order path in order. Names, units and texts are dealt with here, at the edge; every change of
state is one command record for the backend, and everything that comes back is a report record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from ._backend import choose_backend
from .events import EventBus, Report, ReportReader
from .execution import SimulatedVenue
from .features import Features
from .fix import CommandType, ExecInst, OrdType, ReportType, Scope, Side, TimeInForce
from .handle import Order
from .instrument import MONEY_PRECISION, Instrument, Number, check_int, check_name, exact_sum, to_decimal, whole_units
from .names import Directory, UndeclaredError
from .order import (
    ACK_DTYPE,
    CODECS,
    COMMAND_DTYPES,
    MONEY_MAX,
    NO_PRICE,
    QTY_MAX,
    REPORT_CODEC,
    TIME_MAX,
    Capacity,
    as_bytes,
    encode_cl_ord_id,
)  # fmt: skip
from .position import Position, ProfitAndLoss
from .reasons import reason_text
from .risk import CheckResult, RiskLimits, check_rows, refused_rows
from .routing import Explanation, explain_order
from .validation import failures

_DEFINITIONS = [int(kind) for kind in CommandType if kind.name.startswith("DEFINE_")]


class RefusedError(ValueError):
    """A setting or a quote that the core refused; nothing was changed. An order is never refused this way."""


class TradingCore:
    """Orders in; validation, risk, routing, execution, positions; reports out. Deterministic: the same commands give
    the same reports and the same state hash, in either backend.

    `limits` is one RiskLimits for every account, or a mapping by account name. `clock` gives ns UTC and stamps what
    has no `transact_time`; the core itself never reads a clock. `backend` is native, python or auto; see Features too.
    Threads: any may call; one lock per core. Callbacks run on the thread whose command made the news.
    """

    def __init__(
        self,
        *,
        instruments: Iterable[Instrument] = (),
        venues: Iterable[SimulatedVenue] = (),
        accounts: Iterable[str] = (),
        limits: RiskLimits | Mapping[str, RiskLimits] | None = None,
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
        features: Features | None = None,
    ) -> None:
        self._demand(Capacity() if capacity is None else capacity, Capacity, "capacity")
        if not isinstance(limits, (RiskLimits, Mapping, type(None))):
            raise TypeError(f"limits must be RiskLimits or a mapping of them by account, not {type(limits).__name__}")
        if not callable(clock):
            raise TypeError(f"clock must be callable, not {type(clock).__name__}")
        if isinstance(accounts, str):
            raise TypeError(f"accounts must be an iterable of names, not the str {accounts!r}")
        chosen = choose_backend(backend)
        self.backend: str = chosen.name
        self.capacity: Capacity = capacity or Capacity()
        self._core: Any = chosen.pipeline.Core(self.capacity)
        self.features: Features = Features.of(features)
        self._clock, self._directory = clock, Directory()
        self._bus = EventBus(self._core, self._directory)
        for venue in venues:
            self.define_venue(venue)
        for instrument in instruments:
            self.define_instrument(instrument)
        for account in accounts:
            self.define_account(account)
        for account in self._directory.accounts.names if isinstance(limits, RiskLimits) else ():
            self.set_limits(limits, account=account)  # type: ignore[arg-type]  # the loop is empty otherwise
        for account, its_limits in limits.items() if isinstance(limits, Mapping) else ():
            self.set_limits(its_limits, account=account)

    # ---- definitions and settings

    def define_venue(self, venue: SimulatedVenue) -> None:
        """Declare a venue. RefusedError where the name is taken or the table is full."""
        self._demand(venue, SimulatedVenue, "venue")
        self._command(CommandType.DEFINE_VENUE, **venue.definition())
        self._directory.venues.add(venue.name)

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
        self._command(CommandType.DEFINE_CURRENCY, cl_ord_id=check_name(currency, "currency").encode("ascii"))
        self._directory.currencies.add(currency)

    def define_account(self, account: str, limits: RiskLimits | None = None) -> None:
        """Declare an account. Without limits, now or later, it can't trade: RISK_CONFIG_MISSING."""
        if limits is not None:
            self._demand_limits(limits)
        name = check_name(account, "account").encode("ascii")
        self._command(CommandType.DEFINE_ACCOUNT, cl_ord_id=name)
        self._directory.accounts.add(account)
        if limits is not None:
            self.set_limits(limits, account=account)

    def set_limits(self, limits: RiskLimits, *, account: str) -> None:
        """Set every rule of an account. Each rule is one command and one event."""
        self._demand_limits(limits)
        number = self._directory.accounts.id(account)
        for fields in self.features.apply(limits.rows()):
            self._command(CommandType.SET_LIMIT, account=number, **fields)

    def _demand_limits(self, limits: RiskLimits) -> None:
        self._demand(limits, RiskLimits, "limits")
        most = self.capacity.order_rate
        if limits.rows()[-1][1] > most:
            raise ValueError(f"order_rate {limits.order_rate!r} exceeds the capacity order_rate {most}")

    def engage_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None
    ) -> None:
        """Block new orders at once: of the firm, or of one account, symbol or venue. Cancels still get out."""
        self._switch(1, account, symbol, venue)

    def release_kill_switch(
        self, *, account: str | None = None, symbol: str | None = None, venue: str | None = None
    ) -> None:
        """Let orders through again; each scope is released by itself."""
        self._switch(0, account, symbol, venue)

    def _switch(self, engaged: int, account: str | None, symbol: str | None, venue: str | None) -> None:
        named = [
            (scope, names.id(name))
            for scope, names, name in (
                (Scope.ACCOUNT, self._directory.accounts, account),
                (Scope.INSTRUMENT, self._directory.symbols, symbol),
                (Scope.VENUE, self._directory.venues, venue),
            )
            if name is not None
        ]
        if len(named) > 1:
            raise ValueError("a kill switch acts on one scope: an account, a symbol, a venue, or none for the firm")
        scope, target = named[0] if named else (Scope.FIRM, 0)
        self._command(CommandType.KILL_SWITCH, scope=int(scope), target=target, engaged=engaged)

    def open_position(self, symbol: str, qty: Number, price: Number, *, account: str | None = None) -> None:
        """An opening position (signed, whole units) at a price: only where nothing is booked yet."""
        number, instrument = self._instrument(symbol)
        self._command(
            CommandType.OPENING_POSITION, instrument=number, account=self._account(account),
            position_qty=instrument.qty_lots(qty, "qty", low=-QTY_MAX), position_px=instrument.price_units(price),
        )  # fmt: skip

    def open_cash(self, currency: str, amount: Number, *, account: str | None = None) -> None:
        """Opening cash, added to what was opened before."""
        self._command(
            CommandType.OPENING_CASH, account=self._account(account), currency=self._directory.currencies.id(currency),
            amount=whole_units(amount, MONEY_PRECISION, "amount", MONEY_MAX),
        )  # fmt: skip

    # ---- market data

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:  # fmt: skip
        """Replace what a venue displays from outside; a side without a price is empty. RefusedError where it can't."""
        number, instrument = self._instrument(symbol)
        sides: dict[str, int] = {}
        for name, price, size in (("bid", bid, bid_size), ("ask", ask, ask_size)):
            if (price is None) != (size is None):
                raise ValueError(f"{name} {price!r} and {name}_size {size!r} go together: give both or neither")
            sides[f"{name}_px"] = 0 if price is None else instrument.price_units(price, name)
            sides[f"{name}_size"] = 0 if size is None else instrument.qty_lots(size, f"{name}_size")
        self._command(
            CommandType.QUOTE, instrument=number, venue=self._directory.venues.id(venue),
            transact_time=_check_time(transact_time), **sides,
        )  # fmt: skip

    def mark(self, symbol: str, price: Number) -> None:
        """What positions in a symbol are valued at from now on."""
        number, instrument = self._instrument(symbol)
        self._command(CommandType.MARK, instrument=number, mark_px=instrument.price_units(price))

    # ---- orders

    def submit(
        self, symbol: str, side: Side | str, qty: Number, price: Number | None = None, *, account: str | None = None,
        ord_type: OrdType | str | None = None, time_in_force: TimeInForce | str = TimeInForce.DAY,
        post_only: bool = False, cl_ord_id: str | int | bytes | None = None, venue: str | None = None,
        transact_time: int | None = None,
    ) -> Order:  # fmt: skip
        """Send one order down the whole path; the order that comes back is live.

        LIMIT where there is a price, else MARKET. `venue` directs it; otherwise it is routed. `account` may be left
        out where one is declared. A refusal is news: `ord_status` REJECTED with `reason` and `text`. Raises TypeError,
        ValueError or UndeclaredError for a wrong call, before anything changes. `transact_time` (ns UTC) also moves the
        core's clock, which follows the latest time it has seen and never goes back.
        """
        command = self._order(symbol, side, qty, price, account, ord_type, time_in_force, post_only, cl_ord_id, venue,
                              transact_time)  # fmt: skip
        order = Order(self._core.submit(command, self._time()), self._directory)
        self._bus.deliver()
        return order

    def check(
        self, symbol: str, side: Side | str, qty: Number, price: Number | None = None, *, account: str | None = None,
        ord_type: OrdType | str | None = None, time_in_force: TimeInForce | str = TimeInForce.DAY,
        post_only: bool = False, cl_ord_id: str | int | bytes | None = None, venue: str | None = None,
        transact_time: int | None = None,
    ) -> CheckResult:  # fmt: skip
        """Ask validation and risk what they would say to this order: every rule's value, limit, headroom and verdict.

        Changes no state. An order that is not well formed gets the validation failures alone. What only routing or
        a venue can say (no venue is up, a post-only order that would take) is not asked.
        """
        command = self._order(symbol, side, qty, price, account, ord_type, time_in_force, post_only, cl_ord_id, venue,
                              transact_time)  # fmt: skip
        mask, findings = self._core.check(command, self._time())
        instrument = self._instrument(symbol)[1]
        return CheckResult(refused_rows(failures(mask)) if mask else check_rows(findings, instrument))

    def _order(
        self, symbol: str, side: object, qty: Number, price: Number | None, account: str | None, ord_type: object,
        time_in_force: object, post_only: bool, cl_ord_id: str | int | bytes | None, venue: str | None,
        transact_time: int | None,
    ) -> bytes:  # fmt: skip
        number, instrument = self._instrument(symbol)
        if not isinstance(post_only, bool):
            raise TypeError(f"post_only must be a bool, not {type(post_only).__name__}")
        kind = OrdType.MARKET if price is None else OrdType.LIMIT
        if ord_type is not None:
            kind = OrdType.parse(ord_type, "ord_type")
            if kind is OrdType.MARKET and price is not None:
                raise ValueError(f"price {price!r}: a MARKET order has none")
        return CODECS[CommandType.NEW_ORDER].pack(
            kind=CommandType.NEW_ORDER, side=Side.parse(side, "side"), ord_type=kind,
            time_in_force=TimeInForce.parse(time_in_force, "time_in_force"),
            exec_inst=ExecInst.POST_ONLY if post_only else 0, instrument=number, account=self._account(account),
            venue=0 if venue is None else self._directory.venues.id(venue), transact_time=_check_time(transact_time),
            cl_ord_id=encode_cl_ord_id(cl_ord_id), order_qty=instrument.qty_lots(qty, low=-QTY_MAX),
            price=NO_PRICE if price is None else instrument.price_units(price),
        )  # fmt: skip

    def cancel(
        self, order: Order | None = None, *, cl_ord_id: str | int | bytes | None = None, order_id: int | None = None,
        transact_time: int | None = None,
    ) -> Report:  # fmt: skip
        """Ask to cancel an order, given as a handle or by one of its ids; returns the report that answers.

        An execution report (Canceled), or an order cancel reject with `cxl_rej_reason`.
        """
        given = [name for name, value in (("order", order), ("cl_ord_id", cl_ord_id), ("order_id", order_id))
                 if value is not None]  # fmt: skip
        if len(given) != 1:
            raise TypeError(f"cancel takes one of order, cl_ord_id and order_id, got {', '.join(given) or 'none'}")
        if order is not None:
            order_id = self._own(order).order_id
        if order_id is not None:
            check_int(order_id, "order_id", 1)
        report = self._run(CommandType.CANCEL, order_id=order_id or 0, orig_cl_ord_id=encode_cl_ord_id(cl_ord_id),
                           transact_time=_check_time(transact_time))  # fmt: skip
        assert report is not None, "every cancel is answered"
        self._bus.deliver()
        return report

    def submit_batch(self, commands: Any, *, transact_time: int | None = None, timed: bool = False) -> Any:
        """Run an array of command records (ORDER_DTYPE and its kin, see tradecore.order); one ACK_DTYPE row each.

        Ids stand for names: `ids("AAPL")`. Records without transact_time are stamped once for the batch. A record
        that can't be is refused with a report of its own; the others run. Definitions are refused as a whole: they
        go through `define_...`. `timed` fills `latency()`. Raises TypeError or ValueError before anything ran.
        """
        if not isinstance(commands, np.ndarray):
            raise TypeError(f"commands must be a NumPy array of command records, not {type(commands).__name__}")
        if commands.dtype not in COMMAND_DTYPES.values() or commands.ndim != 1:
            raise ValueError("commands must be a one-dimensional array of a command dtype such as "
                             f"tradecore.ORDER_DTYPE; got shape {commands.shape} of {commands.dtype}")
        commands = np.ascontiguousarray(as_bytes(commands)).view(commands.dtype)
        defining = np.isin(commands["kind"], _DEFINITIONS)
        if defining.any():
            row = int(np.argmax(defining))
            kind = CommandType(int(commands["kind"][row]))
            raise ValueError(f"row {row}: kind {kind.name} goes through define_...()")
        now = _check_time(transact_time) or self._time()
        acks = np.zeros(len(commands), ACK_DTYPE)
        # With subscribers, in pieces: each piece's reports are copied out of the ring before the next can overwrite
        # them, and the callbacks run after the whole batch.
        step = max(1, self.capacity.events // 8) if self._bus.has_subscribers else max(1, len(commands))
        for at in range(0, len(commands), step):
            self._core.run(commands[at : at + step], acks[at : at + step], now, timed or self.features.stage_timers)
            self._bus.collect()
        self._bus.deliver()
        return acks

    def ids(self, symbol: str | None = None, *, account: str | None = None, venue: str | None = None) -> int:
        """The small id of one declared name, for the columns of a batch."""
        if symbol is not None:
            return self._directory.symbols.id(symbol)
        if account is not None:
            return self._directory.accounts.id(account)
        return self._directory.venues.id(venue)

    # ---- reading

    @property
    def accounts(self) -> tuple[str, ...]:
        """The declared accounts, in the order of declaration."""
        return tuple(self._directory.accounts.names)

    def order(self, *, order_id: int | None = None, cl_ord_id: str | int | bytes | None = None) -> Order:
        """A live handle to an order by either id. Raises LookupError where there is none or it was evicted."""
        if (order_id is None) == (cl_ord_id is None):
            raise TypeError("order() takes one of order_id and cl_ord_id")
        if order_id is None:
            order_id = self._core.find_order_id(encode_cl_ord_id(cl_ord_id))
            if not order_id:
                raise LookupError(f"no order has cl_ord_id {cl_ord_id!r}")
        check_int(order_id, "order_id", 1)
        return Order(self._core.order(order_id), self._directory)

    def position(self, symbol: str, account: str | None = None) -> Position:
        """One instrument in one account, as it is now."""
        number, instrument = self._instrument(symbol)
        account_id = self._account(account)
        name = self._directory.accounts.names[account_id - 1]
        return Position(instrument, name, self._core.position(number, account_id), self._core.mark_price(number))

    def pnl(self, account: str | None = None) -> list[ProfitAndLoss]:
        """An account's P&L by currency. Raises ValueError where an open position has no mark."""
        number = self._account(account)
        name = self._directory.accounts.names[number - 1]
        sums = {currency: [to_decimal(0, 0)] * 3 for currency in self._directory.currencies.names}
        for instrument in self._directory.instruments:
            position = self.position(instrument.symbol, name)
            figures = position.realized_pnl, position.unrealized_pnl, position.fees
            total = sums[instrument.currency]
            sums[instrument.currency] = [exact_sum(*pair) for pair in zip(total, figures, strict=True)]
        return [ProfitAndLoss(name, currency, *total) for currency, total in sums.items()]

    def cash(self, currency: str, account: str | None = None) -> Decimal:
        """An account's cash in a currency: what was opened, plus what trades brought in, less what they cost and fees.

        An opening position counts as bought at its price.
        """
        account_id, currency_id = self._account(account), self._directory.currencies.id(currency)
        total = to_decimal(self._core.opening_cash(account_id, currency_id), MONEY_PRECISION)
        for number, instrument in enumerate(self._directory.instruments, 1):
            if instrument.currency == currency:
                row = self._core.position(number, account_id)
                fees = to_decimal(-row.fees, MONEY_PRECISION)
                total = exact_sum(total, instrument.money(row.realised - row.cost), fees)
        return total

    def explain(self, order: Order) -> Explanation:
        """Why an order went where it went: each venue's price, fee and all-in price when it was routed.

        Raises LookupError where the ranking is no longer held (capacity `decisions`).
        """
        row = self._own(order).row
        terms = self._core.decision(row.decision) if row.decision > 0 else []
        return explain_order(row, terms, self._directory)

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

    def latency(self) -> dict[str, tuple[int, float, float, float, float]]:
        """(count, P50, P99, P99.9, max) in ns by stage, of the batches that ran `timed`."""
        return dict(self._core.latency())

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

    def subscribe(self, callback: Callable[[Report], object]) -> Callable[[], None]:
        """Call back with every report from now on, after the command (or the batch) that made it. Returns the undo.

        A callback that raises is warned about, and removed after three failures; it stops nobody else. Reports that
        one command makes beyond the capacity `events` are overwritten before they can be delivered, with a warning.
        """
        return self._bus.subscribe(callback)

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

    def _run(self, kind: CommandType, **fields: int | bytes) -> Report | None:
        """Run a command; the first report that it made, which is its answer; None where none is held."""
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

    def _instrument(self, symbol: str) -> tuple[int, Instrument]:
        number = self._directory.symbols.id(symbol)
        return number, self._directory.instruments[number - 1]

    def _account(self, account: str | None) -> int:
        if account is None:
            names = self._directory.accounts.names
            if len(names) != 1:
                raise UndeclaredError(f"account must be named where {len(names)} are declared")
            return 1
        return self._directory.accounts.id(account)

    @staticmethod
    def _demand(value: object, kind: type, name: str) -> None:
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {kind.__name__}, not {type(value).__name__}")


def _check_time(value: int | None) -> int:
    """A transact_time, or 0 for "stamp it"."""
    return 0 if value is None else check_int(value, "transact_time", 1, TIME_MAX)

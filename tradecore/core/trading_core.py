"""TradingCore: the order path in order. Orders, market data, limits and venues by their names; requests, what venues
report, sessions and positions have faces of their own, which it puts together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Unpack

import numpy as np

from ..execution.routing import Explanation, explain_order
from ..execution.venue_reports import VenueFace
from ..execution.venues import ExternalVenue, SimulatedVenue, Venue
from ..orders.order import Order
from ..orders.orders import OrdersFace
from ..orders.ticket import OrderTerms, pack_order
from ..orders.validation import failures
from ..positions.position import ProfitAndLoss
from ..positions.positions import LedgerFace
from ..risk.limits import CheckResult, RiskLimits, check_rows, refused_rows
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, Scope
from ..vocabulary.features import Features
from ..vocabulary.fix import Side
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import ACK_DTYPE, COMMAND_DTYPES, COMMAND_SIZE, MONEY_MAX, QTY_MAX
from ..vocabulary.units import MONEY_PRECISION, Number, check_time, exact_sum, to_decimal, whole_units
from .gate import check_names
from .trading_day import SessionsFace

_RECORD = np.dtype(f"V{COMMAND_SIZE}")
_DEFINITIONS = [int(kind) for kind in CommandType if kind.name.startswith("DEFINE_")]


class TradingCore(OrdersFace, VenueFace, SessionsFace, LedgerFace):
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
        venues: Iterable[Venue] = (),
        accounts: Iterable[str] = (),
        limits: RiskLimits | Mapping[str, RiskLimits] | None = None,
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
        features: Features | None = None,
    ) -> None:
        if not isinstance(limits, (RiskLimits, Mapping, type(None))):
            raise TypeError(f"limits must be RiskLimits or a mapping of them by account, not {type(limits).__name__}")
        check_names(accounts, "accounts")
        super().__init__(capacity, clock, backend)
        self.features: Features = Features.of(features)
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

    def define_venue(self, venue: Venue) -> None:
        """Declare a venue. RefusedError where the name is taken or the table is full."""
        self._demand(venue, (SimulatedVenue, ExternalVenue), "venue")
        self._command(CommandType.DEFINE_VENUE, **venue.definition())
        self._directory.venues.add(venue.name)

    def define_account(self, account: str, limits: RiskLimits | None = None) -> None:
        """Declare an account. Without limits, now or later, it can't trade: RISK_CONFIG_MISSING."""
        if limits is not None:
            self._demand_limits(limits)
        self._declare_account(account)
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
        number, instrument = self._directory.find_instrument(symbol)
        self._command(
            CommandType.OPENING_POSITION, instrument=number, account=self._directory.find_account(account),
            position_qty=instrument.qty_lots(qty, "qty", low=-QTY_MAX), position_px=instrument.price_units(price),
        )

    def open_cash(self, currency: str, amount: Number, *, account: str | None = None) -> None:
        """Opening cash, added to what was opened before."""
        self._command(
            CommandType.OPENING_CASH, account=self._directory.find_account(account),
            currency=self._directory.currencies.id(currency),
            amount=whole_units(amount, MONEY_PRECISION, "amount", MONEY_MAX),
        )

    # ---- market data

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """Replace what a venue displays from outside; a side without a price is empty. RefusedError where it can't."""
        number, instrument = self._directory.find_instrument(symbol)
        sides: dict[str, int] = {}
        for name, price, size in (("bid", bid, bid_size), ("ask", ask, ask_size)):
            if (price is None) != (size is None):
                raise ValueError(f"{name} {price!r} and {name}_size {size!r} go together: give both or neither")
            sides[f"{name}_px"] = 0 if price is None else instrument.price_units(price, name)
            sides[f"{name}_size"] = 0 if size is None else instrument.qty_lots(size, f"{name}_size")
        self._command(
            CommandType.QUOTE, instrument=number, venue=self._directory.venues.id(venue),
            transact_time=check_time(transact_time), **sides,
        )

    def mark(self, symbol: str, price: Number) -> None:
        """What positions in a symbol are valued at from now on."""
        number, instrument = self._directory.find_instrument(symbol)
        self._command(CommandType.MARK, instrument=number, mark_px=instrument.price_units(price))

    # ---- orders

    def submit(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """Send one order down the whole path; the order that comes back is live. `terms`: see OrderTerms.

        LIMIT where there is a price, else MARKET, or as the terms say. `venue` directs it; otherwise it is routed.
        `account` may be left out where one is declared. A refusal is news: `ord_status` REJECTED with `reason` and
        `text`. The same order again under the same `cl_ord_id` makes no second one: the first comes back. Raises
        TypeError, ValueError or UndeclaredError for a wrong call, before anything changes. `transact_time` (ns UTC)
        also moves the core's clock, which follows the latest time it has seen and never goes back.
        """
        command = pack_order(self._directory, symbol, side, qty, price, **terms)
        order = Order(self._core.submit(command, self._time()), self._directory)
        self._bus.deliver()
        return order

    def check(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> CheckResult:
        """Ask validation and risk what they would say to this order: every rule's value, limit, headroom and verdict.
        The arguments are those of `submit`.

        Changes no state. An order that is not well formed gets the validation failures alone. What only routing or
        a venue can say (no venue is up, a post-only order that would take) is not asked.
        """
        command = pack_order(self._directory, symbol, side, qty, price, **terms)
        mask, findings = self._core.check(command, self._time())
        instrument = self._directory.find_instrument(symbol)[1]
        return CheckResult(refused_rows(failures(mask)) if mask else check_rows(findings, instrument))

    def submit_batch(self, commands: Any, *, transact_time: int | None = None, timed: bool = False) -> Any:
        """Run an array of command records (ORDER_DTYPE and its kin); one ACK_DTYPE row each.

        Ids stand for names: `ids("AAPL")`. Records without transact_time are stamped once for the batch. A record
        that can't be is refused with a report of its own; the others run. Definitions are refused as a whole: they
        go through `define_...`. `timed` fills `latency()`. Raises TypeError or ValueError before anything ran.
        Callbacks hear of it after the whole batch: a batch that makes more reports than a subscription's `capacity` is
        more than it can hold.
        """
        if not isinstance(commands, np.ndarray):
            raise TypeError(f"commands must be a NumPy array of command records, not {type(commands).__name__}")
        if commands.dtype not in COMMAND_DTYPES.values() or commands.ndim != 1:
            raise ValueError("commands must be a one-dimensional array of a command dtype such as "
                             f"tradecore.ORDER_DTYPE; got shape {commands.shape} of {commands.dtype}")
        # As bytes: a copy by fields would lose what a record of another kind has where this dtype has none.
        commands = np.ascontiguousarray(commands.view(_RECORD)).view(commands.dtype)
        defining = np.isin(commands["kind"], _DEFINITIONS)
        if defining.any():
            row = int(np.argmax(defining))
            kind = CommandType(int(commands["kind"][row]))
            raise ValueError(f"row {row}: kind {kind.name} goes through define_...()")
        now = check_time(transact_time) or self._time()
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

    def pnl(self, account: str | None = None) -> list[ProfitAndLoss]:
        """An account's P&L by currency. Raises ValueError where an open position has no mark."""
        number = self._directory.find_account(account)
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
        account_id, currency_id = self._directory.find_account(account), self._directory.currencies.id(currency)
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

    def latency(self) -> dict[str, tuple[int, float, float, float, float]]:
        """(count, P50, P99, P99.9, max) in ns by stage, of the batches that ran `timed`."""
        return dict(self._core.latency())

"""TradingCore: the order path in order, around one gate. What everybody calls is here; what belongs to one engine is on
that engine: `risk`, `execution`, `positions`, `orders`.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from ..execution.execution_engine import ExecutionEngine
from ..execution.routing import Explanation, explain_order
from ..execution.venues import Venue
from ..orders.order import Order
from ..orders.orders import Orders, demand_own
from ..orders.ticket import OrderTerms
from ..positions.position import ProfitAndLoss
from ..positions.positions import Positions
from ..risk.callables import ASKED_KINDS, demand_none
from ..risk.limits import CheckResult, RiskLimits
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, MarketState, Route
from ..vocabulary.currency import Currency, read_currencies
from ..vocabulary.features import Features
from ..vocabulary.fix import Side
from ..vocabulary.identifiers import check_names
from ..vocabulary.instrument import Instrument
from ..vocabulary.records import ACK_DTYPE, COMMAND_DTYPES, COMMAND_SIZE, REQUEST_PREFIX
from ..vocabulary.units import Number, check_bool
from .order_system import OrderSystem
from .risk_engine import RiskEngine, demand_limits
from .smart_order_router import SmartOrderRouter

if TYPE_CHECKING:
    from .flattening import Flattening

_RECORD = np.dtype(f"V{COMMAND_SIZE}")
_DEFINITIONS = [int(kind) for kind in CommandType if kind.name.startswith("DEFINE_")]


def make_acks(count: int) -> Any:
    """An array for a batch's acks, of which each record writes its own; `report_type` says which have."""
    acks = np.empty(count, ACK_DTYPE)
    acks["report_type"] = 0
    return acks


def check_acks(out: Any, count: int) -> Any:
    """The array for a batch's acks, zeroed. Raises TypeError or ValueError."""
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out must be a NumPy array of ACK_DTYPE, not {type(out).__name__}")
    if out.dtype != ACK_DTYPE or out.shape != (count,) or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a contiguous, writable array of {count} rows of ACK_DTYPE; got shape "
                         f"{out.shape} of {out.dtype}")
    out[:] = 0
    return out


class TradingCore(OrderSystem):
    """Orders in; validation, risk, routing, execution, positions; reports out. Deterministic: the same commands give
    the same reports and the same state hash, in either backend.

    `currencies` need naming where their money is not counted in 9 decimals: Currency("BTC", decimals=12).
    `limits` is one RiskLimits for every account, or a mapping by account name. `clock` gives ns UTC and stamps what
    we have given no `transact_time`; it alone moves the core's time (see `clock_tick`); the core never reads a clock.
    `backend` is native, python or auto; see Features too. `request_prefix` (1 to 32 characters) begins the ClOrdIDs
    that the core makes for what it sends to external venues under no other: "TC-20261128-7", unique in a day and, by
    their date, among days; say another where two cores have a venue in common, or one begins anew within a day.
    Threads: any may call; one lock per core. Callbacks run on the thread whose command made the news.
    """

    def __init__(
        self,
        *,
        instruments: Iterable[Instrument] = (),
        venues: Iterable[Venue] = (),
        accounts: Iterable[str] = (),
        currencies: Iterable[str | Currency] = (),
        limits: RiskLimits | Mapping[str, RiskLimits] | None = None,
        capacity: Capacity | None = None,
        clock: Callable[[], int] = time.time_ns,
        backend: str | None = None,
        features: Features | None = None,
        request_prefix: str = REQUEST_PREFIX,
    ) -> None:
        demand_limits(limits)
        check_names(accounts, "accounts")
        declared = read_currencies(currencies)
        super().__init__(capacity, clock, backend, request_prefix)
        self.features: Features = Features.of(features)
        self.risk: RiskEngine = RiskEngine.of(self, self.features)
        self.execution: ExecutionEngine = ExecutionEngine(self._gate, SmartOrderRouter.of(self))
        self.orders: Orders = self._orders
        self.positions: Positions = self._positions
        for currency in declared:
            self.define_currency(currency)
        for venue in venues:
            self.execution.define_venue(venue)
        for instrument in instruments:
            self.define_instrument(instrument)
        for account in accounts:
            self.define_account(account)
        self.risk._set_every(limits)
        self._open_door("submit", "check", "quote", "mark", "cancel", "replace")

    # ---- definitions and settings

    def define_account(self, account: str, limits: RiskLimits | None = None, *, group: str = "") -> None:
        """Declare an account. Without limits, now or later, it can't trade: RISK_CONFIG_MISSING. `group`: limits may be
        on the group of accounts that it is in from now on."""
        self.risk.define_account(account, limits, group=group)

    # ---- market data

    def quote(
        self, venue: str, symbol: str, *, bid: Number | None = None, bid_size: Number | None = None,
        ask: Number | None = None, ask_size: Number | None = None, transact_time: int | None = None,
    ) -> None:
        """Replace what a venue displays from outside; a side without a price is empty. RefusedError where it can't.
        `transact_time` (ns UTC) is the feed's own: data, which moves no clock."""
        self._door.quote(venue, symbol, bid=bid, bid_size=bid_size, ask=ask, ask_size=ask_size,
                         transact_time=transact_time)

    def trade_print(
        self, symbol: str, price: Number, size: Number, venue: str | None = None, aggressor: Side | str | None = None,
        *, transact_time: int | None = None,
    ) -> None:
        """A trade that the market printed: the last trade from now on. It triggers what watches that price, and fills
        what rests at a simulated `venue` by the rule that the venue declares (`print_fills`).

        `venue` None: a print of the whole market, which fills nothing. `aggressor` BUY or SELL is who took; None where
        the feed does not say. A price may lie between ticks. RefusedError where the print can't be; TypeError,
        ValueError or UndeclaredError for a wrong call. `transact_time` as of a quote. Threads: any.
        """
        self._door.trade_print(symbol, price, size, venue, aggressor, transact_time=transact_time)

    def mark(self, symbol: str, price: Number) -> None:
        """What positions in a symbol are valued at from now on."""
        self._door.mark(symbol, price)

    # ---- orders

    def submit(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> Order:
        """Send one order down the whole path; the order that comes back is live. `terms`: see OrderTerms.

        LIMIT where there is a price, else MARKET, or as the terms say. `venue` directs it; otherwise it is routed.
        `account` may be left out where one is declared. A refusal is news: `ord_status` REJECTED with `reason` and
        `text`, a price off the tick at every precision too. The same order again under the same `cl_ord_id` makes no
        second one: the first comes back. Raises
        TypeError, ValueError or UndeclaredError for a wrong call, before anything changes. `transact_time` (ns UTC)
        stands for the `clock`: it moves the core's time, forwards, by at most Capacity(clock_step); further ahead it is
        refused (CLOCK_STEP).
        """
        return self._door.submit(symbol, side, qty, price, **terms)

    def flatten(self, *, account: str | None = None, symbol: str) -> Flattening:
        """Close a position: the list of the orders that were sent, in the order in which they were.

        First what works on the closing side is canceled. Then MARKET orders that may only reduce go out, routed, each
        as large as the account's MAX_ORDER_QTY and MAX_ORDER_NOTIONAL and the instrument allow, and where
        DUPLICATE_ORDER is limited no two of the same size, until nothing is left or one ends without trading whole: the
        last one tells why. What an external venue has not given back yet may still trade there, and is left out: its
        orders are `awaits`, and once the venue has answered, the list grows by what is then left, without another call.
        `done` when nothing is to come; `left` is what is open of the position; `stop()` sends no more. It is a sequence
        of commands like any other: others may come between. Raises TypeError or UndeclaredError. Threads: any.
        """
        from .flattening import Flattening  # when it is first needed

        return Flattening(self, account, symbol)

    def check(
        self, symbol: str, side: Side | str, qty: Number | None = None, price: Number | None = None,
        **terms: Unpack[OrderTerms],
    ) -> CheckResult:
        """Ask validation and risk what they would say to this order: every rule's value, limit, headroom and verdict.
        The arguments are those of `submit`. Where a report of its account and instrument lies in `unbooked()`, it is
        named too (UNBOOKED_TRADE, its number), as what refuses or as what lets an exit pass.

        Changes no state. An order that is not well formed gets the validation failures alone. What only routing or
        a venue can say (no venue is up, a post-only order that would take) is not asked, and no override: what one lets
        pass is told as refused.
        """
        return self._door.check(symbol, side, qty, price, **terms)

    def check_batch(self, orders: Any, *, together: bool = False) -> Any:
        """Ask validation and risk about an ORDER_DTYPE array of NEW_ORDER records: an ANSWER_DTYPE row each, alone or
        together as one basket. Changes no state. See RiskEngine.check_batch."""
        return self.risk.check_batch(orders, together=together)

    def check_findings(self, orders: Any, *, together: bool = False) -> list[CheckResult]:
        """What `check` says of each order of `check_batch`. Changes no state. See RiskEngine.check_findings."""
        return self.risk.check_findings(orders, together=together)

    def prepare(self, symbol: str, side: Side | str, **terms: Unpack[OrderTerms]) -> Callable[..., Order]:
        """An order whose symbol, side and terms are fixed: call what comes back with quantity and price, and if need be
        a `cl_ord_id` and a `transact_time`, as often as you like. Each call is a `submit` of its own.

        The cheapest way to send one order after another. Raises what `submit` raises, here for the terms and there for
        the rest.
        """
        return self._door.prepare(symbol, side, terms, self.submit, self._compiled)

    def submit_batch(
        self, commands: Any, *, transact_time: int | None = None, timed: bool = False, out: Any = None
    ) -> Any:
        """Run an array of command records (ORDER_DTYPE and its kin); one ACK_DTYPE row each.

        Ids stand for names: `ids("AAPL")`. Records of ours without transact_time, and what venues and feeds tell, are
        stamped once for the batch, by `transact_time` or the `clock`. A record that can't be is refused with a report
        of its own; the others run. Definitions are refused as a whole: they go through `define_...`. `timed` fills
        `latency()`. Raises TypeError or ValueError before anything ran.
        Callbacks hear of it after the whole batch: a batch that makes more reports than a subscription's `capacity` is
        more than it can hold.

        It runs over its own copy, in chunks of at most 256 records; between two of them other threads' calls get in,
        and signals are looked at. Where a handler raises (Ctrl-C), what has run by then stays: those records have acks
        in `out`, an ACK_DTYPE array of as many rows that you gave; of the rest `report_type` is 0. The exception's note
        says how many. Threads: any; whoever writes `commands` meanwhile changes what is taken, or not, nothing else.
        """
        if not isinstance(commands, np.ndarray):
            raise TypeError(f"commands must be a NumPy array of command records, not {type(commands).__name__}")
        if commands.dtype not in COMMAND_DTYPES.values() or commands.ndim != 1:
            raise ValueError("commands must be a one-dimensional array of a command dtype such as "
                             f"tradecore.ORDER_DTYPE; got shape {commands.shape} of {commands.dtype}")
        # As bytes: a copy by fields would lose what a record of another kind has where this dtype has none.
        commands = np.ascontiguousarray(commands.view(_RECORD)).view(commands.dtype)
        kinds = np.bincount(commands["kind"], minlength=256)  # one pass over them; a mask for each question takes five
        if kinds[ASKED_KINDS].any():  # what it finds too late is refused all the same: seal_batches
            demand_none(self._gate.asked, "submit_batch")
        if kinds[_DEFINITIONS].any():
            row = int(np.argmax(np.isin(commands["kind"], _DEFINITIONS)))
            kind = CommandType(int(commands["kind"][row]))
            raise ValueError(f"row {row}: kind {kind.name} goes through define_...()")
        now = self._gate.names.stamp(transact_time) or self._gate.time()
        acks = make_acks(len(commands)) if out is None else check_acks(out, len(commands))
        # With subscribers it stops where reports that one of them wants must be copied out of the ring before they can
        # be overwritten; the callbacks run after the whole batch.
        core, bus, done = self._gate.core, self._gate.bus, 0
        timed = check_bool(timed, "timed") or self.features.stage_timers
        try:
            while done < len(commands):
                done += core.run(commands[done:], acks[done:], now, timed, True, bus.has_subscribers)
                bus.collect()
        except BaseException as error:
            error.add_note(f"submit_batch: {np.count_nonzero(acks['report_type'])} of {len(acks)} records have run")
            raise
        finally:
            self._gate.bus.deliver()
        return acks

    def ids(self, symbol: str | None = None, *, account: str | None = None, venue: str | None = None) -> int:
        """The small id of one declared name, for the columns of a batch."""
        return self._gate.names.ids(symbol, account, venue)

    # ---- reading

    def pnl(self, account: str | None = None) -> list[ProfitAndLoss]:
        """An account's P&L by currency. Raises ValueError where an open position has no mark."""
        return self.positions.pnl(account)

    def explain(self, order: Order) -> Explanation:
        """Why an order went where it went: each venue's price, fee and all-in price when it was routed, what it was
        given, and why not more; of a part, by the decision that made it; why it went nowhere, where it was refused (a
        limit, a report in `unbooked()`). What one that waits is waiting for, the price that it watches and what that
        is now, is in `waits`.

        Raises LookupError where the ranking is no longer held (capacity `decisions`).
        """
        row = demand_own(order, self._gate).row
        terms = self._gate.core.decision(row.decision) if row.decision > 0 else []
        divided = row.parent or (row.order_id if row.route == Route.SPLIT else 0)
        children = [self._gate.order(child).row for child in self._gate.core.children(divided)] if divided else []
        watched = self._gate.core.watched(row.order_id)
        told = explain_order(row, terms, children, self._gate.names, watched, order.text)
        return told._replace(market=MarketState(self._gate.core.decision_market(row.decision)))

    def latency(self) -> dict[str, tuple[int, float, float, float, float]]:
        """(count, P50, P99, P99.9, max) in ns by stage, of the batches that ran `timed`."""
        return dict(self._gate.core.latency())


def _tell_terms() -> None:
    """`help(core.submit)` tells the terms too: they are keywords, so the signature shows only their name."""
    each = "\n".join(f"    {name}: {kind}" for name, kind in inspect.get_annotations(OrderTerms).items())
    terms = None if OrderTerms.__doc__ is None else f"{inspect.getdoc(OrderTerms)}\n\nTerms:\n{each}"
    for method in (TradingCore.submit, TradingCore.check):
        if method.__doc__ is not None and terms is not None:  # python -OO has none
            method.__doc__ = f"{inspect.getdoc(method)}\n\n{terms}"


_tell_terms()

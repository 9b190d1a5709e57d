"""What may be asked of a core in plain Python: each answer is of one moment. It decides nothing."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np

from tradecore.vocabulary.codes import CommandType, Scope, TradingState
from tradecore.vocabulary.histogram import STAGES, percentiles
from tradecore.vocabulary.records import ANSWER_DTYPE, BASKET_MAX, CODECS, NO_PRICE
from tradecore.vocabulary.rows import (
    Finding,
    HealthFacts,
    LimitFacts,
    OrderRow,
    OverrideFacts,
    PositionRow,
    PriceLimitFacts,
    StaleOrderError,
    SwitchFacts,
    Term,
    TradeRow,
    UnbookedRow,
    VenueFacts,
    evicted,
)

from ..execution.routing import UNSEEN, ranking_of
from ..orders.notes import find_note
from ..orders.open_orders import find_open
from ..orders.order_table import Orders
from ..orders.trades import find_execution
from ..positions.costs import mark_of, position_of
from ..risk.day_pnl import opened_amount
from ..risk.holds import exposure_of
from ..risk.usage import measure_row
from ..vocabulary.instrument import BUY, SELL
from ..vocabulary.shell import Records, demand, int64, open_batch, open_command
from ..vocabulary.texts import find_text, text_of_id
from .corrections import find_told_trade
from .exchange_limits import told_limits
from .lifetimes import count_lifetimes
from .listings import money_of, read_order
from .questions import answer_batch, answer_question
from .request_ids import owner_of
from .state import State
from .statehash import hash_state
from .turnstile import Turnstile, asked

_NEW_ORDER = int(CommandType.NEW_ORDER)


class OrderHandle:
    """A live handle to one order. It holds the core's tables, not the core; eviction makes it stale."""

    __slots__ = ("_orders", "_turnstile", "order_id")

    def __init__(self, orders: Orders, order_id: int, turnstile: Turnstile) -> None:
        self._orders, self.order_id, self._turnstile = orders, order_id, turnstile

    def row(self) -> OrderRow:
        """The order's facts now. Raises StaleOrderError once the order is evicted. Threads: any."""
        row: OrderRow = self._turnstile.ask(self._read)
        return row

    def _read(self) -> OrderRow:
        o = self._orders.by_id.get(self.order_id)
        if o is None:
            raise evicted(self.order_id, self._orders.history_size, self._orders.reject_size)
        return read_order(o)


class Readers:
    """What may be asked of a core. Threads: any may ask; each answer is of one moment."""

    _state: State
    _turnstile: Turnstile

    def _hold(self, order_id: int) -> OrderHandle:
        if order_id not in self._state.orders.by_id:
            raise StaleOrderError(f"order {order_id} is not held: it never was, or it was evicted")
        return OrderHandle(self._state.orders, order_id, self._turnstile)

    @asked
    def order(self, order_id: int) -> OrderHandle:
        """A handle to an order. Raises LookupError where there is none, or it is evicted."""
        return self._hold(order_id)

    @asked
    def open_orders(self, instrument: int, account: int) -> list[OrderHandle]:
        """Handles to what is open, oldest first; instrument or account 0 is any.

        Open is what can still trade, and what has a request that its venue has not answered.
        """
        return [OrderHandle(self._state.orders, order.order_id, self._turnstile)
                for order in find_open(self._state.open_orders, instrument, account, 0, 0)]

    @asked
    def children(self, order_id: int) -> list[OrderHandle]:
        """Handles to the parts that an order was divided into and that are held, oldest first."""
        held = (order.order_id for order in self._state.orders.by_id.values() if order.parent == order_id > 0)
        return [OrderHandle(self._state.orders, number, self._turnstile) for number in sorted(held)]

    @asked
    def trades(self, instrument: int, account: int) -> list[TradeRow]:
        """The trades that the log still holds, oldest first, as they are now; instrument or account 0 is any."""
        trades = (row.row for row in self._state.trades.rows if row.trade is None)
        return [row for row in trades if instrument in (0, row.instrument) and account in (0, row.account)]

    @asked
    def find_trade(self, venue: int, instrument: int, side: int, venue_exec_id: int) -> TradeRow | None:
        """The trade that an external venue's exec_id is about (its own, a bust's or a correction's), or None: none is
        held, or several are. Instrument or side 0 is any."""
        trade = find_told_trade(self._state, venue, instrument, side, venue_exec_id)
        return None if trade is None else trade.row

    @asked
    def venue_exec_id(self, exec_id: int) -> int:
        """The id that an external venue gave the execution with the core's own number; 0 where the log has none."""
        row = find_execution(self._state.trades, exec_id)
        return 0 if row is None else row.venue_exec_id

    @asked
    def execution(self, exec_id: int) -> TradeRow | None:
        """The trade that the core's number is about, its `reported_currency` that number's; None where none is held."""
        row = find_execution(self._state.trades, exec_id)
        trade = None if row is None else row.trade or row
        return trade.row._replace(reported_currency=row.reported_currency) if row and trade and trade.is_held else None

    @asked
    def note(self, number: int) -> bytes:
        """A free text by its number; empty where it is not held."""
        found = find_note(self._state.notes, number)
        return b"" if found is None else found.text

    @asked
    def note_of(self, seq: int) -> bytes:
        """The free text that a report tells, by its sequence number; empty where it is not held."""
        return next((note.text for note in reversed(self._state.notes.rows) if note.seq == seq), b"")

    @asked
    def unbooked(self) -> list[UnbookedRow]:
        """What lies unbooked, oldest first."""
        return [UnbookedRow(r.number, r.time, r.order_id, r.reason, r.value, r.bound, r.instrument, r.account,
                            CODECS[r.said.kind].pack(**r.said._asdict()), r.note)
                for r in self._state.unbooked.rows.values()]

    @asked
    def charges(self, account: int, currency: int) -> int:
        """The fees of an account, 0 is suspense, in a currency that is not their instruments', in its money units."""
        return money_of(self._state, self._state.ledger.charges, account, currency, 0)

    @asked
    def find_order_id(self, cl_ord_id: int) -> int:
        """The order_id that first used a ClOrdID, or that is open under one of the core's that had no room; else 0."""
        return owner_of(self._state, 0, cl_ord_id)

    @asked
    def find_text(self, text: bytes) -> int:
        """The number of an id's or a name's text; 0 where it has none yet (INTERN gives it one)."""
        return find_text(self._state.texts, text)

    @asked
    def text_of(self, number: int) -> str:
        """An id or a name as text, an integer's in decimal; empty for none."""
        return text_of_id(self._state.texts, number)

    def _demand_instrument(self, instrument: int) -> None:
        if instrument not in self._state.instruments:
            raise LookupError(f"instrument {instrument} is not 1 to {len(self._state.instruments)}")

    def _demand(self, instrument: int, account: int) -> None:
        self._demand_instrument(instrument)
        if account not in self._state.accounts:
            raise LookupError(f"account {account} is not 1 to {len(self._state.accounts)}")

    @asked
    def position(self, instrument: int, account: int) -> PositionRow:
        """The ledger row and the holds of one instrument in one account."""
        self._demand(instrument, account)
        p, e = position_of(self._state.ledger, instrument, account), exposure_of(self._state.risk, instrument, account)
        return PositionRow(p.qty, p.cost, p.realised, p.fees, e.working_buy, e.working_sell,
                           opened_amount(self._state.risk.pnl, instrument, account))

    @asked
    def suspense(self, instrument: int) -> PositionRow:
        """The ledger row of the trades that match no order; nothing works there."""
        self._demand_instrument(instrument)
        p = position_of(self._state.ledger, instrument, 0)
        return PositionRow(p.qty, p.cost, p.realised, p.fees, 0, 0)

    @asked
    def firm_exposure(self, instrument: int) -> tuple[int, int, int]:
        """(position, working buys, working sells) in lots of all accounts and suspense together."""
        self._demand_instrument(instrument)
        e = exposure_of(self._state.risk, instrument, 0)
        return e.position_qty, e.working_buy, e.working_sell

    @asked
    def mark_price(self, instrument: int) -> int:
        """What the instrument is valued at, in price units, or NO_PRICE: the mark, else the last trade."""
        self._demand_instrument(instrument)
        return mark_of(self._state.ledger, instrument)

    @asked
    def price_limits(self, instrument: int) -> PriceLimitFacts:
        """What an exchange lets be traded of an instrument. Raises LookupError. Threads: any."""
        self._demand_instrument(instrument)
        return told_limits(self._state.instruments[instrument])

    @asked
    def opening_cash(self, account: int, currency: int) -> int:
        """The opening cash of an account in a currency, in its money units."""
        return money_of(self._state, self._state.ledger.cash, account, currency, 1)

    @asked
    def held_cash(self, account: int, currency: int) -> int:
        """What orders that work hold of an account's cash in a currency, in 10**-9; 0 while no row asks for funds."""
        return money_of(self._state, self._state.risk.funds.held, account, currency, 1)

    @asked
    def top(self, instrument: int, venue: int) -> tuple[int, int, int, int]:
        """(bid_px, bid_size, ask_px, ask_size) displayed at one venue; size 0 where a side is empty."""
        router = self._state.router
        if instrument not in self._state.instruments or venue not in router.venues:
            raise LookupError(f"instrument {instrument} or venue {venue} is not declared")
        bid = ranking_of(router, instrument, SELL).tops.get(venue, UNSEEN)
        ask = ranking_of(router, instrument, BUY).tops.get(venue, UNSEEN)
        return (bid.price if bid.size else NO_PRICE, bid.size, ask.price if ask.size else NO_PRICE, ask.size)

    @asked
    def check(self, command: bytes, now: int) -> tuple[int, list[Finding]]:
        """Ask validation and risk about a NEW_ORDER record: (mask, findings). Changes no state.

        Findings stand in the order of the reasons, then of observed limits; there are none where the mask is not 0. A
        used id is told first, and alone where the rest is not well formed; a list that can't take the order, alone.
        """
        int64(now)
        int64(now)
        return answer_question(self._state, open_command(command, CODECS[_NEW_ORDER]), now)

    @asked
    def check_batch(
        self, orders: Records, now: int, together: bool, told: list[tuple[int, list[Finding]]] | None
    ) -> Records:
        """Ask validation and risk about NEW_ORDER records: an ANSWER_DTYPE row each. Changes no state.

        `together`: each, at most BASKET_MAX, as if those before it that pass were working. `told`, where given, gets
        what `check` says of each.
        """
        int64(now)
        if together:
            demand("orders", len(orders), 0, BASKET_MAX)
        answers = np.zeros(len(orders), ANSWER_DTYPE)
        for place, answer in enumerate(answer_batch(
                self._state, list(open_batch(orders, CODECS[_NEW_ORDER])), now, together, told)):
            answers[place] = (answer.reject_mask, answer.refused, answer.observed, answer.reason)
        return answers

    @asked
    def limit_rows(self, first: int, last: int) -> list[LimitFacts]:
        """Rows of limits by number, from 1, with what is used of each now. Threads: any."""
        core, found = self._state, []
        for row in core.risk.rows.rows[max(0, first - 1) : max(0, last)]:
            used = measure_row(core.risk, core.instruments, row, core.now)
            found.append(LimitFacts(
                row.number, row.rule, row.scope, row.account, row.instrument, row.venue, row.strategy, row.value,
                row.window_ns, row.mode, row.soft_share, row.who, row.why, row.set_time, row.breached, row.breaches,
                *used))
        return found

    @asked
    def venue_facts(self, venue: int) -> VenueFacts:
        """What is known of a venue, by its number. Raises LookupError. Threads: any."""
        s = self._state.router.statistics.get(venue)
        if s is None:
            raise LookupError(f"venue {venue} is not 1 to {len(self._state.router.venues)}")
        return VenueFacts(s.round_trip, s.take_fill, s.post_fill, s.reject, s.quote_age, s.answers)

    @asked
    def health_facts(self, venue: int) -> HealthFacts:
        """How a venue is, by its number. Raises LookupError. Threads: any."""
        router = self._state.router
        health = router.health.get(venue)
        if health is None:
            raise LookupError(f"venue {venue} is not 1 to {len(router.venues)}")
        return HealthFacts._make((*astuple(health), venue in self._state.disconnected, venue in router.down))

    @asked
    def switches(self) -> list[SwitchFacts]:
        """The kill switches that are engaged, then the trading states, by scope and target, then what breakers have
        disarmed. Threads: any."""
        risk = self._state.risk
        return [SwitchFacts(*key, *switch[:3], int(kind), switch.state, switch.reason)
                for kind, switches in ((CommandType.KILL_SWITCH, risk.kills), (CommandType.TRADING_STATE, risk.states))
                for key, switch in sorted(switches.items())] + [
            SwitchFacts(int(Scope.STRATEGY), strategy, tripped.first, 0, tripped.since, int(CommandType.BREAKER),
                        int(TradingState.REDUCING), int(tripped.reason))
            for strategy, tripped in sorted(risk.breakers.tripped.items())]

    @asked
    def overrides(self) -> list[OverrideFacts]:
        """The overrides that stand, or were used and have not been forgotten, as they came. Threads: any."""
        return [OverrideFacts(*astuple(override)) for override in self._state.risk.overrides]

    @asked
    def decision(self, decision: int) -> list[Term]:
        """The ranking behind a routing decision, best first. Raises LookupError once it is no longer held."""
        router = self._state.router
        if not 1 <= decision <= router.decisions or router.decisions - decision >= router.decisions_kept:
            raise LookupError(f"routing decision {decision} is not held: {router.decisions} were made, "
                              f"the last {router.decisions_kept} are kept")
        return list(router.history[decision - router.decisions - 1][1])

    @asked
    def decision_market(self, decision: int) -> int:
        """How the market lay when a decision was taken, a MarketState; NORMAL where it is no longer held."""
        router = self._state.router
        held = 1 <= decision <= router.decisions and router.decisions - decision < router.decisions_kept
        return int(router.history[decision - router.decisions - 1][0]) if held else 0

    @property
    @asked
    def command_seq(self) -> int:
        """Commands taken, the refused ones too."""
        return self._state.command_seq

    @property
    @asked
    def event_seq(self) -> int:
        """Sequence number of the last report; the first is 1."""
        return self._state.events.seq

    @property
    @asked
    def event_hash(self) -> int:
        """64-bit hash over every field of every report so far, in order."""
        return self._state.events.digest

    @property
    @asked
    def now(self) -> int:
        """The core's clock, ns UTC: the latest time that the caller's clock brought it to."""
        return self._state.now

    @asked
    def read_events(self, after: int, limit: int) -> tuple[Records, int]:
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        return self._state.events.read(int64(after), int64(limit))

    @asked
    def view_events(self, after: int) -> Records:
        """A read-only NumPy array of the reports after a sequence number, up to the ring's edge.

        In the compiled core it lies over the ring itself, not copied: the records stay as they are until the last
        array over them is gone; meanwhile reports that would overwrite them are dropped and counted (metrics:
        events_dropped), and another view raises BufferError. In the plain-Python twin it is a copy that holds nothing.
        """
        events = self._state.events
        first = max(int64(after) + 1, events.first_held)
        reports, _ = events.read(after, events.capacity - first % events.capacity)
        reports.flags.writeable = False
        return reports

    @asked
    def state_hash(self) -> int:
        """64-bit hash over the logical state: definitions, limits, positions, orders, books, counters.

        Walks every table, so its cost grows with what is held. Threads: as `run`.
        """
        return hash_state(self._state)

    @asked
    def metrics(self) -> dict[str, int]:
        """Counters by name. They are not part of the state."""
        core = self._state
        return {
            "open_orders": core.orders.open_count, "open_orders_high_water": core.orders.open_high,
            "tables_full": core.tables_full, "orders_evicted": core.orders.evicted,
            "cl_ord_ids": len(core.ids.order_ids), "ids": len(core.texts.texts), "trades": core.exec_seq,
            "events": core.events.seq, "events_dropped": 0, "rankings_hit": core.router.hits,
            "rankings_missed": core.router.misses, "rankings_age": core.router.ages // max(1, core.router.hits),
            "decisions_locked": core.router.locked, "decisions_crossed": core.router.crossed,
            "decisions": core.router.decisions, "reports_refused": core.reports_refused,
            "trades_in_suspense": core.trades_in_suspense, "trades_folded": core.trades.folded,
            "unexpected_transitions": core.unexpected, "waiting_for_price": core.triggers.counts.total(),
            "outbound_handed": core.orders.unsent.handed, "outbound_pending": len(core.orders.unsent.messages),
            "unbooked": len(core.unbooked.rows),
        }

    def lifetimes(self) -> dict[str, tuple[int, int]]:
        """{name: (in use, accounted for)} of slots, requests, timers, lists and holds: unequal is a leak. For tests."""
        counts: dict[str, tuple[int, int]] = self._turnstile.ask_anyway(count_lifetimes, self._state)
        return counts

    @asked
    def latency(self) -> dict[str, tuple[float, ...]]:
        """(count, p50, p99, p99.9, max) in ns by stage, of what ran timed; bucket bounds, 1/16 wide."""
        return {name: percentiles(counts, 1.0) for name, counts in zip(STAGES, self._state.histograms, strict=True)}

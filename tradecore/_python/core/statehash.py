"""The state hash: over logical fields, sorted by key, never over slots, capacities or table order.

A row starts with its section's number; its words are zero-padded (see hashing.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

from tradecore.vocabulary.codes import Rule, Scope
from tradecore.vocabulary.records import NO_PRICE, OUTBOUND_CODEC, PRINT_MAX_AGE
from tradecore.vocabulary.units import one_number

from ..execution.book import hidden_of, rank_of
from ..execution.breakers import Health
from ..execution.routing import UNSEEN, ranking_of
from ..execution.scoring import Statistics
from ..orders.order_facts import derive_status
from ..orders.order_table import Order
from ..orders.triggers import peak_of, stop_of
from ..positions.costs import position_of
from ..risk.exit_gate import GateMarket
from ..risk.exposures import BASE_CURRENCY, worth_of
from ..risk.holds import exposure_of
from ..risk.rule_rows import LimitRow, key_of
from ..vocabulary.hashing import chain_row, wide_words
from ..vocabulary.instrument import BUY, SELL, opposite
from ..vocabulary.price_limits import PriceLimits
from ..vocabulary.texts import hash_of_id, hash_text
from .state import State, book_of, session_of

Row = tuple[int, ...]
HASHED = [name for name in OUTBOUND_CODEC.fields if name not in ("seq", "version", "user", "producer")
          and not name.endswith("cl_ord_id")]


def hash_state(core: State) -> int:
    chain = 0
    for rows in (counters, definitions, accounts, groups, limits, switches, positions, day_pnl, strategy_pnl,
                 orders, books, trades, waiting, outbound, exit_gate, self_match,
                 user_rules, routing):
        for row in rows(core):
            chain = chain_row(chain, row)
    return chain


def counters(core: State) -> Iterator[Row]:
    yield (1, core.command_seq, core.now, core.events.seq, core.exec_seq, core.orders.evicted,
           len(core.ids.order_ids), core.ids.digest, int((Scope.FIRM, 0) in core.risk.kills), core.day,
           core.reports_refused, core.trades_in_suspense, core.unexpected, core.trades.folded, core.exec_ids.digest,
           core.order_seq, len(core.texts.texts), core.texts.digest, core.orders.unsent.handed)
    made = core.texts.made
    if made.count or made.prefix:
        yield 37, made.count, hash_text(made.prefix) if made.prefix else 0
    if core.notes.count or core.unbooked.count:
        yield (30, core.notes.count, core.notes.digest, core.unbooked.count, len(core.unbooked.rows),
               core.unbooked.digest)


def definitions(core: State) -> Iterator[Row]:
    for i, name in core.currencies.items():
        yield 2, hash_of_id(core.texts, name), core.money_precisions[i]
        if i != BASE_CURRENCY and i in core.risk.values.rates:
            yield 35, core.risk.values.rates[i]
    for i, ins in core.instruments.items():
        yield (3, hash_of_id(core.texts, ins.name), ins.currency, ins.price_precision, ins.qty_precision,
               ins.multiplier_precision, ins.any_sign, ins.ord_types, ins.times_in_force, ins.tick, ins.lot,
               ins.min_qty, ins.max_qty, ins.multiplier, *wide_words(ins.min_notional), *wide_words(ins.max_notional),
               int((Scope.INSTRUMENT, i) in core.risk.kills), core.ledger.marks.get(i, NO_PRICE),
               core.ledger.lasts.get(i, NO_PRICE), session_of(core, i), core.close_times.get(i, 0))
        if time := worth_of(core.risk.values, i).time:
            yield 34, time
        for band in ins.bands:
            yield 16, *band
        if ins.limits != PriceLimits():
            yield 67, ins.limits.low, ins.limits.high, ins.limits.reference, ins.limits.dynamic_bps
        if (ins.trigger_source, ins.print_max_age) != (0, PRINT_MAX_AGE):
            yield 25, ins.trigger_source, ins.print_max_age
        if ins.order_protection or ins.fok_over_venues:
            yield 33, ins.order_protection, ins.fok_over_venues
        if ins.valuation_method:
            yield 72, ins.valuation_method
        if i in core.risk.values.margins:
            yield 74, *core.risk.values.margins[i]
        opened, printed = core.triggers.opened_at.get(i, 0), core.triggers.print_times.get(i, 0)
        if opened or printed:
            yield 26, opened, printed, core.triggers.lasts_told.get(i, 0)
    for i, venue in core.router.venues.items():
        yield (4, hash_of_id(core.texts, venue.name), venue.maker_fee_per_unit, venue.taker_fee_per_unit,
               venue.maker_fee_ppm, venue.taker_fee_ppm, int((Scope.VENUE, i) in core.risk.kills),
               venue.request_timeout, venue.native_ord_types, venue.native_times_in_force,
               venue.external, int(i in core.disconnected))
        if venue.print_fills:
            yield 18, venue.print_fills
        if venue.day_end or venue.market_protection:
            yield 19, 4 * venue.market_protection + venue.day_end


def accounts(core: State) -> Iterator[Row]:
    for i, name in core.accounts.items():
        yield (5, hash_of_id(core.texts, name), core.risk.rows.stated.get(i, 0),
               int((Scope.ACCOUNT, i) in core.risk.kills))
        for j in core.currencies:
            yield 7, *wide_words(core.ledger.cash.get((i, j), 0))
    for (i, j), charge in sorted(core.ledger.charges.items()):
        if charge:
            yield 31, i, j, *wide_words(charge)


def groups(core: State) -> Iterator[Row]:
    """Who is in which group, by its name."""
    names = core.risk.rows.groups.account_names
    for account, group in sorted(core.risk.rows.groups.of_account.items()):
        yield 84, account, hash_of_id(core.texts, names[group - 1])
    names = core.risk.rows.groups.instrument_names
    for instrument, group in sorted(core.risk.rows.groups.of_instrument.items()):
        yield 85, instrument, hash_of_id(core.texts, names[group - 1])


def limits(core: State) -> Iterator[Row]:
    """Rows have no order of their own: their digests are added up."""
    rows = core.risk.rows
    total = sum(limit_digest(core, row) for row in rows.rows) % 2**64
    yield 28, len(rows.rows), total, len(rows.staged), rows.staged_size
    for c in rows.staged:  # changes of a set that is not whole yet
        value = wide_words(one_number(c.value, c.value_high))
        yield (36, *key_of(c), c.rule, *value, c.window_ns, c.mode, c.soft_share, hash_of_id(core.texts, c.who),
               hash_of_id(core.texts, c.why))
    for time, alike in core.risk.recent.orders:
        yield 66, time, *alike


def limit_digest(core: State, row: LimitRow) -> int:
    """One row with the times that it still counts, oldest first, by what it is about: never by its number."""
    chain = chain_row(0, (*row.key, row.rule, *wide_words(row.value), row.window_ns, row.mode, row.soft_share,
                          hash_of_id(core.texts, row.who), hash_of_id(core.texts, row.why), row.set_time, row.breached,
                          row.breaches, int(row.counts), row.sent, row.day_first))
    for time in row.sent_times:
        chain = chain_row(chain, (time,))
    if row.trades:
        chain = chain_row(chain, (row.trades,))
    for total in row.sums:
        chain = chain_row(chain, wide_words(total))
    if row.rule == Rule.REPEATED_EXECUTION:
        for dealt in row.dealt:
            chain = chain_row(chain, dealt)
    return chain


def switches(core: State) -> Iterator[Row]:
    for row, table in ((29, core.risk.kills), (38, core.risk.states)):
        for (scope, target), switch in sorted(table.items()):
            yield (row, scope, target, hash_of_id(core.texts, switch.who), hash_of_id(core.texts, switch.why),
                   switch.since, switch.state, switch.reason)
    for strategy, tripped in sorted(core.risk.breakers.tripped.items()):
        yield (62, strategy, tripped.reason, tripped.value, tripped.limit, tripped.since, tripped.names,
               hash_of_id(core.texts, tripped.first))
    for override in core.risk.overrides:
        yield (63, override.order_id, override.rule, hash_of_id(core.texts, override.who),
               hash_of_id(core.texts, override.why), override.since, override.until, override.used)


def positions(core: State) -> Iterator[Row]:
    """Account 0: the suspense position, and the firm's exposure."""
    for i, j in sorted(core.ledger.positions.keys() | core.risk.exposures.keys()):
        p, e = position_of(core.ledger, i, j), exposure_of(core.risk, i, j)
        if p.qty or p.fees or p.cost or p.realised or e.working_buy or e.working_sell or e.position_qty:
            money = (*wide_words(p.fees), *wide_words(p.cost), *wide_words(p.realised))
            yield 8, i, j, p.qty, *money, e.position_qty, e.working_buy, e.working_sell, e.reduce_only


def day_pnl(core: State) -> Iterator[Row]:
    """From where the day's P&L counts, and what was told of it: the rest follows from trades, marks and rates."""
    pnl = core.risk.pnl
    for number, parts in ((57, pnl.parts), (58, pnl.fees)):
        for (i, j), part in sorted(parts.items()):
            if part.closed:
                yield number, i, j, *wide_words(part.closed)
    for (i, j), part in sorted(core.risk.pnl.parts.items()):
        if part.opened:
            yield 73, i, j, *wide_words(part.opened)
    for account, total in sorted(pnl.totals.items()):
        if total.peak or total.told:
            yield 59, account, *wide_words(total.peak), total.told


def strategy_pnl(core: State) -> Iterator[Row]:
    """What trades of strategies moved and cost, from where their P&L counts, and what was told of it."""
    strategies = core.risk.strategies
    for number, parts in ((91, strategies.parts), (92, strategies.fees)):
        for (i, j), part in sorted(parts.items()):
            if part.qty or part.paid or part.closed:
                yield number, i, j, *wide_words(part.qty), *wide_words(part.paid), *wide_words(part.closed)
    for strategy, total in sorted(strategies.totals.items()):
        if total.told:
            yield 93, strategy, total.told


def orders(core: State) -> Iterator[Row]:
    for order_id in sorted(core.orders.by_id):
        order = core.orders.by_id[order_id]
        yield order_row(core, order)
        yield terms_row(core, order)
        if order.doubt_qty:
            yield 20, order.doubt_qty
        if order.protect_px != NO_PRICE:
            yield 21, order.protect_px
        if order.fund_px != NO_PRICE:
            yield 80, order.fund_px
        if order.routing:
            yield 50, order.routing
        if order.note or order.venue_order_id:
            yield 32, order.note, hash_of_id(core.texts, order.venue_order_id)
        for request in order.requests:
            yield (13, hash_of_id(core.texts, request.cl_ord_id), int(request.is_replace), request.sent_time,
                   request.order_qty, request.price, request.stop_px, request.expire_time, int(request.pending),
                   int(request.unknown), int(request.message is not None))
            if request.peg_offset:
                yield 22, request.peg_offset


def order_row(core: State, order: Order) -> Row:
    return (9, order.order_id, hash_of_id(core.texts, order.cl_ord_id), order.instrument, order.account, order.venue,
            order.side, order.ord_type, order.time_in_force, order.exec_inst, order.order_qty, order.price,
            order.cum_qty, *wide_words(order.cum_amount), derive_status(order), order.reason, order.value, order.bound,
            order.reject_mask, order.transact_time, order.decision, int(order.route))


def terms_row(core: State, order: Order) -> Row:
    flags = (order.admitted, order.acked, order.done_for_day, order.calculated, order.stopped, order.suspended,
             order.triggered, order.awaited, order.unknown_new, order.expiry_asked, order.is_open, order.reserves,
             order.recalled, order.new_message is not None, order.cancel_message is not None,
             order.change_message is not None, order.status_message is not None, order.repriced, order.heard_of,
             order.emptied)
    return (12, hash_of_id(core.texts, order.orig_cl_ord_id), stop_of(order), order.peg_offset, order.min_qty,
            order.display_qty, order.expire_time, order.list_id, order.strategy, order.trigger_price_type,
            order.peg_offset_type, order.contingency_type, order.terminal,
            sum(1 << bit for bit, flag in enumerate(flags) if flag),
            order.sent_time, order.place, order.held, order.last_status, peak_of(order), order.parent, order.working,
            order.tried, order.tried_seq, order.refused, order.worst_ticks, order.ending, order.ending_reason,
            int(order.stop_asked))


def trades(core: State) -> Iterator[Row]:
    """The trades that can still be busted or corrected, in order."""
    for trade in core.trades.rows:
        yield (14, trade.exec_id, hash_of_id(core.texts, trade.venue_exec_id), trade.exec_type, trade.order_id,
               trade.instrument, trade.account, trade.venue, trade.side, trade.qty, trade.price,
               *wide_words(trade.commission), trade.day, trade.state, trade.ref_exec_id)
        if trade.strategy:
            yield 90, trade.strategy
        said = trade.told, trade.currency, trade.reported_currency, trade.last_mkt, trade.last_liquidity_ind
        if any(said):
            yield 94, *said


def waiting(core: State) -> Iterator[Row]:
    """Open orders in the order in which they became so."""
    for order_id in core.orders.open:
        yield 15, order_id


def outbound(core: State) -> Iterator[Row]:
    """What is not handed out, in its order."""
    for message in core.orders.unsent.messages:
        f = message.fields
        ids = hash_of_id(core.texts, f["cl_ord_id"]), hash_of_id(core.texts, f["orig_cl_ord_id"])
        yield 17, *(f[name] for name in HASHED), *ids


def exit_gate(core: State) -> Iterator[Row]:
    """Its limits and flags, what it can still count, and what was handed out of each order that is held."""
    gate = core.gate
    yield (42, gate.collar_bps, gate.throttle, gate.window_ns, gate.shut_firm, gate.sent, gate.stopped,
           hash_of_id(core.texts, gate.who), hash_of_id(core.texts, gate.why))
    for venue, shut in sorted(gate.shut_venues.items()):
        if shut:
            yield 43, venue, shut
    for i, market in sorted(gate.markets.items()):
        if market != GateMarket():
            yield 68, i, *(int(fact) for fact in astuple(market))
    for time in gate.times:
        yield 44, time
    for order_id in sorted(core.orders.by_id.keys() & gate.rows.keys()):
        yield 45, order_id, gate.rows[order_id].sent_new, gate.rows[order_id].sent_replace


def self_match(core: State) -> Iterator[Row]:
    """What accounts prevent."""
    for account, row in sorted(core.self_match.items()):
        yield 46, account, row.mode, row.outside, hash_of_id(core.texts, row.match_id)


def user_rules(core: State) -> Iterator[Row]:
    """Those in force, and one that is being loaded, which has no name where it is a scorer; and the scorer."""
    for rule in [*core.rules.rows, *([core.rules.loading] if core.rules.loading else [])]:
        yield (40, *(hash_of_id(core.texts, number) for number in (rule.name, rule.who, rule.why)), rule.needs,
               rule.mode, rule.step_count, len(rule.steps))
        for step in rule.steps:
            yield 41, step.op, step.a, step.b, step.column, step.factor
    if core.rules.scorer is not None:
        yield 60, *(hash_of_id(core.texts, number) for number in (core.rules.scorer.who, core.rules.scorer.why))
        for step in core.rules.scorer.steps:
            yield 61, step.op, step.a, step.b, step.column, step.factor


def routing(core: State) -> Iterator[Row]:
    """What orders are routed by, beside prices and fees; nothing of what is as it was at first."""
    router = core.router
    for strategy, chosen in sorted(router.strategies.items()):
        if chosen:
            yield 51, strategy, chosen
    if router.weights.charge():
        yield 52, *astuple(router.weights)
    for venue, s in router.statistics.items():
        if s != Statistics():
            yield 53, venue, *astuple(s)
    for venue, health in router.health.items():
        if health != Health():
            yield 56, venue, *astuple(health)
    for instrument, moves in sorted(router.movements.items()):
        yield 54, instrument, *astuple(moves)
    for (instrument, side), ranking in sorted(router.rankings.items()):
        if ranking.turn:
            yield 55, instrument, side, ranking.turn


def books(core: State) -> Iterator[Row]:
    """One side of one book after another: what rests, in price-time priority, and when the top last changed."""
    seen = {(instrument, venue) for (instrument, _), ranking in core.router.rankings.items() for venue in ranking.tops}
    for instrument, venue in sorted(seen):
        book = book_of(core, instrument, venue)
        for side in (BUY, SELL):
            top = ranking_of(core.router, instrument, opposite(side)).tops.get(venue, UNSEEN)
            levels = book.depth(side)
            if top.stamp == 0 and not levels:
                continue
            yield 10, instrument, venue, side, top.stamp
            if instrument in core.triggers.opened_at:
                yield 27, top.told
            if printed := core.printed.get((instrument, venue, side)):
                yield 24, printed
            for price, queue in levels:
                for number, qty in queue:
                    hidden = hidden_of(book.sides[side].levels[rank_of(side, price)], number)
                    yield 11, price, qty, max(0, number), hidden  # a quote is no order: 0

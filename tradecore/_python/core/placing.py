"""Where an order goes: it is asked for, routed, executed, sent, held until its time comes, let go again.

It goes to the first venue in the order of all-in cost whose displayed price is within its limit; a FILL_OR_KILL to
where the whole quantity is; what can't trade at once, and what is post-only, rests at the lowest maker fee. While a
replace is unanswered the larger quantity is held. What waits is asked by risk again when it is let go.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import LimitMode, Reason, Route, Scope, SelfMatch
from tradecore.vocabulary.fix import ExecType, OrdType
from tradecore.vocabulary.records import NO_PRICE
from tradecore.vocabulary.rows import Finding
from tradecore.vocabulary.rules import Sent

from ..execution.book import Fill
from ..execution.breakers import is_out
from ..execution.outages import try_venue
from ..execution.routing import touch_price, twice_touch
from ..execution.scoring import note_quote_age
from ..execution.unsent import places_taken
from ..orders.lists import waits_for_parent
from ..orders.open_orders import link_venue
from ..orders.order_facts import leaves_of, worst_px
from ..orders.order_table import (
    AT_VENUE,
    AWAITS_PARENT,
    AWAITS_PRICE,
    AWAITS_SESSION,
    CANCELED,
    EXPIRED,
    IN_CHILDREN,
    NOWHERE,
    REJECTED,
    RESTING,
    Order,
)
from ..orders.sources import choose_source
from ..orders.triggers import arm_trigger
from ..orders.validation import AUCTIONS
from ..risk.exit_gate import count_exit
from ..risk.holds import EXEMPTIONS, Question, count_line, exposure_of, note_breach
from ..risk.limit_lines import line_of, venue_line
from ..risk.risk import check_limits, counts_at_market, needs_reference
from ..risk.self_match import prevention_of
from ..risk.switches import meet_switches
from ..vocabulary.instrument import (
    BUY,
    LIMIT,
    MARKET,
    SELL,
    InstrumentRow,
    awaits_price,
    direction,
    has_limit,
)
from .choosing import route_order, routing_of
from .conditions import look_at_market, session_takes, session_waits, trigger_price
from .departures import stops_order
from .disarming import note_reject
from .elections import watch_print
from .exchange_limits import ask_exchange
from .executing import execute_order
from .exits import ask_risk_of, hold_back, hold_if_hindered, is_held_to_trigger, prices_at_trigger, reduces, rest_exit
from .funding import ask_funds, note_fund_price
from .observing import observe_passed, observe_venue
from .outbound import reserve_places, send_new
from .parts import is_divided
from .protection import is_cut, is_kept_off, price_elsewhere, within_ticks
from .request_ids import lacks_id, name_order
from .self_matching import meets_own, own_outside, pass_own
from .state import (
    EXECUTING,
    POSITION,
    REDUCE_ONLY,
    ROUTING,
    State,
    count_stage,
    end_order,
    is_external,
    note_full,
    report_end,
    report_execution,
    sync_order,
    sync_tops,
    tell_parent,
    tell_price,
    twice_reference,
)
from .trade_booking import Charge, book_fills, report_fills
from .worst_prices import bounded_ticks, is_bound, limit_ticks

EXPIRES = {Reason.AUCTION_LEFTOVER}


def reject_order(core: State, c: Any, order: Order, reason: int, value: int, bound: int) -> None:
    note_full(core, reason)
    core.tables_full += reason == Reason.MAX_OPEN_ORDERS and bound >= core.orders.open_max
    order.reason, order.value, order.bound, order.terminal = int(reason), value, bound, REJECTED
    report_end(core, c, order, ExecType.REJECTED)
    note_reject(core, c, order)
    sync_order(core, order)


def ask_order(
    core: State, ins: InstrumentRow, order: Order, order_qty: int, price: int, stop_px: int, hold_qty: int,
    recheck: bool,
) -> Question:
    """The question of an order with these terms. What waits for a price is asked about as if that price had come, and
    is held against it from then on: a stop's protection is the collar from its own trigger price."""
    side = direction(order.side)
    ord_type = LIMIT if has_limit(order.ord_type) else MARKET
    line = line_of(core.risk.lines, core.risk.rows, ins, order.instrument, order.account, order.venue, order.strategy,
                   LimitMode.ENFORCE)
    reference2 = touch2 = NO_PRICE
    if is_held_to_trigger(order, price):
        reference2, touch2 = prices_at_trigger(core, ins, order, stop_px, order_qty - order.cum_qty, line)
    elif needs_reference(line, ord_type, side) or core.risk.rows.notionals or core.risk.rows.on_funds:
        reference2 = twice_reference(core, order.instrument)
        if counts_at_market(ord_type, side):
            touch2 = twice_touch(core.router, ins, order.instrument, side, core.now)
    q = Question(
        order_qty, order_qty - order.cum_qty, hold_qty, price, reference2, touch2, core.now, order.instrument,
        order.account, order.venue, side, ord_type, False,
        bool(order.exec_inst & REDUCE_ONLY) and not waits_for_parent(core.groups, order),
        not recheck and not session_takes(core, order.instrument, order.time_in_force), recheck, False, False,
        0 if order.admitted and order.is_open else core.orders.open_count - order.is_open,
        core.orders.open_max, core.orders.exit_max,
        core.risk.rows, ins, line, exposure_of(core.risk, order.instrument, order.account),
        exposure_of(core.risk, order.instrument, 0),
        meet_switches(core.risk.kills, order.instrument, order.account, order.venue, order.strategy),
        meet_switches(core.risk.states, order.instrument, order.account, order.venue, order.strategy),
        core.risk.rows.stated.get(order.account, 0), core.risk.values, core.risk.pnl, core.risk.recent,
        core.risk.funds, core.risk.opens, core.risk.strategies, order.strategy,
        Sent.NONE if recheck else Sent.NEW, core.risk.breakers.tripped.get(order.strategy),
        stop_px,
    )
    ask_funds(core, order, q)
    return q


def finish_order(
    core: State, c: Any, order: Order, reason: Reason | None, fills: list[Fill], charges: list[Charge], first: bool
) -> None:
    """Reports New where this is the order's first placing, the trades, and the end where it ends at once."""
    if reason == Reason.POST_ONLY_WOULD_TAKE:
        touch = touch_price(core.router, order.instrument, direction(order.side), order.venue)
        refuse_placing(core, c, order, reason, order.price, touch, first)
        return
    if reason == Reason.BOOKS_FULL:
        refuse_placing(core, c, order, reason, len(core.books), core.capacity.books, first)
        return
    if first:
        order.acked = True
        report_execution(core, c, order, ExecType.NEW)
    report_fills(core, c, order.instrument, order, fills, charges)
    if reason:
        end_order(core, c, order, EXPIRED if reason in EXPIRES else CANCELED, reason)


def refuse_placing(core: State, c: Any, order: Order, reason: int, value: int, bound: int, first: bool) -> None:
    """A new order is rejected; one that was New already is canceled."""
    if first:
        reject_order(core, c, order, reason, value, bound)
    else:
        order.value, order.bound = value, bound
        end_order(core, c, order, CANCELED, reason)


def needs_protection(core: State, ins: InstrumentRow, order: Order, limit: int) -> bool:
    """Does a MARKET order go to a venue that would fill it at any price, though its price is bound? In an auction all
    trade at one price: there it stays MARKET."""
    if has_limit(order.ord_type) or (awaits_price(order.ord_type) and not order.triggered):
        return False
    in_auction = order.time_in_force in AUCTIONS and is_native(core, order, "native_times_in_force",
                                                               order.time_in_force)
    bounds = core.router.venues[order.venue].market_protection and not ins.order_protection
    return is_bound(ins, limit) and not in_auction and not bounds


def find_full(core: State, order: Order, first: bool) -> tuple[Reason, int, int] | None:
    """Why an order can't go to its external venue for want of room, with value and bound. One that was accepted before
    goes all the same where only its id has none, and so does an exit: it is found while it is open."""
    if first and lacks_id(core, order) and not reduces(core, order, leaves_of(order)):
        return Reason.TABLE_FULL, core.ids.capacity, core.ids.capacity
    if not reserve_places(core, order):
        return Reason.OUTBOUND_FULL, places_taken(core.orders.unsent), core.orders.unsent.most
    return None


def send_order(core: State, c: Any, ins: InstrumentRow, order: Order, limit: int, cut: bool, first: bool) -> None:
    """To an external venue, with less than its own limit where it is `cut`. What happened to it is UNKNOWN until the
    venue tells."""
    if cut or needs_protection(core, ins, order, limit):
        order.protect_px = limit * ins.tick
    name_order(core, order)
    note_quote_age(core.router.statistics[order.venue], core.now)
    order.place, order.awaited, order.sent_time = AT_VENUE, True, core.now
    if first:
        report_execution(core, c, order, ExecType.PENDING_NEW)
    send_new(core, c, order)
    try_venue(core.router, order.venue, order.order_id)
    sync_order(core, order)


def start_children(core: State, c: Any, order: Order, limit: int, first: bool) -> None:
    """What no venue displays whole is worked in parts: its children are made when the command is done."""
    order.venue, order.route, order.place, order.worst_ticks = 0, Route.SPLIT, IN_CHILDREN, limit
    order.routing = routing_of(core, order)  # all its parts are routed so, whatever is set later
    if first:
        order.acked = True
        report_execution(core, c, order, ExecType.NEW)
    sync_order(core, order)
    tell_parent(core, order)


def keep_from_own(core: State, c: Any, order: Order, own: Order, first: bool) -> None:
    """An order that could meet one of ours at its external venue: it is refused, it ends before it is sent, or it is
    held, and asked about when the command is done."""
    mode = prevention_of(core.self_match, order.account).outside
    if mode == SelfMatch.BLOCK:
        refuse_placing(core, c, order, Reason.SELF_MATCH, own.order_id, mode, first)
        return
    if first:
        report_execution(core, c, order, ExecType.PENDING_NEW)
    if mode == SelfMatch.CANCEL_NEWEST:
        order.value, order.bound, order.recalled = own.order_id, mode, True
        end_order(core, c, order, CANCELED, Reason.SELF_MATCH)
    else:
        hold_back(core, c, order, Reason.SELF_MATCH, own.order_id, mode)
        core.triggers.asks_again = True


def ask_venue_limits(
    core: State, c: Any, ins: InstrumentRow, order: Order, limit: int
) -> tuple[Finding | None, int]:
    """What the rows of a venue say to an order that was routed there, which asked no venue's before: refused, counted,
    and bounded by its collar, as one that names it. The refusal, and the limit."""
    q = ask_order(core, ins, order, order.order_qty, order.price, order.stop_px, 0, False)
    q.line = venue_line(core.risk.rows, ins, order.venue, LimitMode.ENFORCE)
    refused = check_limits(q)
    if refused is not None and refused.reason in EXEMPTIONS and reduces(core, order, q.leaves_qty):
        q.reduces = True
        refused = check_limits(q)
    if refused is not None:
        note_breach(core.risk, refused, core.now)
        return refused, limit
    observe_venue(core, c, ins, order, q)
    count_line(q.line, core.now, Sent.NEW)
    ticks = limit_ticks(ins, q)
    return None, min(limit, ticks) if q.side == BUY else max(limit, ticks)


def ends_at_own(core: State, c: Any, order: Order, limit: int, first: bool) -> tuple[bool, bool, int]:
    """Does an order end in a book before it trades, since it meets one of ours there? Else what it may still take or
    rest with is the last; it is New if it met one, and then no longer to be reported so (`first`)."""
    met = meets_own(core, order, limit, leaves_of(order))
    if met is None:
        return False, first, leaves_of(order)
    most, reason = pass_own(core, c, order, limit, *met, first)
    if reason == Reason.SELF_MATCH:
        refuse_placing(core, c, order, reason, order.value, order.bound, first)
    elif reason is not None:
        finish_order(core, c, order, reason, [], [], first)
    return reason is not None, False, most


def place_order(
    core: State, c: Any, ins: InstrumentRow, order: Order, limit: int, first: bool, since: int, timed: bool,
    judged: bool = False, spared: bool = False,
) -> int:
    """Routing, execution, position and reports of an order that passed; when its last stage began. `judged`: the exit
    gate has been asked, before the order was replaced; `spared`: as one that goes no further than it did, which others
    keep from nothing."""
    limit = bounded_ticks(ins, order, limit)
    routed = order.venue == 0
    if routed:
        routing = routing_of(core, order)
        order.venue = route_order(core, ins, order, limit, routing)
        if is_divided(core, ins, order, limit, routing):
            since = count_stage(core, ROUTING, since, timed)
            start_children(core, c, order, limit, first)
            return since
        link_venue(core.open_orders, order)
    elif order.route == Route.NONE:
        order.route = Route.DIRECTED
    since = count_stage(core, ROUTING, since, timed)
    if order.venue == 0 or order.venue in core.disconnected or is_out(core.router.health[order.venue]):
        refuse_placing(core, c, order, Reason.NO_VENUE, order.venue, len(core.router.venues), first)
        return since
    if (routed or order.parent) and (Scope.VENUE, 0, 0, order.venue, 0) in core.risk.rows.by_target:
        refused, limit = ask_venue_limits(core, c, ins, order, limit)
        if refused is not None:
            order.reject_mask = refused.row
            refuse_placing(core, c, order, refused.reason, refused.value, refused.limit, first)
            return since
    elsewhere = NO_PRICE if spared else price_elsewhere(core, ins, order, order.venue)
    within = within_ticks(ins, direction(order.side), limit, elsewhere)
    if is_external(core, order.venue):
        if is_kept_off(ins, order, limit, elsewhere):
            refuse_placing(core, c, order, Reason.ORDER_PROTECTION, limit * ins.tick, elsewhere, first)
        elif (own := own_outside(core, order, worst_px(order))):
            keep_from_own(core, c, order, own[0], first)
        elif (full := find_full(core, order, first)):
            refuse_placing(core, c, order, *full, first)
        else:
            send_order(core, c, ins, order, within, is_cut(ins, order, limit, elsewhere), first)
        return since
    if not judged and (stopped := stops_order(core, c, order)) is not None:
        refuse_placing(core, c, order, Reason.EXIT_GATE, *stopped, first)
        return since
    ends, first, most = ends_at_own(core, c, order, within, first)
    if ends:
        return since
    count_exit(core.gate, core.now)
    reason, fills = execute_order(core, ins, order, limit, elsewhere, most)
    if reason == Reason.MARKET_LEFTOVER and is_bound(ins, limit):
        order.value = limit * ins.tick
    elif reason == Reason.ORDER_PROTECTION:
        order.value, order.bound = limit * ins.tick, elsewhere
    sync_tops(core, order.instrument, order.venue)
    since = count_stage(core, EXECUTING, since, timed)
    charges = book_fills(core, order.instrument, order.venue, order, direction(order.side), fills)
    since = count_stage(core, POSITION, since, timed)
    finish_order(core, c, order, reason, fills, charges, first)
    if order.place == RESTING and not has_limit(order.ord_type):
        rest_exit(core, c, ins, order, limit)
    return since


def is_native(core: State, order: Order, words: str, word: int) -> bool:
    """Can the external venue that an order names do this by itself?"""
    return is_external(core, order.venue) and bool(getattr(core.router.venues[order.venue], words) >> word & 1)


def waiting_place(core: State, order: Order) -> int:
    """What an order must wait for first; NOWHERE where it can go to a venue now."""
    if waits_for_parent(core.groups, order):
        return AWAITS_PARENT
    waits = awaits_price(order.ord_type) and not order.triggered
    bound = order.protect_px != NO_PRICE  # no venue's own stop knows of it
    if waits and (bound or not is_native(core, order, "native_ord_types", order.ord_type)):
        return AWAITS_PRICE
    waits = session_waits(core, order.instrument, order.time_in_force)
    if waits and not is_native(core, order, "native_times_in_force", order.time_in_force):
        return AWAITS_SESSION
    return NOWHERE


def start_order(
    core: State, c: Any, ins: InstrumentRow, order: Order, limit: int, first: bool, since: int, timed: bool,
    judged: bool = False, spared: bool = False,
) -> int:
    """To where the order belongs now: what holds it, or a venue (`judged`, `spared`: see place_order)."""
    place = waiting_place(core, order)
    if place == NOWHERE:
        return place_order(core, c, ins, order, limit, first, since, timed, judged, spared)
    if place == AWAITS_PRICE:
        order.watch = choose_source(order, ins.trigger_source)
        if order.ord_type == OrdType.TRAILING_STOP:
            market = look_at_market(core, order.instrument)
            order.peak_px = trigger_price(market, order.watch, direction(order.side) == SELL)
            if order.peak_px == NO_PRICE:
                refuse_placing(core, c, order, Reason.REFERENCE_PRICE_UNAVAILABLE, NO_PRICE, 0, first)
                return since
        arm_trigger(core.triggers, order)
        watch_print(core, order.instrument)
        tell_price(core, order.instrument)
    order.place = place
    if first:
        order.acked = True
        report_execution(core, c, order, ExecType.NEW)
    sync_order(core, order)
    return since


def release_order(core: State, c: Any, order: Order, placed: bool = False) -> None:
    """An order that waited goes on, if risk still lets it; `placed`: to a venue, whatever the session says."""
    ins = core.instruments[order.instrument]
    order.place = NOWHERE
    q = ask_order(core, ins, order, order.order_qty, order.price, order.stop_px, 0, True)
    q.released = True
    refused = ask_risk_of(core, ins, order, q) or ask_exchange(ins, order)
    if hold_if_hindered(core, c, order, q, refused):
        return
    if refused is not None:
        note_breach(core.risk, refused, core.now)
        order.reject_mask = refused.row
        refuse_placing(core, c, order, refused.reason, refused.value, refused.limit, False)
    else:
        observe_passed(core, c, ins, order, q)
        note_fund_price(order, q)
        if order.route == Route.SPLIT:
            start_children(core, c, order, bounded_ticks(ins, order, limit_ticks(ins, q)), False)
        else:
            place = place_order if placed else start_order
            place(core, c, ins, order, limit_ticks(ins, q), False, 0, False)

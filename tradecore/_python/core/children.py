"""An order that is worked in parts: its children are orders at venues, with ids of their own, and it is theirs.

The children's cum_qty is its cum_qty; what they may still trade, UNKNOWN included, is never more than its leaves_qty.
It holds for them; its trades are told once, by itself, with the venue of the child. What a child can't have is placed
again, by the all-in cost of what is displayed, but never at a venue that has just been tried for the same quote; what
nobody displays rests where that is cheapest, behind what could be taken elsewhere, or ends, as the time in force says.
A cancel or a replace of it asks the children back first, and is done when none works that it can't have. It goes on
until nothing follows, one step for each piece of news.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason, Route
from tradecore.vocabulary.fix import CxlRejReason, ExecRestatementReason, ExecType, TimeInForce
from tradecore.vocabulary.records import CODECS, NO_PRICE, VERSION

from ..execution.book import rank_of
from ..execution.routing import UNSEEN, displayed_price, ranking_of
from ..orders.lists import cap_limit
from ..orders.open_orders import index_order
from ..orders.order_facts import has_cancel, is_live, leaves_of
from ..orders.order_table import (
    AWAITS_VENUE,
    CANCELED,
    EXPIRED,
    IN_CHILDREN,
    RESTING,
    Order,
    Request,
    load_order,
    remove_request,
)
from ..risk.holds import note_breach
from ..vocabulary.instrument import BUY, FOK, GTC, IOC, LIMIT, InstrumentRow, direction, has_limit, safe_price
from .choosing import decide, routing_of
from .conditions import session_waits
from .exchange_limits import ask_exchange
from .exits import ask_risk_of, hold_if_hindered, protects_position, reduces, rest_exit
from .own_scores import resting_venue
from .parts import barred_at_first, divide_qty
from .placing import ask_order, place_order, refuse_placing
from .requests import take_id
from .shrinking import shrink_order, stop_order
from .state import (
    CANCEL_REJECT,
    State,
    end_order,
    is_external,
    order_fields,
    publish,
    report_execution,
    sync_facts,
    sync_order,
    tell_parent,
)
from .trade_booking import look_again
from .worst_prices import bounded_ticks, is_bound, limit_ticks

_NEW_ORDER, _CANCEL, _REPLACE = CODECS[CommandType.NEW_ORDER], int(CommandType.CANCEL), int(CommandType.REPLACE)
PARTIAL_DECLINE = int(ExecRestatementReason.PARTIAL_DECLINE)


def settle_parent(core: State, c: Any, parent: Order) -> None:
    """One step of what follows from the news of an order's children, or of what is asked of it."""
    if not parent.is_told:  # it left the table, and its number is another's
        return
    parent.is_told = False
    sync_facts(core, parent)
    if parent.place == AWAITS_VENUE and parent.children:  # a bust has made one of them work again
        parent.place, parent.suspended = IN_CHILDREN, False
        report_execution(core, c, parent, ExecType.NEW)
    if parent.requests:
        settle_request(core, c, parent)
    elif not is_live(parent):
        release_children(core, c, parent, 0, Reason.PARENT_ENDED)
    elif parent.ending:
        if not parent.working:
            end_order(core, c, parent, parent.ending, parent.ending_reason)
    elif working_of(core, parent) > leaves_of(parent):
        release_children(core, c, parent, leaves_of(parent), Reason.PARENT_CHANGED)
    elif working_of(core, parent) < leaves_of(parent) and parent.place != AWAITS_VENUE:  # that is let go by itself
        place_rest(core, c, parent, leaves_of(parent) - working_of(core, parent))


def working_of(core: State, parent: Order) -> int:
    """What its children may still trade; in a drill it is not known."""
    return 0 if core.drilled == Reason.OVERFILL else parent.working


# ---- asked back


def release_children(core: State, c: Any, parent: Order, most: int, reason: int) -> bool:
    """Asks children back, the last one first, until those that are left may have no more than `most`. False where too
    much is left that a venue would not give back: that is its last word."""
    kept = sum(leaves_of(child) for child in parent.children.values() if not has_cancel(child))
    for child in reversed(list(parent.children.values())):
        if kept <= most:
            break
        if not is_live(child) or has_cancel(child) or child.stop_asked:
            continue
        leaves = leaves_of(child)
        if child.place == RESTING and leaves > kept - most:
            shrink_order(core, c, child, child.order_qty - (kept - most), Reason(reason))
            kept = most
        else:
            child.stop_asked = True
            kept -= leaves
            stop_order(core, c, child, Reason(reason))
    return kept <= most


def settle_request(core: State, c: Any, parent: Order) -> None:
    """A cancel first, then replaces, each when the children have given back what it takes."""
    request = next((request for request in parent.requests if not request.is_replace), parent.requests[0])
    raises = request.is_replace and request.order_qty > parent.cum_qty and not parent.terminal
    if not is_live(parent) and not raises:
        refuse_asked(core, c, parent, request, Reason.TOO_LATE_TO_CANCEL)
        return
    same = bool(request.reason) or (request.price, request.stop_px) == (parent.price, parent.stop_px)
    most = max(0, request.order_qty - parent.cum_qty) if request.is_replace and same else 0
    asked = Reason.PARENT_CHANGED if request.is_replace else Reason.CANCEL_REQUESTED
    given = release_children(core, c, parent, most, request.reason or asked)
    if parent.working <= most:
        grant_asked(core, c, parent, request)
    elif not given:
        refuse_asked(core, c, parent, request, Reason.VENUE_REPORTED)
    elif not request.pending:
        answer_asked(core, c, request)
        request.pending = True
        told = ExecType.PENDING_REPLACE if request.is_replace else ExecType.PENDING_CANCEL
        report_execution(core, c, parent, told, cl_ord_id=request.cl_ord_id, orig_cl_ord_id=parent.cl_ord_id)


def answer_asked(core: State, c: Any, request: Request) -> None:
    """What is told next answers the command that asked, though children were told of before."""
    asks = c.kind == (_REPLACE if request.is_replace else _CANCEL) and max(0, c.cl_ord_id) == request.cl_ord_id
    if asks and not request.reason and not request.pending:
        core.answer_seq = core.events.seq + 1


def grant_asked(core: State, c: Any, parent: Order, request: Request) -> None:
    answer_asked(core, c, request)
    if not request.is_replace:
        expires = request.reason == Reason.EXPIRE_TIME_REACHED
        told = take_id(parent, request.cl_ord_id)
        end_order(core, c, parent, EXPIRED if expires else CANCELED, request.reason or Reason.CANCEL_REQUESTED, **told)
        return
    remove_request(core.orders, parent, request)
    parent.order_qty = max(request.order_qty, parent.cum_qty)
    if not request.reason:  # the core itself lowers the quantity alone
        parent.repriced |= request.price != parent.price
        parent.price, parent.stop_px, parent.expire_time = request.price, request.stop_px, request.expire_time
        parent.oco_limit = request.oco_limit
    cap_limit(parent)
    forget_tries(parent)
    if request.reason:
        report_execution(core, c, parent, ExecType.RESTATED, reason=request.reason,
                         exec_restatement_reason=PARTIAL_DECLINE)
    else:
        report_execution(core, c, parent, ExecType.REPLACED, **take_id(parent, request.cl_ord_id))
    sync_order(core, parent)
    if not request.reason:
        look_again(core, parent)
    tell_parent(core, parent)


def refuse_asked(core: State, c: Any, parent: Order, request: Request, reason: Reason) -> None:
    """The order is as it was before: it ended meanwhile, or a venue kept what it was to give back."""
    answer_asked(core, c, request)
    remove_request(core.orders, parent, request)
    for child in parent.children.values():
        child.stop_asked = False
    fields = order_fields(parent)
    parent.last_status = fields["ord_status"]
    publish(core, c, CANCEL_REJECT, **fields | {
        "cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": parent.cl_ord_id, "reason": reason,
        "cxl_rej_reason": CxlRejReason.TOO_LATE_TO_CANCEL})
    sync_order(core, parent)
    look_again(core, parent)
    tell_parent(core, parent)


def forget_tries(parent: Order) -> None:
    """New terms: every venue may be asked again."""
    parent.tried = parent.tried_seq = parent.refused = 0
    for child in parent.children.values():
        child.stop_asked = False


# ---- placed


def barred_from(core: State, parent: Order) -> int:
    """Venues (bit venue - 1) that were tried for what they still display."""
    tops = ranking_of(core.router, parent.instrument, direction(parent.side)).tops
    return sum(1 << venue - 1 for venue in core.router.venues
               if parent.tried >> venue - 1 & 1 and tops.get(venue, UNSEEN).stamp <= parent.tried_seq)


def end_unplaced(core: State, c: Any, parent: Order, reason: int, value: int = 0, bound: int = 0) -> None:
    """What can't be placed ends with the last child that works."""
    if not parent.working:
        parent.value, parent.bound = value, bound
        end_order(core, c, parent, CANCELED, reason)


def most_open(core: State, parent: Order) -> int:
    """How many orders may be open, with one more part of this one: where it reduces, beyond what all may be."""
    orders = core.orders
    if orders.open_count < orders.open_max or not reduces(core, parent, leaves_of(parent)):
        return orders.open_max
    return orders.open_max + orders.exit_max


def place_rest(core: State, c: Any, parent: Order, qty: int) -> None:
    """To venues with what no child has: what is displayed is taken, what is not rests or ends."""
    ins = core.instruments[parent.instrument]
    if session_waits(core, parent.instrument, parent.time_in_force):
        return
    if not may_place(core, c, ins, parent):
        return
    decision = decide(core, ins, parent).decision
    whole = parent.time_in_force == FOK
    barred = barred_at_first(core, parent) | barred_from(core, parent)
    parts = divide_qty(core, ins, parent, parent.worst_ticks, qty, barred, routing_of(core, parent))
    if whole and sum(part.qty for part in parts) < qty:  # another has taken it since: nothing was sent
        end_unplaced(core, c, parent, Reason.FOK_NOT_FILLABLE)
    elif core.orders.open_count >= (most := most_open(core, parent)):
        end_unplaced(core, c, parent, Reason.MAX_OPEN_ORDERS, core.orders.open_count, most)
    elif parts:
        for part in parts:
            if core.orders.open_count < most_open(core, parent):
                add_child(core, c, ins, parent, decision, part.venue, part.qty, part.ticks, IOC, Route.TAKES)
    elif any(child.time_in_force == IOC and is_live(child) for child in parent.children.values()):
        return  # what is on its way may still take it
    else:
        leave_rest(core, c, ins, parent, decision, qty)


def may_place(core: State, c: Any, ins: InstrumentRow, parent: Order) -> bool:
    """Risk is asked about the whole order again. What it refuses ends, and what a switch or the want of a venue hinders
    waits for that, as one that is whole would; but where children are open, when those are done."""
    q = ask_order(core, ins, parent, parent.order_qty, parent.price, parent.stop_px, 0, True)
    q.released, q.fund_more = True, 0  # its price is bound since it went
    refused = ask_risk_of(core, ins, parent, q)
    if has_limit(parent.ord_type):
        parent.worst_ticks = bounded_ticks(ins, parent, limit_ticks(ins, q))  # of its limit as it is now
    if parent.children:
        return refused is None
    if hold_if_hindered(core, c, parent, q, refused):
        return False
    if refused is not None:
        note_breach(core.risk, refused, core.now)
        end_unplaced(core, c, parent, refused.reason, refused.value, refused.limit)
    return refused is None


def leave_rest(core: State, c: Any, ins: InstrumentRow, parent: Order, decision: int, qty: int) -> None:
    """What is displayed nowhere: as the time in force says; an exit must not end while its position stands."""
    protects = protects_position(core, parent, parent.worst_ticks)
    if not has_limit(parent.ord_type) and not protects:
        bound = parent.worst_ticks * ins.tick if is_bound(ins, parent.worst_ticks) else 0
        end_unplaced(core, c, parent, Reason.MARKET_LEFTOVER, bound)
    elif parent.time_in_force == IOC:
        end_unplaced(core, c, parent, Reason.IOC_LEFTOVER)
    else:
        if protects:
            rest_exit(core, c, ins, parent, parent.worst_ticks)
        post_rest(core, c, ins, parent, decision, qty)


def post_rest(core: State, c: Any, ins: InstrumentRow, parent: Order, decision: int, qty: int) -> None:
    """Rests at the lowest maker fee, at its limit, or where a venue that is up displays as much, next to it."""
    side, limit = direction(parent.side), parent.worst_ticks
    venue = resting_venue(core, ins, parent, limit * ins.tick, parent.refused, routing_of(core, parent))
    if venue == 0:
        end_unplaced(core, c, parent, Reason.NO_VENUE, 0, len(core.router.venues))
        return
    displayed = displayed_price(core.router, parent.instrument, side)
    if displayed != NO_PRICE and rank_of(side, displayed) <= rank_of(side, limit * ins.tick):
        limit = safe_price(ins, displayed + (-ins.tick if side == BUY else ins.tick), side) // ins.tick
    if limit <= 0 and not ins.any_sign:
        return  # there is no price behind it
    add_child(core, c, ins, parent, decision, venue, qty, limit,
              GTC if parent.time_in_force == TimeInForce.GTD else parent.time_in_force, Route.RESTS)


def add_child(
    core: State, c: Any, ins: InstrumentRow, parent: Order, decision: int, venue: int, qty: int, ticks: int,
    time_in_force: int, route: Route
) -> None:
    """A part of an order, as an order of its own at a venue, by the ranking that was kept as this decision. It holds
    what its parent held."""
    core.order_seq += 1
    child = load_order(_NEW_ORDER.unpack(_NEW_ORDER.pack(
        kind=CommandType.NEW_ORDER, side=parent.side, ord_type=LIMIT, time_in_force=time_in_force,
        instrument=parent.instrument, account=parent.account, venue=venue, version=VERSION, order_qty=qty,
        price=ticks * ins.tick, stop_px=NO_PRICE,
        display_qty=parent.display_qty if route == Route.RESTS else 0, strategy=parent.strategy, routing=parent.routing,
    )), core.order_seq, core.now)
    child.parent, child.decision, child.route, child.admitted = parent.order_id, decision, route, True
    core.orders.open_order(child)
    if is_external(core, venue):
        parent.tried |= 1 << venue - 1
        parent.tried_seq = core.command_seq
    sync_order(core, child)
    beyond = ask_exchange(ins, child)
    if beyond is not None:
        refuse_placing(core, c, child, beyond.reason, beyond.value, beyond.limit, True)
    else:
        place_order(core, c, ins, child, ticks, True, 0, False)
    if child.is_open:
        index_order(core.open_orders, child)

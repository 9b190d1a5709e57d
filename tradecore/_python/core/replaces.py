"""Replaces: what may be asked, what risk says to it, and what a simulated venue makes of it."""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType, OrdType
from tradecore.vocabulary.records import CODECS, NO_PRICE, NO_ROOM
from tradecore.vocabulary.rules import Sent

from ..execution.book import crosses, is_fillable, rank_of, reduce_node
from ..execution.breakers import is_out
from ..execution.routing import touch_price
from ..execution.unsent import has_places, places_taken
from ..orders.lists import find_excess, limit_after
from ..orders.order_facts import has_cancel, is_live
from ..orders.order_table import AT_VENUE, AWAITS_PRICE, IN_CHILDREN, NOWHERE, RESTING, Order
from ..orders.triggers import arm_trigger, stop_of, trail_stop
from ..orders.validation import POST_ONLY, bit_of, explain_mask, first_reason, validate_order
from ..risk.holds import count_sent, note_breach
from ..vocabulary.instrument import BUY, SELL, InstrumentRow, awaits_price, direction, has_limit, opposite
from .conditions import session_takes
from .departures import stops_replace
from .exits import ask_risk_of
from .funding import note_fund_price
from .observing import observe_passed
from .placing import ask_order, start_order
from .protection import price_elsewhere, reaches, within_ticks
from .requests import ask_replace, claim_request_id, find_bad_id, find_target, refuse_request, take_id
from .self_matching import find_own_match
from .state import (
    State,
    acknowledge,
    book_of,
    is_external,
    report_execution,
    sync_order,
    sync_top,
    tell_price,
    withdraw_order,
)
from .user_rules import told_refusal
from .worst_prices import bounded_ticks, limit_ticks


def enter_replace(core: State, c: Any) -> Any:
    order_id, order, reason = find_target(core, c)
    bad_id = find_bad_id(core, c)
    if order is None:
        return refuse_request(core, c, order_id, None, bad_id or reason)
    if bad_id:
        return refuse_request(core, c, order_id, order, bad_id)
    if c.cl_ord_id == NO_ROOM:
        return refuse_request(core, c, order_id, order, Reason.IDS_FULL, len(core.texts.texts), core.texts.capacity)
    if c.cl_ord_id and len(core.ids.order_ids) == core.ids.capacity:
        return refuse_request(core, c, order_id, order, Reason.TABLE_FULL, core.ids.capacity, core.ids.capacity)
    claim_request_id(core, c, order)
    asked_qty = c.order_qty or order.order_qty
    order_qty = max(asked_qty, order.cum_qty)  # below what is filled already: it becomes that
    price = order.price if c.price == NO_PRICE else c.price
    stop_px = stop_of(order) if c.stop_px == NO_PRICE or not awaits_price(order.ord_type) else c.stop_px
    expire_time, peg_offset = c.expire_time or order.expire_time, c.new_peg_offset or order.peg_offset
    if order.terminal or (not is_live(order) and order_qty <= order.cum_qty):
        return refuse_request(core, c, order_id, order, Reason.TOO_LATE_TO_CANCEL)
    if has_cancel(order):
        return refuse_request(core, c, order_id, order, Reason.ALREADY_PENDING)
    if core.bad_stamp is not None:
        return refuse_request(core, c, order_id, order, *core.bad_stamp)
    if c.refusal:
        return refuse_request(core, c, order_id, order, Reason.USER_RULE, told_refusal(core, c.refusal))
    if order.parent:
        return refuse_request(core, c, order_id, order, Reason.CHILD_ORDER, order_id, order.parent)
    ins = core.instruments[order.instrument]
    refused = find_bad_terms(core, ins, order, asked_qty, price, stop_px, expire_time, peg_offset)
    away = order.place in (AT_VENUE, IN_CHILDREN)
    if refused is None and away and core.orders.replaces == core.orders.open_max:
        refused = Reason.REPLACES_FULL, core.orders.replaces, core.orders.open_max
    if refused is None and order.place == AT_VENUE and not has_places(core.orders.unsent, 1):
        refused = Reason.OUTBOUND_FULL, places_taken(core.orders.unsent), core.orders.unsent.most
    if refused is None:
        refused = find_excess(order, order_qty)
    if refused is None:
        refused = find_refusal(core, c, ins, order, order_qty, price, stop_px, expire_time, peg_offset)
    if refused is not None:
        return refuse_request(core, c, order_id, order, *refused)
    if away:
        ask_replace(core, c, order, c.cl_ord_id, order_qty, price, stop_px, expire_time, peg_offset, 0)
    else:
        replace_order(core, c, ins, order, order_qty, price, stop_px, expire_time, peg_offset)
    return acknowledge(order)


def find_bad_terms(
    core: State, ins: InstrumentRow, order: Order, order_qty: int, price: int, stop_px: int, expire_time: int,
    peg_offset: int,
) -> tuple[int, int, int] | None:
    """Why no order can have these terms: the order as it would be, validated as a new one."""
    if order.place == AT_VENUE and expire_time != order.expire_time:
        return Reason.INVALID_FIELD_VALUE, expire_time, 112  # no request carries it to a venue
    if price != NO_PRICE and not has_limit(order.ord_type):
        return Reason.INVALID_FIELD_VALUE, price, 64  # its type has none
    if order.triggered and peg_offset != order.peg_offset:
        return Reason.INVALID_PEG_OFFSET, peg_offset, order.peg_offset  # it follows no price any more
    if order.triggered and stop_px != stop_of(order):
        return Reason.STOP_TRIGGERED, stop_px, stop_of(order)  # what it waited for has come
    if order.ord_type == OrdType.TRAILING_STOP and stop_px != stop_of(order):
        return Reason.STOP_PX_OUT_OF_RANGE, stop_px, stop_of(order)  # it follows the market
    declared = len(core.accounts), len(core.router.venues)
    order_command = CODECS[10].tuple_type(
        10, order.side, order.ord_type, order.time_in_force, order.exec_inst, order.instrument, order.account,
        order.venue, 0, 0, 0, 0, 0, 0, order_qty, price,
        NO_PRICE if order.ord_type == OrdType.TRAILING_STOP else stop_px, peg_offset, order.min_qty,
        min(order.display_qty, max(order_qty, 0)), order.list_id, expire_time,
        order.trigger_price_type, order.peg_offset_type, order.contingency_type, order.strategy,
    )
    mask = validate_order(ins, *declared, 0, core.now, order_command)
    if price == order.price and order_qty <= order.order_qty:  # it is there already, and may become less
        mask &= ~bit_of(Reason.PRICE_LIMIT)
    if not mask:
        return None
    return first_reason(mask), *explain_mask(mask, ins, len(core.instruments), *declared, core.now, order_command)


def least_asked(order: Order) -> int:
    """The smallest quantity that an order has, or that its venue was asked for since."""
    return min([order.order_qty, *(request.order_qty for request in order.requests if request.is_replace)])


def goes_further(order: Order, order_qty: int, price: int) -> bool:
    """Would a replace ask for more, or for a worse price, than the order has and than its venue was asked for since?
    Nobody knows yet which of them it will replace."""
    side = direction(order.side)
    asked = [(request.order_qty, request.price) for request in order.requests if request.is_replace]
    return any(order_qty > qty or rank_of(side, price) > rank_of(side, px)
               for qty, px in ((order.order_qty, order.price), *asked))


def moves_on(order: Order, order_qty: int, price: int, stop_px: int, expire_time: int, peg_offset: int) -> bool:
    """Would a replace trade more, or at a worse price, or at another time than the order does, or than its venue was
    asked for since?"""
    asked = [(request.stop_px, request.expire_time, request.peg_offset)
             for request in order.requests if request.is_replace]
    now = stop_of(order), order.expire_time, order.peg_offset
    return goes_further(order, order_qty, price) or any(
        (stop_px, expire_time, peg_offset) != times for times in (now, *asked))


def find_better(
    core: State, ins: InstrumentRow, order: Order, order_qty: int, price: int
) -> tuple[int, int, int] | None:
    """What other venues display that keeps a replaced order from its venue, as it would keep a new one: it might trade
    through, lock or cross it there. One that goes no further than it did may stay."""
    waits = awaits_price(order.ord_type) and not order.triggered
    if order.place not in (AT_VENUE, RESTING) or (waits and not has_limit(order.ord_type)):
        return None
    elsewhere = price_elsewhere(core, ins, order, order.venue)
    if elsewhere == NO_PRICE or order_qty <= order.cum_qty or not goes_further(order, order_qty, price):
        return None
    side = direction(order.side)
    most = ins.price_most if side == BUY else -ins.price_most
    limit = bounded_ticks(ins, order, (price if has_limit(order.ord_type) else most) // ins.tick)
    within = within_ticks(ins, side, limit, elsewhere)
    kept_off = within != limit
    if order.place == RESTING or order.exec_inst & POST_ONLY:
        kept_off = reaches(ins, side, limit, elsewhere)
    if kept_off and order.place == RESTING:  # unless it takes all that it asks for before
        kept_off = not is_fillable(
            book_of(core, order.instrument, order.venue), opposite(side), within, order_qty - order.cum_qty)
    return (Reason.ORDER_PROTECTION, limit * ins.tick, elsewhere) if kept_off else None


def find_refusal(
    core: State, c: Any, ins: InstrumentRow, order: Order, order_qty: int, price: int, stop_px: int, expire_time: int,
    peg_offset: int,
) -> tuple[int, int, int] | None:
    """Why risk, the book or what others display would refuse: as a whole order, for what it would hold more. A replace
    that only lowers the quantity always passes; any other is a new order to rates, one that asks for more to sessions
    too."""
    better = find_better(core, ins, order, order_qty, price)
    moves = moves_on(order, order_qty, price, stop_px, expire_time, peg_offset)
    if price == order.price and not moves:
        return better  # which its venue may have been asked to leave since
    more = max(0, order_qty - order.cum_qty - order.held)
    q = ask_order(core, ins, order, order_qty, price, stop_px, more, more == 0)
    q.sent = Sent.REPLACE  # whatever it asks for
    q.moves_on = moves and order_qty > order.cum_qty
    q.closed = order_qty > least_asked(order) and not session_takes(core, order.instrument, order.time_in_force)
    refused = ask_risk_of(core, ins, order, q)
    if refused is not None:
        note_breach(core.risk, refused, core.now)
        return refused.reason, refused.value, refused.limit
    side = direction(order.side)
    if order.exec_inst & POST_ONLY and order.place == RESTING:
        ticks = price // ins.tick
        if crosses(book_of(core, order.instrument, order.venue), opposite(side), ticks):
            return Reason.POST_ONLY_WOULD_TAKE, price, touch_price(core.router, order.instrument, side, order.venue)
    if better is not None:
        return better
    own = find_own_match(core, order, price, price // ins.tick, order_qty - order.cum_qty)
    if own is not None:
        return Reason.SELF_MATCH, *own
    enters = enters_book(core, order, order_qty, price)
    if enters and is_out(core.router.health[order.venue]):  # it works on as it is
        return Reason.NO_VENUE, order.venue, len(core.router.venues)
    stopped = stops_replace(core, c, order, order_qty, price) if enters else None
    if stopped is not None:
        core.answer_seq = core.events.seq + 1  # the alert is no answer
        return Reason.EXIT_GATE, *stopped
    observe_passed(core, c, ins, order, q)
    core.answer_seq = core.events.seq + 1  # that is no answer
    count_sent(core.risk, q)
    note_fund_price(order, q, order.place in (AT_VENUE, IN_CHILDREN))
    return None


def keeps_place(order: Order, order_qty: int, price: int) -> bool:
    """Does an order that rests keep its place in the queue, since only its quantity falls?"""
    return price == order.price and order_qty <= order.order_qty


def enters_book(core: State, order: Order, order_qty: int, price: int) -> bool:
    """Would a replace take an order into a simulated venue's book: again, or with more than it has traded whole?"""
    if order_qty <= order.cum_qty or order.venue == 0 or is_external(core, order.venue):
        return False
    return order.place == NOWHERE or (order.place == RESTING and not keeps_place(order, order_qty, price))


def replace_order(
    core: State, c: Any, ins: InstrumentRow, order: Order, order_qty: int, price: int, stop_px: int, expire_time: int,
    peg_offset: int,
) -> None:
    """Replaces an order that is no external venue's, at once. It keeps its place in the queue where only its quantity
    falls; else it goes to the end, and may trade."""
    was, spared = order.place, not goes_further(order, order_qty, price)
    if was == RESTING and keeps_place(order, order_qty, price) and order_qty > order.cum_qty:
        reduce_node(book_of(core, order.instrument, order.venue), order.order_id, order.order_qty - order_qty)
        for side in (BUY, SELL):
            sync_top(core, order.instrument, order.venue, side)
    elif was in (RESTING, AWAITS_PRICE):
        withdraw_order(core, order)
    order.oco_limit = limit_after(order, order_qty)
    order.repriced |= price != order.price
    order.order_qty, order.price, order.stop_px, order.expire_time = order_qty, price, stop_px, expire_time
    order.peg_offset = peg_offset
    if was == AWAITS_PRICE and order.ord_type == OrdType.TRAILING_STOP:
        order.stop_px = trail_stop(order, order.peak_px)
    report_execution(core, c, order, ExecType.REPLACED, **take_id(order, c.cl_ord_id))
    sync_order(core, order)
    if not is_live(order):
        return
    if was == AWAITS_PRICE:
        order.place = AWAITS_PRICE
        arm_trigger(core.triggers, order)
        tell_price(core, order.instrument)
    elif was == NOWHERE or (was == RESTING and order.place == NOWHERE):
        q = ask_order(core, ins, order, order_qty, price, stop_px, 0, True)
        start_order(core, c, ins, order, limit_ticks(ins, q), False, 0, False, judged=True, spared=spared)

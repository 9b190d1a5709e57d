"""Time: sessions of instruments, of venues and of the day, and the deadlines that the clock brings. It matches nothing.

A halt suspends what rests in the core's own venues; the opening lets go what waited for it; the close executes
AT_THE_CLOSE orders, then expires what was for the day. What is at an external venue is that venue's.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecRestatementReason, ExecType, TimeInForce, TradSesStatus
from tradecore.vocabulary.records import NO_PRICE, POSITION_MAX, QTY_MAX, TIME_MAX

from ..orders.lists import split_limit, split_lists
from ..orders.open_orders import find_open
from ..orders.order_facts import has_cancel, is_live, unknown_of
from ..orders.order_table import AT_VENUE, AWAITS_PRICE, AWAITS_SESSION, EXPIRED, IN_CHILDREN, RESTING, Order
from ..orders.timers import SESSION_TIMER
from ..orders.trades import fold_position
from ..orders.triggers import arm_trigger
from ..positions.costs import position_of
from ..risk.holds import exposure_of, move_position
from ..vocabulary.instrument import tick_at
from .conditions import AT_THE_CLOSE, CLOSED, HALTED, PRE_OPEN, is_trading
from .marketdata import clear_quotes
from .outbound import recall_order, send_status_request
from .placing import is_native, release_order
from .requests import ask_cancel
from .state import (
    State,
    accept_command,
    end_day,
    end_order,
    is_external,
    refuse_command,
    report_execution,
    session_of,
    sync_order,
    tell_parent,
    tell_price,
    withdraw_order,
)

GTC, GTD = int(TimeInForce.GTC), int(TimeInForce.GTD)


def is_good_till(time_in_force: int) -> bool:
    return time_in_force in (GTC, GTD)


# ---- the clock


def fire_timers(core: State, c: Any) -> None:
    """Everything whose time has come, in the order of the deadlines."""
    while (key := core.timers.take_due(core.now)) is not None:
        kind, number = key
        if kind == SESSION_TIMER:
            core.close_times[number] = 0
            change_session(core, c, number, CLOSED)
        else:
            fire_order_timer(core, c, core.orders.by_id[number])


def fire_order_timer(core: State, c: Any, order: Order) -> None:
    """Requests without an answer become UNKNOWN and the venue is asked; an order that has expired ends."""
    timeout = core.router.venues[order.venue].request_timeout if order.place == AT_VENUE else 0
    before = count_unknown(order)
    if timeout:
        mark_unknown(order, core.now - timeout)
    if count_unknown(order) != before:
        report_unknown(core, c, order, Reason.REQUEST_TIMEOUT)
    native = order.place == AT_VENUE and is_native(core, order, "native_times_in_force", GTD)
    if order.expire_time and order.expire_time <= core.now and is_live(order) and not native:
        if recall_order(core, order):
            end_order(core, c, order, EXPIRED, Reason.EXPIRE_TIME_REACHED)
            return
        order.expiry_asked = True
        if not has_cancel(order):
            ask_cancel(core, c, order, 0, Reason.EXPIRE_TIME_REACHED)
    sync_order(core, order)


def mark_unknown(order: Order, sent_until: int) -> None:
    """Every request that was sent by then and has no answer."""
    if order.awaited and order.sent_time <= sent_until:
        order.unknown_new = True
    for request in order.requests:
        if request.sent_time <= sent_until:
            request.unknown = True


def count_unknown(order: Order) -> int:
    """One by one, so that a second request of a kind is seen too."""
    return order.unknown_new + sum(request.unknown for request in order.requests)


def report_unknown(core: State, c: Any, order: Order, reason: Reason) -> None:
    """Neither a reject nor a reason to resend: the hold stays, and the venue is asked for the status, at once or when
    its session is there again."""
    report_execution(core, c, order, ExecType.ORDER_STATUS, reason=reason)
    if order.venue not in core.disconnected:
        send_status_request(core, c, order, reason)


# ---- instruments


def enter_session(core: State, c: Any) -> Any:
    if not 0 <= c.instrument <= len(core.instruments):
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if c.trad_ses_status not in TradSesStatus._value2member_map_:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.trad_ses_status, 56)
    if c.close_time and not core.now < c.close_time <= TIME_MAX:
        return refuse_command(core, c, Reason.EXPIRE_TIME_IN_PAST, c.close_time, core.now)
    ack = accept_command(core, c, c.trad_ses_status, c.close_time, instrument=c.instrument)
    for instrument in [c.instrument] if c.instrument else list(core.instruments):
        core.close_times[instrument] = c.close_time
        core.timers.arm_timer((SESSION_TIMER, instrument), c.close_time)
        change_session(core, c, instrument, c.trad_ses_status)
    return ack


def change_session(core: State, c: Any, instrument: int, status: int) -> None:
    was = session_of(core, instrument)
    core.sessions[instrument] = status
    mine = [order for order in find_open(core.open_orders, instrument, 0, 0, 0) if order.place != AT_VENUE]
    if status == HALTED:
        for order in mine:
            suspend_order(core, c, order)
    elif status == CLOSED:
        close_session(core, c, mine)
    elif status == PRE_OPEN:
        for order in mine:
            leave_book(core, order)
    elif is_trading(core, instrument):
        for order in mine:
            if is_live(order):
                resume_order(core, c, order)
        if was != status:
            tell_price(core, instrument)


def suspend_order(core: State, c: Any, order: Order) -> None:
    """A halt takes what rests out of the book; it comes back in the order in which it was entered."""
    if order.suspended or not is_live(order) or order.place == IN_CHILDREN:
        return  # of what is worked in children, they are suspended
    leave_book(core, order)
    order.suspended = True
    report_execution(core, c, order, ExecType.SUSPENDED)
    sync_order(core, order)


def leave_book(core: State, order: Order) -> None:
    """What rests waits for the next session."""
    if order.place == RESTING:
        withdraw_order(core, order)
        order.place = AWAITS_SESSION


def reinstate_order(core: State, c: Any, order: Order) -> None:
    if order.suspended:
        order.suspended = False
        report_execution(core, c, order, ExecType.NEW)
        sync_order(core, order)


def resume_order(core: State, c: Any, order: Order) -> None:
    reinstate_order(core, c, order)
    if order.place == AWAITS_SESSION and order.time_in_force != AT_THE_CLOSE:
        release_order(core, c, order)
    elif order.place == IN_CHILDREN:
        tell_parent(core, order)


def close_session(core: State, c: Any, mine: list[Order]) -> None:
    """The closing trades, then the end of the day orders; what is good longer waits for the next session."""
    for order in mine:
        if is_live(order) and order.place == AWAITS_SESSION and order.time_in_force == AT_THE_CLOSE:
            reinstate_order(core, c, order)
            release_order(core, c, order, placed=True)
    for order in mine:
        if is_live(order) and order.place != AT_VENUE:
            if not is_good_till(order.time_in_force):
                end_day(core, c, order)
            else:
                leave_book(core, order)


# ---- venues


def enter_venue_session(core: State, c: Any) -> Any:
    """A lost session: the outcome of everything that was sent and not answered is UNKNOWN; no new order goes there.
    Once it is there again, the venue is asked about everything that is UNKNOWN."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_command(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.connected not in (0, 1):
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.connected, 56)
    ack = accept_command(core, c, c.connected, 0, venue=c.venue)
    (core.disconnected.discard if c.connected else core.disconnected.add)(c.venue)
    core.router.down = core.risk.killed_venues | core.disconnected
    for order in find_open(core.open_orders, 0, 0, c.venue, 0):
        if order.place != AT_VENUE:
            continue
        if c.connected and (unknown_of(order) or order.doubt_qty):
            send_status_request(core, c, order, Reason.VENUE_DISCONNECTED)
        elif not c.connected and (order.awaited or order.requests):
            before = count_unknown(order)
            mark_unknown(order, core.now)
            if count_unknown(order) != before:
                report_unknown(core, c, order, Reason.VENUE_DISCONNECTED)
            sync_order(core, order)
    return ack


# ---- splits


def scale(value: int, numerator: int, denominator: int) -> int | None:
    """value x numerator / denominator where that is a whole number, else None."""
    q, r = divmod(value * numerator, denominator)
    return None if r else q


def split_terms(order: Order, n: int, d: int) -> tuple[int, int, int, int, int, int] | None:
    """An order's quantities and prices after a split, or None where one of them would not be whole."""
    quantities = (scale(qty, n, d) for qty in (order.order_qty, order.cum_qty, order.display_qty, order.min_qty))
    prices = (NO_PRICE if px == NO_PRICE else scale(px, d, n) for px in (order.price, order.stop_px))
    terms = (*quantities, *prices)
    return None if None in terms else terms  # type: ignore[return-value]  # no term is None


def split_instrument(core: State, c: Any) -> Any:
    """n new shares for d old ones: quantities and positions times n / d, prices times d / n, amounts as they were.

    Only while the instrument does not trade. Refused, and nothing changed, where a quantity or price of an open order
    or a position would not be whole, or an order has a request that is unanswered. Trades before a split are final:
    they can no longer be busted or corrected. Quotes, marks and last trades are forgotten.
    """
    n, d, ins = c.split_numerator, c.split_denominator, core.instruments.get(c.instrument)
    if ins is None:
        return refuse_command(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    for offset, value in ((56, n), (64, d)):
        if not 1 <= value <= 1_000_000:
            return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, value, offset)
    if is_trading(core, c.instrument):
        return refuse_command(core, c, Reason.SESSION_CLOSED, session_of(core, c.instrument), 0)
    mine = find_open(core.open_orders, c.instrument, 0, 0, 0)
    for order in mine:
        terms = split_terms(order, n, d)
        if terms is None or order.requests or order.peg_offset or max(terms[:4]) > QTY_MAX or terms[0] % ins.lot:
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, order.order_id, 0)
        if any(px != NO_PRICE and (px % tick_at(ins, px) or abs(px) > ins.price_most) for px in terms[4:]):
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, order.order_id, 0)
    for account in range(len(core.accounts) + 1):
        qty = scale(position_of(core.ledger, c.instrument, account).qty, n, d)
        if qty is None or abs(qty) > POSITION_MAX:
            return refuse_command(core, c, Reason.UNEVEN_SPLIT, 0, account)
    ack = accept_command(core, c, n, d, instrument=c.instrument)
    exposure_of(core.risk, c.instrument, 0).position_qty = 0
    for account in range(len(core.accounts) + 1):
        p = position_of(core.ledger, c.instrument, account)
        p.qty = p.qty * n // d
        if account:
            exposure_of(core.risk, c.instrument, account).position_qty = 0
        move_position(core.risk, c.instrument, account, p.qty)
        fold_position(core.trades, core.ledger, c.instrument, account)
    core.ledger.lasts.pop(c.instrument, None)
    core.ledger.marks.pop(c.instrument, None)
    for venue in core.router.venues:
        clear_quotes(core, c.instrument, venue)
    split_lists(core.groups, c.instrument, n, d)
    for order in mine:
        split_order(core, c, order, n, d)
    return ack


def split_order(core: State, c: Any, order: Order, n: int, d: int) -> None:
    terms = split_terms(order, n, d)
    assert terms is not None
    waits = order.place == AWAITS_PRICE
    if waits:
        withdraw_order(core, order)
    order.order_qty, order.cum_qty, order.display_qty, order.min_qty, order.price, order.stop_px = terms
    split_limit(order, n, d)
    report_execution(core, c, order, ExecType.RESTATED,
                     exec_restatement_reason=ExecRestatementReason.GT_CORPORATE_ACTION)
    sync_order(core, order)
    if waits:
        order.place = AWAITS_PRICE
        arm_trigger(core.triggers, order)


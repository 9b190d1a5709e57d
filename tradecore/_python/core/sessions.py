"""Time: sessions of instruments, of venues and of the day, and the deadlines that the clock brings. It matches nothing.

A halt suspends what rests in the core's own venues; the opening lets go what waited for it; the close executes
AT_THE_CLOSE orders, then expires what was for the day. What is at an external venue is that venue's.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType, TimeInForce, TradSesStatus
from tradecore.vocabulary.records import TIME_MAX
from tradecore.vocabulary.venue_words import OnDisconnect

from ..orders.open_orders import find_open
from ..orders.order_facts import has_cancel, is_live, unknown_of
from ..orders.order_table import (
    AT_VENUE,
    AWAITS_SESSION,
    AWAITS_VENUE,
    CANCELED,
    EXPIRED,
    IN_CHILDREN,
    NOWHERE,
    RESTING,
    Order,
)
from ..orders.timers import PRINT_TIMER, SESSION_TIMER
from ..risk.exit_gate import keep_halt
from .conditions import AT_THE_CLOSE, CLOSED, HALTED, OPEN, PRE_CLOSE, PRE_OPEN, is_trading
from .elections import end_print, forget_print
from .health import fail_health, set_barred
from .outbound import doubt_order, drop_requests, recall_order, send_status_request
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
        elif kind == PRINT_TIMER:
            end_print(core, number)
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
        fail_health(core, c, order.venue, True)
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
    keep_halt(core.gate, instrument, status == HALTED)
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
        if was not in (OPEN, PRE_CLOSE):
            core.triggers.opened_at[instrument] = core.command_seq - 1
            forget_print(core, instrument)
        for order in mine:
            if is_live(order):
                resume_order(core, c, order)
        if was != status:
            core.triggers.asks_again = True
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
    if order.place == AWAITS_VENUE:
        return
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
    set_barred(core)
    core.triggers.asks_again = core.triggers.asks_again or c.connected == 1
    for instrument in core.instruments:  # what is displayed there counts again, or no more
        tell_price(core, instrument)
    for order in find_open(core.open_orders, 0, 0, c.venue, 0):
        if order.place != AT_VENUE:
            continue
        if c.connected and (unknown_of(order) or order.doubt_qty):
            send_status_request(core, c, order, Reason.VENUE_DISCONNECTED)
        elif not c.connected:
            lose_order(core, c, order)
    return ack


def lose_order(core: State, c: Any, order: Order) -> None:
    """What becomes of an order whose venue's session is lost: see OnDisconnect."""
    on_disconnect = core.router.health[order.venue].on_disconnect
    works = order.acked and is_live(order)
    if works and on_disconnect == OnDisconnect.CANCEL:
        drop_requests(core, order)
        order.place = NOWHERE
        end_order(core, c, order, CANCELED, Reason.VENUE_DISCONNECTED)
        return
    doubts = works and on_disconnect == OnDisconnect.DOUBT
    if not (order.awaited or order.requests or doubts):
        return
    before = count_unknown(order)
    mark_unknown(order, core.now)
    if doubts:
        doubt_order(core, c, order, order.order_qty, Reason.VENUE_DISCONNECTED)
    if doubts or count_unknown(order) != before:
        report_unknown(core, c, order, Reason.VENUE_DISCONNECTED)
    sync_order(core, order)

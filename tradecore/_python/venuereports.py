"""What external venues report. Money is never refused: a trade is booked whatever the status, and flagged where it is
unexpected. A report that contradicts the facts is refused, counted, and changes nothing.

Source: FIX 4.4 Appendix D. A trade counts once by (venue, exec_id, day), whatever is redelivered.
"""

from __future__ import annotations

from typing import Any

from tradecore.fix import CxlRejReason, ExecRestatementReason, ExecType, OrdRejReason, Reason
from tradecore.order import NO_PRICE, QTY_MAX, TRADE_BUSTED, TRADE_FOLDED, TRADE_LIVE

from .fills import add_fill, book_trade, tell_trimmed
from .ids import id_is_valid
from .instrument import BUY, InstrumentRow, direction, find_bad_price
from .orders import (
    AT_VENUE,
    NOWHERE,
    PENDING_NEW,
    Order,
    Request,
    derive_status,
    end_facts,
    is_live,
    remove_request,
)  # fmt: skip
from .position import commission_of
from .requests import take_id
from .risk import move_position
from .shell import saturate
from .state import (
    ACK_ACCEPTED,
    CANCEL_REJECT,
    EXECUTION,
    SEND_STATUS_REQUEST,
    State,
    acknowledge,
    is_external,
    order_fields,
    publish,
    refuse_command,
    report_execution,
    sync_order,
    tell_price,
)  # fmt: skip
from .trades import Execution, append_execution, find_execution, rebuild_position

_TERMINAL = {int(ExecType.CANCELED), int(ExecType.EXPIRED), int(ExecType.REJECTED)}
_TRADES = {int(ExecType.TRADE_CORRECT), int(ExecType.TRADE_CANCEL)}
_GOOD_AGAIN = {ExecRestatementReason.GT_CORPORATE_ACTION, ExecRestatementReason.GT_RENEWAL}  # for another day
_STATES = {  # temporary states, and the fact that each sets
    int(ExecType.DONE_FOR_DAY): "done_for_day", int(ExecType.STOPPED): "stopped", int(ExecType.SUSPENDED): "suspended",
    int(ExecType.CALCULATED): "calculated",
}  # fmt: skip


def refuse_report(core: State, c: Any, reason: Reason, value: int, bound: int) -> Any:
    core.reports_refused += 1
    return refuse_command(core, c, reason, value, bound)


def find_order(core: State, c: Any) -> tuple[int, Order | None]:
    """The order that a venue means: by any id in its chain, else by the order_id; only one that it can have."""
    order_id = core.ids.order_ids.get(c.cl_ord_id, 0) if c.cl_ord_id else c.order_id
    order = core.orders.by_id.get(order_id)
    known = order is not None and order.admitted and order.venue == c.venue and order.place <= AT_VENUE
    return order_id, order if known else None


def find_request(order: Order, cl_ord_id: bytes, is_replace: bool) -> Request | None:
    """The request that a venue answers: by its id; where it names none, the oldest of its kind."""
    of_kind = [request for request in order.requests if request.is_replace == is_replace]
    for request in of_kind:
        if request.cl_ord_id and request.cl_ord_id == cl_ord_id:
            return request
    named = cl_ord_id and cl_ord_id != order.cl_ord_id
    return None if named or not of_kind else of_kind[0]


def enter_execution_report(core: State, c: Any) -> Any:
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in ExecType._value2member_map_ or c.exec_type in _TRADES:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    if c.exec_id and not id_is_valid(c.exec_id):
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)
    order_id, order = find_order(core, c)
    if c.exec_type == ExecType.TRADE:
        return enter_trade(core, c, order_id, order)
    if order is None:
        return refuse_report(core, c, Reason.UNKNOWN_ORDER, order_id, 0)
    if c.exec_type == ExecType.ORDER_STATUS:
        return take_status(core, c, order)
    return take_state(core, c, order)


# ---- states


def take_state(core: State, c: Any, order: Order) -> Any:
    """An execution report that is no trade. What contradicts the facts is refused."""
    request = None
    if c.exec_type in (ExecType.PENDING_CANCEL, ExecType.PENDING_REPLACE, ExecType.REPLACED):
        request = find_request(order, c.cl_ord_id, c.exec_type != ExecType.PENDING_CANCEL)
        if request is None:
            return refuse_report(core, c, Reason.NO_SUCH_REQUEST, order.order_id, len(order.requests))
    elif c.exec_type == ExecType.CALCULATED:
        if is_live(order) and not order.done_for_day:
            return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.exec_type, derive_status(order))
    elif not is_live(order) or (c.exec_type == ExecType.PENDING_NEW and order.acked):
        return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.exec_type, derive_status(order))
    if c.exec_type in (ExecType.REPLACED, ExecType.RESTATED):
        bad = find_bad_restatement(core, c, order)
        if bad:
            return refuse_report(core, c, *bad)
    if c.exec_type not in (ExecType.PENDING_NEW, ExecType.REJECTED):
        order.acked = True
    order.awaited = order.unknown_new = False
    if c.exec_type in _TERMINAL:
        end_at_venue(core, c, order)
    elif c.exec_type == ExecType.REPLACED:
        assert request is not None
        replace_at_venue(core, c, order, request)
    elif c.exec_type == ExecType.RESTATED:
        if restatement_of(c) in _GOOD_AGAIN:
            order.done_for_day = False
        take_terms(order, c, c.order_qty or order.order_qty, order.price)
        report_execution(core, c, order, ExecType.RESTATED, exec_restatement_reason=restatement_of(c),
                         venue_exec_id=c.exec_id)  # fmt: skip
    elif request is not None:
        request.pending, request.unknown, request.sent_time = True, False, core.now  # heard of: its clock starts anew
        report_execution(core, c, order, c.exec_type, cl_ord_id=request.cl_ord_id,
                         orig_cl_ord_id=order.cl_ord_id, venue_exec_id=c.exec_id)  # fmt: skip
    else:
        if c.exec_type in _STATES:
            setattr(order, _STATES[c.exec_type], True)
        elif c.exec_type == ExecType.NEW:  # working: reinstated, if it was not
            order.suspended = order.done_for_day = order.stopped = False
        elif c.exec_type == ExecType.TRIGGERED:
            order.triggered = True
        report_execution(core, c, order, c.exec_type, venue_exec_id=c.exec_id)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def restatement_of(c: Any) -> int:
    return c.reject_reason if 0 <= c.reject_reason <= 99 else 99


def find_bad_restatement(core: State, c: Any, order: Order) -> tuple[Reason, int, int] | None:
    """Why new terms can't be, with value and bound; 0 and NO_PRICE leave them as they are."""
    if not 0 <= c.order_qty <= QTY_MAX:
        return Reason.INVALID_FIELD_VALUE, c.order_qty, 56
    return None if c.price == NO_PRICE else find_bad_price(core.instruments[order.instrument], c.price)


def take_terms(order: Order, c: Any, order_qty: int, price: int) -> None:
    """New quantity and price; an order never asks for less than it has."""
    order.order_qty = max(order_qty, order.cum_qty)
    order.price = c.price if c.price != NO_PRICE and order.price != NO_PRICE else price


def end_at_venue(core: State, c: Any, order: Order) -> None:
    """Canceled, expired or rejected: its pending requests are closed with it."""
    request = find_request(order, c.cl_ord_id, False)
    told = take_id(order, request.cl_ord_id) if c.exec_type == ExecType.CANCELED and request is not None else {}
    end_facts(core.orders, order, c.exec_type)
    order.place, order.reason = NOWHERE, int(Reason.VENUE_REPORTED)
    rejected = c.exec_type == ExecType.REJECTED
    given = c.reject_reason if -1 <= c.reject_reason <= 99 else OrdRejReason.OTHER
    report_execution(core, c, order, c.exec_type, reason=Reason.VENUE_REPORTED,
                     ord_rej_reason=given if rejected else -1, venue_exec_id=c.exec_id, **told)  # fmt: skip


def replace_at_venue(core: State, c: Any, order: Order, request: Request) -> None:
    """What was asked for, or what the venue says it made of it."""
    remove_request(core.orders, order, request)
    take_terms(order, c, c.order_qty or request.order_qty, request.price)
    order.stop_px, order.expire_time = request.stop_px, request.expire_time
    told = take_id(order, request.cl_ord_id)
    report_execution(core, c, order, ExecType.REPLACED, venue_exec_id=c.exec_id, **told)


def take_status(core: State, c: Any, order: Order) -> Any:
    """The answer to a status request: it resolves what was UNKNOWN, or contradicts what we know and is refused."""
    if c.ord_status in _TERMINAL and is_live(order):
        return take_state(core, c._replace(exec_type=c.ord_status), order)
    if (c.ord_status in _TERMINAL) != (order.terminal != 0):
        return refuse_report(core, c, Reason.VENUE_CONTRADICTS, c.ord_status, derive_status(order))
    if c.ord_status != PENDING_NEW and not order.terminal:
        order.acked, order.awaited, order.unknown_new = True, False, False
    report_execution(core, c, order, ExecType.ORDER_STATUS)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def compare_cum_qty(core: State, c: Any, order: Order) -> None:
    """A venue that has filled more or less than we know of: a trade was missed; it is asked for the status."""
    if c.cum_qty >= 0 and c.cum_qty != order.cum_qty:
        publish(core, c, SEND_STATUS_REQUEST, **order_fields(order) | {
            "reason": Reason.CUM_QTY_MISMATCH, "value": c.cum_qty, "bound": order.cum_qty})  # fmt: skip


def enter_cancel_reject(core: State, c: Any) -> Any:
    """A venue refuses a request: the order is as it was before."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    order_id, order = find_order(core, c)
    if order is None:
        return refuse_report(core, c, Reason.UNKNOWN_ORDER, order_id, 0)
    request = next((r for r in order.requests if r.cl_ord_id == c.cl_ord_id and c.cl_ord_id), None)
    if request is None and (not c.cl_ord_id or c.cl_ord_id == order.cl_ord_id) and order.requests:
        request = order.requests[0]
    if request is None:
        return refuse_report(core, c, Reason.NO_SUCH_REQUEST, order.order_id, len(order.requests))
    remove_request(core.orders, order, request)
    status = derive_status(order)
    order.last_status = status
    given = c.reject_reason if -1 <= c.reject_reason <= 99 else CxlRejReason.OTHER
    publish(core, c, CANCEL_REJECT, **order_fields(order) | {
        "cl_ord_id": request.cl_ord_id, "orig_cl_ord_id": order.cl_ord_id, "cxl_rej_reason": given,
        "reason": Reason.VENUE_REPORTED})  # fmt: skip
    sync_order(core, order)
    return acknowledge(order)._replace(report_type=CANCEL_REJECT, cxl_rej_reason=given)


# ---- trades


def enter_trade(core: State, c: Any, order_id: int, order: Order | None) -> Any:
    if not c.exec_id:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)
    instrument = c.instrument or (order.instrument if order is not None else 0)
    side = c.side or (order.side if order is not None else 0)
    ins = core.instruments.get(instrument)
    if ins is None:
        return refuse_report(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if side not in (1, 2, 5, 6):
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.side, 1)
    if order is not None and (instrument != order.instrument or direction(side) != direction(order.side)):
        order = None  # whatever the venue means, it is not that order's trade
    if not 1 <= c.last_qty <= QTY_MAX:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.last_qty, 96)
    bad = find_bad_price(ins, c.last_px)
    if bad:
        return refuse_report(core, c, *bad)
    known = find_execution(core.trades, c.venue, c.exec_id)
    if known is not None and known.day == core.day:
        same = (known.exec_type, known.order_id, known.said_qty, known.said_price) == (
            ExecType.TRADE, order_id, c.last_qty, c.last_px)  # fmt: skip
        reason = Reason.EXECID_REPEATED if same else Reason.EXECID_REUSED
        return refuse_report(core, c, reason, known.exec_id, order_id)
    return book_venue_trade(core, c, ins, order_id, order, instrument, side)


def book_venue_trade(
    core: State, c: Any, ins: InstrumentRow, order_id: int, order: Order | None, instrument: int, side: int
) -> Any:
    """A trade of an order; of none that is known: into suspense, which counts for the firm."""
    account = 0 if order is None else order.account
    fees = core.router.venues[c.venue]
    commission = commission_of(ins, c.last_qty, c.last_px, fees.taker_fee_per_unit, fees.taker_fee_ppm)
    core.exec_seq += 1
    book_trade(core, Execution(core.exec_seq, c.exec_id, ExecType.TRADE, order_id, instrument, account, c.venue,
                               direction(side), c.last_qty, c.last_px, commission, core.day, TRADE_LIVE, None, 0,
                               c.last_qty, c.last_px))  # fmt: skip
    core.ledger.lasts[instrument] = c.last_px
    tell_price(core, instrument)
    told = {"last_qty": c.last_qty, "last_px": c.last_px, "commission": saturate(commission), "exec_id": core.exec_seq,
            "venue_exec_id": c.exec_id}  # fmt: skip
    if order is None:
        core.trades_in_suspense += 1
        publish(core, c, EXECUTION, **told, exec_type=ExecType.TRADE, order_id=order_id, cl_ord_id=c.cl_ord_id,
                instrument=instrument, venue=c.venue, side=side, reason=Reason.TRADE_IN_SUSPENSE)  # fmt: skip
        return ACK_ACCEPTED._replace(order_id=order_id, report_type=EXECUTION, reason=int(Reason.TRADE_IN_SUSPENSE))
    late = order.terminal != 0
    add_fill(core, order, c.last_qty, c.last_px)
    over = order.cum_qty > order.order_qty
    if over:
        told |= {"reason": Reason.OVERFILL, "value": order.cum_qty, "bound": order.order_qty}
    elif late:
        told |= {"reason": Reason.LATE_TRADE, "value": order.terminal, "bound": 0}
    report_execution(core, c, order, ExecType.TRADE, **told)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def enter_correction(core: State, c: Any) -> Any:
    """TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the
    ledger had been rebuilt from the trades that survive."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in _TRADES:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    if not c.exec_id or not id_is_valid(c.exec_id):
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)
    busts = c.exec_type == ExecType.TRADE_CANCEL
    qty, price = (0, 0) if busts else (c.last_qty, c.last_px)
    named = find_execution(core.trades, c.venue, c.exec_ref_id)
    trade = named.trade if named is not None and named.trade is not None else named
    known = find_execution(core.trades, c.venue, c.exec_id)
    if known is not None and known.day == core.day:
        same = trade is not None and (known.exec_type, known.ref_exec_id, known.said_qty, known.said_price) == (
            c.exec_type, trade.exec_id, qty, price)  # fmt: skip
        reason = Reason.EXECID_REPEATED if same else Reason.EXECID_REUSED
        return refuse_report(core, c, reason, known.exec_id, trade.exec_id if trade is not None else 0)
    if trade is None or trade.state != TRADE_LIVE:
        return refuse_report(core, c, Reason.UNKNOWN_TRADE, trade.exec_id if trade is not None else 0,
                             trade.state if trade is not None else TRADE_FOLDED)  # fmt: skip
    ins = core.instruments[trade.instrument]
    if not busts:
        if not 1 <= qty <= QTY_MAX:
            return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, qty, 96)
        bad = find_bad_price(ins, price)
        if bad:
            return refuse_report(core, c, *bad)
    return correct_trade(core, c, ins, trade, qty, price)


def correct_trade(core: State, c: Any, ins: InstrumentRow, trade: Execution, qty: int, price: int) -> Any:
    """Makes a trade this quantity and price, 0 where it is busted, and derives everything from it again."""
    more, amount = qty - trade.qty, qty * price - trade.qty * trade.price
    fees = core.router.venues[trade.venue]
    trade.commission = commission_of(ins, qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm) if qty else 0
    if qty:
        trade.qty, trade.price = qty, price
    else:
        trade.state = TRADE_BUSTED
    core.exec_seq += 1
    append_execution(core.trades, Execution(
        core.exec_seq, c.exec_id, c.exec_type, trade.order_id, trade.instrument, trade.account, trade.venue, trade.side,
        qty, price, 0, core.day, TRADE_LIVE, trade, trade.exec_id, qty, price,
    ))  # fmt: skip
    rebuild_position(core.trades, core.ledger, trade.instrument, trade.account)
    move_position(core.risk, trade.instrument, trade.account, more if trade.side == BUY else -more)
    tell_trimmed(core, trade.instrument, trade.account)
    told = {"last_qty": qty, "last_px": price if qty else NO_PRICE, "commission": saturate(trade.commission),
            "exec_id": core.exec_seq, "exec_ref_id": trade.exec_id, "venue_exec_id": c.exec_id}  # fmt: skip
    order = core.orders.by_id.get(trade.order_id) if trade.account else None
    if order is None:
        publish(core, c, EXECUTION, **told, exec_type=c.exec_type, order_id=trade.order_id,
                instrument=trade.instrument, account=trade.account, venue=trade.venue, side=trade.side,
                reason=Reason.NONE if trade.account else Reason.TRADE_IN_SUSPENSE)  # fmt: skip
        return ACK_ACCEPTED._replace(order_id=trade.order_id, report_type=EXECUTION)
    order.cum_qty += more
    order.cum_amount += amount
    over = order.cum_qty > order.order_qty and qty > 0
    if over:
        told |= {"reason": Reason.OVERFILL, "value": order.cum_qty, "bound": order.order_qty}
    report_execution(core, c, order, c.exec_type, **told)
    sync_order(core, order)
    return acknowledge(order)


"""Trades, busts and corrections that external venues report. Money is never refused: a trade is booked whatever the
status, and flagged where it is unexpected; one that matches no order goes to suspense, one that can't be booked whole
is kept. A trade counts once by (venue, instrument, side, exec_id) over two rolls of the day, whatever is redelivered; a
fee that the venue tells replaces ours, and may be told later under the same id. Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType, LastLiquidityInd
from tradecore.vocabulary.records import NO_PRICE, QTY_MAX, TOLD_COMMISSION, TOLD_FINER, UNTELLABLE
from tradecore.vocabulary.rows import TRADE_FOLDED, TRADE_LIVE

from ..orders.execids import ExecId, fee_told, find_exec_id, said_of, tell_fee
from ..orders.order_facts import is_worse
from ..orders.order_table import Order
from ..orders.trades import DAYS_KNOWN, Execution, find_named_trade
from ..vocabulary.instrument import BUY, direction, find_bad_price, is_beyond_amount, most_qty
from ..vocabulary.shell import saturate
from ..vocabulary.texts import hash_of_id, id_is_known
from .corrections import (
    CORRECTIONS,
    correct_trade,
    fee_of,
    find_bad_exec_id,
    find_bad_fee,
    find_beyond,
    flags_of,
    know_execution,
)
from .disarming import note_trade
from .doubts import compare_cum_qty, refuse_report
from .elections import move_last
from .keeping import SIDES, hear_note, hear_of_order, keep_report, range_of
from .known_ids import given_id
from .state import (
    ACK_ACCEPTED,
    BUSINESS_REJECT,
    EXECUTION,
    UNBOOKED,
    State,
    acknowledge,
    is_external,
    publish,
    report_execution,
    sync_order,
    told_time,
)
from .trade_booking import add_fills, book_trade, teller_of
from .venuereports import find_order, take_state, take_status

LIQUIDITY_MAX = max(LastLiquidityInd)


def enter_trade(core: State, c: Any, order_id: int, order: Order | None) -> Any:
    instrument = c.instrument or (order.instrument if order is not None else 0)
    side = c.side or (order.side if order is not None else 0)
    account = order.account if order is not None else 0
    if c.last_qty < 1 and c.last_qty != NO_PRICE and not c.told & TOLD_FINER:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.last_qty, 96)
    known, moves = find_again(core, c, instrument, side), range_of(c, side)
    if is_fee_alone(c):
        moves = 0, 0
    if known is None:
        bad = find_bad_trade(core, c, order, account, instrument, side, insists=False)
    elif is_told_again(core, c, known, order_id):
        bad, moves = find_bad_amendment(core, c, known, order_id), (0, 0)
        if bad is None:
            return amend_fee(core, c, known)
        if bad[0] is Reason.EXECID_REPEATED:
            return refuse_report(core, c, *bad)
    else:
        bad = Reason.EXECID_REUSED, known.row.exec_id, order_id
    if bad is not None:
        return keep_report(core, c, bad, order_id, account, instrument, moves)
    if order is not None and not is_its_own(order, instrument, side):
        order, account = None, 0  # whatever the venue means, it is not that order's trade
    return book_venue_trade(core, c, order_id, order, account, instrument, side, known=False)


def is_its_own(order: Order, instrument: int, side: int) -> bool:
    return instrument == order.instrument and direction(side) == direction(order.side)


def find_bad_trade(
    core: State, c: Any, order: Order | None, account: int, instrument: int, side: int, insists: bool
) -> tuple[Reason, int, int] | None:
    """Why a trade can't be booked whole, with value and bound. An operator insists: it needs no id of its own."""
    bad = None if insists else find_bad_exec_id(core, c)
    if bad:
        return bad
    ins = core.instruments.get(instrument)
    if ins is None:
        return Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments)
    if side not in SIDES:
        return Reason.INVALID_FIELD_VALUE, c.side, 1
    if c.last_qty < 1 or c.last_qty > QTY_MAX or c.told & TOLD_FINER:
        return Reason.INVALID_FIELD_VALUE, UNTELLABLE if c.told & TOLD_FINER else c.last_qty, 96
    bad = find_bad_price(ins, c.last_px)
    if bad:
        return bad
    if is_beyond_amount(ins, c.last_px, c.last_qty):
        return Reason.ARITHMETIC_OVERFLOW, c.last_qty, most_qty(ins, c.last_px)
    bad = find_bad_fee(core, c)
    if bad:
        return bad
    if order is not None and not is_its_own(order, instrument, side):
        order, account = None, 0
    signed = c.last_qty if direction(side) == BUY else -c.last_qty
    beyond = find_beyond(core, instrument, account, signed, order, c.last_qty)
    return None if beyond is None else (Reason.ARITHMETIC_OVERFLOW, *beyond)


def is_fee_alone(c: Any) -> bool:
    """Of a trade that was told before."""
    return bool(c.last_qty == c.last_px == NO_PRICE and c.told & TOLD_COMMISSION)


def is_told_again(core: State, c: Any, known: ExecId, order_id: int) -> bool:
    """Does a report under a known identity tell that trade again, or its fee alone? Else it uses the id for another."""
    said, named = say_trade(core, c, order_id)
    return is_fee_alone(c) or (not c.told & TOLD_FINER and (known.said == said or known.named == named))


def find_bad_amendment(core: State, c: Any, known: ExecId, order_id: int) -> tuple[Reason, int, int] | None:
    """Why a trade that is told again changes nothing, with value and bound: its fee is not new, can't be booked, or is
    of a trade that can't be changed any more."""
    trade, repeated = known.row.trade or known.row, (Reason.EXECID_REPEATED, known.row.exec_id, order_id)
    if not c.told & TOLD_COMMISSION:
        return repeated
    bad = find_bad_fee(core, c)
    if bad:
        return bad
    ins = core.instruments[trade.instrument]
    commission, currency, told = fee_of(core, c, ins, trade.venue, trade.qty, trade.price)
    if trade.is_held and trade.state == TRADE_LIVE:
        return repeated if (commission, currency, told) == (trade.commission, trade.currency, trade.told) else None
    if known.fee == fee_told(commission, currency):  # delivered again, as it was told in its time
        return repeated
    return Reason.UNKNOWN_TRADE, known.row.exec_id, trade.state if trade.is_held else TRADE_FOLDED


def amend_fee(core: State, c: Any, known: ExecId) -> Any:
    """A trade's commission as its venue tells it later, under the trade's own id, which find_bad_amendment let pass."""
    trade = known.row.trade or known.row
    fee = fee_of(core, c, core.instruments[trade.instrument], trade.venue, trade.qty, trade.price)
    tell_fee(core.exec_ids, known, fee_told(*fee[:2]))
    return correct_trade(core, c, trade, trade.qty, trade.price, fee, None)


def say_trade(core: State, c: Any, order_id: int) -> tuple[int, int]:
    """What a trade says: of its order, and of the id that it names its order with, which may be forgotten by now."""
    named = c.cl_ord_id and id_is_known(core.texts, c.cl_ord_id)
    subject = hash_of_id(core.texts, c.cl_ord_id) if named else c.order_id
    return (said_of(ExecType.TRADE, order_id, c.last_qty, c.last_px),
            said_of(ExecType.TRADE, subject, c.last_qty, c.last_px))


def find_again(core: State, c: Any, instrument: int, side: int) -> ExecId | None:
    """The execution whose identity a trade has, within two rolls of the day. One that tells no symbol or side, whose
    order is forgotten by now, is known by its id alone."""
    if not given_id(core, c.exec_id):
        return None
    if not instrument or side not in SIDES:
        trade = find_named_trade(core.trades, c.venue, instrument, c.exec_id)
        if trade is None:
            return None
        instrument, side = trade.instrument, trade.side
    known = find_exec_id(core.exec_ids, c.venue, instrument, direction(side), c.exec_id)
    return None if known is None or core.day - known.day > DAYS_KNOWN else known


def book_venue_trade(
    core: State, c: Any, order_id: int, order: Order | None, account: int, instrument: int, side: int, known: bool,
    insists: bool = False,
) -> Any:
    """A trade of an order; of none that is known: into suspense, which counts for the firm. From now on it is known by
    its identity, unless another is (`known`). An operator's is not of now."""
    ins = core.instruments[instrument]
    commission, currency, told = fee_of(core, c, ins, c.venue, c.last_qty, c.last_px)
    liquidity = c.last_liquidity_ind if c.last_liquidity_ind <= LIQUIDITY_MAX else 0
    exec_id = given_id(core, c.exec_id)
    core.exec_seq += 1
    trade = Execution(core.exec_seq, exec_id, ExecType.TRADE, order_id, instrument, account, c.venue, direction(side),
                      c.last_qty, c.last_px, commission, core.day, currency=currency, last_mkt=c.last_mkt,
                      last_liquidity_ind=liquidity, told=told, strategy=0 if order is None else order.strategy,
                      reported_currency=currency)
    book_trade(core, trade)
    if exec_id and not known:
        fee = fee_told(commission, currency) if told else 0
        know_execution(core, exec_id, say_trade(core, c, order_id), trade, fee)
    if order is not None and not order.terminal and not insists:  # an old trade, or nobody's, is no price of now
        move_last(core, instrument, c.last_px)
    report = {"last_qty": c.last_qty, "last_px": c.last_px, "commission": saturate(commission),
              "exec_id": core.exec_seq, "venue_exec_id": exec_id, "flags": flags_of(c, trade),
              "last_liquidity_ind": liquidity, "transact_time": told_time(core, c)}
    if order is None:
        core.trades_in_suspense += not account
        reason = Reason.NONE if account else Reason.TRADE_IN_SUSPENSE
        publish(core, c, EXECUTION, **report, exec_type=ExecType.TRADE, order_id=order_id, account=account,
                cl_ord_id=c.cl_ord_id, instrument=instrument, venue=c.venue, side=side, reason=reason)
        return ACK_ACCEPTED._replace(order_id=order_id, report_type=EXECUTION, reason=int(reason))
    teller = teller_of(core, order)
    late = order.terminal or teller.terminal
    add_fills(core, order, c.last_qty, c.last_px)
    if teller.cum_qty > teller.order_qty:
        report |= {"reason": Reason.OVERFILL}
    elif late:
        report |= {"reason": Reason.LATE_TRADE}
    elif is_worse(order, c.last_px):
        report |= {"reason": Reason.FILL_BEYOND_LIMIT}
    report_execution(core, c, teller, ExecType.TRADE, venue=order.venue, **report)
    note_trade(core, c, teller, c.last_qty)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def enter_execution_report(core: State, c: Any) -> Any:
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in ExecType._value2member_map_ or c.exec_type in CORRECTIONS:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    if c.note:
        hear_note(core, c)
    order_id, order = find_order(core, c)
    if order is not None and (c.note or c.venue_order_id):
        hear_of_order(core, c, order)
    if c.exec_type == ExecType.TRADE:
        ack = enter_trade(core, c, order_id, order)
    elif order is None:
        return refuse_report(core, c, Reason.UNKNOWN_ORDER, order_id, 0)
    elif c.exec_type == ExecType.ORDER_STATUS:
        return take_status(core, c, order)
    else:
        if not id_is_known(core.texts, c.exec_id):
            c = c._replace(exec_id=0)  # what it says of the order counts, whatever it is called
        ack = take_state(core, c, order)
    if order is not None and c.cum_qty > order.cum_qty and ack.report_type in (BUSINESS_REJECT, UNBOOKED):
        compare_cum_qty(core, c, order)
    return ack

"""Trades, busts and corrections that external venues report. Money is never refused: a trade is booked whatever the
status, and flagged where it is unexpected; one that matches no order goes to suspense. A trade counts once by (venue,
instrument, side, exec_id) over two rolls of the day, whatever is redelivered. Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType
from tradecore.vocabulary.records import NO_PRICE, NO_ROOM, POSITION_MAX, QTY_MAX
from tradecore.vocabulary.report_codec import FLAG_VENUE
from tradecore.vocabulary.rows import TRADE_BUSTED, TRADE_FOLDED, TRADE_LIVE

from ..orders.execids import DAYS_KNOWN, ExecId, find_exec_id, hash_exec_id, know_exec_id, said_of
from ..orders.lists import tell_fill
from ..orders.order_facts import is_worse
from ..orders.order_table import Order
from ..orders.trades import Execution, append_execution, find_named_trade, is_beyond_rebuild, rebuild_position
from ..positions.costs import commission_of, is_beyond_sum, position_of
from ..risk.holds import exposure_of, move_position
from ..vocabulary.instrument import BUY, InstrumentRow, direction, find_bad_price, is_beyond_amount, most_qty
from ..vocabulary.shell import saturate
from ..vocabulary.texts import hash_of_id, id_is_known
from .doubts import compare_cum_qty, refuse_report
from .state import (
    ACK_ACCEPTED,
    EXECUTION,
    State,
    acknowledge,
    is_external,
    publish,
    report_execution,
    sync_order,
    tell_price,
    told_time,
)
from .trade_booking import add_fills, book_trade, tell_trimmed, teller_of
from .venuereports import find_order, take_state, take_status

_CORRECTIONS = {int(ExecType.TRADE_CORRECT), int(ExecType.TRADE_CANCEL)}
SIDES = (1, 2, 5, 6)
FIRM_MAX = 2**62  # |position| of the whole firm in quantity units: a venue's trades are not asked for its limits


def enter_trade(core: State, c: Any, order_id: int, order: Order | None) -> Any:
    if not c.exec_id:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)
    instrument = c.instrument or (order.instrument if order is not None else 0)
    side = c.side or (order.side if order is not None else 0)
    again = find_again(core, c, instrument, side, order_id)
    if again is not None:
        return refuse_report(core, c, *again)
    ins = core.instruments.get(instrument)
    if ins is None:
        return refuse_report(core, c, Reason.UNKNOWN_INSTRUMENT, c.instrument, len(core.instruments))
    if side not in SIDES:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.side, 1)
    if order is not None and (instrument != order.instrument or direction(side) != direction(order.side)):
        order = None  # whatever the venue means, it is not that order's trade
    if not 1 <= c.last_qty <= QTY_MAX:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.last_qty, 96)
    bad = find_bad_price(ins, c.last_px)
    if bad:
        return refuse_report(core, c, *bad)
    if is_beyond_amount(ins, c.last_px, c.last_qty):
        return refuse_report(core, c, Reason.ARITHMETIC_OVERFLOW, c.last_qty, most_qty(ins, c.last_px))
    signed = c.last_qty if direction(side) == BUY else -c.last_qty
    beyond = find_beyond(core, instrument, 0 if order is None else order.account, signed, order, c.last_qty)
    if beyond:
        return refuse_report(core, c, Reason.ARITHMETIC_OVERFLOW, *beyond)
    return book_venue_trade(core, c, ins, order_id, order, instrument, side)


def say_trade(core: State, c: Any, order_id: int) -> tuple[int, int]:
    """What a trade says: of its order, and of the id that it names its order with, which may be forgotten by now."""
    named = c.cl_ord_id and id_is_known(core.texts, c.cl_ord_id)
    subject = hash_of_id(core.texts, c.cl_ord_id) if named else c.order_id
    return (said_of(ExecType.TRADE, order_id, c.last_qty, c.last_px),
            said_of(ExecType.TRADE, subject, c.last_qty, c.last_px))


def find_again(core: State, c: Any, instrument: int, side: int, order_id: int) -> tuple[Reason, int, int] | None:
    """Why a trade is not booked whose identity is known: delivered again, or used again for something else. One that
    tells no symbol or side, whose order is forgotten by now, is known by its id alone."""
    if not instrument or side not in SIDES:
        trade = find_named_trade(core.trades, c.venue, instrument, 0, c.exec_id)
        if trade is None:
            return None
        instrument, side = trade.instrument, trade.side
    known = find_exec_id(core.exec_ids, c.venue, instrument, direction(side), c.exec_id)
    return find_known(core, known, say_trade(core, c, order_id), order_id)


def find_known(
    core: State, known: ExecId | None, said: tuple[int, int], bound: int
) -> tuple[Reason, int, int] | None:
    """Why an execution is not taken whose identity this is, and was within two rolls of the day."""
    if known is None or core.day - known.day > DAYS_KNOWN:
        return None
    same = known.said == said[0] or known.named == said[1]
    return Reason.EXECID_REPEATED if same else Reason.EXECID_REUSED, known.row.exec_id, bound


def find_beyond(
    core: State, instrument: int, account: int, signed: int, order: Order | None, more: int
) -> tuple[int, int] | None:
    """The sum that would leave its integers with `signed` more in a position and `more` in its order; its bound."""
    p = position_of(core.ledger, instrument, account)
    if abs(p.qty + signed) > POSITION_MAX:
        return p.qty + signed, POSITION_MAX
    firm = exposure_of(core.risk, instrument, 0).position_qty
    if abs(firm + signed) > FIRM_MAX:
        return firm + signed, FIRM_MAX
    if is_beyond_sum(p.realised):
        return p.qty, POSITION_MAX
    if order is not None and order.cum_qty + more > POSITION_MAX:
        return order.cum_qty + more, POSITION_MAX
    return None


def refuse_exec_id(core: State, c: Any) -> Any:
    """An exec_id that is none, or that found no room in the table of ids; None where it is one, or is not given."""
    if c.exec_id == NO_ROOM:
        return refuse_report(core, c, Reason.IDS_FULL, len(core.texts.texts), core.texts.capacity)
    return None if id_is_known(core.texts, c.exec_id) else refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)


def book_venue_trade(
    core: State, c: Any, ins: InstrumentRow, order_id: int, order: Order | None, instrument: int, side: int
) -> Any:
    """A trade of an order; of none that is known: into suspense, which counts for the firm."""
    account = 0 if order is None else order.account
    fees = core.router.venues[c.venue]
    commission = commission_of(ins, c.last_qty, c.last_px, fees.taker_fee_per_unit, fees.taker_fee_ppm)
    core.exec_seq += 1
    trade = Execution(core.exec_seq, c.exec_id, ExecType.TRADE, order_id, instrument, account, c.venue, direction(side),
                      c.last_qty, c.last_px, commission, core.day)
    book_trade(core, trade)
    know_execution(core, c.exec_id, say_trade(core, c, order_id), trade)
    if order is not None and not order.terminal:  # an old trade, or nobody's, is no price of now
        core.ledger.lasts[instrument] = c.last_px
        tell_price(core, instrument)
    told = {"last_qty": c.last_qty, "last_px": c.last_px, "commission": saturate(commission), "exec_id": core.exec_seq,
            "venue_exec_id": c.exec_id, "flags": FLAG_VENUE, "transact_time": told_time(core, c)}
    if order is None:
        core.trades_in_suspense += 1
        publish(core, c, EXECUTION, **told, exec_type=ExecType.TRADE, order_id=order_id, cl_ord_id=c.cl_ord_id,
                instrument=instrument, venue=c.venue, side=side, reason=Reason.TRADE_IN_SUSPENSE)
        return ACK_ACCEPTED._replace(order_id=order_id, report_type=EXECUTION, reason=int(Reason.TRADE_IN_SUSPENSE))
    teller = teller_of(core, order)
    late = order.terminal or teller.terminal
    add_fills(core, order, c.last_qty, c.last_px)
    over = teller.cum_qty > teller.order_qty
    if over:
        told |= {"reason": Reason.OVERFILL, "value": teller.cum_qty, "bound": teller.order_qty}
    elif late:
        told |= {"reason": Reason.LATE_TRADE, "value": late, "bound": 0}
    elif is_worse(order, c.last_px):
        told |= {"reason": Reason.FILL_BEYOND_LIMIT}
    report_execution(core, c, teller, ExecType.TRADE, venue=order.venue, **told)
    compare_cum_qty(core, c, order)
    sync_order(core, order)
    return acknowledge(order)


def know_execution(core: State, exec_id: int, said: tuple[int, int], row: Execution) -> None:
    """From now on the log's last row is known by its identity."""
    know_exec_id(core.exec_ids, ExecId((row.venue, row.instrument, row.side, exec_id), core.day, *said, row),
                 hash_exec_id(row.venue, row.instrument, row.side, hash_of_id(core.texts, exec_id)))


def enter_execution_report(core: State, c: Any) -> Any:
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in ExecType._value2member_map_ or c.exec_type in _CORRECTIONS:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    refused = refuse_exec_id(core, c)
    if refused:
        return refused
    order_id, order = find_order(core, c)
    if c.exec_type == ExecType.TRADE:
        return enter_trade(core, c, order_id, order)
    if order is None:
        return refuse_report(core, c, Reason.UNKNOWN_ORDER, order_id, 0)
    if c.exec_type == ExecType.ORDER_STATUS:
        return take_status(core, c, order)
    return take_state(core, c, order)


# ---- corrections


def enter_correction(core: State, c: Any) -> Any:
    """TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the
    ledger had been rebuilt from the trades that survive."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in _CORRECTIONS:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    refused = refuse_exec_id(core, c)
    if refused:
        return refused
    if not c.exec_id:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, 0, 72)
    busts = c.exec_type == ExecType.TRADE_CANCEL
    qty, price = (0, 0) if busts else (c.last_qty, c.last_px)
    trade = find_told_trade(core, c.venue, c.instrument, c.side, c.exec_ref_id)
    mine = trade or find_named_trade(core.trades, c.venue, 0, 0, c.exec_id)
    known = find_exec_id(core.exec_ids, c.venue, mine.instrument, mine.side, c.exec_id) if mine is not None else None
    ref = c.exec_ref_id if id_is_known(core.texts, c.exec_ref_id) else 0
    said = said_of(c.exec_type, hash_exec_id(c.venue, 0, 0, hash_of_id(core.texts, ref)), qty, price)
    again = find_known(core, known, (said, said), trade.exec_id if trade is not None else 0)
    if again is not None:
        return refuse_report(core, c, *again)
    if trade is None or trade.state != TRADE_LIVE:
        return refuse_report(core, c, Reason.UNKNOWN_TRADE, trade.exec_id if trade is not None else 0,
                             trade.state if trade is not None else TRADE_FOLDED)
    ins = core.instruments[trade.instrument]
    if not busts:
        if not 1 <= qty <= QTY_MAX:
            return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, qty, 96)
        bad = find_bad_price(ins, price)
        if bad:
            return refuse_report(core, c, *bad)
        if is_beyond_amount(ins, price, qty):
            return refuse_report(core, c, Reason.ARITHMETIC_OVERFLOW, qty, most_qty(ins, price))
    more = qty - trade.qty
    order = core.orders.by_id.get(trade.order_id) if trade.account else None
    signed = more if trade.side == BUY else -more
    beyond = find_beyond(core, trade.instrument, trade.account, signed, order, more)
    beyond = beyond or is_beyond_rebuild(core.trades, trade, qty, FIRM_MAX)
    if beyond:
        return refuse_report(core, c, Reason.ARITHMETIC_OVERFLOW, *beyond)
    return correct_trade(core, c, ins, trade, qty, price, said)


def find_told_trade(core: State, venue: int, instrument: int, side: int, exec_id: int) -> Execution | None:
    """The trade that a venue's exec_id is about (its own, a bust's or a correction's), by its whole identity where
    that is told, else by the id alone if only one trade of the log has it."""
    if instrument and side in SIDES:
        known = find_exec_id(core.exec_ids, venue, instrument, direction(side), exec_id)
        trade = known.row.trade or known.row if known is not None and known.row.is_held else None
        return trade if trade is not None and trade.is_held else None
    return find_named_trade(core.trades, venue, instrument, 0, exec_id)


def correct_trade(core: State, c: Any, ins: InstrumentRow, trade: Execution, qty: int, price: int, said: int) -> Any:
    """Makes a trade this quantity and price, 0 where it is busted, and derives everything from it again."""
    more, amount = qty - trade.qty, qty * price - trade.qty * trade.price
    fees = core.router.venues[trade.venue]
    trade.commission = commission_of(ins, qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm) if qty else 0
    if qty:
        trade.qty, trade.price = qty, price
    else:
        trade.state = TRADE_BUSTED
    core.exec_seq += 1
    row = Execution(core.exec_seq, c.exec_id, c.exec_type, trade.order_id, trade.instrument, trade.account, trade.venue,
                    trade.side, qty, price, 0, core.day, TRADE_LIVE, trade, trade.exec_id)
    append_execution(core.trades, row)
    know_execution(core, c.exec_id, (said, said), row)
    rebuild_position(core.trades, core.ledger, trade.instrument, trade.account)
    move_position(core.risk, trade.instrument, trade.account, more if trade.side == BUY else -more)
    tell_trimmed(core, trade.instrument, trade.account)
    told = {"last_qty": qty, "last_px": price if qty else NO_PRICE, "commission": saturate(trade.commission),
            "exec_id": core.exec_seq, "exec_ref_id": trade.exec_id, "transact_time": told_time(core, c)}
    order = core.orders.by_id.get(trade.order_id) if trade.account else None
    if order is None:
        publish(core, c, EXECUTION, **told, exec_type=c.exec_type, order_id=trade.order_id,
                instrument=trade.instrument, account=trade.account, venue=trade.venue, side=trade.side,
                reason=Reason.NONE if trade.account else Reason.TRADE_IN_SUSPENSE)
        return ACK_ACCEPTED._replace(order_id=trade.order_id, report_type=EXECUTION)
    teller = teller_of(core, order)
    for changed in {id(order): order, id(teller): teller}.values():
        changed.cum_qty += more
        changed.cum_amount += amount
        if more > 0 and changed.group is not None:  # what is taken back is not given to the others again
            tell_fill(core.groups, changed.group, changed, more)
    over = teller.cum_qty > teller.order_qty and qty > 0
    if over:
        told |= {"reason": Reason.OVERFILL, "value": teller.cum_qty, "bound": teller.order_qty}
    report_execution(core, c, teller, c.exec_type, venue=order.venue, **told)
    sync_order(core, order)
    return acknowledge(order)

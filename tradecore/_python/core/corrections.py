"""Busts and corrections that external venues report, and the fees that they tell: what is derived from a trade becomes
what the ledger would be if it were built anew from the trades that survive. Source: FIX 4.4 Appendix D.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tradecore.vocabulary.codes import Reason
from tradecore.vocabulary.fix import ExecType
from tradecore.vocabulary.records import (
    FEE_MAX,
    NO_PRICE,
    POSITION_MAX,
    QTY_MAX,
    TOLD_COMMISSION,
    TOLD_FINER,
    TOLD_ROUNDED,
    UNTELLABLE,
)
from tradecore.vocabulary.report_codec import FLAG_FOREIGN, FLAG_ROUNDED, FLAG_VENUE
from tradecore.vocabulary.rows import TRADE_BUSTED, TRADE_FOLDED, TRADE_LIVE

from ..orders.execids import ExecId, find_exec_id, hash_exec_id, know_exec_id, said_of
from ..orders.lists import tell_fill
from ..orders.order_table import Order
from ..orders.trades import (
    DAYS_KNOWN,
    Execution,
    append_execution,
    charge_fee,
    find_named_trade,
    is_beyond_rebuild,
    rebuild_position,
)
from ..positions.costs import commission_of, is_beyond_sum, position_of
from ..risk.holds import FIRM_MAX, exposure_of, move_position
from ..vocabulary.instrument import BUY, InstrumentRow, direction, find_bad_price, is_beyond_amount, most_qty
from ..vocabulary.shell import saturate
from ..vocabulary.texts import hash_of_id
from .doubts import refuse_report
from .keeping import ANY_QTY, SIDES, hear_note, keep_report
from .known_ids import find_unknown_id, given_id
from .state import (
    ACK_ACCEPTED,
    EXECUTION,
    State,
    acknowledge,
    is_external,
    publish,
    report_execution,
    sync_order,
    told_time,
)
from .trade_booking import book_pnl, tell_trimmed, teller_of

CORRECTIONS = {int(ExecType.TRADE_CORRECT), int(ExecType.TRADE_CANCEL)}


def find_beyond(
    core: State, instrument: int, account: int, signed: int, order: Order | None, more: int
) -> tuple[int, int] | None:
    """The sum that would leave its integers with `signed` more in a position and `more` in its order; its bound."""
    p = position_of(core.ledger, instrument, account)
    teller = None if order is None else teller_of(core, order)  # it has what its parts have
    if abs(p.qty + signed) > POSITION_MAX:
        return p.qty + signed, POSITION_MAX
    firm = exposure_of(core.risk, instrument, 0).position_qty
    if abs(firm + signed) > FIRM_MAX:
        return firm + signed, FIRM_MAX
    if is_beyond_sum(p.realised):
        return p.qty, POSITION_MAX
    if teller is not None and teller.cum_qty + more > POSITION_MAX:
        return teller.cum_qty + more, POSITION_MAX
    return None


def find_bad_fee(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why a commission that a venue told can't be booked."""
    if not c.told & TOLD_COMMISSION:
        return None
    if not 0 <= c.currency <= len(core.currencies):
        return Reason.INVALID_FIELD_VALUE, c.currency, 20
    return None if abs(c.commission) <= FEE_MAX else (Reason.INVALID_FIELD_VALUE, c.commission, 80)


def fee_of(core: State, c: Any, ins: InstrumentRow, venue: int, qty: int, price: int) -> tuple[int, int, int]:
    """A trade's commission, its currency where that is not the instrument's, and whether its venue told it."""
    if c.told & TOLD_COMMISSION:
        return c.commission, 0 if c.currency == ins.currency else c.currency, TOLD_COMMISSION
    fees = core.router.venues[venue]
    return commission_of(ins, qty, price, fees.taker_fee_per_unit, fees.taker_fee_ppm), 0, 0


def flags_of(c: Any, trade: Execution) -> int:
    return (FLAG_VENUE | (FLAG_ROUNDED if c.told & TOLD_ROUNDED else 0) | (FLAG_FOREIGN if trade.currency else 0))


def know_execution(core: State, exec_id: int, said: tuple[int, int], row: Execution, fee: int = 0) -> None:
    """From now on the log's last row is known by its identity."""
    know_exec_id(core.exec_ids, ExecId((row.venue, row.instrument, row.side, exec_id), core.day, *said, row, fee),
                 hash_exec_id(row.venue, row.instrument, row.side, hash_of_id(core.texts, exec_id)))


def find_bad_exec_id(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why an id that must be given is not, with value and bound."""
    return find_unknown_id(core, c.exec_id, 72) if c.exec_id else (Reason.INVALID_FIELD_VALUE, 0, 72)


def find_told_trade(core: State, venue: int, instrument: int, side: int, exec_id: int) -> Execution | None:
    """The trade that a venue's exec_id is about (its own, a bust's or a correction's), by its whole identity where
    that is told, else by the id alone if only one trade of the log has it."""
    if instrument and side in SIDES:
        known = find_exec_id(core.exec_ids, venue, instrument, direction(side), exec_id)
        trade = known.row.trade or known.row if known is not None and known.row.is_held else None
        return trade if trade is not None and trade.is_held else None
    return find_named_trade(core.trades, venue, instrument, exec_id)


# ---- corrections


def enter_correction(core: State, c: Any) -> Any:
    """TradeCancel takes a trade back, TradeCorrect replaces its quantity and price: P&L and position follow as if the
    ledger had been rebuilt from the trades that survive."""
    if c.venue not in core.router.venues or not is_external(core, c.venue):
        return refuse_report(core, c, Reason.UNKNOWN_VENUE, c.venue, len(core.router.venues))
    if c.exec_type not in CORRECTIONS:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, c.exec_type, 2)
    if c.note:
        hear_note(core, c)
    qty, price = (0, 0) if c.exec_type == ExecType.TRADE_CANCEL else (c.last_qty, c.last_px)
    if c.exec_type == ExecType.TRADE_CORRECT and qty < 1 and qty != NO_PRICE and not c.told & TOLD_FINER:
        return refuse_report(core, c, Reason.INVALID_FIELD_VALUE, qty, 96)
    trade = find_told_trade(core, c.venue, c.instrument, c.side, c.exec_ref_id)
    mine = trade or find_named_trade(core.trades, c.venue, 0, c.exec_id)
    known = find_exec_id(core.exec_ids, c.venue, mine.instrument, mine.side, c.exec_id) if mine is not None else None
    named = trade.exec_id if trade is not None else 0
    if known is not None and core.day - known.day <= DAYS_KNOWN:
        if known.said == say_correction(core, c, qty, price):
            return refuse_report(core, c, Reason.EXECID_REPEATED, known.row.exec_id, named)
        bad: tuple[Reason, int, int] | None = Reason.EXECID_REUSED, known.row.exec_id, named
    elif trade is None or trade.state != TRADE_LIVE:
        return refuse_report(core, c, Reason.UNKNOWN_TRADE, named, TRADE_FOLDED if trade is None else trade.state)
    else:
        bad = find_bad_correction(core, c, trade, qty, price, insists=False)
    if bad is not None:
        account, instrument = (trade.account, trade.instrument) if trade is not None else (0, 0)
        return keep_report(core, c, bad, 0, account, instrument, correction_range(c, trade, qty))
    assert trade is not None
    strays = is_stray_fee(core, c, trade)
    ack = make_correction(core, c, trade, qty, price)
    if strays:  # the bust is booked, and the answer, whatever becomes of the fee
        keep_report(core, c, (Reason.UNKNOWN_TRADE, trade.exec_id, TRADE_BUSTED), 0, trade.account, trade.instrument,
                    (0, 0))
    return ack


def is_stray_fee(core: State, c: Any, trade: Execution) -> bool:
    """Does a bust tell a commission that is not the trade's own, which is taken back with it? No trade is left to book
    it with."""
    if c.exec_type != ExecType.TRADE_CANCEL or not c.told & TOLD_COMMISSION or not c.commission:
        return False
    commission, currency, _ = fee_of(core, c, core.instruments[trade.instrument], trade.venue, trade.qty, trade.price)
    return currency != trade.currency or abs(commission) != abs(trade.commission)


def say_correction(core: State, c: Any, qty: int, price: int) -> int:
    said = hash_of_id(core.texts, given_id(core, c.exec_ref_id))
    return said_of(c.exec_type, hash_exec_id(c.venue, 0, 0, said), qty, price)


def correction_range(c: Any, trade: Execution | None, qty: int) -> tuple[int, int]:
    """By how much a bust or a correction that can't be booked may move a position."""
    if trade is None or c.told & TOLD_FINER or not 0 <= qty <= QTY_MAX:
        return -ANY_QTY, ANY_QTY
    more = qty - trade.qty if trade.side == BUY else trade.qty - qty
    return more, more


def find_bad_correction(
    core: State, c: Any, trade: Execution, qty: int, price: int, insists: bool
) -> tuple[Reason, int, int] | None:
    """Why a trade can't become this quantity and price, with value and bound. An operator insists: it needs no id."""
    ins = core.instruments[trade.instrument]
    bad = None if insists else find_bad_exec_id(core, c)
    if bad:
        return bad
    if c.exec_type == ExecType.TRADE_CORRECT:
        if qty < 1 or qty > QTY_MAX or c.told & TOLD_FINER:
            return Reason.INVALID_FIELD_VALUE, UNTELLABLE if c.told & TOLD_FINER else qty, 96
        bad = find_bad_price(ins, price)
        if bad:
            return bad
        if is_beyond_amount(ins, price, qty):
            return Reason.ARITHMETIC_OVERFLOW, qty, most_qty(ins, price)
        bad = find_bad_fee(core, c)
        if bad:
            return bad
    more = qty - trade.qty
    order = core.orders.by_id.get(trade.order_id) if trade.account else None
    signed = more if trade.side == BUY else -more
    beyond = find_beyond(core, trade.instrument, trade.account, signed, order, more)
    beyond = beyond or is_beyond_rebuild(core.trades, trade, qty, FIRM_MAX)
    return None if beyond is None else (Reason.ARITHMETIC_OVERFLOW, *beyond)


def make_correction(core: State, c: Any, trade: Execution, qty: int, price: int) -> Any:
    """A bust or a correction that can be booked. A fee that its venue told stays, where it tells no other."""
    ins = core.instruments[trade.instrument]
    fee = fee_of(core, c, ins, trade.venue, qty, price) if qty else (0, 0, 0)
    if qty and trade.told and not fee[2]:
        fee = trade.commission, trade.currency, trade.told
    return correct_trade(core, c, trade, qty, price, fee, say_correction(core, c, qty, price))


def change_fee(core: State, trade: Execution, fee: tuple[int, int, int]) -> None:
    """Another commission of a trade, in place of what it had in its account's charges."""
    charge_fee(core.ledger, trade, -1)
    trade.commission, trade.currency, trade.told = fee
    charge_fee(core.ledger, trade, 1)


def correct_trade(
    core: State, c: Any, trade: Execution, qty: int, price: int, fee: tuple[int, int, int], said: int | None
) -> Any:
    """Makes a trade this quantity, price and commission, 0 where it is busted, and derives everything from it again.
    `said` is None of a fee alone, which has no id of its own."""
    was, more, amount = replace(trade), qty - trade.qty, qty * price - trade.qty * trade.price
    change_fee(core, trade, fee)
    if qty:
        trade.qty, trade.price = qty, price
    else:
        trade.state = TRADE_BUSTED
    core.exec_seq += 1
    exec_type = ExecType.TRADE_CORRECT if said is None else c.exec_type
    exec_id = given_id(core, c.exec_id)
    row = Execution(core.exec_seq, exec_id, exec_type, trade.order_id, trade.instrument, trade.account, trade.venue,
                    trade.side, qty, price, 0, core.day, TRADE_LIVE, trade, trade.exec_id, reported_currency=fee[1])
    append_execution(core.trades, row)
    if said is not None and exec_id:
        know_execution(core, exec_id, (said, said), row)
    rebuild_position(core.trades, core.ledger, trade.instrument, trade.account)
    move_position(core.risk, trade.instrument, trade.account, more if trade.side == BUY else -more)
    book_pnl(core, was, -1)  # at the position as it is now
    if qty:
        book_pnl(core, trade, 1)
    tell_trimmed(core, trade.instrument, trade.account)
    told = {"last_qty": qty, "last_px": price if qty else NO_PRICE, "commission": saturate(trade.commission),
            "exec_id": core.exec_seq, "exec_ref_id": trade.exec_id, "transact_time": told_time(core, c),
            "flags": flags_of(c, trade) & ~FLAG_VENUE}
    order = core.orders.by_id.get(trade.order_id) if trade.account else None
    if order is None:
        publish(core, c, EXECUTION, **told, exec_type=exec_type, order_id=trade.order_id,
                instrument=trade.instrument, account=trade.account, venue=trade.venue, side=trade.side,
                reason=Reason.NONE if trade.account else Reason.TRADE_IN_SUSPENSE)
        return ACK_ACCEPTED._replace(order_id=trade.order_id, report_type=EXECUTION)
    teller = teller_of(core, order)
    for changed in {id(order): order, id(teller): teller}.values():
        changed.cum_qty += more
        changed.emptied |= changed.cum_qty == 0
        changed.cum_amount += amount
        if more > 0 and changed.group is not None:  # what is taken back is not given to the others again
            tell_fill(core.groups, changed.group, changed, more)
    over = teller.cum_qty > teller.order_qty and qty > 0
    if over:
        told |= {"reason": Reason.OVERFILL}
    report_execution(core, c, teller, exec_type, venue=order.venue, **told)
    sync_order(core, order)
    return acknowledge(order)

"""What an operator decides of a report that lies unbooked: it is booked, with what was missing, or dismissed. Each says
who and why, and is told. It decides nothing by itself.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.fix import ExecType
from tradecore.vocabulary.records import NO_PRICE, TOLD_COMMISSION, TOLD_FINER, TOLD_ROUNDED
from tradecore.vocabulary.rows import TRADE_FOLDED, TRADE_LIVE

from ..orders.notes import find_note
from ..orders.unbooked import Unbooked, drop_unbooked
from .corrections import find_bad_correction, find_told_trade, make_correction
from .keeping import hear_note
from .known_ids import find_unknown_id
from .state import State, accept_command, refuse_command
from .venuereports import find_order
from .venuetrades import (
    amend_fee,
    book_venue_trade,
    find_again,
    find_bad_amendment,
    find_bad_trade,
    is_its_own,
    is_told_again,
)

_REPORT, _CORRECTION = int(CommandType.EXECUTION_REPORT), int(CommandType.TRADE_CORRECTION)
CANCEL = int(ExecType.TRADE_CANCEL)


def find_refusal(core: State, c: Any) -> tuple[Reason, int, int] | None:
    """Why nothing can be decided: there is no such report, or nobody says who and why."""
    if c.unbooked not in core.unbooked.rows:
        return Reason.UNKNOWN_UNBOOKED, c.unbooked, 0
    bad = find_unknown_id(core, c.cl_ord_id, 32) if c.cl_ord_id else (Reason.INVALID_FIELD_VALUE, 0, 32)
    if bad:
        return bad
    if find_note(core.notes, c.note) is None:
        return Reason.INVALID_FIELD_VALUE, c.note, 88
    if not 0 <= c.account <= len(core.accounts):
        return Reason.UNKNOWN_ACCOUNT, c.account, len(core.accounts)
    return None


def settle_unbooked(core: State, c: Any, row: Unbooked, booked: bool) -> Any:
    """The report leaves, and it is told who decided; the note says why."""
    drop_unbooked(core.unbooked, row, booked, core.day)
    hear_note(core, c)
    return accept_command(core, c, row.number, row.order_id, instrument=row.instrument, account=max(0, row.account),
                          venue=row.said.venue)


def enter_dismissal(core: State, c: Any) -> Any:
    bad = find_refusal(core, c)
    if bad:
        return refuse_command(core, c, *bad)
    return settle_unbooked(core, c, core.unbooked.rows[c.unbooked], False)


def amend_said(said: Any, c: Any) -> Any:
    """The report as the operator has it: what is given replaces what was said, also that something was rounded. What
    its venue had filled by then is no news by now.
    """
    told, fields = said.told, {"cum_qty": -1} if said.kind == _REPORT else {}
    if c.last_qty != NO_PRICE:
        fields["last_qty"], told = c.last_qty, told & ~TOLD_FINER
    if c.last_px != NO_PRICE or c.told & TOLD_COMMISSION:
        told &= ~TOLD_ROUNDED
    if c.last_px != NO_PRICE:
        fields["last_px"] = c.last_px
    if c.told & TOLD_COMMISSION:
        fields["commission"], fields["currency"], told = c.commission, c.currency, told | TOLD_COMMISSION
    for name in ("instrument", "side", "exec_id"):
        if getattr(c, name):
            fields[name] = getattr(c, name)
    return said._replace(**fields, told=told | c.told & TOLD_ROUNDED)


def enter_booking(core: State, c: Any) -> Any:
    bad = find_refusal(core, c)
    if bad:
        return refuse_command(core, c, *bad)
    row = core.unbooked.rows[c.unbooked]
    if row is core.unbooked.overflow:  # it stands for others too, which nobody has: they are told again
        return refuse_command(core, c, Reason.TABLE_FULL, row.value, row.bound)
    said = amend_said(row.said, c)
    if said.kind == _CORRECTION:
        return enter_kept_correction(core, c, row, said)
    order_id, order = find_order(core, said)
    if order is not None and c.account and c.account != order.account:
        order = None
    instrument = said.instrument or (order.instrument if order is not None else 0)
    side = said.side or (order.side if order is not None else 0)
    if order is not None and not is_its_own(order, instrument, side):
        order = None
    account = order.account if order is not None else c.account
    known = find_again(core, said, instrument, side)
    again = known is not None and is_told_again(core, said, known, order_id)
    bad = find_unitless(row, c)
    if bad is None and known is not None and again:  # it counts already: what may be new is its fee
        bad = find_bad_amendment(core, said, known, order_id)
    elif bad is None:
        bad = find_bad_trade(core, said, order, account, instrument, side, insists=True)
    if bad:
        return refuse_command(core, c, *bad)
    settle_unbooked(core, c, row, True)
    if known is not None and again:
        return amend_fee(core, said, known)
    return book_venue_trade(core, said, order_id, order, account, instrument, side, known is not None, insists=True)


def find_unitless(row: Unbooked, c: Any) -> tuple[Reason, int, int] | None:
    """What an operator must give, since it was said without a unit: its symbol was not known, nor a currency told."""
    if row.said.instrument > 0 or row.instrument:
        return None
    if row.said.last_qty != NO_PRICE and c.last_qty == NO_PRICE:
        return Reason.INVALID_FIELD_VALUE, NO_PRICE, 96
    if row.said.told & TOLD_COMMISSION and not row.said.currency and not c.told & TOLD_COMMISSION:
        return Reason.INVALID_FIELD_VALUE, NO_PRICE, 80
    return None


def enter_kept_correction(core: State, c: Any, row: Unbooked, said: Any) -> Any:
    trade = find_told_trade(core, said.venue, said.instrument, said.side, said.exec_ref_id)
    if trade is None or trade.state != TRADE_LIVE:
        named, state = (trade.exec_id, trade.state) if trade is not None else (0, TRADE_FOLDED)
        return refuse_command(core, c, Reason.UNKNOWN_TRADE, named, state)
    qty, price = (0, 0) if said.exec_type == CANCEL else (said.last_qty, said.last_px)
    bad = find_bad_correction(core, said, trade, qty, price, insists=True)
    if bad:
        return refuse_command(core, c, *bad)
    settle_unbooked(core, c, row, True)
    return make_correction(core, said, trade, qty, price)

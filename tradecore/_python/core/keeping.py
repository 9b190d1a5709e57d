"""What a venue said and can't be booked whole is kept and told, and its account and instrument take no more risk until
an operator has decided. An exit must reduce the position both with and without it. It books nothing.
"""

from __future__ import annotations

from typing import Any

from tradecore.vocabulary.codes import CommandType, Reason
from tradecore.vocabulary.records import NO_PRICE, TOLD_FINER, UNTELLABLE
from tradecore.vocabulary.rows import Finding

from ..orders.notes import NO_TEXT, add_note, find_note
from ..orders.order_table import Order
from ..orders.unbooked import EVERYBODY, Unbooked, count_lost, find_repeated, has_room, keep_unbooked
from ..risk.holds import Question
from ..risk.risk import check_risk
from ..vocabulary.instrument import BUY, InstrumentRow, direction
from .known_ids import given_id
from .state import ACK_ACCEPTED, UNBOOKED, State, publish, refuse_command, told_time

ANY_QTY = 2**62  # of a trade whose quantity nobody can read: no position reduces with it
SIDES = (1, 2, 5, 6)
_REPORT = int(CommandType.EXECUTION_REPORT)


def enter_note(core: State, c: Any) -> Any:
    """Takes a piece of a free text: the note's number is the ack's order_id. No report: see `enter_text`."""
    piece = c.text.split(b"\0")[0]
    number = add_note(core.notes, c.cl_ord_id, piece) if piece else 0
    if not number:
        return refuse_command(core, c, Reason.INVALID_FIELD_VALUE, c.cl_ord_id, 32 if piece else 56)
    return ACK_ACCEPTED._replace(order_id=number)


def hear_note(core: State, c: Any) -> bytes:
    """The free text that a command came with; from now on the report that answers it tells it."""
    note = find_note(core.notes, c.note) if c.note else None
    if note is None:
        return b""
    note.seq = core.answer_seq
    return note.text


def hear_of_order(core: State, c: Any, order: Order) -> None:
    """What a venue says of an order in its own words: its id there, and the last text about it."""
    note = find_note(core.notes, c.note) if c.note else None
    if note is not None and not note.text.endswith(NO_TEXT):
        order.note = c.note
    if given_id(core, c.venue_order_id):
        order.venue_order_id = c.venue_order_id


def range_of(c: Any, side: int) -> tuple[int, int]:
    """By how much a trade that can't be booked may move a position: at least, and at most."""
    if c.last_qty in (UNTELLABLE, NO_PRICE):
        return -ANY_QTY, ANY_QTY
    least = min(c.last_qty, ANY_QTY)
    most = min(least + (c.told & TOLD_FINER > 0), ANY_QTY)
    if side not in SIDES:
        return -most, most
    return (least, most) if direction(side) == BUY else (-most, -least)


def keep_report(
    core: State, c: Any, why: tuple[Reason, int, int], order_id: int, account: int, instrument: int,
    moves: tuple[int, int],
) -> Any:
    """Keeps a report that can't be booked, with all it said; refused where it lies there already, or an operator has
    decided about it. Where there is no room, it is refused and counted, and nobody takes more risk until an operator
    has looked."""
    table, text = core.unbooked, hear_note(core, c)
    again = find_repeated(table, c, text, core.day)
    if again:
        core.reports_refused += 1
        return refuse_command(core, c, Reason.EXECID_REPEATED, 0, again)
    if not has_room(table):
        row = table.overflow
        if row is None:
            row = Unbooked(0, c, core.now, order_id, int(Reason.TABLE_FULL), 0, table.capacity, 0, EVERYBODY, 0, 0,
                           text)
            keep_unbooked(table, row, core.texts)
        count_lost(table, row)
        core.reports_refused += 1
        return refuse_command(core, c, Reason.TABLE_FULL, row.value, table.capacity)
    keep_unbooked(table, Unbooked(0, c, core.now, order_id, int(why[0]), why[1], why[2], max(0, instrument), account,
                                  *moves, text), core.texts)
    publish(core, c, UNBOOKED, reason=why[0], value=why[1], bound=why[2], order_id=order_id, side=c.side,
            instrument=c.instrument, account=account, venue=c.venue, cl_ord_id=c.cl_ord_id if c.kind == _REPORT else 0,
            venue_exec_id=given_id(core, c.exec_id), transact_time=told_time(core, c))
    return ACK_ACCEPTED._replace(order_id=order_id, report_type=UNBOOKED, reason=int(why[0]))


# ---- what it blocks


def units_of(ins: InstrumentRow, row: Unbooked) -> tuple[int, int]:
    """By how many quantity units of an instrument a report may move its position."""
    if row.instrument or row.high == ANY_QTY:
        return row.low, row.high
    low, high = row.low * ins.qty_limit_scale, row.high * ins.qty_limit_scale
    return low // ins.qty_scale, -(-high // ins.qty_scale)


def unbooked_moves(core: State, instrument: int, account: int) -> tuple[int, int, int]:
    """By how much all that lies unbooked may move a position, down and up; and the number of the oldest, 0: none."""
    low = high = first = 0
    for row in core.unbooked.rows.values():
        if row.account in (account, EVERYBODY) and row.instrument in (0, instrument):
            least, most = units_of(core.instruments[instrument], row)
            low, high, first = low + min(least, 0), high + max(most, 0), first or row.number
    return low, high, first


def find_block(core: State, q: Question) -> Finding | None:
    """Whether an order takes more risk where a report lies unbooked: all but one that reduces the position, with all
    that is open on its side, whatever part of what lies there has happened."""
    found = weigh_unbooked(core, q)
    return found if found is not None and found.refused else None


def weigh_unbooked(core: State, q: Question) -> Finding | None:
    """What lies unbooked says to an order, refused or not; None where it is about others, or no risk is taken."""
    table = core.unbooked
    if not (table.blocking[q.account] or table.overflow) or not (q.hold_qty > 0 or q.released or q.moves_on):
        return None
    low, high, first = unbooked_moves(core, q.instrument, q.account)
    if not first:
        return None
    e = q.exposure
    if q.side == BUY:
        left = -(e.position_qty + high) - e.working_buy - q.hold_qty
    else:
        left = e.position_qty + low - e.working_sell - q.hold_qty
    return Finding(int(Reason.UNBOOKED_TRADE), first, 0, left < 0, True)


def check_admission(core: State, q: Question) -> Finding | None:
    """Why an order can't be let in: what risk says, then what lies unbooked."""
    return check_risk(q) or find_block(core, q)

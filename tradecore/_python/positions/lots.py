"""Lots: what is open, lot by lot. Which lot a closing trade takes from is the method.

A lot holds its quantity and its cost as magnitudes. Part of a lot leaves with its cost by the rule of `release_cost`:
exact where the lot was opened by a trade, because then cost = qty x price: the kernels keep that price and divide
nothing. A lot that is named (specific lot) goes first, then the oldest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tradecore.positions.entries import Method

from .costs import Lot, Position, apply_value, release_cost
from .lot_order import Lots, find_lot, first_in_order, put_all_in_order, put_in_order, take_out_of_order

AVERAGE, LIFO, HIFO = (int(m) for m in (Method.AVERAGE, Method.LIFO, Method.HIFO))


@dataclass(slots=True)
class Closings:
    """Where closed pieces of lots are noted, for the report, and what the pieces of one entry have in common."""

    rows: list[tuple[int, ...]] = field(default_factory=list)
    instrument: int = 0
    account: int = 0
    trade_id: int = 0
    time: int = 0
    fee: int = 0  # of the entry's commission, what no piece has taken yet
    qty: int = 0  # and of its quantity


def share_fee(fee: int, whole: int, part: int) -> tuple[int, int]:
    """The part of a commission that goes with `part` of `whole`, by the rule of `release_cost`, and what is left."""
    gone = release_cost(fee, whole, part)
    return gone, fee - gone


def note_closing(
    sink: Closings, p: Position, opening: int, opened: int, qty: int, cost: int, value: int, opening_fee: int
) -> None:
    closing_fee, sink.fee = share_fee(sink.fee, sink.qty, abs(qty))
    sink.qty -= abs(qty)
    sink.rows.append((opening, sink.trade_id, opened or p.since, sink.time, qty, cost, value, opening_fee, closing_fee,
                      sink.instrument, sink.account))


def open_lot(lots: Lots, p: Position, qty: int, cost: int, trade_id: int, opened: int) -> None:
    """Appends a lot as the newest. The caller saw that there is room."""
    lots.opened += 1
    lot = p.lots[lots.opened] = Lot(qty, cost, trade_id, opened, lots.opened)
    put_in_order(lots, p, lot)
    lots.open_count += 1


def drop_lot(lots: Lots, p: Position, lot: Lot) -> None:
    del p.lots[lot.age]
    lots.open_count -= 1


def take_lots(lots: Lots, p: Position, lot: Lot, qty: int) -> int:
    """Takes `qty` lots out of a lot of a position, and the lot out of its lists where those are all; gives the cost
    that leaves with them. What is left has another cost a unit, where that divides: it takes its place anew."""
    take_out_of_order(lots, p, lot)
    cost = release_cost(lot.cost, lot.qty, qty)
    lot.qty -= qty
    lot.cost -= cost
    if lot.qty == 0:
        drop_lot(lots, p, lot)
    else:
        put_in_order(lots, p, lot)
    return cost


def drop_lots(lots: Lots, p: Position) -> None:
    lots.open_count -= len(p.lots)
    p.lots.clear()
    p.order.clear()


def next_lot(lots: Lots, p: Position, method: int, named: int) -> Lot:
    """The lot that a closing trade takes from next: the named one while it is there, else the method's."""
    found = find_lot(lots, p, named) if named else None
    if found is None and method >= HIFO:
        return first_in_order(p)
    return found or p.lots[next(reversed(p.lots) if method == LIFO else iter(p.lots))]


def close_lots(
    lots: Lots, p: Position, method: int, qty: int, value: int, named: int, sink: Closings | None
) -> int:
    """Takes `qty` lots (no more than are held) out of the queue; gives the cost that leaves, on magnitudes.

    `value` is what they fetched as a signed value; it is divided between the pieces only for the report.
    """
    left, released, sign = qty, 0, 1 if p.qty > 0 else -1
    while left > 0:
        lot = next_lot(lots, p, method, named)
        piece = min(left, lot.qty)
        fee, lot.fee = (0, 0) if sink is None else share_fee(lot.fee, lot.qty, piece)
        cost = take_lots(lots, p, lot, piece)
        if sink is not None:
            fetched = -release_cost(-value * sign, left, piece) * sign
            value -= fetched
            note_closing(sink, p, lot.trade_id, lot.opened, piece * sign, cost * sign, fetched, fee)
        released += cost
        left -= piece
    return released


def book_trade(
    lots: Lots, p: Position, method: int, qty: int, value: int, trade_id: int, time: int, named: int,
    sink: Closings | None,
) -> None:
    """Books a trade of signed `qty` lots worth `value` by `method`. With average cost it keeps no lots."""
    sign, size, held, closed, closing = (1 if p.qty > 0 else -1), abs(qty), abs(p.qty), 0, value
    if p.qty != 0 and (p.qty > 0) != (qty > 0):
        closed = min(size, held)
        if closed < size:
            closing = -release_cost(-value * sign, size, closed) * sign
    if method == AVERAGE:
        if sink is not None:
            if closed:
                fee, p.pool = share_fee(p.pool, held, closed)
                cost = release_cost(p.cost * sign, held, closed) * sign
                note_closing(sink, p, 0, 0, closed * sign, cost, closing, fee)
            p.pool += sink.fee
        apply_value(p, qty, value)
        return
    if closed:
        released = close_lots(lots, p, method, closed, closing, named, sink) * sign
        p.realised -= closing + released
        p.cost -= released
        p.qty -= closed * sign
        value -= closing
        size -= closed
        qty = size if qty > 0 else -size
    if size:
        p.qty += qty
        p.cost += value
        open_lot(lots, p, size, value if qty > 0 else -value, trade_id, time)
        if sink is not None:
            next(reversed(p.lots.values())).fee = sink.fee


def move_lots(
    lots: Lots, source: Position, target: Position, method: int, qty: int, trade_id: int, named: int,
    sink: Closings | None,
) -> int:
    """Moves `qty` lots from one position to another as they are: cost, opening trade and time go with them.

    Cost that moves is no cash. Into a position of the other sign the lots close against it, at their cost; what is left
    of the commission that opened them moves along.
    """
    sign, left, moved = 1 if source.qty > 0 else -1, qty, 0
    if method == AVERAGE:
        moved = release_cost(source.cost * sign, abs(source.qty), qty) * sign
        if sink is not None:
            (sink.fee, source.pool), sink.qty = share_fee(source.pool, abs(source.qty), qty), qty
        source.cost -= moved
        source.qty -= qty * sign
        book_trade(lots, target, method, qty * sign, moved, trade_id, 0, 0, sink)
        return moved
    while left > 0:
        lot = next_lot(lots, source, method, named)
        piece = min(left, lot.qty)
        if sink is not None:
            (sink.fee, lot.fee), sink.qty = share_fee(lot.fee, lot.qty, piece), piece
        cost = take_lots(lots, source, lot, piece)
        source.qty -= piece * sign
        source.cost -= cost * sign
        moved += cost * sign
        book_trade(lots, target, method, piece * sign, cost * sign, lot.trade_id, lot.opened, 0, sink)
        left -= piece
    return moved


def split_lots(lots: Lots, p: Position, numerator: int, denominator: int) -> None:
    """Multiplies what is held by numerator / denominator; cost stays. The caller saw that the whole is a whole number
    of lots; a lot that is none takes the fraction of those before it, with its cost and commission, so that the lots
    add up."""
    before = after = carried = fee = 0
    p.qty = p.qty * numerator // denominator
    for lot in list(p.lots.values()):
        before += lot.qty
        upto = before * numerator // denominator
        lot.qty = upto - after
        lot.cost += carried
        lot.fee += fee
        carried, fee, after = 0, 0, upto
        if lot.qty == 0:
            carried, fee = lot.cost, lot.fee
            drop_lot(lots, p, lot)
    put_all_in_order(lots, p)

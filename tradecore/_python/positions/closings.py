"""Every closed piece of a lot, for reports: the log is booked again on the side, where each piece is noted."""

from __future__ import annotations

from typing import Any

from .booking import book_entry, reset_to_base
from .costs import Position, position_of
from .entries import BUSTED, OPENING, SHED, TRANSFER, Books
from .lot_order import Lots
from .lots import Closings


def mark_since(sink: Closings, p: Position, before: int) -> None:
    """When a position was last opened from flat, or through zero."""
    if p.qty and (before == 0 or (before > 0) != (p.qty > 0)):
        p.since = sink.time


def note_entry(side: Books, e: Any, trade_id: int, sink: Closings) -> None:
    """Books an entry, and notes what it closes. Only a commission in the instrument's currency is shared out."""
    p, target = position_of(side, e.instrument, e.account), position_of(side, e.instrument, e.contra)
    before, target_before = p.qty, target.qty
    own = e.kind <= OPENING and e.currency in (0, side.tallies[e.instrument].currency)
    sink.fee, sink.qty = e.fee if own else 0, abs(e.qty)
    book_entry(side, e, trade_id, sink)
    if e.kind == SHED and p.qty == 0:
        p.pool = 0
    if e.kind <= OPENING or e.kind >= TRANSFER:
        mark_since(sink, p, before)
        mark_since(sink, target, target_before)


def note_closings(b: Books) -> Closings:
    """Instrument by instrument, each alone: so it never holds more lots than its ledger may."""
    sink = Closings()
    side = Books(b.method, b.legs, b.accounts, b.instruments, Lots(b.lots.most, b.method), tallies=b.tallies)
    side.base_positions = b.base_positions
    for instrument, tally in b.tallies.items():
        reset_to_base(side, instrument)
        for at in tally.chain:
            if b.entries[at].status != BUSTED:
                note_entry(side, b.entries[at], b.forgotten + at + 1, sink)
    return sink

"""Booking an entry on the ledger's state, and rebuilding an instrument from its base and its live entries.

Every state is the base (what was there when trades were last forgotten) plus the live entries in order. A bust or a
correction marks its entry in place and replays the instrument's chain; so it equals a ledger rebuilt from the surviving
entries because it is one, also where the trade's lot was closed long ago.
"""

from __future__ import annotations

from typing import Any

from tradecore.positions.entries import EntryReason
from tradecore.vocabulary.records import NO_PRICE

from .carries import book_carry, book_shed, find_bad
from .costs import Position, position_of, round_half_even, value_of
from .entries import (
    BUSTED,
    CARRY,
    DIVIDEND,
    OPENING,
    SPLIT,
    TRANSFER,
    Books,
    Finding,
    add_exposure,
    column_of,
    follow,
    retally,
)
from .lots import Closings, book_trade, drop_lots, move_lots, open_lot, split_lots


def add_fee(b: Books, p: Position, e: Any) -> None:
    if e.currency and e.currency != b.tallies[e.instrument].currency:
        key = e.instrument, e.account, e.currency
        b.charges[key] = b.charges.get(key, 0) + e.fee
    else:
        p.fees += e.fee


def book_fill(b: Books, e: Any, trade_id: int, sink: Closings | None) -> None:
    p, key = position_of(b, e.instrument, e.account), (e.instrument, e.account)
    value = value_of(b.tallies[e.instrument].inverse_scale, e.qty, e.price)
    if sink is not None:
        sink.account = e.account
    book_trade(b.lots, p, b.method, e.qty, value, trade_id, e.transact_time, e.lot, sink)
    if e.kind == OPENING:
        b.carried[key] = b.carried.get(key, 0) + value
    add_fee(b, p, e)


def book_split(b: Books, e: Any) -> None:
    for account in range(1, b.accounts + 1):
        split_lots(b.lots, position_of(b, e.instrument, account), e.qty, e.price)


def book_dividend(b: Books, e: Any) -> None:
    """Micros for a whole unit, on what each account holds; rounded half to even, once per account. A short position
    pays."""
    for account in range(1, b.accounts + 1):
        due = position_of(b, e.instrument, account).qty * e.price
        key = e.instrument, account, e.currency
        b.incomes[key] = b.incomes.get(key, 0) + round_half_even(due, b.tallies[e.instrument].lots_per_unit)


def book_transfer(b: Books, e: Any, trade_id: int, sink: Closings | None) -> None:
    source, target = position_of(b, e.instrument, e.account), position_of(b, e.instrument, e.contra)
    if sink is not None:
        sink.account = e.contra
    moved = move_lots(b.lots, source, target, b.method, e.qty, trade_id, e.lot, sink)
    for account, amount in ((e.account, -moved), (e.contra, moved)):
        b.carried[e.instrument, account] = b.carried.get((e.instrument, account), 0) + amount


def book_entry(b: Books, e: Any, trade_id: int, sink: Closings | None) -> None:
    """The state after an entry that `find_bad` found good; columns and sums are left to the caller."""
    if sink is not None:
        sink.instrument, sink.trade_id, sink.time = e.instrument, trade_id, e.transact_time
    if e.kind <= OPENING:
        book_fill(b, e, trade_id, sink)
    elif e.kind == SPLIT:
        book_split(b, e)
    elif e.kind == DIVIDEND:
        book_dividend(b, e)
    elif e.kind == TRANSFER:
        book_transfer(b, e, trade_id, sink)
    elif e.kind == CARRY:
        book_carry(b, e, trade_id)
    else:
        book_shed(b, e)


def append_entry(b: Books, e: Any) -> None:
    """Puts an entry at the end of the log and of its instrument's chain."""
    b.tallies[e.instrument].chain.append(len(b.entries))
    b.entries.append(e)


def add_entry(b: Books, e: Any) -> Finding | None:
    """Checks, books and logs a new entry. A finding leaves everything as it was."""
    finding = find_bad(b, e, True)
    if finding is not None:
        return finding
    trade_id = b.forgotten + len(b.entries) + 1
    if e.kind <= OPENING:
        p = position_of(b, e.instrument, e.account)
        qty, cost = p.qty, p.cost
        book_entry(b, e, trade_id, None)
        follow(b, e.instrument, e.account, p, qty, cost)
    else:
        book_entry(b, e, trade_id, None)
        retally(b, e.instrument)
    append_entry(b, e)
    return None


def reset_sums(b: Books, instrument: int) -> None:
    for sums, base in ((b.charges, b.base_charges), (b.incomes, b.base_incomes)):
        for key in [key for key in sums if key[0] == instrument]:
            sums[key] = base.get(key, 0)
    for pair in [pair for pair in b.carried if pair[0] == instrument]:
        b.carried[pair] = b.base_carried.get(pair, 0)


def reset_to_base(b: Books, instrument: int) -> None:
    """One instrument as it was when trades were last forgotten."""
    reset_sums(b, instrument)
    for account in range(1, b.accounts + 1):
        p, base = position_of(b, instrument, account), b.base_positions.get((instrument, account), Position())
        drop_lots(b.lots, p)
        p.qty, p.cost, p.realised, p.fees = base.qty, base.cost, base.realised, base.fees
        for lot in base.lots.values():
            open_lot(b.lots, p, lot.qty, lot.cost, lot.trade_id, lot.opened)


def free_lots(b: Books, instrument: int) -> None:
    for account in range(1, b.accounts + 1):
        drop_lots(b.lots, position_of(b, instrument, account))


def replay_chain(b: Books, instrument: int) -> tuple[Finding, int] | None:
    for at in b.tallies[instrument].chain:
        if b.entries[at].status != BUSTED:
            finding = find_bad(b, b.entries[at], False)
            if finding is not None:
                return finding, b.forgotten + at + 1
            book_entry(b, b.entries[at], b.forgotten + at + 1, None)
    return None


def rebuild(b: Books, instrument: int) -> tuple[Finding, int] | None:
    """Base, then the live entries in order. A finding says why that entry can't follow those before it; the state is
    then of no use until it is rebuilt from entries that can. On the way an instrument may hold as many lots as the
    ledger, whatever the others hold by now, so that what once fitted can be replayed."""
    most = b.lots.most
    free_lots(b, instrument)
    b.lots.most += b.lots.open_count
    reset_to_base(b, instrument)
    failure = replay_chain(b, instrument)
    b.lots.most = most
    if failure is None and b.lots.open_count > most:
        last = b.forgotten + b.tallies[instrument].chain[-1] + 1
        return Finding(EntryReason.LOTS_FULL, b.lots.open_count, most), last
    retally(b, instrument)
    return failure


def cut_chain(b: Books, instrument: int, count: int) -> None:
    """Cuts an instrument's chain after entry `count` and frees its lots."""
    chain = b.tallies[instrument].chain
    while chain and chain[-1] >= count:
        chain.pop()
    free_lots(b, instrument)


def take_back(b: Books, count: int) -> None:
    """Takes back the entries from `count` on, the last batch, as if they had never come. All lots of the batch's
    instruments are freed before the first is rebuilt: what one gave up, another may hold."""
    touched = dict.fromkeys(e.instrument for e in b.entries[count:])
    for instrument in touched:
        cut_chain(b, instrument, count)
    for instrument in touched:
        rebuild(b, instrument)
    del b.entries[count:]


def recompute_exposures(b: Books) -> None:
    """Exposure sums of every account, from the positions and marks."""
    b.exposures.clear()
    for instrument, t in b.tallies.items():
        mark = b.marks.get(instrument, NO_PRICE)
        if mark == NO_PRICE or t.gross == 0:
            continue
        for account in range(1, b.accounts + 1):
            qty = int(b.columns[0][column_of(b, instrument, account)])
            if qty:
                add_exposure(b, instrument, account, 0, qty, mark, mark)
    b.exposures_are_stale = False


def set_mark(b: Books, instrument: int, mark: int) -> None:
    """A mark, and what it changes in the exposure of each account."""
    before = b.marks.get(instrument, NO_PRICE)
    if not b.exposures_are_stale and b.tallies[instrument].gross != 0:
        for account in range(1, b.accounts + 1):
            qty = int(b.columns[0][column_of(b, instrument, account)])
            if qty:
                add_exposure(b, instrument, account, qty, qty, before, mark)
    b.marks[instrument] = mark

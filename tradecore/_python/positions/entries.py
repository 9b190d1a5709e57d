"""What the ledger's state refuses, and the columns, tallies and exposure sums that follow each entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tradecore.positions.entries import EntryKind, EntryReason, EntryStatus, Method
from tradecore.vocabulary.records import AMOUNT_MAX, MULTIPLIER_MAX, NO_PRICE, POSITION_MAX
from tradecore.vocabulary.units import INVERSE_SCALE_MAX

from ..vocabulary.shell import demand, saturate
from .costs import Position, is_beyond_sum, position_of, scale_of, value_of
from .lot_order import Lots, find_lot
from .runs import FIRST_SPLIT, Form, bits_of, form_of, is_multiple

FILL, OPENING, SPLIT, DIVIDEND, TRANSFER, CARRY, SHED = (int(kind) for kind in EntryKind)
LIVE, BUSTED, CORRECTED = (int(status) for status in EntryStatus)
AVERAGE, SPECIFIC = int(Method.AVERAGE), int(Method.SPECIFIC)
Column = np.ndarray[Any, np.dtype[np.int64]]


class Finding(NamedTuple):
    """Why an entry can't be booked, with the value and the bound that it breaks."""

    reason: EntryReason
    value: int
    bound: int


@dataclass(slots=True)
class Tally:
    """What follows from an instrument's definition, and sums over its accounts."""

    inverse_scale: int
    lots_per_unit: int
    currency: int
    bucket: int
    amount_most: int  # |price x quantity| of one fill: 10**37 / multiplier
    home: int = 0  # the exponent of costs that are kept coarse, where it is enough
    net: int = 0
    gross: int = 0
    cost: int = 0
    qty_bits: int = 0  # of the largest |qty| and |cost| since it was last summed anew
    cost_bits: int = 0
    gap_bits: int = 0
    chain: list[int] = field(default_factory=list)  # places in the log


@dataclass(slots=True)
class Books:
    """The ledger's state: base, log, positions, and what follows them."""

    method: int
    legs: int
    accounts: int
    instruments: int
    lots: Lots
    positions: dict[tuple[int, int], Position] = field(default_factory=dict)
    marks: dict[int, int] = field(default_factory=dict)
    lasts: dict[int, int] = field(default_factory=dict)
    entries: list[Any] = field(default_factory=list)
    forgotten: int = 0
    tallies: dict[int, Tally] = field(default_factory=dict)
    charges: dict[tuple[int, int, int], int] = field(default_factory=dict)  # instrument, account, currency: money units
    incomes: dict[tuple[int, int, int], int] = field(default_factory=dict)
    carried: dict[tuple[int, int], int] = field(default_factory=dict)  # cost that came in without cash
    base_positions: dict[tuple[int, int], Position] = field(default_factory=dict)
    base_charges: dict[tuple[int, int, int], int] = field(default_factory=dict)
    base_incomes: dict[tuple[int, int, int], int] = field(default_factory=dict)
    base_carried: dict[tuple[int, int], int] = field(default_factory=dict)
    exposures: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # account, bucket: gross, net
    exposures_are_stale: bool = False
    columns: list[Column] = field(default_factory=list)  # as Ledger.columns has them

    def open_columns(self) -> None:
        """The columns, where they are not there yet: a fused core never asks for them."""
        if not self.columns:
            cells = self.instruments * self.accounts
            self.columns = [np.zeros(cells, np.int64) for _ in range(3)]
            self.columns += [np.full(self.instruments, NO_PRICE), np.full(self.instruments, 2**62)]
            self.columns += [np.zeros(cells, np.int32), np.zeros(cells, np.int64)]
            self.columns += [np.array([[FIRST_SPLIT, 0]] * self.instruments, np.uint8), np.zeros(cells, np.uint32)]
            self.columns.append(np.zeros(self.instruments, np.int64))


def column_of(b: Books, instrument: int, account: int) -> int:
    return (instrument - 1) * b.accounts + account - 1


def write_narrow(b: Books, at: int, form: Form, qty: int, cost: int) -> None:
    """A position in fewer bytes."""
    split, exponent, near, _ = form
    coarse, rest = divmod(cost - qty * near, 10**exponent)
    if split:
        b.columns[6][at] = (coarse * 2**split + qty + 2**63) % 2**64 - 2**63
        return
    b.columns[5][at] = (qty + 2**31) % 2**32 - 2**31
    if exponent:
        b.columns[6][at], b.columns[8][at] = coarse, rest


def form_at(b: Books, instrument: int) -> Form:
    split, exponent = map(int, b.columns[7][instrument - 1])
    return Form(split, exponent, int(b.columns[9][instrument - 1]), b.tallies[instrument].gap_bits)


def write_run(b: Books, instrument: int, form: Form) -> None:
    b.columns[7][instrument - 1] = form[:2]
    for account in range(1, b.accounts + 1):
        at = column_of(b, instrument, account)
        write_narrow(b, at, form, int(b.columns[0][at]), (int(b.columns[2][at]) << 64) + int(b.columns[1][at]) % 2**64)


def widen_run(b: Books, instrument: int, p: Position) -> None:
    """The bound below which every position of the run, marked, fits 64 bits: |qty| x |mark| < 2**62 and |cost| < 2**62,
    both in units of the form where the cost has more bits; and the form."""
    t, now, at = b.tallies[instrument], form_at(b, instrument), column_of(b, instrument, 1)
    t.qty_bits, t.cost_bits = max(t.qty_bits, bits_of(p.qty)), max(t.cost_bits, bits_of(p.cost))
    qtys, costs = (list(map(int, column[at : at + b.accounts])) for column in b.columns[:2])
    form = form_of(now, t.qty_bits, t.cost_bits, t.home, t.inverse_scale != 0, qtys, costs)
    b.columns[9][instrument - 1], t.gap_bits = form.near, form.gap_bits
    limit = 1 << (62 - t.qty_bits)
    if t.cost_bits > 62:
        limit = -limit if form[1] else -1
    b.columns[4][instrument - 1] = -1 if t.inverse_scale else limit
    if form[:3] != now[:3]:
        write_run(b, instrument, form)


def is_wider(t: Tally, form: Form, p: Position) -> bool:
    """Whether a run's bound has to grow, or its unit to fall."""
    if abs(p.qty) >> t.qty_bits or abs(p.cost) >> t.cost_bits:
        return True
    if form.near:
        return abs(p.cost - p.qty * form.near) >> t.gap_bits != 0
    return form.split != 0 and form.exponent != 0 and not is_multiple(p.cost, form.exponent)


def write_costs(b: Books, at: int, p: Position) -> None:
    b.columns[0][at], b.columns[1][at] = p.qty, (p.cost + 2**63) % 2**64 - 2**63
    b.columns[2][at] = p.cost >> 64


def write_columns(b: Books, instrument: int, account: int, p: Position) -> None:
    at = column_of(b, instrument, account)
    write_costs(b, at, p)
    if is_wider(b.tallies[instrument], form_at(b, instrument), p):
        widen_run(b, instrument, p)
    write_narrow(b, at, form_at(b, instrument), p.qty, p.cost)


def add_exposure(
    b: Books, instrument: int, account: int, qty_before: int, qty_after: int, mark_before: int, mark_after: int
) -> None:
    t = b.tallies[instrument]
    sums = b.exposures.setdefault((account, t.bucket), [0, 0])
    before = 0 if mark_before == NO_PRICE else value_of(t.inverse_scale, qty_before, mark_before)
    after = 0 if mark_after == NO_PRICE else value_of(t.inverse_scale, qty_after, mark_after)
    sums[0] += abs(after) - abs(before)
    sums[1] += after - before


def follow(b: Books, instrument: int, account: int, p: Position, qty_before: int, cost_before: int) -> None:
    """Columns, tally and exposure after one position has changed."""
    t, mark = b.tallies[instrument], b.marks.get(instrument, NO_PRICE)
    t.net += p.qty - qty_before
    t.gross += abs(p.qty) - abs(qty_before)
    t.cost += p.cost - cost_before
    write_columns(b, instrument, account, p)
    if not b.exposures_are_stale and mark != NO_PRICE:
        add_exposure(b, instrument, account, qty_before, p.qty, mark, mark)


def retally(b: Books, instrument: int) -> None:
    """Sums and columns of one instrument, from its positions."""
    t = b.tallies[instrument]
    t.net = t.gross = t.cost = t.qty_bits = t.cost_bits = 0
    largest = Position()  # of no position: the largest quantity and cost of any
    for account in range(1, b.accounts + 1):
        p = position_of(b, instrument, account)
        t.net += p.qty
        t.gross += abs(p.qty)
        t.cost += p.cost
        largest.qty, largest.cost = max(largest.qty, abs(p.qty)), max(largest.cost, abs(p.cost))
        write_costs(b, column_of(b, instrument, account), p)
    b.columns[7][instrument - 1] = FIRST_SPLIT, 0
    b.columns[9][instrument - 1], t.gap_bits = 0, 0
    widen_run(b, instrument, largest)
    write_run(b, instrument, form_at(b, instrument))
    b.exposures_are_stale = True


def find_bad_lot(b: Books, p: Position, e: Any) -> Finding | None:
    """The lot that a closing fill names, where lots are named: it must be there and be large enough, unless all
    closes."""
    if not e.lot:
        return Finding(EntryReason.LOT_NOT_NAMED, e.lot, 1)
    lot = find_lot(b.lots, p, e.lot)
    if lot is None:
        return Finding(EntryReason.LOT_UNKNOWN, e.lot, b.forgotten + len(b.entries))
    if lot.qty < abs(e.qty) < abs(p.qty):
        return Finding(EntryReason.BEYOND_LOT, abs(e.qty), lot.qty)
    return None


def demand_inverse(inverse_scale: int) -> None:
    """Refuses a word that stands for no scale of an inverse contract (`Instrument.inverse_word`), 0 for an ordinary."""
    demand("inverse_scale", inverse_scale, 0, MULTIPLIER_MAX * 64 + 63)
    if inverse_scale:
        demand("inverse_scale's power of ten", inverse_scale & 63, 0, 24)
        demand("inverse_scale's number", scale_of(inverse_scale), 1, INVERSE_SCALE_MAX)


def position_most(t: Tally) -> int:
    """How much of an instrument one account may hold: an inverse contract's value at the price 1 must stay within an
    amount too."""
    return min(POSITION_MAX, AMOUNT_MAX // scale_of(t.inverse_scale)) if t.inverse_scale else POSITION_MAX


def find_bad_fill(b: Books, e: Any, strict: bool) -> Finding | None:
    """Why this fill or opening can't be booked now. `strict` is the door's rule; a replay books what survived."""
    p = position_of(b, e.instrument, e.account)
    after, closes = p.qty + e.qty, p.qty != 0 and (p.qty > 0) != (e.qty > 0)
    most = position_most(b.tallies[e.instrument])
    if not -most <= after <= most:
        return Finding(EntryReason.BEYOND_POSITION, after, most)
    if abs(e.qty * e.price) > b.tallies[e.instrument].amount_most:
        return Finding(EntryReason.BEYOND_AMOUNT, abs(e.qty), b.tallies[e.instrument].amount_most // abs(e.price))
    if b.tallies[e.instrument].inverse_scale and e.price <= 0:
        return Finding(EntryReason.PRICE_NOT_POSITIVE, e.price, 1)
    if is_beyond_sum(p.realised) or is_beyond_sum(b.carried.get((e.instrument, e.account), 0)):
        return Finding(EntryReason.BEYOND_SUM, 0, 0)
    if b.method != AVERAGE and not closes and b.lots.open_count >= b.lots.most:
        return Finding(EntryReason.LOTS_FULL, b.lots.open_count + 1, b.lots.most)
    if not strict:
        return None
    if b.legs == 2 and (after < 0 if e.account & 1 else after > 0):
        return Finding(EntryReason.BEYOND_LEG, abs(e.qty), abs(p.qty))
    return find_bad_lot(b, p, e) if b.method == SPECIFIC and closes else None


def find_bad_split(b: Books, e: Any) -> Finding | None:
    for account in range(1, b.accounts + 1):
        qty = position_of(b, e.instrument, account).qty
        size, rest = divmod(qty * e.qty, e.price)
        if rest:
            return Finding(EntryReason.SPLIT_FRACTION, qty, e.price)
        most = position_most(b.tallies[e.instrument])
        if abs(size) > most:
            return Finding(EntryReason.BEYOND_POSITION, saturate(size), most)
    return None


def find_bad_transfer(b: Books, e: Any) -> Finding | None:
    source, target = position_of(b, e.instrument, e.account), position_of(b, e.instrument, e.contra)
    after = target.qty + e.qty if source.qty > 0 else target.qty - e.qty
    carried = (b.carried.get((e.instrument, account), 0) for account in (e.account, e.contra))
    if e.qty > abs(source.qty):
        return Finding(EntryReason.BEYOND_HELD, e.qty, abs(source.qty))
    most = position_most(b.tallies[e.instrument])
    if not -most <= after <= most:
        return Finding(EntryReason.BEYOND_POSITION, after, most)
    if is_beyond_sum(target.realised) or any(map(is_beyond_sum, carried)):
        return Finding(EntryReason.BEYOND_SUM, 0, 0)
    if b.method != AVERAGE and b.lots.open_count >= b.lots.most:
        return Finding(EntryReason.LOTS_FULL, b.lots.open_count + 1, b.lots.most)
    return None


def find_bad_dividend(b: Books, e: Any) -> Finding | None:
    for account in range(1, b.accounts + 1):
        if is_beyond_sum(b.incomes.get((e.instrument, account, e.currency), 0)):
            return Finding(EntryReason.BEYOND_SUM, 0, 0)
    return None


def find_bad_entry(b: Books, e: Any, strict: bool) -> Finding | None:
    if e.kind <= OPENING:
        return find_bad_fill(b, e, strict)
    if e.kind == SPLIT:
        return find_bad_split(b, e)
    return find_bad_transfer(b, e) if e.kind == TRANSFER else find_bad_dividend(b, e)

"""The ledger alone: entries in, exact positions and P&L out. Door checks here, the arithmetic in its neighbours:
costs (one position), lots (which lot), entries (what is refused, what follows), booking (the log and its replay).
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from tradecore.positions.entries import CLOSING_DTYPE, ENTRY_CODEC, ENTRY_DTYPE, HOLDING_DTYPE, SPLIT_MAX, EntryError
from tradecore.vocabulary.layouts import Codec
from tradecore.vocabulary.records import (
    AMOUNT_MAX,
    FEE_MAX,
    FILL_DTYPE,
    NO_PRICE,
    POSITION_MAX,
    PRICE_MAX,
    QTY_MAX,
    TIME_MAX,
)

from ..vocabulary.instrument import InstrumentRow, define_instrument_row
from ..vocabulary.shell import Records, demand, open_batch
from .booking import add_entry, rebuild, recompute_exposures, set_mark, take_back
from .closings import note_closings
from .costs import (
    Position,
    apply_fill,
    apply_value,
    commission_of,
    mark_of,
    position_of,
    release_cost,
    round_half_even,
    unrealised,
    value_of,
)
from .entries import CARRY, CORRECTED, DIVIDEND, OPENING, SHED, SPLIT, TRANSFER, Books, Tally, demand_inverse
from .holdings import halves, note_holdings
from .lot_order import Lots
from .marking import demand_numbers
from .runs import home_exponent

__all__ = [
    "Ledger", "Position", "apply_fill", "apply_value", "commission_of", "mark_of", "position_of", "release_cost",
    "round_half_even", "unrealised", "value_of",
]
BOOKING_CODEC = Codec(
    "Booking",
    [("instrument", "i4"), ("account", "i4"), ("qty", "i8"), ("price", "i8"), ("fee", "i8"),
     ("transact_time", "i8"), ("exec_id", "i8")],
    FILL_DTYPE.itemsize,
)
_ENTRY = ENTRY_CODEC.unpack(bytes(64))
_BOOKED = ("instrument", "account", "qty", "price", "fee", "transact_time")  # of a fill, what the log holds


def demand_qty(e: Any) -> None:
    demand("qty", e.qty, -QTY_MAX, QTY_MAX)
    if e.qty == 0:
        raise ValueError("qty 0 is no fill")


class Ledger:
    """Exact positions by instrument and account, by average cost, FIFO, LIFO, HIFO, LOFO or specific lot.

    `method` is a `Method`; `legs` 2 keeps long and short apart, account 2n - 1 the long and 2n the short leg of n.
    `trades` bounds the log of entries that can still be busted, `lots` the open lots, `buckets` the exposure sums of
    an account. Amounts are integers of price unit x quantity unit, fees and dividends money units.
    """

    def __init__(self, instruments: int, accounts: int, method: int = 0, legs: int = 1, currencies: int = 1,
                 trades: int = 65_536, lots: int = 65_536, buckets: int = 1) -> None:
        demand("instruments", instruments, 1, 1_000_000)
        demand("accounts", accounts, 1, 131_070)
        demand("method", method, 0, 5)
        demand("legs", legs, 1, 2)
        demand("currencies", currencies, 1, 255)
        demand("trades", trades, 1, 2**31 - 2)
        demand("lots", lots, 1, 2**30 - 1)
        demand("buckets", buckets, 1, 65_535)
        self.settings = (instruments, accounts, method, legs, currencies, trades, lots, buckets)
        self.instrument_max, self.account_max, self.currency_max = instruments, accounts, currencies
        self.trade_max, self.bucket_max = trades, buckets
        self.instruments: dict[int, InstrumentRow] = {}
        self.books = Books(method, legs, accounts, instruments, Lots(lots, method))
        self.positions, self.marks, self.lasts = self.books.positions, self.books.marks, self.books.lasts
        self.charges: dict[tuple[int, int], int] = {}  # fees in other currencies than their instruments'
        self.cash: dict[tuple[int, int], int] = {}  # the fused core's, by account and currency: opening cash

    def define(self, definition: bytes, inverse_scale: int = 0, bucket: int = 0) -> int:
        """Add the instrument of a DEFINE_INSTRUMENT record; return its id. ValueError where it can't be.

        `inverse_scale`: `Instrument.inverse_word`, 0 where it is none; `bucket`: where its exposure is summed.
        """
        demand_inverse(inverse_scale)
        demand("bucket", bucket, 0, self.bucket_max - 1)
        count = define_instrument_row(self.instruments, self.instrument_max, definition)
        row = self.instruments[count]
        if not 1 <= row.currency <= self.currency_max:
            del self.instruments[count]
            demand("currency", row.currency, 1, self.currency_max)
        self.books.open_columns()
        self.books.tallies[count] = Tally(inverse_scale, row.lots_per_unit, row.currency, bucket,
                                          AMOUNT_MAX // row.multiplier, home_exponent(row.tick))
        if inverse_scale:
            self.books.columns[4][count - 1] = -1
        return count

    def _check_row(self, e: Any) -> None:
        """The door's bounds of one entry, whatever the state."""
        demand("kind", e.kind, 0, 6)
        demand("instrument", e.instrument, 1, len(self.instruments))
        demand("currency", e.currency, 0, self.currency_max)
        demand("transact_time", e.transact_time, 0, TIME_MAX)
        demand("strategy", e.strategy, 0, 2**31 - 1)
        demand("fee", e.fee, -FEE_MAX, FEE_MAX)
        if e.kind == CARRY:
            demand("account", e.account, 1, self.account_max)
            demand_qty(e)
            return
        demand("lot", e.lot, 0, 2**62)
        if e.kind == SHED:
            demand("account", e.account, 1, self.account_max)
            demand("denominator", e.price, 1, SPLIT_MAX)
            demand("numerator", e.qty, 1, e.price)
            return
        if e.kind == SPLIT:
            demand("numerator", e.qty, 1, SPLIT_MAX)
            demand("denominator", e.price, 1, SPLIT_MAX)
            return
        demand("price", e.price, -PRICE_MAX, PRICE_MAX)
        if e.kind == DIVIDEND:
            demand("currency", e.currency, 1, self.currency_max)
            return
        demand("account", e.account, 1, self.account_max)
        if e.kind == TRANSFER:
            demand("contra", e.contra, 1, self.account_max)
            demand("qty", e.qty, 1, POSITION_MAX)
            if e.contra == e.account:
                raise ValueError(f"contra {e.contra} must be another account")
            return
        demand_qty(e)

    def apply_fills(self, fills: Records, now: int = 0) -> int:
        """Book FILL_DTYPE or ENTRY_DTYPE rows in order; return the first one's trade id.

        Signed quantity units, price units, fees in money units; a row without a time came `now`. All or none: a row
        outside its bounds raises ValueError, one that the state refuses EntryError. Threads: one caller at a time.
        """
        if fills.dtype == ENTRY_DTYPE:
            rows = [row._replace(next=0, status=0, spare=0) for row in open_batch(fills, ENTRY_CODEC)]
        elif fills.dtype == FILL_DTYPE:
            booked = open_batch(fills, BOOKING_CODEC)
            rows = [_ENTRY._replace(**dict(zip(_BOOKED, row, strict=False))) for row in booked]
        else:
            raise ValueError(f"expected FILL_DTYPE, got {fills.dtype}")
        rows = [e if e.transact_time else e._replace(transact_time=now) for e in rows]
        first = len(self.books.entries)
        if len(rows) > self.trade_max - first:
            raise ValueError(f"{first + len(rows)} entries exceed the stated capacity of {self.trade_max} trades: "
                             "forget_trades() makes the present state the base")
        for e in rows:
            self._check_row(e)
        for i, e in enumerate(rows):
            finding = add_entry(self.books, e)
            if finding is not None:
                take_back(self.books, first)
                raise EntryError(*finding, i, 0)
        return self.books.forgotten + first + 1

    def amend(
        self, trade_id: int, status: int, qty: int, price: int, fee: int, currency: int | None = None
    ) -> None:
        """Mark an entry BUSTED, LIVE again, or CORRECTED to these figures, and rebuild its instrument.

        A corrected fee is in `currency` (0: its instrument's own), or, where none is given, in the one that it had.

        EntryError where a later entry can't follow: then nothing has changed. Threads: one caller at a time.
        """
        b = self.books
        demand("trade_id", trade_id, b.forgotten + 1, b.forgotten + len(b.entries))
        demand("status", status, 0, 2)
        at = trade_id - b.forgotten - 1
        before = b.entries[at]
        changed = before._replace(status=status)
        if status == CORRECTED:
            if before.kind > OPENING:
                raise ValueError(f"trade {trade_id} is no fill: only a fill or an opening can be corrected, bust it")
            changed = changed._replace(
                qty=qty, price=price, fee=fee, currency=before.currency if currency is None else currency)
            self._check_row(changed)
        b.entries[at] = changed
        failure = rebuild(b, before.instrument)
        if failure is not None:
            b.entries[at] = before
            rebuild(b, before.instrument)
            raise EntryError(*failure[0], -1, failure[1])

    def forget_trades(self) -> int:
        """Make the present state the base: trades so far can't be busted any more. Returns how many those are.

        Threads: one caller at a time.
        """
        b = self.books
        b.base_positions = deepcopy(b.positions)
        b.base_charges, b.base_incomes, b.base_carried = dict(b.charges), dict(b.incomes), dict(b.carried)
        for t in b.tallies.values():
            t.chain.clear()
        b.forgotten += len(b.entries)
        b.entries.clear()
        return b.forgotten

    def _row(self, instrument: int, account: int) -> Position:
        demand("instrument", instrument, 1, len(self.instruments))
        demand("account", account, 1, self.account_max)
        return position_of(self, instrument, account)

    def position(self, instrument: int, account: int) -> tuple[int, int, int, int]:
        """(qty, cost, realised, fees): quantity units, amounts (price x quantity unit x multiplier), money units."""
        p = self._row(instrument, account)
        return p.qty, p.cost, p.realised, p.fees

    def sums(self, instrument: int, account: int) -> tuple[int, dict[int, int], dict[int, int]]:
        """(carried, {currency: fees}, {currency: dividends}): an amount, and money units where they are not 0."""
        p, b = self._row(instrument, account), self.books
        currencies = range(1, self.currency_max + 1)
        charges = {c: b.charges.get((instrument, account, c), 0) for c in currencies}
        charges[b.tallies[instrument].currency] = p.fees
        incomes = {c: b.incomes.get((instrument, account, c), 0) for c in currencies}
        return (b.carried.get((instrument, account), 0), {c: v for c, v in charges.items() if v},
                {c: v for c, v in incomes.items() if v})

    def lots(self, instrument: int, account: int) -> list[tuple[int, int, int, int]]:
        """[(trade_id, opened, qty, cost)] from the oldest open lot to the newest; empty at average cost."""
        p = self._row(instrument, account)
        sign = 1 if p.qty > 0 else -1
        return [(lot.trade_id, lot.opened, lot.qty * sign, lot.cost * sign) for lot in p.lots.values()]

    def holdings(self) -> Records:
        """Every position that is held or was, by instrument and account, as HOLDING_DTYPE rows."""
        found = np.zeros(len(rows := note_holdings(self.books, len(self.instruments))), HOLDING_DTYPE)
        for at, row in enumerate(rows):
            found[at] = row
        return found

    def entries(self) -> Records:
        """A copy of the log as ENTRY_DTYPE rows, busted and corrected ones marked; the first is `forgotten` + 1."""
        found = np.zeros(len(self.books.entries), ENTRY_DTYPE)
        for at, e in enumerate(self.books.entries):
            found[at] = tuple(e)
        for t in self.books.tallies.values():
            found["next"][t.chain[:-1]] = np.array(t.chain[1:], np.int32) + 1
        return found

    def entry(self, trade_id: int) -> bytes:
        """A copy of one entry of the log as an ENTRY_DTYPE record's bytes."""
        b = self.books
        demand("trade_id", trade_id, b.forgotten + 1, b.forgotten + len(b.entries))
        record = self.entries()[trade_id - b.forgotten - 1]
        return bytes(record.tobytes())

    def base(self, instrument: int, account: int) -> tuple[int, int, int, int]:
        """(qty, cost, realised, fees) as they were when trades were last forgotten."""
        self._row(instrument, account)
        p = self.books.base_positions.get((instrument, account), Position())
        return p.qty, p.cost, p.realised, p.fees

    def closings(self) -> Records:
        """Every closed piece of a lot since the base, in order, as CLOSING_DTYPE rows: the log replayed on the side.

        At average cost a piece has no opening trade. Costs and values are signed amounts, fees money units of the
        instrument's currency: low and high 64 bits.
        """
        rows = note_closings(self.books).rows
        found = np.zeros(len(rows), CLOSING_DTYPE)
        for row, (*names, cost, value, opening_fee, closing_fee, instrument, account) in enumerate(rows):
            wide = (*halves(cost), *halves(value), *halves(opening_fee), *halves(closing_fee))
            found[row] = (*names, *wide, instrument, account)
        return found[np.argsort(found["closing_trade"], kind="stable")]

    def account_sums(
        self, account: int, groups: Any, group_count: int, bids: Any, asks: Any
    ) -> tuple[list[tuple[int, ...]], dict[int, int], dict[int, int], int]:
        """One account over all instruments: ([(realised, cost, carried, unrealised, fees)] by group, {currency: fees in
        other currencies}, {currency: dividends}, held positions without a mark).

        `groups`, `bids` and `asks` are int64, one an instrument. Amounts are exact; fees and dividends money units. A
        position without a mark counts in all but `unrealised`. Threads: one caller at a time.
        """
        b, unmarked = self.books, 0
        demand("account", account, 1, self.account_max)
        demand("group_count", group_count, 1, 65_535)
        groups, bids, asks = (demand_numbers(name, column) for name, column in
                              (("groups", groups), ("bids", bids), ("asks", asks)))
        for column in (groups, bids, asks):
            demand("length of groups, bids and asks", len(column), len(self.instruments), len(self.instruments))
        for i, group in enumerate(groups):
            demand(f"groups[{i}]", int(group), 0, group_count - 1)
        sums = [[0] * 5 for _ in range(group_count)]
        charges, incomes = [0] * (self.currency_max + 1), [0] * (self.currency_max + 1)
        for i in range(1, len(self.instruments) + 1):
            p, bid, ask = position_of(self, i, account), int(bids[i - 1]), int(asks[i - 1])
            value = 0
            if p.qty and NO_PRICE in (bid, ask):
                unmarked += 1
            elif p.qty:
                value = value_of(b.tallies[i].inverse_scale, p.qty, bid if p.qty > 0 else ask) - p.cost
            group = sums[int(groups[i - 1])]
            for place, amount in enumerate((p.realised, p.cost, b.carried.get((i, account), 0), value, p.fees)):
                group[place] += amount
            for c in range(1, self.currency_max + 1):
                charges[c] += b.charges.get((i, account, c), 0)
                incomes[c] += b.incomes.get((i, account, c), 0)
        return ([tuple(group) for group in sums], {c: v for c, v in enumerate(charges) if v},
                {c: v for c, v in enumerate(incomes) if v}, unmarked)

    def set_mark(self, instrument: int, mark: int) -> None:
        """Value an instrument at `mark` price units, or at none (NO_PRICE); exposures follow."""
        demand("instrument", instrument, 1, len(self.instruments))
        if mark != NO_PRICE:
            demand("mark", mark, 1 if self.books.tallies[instrument].inverse_scale else -PRICE_MAX, PRICE_MAX)
        set_mark(self.books, instrument, mark)
        self.books.columns[3][instrument - 1] = mark

    def set_marks(self, marks: Any) -> None:
        """Value instrument 1, 2, ... at these price units, all or none; exposures are summed anew when next read."""
        values, b = demand_numbers("marks", marks), self.books
        demand("marks", len(values), len(self.instruments), len(self.instruments))
        for i, mark in enumerate(values):
            if mark != NO_PRICE:
                demand(f"marks[{i}]", mark, 1 if b.tallies[i + 1].inverse_scale else -PRICE_MAX, PRICE_MAX)
        b.marks.update(enumerate(values, 1))
        b.columns[3][: len(values)] = values
        b.exposures_are_stale = True

    def exposure(self, account: int, bucket: int) -> tuple[int, int]:
        """(gross, net): amounts of a bucket's positions at their marks; an unmarked instrument counts as nothing."""
        demand("account", account, 1, self.account_max)
        demand("bucket", bucket, 0, self.bucket_max - 1)
        if self.books.exposures_are_stale:
            recompute_exposures(self.books)
        gross, net = self.books.exposures.get((account, bucket), (0, 0))
        return gross, net

    def tally(self, instrument: int) -> tuple[int, int, int]:
        """(net, gross, cost) of an instrument over all accounts: lots, lots, amount."""
        demand("instrument", instrument, 1, len(self.instruments))
        t = self.books.tallies[instrument]
        return t.net, t.gross, t.cost

    @property
    def trade_count(self) -> int:
        """Entries in the log."""
        return len(self.books.entries)

    @property
    def forgotten(self) -> int:
        """Entries before the log: their trade ids are 1 to this."""
        return self.books.forgotten

    @property
    def open_lots(self) -> int:
        """Lots open in all positions; 0 at average cost."""
        return self.books.lots.open_count

    @property
    def columns(self) -> tuple[Records, ...]:
        """(qty, cost low 64 bits, cost high, marks, mark limits, 32-bit qty, words, forms, rests, nears): read-only.

        They follow every entry; marks, limits, forms and nears are one an instrument. Up to |limit|, below 0 in units
        of 10**exponent, a marked position of the run fits 64 bits. A form is (split, exponent): with a split a word is
        (cost - qty x near) / 10**exponent x 2**split + qty; else the 32-bit column has the quantities modulo 2**32,
        themselves where |limit| is at least 2**31, and with an exponent cost is word x 10**exponent + rest.
        """
        self.books.open_columns()
        views = tuple(column.view() for column in self.books.columns)
        for view in views:
            view.flags.writeable = False
        return views

"""The exact ledger against fractions: every method, busts and corrections, and both backends fill by fill."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import seeds
from ledger_oracle import Book, Trade, entry_rows, random_fill, rebuilt

import tradecore as tc
from tradecore._backend import room_module
from tradecore.positions.entries import (
    CLOSING_DTYPE,
    ENTRY_CODEC,
    ENTRY_DTYPE,
    EntryError,
    EntryKind,
    EntryReason,
    EntryStatus,
    Method,
)
from tradecore.vocabulary.instrument import Instrument
from tradecore.vocabulary.records import CODECS, FEE_MAX, NO_PRICE, POSITION_MAX, PRICE_MAX, QTY_MAX

INSTRUMENTS, ACCOUNTS = 40, 5
FILLS, LONG_FILLS = 20_000, 100_000
METHODS = list(Method)
LOT_METHODS = [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC]


def definition(currency=1, **given):
    given.setdefault("any_sign", True)
    fields = Instrument("X", **given).definition(currency)
    return CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **fields)


def new_ledger(backend, method, instruments=INSTRUMENTS, accounts=ACCOUNTS, **sizes):
    ledger = room_module(backend, "ledger").Ledger(
        instruments, accounts, method=int(method), **{"currencies": 3, "trades": 200_000, "lots": 200_000, **sizes})
    for _ in range(instruments):
        ledger.define(definition())
    return ledger


@pytest.fixture(params=["native", "python"])
def package(request):
    return request.param


def put(ledger, **fields):
    """One entry; its trade id."""
    row = np.zeros(1, ENTRY_DTYPE)
    for name, value in {"instrument": 1, "account": 1, **fields}.items():
        row[name] = value
    return ledger.apply_fills(row)


def state(ledger):
    """Everything that the ledger tells, for comparing one with another."""
    found = []
    for i in range(1, ledger_instruments(ledger) + 1):
        found.append(ledger.tally(i))
        for a in range(1, len(ledger.columns[0]) // len(ledger.columns[3]) + 1):
            found.append((ledger.position(i, a), ledger.sums(i, a), ledger.lots(i, a)))
    check_narrow(ledger.columns)
    return found, [column.tolist() for column in ledger.columns[:4]], ledger.entries().tolist(), ledger.open_lots


def check_narrow(columns):
    """The narrow columns of each run that are to be read hold its quantities and costs."""
    qtys, low, high, _, limits, small, words, forms, rests, nears = columns
    width = len(qtys) // len(limits)
    for run, (split, exponent) in enumerate(forms.tolist()):
        cells, unit = slice(run * width, (run + 1) * width), 10**exponent
        costs = [(h << 64) + w % 2**64 for w, h in zip(low[cells].tolist(), high[cells].tolist(), strict=True)]
        if split:
            assert all(c % unit == 0 for c in costs)
            paid = [(c - int(q) * int(nears[run])) // unit for c, q in zip(costs, qtys[cells], strict=True)]
            assert words[cells].tolist() == [c * 2**split + q for c, q in zip(paid, qtys[cells].tolist(), strict=True)]
            assert all(abs(q) < 2 ** (split - 1) and abs(c) < 2 ** (63 - split) for c, q in zip(paid, qtys[cells], strict=True))
        else:
            assert np.array_equal(small[cells], qtys[cells].astype(np.int32))
        if not split and exponent:
            assert [w * unit + r for w, r in zip(words[cells].tolist(), rests[cells].tolist(), strict=True)] == costs
            assert max(rests[cells].tolist()) < unit
            assert max(abs(w) for w in words[cells].tolist()) <= 2**62


def splits_of(ledger):
    return ledger.columns[7][:, 0].tolist()


def ledger_instruments(ledger):
    return len(ledger.columns[3])


class Session:
    """Drives one ledger and its oracle with the same seeded fills, busts and corrections."""

    def __init__(self, ledger, method, seed):
        self.ledger, self.method, self.seeded = ledger, method, random.Random(seed)
        self.trades, self.books, self.row = {}, {}, entry_rows(1)
        self.changes = 0

    def check(self, key):
        book = self.books[key]
        qty, cost, realised, fees = self.ledger.position(*key)
        assert (qty, cost, realised, fees) == (book.qty, book.cost, book.realised, book.fees.get(1, 0)), key
        assert realised - cost == book.flow  # so realised + unrealised = flow + value, at any mark
        if qty == 0:
            assert (cost, realised) == (0, sum(-t.qty * t.price for t in self.trades[key]))

    def fill(self):
        seeded = self.seeded
        key = seeded.randint(1, INSTRUMENTS), seeded.randint(1, ACCOUNTS)
        book = self.books.setdefault(key, Book(self.method))
        qty, price = random_fill(seeded, book.qty)
        lot = 0
        if self.method is Method.SPECIFIC and book.qty * qty < 0:
            named = seeded.choice(book.lots)
            lot, qty = named.trade_id, qty if abs(qty) >= abs(book.qty) else (-1 if book.qty > 0 else 1) * min(abs(qty), named.qty)
        fee, currency = seeded.choice((0, 3, -2, 1_000_001)), seeded.choice((1, 1, 1, 2, 3))
        row = self.row
        row["transact_time"], row["qty"], row["price"], row["fee"] = self.ledger.trade_count, qty, price, fee
        row["lot"], row["instrument"], row["account"], row["currency"] = lot, *key, currency
        trade = Trade(self.ledger.apply_fills(row), qty, price, fee, currency, lot)
        self.trades.setdefault(key, []).append(trade)
        book.apply(trade)
        self.check(key)

    def change(self):
        key = self.seeded.choice(list(self.trades))
        trades = self.trades[key]
        if not trades:
            return
        at = self.seeded.randrange(len(trades))
        trade = trades[at]
        if self.seeded.random() < 0.5:
            self.ledger.amend(trade.trade_id, EntryStatus.BUSTED, 0, 0, 0)
            del trades[at]
        else:
            qty, price, fee = self.seeded.choice((trade.qty, -trade.qty, trade.qty * 2)), trade.price + 9, trade.fee + 1
            charged_in = self.seeded.choice((None, None, 1, 2, 3))
            self.ledger.amend(trade.trade_id, EntryStatus.CORRECTED, qty, price, fee, charged_in)
            trades[at] = Trade(trade.trade_id, qty, price, fee, charged_in or trade.currency, trade.lot)
        self.books[key] = rebuilt(self.method, trades)
        self.check(key)
        self.changes += 1

    def run(self, fills, every):
        for step in range(fills):
            self.fill()
            if step % every == every - 1:
                self.change()
        for key, book in self.books.items():
            self.check(key)
            assert self.ledger.sums(*key)[1] == {c: v for c, v in sorted(book.fees.items()) if v}
            if self.method is not Method.AVERAGE:
                lots = [(lot[0], abs(lot[2]), Fraction(abs(lot[3]), abs(lot[2]))) for lot in self.ledger.lots(*key)]
                assert lots == [(lot.trade_id, lot.qty, lot.price) for lot in book.lots]


@pytest.mark.parametrize("seed", seeds([11]), indirect=True)
@pytest.mark.parametrize("fills", [FILLS, pytest.param(LONG_FILLS, marks=pytest.mark.long)])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_thousands_of_fills_equal_fractions_after_every_fill(method, fills, seed):
    session = Session(new_ledger("native", method), method, seed)
    session.run(fills, 200)
    assert session.ledger.trade_count == fills
    assert session.changes >= fills // 200 - 5


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_both_backends_equal_fractions_and_each_other(method):
    ends = []
    for package in ("native", "python"):
        session = Session(new_ledger(package, method), method, 5)
        session.run(4_000, 40)
        ends.append((state(session.ledger), session.ledger.closings().tolist()))
    assert ends[0] == ends[1]


# ---- what an entry does besides: openings, splits, dividends, transfers, the two legs

def test_a_random_life_is_the_same_in_both_backends_and_after_replay():
    for method in METHODS:
        for legs in (1, 2):
            both = [new_ledger(package, method, 3, 4, legs=legs, lots=60, trades=700) for package in ("native", "python")]
            seeded, refused = random.Random(int(method) * 2 + legs), 0
            for step in range(900):
                told = []
                action = random_entry(seeded, both[0], step)
                for ledger in both:
                    try:
                        told.append(act(ledger, *action))
                    except ValueError as error:
                        told.append((type(error).__name__, str(error)))
                assert told[0] == told[1], (method, legs, step)
                refused += isinstance(told[0], tuple)
                if step % 20 == 0:
                    assert state(both[0]) == state(both[1]), (method, legs, step)
                    assert both[0].columns[4].tolist() == both[1].columns[4].tolist()
                    assert both[0].columns[7].tolist() == both[1].columns[7].tolist()
            assert state(both[0]) == state(both[1])
            assert both[0].closings().tolist() == both[1].closings().tolist()
            assert 50 < refused < 600
            for account in range(1, 5):
                assert both[0].exposure(account, 0) == both[1].exposure(account, 0)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("qty", "price", "split", "after"), [
    (2**23 - 1, 1, 24, 24), (2**23, 1, 32, 24), (1, 2**39 - 1, 24, 24), (1, 2**39, 13, 13), (2**20 - 1, 2**22, 21, 24),
    (2**20 - 1, 2**23, 21, 24), (2**31 - 1, 1, 32, 24), (2**31, 1, 0, 24), (3, -(2**45), 10, 10), (10**14, 10**14, 0, 10),
])
def test_a_run_has_words_while_both_numbers_fit_and_again_after_a_bust(package, qty, price, split, after, sign):
    """One number more than fits, and the whole run goes to another split or to 32-bit quantities."""
    ledger = new_ledger(package, Method.AVERAGE, 2, 3)
    put(ledger, instrument=2, account=3, qty=5, price=-7)
    assert splits_of(ledger) == [24, 24]
    trade = put(ledger, instrument=2, account=2, qty=qty * sign, price=price)
    for account in (1, 2):
        assert splits_of(ledger) == [24, split]
        check_narrow(ledger.columns)
        put(ledger, instrument=2, account=account, qty=-sign, price=price)
    ledger.amend(trade, 1, 0, 0, 0)
    check_narrow(ledger.columns)
    assert splits_of(ledger) == [24, after]


def test_runs_change_their_words_alike_in_both_backends():
    seeded = random.Random(6)
    both = [new_ledger(package, Method.FIFO, 4, 3) for package in ("native", "python")]
    splits = set()
    for _ in range(1_500):
        qty, price = seeded.choice((-1, 1)) * 2 ** seeded.randint(0, 34), seeded.choice((-1, 1)) * 2 ** seeded.randint(0, 30)
        row = {"instrument": seeded.randint(1, 4), "account": seeded.randint(1, 3), "qty": qty, "price": price}
        trade, _ = [put(ledger, **row) for ledger in both]
        for ledger in both:
            check_narrow(ledger.columns)
        assert both[0].columns[7].tolist() == both[1].columns[7].tolist()
        splits |= set(splits_of(both[0]))
        if seeded.random() < 0.9:
            for ledger in both:
                ledger.amend(trade, 1, 0, 0, 0)
    assert {0, 24} < splits
    assert len(splits) > 5


def random_entry(seeded, ledger, step):
    kind = seeded.random()
    i, a = seeded.randint(1, 3), seeded.randint(1, 4)
    if kind < 0.02:
        return ("forget",)
    if kind < 0.06:
        return ("mark", i, seeded.choice((NO_PRICE, 5, 700, -3)))
    if kind < 0.16 and ledger.trade_count:
        trade_id = ledger.forgotten + seeded.randint(1, ledger.trade_count)
        return ("amend", trade_id, seeded.randint(0, 2), seeded.choice((5, -5, 40)), seeded.randint(1, 50), 1)
    fields = {"instrument": i, "account": a, "transact_time": step, "currency": seeded.randint(0, 3),
              "qty": seeded.choice((-40, -10, -6, 2, 6, 10, 40)), "price": seeded.randint(1, 50), "fee": seeded.randint(-2, 5)}
    if kind < 0.20:
        numerator, denominator = seeded.choice(((2, 1), (1, 2), (3, 2), (1, 1)))
        return ("entry", {**fields, "kind": EntryKind.SPLIT, "account": 0, "qty": numerator, "price": denominator})
    if kind < 0.24:
        return ("entry", {**fields, "kind": EntryKind.DIVIDEND, "account": 0, "currency": seeded.randint(1, 3)})
    if kind < 0.36:
        return ("entry", {**fields, "kind": EntryKind.TRANSFER, "contra": seeded.randint(1, 4), "qty": abs(fields["qty"])})
    if kind < 0.40:
        cost = fields["qty"] * seeded.choice((7, 50, 2**62, -3))
        return ("entry", {**fields, "kind": EntryKind.CARRY, "price": (cost + 2**63) % 2**64 - 2**63, "lot": cost >> 64})
    if kind < 0.43:
        denominator = seeded.choice((1, 3, 1_000_000))
        return ("entry", {**fields, "kind": EntryKind.SHED, "qty": seeded.randint(1, denominator), "price": denominator})
    lots = ledger.lots(i, a)
    if lots and seeded.random() < 0.7:
        fields["lot"] = seeded.choice(lots)[0]
    return ("entry", {**fields, "kind": seeded.choice((0, 0, 0, 1))})


def act(ledger, what, *rest):
    if what == "forget":
        return ledger.forget_trades()
    if what == "mark":
        return ledger.set_mark(*rest)
    return ledger.amend(*rest) if what == "amend" else put(ledger, **rest[0])


def test_a_batch_is_booked_whole_or_not_at_all(package):
    ledger = new_ledger(package, Method.FIFO, 3, 2, lots=4, trades=50)
    for instrument in (1, 1, 2):
        put(ledger, instrument=instrument, qty=10, price=100)
    before = state(ledger)
    rows = np.zeros(6, ENTRY_DTYPE)  # closes what instrument 1 has, opens elsewhere, and at last finds no room
    rows["account"], rows["price"], rows["qty"] = 1, 90, 5
    rows["instrument"], rows["qty"][0] = [1, 2, 3, 3, 2, 3], -20
    with pytest.raises(EntryError, match="entry 4: open lot 5 exceeds the stated capacity of 4 lots") as raised:
        ledger.apply_fills(rows)
    assert (raised.value.reason, raised.value.row, raised.value.bound) == (EntryReason.LOTS_FULL, 4, 4)
    assert state(ledger) == before
    rows["qty"][:] = 1
    with pytest.raises(ValueError, match="51 entries exceed the stated capacity of 50 trades: forget_trades"):
        ledger.apply_fills(np.concatenate([rows] * 8))
    assert state(ledger) == before


def test_closing_gets_out_where_no_lot_is_left(package):
    ledger = new_ledger(package, Method.LIFO, 1, 1, lots=2)
    put(ledger, qty=10, price=100)
    put(ledger, qty=10, price=110)
    with pytest.raises(EntryError, match="capacity of 2 lots"):
        put(ledger, qty=1, price=1)
    put(ledger, qty=-4, price=120)
    put(ledger, qty=-30, price=90)  # flips: two lots go, one comes
    assert ledger.position(1, 1)[:3] == (-14, -14 * 90, 4 * 10 + 6 * -20 + 10 * -10)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_bust_out_of_a_closed_lot_is_as_if_it_had_never_been(package, method):
    ledger, other = (new_ledger(package, method, 1, 1) for _ in range(2))
    fills = [(10, 100), (10, 110), (-12, 120), (5, 90), (-8, 95), (-9, 130)]
    lots = {2: 1, 4: 2, 5: 4} if method is Method.SPECIFIC else {}
    if method is Method.SPECIFIC:
        fills = [(10, 100), (10, 110), (-10, 120), (5, 90), (-8, 95), (-5, 130)]
    for at, (qty, price) in enumerate(fills):
        put(ledger, qty=qty, price=price, fee=3, lot=lots.get(at, 0))
    ledger.amend(1, EntryStatus.BUSTED, 0, 0, 0)
    survivors = [Trade(i + 1, q, p, 3, 1, lots.get(i, 0)) for i, (q, p) in enumerate(fills) if i]
    book = rebuilt(method, survivors)
    assert ledger.position(1, 1) == (book.qty, book.cost, book.realised, 15)
    ledger.amend(1, EntryStatus.LIVE, 0, 0, 0)
    for at, (qty, price) in enumerate(fills):
        put(other, qty=qty, price=price, fee=3, lot=lots.get(at, 0))
    assert state(ledger) == state(other)


def test_forgotten_trades_are_the_base_of_what_comes(package):
    ledger = new_ledger(package, Method.FIFO, 1, 2)
    put(ledger, qty=10, price=100)
    put(ledger, qty=10, price=120)
    assert ledger.forget_trades() == 2
    trade = put(ledger, qty=-15, price=130)
    assert trade == 3
    with pytest.raises(ValueError, match="trade_id 2 must be 3 to 3"):
        ledger.amend(2, EntryStatus.BUSTED, 0, 0, 0)
    ledger.amend(3, EntryStatus.CORRECTED, -5, 140, 0)
    assert ledger.position(1, 1) == (15, 5 * 100 + 10 * 120, 200, 0)
    assert ledger.lots(1, 1) == [(1, 0, 5, 500), (2, 0, 10, 1200)]


def test_a_split_keeps_the_cost_and_a_later_bust_goes_through_it(package):
    ledger = new_ledger(package, Method.FIFO, 1, 2)
    first = put(ledger, qty=3, price=100)
    put(ledger, qty=1, price=80)
    put(ledger, account=2, qty=-2, price=90)
    put(ledger, kind=EntryKind.SPLIT, account=0, qty=3, price=2)
    assert [ledger.position(1, a)[:2] for a in (1, 2)] == [(6, 380), (-3, -180)]
    assert ledger.lots(1, 1) == [(1, 0, 4, 300), (2, 0, 2, 80)]  # 4.5 and 1.5: the lots add up
    put(ledger, qty=-4, price=70)
    with pytest.raises(EntryError, match="trade 4, which stands after this one: 1 lots would be no whole number"):
        ledger.amend(first, EntryStatus.BUSTED, 0, 0, 0)
    assert ledger.position(1, 1)[:3] == (2, 80, -20)
    with pytest.raises(EntryError, match=r"-3 lots would be no whole number of lots after the split \(divisor 2"):
        put(ledger, kind=EntryKind.SPLIT, account=0, qty=1, price=2)


def test_a_dividend_is_rounded_once_an_account_and_a_short_pays(package):
    ledger = new_ledger(package, Method.AVERAGE, 1, 3)
    halves = room_module(package, "ledger").Ledger(1, 3, currencies=2)
    halves.define(definition(lot_size="0.1"))
    for account, qty in ((1, 5), (2, 15), (3, -25)):
        put(halves, account=account, qty=qty, price=1)
        put(ledger, account=account, qty=qty, price=1)
    put(halves, kind=EntryKind.DIVIDEND, account=0, price=1, currency=2)
    assert [halves.sums(1, a)[2] for a in (1, 2, 3)] == [{}, {2: 2}, {2: -2}]  # 0.5, 1.5, -2.5: to even
    put(ledger, kind=EntryKind.DIVIDEND, account=0, price=240_000, currency=1)
    assert [ledger.sums(1, a)[2] for a in (1, 2, 3)] == [{1: 1_200_000}, {1: 3_600_000}, {1: -6_000_000}]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_transfer_takes_its_lots_and_their_cost_along(package, method):
    ledger = new_ledger(package, method, 1, 2)
    put(ledger, qty=10, price=100)
    put(ledger, qty=10, price=120)
    put(ledger, kind=EntryKind.TRANSFER, qty=15, contra=2)
    moved = {Method.AVERAGE: 1650, Method.LIFO: 1700, Method.HIFO: 1700}.get(method, 1600)
    assert ledger.position(1, 1) == (5, 2200 - moved, 0, 0)
    assert ledger.position(1, 2) == (15, moved, 0, 0)
    assert (ledger.sums(1, 1)[0], ledger.sums(1, 2)[0]) == (-moved, moved)
    with pytest.raises(EntryError, match="qty 6 lots exceeds the 5 lots held"):
        put(ledger, kind=EntryKind.TRANSFER, qty=6, contra=2)
    with pytest.raises(EntryError, match="trade 3, which stands after this one: qty 15 lots exceeds the 10 lots held"):
        ledger.amend(1, EntryStatus.BUSTED, 0, 0, 0)


def test_a_hedged_leg_never_flips(package):
    ledger = new_ledger(package, Method.FIFO, 1, 4, legs=2)
    put(ledger, account=1, qty=10, price=100)
    put(ledger, account=2, qty=-4, price=110)
    assert (ledger.position(1, 1)[0], ledger.position(1, 2)[0]) == (10, -4)
    with pytest.raises(EntryError, match="qty 11 lots exceeds the 10 lots of this leg"):
        put(ledger, account=1, qty=-11, price=100)
    with pytest.raises(EntryError, match="qty 5 lots exceeds the 4 lots of this leg"):
        put(ledger, account=2, qty=5, price=100)
    put(ledger, account=2, qty=4, price=100)
    assert ledger.position(1, 2) == (0, 0, 40, 0)


INVERSE = 10**14


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_an_inverse_contract_is_worth_one_over_the_price(package, method):
    ledger = room_module(package, "ledger").Ledger(1, 1, method=int(method))
    ledger.define(definition(any_sign=False), inverse_scale=64 + 14)  # 1 x 10**14
    value = lambda qty, price: -round(Fraction(qty * INVERSE, price))  # noqa: E731  round() is half to even
    put(ledger, qty=100, price=30_000)
    put(ledger, qty=50, price=40_000)
    cost = value(100, 30_000) + value(50, 40_000)
    assert ledger.position(1, 1)[:3] == (150, cost, 0)
    put(ledger, qty=-150, price=50_000, lot=1)
    qty, left, realised, _ = ledger.position(1, 1)
    assert (qty, left) == (0, 0)
    assert realised == value(150, 50_000) - cost > 0  # a long gains when the price rises
    with pytest.raises(EntryError, match="price 0 must be at least 1: an inverse contract"):
        put(ledger, qty=1, price=0)


@pytest.mark.parametrize("method", LOT_METHODS, ids=lambda method: method.name)
def test_specific_lots_are_named_and_the_others_need_no_name(package, method):
    ledger = new_ledger(package, method, 1, 1)
    first, second = put(ledger, qty=10, price=100), put(ledger, qty=10, price=120)
    if method is Method.SPECIFIC:
        for fields, match in (({"qty": -5}, "must name the lot"), ({"qty": -5, "lot": 9}, "lot 9 is not open"),
                              ({"qty": -11, "lot": first}, "qty 11 lots exceeds the 10 lots left in the named lot")):
            with pytest.raises(EntryError, match=match):
                put(ledger, price=130, **fields)
    put(ledger, qty=-5, price=130, lot=second)
    assert ledger.position(1, 1)[:3] == (15, 10 * 100 + 5 * 120, 50)


def test_exposure_sums_follow_fills_and_marks_and_equal_a_recomputation(package):
    ledger = new_ledger(package, Method.FIFO, 3, 2, buckets=2)
    other = room_module(package, "ledger").Ledger(3, 2, buckets=2)
    for bucket in (0, 1, 1):
        other.define(definition(), bucket=bucket)
    seeded = random.Random(3)
    for step in range(1_500):
        if seeded.random() < 0.3:
            other.set_mark(seeded.randint(1, 3), seeded.choice((NO_PRICE, 7, -5, 900)))
        elif seeded.random() < 0.02 and other.trade_count:
            other.amend(seeded.randint(1, other.trade_count), EntryStatus.BUSTED, 0, 0, 0)
        else:
            put(other, instrument=seeded.randint(1, 3), account=seeded.randint(1, 2), price=seeded.randint(1, 9),
                qty=seeded.choice((-70, -3, 1, 2, 50)))
        if step % 3 == 0:
            marks = other.columns[3]
            for account in (1, 2):
                for bucket, members in ((0, [1]), (1, [2, 3])):
                    values = [other.position(i, account)[0] * int(marks[i - 1]) for i in members if marks[i - 1] != NO_PRICE]
                    assert other.exposure(account, bucket) == (sum(map(abs, values)), sum(values))
    assert ledger.exposure(1, 1) == (0, 0)


# ---- bounds

def test_logged_rows_are_booked_elsewhere_as_new(package):
    """A log's rows know the entry after them; in another log that one may be another instrument's."""
    source, target = (new_ledger(package, Method.FIFO, instruments=2) for _ in range(2))
    for instrument in (1, 2, 2, 1, 2):
        put(source, instrument=instrument, qty=10, price=100)
    target.apply_fills(source.entries()[:3])
    put(target, instrument=2, qty=5, price=100)  # where the other log had the next entry of instrument 1
    target.amend(1, int(EntryStatus.BUSTED), 0, 0, 0)
    assert [target.position(i, 1) for i in (1, 2)] == [(0, 0, 0, 0), (25, 2_500, 0, 0)]


def test_a_cost_that_only_its_high_half_tells_widens_the_bound(package):
    ledger = new_ledger(package, Method.FIFO, instruments=1)
    for qty, price in ((2**32, 0), (-(2**32), 0), (2**32, 2**32)):
        assert ledger.columns[4][0] == (2**62 if ledger.trade_count == 0 else 2**29)
        put(ledger, qty=qty, price=price)
    assert ledger.position(1, 1) == (2**32, 2**64, 0, 0)
    assert ledger.columns[4][0] == -(2**29)
    assert ledger.columns[7][0].tolist() == [0, 4]  # a hundredth of the tick of 10**6: 65 bits are 52 in units of it


def test_sums_near_128_bits_are_refused_and_change_nothing(package):
    """Of the largest inverse contract, bought at 1 and sold at 1e16, a round realises 1e37: five rounds to 2**125."""
    ledger = room_module(package, "ledger").Ledger(1, 1)
    ledger.define(definition(any_sign=False), inverse_scale=64 + 23)
    rows = np.zeros(2, ENTRY_DTYPE)
    rows["instrument"] = rows["account"] = 1
    rows["qty"], rows["price"] = [QTY_MAX, -QTY_MAX], [1, PRICE_MAX]
    round_value = 10**37 - 10**21
    for _ in range(-(-(2**125) // round_value)):
        ledger.apply_fills(rows)
    with pytest.raises(EntryError, match=r"beyond 2\*\*125"):
        ledger.apply_fills(rows)
    assert ledger.position(1, 1) == (0, 0, 5 * round_value, 0)


def test_a_position_never_exceeds_its_bound(package):
    ledger = new_ledger(package, Method.AVERAGE, 1, 1)
    rows = np.zeros(POSITION_MAX // QTY_MAX, ENTRY_DTYPE)
    rows["instrument"], rows["account"], rows["qty"], rows["price"] = 1, 1, QTY_MAX, PRICE_MAX
    ledger.apply_fills(rows)
    with pytest.raises(EntryError, match="the position would be 10000000000000001 lots, beyond 10000000000000000"):
        put(ledger, qty=1, price=1)
    assert ledger.position(1, 1) == (10**16, 10**32, 0, 0)
    rows["qty"], rows["price"] = -QTY_MAX, -PRICE_MAX
    ledger.apply_fills(rows)
    assert ledger.position(1, 1) == (0, 0, -2 * 10**32, 0)


def test_an_inverse_position_is_bounded_by_its_value_at_the_price_1(package):
    ledger = room_module(package, "ledger").Ledger(1, 1)
    ledger.define(definition(any_sign=False), inverse_scale=1_000 * 64 + 19)  # 10**22: 10**15 of it are 10**37
    rows = np.zeros(10, ENTRY_DTYPE)
    rows["instrument"], rows["account"], rows["qty"], rows["price"] = 1, 1, -QTY_MAX, 1
    ledger.apply_fills(rows)
    with pytest.raises(EntryError, match="would be -1000000000000001 lots, beyond 1000000000000000"):
        put(ledger, qty=-1, price=1)
    assert ledger.position(1, 1) == (-(10**15), 10**37, 0, 0)


@pytest.mark.parametrize(("qty", "price", "most"), [(10**13, 10**15, 10**13), (10**12 + 1, -(10**16), 10**12)])
def test_a_fill_beyond_an_amount_is_refused_and_changes_nothing(package, qty, price, most):
    """|price x quantity x multiplier| is at most 10**37."""
    ledger = room_module(package, "ledger").Ledger(1, 1)
    ledger.define(definition(multiplier=10**9))
    assert put(ledger, qty=most, price=price) == 1
    with pytest.raises(EntryError, match=f"qty {qty + 1} exceeds the {most} with which price x qty x multiplier"):
        put(ledger, qty=qty + 1, price=price)
    assert ledger.trade_count == 1


BAD = [
    ({"kind": 7}, "kind 7 must be 0 to 6"), ({"kind": 6, "qty": 3, "price": 2}, "numerator 3 must be 1 to 2"),
    ({"kind": 6, "qty": 1, "price": 0}, "denominator 0 must be 1 to 1000000"), ({"kind": 5, "qty": 0}, "qty 0 is no fill"),
    ({"kind": 5, "account": 0}, "account 0 must be 1 to"), ({"instrument": 2}, "instrument 2 must be 1 to 1"),
    ({"account": 0}, "account 0 must be 1 to 2"), ({"qty": 0}, "qty 0 is no fill"),
    ({"qty": QTY_MAX + 1}, "qty 100000000000001 must be"), ({"price": PRICE_MAX + 1}, "price 10000000000000001 must be"),
    ({"fee": FEE_MAX + 1}, "fee 4611686018427387905 must be"), ({"currency": 4}, "currency 4 must be 0 to 3"),
    ({"transact_time": -1}, "transact_time -1 must be 0"), ({"strategy": -1}, "strategy -1 must be 0"),
    ({"lot": -1}, "lot -1 must be 0"), ({"kind": 2, "qty": 0}, "numerator 0 must be 1 to 1000000"),
    ({"kind": 2, "price": 0}, "denominator 0 must be 1"), ({"kind": 3}, "currency 0 must be 1 to 3"),
    ({"kind": 4, "contra": 1}, "contra 1 must be another account"), ({"kind": 4, "contra": 3}, "contra 3 must be 1 to 2"),
    ({"kind": 4, "contra": 2, "qty": -1}, "qty -1 must be 1"),
]


@pytest.mark.parametrize(("fields", "match"), BAD, ids=[match for _, match in BAD])
def test_an_entry_outside_its_bounds_is_refused_at_the_door(package, fields, match):
    ledger = new_ledger(package, Method.FIFO, 1, 2)
    put(ledger, qty=5, price=5)
    before = state(ledger)
    with pytest.raises(ValueError, match=match):
        put(ledger, **{"qty": 5, "price": 5, **fields})
    assert state(ledger) == before


@pytest.mark.parametrize(("given", "match"), [
    ({"instruments": 0}, "instruments 0 must be 1 to 1000000"), ({"accounts": 0}, "accounts 0 must be 1"),
    ({"method": 6}, "method 6 must be 0 to 5"), ({"legs": 3}, "legs 3 must be 1 to 2"), ({"trades": 0}, "trades 0 must be"),
    ({"lots": 0}, "lots 0 must be"), ({"currencies": 256}, "currencies 256 must be"), ({"buckets": 0}, "buckets 0 must be"),
])
def test_a_ledger_of_no_possible_size_is_refused(package, given, match):
    with pytest.raises(ValueError, match=match):
        room_module(package, "ledger").Ledger(**{"instruments": 1, "accounts": 1, **given})


def test_what_is_no_row_of_the_ledger_is_refused(package):
    ledger = new_ledger(package, Method.FIFO, 1, 1)
    for array, match in ((np.zeros(2, "i8"), "expected FILL_DTYPE, got int64"),
                         (np.zeros((2, 2), ENTRY_DTYPE), "expected a C-contiguous 1-d array of 64-byte records"),
                         (np.zeros(4, ENTRY_DTYPE)[::2], "expected a C-contiguous 1-d array")):
        with pytest.raises(ValueError, match=match):
            ledger.apply_fills(array)
    frozen = np.zeros(1, ENTRY_DTYPE)
    frozen["instrument"] = frozen["account"] = frozen["qty"] = 1
    frozen.flags.writeable = False
    assert ledger.apply_fills(frozen) == 1  # only read, so read-only will do
    with pytest.raises(ValueError, match="read-only"):
        ledger.columns[0][0] = 1


# ---- the words and records are written once, in Python; the kernels must say the same

EXT = Path(__file__).parents[2] / "ext"


@pytest.mark.parametrize(("file", "enum", "prefix", "words"), [
    ("lot_order", "tc_method", "METHOD_", Method), ("entries", "tc_entry_kind", "ENTRY_", EntryKind),
    ("entries", "tc_entry_status", "ENTRY_", EntryStatus), ("entries", "tc_entry_reason", "", EntryReason),
])
def test_enumerations_are_the_same_in_the_kernels(file, enum, prefix, words):
    text = (EXT / "positions" / f"{file}.pxd").read_text()
    block = re.search(rf"cdef enum {enum}:\n((?:    .*\n)+)", text)[1]
    native = {name: int(value) for name, value in re.findall(r"^    (\w+) = (\d+)", block, re.M)}
    wanted = {prefix + word.name: int(word) for word in words}
    assert native == {name.replace("GOOD", "ENTRY_GOOD"): value for name, value in wanted.items()}


def test_an_entry_comes_back_field_by_field():
    """Each field a number of its own: a struct that is laid out otherwise would give them back elsewhere."""
    ledger = new_ledger("native", Method.SPECIFIC, 9, 9)
    fields = {"transact_time": 11, "qty": 12, "price": 13, "fee": 14, "lot": 15, "instrument": 6, "account": 7, "contra": 8,
              "strategy": 19, "currency": 2}
    trade_id = put(ledger, **fields)
    told = ENTRY_CODEC.unpack(ledger.entry(trade_id))._asdict()
    assert told == {**fields, "next": 0, "kind": 0, "status": 0, "spare": 0}
    put(ledger, **{**fields, "qty": -12, "lot": trade_id, "price": 20})
    (row,) = ledger.closings().tolist()
    assert dict(zip(CLOSING_DTYPE.names, row, strict=True)) == {
        "opening_trade": 1, "closing_trade": 2, "opened": 11, "closed": 11, "qty": 12, "cost_low": 156, "cost_high": 0,
        "value_low": -240, "value_high": -1, "opening_fee_low": 0, "opening_fee_high": 0, "closing_fee_low": 0, "closing_fee_high": 0,
        "instrument": 6, "account": 7}

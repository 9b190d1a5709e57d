"""A run in fewer bytes: which form it has, when that changes, and that every amount is exact whatever it is."""

from __future__ import annotations

import random

import numpy as np
import pytest
from marking_cases import low_of

import tradecore as tc
from tradecore._backend import room_module
from tradecore._native import marking as native
from tradecore._python.positions import runs
from tradecore.positions.precision import RUN_COARSE, RUN_NARROW, RUN_WIDE
from tradecore.vocabulary.records import NO_PRICE

ACCOUNTS = [f"A{i}" for i in range(6)]
SHARE = {"price_precision": 8}
COIN = {"lot_size": "0.00000001", "price_precision": 8}
SETS = ["baseline", "avx2", "avx512", "neon"]


def has(word):
    try:
        return native.simd(word) == word
    except ValueError:
        return False


@pytest.fixture(params=["native", "python"])
def package(request):
    return request.param


def new_keeper(package, *definitions, method="average", **given):
    instruments = [tc.Instrument(f"I{i}", **definition) for i, definition in enumerate(definitions)]
    return tc.PositionKeeper(instruments, ACCOUNTS, method, backend=package, **given)


def form(keeper, run=0):
    return tuple(keeper._kept.ledger.columns[7][run].tolist())


def check(keeper, bids, asks=None):
    """Marks all at price units and compares every amount with Python's integers; the kinds of the runs."""
    ledger, asks = keeper._kept.ledger, bids if asks is None else asks
    marking = keeper._valuation.marking
    marking.mark(np.array(bids), np.array(asks), keeper._valuation.precision)
    view = keeper.view()
    for run, (bid, ask) in enumerate(zip(bids, asks, strict=True)):
        for at in range(len(ACCOUNTS)):
            qty, cost, _, _ = ledger.position(run + 1, at + 1)
            mark = bid if qty > 0 else ask
            expected = (None if qty else 0) if NO_PRICE in (bid, ask) else qty * mark - cost
            assert view.amount(run, at) == expected, (run, at, form(keeper, run), int(view.kinds[run]))
    return view.kinds.tolist()


def test_a_word_counts_in_the_coarsest_unit_that_the_costs_share_and_again_after_a_bust(package):
    """9,999 shares for 3,000.00 and as many for 20.00 need 14 + 52 bits in units of 1e-8, in whole cents 14 + 32."""
    keeper, marks = new_keeper(package, SHARE), [30_123_456_789]
    keeper.apply_fill("I0", "BUY", 9_999, "3000", account="A0")
    keeper.apply_fill("I0", "BUY", 9_999, "20", account="A5")
    assert form(keeper) == (24, 9)
    fourth = keeper.apply_fill("I0", "SELL", 1, "299.1234", account="A1")
    assert form(keeper) == (24, 4)
    assert check(keeper, marks) == [RUN_NARROW]
    sixth = keeper.apply_fill("I0", "BUY", 1, "299.123456", account="A2")
    assert form(keeper)[1] == 2 < form(keeper)[0]
    assert check(keeper, marks) == [RUN_NARROW]
    finest = keeper.apply_fill("I0", "BUY", 1, "299.12345678", account="A3")
    assert form(keeper) == (0, 0)  # 32-bit quantities and 64-bit costs
    assert check(keeper, marks) == [RUN_NARROW]
    keeper.bust(finest)
    assert form(keeper)[1] == 2
    keeper.correct(sixth, qty=1, price="299.5")
    assert form(keeper)[1] == 4
    keeper.correct(fourth, qty=1, price="299.12")
    assert form(keeper)[1] == 6
    assert check(keeper, marks) == [RUN_NARROW]
    keeper.split("I0", 3, 1)
    assert form(keeper)[1] == 6
    keeper.transfer("I0", 1_000, "A0", "A4")
    assert check(keeper, marks) == [RUN_NARROW]
    keeper.correct(1, qty=1_100, price="20")  # short enough for the finest unit again
    assert form(keeper)[1] == 0 < form(keeper)[0]
    assert check(keeper, marks) == [RUN_NARROW]


def test_an_average_cost_with_a_remainder_ends_a_common_unit_and_first_in_first_out_has_none(package):
    for method, expected in (("average", (0, 0)), ("fifo", (24, 8))):
        keeper = new_keeper(package, SHARE, method=method)
        keeper.apply_fill("I0", "BUY", 9_999, "3000", account="A0")
        keeper.apply_fill("I0", "BUY", 9_999, "20", account="A5")
        for qty, price in ((3, 100), (4, 101), (-5, 103)):
            keeper.apply_fill("I0", "BUY" if qty > 0 else "SELL", abs(qty), price, account="A1")
        assert form(keeper) == expected
        assert check(keeper, [30_123_456_789]) == [RUN_NARROW]


def test_the_finest_unit_is_kept_while_words_hold_it(package):
    """Whatever is booked then: a remainder, a price of every digit."""
    keeper = new_keeper(package, SHARE)
    for account, qty, price in (("A0", 100, "300"), ("A1", 3, "101"), ("A1", 4, "102"), ("A2", 7, "33.33333333")):
        keeper.apply_fill("I0", "BUY", qty, price, account=account)
    keeper.apply_fill("I0", "SELL", 5, "103", account="A1")
    assert form(keeper)[1] == 0 < form(keeper)[0]
    assert check(keeper, [30_123_456_789]) == [RUN_NARROW]


def test_costs_are_counted_from_a_price_near_them_whatever_is_booked(package):
    """30 million shares' worth at 300: 14 + 49 bits, but from 300 the distances are short, with remainders too."""
    keeper, near = new_keeper(package, SHARE), lambda: int(keeper._kept.ledger.columns[9][0])
    keeper.apply_fill("I0", "BUY", 9_999, "300", account="A0")
    assert form(keeper) == (24, 0)
    assert near() == 300 * 10**8
    for account, side, qty, price in (("A1", "SELL", 9_000, "303"), ("A2", "BUY", 7_000, "299.12345678"),
                                      ("A2", "BUY", 7, "290.1"), ("A2", "SELL", 3_333, "301"), ("A0", "SELL", 1, "1")):
        keeper.apply_fill("I0", side, qty, price, account=account)
        assert form(keeper)[1] == 0 < form(keeper)[0]
        assert near() == 300 * 10**8
        for mark in (30_123_456_789, 1, 10**12):
            assert check(keeper, [mark]) == [RUN_NARROW]
    far = keeper.apply_fill("I0", "BUY", 9_999, "3000", account="A3")  # too far: nothing is shared, so no word
    assert (*form(keeper), near()) == (0, 0, 0)
    assert check(keeper, [30_123_456_789]) == [RUN_NARROW]
    keeper.bust(far)
    assert form(keeper)[1] == 0 < form(keeper)[0]
    assert 299 * 10**8 < near() < 303 * 10**8  # between the lowest and the highest
    assert check(keeper, [30_123_456_789]) == [RUN_NARROW]


@pytest.mark.parametrize("precision", ["exact", "hybrid"])
def test_coins_beyond_64_bits_are_marked_in_a_unit_where_the_mark_is_a_multiple(package, precision):
    """10 coins for 60,000 are 6e21 amounts, 73 bits; a hundredth of a cent is 10**4 units, and the rest lies beside."""
    keeper = new_keeper(package, COIN, COIN, precision=precision)
    keeper.apply_fill("I0", "BUY", "9", "60000", account="A0")
    keeper.apply_fill("I0", "BUY", "0.7", "60001.1", account="A0")
    keeper.apply_fill("I0", "SELL", "0.12345678", "61234.56789012", account="A1")
    keeper.apply_fill("I0", "SELL", "0.33333333", "61234.56", account="A0")  # the average cost has a remainder
    assert form(keeper) == (0, 4)
    whole, half, off, far = 6_512_345_670_000, 6_512_345_675_000, 6_512_345_671_111, 2**32 * 10**4 + 10**4
    assert check(keeper, [whole, 1]) == [RUN_COARSE, RUN_NARROW]
    assert keeper.view().exponents.tolist() == [4, 0]
    assert keeper.view().rests[0, :2].all()
    for other in (half, off, far, -far, 2**32 * 10**4 + 1):
        assert check(keeper, [other, 1]) == [RUN_WIDE, RUN_NARROW]
        assert form(keeper) == (0, 4)
    assert check(keeper, [2**32 * 10**4, 1]) == [RUN_COARSE, RUN_NARROW]
    assert check(keeper, [whole, 1], [whole + 10**4, 1]) == [RUN_COARSE, RUN_NARROW]
    assert check(keeper, [whole, 1], [whole + 1, 1]) == [RUN_WIDE, RUN_NARROW]
    assert check(keeper, [NO_PRICE, 1]) == [2, RUN_NARROW]
    assert keeper.view().exponents.tolist() == [0, 0]
    keeper.apply_fill("I0", "BUY", "1000", "60000", account="A2")  # 80 bits: beyond a hundredth of a cent
    assert form(keeper) == (0, 6)
    assert check(keeper, [6_512_345_000_000, 1]) == [RUN_COARSE, RUN_NARROW]


def test_fast_marks_of_coins_are_near(package):
    keeper = new_keeper(package, COIN, precision="fast")
    for account, qty, price in (("A0", "10", "60000"), ("A1", "0.12345678", "61234.56789012")):
        keeper.apply_fill("I0", "BUY", qty, price, account=account)
    marking, mark = keeper._valuation.marking, 6_512_345_671_111
    assert marking.mark(np.array([mark]), np.array([mark]), 2) == (0, len(ACCOUNTS))
    for at, told in enumerate(keeper.view().unrealized_fast[0].tolist()):
        qty, cost, _, _ = keeper._kept.ledger.position(1, at + 1)
        assert abs(told - (qty * mark - cost)) <= abs(cost) * 2**-51


def test_an_inverse_contract_is_never_marked_in_a_coarse_unit(package):
    """Its value is no product with the mark, however long its costs are and whatever divides the mark."""
    keeper = new_keeper(package, {"inverse": True})
    ledger, ins = keeper._kept.ledger, keeper._kept.names.instruments[0]
    keeper.apply_fill("I0", "BUY", 10**9, "0.01", account="A0")
    qty, cost, _, _ = ledger.position(1, 1)
    assert abs(cost).bit_length() > 62
    assert form(keeper) == (0, 0)
    for mark in (1, 10, 100, 10**6, 10**9):
        marks = np.array([mark])
        keeper._valuation.marking.mark(marks, marks, 0)
        assert keeper.view().kinds[0] == RUN_WIDE
        assert keeper.view().amount(0, 0) == ins.value(qty, mark) - cost


def random_fill(seeded, lots):
    """A fill on a grid of its own: the powers of ten that prices share come and go."""
    unit = 10 ** seeded.choice((0, 1, 2, 3, 4, 4, 6, 6, 6, 8))
    row = np.zeros(1, tc.FILL_DTYPE)
    row["instrument"], row["account"] = seeded.randint(1, 3), seeded.randint(1, len(ACCOUNTS))
    row["qty"] = seeded.choice((-1, 1)) * seeded.choice((1, seeded.randint(1, lots), seeded.randint(1, 10 * lots)))
    row["price"] = seeded.randint(1, 10**11 // unit) * unit * seeded.choice((1, 1, 1, -1))
    return row


@pytest.mark.parametrize("method", ["average", "fifo"])
@pytest.mark.parametrize("seed", range(6))
def test_both_backends_change_forms_alike_and_stay_exact(seed, method):
    seeded = random.Random(seed)
    shape = {"any_sign": True, "price_precision": 8}
    lots = [1_000, 10_000, 10**7][seed % 3]
    both = [new_keeper(package, shape, shape, shape, method=method, precision=("exact", "hybrid")[seed % 2])
            for package in ("native", "python")]
    seen, trades = set(), []
    for step in range(250):
        row, action = random_fill(seeded, lots), seeded.random()
        if trades and action < 0.12:
            trade, status = seeded.choice(trades), seeded.choice((1, 1, 0))
            for keeper in both:
                keeper._kept.ledger.amend(trade, status, 0, 0, 0)
        elif trades and action < 0.18:
            trade = seeded.choice(trades)
            for keeper in both:
                keeper._kept.ledger.amend(trade, 2, int(row["qty"][0]), int(row["price"][0]), 0)
        else:
            trades += {keeper.apply_fills(row) for keeper in both}
        columns = [keeper._kept.ledger.columns for keeper in both]
        assert all(np.array_equal(*pair) for pair in zip(columns[0][:5], columns[1][:5], strict=True))
        assert columns[0][7].tolist() == columns[1][7].tolist()
        assert columns[0][9].tolist() == columns[1][9].tolist()
        seen |= {(split > 0, exponent, near != 0) for (split, exponent), near in zip(*(columns[0][i].tolist() for i in (7, 9)), strict=True)}
        if step % 5 == 0:
            unit = 10 ** seeded.choice((0, 4, 6))
            bids = [seeded.randint(-(10**11), 10**12) // unit * unit for _ in range(3)]
            asks = [bid + unit * seeded.randint(0, 3) for bid in bids] if seeded.random() < 0.5 else bids
            assert check(both[0], bids, asks) == check(both[1], bids, asks)
            views = [[view.tolist() for view in keeper._valuation.marking.views] for keeper in both]
            assert views[0] == views[1]
    assert len(seen) > (1, 3, 2)[seed % 3]


def book_of_every_form(width):
    """The columns of 80 runs of eight forms, and marks; of each last there is none."""
    one = {"any_sign": True, "price_precision": 8}
    spec = [  # quantities up to, price unit, prices up to, mark unit
        (100, 1, 10**10, 1), (9_999, 10**4, 3 * 10**7, 1), (9_999, 1, 3 * 10**11, 1), (10**9, 1, 10**13, 10**4),
        (10**9, 1, 10**13, 1), (2**33, 1, 10**12, 10**6), (9, 1, 10**9, 1), (9_999, 1, 3 * 10**10, 1),
    ] * 10
    rng = np.random.default_rng(width)
    instruments = [tc.Instrument(f"I{i}", **one) for i in range(len(spec))]
    keeper = tc.PositionKeeper(instruments, [f"A{a}" for a in range(width)], trades=2 * len(spec) * width, backend="native")
    for turn in (1, 2):
        for run, (most, unit, high, _) in enumerate(spec, 1):
            fills = np.zeros(width, tc.FILL_DTYPE)
            fills["instrument"], fills["account"] = run, np.arange(1, width + 1)
            fills["qty"] = rng.integers(-most, most, width, endpoint=True) // turn
            fills["qty"][fills["qty"] == 0] = 1
            fills["price"] = rng.integers(1, high, width) * unit
            if turn == 1 or unit == 1:
                keeper.apply_fills(fills)
    marks = np.array([int(rng.integers(1, high * unit // other)) * other for _, unit, high, other in spec])
    marks[6::8] = NO_PRICE
    return keeper._kept.ledger.columns, marks


@pytest.mark.parametrize("word", [word for word in SETS if has(word)])
def test_a_large_table_of_all_forms_is_exact_on_every_instruction_set(word):
    width = 2**19 // 80 + 13
    columns, marks = book_of_every_form(width)
    forms = columns[7].tolist()
    assert [(split > 0, exponent) for split, exponent in forms[:4]] == [(True, 0), (True, 4), (False, 0), (False, 4)]
    assert forms[5][0] == 0 < forms[5][1]
    assert forms[7][1] == 0 < forms[7][0]
    assert (columns[9] != 0).tolist() == [False] * 7 + [True] + ([False] * 7 + [True]) * 9
    scales, floats = np.zeros(len(marks), np.int64), np.zeros(len(marks))
    marking = room_module("native", "marking").Marking(columns, width, scales, floats, simd=word)
    qty, low, high, rests = (columns[i].reshape(-1, width).astype(object) for i in (0, 1, 2, 8))
    amounts = qty * marks.astype(object)[:, None] - (high * 2**64 + low % 2**64)
    for alike in (marks, marks.copy()):  # past the cache; and run by run
        assert marking.mark(marks, alike) == (int(np.count_nonzero(qty[6::8])), 0)
        written, upper, _, kinds, _, exponents = marking.views
        assert kinds.tolist() == [0, 0, 0, 3, 1, 3, 2, 0] * 10
        for run, kind in enumerate(kinds.tolist()):
            if marks[run] == NO_PRICE:
                continue
            told = written.reshape(-1, width)[run].astype(object)
            if kind == RUN_WIDE:
                told = upper.reshape(-1, width)[run].astype(object) * 2**64 + told % 2**64
            if kind == RUN_COARSE:
                told = told * 10 ** int(exponents[run]) - rests[run]
            assert np.array_equal(told, amounts[run]), run


def test_a_coarse_cost_has_62_bits_wherever_it_is_kept_and_a_hundredth_of_a_tick_is_home():
    for home in range(10):
        for bits in range(58, 127):
            exponent = runs.coarse_exponent(bits, home)
            assert exponent or bits > 90 or (home == 0 and bits <= 62)
            assert (bits > 62 and not exponent) or (2**bits - 1) // 10**exponent < 2**62
            assert exponent in (0, home) or bits - 62 > runs.bits_off(home)
    assert [runs.home_exponent(tick) for tick in (1, 100, 1_000, 10**6, 25 * 10**5, 10**14)] == [0, 0, 1, 4, 3, 9]
    assert [runs.common_exponent(costs) for costs in ([0, 0], [500, 30], [-7], [10**12, 0])] == [9, 1, 0, 9]
    for exponent in range(10):
        assert 2 ** runs.bits_off(exponent) <= 10**exponent < 2 ** (runs.bits_off(exponent) + 1)
        assert low_of(3 * 10**exponent) == 3 * 10**exponent

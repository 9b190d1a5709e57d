"""Reports from arrays: exact numbers column by column, what a piece's commissions are, and no step a row."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import tradecore as tc
from tradecore._backend import room_module
from tradecore.positions.holding import days_of
from tradecore.positions.report_columns import Exact, numbers_of

D = Decimal
DAY = 86_400 * 10**9
EDGES = [0, 1, -1, 7, 10**18, -(10**18), 2**63 - 1, -(2**63), 2**63, 2**64, 10**37, -(10**37), 10**38 - 1, 1 - 10**38, 2**126 - 1,
         -(2**126), 2**126, 3 * 10**36 + 5]


def rows(numbers):
    return np.array([((n + 2**63) % 2**64 - 2**63, n >> 64) for n in numbers], np.int64).reshape(-1, 2)


def ints(*numbers):
    return np.array(numbers, np.int64)


def told(found):
    return None if found is None else numbers_of(found)


@pytest.fixture
def numbers(room):
    return room("report_numbers")


def some(seeded, digits):
    return seeded.choice((-1, 1)) * seeded.randint(0, 10 ** seeded.randint(0, digits))


@pytest.mark.parametrize("a", EDGES)
def test_a_number_is_right_or_there_is_none(numbers, a):
    for factor in (0, 1, -1, 3, 10**9, -(2**63), 2**63 - 1):
        product = a * factor
        assert told(numbers.multiply(rows([a]), ints(factor))) == ([product] if abs(product) < 10**38 else None)
    for up in (-40, -39, -38, -37, -19, -1, 0, 1, 18, 19, 38):
        exact = round(Fraction(a) * Fraction(10) ** up)
        assert told(numbers.shift(rows([a]), ints(up))) == ([exact] if abs(exact) < 10**38 else None), up
    for b in EDGES:
        fits = abs(a + b) < 10**38 and all(-(2**126) <= n < 2**126 for n in (a, b))
        assert told(numbers.add(rows([a]), rows([b]))) == ([a + b] if fits else None)


def test_an_average_is_what_exact_division_gives_in_28_digits(numbers):
    seeded = random.Random(4)
    cases = [(some(seeded, 30), some(seeded, 16)) for _ in range(600)] + [(some(seeded, 37), some(seeded, 37)) for _ in range(300)]
    cases += [(2, 3), (1, 10**18), (10**28 - 1, 3), (1, 8), (5, 0), (0, 3), (10**30 + 1, 10**2), (-7, 2), (99999, 100000)]
    found, finer = numbers.average(rows(a for a, _ in cases), rows(b for _, b in cases))
    for (a, b), number, decimals in zip(cases, numbers_of(found), finer.tolist(), strict=True):
        if not b:
            assert (number, decimals) == (0, 0)
        elif a % b == 0 or abs(a) // abs(b) >= 10**28:
            assert abs(Fraction(number) - Fraction(a, b)) <= Fraction(1, 2)
        else:
            assert Fraction(D(number).scaleb(-decimals)) == Fraction(D(a) / D(b)), (a, b)  # the default context has 28


def test_sums_of_groups_and_texts(numbers):
    assert told(numbers.sums(rows([1, 10**30, -5, 2]), ints(1, 0, 1, 1), 3)) == [10**30, -2, 0]
    assert numbers.sums(rows([2**126 - 1, 2**126 - 1]), ints(0, 0), 1) is None
    with pytest.raises((ValueError, IndexError)):
        numbers.sums(rows([1]), ints(3), 3)
    content, offsets, none = numbers.texts(["a", None, "", "\u00fcber" * 40, "z"])
    assert bytes(content) == ("a" + "\u00fcber" * 40 + "z").encode()
    assert (offsets.tolist(), none.tolist()) == ([0, 1, 1, 1, 201, 202], [False, True, False, False, False])


def test_averages_of_any_size_fit_one_arrow_column(numbers):
    column = Exact(rows([3333333333333333333333333333, 10**14]), ints(33, 2), ints(33, 2), cut=True)
    _, form, _, (_, buffer), _ = column.encode("avg_px")
    scale = int(form.split(",")[1])
    found = numbers_of(buffer.view(np.int64).reshape(-1, 2))
    assert scale >= 25
    assert found[1] == 10**12 * 10**scale
    assert abs(Fraction(found[0], 10**scale) - Fraction(3333333333333333333333333333, 10**33)) <= Fraction(1, 2 * 10**scale)


# ---- commissions of a piece

@pytest.fixture
def make(backend):
    return lambda **given: tc.PositionKeeper([tc.Instrument("AAPL"), tc.Instrument("B")], ["a", "b"], backend=backend, clock=lambda: DAY,
                                             **given)


def fill(keeper, qty, price=10, **given):
    return keeper.apply_fill("AAPL", None, qty, price, **{"account": "a", **given})


@pytest.mark.parametrize("method", ["average", "fifo", "lifo", "hifo", "lofo"])
def test_lots_are_told_after_trades_were_forgotten_and_a_split(make, method):
    keeper = make(method=method)
    fill(keeper, 10, commission=5)
    keeper.forget_trades()
    fill(keeper, 10, commission=2)
    keeper.split("AAPL", 2, 1)
    fill(keeper, -40, 9, commission=4)
    assert sum(row.commissions for row in keeper.closed_lots()) == 2 + 4  # what was forgotten is in no report
    assert sum(row.pnl for row in keeper.closed_lots()) == keeper.position("AAPL", "a").realized_pnl


@pytest.mark.parametrize("method", ["average", "fifo", "lifo", "hifo", "lofo"])
def test_a_commission_goes_with_its_lots_to_another_account_once(make, method):
    keeper = make(method=method)
    fill(keeper, 10, commission=10)
    keeper.transfer("AAPL", 4, "a", "b")
    fill(keeper, -4, 12, account="b")
    fill(keeper, -6, 12)
    assert [(row.account, row.commissions) for row in keeper.closed_lots()] == [("b", 4), ("a", 6)]
    short = make(method=method)
    fill(short, 10, commission=10)
    fill(short, -4, 12, account="b", commission=2)
    short.transfer("AAPL", 4, "a", "b")
    (row,) = short.closed_lots()
    assert (row.account, row.qty, row.commissions) == ("b", -4, 2 + 4)  # what moved closed it, and brings its part


@pytest.mark.parametrize("method", ["average", "fifo", "lifo", "hifo", "lofo"])
def test_a_lot_that_a_split_leaves_nothing_of_hands_its_commission_on(make, method):
    """One for ten: of two lots of five one is none. What was paid is told, once, and no lot after it has any of it."""
    keeper = make(method=method)
    fill(keeper, 5, commission=5)
    fill(keeper, 5, commission=5)
    keeper.split("AAPL", 1, 10)
    fill(keeper, -1, 120, commission=1)
    assert sum(row.commissions for row in keeper.closed_lots()) == 5 + 5 + 1
    fill(keeper, 3, 120)
    fill(keeper, -3, 120)
    assert sum(row.commissions for row in keeper.closed_lots()) == 5 + 5 + 1


# ---- the calendar

@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_days_are_those_of_the_zone_also_where_it_changes_its_clocks(zone):
    seeded = np.random.default_rng(5)
    times = np.concatenate([seeded.integers(0, 2 * 10**9, 2_000), 1_700_000_000 + np.arange(0, 400 * 86_400, 1_800)]) * 10**9
    wanted = [datetime.fromtimestamp(t // 10**9, ZoneInfo(zone)).date().toordinal() - 719_163 for t in times.tolist()]
    assert days_of(times, ZoneInfo(zone)).tolist() == wanted
    assert days_of(times, UTC).tolist() == [t // DAY for t in times.tolist()]


# ---- no step a row

def steps(work):
    count = 0

    def counted(*_):
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def grown(count, accounts):
    keeper = tc.PositionKeeper([tc.Instrument(f"S{i}") for i in range(5)], [f"a{i}" for i in range(accounts)], "fifo",
                               trades=4 * count, lots=4 * count, backend="native")
    seeded, fills = np.random.default_rng(2), np.zeros(2 * count, tc.FILL_DTYPE)
    place = np.arange(2 * count) % count
    fills["instrument"], fills["account"] = place % 5 + 1, place // 5 % accounts + 1
    fills["qty"], fills["price"] = np.where(np.arange(2 * count) < count, 9, -4), 10**6 * seeded.integers(1, 9_999, 2 * count)
    fills["fee"], fills["transact_time"], fills["exec_id"] = 10**7, 10**18 + DAY * place // 100, 1 + np.arange(2 * count)
    keeper.apply_fills(fills)
    keeper.mark(10**6 * np.arange(1, 6))
    return keeper


@pytest.mark.parametrize("report", ["trades", "positions", "closed_lots", "closed_lots attributed", "closed_lots abroad", "pnl_by"])
def test_a_report_of_ten_times_the_rows_takes_no_more_steps(report):
    def make(keeper):
        if report == "pnl_by":
            return keeper.pnl_by("symbol", "account")
        name, _, how = report.partition(" ")
        given = {"attributed": {"attribute_commissions": True}, "abroad": {"time_zone": "Asia/Tokyo"}, "": {}}[how]
        return getattr(keeper, name)(**given)

    counts = []
    for count in (400, 4_000):
        keeper = grown(count, count // 5 if report == "positions" else 10)
        assert len(make(keeper)) >= {"pnl_by": 50}.get(report, count)
        counts.append(steps(lambda keeper=keeper: make(keeper).to_arrow()))
    allowed = {"positions": 2 * 720, "closed_lots abroad": 40 * 36}.get(report, 0)  # an account's name; a day in a zone
    assert counts[1] <= counts[0] + allowed + 50


def test_wash_sales_take_steps_in_proportion_to_the_fills():
    def taken(count):
        keeper = tc.PositionKeeper([tc.Instrument("AAPL")], method="fifo", trades=4 * count, lots=4 * count, backend="native")
        fills = np.zeros(3 * count, tc.FILL_DTYPE)
        fills["instrument"] = fills["account"] = 1
        fills["qty"] = np.repeat((3, -1), (count, 2 * count))
        fills["price"] = np.repeat((9 * 10**8, 10**8), (count, 2 * count))
        fills["transact_time"] = 10**18 + np.arange(3 * count)
        keeper.apply_fills(fills)
        found = steps(lambda: keeper.closed_lots(wash_sales=True))
        assert sum(row.wash_qty for row in keeper.closed_lots(wash_sales=True)) > 0
        return found

    assert taken(2_000) < 5 * taken(500)


def test_what_needs_more_than_38_digits_is_told_all_the_same(backend):
    """A report is exact in Python where no column could be; as Arrow it is refused, with the column's name."""
    big = tc.Instrument("BIG", tick_size="1", price_precision=0, multiplier=10**9)
    keeper = tc.PositionKeeper([big], method="fifo", currencies=[tc.Currency("USD", 12)], backend=backend, clock=lambda: DAY)
    for qty in (10**13, -(10**13)):
        keeper.apply_fill("BIG", None, qty, 10**15, commission="0.000000000001")
    (row,) = keeper.closed_lots(attribute_commissions=True)
    assert Fraction(row.cost_basis) == 10**37 + Fraction(1, 10**12)
    assert (row.pnl, row.commissions) == (D("-2e-12"), D("2e-12"))
    assert keeper.pnl_by("symbol")[0].net == D("-2e-12")
    with pytest.raises(ValueError, match=r"column cost_basis: .* has more than 38 digits"):
        keeper.closed_lots().to_arrow()
    assert room_module(backend, "report_numbers").add(rows([10**38 - 1]), rows([1])) is None

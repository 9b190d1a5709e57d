"""Lots as a back office reads them: several named for one fill, holding periods by the calendar, wash sales, fills' sums."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import tradecore as tc
from tradecore.positions.holding import long_terms

D = Decimal
AAPL, SAP = tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")
XBT = tc.Instrument("XBTUSD", tick_size="0.5", currency="XBT", inverse=True)


def at(text, zone="UTC"):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 10**9


@pytest.fixture
def make(backend):
    return lambda *instruments, **given: tc.PositionKeeper(instruments or [AAPL], backend=backend, clock=lambda: 7, **given)


def buy(keeper, on, qty, price, **given):
    return keeper.apply_fill("AAPL", None, qty, price, transact_time=at(on), **given)


# ---- one fill, several lots

def test_a_fill_by_several_lots_takes_of_each_and_its_commission_adds_up(make):
    keeper = make(method="specific")
    for name, price in (("a", 100), ("b", 110), ("c", 120)):
        buy(keeper, "2024-01-02", 10, price, exec_id=name)
    trade = buy(keeper, "2024-02-01", -12, 130, exec_id="s", lot={"c": 3, 1: 7, "b": 2}, commission="0.000000010")
    rows = keeper.closed_lots().rows
    assert [(r.opening_exec_id, r.qty, r.cost_basis, r.closing_exec_id) for r in rows] == [
        ("c", 3, 360, "s"), ("a", 7, 700, "s"), ("b", 2, 220, "s")]
    shares = [r.commissions for r in rows]
    assert (sum(shares), shares) == (D("1e-8"), [D("2e-9"), D("6e-9"), D("2e-9")])
    assert keeper.position("AAPL").fees == D("1e-8")
    (whole,) = keeper.closed_lots(per_fill=True)
    assert (whole.closing_trade, whole.lots, whole.qty, whole.cost_basis, whole.proceeds, whole.pnl, whole.commissions) == (
        trade, 3, 12, 1280, 1560, 280, D("1e-8"))
    before = keeper.position("AAPL")
    with pytest.raises(ValueError, match="trade 4 is 3 entries: bust it, and book it anew"):
        keeper.correct("s", qty=3)
    with pytest.raises(ValueError, match="trade 5 is a part of trade 4: name that"):
        keeper.bust(5)
    keeper.bust("s")
    assert keeper.position("AAPL").qty == 30
    assert before.qty == 18
    assert keeper.position("AAPL").fees == 0


@pytest.mark.parametrize(("lots", "match"), [
    ({"a": 3}, "the lots' quantities are together 3, the fill has 5"), ({"a": 3, "z": 2}, "exec_id 'z' is not booked here"),
    ({"a": 4, "b": 1.5}, "not a multiple of 1"), ({"a": 5, "b": 0}, "qty of lot b 0 is outside"), ({}, "together 0"),
    ({"a": 1, 99: 4}, "lot 99 is not open"),
])
def test_lots_that_do_not_fit_the_fill_are_refused_and_change_nothing(make, lots, match):
    keeper = make(method="specific")
    for name in "ab":
        buy(keeper, "2024-01-02", 10, 100, exec_id=name)
    before = keeper.position("AAPL"), len(keeper.trades())
    with pytest.raises((ValueError, LookupError), match=match):
        buy(keeper, "2024-02-01", -5, 130, exec_id="s", lot=lots)
    assert (keeper.position("AAPL"), len(keeper.trades())) == before
    buy(keeper, "2024-02-01", -5, 130, exec_id="s", lot="a")  # the exec_id is still free


def test_lots_by_name_need_the_method(make):
    with pytest.raises(ValueError, match="only by method='specific'"):
        buy(make(method="fifo"), "2024-01-02", -5, 130, lot={1: 5})


def test_commissions_of_several_lots_always_add_up(make):
    seeded = random.Random(3)
    keeper = make(method="specific")
    for step in range(40):
        lots = {buy(keeper, "2024-01-02", qty, 100): qty for qty in [seeded.randint(1, 9) for _ in range(seeded.randint(1, 6))]}
        fee = D(seeded.randint(-50, 50)).scaleb(-9)
        before = keeper.position("AAPL").fees
        buy(keeper, "2024-02-01", -sum(lots.values()), 130, lot=lots, commission=fee)
        assert keeper.position("AAPL").fees - before == fee, step


# ---- how long

@pytest.mark.parametrize(("opened", "closed", "word"), [
    ("2023-03-15", "2024-03-15", "SHORT"), ("2023-03-15", "2024-03-16", "LONG"),
    ("2023-02-28", "2024-02-29", "SHORT"), ("2023-02-28", "2024-03-01", "LONG"),    # Rev. Rul. 66-7: the last day of a month
    ("2024-02-28", "2025-02-28", "SHORT"), ("2024-02-28", "2025-03-01", "LONG"), ("2024-02-29", "2025-02-28", "SHORT"),
    ("2024-02-29", "2025-03-01", "LONG"), ("2023-12-31", "2024-12-31", "SHORT"), ("2023-12-31", "2025-01-01", "LONG"),
    ("2023-04-30", "2024-04-30", "SHORT"), ("2023-04-30", "2024-05-01", "LONG"), ("2024-01-02", "2024-01-02", "SHORT"),
])
def test_a_holding_period_is_counted_by_the_calendar(opened, closed, word):
    days = (np.array([(date.fromisoformat(day) - date(1970, 1, 1)).days]) for day in (opened, closed))
    assert long_terms(*days).tolist() == [word == "LONG"]


def test_closed_lots_tell_ids_prices_and_days_of_a_zone(make):
    keeper = make(AAPL, XBT, method="fifo")
    keeper.apply_fill("AAPL", "BUY", 10, "100.25", exec_id="in", transact_time=at("2023-03-15T22:00", "America/New_York"))
    keeper.apply_fill("AAPL", "SELL", 4, "101.5", exec_id="out", transact_time=at("2024-03-15T22:00", "America/New_York"))
    keeper.apply_fill("XBTUSD", "SELL", 100, 20_000)
    keeper.apply_fill("XBTUSD", "BUY", 100, 10_000)
    row, inverse = keeper.closed_lots(time_zone="America/New_York")
    assert (row.opening_exec_id, row.closing_exec_id, row.opening_price, row.closing_price) == ("in", "out", D("100.25"), D("101.5"))
    assert (row.holding_days, row.term) == (366, "SHORT")
    assert (inverse.opening_price, inverse.closing_price, inverse.pnl) == (20_000, 10_000, D("0.005"))
    assert [r.term for r in keeper.closed_lots(time_zone="Asia/Tokyo")] == ["SHORT", "SHORT"]
    late = make(method="fifo")
    late.apply_fill("AAPL", "BUY", 1, 1, transact_time=at("2023-03-15T23:30"))
    late.apply_fill("AAPL", "SELL", 1, 1, transact_time=at("2024-03-16T00:30"))
    assert [(r.holding_days, r.term) for r in late.closed_lots()] == [(367, "LONG")]
    assert [(r.holding_days, r.term) for r in late.closed_lots(time_zone="America/New_York")] == [(366, "SHORT")]
    with pytest.raises(ValueError, match="time_zone 'Mars' is no zone"):
        late.closed_lots(time_zone="Mars")


# ---- wash sales, by cases that IRS Publication 550 describes

def washes(keeper):
    return [(r.closing_trade, r.wash_qty, r.wash_disallowed) for r in keeper.closed_lots(wash_sales=True)]


def test_a_loss_is_deferred_where_the_shares_are_bought_again(make):
    """Publication 550, example 2: 100 shares bought for 1,000 are sold for 750, and bought again within 30 days."""
    for again, on, wanted in ((100, "2024-07-01", (3, 100, 250)), (40, "2024-07-01", (3, 40, 100)), (100, "2024-07-02", (3, 0, 0)),
                              (250, "2024-06-01", (3, 100, 250))):
        keeper = make(method="fifo")
        buy(keeper, "2024-01-02", 100, 10)
        other = at(on) < at("2024-06-01T12:00")
        if other:
            buy(keeper, on, again, 8)
            buy(keeper, "2024-06-01", -100, "7.5")
        else:
            keeper.split("AAPL", 1, 1)
            buy(keeper, "2024-06-01", -100, "7.5")
            buy(keeper, on, again, 8)
        assert washes(keeper) == [wanted], (again, on)


def test_what_is_bought_first_replaces_first_and_each_share_once(make):
    keeper = make(method="fifo")
    buy(keeper, "2024-01-02", 100, 10)
    first = buy(keeper, "2024-06-01", -60, 9)
    second = buy(keeper, "2024-06-02", -40, 8)
    buy(keeper, "2024-06-10", 70, 8)
    assert washes(keeper) == [(first, 60, 60), (second, 10, 20)]


@pytest.mark.parametrize(("fills", "wanted"), [
    ([("2024-06-01", 100, 10), ("2024-06-10", -50, 9)], [(2, 0, 0)]),                                # the very lot replaces nothing
    ([("2024-06-01", 100, 10), ("2024-06-05", 100, 10), ("2024-06-10", -200, 9)], [(3, 0, 0), (3, 0, 0)]),  # all is gone
    ([("2024-01-01", 100, 10), ("2024-06-01", -100, 11), ("2024-06-05", 100, 10)], [(2, 0, 0)]),     # a gain
    ([("2024-01-01", -100, 10), ("2024-06-01", 100, 11), ("2024-06-05", 100, 10)], [(2, 0, 0)]),     # a short position
])
def test_no_wash_sale(make, fills, wanted):
    keeper = make(method="fifo")
    for fill in fills:
        buy(keeper, *fill)
    assert washes(keeper) == wanted


def test_wash_sales_need_lots(make):
    with pytest.raises(ValueError, match="average cost keeps no lots"):
        make().closed_lots(wash_sales=True)
    with pytest.raises(ValueError, match="marks are of lots"):
        make(method="fifo").closed_lots(wash_sales=True, per_fill=True)

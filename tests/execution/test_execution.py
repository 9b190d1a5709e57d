"""Execution: price-time priority at a venue, each time in force, quotes as external orders, against a naive model."""

from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pytest
from conftest import CENT, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import BOOK_DTYPE, NO_PRICE, QTY_MAX

R = tc.Reason
S = tc.OrdStatus
SPARSE = (1, 2, 63, 64, 65, 4095, 4096, 4097, 78_318, 262_144, 16_777_216, 484_000_000)


def trades(core, after):
    """(order_id, contra_order_id, quantity, price) of each trade report."""
    return [(r.order_id, r.row.contra_order_id, int(r.last_qty), r.last_px) for r in core.reports(after)
            if r.exec_type is tc.ExecType.TRADE]


@pytest.fixture
def two(make_core):
    """One venue, two accounts."""
    return make_core(venues=[tc.SimulatedVenue("XNAS")], accounts=["alpha", "beta"])


def rest(core, side, *orders, account="beta"):
    return [core.submit("AAPL", side, qty, price, account=account) for qty, price in orders]


# ---- priority

@pytest.mark.parametrize(("side", "prices", "limit", "order_of_trades"), [
    ("BUY", [101, 100, 102, 100], 102, [1, 3, 0, 2]),
    ("BUY", [101, 100, 102, 100], 101, [1, 3, 0]),
    ("SELL", [101, 100, 102, 100], 100, [2, 0, 1, 3]),
    ("SELL", [100, 100, 100, 100], 100, [0, 1, 2, 3]),
])
def test_better_prices_trade_first_then_earlier_orders(two, side, prices, limit, order_of_trades):
    makers = rest(two, "SELL" if side == "BUY" else "BUY", *((10, price) for price in prices))
    after = two._gate.core.event_seq
    taker = two.submit("AAPL", side, 100, limit, account="alpha")
    found = [row for row in trades(two, after) if row[0] == taker.order_id]
    assert found == [(taker.order_id, makers[i].order_id, 10, Decimal(prices[i])) for i in order_of_trades]
    assert (taker.cum_qty, taker.leaves_qty) == (10 * len(order_of_trades), 100 - 10 * len(order_of_trades))


def test_a_partial_fill_keeps_its_place_and_a_cancel_in_the_middle_leaves_the_others(two):
    first, middle, last = rest(two, "SELL", (10, 100), (10, 100), (10, 100))
    two.submit("AAPL", "BUY", 4, 100, account="alpha")
    assert (first.ord_status, first.cum_qty, first.leaves_qty) == (S.PARTIALLY_FILLED, 4, 6)
    two.cancel(middle)
    after = two._gate.core.event_seq
    two.submit("AAPL", "BUY", 12, 100, account="alpha")
    assert [row[0] for row in trades(two, after)][1::2] == [first.order_id, last.order_id]
    assert (first.ord_status, middle.ord_status, last.ord_status) == (S.FILLED, S.CANCELED, S.PARTIALLY_FILLED)
    assert (middle.leaves_qty, last.leaves_qty) == (0, 4)


def test_a_trade_is_reported_to_the_taker_then_to_the_maker(two):
    (maker,) = rest(two, "SELL", (10, 100))
    after = two._gate.core.event_seq
    taker = two.submit("AAPL", "BUY", 4, 101, account="alpha")
    new, removed, added = two.reports(after)
    assert (new.exec_type, new.order_id, new.leaves_qty, new.last_px) == (tc.ExecType.NEW, taker.order_id, 4, None)
    for report, order, other, kind in ((removed, taker, maker, "REMOVED"), (added, maker, taker, "ADDED")):
        assert (report.order_id, report.row.contra_order_id) == (order.order_id, other.order_id)
        assert (report.last_qty, report.last_px, report.cum_qty) == (4, 100, 4)
        assert report.last_liquidity_ind is tc.LastLiquidityInd[kind]
    assert removed.row.exec_id == added.row.exec_id == 1
    assert (taker.avg_px, maker.avg_px, taker.ord_status, maker.leaves_qty) == (100, 100, S.FILLED, 6)


# ---- times in force: what is asked of asks 10 at 100 and 10 at 101, what it fills, what rests, how it ends

ENDS = [
    ({"price": 101}, 15, 15, 0, S.FILLED, R.NONE),
    ({"price": 100}, 15, 10, 5, S.PARTIALLY_FILLED, R.NONE),
    ({"price": 99}, 15, 0, 15, S.NEW, R.NONE),
    ({"price": 100, "time_in_force": "GTC"}, 15, 10, 5, S.PARTIALLY_FILLED, R.NONE),
    ({"price": 100, "time_in_force": "IOC"}, 15, 10, 0, S.CANCELED, R.IOC_LEFTOVER),
    ({"price": 101, "time_in_force": "IOC"}, 15, 15, 0, S.FILLED, R.NONE),
    ({"price": 99, "time_in_force": "IOC"}, 15, 0, 0, S.CANCELED, R.IOC_LEFTOVER),
    ({"price": 101, "time_in_force": "FOK"}, 20, 20, 0, S.FILLED, R.NONE),
    ({"price": 101, "time_in_force": "FOK"}, 21, 0, 0, S.CANCELED, R.FOK_NOT_FILLABLE),
    ({"price": 100, "time_in_force": "FOK"}, 11, 0, 0, S.CANCELED, R.FOK_NOT_FILLABLE),
    ({"price": 101, "time_in_force": "FOK", "venue": "XNAS"}, 21, 0, 0, S.CANCELED, R.FOK_NOT_FILLABLE),
    ({}, 15, 15, 0, S.FILLED, R.NONE),
    ({}, 25, 20, 0, S.CANCELED, R.MARKET_LEFTOVER),
    ({"time_in_force": "IOC"}, 25, 20, 0, S.CANCELED, R.MARKET_LEFTOVER),
    ({"time_in_force": "FOK"}, 25, 0, 0, S.CANCELED, R.FOK_NOT_FILLABLE),
    ({"price": 100, "post_only": True}, 15, 0, 0, S.REJECTED, R.POST_ONLY_WOULD_TAKE),
    ({"price": "99.99", "post_only": True}, 15, 0, 15, S.NEW, R.NONE),
]


@pytest.mark.parametrize(("given", "qty", "filled", "rests", "status", "reason"), ENDS)
def test_each_time_in_force_fills_rests_or_ends_as_it_says(two, given, qty, filled, rests, status, reason):
    rest(two, "SELL", (10, 100), (10, 101))
    order = two.submit("AAPL", "BUY", qty, account="alpha", **given)
    assert (order.cum_qty, order.leaves_qty, order.ord_status, order.reason) == (filled, rests, status, reason)
    assert two.position("AAPL", "alpha").qty == filled == -two.position("AAPL", "beta").qty
    bid = two._gate.core.top(1, 1)[1]
    assert bid == rests
    if status is S.CANCELED:
        last = list(two.reports(0))[-1]
        assert (last.exec_type, last.reason, last.leaves_qty) == (tc.ExecType.CANCELED, reason, 0)


# ---- quotes

def test_a_quote_holds_what_was_displayed_and_no_more(core):
    core.quote("XNAS", "AAPL", bid=99, bid_size=5, ask=100, ask_size=30)
    assert core.submit("AAPL", "BUY", 20, 100, venue="XNAS").cum_qty == 20
    order = core.submit("AAPL", "BUY", 20, 100, venue="XNAS")
    assert (order.cum_qty, order.leaves_qty) == (10, 10)
    assert core.submit("AAPL", "SELL", 6, 99, time_in_force="IOC", venue="XNAS").cum_qty == 6  # our 10 at 100 first
    assert core.submit("AAPL", "SELL", 20, 99, time_in_force="IOC", venue="XNAS").cum_qty == 4 + 5


def test_a_quote_that_crosses_resting_orders_fills_them_at_their_prices(core):
    orders = [core.submit("AAPL", "BUY", 10, price, venue="XNAS") for price in (99, 100, 98)]
    after = core._gate.core.event_seq
    core.quote("XNAS", "AAPL", ask="98.50", ask_size=25)
    assert trades(core, after) == [(orders[1].order_id, 0, 10, 100), (orders[0].order_id, 0, 10, 99)]
    assert core._gate.core.top(1, 1) == (9_800 * CENT, 10, 9_850 * CENT, 5)  # the quote rests with what is left
    assert [order.ord_status for order in orders] == [S.FILLED, S.FILLED, S.NEW]
    assert core.metrics()["trades"] == 2


def test_a_replaced_quote_loses_the_old_one_and_its_place(core):
    core.quote("XNAS", "AAPL", bid=99, bid_size=10, ask=101, ask_size=10)
    resting = core.submit("AAPL", "SELL", 10, 101, venue="XNAS")
    core.quote("XNAS", "AAPL", ask=101, ask_size=10)  # behind the order now; and no bid any more
    assert core._gate.core.top(1, 1) == (NO_PRICE, 0, 10_100 * CENT, 20)
    core.submit("AAPL", "BUY", 10, 101, venue="XNAS")
    assert resting.ord_status is S.FILLED
    core.quote("XNAS", "AAPL")
    assert core._gate.core.top(1, 1) == (NO_PRICE, 0, NO_PRICE, 0)


@pytest.mark.parametrize(("quote", "says"), [
    ({"bid": 101, "bid_size": 1, "ask": 101, "ask_size": 1}, "ask_px"),
    ({"bid": "100.005", "bid_size": 1}, "PRICE_TICK_MULTIPLE: price 100.005"),
    ({"ask": 0, "ask_size": 1}, "PRICE_OUT_OF_RANGE"),
    ({"ask": -1, "ask_size": 1}, "PRICE_OUT_OF_RANGE"),
    ({"symbol": "BIG", "ask": 10**8, "ask_size": 10**13 + 1}, "ARITHMETIC_OVERFLOW"),
])
def test_a_quote_that_can_not_be_is_refused_and_changes_nothing(make_core, quote, says):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("BIG", multiplier=10**8)])
    core.quote("XNAS", "AAPL", bid=99, bid_size=10, ask=101, ask_size=10)
    with pytest.raises(tc.RefusedError, match=says):
        core.quote("XNAS", **{"symbol": "AAPL", **quote})
    assert core._gate.core.top(1, 1) == (9_900 * CENT, 10, 10_100 * CENT, 10)


@pytest.mark.parametrize(("command", "says"), [
    (lambda core: core.quote("XNAS", "AAPL", ask="100.005", ask_size=1), r"price 100\.005 .* the tick 0\.01"),
    (lambda core: core.quote("XNAS", "AAPL", ask=-1, ask_size=1), r"price -1 is out of range: the bound is 0\.01"),
    (lambda core: core.quote("XNAS", "BIG", ask=10**8, ask_size=10**13 + 1), "10000000000001 is beyond the largest amount 10000000000000"),
    (lambda core: core.mark("AAPL", -1), r"price -1 is out of range: the bound is 0\.00000001"),
])
def test_refused_market_data_names_the_bound_that_was_exceeded(make_core, command, says):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("BIG", multiplier=10**8)])
    # As an order's refusal does: value and bound of the rule, not the offset of a field.
    with pytest.raises(tc.RefusedError, match=says):
        command(core)


# ---- sparse prices

@pytest.mark.parametrize("sign", [1, -1])
def test_prices_may_lie_far_apart(make_core, sign):
    core = make_core(instruments=[tc.Instrument("AAPL", tick_size=1, price_precision=0, any_sign=True)],
                     venues=[tc.SimulatedVenue("XNAS")])
    prices = [sign * price for price in SPARSE]
    for price in random.Random(1).sample(prices, len(prices)):
        core.submit("AAPL", "SELL", 1, price)
    after = core._gate.core.event_seq
    core.submit("AAPL", "BUY", len(prices), max(prices))
    assert [row[3] for row in trades(core, after)][::2] == sorted(prices)


# ---- the book alone, against a list

class ListBook:
    """Orders in a list; everything found by looking at all of them."""

    def __init__(self):
        self.resting = []  # [side, price, number, quantity], in the order of arrival

    def queue(self, side):
        return sorted((o for o in self.resting if o[0] == side), key=lambda o: o[1] if side == 2 else -o[1])

    def reached(self, side, limit):
        return [o for o in self.queue(3 - side) if (o[1] <= limit if side == 1 else o[1] >= limit)]

    def take(self, side, limit, qty):
        found = []
        for order in self.reached(side, limit):
            traded = min(qty, order[3])
            if traded:
                found.append((order[2], order[1], traded))
                order[3] -= traded
                qty -= traded
        self.resting = [o for o in self.resting if o[3]]
        return qty, found

    def add(self, number, side, price, qty):
        self.resting.append([side, price, number, qty])

    def cancel(self, number):
        gone = [o for o in self.resting if o[2] == number]
        self.resting = [o for o in self.resting if o[2] != number]
        return gone[0][3] if gone else None

    def depth(self, side):
        levels = {}
        for _, price, number, qty in self.queue(side):
            levels.setdefault(price, []).append((number, qty))
        return list(levels.items())


def a_price(seeded, kind):
    if kind == "dense":
        return 1000 + seeded.randint(-4, 4)
    if kind == "sparse":
        return seeded.choice(SPARSE) + seeded.randint(0, 2)
    return seeded.choice((-1, 1)) * seeded.choice((0, 1, 64, 4096, 10**9, 10**14))


@pytest.mark.parametrize("kind", ["dense", "sparse", "signed"])
def test_the_book_is_the_list_book(room, kind):
    seeded, capacity = random.Random(kind), 64
    book, model = room("book").Book(capacity), ListBook()
    for step in range(3000):
        side, price, qty = seeded.randint(1, 2), a_price(seeded, kind), seeded.randint(1, 20)
        number = seeded.randrange(capacity)
        rests = any(o[2] == number for o in model.resting)
        if seeded.random() < 0.3:
            if rests:
                assert book.cancel(number) == model.cancel(number)
            else:
                with pytest.raises(KeyError):
                    book.cancel(number)
            continue
        left, found = book.take(side, price, qty)
        assert (left, found) == model.take(side, price, qty)
        if left and not rests:
            book.add(number, side, price, left)
            model.add(number, side, price, left)
        if step % 100 == 0 or step == 2999:
            for row in (1, 2):
                assert book.depth(row) == model.depth(row)
        for row in (1, 2):
            best = model.depth(row)[:1]
            assert book.best(row) == ((best[0][0], sum(q for _, q in best[0][1])) if best else None)


def test_a_played_book_is_the_book_that_was_commanded_one_by_one(room):
    seeded, capacity = random.Random(5), 32
    rows = np.zeros(2000, BOOK_DTYPE)
    model, traded = ListBook(), 0
    for row in rows:
        row["op"], row["side"], row["number"] = seeded.choice((1, 1, 2)), seeded.randint(1, 2), seeded.randrange(capacity)
        row["price"], row["qty"] = a_price(seeded, "sparse"), seeded.randint(1, 20)
        side, price, qty, number = (int(row[name]) for name in ("side", "price", "qty", "number"))
        if row["op"] == 2:
            model.cancel(number)
        elif not any(o[2] == number for o in model.resting):
            left, _ = model.take(side, price, qty)
            traded += qty - left
            if left:
                model.add(number, side, price, left)
    book = room("book").Book(capacity)
    assert sum(book.play(part) for part in (rows[:1], rows[1:700], rows[700:])) == traded > 0
    assert [book.depth(side) for side in (1, 2)] == [model.depth(side) for side in (1, 2)]


@pytest.mark.parametrize("bad", [(4, 1, 10, 1), (-1, 1, 10, 1), (1, 3, 10, 1), (1, 1, 10, 0), (1, 1, 10, -1),
                                 (1, 1, 10**14 + 1, 1), (1, 1, 10, QTY_MAX + 1), (0, 1, 10, 1), (1, 1, 20, 1)])
def test_the_book_alone_refuses_what_can_not_rest(room, bad):
    book = room("book").Book(4)
    book.add(0, 2, 20, 5)
    with pytest.raises(ValueError, match=r"must be|rests already|crosses"):
        book.add(*bad)
    assert (book.depth(1), book.depth(2)) == ([], [(20, [(0, 5)])])


# ---- the whole path, against the list

def test_the_path_trades_as_the_list_book_does(make_core):
    core = make_core(venues=[tc.SimulatedVenue("XNAS")], accounts=["alpha", "beta"],
                     capacity=small_capacity(events=256, order_history=2048))
    seeded, model, orders = random.Random(9), ListBook(), {}
    for _ in range(1200):
        after, kind = core._gate.core.event_seq, seeded.random()
        side, ticks, qty = seeded.randint(1, 2), 100 + seeded.randint(-5, 5), seeded.randint(1, 30)
        expected, taker = [], 0
        if kind < 0.15 and orders:
            order = orders[seeded.choice(list(orders))]
            left = model.cancel(order.order_id)
            assert (core.cancel(order).exec_type is tc.ExecType.CANCELED) == (left is not None)
            continue
        if kind < 0.3:
            core.quote("XNAS", "AAPL", bid=f"{ticks}e-2", bid_size=qty, ask=f"{ticks + 2}e-2", ask_size=5)
            model.cancel("bid")
            model.cancel("ask")
            for name, way, price, size in (("bid", 1, ticks, qty), ("ask", 2, ticks + 2, 5)):
                left, found = model.take(way, price, size)
                expected += found
                if left:
                    model.add(name, way, price, left)
        else:
            tif = seeded.choice(["DAY", "GTC", "IOC", "FOK"])
            post, market = tif in ("DAY", "GTC") and seeded.random() < 0.2, seeded.random() < 0.1
            limit = 10**9 if market and side == 1 else 0 if market else ticks
            reached = model.reached(side, limit)
            order = core.submit("AAPL", "BUY" if side == 1 else "SELL", qty, None if market else f"{ticks}e-2",
                                account=seeded.choice(["alpha", "beta"]), post_only=post and not market,
                                time_in_force="DAY" if market and tif == "GTC" else tif)
            orders[order.order_id], taker, left = order, order.order_id, qty
            if not (post and not market and reached) and not (tif == "FOK" and sum(o[3] for o in reached) < qty):
                left, expected = model.take(side, limit, qty)
                if left and not market and tif in ("DAY", "GTC"):
                    model.add(taker, side, ticks, left)
            rests = any(o[2] == taker for o in model.resting)
            assert (order.cum_qty, order.leaves_qty) == (qty - left, left if rests else 0)
        told = []
        for maker, ticks_, traded in expected:
            px = Decimal(ticks_) / 100
            told += [(taker, 0 if isinstance(maker, str) else maker, traded, px)] if taker else []
            told += [] if isinstance(maker, str) else [(maker, taker, traded, px)]
        assert trades(core, after) == told
        tops = [(level[0][0] * CENT, sum(q for _, q in level[0][1])) if level else (NO_PRICE, 0)
                for level in (model.depth(1), model.depth(2))]
        assert core._gate.core.top(1, 1) == (*tops[0], *tops[1])
    for number, order in orders.items():
        assert order.leaves_qty == sum(o[3] for o in model.resting if o[2] == number)
    assert core.metrics()["trades"] > 300

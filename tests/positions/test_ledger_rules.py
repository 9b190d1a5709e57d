"""The ledger by its stated rules, where both twins could be wrong alike: what moves with a lot, what a split leaves of
one, and what a rebuilt instrument counts once."""

from __future__ import annotations

import numpy as np
import pytest
from test_ledger import METHODS, definition, put

from tradecore.positions.entries import EntryError, EntryKind, EntryStatus, Method
from tradecore.vocabulary.records import NO_PRICE

K = EntryKind


def new_ledger(room, method):
    """Of one instrument, two accounts and three currencies."""
    ledger = room("ledger").Ledger(1, 2, method=int(method), currencies=3, trades=100, lots=100)
    ledger.define(definition())
    return ledger


# ---- a transfer: lots move as they are, with the trade and the time that opened them

MOVED = [  # of 10 opened at 100 by trade 1 at time 7 and 10 at 120 by trade 2 at time 9: what 15 take, and what stays
    (Method.FIFO, 0, [(1, 7, 10, 1_000), (2, 9, 5, 600)], [(2, 9, 5, 600)]),
    (Method.LIFO, 0, [(1, 7, 5, 500), (2, 9, 10, 1_200)], [(1, 7, 5, 500)]),
    (Method.SPECIFIC, 2, [(1, 7, 5, 500), (2, 9, 10, 1_200)], [(1, 7, 5, 500)]),  # the named one, then the oldest
    (Method.SPECIFIC, 1, [(1, 7, 10, 1_000), (2, 9, 5, 600)], [(2, 9, 5, 600)]),
    (Method.HIFO, 0, [(1, 7, 5, 500), (2, 9, 10, 1_200)], [(1, 7, 5, 500)]),
    (Method.LOFO, 0, [(1, 7, 10, 1_000), (2, 9, 5, 600)], [(2, 9, 5, 600)]),
]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("method", "named", "taken", "left"), MOVED)
def test_a_lot_that_moves_keeps_the_trade_and_the_time_that_opened_it(room, method, named, taken, left, sign):
    ledger = new_ledger(room, method)
    put(ledger, qty=10 * sign, price=100, transact_time=7)
    put(ledger, qty=10 * sign, price=120, transact_time=9)
    put(ledger, kind=K.TRANSFER, qty=15, contra=2, transact_time=11, lot=named)
    signed = [[(trade, opened, qty * sign, cost * sign) for trade, opened, qty, cost in lots] for lots in (taken, left)]
    assert sorted(ledger.lots(1, 2)) == signed[0]
    assert ledger.lots(1, 1) == signed[1]
    assert ledger.open_lots == 3
    if method is Method.SPECIFIC:  # and by that trade it is named where it is now
        put(ledger, account=2, qty=-5 * sign, price=130, lot=2)
        assert ledger.position(1, 2)[2] == (130 - 120) * 5 * sign


@pytest.mark.parametrize("sign", [1, -1])
def test_a_transfer_at_average_cost_leaves_the_remainder_where_it_was(room, sign):
    """3 for 10: divmod(10, 3) is (3, 1), so one takes 3 along and leaves 7; then 3 of 7, and the last takes 4."""
    ledger = new_ledger(room, Method.AVERAGE)
    for price in (3, 3, 4):
        put(ledger, qty=sign, price=price)
    for left, moved in ((7, 3), (4, 6), (0, 10)):
        put(ledger, kind=K.TRANSFER, qty=1, contra=2)
        assert (ledger.position(1, 1)[1], ledger.position(1, 2)[1]) == (left * sign, moved * sign)
        assert (ledger.sums(1, 1)[0], ledger.sums(1, 2)[0]) == (-moved * sign, moved * sign)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_what_a_transfer_closes_is_closed_where_it_goes(room, method):
    """10 long at 100 into 4 short at 110: 4 close at their cost, 6 are held."""
    ledger = new_ledger(room, method)
    long, short = put(ledger, qty=10, price=100, transact_time=7), put(ledger, account=2, qty=-4, price=110, transact_time=8)
    moving = put(ledger, kind=K.TRANSFER, qty=10, contra=2, transact_time=9, lot=long if method is Method.SPECIFIC else 0)
    assert (ledger.position(1, 1), ledger.position(1, 2)) == ((0, 0, 0, 0), (6, 600, 40, 0))
    (closing,) = ledger.closings()
    told = {name: int(closing[name]) for name in ("account", "closing_trade", "closed", "qty")}
    assert told == {"account": 2, "closing_trade": moving, "closed": 9, "qty": -4}
    if method is not Method.AVERAGE:
        assert int(closing["opening_trade"]) == short
        assert ledger.lots(1, 2) == [(long, 7, 6, 600)]


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC], ids=lambda method: method.name)
def test_a_lot_is_known_by_its_trade_also_after_trades_were_forgotten(room, method):
    ledger = new_ledger(room, method)
    first = put(ledger, qty=1, price=100, transact_time=1)
    ledger.forget_trades()
    second, third = (put(ledger, qty=1, price=price, transact_time=price) for price in (110, 120))
    assert (first, second, third) == (1, 2, 3)
    whole = [(1, 1, 1, 100), (2, 110, 1, 110), (3, 120, 1, 120)]
    assert ledger.lots(1, 1) == whole
    ledger.amend(second, EntryStatus.BUSTED, 0, 0, 0)
    assert ledger.lots(1, 1) == [whole[0], whole[2]]
    ledger.amend(second, EntryStatus.LIVE, 0, 0, 0)
    assert ledger.lots(1, 1) == whole


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC], ids=lambda method: method.name)
def test_a_transfer_that_would_open_a_lot_too_many_is_refused_and_changes_nothing(room, method):
    ledger = room("ledger").Ledger(1, 2, method=int(method), trades=100, lots=2)
    ledger.define(definition())
    for price in (100, 110):
        put(ledger, qty=10, price=price)
    with pytest.raises(EntryError, match="open lot 3 exceeds the stated capacity of 2 lots"):
        put(ledger, kind=K.TRANSFER, qty=5, contra=2)
    assert (ledger.lots(1, 1), ledger.lots(1, 2), ledger.open_lots) == ([(1, 0, 10, 1_000), (2, 0, 10, 1_100)], [], 2)


# ---- which lot is the dearest

@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("method", "order"), [(Method.HIFO, [2, 4, 3, 1, 5]), (Method.LOFO, [5, 1, 3, 2, 4])])
def test_the_dearest_or_the_cheapest_lot_closes_first_and_of_equals_the_oldest(room, method, order, sign):
    ledger = new_ledger(room, method)
    for price in (100, 130, 110, 130, 90):
        put(ledger, qty=10 * sign, price=price)
    for _ in order:
        put(ledger, qty=-10 * sign, price=100)
    assert ledger.closings()["opening_trade"].tolist() == order


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("method", "first"), [(Method.HIFO, 2), (Method.LOFO, 1)])
def test_what_is_dearer_is_told_exactly_where_lots_have_costs_and_no_prices(room, method, first, sign):
    """After 30 for 7, 7 at 10**12 are 30 that cost 233,333,333,333 + 10/30 each, 7 at one more 17/30."""
    ledger = new_ledger(room, method)
    put(ledger, qty=7 * sign, price=10**12)
    put(ledger, qty=7 * sign, price=10**12 + 1)
    put(ledger, kind=K.SPLIT, account=0, qty=30, price=7)
    put(ledger, qty=-1 * sign, price=1)
    assert ledger.closings()["opening_trade"].tolist() == [first]


@pytest.mark.parametrize(("method", "first"), [(Method.HIFO, 2), (Method.LOFO, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_of_an_inverse_contract_the_dearest_is_the_one_at_the_highest_price(room, method, first, sign):
    ledger = room("ledger").Ledger(1, 1, method=int(method), trades=9, lots=9)
    ledger.define(definition(), 64 + 12)
    for price in (10_000, 20_000):
        put(ledger, qty=5 * sign, price=price)
    put(ledger, qty=-5 * sign, price=15_000)
    assert ledger.closings()["opening_trade"].tolist() == [first]


# ---- a split: a lot that comes to nothing leaves its cost to the next

SHRUNK = [  # lots as (qty, price), new and old shares, what is left as (trade, qty, cost)
    ([(3, 100), (7, 110)], (1, 10), [(2, 1, 1_070)]),
    ([(1, 100), (2, 110), (7, 120), (10, 130)], (1, 10), [(3, 1, 1_160), (4, 1, 1_300)]),
    ([(19, 100), (1, 90)], (1, 10), [(1, 1, 1_900), (2, 1, 90)]),
    ([(3, 100), (5, 110)], (1, 2), [(1, 1, 300), (2, 3, 550)]),
    ([(2, 100), (2, 110)], (3, 2), [(1, 3, 200), (2, 3, 220)]),
]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO, Method.HIFO, Method.LOFO, Method.SPECIFIC], ids=lambda method: method.name)
@pytest.mark.parametrize(("opened", "split", "left"), SHRUNK)
def test_a_split_loses_no_cost_of_a_lot_that_comes_to_nothing(room, method, opened, split, left, sign):
    assert sum(qty * price for qty, price in opened) == sum(cost for *_, cost in left)
    ledger = new_ledger(room, method)
    for qty, price in opened:
        put(ledger, qty=qty * sign, price=price)
    put(ledger, kind=K.SPLIT, account=0, qty=split[0], price=split[1])
    assert ledger.lots(1, 1) == [(trade, 0, qty * sign, cost * sign) for trade, qty, cost in left]
    assert ledger.position(1, 1) == (sum(qty for _, qty, _ in left) * sign, sum(cost for *_, cost in left) * sign, 0, 0)
    assert ledger.open_lots == len(left)


# ---- what an account is worth: long positions at the bid, short ones at the ask


@pytest.mark.parametrize(("bid", "ask", "unrealised", "unmarked"), [
    (103, 105, (10 * 3, 4 * -5), 0), (99, 99, (10 * -1, 4 * 1), 0), (NO_PRICE, 105, (0, 0), 1), (103, NO_PRICE, (0, 0), 1),
])
def test_an_account_is_worth_what_its_positions_would_fetch(room, bid, ask, unrealised, unmarked):
    ledger = new_ledger(room, Method.AVERAGE)
    put(ledger, qty=10, price=100, fee=3)
    put(ledger, account=2, qty=-4, price=100)
    marks = [np.array([number], np.int64) for number in (bid, ask)]
    for account, (cost, fees) in enumerate(((1_000, 3), (-400, 0)), 1):
        found = ledger.account_sums(account, np.zeros(1, np.int64), 1, *marks)
        assert found == ([(0, cost, 0, unrealised[account - 1], fees)], {}, {}, unmarked)


# ---- a rebuilt instrument: the base, and what stands since, each counted once


def book_one_of_each(ledger):
    """A fill with a fee of its own currency, one with another's, an opening, a dividend and a transfer; their ids."""
    return [
        put(ledger, qty=10, price=100, fee=5), put(ledger, qty=10, price=100, fee=7, currency=2),
        put(ledger, kind=K.OPENING, account=2, qty=4, price=90),
        put(ledger, kind=K.DIVIDEND, account=0, price=3, currency=3),
        put(ledger, kind=K.TRANSFER, qty=2, contra=2),
    ]


# What the accounts 1 and 2 have after one of each: (qty, cost, realised, fees), then carried, fees, dividends.
ONCE = [((18, 1_800, 0, 5), (-200, {1: 5, 2: 7}, {3: 60})), ((6, 560, 0, 0), (560, {}, {3: 12}))]
# After one of each on top of that. The second dividend is paid on 18 and 6 and what came since: 38 and 10.
TWICE = [((36, 3_600, 0, 10), (-400, {1: 10, 2: 14}, {3: 174})), ((12, 1_120, 0, 0), (1_120, {}, {3: 42}))]


def told(ledger):
    return [(ledger.position(1, account), ledger.sums(1, account)) for account in (1, 2)]


@pytest.mark.parametrize("forget", [True, False])
@pytest.mark.parametrize("method", [Method.AVERAGE, Method.FIFO, Method.LIFO], ids=lambda method: method.name)
def test_a_rebuilt_instrument_counts_its_base_and_what_stands_since_once(room, method, forget):
    ledger = new_ledger(room, method)
    book_one_of_each(ledger)
    assert told(ledger) == ONCE
    if forget:
        assert ledger.forget_trades() == 5
    since = book_one_of_each(ledger)
    assert told(ledger) == TWICE
    last = put(ledger, qty=1, price=1, fee=1)
    ledger.amend(last, EntryStatus.BUSTED, 0, 0, 0)
    assert told(ledger) == TWICE
    for trade in reversed(since):
        ledger.amend(trade, EntryStatus.BUSTED, 0, 0, 0)
    assert told(ledger) == ONCE
    for trade in since:
        ledger.amend(trade, EntryStatus.LIVE, 0, 0, 0)
    assert told(ledger) == TWICE


@pytest.mark.parametrize("method", [Method.FIFO, Method.LIFO], ids=lambda method: method.name)
def test_what_once_fitted_is_replayed_though_others_hold_its_lots_by_now(room, method):
    """Of three lots the first instrument held two, gave one up, and the second took two: on the way there are four."""
    ledger = room("ledger").Ledger(2, 1, method=int(method), trades=100, lots=3)
    for _ in range(2):
        ledger.define(definition())
    put(ledger, qty=10, price=100)
    put(ledger, qty=10, price=110)
    gave = put(ledger, qty=-10, price=120)
    for _ in range(2):
        put(ledger, instrument=2, qty=1, price=1)
    before = ledger.position(1, 1), ledger.lots(1, 1)
    last = put(ledger, qty=-1, price=130)
    ledger.amend(last, EntryStatus.BUSTED, 0, 0, 0)
    assert (ledger.position(1, 1), ledger.lots(1, 1), ledger.open_lots) == (*before, 3)
    with pytest.raises(EntryError, match="capacity of 3 lots"):
        ledger.amend(gave, EntryStatus.BUSTED, 0, 0, 0)
    assert (ledger.position(1, 1), ledger.lots(1, 1), ledger.open_lots) == (*before, 3)

"""How an order is divided over venues that show depth: never dearer than the best of all divisions.

The oracle knows nothing of rankings or greed: it takes the least cost over every way to divide the quantity, from what
the first k lots cost at each venue.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from conftest import build_core, small_capacity

import tradecore as tc

BOOKS = 5_000
FEES = [{}, {"taker_fee_per_share": "0.0030"}, {"taker_fee_per_share": "-0.0020"}, {"taker_fee_bps": 1},
        {"taker_fee_bps": -1}, {"taker_fee_bps": "0.5"}]


def lot_costs(levels, fees, sign):
    """What the first k lots cost at one venue, for each k."""
    costs = [0]
    for price, size in levels:
        each = lot_cost(price, fees, sign)
        costs += [costs[-1] + each * lots for lots in range(1, size + 1)]
    return costs


def lot_cost(price, fees, sign):
    """All-in, in 10**-9, which holds every fee here; selling, what it brings is a negative cost."""
    fee = Fraction(fees.get("taker_fee_per_share", 0)) + price * Fraction(fees.get("taker_fee_bps", 0)) / 10_000
    cost = (sign * price + fee) * 10**9
    assert cost.denominator == 1
    return int(cost)


def least_cost(venues, qty):
    """Over every division of the quantity."""
    best = {0: 0}
    for costs in venues:
        after = {}
        for have, cost in best.items():
            for lots, more in enumerate(costs):
                if have + lots <= qty and (have + lots not in after or cost + more < after[have + lots]):
                    after[have + lots] = cost + more
        best = after
    return best[qty]


def paid(core, since, order, fees, sign):
    trades = [r for r in core.reports(since) if r.exec_type is tc.ExecType.TRADE and r.order_id == order.order_id]
    cost = sum(int(r.last_qty) * lot_cost(Fraction(r.last_px), fees[r.venue], sign) for r in trades)
    return cost, sum(r.last_qty for r in trades)


class Desk:
    """One core whose venues are emptied for each book: their fees stay."""

    def __init__(self, backend, seed):
        self.random, self.fees = Random(seed), {}
        for number, name in enumerate("ABCD"):
            self.fees[name] = FEES[(seed + number * self.random.randrange(1, 5)) % len(FEES)]
        self.core = build_core(backend, accounts=["alpha", "maker"], capacity=small_capacity(cl_ord_ids=64),
                               venues=[tc.SimulatedVenue(name, **fees) for name, fees in self.fees.items()])

    def divide(self):
        """One random book and order: what it paid, and what it could have."""
        rand, core = self.random, self.core
        core.mass_cancel()
        side = rand.choice(["BUY", "SELL"])
        sign, other = (1, "SELL") if side == "BUY" else (-1, "BUY")
        books = []
        for name in self.fees:
            levels = []
            for _ in range(rand.randrange(4)):
                price = (levels[-1][0] if levels else Fraction(10_000 + rand.randrange(-2, 3), 100)) + Fraction(
                    sign * rand.randrange(bool(levels), 3), 100)
                levels.append((price, rand.randrange(1, 8)))
                core.submit("AAPL", other, levels[-1][1], f"{float(price):.2f}", venue=name, account="maker")
            books.append(lot_costs(levels, self.fees[name], sign))
        shown = max(len(costs) - 1 for costs in books)
        total = sum(len(costs) - 1 for costs in books)
        if total == 0:
            return None
        qty = min(total, rand.randint(1, max(1, 5 * shown)))
        self.since = core._gate.core.event_seq
        order = core.submit("AAPL", side, qty, "200.00" if side == "BUY" else "1.00", time_in_force="IOC", account="alpha")
        assert order.cum_qty == qty, "it is all displayed"
        cost, traded = paid(core, self.since, order, self.fees, sign)
        assert traded == qty
        return cost, least_cost(books, qty), len(core.orders.children(order))


@pytest.mark.parametrize(("backend", "books"), [
    ("native", BOOKS), ("python", BOOKS // 10), pytest.param("python", BOOKS, marks=pytest.mark.long)])
def test_no_division_is_cheaper(backend, books):
    divided = 0
    for seed in range(books // 50):
        desk, done = Desk(backend, seed), 0
        while done < 50:
            found = desk.divide()
            if found is not None:
                assert found[0] == found[1], (seed, done)
                done += 1
                divided += found[2] > 1
    assert divided > books // 5

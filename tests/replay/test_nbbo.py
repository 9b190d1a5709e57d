"""Recorded best quotes of eleven venues: every probe fills at the best price, and nothing goes where a venue is down."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from conftest import BACKENDS, build_core, limits, small_capacity

import tradecore as tc
from tradecore.replay.nbbo import SideQuote, read_nbbo

DATA = Path(__file__).parents[3] / "shared" / "data" / "us_equity_nbbo_20131007"
NAMES = "BKZPNYWJXCQ"
PROBES = 5_000


def recorded(symbol):
    path = DATA / f"{symbol}_20131007_quote.zip"
    if not path.is_file():
        pytest.skip(f"the recorded quotes are not here: {path.name} is not part of the project")
    return list(read_nbbo(path))


def market(backend, **given):
    return build_core(
        backend, instruments=[tc.Instrument("X", tick_size="0.0001")], venues=[tc.SimulatedVenue(name) for name in NAMES],
        limits=limits(), capacity=small_capacity(venues=16, events=4096, open_orders=4096, order_history=4096, **given))


class Shown:
    """The oracle: what each venue shows, and which change of it was the last. It knows no cost and no ranking."""

    def __init__(self, core):
        self.core, self.sides, self.changes = core, {True: {}, False: {}}, 0

    def take(self, rows):
        for quote in rows:
            self.changes += 1
            before = self.sides[quote.is_bid].get(quote.venue)
            if before is None or (before[0], before[1]) != (quote.price, quote.size):
                self.sides[quote.is_bid][quote.venue] = quote.price, quote.size, self.changes
            self.tell(quote.venue)

    def tell(self, venue):
        bid, ask = (self.sides[side].get(venue, (0, 0, 0)) for side in (True, False))
        self.core.quote(venue, "X", bid=Decimal(bid[0]) / 10_000 if bid[1] else None, bid_size=bid[1] or None,
                        ask=Decimal(ask[0]) / 10_000 if ask[1] else None, ask_size=ask[1] or None)

    def best(self, is_bid, down=()):
        """The best price of a side, and the venues that show it, the last to change first."""
        live = {venue: q for venue, q in self.sides[is_bid].items() if q[1] and venue not in down}
        if not live:
            return None, []
        price = (max if is_bid else min)(q[0] for q in live.values())
        venues = [venue for venue, q in live.items() if q[0] == price]
        return price, sorted(venues, key=lambda venue: (-live[venue][2], NAMES.index(venue)))

    def restore(self, venue):
        """After a probe has taken some: it shows the same again, and has changed."""
        for side in (True, False):
            if venue in self.sides[side]:
                price, size, changed = self.sides[side][venue]
                self.changes += side is self.taken
                self.sides[side][venue] = price, size, self.changes if side is self.taken else changed
        self.tell(venue)


def probe(shown, rand):
    """One marketable order between two updates: where it must fill, and where it did."""
    bid, ask = shown.best(True)[0], shown.best(False)[0]
    if bid is None or ask is None or bid >= ask:
        return None
    is_buy = rand.random() < 0.5
    price, venues = shown.best(not is_buy)
    size = shown.sides[not is_buy][venues[0]][1]
    order = shown.core.submit("X", "BUY" if is_buy else "SELL", rand.randint(1, size), time_in_force="IOC")
    shown.taken = not is_buy
    found = order.venue, order.ord_status, order.avg_px_ratio
    shown.restore(venues[0])
    return found, (venues[0], tc.OrdStatus.FILLED, Fraction(price, 10_000))


@pytest.mark.parametrize(("backend", "probes"), [("native", PROBES), ("python", PROBES // 20)])
def test_marketable_orders_fill_at_the_best_price_at_the_venue_that_changed_last(backend, probes):
    rows = recorded("ibm")
    rows = rows[: len(rows) * probes // PROBES]
    rand = Random(7)
    places = set(rand.sample(range(1, len(rows), 2), min(len(rows) // 2, probes * 3 // 2)))  # after an update's second row
    shown, done, ties = Shown(market(backend)), 0, 0
    for number, row in enumerate(rows):
        shown.take(row)
        if number in places and done < probes:
            found = probe(shown, rand)
            if found is not None:
                assert found[0] == found[1], number
                done += 1
                ties += len(shown.best(shown.taken)[1]) > 1
    assert done == probes
    assert ties > probes // 10


def outages(core, shown, rand, down, switch):
    """One venue at a time goes down, for a while; mostly one of those that show the best price."""
    if down:
        core.risk.release_kill_switch(venue=down.pop(), who="r.lee", why="it is explained")
    elif switch:
        best = shown.best(rand.random() < 0.5)[1]
        down.add(best[0] if best else rand.choice(NAMES))
        core.risk.engage_kill_switch(venue=next(iter(down)))


def trade_a_day(backend, rows, orders, breaks):
    """The quotes of a day with orders and outages; what was met."""
    core, rand, down = market(backend), Random(11), set()
    shown, every, sent = Shown(core), max(1, len(rows) // orders), 0
    changes = set(rand.sample(range(1, len(rows)), 2 * breaks))
    met = {"outages": 0, "best was down": 0, "divided": 0, "orders": 0}
    for number, row in enumerate(rows):
        shown.take(row)
        if number in changes:
            met["outages"] += not down
            outages(core, shown, rand, down, True)
        if number % every == 0 and sent < orders:
            is_buy = rand.random() < 0.5
            price, venues = shown.best(not is_buy)
            if price is None:
                continue
            sent += 1
            met["best was down"] += bool(down & set(venues))
            qty = rand.randint(1, 5) * shown.sides[not is_buy][venues[0]][1]
            limit = Decimal(price + (1 if is_buy else -1) * rand.choice([0, 0, 100, 300])) / 10_000
            order = core.submit("X", "BUY" if is_buy else "SELL", qty, limit, time_in_force="IOC")
            children = core.orders.children(order)
            went = {order.venue, *(child.venue for child in children)} - {None}
            assert not went & down, (number, went, down)
            assert order.cum_qty <= qty
            if children:
                assert sum(child.cum_qty for child in children) == order.cum_qty
                assert sum(child.cum_qty + child.leaves_qty for child in children) <= qty
            met["divided"] += len(children) > 1
            met["orders"] += 1
    return core, met


def demand_real(met, orders, breaks):
    assert met["orders"] >= orders * 9 // 10
    assert met["outages"] >= breaks
    assert met["best was down"] >= orders // 100
    assert met["divided"] >= orders // 50


def test_no_order_goes_to_a_venue_that_is_down_and_both_backends_agree():
    rows = recorded("bac")
    rows = rows[: len(rows) // 10]
    ends = []
    for backend in BACKENDS:
        core, met = trade_a_day(backend, rows, 10_000, 20)
        demand_real(met, 10_000, 20)
        ends.append((core.event_hash, core.state_hash(), met))
    assert ends[0] == ends[1]


@pytest.mark.long
def test_a_whole_day_of_quotes_with_outages():
    _, met = trade_a_day("native", recorded("bac"), 100_000, 200)
    demand_real(met, 100_000, 200)
    assert met["best was down"] >= 1_000


def test_a_row_without_one_side_is_refused(tmp_path):
    path = tmp_path / "q.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("q.csv", "34200000,10000,1,10001,1,Q,1,0\n")
    with pytest.raises(ValueError, match="row 1 must have one side, not bid 10000 and ask 10001"):
        list(read_nbbo(path))
    assert SideQuote(1, "Q", True, 1, 1).is_bid

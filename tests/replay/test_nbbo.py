"""Recorded best quotes of eleven venues: every probe fills at the best price, and nothing goes where a venue is down."""

from __future__ import annotations

import zipfile
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from conftest import BACKENDS, T0, Clock, build_core, limits, small_capacity

import tradecore as tc
from tradecore.replay.nbbo import OPEN_MS, SideQuote, read_nbbo

DATA = Path(__file__).parents[3] / "shared" / "data" / "us_equity_nbbo_20131007"
NAMES = "BKZPNYWJXCQ"
PROBES = 5_000
DAY, ORDERS, BREAKS = 470_000, 100_000, 200  # rows of BAC's regular hours, what is sent, how often one is down of each way


def recorded(symbol, most=None):
    path = DATA / f"{symbol}_20131007_quote.zip"
    if not path.is_file():
        pytest.skip(f"the recorded quotes are not here: {path.name} is not part of the project")
    return list(islice(read_nbbo(path), most))


def market(backend, **given):
    return build_core(
        backend, instruments=[tc.Instrument("X", tick_size="0.0001")], venues=[tc.SimulatedVenue(name) for name in NAMES],
        limits=limits(), capacity=small_capacity(venues=16, events=4096, open_orders=4096, order_history=4096), **given)


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

    def within(self, is_bid, limit, down):
        """What is shown at this price or better by venues that are up."""
        return sum(size for venue, (price, size, _) in self.sides[is_bid].items()
                   if venue not in down and (price >= limit if is_bid else price <= limit))

    def reduce(self, is_bid, venue, taken):
        """Some of what a venue shows was taken."""
        if taken:
            price, size, _ = self.sides[is_bid][venue]
            self.changes += 1
            self.sides[is_bid][venue] = price, size - taken, self.changes

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


class Outages:
    """One venue at a time is down for a while, mostly one of those that show the best price: by turns an operator halts
    it, and a kill switch is engaged there."""

    def __init__(self, shown, rand):
        self.shown, self.rand, self.down, self.met = shown, rand, set(), Counter()

    @property
    def way(self):
        """How the last one came: the first is halted."""
        return "halted" if self.met["halted"] > self.met["switched"] else "switched"

    def turn(self):
        """What is down is up again; else another is down."""
        risk, router = self.shown.core.risk, self.shown.core.execution.router
        if self.down and self.way == "halted":
            router.set_health(self.down.pop(), "CONNECTED")
        elif self.down:
            risk.release_kill_switch(venue=self.down.pop(), who="r.lee", why="it is explained")
        else:
            best = self.shown.best(self.rand.random() < 0.5)[1]
            venue = best[0] if best else self.rand.choice(NAMES)
            self.met["switched" if self.way == "halted" else "halted"] += 1
            self.down.add(venue)
            if self.way == "halted":
                router.set_health(venue, "HALTED")
            else:
                risk.engage_kill_switch(venue=venue)


def send_one(shown, rand, down):
    """One order for up to five times what the best venue shows, and what it met: it takes all that venues show within
    its limit which are up, and nothing of it is lost."""
    core, is_buy = shown.core, rand.random() < 0.5
    price, venues = shown.best(not is_buy)
    if price is None:
        return None
    qty = rand.randint(1, 5) * shown.sides[not is_buy][venues[0]][1]
    limit = price + (1 if is_buy else -1) * rand.choice([0, 0, 100, 300])
    there = shown.within(not is_buy, limit, down)
    order = core.submit("X", "BUY" if is_buy else "SELL", qty, Decimal(limit) / 10_000, time_in_force="IOC")
    where, cum_qty, leaves_qty = order.venue, order.cum_qty, order.leaves_qty
    children = [] if where else core.orders.children(order)
    parts = [(child.venue, child.cum_qty, child.leaves_qty) for child in children] or [(where, cum_qty, leaves_qty)]
    assert not down & {part[0] for part in parts}, (parts, down)
    assert (cum_qty, leaves_qty) == (min(qty, there), 0), (order, there)
    assert order.ord_status is (tc.OrdStatus.FILLED if there >= qty else tc.OrdStatus.CANCELED)
    assert sum(cum for _, cum, _ in parts) == cum_qty
    assert sum(cum + leaves for _, cum, leaves in parts) <= qty
    for venue, cum, _ in parts:
        shown.reduce(not is_buy, venue, cum)
    return {"orders": 1, "best was down": bool(down & set(venues)), "divided": len(children) > 1,
            "bought" if is_buy else "sold": cum_qty}


def trade_a_day(backend, rows, orders, breaks):
    """The quotes of a day, at their own times, with orders and so many outages of either kind; what was met."""
    rand, clock = Random(11), Clock()
    core = market(backend, clock=clock)
    shown, every = Shown(core), max(1, len(rows) // orders)
    outages, met = Outages(shown, rand), Counter()
    changes = set(rand.sample(range(1, len(rows)), 4 * breaks))
    for number, row in enumerate(rows):
        clock.now = T0 + (row[0].time_ms - OPEN_MS) * 1_000_000
        shown.take(row)
        if number in changes:
            outages.turn()
        found = send_one(shown, rand, outages.down) if number % every == 0 and met["orders"] < orders else None
        if found:
            met.update(found)
            met[f"best was {outages.way}"] += found["best was down"]
    assert core.position("X", "alpha").qty == met["bought"] - met["sold"]
    told = core.metrics()
    met.update(outages.met | {name: told[name] for name in ("rankings_hit", "rankings_missed", "rankings_age")})
    return core, met


def demand_real(met, orders, breaks):
    asked = met["rankings_hit"] + met["rankings_missed"]
    print(f"{met['orders']:,} orders, {met['halted']} venues halted and {met['switched']} switched off; the best was down "
          f"for {met['best was halted']:,} and {met['best was switched']:,}; {met['divided']:,} divided; of {asked:,} "
          f"rankings {met['rankings_hit'] / asked:.1%} were at hand, {met['rankings_age']:,} ns old")
    assert met["orders"] >= orders * 9 // 10
    assert min(met["halted"], met["switched"]) >= breaks
    assert min(met["best was halted"], met["best was switched"]) >= orders // 100
    assert met["divided"] >= orders // 50
    assert asked > met["orders"]


@pytest.mark.twin
def test_no_order_goes_to_a_venue_that_is_down_and_both_backends_agree():
    rows = recorded("bac", DAY // 10)
    ends = []
    for backend in BACKENDS:
        core, met = trade_a_day(backend, rows, ORDERS // 10, BREAKS // 10)
        ends.append((core.event_hash, core.state_hash(), met))
    demand_real(met, ORDERS // 10, BREAKS // 10)
    assert ends[0] == ends[1]


@pytest.mark.long
def test_a_whole_day_of_quotes_with_outages():
    rows = recorded("bac")
    assert len(rows) >= DAY
    demand_real(trade_a_day("native", rows, ORDERS, BREAKS)[1], ORDERS, BREAKS)


def test_a_row_without_one_side_is_refused(tmp_path):
    path = tmp_path / "q.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("q.csv", "34200000,10000,1,10001,1,Q,1,0\n")
    with pytest.raises(ValueError, match="row 1 must have one side, not bid 10000 and ask 10001"):
        list(read_nbbo(path))
    assert SideQuote(1, "Q", True, 1, 1).is_bid

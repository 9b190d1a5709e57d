"""What is about some orders looks at no others: scopes, reduce-only orders and trailing stops against a walk of all, and
the steps of a command beside few and many orders that it is not about. `make instructions` counts the native ones."""

import itertools
import random
import re
import sys
from pathlib import Path

import pytest
from conftest import build_core, seeds, small_capacity
from house import EXT

import tradecore as tc

P, S = tc.Place, tc.OrdStatus
SYMBOLS, ACCOUNTS, VENUES, STRATEGIES = ("AAA", "BBB", "CCC"), ("a", "b", "c"), ("XNAS", "ARCX", "EXT"), (0, 1, 2)


def many(make_core, **given):
    return make_core(instruments=[tc.Instrument(name) for name in SYMBOLS], accounts=ACCOUNTS,
                     venues=[tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX"), tc.ExternalVenue("EXT")], **given)


def submit_some(core, rng, count):
    """Orders that rest, wait for a price or a session, or are a venue's; some of which end at once."""
    orders = []
    for _ in range(count):
        kind = rng.choice(["rests", "rests", "stop", "close", "away", "fills"])
        side = rng.choice(["BUY", "SELL"])
        terms = {"account": rng.choice(ACCOUNTS), "strategy": rng.choice(STRATEGIES), "qty": rng.randrange(1, 50)}
        if kind == "stop":
            terms |= {"stop_px": 900 if side == "BUY" else 2}
        else:
            terms |= {"price": 10 if (side == "BUY") == (kind != "fills") else 500}
        terms["venue"] = "EXT" if kind == "away" else rng.choice(["XNAS", "ARCX", None])
        if kind == "close":
            terms["time_in_force"] = "AT_THE_CLOSE"
        orders.append(core.submit(rng.choice(SYMBOLS), side, **terms))
    return orders


def is_of(order, account, symbol, venue, strategy):
    return all(wanted in (None, had) for wanted, had in (
        (account, order.account), (symbol, order.symbol), (venue, order.venue), (strategy, order.strategy)))


SCOPES = list(itertools.product((None, "a"), (None, "BBB"), (None, "ARCX", "EXT"), (None, 2)))


def open_of(orders, *scope):
    return [order for order in orders if is_of(order, *scope)
            and order.ord_status in (S.NEW, S.PARTIALLY_FILLED, S.PENDING_NEW)]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_mass_cancel_takes_what_its_scope_names_and_nothing_else_oldest_first(make_core, scope):
    account, symbol, venue, strategy = scope
    core = many(make_core)
    orders = submit_some(core, random.Random(str(scope)), 400)
    for order in orders[::7]:
        core.cancel(order)
    mine = open_of(orders, *scope)
    before = {order.order_id: order.ord_status for order in orders if order not in mine}
    assert mine
    reports = core.reports()
    core.mass_cancel(account=account, symbol=symbol, venue=venue, strategy=strategy)
    *told, total = reports
    assert [report.order_id for report in told] == [order.order_id for order in mine]
    assert total.total_affected_orders == len(mine)
    assert {order.order_id: order.ord_status for order in orders if order not in mine} == before
    assert {order.ord_status for order in mine} <= {S.CANCELED, S.PENDING_CANCEL, S.PENDING_NEW}


@pytest.mark.parametrize("symbol", [None, *SYMBOLS])
@pytest.mark.parametrize("account", [None, *ACCOUNTS])
def test_open_orders_are_those_of_an_account_and_a_symbol_oldest_first(make_core, symbol, account):
    core = many(make_core)
    orders = submit_some(core, random.Random(5), 200)
    for order in orders[::5]:
        core.cancel(order)
    wanted = [order.order_id for order in orders if is_of(order, account, symbol, None, None)
              and order.ord_status not in (S.CANCELED, S.FILLED, S.REJECTED)]
    assert [order.order_id for order in core.orders.open_orders(account, symbol)] == wanted


def test_an_order_that_waited_is_found_at_the_venue_that_it_went_to(make_core):
    core = many(make_core)
    stop = core.submit("AAA", "BUY", 10, 105, stop_px=100, account="a", ord_type="STOP_LIMIT",
                       trigger_price_type="LAST_TRADE")
    assert stop.venue is None
    core.quote("ARCX", "AAA", bid=99, bid_size=5, ask=101, ask_size=5)
    core.submit("AAA", "BUY", 1, 101, account="b", venue="ARCX")  # a trade at 101: the stop takes 4, and rests
    assert (stop.cum_qty, stop.venue, stop.place) == (4, "ARCX", P.RESTING)
    assert core.mass_cancel(venue="XNAS").total_affected_orders == 0
    assert core.mass_cancel(venue="ARCX").total_affected_orders == 1
    assert stop.ord_status is S.CANCELED


def test_an_order_that_a_bust_brings_back_is_in_every_scope_again(make_core):
    for scope in ({"account": "a"}, {"symbol": "AAA"}, {"venue": "EXT"}, {"strategy": 2}, {"account": "a", "symbol": "AAA"}):
        core = many(make_core)
        order = core.submit("AAA", "BUY", 10, 100, account="a", venue="EXT", strategy=2, cl_ord_id="o")
        core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="o", exec_id="t", last_qty=10, last_px=100)
        assert core.mass_cancel(**scope).total_affected_orders == 0
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t", "b")
        assert order.ord_status is S.NEW
        assert core.mass_cancel(**scope).total_affected_orders == 1


# ---- reduce-only


@pytest.mark.parametrize("seed", seeds(range(6)), indirect=True)
def test_each_fill_trims_those_that_are_larger_than_the_position_and_no_others(make_core, seed):
    rng = random.Random(seed)
    core = make_core(venues=[tc.SimulatedVenue("XNAS")], accounts=["alpha", "beta"])
    core.positions.open_position("AAPL", 1_000, 90, account="alpha")
    core.quote("XNAS", "AAPL", bid=50, bid_size=100_000, ask=150, ask_size=100_000)
    left, wanted = 1_000, {}
    for _ in range(60):
        act = rng.randrange(4)
        if act < 2:
            qty = rng.randrange(1, 1_200)
            order = core.submit("AAPL", "SELL", qty, rng.randrange(120, 149), account="alpha", reduce_only=True)
            if order.ord_status is S.NEW:
                wanted[order] = qty
        elif act == 2 and wanted:
            order = rng.choice(list(wanted))
            qty = rng.randrange(1, max(2, left))
            if core.replace(order, qty=qty).ord_status is S.NEW:
                wanted[order] = qty
        elif left > 1:
            sold = rng.randrange(1, max(2, left // 3))
            core.submit("AAPL", "SELL", sold, 50, account="alpha", time_in_force="IOC")
            left -= sold
            wanted = {order: min(qty, left) for order, qty in wanted.items()}
        assert {order: order.order_qty for order in wanted} == wanted
    core.submit("AAPL", "SELL", left, 50, account="alpha", time_in_force="IOC")
    assert {order.reason for order in wanted} <= {tc.Reason.REDUCED_POSITION}
    assert not core.orders.open_orders("alpha")


# ---- trailing stops


class Trailing:
    """One trailing stop by the rule itself: its peak is the best price since it was armed."""

    def __init__(self, order, side, offset, kind, price):
        self.order, self.side, self.offset, self.kind, self.peak = order, side, offset, kind, price

    @property
    def stop(self):
        offset = self.offset if self.kind == "PRICE" else -(-self.peak * self.offset // 10_000)
        return self.peak - offset if self.side == "SELL" else self.peak + offset

    def see(self, price):
        """Does this price trigger it?"""
        self.peak = max(self.peak, price) if self.side == "SELL" else min(self.peak, price)
        return price <= self.stop if self.side == "SELL" else price >= self.stop


@pytest.mark.parametrize("seed", seeds(range(8), range(100, 160)), indirect=True)
def test_trailing_stops_follow_each_its_own_best_price(make_core, seed):
    rng = random.Random(seed)
    core = make_core(venues=[tc.SimulatedVenue("XNAS")], instruments=[tc.Instrument("AAPL", tick_size="1", price_precision=0)],
                     capacity=small_capacity(open_orders=rng.choice([16, 64]), order_history=rng.choice([1, 64]), reject_history=1))
    price, waiting = 10_000, []

    def show():
        core.quote("XNAS", "AAPL", bid=price, bid_size=10**6, ask=price + 1, ask_size=10**6)

    show()
    reports = core.reports()
    for _ in range(300):
        act = rng.randrange(10)
        if act < 4 and len(waiting) < 14:
            side, kind = rng.choice(["SELL", "BUY"]), rng.choice(["PRICE", "BASIS_POINTS"])
            offset = rng.choice([5, 20, 50, 50, 90]) if kind == "PRICE" else rng.choice([5, 30, 30, 77])
            order = core.submit("AAPL", side, 1, account="alpha", peg_offset=offset, trigger_price_type="BEST_BID",
                                peg_offset_type=kind)
            assert order.place is P.AWAITS_PRICE, order
            waiting.append(Trailing(order, side, offset, kind, price))
        elif act == 4 and waiting:
            gone = waiting.pop(rng.randrange(len(waiting)))
            stop = gone.stop
            core.cancel(gone.order)
            assert gone.order.stop_px == stop
        elif act == 5 and waiting:
            which = rng.choice(waiting)
            core.replace(which.order, qty=2)
        else:
            price += rng.choice([-60, -12, -3, -1, 1, 3, 12, 60])
            show()
            gone = [each for each in waiting if each.see(price)]
            waiting = [each for each in waiting if each not in gone]
            told = {report.order_id for report in reports if report.exec_type is tc.ExecType.TRIGGERED}
            assert told == {each.order.order_id for each in gone}
        assert [(each.order.stop_px, each.order.place) for each in waiting] == [(each.stop, P.AWAITS_PRICE) for each in waiting]


# ---- growth


def beside(count):
    """Open orders of every kind of other accounts and instruments, and a desk that has ten of each with a position."""
    core = build_core("python", instruments=[tc.Instrument(name) for name in SYMBOLS], accounts=ACCOUNTS,
                      venues=[tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX"), tc.ExternalVenue("EXT")])
    for symbol in SYMBOLS:
        core.quote("XNAS", symbol, bid=99, bid_size=10**6, ask=101, ask_size=10**6)
        for account in ACCOUNTS:
            core.positions.open_position(symbol, 1_000, 90, account=account)
    for symbol, account, number in (("AAA", "a", 10), ("BBB", "b", count)):
        for n in range(number):
            of = {"account": account, "venue": "XNAS"}
            core.submit(symbol, "BUY", 5, 50 + n % 40, **of)
            core.submit(symbol, "SELL", 5, 120 + n % 40, reduce_only=True, **of)
            core.submit(symbol, "SELL", 5, peg_offset=60 + n % 30, trigger_price_type="BEST_BID", **of)
            core.submit(symbol, "SELL", 5, stop_px=5 + n % 30, **of)
            core.submit(symbol, "BUY", 5, 100, account=account, venue="EXT")
    return core


def fill(core, symbol, account):
    core.submit(symbol, "SELL", 1, 90, account=account, time_in_force="IOC")


def split(core, symbol):
    core.execution.set_session(symbol, "HALTED")
    core.positions.split(symbol, 2, 1)


FORGOTTEN = "TC-20200101-1"  # one that the core made, of a day that is over
COMMANDS = {  # each is done twice, so that what is done once for all is done
    "a fill": lambda core, n: fill(core, "AAA", "a"),
    "a fill of those with many": lambda core, n: fill(core, "BBB", "b"),
    "a quote": lambda core, n: core.quote("XNAS", "AAA", bid=100 + n, bid_size=10, ask=200, ask_size=10),
    "a quote that all trail": lambda core, n: core.quote("XNAS", "BBB", bid=100 + n, bid_size=10, ask=200, ask_size=10),
    "a cancel": lambda core, n: core.cancel(core.submit("AAA", "BUY", 5, 40, account="a")),
    "a mass cancel": lambda core, n: core.mass_cancel(account="c"),
    "a mass cancel of a position": lambda core, n: core.mass_cancel(account="b", symbol="CCC"),
    "a session": lambda core, n: core.execution.set_session("CCC", ("HALTED", "OPEN")[n]),
    "a session with orders": lambda core, n: core.execution.set_session("AAA", ("HALTED", "OPEN")[n]),
    "a kill switch": lambda core, n: core.risk.engage_kill_switch(account="c") if n else None,
    "a split": lambda core, n: split(core, "CCC"),
    "an answer by an id that nobody has": lambda core, n: core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id=FORGOTTEN),
}


def count_steps(call):
    """Lines of Python that run."""
    steps = 0

    def trace(frame, event, argument):
        nonlocal steps
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return steps


@pytest.fixture(scope="module")
def few_and_many():
    return beside(20), beside(300)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_takes_no_more_steps_beside_more_orders_that_it_is_not_about(few_and_many, name):
    steps = []
    for core in few_and_many:
        COMMANDS[name](core, 0)
        steps.append(count_steps(lambda core=core: COMMANDS[name](core, 1)))
    few, many = steps
    assert 10 < many <= 1.05 * few


WALKS = {  # what is about everything that is open
    "list_scope", "roll_day", "hash_open", "count_due", "open_orders_tables",  # a scope that names nothing, a new day
    "find_open", "waiting", "count_lifetimes",
    "keep_funds", "keep_opens", "cash_balances",  # the first row that asks what works, and a check of test builds
}


def test_nothing_else_walks_all_that_is_open():
    found = set()
    twins = Path(tc.__file__).parent / "_python"
    for path in [*EXT.rglob("*.pxd"), *EXT.rglob("*.pyx"), *twins.rglob("*.py")]:
        text = path.read_text("utf-8")
        for walk in re.finditer(r"orders\.open\.head|orders\.open\.values\(\)|in (?:core\.)?orders\.open:", text):
            before = re.findall(r"^ *(?:cdef inline|def) .*?(\w+)\(", text[:walk.start()], re.M)
            found.add(before[-1])
    assert found == WALKS

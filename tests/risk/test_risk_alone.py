"""RiskEngine, alone and of a core: told the same, both say the same, hold the same and are the same state."""

from __future__ import annotations

import threading
from random import Random

import pytest
from conftest import BACKENDS, T0, build_core, limits, seeds, small_capacity

import tradecore as tc
from tradecore.vocabulary.rules import RULES, LimitUnit

R, S = tc.Reason, tc.OrdStatus
ARMED = {"max_order_qty": 50, "price_collar_bps": 500, "max_position_qty": 120, "order_rate": 400}
SYMBOLS, ACCOUNTS, SIDES = ("AAPL", "MSFT"), ("alpha", "beta"), ("BUY", "SELL")


class Watch:
    """A clock that both are read from."""

    now = T0

    def __call__(self):
        return self.now


def alone(backend, **given):
    settings = {"instruments": [tc.Instrument("AAPL")], "accounts": ["alpha"], "limits": limits(), "capacity": small_capacity(),
                "clock": lambda: T0} | given
    return tc.RiskEngine(backend=backend, **settings)


@pytest.fixture
def engine(backend):
    made = alone(backend, limits=limits(**ARMED))
    made.quote("VENUE", "AAPL", bid=99, bid_size=100, ask=101, ask_size=100)
    return made


class Pair:
    """An engine alone and a core, which are told the same; each answer is compared."""

    def __init__(self, backend):
        watch = self.watch = Watch()
        given = {"instruments": [tc.Instrument(symbol) for symbol in SYMBOLS], "accounts": ACCOUNTS, "limits": limits(**ARMED),
                 "capacity": small_capacity(), "clock": watch}
        venue = tc.ExternalVenue("X", ord_types=tuple(tc.OrdType), times_in_force=tuple(tc.TimeInForce), day_end="expire", market_protection=True)
        self.engine, self.core = alone(backend, venues=["X"], **given), build_core(backend, venues=[venue], **given)
        self.orders = []

    def both(self, call, *args, **given):
        """What an engine's call says, alone and of the core."""
        said = [tell(getattr(risk, call), *args, **given) for risk in (self.engine, self.core.risk)]
        assert said[0] == said[1], (call, args, given)
        return said[0]

    def market(self, call, *args, **given):
        for told in (self.engine, self.core):
            getattr(told, call)(*args, **given)

    def new_order(self, *args, **terms):
        pair = self.engine.new_order(*args, **terms), self.core.submit(*args, venue="X", **terms)
        list(self.core.outbound())
        assert repr(pair[0]) == repr(pair[1])
        if pair[0].leaves_qty:
            self.orders.append(pair)

    def report(self, pair, exec_type, **facts):
        return self.core.execution.on_execution_report("X", exec_type, order_id=pair[1].order_id, **facts)

    def step(self, random, number):
        """One thing that comes."""
        self.watch.now += random.choice((0, 1_000, 300_000_000))
        what, pair = random.random(), random.choice(self.orders) if self.orders else None
        if what < 0.35 or pair is None:
            price = None if random.random() < 0.1 else random.randint(94, 106)
            self.new_order(random.choice(SYMBOLS), random.choice(SIDES), random.randint(1, 60), price, account=random.choice(ACCOUNTS),
                           strategy=random.choice((0, 7)), cl_ord_id=number)
        elif what < 0.55:
            facts = {"exec_id": str(number), "last_qty": random.randint(1, 30), "last_px": random.randint(95, 105)}
            told = self.engine.fill(pair[0], facts["last_qty"], facts["last_px"], facts["exec_id"])
            assert repr(told) == repr(self.report(pair, "TRADE", **facts))
        elif what < 0.65:
            asked = {"qty": random.randint(1, 70)} if random.random() < 0.5 else {"price": random.randint(94, 106)}
            if pair[0].ord_type is tc.OrdType.LIMIT:
                assert repr(self.engine.replace(pair[0], **asked)) == repr(self.core.replace(pair[1], **asked))
                list(self.core.outbound())
        elif what < 0.72:
            assert repr(self.engine.replaced(pair[0])) == repr(self.report(pair, "REPLACED"))
        elif what < 0.76:
            assert repr(self.engine.replaced(pair[0], False)) == repr(self.core.execution.on_cancel_reject("X", order_id=pair[1].order_id))
        elif what < 0.82:
            assert repr(self.engine.cancel(pair[0])) == repr(self.core.cancel(pair[1]))
            list(self.core.outbound())
        elif what < 0.88:
            end = random.choice(("CANCELED", "EXPIRED"))
            assert repr(self.engine.ended(pair[0], end)) == repr(self.report(pair, end))
        else:
            self.change(random)
        self.orders = [each for each in self.orders if each[0].leaves_qty]

    def change(self, random):
        """What is known of the market, and what a risk officer does."""
        symbol, account, who = random.choice(SYMBOLS), random.choice(ACCOUNTS), {"who": "ann", "why": "a test"}
        row = random.choice(RULES)
        what = random.randrange(6)
        if what == 0:
            mid = random.randint(98, 102)
            self.market("quote", "X", symbol, bid=mid - 1, bid_size=9, ask=mid + 1, ask_size=9)
        elif what == 1:
            self.market("mark", symbol, random.randint(98, 102))
        elif what == 2:
            named = {tc.Scope.ACCOUNT: {"account": account}, tc.Scope.INSTRUMENT: {"symbol": symbol}, tc.Scope.STRATEGY: {"strategy": 7}}
            value = 0 if row.unit is LimitUnit.FLAG else random.choice((1, 2)) if 0 <= row.most < 100 else random.randint(20, 400)
            self.both("set_limit", row.rule, random.choice((value, tc.OFF, tc.OFF)), observe=random.random() < 0.3, **named.get(random.choice(row.scopes), {}), **who)
        elif what == 3:
            self.both(random.choice(("engage_kill_switch", "release_kill_switch", "release_kill_switch")), account=account, **who)
        elif what == 4:
            self.both("set_trading_state", random.choice(("ACTIVE", "REDUCING")), symbol=symbol, **who)
        else:
            self.both("load_toml", self.engine.export_toml())

    def ask(self, random):
        """All that can be asked, of both."""
        for call in ("limits", "utilisation", "switches", "export_toml", "rules", "overrides"):
            self.both(call)
        side, qty, price = random.choice(SIDES), random.randint(1, 60), random.randint(94, 106)
        for symbol in SYMBOLS:
            self.both("check", symbol, side, qty, price, account=ACCOUNTS[0], venue="X")
            for account in ACCOUNTS:
                assert repr(self.engine.position(symbol, account)) == repr(self.core.position(symbol, account))
        orders = tc.new_orders(8)
        for name, most in (("instrument", 2), ("account", 2), ("side", 2), ("order_qty", 60)):
            orders[name] = [random.randint(1, most) for _ in orders]
        orders["price"], orders["venue"] = 100 * 10**8, 1
        for together in (False, True):
            assert self.both("check_batch", orders, together=together) == repr(self.core.check_batch(orders, together=together))
            self.both("check_findings", orders, together=together)


def tell(call, *args, **given):
    """What a call gives back, or says that it refuses."""
    try:
        return repr(call(*args, **given))
    except (ValueError, tc.RefusedError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", seeds([0], range(1, 40)), indirect=True)
def test_told_the_same_an_engine_alone_and_a_core_answer_alike(backend, seed):
    random, pair = Random(seed), Pair(backend)
    for symbol in SYMBOLS:
        pair.market("quote", "X", symbol, bid=99, bid_size=9, ask=101, ask_size=9)
        pair.market("mark", symbol, 100)
    for number in range(1, 201):
        pair.step(random, number)
        if number % 50 == 0:
            pair.ask(random)
    assert pair.engine.state_hash() == pair.core.state_hash()
    assert pair.engine._gate.core.event_hash == pair.core.event_hash
    assert any(report.reason for report in pair.engine.reports(0))


def test_it_is_the_class_of_a_cores_own(make_core):
    core = make_core()
    assert type(core.risk) is tc.RiskEngine
    for call, given in (("new_order", ("AAPL", "BUY", 1, 1)), ("roll_day", ())):
        with pytest.raises(TypeError, match=f"{call} is for a RiskEngine alone"):
            getattr(core.risk, call)(*given)
    order = core.submit("AAPL", "BUY", 1, 1, venue="XNAS")
    for call, given in (("replace", {"qty": 2}), ("cancel", {}), ("fill", {"qty": 1, "price": 1, "exec_id": 1}), ("replaced", {}),
                        ("replaced", {"accepted": False}), ("ended", {})):
        with pytest.raises(TypeError, match=f"{call} is for a RiskEngine alone"):
            getattr(core.risk, call)(order, **given)
    assert order.leaves_qty == 1
    assert str(core.risk.check("AAPL", "BUY", 1, 1)) == str(core.check("AAPL", "BUY", 1, 1))


def held(engine):
    its = engine.position("AAPL")
    return its.qty, its.working_buy_qty, its.working_sell_qty


def test_an_order_is_held_committed_and_released(engine):
    order = engine.new_order("AAPL", "BUY", 50, 100)
    assert (order.ord_status, held(engine)) == (S.PENDING_NEW, (0, 50, 0))
    engine.fill(order, 20, 100, "1")
    assert held(engine) == (20, 30, 0)
    assert engine.fill(order, 20, 100, "1").reason is R.EXECID_REPEATED  # a trade counts once
    assert held(engine) == (20, 30, 0)
    engine.replace(order, qty=40)
    assert held(engine) == (20, 30, 0)  # the larger, until somebody says that it is less
    engine.replaced(order)
    assert held(engine) == (20, 20, 0)
    engine.cancel(order)
    assert held(engine) == (20, 20, 0)  # it may trade till it has ended
    engine.ended(order)
    assert (order.ord_status, held(engine)) == (S.CANCELED, (20, 0, 0))
    assert engine.fill(order, 5, 100, "2").reason is R.LATE_TRADE
    assert held(engine) == (25, 0, 0)


def test_a_replace_that_was_not_taken_leaves_the_order_as_it_was(engine):
    order = engine.new_order("AAPL", "BUY", 10, 100)
    engine.replace(order, qty=50)
    assert held(engine) == (0, 50, 0)
    engine.replaced(order, accepted=False)
    assert held(engine) == (0, 10, 0)
    assert engine.replace(order, qty=51).reason is R.MAX_ORDER_QTY
    assert engine.replaced(order).report_type is tc.ReportType.BUSINESS_REJECT


def test_it_counts_by_strategy_and_asks_the_gate(engine):
    engine.set_limit("cancel_rate", 1, strategy=7, window_ms=1_000)
    for _ in range(2):
        engine.cancel(engine.new_order("AAPL", "BUY", 1, 100, strategy=7))
    assert engine.new_order("AAPL", "BUY", 1, 100, strategy=7).reason is R.CANCEL_RATE
    engine.gate.shut()
    assert engine.new_order("AAPL", "BUY", 1, 100).reason is R.EXIT_GATE
    assert held(engine) == (0, 2, 0)


def test_a_loss_acts_as_soon_as_a_mark_comes(engine):
    engine.open_position("AAPL", 100, 100)
    engine.open_cash("USD", 5_000)
    engine.mark("AAPL", 100)
    engine.roll_day()
    engine.set_limit("daily_loss", 500, account="alpha")
    engine.mark("AAPL", 94)
    assert engine.switches()[0].state is tc.TradingState.REDUCING
    assert engine.new_order("AAPL", "BUY", 1, 100).reason is R.TRADING_STATE
    assert engine.new_order("AAPL", "SELL", 50, 100).ord_status is S.PENDING_NEW


def test_what_is_only_observed_is_told(backend):
    engine = alone(backend, features=tc.Features(max_order_qty="observe"), limits=limits(max_order_qty=5))
    assert engine.new_order("AAPL", "BUY", 6, 100).ord_status is S.PENDING_NEW
    assert [r.reason for r in engine.reports(0) if r.report_type is tc.ReportType.RISK_OBSERVED] == [R.MAX_ORDER_QTY]


@pytest.mark.parametrize(("wrong", "error", "text"), [
    (lambda e: e.new_order("AAPL", "BUY", 1, 100, venue="Y"), tc.UndeclaredError, "venue 'Y' is not declared"),
    (lambda e: e.new_order("AAPL", "BUY", 1, 100, acount="alpha"), TypeError, "did you mean account"),
    (lambda e: e.fill("1", 1, 1, "1"), TypeError, "order must be"),
    (lambda e: e.fill(e.new_order("AAPL", "BUY", 1, 100), True, 1, "1"), TypeError, "last_qty"),
    (lambda e: e.ended(e.new_order("AAPL", "BUY", 1, 100), "TRADE"), ValueError, "TRADE ends no order: CANCELED, REJECTED, EXPIRED do"),
    (lambda e: e.replaced(e.new_order("AAPL", "BUY", 1, 100), 1), TypeError, "accepted"),
    (lambda e: e.check_batch([1]), TypeError, "orders must be a NumPy array"),
    (lambda e: tc.RiskEngine(limits=5), TypeError, "limits must be RiskLimits"),
    (lambda e: tc.RiskEngine(venues="X"), TypeError, "venues must be an iterable of names"),
])
def test_what_is_called_wrong_is_named_and_changes_nothing(engine, wrong, error, text):
    before = held(engine)
    with pytest.raises(error, match=text):
        wrong(engine)
    assert held(engine)[0] == before[0]


def test_with_several_venues_an_order_names_its_own(backend):
    engine = alone(backend, venues=["X", "Y"])
    engine.set_limit("max_order_qty", 5, venue="Y")
    with pytest.raises(TypeError, match="venue must be named where 2 are declared"):
        engine.new_order("AAPL", "BUY", 6, 100)
    assert [engine.new_order("AAPL", "BUY", 6, 100, venue=venue).reason for venue in "XY"] == [R.NONE, R.MAX_ORDER_QTY]
    orders = tc.new_orders(2)
    orders["instrument"], orders["account"], orders["side"] = engine.ids("AAPL"), engine.ids(account="alpha"), 1
    orders["order_qty"], orders["price"], orders["venue"] = 6, 100 * 10**8, [engine.ids(venue=venue) for venue in "XY"]
    assert engine.check_batch(orders)["reason"].tolist() == [0, R.MAX_ORDER_QTY]


def test_a_trade_that_cannot_be_booked_whole_lies_unbooked(engine):
    order = engine.new_order("AAPL", "BUY", 10, 100)
    engine.fill(order, "0.5", 100, "1")
    (kept,) = engine.unbooked()
    kept.dismiss(who="ann", why="half a share")
    assert (held(engine), engine.unbooked()) == ((0, 10, 0), [])


def test_rules_of_ones_own_and_overrides_bind_and_pass_as_in_a_core(engine):
    engine.add_rule("even", "order.qty != 7")
    engine.add_rule("asked", lambda order: "no eights" if order.qty == 8 else None)
    assert [engine.new_order("AAPL", "BUY", qty, 100).reason for qty in (6, 7, 8)] == [R.NONE, R.USER_RULE, R.USER_RULE]
    blocked = engine.new_order("AAPL", "BUY", 51, 100)
    assert blocked.reason is R.MAX_ORDER_QTY
    engine.override(blocked.order_id, "max_order_qty", expire_time=T0 + 10**9, who="ann", why="a client's word")
    assert [engine.new_order("AAPL", "BUY", 51, 100).reason for _ in range(2)] == [R.NONE, R.MAX_ORDER_QTY]
    assert engine.overrides()[0].used_by is not None


def test_many_threads_never_exceed_one_limit_and_nothing_stays_held(backend):
    most, rounds = 60, 100 if backend == "native" else 25
    engine = alone(backend, limits=limits(max_position_qty=most), capacity=small_capacity(open_orders=256))
    seen, errors, counts = [0], [], [0, 0]

    def send(number):
        random, works = Random(number), []  # so many that one thread alone would pass the limit
        try:
            for _ in range(rounds):
                order = engine.new_order("AAPL", "BUY", random.randint(1, 20), 100)
                seen[0] = max(seen[0], engine.position("AAPL").working_buy_qty)
                counts[order.reason is R.MAX_POSITION_QTY] += 1
                works += [order] if order.ord_status is S.PENDING_NEW else []
                if len(works) > 8:
                    engine.ended(works.pop(0))
            for order in works:
                engine.ended(order)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert 0 < seen[0] <= most
    assert min(counts) > 0
    assert held(engine) == (0, 0, 0)

"""Gross and net exposure at marks, in the base currency: each rule on each scope at its limit, one below and one above;
what can't be valued refuses, exits pass; and the sums that are kept equal those of a plain loop over all positions."""

from __future__ import annotations

import cProfile
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import build_core, limits, small_capacity

import tradecore as tc

R = tc.Reason
BUY, SELL = "BUY", "SELL"
QUIET = {"account": "alpha", "venue": "ARCX"}  # ARCX displays nothing: nothing fills
SCOPES = {"account alpha": {"account": "alpha"}, "firm": {}}
AMOUNTS = ("max_gross_exposure", "max_net_exposure")
WIDE = {"max_order_qty": 10**6, "max_order_notional": 10**9, "max_position_qty": 10**6, "order_rate": 1000}


@pytest.fixture
def desk(make_core):
    """AAPL and MSFT in USD, the base currency; SAP in EUR at 1.25, every mark 1."""
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT"), tc.Instrument("SAP", currency="EUR")],
                     accounts=["alpha", "beta"], currencies=["USD", "EUR"])
    for symbol in ("AAPL", "MSFT", "SAP"):
        core.mark(symbol, 1)
    core.risk.set_rate("EUR", "1.25")
    return core


def send(core, side, qty, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, 1 if side == BUY else 2, **{**QUIET, **other})


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("rule", AMOUNTS)
def test_an_exposure_passes_up_to_its_limit_and_refuses_beyond(desk, rule, scope, side, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit(rule, 100, **SCOPES[scope])
    for qty in (99, 100):
        assert desk.check("AAPL", side, qty, 1, **QUIET)[rule.upper()].verdict == "PASS"
        order = send(desk, side, qty)
        assert order.reason is R.NONE
        desk.cancel(order)
    answer = desk.check("AAPL", side, 101, 1, **QUIET)[rule.upper()]
    assert (answer.value, answer.limit, answer.headroom, answer.verdict) == (101, 100, -1, "REFUSE")
    order = send(desk, side, 101)
    assert order.reason is R[rule.upper()]
    assert order.ord_rej_reason is tc.OrdRejReason.ORDER_EXCEEDS_LIMIT
    assert order.text.endswith(f"exposure with working orders 101 would exceed 100 ({scope})")
    assert send(desk, side, 101, account="beta").reason is (R.NONE if scope != "firm" else R[rule.upper()])
    desk.risk.set_limit(rule, tc.OFF, **SCOPES[scope])
    assert send(desk, side, 101).reason is R.NONE


def test_what_works_and_is_held_in_every_instrument_counts_gross_and_its_sides_apart_net(desk):
    desk.positions.open_position("MSFT", -30, 5, account="alpha")
    desk.risk.set_limit("max_gross_exposure", 100, account="alpha")
    desk.risk.set_limit("max_net_exposure", 60, account="alpha")
    assert send(desk, BUY, 60).reason is R.NONE  # gross 90; net is long 30, and short 30 if it does not fill
    assert send(desk, SELL, 60).reason is R.MAX_NET_EXPOSURE  # short 30 and 60
    assert send(desk, SELL, 30).reason is R.NONE  # the worse side of AAPL is still 60
    assert send(desk, BUY, 8, "SAP").reason is R.NONE  # 8 EUR are 10 USD: gross 100
    assert send(desk, BUY, 1, "SAP").reason is R.MAX_GROSS_EXPOSURE
    assert {line.rule.name: (line.used, line.headroom) for line in desk.risk.utilisation()} == {
        "MAX_GROSS_EXPOSURE": (100, 0), "MAX_NET_EXPOSURE": (60, 0)}


def test_a_mark_and_a_rate_move_the_exposure_at_once(desk):
    desk.positions.open_position("SAP", 80, 1, account="alpha")
    desk.risk.set_limit("max_gross_exposure", 101, account="alpha")
    assert send(desk, BUY, 1).reason is R.NONE
    desk.mark("SAP", "1.01")
    assert send(desk, BUY, 1).reason is R.MAX_GROSS_EXPOSURE
    desk.risk.set_rate("EUR", "1.2")
    assert send(desk, BUY, 1).reason is R.NONE


def test_an_exit_passes_what_its_exposure_would_refuse_and_nothing_more(desk, clock):
    """The page's table: exempt from exposure and from what only exposure needs; not from the size of one order."""
    desk.positions.open_position("AAPL", 50, 1, account="alpha")
    for rule in (*AMOUNTS, "stale_quote"):
        desk.risk.set_limit(rule, 0, account="alpha")
    clock.now += 10**9
    assert send(desk, SELL, 50).reason is R.NONE
    assert send(desk, SELL, 1).reason is R.STALE_QUOTE  # with what works it goes through zero
    desk.mark("AAPL", 1)
    assert send(desk, SELL, 1).reason is R.MAX_GROSS_EXPOSURE
    desk.mass_cancel(account="alpha")
    desk.risk.set_limit("max_order_qty", 49, account="alpha")
    assert send(desk, SELL, 50).reason is R.MAX_ORDER_QTY


@pytest.mark.parametrize("rule", [*AMOUNTS, "stale_quote"])
def test_what_has_no_mark_refuses(make_core, rule):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    core.positions.open_position("MSFT", 5, 1)
    core.risk.set_limit(rule, 10**6, account="alpha")
    order = send(core, BUY, 1)
    assert (order.reason, order.ord_rej_reason) == (R.MARK_UNAVAILABLE, tc.OrdRejReason.OTHER)
    assert core.check("AAPL", BUY, 1, 1, **QUIET)["MARK_UNAVAILABLE"].verdict == "REFUSE"
    core.mark("AAPL", 1)
    assert send(core, BUY, 1).reason is R.MARK_UNAVAILABLE  # MSFT is held
    assert core.submit("MSFT", SELL, 5, 1, **QUIET).reason is R.NONE  # an exit needs no mark
    core.mark("MSFT", 1)
    assert send(core, BUY, 1).reason is R.NONE


@pytest.mark.parametrize("rule", AMOUNTS)
def test_a_currency_without_a_rate_refuses(make_core, rule):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"],
                     currencies=["USD", "EUR"])
    core.mark("AAPL", 1)
    core.mark("SAP", 1)
    core.risk.set_limit(rule, 10**6)
    assert send(core, BUY, 1).reason is R.NONE
    order = send(core, BUY, 1, "SAP")
    assert order.reason is R.RATE_UNAVAILABLE
    assert order.text.endswith("(firm)")
    core.positions.open_position("SAP", 5, 1, account="beta")
    assert send(core, BUY, 1).reason is R.RATE_UNAVAILABLE  # the firm holds it
    core.risk.set_rate("EUR", "1.1")
    assert send(core, BUY, 1, "SAP").reason is R.NONE


def test_a_mark_is_stale_beyond_its_age_where_it_is_needed_and_its_session_is_open(desk, clock):
    desk.positions.open_position("MSFT", 5, 1, account="alpha")
    desk.risk.set_limit("stale_quote", 1000, account="alpha")
    clock.now += 1_000_000_000
    assert send(desk, BUY, 1).reason is R.NONE
    clock.now += 1
    order = send(desk, BUY, 1)
    assert order.text == "STALE_QUOTE: a mark, or what a venue displays, is 1000 ms old: it counts as stale after 1000 ms (account alpha)"
    desk.mark("AAPL", 1)
    assert send(desk, BUY, 1).reason is R.STALE_QUOTE  # of MSFT, which is held; SAP is as old and is not
    assert desk.check("AAPL", BUY, 1, 1, **QUIET)["STALE_QUOTE"].verdict == "REFUSE"
    assert send(desk, BUY, 1, account="beta").reason is R.NONE
    desk.execution.set_session("MSFT", "CLOSED")
    assert send(desk, BUY, 1).reason is R.NONE


def test_what_accounts_hold_against_each_other_needs_fresh_marks(desk, clock):
    """The firm's row of MSFT is empty then."""
    desk.risk.set_limit("stale_quote", 1000, account="alpha")
    desk.positions.open_position("MSFT", 5, 1, account="alpha")
    desk.positions.open_position("MSFT", -5, 1, account="beta")
    clock.now += 2 * 10**9
    desk.mark("AAPL", 1)
    assert desk.check("AAPL", BUY, 1, 1, **QUIET)["STALE_QUOTE"].value == 2000
    assert send(desk, BUY, 1).reason is R.STALE_QUOTE
    desk.mark("MSFT", 1)
    assert send(desk, BUY, 1).reason is R.NONE


@pytest.mark.parametrize(("seed", "count"), [(1, 6), (2, 6), (3, 50)])
def test_the_oldest_mark_that_counts_is_that_of_a_plain_loop(make_core, clock, seed, count):
    """Of what is asked for, and of what the account holds or works where the session is open; also where the limit is
    armed late or again, and a split forgets a mark."""
    pick, symbols, accounts = random.Random(seed), [f"S{i}" for i in range(count)], ("alpha", "beta")
    core = make_core(instruments=[tc.Instrument(symbol) for symbol in symbols], accounts=accounts,
                     capacity=small_capacity(instruments=count))
    marked, closed, working, stale = {}, set(), [], 0
    for symbol in symbols:
        core.quote("XNAS", symbol, bid=1, bid_size=1000, ask="1.01", ask_size=1000)
    for _ in range(400):
        symbol, account, chance = pick.choice(symbols), pick.choice(accounts), pick.random()
        clock.now += pick.choice((0, 1_000_000, 40_000_000))
        if chance < 0.3:
            core.mark(symbol, 1)
            marked[symbol] = clock.now
        elif chance < 0.6:
            qty = pick.choice((-1, 0, 0, 1)) - core.position(symbol, account=account).qty
            if qty:
                core.submit(symbol, BUY if qty > 0 else SELL, abs(qty), "1.01" if qty > 0 else 1, account=account, venue="XNAS")
        elif chance < 0.75:
            working.append(core.submit(symbol, BUY, 1, 1, account=account, venue="ARCX"))
        elif chance < 0.85 and working:
            core.cancel(working.pop(pick.randrange(len(working))))
        elif chance < 0.9:
            (closed.remove if symbol in closed else closed.add)(symbol)
            core.execution.set_session(symbol, "CLOSED" if symbol in closed else "OPEN")
        elif chance < 0.93 and symbol in closed:
            core.positions.split(symbol, 2, 1)
            marked.pop(symbol, None)
        else:
            core.risk.set_limit("stale_quote", pick.choice((tc.OFF, 100, 100)), observe=True)
        answer = core.check(symbol, BUY, 1, 1, account=account, venue="ARCX")
        (line,) = core.risk.limits("stale_quote") or [None]
        if line is None or line.value is tc.OFF:
            continue
        held = {other for other in symbols if other not in closed and (row := core.position(other, account=account))
                and (row.qty or row.working_buy_qty or row.working_sell_qty)}
        ages = [clock.now - marked[other] for other in held | {symbol} if other in marked]
        oldest = max((age for age in ages if age > 100_000_000), default=None)
        assert answer["STALE_QUOTE"].value == (None if oldest is None else oldest // 1_000_000)
        stale += oldest is not None
    assert stale > 50
    assert core.metrics()["trades"] > 20


def test_marks_of_what_nobody_holds_are_not_looked_at(clock):
    """What is kept can be read in the twin alone."""
    desk = build_core("python", clock=clock, instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    for symbol in ("AAPL", "MSFT"):
        desk.mark(symbol, 1)
    desk.risk.set_limit("stale_quote", 1000, account="alpha")
    kept = desk._gate.core._state.risk.values
    assert kept.aged == []  # though both have marks
    order = send(desk, BUY, 1, "MSFT")
    assert [instrument for _, instrument in kept.aged] == [2]
    assert kept.holders == {2: {1}}
    desk.cancel(order)
    assert kept.aged == []


def test_an_order_takes_no_more_calls_beside_more_marks_of_what_is_held(clock):
    """Its own is the oldest, and it is flat before and after. Native instructions: tests/core/test_growth.py."""
    calls = []
    for count in (10, 80):
        names = [f"S{n}" for n in range(count + 1)]
        desk = build_core("python", clock=clock, instruments=[tc.Instrument(name) for name in names],
                          capacity=small_capacity(instruments=100, books=200))
        for name in names:
            clock.now += 1
            desk.mark(name, 1)
        for name in names[1:]:
            desk.positions.open_position(name, 1, 1)
        desk.risk.set_limit("stale_quote", 10**9, account="alpha")
        profile = cProfile.Profile()
        profile.runcall(lambda its: its.cancel(send(its, BUY, 1, "S0")), desk)
        calls.append(sum(entry.callcount for entry in profile.getstats()))
    assert 10 < calls[1] <= 1.05 * calls[0]


def test_what_is_too_large_to_be_told_refuses(make_core):
    core = make_core(instruments=[tc.Instrument("BIG", multiplier=10**9, tick_size=1, lot_size=1, max_qty=10**14)])
    core.mark("BIG", 10**9)
    core.risk.set_limit("max_gross_exposure", 10**15)
    assert core.submit("BIG", BUY, 10**6, 1, **QUIET).reason is R.MAX_GROSS_EXPOSURE


@pytest.mark.parametrize(("currency", "rate", "error"), [
    ("USD", 1, tc.RefusedError), ("EUR", 0, ValueError), ("EUR", -1, ValueError), ("EUR", 1_000_001, ValueError),
    ("EUR", float("nan"), ValueError), ("EUR", "1.0000000000001", ValueError), ("EUR", None, TypeError),
    ("JPY", 1, LookupError),
])
def test_a_rate_that_can_not_be_is_refused(desk, currency, rate, error):
    before = desk.state_hash()
    with pytest.raises(error):
        desk.risk.set_rate(currency, rate)
    if error is not tc.RefusedError:
        assert desk.state_hash() == before


def test_only_the_firm_and_accounts_have_exposure_limits(desk):
    with pytest.raises(ValueError, match="only on FIRM, ACCOUNT"):
        desk.risk.set_limit("max_gross_exposure", 1, symbol="AAPL")


def test_exposure_limits_come_back_from_toml(desk, make_core):
    desk.risk.set_limit("max_gross_exposure", "100.5", soft="0.8", account="alpha", who="ann", why="new desk")
    desk.risk.set_limit("stale_quote", 1500)
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    assert [(line.value, line.soft) for line in fresh.risk.limits("max_gross_exposure")] == [(Decimal("100.5"), Decimal("0.8"))]


def test_soft_and_observed_exposures_tell_and_do_not_refuse(desk):
    desk.risk.set_limit("max_gross_exposure", 100, soft="0.5", account="alpha")
    desk.risk.set_limit("max_net_exposure", 10, observe=True)
    reports = desk.reports()
    assert send(desk, BUY, 51).reason is R.NONE
    told = [(report.report_type.name, report.reason.name) for report in reports.read()
            if report.report_type.name.startswith("RISK_")]
    assert told == [("RISK_OBSERVED", "MAX_NET_EXPOSURE"), ("RISK_WARNING", "MAX_GROSS_EXPOSURE")]


def recomputed(core, marks, rates, account):
    """Gross and net as a plain loop over what is held and works adds them up; None while something has no value."""
    gross = net_long = net_short = 0
    for symbol in ("AAPL", "MSFT", "SAP", "NESN"):
        row = core.positions.firm_exposure(symbol) if account is None else core.position(symbol, account=account)
        ends = row.qty + row.working_buy_qty, row.qty - row.working_sell_qty
        if ends == (0, 0):
            continue
        if symbol not in marks or symbol not in rates:
            return None, None
        worth = Fraction(marks[symbol]) * rates[symbol]
        longest, shortest = (away_from_zero(Fraction(end) * worth) for end in ends)
        gross += max(abs(longest), abs(shortest))
        net_long += longest
        net_short += shortest
    return gross, max(abs(net_long), abs(net_short))


def away_from_zero(value):
    units = abs(value) * 10**9
    whole = Fraction(-(-units.numerator // units.denominator), 10**9)
    return whole if value >= 0 else -whole


def split(core, symbol):
    """Two for one, behind a close, of what nothing works in."""
    core.mass_cancel(symbol=symbol)
    core.execution.set_session(symbol, "CLOSED")
    core.positions.split(symbol, 2, 1)
    core.execution.set_session(symbol, "OPEN")


@pytest.mark.parametrize("seed", [1, 2])
def test_kept_sums_equal_those_of_a_plain_loop_after_any_sequence(desk, seed):
    pick = random.Random(seed)
    accounts, marks = ("alpha", "beta"), {"AAPL": "1", "MSFT": "1", "SAP": "1"}
    rates = {"AAPL": 1, "MSFT": 1, "SAP": Fraction("1.25")}
    working, traded, unvalued = [], 0, 0
    desk.define_currency("CHF")
    desk.define_instrument(tc.Instrument("NESN", currency="CHF"))
    desk.positions.open_position("NESN", 7, 1, account="beta")
    for account in (*accounts, None):
        for rule in AMOUNTS:
            desk.risk.set_limit(rule, 10**9, **({"account": account} if account else {}))
    for step in range(240):
        if step == 20:
            rates["NESN"] = Fraction("1.1")
            desk.risk.set_rate("CHF", "1.1")
        elif step == 30:  # its rate was told before
            marks["NESN"] = "5"
            desk.mark("NESN", 5)
        symbol, chance = pick.choice(("AAPL", "MSFT", "SAP")), pick.random()
        if chance < 0.5:
            order = desk.submit(symbol, pick.choice((BUY, SELL)), pick.randrange(1, 50), pick.choice(("0.99", 1, "1.01")),
                                account=pick.choice(accounts))
            working.append(order)
            traded += order.cum_qty > 0
        elif chance < 0.65 and working:
            desk.cancel(working.pop(pick.randrange(len(working))))
        elif chance < 0.75 and working:
            desk.replace(pick.choice(working), qty=pick.randrange(1, 90))
        elif chance < 0.9:
            marks[symbol] = pick.choice(("0.37", "1", "2.003", "1.111111"))
            desk.mark(symbol, marks[symbol])
        elif chance < 0.95:
            rates["SAP"] = Fraction(pick.choice(("1.25", "0.333333333333", "7")))
            desk.risk.set_rate("EUR", f"{rates['SAP'].numerator / rates['SAP'].denominator:.12f}")
        elif chance > 0.98:
            split(desk, symbol)
            working = [order for order in working if order.symbol != symbol]
            marks.pop(symbol, None)
        else:
            desk.risk.set_limit("max_gross_exposure", tc.OFF if step % 2 else 10**9, account="beta")
        for account in (*accounts, None):
            gross, net = recomputed(desk, marks, rates, account)
            target = {"account": account} if account else {}
            for rule, expected in zip(AMOUNTS, (gross, net), strict=True):
                line = next(line for line in desk.risk.limits(rule, **target) if line.account == account)
                if line.value is not tc.OFF:
                    assert line.used == expected if expected is None else Fraction(line.used) == expected, (step, rule, account)
                    unvalued += expected is None
    assert traded > 20
    assert unvalued > 100

"""Loss of the day at marks: it is told, and leaves REDUCING, as soon as a mark, a rate, a fill or a fee takes it beyond
its limit, with no order in flight; exits pass; what has no value refuses; and what is kept equals a plain loop over all
trades."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import limits
from markdesk import BUY, QUIET, SELL, WIDE, open_desk, states, warnings

import tradecore as tc

R = tc.Reason
SCOPES = {"account alpha": {"account": "alpha"}, "firm": {}}
LOSSES = ("daily_loss", "drawdown")
TEXTS = {"daily_loss": "loss since the previous close 51 exceeds 50",
         "drawdown": "the day's P&L is 51 below its highest: that exceeds 50"}


@pytest.fixture
def desk(make_core):
    """100 AAPL held by alpha since 10, in USD, the base currency; SAP in EUR at 1.25; every mark 10."""
    core = open_desk(make_core, mark=10)
    core.positions.open_position("AAPL", 100, 10, account="alpha")
    return core


def send(core, side, qty, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, 1 if side == BUY else 20, **{**QUIET, **other})


def used(core, rule="daily_loss", **target):
    return core.risk.limits(rule, **target)[0].used


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("rule", LOSSES)
def test_a_mark_beyond_the_loss_is_told_and_leaves_reducing_at_once(desk, rule, scope, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit(rule, 50, **SCOPES[scope])
    working, reports = send(desk, BUY, 1), desk.reports()
    for mark in ("9.51", "9.50"):  # 49, and 50, which is the limit
        desk.mark("AAPL", mark)
        assert not states(desk)
        assert send(desk, BUY, 1).reason is R.NONE
    reports.read()
    desk.mark("AAPL", "9.49")  # 51
    told = reports.read()
    assert [(report.report_type.name, report.reason) for report in told] == [
        ("RISK_WARNING", R[rule.upper()]), ("COMMAND_ACCEPTED", R.NONE)]
    assert told[0].text == f"{rule.upper()}: {TEXTS[rule]} ({scope})"
    assert states(desk) == [(scope, "REDUCING")]
    assert [(line.set_by, line.reason) for line in desk.risk.switches()] == [("", rule.upper())]
    assert desk.risk.limits(rule)[0].breaches == 1
    assert send(desk, BUY, 1).reason is R.TRADING_STATE
    assert desk.check("AAPL", BUY, 1, 1, **QUIET)[rule.upper()].verdict == "REFUSE"
    assert send(desk, SELL, 100).reason is R.NONE  # an exit
    assert working.leaves_qty == 1
    assert send(desk, BUY, 1, account="beta").reason is (R.NONE if scope != "firm" else R.TRADING_STATE)


def test_it_is_told_once_and_again_after_it_was_within(desk):
    desk.risk.set_limit("daily_loss", 50, account="alpha")
    reports, warned = desk.reports(), 0
    for mark, due in (("9", 1), ("8", 1), ("9.5", 1), ("9.4", 2)):
        desk.mark("AAPL", mark)
        warned += len(warnings(reports))
        assert warned == due
    assert states(desk) == [("account alpha", "REDUCING")]  # it stays, whatever the loss: re-arming is explicit


@pytest.mark.parametrize("rule", LOSSES)
def test_who_lets_it_trade_again_is_still_bound_by_the_limit(desk, rule):
    desk.risk.set_limit(rule, 50, account="alpha")
    desk.mark("AAPL", 9)
    desk.risk.set_trading_state("ACTIVE", account="alpha", who="ann", why="looked at it")
    order = send(desk, BUY, 1)
    assert (order.reason, order.ord_rej_reason) == (R[rule.upper()], tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert send(desk, SELL, 100).reason is R.NONE
    assert send(desk, SELL, 1).reason is R[rule.upper()]  # with what works it goes through zero


def test_a_state_that_is_stricter_stays(desk):
    desk.risk.set_limit("daily_loss", 50)
    desk.risk.set_trading_state("HALTED")
    reports = desk.reports()
    desk.mark("AAPL", 9)
    assert warnings(reports) == [("RISK_WARNING", "DAILY_LOSS")]
    assert states(desk) == [("firm", "HALTED")]
    assert [line.reason for line in desk.risk.switches()] == [""]


def test_whoever_sets_the_state_that_a_loss_has_left_has_set_it(desk):
    """Until then it is the limit."""
    desk.risk.set_limit("daily_loss", 50, account="alpha")
    desk.mark("AAPL", 9)
    desk.risk.set_trading_state("REDUCING", account="alpha", who="ann", why="saw it")
    (line,) = desk.risk.switches()
    assert (line.set_by, line.reason) == ("ann", "saw it")


@pytest.mark.parametrize("scope", SCOPES)
def test_what_works_is_canceled_where_the_limit_says_so(desk, scope):
    desk.risk.set_limit("daily_loss", 50, cancel=True, **SCOPES[scope])
    (line,) = desk.risk.limits("daily_loss")
    assert line.cancels
    mine, exits, others = send(desk, BUY, 1), send(desk, SELL, 5), send(desk, BUY, 1, account="beta")
    desk.mark("AAPL", "9.5")
    assert [order.leaves_qty for order in (mine, exits, others)] == [1, 5, 1]
    desk.mark("AAPL", "9.4")
    assert [order.leaves_qty for order in (mine, exits, others)] == [0, 0, 1 if scope != "firm" else 0]
    assert states(desk) == [(scope, "REDUCING")]
    assert send(desk, SELL, 100).reason is R.NONE
    assert send(desk, BUY, 1).reason is R.TRADING_STATE
    desk.risk.set_trading_state("ACTIVE", **SCOPES[scope], who="ann", why="looked at it")
    assert send(desk, BUY, 1).reason is R.DAILY_LOSS


def test_an_order_that_loses_is_answered_by_its_own_report(make_core):
    """Canceling what works is told behind it."""
    core = make_core(instruments=[tc.Instrument("AAPL")])
    core.mark("AAPL", 10)
    core.risk.set_limit("daily_loss", 5, cancel=True)
    resting = send(core, BUY, 1)
    core.quote("XNAS", "AAPL", ask=11, ask_size=10)
    order = core.submit("AAPL", BUY, 10, 11, venue="XNAS", account="alpha")
    assert (order.cum_qty, order.reason) == (10, R.NONE)
    assert resting.leaves_qty == 0
    assert states(core) == [("firm", "REDUCING")]


def test_only_a_loss_can_cancel_and_only_where_it_is_enforced(desk):
    before = desk.state_hash()
    with pytest.raises(ValueError, match="cancel: MAX_ORDER_QTY acts on orders alone: only of DAILY_LOSS, DRAWDOWN"):
        desk.risk.set_limit("max_order_qty", 5, account="alpha", cancel=True)
    with pytest.raises(ValueError, match="only observed"):
        desk.risk.set_limit("daily_loss", 5, observe=True, cancel=True)
    with pytest.raises(ValueError, match="only on FIRM, ACCOUNT"):
        desk.risk.set_limit("drawdown", 5, symbol="AAPL")
    assert desk.state_hash() == before


def test_a_limit_that_is_set_beneath_the_loss_acts_at_once(desk):
    desk.mark("AAPL", 9)
    desk.risk.set_limit("max_gross_exposure", 10**6)
    desk.risk.set_limit("daily_loss", 99, account="alpha")
    assert states(desk) == [("account alpha", "REDUCING")]
    desk.risk.set_limit("daily_loss", 100)
    assert len(states(desk)) == 1


@pytest.mark.parametrize("rule", LOSSES)
@pytest.mark.parametrize("before", [{"observe": True}, {}, {"off": True}], ids=["observed", "released", "off"])
def test_a_limit_that_is_set_again_beneath_the_loss_acts_whatever_was_told_before(desk, rule, before):
    """It was observed, only REDUCING, or off in between, and someone has let the account trade again. What was told of
    the other limit stays told."""
    (other,) = set(LOSSES) - {rule}
    desk.risk.set_limit(rule, 50, account="alpha", observe="observe" in before)
    if "off" not in before:
        desk.risk.set_limit(other, 50, account="alpha", observe=True)
    working, reports = send(desk, BUY, 1), desk.reports()
    desk.mark("AAPL", 9)
    assert bool(states(desk)) is ("observe" not in before)
    assert working.leaves_qty == 1
    if "off" in before:
        desk.risk.set_limit(rule, tc.OFF, account="alpha")
    desk.risk.set_trading_state("ACTIVE", account="alpha", who="ann", why="looked at it")
    reports.read()
    desk.risk.set_limit(rule, 50, account="alpha", cancel=True)
    assert warnings(reports) == [("RISK_WARNING", rule.upper())]
    assert (states(desk), working.leaves_qty) == ([("account alpha", "REDUCING")], 0)


def test_a_rate_a_fill_and_its_fee_count(make_core):
    core = make_core(instruments=[tc.Instrument("SAP", currency="EUR")], currencies=["USD", "EUR"],
                     venues=[tc.SimulatedVenue("XNAS", taker_fee_bps=10), tc.SimulatedVenue("ARCX")])
    core.mark("SAP", 10)
    core.risk.set_rate("EUR", 1)
    core.risk.set_limit("daily_loss", "22.01")
    core.quote("XNAS", "SAP", ask=11, ask_size=10)
    core.submit("SAP", BUY, 10, 11, venue="XNAS", account="alpha")
    assert used(core) == Decimal("10.11")  # 10 at 11, worth 10 each, and 10 bps of 110
    core.risk.set_rate("EUR", 2)
    assert used(core) == Decimal("20.22")
    assert not states(core)
    core.mark("SAP", "9.91")
    assert used(core) == Decimal("22.02")
    assert states(core) == [("firm", "REDUCING")]


@pytest.mark.parametrize("by", ["fill", "rate"])
def test_a_fill_and_a_rate_act_at_once_too(make_core, by):
    core = make_core(instruments=[tc.Instrument("SAP", currency="EUR")], currencies=["USD", "EUR"])
    core.mark("SAP", 10)
    core.risk.set_rate("EUR", 1)
    core.risk.set_limit("daily_loss", 10 if by == "rate" else 9)
    core.quote("XNAS", "SAP", ask=11, ask_size=10)
    core.submit("SAP", BUY, 10, 11, venue="XNAS", account="alpha")
    assert states(core) == ([] if by == "rate" else [("firm", "REDUCING")])
    core.risk.set_rate("EUR", "1.000000001")
    assert states(core) == [("firm", "REDUCING")]


def test_a_loss_counts_from_the_previous_close(desk):
    desk.risk.set_limit("daily_loss", 50, account="alpha")
    desk.mark("AAPL", "9.6")
    assert used(desk) == 40
    desk.roll_day()
    assert used(desk) == 0
    desk.mark("AAPL", "9.2")
    assert used(desk) == 40
    assert not states(desk)


def test_a_day_that_was_not_watched_counts_once_its_loss_is_limited(desk):
    """Nothing is kept before; the close is."""
    desk.mark("AAPL", 8)
    desk.roll_day()
    desk.mark("AAPL", "7.7")
    desk.risk.set_limit("daily_loss", 50, account="alpha")
    assert used(desk) == 30
    desk.risk.set_limit("daily_loss", tc.OFF, account="alpha")
    desk.mark("AAPL", "7.5")
    assert not states(desk)
    desk.risk.set_limit("daily_loss", 49, account="alpha")
    assert used(desk) == 50
    assert states(desk) == [("account alpha", "REDUCING")]


def test_a_drawdown_counts_from_the_days_highest_and_a_loss_from_its_close(desk):
    for rule in LOSSES:
        desk.risk.set_limit(rule, 50, account="alpha")
    desk.mark("AAPL", 11)  # a profit of 100
    assert (used(desk), used(desk, "drawdown")) == (0, 0)
    desk.mark("AAPL", "10.5")
    assert (used(desk), used(desk, "drawdown")) == (0, 50)
    assert not states(desk)
    desk.roll_day()
    assert used(desk, "drawdown") == 0  # the highest is of a day
    desk.mark("AAPL", "10.6")
    desk.mark("AAPL", "10.09")
    assert (used(desk), used(desk, "drawdown")) == (41, 51)
    assert states(desk) == [("account alpha", "REDUCING")]


@pytest.mark.parametrize("rule", LOSSES)
def test_what_is_held_without_a_mark_refuses_and_is_no_loss(desk, rule):
    desk.risk.set_limit(rule, 50, account="alpha")
    desk.execution.set_session("AAPL", "CLOSED")
    desk.positions.split("AAPL", 2, 1)
    desk.execution.set_session("AAPL", "OPEN")
    assert used(desk, rule) is None
    order = send(desk, BUY, 1, "SAP")
    assert (order.reason, order.ord_rej_reason) == (R.MARK_UNAVAILABLE, tc.OrdRejReason.OTHER)
    assert not states(desk)
    assert send(desk, SELL, 200).reason is R.NONE  # an exit needs no mark
    assert send(desk, BUY, 1, account="beta").reason is R.NONE
    desk.mark("AAPL", 5)
    assert send(desk, BUY, 1, "SAP").reason is R.NONE  # 200 at 5: as it was
    assert used(desk, rule) == 0


@pytest.mark.parametrize("rule", LOSSES)
def test_what_is_asked_for_must_have_a_mark(make_core, rule):
    core = make_core(instruments=[tc.Instrument("AAPL")])
    core.risk.set_limit(rule, 50)
    assert send(core, BUY, 1).reason is R.MARK_UNAVAILABLE
    core.mark("AAPL", 1)
    assert send(core, BUY, 1).reason is R.NONE


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("rule", LOSSES)
def test_what_was_won_or_lost_in_a_currency_without_a_rate_refuses(make_core, rule, scope):
    """Of a position that is closed by now, which needs no mark, and of which no exposure is left."""
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], currencies=["USD", "EUR"])
    core.mark("AAPL", 1)
    core.quote("XNAS", "SAP", bid=10, bid_size=5, ask=11, ask_size=5)
    for side, price in ((BUY, 11), (SELL, 10)):
        assert core.submit("SAP", side, 5, price, venue="XNAS", account="alpha").cum_qty == 5
    core.risk.set_limit("max_gross_exposure", 10**6, account="alpha")
    assert send(core, BUY, 1).reason is R.NONE
    core.risk.set_limit(rule, 6, **SCOPES[scope])
    order = send(core, BUY, 1)
    assert (order.reason, order.ord_rej_reason) == (R.RATE_UNAVAILABLE, tc.OrdRejReason.OTHER)
    assert used(core, rule) is None
    core.risk.set_rate("EUR", "1.2")
    assert send(core, BUY, 1).reason is R.NONE
    assert used(core, rule) == 6


@pytest.mark.parametrize("rule", LOSSES)
def test_a_stale_mark_refuses_where_its_age_is_declared(desk, clock, rule):
    desk.risk.set_limit(rule, 50, account="alpha")
    desk.risk.set_limit("stale_quote", 1000)
    clock.now += 1_000_000_001
    assert send(desk, BUY, 1).reason is R.STALE_QUOTE
    assert send(desk, SELL, 100).reason is R.NONE


@pytest.mark.parametrize("rule", LOSSES)
def test_a_loss_that_is_too_large_to_be_told_refuses(make_core, rule):
    core = make_core(instruments=[tc.Instrument("BIG", multiplier=10**9, tick_size=1, lot_size=1, max_qty=10**14)])
    core.positions.open_position("BIG", 10**5, 10**9, account="alpha")
    core.mark("BIG", 1)
    core.risk.set_limit(rule, 10**15, account="alpha")
    assert used(core, rule) is None
    assert core.submit("BIG", BUY, 1, 1, **QUIET).reason is R[rule.upper()]
    assert core.submit("BIG", SELL, 1, 1, **QUIET).reason is R.NONE


def test_observed_and_soft_losses_are_told_and_change_no_state(desk):
    desk.risk.set_limit("daily_loss", 50, observe=True)
    desk.risk.set_limit("daily_loss", 100, soft="0.5", account="alpha")
    reports = desk.reports()
    desk.mark("AAPL", "9.4")
    assert warnings(reports) == [("RISK_OBSERVED", "DAILY_LOSS"), ("RISK_WARNING", "DAILY_LOSS")]  # the firm's first
    assert not states(desk)
    order = send(desk, BUY, 1)
    assert order.reason is R.NONE
    assert sorted(warnings(reports)) == [("RISK_OBSERVED", "DAILY_LOSS"), ("RISK_WARNING", "DAILY_LOSS")]
    desk.mark("AAPL", "8.9")
    assert warnings(reports) == [("RISK_WARNING", "DAILY_LOSS")]
    assert states(desk) == [("account alpha", "REDUCING")]


def test_a_bust_gives_back_what_was_lost_and_a_correction_changes_it(make_core):
    """With its fee."""
    core = make_core(instruments=[tc.Instrument("AAPL")], venues=[tc.ExternalVenue("EXT"), tc.SimulatedVenue("ARCX")])
    core.mark("AAPL", 10)
    core.risk.set_limit("daily_loss", 50)
    order = core.submit("AAPL", BUY, 20, 14, account="alpha", venue="EXT")
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="1", last_qty=10, last_px=14, commission=2)
    assert used(core) == 42
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "1", "2", last_qty=5, last_px=13)
    assert used(core) == 17
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "1", "3")
    assert used(core) == 0
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="4", last_qty=15, last_px=14)
    assert used(core) == 60
    assert states(core) == [("firm", "REDUCING")]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_bust_counts_at_the_position_that_it_leaves(make_core, side):
    """A trade at 14 of what is worth 10, which never was: nothing was won or lost, and no drawdown follows."""
    core = make_core(instruments=[tc.Instrument("AAPL")], venues=[tc.ExternalVenue("EXT")])
    core.mark("AAPL", 10)
    for rule in LOSSES:
        core.risk.set_limit(rule, 50)
    order = core.submit("AAPL", side, 10, 14, account="alpha", venue="EXT")
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="1", last_qty=10, last_px=14)
    assert (used(core), used(core, "drawdown")) == ((40, 40) if side == BUY else (0, 0))
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "1", "2")
    assert (used(core), used(core, "drawdown")) == (0, 0 if side == BUY else 40)  # what was won, and is not
    core.mark("AAPL", 10)
    assert (used(core), used(core, "drawdown")) == (0, 0 if side == BUY else 40)
    assert not states(core)


def test_a_suspense_trade_is_the_firms(make_core):
    """It matches no order: only the firm's row has it."""
    core = make_core(instruments=[tc.Instrument("AAPL")], venues=[tc.ExternalVenue("EXT")])
    core.mark("AAPL", 10)
    for target in SCOPES.values():
        core.risk.set_limit("daily_loss", 50, **target)
    core.execution.on_execution_report("EXT", "TRADE", symbol="AAPL", side=BUY, exec_id="1", last_qty=10, last_px=16)
    assert [(line.account, line.used) for line in core.risk.limits("daily_loss")] == [(None, 60), ("alpha", 0)]
    assert states(core) == [("firm", "REDUCING")]


def test_an_entry_that_a_mark_lets_go_is_asked_about_behind_its_loss(make_core):
    """A trade that loses lets a stop go, too: the loss is looked at first."""
    core = make_core(instruments=[tc.Instrument("AAPL")])
    core.mark("AAPL", 10)
    core.risk.set_limit("daily_loss", 50)
    core.quote("XNAS", "AAPL", bid=10, bid_size=100, ask=16, ask_size=100)
    stop = core.submit("AAPL", BUY, 10, stop_px=16, ord_type="STOP", account="alpha", trigger_price_type="LAST_TRADE")
    lost = core.submit("AAPL", BUY, 10, 16, account="alpha", venue="XNAS")
    assert lost.cum_qty == 10
    assert states(core) == [("firm", "REDUCING")]
    assert (stop.cum_qty, stop.reason) == (0, R.TRADING_STATE)


def test_loss_limits_come_back_from_toml(desk, make_core):
    desk.risk.set_limit("daily_loss", "100.5", soft="0.8", cancel=True, account="alpha", who="ann", why="new desk")
    desk.risk.set_limit("drawdown", 1500)
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    assert [(line.value, line.cancels) for line in fresh.risk.limits("daily_loss")] == [(Decimal("100.5"), True)]


def test_a_room_alone_knows_no_prices_and_takes_no_loss_limit(room):
    alone = room("risk").RiskTable(accounts=1, instruments=1, order_rate=4)
    for rule in (tc.Rule.DAILY_LOSS, tc.Rule.DRAWDOWN):
        with pytest.raises(ValueError, match="can't be 5"):
            alone.set_limit(1, rule, 5)


class Trades:
    """P&L by the words: cash got less cash paid, what is left at its mark, less fees, since the close."""

    def __init__(self, core, marks):
        self.core, self.marks, self.closed = core, marks, {}

    def pnl(self, symbol, account):
        """Unrounded, in the instrument's currency; and fees."""
        got = fees = held = Fraction(0)
        for trade in self.core.positions.trades(symbol=symbol):
            if account in (None, trade.account):
                signed = Fraction(trade.last_qty) if trade.side.name == BUY else -Fraction(trade.last_qty)
                got, held = got - signed * Fraction(trade.last_px), held + signed
                fees += Fraction(trade.commission)
        return got + held * self.marks[symbol], fees

    def close(self):
        self.closed = {(its, account): self.pnl(its, account) for its in self.marks for account in ("alpha", "beta", None)}

    def day_pnl(self, account, rate):
        total = Fraction(0)
        for its in self.marks:
            value, charged = self.pnl(its, account)
            was, charged_were = self.closed.get((its, account), (0, 0))
            for part in (value - was, charged_were - charged):
                total += Fraction((part * (rate if its == "SAP" else 1) * 10**9).__floor__(), 10**9)
        return total


@pytest.mark.parametrize("seed", [3, 4])
def test_a_kept_loss_equals_that_of_a_plain_loop_over_all_trades(make_core, seed):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], accounts=["alpha", "beta"],
                     currencies=["USD", "EUR"], venues=[tc.SimulatedVenue("XNAS", taker_fee_bps=3)])
    pick, marks, rate = random.Random(seed), {"AAPL": Fraction(10), "SAP": Fraction(10)}, Fraction(5, 4)
    core.risk.set_rate("EUR", "1.25")
    plain, peaks = Trades(core, marks), {}
    for symbol in marks:
        core.mark(symbol, 10)
    for target in ({"account": "alpha"}, {"account": "beta"}, {}):
        for rule in LOSSES:
            core.risk.set_limit(rule, 10**9, **target)
    for step in range(120):
        symbol, chance = pick.choice(list(marks)), pick.random()
        if chance < 0.7:
            core.submit(symbol, pick.choice((BUY, SELL)), pick.randrange(1, 50), pick.choice(("9.99", 10, "10.01")),
                        account=pick.choice(("alpha", "beta")))
        elif chance < 0.9:
            marks[symbol] = Fraction(pick.choice(("9.37", "10", "11.003", "10.111111")))
            core.mark(symbol, f"{float(marks[symbol]):.6f}")
        elif chance < 0.95:
            rate = Fraction(pick.choice(("1.25", "0.3", "7")))
            core.risk.set_rate("EUR", f"{float(rate):.2f}")
        elif chance > 0.97:
            core.roll_day()
            plain.close()
            peaks = {}
        else:
            for rule in LOSSES:  # off, and armed again: nothing is lost of what was
                core.risk.set_limit(rule, tc.OFF, account="beta")
                core.risk.set_limit(rule, 10**9, account="beta")
        for account in ("alpha", "beta", None):
            pnl = plain.day_pnl(account, rate)
            peaks[account] = max(peaks.get(account, 0), pnl)
            lines = {line.rule.name: Fraction(line.used) for line in core.risk.limits() if line.account == account
                     and line.rule.name.lower() in LOSSES}
            assert lines == {"DAILY_LOSS": max(0, -pnl), "DRAWDOWN": peaks[account] - pnl}, (step, account)
    assert len(core.positions.trades()) > 20

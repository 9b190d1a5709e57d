"""Loss of a strategy's own trades at marks: it is told, and leaves that strategy REDUCING, as soon as a mark, a rate, a fill or
a fee takes it beyond its limit; others go on; what has no value refuses; and what is kept equals a plain loop over its trades."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import limits, small_capacity
from markdesk import BUY, QUIET, SELL, WIDE, states, warnings

import tradecore as tc

R = tc.Reason
WHO = {"who": "ann", "why": "looked at it"}


def open_core(make_core, **given):
    """AAPL in USD, the base currency, and SAP in EUR at 1.25, every mark 10; EXT fills as it is told."""
    core = make_core(**{"instruments": [tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], "accounts": ["alpha", "beta"],
                        "currencies": ["USD", "EUR"], "venues": [tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX"), tc.ExternalVenue("EXT")],
                        **given})
    for symbol in ("AAPL", "SAP"):
        core.mark(symbol, 10)
    core.risk.set_rate("EUR", "1.25")
    return core


def trade(core, side, qty, px, strategy=7, symbol="AAPL", account="alpha", **said):
    """A trade of a new order at EXT; its exec_id."""
    order = core.submit(symbol, side, qty, px, account=account, venue="EXT", strategy=strategy)
    assert order.reason is R.NONE
    name = f"e{order.order_id}"
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=name, last_qty=qty, last_px=px, **said)
    return name


@pytest.fixture
def desk(make_core):
    """Strategy 7 has bought 100 AAPL at 10 in alpha, 8 the same, and 50 were there before, which are no strategy's."""
    core = open_core(make_core)
    core.positions.open_position("AAPL", 50, 10, account="alpha")
    for strategy in (7, 8):
        trade(core, BUY, 100, 10, strategy)
    return core


def send(core, side, qty, symbol="AAPL", **other):
    return core.submit(symbol, side, qty, 1 if side == BUY else 20, **{**QUIET, "strategy": 7, **other})


def reason_of(core, order):
    return core.orders.order_history(order)[-1].text


def used(core, strategy=7):
    return core.risk.limits("strategy_loss", strategy=strategy)[0].used


@pytest.mark.parametrize("others", [{}, WIDE], ids=["others off", "others armed"])
def test_a_mark_beyond_the_loss_is_told_and_leaves_its_strategy_reducing_at_once(desk, others):
    desk.risk.set_limits(limits(**others), account="alpha")
    desk.risk.set_limit("strategy_loss", 50, strategy=7)
    working, reports = send(desk, BUY, 1), desk.reports()
    for mark in ("9.51", "9.50"):  # 49, and 50, which is the limit
        desk.mark("AAPL", mark)
        assert not states(desk)
        assert send(desk, BUY, 1).reason is R.NONE
    reports.read()
    desk.mark("AAPL", "9.49")  # 51
    told = reports.read()
    assert [(report.report_type.name, report.reason) for report in told] == [
        ("RISK_WARNING", R.STRATEGY_LOSS), ("COMMAND_ACCEPTED", R.NONE)]
    assert told[0].text == "STRATEGY_LOSS: loss of the strategy since the previous close 51 exceeds 50 (strategy 7)"
    assert states(desk) == [("strategy 7", "REDUCING")]
    assert [(line.set_by, line.reason) for line in desk.risk.switches()] == [("", "STRATEGY_LOSS")]
    assert desk.risk.limits("strategy_loss")[0].breaches == 1
    assert send(desk, BUY, 1).reason is R.TRADING_STATE
    assert desk.check("AAPL", BUY, 1, 1, **QUIET, strategy=7)["STRATEGY_LOSS"].verdict == "REFUSE"
    assert send(desk, SELL, 100).reason is R.NONE  # an exit
    assert working.leaves_qty == 1
    for strategy in (0, 8, 9):
        assert send(desk, BUY, 1, strategy=strategy).reason is R.NONE


def test_who_lets_it_trade_again_is_still_bound_by_the_limit(desk):
    desk.risk.set_limit("strategy_loss", 50, strategy=7)
    desk.mark("AAPL", 9)
    desk.risk.set_trading_state("ACTIVE", strategy=7, **WHO)
    order = send(desk, BUY, 1)
    assert (order.reason, order.ord_rej_reason) == (R.STRATEGY_LOSS, tc.OrdRejReason.ORDER_EXCEEDS_LIMIT)
    assert reason_of(desk, order) == "STRATEGY_LOSS: loss of the strategy since the previous close 100 exceeds 50 (strategy 7)"
    assert send(desk, BUY, 1, account="beta").reason is R.STRATEGY_LOSS  # its loss is its own, whatever account it is for
    assert send(desk, SELL, 250).reason is R.NONE
    assert send(desk, SELL, 1).reason is R.STRATEGY_LOSS  # with what works it goes through zero
    asked = tc.new_orders(3)
    asked["instrument"], asked["account"], asked["venue"], asked["strategy"] = desk.ids("AAPL"), 1, desk.ids(venue="ARCX"), (7, 8, 0)
    asked["side"], asked["order_qty"], asked["ord_type"], asked["price"] = 1, 1, 2, 10**8
    assert list(desk.check_batch(asked)["reason"]) == [R.STRATEGY_LOSS, 0, 0]
    assert list(desk.check_batch(asked)["refused"]) == [1 << tc.RISK_CHECKS.index(R.STRATEGY_LOSS), 0, 0]


def test_it_is_told_once_and_again_after_it_was_within_or_the_limit_was_set_again(desk):
    desk.risk.set_limit("strategy_loss", 50, strategy=7)
    reports, warned = desk.reports(), 0
    for mark, due in (("9", 1), ("8", 1), ("9.5", 1), ("9.4", 2)):
        desk.mark("AAPL", mark)
        warned += len(warnings(reports))
        assert warned == due
    desk.risk.set_trading_state("ACTIVE", strategy=7, **WHO)
    desk.risk.set_limit("strategy_loss", 40, strategy=7)
    assert warnings(reports) == [("RISK_WARNING", "STRATEGY_LOSS")]
    assert states(desk) == [("strategy 7", "REDUCING")]


def test_what_works_is_canceled_where_the_limit_says_so(desk):
    desk.risk.set_limit("strategy_loss", 50, cancel=True, strategy=7)
    (line,) = desk.risk.limits("strategy_loss")
    assert line.cancels
    mine, exits, others, beta = send(desk, BUY, 1), send(desk, SELL, 5), send(desk, BUY, 1, strategy=8), send(desk, BUY, 1, account="beta")
    desk.mark("AAPL", "9.4")
    assert [order.leaves_qty for order in (mine, exits, others, beta)] == [0, 0, 1, 0]
    assert states(desk) == [("strategy 7", "REDUCING")]


def test_observed_and_soft_losses_are_told_and_change_no_state(desk):
    desk.risk.set_limit("strategy_loss", 50, observe=True, strategy=7)
    desk.risk.set_limit("strategy_loss", 100, soft="0.5", strategy=8)
    reports = desk.reports()
    desk.mark("AAPL", "9.4")
    assert warnings(reports) == [("RISK_OBSERVED", "STRATEGY_LOSS"), ("RISK_WARNING", "STRATEGY_LOSS")]
    assert not states(desk)
    for strategy, told in ((7, "RISK_OBSERVED"), (8, "RISK_WARNING")):
        assert send(desk, BUY, 1, strategy=strategy).reason is R.NONE
        assert warnings(reports) == [(told, "STRATEGY_LOSS")]
    desk.mark("AAPL", "8.9")
    assert warnings(reports) == [("RISK_WARNING", "STRATEGY_LOSS")]
    assert states(desk) == [("strategy 8", "REDUCING")]


def test_what_was_traded_before_its_loss_was_limited_counts_and_a_day_that_was_not_watched_ends(desk):
    desk.mark("AAPL", 8)
    desk.risk.set_limit("strategy_loss", 10**6, strategy=7)
    assert used(desk) == 200
    desk.risk.set_limit("strategy_loss", tc.OFF, strategy=7)
    desk.roll_day()
    desk.mark("AAPL", "7.7")
    desk.risk.set_limit("strategy_loss", 29, strategy=7)
    assert used(desk) == 30
    assert states(desk) == [("strategy 7", "REDUCING")]
    desk.roll_day()
    assert used(desk) == 0
    trade(desk, SELL, 100, "7.6")
    assert used(desk) == 10  # realised: no mark changes it
    desk.mark("AAPL", 1)
    assert used(desk) == 10


def test_the_close_of_a_day_lets_a_loss_be_told_again(desk):
    """Also where the limit was off when it ended."""
    for off in (False, True):
        desk.risk.set_limit("strategy_loss", 50, strategy=7, observe=True)
        desk.mark("AAPL", "9.4" if not off else "8.8")
        if off:
            desk.risk.set_limit("strategy_loss", tc.OFF, strategy=7)
        desk.roll_day()
        reports = desk.reports()
        desk.risk.set_limit("strategy_loss", 50, strategy=7, observe=True)
        assert not warnings(reports)
        assert used(desk) == 0


def test_only_what_a_strategys_orders_trade_is_its_own(desk):
    desk.risk.set_limit("strategy_loss", 10**6, strategy=7)
    desk.mark("AAPL", 9)
    assert used(desk) == 100
    trade(desk, SELL, 50, 9, strategy=0)  # what was there before
    trade(desk, BUY, 10, 9, strategy=9)
    desk.execution.on_execution_report("EXT", "TRADE", symbol="AAPL", side=BUY, exec_id="nobodys", last_qty=10, last_px=16)
    assert used(desk) == 100
    trade(desk, SELL, 40, 9, account="beta")  # in another account: its own all the same
    desk.mark("AAPL", 8)
    assert used(desk) == 160


def test_fees_rates_and_units_count(make_core):
    core = open_core(make_core, instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR", multiplier=50)])
    core.risk.set_limit("strategy_loss", 10**6, strategy=7)
    trade(core, BUY, 2, "10.5", symbol="SAP", commission="3", commission_currency="EUR")
    assert used(core) == (50 + 3) * Decimal("1.25")
    core.risk.set_rate("EUR", 2)
    assert used(core) == 106
    core.mark("SAP", "10.25")
    assert used(core) == 56
    trade(core, BUY, 1, 10, commission="4", commission_currency="EUR")
    assert used(core) == 64
    core.roll_day()
    core.risk.set_rate("EUR", 3)
    assert used(core) == 0
    core.risk.set_limit("strategy_loss", 1, strategy=7)
    core.mark("SAP", "10.24")
    assert (used(core), states(core)) == (3, [("strategy 7", "REDUCING")])


@pytest.mark.parametrize("by", ["fill", "rate", "fee"])
def test_a_fill_a_rate_and_a_fee_act_at_once_too(make_core, by):
    core = open_core(make_core)
    core.risk.set_rate("EUR", 1)
    core.risk.set_limit("strategy_loss", {"fill": 9, "rate": 10, "fee": "10.5"}[by], strategy=7)
    trade(core, BUY, 10, 11, symbol="SAP", **({"commission": 1, "commission_currency": "EUR"} if by == "fee" else {}))
    assert states(core) == ([] if by == "rate" else [("strategy 7", "REDUCING")])
    core.risk.set_rate("EUR", "1.000000001")
    assert states(core) == [("strategy 7", "REDUCING")]


def test_without_a_mark_or_a_rate_what_adds_risk_is_refused(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("SAP", currency="EUR")], currencies=["USD", "EUR"],
                     venues=[tc.ExternalVenue("EXT"), tc.SimulatedVenue("ARCX")])
    trade(core, BUY, 10, 10, symbol="SAP")
    core.mark("AAPL", 10)
    core.risk.set_limit("strategy_loss", 50, strategy=7)
    core.risk.set_limit("strategy_loss", 50, strategy=8)
    assert used(core) is None
    order = send(core, BUY, 1)
    assert (order.reason, order.row.value) == (R.MARK_UNAVAILABLE, 1)
    assert "(strategy 7)" in reason_of(core, order)
    assert send(core, BUY, 1, strategy=8).reason is R.NONE  # what it has is known: nothing
    assert send(core, SELL, 10, symbol="SAP").reason is R.NONE  # an exit
    core.mark("SAP", 10)
    assert (send(core, BUY, 1).reason, used(core)) == (R.RATE_UNAVAILABLE, None)
    assert send(core, BUY, 1, symbol="SAP", strategy=8).reason is R.RATE_UNAVAILABLE
    core.risk.set_rate("EUR", 1)
    assert (send(core, BUY, 1).reason, used(core)) == (R.NONE, 0)


def test_a_bust_gives_back_what_was_lost_and_a_correction_changes_it_however_long_its_order_is_gone(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL")], venues=[tc.ExternalVenue("EXT")],
                     capacity=small_capacity(order_history=2))
    core.mark("AAPL", 10)
    core.risk.set_limit("strategy_loss", 50, strategy=7)
    first = trade(core, BUY, 10, 14, commission=2)
    assert used(core) == 42
    for _ in range(4):
        trade(core, BUY, 1, 10, strategy=9)
    with pytest.raises(LookupError):
        core.orders.order(order_id=int(first[1:]))
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", first, "c1", last_qty=5, last_px=13)
    assert used(core) == 17
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", first, "c2")
    assert used(core) == 0
    core.mark("AAPL", 1)
    assert used(core) == 0


def test_a_split_keeps_what_it_was_worth_rounded_down(make_core):
    core = open_core(make_core)
    core.risk.set_limit("strategy_loss", 10**6, strategy=7)
    core.risk.set_limit("strategy_loss", 10**6, strategy=8)
    trade(core, BUY, 101, 10)
    trade(core, SELL, 1, 10, strategy=8)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 1, 2)
    assert (used(core, 7), used(core, 8)) == (None, None)
    core.mark("AAPL", 20)
    assert (used(core, 7), used(core, 8)) == (10, 10)  # 50 of 50.5 at 20; 1 sold for half
    core.execution.set_session("AAPL", "OPEN")
    trade(core, SELL, 50, 20)
    core.mark("AAPL", 1)
    assert used(core, 7) == 10


def test_a_split_that_leaves_nothing_needs_no_mark(make_core):
    core = open_core(make_core)
    trade(core, BUY, 1, 10)
    trade(core, BUY, 1, 10, strategy=8)
    core.risk.set_limit("strategy_loss", 10**6, strategy=7)
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 1, 2)
    assert used(core) == 10


def test_limits_come_back_from_toml_and_only_strategies_have_them(desk, make_core):
    desk.risk.set_limit("strategy_loss", "100.5", soft="0.8", cancel=True, strategy=7, who="ann", why="new desk")
    text = desk.risk.export_toml()
    fresh = make_core(instruments=[], accounts=["alpha", "beta"], limits=None)
    fresh.risk.load_toml(text)
    assert fresh.risk.export_toml() == text
    (line,) = fresh.risk.limits("strategy_loss")
    assert (line.value, line.cancels, line.strategy) == (Decimal("100.5"), True, 7)
    with pytest.raises(ValueError, match="STRATEGY_LOSS takes no limit on ACCOUNT: only on STRATEGY"):
        desk.risk.set_limit("strategy_loss", 5, account="alpha")


def test_a_strategy_beyond_those_that_may_have_limits_has_no_loss(make_core):
    core = open_core(make_core, capacity=small_capacity(strategies=8))
    for strategy in (8, 9, 2**31 - 1):
        trade(core, BUY, 10, 11, strategy)
    core.risk.set_limit("strategy_loss", 10**6, strategy=8)
    assert used(core, 8) == 10


class Trades:
    """P&L by the words: cash got less cash paid, what is left at its mark, less fees, since the close."""

    def __init__(self, marks):
        self.rows, self.marks, self.closed = {}, marks, {}

    def pnl(self, symbol, strategy):
        """Unrounded, in the instrument's currency; and fees."""
        got = fees = held = Fraction(0)
        for its, whose, qty, px, fee in self.rows.values():
            if (its, whose) == (symbol, strategy):
                got, held, fees = got - qty * px, held + qty, fees + fee
        return got + held * self.marks[symbol], fees

    def close(self):
        self.closed = {(its, whose): self.pnl(its, whose) for its in self.marks for whose in (1, 2)}

    def loss(self, strategy, rate):
        total = Fraction(0)
        for its in self.marks:
            value, charged = self.pnl(its, strategy)
            was, charged_were = self.closed.get((its, strategy), (0, 0))
            for part in (value - was, charged_were - charged):
                total += Fraction((part * (rate if its == "SAP" else 1) * 10**9).__floor__(), 10**9)
        return max(0, -total)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_kept_loss_equals_that_of_a_plain_loop_over_all_trades(make_core, seed):
    core, pick, rate = open_core(make_core, capacity=small_capacity(order_history=4)), random.Random(seed), Fraction(5, 4)
    marks = {"AAPL": Fraction(10), "SAP": Fraction(10)}
    plain, names = Trades(marks), 0
    for strategy in (1, 2):
        core.risk.set_limit("strategy_loss", 10**9, strategy=strategy)
    for step in range(200):
        symbol, chance = pick.choice(list(marks)), pick.random()
        if chance < 0.5:
            side, qty, px, strategy = pick.choice((BUY, SELL)), pick.randrange(1, 50), pick.choice(("9.99", "10", "10.01")), pick.randrange(4)
            fee = pick.choice((0, 0, 1, "0.25"))
            name = trade(core, side, qty, px, strategy, symbol, pick.choice(("alpha", "beta")), commission=fee,
                         commission_currency="EUR" if symbol == "SAP" else "USD")
            plain.rows[name] = symbol, strategy, qty if side == BUY else -qty, Fraction(px), Fraction(fee)
        elif chance < 0.7 and plain.rows:
            names += 1
            name = pick.choice(list(plain.rows)[-12:])
            its, whose, qty, _, fee = plain.rows.pop(name)
            said = {"symbol": its, "side": BUY if qty > 0 else SELL}
            if pick.random() < 0.5:
                core.execution.on_trade_correction("EXT", "TRADE_CANCEL", name, f"b{names}", **said)
            else:
                core.execution.on_trade_correction("EXT", "TRADE_CORRECT", name, f"c{names}", last_qty=3, last_px="10.5", **said)
                plain.rows[name] = its, whose, 3 if qty > 0 else -3, Fraction("10.5"), fee
        elif chance < 0.85:
            marks[symbol] = Fraction(pick.choice(("9.37", "10", "11.003", "10.111111")))
            core.mark(symbol, f"{float(marks[symbol]):.6f}")
        elif chance < 0.92:
            rate = Fraction(pick.choice(("1.25", "0.3", "7")))
            core.risk.set_rate("EUR", f"{float(rate):.2f}")
        elif chance > 0.96:
            core.roll_day()
            plain.close()
        else:  # off, and armed again: nothing is lost of what was
            core.risk.set_limit("strategy_loss", tc.OFF, strategy=1)
            core.risk.set_limit("strategy_loss", tc.OFF, strategy=2)
            for strategy in (1, 2):
                core.risk.set_limit("strategy_loss", 10**9, strategy=strategy)
        assert [Fraction(used(core, strategy)) for strategy in (1, 2)] == [plain.loss(strategy, rate) for strategy in (1, 2)], step
    assert len(plain.rows) > 20

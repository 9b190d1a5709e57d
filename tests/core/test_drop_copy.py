"""A drop copy: the books of a back office, made from a core's reports, against the core's own positions."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from conftest import limits, small_capacity

import tradecore as tc


@pytest.fixture
def desk(make_core):
    def build(**given):
        settings = {"venues": [tc.ExternalVenue("EXT", taker_fee_bps=1), tc.SimulatedVenue("SIM", taker_fee_bps=2)],
                    "accounts": ["alpha", "beta"]}
        return make_core(**{**settings, **given})

    return build


def trade(core, qty, price, exec_id, side="BUY", account="alpha", **terms):
    order = core.submit("AAPL", side, qty, price, venue="EXT", account=account, **terms)
    core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=exec_id, last_qty=qty, last_px=price)
    return order


def test_fifo_beside_the_cores_average_cost(desk):
    core = desk()
    books = tc.DropCopy(core, "fifo", strategies={3: "momentum"})
    trade(core, 100, 10, "a", strategy=3)
    trade(core, 100, 20, "b")
    trade(core, 100, 30, "c", side="SELL")
    assert core.position("AAPL", "alpha").realized_pnl == 1500
    assert books.keeper.position("AAPL", "alpha").realized_pnl == 2000
    assert [lot.qty for lot in books.keeper.position("AAPL", "alpha").lots] == [100]
    assert [(row.strategy, row.fees) for row in books.keeper.pnl_by("strategy").rows] == [
        ("", Decimal("0.5")), ("momentum", Decimal("0.1"))]
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "a", "x")
    assert books.keeper.position("AAPL", "alpha").realized_pnl == 1000
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "b", "y", last_qty=60, last_px=25)
    kept = books.keeper.position("AAPL", "alpha")
    assert (kept.qty, kept.realized_pnl) == (-40, 300)
    assert books.compare() == []


def test_what_was_reported_before_is_booked_too_while_it_is_held(desk):
    core = desk()
    core.positions.open_position("AAPL", 50, 9, account="beta")
    core.positions.open_cash("USD", 1_000, account="beta")
    trade(core, 10, 10, "a", account="beta")
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="whose", exec_id="s", last_qty=5, last_px=90, symbol="AAPL",
                             side="BUY")
    books = tc.DropCopy(core)
    assert books.compare() == []
    assert books.keeper.position("AAPL", "suspense").qty == 5
    assert books.keeper.cash("USD", "beta") == 1_000 - 100 - Decimal("0.01")
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 2, 1)
    assert (books.keeper.position("AAPL", "beta").qty, books.compare()) == (120, [])
    core.mark("AAPL", 7)
    assert books.mark() == 1
    assert books.keeper.position("AAPL", "beta").unrealized_pnl == core.position("AAPL", "beta").unrealized_pnl


def test_random_trades_are_the_cores_positions_to_the_last_unit(desk):
    core, random = desk(), Random(5)
    books = tc.DropCopy(core)
    done = []
    for n in range(400):
        account, side = random.choice(["alpha", "beta"]), random.choice(["BUY", "SELL", "SELL_SHORT"])
        qty, price = random.randint(1, 90), random.randint(90, 110)
        if random.random() < 0.5:
            core.quote("SIM", "AAPL", bid=99, bid_size=random.randint(1, 50), ask=101, ask_size=random.randint(1, 50))
            core.submit("AAPL", side, qty, price, venue="SIM", account=account)  # also against each other
        elif done and random.random() < 0.3:
            ref = done.pop(random.randrange(len(done)))
            core.execution.on_trade_correction("EXT", "TRADE_CANCEL", ref, f"x{n}")
        else:
            trade(core, qty, price, f"t{n}", side=side, account=account)
            done.append(f"t{n}")
    assert books.compare() == []
    for account in ("alpha", "beta"):
        mine, its = books.keeper.position("AAPL", account), core.position("AAPL", account)
        assert (mine.qty, mine.realized_pnl, mine.fees) == (its.qty, its.realized_pnl, its.fees)


def test_books_that_missed_a_report_say_so(desk):
    core = desk()
    books = tc.DropCopy(core)
    core.define_instrument(tc.Instrument("NEW"))
    order = core.submit("NEW", "BUY", 10, 10, venue="EXT", account="alpha")
    with pytest.warns(RuntimeWarning, match="raised UndeclaredError"):
        core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=10, last_px=10)
    with pytest.raises(RuntimeError, match=r"no longer true after report \d+: 1 could not be booked"):
        _ = books.keeper


def test_a_closed_copy_and_wrong_calls(desk):
    core = desk(capacity=small_capacity(events=16), limits=limits())
    with pytest.raises(ValueError, match="specific"):
        tc.DropCopy(core, "specific")
    with pytest.raises(TypeError, match="core must be a TradingCore, not int"):
        tc.DropCopy(5)
    for n in range(20):
        trade(core, 1, 10, f"t{n}")
    with pytest.raises(LookupError, match="the oldest report that is still held"):
        tc.DropCopy(core)
    books = tc.DropCopy(core, after=core.metrics()["events"])
    books.close()
    books.close()
    with pytest.raises(RuntimeError, match="make a new one"):
        _ = books.keeper


def test_a_keeper_that_is_held_elsewhere_says_so_too(desk):
    core = desk()
    keeper = tc.DropCopy(core).keeper
    core.define_instrument(tc.Instrument("NEW"))
    order = core.submit("NEW", "BUY", 10, 10, venue="EXT", account="alpha")
    with pytest.warns(RuntimeWarning, match="raised UndeclaredError"):
        core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=10, last_px=10)
    with pytest.raises(RuntimeError, match="no longer true"):
        keeper.position("AAPL", "alpha")


def test_execution_ids_that_are_used_again_are_other_trades(desk):
    core = desk()
    books = tc.DropCopy(core, strategies={1: "x"})
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="whose", exec_id="s", last_qty=5, last_px=90, symbol="AAPL",
                             side="BUY")
    for day in range(4):
        for exec_id in ("Y" * 24, "a", "a-3", "1", "1-17", "@40"):
            trade(core, 1, 10, exec_id)
        for _ in range(3):  # over two rolls they are the same trades
            core.roll_day()
        core.quote("SIM", "AAPL", ask=10, ask_size=1)
        core.submit("AAPL", "BUY", 1, 10, venue="SIM", account="alpha")
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "a", f"b{day}")
    assert (books.keeper.position("AAPL", "alpha").qty, books.compare()) == (24, [])


def test_a_correction_changes_the_commission_too(desk):
    core = desk()
    books = tc.DropCopy(core)
    trade(core, 100, 10, "a")
    core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "a", "x", last_qty=200, last_px=10)
    assert books.keeper.position("AAPL", "alpha").fees == core.position("AAPL", "alpha").fees == Decimal("0.2")


def test_a_bust_of_what_came_before_is_told_as_that(desk):
    core = desk()
    trade(core, 10, 10, "a")
    books = tc.DropCopy(core, after=core.metrics()["events"])
    with pytest.warns(RuntimeWarning, match="is about trade 1 of order .*, which came before this drop copy began"):
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "a", "x")
    with pytest.raises(RuntimeError, match="no longer true"):
        _ = books.keeper


def test_a_cores_only_account_is_the_keepers_only_one(make_core):
    core = make_core(accounts=["alpha"])
    books = tc.DropCopy(core)
    core.positions.open_position("AAPL", 50, 9)
    assert books.keeper.position("AAPL").qty == books.keeper.position("AAPL", "alpha").qty == 50
    assert books.keeper.cash("USD") == 0
    assert books.keeper.apply_fill("AAPL", "BUY", 1, 9) == 2
    assert books.keeper.position("AAPL", "suspense").qty == 0
    both = tc.DropCopy(make_core(accounts=["alpha", "beta"]))
    with pytest.raises(ValueError, match="account must be named: there are alpha, beta"):
        both.keeper.position("AAPL")


def test_a_suspense_name_that_is_an_account_is_refused(desk):
    with pytest.raises(ValueError, match="suspense 'alpha' is an account of this core: give another name"):
        tc.DropCopy(desk(), suspense="alpha")


# ---- commissions in other currencies

@pytest.fixture
def coins(desk):
    return desk(currencies=[tc.Currency("JPY", 0), tc.Currency("BTC", 12)])


def trade_told(core, exec_id="a", **told):
    return core.execution.on_execution_report("EXT", "TRADE", exec_id=exec_id, last_qty=100, last_px="49.99", **told)


@pytest.mark.parametrize(("currency", "fee"), [("JPY", "150"), ("BTC", "0.000000000001"), ("USD", "1.5")])
def test_a_commission_is_booked_in_its_own_currency(coins, currency, fee):
    books = tc.DropCopy(coins)
    order = coins.submit("AAPL", "BUY", 100, 50, venue="EXT", account="alpha")
    trade_told(coins, order_id=order.order_id, commission=fee, commission_currency=currency)
    trade_told(coins, "s", cl_ord_id="whose", symbol="AAPL", side="BUY", commission=fee, commission_currency=currency)
    for account in ("alpha", "suspense"):
        cash = {name: books.keeper.cash(name, account) for name in ("USD", "JPY", "BTC")}
        assert cash == {"USD": Decimal("-4999.00"), "JPY": 0, "BTC": 0} | {
            currency: Decimal(fee).copy_negate() - (4999 if currency == "USD" else 0)}
    assert books.compare() == []


def test_a_correction_of_a_commission_in_another_currency(coins):
    books = tc.DropCopy(coins)
    order = coins.submit("AAPL", "BUY", 100, 50, venue="EXT", account="alpha")
    trade_told(coins, order_id=order.order_id, commission=150, commission_currency="JPY")
    coins.execution.on_trade_correction("EXT", "TRADE_CORRECT", "a", "x", last_qty=100, last_px="49.99", commission=90,
                                        commission_currency="JPY")
    assert (books.keeper.cash("JPY", "alpha"), books.compare()) == (-90, [])
    trade_told(coins, order_id=order.order_id, commission=70, commission_currency="JPY")
    assert (books.keeper.cash("JPY", "alpha"), books.compare()) == (-70, [])


CHARGES = (("1.5", "USD"), ("150", "JPY"), ("0.000000000001", "BTC"), ("0", "JPY"), ("90", "JPY"), ("-2", "USD"))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("corrects", [False, True])
@pytest.mark.parametrize(("first", "then"), [(a, b) for a in CHARGES for b in CHARGES if a != b])
def test_a_commission_told_again_in_another_currency(coins, first, then, corrects, late):
    books = None if late else tc.DropCopy(coins)
    order = coins.submit("AAPL", "BUY", 100, 50, venue="EXT", account="alpha")
    trade_told(coins, order_id=order.order_id, commission=first[0], commission_currency=first[1])
    if corrects:
        coins.execution.on_trade_correction("EXT", "TRADE_CORRECT", "a", "x", last_qty=100, last_px="49.99",
                                            commission=then[0], commission_currency=then[1])
    else:
        trade_told(coins, order_id=order.order_id, commission=then[0], commission_currency=then[1])
    books = books or tc.DropCopy(coins)
    cash = {name: books.keeper.cash(name, "alpha") for name in ("USD", "JPY", "BTC")}
    expected = {"USD": Decimal("-4999.00"), "JPY": Decimal(0), "BTC": Decimal(0)}
    expected[then[1]] -= Decimal(then[0])
    assert (cash, books.compare()) == (expected, [])


def test_cash_that_differs_is_told(coins):
    books = tc.DropCopy(coins)
    books.keeper.open_cash("JPY", 7, account="beta")
    books.keeper.open_cash("USD", 5, account="suspense")
    assert books.compare() == [tc.CashDiscrepancy("JPY", "beta", Decimal(0), Decimal(7)),
                               tc.CashDiscrepancy("USD", "suspense", Decimal(0), Decimal(5))]


def test_a_simulations_times_from_0_are_the_cores(make_core):
    now = [5]
    core = make_core(venues=[tc.ExternalVenue("EXT")], accounts=["alpha", "beta"], clock=lambda: now[0])
    now[0] = 1_700_000_000  # 1.7 seconds of it
    books = tc.DropCopy(core)
    trade(core, 10, 10, "a")
    assert (books.keeper.position("AAPL", "alpha").qty, books.compare()) == (10, [])

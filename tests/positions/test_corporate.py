"""Corporate actions: cost that leaves one symbol arrives at the other, with the lots' ages, and no cash moves unseen."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

import tradecore as tc

D = Decimal
METHODS = ["average", "fifo", "lifo", "hifo", "lofo"]
OLD, NEW = tc.Instrument("OLD"), tc.Instrument("NEW")
FRACTIONS = tc.Instrument("FRAC", qty_precision=4, price_precision=8)


@pytest.fixture
def make(backend):
    return lambda *instruments, **given: tc.PositionKeeper(
        instruments or [OLD, NEW], backend=backend, clock=lambda: 99, **{"method": "fifo", **given})


def lots(keeper, symbol, account="main"):
    return [(lot.opened, lot.qty, lot.cost) for lot in keeper.position(symbol, account).lots]


def test_a_spin_off_divides_every_lots_cost_and_keeps_its_age(make):
    """Of 100 at 50 and 60 at 70 a fifth goes along, 1 for 4: 25 for 1,000 and 15 for 840."""
    keeper = make(accounts=["a", "b"])
    keeper.apply_fill("OLD", "BUY", 100, 50, account="a", transact_time=1)
    keeper.apply_fill("OLD", "BUY", 60, 70, account="a", transact_time=2)
    keeper.apply_fill("OLD", "SELL", 8, 90, account="b", transact_time=3)
    before = keeper.cash("USD", "a"), keeper.cash("USD", "b")
    action = keeper.corporate.spin_off("OLD", "NEW", 1, 4, "0.2")
    assert lots(keeper, "OLD", "a") == [(1, 100, 4000), (2, 60, 3360)]
    assert lots(keeper, "NEW", "a") == [(1, 25, 1000), (2, 15, 840)]
    assert lots(keeper, "OLD", "b") == [(3, -8, -576)]
    assert lots(keeper, "NEW", "b") == [(3, -2, -144)]
    assert (keeper.cash("USD", "a"), keeper.cash("USD", "b")) == before
    assert keeper.position("NEW", "a").carried == 1840
    assert keeper.position("OLD", "a").realized_pnl == 0
    keeper.apply_fill("NEW", "SELL", 25, 50, account="a", transact_time=5)
    (row,) = keeper.closed_lots()
    assert (row.opened, row.cost_basis, row.proceeds, row.pnl) == (1, 1000, 1250, 250)
    for change in (lambda: keeper.bust(1), lambda: keeper.correct(1, price=51)):  # its cost is elsewhere too
        with pytest.raises(ValueError, match=f"trade 1 is part of what action {action} carried on: bust that first"):
            change()
    keeper.bust(keeper.trades()[-1].trade_id)
    keeper.bust(action)
    keeper.correct(1, price=51)
    keeper.correct(1, price=50)
    assert lots(keeper, "OLD", "a") == [(1, 100, 5000), (2, 60, 4200)]
    assert lots(keeper, "NEW", "a") == lots(keeper, "NEW", "b") == []


def test_a_merger_takes_all_along_and_pays_its_cash_at_once(make):
    keeper = make()
    keeper.apply_fill("OLD", "BUY", 10, 50, transact_time=1)
    keeper.apply_fill("OLD", "BUY", 30, 60, transact_time=2)
    keeper.mark("OLD", 70)
    keeper.corporate.merge("OLD", "NEW", 3, 2, cash="1.25")
    assert (keeper.position("OLD").qty, keeper.position("OLD").cost) == (0, 0)
    assert lots(keeper, "NEW") == [(1, 15, 500), (2, 45, 1800)]
    assert keeper.position("OLD").dividends == {"USD": 50}
    assert keeper.cash("USD") == -500 - 1800 + 50
    keeper.mark("NEW", 40)
    (row,) = keeper.equity()
    assert row.equity == -2250 + 60 * 40
    assert keeper.pnl()[0].net == row.equity


def test_a_new_name_is_the_symbol_everywhere(make):
    keeper = make(groups={"G": ["OLD"]})
    keeper.apply_fill("OLD", "BUY", 10, 50, exec_id="e")
    keeper.mark("OLD", 60)
    keeper.corporate.rename("OLD", "META")
    assert keeper.position("META").unrealized_pnl == 100
    assert keeper.trades()[0].symbol == keeper.positions()[0].symbol == "META"
    assert keeper.exposure(group="G")[0].net == 600
    with pytest.raises(tc.UndeclaredError, match="symbol 'OLD' is not declared"):
        keeper.position("OLD")
    for name, match in (("NEW", "'NEW' is declared"), ("", "new_symbol ''"), ("META", "'META' is declared")):
        with pytest.raises(ValueError, match=match):
            keeper.corporate.rename("META", name)
    keeper.corporate.rename("NEW", "OLD")  # the old name is free again


def test_a_stock_dividend_keeps_the_cost(make):
    keeper = make()
    keeper.apply_fill("OLD", "BUY", 200, 21)
    action = keeper.corporate.stock_dividend("OLD", "0.05")
    assert (keeper.position("OLD").qty, keeper.position("OLD").avg_px) == (210, 20)
    keeper.bust(action)
    assert keeper.position("OLD").qty == 200
    for rate, match in (("0", "rate '0' is outside"), ("-1", "is outside"), ("x", "not a decimal"), ("0.003", "no whole number of lots")):
        with pytest.raises(ValueError, match=match):
            keeper.corporate.stock_dividend("OLD", rate)


def test_fractions_need_an_instrument_that_has_them(make):
    keeper = make(OLD, NEW, FRACTIONS)
    keeper.apply_fill("OLD", "BUY", 10, 30)
    keeper.apply_fill("OLD", "BUY", 1, 30)
    with pytest.raises(ValueError, match="account main: 11 OLD x 1 / 4 is no whole number of NEW's unit 1"):
        keeper.corporate.spin_off("OLD", "NEW", 1, 4, "0.1")
    keeper.corporate.spin_off("OLD", "FRAC", 1, 4, "0.1")
    assert lots(keeper, "FRAC") == [(99, D("2.5"), 30), (99, D("0.25"), 3)]
    keeper.apply_fill("FRAC", "SELL", "0.75", 13)  # the cash in lieu
    assert keeper.position("FRAC").qty == 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hedging", [False, True])
def test_nothing_is_lost_or_made_by_any_chain_of_actions(make, method, hedging):
    seeded = random.Random(f"{method}{hedging}")
    instruments = [tc.Instrument(name, qty_precision=6, price_precision=6) for name in ("A", "B", "C")]
    keeper = make(*instruments, accounts=["x", "y"], method=method, hedging=hedging)
    done = 0
    for step in range(150):
        symbol, account = seeded.choice("ABC"), seeded.choice("xy")
        before = {c: sum(keeper.cash("USD", a) for a in "xy") for c in ("USD",)}
        figures = [keeper.position(s, a, leg=leg) for s in "ABC" for a in "xy" for leg in (("LONG", "SHORT") if hedging else (None,))]
        held = sum(p.cost - p.carried for p in figures), sum(p.realized_pnl for p in figures)
        if seeded.random() < 0.9:  # each action may double the lots
            effect = seeded.choice(("OPEN", "CLOSE")) if hedging else None
            try:
                keeper.apply_fill(symbol, seeded.choice(("BUY", "SELL")), seeded.randint(1, 9), seeded.randint(1, 40), account=account, position_effect=effect)
            except tc.EntryError as error:
                if "never flips" not in str(error):
                    raise
            continue
        other = seeded.choice([s for s in "ABC" if s != symbol])
        try:
            if seeded.random() < 0.7:
                keeper.corporate.spin_off(symbol, other, seeded.randint(1, 3), seeded.choice((1, 2, 5)), seeded.choice(("0.1", "0.333333", "0.000001")))
            else:
                keeper.corporate.merge(symbol, other, seeded.randint(1, 3), seeded.choice((1, 2, 5)))
        except ValueError as error:
            if not any(word in str(error) for word in ("held the other way", "no whole number", "held in no account")):
                raise
            continue
        done += 1
        after = [keeper.position(s, a, leg=leg) for s in "ABC" for a in "xy" for leg in (("LONG", "SHORT") if hedging else (None,))]
        assert {"USD": sum(keeper.cash("USD", a) for a in "xy")} == before, step
        assert (sum(p.cost - p.carried for p in after), sum(p.realized_pnl for p in after)) == held, step
    assert done > 2


@pytest.mark.parametrize(("call", "match"), [
    (lambda c: c.spin_off("OLD", "OLD", 1, 4, "0.1"), "into 'OLD' must be another symbol"),
    (lambda c: c.spin_off("OLD", "NEW", 0, 4, "0.1"), "new 0 must be 1"), (lambda c: c.spin_off("OLD", "NEW", 1, 4, 1), "cost_share 1 is outside"),
    (lambda c: c.spin_off("OLD", "NEW", 1, 4, "0.0000001"), "cost_share '0.0000001' is not a multiple"),
    (lambda c: c.spin_off("OLD", "SAP", 1, 1, "0.1"), "OLD in USD can't be carried into SAP in EUR"),
    (lambda c: c.merge("NEW", "OLD", 1, 1), "NEW is held in no account"), (lambda c: c.merge("OLD", "COARSE", 1, 1), "finer than COARSE's amounts of 0.1"),
])
def test_an_action_that_can_not_be_is_refused_and_changes_nothing(make, call, match):
    keeper = make(OLD, NEW, tc.Instrument("SAP", currency="EUR"), tc.Instrument("COARSE", tick_size="0.1", price_precision=1))
    keeper.apply_fill("OLD", "BUY", 12, "0.01")
    before = keeper.positions()
    with pytest.raises(ValueError, match=match):
        call(keeper.corporate)
    assert (keeper.positions(), len(keeper.trades())) == (before, 1)

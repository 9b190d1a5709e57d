"""Positions: the exact ledger. Nothing is rounded but a commission, once."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import numpy as np
import pytest
from conftest import small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CASH_MAX, CODECS, FEE_MAX, FILL_DTYPE, PRICE_MAX, QTY_MAX
from tradecore.vocabulary.units import exact_sum

D = Decimal
V = tc.SimulatedVenue


def trade(core, side, qty, price, symbol="AAPL", account=None):
    """One fill against a quote."""
    name = "ask" if side == "BUY" else "bid"
    core.quote("XNAS", symbol, **{name: price, f"{name}_size": qty})
    order = core.submit(symbol, side, qty, price, venue="XNAS", account=account)
    assert order.ord_status is tc.OrdStatus.FILLED
    return order


# fills as (side, qty, price), then qty, average price, cost, realised.
STORIES = [
    ([("BUY", 10, 100)], 10, 100, 1000, 0),
    ([("BUY", 10, 100), ("BUY", 30, 104)], 40, 103, 4120, 0),
    ([("BUY", 10, 100), ("SELL", 4, 105)], 6, 100, 600, 20),
    ([("BUY", 10, 100), ("SELL", 10, 95)], 0, 0, 0, -50),
    ([("BUY", 10, 100), ("SELL", 25, 110)], -15, 110, -1650, 100),
    ([("SELL", 10, 100)], -10, 100, -1000, 0),
    ([("SELL", 10, 100), ("SELL", 10, 110)], -20, 105, -2100, 0),
    ([("SELL", 10, 100), ("BUY", 4, 90)], -6, 100, -600, 40),
    ([("SELL", 10, 100), ("BUY", 10, 105)], 0, 0, 0, -50),
    ([("SELL", 10, 100), ("BUY", 12, 101)], 2, 101, 202, -10),
    ([("BUY", 1, 100), ("BUY", 2, 101), ("SELL", 1, 100)], 2, Fraction("100.66666667"), "201.33333334", "-0.66666666"),
]


@pytest.mark.parametrize(("fills", "qty", "avg_px", "cost", "realised"), STORIES)
def test_a_fill_adds_closes_or_flips_at_average_cost(core, fills, qty, avg_px, cost, realised):
    for fill in fills:
        trade(core, *fill)
    position = core.position("AAPL")
    assert (position.qty, position.avg_px) == (qty, avg_px)
    assert (position.cost, position.realized_pnl, position.fees) == (D(cost), D(realised), 0)
    core.mark("AAPL", 103)
    position = core.position("AAPL")
    assert (position.mark, position.market_value) == (103, qty * 103)
    assert position.unrealized_pnl == qty * 103 - D(cost)


def test_a_hundred_closed_one_at_a_time_gain_exactly_forty_cents(make_core):
    core = make_core(instruments=[tc.Instrument("EURUSD", tick_size="0.00001")])
    trade(core, "BUY", 100, "0.80000", "EURUSD")
    for _ in range(100):
        trade(core, "SELL", 1, "0.80400", "EURUSD")
    assert core.position("EURUSD").realized_pnl == D("0.40")
    assert core.position("EURUSD").cost == 0


@pytest.mark.parametrize("multiplier", [1, 50, "0.1", "2.5"])
def test_a_multiplier_scales_money_and_nothing_else(make_core, multiplier):
    core = make_core(instruments=[tc.Instrument("ES", tick_size="0.25", multiplier=multiplier)])
    trade(core, "BUY", 3, "4000.25", "ES")
    trade(core, "SELL", 1, "4001.00", "ES")
    core.mark("ES", 4010)
    position, factor = core.position("ES"), D(multiplier)
    assert (position.qty, position.avg_px) == (2, Fraction("4000.25"))
    assert position.realized_pnl == D("0.75") * factor
    assert position.unrealized_pnl == 2 * D("9.75") * factor


# ---- fees: venue, quantity, price, taker's commission, maker's. Half to even, once a fill, at micros: the currency has 6.

FEES = [
    ({"taker_fee_per_share": "0.003", "maker_fee_per_share": "-0.002"}, 1, 7, 100, "0.021", "-0.014"),
    ({"taker_fee_bps": 1, "maker_fee_bps": "-0.25"}, 1, 3, "33.33", "0.009999", "-0.0025"),   # -0.00249975
    ({"taker_fee_bps": 1}, 1, 1, "0.005", "0.000000", "0"),                                   # 0.0000005: to even
    ({"taker_fee_bps": 1}, 1, 3, "0.005", "0.000002", "0"),                                   # 0.0000015: to even
    ({"taker_fee_bps": 1}, 1, 5, "0.005", "0.000002", "0"),                                   # 0.0000025: to even
    ({"taker_fee_bps": -1}, 1, 3, "0.005", "-0.000002", "0"),
    ({"taker_fee_bps": -1}, 1, 5, "0.005", "-0.000002", "0"),
    ({"taker_fee_bps": 1, "maker_fee_bps": "-0.25"}, 1, 3, "-33.33", "0.009999", "-0.0025"),  # on what the price is worth
    ({"taker_fee_per_share": "0.000001"}, "0.1", "0.5", 100, "0.000000", "0"),
    ({"taker_fee_per_share": "0.000001"}, "0.1", "1.5", 100, "0.000002", "0"),
    ({"maker_fee_per_share": "-0.000001"}, "0.1", "2.5", 100, "0", "-0.000002"),
]


@pytest.mark.parametrize(("fees", "lot", "qty", "price", "taker", "maker"), FEES)
def test_a_commission_is_rounded_once_half_to_even(make_core, fees, lot, qty, price, taker, maker):
    core = make_core(instruments=[tc.Instrument("AAPL", tick_size="0.005", lot_size=lot, any_sign=True)], venues=[V("XNAS", **fees)],
                     accounts=["taker", "maker"], currencies=[tc.Currency("USD", decimals=6)])
    core.submit("AAPL", "SELL", qty, price, account="maker")
    core.submit("AAPL", "BUY", qty, price, account="taker")
    told = {r.account: r.commission for r in core.reports(0) if r.exec_type is tc.ExecType.TRADE}
    assert told == {"taker": D(taker), "maker": D(maker)}
    assert (core.position("AAPL", "taker").fees, core.position("AAPL", "maker").fees) == (D(taker), D(maker))
    assert core.pnl("maker")[0].net == -D(maker)


# ---- a bust or a correction: the base, which the log has let go of, and what survives of it in order

BOOKED = [("BUY", 10, 100), ("SELL", 4, 110), ("BUY", 2, 90), ("SELL", 1, 120)]  # at one cent of rebate a share
# what the venue takes back of the last two; then qty, cost, realised, fees. The first two are the base: 6 for 600, 40 gained.
REBUILT = [
    ((), 7, "682.5", "62.5", "-0.17"),
    ((("TRADE_CANCEL", "t3", {}),), 8, 780, 40, "-0.16"),
    ((("TRADE_CANCEL", "t2", {}),), 5, 500, 60, "-0.15"),
    ((("TRADE_CORRECT", "t2", {"last_qty": 2, "last_px": 80}),), 7, 665, 65, "-0.17"),
    ((("TRADE_CORRECT", "t3", {"last_qty": 8, "last_px": 120}),), 0, 0, 220, "-0.24"),
]


@pytest.mark.parametrize(("changes", "qty", "cost", "realised", "fees"), REBUILT)
def test_a_rebuilt_position_is_its_base_and_the_trades_that_survive(make_core, changes, qty, cost, realised, fees):
    core = make_core(venues=[tc.ExternalVenue("EXT", taker_fee_per_share="-0.01")], capacity=small_capacity(trades=2, exec_ids=16))
    for number, (side, size, price) in enumerate(BOOKED):
        order = core.submit("AAPL", side, size, price, venue="EXT")
        core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=f"t{number}", last_qty=size, last_px=price)
    assert core.metrics()["trades_folded"] == 2
    for number, (exec_type, exec_ref_id, terms) in enumerate(changes):
        assert core.execution.on_trade_correction("EXT", exec_type, exec_ref_id, f"c{number}", **terms).exec_type is tc.ExecType[exec_type]
    position = core.position("AAPL")
    assert (position.qty, position.cost, position.realized_pnl, position.fees) == (qty, D(cost), D(realised), D(fees))


# ---- marks and openings

def test_a_missing_mark_is_an_error_and_never_zero(make_core):
    core = make_core(accounts=["alpha", "beta"])
    core.positions.open_position("AAPL", 10, 100, account="alpha")
    position = core.position("AAPL", "alpha")
    assert position.mark is None
    for ask in (lambda: position.unrealized_pnl, lambda: position.market_value, lambda: core.pnl("alpha")):
        with pytest.raises(ValueError, match="AAPL has no mark"):
            ask()
    assert core.pnl("beta")[0].net == 0  # flat needs no mark
    core.mark("AAPL", 99)
    assert core.pnl("alpha")[0].net == -10


def test_the_mark_comes_before_the_last_trade(core):
    trade(core, "BUY", 10, 100)
    assert core.position("AAPL").mark == 100
    core.mark("AAPL", 90)
    trade(core, "BUY", 10, 100)
    assert core.position("AAPL").mark == 90


def test_the_last_trade_is_the_last_one_of_a_sweep_too(make_core):
    core = make_core(accounts=["alpha", "maker"], venues=[V("XNAS")])
    for side, prices in (("SELL", (101, 102, 104)), ("BUY", (99, 97))):
        for price in prices:
            core.submit("AAPL", side, 10, price, account="maker")
    for side, qty, limit, last in (("BUY", 5, 101, 101), ("BUY", 10, 102, 102), ("SELL", 20, 97, 97), ("BUY", 10, 104, 104)):
        core.submit("AAPL", side, qty, limit, account="alpha", time_in_force="IOC")
        assert core.position("AAPL", "alpha").mark == core.position("AAPL", "maker").mark == last


@pytest.mark.parametrize(("qty", "cost"), [(100, 5000), (-100, -5000)])
def test_an_opening_position_is_held_at_its_price_and_opens_once(core, qty, cost):
    core.positions.open_position("AAPL", qty, 50)
    position = core.position("AAPL")
    assert (position.qty, position.cost, position.realized_pnl, position.fees) == (qty, cost, 0, 0)
    with pytest.raises(tc.RefusedError, match="ALREADY_DEFINED"):
        core.positions.open_position("AAPL", 1, 50)
    trade(core, "SELL" if qty > 0 else "BUY", 100, 51)
    assert core.position("AAPL").realized_pnl == (100 if qty > 0 else -100)
    with pytest.raises(tc.RefusedError, match="ALREADY_DEFINED"):
        core.positions.open_position("AAPL", 1, 50)


def test_opening_cash_adds_up_and_keeps_its_bound(core):
    for amount in ("1000.50", -200, "0.000000001"):
        core.positions.open_cash("USD", amount)
    assert core._gate.core.opening_cash(1, 1) == 800_500_000_001
    with pytest.raises(tc.RefusedError, match="ARITHMETIC_OVERFLOW"):
        core.positions.open_cash("USD", D(CASH_MAX).scaleb(-9))
    assert core._gate.core.opening_cash(1, 1) == 800_500_000_001


def test_pnl_is_by_currency(make_core):
    core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT"), tc.Instrument("SAP", currency="EUR")])
    for symbol, price in (("AAPL", 100), ("MSFT", 200), ("SAP", 50)):
        trade(core, "BUY", 10, price, symbol)
        core.mark(symbol, price + 1)
    trade(core, "SELL", 10, 103, "AAPL")
    assert [(p.currency, p.realized_pnl, p.unrealized_pnl, p.net) for p in core.pnl()] == [
        ("USD", 30, 10, 40), ("EUR", 0, 10, 10)]


# ---- the identity, from the reports alone

def test_pnl_is_cash_flow_plus_market_value_after_every_event(make_core):
    instruments = [tc.Instrument("AAPL", tick_size="0.01"),
                   tc.Instrument("FUT", tick_size="0.5", lot_size="0.1", multiplier="2.5", any_sign=True)]
    core = make_core(instruments=instruments, accounts=["a", "b", "c"], capacity=small_capacity(events=1024),
                     venues=[V("X", taker_fee_per_share="0.003", maker_fee_per_share="-0.0021"),
                             V("Y", taker_fee_bps="0.35", maker_fee_bps="-0.11")])
    flow, held, paid, seeded = {}, {}, {}, random.Random(21)
    keys = [(i.symbol, account) for i in instruments for account in "abc"]
    for symbol, account, qty, price in (("AAPL", "a", 70, "10.01"), ("FUT", "b", "-1.3", "-0.5")):
        core.positions.open_position(symbol, qty, price, account=account)
        instrument = next(i for i in instruments if i.symbol == symbol)
        flow[symbol, account], held[symbol, account] = -D(qty) * D(price) * D(instrument.multiplier), D(qty)
    for instrument in instruments:
        core.mark(instrument.symbol, 1)
    for step in range(400):
        instrument = seeded.choice(instruments)
        tick, lot, low = D(instrument.tick_size), D(instrument.lot_size), -10 if instrument.any_sign else 1
        after, kind = core._gate.core.event_seq, seeded.random()
        if kind < 0.1:
            core.mark(instrument.symbol, seeded.randint(1, 30) * tick)
        elif kind < 0.3:
            bid = seeded.randint(low, 25)
            core.quote(seeded.choice("XY"), instrument.symbol, bid=bid * tick, bid_size=seeded.randint(0, 30) * lot,
                       ask=(bid + 3) * tick, ask_size=seeded.randint(0, 30) * lot)
        else:
            core.submit(instrument.symbol, seeded.choice(["BUY", "SELL"]), seeded.randint(1, 40) * lot,
                        seeded.randint(low, 25) * tick, account=seeded.choice("abc"),
                        time_in_force=seeded.choice(["DAY", "IOC"]))
        for report in core.reports(after):
            if report.exec_type is tc.ExecType.TRADE:
                key = report.symbol, report.account
                signed = report.last_qty if report.side is tc.Side.BUY else -report.last_qty
                factor = D(next(i for i in instruments if i.symbol == report.symbol).multiplier)
                flow[key] = flow.get(key, 0) - signed * report.last_px * factor
                held[key] = held.get(key, 0) + signed
                paid[key] = paid.get(key, 0) + report.commission
        for key in keys:
            p = core.position(*key)
            assert (p.qty, p.fees) == (held.get(key, 0), paid.get(key, 0)), (step, key)
            assert p.realized_pnl + p.unrealized_pnl - p.fees == flow.get(key, 0) - p.fees + p.market_value, (step, key)
            assert bool(p.cost) <= bool(p.qty)
        for account in "abc":
            sums = core.pnl(account)[0]
            rows = [core.position(i.symbol, account) for i in instruments]
            assert sums.net == sum(p.realized_pnl + p.unrealized_pnl - p.fees for p in rows)
    assert core.metrics()["trades"] > 150


# ---- the ledger alone

@pytest.fixture
def ledger(room):
    book = room("ledger").Ledger(2, 3)
    book.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **tc.Instrument("A").definition(1)))
    return book


def fills(*rows):
    array = np.zeros(len(rows), FILL_DTYPE)
    for place, (qty, price, fee) in enumerate(rows):
        array[place] = (1, 1, qty, price, fee, 0, 0)
    return array


def test_a_release_keeps_its_remainder_and_sums_to_the_cost(ledger):
    # Bought 3 for 10; divmod(10, 3) is (3, 1): one lot releases 3 and leaves 7, then 3 of 7, and the last takes 4.
    ledger.apply_fills(fills((1, 3, 0), (1, 3, 0), (1, 4, 0)))
    left = []
    for _ in range(3):
        ledger.apply_fills(fills((-1, 5, 0)))
        left.append(ledger.position(1, 1)[1:3])
    assert left == [(7, 2), (4, 4), (0, 5)]


def test_the_ledger_follows_the_stated_rule_whatever_the_fills(ledger):
    seeded, qty, cost, realised, paid = random.Random(2), 0, 0, 0, 0
    rows = []
    for _ in range(3000):
        size, price = seeded.choice((1, 2, 7, 10**6, QTY_MAX)), seeded.choice((0, 1, -3, 10**9, PRICE_MAX, -PRICE_MAX))
        signed, fee = size if seeded.random() < 0.5 else -size, seeded.randint(-5, 9)
        rows.append((signed, price, fee))
        paid += fee
        sign = 1 if qty > 0 else -1
        closed = min(abs(signed), abs(qty)) if qty * signed < 0 else 0
        if closed:
            whole, remainder = divmod(cost * sign, abs(qty))
            released = whole * closed + remainder * closed // abs(qty)
            realised += sign * (closed * price - released)
            cost -= sign * released
            qty -= sign * closed
            signed += sign * closed
        qty += signed
        cost += signed * price
    for at in range(0, 3000, 500):
        ledger.apply_fills(fills(*rows[at : at + 500]))
    assert ledger.position(1, 1) == (qty, cost, realised, paid)
    assert cost - realised == sum(price * size for size, price, _ in rows)  # the cash that went out
    assert ledger.position(1, 2) == (0, 0, 0, 0)


@pytest.mark.parametrize("bad", [{"instrument": 2}, {"instrument": 0}, {"account": 4}, {"qty": 0}, {"qty": QTY_MAX + 1},
                                 {"price": -PRICE_MAX - 1}, {"fee": FEE_MAX + 1}])
def test_the_ledger_alone_books_all_rows_or_none(ledger, bad):
    rows = fills((5, 10, 0), (5, 10, 0))
    for name, value in bad.items():
        rows[1][name] = value
    with pytest.raises(ValueError, match=next(iter(bad))):
        ledger.apply_fills(rows)
    assert ledger.position(1, 1) == (0, 0, 0, 0)


def test_an_average_price_is_exact_as_a_ratio_and_rounded_half_to_even_as_a_decimal(core):
    for size, price in ((1, 100), (2, 101)):
        core.submit("AAPL", "SELL", size, price)
    order = core.submit("AAPL", "BUY", 3, 101)
    assert order.avg_px_ratio == Fraction(302, 3)
    assert order.avg_px == (D(302) / 3).quantize(D("1e-25"), ROUND_HALF_EVEN)
    assert core.submit("AAPL", "BUY", 1, 1).avg_px == 0


def test_cash_is_what_was_opened_plus_what_trades_moved_less_fees(make_core):
    core = make_core(venues=[tc.SimulatedVenue("XNAS", taker_fee_per_share="0.01")])
    core.positions.open_cash("USD", "1000.50")
    assert core.positions.cash("USD") == D("1000.50")
    core.quote("XNAS", "AAPL", bid=9, bid_size=100, ask=10, ask_size=100)
    core.submit("AAPL", "BUY", 30, 10)
    assert core.positions.cash("USD") == D("1000.50") - 300 - D("0.30")
    core.submit("AAPL", "SELL", 30, 9)
    assert core.positions.cash("USD") == D("1000.50") - 30 - D("0.60")


def test_sums_of_money_are_not_rounded_at_28_digits():
    """Decimal's own context would be, and 1e-10 of a coin in a large book would be gone."""
    assert D("1e30") + D("1e-10") == D("1e30")
    assert str(exact_sum(D("1e30"), D("1e-10"))) == "1000000000000000000000000000000.0000000001"

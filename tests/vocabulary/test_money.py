"""Money: each currency's own decimals; what a broker reports booked exactly, what we compute rounded once."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import T0, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CASH_MAX, CODECS, FEE_MAX, LIMIT_MAX, VERSION

D = Decimal
R = tc.Reason
ETH = tc.Instrument("ETH/BTC", tick_size="0.00001", lot_size="0.0001", currency="BTC")
BROKER = ("1.02345678", "0.00000123", "0.350000001")


def nearest(amount: Fraction, decimals: int) -> Fraction:
    """Half to even, once."""
    return Fraction(round(amount * 10**decimals), 10**decimals)


# ---- what is reported

@pytest.mark.parametrize("commission", [*BROKER, "-1.02345678", "4000000000.000000001"])
def test_a_brokers_commission_is_booked_exactly(backend, commission):
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], currencies=["CHF"], backend=backend)
    keeper.apply_fill("AAPL", "BUY", 10, 100, commission=commission)
    keeper.apply_fill("AAPL", "BUY", 10, 100, commission=commission, commission_currency="CHF")
    p = keeper.position("AAPL")
    assert (p.fees, p.fees_by_currency) == (D(commission), {"USD": D(commission), "CHF": D(commission)})
    assert keeper.cash("CHF") == -D(commission)
    assert keeper.cash("USD") == -2_000 - D(commission)
    assert [row.commission for row in keeper.trades()] == [D(commission)] * 2
    keeper.correct(2, commission="0.000000001")
    assert keeper.position("AAPL").fees_by_currency["CHF"] == D("1e-9")


def test_a_fee_counts_in_its_own_currencys_decimals(backend):
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], currencies=[tc.Currency("JPY", 0), tc.Currency("BTC", 12), "EUR"], backend=backend)
    for currency, fee in (("JPY", 13), ("BTC", "0.000000000001"), ("EUR", "0.000000001")):
        keeper.apply_fill("AAPL", "BUY", 1, 1, commission=fee, commission_currency=currency)
        keeper.dividend("AAPL", fee, currency=currency)
    p = keeper.position("AAPL")
    assert {c: fee for c, fee in p.fees_by_currency.items() if fee} == {"JPY": 13, "BTC": D("1e-12"), "EUR": D("1e-9")}
    assert p.dividends == {"JPY": 13, "BTC": D("2e-12"), "EUR": D("3e-9")}
    for currency, fee in (("JPY", "0.5"), ("BTC", "1e-13"), ("EUR", "1e-10"), ("EUR", FEE_MAX)):
        with pytest.raises(ValueError, match="AAPL commission"):
            keeper.apply_fill("AAPL", "BUY", 1, 1, commission=fee, commission_currency=currency)
    assert {row.currency: row.fees for row in keeper.pnl(missing="exclude")} == {"USD": 0, "JPY": 13, "BTC": D("1e-12"), "EUR": D("1e-9")}


# ---- what is computed

def test_two_thousand_small_trades_have_their_fees_to_the_last_digit(make_core, backend):
    """0.0099 ETH/BTC at 10 bps: 0.0000003465 BTC, which a micro would lose altogether."""
    for decimals in (9, 12):
        core = make_core(instruments=[ETH], accounts=["a", "b"], currencies=[tc.Currency("BTC", decimals)],
                         venues=[tc.SimulatedVenue("X", taker_fee_bps=10, maker_fee_bps="-2.5")],
                         capacity=small_capacity(events=16_384))
        seeded, taken, made = random.Random(1), Fraction(0), Fraction(0)
        for at in range(2_000):
            price = f"0.0{seeded.randint(3_000, 3_999)}"
            maker, taker = ("SELL", "BUY") if at % 2 else ("BUY", "SELL")
            core.submit("ETH/BTC", maker, "0.0099", price, account="b")
            assert core.submit("ETH/BTC", taker, "0.0099", price, account="a").cum_qty == D("0.0099")
            notional = Fraction("0.0099") * Fraction(price)
            taken += nearest(notional * Fraction(10, 10_000), decimals)
            made += nearest(notional * Fraction("-2.5") / 10_000, decimals)
        assert (core.position("ETH/BTC", "a").fees, core.position("ETH/BTC", "b").fees) == (taken, made)
        assert Fraction(core.positions.cash("BTC", "a")) == Fraction(core.position("ETH/BTC", "a").realized_pnl) - taken
        told = [Fraction(r.commission) for r in core.reports(0) if r.exec_type is tc.ExecType.TRADE and r.account == "a"]
        assert sum(told) == taken > Fraction("0.0006")
        keeper = tc.PositionKeeper([ETH], currencies=[tc.Currency("BTC", decimals)], backend=backend)
        for fee in told:
            keeper.apply_fill("ETH/BTC", "BUY", "0.0099", "0.03", commission=D(fee.numerator) / D(fee.denominator))
        assert keeper.position("ETH/BTC").fees == taken


@pytest.mark.parametrize("decimals", [0, 2, 6, 9, 12])
@pytest.mark.parametrize(("fees", "rate", "per_unit"), [
    ({"taker_fee_bps": 1}, Fraction(1, 10_000), 0), ({"taker_fee_bps": "-0.01"}, -Fraction(1, 10**6), 0),
    ({"taker_fee_bps": 10_000}, Fraction(1), 0), ({"taker_fee_per_share": "0.000000001"}, 0, Fraction(1, 10**9)),
    ({"taker_fee_per_share": "-12.345678901"}, 0, -Fraction("12.345678901")),
])
def test_a_fee_is_rounded_once_at_its_currencys_decimals(make_core, decimals, fees, rate, per_unit):
    core = make_core(instruments=[tc.Instrument("X", lot_size="0.001", multiplier="2.5")], accounts=["a", "b"],
                     currencies=[tc.Currency("USD", decimals)], venues=[tc.SimulatedVenue("V", **fees)])
    seeded, expected = random.Random(decimals), Fraction(0)
    for _ in range(60):
        qty, price = D(seeded.randint(1, 9_999)) / 1000, D(seeded.randint(1, 99_999)) / 100
        core.submit("X", "SELL", qty, price, account="b")
        core.submit("X", "BUY", qty, price, account="a")
        value = Fraction(qty) * Fraction(price) * Fraction("2.5") * rate + Fraction(qty) * per_unit
        expected += nearest(value, decimals)
    assert core.position("X", "a").fees == expected


def test_a_fee_beyond_any_currency_is_computed_as_well_as_128_bits_hold_it(make_core):
    """1e37 of price x quantity x multiplier, charged in full: the position has the exact fee, and only the report of 64
    bits the largest that it can hold."""
    ins = tc.Instrument("BIG", tick_size=100, price_precision=0, multiplier=10**9)
    for bps, paid in ((10_000, 10**37), (1, 10**33), ("-0.01", -(10**31))):
        core = make_core(instruments=[ins], venues=[tc.ExternalVenue("EXT", taker_fee_bps=bps)], currencies=[tc.Currency("USD", 0)])
        order = core.submit("BIG", "BUY", 10**12, 10**16)
        report = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="1", last_qty=10**12, last_px=10**16)
        assert core.position("BIG").fees == paid
        assert report.commission == (2**63 - 1 if paid > 0 else -(2**63))


# ---- cash and limits

def test_cash_of_ten_to_the_sixteen_units_is_held_to_the_last_digit(make_core, backend):
    core = make_core(currencies=[tc.Currency("BTC", decimals=12), "EUR", tc.Currency("JPY", decimals=0)], capacity=small_capacity(currencies=4))
    keeper = tc.PositionKeeper([tc.Instrument("AAPL")], currencies=[tc.Currency("BTC", decimals=12), "EUR"], backend=backend)
    for currency, amount in (("BTC", "9999999999999999.999999999999"), ("EUR", "-9999999999999999.999999999"), ("USD", 10**16)):
        core.positions.open_cash(currency, amount)
        keeper.open_cash(currency, amount)
        assert core.positions.cash(currency) == keeper.cash(currency) == D(amount)
    core.positions.open_cash("JPY", 10**16)
    for currency, amount in (("JPY", "0.5"), ("EUR", "1e-10"), ("BTC", "1e-13"), ("BTC", 10**17)):
        with pytest.raises(ValueError, match="amount"):
            core.positions.open_cash(currency, amount)
    with pytest.raises(tc.RefusedError, match="ARITHMETIC_OVERFLOW"):
        core.positions.open_cash("JPY", CASH_MAX)
    assert core.positions.cash("JPY") == 10**16
    core.positions.open_cash("JPY", -(10**16))
    assert core.positions.cash("JPY") == 0


def test_a_drop_copy_follows_cash_and_fees_in_their_decimals(make_core):
    core = make_core(instruments=[ETH], currencies=[tc.Currency("BTC", 12)], accounts=["a", "b"],
                     venues=[tc.SimulatedVenue("X", taker_fee_bps=10)])
    copy = tc.DropCopy(core)
    for amount in ("9999999999999999.999999999999", "-0.000000000001"):
        core.positions.open_cash("BTC", amount, account="a")
    core.submit("ETH/BTC", "SELL", "0.0099", "0.03551", account="b")
    core.submit("ETH/BTC", "BUY", "0.0099", "0.03551", account="a")
    for account in "ab":
        assert copy.keeper.cash("BTC", account) == core.positions.cash("BTC", account)
        assert copy.keeper.position("ETH/BTC", account).fees == core.position("ETH/BTC", account).fees
    assert core.position("ETH/BTC", "a").fees == D("0.000000351549")


def test_limits_of_ten_to_the_sixteen_units_pass_and_refuse_at_the_last_digit(make_core):
    armed = limits(max_order_notional=10**16, max_order_qty=10**16, max_position_qty=10**16)
    core = make_core(instruments=[tc.Instrument("X", lot_size=1, multiplier=1_000)], limits=armed)
    assert core.submit("X", "BUY", 10**5, 10**8).reason is R.NONE
    refused = core.submit("X", "BUY", 10**13, "1.01")
    assert refused.text == "MAX_ORDER_NOTIONAL: notional 10100000000000000 exceeds 10000000000000000 (account alpha)"
    row = core.check("X", "BUY", 10**13, "1.01")[R.MAX_ORDER_NOTIONAL]
    assert (row.value, row.limit, row.headroom) == (D("1.01e16"), 10**16, -D("1e14"))
    for name in ("max_order_notional", "max_order_qty", "max_position_qty"):
        with pytest.raises(ValueError, match=name):
            limits(**{name: 10**16 + 1})
    assert D(LIMIT_MAX).scaleb(-9) == 10**16


@pytest.mark.parametrize(("given", "reason", "text"), [
    ({"min_notional": 10**16}, R.NOTIONAL_BELOW_MIN, "notional 9999999999999900 is below the minimum 10000000000000000"),
    ({"max_notional": 9 * 10**15}, R.NOTIONAL_ABOVE_MAX, "notional 9999999999999900 is above the maximum 9000000000000000"),
])
def test_notional_bounds_of_an_instrument_are_as_wide(make_core, given, reason, text):
    core = make_core(instruments=[tc.Instrument("X", lot_size=1, multiplier=10, **given)])
    assert core.submit("X", "BUY", 999_999_999_999_990 // 10, 10).text == f"{reason.name}: {text}"


# ---- currencies

@pytest.mark.parametrize(("given", "error"), [
    ({"name": ""}, ValueError), ({"name": 5}, TypeError), ({"name": "BTC", "decimals": 13}, ValueError), ({"name": "BTC", "decimals": -1}, ValueError),
    ({"name": "BTC", "decimals": True}, TypeError), ({"name": "BTC", "decimals": "9"}, TypeError), ({"name": "BTC", "decimals": 1.5}, TypeError),
])
def test_a_currency_that_can_not_be_is_refused(given, error):
    with pytest.raises(error, match="currency"):
        tc.Currency(**given)


def test_a_currencys_decimals_are_said_before_an_instrument_in_it_and_once(make_core):
    core = make_core()
    core.define_currency("BTC", 12)
    core.define_currency(tc.Currency("JPY", 0))
    core.define_instrument(ETH)
    assert core._gate.names.decimals == [9, 12, 0]
    for again in ("BTC", "USD", tc.Currency("JPY", 2)):
        with pytest.raises(tc.RefusedError, match="ALREADY_DEFINED"):
            core.define_currency(again)
    with pytest.raises(TypeError, match="decimals 3 are said by currency EUR itself"):
        core.define_currency(tc.Currency("EUR"), 3)
    for bad in ("EUR", tc.Currency("EUR")):
        with pytest.raises(TypeError, match="iterable of names or Currency"):
            make_core(currencies=bad)
    assert make_core(currencies=["EUR"]).state_hash() != make_core(currencies=[tc.Currency("EUR", 6)]).state_hash()


def test_an_instrument_counts_fees_as_its_currency_does(core):
    """The record says the decimals again, for the rooms that know no currency: they must be the currency's."""
    kind, reader = tc.CommandType.DEFINE_INSTRUMENT, core.reports()
    for decimals, reason in ((9, 0), (8, R.INVALID_FIELD_VALUE), (13, R.INVALID_FIELD_VALUE)):
        name = core.intern([f"X{decimals}"])[0]
        record = CODECS[kind].pack(kind=kind, version=VERSION, cl_ord_id=int(name),
                                   **tc.Instrument(f"X{decimals}").definition(1, decimals))
        assert core._gate.core.apply(record, T0)[0].reason == reason
    texts = [report.text for report in reader if report.reason]
    assert texts == ["INVALID_FIELD_VALUE: money_precision 0 is out of bounds"] * 2

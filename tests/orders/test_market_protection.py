"""What an order may pay at most: a MARKET order at an external venue, an order for an amount of cash.

The right values are arithmetic over the prices in each test: the collar's bound is the mid x (1 + bps / 10,000), a fill of
n lots at the worst price costs no more than the cash.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import limits, small_capacity

import tradecore as tc

R, S = tc.Reason, tc.OrdStatus
T = tc.TimeInForce


@pytest.fixture
def desk(make_core):
    def build(collar_bps=100, **venue):
        venues = [tc.ExternalVenue("EXT", **venue), tc.SimulatedVenue("SIM")]
        core = make_core(venues=venues, accounts=["alpha"], limits=limits(price_collar_bps=collar_bps), capacity=small_capacity())
        core.quote("SIM", "AAPL", bid=99, bid_size=1_000, ask=101, ask_size=1_000)
        return core

    return build


def sent(core):
    return [(m.ord_type.name, m.time_in_force.name, None if m.price is None else Decimal(m.price).normalize())
            for m in core.outbound()]


# ---- MARKET to an external venue


@pytest.mark.parametrize(("side", "price"), [("BUY", 101), ("SELL", 99)])  # the mid is 100, the collar 1 %
def test_a_market_order_goes_out_at_its_protection_price(desk, side, price):
    core = desk()
    order = core.submit("AAPL", side, 10, venue="EXT")
    assert sent(core) == [("LIMIT", "IMMEDIATE_OR_CANCEL", price)]
    assert (order.ord_type, order.price, order.time_in_force) == (tc.OrdType.MARKET, None, T.DAY)
    core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id)
    core.replace(order, qty=5)
    assert sent(core) == [("LIMIT", "IMMEDIATE_OR_CANCEL", price)]


@pytest.mark.parametrize(
    ("venue", "terms", "expected"),
    [
        ({}, {"time_in_force": "FOK"}, ("LIMIT", "FILL_OR_KILL", 101)),
        ({"market_protection": True}, {}, ("MARKET", "DAY", None)),
        ({"times_in_force": ("DAY", "AT_THE_CLOSE")}, {"time_in_force": "AT_THE_CLOSE"}, ("MARKET", "AT_THE_CLOSE", None)),
        ({}, {"price": 100}, ("LIMIT", "DAY", 100)),
    ],
    ids=["fill or kill", "the venue protects", "an auction", "a limit of its own"],
)
def test_what_goes_out_otherwise(desk, venue, terms, expected):
    core = desk(**venue)
    core.submit("AAPL", "BUY", 10, venue="EXT", **terms)
    assert sent(core) == [expected]


def test_without_a_collar_there_is_no_protection_price(desk):
    core = desk(collar_bps=tc.OFF)
    core.submit("AAPL", "BUY", 10, venue="EXT")
    assert sent(core) == [("MARKET", "DAY", None)]


def test_a_stop_that_the_core_triggers_goes_out_protected(desk):
    core = desk()
    core.submit("AAPL", "SELL", 10, stop_px=100, trigger_price_type="BEST_BID", venue="EXT")  # the bid is 99
    assert [kind for kind, _, price in sent(core) if price is not None] == ["LIMIT"]


@pytest.mark.parametrize(("side", "price", "last_px", "reason"), [
    ("BUY", None, "101.00", R.NONE), ("BUY", None, "101.01", R.FILL_BEYOND_LIMIT), ("SELL", None, "98.99", R.FILL_BEYOND_LIMIT),
    ("SELL", None, "99.00", R.NONE), ("BUY", 100, "100.01", R.FILL_BEYOND_LIMIT), ("SELL", 100, "100.01", R.NONE),
])
def test_a_fill_beyond_what_an_order_may_pay_is_booked_and_flagged(desk, side, price, last_px, reason):
    core = desk()
    order = core.submit("AAPL", side, 10, price, venue="EXT")
    sent(core)
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=10, last_px=last_px)
    assert (told.reason, order.ord_status, abs(core.position("AAPL").qty)) == (reason, S.FILLED, 10)
    assert ("worse than the limit" in told.text) == (reason is R.FILL_BEYOND_LIMIT)


def test_a_fill_within_a_replace_that_is_not_answered_is_not_beyond(desk):
    core = desk()
    order = core.submit("AAPL", "BUY", 10, 100, venue="EXT")
    sent(core)
    core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id)
    core.replace(order, price=101)
    told = core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id="a", last_qty=1, last_px=101)
    assert told.reason is R.NONE


# ---- cash


def spend(make_core, cash, bid, ask, collar_bps=tc.OFF, size=1_000, venue="SIM", **terms):
    core = make_core(venues=[tc.SimulatedVenue("SIM"), tc.ExternalVenue("EXT")], accounts=["alpha"],
                     limits=limits(price_collar_bps=collar_bps), capacity=small_capacity())
    core.quote("SIM", "AAPL", bid=bid, bid_size=size, ask=ask, ask_size=size)
    return core, core.submit("AAPL", "BUY", cash_order_qty=cash, venue=venue, **terms)


@pytest.mark.parametrize("venue", ["SIM", None])
def test_cash_is_counted_at_the_offer_and_not_at_the_mid(make_core, venue):
    # The offer is 19, the mid 10: 40 lots at the mid would cost 760. 400 // 19 is 21, for 399.
    _, order = spend(make_core, 400, 1, 19, venue=venue)
    assert (order.order_qty, order.cum_qty, order.cum_qty * order.avg_px) == (21, 21, 399)


def test_cash_is_counted_at_the_protection_price_where_there_is_one(make_core):
    # The mid is 100, the collar 2 %: at most 102. 1,020 buys 10; they cost 1,010 at the offer of 101.
    _, order = spend(make_core, 1_020, 99, 101, collar_bps=200)
    assert (order.order_qty, order.cum_qty * order.avg_px) == (10, 1_010)
    _, order = spend(make_core, "1019.99", 99, 101, collar_bps=200)
    assert order.order_qty == 9


def test_cash_buys_no_more_than_it_was_counted_for_at_the_next_price(make_core):
    _, order = spend(make_core, 1_010, 99, 101, size=4)  # ten lots at 101: four are there, and none at 102 is taken
    assert (order.order_qty, order.cum_qty, order.ord_status) == (10, 4, S.CANCELED)


def test_cash_at_an_external_venue_is_sent_with_its_worst_price(make_core):
    core, order = spend(make_core, 400, 1, 19, venue="EXT")
    assert sent(core) == [("LIMIT", "IMMEDIATE_OR_CANCEL", 19)]
    assert order.order_qty == 21


def test_a_stop_for_cash_is_counted_at_what_it_may_pay_once_it_is_triggered(make_core):
    # The stop is 110, the collar 10 % from it: at most 121. 1,210 buys ten; the venue's own stop would know of no bound.
    core, order = spend(make_core, 1_210, 99, 101, collar_bps=1_000, stop_px=110, trigger_price_type="BEST_OFFER")
    assert (order.order_qty, order.row.place) == (10, tc.Place.AWAITS_PRICE)
    core.quote("SIM", "AAPL", bid=119, bid_size=50, ask=125, ask_size=50)  # beyond it
    assert order.cum_qty * (order.avg_px or 0) <= 1_210


FEES = {"FREE": {}, "CHEAP": {"taker_fee_per_share": "0.50"}, "WHOLE": {"taker_fee_per_share": "1.00"},
        "SHARED": {"taker_fee_per_share": "1e-9"}, "DEAR": {"taker_fee_bps": 1_200}, "REBATE": {"taker_fee_bps": -100, "maker_fee_bps": -100}}


@pytest.mark.parametrize("price", [None, 19])
@pytest.mark.parametrize(("venue", "cash", "qty"), [
    ("FREE", 400, 21), ("CHEAP", 400, 20), ("WHOLE", 400, 20), ("WHOLE", "399.999999", 19), ("DEAR", 400, 18), (None, 400, 18),
    ("FREE", 380, 20), ("SHARED", 380, 19), ("REBATE", 396, 20),
])
def test_fees_are_paid_of_the_cash_where_that_is_asked(make_core, venue, cash, qty, price):
    # At 19: 400 buys 21 lots without fees. With 0.50 a lot, 400 // 19.50 is 20; with 1.00 it is 20 and nothing is left; with
    # 12 % of 19, 21.28 a lot, it is 18. 380 buys 20, but 19 where each costs a fee beside; a rebate may not come.
    core = make_core(venues=[tc.SimulatedVenue(name, **fees) for name, fees in FEES.items()], accounts=["alpha"],
                     limits=limits(price_collar_bps=tc.OFF), capacity=small_capacity(venues=6))
    core.quote(venue or "CHEAP", "AAPL", bid=18, bid_size=100, ask=19, ask_size=100)
    order = core.submit("AAPL", "BUY", price=price, cash_order_qty=cash, venue=venue, cash_includes_fees=True)
    assert (order.order_qty, order.cum_qty) == (qty, qty)
    assert order.cum_qty * order.avg_px + core.position("AAPL").fees <= Decimal(cash)
    assert core.submit("AAPL", "BUY", cash_order_qty=cash, venue=venue).order_qty == Decimal(cash) // 19
    asked = core.check("AAPL", "BUY", price=price, cash_order_qty=cash, venue=venue, cash_includes_fees=True)
    assert asked[R.MAX_ORDER_QTY].value == qty


@pytest.mark.parametrize("terms", [{"qty": 5}, {"side": "SELL", "cash_order_qty": 5}])
def test_fees_are_of_a_purchase_for_cash(make_core, terms):
    core = make_core()
    before = core.state_hash()
    with pytest.raises(ValueError, match="cash_includes_fees True is of a BUY with cash_order_qty"):
        core.submit("AAPL", **{"side": "BUY", "price": 10, "cash_includes_fees": True, **terms})
    with pytest.raises(TypeError, match="cash_includes_fees"):
        core.submit("AAPL", "BUY", cash_order_qty=5, cash_includes_fees=1)
    assert core.state_hash() == before
    orders = tc.new_orders(2)
    orders["instrument"], orders["account"], orders["order_qty"], orders["price"] = core.ids("AAPL"), 1, 1, 10**9
    orders["side"], orders["exec_inst"] = [1, 2], [tc.ExecInst.CASH_INCLUDES_FEES, tc.ExecInst.CASH_INCLUDES_FEES + tc.ExecInst.CASH_ORDER_QTY]
    assert core.submit_batch(orders)["reason"].tolist() == [R.INVALID_FIELD_VALUE] * 2


@pytest.mark.parametrize(("terms", "qty"), [({}, 4), ({"price": 90}, 4), ({"price": 120}, 3)])
def test_a_sale_for_cash_is_counted_at_the_most_that_it_may_bring(make_core, terms, qty):
    # The bid is 99, the mid 100, and a limit may be higher: 400 at 100 is 4 lots, at 120 it is 3.
    core, _ = spend(make_core, 101, 99, 101)
    order = core.submit("AAPL", "SELL", cash_order_qty=400, venue="SIM", **terms)
    assert order.order_qty == qty

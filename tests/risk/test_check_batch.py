"""check_batch: what refuses each of many orders, alone or together as a basket, without a change of state.

Each answer must be check()'s own: the first that refuses, and a bit for each that does. In a basket an order is judged as
if those before it that pass were working: the answers are those of a core that really got them.
"""

from random import Random

import numpy as np
import pytest
from conftest import SMALL, T0, limits

import tradecore as tc
from tradecore.vocabulary.records import NAMELESS, NEW_ID

R = tc.Reason
BUY, SELL, LIMIT, MARKET = 1, 2, 2, 1


def place(reason):
    return 1 << tc.RISK_CHECKS.index(reason)


@pytest.fixture
def desk(make_core):
    def build(**armed):
        core = make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"],
                         venues=[tc.SimulatedVenue("P"), tc.SimulatedVenue("Q")], limits=limits(price_collar_bps=tc.OFF) if not armed else limits(**armed))
        for symbol in ("AAPL", "MSFT"):
            core.quote("P", symbol, bid=99, bid_size=1, ask=101, ask_size=1)
        return core

    return build


def orders(core, *rows):
    """(side, whole quantity, price or None) or a dict of fields, of AAPL in alpha at P."""
    made = tc.new_orders(len(rows))
    made["instrument"], made["account"], made["venue"] = core.ids("AAPL"), 1, 1
    for at, row in enumerate(rows):
        side, qty, price, more = (*row, {})[:4] if len(row) == 3 else row
        made["side"][at], made["order_qty"][at] = side, qty
        made["ord_type"][at] = MARKET if price is None else LIMIT
        made["price"][at] = tc.NO_PRICE if price is None else price * 10**8
        for name, value in more.items():
            made[name][at] = value
    return made


def test_each_answer_is_the_first_refusal_and_a_bit_for_each(desk):
    core = desk(max_order_qty=10, max_order_notional=500, price_collar_bps=1_000, max_position_qty=8)
    core.risk.set_limit("max_order_qty", 3, symbol="AAPL", observe=True)
    before = core.state_hash()
    answers = core.check_batch(orders(core, (BUY, 2, 100), (BUY, 11, 150), (BUY, 4, 100), (BUY, 9, 50), (0, 5, 100)))
    assert core.state_hash() == before
    assert list(answers["reason"]) == [0, R.MAX_ORDER_QTY, 0, R.MAX_POSITION_QTY, R.INVALID_FIELD_VALUE]
    assert list(answers["refused"]) == [
        0, place(R.MAX_ORDER_QTY) | place(R.MAX_ORDER_NOTIONAL) | place(R.PRICE_COLLAR) | place(R.MAX_POSITION_QTY), 0,
        place(R.MAX_POSITION_QTY), 0]
    assert list(answers["observed"]) == [0, place(R.MAX_ORDER_QTY), place(R.MAX_ORDER_QTY), place(R.MAX_ORDER_QTY), 0]
    assert list(answers["reject_mask"] != 0) == [False] * 4 + [True]


def test_findings_are_those_of_check(desk):
    core = desk(max_order_qty=10, max_position_qty=8)
    asked = orders(core, (BUY, 2, 100), (BUY, 11, 100), (SELL, 9, 100), (BUY, 1, None))
    told = core.check_findings(asked)
    one = [core.check("AAPL", "BUY" if side == BUY else "SELL", qty, price, account="alpha", venue="P")
           for side, qty, price in ((BUY, 2, 100), (BUY, 11, 100), (SELL, 9, 100), (BUY, 1, None))]
    assert [list(result) for result in told] == [list(result) for result in one]
    assert [result.passed for result in told] == [True, False, False, True]
    assert core.check_findings(orders(core, (BUY, 0, 100)))[0][0].rule is R.QTY_BELOW_MIN


@pytest.mark.parametrize("instrument", [0, -1, 99, 2**31 - 1])
def test_a_used_id_of_no_instrument_is_found(desk, instrument):
    core = desk()
    core.submit("AAPL", "BUY", 1, 100, venue="P", account="alpha", cl_ord_id=7)
    asked = orders(core, (BUY, 1, 100))
    asked["instrument"], asked["cl_ord_id"] = instrument, 7
    assert list(core.check_batch(asked)["reason"]) == [R.DUPLICATE_CLORDID]
    (result,) = core.check_findings(asked)
    assert [(row.rule, row.verdict) for row in result] == [(R.DUPLICATE_CLORDID, "REFUSE")]


def test_what_a_rule_in_python_has_refused_is_refused_as_a_submit_does(desk):
    """The record says it, by a text that the core knows or by none; what is not well formed, or no new order, says so."""
    core = desk(max_order_qty=10)
    core.submit("AAPL", "BUY", 1, 100, venue="P", account="alpha", cl_ord_id=7)
    core.risk.add_rule("none", lambda order: "not today")
    text = core.submit("AAPL", "BUY", 1, 100, venue="P", account="alpha").row.value
    core.risk.remove_rule("none")
    asked = orders(core, (BUY, 1, 100), (BUY, 11, 100, {"refusal": text}), (BUY, 1, 100, {"refusal": 2**62}), (BUY, 0, 100, {"refusal": text}),
                   (BUY, 2, 100, {"refusal": text, "cl_ord_id": 7}))
    reasons = [R.NONE, R.USER_RULE, R.USER_RULE, R.QTY_BELOW_MIN, R.DUPLICATE_CLORDID]
    for together in (False, True):
        assert list(core.check_batch(asked, together=together)["reason"]) == reasons
    assert [[row.rule for row in result if row.verdict == "REFUSE"] for result in core.check_findings(asked)][1:] == [[r] for r in reasons[1:]]
    assert list(core.submit_batch(asked)["reason"]) == reasons


def test_the_places_are_the_checks_in_their_order(desk):
    core = desk()
    core.risk.add_rule("small", "order.qty < 100")
    assert [row.rule for row in core.check("AAPL", "BUY", 1, 100, account="alpha")] == [
        reason for reason in tc.RISK_CHECKS if reason is not R.UNBOOKED_TRADE]  # told where something lies there


BASKETS = {
    "position": ({"max_position_qty": 10}, [(BUY, 4, 90), (BUY, 7, 90), (BUY, 6, 90), (BUY, 1, 90), (SELL, 10, 110), (SELL, 1, 110)],
                 [0, R.MAX_POSITION_QTY, 0, R.MAX_POSITION_QTY, 0, R.MAX_POSITION_QTY]),
    "rate": ({"order_rate": 2}, [(BUY, 1, 100)] * 3, [0, 0, R.ORDER_RATE]),
    "id": ({}, [(BUY, 1, 100, {"cl_ord_id": 7}), (BUY, 1, 100, {"cl_ord_id": 8}), (BUY, 2, 100, {"cl_ord_id": 7})], [0, 0, R.DUPLICATE_CLORDID]),
}


@pytest.mark.parametrize("name", BASKETS)
def test_a_basket_is_judged_as_if_those_before_worked(desk, name):
    armed, rows, expected = BASKETS[name]
    core = desk(**{"price_collar_bps": tc.OFF, **armed})
    before = core.state_hash()
    asked = orders(core, *rows)
    assert list(core.check_batch(asked, together=True)["reason"]) == expected
    assert core.state_hash() == before
    assert list(core.check_batch(asked)["reason"]) == [0] * len(rows)  # each alone passes
    assert [result.passed for result in core.check_findings(asked, together=True)] == [not reason for reason in expected]
    acks = core.submit_batch(asked)
    assert list(acks["reason"]) == expected


@pytest.mark.parametrize("number", [NAMELESS, NEW_ID])
def test_an_id_that_can_not_be_is_refused_as_such(desk, number):
    """Behind an order without an id too; that a text has no number yet only check() may say."""
    core = desk()
    asked = orders(core, (BUY, 1, 100), (BUY, 1, 100, {"cl_ord_id": number}))
    for together in (False, True):
        answers = core.check_batch(asked, together=together)
        assert (list(answers["reason"]), list(answers["reject_mask"] != 0)) == ([0, R.INVALID_CL_ORD_ID], [False, True])
    assert list(core.submit_batch(asked)["reason"]) == [0, R.INVALID_CL_ORD_ID]


def test_ids_that_those_before_take_count(make_core):
    core = make_core(limits=limits(price_collar_bps=tc.OFF), capacity=tc.Capacity(**SMALL | {"cl_ord_ids": 16}))
    asked = orders(core, *[(BUY, 1, 90, {"cl_ord_id": number, "venue": 0}) for number in (*range(1, 11), 0, *range(11, 21))])
    expected = [0] * 17 + [R.TABLE_FULL] * 4
    assert list(core.check_batch(asked, together=True)["reason"]) == expected
    assert list(core.check_batch(asked)["reason"]) == [0] * 21  # each alone has room
    assert list(core.submit_batch(asked)["reason"]) == expected


def test_in_a_basket_only_as_much_reduces_as_there_is(desk):
    core = desk(price_collar_bps=tc.OFF, max_position_qty=5)
    core.positions.open_position("AAPL", 10, 100, account="alpha")
    asked = orders(core, (SELL, 10, 102), (SELL, 6, 102), (BUY, 1, 90))
    assert list(core.check_batch(asked)["reason"]) == [0, 0, R.MAX_POSITION_QTY]
    # 10 reduce; 6 more would be short 6 at worst.
    assert list(core.check_batch(asked, together=True)["reason"]) == [0, R.MAX_POSITION_QTY, R.MAX_POSITION_QTY]


def test_the_whole_open_order_table_counts(make_core):
    core = make_core(limits=limits(price_collar_bps=tc.OFF), capacity=tc.Capacity(**SMALL | {"open_orders": 8}))
    for _ in range(6):
        core.submit("AAPL", "BUY", 1, 90)
    asked = orders(core, *[(BUY, 1, 90)] * 3)
    asked["venue"] = 0
    assert list(core.check_batch(asked, together=True)["reason"]) == [0, 0, R.MAX_OPEN_ORDERS]


@pytest.mark.parametrize("seed", range(3))
def test_a_basket_says_what_becomes_of_it(desk, seed):
    """Random baskets of orders that don't trade at once, under many limits: the answers are the acks of those orders."""
    random, core = Random(seed), desk(max_order_qty=20, max_order_notional=1_500, price_collar_bps=3_000, max_position_qty=40, order_rate=30)
    core.risk.set_limit("daily_order_count", 60, account="alpha")
    core.risk.set_limit("max_position_qty", 60, symbol="AAPL")
    core.risk.set_limit("message_rate", 9, strategy=7, window_ms=5)
    refused = set()
    for _ in range(12):
        rows = [(side, random.randint(1, 22), random.randint(70, 99) if side == BUY else random.randint(102, 130),
                 {"strategy": random.choice((0, 7)), "cl_ord_id": random.choice((0, 0, random.randint(1, 400)))})
                for side in random.choices((BUY, SELL), k=random.randint(1, 14))]
        asked = orders(core, *rows)
        core._gate.clock.now += 1_000_000
        before = core.state_hash()
        answers, each = core.check_batch(asked, together=True), core.check_batch(asked)
        assert core.state_hash() == before
        acks = core.submit_batch(asked)
        told = np.where(acks["ord_status"] == tc.OrdStatus.REJECTED, acks["reason"], 0)
        assert list(answers["reason"]) == list(told)
        refused |= set(told)
        assert not ((each["reason"] != 0) & (answers["reason"] == 0)).any()  # no exit among them: more that works is worse
        for order in list(core.orders.open_orders())[::3]:
            core.cancel(order)
    assert {R.MAX_ORDER_QTY, R.MAX_POSITION_QTY, R.ORDER_RATE} <= refused


@pytest.mark.parametrize(("wrong", "error", "says"), [
    ([1], TypeError, "list"), (np.zeros(2, tc.QUOTE_DTYPE), ValueError, "ORDER_DTYPE"), (tc.new_orders(4).reshape(2, 2), ValueError, "shape"),
    (np.zeros(2, tc.ORDER_DTYPE), ValueError, "row 0")])
def test_what_is_no_batch_of_orders_is_refused(desk, wrong, error, says):
    for call in (desk().check_batch, desk().check_findings):
        with pytest.raises(error, match=says):
            call(wrong)


def test_a_basket_has_a_most(desk):
    core = desk()
    assert len(core.check_batch(orders(core, *[(BUY, 1, 100)] * 1_024), together=True)) == 1_024
    with pytest.raises(ValueError, match="1024"):
        core.check_batch(orders(core, *[(BUY, 1, 100)] * 1_025), together=True)
    with pytest.raises(ValueError, match="1024"):  # the room has no room for more either
        core._gate.core.check_batch(orders(core, *[(BUY, 1, 100)] * 1_025), T0, True, None)
    with pytest.raises(TypeError, match="together"):
        core.check_batch(orders(core, (BUY, 1, 100)), together=1)

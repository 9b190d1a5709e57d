"""Validation: one table, a good row and a bad row for each reason from 101 to 115."""

from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import T0

import tradecore as tc
from tradecore.orders.validation import failures
from tradecore.vocabulary.records import AMOUNT_MAX, CODECS, MULTIPLIER_MAX, PRICE_MAX, QTY_MAX, TIME_MAX
from tradecore.vocabulary.rej_reasons import ORD_REJ_REASON

INSTRUMENTS = [
    tc.Instrument("AAPL", tick_size="0.01", price_precision=4, lot_size=10, min_qty=20, max_qty=1000, min_notional=100, max_notional=50_000),
    tc.Instrument("LIM", tick_size="0.01", price_precision=4, ord_types=("LIMIT",), times_in_force=("DAY",)),
    tc.Instrument("SPR", tick_size="0.01", price_precision=4, any_sign=True),
]
GOOD = {"instrument": 1, "account": 1, "side": 1, "ord_type": 2, "order_qty": 100, "price": 100_000}
MARKET = {"ord_type": 1, "price": tc.NO_PRICE}
STOP = {"ord_type": 3, "price": tc.NO_PRICE, "stop_px": 100_000}
TRAILING = {"ord_type": 31, "price": tc.NO_PRICE, "peg_offset": 100}
LISTED = {"list_id": 5, "contingency_type": 1}
R = tc.Reason
NO_VALIDATION = {R.ALREADY_DEFINED, R.TABLE_FULL}  # of definitions and tables
VALIDATION = {reason for reason in R if 101 <= reason <= 199} - NO_VALIDATION

# reason, what a good order changes, what a bad one changes, and what the refusal's text must say.
ROWS = [
    (R.INVALID_FIELD_VALUE, {"side": 2}, {"side": 3}, "side 3"),
    (R.INVALID_FIELD_VALUE, {"side": 1}, {"side": 0}, "side 0"),
    (R.INVALID_FIELD_VALUE, {"ord_type": 2}, {"ord_type": 5}, "ord_type 5"),
    (R.INVALID_FIELD_VALUE, {"time_in_force": 1}, {"time_in_force": 8}, "time_in_force 8"),
    (R.INVALID_FIELD_VALUE, {"time_in_force": 4}, {"time_in_force": 5}, "time_in_force 5"),
    (R.INVALID_FIELD_VALUE, {"exec_inst": 1}, {"exec_inst": 2**31 + 1}, f"exec_inst {2**31 + 1}"),
    (R.INVALID_FIELD_VALUE, {"transact_time": T0 + 1}, {"transact_time": TIME_MAX + 1}, f"transact_time {TIME_MAX + 1}"),
    (R.INVALID_FIELD_VALUE, {"transact_time": 1}, {"transact_time": -1}, "transact_time -1"),
    (R.INVALID_FIELD_VALUE, {"trigger_price_type": 3}, {"trigger_price_type": 4}, "trigger_price_type 4"),
    (R.INVALID_FIELD_VALUE, TRAILING | {"peg_offset_type": 1}, TRAILING | {"peg_offset_type": 2}, "peg_offset_type 2"),
    (R.INVALID_FIELD_VALUE, LISTED, LISTED | {"contingency_type": 3}, "contingency_type 3"),
    (R.INVALID_FIELD_VALUE, LISTED, LISTED | {"contingency_type": 65_535}, "contingency_type 65535"),
    (R.INVALID_FIELD_VALUE, {"strategy": 2**31 - 1}, {"strategy": -1}, "strategy -1"),
    (R.UNKNOWN_INSTRUMENT, {"instrument": 3}, {"instrument": 4}, "instrument 4 is not declared: 3 are"),
    (R.UNKNOWN_INSTRUMENT, {"instrument": 1}, {"instrument": -1}, "instrument -1 is"),
    (R.UNKNOWN_ACCOUNT, {"account": 1}, {"account": 2}, "account 2 is not declared: 1 are"),
    (R.UNKNOWN_ACCOUNT, {"account": 1}, {"account": 0}, "account 0 is"),
    (R.UNKNOWN_VENUE, {"venue": 2}, {"venue": 3}, "venue 3 is not declared: 2 are"),
    (R.UNKNOWN_VENUE, {"venue": 0}, {"venue": -1}, "venue -1 is"),
    (R.MISSING_REQUIRED_FIELD, {}, {"price": tc.NO_PRICE}, "price is missing"),
    (R.UNSUPPORTED_ORDER_TYPE, {"instrument": 2}, {"instrument": 2, **MARKET}, "ord_type MARKET.*one of LIMIT"),
    (R.UNSUPPORTED_ORDER_TYPE, {"exec_inst": 1}, {"exec_inst": 1, **MARKET}, "ord_type MARKET"),
    (R.UNSUPPORTED_TIF, {"instrument": 2}, {"instrument": 2, "time_in_force": 1}, "GOOD_TILL_CANCEL.*takes DAY"),
    (R.UNSUPPORTED_TIF, {"time_in_force": 3, **MARKET}, {"time_in_force": 1, **MARKET}, "time_in_force GOOD_TILL_CANCEL"),
    (R.UNSUPPORTED_TIF, {"time_in_force": 1, "exec_inst": 1}, {"time_in_force": 3, "exec_inst": 1}, "IMMEDIATE_OR_CANCEL"),
    (R.UNSUPPORTED_TIF, {"time_in_force": 0, "exec_inst": 1}, {"time_in_force": 4, "exec_inst": 1}, "FILL_OR_KILL"),
    (R.UNSUPPORTED_TIF, STOP | {"time_in_force": 3}, STOP | {"time_in_force": 2}, "AT_THE_OPEN"),
    (R.UNSUPPORTED_TIF, STOP, STOP | {"time_in_force": 7}, "AT_THE_CLOSE"),
    (R.UNSUPPORTED_TIF, {"time_in_force": 6, "expire_time": TIME_MAX}, MARKET | {"time_in_force": 6, "expire_time": TIME_MAX}, "GOOD_TILL_DATE"),
    (R.PRICE_TICK_MULTIPLE, {"price": 100_100}, {"price": 100_050}, r"price 10\.005 .*the tick 0\.01"),
    (R.PRICE_TICK_MULTIPLE, {"instrument": 3, "price": -100}, {"instrument": 3, "price": -99}, r"price -0\.0099"),
    (R.PRICE_OUT_OF_RANGE, {"price": 10_000}, {"price": 0}, r"price 0 is out of range: the bound is 0\.01"),
    (R.PRICE_OUT_OF_RANGE, {"instrument": 3, "price": 0}, {"price": -100}, r"price -0\.01 is out of range"),
    (R.PRICE_OUT_OF_RANGE, {"instrument": 3, "price": PRICE_MAX}, {"price": PRICE_MAX + 100}, "the bound is 1000000000000"),
    (R.QTY_LOT_MULTIPLE, {"order_qty": 110}, {"order_qty": 105}, "order_qty 105 .*the lot 10"),
    (R.QTY_BELOW_MIN, {"order_qty": 20}, {"order_qty": 10}, "order_qty 10 is below the minimum 20"),
    (R.QTY_BELOW_MIN, {"instrument": 2, "order_qty": 1}, {"instrument": 2, "order_qty": 0}, "order_qty 0 .*minimum 1"),
    (R.QTY_ABOVE_MAX, {"order_qty": 1000}, {"order_qty": 1010}, "order_qty 1010 is above the maximum 1000"),
    (R.QTY_ABOVE_MAX, {"instrument": 2, "order_qty": QTY_MAX, "price": 100},
     {"instrument": 2, "order_qty": QTY_MAX + 1, "price": 100}, f"order_qty {QTY_MAX + 1} .* {QTY_MAX}"),
    (R.NOTIONAL_BELOW_MIN, {"order_qty": 20, "price": 50_000}, {"order_qty": 20, "price": 49_900},
     r"notional 99\.8 .*minimum 100"),
    (R.NOTIONAL_ABOVE_MAX, {"order_qty": 1000, "price": 500_000}, {"order_qty": 1000, "price": 500_100},
     r"notional 50010 .*maximum 50000"),
    (R.INVALID_CL_ORD_ID, {"cl_ord_id": 2**62}, {"cl_ord_id": 2**63 - 1}, "cl_ord_id is no id: an integer from 1"),
    (R.INVALID_CL_ORD_ID, {"cl_ord_id": 0}, {"cl_ord_id": -1}, "cl_ord_id"),
    (R.INVALID_CL_ORD_ID, {"cl_ord_id": 1}, {"cl_ord_id": -(2**63)}, "cl_ord_id"),
    (R.MISSING_REQUIRED_FIELD, STOP | {"ord_type": 4, "price": 100_000}, STOP | {"ord_type": 4}, "price is missing"),
    (R.MISSING_STOP_PX, STOP, STOP | {"stop_px": tc.NO_PRICE}, "stop_px is missing"),
    (R.STOP_PX_OUT_OF_RANGE, STOP, STOP | {"stop_px": 100_050}, r"stop_px 10\.005 .*the tick 0\.01"),
    (R.STOP_PX_OUT_OF_RANGE, STOP, STOP | {"stop_px": 0}, r"stop_px 0"),
    (R.STOP_PX_OUT_OF_RANGE, STOP | {"instrument": 3, "stop_px": -100}, STOP | {"stop_px": -100}, r"stop_px -0\.01"),
    (R.STOP_PX_OUT_OF_RANGE, {"stop_px": tc.NO_PRICE}, {"stop_px": 100_000}, r"stop_px 10"),
    (R.INVALID_MIN_QTY, {"time_in_force": 3, "min_qty": 100}, {"time_in_force": 3, "min_qty": 101}, "min_qty 101 .*100"),
    (R.INVALID_MIN_QTY, {"time_in_force": 3, "min_qty": 1}, {"time_in_force": 3, "min_qty": -1}, "min_qty -1"),
    (R.INVALID_MIN_QTY, {"time_in_force": 3, "min_qty": 50}, {"min_qty": 50}, "IMMEDIATE_OR_CANCEL"),
    (R.INVALID_DISPLAY_QTY, {"display_qty": 10}, {"display_qty": 15}, "display_qty 15"),
    (R.INVALID_DISPLAY_QTY, {"display_qty": 100}, {"display_qty": 110}, "display_qty 110 .*100"),
    (R.INVALID_DISPLAY_QTY, {"display_qty": 20}, {"display_qty": 20, "time_in_force": 4}, "display_qty 20"),
    (R.INVALID_DISPLAY_QTY, {"display_qty": 20}, MARKET | {"display_qty": 20}, "display_qty 20"),
    (R.EXPIRE_TIME_IN_PAST, {"time_in_force": 6, "expire_time": TIME_MAX}, {"time_in_force": 6}, "expire_time 0 must be after"),
    (R.EXPIRE_TIME_IN_PAST, {"time_in_force": 6, "expire_time": TIME_MAX}, {"expire_time": TIME_MAX}, "only with GOOD_TILL_DATE"),
    (R.INVALID_PEG_OFFSET, TRAILING, TRAILING | {"peg_offset": 0}, "peg_offset 0"),
    (R.INVALID_PEG_OFFSET, TRAILING | {"peg_offset": 9_999, "peg_offset_type": 1}, TRAILING | {"peg_offset": 10_000, "peg_offset_type": 1}, "peg_offset 10000"),
    (R.INVALID_PEG_OFFSET, TRAILING, {"peg_offset": 100}, "others have none"),
    (R.INVALID_CONTINGENCY, LISTED, {"list_id": 5}, "5 and 0"),
    (R.INVALID_CONTINGENCY, LISTED, {"contingency_type": 1}, "0 and 1"),
    (R.INVALID_CONTINGENCY, LISTED, LISTED | {"list_id": -1}, "-1 and 1"),
]
NAMES = [f"{reason.name}-{'-'.join(bad)}-{place}" for place, (reason, _, bad, _) in enumerate(ROWS)]


def records(*changes):
    orders = tc.new_orders(len(changes))
    for row, change in zip(orders, changes, strict=True):
        for name, value in {**GOOD, **change}.items():
            row[name] = value
    return orders


@pytest.fixture
def validator(room):
    alone = room("validation").Validator(1, 2)
    for instrument in INSTRUMENTS:
        alone.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **instrument.definition(1)))
    return alone


def test_the_room_alone_has_the_tick_of_the_orders_price(validator):
    kind = tc.CommandType.DEFINE_TICKS
    for band in ({"from_px": 0, "band_tick": 100}, {"band": 1, "from_px": 100_000, "band_tick": 500}):
        validator.define_ticks(CODECS[kind].pack(kind=kind, instrument=1, **band))
    orders = records({"price": 99_900}, {"price": 100_000}, {"price": 100_100}, {"price": 100_500})
    assert [failures(int(mask)) for mask in validator.validate(orders)] == [(), (), (R.PRICE_TICK_MULTIPLE,), ()]
    for bad, says in (({"instrument": 4}, "instrument 4 must be 1 to 3"), ({"instrument": 1, "band": 1}, "at byte 56"),
                      ({"instrument": 1, "band": 2, "from_px": 7}, "at byte 64"), ({"instrument": 2, "band_tick": 7}, "at byte 72")):
        with pytest.raises(ValueError, match=says):
            validator.define_ticks(CODECS[kind].pack(kind=kind, **bad))


def test_orders_fail_alike_whether_or_not_their_instrument_bounds_notionals(room):
    """Natively the first instrument's plain orders are looked at at once, the second's bit by bit."""
    alone = room("validation").Validator(1, 2)
    for bound in (None, 10**15):
        one = tc.Instrument("X", lot_size=10, min_qty=20, max_qty=1_000, max_notional=bound)
        alone.define(CODECS[tc.CommandType.DEFINE_INSTRUMENT].pack(kind=2, **one.definition(1)))
    changes = [change for row in ROWS for change in row[1:3] if "instrument" not in change]
    changes += [{"ord_type": ord_type, "time_in_force": tif, "exec_inst": inst, "order_qty": qty, "price": price}
                for ord_type in range(5) for tif in range(9) for inst in range(4) for qty in (10, 100, 105, 1_010)
                for price in (0, 1_000_000, 1_000_001)]
    plain, bounded = (alone.validate(records(*({**change, "instrument": n} for change in changes))) for n in (1, 2))
    assert plain.tolist() == bounded.tolist()
    assert 20 < np.count_nonzero(plain == 0) < len(changes) / 2


def test_the_table_has_a_row_for_every_reason():
    assert {row[0] for row in ROWS} == VALIDATION - {R.IDS_FULL, R.CLOCK_STEP, R.PRICE_LIMIT}  # which only a core can find


@pytest.mark.parametrize(("reason", "good", "bad", "says"), ROWS, ids=NAMES)
def test_each_reason_refuses_the_bad_row_and_lets_the_good_one_through(make_core, validator, reason, good, bad, says):
    core = make_core(instruments=INSTRUMENTS)
    orders = records(good, bad)
    assert [failures(int(mask)) for mask in validator.validate(orders)] == [(), (reason,)]
    before = core._gate.core.event_seq
    good_ack, bad_ack = core.submit_batch(orders)
    assert R(good_ack["reason"]) not in VALIDATION
    assert (bad_ack["reason"], bad_ack["ord_status"], bad_ack["leaves_qty"]) == (reason, tc.OrdStatus.REJECTED, 0)
    refused = [r for r in core.reports(before) if r.order_id == bad_ack["order_id"]]
    assert [r.exec_type for r in refused] == [tc.ExecType.REJECTED]
    assert refused[0].ord_rej_reason == ORD_REJ_REASON.get(reason, tc.OrdRejReason.OTHER) == bad_ack["ord_rej_reason"]
    assert failures(refused[0].row.reject_mask) == (reason,)
    order = core.orders.order(order_id=int(bad_ack["order_id"]))
    for text in (refused[0].text, order.text):
        assert text.startswith(reason.name)
        assert re.search(says, text), text


ALL_AT_ONCE = [
    ({"side": 9, "account": 9, "venue": 9, "cl_ord_id": -1},
     (R.INVALID_FIELD_VALUE, R.UNKNOWN_ACCOUNT, R.UNKNOWN_VENUE, R.INVALID_CL_ORD_ID)),
    ({"instrument": 9, "account": 9, "order_qty": -5, "price": 0}, (R.UNKNOWN_INSTRUMENT, R.UNKNOWN_ACCOUNT)),
    ({"exec_inst": 1, "time_in_force": 4, "order_qty": 15, **MARKET},
     (R.UNSUPPORTED_ORDER_TYPE, R.UNSUPPORTED_TIF, R.QTY_LOT_MULTIPLE, R.QTY_BELOW_MIN)),
    ({"order_qty": 1005, "price": -1},
     (R.PRICE_TICK_MULTIPLE, R.PRICE_OUT_OF_RANGE, R.QTY_LOT_MULTIPLE, R.QTY_ABOVE_MAX)),
    ({"instrument": 2, "time_in_force": 1, "price": tc.NO_PRICE}, (R.MISSING_REQUIRED_FIELD, R.UNSUPPORTED_TIF)),
    ({}, ()),
]


@pytest.mark.parametrize(("change", "reasons"), ALL_AT_ONCE)
def test_all_failures_stand_in_one_mask(make_core, validator, change, reasons):
    orders = records(change)
    assert failures(int(validator.validate(orders)[0])) == reasons
    core = make_core(instruments=INSTRUMENTS)
    order = core.orders.order(order_id=int(core.submit_batch(orders)[0]["order_id"]))
    assert failures(order.reject_mask) == reasons
    assert order.reason == (reasons[0] if reasons else 0)


def test_a_bit_of_the_mask_is_a_reason():
    assert [failures(1 << bit) for bit in range(15)] == [(reason,) for reason in R if 101 <= reason <= 115]


def test_check_tells_what_validation_refuses(core):
    result = core.check("AAPL", "BUY", 0, "0.005")
    assert [(row.rule, row.verdict) for row in result] == [(R.PRICE_TICK_MULTIPLE, "REFUSE"), (R.QTY_BELOW_MIN, "REFUSE")]
    assert not result


def test_a_notional_is_a_magnitude_where_prices_may_be_negative(make_core):
    core = make_core(instruments=[tc.Instrument("SPR", any_sign=True, min_notional=100, max_notional=200)])
    reasons = [core.submit("SPR", "BUY", 10, price).reason for price in ("-9.99", "-10", "-20", "-20.01")]
    assert reasons == [R.NOTIONAL_BELOW_MIN, R.NONE, R.NONE, R.NOTIONAL_ABOVE_MAX]


@pytest.mark.parametrize("multiplier", [1, 9, 100_000, 123_456_789, MULTIPLIER_MAX])
@pytest.mark.parametrize("most", [None, 10**16])
def test_the_largest_order_can_not_overflow_an_amount(make_core, multiplier, most):
    instrument = tc.Instrument("BIG", tick_size=100, price_precision=0, multiplier=multiplier, any_sign=True, max_notional=most)
    core = make_core(instruments=[instrument])
    for price in (PRICE_MAX, -PRICE_MAX, 3**29 * 100):
        for qty in (QTY_MAX, 7**16):
            beyond = abs(price) * qty * multiplier > AMOUNT_MAX
            expected = R.NOTIONAL_ABOVE_MAX if most else R.ARITHMETIC_OVERFLOW if beyond else R.NONE
            order = core.submit("BIG", "BUY", qty, price)
            assert order.reason is expected
            if expected is R.ARITHMETIC_OVERFLOW:
                assert order.text.endswith(f"beyond the largest amount {AMOUNT_MAX // (abs(price) * multiplier)}")
            core.cancel(order)
    assert core.submit("BIG", "BUY", 1, 100).reason is R.NONE


@pytest.mark.parametrize("orders", [np.zeros(3, "i8"), np.zeros((2, 2), tc.ORDER_DTYPE), tc.new_orders(4)[::2]])
def test_the_room_alone_takes_contiguous_records_only(validator, orders):
    with pytest.raises(ValueError, match="C-contiguous 1-d array of 128-byte records"):
        validator.validate(orders)
    assert len(validator.validate(tc.new_orders(0))) == 0

"""The public face: a wrong call is told which field, which value and which bound, and changes nothing at all."""

from __future__ import annotations

import gc
import weakref
from decimal import Decimal

import numpy as np
import pytest
from conftest import CENT, T0, build_core, limits, method_of, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import COMMAND_DTYPES, MULTIPLIER_MAX, PRICE_MAX, QTY_MAX, REPORT_DTYPE, TIME_MAX

D = Decimal
R = tc.Reason
S = tc.OrdStatus

# ---- doors: what each kind of argument refuses, and the words that must be in the message

NUMBERS = [
    (True, TypeError, "bool"), ([1], TypeError, "list"), (b"1", TypeError, "bytes"), (1j, TypeError, "complex"),
    (np.bool_(True), TypeError, "bool"), (np.float32("nan"), ValueError, "finite"), (np.timedelta64(1, "D"), TypeError, "timedelta64"), (object(), TypeError, "object"),
    (float("nan"), ValueError, "nan"), (float("inf"), ValueError, "inf"), (-float("inf"), ValueError, "-inf"),
    ("NaN", ValueError, "NaN"), ("-Infinity", ValueError, "Infinity"), (D("NaN"), ValueError, "NaN"),
    (D("sNaN"), ValueError, "sNaN"), ("abc", ValueError, "abc"), ("", ValueError, "''"), ("1.2.3", ValueError, "1.2.3"),
    ("0x10", ValueError, "0x10"), (10**40, ValueError, "1" + "0" * 40), (-(10**40), ValueError, "-1" + "0" * 40),
    (1e300, ValueError, "1e+300"), (5e-324, ValueError, "5e-324"), ("1e999999999", ValueError, "1e999999999"),
    ("1e-999999999", ValueError, "1e-999999999"), ("1." + "0" * 60 + "1", ValueError, "digits"),
    (D("0." + "3" * 60), ValueError, "0.333"),
]
NO_NUMBER = [(None, TypeError, "NoneType"), *NUMBERS]
NAMES = [(5, TypeError, "int"), (b"AAPL", TypeError, "bytes"), ([], TypeError, "list"), ("aapl", LookupError, "'aapl'"),
         ("", LookupError, "''"), ("A" * 99, LookupError, "AAA"), ("AAPL\0", LookupError, "AAPL")]
TIMES = [(True, TypeError, "bool"), (1.5, TypeError, "float"), ("now", TypeError, "str"), (0, ValueError, "0"),
         (-1, ValueError, "-1"), (TIME_MAX + 1, ValueError, str(TIME_MAX + 1)), (2**70, ValueError, str(2**70))]
IDS = [(True, TypeError, "bool"), (1.5, TypeError, "float"), ([], TypeError, "list"), ("", ValueError, "''"),
       ("a b", ValueError, "a b"), ("a\n", ValueError, "printable"), ("x" * 65, ValueError, "1 to 64"), (b"\xff", ValueError, "1 to 64"),
       ("é", ValueError, "ASCII"), (" ", ValueError, "without spaces"), (10**64, ValueError, "64 digits")]
WORDS = [(3.0, TypeError, "float"), (True, TypeError, "bool"), ([], TypeError, "list"), (99, ValueError, "99"),
         ("HOLD", ValueError, "HOLD"), ("", ValueError, "''")]
NOTES = [(5, TypeError, "int"), (" a", ValueError, "' a'"), ("x" * 65, ValueError, "64")]
STRATEGIES = [("7", TypeError, "str"), (0, ValueError, "0"), (2**31, ValueError, str(2**31))]
KINDS = [(None, TypeError, "NoneType"), ("x", TypeError, "str"), (5, TypeError, "int"), ({}, TypeError, "dict")]
ORDER_IDS = [(1.5, TypeError, "float"), (True, TypeError, "bool"), ("1", TypeError, "str"), (0, (ValueError, LookupError), "0"),
             (-1, (ValueError, LookupError), "-1"), (2**63, (ValueError, LookupError), str(2**63))]

BOOLS = [(1, TypeError, "int"), ("no", TypeError, "str"), (None, TypeError, "NoneType")]
NO_ID = [(True, TypeError, "bool"), (1.5, TypeError, "float"), ([], TypeError, "list")]
TOLD = [row for row in NUMBERS if row[1] is TypeError]  # what a venue tells is refused as news, unless it is no number
LIST_IDS = [(True, TypeError, "bool"), (1.5, TypeError, "float"), ("1", TypeError, "str"), (0, ValueError, "0"), (-1, ValueError, "-1"),
            (2**63, ValueError, str(2**63))]
ORDER = {"symbol": "AAPL", "side": "BUY", "qty": 1, "price": 100}
ORDER_DOORS = {
    "symbol": [(None, TypeError, "NoneType"), *NAMES], "side": [(None, TypeError, "NoneType"), *WORDS], "qty": NO_NUMBER,
    "price": NUMBERS, "account": NAMES, "venue": NAMES, "ord_type": WORDS, "time_in_force": [(None, TypeError, ""), *WORDS],
    "post_only": BOOLS, "reduce_only": BOOLS, "cl_ord_id": IDS, "transact_time": TIMES, "expire_time": TIMES,
    "stop_px": NUMBERS, "min_qty": NUMBERS, "display_qty": NUMBERS, "list_id": LIST_IDS,
    "peg_offset_type": [(None, TypeError, ""), *WORDS], "trigger_price_type": [(None, TypeError, ""), *WORDS],
    "contingency_type": [(None, TypeError, ""), *WORDS], "strategy": [(None, TypeError, "NoneType"), (1.5, TypeError, "float"),
                                                                       (-1, ValueError, "-1"), (2**31, ValueError, str(2**31))],
    "routing": [(None, TypeError, ""), *WORDS],
}
TRAILING = {"symbol": "AAPL", "side": "SELL", "qty": 1, "ord_type": "TRAILING_STOP"}
CASH = {"symbol": "AAPL", "side": "SELL", "price": 100}
QUOTE = {"venue": "XNAS", "symbol": "AAPL", "bid": 99, "bid_size": 5, "ask": 101, "ask_size": 5}
ASKED = {"orders": [([1], TypeError, "list"), (np.zeros(2, tc.QUOTE_DTYPE), ValueError, "ORDER_DTYPE")],
         "together": [(1, TypeError, "int")]}
# method, a good call's arguments, and what each argument refuses. A field may have another name in the message.
DOORS = {
    "submit": (ORDER, ORDER_DOORS),
    "check": (ORDER, ORDER_DOORS),
    "route": (ORDER, ORDER_DOORS),
    "book": ({"symbol": "AAPL", "venue": "XNAS"}, {
        "symbol": ORDER_DOORS["symbol"], "venue": ORDER_DOORS["symbol"],
        "levels": [(0, ValueError, "0"), (2**31, ValueError, str(2**31)), ("5", TypeError, "str"), (1.5, TypeError, "float"), (True, TypeError, "bool")]}),
    "prepare": ({"symbol": "AAPL", "side": "BUY"}, {name: ORDER_DOORS[name] for name in ORDER_DOORS if name not in (
        "qty", "price", "cl_ord_id", "transact_time")}),
    "submit trailing": (TRAILING, {"peg_offset": NUMBERS}),
    "submit trailing in basis points": (TRAILING | {"peg_offset_type": "BASIS_POINTS"}, {
        "peg_offset": [(True, TypeError, "bool"), ("5", TypeError, "str"), (0.5, TypeError, "float"), (-1, ValueError, "-1"), (10_001, ValueError, "10001")]}),
    "submit cash": (CASH, {"cash_order_qty": [*NUMBERS, (-1, ValueError, "-1"), ("0.0000001", ValueError, "0.0000001")]}),
    "replace": ({"qty": 5}, {"order": [("x", TypeError, "str"), (5, TypeError, "int")], "order_id": ORDER_IDS, "cl_ord_id": IDS}),
    "replace terms": ({"order_id": 1}, {
        "qty": [*NUMBERS, (0, ValueError, "0"), (-1, ValueError, "-1")], "price": NUMBERS, "stop_px": NUMBERS, "expire_time": TIMES}),
    "replace more": ({"order_id": 1, "qty": 1}, {"new_cl_ord_id": IDS, "transact_time": TIMES}),
    "cancel more": ({"order_id": 1}, {"new_cl_ord_id": IDS, "transact_time": TIMES}),
    "order_status": ({}, {"order": [("x", TypeError, "str"), (5, TypeError, "int")], "order_id": ORDER_IDS, "cl_ord_id": IDS}),
    "order_status more": ({"order_id": 1}, {"transact_time": TIMES}),
    "outbound_batch": ({}, {"most": [(0, ValueError, "0"), (-1, ValueError, "-1"), (2**31, ValueError, str(2**31)), ("5", TypeError, "str"),
                                     (1.5, TypeError, "float"), (True, TypeError, "bool")]}),
    "mass_cancel": ({}, {
        "account": NAMES, "symbol": NAMES, "venue": NAMES, "side": [*WORDS, ("SELL_SHORT", ValueError, "SELL_SHORT")], "cl_ord_id": IDS, "transact_time": TIMES,
        "strategy": [(1.5, TypeError, "float"), (0, ValueError, "0"), (2**31, ValueError, str(2**31))]}),
    "open_orders": ({}, {"account": NAMES, "symbol": NAMES}),
    "order_history": ({}, {"order": KINDS}),
    "children": ({}, {"order": KINDS}),
    "trades": ({}, {"account": NAMES, "symbol": NAMES}),
    "suspense": ({}, {"symbol": [(None, TypeError, ""), *NAMES]}),
    "firm_exposure": ({}, {"symbol": [(None, TypeError, ""), *NAMES]}),
    "on_execution_report": ({"venue": "XNAS", "exec_type": "TRADE"}, {
        "venue": [(None, TypeError, ""), *NAMES], "exec_type": [(None, TypeError, ""), *WORDS], "cl_ord_id": NO_ID, "order_id": ORDER_IDS[:3] + LIST_IDS[-2:],
        "exec_id": NO_ID, "last_qty": TOLD, "last_px": TOLD, "cum_qty": TOLD, "order_qty": TOLD, "price": TOLD, "ord_status": WORDS,
        "reject_reason": [(3.0, TypeError, "float"), (True, TypeError, "bool"), ("BAD", ValueError, "BAD")], "symbol": [case for case in NAMES if case[1] is TypeError],
        "side": [case for case in WORDS if case[1] is TypeError], "transact_time": TIMES[:3], "commission": TOLD, "venue_order_id": NO_ID,
        "text": [(5, TypeError, "int"), (b"x", TypeError, "bytes")], "last_mkt": [(5, TypeError, "int")], "last_liquidity_ind": WORDS[:3]}),
    "on_execution_report restated": ({"venue": "XNAS", "exec_type": "RESTATED"}, {
        "exec_restatement_reason": [(3.0, TypeError, "float"), (True, TypeError, "bool"), ("BAD", ValueError, "BAD")]}),
    "on_execution_report status": ({"venue": "XNAS", "exec_type": "ORDER_STATUS"}, {"ord_status": [(None, TypeError, "ORDER_STATUS"), *WORDS]}),
    "on_trade_correction": ({"venue": "XNAS", "exec_type": "TRADE_CANCEL", "exec_ref_id": "1", "exec_id": "2"}, {
        "venue": [(None, TypeError, ""), *NAMES], "exec_type": [(None, TypeError, ""), *WORDS], "exec_ref_id": NO_ID, "exec_id": NO_ID, "last_qty": TOLD,
        "last_px": TOLD, "transact_time": TIMES[:3]}),
    "on_cancel_reject": ({"venue": "XNAS"}, {
        "venue": [(None, TypeError, ""), *NAMES], "cl_ord_id": NO_ID, "order_id": ORDER_IDS[:3] + LIST_IDS[-2:], "transact_time": TIMES[:3],
        "cxl_rej_reason": [(3.0, TypeError, "float"), (True, TypeError, "bool"), ("BAD", ValueError, "BAD")]}),
    "set_venue_session": ({"venue": "XNAS", "connected": True}, {
        "venue": [(None, TypeError, ""), *NAMES], "connected": BOOLS, "transact_time": TIMES}),
    "set_session": ({"symbol": None, "status": "HALTED"}, {
        "symbol": NAMES, "status": [(None, TypeError, ""), *WORDS], "close_time": TIMES, "transact_time": TIMES}),
    "set_price_limits": ({"symbol": "AAPL"}, {
        "symbol": [(None, TypeError, ""), *NAMES], "low_limit_price": NUMBERS, "high_limit_price": NUMBERS,
        "trading_reference_price": NUMBERS, "dynamic_bps": [(True, TypeError, "bool"), (1.5, TypeError, "float"), (-1, ValueError, "-1")],
        "transact_time": TIMES}),
    "price_limits": ({"symbol": "AAPL"}, {"symbol": [(None, TypeError, ""), *NAMES]}),
    "clock_tick": ({}, {"transact_time": TIMES}),
    "advance_clock": ({"time": T0}, {"time": [(None, TypeError, "NoneType"), *TIMES]}),
    "roll_day": ({}, {"transact_time": TIMES}),
    "split": ({"symbol": "AAPL", "numerator": 2, "denominator": 1}, {
        "symbol": [(None, TypeError, ""), *NAMES], "numerator": [(1.5, TypeError, "float"), (0, ValueError, "0"), (10**6 + 1, ValueError, "1000001")],
        "denominator": [(1.5, TypeError, "float"), (0, ValueError, "0"), (10**6 + 1, ValueError, "1000001")], "transact_time": TIMES}),
    "quote": (QUOTE, {
        "venue": [(None, TypeError, ""), *NAMES], "symbol": [(None, TypeError, ""), *NAMES], "bid": NUMBERS, "ask": NUMBERS,
        "bid_size": [*NUMBERS, (None, ValueError, "None"), (-1, ValueError, "-1")], "ask_size": [*NUMBERS, (None, ValueError, "None"), (QTY_MAX + 1, ValueError, str(QTY_MAX))],
        "transact_time": TIMES}),
    "mark": ({"symbol": "AAPL", "price": 100}, {"symbol": NAMES, "price": [*NO_NUMBER, (PRICE_MAX, ValueError, str(PRICE_MAX))]}),
    "flatten": ({"symbol": "AAPL"}, {"symbol": [(None, TypeError, ""), *NAMES], "account": NAMES}),
    "trade_print": ({"symbol": "AAPL", "price": 100, "size": 1}, {
        "symbol": [(None, TypeError, ""), *NAMES], "price": NO_NUMBER, "size": [*NO_NUMBER, (0, ValueError, "0")], "venue": NAMES,
        "aggressor": [*WORDS, ("SELL_SHORT", ValueError, "SELL_SHORT")], "transact_time": TIMES}),
    "add_rule": ({"name": "small", "expression": "order.qty < 5"}, {
        "name": [(5, TypeError, "int"), ("", ValueError, "''"), ("a b", ValueError, "a b")],
        "expression": [(5, TypeError, "int"), ("", ValueError, "column"), ("order.quantity < 5", ValueError, "order.qty")],
        "mode": WORDS, "who": [(5, TypeError, "int"), ("x" * 65, ValueError, "64")], "why": [(5, TypeError, "int")]}),
    "remove_rule": ({"name": "small"}, {"name": [("never", LookupError, "never")]}),
    "open_position": ({"symbol": "AAPL", "qty": 5, "price": 100}, {
        "symbol": NAMES, "qty": [*NO_NUMBER, (-QTY_MAX - 1, ValueError, str(QTY_MAX))], "price": NO_NUMBER, "account": NAMES}),
    "open_cash": ({"currency": "USD", "amount": 5}, {"currency": NAMES, "amount": NO_NUMBER, "account": NAMES}),
    "cancel": ({}, {"order": [("x", TypeError, "str"), (5, TypeError, "int")], "order_id": ORDER_IDS, "cl_ord_id": IDS}),
    "order": ({}, {"order_id": ORDER_IDS, "cl_ord_id": IDS}),
    "position": ({"symbol": "AAPL"}, {"symbol": NAMES, "account": NAMES}),
    "pnl": ({}, {"account": NAMES}), "pnl_table": ({}, {"account": NAMES}),
    "table": ({}, {"account": NAMES, "symbol": NAMES}),
    "cash": ({"currency": "USD"}, {"currency": NAMES, "account": NAMES}),
    "buying_power": ({"currency": "USD"}, {"currency": NAMES, "account": NAMES}), "set_account_kind": ({"kind": "CASH", "account": "alpha"}, {"kind": [(None, TypeError, "None"), ("CREDIT", ValueError, "CREDIT"), (7, ValueError, "7")], "account": [(None, TypeError, ""), *NAMES]}),
    "explain": ({}, {"order": KINDS}),
    "ids": ({}, {"symbol": NAMES, "account": NAMES, "venue": NAMES}),
    "set_limits": ({"limits": limits(), "account": "alpha"}, {"limits": KINDS, "account": [(None, TypeError, ""), *NAMES]}),
    "set_limit": ({"rule": "max_order_qty", "value": 5}, {
        "rule": [(5, TypeError, "int"), ("max_order", ValueError, "MAX_ORDER_QTY")], "value": [(None, TypeError, "None"), (-1, ValueError, "-1")],
        "account": NAMES, "symbol": NAMES, "venue": NAMES, "strategy": STRATEGIES, "soft": [("x", ValueError, "x"), (2, ValueError, "2")],
        "window_ms": [(5, ValueError, "no window")], "who": NOTES, "why": NOTES}),
    "set_rate": ({"currency": "USD", "rate": 1}, {"currency": [(None, TypeError, ""), *NAMES], "rate": [*NUMBERS, (0, ValueError, "0"), (-1, ValueError, "-1")]}),
    "set_margin": ({"symbol": "AAPL", "initial": "0.5"}, {"symbol": NAMES, "initial": NUMBERS, "maintenance": NUMBERS, "who": NOTES, "why": NOTES}),
    "change_limits": ({"changes": []}, {"changes": [([{"rule": "max_order_qty"}], TypeError, "value"), ([{"rule": 5, "value": 5}], TypeError, "int")]}),
    "limits": ({}, {"rule": [(5, TypeError, "int"), ("x", ValueError, "x")], "account": NAMES, "symbol": NAMES, "venue": NAMES, "strategy": STRATEGIES}),
    "utilisation": ({}, {"nearest": [("x", TypeError, "str"), (0, ValueError, "0")]}),
    "load_toml": ({"text": ""}, {"text": [("x = 1", ValueError, "x"), ("[", ValueError, "TOML")]}),
    "engage_kill_switch": ({}, {"account": NAMES, "symbol": NAMES, "venue": NAMES, "strategy": STRATEGIES, "who": NOTES, "why": NOTES,
                                "cancel": [("yes", TypeError, "str")], "allow_reduce": [(1, TypeError, "int")]}),
    "prevent_self_match": ({"mode": "BLOCK"}, {
        "mode": WORDS, "account": NAMES, "outside": [word for word in WORDS if word[0] != "HOLD"],
        "self_match_id": [(5, TypeError, "int"), ("x" * 65, ValueError, "64")], "who": NOTES, "why": NOTES}),
    "check_batch": ({"orders": tc.new_orders(1)}, ASKED),
    "check_findings": ({"orders": tc.new_orders(1)}, ASKED),
    "set_trading_state": ({"state": "REDUCING"}, {
        "state": [("LOW", ValueError, "LOW"), (3, ValueError, "3"), (None, TypeError, "None")], "account": NAMES, "symbol": NAMES,
        "venue": NAMES, "strategy": STRATEGIES, "who": NOTES, "why": NOTES, "cancel": [("yes", TypeError, "str")]}),
    "arm_strategy": ({"strategy": 7, "who": "a", "why": "b"}, {"strategy": STRATEGIES, "who": NOTES, "why": NOTES}),
    "override": ({"order_id": 1, "rule": "max_order_qty", "expire_time": 2**60, "who": "a", "why": "b"}, {
        "order_id": [("x", TypeError, "str"), (0, ValueError, "0")], "rule": [(5, TypeError, "int"), ("max_order", ValueError, "MAX_ORDER_QTY")],
        "expire_time": [("x", TypeError, "str"), (0, ValueError, "0")], "who": NOTES, "why": NOTES}),
    "release_kill_switch": ({}, {"account": NAMES, "symbol": NAMES, "venue": NAMES, "strategy": STRATEGIES, "who": NOTES, "why": NOTES}),
    "define_venue": ({}, {"venue": KINDS}),
    "define_instrument": ({}, {"instrument": KINDS}),
    "define_currency": ({}, {"currency": [(5, TypeError, "int"), ("", ValueError, "''"), ("A ", ValueError, "A ")]}),
    "define_account": ({"account": "new"}, {
        "account": [(5, TypeError, "int"), ("x" * 64, ValueError, "1 to 63"), (" a", ValueError, " a")],
        "limits": KINDS[1:]}),
    "reports": ({}, {"after": [("x", TypeError, "str"), (1.5, TypeError, "float"), (-5, ValueError, "-5")]}),
    "event_view": ({}, {"after": [("x", TypeError, "str"), (1.5, TypeError, "float"), (-5, ValueError, "-5")]}),
    "subscribe": ({}, {"callback": KINDS}),
    "subscribe more": ({"callback": print}, {
        "exec_types": [*WORDS[:2], *WORDS[3:], ([], ValueError, "none"), (["TRADE", "X"], ValueError, "X")], "report_types": [*WORDS[:2], *WORDS[3:], ((), ValueError, "none")],
        "account": NAMES, "symbol": NAMES, "capacity": [(1.5, TypeError, "float"), (0, ValueError, "0"), (2**25, ValueError, str(2**25))],
        "policy": [(None, TypeError, "NoneType"), ("block", ValueError, "block"), ("wait", ValueError, "wait")],
        "after": [("x", TypeError, "str"), (-5, ValueError, "-5"), (10**6, ValueError, str(10**6))]}),
    "intern": ({"texts": []}, {"texts": [(5, TypeError, "int"), ("abc", TypeError, "str"), (None, TypeError, "NoneType"),
                                         ([1.5], TypeError, "float"), ([None], ValueError, "texts[0]"), *[([1, bad], error, says) for bad, error, says in IDS]]}),
    "id_text": ({"number": 7}, {"number": [("x", TypeError, "str"), (1.5, TypeError, "float"), (2**63, ValueError, str(2**63))]}),
    "submit_batch": ({"commands": tc.new_orders(0)}, {"commands": KINDS, "transact_time": TIMES, "timed": BOOLS}),
}
FIELDS = [(method, field) for method, (_, doors) in DOORS.items() for field in doors]


def hashes(core):
    return core.state_hash(), core.event_hash, core._gate.core.command_seq


def problem(call, value, error, says, word):
    """What is wrong with the refusal of a value, or None."""
    try:
        call(value)
    except Exception as raised:  # collected, so that one test tells all that is wrong with a door
        said = str(raised)
        if not isinstance(raised, error):
            return f"{value!r:.40}: {type(raised).__name__}: {said:.150}"
        if says.lower() not in said.lower() or word not in said:
            return f"{value!r:.40}: does not name {word} and {says}: {said:.150}"
        return None
    return f"{value!r:.40}: accepted"


@pytest.mark.parametrize(("method", "field"), FIELDS, ids=[f"{m}-{f}" for m, f in FIELDS])
def test_a_wrong_argument_is_named_with_its_value_and_changes_nothing(core, method, field):
    good, doors = DOORS[method]
    word = "order" if method == "order" and field == "order_id" else field.split("_")[-1].rstrip("s")
    problems = []
    for value, error, says in doors[field]:
        before = hashes(core)
        problems.append(problem(lambda it: method_of(core, method.split()[0])(**{**good, field: it}), value, error, says, word))
        if hashes(core) != before:
            problems.append(f"{value!r:.40}: changed the core")
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize(("method", "field"), [("submit", "qty"), ("submit", "price"), ("submit", "cl_ord_id"), ("mark", "price"),
                                               ("cancel", "cl_ord_id"), ("open_cash", "amount")])
def test_a_number_of_thousands_of_digits_is_refused_by_name(core, method, field):
    before = hashes(core)
    with pytest.raises(ValueError, match=field.split("_")[-1]):
        method_of(core, method)(**{**DOORS[method][0], field: 10**5000})
    assert hashes(core) == before


def test_every_public_method_has_a_door_here():
    without_arguments = {"accounts", "close", "unbooked", "event_hash", "latency", "metrics", "outbound", "outbound_pending", "state_hash",
                         "backend", "capacity", "switches", "overrides", "export_toml", "rules", "quantities", "of", "new_order", "fill", "replaced", "ended"}
    core = build_core("python")
    public = {name for engine in (core, core.risk, core.execution, core.positions, core.orders) for name in dir(engine)
              if not name.startswith("_") and name not in vars(engine)}
    assert public - without_arguments == {label.split()[0] for label in DOORS}


# ---- constructors

VENUE_FEES = ("maker_fee_per_share", "taker_fee_per_share", "maker_fee_bps", "taker_fee_bps")
NAME_RULES = [(5, TypeError, "int"), (None, TypeError, "NoneType"), ("", ValueError, "''"), ("x" * 64, ValueError, "1 to 63"),
              ("é", ValueError, "ASCII"), (" ", ValueError, "between others"), ("A\tB", ValueError, "printable")]
POSITIVE = [(0, ValueError, "0"), ("-1", ValueError, "-1"), ("0.00000000000001", ValueError, "decimals")]
COUNTS = [(True, TypeError, "bool"), (1.5, TypeError, "float"), ("5", TypeError, "str"), (None, TypeError, "None"), (-1, ValueError, "-1"),
          (2**40, ValueError, str(2**40))]
BUILDERS = {
    tc.Instrument: ({"symbol": "X"}, {
        "symbol": NAME_RULES, "currency": NAME_RULES, "tick_size": [*NO_NUMBER, *POSITIVE], "lot_size": [*NO_NUMBER, *POSITIVE],
        "multiplier": [*NO_NUMBER, *POSITIVE, (MULTIPLIER_MAX + 1, ValueError, str(MULTIPLIER_MAX))],
        "min_qty": [*NUMBERS, (0, ValueError, "0")], "max_qty": [*NUMBERS, (0, ValueError, "0")],
        "min_notional": [*NUMBERS, (-1, ValueError, "-1")], "max_notional": [*NUMBERS, (-1, ValueError, "-1")],
        "price_precision": [(True, TypeError, "bool"), ("4", TypeError, "str"), (1, ValueError, "1 must be 2"),
                            (13, ValueError, "13")],
        "any_sign": [("no", TypeError, "str"), (2, TypeError, "int"), (None, TypeError, "NoneType")],
        "ord_types": [(("PEGGED",), ValueError, "PEGGED"), ((1.5,), TypeError, "float"), (("LIMIT", True), TypeError, "bool"), ("12", TypeError, "not str"), (5, TypeError, "not int")],
        "times_in_force": [(("GTX",), ValueError, "GTX"), ((True,), TypeError, "bool"), ((9,), ValueError, "9"), ("13", TypeError, "not str"), (b"13", TypeError, "not bytes")]}),
    tc.SimulatedVenue: ({"name": "X"}, {"name": NAME_RULES, **{
        fee: [*NO_NUMBER, (10**9, ValueError, str(10**9))] for fee in VENUE_FEES}}),
    tc.ExternalVenue: ({"name": "X"}, {
        "name": NAME_RULES, **{fee: [*NO_NUMBER, (10**9, ValueError, str(10**9))] for fee in VENUE_FEES},
        "request_timeout": [(None, TypeError, "NoneType"), (1.5, TypeError, "float"), (True, TypeError, "bool"), (-1, ValueError, "-1"),
                            (86_400_000_000_001, ValueError, "86400000000001")],
        "ord_types": [("LIMIT", TypeError, "str"), (("PEGGED",), ValueError, "PEGGED"), ((1.5,), TypeError, "float")],
        "times_in_force": [("DAY", TypeError, "str"), (("GTX",), ValueError, "GTX"), ((True,), TypeError, "bool")]}),
    tc.RiskLimits: ({"max_order_qty": 1, "price_collar_bps": 1}, {
        **{name: [(None, TypeError, "None"), *NUMBERS, (-1, ValueError, "-1"), ("off", ValueError, "off")]
           for name in ("max_order_qty", "max_order_notional", "max_position_qty")},
        **dict.fromkeys(("price_collar_bps", "order_rate"), COUNTS),
        "order_rate_window_ms": [*COUNTS[:3], (0, ValueError, "at least 1"), (10**13, ValueError, str(10**13))]}),
    tc.Capacity: ({}, {name: [*COUNTS, (0, ValueError, "0 must be 1 to")] for name in small_capacity().__slots__} | {
        "clock_step": [*COUNTS[:-1], (0, ValueError, "0 must be 1 to"), (2**61 + 1, ValueError, str(2**61 + 1))]}),
}
PARTS = [(kind, field) for kind, (_, doors) in BUILDERS.items() for field in doors]


@pytest.mark.parametrize(("kind", "field"), PARTS, ids=[f"{k.__name__}-{f}" for k, f in PARTS])
def test_a_wrong_part_of_a_definition_is_named_with_its_value(kind, field):
    good, doors = BUILDERS[kind]
    problems = [problem(lambda it: kind(**{**good, field: it}), *row, field) for row in doors[field]]
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize(("given", "error", "says"), [
    ({"tick_size": "1e-9", "lot_size": "1e-10"}, ValueError, r"9 \+ .* 10 \+ .* 0 = 19, at most 18 are possible"),
    ({"min_qty": 10, "max_qty": 5}, ValueError, "max_qty 5 is below min_qty 10"),
    ({"min_qty": "0.5"}, ValueError, "min_qty"),
])
def test_an_instrument_that_contradicts_itself_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        tc.Instrument("X", **given)


@pytest.mark.parametrize("given", [{"maker_fee_per_share": 1, "maker_fee_bps": 1}, {"taker_fee_per_share": 1, "taker_fee_bps": -1}])
def test_a_venue_charges_by_quantity_or_by_notional(given):
    for kind in (tc.SimulatedVenue, tc.ExternalVenue):
        with pytest.raises(ValueError, match=r"(maker|taker)_fee_per_share and \1_fee_bps can't both be set"):
            kind("X", **given)


def test_limits_state_what_guards_against_errors():
    with pytest.raises(TypeError, match="max_order_qty"):
        tc.RiskLimits(price_collar_bps=1)
    with pytest.raises(TypeError, match="price_collar_bps"):
        tc.RiskLimits(max_order_qty=1)


@pytest.mark.parametrize(("given", "error", "says"), [
    ({"limits": "none"}, TypeError, "limits"), ({"limits": [limits()]}, TypeError, "limits"),
    ({"limits": {"beta": limits()}}, LookupError, "beta"), ({"limits": {"alpha": 5}}, TypeError, "limits"),
    ({"capacity": "big"}, TypeError, "capacity"), ({"capacity": 0}, TypeError, "capacity"),
    ({"clock": 5}, TypeError, "clock"), ({"clock": lambda: 1.5}, TypeError, "clock"), ({"clock": lambda: -1}, ValueError, "-1"),
    ({"accounts": "alpha"}, TypeError, "accounts"), ({"accounts": [5]}, TypeError, "account"),
    ({"venues": ["XNAS"]}, TypeError, "venue"), ({"instruments": [None]}, TypeError, "instrument"),
    ({"venues": tc.SimulatedVenue("A")}, TypeError, "SimulatedVenue"),
])
def test_a_core_refuses_what_it_can_not_be_built_from(make_core, given, error, says):
    with pytest.raises(error, match=says):
        make_core(**given)


def test_whatever_an_instrument_may_be_can_be_declared(make_core):
    largest = tc.Instrument("BIG", multiplier=MULTIPLIER_MAX, max_qty=QTY_MAX)
    make_core(instruments=[largest])


REFUSED = [
    ("define_instrument", tc.Instrument("AAPL", currency="NEW")), ("define_venue", tc.SimulatedVenue("XNAS")),
    ("define_account", "alpha"), ("define_currency", "USD"),
]


@pytest.mark.parametrize(("method", "given"), REFUSED)
def test_what_is_refused_to_be_declared_twice_changes_nothing_but_the_log(core, method, given):
    currencies = list(core._gate.names.currencies.names)
    with pytest.raises(tc.RefusedError, match="defined already"):
        method_of(core, method)(given)
    assert core._gate.names.currencies.names == currencies
    (report,) = list(core.reports(core._gate.core.event_seq - 1))
    assert report.report_type is tc.ReportType.BUSINESS_REJECT


@pytest.mark.parametrize(("size", "method", "given"), [
    ("instruments", "define_instrument", tc.Instrument("MSFT")), ("venues", "define_venue", tc.SimulatedVenue("BATS")),
    ("accounts", "define_account", "beta"), ("currencies", "define_currency", "EUR"),
])
def test_a_full_table_refuses_with_its_size(make_core, size, method, given):
    full = 2 if size == "venues" else 1
    core = make_core(capacity=small_capacity(**{size: full}))
    with pytest.raises(tc.RefusedError, match=f"table is full: {full} of {full}, the capacity {size}"):
        method_of(core, method)(given)


# ---- numbers

@pytest.mark.parametrize(("price", "cents"), [
    (189.96, 18_996), ("189.96", 18_996), (D("189.9600"), 18_996), (190, 19_000), (0.1, 10), (1e2, 10_000),
    (" 189.96 ", 18_996), ("1.8996e2", 18_996), ("1_000", 100_000), (0.30000000000000004, None), (0.1 + 0.2, None),
    (189.96000000000004, None), (189.96 + 1e-9, None), ("189.960000001", None), (1 / 3, None),
])
def test_a_price_is_taken_exactly_or_not_at_all(core, price, cents):
    if cents is None:
        assert core.submit("AAPL", "BUY", 1, price).reason is tc.Reason.PRICE_TICK_MULTIPLE  # news, as 189.965 is
    else:
        assert core.submit("AAPL", "BUY", 1, price).row.price == cents * CENT


# ---- handles

def test_a_handle_is_live_until_its_order_is_evicted(make_core):
    core = make_core(capacity=small_capacity(order_history=2))
    order = core.submit("AAPL", "BUY", 5, 100, cl_ord_id="mine")
    again = core.orders.order(cl_ord_id="mine")
    assert (order.ord_status, again.order_id) == (S.NEW, order.order_id)
    core.quote("XNAS", "AAPL", ask=100, ask_size=2)
    assert (order.ord_status, order.cum_qty, again.leaves_qty) == (S.PARTIALLY_FILLED, 2, 3)
    core.cancel(order)
    assert (order.ord_status, again.reason, order.text) == (S.CANCELED, R.CANCEL_REQUESTED, "CANCEL_REQUESTED: canceled on request")
    for count in range(2):
        assert order.ord_status is S.CANCELED
        core.submit("AAPL", "BUY", count + 1, 100, time_in_force="IOC")
    for read in (lambda: order.ord_status, lambda: again.row, lambda: order.text, lambda: core.explain(order),
                 lambda: core.orders.order(order_id=order.order_id), lambda: core.orders.order(cl_ord_id="mine")):
        with pytest.raises(tc.StaleOrderError, match=f"order {order.order_id} "):
            read()
    assert order.order_id == again.order_id
    for _ in range(8):  # other orders take its slot: the handle stays stale
        core.submit("AAPL", "BUY", 5, 100)
    with pytest.raises(tc.StaleOrderError):
        _ = order.cum_qty


def test_an_open_order_is_never_evicted(make_core):
    core = make_core(capacity=small_capacity(order_history=1))
    order = core.submit("AAPL", "BUY", 5, 100)
    for _ in range(50):
        core.submit("AAPL", "SELL", 5, 200, time_in_force="IOC")
    assert order.ord_status is S.NEW
    assert core.metrics()["orders_evicted"] == 49


def test_a_handle_outlives_its_core_but_does_not_hold_it(make_core):
    core = make_core()
    order, gone = core.submit("AAPL", "BUY", 5, 100, cl_ord_id="x"), weakref.ref(core)
    del core
    gc.collect()
    assert gone() is None
    assert (order.cl_ord_id, order.order_qty, order.symbol, order.account, order.venue) == ("x", 5, "AAPL", "alpha", "XNAS")


def test_an_order_says_what_it_is(core):
    order = core.submit("AAPL", "sell", "5", "100.10", time_in_force="GTC", post_only=True, cl_ord_id=17)
    assert (order.side, order.ord_type, order.time_in_force) == (tc.Side.SELL, tc.OrdType.LIMIT, tc.TimeInForce.GTC)
    assert (order.exec_inst, order.price, order.cl_ord_id) == (tc.ExecInst.POST_ONLY, D("100.10"), "17")
    assert (order.order_id, order.transact_time) == (1, core._gate.core.now)
    market = core.submit("AAPL", tc.Side.BUY, 1)
    assert (market.price, market.ord_type) == (None, tc.OrdType.MARKET)
    assert "MARKET" in repr(market)
    assert core.submit("AAPL", "BUY", 1, ord_type="LIMIT").reason is R.MISSING_REQUIRED_FIELD
    with pytest.raises(ValueError, match="price 5: a MARKET order has none"):
        core.submit("AAPL", "BUY", 1, 5, ord_type="MARKET")


# ---- cancels

@pytest.mark.parametrize("by", ["order", "cl_ord_id", "order_id"])
def test_a_cancel_by_any_id_ends_the_order_once(core, by):
    order = core.submit("AAPL", "BUY", 5, 100, cl_ord_id=42)
    named = {by: {"order": order, "cl_ord_id": 42, "order_id": order.order_id}[by]}
    report = core.cancel(**named)
    assert (report.exec_type, report.order_id, report.leaves_qty) == (tc.ExecType.CANCELED, order.order_id, 0)
    assert core._gate.core.top(1, 1)[1] == 0
    late = core.cancel(**named)
    assert (late.report_type, late.cxl_rej_reason) == (tc.ReportType.ORDER_CANCEL_REJECT, tc.CxlRejReason.TOO_LATE_TO_CANCEL)
    assert (late.reason, late.ord_status, late.order_id) == (R.TOO_LATE_TO_CANCEL, S.CANCELED, order.order_id)


def test_a_cancel_never_raises_cum_qty(core):
    order = core.submit("AAPL", "BUY", 5, 100)
    core.quote("XNAS", "AAPL", ask=100, ask_size=2)
    report = core.cancel(order)
    assert (report.cum_qty, report.leaves_qty, order.cum_qty, order.order_qty) == (2, 0, 2, 5)


def test_a_cancel_of_what_is_unknown_rejected_filled_or_evicted_is_refused(make_core):
    core = make_core(capacity=small_capacity(order_history=1))
    filled = core.submit("AAPL", "BUY", 5, 100, cl_ord_id="filled")
    core.quote("XNAS", "AAPL", ask=100, ask_size=5)
    late, unknown = tc.CxlRejReason.TOO_LATE_TO_CANCEL, tc.CxlRejReason.UNKNOWN_ORDER
    assert core.cancel(filled).cxl_rej_reason is late
    rejected = core.submit("AAPL", "BUY", 0, 100, cl_ord_id="rejected")
    assert (core.cancel(rejected).cxl_rej_reason, core.cancel(rejected).ord_status) == (late, S.REJECTED)
    core.submit("AAPL", "BUY", 5, 100, time_in_force="IOC")
    assert core.cancel(cl_ord_id="filled").cxl_rej_reason is late  # evicted; its id is remembered
    for given in ({"order_id": 1}, {"order_id": 2**62}, {"cl_ord_id": "never"}):
        report = core.cancel(**given)
        assert (report.cxl_rej_reason, report.reason, report.ord_status) == (unknown, R.UNKNOWN_ORDER, S.REJECTED)


@pytest.mark.parametrize("given", [{}, {"order_id": 1, "cl_ord_id": "a"}])
def test_a_cancel_names_one_order(core, given):
    before = hashes(core)
    with pytest.raises(TypeError, match="one of order, cl_ord_id and order_id"):
        core.cancel(**given)
    assert hashes(core) == before


@pytest.mark.parametrize("given", [{}, {"order_id": 1, "cl_ord_id": "a"}])
def test_an_order_is_asked_for_by_one_id(core, given):
    core.submit("AAPL", "BUY", 1, 1, cl_ord_id="a")
    with pytest.raises(TypeError, match="order_id"):
        core.orders.order(**given)


# ---- batches

def some_orders(count, **columns):
    orders = tc.new_orders(count)
    for name, value in ({"instrument": 1, "account": 1, "side": 1, "order_qty": 1, "price": 100 * CENT} | columns).items():
        orders[name] = value
    return orders


@pytest.mark.parametrize("commands", [
    np.zeros(3), np.zeros(3, "V128"), np.zeros(3, REPORT_DTYPE), np.zeros((2, 2), tc.ORDER_DTYPE), np.zeros((), tc.ORDER_DTYPE),
    np.array([1, None], object), np.zeros(2, [("kind", "u1", 128)]), np.zeros(2, [("a", "V128")]),
    some_orders(2).astype(tc.ORDER_DTYPE.newbyteorder(">")),
], ids=["floats", "void", "reports", "two-dimensional", "scalar", "objects", "sub-array", "no kind", "big-endian"])
def test_an_array_of_anything_else_is_refused_before_it_runs(core, commands):
    before = hashes(core)
    with pytest.raises((TypeError, ValueError), match="commands must be"):
        core.submit_batch(commands)
    assert hashes(core) == before


def test_definitions_hidden_in_a_batch_are_refused_before_anything_runs(core):
    orders, before = some_orders(3), hashes(core)
    for kind in ("CURRENCY", "INSTRUMENT", "VENUE", "ACCOUNT"):
        orders["kind"][2] = tc.CommandType[f"DEFINE_{kind}"]
        with pytest.raises(ValueError, match=f"row 2: kind DEFINE_{kind} goes through define_"):
            core.submit_batch(orders)
    moved = np.dtype({"names": ["kind"], "formats": ["u1"], "offsets": [64], "itemsize": 128})
    with pytest.raises(ValueError, match="commands must be"):  # the kind is at byte 0, whatever a dtype says
        core.submit_batch(orders.view(moved))
    assert hashes(core) == before


@pytest.mark.parametrize("shape", ["read-only", "strided", "reversed", "misaligned", "empty"])
def test_any_layout_of_command_records_is_taken(core, shape):
    orders = some_orders(6, price=CENT * np.arange(100, 700, 100))
    if shape == "read-only":
        orders.setflags(write=False)
    elif shape == "strided":
        orders = orders[::2]
    elif shape == "reversed":
        orders = orders[::-1]
    elif shape == "misaligned":
        orders = np.frombuffer(b"x" + orders.tobytes(), np.uint8)[1:].view(tc.ORDER_DTYPE)
    else:
        orders = orders[:0]
    copy = orders.copy()
    acks = core.submit_batch(orders)
    assert acks.dtype == tc.ACK_DTYPE
    assert [core.orders.order(order_id=int(ack["order_id"])).row.price for ack in acks] == list(copy["price"])
    assert (orders == copy).all()


@pytest.mark.parametrize("shape", ["strided", "reversed", "misaligned"])
def test_every_byte_of_a_record_survives_whatever_its_layout(core, shape):
    """A CANCEL among ORDER_DTYPE records has bytes that ORDER_DTYPE does not name: NumPy copies only the named ones."""
    names = [f"{number:064d}" for number in range(64)]
    for name in names:
        core.submit("AAPL", "BUY", 1, 50, cl_ord_id=name)
    cancels = np.zeros(len(names), tc.CANCEL_DTYPE)
    cancels["kind"], cancels["orig_cl_ord_id"] = tc.CommandType.CANCEL, core.intern(names)
    records = cancels.view(tc.ORDER_DTYPE)
    if shape == "strided":
        records = np.frombuffer(np.repeat(records.view("V128"), 2).tobytes(), tc.ORDER_DTYPE)[::2]
    elif shape == "reversed":
        records = records[::-1]
    else:
        records = np.frombuffer(b"x" + records.tobytes(), np.uint8)[1:].view(tc.ORDER_DTYPE)
    for size in range(1, 200):  # what is allocated next is not zeroed
        np.full(128 * size, 0xAB, np.uint8)
    assert (core.submit_batch(records)["ord_status"] == tc.OrdStatus.CANCELED).all()
    assert core.metrics()["open_orders"] == 0


def test_acks_that_lie_across_words_are_refused(core):
    acks = np.zeros(33, np.uint8)[1:].view(tc.ACK_DTYPE)
    with pytest.raises(ValueError, match="multiple of 8 bytes"):
        core._gate.core.run(some_orders(1), acks, T0, False)


@pytest.mark.parametrize("kind", COMMAND_DTYPES)
def test_a_mixed_batch_is_taken_whole_whatever_dtype_and_layout_it_comes_in(make_core, kind):
    """A dtype that has no field where another kind of record has one must lose nothing when it is copied."""
    orders = some_orders(60, stop_px=tc.NO_PRICE, strategy=int(kind), time_in_force=6, expire_time=TIME_MAX)
    plain, core = make_core(), make_core()
    whole = orders[::-1].copy()  # kept, and of its own kind: what is lost must not be found again in freed memory
    plain.submit_batch(whole)
    core.submit_batch(orders.view(COMMAND_DTYPES[kind])[::-1])
    assert hashes(core) == hashes(plain)
    assert {order.strategy for order in core.orders.open_orders()} == {int(kind)}


def test_garbage_rows_are_refused_one_by_one_and_the_others_run(core):
    garbage = np.random.default_rng(8).integers(0, 256, 300 * 128, np.uint8).view(tc.ORDER_DTYPE).copy()
    kinds = [int(kind) for kind in tc.CommandType if not kind.name.startswith("DEFINE_") and kind is not tc.CommandType.HAND_OUT]
    garbage["kind"] = np.resize([*kinds, 0, 99, 255], 300)
    garbage["version"] %= 2
    garbage.view(COMMAND_DTYPES[tc.CommandType.ADVANCE_CLOCK])["clock_time"][garbage["kind"] == tc.CommandType.ADVANCE_CLOCK] = 0
    garbage["transact_time"][::3] = 0
    garbage["transact_time"][1::3] = np.abs(garbage["transact_time"][1::3]) >> 3
    commands = np.repeat(garbage, 2)
    commands[1::2] = some_orders(300)
    acks = core.submit_batch(commands)
    assert (acks["leaves_qty"][1::2] == 1).all()
    always_good = np.isin(commands["kind"][::2], [tc.CommandType.CLOCK, tc.CommandType.ROLL_DAY])
    bad = acks[::2][~always_good]
    rejected = {tc.ReportType.BUSINESS_REJECT: 0, tc.ReportType.ORDER_CANCEL_REJECT: 0, tc.ReportType.EXECUTION_REPORT: 0}
    for ack in bad:
        rejected[int(ack["report_type"])] += 1
        assert ack["leaves_qty"] == 0
        assert ack["reason"] != 0
    assert min(rejected.values()) > 5
    for report in core.reports(0):
        assert bool(report.text) == bool(report.reason), report.row
        assert repr(report)


@pytest.mark.parametrize("kind", [kind for kind in COMMAND_DTYPES if not kind.name.startswith("DEFINE_")])
def test_extreme_numbers_in_any_field_of_any_record_are_refused_or_taken_whole(core, kind):
    dtype = COMMAND_DTYPES[kind]
    extremes = (-(2**63), 2**63 - 1, -1, 0, 2**31 - 1)
    commands = np.zeros(len(dtype.names) * len(extremes), dtype)
    commands["kind"], commands["instrument"], commands["account"], commands["venue"] = kind, 1, 1, 1
    for place, name in enumerate(dtype.names[1:]):
        for at, value in enumerate(extremes):
            if dtype[name].kind in "iu":
                bound = np.iinfo(dtype[name])
                commands[name][place * len(extremes) + at] = min(max(value, bound.min), bound.max)
    core.submit_batch(commands)
    for report in core.reports(0):
        assert report.text is not None
    assert core.position("AAPL").working_buy_qty == 0
    core.risk.engage_kill_switch()
    core.risk.release_kill_switch(who="r.lee", why="it is explained")
    assert isinstance(core.state_hash(), int)


def test_an_ack_says_what_the_order_says(core):
    core.quote("XNAS", "AAPL", ask=1, ask_size=3)
    orders = some_orders(4, order_qty=[2, 2, 0, 5], time_in_force=[0, 0, 0, 3])
    for ack in core.submit_batch(orders):
        order = core.orders.order(order_id=int(ack["order_id"]))
        row = order.row
        assert (row.cum_qty, row.leaves_qty, row.ord_status, row.reason, row.ord_rej_reason) == (
            ack["cum_qty"], ack["leaves_qty"], ack["ord_status"], ack["reason"], ack["ord_rej_reason"])


def test_a_timed_batch_measures_every_stage_and_changes_no_result(make_core):
    plain, timed = make_core(), make_core()
    plain.submit_batch(some_orders(50))
    timed.submit_batch(some_orders(50), timed=True)
    assert hashes(plain) == hashes(timed)
    assert plain.latency()["order"][0] == 0
    assert {timed.latency()[stage][0] for stage in ("validation", "risk", "routing", "execution", "position", "order")} == {50}
    percentiles = timed.latency()["order"][1:]
    assert list(percentiles) == sorted(percentiles)


# ---- names

def test_an_account_may_be_left_out_where_there_is_one(make_core):
    core = make_core(accounts=["alpha", "beta"])
    before = hashes(core)
    for call in (lambda: core.submit("AAPL", "BUY", 1, 1), lambda: core.position("AAPL"), lambda: core.pnl()):
        with pytest.raises(tc.UndeclaredError, match="account must be named where 2 are declared"):
            call()
    assert hashes(core) == before


def test_an_undeclared_name_is_answered_with_the_nearest_one(core):
    with pytest.raises(tc.UndeclaredError, match="symbol 'APPL' is not declared; did you mean 'AAPL'"):
        core.submit("APPL", "BUY", 1, 1)
    with pytest.raises(tc.UndeclaredError, match="venue 'QQ' is not declared; declared: XNAS, ARCX"):
        core.submit("AAPL", "BUY", 1, 1, venue="QQ")


def test_a_kill_switch_names_one_scope(core):
    before = hashes(core)
    with pytest.raises(ValueError, match="one scope"):
        core.risk.engage_kill_switch(account="alpha", venue="XNAS")
    assert hashes(core) == before


def test_an_order_of_another_core_is_refused_though_its_number_is_taken_here(backend, make_core):
    live, paper = make_core(), make_core()
    mine, his = (core.submit("AAPL", "BUY", 1, 10) for core in (live, paper))
    assert mine.order_id == his.order_id
    assert mine != his
    assert mine == live.orders.order(order_id=mine.order_id)
    for use in (live.cancel, live.explain):
        with pytest.raises(ValueError, match="belongs to another core"):
            use(his)
    assert mine.ord_status is tc.OrdStatus.NEW


def test_a_batch_order_of_nothing_that_is_declared_can_still_be_read(make_core):
    core = make_core()
    orders = tc.new_orders(1)
    orders["instrument"], orders["side"], orders["account"], orders["ord_type"], orders["time_in_force"] = 77, 9, 1, 9, 9
    order = core.orders.order(order_id=int(core.submit_batch(orders)["order_id"][0]))
    assert (order.symbol, order.side, order.ord_type, order.time_in_force) == (None, None, None, None)
    assert (order.order_qty, order.leaves_qty, order.price, order.avg_px, order.avg_px_ratio) == (None, None, None, 0, 0)
    assert "REJECTED" in repr(order)
    assert core.explain(order).how == f"it was not routed: {order.text}"


def test_accounts_stand_in_the_order_of_declaration(make_core):
    core = make_core(accounts=["beta", "alpha"])
    core.define_account("gamma")
    assert core.accounts == ("beta", "alpha", "gamma")

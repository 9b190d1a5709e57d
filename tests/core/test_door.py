"""The compiled door against the Python that explains: the same call makes the same command, or the same error."""

from __future__ import annotations

import copy
import gc
import inspect
import itertools
import os
import pickle
import random
import subprocess
import sys
import textwrap
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from tradecore import (
    OFF,
    Capacity,
    CheckResult,
    CommandType,
    ExecType,
    ExternalVenue,
    Instrument,
    Order,
    OrderManager,
    OrdStatus,
    OrdType,
    Reason,
    RefusedError,
    Report,
    ReportType,
    RiskLimits,
    Side,
    SimulatedVenue,
    StaleOrderError,
    TimeInForce,
    TradingCore,
    TriggerPriceType,
)
from tradecore.orders.ticket import OrderTerms
from tradecore.vocabulary.records import NO_PRICE, REPORT_CODEC, UNTELLABLE

LIMITS = RiskLimits(max_order_qty=100_000, price_collar_bps=OFF, max_position_qty=50_000)
INSTRUMENTS = [
    Instrument("AAPL"), Instrument("ETH", tick_size="0.00001", lot_size="0.0001"), Instrument("BRK B", tick_size=5, lot_size=10),
    Instrument("CL", any_sign=True, tick_size="0.25", price_precision=2), Instrument("KRW", tick_size=1, price_precision=0),
    Instrument("FINE", tick_size="0.00000001", lot_size="0.00000001", max_qty=1000),
]


def make(backend="native", accounts=("A",), **more) -> TradingCore:
    core = TradingCore(instruments=INSTRUMENTS, venues=[SimulatedVenue("X"), SimulatedVenue("Y"), ExternalVenue("E")],
                       accounts=accounts, limits=LIMITS, clock=lambda: 1_700_000_000_000_000_000, backend=backend, **more)
    core.quote("X", "AAPL", bid="99.99", bid_size=500, ask="100.01", ask_size=300)
    return core


QUANTITIES = [1, 5, "7", 2.0, "0.5", 0, -1, "-3", Decimal(4), Decimal("1E+2"), Decimal("0.25"), np.int64(3), np.float64(2),
              np.int32(9), np.float32(0.5), 10**14, 10**20, -(10**30), True, None, "", " 5 ", "5.", ".5", "1e2", "5,0", "NaN",
              float("nan"), float("inf"), 1e300, 0.1, 1.1, "0." + "0" * 30 + "1", "9" * 40, b"5", [5], object, "٣", "1_000"]
PRICES = [None, 100, "100.01", "99.99", 100.01, Decimal("99.9"), np.float64(100.5), np.float32(100.5), "0", 0, -5, "-1.25",
          "100.123456789", "100.1234", 10**16, 10**17, "1e400", "", "x", True, 2.0**60, "100.00000000000", -0.0, "+1",
          "00099.50", 1e-9, np.int64(12), 33.25, "0.00001", "1234.56789", 1e22]
IDS = [None, "abc", "a b", "", "x" * 64, "x" * 65, 7, 0, -1, 2**62, 2**62 + 1, "17", "017", b"by", "ü", True, 1.5, np.int64(8)]
WORDS = {
    "ord_type": [None, "LIMIT", "market", OrdType.STOP, 2, "2", "K", "x", 1.0, True, OrdType.LIMIT, "STOP_LIMIT"],
    "time_in_force": ["DAY", "IOC", "gtc", TimeInForce.FOK, "GTD", 3, "3", None, "never", 3.0, Side.BUY],
    "post_only": [True, False, 1, 0, None, "yes"], "reduce_only": [True, False, 1],
    "stop_px": PRICES, "min_qty": QUANTITIES, "display_qty": QUANTITIES, "peg_offset": [None, "0.5", "x"],
    "peg_offset_type": ["PRICE", 0, None], "trigger_price_type": ["NONE", "BID_ASK", TriggerPriceType.BEST_BID, 2, "z"],
    "expire_time": [None, 1, 2**62, 2**62 + 1, 1_700_000_000_000_000_009, -1, 1.5, True, np.int64(1_700_000_000_000_000_099)],
    "transact_time": [None, 1_700_000_000_000_000_001, 0, -5, 2**70, "now", 1.0, 1_700_000_000, 1_700_000_000_000_000, 2**61],
    "cash_order_qty": [None, "100", 5], "list_id": [None, 1, 0, 2**63, "a"],
    "contingency_type": ["NONE", "OCO", 1, "x"], "strategy": [0, 3, 2**31, -1, None, 1.0, True],
    "account": [None, "A", "B", "", 5, "a"], "venue": [None, "X", "Y", "E", "Z", 1], "cl_ord_id": IDS,
}


def arguments(rng: random.Random) -> tuple[list[object], dict[str, object]]:
    """A call of submit: mostly such as can be, now and then one that can't."""
    wild = rng.random() < 0.5
    given: list[object] = [rng.choice(["AAPL", "ETH", "BRK B", "CL", "KRW", "FINE", *(["NONE", 5, None] if wild else [])]),
                           rng.choice(["BUY", "SELL", Side.BUY, 1, "2", "sell", Side.SELL_SHORT, *(["B", 1.0, True, None] if wild else [])])]
    given += [rng.choice(QUANTITIES if wild else QUANTITIES[:12]), rng.choice(PRICES if wild else PRICES[:9])]
    terms = {name: rng.choice(WORDS[name] if wild else WORDS[name][:4]) for name in rng.sample(sorted(WORDS), rng.randrange(5))}
    cut = rng.randrange(2, 5)
    for name, value in zip(["qty", "price"][cut - 2:], given[cut:], strict=True):
        terms[name] = value
    if rng.random() < 0.05:
        terms[rng.choice(["tif", "quantity", "symbol", "qtty"])] = 1
    return given[:cut], terms


def outcome(call, positional, named) -> object:
    try:
        result = call(*positional, **named)
    except (TypeError, ValueError, LookupError) as error:
        return type(error), str(error).replace("Door.", "")
    if isinstance(result, CheckResult):
        return result.passed, bool(result), list(result)
    return result if result is None else (repr(result), result.row)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("call", ["submit", "check"])
def test_the_compiled_call_is_the_call_in_python(call, seed):
    rng, fast, slow = random.Random(seed), make(), make()
    for _ in range(1_500):
        positional, named = arguments(rng)
        ours = outcome(getattr(fast, call), positional, named)
        theirs = outcome(getattr(slow._door, call), positional, named)
        assert ours == theirs, (positional, named)
        assert (fast.event_hash, fast._gate.core.command_seq) == (slow.event_hash, slow._gate.core.command_seq), (positional, named)
    assert fast.state_hash() == slow.state_hash()
    if call == "submit":
        assert fast.event_hash != make().event_hash


def request(rng: random.Random, step: int) -> tuple[str, dict[str, object], int | None]:
    """A request's name and terms, and the place of the order that it is about where it is given one."""
    call, at = rng.choice(["cancel", "replace"]), rng.randrange(60)
    which = rng.choice(["order", "order", "cl_ord_id", "order_id", "none", "two", "wrong"])
    terms: dict[str, object] = {}
    if which in ("order_id", "two"):
        terms["order_id"] = rng.choice([at, 0, -1, 10**20, "1"])
    if which == "cl_ord_id":
        terms["cl_ord_id"] = rng.choice([f"o{at}", *IDS])
    if which == "wrong":
        terms["order"] = "o1"
    if rng.random() < 0.4:
        terms["new_cl_ord_id"] = rng.choice([*IDS, f"n{step}"])
    choices = {"qty": [12, "9", 0, "x", None, 10**20], "price": ["91", "89.995", None, "x"], "stop_px": ["80", None],
               "expire_time": [None, 2**70], "transact_time": [None, 1_700_000_000_000_000_002, 1.5]}
    names = choices if call == "replace" else ["transact_time"]
    terms |= {name: rng.choice(choices[name]) for name in names if rng.random() < 0.4}
    return call, terms, at if which in ("order", "two") else None


@pytest.mark.parametrize("seed", range(4))
def test_requests_quotes_and_marks_are_those_in_python(seed):
    rng, fast, slow = random.Random(seed), make(), make()
    ours, theirs = ([core.submit("AAPL", "BUY", 10, "90", venue=rng.choice("XX"), cl_ord_id=f"o{n}") for n in range(40)]
                    for core in (fast, slow))
    for core, orders in ((fast, ours), (slow, theirs)):
        orders += [core.submit("AAPL", "SELL", 10, "190", venue="E", cl_ord_id=f"o{n}") for n in range(40, 60)]
    for step in range(1_000):
        if rng.random() < 0.6:
            call, terms, at = request(rng, step)
            pair = [outcome(method, [], terms if at is None else {**terms, "order": orders[at]}) for method, orders in
                    ((getattr(fast, call), ours), (getattr(slow._orders, call), theirs))]
        elif rng.random() < 0.7:
            call, terms = "quote", {name: rng.choice(QUANTITIES if "size" in name else PRICES)
                                    for name in ("bid", "bid_size", "ask", "ask_size") if rng.random() < 0.7}
            place = [rng.choice(["X", "Y", "E", "Z"]), rng.choice(["AAPL", "CL", "FINE", 5])]
            pair = [outcome(method, place, terms) for method in (fast.quote, slow._door.quote)]
        else:
            call, terms = "mark", {"price": rng.choice(PRICES)}
            pair = [outcome(method, ["AAPL"], terms) for method in (fast.mark, slow._door.mark)]
        assert pair[0] == pair[1], (call, terms)
        assert fast.event_hash == slow.event_hash, (call, terms)
    assert fast.state_hash() == slow.state_hash()
    assert {str(order.ord_status) for order in ours} >= {"CANCELED", "PENDING_NEW"}


@pytest.mark.parametrize("backend", ["native", "python"])
def test_an_answer_says_what_was_so_when_it_was_asked_for(backend):
    core, told = make(backend), []
    for qty in (10, 20, 60_000, 30):
        told.append((core.check("AAPL", "BUY", qty, "100.01"), list(core.check("AAPL", "BUY", qty, "100.01"))))
        core.submit("AAPL", "BUY", 10, "100.01")
    for answer, before in told:
        assert (list(answer), answer.passed) == (before, all(row.verdict != "REFUSE" for row in before))
    assert [answer["MAX_POSITION_QTY"].value for answer, _ in told] == [10, 30, 60_020, 60]
    assert [answer.passed for answer, _ in told] == [True, True, False, True]


def test_a_question_says_that_a_new_id_would_find_no_room():
    core = make(capacity=Capacity(ids=16))
    with pytest.raises(RefusedError, match="IDS_FULL"):
        core.intern([f"text-{n}" for n in range(16)])
    for call in (core.check, core._door.check):
        assert [(row.rule.name, row.verdict) for row in call("AAPL", "BUY", 5, "90", cl_ord_id="new")] == [("IDS_FULL", "REFUSE")]
        assert call("AAPL", "BUY", 5, "90", cl_ord_id="text-0").passed


def test_a_live_order_says_what_its_twin_says():
    core = make(capacity=Capacity(order_history=4))
    orders = [
        core.submit("AAPL", "BUY", 100, "100.01", cl_ord_id="full"), core.submit("AAPL", "BUY", 1000, cl_ord_id="part"),
        core.submit("AAPL", "SELL", 7, "101.5", venue="E", strategy=3, time_in_force="GTC"),
        core.submit("ETH", "BUY", "0.5", "1234.56789", display_qty="0.1", venue="X"),
        core.submit("CL", "SELL", 3, "-2.25", venue="X"), core.submit("FINE", "BUY", "0.00000001", "0.00000001", venue="Y"),
        core.submit("AAPL", "SELL", 5, stop_px="80", trigger_price_type="BID_ASK"),
        core.submit("AAPL", "SELL", 5, peg_offset="0.5"), core.submit("AAPL", "SELL", 5, peg_offset=50, peg_offset_type=1),
        core.submit("AAPL", "BUY", 5, "90", list_id=9, contingency_type="OCO"), core.submit("AAPL", "BUY", -5, "90"),
        core.submit("BRK B", "BUY", 10, 700_000, venue="X"), core.submit("KRW", "BUY", 3, 150_000_000, venue="X"),
        core.submit("AAPL", "BUY", 10**6, "100"), core.submit("AAPL", "BUY", 5, "100.005"),
    ]
    core.replace(orders[2], price="101.25", new_cl_ord_id="again")
    twin = [Order(core._gate.core.order(order.order_id), core._gate.names) for order in orders[-9:]]
    names = [name for name in dir(Order) if not name.startswith("_") and name != "is_of"]
    assert len(names) >= 35
    for ours, its in zip(orders[-9:], twin, strict=True):
        assert isinstance(ours, Order)
        assert type(ours) is not Order
        assert ours == its
        assert (hash(ours), repr(ours)) == (hash(its), repr(its))
        assert ours.is_of(core._gate.names)
        for name in names:
            mine, theirs = getattr(ours, name), getattr(its, name)
            assert (mine, type(mine), str(mine)) == (theirs, type(theirs), str(theirs)), (name, repr(ours))
    for name in names:
        assert inspect.getdoc(getattr(type(orders[0]), name)) == inspect.getdoc(getattr(Order, name)), name
    assert inspect.getdoc(type(orders[0])) == inspect.getdoc(Order)


def said_by(report: Report, name: str) -> object:
    """A property's value with its type and its text, or its error; "repr": the report as text."""
    try:
        value = repr(report) if name == "repr" else getattr(report, name)
    except (LookupError, ValueError) as error:
        return type(error), str(error)
    return value, type(value), str(value)


def test_a_compiled_report_says_what_its_twin_says():
    core, rng = make(), random.Random(7)
    order = core.submit("ETH", "BUY", "0.5", "1234.56789", venue="E", cl_ord_id="one")
    request = core.cancel(order, new_cl_ord_id="two")
    made, names = type(request), core._gate.names
    assert (made is not Report, isinstance(request, Report), made.__name__) == (True, True, "Report")
    assert (request.cl_ord_id, request.exec_type, request.order_id) == ("two", ExecType.CANCELED, order.order_id)
    properties = [name for name in dir(Report) if not name.startswith("_")]
    assert len(properties) >= 40
    for kind, exec_type in itertools.product(ReportType, ExecType):
        record = REPORT_CODEC.pack({
            "seq": rng.randrange(1, 99), "order_id": rng.randrange(3), "report_type": kind, "exec_type": exec_type,
            "instrument": rng.randrange(8), "account": rng.randrange(3), "venue": rng.randrange(5), "side": rng.randrange(10),
            "ord_type": rng.randrange(10), "time_in_force": rng.randrange(9), "exec_inst": rng.randrange(8),
            "unknown": rng.randrange(8), "ord_status": rng.choice(list(OrdStatus)), "reason": rng.choice(list(Reason)),
            "command_kind": rng.choice(list(CommandType)), "flags": rng.choice([0, 0x10, 0x20, 0x40, 0x80, 0xF0]),
            "last_liquidity_ind": rng.randrange(3), "cl_ord_id": rng.choice([0, order.row.cl_ord_id, 2**62 + 5]),
            "ord_rej_reason": rng.choice([-1, 0, 99]), "cxl_rej_reason": rng.choice([-1, 0, 99]),
            "exec_restatement_reason": rng.choice([-1, 0, 99]), "reject_mask": rng.randrange(2),
            "price": rng.choice([NO_PRICE, UNTELLABLE, 0, 10**9]),
            **{name: rng.choice([0, 1, 7_000, 10**9]) for name in (
                "order_qty", "cum_qty", "exec_id", "last_qty", "last_px", "commission", "contra_order_id", "exec_ref_id",
                "venue_exec_id", "orig_cl_ord_id", "value", "bound", "stop_px", "transact_time")},
        })
        ours, its = made(record, names), Report(record, names)
        for name in (*properties, "repr"):
            assert said_by(ours, name) == said_by(its, name), (name, its.row)
        assert ours == its == ours
        assert ours != request
        assert hash(ours) == hash(its)
    for name in properties:
        assert inspect.getdoc(getattr(made, name)) == inspect.getdoc(getattr(Report, name)), name
    assert inspect.getdoc(made) == inspect.getdoc(Report)
    for copied in (copy.copy, pickle.dumps):
        with pytest.raises(TypeError, match="it reads names in its core; keep its `row`"):
            copied(request)
    with pytest.raises(AttributeError):
        request.seq = 5
    for wrong in (b"x", bytes(129)):
        with pytest.raises(ValueError, match=f"a report must be 128 bytes, not {len(wrong)}"):
            made(wrong, names)
    for lost in (None, "a state"):
        with pytest.raises(TypeError):
            made(bytes(128), SimpleNamespace(core=SimpleNamespace(_state=lost)))
    match request:
        case Report(exec_type=ExecType.CANCELED, symbol=symbol):
            assert symbol == "ETH"
        case _:
            pytest.fail("a Report is matched by its class")


def test_prices_and_quantities_are_told_as_in_python():
    rng, core = random.Random(5), make()
    for _ in range(3_000):
        instrument = rng.choice(INSTRUMENTS)
        units = rng.choice([0, 1, 7, 10, rng.randrange(10**6), rng.randrange(10**12)]) * rng.choice([1, instrument.tick])
        units = min(units, 10**15)
        lots = rng.choice([1, 10, rng.randrange(1, 10**9)])
        order = core.submit(instrument.symbol, "BUY", str(instrument.quantity(lots)), str(instrument.price(units)), venue="X")
        for told, meant in ((order.price, instrument.price(units)), (order.order_qty, instrument.quantity(lots)),
                            (order.cum_qty, instrument.quantity(order.row.cum_qty))):
            assert (told, str(told)) == (meant, str(meant))


def test_an_evicted_order_says_so_and_keeps_its_number():
    core = make(capacity=Capacity(order_history=2))
    order = core.submit("AAPL", "BUY", 1)
    for _ in range(4):
        core.submit("AAPL", "BUY", 1)
    assert order.order_id == 1
    for name in ("price", "side", "cum_qty", "row", "stop_px", "text"):
        with pytest.raises(StaleOrderError, match="order 1 was evicted"):
            getattr(order, name)


@pytest.mark.parametrize("backend", ["native", "python"])
def test_a_wrong_keyword_is_named_with_the_one_that_was_meant(backend):
    core = make(backend)
    with pytest.raises(TypeError, match=r"submit\(\) got an unexpected keyword 'tif'; did you mean time_in_force\?"):
        core.submit("AAPL", "BUY", 1, 1, tif="DAY")
    with pytest.raises(TypeError, match=r"check\(\) got an unexpected keyword 'acount'; did you mean account\?"):
        core.check("AAPL", "BUY", 1, 1, acount="A")
    with pytest.raises(TypeError, match=r"got an unexpected keyword 'zzz': the terms are account, venue"):
        core.submit("AAPL", "BUY", 1, 1, zzz=1)
    assert core.event_hash == make(backend).event_hash


@pytest.mark.parametrize("backend", ["native", "python"])
def test_calls_that_were_taken_before_a_rule_in_python_ask_it_too(backend):
    core = make(backend)
    submit, check, replace, prepared = core.submit, core.check, core.replace, core.prepare("AAPL", "BUY", account="A")
    order = core.submit("AAPL", "BUY", 10, 1, account="A")
    core.risk.add_rule("none", lambda order: "no more")
    told = "USER_RULE: rule 'none': no more"
    assert submit("AAPL", "BUY", 1, 1, account="A").text == prepared(1, 1).text == replace(order, qty=11).text == told
    assert check("AAPL", "BUY", 1, 1, account="A")["USER_RULE"].verdict == "REFUSE"
    assert order.order_qty == 10
    core.risk.remove_rule("none")
    assert [submit("AAPL", "BUY", 1, 1, account="A").text, prepared(1, 1).text] == ["", ""]
    assert check("AAPL", "BUY", 1, 1, account="A").passed
    assert replace(order, qty=11).text == ""


@pytest.mark.parametrize("backend", ["native", "python"])
def test_keywords_are_found_behind_as_many_values_as_they_follow(backend):
    core = make(backend)
    for n in range(2):  # the calls of one function share the tuple of equal keywords, which is remembered
        order = core.submit("AAPL", "BUY", price=90 + n, qty=1 + n)
        assert (order.price, order.order_qty) == (90 + n, 1 + n)
        with pytest.raises(TypeError, match="qty"):
            core.submit("AAPL", "BUY", 7, price=90, qty=1)
        other = core.submit("AAPL", "BUY", qty=3 + n, price=80 + n)
        assert (other.price, other.order_qty) == (80 + n, 3 + n)
        with pytest.raises(TypeError, match="side"):
            core.submit("AAPL", price=90, qty=1)


@pytest.mark.parametrize("backend", ["native", "python"])
def test_help_shows_every_term(backend):
    core = make(backend)
    told = inspect.signature(core.submit).parameters
    assert list(told)[:4] == ["symbol", "side", "qty", "price"]
    if backend == "native":
        assert list(told)[4:] == list(OrderTerms.__annotations__)
        assert inspect.getdoc(core.submit) == inspect.getdoc(TradingCore.submit)
        assert list(inspect.signature(core.quote).parameters) == list(inspect.signature(TradingCore.quote).parameters)[1:]
        assert list(inspect.signature(core.cancel).parameters) == list(inspect.signature(TradingCore.cancel).parameters)[1:]


@pytest.mark.parametrize("backend", ["native", "python"])
def test_a_class_of_the_users_may_override_a_call(backend):
    class Mine(TradingCore):
        def submit(self, *args, **terms):
            return super().submit(*args, **{"account": "A", **terms})

    core = Mine(instruments=INSTRUMENTS, venues=[SimulatedVenue("X")], accounts=["A", "B"], limits=LIMITS, backend=backend)
    assert core.submit("AAPL", "BUY", 1, "5").account == "A"
    assert "symbol" in inspect.signature(make(backend).submit).parameters  # what it says of itself, no other core says


def test_a_compiled_call_is_described_once_whatever_core_comes_first():
    told = subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent("""
        import inspect, tracemalloc, tradecore as tc
        class Mine(tc.TradingCore):
            def submit(self, *args, **terms):
                "Mine."
                return super().submit(*args, **terms)
        Mine(backend="native")
        assert inspect.getdoc(tc.TradingCore(backend="native").submit) == inspect.getdoc(tc.TradingCore.submit)
        small = tc.Capacity.small()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            tc.TradingCore(backend="native", capacity=small)
        assert tracemalloc.get_traced_memory()[0] - before < 20_000, tracemalloc.get_traced_memory()
    """)], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("backend", ["native", "python"])
class TestPrepare:
    def test_it_is_a_submit_of_its_own(self, backend):
        core, plain = make(backend, ("A", "B")), make(backend, ("A", "B"))
        buy = core.prepare("AAPL", "BUY", account="B", venue="X")
        for qty, price, more in ((5, "100.01", {}), ("3", None, {}), (7, 90, {"cl_ord_id": "id-1"}), (7, 90, {"cl_ord_id": 12}),
                                 (2, "90.5", {"transact_time": 1_700_000_000_000_000_777})):
            assert repr(buy(qty, price, **more)) == repr(plain.submit("AAPL", "BUY", qty, price, account="B", venue="X", **more))
        stop = core.prepare("AAPL", "SELL", account="A", stop_px="80")
        for price in (None, "79"):
            assert repr(stop(4, price)) == repr(plain.submit("AAPL", "SELL", 4, price, account="A", stop_px="80"))
        assert (core.event_hash, core.state_hash()) == (plain.event_hash, plain.state_hash())

    def test_what_it_can_not_read_is_said_as_submit_says_it(self, backend):
        core = make(backend)
        buy = core.prepare("AAPL", "BUY")
        for args in ((None,), ("x",), (True,), (1, "y"), (10**40, 1), (1, 1, 1)):
            with pytest.raises((TypeError, ValueError)):
                buy(*args)
        for terms in ({"account": "Z"}, {"tif": 1}, {"cl_ord_id": "a"}, {"transact_time": 5}, {"min_qty": "x"}):
            with pytest.raises((TypeError, ValueError, LookupError)):
                core.prepare("AAPL", "BUY", **terms)
        assert core.metrics()["cl_ord_ids"] == 0

    def test_it_shows_itself(self, backend):
        assert repr(make(backend).prepare("AAPL", "BUY", venue="X")) == "<PreparedOrder BUY AAPL venue='X'>"


def test_an_order_that_is_kept_is_one_object_that_the_collector_need_not_look_at():
    core, kept = make(), [None] * 2_000
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):  # the first time fills free lists and tables
            kept[:] = [None] * len(kept)
            blocks, tracked = sys.getallocatedblocks(), len(gc.get_objects())
            for at in range(len(kept)):
                kept[at] = core.submit("AAPL", "BUY", 1, "90")
            left = (sys.getallocatedblocks() - blocks) / len(kept)
            watched = (len(gc.get_objects()) - tracked) / len(kept)
    finally:
        gc.enable()
    assert watched < 0.1
    if os.environ.get("PYTHONMALLOC") is None:  # else no block is Python's own
        assert 0.9 < left < 1.1


def test_an_order_manager_has_the_same_door():
    calls = []
    for compiled in (True, False):
        manager = OrderManager(instruments=INSTRUMENTS, accounts=["A"], clock=lambda: 1_700_000_000_000_000_000, backend="native")
        enter = manager.new_order if compiled else manager._door.new_order
        calls.append([repr(enter("AAPL", "BUY", 5, "90.5", cl_ord_id="x")), outcome(enter, ["AAPL", "BUY", 5], {"venue": "X"}),
                      outcome(enter, ["AAPL", "BUY", 5], {"tif": "X"}), manager.event_hash])
    assert calls[0] == calls[1]


def test_what_goes_wrong_after_the_command_is_told_too():
    core = make()
    with pytest.raises(RefusedError, match="QUOTE refused: PRICE_OUT_OF_RANGE"):
        core.quote("X", "AAPL", bid=-1, bid_size=5)
    heard = []
    core.subscribe(heard.append, exec_types="NEW")
    core.submit("AAPL", "BUY", 5, "90")
    assert len(heard) == 1


def test_a_clock_that_gives_no_time_is_named_before_anything_runs():
    times: list[object] = [1_700_000_000_000_000_000]
    core = TradingCore(instruments=INSTRUMENTS, venues=[SimulatedVenue("X")], accounts=["A"], limits=LIMITS, backend="native",
                       clock=lambda: times[-1])
    before = core.event_hash
    for time, error in ((2.5, TypeError), (-1, ValueError), (None, TypeError), (2**70, ValueError), (True, TypeError),
                        (1_764_331_891_000, ValueError)):
        times.append(time)
        for call in (lambda: core.submit("AAPL", "BUY", 5, "90", cl_ord_id="t"), lambda: core.quote("X", "AAPL"),
                     lambda: core.cancel(order_id=1), lambda: core.check("AAPL", "BUY", 5), lambda: core.mark("AAPL", 5)):
            with pytest.raises(error, match="clock"):
                call()
    assert core.event_hash == before
    assert core.metrics()["ids"] == TradingCore(instruments=INSTRUMENTS, venues=[SimulatedVenue("X")], accounts=["A"],
                                                limits=LIMITS).metrics()["ids"]

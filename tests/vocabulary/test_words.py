"""Enumerations as they print and are read, and NumPy's scalars as the numbers and names that they are."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import IntEnum, IntFlag

import numpy as np
import pytest
from conftest import BACKENDS, T0, build_core, small_capacity

import tradecore as tc
from tradecore.vocabulary.fix import FixChar, FixEnum
from tradecore.vocabulary.identifiers import encode_cl_ord_id
from tradecore.vocabulary.units import check_bool, check_int, check_time, whole_units

PUBLIC = [word for name in tc.__all__ if isinstance(word := getattr(tc, name), type) and issubclass(word, (IntEnum, IntFlag))]
ENUMS = [kind for kind in PUBLIC if issubclass(kind, FixEnum)]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_a_word_prints_as_its_name_and_stays_its_integer(kind):
    """In every public enumeration: str, formats, repr, JSON."""
    for member in kind:
        number = int(member)
        assert (str(member), f"{member}", f"{member:<40}", f"{member}") == (member.name, member.name, member.name.ljust(40), member.name)
        assert (f"{member:d}", json.dumps([member]), f"{member!r}") == (f"{number}", f"[{number}]", f"<{kind.__name__}.{member.name}: {number}>")


def test_flags_print_as_all_of_their_names():
    """None at all is NONE."""
    both = tc.ExecInst.POST_ONLY | tc.ExecInst.REDUCE_ONLY
    assert [f"{tc.ExecInst(0)}", str(tc.Unknown(0)), f"{tc.Unknown.NEW | tc.Unknown.CANCEL}"] == ["NONE", "NONE", "NEW|CANCEL"]
    assert str(both).split("|")[1:] == ["REDUCE_ONLY"]
    assert f"{both:d}" == "3"


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_a_word_is_found_by_its_byte(kind):
    assert list(kind.by_byte()) == [next((member for member in kind if member == value), None) for value in range(256)]
    assert kind.by_byte() is kind.by_byte()  # every module of the compiled core looks in the same one


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_a_word_is_read_from_its_name_its_value_and_fix_text(kind):
    """Names and aliases in any case; integers of Python and NumPy; a character in base 36, or decimal digits."""
    for name, member in kind.__members__.items():
        number = int(member)
        text = np.base_repr(number, 36) if issubclass(kind, FixChar) else str(number)
        for said in (member, name, name.lower(), f" {name.title()} ", np.str_(name), number, np.int64(number), np.int8(number) if number < 128 else number, text, text.lower()):
            assert kind.parse(said, "field") is member, said


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.__name__)
def test_a_bad_word_is_refused_with_field_value_and_members(kind):
    """Whatever is no text and no integer is a TypeError; bools and floats too."""
    for bad in ("NO_SUCH", "", " ", "?", "_", "\u0661", "1_0", "0x1", "99999999999", "+7", np.str_("NOT"), 10**30, -77, np.int64(-77), np.uint64(2**63)):
        with pytest.raises(ValueError, match="field") as refused:
            kind.parse(bad, "field")
        assert repr(getattr(bad, "item", lambda bad=bad: bad)()) in str(refused.value)
        assert ", ".join(kind.__members__) in str(refused.value)
    for bad in (True, np.bool_(True), 1.0, np.float64(1), np.float32(1), None, b"1", [1], np.array([1, 2]), np.timedelta64(1, "s")):
        with pytest.raises(TypeError, match=f"field must be a {kind.__name__}.*not {type(bad).__name__}"):
            kind.parse(bad, "field")


def test_a_character_is_fix_own_and_digits_are_an_integer_fields():
    """'A' is an OrdStatus, and no OrdRejReason; '11' is an OrdRejReason, and no OrdStatus."""
    assert tc.Side.parse("1", "side") is tc.Side.BUY
    assert tc.OrdStatus.parse("A", "ord_status") is tc.OrdStatus.PENDING_NEW
    assert [tc.ExecType.parse(said, "exec_type").name for said in "FGHIDL"] == [
        "TRADE", "TRADE_CORRECT", "TRADE_CANCEL", "ORDER_STATUS", "RESTATED", "TRIGGERED"]
    assert tc.OrdRejReason.parse("11", "ord_rej_reason") is tc.OrdRejReason.UNSUPPORTED_ORDER_CHARACTERISTIC
    for kind, said in ((tc.OrdRejReason, "B"), (tc.OrdStatus, "11"), (tc.TradSesStatus, "A"), (tc.Side, "01")):
        with pytest.raises(ValueError, match="field"):
            kind.parse(said, "field")
    assert all(len(name) > 1 for kind in ENUMS for name in kind.__members__)


INTEGERS = [np.int64(5), np.int32(5), np.uint8(5), np.uint64(5), np.int8(5), np.intp(5), 5]
FLOATS = [np.float64(0.5), np.float32(0.5), np.float16(0.5), np.longdouble(0.5), 0.5, np.str_("0.5"), Decimal("0.5")]


def test_numpy_scalars_are_numbers():
    """Whatever a Python number is good for, where it is whole in the unit."""
    assert {whole_units(value, 2, "price", 10**6) for value in INTEGERS} == {500}
    assert {whole_units(value, 2, "price", 10**6) for value in FLOATS} == {50}
    assert [check_int(value, "after", 0) for value in INTEGERS] == [5] * 7
    assert type(check_int(np.int64(5), "after", 0)) is int
    assert check_time(np.int64(T0)) == T0
    assert encode_cl_ord_id(np.int64(7)) == encode_cl_ord_id(np.str_("7")) == b"7"


@pytest.mark.parametrize("digits", [2, 4, 8, 12])
def test_a_float32_is_the_shortest_decimal_that_names_it(digits):
    """Not its binary value, which no price was meant to be; what is finer than the unit is refused."""
    for text in ("50.12", "0.1", "-99.99", "0.01", "700.3"):
        assert whole_units(np.float32(text), digits, "price", 10**18) == Decimal(text).scaleb(digits)
    with pytest.raises(ValueError, match=r"price .* is not a multiple of 0.01"):
        whole_units(np.float32(0.333), 2, "price", 10**6)


@pytest.mark.parametrize("bad", [np.bool_(True), True, np.complex64(1), np.datetime64(5, "ns"), np.timedelta64(5, "ns"), np.array(5), np.array([5]), np.bytes_(b"5"), b"5", None])
def test_what_is_no_number_is_refused_by_its_name(bad):
    """Truths, dates, arrays and bytes."""
    with pytest.raises(TypeError, match=f"price must be str, int, Decimal or float, not {type(bad).__name__}"):
        whole_units(bad, 2, "price", 10**6)
    with pytest.raises(TypeError, match=f"after must be an int, not {type(bad).__name__}"):
        check_int(bad, "after", 0)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble, float])
@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_no_number_of_any_size_is_nan_or_infinite(kind, text):
    """The refusal names field and value, and no type of NumPy's."""
    with pytest.raises(ValueError, match=f"price must be finite, not .*{text}") as refused:
        whole_units(kind(text), 2, "price", 10**6)
    assert "np." not in str(refused.value)


def test_a_numpy_truth_is_no_flag():
    """A flag is True or False and nothing that counts as such."""
    with pytest.raises(TypeError, match="post_only must be a bool"):
        check_bool(np.int64(1), "post_only")
    with pytest.raises(TypeError, match=r"post_only must be a bool, not numpy\.bool"):
        check_bool(np.True_, "post_only")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_core_takes_numpy_scalars_wherever_it_takes_a_number_a_name_or_a_word(backend):
    """The same calls twice, in Python's scalars and in NumPy's: equal hashes, and names that are plain."""
    hashes = []
    for number, real, text in ((int, float, str), (np.int64, np.float32, np.str_), (np.int32, np.float64, np.str_)):
        time = int if number is int else np.int64
        core = build_core(
            backend, clock=lambda time=time: time(T0), accounts=[text("alpha")], capacity=small_capacity(events=number(4096)),
            instruments=[tc.Instrument(text("AAPL"), tick_size=real(0.25), lot_size=number(1), price_precision=number(4), multiplier=number(1))],
            venues=[tc.SimulatedVenue(text("XNAS"), taker_fee_per_share=real(0.5)), tc.ExternalVenue(text("AWAY"), request_timeout=number(10**9))],
            limits=tc.RiskLimits(max_order_qty=number(1000), price_collar_bps=number(500), order_rate=number(100)),
        )
        core.quote(text("XNAS"), text("AAPL"), bid=real(50.25), bid_size=number(100), ask=real(50.5), ask_size=number(100), transact_time=time(T0))
        order = core.submit(text("AAPL"), number(1), number(10), real(50.5), cl_ord_id=number(77), strategy=number(3), transact_time=time(T0 + 1))
        sent = core.submit(text("AAPL"), text("sell_short"), number(10), real(50.75), venue=text("AWAY"), time_in_force=text("1"), cl_ord_id=text("away"))
        core.execution.on_execution_report(text("AWAY"), order_id=number(sent.order_id), exec_type=text("F"), exec_id=number(9), last_qty=number(4), last_px=real(50.75))
        core.replace(order_id=number(sent.order_id), qty=number(8))
        core.execution.on_cancel_reject(text("AWAY"), order_id=number(sent.order_id), cxl_rej_reason=number(2))
        core.execution.set_session(text("AAPL"), text("3"))
        core.execution.on_execution_report(text("AWAY"), order_id=number(sent.order_id), exec_type=text("4"))
        core.positions.split(text("AAPL"), number(2), number(1))
        assert core.orders.order(order_id=number(order.order_id)) == order
        assert core.orders.order(cl_ord_id=number(77)) == order
        assert len(core.reports(after=number(0)).read()) == core.metrics()["events"]
        assert (str(order.side), type(order.symbol), type(core.accounts[0])) == ("BUY", str, str)
        hashes.append((core.state_hash(), core.event_hash))
    assert len(set(hashes)) == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_keeper_takes_numpy_scalars_wherever_it_takes_a_number_a_name_or_a_word(backend):
    """The same calls twice, in Python's scalars and in NumPy's."""
    said = []
    for number, real, text in ((int, float, str), (np.int64, np.float32, np.str_)):
        keeper = tc.PositionKeeper(
            [tc.Instrument(text("AAPL"))], [text("a"), text("b")], method=text("fifo"), trades=number(100), lots=number(100), backend=backend)
        trade = keeper.apply_fill(text("AAPL"), text("1"), number(10), real(50.25), account=text("a"), commission=real(0.5), exec_id=text("X"), transact_time=number(T0))
        keeper.mark(text("AAPL"), real(50.5), time=number(T0))
        keeper.mark([text("AAPL")], [real(50.75)])
        keeper.correct(number(trade), qty=number(12))
        said.append((keeper.position(text("AAPL"), text("a")), keeper.pnl(text("a"))))
    assert said[0] == said[1]

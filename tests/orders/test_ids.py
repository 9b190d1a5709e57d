"""Ids and names: texts that are interned once, integers that are their own number, and everything that is neither."""

import re
import uuid

import numpy as np
import pytest
from conftest import limits, small_capacity

import tradecore as tc
from tradecore._backend import room_module
from tradecore.vocabulary.codes import CommandType
from tradecore.vocabulary.records import ACK_DTYPE, CODECS, INTERN_DTYPE, OWN_ID_MAX

R, E = tc.Reason, tc.ExecType
SYMBOLS = ["BRK B", "SPXW  261218P05000000", "x" * 63, "XYZ RT"]
# Text, and whether it is an id of the core's own table, the same id as an integer, or none.
TEXTS = [
    (b"a", "text"), (b"x" * 64, "text"), (b"x" * 65, "none"), (b"007", "text"), (b"7", 7), (b"0", "text"), (b"-7", "text"),
    (b"+7", "text"), (b"7.0", "text"), (str(OWN_ID_MAX).encode(), OWN_ID_MAX), (str(OWN_ID_MAX + 1).encode(), "text"),
    (b"9" * 19, "text"), (b"9" * 20, "text"), (b"1" + b"0" * 63, "text"), (b"a b", "text"), (b"~!", "text"), (b"", "none"),
    (b" ", "none"), (b" " * 64, "none"), (b" a", "none"), (b"a ", "none"), (b"a\t", "none"), (b"a\nb", "none"), (b"\x7f", "none"),
    (b"caf\xc3\xa9", "none"), (b"\xff", "none"), (b"\0a", "none"), (b"a\0b", "none"), (b"x" * 63 + b" ", "none"),
]


def intern(core, text):
    return core.apply(CODECS[CommandType.INTERN].pack(kind=CommandType.INTERN, version=1, text=text[:64]), 1)


@pytest.fixture
def plain(backend):
    return room_module(backend, "pipeline").Core(small_capacity(ids=64))


@pytest.mark.parametrize(("text", "what"), TEXTS, ids=[repr(text[:30]) for text, _ in TEXTS])
def test_what_is_an_id(plain, text, what):
    if len(text) > 64:
        assert plain.find_text(text) == 0  # no record can hold it
        return
    assert plain.find_text(text) == (what if isinstance(what, int) else 0)
    ack, answer = intern(plain, text)
    if what == "none":
        assert (ack.reason, ack.report_type, len(answer)) == (R.INVALID_FIELD_VALUE, tc.ReportType.BUSINESS_REJECT, 128)
        assert plain.find_text(text) == 0
    else:
        number = what if isinstance(what, int) else OWN_ID_MAX + 1
        assert (ack.reason, ack.order_id, answer) == (0, number, b"")
        assert (plain.find_text(text), plain.text_of(number)) == (number, text.decode())
    assert plain.metrics()["ids"] == (what == "text")


def test_every_byte_of_a_text_counts(backend):
    """Each value at each place of texts of each length, against one line of a regular expression."""
    texts = [(b"x" * length).ljust(64, b"\0")[:at] + bytes([value]) + (b"x" * length).ljust(64, b"\0")[at + 1 :]
             for length in (0, 1, 8, 15, 63, 64) for at in range(64) for value in range(256)]
    core = room_module(backend, "pipeline").Core(small_capacity(ids=2**17))
    commands, acks = np.zeros(len(texts), INTERN_DTYPE), np.zeros(len(texts), ACK_DTYPE)
    commands["kind"] = CommandType.INTERN
    commands.view("u1").reshape(len(texts), -1)[:, 56:120] = np.frombuffer(b"".join(texts), "u1").reshape(-1, 64)
    core.run(commands, acks, 1)
    good = [re.fullmatch(rb"[!-~]([ -~]*[!-~])?\0*", text) is not None for text in texts]
    assert (acks["reason"] == 0).tolist() == good
    for at in np.flatnonzero(good)[::97]:
        assert core.text_of(int(acks["order_id"][at])) == texts[at].rstrip(b"\0").decode()


def test_numbers_go_by_the_order_of_interning_and_stay(plain):
    texts = [f"id-{n}".encode() for n in range(64)]
    numbers = [intern(plain, text)[0].order_id for text in texts]
    assert numbers == [OWN_ID_MAX + n for n in range(1, 65)]
    assert [intern(plain, text)[0].order_id for text in reversed(texts)] == numbers[::-1]
    assert [plain.text_of(number).encode() for number in numbers] == texts
    assert [plain.text_of(number) for number in (0, -1, -(2**63), 7, OWN_ID_MAX + 65)] == ["", "", "", "7", str(OWN_ID_MAX + 65)]
    before = plain.state_hash()
    ack, _ = intern(plain, b"one more")
    assert (ack.reason, ack.order_id) == (R.IDS_FULL, 0)
    assert intern(plain, b"id-3")[0].order_id == numbers[3]
    assert intern(plain, b"8")[0].order_id == 8  # takes no room
    assert plain.metrics()["ids"] == 64
    assert plain.state_hash() != before, "commands are counted"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_names_as_the_world_gives_them(make_core, symbol):
    core = make_core(instruments=[tc.Instrument(symbol, tick_size="0.01", currency="US D")], accounts=["A B C"],
                     venues=[tc.SimulatedVenue("New York")])
    order = core.submit(symbol, "BUY", 5, 100, account="A B C", venue="New York")
    assert (order.symbol, order.account, order.venue, order.ord_status) == (symbol, "A B C", "New York", tc.OrdStatus.NEW)
    defined = [r for r in core.reports(0) if r.command_type is CommandType.DEFINE_INSTRUMENT]
    assert [r.cl_ord_id for r in defined] == [symbol]
    with pytest.raises(ValueError, match="it is defined already"):
        core.define_instrument(tc.Instrument(symbol))


def test_uuids_come_back_as_they_went(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT")])
    mine, theirs, request, bust = (str(uuid.UUID(int=n * 12_345_678_901_234_567_890)) for n in range(1, 5))
    order = core.submit("AAPL", "BUY", 10, 100, venue="EXT", cl_ord_id=mine)
    assert core.execution.on_execution_report("EXT", "NEW", cl_ord_id=mine, exec_id="n").venue_exec_id == "n"
    trade = core.execution.on_execution_report("EXT", "TRADE", cl_ord_id=mine, exec_id=theirs, last_qty=4, last_px=100)
    assert (trade.cl_ord_id, trade.venue_exec_id, trade.leaves_qty, order.cl_ord_id) == (mine, theirs, 6, mine)
    assert core.positions.trades()[0].venue_exec_id == theirs
    asked = core.cancel(cl_ord_id=mine, new_cl_ord_id=request)
    assert (asked.cl_ord_id, asked.orig_cl_ord_id) == (request, mine)
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id=request)
    assert (order.cl_ord_id, order.orig_cl_ord_id) == (request, mine)
    taken = core.execution.on_trade_correction("EXT", "TRADE_CANCEL", theirs, bust)
    assert (taken.exec_type, taken.venue_exec_id, taken.exec_ref_id) == (E.TRADE_CANCEL, bust, trade.exec_id)
    assert core.orders.order(cl_ord_id=mine) == core.orders.order(cl_ord_id=request) == order


def test_an_integer_is_its_decimal_text_and_its_look_alikes_are_not(make_core):
    core = make_core()
    seven = core.submit("AAPL", "BUY", 1, 10, cl_ord_id=7)
    assert core.submit("AAPL", "BUY", 1, 10, cl_ord_id="7") == core.submit("AAPL", "BUY", 1, 10, cl_ord_id=b"7") == seven
    others = [core.submit("AAPL", "BUY", 1, 10, cl_ord_id=name) for name in ("007", "+7", "7.0", OWN_ID_MAX + 7, 0, -7)]
    assert [order.reason for order in others] == [R.NONE] * 6
    assert [order.cl_ord_id for order in others] == ["007", "+7", "7.0", str(OWN_ID_MAX + 7), "0", "-7"]
    assert core._gate.core.find_text(b"7") == 7


def test_a_full_table_of_ids_names_its_capacity_and_keeps_no_cancel_in(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT")], capacity=small_capacity(ids=6))  # 4 names, and two
    first = core.submit("AAPL", "BUY", 10, 100, cl_ord_id="a")
    second = core.submit("AAPL", "BUY", 10, 100, cl_ord_id="b")
    third = core.submit("AAPL", "BUY", 10, 100, cl_ord_id="c")
    says = "IDS_FULL: the table of ids is full: 6 of 6, the capacity ids"
    assert (third.reason, third.text, third.ord_status) == (R.IDS_FULL, says, tc.OrdStatus.REJECTED)
    assert not core.check("AAPL", "BUY", 10, 100, cl_ord_id="c")
    assert core.submit("AAPL", "BUY", 10, 100, cl_ord_id=5).reason is R.NONE  # an integer needs no room
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="a")
    replaced = core.replace(first, qty=20, new_cl_ord_id="c")
    assert (replaced.report_type, replaced.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, R.IDS_FULL)
    asked = core.cancel(first, new_cl_ord_id="c")
    assert (asked.exec_type, asked.cl_ord_id[:3]) == (E.ORDER_STATUS, "TC-")  # the core's own need no room
    lost = core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="b", exec_id="x", last_qty=1, last_px=100)
    assert (lost.report_type, lost.text, len(core.unbooked())) == (tc.ReportType.UNBOOKED, says, 1)
    assert core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="b", exec_id=1, last_qty=1, last_px=100).exec_type is E.TRADE
    assert second.cum_qty == 1
    for call in (lambda: core.define_account("new"), lambda: core.intern(["a", "new"])):
        with pytest.raises(ValueError, match=r"refused: IDS_FULL: .* the capacity ids"):
            call()


COLUMNS = [
    ["a", b"b", 7, "7", "007"], np.array(["a", "b", "7", "7", "007"]), np.array([b"a", b"b", b"7", b"7", b"007"]),
    np.array(["a", b"b", 7, "7", "007"], object),
]


@pytest.mark.parametrize("column", COLUMNS, ids=["list", "U", "S", "objects"])
def test_a_column_of_ids_is_interned_at_once(core, column):
    held = core.metrics()["ids"]
    numbers = core.intern(column)
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [OWN_ID_MAX + held + 1, OWN_ID_MAX + held + 2, 7, 7, OWN_ID_MAX + held + 3]
    assert core.intern(column).tolist() == numbers.tolist()
    assert [core.id_text(int(number)) for number in numbers] == ["a", "b", "7", "7", "007"]
    orders = tc.new_orders(1)
    orders["instrument"] = orders["account"] = orders["side"] = orders["order_qty"] = 1
    orders["price"], orders["cl_ord_id"] = 100, numbers[:1]
    core.submit_batch(orders)
    assert core.orders.order(cl_ord_id="a").cl_ord_id == "a"


@pytest.mark.parametrize(("column", "says"), [
    (np.array(["ok", "a b"]), r"texts\[1\]"), (np.array([b"ok", b"\xff"]), r"texts\[1\]"), (np.array(["ok", "é"]), r"texts\[1\]"),
    (np.array(["ok", ""]), r"texts\[1\]"), (np.array(["ok", "x" * 65]), r"texts\[1\].*1 to 64"), (np.array(["a\0b"]), r"texts\[0\]"),
    (np.array([1, 0]), r"texts\[1\] 0"), (np.array([-1]), r"texts\[0\] -1"), (np.array([2**62 + 1]), r"1 to 4611686018427387904"),
    (np.array([1.5]), "float64"), (np.array([["a"]]), "one-dimensional"), (np.array([True]), "bool"), (["ok", " "], r"texts\[1\]"),
])
def test_a_bad_column_is_named_by_its_row_and_interns_nothing(core, column, says):
    before = core.state_hash(), core.event_hash
    with pytest.raises(ValueError, match=says):
        core.intern(column)
    assert (core.state_hash(), core.event_hash) == before


def test_own_integers_are_taken_as_they_are(core):
    column = np.array([1, 2**62, 77], np.uint64)
    assert core.intern(column).tolist() == [1, 2**62, 77]
    assert core.intern([]).tolist() == []
    assert core.intern(np.array([], "U5")).tolist() == []


def test_the_state_hash_takes_the_text_and_not_its_number(make_core):
    """The same texts under other numbers: what is hashed of an order is its id's text."""
    hashes = []
    for texts in (["a", "b"], ["b", "a"]):
        core = make_core(capacity=small_capacity(ids=64))
        core.intern(texts)
        core.submit("AAPL", "BUY", 1, 10, cl_ord_id="a")
        state = core._gate.core
        hashes.append(state._state.ids.digest if core.backend == "python" else None)
        assert core.orders.order(cl_ord_id="a").row.cl_ord_id == OWN_ID_MAX + core.metrics()["ids"] - (texts[0] == "a")
    assert hashes[0] == hashes[1]


def test_an_order_has_a_number_of_its_own(core):
    """Numbered from 1 among orders, refused ones too, whatever other commands come between."""
    core.quote("XNAS", "AAPL", bid=1, bid_size=1)
    ids = [core.submit("AAPL", "BUY", qty, 100, cl_ord_id=name).order_id for qty, name in ((1, "x"), (0, "y"), (2, 5), (3, 5))]
    core.clock_tick()
    assert [*ids, core.submit("AAPL", "BUY", 1, 100).order_id] == [1, 2, 3, 4, 5]
    assert core.submit("AAPL", "BUY", 1, 100, cl_ord_id="x").order_id == 1  # the same order again is no second one
    assert core.submit("AAPL", "BUY", 1, 100).order_id == 6


@pytest.mark.parametrize(("version", "taken"), [(0, True), (1, True), (2, False), (255, False)])
def test_a_record_of_another_version_is_refused(core, version, taken):
    orders = tc.new_orders(1)
    orders["instrument"] = orders["account"] = orders["side"] = orders["order_qty"] = 1
    orders["price"], orders["version"] = 100, version
    (ack,) = core.submit_batch(orders)
    assert (ack["report_type"] == tc.ReportType.EXECUTION_REPORT) == taken
    (report,) = list(core.reports(core._gate.core.event_seq - 1))
    assert report.row.version == 1
    assert taken or report.text == f"INVALID_FIELD_VALUE: version {version} is out of bounds"
    assert INTERN_DTYPE.itemsize == 128


def fall(core, order):
    core.quote("P", "AAPL", bid=1, bid_size=500)


def fall_to(px):
    return lambda core, order: core.quote("P", "AAPL", bid=px, bid_size=500)


def split(core, order):
    core.execution.set_session("AAPL", "CLOSED")
    core.positions.split("AAPL", 2, 1)
    core.execution.set_session("AAPL", "OPEN")


def change(**asked):
    return lambda core, order: core.replace(order, **asked)


# How an order comes, and what then changes what it is: its limit, quantity, stop, offset, expiry; a stop that rests.
LIVES = {
    "replaced": ({"price": 90}, change(price=91, qty=7)),
    "its stop is moved": ({"side": "SELL", "stop_px": 95}, change(stop_px=96)),
    "its offset is moved": ({"side": "SELL", "peg_offset": 5}, change(peg_offset=6)),
    "its expiry is moved": ({"price": 90, "time_in_force": "GTD", "expire_time": 2**61}, change(expire_time=2**61 + 1)),
    "renamed": ({"price": 90}, change(price=91, new_cl_ord_id="y")),
    "routed": ({"price": 90, "venue": None}, lambda core, order: None),
    "traded": ({"price": 100.02}, lambda core, order: None),
    "triggered": ({"side": "SELL", "stop_px": 95}, fall_to(95)),
    "a stop that rests": ({"side": "SELL", "stop_px": 95}, fall),
    "a trailing stop that rests": ({"side": "SELL", "peg_offset": 5}, fall),
    "split": ({"price": 90}, split),
    "canceled": ({"price": 90}, lambda core, order: core.cancel(order)),
}


@pytest.mark.parametrize("life", LIVES)
def test_an_order_sent_again_is_known_whatever_it_has_become(make_core, life):
    """FIX 4.4 Appendix D, F.1.b: the same order again is answered by a status, as it was sent, not as it has become."""
    terms, changes = LIVES[life]
    sent = {"side": "BUY", "qty": 10, "venue": "P", "cl_ord_id": "x", "trigger_price_type": "BEST_BID", **terms}
    core = make_core(venues=[tc.SimulatedVenue("P")], limits=limits(price_collar_bps=1000))
    core.positions.open_position("AAPL", 10, 100)
    core.quote("P", "AAPL", bid=100, bid_size=5, ask="100.02", ask_size=5)
    order = core.submit("AAPL", **sent)
    assert order.ord_status is not tc.OrdStatus.REJECTED, order.text
    before = order.row
    changes(core, order)
    assert life in ("routed", "traded") or order.row != before
    told, orders = core._gate.core.event_seq, len(core.orders.open_orders())
    again = core.submit("AAPL", **sent)
    assert (again.order_id, len(core.orders.open_orders())) == (order.order_id, orders)
    assert [report.exec_type for report in core.reports(told)] == [E.ORDER_STATUS]
    for field, other in (("qty", 11), ("side", "SELL" if sent["side"] == "BUY" else "BUY")):
        refused = core.submit("AAPL", **sent | {field: other})
        assert (refused.order_id != order.order_id, refused.reason) == (True, R.DUPLICATE_CLORDID)

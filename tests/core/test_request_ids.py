"""ClOrdIDs of what the core itself sends: FIX wants one on every order and request, unique in a day (ClOrdID(11), OrigClOrdID(41))."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from conftest import Clock, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS, VERSION

S, M = tc.OrdStatus, tc.MsgType
SECOND = 10**9
NOON = int(datetime(2026, 2, 28, 12, tzinfo=UTC).timestamp()) * SECOND
EXT = tc.ExternalVenue("EXT", request_timeout=SECOND)


def at(now):
    clock = Clock()
    clock.now = now
    return clock


@pytest.fixture
def desk(make_core):
    """AAPL at one external venue, at noon of 2026-02-28."""

    def build(**given):
        return make_core(**{"venues": [EXT], "clock": at(NOON), "capacity": small_capacity(), **given})

    return build


def send(core, qty=100, price=10, **terms):
    return core.submit("AAPL", "BUY", qty, price, **{"venue": "EXT", **terms})


def told(core, exec_type, cl_ord_id, **facts):
    return core.execution.on_execution_report("EXT", exec_type, cl_ord_id=cl_ord_id, **facts)


def read(core):
    return [(m.msg_type.name, m.cl_ord_id, m.orig_cl_ord_id) for m in core.outbound()]


def test_an_order_goes_out_under_an_id_that_its_venue_answers_by(desk):
    core = desk()
    before = core._gate.core.event_seq
    order = send(core)
    assert order.cl_ord_id == "TC-20260228-1"
    assert [r.cl_ord_id for r in core.reports(before)] == ["TC-20260228-1"]
    assert [(m.cl_ord_id, m.orig_cl_ord_id) for m in core.outbound()] == [("TC-20260228-1", "")]
    assert told(core, "NEW", "TC-20260228-1").ord_status is S.NEW
    assert core.orders.order(cl_ord_id="TC-20260228-1").order_id == order.order_id
    assert send(core, cl_ord_id="mine").cl_ord_id == "mine"


def test_a_cancel_and_a_replace_without_ids_have_some_and_chain(desk):
    core = desk()
    order = send(core, cl_ord_id="A1")
    told(core, "NEW", "A1")
    assert core.replace(order, qty=80).cl_ord_id == "TC-20260228-1"
    assert core.replace(order, qty=70).orig_cl_ord_id == "TC-20260228-1"
    asked = core.cancel(order)
    assert (asked.cl_ord_id, asked.orig_cl_ord_id, order.cl_ord_id) == ("TC-20260228-3", "TC-20260228-2", "A1")
    assert read(core)[1:] == [("ORDER_CANCEL_REPLACE_REQUEST", "TC-20260228-1", "A1"),
                              ("ORDER_CANCEL_REPLACE_REQUEST", "TC-20260228-2", "TC-20260228-1"),
                              ("ORDER_CANCEL_REQUEST", "TC-20260228-3", "TC-20260228-2")]
    replaced = told(core, "REPLACED", "TC-20260228-1")
    assert (replaced.cl_ord_id, replaced.orig_cl_ord_id, order.order_qty) == ("TC-20260228-1", "A1", 80)
    refused = core.execution.on_cancel_reject("EXT", cl_ord_id="TC-20260228-2", cxl_rej_reason=0)
    assert (refused.cl_ord_id, refused.orig_cl_ord_id) == ("TC-20260228-2", "TC-20260228-1")
    canceled = told(core, "CANCELED", "TC-20260228-3")
    assert (canceled.orig_cl_ord_id, order.cl_ord_id, order.ord_status) == ("TC-20260228-1", "TC-20260228-3", S.CANCELED)
    assert {core.orders.order(cl_ord_id=name).order_id for name in ("A1", "TC-20260228-1", "TC-20260228-3")} == {1}


def test_each_request_of_a_mass_cancel_has_its_own(desk):
    core = desk()
    orders = [send(core, cl_ord_id=f"A{i}") for i in range(4)]
    read(core)
    core.mass_cancel(cl_ord_id="ALL")
    assert read(core) == [("ORDER_CANCEL_REQUEST", f"TC-20260228-{i + 1}", f"A{i}") for i in range(4)]
    assert told(core, "CANCELED", "TC-20260228-3").order_id == orders[2].order_id
    assert [order.ord_status is S.CANCELED for order in orders] == [False, False, True, False]


def test_what_expires_what_is_in_parts_and_what_flattens_has_some(desk):
    other = tc.ExternalVenue("TWO", request_timeout=SECOND)
    core = desk(venues=[EXT, other])
    send(core, cl_ord_id="G", time_in_force="GOOD_TILL_DATE", expire_time=NOON + SECOND)
    read(core)
    told(core, "NEW", "G")
    core.clock_tick(NOON + SECOND)
    for venue in ("EXT", "TWO"):
        core.quote(venue, "AAPL", bid=9, bid_size=50, ask=10, ask_size=50)
    core.submit("AAPL", "BUY", 100, 10, cl_ord_id="P")
    sent = read(core)
    assert sent == [("ORDER_CANCEL_REQUEST", "TC-20260228-1", "G"), ("NEW_ORDER_SINGLE", "TC-20260228-2", ""),
                    ("NEW_ORDER_SINGLE", "TC-20260228-3", "")]
    told(core, "TRADE", "TC-20260228-3", exec_id="T", last_qty=50, last_px=10)
    core.flatten(symbol="AAPL")
    assert read(core) == [("NEW_ORDER_SINGLE", "TC-20260228-4", "")]


def test_a_status_request_names_the_order(desk):
    core = desk()
    send(core)
    core.orders.order_status(order_id=1)
    assert [(m.msg_type, m.cl_ord_id) for m in core.outbound()][1:] == [(M.ORDER_STATUS_REQUEST, "TC-20260228-1")]


def test_a_simulated_venue_needs_none(desk):
    core = desk(venues=[tc.SimulatedVenue("SIM")])
    order = core.submit("AAPL", "BUY", 1, 10)
    core.cancel(order)
    assert (order.cl_ord_id, order.orig_cl_ord_id, order.ord_status) == ("", "", S.CANCELED)


def test_they_are_the_cores_and_never_come_twice(desk):
    core = desk(request_prefix="X")
    first = send(core, cl_ord_id="X20260228-1")  # a client's own text that looks like the first
    assert [send(core).cl_ord_id, first.cl_ord_id] == ["X20260228-2", "X20260228-1"]
    again = send(core, cl_ord_id="X20260228-2")
    assert (again.ord_status, again.reason) == (S.REJECTED, tc.Reason.DUPLICATE_CLORDID)
    core.mass_cancel()
    core.roll_day()
    later = send(core, cl_ord_id="X20260228-2")  # of a day that is over, but the core's all the same
    assert (later.reason, send(core).cl_ord_id) == (tc.Reason.INVALID_CL_ORD_ID, "X20260228-3")
    for text in ("X20260228-4", "X20260228-0", "X20260228-02", "X20260231-1", "X2026022-1", "X20260228-", "x20260228-1"):
        assert send(core, cl_ord_id=text).cl_ord_id == text  # none of these was made


@pytest.mark.parametrize("ask", ["cancel", "replace"])
@pytest.mark.parametrize("made", ["TC-20260228-2", "TC-20990101-1"])
def test_only_the_core_gives_its_ids_to_requests(desk, ask, made):
    core = desk()
    kept, gone = send(core, time_in_force="GOOD_TILL_CANCEL"), send(core)
    told(core, "NEW", kept.cl_ord_id)
    told(core, "CANCELED", gone.cl_ord_id)
    core.roll_day()  # its id is forgotten, but the core's all the same
    read(core)
    refused = getattr(core, ask)(kept, new_cl_ord_id=made, **({} if ask == "cancel" else {"qty": 50}))
    assert (refused.report_type, refused.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, tc.Reason.INVALID_CL_ORD_ID)
    late = told(core, "TRADE", made, exec_id="late", last_qty=7, last_px=10, symbol="AAPL", side="BUY")
    assert (read(core), late.reason, kept.cum_qty) == ([], tc.Reason.TRADE_IN_SUSPENSE, 0)


def test_an_id_that_only_the_core_gives_is_not_claimed_by_who_is_refused_it(desk):
    core = desk()
    send(core)
    before = core.metrics()["cl_ord_ids"]
    for _ in range(2):
        assert send(core, cl_ord_id="TC-20990101-1").reason is tc.Reason.INVALID_CL_ORD_ID
    assert core.metrics()["cl_ord_ids"] == before


@pytest.mark.parametrize("day", ["19700101", "20000229", "20240229", "20231231", "20260301", "21000228", "21000301"])
def test_the_date_is_that_of_the_cores_time(desk, day):
    midnight = int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * SECOND
    core = desk(clock=at(midnight + 86_400 * SECOND - 1))
    assert send(core).cl_ord_id == f"TC-{day}-1"
    assert core.orders.order(cl_ord_id=f"TC-{day}-1").order_id == 1
    core.clock_tick(midnight + 86_400 * SECOND)
    assert send(core).cl_ord_id[3:11] > day


def test_a_full_table_of_ids_keeps_no_cancel_in(desk):
    core = desk(capacity=small_capacity(cl_ord_ids=2))
    order, _ = send(core), send(core)
    read(core)
    core.cancel(order)
    assert read(core) == [("ORDER_CANCEL_REQUEST", "TC-20260228-3", "TC-20260228-1")]
    assert core.execution.on_execution_report("EXT", "CANCELED", order_id=1).ord_status is S.CANCELED


def test_what_a_venue_answers_by_a_requests_id_is_understood_though_the_table_was_full(desk):
    core = desk(capacity=small_capacity(cl_ord_ids=1))
    order = send(core, cl_ord_id="A")
    told(core, "NEW", "A")
    for qty, made in ((80, 1), (70, 2)):
        core.replace(order, qty=qty)
        assert told(core, "REPLACED", f"TC-20260228-{made}").order_id == order.order_id
    assert (order.order_qty, order.cl_ord_id, order.orig_cl_ord_id) == (70, "TC-20260228-2", "TC-20260228-1")
    assert told(core, "REPLACED", "TC-20260228-2").exec_type is tc.ExecType.ORDER_STATUS, "it is answered twice"
    told(core, "TRADE", "TC-20260228-1", exec_id="t", last_qty=5, last_px=10)  # it crossed the answer
    core.cancel(order)
    refused = core.execution.on_cancel_reject("EXT", cl_ord_id="TC-20260228-3", cxl_rej_reason=2)
    assert (refused.cl_ord_id, order.cum_qty, order.ord_status) == ("TC-20260228-3", 5, S.PARTIALLY_FILLED)
    core.cancel(cl_ord_id="TC-20260228-2")
    assert core.orders.order(cl_ord_id="TC-20260228-4") == order
    assert told(core, "CANCELED", "TC-20260228-4").ord_status is order.ord_status is S.CANCELED
    assert told(core, "NEW", "TC-20260228-4").reason is tc.Reason.UNKNOWN_ORDER, "it is not open any more"


def test_an_unclaimed_id_is_looked_for_at_its_venue_alone(desk):
    core = desk(venues=[EXT, tc.ExternalVenue("TWO")], capacity=small_capacity(cl_ord_ids=2))
    order, other = send(core, cl_ord_id="A"), send(core, cl_ord_id="B", venue="TWO")
    read(core)
    core.cancel(order)
    assert core.execution.on_execution_report("TWO", "CANCELED", cl_ord_id="TC-20260228-1").reason is tc.Reason.UNKNOWN_ORDER
    kind, number = tc.CommandType.EXECUTION_REPORT, core._gate.core.find_text(b"TC-20260228-1")
    both = CODECS[kind].pack(kind=kind, version=VERSION, venue=2, exec_type=tc.ExecType.CANCELED, cl_ord_id=number, order_id=other.order_id,
                             price=tc.NO_PRICE, cum_qty=-1)
    assert core._gate.core.apply(both, NOON)[0].order_id == other.order_id, "else it goes by the order_id"
    assert told(core, "CANCELED", "TC-20260228-1").order_id == order.order_id


def test_an_order_that_comes_back_on_another_day_is_known_by_its_ids(desk):
    """The new day let them go: it was not open."""
    core = desk()
    order = send(core, qty=5)
    told(core, "NEW", "TC-20260228-1")
    core.replace(order, qty=7, new_cl_ord_id="B")
    told(core, "REPLACED", "B")
    told(core, "TRADE", "B", exec_id="t", last_qty=7, last_px=10)
    core.roll_day()
    assert told(core, "NEW", "TC-20260228-1").reason is tc.Reason.UNKNOWN_ORDER
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t", "b")
    assert core.orders.order(cl_ord_id="TC-20260228-1") == order
    assert told(core, "TRADE", "TC-20260228-1", exec_id="u", last_qty=1, last_px=10).order_id == order.order_id
    assert order.cum_qty == 1


@pytest.mark.parametrize("venue", ["EXT", None])
def test_an_order_whose_id_has_no_room_is_refused_as_one_that_has_a_name(desk, venue):
    core = desk(capacity=small_capacity(cl_ord_ids=1))
    first, other = send(core, venue=venue), send(core, venue=venue)
    assert (first.ord_status, other.ord_status, other.reason) == (S.PENDING_NEW, S.REJECTED, tc.Reason.TABLE_FULL)
    assert other.text == "TABLE_FULL: its table is full: 1 of 1, the capacity cl_ord_ids"
    assert (core.position("AAPL").working_buy_qty, core.metrics()["tables_full"]) == (100, 1)
    assert read(core) == [("NEW_ORDER_SINGLE", "TC-20260228-1", "")]


def test_an_exit_goes_out_though_its_id_has_no_room(desk):
    core = desk(capacity=small_capacity(cl_ord_ids=1))
    core.positions.open_position("AAPL", 100, 10)
    send(core)
    assert send(core).reason is tc.Reason.TABLE_FULL
    (order,) = core.flatten(account="alpha", symbol="AAPL")
    assert read(core)[-1] == ("NEW_ORDER_SINGLE", "TC-20260228-2", "")
    assert core.execution.on_execution_report(
        "EXT", "TRADE", cl_ord_id="TC-20260228-2", exec_id="t", last_qty=100, last_px=10).reason is tc.Reason.NONE
    assert (order.ord_status, core.position("AAPL").qty) == (S.FILLED, 0)


def test_parts_whose_ids_have_no_room_are_not_sent(desk):
    other = tc.ExternalVenue("TWO")
    core = desk(venues=[EXT, other], capacity=small_capacity(cl_ord_ids=2))
    for name in ("EXT", "TWO"):
        core.quote(name, "AAPL", bid=9, bid_size=50, ask=10, ask_size=50)
    parent = core.submit("AAPL", "BUY", 100, 10, cl_ord_id="P")
    sent = list(core.outbound())
    assert [m.cl_ord_id for m in sent] == ["TC-20260228-1"]
    assert [r.reason for r in core.reports(0) if r.ord_status is S.REJECTED] == [tc.Reason.TABLE_FULL]
    core.execution.on_execution_report(sent[0].venue, "TRADE", cl_ord_id="TC-20260228-1", exec_id="t", last_qty=50, last_px=10)
    assert (parent.cum_qty, parent.ord_status, core.position("AAPL").working_buy_qty) == (50, S.CANCELED, 0)


def test_what_was_accepted_goes_out_and_is_known_while_it_is_open(desk):
    core = desk(venues=[EXT, tc.SimulatedVenue("SIM")], capacity=small_capacity(cl_ord_ids=1))
    core.quote("SIM", "AAPL", bid=9, bid_size=10, ask=10, ask_size=10)
    stop = core.submit("AAPL", "SELL", 5, stop_px=8, trigger_price_type="BID_ASK", venue="EXT")
    core.submit("AAPL", "BUY", 1, 5, venue="SIM", cl_ord_id="A")
    core.quote("SIM", "AAPL", bid=7, bid_size=10, ask=8, ask_size=10)
    assert read(core) == [("NEW_ORDER_SINGLE", "TC-20260228-1", "")]
    traded = told(core, "TRADE", "TC-20260228-1", exec_id="t", last_qty=5, last_px=7)
    assert (traded.order_id, stop.ord_status, core.position("AAPL").qty) == (stop.order_id, S.FILLED, -5)


@pytest.mark.parametrize(("prefix", "error"), [
    ("", ValueError), ("x" * 33, ValueError), ("A B", ValueError), ("caf\xe9", ValueError), (b"TC", TypeError), (7, TypeError),
])
def test_a_bad_prefix_is_an_error_that_names_the_bound(desk, prefix, error):
    with pytest.raises(error, match=r"request_prefix .*(1 to 32|str)"):
        desk(request_prefix=prefix)


def test_a_prefix_is_said_before_the_first_and_is_state(desk):
    core, same, other = (desk(request_prefix=letter * 32) for letter in "xxy")
    for _ in range(2):
        assert core.state_hash() == same.state_hash() != other.state_hash(), "each has taken as many commands"
        assert [send(each).cl_ord_id[:32] for each in (core, same, other)] == ["x" * 32, "x" * 32, "y" * 32]
    for text, said in ((b"LATE", "ALREADY_DEFINED"), (b"a b", "INVALID_FIELD_VALUE: text"), (b"z" * 33, "INVALID_FIELD_VALUE: text")):
        for each, name in ((core, text), (same, b"a b")):
            with pytest.raises(tc.RefusedError, match=f"NAME_REQUESTS refused: {said if each is core else 'INVALID'}"):
                each._gate.command(tc.CommandType.NAME_REQUESTS, text=name)
        assert core.state_hash() == same.state_hash(), "what is refused changes nothing"
    assert send(core).cl_ord_id == "x" * 32 + "20260228-3"


def test_a_replay_of_the_same_records_makes_the_same_ids(desk):
    order = CODECS[tc.CommandType.NEW_ORDER].pack(kind=tc.CommandType.NEW_ORDER, version=VERSION, side=1, ord_type=2, instrument=1,
                                                  account=1, venue=1, order_qty=5, price=100_000, stop_px=-(2**63), transact_time=NOON)
    cancel = CODECS[tc.CommandType.CANCEL].pack(kind=tc.CommandType.CANCEL, version=VERSION, order_id=1, transact_time=NOON)
    hashes = set()
    for _ in range(2):
        core = desk()
        for record in (order, cancel):
            core._gate.core.apply(record, NOON)
        hashes.add((core.state_hash(), core.event_hash))
    assert len(hashes) == 1

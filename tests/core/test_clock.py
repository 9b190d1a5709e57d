"""Only the caller's clock moves the core, by a step at most; a wrong stamp poisons nothing, and a tick costs nothing."""

import numpy as np
import pytest
from conftest import CENT, T0, build_core, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS, COMMAND_DTYPES, TIME_MAX

SECOND = 10**9
DAY = 86_400 * SECOND
STEP = 14 * DAY
FAR = 4 * 10**18  # in 2096
R, K, S = tc.Reason, tc.CommandType, tc.OrdStatus
UNITS = [(T0 // 10**9, "seconds"), (T0 // 10**6, "milliseconds"), (T0 // 10**3, "microseconds")]


@pytest.fixture
def core(make_core):
    """A simulated and an external venue, an order at each that is good till the day after tomorrow, a limit on rate."""
    made = make_core(venues=[tc.SimulatedVenue("SIM"), tc.ExternalVenue("EXT", request_timeout=SECOND)],
                     limits=limits(order_rate=4, order_rate_window_ms=1_000), capacity=small_capacity(order_rate=4))
    for venue, name in (("SIM", "S"), ("EXT", "E")):
        good_till(made, venue, name)
    made.execution.on_execution_report("EXT", "NEW", cl_ord_id="E")
    return made


def good_till(core, venue, name, **terms):
    return core.submit("AAPL", "BUY", 10, 5, venue=venue, cl_ord_id=name, time_in_force="GOOD_TILL_DATE",
                       expire_time=T0 + 2 * DAY, **terms)


def now(core):
    return core._gate.core.now


def is_as_before(core, clock):
    """Every order and limit works as before: nothing has expired, what is new is taken, the rate counts, time goes on."""
    assert [order.ord_status for order in core.orders.open_orders()] == [S.NEW, S.NEW]
    before = now(core)
    clock.now = before + SECOND
    assert good_till(core, "SIM", "third").ord_status is S.NEW
    assert now(core) == before + SECOND
    for number in range(3):
        assert core.submit("AAPL", "BUY", 1, 4, venue="SIM").ord_status is S.NEW, number
    assert core.submit("AAPL", "BUY", 1, 4, venue="SIM").reason is R.ORDER_RATE
    clock.now = T0 + 2 * DAY
    core.clock_tick()
    ended = [order for name in ("S", "third") if (order := core.orders.order(cl_ord_id=name))]
    assert [order.ord_status for order in ended] == [S.EXPIRED, S.EXPIRED]
    assert core.orders.order(cl_ord_id="E").unknown == 0
    assert any(message.msg_type is tc.MsgType.ORDER_CANCEL_REQUEST for message in core.outbound())


# ---- what venues and feeds say of time is data


def quoted(core, time):
    core.quote("SIM", "AAPL", bid=4, bid_size=5, ask=6, ask_size=5, transact_time=time)


def in_batch(kind, **fields):
    def run(core, time):
        rows = np.zeros(1, COMMAND_DTYPES[kind])
        for name, value in {"kind": kind, "instrument": 1, "transact_time": time, **fields}.items():
            rows[name] = value
        assert core.submit_batch(rows)["reason"][0] == 0
    return run


TELLS = {
    "quote": quoted, "quote in a batch": in_batch(K.QUOTE, venue=1, bid_px=400 * CENT, bid_size=1),
    "mark in a batch": in_batch(K.MARK, mark_px=500 * CENT),
    "status": lambda core, time: core.execution.on_execution_report(
        "EXT", "ORDER_STATUS", ord_status="NEW", cl_ord_id="E", transact_time=time),
    "state": lambda core, time: core.execution.on_execution_report("EXT", "NEW", cl_ord_id="E", transact_time=time),
    "trade in suspense": lambda core, time: core.execution.on_execution_report(
        "EXT", "TRADE", cl_ord_id="stranger", symbol="AAPL", side="BUY", exec_id="1", last_qty=1, last_px=5, transact_time=time),
    "unknown bust": lambda core, time: core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "no", "2", transact_time=time),
    "stray reject": lambda core, time: core.execution.on_cancel_reject("EXT", cl_ord_id="E", transact_time=time),
}


@pytest.mark.parametrize("time", [FAR, TIME_MAX, T0 + STEP, T0 + DAY, T0 - DAY, 1])
@pytest.mark.parametrize("tell", TELLS.values(), ids=TELLS)
def test_what_the_world_says_is_applied_at_the_cores_time(core, clock, tell, time):
    clock.now = T0 + 5
    tell(core, time)
    assert now(core) == T0 + 5
    is_as_before(core, clock)


@pytest.mark.parametrize("time", [2**62 + 1, 2**63 - 1, -1, -(2**63)])
@pytest.mark.parametrize("kind", [K.QUOTE, K.MARK])
def test_a_feeds_record_is_applied_whatever_its_time(core, clock, kind, time):
    in_batch(kind, venue=1)(core, time) if kind == K.QUOTE else in_batch(kind, mark_px=5)(core, time)
    record = CODECS[kind].pack(kind=kind, instrument=1, venue=1, transact_time=time, **({"mark_px": 5} if kind == K.MARK else {}))
    assert core._gate.core.apply(record, -1)[0].reason == 0  # nor does the clock's of then
    is_as_before(core, clock)


@pytest.mark.parametrize("time", [FAR, T0 - DAY])
def test_a_venues_own_time_is_in_the_report_of_what_it_said_and_ours_in_the_others(core, clock, time):
    clock.now = T0 + 7
    take = core.execution.on_execution_report
    traded = take("EXT", "TRADE", cl_ord_id="E", exec_id="1", last_qty=3, last_px=5, transact_time=time)
    assert (traded.transact_time, traded.cum_qty, traded.ord_status) == (time, 3, S.PARTIALLY_FILLED)
    stray = take("EXT", "TRADE", cl_ord_id="?", symbol="AAPL", side="BUY", exec_id="2", last_qty=1, last_px=5, transact_time=time)
    corrected = core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "1", "3", last_qty=2, last_px=5, transact_time=time)
    told = take("EXT", "ORDER_STATUS", ord_status="NEW", cl_ord_id="E", transact_time=time)
    core.replace(cl_ord_id="E", qty=12, new_cl_ord_id="E2")
    pending = take("EXT", "PENDING_REPLACE", cl_ord_id="E2", transact_time=time)
    refused = core.execution.on_cancel_reject("EXT", cl_ord_id="E2", transact_time=time)
    core.replace(cl_ord_id="E", qty=12, new_cl_ord_id="E3")
    replaced = take("EXT", "REPLACED", cl_ord_id="E3", transact_time=time)
    restated = take("EXT", "RESTATED", cl_ord_id="E3", transact_time=time)
    ended = take("EXT", "CANCELED", cl_ord_id="E3", transact_time=time)
    reports = [traded, stray, corrected, told, pending, refused, replaced, restated, ended]
    assert {report.report_type.name for report in reports} == {"EXECUTION_REPORT", "ORDER_CANCEL_REJECT"}
    assert [report.transact_time for report in reports] == [time] * len(reports)
    others = [r for r in core.reports(0) if r.transact_time != time]
    assert {r.transact_time for r in others} == {T0, T0 + 7}
    assert ended.transact_time == time  # without one it is the core's
    assert take("EXT", "TRADE", cl_ord_id="E3", exec_id="9", last_qty=1, last_px=5).transact_time == T0 + 7


@pytest.mark.parametrize("time", [-1, 0, 2**62 + 1])
def test_a_venues_time_that_is_none_loses_no_trade_and_is_told_as_ours(core, time):
    trade = CODECS[K.EXECUTION_REPORT].pack(
        kind=K.EXECUTION_REPORT, venue=2, exec_type=tc.ExecType.TRADE, order_id=2, exec_id=1, last_qty=3, last_px=500 * CENT, cum_qty=-1,
        price=tc.NO_PRICE, transact_time=time)
    ack, _ = core._gate.core.apply(trade, T0)
    assert (ack.reason, ack.cum_qty) == (0, 3)
    assert list(core.reports(0))[-1].transact_time == T0


def test_what_a_drop_copy_keeps_has_the_venues_time(core):
    copy = tc.DropCopy(core, "fifo")
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="E", exec_id="1", last_qty=3, last_px=5, transact_time=T0 + DAY)
    assert not copy.compare()
    (row,) = copy.keeper.trades().rows
    assert row.transact_time == T0 + DAY
    assert now(core) == T0


# ---- our own stamps


def test_a_stamp_moves_the_clock_by_a_step_at_most(core, clock):
    clock.now = 0  # it says nothing
    core.clock_tick(T0 + STEP)
    assert now(core) == T0 + STEP
    latest = T0 + 2 * STEP
    refused = core.submit("AAPL", "BUY", 1, 4, venue="SIM", cl_ord_id="far", transact_time=latest + 1)
    assert (refused.ord_status, refused.reason, refused.ord_rej_reason) == (S.REJECTED, R.CLOCK_STEP, tc.OrdRejReason.OTHER)
    assert refused.text == (f"CLOCK_STEP: transact_time {latest + 1} is too far ahead: the clock goes up to {latest}, "
                            "advance_clock() further")
    assert (refused.transact_time, now(core)) == (T0 + STEP, T0 + STEP)
    assert core.submit("AAPL", "BUY", 1, 4, venue="SIM", transact_time=latest).ord_status is S.NEW
    assert now(core) == latest


@pytest.mark.parametrize("time", [FAR, TIME_MAX, T0 + STEP + 1])
def test_beyond_it_what_opens_is_refused_and_everything_else_is_done_at_the_cores_time(core, clock, time):
    new = core.submit("AAPL", "BUY", 1, 4, venue="SIM", transact_time=time)
    assert (new.reason, new.row.reject_mask, new.row.value, new.row.bound) == (R.CLOCK_STEP, 1 << 25, time, T0 + STEP)
    replaced = core.replace(cl_ord_id="S", qty=9, transact_time=time)
    assert (replaced.report_type, replaced.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, R.CLOCK_STEP)
    assert (replaced.cxl_rej_reason, replaced.ord_status) == (tc.CxlRejReason.OTHER, S.NEW)
    assert f"transact_time {time} is too far ahead: the clock goes up to {T0 + STEP}" in replaced.text
    with pytest.raises(tc.RefusedError, match=f"CLOCK refused: CLOCK_STEP: transact_time {time} .* {T0 + STEP}, advance_clock"):
        core.clock_tick(time)
    assert [row.rule for row in core.check("AAPL", "BUY", 1, 4, venue="SIM", transact_time=time)] == [R.CLOCK_STEP]
    is_as_before(core, clock)


@pytest.mark.parametrize("time", [FAR, 2**62 + 1, -1, T0 // 10**6])
def test_exits_work_whatever_their_stamp(core, time):
    rows = np.zeros(3, COMMAND_DTYPES[K.CANCEL])
    rows["kind"], rows["transact_time"] = [K.CANCEL, K.KILL_SWITCH, K.MASS_CANCEL], time
    rows["orig_cl_ord_id"][0] = core.intern(["S"])[0]
    rows[1:2].view(COMMAND_DTYPES[K.KILL_SWITCH])["engaged"] = 1
    acks = core.submit_batch(rows)
    assert acks["report_type"].tolist() == [8, 10, 27]
    assert core.orders.order(cl_ord_id="S").ord_status is S.CANCELED
    assert [report.cl_ord_id for report in core.outbound()] == ["E", "TC-20231114-1"]  # new, and asked for back
    assert core.submit("AAPL", "BUY", 1, 4).reason is R.KILL_SWITCH
    assert now(core) == T0


@pytest.mark.parametrize("kind", [K.SESSION, K.ROLL_DAY, K.SET_LIMIT, K.STATUS_REQUEST])
def test_settings_are_done_at_the_cores_time(core, kind):
    seen = core._gate.core.event_seq
    in_batch(kind, **{K.SESSION: {"trad_ses_status": 2}, K.STATUS_REQUEST: {"order_id": 1}, K.SET_LIMIT: {
        "limit_scope": 1, "instrument": 0, "account": 1, "rule": 4, "value": 2, "window_ns": SECOND}}.get(kind, {}))(core, FAR)
    assert {report.transact_time for report in core.reports(seen)} == {T0}


def test_a_refused_order_has_used_its_id(core):
    first = core.submit("AAPL", "BUY", 1, 4, venue="SIM", cl_ord_id="x", transact_time=FAR)
    again = core.submit("AAPL", "BUY", 1, 4, venue="SIM", cl_ord_id="x")
    assert (again.order_id, again.reason) == (first.order_id, R.CLOCK_STEP)
    assert core.submit("AAPL", "BUY", 1, 4, venue="SIM", cl_ord_id="S", transact_time=FAR).reason is R.DUPLICATE_CLORDID


def test_advance_clock_takes_a_longer_step(core, clock):
    seen = core._gate.core.event_seq
    core.advance_clock(T0 + 30 * DAY)
    assert now(core) == T0 + 30 * DAY
    assert core.orders.order(cl_ord_id="S").ord_status is S.EXPIRED
    told = list(core.reports(seen))[-1]
    assert (told.report_type, told.row.value, told.row.bound) == (tc.ReportType.COMMAND_ACCEPTED, T0 + 30 * DAY, T0)
    core.advance_clock(T0 + 30 * DAY)
    with pytest.raises(tc.RefusedError, match=f"CLOCK_STEP: clock_time {T0} must not be before the core's time {T0 + 30 * DAY}"):
        core.advance_clock(T0)
    clock.now = T0 + 31 * DAY
    assert core.submit("AAPL", "BUY", 1, 4, venue="SIM").ord_status is S.NEW


def test_an_order_manager_has_the_same_clock(backend, clock):
    manager = tc.OrderManager(instruments=[tc.Instrument("AAPL")], accounts=["a"], clock=clock, backend=backend,
                              capacity=small_capacity(clock_step=DAY))
    order = manager.new_order("AAPL", "BUY", 1, 5)
    clock.now = T0 + DAY + 1
    assert manager.new_order("AAPL", "BUY", 1, 5).reason is R.CLOCK_STEP
    assert manager.cancel(order).ord_status is S.CANCELED  # at the core's time; it was not handed out yet
    manager.advance_clock(T0 + DAY + 1)
    assert manager.new_order("AAPL", "BUY", 1, 5).ord_status is S.PENDING_NEW


def test_the_first_time_of_a_core_is_held_against_the_clock(make_core, clock):
    clock.now = 0
    core = make_core()
    clock.now = T0
    assert core.submit("AAPL", "BUY", 1, 5, transact_time=FAR).reason is R.CLOCK_STEP
    assert core.submit("AAPL", "BUY", 1, 5, transact_time=T0 + STEP).ord_status is S.NEW
    clock.now = 0
    free = make_core()  # nothing to hold it against
    assert free.submit("AAPL", "BUY", 1, 5, transact_time=FAR).ord_status is S.NEW
    assert now(free) == FAR


def test_a_batch_is_stamped_once_and_its_records_stamps_are_ours(core, clock):
    orders = tc.new_orders(4)
    orders["instrument"], orders["account"], orders["venue"], orders["side"], orders["order_qty"] = 1, 1, 1, 1, 1
    orders["price"], orders["transact_time"] = 400 * CENT, [0, FAR, T0 + 7, 0]
    asked = []
    core._gate.clock = lambda: asked.append(1) or T0 + 5
    acks = core.submit_batch(orders)
    assert len(asked) == 1
    assert acks["reason"].tolist() == [0, R.CLOCK_STEP, 0, R.ORDER_RATE]
    assert [core.orders.order(order_id=int(number)).transact_time - T0 for number in acks["order_id"]] == [5, 5, 7, 7]


# ---- clocks that are wrong


@pytest.mark.parametrize(("gives", "error", "says"), [
    (1.5, TypeError, "clock must be .*int nanoseconds.*float"), (None, TypeError, "clock must be .*NoneType"), (True, TypeError, "bool"),
    ("now", TypeError, "str"), (2**62 + 1, ValueError, f"clock gave {2**62 + 1} ns, outside 0 to {2**62}"), (-1, ValueError, "clock gave -1 ns"),
    (2**200, ValueError, "outside 0 to"), (ZeroDivisionError("no time"), ZeroDivisionError, "no time"),
    *((time, ValueError, f"clock {time} looks like {unit} since 1970: give nanoseconds") for time, unit in UNITS)])
def test_a_clock_that_gives_no_time_is_an_error_and_changes_nothing(core, monkeypatch, gives, error, says):
    def read():
        if isinstance(gives, Exception):
            raise gives
        return gives

    monkeypatch.setattr(type(core._gate.clock), "__call__", lambda clock: read())
    before = core.state_hash(), core.event_hash
    for call in (lambda: core.submit("AAPL", "BUY", 1, 4, cl_ord_id="new"), lambda: core.cancel(cl_ord_id="S"), core.clock_tick,
                 lambda: quoted(core, None), lambda: core.check("AAPL", "BUY", 1, 4), lambda: core.submit_batch(tc.new_orders(1))):
        with pytest.raises(error, match=says):
            call()
    monkeypatch.undo()
    assert (core.state_hash(), core.event_hash) == before
    assert core.submit("AAPL", "BUY", 1, 4, venue="SIM").ord_status is S.NEW


def test_a_clock_that_stands_still_or_goes_back_moves_nothing(core, clock):
    for time in (T0, T0 - 1, T0 - DAY, 0, 1):
        clock.now = time
        assert core.replace(cl_ord_id="S", price=4 + time % 2).transact_time == T0
        core.clock_tick()
        assert core.cancel(core.submit("AAPL", "BUY", 1, 4, venue="SIM")).transact_time == T0
        assert now(core) == T0
        core.risk.set_limits(limits(), account="alpha")  # its rate is not what this is about


@pytest.mark.parametrize(("time", "unit"), UNITS)
def test_a_stamp_in_another_unit_is_seen_and_named(core, time, unit):
    before = core.state_hash(), core.event_hash, core.metrics()["ids"]
    says = f"transact_time {time} looks like {unit} since 1970: give nanoseconds"
    for call in (
        lambda: core.submit("AAPL", "BUY", 1, 4, cl_ord_id="new", transact_time=time), lambda: core.clock_tick(time),
        lambda: core.cancel(cl_ord_id="S", new_cl_ord_id="fresh", transact_time=time), lambda: core.mass_cancel(transact_time=time),
        lambda: core.replace(cl_ord_id="S", qty=9, transact_time=time), lambda: quoted(core, time), lambda: core.roll_day(transact_time=time),
        lambda: core.orders.order_status(cl_ord_id="S", transact_time=time), lambda: core.positions.split("AAPL", 2, 1, transact_time=time),
        lambda: core.execution.set_session("AAPL", "HALTED", transact_time=time), lambda: core.submit_batch(tc.new_orders(1), transact_time=time),
        lambda: core.execution.set_venue_session("EXT", False, transact_time=time), lambda: core.check("AAPL", "BUY", 1, 4, transact_time=time),
    ):
        with pytest.raises(ValueError, match=says):
            call()
    with pytest.raises(ValueError, match=f"^time {time} looks like {unit}"):
        core.advance_clock(time)
    assert (core.state_hash(), core.event_hash, core.metrics()["ids"]) == before


@pytest.mark.parametrize(("time", "unit"), UNITS)
def test_in_a_batch_it_refuses_what_opens_and_names_the_unit(core, time, unit):
    orders = tc.new_orders(1)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"], orders["price"] = 1, 1, 1, 1, 400 * CENT
    orders["transact_time"] = time
    (ack,) = core.submit_batch(orders)
    order = core.orders.order(order_id=int(ack["order_id"]))
    assert (order.ord_status, order.reason, order.row.reject_mask) == (S.REJECTED, R.INVALID_FIELD_VALUE, 1)
    assert order.text == f"INVALID_FIELD_VALUE: transact_time {time} looks like {unit} since 1970: give nanoseconds"
    replace = CODECS[K.REPLACE].pack(kind=K.REPLACE, order_id=1, order_qty=9, price=tc.NO_PRICE, stop_px=tc.NO_PRICE,
                                     transact_time=time)
    ack, _ = core._gate.core.apply(replace, T0)
    assert (ack.report_type, ack.reason) == (tc.ReportType.ORDER_CANCEL_REJECT, R.INVALID_FIELD_VALUE)


@pytest.mark.parametrize("start", [1, 10**9, 10**12, 10**15])
def test_a_simulation_that_counts_from_0_passes_through_such_times(backend, start):
    times = [start, *(time for time, _ in UNITS if time > start)]
    times = [time for time in times if time - start <= 2**61]
    core = build_core(backend, clock=lambda: times[0], capacity=small_capacity(clock_step=2**61))
    for time in times:
        assert core.submit("AAPL", "BUY", 1, 4, transact_time=time).ord_status is S.NEW
        assert now(core) == time


# ---- ticks


def test_a_tick_that_fires_nothing_makes_no_report(core, clock):
    order = core.orders.order(cl_ord_id="S")
    history = [report.seq for report in core.orders.order_history(order)]
    seen, heard = core._gate.core.event_seq, []
    core.subscribe(heard.append)
    for _ in range(20_000):
        clock.now += 1
        core.clock_tick()
    assert core._gate.core.event_seq == seen
    assert now(core) == T0 + 20_000
    assert [report.seq for report in core.orders.order_history(order)] == history != []
    assert not heard


def test_a_tick_in_a_batch_is_acknowledged(core):
    ticks = np.zeros(3, COMMAND_DTYPES[K.CLOCK])
    ticks["kind"], ticks["transact_time"] = K.CLOCK, [T0 + 1, FAR, T0 + 2]
    acks = core.submit_batch(ticks)
    assert acks["report_type"].tolist() == [tc.ReportType.COMMAND_ACCEPTED, tc.ReportType.BUSINESS_REJECT, tc.ReportType.COMMAND_ACCEPTED]
    assert acks["reason"].tolist() == [0, R.CLOCK_STEP, 0]
    assert now(core) == T0 + 2

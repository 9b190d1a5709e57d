"""Events: every report once, in order, without gaps; readers and callbacks that harm nobody; one hash over it all."""

from __future__ import annotations

import gc
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import CENT, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS, REPORT_DTYPE

S = tc.OrdStatus
ROOT = Path(__file__).parents[2]


def busy(core, count=20):
    """Orders that rest, trade and end."""
    for step in range(count):
        core.submit("AAPL", "BUY" if step % 2 else "SELL", 10 + step, 100, venue="XNAS")


def seqs(reports):
    return [report.seq for report in reports]


# ---- the log

def test_sequence_numbers_have_no_gap_from_the_first_report_on(core):
    busy(core)
    core.cancel(order_id=999)
    with pytest.raises(tc.RefusedError):
        core.define_account("alpha")
    reports = list(core.reports(0))
    assert seqs(reports) == list(range(1, core._gate.core.event_seq + 1))
    assert len(set(reports)) == len(reports) == core.metrics()["events"]
    assert [r.row.command_seq for r in reports] == sorted(r.row.command_seq for r in reports)


def test_every_answer_is_a_report_of_its_type(core):
    order = core.submit("AAPL", "BUY", 1, 100, cl_ord_id="one")
    answers = [(core.cancel(order), "EXECUTION_REPORT", "CANCELED"), (core.cancel(order), "ORDER_CANCEL_REJECT", None)]
    for report, report_type, exec_type in answers:
        assert report.report_type is tc.ReportType[report_type]
        assert report.exec_type is (tc.ExecType[exec_type] if exec_type else None)
        assert report.command_type is tc.CommandType.CANCEL
    assert report_type in repr(answers[1][0])
    core.risk.set_limits(tc.RiskLimits(max_order_qty=1, price_collar_bps=tc.OFF), account="alpha")
    assert {r.report_type for r in core.reports(answers[1][0].seq)} == {tc.ReportType.COMMAND_ACCEPTED}


# ---- readers

def test_a_reader_goes_on_where_it_stopped(core):
    reader, all_of_it = core.reports(), core.reports(0)
    assert list(reader) == []
    busy(core, 4)
    first = list(reader)
    busy(core, 4)
    second = list(reader)
    assert first
    assert second
    assert list(all_of_it)[-len(first + second) :] == first + second
    assert (reader.lost, all_of_it.lost) == (0, 0)


def test_a_slow_reader_counts_what_it_lost(make_core):
    core = make_core(capacity=small_capacity(events=16))
    reader = core.reports(0)
    read = len(list(reader))
    busy(core, 40)
    rest = seqs(reader)
    assert rest == list(range(core._gate.core.event_seq - 15, core._gate.core.event_seq + 1))
    assert reader.lost == core._gate.core.event_seq - read - 16 > 0
    busy(core, 1)
    assert seqs(reader)[0] == rest[-1] + 1


# ---- views

def test_a_view_shows_the_records_themselves(backend, core):
    busy(core)
    view = core.event_view()
    assert view.dtype == REPORT_DTYPE
    assert list(view["seq"]) == list(range(1, core._gate.core.event_seq + 1))
    copied = core._gate.core.read_events(0, 10_000)[0]
    assert (view == copied).all()
    address = view.__array_interface__["data"][0]
    part = view[5:]
    assert np.shares_memory(part, view)
    del view, part
    gc.collect()
    if backend == "native":  # a second view of the same records is the same memory
        again = core.event_view(3)
        assert again.__array_interface__["data"][0] == address + 3 * REPORT_DTYPE.itemsize
        assert not again.flags.owndata
        assert not np.shares_memory(again, copied)


def test_a_view_ends_at_the_rings_edge_and_the_next_one_goes_on(make_core):
    core = make_core(capacity=small_capacity(events=16))
    busy(core, 30)
    found, after = [], 0
    while len(view := core.event_view(after)):
        found += [int(seq) for seq in view["seq"]]
        after = found[-1]
        del view
    assert found == list(range(core._gate.core.event_seq - 15, core._gate.core.event_seq + 1))
    assert len(core.event_view(after)) == 0


@pytest.mark.parametrize("after", [0, 5, 10_000])
def test_a_view_is_read_only(core, after):
    busy(core)
    view = core.event_view(after)
    assert not view.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view["seq"] = 0


def test_a_held_view_keeps_its_records_and_what_would_overwrite_them_is_dropped_and_counted(backend, make_core):
    if backend == "python":
        return  # the twin's view is a copy: it holds nothing back
    core, free = (make_core(capacity=small_capacity(events=16)) for _ in range(2))
    view = core.event_view(2)
    kept = view.copy()
    with pytest.raises(BufferError, match="held"):
        core.event_view()
    for one in (core, free):
        busy(one, 30)
    assert (view == kept).all()
    dropped = core.metrics()["events_dropped"]
    assert dropped == core._gate.core.event_seq - (3 + 15)
    assert core.event_hash == free.event_hash  # sequence and hash go on all the same
    part = view[:1]
    del view
    gc.collect()
    with pytest.raises(BufferError):
        core.event_view()
    del part
    gc.collect()
    reader = core.reports(0)
    list(reader)
    busy(core, 1)
    assert core.metrics()["events_dropped"] == dropped
    assert seqs(core.reports(core._gate.core.event_seq - 1)) == [core._gate.core.event_seq]


def test_a_command_gets_its_answer_though_a_view_holds_the_ring(make_core):
    core = make_core(capacity=small_capacity(events=16))
    busy(core, 12)
    view = core.event_view()
    busy(core, 12)
    assert core.submit("AAPL", "BUY", 1, 1).ord_status is S.NEW
    with pytest.raises(tc.RefusedError, match="ALREADY_DEFINED"):
        core.define_account("alpha")
    assert core.cancel(order_id=999).cxl_rej_reason is tc.CxlRejReason.UNKNOWN_ORDER
    del view


# ---- callbacks

def test_a_callback_is_called_after_the_command_with_every_report_until_it_is_undone(core):
    heard = []
    undo = core.subscribe(lambda report: heard.append((report, core.orders.order(order_id=report.order_id).ord_status)))
    after = core._gate.core.event_seq
    core.submit("AAPL", "SELL", 10, 100, venue="XNAS")
    core.submit("AAPL", "BUY", 10, 100, venue="XNAS")
    assert [report for report, _ in heard] == list(core.reports(after))
    assert [(report.exec_type.name, status.name) for report, status in heard] == [
        ("NEW", "NEW"), ("NEW", "FILLED"), ("TRADE", "FILLED"), ("TRADE", "FILLED")]
    undo()
    undo()
    busy(core, 3)
    assert len(heard) == 4


def test_a_late_subscriber_hears_only_what_is_new(core):
    busy(core, 3)
    heard = []
    undo = core.subscribe(heard.append)
    undo()
    busy(core, 3)
    core.subscribe(heard.append)
    core.submit("AAPL", "BUY", 1, 1)
    assert [report.seq for report in heard] == [core._gate.core.event_seq]


def nest_submit(core):
    order = core.submit("AAPL", "BUY", 1, 50, venue="XNAS")
    assert order.ord_status is S.NEW  # it was executed at once


def nest_cancel(core):
    assert core.cancel(order_id=12345).report_type is tc.ReportType.ORDER_CANCEL_REJECT


def nest_batch(core):
    orders = tc.new_orders(3)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"], orders["price"] = 1, 1, 1, 1, 5_000 * CENT
    assert (core.submit_batch(orders)["leaves_qty"] == 1).all()


def outer_submit(core):
    core.submit("AAPL", "BUY", 5, 100, venue="XNAS")


def outer_batch(core):
    orders = tc.new_orders(4)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"], orders["price"] = 1, 1, 1, 5, 10_000 * CENT
    core.submit_batch(orders)


@pytest.mark.parametrize("nested", [nest_submit, nest_cancel, nest_batch])
@pytest.mark.parametrize("outer", [outer_submit, outer_batch])
def test_what_a_callback_commands_runs_at_once_and_is_told_afterwards_in_order(core, outer, nested):
    core.submit("AAPL", "SELL", 20, 100, venue="XNAS")
    heard = []

    def first(report):
        heard.append(report.seq)
        if len(heard) in (1, 3):
            nested(core)

    core.subscribe(first)
    after, second = core._gate.core.event_seq, []
    core.subscribe(lambda report: second.append(report.seq))
    outer(core)
    assert heard == second == list(range(after + 1, core._gate.core.event_seq + 1))


def test_a_failing_callback_is_warned_about_and_removed_after_three_failures(core):
    heard, calls = [], []

    def fail(report):
        calls.append(report)
        raise KeyError("planted")

    core.subscribe(fail)
    core.subscribe(heard.append)
    for failure in range(1, 4):
        with pytest.warns(RuntimeWarning, match=r"planted.*" + ("removed" if failure == 3 else f"{failure} of 3")):
            assert core.submit("AAPL", "BUY", 1, 1).ord_status is S.NEW
    core.submit("AAPL", "BUY", 1, 1)
    assert (len(calls), len(heard)) == (3, 4)


def test_failures_add_up_to_three_though_calls_between_them_succeed(core):
    calls = []

    def flaky(report):
        calls.append(report)
        if len(calls) % 2:
            raise ValueError("odd")

    core.subscribe(flaky)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(8):
            core.submit("AAPL", "BUY", 1, 1)
    assert (len(calls), len(said)) == (5, 3)


@pytest.mark.parametrize("events", [1, 4, 16, 4096])
def test_a_batch_delivers_every_report_though_it_exceeds_the_ring(make_core, events):
    core = make_core(capacity=small_capacity(events=events))
    heard = []
    core.subscribe(heard.append)
    before = core._gate.core.event_seq
    orders = tc.new_orders(200)
    orders["instrument"], orders["account"], orders["order_qty"], orders["price"] = 1, 1, 1, 100 * CENT
    orders["side"] = 1
    core.submit_batch(orders)
    assert seqs(heard) == list(range(before + 1, before + 201))


def test_one_order_that_makes_more_reports_than_the_ring_holds_is_loud_about_what_is_lost(make_core):
    core = make_core(capacity=small_capacity(events=16))
    for _ in range(20):
        core.submit("AAPL", "SELL", 1, 100, venue="XNAS")
    heard = []
    core.subscribe(heard.append)
    with pytest.warns(RuntimeWarning, match="25 reports were overwritten"):
        order = core.submit("AAPL", "BUY", 20, 100, venue="XNAS")
    assert order.ord_status is S.FILLED
    assert seqs(heard) == list(range(core._gate.core.event_seq - 15, core._gate.core.event_seq + 1))


# ---- the hash

def random_reports(count, seed=4):
    raw = np.random.default_rng(seed).integers(0, 256, count * REPORT_DTYPE.itemsize, np.uint8)
    return raw.view(REPORT_DTYPE)


@pytest.fixture
def log(room):
    def digest(reports, capacity=8):
        one = room("events").EventLog(capacity)
        one.publish(reports)
        return one.digest

    return digest


@pytest.mark.parametrize("field", REPORT_DTYPE.names)
def test_the_hash_changes_with_any_one_field_of_any_one_event(log, field):
    reports = random_reports(3)
    seen = {log(reports)}
    for place in range(3):
        for flip in (0, REPORT_DTYPE[field].itemsize - 1):
            changed = reports.copy()
            offset = place * REPORT_DTYPE.itemsize + REPORT_DTYPE.fields[field][1] + flip
            changed.view(np.uint8)[offset] ^= 1
            seen.add(log(changed))
    flips = len({0, REPORT_DTYPE[field].itemsize - 1})
    assert len(seen) == (1 if field == "seq" else 1 + 3 * flips)  # the log numbers its records itself


def test_the_hash_tells_order_and_count(log):
    reports = random_reports(4)
    assert len({log(reports), log(reports[::-1].copy()), log(reports[:3]), log(reports[1:]), log(reports[:0])}) == 5
    assert log(reports) == log(reports, capacity=1) == log(reports, capacity=1024)


def test_the_log_alone_numbers_keeps_the_newest_and_counts_what_is_lost(room):
    log, reports = room("events").EventLog(4), random_reports(10)
    log.publish(reports[:3])
    log.publish(reports[3:])
    kept, lost = log.read(2, 100)
    assert (list(kept["seq"]), lost) == ([7, 8, 9, 10], 4)
    assert (kept["order_id"] == reports["order_id"][6:]).all()
    assert [len(log.read(8, 1)[0]), len(log.read(10, 5)[0]), log.read(10, 5)[1]] == [1, 0, 0]


def test_both_backends_give_one_hash():
    from tradecore._backend import room_module

    digests = []
    for package in ("native", "python"):
        one = room_module(package, "events").EventLog(4)
        one.publish(random_reports(9))
        digests.append(one.digest)
    assert digests[0] == digests[1]


@pytest.mark.parametrize("change", [
    lambda core: core.submit("AAPL", "BUY", 1, 1), lambda core: core.mark("AAPL", 5), lambda core: core.positions.open_cash("USD", 1),
    lambda core: core.quote("XNAS", "AAPL", bid=1, bid_size=1), lambda core: core.risk.engage_kill_switch(symbol="AAPL"),
    lambda core: core.define_account("beta"), lambda core: core.positions.open_position("AAPL", 1, 1),
    lambda core: core.risk.set_limits(tc.RiskLimits(max_order_qty=7, price_collar_bps=tc.OFF), account="alpha"),
    lambda core: core.cancel(order_id=1),
])
def test_the_state_hash_changes_with_every_command_and_with_nothing_else(core, change):
    before = core.state_hash()
    core.check("AAPL", "BUY", 1, 1)
    core.position("AAPL")
    list(core.reports(0))
    core.metrics()
    assert core.state_hash() == before
    change(core)
    assert core.state_hash() != before


def test_every_section_of_the_state_hash_stands_for_one_thing():
    """A row starts with its section's number: two kinds under one number could stand for each other."""
    twin = (Path(tc.__file__).parent / "_python/core/statehash.py").read_text()
    kernels = "".join(path.read_text() for path in (ROOT / "ext/core").glob("*hash*.pxd"))
    sections = [[int(number) for found in re.findall(pattern, text) for number in found if number] for pattern, text in (
        (r"(?:yield|return) \(?(\d+),|\((\d+), core\.risk\.", twin), (r"put(?:_row)?\(h, (\d+)[,)]|(?:hash_switches|hash_steps)\(h, .*, (\d+)\)", kernels))]
    assert len(sections[0]) > 45
    assert sorted(sections[0]) == sorted(sections[1]) == sorted(set(sections[0]))


def test_a_definition_record_has_a_codec_for_every_command():
    assert set(CODECS) == {int(kind) for kind in tc.CommandType}


def test_a_command_whose_first_report_was_overwritten_at_once_is_no_error(make_core):
    """One quote that takes more orders than the ring holds reports: its answer is gone, the trades are booked."""
    core = make_core(capacity=small_capacity(events=8, open_orders=64))
    for _ in range(30):
        core.submit("AAPL", "BUY", 1, 100)
    core.quote("XNAS", "AAPL", ask=100, ask_size=30)
    assert core.metrics()["open_orders"] == 0
    assert core.position("AAPL").qty == 30
    before = core._gate.core.event_seq
    ack, answer = core._gate.core.apply(CODECS[tc.CommandType.MARK].pack(kind=21, instrument=1, mark_px=10**6), 1)
    assert (ack.report_type, answer, core._gate.core.event_seq) == (tc.ReportType.COMMAND_ACCEPTED, b"", before)

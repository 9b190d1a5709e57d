"""The event bus: filters, bounded queues with a declared policy, replay, and subscribers that harm nobody."""

from __future__ import annotations

import gc
import threading
import warnings

import pytest
from conftest import CENT, small_capacity

import tradecore as tc

E = tc.ExecType


@pytest.fixture
def core(make_core):
    return make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"])


def seqs(reports):
    return [report.seq for report in reports]


def mixed(core):
    """Orders of two accounts in two symbols: accepted, filled, rejected, canceled; a refused cancel; a setting."""
    core.submit("AAPL", "SELL", 5, 100, account="alpha", venue="XNAS")
    core.submit("AAPL", "BUY", 5, 100, account="beta", venue="XNAS")
    core.submit("MSFT", "BUY", 0, 100, account="alpha")
    core.cancel(core.submit("MSFT", "BUY", 5, 100, account="beta"))
    core.cancel(order_id=999)
    core.risk.engage_kill_switch(symbol="MSFT")


def batch(count):
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["side"], orders["order_qty"], orders["price"] = 1, 1, 1, 1, 100 * CENT
    return orders


# ---- what is heard

FILTERS = [
    ({}, lambda r: True), ({"exec_types": "TRADE"}, lambda r: r.exec_type is E.TRADE), ({"exec_types": [E.NEW, "canceled"]}, lambda r: r.exec_type in (E.NEW, E.CANCELED)),
    ({"report_types": "ORDER_CANCEL_REJECT"}, lambda r: r.report_type is tc.ReportType.ORDER_CANCEL_REJECT),
    ({"report_types": {tc.ReportType.COMMAND_ACCEPTED, "EXECUTION_REPORT"}}, lambda r: r.report_type.name in ("COMMAND_ACCEPTED", "EXECUTION_REPORT")),
    ({"account": "beta"}, lambda r: r.account == "beta"), ({"symbol": "MSFT"}, lambda r: r.symbol == "MSFT"),
    ({"account": "beta", "symbol": "AAPL", "exec_types": ("TRADE",)}, lambda r: (r.account, r.symbol, r.exec_type) == ("beta", "AAPL", E.TRADE)),
    ({"exec_types": "NEW", "report_types": "ORDER_CANCEL_REJECT"}, lambda r: False),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_a_subscriber_hears_what_it_asked_for_and_nothing_else(core, filters, expected):
    heard, after = [], core._gate.core.event_seq
    subscription = core.subscribe(heard.append, **filters)
    mixed(core)
    wanted = [report for report in core.reports(after) if expected(report)]
    assert heard == wanted
    assert (subscription.delivered, subscription.last_seq) == (len(wanted), wanted[-1].seq if wanted else after)
    assert core.subscribe(heard.append, after=after, **filters).delivered == len(wanted)


def test_a_subscription_is_its_own_undo(core):
    heard = []
    subscription = core.subscribe(heard.append)
    mixed(core)
    count = len(heard)
    assert (subscription.active, subscription.delivered) == (True, count)
    assert "delivered" in repr(subscription)
    subscription()
    subscription()
    mixed(core)
    assert (len(heard), subscription.active) == (count, False)
    assert "ended" in repr(subscription)


def test_subscribers_hear_each_report_in_the_order_in_which_they_came(core):
    heard = []
    core.subscribe(lambda r: heard.append(("first", r.seq)))
    core.subscribe(lambda r: heard.append(("trades", r.seq)), exec_types="TRADE")
    core.subscribe(lambda r: heard.append(("last", r.seq)))
    mixed(core)
    assert [seq for _, seq in heard] == sorted(seq for _, seq in heard)
    for seq in {seq for _, seq in heard}:
        names = [name for name, its in heard if its == seq]
        assert names in (["first", "trades", "last"], ["first", "last"])


# ---- replay

def test_a_late_joiner_is_told_what_came_after_a_number(core):
    mixed(core)
    heard, first = [], core._gate.core.event_seq - 5
    subscription = core.subscribe(heard.append, after=first)
    assert seqs(heard) == list(range(first + 1, core._gate.core.event_seq + 1))
    mixed(core)
    assert seqs(heard) == list(range(first + 1, core._gate.core.event_seq + 1))
    subscription()
    mixed(core)
    core.subscribe(heard.append, after=subscription.last_seq)  # goes on where it stopped
    assert seqs(heard) == list(range(first + 1, core._gate.core.event_seq + 1))


def test_what_is_no_longer_held_can_not_be_replayed(make_core):
    core = make_core(capacity=small_capacity(events=16))
    core.submit_batch(batch(40))
    oldest = core._gate.core.event_seq - 15
    heard = []
    for after in (0, oldest - 2):
        with pytest.raises(LookupError, match=f"after {after}: the oldest report that is still held is {oldest}"):
            core.subscribe(heard.append, after=after)
    assert not core._gate.bus.has_subscribers
    core.subscribe(heard.append, after=oldest - 1)
    assert seqs(heard) == list(range(oldest, core._gate.core.event_seq + 1))
    with pytest.raises(ValueError, match=f"after {core._gate.core.event_seq + 1} is beyond the last report"):
        core.subscribe(heard.append, after=core._gate.core.event_seq + 1)
    assert core.subscribe(heard.append, after=core._gate.core.event_seq).delivered == 0


def test_a_replay_is_no_larger_than_the_ring_and_may_exceed_the_queue(core):
    mixed(core)
    heard = []
    subscription = core.subscribe(heard.append, after=0, capacity=1)
    assert seqs(heard) == list(range(1, core._gate.core.event_seq + 1))
    assert subscription.dropped == 0


def test_a_replay_for_one_does_not_disturb_the_others(core):
    steady, late = [], []
    after = core._gate.core.event_seq
    core.subscribe(steady.append)

    def join(report):
        if report.seq == after + 3:
            core.subscribe(late.append, after=after)

    core.subscribe(join)
    mixed(core)
    assert seqs(steady) == seqs(late) == list(range(after + 1, core._gate.core.event_seq + 1))


# ---- bounded queues

def test_the_policy_block_is_refused_where_it_could_only_wait_for_itself(core):
    with pytest.raises(ValueError, match="policy 'block': callbacks run on the thread of the command, which would wait for itself"):
        core.subscribe(print, policy="block")


def test_a_full_queue_drops_the_oldest_counts_them_and_says_so(core):
    heard, others, after = [], [], core._gate.core.event_seq
    subscription = core.subscribe(heard.append, capacity=10, policy="drop")
    core.subscribe(others.append)
    with pytest.warns(RuntimeWarning, match=r"90 reports for .* found its queue of 10 full: the oldest were dropped"):
        core.submit_batch(batch(100))
    assert seqs(heard) == list(range(after + 91, after + 101))
    assert seqs(others) == list(range(after + 1, after + 101))
    assert (subscription.dropped, subscription.delivered, subscription.lost, subscription.active) == (90, 10, 0, True)
    core.submit("AAPL", "BUY", 1, 1, account="alpha")
    assert len(heard) == 11


def test_a_full_queue_disconnects_where_a_gap_is_worse_than_an_end(core):
    heard, others, after = [], [], core._gate.core.event_seq
    core.submit("AAPL", "BUY", 1, 1, account="alpha")
    subscription = core.subscribe(heard.append, capacity=10, policy="disconnect", after=after)
    core.subscribe(others.append)
    with pytest.warns(RuntimeWarning, match=rf"was disconnected: its queue of 10 was full, and 100 reports were dropped .* is {after + 1}$"):
        core.submit_batch(batch(100))
    assert (seqs(heard), subscription.active, subscription.dropped) == ([after + 1], False, 100)
    assert len(others) == 100
    core.subscribe(heard.append, after=subscription.last_seq)  # nothing is missed
    assert seqs(heard) == list(range(after + 1, after + 102))


@pytest.mark.parametrize("count", [9, 10, 11])
def test_a_queue_holds_exactly_its_capacity(core, count):
    heard = []
    subscription = core.subscribe(heard.append, capacity=10, policy="disconnect")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        core.submit_batch(batch(count))
    assert (len(heard), subscription.active, len(said)) == ((count, True, 0) if count <= 10 else (0, False, 1))


def test_reports_that_the_bus_could_not_read_are_counted_by_every_subscription(make_core):
    core = make_core(capacity=small_capacity(events=16))
    for _ in range(20):
        core.submit("AAPL", "SELL", 1, 100, venue="XNAS")
    heard, never = [], []
    steady = core.subscribe(heard.append)
    strict = core.subscribe(never.append, policy="disconnect")
    with pytest.warns(RuntimeWarning) as said:
        core.submit("AAPL", "BUY", 20, 100, venue="XNAS")
    assert ["overwritten before they could be delivered" in str(said[0].message), "was disconnected" in str(said[1].message)] == [True, True]
    assert (steady.lost, strict.lost, steady.active, strict.active, never) == (25, 25, True, False, [])
    assert len(heard) == 16


# ---- failures

def test_a_failing_subscriber_is_reported_removed_and_harms_nobody(core):
    calls, heard, after = [], [], core._gate.core.event_seq

    def fail(report):
        calls.append(report)
        raise OSError("planted")

    subscription = core.subscribe(fail)
    core.subscribe(heard.append)
    with pytest.warns(RuntimeWarning) as said:
        core.submit_batch(batch(50))
    assert [("planted" in str(w.message), "removed, with 47 reports waiting" in str(w.message)) for w in said] == [(True, False), (True, False), (True, True)]
    assert (len(calls), subscription.failures, subscription.active) == (3, 3, False)
    assert seqs(heard) == list(range(after + 1, after + 51))


def test_where_warnings_are_errors_every_subscriber_is_served_and_the_caller_gets_its_order(core, monkeypatch):
    heard, complaints = [], []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    core.subscribe(lambda report: 1 / 0)
    core.subscribe(heard.append)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        order = core.submit("AAPL", "BUY", 1, 1, account="alpha", cl_ord_id="x")
    assert (len(heard), order.ord_status) == (1, tc.OrdStatus.NEW)
    (complaint,) = complaints
    assert (complaint.exc_type, "division" in str(complaint.exc_value)) == (RuntimeWarning, True)


def test_a_callback_that_can_not_even_be_shown_harms_nobody(core):
    class BrokenError(Exception):
        def __repr__(self):
            raise ValueError("no repr")

    class Callback:
        def __call__(self, report):
            raise BrokenError

        __repr__ = BrokenError.__repr__

    core.subscribe(Callback())
    with pytest.warns(RuntimeWarning, match="report callback a Callback raised a BrokenError"):
        assert core.submit("AAPL", "BUY", 1, 1, account="alpha").ord_status is tc.OrdStatus.NEW


@pytest.mark.parametrize("words", ["ORDER_CANCEL_REQUEST", tc.MsgType.NEW_ORDER_SINGLE, tc.OUTBOUND])
def test_what_venues_are_to_be_sent_is_no_report(core, words):
    with pytest.raises(ValueError, match=r"what venues are to be sent is no report: read outbound\(\)"):
        core.subscribe(print, report_types=words)


def test_a_subscriber_may_end_itself_or_another_while_it_is_called(core):
    heard = []

    def once(report):
        heard.append(report.seq)
        own()
        other()

    own = core.subscribe(once)
    other = core.subscribe(lambda report: heard.append("never"))
    core.submit_batch(batch(3))
    assert len(heard) == 1


def test_nested_commands_run_at_once_and_do_not_outrun_the_ring(make_core):
    """Each report makes an order, ten deep and more than the ring holds: all are heard once, in order."""
    core = make_core(capacity=small_capacity(events=16))
    heard, after = [], core._gate.core.event_seq

    def answer(report):
        heard.append(report.seq)
        if len(heard) <= 10:
            for _ in range(12):
                assert core.submit("AAPL", "BUY", 1, 1).ord_status is tc.OrdStatus.NEW

    core.subscribe(answer)
    core.submit("AAPL", "BUY", 1, 1)
    assert heard == list(range(after + 1, after + 122))


def test_a_bus_does_not_hold_its_core_once_it_is_gone(make_core):
    import weakref

    core = make_core()
    subscription, gone = core.subscribe(lambda report: None), weakref.ref(core)
    del core
    gc.collect()
    assert gone() is None
    assert subscription.active


def test_threads_share_a_bus_and_nothing_is_lost_or_told_twice(core):
    heard, after = [], core._gate.core.event_seq
    core.subscribe(lambda report: heard.append(report.seq))

    def work():
        for _ in range(200):
            core.submit("AAPL", "BUY", 1, 1, account="alpha")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    core.submit("AAPL", "BUY", 1, 1, account="alpha")
    assert heard == list(range(after + 1, after + 802))


def test_a_held_view_costs_subscribers_what_is_dropped_and_not_more(backend, make_core):
    core = make_core(capacity=small_capacity(events=16))
    core.submit_batch(batch(16))
    heard = []
    subscription = core.subscribe(heard.append)
    view = core.event_view(core._gate.core.event_seq - 4)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        core.submit_batch(batch(40))
    del view
    gc.collect()
    core.submit("AAPL", "BUY", 1, 1)
    assert subscription.delivered + subscription.lost == 41
    assert heard[-1].seq == core._gate.core.event_seq
    assert (subscription.lost > 0) == (backend == "native")


def test_what_a_held_view_made_events_drop_is_no_loss_at_the_front(backend, make_core):
    if backend == "python":
        return  # the twin's view is a copy: it holds nothing back
    core = make_core(capacity=small_capacity(events=4096))
    core.submit_batch(batch(3000))
    view = core.event_view()
    core.submit_batch(batch(2500))
    del view
    core.submit("AAPL", "BUY", 1, 1, account="alpha")
    reader = core.reports(after=10)
    held = seqs(reader)
    newest, gap = core._gate.core.event_seq, next(seq for seq in range(held[0], held[-1]) if seq not in held)
    assert (held[-1], reader.cursor, reader.lost + len(held)) == (newest, newest, newest - 10), "over the gap too"
    heard = []
    for policy, oldest in (("drop", held[0]), ("disconnect", next(s for s in held if set(range(s, newest + 1)) <= set(held)))):
        with pytest.raises(LookupError, match=f"the oldest report that is still held.* is {oldest}; ask for it with after={oldest - 1}"):
            core.subscribe(heard.append, policy=policy, after=oldest - 2)
    assert oldest > gap > held[0]
    strict = core.subscribe(heard.append, policy="disconnect", after=oldest - 1)
    assert (seqs(heard), strict.lost) == (list(range(oldest, newest + 1)), 0)
    heard.clear()
    with pytest.warns(RuntimeWarning, match=f"reports after {held[0] - 1} were dropped while a view held the ring"):
        loose = core.subscribe(heard.append, after=held[0] - 1)
    assert (seqs(heard), loose.lost) == (held, newest - held[0] + 1 - len(held))

"""What external venues are to be sent: nothing is lost, nothing twice, what must fit fits, and what nobody has is taken back."""

from __future__ import annotations

import threading
from collections import defaultdict

import numpy as np
import pytest
from conftest import CENT, Clock, build_core, check_lifetimes, limits, seeds, small_capacity
from lifecycle_stream import LifecycleStream

import tradecore as tc
from tradecore._python.core.state import State
from tradecore.vocabulary.records import ACK_DTYPE, CODECS, HAND_OUT_DTYPE

R, S, M = tc.Reason, tc.OrdStatus, tc.MsgType
SECOND = 10**9
EXT = tc.ExternalVenue("EXT", request_timeout=SECOND)


@pytest.fixture
def desk(make_core):
    """AAPL at one external and one simulated venue, in two accounts."""

    def build(**given):
        venues = [EXT, tc.SimulatedVenue("SIM")]
        return make_core(**{"venues": venues, "accounts": ["alpha", "beta"], "capacity": small_capacity(order_rate=1_024), **given})

    return build


def send(core, qty=100, price=10, **terms):
    return core.submit("AAPL", "BUY", qty, price, **{"venue": "EXT", "account": "alpha", **terms})


def new_orders(count):
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["venue"], orders["side"] = 1, 1, 1, 1
    orders["order_qty"], orders["price"] = 1, 1_000 * CENT
    return orders


def heard_of(core, order, exec_type="NEW", **facts):
    return core.execution.on_execution_report("EXT", exec_type, order_id=order.order_id, **facts)


def read(core):
    return [(m.msg_type.name, m.order_id) for m in core.outbound()]


# ---- nothing is lost, nothing twice


def test_a_mass_cancel_of_sixty_thousand_working_orders_is_sent_whole(make_core, monkeypatch):
    count = 60_000
    monkeypatch.setattr(State, "asserts", False)  # other tests look at what is held
    core = make_core(venues=[EXT], capacity=tc.Capacity(instruments=2, events=1))  # the ring of reports plays no part
    core.submit_batch(new_orders(count))
    sent = core.outbound_batch()
    assert list(sent["order_id"]) == list(range(1, count + 1))
    assert core.mass_cancel().total_affected_orders == count
    assert core.outbound_pending == count
    asked = np.concatenate([core.outbound_batch(25_000) for _ in range(4)])
    assert (asked["msg_type"] == M.ORDER_CANCEL_REQUEST).all()
    assert list(asked["order_id"]) == list(range(1, count + 1))
    assert list(asked["seq"]) == list(range(count + 1, 2 * count + 1))
    assert core.mass_cancel().total_affected_orders == 0
    assert read(core) == []


def test_fifty_thousand_new_orders_in_one_batch_all_come_out(make_core, monkeypatch):
    count = 50_000
    monkeypatch.setattr(State, "asserts", False)  # other tests look at what is held
    core = make_core(venues=[EXT], capacity=tc.Capacity(instruments=2, events=64))
    acks = core.submit_batch(new_orders(count))
    assert (acks["reason"] == R.NONE).all()
    assert core.outbound_pending == core.metrics()["outbound_pending"] == count
    one, *_ = core.outbound()  # it takes all
    assert (one.seq, one.order_id, core.outbound_pending, core.metrics()["outbound_handed"]) == (1, 1, 0, count)


def test_an_iterator_takes_one_at_a_time(desk):
    core = desk()
    orders = [send(core) for _ in range(4)]
    messages = core.outbound()
    assert [next(messages).order_id, core.outbound_pending] == [1, 3]
    core.cancel(orders[1])
    assert [m.order_id for m in core.outbound()] == [3, 4]
    assert next(messages, None) is None


def test_threads_that_read_together_get_each_message_once(make_core):
    core, got = make_core(venues=[EXT], capacity=small_capacity(open_orders=4_096)), []
    core.submit_batch(new_orders(4_000))
    threads = [threading.Thread(target=lambda: got.extend(m.seq for m in core.outbound())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, 4_001))


def test_reading_an_empty_queue_is_no_command(desk):
    core = desk()
    before = core._gate.core.command_seq, core.state_hash(), core.event_hash
    assert (read(core), len(core.outbound_batch()), core.outbound_batch().dtype) == ([], 0, tc.OUTBOUND_DTYPE)
    assert (core._gate.core.command_seq, core.state_hash(), core.event_hash) == before


def test_to_hand_out_is_no_news_but_a_change_of_state(desk):
    one, other = desk(), desk()
    for core in (one, other):
        send(core)
    assert one.state_hash() == other.state_hash()
    reports = one._gate.core.event_seq
    read(one)
    other.clock_tick()
    assert one._gate.core.event_seq == reports
    assert one.state_hash() != other.state_hash()


@pytest.mark.parametrize("field", ["price", "orig_cl_ord_id", "msg_type", "strategy"])
def test_what_waits_is_state(field):
    """In the twin, where a message can be reached; parity streams hold the compiled core to the same hash."""
    core = build_core("python", venues=[EXT])
    core.submit("AAPL", "BUY", 1, 10)
    before = core.state_hash()
    (message,) = core._gate.core._state.orders.unsent.messages
    message.fields[field] += 1
    assert core.state_hash() != before


def test_a_batch_may_hand_out_and_its_ack_numbers_the_last_message(desk):
    core = desk()
    for _ in range(3):
        send(core)
    commands = np.zeros(3, HAND_OUT_DTYPE)
    commands["kind"], commands["most"] = tc.CommandType.HAND_OUT, [2, 0, 2**62]
    acks = core.submit_batch(commands)
    assert list(acks["order_id"]) == [2, 0, 3]
    assert list(acks["reason"]) == [R.NONE, R.INVALID_FIELD_VALUE, R.NONE]
    assert [r.text for r in core.reports(0) if r.reason] == ["INVALID_FIELD_VALUE: most 0 is out of bounds"]
    assert read(core) == []


def test_a_replay_takes_back_the_same(backend):
    """The commands alone, in another core: what a kill withdrew depends on what was handed out."""
    core, again = (build_core(backend, venues=[EXT], clock=Clock()) for _ in range(2))
    record = CODECS[tc.CommandType.HAND_OUT].pack(kind=tc.CommandType.HAND_OUT, most=1)
    orders = [bytes(o) for o in new_orders(3)]
    kill = CODECS[tc.CommandType.KILL_SWITCH].pack(kind=tc.CommandType.KILL_SWITCH, engaged=1)
    for command in (*orders, record, kill):
        (core._gate.core.hand_out if command is record else core._gate.core.apply)(command, 5)
    commands = np.frombuffer(b"".join((*orders, record, kill)), "V128")
    again._gate.core.run(commands, np.zeros(5, ACK_DTYPE), 5)
    assert [o.order_id for o in core.orders.open_orders()] == [1]
    assert (again.state_hash(), again.event_hash) == (core.state_hash(), core.event_hash)


@pytest.mark.parametrize("seed", seeds([23, 24]), indirect=True)
def test_whatever_happens_an_order_is_sent_once_and_first(room, seed):
    """A random life, read now and then: numbers without gaps, and of each order its new before what is about it."""
    capacity = tc.Capacity(instruments=12, accounts=12, venues=3, currencies=4, open_orders=512, order_history=4_096, events=65_536,
                           order_rate=512, trades=1_024, exec_ids=4_096)
    stream, core, kinds, last = LifecycleStream(seed, capacity), room("pipeline").Core(capacity), defaultdict(list), 0
    for n in range(90):
        records = b"".join(command for command in stream.take(50) if command[0] != tc.CommandType.HAND_OUT)
        acks = np.zeros(len(records) // 128, ACK_DTYPE)
        core.run(np.frombuffer(records, "V128"), acks, stream.clock)
        made = acks["order_id"][np.frombuffer(records, np.uint8)[::128] == tc.CommandType.NEW_ORDER]
        stream.made = int(made.max(initial=stream.made))
        most = 2**31 if n == 89 else stream.random.choice((0, 0, 3, 40))
        if most:
            for message in core.hand_out(CODECS[tc.CommandType.HAND_OUT].pack(kind=tc.CommandType.HAND_OUT, most=most), stream.clock):
                last += 1
                assert message["seq"] == last
                kinds[int(message["order_id"])].append(M(int(message["msg_type"])))
    at_venue = {handle.order_id for handle in core.open_orders(0, 0) if handle.row().place == tc.Place.AT_VENUE}
    assert len(at_venue) > 3, "such lives are rich"
    assert last > 60
    if seed in (23, 24):
        assert len(at_venue) > 20
        assert last > 200
    for order_id, sent in kinds.items():
        assert sent.count(M.NEW_ORDER_SINGLE) <= 1
        assert M.NEW_ORDER_SINGLE not in sent[1:], order_id
    reports = core.read_events(0, 65_536)[0]
    stopped = set(reports["order_id"][reports["report_type"] == tc.ReportType.GATE_STOPPED].tolist())
    assert len(at_venue - stopped) > len(at_venue) / 2
    # A venue may speak of an order before it was sent, of more than was ordered: the exit gate keeps that one's new.
    assert all(kinds[order_id][0] is M.NEW_ORDER_SINGLE for order_id in at_venue - stopped)
    killed = reports["order_id"][(reports["exec_type"] == tc.ExecType.CANCELED) & (reports["reason"] == R.KILL_SWITCH)]
    assert len(killed) > 5 or seed not in (23, 24)
    assert not [n for n in killed.tolist() if M.NEW_ORDER_SINGLE in kinds.get(n, ())], "withdrawn, and sent all the same"
    check_lifetimes(core)


# ---- places


def fill_up(core):
    """Orders that end before anybody reads that they were to be sent, until no more can be."""
    for _ in range(10_000):
        order = send(core, time_in_force="IOC")
        if order.reason:
            return order
        heard_of(core, order, "CANCELED")
    raise AssertionError("nothing was ever refused: the queue has no bound")


def test_an_outbound_that_nobody_reads_refuses_new_orders_while_cancels_fit(desk):
    core = desk(capacity=small_capacity(open_orders=16, order_history=4, cl_ord_ids=65_536))
    working = [send(core) for _ in range(10)]
    for order in working:
        heard_of(core, order)
    refused = fill_up(core)
    pending = core.outbound_pending
    assert (refused.ord_status, refused.reason, refused.ord_rej_reason) == (S.REJECTED, R.OUTBOUND_FULL, tc.OrdRejReason.BROKER_OPTION)
    assert refused.text.startswith("OUTBOUND_FULL: what venues are to be sent waits unread: ")
    assert refused.text.endswith(" of 128 places are taken or kept for orders that work: read outbound()")
    assert core.position("AAPL", "alpha").working_buy_qty == 1_000
    for _ in range(50):  # nothing more gets in, and what is refused takes no room
        assert send(core).reason is R.OUTBOUND_FULL
    assert core.outbound_pending == pending
    for _ in range(50):
        replaced = core.replace(working[0], qty=50)
        if replaced.reason:
            break
        core.execution.on_cancel_reject("EXT", order_id=working[0].order_id)
    assert (replaced.report_type, replaced.reason, replaced.cxl_rej_reason) == (
        tc.ReportType.ORDER_CANCEL_REJECT, R.OUTBOUND_FULL, tc.CxlRejReason.BROKER_OPTION)
    assert core.submit("AAPL", "BUY", 1, 10, venue="SIM", account="alpha").ord_status is S.NEW
    core.cancel(core.orders.open_orders()[-1])
    before = core.outbound_pending
    assert core.mass_cancel().total_affected_orders == 10
    assert core.outbound_pending == before + 10
    for order in working:
        core.orders.order_status(order)
    assert [kind for kind, _ in read(core)[-20:]] == ["ORDER_CANCEL_REQUEST"] * 10 + ["ORDER_STATUS_REQUEST"] * 10
    assert send(core).ord_status is S.PENDING_NEW, "it is read: there is room again"


def test_a_kill_and_a_mass_cancel_fit_into_a_full_queue(desk):
    core = desk(capacity=small_capacity(open_orders=16, order_history=4, cl_ord_ids=65_536))
    working = [send(core) for _ in range(10)]
    for order in working:
        heard_of(core, order)
    fill_up(core)
    core.risk.engage_kill_switch()
    assert core.mass_cancel().total_affected_orders == 10
    assert read(core)[-10:] == [("ORDER_CANCEL_REQUEST", order.order_id) for order in working]


def test_its_memory_is_bounded_whatever_a_venue_says_that_was_sent_nothing(desk):
    core = desk(capacity=small_capacity(open_orders=4, order_history=4))
    order = send(core)
    heard_of(core, order)
    for _ in range(2_000):  # each answered before anybody read that it was asked
        core.cancel(order)
        core.execution.on_cancel_reject("EXT", order_id=order.order_id)
        heard_of(core, order, cum_qty=5)
    places = 8 * 4
    assert core.outbound_pending <= places
    messages = read(core)
    assert ("ORDER_CANCEL_REQUEST", 1) in messages
    assert messages.count(("ORDER_STATUS_REQUEST", 1)) == 1


def test_its_memory_is_bounded_whatever_the_core_itself_changes(desk):
    core = desk(capacity=small_capacity(open_orders=4, order_history=4))
    one, other = (send(core, 1_000, list_id=1, contingency_type="OCO") for _ in range(2))
    read(core)
    for n in range(200):  # each shrink is done before anybody read that it was asked
        heard_of(core, one, "TRADE", exec_id=n + 1, last_qty=1, last_px=10)
        heard_of(core, other, "REPLACED")
    assert (other.order_qty, core.outbound_pending) == (800, 8 * 4 - 2 * 4)
    assert [m.order_qty for m in core.outbound()][-1] == 800


def test_an_order_that_waits_for_its_price_keeps_its_place(desk):
    core = desk(capacity=small_capacity(open_orders=16, order_history=4))
    core.quote("SIM", "AAPL", bid=9, bid_size=10, ask=10, ask_size=10)
    stop = core.submit("AAPL", "SELL", 5, stop_px=8, trigger_price_type="BID_ASK", venue="EXT", account="alpha")
    fill_up(core)
    core.quote("SIM", "AAPL", bid=7, bid_size=10, ask=8, ask_size=10)
    assert (stop.place, stop.reason) == (tc.Place.AT_VENUE, R.NONE)
    assert read(core)[-1] == ("NEW_ORDER_SINGLE", stop.order_id)


def test_an_order_that_is_routed_to_an_external_venue_is_refused_there(make_core):
    core = make_core(venues=[EXT], capacity=small_capacity(open_orders=4, order_history=4))
    fill_up(core)
    order = core.submit("AAPL", "BUY", 1, 10)
    assert (order.ord_status, order.reason, core.position("AAPL").working_buy_qty) == (S.REJECTED, R.OUTBOUND_FULL, 0)


def test_orders_that_come_back_from_their_history_are_asked_no_room(desk):
    core = desk(capacity=small_capacity(open_orders=4, order_history=128))
    filled = [send(core, 10) for _ in range(4)]
    for order in filled:
        heard_of(core, order, "TRADE", exec_id=f"t{order.order_id}", last_qty=10, last_px=10)
    fill_up(core)
    for order in filled:
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", f"t{order.order_id}", f"b{order.order_id}")
    assert core.orders.open_orders() == filled
    assert core.mass_cancel().total_affected_orders == 4
    assert [kind for kind, _ in read(core)].count("ORDER_CANCEL_REQUEST") == 4


# ---- what nobody has yet is taken back


def test_a_kill_switch_withdraws_new_orders_that_were_not_handed_out(desk):
    core = desk()
    out = send(core)
    read(core)
    waits = send(core)
    known = send(core)
    heard_of(core, known)
    other = send(core, account="beta")
    core.risk.engage_kill_switch(account="alpha")
    assert (waits.ord_status, waits.reason, waits.leaves_qty, waits.place) == (S.CANCELED, R.KILL_SWITCH, 0, tc.Place.NOWHERE)
    assert [order.ord_status for order in (out, known, other)] == [S.PENDING_NEW, S.NEW, S.PENDING_NEW]
    assert core.position("AAPL", "alpha").working_buy_qty == 200
    assert read(core) == [("NEW_ORDER_SINGLE", known.order_id), ("NEW_ORDER_SINGLE", other.order_id)]
    core.risk.engage_kill_switch()
    assert other.ord_status is S.PENDING_NEW, "it was handed out"


@pytest.mark.parametrize("scope", [{}, {"symbol": "AAPL"}, {"venue": "EXT"}, {"account": "alpha"}])
def test_a_kill_switch_of_any_scope_withdraws_and_lets_cancels_out(desk, scope):
    core = desk(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], venues=[EXT, tc.ExternalVenue("FAR")])
    stays = core.submit("MSFT", "BUY", 1, 10, venue="FAR", account="beta")
    working = send(core)
    heard_of(core, working)
    core.cancel(working)
    many = [send(core) for _ in range(20)]
    core.risk.engage_kill_switch(**scope)
    assert {order.reason for order in many} == {R.KILL_SWITCH}
    assert stays.ord_status is (S.PENDING_NEW if scope else S.CANCELED)
    assert read(core)[-2:] == [("NEW_ORDER_SINGLE", working.order_id), ("ORDER_CANCEL_REQUEST", working.order_id)]
    assert core.outbound_pending == 0


def test_a_kill_switch_withdraws_replaces_that_ask_for_more_and_no_others(desk):
    core = desk()
    orders = [send(core, cl_ord_id=f"o{n}") for n in range(4)]
    read(core)
    for n, terms in enumerate(({"qty": 150}, {"price": 11}, {"qty": 50}, {"qty": 300})):
        core.replace(orders[n], new_cl_ord_id=f"r{n}", **terms)
        if n == 2:
            read(core)
    core.replace(orders[2], qty=40, new_cl_ord_id="less")
    core.replace(orders[3], qty=90, new_cl_ord_id="s3")
    after = core._gate.core.event_seq
    core.risk.engage_kill_switch()
    refused = [r for r in core.reports(after) if r.report_type is tc.ReportType.ORDER_CANCEL_REJECT]
    assert [(r.cl_ord_id, r.orig_cl_ord_id, r.reason, r.cxl_rej_reason) for r in refused] == [
        ("r3", "o3", R.KILL_SWITCH, tc.CxlRejReason.BROKER_OPTION)]
    assert core.position("AAPL", "alpha").working_buy_qty == 150 + 100 + 100 + 100
    assert [(m.cl_ord_id, m.orig_cl_ord_id, m.order_qty) for m in core.outbound()] == [("less", "r2", 40), ("s3", "o3", 90)], (
        "what was to be replaced is as it was")


@pytest.mark.parametrize("how", ["cancel", "mass cancel", "expiry"])
def test_an_order_that_was_not_handed_out_ends_at_once_and_is_never_sent(desk, clock, how):
    core = desk()
    order = send(core, cl_ord_id="one", time_in_force="GTD", expire_time=clock.now + 10 * SECOND)
    core.replace(order, qty=50, new_cl_ord_id="two")
    clock.now += 2 * SECOND
    core.clock_tick()
    assert (order.unknown, core.outbound_pending) == (tc.Unknown.NEW | tc.Unknown.REPLACE, 3)
    if how == "expiry":
        clock.now += 10 * SECOND
        core.clock_tick()
    else:
        core.cancel(order, new_cl_ord_id="three") if how == "cancel" else core.mass_cancel()
    assert order.ord_status is (S.EXPIRED if how == "expiry" else S.CANCELED)
    assert (order.cl_ord_id, order.orig_cl_ord_id) == (("three", "one") if how == "cancel" else ("one", ""))
    assert (read(core), core.position("AAPL", "alpha").working_buy_qty, order.unknown) == ([], 0, tc.Unknown.NONE)


def test_a_list_that_needs_an_order_no_more_takes_it_back(desk):
    core = desk()
    core.quote("SIM", "AAPL", ask=10, ask_size=1_000)
    waits = send(core, list_id=1, contingency_type="OCO")
    core.submit("AAPL", "BUY", 100, 10, venue="SIM", account="alpha", list_id=1, contingency_type="OCO")
    assert (waits.ord_status, waits.reason, read(core)) == (S.CANCELED, R.OTHER_FILLED, [])


def test_what_a_venue_knows_already_is_not_taken_back(desk):
    core = desk()
    order = send(core)
    heard_of(core, order, "PENDING_NEW")
    core.cancel(order)
    core.risk.engage_kill_switch()
    assert order.ord_status is S.PENDING_NEW
    assert read(core) == [("NEW_ORDER_SINGLE", 1), ("ORDER_CANCEL_REQUEST", 1)]


def test_what_the_core_itself_changes_takes_the_place_of_what_nobody_has_read(desk):
    core = desk()
    one, other = (send(core, list_id=1, contingency_type="OCO") for _ in range(2))
    read(core)
    for n in range(5):
        heard_of(core, one, "TRADE", exec_id=n + 1, last_qty=10, last_px=10)
    assert [(m.msg_type, m.order_id, m.order_qty, m.reason) for m in core.outbound()] == [
        (M.ORDER_CANCEL_REPLACE_REQUEST, other.order_id, 50, R.OTHER_FILLED)]
    heard_of(core, other, "REPLACED")
    assert other.order_qty == 50
    assert core._gate.core.lifetimes()["requests"] == (0, 0)


def test_a_cancel_that_timed_out_unread_is_sent_once(desk, clock):
    core = desk()
    order = send(core)
    read(core)
    core.cancel(order, new_cl_ord_id="first")
    clock.now += 2 * SECOND
    core.clock_tick()
    core.cancel(order, new_cl_ord_id="second")
    sent = [(m.msg_type, m.cl_ord_id) for m in core.outbound() if m.msg_type is not M.ORDER_STATUS_REQUEST]
    assert sent == [(M.ORDER_CANCEL_REQUEST, "second")]
    assert core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="second").cl_ord_id == "second"


# ---- what a message says


def test_a_new_order_says_all_that_fix_needs(desk):
    venue = tc.ExternalVenue("EXT", ord_types=tuple(tc.OrdType), times_in_force=tuple(tc.TimeInForce))
    core = desk(venues=[venue])
    core.submit("AAPL", "SELL_SHORT", 100, "10.50", stop_px="10.60", account="beta", venue="EXT", cl_ord_id="a-1", strategy=7,
                time_in_force="GTD", expire_time=core._gate.clock.now + SECOND, trigger_price_type="BID_ASK", list_id=3,
                contingency_type="OCO", transact_time=core._gate.clock.now + 5)
    (m,) = core.outbound()
    assert (m.msg_type, m.seq, m.cl_ord_id, m.orig_cl_ord_id, m.account, m.symbol, m.venue, m.currency) == (
        M.NEW_ORDER_SINGLE, 1, "a-1", "", "beta", "AAPL", "EXT", "USD")
    assert (m.side, m.ord_type, m.time_in_force, m.order_qty, m.price, m.stop_px) == (
        tc.Side.SELL_SHORT, tc.OrdType.STOP_LIMIT, tc.TimeInForce.GOOD_TILL_DATE, 100, tc.Instrument("AAPL").price(1_050 * CENT),
        tc.Instrument("AAPL").price(1_060 * CENT))
    assert (m.expire_time, m.transact_time, m.strategy, m.list_id, m.contingency_type, m.trigger_price_type) == (
        core._gate.clock.now + SECOND, core._gate.clock.now + 5, 7, 3, tc.ContingencyType.OCO, tc.TriggerPriceType.BEST_BID)
    assert (m.ord_status, m.cum_qty, m.leaves_qty, m.command_type, m.reason, m.text) == (
        S.PENDING_NEW, 0, 100, tc.CommandType.NEW_ORDER, R.NONE, "")
    assert core.id_text(m.row.cl_ord_id) == "a-1"
    assert m == m
    assert len({m, m}) == 1


def test_icebergs_and_trailing_stops_say_what_they_are(desk):
    core = desk(venues=[tc.ExternalVenue("EXT", ord_types=tuple(tc.OrdType))])
    core.quote("EXT", "AAPL", bid=9, bid_size=10, ask=10, ask_size=10)
    iceberg = send(core, 100, display_qty=10)
    core.submit("AAPL", "SELL", 5, peg_offset="0.50", venue="EXT", account="alpha")
    core.submit("AAPL", "SELL", 5, peg_offset=50, peg_offset_type="BASIS_POINTS", venue="EXT", account="alpha")
    shown, *trails = core.outbound()
    assert (shown.display_qty, shown.min_qty, shown.peg_offset) == (10, 0, None)
    assert [(m.peg_offset, m.peg_offset_type.name) for m in trails] == [(tc.Instrument("AAPL").price(50 * CENT), "PRICE"), (50, "BASIS_POINTS")]
    heard_of(core, iceberg)
    core.replace(iceberg, qty=5)
    (less,) = core.outbound()
    assert (less.order_qty, less.display_qty) == (5, 5), "no more is shown than there is"


def test_what_follows_a_triggered_stop_is_about_the_order_that_its_venue_has(desk):
    core = desk()
    core.quote("SIM", "AAPL", bid=9, bid_size=10, ask=10, ask_size=10)
    stop = core.submit("AAPL", "SELL", 5, 8, stop_px=8, trigger_price_type="BID_ASK", venue="EXT", account="alpha", time_in_force="GTD",
                       expire_time=core._gate.clock.now + SECOND)
    core.quote("SIM", "AAPL", bid=8, bid_size=10, ask=9, ask_size=10)
    read(core)
    core.replace(stop, qty=4)
    core.cancel(stop)
    for m in core.outbound():
        assert (m.ord_type, m.stop_px, m.time_in_force, m.expire_time, m.trigger_price_type) == (
            tc.OrdType.LIMIT, None, tc.TimeInForce.GTC, 0, tc.TriggerPriceType.NONE), m.msg_type


def test_orig_cl_ord_id_is_the_last_that_was_not_rejected_when_it_is_read(desk):
    core = desk()
    order = send(core, cl_ord_id="X")
    read(core)
    core.replace(order, qty=90, new_cl_ord_id="Y")
    assert [m.orig_cl_ord_id for m in core.outbound()] == ["X"]
    core.replace(order, qty=80, new_cl_ord_id="Z")
    core.execution.on_cancel_reject("EXT", cl_ord_id="Y")
    assert [(m.cl_ord_id, m.orig_cl_ord_id) for m in core.outbound()] == [("Z", "X")]


def test_an_array_says_the_same_as_the_messages(desk):
    one, other = desk(), desk()
    for core in (one, other):
        order = send(core, cl_ord_id="X", strategy=3)
        heard_of(core, order)
        core.replace(order, qty=90, new_cl_ord_id="Y")
        core.orders.order_status(order)
    rows = [m.row for m in one.outbound()]
    array = other.outbound_batch()
    for name in array.dtype.names:
        if name != "version":
            assert list(array[name]) == [getattr(row, name) for row in rows], name
    assert set(array["version"]) == {1}
    assert other.id_text(array["cl_ord_id"][1]) == "Y"


def test_an_order_manager_has_it_too(backend):
    manager = tc.OrderManager(instruments=[tc.Instrument("AAPL")], accounts=["a"], backend=backend, capacity=small_capacity())
    orders = [manager.new_order("AAPL", "BUY", 5, 10) for _ in range(3)]
    manager.cancel(orders[1])
    assert (manager.outbound_pending, next(manager.outbound()).venue) == (2, "COUNTERPARTY")
    assert list(manager.outbound_batch()["order_id"]) == [3]


def test_two_cores_that_send_the_same_are_no_difference(backend):
    settings = {"instruments": [tc.Instrument("AAPL")], "venues": [EXT], "accounts": ["a"], "limits": limits(), "capacity": small_capacity(),
                "clock": Clock(), "backend": backend}
    core = tc.ShadowCore(shadow={"backend": "python"}, **settings)
    order = core.submit("AAPL", "BUY", 5, 10)
    assert [m.order_id for m in core.outbound()] == [order.order_id]
    core.cancel(order)
    assert len(core.outbound_batch()) == 1
    assert core.difference is None
    assert core.shadow.outbound_pending == 0


def test_two_cores_that_send_something_else_are_told_apart(backend):
    told = []
    settings = {"instruments": [tc.Instrument("AAPL")], "venues": [EXT], "accounts": ["a"], "limits": limits(), "capacity": small_capacity(),
                "clock": Clock(), "backend": backend, "on_difference": told.append}
    core = tc.ShadowCore(shadow={"backend": "python"}, **settings)
    core.submit("AAPL", "BUY", 5, 10)
    (message,) = core.shadow._gate.core._state.orders.unsent.messages
    message.fields["price"] += 1
    assert len(list(core.outbound())) == 1
    assert (told[0].what, set(told[0].fields)) == ("message", {"price"})

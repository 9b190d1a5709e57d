"""Breakers: a strategy that executes the same again and again, or is rejected again and again, may only reduce until
somebody arms it again; in two steps by two names where so configured."""

import pytest
from conftest import BACKENDS, T0, build_core, limits, small_capacity

import tradecore as tc
from tradecore.vocabulary.codes import CommandType

R, S, B = tc.Reason, tc.OrdStatus, tc.ReportType.BREAKER_TRIPPED
BREAKERS = {"repeated_execution": R.REPEATED_EXECUTION, "consecutive_rejects": R.CONSECUTIVE_REJECTS}
OFFICER = {"who": "r.lee", "why": "it is mended"}
STRATEGY = 7


@pytest.fixture
def desk(backend, clock):
    return build_desk(backend, clock=clock)


def build_desk(backend, **given):
    """Two instruments with a deep offer and bid, and room for any position; EXT is external."""
    core = build_core(backend, instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], limits=limits(price_collar_bps=tc.OFF),
                      venues=[tc.SimulatedVenue("P"), tc.ExternalVenue("EXT")], **given)
    for symbol in ("AAPL", "MSFT"):
        core.quote("P", symbol, bid=99, bid_size=10_000, ask=101, ask_size=10_000)
    return core


def send(core, side="BUY", qty=5, price=101, **more):
    return core.submit(**{"symbol": "AAPL", "venue": "P", "strategy": STRATEGY, "side": side, "qty": qty, "price": price} | more)


def reject(core, **more):
    """An order that is refused for its lot."""
    order = send(core, qty=0, **more)
    assert order.ord_status is S.REJECTED
    return order


def trips(core, kind=B):
    return [(r.reason, r.row.value, r.row.bound) for r in core.reports(0) if r.report_type is kind]


def reset(core):
    core.risk.arm_strategy(STRATEGY, **OFFICER)


def is_armed(core, symbol="MSFT", **more):
    """Does an order that adds risk pass? It rests, and is taken back."""
    order = send(core, symbol=symbol, qty=1, price=90, **more)
    core.cancel(order) if order.ord_status is S.NEW else None
    return order.ord_status is S.CANCELED


# ---- what counts


@pytest.mark.parametrize(("most", "sent", "armed"), [(2, 1, True), (2, 2, True), (2, 3, False), (0, 1, False), (tc.OFF, 9, True)])
def test_the_same_execution_more_often_than_allowed_disarms(desk, most, sent, armed):
    desk.risk.set_limit("repeated_execution", most, strategy=STRATEGY, window_ms=1_000)
    for _ in range(sent):
        assert send(desk).ord_status is S.FILLED  # the one that trips it is filled: it was let go before
    assert is_armed(desk) is armed
    assert trips(desk) == ([] if armed else [(R.REPEATED_EXECUTION, sent, most)])


@pytest.mark.parametrize("other", [{"side": "SELL", "price": 99}, {"symbol": "MSFT"}, {"qty": 6}, {"strategy": 8}])
def test_only_the_same_side_instrument_quantity_and_strategy_counts(desk, other):
    desk.risk.set_limit("repeated_execution", 2, strategy=STRATEGY, window_ms=1_000)
    for change in ({}, {}, other, other):
        send(desk, **change)
    assert trips(desk) == []
    send(desk)  # not in a row: what lies between does not matter
    assert trips(desk) == [(R.REPEATED_EXECUTION, 3, 2)]


@pytest.mark.parametrize(("apart_ms", "armed"), [(499, False), (500, True)])
def test_a_window_ends_where_it_says(desk, clock, apart_ms, armed):
    desk.risk.set_limit("repeated_execution", 2, strategy=STRATEGY, window_ms=1_000)
    for step in range(3):
        clock.now = T0 + step * apart_ms * 1_000_000
        send(desk)
    assert is_armed(desk) is armed


def test_an_order_is_executed_once_however_many_trades_fill_it(desk):
    desk.risk.set_limit("repeated_execution", 1, strategy=STRATEGY, window_ms=1_000)
    resting = send(desk, qty=5, price=100)
    for qty in (1, 1, 3):
        assert send(desk, side="SELL", qty=qty, price=100, strategy=8).ord_status is S.FILLED
    assert resting.ord_status is S.FILLED
    assert trips(desk) == []
    send(desk)
    assert trips(desk) == [(R.REPEATED_EXECUTION, 2, 1)]


def test_an_order_whose_trades_were_all_taken_back_is_not_executed_again(desk):
    desk.risk.set_limit("repeated_execution", 1, strategy=STRATEGY, window_ms=1_000)
    order = send(desk, venue="EXT", cl_ord_id="a", qty=10)
    desk.outbound()
    desk.execution.on_execution_report("EXT", "NEW", cl_ord_id="a")
    for trade in ("1", "2", "3"):
        desk.execution.on_execution_report("EXT", "TRADE", cl_ord_id="a", last_qty=2, last_px=101, exec_id=trade)
        assert order.cum_qty == 2
        desk.execution.on_trade_correction("EXT", "TRADE_CANCEL", trade, "b" + trade)
    assert trips(desk) == []
    send(desk, qty=10)  # another one
    assert trips(desk) == [(R.REPEATED_EXECUTION, 2, 1)]


def test_an_order_in_parts_is_one_execution(make_core):
    core = make_core(limits=limits(price_collar_bps=tc.OFF), venues=[tc.SimulatedVenue("P"), tc.SimulatedVenue("Q")])
    for venue in ("P", "Q"):
        core.quote(venue, "AAPL", bid=99, bid_size=3, ask=101, ask_size=3)
    core.risk.set_limit("repeated_execution", 0, strategy=STRATEGY, window_ms=1_000)
    order = send(core, qty=6, venue=None)
    assert order.ord_status is S.FILLED
    assert trips(core) == [(R.REPEATED_EXECUTION, 1, 0)]


def test_more_executions_than_are_kept_disarm(make_core):
    core = make_core(limits=limits(price_collar_bps=tc.OFF), venues=[tc.SimulatedVenue("P")],
                     capacity=small_capacity(order_rate=4))
    core.quote("P", "AAPL", bid=99, bid_size=1_000, ask=101, ask_size=1_000)
    core.risk.set_limit("repeated_execution", 4, strategy=STRATEGY, window_ms=1_000)
    for qty in range(1, 5):
        send(core, qty=qty)
    assert trips(core) == []
    send(core, qty=5)  # what can't be compared with all is not let pass as new
    assert trips(core) == [(R.REPEATED_EXECUTION, 5, 4)]


@pytest.mark.parametrize(("most", "sent", "armed"), [(2, 1, True), (2, 2, True), (2, 3, False), (0, 1, False), (tc.OFF, 9, True)])
def test_more_rejects_in_a_row_than_allowed_disarm(desk, most, sent, armed):
    desk.risk.set_limit("consecutive_rejects", most, strategy=STRATEGY)
    for _ in range(sent):
        reject(desk)
    assert is_armed(desk) is armed
    assert trips(desk) == ([] if armed else [(R.CONSECUTIVE_REJECTS, sent, most)])


@pytest.mark.parametrize("between", ["accepted", "filled", "a_passive_fill"])
def test_an_order_that_is_accepted_or_filled_begins_the_row_anew(desk, between):
    desk.risk.set_limit("consecutive_rejects", 2, strategy=STRATEGY)
    passive = send(desk, qty=9, price=100, symbol="MSFT")
    for _ in range(2):
        reject(desk)
    if between == "a_passive_fill":
        send(desk, symbol="MSFT", side="SELL", qty=1, price=100, strategy=8)
        assert passive.cum_qty == 1
    else:
        send(desk, price=90 if between == "accepted" else 101)
    for _ in range(2):
        reject(desk)
    assert trips(desk) == []
    reject(desk)
    assert trips(desk) == [(R.CONSECUTIVE_REJECTS, 3, 2)]


def test_rejects_of_every_kind_count(desk):
    """Of validation, of risk, of an id that was used, of a venue."""
    desk.risk.set_limit("consecutive_rejects", 3, strategy=STRATEGY)
    desk.risk.set_limit("max_order_qty", 50, strategy=STRATEGY)
    outside = send(desk, venue="EXT", cl_ord_id="out")
    desk.outbound()
    reject(desk)
    assert send(desk, qty=51).reason is R.MAX_ORDER_QTY
    assert send(desk, qty=1, cl_ord_id="out").reason is R.DUPLICATE_CLORDID
    assert trips(desk) == []
    desk.execution.on_execution_report("EXT", "REJECTED", cl_ord_id="out")
    assert outside.ord_status is S.REJECTED
    assert trips(desk) == [(R.CONSECUTIVE_REJECTS, 4, 3)]


# ---- what follows


@pytest.fixture(params=BREAKERS)
def tripped(request, desk):
    """A desk that is long 5 AAPL and whose strategy a breaker has disarmed, and the reason."""
    desk.risk.set_limit(request.param, 0, strategy=STRATEGY)
    if request.param == "repeated_execution":
        send(desk)
    else:
        desk.positions.open_position("AAPL", 5, 101, account="alpha")
        reject(desk)
    return desk, BREAKERS[request.param]


def test_the_alert_names_the_order_the_count_and_the_limit(tripped):
    desk, reason = tripped
    (alert,) = [r for r in desk.reports(0) if r.report_type is B]
    assert (alert.reason, alert.row.value, alert.row.bound) == (reason, 1, 0)
    assert alert.row.order_id == [r.row.order_id for r in desk.reports(0) if r.row.order_id][-1]
    assert f"{reason.name}: " in alert.text
    assert f"strategy {STRATEGY}" in alert.text
    (line,) = desk.risk.limits(reason.name.lower())
    assert (line.breaches, line.breached) == (1, T0)


def test_a_disarmed_strategy_may_only_reduce(tripped):
    desk, reason = tripped
    entry = send(desk, qty=1)
    assert (entry.ord_status, entry.reason, entry.ord_rej_reason) == (S.REJECTED, reason, tc.OrdRejReason.BROKER_OPTION)
    assert "disarmed" in entry.text
    assert f"strategy {STRATEGY}" in entry.text
    assert send(desk, side="SELL", qty=6, price=99).reason is reason
    assert send(desk, strategy=8, price=90).ord_status is S.NEW  # another one
    answer = desk.check("AAPL", "BUY", 1, 101, strategy=STRATEGY, venue="P")
    assert (answer[reason].verdict, answer.passed) == ("REFUSE", False)
    assert desk.check("AAPL", "SELL", 5, 99, strategy=STRATEGY, venue="P").passed
    assert send(desk, side="SELL", qty=5, price=99).ord_status is S.FILLED


def test_what_was_not_sent_yet_is_taken_back_and_exits_stay(desk):
    desk.positions.open_position("MSFT", 5, 101, account="alpha")
    entry, exit_order = send(desk, venue="EXT", price=90), send(desk, symbol="MSFT", venue="EXT", side="SELL", qty=5)
    other = send(desk, venue="EXT", price=90, strategy=8)
    desk.risk.set_limit("repeated_execution", 0, strategy=STRATEGY)
    send(desk)
    assert (entry.ord_status, entry.reason) == (S.CANCELED, R.REPEATED_EXECUTION)
    assert {message.order_id for message in desk.outbound()} == {exit_order.order_id, other.order_id}


@pytest.mark.parametrize(("resting", "taking"), [(1, 2), (2, 1)])
def test_of_two_that_one_trade_disarms_the_lower_number_is_looked_at_first(resting, taking):
    """Whichever of them was told of first, and the same in both backends."""
    told = []
    for backend in BACKENDS:
        core = build_desk(backend, accounts=["alpha", "beta"])
        unsent = [send(core, symbol="MSFT", venue="EXT", price=90, strategy=strategy, account="alpha") for strategy in (1, 2)]
        for strategy in (1, 2):
            core.risk.set_limit("repeated_execution", 0, strategy=strategy, window_ms=1_000)
        send(core, price=100, strategy=resting, account="alpha")
        send(core, side="SELL", price=100, strategy=taking, account="beta")
        assert len(trips(core)) == 2
        canceled = [r.row.order_id for r in core.reports(0) if r.exec_type is tc.ExecType.CANCELED]
        assert canceled == [order.order_id for order in unsent]
        told.append((core.event_view().tobytes(), core.event_hash, core.state_hash()))
    assert told[0] == told[1]


def test_a_replace_that_asks_for_more_is_refused(tripped):
    desk, _ = tripped
    reset(desk)
    order = send(desk, qty=3, price=90)
    desk.risk.set_limit("consecutive_rejects", 0, strategy=STRATEGY)
    reject(desk)
    assert desk.replace(order, qty=4).reason is R.CONSECUTIVE_REJECTS
    assert desk.replace(order, qty=2).exec_type is tc.ExecType.REPLACED
    assert desk.cancel(order).exec_type is tc.ExecType.CANCELED


def test_orders_of_a_batch_behind_the_one_that_trips_it_are_refused(desk):
    desk.risk.set_limit("repeated_execution", 2, strategy=STRATEGY)
    batch = tc.new_orders(5)
    batch["instrument"], batch["account"], batch["venue"], batch["side"] = 1, 1, 1, 1
    batch["order_qty"], batch["price"], batch["strategy"] = 5, tc.Instrument("AAPL").price_units(101), STRATEGY
    acks = desk.submit_batch(batch)
    assert list(acks["reason"]) == [0, 0, 0, R.REPEATED_EXECUTION, R.REPEATED_EXECUTION]


def test_while_it_is_disarmed_nothing_is_counted(tripped):
    desk, reason = tripped
    for _ in range(3):
        assert send(desk, qty=1).reason is reason
    assert send(desk, side="SELL", qty=5, price=99).ord_status is S.FILLED
    assert len(trips(desk)) == 1
    (line,) = desk.risk.limits(reason.name.lower())
    assert line.breaches == 1 + 3  # the refusals that it gave since


@pytest.mark.parametrize(("how", "kind"), [({"observe": True}, tc.ReportType.RISK_OBSERVED), ({"soft": "0.5"}, tc.ReportType.RISK_WARNING)])
def test_observed_or_above_its_share_it_only_tells(desk, how, kind):
    desk.risk.set_limit("repeated_execution", 2, strategy=STRATEGY, **how)
    desk.risk.set_limit("consecutive_rejects", 2, strategy=STRATEGY, **how)
    told = []
    for count in (1, 2, 3) if "observe" in how else (1, 2):
        send(desk)
        told += [(R.REPEATED_EXECUTION, count, 2)] if count > 2 or (count > 1 and "soft" in how) else []
    for count in (1, 2, 3) if "observe" in how else (1, 2):
        reject(desk)
        told += [(R.CONSECUTIVE_REJECTS, count, 2)] if count > 2 or (count > 1 and "soft" in how) else []
    assert (trips(desk, kind), trips(desk)) == (told, [])
    assert is_armed(desk)


def test_what_is_used_of_a_breaker_can_be_read(desk):
    desk.risk.set_limit("repeated_execution", 5, strategy=STRATEGY)
    desk.risk.set_limit("consecutive_rejects", 4, strategy=STRATEGY)
    for change in ({}, {}, {"qty": 6}, {}):
        send(desk, **change)
    reject(desk)
    used = {line.rule.name: (line.used, line.headroom) for line in desk.risk.utilisation()}
    assert used == {"REPEATED_EXECUTION": (3, 2), "CONSECUTIVE_REJECTS": (1, 3)}
    answer = desk.check("AAPL", "BUY", 6, 101, strategy=STRATEGY, venue="P")
    assert (answer[R.REPEATED_EXECUTION].value, answer[R.REPEATED_EXECUTION].limit) == (1, 5)
    assert (answer[R.CONSECUTIVE_REJECTS].value, answer.passed) == (1, True)


def test_a_new_day_begins_anew_and_arms_nobody(tripped):
    desk, _ = tripped
    desk.roll_day()
    assert not is_armed(desk)
    reset(desk)
    desk.risk.set_limit("consecutive_rejects", 1, strategy=STRATEGY)
    reject(desk)
    desk.roll_day()
    reject(desk)
    assert len(trips(desk)) == 1


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("rule", BREAKERS)
def test_one_that_was_off_begins_anew(desk, rule, before):
    """What it had counted, and what had disarmed the strategy, is of a limit that stood no longer."""
    act = send if rule == "repeated_execution" else reject
    desk.risk.set_limit(rule, 1, strategy=STRATEGY)
    for _ in range(before):
        act(desk)
    desk.risk.set_limit(rule, tc.OFF, strategy=STRATEGY)
    if before == 2:
        reset(desk)
    desk.risk.set_limit(rule, 1, strategy=STRATEGY)
    act(desk)
    assert (len(trips(desk)), is_armed(desk)) == (before - 1, True)


@pytest.mark.parametrize("rule", BREAKERS)
def test_a_limit_that_is_moved_goes_on_counting(desk, rule):
    act = send if rule == "repeated_execution" else reject
    desk.risk.set_limit(rule, 5, strategy=STRATEGY)
    act(desk)
    desk.risk.set_limit(rule, 1, strategy=STRATEGY)
    act(desk)
    assert trips(desk) == [(BREAKERS[rule], 2, 1)]


# ---- arming again


def test_it_is_armed_again_by_who_and_why_and_what_it_counted_is_forgotten(tripped):
    desk, reason = tripped
    (line,) = desk.risk.switches()
    assert (line.scope, line.kind, line.state, line.reason, line.set_by) == (
        f"strategy {STRATEGY}", CommandType.BREAKER, tc.TradingState.REDUCING, reason.name, "")
    desk.risk.set_limit(reason.name.lower(), 1, strategy=STRATEGY)
    assert not is_armed(desk)  # a limit that allows more arms nobody, nor one that is off
    desk.risk.set_limit(reason.name.lower(), tc.OFF, strategy=STRATEGY)
    assert not is_armed(desk)
    desk.risk.set_limit(reason.name.lower(), 1, strategy=STRATEGY)
    assert desk.risk.arm_strategy(STRATEGY, **OFFICER) is True
    assert list(desk.risk.switches()) == []
    event = list(desk.reports(0))[-1]
    assert (event.report_type, event.row.command_kind) == (tc.ReportType.COMMAND_ACCEPTED, CommandType.BREAKER)
    assert (event.row.value, event.row.bound) == (STRATEGY, 0)
    assert [desk.id_text(number) for number in (event.row.cl_ord_id, event.row.orig_cl_ord_id)] == list(OFFICER.values())
    assert is_armed(desk)
    act = send if reason is R.REPEATED_EXECUTION else reject
    act(desk)
    assert len(trips(desk)) == 1
    act(desk)
    assert len(trips(desk)) == 2


@pytest.mark.parametrize("where", [{}, {"strategy": STRATEGY}], ids=["firm", "strategy"])
def test_where_it_takes_two_names_the_second_arms_it(tripped, where):
    desk, reason = tripped
    reset(desk)
    desk.risk.set_limit("rearm_names", 2, **where)
    (send if reason is R.REPEATED_EXECUTION else reject)(desk)
    desk.risk.set_limit("rearm_names", 1, **where)  # it counts what was said when it was disarmed
    assert desk.risk.arm_strategy(STRATEGY, who="r.lee", why="it is mended") is False
    assert not is_armed(desk)
    (line,) = desk.risk.switches()
    assert line.set_by == "r.lee"
    with pytest.raises(tc.RefusedError, match="NOT_AUTHORIZED: it takes 2 names"):
        desk.risk.arm_strategy(STRATEGY, who="r.lee", why="once more")
    assert not is_armed(desk)
    assert desk.risk.arm_strategy(STRATEGY, who="m.day", why="I saw it too") is True
    assert is_armed(desk)


def test_what_arming_says_is_of_the_arming_whatever_a_callback_does_then(desk):
    desk.risk.set_limit("consecutive_rejects", 0, strategy=STRATEGY)
    reject(desk)
    armed = []

    def trip_again(report):
        if report.row.command_kind == CommandType.BREAKER and not armed:
            armed.append(reject(desk))

    desk.subscribe(trip_again)
    assert desk.risk.arm_strategy(STRATEGY, **OFFICER) is True
    assert len(armed) == 1
    assert not is_armed(desk)


@pytest.mark.parametrize(("given", "error"), [
    ({"strategy": 8}, "INVALID_FIELD_VALUE: strategy 8"), ({"who": ""}, "NOT_AUTHORIZED.*who is missing"),
    ({"why": ""}, "NOT_AUTHORIZED.*why is missing"), ({"strategy": 0}, "strategy 0 must be 1 to"),
    ({"strategy": 10**6}, "strategy 1000000 must be 1 to"), ({"who": "r\n"}, "who"), ({"strategy": 7.0}, "strategy"),
])
def test_what_arms_nobody_is_refused_and_changes_nothing(tripped, given, error):
    desk, _ = tripped
    with pytest.raises((tc.RefusedError, ValueError, TypeError), match=error):
        desk.risk.arm_strategy(**{"strategy": STRATEGY, **OFFICER, **given})
    assert not is_armed(desk)


@pytest.mark.parametrize(("change", "error"), [
    ({"account": "alpha"}, "takes no limit on ACCOUNT: only on STRATEGY"), ({}, "takes no limit on FIRM"),
    ({"strategy": STRATEGY, "value": -1}, "must be 0 to"), ({"strategy": STRATEGY, "value": 1_025}, "must be 0 to 1024"),
    ({"strategy": STRATEGY, "window_ms": 0}, "window_ms 0 must be"),
])
def test_a_row_that_no_breaker_can_have_is_refused(desk, change, error):
    with pytest.raises(ValueError, match=error):
        desk.risk.set_limit("repeated_execution", **{"value": 3, **change})


def test_an_order_of_no_strategy_or_of_one_beyond_the_capacity_is_not_counted(desk):
    desk.risk.set_limit("repeated_execution", 0, strategy=STRATEGY)
    for strategy in (None, 2**31 - 1):
        more = {} if strategy is None else {"strategy": strategy}
        assert desk.submit("AAPL", "BUY", 5, 101, venue="P", **more).ord_status is S.FILLED
        assert desk.submit("AAPL", "BUY", 5, 101, venue="P", **more).ord_status is S.FILLED
    assert trips(desk) == []

"""Exits get out: what reduces, what it is exempt from, where a stop that finds nothing rests, and flatten().

An order reduces when its quantity plus what works on its side is no more than the position. Numbers: long 10, MAX_POSITION
or ORDER_RATE set so that an entry is refused; a 1% collar from a stop's own trigger price of 95 is 94.05.
"""

import pytest
from conftest import limits, small_capacity

import tradecore as tc

R = tc.Reason
NEW, FILLED, REJECTED, SUSPENDED = tc.OrdStatus.NEW, tc.OrdStatus.FILLED, tc.OrdStatus.REJECTED, tc.OrdStatus.SUSPENDED


@pytest.fixture
def desk(make_core):
    """AAPL at P and an external venue, long 10 in alpha, with these limits."""

    def build(qty=10, instrument=None, capacity=None, **armed):
        core = make_core(instruments=[instrument or tc.Instrument("AAPL")], limits=limits(**armed), capacity=capacity or small_capacity(),
                         venues=[tc.SimulatedVenue("P"), tc.ExternalVenue("EXT")])
        if qty:
            core.positions.open_position("AAPL", qty, 100)
        return core

    return build


# ---- what reduces, and what works


def test_a_position_limit_refuses_no_exit(desk):
    core = desk(max_position_qty=5)
    assert core.submit("AAPL", "SELL", 16, 100, venue="P").reason is R.MAX_POSITION_QTY
    stop = core.submit("AAPL", "SELL", 10, stop_px=95, venue="P")
    limit = core.submit("AAPL", "SELL", 10, 101, venue="P")  # a stop that has not triggered does not work
    assert (stop.ord_status, limit.ord_status) == (NEW, NEW)
    assert core.submit("AAPL", "SELL", 10, 102, venue="P").reason is R.MAX_POSITION_QTY  # what rests does
    assert core.check("AAPL", "SELL", 10, 102, venue="P")["MAX_POSITION_QTY"].verdict == "REFUSE"


def test_an_exit_is_not_refused_at_its_trigger_for_what_it_is_exempt_from(desk):
    core = desk(max_position_qty=5)
    stop = core.submit("AAPL", "SELL", 10, stop_px=95, venue="P")
    other = core.submit("AAPL", "SELL", 10, stop_px=90, venue="P")
    core.quote("P", "AAPL", bid=95, bid_size=10)
    assert (stop.ord_status, other.ord_status) == (FILLED, NEW)
    core.quote("P", "AAPL", bid=90, bid_size=10)  # nothing is left to reduce: it would be short 10
    assert other.reason is R.MAX_POSITION_QTY


def test_a_list_counts_once(desk):
    core = desk(max_position_qty=5)
    oco = {"list_id": 1, "contingency_type": "OCO", "venue": "P"}
    legs = [core.submit("AAPL", "SELL", 6, price, **oco) for price in (101, 102)]
    assert [leg.ord_status for leg in legs] == [NEW, NEW]
    assert core.submit("AAPL", "SELL", 4, 103, venue="P").ord_status is NEW  # 6 of the list and 4 are the 10
    assert core.submit("AAPL", "SELL", 1, 104, venue="P").reason is R.MAX_POSITION_QTY


def test_the_legs_of_a_bracket_are_judged_by_what_the_entry_will_bring(desk):
    core = desk(qty=0, max_position_qty=10)
    entry = core.submit("AAPL", "BUY", 10, 99, venue="P", list_id=1, contingency_type="OTO")
    legs = [core.submit("AAPL", "SELL", 10, venue="P", list_id=1, contingency_type="OCO", **terms)
            for terms in ({"price": 105}, {"stop_px": 95})]
    assert [order.ord_status for order in (entry, *legs)] == [NEW, NEW, NEW]
    assert core.submit("AAPL", "SELL", 11, 105, venue="P", list_id=1, contingency_type="OCO").reason is R.MAX_POSITION_QTY


@pytest.mark.parametrize(("qty", "passes"), [(10, 4), (11, 2)])
def test_an_exit_may_come_at_twice_the_rate(desk, qty, passes):
    core = desk(order_rate=2, order_rate_window_ms=1000)
    sent = [core.submit("AAPL", "SELL", qty, 101, stop_px=95, venue="P") for _ in range(5)]
    assert [order.ord_status for order in sent] == [NEW] * passes + [REJECTED] * (5 - passes)
    assert sent[-1].reason is R.ORDER_RATE


def test_a_core_that_is_full_of_entries_lets_exits_out(desk):
    """Four may be open, and two exits more: the places of exits are no entry's, and an exit takes those of all first."""
    core = desk(capacity=small_capacity(open_orders=4, exit_orders=2))
    entries = [core.submit("AAPL", "BUY", 1, 90, venue="P") for _ in range(5)]
    assert [order.reason for order in entries] == [R.NONE] * 4 + [R.MAX_OPEN_ORDERS]
    assert core.submit("AAPL", "SELL", 11, 101, venue="P").reason is R.MAX_OPEN_ORDERS  # it would be short one
    asked = core.check("AAPL", "SELL", 1, 101, venue="P")[R.MAX_OPEN_ORDERS]
    assert (asked.value, asked.limit, asked.verdict) == (5, 6, "PASS")
    exits = [core.submit("AAPL", "SELL", 1, 101, venue=venue) for venue in ("P", "EXT", "P")]
    assert [order.reason for order in exits] == [R.NONE, R.NONE, R.MAX_OPEN_ORDERS]
    assert exits[2].text == "MAX_OPEN_ORDERS: open orders 7 would exceed 6"
    core.cancel(entries[0])
    core.cancel(entries[1])
    assert core.submit("AAPL", "BUY", 1, 90, venue="P").reason is R.MAX_OPEN_ORDERS  # two exits stand where two entries did
    assert core.submit("AAPL", "SELL", 1, 101, venue="P").reason is R.NONE
    assert core.metrics()["tables_full"] == 4


def test_an_order_that_is_open_opens_nothing_when_it_asks_for_more(desk):
    """Exits stand where only exits may: an entry that is open is replaced all the same, and no other comes in."""
    core = desk(capacity=small_capacity(open_orders=2, exit_orders=2))
    entries = [core.submit("AAPL", "BUY", 1, 90, venue="P") for _ in range(2)]
    exits = [core.submit("AAPL", "SELL", 1, 101, venue="P") for _ in range(2)]
    core.replace(entries[0], qty=3)
    core.replace(exits[0], qty=20)  # it would be short, and is no exit any more
    assert (entries[0].order_qty, exits[0].order_qty) == (3, 20)
    assert core.submit("AAPL", "BUY", 1, 90, venue="P").reason is R.MAX_OPEN_ORDERS


def test_flatten_gets_out_of_a_core_that_is_full(desk):
    core = desk(capacity=small_capacity(open_orders=2, exit_orders=1), max_order_qty=4)
    core.quote("P", "AAPL", bid=100, bid_size=50)
    for _ in range(2):
        core.submit("AAPL", "BUY", 1, 90, venue="P")
    core.flatten(account="alpha", symbol="AAPL")
    assert core.position("AAPL").qty == 0


def test_a_limit_exit_needs_no_reference_price_and_a_market_one_does(desk):
    core = desk(price_collar_bps=100)
    assert core.submit("AAPL", "BUY", 1, 100, venue="P").reason is R.REFERENCE_PRICE_UNAVAILABLE
    assert core.submit("AAPL", "SELL", 10, venue="P").reason is R.REFERENCE_PRICE_UNAVAILABLE
    assert core.submit("AAPL", "SELL", 10, 150, venue="P").ord_status is NEW
    core.mass_cancel()
    core.quote("P", "AAPL", bid=100, bid_size=1, ask="100.02", ask_size=1)
    assert core.submit("AAPL", "SELL", 10, 98, venue="P").reason is R.PRICE_COLLAR  # not exempt


@pytest.mark.parametrize(("armed", "terms", "reason"), [
    ({"max_order_qty": 9}, {}, R.MAX_ORDER_QTY), ({"max_order_notional": 900}, {}, R.MAX_ORDER_NOTIONAL),
    ({}, {"cl_ord_id": "used"}, R.DUPLICATE_CLORDID),
])
def test_what_is_not_in_the_table_binds_exits_too(desk, armed, terms, reason):
    core = desk(**armed)
    core.submit("AAPL", "SELL", 1, 200, venue="P", cl_ord_id="used")
    assert core.submit("AAPL", "SELL", 9 + ("max_order_qty" in armed), 101, venue="P", **terms).reason is reason


def test_what_closes_a_position_to_zero_may_be_an_odd_lot(desk):
    core = desk(qty=7, instrument=tc.Instrument("AAPL", lot_size=5, qty_precision=0, min_notional=100_000))
    assert core.submit("AAPL", "SELL", 6, 100, venue="P").ord_status is REJECTED  # one is left
    assert core.check("AAPL", "SELL", 7, 100, venue="P").passed
    core.quote("P", "AAPL", bid=100, bid_size=10)
    assert core.submit("AAPL", "SELL", 7, 100, venue="P").ord_status is FILLED


# ---- a stop's protection


@pytest.mark.parametrize("terms", [{"stop_px": 95}, {"peg_offset": 5}])
def test_an_exit_that_finds_nothing_within_its_protection_rests_there(desk, terms):
    core = desk(price_collar_bps=100)
    core.quote("P", "AAPL", bid=100, bid_size=5, ask="100.02", ask_size=5)
    exit_ = core.submit("AAPL", "SELL", 10, venue="P", trigger_price_type="BEST_BID", **terms)
    alerts = []
    core.subscribe(lambda report: alerts.append(report) if report.reason is R.EXIT_RESTS else None)
    core.quote("P", "AAPL", bid=1, bid_size=500)  # a stub: nobody is there
    assert (exit_.ord_status, exit_.cum_qty, exit_.place) == (NEW, 0, tc.Place.RESTING)
    assert exit_.price == tc.Instrument("AAPL").price(9_405_000_000)  # 1% below the trigger price of 95
    assert [(alert.exec_type, alert.exec_restatement_reason) for alert in alerts] == [
        (tc.ExecType.RESTATED, tc.ExecRestatementReason.REPRICING)]
    assert "94.05" in alerts[0].text
    core.quote("P", "AAPL", bid="94.05", bid_size=4)
    assert (exit_.cum_qty, exit_.avg_px) == (4, exit_.price)
    assert core.replace(exit_, price=93).cxl_rej_reason is not None
    assert core.replace(exit_, price=94).ord_status is tc.OrdStatus.PARTIALLY_FILLED
    core.quote("P", "AAPL", bid=94, bid_size=6)
    assert exit_.ord_status is FILLED


def test_the_rest_of_an_exit_rests_too(desk):
    core = desk(price_collar_bps=100)
    exit_ = core.submit("AAPL", "SELL", 10, stop_px=95, venue="P")
    core.quote("P", "AAPL", bid=95, bid_size=4)
    assert (exit_.cum_qty, exit_.place, exit_.price) == (4, tc.Place.RESTING, tc.Instrument("AAPL").price(9_405_000_000))


@pytest.mark.parametrize(("side", "qty", "bps"), [("BUY", 10, 100), ("SELL", 11, 100), ("SELL", 10, tc.OFF)])
def test_an_entry_and_what_has_no_protection_price_do_not_rest(desk, side, qty, bps):
    core = desk(price_collar_bps=bps)
    order = core.submit("AAPL", side, qty, stop_px=95, venue="P", trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", 95, 1)
    assert (order.ord_status, order.reason) == (tc.OrdStatus.CANCELED, R.MARKET_LEFTOVER)


def test_a_stop_needs_no_reference_at_its_trigger(desk):
    core = desk(price_collar_bps=100)
    stop = core.submit("AAPL", "SELL", 10, 90, stop_px="90.5", venue="EXT", trigger_price_type="LAST_TRADE")
    core.trade_print("AAPL", 90, 1)
    assert [message.ord_type for message in core.outbound()] == [tc.OrdType.LIMIT]
    assert stop.place is tc.Place.AT_VENUE


# ---- flatten


def test_flatten_closes_in_pieces_that_respect_the_limits(desk):
    core = desk(qty=25, max_order_qty=10, price_collar_bps=100)
    core.quote("P", "AAPL", bid=100, bid_size=100, ask="100.02", ask_size=100)
    resting = core.submit("AAPL", "SELL", 5, 101, venue="P")
    buy = core.submit("AAPL", "BUY", 5, 99, venue="P")
    orders = core.flatten(account="alpha", symbol="AAPL")
    assert [order.order_qty for order in orders] == [10, 10, 5]
    assert all(order.exec_inst & tc.ExecInst.REDUCE_ONLY for order in orders)
    assert core.position("AAPL").qty == 0
    assert resting.ord_status is tc.OrdStatus.CANCELED
    assert buy.ord_status is NEW


def test_flatten_respects_a_notional_limit_and_buys_a_short_back(desk):
    core = desk(qty=-25, max_order_notional=1_050, price_collar_bps=100)
    core.quote("P", "AAPL", bid=100, bid_size=100, ask=100.02, ask_size=100)
    orders = core.flatten(account="alpha", symbol="AAPL")
    assert core.position("AAPL").qty == 0
    assert [order.order_qty for order in orders] == [10, 10, 5]  # a buy counts at most 101.02: 10 of them are 1010.2


def test_flatten_waits_for_external_answers(desk):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=100)
    working = core.submit("AAPL", "SELL", 4, 101, venue="EXT")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "NEW", order_id=working.order_id)
    closing = core.flatten(account="alpha", symbol="AAPL")
    assert ([order.order_qty for order in closing], closing.left, closing.done) == ([6], 4, False)  # 4 may still trade there
    assert [order.order_id for order in closing.awaits] == [working.order_id]
    core.execution.on_execution_report("EXT", "TRADE", order_id=working.order_id, exec_id="T", last_qty=1, last_px=101)
    core.execution.on_cancel_reject("EXT", order_id=working.order_id)  # it works on: nothing else is sent for it
    assert ([order.order_qty for order in closing], closing.left, closing.done) == ([6], 3, False)
    core.execution.on_execution_report("EXT", "CANCELED", order_id=working.order_id)
    assert ([order.order_qty for order in closing], closing.left, closing.done) == ([6, 3], 0, True)
    assert (core.position("AAPL").qty, closing.awaits) == (0, ())
    assert core.flatten(account="alpha", symbol="AAPL") == []


def test_flatten_works_through_an_external_venue_and_tells_what_is_to_come(desk):
    core = desk(qty=25, max_order_qty=10)
    core.quote("EXT", "AAPL", bid=100, bid_size=100)
    closing = core.flatten(account="alpha", symbol="AAPL")
    assert ([order.order_qty for order in closing], closing.left, closing.done) == ([10, 10, 5], 25, False)
    list(core.outbound())
    for n, order in enumerate(closing):
        core.execution.on_execution_report("EXT", "TRADE", order_id=order.order_id, exec_id=n + 1, last_qty=order.order_qty, last_px=100)
    assert (len(closing), closing.left, closing.done) == (3, 0, True)
    core.submit("AAPL", "BUY", 5, 100, venue="P")
    core.submit("AAPL", "SELL", 5, 100, venue="P")
    assert len(closing) == 3, "it is done"


@pytest.mark.parametrize("how", ["stop", "refused"])
def test_flatten_ends_when_it_is_told_to_or_an_order_is_cut_short(desk, how):
    core = desk()
    core.quote("EXT", "AAPL", bid=100, bid_size=100)
    working = core.submit("AAPL", "SELL", 4, 101, venue="EXT")
    list(core.outbound())
    closing = core.flatten(account="alpha", symbol="AAPL")
    if how == "stop":
        closing.stop()
    else:
        core.execution.on_execution_report("EXT", "REJECTED", order_id=closing[0].order_id)
    core.execution.on_execution_report("EXT", "CANCELED", order_id=working.order_id)
    assert ([order.order_qty for order in closing], closing.done) == ([6], True)
    assert "done" in repr(closing)


def test_flatten_stops_at_the_first_refusal(desk):
    core = desk()
    core.risk.engage_kill_switch(account="alpha")
    orders = core.flatten(account="alpha", symbol="AAPL")
    assert [order.reason for order in orders] == [R.KILL_SWITCH]
    assert core.position("AAPL").qty == 10


def at_venue(core, qty=4):
    """A closing order that works at EXT."""
    order = core.submit("AAPL", "SELL", qty, 101, venue="EXT")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "NEW", order_id=order.order_id)
    return order


@pytest.mark.parametrize("listens", [False, True])
def test_flatten_hears_an_answer_that_comes_while_it_starts(desk, listens):
    core = desk()
    core.quote("P", "AAPL", bid=100, bid_size=100)
    working, subscribe = at_venue(core), core.subscribe

    def answer_first(*args, **terms):  # as another thread may
        heard = subscribe(*args, **terms) if listens else None
        core.execution.on_execution_report("EXT", "CANCELED", order_id=working.order_id)
        return heard or subscribe(*args, **terms)

    core.subscribe = answer_first
    closing = core.flatten(account="alpha", symbol="AAPL")
    assert (sum(order.order_qty for order in closing), closing.left, closing.done, closing.awaits) == (10, 0, True, ())
    assert core._gate.bus.subscriptions == (), "what is done hears nothing"


def test_flatten_that_fails_leaves_nothing_behind(desk):
    core = desk()
    core.check = lambda *_, **__: 1 / 0
    with pytest.raises(ZeroDivisionError):
        core.flatten(account="alpha", symbol="AAPL")
    assert core._gate.bus.subscriptions == ()


def test_flatten_outlives_its_orders(desk):
    core = desk(capacity=small_capacity(order_history=16))
    core.quote("P", "AAPL", bid=100, bid_size=100)
    working = at_venue(core)
    closing = core.flatten(account="alpha", symbol="AAPL")
    assert [order.order_qty for order in closing] == [6]
    for _ in range(20):
        core.submit("AAPL", "BUY", 1, 50, venue="P", time_in_force="IMMEDIATE_OR_CANCEL")
    with pytest.raises(tc.StaleOrderError):
        assert closing[0].ord_status, "it was evicted"
    core.execution.on_execution_report("EXT", "CANCELED", order_id=working.order_id)
    assert (len(closing), closing[1].order_qty, closing.left, closing.done) == (2, 4, 0, True)


def test_flatten_goes_by_the_position_where_an_order_is_evicted_before_it_hears_of_its_end(desk):
    core, ended = desk(capacity=small_capacity(order_history=16)), []

    def send_others(report):  # one that hears of it first
        if report.exec_type is tc.ExecType.CANCELED and not ended:
            ended.append(report)
            for _ in range(20):
                core.submit("AAPL", "BUY", 1, 50, venue="P", time_in_force="IMMEDIATE_OR_CANCEL")

    core.subscribe(send_others)
    core.quote("EXT", "AAPL", bid=100, bid_size=100)
    closing = core.flatten(account="alpha", symbol="AAPL")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "TRADE", order_id=closing[0].order_id, exec_id="T", last_qty=6, last_px=100)
    core.execution.on_execution_report("EXT", "CANCELED", order_id=closing[0].order_id)
    assert ([order.order_id for order in closing[1:]], closing[1].order_qty, closing.done) == ([22], 4, False)


def test_flatten_reads_each_order_until_it_has_ended(desk):
    core = desk(qty=30, max_order_qty=10)
    core.quote("EXT", "AAPL", bid=100, bid_size=100)
    closing = core.flatten(account="alpha", symbol="AAPL")
    list(core.outbound())
    core.execution.on_execution_report("EXT", "TRADE", order_id=closing[0].order_id, exec_id="T", last_qty=10, last_px=100)
    assert closing._working == closing[1:]


def test_flatten_that_is_stopped_while_it_sends_sends_no_more(desk):
    core = desk(qty=30, max_order_qty=10)
    core.quote("P", "AAPL", bid=100, bid_size=100)
    submit, made = core.submit, []

    def stop_after_one(*args, **terms):  # as another thread may
        order = submit(*args, **terms)
        if made:
            made[0].stop()
        return order

    working = at_venue(core, qty=10)
    made.append(core.flatten(account="alpha", symbol="AAPL"))
    core.submit = stop_after_one
    core.risk.set_limit("max_order_qty", 2, account="alpha", who="desk", why="smaller pieces")
    core.execution.on_execution_report("EXT", "CANCELED", order_id=working.order_id)
    assert [order.order_qty for order in made[0]] == [10, 10, 2]
    assert (made[0].left, made[0].done) == (8, True)

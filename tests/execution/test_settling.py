"""What an operator makes of a report that lies unbooked: nothing counts twice, and nothing of then is news of now."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import T0, small_capacity

import tradecore as tc
from tradecore.vocabulary.records import CODECS, TOLD_COMMISSION, VERSION

K = tc.CommandType
D, R, E, U = Decimal, tc.Reason, tc.ExecType, tc.ReportType.UNBOOKED
JOE = {"who": "joe", "why": "as the broker says"}


@pytest.fixture
def core(make_core):
    return make_core(venues=[tc.ExternalVenue("EXT", taker_fee_per_share="0.01")], accounts=["alpha", "beta"])


@pytest.fixture
def order(core):
    return core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")


def trade(core, **facts):
    told = {"cl_ord_id": "X", "exec_id": "t1", "last_qty": 5, "last_px": 100, **facts}
    return core.execution.on_execution_report("EXT", "TRADE", **told)


def stands(core):
    """Position, fees, and how many trades there are."""
    position = core.position("AAPL", "alpha")
    return position.qty, position.fees, len(core.positions.trades())


# ---- a trade counts once


def test_a_kept_fee_is_booked_as_a_fee_and_the_trade_counts_once(core, order):
    trade(core)
    assert trade(core, commission=1, commission_currency="ZZZ").report_type is U
    since = core.reports()
    core.unbooked()[0].book(**JOE, commission=1, commission_currency="USD")
    decided, amended = since.read()
    assert (decided.text, amended.exec_type, amended.commission) == (JOE["why"], E.TRADE_CORRECT, 1)
    assert (stands(core), order.cum_qty, core.unbooked()) == ((5, 1, 1), 5, [])


def test_a_kept_fee_alone_is_booked_as_a_fee(core, order):
    trade(core)
    told = core.execution.on_execution_report("EXT", "TRADE", exec_id="t1", commission=2, commission_currency="ZZZ")
    assert told.report_type is U
    core.unbooked()[0].book(**JOE, commission=2, commission_currency="USD")
    assert (stands(core), core.unbooked()) == ((5, 2, 1), [])


def test_a_fee_alone_that_came_before_its_trade_is_booked_once_the_trade_is_there(core, order):
    fee = {"exec_id": "t1", "commission": 3, "cl_ord_id": "X"}
    assert core.execution.on_execution_report("EXT", "TRADE", **fee).report_type is U
    with pytest.raises(tc.RefusedError, match="last_qty"):
        core.unbooked()[0].book(**JOE)
    trade(core)
    core.unbooked()[0].book(**JOE)
    assert (stands(core), core.unbooked()) == ((5, 3, 1), [])


def test_what_its_venue_has_told_whole_since_is_not_booked_again(core, order):
    trade(core, last_qty="4.5")
    trade(core)
    with pytest.raises(tc.RefusedError, match="EXECID_REPEATED"):
        core.unbooked()[0].book(**JOE, last_qty=5)
    assert (stands(core), len(core.unbooked())) == ((5, D("0.05"), 1), 1)
    core.unbooked()[0].book(**JOE, last_qty=4)
    assert (stands(core), core.unbooked()) == ((9, D("0.09"), 2), []), "another quantity is another trade: he insists"


def test_a_fee_that_can_not_be_booked_is_not_booked_by_an_operator_either(core, order):
    trade(core)
    trade(core, commission=1, commission_currency="ZZZ")
    for given, says in (({}, "currency"), ({"commission": 10**20}, "commission")):
        with pytest.raises(tc.RefusedError, match=says):
            core.unbooked()[0].book(**JOE, **given)
    assert (stands(core), len(core.unbooked())) == ((5, D("0.05"), 1), 1)


# ---- what was told then is no news of now


def test_an_operators_booking_is_no_price_of_now(core, order):
    core.mark("AAPL", 100)
    trade(core, exec_id="first")
    stop = core.submit("AAPL", "SELL", 1, stop_px=90, account="beta", venue="EXT", trigger_price_type="LAST_TRADE", cl_ord_id="S")
    trade(core, last_qty="4.5", last_px=80)
    list(core.outbound())
    core.unbooked()[0].book(**JOE, last_qty=4)
    assert (stop.reason, list(core.outbound())) == (R.NONE, []), "it waits"
    assert core.position("AAPL", "alpha").cost == 5 * 100 + 4 * 80
    trade(core, exec_id="now", last_px=80)
    assert [m.cl_ord_id for m in core.outbound()] == ["S"], "its venue's own trade is one"


def test_an_operators_booking_asks_nothing_about_a_cum_qty_of_then(core, order):
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="X")
    trade(core, last_qty="4.5", cum_qty=5)
    core.execution.on_execution_report("EXT", "ORDER_STATUS", cl_ord_id="X", ord_status="NEW")
    trade(core, exec_id="t2", last_qty=10, cum_qty=10)
    list(core.outbound())
    since = core.reports()
    core.unbooked()[0].book(**JOE, last_qty=4)
    assert [r.reason for r in since.read()] == [R.NONE, R.NONE]
    assert (order.cum_qty, list(core.outbound())) == (14, [])


def test_a_booking_is_as_rounded_as_what_is_left_of_what_was_said(core, order):
    finer = {"last_qty": "4.5", "last_px": "100.123456789", "commission": "0.1234567891"}
    for n, (said, given, rounded) in enumerate([
        ({}, {}, True), ({}, {"last_px": 100}, True), ({}, {"commission": 1}, True), ({}, {"last_px": 100, "commission": 1}, False),
        ({"commission": None}, {"last_px": 100}, False), ({"last_px": 100}, {"commission": 1}, False), ({"last_px": 100}, {}, True),
        ({"last_px": 100, "commission": 1}, {"last_px": "100.1234567891"}, True)]):
        trade(core, exec_id=f"r{n}", **finer | said)
        since = core.reports()
        core.unbooked()[0].book(**JOE, last_qty=4, **given)
        assert since.read()[1].is_rounded == rounded, (said, given)


# ---- what was said without a unit


@pytest.mark.parametrize(("said", "fees"), [("1.50", "1.50"), ("1.005", "1.00"), ("1.015", "1.02"), ("-0.25", "-0.25")])
def test_a_commission_of_a_symbol_that_was_not_known_is_read_in_its_currencys_unit(make_core, said, fees):
    core = make_core(venues=[tc.ExternalVenue("EXT")], accounts=["alpha"])
    core.define_currency("EUR", decimals=2)
    core.define_instrument(tc.Instrument("SAP", currency="EUR"))
    trade(core, cl_ord_id=None, symbol="OLD", side="BUY", commission=said)
    core.unbooked()[0].book(**JOE, symbol="SAP", account="alpha")
    assert (core.position("SAP", "alpha").qty, core.position("SAP", "alpha").fees) == (5, D(fees))


def test_a_commission_without_a_unit_is_refused_where_nobody_gives_one(core):
    trade(core, cl_ord_id=None, symbol="OLD", side="BUY", commission="1.50", text="t", venue_order_id="v")
    gate = core.unbooked()[0]._gate
    with pytest.raises(tc.RefusedError, match="commission is absent"):
        gate.command(tc.CommandType.BOOK_UNBOOKED, cl_ord_id=b"joe", unbooked=1, note=gate.note(b"why"), instrument=1,
                     last_qty=5, last_px=10**10)
    assert (len(core.unbooked()), core.metrics()["trades"]) == (1, 0)


# ---- a fee of a trade that can't be changed any more


def make_gone(core, how):
    """The trade t1 can't be changed any more."""
    if how == "busted":
        core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    elif how == "split":
        core.execution.set_session("AAPL", "CLOSED")
        core.positions.split("AAPL", 2, 1)
    else:
        for n in range(4):
            trade(core, exec_id=f"later{n}", last_qty=1)


@pytest.mark.parametrize("how", ["busted", "split", "left the log"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_fee_of_a_trade_that_can_not_be_changed_any_more_lies_unbooked(make_core, how, alone):
    core = make_core(venues=[tc.ExternalVenue("EXT")], capacity=small_capacity(trades=4))
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X", time_in_force="GTC")
    trade(core)
    make_gone(core, how)
    before = core.position("AAPL", "alpha").fees, core.position("AAPL", "alpha").cost
    facts = {"last_qty": None, "last_px": None} if alone else {}
    told = trade(core, commission="0.5", symbol="AAPL", side="BUY", **facts)
    assert (told.report_type, told.reason) == (U, R.UNKNOWN_TRADE)
    (kept,) = core.unbooked()
    assert kept.said["commission"] == "0.50"
    if how == "left the log":
        assert core.submit("AAPL", "SELL", 9, 100, account="alpha", venue="EXT").reason is R.NONE, "it moves no position"
    assert trade(core, commission="0.5", symbol="AAPL", side="BUY", **facts).reason is R.EXECID_REPEATED, "it lies there"
    with pytest.raises(tc.RefusedError, match="UNKNOWN_TRADE"):
        kept.book(**JOE)
    kept.dismiss(**JOE)
    assert (core.position("AAPL", "alpha").fees, core.position("AAPL", "alpha").cost) == before
    assert trade(core).reason is R.EXECID_REPEATED, "delivered again it says nothing new"


@pytest.mark.parametrize("how", ["busted", "split", "left the log"])
def test_a_trade_delivered_again_with_the_fee_that_it_had_says_nothing_new(make_core, how):
    core = make_core(venues=[tc.ExternalVenue("EXT")], capacity=small_capacity(trades=4))
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X", time_in_force="GTC")
    facts = {"commission": "0.5", "symbol": "AAPL", "side": "BUY"}
    trade(core, **facts | {"commission": "0.3"})
    trade(core, **facts)
    make_gone(core, how)
    assert trade(core, **facts).reason is R.EXECID_REPEATED
    assert trade(core, **facts | {"commission_currency": "USD"}).reason is R.EXECID_REPEATED, "the same in words"
    assert core.unbooked() == []
    assert trade(core, **facts | {"commission": "0.3"}).report_type is U, "what it was told first is another fee again"


@pytest.mark.parametrize(("told", "kept"), [
    ({}, []), ({"commission": 0}, []), ({"commission": "0.3"}, []), ({"commission": "-0.3", "commission_currency": "USD"}, []),
    ({"commission": "0.2"}, ["0.20"]), ({"commission": "0.3", "commission_currency": "BNB"}, ["0.30"]),
    ({"commission": 1, "commission_currency": "ZZZ"}, ["1"])])
def test_a_bust_takes_the_trades_fee_back_and_another_fee_is_not_lost(core, order, told, kept):
    core.define_currency("BNB", decimals=8)
    trade(core, commission="0.3")
    since = core.reports()
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1", **told)
    assert since.read()[0].exec_type is E.TRADE_CANCEL
    assert (core.position("AAPL", "alpha").qty, core.position("AAPL", "alpha").fees, order.cum_qty) == (0, 0, 0)
    assert [(u.reason, u.said["commission"]) for u in core.unbooked()] == [(R.UNKNOWN_TRADE, fee) for fee in kept]


def test_a_bust_whose_other_fee_has_no_room_is_answered_as_what_it_is(make_core):
    core = make_core(venues=[tc.ExternalVenue("EXT")], capacity=small_capacity(unbooked=1))
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    trade(core, exec_id="1", commission="0.3")
    assert trade(core, exec_id="2", last_qty="0.5").report_type is U
    since = core.reports()
    bust = CODECS[K.TRADE_CORRECTION].pack(kind=K.TRADE_CORRECTION, version=VERSION, venue=1, exec_type=E.TRADE_CANCEL, exec_ref_id=1,
                                           exec_id=3, commission=7, told=TOLD_COMMISSION)
    ack, _ = core._gate.core.apply(bust, T0)
    assert (ack.report_type, ack.reason, order.cum_qty) == (tc.ReportType.EXECUTION_REPORT, R.NONE, 0)
    assert [(r.report_type.name, r.reason) for r in since][1:] == [("BUSINESS_REJECT", R.TABLE_FULL)], "and the fee is told lost"


def test_all_that_a_report_said_is_shown(core):
    told = {"venue_order_id": "V-7", "last_mkt": "XNAS", "last_liquidity_ind": "ADDED", "transact_time": 123, "text": "in words", "side": "BUY",
            "commission": "0.5", "commission_currency": "USD", "cum_qty": 7, "symbol": "AAPL"}
    trade(core, last_qty="4.5", **told)
    said = core.unbooked()[0].said
    assert {name: said.get(name, core.unbooked()[0].text) for name in told} == {name: str(value) for name, value in told.items()} | {"commission": "0.50"}


@pytest.mark.parametrize("other", [
    {"side": "SELL"}, {"last_qty": "4.75"}, {"commission": 2}, {"commission": None}, {"commission_currency": "BNB"}, {"cl_ord_id": "Y"},
    {"text": "in other words"}, {"last_mkt": "XNYS"}, {"last_liquidity_ind": "REMOVED"}, {"venue_order_id": "V-8"}, {"transact_time": 5}, {"exec_id": "t2"}])
def test_the_state_hash_tells_of_what_a_report_that_lies_unbooked_said(make_core, other):
    told = {"last_qty": "4.5", "commission": 1, "commission_currency": "USD", "text": "in words", "side": "BUY", "symbol": "AAPL", "cl_ord_id": "X",
            "last_mkt": "XNAS", "last_liquidity_ind": "ADDED", "venue_order_id": "V-7", "transact_time": 3}
    hashes = []
    for facts in (told, told, told | other):
        core = make_core(venues=[tc.ExternalVenue("EXT")], accounts=["alpha"])
        core.define_currency("BNB", decimals=9)
        for name in ("X", "Y"):
            core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id=name)
        for name in ("t1", "t2", "V-7", "V-8"):  # the table of ids is the same
            core.execution.on_execution_report("EXT", "NEW", cl_ord_id="Y", exec_id=name)
        if facts["commission"] is None:
            facts = {name: value for name, value in facts.items() if not name.startswith("commission")}
        trade(core, **facts)
        assert len(core.unbooked()) == 1
        hashes.append(core.state_hash())
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_bound_of_an_orders_cum_qty_is_that_of_the_whole_order(make_core):
    """A part's own sum is far below it."""
    most = 10**14
    core = make_core(venues=[tc.ExternalVenue("EXT"), tc.ExternalVenue("OTHER")], accounts=["alpha"],
                     instruments=[tc.Instrument("BIG", tick_size=1, price_precision=0, max_qty=most)])
    for venue in ("EXT", "OTHER"):
        core.quote(venue, "BIG", ask=1, ask_size=most // 2)
    order = core.submit("BIG", "BUY", most, 1, account="alpha")
    first, second = core.orders.children(order)
    other = core.submit("BIG", "SELL", most, 1, account="alpha", venue="EXT")
    for n in range(100):
        for its, venue in ((first, first.venue), (other, "EXT")):
            core.execution.on_execution_report(venue, "TRADE", order_id=its.order_id, exec_id=f"{its.order_id}-{n}", last_qty=most, last_px=1)
    assert (core.position("BIG", "alpha").qty, order.cum_qty, second.cum_qty) == (0, 10**16, 0)
    told = core.execution.on_execution_report(second.venue, "TRADE", order_id=second.order_id, exec_id="one more", last_qty=1, last_px=1)
    assert (told.report_type, told.reason, order.cum_qty) == (U, R.ARITHMETIC_OVERFLOW, 10**16)

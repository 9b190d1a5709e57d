"""What a venue says beside a trade's facts: its commission, words, ids and markets; what is finer than a unit."""

from __future__ import annotations

from decimal import Decimal

import pytest

import tradecore as tc
from tradecore.vocabulary.note_text import read_note

D, R, E = Decimal, tc.Reason, tc.ExecType
EXT = tc.ExternalVenue("EXT", taker_fee_per_share="0.01")


@pytest.fixture
def core(make_core):
    core = make_core(venues=[EXT], accounts=["alpha", "beta"])
    core.define_currency("BNB", decimals=8)
    return core


@pytest.fixture
def order(core):
    return core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")


def report(core, exec_type="TRADE", **facts):
    return core.execution.on_execution_report("EXT", exec_type, **{"cl_ord_id": "X", **facts})


def trade(core, exec_id="t1", qty=5, px=100, **facts):
    return report(core, exec_id=exec_id, last_qty=qty, last_px=px, **facts)


def fees(core, account="alpha"):
    return {line.currency: line.fees for line in core.positions.pnl(account)}


# ---- commissions


def test_a_venues_commission_is_booked_in_place_of_ours(core, order):
    assert trade(core, commission="0.123456789").commission == D("0.123456789")
    assert core.position("AAPL", "alpha").fees == D("0.123456789")
    assert trade(core, "t2").commission == D("0.05"), "absent is not zero: ours"
    assert trade(core, "t3", commission=0).commission == 0
    assert trade(core, "t4", commission="-0.2").commission == D("-0.2"), "a rebate"
    assert fees(core) == {"USD": D("-0.026543211"), "BNB": 0}


def test_a_commission_in_another_currency_is_booked_in_that_one(core, order):
    told = trade(core, commission="0.00000001", commission_currency="BNB")
    assert (told.commission, told.commission_currency) == (D("0.00000001"), "BNB")
    assert fees(core) == {"USD": 0, "BNB": D("0.00000001")}
    assert (core.positions.cash("BNB", "alpha"), core.positions.cash("USD", "alpha")) == (D("-0.00000001"), -500)
    (booked,) = core.positions.trades()
    assert (booked.commission, booked.commission_currency) == (D("0.00000001"), "BNB")
    core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")
    assert fees(core) == {"USD": 0, "BNB": 0}, "a bust takes it back"


def test_a_report_keeps_the_currency_that_it_named(core, order):
    heard = [trade(core, commission="0.00000001", commission_currency="BNB"),
             trade(core, commission="0.5", commission_currency="USD"),
             core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t1", "c1", last_qty=5, last_px=99, commission=3,
                                                commission_currency="BNB"),
             core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t1", "c2", last_qty=4, last_px=99),
             core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t1", "c3", last_qty=4, last_px=98,
                                                commission=-1, commission_currency="USD"),
             core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", "b1")]
    assert [(told.exec_type.name, told.commission, told.commission_currency) for told in heard] == [
        ("TRADE", D("0.00000001"), "BNB"), ("TRADE_CORRECT", D("0.5"), "USD"), ("TRADE_CORRECT", 3, "BNB"),
        ("TRADE_CORRECT", 3, "BNB"), ("TRADE_CORRECT", -1, "USD"), ("TRADE_CANCEL", 0, "USD")]
    assert fees(core) == {"USD": 0, "BNB": 0}


@pytest.mark.parametrize("facts", [
    {"last_mkt": "XNAS"}, {"last_liquidity_ind": "ADDED"}, {"commission": "0.05"},
    {"commission": 0, "commission_currency": "BNB"}])
def test_the_state_hash_covers_what_a_venue_said_of_a_trade(make_core, facts):
    hashes = []
    for told in ({}, facts):
        core = make_core(venues=[EXT], accounts=["alpha", "beta"], clock=iter(range(10**18, 2 * 10**18)).__next__)
        core.define_currency("BNB", decimals=8)
        core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
        trade(core, **told)
        hashes.append(core.state_hash())
    assert hashes[0] != hashes[1]


def test_a_commission_is_amended_by_exec_id(core, order):
    trade(core)
    for told, kept in (({"commission": 1}, {"USD": 1, "BNB": 0}), ({"commission": 2, "commission_currency": "BNB"}, {"USD": 0, "BNB": 2})):
        assert trade(core, **told).exec_type is E.TRADE_CORRECT
        assert fees(core) == kept
        assert trade(core, **told).reason is R.EXECID_REPEATED, "nothing new"
    amended = core.execution.on_execution_report("EXT", "TRADE", exec_id="t1", commission="0.5")
    assert (amended.exec_type, amended.commission, amended.last_qty, fees(core)) == (E.TRADE_CORRECT, D("0.5"), 5, {"USD": D("0.5"), "BNB": 0})
    assert (order.cum_qty, core.position("AAPL", "alpha").qty) == (5, 5)
    assert trade(core).reason is R.EXECID_REPEATED, "absent changes nothing"
    assert fees(core) == {"USD": D("0.5"), "BNB": 0}


def test_the_table_of_profits_has_what_venues_charged_in_other_currencies(core, order):
    trade(core, commission="0.7", commission_currency="BNB")
    core.mark("AAPL", 101)
    table = {(row.account, row.currency): (row.realized_pnl, row.unrealized_pnl, row.fees) for row in core.positions.pnl_table()}
    for line in core.pnl("alpha"):
        assert table.get(("alpha", line.currency), (0, 0, 0)) == (line.realized_pnl, line.unrealized_pnl, line.fees)
    assert table["alpha", "BNB"] == (0, 0, D("0.7"))
    assert table == {place: row for place, row in table.items() if place[0] == "alpha"}


def test_what_a_report_shows_needs_no_open_core(core, order):
    told = trade(core, commission="0.7", commission_currency="BNB", text="done")
    assert (told.commission_currency, told.text) == ("BNB", "done")
    core.close()
    assert (told.last_qty, told.text, told.last_mkt, told.venue_order_id, told.commission_currency) == (5, "", "", "", None)
    with pytest.raises(LookupError, match="no longer known"):  # 7 of which decimals?
        assert told.commission


def test_a_correction_keeps_what_the_venue_charged_unless_it_says_otherwise(core, order):
    trade(core, commission="0.7", commission_currency="BNB")
    correct = core.execution.on_trade_correction
    correct("EXT", "TRADE_CORRECT", "t1", "c1", last_qty=6, last_px=100)
    assert fees(core) == {"USD": 0, "BNB": D("0.7")}
    correct("EXT", "TRADE_CORRECT", "t1", "c2", last_qty=7, last_px=100, commission="0.3", commission_currency="USD")
    assert fees(core) == {"USD": D("0.3"), "BNB": 0}
    trade(core, "t2")
    correct("EXT", "TRADE_CORRECT", "t2", "c3", last_qty=10, last_px=100)
    assert fees(core)["USD"] == D("0.4"), "ours follows the quantity"
    correct("EXT", "TRADE_CANCEL", "t1", "b1")
    assert fees(core) == {"USD": D("0.1"), "BNB": 0}


def test_a_fee_of_no_trade_that_is_known_lies_unbooked(core, order):
    told = core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="X", exec_id="t9", commission="0.5")
    assert told.report_type is tc.ReportType.UNBOOKED
    assert core.unbooked()[0].said["commission"] == "0.50"


# ---- what is finer than a unit


@pytest.mark.parametrize(("said", "booked", "rounded"), [
    ("100.12345678", "100.12345678", False), ("100.123456785", "100.12345678", True), ("100.123456775", "100.12345678", True),
    ("100.1234567850000000000000000000000000000000000000000000000000000000001", "100.12345679", True),
    ("100.123456776", "100.12345678", True), (100.1, "100.1", False), (100.123456789123, "100.12345679", True), ("1e-400", "0", True)])
def test_a_finer_price_is_rounded_half_to_even_and_flagged(make_core, said, booked, rounded):
    core = make_core(venues=[EXT], instruments=[tc.Instrument("AAPL", tick_size="0.01", any_sign=True)])
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    told = trade(core, px=said)
    assert (told.last_px, told.is_rounded, core.position("AAPL", "alpha").cost) == (D(booked), rounded, 5 * D(booked))


def test_a_finer_commission_is_rounded_half_to_even_and_flagged(core, order):
    told = trade(core, commission="0.0000000125", commission_currency="BNB")
    assert (told.commission, told.is_rounded) == (D("0.00000001"), True)
    assert not trade(core, "t2").is_rounded


# ---- words, ids, markets


def test_a_venues_words_are_what_the_order_and_the_report_show(core, order):
    told = report(core, "NEW", text="Routed to desk 7", venue_order_id="V-1")
    assert (told.text, order.text, order.venue_order_id, told.venue_order_id) == ("Routed to desk 7", "Routed to desk 7", "V-1", "V-1")
    told = report(core, "REJECTED", text="Zu wenig Guthaben: 1.234,50 €", reject_reason=99, venue_order_id="V-2")
    assert (told.text, order.text, order.reason, order.venue_order_id) == ("Zu wenig Guthaben: 1.234,50 €", told.text, R.VENUE_REPORTED, "V-2")


def test_words_are_bounded_and_cut_between_characters(core, order):
    assert report(core, "NEW", text="ab\n\tcd" + "é" * 300).text == "ab  cd" + "é" * 125
    assert len(report(core, "SUSPENDED", text="é" * 300).text.encode()) == 256


def test_words_that_are_no_longer_held_leave_the_cores_own(make_core):
    from conftest import small_capacity
    core = make_core(venues=[EXT], capacity=small_capacity(notes=2))
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    told = report(core, "REJECTED", text="no")
    for n in range(2):
        core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id=f"Y{n}")
        core.execution.on_execution_report("EXT", "NEW", cl_ord_id=f"Y{n}", text=f"note {n}")
    assert (order.text, told.text) == ("VENUE_REPORTED: the venue reported it",) * 2


def test_a_refused_reports_words_stand_beside_our_reason(core, order):
    told = report(core, "REPLACED", text="replaced at your request")
    assert told.text == "NO_SUCH_REQUEST: order 1 has 0 requests pending, and none that this answers; venue: replaced at your request"


def test_a_trades_market_and_liquidity_are_kept(core, order):
    told = trade(core, last_mkt="XNAS", last_liquidity_ind="ADDED", transact_time=123)
    (booked,) = core.positions.trades()
    assert (told.last_mkt, booked.last_mkt, told.last_liquidity_ind, booked.last_liquidity_ind, told.transact_time) == (
        "XNAS", "XNAS", tc.LastLiquidityInd.ADDED, tc.LastLiquidityInd.ADDED, 123)
    assert trade(core, "t2", last_mkt="IBDARK").last_mkt == "", "no identifier of a market: kept in words"


@pytest.mark.parametrize(("facts", "says"), [
    ({"exec_id": " "}, "exec_id ' ' is out of bounds"), ({"exec_id": "x" * 65}, "exec_id 'xxxxxxxx"), ({"side": "9"}, "side 9 is out of bounds"),
    ({"commission": 1, "commission_currency": "ZZZ"}, "currency ZZZ is out of bounds")])
def test_a_refusal_quotes_what_the_venue_said(core, order, facts, says):
    told = trade(core, **facts)
    assert says in told.text
    (lies,) = core.execution.unbooked()
    assert says in lies.why


def words(core, told):
    return read_note(core._gate.core.note_of(told.seq))[0]


@pytest.mark.parametrize("said", [*range(1, 12), *map(str, range(1, 12))])
def test_fixs_indicators_are_kept_as_such(core, order, said):
    """LastLiquidityInd(851) of FIX Latest ends with 11, OTHER; 5 to 7 are stops that were triggered."""
    told = trade(core, last_liquidity_ind=said)
    assert (told.exec_type, int(told.last_liquidity_ind), told.last_liquidity_ind is tc.LastLiquidityInd.OTHER) == (
        E.TRADE, int(said), int(said) == 11)


@pytest.mark.parametrize("said", [12, 99, "12", "MAYBE", -1, 255, 256, 10**30])
def test_a_trade_of_an_indicator_that_has_no_word_here_is_booked_and_told(core, order, said):
    told = trade(core, last_liquidity_ind=said)
    assert (told.exec_type, core.position("AAPL", "alpha").qty, told.last_liquidity_ind.name) == (E.TRADE, 5, "NONE")
    assert words(core, told)["last_liquidity_ind"] == str(said)[:64]


@pytest.mark.parametrize("said", [0, -1, 2**62 + 1, 2**70, 1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000])
def test_a_time_that_is_none_loses_no_trade(core, order, said):
    told = trade(core, transact_time=said)
    assert (told.exec_type, core.position("AAPL", "alpha").qty, told.transact_time) == (E.TRADE, 5, core._gate.core.now)
    assert words(core, told) == {"transact_time": str(said)}
    corrected = core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t1", "c", last_qty=4, last_px=100, transact_time=said)
    assert (corrected.exec_type, corrected.transact_time, words(core, corrected)) == (E.TRADE_CORRECT, core._gate.core.now, {"transact_time": str(said)})
    core.cancel(order)
    refused = core.execution.on_cancel_reject("EXT", cl_ord_id="X", transact_time=said)
    assert (refused.transact_time, words(core, refused)) == (core._gate.core.now, {"transact_time": str(said)})
    report(core, exec_id="t2", last_qty="0.5", last_px=100, transact_time=said, last_liquidity_ind=12)
    (lies,) = core.execution.unbooked()
    assert (lies.said["transact_time"], lies.said["last_liquidity_ind"]) == (str(said), "12")


@pytest.mark.parametrize(("number", "kept"), [(3, 3), (17, 17), (99, 99), (100, 99), (1000, 99), (10**30, 99)])
def test_a_reasons_number_is_the_same_as_fixs_text(core, order, number, kept):
    told = []
    for said in (number, str(number), f" {number} "):
        core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id=f"Y{len(told)}")
        told.append(report(core, "REJECTED", cl_ord_id=f"Y{len(told)}", reject_reason=said))
    assert {report.row.ord_rej_reason for report in told} == {kept}
    assert [words(core, report) for report in told] == [{"reject_reason": str(number)} if number > 99 else {}] * 3


def test_a_cancel_rejects_and_a_restatements_number_as_fixs_text(core, order):
    report(core, "NEW")
    for said in (7, "7"):
        core.cancel(order)
        assert core.execution.on_cancel_reject("EXT", cl_ord_id="X", cxl_rej_reason=said).row.cxl_rej_reason == 7
        assert report(core, "RESTATED", order_qty=90, exec_restatement_reason=said).row.exec_restatement_reason == 7
    assert report(core, "RESTATED", order_qty=80, exec_restatement_reason="14").row.exec_restatement_reason == 14


def test_a_cancel_reject_tells_the_orders_status(core, order):
    report(core, "NEW")
    list(core.outbound())
    for told, asks in (("NEW", False), ("PARTIALLY_FILLED", False), ("FILLED", True), ("CANCELED", True)):
        core.cancel(order)
        sent = [m.msg_type.name for m in core.outbound()]
        answer = core.execution.on_cancel_reject("EXT", cl_ord_id="X", cxl_rej_reason="OTHER", ord_status=told, text="too late")
        assert (sent, answer.text, order.text) == (["ORDER_CANCEL_REQUEST"], "too late", "too late")
        assert [m.msg_type.name for m in core.outbound()] == ["ORDER_STATUS_REQUEST"] * asks


@pytest.mark.parametrize("wrong", [{"exec_id": "x" * 70}, {"price": "abc"}, {"order_qty": "0.5"}, {}])
@pytest.mark.parametrize("exec_type", ["NEW", "PENDING_NEW", "REPLACED", "RESTATED"])
def test_an_ack_of_a_cum_qty_that_we_dont_have_asks_for_the_status_whatever_else_is_wrong(core, order, exec_type, wrong):
    report(core, "NEW")
    list(core.outbound())
    report(core, exec_type, cum_qty=7, **wrong)
    assert [m.msg_type.name for m in core.outbound()] == ["ORDER_STATUS_REQUEST"]
    report(core, cum_qty=9, exec_id="t", last_qty="0.5", last_px=100)
    assert [m.msg_type.name for m in core.outbound()] == ["ORDER_STATUS_REQUEST"], "the one before was handed out"


# ---- wrong calls

@pytest.mark.parametrize(("facts", "error", "says"), [
    ({"commission_currency": "USD"}, TypeError, "commission"), ({"text": 5}, TypeError, "text"), ({"symbol": 5}, TypeError, "symbol"),
    ({"commission": True}, TypeError, "commission"), ({"last_mkt": 5}, TypeError, "last_mkt"), ({"last_liquidity_ind": True}, TypeError, "last_liquidity_ind"),
    ({"transact_time": 1.5}, TypeError, "transact_time"), ({"reject_reason": "BAD"}, ValueError, "reject_reason"),
    ({"venue_order_id": 1.5}, TypeError, "venue_order_id"), ({"last_qty": [1]}, TypeError, "last_qty")])
def test_a_wrong_call_raises_and_changes_nothing(core, order, facts, error, says):
    before = core.state_hash()
    with pytest.raises(error, match=says):
        report(core, **{"exec_id": "t1", "last_qty": 5, "last_px": 100, **facts})
    assert core.state_hash() == before

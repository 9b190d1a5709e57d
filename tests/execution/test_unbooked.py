"""What a venue said and can't be booked whole: kept with all it said, told, blocking, until an operator decides."""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import small_capacity

import tradecore as tc

D, R, U = Decimal, tc.Reason, tc.ReportType.UNBOOKED
VENUES = [tc.ExternalVenue("EXT", taker_fee_per_share="0.01"), tc.ExternalVenue("OTHER")]


@pytest.fixture
def core(make_core):
    return make_core(venues=VENUES, accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])


@pytest.fixture
def order(core):
    return core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")


def trade(core, **facts):
    told = {"cl_ord_id": "X", "exec_id": "t1", "last_qty": 5, "last_px": 100, **facts}
    return core.execution.on_execution_report(told.pop("venue", "EXT"), "TRADE", **told)


# What is missing or wrong in turn: what becomes of the report, and what its text names. None: it is booked as it should.
CASES = [
    ({}, None, ""), ({"cl_ord_id": None}, R.UNKNOWN_INSTRUMENT, "symbol is absent"), ({"cl_ord_id": "who"}, R.UNKNOWN_INSTRUMENT, "symbol is absent"),
    ({"cl_ord_id": "who", "symbol": "AAPL"}, R.INVALID_FIELD_VALUE, "side is absent"), ({"cl_ord_id": "who", "symbol": "AAPL", "side": "BUY"}, None, ""),
    ({"exec_id": None}, R.INVALID_FIELD_VALUE, "exec_id is absent"), ({"exec_id": ""}, R.INVALID_FIELD_VALUE, "exec_id is absent"),
    ({"exec_id": "x" * 65}, R.INVALID_FIELD_VALUE, "exec_id"), ({"exec_id": "é"}, R.INVALID_FIELD_VALUE, "exec_id"), ({"exec_id": 10**64}, R.INVALID_FIELD_VALUE, "exec_id"),
    ({"last_qty": None}, R.INVALID_FIELD_VALUE, "last_qty is absent"), ({"last_qty": "0.5"}, R.INVALID_FIELD_VALUE, "no whole number"),
    ({"last_qty": "many"}, R.INVALID_FIELD_VALUE, "no number"), ({"last_qty": float("nan")}, R.INVALID_FIELD_VALUE, "no number"),
    ({"last_qty": 10**15}, R.INVALID_FIELD_VALUE, "last_qty 10000"), ({"last_qty": 10**30}, R.INVALID_FIELD_VALUE, "last_qty"),
    ({"last_px": None}, R.PRICE_OUT_OF_RANGE, "price is absent"), ({"last_px": -1}, R.PRICE_OUT_OF_RANGE, "-1"), ({"last_px": 0}, R.PRICE_OUT_OF_RANGE, "0"),
    ({"last_px": "x"}, R.PRICE_OUT_OF_RANGE, "no number"), ({"last_px": 10**12}, R.PRICE_OUT_OF_RANGE, "price"), ({"last_px": "1.000000000001"}, None, ""),
    ({"symbol": "ZZZ"}, R.UNKNOWN_INSTRUMENT, "symbol is not declared"), ({"side": "SIDEWAYS"}, R.INVALID_FIELD_VALUE, "side"),
    ({"commission": "x"}, R.INVALID_FIELD_VALUE, "commission"), ({"commission": 10**20}, R.INVALID_FIELD_VALUE, "commission"),
    ({"commission": 1, "commission_currency": "ZZZ"}, R.INVALID_FIELD_VALUE, "currency"), ({"text": "\x00\n"}, None, ""),
    ({"venue_order_id": "é" * 70}, None, ""), ({"last_mkt": "TOO LONG"}, None, ""), ({"cum_qty": "x"}, None, ""), ({"cl_ord_id": "é"}, R.UNKNOWN_INSTRUMENT, "symbol"),
]


@pytest.mark.parametrize(("facts", "reason", "says"), CASES, ids=[str(case[0])[:60] for case in CASES])
def test_every_field_missing_and_wrong_in_turn_gets_one_clear_answer_and_nothing_is_lost(core, order, facts, reason, says):
    report = trade(core, **facts)
    booked = core.positions.firm_exposure("AAPL").qty
    if reason is None:
        assert (booked, core.unbooked(), core.metrics()["unbooked"]) == (5, [], 0)
        return
    assert (report.report_type, report.reason, booked, order.cum_qty) == (U, reason, 0, 0)
    assert says in report.text
    (kept,) = core.unbooked()
    assert (kept.reason, kept.why, core.metrics()["unbooked"], core.metrics()["reports_refused"]) == (reason, report.text.split("; venue")[0], 1, 0)
    words = kept.said
    for name, value in ({"cl_ord_id": "X", "exec_id": "t1", "last_qty": 5, "last_px": 100} | facts).items():
        if value is None or value == "":
            assert name not in words
        elif isinstance(value, int) and name != "exec_id":
            assert D(words[name]) == value
        else:
            shown = f"(an int of {value.bit_length()} bits)" if isinstance(value, int) else str(value)
            assert words[name].strip("'") == shown[:len(words[name].strip("'"))], (name, words)
            assert len(words[name]) >= min(len(shown), 60), "cut only where it is long"


@pytest.mark.parametrize("qty", [0, -5, "-0.5"])
def test_a_quantity_of_nothing_or_less_is_refused_and_counted(core, order, qty):
    report = trade(core, last_qty=qty)
    assert (report.report_type, report.reason) == (tc.ReportType.BUSINESS_REJECT, R.INVALID_FIELD_VALUE)
    assert (core.unbooked(), core.metrics()["reports_refused"]) == ([], 1)


def test_an_id_used_for_another_trade_is_kept_and_what_lies_there_is_not_kept_twice(core, order):
    trade(core)
    assert trade(core, last_qty=6).reason is R.EXECID_REUSED
    again = trade(core, last_qty=6)
    assert (again.report_type, again.reason, len(core.unbooked())) == (tc.ReportType.BUSINESS_REJECT, R.EXECID_REPEATED, 1)
    trade(core, last_qty=7)
    assert [u.said["last_qty"] for u in core.unbooked()] == ["6", "7"]


def test_a_finer_quantity_is_not_the_trade_of_the_whole_part_of_it(core, order):
    trade(core, last_qty=4)
    assert (trade(core, last_qty="4.5").reason, trade(core, last_qty=4).reason) == (R.EXECID_REUSED, R.EXECID_REPEATED)
    (kept,) = core.unbooked()
    kept.book(who="joe", why="it is another", exec_id="t2", last_qty=5)
    assert (core.position("AAPL", "alpha").qty, trade(core, last_qty="4.5").reason) == (9, R.EXECID_REPEATED)


def test_beyond_the_bounds_a_trade_lies_unbooked(make_core):
    core = make_core(venues=VENUES, instruments=[tc.Instrument("BIG", tick_size=1, price_precision=0, max_qty=10**14)])
    core.submit("BIG", "BUY", 10**14, 1, venue="EXT", account="alpha", cl_ord_id="X")
    for n in range(100):
        trade(core, exec_id=f"t{n}", last_qty=10**14, last_px=1)
    assert trade(core, exec_id="beyond", last_qty=10**14, last_px=1).report_type is U
    assert core.position("BIG", "alpha").qty == 10**16
    busted = core.execution.on_trade_correction("EXT", "TRADE_CORRECT", "t0", "c", last_qty=10**15, last_px=1)
    assert (busted.report_type, [u.exec_type.name for u in core.unbooked()]) == (U, ["TRADE", "TRADE_CORRECT"])


def test_a_full_table_says_so(make_core):
    core = make_core(venues=VENUES, capacity=small_capacity(unbooked=2))
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    reports = [trade(core, exec_id=f"t{n}", last_qty="0.5") for n in range(3)]
    assert [r.reason for r in reports] == [R.INVALID_FIELD_VALUE, R.INVALID_FIELD_VALUE, R.TABLE_FULL]
    assert reports[2].text == "TABLE_FULL: 1 reports found no room in unbooked(), the capacity unbooked is 2"


def test_what_finds_no_room_is_counted_and_nobody_takes_more_risk_until_an_operator_has_looked(make_core):
    core = make_core(venues=VENUES, accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")],
                     capacity=small_capacity(unbooked=2))
    core.positions.open_position("MSFT", 10, 100, account="beta")
    order = core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    for n in range(5):
        trade(core, exec_id=f"t{n}", last_qty="0.5")
    *_, lost = core.unbooked()
    assert (lost.reason, lost.account, lost.said["exec_id"], lost.why) == (
        R.TABLE_FULL, None, "t2", "TABLE_FULL: 3 reports found no room in unbooked(), the capacity unbooked is 2")
    assert verdicts(core, account="beta", symbol="MSFT") == (0, 10), "an exit passes, by what is known"
    with pytest.raises(tc.RefusedError, match="no room"):
        lost.book(who="joe", why="it can't be alone", last_qty=1)
    for kept in core.unbooked():
        kept.dismiss(who="joe", why="all of it is told again")
    assert verdicts(core, account="beta", symbol="MSFT") == (14, 14)
    assert [trade(core, exec_id=f"t{n}", last_qty="0.5").reason for n in (2, 3)] == [R.INVALID_FIELD_VALUE] * 2, "none of them is known"
    assert (order.cum_qty, [u.said["exec_id"] for u in core.unbooked()]) == (0, ["t2", "t3"])


@pytest.mark.parametrize("rolls", [0, 1, 2, 3])
@pytest.mark.parametrize("booked", [False, True])
def test_a_report_that_was_decided_about_does_not_lie_there_again_for_two_rolls_of_the_day(core, booked, rolls):
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X", time_in_force="GTC")
    trade(core, last_qty="4.5", text="odd")
    if booked:
        core.unbooked()[0].book(who="joe", why="the rest in cash", last_qty=4)
    else:
        core.unbooked()[0].dismiss(who="joe", why="another desk's")
    for _ in range(rolls):
        core.roll_day()
    again = trade(core, last_qty="4.5", text="odd")
    if rolls < 3:
        assert (again.reason, core.unbooked()) == (R.EXECID_REPEATED, [])
        assert again.text == "EXECID_REPEATED: report 1 of unbooked() said the same: it lies there, or was booked or dismissed; venue: odd"
    assert trade(core, last_qty="4.5", text="odd" if rolls == 3 else "other words").report_type is (tc.ReportType.BUSINESS_REJECT if rolls == 3 else U)
    assert len(core.unbooked()) == 1


def test_an_id_for_which_there_is_no_room_is_kept_in_words(make_core):
    core = make_core(venues=VENUES, capacity=small_capacity(ids=16))
    core.submit("AAPL", "BUY", 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    full = next(n for n in range(20) if trade(core, exec_id=f"id{n}", last_qty=1).reason is not R.NONE)
    long = "f" * 64
    assert trade(core, exec_id=long, cl_ord_id="another", symbol="AAPL", side="BUY", venue_order_id="v" * 36, text="t").reason is R.IDS_FULL
    assert [(u.reason, u.said["exec_id"]) for u in core.unbooked()] == [(R.IDS_FULL, f"id{full}"), (R.IDS_FULL, long)]
    assert (core.unbooked()[1].said["cl_ord_id"], core.unbooked()[1].said["venue_order_id"], core.unbooked()[1].text) == ("another", "v" * 36, "t")


# ---- what it blocks

def verdicts(core, account="alpha", symbol="AAPL", **facts):
    """How much may be bought, and sold, now: the largest of these quantities that passes."""
    found = []
    for side in ("BUY", "SELL"):
        passed = 0
        for qty in range(1, 15):
            order = core.submit(symbol, side, qty, 100, account=account, venue="EXT", **facts)
            if order.reason is R.NONE:
                passed = qty
                core.cancel(order)
                core.outbound_batch()
            else:
                assert order.reason is R.UNBOOKED_TRADE
        found.append(passed)
    return tuple(found)


@pytest.mark.parametrize(("position", "side", "said", "may"), [
    (10, "BUY", "0.5", (0, 10)), (10, "SELL", "0.5", (0, 9)), (10, "SELL", "3.5", (0, 6)), (10, "SELL", "12.5", (0, 0)), (-10, "BUY", "3.5", (6, 0)),
    (-10, "SELL", "3.5", (10, 0)), (0, "BUY", "3.5", (0, 0)), (10, "SELL", "x", (0, 0)), (10, "BUY", 10**30, (0, 0))])
def test_an_exit_must_reduce_both_with_and_without_it(make_core, position, side, said, may):
    core = make_core(venues=VENUES, accounts=["alpha", "beta"], instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")])
    if position:
        core.positions.open_position("AAPL", position, 100, account="alpha")
    order = core.submit("AAPL", side, 100, 100, venue="EXT", account="alpha", cl_ord_id="X")
    assert trade(core, last_qty=said).report_type is U
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="X")
    assert order.leaves_qty == 0
    core.outbound_batch()
    assert verdicts(core) == may
    assert verdicts(core, symbol="MSFT") == verdicts(core, account="beta") == (14, 14), "its account and instrument alone"


def test_an_unknown_symbol_blocks_its_account_and_an_unknown_account_nobody(core, order):
    core.positions.open_position("MSFT", 10, 100, account="alpha")
    trade(core, symbol="ZZZ", side="SELL", last_qty="3.25")
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="X")
    core.outbound_batch()
    assert (verdicts(core), verdicts(core, symbol="MSFT"), verdicts(core, account="beta")) == ((0, 0), (0, 6), (14, 14))
    core.unbooked()[0].dismiss(who="ops", why="another desk's")
    trade(core, cl_ord_id="nobody", symbol="ZZZ", side="BUY")
    assert (verdicts(core), core.unbooked()[0].account) == ((14, 14), None)


def test_a_replace_and_what_is_let_go_take_no_more_risk_either(core, order):
    stop = core.submit("AAPL", "BUY", 5, stop_px=110, account="alpha", venue="EXT", trigger_price_type="LAST_TRADE")
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="X")
    trade(core, last_qty="0.5")
    assert core.replace(order, qty=101).reason is R.UNBOOKED_TRADE
    assert core.replace(order, qty=99).reason is R.NONE, "less is no risk"
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="X", exec_id="other", last_qty=1, last_px=110)
    assert (stop.reason, stop.ord_status) == (R.UNBOOKED_TRADE, tc.OrdStatus.CANCELED)
    assert "UNBOOKED_TRADE" in core.explain(stop).how


def test_check_and_explain_name_what_lies_unbooked(core, order):
    trade(core, last_qty="0.5")
    core.positions.open_position("AAPL", 10, 100, account="alpha")
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="X")
    core.outbound_batch()
    for side, qty, verdict in (("BUY", 1, "REFUSE"), ("SELL", 10, "PASS"), ("SELL", 11, "REFUSE")):
        asked = core.check("AAPL", side, qty, 100, venue="EXT", account="alpha")
        (row,) = [row for row in asked if row.rule is R.UNBOOKED_TRADE]
        assert (row.value, row.limit, row.verdict, asked.passed) == (1, None, verdict, verdict == "PASS")
        sent = core.submit("AAPL", side, qty, 100, venue="EXT", account="alpha")
        assert (sent.reason is R.UNBOOKED_TRADE) == (verdict == "REFUSE")
        assert ("lies in unbooked() as number 1" in core.explain(sent).how) == (verdict == "REFUSE")
        core.cancel(sent)
        core.outbound_batch()
    for account, symbol in (("beta", "AAPL"), ("alpha", "MSFT")):
        asked = core.check(symbol, "BUY", 1, 100, venue="EXT", account=account)
        assert (asked.passed, [row for row in asked if row.rule is R.UNBOOKED_TRADE]) == (True, [])


# ---- an operator decides

def test_an_operator_books_with_what_was_missing_and_says_who_and_why(core, order):
    trade(core, last_qty="4.5", text="odd lot", commission="0.3")
    (kept,) = core.unbooked()
    with pytest.raises(tc.RefusedError, match="last_qty"):
        kept.book(who="joe", why="as told")
    seen = core.reports()
    kept.book(who="joe", why="the broker paid 0.5 in cash", last_qty=4)
    told, booked = seen.read()
    assert (told.text, told.row.value, told.cl_ord_id) == ("the broker paid 0.5 in cash", 1, "joe")
    assert (booked.exec_type, booked.last_qty, booked.commission, order.cum_qty, core.unbooked()) == (tc.ExecType.TRADE, 4, D("0.3"), 4, [])
    assert core.submit("AAPL", "BUY", 1, 100, account="alpha", venue="EXT").reason is R.NONE
    assert trade(core, last_qty=4, commission="0.3").reason is R.EXECID_REPEATED, "it is known by its id now"
    with pytest.raises(tc.RefusedError, match="UNKNOWN_UNBOOKED"):
        kept.book(who="joe", why="again", last_qty=4)


def test_an_operator_dismisses_and_says_who_and_why(core, order):
    trade(core, last_qty="4.5")
    core.unbooked()[0].dismiss(who="joe", why="a test of the broker's")
    assert (core.unbooked(), core.position("AAPL", "alpha").qty, core.metrics()["unbooked"]) == ([], 0, 0)


def test_an_operator_names_symbol_account_side_and_id(core):
    core.execution.on_execution_report("EXT", "TRADE", symbol="FB", last_qty=3, last_px="10.5")
    core.unbooked()[0].book(who="joe", why="renamed", symbol="MSFT", side="SELL", account="beta", exec_id="mine")
    position = core.position("MSFT", "beta")
    assert (position.qty, position.cost, core.metrics()["trades_in_suspense"]) == (-3, D("-31.5"), 0)
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "mine", "b").reason is R.NONE
    assert core.position("MSFT", "beta").qty == 0


def test_a_bust_without_an_id_is_kept_and_booked(core, order):
    trade(core)
    assert core.execution.on_trade_correction("EXT", "TRADE_CANCEL", "t1", None).report_type is U
    assert core.position("AAPL", "alpha").qty == 5
    core.unbooked()[0].book(who="joe", why="confirmed by phone")
    assert (core.position("AAPL", "alpha").qty, order.cum_qty, core.unbooked()) == (0, 0, [])


@pytest.mark.parametrize(("call", "error", "says"), [
    ({"who": "", "why": "x"}, ValueError, "who"), ({"who": "joe", "why": " "}, ValueError, "why"), ({"who": "joe", "why": 5}, TypeError, "why"),
    ({"who": "joe", "why": "x", "symbol": "ZZZ"}, tc.UndeclaredError, "ZZZ"), ({"who": "joe", "why": "x", "last_qty": "1.5"}, ValueError, "last_qty")])
def test_a_wrong_decision_raises_and_changes_nothing(core, order, call, error, says):
    trade(core, last_qty="4.5")
    with pytest.raises(error, match=says):
        core.unbooked()[0].book(**call)
    assert (len(core.unbooked()), core.position("AAPL", "alpha").qty) == (1, 0)

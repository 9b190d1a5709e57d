"""Orders of our own never trade with each other: in books against a model, and before external venues, in both backends."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import BACKENDS, build_core, limits, seeds, small_capacity

import tradecore as tc

S, R, E = tc.OrdStatus, tc.Reason, tc.ExecType
SECOND = 1_000_000_000


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


def make(backend, mode="OFF", outside="OFF", **given):
    accounts = ["alpha", "beta", "other"]
    core = build_core(backend, **{"accounts": accounts, "limits": {name: limits() for name in accounts},
                                  "venues": [tc.SimulatedVenue("V"), tc.ExternalVenue("EXT", request_timeout=SECOND)],
                                  "capacity": small_capacity(open_orders=64, order_history=64)} | given)
    core.risk.prevent_self_match(mode, account="alpha", outside=outside, who="ann", why="desk rule")
    return core


def rest(core, qty, price, account="alpha", side="SELL", **terms):
    return core.submit("AAPL", side, qty, price, account=account, venue="V", **terms)


def facts(order):
    return order.ord_status, int(order.order_qty), int(order.cum_qty), order.reason


# ---- in a book


@pytest.mark.parametrize(("mode", "newcomer", "own", "others"), [
    ("OFF", (S.FILLED, 10, 10, R.NONE), (S.FILLED, 4, 4, R.NONE), 6),
    ("CANCEL_NEWEST", (S.CANCELED, 10, 2, R.SELF_MATCH), (S.NEW, 4, 0, R.NONE), 2),
    ("CANCEL_OLDEST", (S.PARTIALLY_FILLED, 10, 6, R.NONE), (S.CANCELED, 4, 0, R.SELF_MATCH), 6),
    ("DECREMENT", (S.FILLED, 6, 6, R.NONE), (S.CANCELED, 4, 0, R.SELF_MATCH), 6),
    ("BLOCK", (S.REJECTED, 10, 0, R.SELF_MATCH), (S.NEW, 4, 0, R.NONE), 0),
])
def test_each_mode_does_what_it_says(backend, mode, newcomer, own, others):
    core = make(backend, mode)
    first, ours, last = rest(core, 2, "100.00", "other"), rest(core, 4, "100.00"), rest(core, 4, "100.01", "other")
    order = core.submit("AAPL", "BUY", 10, "100.02", account="alpha", venue="V")
    assert facts(order) == newcomer
    assert facts(ours) == own
    assert first.cum_qty + last.cum_qty == others
    if mode in ("CANCEL_NEWEST", "BLOCK"):
        assert order.text == f"SELF_MATCH: it would trade with order {ours.order_id} of our own"


def test_the_smaller_of_both_decides_what_is_lost(backend):
    core = make(backend, "DECREMENT")
    ours = rest(core, 10, "100.00")
    small = core.submit("AAPL", "BUY", 4, "100.00", account="alpha", venue="V")
    assert (facts(small), facts(ours)) == ((S.CANCELED, 4, 0, R.SELF_MATCH), (S.NEW, 6, 0, R.NONE))
    assert core.positions.position("AAPL", "alpha").row.working_sell == 6
    core.submit("AAPL", "BUY", 6, "100.00", account="other", venue="V")
    assert facts(ours) == (S.FILLED, 6, 6, R.NONE)


@pytest.mark.parametrize(("terms", "reason"), [
    ({"time_in_force": "IMMEDIATE_OR_CANCEL"}, R.IOC_LEFTOVER), ({"time_in_force": "FILL_OR_KILL"}, R.FOK_NOT_FILLABLE),
    ({}, R.CANCEL_REQUESTED),
])
def test_what_met_its_own_and_ends_for_another_reason_names_none(backend, terms, reason):
    core = make(backend, "CANCEL_OLDEST")
    ours = rest(core, 4, "100.00")
    order = core.submit("AAPL", "BUY", 10, "100.00", account="alpha", venue="V", **terms)
    if not terms:
        core.cancel(order)
    assert order.reason is reason
    last = [report for report in core.reports(0) if report.order_id == order.order_id][-1]
    assert (int(last.row.value), int(last.row.bound)) == (0, 0)
    assert ours.ord_status is (S.NEW if reason is R.FOK_NOT_FILLABLE else S.CANCELED)


def test_accounts_with_one_self_match_id_are_one_owner_and_others_are_not(backend):
    core = make(backend)
    for account in ("alpha", "beta"):
        core.risk.prevent_self_match("BLOCK", account=account, self_match_id="desk-1")
    ours = rest(core, 4, "100.00", "beta")
    assert core.submit("AAPL", "BUY", 4, "100.00", account="alpha", venue="V").reason is R.SELF_MATCH
    core.risk.prevent_self_match("BLOCK", account="beta", self_match_id="desk-2")
    assert core.submit("AAPL", "BUY", 4, "100.00", account="alpha", venue="V").ord_status is S.FILLED
    assert ours.ord_status is S.FILLED


def test_what_has_no_setting_of_its_own_has_that_of_all(backend):
    core = make(backend)
    core.risk.prevent_self_match("BLOCK")
    rest(core, 4, "100.00", "beta")
    assert core.submit("AAPL", "BUY", 4, "100.00", account="beta", venue="V").reason is R.SELF_MATCH
    rest(core, 4, "99.00", "alpha")
    assert core.submit("AAPL", "BUY", 4, "99.00", account="alpha", venue="V").ord_status is S.FILLED  # its own: OFF


def test_a_replace_is_blocked_where_it_would_meet_its_own(backend):
    core = make(backend, "BLOCK")
    ours, bid = rest(core, 4, "100.00"), core.submit("AAPL", "BUY", 4, "99.00", account="alpha", venue="V")
    core.replace(bid, price="100.00")
    assert (facts(bid), str(bid.price), facts(ours)) == ((S.NEW, 4, 0, R.NONE), "99.00", (S.NEW, 4, 0, R.NONE))
    assert [r.reason for r in core.reports(0) if r.report_type is tc.ReportType.ORDER_CANCEL_REJECT] == [R.SELF_MATCH]


@pytest.mark.parametrize(("mode", "own_left"), [("CANCEL_NEWEST", 4), ("CANCEL_OLDEST", 4), ("DECREMENT", 4)])
def test_what_must_have_all_at_once_counts_others_alone_and_changes_nothing(backend, mode, own_left):
    core = make(backend, mode)
    ours = rest(core, 4, "100.00")
    rest(core, 5, "100.01", "other")
    order = core.submit("AAPL", "BUY", 6, "100.01", account="alpha", venue="V", time_in_force="FILL_OR_KILL")
    assert (order.reason, int(ours.leaves_qty)) == (R.FOK_NOT_FILLABLE, own_left)
    order = core.submit("AAPL", "BUY", 9, "100.01", account="alpha", venue="V", time_in_force="IMMEDIATE_OR_CANCEL", min_qty=6)
    assert (order.reason, int(ours.leaves_qty)) == (R.MIN_QTY_NOT_MET, own_left)


def test_what_others_hide_stands_before_our_own_of_a_worse_price(backend):
    core = make(backend, "CANCEL_NEWEST")
    iceberg = rest(core, 6, "100.00", "other", display_qty=2)
    rest(core, 4, "100.01")
    order = core.submit("AAPL", "BUY", 10, "100.01", account="alpha", venue="V")
    assert (facts(order), facts(iceberg)) == ((S.CANCELED, 10, 6, R.SELF_MATCH), (S.FILLED, 6, 6, R.NONE))


def model(mode, book, qty, fok, min_qty):
    """A newcomer of account 1 against [[account, shown, hidden, peak], ...] in the order of trading, at one price: what is
    traded with each index, what the newcomer lost, which of its own were canceled; None: refused whole."""
    queue = [[i, *row] for i, row in enumerate(book)]
    wanted = qty if fok else min_qty
    others = sum(row[2] + row[3] for row in queue if mode == 0 or row[1] != 1)
    if others < wanted and not (mode == 4 and any(row[1] == 1 for row in queue)):
        return "few"
    trades, lost, canceled, cut = {}, 0, [], 0
    left = qty
    if mode:
        before = 0
        for row in queue:
            if row[1] == 1 and before < qty:
                if mode == 4:
                    return "blocked"
                if mode in (1, 3) and wanted and before < wanted:
                    return "few"
                break
            before += row[2]
    while left and queue:
        row = queue[0]
        if row[1] == 1 and mode:
            if mode == 1:
                cut = left
                break
            if mode == 2:
                canceled.append(row[0])
                queue.pop(0)
                continue
            both = min(left, row[2] + row[3])
            lost, left = lost + both, left - both
            unseen = min(row[3], both)
            row[3] -= unseen
            row[2] -= both - unseen
            if row[2] + row[3] == 0:
                canceled.append(row[0])
                queue.pop(0)
            continue
        taken = min(row[2], left)
        trades[row[0]] = trades.get(row[0], 0) + taken
        left, row[2] = left - taken, row[2] - taken
        if row[2] == 0:
            queue.pop(0)
            if row[3]:
                row[2] = min(row[3], row[4])
                row[3] -= row[2]
                queue.append(row)
    return trades, lost, canceled, cut


@pytest.mark.parametrize("seed", seeds([1], range(10, 19)), indirect=True)
def test_random_books_against_the_model(backend, seed):
    """A tenth of 100,000; the others are long."""
    run_books(backend, seed, 5_000 if seed < 10 or seed > 19 else 10_000)


def run_books(backend, seed, count):
    """One price, icebergs too; a newcomer with each mode. No trade with oneself, and quantities as the mode says."""
    rng = np.random.default_rng(seed)
    core = make(backend)
    met = set()
    for at in range(count):
        mode = int(rng.integers(0, 5))
        core.risk.prevent_self_match(mode, account="alpha")
        side, other_side = (("BUY", "SELL"), ("SELL", "BUY"))[at & 1]
        book, orders = [], []
        for _ in range(int(rng.integers(1, 6))):
            ours, qty, peak = bool(rng.random() < 0.4), int(rng.integers(1, 9)), int(rng.choice([0, 0, 1, 2]))
            shown = min(qty, peak) if peak else qty
            book.append([1 if ours else 2, shown, qty - shown, peak])
            terms = {"display_qty": peak} if 0 < peak < qty else {}
            orders.append(core.submit("AAPL", other_side, qty, "100.00", account="alpha" if ours else "other", venue="V", **terms))
        qty, kind = int(rng.integers(1, 20)), rng.random()
        fok, min_qty = bool(kind < 0.15), int(rng.integers(1, qty + 1)) if 0.15 <= kind < 0.3 else 0
        terms = {"time_in_force": "FILL_OR_KILL"} if fok else {"time_in_force": "IMMEDIATE_OR_CANCEL", "min_qty": min_qty} if min_qty else {}
        order = core.submit("AAPL", side, qty, "100.00", account="alpha", venue="V", **terms)
        found = model(mode, book, qty, fok, min_qty)
        met.add((mode, found if isinstance(found, str) else bool(found[1] or found[2] or found[3])))
        told = (mode, book, qty, fok, min_qty, found)
        if isinstance(found, str):
            assert order.cum_qty == 0, told
            assert order.reason is (R.SELF_MATCH if found == "blocked" else R.FOK_NOT_FILLABLE if fok else R.MIN_QTY_NOT_MET), told
            assert [int(each.leaves_qty) for each in orders] == [row[1] + row[2] for row in book], told
        else:
            trades, lost, canceled, cut = found
            assert [int(each.cum_qty) for each in orders] == [trades.get(i, 0) for i in range(len(book))], told
            assert int(order.cum_qty) == sum(trades.values()), told
            assert [i for i, each in enumerate(orders) if each.reason is R.SELF_MATCH] == canceled, told
            gone = int(order.cum_qty) + lost == qty and lost > 0
            if cut or (gone and order.ord_status is S.CANCELED):
                assert order.reason is R.SELF_MATCH, told
            elif not terms:
                assert int(order.leaves_qty) == qty - lost - sum(trades.values()), told
        core.mass_cancel()
    assert len(met) >= 12, met


# ---- before an external venue


def outside(backend, mode):
    core = make(backend, outside=mode)
    ours = core.submit("AAPL", "SELL", 5, "100.00", account="alpha", venue="EXT", cl_ord_id="s")
    assert len(list(core.outbound())) == 1
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="s")
    order = core.submit("AAPL", "BUY", 5, "100.00", account="alpha", venue="EXT", cl_ord_id="b")
    return core, ours, order


def sent(core):
    return [(m.msg_type.name, m.side.name) for m in core.outbound()]


NEW_BUY, CANCEL_SELL = ("NEW_ORDER_SINGLE", "BUY"), ("ORDER_CANCEL_REQUEST", "SELL")


@pytest.mark.parametrize(("mode", "end"), [("BLOCK", S.REJECTED), ("CANCEL_NEWEST", S.CANCELED)])
def test_outside_the_newcomer_is_refused_or_canceled_and_never_sent(backend, mode, end):
    core, ours, order = outside(backend, mode)
    assert (order.ord_status, order.reason, ours.ord_status) == (end, R.SELF_MATCH, S.NEW)
    assert sent(core) == []
    assert core.submit("AAPL", "BUY", 5, "99.99", account="alpha", venue="EXT").leaves_qty  # behind it: they can't meet
    assert core.submit("AAPL", "BUY", 5, "100.00", account="other", venue="EXT").leaves_qty
    assert sent(core) == [NEW_BUY, NEW_BUY]


def test_a_held_newcomer_leaves_once_the_cancel_is_answered(backend):
    core, ours, order = outside(backend, "HOLD")
    assert (order.ord_status, order.reason) == (S.SUSPENDED, R.NONE)
    assert sent(core) == [CANCEL_SELL]
    core.quote("V", "AAPL", bid="99.00", bid_size=1, ask="101.00", ask_size=1)
    assert sent(core) == []  # late
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="s")
    assert ours.ord_status is S.CANCELED
    assert sent(core) == [NEW_BUY]
    assert order.ord_status is S.PENDING_NEW
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="b", exec_id="x", last_qty=5, last_px="100.00")
    assert order.ord_status is S.FILLED


def test_a_lost_answer_keeps_the_newcomer_here_until_it_is_known(backend):
    core, ours, order = outside(backend, "HOLD")
    assert sent(core) == [CANCEL_SELL]
    core._gate.clock.now += 5 * SECOND
    core.quote("V", "AAPL", bid="99.00", bid_size=1, ask="101.00", ask_size=1)
    assert ours.unknown
    assert NEW_BUY not in sent(core)
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="s")
    assert sent(core) == [NEW_BUY]
    assert order.leaves_qty


def test_a_trade_that_crosses_the_cancel_frees_the_newcomer(backend):
    core, ours, order = outside(backend, "HOLD")
    assert sent(core) == [CANCEL_SELL]
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="s", exec_id="x", last_qty=3, last_px="100.00")
    assert sent(core) == []
    core.execution.on_execution_report("EXT", "TRADE", cl_ord_id="s", exec_id="y", last_qty=2, last_px="100.00")
    core.execution.on_cancel_reject("EXT", order_id=ours.order_id)
    assert ours.ord_status is S.FILLED
    assert sent(core) == [NEW_BUY]
    assert order.leaves_qty


def test_a_venue_that_keeps_the_old_order_ends_the_newcomer(backend):
    core, ours, order = outside(backend, "HOLD")
    assert sent(core) == [CANCEL_SELL]
    core.execution.on_cancel_reject("EXT", order_id=ours.order_id)
    assert (order.ord_status, order.reason, ours.ord_status) == (S.CANCELED, R.SELF_MATCH, S.NEW)
    assert sent(core) == []
    assert core.positions.position("AAPL", "alpha").row.working_buy == 0


def test_a_held_newcomer_can_be_canceled_and_an_unsent_old_order_is_taken_back(backend):
    core, ours, order = outside(backend, "HOLD")
    core.cancel(order)
    assert order.ord_status is S.CANCELED
    core.execution.on_execution_report("EXT", "CANCELED", cl_ord_id="s")
    sent(core)
    waiting = core.submit("AAPL", "SELL", 5, "100.00", account="alpha", venue="EXT")
    newer = core.submit("AAPL", "BUY", 5, "100.00", account="alpha", venue="EXT")
    assert (waiting.ord_status, waiting.reason, ours.ord_status) == (S.CANCELED, R.SELF_MATCH, S.CANCELED)
    assert sent(core) == [NEW_BUY]
    assert newer.leaves_qty


def test_a_replace_outside_that_would_meet_its_own_is_refused(backend):
    core, ours, _ = outside(backend, "BLOCK")
    bid = core.submit("AAPL", "BUY", 5, "99.00", account="alpha", venue="EXT", cl_ord_id="r")
    sent(core)
    core.execution.on_execution_report("EXT", "NEW", cl_ord_id="r")
    core.replace(bid, price="100.00")
    assert sent(core) == []
    assert (bid.ord_status, ours.ord_status) == (S.NEW, S.NEW)


def test_bad_settings_are_refused_and_change_nothing(backend):
    core = make(backend, "BLOCK")
    before = core.state_hash()
    for error, words, call in (
        (ValueError, "mode HOLD", lambda: core.risk.prevent_self_match("HOLD")),
        (ValueError, "outside DECREMENT", lambda: core.risk.prevent_self_match("BLOCK", outside="DECREMENT")),
        (ValueError, "mode", lambda: core.risk.prevent_self_match("SOMETIMES")),
        (LookupError, "gamma", lambda: core.risk.prevent_self_match("BLOCK", account="gamma")),
        (ValueError, "self_match_id", lambda: core.risk.prevent_self_match("BLOCK", self_match_id="x" * 65)),
    ):
        with pytest.raises(error, match=words):
            call()
    assert core.state_hash() == before

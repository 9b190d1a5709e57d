"""After any sequence of commands, in both backends: holds, quantities, cash and books balance."""

from __future__ import annotations

from decimal import Decimal

from conftest import build_core, limits, small_capacity
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tradecore as tc
from tradecore.vocabulary.records import NO_PRICE

PRICES, SIZES, ACCOUNTS, VENUES = st.integers(95, 105), st.integers(0, 30), st.sampled_from("ab"), st.sampled_from("XY")
ORDERS = st.tuples(
    st.just("order"), ACCOUNTS, st.sampled_from(["BUY", "SELL"]), SIZES, st.one_of(st.none(), PRICES),
    st.sampled_from(["DAY", "DAY", "GTC", "IOC", "FOK"]), st.booleans(), st.one_of(st.none(), VENUES),
    st.one_of(st.none(), st.integers(1, 9)),
)
COMMANDS = st.one_of(
    ORDERS, ORDERS, ORDERS,
    st.tuples(st.just("cancel"), st.integers(1, 60)),
    st.tuples(st.just("quote"), VENUES, st.integers(94, 104), SIZES, st.integers(1, 4), SIZES),
    st.tuples(st.just("mark"), PRICES),
    st.tuples(st.just("kill"), st.booleans(), st.sampled_from([{"venue": "X"}, {"account": "a"}, {}])),
    st.tuples(st.just("wait"), st.integers(0, 600_000_000)),
)


def run(core, command):
    kind, *rest = command
    if kind == "order":
        account, side, qty, price, tif, post_only, venue, cl_ord_id = rest
        return core.submit("AAPL", side, qty, price, account=account, time_in_force=tif, post_only=post_only, venue=venue,
                           cl_ord_id=cl_ord_id)
    if kind == "cancel":
        core.cancel(order_id=rest[0])
    elif kind == "quote":
        venue, bid, bid_size, spread, ask_size = rest
        core.quote(venue, "AAPL", bid=bid, bid_size=bid_size, ask=bid + spread, ask_size=ask_size)
    elif kind == "mark":
        core.mark("AAPL", rest[0])
    elif kind == "kill":
        (core.risk.engage_kill_switch if rest[0] else core.risk.release_kill_switch)(**rest[1], who="r.lee", why="it is explained")
    else:
        core._gate.clock.now += rest[0]
    return None


def check_orders(orders, seen):
    for number, order in orders.items():
        row = order.row
        live = row.ord_status in (tc.OrdStatus.NEW, tc.OrdStatus.PARTIALLY_FILLED)
        assert row.leaves_qty == (row.order_qty - row.cum_qty if live else 0)
        assert seen.get(number, (0, True))[0] <= row.cum_qty <= max(0, row.order_qty)
        assert seen.get(number, (0, True))[1] or not live  # what has ended stays ended
        assert (row.ord_status == tc.OrdStatus.FILLED) == (0 < row.order_qty == row.cum_qty)
        assert bool(row.reason) == (row.ord_status in (tc.OrdStatus.CANCELED, tc.OrdStatus.REJECTED))
        seen[number] = row.cum_qty, live


def check_sums(core, orders, trades):
    rows = [order.row for order in orders.values()]
    for number, account in enumerate("ab", 1):
        position = core.position("AAPL", account)
        mine = [t for t in trades if t.account == account]
        signed = [t.last_qty if t.side is tc.Side.BUY else -t.last_qty for t in mine]
        flow = -sum((q * t.last_px for q, t in zip(signed, mine, strict=True)), Decimal(0))
        fees = sum((t.commission for t in mine), Decimal(0))
        assert (position.qty, position.fees) == (sum(signed), fees)
        value = position.market_value if position.qty else 0
        unrealized = position.unrealized_pnl if position.qty else 0
        assert position.realized_pnl + unrealized - position.fees == flow - fees + value
        for side, held in ((1, position.row.working_buy), (2, position.row.working_sell)):
            assert held == sum(row.leaves_qty for row in rows if (row.account, row.side) == (number, side))
        filled = sum(row.cum_qty if row.side == 1 else -row.cum_qty for row in rows if row.account == number)
        assert position.row.qty == filled


def check_books(core, orders):
    for venue in (1, 2):
        bid, bid_size, ask, ask_size = core._gate.core.top(1, venue)
        assert not bid_size or not ask_size or bid < ask, "crossed"
        assert (bid == NO_PRICE, ask == NO_PRICE) == (not bid_size, not ask_size)
        for row in (order.row for order in orders.values()):
            if row.venue == venue and row.leaves_qty:
                assert bid_size and row.price <= bid if row.side == 1 else ask_size and row.price >= ask


def build(backend):
    return build_core(
        backend, accounts=["a", "b"], limits=limits(max_position_qty=60, order_rate=20, price_collar_bps=800),
        venues=[tc.SimulatedVenue("X", taker_fee_per_share="0.003", maker_fee_per_share="-0.002"),
                tc.SimulatedVenue("Y", taker_fee_bps="0.31", maker_fee_bps="-0.17")],
        capacity=small_capacity(instruments=1, accounts=2, venues=2, open_orders=8, order_history=64, events=1024),
    )


@given(commands=st.lists(COMMANDS, max_size=40))
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_everything_balances_after_any_sequence_and_both_backends_agree(commands):
    ends = []
    for backend in ("native", "python"):
        core, orders, seen, trades = build(backend), {}, {}, []
        core.mark("AAPL", 100)
        for command in commands:
            after = core._gate.core.event_seq
            order = run(core, command)
            if order is not None:
                orders[order.order_id] = order
            trades += [report for report in core.reports(after) if report.exec_type is tc.ExecType.TRADE]
            check_orders(orders, seen)
            check_sums(core, orders, trades)
            check_books(core, orders)
        ends.append((core.state_hash(), core.event_hash, [report.row for report in trades]))
    assert ends[0] == ends[1]


@given(orders=st.lists(st.tuples(ACCOUNTS, st.sampled_from(["BUY", "SELL"]), st.integers(1, 30), PRICES), max_size=60))
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_trades_among_own_accounts_leave_nothing_over(orders):
    for backend in ("native", "python"):
        core = build_core(backend, accounts=["a", "b"], venues=[tc.SimulatedVenue("X")])
        for account, side, qty, price in orders:
            core.submit("AAPL", side, qty, price, account=account)
        core.mark("AAPL", 100)
        found = [core.position("AAPL", account) for account in "ab"]
        assert sum(position.qty for position in found) == 0
        assert sum(position.realized_pnl + position.unrealized_pnl for position in found) == 0
        assert sum(core.pnl(account)[0].net for account in "ab") == 0


@given(commands=st.lists(COMMANDS, max_size=25), question=ORDERS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_question_never_changes_anything_and_is_answered_as_submit_answers(commands, question):
    _, account, side, qty, price, tif, post_only, venue, cl_ord_id = question
    given_order = {"account": account, "time_in_force": tif, "post_only": post_only, "venue": venue, "cl_ord_id": cl_ord_id}
    for backend in ("native", "python"):
        core = build(backend)
        for command in commands:
            run(core, command)
        before = core.state_hash(), core.event_hash
        number = core._gate.core.find_text(str(cl_ord_id).encode())
        used = cl_ord_id is not None and core._gate.core.find_order_id(number) != 0
        result = core.check("AAPL", side, qty, price, **given_order)
        assert (core.state_hash(), core.event_hash) == before
        reason = core.submit("AAPL", side, qty, price, **given_order).reason
        refused = [row.rule for row in result if row.verdict == "REFUSE"]
        if used:  # the same order again makes no second one either
            assert tc.Reason.DUPLICATE_CLORDID in refused
            continue
        assert (reason if 100 < reason < 300 else None) == (refused[0] if refused else None)

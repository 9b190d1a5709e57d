"""Fixed work for `make instructions`, one process for all of it: each scenario prepares, then does what is counted
inside `with count(operations):`, then looks at what came out. Native, fixed seeds, times of its own: every run executes
the same instructions.

Run by bench/instructions.py under valgrind: `scenarios.py LIBRARY [NAME...]`; LIBRARY starts, stops and dumps.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import numpy as np
import risk_scenarios
from batches import ARMED, CALLS, CENT, OPERATIONS, STAMPS, Count, new_orders, order_ids, records
from safeguard_scenarios import FIVE_NAMES, FIVE_TERMS, ask_gate, ask_rule

import tradecore as tc
from tradecore._backend import room_module
from tradecore.core.config import load_session
from tradecore.replay.market import recorded_commands, start_core
from tradecore.replay.recording import find_newcomers_recording, read_recording
from tradecore.vocabulary.records import BOOK_DTYPE, COMMAND_DTYPES

VENUES = 8
OFF = tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF)


def make_core(venues: list[Any], instruments: int, limits: tc.RiskLimits) -> tc.TradingCore:
    return tc.TradingCore(instruments=[tc.Instrument(f"I{n}") for n in range(1, instruments + 1)], venues=venues,
                          accounts=["a"], limits=limits, backend="native", clock=lambda: 1)


def run(core: tc.TradingCore, commands: Any, status: tc.OrdStatus) -> None:
    """A batch after which every order stands as expected: a scenario that is refused would be cheap."""
    assert (core.submit_batch(commands)["ord_status"] == status).all()


# ---- the whole path in batches


@cache
def recorded_events() -> Any:
    return read_recording(find_newcomers_recording(), max_events=40_000).events


def recorded_market(count: Count) -> None:
    session, events = load_session(), recorded_events()
    core = start_core(session, "native", int(events["ts_ms"][0]) * 1_000_000)
    commands = recorded_commands(events, session.instruments[0])
    with count(len(commands)):
        core.submit_batch(commands)
    assert core.metrics()["trades"] > 0


def eight_venues(instruments: int) -> tc.TradingCore:
    venues = [tc.SimulatedVenue(f"V{n}", taker_fee_per_share=f"0.00{n}0") for n in range(1, VENUES + 1)]
    core = make_core(venues, instruments, ARMED)
    at = np.arange(instruments * VENUES)
    venue = 1 + at % VENUES
    run(core, records(tc.QUOTE_DTYPE, tc.CommandType.QUOTE, len(at), instrument=1 + at // VENUES, venue=venue,
                      bid_px=(18_990 - venue) * CENT, ask_px=(19_010 + venue) * CENT,
                      bid_size=10**9, ask_size=10**9), tc.OrdStatus(0))
    return core


def batch(count: Count, instruments: int, prevents: str = "OFF", gate: bool = False) -> None:
    """Validation, eleven checks armed, eight venues ranked, a fill at the best, position, events."""
    core = eight_venues(instruments)
    core.risk.prevent_self_match(prevents)
    if gate:
        core.risk.gate.set(price_collar_bps=500, order_rate=2_048, order_rate_window_ms=1)
    side = 1 + np.arange(OPERATIONS) % 2
    orders = new_orders(OPERATIONS, side=side, price=np.where(side == 1, 19_020, 18_980) * CENT, order_qty=100,
                        instrument=np.random.default_rng(1).integers(1, instruments + 1, OPERATIONS),
                        transact_time=STAMPS)
    with count(OPERATIONS):
        acks = core.submit_batch(orders)
    assert (acks["ord_status"] == tc.OrdStatus.FILLED).all()


# ---- an order's life and its market


def resting(**columns: Any) -> tc.TradingCore:
    """Orders that rest at an external venue, or, priced apart, at a simulated one."""
    external = not columns
    core = make_core([tc.ExternalVenue("V") if external else tc.SimulatedVenue("V")], 1, OFF)
    run(core, new_orders(OPERATIONS, venue=1, **columns),
        tc.OrdStatus.PENDING_NEW if external else tc.OrdStatus.NEW)
    return core


def venue_reports(exec_type: tc.ExecType, **columns: Any) -> Any:
    """A report to each order, in an order that mixes them."""
    mixed = np.random.default_rng(2).permutation(OPERATIONS)
    return records(tc.EXECUTION_REPORT_DTYPE, tc.CommandType.EXECUTION_REPORT, OPERATIONS, exec_type=exec_type,
                   cl_ord_id=order_ids(mixed), cum_qty=-1, price=tc.NO_PRICE, transact_time=STAMPS,
                   exec_id=1 + int(exec_type) * OPERATIONS + np.arange(OPERATIONS), **columns)


def acknowledgement(count: Count) -> None:
    core, reports = resting(), venue_reports(tc.ExecType.NEW)
    with count(OPERATIONS):
        acks = core.submit_batch(reports)
    assert (acks["ord_status"] == tc.OrdStatus.NEW).all()


def venue_trade(count: Count) -> None:
    core = resting()
    run(core, venue_reports(tc.ExecType.NEW), tc.OrdStatus.NEW)
    reports = venue_reports(tc.ExecType.TRADE, last_qty=100, last_px=19_000 * CENT + np.arange(OPERATIONS) % 7)
    with count(OPERATIONS):
        acks = core.submit_batch(reports)
    assert (acks["ord_status"] == tc.OrdStatus.PARTIALLY_FILLED).all()


def apart() -> Any:
    """Prices of `new_orders` at which no buy meets a sell."""
    away = np.random.default_rng(3).integers(1, 5_000, OPERATIONS) * CENT
    return 19_000 * CENT + np.where(np.arange(OPERATIONS) % 2 == 0, -away, away)


def cancel(count: Count) -> None:
    core = resting(price=apart())
    mixed = np.random.default_rng(4).permutation(OPERATIONS)
    cancels = records(tc.CANCEL_DTYPE, tc.CommandType.CANCEL, OPERATIONS, orig_cl_ord_id=order_ids(mixed),
                      transact_time=STAMPS)
    with count(OPERATIONS):
        acks = core.submit_batch(cancels)
    assert (acks["ord_status"] == tc.OrdStatus.CANCELED).all()


def quote(count: Count, stops: int) -> None:
    """Quotes that reach no stop; these watch the last trade, the touch and the mid, around the market."""
    core = make_core([tc.SimulatedVenue("V")], 1, OFF)
    rng = np.random.default_rng(5)
    moves = rng.integers(-20, 21, OPERATIONS) * CENT
    quotes = records(tc.QUOTE_DTYPE, tc.CommandType.QUOTE, OPERATIONS, bid_px=99_999 * CENT + moves,
                     ask_px=100_001 * CENT + moves, bid_size=1_000, ask_size=1_000, transact_time=STAMPS)
    run(core, quotes, tc.OrdStatus(0))
    side = 1 + np.arange(stops) % 2
    away = rng.integers(500, 50_000, stops) * CENT
    watched = np.choose(rng.integers(0, 3, stops), [2, np.where(side == 1, 1, 3), 6])
    run(core, new_orders(stops, ord_type=tc.OrdType.STOP, price=tc.NO_PRICE, trigger_price_type=watched,
                         stop_px=100_000 * CENT + np.where(side == 1, away, -away)), tc.OrdStatus.NEW)
    with count(OPERATIONS):
        core.submit_batch(quotes)
    assert core.metrics()["waiting_for_price"] == stops


# ---- beside orders that a command is not about

FEW, SYMBOLS = 1_000, 100
KINDS = 6  # of open orders, in turn


def beside(orders: int) -> tc.TradingCore:
    """So many open orders of account b in 99 instruments, and 60 of account a in the first: limits, those that may only
    reduce a position, trailing stops by price and by basis points, stops, and some at an external venue."""
    capacity = tc.Capacity(open_orders=131_072, events=1 << 20, cl_ord_ids=1 << 18)
    core = tc.TradingCore(
        instruments=[tc.Instrument(f"I{n}") for n in range(1, SYMBOLS + 1)], accounts=["a", "b"], limits=OFF,
        venues=[tc.SimulatedVenue("V"), tc.ExternalVenue("E")], backend="native", clock=lambda: 1, capacity=capacity)
    symbols = np.arange(SYMBOLS) + 1
    run(core, records(tc.QUOTE_DTYPE, tc.CommandType.QUOTE, SYMBOLS, instrument=symbols, bid_px=18_990 * CENT,
                      ask_px=19_010 * CENT, bid_size=10**9, ask_size=10**9), tc.OrdStatus(0))
    for n in range(1, SYMBOLS + 1):
        for account in ("a", "b"):
            core.positions.open_position(f"I{n}", 10**9, 190, account=account)
    rng, at = np.random.default_rng(9), np.arange(orders + 60)
    kind, mine = at % KINDS, at < 60
    trails, stops = (kind == 2) | (kind == 3), kind == 4
    away = rng.integers(100, 5_000, len(at)) * CENT
    made = new_orders(
        len(at), cl_ord_id=order_ids(at), order_qty=100, account=np.where(mine, 1, 2), strategy=1 + at % 7,
        instrument=np.where(mine, 1, 2 + at % (SYMBOLS - 1)), side=np.where(kind == 0, 1, 2), venue=1 + (kind == 5),
        price=np.where(trails | stops, tc.NO_PRICE, 19_000 * CENT + np.where(kind == 0, -away, away)),
        exec_inst=np.where(kind == 1, int(tc.ExecInst.REDUCE_ONLY), 0),
        ord_type=np.where(trails, tc.OrdType.TRAILING_STOP, np.where(stops, tc.OrdType.STOP, tc.OrdType.LIMIT)),
        stop_px=np.where(stops, 5_000 * CENT + away, 0), trigger_price_type=np.where(trails | stops, 3, 0),
        peg_offset=np.where(kind == 2, 9_000 * CENT + away, np.where(kind == 3, 4_000 + at % 500, 0)),
        peg_offset_type=np.where(kind == 3, int(tc.PegOffsetType.BASIS_POINTS), 0))
    assert not core.submit_batch(made)["reason"].any()
    assert len(core.orders.open_orders()) == len(at)
    return core


def growth(count: Count, orders: int, what: str) -> None:
    """One command beside so many open orders of others."""
    core, n = beside(orders), np.arange(FEW)
    stamps = STAMPS[:FEW]
    if what == "fill":
        commands = new_orders(FEW, account=1, side=2, price=18_900 * CENT, order_qty=100, venue=1, transact_time=stamps,
                              cl_ord_id=order_ids(200_000 + n))
    elif what == "quote":  # of an instrument that trails and is filled with stops; every second one moves them all
        commands = records(tc.QUOTE_DTYPE, tc.CommandType.QUOTE, FEW, instrument=1, ask_px=29_010 * CENT,
                           bid_px=(18_990 + n - n % 2 * 3) * CENT, bid_size=100, ask_size=100, transact_time=stamps)
    elif what == "quote of many":
        commands = records(tc.QUOTE_DTYPE, tc.CommandType.QUOTE, FEW, instrument=2, ask_px=29_010 * CENT,
                           bid_px=(18_990 + n - n % 2 * 3) * CENT, bid_size=100, ask_size=100, transact_time=stamps)
    elif what == "cancel":
        run(core, new_orders(FEW, price=18_000 * CENT, venue=1, cl_ord_id=order_ids(200_000 + n), side=1),
            tc.OrdStatus.NEW)
        commands = records(tc.CANCEL_DTYPE, tc.CommandType.CANCEL, FEW, orig_cl_ord_id=order_ids(200_000 + n),
                           transact_time=stamps)
    elif what == "mass cancel":
        commands = records(COMMAND_DTYPES[tc.CommandType.MASS_CANCEL], tc.CommandType.MASS_CANCEL, FEW, instrument=0,
                           venue=0, account=1, transact_time=stamps)
    else:
        commands = records(COMMAND_DTYPES[tc.CommandType.SESSION], tc.CommandType.SESSION, FEW, venue=0,
                           trad_ses_status=np.where(n % 2, tc.TradSesStatus.OPEN, tc.TradSesStatus.HALTED),
                           transact_time=stamps)
    with count(FEW):
        acks = core.submit_batch(commands)
    assert (acks["reason"] == (tc.Reason.CANCEL_REQUESTED if what == "cancel" else 0)).all()


# ---- a room alone


def book(count: Count) -> None:
    """Enter, take, rest and cancel around the touch, with 1,000 orders resting away from it."""
    rng = np.random.default_rng(6)
    deep, live = np.zeros(1_000, BOOK_DTYPE), np.zeros(OPERATIONS, BOOK_DTYPE)
    deep["op"], deep["number"], deep["qty"], deep["side"] = 1, np.arange(1_000), 10, 1 + np.arange(1_000) % 2
    away = rng.integers(1_000, 6_000, 1_000)
    deep["price"] = 10_000_000 + np.where(deep["side"] == 1, -away, away)
    live["op"], live["side"], live["qty"] = 1, rng.integers(1, 3, OPERATIONS), rng.integers(1, 20, OPERATIONS)
    live["number"], live["price"] = 1_000 + np.arange(OPERATIONS), 10_000_000 + rng.integers(-20, 21, OPERATIONS)
    cancels = np.arange(1, OPERATIONS, 2)
    live["op"][cancels] = 2
    live["number"][cancels] = 1_000 + np.maximum(0, cancels - rng.integers(1, 40, len(cancels)))
    room = room_module("native", "book").Book(1_000 + OPERATIONS)
    room.play(deep)
    with count(OPERATIONS):
        traded = room.play(live)
    assert traded > 0


def fills(count: Count, method: str) -> None:
    """Fills of 16 instruments and 16 accounts that add, reduce, close and flip."""
    rng = np.random.default_rng(8)
    rows = np.zeros(OPERATIONS, tc.FILL_DTYPE)
    rows["instrument"], rows["account"] = rng.integers(1, 17, OPERATIONS), rng.integers(1, 17, OPERATIONS)
    rows["qty"] = rng.integers(1, 500, OPERATIONS) * rng.choice((-1, 1), OPERATIONS)
    rows["price"] = 19_000 * CENT + rng.integers(-5_000, 5_001, OPERATIONS) * (CENT // 100)  # a hundredth of the tick
    keeper = tc.PositionKeeper([tc.Instrument(f"I{n}") for n in range(1, 17)], [f"a{n}" for n in range(1, 17)], method,
                               trades=OPERATIONS, lots=2 * OPERATIONS, backend="native")
    with count(OPERATIONS):
        keeper.apply_fills(rows)
    assert keeper.forget_trades() == OPERATIONS


# ---- one call at a time, from Python


def submit(count: Count) -> None:
    """Prices as text, filled at the best of eight venues, an Order handle back."""
    core = eight_venues(1)
    with count(CALLS):
        for n in range(CALLS):
            core.submit("I1", "BUY" if n & 1 else "SELL", 100, "190.20" if n & 1 else "189.80", account="a",
                        transact_time=1_000_000_000 + n * 1_000)
    assert core.metrics()["trades"] >= CALLS


def cancel_call(count: Count) -> None:
    core = resting(price=apart())
    orders = core.orders.open_orders()[:CALLS]
    with count(CALLS):
        for order in orders:
            core.cancel(order)
    assert len(core.orders.open_orders()) == OPERATIONS - CALLS


def check(count: Count) -> None:
    core = eight_venues(1)
    with count(CALLS):
        for _ in range(CALLS):
            result = core.check("I1", "BUY", 100, "190.20", account="a")
    assert result.passed


SCENARIOS: dict[str, Callable[[Count], None]] = {
    "recorded market": recorded_market,
    "batch, 8 venues, 1 instrument": partial(batch, instruments=1),
    "batch, 1 instrument, self-match prevented": partial(batch, instruments=1, prevents="CANCEL_OLDEST"),
    "batch, 1 instrument, exit gate armed": partial(batch, instruments=1, gate=True),
    "batch, 8 venues, 64 instruments": partial(batch, instruments=64),
    "batch, 8 venues, 1,000 instruments": partial(batch, instruments=1_000),
    "acknowledgement of a venue": acknowledgement,
    "trade of a venue": venue_trade,
    "cancel": cancel,
    "quote": partial(quote, stops=0),
    "quote, 10,000 stops resting": partial(quote, stops=10_000),
    **{f"{what}, {orders:,} open orders": partial(growth, what=what, orders=orders)
       for what in ("fill", "quote", "quote of many", "cancel", "session", "mass cancel")
       for orders in (1_000, 10_000, 60_000)},
    "book alone": book,
    **risk_scenarios.SCENARIOS,
    "user rule of five terms": partial(ask_rule, expression=FIVE_TERMS),
    "user rule of sums": partial(ask_rule, expression=FIVE_NAMES),
    "exit gate alone": partial(ask_gate, armed=False),
    "exit gate alone, armed": partial(ask_gate, armed=True),
    "apply_fills, average": partial(fills, method="average"),
    "apply_fills, fifo": partial(fills, method="fifo"),
    "submit() from Python": submit,
    "cancel() from Python": cancel_call,
    "check() from Python": check,
}


def main() -> None:
    """Each named scenario is one dump of callgrind under its name; standard output says its operations."""
    library = ctypes.CDLL(sys.argv[1])
    start, stop, dump = library.start, library.stop, library.dump
    stop()  # so that no first call is counted
    done = {}

    @contextmanager
    def uncounted(operations: int) -> Iterator[None]:
        yield

    @contextmanager
    def counted(name: str, operations: int) -> Iterator[None]:
        done[name] = operations
        start()
        yield
        stop()
        dump(name.encode())

    names = sys.argv[2:] or list(SCENARIOS)
    unknown = set(names) - SCENARIOS.keys()
    if unknown:
        sys.exit(f"no scenario {', '.join(sorted(unknown))}; there are: {'; '.join(SCENARIOS)}")
    gc.disable()
    for name in names:
        # Once before: a library binds a function at its first call, the interpreter specialises code that it knows.
        for count in (uncounted, partial(counted, name)):
            SCENARIOS[name](count)
            gc.collect()
    print(json.dumps(done))


if __name__ == "__main__":
    main()

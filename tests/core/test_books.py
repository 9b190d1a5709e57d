"""Books appear when they are first used: what is bounded, what is refused, and what nobody quotes costs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import pytest
from conftest import BACKENDS, build_core, limits, small_capacity

import tradecore as tc

VENUES = [tc.SimulatedVenue(name) for name in ("V1", "V2", "V3")]
SYMBOLS = ("A", "B", "C")
FULL = "BOOKS_FULL: 2 books are in use: the capacity books is 2"


def quote(core, venue, symbol, bid="9.99", ask="10.01", size=100):
    core.quote(venue, symbol, bid=bid, bid_size=size, ask=ask, ask_size=size)


def in_both(script):
    """What a script says of a core that has three instruments, three venues and two books: the same in both backends,
    hashes too."""
    answers = []
    for backend in BACKENDS:
        core = build_core(backend, instruments=[tc.Instrument(symbol) for symbol in SYMBOLS], venues=VENUES,
                          capacity=small_capacity(books=2))
        answers.append((script(core), core.state_hash(), core.event_hash))
    assert answers[0] == answers[1]
    return answers[0][0]


def fill_books(core):
    """A quote makes one book, and an order that rests the other."""
    quote(core, "V3", "C")
    return core.submit("A", "BUY", 5, "9.50", venue="V1")


def test_what_would_rest_in_a_book_too_many_is_refused_by_the_capacitys_name():
    """A quote, and an order, which holds nothing any more."""
    def script(core):
        fill_books(core)
        with pytest.raises(tc.RefusedError, match=FULL):
            quote(core, "V2", "A")
        order = core.submit("B", "SELL", 5, "9.50")
        return str(order.ord_status), order.text, str(order.ord_rej_reason), core.position("B").working_sell_qty

    assert in_both(script) == ("REJECTED", FULL, "OTHER", 0)


def test_what_rests_in_no_new_book_goes_on_when_all_are_in_use():
    """Another quote and another order in a book that is there; what takes, or ends at once; a quote of nothing."""
    def script(core):
        resting = fill_books(core)
        quote(core, "V3", "C", "9.98", "10.02")
        core.quote("V1", "B")
        core.quote("V1", "A", ask="9.60", ask_size=50)
        done = [core.submit("A", "BUY", 10, "9.60"), core.submit("C", "SELL", 10, "9.98"),
                core.submit("B", "BUY", 10, "9.60", time_in_force="IOC"), core.submit("B", "SELL", 10),
                core.submit("B", "BUY", 10, "9.60", time_in_force="FOK")]
        core.replace(resting, price="9.40")
        core.cancel(resting)
        again = core.submit("A", "SELL", 5, "9.90", venue="V1")
        return [str(order.reason) for order in done], str(again.ord_status), resting.leaves_qty

    assert in_both(script) == (["NONE", "NONE", "IOC_LEFTOVER", "MARKET_LEFTOVER", "FOK_NOT_FILLABLE"], "NEW", 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_order_that_is_let_go_where_no_book_is_left_is_canceled(backend):
    """It was New already. A trade at its stop lets it go; its hold goes with it."""
    core = build_core(backend, instruments=[tc.Instrument(symbol) for symbol in SYMBOLS], venues=VENUES,
                      capacity=small_capacity(books=1))
    stop = core.submit("A", "BUY", 5, "12", stop_px="11", venue="V2")
    core.quote("V1", "A", ask="11", ask_size=5)
    core.submit("A", "BUY", 5, "11", venue="V1")
    assert (str(stop.ord_status), stop.text) == ("CANCELED", "BOOKS_FULL: 1 books are in use: the capacity books is 1")
    assert core.position("A").working_buy_qty == 0


def test_a_sparse_core_says_what_a_full_one_says():
    """Any number of other instruments and venues, and where the books lie, are no part of an answer."""
    seen = []
    for backend in BACKENDS:
        for many, venues, at in ((3, 3, 0), (900, 64, 0), (900, 64, 555)):
            names = [f"S{n}" for n in range(many)]
            core = build_core(backend, instruments=[tc.Instrument(name) for name in names],
                              venues=[tc.SimulatedVenue(f"V{n}") for n in range(venues)], limits=limits(max_position_qty=500),
                              capacity=small_capacity(instruments=1000, venues=64, books=4))
            answers = []
            for n, venue in ((0, venues - 1), (2, 0), (0, 1)):
                symbol = names[at + n]
                quote(core, f"V{venue}", symbol)
                taken, rests = core.submit(symbol, "BUY", 30, "10.01"), core.submit(symbol, "SELL", 20, "11.00", venue=f"V{venue}")
                core.replace(rests, qty=15, price="10.90")
                answers.append((taken.cum_qty, taken.avg_px, rests.leaves_qty, core.position(symbol)))
            seen.append([(cum, avg, leaves, position.qty, position.working_sell_qty) for cum, avg, leaves, position in answers])
    assert all(one == seen[0] for one in seen)


# ---- what nobody quotes

SPARSE = """
    import os, sys, tradecore as tc
    from pathlib import Path
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    capacity = tc.Capacity(instruments=50_000, venues=64, accounts=4, events=1_024)  # a ring is not an instrument's
    venues = [tc.SimulatedVenue(f"V{n}") for n in range(64)]
    off = tc.RiskLimits(max_order_qty=tc.OFF, price_collar_bps=tc.OFF)
    core = tc.TradingCore(venues=venues, accounts=list("abcd"), capacity=capacity, clock=lambda: 1, backend="native", limits=off)
    before = resident()
    for n in range(50_000):
        core.define_instrument(tc.Instrument(f"S{n}"))
    core.state_hash()
    print((resident() - before) / 50_000)
    before = resident()
    for n in range(0, 50_000, 25):
        core.quote(f"V{n % 64}", f"S{n}", bid=10, bid_size=5, ask=11, ask_size=5)
    order = core.submit("S49975", "BUY", 5, 11, account="d")
    print((resident() - before) / 2_000, order.ord_status, core.state_hash() != 0)
"""


# A sanitizer keeps memory of its own beside each table, and reserves address space without end.
ON_LINUX = pytest.mark.skipif(sys.platform != "linux" or "san.so" in os.environ.get("LD_PRELOAD", ""),
                              reason="memory is measured by Linux, and without a sanitizer's own")


def run_script(script):
    """What a script prints, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@ON_LINUX
def test_an_instrument_that_nobody_quotes_costs_less_than_a_kilobyte():
    """Of 50,000 at 64 venues for 4 accounts, with its name, its Instrument and a state hash; a quoted one far from others, 32 KB."""
    unquoted, quoted, status, _ = run_script(SPARSE)
    assert float(unquoted) < 1_024
    assert float(quoted) < 32_768
    assert status == "FILLED"


@ON_LINUX
def test_tables_that_do_not_fit_are_an_error_that_says_how_much():
    """Not a crash, and not an empty core."""
    said = run_script("""
        import resource, tradecore as tc
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
        try:
            tc.TradingCore(capacity=tc.Capacity(instruments=50_000, venues=64, accounts=60_000), backend="native")
        except MemoryError as error:
            print(error)
    """)
    assert "a table of" in " ".join(said)


def build_many(backend, what, count):
    """A core or a keeper of that many instruments, and how long it took."""
    instruments = [tc.Instrument(f"S{n}") for n in range(count)]
    start = time.perf_counter()
    if what == "core":
        build_core(backend, instruments=instruments, capacity=small_capacity(instruments=count))
    else:
        groups = {f"G{n}": [f"S{m}" for m in range(n, count, 10)] for n in range(10)}
        tc.PositionKeeper(instruments, ["a", "b"], groups=groups, trades=1_000, lots=1_000, backend=backend)
    return time.perf_counter() - start


@pytest.mark.parametrize("what", ["core", "keeper"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_to_build_four_times_as_many_instruments_takes_about_four_times_as_long(backend, what):
    """At most eight: a search in a list would take sixteen. The best of some, for the machine has other work too."""
    counts = (5_000, 20_000) if backend == "native" else (2_000, 8_000)
    few, many = (min(build_many(backend, what, count) for _ in range(2)) for count in counts)
    assert many < 8 * few


def test_a_full_name_table_still_knows_every_name():
    """Names that differ in their last byte only, and in any other, are neither taken for each other nor forgotten."""
    for backend in BACKENDS:
        names = [f"{n:b}".rjust(9, "x") for n in range(300)] + [f"LONG-NAME-OF-SOMETHING{n:02}" for n in range(99)]
        core = build_core(backend, instruments=[tc.Instrument(name) for name in names], capacity=small_capacity(instruments=400, accounts=400),
                          accounts=names)
        for name in names:
            with pytest.raises(tc.RefusedError, match="defined already"):
                core.define_instrument(tc.Instrument(name))
            with pytest.raises(tc.RefusedError, match="defined already"):
                core.define_account(name)
        core.define_instrument(tc.Instrument("NEW"))
        with pytest.raises(tc.RefusedError, match="table is full: 400 of 400, the capacity instruments"):
            core.define_instrument(tc.Instrument("NEWER"))

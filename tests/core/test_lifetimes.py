"""The counters that every test's end finds balanced (conftest.lifetimes): they count, and they tell a leak."""

import os
import subprocess
import sys
import textwrap

import pytest
from conftest import T0, check_lifetimes, small_capacity

import tradecore as tc

SECOND = 1_000_000_000


def in_use(core):
    """What is in use by name, where anything is; nothing has leaked."""
    check_lifetimes(core._gate.core)
    return {name: count for name, (count, _) in core._gate.core.lifetimes().items() if count}


def test_slots_stay_in_use_until_the_history_lets_them_go(make_core):
    core = make_core(capacity=small_capacity(open_orders=4, order_history=2))
    for n in range(8):
        core.submit("AAPL", "BUY", 5, 100, account="alpha", cl_ord_id=f"o-{n}")
        core.cancel(cl_ord_id=f"o-{n}")
    assert in_use(core) == {"slots": 2}
    assert core.metrics()["orders_evicted"] == 6


def test_requests_and_deadlines_last_until_the_answer(make_core):
    core = make_core(venues=[tc.ExternalVenue("XEXT", request_timeout=SECOND)])
    core.submit("AAPL", "BUY", 100, 100, account="alpha", cl_ord_id="o-1")
    assert in_use(core) == {"slots": 1, "places": 1, "timers": 1, "indexed": 1, "holds": 100, "firm_holds": 100}
    core.execution.on_execution_report("XEXT", "NEW", cl_ord_id="o-1")
    assert in_use(core) == {"slots": 1, "places": 1, "indexed": 1, "holds": 100, "firm_holds": 100}
    core.replace(cl_ord_id="o-1", qty=250, new_cl_ord_id="r-1")
    core.cancel(cl_ord_id="o-1", new_cl_ord_id="c-1")
    assert in_use(core) == {"slots": 1, "places": 1, "requests": 2, "replaces": 1, "timers": 1, "indexed": 1, "holds": 250, "firm_holds": 250}
    core.execution.on_execution_report("XEXT", "CANCELED", cl_ord_id="c-1")
    assert in_use(core) == {"slots": 1}


def test_a_list_is_held_until_its_last_member_is_evicted(make_core):
    core = make_core(capacity=small_capacity(open_orders=8, order_history=1))
    for n in range(2):
        core.submit("AAPL", "BUY", 10, 90 + n, account="alpha", cl_ord_id=f"p-{n}", list_id=7, contingency_type="OCO")
    assert in_use(core) == {"slots": 2, "lists": 1, "members": 2, "indexed": 2, "holds": 20, "firm_holds": 20}
    core.mass_cancel()
    assert in_use(core) == {"slots": 1, "lists": 1, "members": 1}
    core.submit("AAPL", "BUY", 10, 90, account="alpha", cl_ord_id="q")
    core.cancel(cl_ord_id="q")
    assert in_use(core) == {"slots": 1}


def test_what_waits_for_a_price_or_a_time_is_counted(make_core, clock):
    core = make_core()
    core.submit("AAPL", "SELL", 7, account="alpha", ord_type="STOP", stop_px=90, cl_ord_id="s-1",
                time_in_force="GOOD_TILL_DATE", expire_time=T0 + SECOND)
    core.execution.set_session("AAPL", "OPEN", close_time=T0 + SECOND)
    assert in_use(core) == {"slots": 1, "timers": 2, "waiting": 1, "indexed": 1, "holds": 7, "firm_holds": 7}
    clock.now = T0 + SECOND
    core.clock_tick()
    assert in_use(core) == {"slots": 1}


def test_the_end_of_a_fresh_print_is_waited_for_where_something_watches_it(make_core, clock):
    core = make_core(instruments=[tc.Instrument("AAPL", print_max_age=SECOND)])
    core.trade_print("AAPL", 100, 1)
    assert in_use(core) == {}
    core.submit("AAPL", "SELL", 7, stop_px=90, cl_ord_id="s-1")
    waits = {"slots": 1, "waiting": 1, "indexed": 1, "holds": 7, "firm_holds": 7}
    assert in_use(core) == {**waits, "timers": 1}
    clock.now = T0 + 2 * SECOND
    core.clock_tick()
    assert in_use(core) == waits
    core.trade_print("AAPL", 100, 1)
    core.execution.set_session("AAPL", "HALTED")
    core.execution.set_session("AAPL", "OPEN")  # a new session has had no print
    assert in_use(core) == waits


def test_open_orders_are_indexed_and_those_that_may_only_reduce_by_what_is_left_of_them(make_core):
    core = make_core(venues=[tc.SimulatedVenue("XNAS")])
    core.positions.open_position("AAPL", 50, 90, account="alpha")
    core.submit("AAPL", "SELL", 30, 100, account="alpha", reduce_only=True)
    core.submit("AAPL", "BUY", 10, 100, account="alpha")
    assert in_use(core) == {"slots": 2, "indexed": 1, "reducing": 20, "holds": 20, "firm_holds": 20}
    core.mass_cancel()
    assert in_use(core) == {"slots": 2}


def test_a_leak_is_told(make_core):
    class Leaky:
        """A backend's core that has lost a request."""

        def lifetimes(self):
            return make_core()._gate.core.lifetimes() | {"requests": (2, 1)}

    with pytest.raises(AssertionError, match=r"\{'requests': \(2, 1\)\}"):
        check_lifetimes(Leaky())


@pytest.mark.skipif(not sys.platform.startswith("linux") or "san.so" in os.environ.get("LD_PRELOAD", "")
                    or "TRADECORE_EMULATED" in os.environ,
                    reason="it reads /proc; a sanitizer keeps what is freed, an emulator a table of every page there was")
def test_one_core_after_another_takes_no_more_memory_than_a_few():
    """What rows nobody used costs nothing, in the tenth core as in the first: memory that is freed goes back whole."""
    told = subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent("""
        from collections import deque
        import tradecore as tc
        kept, other = deque(maxlen=3), []
        for n in range(20):
            core = tc.TradingCore(instruments=[tc.Instrument("A")], venues=[tc.SimulatedVenue("S")], backend="native",
                                  capacity=tc.Capacity(open_orders=1 << 10 + n % 7))
            core.quote("S", "A", bid=1, bid_size=1)
            kept.append(core)
            other.append([bytes(5_000 * (n + place)) for place in range(10)])  # what else a process keeps between them
        print(int(open("/proc/self/statm").read().split()[1]) * 4 >> 10)
    """)], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) < 250, told.stdout

"""The whole path: the recorded market in a batch, orders over eight venues in a batch, and one `submit` at a time."""

import numpy as np
import pytest

import tradecore as tc
from tradecore.core.config import load_session
from tradecore.replay.market import recorded_commands, start_core
from tradecore.replay.recording import find_newcomers_recording, read_recording

EVENTS = 60_000  # of the recording: the twin should not take all day


@pytest.fixture(scope="module")
def recording():
    return read_recording(find_newcomers_recording(), max_events=EVENTS)


def test_whole_path_recorded_market(backend, measure, recording):
    def prepare():
        session, start = load_session(), int(recording.events["ts_ms"][0]) * 1_000_000
        return start_core(session, backend, start), recorded_commands(recording.events, session.instruments[0])

    acks = measure(lambda core, commands: core.submit_batch(commands), prepare, operations=EVENTS)
    assert len(acks) == EVENTS


def make_core(backend):
    venues = [tc.SimulatedVenue(f"V{n}", taker_fee_per_share=f"0.00{n}0") for n in range(1, 9)]
    limits = tc.RiskLimits(max_order_qty=10_000, max_order_notional="5_000_000", max_position_qty=10_000_000,
                           price_collar_bps=500, order_rate=16_000)
    core = tc.TradingCore(instruments=[tc.Instrument("AAPL")], venues=venues, accounts=["a"], limits=limits,
                          backend=backend, clock=lambda: 1)
    for n, venue in enumerate(venues, 1):
        core.quote(venue.name, "AAPL", bid=f"189.{90 - n}", bid_size=10**9, ask=f"190.{10 + n}", ask_size=10**9)
    return core


def test_whole_path_eight_venues(backend, measure):
    """Validation, eleven checks armed, eight venues ranked, a fill at the best, position, events."""
    count = 10_000
    orders = tc.new_orders(count)
    orders["instrument"], orders["account"], orders["order_qty"] = 1, 1, 100
    orders["side"] = 1 + np.arange(count) % 2
    orders["price"] = np.where(orders["side"] == 1, 19_020, 18_980) * tc.Instrument("AAPL").tick
    orders["transact_time"] = 1 + np.arange(count) * 1_000_000
    acks = measure(lambda core, array: core.submit_batch(array), lambda: (make_core(backend), orders), operations=count)
    assert (acks["ord_status"] == tc.OrdStatus.FILLED).all()


def test_whole_path_submit(backend, measure):
    """The same order by order: prices as text, an Order handle back."""
    count = 2_000

    def work(core):
        for n in range(count):
            core.submit("AAPL", "BUY" if n & 1 else "SELL", 100, "190.20" if n & 1 else "189.80", account="a",
                        transact_time=1 + n * 1_000_000)

    measure(work, lambda: (make_core(backend),), operations=count)

"""Everything at once: the public methods from four threads, with signals and finalizers in between. No hang, no crash,
counters that balance, and the tap's commands, replayed in the other backend, give the same hashes.

In a process of its own, under a time limit: what hangs is seen, not waited for.
"""

import pytest
from conftest import seeds
from test_turnstile import run_apart

FUZZ = """
seconds, seed = float(os.environ["FUZZ_SECONDS"]), int(os.environ["FUZZ_SEED"])
accounts = ["a0", "a1", "a2", "a3"]
venues = [tc.SimulatedVenue("XNAS"), tc.SimulatedVenue("ARCX"), tc.ExternalVenue("EXT")]
setting = dict(accounts=accounts, limits=limits(max_order_qty=500), venues=venues, capacity=small_capacity(
    cl_ord_ids=2**20, ids=2**20, trades=4_096, events=2**16))
core = build_core(backend, **setting)
gate = core._gate.core
gate.start_tap(4_000_000)
before = gate.command_seq
counts, errors, ends = dict.fromkeys(("calls", "signals", "finalizers", "reports"), 0), [], time.monotonic() + seconds
EXPECTED = (tc.RefusedError, LookupError, BufferError)
TAPPED, tapping = [], threading.Lock()


def take_tap(rng=None):
    with tapping:
        TAPPED.append(gate.read_tap())


class Leftover:
    def __init__(self):
        self.itself = self

    def __del__(self):
        counts["finalizers"] += 1
        core.mark("AAPL", 50 + counts["finalizers"] % 50)
        core.orders.open_orders("a0")


def handler(number, frame):
    switch = core.risk.release_kill_switch if counts["signals"] % 2 else core.risk.engage_kill_switch
    switch(account="a3", who="handler", why="a signal")
    core.mass_cancel(account="a2")
    core.position("AAPL", "a2"), core.metrics()
    counts["signals"] += 1


def hear(report):
    counts["reports"] += 1
    if counts["reports"] % 64 == 0:
        core.cancel(order_id=report.order_id or 1)


def some_order(rng):
    return core.submit("AAPL", rng.choice(("BUY", "SELL")), rng.randrange(1, 600), rng.randrange(48, 53),
                       account=rng.choice(accounts), venue=rng.choice((None, "XNAS", "ARCX", "EXT")),
                       time_in_force=rng.choice(("DAY", "IOC", "GTC")),
                       cl_ord_id=rng.choice((None, None, f"id{rng.randrange(10**6)}")))


def read_view(rng):
    view = core.event_view(max(0, gate.event_seq - 5))
    assert (np.diff(view["seq"]) == 1).all()


def read_order(rng):
    row = core.orders.order(order_id=rng.randrange(1, 200)).row
    assert row.cum_qty + row.leaves_qty <= row.order_qty


def run_batch(rng):
    orders = batch(rng.randrange(1, 600 if rng.random() < 0.05 else 20), price=rng.randrange(48, 53))
    orders["account"] = np.arange(len(orders)) % 4 + 1
    acks = core.submit_batch(orders)
    assert (acks["report_type"] != 0).all()


def confirm(rng):
    for message in core.outbound():
        if message.msg_type is tc.MsgType.NEW_ORDER_SINGLE and rng.random() < 0.9:
            core.execution.on_execution_report("EXT", exec_type="NEW", order_id=message.order_id)


CALLS = [
    some_order, some_order, some_order, run_batch, confirm, read_view, read_order,
    lambda rng: core.cancel(order_id=rng.randrange(1, gate.event_seq + 2)),
    lambda rng: core.replace(some_order(rng), qty=rng.randrange(1, 600)),
    lambda rng: core.quote(rng.choice(("XNAS", "ARCX")), "AAPL", bid=49, bid_size=rng.randrange(1, 99), ask=51, ask_size=9),
    lambda rng: core.check("AAPL", "BUY", 1, 50, account="a1"),
    lambda rng: core.position("AAPL", rng.choice(accounts)), lambda rng: core.positions.trades("a1"),
    lambda rng: core.orders.open_orders(), lambda rng: repr(some_order(rng)), lambda rng: core.mass_cancel(account="a1"),
    lambda rng: core.state_hash() if rng.random() < 0.1 else core.event_hash, lambda rng: core.metrics(),
    lambda rng: core.roll_day() if rng.random() < 0.05 else core.clock_tick(), lambda rng: Leftover(),
    lambda rng: core.intern([f"id{rng.randrange(10**6)}"]), lambda rng: list(core.reports(max(0, gate.event_seq - 9))),
    lambda rng: core.subscribe(hear)(), take_tap,
]


def work(number):
    rng = random.Random(seed * 4 + number)
    try:
        while time.monotonic() < ends:
            try:
                rng.choice(CALLS)(rng)
            except EXPECTED:
                pass
            counts["calls"] += 1
    except BaseException as error:
        import traceback
        errors.append(traceback.format_exc())


def send():
    while time.monotonic() < ends:
        seen = counts["signals"]
        os.kill(os.getpid(), signal.SIGTERM)
        while counts["signals"] == seen and time.monotonic() < ends:  # or handlers would pile up, one in another
            time.sleep(0.002)


faulthandler.dump_traceback_later(seconds + 60, exit=True)
sys.setswitchinterval(0.0005)
signal.signal(signal.SIGTERM, handler)
core.subscribe(hear)
threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 4)] + [threading.Thread(target=send)]
for thread in threads:
    thread.start()
work(0)
for thread in threads:
    thread.join()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
gc.disable()
assert not errors, errors[0]
assert min(counts.values()) > 0, counts
take_tap()
leaked = {name: both for name, both in gate.lifetimes().items() if both[0] != both[1]}
assert not leaked, leaked
rows = np.concatenate(TAPPED)
assert gate.command_seq == before + len(rows), "the tap missed a command"
again, twin = (build_core(name, **setting) for name in ("native", "python"))
for number, row in enumerate(rows):
    again._gate.core.apply(row["command"].tobytes(), int(row["now"]))
    if number < 4_000:
        twin._gate.core.apply(row["command"].tobytes(), int(row["now"]))
    if number == 3_999:
        assert (twin.event_hash, twin.state_hash()) == (again.event_hash, again.state_hash())
assert (again.event_hash, again.state_hash()) == (core.event_hash, core.state_hash())
print("balanced:", counts, len(rows), "commands")
"""


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.long)])
@pytest.mark.parametrize("seed", seeds([]), indirect=True)
def test_public_methods_from_four_threads_with_signals_and_finalizers(backend, seconds, seed, monkeypatch):
    monkeypatch.setenv("FUZZ_SECONDS", str(seconds))
    monkeypatch.setenv("FUZZ_SEED", str(seed))
    said = run_apart(FUZZ, backend, seconds + 300)
    assert "balanced" in said
    print(said)

"""What nobody listens for costs nobody: filters in the core, and callbacks that would not run."""

import asyncio
import functools
import random

import pytest
from conftest import limits, seeds, small_capacity

import tradecore as tc
from tradecore.core import bus as buses

E, T = tc.ExecType, tc.ReportType
FILTERS = [
    {}, {"exec_types": "TRADE"}, {"exec_types": ["NEW", "CANCELED"]}, {"report_types": "BUSINESS_REJECT"},
    {"report_types": ["EXECUTION_REPORT", "ORDER_CANCEL_REJECT"]}, {"account": "beta"}, {"symbol": "MSFT"},
    {"account": "alpha", "symbol": "AAPL", "exec_types": "CANCELED"}, {"account": "beta", "report_types": "ORDER_MASS_CANCEL_REPORT"},
]


@pytest.fixture
def two(make_core):
    return lambda **given: make_core(instruments=[tc.Instrument("AAPL"), tc.Instrument("MSFT")], accounts=["alpha", "beta"],
                                     venues=[tc.SimulatedVenue("XNAS")], limits=limits(), **given)


def live(core, rng, count):
    """Some of everything that makes reports."""
    for _ in range(count):
        symbol, account, side = rng.choice(["AAPL", "MSFT"]), rng.choice(["alpha", "beta"]), rng.choice(["BUY", "SELL"])
        act = rng.randrange(6)
        if act < 4:
            core.submit(symbol, side, rng.randrange(1, 9), rng.randrange(99, 103), account=account)
        elif act == 4:
            core.mass_cancel(account=account, symbol=symbol)
        else:
            core.cancel(order_id=rng.randrange(1, 50))


def wants(report, *, exec_types=None, report_types=None, account=None, symbol=None):
    """What a filter takes, by its words."""
    several = [[words] if isinstance(words, str) else words for words in (exec_types, report_types)]
    return ((exec_types is None or (report.report_type is T.EXECUTION_REPORT and report.exec_type.name in several[0]))
            and (report_types is None or report.report_type.name in several[1])
            and account in (None, report.account) and symbol in (None, report.symbol))


@pytest.mark.parametrize("seed", seeds(range(4)), indirect=True)
@pytest.mark.parametrize("batched", [False, True])
def test_each_subscription_hears_what_its_filter_takes_of_all_reports_once_and_in_order(two, seed, batched):
    rng = random.Random(seed)
    core = two(capacity=small_capacity(events=64))
    given = rng.sample(FILTERS, rng.choice([1, 2, 5]))
    heard = [[] for _ in given]
    after, everything = core._gate.core.event_seq, []
    for filters, into in zip(given, heard, strict=True):
        core.subscribe(into.append, **filters)
    for _ in range(8):
        before = core._gate.core.event_seq
        if batched:
            orders = tc.new_orders(12)
            orders["account"], orders["instrument"] = [rng.randrange(1, 3) for _ in orders], [rng.randrange(1, 3) for _ in orders]
            orders["side"], orders["order_qty"], orders["price"] = [rng.randrange(1, 3) for _ in orders], 5, tc.Instrument("AAPL").price_units(100)
            core.submit_batch(orders)
        else:
            live(core, rng, 8)
        everything += core.reports(before)
    assert [report.seq for report in everything] == list(range(after + 1, core._gate.core.event_seq + 1))
    for filters, into in zip(given, heard, strict=True):
        assert [report.seq for report in into] == [report.seq for report in everything if wants(report, **filters)], filters


def test_a_report_that_nobody_wants_is_never_decoded(two, monkeypatch):
    core, heard = two(), []
    core.subscribe(heard.append, exec_types="CANCELED", account="beta")
    decoded = []
    monkeypatch.setattr(buses, "read_reports", lambda rows, directory: decoded.extend(rows["seq"].tolist()) or [])
    live(core, random.Random(1), 200)
    core.submit("AAPL", "BUY", 5, 90, account="alpha")
    wanted = [r.seq for r in core.reports(0) if r.exec_type is E.CANCELED and r.account == "beta" and r.report_type is T.EXECUTION_REPORT]
    assert wanted
    assert decoded == wanted


@pytest.mark.parametrize("filters", [{"exec_types": "TRADE_CANCEL"}, {"account": "beta"}, {"report_types": "ORDER_CANCEL_REJECT"}])
def test_one_that_hears_nothing_is_not_even_looked_after(two, monkeypatch, filters):
    """Neither is the ring read, nor a batch cut into pieces."""
    core = two()
    core.subscribe(lambda report: 1 / 0, **filters)
    reads, runs, run = [], [], type(core._gate.core).run
    monkeypatch.setattr(buses.EventBus, "_take", lambda bus: reads.append(bus))
    monkeypatch.setattr(buses.EventBus, "_call", lambda bus, *what: reads.append(what))

    class Watched:
        def __getattr__(self, name):
            return getattr(core_of, name)

        def run(self, commands, *rest):
            runs.append(len(commands))
            return run(core_of, commands, *rest)

    core_of, core._gate.core = core._gate.core, Watched()
    for n in range(20):
        core.submit("AAPL", "BUY", 5, 90 + n % 3, account="alpha")
    orders = tc.new_orders(3_000)
    orders["account"] = orders["instrument"] = orders["side"] = orders["order_qty"] = 1
    orders["price"] = tc.Instrument("AAPL").price_units(50)
    core.submit_batch(orders[:2_000])
    assert (reads, runs) == ([], [2_000])
    core._gate.core = core_of


def test_what_came_before_a_filter_is_not_lost_when_another_subscribes_or_ends(two):
    """A callback that subscribes, ends and commands while reports are on their way."""
    core, first, second = two(), [], []

    def hear(report):
        first.append(report.seq)
        if len(first) == 2:
            inner.append(core.subscribe(lambda r: second.append(r.seq), symbol="MSFT"))
            core.submit("MSFT", "BUY", 5, 90, account="beta")
        if len(first) == 4:
            inner[0]()

    inner = []
    core.subscribe(hear, account="alpha")
    start = core._gate.core.event_seq
    for n in range(5):
        core.submit(("AAPL", "MSFT")[n % 2], "BUY", 5, 80 + n, account="alpha")
    everything = core.reports(start)
    alphas = [r.seq for r in everything if r.account == "alpha"]
    assert first == alphas
    assert second
    assert set(second) <= {r.seq for r in core.reports(start) if r.symbol == "MSFT"}


def test_more_subscriptions_than_the_core_has_filters_all_hear_theirs(two):
    core = two()
    heard = [[] for _ in range(80)]
    for n, into in enumerate(heard):
        core.subscribe(lambda r, into=into: into.append(r.seq), symbol=("AAPL", "MSFT")[n % 2])
    core.submit("AAPL", "BUY", 5, 90, account="alpha")
    core.submit("MSFT", "BUY", 5, 90, account="alpha")
    assert [len(into) for into in heard] == [1] * 80
    assert heard[0] != heard[1]


def test_reports_lost_before_anybody_wanted_one_are_no_loss(two):
    core, heard = two(capacity=small_capacity(events=16)), []
    subscription = core.subscribe(heard.append, symbol="MSFT")
    for _ in range(40):
        core.submit("AAPL", "BUY", 5, 90, account="alpha")
    core.submit("MSFT", "BUY", 5, 90, account="alpha")
    assert (len(heard), subscription.lost) == (1, 0)


def test_too_many_filters_are_refused(core):
    with pytest.raises(ValueError, match="filters 65 must be 0 to 64"):
        core._gate.core.watch_events([(1, 1, 0, 0)] * 65, 0)


def test_a_filter_holds_for_what_came_before_it_and_is_read_in_pieces(two):
    core = two()
    backend, after = core._gate.core, core._gate.core.event_seq
    for n in range(6):
        core.submit(("AAPL", "MSFT")[n % 2], "BUY", 5, 90, account="alpha")
    backend.watch_events([(buses.ANY, buses.ANY, 0, 2)], after)
    assert backend.has_wanted
    read = []
    while backend.has_wanted:
        rows, lost, after = backend.read_wanted(after, 2)
        read.append((rows["instrument"].tolist(), lost))
    assert (read, after) == ([([2, 2], 0), ([2], 0)], backend.event_seq)
    backend.watch_events([(buses.ANY, buses.ANY, 0, 2)], after)
    assert not backend.has_wanted
    backend.watch_events([], 0)
    core.submit("MSFT", "BUY", 5, 90, account="alpha")
    assert not backend.has_wanted


# ---- callbacks that would not run


async def coroutine(report): ...


async def stream(report):
    yield report


def generator(report):
    yield report


class Asynchronous:
    async def __call__(self, report): ...

    async def method(self, report): ...


LAZY = {"coroutine": coroutine, "stream": stream, "generator": generator, "object": Asynchronous(),
        "method": Asynchronous().method, "partial": functools.partial(coroutine),
        "partial of a partial": functools.partial(functools.partial(coroutine))}


@pytest.mark.parametrize("callback", LAZY.values(), ids=LAZY)
def test_a_callback_that_would_only_make_a_coroutine_is_refused_with_the_way_to_do_it(core, callback):
    with pytest.raises(TypeError, match=r"would not run when it is called: .*loop\.call_soon_threadsafe\(queue\.put_nowait, report\)"):
        core.subscribe(callback)
    assert not core._gate.bus.has_subscribers


@pytest.mark.parametrize("make", [coroutine, generator, stream])
def test_one_that_gives_back_a_coroutine_all_the_same_has_failed(core, make):
    subscription = core.subscribe(lambda report: make(report))
    with pytest.warns(RuntimeWarning, match=r"gave back a \w+, which nobody runs: give a function"):
        core.submit("AAPL", "BUY", 1, 1, account="alpha")
    assert subscription.failures == 1


@pytest.mark.parametrize("callback", [print, [].append, functools.partial(print, end=""), type("C", (), {"__call__": lambda self, report: None})()])
def test_ordinary_callables_are_taken(core, callback):
    assert core.subscribe(callback).active


def test_the_way_to_do_it_works(core):
    async def listen():
        queue = asyncio.Queue()
        loop = asyncio.get_running_loop()
        core.subscribe(lambda report: loop.call_soon_threadsafe(queue.put_nowait, report), exec_types="NEW")
        await asyncio.to_thread(core.submit, "AAPL", "BUY", 5, 90, account="alpha", cl_ord_id="x")
        return await asyncio.wait_for(queue.get(), 20)

    assert asyncio.run(listen()).cl_ord_id == "x"

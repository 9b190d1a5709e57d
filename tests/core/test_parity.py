"""Parity: the same commands give the same acks, reports, errors and hashes in both backends.

The private modules are imported by name, so that neither can be tested twice; each core runs its own copy of the
input; whole event logs are compared byte for byte. See streams.py for what is sent.
"""

from __future__ import annotations

import inspect
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from conftest import FRESH, check_lifetimes
from lifecycle_stream import LifecycleStream
from streams import INSTRUMENTS, START, Stream

from tradecore._backend import room_module
from tradecore.vocabulary.capacity import Capacity
from tradecore.vocabulary.codes import CommandType as K
from tradecore.vocabulary.codes import Reason, ReportType
from tradecore.vocabulary.fix import ExecType
from tradecore.vocabulary.records import (
    ACK_DTYPE,
    BOOK_DTYPE,
    CODECS,
    FILL_DTYPE,
    HEADER_CODEC,
    NO_PRICE,
    ORDER_DTYPE,
    OUTBOUND_SIZE,
    REPORT_DTYPE,
)
from tradecore.vocabulary.rules import RULES

BACKENDS = ("native", "python")
# The ring of reports holds all of a batch, also where it halts a market or cancels all that works; CRAMPED loses some.
ROOMY = Capacity(instruments=12, accounts=12, venues=5, currencies=4, open_orders=4_096, order_history=1_024,
                 cl_ord_ids=65_536, ids=65_536, events=65_536, order_rate=512, decisions=256, trades=1_024, exec_ids=4_096)
CRAMPED = Capacity(instruments=9, accounts=9, venues=3, currencies=3, books=16, open_orders=64, order_history=16,
                   cl_ord_ids=256, ids=96, events=64, order_rate=8, decisions=8, trades=16, exec_ids=16)
WIDEST = Capacity(instruments=16, accounts=16, venues=8, currencies=4, open_orders=512, order_history=1,
                  cl_ord_ids=4_096, ids=4_096, events=65_536, order_rate=64, decisions=1, trades=1, exec_ids=8)
SHAPES = {  # of a stream: capacity, batch, and the commands of a fresh one
    "roomy": (ROOMY, 200, 8_000), "cramped": (CRAMPED, 8, 4_000), "widest": (WIDEST, 333, 12_000),
    "lifecycle roomy": (ROOMY, 150, 6_000), "lifecycle cramped": (CRAMPED, 8, 3_200), "lifecycle widest": (WIDEST, 300, 9_000),
}
RUNS = [("roomy", 40_000, 1), ("cramped", 20_000, 4), ("widest", 30_000, 7)]
RUNS += [("lifecycle roomy", 30_000, 11), ("lifecycle cramped", 16_000, 13), ("lifecycle widest", 21_000, 15)]
RUNS += [(name, fresh, FRESH) for name, (_, _, fresh) in SHAPES.items()]
LONG_RUNS = [("roomy", 40_000, 2), ("roomy", 40_000, 3), ("cramped", 20_000, 5), ("cramped", 20_000, 6)]
LONG_RUNS += [("lifecycle roomy", 30_000, 12), ("lifecycle cramped", 16_000, 14)]
LONG_RUNS += [(name, 10 * fresh, FRESH) for name, (_, _, fresh) in SHAPES.items()]
RUNS += [pytest.param(*run, marks=pytest.mark.long) for run in LONG_RUNS]

# What the streams met: the last of them asks whether all together were real ones.
MET: Counter[str] = Counter()
REASONS: Counter[int] = Counter()
OBSERVED: Counter[int] = Counter()
COUNTERS = (MET, REASONS, OBSERVED)


def shared(factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, whichever of its processes asks."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "streams"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a stream has met, however it ended, is kept for all processes of the run; the last to end judges all."""
    before, folder = [counter.copy() for counter in COUNTERS], shared(tmp_path_factory)
    yield
    met = [list((counter - was).items()) for counter, was in zip(COUNTERS, before, strict=True)]
    part = folder / f"{request.node.name}.part"
    part.write_text(json.dumps(met))
    part.replace(part.with_suffix(".json"))
    files = [folder / f"{item.name}.json" for item in request.session.items if item.name.startswith("test_streams_give")]
    if len(files) >= sum(not hasattr(run, "marks") for run in RUNS) and all(file.exists() for file in files):
        demand_real_ones(*sum_up(files))


def sum_up(files: list[Path]) -> tuple[Counter[str], Counter[int], Counter[int]]:
    sums: tuple[Counter[str], Counter[int], Counter[int]] = (Counter(), Counter(), Counter())
    for file in files:
        for counter, met in zip(sums, json.loads(file.read_text()), strict=True):
            counter.update(dict(met))
    return sums


def demand_real_ones(met: Counter[str], reasons: Counter[int], observed: Counter[int]) -> None:
    """Every reason was met, and the market traded."""
    assert met["commands"] > 150_000
    missing = [reason.name for reason in Reason if not reasons[reason]]
    assert not missing
    assert met["messages"] > 2_000
    assert met["taken back"] > 100
    assert met["let pass"] > 30
    assert met["orders that trade"] > 0.1 * met["orders"]
    assert met["checks"] > 1_000
    always = {*range(Reason.REFERENCE_PRICE_UNAVAILABLE, Reason.ORDER_RATE + 1), Reason.USER_RULE}
    needed = {Reason.MARK_UNAVAILABLE, Reason.RATE_UNAVAILABLE}  # by a rule that is only observed
    assert always <= set(observed) <= always | needed | {row.reason for row in RULES}
    assert observed.total() > 100


def show_command(number: int, record: bytes) -> str:
    return f"command {number}: {CODECS.get(record[0], HEADER_CODEC).unpack(record)}"


def fail_at(pair: Pair, number: int, what: str, native: object, twin: object) -> NoReturn:
    """Fails with the command and both answers, field by field where they are records."""
    lines = [f"{what} differ", show_command(number, pair.stream.sent[number - 1])]
    if isinstance(native, np.void) and isinstance(twin, np.void):
        names = [name for name in native.dtype.names or () if native[name] != twin[name]]
        lines += [f"  {name}: native {native[name]!r}, twin {twin[name]!r}" for name in names]
    lines += [f"native: {native}", f"twin:   {twin}"]
    pytest.fail("\n".join(lines), pytrace=False)


class Pair:
    """Both cores, each fed with its own copy of one stream."""

    def __init__(self, capacity: Capacity, seed: int, stream: type[Stream] = Stream) -> None:
        self.stream = stream(seed, capacity)
        self.native = room_module("native", "pipeline").Core(capacity)
        self.twin = room_module("python", "pipeline").Core(capacity)
        self.seq = self.lost = self.same_until = self.made = 0
        self.batches: list[tuple[int, int]] = []  # sizes and clocks, to replay

    def both(self, method: str, *args: object) -> object:
        """Asks both cores; an error is an answer. Returns it."""
        answers = [answer_of(core, method, *args) for core in (self.native, self.twin)]
        if answers[0] != answers[1]:
            number, where = self.find_first_difference()
            question = f"{method}({', '.join(str(arg) for arg in args)})"
            fail_at(self, number, f"{where}; answers to {question}", *answers)
        return answers[0]

    def find_first_difference(self) -> tuple[int, str]:
        """The first command after which the state hashes differ, by halving and replaying."""
        low, high = self.same_until, len(self.stream.sent)
        if self._hashes_are_equal_after(high):
            return high, "states are equal"
        while high - low > 1:
            middle = (low + high) // 2
            if self._hashes_are_equal_after(middle):
                low = middle
            else:
                high = middle
        return high, "states differ from this command on"

    def _hashes_are_equal_after(self, count: int) -> bool:
        cores = [room_module(backend, "pipeline").Core(self.stream.capacity) for backend in BACKENDS]
        at = 0
        for size, now in self.batches:
            records = b"".join(self.stream.sent[at : min(at + size, count)])
            for core in cores:
                core.run(np.frombuffer(records, "V128"), np.zeros(len(records) // 128, ACK_DTYPE), now)
            at += size
            if at >= count:
                break
        return bool(cores[0].state_hash() == cores[1].state_hash())

    def run(self, count: int, now: int) -> None:
        """One batch through both: all acks, then all reports."""
        first = len(self.stream.sent) + 1
        records = b"".join(self.stream.take(count))
        self.batches.append((count, now))
        acks = []
        for core in (self.native, self.twin):
            commands = np.frombuffer(bytearray(records), "V128").copy()
            acks.append(np.zeros(count, ACK_DTYPE))
            core.run(commands, acks[-1], now)
            assert commands.tobytes() == records, "a core wrote into its commands"
        (reports, lost), (twin_reports, twin_lost) = (
            core.read_events(self.seq, 1 << 20) for core in (self.native, self.twin))
        different = [(first + i, "acks", acks[0][i], acks[1][i]) for i in range(count) if acks[0][i] != acks[1][i]][:1]
        for a, b in zip(reports, twin_reports, strict=False):
            if a.tobytes() != b.tobytes():
                different.append((int(min(a["command_seq"], b["command_seq"])), "reports", a, b))
                break
        if different:
            fail_at(self, *min(different, key=lambda d: (d[0], d[1] == "acks")))
        assert (len(reports), lost) == (len(twin_reports), twin_lost)
        if self.native.event_hash != self.twin.event_hash:
            fail_at(self, first, "event hashes of the batch from", self.native.event_hash, self.twin.event_hash)
        self.seq = self.native.event_seq
        self.stream.hear(self.native, records, acks[0], reports)
        self.made = self.stream.made
        self._count(records, reports, lost)

    def _count(self, records: bytes, reports: Any, lost: int) -> None:
        MET["commands"] += len(records) // 128
        MET["orders"] += sum(records[at] == K.NEW_ORDER for at in range(0, len(records), 128))
        self.lost += lost
        MET["events lost"] += lost
        OBSERVED.update(reports["reason"][reports["report_type"] == ReportType.RISK_OBSERVED].tolist())
        taker = (reports["exec_type"] == ExecType.TRADE) & (reports["command_kind"] == K.NEW_ORDER)
        MET["orders that trade"] += len(set(reports[taker]["order_id"]) | set(reports[taker]["contra_order_id"]))
        REASONS.update(reports["reason"].tolist())
        MET["let pass"] += int((reports["report_type"] == ReportType.RISK_OVERRIDDEN).sum())
        MET["taken back"] += int(((reports["reason"] == Reason.KILL_SWITCH) & (reports["exec_type"] == ExecType.CANCELED)).sum())

    def hand_out(self, most: int, now: int) -> None:
        """Some of what venues are to be sent, out of both; a command like any other, where anything waits."""
        record, before = CODECS[K.HAND_OUT].pack(kind=K.HAND_OUT, most=most), self.native.command_seq
        messages: Any = self.both("hand_out", record, now)
        MET["messages"] += len(messages[1]) // OUTBOUND_SIZE
        if self.native.command_seq != before:
            self.stream.sent.append(record)
            self.batches.append((1, now))

    def compare_state(self) -> None:
        """Everything that can be asked, here and now."""
        for counter in ("now", "command_seq", "event_seq", "metrics", "lifetimes", "outbound_pending"):
            self.both(counter)
        check_lifetimes(self.native)
        capacity, made = self.stream.capacity, self.native.metrics()["decisions"]
        for instrument in range(capacity.instruments + 2):
            self.both("mark_price", instrument)
            for account in range(capacity.accounts + 2):
                self.both("position", instrument, account)
            for venue in range(capacity.venues + 2):
                self.both("top", instrument, venue)
        for account in range(10):
            for currency in range(4):
                self.both("opening_cash", account, currency)
        for decision in range(max(-1, made - capacity.decisions - 2), made + 2):
            self.both("decision", decision)
        for instrument, account in ((0, 0), (1, 0), (0, 1), (3, 7)):
            self.both("open_orders", instrument, account)
            self.both("trades", instrument, account)
        for instrument in range(-1, 12):
            self.both("suspense", instrument)
            self.both("firm_exposure", instrument)
        for exec_id in [*getattr(self.stream, "exec_ids", [])[-20:], 0, -1, 2**62 + 10**6, -(2**63)]:
            self.both("find_trade", capacity.venues, 0, 0, exec_id)
        for order_id in [*self.stream.order_ids[-60:], 0, -1, 1, self.native.command_seq + 1]:
            self.both("order", order_id)
        for name in [*self.stream.names[-20:], 0, -1, 2**62, 2**62 + 10**6, 2**63 - 1, -(2**63)]:
            self.both("find_order_id", name)
            self.both("text_of", name)
        for text in (*list(self.stream.numbers)[-20:], b"", b"\0", b"a" * 65, b"never", b"7", b"007", b"x\0", b" "):
            self.both("find_text", text)
        for exec_id in range(-1, 40):
            self.both("venue_exec_id", exec_id)
        for order in self.stream.orders[-40:]:
            for command in (order, order[:32] + bytes(24) + order[56:]):  # as it is, then without its used id
                self.both("check", command, START + 10**9)
                MET["checks"] += 1
        self.both("view_events", self.native.event_seq - 5)
        self.both("state_hash")
        self.same_until = len(self.stream.sent)


def answer_of(thing: object, method: str, *args: object) -> object:
    """What a method or a property says, as plain values; what it raises is an answer too."""
    try:
        found = getattr(thing, method)
        return plain(found(*args) if callable(found) else found)
    except Exception as error:
        return type(error).__name__, str(error)


def plain(value: Any) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype, value.tobytes()
    if hasattr(value, "row"):
        return value.order_id, value.row()
    return tuple(plain(part) for part in value) if isinstance(value, (tuple, list)) else value


@pytest.mark.twin
@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(("name", "count", "seed"), RUNS, indirect=["seed"])
def test_streams_give_the_same_everything(name: str, count: int, seed: int) -> None:
    capacity, batch, _ = SHAPES[name]
    pair = Pair(capacity, seed, LifecycleStream if name.startswith("lifecycle") else Stream)
    for number in range(count // batch):
        pair.run(batch, (pair.stream.clock, 0, -5)[number % 3 if number % 7 == 0 else 0])
        if number % 3 == 0 and getattr(pair.stream, "is_read", True):
            pair.hand_out((1, 7, 10_000)[number % 9 // 3], pair.stream.clock)
        if number % (count // batch // 6) == 5:
            pair.compare_state()
    pair.compare_state()
    assert pair.lost == 0 or "cramped" in name


def test_apply_and_submit_answer_alike() -> None:
    pair = Pair(CRAMPED, 11)
    handles: list[tuple[Any, Any]] = []
    for command in pair.stream.take(3_000):
        pair.batches.append((1, START))
        if command[0] == K.NEW_ORDER and command[40] <= 1 and len(handles) < 500:
            handles.append((pair.native.submit(command, START), pair.twin.submit(command, START)))
        else:
            pair.both("apply", command, START)
    for native, twin in handles:  # most are stale by now
        assert native.order_id == twin.order_id
        assert answer_of(native, "row") == answer_of(twin, "row")
    pair.compare_state()


def orders_and_acks(commands: int, acks: int, dtype: Any = ORDER_DTYPE) -> tuple[object, object, int]:
    return np.zeros(commands, dtype), np.zeros(acks, ACK_DTYPE), 0


CALLS: dict[str, tuple[object, ...]] = {
    "short command": ("apply", b"short", 0),
    "long command": ("submit", bytes(129), 0),
    "text command": ("apply", "x" * 128, 0),
    "short check": ("check", b"", 0),
    "zero command": ("apply", bytes(128), 0),
    "unknown kind": ("apply", b"\xff" * 128, 1),
    "no order": ("order", 7),
    "negative order": ("order", -7),
    "submit no order": ("submit", CODECS[K.QUOTE].pack(kind=K.QUOTE), 5),
    "clock beyond 64 bits": ("apply", bytes(128), 2**63),
    "latest clock": ("apply", CODECS[K.MARK].pack(kind=K.MARK, transact_time=2**62), 0),
    "too late a clock": ("apply", CODECS[K.MARK].pack(kind=K.MARK, transact_time=2**62 + 1), 0),
    "latest order": ("submit", CODECS[K.NEW_ORDER].pack(kind=K.NEW_ORDER, transact_time=2**62), 0),
    "too late an order": ("submit", CODECS[K.NEW_ORDER].pack(kind=K.NEW_ORDER, transact_time=2**62 + 1), 0),
    "acks too few": ("run", *orders_and_acks(2, 1)),
    "acks too many": ("run", *orders_and_acks(1, 2)),
    "commands too small": ("run", *orders_and_acks(2, 2, "V64")),
    "no commands": ("run", *orders_and_acks(0, 0)),
    "instrument 0": ("position", 0, 1),
    "account 99": ("position", 1, 99),
    "venue 99": ("top", 1, 99),
    "currency 99": ("opening_cash", 1, 99),
    "decision 0": ("decision", 0),
    "read beyond": ("read_events", 10**9, 5),
    "read before": ("read_events", -5, 5),
    "read less than nothing": ("read_events", -5, -5),
}


@pytest.mark.parametrize("call", CALLS)
def test_odd_calls_get_the_same_answer_or_error(call: str) -> None:
    pair = Pair(CRAMPED, 12)
    pair.run(200, START)
    method, *args = CALLS[call]
    pair.both(str(method), *args)
    pair.both("state_hash")


def test_read_only_acks_are_refused_before_anything_runs() -> None:
    acks = np.zeros(1, ACK_DTYPE)
    acks.flags.writeable = False
    for core in (Pair(CRAMPED, 12).native, Pair(CRAMPED, 12).twin):
        with pytest.raises(ValueError, match="read-only"):
            core.run(np.zeros(1, ORDER_DTYPE), acks, 0)
        assert core.command_seq == 0


def doc_of(thing: object) -> str:
    """What a docstring promises; how threads may use it is each backend's own."""
    return (inspect.getdoc(thing) or "").split("Threads:")[0].strip()


@pytest.mark.parametrize("name", [
    "validation.Validator", "risk.RiskTable", "routing.Router", "book.Book", "ledger.Ledger", "events.EventLog",
    "pipeline.Core", "readers.Readers", "readers.OrderHandle",
])
def test_names_and_docstrings_are_the_same(name: str) -> None:
    room, cls = name.split(".")
    native, twin = (getattr(room_module(backend, room), cls) for backend in BACKENDS)
    assert doc_of(native) == doc_of(twin)
    for method in (n for n in dir(native) if not n.startswith("_")):
        assert hasattr(twin, method), method
        if method not in ("view_events", "order_id"):  # the view's docstring says what only the native one does
            assert doc_of(getattr(native, method)) == doc_of(getattr(twin, method)), method


# ---- the rooms alone


class Rooms:
    """One room's class in both backends."""

    def __init__(self, room: str, cls: str, *args: int) -> None:
        self.native, self.twin = (getattr(room_module(backend, room), cls)(*args) for backend in BACKENDS)

    def both(self, method: str, *args: object) -> object:
        native, twin = (answer_of(room, method, *args) for room in (self.native, self.twin))
        assert native == twin, f"{method}{args}: native {native}, twin {twin}"
        return native

    def define(self) -> None:
        """Every definition of a stream, the bad ones too."""
        for record in Stream(1, ROOMY).take(60):
            if record[0] == K.DEFINE_INSTRUMENT:
                self.both("define", record)


def some_orders(seed: int, count: int) -> Any:
    records = b"".join(c for c in Stream(seed, ROOMY).take(count) if c[0] == K.NEW_ORDER)
    return np.frombuffer(records, ORDER_DTYPE)


def test_validator_alone() -> None:
    rooms = Rooms("validation", "Validator", 8, 5)
    rooms.define()
    rooms.both("validate", some_orders(3, 20_000))
    rooms.both("validate", np.zeros(3, "V64"))


def test_risk_table_alone() -> None:
    rooms, validators = Rooms("risk", "RiskTable", 8, 12, 16), Rooms("validation", "Validator", 8, 5)
    rooms.define()
    validators.define()
    pick, orders = random.Random(5), some_orders(4, 20_000)
    orders = orders[validators.native.validate(orders) == 0]
    for step in range(300):
        account, value = pick.randrange(1, 9), pick.choice((-1, -1, -1, 10**9, 10**13, 7, 0))
        rooms.both("set_limit", account, pick.randrange(-1, 6), value, pick.choice((10**7, 0)))
        reference2 = pick.choice((NO_PRICE, 10_000, 1_000_001, 2**63 - 1, -4))
        batch = orders[step * 20 : step * 20 + 20]
        rooms.both("admit", batch, reference2)
        for order in batch:
            rooms.both("check", order.tobytes(), reference2)
        instrument, side, qty = pick.randrange(1, 9), pick.choice((1, 2)), pick.choice((1, 5, 100))
        rooms.both("fill" if step % 2 else "release", instrument, account, side, qty)
        rooms.both("exposure", instrument, account)
        if step % 17 == 0:
            scope, target = pick.randrange(-1, 5), pick.randrange(5)
        if step % 17 in (0, 1):
            rooms.both("kill", scope, target, step % 17 == 0)


def test_router_alone() -> None:
    rooms = Rooms("routing", "Router", 12, 8)
    rooms.define()
    pick, orders, now = random.Random(6), some_orders(6, 3_000), 0
    for venue in range(1, 6):
        fees: dict[str, int | bytes] = {"taker_fee_ppm": 100 * (venue % 3)}
        rooms.both("add_venue", CODECS[K.DEFINE_VENUE].pack(kind=K.DEFINE_VENUE, **fees))
    for step in range(3_000):
        now += pick.randrange(10**7)
        instrument, side = pick.randrange(1, 9), pick.choice((1, 2))
        mid, tick = INSTRUMENTS[instrument - 1][1], INSTRUMENTS[instrument - 1][3]["tick"]
        price = (mid + pick.randrange(2)) * tick
        rooms.both("set_top", instrument, side, pick.randrange(7), price, pick.randrange(3), step)
        rooms.both("rank", instrument, side, now)
        if step % 10 == 0:
            rooms.both("route", orders[:50], now)


def test_book_alone() -> None:
    rooms, pick = Rooms("book", "Book", 300), random.Random(7)
    for _ in range(200):
        rows = np.zeros(50, BOOK_DTYPE)
        for row in rows:
            row["op"], row["side"] = pick.choice((1, 1, 2)), pick.choice((1, 2))
            row["price"], row["qty"] = pick.randrange(-40, 40), pick.randrange(1, 50)
            row["number"] = pick.randrange(300)
        rooms.both("play", rows)
        side, price, number = pick.choice((1, 2)), pick.randrange(-60, 60), pick.randrange(-1, 302)
        rooms.both("take", side, price, pick.randrange(90))
        rooms.both("add", number, side, price, 5)
        rooms.both("cancel", number)
        for side in (1, 2):
            rooms.both("depth", side)
            rooms.both("best", side)


def test_ledger_alone() -> None:
    rooms, pick = Rooms("ledger", "Ledger", 12, 8), random.Random(8)
    rooms.define()
    for _ in range(200):
        fills = np.zeros(20, FILL_DTYPE)
        for row in fills:
            row["instrument"], row["account"] = pick.randrange(1, 9), pick.randrange(1, 9)
            row["qty"], row["price"] = pick.randrange(1, 99) * pick.choice((1, -1)), pick.randrange(-9_999, 99_999)
            row["fee"] = pick.randrange(-5, 500)
        if pick.random() < 0.1:
            fills[7]["qty"] = pick.choice((0, 2**60))
        rooms.both("apply_fills", fills)
        for instrument in range(10):
            for account in range(10):
                rooms.both("position", instrument, account)


def test_event_log_alone() -> None:
    rooms, pick = Rooms("events", "EventLog", 32), np.random.default_rng(9)
    for count in (1, 0, 31, 40, 5):
        rooms.both("publish", pick.integers(0, 256, REPORT_DTYPE.itemsize * count, np.uint8).view(REPORT_DTYPE))
        for after, limit in ((0, 100), (30, 3), (10**6, 1), (-9, 2)):
            rooms.both("read", after, limit)
        rooms.both("digest")

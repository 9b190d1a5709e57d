"""The event bus: reports to callbacks, after the command that made them, each in order and once. It decides nothing.

Every subscription has a bounded queue and says what becomes of reports that do not fit: the oldest are dropped and
counted, or the subscription ends. Nothing is lost in silence: a warning says so, and the subscription counts it. To
wait for room (the policy `block`) is refused: callbacks run on the thread of the command, which would wait for itself.

The core knows what each subscription hears, and notes the first report that one of them wants: until there is one,
nothing is read and nobody is asked.
"""

from __future__ import annotations

import inspect
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, NoReturn

from ..vocabulary.codes import MsgType, ReportType
from ..vocabulary.fix import ExecType, FixEnum
from ..vocabulary.names import Directory
from ..vocabulary.reports import Report, ReportReader, find_oldest, read_reports
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import check_int

Callback = Callable[[Report], object]
CALLBACK_FAILURES = 3
QUEUE_CAPACITY = 65_536
QUEUE_CAPACITY_MAX = 2**24
POLICIES = ("drop", "disconnect")
FILTERS, READ_AT_ONCE = 64, 1024
ANY = 2**64 - 1
HEARS_ALL = (ANY, ANY, 0, 0)


class Subscription:
    """One subscription: what it hears, what waits for it, and what became of it. Calling it ends it.

    `delivered`, `failures` (calls that raised), `dropped` (reports that found its queue full, or waited in it when it
    was disconnected) and `lost` (reports, whatever they told, that were overwritten before the bus could read them,
    from the first on that anybody wanted) count from 0. `last_seq` is the last report that it was called with:
    `subscribe(..., after=last_seq)` goes on there. The same callback may have several. Threads: any.
    """

    callback: Callback
    capacity: int
    policy: str

    def __init__(
        self, bus: EventBus, callback: Callback, report_types: frozenset[int] | None, exec_types: frozenset[int] | None,
        account: int, instrument: int, capacity: int, policy: str,
    ) -> None:
        self._bus, self.callback, self.capacity, self.policy = bus, callback, capacity, policy
        self._report_types, self._exec_types = report_types, exec_types
        self._account, self._instrument = account, instrument
        self._hears_all = (report_types, exec_types, account, instrument) == (None, None, 0, 0)
        self.queue: deque[Report] = deque()
        self.delivered = self.failures = self.dropped = self.lost = self.last_seq = 0

    def __call__(self) -> None:
        """End it: nothing more is delivered, nor what is still waiting. Ending it twice does no harm."""
        self._bus.end(self)

    @property
    def active(self) -> bool:
        """Whether it still hears anything: it was not ended, disconnected, or removed for its failures."""
        return self in self._bus.subscriptions

    def wants(self, row: Any) -> bool:
        """Whether a report's row is one that it asked for."""
        if self._hears_all:
            return True
        if self._report_types is not None and row.report_type not in self._report_types:
            return False
        if self._exec_types is not None and (
            row.report_type != ReportType.EXECUTION_REPORT or row.exec_type not in self._exec_types
        ):
            return False
        return self._account in (0, row.account) and self._instrument in (0, row.instrument)

    def filter(self) -> tuple[int, int, int, int]:
        """The same as the core knows it: a bit for each word, all bits for any."""
        types, execs = (ANY if words is None else sum(1 << word for word in words)
                        for words in (self._report_types, self._exec_types))
        return types, execs, self._account, self._instrument

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "subscribe again")

    def __repr__(self) -> str:
        return (f"<Subscription of {self.callback!r}{'' if self.active else ', ended'}: delivered={self.delivered} "
                f"waiting={len(self.queue)} dropped={self.dropped} lost={self.lost} failures={self.failures}>")


class EventBus:
    """Delivers reports to the subscriptions, report by report, in the order in which they subscribed.

    The outermost call delivers: what a callback commands runs at once, and its reports wait for the loop that is
    running; so do those of another thread's command meanwhile, and those of a command that comes from inside of the bus
    itself: from a signal's handler, or a finalizer.
    """

    def __init__(self, core: Any, directory: Directory) -> None:
        self._core, self._directory = core, directory
        self._cursor = 0  # the last report that was read, or that nobody wants
        self.subscriptions: tuple[Subscription, ...] = ()  # replaced, never changed: any thread may walk it
        # The same in one list, and whether somebody may still wait for a delivery that did not end: a compiled door
        # asks if they are empty, and the core whether it has anything that is wanted.
        self.listening: list[Subscription] = []
        self.restless: list[bool] = []
        self._delivering, self._reading = threading.Lock(), threading.RLock()
        self._owned: Callable[[], bool] = self._reading._is_owned  # type: ignore[attr-defined]  # Condition uses it
        self._core_is_inside: Callable[[], bool] | None = getattr(core, "is_inside", None)
        self._is_distributing = False
        self._came_inside = False  # a command whose reports are still to be told of
        self._complaints: deque[str] = deque()

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody listens."""
        return bool(self.subscriptions)

    def subscribe(
        self, callback: Callback, *, exec_types: object, report_types: object, account: str | None, symbol: str | None,
        capacity: int, policy: str, after: int | None,
    ) -> Subscription:
        """A subscription to what is to come, and with `after` to what came after that report, if it is still held."""
        if not callable(callback):
            raise TypeError(f"callback must be callable, not {type(callback).__name__}")
        if is_lazy(callback):
            raise TypeError(f"callback {show(callback)} would not run when it is called: {LAZY}")
        subscription = Subscription(
            self, callback,
            _words(ReportType, report_types, "report_types"), _words(ExecType, exec_types, "exec_types"),
            0 if account is None else self._directory.accounts.id(account),
            0 if symbol is None else self._directory.symbols.id(symbol),
            check_int(capacity, "capacity", 1, QUEUE_CAPACITY_MAX), _check_policy(policy),
        )
        if after is not None:
            after = check_int(after, "after", 0, 2**62)
        if self._core_is_inside is not None and self._core_is_inside():
            raise RuntimeError("subscribe(): not from inside of a command of the plain-Python core")
        with self._reading:
            full = self._add(subscription, after)
        self._disconnect(full)
        return subscription

    def _is_inside(self) -> bool:
        """Is this thread reading for the bus, or inside of the core (in plain Python)? Then this is a signal's handler
        or a finalizer: it must wait for no lock, and tell nobody. Who is there does so afterwards."""
        return self._owned() or (self._core_is_inside is not None and self._core_is_inside())

    def _add(self, subscription: Subscription, after: int | None) -> list[Subscription]:
        full: list[Subscription] = []
        if self.subscriptions:
            full = self._read_new()
        else:
            self._cursor = self._core.event_seq
        if after is not None:
            self._replay(subscription, after)
        subscription.last_seq = self._cursor if after is None else after
        self.subscriptions += (subscription,)
        self._listen(after=self._cursor)
        return full

    def _listen(self, after: int) -> None:
        """Tells the core what is heard, also of what came after a report; what nobody hears is never decoded."""
        self.listening[:] = self.subscriptions
        filters = [one.filter() for one in self.subscriptions]
        self._core.watch_events(filters if len(filters) <= FILTERS else [HEARS_ALL], after)

    def _replay(self, subscription: Subscription, after: int) -> None:
        """Queues what is held after a report: no more than the ring holds, whatever the queue's capacity. A gap behind
        it (a view held the ring) is counted as lost; who would rather end than miss something is refused."""
        newest = self._cursor
        if after > newest:
            raise ValueError(f"after {after} is beyond the last report: {newest}")
        past = ReportReader(self._core, self._directory, after)
        reports = [report for report in past if report.seq <= newest]
        oldest = find_oldest([report.seq for report in reports], newest, gapless=subscription.policy == "disconnect")
        if oldest > after + 1:
            raise LookupError(f"after {after}: the oldest report that is still held is {oldest}; ask for it with "
                              f"after={oldest - 1}")
        subscription.lost = newest - after - len(reports)
        if subscription.lost:
            self._complain(f"{subscription.lost} reports after {after} were dropped while a view held the ring")
        subscription.queue.extend(report for report in reports if subscription.wants(report.row))

    def end(self, subscription: Subscription) -> int:
        """Take a subscription off the bus; how many reports still waited for it."""
        if self._is_inside():
            return self._remove(subscription)
        with self._reading:
            waited = self._remove(subscription)
        if self._came_inside:
            self.deliver()
        return waited

    def _remove(self, subscription: Subscription) -> int:
        self.subscriptions = tuple(one for one in self.subscriptions if one is not subscription)
        if self._is_inside():  # what the core is told of later only costs until then
            self.listening[:] = self.subscriptions
        else:
            self._listen(after=self._cursor)
        waited = len(subscription.queue)
        subscription.queue.clear()
        return waited

    # ---- from the ring into the queues

    def collect(self) -> None:
        """Copy what is new out of the ring, before it can be overwritten; deliver later."""
        if self.subscriptions and not self._is_inside():
            with self._reading:
                full = self._read_new()
            self._disconnect(full)

    def _read_new(self) -> list[Subscription]:
        """Into the queues; the subscriptions that are to be disconnected, for they would miss something."""
        if self._is_distributing:  # from inside: what was read before this must be queued before
            return []
        self._is_distributing = True
        try:
            return self._distribute()
        finally:
            self._is_distributing = False

    def _distribute(self) -> list[Subscription]:
        subscriptions, lost, dropped = self.subscriptions, 0, dict[Subscription, int]()
        more = True
        while more:
            rows, missed, self._cursor = self._core.read_wanted(self._cursor, READ_AT_ONCE)
            lost, more = lost + missed, self._core.has_wanted
            for report in read_reports(rows, self._directory):
                row = report.row
                for one in subscriptions:
                    if not one.wants(row):
                        continue
                    if len(one.queue) >= one.capacity:
                        dropped[one] = dropped.get(one, 0) + 1
                        if one.policy != "drop":
                            continue
                        one.queue.popleft()
                    one.queue.append(report)
        if lost:
            self._complain(f"{lost} reports were overwritten before they could be delivered: "
                           "raise the capacity `events`")
        for subscription in subscriptions:
            subscription.lost += lost
            count = dropped.get(subscription, 0)
            subscription.dropped += count
            if count and subscription.policy == "drop":
                self._complain(f"{count} reports for {show(subscription.callback)} found its queue of "
                               f"{subscription.capacity} full: the oldest were dropped")
        return [one for one in subscriptions if one.policy == "disconnect" and (lost or one in dropped)]

    def _disconnect(self, subscriptions: list[Subscription]) -> None:
        for one in subscriptions:
            if one.active:
                one.dropped += self.end(one)
                self._complain(f"{show(one.callback)} was disconnected: its queue of {one.capacity} was full, and "
                               f"{one.dropped} reports were dropped ({one.lost} overwritten); the last that it heard "
                               f"is {one.last_seq}")

    # ---- out to the callbacks

    def deliver(self) -> None:
        """Call back with everything that is new."""
        if not self.subscriptions and not self._complaints:
            return
        if self._is_inside():
            self._came_inside = True
            return
        if sys.is_finalizing():
            return  # a daemon thread may have been kept from leaving, with a lock that is waited for below
        self._came_inside = False
        self.restless[:] = [True]
        while self.subscriptions and (
            self._core.has_wanted or any(one.queue for one in self.subscriptions)
        ):
            # What a callback or another thread commands meanwhile is taken out of the ring; who delivers tells of it.
            self.collect()
            if not self._delivering.acquire(blocking=False):
                return
            try:
                while (taken := self._take()) is not None:
                    self._call(*taken)
            finally:
                self._delivering.release()
        # Only now: a complaint must not keep a report from another subscriber.
        while self._complaints:
            complain(self._complaints.popleft(), 4)
        self.restless.clear()

    def _take(self) -> tuple[Subscription, Report] | None:
        """Whose turn it is, with what: the oldest report first, and of one report who subscribed first."""
        with self._reading:
            return self._take_oldest()

    def _take_oldest(self) -> tuple[Subscription, Report] | None:
        waiting = [one for one in self.subscriptions if one.queue]
        if not waiting:
            return None
        subscription = min(waiting, key=lambda one: one.queue[0].seq)
        return subscription, subscription.queue.popleft()

    def _call(self, subscription: Subscription, report: Report) -> None:
        subscription.last_seq = report.seq
        subscription.delivered += 1
        try:
            answer = subscription.callback(report)
            if answer is not None and isinstance(answer, (CoroutineType, GeneratorType, AsyncGeneratorType)):
                if isinstance(answer, CoroutineType):
                    answer.close()  # or Python complains that nobody awaited it
                raise TypeError(f"it gave back a {type(answer).__name__}, which nobody runs: {LAZY}")
        except Exception as error:  # one subscriber's bug must not reach the core or another subscriber
            self._count_failure(subscription, error)

    def _count_failure(self, subscription: Subscription, error: Exception) -> None:
        subscription.failures += 1
        said = f"({subscription.failures} of {CALLBACK_FAILURES} failures)"
        if subscription.failures >= CALLBACK_FAILURES:
            said = "and was removed"
            waited = self.end(subscription)
            if waited:
                said += f", with {waited} reports waiting for it"
        self._complain(f"report callback {show(subscription.callback)} raised {show(error)} {said}")

    def _complain(self, text: str) -> None:
        self._complaints.append(text)


LAZY = ("give a function that hands reports to the loop, `lambda report: loop.call_soon_threadsafe(queue.put_nowait, "
        "report)` with an asyncio.Queue, and await `queue.get()` there")


_LAZY = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def is_lazy(callback: Callback) -> bool:
    """Would calling it only make a coroutine or a generator?"""
    called: Any = callback
    while isinstance(called, partial):
        called = called.func
    if not hasattr(called, "__code__") and not hasattr(called, "__func__"):
        called = getattr(type(called), "__call__")  # noqa: B004, B009  # it is callable: whose code is asked for
    code = getattr(getattr(called, "__func__", called), "__code__", None)
    return code is not None and code.co_flags & _LAZY != 0


def complain(text: str, stacklevel: int) -> None:
    """A RuntimeWarning about something beside the call, which is done. Where warnings are errors it goes to
    threading.excepthook instead: raised, it would hide from the caller what the call has done, a trade perhaps."""
    try:
        warnings.warn(text, RuntimeWarning, stacklevel=stacklevel)
    except RuntimeWarning as error:
        threading.excepthook(threading.ExceptHookArgs(
            (type(error), error, error.__traceback__, threading.current_thread())))


def show(thing: object) -> str:
    """Its repr, or its type's name where that raises."""
    try:
        return repr(thing)
    except Exception:  # a subscriber's own: it must not reach the core's caller
        return f"a {type(thing).__name__}"


def _words(kind: type[FixEnum], given: object, name: str) -> frozenset[int] | None:
    """The words of a filter: one, or several; None is every one."""
    if given is None:
        return None
    several: Iterable[object] = given if isinstance(given, (list, tuple, set, frozenset)) else [given]
    for word in several:
        if isinstance(word, MsgType) or (isinstance(word, str) and word.strip().upper() in MsgType.__members__):
            raise ValueError(f"{name} {word!s}: what venues are to be sent is no report: read outbound()")
    words = frozenset(int(kind.parse(word, name)) for word in several)
    if not words:
        raise ValueError(f"{name} {given!r} names none: leave it out for every one")
    return words


def _check_policy(policy: object) -> str:
    if not isinstance(policy, str):
        raise TypeError(f"policy must be a str, not {type(policy).__name__}")
    if policy == "block":
        raise ValueError("policy 'block': callbacks run on the thread of the command, which would wait for itself; "
                         "take 'drop' or 'disconnect'")
    if policy not in POLICIES:
        raise ValueError(f"policy {policy!r} is not one of drop, disconnect (or block, which inline mode refuses)")
    return policy

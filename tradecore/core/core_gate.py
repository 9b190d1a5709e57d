"""The gate: one backend core, its clock, its names and its bus. Every engine's commands go through here.

It knows no order, no venue and no rule.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

from .._backend import choose_backend, room_module
from ..orders.order import Order
from ..risk.callables import CallableRule, ask_callables, refusal_text, view_order, without_words
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, Reason, ReportType
from ..vocabulary.gate import RefusedError, Words
from ..vocabulary.later import LaterHandle
from ..vocabulary.names import Directory
from ..vocabulary.reasons import reason_text
from ..vocabulary.records import CODECS, NAMELESS, NEW_ID, NO_ROOM, REPORT_CODEC, TEXT_SIZE, TIME_MAX, VERSION
from ..vocabulary.reports import Report
from ..vocabulary.scalars import demand_plain
from ..vocabulary.time_units import demand_nanoseconds
from ..vocabulary.units import demand_type
from .bus import EventBus

_REFUSAL_SHARE = 16  # what rules in Python say fills the table of ids so far: one part of so many


class CoreGate:
    """One core behind its names (see vocabulary.gate.Gate). Threads: any may call; one lock per core."""

    def __init__(self, capacity: Capacity | None, clock: Callable[[], int], backend: str | None) -> None:
        demand_type(capacity, (Capacity, type(None)), "capacity")
        if not callable(clock):
            raise TypeError(f"clock must be callable, not {type(clock).__name__}")
        chosen = choose_backend(backend)
        self.backend: str = chosen.name
        self.capacity: Capacity = capacity or Capacity()
        self.core: Any = chosen.pipeline.Core(self.capacity)
        self.clock = clock
        self.names: Directory = Directory(self.core)
        self._order_type: Any = Order if self.backend == "python" else room_module("native", "live_order").Order
        self.asked: list[CallableRule] = []  # one list for good: a compiled door looks at its length
        self._judging = threading.local()  # what a thread asks them may not be asked by them
        self._refusals, self._counting = 0, threading.Lock()  # texts of theirs that were given numbers
        self.bus: EventBus = EventBus(self.core, self.names)
        if chosen.name == "python":  # what comes inside of a command there runs after it, and is told of then
            self.core.hear_later(weakref.WeakMethod(self.bus.deliver))

    def submit(self, record: bytes) -> Any:
        """Run a NEW_ORDER record; the backend's handle to the order."""
        handle = self.core.submit(record, self.time())
        if handle.__class__ is not LaterHandle:
            self.bus.deliver()
        return handle

    def order(self, handle: Any) -> Order:
        """The live order of a backend's handle."""
        order: Order = self._order_type(handle, self.names)
        return order

    def command(self, kind: CommandType, name: str = "", /, **fields: int | bytes | None) -> Report | None:
        """Run a command that has no order, a definition with its `name`; the report that answers it, None where it is
        told of later. RefusedError, naming field, value and bound, where it is refused."""
        if name:
            fields["cl_ord_id"] = self.core.find_text(name.encode("ascii")) or self._intern(name.encode("ascii"), True)
        report = self._run(kind, **fields)
        if report is not None and report.is_later:  # in plain Python, from inside of a command: it is told of after it
            return None
        self.bus.deliver()
        if report is not None and report.report_type is ReportType.BUSINESS_REJECT:
            self.refuse(kind, name, report)
        return report

    def refuse(self, kind: CommandType, name: str, report: Report) -> NoReturn:
        """Raises RefusedError with what a report says, naming field, value and bound."""
        row = report.row
        instrument = row.instrument if kind != CommandType.DEFINE_INSTRUMENT else 0
        text = reason_text(kind, row.reason, row.value, row.bound, instrument, self.names)
        raise RefusedError(f"{kind.name}{name and ' '}{name} refused: {text}")

    def ask(self, kind: CommandType, words: Words | None = None, /, **fields: int | bytes | None) -> Report:
        """Run a command about an order; the report that answers it. Ids are texts (b"": none; None: what is no id).
        `words` gives the number of its note, from the ids for whose texts the core has no room."""
        report = self._run(kind, words, **fields)
        if report is None or not report.is_later:
            self.bus.deliver()
        if report is None:
            self.refuse_silence(kind)
        return report

    def refuse_silence(self, kind: CommandType) -> NoReturn:
        """Raises LookupError: a command's answer is gone."""
        raise LookupError(f"{kind.name} is done, but its answer was overwritten by what followed from it: raise "
                          "the capacity `events`")

    def id_of(self, text: bytes | None) -> int:
        """The number of an id's text, interned where it is new; 0 of none (b""), and for what has none (None, a full
        table) one that the core refuses."""
        if not text:
            return 0 if text is not None else NAMELESS
        return self.core.find_text(text) or self._intern(text, False)

    def note(self, text: bytes) -> int:
        """The number of a free text (see vocabulary.note_text), 0 of none."""
        number, codec = 0, CODECS[CommandType.NOTE]
        for at in range(0, len(text), TEXT_SIZE):
            piece = text[at : at + TEXT_SIZE]
            ack, _ = self.core.apply(codec.pack(kind=CommandType.NOTE, version=VERSION, cl_ord_id=number, text=piece),
                                     self.time())
            if ack is None:
                raise RuntimeError("a text can't be given its number from inside of another command in the "
                                   "plain-Python core: tell it after it")
            number = int(ack.order_id)
        return number

    def judge(self, facts: Any, order_id: int = 0) -> str:
        """Why a rule in Python refuses an order, of its NEW_ORDER command or of its row as a replace asks for it; empty
        where none does. Raises RuntimeError where a rule that is being asked asks itself."""
        if not self.asked:
            return ""
        if getattr(self._judging, "asks", False):
            raise RuntimeError("a rule in Python may read the core; it can't submit, replace or check")
        named = self.names.text_of(facts.cl_ord_id) if facts.cl_ord_id > 0 else ""
        self._judging.asks = True
        try:
            return ask_callables(self.asked, view_order(self.names, facts, order_id, named))
        finally:
            self._judging.asks = False

    def refusal_id(self, said: str) -> int:
        """The number by which a record says that a rule in Python refuses it, and why; 0 where none does. Orders need
        the table of ids: once such texts have their share of it, what the rule says is left out, and the whole text
        where the table has no room."""
        text = refusal_text(said)
        if text and not self.core.find_text(text):
            with self._counting:
                has_room = self._refusals < self.capacity.ids // _REFUSAL_SHARE
                self._refusals += has_room
            text = text if has_room else refusal_text(without_words(said))
        return self.id_of(text)

    def known_id(self, text: bytes) -> int:
        """As `id_of`, for a question: nothing is interned."""
        return self.core.find_text(text) or NEW_ID if text else 0

    def _intern(self, text: bytes, strict: bool) -> int:
        ack, answer = self.core.apply(CODECS[CommandType.INTERN].pack(kind=CommandType.INTERN, version=VERSION,
                                                                      text=text), self.time())
        if ack is None:
            raise RuntimeError(f"{text.decode()} is new, and can't be given its number from inside of another command "
                               "in the plain-Python core: intern it before")
        if ack.report_type != ReportType.BUSINESS_REJECT:
            return int(ack.order_id)
        self.bus.deliver()
        if not strict:
            return NO_ROOM if ack.reason == Reason.IDS_FULL else NAMELESS
        row = REPORT_CODEC.unpack(answer)
        raise RefusedError(f"INTERN {text.decode()} refused: "
                           f"{reason_text(CommandType.INTERN, row.reason, row.value, row.bound, 0, self.names)}")

    def _run(self, kind: CommandType, words: Words | None = None, /, **fields: int | bytes | None) -> Report | None:
        """Run a command, its ids interned last; the report that answers it; None where none is held."""
        told: dict[str, Any] = fields
        no_room: dict[str, bytes] = {}
        for name, value in fields.items():
            if (value is None or isinstance(value, bytes)) and name != "text":  # which is a text itself
                told[name] = self.id_of(value) if value != b"" else 0
                if value and told[name] == NO_ROOM:
                    no_room[name] = value
        if words is not None:
            told["note"] = words(no_room)
        answer = self.core.apply(CODECS[kind].pack(kind=kind, version=VERSION, **told), self.time())[1]
        return Report(answer, self.names) if answer else None

    def time(self) -> int:
        """The clock's time, ns UTC. Raises TypeError or ValueError where it gives none, or a time in another unit."""
        return self.read_time(self.clock())

    def read_time(self, now: Any) -> int:
        """What the clock gave, as ns UTC. Raises TypeError or ValueError where that is no time, or another unit's."""
        if isinstance(now, bool) or not isinstance(now, int):
            now = demand_plain(now, (int,), "clock", "a callable that gives int nanoseconds")
        if not 0 <= now <= TIME_MAX:
            raise ValueError(f"clock gave {now} ns, outside 0 to {TIME_MAX}")
        return demand_nanoseconds(now, "clock", self.core)

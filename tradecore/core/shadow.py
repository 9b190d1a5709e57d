"""A second core beside the first, on the same commands: another backend, or another configuration. The first answers
and is never harmed; the second is only watched. The first difference is kept with both sides, event by event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..vocabulary.codes import CommandType, Reason, ReportType
from ..vocabulary.fix import ExecType, FixEnum, OrdRejReason, OrdStatus
from ..vocabulary.records import ACK_DTYPE, CODECS, COMMAND_SIZE, HEADER_CODEC, REPORT_CODEC, as_bytes
from .bus import complain, show
from .trading_core import TradingCore

Array = Any
_WORDS: dict[str, type[FixEnum]] = {
    "exec_type": ExecType, "ord_status": OrdStatus, "reason": Reason, "ord_rej_reason": OrdRejReason,
    "report_type": ReportType,
}


@dataclass(frozen=True, slots=True)
class ShadowDifference:
    """Where two cores parted: the command, and what each said to it. `fields` names what differs: {field: (ours, its)}.

    `what` is `report`, `ack`, `message` (to a venue), or `error` where the second core raised. What only one core made
    has None on the other side.
    """

    command_seq: int
    command: Any
    what: str
    event_seq: int | None
    first: Any
    second: Any
    fields: dict[str, tuple[Any, Any]]

    def __str__(self) -> str:
        kind = self.command.kind
        word = CommandType(kind).name if kind in CommandType._value2member_map_ else f"kind {kind}"
        place = f", event {self.event_seq}" if self.event_seq is not None else ""
        lines = [f"first difference at command {self.command_seq} ({word}){place}: {self.what}", f"  {self.command}"]
        lines += [f"  {name:<20} first {_word(name, ours):>24}   second {_word(name, its):>24}"
                  for name, (ours, its) in self.fields.items()]
        for side, row in (("first", self.first), ("second", self.second)):
            lines += [f"  {side}: {row if row is not None else 'nothing'}"]
        return "\n".join(lines)


def _word(name: str, value: Any) -> str:
    words = _WORDS.get(name)
    return words(value).name if words is not None and value in words._value2member_map_ else str(value)


@dataclass(frozen=True, slots=True)
class ShadowCost:
    """What shadowing took: commands compared, and ns in the first core, in the second, and in comparing.

    `uncompared` counts reports that a held event view kept out of a ring: they could not be compared.
    """

    commands: int
    uncompared: int
    first_ns: int
    second_ns: int
    compare_ns: int

    @property
    def ratio(self) -> float:
        """How many times as long a command takes with the shadow as without."""
        return (self.first_ns + self.second_ns + self.compare_ns) / self.first_ns if self.first_ns else 1.0


class ShadowCore(TradingCore):
    """A TradingCore with a second one beside it, which gets every command that comes after the set-up.

    `shadow` holds what the second core is built with instead: `{"backend": "python"}`, `{"limits": ...}`. Both must
    take equally many commands to set up, so that reports name the same ones. After the first difference the second core
    is left alone; the first goes on. `on_difference` is called with it once; left out, it is warned about
    (RuntimeWarning).
    Threads: any may call; a command runs in both cores before the next.
    """

    def __init__(
        self, *, shadow: Mapping[str, Any], on_difference: Callable[[ShadowDifference], object] | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(shadow, Mapping):
            raise TypeError(f"shadow must be a mapping of TradingCore's arguments, not {type(shadow).__name__}")
        # Both cores read them: an iterator would be empty the second time.
        kept: dict[str, Any] = {
            name: list(value) if isinstance(value, Iterable) and not isinstance(value, (Mapping, str)) else value
            for name, value in settings.items()
        }
        super().__init__(**kept)
        self.shadow: TradingCore = TradingCore(**{**kept, **shadow})
        self._close_door()  # the compiled calls know only one core
        rings = min(self.capacity.events, self.shadow.capacity.events)
        self._gate.core = self._mirror = _Mirror(self._gate.core, self.shadow._gate.core, rings, on_difference or _warn)

    @property
    def difference(self) -> ShadowDifference | None:
        """The first difference, or None."""
        return self._mirror.difference

    def shadow_cost(self) -> ShadowCost:
        """What shadowing took so far."""
        m = self._mirror
        return ShadowCost(m.compared, m.uncompared, m.first_ns, m.second_ns, m.compare_ns)


def _warn(difference: ShadowDifference) -> None:
    complain(f"the shadow has parted from the core: {difference}", 7)


class _Mirror:
    """Stands where a backend's core stood: what changes state goes to both cores; questions go to the first alone."""

    def __init__(self, first: Any, second: Any, ring: int, tell: Callable[[ShadowDifference], object]) -> None:
        for name in ("command_seq", "event_seq"):
            ours, its = getattr(first, name), getattr(second, name)
            if ours != its:
                raise ValueError(f"after the set-up {name} is {ours} in the first core and {its} in the second: their "
                                 "orders and reports would have different numbers")
        self.first, self.second = first, second
        self.difference: ShadowDifference | None = None
        self.compared = self.uncompared = self.first_ns = self.second_ns = self.compare_ns = 0
        self._tell = tell
        self._piece = max(1, ring // 8)  # few enough that neither ring of reports overwrites one
        self._seen = first.event_seq  # of both: they part with the first difference
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.first, name)

    def run(
        self, commands: Array, acks: Array, now: int, timed: bool = False, sealed: bool = False, watched: bool = False
    ) -> int:
        """A batch, piece by piece; where it is `watched`, one piece. How many records have run."""
        with self._lock:
            for at in range(0, max(1, len(commands)), self._piece):
                piece, answers = commands[at : at + self._piece], acks[at : at + self._piece]
                theirs = np.zeros(len(answers), ACK_DTYPE)
                before = self.first.command_seq
                self._first(self.first.run, piece, answers, now, timed, sealed)
                records = as_bytes(piece).tobytes()
                self._second(records, before, answers, theirs, self.second.run, piece, theirs, now, False, sealed)
                if watched:
                    return len(piece)
        return len(commands)

    def seal_batches(self, kinds: Iterable[int]) -> None:
        """What no batch may have, in both cores."""
        with self._lock:
            self.first.seal_batches(kinds)
            self.second.seal_batches(kinds)

    def apply(self, command: bytes, now: int) -> tuple[Any, bytes]:
        """One command; the first core's answer."""
        with self._lock:
            before = self.first.command_seq
            answer: tuple[Any, bytes] = self._first(self.first.apply, command, now)
            self._second(command, before, None, None, self.second.apply, command, now)
            return answer

    def submit(self, command: bytes, now: int) -> Any:
        """One order; the first core's handle."""
        with self._lock:
            before = self.first.command_seq
            handle = self._first(self.first.submit, command, now)
            self._second(command, before, None, None, self.second.submit, command, now)
            return handle

    def hand_out(self, command: bytes, now: int) -> Array:
        """What venues are to be sent, out of both cores; the first one's."""
        with self._lock:
            before, theirs = self.first.command_seq, []
            given: Array = self._first(self.first.hand_out, command, now)
            if self.first.command_seq != before:
                self._second(command, before, None, None, lambda: theirs.append(self.second.hand_out(command, now)))
                self._compare_messages(command, before, given, theirs)
            return given

    def _compare_messages(self, command: bytes, before: int, ours: Array, both: list[Array]) -> None:
        if self.difference is not None or ours.tobytes() == both[0].tobytes():
            return
        its = both[0]
        at = next((i for i in range(min(len(ours), len(its))) if ours[i] != its[i]), min(len(ours), len(its)))
        first, second = (rows[at] if at < len(rows) else None for rows in (ours, its))
        self.difference = _differ(command, before, 1, "message", None, first, second)
        self._tell_difference(self.difference)

    def _first(self, call: Any, *arguments: Any) -> Any:
        started = time.perf_counter_ns()
        try:
            return call(*arguments)
        finally:
            self.first_ns += time.perf_counter_ns() - started

    def _second(self, records: bytes, before: int, ours: Array, theirs: Array, call: Any, *arguments: Any) -> None:
        if self.difference is not None:
            return
        started = time.perf_counter_ns()
        error = None
        try:
            call(*arguments)
        except Exception as raised:  # whatever it is, it must not reach the first core's caller
            error = raised
        called = time.perf_counter_ns()
        self.second_ns += called - started
        if error is not None:
            self.difference = _differ(records, before, 1, "error", None, None, repr(error))
        else:
            acks = self._ack_difference(records, before, ours, theirs)
            self.difference = self._report_difference(records, before) or acks
        self.compared += len(records) // COMMAND_SIZE
        self.compare_ns += time.perf_counter_ns() - called
        if self.difference is not None:
            self._tell_difference(self.difference)

    def _tell_difference(self, difference: ShadowDifference) -> None:
        try:
            self._tell(difference)
        except Exception as error:  # it must not reach the first core's caller
            complain(f"on_difference {show(self._tell)} raised {show(error)}", 6)

    def _report_difference(self, records: bytes, before: int) -> ShadowDifference | None:
        both, lost = [], 0
        for core in (self.first, self.second):
            count = core.event_seq - self._seen
            rows, _ = core.read_events(self._seen, count)
            both.append(rows)
            lost += count - len(rows)
        self._seen, (ours, theirs) = self.first.event_seq, both
        if ours.tobytes() == theirs.tobytes():
            return None
        if lost:  # a view holds the ring: only what both rings have can be compared
            self.uncompared += lost
            common = np.intersect1d(ours["seq"], theirs["seq"])
            ours, theirs = (rows[np.isin(rows["seq"], common)] for rows in both)
        least, most = sorted((len(ours), len(theirs)))
        unequal = ours[:least] != theirs[:least]
        at = int(np.argmax(unequal)) if unequal.any() else least
        if at == most:
            return None
        first, second = (rows[at] if at < len(rows) else None for rows in (ours, theirs))
        known: Any = first if first is not None else second
        number = min(int(known["command_seq"]) - before, len(records) // COMMAND_SIZE)
        return _differ(records, before, number, "report", int(known["seq"]), first, second)

    def _ack_difference(self, records: bytes, before: int, ours: Array, theirs: Array) -> ShadowDifference | None:
        if ours is None or ours.tobytes() == theirs.tobytes():
            return None
        at = int(np.argmax(ours != theirs))
        return _differ(records, before, at + 1, "ack", None, ours[at], theirs[at])


def _differ(
    records: bytes, before: int, number: int, what: str, event: int | None, first: Any, second: Any
) -> ShadowDifference:
    record = records[(number - 1) * COMMAND_SIZE : number * COMMAND_SIZE]
    command = CODECS.get(record[0], HEADER_CODEC).unpack(record)
    sides = _plain(what, first), _plain(what, second)
    ours, its = (side if isinstance(side, dict) else {} for side in sides)
    fields = {name: (ours.get(name), its.get(name)) for name in {**ours, **its} if ours.get(name) != its.get(name)}
    one, other = ({name: value for name, value in side.items() if value} if isinstance(side, dict) else side
                  for side in sides)
    return ShadowDifference(before + number, command, what, event, one, other, fields)


def _plain(what: str, row: Any) -> Any:
    """A record as a dict of plain values: of a report those of its kind."""
    if not isinstance(row, np.void):
        return row
    if what == "report":
        return REPORT_CODEC.unpack(row.tobytes())._asdict()
    return {name: row[name].item() for name in row.dtype.names or ()}

"""The gate: one backend core, its clock, its names and its bus. Every engine's commands go through here.

It knows no order, no venue and no rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._backend import choose_backend
from ..vocabulary.capacity import Capacity
from ..vocabulary.codes import CommandType, ReportType
from ..vocabulary.gate import RefusedError
from ..vocabulary.names import Directory
from ..vocabulary.reasons import reason_text
from ..vocabulary.records import CODECS, REPORT_CODEC, TIME_MAX
from ..vocabulary.reports import Report
from ..vocabulary.scalars import demand_plain
from ..vocabulary.units import demand_type
from .bus import EventBus


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
        self.names = Directory()
        self.bus = EventBus(self.core, self.names)

    def submit(self, record: bytes) -> Any:
        """Run a NEW_ORDER record; the backend's handle to the order."""
        handle = self.core.submit(record, self.time())
        self.bus.deliver()
        return handle

    def command(self, kind: CommandType, **fields: int | bytes) -> None:
        """Run a command that has no order; RefusedError, naming field, value and bound, where it is refused."""
        report = self._run(kind, **fields)
        self.bus.deliver()
        if report is not None and report.report_type is ReportType.BUSINESS_REJECT:
            name = str(fields.get("cl_ord_id", b""), "ascii")  # type: ignore[arg-type]  # a definition's name is bytes
            row = report.row
            instrument = row.instrument if kind != CommandType.DEFINE_INSTRUMENT else 0
            text = reason_text(kind, row.reason, row.value, row.bound, instrument, self.names)
            raise RefusedError(f"{kind.name}{name and ' '}{name} refused: {text}")

    def ask(self, kind: CommandType, **fields: int | bytes) -> Report:
        """Run a command about an order; the report that answers it."""
        report = self._run(kind, **fields)
        self.bus.deliver()
        if report is None:
            raise LookupError(f"{kind.name} is done, but its answer was overwritten by what followed from it: raise "
                              "the capacity `events`")
        return report

    def _run(self, kind: CommandType, **fields: int | bytes) -> Report | None:
        """Run a command; the report that answers it; None where none is held."""
        answer = self.core.apply(CODECS[kind].pack(kind=kind, **fields), self.time())[1]
        return Report(REPORT_CODEC.unpack(answer), self.names) if answer else None

    def time(self) -> int:
        """The clock's time, ns UTC. Raises TypeError or ValueError where it gives none."""
        now = self.clock()
        if isinstance(now, bool) or not isinstance(now, int):
            now = demand_plain(now, (int,), "clock", "a callable that gives int nanoseconds")
        if not 0 <= now <= TIME_MAX:
            raise ValueError(f"clock gave {now} ns, outside 0 to {TIME_MAX}")
        return now

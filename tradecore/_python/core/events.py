"""Events: numbered, hashed reports, the newest kept; and the histograms that measure the path. It never blocks.

The native ring is this deque in fixed memory.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from tradecore.vocabulary.codes import ReportType
from tradecore.vocabulary.records import REPORT_DTYPE, REPORT_SIZE

from ..vocabulary.hashing import chain_digest, digest_words
from ..vocabulary.shell import Records, demand_batch, demand_power_of_two

BUCKETS = 64 * 16
FILTERS = 64  # beyond as many a bus hears all, and filters itself
ANY = 2**64 - 1
Filter = tuple[int, int, int, int]  # bits of report types and ExecTypes, account, instrument; ANY and 0 are any
_WORDS = struct.Struct(f"<{REPORT_SIZE // 8}Q")
_EXECUTION = int(ReportType.EXECUTION_REPORT)
_FIELDS: Any = REPORT_DTYPE.fields
_FILTERED = [(_FIELDS[name][1], _FIELDS[name][0].itemsize)
             for name in ("report_type", "exec_type", "account", "instrument")]


class EventLog:
    """The newest reports, numbered from 1 and hashed; older ones are overwritten."""

    def __init__(self, capacity: int) -> None:
        demand_power_of_two("capacity", capacity, 1 << 24)
        self.capacity = capacity
        self.held: deque[bytes] = deque(maxlen=capacity)
        self.seq = 0  # of the last report
        self._digest = 0
        self.filters: list[Filter] = []
        self.wanted_from = 0  # the first report that a filter takes and its bus has not read, 0 where there is none

    def publish(self, reports: Records) -> None:
        """Append REPORT_DTYPE records; their seq is assigned here. Threads: one caller at a time."""
        demand_batch(reports, REPORT_SIZE)
        memory = reports.tobytes()
        for at in range(0, len(memory), REPORT_SIZE):
            self.publish_report(memory[at : at + REPORT_SIZE])

    def publish_report(self, report: bytes) -> None:
        """Append one report, with the next sequence number.

        A report is little-endian words in the documented order, so its words are its logical fields.
        """
        record = (self.seq + 1).to_bytes(8, "little") + report[8:]
        self.held.append(record)
        self.seq += 1
        self._digest = chain_digest(self._digest, digest_words(_WORDS.unpack(record)))
        if self.filters and not self.wanted_from and self.is_wanted(record):
            self.wanted_from = self.seq

    def is_wanted(self, record: bytes) -> bool:
        report_type, exec_type, account, instrument = (
            int.from_bytes(record[at : at + size], "little") for at, size in _FILTERED)
        told = 1 << (exec_type & 63) if report_type == _EXECUTION else 0
        return any(types >> (report_type & 63) & 1 and (execs == ANY or execs & told)
                   and of_account in (0, account) and of_instrument in (0, instrument)
                   for types, execs, of_account, of_instrument in self.filters)

    def must_be_read(self) -> bool:
        """Is half of the ring written since the first report that a bus wants and has not read?"""
        return bool(self.wanted_from) and 2 * (self.seq - self.wanted_from) >= self.capacity - 1

    def set_filters(self, filters: Sequence[Filter], after: int) -> None:
        """From now on these are the filters, also for what came after a number."""
        self.filters, self.wanted_from = list(filters), 0
        if filters:
            first = max(after + 1, self.first_held)
            held = (int.from_bytes(record[:8], "little") for record in self._held_from(first) if self.is_wanted(record))
            self.wanted_from = next(held, 0)

    def _held_from(self, first: int) -> list[bytes]:
        count = max(0, self.seq - first + 1)
        return [self.held[at] for at in range(len(self.held) - min(count, len(self.held)), len(self.held))]

    def read_wanted(self, after: int, limit: int) -> tuple[Records, int, int]:
        """Copies of up to `limit` of the reports after a number that a filter takes, how many were overwritten since
        the first of them, and the number that was come to."""
        wanted = max(self.wanted_from, after + 1) if self.wanted_from else self.seq + 1
        first = max(wanted, self.first_held) if wanted <= self.seq else wanted
        taken, came_to, self.wanted_from = list[bytes](), self.seq, 0
        for record in self._held_from(first):
            if self.is_wanted(record):
                if len(taken) == limit:
                    self.wanted_from = int.from_bytes(record[:8], "little")
                    came_to = self.wanted_from - 1
                    break
                taken.append(record)
        return np.frombuffer(bytearray(b"".join(taken)), REPORT_DTYPE), first - wanted, came_to

    def read(self, after: int, limit: int) -> tuple[Records, int]:
        """A copy of up to `limit` reports after a sequence number, and how many before them were lost."""
        newest = int.from_bytes(self.held[-1][:8], "little") if self.held else 0  # `seq`, or one that is coming
        first = max(after + 1, newest - len(self.held) + 1)
        count = max(0, min(limit, newest - first + 1))
        at = first - newest - 1 + len(self.held)
        memory = bytearray().join(self.held[i] for i in range(at, at + count))
        return np.frombuffer(memory, REPORT_DTYPE), max(0, first - after - 1)

    @property
    def first_held(self) -> int:
        """Sequence number of the oldest report that is held."""
        return max(1, self.seq - self.capacity + 1)

    @property
    def digest(self) -> int:
        """64-bit hash over every field of every report so far, in order."""
        return self._digest


def bucket_of(ticks: int) -> int:
    """HDR-style: 16 buckets to an octave, so a bucket is at most 1/16 of its value wide."""
    if ticks < 16:
        return ticks
    octave = ticks.bit_length() - 1
    return (octave - 3) * 16 + (ticks >> (octave - 4) & 15)

"""Events: numbered, hashed reports, the newest kept; and the histograms that measure the path. It never blocks.

The native ring is this deque in fixed memory.
"""

from __future__ import annotations

import struct
from collections import deque

import numpy as np

from tradecore.vocabulary.records import REPORT_DTYPE, REPORT_SIZE

from ..vocabulary.hashing import chain_digest, digest_words
from ..vocabulary.shell import Records, demand_batch, demand_power_of_two

BUCKETS = 64 * 16
_WORDS = struct.Struct(f"<{REPORT_SIZE // 8}Q")


class EventLog:
    """The newest reports, numbered from 1 and hashed; older ones are overwritten."""

    def __init__(self, capacity: int) -> None:
        demand_power_of_two("capacity", capacity, 1 << 24)
        self.capacity = capacity
        self.held: deque[bytes] = deque(maxlen=capacity)
        self.seq = 0  # of the last report
        self._digest = 0

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

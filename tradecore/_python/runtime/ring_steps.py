"""The steps of a ring in plain Python, one lock around each: claim, commit, follow, skip, take. It waits for nobody."""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tradecore.runtime.ring_memory import (
    ABANDONED,
    CACHED_HEAD,
    CONSUMER,
    HEAD,
    KNOWN,
    LOST,
    ON_FULL,
    PRODUCERS,
    TAIL,
    Geometry,
    is_locked,
    lock_byte,
    unlock_byte,
)

from ..vocabulary.shell import Records

STEP = 1 + PRODUCERS  # the byte of the file that is locked during a step
SKIPPED, CLAIM_MOST = 1 << 63, 65_535
CALL, HELD, GONE = 1, 2, 3  # who is behind a door; GONE: the ring was closed, and nobody passes any more


class RingSteps:
    """A ring's memory, and what is done to it in one step."""

    def __init__(self, memory: mmap.mmap, dtype: np.dtype[Any], fd: int) -> None:
        self._bytes, self._dtype, self._fd = memoryview(memory), dtype, fd
        self._header = self._bytes.cast("Q")
        g = Geometry(*self._header[: len(Geometry._fields)])
        self._capacity, self._mask, self._size, self._stride = g.capacity, g.capacity - 1, g.record_size, g.stride
        self._is_many, self._on_full, self._slots_at = bool(g.many), ON_FULL[g.on_full], g.slots_at
        self._words = self._header[g.words_at // 8 :] if g.words_at else self._header[:0]
        self._rows = self._header[g.rows_at // 8 :: 8][:PRODUCERS] if g.rows_at else self._header[:0]
        self._row = -1
        self._is_producing_alone = not self._is_many or bool(g.rows_at)
        self._lock = threading.RLock()
        self._doors = {"producing": 0, "consuming": 0}
        self._is_closed = False

    def _enter(self, door: str, how: int) -> int:
        """Pass a door that is open; who is behind it already, or 0."""
        with self._lock:
            found = self._doors[door]
            if not found:
                self._doors[door] = how
            return found

    def _leave_door(self, door: str) -> None:
        with self._lock:
            self._doors[door] = 0
            if self._is_closed:
                self._let_go()

    def _close_ring(self) -> None:
        with self._lock:
            self._is_closed = True
            self._let_go()

    def _let_go(self) -> None:
        """Of a shared ring that was closed: the lock of each side that nobody is behind, and the file with the later of
        the two. No earlier, or who comes next would take the slots of a claim or a view for free.
        """
        if self._fd < 0:
            return
        for door, byte in (("producing", 1 + self._row), ("consuming", CONSUMER)):
            if not self._doors[door]:
                self._doors[door] = GONE
                if door == "consuming" or self._row >= 0:
                    unlock_byte(self._fd, byte)
        if set(self._doors.values()) == {GONE}:
            fd, self._fd = self._fd, -1  # a fork between the two leaves its child nothing to close
            os.close(fd)

    @contextmanager
    def _step(self) -> Iterator[memoryview]:
        """The header's words, for one step alone. Of a shared ring: behind a door, so that the file is there."""
        with self._lock:
            while self._fd >= 0 and not lock_byte(self._fd, STEP):
                time.sleep(0.00002)
            try:
                yield self._header
            finally:
                if self._fd >= 0:
                    unlock_byte(self._fd, STEP)

    def _array(self, at: int, count: int) -> Records:
        start = self._slots_at + (at & self._mask) * self._stride
        return np.ndarray((count,), self._dtype, self._bytes, start, (self._stride,))

    def _claim_records(self, h: memoryview, count: int, least: int, *, together: bool = False) -> tuple[int, int]:
        """Room for up to `count` records, none where it is less than `least`: (position, how many)."""
        if self._rows:
            count, least = min(count, CLAIM_MOST), min(least, CLAIM_MOST)
        at = h[TAIL]
        if self._capacity - (at - h[CACHED_HEAD]) < count:
            h[CACHED_HEAD] = h[HEAD]
        room = min(self._capacity - (at - h[CACHED_HEAD]), count)
        if together:
            room = min(room, self._capacity - (at & self._mask))
        if room < least:
            return at, 0
        if self._rows:
            self._rows[self._row] = (at << 16 | room) & (2**64 - 1)
        if self._is_many:
            h[TAIL] = at + room
        return at, room

    def _commit_records(self, h: memoryview, at: int, count: int, claimed: int) -> None:
        if not self._is_many:
            h[TAIL] = at + count
            return
        if count < claimed:
            self._words[(at + count) & self._mask] = (at + claimed) | SKIPPED
        if count:
            self._words[at & self._mask] = at + count
        if self._rows:
            self._rows[self._row] = 0

    def _write(self, at: int, record: memoryview) -> None:
        start = self._slots_at + (at & self._mask) * self._stride
        self._bytes[start : start + self._size] = record

    def _publish_some(self, source: memoryview, count: int, least: int) -> int:
        """Up to `count` records, as many as there is room for now, none where that is less than `least`."""
        with self._step() as h:
            is_over = self._on_full == "overwrite"
            at, got = (h[TAIL], count) if is_over else self._claim_records(h, count, least)
            for i in range(got):
                self._write(at + i, source[i * self._size : (i + 1) * self._size])
                if is_over:
                    self._words[(at + i) & self._mask] = 2 * (at + i) + 2
            if is_over:
                h[TAIL] = at + got
            elif got:
                self._commit_records(h, at, got, got)
            return got

    def _ready_records(self, h: memoryview, limit: int) -> int:
        """Records that can be drained now, up to `limit`."""
        if self._on_full == "overwrite":
            return min(h[TAIL] - h[HEAD], self._capacity, limit)
        if h[KNOWN] - h[HEAD] < limit:
            if self._is_many:
                self._follow_claims(h, limit)
                while self._skip_orphans(h):
                    self._follow_claims(h, limit)
            else:
                h[KNOWN] = h[TAIL]
        return min(h[KNOWN] - h[HEAD], limit)

    def _end_of(self, at: int) -> int:
        """Where the claim that begins here ends, with SKIPPED where it is given up; 0 where nobody committed it."""
        word = self._words[at & self._mask]
        return word if 0 < (word & ~SKIPPED) - at <= self._capacity else 0

    def _follow_claims(self, h: memoryview, limit: int) -> None:
        while h[KNOWN] - h[HEAD] < limit:
            word = self._end_of(h[KNOWN])
            if not word or (word & SKIPPED and h[KNOWN] != h[HEAD]):
                break
            if word & SKIPPED:
                self._skip_records(h, (word & ~SKIPPED) - h[KNOWN])
            else:
                h[KNOWN] = word

    def _skip_records(self, h: memoryview, count: int) -> None:
        h[HEAD] += count  # first: who dies on the way leaves nothing behind it that is known, or counted and not passed
        h[KNOWN] = h[HEAD]
        h[ABANDONED] += count

    def _ends_at_gap(self, h: memoryview) -> bool:
        """Whether nobody will ever commit what lies behind the records that are ready: until those are taken, no more
        will be."""
        known = h[KNOWN]
        if not self._is_many or self._on_full == "overwrite" or known == h[HEAD]:
            return False
        word = self._end_of(known)
        if word:
            return bool(word & SKIPPED)
        return len(self._rows) > 0 and known != h[TAIL] and not self._is_claimed_by_living(known)

    def _is_claimed_by_living(self, at: int) -> bool:
        for row, intent in enumerate(self._rows):
            if ((at - (intent >> 16)) & (2**48 - 1)) < (intent & 0xFFFF) and (
                    row == self._row or is_locked(self._fd, 1 + row)):
                return True
        return False

    def _skip_orphans(self, h: memoryview) -> bool:
        at = head = h[HEAD]
        if not self._rows or h[KNOWN] != head:
            return False
        while at != h[TAIL] and not self._is_claimed_by_living(at) and not self._end_of(at):
            at += 1
        if at != head:
            self._skip_records(h, at - head)
        return at != head

    def _take_records(self, h: memoryview, limit: int) -> list[bytes]:
        found: list[bytes] = []
        if self._on_full == "overwrite" and h[TAIL] - h[HEAD] > self._capacity:
            lost = h[TAIL] - h[HEAD] - self._capacity
            h[HEAD] += lost
            h[LOST] += lost
        for at in range(h[HEAD], h[HEAD] + self._ready_records(h, limit)):
            start = self._slots_at + (at & self._mask) * self._stride
            found.append(bytes(self._bytes[start : start + self._size]))
        h[HEAD] += len(found)
        if self._on_full == "overwrite":
            h[KNOWN] = h[HEAD]
        return found

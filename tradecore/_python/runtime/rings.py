"""A ring over memory that is given: the same records, positions, words and counters, one lock around each step.

The lock is a thread's, and for a file that processes share, a byte of it: what dies lets go of it. So there is no order
of accesses to get right here; the compiled ring, which has no lock, is compared with this one.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tradecore.runtime.ring_memory import (
    ABANDONED,
    CONSUMED,
    CONSUMER,
    HEAD,
    KNOWN,
    LOST,
    PRODUCERS,
    REFUSED,
    TAIL,
    RingClosedError,
    is_locked,
    lock_byte,
)

from ..vocabulary.shell import Records
from .ring_steps import CALL, GONE, HELD, RingSteps

NAP_MOST = 0.001


class Claim:
    """Records of a ring that are being written in place. What is dropped without a commit is abandoned."""

    def __init__(self, ring: Ring, at: int, count: int) -> None:
        self._ring, self._at, self._count = ring, at, count
        self._is_open = True

    @property
    def count(self) -> int:
        """Records that are claimed."""
        return self._count

    def records(self) -> Records:
        """The claimed records, to be written before the commit."""
        if not self._is_open:
            raise ValueError("the claim was committed or abandoned already")
        array = self._ring._array(self._at, self._count)
        weakref.finalize(array, self._held).atexit = False  # which holds this claim as long as the array is there
        return array

    def _held(self) -> None:
        pass

    def commit(self, count: int) -> None:
        """Publish the first `count` records; the others are abandoned. Once."""
        if not 0 <= count <= self._count:
            raise ValueError(f"count {count} must be 0 to {self._count}, the records claimed")
        if not self._is_open:
            raise ValueError("the claim was committed or abandoned already")
        self._ring.demand_open()
        self._finish(count)

    def _finish(self, count: int) -> None:
        self._is_open = False
        self._ring._commit(self._at, count, self._count)
        self._ring._leave_producing()

    def __del__(self) -> None:
        if self._is_open and not self._ring._is_disowned:
            self._finish(0)


class Ring(RingSteps):
    """A bounded queue of fixed-size records over a memory with its header, between producers and one consumer."""

    def __init__(self, memory: mmap.mmap, dtype: np.dtype[Any], fd: int) -> None:
        super().__init__(memory, dtype, fd)
        self._is_consuming = self._is_disowned = False
        self._rescued: Records | None = None

    # ---- the door

    def demand_open(self) -> None:
        """Raises RingClosedError where it is closed, or a child of fork has it."""
        if self._is_disowned:
            raise RingClosedError("this ring was opened before a fork: a child opens its own, by name")
        if self._is_closed:
            raise RingClosedError("the ring is closed")

    def be_producer(self, timeout: int) -> bool | None:
        """Take the lock of a producer of a shared ring; whether one was free, None where a call kept it too long."""
        self.demand_open()
        if self._produce(timeout) is None:  # nobody closes the file meanwhile
            return None
        try:
            for row in range(PRODUCERS if self._rows else 1):
                if self._row >= 0 or not lock_byte(self._fd, 1 + row):
                    continue
                self._row = row
                if self._rows:
                    self._rows[row] = 0
            return self._row >= 0
        finally:
            self._leave_producing()

    def be_consumer(self) -> bool:
        """Take the lock of the consumer of a shared ring; whether it was free."""
        self.demand_open()
        self._consume()
        try:
            if not lock_byte(self._fd, CONSUMER):
                return False
            with self._step() as h:
                h[KNOWN] = max(h[KNOWN], h[HEAD])  # one that died may have left its head beyond: see _skip_records
            self._header[CONSUMED] = self._is_consuming = True
            return True
        finally:
            self._leave_consuming()

    def _produce(self, timeout: int) -> int | None:
        """Pass the producers' door: waits for another thread's call where many may produce, and is refused else. What
        is left of the timeout, None where it was over first."""
        deadline = time.monotonic_ns() + timeout
        found = self._enter("producing", CALL)
        while found == CALL and self._is_many:
            if self._on_full != "fail" and timeout >= 0 and time.monotonic_ns() >= deadline:
                return None  # under "fail" nobody stays for long
            time.sleep(0.00005)
            self.demand_open()
            found = self._enter("producing", CALL)
        if found == GONE:
            raise RingClosedError("the ring is closed")
        if found:
            raise RuntimeError("records are claimed and not committed yet" if found == HELD else
                               "another thread publishes: a ring of one producer takes one at a time")
        return timeout if timeout <= 0 else max(0, deadline - time.monotonic_ns())

    def _leave_producing(self) -> None:
        if self._is_producing_alone:
            self._leave_door("producing")

    def _consume(self) -> None:
        found = self._enter("consuming", CALL)
        if found == GONE:
            raise RingClosedError("the ring is closed")
        if found == HELD:
            raise BufferError("a view is still held: delete its arrays first")
        if found:
            raise RuntimeError("another thread drains: a ring has one consumer")

    def _leave_consuming(self) -> None:
        self._leave_door("consuming")

    def _has_lost_consumer(self) -> bool:
        if self._is_consuming or self._fd < 0 or self._is_closed or not self._header[CONSUMED]:
            return False  # a lock of one's own is not seen as one
        return not is_locked(self._fd, CONSUMER)

    def _wait(self, done: Callable[[], bool], timeout: int) -> None:
        """Naps, each twice as long as the one before, until `done`, the deadline, or the ring is closed."""
        nap, deadline = 0.000001, time.monotonic_ns() + timeout
        while not done() and timeout and not self._is_closed:
            left = (deadline - time.monotonic_ns()) / 1e9 if timeout > 0 else NAP_MOST
            if left <= 0:
                break
            time.sleep(min(nap, left, NAP_MOST))
            nap *= 2

    # ---- producers

    def _refuse(self, count: int) -> int:
        with self._step() as h:
            h[REFUSED] += count
        return 0

    def _commit(self, at: int, count: int, claimed: int) -> None:
        with self._step() as h:
            self._commit_records(h, at, count, claimed)

    def publish(self, records: Records, timeout: int) -> int:
        """Copy a batch in; how many records went in: all, or fewer at the deadline, of which `fail` makes none.

        `timeout` in ns, negative for none. Threads: one per ring of one producer, any where there are many.
        """
        self.demand_open()
        source, count, done = memoryview(records.tobytes()), len(records), 0
        left: int | None = self._produce(timeout) if self._is_producing_alone else timeout
        if left is None:
            return self._refuse(count)

        def publish_more() -> bool:
            nonlocal done
            least = count if self._on_full == "fail" else 1
            done += self._publish_some(source[done * self._size :], count - done, least) if count else 0
            return done == count or self._has_lost_consumer()

        try:
            self._wait(publish_more, 0 if self._on_full == "fail" else left)
            if done < count:
                self._refuse(count - done)
        except BaseException as error:
            error.add_note(f"{done} of {count} records are in the ring")
            raise
        finally:
            self._leave_producing()
        return done

    def claim(self, count: int, timeout: int) -> Claim | None:
        """1 to `count` records to be written in place, as many as lie together; None where there was no room."""
        self.demand_open()
        if not 1 <= count <= self._capacity:
            raise ValueError(f"count {count} must be 1 to {self._capacity}, the capacity")
        if self._on_full == "overwrite":
            raise ValueError("a ring that overwrites has no records in place: publish copies them in")
        left: int | None = self._produce(timeout) if self._is_producing_alone else timeout
        if left is None:
            self._refuse(count)
            return None
        at = got = 0

        def claim_some() -> bool:
            nonlocal at, got
            with self._step() as h:
                at, got = self._claim_records(h, count, 1, together=True)
            return got > 0 or self._has_lost_consumer()

        try:
            self._wait(claim_some, 0 if self._on_full == "fail" else left)
            if not got:
                self._refuse(count)
        finally:
            if not got:
                self._leave_producing()
            elif self._is_producing_alone:
                self._doors["producing"] = HELD
        return Claim(self, at, got) if got else None

    # ---- the consumer

    def drain(self, limit: int, least: int, timeout: int) -> Records:
        """A copy of the oldest records, at most `limit`, after waiting for `least`. Threads: one at a time."""
        self.demand_open()
        self._consume()
        found: list[bytes] = []

        def drain_more() -> bool:
            with self._step() as h:
                while (left := least - len(found)) > 0:
                    is_there = self._ready_records(h, left) >= min(left, self._capacity)
                    if not is_there and not self._ends_at_gap(h):
                        break
                    found.extend(self._take_records(h, limit - len(found)))
            return len(found) >= least

        try:
            if self._rescued is not None:
                records, rest = self._rescued[:limit], self._rescued[limit:]
                self._rescued = rest if len(rest) else None
                return records
            self._wait(drain_more, timeout)
            if len(found) < least:
                with self._step() as h:
                    found += self._take_records(h, limit - len(found))
        except BaseException as error:
            if found:
                self._rescued = np.frombuffer(bytearray().join(found), self._dtype)
                error.add_note(f"{len(found)} records are out of the ring: the next drain gives them")
            raise
        finally:
            self._leave_consuming()
        if not found:
            self.demand_open()
        return np.frombuffer(bytearray().join(found), self._dtype)

    def view(self, limit: int, least: int, timeout: int) -> Records | None:
        """The oldest records where they lie, at most `limit` and to the ring's edge; None where there are none."""
        self.demand_open()
        if self._on_full == "overwrite":
            raise ValueError("a ring that overwrites has no view: drain copies what is whole")
        self._consume()
        at = count = 0

        def find() -> bool:
            nonlocal at, count
            with self._step() as h:
                ready = self._ready_records(h, max(limit, least))
                at = h[HEAD]
                count = min(ready, limit, self._capacity - (at & self._mask))
                return ready >= min(least, self._capacity) or self._ends_at_gap(h)

        try:
            if self._rescued is not None:
                raise BufferError("a signal ended a drain: its records come first, and are no longer in the ring")
            self._wait(find, timeout)
            if count:
                self._doors["consuming"] = HELD
        finally:
            if self._doors["consuming"] != HELD:
                self._leave_consuming()
        if count:
            array = self._array(at, count)
            array.flags.writeable = False
            weakref.finalize(array, self._end_view, at + count).atexit = False
            return array
        self.demand_open()
        return None

    def _end_view(self, head: int) -> None:
        if self._is_disowned:
            return
        with self._step() as h:
            h[HEAD] = head
        self._leave_consuming()

    # ---- both

    def counts(self) -> tuple[int, int, int, int, int]:
        """(tail, head, refused, abandoned, lost): positions and counters, each as it is now."""
        h = self._header
        abandoned, lost, head = h[ABANDONED], h[LOST], h[HEAD]  # in this order, against theirs: none is beyond the next
        return h[TAIL], head, h[REFUSED], abandoned, lost

    def close(self) -> None:
        """Whoever waits leaves, and later calls are refused. A claim or a view keeps its side's lock until it ends."""
        self._close_ring()

    def disown(self) -> None:
        """In a child of fork: this ring is the parent's, and so are its locks."""
        self._is_disowned = self._is_closed = True
        self._lock = threading.RLock()  # a thread of the parent may have held the one before
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # a thread of the parent was closing it
                os.close(fd)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, here or before a fork."""
        return self._is_closed

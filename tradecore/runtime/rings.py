"""RingBuffer: a bounded queue of fixed-size records between threads, or processes, without a lock.

One or many producers, one consumer. What is published is drained once, in its producer's order; a full ring loses
nothing that it does not count. The README says why it is correct.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

import numpy as np

from .._backend import choose_backend, room_module
from ..vocabulary.scalars import demand_plain
from ..vocabulary.showing import refuse_copy
from ..vocabulary.units import check_bool
from .ring_memory import (
    ON_FULL,
    PRODUCERS,
    WAITS,
    Geometry,
    RingClosedError,
    RingFullError,
    create_file,
    demand_capacity,
    demand_dtype,
    open_file,
    path_of,
    plan_ring,
    private_memory,
)

Records = np.ndarray[Any, np.dtype[Any]]
_CLAIM_MOST = 65_535  # records of one claim among many processes
_opened: weakref.WeakSet[Any] = weakref.WeakSet()  # the backends' rings: a view may outlive its RingBuffer


class RingStats(NamedTuple):
    """What a ring has seen: records, since it was made."""

    capacity: int
    used: int  # published, or claimed, and not drained
    published: int
    drained: int
    refused: int  # of batches that found no room: what was left of them
    lost: int  # overwritten before they were drained
    abandoned: int  # claimed by who did not commit them


class RingClaim:
    """Records of a ring to be written where they lie: `records`, then `commit`. A `with` block commits all at its end,
    and abandons them where it raises. After either the records are the ring's: write no more.
    """

    def __init__(self, claim: Any) -> None:
        self._claim = claim
        self.records: Records = claim.records()

    def commit(self, count: int | None = None) -> None:
        """Publish the first `count` records, or all; the others are abandoned. Raises ValueError for a second time."""
        self._claim.commit(self._claim.count if count is None else _whole("count", count))

    def abandon(self) -> None:
        """Publish none of them."""
        self._claim.commit(0)

    def __enter__(self) -> Records:
        return self.records

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self.commit()
        else:
            with suppress(ValueError, RingClosedError):  # it is over already, and the error that ended it counts
                self.abandon()

    def __repr__(self) -> str:
        return f"<RingClaim of {len(self.records)} records>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its records lie in the ring; copy `records`")


class RingBuffer:
    """A bounded queue of records of one NumPy dtype, for one consumer; `producers` is "one" or "many".

    `capacity` is a power of two. `on_full`: "fail" raises RingFullError and takes nothing, "spin" waits on the
    processor, "block" waits as `wait` says, "overwrite" lets the oldest give way and counts it. `wait`, for the
    consumer too: "busy", "yield", "backoff" (naps of up to a millisecond) or "futex" (sleeps until woken). With a
    `name` it lies in memory that processes share: the first makes it, others `RingBuffer.open(name)`; it is there until
    `unlink()`. Threads: any for producers="many", else one at a time that publishes; one that drains. Of a shared ring
    each process has one claim at a time, and its threads take turns. What waits does so without the GIL; a second
    consumer, or producer of a ring of one, gets an error. A child of fork opens its own.
    """

    def __init__(
        self, dtype: Any, capacity: int, *, producers: str = "one", on_full: str = "fail", wait: str = "backoff",
        name: str | None = None, backend: str | None = None,
    ) -> None:
        found, size = demand_dtype(dtype), demand_capacity(capacity)
        _choose("producers", producers, ("one", "many"))
        _choose("on_full", on_full, ON_FULL)
        _choose("wait", wait, WAITS)
        if name is not None and producers == "many" and on_full == "overwrite":
            raise ValueError("on_full 'overwrite' with producers 'many' is for the threads of one process: one that "
                             "died while it wrote would stop the others")
        chosen = choose_backend(backend).name
        planned = plan_ring(found, size, producers == "many", on_full, wait, backend=chosen, shared=name is not None)
        path = None if name is None else path_of(name)
        memory, fd = (private_memory(planned, found), -1) if path is None else create_file(path, planned, found)
        self._begin(memory, fd, planned, found, chosen, path)

    @classmethod
    def open(cls, name: str, dtype: Any = None, *, backend: str | None = None) -> Self:
        """A ring that another process made. `dtype`, where it is given, must be the ring's. FileNotFoundError where
        there is none of this name; ValueError where the file is none, or another version's or backend's.
        """
        chosen = choose_backend(backend).name
        path = path_of(name)
        wanted = None if dtype is None else demand_dtype(dtype)
        memory, fd, geometry, found = open_file(path, chosen)
        if wanted is not None and wanted != found:
            os.close(fd)
            raise TypeError(f"dtype {wanted} is not the ring's, {found}")
        ring = cls.__new__(cls)
        ring._begin(memory, fd, geometry, found, chosen, path)
        return ring

    def _begin(self, memory: Any, fd: int, geometry: Geometry, dtype: np.dtype[Any], backend: str,
               path: Path | None) -> None:
        self._memory, self._path, self._geometry = memory, path, geometry
        self.dtype: np.dtype[Any] = dtype
        self.backend: str = backend
        self._ring: Any = room_module(backend, "rings").Ring(memory, dtype, fd)
        self._produces = self._consumes = path is None
        self._batch_max = self.batch_max if geometry.on_full == 0 else 2**62  # a batch that waits goes in by pieces
        _opened.add(self._ring)

    # ---- who produces, who consumes: of a shared ring, whose process holds the lock

    def _be_producer(self, what: str, timeout: int) -> None:
        is_one = self._ring.be_producer(timeout)
        if is_one is None:
            self._fail(what, 0)
        if not is_one:
            most = f"{PRODUCERS} producers" if self._geometry.many else "1 producer"
            raise RuntimeError(f"the ring has {most} already: all that it takes")
        self._produces = True

    def _be_consumer(self) -> None:
        if not self._ring.be_consumer():
            raise RuntimeError("the ring has a consumer already, and takes one")
        self._consumes = True

    # ---- producers

    def publish(self, records: Any, *, timeout: float | None = None) -> int:
        """Copy records in, in their order: an array of the ring's dtype, or one record. How many went in.

        Fewer than all raise RingFullError: under "fail" none did, under "spin" and "block" its `published` went in
        before `timeout` (seconds) was over, or the shared ring's consumer was gone; or RingClosedError, whose
        `published` went in before it was closed. Raises TypeError for another dtype.
        """
        is_plain = records.__class__ is np.ndarray and records.dtype is self.dtype and records.ndim == 1
        array = records if is_plain and records.flags.c_contiguous else self._records(records)
        count, limit = len(array), -1 if timeout is None else _nanoseconds(timeout)
        if not self._produces:
            self._be_producer(f"{count} records", limit)
        if count > self._batch_max:
            raise ValueError(f"a batch of {count} records can never be in at once: the most is {self.batch_max}")
        done: int = self._ring.publish(array, limit)
        if done < count:
            self._fail(f"{count} records", done)
        return done

    def claim(self, count: int = 1, *, timeout: float | None = None) -> RingClaim:
        """Records to be written in place: 1 to `count`, as many as there is room for and lie together.

        Raises RingFullError where there is none, after `timeout` seconds under "spin" and "block".
        """
        limit = _nanoseconds(timeout)
        if not self._produces:
            self._be_producer(f"a claim of {count}", limit)
        claim = self._ring.claim(_whole("count", count), limit)
        if claim is None:
            self._fail(f"a claim of {count}", 0)
        return RingClaim(claim)

    def _fail(self, what: str, done: int) -> None:
        try:
            self._ring.demand_open()
        except RingClosedError as error:
            raise RingClosedError(f"{error}: {done} of {what} were published", done) from None
        stats = self.stats()
        raise RingFullError(f"no room for {what}: {stats.used} of {stats.capacity} are used, {done} were published",
                            done)

    def _records(self, records: Any) -> Records:
        if not isinstance(records, (np.ndarray, np.void, np.generic)) or records.dtype != self.dtype:
            said = records.dtype if isinstance(records, (np.ndarray, np.generic)) else type(records).__name__
            raise TypeError(f"records must be an array of the ring's dtype {self.dtype}, not {said}")
        array: Records = np.ascontiguousarray(records)  # makes one dimension of none
        if array.ndim != 1:
            raise ValueError(f"records must have one dimension, not shape {array.shape}")
        return array

    # ---- the consumer

    def drain(self, limit: int | None = None, *, at_least: int = 1, timeout: float | None = 0.0,
              view: bool = False) -> Records:
        """Take the oldest records out, at most `limit` (default: all that are there), as an array.

        Waits up to `timeout` seconds (None: for ever) until `at_least` are there, and gives what there is: none is an
        empty array. `view=True` gives them where they lie, read-only and up to the ring's edge, or to what was claimed
        there and given up: their slots are taken until the last array over them is gone, and until then another drain
        raises BufferError. More than the ring holds, or than lie together before what was given up, leave it piece by
        piece: a signal that ends the wait says how many are out, and the next drain gives those first.
        """
        is_plain = at_least.__class__ is int and timeout.__class__ is float and view is False
        if is_plain and limit is None and at_least == 1 and timeout == 0.0 and self._consumes:
            at_once: Records = self._ring.drain(self._geometry.capacity, 1, 0)
            return at_once
        most = self.capacity if limit is None else _whole("limit", limit)
        least = _whole("at_least", at_least)
        if not check_bool(view, "view") and limit is None:
            most = max(most, least)
        if not 1 <= least <= most:
            raise ValueError(f"at_least {least} must be 1 to {most}, the limit")
        if not self._consumes:
            self._be_consumer()
        if not view:
            drained: Records = self._ring.drain(most, least, _nanoseconds(timeout))
            return drained
        seen: Records | None = self._ring.view(most, least, _nanoseconds(timeout))
        return np.empty(0, self.dtype) if seen is None else seen

    # ---- reading

    @property
    def capacity(self) -> int:
        """Records that it holds."""
        return self._geometry.capacity

    @property
    def batch_max(self) -> int:
        """The most records that can be published at once under "fail"."""
        shared = self._geometry.many and self._path is not None
        return min(self.capacity, _CLAIM_MOST) if shared else self.capacity

    def stats(self) -> RingStats:
        """What it has seen. Threads: any; each figure is as of now, not all as of one moment."""
        tail, head, refused, abandoned, lost = self._ring.counts()
        used = min(tail - head, self.capacity)
        over = tail - head - used  # overwritten, and not counted by the consumer yet
        if ON_FULL[self._geometry.on_full] != "overwrite":
            over = 0  # the head went on between the two looks
        return RingStats(self.capacity, used, tail - abandoned, head - abandoned - lost, refused, lost + over,
                         abandoned)

    def __len__(self) -> int:
        return self.stats().used

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        name = "" if self._path is None else f" {self._path.name}"
        used = "closed" if self._ring.is_closed else f"{len(self)} of {self.capacity} records"
        return f"<RingBuffer{name} {self.backend}: {used}>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "give it a name, and RingBuffer.open it where you want it")

    # ---- its end

    def close(self) -> None:
        """Leave it: who waits in it, and every later call, gets RingClosedError. Its memory goes with the last array
        over it; a shared ring stays for the others. A view is taken, and a claim may be written, until the last array
        over it is gone: until then no other consumer, or producer in its place, comes.
        """
        self._ring.close()

    def unlink(self) -> None:
        """Take a shared ring's name away: who has it open keeps it. FileNotFoundError where it is gone."""
        if self._path is None:
            raise ValueError("a ring without a name has no file")
        self._path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_ring"):
            self.close()


@contextmanager
def shared_ring(name: str, dtype: Any, capacity: int, **settings: Any) -> Iterator[RingBuffer]:
    """A shared ring for the time of a `with` block; its name goes with it. A child of fork leaves it to its parent."""
    process = os.getpid()
    with RingBuffer(dtype, capacity, name=name, **settings) as ring:
        try:
            yield ring
        finally:
            if os.getpid() == process:
                ring.unlink()


def _choose(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"{name} {word!r} is not one of {', '.join(words)}")


def _whole(name: str, value: int) -> int:
    found: int = demand_plain(value, (int,), name, "an int")
    if not 0 <= found < 2**62:
        raise ValueError(f"{name} {found} must be 0 to {2**62 - 1}")
    return found


def _nanoseconds(timeout: float | None) -> int:
    """Seconds as ns, -1 for None."""
    if timeout is None:
        return -1
    found = demand_plain(timeout, (int, float, Decimal), "timeout", "seconds or None")
    seconds = found if isinstance(found, int) else float(found)
    if not 0 <= seconds <= 1e9:  # nor is nan
        raise ValueError(f"timeout {seconds} must be 0 to 1e9 seconds, or None")
    return int(seconds * 1e9)


def _leave_to_parent() -> None:
    """In a child of fork: the rings are the parent's, and so must their locks be."""
    for ring in list(_opened):
        ring.disown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)

"""ObjectPool and Arena: typed records in memory that is taken once, behind handles that know their generation.

A pool's records come back one by one, an arena's all at once. A handle that outlived its record is an error, never
another record.
"""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

import numpy as np

from .._backend import choose_backend, room_module
from ..vocabulary.scalars import demand_plain, dtype_of
from ..vocabulary.showing import refuse_copy
from .pool_errors import PoolExhaustedError, StaleHandleError

Records = np.ndarray[Any, np.dtype[Any]]
_SIZE_MOST = 2**24


class PoolStats(NamedTuple):
    """What a pool or an arena has seen, in records."""

    size: int
    in_use: int
    high_water: int  # the most that were in use at once
    hits: int  # that were handed out
    misses: int  # that were asked for and not there

    @property
    def hit_rate(self) -> float:
        """Hits of all that were asked for, 0 to 1; 1 where none was."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 1.0


class PooledRecord:
    """One record of a pool, by its fields: `record["price"] = 5`. A `with` block releases it at its end. After the
    release every use of it raises StaleHandleError, whoever has the place now; but an array that a field gave (a
    sub-array, a nested record) lies in that place, and is the next holder's then: copy what is to stay.
    """

    __slots__ = ("_pool", "handle")

    def __init__(self, pool: ObjectPool, handle: int) -> None:
        self._pool = pool
        self.handle: int = handle

    def __getitem__(self, field: str) -> Any:
        return self._pool._record(self.handle)[field]

    def __setitem__(self, field: str, value: Any) -> None:
        self._pool._record(self.handle)[field] = value

    def release(self) -> None:
        """Give it back. Raises StaleHandleError for a second time."""
        self._pool.release(self.handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        with suppress(*(() if kind is None else (StaleHandleError,))):  # the error that ended the block counts
            self.release()

    def __repr__(self) -> str:
        try:
            return f"PooledRecord({self._pool._record(self.handle)!r})"
        except StaleHandleError:
            return f"PooledRecord(released, handle {self.handle})"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "it lies in its pool; copy its fields")


class ObjectPool:
    """`size` records of a dtype with fields, made once: `acquire` hands one out, zeroed, `release` takes it back.

    A handle is a number of this pool alone: another pool gives the same ones, and can't tell that it is not its own.
    Threads: any may acquire and release; a record is its holder's.
    """

    def __init__(self, dtype: Any, size: int, *, backend: str | None = None) -> None:
        self.dtype: np.dtype[Any] = _fields(dtype)
        self._records = _memory(self.dtype, size)
        self.backend: str = choose_backend(backend).name
        self._pool: Any = room_module(self.backend, "pools").Pool(self._records.view(np.uint8), len(self._records))

    def acquire(self) -> PooledRecord:
        """A zeroed record. Raises PoolExhaustedError where all are in use, and counts a miss."""
        return PooledRecord(self, self._pool.acquire())

    def get(self, handle: int) -> PooledRecord:
        """The record of a handle. Raises StaleHandleError where it was released."""
        self._record(handle)
        return PooledRecord(self, handle)

    def release(self, handle: int) -> None:
        """Take a record back by its handle. Raises StaleHandleError where it was released already."""
        self._pool.release(_handle(handle))

    def _record(self, handle: int) -> Any:
        return self._records[self._pool.find(_handle(handle))]

    def stats(self) -> PoolStats:
        """What it has seen so far."""
        return PoolStats(*self._pool.counts())

    def __repr__(self) -> str:
        now = self.stats()
        return f"<ObjectPool {self.backend}: {now.in_use} of {now.size} records in use>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its handles name records of this one")


class Arena:
    """Room for `size` records of a dtype with fields, handed out in runs and taken back all at once by `reset`.

    Threads: one at a time.
    """

    def __init__(self, dtype: Any, size: int) -> None:
        self.dtype: np.dtype[Any] = _fields(dtype)
        self._records = _memory(self.dtype, size)
        self._runs: list[tuple[int, int]] = []  # of this generation: first, behind the last
        self._generation = 1
        self._used = self._high_water = self._hits = self._misses = 0

    def __repr__(self) -> str:
        return f"<Arena: {self._used} of {len(self._records)} records in use>"

    def __reduce__(self) -> NoReturn:
        refuse_copy(self, "its handles name records of this one")

    def acquire(self, count: int = 1) -> int:
        """A handle to `count` zeroed records that lie together. Raises PoolExhaustedError where there are fewer."""
        wanted = demand_plain(count, (int,), "count", "an int")
        if not 1 <= wanted <= len(self._records):
            raise ValueError(f"count {wanted} must be 1 to {len(self._records)}, the arena's size")
        if wanted > len(self._records) - self._used:
            self._misses += wanted
            raise PoolExhaustedError(f"no room for {wanted} records: {self._used} of {len(self._records)} are in use")
        first, self._used = self._used, self._used + wanted
        self._records[first : self._used] = np.zeros((), self.dtype)
        self._runs.append((first, self._used))
        self._hits += wanted
        self._high_water = max(self._high_water, self._used)
        return self._generation << 24 | (len(self._runs) - 1)

    def records(self, handle: int) -> Records:
        """The records of a handle, to read and write until the reset. Raises StaleHandleError after it."""
        number = _handle(handle)
        run = number & (_SIZE_MOST - 1)
        if number >> 24 != self._generation or run >= len(self._runs):
            raise StaleHandleError(f"handle {handle} is of generation {number >> 24}, the arena's is "
                                   f"{self._generation}")
        first, behind = self._runs[run]
        return self._records[first:behind]

    def reset(self) -> None:
        """All records are free, and every handle so far is stale."""
        self._runs.clear()
        self._used, self._generation = 0, (self._generation + 1) & (2**39 - 1)

    def stats(self) -> PoolStats:
        """What it has seen so far."""
        return PoolStats(len(self._records), self._used, self._high_water, self._hits, self._misses)


def _fields(dtype: Any) -> np.dtype[Any]:
    found = dtype_of(dtype)
    if found.names is None or found.hasobject:
        raise TypeError(f"dtype {found} must have fields, and no Python objects among them")
    return found


def _memory(dtype: np.dtype[Any], size: int) -> Records:
    count = demand_plain(size, (int,), "size", "an int")
    if not 1 <= count <= _SIZE_MOST:
        raise ValueError(f"size {count} must be 1 to {_SIZE_MOST}")
    return np.zeros(count, dtype)


def _handle(handle: int) -> int:
    found: int = demand_plain(handle, (int,), "handle", "an int")
    if not 0 <= found < 2**63:
        raise StaleHandleError(f"handle {found} is none")
    return found

"""A pool of rows over memory that is given: a stack of free ones, and a generation for each, odd while it is in use."""

from __future__ import annotations

import threading

from tradecore.runtime.pool_errors import PoolExhaustedError, StaleHandleError

from ..vocabulary.shell import Records, demand

SLOT_BITS = 24
GENERATION_MASK = 2**39 - 1  # a handle has 63 bits


class Pool:
    """Rows of one size, handed out and taken back; a handle names one use of one row."""

    def __init__(self, memory: Records, size: int) -> None:
        demand("size", size, 1, 1 << SLOT_BITS)
        if len(memory) < size or len(memory) % size:
            raise ValueError(f"a memory of {len(memory)} bytes does not hold {size} rows of one size")
        self._rows = memory.reshape(size, -1)
        self._generations, self._free = [0] * size, list(range(size - 1, -1, -1))
        self._size, self._high_water, self._hits, self._misses = size, 0, 0, 0
        self._lock = threading.Lock()

    def acquire(self) -> int:
        """A handle to a zeroed row. Raises PoolExhaustedError where none is free. Threads: any."""
        with self._lock:
            if not self._free:
                self._misses += 1
                raise PoolExhaustedError(f"all {self._size} records of the pool are in use")
            slot = self._free.pop()
            self._generations[slot] = (self._generations[slot] + 1) & GENERATION_MASK
            self._hits += 1
            self._high_water = max(self._high_water, self._size - len(self._free))
            self._rows[slot] = 0
            return self._generations[slot] << SLOT_BITS | slot

    def _find_row(self, handle: int) -> int:
        if not 0 <= handle < 1 << 64:
            raise OverflowError(f"handle {handle} has no 64 bits")
        slot, generation = handle & ((1 << SLOT_BITS) - 1), handle >> SLOT_BITS
        if slot >= self._size or self._generations[slot] != generation or not generation & 1:
            raise StaleHandleError(f"handle {handle} names no record in use: it was released, or never given out")
        return slot

    def find(self, handle: int) -> int:
        """Where a handle's row is. Raises StaleHandleError where it was released. Threads: any."""
        with self._lock:
            return self._find_row(handle)

    def release(self, handle: int) -> None:
        """Give a row back. Raises StaleHandleError for a second time. Threads: any."""
        with self._lock:
            slot = self._find_row(handle)
            self._generations[slot] = (self._generations[slot] + 1) & GENERATION_MASK
            self._free.append(slot)

    def counts(self) -> tuple[int, int, int, int, int]:
        """(size, in use, high water, hits, misses)."""
        with self._lock:
            return self._size, self._size - len(self._free), self._high_water, self._hits, self._misses

# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""A pool of rows over memory that is given: door checks here, the pool in pools.pxd."""

from pools cimport *
from table cimport *
cimport cython

from tradecore.runtime.pool_errors import PoolExhaustedError, StaleHandleError


@cython.final
cdef class Pool:
    """Rows of one size, handed out and taken back; a handle names one use of one row."""

    cdef tc_pool pool
    cdef cython.pymutex lock
    cdef unsigned char[::1] memory
    cdef list tables

    def __cinit__(self, memory, int64_t size):
        demand("size", size, 1, 1 << SLOT_BITS)
        self.memory = memory
        if self.memory.shape[0] < size or self.memory.shape[0] % size:
            raise ValueError(f"a memory of {self.memory.shape[0]} bytes does not hold {size} rows of one size")
        self.tables = []
        self.pool.size, self.pool.row_size = size, <uint64_t>(self.memory.shape[0] // size)
        self.pool.rows = <char*>&self.memory[0]
        self.pool.generations = <uint64_t*>table(self.tables, size, sizeof(uint64_t))
        self.pool.free = <uint32_t*>table(self.tables, size, sizeof(uint32_t))
        open_pool(&self.pool)

    def __dealloc__(self):
        free_tables(self.tables)

    def acquire(self):
        """A handle to a zeroed row. Raises PoolExhaustedError where none is free. Threads: any."""
        cdef uint64_t handle = 0
        with self.lock: handle = acquire_row(&self.pool)
        if not handle:
            raise PoolExhaustedError(f"all {self.pool.size} records of the pool are in use")
        return handle

    def find(self, uint64_t handle):
        """Where a handle's row is. Raises StaleHandleError where it was released. Threads: any."""
        cdef int64_t slot = -1
        with self.lock: slot = find_row(&self.pool, handle)
        if slot < 0:
            raise StaleHandleError(f"handle {handle} names no record in use: it was released, or never given out")
        return slot

    def release(self, uint64_t handle):
        """Give a row back. Raises StaleHandleError for a second time. Threads: any."""
        cdef bint was_held = False
        with self.lock: was_held = release_row(&self.pool, handle)
        if not was_held:
            raise StaleHandleError(f"handle {handle} names no record in use: it was released, or never given out")

    def counts(self):
        """(size, in use, high water, hits, misses)."""
        cdef tc_pool now
        with self.lock: copy_pool(&self.pool, &now)
        return now.size, now.size - now.free_count, now.high_water, now.hits, now.misses

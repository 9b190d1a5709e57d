# Pool kernels: fixed rows, a stack of free ones, and a generation for each, so that a handle names one use of a row. A
# generation is odd while its row is in use. One thread at a time.

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memset


cdef enum:
    SLOT_BITS = 24


# Only in C: constants of C as functions. A handle has 63 bits.
cdef inline uint64_t generation_mask() noexcept nogil:
    return (<uint64_t>1 << 39) - 1


cdef struct tc_pool:
    char* rows
    uint64_t* generations
    uint32_t* free
    uint64_t row_size
    int64_t size, free_count, high_water, hits, misses


# Every row free, the first on top.
cdef inline void open_pool(tc_pool* pool) noexcept nogil:
    cdef int64_t slot
    pool.free_count = pool.size
    for slot in range(pool.size):
        pool.free[slot] = <uint32_t>(pool.size - 1 - slot)


# A handle to a zeroed row, or 0 where none is free.
cdef inline uint64_t acquire_row(tc_pool* pool) noexcept nogil:
    cdef uint32_t slot
    cdef int64_t used
    if pool.free_count == 0:
        pool.misses += 1
        return 0
    pool.free_count -= 1
    slot = pool.free[pool.free_count]
    pool.generations[slot] = (pool.generations[slot] + 1) & generation_mask()
    pool.hits += 1
    used = pool.size - pool.free_count
    if used > pool.high_water:
        pool.high_water = used
    memset(pool.rows + slot * pool.row_size, 0, pool.row_size)
    return pool.generations[slot] << SLOT_BITS | slot


# Where a handle's row is, or -1 where the handle is stale.
cdef inline int64_t find_row(const tc_pool* pool, uint64_t handle) noexcept nogil:
    cdef uint64_t slot = handle & ((1 << SLOT_BITS) - 1)
    if slot >= <uint64_t>pool.size or pool.generations[slot] != handle >> SLOT_BITS or not handle >> SLOT_BITS & 1:
        return -1
    return <int64_t>slot


# The row is free again and every handle to it stale; False where this one already was.
cdef inline bint release_row(tc_pool* pool, uint64_t handle) noexcept nogil:
    cdef int64_t slot = find_row(pool, handle)
    if slot < 0:
        return False
    pool.generations[slot] = (pool.generations[slot] + 1) & generation_mask()
    pool.free[pool.free_count] = <uint32_t>slot
    pool.free_count += 1
    return True


# Only in C: figures that a shell tells once nobody is kept waiting.
cdef inline void copy_pool(const tc_pool* pool, tc_pool* copy) noexcept nogil:
    copy[0] = pool[0]

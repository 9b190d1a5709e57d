# A ring's memory as its kernels see it: header, words, slots, and the accesses with a stated order (ring.h). What one
# side keeps to itself is tc_ring; nothing here decides anything.

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy


cdef extern from "tradecore/ring.h" nogil:
    enum:
        TC_RING_HEADER
        TC_RING_PRODUCERS

    ctypedef struct tc_ring_memory:
        uint64_t magic, version, backend, record_size, stride, capacity, many, on_full, wait, rows_at, words_at
        uint64_t slots_at, size, dtype_length, consumed, tail, cached_head, refused, head, known, abandoned, lost
        uint32_t consumer_waits, producers_wait

    ctypedef struct tc_ring_row:
        uint64_t intent

    uint64_t tc_load_relaxed(const uint64_t* at)
    uint64_t tc_load_acquire(const uint64_t* at)
    void tc_store_relaxed(uint64_t* at, uint64_t value)
    void tc_store_release(uint64_t* at, uint64_t value)
    uint64_t tc_add_relaxed(uint64_t* at, uint64_t value)
    uint64_t tc_add_release(uint64_t* at, uint64_t value)
    int tc_swap_if(uint64_t* at, uint64_t* seen, uint64_t value)
    void tc_fence_acquire()
    void tc_fence_release()
    void tc_fence_full()
    uint32_t tc_enter(uint32_t* door, uint32_t as_)
    void tc_leave(uint32_t* door)
    uint32_t tc_load_word(const uint32_t* at)
    void tc_store_word(uint32_t* at, uint32_t value)
    void tc_write_words(char* slot, const char* source, uint64_t size)
    void tc_read_words(char* target, const char* slot, uint64_t size)
    void tc_copy_record(char* target, const char* source, uint64_t size)
    void tc_spin()
    void tc_yield()
    void tc_sleep(int64_t nanoseconds)
    void tc_sleep_on(uint32_t* word, int64_t nanoseconds)
    void tc_wake_all(uint32_t* word)
    int tc_is_locked(int fd, int64_t byte)
    void tc_unlock(int fd, int64_t byte)
    void tc_close(int fd)
    uint64_t tc_nanoseconds()


cdef enum:
    FULL_FAIL, FULL_SPIN, FULL_BLOCK, FULL_OVERWRITE


cdef enum:
    WAIT_BUSY, WAIT_YIELD, WAIT_BACKOFF, WAIT_FUTEX


cdef enum:
    CLAIM_MOST = 65_535            # records of one claim in a shared ring: its count has 16 bits of the intent
    NAP_MOST = 1_000_000           # ns
    GRACE_MOST = 31                # pauses
    LOOK_AHEAD = 32                # committed records that are looked for at once, however few are asked for
    SPINS_BUSY = 2_048             # and before that does, to whoever else wants it
    SPINS = 64                     # looks before anything but WAIT_BUSY gives the processor away


cdef extern from *:
    """
    #define TC_SKIPPED 0x8000000000000000ull   /* of a word: nobody will ever commit what it spans */
    """
    const uint64_t TC_SKIPPED


# What one side knows of a ring: where its parts lie, and the sizes, so that the header's first line is left alone.
cdef struct tc_ring:
    tc_ring_memory* memory
    uint64_t* words                # with many producers, or overwriting; else NULL
    char* slots
    uint64_t capacity, mask, record_size, stride
    int many, on_full, wait
    int alone, among               # nothing is overwritten: by one producer, or many threads of one process
    tc_ring_row* rows              # of a shared ring of many producers; else NULL
    int row, fd                    # this producer's, and the file that says who lives
    uint32_t closed                # 1: leave, whoever waits
    uint32_t producing, consuming  # the doors of the two sides (ring_doors.pxd)
    uint64_t gone                  # of a shared ring that was closed: doors that nobody passes any more
    uint32_t grace                 # pauses before the consumer looks again at a stream that it has caught up with


# Only in C: addresses.
cdef inline void open_ring(tc_ring* r, char* memory) noexcept nogil:
    cdef tc_ring_memory* m = <tc_ring_memory*>memory
    r.memory, r.slots = m, memory + m.slots_at
    r.capacity, r.mask, r.record_size, r.stride = m.capacity, m.capacity - 1, m.record_size, m.stride
    r.many, r.on_full, r.wait = <int>m.many, <int>m.on_full, <int>m.wait
    r.alone = not r.many and r.on_full != FULL_OVERWRITE
    r.among = r.many and r.on_full != FULL_OVERWRITE and not m.rows_at
    r.words = <uint64_t*>(memory + m.words_at) if m.words_at else NULL
    r.rows = <tc_ring_row*>(memory + m.rows_at) if m.rows_at else NULL
    r.row, r.fd, r.closed, r.grace = -1, -1, 0, 0
    r.producing, r.consuming, r.gone = 0, 0, 0


# Only in C: min.
cdef inline uint64_t least_of(uint64_t a, uint64_t b) noexcept nogil:
    return a if a < b else b


# Records into slots: at most two runs, where a record fills its slot.
cdef inline void copy_in(tc_ring* r, uint64_t at, const char* source, uint64_t count) noexcept nogil:
    cdef uint64_t slot = at & r.mask, run, i
    if count == 1:
        tc_copy_record(r.slots + slot * r.stride, source, r.record_size)
    elif r.record_size == r.stride:
        run = least_of(count, r.capacity - slot)
        memcpy(r.slots + slot * r.stride, source, run * r.stride)
        memcpy(r.slots, source + run * r.stride, (count - run) * r.stride)
    else:
        for i in range(count):
            tc_copy_record(r.slots + ((at + i) & r.mask) * r.stride, source + i * r.record_size, r.record_size)


cdef inline void copy_out(tc_ring* r, uint64_t at, char* target, uint64_t count) noexcept nogil:
    cdef uint64_t slot = at & r.mask, run, i
    if count == 1:
        tc_copy_record(target, r.slots + slot * r.stride, r.record_size)
    elif r.record_size == r.stride:
        run = least_of(count, r.capacity - slot)
        memcpy(target, r.slots + slot * r.stride, run * r.stride)
        memcpy(target + run * r.stride, r.slots, (count - run) * r.stride)
    else:
        for i in range(count):
            tc_copy_record(target + i * r.record_size, r.slots + ((at + i) & r.mask) * r.stride, r.record_size)

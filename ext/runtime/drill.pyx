# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""Native loops over the ring's kernels, for its tests, sanitizers and benchmarks: threads that share nothing but a
ring. In no wheel: built where TRADECORE_DRILL is on. A record has 64 bytes: number, producer, and words that follow
from both.
"""

from rings cimport *
from libc.string cimport memset

cdef enum:
    BATCH_MOST = 4_096
    PRODUCERS_MOST = 64


cdef packed struct tc_line:
    uint64_t number, producer
    uint64_t check[6]


cdef inline void fill(tc_line* line, uint64_t number, uint64_t producer) noexcept nogil:
    cdef uint64_t i
    line.number, line.producer = number, producer
    for i in range(6):
        line.check[i] = number * <uint64_t>2_654_435_761 + producer + i


cdef inline bint is_whole(const tc_line* line) noexcept nogil:
    cdef uint64_t i, wrong = 0
    for i in range(6):
        wrong |= line.check[i] ^ (line.number * <uint64_t>2_654_435_761 + line.producer + i)
    return wrong == 0


cdef inline void publish_all(tc_ring* r, const char* source, uint64_t count) noexcept nogil:
    cdef uint64_t done = 0
    if r.on_full != FULL_FAIL:
        publish_until(r, source, count, <uint64_t>-1)
        return
    while done < count:
        done += publish_some(r, source, count, count)
        if done < count:
            tc_yield()


def produce(unsigned char[::1] memory, uint64_t producer, uint64_t count, uint64_t batch):
    """Publish so many numbered records in such batches; ns that it took."""
    cdef tc_ring r
    cdef tc_line lines[BATCH_MOST]
    cdef uint64_t at = 0, i, size, start
    open_ring(&r, <char*>&memory[0])
    if batch > BATCH_MOST or r.record_size != sizeof(tc_line):
        raise ValueError("a drill has records of 64 bytes, in batches of up to 4,096")
    with nogil:
        start = tc_nanoseconds()
        while at < count:
            size = least_of(batch, count - at)
            for i in range(size):
                fill(&lines[i], at + i, producer)
            publish_all(&r, <const char*>lines, size)
            at += size
        start = tc_nanoseconds() - start
    return start


def consume(unsigned char[::1] memory, uint64_t count, uint64_t batch):
    """Take `count` records, those that were overwritten included: (drained, lost, faults: torn, twice or out of
    order).
    """
    cdef tc_ring r
    cdef tc_line lines[BATCH_MOST]
    cdef uint64_t next_number[PRODUCERS_MOST]
    cdef uint64_t got, i, drained = 0, faults = 0
    open_ring(&r, <char*>&memory[0])
    memset(next_number, 0, sizeof(next_number))
    if batch > BATCH_MOST:
        raise ValueError("batches of up to 4,096")
    with nogil:
        while drained + tc_load_relaxed(&r.memory.lost) < count:
            got = drain_until(&r, <char*>lines, 1, batch, tc_nanoseconds() + 10_000_000)
            for i in range(got):
                if lines[i].producer >= PRODUCERS_MOST or not is_whole(&lines[i]):
                    faults += 1
                    continue
                if r.on_full == FULL_OVERWRITE:
                    faults += lines[i].number < next_number[lines[i].producer]
                else:
                    faults += lines[i].number != next_number[lines[i].producer]
                next_number[lines[i].producer] = lines[i].number + 1
            drained += got
    return drained, tc_load_relaxed(&r.memory.lost), faults


def send(unsigned char[::1] memory, uint64_t count, uint64_t batch):
    """Publish one batch again and again, for its speed."""
    cdef tc_ring r
    cdef tc_line lines[BATCH_MOST]
    cdef uint64_t at = 0
    open_ring(&r, <char*>&memory[0])
    memset(lines, 1, sizeof(lines))
    with nogil:
        while at < count:
            publish_all(&r, <const char*>lines, least_of(batch, count - at))
            at += batch


def receive(unsigned char[::1] memory, uint64_t count, uint64_t batch):
    """Drain so many records into one batch; ns from the first to the last."""
    cdef tc_ring r
    cdef tc_line lines[BATCH_MOST]
    cdef uint64_t at = 0, start
    open_ring(&r, <char*>&memory[0])
    with nogil:
        at = drain_until(&r, <char*>lines, 1, batch, <uint64_t>-1)
        start = tc_nanoseconds()
        while at < count:
            at += drain_until(&r, <char*>lines, 1, batch, <uint64_t>-1)
        start = tc_nanoseconds() - start
    return start


def round_trips(unsigned char[::1] there, unsigned char[::1] back, uint64_t count, bint answers):
    """One record there and one back, again and again; ns that it took."""
    cdef tc_ring out, into
    cdef tc_line line
    cdef uint64_t start, _
    open_ring(&out, <char*>(&back[0] if answers else &there[0]))
    open_ring(&into, <char*>(&there[0] if answers else &back[0]))
    fill(&line, 0, 0)
    with nogil:
        start = tc_nanoseconds()
        for _ in range(count):
            if not answers:
                publish_all(&out, <const char*>&line, 1)
            drain_until(&into, <char*>&line, 1, 1, <uint64_t>-1)
            if answers:
                publish_all(&out, <const char*>&line, 1)
        start = tc_nanoseconds() - start
    return start


def exchanges(uint64_t[::1] line, uint64_t count, bint answers, bint pauses):
    """A number in one cache line, set to 2n + 1 by one side and to 2n + 2 by the other, with a pause between two looks
    or without; ns that it took.
    """
    cdef uint64_t* word = &line[0]
    cdef uint64_t i, start
    with nogil:
        start = tc_nanoseconds()
        for i in range(count):
            if answers:
                while tc_load_acquire(word) != 2 * i + 1:
                    if pauses:
                        tc_spin()
                tc_store_release(word, 2 * i + 2)
            else:
                tc_store_release(word, 2 * i + 1)
                while tc_load_acquire(word) != 2 * i + 2:
                    if pauses:
                        tc_spin()
        start = tc_nanoseconds() - start
    return start

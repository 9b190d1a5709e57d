# One record, where the ring seems to have room for it, or is known to hold it: without the calls and the choices that a
# batch needs, by the same accesses in the same order as rings.pxd, which says why each has its order. What is not so
# plain is left to what is there for batches.

from ring_memory cimport *


# Only in C: a futex.
# Whoever sleeps on this word is woken. The fence stands between what was just published and the look at the word, as
# one stands between the sleeper's word and its last look at the ring: one of the two sees the other.
cdef inline void wake(tc_ring* r, uint32_t* word) noexcept nogil:
    if r.wait == WAIT_FUTEX:
        tc_fence_full()
        if tc_load_word(word):
            tc_store_word(word, 0)
            tc_wake_all(word)


# Only in C: one step of take_records.
cdef inline void give_back(tc_ring* r, uint64_t head) noexcept nogil:
    tc_store_release(&r.memory.head, head)
    wake(r, &r.memory.producers_wait)


# Only in C: publish_some in Python.
# Publishes one record where the ring seems to have room and nobody is in the way; false: ask publish_some.
cdef inline bint publish_record(tc_ring* r, const char* source) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t tail = tc_load_relaxed(&m.tail)
    if r.alone:
        if tail - m.cached_head == r.capacity:
            return False
        tc_copy_record(r.slots + (tail & r.mask) * r.stride, source, r.record_size)
        tc_store_release(&m.tail, tail + 1)
    else:
        if not r.among or tail - tc_load_acquire(&m.cached_head) >= r.capacity:
            return False
        if not tc_swap_if(&m.tail, &tail, tail + 1):
            return False
        tc_copy_record(r.slots + (tail & r.mask) * r.stride, source, r.record_size)
        tc_store_release(&r.words[tail & r.mask], tail + 1)
    wake(r, &m.consumer_waits)
    return True


# Only in C: drain_some in Python.
# Takes one record that the consumer knows of; false: ask drain_some. Where records are overwritten it knows of none.
cdef inline bint take_record(tc_ring* r, char* target) noexcept nogil:
    cdef tc_ring_memory* m = r.memory
    cdef uint64_t head = tc_load_relaxed(&m.head)
    if head == m.known:
        return False
    tc_copy_record(target, r.slots + (head & r.mask) * r.stride, r.record_size)
    give_back(r, head + 1)
    return True

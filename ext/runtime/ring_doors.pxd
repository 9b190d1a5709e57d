# The doors of a ring's two sides: one caller at a time is behind each, for the time of a call, or for as long as a
# claim or a view is held. Of a shared ring that was closed, they say when its locks and its file may go: no earlier, or
# who comes next would take the slots of a claim or a view for free.

from ring_memory cimport *


cdef enum:
    CALL = 1
    HELD = 2
    GONE = 3                       # the ring was closed: nobody passes any more


# Of a shared ring that was closed: the lock of each side that nobody is behind goes, and the file with the later of the
# two. Whoever closes it and whoever leaves a door after that come here: each door is taken by one of them.
cdef inline void let_go(tc_ring* r) noexcept nogil:
    cdef uint64_t gone = 0
    if tc_enter(&r.producing, GONE) == 0:
        gone += 1
        if r.row >= 0:
            tc_unlock(r.fd, 1 + r.row)
    if tc_enter(&r.consuming, GONE) == 0:
        gone += 1
        tc_unlock(r.fd, 0)
    # Release and acquire: the other side's use of the file comes before its end.
    if gone and tc_add_release(&r.gone, gone) + gone == 2:
        tc_fence_acquire()
        tc_close(r.fd)


# Of a new consumer: the one before may have died with its head beyond what it knew (skip_records in rings.pxd).
# Only in C: in be_consumer in Python.
cdef inline void catch_up(tc_ring* r) noexcept nogil:
    r.memory.known = max(r.memory.known, tc_load_relaxed(&r.memory.head))


# Only in C: _leave_door of RingSteps in Python, whose lock does for the fences.
# The full fences stand between the door and the look at `closed` here, and between `closed` and the look at the doors
# in close_ring: one of the two sees the other.
cdef inline void leave_door(tc_ring* r, uint32_t* door, bint is_shared) noexcept nogil:
    tc_leave(door)
    if is_shared:
        tc_fence_full()
        if tc_load_word(&r.closed):
            let_go(r)


# Only in C: _close_ring of RingSteps in Python.
cdef inline void close_ring(tc_ring* r, bint is_shared) noexcept nogil:
    tc_store_word(&r.closed, 1)
    if is_shared:
        tc_fence_full()
        let_go(r)

# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
# cython: auto_pickle=False
"""A ring over memory that is given: door checks here, the algorithm in rings.pxd. Calls that have to wait do so without
the GIL and look for signals every 10 ms; the others keep it."""

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals
from filling cimport fill_all
from ring_doors cimport *
from rings cimport *
cimport cython

import numpy as np

from tradecore.runtime.ring_memory import CONSUMER, RingClosedError, is_locked, lock_byte


@cython.no_gc
@cython.final
cdef class Claim:
    """Records of a ring that are being written in place. What is dropped without a commit is abandoned."""

    cdef Ring ring
    cdef uint64_t at
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t shape[1]
    cdef Py_ssize_t strides[1]

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if self.shape[0] < 0:
            raise ValueError("the claim was committed or abandoned already")
        show_slots(buffer, self, &self.ring.ring, self.at, self.shape, self.strides, 0)

    def records(self):
        """The claimed records, to be written before the commit."""
        return array_of(self.ring, self, self.count)

    def commit(self, int64_t count):
        """Publish the first `count` records; the others are abandoned. Once."""
        if not 0 <= count <= self.count:
            raise ValueError(f"count {count} must be 0 to {self.count}, the records claimed")
        if self.ring is None or self.shape[0] < 0:
            raise ValueError("the claim was committed or abandoned already")
        self.ring.demand_open()
        self.finish(<uint64_t>count)

    cdef void finish(self, uint64_t count) noexcept:
        self.shape[0] = -1
        if count or self.ring.ring.many:
            commit_records(&self.ring.ring, self.at, count, <uint64_t>self.count)
        self.ring.leave_producing()

    def __dealloc__(self):
        if self.ring is not None and self.shape[0] >= 0 and not self.ring.is_disowned:
            self.finish(0)


@cython.no_gc
@cython.final
cdef class _View:
    """Keeps the slots of a NumPy view from being written until the last array over them is gone."""

    cdef Ring ring
    cdef uint64_t at
    cdef readonly Py_ssize_t count
    cdef Py_ssize_t shape[1]
    cdef Py_ssize_t strides[1]

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        if flags & 1:                                   # PyBUF_WRITABLE
            raise BufferError("records that are drained can't be written")
        show_slots(buffer, self, &self.ring.ring, self.at, self.shape, self.strides, 1)

    def __dealloc__(self):
        if self.ring is not None and not self.ring.is_disowned:
            give_back(&self.ring.ring, self.at + <uint64_t>self.count)
            self.ring.leave_consuming()


fill_all(Claim, "a ring's claim() gives one")
fill_all(_View, "a ring's view() gives one")

cdef object array_of(Ring ring, object owner, Py_ssize_t count):
    """Records where they lie: the array holds its owner."""
    return np.ndarray((count,), ring.dtype, owner, 0, (<Py_ssize_t>ring.ring.stride,))


cdef int show_slots(Py_buffer* buffer, object owner, tc_ring* r, uint64_t at, Py_ssize_t* shape, Py_ssize_t* strides,
                    int is_readonly) except -1:
    buffer.buf, buffer.obj = r.slots + (at & r.mask) * r.stride, owner
    buffer.len, buffer.itemsize, buffer.readonly = shape[0], 1, is_readonly
    buffer.ndim, buffer.format, buffer.shape, buffer.strides = 1, NULL, shape, strides
    buffer.suboffsets, buffer.internal = NULL, NULL
    return 0


@cython.final
cdef class Ring:
    """A bounded queue of fixed-size records over a memory with its header, between producers and one consumer."""

    cdef tc_ring ring
    cdef unsigned char[::1] memory
    cdef object dtype, rescued
    cdef object __weakref__
    cdef bint is_producing_alone, is_consuming, is_shared, is_disowned

    def __cinit__(self, memory, dtype, int fd):
        self.memory, self.dtype, self.rescued = memory, dtype, None
        open_ring(&self.ring, <char*>&self.memory[0])
        self.ring.fd, self.is_shared = fd, fd >= 0
        self.is_producing_alone = not self.ring.many or self.ring.rows != NULL

    cpdef int demand_open(self) except -1:
        """Raises RingClosedError where it is closed, or a child of fork has it."""
        if self.is_disowned:
            raise RingClosedError("this ring was opened before a fork: a child opens its own, by name")
        if tc_load_word(&self.ring.closed):
            raise RingClosedError("the ring is closed")
        return 0

    def be_producer(self, int64_t timeout):
        """Take the lock of a producer of a shared ring; whether one was free, None where a call kept it too long."""
        cdef int row
        self.demand_open()
        if not self.produce(0, deadline_of(timeout)):   # nobody closes the file meanwhile
            return None
        try:
            for row in range(TC_RING_PRODUCERS if self.ring.rows != NULL else 1):
                if self.ring.row >= 0 or not lock_byte(self.ring.fd, 1 + row):
                    continue
                self.ring.row = row
                if self.ring.rows != NULL:
                    tc_store_release(&self.ring.rows[row].intent, 0)
            return self.ring.row >= 0
        finally:
            self.leave_producing()

    def be_consumer(self):
        """Take the lock of the consumer of a shared ring; whether it was free."""
        self.demand_open()
        self.consume()
        try:
            if not lock_byte(self.ring.fd, CONSUMER):
                return False
            catch_up(&self.ring)
            self.ring.memory.consumed = self.is_consuming = True
            return True
        finally:
            self.leave_consuming()

    cdef int produce(self, uint64_t count, uint64_t deadline) except -1:
        """Passes the producers' door: waits for another thread's call where many may produce, and is refused else.
        False where the deadline came first, for so many records."""
        cdef uint32_t found = tc_enter(&self.ring.producing, CALL)
        while found == CALL and self.ring.many:
            if self.ring.on_full != FULL_FAIL and tc_nanoseconds() >= deadline:
                tc_add_relaxed(&self.ring.memory.refused, count)    # under "fail" nobody stays for long
                return False
            with nogil:
                tc_sleep(50_000)
            PyErr_CheckSignals()
            self.demand_open()
            found = tc_enter(&self.ring.producing, CALL)
        if found == GONE:
            raise RingClosedError("the ring is closed")
        if found:
            raise RuntimeError("records are claimed and not committed yet" if found == HELD else
                               "another thread publishes: a ring of one producer takes one at a time")
        return True

    cdef int consume(self) except -1:
        cdef uint32_t found = tc_enter(&self.ring.consuming, CALL)
        if found == GONE:
            raise RingClosedError("the ring is closed")
        if found == HELD:
            raise BufferError("a view is still held: delete its arrays first")
        if found:
            raise RuntimeError("another thread drains: a ring has one consumer")
        return 0

    cdef void leave_producing(self) noexcept:
        if self.is_producing_alone:
            leave_door(&self.ring, &self.ring.producing, self.is_shared)

    cdef void leave_consuming(self) noexcept:
        leave_door(&self.ring, &self.ring.consuming, self.is_shared)

    cdef bint has_lost_consumer(self) except -1:
        if self.is_consuming or not self.is_shared or tc_load_word(&self.ring.closed) or not self.ring.memory.consumed:
            return False                                # a lock of one's own is not seen as one
        return not is_locked(self.ring.fd, CONSUMER)

    def publish(self, records, int64_t timeout):
        """Copy a batch in; how many records went in: all, or fewer at the deadline, of which `fail` makes none.

        `timeout` in ns, negative for none. Threads: one per ring of one producer, any where there are many.
        """
        self.demand_open()
        cdef Py_buffer source
        PyObject_GetBuffer(records, &source, PyBUF_SIMPLE)
        try:
            return self.publish_bytes(<const char*>source.buf, <uint64_t>source.len // self.ring.record_size, timeout)
        finally:
            PyBuffer_Release(&source)

    cdef uint64_t publish_bytes(self, const char* bytes, uint64_t count, int64_t timeout) except? 0:
        cdef uint64_t done = 0, least = 1, deadline = deadline_of(timeout)
        cdef tc_ring* r = &self.ring
        if self.is_producing_alone and not self.produce(count, deadline):
            return 0
        try:
            if r.on_full == FULL_FAIL:
                least = count
            if count:
                done = publish_some(r, bytes, count, least)
            while done < count and r.on_full != FULL_FAIL and timeout and not tc_load_word(&r.closed):
                done = self.publish_rest(bytes, done, count, deadline)
                PyErr_CheckSignals()
                if tc_nanoseconds() >= deadline or (done < count and self.has_lost_consumer()):
                    break
        except BaseException as error:
            error.add_note(f"{done} of {count} records are in the ring")
            raise
        finally:
            self.leave_producing()
        if done < count:
            tc_add_relaxed(&r.memory.refused, count - done)
        return done

    cdef uint64_t publish_rest(self, const char* bytes, uint64_t done, uint64_t count, uint64_t deadline):
        cdef tc_ring* r = &self.ring
        cdef uint64_t until = next_look(deadline)
        with nogil:
            done += publish_until(r, bytes + done * r.record_size, count - done, until)
        return done

    def claim(self, int64_t count, int64_t timeout):
        """1 to `count` records to be written in place, as many as lie together; None where there was no room."""
        self.demand_open()
        cdef tc_ring* r = &self.ring
        cdef uint64_t deadline = deadline_of(timeout), at = 0, got = 0, until
        cdef Claim claim
        if count < 1 or <uint64_t>count > r.capacity:
            raise ValueError(f"count {count} must be 1 to {r.capacity}, the capacity")
        if r.on_full == FULL_OVERWRITE:
            raise ValueError("a ring that overwrites has no records in place: publish copies them in")
        if self.is_producing_alone and not self.produce(<uint64_t>count, deadline):
            return None
        try:
            got = claim_records(r, <uint64_t>count, 1, &at, True)
            while not got and r.on_full != FULL_FAIL and timeout and not tc_load_word(&r.closed):
                until = next_look(deadline)
                with nogil:
                    got = claim_until(r, <uint64_t>count, &at, until)
                if not got:
                    PyErr_CheckSignals()
                    if tc_nanoseconds() >= deadline or self.has_lost_consumer():
                        break
        finally:
            if got and self.is_producing_alone:
                tc_store_word(&r.producing, HELD)
            elif not got:
                self.leave_producing()
        if not got:
            tc_add_relaxed(&r.memory.refused, <uint64_t>count)
            return None
        claim = Claim.__new__(Claim)
        claim.ring, claim.at, claim.count = self, at, <Py_ssize_t>got
        claim.shape[0], claim.strides[0] = <Py_ssize_t>(got * r.stride), 1
        return claim

    cdef int wait_ready(self, uint64_t least, int64_t timeout, uint64_t deadline) except -1:
        """Waits until so many records are there, or (True) no more can be before these are taken."""
        cdef tc_ring* r = &self.ring
        cdef uint64_t until, found = ready_records(r, least)
        if found < least and skip_orphans(r):
            found = ready_records(r, least)
        while found < least and not ends_at_gap(r):
            if not timeout or tc_load_word(&r.closed):
                return False
            until = next_look(deadline)
            with nogil:
                found = ready_until(r, least, until)
                if found < least and skip_orphans(r):
                    found = ready_records(r, least)
            PyErr_CheckSignals()
            if tc_nanoseconds() >= deadline:
                return False
        return found < least

    def drain(self, int64_t limit, int64_t least, int64_t timeout):
        """A copy of the oldest records, at most `limit`, after waiting for `least`. Threads: one at a time."""
        self.demand_open()
        cdef tc_ring* r = &self.ring
        cdef uint64_t done = 0, count, deadline = deadline_of(timeout)
        records = None
        self.consume()
        try:
            if self.rescued is not None:               # what a drain had taken out when a signal ended it
                records, rest = self.rescued[:limit], self.rescued[limit:]
                self.rescued = rest if len(rest) else None
                return records
            is_cut = self.wait_ready(least_of(<uint64_t>least, r.capacity), timeout, deadline)
            count = ready_records(r, <uint64_t>limit)
            if count < <uint64_t>least and (<uint64_t>least > r.capacity or is_cut):   # by pieces
                count = least_of(<uint64_t>limit, <uint64_t>least + r.capacity)
            records = np.empty(count, self.dtype)
            done = self.fill(records, count, least_of(<uint64_t>least, count), timeout, deadline) if count else 0
        finally:
            self.leave_consuming()
        if not done:
            self.demand_open()
        return records if done == count else records[:done]

    cdef uint64_t fill(self, records, uint64_t count, uint64_t least, int64_t timeout, uint64_t deadline) except? 0:
        cdef Py_buffer memory
        PyObject_GetBuffer(records, &memory, PyBUF_WRITABLE)
        try:
            return self.fill_bytes(records, <char*>memory.buf, count, least, timeout, deadline)
        finally:
            PyBuffer_Release(&memory)

    cdef uint64_t fill_bytes(self, records, char* target, uint64_t count, uint64_t least, int64_t timeout,
                             uint64_t deadline) except? 0:
        cdef tc_ring* r = &self.ring
        cdef uint64_t done = 0, got = 1, until
        while got and done < least:                     # what lies behind a gap is there too
            got = drain_some(r, target + done * r.record_size, count - done)
            done += got
            got += skip_orphans(r)
        while done < least and timeout and not tc_load_word(&r.closed):
            until = next_look(deadline)
            with nogil:
                done += drain_until(r, target + done * r.record_size, least - done, count - done, until)
                skip_orphans(r)
            try:
                PyErr_CheckSignals()
            except BaseException as error:
                if done:
                    self.rescued = records[:done]
                    error.add_note(f"{done} records are out of the ring: the next drain gives them")
                raise
            if tc_nanoseconds() >= deadline:
                break
        return done

    def view(self, int64_t limit, int64_t least, int64_t timeout):
        """The oldest records where they lie, at most `limit` and to the ring's edge; None where there are none."""
        self.demand_open()
        cdef tc_ring* r = &self.ring
        cdef _View view
        cdef uint64_t at, count = 0
        if r.on_full == FULL_OVERWRITE:
            raise ValueError("a ring that overwrites has no view: drain copies what is whole")
        self.consume()
        try:
            if self.rescued is not None:
                raise BufferError("a signal ended a drain: its records come first, and are no longer in the ring")
            self.wait_ready(least_of(<uint64_t>least, r.capacity), timeout, deadline_of(timeout))
            at = tc_load_relaxed(&r.memory.head)
            count = least_of(ready_records(r, <uint64_t>limit), r.capacity - (at & r.mask))
            at = tc_load_relaxed(&r.memory.head)        # further, where something was skipped
            count = least_of(count, r.capacity - (at & r.mask))
        finally:
            if count:
                tc_store_word(&r.consuming, HELD)
            else:
                self.leave_consuming()
        if not count:
            self.demand_open()
            return None
        view = _View.__new__(_View)
        view.ring, view.at, view.count = self, at, <Py_ssize_t>count
        view.shape[0], view.strides[0] = <Py_ssize_t>(count * r.stride), 1
        return array_of(self, view, view.count)

    def counts(self):
        """(tail, head, refused, abandoned, lost): positions and counters, each as it is now."""
        cdef tc_ring_memory* m = self.ring.memory
        # In this order, against theirs: no head is behind what was left out, and no tail behind its head.
        cdef uint64_t abandoned = tc_load_acquire(&m.abandoned), lost = tc_load_acquire(&m.lost)
        cdef uint64_t head = tc_load_acquire(&m.head)
        return tc_load_acquire(&m.tail), head, tc_load_relaxed(&m.refused), abandoned, lost

    def close(self):
        """Whoever waits leaves, and later calls are refused. A claim or a view keeps its side's lock until it ends."""
        close_ring(&self.ring, self.is_shared)

    def disown(self):
        """In a child of fork: this ring is the parent's, and so are its locks."""
        self.is_disowned = True
        tc_store_word(&self.ring.closed, 1)
        if self.is_shared and self.ring.gone < 2:
            tc_close(self.ring.fd)
        self.is_shared, self.ring.fd = False, -1

    @property
    def is_closed(self):
        """Whether it was closed, here or before a fork."""
        return tc_load_word(&self.ring.closed) != 0

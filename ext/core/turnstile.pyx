# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, freethreading_compatible=True
"""A core's state, and the way in: the lock, one command at a time or a batch in chunks, the tap, the end."""

from chunks cimport *
from coretables cimport open_core
from questions cimport answer_question
from libc.stdlib cimport free, malloc
from table cimport free_tables, table
cimport cython
from cpython.exc cimport PyErr_CheckSignals

import os
import threading
import weakref

import numpy as np

from tradecore.vocabulary.rej_reasons import ord_rej_reason_table
from tradecore.vocabulary.fix import transition_table
from tradecore.vocabulary.lifespan import CLOSED, LOST, tap_full
from tradecore.vocabulary.records import TAP_DTYPE
from tradecore.vocabulary.rules import rule_numbers

cdef extern from "tradecore/turnstile.h" nogil:
    void tc_turnstile_open(tc_turnstile* door)
    void tc_turnstile_close(tc_turnstile* door)
    bint tc_turnstile_take(tc_turnstile* door)
    bint tc_turnstile_pass(tc_turnstile* door)
    void tc_turnstile_leave(tc_turnstile* door)
    void tc_turnstile_join(tc_turnstile* door)
    void tc_turnstile_await(tc_turnstile* door)
    void tc_turnstile_part(tc_turnstile* door)
    void tc_turnstile_enter(tc_turnstile* door)
    void tc_turnstile_pass_the_dead(tc_turnstile* door)
    bint tc_turnstile_is_lost(tc_turnstile* door)

cdef extern from *:
    """
    #if PY_VERSION_HEX < 0x030D0000
    #define tc_is_ending() _Py_IsFinalizing()
    #else
    #define tc_is_ending() Py_IsFinalizing()
    #endif
    """
    bint tc_is_ending()

cdef enum:
    LOOK_NS = 5_000_000            # a batch looks for signals so often, or after the chunk that took longer


@cython.final
@cython.no_gc
cdef class State:
    """The tables of one core. Handles and views hold it; it holds no Python object that could hold it."""

    def __cinit__(self, capacity):
        self.tables = []
        tc_turnstile_open(&self.door)
        open_core(self.tables, &self.core, capacity, ord_rej_reason_table(), transition_table(),
                  rule_numbers())
        self.slots = <tc_slots*>table(self.tables, 1, sizeof(tc_slots))
        self.ticks_at_start = tc_ticks()
        self.nanoseconds_at_start = tc_nanoseconds()
        _states.add(self)

    def __dealloc__(self):
        free_blocks(start_tap(&self.tap, 0))
        free(self.tap.spare)
        free_tables(self.tables)
        tc_turnstile_close(&self.door)

    # Where it is closed too.
    cdef int enter_anyway(self) except -1:
        if not tc_turnstile_pass(&self.door):
            self.queue_up()
        return 0

    cdef int enter(self) except -1:
        self.enter_anyway()
        if self.is_closed:
            tc_turnstile_leave(&self.door)
            raise RuntimeError(CLOSED)
        return 0

    cdef void leave(self) noexcept nogil:
        tc_turnstile_leave(&self.door)

    # The wait is without the GIL, and so that nobody is ever inside while it waits for the GIL: a thread that the
    # interpreter's end keeps from coming back has lost its place in the queue, and no more.
    cdef int queue_up(self) except -1:
        if self.is_lost:
            raise RuntimeError(LOST)
        if tc_is_ending():
            with nogil:
                tc_turnstile_pass_the_dead(&self.door)
            return 0
        with nogil:
            tc_turnstile_join(&self.door)
            tc_turnstile_await(&self.door)
        while not tc_turnstile_take(&self.door):       # one was quicker, who had seen nobody wait
            with nogil:
                tc_turnstile_await(&self.door)
        tc_turnstile_part(&self.door)
        return 0

    # In, with room in the tap for a chunk of commands.
    cdef int enter_with_room(self) except -1:
        cdef tc_tap_block* block
        self.enter()
        while wants_block(&self.tap):
            self.leave()
            block = <tc_tap_block*>malloc(sizeof(tc_tap_block))
            self.enter()
            block = give_block(&self.tap, block)
            if block != NULL:
                self.leave()
                free(block)
                self.enter()
        return 0

    # The same without the GIL; False where the core is closed, and nobody came in.
    cdef bint come_in(self) noexcept nogil:
        cdef tc_tap_block* block
        tc_turnstile_enter(&self.door)
        while not self.is_closed and wants_block(&self.tap):
            tc_turnstile_leave(&self.door)
            block = <tc_tap_block*>malloc(sizeof(tc_tap_block))
            tc_turnstile_enter(&self.door)
            free(give_block(&self.tap, block))
        if self.is_closed:
            tc_turnstile_leave(&self.door)
        return not self.is_closed

    cdef void run_one(self, const tc_command* c, tc_ack* ack, int64_t now):
        self.enter_with_room()
        run_single(&self.core, &self.tap, self.slots, c, ack, now)
        self.leave()

    cdef int run_asked(self, const tc_command* c, tc_ack* ack, int64_t now, tc_report* answer) except -1:
        cdef int is_held
        self.enter_with_room()
        is_held = run_answered(&self.core, &self.tap, self.slots, c, ack, now, answer)
        self.leave()
        return is_held

    cdef uint32_t run_held(self, const tc_command* c, tc_ack* ack, int64_t now) except? 0xFFFF_FFFE:
        cdef uint32_t slot
        self.enter_with_room()
        slot = run_held(&self.core, &self.tap, self.slots, c, ack, now)
        self.leave()
        return slot

    cdef int64_t run_handed(self, const tc_command* c, tc_ack* ack, int64_t now, tc_message* rows) except -1:
        cdef int64_t given
        self.enter_with_room()
        given = run_handed(&self.core, &self.tap, self.slots, c, ack, now, rows)
        self.leave()
        return given

    cdef int64_t count_unsent(self) except -1:
        cdef int64_t count
        self.enter()
        count = count_unsent(&self.core)
        self.leave()
        return count

    cdef int drill(self, int reason) except -1:
        self.enter()
        take_out(&self.core, reason)
        self.leave()
        return 0

    cdef int ask(self, tc_command* c, int64_t now, uint64_t* mask, tc_finding* findings) except -1:
        cdef int alone
        self.enter()
        alone = answer_question(&self.core, c, now, mask, findings)
        self.leave()
        return alone

    cdef int64_t number_of(self, const char* text) except -1:
        cdef int64_t number
        self.enter()
        number = find_text(&self.core.texts, text)
        self.leave()
        return number

    cdef int read_order(self, uint32_t slot, int64_t order_id, tc_order* order) except -1:
        self.enter()
        take_order(&self.core.orders, slot, order)
        self.leave()
        return order.order_id == order_id

    # Chunk by chunk until the time is up: 0 where all is done, or it has stopped; 1 where it goes on, -1 where the core
    # is closed.
    cdef int run_chunks(self, tc_batch* batch, uint64_t until) noexcept nogil:
        while batch.done < batch.count:
            if not self.come_in():
                return -1
            run_chunk(&self.core, &self.tap, self.slots, batch)
            tc_turnstile_leave(&self.door)
            if batch.stopped:
                return 0
            if until and batch.done < batch.count and tc_nanoseconds() >= until:
                return 1
        return 0

    cdef int run_batch(self, tc_batch* batch) except -1:
        cdef bint looks = True
        cdef int left = 1
        if self.is_lost:
            raise RuntimeError(LOST)
        while left > 0:
            with nogil:
                left = self.run_chunks(batch, tc_nanoseconds() + LOOK_NS if looks else 0)
            if left < 0:
                raise RuntimeError(CLOSED)
            if left > 0:
                PyErr_CheckSignals()
                looks = threading.get_ident() == threading.main_thread().ident       # nobody else hears of them
        return 0

    # ---- for the core, once in a while

    def close(self):
        cdef tc_tap_block* blocks
        self.enter_anyway()
        self.is_closed = True
        blocks = start_tap(&self.tap, 0)
        self.leave()
        free_blocks(blocks)

    def start_tap(self, int64_t most):
        cdef tc_tap_block* blocks
        self.enter()
        blocks = start_tap(&self.tap, most)
        self.leave()
        free_blocks(blocks)

    def read_tap(self):
        cdef int64_t lost = 0, at = 0
        cdef tc_tap_block* blocks
        cdef tc_tap_block* block
        cdef unsigned char[::1] memory
        self.enter()
        blocks = take_blocks(&self.tap, &lost)
        self.leave()
        try:
            rows = np.zeros(rows_of(blocks) + 1, TAP_DTYPE)[:rows_of(blocks)]    # one more, so that there is an address
            memory = rows.base.view(np.uint8)
            block = blocks
            while block != NULL:
                memcpy(&memory[at], block.rows, block.count * sizeof(tc_tap_row))
                at += block.count * <int64_t>sizeof(tc_tap_row)
                block = block.next
        finally:
            free_blocks(blocks)
        if lost and not len(rows):
            raise RuntimeError(tap_full(lost))
        return rows

    def after_fork(self):
        self.is_lost = tc_turnstile_is_lost(&self.door)


cdef void free_blocks(tc_tap_block* block) noexcept nogil:
    cdef tc_tap_block* next
    while block != NULL:
        next = block.next
        free(block)
        block = next


_states = weakref.WeakSet()


# In the child only the thread that forked goes on: where another was inside a core, that core stays half done.
def _after_fork():
    for state in list(_states):
        state.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

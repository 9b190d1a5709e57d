# What the compiled modules of one core share: its state, and the door through which commands get in. Others reach it
# through these methods, at the price of a call, so that the path is compiled once.
#
# A locked section is what lies between enter() and leave(): calls of `noexcept nogil` functions, and nothing else, so that
# no Python object is made, called or freed in it.

from libc.stdint cimport int64_t, uint32_t, uint64_t
from chunks cimport tc_batch
from order_table cimport tc_order
from records cimport tc_ack, tc_command, tc_message, tc_report
from risk cimport tc_finding
from state cimport tc_core
from tap cimport tc_slots, tc_tap


cdef extern from "tradecore/turnstile.h" nogil:
    ctypedef struct tc_turnstile:
        pass


cdef class State:
    cdef tc_core core
    cdef tc_tap tap
    cdef tc_slots* slots
    cdef tc_turnstile door
    cdef bint is_closed            # written inside
    cdef bint is_lost              # written in a child process alone
    cdef list tables
    cdef uint64_t ticks_at_start, nanoseconds_at_start
    cdef object __weakref__

    # In through the turnstile, and out. Where another is inside, the wait is without the GIL, and the caller is in with
    # the GIL again. Raises RuntimeError where the core is closed, or was lost in a fork. Never enter twice.
    cdef int enter(self) except -1
    cdef void leave(self) noexcept nogil
    # One command, and its ack.
    cdef void run_one(self, const tc_command* c, tc_ack* ack, int64_t now)
    # One command, its ack, and the report that answers it: 0 where none is held.
    cdef int run_asked(self, const tc_command* c, tc_ack* ack, int64_t now, tc_report* answer) except -1
    # One NEW_ORDER, its ack, and the slot of the order: NO_SLOT where none is held.
    cdef uint32_t run_held(self, const tc_command* c, tc_ack* ack, int64_t now) except? 0xFFFF_FFFE
    # One HAND_OUT, unless nothing waits; how many messages it handed out, into `rows`.
    cdef int64_t run_handed(self, const tc_command* c, tc_ack* ack, int64_t now, tc_message* rows) except -1
    # Messages that are not handed out.
    cdef int64_t count_unsent(self) except -1
    cdef int drill(self, int reason) except -1
    # What validation and risk would say to a new order, see answer_question().
    cdef int ask(self, tc_command* c, int64_t now, uint64_t* mask, tc_finding* findings) except -1
    # The number of a NUL-padded text, 0 where it has none.
    cdef int64_t number_of(self, const char* text) except -1
    # A copy of an order; False where it is no longer this one.
    cdef int read_order(self, uint32_t slot, int64_t order_id, tc_order* order) except -1
    # A batch, from where it is to its end, without the GIL.
    cdef int run_batch(self, tc_batch* batch) except -1
    cdef int enter_anyway(self) except -1
    cdef int enter_with_room(self) except -1
    cdef int queue_up(self) except -1
    cdef bint come_in(self) noexcept nogil
    cdef int run_chunks(self, tc_batch* batch, uint64_t until) noexcept nogil

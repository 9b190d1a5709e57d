# What the compiled modules of one core share: its state, and the door through which commands get in. Others reach it
# through these methods, at the price of a call, so that the path is compiled once.

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from order_table cimport tc_order, tc_terms
from records cimport tc_ack, tc_command, tc_report
from risk cimport tc_finding
from state cimport tc_core
cimport cython


cdef class State:
    cdef tc_core core
    cdef cython.pymutex lock
    cdef list tables
    cdef uint64_t ticks_at_start, nanoseconds_at_start

    # One command, and its ack.
    cdef void run_one(self, const tc_command* c, tc_ack* ack, int64_t now) noexcept
    # The same of a new order: its slot + 1, 0 where it is not held.
    cdef uint32_t run_order(self, const tc_command* c, tc_ack* ack, int64_t now) noexcept
    # The same with the report that answers; False where none is held.
    cdef bint run_answer(self, const tc_command* c, tc_ack* ack, int64_t now, tc_report* answer) noexcept
    # What validation and risk would say, see answer_question().
    cdef int ask(self, tc_command* c, int64_t now, uint64_t* mask, tc_finding* findings) noexcept
    # The number of a NUL-padded text, 0 where it has none.
    cdef int64_t number_of(self, const char* text) noexcept
    # A copy of an order, and of the terms that few have; False where it is stale.
    cdef bint copy_order(self, uint32_t slot, int64_t order_id, tc_order* order) noexcept
    cdef bint copy_terms(self, uint32_t slot, int64_t order_id, tc_order* order, tc_terms* terms, uint8_t* unknown) noexcept


cdef class OrderHandle:
    cdef State state
    cdef uint32_t slot
    cdef readonly int64_t order_id

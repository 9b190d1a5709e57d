# What the compiled modules of one core share: its state, and the door through which commands get in. Others reach it
# through these methods, at the price of a call, so that the path is compiled once.

from libc.stdint cimport int64_t, uint64_t
from records cimport tc_ack, tc_command
from state cimport tc_core
cimport cython


cdef class State:
    cdef tc_core core
    cdef cython.pymutex lock
    cdef list tables
    cdef uint64_t ticks_at_start, nanoseconds_at_start

    cdef void run_one(self, const tc_command* c, tc_ack* ack, int64_t now)


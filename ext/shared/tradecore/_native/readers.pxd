# What answers for a core, declared for the class that also commands it.

from libc.stdint cimport int64_t, uint32_t
from tradecore._native.turnstile cimport State


cdef class OrderHandle:
    cdef State state
    cdef uint32_t slot
    cdef readonly int64_t order_id


cdef class Readers:
    cdef State state

    cdef OrderHandle hold(self, uint32_t slot, int64_t order_id)

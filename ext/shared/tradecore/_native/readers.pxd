# What answers for a core, declared for the class that also commands it.

from libc.stdint cimport int64_t, uint32_t
from copies cimport tc_copier
from records cimport tc_i128
from tradecore._native.turnstile cimport State


cdef class OrderHandle:
    cdef State state
    cdef uint32_t slot
    cdef readonly int64_t order_id


cdef class Readers:
    cdef State state

    cdef OrderHandle hold(self, uint32_t slot, int64_t order_id)
    cdef object copied(self, tc_copier copy, int64_t one, int64_t other, size_t size)
    cdef list handles(self, tc_copier copy, int64_t one, int64_t other)
    cdef object money(self, const tc_i128* sums, int64_t least, int64_t account, int64_t currency)

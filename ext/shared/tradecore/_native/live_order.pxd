# The live order that a door gives back.

from libc.stdint cimport int64_t, uint32_t
from copies cimport tc_order_copy
from order_table cimport tc_order
from tradecore._native.turnstile cimport State


cdef class Order:
    cdef State state
    cdef object names              # the directory of its core
    cdef uint32_t slot
    cdef int64_t number            # its order_id

    cdef int read(self, tc_order* o) except -1
    cdef int refuse(self) except -1
    cdef int read_whole(self, tc_order_copy* copy) except -1
    cdef object tell_price(self, const tc_order* o, int64_t units)
    cdef object tell_quantity(self, const tc_order* o, int64_t lots)

# The report that a door gives back.

from libc.stdint cimport int64_t
from records cimport tc_report
from tradecore._native.turnstile cimport State


cdef class Report:
    cdef State state
    cdef object names              # the directory of its core
    cdef tc_report record

    cdef bint is_execution(self) noexcept
    cdef bint is_trade(self) noexcept
    cdef object twin(self)
    cdef object tell_quantity(self, int64_t lots)
    cdef object tell_price(self, int64_t units)


# The one way in which C makes one: of a record, or, where it is NULL, with one that is still to be written into.
cdef Report new_report(State state, object names, const tc_report* record)

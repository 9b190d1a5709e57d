# Instruments of a room that is used alone: a small table, and the door check of a definition record.

from instrument cimport *
from shell cimport open_command
from table cimport table, free_tables, demand


cdef enum:
    CURRENCIES = 255               # that an instrument's may be one of


cdef inline int define_instrument_row(tc_instrument* rows, int count, int most, bytes definition) except -1:
    """Loads a DEFINE_INSTRUMENT record as row count + 1. Raises ValueError naming the field's byte offset."""
    cdef const tc_command* c = open_command(definition)
    cdef int offset = find_bad_definition(c, CURRENCIES)
    if offset >= 0:
        raise ValueError(f"the definition's field at byte {offset} is out of range")
    if count >= most:
        raise ValueError(f"all {most} instruments are defined")
    load_instrument(&rows[count + 1], c)
    return count + 1

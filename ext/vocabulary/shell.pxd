# What every shell needs at its door: a batch's address after its size was checked, and the definition record.
# Only in C: buffers and 128 bits.

from records cimport *


cdef inline const unsigned char[::1] open_batch(object array, Py_ssize_t size):
    """The bytes of a C-contiguous array of `size`-byte records. Raises ValueError naming what was expected."""
    if array.itemsize != size or array.ndim != 1 or not array.flags.c_contiguous:
        raise ValueError(f"expected a C-contiguous 1-d array of {size}-byte records, "
                         f"got shape {array.shape} of {array.itemsize} bytes")
    cdef const unsigned char[::1] memory = array.view("u1") if len(array) else bytes(size)
    if <size_t>&memory[0] & 7:                        # records cut out of a stream of bytes: their fields need 8
        memory = array.view("u1").copy()                # as bytes: NumPy copies only those that a dtype names
    return memory


cdef inline const tc_command* open_command(bytes command) except NULL:
    """A command record's address, valid while `command` lives."""
    if len(command) != sizeof(tc_command):
        raise ValueError(f"a command must be {sizeof(tc_command)} bytes, not {len(command)}")
    return <const tc_command*><const char*>command


cdef inline object wide(tc_i128 value):
    return (<object>tc_high(value) << 64) | <object>tc_low(value)


cdef inline tc_i128 number_of(object value):
    """An int as 128 bits; one that they can't hold as a number beyond every bound."""
    if not -(1 << 127) <= value < 1 << 127:
        return tc_power_of_ten(38)
    return tc_join(<uint64_t>(value & 0xFFFF_FFFF_FFFF_FFFF), <int64_t>(value >> 64))


cdef inline int64_t round_up(int64_t count):
    """The next power of two, at least 8."""
    cdef int64_t size = 8
    while size < count:
        size *= 2
    return size

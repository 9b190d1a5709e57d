# NumPy columns as the kernels see them. What a shell needs before it releases the GIL.
# Only in C: a twin's columns are lists.

from libc.stdint cimport int64_t

cdef inline int64_t* numbers(object column) except NULL:
    return <int64_t*><size_t>column.ctypes.data


cdef inline object read_only(object column):
    view = column.view()
    view.flags.writeable = False
    return view


# `count` numbers of a column that has 16 to spare, from the start of a cache line: no vector straddles one.
cdef inline object aligned(object whole, int64_t count):
    skip = divmod(-whole.ctypes.data & 63, whole.itemsize)[0]
    return whole[skip : skip + count]

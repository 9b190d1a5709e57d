# cython: language_level=3, boundscheck=False, wraparound=False
"""Columns behind the Arrow C stream interface, for any reader of its PyCapsules: pyarrow, polars, duckdb, pandas."""

from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport int64_t


cdef extern from "tradecore/arrow.h" nogil:
    ctypedef struct ArrowArrayStream "struct ArrowArrayStream":
        pass
    ArrowArrayStream* tc_new_stream(int64_t length, int64_t columns)
    int tc_set_column(ArrowArrayStream* stream, int64_t place, const char* name, const char* format, int64_t nulls,
                      int64_t buffers)
    int tc_set_buffer(ArrowArrayStream* stream, int64_t place, int64_t buffer, const void* bytes, size_t size)
    void tc_drop_stream(ArrowArrayStream* stream)


cdef void drop_capsule(object capsule) noexcept:
    tc_drop_stream(<ArrowArrayStream*>PyCapsule_GetPointer(capsule, "arrow_array_stream"))


def stream_columns(list columns, int64_t length):
    """A PyCapsule of an ArrowArrayStream: one batch of (name, Arrow format, nulls, buffers or None) columns, copied.

    Threads: any; the reader frees it from whichever it likes.
    """
    cdef ArrowArrayStream* stream = tc_new_stream(length, len(columns))
    cdef int failed = stream == NULL
    cdef int64_t i, j
    cdef const unsigned char[::1] content
    if failed:
        raise MemoryError("an Arrow stream")
    capsule = PyCapsule_New(stream, "arrow_array_stream", drop_capsule)
    for i, (name, form, nulls, buffers) in enumerate(columns):
        failed |= tc_set_column(stream, i, name.encode("utf-8"), form.encode("ascii"), nulls, len(buffers))
        for j, buffer in enumerate(() if failed else buffers):
            if buffer is not None:
                content = memoryview(buffer).cast("B")
                failed |= tc_set_buffer(stream, i, j, &content[0] if content.shape[0] else NULL, content.shape[0])
        if failed:
            raise MemoryError("an Arrow stream")
    return capsule

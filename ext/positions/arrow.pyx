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
    int tc_set_wide(ArrowArrayStream* stream, int64_t place, int64_t buffer, const int64_t* numbers, int64_t count)
    int tc_set_words(ArrowArrayStream* stream, int64_t place, int64_t count, const void* offsets, const void* bytes,
                     size_t size)
    void tc_drop_stream(ArrowArrayStream* stream)


cdef void drop_capsule(object capsule) noexcept:
    tc_drop_stream(<ArrowArrayStream*>PyCapsule_GetPointer(capsule, "arrow_array_stream"))


cdef int set_buffer(ArrowArrayStream* stream, int64_t place, int64_t at, object buffer, bint is_wide) except -1:
    cdef const unsigned char[::1] content = memoryview(buffer).cast("B")
    cdef const void* bytes = &content[0] if content.shape[0] else NULL
    if is_wide:
        return tc_set_wide(stream, place, at, <const int64_t*>bytes, content.shape[0] >> 3) != 0
    return tc_set_buffer(stream, place, at, bytes, content.shape[0]) != 0


cdef int set_words(ArrowArrayStream* stream, int64_t place, tuple words) except -1:
    cdef const unsigned char[::1] offsets = memoryview(words[0]).cast("B"), content = memoryview(words[1]).cast("B")
    return tc_set_words(stream, place, (offsets.shape[0] >> 2) - 1, &offsets[0],
                        &content[0] if content.shape[0] else NULL, content.shape[0]) != 0


def stream_columns(list columns, int64_t length):
    """A PyCapsule of an ArrowArrayStream: one batch of (name, Arrow format, nulls, buffers or None, words) columns,
    copied. Decimals may come as int64, which are widened. `words` are the offsets and bytes of the texts that a
    column's numbers stand for, or None.

    Threads: any; the reader frees it from whichever it likes.
    """
    cdef ArrowArrayStream* stream = tc_new_stream(length, len(columns))
    cdef int failed = stream == NULL
    cdef int64_t i, j
    if failed:
        raise MemoryError("an Arrow stream")
    capsule = PyCapsule_New(stream, "arrow_array_stream", drop_capsule)
    for i, (name, form, nulls, buffers, words) in enumerate(columns):
        failed |= tc_set_column(stream, i, name.encode("utf-8"), form.encode("ascii"), nulls, len(buffers))
        for j, buffer in enumerate(() if failed else buffers):
            if buffer is not None:
                failed |= set_buffer(stream, i, j, buffer, form.startswith("d:") and buffer.dtype == "i8")
        if words is not None and not failed:
            failed |= set_words(stream, i, words)
        if failed:
            raise MemoryError("an Arrow stream")
    return capsule

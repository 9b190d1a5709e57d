# Memory of a shell's tables: zeroed, owned by one object, freed with it. Pages never used cost nothing.
# A table starts a cache line, so that a row as long as some lines touches no more than these.

from libc.stdlib cimport calloc, free


cdef enum:
    LINE = 64


cdef inline void* table(list tables, long long count, size_t size) except NULL:
    """A zeroed table of at least one row, recorded in `tables`."""
    cdef size_t spare = 1 if size >= LINE else LINE    # rows that hold the bytes skipped before the first line
    cdef void* memory = calloc(<size_t>(count if count > 0 else 1) + spare, size)
    if memory == NULL:
        raise MemoryError(f"a table of {count} x {size} bytes")
    tables.append(<size_t>memory)
    return <void*>((<size_t>memory + LINE - 1) & ~<size_t>(LINE - 1))


cdef inline int free_tables(list tables) except -1:
    if tables is not None:
        for memory in tables:
            free(<void*><size_t>memory)
    return 0


cdef inline int demand(object name, long long value, long long low, long long high) except -1:
    """Refuses an id or a size outside its bounds, naming it."""
    if value < low or value > high:
        raise ValueError(f"{name} {value} must be {low} to {high}")
    return 0

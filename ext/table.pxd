# Memory of a shell's tables: zeroed, owned by one object, freed with it. Pages never used cost nothing.

from libc.stdlib cimport calloc, free


cdef inline void* table(list tables, long long count, size_t size) except NULL:
    """A zeroed table of at least one row, recorded in `tables`."""
    cdef void* memory = calloc(count if count > 0 else 1, size)
    if memory == NULL:
        raise MemoryError(f"a table of {count} x {size} bytes")
    tables.append(<size_t>memory)
    return memory


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

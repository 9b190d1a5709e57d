# Memory of a shell's tables: zeroed, owned by one object, freed with it. Pages never used cost nothing. They are small
# ones: rows are used here and there, and a huge page would hold hundreds that nobody uses.
# A table starts a cache line, so that a row as long as some lines touches no more than these.
# Only in C: memory.

cdef extern from "tradecore/memory.h" nogil:
    void* tc_zeroed(size_t size)                       # NULL: there is none
    void tc_give_back(void* memory, size_t size)


cdef enum:
    LINE = 64


cdef inline void* table(list tables, long long count, size_t size) except NULL:
    """A zeroed table of at least one row, recorded in `tables`."""
    cdef size_t rows = <size_t>(count if count > 0 else 1)
    cdef size_t skip = LINE - 8                        # what calloc may be short of a line: no row more, or a sanitizer
    cdef size_t space = 0                              # would not see the one that is written behind the last
    cdef void* memory = NULL
    if rows < <size_t>1 << 40 and size < <size_t>1 << 20:              # or their product would wrap
        space = rows * size + skip
        memory = tc_zeroed(space)
    if memory == NULL:
        raise MemoryError(f"a table of {count} x {size} bytes")
    tables.append((<size_t>memory, space))
    return <void*>((<size_t>memory + LINE - 1) & ~<size_t>(LINE - 1))


cdef inline int free_tables(list tables) except -1:
    if tables is not None:
        for memory, space in tables:
            tc_give_back(<void*><size_t>memory, <size_t>space)
    return 0


cdef inline int demand(object name, long long value, long long low, long long high) except -1:
    """Refuses an id or a size outside its bounds, naming it."""
    if value < low or value > high:
        raise ValueError(f"{name} {value} must be {low} to {high}")
    return 0

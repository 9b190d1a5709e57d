# Memory of a shell's tables: zeroed, owned by one object, freed with it. Pages never used cost nothing; those of
# a large table that orders fill are huge ones (pages.h).
# A table starts a cache line, so that a row as long as some lines touches no more than these.
# Only in C: memory.

from libc.stdlib cimport calloc, free


cdef extern from "tradecore/pages.h" nogil:
    void tc_prefer_huge_pages(void* memory, size_t size)


cdef enum:
    LINE = 64


cdef inline void* table_by_instrument(list tables, long long count, size_t size) except NULL:
    """A zeroed table of at least one row, recorded in `tables`. Its rows are used here and there, by instrument: they
    lie on small pages, as a huge one would hold hundreds that nobody uses."""
    cdef size_t rows = <size_t>(count if count > 0 else 1)
    cdef size_t skip = LINE - 8                        # what calloc may be short of a line: no row more, or a sanitizer
    cdef void* memory = NULL                           # would not see the one that is written behind the last
    if rows < <size_t>1 << 40 and size < <size_t>1 << 20:              # or their product would wrap
        memory = calloc(1, rows * size + skip)
    if memory == NULL:
        raise MemoryError(f"a table of {count} x {size} bytes")
    tables.append(<size_t>memory)
    return <void*>((<size_t>memory + LINE - 1) & ~<size_t>(LINE - 1))


cdef inline void* table(list tables, long long count, size_t size) except NULL:
    """The same, of what is used from the start on, order by order."""
    cdef void* memory = table_by_instrument(tables, count, size)
    tc_prefer_huge_pages(memory, <size_t>(count if count > 0 else 1) * size)
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

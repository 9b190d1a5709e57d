/* Where a table's memory lies. A page that is touched first costs the call that does so most of a microsecond, and a row or
   two of each table is new with each order: of a large table whole huge pages come at once, where the system has any. What
   is smaller stays on small pages, or each core would hold some MB for every table that it hardly uses. */
#ifndef TRADECORE_PAGES_H
#define TRADECORE_PAGES_H

#include <stddef.h>
#include <stdint.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

enum { TC_LARGE_TABLE = 8 << 20, TC_PAGE_MOST = 1 << 16 };  /* bytes; no system's small pages are larger */

/* Advice, no more: a system that does not take it has the same memory on small pages. */
static inline void tc_prefer_huge_pages(void *memory, size_t size) {
#if defined(MADV_HUGEPAGE)
    const uintptr_t inside = ~(uintptr_t)(TC_PAGE_MOST - 1);
    uintptr_t first = ((uintptr_t)memory + TC_PAGE_MOST - 1) & inside, end = ((uintptr_t)memory + size) & inside;
    if (size >= TC_LARGE_TABLE) madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

#endif

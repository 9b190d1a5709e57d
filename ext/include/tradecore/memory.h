/* Zeroed memory of a table. What is large comes from the system, page by page as it is touched, and goes back whole. The C
   library would keep it among what is freed, and zero it before it gives it again: then rows that nobody uses cost as much
   as others, and a process that makes one core after another grows. A sanitizer sees beyond a table's end only in what the
   C library gives. */
#ifndef TRADECORE_MEMORY_H
#define TRADECORE_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TC_LARGE_TABLE ((size_t)-1)
#else
#define TC_LARGE_TABLE ((size_t)256 << 10) /* bytes */
#endif

static inline void *tc_zeroed(size_t size) {
    if (size < TC_LARGE_TABLE) return calloc(1, size);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static inline void tc_give_back(void *memory, size_t size) {
    if (size < TC_LARGE_TABLE) free(memory);
    else munmap(memory, size);
}

#endif

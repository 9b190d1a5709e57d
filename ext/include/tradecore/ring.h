/* What rings of records stand on: their memory as several threads or processes see it, loads and stores with a stated
   order, and the calls that wait. Which order each access has, and why, is said where it is made (runtime/rings.pxd).

   Everything that two sides write lies two cache lines apart: processors fetch lines in pairs. */
#ifndef TRADECORE_RING_H
#define TRADECORE_RING_H

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include "tradecore/clock.h"

enum { TC_RING_HEADER = 4096, TC_RING_PRODUCERS = 64 };

/* The first 4,096 bytes of a ring, as tradecore/runtime/ring_memory.py writes them. Positions count records from 0 and
   never go back: a slot is a position modulo the capacity. */
typedef struct {
    uint64_t magic, version, backend, record_size, stride, capacity, many, on_full, wait, rows_at, words_at, slots_at,
        size, dtype_length, consumed, reserved;
    uint64_t tail;        /* the producers': of the next record; with many producers, of the next claim */
    uint64_t cached_head; /* what they saw last of `head` */
    uint64_t refused;     /* records of batches that found no room */
    uint64_t producers_padding[13];
    uint64_t head;        /* the consumer's: of the oldest record that it has not drained */
    uint64_t known;       /* what it saw last: all before this is published */
    uint64_t abandoned;   /* claimed and never committed, so skipped */
    uint64_t lost;        /* overwritten before they were drained */
    uint64_t consumer_padding[12];
    uint32_t consumer_waits, producers_wait; /* 1 where somebody sleeps in the kernel on it */
    uint64_t waiting_padding[15];
} tc_ring_memory;

/* One producer of a shared ring: the claim that it is making or holds, position and count in one word; 0 for none. */
typedef struct {
    uint64_t intent;
    uint64_t padding[7];
} tc_ring_row;

static inline uint64_t tc_load_relaxed(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }
static inline uint64_t tc_load_acquire(const uint64_t *at) { return __atomic_load_n(at, __ATOMIC_ACQUIRE); }
static inline void tc_store_relaxed(uint64_t *at, uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELAXED); }
static inline void tc_store_release(uint64_t *at, uint64_t value) { __atomic_store_n(at, value, __ATOMIC_RELEASE); }
static inline uint64_t tc_add_relaxed(uint64_t *at, uint64_t value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}
static inline uint64_t tc_add_release(uint64_t *at, uint64_t value) {
    return __atomic_fetch_add(at, value, __ATOMIC_RELEASE);
}

/* 1 where `*at` was `*seen` and is now `value`; else `*seen` is what it was. */
static inline int tc_swap_if(uint64_t *at, uint64_t *seen, uint64_t value) {
    return __atomic_compare_exchange_n(at, seen, value, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* ThreadSanitizer doesn't know fences, and GCC warns of each; what it must see of these is atomic without them. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wtsan"
#endif
static inline void tc_fence_acquire(void) { __atomic_thread_fence(__ATOMIC_ACQUIRE); }
static inline void tc_fence_release(void) { __atomic_thread_fence(__ATOMIC_RELEASE); }
static inline void tc_fence_full(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/* A door that one caller at a time passes: what it was before, 0 for open. */
static inline uint32_t tc_enter(uint32_t *door, uint32_t as) {
    uint32_t open = 0;
    return __atomic_compare_exchange_n(door, &open, as, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) ? 0 : open;
}
static inline void tc_leave(uint32_t *door) { __atomic_store_n(door, 0, __ATOMIC_RELEASE); }
static inline uint32_t tc_load_word(const uint32_t *at) { return __atomic_load_n(at, __ATOMIC_RELAXED); }
static inline void tc_store_word(uint32_t *at, uint32_t value) { __atomic_store_n(at, value, __ATOMIC_RELAXED); }

/* Records that may be overwritten while they are read go word by word, each atomic: whole records are told by the
   sequence around them, and nothing here is a data race. */
static inline void tc_write_words(char *slot, const char *source, uint64_t size) {
    uint64_t word;
    for (uint64_t at = 0; at < size; at += 8) {
        word = 0;
        memcpy(&word, source + at, size - at < 8 ? size - at : 8);
        __atomic_store_n((uint64_t *)(slot + at), word, __ATOMIC_RELAXED);
    }
}
static inline void tc_read_words(char *target, const char *slot, uint64_t size) {
    for (uint64_t at = 0; at < size; at += 8) {
        uint64_t word = __atomic_load_n((const uint64_t *)(slot + at), __ATOMIC_RELAXED);
        memcpy(target + at, &word, size - at < 8 ? size - at : 8);
    }
}

/* One record: a line of 64 bytes without a call. ThreadSanitizer sees calls alone: what is copied without one would be
   no race whatever its order. */
static inline void tc_copy_record(char *target, const char *source, uint64_t size) {
#if !defined(__SANITIZE_THREAD__)
    if (size == 64) {
        memcpy(target, source, 64);
        return;
    }
#endif
    memcpy(target, source, size);
}

static inline void tc_spin(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}
static inline void tc_yield(void) { sched_yield(); }
static inline void tc_sleep(int64_t nanoseconds) {
    struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    nanosleep(&t, 0);
}

/* Sleep while `*word` is 1, at most so long; by the kernel's futex, between processes too. Without one, a nap. */
static inline void tc_sleep_on(uint32_t *word, int64_t nanoseconds) {
#if defined(__linux__)
    struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    syscall(SYS_futex, word, FUTEX_WAIT, 1, &t, 0, 0);
#else
    tc_sleep(nanoseconds < 50000 ? nanoseconds : 50000);
#endif
}
static inline void tc_wake_all(uint32_t *word) {
#if defined(__linux__)
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0);
#endif
}

/* A lock of one byte of a file, as `fcntl` takes it. */
static inline struct flock tc_byte_lock(short kind, int64_t byte) {
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = kind;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

/* Whether another opening of the file holds this byte locked: the kernel lets go of it when its process ends. */
static inline int tc_is_locked(int fd, int64_t byte) {
#if defined(F_OFD_GETLK)
    struct flock lock = tc_byte_lock(F_WRLCK, byte);
    return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
#else
    return 1;
#endif
}

/* Lets go of a byte that this opening holds; of none where it does not. */
static inline void tc_unlock(int fd, int64_t byte) {
#if defined(F_OFD_SETLK)
    struct flock lock = tc_byte_lock(F_UNLCK, byte);
    fcntl(fd, F_OFD_SETLK, &lock);
#endif
}
static inline void tc_close(int fd) { close(fd); }

#endif

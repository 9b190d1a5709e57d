/* The lock of a core: a turnstile. Two locks in a row: who finds it taken holds the first (`queue`) while waiting for the
   second (`held`), and nobody passes while somebody waits. So a thread that leaves between two pieces of its work and
   comes back stands behind whoever wanted in meanwhile, and a waiter waits for one piece, not for all of them.

   Uncontended, coming in is a load and a compare-and-swap, leaving an exchange: no system call. To sleep, a waiter sets
   `held` to 2 under `door`, and who leaves wakes it under `door`: either the waiter sees that it is free, or who leaves
   sees the 2, and `door` is free only once the waiter sleeps. All that was written inside is seen by who comes in next:
   leaving releases `held`, coming in acquires it. `waiting` decides nothing but who is first.

   Whoever is inside calls nothing that waits. Whoever waits in the queue may wait for other things too (the GIL): then it
   has its place in the queue, and nothing more.  */
#ifndef TRADECORE_TURNSTILE_H
#define TRADECORE_TURNSTILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

typedef struct {
    _Atomic uint32_t held;    /* 0: free, 1: somebody is inside, 2: and the first of those who wait sleeps */
    _Atomic uint32_t waiting; /* how many wait */
    pthread_mutex_t queue;    /* who holds it is the next */
    pthread_mutex_t door;
    pthread_cond_t freed;
} tc_turnstile;

static inline void tc_turnstile_open(tc_turnstile *t) {
    atomic_init(&t->held, 0);
    atomic_init(&t->waiting, 0);
    pthread_mutex_init(&t->queue, NULL);
    pthread_mutex_init(&t->door, NULL);
    pthread_cond_init(&t->freed, NULL);
}

static inline void tc_turnstile_close(tc_turnstile *t) {
    pthread_cond_destroy(&t->freed);
    pthread_mutex_destroy(&t->door);
    pthread_mutex_destroy(&t->queue);
}

/* Takes what is free, past those who wait. */
static inline int tc_turnstile_take(tc_turnstile *t) {
    uint32_t none = 0;
    return atomic_compare_exchange_strong_explicit(&t->held, &none, 1, memory_order_acquire, memory_order_relaxed);
}

/* In at once, or not at all: where it is taken, and where somebody waits. */
static inline int tc_turnstile_pass(tc_turnstile *t) {
    return atomic_load_explicit(&t->waiting, memory_order_relaxed) == 0 && tc_turnstile_take(t);
}

static inline void tc_turnstile_leave(tc_turnstile *t) {
    if (atomic_exchange_explicit(&t->held, 0, memory_order_release) == 2) {
        pthread_mutex_lock(&t->door);
        pthread_cond_signal(&t->freed);
        pthread_mutex_unlock(&t->door);
    }
}

static inline void tc_turnstile_join(tc_turnstile *t) {
    atomic_fetch_add_explicit(&t->waiting, 1, memory_order_relaxed);
    pthread_mutex_lock(&t->queue);
}

static inline void tc_turnstile_part(tc_turnstile *t) {
    atomic_fetch_sub_explicit(&t->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&t->queue);
}

/* Whose turn is next sleeps until it is free; another may still be quicker, who was past `waiting` already. */
static inline void tc_turnstile_await(tc_turnstile *t) {
    uint32_t seen;
    pthread_mutex_lock(&t->door);
    while ((seen = atomic_load_explicit(&t->held, memory_order_relaxed)) != 0) {
        if (seen == 2 || atomic_compare_exchange_strong_explicit(&t->held, &seen, 2, memory_order_relaxed,
                                                                 memory_order_relaxed))
            pthread_cond_wait(&t->freed, &t->door);
    }
    pthread_mutex_unlock(&t->door);
}

static inline void tc_turnstile_wait(tc_turnstile *t) {
    tc_turnstile_join(t);
    do {
        tc_turnstile_await(t);
    } while (!tc_turnstile_take(t));
    tc_turnstile_part(t);
}

static inline void tc_turnstile_enter(tc_turnstile *t) {
    if (!tc_turnstile_pass(t))
        tc_turnstile_wait(t);
}

/* For the last thread of a process that ends: those who waited may be gone with their places. */
static inline void tc_turnstile_pass_the_dead(tc_turnstile *t) {
    const struct timespec moment = {0, 100000};
    while (!tc_turnstile_take(t))
        nanosleep(&moment, NULL);
}

/* In the child of a fork, where only this thread is left: was somebody else inside? If not, it is as new. */
static inline int tc_turnstile_is_lost(tc_turnstile *t) {
    if (atomic_load_explicit(&t->held, memory_order_relaxed) != 0)
        return 1;
    tc_turnstile_open(t);
    return 0;
}

/* A copy of memory that other threads may be writing, on purpose: what came is what is used from here on, whatever it
   is, and it is read once: the compiler may not go back to the source. ThreadSanitizer is not asked about it. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TC_UNASKED __attribute__((no_sanitize("thread"), noinline))
#endif
#elif defined(__SANITIZE_THREAD__)
#define TC_UNASKED __attribute__((no_sanitize_thread, noinline))
#endif
#ifdef TC_UNASKED
TC_UNASKED static inline void tc_copy_shared(void *to, const void *from, int64_t bytes) {
    uint64_t *target = (uint64_t *)to;
    const uint64_t *source = (const uint64_t *)from;
    for (int64_t i = 0; i < bytes / 8; i++) {
        target[i] = source[i];
        __asm__ volatile("" ::: "memory"); /* or it would become a call of memcpy, which is asked */
    }
}
#else
/* Half a cache line, a whole record in registers: a call of memcpy takes longer to start for a few acks. */
typedef struct { uint64_t words[4]; } tc_piece;
typedef struct { uint64_t words[8]; } tc_line;

static inline void tc_copy_shared(void *to, const void *from, int64_t bytes) {
    char *target = (char *)to;
    const char *source = (const char *)from;
    for (; bytes >= 64; bytes -= 64, target += 64, source += 64) {
        *(tc_line *)target = *(const tc_line *)source;
        __asm__ volatile("" ::: "memory");
    }
    if (bytes)
        *(tc_piece *)target = *(const tc_piece *)source;
    __asm__ volatile("" ::: "memory");
}
#endif

#endif

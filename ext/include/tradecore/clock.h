/* The CPU's counter, for stage latencies only: never part of the state. */
#ifndef TRADECORE_CLOCK_H
#define TRADECORE_CLOCK_H

#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

static inline uint64_t tc_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* arm64's counter runs at 24 MHz on Apple's cores: too coarse for a stage, so the system clock serves there. */
static inline uint64_t tc_ticks(void) {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return tc_nanoseconds();
#endif
}

#endif

/* How the positions of one instrument, a run, lie in fewer bytes: what books them and what marks them share this. */
#ifndef TRADECORE_RUNS_H
#define TRADECORE_RUNS_H

#include "tradecore/arith.h"

#define TC_EXPONENT_MOST 9 /* so that a unit has 32 bits, which vector instructions multiply */

/* `split` is not 0: a word is (cost - qty x near) / 10**exponent x 2**split + qty, and every such number a multiple.
   `split` is 0: quantities are 32-bit numbers; `exponent` is not 0: a word is floor(cost / 10**exponent) too. */
typedef struct {
    uint8_t split, exponent;
} tc_form;

static const uint32_t tc_tens[TC_EXPONENT_MOST + 1] = {1,      10,      100,      1000,      10000,
                                                       100000, 1000000, 10000000, 100000000, 1000000000};

/* x with 5**e x = 1 modulo 2**64: it divides a multiple of 5**e. */
static const uint64_t tc_fifths[TC_EXPONENT_MOST + 1] = {
    0x0000000000000001, 0xcccccccccccccccd, 0x8f5c28f5c28f5c29, 0x1cac083126e978d5, 0xd288ce703afb7e91,
    0x5d4e8fb00bcbe61d, 0x790fb65668c26139, 0xe5032477ae8d46a5, 0xc767074b22e90e21, 0x8e47ce423a2e9c6d};

/* cost / 10**e of a multiple, without a division; of another number, some number. */
static inline int64_t tc_coarse(int64_t cost, int e) { return (int64_t)((uint64_t)(cost >> e) * tc_fifths[e]); }

/* Whether a number of two halves has more than so many bits, at most 127. Without a choice by its sign: no branch
   predictor knows that of a position. Below 64 bits the high half has only the sign. */
static inline int tc_is_longer(int64_t low, int64_t high, int bits) {
    if (bits < 64) return ((uint64_t)tc_abs(low) >> bits | (uint64_t)(high ^ low >> 63)) != 0;
    tc_i128 a = tc_join(low, high), below = a >> 127;
    return (unsigned __int128)((a ^ below) - below) >> bits != 0;
}

static inline int tc_is_multiple(int64_t cost, int e) { return tc_wide(tc_coarse(cost, e), tc_tens[e]) == cost; }

#endif

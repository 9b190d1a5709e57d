/* What must hold in the kernels: preconditions and postconditions of money, lists, holds and indices. Builds for tests
   and sanitizers (-DTRADECORE_ASSERT) check it and abort where it does not; a release holds nothing of it.
   One plain condition a call, with | and & in it: what Cython takes apart would be evaluated before. */
#ifndef TRADECORE_ASSERT_H
#define TRADECORE_ASSERT_H

#ifdef TRADECORE_ASSERT
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline, cold, noreturn, unused)) static void tc_fail(const char *file, int line,
                                                                      const char *condition) {
    fprintf(stderr, "%s:%d: tc_assert failed: %s\n", file, line, condition);
    abort();
}

#define tc_assert(condition) ((condition) ? (void)0 : tc_fail(__FILE__, __LINE__, #condition))
#else
#define tc_assert(condition) ((void)0)
#endif

#endif

"""What submit() costs in memory that no order has used yet: percentiles over orders that rest, in a new core.

    python bench/fresh_memory.py [--small-pages]

Large tables ask for huge pages (ext/include/tradecore/pages.h); `--small-pages` has Linux give this process none. The
time is the thread's own on a processor, so that others' turns don't count; reading it is in it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import time

import numpy as np
from peers import build_core

ORDERS = 300_000
PR_SET_THP_DISABLE = 41  # linux/prctl.h


def main() -> int:
    if "--small-pages" in sys.argv[1:] and ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0):
        sys.exit("this system has no prctl(PR_SET_THP_DISABLE)")
    core, clock, took = build_core(), time.thread_time_ns, np.zeros(ORDERS, np.int64)
    submit = core.submit
    gc.freeze()
    gc.disable()
    for n in range(ORDERS):
        start = clock()
        submit("AAPL", "BUY", 1, "99.01", account="alpha", venue="V1")
        took[n] = clock() - start
    for share in (50, 99, 99.9, 99.99, 100):
        print(f"p{share:<6}{np.percentile(took, share) / 1000:>10.1f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())

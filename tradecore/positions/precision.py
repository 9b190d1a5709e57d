"""Words of marking: precisions, instruction sets, and who made a number. Vocabulary: it decides nothing."""

from __future__ import annotations

from enum import IntEnum


class Precision(IntEnum):
    """How a bulk mark computes.

    `EXACT` integers; `HYBRID` float64 where it is exact and the notional small, integers elsewhere; `FAST` float64.
    """

    EXACT = 0
    HYBRID = 1
    FAST = 2


class MadeBy(IntEnum):
    """What made a position's number."""

    NOTHING = 0  # it has no mark, or was never marked
    FLOAT = 1
    EXACT = 2


EXACT, HYBRID, FAST = (int(precision) for precision in Precision)
SIMD_WORDS = ("auto", "baseline", "avx2", "avx512", "neon")
RUN_NARROW, RUN_WIDE, RUN_EXCLUDED, RUN_COARSE = 0, 1, 2, 3

"""What validation found in an order, from the bit mask of a report, an order or a Validator."""

from __future__ import annotations

from ..vocabulary.codes import Reason

FIRST_REASON = Reason.INVALID_FIELD_VALUE


def failures(mask: int) -> tuple[Reason, ...]:
    """Every failure of a mask, in the order of the reasons; empty where the order is well formed."""
    return tuple(Reason(FIRST_REASON + bit) for bit in range(mask.bit_length()) if mask >> bit & 1)

"""How a venue is, and what a lost session makes of what works there. Values are part of the records."""

from __future__ import annotations

from .fix import FixEnum


class VenueHealth(FixEnum):
    """How a venue is. DEGRADED costs what `set_weights(degraded_bps=)` says; DISCONNECTED, its session being lost, and
    HALTED, by an operator or its open circuit breaker, are down: never chosen."""

    CONNECTED = 0
    DEGRADED = 1
    DISCONNECTED = 2
    HALTED = 3


class OnDisconnect(FixEnum):
    """What becomes of an order that works at an external venue whose session is lost; one that was not answered yet is
    UNKNOWN in any case.

    KEEP: it works on there. DOUBT: the venue may have canceled it; all of it is held, and the venue is asked once its
    session is there again. CANCEL: the venue cancels it without a word, and it is Canceled at once; a trade that
    is told later is booked all the same.
    """

    KEEP = 0
    DOUBT = 1
    CANCEL = 2

"""What a pool says where it can't."""

from __future__ import annotations


class PoolExhaustedError(RuntimeError):
    """Every record of a pool, or all room of an arena, is in use: a miss, and counted."""


class StaleHandleError(LookupError):
    """A handle whose record was released: what lies there now is another's."""

"""One caller at a time in a keeper: batches run without the GIL, and a reader must not see half of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar


class Lockable(Protocol):
    """What has a lock, and a guard that raises where its figures are no longer true."""

    _lock: RLock
    _guard: Callable[[], None] | None


K = TypeVar("K", bound=Lockable)
P = ParamSpec("P")
R = TypeVar("R")


def locked(method: Callable[Concatenate[K, P], R]) -> Callable[Concatenate[K, P], R]:
    """The method, for one caller at a time, and only while the figures are true."""

    @wraps(method)
    def alone(self: K, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self._lock:
            if self._guard is not None:
                self._guard()
            return method(self, *args, **kwargs)

    return alone

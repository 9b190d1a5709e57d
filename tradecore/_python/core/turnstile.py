"""The way into a core in plain Python: one caller at a time, a batch in chunks, the tap, the end.

The native core runs no Python inside, so nothing can interrupt it there. Here a signal's handler or a finalizer can, on
the thread that is inside. What such a one asks is answered at once, half way through a command. What it commands is run
right after the section that it came inside of, in the order in which it came; its answer is known then, and asked for
earlier raises RuntimeError. An exception that it lets out ends the command half done: from then on the core is broken,
and says so.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from tradecore.vocabulary.later import Later
from tradecore.vocabulary.lifespan import BROKEN, CLOSED, ENDING, LOST, tap_full
from tradecore.vocabulary.records import CODECS, HEADER_CODEC, TAP_DTYPE

from ..vocabulary.shell import Records
from .state import State

CHUNK, CHUNK_REPORTS = 256, 4_096
_TAP_BLOCK = 1_024
_NOW_SIZE = 8


class Turnstile:
    """Who wants in waits for one section: between two chunks of a batch, who waits goes first."""

    def __init__(self, core: State, apply: Callable[[State, Any, int, bool], Any]) -> None:
        self.core, self._apply = core, apply
        self.after_later: Callable[[], Callable[[], object] | None] = _nobody
        self._lock = threading.RLock()
        # Is this thread inside? By the lock: so there is no moment between its coming in and its saying so.
        self.is_inside: Callable[[], bool] = self._lock._is_owned  # type: ignore[attr-defined]  # Condition uses it too
        self._wanting: set[object] = set()
        self._later: deque[Later] = deque()
        self._running, self._telling = set[int](), set[int]()  # threads that run what came inside, and tell of it
        self._ran = 0
        self._closed = self._lost = False
        self._broken: BaseException | None = None
        self._tap: list[bytes] | None = None
        self._tap_most = self._tap_lost = 0
        self.sealed = frozenset[int]()  # kinds of commands that are not for any batch
        _turnstiles.add(self)

    def ask(self, question: Callable[..., Any], *args: Any) -> Any:
        """The answer to a question, of one moment. From inside, at once."""
        return self._enter(question, args, False)

    def ask_anyway(self, question: Callable[..., Any], *args: Any) -> Any:
        """The same, of a core that is closed too."""
        with self._lock:
            return question(*args)

    def command(self, work: Callable[..., Any], *args: Any) -> Any:
        """What some work that changes the state gives back; a Later where it comes from inside: it runs right after."""
        if self.is_inside():
            self._later.append(Later(work, args))
            return self._later[-1]
        return self._enter(work, args, True)

    # `with` on the lock itself: a signal's handler that raises can't come between the lock and its release.
    def _enter(self, work: Callable[..., Any], args: tuple[Any, ...], changes: bool) -> Any:
        if self._lost:
            raise RuntimeError(LOST)
        if self.is_inside():
            return work(*args)
        if sys.is_finalizing():
            if not self._lock.acquire(blocking=False):
                raise RuntimeError(ENDING)
            self._lock.release()
        token = object()
        try:
            self._wanting.add(token)
            with self._lock:
                self._wanting.discard(token)
                if self._closed or self._broken is not None:
                    raise RuntimeError(CLOSED if self._closed else BROKEN) from self._broken
                try:
                    return work(*args)
                except BaseException as error:
                    self._broken = error if changes else self._broken
                    raise
        finally:
            self._wanting.discard(token)
            if self._later:
                self._run_later()

    # One loop a thread, however many come while it runs: what follows from the end of each is left to it.
    def _run_later(self) -> None:
        me = threading.get_ident()
        if me in self._running:
            return
        self._running.add(me)
        try:
            while self._later:
                try:
                    later = self._later.popleft()
                except IndexError:  # another thread took it
                    break
                later.run(lambda work, args: self._enter(work, args, True))
                self._ran += 1
        finally:
            self._running.discard(me)
        self._tell_later(me)

    # Who listens hears of it; of what has run meanwhile too, for that may have come after it last looked.
    def _tell_later(self, me: int) -> None:
        tell = self.after_later()
        told = -1
        while tell is not None and told != self._ran and me not in self._telling:
            told = self._ran
            self._telling.add(me)
            try:
                tell()
            finally:
                self._telling.discard(me)

    def give_way(self) -> None:
        """Between two chunks: those who wait now get in first."""
        waiting = set() if self.is_inside() else set(self._wanting)
        while not waiting.isdisjoint(self._wanting):
            time.sleep(0)

    def take_command(self, command: bytes, now: int, timed: bool = False) -> Any:
        """One command: to the tap, then through the path; its ack. Only inside."""
        if self._tap is not None:
            if self._tap_lost or len(self._tap) >= self._tap_most:
                self._tap_lost += 1
            else:
                self._tap.append(command + now.to_bytes(_NOW_SIZE, "little", signed=True))
        return self._apply(self.core, CODECS.get(command[0], HEADER_CODEC).unpack(command), now, timed)

    def start_tap(self, most: int) -> None:
        """See `Core.start_tap`."""
        self._tap = [] if most > 0 else None
        self._tap_most, self._tap_lost = -(-most // _TAP_BLOCK) * _TAP_BLOCK, 0

    def read_tap(self) -> Records:
        """See `Core.read_tap`."""
        rows = self._tap or []
        if self._tap is not None:
            self._tap = []
        if self._tap_lost and not rows:
            raise RuntimeError(tap_full(self._tap_lost))
        return np.frombuffer(bytearray().join(rows), TAP_DTYPE)

    def close(self) -> None:
        """No way in any more."""
        with self._lock:
            self._closed = True
            self.start_tap(0)

    def after_fork(self) -> None:
        """In the child only the thread that forked goes on: where another was inside, the core stays half done."""
        self._wanting.clear()
        self._lost = not self._lock.acquire(blocking=False)
        if not self._lost:
            self._lock.release()


def _nobody() -> None:
    """Whom to tell when commands that came inside have run, by a weak reference: there is none."""


class HasTurnstile(Protocol):
    """What is read through a turnstile."""

    _turnstile: Turnstile


T = TypeVar("T", bound=HasTurnstile)
P = ParamSpec("P")
R = TypeVar("R")


def asked(method: Callable[Concatenate[T, P], R]) -> Callable[Concatenate[T, P], R]:
    """The method, as a question of one moment."""

    @wraps(method)
    def ask(self: T, /, *args: P.args, **kwargs: P.kwargs) -> R:
        answer: R = self._turnstile.ask(lambda: method(self, *args, **kwargs))
        return answer

    return ask


_turnstiles: weakref.WeakSet[Turnstile] = weakref.WeakSet()


def _after_fork() -> None:
    for turnstile in list(_turnstiles):
        turnstile.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

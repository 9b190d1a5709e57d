"""Every interleaving of a few small threads over a memory as weak as C's: what each load may see is tried, not guessed.

A thread is a generator that yields its accesses and gets their results. A location keeps all its stores in their order;
a thread has a view, which says up to where it knows each location. A load gives any store that the view does not rule
out, so relaxed ones may be old. A release store carries its thread's view, an acquire load takes it over; fences, and
read-modify-writes, which see the newest store and carry on its view, as C says. Plain accesses (`read`, `write`) must be
ordered after each other's by views: else they race. Not modelled: loads that see stores from their own future.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, NamedTuple

RELAXED, ACQUIRE, RELEASE, ACQ_REL = "relaxed", "acquire", "release", "acq_rel"
Thread = Callable[[], Generator[tuple[Any, ...], Any, Any]]
View = tuple[tuple[str, int], ...]


class ViolationError(AssertionError):
    """A race, a deadlock, or a broken promise, with the steps that led there."""


class _Thread(NamedTuple):
    history: tuple[Hashable, ...]  # results so far, which determine where its generator stands
    view: View
    released: View  # at its last release fence
    pending: View  # what relaxed loads saw, until an acquire fence


class _State(NamedTuple):
    threads: tuple[_Thread, ...]
    memory: tuple[tuple[str, tuple[tuple[Hashable, View], ...]], ...]
    fence: View  # of the full fences so far


def _join(a: View, b: View) -> View:
    if not b or a == b:
        return a
    both = dict(a)
    for name, at in b:
        if at > both.get(name, 0):
            both[name] = at
    return tuple(sorted(both.items()))


class Model:
    """All executions of `threads`; `check(results)` looks at each end."""

    def __init__(self, threads: Sequence[Thread], check: Callable[[list[Any]], None]) -> None:
        self.threads, self.check = threads, check
        self.known: dict[tuple[int, tuple[Hashable, ...]], tuple[Any, ...]] = {}
        self.states = self.ends = 0

    def next_step(self, number: int, history: tuple[Hashable, ...]) -> tuple[Any, ...]:
        """The access that a thread makes after these results; ("end", result) where it is done."""
        key = (number, history)
        if key not in self.known:
            running = self.threads[number]()
            try:
                step = next(running)
                for result in history:
                    step = running.send(result)
            except StopIteration as end:
                step = ("end", end.value)
            self.known[key] = step
        return self.known[key]

    def explore(self, states_max: int = 2_000_000) -> Model:
        """Visits every state once. Raises ViolationError."""
        start = _State(tuple(_Thread((), (), (), ()) for _ in self.threads), (), ())
        todo, seen = [start], {start}
        while todo:
            state = todo.pop()
            self.states += 1
            assert self.states < states_max, "too large a case"
            successors = self._successors(state)
            if not successors:
                steps = [self.next_step(n, t.history) for n, t in enumerate(state.threads)]
                if any(step[0] != "end" for step in steps):
                    raise ViolationError(f"deadlock: {steps}")
                self.ends += 1
                try:
                    self.check([step[1] for step in steps])
                except AssertionError as error:
                    raise ViolationError(f"{error}: {[thread.history for thread in state.threads]}") from error
            for after in successors:
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return self

    def _successors(self, state: _State) -> list[_State]:
        memory, found = dict(state.memory), []
        for number, thread in enumerate(state.threads):
            step = self.next_step(number, thread.history)
            if step[0] == "end":
                continue
            after = [self._put(state, number, *change) for change in self._perform(memory, state, thread, step)]
            if step[0] in ("read", "write") or (step[0] == "fence" and step[1] != "full"):
                return after  # its own matter: a race is one of views, whenever it is looked for
            found += after
        return found

    @staticmethod
    def _put(state: _State, number: int, thread: _Thread, memory: dict[str, Any] | None, fence: View) -> _State:
        threads = (*state.threads[:number], thread, *state.threads[number + 1 :])
        return _State(threads, state.memory if memory is None else tuple(sorted(memory.items())), fence)

    def _perform(self, memory: dict[str, Any], state: _State, thread: _Thread,
                 step: tuple[Any, ...]) -> list[tuple[_Thread, dict[str, Any] | None, View]]:
        kind = step[0]
        if kind == "fence":
            return [self._fence(thread, step[1], state.fence)]
        if kind == "either":  # a relaxed await of whichever comes first
            return [(self._see(thread, place, at, message, RELAXED, (place, message[0])), None, state.fence)
                    for place, wanted in step[1:] for at, message in enumerate(memory.get(place, ((0, ()),)))
                    if at >= dict(thread.view).get(place, 0) and wanted(message[0])]
        place = step[1]
        log = memory.get(place, ((0, ()),))
        oldest = dict(thread.view).get(place, 0)
        if kind in ("read", "write"):
            return [self._plain(memory, state, thread, step)]
        if kind in ("load", "await"):
            wanted = step[3] if kind == "await" else (lambda _: True)
            return [(self._see(thread, place, at, log[at], step[2]), None, state.fence)
                    for at in range(oldest, len(log)) if wanted(log[at][0])]
        if kind == "newest":  # what the kernel says of a lock, which orders what was before it was let go
            return [(self._see(thread, place, len(log) - 1, log[-1], ACQUIRE), None, state.fence)]
        if kind == "until":  # as the kernel compares a futex's word: its newest value
            return [(thread._replace(history=(*thread.history, None)), None, state.fence)] if step[2](log[-1][0]) else []
        if kind == "store":
            return [self._store(memory, state, thread, place, step[2], step[3], (), None)]
        value = log[-1][0]  # a read-modify-write: "swap" (expected, new) or "add"
        if kind == "swap" and value != step[2]:
            return [(self._see(thread, place, len(log) - 1, log[-1], RELAXED, (False, value)), None, state.fence)]
        seen = self._see(thread, place, len(log) - 1, log[-1], step[-1], (True, value))._replace(history=thread.history)
        new = step[3] if kind == "swap" else value + step[2]
        return [self._store(memory, state, seen, place, new, step[-1], log[-1][1], (True, value))]

    @staticmethod
    def _fence(thread: _Thread, kind: str, fence: View) -> tuple[_Thread, None, View]:
        view = thread.view
        if kind in (ACQUIRE, "full"):
            view = _join(view, thread.pending)
        if kind == "full":
            view = fence = _join(view, fence)
        released = view if kind in (RELEASE, "full") else thread.released
        return _Thread((*thread.history, None), view, released, thread.pending), None, fence

    @staticmethod
    def _see(thread: _Thread, place: str, at: int, message: tuple[Hashable, View], order: str,
             result: Hashable = None) -> _Thread:
        view = _join(thread.view, ((place, at),))
        if order in (ACQUIRE, ACQ_REL):
            view = _join(view, message[1])
        history = (*thread.history, message[0] if result is None else result)
        return _Thread(history, view, thread.released, _join(thread.pending, message[1]))

    @staticmethod
    def _store(memory: dict[str, Any], state: _State, thread: _Thread, place: str, value: Hashable, order: str,
               carried: View, result: Hashable) -> tuple[_Thread, dict[str, Any], View]:
        log = memory.get(place, ((0, ()),))
        own = ((place, len(log)),)
        view = _join(thread.view, own)
        told = _join(_join(view if order in (RELEASE, ACQ_REL) else _join(thread.released, own), carried), own)
        after = {**memory, place: (*log, (value, told))}
        return thread._replace(history=(*thread.history, result), view=view), after, state.fence

    @staticmethod
    def _plain(memory: dict[str, Any], state: _State, thread: _Thread,
               step: tuple[Any, ...]) -> tuple[_Thread, dict[str, Any], View]:
        kind, place, reads = step[0], step[1], step[1] + "?"
        view, log, looks = dict(thread.view), memory.get(place, ((0, ()),)), memory.get(step[1] + "?", ((0, ()),))
        if view.get(place, 0) != len(log) - 1:
            raise ViolationError(f"race: a {kind} of {place} is not ordered after a write of it")
        if kind == "write" and view.get(reads, 0) != len(looks) - 1:
            raise ViolationError(f"race: a write of {place} is not ordered after a read of it")
        if kind == "read":
            after, own, result = {**memory, reads: (*looks, (0, ()))}, ((reads, len(looks)),), log[-1][0]
        else:
            after, own, result = {**memory, place: (*log, (step[2], ()))}, ((place, len(log)),), None
        return thread._replace(history=(*thread.history, result), view=_join(thread.view, own)), after, state.fence

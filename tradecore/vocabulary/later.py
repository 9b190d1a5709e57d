"""What a command gives back that came inside of another one, on the same thread, and has to wait until that is done.

Only the plain-Python core has such: a signal's handler, or a finalizer, that interrupts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Later:
    """The answer of a command that runs right after the one that it came inside of."""

    __slots__ = ("_args", "_error", "_result", "_work", "is_done")

    def __init__(self, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._work, self._args = work, args
        self.is_done: bool = False
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self, call: Callable[[Callable[..., Any], tuple[Any, ...]], Any]) -> None:
        """Have it run by `call`, and keep what it gives or raises."""
        try:
            self._result = call(self._work, self._args)
        except Exception as error:  # it is whose command it was that must hear of it
            self._error = error
        self.is_done = True

    @property
    def result(self) -> Any:
        """What the command gave. Raises RuntimeError before it has run."""
        if self._error is not None:
            raise self._error
        if not self.is_done:
            raise RuntimeError("not answered yet: the command came inside of another one, and the plain-Python core "
                               "runs it right after that")
        return self._result


class LaterHandle:
    """A handle to the order of a NEW_ORDER that runs right after the command that it came inside of."""

    __slots__ = ("_later",)

    def __init__(self, later: Later) -> None:
        self._later = later

    @property
    def order_id(self) -> int:
        """The order's id. Raises RuntimeError before the command has run."""
        return int(self._later.result.order_id)

    def row(self) -> Any:
        """The order's facts now. Raises RuntimeError before the command has run, StaleOrderError once it is evicted."""
        return self._later.result.row()
